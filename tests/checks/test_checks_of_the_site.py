"""The system checks that look at views, caches, addresses and the Content Security Policy of the site."""

from __future__ import annotations

import io
import sys
from types import ModuleType
from typing import Any

import pytest
from django.core.cache.backends.locmem import LocMemCache
from django.core.checks import CheckMessage
from django.core.management import call_command
from django.urls import include, path, re_path

from django_ory_mfa import Requirement, checks
from django_ory_mfa.checks.addresses import check_hosts, check_https, check_loopback
from django_ory_mfa.checks.caches import check_cache
from django_ory_mfa.checks.csp import OF_DJANGO, OF_DJANGO_CSP, check_form_action
from django_ory_mfa.checks.views import check_highest_available, check_methods
from django_ory_mfa.decorators import aal_required
from tests.views import AsyncPage, Page, apage, page


class Cache(LocMemCache):
    """A cache of the site's own."""


def urlconf(*patterns: Any) -> ModuleType:
    """A URL configuration of these patterns."""
    module = ModuleType("made_up_urls")
    module.urlpatterns = list(patterns)  # type: ignore[attr-defined]
    return module


@pytest.fixture(autouse=True)
def site(settings: Any) -> Any:
    """A site without views."""
    settings.ROOT_URLCONF = urlconf()
    return settings


# highest_available without a claim.


def guarded(aal: str | None, **wanted: Any) -> Any:
    return aal_required(aal, **wanted)(page)


HIGHEST = [
    pytest.param(path("a/", guarded("highest_available")), "/a/", id="decorator"),
    pytest.param(path("a/", aal_required("highest_available")(apage)), "/a/", id="async"),
    pytest.param(path("a/", Page.as_view(required_aal="highest_available")), "/a/", id="class"),
    pytest.param(path("a/", AsyncPage.as_view(required_aal="highest_available")), "/a/", id="async class"),
    pytest.param(path("a/<int:pk>/", guarded("highest_available", max_age=60)), "/a/<int:pk>/", id="with an age"),
    pytest.param(
        path("a/", include(([re_path("^b/$", guarded("highest_available"))], "x"))), "/a/b/", id="included regex"
    ),
]


@pytest.mark.parametrize(("pattern", "route"), HIGHEST)
def test_highest_available_in_a_view_without_a_claim_is_a_warning(site: Any, pattern: Any, route: str) -> None:
    site.ROOT_URLCONF = urlconf(path("", page), pattern)

    assert check_highest_available(None) == [checks.unclaimed([route])]


def test_highest_available_of_the_settings_is_a_warning_that_names_it(site: Any) -> None:
    site.ORY_MFA_AAL = "highest_available"

    assert check_highest_available(None) == [checks.unclaimed(["ORY_MFA_AAL"])]


@pytest.mark.parametrize("requirement", ["highest_available", Requirement("highest_available", 60)])
def test_highest_available_in_a_rule_is_a_warning_that_names_them(site: Any, requirement: Any) -> None:
    site.ORY_MFA_RULES = [("/free/", None), ("/a/", requirement), ("/b/", lambda request: None)]

    assert check_highest_available(None) == [checks.unclaimed(["ORY_MFA_RULES"])]


def test_view_that_adds_to_the_level_of_the_settings_is_named_too(site: Any) -> None:
    site.ORY_MFA_AAL = "highest_available"
    site.ROOT_URLCONF = urlconf(path("bare/", guarded(None)), path("fresh/", guarded(None, max_age=60)))

    assert check_highest_available(None) == [checks.unclaimed(["ORY_MFA_AAL", "/fresh/"])]


def test_many_views_are_counted(site: Any) -> None:
    site.ROOT_URLCONF = urlconf(*(path(f"{n}/", guarded("highest_available")) for n in range(5)))

    (message,) = check_highest_available(None)

    assert "/0/, /1/, /2/ and 2 more," in message.msg


