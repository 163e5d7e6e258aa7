from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.core.checks.registry import registry
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.test import RequestFactory
from django.urls import path

from django_ory_mfa import OrySession, Outcome, Requirement
from django_ory_mfa.decorators import aal_required
from django_ory_mfa.guard.declarations import Configured
from django_ory_mfa.guard.site_guard import Verdict, guard_answer_steps
from django_ory_mfa.guard.site_policy import Demand, Origin, demands_on, strictest
from django_ory_mfa.middleware import AALRequiredMiddleware
from django_ory_mfa.runtime.steps import arun, run
from django_ory_mfa.session.resolver import attach
from django_ory_mfa.signals import aal_denied
from django_ory_mfa.testing import assert_denied
from tests import views
from tests.site import LOOP, MODES, Site, location

POLICY = "django_ory_mfa.middleware.AALRequiredMiddleware"
SESSION = "django_ory_mfa.middleware.OrySessionMiddleware"
STEP_UP = "http://127.0.0.1:4433/self-service/login/browser?aal=aal2"
LOGIN = "http://127.0.0.1:4433/self-service/login/browser?return_to"


@pytest.fixture(autouse=True)
def policy(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.policy_urls"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, POLICY]


@pytest.fixture
def denials() -> Iterator[list[dict[str, Any]]]:
    """What ``aal_denied`` was sent with."""
    seen: list[dict[str, Any]] = []

    def note(**kwargs: Any) -> None:
        seen.append(kwargs)

    aal_denied.connect(note)
    yield seen
    aal_denied.disconnect(note)


def paths(ory: Any) -> list[str]:
    return [call.path for call in ory.calls]


# What is asked of a view that declares nothing.


def test_no_rule_asks_for_the_level_of_the_settings(ory: Any, site: Site) -> None:
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})

    response = site.get("page")

    assert location(response).startswith(STEP_UP)


def test_no_rule_and_aal1_in_the_settings_lets_aal1_pass(ory: Any, site: Site, settings: Any) -> None:
    settings.ORY_MFA_AAL = "aal1"
    ory.login(site, aal="aal1")

    assert site.get("page").content == b"open sesame"


def test_nobody_signed_in_is_sent_to_login(ory: Any, site: Site) -> None:
    response = site.get("page")

    assert (response.status_code, location(response).startswith(LOGIN), ory.calls) == (302, True, [])


def test_aal2_session_passes(ory: Any, site: Site) -> None:
    ory.login(site)

    assert site.get("page").status_code == 200


def test_ory_down_is_unavailable(ory: Any, site: Site) -> None:
    ory.login(site)
    ory.fail_with("connect-error")

    response = site.get("page")

    assert (response.status_code, response["Retry-After"]) == (503, "5")


def test_enrolment_page_is_rendered(ory: Any, site: Site) -> None:
    ory.login(site, aal="aal1")

    response = site.get("page")

    assert (response.status_code, b"<h1>" in response.content, response["Cache-Control"]) == (403, True, "no-store")


def test_json_client_is_answered_in_json(ory: Any, site: Site) -> None:
    response = site.json("page")

    assert (response.status_code, response.json()["error"]["id"]) == (401, "session_inactive")


def test_passed_response_is_private(ory: Any, site: Site) -> None:
    ory.login(site)

    response = site.get("page")

    assert response["Cache-Control"] == "private"
    assert response["Vary"] == "Cookie, Authorization, X-Session-Token"


def test_callable_rule_that_asks_nothing_leaves_page_private(ory: Any, site: Site, settings: Any) -> None:
    settings.ORY_MFA_RULES = [("", lambda request: None)]

    response = site.get("page")

    assert (response.content, response["Cache-Control"]) == (b"open sesame", "private")


# Rules.


def test_first_matching_rule_wins(ory: Any, site: Site, settings: Any) -> None:
    settings.ORY_MFA_RULES = [(r"/\w+/page", "aal1"), (r"/\w+/page", "aal2"), (r"", "aal2")]
    ory.login(site, aal="aal1")

    assert site.get("page").status_code == 200


def test_rule_is_matched_at_the_start_only(ory: Any, site: Site, settings: Any) -> None:
    settings.ORY_MFA_RULES = [(r"/page", None)]

    assert site.get("page").status_code == 302


