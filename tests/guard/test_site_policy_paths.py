"""Rules at odd paths and methods: language prefixes, control characters, OPTIONS, and pages that look like ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import copy_context
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.http import HttpResponse
from django.urls import ResolverMatch, include, path, re_path, resolve
from django.utils.functional import lazy
from django.utils.translation import get_language, override
from django.views.static import serve

from django_ory_mfa import Outcome, Requirement
from django_ory_mfa import urls as own_urls
from django_ory_mfa.guard.site_policy import Origin, demands_on
from django_ory_mfa.guard.spellings import MOST, MOST_CHARACTERS, spellings
from django_ory_mfa.signals import aal_denied
from tests import views
from tests.guard.test_site_policy_answers import inside, outside
from tests.policy_middleware import MADE
from tests.policy_urls import spelling
from tests.site import LOOP, Site, location

POLICY = "django_ory_mfa.middleware.AALRequiredMiddleware"
LOCALE = "django.middleware.locale.LocaleMiddleware"
STEP_UP = "http://127.0.0.1:4433/self-service/login/browser?aal=aal2"
LOGIN = "http://127.0.0.1:4433/self-service/login/browser?return_to"
PREFLIGHT = {"Origin": "https://app.example", "Access-Control-Request-Method": "PUT"}


@pytest.fixture(autouse=True)
def policy(settings: Any) -> Any:
    settings.ROOT_URLCONF = "tests.policy_urls"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, POLICY]
    return settings


@pytest.fixture
def denials() -> Iterator[list[dict[str, Any]]]:
    seen: list[dict[str, Any]] = []

    def note(**kwargs: Any) -> None:
        seen.append(kwargs)

    aal_denied.connect(note)
    yield seen
    aal_denied.disconnect(note)


def urlconf(*patterns: Any) -> ModuleType:
    module = ModuleType("made_up_urls")
    module.urlpatterns = list(patterns)  # type: ignore[attr-defined]
    return module


def aal1(ory: Any, site: Site) -> None:
    """Signs somebody in who has a second factor and did not use it."""
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"})


# OPTIONS.

SHAPES = ["page", "class/attribute", "class/default", "declared/aal1", "declared/aal2", "csrf-exempt"]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("header", [None, "Origin", "Access-Control-Request-Method"])
def test_options_is_guarded_like_any_other_method(ory: Any, site: Site, shape: str, header: str | None) -> None:
    headers = {} if header is None else {header: PREFLIGHT[header]}

    response = site.request("options", shape, headers=headers)

    assert (location(response).startswith(LOGIN), response.content) == (True, b"")


@pytest.mark.parametrize("method", ["options", "trace", "put", "patch", "delete", "post", "get"])
def test_every_method_is_guarded_below_the_level(ory: Any, site: Site, method: str) -> None:
    aal1(ory, site)

    assert location(site.request(method, "page")).startswith(STEP_UP)


@pytest.mark.parametrize("method", ["get", "head", "post"])
def test_headers_of_a_preflight_open_no_other_method(ory: Any, site: Site, method: str) -> None:
    assert location(site.request(method, "page", headers=PREFLIGHT)).startswith(LOGIN)


@pytest.mark.parametrize("method", ["PROPFIND", "options", "OpTiOnS", "X"])
def test_method_that_nobody_knows_is_guarded(ory: Any, site: Site, method: str) -> None:
    response = site.client.generic(method, f"/{site.mode}/page")
    response = LOOP.run(response, context=copy_context()) if site.mode == "async" else response

    assert location(response).startswith(LOGIN)


def test_options_of_those_who_may_reaches_the_view(ory: Any, site: Site) -> None:
    ory.login(site)

    response = site.request("options", "class/attribute")

    assert (response.status_code, "GET" in response["Allow"]) == (200, True)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("signed_in", [False, True])
def test_preflight_gets_an_empty_answer_and_no_view_runs(
    ory: Any, site: Site, denials: list[Any], shape: str, *, signed_in: bool
) -> None:
    if signed_in:
        ory.login(site)

    response = site.request("options", shape, headers=PREFLIGHT)

    assert (response.status_code, response.content, ory.calls, denials) == (204, b"", [], [])
    assert "Allow" not in response.headers


@pytest.mark.parametrize("shape", ["exempt", "exempt/class"])
def test_preflight_of_a_free_view_reaches_it(ory: Any, site: Site, shape: str) -> None:
    assert site.request("options", shape, headers=PREFLIGHT).status_code == 200


def test_preflight_where_a_rule_asks_nothing_reaches_the_view(ory: Any, site: Site, settings: Any) -> None:
    settings.ORY_MFA_RULES = [("/", None)]

    assert site.request("options", "page", headers=PREFLIGHT).content == b"open sesame"


def test_preflight_is_not_reported(ory: Any, site: Site, settings: Any, denials: list[Any]) -> None:
    settings.ORY_MFA_RULES = [("/", "aal2", {"report_only": True})]

    response = site.request("options", "page", headers=PREFLIGHT)

    assert (response.content, denials, ory.calls) == (b"open sesame", [], [])


@pytest.mark.parametrize("place", ["outside", "inside"])
@pytest.mark.parametrize("url", ["page", "declared/aal2", "nowhere"])
def test_django_cors_headers_answers_a_preflight(ory: Any, site: Site, settings: Any, place: str, url: str) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]
    cors = "corsheaders.middleware.CorsMiddleware"
    settings.MIDDLEWARE = [cors, *settings.MIDDLEWARE] if place == "outside" else [*settings.MIDDLEWARE, cors]

    response = site.request("options", url, headers=PREFLIGHT)

    assert (response.status_code, response.content) == (200, b"")
    assert response["Access-Control-Allow-Origin"] == "https://app.example"


def test_middleware_that_makes_its_own_empty_answer_answers_a_preflight(ory: Any, site: Site, settings: Any) -> None:
    inside(settings, "preflights")

    response = site.request("options", "page", headers=PREFLIGHT)

    assert (response.status_code, response["Access-Control-Allow-Origin"]) == (200, "https://app.example")


@pytest.mark.parametrize("maker", ["fallback", "redirects", "page", "moved", "streams", "file"])
def test_preflight_is_given_no_page_that_a_middleware_made(ory: Any, site: Site, settings: Any, maker: str) -> None:
    inside(settings, maker)

    response = site.request("options", "nowhere", headers=PREFLIGHT)

    assert (response.status_code, response.content, location(response)) == (204, b"", "")


def test_preflight_has_no_server_in_front_send_a_file(ory: Any, site: Site, settings: Any) -> None:
    inside(settings, "media")

    response = site.request("options", "nowhere", headers=PREFLIGHT)

    assert response["Access-Control-Allow-Origin"] == "https://app.example"
    assert ("X-Accel-Redirect" in response.headers, response.cookies) == (False, {})


def test_preflight_is_given_no_page_that_a_middleware_puts_in_place_of_the_answer(
    ory: Any, site: Site, settings: Any
) -> None:
    inside(settings, "overrides")

    assert site.request("options", "page", headers=PREFLIGHT).content == b""


@pytest.mark.parametrize("place", [inside, outside])
@pytest.mark.parametrize("headers", [{}, PREFLIGHT], ids=["plain", "preflight"])
def test_method_that_is_overridden_by_a_header_opens_nothing(
    ory: Any, site: Site, settings: Any, place: Any, headers: dict[str, str]
) -> None:
    place(settings, "method_override")

    response = site.post("page", headers={"X-HTTP-Method-Override": "OPTIONS", **headers})

    assert b"open sesame" not in response.content
    assert response.status_code == (204 if headers else 302)


# Language prefixes.


@pytest.fixture(params=[False, True], ids=["default without prefix", "default with prefix"])
def languages(settings: Any, request: Any) -> Any:
    settings.USE_I18N, settings.LANGUAGE_CODE = True, "en"
    settings.LANGUAGES = [("en", "English"), ("de", "German"), ("pt-br", "Brazilian Portuguese")]
    settings.MIDDLEWARE = [LOCALE, *settings.MIDDLEWARE]
    pages = [path("", views.page), path("vault/", views.page), path("public/", views.page), path("de/", views.page)]
    settings.ROOT_URLCONF = urlconf(*i18n_patterns(*pages, prefix_default_language=request.param))
    settings.IS_PREFIXED = request.param
    return settings


@pytest.mark.parametrize("url", ["/de/vault/", "/pt-br/vault/"])
def test_language_prefix_passes_no_rule(ory: Any, site: Site, languages: Any, url: str) -> None:
    languages.ORY_MFA_AAL, languages.ORY_MFA_RULES = "aal1", [("/vault/", "aal2")]
    aal1(ory, site)

    assert location(site.get(url)).startswith(STEP_UP)


def test_path_without_prefix_needs_what_its_rule_asks_for(ory: Any, site: Site, languages: Any) -> None:
    languages.ORY_MFA_AAL, languages.ORY_MFA_RULES = "aal1", [("/vault/", "aal2")]
    aal1(ory, site)

    assert location(site.get("/en/vault/" if languages.IS_PREFIXED else "/vault/")).startswith(STEP_UP)


@pytest.mark.parametrize(
    ("rules", "is_shown"),
    [
        ([("/de/", None), ("/vault/", "aal2")], False),
        ([("/vault/", "aal2"), ("/", None)], False),
        ([("/de/vault/", "aal1"), ("/vault/", "aal2")], False),
        ([("/de/vault/", "aal2"), ("/vault/", "aal1")], False),
        ([("/de/vault/", "aal2"), ("/vault/", None)], False),
        ([("/de/", "aal1"), (".*vault", "aal2")], False),
        ([("/vault/", None)], False),
        ([("/vault/", "aal1")], False),
        ([("/de/", "aal1"), ("/vault/", lambda request: "aal2")], False),
        ([("/de/", lambda request: "aal1"), ("/vault/", "aal2")], False),
        ([("/de/", lambda request: "aal2"), ("/vault/", "aal1")], False),
        ([("/de/", lambda request: None), ("/vault/", lambda request: "aal2")], False),
        ([("/de/", "aal1"), ("/vault/", Requirement("aal1", max_age=60))], False),
        ([("/de/vault/", "aal1"), ("/vault/", "aal1")], True),
        ([("/de/vault/", "aal1"), ("/vault/", None)], True),
        ([("/de/vault/", "aal1"), ("/other/", "aal2")], True),
        ([("/de/vault/", "aal1"), ("/", "aal2")], True),
        ([("/de/vault/", "aal1"), ("", "aal2")], True),
        ([("(/de)?/vault/", "aal1"), (".*", "aal2")], True),
        ([("/de/", "aal1")], True),
        ([("/de/", "aal1"), ("/vault/", "aal2", {"report_only": True})], True),
        ([("/de/", lambda request: "aal1"), ("/vault/", lambda request: None)], True),
    ],
)
def test_stricter_of_both_rules_counts(
    ory: Any, site: Site, languages: Any, rules: list[Any], *, is_shown: bool
) -> None:
    languages.ORY_MFA_RULES = rules
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors={"totp"}, age=61)

    assert (site.get("/de/vault/").content == b"open sesame") is is_shown


def test_folder_that_is_no_language_is_no_prefix(languages: Any) -> None:
    languages.ORY_MFA_AAL, languages.ORY_MFA_RULES = "aal1", [("/vault/", "aal2")]

    assert [demand.origin for demand in demands_on(None, "/xy/vault/")] == [Origin.SITE_DEFAULT]
    assert [demand.origin for demand in demands_on(None, "/de/vault/")] == [Origin.RULE]


def test_rule_for_everything_is_no_stricter_with_a_prefix(ory: Any, site: Site, languages: Any) -> None:
    languages.ORY_MFA_RULES = [(r"/(de|en)/public/", None), ("/", "aal2")]

    assert (site.get("/de/public/").content, location(site.get("/de/vault/"))[:4]) == (b"open sesame", "http")


def test_stricter_rule_of_both_only_reports(ory: Any, site: Site, languages: Any, denials: list[Any]) -> None:
    languages.ORY_MFA_RULES = [("/vault/", "aal2", {"report_only": True}), ("/de/", "aal1")]
    refused = site.get("/de/vault/")
    aal1(ory, site)

    passed = site.get("/de/vault/")

    assert (refused.status_code, passed.content) == (302, b"open sesame")
    assert [(denial["decision"].outcome, denial["report_only"]) for denial in denials] == [
        (Outcome.LOGIN, False),
        (Outcome.STEP_UP, True),
    ]


def test_rule_that_only_reports_is_not_reported_where_another_refuses(
    ory: Any, site: Site, languages: Any, denials: list[Any]
) -> None:
    languages.ORY_MFA_RULES = [("/de/", "aal2", {"report_only": True}), ("/vault/", "aal1")]

    refused = site.get("/de/vault/")

    assert (refused.status_code, [denial["report_only"] for denial in denials]) == (302, [False])


AGED, FRESH = Requirement("aal2", max_age=600), Requirement("aal2", max_age=60)
APP, TWO = Requirement("aal2", methods={"totp"}), Requirement("aal2", methods={"totp", "webauthn"})
KEY, FRESH_APP = Requirement("aal2", methods={"webauthn"}), Requirement("aal2", 60, {"totp"})
AAL1, AAL2, HIGHEST = Requirement("aal1"), Requirement("aal2"), Requirement("highest_available")


@pytest.mark.parametrize(
    ("one", "other", "kept"),
    [
        (AAL1, AAL2, [AAL2]),
        (AAL1, HIGHEST, [HIGHEST]),
        (HIGHEST, AAL2, [AAL2]),
        (AAL2, AGED, [AGED]),
        (AGED, FRESH, [FRESH]),
        (AAL2, APP, [APP]),
        (APP, TWO, [APP]),
        (APP, FRESH_APP, [FRESH_APP]),
        (FRESH, FRESH_APP, [FRESH_APP]),
        (AGED, APP, [AGED, APP]),
        (APP, KEY, [APP, KEY]),
        (Requirement("aal1", max_age=60), AAL2, [Requirement("aal1", max_age=60), AAL2]),
        (Requirement("aal1", max_age=600), FRESH, [FRESH]),
        (AAL2, AAL2, [AAL2]),
        (None, AAL1, [AAL1]),
        (None, None, [None]),
    ],
    ids=lambda one: (
        "none"
        if one is None
        else type(one).__name__
        if isinstance(one, list)
        else f"{one.aal} {one.max_age} {sorted(one.methods or ())}"
    ),
)
@pytest.mark.parametrize("is_turned", [False, True])
def test_requirement_that_the_other_one_implies_is_not_judged(
    languages: Any, one: Any, other: Any, kept: list[Any], *, is_turned: bool
) -> None:
    by_prefix, by_path = (other, one) if is_turned else (one, other)
    languages.ORY_MFA_RULES = [("/de/", by_prefix), ("/vault/", by_path)]

    found = [demand.declared for demand in demands_on(None, "/de/vault/")]

    assert found == (kept[::-1] if is_turned else kept)


def test_start_page_of_a_language_has_the_rule_of_the_start_page(ory: Any, site: Site, languages: Any) -> None:
    languages.ORY_MFA_AAL, languages.ORY_MFA_RULES = "aal1", [("/$", "aal2")]
    aal1(ory, site)

    assert location(site.get("/de/")).startswith(STEP_UP)


def test_prefix_is_taken_off_once(ory: Any, site: Site, languages: Any) -> None:
    languages.ORY_MFA_AAL, languages.ORY_MFA_RULES = "aal1", [("/$", "aal2")]
    aal1(ory, site)

    assert site.get("/de/de/").content == b"open sesame"


@pytest.mark.parametrize("url", ["/de/vault/made", "/DE/vault/made", "/de-at/vault/made", "/de/vault/made\u00e9"])
def test_language_prefix_of_a_fallback_page_passes_no_rule(ory: Any, site: Site, languages: Any, url: str) -> None:
    inside(languages, "fallback")
    languages.ORY_MFA_AAL, languages.ORY_MFA_RULES = "aal1", [("/vault/", "aal2")]
    aal1(ory, site)

    refused, other = site.get(url), site.get("/de/made")

    assert (location(refused).startswith(STEP_UP), other.content) == (True, MADE)


@pytest.mark.parametrize("url", ["/de", f"/{'x' * 600}/vault/", f"/de-{'x' * 600}/vault/", "/d\u00e9/"])
def test_odd_prefix_breaks_nothing(ory: Any, site: Site, languages: Any, url: str) -> None:
    languages.ORY_MFA_RULES = [("/vault/", "aal2")]
    inside(languages, "page")

    assert location(site.get(url)).startswith(LOGIN)


@pytest.mark.parametrize("use_i18n", [False, True])
def test_word_that_looks_like_a_language_is_none_without_language_patterns(
    ory: Any, site: Site, settings: Any, *, use_i18n: bool
) -> None:
    settings.USE_I18N = use_i18n
    settings.ROOT_URLCONF = urlconf(path("it/reports/", views.page))
    settings.ORY_MFA_RULES = [("/it/", "aal1"), ("/reports/", "aal2")]
    aal1(ory, site)

    assert site.get("/it/reports/").content == b"open sesame"


def test_language_patterns_of_the_request_count(ory: Any, site: Site, languages: Any) -> None:
    languages.MIDDLEWARE = [*languages.MIDDLEWARE, "tests.policy_middleware.moves_urls"]
    languages.ORY_MFA_RULES = [("/de/", "aal1"), ("/vault/", "aal2")]
    inside(languages, "page")
    aal1(ory, site)

    assert site.get("/de/vault/").content == MADE


# Control characters.

CONTROLS = ["%00", "%01", "%09", "%0A", "%0D", "%1F", "%7F"]


@pytest.fixture
def odd_paths(settings: Any) -> Any:
    settings.ROOT_URLCONF = urlconf(path("exact", views.page), path("exact<str:rest>", views.page))
    return settings


@pytest.mark.parametrize("control", CONTROLS)
def test_path_with_a_control_character_is_freed_by_no_rule(ory: Any, site: Site, odd_paths: Any, control: str) -> None:
    odd_paths.ORY_MFA_RULES = [("/exact", None)]

    assert location(site.get(f"/exact{control}")).startswith(LOGIN)


@pytest.mark.parametrize("rule", ["/exact$", "/exact", "", "/exact(?s:.*)"])
@pytest.mark.parametrize("requirement", [None, "aal1", lambda request: None, lambda request: "aal1"])
def test_path_with_a_control_character_needs_the_level_of_the_settings(
    ory: Any, site: Site, odd_paths: Any, rule: str, requirement: Any
) -> None:
    odd_paths.ORY_MFA_RULES = [(rule, requirement)]
    aal1(ory, site)

    assert location(site.get("/exact%0A")).startswith(STEP_UP)


@pytest.mark.parametrize("control", CONTROLS)
def test_path_with_a_control_character_needs_what_a_stricter_rule_asks_for(
    ory: Any, site: Site, odd_paths: Any, control: str
) -> None:
    odd_paths.ORY_MFA_AAL, odd_paths.ORY_MFA_RULES = "aal1", [("/exact", "aal2")]
    aal1(ory, site)

    assert location(site.get(f"/exact{control}")).startswith(STEP_UP)


def test_fallback_page_with_a_control_character_is_freed_by_no_rule(ory: Any, site: Site, odd_paths: Any) -> None:
    inside(odd_paths, "fallback")
    odd_paths.ORY_MFA_RULES = [("/made$", None)]

    refused, passed = site.get("/made%0A"), site.get("/made")

    assert (location(refused).startswith(LOGIN), passed.content) == (True, MADE)


def test_rule_that_only_reports_frees_no_path_with_a_control_character(ory: Any, site: Site, odd_paths: Any) -> None:
    odd_paths.ORY_MFA_RULES = [("/", "aal2", {"report_only": True})]

    assert location(site.get("/exact%0A")).startswith(LOGIN)


@pytest.mark.parametrize("url", ["/exact", "/exact%20", "/exact%21", "/exact%C3%A9", "/exact%C2%85", "/exact%E2%80%A8"])
def test_path_without_a_control_character_is_freed(ory: Any, site: Site, odd_paths: Any, url: str) -> None:
    odd_paths.ORY_MFA_RULES = [("/exact", None)]

    assert site.get(url).content == b"open sesame"


# Dots and empty segments.

# As a server of WSGI passes on what a browser would never send.
DOTTED = [
    "/files/public/../private/pay.txt",
    "/files/public/%2e%2e/private/pay.txt",
    "/files/public/..%2fprivate/pay.txt",
    "/files/public/.././private/pay.txt",
    "/files/public/..%5Cprivate/pay.txt",
    "/files/public/x/../../private/pay.txt",
]


@pytest.fixture
def files(settings: Any, tmp_path: Path) -> Any:
    """A site that serves files, as Django's own view does, which takes the dots away."""
    for folder in ("public", "private"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "pay.txt").write_text(folder)
    settings.ROOT_URLCONF = urlconf(
        path("files/<path:path>", serve, {"document_root": str(tmp_path)}),
        path("<path:anything>", views.page),
    )
    return settings