@pytest.mark.parametrize("name", ["ORY_MFA_WHOAMI_REQUIRED_AAL", "ORY_MFA_SETTINGS_REQUIRED_AAL"])
@pytest.mark.parametrize(("claim", "is_warned"), [("highest_available", False), ("aal1", True)])
def test_a_claim_that_tells_who_is_enrolled_ends_the_warning(
    site: Any, name: str, claim: str, *, is_warned: bool
) -> None:
    site.ORY_MFA_AAL = "highest_available"
    setattr(site, name, claim)

    assert check_highest_available(None) == ([checks.unclaimed(["ORY_MFA_AAL"])] if is_warned else [])


@pytest.mark.parametrize("aal", ["aal1", "aal2"])
def test_other_levels_need_no_claim(site: Any, aal: str) -> None:
    site.ORY_MFA_AAL = aal
    site.ORY_MFA_RULES = [("/a/", aal)]
    site.ROOT_URLCONF = urlconf(path("a/", guarded(aal)))

    assert check_highest_available(None) == []


@pytest.mark.parametrize("name", ["WHOAMI_REQUIRED_AAL", "AAL", "RULES"])
def test_setting_that_makes_no_sense_is_left_to_its_own_check(site: Any, name: str) -> None:
    setattr(site, f"ORY_MFA_{name}", "x")

    assert check_highest_available(None) == check_methods(None) == []


@pytest.mark.parametrize("urls", ["nowhere.at.all", "tests.broken_urls", None])
def test_url_configuration_that_breaks_is_left_to_django(site: Any, urls: Any, monkeypatch: Any) -> None:
    broken = ModuleType("tests.broken_urls")
    broken.urlpatterns = 3  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tests.broken_urls", broken)
    site.ROOT_URLCONF = urls

    assert check_highest_available(None) == check_methods(None) == []


def test_site_without_url_configuration_is_no_error(site: Any) -> None:
    del site.ROOT_URLCONF

    assert check_highest_available(None) == []


# Methods.


@pytest.mark.parametrize(
    ("aal", "methods"),
    [
        ("aal2", ["password"]),
        ("aal2", ["password", "passkey"]),
        ("aal2", ["code_recovery", "link_recovery"]),
        ("highest_available", ["password"]),
    ],
    ids=str,
)
def test_level_that_no_method_reaches_is_an_error(site: Any, aal: str, methods: list[str]) -> None:
    site.ROOT_URLCONF = urlconf(path("a/", guarded(aal, methods=methods)))

    assert check_methods(None) == [checks.too_weak_methods("/a/", Requirement(aal, methods=methods))]


@pytest.mark.parametrize(
    ("aal", "methods"),
    [
        ("aal1", ["password"]),
        ("aal2", ["password", "totp"]),
        ("aal2", ["code"]),
        ("aal2", ["oidc"]),
        ("aal2", ["webauthn"]),
        ("highest_available", ["password", "totp"]),
    ],
    ids=str,
)
def test_methods_that_somebody_can_meet_are_in_order(site: Any, aal: str, methods: list[str]) -> None:
    site.ROOT_URLCONF = urlconf(path("a/", guarded(aal, methods=methods)))

    assert check_methods(None) == []


@pytest.mark.parametrize(
    ("methods", "unknown"), [(["otp"], ["otp"]), (["totp", "TOTP"], ["TOTP"]), (["sms", "otp"], ["otp", "sms"])]
)
def test_method_that_ory_does_not_know_is_a_warning(site: Any, methods: list[str], unknown: list[str]) -> None:
    site.ORY_MFA_RULES = [("/a/", Requirement("aal2", methods=methods))]

    assert check_methods(None) == [checks.unknown_methods("ORY_MFA_RULES", unknown)]


def test_methods_of_a_class_are_seen(site: Any) -> None:
    site.ROOT_URLCONF = urlconf(path("a/", Page.as_view(required_aal="aal2", methods=["otp"])))

    assert check_methods(None) == [checks.unknown_methods("/a/", ["otp"])]


def test_class_that_declares_nonsense_is_an_error(site: Any) -> None:
    site.ROOT_URLCONF = urlconf(path("a/", Page.as_view(required_aal="aal9")))

    (message,) = check_methods(None)

    assert message == checks.odd_view("/a/", ValueError("aal must be one of aal1, aal2, highest_available, not 'aal9'"))


