"""The system checks that look at rules, at attributes of classes, and at what stands outside of the policy."""

from __future__ import annotations

import re
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from django import shortcuts
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.middleware.cache import FetchFromCacheMiddleware
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import include, path, re_path
from django.views import View

from django_ory_mfa import checks
from django_ory_mfa.checks import POLICY_MIDDLEWARE, SESSION_MIDDLEWARE
from django_ory_mfa.checks.classes import check_classes
from django_ory_mfa.checks.outside import Answers, check_outside, check_pages, outsiders
from django_ory_mfa.checks.rules import check_rules
from django_ory_mfa.checks.spellings import check_spellings
from django_ory_mfa.decorators import aal_required
from django_ory_mfa.mixins import AALRequiredMixin
from tests.views import AsyncPage, Page, page

HERE = __name__


def urlconf(*patterns: Any) -> ModuleType:
    module = ModuleType("made_up_urls")
    module.urlpatterns = list(patterns)  # type: ignore[attr-defined]
    return module


@pytest.fixture(autouse=True)
def site(settings: Any) -> Any:
    """A site with a policy and without views of its own."""
    settings.MIDDLEWARE = [SESSION_MIDDLEWARE, POLICY_MIDDLEWARE]
    settings.ROOT_URLCONF = urlconf(path("account/", include("django_ory_mfa.urls")), path("home/", page, name="home"))
    return settings


# Rules that match no path.


@pytest.mark.parametrize("requirement", ["aal2", None, lambda request: None])
@pytest.mark.parametrize(
    ("pattern", "likely"),
    [
        ("admin/", "/admin/"),
        ("^admin/", "/admin/"),
        ("^admin/$", "/admin/$"),
        (r"admin\.html", r"/admin\.html"),
        ("(admin|staff)/", "/(admin|staff)/"),
        ("(?:admin|staff)/", "/(?:admin|staff)/"),
        ("(?P<area>admin)/", "/(?P<area>admin)/"),
        (r"\w+/secret/", r"/\w+/secret/"),
        ("[a-z]{2}/secret/", "/[a-z]{2}/secret/"),
        ("[^/]+/secret/", "/[^/]+/secret/"),
        ("a{1,3}/", "/a{1,3}/"),
        ("a+/", "/a+/"),
        ("(?i)admin/", "(?i)/admin/"),
        ("(?i)^admin/", "(?i)/admin/"),
        ("a?b/", "/a?b/"),
        ("(a|b)*c/", "/(a|b)*c/"),
        ("|admin/", "/admin/"),
        (r"\Aadmin/", "/admin/"),
        ("$", "/$"),
        (r"\b", r"/\b"),
        ("home", "/home/"),
        ("ory_mfa:settings", "/account/"),
        ("ory_mfa:step_up", "/account/step-up/"),
        ("https://site.example/admin/", "/admin/"),
        ("http://site.example", "/"),
    ],
)
def test_rule_that_matches_no_path_is_a_warning_with_the_likely_pattern(
    site: Any, pattern: str, likely: str, requirement: Any
) -> None:
    site.ORY_MFA_RULES = [(pattern, requirement)]
    dead = pattern.removeprefix("|")

    assert checks.matches_no_path(pattern, dead, likely) in check_rules(None)


def test_hint_for_a_rule_that_matches_no_path_names_the_likely_pattern(site: Any) -> None:
    site.ORY_MFA_RULES = [("admin/", "aal2")]

    (message,) = check_rules(None)

    assert (message.id, "'admin/'" in message.msg) == ("ory_mfa.W012", True)
    assert "Did you mean '/admin/'?" in str(message.hint)


@pytest.mark.parametrize("pattern", ["ory_mfa:nowhere", "shop:order"])
def test_name_of_no_url_has_no_likely_pattern(site: Any, pattern: str) -> None:
    site.ORY_MFA_RULES = [(pattern, "aal2")]

    (message,) = check_rules(None)

    assert message == checks.matches_no_path(pattern, pattern, None)
    assert "'/account/'" in str(message.hint)