@pytest.mark.parametrize("url", DOTTED)
def test_path_with_dots_is_freed_by_no_rule(ory: Any, site: Site, files: Any, url: str) -> None:
    files.ORY_MFA_RULES = [("/files/public/", None)]

    assert location(site.get(url)).startswith(LOGIN)


@pytest.mark.parametrize(
    "url", [*DOTTED, "/files/./private/pay.txt", "/files//private/pay.txt", "/files//../private/pay.txt"]
)
@pytest.mark.parametrize("others", [[], [("/", "aal1")], [("/files/public/", None)]])
def test_rule_holds_for_the_path_without_dots_and_empty_segments(
    ory: Any, site: Site, files: Any, url: str, others: Any
) -> None:
    files.ORY_MFA_AAL, files.ORY_MFA_RULES = "aal1", [("/files/private/", "aal2"), *others]
    aal1(ory, site)

    assert location(site.get(url)).startswith(STEP_UP)


def test_rule_for_every_path_holds_for_what_the_dots_lead_to(ory: Any, site: Site, files: Any) -> None:
    files.ORY_MFA_AAL, files.ORY_MFA_RULES = "aal1", [("/files/public/", "aal1"), ("/", "aal2")]
    aal1(ory, site)

    assert location(site.get("/files/public/../private/pay.txt")).startswith(STEP_UP)