def test_view_that_the_level_of_the_settings_does_not_fit_is_an_error(site: Any) -> None:
    site.ORY_MFA_AAL = "aal1"
    site.ROOT_URLCONF = urlconf(path("a/", guarded(None, methods={"totp"})))

    (message,) = check_methods(None)

    assert message.id == "ory_mfa.E006"
    assert message.msg.startswith("/a/ declares an invalid requirement: A view cannot be guarded with ORY_MFA_AAL")


# The cache.

LOCMEM = "django.core.cache.backends.locmem.LocMemCache"


def cached(site: Any, backend: str, **config: Any) -> list[CheckMessage]:
    site.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}, "x": {"BACKEND": backend}}
    site.CACHES["x"].update(config)
    site.ORY_MFA_CACHE, site.ORY_MFA_CACHE_TTL = "x", 30
    return check_cache(None)


def test_small_cache_in_memory_is_a_warning(site: Any) -> None:
    assert cached(site, LOCMEM) == [checks.W005]


def test_subclass_of_it_is_one_too(site: Any) -> None:
    assert cached(site, f"{__name__}.Cache") == [checks.W005]


@pytest.mark.parametrize("config", [{"OPTIONS": {"MAX_ENTRIES": 9000}}, {"MAX_ENTRIES": 9000}], ids=str)
def test_larger_cache_in_memory_is_in_order(site: Any, config: Any) -> None:
    assert cached(site, LOCMEM, **config) == []


def test_other_cache_is_in_order(site: Any) -> None:
    assert cached(site, "django.core.cache.backends.redis.RedisCache") == []


def test_cache_that_does_not_exist_is_left_to_others(site: Any) -> None:
    site.ORY_MFA_CACHE, site.ORY_MFA_CACHE_TTL = "nowhere", 30

    assert check_cache(None) == []


def test_default_cache_is_looked_at_where_none_is_named(site: Any) -> None:
    site.CACHES = {"default": {"BACKEND": LOCMEM}}
    site.ORY_MFA_CACHE_TTL = 0.5

    assert check_cache(None) == [checks.W005]


@pytest.mark.parametrize("seconds", [0, -1, "30", None])
def test_sessions_that_are_not_cached_need_no_cache(site: Any, seconds: Any) -> None:
    site.CACHES = {"default": {"BACKEND": LOCMEM}}
    site.ORY_MFA_CACHE_TTL = seconds

    assert check_cache(None) == []


def test_alias_that_makes_no_sense_is_left_to_others(site: Any) -> None:
    site.ORY_MFA_CACHE, site.ORY_MFA_CACHE_TTL = ["x"], 30

    assert check_cache(None) == []


# Addresses.


@pytest.mark.parametrize(
    ("hosts", "site_url", "is_warned"),
    [
        (["*"], None, True),
        (["site.example", "*"], None, True),
        (["*"], "https://site.example", False),
        (["site.example"], None, False),
        ([".site.example"], None, False),
        ([], None, False),
    ],
)
def test_any_host_without_a_site_url_is_a_warning(
    site: Any, hosts: list[str], site_url: str | None, *, is_warned: bool
) -> None:
    site.ALLOWED_HOSTS, site.ORY_MFA_SITE_URL = hosts, site_url

    assert check_hosts(None) == ([checks.W006] if is_warned else [])


@pytest.mark.parametrize("name", ["SDK_URL", "BROWSER_URL", "SITE_URL"])
@pytest.mark.parametrize(
    ("url", "is_warned"),
    [
        ("http://ory.example", True),
        ("http://10.0.0.7:4433", True),
        ("http://localhost.example", True),
        ("https://ory.example", False),
        ("http://localhost:4000", False),
        ("http://app.localhost", False),
        ("http://127.0.0.1:4433", False),
        ("http://127.9.9.9", False),
        ("http://[::1]:4433", False),
    ],
)
def test_cleartext_between_machines_is_a_warning(site: Any, name: str, url: str, *, is_warned: bool) -> None:
    setattr(site, f"ORY_MFA_{name}", url)

    assert check_https(None) == ([checks.cleartext(f"ORY_MFA_{name}")] if is_warned else [])


