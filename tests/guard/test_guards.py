"""Guards: decorator, mixin and function in all spellings, and when a request passes them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, SynchronousOnlyOperation
from django.test import Client, RequestFactory
from django.views import View

from django_ory_mfa import Decision, OrySession, Outcome, Requirement
from django_ory_mfa.decorators import aal_required
from django_ory_mfa.enforcement import AALRequired
from django_ory_mfa.mixins import AALRequiredMixin
from django_ory_mfa.session.resolver import attach
from django_ory_mfa.signals import aal_denied
from django_ory_mfa.testing import FakeOry, FakeProof, assert_denied, assert_step_up
from django_ory_mfa.testing.install import installed
from tests.guards_site import GUARDS, HIGHEST, LATER, AsyncPage, Attributes, Page, apage, by_header, page
from tests.site import LOOP, Site, location

pytestmark = pytest.mark.urls("tests.guards_site")

WHOAMI = "/sessions/whoami"
PROBE = "/self-service/settings/browser"
READY = "/health/ready"
API_PROBE = "/self-service/settings/api"
LOGIN = "http://127.0.0.1:4433/self-service/login/browser?return_to="
STEP_UP = "http://127.0.0.1:4433/self-service/login/browser?aal=aal2&"
REFRESH = "http://127.0.0.1:4433/self-service/login/browser?refresh=true"


@contextmanager
def denials() -> Iterator[list[dict[str, Any]]]:
    """Collects the signal ``aal_denied``."""
    collected: list[dict[str, Any]] = []

    def collect(sender: Any, **kwargs: Any) -> None:
        collected.append({"sender": sender, **kwargs})

    aal_denied.connect(collect)
    try:
        yield collected
    finally:
        aal_denied.disconnect(collect)


def asked(ory: FakeOry) -> list[str]:
    """The paths that Ory was asked for."""
    return [call.path for call in ory.calls]


def is_fresh(ory: FakeOry) -> list[bool]:
    """Whether each call of whoami bypassed the caches on the way."""
    return [call.headers.get("cache-control") == "max-age=0" for call in ory.calls if call.path == WHOAMI]


def lax(ory: FakeOry, site: Site, *factors: str, **options: Any) -> Any:
    """Signs a person in at aal1 whom whoami does not hold back although there may be a second factor."""
    ory.required_aal = "aal1"
    return ory.login(site, aal="aal1", second_factors=factors, **options)


def is_open(response: Any) -> bool:
    return bool(response.status_code == 200 and response.content == b"open sesame")


# The spellings

AAL2_GUARDS = ["bare", "called", "none", "aal2", "keyword", "class", "class-computed", "as-view", "decorated"]


@pytest.mark.parametrize("guard", AAL2_GUARDS)
def test_aal2_guard_lets_aal2_through(site: Site, ory: FakeOry, guard: str) -> None:
    ory.login(site)

    response = site.get(guard)

    assert is_open(response)
    assert asked(ory) == [WHOAMI]


@pytest.mark.parametrize("guard", AAL2_GUARDS)
def test_aal2_guard_sends_aal1_to_step_up(site: Site, ory: FakeOry, guard: str) -> None:
    lax(ory, site, "totp")

    response = site.get(guard)

    assert (response.status_code, location(response)[: len(STEP_UP)]) == (302, STEP_UP)


@pytest.mark.parametrize("guard", sorted(set(GUARDS) - {"nothing", "callable", "coroutine"}))
def test_guard_sends_anonymous_visitor_to_login(site: Site, ory: FakeOry, guard: str) -> None:
    response = site.get(guard)

    assert (response.status_code, location(response)[: len(LOGIN)]) == (302, LOGIN)
    assert ory.calls == []


@pytest.mark.parametrize("guard", ["aal1", "text", "object", "class-aal1", "password", "class-computed?easy=1"])
def test_aal1_guard_lets_aal1_through(site: Site, ory: FakeOry, guard: str) -> None:
    lax(ory, site)

    assert is_open(site.get(guard))


@pytest.mark.parametrize(
    "guard", ["fresh", "fresh-default", "requirement", "totp", "list", "fresh-totp", "totp-default"]
)
def test_fresh_totp_meets_max_age_and_methods(site: Site, ory: FakeOry, guard: str) -> None:
    ory.login(site, age=60)

    response = site.get(guard)

    assert is_open(response)
    assert is_fresh(ory) == [True]


@pytest.mark.parametrize("guard", ["fresh", "fresh-default", "fresh-totp", "requirement", "class-attributes"])
def test_old_proof_is_refreshed_at_its_level(site: Site, ory: FakeOry, guard: str) -> None:
    ory.login(site, age=3000)

    assert location(site.get(guard)).startswith(f"{REFRESH}&aal=aal2&return_to=")


@pytest.mark.parametrize("guard", ["totp", "list", "totp-default", "fresh-totp", "class-attributes"])
def test_other_method_is_refreshed(site: Site, ory: FakeOry, guard: str) -> None:
    """By way of a page that says which methods count."""
    ory.login(site, methods={"password", "lookup_secret"})

    response = site.get(guard)

    assert response.status_code == 403
    assert_denied(response, id="session_refresh_required")
    assert_step_up(response)


@pytest.mark.parametrize("guard", ["fresh-aal1", "fresh-highest"])
def test_old_first_factor_is_refreshed_without_a_level(site: Site, ory: FakeOry, guard: str, settings: Any) -> None:
    settings.ORY_MFA_SETTINGS_REQUIRED_AAL = HIGHEST
    ory.login(site, aal="aal1", age=3000)

    assert location(site.get(guard)).startswith(f"{REFRESH}&return_to=")


def test_proofs_that_share_out_method_and_age_prove_nothing(site: Site, ory: FakeOry) -> None:
    identity = ory.add_identity(second_factors={"totp", "lookup_secret"})
    session = ory.add_session(identity, "password", ("totp", 3000), ("lookup_secret", 10))
    site.set_cookie(ory.cookie_name, session.cookie)

    assert location(site.get("fresh-totp")).startswith(REFRESH)


@pytest.mark.parametrize(
    ("completed_at", "passes"),
    [
        ("2026-01-01T00:00:00", False),
        ("soon", False),
        ("", False),
        (timedelta(seconds=30), True),
        (timedelta(seconds=90), False),
        (timedelta(seconds=-595), True),
        (timedelta(seconds=-605), False),
    ],
    ids=["no-offset", "unreadable", "empty", "bit-ahead", "far-ahead", "just-in-time", "just-late"],
)
def test_time_of_the_proof_decides(site: Site, ory: FakeOry, completed_at: Any, *, passes: bool) -> None:
    time = datetime.now(UTC) + completed_at if isinstance(completed_at, timedelta) else completed_at
    session = ory.add_session(ory.add_identity(), "password", FakeProof("totp", "aal2", time))
    site.set_cookie(ory.cookie_name, session.cookie)

    assert is_open(site.get("fresh")) is passes


def test_refresh_of_upstream_aal2_asks_for_no_level(site: Site, ory: FakeOry) -> None:
    ory.version = "2026-07-29"
    session = ory.add_session(ory.add_identity(), FakeProof("oidc", "aal2", datetime.now(UTC) - timedelta(hours=1)))
    site.set_cookie(ory.cookie_name, session.cookie)

    assert location(site.get("fresh")).startswith(f"{REFRESH}&return_to=")


@pytest.mark.parametrize(
    ("level", "guard", "start"),
    [
        ("aal0", "aal1", f"{REFRESH}&return_to="),
        ("aal0", "highest", f"{REFRESH}&return_to="),
        ("aal0", "aal2", STEP_UP),
        ("aal9", "aal1", f"{REFRESH}&return_to="),
        ("aal9", "aal2", STEP_UP),
        (None, "aal2", STEP_UP),
        ("aal3", "aal1", ""),
        ("aal3", "aal2", ""),
        ("aal3", "highest", ""),
    ],
)
def test_odd_level_gives_less_and_never_more(site: Site, ory: FakeOry, level: Any, guard: str, start: str) -> None:
    ory.login(site)
    body = {"id": "s", "active": True, "identity": {"id": "i"}, "authenticator_assurance_level": level}
    ory.fail(200, json.dumps(body).encode())

    response = site.get(guard)

    assert (is_open(response), location(response)[: len(start)]) == (not start, start)
    assert asked(ory) == [WHOAMI]


@pytest.mark.parametrize(("aal", "passes"), [("aal1", True), ("aal2", False), (HIGHEST, False)])
def test_default_level_is_read_with_every_request(
    site: Site, ory: FakeOry, settings: Any, aal: str, *, passes: bool
) -> None:
    settings.ORY_MFA_AAL = aal
    lax(ory, site, "totp")

    assert is_open(site.get("bare")) is passes


@pytest.mark.parametrize(
    ("guard", "aal"),
    [*(("bare", aal) for aal in ("aal3", "AAL1", "", None, 2, "aal0"))]
    + [(guard, aal) for guard in ("fresh-default", "class", "inside-bare") for aal in ("AAL1", None)],
)
def test_bad_default_level_is_an_error_and_never_a_weaker_level(
    site: Site, ory: FakeOry, settings: Any, guard: str, aal: Any
) -> None:
    settings.ORY_MFA_AAL = aal
    ory.login(site)

    with pytest.raises(ImproperlyConfigured, match="ORY_MFA_AAL"):
        site.get(guard)


def test_default_level_that_contradicts_the_view_is_an_error(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.ORY_MFA_AAL = "aal1"
    ory.login(site)

    with pytest.raises(ImproperlyConfigured, match=r"ORY_MFA_AAL.*totp"):
        site.get("totp-default")


BAD: dict[str, tuple[dict[str, Any], type[Exception]]] = {
    "unknown-level": ({"aal": "aal3"}, ValueError),
    "capital": ({"aal": "AAL2"}, ValueError),
    "empty": ({"aal": ""}, ValueError),
    "number": ({"aal": 2}, ValueError),
    "age-0": ({"max_age": 0}, ValueError),
    "age-negative": ({"max_age": -1}, ValueError),
    "age-nan": ({"max_age": float("nan")}, ValueError),
    "age-infinite": ({"max_age": float("inf")}, ValueError),
    "age-huge": ({"max_age": 1e300}, ValueError),
    "age-bool": ({"max_age": True}, TypeError),
    "age-text": ({"max_age": "600"}, TypeError),
    "no-method": ({"methods": ()}, ValueError),
    "empty-method": ({"methods": {""}}, ValueError),
    "bare-text": ({"methods": "totp"}, TypeError),
    "method-number": ({"methods": [1]}, TypeError),
    "never-met": ({"aal": "aal1", "methods": {"totp", "lookup_secret"}}, ValueError),
    "two-levels": ({"aal": "aal1", "requirement": Requirement("aal2")}, TypeError),
    "age-and-requirement": ({"max_age": 1, "requirement": by_header}, TypeError),
    "methods-and-requirement": ({"methods": {"totp"}, "requirement": "aal1"}, TypeError),
    "text-requirement": ({"requirement": "aal9"}, ValueError),
}


@pytest.mark.parametrize(("arguments", "error"), BAD.values(), ids=BAD)
def test_bad_argument_is_refused_where_it_is_written(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        aal_required(**arguments)


@pytest.mark.parametrize("arguments", [{"max_age": 600}, {"methods": {"totp"}}, {"requirement": "aal2"}])
def test_view_in_first_position_does_not_swallow_the_other_arguments(arguments: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        aal_required(page, **arguments)


@pytest.mark.parametrize("wanted", [5, b"aal2", object(), ["aal2"]], ids=["number", "bytes", "object", "list"])
def test_requirement_of_another_type_opens_nothing(wanted: Any) -> None:
    request: Any = RequestFactory().get("/")
    attach(request)

    with pytest.raises(TypeError):
        aal_required(requirement=wanted)(page)(request)


# What a wrapper leaves as it was


@pytest.mark.parametrize("guard", GUARDS.values(), ids=GUARDS)
def test_sync_view_stays_sync(guard: Any) -> None:
    assert not iscoroutinefunction(guard(page))


@pytest.mark.parametrize("guard", GUARDS.values(), ids=GUARDS)
def test_async_view_stays_a_coroutine_function(guard: Any) -> None:
    assert iscoroutinefunction(guard(apage))


def test_sync_class_based_view_stays_sync() -> None:
    assert not iscoroutinefunction(Page.as_view())


def test_async_class_based_view_stays_a_coroutine_function() -> None:
    assert iscoroutinefunction(AsyncPage.as_view())


@pytest.mark.parametrize("view", [page, apage], ids=["sync", "async"])
def test_guarded_view_looks_like_the_view(view: Any) -> None:
    guarded = aal_required("aal2")(view)

    assert (guarded.__name__, guarded.__doc__, guarded.__wrapped__) == (view.__name__, view.__doc__, view)


@pytest.mark.parametrize("view", [page, apage], ids=["sync", "async"])
def test_guarded_view_publishes_its_requirement(view: Any) -> None:
    guarded = aal_required("aal2", max_age=600)(view)

    assert guarded.ory_mfa_requirement == Requirement("aal2", 600)
    assert not hasattr(view, "ory_mfa_requirement")


def test_class_based_view_publishes_its_requirement() -> None:
    view: Any = Attributes.as_view()

    assert (view.view_class.required_aal, view.view_class.max_age) == ("aal2", 600)


def test_arguments_of_the_url_reach_the_view(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    assert site.get("argument/7").content == b"7"


# Callables


@pytest.fixture
def seen() -> Iterator[list[Any]]:
    """What the callables were shown."""
    LATER.clear()
    yield LATER
    LATER.clear()


@pytest.mark.parametrize("guard", ["callable", "class-called", "inside-callable"])
@pytest.mark.parametrize(("wanted", "status"), [("aal1", 200), ("aal2", 302), ("fresh", 302), ("none", 200)])
def test_callable_decides_what_is_required(
    site: Site, ory: FakeOry, seen: list[Any], guard: str, wanted: str, status: int
) -> None:
    lax(ory, site, "totp")

    response = site.get(guard, headers={"X-Wanted": wanted})

    assert response.status_code == status
    assert seen == [OrySession]


def test_callable_that_requires_nothing_lets_everybody_through(site: Site, ory: FakeOry) -> None:
    assert is_open(site.get("nothing"))


def test_function_that_requires_nothing_returns_the_session(site: Site, ory: FakeOry) -> None:
    response = site.get("inside-nothing")

    assert json.loads(response.content) == {"aal": "aal0", "same": True}


@pytest.mark.parametrize("guard", ["callable", "class-called", "inside-callable"])
@pytest.mark.parametrize(("wanted", "error"), [("aal9", ValueError), ("number", TypeError), ("bytes", TypeError)])
def test_callable_that_returns_nonsense_is_an_error(
    site: Site, ory: FakeOry, guard: str, wanted: str, error: type[Exception]
) -> None:
    ory.login(site)

    with pytest.raises(error):
        site.get(guard, headers={"X-Wanted": wanted})


@pytest.mark.parametrize(("wanted", "status"), [("aal1", 200), ("aal2", 302), ("none", 200)])
def test_coroutine_function_decides_in_async_code(ory: FakeOry, seen: list[Any], wanted: str, status: int) -> None:
    site = Site("async")
    lax(ory, site, "totp")

    response = site.get("coroutine", headers={"X-Wanted": wanted})

    assert (response.status_code, seen) == (status, [OrySession])


def test_coroutine_function_in_sync_code_is_an_error(ory: FakeOry) -> None:
    site = Site("sync")
    ory.login(site)

    with pytest.raises(ImproperlyConfigured, match="async"):
        site.get("coroutine", headers={"X-Wanted": "none"})


# Inside a view


@pytest.mark.parametrize(
    "view", ["inside", "inside-bare", "inside-aal1", "inside-highest", "inside-fresh", "inside-requirement"]
)
def test_function_returns_the_session_of_those_it_lets_through(site: Site, ory: FakeOry, view: str) -> None:
    ory.login(site)

    assert json.loads(site.get(view).content) == {"aal": "aal2", "same": True}


@pytest.mark.parametrize("view", ["inside", "inside-bare", "inside-fresh", "inside-requirement", "in-template"])
def test_function_answers_like_a_guard(site: Site, ory: FakeOry, view: str) -> None:
    lax(ory, site, "totp")

    response = site.get(view)

    assert (response.status_code, location(response)[: len(STEP_UP)]) == (302, STEP_UP)
    assert response.headers["Cache-Control"] == "no-store"


def test_function_in_a_template_lets_through(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    assert site.get("in-template").content == b"level aal2"


def test_function_awaited_and_then_in_a_template_asks_once(ory: FakeOry) -> None:
    site = Site("async")
    ory.login(site)

    response = site.get("required-then-template")

    assert (response.content, asked(ory)) == (b"level aal2", [WHOAMI])


@pytest.mark.parametrize("view", ["inside", "in-template"])
def test_function_shows_the_enrolment_page(site: Site, ory: FakeOry, view: str) -> None:
    ory.login(site, aal="aal1")

    response = site.get(view)

    assert response.status_code == 403
    assert "ory_mfa/enroll.html" in [template.name for template in response.templates]


def test_blocking_function_in_an_event_loop_raises(ory: FakeOry) -> None:
    site = Site("async")
    ory.login(site)

    with pytest.raises(SynchronousOnlyOperation):
        site.get("blocking")


def test_refusal_is_a_permission_denied_that_keeps_the_decision() -> None:
    decision = Decision(Outcome.LOGIN, Requirement("aal2"), "session_missing")

    error = AALRequired(decision)

    assert isinstance(error, PermissionDenied)
    assert (error.decision, str(error)) == (decision, "session_missing")


# Classes


def test_sync_hook_answers_the_refused(site: Site, ory: FakeOry) -> None:
    lax(ory, site, "totp")

    response = site.get("class-sync-denied")

    assert (response.status_code, response.content) == (418, b"step_up")


def test_hook_of_the_same_kind_as_the_view_answers_the_refused(site: Site, ory: FakeOry) -> None:
    lax(ory, site, "totp")

    response = site.get("class-denied")

    assert (response.status_code, response.content) == (418, b"step_up")


@pytest.mark.parametrize("method", ["get", "post", "head", "options", "put", "delete", "patch"])
def test_every_method_of_a_class_is_guarded(site: Site, ory: FakeOry, method: str) -> None:
    lax(ory, site, "totp")

    response = site.request(method, "class")

    assert response.status_code in (302, 303, 403)


def test_mixin_accepts_a_parent_that_answers_without_a_coroutine(ory: FakeOry) -> None:
    site = Site("async")
    ory.login(site)

    assert site.get("impatient").content == b"at once"


@pytest.mark.parametrize(("method", "opened"), [("get", True), ("post", False)])
def test_decorated_method_is_guarded_alone(site: Site, ory: FakeOry, method: str, *, opened: bool) -> None:
    lax(ory, site, "totp")

    assert is_open(site.request(method, "half")) is opened


def test_nested_guards_ask_ory_once(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    assert is_open(site.get("nested"))
    assert asked(ory) == [WHOAMI]


# Without the middleware


@pytest.mark.parametrize("guard", ["bare", "class", "inside", "callable", "nothing", "judged?aal=aal1"])
def test_guard_without_the_middleware_says_what_to_add(site: Site, settings: Any, guard: str) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "ory" not in name]

    with pytest.raises(ImproperlyConfigured, match=r"django_ory_mfa\.middleware\.OrySessionMiddleware.*MIDDLEWARE"):
        site.get(guard, headers={"X-Wanted": "none"})


# The signal


@pytest.mark.parametrize("guard", ["bare", "class", "inside", "in-template", "class-denied", "nested"])
def test_refusal_is_signalled_once(site: Site, ory: FakeOry, guard: str) -> None:
    lax(ory, site, "totp")

    with denials() as collected:
        site.get(guard)

    assert len(collected) == 1
    assert set(collected[0]) == {"sender", "signal", "request", "session", "decision", "report_only"}
    assert collected[0]["sender"] is OrySession
    assert collected[0]["decision"].outcome is Outcome.STEP_UP
    assert collected[0]["decision"].url.startswith(STEP_UP)
    assert type(collected[0]["session"]) is OrySession
    assert collected[0]["request"].path.startswith(f"/{site.mode}/")


def test_refusal_of_an_anonymous_visitor_is_signalled_with_a_session(site: Site, ory: FakeOry) -> None:
    with denials() as collected:
        site.json("bare")

    assert [(denial["decision"].outcome, denial["session"].state) for denial in collected] == [("login", "anonymous")]


def test_allowing_is_not_signalled(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    with denials() as collected:
        site.get("bare")

    assert collected == []


def test_evaluate_is_not_signalled(site: Site, ory: FakeOry) -> None:
    lax(ory, site, "totp")

    with denials() as collected:
        response = site.get("judged?aal=aal2")

    assert (json.loads(response.content)["outcome"], collected) == ("step_up", [])


def test_receiver_that_breaks_does_not_open_the_view(site: Site, ory: FakeOry) -> None:
    def break_down(sender: Any, **kwargs: Any) -> None:
        raise RuntimeError("a bug of the site")

    aal_denied.connect(break_down)
    try:
        response = site.get("bare")
    finally:
        aal_denied.disconnect(break_down)

    assert response.status_code == 302


def test_async_receiver_hears_of_a_refusal(site: Site, ory: FakeOry) -> None:
    heard: list[Any] = []

    async def listen(sender: Any, decision: Decision, **kwargs: Any) -> None:
        heard.append(decision.outcome)

    aal_denied.connect(listen)
    try:
        site.get("bare")
    finally:
        aal_denied.disconnect(listen)

    assert heard == [Outcome.LOGIN]


@pytest.mark.parametrize("aal", ["aal9", ""])
def test_evaluate_of_a_bad_level_raises(site: Site, ory: FakeOry, aal: str) -> None:
    with pytest.raises(ValueError, match="aal must be one of"):
        site.get(f"judged?aal={aal}")


@pytest.mark.parametrize("failure", ["connect-error", "timeout"])
def test_evaluate_on_an_outage_has_no_url(site: Site, ory: FakeOry, failure: str) -> None:
    ory.login(site)
    ory.fail_with(failure)

    assert json.loads(site.get("judged?aal=aal2").content) == {"outcome": "unavailable", "url": None}


# Enrolment

PROBES = {
    "enrolled-lax": (200, ["totp_unlink"], True),
    "lookup-lax": (200, ["lookup_secret_disable"], True),
    "webauthn-lax": (200, ["webauthn_remove"], True),
    "none": (200, ["totp_code", "password", None], False),
    "refused": (403, "session_aal2_required", True),
    "other-403": (403, "security_csrf_violation", None),
    "redirect": (303, [], None),
    "limited": (429, [], None),
    "broken": (500, [], None),
    "unreadable": (200, None, None),
}
CLAIMS = (None, "aal1", HIGHEST)


def expected_outcome(guard: str, whoami: str | None, settings: str | None, answer: Any) -> tuple[str, bool]:
    """Outcome and whether the probe is asked, as section 3 of the design says it."""
    if whoami == HIGHEST:
        return ("enroll" if guard == "aal2" else "allow"), False
    if settings == "aal1":
        return "step_up", False
    if answer is not False:
        return "step_up", True
    return ("allow" if guard == HIGHEST and settings == HIGHEST else "enroll"), True


def prepare_probe(ory: FakeOry, name: str, path: str = PROBE) -> Any:
    status, content, answer = PROBES[name]
    if status == 200:
        nodes = [{"attributes": {"name": node}} for node in content] if isinstance(content, list) else [{}]
        body = json.dumps({"ui": {"nodes": nodes}})
    else:
        body = json.dumps({"error": {"id": content}})
    ory.fail(status, body.encode(), path=path)
    return answer


def combinations() -> Iterator[tuple[str | None, str | None, str]]:
    """Every claim with every meaning of an answer of the probe; every answer of it with one claim."""
    for whoami, own, probe in itertools.product(CLAIMS, CLAIMS, PROBES):
        if probe in ("none", "enrolled-lax", "broken") or (whoami, own) == (None, HIGHEST):
            yield whoami, own, probe


@pytest.mark.parametrize("guard", ["aal2", HIGHEST])
@pytest.mark.parametrize(("whoami", "own", "probe"), list(combinations()))
def test_enrolment_decides_as_the_table_says(
    site: Site, ory: FakeOry, settings: Any, guard: str, whoami: str | None, own: str | None, probe: str
) -> None:
    settings.ORY_MFA_WHOAMI_REQUIRED_AAL, settings.ORY_MFA_SETTINGS_REQUIRED_AAL = whoami, own
    lax(ory, site)
    outcome, is_asked = expected_outcome(guard, whoami, own, prepare_probe(ory, probe))

    response = site.get(f"judged?aal={guard}")

    assert json.loads(response.content)["outcome"] == outcome
    assert asked(ory) == ([WHOAMI, PROBE] if is_asked else [WHOAMI])


def test_enrolment_is_asked_with_the_one_credential_and_as_json(site: Site, ory: FakeOry) -> None:
    session = lax(ory, site)
    site.set_cookie("csrftoken", "x")
    site.set_cookie("sessionid", "y")

    site.get("aal2")

    call = ory.calls[1]
    assert (call.method, call.path, call.query) == ("GET", PROBE, "")
    assert call.headers["cookie"] == f"{ory.cookie_name}={session.cookie}"
    assert call.headers["accept"] == "application/json"


def test_enrolment_of_a_token_is_asked_at_the_api(site: Site, ory: FakeOry) -> None:
    ory.required_aal = "aal1"
    session = ory.add_session(ory.add_identity(), "password")

    response = site.json("aal2", headers={"X-Session-Token": session.token})

    assert json.loads(response.content)["error"]["id"] == "session_aal2_enrollment_required"
    assert asked(ory) == [WHOAMI, API_PROBE]
    assert ory.calls[1].headers["x-session-token"] == session.token


def test_cookies_of_the_probe_reach_nobody(site: Site, ory: FakeOry) -> None:
    lax(ory, site)

    response = site.get("aal2")

    assert (response.status_code, list(response.cookies)) == (403, [])


@pytest.mark.parametrize("guard", ["aal1", "fresh", "fresh-aal1", "fresh-highest", "totp"])
def test_enrolment_is_not_asked_when_the_outcome_does_not_depend_on_it(site: Site, ory: FakeOry, guard: str) -> None:
    ory.login(site, age=3000, methods={"password", "lookup_secret"})

    site.get(guard)

    assert asked(ory) == [WHOAMI]


@pytest.mark.parametrize("aal", ["aal1", "aal2", HIGHEST])
def test_enrolment_is_not_asked_when_whoami_tells(site: Site, ory: FakeOry, aal: str) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    response = site.get(f"judged?aal={aal}")

    assert json.loads(response.content)["outcome"] == "step_up"
    assert asked(ory) == [WHOAMI]


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("head", {}),
        ("get", {"Sec-Purpose": "prefetch"}),
        ("get", {"Sec-Purpose": "prefetch;prerender"}),
        ("get", {"Purpose": "prefetch"}),
        ("get", {"Purpose": "Prefetch"}),
    ],
    ids=["head", "sec-purpose", "prerender", "purpose", "capital"],
)
@pytest.mark.parametrize("guard", ["aal2", "highest"])
def test_enrolment_is_never_asked_when_nobody_clicked(
    site: Site, ory: FakeOry, guard: str, method: str, headers: dict[str, str]
) -> None:
    lax(ory, site)

    response = site.request(method, guard, headers=headers)

    assert (response.status_code, response.content, location(response)) == (403, b"", "")
    assert asked(ory) == [WHOAMI]


def test_probe_that_answers_401_has_whoami_asked_afresh(site: Site, ory: FakeOry) -> None:
    lax(ory, site)
    ory.fail(401, b"{}", path=PROBE)

    response = site.get("aal2")

    assert (asked(ory), is_fresh(ory)) == ([WHOAMI, PROBE, WHOAMI], [False, True])
    # Ory still knows the session, and nothing is known about a second factor.
    assert location(response).startswith(STEP_UP)


class RacingOry(FakeOry):
    """Something happens to the session just before the settings flow is asked for."""

    def handle(self, method: str, target: str, headers: Any, body: bytes = b"") -> Any:
        if target.startswith("/self-service/settings"):
            for session in self.sessions:
                self.happen(session)
        return super().handle(method, target, headers, body)

    def happen(self, session: Any) -> None:
        session.revoke()


class ProvingOry(RacingOry):
    """The person steps up in another tab; the settings flow answers 401 all the same."""

    def happen(self, session: Any) -> None:
        session.enrol("totp")
        self.fail(401, path=PROBE)


class EndedOry(RacingOry):
    """The session ends, and Ory breaks down."""

    def happen(self, session: Any) -> None:
        self.fail(401, path=PROBE)
        self.fail(503)


@pytest.mark.parametrize(("fake", "outcome"), [(RacingOry, "login"), (ProvingOry, "allow"), (EndedOry, "unavailable")])
@pytest.mark.parametrize("aal", ["aal2", HIGHEST])
def test_answer_after_a_probe_with_401_decides_anew(site: Site, aal: str, fake: type[RacingOry], outcome: str) -> None:
    with installed(fake(required_aal="aal1")) as ory:
        ory.login(site, aal="aal1")
        response = site.get(f"judged?aal={aal}")

    assert json.loads(response.content)["outcome"] == outcome
    # "No session" could mean that Ory's database is down.
    assert asked(ory) == [WHOAMI, PROBE, WHOAMI, *([READY] if outcome == "login" else [])]


@pytest.mark.parametrize("failure", ["connect-error", "timeout"])
def test_probe_that_fails_leaves_step_up(site: Site, ory: FakeOry, failure: str) -> None:
    lax(ory, site)
    ory.fail_with(failure, path=PROBE)

    assert location(site.get("highest")).startswith(STEP_UP)


class BrokenProbeOry(FakeOry):
    """The settings flow fails as no network does."""

    def handle(self, method: str, target: str, headers: Any, body: bytes = b"") -> Any:
        if target.startswith("/self-service/settings"):
            raise RuntimeError("nobody foresaw this")
        return super().handle(method, target, headers, body)


def test_probe_that_breaks_leaves_step_up(site: Site) -> None:
    with installed(BrokenProbeOry(required_aal="aal1")) as ory:
        ory.login(site, aal="aal1")
        response = site.get("highest")

    assert location(response).startswith(STEP_UP)


def test_nested_guards_probe_once(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.ORY_MFA_SETTINGS_REQUIRED_AAL = HIGHEST
    lax(ory, site)

    assert is_open(site.get("nested-highest"))
    assert asked(ory) == [WHOAMI, PROBE]


# Possibly stale answers


def age_answers(ory: FakeOry, site: Site, **options: Any) -> Any:
    """Ory Network caches: what whoami says may be old."""
    ory.cache_for = 60
    return lax(ory, site, **options)


def test_possibly_stale_answer_may_allow(site: Site, ory: FakeOry) -> None:
    ory.cache_for = 60
    ory.login(site)

    assert is_open(site.get("aal2"))
    assert is_fresh(ory) == [False]


def test_possibly_stale_answer_may_not_refuse(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.ORY_MFA_WHOAMI_REQUIRED_AAL = HIGHEST
    age_answers(ory, site)

    site.get("aal2")

    assert is_fresh(ory) == [False, True]


class CachingOry(FakeOry):
    """Answers whoami from an old copy unless asked for a fresh answer."""

    old: Any = None

    def handle(self, method: str, target: str, headers: Any, body: bytes = b"") -> Any:
        answer = super().handle(method, target, headers, body)
        if not target.startswith(WHOAMI) or ("cache-control", "max-age=0") in [
            (name.lower(), value) for name, value in headers
        ]:
            return answer
        self.old = self.old or answer
        return self.old


@pytest.mark.parametrize("guard", ["aal2", "highest", "inside", "class", "fresh", "totp"])
def test_step_up_that_a_cache_hides_is_found(site: Site, guard: str) -> None:
    with installed(CachingOry(required_aal="aal1")) as ory:
        ory.cache_for = 60
        session = ory.login(site, aal="aal1")
        ory.handle("GET", WHOAMI, [("Cookie", f"{ory.cookie_name}={session.cookie}")])
        session.enrol("totp")

        response = site.get(guard)

    assert response.status_code == 200


def test_anonymous_answer_of_a_cache_is_asked_afresh(site: Site) -> None:
    with installed(CachingOry()) as ory:
        ory.cache_for = 60
        ory.handle("GET", WHOAMI, [])
        ory.login(site)

        response = site.get("aal2")

    assert is_open(response)
    assert is_fresh(ory)[-2:] == [False, True]


@pytest.mark.parametrize("guard", ["fresh", "totp", "fresh-highest", "inside-fresh"])
def test_wish_for_a_proof_asks_fresh_at_once(site: Site, ory: FakeOry, guard: str) -> None:
    ory.cache_for = 60
    ory.login(site)

    response = site.get(guard)

    assert (response.status_code, is_fresh(ory)) == (200, [True])


def test_wish_for_a_proof_behind_a_level_asks_again_only_if_the_answer_may_be_old(site: Site, ory: FakeOry) -> None:
    ory.cache_for = 60
    ory.login(site)

    assert is_open(site.get("nested"))
    assert is_fresh(ory) == [False, True]


def test_fresh_answer_that_is_cacheable_is_believed(site: Site, ory: FakeOry) -> None:
    ory.cache_for = 60
    ory.login(site, age=3000)

    assert location(site.get("fresh")).startswith(REFRESH)
    assert is_fresh(ory) == [True]


def test_answer_without_the_header_may_refuse(site: Site, ory: FakeOry) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    site.get("aal2")

    assert is_fresh(ory) == [False]


# What is no response

NO_RESPONSES = [None, {"a": 1}, "text", b"bytes", (201, {"a": 1}), ["a"], 0, object()]


def guarded_answer(answer: object, guard: str, mode: str) -> Any:
    """A view that answers with what is no response, behind a guard."""

    def handler(*args: Any) -> Any:
        return answer

    async def ahandler(*args: Any) -> Any:
        return answer

    view: Any = handler if mode == "sync" else ahandler
    if guard == "decorator":
        return aal_required("aal2")(view)
    if guard == "nothing":
        return aal_required(requirement=lambda request: None)(view)
    return type("Page", (AALRequiredMixin, View), {"required_aal": "aal2", "get": view}).as_view()  # type: ignore[attr-defined]


@pytest.mark.parametrize("guard", ["decorator", "mixin", "nothing"])
@pytest.mark.parametrize("answer", NO_RESPONSES, ids=lambda answer: type(answer).__name__)
def test_what_is_no_response_is_passed_on(ory: FakeOry, mode: str, answer: object, guard: str) -> None:
    """It is for the caller to make a response of, or for Django to report."""
    client = Client()
    request = RequestFactory().get("/", headers={"Cookie": f"{ory.cookie_name}={ory.login(client).cookie}"})
    attach(request)
    view = guarded_answer(answer, guard, mode)

    returned = view(request) if mode == "sync" else LOOP.run(view(request))

    assert returned is answer


@pytest.mark.parametrize("guard", ["decorator", "mixin"])
def test_what_is_no_response_is_not_even_made_for_who_is_refused(ory: FakeOry, mode: str, guard: str) -> None:
    request = RequestFactory().get("/", headers={"Accept": "application/json"})
    attach(request)
    view = guarded_answer({"a": 1}, guard, mode)

    response = view(request) if mode == "sync" else LOOP.run(view(request))

    assert (response.status_code, response.headers["Cache-Control"]) == (401, "no-store")
