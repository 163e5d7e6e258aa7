"""``contrib.rest_framework``: who is signed in, what permissions ask for, and what refusals say."""

from __future__ import annotations

import json
import operator
import subprocess
import sys
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.middleware.csrf import get_token
from django.test import RequestFactory
from django.urls import path

from django_ory_mfa import signals
from django_ory_mfa.core.session import AAL, ANONYMOUS, Identity, OrySession, SessionState, active_session
from django_ory_mfa.session.request_state import state_of
from django_ory_mfa.testing import FakeOry
from tests.apis import needed
from tests.guard.test_next_person import CART, SESSION, SESSIONS, next_person
from tests.guard.test_next_person import urlpatterns as cart_urls
from tests.site import Site

needed("rest_framework")

from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from django_ory_mfa.contrib.rest_framework import AALPermission, OryAuthentication  # noqa: E402

pytestmark = pytest.mark.urls("tests.drf_contrib_site")

HANDLER = "django_ory_mfa.contrib.rest_framework.exception_handler"
ORY = "http://127.0.0.1:4433/self-service"


@pytest.fixture(autouse=True)
def rest_framework(settings: Any) -> None:
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "rest_framework"]
    settings.REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None, "EXCEPTION_HANDLER": HANDLER}
    settings.ORY_MFA_POLICIES = {"sensitive": {"aal": "aal2", "max_age": 600}}


@pytest.fixture
def denials() -> Any:
    heard: list[Any] = []

    def hear(sender: Any, **named: Any) -> None:
        heard.append(named["decision"].reason)

    signals.aal_denied.connect(hear)
    yield heard
    signals.aal_denied.disconnect(hear)


def told(response: Any) -> tuple[int, str]:
    """The status and the id of the error."""
    return response.status_code, json.loads(response.content)["error"]["id"]


# Rule 2


def test_rule_2_level_or_another_permission_while_ory_is_down_is_decided_by_the_other(site: Site, ory: FakeOry) -> None:
    ory.login(site)
    ory.fail(503)

    assert told(site.json("/either")) == (503, "ory_unavailable")
    assert site.json("/either?word=sesame").json() == {"open": "sesame"}


# Rule 3


@pytest.mark.parametrize("target", ["both", "bare", "inside", "signed-in", "function"])
def test_rule_3_refusal_of_a_token_has_no_browser_link(site: Site, ory: FakeOry, target: str) -> None:
    session = ory.add_session(ory.add_identity(second_factors={"totp"}), "password")

    response = site.json(f"/{target}", headers={"X-Session-Token": session.token})

    assert told(response) == (401, "session_aal2_required")
    assert "redirect_browser_to" not in response.json()
    assert "acr_values" in response.headers["WWW-Authenticate"]


def test_challenge_of_the_frameworks_own_handler_says_what_is_missing(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None}
    token = ory.add_session(ory.add_identity(second_factors={"totp"}), "password").token

    response = site.json("/bare", headers={"X-Session-Token": token})

    assert response.status_code == 401
    assert 'acr_values="aal2"' in response.headers["WWW-Authenticate"]
    assert site.json("/bare").headers["WWW-Authenticate"] == "Bearer"