def test_cleartext_is_told_by_the_deployment_checks_only(site: Any) -> None:
    site.ORY_MFA_SDK_URL = "http://ory.example"
    plain, deploy = io.StringIO(), io.StringIO()

    call_command("check", stdout=plain, stderr=plain, tags=["security"])
    call_command("check", stdout=deploy, stderr=deploy, tags=["security"], deploy=True)

    assert "ory_mfa.W007" not in plain.getvalue()
    assert "ory_mfa.W007" in deploy.getvalue()


@pytest.mark.parametrize(
    ("urls", "hosts", "expected"),
    [
        ({"SDK_URL": "http://127.0.0.1:4433"}, ["localhost"], ("127.0.0.1", "localhost")),
        ({"SDK_URL": "http://localhost:4000"}, ["127.0.0.1"], ("localhost", "127.0.0.1")),
        ({"SDK_URL": "http://localhost:4000"}, ["[::1]"], ("localhost", "::1")),
        ({"SDK_URL": "http://127.0.0.1:1", "SITE_URL": "http://localhost:8000"}, [], ("127.0.0.1", "localhost")),
        (
            {"SDK_URL": "http://kratos:1", "BROWSER_URL": "http://localhost:1", "SITE_URL": "http://127.0.0.1"},
            [],
            ("localhost", "127.0.0.1"),
        ),
    ],
)
def test_two_names_of_this_machine_are_a_warning(
    site: Any, urls: dict[str, str], hosts: list[str], expected: tuple[str, str]
) -> None:
    site.ALLOWED_HOSTS = hosts
    for name, url in urls.items():
        setattr(site, f"ORY_MFA_{name}", url)

    assert check_loopback(None) == [checks.two_loopbacks(*expected)]


@pytest.mark.parametrize(
    ("sdk_url", "hosts", "site_url"),
    [
        ("http://127.0.0.1:4433", ["127.0.0.1", "localhost"], None),
        ("http://127.0.0.1:4433", [], None),
        ("http://127.0.0.1:4433", ["site.example"], None),
        ("http://127.0.0.1:4433", ["localhost"], "http://127.0.0.1:8000"),
        ("http://localhost:4000", ["localhost"], None),
        ("https://ory.example", ["localhost"], None),
    ],
)
def test_one_name_for_both_is_in_order(site: Any, sdk_url: str, hosts: list[str], site_url: str | None) -> None:
    site.ORY_MFA_SDK_URL, site.ALLOWED_HOSTS, site.ORY_MFA_SITE_URL = sdk_url, hosts, site_url

    assert check_loopback(None) == []


@pytest.mark.parametrize("check", [check_hosts, check_loopback, check_https, check_form_action])
def test_url_that_makes_no_sense_is_left_to_its_own_check(site: Any, check: Any) -> None:
    site.ORY_MFA_SDK_URL = site.ORY_MFA_SITE_URL = "nonsense"

    assert check(None) == []


# Content Security Policy.

ORY = "https://ory.example"


def policy_of_django(site: Any, sources: Any) -> str:
    # Django 5.2 has no such middleware; its name alone counts then.
    site.MIDDLEWARE = [*site.MIDDLEWARE, OF_DJANGO]
    site.SECURE_CSP = {"default-src": ["'self'"], "form-action": sources}
    return "SECURE_CSP"


def policy_of_django_csp(site: Any, sources: Any) -> str:
    site.MIDDLEWARE = [*site.MIDDLEWARE, OF_DJANGO_CSP]
    site.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {"form-action": sources}}
    return "CONTENT_SECURITY_POLICY"


def policy_of_older_django_csp(site: Any, sources: Any) -> str:
    site.MIDDLEWARE = [*site.MIDDLEWARE, OF_DJANGO_CSP]
    site.CSP_FORM_ACTION = sources
    return "CSP_FORM_ACTION"


POLICIES = [policy_of_django, policy_of_django_csp, policy_of_older_django_csp]


