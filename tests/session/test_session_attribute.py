"""``request.ory_session`` and its twin: section 2 of the design, seen through requests."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured, SynchronousOnlyOperation
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse, JsonResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.test import RequestFactory
from django.urls import include, path
from django.views.decorators.cache import never_cache
from requests.adapters import BaseAdapter

from django_ory_mfa.core.session import OrySession
from django_ory_mfa.decorators import aal_required
from django_ory_mfa.ory.service import use_transport
from django_ory_mfa.runtime.steps import run
from django_ory_mfa.session.resolver import attach, enrolled_steps
from django_ory_mfa.testing import FakeOry, FakeProof
from django_ory_mfa.testing.install import installed
from tests.site import Site

pytestmark = pytest.mark.urls(__name__)

SWALLOWED = "{% if not request.ory_session %}for nobody{% else %}for somebody{% endif %}"
TAGGED = "{% load ory_mfa %}{% ory_aal %} {{ request.ory_session|has_aal:'aal1' }} {% ory_mfa_status %}"
COOKIE = "ory_kratos_session"


class BrokenTransport(BaseAdapter):
    """Fails as no network does."""

    def send(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("nobody foresaw this")

    def close(self) -> None:
        """Nothing is open."""


class StuckTransport(BrokenTransport):
    """Answers nothing before ``released``, whatever time it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def send(self, *args: Any, **kwargs: Any) -> Any:
        self.released.wait(10)
        return super().send(*args, **kwargs)


def facts(session: Any) -> JsonResponse:
    return JsonResponse(
        {
            "state": session.state,
            "authenticated": bool(session),
            "signed_in": session.is_signed_in,
            "aal": session.aal,
            "identity": session.identity and session.identity.id,
            "error_id": session.error_id,
            "redirect_browser_to": session.redirect_browser_to,
            "retry_after": session.retry_after,
        }
    )


def template(request: Any, source: str) -> TemplateResponse:
    return TemplateResponse(request, engines["django"].from_string(source))


def idle(request: Any) -> HttpResponse:
    return HttpResponse("nobody asked")


async def aidle(request: Any) -> HttpResponse:
    return HttpResponse("nobody asked")


def reading(request: Any) -> HttpResponse:
    return facts(request.ory_session)


async def areading(request: Any) -> HttpResponse:
    return facts(await request.aory_session())


def twice(request: Any) -> HttpResponse:
    first, second = bool(request.ory_session), request.ory_session
    return HttpResponse(f"{first} {type(second) is OrySession}")


async def atwice(request: Any) -> HttpResponse:
    first = await request.aory_session()
    second = await request.aory_session()
    return HttpResponse(f"{first is second} {type(request.ory_session) is OrySession}")


@aal_required("aal1")
def guarded(request: Any) -> HttpResponse:
    return HttpResponse(f"{type(request.ory_session) is OrySession}")


@aal_required("aal1")
async def aguarded(request: Any) -> HttpResponse:
    return HttpResponse(f"{type(request.ory_session) is OrySession}")


def in_template(request: Any) -> HttpResponse:
    return template(request, SWALLOWED)


async def ain_template(request: Any) -> HttpResponse:
    await request.aory_session()
    return HttpResponse(template(request, SWALLOWED).rendered_content)


def tagged(request: Any) -> HttpResponse:
    return HttpResponse(template(request, TAGGED).rendered_content)


async def atagged(request: Any) -> HttpResponse:
    return HttpResponse(template(request, TAGGED).rendered_content)


async def blocking(request: Any) -> HttpResponse:
    return facts(request.ory_session)


async def swallowing(request: Any) -> HttpResponse:
    return HttpResponse(template(request, SWALLOWED).rendered_content)


async def late_template(request: Any) -> HttpResponse:
    return template(request, SWALLOWED)


async def at_once(request: Any) -> HttpResponse:
    first, second = await asyncio.gather(request.aory_session(), request.aory_session())
    return HttpResponse(f"{first == second}")


