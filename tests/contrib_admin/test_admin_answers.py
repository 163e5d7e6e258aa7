"""What the admin answers: outages, conflicts, sign-out, passwords, and what it costs."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.contrib_admin.people import (
    STALE,
    UsersSite,
    is_step_up,
    location,
    staff,
    staff_before_second_factor,
    statements,
)
from tests.contrib_admin.shop.models import Customer

pytestmark = pytest.mark.django_db
WHOAMI = "/sessions/whoami"
POLICY = "django_ory_mfa.middleware.AALRequiredMiddleware"


# Outages.


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/admin/shop/customer/add/"])
def test_outage_has_a_page_in_the_look_of_the_admin(
    ory: Any, site: UsersSite, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    staff(ory, site)
    ory.fail()

    response = site.get(path)

    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert response.headers["Cache-Control"].startswith("no-store")
    text = response.content.decode()
    assert 'id="site-name"' in text
    assert f'href="{path}"' in text
    assert "password" not in text
    assert "<form" not in text.replace('<form id="logout-form"', "")
    assert "django.request" not in {record.name for record in caplog.records}


def test_outage_in_the_middle_saves_nothing_and_ends(ory: Any, site: UsersSite) -> None:
    staff(ory, site)
    ory.fail()
    assert site.post("/admin/shop/customer/add/", {"name": "Ann"}).status_code == 503
    assert not Customer.objects.exists()

    ory.recover()
    assert site.post("/admin/shop/customer/add/", {"name": "Ann"}).status_code == 302


def test_outage_for_a_script_is_json(ory: Any, site: UsersSite) -> None:
    staff(ory, site)
    ory.fail()

    response = site.json("/admin/")

    assert (response.status_code, response.json()["error"]["id"]) == (503, "ory_unavailable")
    assert int(response.headers["Retry-After"]) > 0


# People who can have no user.


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/"])
def test_conflict_gets_the_page_of_the_conflict(ory: Any, site: UsersSite, path: str) -> None:
    session = ory.login(site)
    User.objects.create(username=session.identity.id)

    response = site.get(path)

    assert response.status_code == 403
    assert "already used by another account" in response.content.decode()
    assert User.objects.count() == 1


def test_person_who_may_not_be_created_gets_403(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = "tests.contrib_auth.syncs.ClosedSync"
    ory.login(site, email="ann@example.com")

    response = site.get("/admin/")

    assert response.status_code == 403
    assert "ann@example.com" in response.content.decode()
    assert not User.objects.exists()


@pytest.mark.parametrize("is_staff", [False, True])
def test_atomic_requests_keep_who_came_and_lose_what_was_refused(ory: Any, site: UsersSite, *, is_staff: bool) -> None:
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    try:
        if is_staff:
            staff(ory, site)
            assert site.post("/admin/shop/customer/add/", {"name": "Ann"}).status_code == 302
        else:
            ory.login(site)
            assert site.post("/admin/shop/customer/add/", {"name": "Ann"}).status_code == 403
    finally:
        connection.settings_dict["ATOMIC_REQUESTS"] = False

    assert (Customer.objects.count(), User.objects.count()) == (is_staff, 1)


# Signing out.


@pytest.mark.parametrize("aal", ["aal1", "aal2"])
@pytest.mark.parametrize("is_staff", [False, True])
def test_everybody_can_sign_out(ory: Any, site: UsersSite, aal: str, *, is_staff: bool) -> None:
    staff(ory, site, aal=aal, is_staff=is_staff)

    response = site.post("/admin/logout/")

    assert response.status_code == 303
    assert "/self-service/logout?token=" in location(response)


def test_visitor_can_sign_out(ory: Any, site: UsersSite) -> None:
    assert site.post("/admin/logout/").status_code == 303


def test_link_signs_nobody_out(ory: Any, site: UsersSite) -> None:
    staff(ory, site)

    assert site.get("/admin/logout/").status_code == 405
    assert site.get("/admin/").status_code == 200


def test_forged_sign_out_is_refused(ory: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    staff(ory, client)

    assert client.post("/admin/logout/").status_code == 403
    token = client.get("/admin/").context["csrf_token"]
    assert client.post("/admin/logout/", {"csrfmiddlewaretoken": token}).status_code == 303


def test_sign_out_of_the_403_page_works(ory: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    ory.login(client)
    token = client.get("/admin/").context["csrf_token"]

    assert client.post("/admin/logout/", {"csrfmiddlewaretoken": token}).status_code == 303


# Passwords.


def test_link_to_change_the_password_leads_to_ory_where_passwords_are(ory: Any, site: UsersSite) -> None:
    user = staff(ory, site)
    user.set_password("from before Ory")
    user.save()
    page = site.get("/admin/").content.decode()
    assert 'href="/admin/password_change/"' in page

    for response in (site.get("/admin/password_change/"), site.post("/admin/password_change/")):
        assert location(response).startswith(f"{ory.public_url}/self-service/settings/browser?return_to=")
        assert location(response).endswith("%2Fadmin%2F")


def test_nobody_is_sent_to_change_a_password_who_may_not_come_in(ory: Any, site: UsersSite) -> None:
    assert "/login/" in location(site.get("/admin/password_change/"))
    ory.login(site)
    assert site.get("/admin/password_change/").status_code == 403


@pytest.mark.parametrize(("path", "status"), [("/admin/password_change/", 302), ("/admin/password_change/done/", 404)])
def test_pages_of_passwords_are_there_only_with_passwords(
    ory: Any, site: UsersSite, path: str, status: int, settings: Any
) -> None:
    assert site.get(path).status_code == 302
    staff(ory, site)
    assert site.get(path).status_code == status

    ours, djangos = settings.AUTHENTICATION_BACKENDS[0], "django.contrib.auth.backends.ModelBackend"
    settings.AUTHENTICATION_BACKENDS = [ours, djangos]
    assert site.get(path).status_code == 200


# Around the admin.


def test_policy_of_the_site_stands_around_the_admin(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, POLICY]
    settings.ORY_MFA_AAL = "aal1"
    assert site.get("/admin/").status_code == 302
    assert site.get("/admin/login/").status_code == 302

    ory.login(site)
    assert site.get("/admin/").status_code == 403
    user = staff_before_second_factor(ory, site)
    assert is_step_up(site.get("/admin/"))
    ory.login(site, user=user)
    assert site.get("/admin/").status_code == 200


def test_stricter_policy_leaves_the_way_in_and_out(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, POLICY]
    settings.ORY_MFA_AAL = "aal2"
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})
    assert is_step_up(site.get("/admin/"))

    assert site.get("/admin/login/").status_code == 403
    assert site.post("/admin/logout/").status_code == 303


def test_login_required_of_django_leads_to_ory(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]

    response = site.get("/admin/")

    assert location(response) == "/admin/login/?next=/admin/"
    assert "self-service/login" in location(site.get(location(response)))
    assert site.post("/admin/logout/").status_code == 303


# What it costs.


def test_index_costs_two_queries_one_call_and_no_session(ory: Any, site: UsersSite) -> None:
    staff(ory, site)
    site.get("/admin/")
    ory.calls.clear()

    with CaptureQueriesContext(connection) as captured:
        response = site.get("/admin/")

    assert response.status_code == 200
    assert len(statements(captured)) <= 2
    assert [call.path for call in ory.calls] == [WHOAMI]
    assert "sessionid" not in site.cookies
    assert not any("django_session" in one for one in statements(captured))
    if site.mode == "sync":
        assert response.wsgi_request.session.accessed is False


def test_sensitive_form_costs_one_fresh_call_more(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "admin"}}
    settings.ORY_MFA_CACHE_TTL = 60
    user = staff(ory, site)
    pk = Customer.objects.create(name="Ann").pk
    site.get("/admin/")
    ory.calls.clear()
    assert site.get("/admin/").status_code == 200
    assert ory.calls == []

    assert site.post(f"/admin/shop/customer/{pk}/delete/", {"post": "yes"}).status_code == 302

    assert [call.path for call in ory.calls] == [WHOAMI]
    assert ory.calls[0].headers["cache-control"] == "max-age=0"
    assert user.is_staff


def test_stale_proof_in_the_cache_is_asked_about_and_refused(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "stale"}}
    settings.ORY_MFA_CACHE_TTL = 60
    staff(ory, site, age=STALE)
    pk = Customer.objects.create(name="Ann").pk
    site.get("/admin/")

    assert site.post(f"/admin/shop/customer/{pk}/delete/", {"post": "yes"}).status_code == 303
    assert Customer.objects.exists()


def test_page_in_a_cache_inside_of_the_guard_is_refused(ory: Any, site: UsersSite) -> None:
    staff(ory, site)

    with pytest.raises(ImproperlyConfigured):
        site.get("/listed/shop/customer/cached/")


# Languages.


@pytest.mark.parametrize(
    ("language", "heading", "down"),
    [
        ("de", "Kein Zugang zu dieser Seite", "Wir können Ihre Anmeldung nicht prüfen"),
        ("fr", "Pas d", "Nous ne pouvons pas vérifier votre connexion"),
        ("en", "No access to this page", "We can\u2019t check your sign-in"),
    ],
)
def test_pages_speak_the_language_of_the_browser(
    ory: Any, site: UsersSite, settings: Any, language: str, heading: str, down: str
) -> None:
    settings.MIDDLEWARE = ["django.middleware.locale.LocaleMiddleware", *settings.MIDDLEWARE]
    ory.login(site)
    assert f"<h1>{heading}" in site.get("/admin/", headers={"Accept-Language": language}).content.decode()

    ory.fail()
    assert f"<h1>{down}" in site.get("/admin/", headers={"Accept-Language": language}).content.decode()
