"""What Django logs of our responses, and mails to ADMINS by default: no visitor can flood either."""

from __future__ import annotations

import logging
from logging.config import dictConfig
from typing import Any

import django
import pytest
from django.http import HttpResponse

from django_ory_mfa.answer.django_log import spare_admins
from django_ory_mfa.testing import FakeOry
from tests.apis import needed
from tests.documents import run_block
from tests.ory.log_lines import one_failure, outage_line
from tests.site import Site

# Django 6.1 says so of every mail of a site without MAILERS, which older versions do not know.
pytestmark = pytest.mark.filterwarnings("ignore:Django [0-9.]+ will not have a default mailer")
JSON, HTML = {"Accept": "application/json"}, {"Accept": "text/html"}


@pytest.fixture(autouse=True)
def admins(settings: Any) -> None:
    settings.ADMINS = ["admin@example.test"] if django.VERSION >= (6, 0) else [("Admin", "admin@example.test")]


def records(caplog: pytest.LogCaptureFixture) -> list[Any]:
    """What Django logged as an error."""
    found = [record for record in caplog.records if record.name.startswith("django.")]
    return [record for record in found if record.levelno >= logging.ERROR]


def ours(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "django_ory_mfa"]


def statuses_of_made_up_cookies(mode: str, path: str, headers: dict[str, str]) -> list[int]:
    site, found = Site(mode), []
    for number in range(5):
        site.set_cookie("ory_kratos_session", f"junk{number}")
        found.append(site.get(path, headers=headers).status_code)
    return found


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("headers", [HTML, JSON])
@pytest.mark.parametrize("status", [400, 503])
def test_visitor_whom_a_front_refuses_mails_nothing(
    mode: str,
    ory: FakeOry,
    mailoutbox: list[Any],
    caplog: Any,
    settings: Any,
    status: int,
    headers: Any,
    *,
    debug: bool,
) -> None:
    settings.DEBUG = debug
    ory.fail(status, path="/sessions/whoami")

    statuses = statuses_of_made_up_cookies(mode, "aal2", headers)

    assert (statuses, records(caplog), mailoutbox) == ([503] * 5, [], [])
    assert ours(caplog) == [one_failure(f"status {status}")]


def test_outage_is_logged_once_by_us(
    site: Site, ory: FakeOry, mailoutbox: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    ory.login(site)
    site.get("session")
    ory.fail(503)

    assert [site.get("aal2").status_code for _ in range(5)] == [503] * 5
    assert (records(caplog), mailoutbox, ours(caplog)) == ([], [], [outage_line("status 503")])


@pytest.mark.parametrize("by", ["cookie", "token"])
def test_sign_out_that_fails_is_logged_by_us(
    site: Site, ory: FakeOry, mailoutbox: list[Any], caplog: pytest.LogCaptureFixture, by: str
) -> None:
    session = ory.login(site)
    headers = {} if by == "cookie" else {"X-Session-Token": session.token}
    ory.fail(400, path=None)

    statuses = [site.post("/account/security/logout/", headers=headers).status_code for _ in range(5)]

    assert (statuses, records(caplog), mailoutbox) == ([503] * 5, [], [])
    assert ours(caplog) == [one_failure("status 400")]


@pytest.mark.parametrize("adapter", ["plain", "drf", "ninja"])
@pytest.mark.parametrize("wanted", ["aal2", "fresh"])
@pytest.mark.urls("tests.api_site")
def test_visitor_of_an_api_mails_nothing(
    mode: str, ory: FakeOry, mailoutbox: list[Any], caplog: Any, settings: Any, adapter: str, wanted: str
) -> None:
    needed("rest_framework", "ninja")
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "rest_framework"]
    settings.REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None}
    ory.fail(400, path="/sessions/whoami")

    statuses = statuses_of_made_up_cookies(mode, f"/{adapter}/{mode}/{wanted}", JSON)

    assert (statuses, records(caplog), mailoutbox) == ([503] * 5, [], [])
    assert ours(caplog) == [one_failure("status 400")]


@pytest.mark.parametrize(
    ("urls", "page"),
    [("ninja", "/{}/fresh"), ("ninja", "/uninstalled/{}/fresh"), ("drf", "/two-ways"), ("drf", "/low")],
)
def test_visitor_of_our_parts_for_apis_mails_nothing(
    mode: str, ory: FakeOry, mailoutbox: list[Any], caplog: Any, settings: Any, urls: str, page: str
) -> None:
    needed("rest_framework", "ninja")
    settings.ROOT_URLCONF = f"tests.{urls}_contrib_site"
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "rest_framework"]
    handler = "django_ory_mfa.contrib.rest_framework.exception_handler"
    settings.REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None, "EXCEPTION_HANDLER": handler}
    ory.fail(400, path="/sessions/whoami")

    statuses = statuses_of_made_up_cookies(mode, page.format(mode), JSON)

    assert (statuses, records(caplog), mailoutbox) == ([503] * 5, [], [])
    assert ours(caplog) == [one_failure("status 400")]


def test_outage_is_mailed_once_where_the_site_asks_for_it(
    site: Site, ory: FakeOry, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ``docs/how-to/watch.rst`` says."""
    logger = logging.getLogger("django_ory_mfa")
    monkeypatch.setattr(logger, "handlers", list(logger.handlers))
    dictConfig(run_block("how-to/watch", "AdminEmailHandler")["LOGGING"])
    ory.login(site)
    site.get("session")
    ory.fail(503)
    for _ in range(5):
        site.get("aal2")

    assert [outage_line("status 503") in mail.body for mail in mailoutbox] == [True]


def test_view_that_breaks_is_mailed(
    site: Site, ory: FakeOry, mailoutbox: list[Any], caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    settings.ROOT_URLCONF = "tests.reporting_site"
    site.client.raise_request_exception = False

    assert (site.get("breaks").status_code, len(records(caplog)), len(mailoutbox)) == (500, 1, 1)


def test_refusal_is_logged_by_django_as_any_page_that_refuses(
    site: Site, ory: FakeOry, caplog: pytest.LogCaptureFixture
) -> None:
    site.json("aal2")

    (record,) = [record for record in caplog.records if record.name == "django.request"]
    assert (record.levelname, record.getMessage()) == ("WARNING", f"Unauthorized: /{site.mode}/aal2")


@pytest.mark.parametrize(("status", "is_logged"), [(499, False), (500, True)])
def test_only_errors_count_as_logged(status: int, *, is_logged: bool) -> None:
    assert hasattr(spare_admins(HttpResponse(status=status)), "_has_been_logged") is is_logged
