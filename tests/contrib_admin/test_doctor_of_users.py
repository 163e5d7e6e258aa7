"""What the doctor says of users and of the admin, without Ory."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.sites import all_sites
from django.core.management import call_command
from django.db import connection

from django_ory_mfa.contrib.admin.sites import AALAdminSite
from tests.contrib_admin.rights_sites import sites

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def policies(settings: Any) -> None:
    settings.ORY_MFA_POLICIES = {"by key": {"aal": "aal2", "methods": ["webauthn"]}}


class OddSite(AALAdminSite):
    required_aal = "aal3"


def doctor() -> dict[str, list[tuple[str, str, str]]]:
    """Status, reason and fix of each result, by the name of the check."""
    out = StringIO()
    found: dict[str, list[tuple[str, str, str]]] = {}
    try:
        call_command("ory_mfa", "doctor", "--offline", "--json", stdout=out)
    except SystemExit:
        """It found something."""
    for result in json.loads(out.getvalue())["results"]:
        found.setdefault(result["check"], []).append((result["status"], result["reason"], result["fix"]))
    return found


def test_links_and_admins_in_order_are_named() -> None:
    found = doctor()

    assert [status for status, _, _ in found["links"]] == ["ok"]
    said = [(status, reason.split("'")[1]) for status, reason, _ in found["admin"]]
    # Other tests make sites, too.
    assert {("ok", name) for name in ("admin", *(site.name for site in sites))} <= set(said)
    assert said == sorted(said)


def test_plain_admin_is_not_judged() -> None:
    assert not any("'plain'" in reason for _, reason, _ in doctor()["admin"])


def test_table_that_is_missing_is_found() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ory_mfa_auth_oryidentity RENAME TO elsewhere")

    ((status, reason, fix),) = doctor()["links"]

    assert (status, "(OperationalError)" in reason, fix) == ("failed", True, "manage.py migrate")


class OpenSite(AALAdminSite):
    """It leaves the guard out."""

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - the signature of Django
        return view


def test_admin_that_leaves_the_guard_out_is_not_said_to_be_behind_ory() -> None:
    site = OpenSite(name="open")
    all_sites.add(site)
    try:
        assert not any("'open'" in reason for _, reason, _ in doctor()["admin"])
    finally:
        all_sites.discard(site)


def test_admin_that_asks_for_nonsense_is_found() -> None:
    odd = OddSite(name="odd")
    all_sites.add(odd)
    try:
        found = [one for one in doctor()["admin"] if one[0] != "ok"]
    finally:
        all_sites.discard(odd)

    ((status, reason, _),) = found
    assert (status, "OddSite.required_aal is 'aal3'" in reason) == ("failed", True)


def test_login_of_the_admin_as_login_url_is_found(settings: Any) -> None:
    settings.LOGIN_URL = "admin:login"

    (warned,) = [one for one in doctor()["admin-sites"] if one[0] == "warning"]
    assert "ory_mfa.W030" in warned[1]


def test_silenced_message_is_not_a_result(settings: Any) -> None:
    settings.LOGIN_URL = "admin:login"
    settings.SILENCED_SYSTEM_CHECKS = ["ory_mfa.W030"]

    assert {status for status, _, _ in doctor()["admin-sites"]} == {"ok"}