def test_name_of_a_url_is_not_looked_up_in_a_configuration_that_breaks(site: Any) -> None:
    site.ROOT_URLCONF = "nowhere.at.all"
    site.ORY_MFA_RULES = [("home", "aal2")]

    assert check_rules(None) == [checks.matches_no_path("home", "home", "/home")]


def test_every_alternative_that_matches_no_path_is_named(site: Any) -> None:
    site.ORY_MFA_RULES = [("/admin/|staff/|/shop/|^vault/", "aal2")]

    assert check_rules(None) == [
        checks.matches_no_path("/admin/|staff/|/shop/|^vault/", "staff/", "/staff/"),
        checks.matches_no_path("/admin/|staff/|/shop/|^vault/", "^vault/", "/vault/"),
    ]


@pytest.mark.parametrize(
    "pattern",
    [
        "/admin/",
        "^/admin/",
        r"\A/admin/",
        r"\/admin/",
        r"\x2fadmin/",
        "(/admin/|/staff/)",
        "(admin|/staff)/",
        "(?:/de)?/admin/",
        "(en/)?/admin/",
        "a*/admin/",
        "a{0,3}/admin/",
        "a{,3}/admin/",
        ".*admin",
        ".admin",
        ".",
        r"\W",
        r"\D+x",
        r"\S+x",
        "[/a]dmin",
        "[^a]dmin",
        "[]/]x",
        "(?i)/admin/",
        "(?i:/admin/)",
        "(?=/admin)",
        "(?!/public/)",
        "(?#a comment)/admin/",
        "(?P<area>/admin)/",
        "",
        "^",
        "(a|)/x",
    ],
)
def test_rule_that_can_match_a_path_is_in_order(site: Any, pattern: str) -> None:
    site.ORY_MFA_RULES = [(pattern, "aal2")]

    assert check_rules(None) == []


@pytest.mark.parametrize(
    "pattern", [re.compile(" admin/  # the office", re.VERBOSE), "(?x) admin/", re.compile("/admin/", re.IGNORECASE)]
)
def test_rule_that_cannot_be_read_is_in_order(site: Any, pattern: Any) -> None:
    site.ORY_MFA_RULES = [(pattern, "aal2")]

    assert check_rules(None) == []


# Rules that free more than is meant.


@pytest.mark.parametrize(
    "pattern",
    [
        "/public",
        "^/public",
        r"/robots\.txt",
        "/public.*",
        "/public.+",
        "/public/?",
        "/public/*",
        r"/\w+",
        "/(public|static)",
        "/(public/|static)",
        "/(public|static/)",
        "/public(/|)",
        "/public(?<=c)",
        "/public(/)?",
        "/public(/){0,1}",
        "/[ps]",
    ],
)
@pytest.mark.parametrize("options", [[], [{"report_only": True}]])
def test_free_rule_without_an_end_is_a_warning(site: Any, pattern: str, options: list[Any]) -> None:
    site.ORY_MFA_RULES = [(pattern, None, *options)]

    assert check_rules(None) == [checks.frees_too_much(pattern, pattern)]


def test_hint_for_a_free_rule_without_an_end_says_how_to_end_it(site: Any) -> None:
    site.ORY_MFA_RULES = [("/public", None)]

    (message,) = check_rules(None)

    assert (message.id, "'/public-else/'" in message.msg) == ("ory_mfa.W013", True)
    assert str(message.hint) == "Did you mean '/public/', or '/public$'?"


def test_alternative_of_a_free_rule_without_an_end_is_named(site: Any) -> None:
    site.ORY_MFA_RULES = [("/static/|/public", None)]

    assert check_rules(None) == [checks.frees_too_much("/static/|/public", "/public")]


@pytest.mark.parametrize(
    "pattern",
    [
        "/public/",
        r"/public\/",
        "/public$",
        r"/public\b",
        r"/public\Z",
        "/public/.*",
        "/public/.+",
        "/public(?=/|$)",
        "/public(?!-)",
        "/public(/|$)",
        "/(public|static)/",
        "/((public/)|(static$))",
        "/public/{1}",
        "/static/|/public$",
    ],
)
def test_free_rule_with_an_end_is_in_order(site: Any, pattern: str) -> None:
    site.ORY_MFA_RULES = [(pattern, None)]

    assert check_rules(None) == []