@pytest.mark.parametrize("policy", POLICIES)
def test_policy_that_stops_forms_on_the_way_to_ory_is_a_warning(site: Any, policy: Any) -> None:
    site.ORY_MFA_SDK_URL = f"{ORY}/base"
    setting = policy(site, ["'self'"])

    assert check_form_action(None) == [checks.form_action_blocks(setting, ORY)]


@pytest.mark.parametrize("policy", POLICIES)
def test_policy_that_names_ory_is_in_order(site: Any, policy: Any) -> None:
    site.ORY_MFA_SDK_URL = ORY
    policy(site, ["'self'", ORY])

    assert check_form_action(None) == []


@pytest.mark.parametrize("value", [None, False, [], ()])
def test_policy_that_says_nothing_of_forms_allows_them(site: Any, value: Any) -> None:
    site.ORY_MFA_SDK_URL = ORY
    policy_of_django(site, value)

    assert check_form_action(None) == []


@pytest.mark.parametrize("policy", [None, {}, "form-action 'self'"])
def test_policy_that_is_not_there_allows_everything(site: Any, policy: Any) -> None:
    site.MIDDLEWARE = [*site.MIDDLEWARE, OF_DJANGO, OF_DJANGO_CSP]
    site.SECURE_CSP = site.CONTENT_SECURITY_POLICY = policy

    assert check_form_action(None) == []


def test_policy_without_its_middleware_is_not_sent(site: Any) -> None:
    site.SECURE_CSP = {"form-action": ["'none'"]}
    site.CSP_FORM_ACTION = ["'none'"]

    assert check_form_action(None) == []


SOURCES = [
    # The value of form-action, the URL of Ory, the site; whether a form gets there.
    (True, ORY, None, False),
    ("'none'", ORY, None, False),
    ("'self' https://ory.example", ORY, None, True),
    ({"*"}, ORY, None, True),
    (["https:"], ORY, None, True),
    (["http:"], ORY, None, True),
    (["https:"], "http://ory.example", None, False),
    (["http:"], "http://ory.example", None, True),
    (["https://ory.example"], ORY, None, True),
    (["HTTPS://Ory.Example"], ORY, None, True),
    (["http://ory.example"], ORY, None, True),
    (["https://ory.example"], "http://ory.example", None, False),
    (["ory.example"], ORY, None, True),
    (["ory.example"], "http://ory.example", None, True),
    (["ory.example"], "http://ory.example", "https://site.example", False),
    (["https://*.example"], ORY, None, True),
    (["https://*.example"], "https://example", None, False),
    (["https://*.ory.example"], ORY, None, False),
    (["https://*"], ORY, None, True),
    (["https://other.example"], ORY, None, False),
    (["https://ory.example:8443"], ORY, None, False),
    (["https://ory.example:443"], ORY, None, True),
    (["http://ory.example:80"], ORY, None, True),
    (["https://ory.example"], "https://ory.example:8443", None, False),
    (["https://ory.example:*"], "https://ory.example:8443", None, True),
    (["https://ory.example/anywhere"], ORY, None, True),
    (["'nonce-abc'"], ORY, None, False),
    (["https://a:b:c"], ORY, None, False),
    (["'self'"], "https://site.example/.ory", "https://site.example", True),
    (["'self'"], "https://site.example/.ory", "https://site.example:444", False),
    (["'self'"], "https://testserver/.ory", None, True),
    (["'self'"], "http://testserver:4433", None, False),
    (["http://127.0.0.1:4433"], "http://127.0.0.1:4433", None, True),
]


@pytest.mark.parametrize(("sources", "ory", "own", "is_allowed"), SOURCES, ids=str)
def test_source_expressions(site: Any, sources: Any, ory: str, own: str | None, *, is_allowed: bool) -> None:
    site.ORY_MFA_SDK_URL, site.ORY_MFA_SITE_URL = ory, own
    policy_of_django(site, sources)

    assert (check_form_action(None) == []) is is_allowed


def test_nothing_is_asked_of_ory(ory: Any, site: Any) -> None:
    site.ROOT_URLCONF = urlconf(path("a/", guarded("highest_available", methods={"otp"})))

    assert [message.id for check in (*checks.ALL, *checks.DEPLOY) for message in check(None)]
    assert ory.calls == []
