"""``manage.py ory_mfa users``."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from django_ory_mfa.contrib.auth.models import OryIdentity
from tests.contrib_auth.site import UsersSite, sign_in

User: Any = get_user_model()
ID = "4e079061-4dfb-4bc4-9f3a-dc969d68ac1d"
NOT_ASKED = "Ory was not asked whether it has this identity: --admin-url URL asks."

pytestmark = pytest.mark.django_db


def users(*arguments: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("ory_mfa", "users", *arguments, stdout=out)
    return out.getvalue()


def link(identity: str = ID, user: str = "ann") -> str:
    return users("link", "--identity", identity, "--user", user)


@pytest.mark.parametrize("arguments", [(), ("unlink",)], ids=["none", "unknown"])
def test_action_has_to_be_named(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="action"):
        users(*arguments)


@pytest.mark.parametrize("arguments", [(), ("--identity", ID), ("--user", "ann")], ids=["neither", "no user", "no id"])
def test_link_needs_both(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="needs --identity and --user") as refused:
        users("link", *arguments)

    assert refused.value.returncode == 2


@pytest.mark.parametrize("identity", ["", "ann", "ann@example.test", "4e079061"])
def test_identity_that_is_no_uuid_is_refused(identity: str) -> None:
    User.objects.create(username="ann")

    with pytest.raises(CommandError, match="is not the id of an identity"):
        link(identity)

    assert OryIdentity.objects.count() == 0


def test_user_who_does_not_exist_is_refused() -> None:
    User.objects.create(username="ann")

    with pytest.raises(CommandError, match="There is no user 'Ann'"):
        link(user="Ann")

    assert OryIdentity.objects.count() == 0


def test_user_whom_the_database_takes_for_the_one_named_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As MySQL and MariaDB do by default."""
    ann = User.objects.create(username="\u00e5nn")
    monkeypatch.setattr(User._meta.base_manager, "get", lambda **names: ann)

    with pytest.raises(CommandError, match=r"no user 'ann'\. The database finds '\u00e5nn'"):
        link(user="ann")

    assert OryIdentity.objects.count() == 0


def test_identity_of_another_user_is_refused() -> None:
    ann, _ = (User.objects.create(username=name) for name in ("ann", "bob"))
    link()

    with pytest.raises(CommandError, match="already linked to 'ann'"):
        link(user="bob")

    assert OryIdentity.objects.get().user == ann


def test_user_is_linked(settings: Any) -> None:
    settings.ORY_MFA_PROJECT = "shop"
    user = User.objects.create(username="ann")

    said = link()

    found = OryIdentity.objects.get()
    assert said == f"{ID} is linked to 'ann'. {NOT_ASKED}\n"
    assert (str(found.identity_id), found.project, found.user, found.digest) == (ID, "shop", user, "")


def test_user_who_was_linked_before_is_no_error() -> None:
    User.objects.create(username="ann")
    link()

    assert link() == f"{ID} was already linked to 'ann'. {NOT_ASKED}\n"


def test_linked_user_is_who_signs_in(ory: Any, site: UsersSite) -> None:
    user = User.objects.create(username="ann")
    link(sign_in(ory, site).id)

    assert site.me()["pk"] == str(user.pk)


def test_disabled_user_can_be_linked() -> None:
    User.objects.create(username="ann", is_active=False)

    assert "is linked" in link()


@pytest.mark.parametrize("arguments", [("list",), ("link", "--identity", ID, "--user", "ann")], ids=lambda one: one[0])
def test_table_that_is_missing_is_one_line(arguments: tuple[str, ...]) -> None:
    User.objects.create(username="ann")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ory_mfa_auth_oryidentity RENAME TO elsewhere")

    with pytest.raises(
        CommandError, match=r"cannot be read or written \(OperationalError\)\. Has 'manage.py migrate' run"
    ):
        users(*arguments)


def test_terminal_obeys_nothing_in_a_name() -> None:
    User.objects.create(username="ann\x1b]0;owned\x07\u202e\n1 row more")
    link(user=User.objects.get().username)

    _, row, _, count = users("list").splitlines()

    assert row.endswith("ann ]0;owned   1 row more")
    assert (count, row.isprintable()) == ("1 linked.", True)


def test_empty_list_says_so() -> None:
    assert users("list").splitlines()[-1] == "0 linked."


def test_links_are_listed_in_columns(ory: Any, site: UsersSite, settings: Any) -> None:
    identity = sign_in(ory, site)
    site.me()
    settings.ORY_MFA_PROJECT = "shop"
    User.objects.create(username="ann", is_active=False)
    link()

    head, first, second, _, count = users("list").splitlines()

    assert head.split() == ["IDENTITY", "PROJECT", "ACTIVE", "LINKED", "COPIED", "USER"]
    assert (first.split()[:3], first.split()[5]) == ([identity.id, "-", "yes"], identity.id)
    assert (second.split()[:3], second.split()[4:]) == ([ID, "shop", "no"], ["-", "ann"])
    assert len(first.split()[3]) == len("2026-11-29")
    assert count == "2 linked."