@pytest.mark.parametrize("requirement", ["aal1", "aal2", lambda request: None])
def test_rule_that_asks_for_something_needs_no_end(site: Any, requirement: Any) -> None:
    site.ORY_MFA_RULES = [("/admin", requirement), ("", requirement)]

    assert check_rules(None) == []


@pytest.mark.parametrize("pattern", ["", "/", "^", "^/", ".*", "/.*", "(?=/)", "(?!/admin/)", "/|x/", "(?s:.*)"])
def test_rule_that_frees_everything_is_a_warning(site: Any, pattern: str) -> None:
    site.ORY_MFA_RULES = [(pattern, None)]

    assert checks.frees_everything(pattern) in check_rules(None)
    assert next(message.id for message in check_rules(None)) == "ory_mfa.W016"


@pytest.mark.parametrize("pattern", ["/wiki/(?:[A-Z][a-z]+)+/", "(?x)/ # a) [z-a]\n [A-Z]+[a-z]+/"])
def test_rule_that_is_compared_as_it_is_written_is_a_warning(site: Any, pattern: str) -> None:
    site.ORY_MFA_RULES = [(pattern, "aal2")]

    (message,) = check_rules(None)

    assert message.id == "ory_mfa.W044"
    assert pattern in message.msg or repr(pattern) in message.msg


def test_rules_without_the_middleware_that_applies_them_are_a_warning(site: Any) -> None:
    site.MIDDLEWARE, site.ORY_MFA_RULES = [SESSION_MIDDLEWARE], [("/a/", "aal2")]

    assert check_rules(None) == [checks.W014]


def test_no_rules_need_no_middleware(site: Any) -> None:
    site.MIDDLEWARE = [SESSION_MIDDLEWARE]

    assert check_rules(None) == []


def test_rules_that_make_no_sense_are_left_to_their_own_check(site: Any) -> None:
    site.ORY_MFA_RULES = "admin/"

    assert check_rules(None) == []


# Classes.


class Bare(View):
    required_aal = "aal2"
    max_age: Any = None
    methods: Any = None


class Heir(Bare):
    """Says nothing itself."""


class Aged(View):
    max_age: Any = 600
    methods: Any = ("totp",)


class Ready(AALRequiredMixin, View):
    required_aal = "aal2"


def without_policy(site: Any, *patterns: Any) -> list[Any]:
    site.MIDDLEWARE = [SESSION_MIDDLEWARE]
    site.ROOT_URLCONF = urlconf(*patterns)
    return check_classes(None)


@pytest.mark.parametrize(
    ("view", "name"),
    [
        (Bare.as_view(), "Bare"),
        (Heir.as_view(), "Heir"),
        (Aged.as_view(), None),
        (aal_required("aal1")(Bare.as_view()), "Bare"),
    ],
)
def test_level_of_a_class_without_the_mixin_and_the_policy_is_an_error(site: Any, view: Any, name: str | None) -> None:
    found = without_policy(site, path("a/", view))

    errors = [message for message in found if message.id == "ory_mfa.E007"]
    assert errors == ([checks.forgotten_mixin("/a/", f"{HERE}.{name}")] if name else [])


def test_level_of_a_class_without_the_mixin_is_read_by_the_policy(site: Any) -> None:
    site.ROOT_URLCONF = urlconf(path("a/", Bare.as_view()))

    assert check_classes(None) == []