@pytest.mark.parametrize(
    "url",
    [
        *["/a/./b", "/a/../b", "/a/b/..", "/a/.", "/..", "//a/../b", "/a\\b", "/a/..\\b", "/files//../private/pay.txt"],
        # As in the first line of a request that uvicorn passes on.
        *["files/private/pay.txt", "private", "*", ""],
    ],
)
def test_path_that_may_be_any_page_needs_what_every_rule_asks_for(files: Any, url: str) -> None:
    """Views read them in ways of their own: Django's serve() takes ``..`` at the top for nothing."""
    files.ORY_MFA_AAL = "aal1"
    files.ORY_MFA_RULES = [("/other/", Requirement("aal1", max_age=60)), ("/files/private/", "aal2"), ("/", None)]

    found = [demand.declared for demand in demands_on(None, url)]

    assert found == [Requirement("aal1", max_age=60), Requirement("aal2")]


@pytest.mark.parametrize("url", ["/a/.b", "/a/b..", "/a/...", "/a//b", "/"])
def test_dots_in_a_name_are_no_segments(files: Any, url: str) -> None:
    files.ORY_MFA_AAL, files.ORY_MFA_RULES = "aal1", [("/files/private/", "aal2")]

    assert [demand.origin for demand in demands_on(None, url)] == [Origin.SITE_DEFAULT]


@pytest.mark.parametrize("old_path", ["/old", "//old"])
def test_rule_for_a_path_with_a_slash_holds_where_a_fallback_adds_it(files: Any, old_path: str) -> None:
    files.ORY_MFA_AAL, files.ORY_MFA_RULES = "aal1", [(r"/old/$", "aal2")]
    files.ROOT_URLCONF = urlconf()

    assert [demand.declared for demand in demands_on(None, old_path)] == [Requirement("aal2")]


def test_rule_that_frees_a_path_does_not_free_that_with_a_slash_which_a_fallback_adds(files: Any) -> None:
    files.ORY_MFA_RULES = [("/old$", None), ("/old/$", "aal2")]
    files.ROOT_URLCONF = urlconf()

    assert [demand.declared for demand in demands_on(None, "/old")] == [Requirement("aal2")]


def test_no_slash_is_added_where_nothing_is_looked_up(settings: Any) -> None:
    settings.ORY_MFA_RULES = [("/report/7/", "aal2"), ("/", None)]
    match = path("report/<int:number>", views.page).resolve("report/7")

    assert [demand.declared for demand in demands_on(views.page, "/report/7", None, match)] == [None]


def test_sign_that_is_not_known_needs_what_rules_ask_and_no_more(settings: Any) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal2", [("/secret/", "aal1"), ("/", None)]

    assert [demand.declared for demand in demands_on(None, "/\u2764/")] == [Requirement("aal1")]


def test_slash_that_belongs_to_no_parameter_is_not_dropped(settings: Any) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [("/ann/page$", "aal2")]
    match = path("<name>/page/", views.page).resolve("ann/page/")

    assert [demand.origin for demand in demands_on(views.page, "/ann/page/", None, match)] == [Origin.SITE_DEFAULT]


SECRET = [
    *["/SECRET-page/", "/Secret-Page/", "/s\u00e9cret-page/", "/secret-page/ ", "/\uff33ecret-page/", "/secret-page /"],
    *["/sec\u200bret-page/", "/sec\x01ret-page/", "/se\u0327cret-page/", "//SECRET-page/"],
]