def test_rule_need_not_match_to_the_end(ory: Any, site: Site, settings: Any) -> None:
    settings.ORY_MFA_RULES = [(r"/\w+/pa", None)]

    assert site.get("page/below/it").status_code == 200


def test_rule_is_matched_on_path_info(ory: Any, site: Site, settings: Any) -> None:
    settings.ORY_MFA_RULES = [(r"/(a?sync)/page", None)]
    settings.FORCE_SCRIPT_NAME = "/mounted"

    assert site.get("page").status_code == 200


def test_rule_none_frees_and_asks_nobody(ory: Any, site: Site, settings: Any) -> None:
    settings.ORY_MFA_RULES = [(r"/\w+/page", None)]
    ory.login(site)

    response = site.get("page")

    assert (response.status_code, ory.calls, response.headers.get("Cache-Control")) == (200, [], None)


@pytest.mark.parametrize(
    "requirement",
    [
        "aal2",
        Requirement("aal2"),
        lambda request: "aal2",
        lambda request: Requirement("aal2"),
        views.aal2_once_signed_in,
    ],
    ids=["level", "requirement", "callable of level", "callable of requirement", "callable that reads the session"],
)
@pytest.mark.parametrize("shape", [list, tuple], ids=["list", "tuple"])
def test_rule_in_every_spelling_is_enforced(ory: Any, site: Site, settings: Any, requirement: Any, shape: type) -> None:
    settings.ORY_MFA_RULES = shape([shape([re.compile(r"/\w+/page"), requirement]), shape(["", None])])
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})

    assert location(site.get("page")).startswith(STEP_UP)


@pytest.mark.parametrize("mode", ["async"])
def test_coroutine_function_as_rule_is_awaited_in_async_code(ory: Any, site: Site, settings: Any) -> None:
    async def nothing(request: Any) -> None:
        return None

    settings.ORY_MFA_RULES = [("", nothing)]

    assert site.get("page").status_code == 200


@pytest.mark.parametrize("mode", ["sync"])
def test_coroutine_function_as_rule_in_sync_code_is_an_error(ory: Any, site: Site, settings: Any) -> None:
    async def nothing(request: Any) -> None:
        return None

    settings.ORY_MFA_RULES = [("", nothing)]

    with pytest.raises(ImproperlyConfigured, match="async"):
        site.get("page")


@pytest.mark.parametrize(
    "rules",
    [
        "aal2",
        {"": "aal2"},
        None,
        ["aal2"],
        [("",)],
        [("", "aal2", {}, {})],
        [("(", "aal2")],
        [(None, "aal2")],
        [(b"/", "aal2")],
        [("", "aal9")],
        [("", "")],
        [("", 2)],
        [("", True)],
        [("", ["aal2"])],
    ],
    ids=repr,
)
def test_rules_that_make_no_sense_are_an_error_that_names_them(ory: Any, site: Site, settings: Any, rules: Any) -> None:
    settings.ORY_MFA_RULES = rules
    ory.login(site)

    with pytest.raises(ImproperlyConfigured, match="ORY_MFA_RULES"):
        site.get("page")


def test_unknown_level_in_the_settings_is_an_error_that_names_it(ory: Any, site: Site, settings: Any) -> None:
    settings.ORY_MFA_AAL = "aal3"
    ory.login(site)

    with pytest.raises(ImproperlyConfigured, match="ORY_MFA_AAL"):
        site.get("page")


# What a view declares.


@pytest.mark.parametrize("path", ["declared/aal1", "declared/wrapped", "declared/nothing", "class/attribute"])
def test_declaration_replaces_a_stricter_rule(ory: Any, site: Site, settings: Any, path: str) -> None:
    settings.ORY_MFA_RULES = [("", "aal2")]
    ory.login(site, aal="aal1")

    assert site.get(path).status_code == 200


@pytest.mark.parametrize("path", ["declared/aal2", "class/aal2", "class/fresh", "declared/fresh"])
def test_declaration_replaces_a_weaker_rule(ory: Any, site: Site, settings: Any, path: str) -> None:
    settings.ORY_MFA_RULES = [("", None)]
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})

    assert location(site.get(path)).startswith(STEP_UP)


def test_declared_age_is_asked_for(ory: Any, site: Site) -> None:
    ory.login(site, age=601)

    assert "refresh=true" in location(site.get("class/fresh"))


