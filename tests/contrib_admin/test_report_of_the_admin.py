"""What the report says of an admin behind Ory, and of one that is not."""

from __future__ import annotations

import json
import sys
from io import StringIO
from types import ModuleType
from typing import Any

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.urls import path

from django_ory_mfa.contrib.admin.sites import AALAdminSite
from django_ory_mfa.management.report.rows import Row, rows

AAL2 = ("aal2", None)
FRESH = ("aal2", 600)
MAYBE = "django_ory_mfa.contrib.admin.rights.may_hold_rights"
RIGHTS = "django_ory_mfa.contrib.admin.rights.form_gives_rights"


@pytest.fixture(scope="module")
def report() -> dict[str, Row]:
    return {row.path: row for row in rows()}


def asked(row: Row) -> list[Any]:
    return [
        guard.decided_by
        or (
            guard.requirement
            and (guard.requirement.aal, guard.requirement.max_age and guard.requirement.max_age.seconds)
        )
        for guard in row.guards
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/admin/", [AAL2]),
        ("/admin/autocomplete/", [AAL2]),
        ("/admin/shop/order/", [AAL2]),
        ("/admin/shop/order/add/", [AAL2, RIGHTS]),
        ("/admin/shop/order/<path:object_id>/change/", [AAL2, RIGHTS]),
        ("/admin/shop/order/<path:object_id>/delete/", [AAL2, FRESH]),
        ("/admin/shop/order/<path:object_id>/history/", [AAL2, FRESH]),
        ("/admin/auth/user/<id>/password/", [AAL2, FRESH]),
        ("/one_factor/", [("aal1", None)]),
    ],
)
def test_page_of_the_admin_shows_what_it_asks_for(report: dict[str, Row], path: str, expected: list[Any]) -> None:
    assert asked(report[path]) == expected
    assert {guard.origin for guard in report[path].guards} == {"admin site"}
    assert report[path].is_protected


@pytest.mark.parametrize("path", ["/admin/login/", "/admin/logout/"])
def test_way_in_and_out_is_a_page_of_ours(report: dict[str, Row], path: str) -> None:
    assert [guard.origin for guard in report[path].guards] == ["own view"]


@pytest.mark.parametrize("path", ["/plain/", "/plain/shop/customer/", "/for-staff"])
def test_plain_site_is_not_protected(report: dict[str, Row], path: str) -> None:
    assert not report[path].is_protected


def test_page_for_ones_own_password_shows_what_it_asks_for(settings: Any) -> None:
    site: Any = admin.site
    assert list(site.ory_mfa_guards_of(site.password_change)) == ["aal2"]
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, "django.contrib.auth.backends.ModelBackend"]
    assert list(site.ory_mfa_guards_of(site.password_change)) == ["aal2", site.sensitive]


class Half(AALAdminSite):
    """It leaves the guard out of one page."""

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - the signature of Django
        return view if view == self.i18n_javascript else super().admin_view(view, cacheable)


def test_page_that_the_site_leaves_out_is_not_protected(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    urls: Any = ModuleType("tests.half_urls")
    urls.urlpatterns = [path("half/", Half(name="half").urls)]
    monkeypatch.setitem(sys.modules, urls.__name__, urls)
    settings.ROOT_URLCONF = urls.__name__

    found = {row.path: row.is_protected for row in rows()}

    assert (found["/half/jsi18n/"], found["/half/"]) == (False, True)


def test_policy_that_is_not_there_is_an_error(report: dict[str, Row]) -> None:
    (admin, own) = report["/linked/shop/customer/"].guards

    assert (admin.error, "'by key'" in str(own.error)) == (None, True)


def test_view_of_a_package_beside_users_is_decided_by_the_request(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.contrib_admin.test_own_views"
    found = {row.path: asked(row) for row in rows()}

    assert found["/undeclared/auth/user/revert/"] == [AAL2, MAYBE]
    assert found["/undeclared/shop/customer/quiet/"] == [AAL2]
    assert found["/declared/auth/user/revert/"] == [AAL2, ("aal1", None)]


def test_none_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin.site, "sensitive", None)

    (row,) = [row for row in rows() if row.path == "/admin/shop/customer/<path:object_id>/delete/"]

    assert "not None" in str(row.guards[1].error)


def test_report_is_printed() -> None:
    text, stdout = StringIO(), StringIO()
    call_command("ory_mfa", "report", stdout=text)
    call_command("ory_mfa", "report", "--json", stdout=stdout)

    assert "aal2 and aal2, at most 600 s ago" in text.getvalue()
    assert any(row["guards"][0]["from"] == "admin site" for row in json.loads(stdout.getvalue())["views"])