def test_challenge_of_a_view_that_was_allowed_asks_for_no_level(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    response = site.json("/raises-inside?what=wrong-pin")

    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")


# Rule 4


def test_rule_4_integers_stay_integers(site: Site, ory: FakeOry) -> None:
    ory.required_aal = "aal1"
    ory.login(site, age=3000)

    error = site.json("/both").json()["error"]

    assert (error["code"], error["details"]["max_age"]) == (403, 600)


# Rule 5


@pytest.mark.parametrize("target", ["bare", "inside", "signed-in"])
def test_rule_5_browsable_api_shows_the_link_with_this_page_as_return_to(site: Site, ory: FakeOry, target: str) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    response = site.get(f"/{target}?a=b", headers={"Accept": "text/html"})

    page = response.content.decode()
    assert response.status_code == 403
    assert f"{ORY}/login/browser?aal=aal2&amp;return_to=http%3A%2F%2Ftestserver%2F{target}%3Fa%3Db" in page
    assert f'<a href="{ORY}/login/browser' in page


def test_browsable_api_for_somebody_who_may_shows_who_that_is(site: Site, ory: FakeOry, denials: list[str]) -> None:
    session = ory.login(site, traits={"email": "jo@example.com"})

    response = site.get("/by-method", headers={"Accept": "text/html"})

    assert response.status_code == 200
    assert session.identity.id in response.content.decode()
    assert "jo@example.com" not in response.content.decode()
    # The page tries every method to see which forms it shows.
    assert denials == []


# Rule 6


def test_rule_6_throttle_key_is_stable_over_step_up_and_without_traits(site: Site, ory: FakeOry) -> None:
    from tests.drf_contrib_site import OncePerMinute

    OncePerMinute.keys.clear()
    ory.required_aal = "aal1"
    session = ory.login(site, aal="aal1", second_factors={"totp"}, traits={"email": "jo@example.com"})
    site.json("/throttled")
    session.prove("totp")
    site.json("/throttled")

    assert OncePerMinute.keys == [f"throttle_user_{session.identity.id}"] * 2


# Rule 7


def proof() -> tuple[str, str]:
    request = RequestFactory().get("/")
    token = get_token(request)
    return request.META["CSRF_COOKIE"], token


@pytest.mark.parametrize("aal", ["aal1", "aal2"])
@pytest.mark.parametrize("target", ["both", "bare", "low", "without-authentication"])
def test_rule_7_forged_request_is_refused_before_the_level_is_told(
    mode: str, ory: FakeOry, target: str, aal: str
) -> None:
    site = Site(mode, enforce_csrf_checks=True)
    ory.login(site, aal=aal, second_factors={"totp"})

    response = site.request("post", f"/{target}", headers={"Accept": "application/json"})

    assert told(response) == (403, "csrf_failed")
    assert response.headers["Cache-Control"] == "no-store"
    assert "redirect_browser_to" not in response.json()
    assert "CSRF" in response.json()["error"]["reason"]


def test_forged_request_is_refused_if_only_a_fresh_look_finds_the_session(ory: FakeOry) -> None:
    """The first look got the answer to an earlier call, which had found nobody."""
    from django_ory_mfa.contrib.rest_framework import AALPermission

    request = ory.request(RequestFactory().post("/"))
    state = state_of(request)
    state.known_session, state.is_possibly_stale = ANONYMOUS, True

    assert not AALPermission("aal2").has_permission(request, None)
    assert state.known_session


def test_forged_request_that_a_level_inside_refuses_is_told_so(mode: str, ory: FakeOry) -> None:
    site = Site(mode, enforce_csrf_checks=True)
    ory.login(site)

    response = site.request("post", "/inside-without-authentication", headers={"Accept": "application/json"})

    assert told(response) == (403, "csrf_failed")


def test_forged_request_that_another_permission_allows_passes(mode: str, ory: FakeOry) -> None:
    """Nothing of the session opened it."""
    site = Site(mode, enforce_csrf_checks=True)

    response = site.request("post", "/either?word=sesame", headers={"Accept": "application/json"})

    assert response.json() == {"open": "sesame"}


@pytest.mark.parametrize("target", ["both", "low", "without-authentication", "inside"])
def test_request_with_djangos_proof_is_let_in(mode: str, ory: FakeOry, target: str) -> None:
    site = Site(mode, enforce_csrf_checks=True)
    ory.login(site)
    cookie, token = proof()
    site.set_cookie("csrftoken", cookie)

    response = site.request("post", f"/{target}", headers={"Accept": "application/json", "X-CSRFToken": token})

    assert response.json() == {"open": "sesame"}


def test_token_needs_no_proof(mode: str, ory: FakeOry) -> None:
    site = Site(mode, enforce_csrf_checks=True)
    token = ory.add_session(ory.add_identity(second_factors={"totp"}), "password", "totp").token

    response = site.request("post", "/both", headers={"Accept": "application/json", "X-Session-Token": token})

    assert response.json() == {"open": "sesame"}


# Who is signed in


def test_user_is_the_identity_where_identities_have_no_users(site: Site, ory: FakeOry) -> None:
    session = ory.login(site)

    assert site.json("/who").json() == {
        "user": "OryUser",
        "pk": session.identity.id,
        "auth": session.identity.id,
        "has_perm": [False, False, False],
    }


def test_nobody_is_signed_in_and_ory_is_not_asked(site: Site, ory: FakeOry) -> None:
    assert site.json("/who").json()["pk"] is None
    assert ory.calls == []


def test_user_says_what_the_framework_asks(site: Site, ory: FakeOry) -> None:
    from django_ory_mfa.contrib.rest_framework import OryUser

    identity = Identity("4711", traits={"email": "jo@example.com"})
    user, again, other = (
        OryUser(OrySession(SessionState.ACTIVE, identity=one)) for one in (identity, Identity("4711"), Identity("4712"))
    )

    assert (user.id, user.username, user.get_username(), str(user)) == ("4711", "4711", "4711", "4711")
    assert (user.is_authenticated, user.is_active, user.is_anonymous) == (True, True, False)
    assert (user.is_staff, user.is_superuser) == (False, False)
    assert repr(user) == "OryUser(pk='4711')"
    assert {user, again, other} == {user, other}
    assert user != "4711"


def test_identity_of_a_kept_session_is_not_parsed_to_let_somebody_in() -> None:
    from django_ory_mfa.contrib.rest_framework import OryUser

    parsed: list[str] = []

    def read_part(name: str) -> Identity:
        parsed.append(name)
        return Identity("4711")

    user = OryUser(active_session(AAL.AAL2, None, read_part))

    assert user.is_authenticated
    assert parsed == []
    assert (user.pk, parsed) == ("4711", ["identity"])


@pytest.mark.parametrize("target", ["signed-in", "both"])
def test_nobody_is_told_to_sign_in(site: Site, ory: FakeOry, target: str) -> None:
    response = site.json(f"/{target}")

    assert told(response) == (401, "session_inactive")
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_view_for_the_signed_in_during_an_outage_is_no_401(site: Site, ory: FakeOry) -> None:
    ory.login(site)
    ory.fail(503)

    response = site.json("/signed-in")

    assert told(response) == (503, "ory_unavailable")
    assert "Retry-After" in response.headers


def test_second_factor_due_is_answered_as_a_guard_for_aal1_would(site: Site, ory: FakeOry) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    response = site.json("/signed-in")

    assert told(response) == (403, "session_aal2_required")
    assert response.json()["error"]["details"]["required_aal"] == "aal1"


def test_calls_to_ory_are_one_however_permissions_are_composed(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    assert site.json("/both").status_code == 200
    assert len(ory.calls) == 1


def test_kept_session_is_not_asked_for_again_but_for_a_fresh_proof(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.ORY_MFA_CACHE_TTL = 60
    ory.login(site)

    counts = []
    for target in ("low", "low", "both"):
        ory.calls.clear()
        assert site.json(f"/{target}").status_code == 200
        counts.append(len(ory.calls))

    assert counts == [1, 0, 1]


def cached_at_the_edge(ory: FakeOry, session: Any) -> None:
    """Lets Ory say that its answers may come from a cache of its own."""
    body = ory.handle("GET", "/sessions/whoami", [("Cookie", f"{ory.cookie_name}={session.cookie}")]).body
    ory.fail(200, body, [("Ory-Session-Cache-For", "60")])
    ory.calls.clear()


@pytest.mark.parametrize(("method", "target"), [("get", "both"), ("post", "both"), ("post", "by-method")])
def test_fresh_proof_costs_one_call_where_ory_has_a_cache(mode: str, ory: FakeOry, method: str, target: str) -> None:
    site = Site(mode, enforce_csrf_checks=True)
    cached_at_the_edge(ory, ory.login(site))
    cookie, token = proof()
    site.set_cookie("csrftoken", cookie)

    response = site.request(method, f"/{target}", headers={"Accept": "application/json", "X-CSRFToken": token})

    assert (response.json(), len(ory.calls)) == ({"open": "sesame"}, 1)
    assert ory.calls[0].headers["cache-control"] == "max-age=0"


def test_other_views_take_an_answer_of_orys_cache(site: Site, ory: FakeOry) -> None:
    cached_at_the_edge(ory, ory.login(site))

    assert site.json("/low").status_code == 200
    assert "cache-control" not in ory.calls[0].headers


# Permissions


def test_negation_is_an_error() -> None:
    from django_ory_mfa.contrib.rest_framework import AALPermission

    with pytest.raises(TypeError, match="outage"):
        operator.invert(AALPermission)
    with pytest.raises(TypeError, match="outage"):
        operator.invert(AALPermission("aal2"))


def test_permission_can_be_tested_alone(ory: FakeOry) -> None:
    from django_ory_mfa.contrib.rest_framework import AALPermission, OryAuthentication

    request = ory.request(RequestFactory().get("/"), aal="aal1", second_factors={"totp"})
    assert not AALPermission("aal2").has_permission(request, None)
    request = ory.request(RequestFactory().get("/"))

    assert AALPermission("aal2")().has_permission(request, None)
    _, session = OryAuthentication().authenticate(request) or (None, None)
    assert session is not None
    assert session.aal == "aal2"


def test_clients_and_requests_of_the_framework_can_be_signed_in(ory: FakeOry) -> None:
    from rest_framework.test import APIClient, APIRequestFactory

    from tests.drf_contrib_site import Both

    client = APIClient()
    ory.login(client)
    request = ory.request(APIRequestFactory().get("/both"))

    assert client.get("/both").status_code == 200
    assert Both.as_view()(request).status_code == 200


@pytest.mark.parametrize(
    ("arguments", "error"),
    [({"aal": "aal3"}, ValueError), ({"max_age": 0}, ValueError), ({"methods": "totp"}, TypeError)],
)
def test_permission_that_could_never_be_met_is_an_error(arguments: dict[str, Any], error: type[Exception]) -> None:
    from django_ory_mfa.contrib.rest_framework import AALPermission

    with pytest.raises(error):
        AALPermission(**arguments)


def test_bare_permission_asks_for_the_setting(site: Site, ory: FakeOry, settings: Any) -> None:
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})
    assert told(site.json("/bare")) == (403, "session_aal2_required")

    settings.ORY_MFA_AAL = "aal1"

    assert site.json("/bare").json() == {"open": "sesame"}


def test_permission_that_a_site_makes_of_ours_asks_for_its_own_level(site: Site, ory: FakeOry) -> None:
    assert told(site.json("/of-site")) == (401, "session_inactive")
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})

    assert site.json("/of-site").json() == {"open": "sesame"}