def test_hidden_declaration_adds_to_a_weaker_rule(ory: Any, site: Site, settings: Any) -> None:
    settings.ORY_MFA_RULES = [("", "aal1")]
    ory.login(site, age=601)

    assert "refresh=true" in location(site.get("class/hidden"))


def test_hidden_declaration_does_not_lift_the_rule(ory: Any, site: Site, settings: Any) -> None:
    settings.ORY_MFA_RULES = [("", Requirement("aal2", methods={"webauthn"}))]
    ory.login(site)

    assert_denied(site.get("class/hidden"), id="session_refresh_required")


@pytest.mark.parametrize(("rule", "status"), [(None, 302), ("aal1", 302), ("aal2", 302)], ids=str)
def test_requirement_inside_a_view_adds_to_the_rule(
    ory: Any, site: Site, settings: Any, rule: Any, status: int
) -> None:
    settings.ORY_MFA_RULES = [("", rule)]
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})

    response = site.get("inside/aal2")

    assert (response.status_code, location(response).startswith(STEP_UP)) == (status, True)


def test_mixin_without_a_level_adds_the_level_of_the_settings(ory: Any, site: Site, settings: Any) -> None:
    settings.ORY_MFA_RULES = [("", None)]

    assert site.get("class/default").status_code == 302


@pytest.mark.parametrize("path", ["declared/aal2", "class/aal2", "class/attribute", "class/default"])
def test_declared_view_is_judged_with_one_call(ory: Any, site: Site, path: str) -> None:
    ory.login(site)

    assert (site.get(path).status_code, paths(ory)) == (200, ["/sessions/whoami"])


@pytest.mark.parametrize(
    "path", ["page", "declared/aal2", "class/aal2", "class/default", "class/hidden", "inside/aal2"]
)
def test_one_refusal_is_signalled_once(ory: Any, site: Site, denials: list[dict[str, Any]], path: str) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    site.get(path)

    assert [(denial["sender"], denial["decision"].outcome) for denial in denials] == [(OrySession, Outcome.STEP_UP)]


def test_pass_is_not_signalled(ory: Any, site: Site, denials: list[dict[str, Any]]) -> None:
    ory.login(site)

    site.get("declared/aal2")

    assert denials == []


# Who is free.


@pytest.mark.parametrize("path", ["exempt", "exempt/class"])
def test_exempt_view_is_free(ory: Any, site: Site, path: str) -> None:
    ory.login(site)

    assert (site.get(path).content, ory.calls) == (b"open sesame", [])


def test_exempt_view_keeps_its_own_guard(ory: Any, site: Site) -> None:
    assert site.get("exempt/guarded").status_code == 302


def test_exempt_wins_over_a_rule(ory: Any, site: Site, settings: Any) -> None:
    settings.ORY_MFA_RULES = [("", "aal2")]

    assert site.get("exempt").status_code == 200


def test_own_settings_page_is_free(ory: Any, site: Site) -> None:
    assert site.get("/account/security/").status_code == 200


def test_own_step_up_of_aal1_session_is_not_refused(ory: Any, site: Site, denials: list[dict[str, Any]]) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    response = site.get("/account/security/step-up/")

    assert (location(response).startswith(STEP_UP), denials) == (True, [])


def test_own_sign_out_is_free(ory: Any, site: Site) -> None:
    assert site.post("/account/security/logout/").status_code == 303


def test_head_is_refused(ory: Any, site: Site) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    response = site.request("head", "page")

    assert (response.status_code, response.content, location(response)) == (403, b"", "")


def test_missing_page_is_a_404_for_everybody(ory: Any, site: Site) -> None:
    ory.login(site)

    response = site.get("nowhere")

    assert (response.status_code, ory.calls) == (404, [])


def test_redirect_to_the_slash_is_no_business_of_the_policy(ory: Any, site: Site, settings: Any) -> None:
    settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware", *settings.MIDDLEWARE]

    assert location(site.get("/account/security")) == "/account/security/"


# Company.


@pytest.mark.parametrize(("aal", "status"), [("aal1", 302), ("aal2", 200)])
def test_served_files_are_under_the_policy(ory: Any, site: Site, aal: str, status: int) -> None:
    ory.login(site, aal=aal, second_factors={"totp"})

    response = site.get("/static/required.html")
    response.close()

    assert response.status_code == status


def test_served_file_that_passed_is_private(ory: Any, site: Site) -> None:
    ory.login(site)

    response = site.get("/static/required.html")
    response.close()

    assert response["Cache-Control"] == "private"