@pytest.mark.parametrize("url", SECRET)
@pytest.mark.parametrize("pattern", ["/secret-page/$", "/Secret-Page/", "/s\u00e9cret-page/"])
@pytest.mark.parametrize("patterns", [[], [path("<path:url>", views.page)]], ids=["fallback", "parameter"])
@pytest.mark.parametrize("others", [[], [("/", "aal1")]], ids=["alone", "before the rest"])
def test_rule_holds_for_what_a_database_takes_for_the_same_text(
    settings: Any, url: str, pattern: str, patterns: Any, others: Any
) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [(pattern, "aal2"), *others]
    match = urlconf(*patterns).urlpatterns[0].resolve(url[1:]) if patterns else None

    assert Requirement("aal2") in [demand.declared for demand in demands_on(None, url, None, match)]


@pytest.mark.parametrize(
    ("rule", "url"),
    [
        ("/b\u00fcro/", "/BURO/"),
        ("/stra\u00dfe/", "/STRASSE/"),
        ("/strasse/", "/Stra\u00dfe/"),
        ("/l\u00f3d\u017a/", "/\u0141odz/"),
        ("/\u00e6on/", "/AEON/"),
        # A pattern that cannot be changed still ignores case.
        ("/[a-\u00e9]+/[\u00e9-\uff21]x/", "/A/\u00e9X/"),
        ("/(?x: se .et )/", "/SE\nET/"),
        ("/(?P<gr\u00f6\u00dfe>xl)/", "/XL/"),
    ],
)
def test_letters_that_a_database_compares_alike_are_alike_in_rules(settings: Any, rule: str, url: str) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [(rule, "aal2")]

    assert Requirement("aal2") in [demand.declared for demand in demands_on(None, url)]


@pytest.mark.parametrize(
    ("rule", "url"),
    [
        # What other shapes of a sign are decomposed to, also where that is no letter.
        ("/intern/", "/intern\uff0f"),
        ("/intern/", "/intern\uff0fa/"),
        ("/hr-docs/", "/hr\uff0ddocs/"),
        ("/hr-docs/", "/hr\ufe63docs/"),
        ("/a/c/", "/\u2100/"),
        ("/top secret/$", "/top\u3000secret\u00a0/"),
        ("/a!/", "/a\uff01/"),
        ("/a\uff01/", "/a!/"),
        ("/report-7/", "/report-\u0667/"),
        ("/i/", "/\u0131/"),
        ("/mas/", "/ma\u00df/"),
        ("/ma\u00df/", "/MAS/"),
        ("/ma\u00df/", "/mass/"),
        (r"/b\u00fcro/", "/buro/"),
        ("/B\u00fcro/", "/buro/"),
        ("/ga\u0140/", "/gal/"),
        ("/hr-policy/", "/hr-polic\u00fc/"),
        ("/payroll/", "/pa\u0171roll/"),
        ("/geh\u00e4lter/", "/gehaelter/"),
        ("/gehaelter/", "/GEH\u00c4LTER/"),
        ("/b\u00fcro/", "/bu\u0308ro/"),
        ("/b\u00fcro/", "/bYro/"),
        ("/\u00e5r/", "/aar/"),
        ("/aar/", "/\u00e5r/"),
        ("/b\u00f6l/", "/b\u0153l/"),
        ("/as/", "/\u00e6s/"),
        ("/ma\u00df+e/", "/masse/"),
        ("/\u00e6?on/", "/aeon/"),
        ("/\u0433/", "/\u0491/"),
        ("/\u05de\u05dc\u05db/", "/\u05de\u05dc\u05da/"),
        ("/intern/", "/inter\u0870n/"),
        ("/\u043e/", "/\u1c82/"),
        (r"/b\xfcr\U000000f6/", "/buro/"),
        ("/\u03b1/", "/\u1fb3/"),
        # What databases compare in ways of their own.
        ("/intern/", "/int\u0364rn/"),
        ("/intern/", "/inte\U0001f181n/"),
        ("/intern/", "/inter\u2c7bn/"),
        ("/intern/", "/intern\u0640/"),
        ("/intern/", "/intern\u1cf2/"),
        ("/intern/", "/intern\ufe71/"),
        ("/intern/", "/intern\u1680/"),
        ("/intern/", "/intern\u2764/"),
        ("/\U0001f600/", "/\U0001f60e/"),
        ("/intern/", "/intern\u0378/"),
    ],
)
@pytest.mark.parametrize("others", [[], [("/", None)]], ids=["alone", "before the rest"])
def test_rule_holds_for_signs_of_which_a_database_may_think_alike(
    settings: Any, rule: str, url: str, others: list[Any]
) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [(rule, "aal2"), *others]

    assert Requirement("aal2") in [demand.declared for demand in demands_on(None, url)]


@pytest.mark.parametrize(
    "url",
    [
        "/d\u00e9j\u00e0-vu/",
        "/Tom\u2019s-caf\u00e9/",
        "/a\u2013b/",
        "/5\u20ac/",
        "/\u043d\u043e\u0432\u043e\u0441\u0442\u0438/",
        "/\u03bd\u03ad\u03b1/",
        "/\u0939\u093f\u0928\u094d\u0926\u0940/",
        "/\u0e02\u0e48\u0e32\u0e27/",
        "/\u65e5\u672c\u8a9e\u30fb\u30d2\u30fc\u30ed\u30fc/",
        "/\ud55c\uad6d\uc5b4/",
        "/\u05e2\u05d1\u05e8\u05d9\u05ea/",
        "/\u0627\u0644\u0639\u0631\u0628\u064a\u0629/",
        "/soft\u00adhyphen/",
        "/a\u00a0b/",
        "/\u0646\u200c\u0627/",
        "/az\u0259rbaycan/",
        "/s\u00e1\u014bgiid/",
        "/K\u0254\u0194/",
    ],
)
def test_rule_holds_for_no_other_words_of_whatever_language(settings: Any, url: str) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [("/secret/", "aal2"), ("/", None)]

    assert [demand.declared for demand in demands_on(None, url)] == [None]


@pytest.mark.parametrize("pattern", ["^cms/", "", "cms/"])
@pytest.mark.parametrize("url", ["/cms/SECRET/", "/cms/s\u00e9cret/", "/cms/secret\uff0f"])
def test_rule_holds_where_a_view_looks_the_whole_path_up(settings: Any, pattern: str, url: str) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [("/cms/secret/", "aal2"), ("/", None)]
    match = re_path(pattern, views.page).resolve(url[1:])

    assert Requirement("aal2") in [demand.declared for demand in demands_on(views.page, url, None, match)]


@pytest.mark.parametrize("text", ["1", "01", "+1", " 1", "1\u00a0", "\u20031", "0_1", "\uff11"])
@pytest.mark.parametrize("route", ["docs/<str:pk>/", "docs/<pk>/edit/"])
def test_rule_for_a_number_holds_for_all_that_is_read_as_that_number(settings: Any, text: str, route: str) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [("/docs/1/", "aal2"), ("/", None)]
    url = route.replace("<str:pk>", text).replace("<pk>", text)
    match = path(route, views.page).resolve(url)

    assert Requirement("aal2") in [demand.declared for demand in demands_on(views.page, f"/{url}", None, match)]


@pytest.mark.parametrize("url", ["/report/+7/+8/", "/report/+7/08/", "/report/ 7/ 8/", "/report/0_7/8 /"])
def test_rule_for_two_numbers_holds_for_all_that_is_read_as_them(settings: Any, url: str) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [("/report/7/8/", "aal2"), ("/", None)]
    match = path("report/<str:a>/<str:b>/", views.page).resolve(url[1:])

    assert Requirement("aal2") in [demand.declared for demand in demands_on(views.page, url, None, match)]


def test_rule_for_zero_holds_for_zeros(settings: Any) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [("/docs/0/", "aal2"), ("/", None)]
    match = path("docs/<int:n>/", views.page).resolve("docs/00/")

    assert Requirement("aal2") in [demand.declared for demand in demands_on(views.page, "/docs/00/", None, match)]


@pytest.mark.parametrize(
    ("route", "url", "rule"),
    [
        ("team/<int:team>/room-01/", "/team/07/room-01/", "/team/7/room-01/"),
        ("reports/<int:d>/<int:y>/<int:m>/", "/reports/07/2026/1/", "/reports/7/2026/01/"),
        ("rep-<str:pk>/", "/rep-+1/", "/rep-1/"),
        ("m<int:month>/", "/m1/", "/m01/"),
        ("docs/<str:pk>.html", "/docs/ 1.html", r"/docs/1\.html"),
        ("docs/<str:pk>/", f"/docs/{UUID(int=10).hex}/", f"/docs/{UUID(int=10)}/"),
        ("docs/<str:pk>/", "/docs/+7.00/", "/docs/7/"),
        ("y<int:year>/", "/y07/", "/y7/"),
        ("<path:rest>", f"/{'7/' * 9}", "/secret/"),
    ],
)
def test_rule_holds_for_each_number_written_otherwise(settings: Any, route: str, url: str, rule: str) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [(rule, "aal2"), ("/", None)]
    match = path(route, views.page).resolve(url[1:])

    assert Requirement("aal2") in [demand.declared for demand in demands_on(views.page, url, None, match)]


