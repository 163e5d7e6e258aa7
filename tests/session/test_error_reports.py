from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from django.http import HttpRequest
from django.test import RequestFactory
from django.views.debug import (
    ExceptionReporter,
    get_default_exception_reporter_filter,
    get_exception_reporter_filter,
)

from django_ory_mfa.core.credentials import Credential, CredentialKind
from django_ory_mfa.ory.client import OryClient
from django_ory_mfa.request.credential import credential_of
from django_ory_mfa.session.error_reports import mask_credentials
from django_ory_mfa.session.resolver import attach
from tests.reporting_site import FilterWithState, SiteFilter
from tests.site import Site

COOKIE = "MTc5OTk5c2VjcmV0"
TOKEN = "ory_st_s3cr3tt0ken"


@pytest.fixture(autouse=True)
def broken_site(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.reporting_site"


@pytest.fixture
def site_filter(settings: Any) -> Iterator[None]:
    """A site whose settings name a filter of its own; Django remembers the first that it made."""
    settings.DEFAULT_EXCEPTION_REPORTER_FILTER = "tests.reporting_site.SiteFilter"
    get_default_exception_reporter_filter.cache_clear()  # type: ignore[attr-defined]  # no stub for lru_cache
    yield
    get_default_exception_reporter_filter.cache_clear()  # type: ignore[attr-defined]  # no stub for lru_cache


def request_with(name: str = "ory_kratos_session", **cookies: str) -> Any:
    parts = [f"{name}={COOKIE}", *(f"{key}={value}" for key, value in cookies.items())]
    request = RequestFactory().get("/", headers={"Cookie": "; ".join(parts)})
    attach(request)
    mask_credentials(request)
    return request


def report(request: HttpRequest, error: BaseException) -> str:
    """Both forms of Django's report, as they are mailed."""
    reporter = ExceptionReporter(request, type(error), error, error.__traceback__, is_email=True)
    return reporter.get_traceback_text() + reporter.get_traceback_html()


def raised(call: Any) -> BaseException:
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def failure_of(site: Site, path: str, **options: Any) -> Any:
    """The error of a view, and the request of the handler that logged it."""
    site.client.raise_request_exception = False
    return site.get(path, **options)


@pytest.mark.parametrize("name", ["ory_kratos_session", "ory_session_happyfox12"])
def test_session_cookie_is_masked(name: str) -> None:
    request = request_with(name, theme="dark")

    text = report(request, ValueError("broken"))

    assert (COOKIE in text, name in text, "dark" in text) == (False, True, True)


def test_headers_are_masked_only_if_they_may_hold_a_credential() -> None:
    request = RequestFactory().get("/", headers={"Cookie": "theme=dark", "X-Session-Token": TOKEN, "X-Other": "shown"})
    mask_credentials(request)

    meta = get_exception_reporter_filter(request).get_safe_request_meta(request)

    assert (meta["HTTP_X_OTHER"], meta["REQUEST_METHOD"]) == ("shown", "GET")
    assert meta["HTTP_COOKIE"] == meta["HTTP_X_SESSION_TOKEN"] == "********************"


def test_cookie_named_by_the_settings_is_masked(settings: Any) -> None:
    settings.ORY_MFA_SESSION_COOKIE = "sso"

    assert COOKIE not in report(request_with("sso"), ValueError("broken"))


def test_every_cookie_is_masked_where_the_name_cannot_be_known(settings: Any) -> None:
    del settings.ORY_MFA_SDK_URL
    request = request_with("sso", theme="dark")

    cookies = get_exception_reporter_filter(request).get_safe_cookies(request)

    assert set(cookies.values()) == {"********************"}


def test_cookies_of_a_site_that_debugs_are_masked_all_the_same(settings: Any) -> None:
    settings.DEBUG = True

    assert COOKIE not in report(request_with(), ValueError("broken")).partition("<h2>Settings")[0]


@pytest.mark.usefixtures("site_filter")
def test_filter_of_the_site_is_kept() -> None:
    request = request_with()

    kept = get_exception_reporter_filter(request)

    assert kept.get_safe_cookies(request)["ory_kratos_session"] == "[hidden by the site]"


@pytest.mark.usefixtures("site_filter")
def test_filter_of_the_site_cannot_show_the_raw_header() -> None:
    """A filter with words of its own no longer hides HTTP_COOKIE, which Django's own does."""
    assert COOKIE not in report(request_with(), ValueError("broken"))


@pytest.mark.usefixtures("site_filter")
@pytest.mark.parametrize("header", ["Authorization", "X-Session-Token"])
def test_filter_of_the_site_cannot_show_a_token(header: str) -> None:
    request = RequestFactory().get("/", headers={header: f"Bearer {TOKEN}"})
    mask_credentials(request)

    assert TOKEN not in report(request, ValueError("broken"))


def test_filter_of_the_request_is_kept() -> None:
    request = RequestFactory().get("/", headers={"Cookie": f"ory_kratos_session={COOKIE}"})
    request.exception_reporter_filter = SiteFilter()

    mask_credentials(request)

    cookies = get_exception_reporter_filter(request).get_safe_cookies(request)
    assert cookies == {"ory_kratos_session": "[hidden by the site]"}


def test_filter_that_was_made_with_arguments_is_kept() -> None:
    """Django documents ``request.exception_reporter_filter = CustomFilter()``: an instance, not a class."""
    request = RequestFactory().get("/", headers={"Cookie": f"ory_kratos_session={COOKIE}"})
    request.exception_reporter_filter = FilterWithState("[by instance]")

    mask_credentials(request)

    cookies = get_exception_reporter_filter(request).get_safe_cookies(request)
    assert cookies == {"ory_kratos_session": "[by instance]"}


@pytest.mark.parametrize("mode", ["sync"])
def test_filter_set_by_a_middleware_does_not_break_the_site(ory: Any, site: Site, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.urls"
    settings.MIDDLEWARE = ["tests.reporting_site.SetsFilter", *settings.MIDDLEWARE]

    assert site.get("public").status_code == 200


def test_mail_about_a_broken_view_shows_no_credential(
    ory: Any, site: Site, settings: Any, mailoutbox: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    session = ory.login(site, traits={"email": "secret-person@example.test"})

    response = failure_of(site, "breaks")

    (record,) = [record for record in caplog.records if record.name == "django.request"]
    reporter = ExceptionReporter(record.request, *record.exc_info, is_email=True)  # type: ignore[attr-defined, misc]
    text = reporter.get_traceback_text() + reporter.get_traceback_html()
    assert response.status_code == 500
    assert "broken for" in text
    assert session.cookie not in text
    assert "secret-person" not in text


@pytest.mark.parametrize(
    ("headers", "secret"),
    [({"X-Session-Token": TOKEN}, TOKEN), ({"Authorization": f"Bearer {TOKEN}"}, TOKEN)],
    ids=["session token", "bearer"],
)
def test_mail_about_a_broken_view_shows_no_token(
    ory: Any, site: Site, caplog: pytest.LogCaptureFixture, headers: dict[str, str], secret: str
) -> None:
    failure_of(site, "breaks", headers=headers)

    (record,) = [record for record in caplog.records if record.name == "django.request"]
    reporter = ExceptionReporter(record.request, *record.exc_info, is_email=True)  # type: ignore[attr-defined, misc]
    assert secret not in reporter.get_traceback_text() + reporter.get_traceback_html()


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": f"ory_kratos_session={COOKIE}"},
        {"X-Session-Token": TOKEN},
        {"Authorization": f"Bearer {TOKEN}"},
    ],
    ids=["cookie", "session token", "bearer"],
)
def test_report_about_missing_settings_shows_no_credential(settings: Any, headers: dict[str, str]) -> None:
    """Rule 7: the frames that hold a credential are in the traceback of a setting that cannot be read."""
    del settings.ORY_MFA_SDK_URL
    request: Any = RequestFactory().get("/", headers=headers)
    attach(request)
    mask_credentials(request)

    text = report(request, raised(lambda: bool(request.ory_session)))

    assert "ORY_MFA_SDK_URL" in text
    assert COOKIE not in text
    assert TOKEN not in text


class Breaking(requests.adapters.HTTPAdapter):
    """Breaks in a way that nobody foresaw."""

    def send(self, *args: Any, **kwargs: Any) -> Any:
        raise LookupError("unforeseen")


@pytest.mark.parametrize(
    ("credential", "secret"),
    [
        (Credential(CredentialKind.COOKIE, f"ory_kratos_session={COOKIE}"), COOKIE),
        (Credential(CredentialKind.TOKEN, TOKEN), TOKEN),
    ],
    ids=["cookie", "token"],
)
@pytest.mark.parametrize("ask", ["whoami", "settings_flow", "logout_flow", "revoke_token"])
def test_broken_call_never_gets_into_a_report(credential: Credential, secret: str, ask: str) -> None:
    """The frames of the libraries hold the request, and nobody marked them as sensitive."""
    answer = getattr(OryClient("http://ory.example", Breaking()), ask)(credential)

    assert (answer.status, answer.failure) == (0, "LookupError")
    assert secret not in repr(answer)


@pytest.mark.parametrize(
    "credential",
    [Credential(CredentialKind.COOKIE, COOKIE), Credential(CredentialKind.TOKEN, TOKEN)],
    ids=["cookie", "token"],
)
def test_credential_is_not_in_its_repr(credential: Credential) -> None:
    assert credential.value not in f"{credential!r} {credential}"


def test_session_is_not_told_by_its_repr(ory: Any) -> None:
    session = ory.login(Site("sync"), traits={"email": "secret-person@example.test"})
    request: Any = RequestFactory().get("/", headers={"Cookie": f"ory_kratos_session={session.cookie}"})
    attach(request)
    bool(request.ory_session)

    text = f"{request.ory_session!r} {request._ory_mfa!r} {request!r} {request.ory_session.identity!r}"

    assert session.cookie not in text
    assert "secret-person" not in text


@pytest.mark.parametrize("failure", ["connect-error", "timeout", 500, 429, 418, "broken"])
def test_logs_of_an_outage_show_no_credential(
    ory: Any, site: Site, caplog: pytest.LogCaptureFixture, settings: Any, failure: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    settings.ROOT_URLCONF = "tests.urls"
    session = ory.login(site)
    if isinstance(failure, int):
        ory.fail(failure, body=session.cookie.encode())
    elif failure == "broken":
        ory.handle = None
    else:
        ory.fail_with(failure)

    assert site.get("session").json()["state"] == "unavailable"

    text = "".join(
        record.getMessage() + "".join(traceback.format_exception(*record.exc_info) if record.exc_info else [])
        for record in caplog.records
    )
    assert "django_ory_mfa" in [record.name for record in caplog.records]
    assert session.cookie not in text


def test_warning_about_several_cookies_shows_none(caplog: pytest.LogCaptureFixture) -> None:
    request = request_with(ory_session_other="another-secret")

    assert credential_of(request) is None
    assert "ORY_MFA_SESSION_COOKIE" in caplog.text
    assert COOKIE not in caplog.text
    assert "another-secret" not in caplog.text


def test_credential_is_not_an_argument_of_the_exception(settings: Any) -> None:
    settings.ORY_MFA_SESSION_COOKIE = "a=b"
    request = request_with()

    error = raised(lambda: bool(request.ory_session))

    assert COOKIE not in str(error) + repr(error) + "".join(traceback.format_exception(error))
    assert sys.exc_info() == (None, None, None)