def test_served_files_can_be_freed(ory: Any, site: Site, settings: Any) -> None:
    settings.ORY_MFA_RULES = [("/static/", None)]

    response = site.get("/static/required.html")
    response.close()

    assert (response.status_code, ory.calls) == (200, [])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("path", ["csrf-exempt", "declared/wrapped"])
def test_csrf_exempt_post_by_cookie_is_checked_all_the_same(ory: Any, mode: str, path: str) -> None:
    site = Site(mode, enforce_csrf_checks=True)
    ory.login(site)

    response = site.post(path)

    assert (response.status_code, b"CSRF" in response.content) == (403, True)


@pytest.mark.parametrize("mode", MODES)
def test_csrf_exempt_post_by_token_passes(ory: Any, mode: str) -> None:
    site = Site(mode, enforce_csrf_checks=True)
    session = ory.login(Site(mode))

    response = site.post("csrf-exempt", headers={"X-Session-Token": session.token})

    assert response.status_code == 200


@pytest.mark.parametrize("mode", MODES)
def test_csrf_exempt_post_to_a_free_page_is_not_checked(ory: Any, mode: str, settings: Any) -> None:
    settings.ORY_MFA_RULES = [("", None)]
    site = Site(mode, enforce_csrf_checks=True)
    ory.login(site)

    assert site.post("csrf-exempt").status_code == 200


def test_refused_post_is_redirected_to_get(ory: Any, site: Site) -> None:
    response = site.post("page")

    assert response.status_code == 303


def test_cache_per_view_under_the_policy_is_an_error(ory: Any, site: Site, settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "policy"}}
    ory.login(site)

    with pytest.raises(ImproperlyConfigured, match="cache_page"):
        site.get("cached")


def test_cache_of_the_whole_site_does_not_hand_pages_on(ory: Any, settings: Any, mode: str) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "whole"}}
    settings.MIDDLEWARE = [
        "django.middleware.cache.UpdateCacheMiddleware",
        *settings.MIDDLEWARE,
        "django.middleware.cache.FetchFromCacheMiddleware",
    ]
    first, second = Site(mode), Site(mode)
    ory.login(first)

    assert (first.get("page").status_code, second.get("page").status_code) == (200, 302)