def test_rule_holds_for_no_other_page_of_many_numbers(settings: Any) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [("/secret/", "aal2"), ("/", None)]

    assert [
        demand.declared for demand in demands_on(None, f"/2026/10/4e079061-4dfb-4bc4-9f3a-dc969d68ac1d/{'7/' * 5}")
    ] == [None]


PUBLIC_BUT = r"/(?!intern/|hr-policy/|old-page/|wiki/payroll/|docs/1/)"


@pytest.mark.parametrize(
    "url",
    [
        *("/INTERN/", "/int\u00e9rn/", "/hr-polic\u00fc/", "/old-page", "/wiki/PAYROLL/", "/wiki//payroll/"),
        *("/docs/01/", "/docs/+1/", "/docs/1.json", "/wiki//PAYROLL/", "/docs//\uff11/"),
        # No list says what they are compared to, or there are too many.
        *("/int\u0365rn/", "/\U0001f178ntern/", f"/{'7/' * 9}"),
    ],
)
@pytest.mark.parametrize("others", [[], [("/", "aal2")], [("/other/", "aal1")]], ids=["alone", "the rest", "another"])
def test_rule_that_frees_all_but_some_paths_frees_no_other_spelling_of_them(
    settings: Any, url: str, others: list[Any]
) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal2", [(PUBLIC_BUT, None), *others]
    ways = (re_path(r"^docs/(?P<pk>[^/.]+)(?:\.(?P<format>[a-z]+))?/?$", views.page), path("<path:rest>", views.page))
    match = next(filter(None, (way.resolve(url[1:]) for way in ways)))

    demands = demands_on(views.page, url, None, match)

    assert any(one.origin is Origin.SITE_DEFAULT or one.declared == Requirement("aal2") for one in demands)


@pytest.mark.parametrize("url", ["/", "/about/", "/wiki/other/", "/docs/2/", "/news.html"])
def test_rule_that_frees_all_but_some_paths_frees_all_others(settings: Any, url: str) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal2", [(PUBLIC_BUT, None)]
    match = re_path("", views.page).resolve(url[1:])

    assert [demand.declared for demand in demands_on(views.page, url, None, match)] == [None]


@pytest.mark.parametrize(
    ("pattern", "url"),
    [
        (r"/(?=[^i])", "//intern/"),
        (r"/.*(?<!secret/)$", "/wiki/secret"),
        (r"/[^i]", "//intern/"),
        (r"/docs[^0]*$", "/docs/7/"),
        (r"/(?=(\w))\1(?!ntern/)", "/intern"),
        (r"/wiki/(?!payroll/)", "/wiki//payroll/"),
        (r"/media/(?!private/)[\w./-]+$", "/media//private/x"),
        (r"/docs/(?!1/)\d+/$", "/docs/01/"),
        (r"/docs/(?!1/)\d{1,3}/$", "/docs/01/"),
        (r"/docs/(?!9/)\d{1,3}/$", "/docs/09/"),
        (r"/docs/(?!1/)\d+/view/$", "/docs/01/view/"),
        (r"/media/(?!private/).+\.(?:png|jpe?g|webp)$", "/media//private/x.png"),
        (r"/media/(?!uploads/private/).+\.png$", "/media/uploads//private/x.png"),
        (r"/docs/(?!intern/)(?:[a-z]{4,6})/[A-Z]{2}/$", "/docs//intern/DE/"),
        ("/media/(?!_)", "/media//_private/x.png"),
        (r"/media/(?!\.)", "/media//.git/config"),
        ("/media/[^._]", "/media//_private/x.png"),
        ("/docs/(?!\u0441\u0435\u043a\u0440\u0435\u0442/)", "/docs//\u0441\u0435\u043a\u0440\u0435\u0442/x.pdf"),
        ("/docs/(?!\u0430\u0431/)[\u0430-\u044f]+/", "/docs//\u0430\u0431/"),
        ("/wiki/(?!\u5185\u90e8/)", "/wiki//\u5185\u90e8/"),
        (
            "/wiki/(?!\u043e\u0441\u043e\u0431\u044b\u0439/)[\u0430-\u044f\u0451-]+/$",
            "/wiki/\u043e\u0441\u043e\u0431\u044b\u0438/",
        ),
        (r"/media/(?!invoice_).+\.pdf$", "/media//invoice_7.pdf"),
        (r"/media/(?!_).+\.pdf$", "/media//_invoice.pdf"),
        (r"/report/(?!7\.pdf)\d+\.pdf$", "/report/07.pdf"),
        (r"/users/(?![1-9])", "/users/07/"),
        # Names that are excluded by their shape, or with something fixed behind them.
        (r"/media/(?!\d)", "/media//7_a.png"),
        (r"/media/(?!\d{4}-\d{2}-\d{2}/)", "/media//2026-12-01/a"),
        ("/media/(?![A-Z])", "/media//Private/a"),
        (r"/wiki/(?!\w+:)", "/wiki//special:users"),
        (r"/downloads/(?!internal).+\.tar\.gz$", "/downloads//internal-1.0.tar.gz"),
        (r"/static/(?!staff)[\w/.-]+\.[0-9a-f]{12}\.js$", "/static//staff.0123456789ab.js"),
        (r"/report-(?!2026/)\d+/$", "/report-02026/"),
        (r"/docs/v(?!2/)\d+/", "/docs/v02/x/"),
        # Without what it excludes, this would take minutes.
        (r"/docs/(?:(?!7/)[\d/]+)+$", "/docs/07/"),
        (r"/(?!intern/)[a-z-]+/?$", "/intern"),
        (r"/(?!a/b/)[a-z/]+$", f"/a//b/{'x/' * 24}"),
    ],
)
def test_rule_may_free_all_but_some_paths_in_many_ways(settings: Any, pattern: str, url: str) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal2", [(pattern, None)]

    assert Origin.SITE_DEFAULT in [demand.origin for demand in demands_on(None, url)]


@pytest.mark.parametrize(
    ("pattern", "route", "url"),
    [
        (r"/orders/(?!\d+/)", "orders/<str:pk>/", "/orders/+7/"),
        (r"/orders/(?!\d+/)", "orders/<slug:pk>/", "/orders/1_2/"),
        ("/orders/[^0-9]", "orders/<str:pk>/", "/orders/+7/"),
        (r"/orders/\D", "orders/<str:pk>/", "/orders/+7/"),
        (r"/blog/(?!\d{4}/)", "blog/<int:year>/", "/blog/02026/"),
        (r"/blog/(?!\d{4}-\d{2}-\d{2}/)", "blog/<int:y>-<int:m>-<int:d>/", "/blog/2026-12-1/"),
    ],
)
def test_rule_that_excludes_numbers_excludes_them_however_they_are_written(
    settings: Any, pattern: str, route: str, url: str
) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal2", [(pattern, None)]
    match = path(route, views.page).resolve(url[1:])

    assert Origin.SITE_DEFAULT in [demand.origin for demand in demands_on(views.page, url, None, match)]


