"""The links between identities and users, in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from django_ory_mfa.contrib.auth.models import OryIdentity
from tests.contrib_admin.people import UsersSite, staff

pytestmark = pytest.mark.django_db
LIST = "/admin/ory_mfa_auth/oryidentity/"
ID = "4e079061-4dfb-4bc4-9f3a-dc969d68ac1d"


def ann() -> OryIdentity:
    user = User.objects.create(username="ann", email="ann@example.test")
    return OryIdentity.objects.create(user=user, identity_id=ID, project="shop", digest="a digest")


def found(site: UsersSite, query: str) -> bool:
    response = site.get(f"{LIST}?q={query}")
    assert response.status_code == 200
    return ID in response.content.decode()


def test_list_shows_who_is_linked_to_whom_and_no_digest(ory: Any, site: UsersSite) -> None:
    staff(ory, site)
    link = ann()

    for path in (LIST, f"{LIST}{link.pk}/change/"):
        text = site.get(path).content.decode()
        assert all(shown in text for shown in ("ann", ID, "shop", "Linked at", "Last synchronised at"))
        assert "a digest" not in text


@pytest.mark.parametrize("query", ["ann", "example.test", "shop", ID, ID.replace("-", ""), f"%20{ID.upper()}"])
def test_search_finds_a_link(ory: Any, site: UsersSite, query: str) -> None:
    staff(ory, site)
    ann()

    assert found(site, query)


@pytest.mark.parametrize("query", ["bob", "00000000-0000-4000-8000-000000000000", ID[:8]])
def test_search_does_not_find_what_is_not_there(ory: Any, site: UsersSite, query: str) -> None:
    staff(ory, site)
    ann()

    assert not found(site, query)


@pytest.mark.parametrize("path", ["add/", "{pk}/delete/"])
def test_nobody_adds_or_deletes_a_link(ory: Any, site: UsersSite, path: str) -> None:
    staff(ory, site)
    path = LIST + path.format(pk=ann().pk)

    assert site.get(path).status_code == 403
    assert site.post(path, {"post": "yes", "identity_id": ID}).status_code == 403
    assert OryIdentity.objects.filter(identity_id=ID).exists()


def test_nobody_changes_a_link(ory: Any, site: UsersSite) -> None:
    me, link = staff(ory, site), ann()

    assert site.post(f"{LIST}{link.pk}/change/", {"user": me.pk, "identity_id": ID}).status_code == 403
    assert OryIdentity.objects.get(identity_id=ID).user.username == "ann"


def test_no_action_deletes_links(ory: Any, site: UsersSite) -> None:
    staff(ory, site)
    link = ann()

    site.post(LIST, {"action": "delete_selected", "_selected_action": [link.pk], "post": "yes"})

    assert OryIdentity.objects.filter(identity_id=ID).exists()


def test_user_is_deleted_with_the_links(ory: Any, site: UsersSite) -> None:
    """Django asks the admin of links whether one may be deleted together with its user."""
    staff(ory, site)
    link = ann()

    response = site.post(f"/admin/auth/user/{link.user.pk}/delete/", {"post": "yes"})

    assert response.status_code == 302
    assert not OryIdentity.objects.filter(identity_id=ID).exists()


def test_user_is_not_deleted_with_the_links_by_who_may_not_delete_links(ory: Any, site: UsersSite) -> None:
    staff(ory, site, "view_user", "delete_user")
    link = ann()

    assert site.post(f"/admin/auth/user/{link.user.pk}/delete/", {"post": "yes"}).status_code == 403
    assert OryIdentity.objects.filter(identity_id=ID).exists()


def test_list_needs_the_right_to_see_it(ory: Any, site: UsersSite) -> None:
    staff(ory, site, "view_order")

    assert site.get(LIST).status_code == 403


def test_list_costs_no_query_for_each_link(ory: Any, site: UsersSite, django_assert_max_num_queries: Any) -> None:
    staff(ory, site)
    for number in range(20):
        user = User.objects.create(username=f"user{number}")
        OryIdentity.objects.create(user=user, identity_id=f"00000000-0000-4000-8000-0000000000{number:02}")

    with django_assert_max_num_queries(7):
        assert site.get(LIST).status_code == 200