def spelling(a: str) -> list[Any]:
    return [path(name, globals()[f"{a}{name}"]) for name in VIEWS]


VIEWS = ("idle", "reading", "twice", "guarded", "in_template", "tagged")
urlpatterns = [
    path("sync/", include(spelling(""))),
    path("async/", include(spelling("a"))),
    path("async/blocking", blocking),
    path("async/swallowing", swallowing),
    path("async/late-template", late_template),
    path("async/at-once", at_once),
    path("async/never-cache", never_cache(swallowing)),
]


def session_seen(response: Any) -> dict[str, Any]:
    assert response.status_code == 200
    return dict(json.loads(response.content))


# When Ory is asked


def test_nobody_asks_and_ory_is_not_called(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    response = site.get("idle")

    assert (response.content, ory.calls) == (b"nobody asked", [])


def test_request_without_credential_is_anonymous_without_a_call(site: Site, ory: FakeOry) -> None:
    response = site.get("reading")

    assert (session_seen(response)["state"], ory.calls) == ("anonymous", [])


@pytest.mark.parametrize(
    "cookies",
    ["sessionid=abc; csrftoken=def", "ory_kratos_session=", "ory_kratos_session_=x", f"{COOKIE}={'x' * 4097}"],
    ids=["foreign", "empty", "other-name", "too-long"],
)
def test_request_with_other_cookies_is_anonymous_without_a_call(site: Site, ory: FakeOry, cookies: str) -> None:
    response = site.get("reading", headers={"Cookie": cookies})

    assert (session_seen(response)["state"], ory.calls) == ("anonymous", [])


def test_session_asked_for_twice_is_fetched_once(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    response = site.get("twice")

    assert (response.content, len(ory.calls)) == (b"True True", 1)


def test_session_asked_for_twice_at_the_same_time_is_fetched_once(ory: FakeOry) -> None:
    site = Site("async")
    ory.login(site)

    response = site.get("at-once")

    assert (response.content, len(ory.calls)) == (b"True", 1)


def test_every_request_asks_ory_anew(site: Site, ory: FakeOry) -> None:
    session = ory.login(site)
    before = session_seen(site.get("reading"))["state"]
    session.revoke()

    after = session_seen(site.get("reading"))["state"]

    assert (before, after) == ("active", "anonymous")
    assert [call.path for call in ory.calls] == ["/sessions/whoami", "/sessions/whoami", "/health/ready"]


def test_two_visitors_get_their_own_sessions(mode: str, ory: FakeOry) -> None:
    first, second = Site(mode), Site(mode)
    sessions = ory.login(first), ory.login(second)

    identities = [session_seen(site.get("reading"))["identity"] for site in (first, second, first)]

    assert identities == [sessions[0].identity.id, sessions[1].identity.id, sessions[0].identity.id]


# What it says


def test_active_session_shows_level_and_identity(site: Site, ory: FakeOry) -> None:
    session = ory.login(site)

    seen = session_seen(site.get("reading"))

    assert (seen["state"], seen["aal"], seen["identity"]) == ("active", "aal2", session.identity.id)


def test_second_factor_due_is_signed_in_but_falsy(site: Site, ory: FakeOry) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    seen = session_seen(site.get("reading"))

    assert seen == {
        "state": "step_up_required",
        "authenticated": False,
        "signed_in": True,
        "aal": "aal0",
        "identity": None,
        "error_id": "session_aal2_required",
        "redirect_browser_to": "http://127.0.0.1:4433/self-service/login/browser?aal=aal2",
        "retry_after": None,
    }


@pytest.mark.parametrize("failure", ["connect-error", "timeout"])
def test_network_failure_does_not_raise(
    site: Site, ory: FakeOry, failure: str, caplog: pytest.LogCaptureFixture
) -> None:
    ory.login(site)
    ory.fail_with(failure)

    seen = session_seen(site.get("reading"))

    assert (seen["state"], seen["authenticated"], seen["signed_in"]) == ("unavailable", False, False)
    assert [record.name for record in caplog.records] == ["django_ory_mfa"]


@pytest.mark.parametrize("status", [302, 400, 404, 429, 500, 503])
def test_unusable_status_is_unavailable(site: Site, ory: FakeOry, status: int) -> None:
    ory.login(site)
    ory.fail(status)

    assert session_seen(site.get("reading"))["state"] == "unavailable"


BODIES = {
    "no-json": b"<html>",
    "empty": b"",
    "list": b"[]",
    "no-identity": b'{"id": "s", "active": true}',
    "identity-no-object": b'{"id": "s", "active": true, "identity": "x"}',
    "id-no-text": b'{"id": 1, "active": true, "identity": {"id": "i"}}',
    "identity-id-empty": b'{"id": "s", "active": true, "identity": {"id": ""}}',
    "too-large": b'{"id": "s", "active": true, "identity": {"id": "i"}, "x": "' + b"x" * 1024 * 1024 + b'"}',
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_unreadable_session_is_unavailable(site: Site, ory: FakeOry, body: bytes) -> None:
    ory.login(site)
    ory.fail(200, body)

    assert session_seen(site.get("reading"))["state"] == "unavailable"


@pytest.mark.parametrize("active", ["false", "null", '"true"', "1"])
def test_session_that_is_not_active_is_anonymous(site: Site, ory: FakeOry, active: str) -> None:
    ory.login(site)
    ory.fail(200, f'{{"id": "s", "active": {active}, "identity": {{"id": "i"}}}}'.encode())

    assert session_seen(site.get("reading"))["state"] == "anonymous"


@pytest.mark.parametrize(
    ("aal", "seen"),
    [("aal3", "aal3"), ("aal9", "aal0"), ("AAL2", "aal0"), ("", "aal0")],
    ids=["higher", "unknown", "capital", "empty"],
)
def test_level_that_is_not_known_is_none(site: Site, ory: FakeOry, aal: str, seen: str) -> None:
    ory.login(site)
    body = {"id": "s", "active": True, "identity": {"id": "i"}, "authenticator_assurance_level": aal}
    ory.fail(200, json.dumps(body).encode())

    assert session_seen(site.get("reading"))["aal"] == seen


def test_method_that_is_not_known_parses(site: Site, ory: FakeOry) -> None:
    session = ory.login(site)
    session.prove(FakeProof("telepathy", "aal2", "yesterday"))

    assert session_seen(site.get("reading"))["aal"] == "aal2"


@pytest.mark.parametrize(("reset", "seconds"), [("12", 12), ("0", 1), ("999", 30), (None, 5), ("soon", 5), ("-3", 5)])
def test_rate_limit_tells_when_to_come_back(site: Site, ory: FakeOry, reset: str | None, seconds: int) -> None:
    ory.login(site)
    ory.fail(429, headers=[] if reset is None else [("x-ratelimit-reset", reset)])

    assert session_seen(site.get("reading"))["retry_after"] == seconds


def test_plain_value_stands_behind_a_guard(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    assert site.get("guarded").content == b"True"


@pytest.mark.parametrize(("signed_in", "text"), [(True, b"for somebody"), (False, b"for nobody")], ids=["in", "out"])
def test_template_reads_a_session_that_was_awaited(site: Site, ory: FakeOry, *, signed_in: bool, text: bytes) -> None:
    if signed_in:
        ory.login(site)

    assert site.get("in_template").content == text


def test_broken_call_is_unavailable_and_logged(site: Site, ory: FakeOry, caplog: pytest.LogCaptureFixture) -> None:
    session = ory.login(site)
    use_transport(BrokenTransport())

    seen = session_seen(site.get("reading"))

    assert (seen["state"], seen["retry_after"]) == ("unavailable", 5)
    record = next(record for record in caplog.records if record.name == "django_ory_mfa")
    assert record.levelno == logging.WARNING
    assert session.cookie not in caplog.text


def test_broken_resolver_is_unavailable_and_logged(ory: FakeOry, caplog: pytest.LogCaptureFixture) -> None:
    """No server sends such a header; it stands for whatever nobody foresaw."""
    request: Any = RequestFactory().get("/")
    request.META["HTTP_AUTHORIZATION"] = 5
    attach(request)

    assert request.ory_session.state == "unavailable"
    assert [record.levelno for record in caplog.records if record.name == "django_ory_mfa"] == [logging.ERROR]


def test_call_that_outlasts_the_deadline_is_unavailable_in_async_code(ory: FakeOry, settings: Any) -> None:
    settings.ORY_MFA_TIMEOUT = 0.05
    site, transport = Site("async"), StuckTransport()
    ory.login(site)
    use_transport(transport)

    try:
        seen = session_seen(site.get("reading"))
    finally:
        transport.released.set()

    assert seen["state"] == "unavailable"


# Blocking access in an event loop


def test_blocking_access_in_an_event_loop_raises(ory: FakeOry) -> None:
    site = Site("async")
    ory.login(site)

    with pytest.raises(SynchronousOnlyOperation, match="aory_session"):
        site.get("blocking")

    assert ory.calls == []


@pytest.mark.parametrize("view", ["swallowing", "never-cache"])
def test_blocking_access_swallowed_by_a_template_is_raised_again(ory: FakeOry, view: str) -> None:
    site = Site("async")
    ory.login(site)

    with pytest.raises(SynchronousOnlyOperation):
        site.get(view)


def test_blocking_access_without_a_credential_raises_too(ory: FakeOry) -> None:
    with pytest.raises(SynchronousOnlyOperation):
        Site("async").get("swallowing")


def test_template_response_of_an_async_view_is_rendered_where_blocking_is_allowed(ory: FakeOry) -> None:
    site = Site("async")
    ory.login(site)

    assert site.get("late-template").content == b"for somebody"


def test_sync_view_in_an_async_server_may_block(ory: FakeOry) -> None:
    site = Site("async")
    session = ory.login(site)

    assert session_seen(site.get("/sync/reading"))["identity"] == session.identity.id


def test_async_view_in_a_sync_server_answers(ory: FakeOry) -> None:
    site = Site("sync")
    session = ory.login(site)

    assert session_seen(site.get("/async/reading"))["identity"] == session.identity.id


def test_tags_in_an_event_loop_answer_as_for_nobody_and_raise_nothing(
    ory: FakeOry, caplog: pytest.LogCaptureFixture
) -> None:
    site = Site("async")
    ory.login(site)

    response = site.get("tagged")

    assert response.content.startswith(b"aal0 False")
    assert b"Not signed in" in response.content
    assert {(record.name, record.levelno) for record in caplog.records} == {("django_ory_mfa", logging.WARNING)}


# Settings that make no sense


def test_missing_url_is_raised_where_it_is_read(site: Site, ory: FakeOry, settings: Any) -> None:
    site.set_cookie(COOKIE, "x")
    settings.ORY_MFA_SDK_URL = None

    with pytest.raises(ImproperlyConfigured, match="ORY_MFA_SDK_URL"):
        site.get("reading")


@pytest.mark.parametrize("setting", ["SDK_URL", "SESSION_COOKIE"])
def test_setting_error_swallowed_by_a_template_is_raised_again(ory: FakeOry, settings: Any, setting: str) -> None:
    site = Site("sync")
    site.set_cookie(COOKIE, "x")
    setattr(settings, f"ORY_MFA_{setting}", "; no ;")

    with pytest.raises(ImproperlyConfigured, match=setting):
        site.get("in_template")


def test_setting_error_swallowed_in_an_async_site_is_raised_again(ory: FakeOry, settings: Any) -> None:
    site = Site("async")
    site.set_cookie(COOKIE, "x")
    settings.ORY_MFA_SDK_URL = "nowhere"

    with pytest.raises(ImproperlyConfigured, match="SDK_URL"):
        site.get("/async/late-template")


def test_setting_error_does_not_touch_requests_that_do_not_ask(site: Site, ory: FakeOry, settings: Any) -> None:
    site.set_cookie(COOKIE, "x")
    settings.ORY_MFA_SDK_URL = None

    assert site.get("idle").status_code == 200


# Which credential


def sent(ory: FakeOry) -> list[dict[str, str]]:
    """The credentials of every call."""
    names = ("cookie", "x-session-token", "authorization", "origin")
    return [{name: value for name, value in call.headers.items() if name in names} for call in ory.calls]


def test_session_token_wins_over_the_cookie(site: Site, ory: FakeOry) -> None:
    ory.login(site)
    other = ory.add_session(ory.add_identity(), "password")

    seen = session_seen(site.get("reading", headers={"X-Session-Token": other.token, "Origin": "http://testserver"}))

    assert seen["identity"] == other.identity.id
    assert sent(ory) == [{"x-session-token": other.token}]


def test_foreign_session_token_beside_the_cookie_is_ignored(site: Site, ory: FakeOry) -> None:
    """Other libraries, such as django-allauth, have tokens of their own in this header."""
    session = ory.login(site)

    seen = session_seen(site.get("reading", headers={"X-Session-Token": "vlbsjc6ilj7z58a4xzwzbwmtnw8a6fnr"}))

    assert seen["identity"] == session.identity.id
    assert sent(ory) == [{"cookie": f"{COOKIE}={session.cookie}"}]


def test_foreign_session_token_is_never_sent(site: Site, ory: FakeOry) -> None:
    response = site.get("reading", headers={"X-Session-Token": "vlbsjc6ilj7z58a4xzwzbwmtnw8a6fnr"})

    assert (session_seen(response)["state"], ory.calls) == ("anonymous", [])


def test_bearer_token_of_ory_beside_a_foreign_session_token_counts(site: Site, ory: FakeOry) -> None:
    other = ory.add_session(ory.add_identity(), "password")
    headers = {"X-Session-Token": "foreign", "Authorization": f"Bearer {other.token}"}

    assert session_seen(site.get("reading", headers=headers))["identity"] == other.identity.id
    assert sent(ory) == [{"x-session-token": other.token}]


def test_cookie_wins_over_a_bearer_token(site: Site, ory: FakeOry) -> None:
    session = ory.login(site)
    other = ory.add_session(ory.add_identity(), "password")

    seen = session_seen(site.get("reading", headers={"Authorization": f"Bearer {other.token}"}))

    assert seen["identity"] == session.identity.id
    assert sent(ory) == [{"cookie": f"{COOKIE}={session.cookie}"}]


def test_bearer_token_of_ory_is_sent_as_session_token(site: Site, ory: FakeOry) -> None:
    other = ory.add_session(ory.add_identity(), "password")

    seen = session_seen(site.get("reading", headers={"Authorization": f"bearer {other.token}"}))

    assert seen["identity"] == other.identity.id
    assert sent(ory) == [{"x-session-token": other.token}]


@pytest.mark.parametrize(
    "authorization",
    ["Bearer eyJhbGciOi", "Basic ory_st_x", "Bearer", "Bearer ory_st_a b", "Bearer ory_st_\x01", "ory_st_x"],
)
def test_foreign_authorization_is_not_sent(site: Site, ory: FakeOry, authorization: str) -> None:
    response = site.get("reading", headers={"Authorization": authorization})

    assert (session_seen(response)["state"], ory.calls) == ("anonymous", [])


@pytest.mark.parametrize(
    "token",
    ["", "ory_st_a b", "ory_st_" + "x" * 4090, 'ory_st_quo"te'],
    ids=["empty", "space", "long", "quote"],
)
def test_unsound_session_token_is_dropped_before_the_choice(site: Site, ory: FakeOry, token: str) -> None:
    session = ory.login(site)

    seen = session_seen(site.get("reading", headers={"X-Session-Token": token}))

    assert seen["identity"] == session.identity.id


def test_unsound_cookie_is_dropped_before_the_choice(site: Site, ory: FakeOry) -> None:
    other = ory.add_session(ory.add_identity(), "password")
    headers = {"Cookie": f"{COOKIE}=a b", "Authorization": f"Bearer {other.token}"}

    assert session_seen(site.get("reading", headers=headers))["identity"] == other.identity.id


def test_duplicates_are_sent_in_order_and_other_cookies_are_not(site: Site, ory: FakeOry) -> None:
    session = ory.login(Site("sync"))
    cookies = f"a=1; {COOKIE}=first; csrftoken=x; {COOKIE}={session.cookie}; {COOKIE}=last="

    seen = session_seen(site.get("reading", headers={"Cookie": cookies}))

    # Ory renews an old cookie whatever the credential was, and takes the first that it can decode.
    assert seen["identity"] == session.identity.id
    assert sent(ory) == [{"cookie": f"{COOKIE}=first; {COOKIE}={session.cookie}; {COOKIE}=last="}]


def test_several_cookie_names_are_no_credential_and_a_warning(
    site: Site, ory: FakeOry, caplog: pytest.LogCaptureFixture
) -> None:
    other = ory.add_session(ory.add_identity(), "password")
    headers = {"Cookie": f"{COOKIE}=a; ory_session_b=b", "Authorization": f"Bearer {other.token}"}

    seen = session_seen(site.get("reading", headers=headers))

    assert (seen["state"], ory.calls) == ("anonymous", [])
    record = next(record for record in caplog.records if record.name == "django_ory_mfa")
    assert record.levelno == logging.WARNING
    assert "ORY_MFA_SESSION_COOKIE" in record.getMessage()


def test_one_cookie_of_a_network_project_is_found_without_a_setting(site: Site, ory: FakeOry) -> None:
    ory.cookie_name = "ory_session_brave42"
    session = ory.login(site)

    assert session_seen(site.get("reading"))["identity"] == session.identity.id


def test_several_cookie_names_with_the_setting_take_the_one_named(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.ORY_MFA_SESSION_COOKIE = "ory_session_mine"
    ory.cookie_name = "ory_session_mine"
    session = ory.login(site)
    site.set_cookie(COOKIE, "other")

    assert session_seen(site.get("reading"))["identity"] == session.identity.id


def test_cookie_of_another_name_than_the_setting_is_no_credential(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.ORY_MFA_SESSION_COOKIE = "my_session"
    ory.login(site)

    response = site.get("reading")

    assert (session_seen(response)["state"], ory.calls) == ("anonymous", [])


def test_cookie_name_of_a_network_project_follows_from_its_slug(mode: str, settings: Any) -> None:
    settings.ORY_MFA_SDK_URL = "https://brave-kapitsa-42.projects.oryapis.com"
    site = Site(mode)
    with installed() as ory:
        session = ory.login(site)
        site.set_cookie("ory_session_other", "x")

        seen = session_seen(site.get("reading"))

    assert (ory.cookie_name, seen["identity"]) == ("ory_session_bravekapitsa42", session.identity.id)


@pytest.mark.parametrize(
    ("error_id", "enrolled"), [("session_aal2_required", True), ("session_verified_address_required", None)]
)
def test_second_factor_is_known_where_ory_demands_it_and_not_something_else(
    ory: FakeOry, error_id: str, *, enrolled: bool | None
) -> None:
    factory = RequestFactory()
    ory.login(factory)
    body = {"error": {"id": error_id}, "redirect_browser_to": "http://127.0.0.1:4433/self-service/verification/browser"}
    ory.fail(403, json.dumps(body).encode(), path="/sessions/whoami")

    assert run(enrolled_steps(attach(factory.get("/")))) is enrolled


@pytest.mark.parametrize("name", ["OrySessionMiddleware", "AALRequiredMiddleware"])
def test_blocking_site_needs_no_event_loop_for_our_middleware(
    settings: Any, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    settings.DEBUG = True
    settings.MIDDLEWARE = [f"django_ory_mfa.middleware.{name}"]
    with caplog.at_level(logging.DEBUG, "django.request"):
        WSGIHandler()

    assert [message for message in caplog.messages if "adapted" in message] == []