def test_level_inside_is_answered_once(site: Site, ory: FakeOry, denials: list[str]) -> None:
    ory.required_aal = "aal1"
    ory.login(site, age=3000)

    assert told(site.json("/inside")) == (403, "session_refresh_required")
    assert denials == ["proof_missing"]


def test_refusal_is_signalled_once_where_it_is_answered(site: Site, ory: FakeOry, denials: list[str]) -> None:
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})
    assert site.json("/either?word=sesame").status_code == 200
    assert denials == []

    site.get("/either", headers={"Accept": "text/html"})

    assert denials == ["level_too_low"]


@pytest.mark.parametrize("target", ["either-and-more", "either-and-denied"])
def test_kept_refusal_does_not_explain_what_a_view_raises(site: Site, ory: FakeOry, target: str) -> None:
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})

    response = site.json(f"/{target}?word=sesame")

    assert told(response) == (403, "forbidden")
    assert response.json()["error"]["reason"] == "Not on Sundays."


def test_kept_refusal_does_not_explain_what_another_permission_refuses(site: Site, ory: FakeOry) -> None:
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})

    assert told(site.json("/either-and-never?word=sesame")) == (403, "forbidden")
    assert told(site.json("/low-and-never")) == (403, "forbidden")


@pytest.mark.parametrize("target", ["object", "own-check"])
def test_refusal_of_an_object_is_explained(site: Site, ory: FakeOry, target: str) -> None:
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})

    assert told(site.json(f"/{target}")) == (403, "session_aal2_required")


