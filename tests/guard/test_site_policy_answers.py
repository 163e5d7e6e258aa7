"""The policy of the site covers every answer of a path, also those that no view gives."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import request_finished
from django.http import Http404, HttpResponse
from django.urls import include, path, register_converter

from django_ory_mfa import Outcome, Requirement
from django_ory_mfa.decorators import aal_exempt, aal_required
from django_ory_mfa.signals import aal_denied
from tests import views
from tests.policy_middleware import FILE, MADE
from tests.policy_urls import spelling
from tests.site import MODES, Site, location

SESSION = "django_ory_mfa.middleware.OrySessionMiddleware"
POLICY = "django_ory_mfa.middleware.AALRequiredMiddleware"
UPDATE = "django.middleware.cache.UpdateCacheMiddleware"
FETCH = "django.middleware.cache.FetchFromCacheMiddleware"
MAKERS = "tests.policy_middleware"
STEP_UP = "http://127.0.0.1:4433/self-service/login/browser?aal=aal2"
LOGIN = "http://127.0.0.1:4433/self-service/login/browser?return_to"


class Broken:
    """A converter that looks things up where there is nothing."""

    regex = "[0-9]+"

    def to_python(self, value: str) -> int:
        raise LookupError(value)

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(Broken, "breaks_when_asked")


def nowhere(request: Any, **kwargs: Any) -> HttpResponse:
    raise Http404


async def anowhere(request: Any, **kwargs: Any) -> HttpResponse:
    raise Http404


def returned(request: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse(status=404)


async def areturned(request: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse(status=404)


def missing(mode: str) -> list[Any]:
    """Views that are there, and have no page."""
    view = anowhere if mode == "async" else nowhere
    return [
        path("missing", view),
        path("slug/<path:slug>", view),
        path("returned/<path:slug>", areturned if mode == "async" else returned),
        path("missing/exempt", aal_exempt(view)),
        path("missing/aal1", aal_required("aal1")(view)),
        path("<breaks_when_asked:n>", view),
    ]


urlpatterns = [
    path("sync/", include([*spelling("sync"), *missing("sync")])),
    path("async/", include([*spelling("async"), *missing("async")])),
    path("account/security/", include("django_ory_mfa.urls")),
]


def urls_with(**handlers: Any) -> ModuleType:
    """This site with error handlers of its own."""
    module = ModuleType("urls_with_handlers")
    vars(module).update({"urlpatterns": urlpatterns, **handlers})
    return module


def shell(request: Any, exception: Exception | None = None) -> HttpResponse:
    return HttpResponse(MADE)


@pytest.fixture(autouse=True)
def policy(settings: Any) -> Any:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, POLICY]
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": __name__}}
    cache.clear()
    return settings


@pytest.fixture
def denials() -> Iterator[list[dict[str, Any]]]:
    """What ``aal_denied`` was sent with."""
    seen: list[dict[str, Any]] = []

    def note(**kwargs: Any) -> None:
        seen.append(kwargs)

    aal_denied.connect(note)
    yield seen
    aal_denied.disconnect(note)


def inside(settings: Any, name: str) -> None:
    """Puts a middleware of the site inside the policy."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{MAKERS}.{name}"]


