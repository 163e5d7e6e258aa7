"""From the headers of a request to the one credential that is sent to Ory."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from django.test import AsyncRequestFactory, RequestFactory
from django.views.debug import ExceptionReporter

from django_ory_mfa.core.credentials import Credential, CredentialKind
from django_ory_mfa.request.credential import credential_of, raw_cookies, usual_cookie

OWN, NETWORK = "ory_kratos_session=a", "ory_session_slug=b"
TOKEN = "ory_st_t0ken"


def request(mode: str, cookies: str = "", **headers: str) -> Any:
    factory = RequestFactory() if mode == "sync" else AsyncRequestFactory()
    return factory.get("/", headers={"Cookie": cookies, **headers} if cookies else headers)


def cookie(value: str) -> Credential:
    return Credential(CredentialKind.COOKIE, value)


@pytest.mark.parametrize("value", [OWN, NETWORK])
def test_cookie_of_either_product_is_found_without_a_setting(mode: str, value: str) -> None:
    assert credential_of(request(mode, f"sessionid=x; {value}")) == cookie(value)


def test_nothing_in_the_headers_is_no_credential(mode: str) -> None:
    assert credential_of(request(mode)) is None


def test_cookies_of_two_projects_count_for_nothing(mode: str) -> None:
    assert credential_of(request(mode, f"{OWN}; {NETWORK}")) is None
    assert credential_of(request(mode, f"{OWN}; {NETWORK}", Authorization=f"Bearer {TOKEN}")) is None


def test_two_cookies_of_one_project_are_sent_to_ory_as_they_are(mode: str) -> None:
    found = credential_of(request(mode, f"{OWN}; ory_kratos_session=other"))

    assert found is not None
    assert found.value == f"{OWN}; ory_kratos_session=other"


def test_token_of_ory_counts_beside_cookies_of_two_projects(mode: str) -> None:
    found = credential_of(request(mode, f"{OWN}; {NETWORK}", **{"X-Session-Token": TOKEN}))

    assert found == Credential(CredentialKind.TOKEN, TOKEN)


@pytest.mark.parametrize("value", [OWN, NETWORK])
def test_setting_says_which_of_two_projects_is_meant(mode: str, value: str, settings: Any) -> None:
    settings.ORY_MFA_SESSION_COOKIE = value.partition("=")[0]

    assert credential_of(request(mode, f"{OWN}; {NETWORK}")) == cookie(value)


def test_cookie_of_another_name_than_the_setting_is_none(mode: str, settings: Any) -> None:
    settings.ORY_MFA_SESSION_COOKIE = "of_the_site"

    assert credential_of(request(mode, OWN)) is None


def test_documents_name_the_cookie_of_the_setting_or_else_that_of_kratos(settings: Any) -> None:
    assert usual_cookie() == "ory_kratos_session"
    settings.ORY_MFA_SESSION_COOKIE = "of_the_site"
    assert usual_cookie() == "of_the_site"


def test_cookies_that_http_2_has_split_are_joined_as_cookies() -> None:
    split: Any = AsyncRequestFactory().get("/")
    split.scope["headers"] = [(b"cookie", b"a=1"), (b"host", b"x"), (b"Cookie", OWN.encode()), (b"cookie", b"c=\xe9")]

    assert raw_cookies(split) == f"a=1; {OWN}; c=\xe9"


def test_error_page_shows_no_credential_of_a_failure_in_here(mode: str) -> None:
    broken = request(mode, OWN, **{"X-Session-Token": TOKEN})
    broken.META["HTTP_X_SESSION_TOKEN"] = [TOKEN]

    with pytest.raises(AttributeError):
        credential_of(broken)
    try:
        credential_of(broken)
    except AttributeError:
        frames = ExceptionReporter(None, *sys.exc_info()).get_traceback_frames()
    [shown] = [frame["vars"] for frame in frames if frame["function"] == "credential_of"]

    assert shown
    assert "ory_kratos_session" not in str(shown)