@pytest.mark.parametrize(
    ("target", "outcome", "status"), [("bare", "login", 401), ("signed-in", "login", 401), ("bare", "unavailable", 503)]
)
def test_browsable_api_gives_a_page_for_every_refusal(
    site: Site, ory: FakeOry, target: str, outcome: str, status: int
) -> None:
    if outcome == "unavailable":
        ory.login(site)
        ory.fail(503)

    response = site.get(f"/{target}", headers={"Accept": "text/html"})

    assert (response.status_code, b"<html>" in response.content) == (status, True)
    assert (f"{ORY}/login/browser?return_to=http%3A%2F%2Ftestserver%2F{target}".encode() in response.content) is (
        outcome == "login"
    )


def test_details_that_a_view_gives_are_kept(site: Site, ory: FakeOry) -> None:
    assert site.json("/raises?what=list").json()["error"]["details"] == {"detail": ["Not", "yours"]}


def test_prefetch_is_refused_without_a_link(site: Site, ory: FakeOry) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    response = site.json("/bare", headers={"Sec-Purpose": "prefetch"})

    assert (response.status_code, response.content) == (403, b"")


@pytest.mark.parametrize("target", ["bare", "signed-in", "both", "without-authentication"])
def test_kind_of_client_is_not_asked_for(site: Site, ory: FakeOry, settings: Any, target: str) -> None:
    settings.ORY_MFA_CLIENT_KIND = "tests.contrib.test_rest_framework.nobody_asks"

    assert told(site.json(f"/{target}")) == (401, "session_inactive")