def outside(settings: Any, name: str) -> None:
    """Puts a middleware of the site right outside the policy."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], f"{MAKERS}.{name}", POLICY]


def paths(ory: Any) -> list[str]:
    return [call.path for call in ory.calls]


# Pages that a fallback makes out of a 404.


def test_fallback_page_is_withheld_from_nobody(ory: Any, site: Site, settings: Any) -> None:
    inside(settings, "fallback")

    response = site.get("nowhere")

    assert (location(response).startswith(LOGIN), MADE in response.content, ory.calls) == (True, False, [])
    assert response["Cache-Control"] == "no-store"


def test_fallback_page_is_withheld_below_the_level_of_the_settings(ory: Any, site: Site, settings: Any) -> None:
    inside(settings, "fallback")
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})

    assert location(site.get("nowhere")).startswith(STEP_UP)


def test_fallback_page_is_shown_to_those_who_may_and_is_private(ory: Any, site: Site, settings: Any) -> None:
    inside(settings, "fallback")
    ory.login(site)

    response = site.get("nowhere")

    assert (response.content, response["Cache-Control"], paths(ory)) == (MADE, "private", ["/sessions/whoami"])


def test_fallback_page_is_withheld_by_a_rule(ory: Any, site: Site, settings: Any) -> None:
    inside(settings, "fallback")
    settings.ORY_MFA_AAL = "aal1"
    settings.ORY_MFA_RULES = [(r"/\w+/nowhere", "aal2")]
    ory.login(site, aal="aal1")

    assert (site.get("nowhere").status_code, site.get("elsewhere").content) == (403, MADE)


def test_fallback_page_is_freed_by_a_rule_and_ory_is_not_asked(ory: Any, site: Site, settings: Any) -> None:
    inside(settings, "fallback")
    settings.ORY_MFA_RULES = [(r"/\w+/nowhere$", None)]
    ory.login(site)

    response = site.get("nowhere")

    assert (response.content, response.headers.get("Cache-Control"), ory.calls) == (MADE, None, [])


@pytest.mark.parametrize("maker", ["redirects", "moved"])
def test_redirect_that_no_view_made_is_withheld(ory: Any, site: Site, settings: Any, maker: str) -> None:
    inside(settings, maker)

    refused = site.get("nowhere")
    ory.login(site)
    passed = site.get("nowhere")

    assert (location(refused).startswith(LOGIN), location(passed)) == (True, "/secret-target/")


def test_fallback_that_knows_no_event_loop_is_covered(ory: Any, site: Site, settings: Any) -> None:
    inside(settings, "SyncFallback")

    refused = site.get("nowhere")
    ory.login(site)
    passed = site.get("nowhere")

    assert (location(refused).startswith(LOGIN), passed.content) == (True, MADE)


def test_middleware_that_knows_no_event_loop_outside_changes_nothing(ory: Any, site: Site, settings: Any) -> None:
    settings.MIDDLEWARE = [f"{MAKERS}.SyncFallback", SESSION, POLICY, f"{MAKERS}.fallback"]

    assert location(site.get("nowhere")).startswith(LOGIN)


@pytest.mark.parametrize("method", ["head", "post", "put", "patch", "delete", "options", "trace"])
def test_fallback_page_is_withheld_for_every_method(ory: Any, site: Site, settings: Any, method: str) -> None:
    inside(settings, "fallback")

    response = site.request(method, "nowhere")

    assert location(response).startswith(LOGIN)


def test_json_client_is_told_in_json_that_a_fallback_page_is_withheld(ory: Any, site: Site, settings: Any) -> None:
    inside(settings, "fallback")

    response = site.json("nowhere")

    assert (response.status_code, response.json()["error"]["id"]) == (401, "session_inactive")


def test_page_is_rendered_where_a_fallback_page_is_withheld(ory: Any, site: Site, settings: Any) -> None:
    inside(settings, "fallback")
    ory.login(site, aal="aal1")

    response = site.get("nowhere")

    assert (response.status_code, b"<h1>" in response.content, response["Cache-Control"]) == (403, True, "no-store")


def test_fallback_page_is_withheld_while_ory_is_down(ory: Any, site: Site, settings: Any) -> None:
    inside(settings, "fallback")
    ory.login(site)
    ory.fail(503)

    response = site.get("nowhere")

    assert (response.status_code, response["Retry-After"], b"<h1>" in response.content) == (503, "5", True)


def test_fallback_page_that_is_withheld_is_signalled_once(
    ory: Any, site: Site, settings: Any, denials: list[dict[str, Any]]
) -> None:
    inside(settings, "fallback")

    site.get("nowhere")

    assert [(denial["decision"].outcome, denial["report_only"]) for denial in denials] == [(Outcome.LOGIN, False)]


@pytest.mark.parametrize("mode", MODES)
def test_post_that_a_middleware_answered_needs_its_csrf_proof(ory: Any, mode: str, settings: Any) -> None:
    inside(settings, "page")
    site = Site(mode, enforce_csrf_checks=True)
    session = ory.login(site)

    forged, by_token = site.post("nowhere"), Site(mode).post("nowhere", headers={"X-Session-Token": session.token})

    assert (forged.status_code, b"CSRF" in forged.content) == (403, True)
    assert by_token.content == MADE


def test_rules_that_make_no_sense_open_no_fallback_page(ory: Any, site: Site, settings: Any) -> None:
    inside(settings, "fallback")
    settings.ORY_MFA_RULES = "x"

    with pytest.raises(ImproperlyConfigured, match="ORY_MFA_RULES"):
        site.get("nowhere")


# Errors.


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 429, 500, 503])
def test_error_that_no_view_made_passes_and_ory_is_not_asked(ory: Any, site: Site, settings: Any, status: int) -> None:
    inside(settings, "error")
    ory.login(site)

    response = site.get("nowhere", headers={"X-Status": str(status)})

    assert (response.status_code, response.content, ory.calls) == (status, MADE, [])


@pytest.mark.parametrize("status", [200, 204, 206, 302, 304])
def test_whatever_is_no_error_is_withheld(ory: Any, site: Site, settings: Any, status: int) -> None:
    inside(settings, "error")

    response = site.get("nowhere", headers={"X-Status": str(status)})

    assert (location(response).startswith(LOGIN), response.content) == (True, b"")


def test_error_handler_that_answers_200_is_withheld(ory: Any, site: Site, settings: Any) -> None:
    settings.ROOT_URLCONF = urls_with(handler404=shell)

    refused = site.get("nowhere")
    ory.login(site)
    passed = site.get("nowhere")

    assert (location(refused).startswith(LOGIN), passed.content) == (True, MADE)


def test_error_handler_for_denials_that_answers_200_is_withheld(ory: Any, site: Site, settings: Any) -> None:
    settings.ROOT_URLCONF = urls_with(handler403=shell)
    inside(settings, "denying")

    assert location(site.get("page")).startswith(LOGIN)


def test_requirement_that_a_middleware_raises_is_a_plain_403(
    ory: Any, site: Site, settings: Any, denials: list[Any]
) -> None:
    inside(settings, "demanding")

    response = site.get("page")

    assert (response.status_code, location(response), denials) == (403, "", [])


# Views that are there, and have no page.


@pytest.mark.parametrize("view", ["missing/exempt", "missing/aal1"])
def test_fallback_page_for_a_view_without_a_page_is_held_against_the_rules(
    ory: Any, site: Site, settings: Any, view: str
) -> None:
    inside(settings, "fallback")
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})

    refused = site.get(view)
    settings.ORY_MFA_RULES = [("/", "aal1")]
    passed = site.get(view)

    assert (location(refused).startswith(STEP_UP), passed.content) == (True, MADE)


def test_view_without_a_page_stays_a_404(ory: Any, site: Site) -> None:
    assert (site.get("missing/exempt").status_code, ory.calls) == (404, [])


def test_view_without_a_page_that_a_rule_judged_is_judged_once(
    ory: Any, site: Site, settings: Any, denials: list[dict[str, Any]]
) -> None:
    inside(settings, "fallback")
    settings.ORY_MFA_RULES = [("/", "aal2", {"report_only": True})]

    assert (site.get("missing").content, len(denials)) == (MADE, 1)


@pytest.mark.parametrize("folder", ["slug", "returned"])
def test_fallback_page_for_a_view_without_a_page_needs_what_the_path_with_a_slash_needs(
    ory: Any, site: Site, settings: Any, folder: str
) -> None:
    inside(settings, "redirects")
    settings.ORY_MFA_RULES = [(rf"/\w+/{folder}/old/$", "aal2"), ("/", None)]

    refused, passed = site.get(f"{folder}/old"), site.get(f"{folder}/other")

    assert (location(refused).startswith(LOGIN), location(passed)) == (True, "/secret-target/")


@pytest.mark.parametrize("answers", [aal_exempt, aal_required("aal1")], ids=["exempt", "aal1"])
def test_view_that_fails_otherwise_is_still_the_one_who_answers(ory: Any, settings: Any, answers: Any) -> None:
    def fails(request: Any) -> HttpResponse:
        raise LookupError

    module = urls_with(urlpatterns=[path("", answers(fails))], handler500=shell)
    settings.ROOT_URLCONF = module
    site = Site("sync", raise_request_exception=False)
    ory.login(site, aal="aal1")

    assert site.get("/").content == MADE


# Middleware that answers in the place of a view.


@pytest.mark.parametrize("view", ["page", "declared/aal2", "declared/aal1", "class/attribute", "class/default"])
def test_answer_in_the_place_of_a_guarded_view_is_withheld(ory: Any, site: Site, settings: Any, view: str) -> None:
    inside(settings, "page")

    response = site.get(view)

    assert (location(response).startswith(LOGIN), MADE in response.content) == (True, False)


@pytest.mark.parametrize(("view", "is_shown"), [("declared/aal1", True), ("declared/aal2", False)])
def test_answer_in_the_place_of_a_view_needs_what_the_view_declares(
    ory: Any, site: Site, settings: Any, view: str, *, is_shown: bool
) -> None:
    inside(settings, "page")
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})

    assert (site.get(view).content == MADE) is is_shown


@pytest.mark.parametrize("url", ["exempt", "exempt/class", "/account/security/"])
def test_answer_in_the_place_of_a_free_view_passes(ory: Any, site: Site, settings: Any, url: str) -> None:
    inside(settings, "page")

    assert (site.get(url).content, ory.calls) == (MADE, [])


def test_answer_at_a_path_whose_converter_breaks_is_held_against_the_rules(ory: Any, site: Site, settings: Any) -> None:
    inside(settings, "page")

    refused = site.get("42")
    settings.ORY_MFA_RULES = [("/", None)]

    assert (location(refused).startswith(LOGIN), site.get("42").content) == (True, MADE)


def test_answer_by_process_view_before_the_policy_is_withheld(ory: Any, site: Site, settings: Any) -> None:
    outside(settings, "AnswersInProcessView")

    refused, free = site.get("page"), site.get("exempt")
    ory.login(site)

    assert (location(refused).startswith(LOGIN), free.content, site.get("page").content) == (True, MADE, MADE)


def test_answer_by_process_view_after_the_policy_is_that_of_the_view(ory: Any, site: Site, settings: Any) -> None:
    inside(settings, "AnswersInProcessView")

    refused, free = site.get("page"), site.get("exempt")
    ory.login(site)

    assert (location(refused).startswith(LOGIN), free.content, site.get("page").content) == (True, MADE, MADE)


@pytest.mark.parametrize(("view", "is_free"), [("exempt", True), ("page", False)])
def test_view_that_was_found_counts_where_a_middleware_moves_the_path_back(
    ory: Any, site: Site, settings: Any, view: str, *, is_free: bool
) -> None:
    settings.MIDDLEWARE = [SESSION, f"{MAKERS}.AnswersInProcessView", POLICY, f"{MAKERS}.tenant"]

    assert (site.get(f"/tenant/{site.mode}/{view}").content == MADE) is is_free


@pytest.mark.parametrize(
    ("url", "is_free"), [("/elsewhere", True), ("/guarded", False), ("/sync/exempt", False)], ids=str
)
def test_urls_of_the_request_count(ory: Any, site: Site, settings: Any, url: str, *, is_free: bool) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{MAKERS}.moves_urls", f"{MAKERS}.page"]

    assert (site.get(url).content == MADE) is is_free


# Refusals leave as they are.


def test_refusal_cannot_be_replaced_by_a_page(ory: Any, site: Site, settings: Any, denials: list[Any]) -> None:
    inside(settings, "friendly_refusals")

    response = site.get("page")

    assert (location(response).startswith(LOGIN), MADE in response.content, len(denials)) == (True, False, 1)


def test_refusal_cannot_be_replaced_by_an_empty_response(ory: Any, site: Site, settings: Any) -> None:
    inside(settings, "silent_refusals")

    assert location(site.get("page")).startswith(LOGIN)


def test_refusal_can_be_replaced_by_an_error(ory: Any, site: Site, settings: Any) -> None:
    inside(settings, "gone")

    assert site.get("page").status_code == 410


def test_page_that_refuses_cannot_be_replaced_by_another(ory: Any, site: Site, settings: Any) -> None:
    inside(settings, "friendly_refusals")
    ory.login(site, aal="aal1")

    response = site.get("page")

    assert (response.status_code, b"<h1>" in response.content) == (403, True)


def test_page_that_refuses_cannot_be_replaced_before_it_is_rendered(ory: Any, site: Site, settings: Any) -> None:
    inside(settings, "ReplacesTemplates")
    ory.login(site, aal="aal1")

    response = site.get("page")

    assert (response.status_code, b"<h1>" in response.content) == (403, True)


@pytest.mark.parametrize("view", ["page", "declared/aal2", "class/default", "inside/aal2", "exempt/guarded"])
def test_refusal_of_a_view_is_judged_once(
    ory: Any, site: Site, settings: Any, denials: list[dict[str, Any]], view: str
) -> None:
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})

    response = site.get(view)

    assert (location(response).startswith(STEP_UP), len(denials)) == (True, 1)


# What was withheld leaves nothing behind.


def test_stream_is_withheld(ory: Any, site: Site, settings: Any) -> None:
    inside(settings, "streams")

    response = site.get("nowhere")

    assert (location(response).startswith(LOGIN), response.streaming) == (True, False)


def test_file_of_an_answer_that_is_withheld_is_closed_with_the_request(ory: Any, site: Site, settings: Any) -> None:
    FILE.is_closed = False
    inside(settings, "file")
    finished: list[Any] = []

    def note(**kwargs: Any) -> None:
        finished.append(FILE.is_closed)

    request_finished.connect(note)
    response = site.get("nowhere")
    request_finished.disconnect(note)

    assert location(response).startswith(LOGIN)
    assert (finished, FILE.is_closed) == ([True], True)


# Rules that only report.


def test_rule_that_only_reports_lets_a_fallback_page_pass(
    ory: Any, site: Site, settings: Any, denials: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    inside(settings, "fallback")
    settings.ORY_MFA_RULES = [("/", "aal2", {"report_only": True})]

    response = site.get("nowhere")

    assert (response.content, [denial["report_only"] for denial in denials]) == (MADE, [True])
    assert f"Would refuse '/{site.mode}/nowhere': login, session_missing" in caplog.messages


# Django's cache of the whole site, which answers in the place of views.


@pytest.fixture
def site_cache(settings: Any) -> Any:
    settings.MIDDLEWARE = [UPDATE, *settings.MIDDLEWARE, FETCH]
    return settings


@pytest.mark.usefixtures("site_cache")
@pytest.mark.parametrize("url", ["exempt", "exempt/class"])
def test_free_page_from_the_cache_stays_free(ory: Any, site: Site, url: str) -> None:
    first = site.get(url)
    stored = len(cache._cache)  # type: ignore[attr-defined]

    second = site.get(url)

    assert ([first.content, second.content], stored > 0) == ([b"open sesame"] * 2, True)
    assert (second.headers.get("Cache-Control"), ory.calls) == (first.headers.get("Cache-Control"), [])


def test_page_that_a_rule_frees_stays_free_in_the_cache(ory: Any, site: Site, site_cache: Any) -> None:
    site_cache.ORY_MFA_RULES = [(r"/\w+/page$", None)]
    first = site.get("page")

    assert ("Expires" in first.headers, site.get("page").content, ory.calls) == (True, b"open sesame", [])


def test_page_that_was_stored_while_it_was_free_is_guarded_in_the_cache(ory: Any, site: Site, site_cache: Any) -> None:
    site_cache.ORY_MFA_RULES = [("/", None)]
    assert "Expires" in site.get("page").headers
    site_cache.ORY_MFA_RULES = []

    refused = site.get("page")
    ory.login(site)
    passed = site.get("page")

    assert location(refused).startswith(LOGIN)
    assert (passed.content, "private" in passed["Cache-Control"]) == (b"open sesame", True)


def test_fallback_page_is_not_stored_once_the_policy_asked(ory: Any, site: Site, site_cache: Any, mode: str) -> None:
    site_cache.MIDDLEWARE = [*site_cache.MIDDLEWARE, f"{MAKERS}.fallback"]
    ory.login(site)

    seen = [site.get("nowhere").content, Site(mode).get("nowhere").content]

    assert (seen, len(cache._cache)) == ([MADE, b""], 0)  # type: ignore[attr-defined]


# What is asked.


def test_callable_rule_sees_the_session_where_no_view_answers(ory: Any, site: Site, settings: Any) -> None:
    inside(settings, "fallback")
    settings.ORY_MFA_RULES = [("/", views.aal2_once_signed_in)]
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})

    assert location(site.get("nowhere")).startswith(STEP_UP)


def test_age_is_asked_for_where_no_view_answers(ory: Any, site: Site, settings: Any) -> None:
    inside(settings, "fallback")
    settings.ORY_MFA_RULES = [("/", Requirement("aal2", max_age=600))]
    ory.login(site, age=601)

    assert "refresh=true" in location(site.get("nowhere"))
