from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.apps import AppConfig
from django.core.checks import CheckMessage, run_checks
from django.core.checks.registry import registry
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.urls import include, path
from django.utils.translation import gettext_lazy

from django_ory_mfa import Requirement, checks
from django_ory_mfa.checks import POLICY_MIDDLEWARE, SESSION_MIDDLEWARE

SITE_SESSION = "tests.policy_subclasses.SiteSessionMiddleware"
SITE_POLICY = "tests.policy_subclasses.SitePolicyMiddleware"


class Mounted:
    """The package's pages, and nothing else."""

    urlpatterns = (path("security/", include("django_ory_mfa.urls")),)


class Unmounted:
    """No pages at all."""

    urlpatterns = ()


def found() -> list[CheckMessage]:
    """What the package's own checks say."""
    apps: Sequence[AppConfig] | None = None
    return [message for check in checks.ALL for message in check(apps)]


@pytest.fixture(autouse=True)
def _quiet_site(settings: Any) -> None:
    """The views of most tests ask for what a site without claims is warned of."""
    settings.ROOT_URLCONF = "tests.quiet_urls"


def hint_of(message: CheckMessage) -> str:
    return str(message.hint)


@pytest.fixture
def bare(settings: Any) -> Any:
    """The settings with no middleware but those that a test names."""
    settings.MIDDLEWARE = [SESSION_MIDDLEWARE]
    return settings


def test_defaults_give_no_messages() -> None:
    assert found() == []


def test_site_with_everything_in_order_gives_no_messages(settings: Any) -> None:
    settings.MIDDLEWARE = [
        "django.middleware.cache.UpdateCacheMiddleware",
        "django.middleware.locale.LocaleMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        SESSION_MIDDLEWARE,
        POLICY_MIDDLEWARE,
        "django.middleware.cache.FetchFromCacheMiddleware",
    ]
    settings.ORY_MFA_SDK_URL = "https://happy-fox-12.projects.oryapis.com"
    settings.ORY_MFA_BROWSER_URL = "https://auth.example"
    settings.ORY_MFA_SITE_URL = "https://site.example"
    settings.ORY_MFA_SESSION_COOKIE = "ory_session_x"
    settings.ORY_MFA_AAL = "aal1"
    settings.ORY_MFA_WHOAMI_REQUIRED_AAL = settings.ORY_MFA_SETTINGS_REQUIRED_AAL = "highest_available"
    settings.ORY_MFA_DEFAULT_RETURN_TO = "/home"
    settings.ORY_MFA_TIMEOUT = 2
    settings.ORY_MFA_MAX_CONCURRENCY = 4
    settings.ORY_MFA_RULES = [("/public/", None), ("", "aal2")]

    assert found() == []


def test_check_command_reaches_them(settings: Any) -> None:
    del settings.ORY_MFA_SDK_URL

    with pytest.raises(SystemCheckError, match=r"ory_mfa\.E001"):
        call_command("check", stdout=io.StringIO())


def test_check_command_is_content_with_the_defaults() -> None:
    out = io.StringIO()

    call_command("check", stdout=out, fail_level="WARNING")

    assert "no issues" in out.getvalue()


def test_checks_are_reached_by_their_tag(settings: Any) -> None:
    del settings.ORY_MFA_SDK_URL

    assert checks.E001 in run_checks(tags=["security"])