def nobody_asks(request: Any) -> str:
    raise AssertionError("asked")


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        ("get", "reports/", None),
        ("head", "reports/", None),
        ("delete", "reports/1/", "session_refresh_required"),
        ("post", "reports/1/archive/", None),
        ("get", "reports/public/", None),
        ("get", "by-method", None),
        ("post", "by-method", "session_refresh_required"),
        ("put", "by-method", None),
    ],
)
def test_requirement_of_an_action_or_method_adds_to_the_permission_for_an_old_proof(
    site: Site, ory: FakeOry, method: str, target: str, expected: str | None
) -> None:
    ory.login(site, age=3000)

    response = site.request(method, f"/{target}", headers={"Accept": "application/json"})

    assert response.status_code == (200 if expected is None else 403)
    assert expected is None or told(response) == (403, expected)


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("get", "reports/", 200),
        ("post", "reports/1/archive/", 403),
        ("delete", "reports/1/", 403),
        ("get", "by-method", 403),
        # It is answered by the function for GET.
        ("head", "by-method", 403),
        ("put", "by-method", 200),
    ],
)
def test_requirement_of_an_action_or_method_adds_to_the_permission_at_aal1(
    site: Site, ory: FakeOry, method: str, target: str, status: int
) -> None:
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})

    assert site.request(method, f"/{target}", headers={"Accept": "application/json"}).status_code == status


WAYS = [("put", "1/"), ("patch", "1/"), ("post", ""), ("post", "1/refund/"), ("delete", "1/refund/")]


@pytest.mark.parametrize("view", ["orders", "late-orders"])
@pytest.mark.parametrize(("method", "target"), WAYS)
def test_requirement_of_an_action_holds_for_whatever_runs_its_code(
    site: Site, ory: FakeOry, method: str, target: str, view: str
) -> None:
    ory.login(site, age=3000)

    response = site.request(method, f"/{view}/{target}", headers={"Accept": "application/json"})

    assert told(response) == (403, "session_refresh_required")
    ory.login(site)
    assert site.request(method, f"/{view}/{target}", headers={"Accept": "application/json"}).status_code == 200


@pytest.mark.parametrize(
    ("method", "target", "status"), [(*way, 403 if way in (WAYS[0], WAYS[3]) else 200) for way in WAYS]
)
def test_requirement_of_its_own_stands_for_that_of_the_action_whose_code_runs(
    site: Site, ory: FakeOry, method: str, target: str, status: int
) -> None:
    ory.login(site, age=3000)

    response = site.request(method, f"/open-orders/{target}", headers={"Accept": "application/json"})

    assert response.status_code == status


def test_requirement_of_an_action_holds_for_the_description_of_its_form(site: Site, ory: FakeOry) -> None:
    ory.login(site, age=3000)
    assert "actions" not in site.request("options", "/orders/1/", headers={"Accept": "application/json"}).json()
    ory.login(site)

    response = site.request("options", "/orders/1/", headers={"Accept": "application/json"})

    assert response.json()["actions"] == {"PUT": {}}


def test_requirement_that_makes_no_sense_opens_nothing(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.ORY_MFA_POLICIES = {}
    ory.login(site)

    with pytest.raises(ValueError, match="sensitive"):
        site.request("post", "/by-method", headers={"Accept": "application/json"})


# Exceptions


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("django", "Not yours."),
        ("drf", "Not yours."),
        ("silent", "You do not have permission to perform this action."),
        ("list", "You do not have permission to perform this action."),
        # A 401 would send somebody who is signed in to sign in.
        ("not-authenticated", "You do not have permission to perform this action."),
    ],
)
def test_other_denial_is_forbidden_in_our_json(site: Site, ory: FakeOry, what: str, reason: str) -> None:
    ory.login(site)

    response = site.json(f"/raises?what={what}")

    assert told(response) == (403, "forbidden")
    assert response.json()["error"] | {"reason": reason} == response.json()["error"]
    assert "redirect_browser_to" not in response.json()
    assert response.headers["Cache-Control"] == "no-store"


def test_other_exceptions_are_the_frameworks(site: Site, ory: FakeOry) -> None:
    assert site.json("/raises?what=not-found").json() == {"detail": "Not found."}
    with pytest.raises(RuntimeError, match="a bug of the site"):
        site.json("/raises?what=error")