@pytest.fixture
def auth(settings: Any) -> Iterator[None]:
    """A site with Django's own users beside Ory's, and no database."""
    known_checks = registry.registered_checks.copy()
    settings.INSTALLED_APPS = [
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "django.contrib.messages",
        "django.contrib.admin",
        "django_ory_mfa",
    ]
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    settings.ROOT_URLCONF = "tests.policy_admin_urls"
    settings.MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        SESSION,
        POLICY,
    ]
    settings.TEMPLATES = [
        {
            **settings.TEMPLATES[0],
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ]
    yield
    # Apps register their checks for good, and these ask for a model of users.
    registry.registered_checks = known_checks


@pytest.mark.usefixtures("auth")
def test_admin_is_behind_the_policy(ory: Any, site: Site) -> None:
    assert location(site.get("/admin/")).startswith(LOGIN)


@pytest.mark.usefixtures("auth")
def test_admin_asks_for_its_own_user_after_the_policy(ory: Any, site: Site) -> None:
    ory.login(site)

    assert location(site.get("/admin/")) == "/admin/login/?next=/admin/"


@pytest.mark.usefixtures("auth")
def test_sign_in_page_of_the_admin_is_shown_after_the_policy(ory: Any, site: Site) -> None:
    ory.login(site)

    response = site.get("/admin/login/")

    assert (response.status_code, b'name="password"' in response.content) == (200, True)


@pytest.fixture
def login_required(auth: None, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    settings.LOGIN_URL = "/users/login/"


@pytest.mark.usefixtures("login_required")
def test_login_required_middleware_comes_after_the_policy(ory: Any, site: Site) -> None:
    refused = site.get("page")
    ory.login(site)

    passed = site.get("page")

    assert location(refused).startswith(LOGIN)
    assert location(passed).startswith("/users/login/?next=")


@pytest.mark.usefixtures("login_required")
@pytest.mark.parametrize(("path", "status"), [("", 200), ("step-up/", 302)], ids=["settings", "step-up"])
def test_own_views_are_free_of_login_required_middleware(ory: Any, site: Site, path: str, status: int) -> None:
    ory.login(site)

    response = site.get(f"/account/security/{path}")

    assert (response.status_code, "/users/login/" in location(response)) == (status, False)


@pytest.mark.usefixtures("login_required")
def test_own_sign_out_is_free_of_login_required_middleware(ory: Any, site: Site) -> None:
    assert location(site.post("/account/security/logout/")) == "http://testserver/"


# Rules that only report.


REPORTED = [("^/", "aal2", {"report_only": True})]


def test_rule_that_only_reports_lets_everybody_pass(
    ory: Any, site: Site, settings: Any, denials: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    settings.ORY_MFA_RULES = REPORTED

    response = site.get("page")

    assert (response.status_code, response.content) == (200, b"open sesame")
    assert [(denial["decision"].outcome, denial["report_only"]) for denial in denials] == [(Outcome.LOGIN, True)]
    assert caplog.messages == [f"Would refuse '/{site.mode}/page': login, session_missing"]


def test_rule_that_only_reports_is_silent_about_those_who_may(
    ory: Any, site: Site, settings: Any, denials: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    settings.ORY_MFA_RULES = REPORTED
    ory.login(site)

    assert (site.get("page").status_code, denials, caplog.messages) == (200, [], [])


def test_rule_that_reports_nothing_does_nothing(ory: Any, site: Site, settings: Any, denials: list[Any]) -> None:
    settings.ORY_MFA_RULES = [("^/", None, {"report_only": True})]

    assert (site.get("page").status_code, denials, ory.calls) == (200, [], [])


def test_outage_is_reported_and_breaks_no_page(ory: Any, site: Site, settings: Any, denials: list[Any]) -> None:
    settings.ORY_MFA_RULES = REPORTED
    ory.login(site)
    ory.fail(503)

    assert site.get("page").status_code == 200
    assert [denial["decision"].outcome for denial in denials] == [Outcome.UNAVAILABLE]


def test_path_cannot_write_lines_of_its_own_into_the_log(
    ory: Any, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ORY_MFA_RULES = REPORTED
    Site("sync").get("/sync/page%0aforged")
    Site("sync").get("/sync/page/%0aforged")

    assert [message for message in caplog.messages if "\n" in message] == []


def test_refusal_says_that_it_is_one(ory: Any, site: Site, denials: list[dict[str, Any]]) -> None:
    site.get("page")

    assert [denial["report_only"] for denial in denials] == [False]


def test_guard_of_the_view_never_only_reports(ory: Any, site: Site, settings: Any) -> None:
    settings.ORY_MFA_RULES = REPORTED

    assert site.get("declared/aal1").status_code == 302


# Order.


def test_policy_without_session_middleware_is_a_clear_error(ory: Any, site: Site, settings: Any) -> None:
    settings.MIDDLEWARE = [POLICY]

    with pytest.raises(ImproperlyConfigured, match="OrySessionMiddleware"):
        site.get("page")


def test_policy_before_session_middleware_never_opens_a_page(ory: Any, site: Site, settings: Any) -> None:
    settings.MIDDLEWARE = [POLICY, SESSION]

    try:
        response = site.get("page")
    except ImproperlyConfigured as error:
        assert "OrySessionMiddleware" in str(error)  # noqa: PT017
    else:
        assert response.status_code == 302


def test_policy_before_session_middleware_that_never_ran_is_a_clear_error(ory: Any, site: Site, settings: Any) -> None:
    settings.MIDDLEWARE = [POLICY, "django.middleware.common.CommonMiddleware", SESSION]
    settings.PREPEND_WWW = True

    with pytest.raises(ImproperlyConfigured, match="OrySessionMiddleware"):
        site.get("page")


def test_sync_middleware_stays_sync() -> None:
    middleware = AALRequiredMiddleware(lambda request: None)

    assert not iscoroutinefunction(middleware)


def test_async_middleware_stays_async() -> None:
    async def get_response(request: Any) -> None:
        return None

    assert iscoroutinefunction(AALRequiredMiddleware(get_response))


# Several requirements at once.


def asks_more(request: Any) -> str:
    return "aal2"


def asks_less(request: Any) -> str:
    return "aal1"


AAL1, AAL2, YOUNG = Requirement("aal1"), Requirement("aal2"), Requirement("aal2", max_age=60)


@pytest.mark.parametrize(
    ("declared", "kept"),
    [
        ([AAL1], [AAL1]),
        ([AAL1, AAL2], [AAL2]),
        ([YOUNG, AAL1, AAL2], [YOUNG]),
        ([Configured(), AAL2], [Configured()]),
        ([Configured("aal1"), AAL2], [AAL2]),
        ([Configured("aal2"), AAL1], [Configured("aal2")]),
        ([asks_more, asks_more], [asks_more]),
        ([asks_more, asks_less, AAL2], [asks_more, asks_less, AAL2]),
    ],
)
def test_what_another_requirement_covers_is_not_asked_for(declared: list[Any], kept: list[Any]) -> None:
    assert strictest(declared) == tuple(kept)


def test_what_only_reports_comes_last(settings: Any) -> None:
    settings.ORY_MFA_RULES = [("/", asks_more, {"report_only": True})]

    class Page:
        required_aal = "aal1"

    view: Any = lambda request: HttpResponse()  # noqa: E731
    view.view_class = Page

    assert [demand.origin for demand in demands_on(view, "/page")] == [Origin.VIEW, Origin.REPORT_ONLY]


@pytest.mark.parametrize("value", [Demand(Origin.EXEMPT), Verdict((), None)])
def test_what_the_policy_found_cannot_be_changed(value: Any) -> None:
    for name in ("declared", "refusal"):
        if hasattr(value, name):
            with pytest.raises(FrozenInstanceError):
                setattr(value, name, AAL1)


# A response that did not come from a view.


REFUSED = Verdict((Demand(Origin.SITE_DEFAULT, AAL2),), HttpResponse("refused", status=403))


def leaving(mode: str, verdict: Verdict, response: Any, *, has_no_page: bool = False, **options: Any) -> Any:
    """What becomes of a response to a request that the policy has judged already."""
    state = attach(RequestFactory().get("/sync/page", **options))
    state.site_verdict, state.view_has_no_page = verdict, has_no_page
    steps = guard_answer_steps(state.request, response)
    return run(steps) if mode == "sync" else LOOP.run(arun(steps))


@pytest.mark.parametrize(("status", "is_kept"), [(200, False), (302, False), (399, False), (400, True), (500, True)])
def test_error_of_a_refused_request_is_kept(ory: Any, mode: str, status: int, *, is_kept: bool) -> None:
    response = HttpResponse(status=status)

    assert leaving(mode, REFUSED, response) is (response if is_kept else REFUSED.refusal)


@pytest.mark.parametrize(("status", "is_kept"), [(199, False), (200, True), (299, True), (300, False)])
def test_answer_to_a_preflight_is_kept_if_it_is_one(ory: Any, mode: str, status: int, *, is_kept: bool) -> None:
    preflight: dict[str, Any] = {
        "REQUEST_METHOD": "OPTIONS",
        "HTTP_ORIGIN": "x",
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT",
    }
    response = HttpResponse(status=status)

    assert leaving(mode, REFUSED, response, **preflight) is (response if is_kept else REFUSED.refusal)


def test_page_that_is_not_rendered_yet_leaves_rendered(ory: Any, mode: str) -> None:
    page = TemplateResponse(RequestFactory().get("/"), engines["django"].from_string("refused"), status=403)

    answer = leaving(mode, Verdict(REFUSED.demands, page), HttpResponse("page"))

    assert (answer, answer.is_rendered, answer.content) == (page, True, b"refused")


@pytest.mark.parametrize(
    ("status", "has_no_page", "is_refused", "times"),
    [
        (200, False, False, 0),
        (302, False, False, 0),
        (404, True, False, 0),
        (400, True, False, 0),
        (200, True, True, 0),
        (200, True, False, 1),
    ],
)
def test_page_is_judged_once_more_only_if_the_view_that_passed_has_none(
    ory: Any, mode: str, settings: Any, status: int, times: int, *, has_no_page: bool, is_refused: bool
) -> None:
    asked = []

    def wanted(request: Any) -> None:
        asked.append(request)

    settings.ORY_MFA_RULES = [("/", wanted)]
    verdict = Verdict((Demand(Origin.VIEW, wanted),), REFUSED.refusal if is_refused else None)
    settings.ROOT_URLCONF = (path("sync/page", aal_required(requirement=wanted)(views.page)),)

    leaving(mode, verdict, HttpResponse(status=status), has_no_page=has_no_page)

    assert len(asked) == times