ASKED_FOR = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django
django.setup()
import django_ory_mfa.decorators, django_ory_mfa.middleware, django_ory_mfa.urls
print("django_ory_mfa.checks" in sys.modules)
"""


def test_server_that_runs_no_checks_does_not_load_them() -> None:
    run = subprocess.run([sys.executable, "-c", ASKED_FOR], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "False"


@pytest.mark.parametrize("include_deployment_checks", [False, True])
def test_checks_for_deployment_run_when_they_are_asked_for(settings: Any, *, include_deployment_checks: bool) -> None:
    settings.ORY_MFA_SDK_URL = "http://ory.example.com"

    messages = run_checks(tags=["security"], include_deployment_checks=include_deployment_checks)

    assert ("ory_mfa.W007" in {message.id for message in messages}) is include_deployment_checks


def test_message_can_be_silenced(settings: Any) -> None:
    del settings.ORY_MFA_SDK_URL
    settings.SILENCED_SYSTEM_CHECKS = ["ory_mfa.E001"]

    call_command("check", stdout=io.StringIO())


# Values.


@pytest.mark.parametrize("value", [None, ""])
def test_missing_url_is_an_error(settings: Any, value: Any) -> None:
    settings.ORY_MFA_SDK_URL = value

    assert found() == [checks.E001]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SDK_URL", "ory.example"),
        ("SDK_URL", "https://user:hush-hush@ory.example"),
        ("SDK_URL", "https://ory.example/?a=b"),
        ("SDK_URL", 1),
        ("BROWSER_URL", "ftp://ory.example"),
        ("BROWSER_URL", ""),
        ("SITE_URL", "https://site.example/path"),
        ("SITE_URL", "site.example"),
        ("SESSION_COOKIE", "a=b"),
        ("SESSION_COOKIE", ""),
        ("SESSION_COOKIE", b"a"),
        ("AAL", "aal3"),
        ("AAL", None),
        ("AAL", ["aal2"]),
        ("WHOAMI_REQUIRED_AAL", "aal2"),
        ("SETTINGS_REQUIRED_AAL", "highest"),
        ("DEFAULT_RETURN_TO", "https://evil.example"),
        ("DEFAULT_RETURN_TO", "//evil.example"),
        ("DEFAULT_RETURN_TO", "/\\evil.example"),
        ("DEFAULT_RETURN_TO", None),
        ("CLIENT_KIND", "shop.clients.missing"),
        ("CLIENT_KIND", print),
        ("TIMEOUT", 0),
        ("TIMEOUT", "3"),
        ("TIMEOUT", None),
        ("TIMEOUT", (1, 2, 3)),
        ("TIMEOUT", (0, 3)),
        ("TIMEOUT", float("inf")),
        ("TIMEOUT", float("nan")),
        ("TIMEOUT", True),
        ("MAX_CONCURRENCY", 0),
        ("MAX_CONCURRENCY", True),
        ("MAX_CONCURRENCY", 1.5),
        ("MAX_CONCURRENCY", "8"),
        ("RULES", "aal2"),
        ("RULES", [("(", "aal2")]),
        ("RULES", [("", "aal9")]),
        ("RULES", [(b"/", "aal2")]),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_odd_value_is_an_error_that_names_the_setting(settings: Any, name: str, value: Any) -> None:
    setattr(settings, f"ORY_MFA_{name}", value)

    (message,) = found()

    assert message == checks.odd_setting(f"ORY_MFA_{name}", ValueError(message.msg))
    assert message.msg.startswith(f"ORY_MFA_{name}")
    assert f"ORY_MFA_{name}" in hint_of(message)
    assert message.is_serious()


def test_password_in_a_url_is_not_shown(settings: Any) -> None:
    settings.ORY_MFA_SDK_URL = "https://user:hush-hush@ory.example"

    assert "hush-hush" not in repr(found())


def test_several_odd_values_are_all_named(settings: Any) -> None:
    settings.ORY_MFA_AAL = "x"
    settings.ORY_MFA_TIMEOUT = -1

    assert [message.msg.partition(" ")[0] for message in found()] == ["ORY_MFA_AAL", "ORY_MFA_TIMEOUT"]


# Names.


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("ORY_MFA_SDKURL", "ORY_MFA_SDK_URL"),
        ("ORY_MFA_BROWSER_URI", "ORY_MFA_BROWSER_URL"),
        ("ORY_MFA_TIME_OUT", "ORY_MFA_TIMEOUT"),
        ("ORY_MFA_RULE", "ORY_MFA_RULES"),
        ("ORY_MFA_SESSION_COOKIE_NAME", "ORY_MFA_SESSION_COOKIE"),
    ],
)
def test_unknown_name_is_a_warning_with_the_nearest_one(settings: Any, name: str, nearest: str) -> None:
    setattr(settings, name, "x")

    (message,) = found()

    assert (message, message.is_serious()) == (checks.unknown_setting(name), False)
    assert nearest in hint_of(message)


def test_name_like_nothing_is_a_warning_all_the_same(settings: Any) -> None:
    settings.ORY_MFA_ = 1

    (message,) = found()

    assert "ORY_MFA_" in hint_of(message)


@pytest.mark.parametrize("name", ["ORY_SDK_URL", "MFA_AAL", "ORY_MFAX", "FLOWS"])
def test_names_of_others_are_no_business_of_ours(settings: Any, name: str) -> None:
    setattr(settings, name, "x")

    assert found() == []


def test_flows_is_no_setting(settings: Any) -> None:
    settings.ORY_MFA_FLOWS = "x"

    assert found() == [checks.unknown_setting("ORY_MFA_FLOWS")]


# Middleware.


def test_absent_middleware_is_an_error(settings: Any) -> None:
    settings.MIDDLEWARE = settings.MIDDLEWARE[:-1]

    assert found() == [checks.E003]


def test_policy_does_not_stand_in_for_the_session_middleware(settings: Any) -> None:
    settings.MIDDLEWARE = [POLICY_MIDDLEWARE]

    assert found() == [checks.E003]


@pytest.mark.parametrize("second", [SESSION_MIDDLEWARE, SITE_SESSION])
def test_session_middleware_twice_is_an_error(settings: Any, second: str) -> None:
    settings.MIDDLEWARE = [SESSION_MIDDLEWARE, second]

    assert found() == [checks.E008]


@pytest.mark.parametrize("session", [SESSION_MIDDLEWARE, SITE_SESSION])
@pytest.mark.parametrize("policy", [POLICY_MIDDLEWARE, SITE_POLICY])
def test_policy_before_the_session_is_an_error(settings: Any, session: str, policy: str) -> None:
    settings.MIDDLEWARE = [policy, session]

    assert found() == [checks.E004]


@pytest.mark.parametrize("session", [SESSION_MIDDLEWARE, SITE_SESSION])
@pytest.mark.parametrize("policy", [POLICY_MIDDLEWARE, SITE_POLICY])
def test_policy_after_the_session_is_in_order(settings: Any, session: str, policy: str) -> None:
    settings.MIDDLEWARE = [session, policy]

    assert found() == []


IMPORTABLE_BEFORE = [path for path in checks.BEFORE_OURS if "auth" not in path]


@pytest.mark.parametrize("path", IMPORTABLE_BEFORE)
def test_django_middleware_after_ours_is_a_warning(bare: Any, path: str) -> None:
    bare.MIDDLEWARE = [SESSION_MIDDLEWARE, path]

    assert found() == [checks.out_of_order(path, before=True)]


@pytest.mark.parametrize("path", IMPORTABLE_BEFORE)
def test_django_middleware_before_ours_is_in_order(bare: Any, path: str) -> None:
    bare.MIDDLEWARE = [path, SITE_SESSION]

    assert found() == []


def test_fetching_from_the_cache_before_ours_is_a_warning(bare: Any) -> None:
    path = "django.middleware.cache.FetchFromCacheMiddleware"
    bare.MIDDLEWARE = [path, SESSION_MIDDLEWARE]

    assert found() == [checks.out_of_order(path, before=False)]


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_both_halves_of_the_cache_in_one_are_wrong_on_either_side(bare: Any, *, first: bool) -> None:
    both = ["django.middleware.cache.CacheMiddleware", SESSION_MIDDLEWARE]
    bare.MIDDLEWARE = both if first else both[::-1]

    assert [message.id for message in found()] == ["ory_mfa.W002"]


@pytest.fixture
def users(bare: Any) -> Iterator[Any]:
    """A site with ``django.contrib.auth``, whose app registers checks for good."""
    known_checks = registry.registered_checks.copy()
    bare.INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django_ory_mfa"]
    yield bare
    registry.registered_checks = known_checks


def test_users_before_ours_and_login_required_after_are_in_order(users: Any) -> None:
    users.MIDDLEWARE = [
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        SESSION_MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]

    # The views of this site ask for a level too.
    assert [message.id for message in found()] == ["ory_mfa.W022"]


def test_users_after_ours_and_login_required_before_are_warnings(users: Any) -> None:
    users.MIDDLEWARE = [
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
        SESSION_MIDDLEWARE,
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ]

    assert found()[:2] == [
        checks.out_of_order("django.contrib.auth.middleware.AuthenticationMiddleware", before=True),
        checks.out_of_order("django.contrib.auth.middleware.LoginRequiredMiddleware", before=False),
    ]


def test_direction_is_part_of_the_message() -> None:
    before, after = (checks.out_of_order("a.b.C", before=before) for before in (True, False))

    assert (before.msg, after.msg) == (
        "C has to come before OrySessionMiddleware.",
        "C has to come after OrySessionMiddleware.",
    )
    assert "'a.b.C' before" in hint_of(before)


@pytest.mark.parametrize(
    "path",
    ["nowhere.to.be.Found", "tests.policy_subclasses.Missing", "undotted", "tests.policy_subclasses.factory"],
)
def test_middleware_that_is_no_class_of_ours_is_left_to_django(bare: Any, path: str) -> None:
    bare.MIDDLEWARE = [path, SESSION_MIDDLEWARE, path]

    assert found() == []


def test_middleware_whose_module_breaks_is_left_to_django(
    bare: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``django.contrib.auth.middleware`` does so where its app is not installed: a RuntimeError of its models."""
    (tmp_path / "broken_middleware.py").write_text("raise RuntimeError('Model class X is not installed')\n")
    monkeypatch.syspath_prepend(tmp_path)
    bare.MIDDLEWARE = ["broken_middleware.Any", SESSION_MIDDLEWARE]

    assert found() == []