@pytest.mark.parametrize("has_policy", [True, False])
@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, ["max_age", "methods"]),
        ({"methods": None}, ["max_age"]),
        ({"max_age": None}, ["methods"]),
        ({"max_age": timedelta(minutes=5), "methods": ["password"]}, ["max_age", "methods"]),
        ({"max_age": 0.5, "methods": ()}, ["max_age"]),
        ({"max_age": True, "methods": {"GET"}}, []),
        ({"max_age": 0, "methods": "totp"}, []),
        ({"max_age": "60", "methods": {"totp", "GET"}}, []),
    ],
)
def test_age_and_methods_of_a_class_that_nothing_reads_are_a_warning(
    site: Any, given: dict[str, Any], names: list[str], *, has_policy: bool
) -> None:
    if not has_policy:
        site.MIDDLEWARE = [SESSION_MIDDLEWARE]
    site.ROOT_URLCONF = urlconf(path("a/", Aged.as_view(**given)))

    expected = [checks.unread_attributes("/a/", f"{HERE}.Aged", names)] if names else []
    assert check_classes(None) == expected


@pytest.mark.parametrize("view", [Ready.as_view(), Page.as_view(max_age=60), AsyncPage.as_view(), page, View.as_view()])
def test_class_with_the_mixin_or_without_a_level_is_in_order(site: Any, view: Any) -> None:
    assert without_policy(site, path("a/", view)) == []


@pytest.mark.parametrize("urls", ["nowhere.at.all", None])
def test_classes_of_a_url_configuration_that_breaks_are_left_to_django(site: Any, urls: Any) -> None:
    site.ROOT_URLCONF = urls

    assert check_classes(None) == []


# Middleware that stands outside of the policy.


class Plain:
    """Only looks on."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        response: Any = self.get_response(request)
        response.headers["X-Seen"] = "1"
        if isinstance(response, StreamingHttpResponse):
            response.close()
        return response  # type: ignore[no-any-return]


class Health(Plain):
    def __call__(self, request: Any) -> HttpResponse:
        return HttpResponse("ok") if request.path == "/health" else super().__call__(request)


class Inherited(Health):
    """Answers as its base does."""


class Rendered(Plain):
    def process_request(self, request: Any) -> HttpResponse:
        return render(request, "required.html")


class RenderedByModule(Plain):
    def process_request(self, request: Any) -> HttpResponse:
        return shortcuts.render(request, "required.html")


class Maintenance(Plain):
    def __call__(self, request: Any) -> HttpResponse:
        return JsonResponse({}, status=503)


class RenderedElsewhere(Plain):
    def __call__(self, request: Any) -> HttpResponse:
        response: Any = self.get_response(request)
        return response.render()  # type: ignore[no-any-return]


class Moving(Plain):
    def __call__(self, request: Any) -> Any:
        return redirect("https://site.example")


class InnerAnswers(Plain):
    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> HttpResponse:
        return HttpResponse("inside")

    async def process_exception(self, request: Any, exception: Exception) -> HttpResponse:
        return HttpResponse("inside")


class Fallback(Plain):
    def __call__(self, request: Any) -> HttpResponse:
        response = super().__call__(request)
        return HttpResponse(render_to_string("required.html", {}, request)) if response.status_code == 404 else response


class Greeting(Plain):
    def __call__(self, request: Any) -> HttpResponse:
        super().__call__(request)
        return HttpResponse(str(request.ory_session))


class LooksOnly(Plain):
    def __call__(self, request: Any) -> HttpResponse:
        response = super().__call__(request)
        response.headers["X-Who"] = str(request.ory_session)
        return response


class Closed(Plain):
    def __call__(self, request: Any) -> HttpResponse:
        return HttpResponse(render_to_string("required.html"), status=503)


class InnerPages(Plain):
    def process_exception(self, request: Any, exception: Exception) -> HttpResponse:
        return render(request, "required.html")


class SiteCache(FetchFromCacheMiddleware):
    """Of the site's own."""


def answering(get_response: Any) -> Any:
    def middleware(request: Any) -> HttpResponse:
        return JsonResponse({"ok": True})

    return middleware


def passing(get_response: Any) -> Any:
    return get_response


exec("class WithoutSource:\n    pass")  # noqa: S102 - a class whose source nobody can read