@pytest.mark.parametrize(
    ("pattern", "route", "url"),
    [
        ("/blog/[^/]+/$", "blog/<slug:slug>/", "/blog/hello/"),
        ("/blog/[^/]+$", "blog/<slug:slug>", "/blog/hello"),
        ("/blog/[^/?]+$", "blog/<slug:slug>", "/blog/hello"),
        ("/api/[^/]+/public$", "api/<name>/public", "/api/a/public"),
        (r"/media/[^.]+\.png$", "media/<path:name>", "/media/a.png"),
        (r"/(?!intern)[^/]+/$", "<slug:slug>/", "/about/"),
        (r"/(?!intern)[^/]+$", "<slug:slug>", "/about"),
        (r"/files/.+(?<=\.png)$", "files/<path:name>", "/files/x.png"),
        (r"/(?!admin).*(?<!/)$", "<slug:slug>", "/about"),
        (r"/u/[^\W_]+$", "u/<slug:name>", "/u/ann"),
        (r"/(?:(?!/).)+$", "<slug:slug>", "/about"),
        ("/docs/[^A-Z]+$", "docs/<slug:slug>", "/docs/hello"),
        (r"/(?!admin/)(?:[a-z-]+/)*(?:\d{4}/\d{2}/)?$", "<path:rest>", "/blog/2026/07/"),
        (r"/(?!admin/)(?:[a-z-]+/|v\d/)*$", "<path:rest>", "/docs/v2/"),
        (r"/(?!admin/)[a-z-]+(?:-\d)?/$", "<path:rest>", "/faq-2/"),
        (r"/shop/(?!cart/)[a-z]+/[1-9]\d*/$", "<path:rest>", "/shop/a/7/"),
        ("/media/(?:(?!private/)[^/]+/)+[^/]+$", "<path:rest>", "/media/photos/x.png"),
        (r"/media/(?:(?!private/)(?:[a-z]+|\d+)/)+[^/]+$", "<path:rest>", "/media/photos/x.png"),
        (r"/(?!admin/)(?:[a-z-]+/)*(?:\d{2}/)?$", "<path:rest>", "/archive/07/"),
        ("/posts/[\u0600-\u06ff-]+/$", "posts/<name>/", "/posts/\u0633\u0627\u0644-\u06f1\u06f4\u06f0\u06f3/"),
        ("/posts/[\u0900-\u097f-]+/$", "posts/<name>/", "/posts/\u0938-\u0968\u0966\u0968\u096c/"),
        ("/posts/[\u0e01-\u0e59-]+/$", "posts/<name>/", "/posts/\u0e02-\u0e52\u0e55/"),
        ("/posts/[\u3131-\u314e\uac00-\ud7a3]+/$", "posts/<name>/", "/posts/\u314b\u314b/"),
        ("/posts/[\u00c0-\u00ff]+/$", "posts/<name>/", "/posts/\u00e9/"),
        ("/wiki/[\uac00-\ud7a3a-z0-9-]+/$", "wiki/<name>/", "/wiki/\ud55c\uad6d-\uc5ec\ud589/"),
        ("/wiki/[\u0370-\u03ff-]+/$", "wiki/<name>/", "/wiki/\u03bd\u03ad\u03b1/"),
    ],
)
def test_rule_that_says_what_it_is_not_for_frees_the_rest(settings: Any, pattern: str, route: str, url: str) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal2", [("/$", None), (pattern, None)]
    match = path(route, views.page).resolve(url[1:])

    assert [demand.declared for demand in demands_on(views.page, url, None, match)] == [None]


@pytest.mark.parametrize(
    "url", ["/intern/", "/intern", "/de/intern/", "/de/intern", "/reports/07", "/de/reports/7", "/de/tresor"]
)
def test_rule_holds_for_a_page_whose_pattern_leaves_the_slash_open(
    ory: Any, site: Site, languages: Any, url: str
) -> None:
    vault = lazy(lambda: "^tresor/?$" if get_language() == "de" else "^vault/?$", str)
    languages.ROOT_URLCONF = urlconf(
        *i18n_patterns(
            re_path("^intern/?$", views.page),
            re_path(r"^reports/(?P<year>\d+)/?$", of_year),
            re_path(vault(), views.page),
            prefix_default_language=False,
        )
    )
    languages.ORY_MFA_AAL = "aal1"
    languages.ORY_MFA_RULES = [("/(intern|reports/7|vault)/", "aal2"), ("/", None)]
    aal1(ory, site)

    assert location(site.get(url)).startswith(STEP_UP)


def test_path_has_as_many_spellings_as_there_are_languages(settings: Any) -> None:
    settings.USE_I18N = True
    settings.LANGUAGES = [(code, code) for code in ("en", "de", "fr", "es", "it", "nl", "pl", "sv", "fi", "da")]
    news = lazy(lambda: f"news-{get_language()}/", str)()
    route = path(news, include([path("<int:y>/<int:m>/<int:d>/<slug:slug>/", views.page)]))
    settings.ROOT_URLCONF = urlconf(*i18n_patterns(route))
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = (
        "aal1",
        [("/[a-z]{2}/(staff|news-fr/2026/01/8)/", "aal2"), ("/", None)],
    )

    def declared(url: str) -> list[Any]:
        with override("de"):
            return [demand.declared for demand in demands_on(views.page, url, None, resolve(url))]

    assert declared("/de/news-de/2026/1/7/top-5-tips/") == [None]
    assert Requirement("aal2") in declared("/de/news-de/2026/1/8/hello/")


@pytest.mark.parametrize(
    ("pattern", "url"),
    [
        (r"/wiki/(?:[A-Z][a-z]+)+/?$", "/wiki/HomePage"),
        (r"/wiki/(?:[A-Z][a-z0-9]*)+/$", "/wiki/HomePage/"),
        ("/wiki/(?:[a-z-]|\u00e4|\u00f6)+$", "/wiki/top-tips"),
        (r"/wiki/(?:[a-z-]|\u00e4|\xf6)+$", "/wiki/top-tips"),
        (r"/wiki/(?:(?:[A-Z][a-z]+)_?){1,}$", "/wiki/Home_Page"),
        ("/wiki/[A-Z][a-z]+[A-Z][a-z]+$", "/wiki/HomePage"),
    ],
)
def test_rule_that_would_take_minutes_if_it_ignored_case_does_not_ignore_it(
    settings: Any, pattern: str, url: str
) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal2", [(pattern, None)]

    freed = demands_on(None, url)
    # It would never end.
    guarded = demands_on(None, f"/wiki/{'a' * 1_000}!")

    assert [demand.declared for demand in freed] == [None]
    assert Origin.SITE_DEFAULT in [demand.origin for demand in guarded]


@pytest.mark.parametrize(
    ("pattern", "url"),
    [
        ("/Docs/[^/]+/[^/]+/$", "/docs/a/b/"),
        ("/(?:Alt|Neu)/[a-z]+/[a-z]+/", "/alt/a/b/"),
        ("/[A-Za-z0-9-]+/[A-Za-z]+/SECRET/", "/a/b/secret/"),
        (r"/(?:[A-Za-z]+/)*SECRET/", "/a/b/secret/"),
        (r"/[A-Z]{2}\d/", "/ab1/"),
        ("/wiki/(?:secret|intern)(?:-[a-z\u00e0-\u00ff]+)?/$", "/wiki/s\u00e9cret/"),
        (r"/[A-Z]{2}/reports/\d+/", "/us/reports/7/"),
        (r"/[A-Z]+/reports/\d+/", "/us/reports/7/"),
        ("/[a-z\u00e4\u00f6\u00fc-]+/intern/[a-z]+/", "/foo/INTERN/bar/"),
        (r"/(?:\W)+[a-z]*SECRET/", "/-secret/"),
        ("/a)SECRET/", "/asecret/"),
    ],
)
def test_rule_that_takes_no_longer_ignores_case(settings: Any, pattern: str, url: str) -> None:
    pattern = pattern.replace("/a)", "/a")
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [(pattern, "aal2"), ("/", None)]

    assert Requirement("aal2") in [demand.declared for demand in demands_on(None, url)]


@pytest.mark.parametrize(
    ("pattern", "url"),
    [
        (r"/assets/[^/.]+(?:\.[^/.]+)*\.(?:css|js|png)$", "/assets/" + "a." * 900 + "js"),
        (r"/docs/(?:[^/-]+-)+\d+$", "/docs/" + "a-" * 900 + "7"),
        (r"/assets/[^/.]+\.[^/.]+\.[^/]+\.js$", "/assets/" + "a." * 2 + "a" * 1_900 + ".js"),
        (r"/static/(?:[^/.]+\.)+js$", "/static/" + "a." * 900 + "js"),
    ],
)
def test_rule_is_not_changed_to_one_that_never_ends(settings: Any, pattern: str, url: str) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal2", [(pattern, None)]
    match = path("<path:rest>", views.page).resolve(url[1:])

    assert [demand.declared for demand in demands_on(views.page, url, None, match)] == [None]


@pytest.mark.parametrize("length", [10, 100, 500, 1_900])
@pytest.mark.parametrize("numbers", ["001/002/003", "/7/8/9/4/5/6/1/2", "2026/01/05"])
def test_few_spellings_of_a_path_are_compared(settings: Any, numbers: str, length: int) -> None:
    """A visitor chooses the path, and the comparison is made in the event loop."""
    rest = f"{numbers}/" + "\u00e9" * length
    match = path("<path:rest>", views.page).resolve(rest)

    found = [one for one in spellings(f"/{rest}", match, adds_slash=True) if one is not None]

    assert len(found) == len(set(found)) <= MOST
    assert sum(map(len, found)) <= MOST_CHARACTERS


def test_number_is_read_only_where_it_is_a_parameter(settings: Any) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [("/phase 1/1/", "aal2"), ("/", None)]
    match = path("phase 1/<str:n>/", views.page).resolve("phase 1/ 1/")

    assert Requirement("aal2") in [demand.declared for demand in demands_on(views.page, "/phase 1/ 1/", None, match)]