WITHOUT_USERS = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django
django.setup()
from django.test.utils import override_settings
from django_ory_mfa import checks
assert not [name for name in sys.modules if name.startswith("django.contrib.auth.models")]
names = [f"django.contrib.auth.middleware.{name}Middleware" for name in ("Authentication", "LoginRequired")]
ours = "django_ory_mfa.middleware.OrySessionMiddleware"
for middleware in ([ours], [names[0], ours, names[1]]):
    with override_settings(MIDDLEWARE=middleware, ROOT_URLCONF="tests.quiet_urls"):
        print([message.id for check in checks.ALL for message in check(None)])
"""


def test_checks_run_where_users_are_not_installed_nor_listed_or_listed() -> None:
    run = subprocess.run([sys.executable, "-c", WITHOUT_USERS], capture_output=True, text=True, check=False)

    assert run.stdout == "[]\n['ory_mfa.W022']\n", run.stderr


# Claims.


@pytest.mark.parametrize(("claim", "expected"), [("aal1", [checks.W003]), ("highest_available", []), (None, [])])
def test_settings_flow_open_to_passwords_is_a_warning(settings: Any, claim: Any, expected: list[Any]) -> None:
    settings.ORY_MFA_SETTINGS_REQUIRED_AAL = claim

    assert found() == expected


# Users, on a site that has none: tests/contrib_auth has the others.


def test_middleware_of_users_without_its_app_is_an_error(settings: Any) -> None:
    settings.MIDDLEWARE = [SESSION_MIDDLEWARE, "django_ory_mfa.contrib.auth.middleware.OryUserMiddleware"]

    assert found() == [checks.E020, checks.W021]


def test_login_url_without_our_urls_is_an_error(settings: Any) -> None:
    settings.ROOT_URLCONF = Unmounted
    settings.LOGIN_URL = "ory_mfa:login"

    assert found() == [checks.E023]


@pytest.mark.parametrize("url", ["ory_mfa:login", gettext_lazy("ory_mfa:login")], ids=["text", "lazy"])
def test_login_url_with_our_urls_is_in_order(settings: Any, url: Any) -> None:
    settings.ROOT_URLCONF = Mounted
    settings.LOGIN_URL = url

    assert found() == []


def test_user_sync_without_users_is_not_looked_for(settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = "nowhere.Sync"

    assert found() == []


# All messages.


MESSAGES = [
    checks.E001,
    checks.E003,
    checks.E004,
    checks.E008,
    checks.E020,
    checks.E021,
    checks.E022,
    checks.E023,
    checks.E024,
    checks.W020,
    checks.W021,
    checks.W003,
    checks.W005,
    checks.W006,
    checks.odd_setting("ORY_MFA_AAL", ValueError("ORY_MFA_AAL is odd.")),
    checks.odd_view("/page", ValueError("odd")),
    checks.unknown_setting("ORY_MFA_X"),
    checks.out_of_order("a.b.C", before=True),
    checks.unclaimed(["/page"]),
    checks.too_weak_methods("/page", Requirement("aal2", methods={"password"})),
    checks.unknown_methods("/page", ["otp"]),
    checks.cleartext("ORY_MFA_SDK_URL"),
    checks.two_loopbacks("localhost", "127.0.0.1"),
    checks.form_action_blocks("SECURE_CSP", "https://ory.example"),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: str(message.id))
def test_message_has_a_hint_and_an_id(message: CheckMessage) -> None:
    level = "E" if message.is_serious() else "W"

    assert str(message.id).startswith(f"ory_mfa.{level}")
    assert message.hint


def test_ids_are_unique() -> None:
    assert len({message.id for message in MESSAGES}) == len(MESSAGES)


def test_no_check_asks_ory(ory: Any, settings: Any) -> None:
    settings.ORY_MFA_AAL = "x"

    found()

    assert ory.calls == []