@pytest.mark.parametrize(
    ("middleware", "what"),
    [
        ("django.contrib.flatpages.middleware.FlatpageFallbackMiddleware", Answers.FLAT_PAGES),
        ("django.contrib.redirects.middleware.RedirectFallbackMiddleware", Answers.REDIRECTS),
        ("django.middleware.cache.FetchFromCacheMiddleware", Answers.CACHED_PAGES),
        ("django.middleware.cache.CacheMiddleware", Answers.CACHED_PAGES),
        (f"{HERE}.SiteCache", Answers.CACHED_PAGES),
        ("wagtail.contrib.redirects.middleware.RedirectMiddleware", Answers.REDIRECTS),
        (f"{HERE}.Health", Answers.PAGES_OF_ITS_OWN),
        (f"{HERE}.Inherited", Answers.PAGES_OF_ITS_OWN),
        (f"{HERE}.Rendered", Answers.PAGES_OF_ITS_OWN),
        (f"{HERE}.RenderedByModule", Answers.PAGES_OF_ITS_OWN),
        (f"{HERE}.answering", Answers.PAGES_OF_ITS_OWN),
    ],
)
@pytest.mark.parametrize("place", [0, 1])
def test_middleware_that_answers_outside_of_the_policy_is_a_warning(
    site: Any, middleware: str, what: Answers, place: int
) -> None:
    site.MIDDLEWARE.insert(place, middleware)

    assert check_outside(None) == [checks.answers_outside(middleware, what)]
    assert middleware in check_outside(None)[0].msg


@pytest.mark.parametrize(
    "middleware",
    [
        "django.contrib.flatpages.middleware.FlatpageFallbackMiddleware",
        "django.middleware.cache.FetchFromCacheMiddleware",
        f"{HERE}.Health",
    ],
)
def test_middleware_that_answers_inside_of_the_policy_is_in_order(site: Any, middleware: str) -> None:
    site.MIDDLEWARE.append(middleware)

    assert (check_outside(None), list(outsiders())) == ([], [])


@pytest.mark.parametrize(
    "middleware",
    [
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.locale.LocaleMiddleware",
        "django.middleware.cache.UpdateCacheMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "corsheaders.middleware.CorsMiddleware",
        "nowhere.at.all",
        f"{HERE}.Plain",
        f"{HERE}.Maintenance",
        f"{HERE}.RenderedElsewhere",
        f"{HERE}.Moving",
        f"{HERE}.InnerAnswers",
        f"{HERE}.WithoutSource",
        f"{HERE}.passing",
        "tests.policy_subclasses.SiteSessionMiddleware",
    ],
)
def test_middleware_that_only_passes_requests_on_is_in_order(site: Any, middleware: str) -> None:
    site.MIDDLEWARE.insert(0, middleware)

    assert (check_outside(None), list(outsiders())) == ([], [])


@pytest.mark.parametrize(
    "middleware", ["whitenoise.middleware.WhiteNoiseMiddleware", "servestatic.middleware.ServeStaticMiddleware"]
)
def test_public_files_are_reported_and_no_warning(site: Any, middleware: str) -> None:
    site.MIDDLEWARE.insert(0, middleware)

    assert (check_outside(None), list(outsiders())) == ([], [(middleware, Answers.PUBLIC_FILES)])


def test_site_without_a_policy_has_nothing_outside_of_it(site: Any) -> None:
    site.MIDDLEWARE = [f"{HERE}.Health", SESSION_MIDDLEWARE]

    assert (check_outside(None), list(outsiders())) == ([], [])


def test_every_middleware_that_answers_outside_is_named(site: Any) -> None:
    site.MIDDLEWARE = [f"{HERE}.Health", SESSION_MIDDLEWARE, f"{HERE}.Rendered", POLICY_MIDDLEWARE, f"{HERE}.answering"]

    assert [path for path, _ in outsiders()] == [f"{HERE}.Health", f"{HERE}.Rendered"]


# Middleware that shows pages outside of ours.


FLAT = "django.contrib.flatpages.middleware.FlatpageFallbackMiddleware"
WITH_PAGES = [FLAT, *(f"{HERE}.{name}" for name in ("Rendered", "RenderedByModule", "Fallback", "Greeting"))]