@pytest.mark.parametrize(
    ("route", "url", "rule"),
    [("+1/<str:n>/", "/+1/2/", "/1/2/"), ("\u2764/", "/\u2764/", "/secret/")],
    ids=["a number in the route", "a sign in the route"],
)
def test_what_the_route_itself_says_is_not_compared(settings: Any, route: str, url: str, rule: str) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [(rule, "aal2"), ("/", None)]
    match = path(route, views.page).resolve(url[1:])

    assert [demand.declared for demand in demands_on(views.page, url, None, match)] == [None]


@pytest.mark.parametrize("number", [UUID(int=10), UUID(int=7)], ids=["with a letter", "of digits"])
@pytest.mark.parametrize("write", [str, "{{{}}}".format, lambda number: number.hex, lambda number: number.urn])
def test_rule_for_a_uuid_holds_for_all_that_is_read_as_that_uuid(settings: Any, number: UUID, write: Any) -> None:
    text = write(number)
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [(f"/docs/{number}/", "aal2"), ("/", None)]
    match = path("docs/<str:pk>/", views.page).resolve(f"docs/{text}/")

    assert Requirement("aal2") in [demand.declared for demand in demands_on(views.page, f"/docs/{text}/", None, match)]


def test_path_too_long_to_be_compared_needs_what_every_rule_asks_for(settings: Any) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [("/secret/", "aal2"), ("/", None)]

    assert [demand.declared for demand in demands_on(None, f"/{'a' * 1_999}")] == [None]
    assert Requirement("aal2") in [demand.declared for demand in demands_on(None, f"/{'a' * 2_000}")]


def test_folded_text_that_no_rule_frees_needs_the_level_of_the_settings(settings: Any) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal2", [("/[^/]+/$", None)]

    assert [demand.origin for demand in demands_on(None, "/a\uff0fb/")] == [Origin.SITE_DEFAULT]


@pytest.mark.parametrize("pattern", ["/[^/]*$", "/[^.]*$"])
def test_rule_for_many_paths_holds_for_their_other_spellings(settings: Any, pattern: str) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [(pattern, "aal2"), ("/", None)]

    assert Requirement("aal2") in [demand.declared for demand in demands_on(None, "/a\u2764.b/")]


@pytest.mark.parametrize("pattern", ["/users/admin/", "/p/admin/"])
def test_rule_holds_for_a_parameter_with_spaces_or_of_a_type_of_its_own(settings: Any, pattern: str) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [(f"{pattern}$", "aal2")]
    url = pattern.replace("admin", "ADMIN ")
    match = ResolverMatch(views.page, (), {"name": Path(url)})

    assert Requirement("aal2") in [demand.declared for demand in demands_on(views.page, url, None, match)]


@pytest.mark.parametrize(("converter", "value"), [("int", 7), ("uuid", UUID(int=7))])
def test_number_is_not_compared_as_text(settings: Any, converter: str, value: object) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [("/report/", "aal2")]
    match = path(f"Report/<{converter}:number>/", views.page).resolve(f"Report/{value}/")

    assert match is not None
    assert match.kwargs == {"number": value}
    demands = demands_on(views.page, f"/Report/{value}/", None, match)
    assert [demand.origin for demand in demands] == [Origin.SITE_DEFAULT]


def test_wide_sign_in_a_rule_keeps_its_meaning(settings: Any) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [("/a\uff0a/", "aal2")]

    assert [demand.origin for demand in demands_on(None, "/aaa/")] == [Origin.SITE_DEFAULT]


@pytest.mark.parametrize("url", [*SECRET, "/secret-page/"])
def test_letters_of_another_case_are_freed_by_no_rule(settings: Any, url: str) -> None:
    settings.ORY_MFA_RULES = [("/Secret-page/", None)]

    assert [demand.origin for demand in demands_on(None, url)] == [Origin.SITE_DEFAULT]


@pytest.mark.parametrize("url", ["/secret-page/", "/d\u00e9j\u00e0/"])
def test_rules_that_match_as_they_are_keep_their_order(settings: Any, url: str) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal2", [(url, None), ("/", "aal2")]
    freed = demands_on(None, url)
    settings.ORY_MFA_RULES = [("/", "aal1"), (url, "aal2")]

    assert [demand.declared for demand in freed] == [None]
    assert [demand.declared for demand in demands_on(None, url)] == [Requirement("aal1")]


def test_case_counts_where_nothing_is_looked_up(settings: Any) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [("/secret-page/", "aal2")]
    match = path("Secret-page/", views.page).resolve("Secret-page/")

    assert [demand.origin for demand in demands_on(views.page, "/Secret-page/", None, match)] == [Origin.SITE_DEFAULT]


@pytest.mark.parametrize("url", ["/files/public/pay.txt", "/files/public//pay.txt", "/files/public/.pay"])
def test_rule_frees_what_leads_nowhere_else(files: Any, url: str) -> None:
    files.ORY_MFA_RULES = [("/files/public/", None)]

    assert [demand.declared for demand in demands_on(None, url)] == [None]


def test_empty_segments_alone_need_no_level_of_the_settings(files: Any) -> None:
    """As in a path that has a URL at its end."""
    files.ORY_MFA_RULES = [("/fetch/https?://", None)]

    assert [demand.declared for demand in demands_on(None, "/fetch/https://example.com/a")] == [None]


def test_path_that_begins_with_two_slashes_has_the_rule_of_the_path_with_one(files: Any) -> None:
    files.ORY_MFA_AAL, files.ORY_MFA_RULES = "aal1", [("/files/private/", "aal2")]

    assert demands_on(None, "//files/private/pay.txt")[-1].declared == demands_on(None, "/files/private/")[0].declared


# Patterns that take a format, and patterns that are translated.


def formatted(request: Any, format: str) -> HttpResponse:  # noqa: A002 - the name that Django REST framework gives it
    return HttpResponse("open sesame")


def of_year(request: Any, year: int | str) -> HttpResponse:
    return HttpResponse("open sesame")


@pytest.mark.parametrize("url", ["/payroll/", "/payroll.json", "/payroll.json/"])
def test_rule_holds_for_every_format_of_a_page(ory: Any, site: Site, settings: Any, url: str) -> None:
    settings.ROOT_URLCONF = urlconf(
        path("payroll/", views.page), re_path(r"^payroll\.(?P<format>[a-z0-9]+)/?$", formatted)
    )
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [("/payroll/", "aal2")]
    aal1(ory, site)

    assert location(site.get(url)).startswith(STEP_UP)


def test_rule_without_a_slash_holds_for_every_format_of_a_page(ory: Any, site: Site, settings: Any) -> None:
    settings.ROOT_URLCONF = urlconf(re_path(r"^payroll\.(?P<format>[a-z0-9]+)/?$", formatted))
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [("/payroll$", "aal2")]
    aal1(ory, site)

    assert location(site.get("/payroll.json")).startswith(STEP_UP)


@pytest.mark.parametrize(
    "url", ["/payroll.json", "/payroll.json/", "/payroll.", "/payroll./", "//payroll.json", "/x//payroll.json"]
)
def test_rule_holds_for_formats_of_any_name_and_without_empty_segments(
    ory: Any, site: Site, settings: Any, url: str
) -> None:
    settings.ROOT_URLCONF = urlconf(re_path(r"^(?:x/)?/*(?P<name>payroll)\.(?P<fmt>[a-z0-9]*)/?$", views.page))
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [("/(x/)?payroll/", "aal2")]

    match = resolve(url)

    assert demands_on(match.func, url, match=match)[-1].declared == Requirement("aal2")


def file_of(request: Any, path: str) -> HttpResponse:
    return HttpResponse("open sesame")


FILE = "/files/private/pay.pdf"


@pytest.mark.parametrize("url", [FILE, f"{FILE}/", "/files//private/pay.pdf//", "/files/private//pay.pdf/"])
@pytest.mark.parametrize("pattern", [r"^files/(?P<path>.*)$", r"^files/(.*)$"])
def test_rule_with_an_end_holds_for_the_slash_that_a_view_of_files_drops(
    ory: Any, site: Site, settings: Any, pattern: str, url: str
) -> None:
    settings.ROOT_URLCONF = urlconf(re_path(pattern, file_of))
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = (
        "aal1",
        [(r"/files(/private/[^/]+\.pdf)?$", "aal2"), ("/files/", None)],
    )
    aal1(ory, site)

    assert location(site.get(url)).startswith(STEP_UP)
    assert [site.get(free).content for free in ("/files/", "/files/logo.png/")] == [b"open sesame"] * 2


