from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from django_ory_mfa.contrib.auth.models import OryIdentity

pytestmark = pytest.mark.django_db


def staff(ory, client, aal="aal2", **fields):
    ory.login(client, aal=aal)
    client.get("/account/security/")
    session = ory.login(client, aal=aal)
    user = User.objects.create(username=session.identity.id, is_staff=True, is_active=True, **fields)
    OryIdentity.objects.create(identity_id=session.identity.id, user=user)
    return user


def test_stranger(ory):
    c = Client()
    r = c.get("/admin/")
    assert r.status_code == 302, r.content
    assert "self-service/login" in r["Location"]
    r = c.get("/admin/login/?next=/admin/shop/")
    assert r.status_code == 302 and "shop" in r["Location"]


def test_not_staff(ory):
    c = Client()
    ory.login(c, aal="aal1")
    for url in ("/admin/", "/admin/login/"):
        r = c.get(url)
        assert r.status_code == 403
        assert b"Sign out" in r.content


def test_staff(ory, django_assert_num_queries):
    c = Client()
    staff(ory, c, is_superuser=True)
    r = c.get("/admin/")
    assert r.status_code == 200, r.content
    r = c.get("/admin/auth/user/add/")
    assert r.status_code == 200
    r = c.get("/admin/auth/user/1/change/")
    assert r.status_code == 200