@pytest.mark.parametrize("middleware", WITH_PAGES)
@pytest.mark.parametrize("policy", [[], [POLICY_MIDDLEWARE]], ids=["no-policy", "policy"])
def test_middleware_whose_pages_nothing_marks_as_private_is_a_warning(
    site: Any, middleware: str, policy: list[str]
) -> None:
    site.MIDDLEWARE = [middleware, SESSION_MIDDLEWARE, *policy]

    (message,) = check_pages(None)

    assert message == checks.unmarked_pages(middleware)
    assert (message.id, middleware in message.msg) == ("ory_mfa.W018", True)
    assert SESSION_MIDDLEWARE in str(message.hint)


@pytest.mark.parametrize("middleware", WITH_PAGES)
def test_middleware_whose_pages_are_marked_is_in_order(site: Any, middleware: str) -> None:
    site.MIDDLEWARE = [SESSION_MIDDLEWARE, middleware]

    assert check_pages(None) == []


@pytest.mark.parametrize(
    "middleware",
    [
        "django.contrib.redirects.middleware.RedirectFallbackMiddleware",
        "django.middleware.common.CommonMiddleware",
        "whitenoise.middleware.WhiteNoiseMiddleware",
        "corsheaders.middleware.CorsMiddleware",
        "nowhere.at.all",
        *(
            f"{HERE}.{name}"
            for name in (
                "Plain",
                "Health",
                "Maintenance",
                "RenderedElsewhere",
                "Moving",
                "InnerAnswers",
                "InnerPages",
                "LooksOnly",
                "Closed",
                "WithoutSource",
                "answering",
            )
        ),
    ],
)
def test_middleware_without_pages_about_anybody_is_in_order(site: Any, middleware: str) -> None:
    site.MIDDLEWARE.insert(0, middleware)

    assert check_pages(None) == []


def test_site_without_our_middleware_has_no_pages_outside_of_it(site: Any) -> None:
    site.MIDDLEWARE = [FLAT]

    assert check_pages(None) == []


# Rules that another spelling of the path passes.


@pytest.mark.parametrize(
    ("pattern", "rule", "others"),
    [
        ("^safe/?$", "/safe/", []),
        ("^safe/?$", "^/safe$", ["/safe/"]),
        ("(?i)^safe/$", "/safe/", []),
        ("^safe", "/safe/", []),
        (r"^safe\.txt/?$", r"/safe\.txt/", []),
        ("^safe/?$", "/nowhere/|/safe/", []),
        ("^safe/?$", "/safe", []),
        ("^safe/?$", "/safe/?$", []),
        ("^safe/$", "/safe/", []),
        ("^safe/(?P<rest>.*)$", "/safe/", []),
    ],
)
def test_rule_that_another_spelling_passes(settings: Any, pattern: str, rule: str, others: list[str]) -> None:
    settings.ROOT_URLCONF = urlconf(re_path(pattern, page))
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [(rule, "aal2")]

    messages = check_spellings(None)

    assert [message.id for message in messages] == ["ory_mfa.W017"] * len(others)
    assert all(repr(other) in message.msg for other, message in zip(others, messages, strict=True))


def test_spelling_for_which_more_is_asked_is_not_named(settings: Any) -> None:
    settings.ROOT_URLCONF = urlconf(re_path("^open/?$", page))
    settings.ORY_MFA_RULES = [("/open/", None)]

    assert check_spellings(None) == []


def test_other_page_at_the_other_spelling_is_not_named(settings: Any) -> None:
    settings.ROOT_URLCONF = urlconf(path("safe/", page), path("safe", Page.as_view()))
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [("/safe/", "aal2")]

    assert check_spellings(None) == []


def test_spellings_are_not_tried_without_the_policy(settings: Any) -> None:
    settings.MIDDLEWARE = [SESSION_MIDDLEWARE]
    settings.ROOT_URLCONF = urlconf(re_path("^safe/?$", page))
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", [("/safe/", "aal2")]

    assert check_spellings(None) == []


def test_spellings_of_rules_that_cannot_be_read_are_not_tried(settings: Any) -> None:
    settings.ORY_MFA_RULES = "/safe/"

    assert check_spellings(None) == []