@pytest.mark.parametrize("url", ["/report/7/", "/report/07/", "/report/007/", "/report//07/"])
@pytest.mark.parametrize("rule", ["/report/7/", "/report/07/"])
def test_rule_holds_for_a_number_however_it_is_written(
    ory: Any, site: Site, settings: Any, rule: str, url: str
) -> None:
    """``int()``, in Django's converter and in views, reads them as one."""
    settings.ROOT_URLCONF = urlconf(re_path(r"^report/+(?P<number>\d+)/$", views.page))
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [(rule, "aal2"), ("/report/0/", "aal2")]
    aal1(ory, site)

    assert location(site.get(url)).startswith(STEP_UP)
    assert location(site.get("/report/00/")).startswith(STEP_UP)
    assert site.get("/report/70/").content == b"open sesame"


@pytest.mark.parametrize("url", ["/report/\u0667/", "/report/\u0660\u0667/", "/report/0\uff17/"])
def test_rule_holds_for_a_number_in_digits_of_any_script(settings: Any, url: str) -> None:
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [("/report/7/", "aal2")]

    assert [demand.declared for demand in demands_on(None, url)] == [Requirement("aal2")]


def test_file_name_is_no_format(ory: Any, site: Site, settings: Any) -> None:
    settings.ROOT_URLCONF = urlconf(path("<path:name>", views.page))
    settings.ORY_MFA_RULES = [(r"/report\.pdf$", None), ("/report", "aal2")]

    assert site.get("/report.pdf").content == b"open sesame"


def test_number_is_no_format(ory: Any, site: Site, settings: Any) -> None:
    settings.ROOT_URLCONF = urlconf(path("report.<int:year>", of_year))
    settings.ORY_MFA_RULES = [(r"/report\.\d+$", None), ("/report", "aal2")]

    assert site.get("/report.2020").content == b"open sesame"


def in_language(**texts: str) -> Any:
    """Text that is translated as gettext_lazy() does it."""
    return lazy(lambda: texts.get(get_language() or "en", texts["en"]), str)()


@pytest.fixture
def translated(languages: Any) -> Any:
    vault = in_language(en="vault/", de="tresor/")
    below = [path("<slug:box>/", views.page), path("<slug:box>/unnamed/", views.page)]
    languages.ROOT_URLCONF = urlconf(
        *i18n_patterns(
            path(vault, views.page, name="vault"),
            path(in_language(en="boxes/", de="faecher/"), include((below, "boxes"))),
            re_path(in_language(en="^old/(\\d+)/$", de="^alt/(\\d+)/$"), of_year, name="old"),
            re_path(in_language(en=r"^pay\.(?P<format>\w+)$", de=r"^lohn\.(?P<format>\w+)$"), formatted),
            re_path(in_language(en=r"^both/(\d+)/(?P<x>a)?/?$", de=r"^beide/(\d+)/(?P<x>a)?/?$"), views.page),
            path("plain/", views.page),
            prefix_default_language=languages.IS_PREFIXED,
        )
    )
    return languages


@pytest.mark.parametrize(
    ("rule", "language", "page"),
    [
        ("/vault/", "de", "tresor/"),
        ("/tresor/", "en", "vault/"),
        ("/de/tresor/", "en", "vault/"),
        ("/boxes/a/$", "de", "faecher/a/"),
        ("/boxes/a/unnamed/$", "de", "faecher/a/unnamed/"),
        ("/old/7/", "de", "alt/7/"),
        ("/pay/", "de", "lohn.json"),
        ("/both/7/a", "de", "beide/7/a"),
        ("/both/7/", "de", "beide/7/"),
    ],
)
def test_rule_holds_for_a_path_in_every_language(
    ory: Any, site: Site, translated: Any, rule: str, language: str, page: str
) -> None:
    translated.ORY_MFA_AAL, translated.ORY_MFA_RULES = "aal1", [(rule, "aal2")]
    aal1(ory, site)

    url = f"/{language}/{page}" if translated.IS_PREFIXED or language != "en" else f"/{page}"

    assert location(site.get(url)).startswith(STEP_UP)


@pytest.mark.parametrize("url", ["/vault/", "/tresor/"])
def test_rule_holds_in_every_language_without_prefixes(ory: Any, site: Site, settings: Any, url: str) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "German")]
    settings.MIDDLEWARE = [LOCALE, *settings.MIDDLEWARE]
    settings.ROOT_URLCONF = urlconf(path(in_language(en="vault/", de="tresor/"), views.page))
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [("/vault/", "aal2")]
    aal1(ory, site)

    response = site.get(url, headers={"Accept-Language": "de" if url == "/tresor/" else "en"})

    assert location(response).startswith(STEP_UP)


@pytest.mark.parametrize(
    "pattern",
    [
        path(in_language(en="100%/", de="ganz%/"), views.page),
        re_path(in_language(en=r"^(?i:ic)/$", de=r"^(?i:eis)/$"), views.page),
        path(in_language(en="100%d/", de="ganz%d/"), views.page),
        re_path(in_language(en="^(red|blue)/$", de="^(rot|blau)/$"), views.page),
        re_path(in_language(en=r"^safe(?:\.html|/)$", de=r"^sicher(?:\.html|/)$"), views.page),
    ],
)
@pytest.mark.parametrize("url", ["/ganz%25/", "/ganz%25d/", "/eis/", "/rot/", "/sicher/", "/sicher.html"])
def test_page_whose_paths_cannot_be_made_out_needs_what_every_rule_asks_for(
    ory: Any, site: Site, settings: Any, pattern: Any, url: str
) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "German")]
    settings.MIDDLEWARE = [LOCALE, *settings.MIDDLEWARE]
    settings.ROOT_URLCONF = urlconf(pattern)
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [("/any/", "aal2")]
    aal1(ory, site)

    response = site.get(url, headers={"Accept-Language": "de"})

    assert response.status_code == 404 or location(response).startswith(STEP_UP)


@pytest.mark.parametrize("page", ["plain/", "faecher/a/", "alt/7/", "lohn.json", "beide/7/", "beide/7/a"])
def test_rule_of_another_page_holds_for_no_translation(ory: Any, site: Site, translated: Any, page: str) -> None:
    translated.ORY_MFA_AAL, translated.ORY_MFA_RULES = "aal1", [("/vault/", "aal2")]
    aal1(ory, site)

    assert site.get(f"/de/{page}").content == b"open sesame"


# Pages of the package, and others under its name.


def passed_on(view: Any) -> Any:
    """Wraps a view of the package as a site would."""

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = view(*args, **kwargs)
        response.headers["X-Site"] = "1"
        return response

    return wrapper


@pytest.fixture
def extended(settings: Any, mode: str) -> Any:
    page = views.apage if mode == "async" else views.page
    names = {pattern.name: pattern.callback for pattern in own_urls.urlpatterns}
    added = [*own_urls.urlpatterns, path("billing/", page, name="billing")]
    wrapped = [
        path("wrapped/", passed_on(names["settings"]), name="settings"),
        path("logout/", names["logout"], name="logout"),
    ]
    settings.ROOT_URLCONF = urlconf(
        path("added/", include((added, "ory_mfa"), namespace="ory_mfa")),
        path("wrapped/", include((wrapped, "ory_mfa"), namespace="theirs")),
        path(f"{mode}/", include((spelling(mode), "ory_mfa"), namespace="third")),
    )
    return settings


@pytest.mark.parametrize("url", ["/added/billing/", "page"])
def test_page_of_a_site_in_our_namespace_is_guarded(ory: Any, site: Site, extended: Any, url: str) -> None:
    refused = site.get(url)
    ory.login(site)

    assert (location(refused).startswith(LOGIN), site.get(url).content) == (True, b"open sesame")


@pytest.mark.parametrize("url", ["/added/", "/wrapped/wrapped/"])
def test_page_of_the_package_is_free_wherever_a_site_puts_it(ory: Any, site: Site, extended: Any, url: str) -> None:
    response = site.get(url)

    assert (response.status_code, b"<h1>" in response.content) == (200, True)


@pytest.mark.parametrize("url", ["/added/logout/", "/wrapped/logout/"])
def test_sign_out_is_free_wherever_a_site_puts_it(ory: Any, site: Site, extended: Any, url: str) -> None:
    assert location(site.post(url)) == "http://testserver/"


@pytest.mark.parametrize("name", ["login", "settings", "error"])
def test_pages_of_the_user_interface_are_free(ory: Any, site: Site, settings: Any, name: str) -> None:
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "django_ory_mfa.contrib.ui"]
    settings.ROOT_URLCONF = urlconf(path("ui/", include("django_ory_mfa.contrib.ui.urls")))

    response = site.get(f"/ui/{name}")

    assert not location(response).startswith(LOGIN) or name == "login"
    assert response.status_code in (302, 400)