@pytest.mark.parametrize(
    ("what", "status"), [("not-found", 404), ("drf", 403), ("django", 403), ("not-authenticated", 403)]
)
def test_other_exceptions_of_a_view_that_is_tested_without_middleware_are_answered(what: str, status: int) -> None:
    from rest_framework.test import APIRequestFactory

    from django_ory_mfa.contrib.rest_framework import exception_handler
    from tests.drf_contrib_site import OthersOnly

    view = type("View", (OthersOnly,), {"get_exception_handler": lambda self: exception_handler})

    assert view.as_view()(APIRequestFactory().get("/", {"what": what})).status_code == status  # type: ignore[attr-defined]


def test_view_that_knows_nothing_of_ory_answers_as_before(site: Site, ory: FakeOry) -> None:
    response = site.json("/others-only?what=not-authenticated")

    assert (response.status_code, response.json()) == (
        403,
        {"detail": "Authentication credentials were not provided."},
    )


def test_other_exceptions_go_to_the_handler_of_the_site(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.ORY_MFA_DRF_EXCEPTION_HANDLER = "tests.drf_contrib_site.shaped"

    assert told(site.json("/bare")) == (401, "session_inactive")
    response = site.json("/raises?what=not-found")
    assert (response.status_code, response.json()) == (418, {"shaped": "NotFound"})


@pytest.mark.parametrize("path", [HANDLER, "tests.nowhere.handler", "tests.settings.USE_TZ", 1])
def test_handler_of_the_site_that_is_none_is_an_error(ory: FakeOry, settings: Any, path: Any) -> None:
    from django_ory_mfa.conf import conf

    settings.ORY_MFA_DRF_EXCEPTION_HANDLER = path

    with pytest.raises(ImproperlyConfigured, match="ORY_MFA_DRF_EXCEPTION_HANDLER"):
        _ = conf.drf_exception_handler


def test_handler_of_ones_own_uses_the_answer_of_refusals(site: Site, ory: FakeOry, denials: list[str]) -> None:
    assert told(site.json("/own")) == (401, "session_inactive")
    assert denials == ["session_missing"]
    ory.login(site)
    assert site.request("patch", "/own", headers={"Accept": "application/json"}).json() == {"mine": True}


def test_package_can_be_named_in_the_settings_that_the_framework_reads_first() -> None:
    code = """
import django
from django.conf import settings
name = "django_ory_mfa.contrib.rest_framework."
settings.configure(
    INSTALLED_APPS=["rest_framework", "django_ory_mfa"],
    REST_FRAMEWORK={
        "UNAUTHENTICATED_USER": None,
        "DEFAULT_AUTHENTICATION_CLASSES": [name + "OryAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": [name + "AALPermission"],
        "EXCEPTION_HANDLER": name + "exception_handler",
    },
)
django.setup()
import rest_framework.views
assert rest_framework.views.APIView.authentication_classes[0].__name__ == "OryAuthentication"
assert rest_framework.views.APIView.permission_classes[0].__name__ == "AALPermission"
"""
    subprocess.run([sys.executable, "-c", code], check=True)


# Another person at the same browser.


class OnlyPermission(APIView):  # type: ignore[misc]  # mypy does not look into it
    authentication_classes: Any = ()
    permission_classes: Any = (AALPermission("aal1"),)

    def get(self, request: Any) -> Response:
        return Response("open sesame")

    post = get


class OnlyAuthentication(OnlyPermission):
    authentication_classes = (OryAuthentication,)
    permission_classes = ()


class carts:  # noqa: N801 - it stands for a module
    urlpatterns = (
        *cart_urls,
        path("permission", OnlyPermission.as_view()),
        path("authentication", OnlyAuthentication.as_view()),
    )


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("target", ["permission", "authentication"])
def test_request_in_which_the_site_has_read_the_session_of_another_person_ends(
    mode: str, ory: FakeOry, settings: Any, target: str, method: str
) -> None:
    settings.ROOT_URLCONF, settings.MIDDLEWARE = carts, [SESSIONS, CART, SESSION]
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    site = Site(mode, enforce_csrf_checks=True)
    next_person(ory, site)

    first = site.request(method, f"/{target}")

    assert told(first) == (403, "forbidden")
    assert first.json()["error"]["details"] == {"reason": "other_person"}
    assert site.get("free").content == b"empty"
    second = site.request(method, f"/{target}")
    assert (second.status_code, b"other_person" in second.content) == (200 if method == "get" else 403, False)
