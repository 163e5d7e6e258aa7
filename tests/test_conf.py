"""Every setting: what it is by default, what it may be, and that nonsense is named, not guessed at."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from django.urls import set_script_prefix
from django.utils.functional import empty

from django_ory_mfa.conf import Conf, Rule, Timeout, conf, fingerprint_key, fingerprint_keys
from django_ory_mfa.core.flows import Flows
from django_ory_mfa.core.requirement import Requirement
from django_ory_mfa.core.session import AAL

SDK_URL = "http://127.0.0.1:4433"
DEFAULTS = {
    "sdk_url": SDK_URL,
    "browser_url": SDK_URL,
    "flows": Flows(SDK_URL),
    "site_url": None,
    "session_cookie": None,
    "aal": "aal2",
    "whoami_required_aal": None,
    "settings_required_aal": None,
    "default_return_to": "/",
    "timeout": Timeout(1, 3),
    "max_concurrency": 32,
    "rules": [],
    "policies": {},
    "cache": "default",
    "cache_ttl": 0,
    "client_kind": None,
    "project": "",
    "user_sync": None,
}
SECRET = "s3cret"


def setting(name: str, value: object) -> override_settings:
    return override_settings(**{f"ORY_MFA_{name.upper()}": value})


def read(name: str) -> Any:
    return getattr(conf, name)


def a_callable(request: object) -> None:
    """A requirement that asks for nothing, or a client of a kind that is left to its headers."""


async def a_coroutine(request: object) -> None:
    """What cannot be asked in blocking code."""


@pytest.mark.parametrize(("name", "default"), DEFAULTS.items(), ids=DEFAULTS)
def test_setting_has_its_default(settings: Any, name: str, default: object) -> None:
    del settings.ORY_MFA_TIMEOUT

    assert read(name) == default


def test_only_the_url_and_the_time_out_are_set_in_these_tests() -> None:
    names = {name for name in dir(django_settings) if name.startswith("ORY_MFA_")}

    assert names == {"ORY_MFA_SDK_URL", "ORY_MFA_TIMEOUT"}


def test_settings_of_the_design_are_there() -> None:
    names = {name for name, value in vars(Conf).items() if isinstance(value, property)}

    assert names >= set(DEFAULTS)


# Values that are accepted, and what is made of them.
VALID_URLS = (
    ("https://slug.projects.oryapis.com", "https://slug.projects.oryapis.com"),
    ("http://127.0.0.1:4433/", SDK_URL),
    ("http://127.0.0.1:4433//", SDK_URL),
    ("https://app.example.test/.ory", "https://app.example.test/.ory"),
    ("https://app.example.test/.ory/", "https://app.example.test/.ory"),
    ("https://app.example.test/a/b@c", "https://app.example.test/a/b@c"),
    ("http://[::1]:4433", "http://[::1]:4433"),
    ("http://kratos", "http://kratos"),
)
VALID: tuple[tuple[str, object, object], ...] = (
    *((name, given, kept) for name in ("sdk_url", "browser_url") for given, kept in VALID_URLS),
    ("browser_url", None, SDK_URL),
    ("site_url", None, None),
    ("site_url", "https://app.example.test", "https://app.example.test"),
    ("site_url", "https://app.example.test/", "https://app.example.test"),
    ("site_url", "http://localhost:8000", "http://localhost:8000"),
    ("session_cookie", None, None),
    ("session_cookie", "my_session", "my_session"),
    ("session_cookie", "__Host-ory", "__Host-ory"),
    ("aal", "aal1", "aal1"),
    ("aal", "aal2", "aal2"),
    ("aal", "highest_available", "highest_available"),
    ("aal", AAL.AAL1, "aal1"),
    *(
        (name, value, value)
        for name in ("whoami_required_aal", "settings_required_aal")
        for value in (None, "aal1", "highest_available")
    ),
    ("default_return_to", "/", "/"),
    ("default_return_to", "/home/?a=b#c", "/home/?a=b#c"),
    ("timeout", 3, Timeout(1, 3)),
    ("timeout", 0.5, Timeout(0.5, 0.5)),
    ("timeout", 1, Timeout(1, 1)),
    ("timeout", (2, 5), Timeout(2, 5)),
    ("timeout", [0.25, 0.5], Timeout(0.25, 0.5)),
    ("max_concurrency", 1, 1),
    ("max_concurrency", 1000, 1000),
    ("rules", [], []),
    ("rules", (), []),
    ("policies", {"p": {"aal": "aal1"}}, {"p": Requirement("aal1")}),
    ("cache_ttl", 0.5, 0.5),
    ("cache_ttl", 86400, 86400),
    ("client_kind", "tests.test_conf.a_callable", a_callable),
    ("project", "", ""),
    ("project", "Shop (EU)", "Shop (EU)"),
    ("project", "p" * 100, "p" * 100),
    ("user_sync", None, None),
    ("user_sync", "shop.users.ShopSync", "shop.users.ShopSync"),
)


@pytest.mark.parametrize(("name", "given", "kept"), VALID, ids=[f"{name}-{given!r}" for name, given, _ in VALID])
def test_valid_value_is_kept(name: str, given: object, kept: object) -> None:
    with setting(name, given):
        assert read(name) == kept


BAD_URLS = {
    "number": 5,
    "bytes": b"https://ory.example.test",
    "list": ["https://ory.example.test"],
    "no-scheme": "ory.example.test",
    "protocol-relative": "//ory.example.test",
    "path": "/ory",
    "ftp": "ftp://ory.example.test",
    "no-host": "https://",
    "no-host-but-a-path": "https:///ory",
    "one-slash": "https:/ory.example.test",
    "port-0": "https://ory.example.test:0",
    "port-too-large": "https://ory.example.test:65536",
    "port-no-number": "https://ory.example.test:https",
    "bad-ipv6": "https://[::1",
    "query": "https://ory.example.test/?a=b",
    "empty-query": "https://ory.example.test/?",
    "fragment": "https://ory.example.test/#a",
    "empty-fragment": "https://ory.example.test#",
    "climbing": "https://ory.example.test/a/../b",
    "space": "https://ory.example.test/a b",
    "leading-space": " https://ory.example.test",
    "line-feed": "https://ory.example.test\n",
    "non-ascii": "https://öry.example.test",
    "backslash": "https://ory.example.test\\a",
    "user-info": f"https://user:{SECRET}@ory.example.test",
}
# Not one of them may be guessed at. Those of a URL are tried on every setting that is one.
INVALID: dict[str, dict[str, object]] = {
    "sdk_url": {**BAD_URLS, "none": None, "empty": ""},
    "browser_url": {**BAD_URLS, "empty": "", "false": False},
    "site_url": {**BAD_URLS, "empty": "", "with-a-path": "https://app.example.test/a", "star": "*"},
    "session_cookie": {
        "empty": "",
        "number": 5,
        "false": False,
        "bytes": b"ory",
        "list": ["ory"],
        "space": "a b",
        "equals-sign": "a=b",
        "semicolon": "a;b",
        "comma": "a,b",
        "line-feed": "ory\n",
        "non-ascii": "öry",
    },
    "aal": {
        "none": None,
        "empty": "",
        "aal0": "aal0",
        "aal3": "aal3",
        "capitals": "AAL2",
        "number": 2,
        "list": ["aal2"],
        "set": {"aal2"},
        "requirement": Requirement("aal2"),
    },
    "whoami_required_aal": {"aal2": "aal2", "empty": "", "capitals": "AAL1", "false": False, "list": ["aal1"]},
    "settings_required_aal": {"aal2": "aal2", "empty": "", "capitals": "AAL1", "false": False, "list": ["aal1"]},
    "default_return_to": {
        "none": None,
        "empty": "",
        "bytes": b"/",
        "no-slash": "home/",
        "two-slashes": "//evil.test/",
        "backslash": "/\\evil.test/",
        "url": "https://evil.test/",
        "space": "/a b",
        "line-feed": "/a\n",
        "tab": "/\t/evil.test",
        "non-ascii": "/ü",
    },
    "timeout": {
        "none": None,
        "text": "3",
        "zero": 0,
        "negative": -1,
        "true": True,
        "infinite": float("inf"),
        "nan": float("nan"),
        "beyond-float": 10**400,
        "empty": (),
        "one-of-two": (3,),
        "three": (1, 2, 3),
        "connect-none": (None, 3),
        "total-none": (1, None),
        "connect-zero": (0, 3),
        "total-zero": (1, 0),
        "connect-text": ("1", 3),
        "connect-true": (True, 3),
        "total-infinite": (1, float("inf")),
        "set": {1, 3},
    },
    "max_concurrency": {
        "none": None,
        "zero": 0,
        "negative": -1,
        "float": 32.0,
        "true": True,
        "text": "32",
        "list": [32],
    },
    "rules": {
        "none": None,
        "dict": {"^/x": "aal2"},
        "text": "^/x",
        "rule-text": ["ab"],
        "rule-of-one": [("^/x",)],
        "rule-none": [None],
        "bad-regex": [("(", "aal2")],
        "huge-regex": [("a{99999999999999999999}", "aal2")],
        "regex-none": [(None, "aal2")],
        "regex-bytes": [(b"^/x", "aal2")],
        "bad-level": [("^/x", "aal9")],
        "level-in-capitals": [("^/x", "AAL2")],
        "level-number": [("^/x", 2)],
        "level-false": [("^/x", False)],
        "second-is-bad": [("^/x", "aal2"), ("^/y", "")],
        "rule-of-four": [("^/x", "aal2", {}, {})],
        "odd-option": [("^/x", "aal2", {"reportonly": True})],
        "odd-value": [("^/x", "aal2", {"report_only": "yes"})],
        "option-none": [("^/x", "aal2", None)],
        "unknown-policy": [("^/x", "sensitive")],
    },
    "policies": {
        "none": None,
        "list": [("p", {"aal": "aal1"})],
        "number": {1: {"aal": "aal1"}},
        "empty": {"": {"aal": "aal1"}},
        "level": {"aal2": {"aal": "aal1"}},
        "text": {"p": "aal1"},
        "no-aal": {"p": {"max_age": 600}},
        "odd-part": {"p": {"aal": "aal1", "maxage": 600}},
        "odd-level": {"p": {"aal": "aal9"}},
        "odd-age": {"p": {"aal": "aal1", "max_age": -1}},
        "odd-methods": {"p": {"aal": "aal1", "methods": "totp"}},
    },
    "cache": {"none": None, "unknown": "other", "number": 1, "list": ["default"]},
    "cache_ttl": {
        "none": None,
        "false": False,
        "true": True,
        "negative": -1,
        "text": "60",
        "not-a-number": float("nan"),
        "infinite": float("inf"),
        "two-days": 172800,
    },
    "client_kind": {
        "empty": "",
        "false": False,
        "callable": a_callable,
        "no-dots": "a_callable",
        "no-module": "tests.nowhere.a_callable",
        "no-name": "tests.test_conf.nothing",
        "empty-name": "tests..a_callable",
        "module": "tests.test_conf",
        "text": "tests.test_conf.SECRET",
        "coroutine": "tests.test_conf.a_coroutine",
        "broken-module": "tests.broken_module.a_callable",
    },
    "project": {"none": None, "number": 5, "bytes": b"shop", "too-long": "p" * 101, "nul": "a\0b", "line": "a\nb"},
    "user_sync": {
        "empty": "",
        "number": 5,
        "class": object,
        "no-module": "Sync",
        "dots": "shop..Sync",
        "colon": "shop.users:Sync",
        "space": "shop.users Sync",
    },
}


def complaint(name: str, value: object) -> str:
    """The first word of the error about a setting with this value; empty if there is none."""
    with setting(name, value):
        try:
            read(name)
        except ImproperlyConfigured as error:
            return re.split(r"\W", str(error), maxsplit=1)[0]
    return ""


@pytest.mark.parametrize("name", INVALID)
def test_invalid_value_is_an_error_that_names_the_setting(name: str) -> None:
    complaints = {case: complaint(name, value) for case, value in INVALID[name].items()}

    assert complaints == dict.fromkeys(INVALID[name], f"ORY_MFA_{name.upper()}")


@pytest.mark.parametrize(
    "url",
    [
        f"https://user:{SECRET}@ory.example.test",
        f"https://{SECRET}@ory.example.test",
        f"https://user:{SECRET}ü@ory.example.test",
        f"https://user:{SECRET} @ory.example.test",
        f"https://user:{SECRET}\\@ory.example.test",
        f"https://user:{SECRET}@ory.example.test\n",
        f"https://user:{SECRET}@[ory",
        f"https://user:{SECRET}@ory.example.test/path",
        f"ftp://user:{SECRET}@ory.example.test",
    ],
    ids=range(9),
)
@pytest.mark.parametrize("name", ["sdk_url", "browser_url", "site_url"])
def test_error_does_not_show_the_password_in_a_url(name: str, url: str) -> None:
    """Design 6, rule 7."""
    with setting(name, url), pytest.raises(ImproperlyConfigured) as caught:
        read(name)

    assert SECRET not in f"{caught.value}{caught.value.__cause__}"


def test_missing_url_says_what_to_set() -> None:
    with override_settings():
        del django_settings.ORY_MFA_SDK_URL

        with pytest.raises(ImproperlyConfigured, match="ORY_MFA_SDK_URL is missing"):
            read("sdk_url")


@pytest.mark.parametrize("name", ["browser_url", "flows", "session_cookie"])
def test_setting_that_rests_on_the_missing_url_names_it(name: str) -> None:
    with setting("sdk_url", None), pytest.raises(ImproperlyConfigured, match="ORY_MFA_SDK_URL"):
        read(name)


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        (a_callable, "must be a dotted path"),
        ("tests.nowhere.a_callable", "cannot be imported"),
        ("tests.test_conf.SECRET", "must be the path of a function"),
    ],
    ids=["no-path", "no-module", "no-function"],
)
def test_path_that_leads_nowhere_is_told_why(path: object, problem: str) -> None:
    with setting("client_kind", path), pytest.raises(ImproperlyConfigured, match=f"ORY_MFA_CLIENT_KIND {problem}"):
        read("client_kind")


def test_key_of_hashes_and_seals_is_never_made_of_an_empty_secret() -> None:
    """Anybody could make the hashes and seals of such a key."""
    with override_settings(SECRET_KEY=""):
        with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
            fingerprint_key()
        with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
            fingerprint_keys()


def test_key_of_hashes_and_seals_follows_the_secret() -> None:
    with override_settings(SECRET_KEY="old"):
        old = fingerprint_key()
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["old"]):
        assert fingerprint_keys() == (fingerprint_key(), old)
        assert fingerprint_key() != old


@pytest.mark.parametrize("first", [lambda: conf.sdk_url, lambda: conf.cache, fingerprint_key], ids=range(3))
def test_settings_are_loaded_by_whoever_reads_them_first(first: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = first()
    monkeypatch.setattr(django_settings, "_wrapped", empty)

    assert not django_settings.configured
    assert first() == loaded


def test_application_is_the_site_and_the_script_prefix() -> None:
    assert conf.application_url() is None
    with setting("site_url", "https://app.example.test/"):
        assert conf.application_url() == "https://app.example.test"
        set_script_prefix("/shöp/")
        try:
            assert conf.application_url() == "https://app.example.test/sh%C3%B6p"
        finally:
            set_script_prefix("/")


def test_browser_url_makes_the_flows() -> None:
    with setting("browser_url", "https://app.example.test/.ory/"):
        assert (conf.sdk_url, conf.flows) == (SDK_URL, Flows("https://app.example.test/.ory"))


@pytest.mark.parametrize(
    ("sdk_url", "expected"),
    [
        ("https://slug.projects.oryapis.com", "ory_session_slug"),
        ("https://nice-slug-a1b2.projects.oryapis.com", "ory_session_nicesluga1b2"),
        ("https://nice-slug.projects.oryapis.com:443/", "ory_session_niceslug"),
        ("https://Nice-Slug.Projects.OryAPIs.com", "ory_session_niceslug"),
        ("https://projects.oryapis.com", None),
        ("https://a.b.projects.oryapis.com", None),
        ("https://slug.projects.oryapis.com.evil.test", None),
        ("https://slug.projects-oryapis.com", None),
        ("https://app.example.test/slug.projects.oryapis.com", None),
        ("https://auth.example.test", None),
        ("http://127.0.0.1:4433", None),
    ],
)
def test_session_cookie_follows_from_the_host_of_ory_network(sdk_url: str, expected: str | None) -> None:
    with setting("sdk_url", sdk_url):
        assert conf.session_cookie == expected


def test_given_session_cookie_beats_the_host() -> None:
    with setting("sdk_url", "https://slug.projects.oryapis.com"), setting("session_cookie", "mine"):
        assert conf.session_cookie == "mine"


def test_rules_keep_their_order_and_what_they_ask_for() -> None:
    compiled = re.compile("^/c")
    requirement = Requirement("aal2", 600)
    rules = [("^/a", "aal1"), ["^/b", None], (compiled, requirement), ("^/d", a_callable)]

    with setting("rules", rules):
        read_rules = conf.rules

    assert [(rule.pattern.pattern, rule.requirement) for rule in read_rules] == [
        ("^/a", Requirement("aal1")),
        ("^/b", None),
        ("^/c", requirement),
        ("^/d", a_callable),
    ]


def test_rule_can_only_report() -> None:
    rules = [
        ("a", "aal1"),
        ("b", "aal1", {}),
        ("c", "aal1", {"report_only": False}),
        ("d", None, {"report_only": True}),
    ]
    with setting("rules", rules):
        assert [rule.only_reports for rule in conf.rules] == [False, False, False, True]


@pytest.mark.parametrize("value", [Timeout(1, 3), Rule(re.compile("a"), None)], ids=["timeout", "rule"])
def test_values_are_frozen(value: object) -> None:
    name = next(iter(type(value).__slots__))  # type: ignore[attr-defined]

    with pytest.raises(FrozenInstanceError):
        setattr(value, name, "changed")


def test_rule_is_enforced_unless_it_says_otherwise() -> None:
    assert not Rule(re.compile("a"), None).only_reports


def test_policies_are_requirements_with_a_name() -> None:
    policies = {"sensitive": {"aal": "aal2", "max_age": 600, "methods": {"totp"}}, "any": {"aal": "aal1"}}
    with setting("policies", policies), setting("aal", "sensitive"), setting("rules", [("^/", "any")]):
        assert conf.policies == {"sensitive": Requirement("aal2", 600, {"totp"}), "any": Requirement("aal1")}
        assert conf.requirement("sensitive") == Requirement("aal2", 600, {"totp"})
        assert conf.aal == "sensitive"
        assert conf.rules[0].requirement == Requirement("aal1")


@pytest.mark.parametrize("name", ["sensitive", "", "AAL2", None])
def test_name_of_nothing_is_refused(name: Any) -> None:
    with pytest.raises(ValueError, match="aal must be one of aal1, aal2, highest_available"):
        conf.requirement(name)


CHANGES = {
    "sdk_url": "http://other:4433",
    "browser_url": "http://other:4433",
    "site_url": "https://other.test",
    "session_cookie": "other",
    "aal": "aal1",
    "whoami_required_aal": "highest_available",
    "settings_required_aal": "highest_available",
    "default_return_to": "/other/",
    "timeout": 7,
    "max_concurrency": 7,
    "rules": [("^/other", None)],
    "policies": {"other": {"aal": "aal1"}},
    "cache": "other",
    "cache_ttl": 7,
    "client_kind": "tests.test_conf.a_callable",
    "project": "other",
    "user_sync": "other.Sync",
}


def test_every_setting_is_changed_below() -> None:
    assert set(CHANGES) == set(DEFAULTS) - {"flows"}


@pytest.mark.parametrize(("name", "value"), CHANGES.items(), ids=CHANGES)
def test_setting_is_read_on_every_access(name: str, value: object, settings: Any) -> None:
    settings.CACHES = dict.fromkeys(("default", "other"), django_settings.CACHES["default"])
    before = read(name)

    with setting(name, value):
        during = read(name)

    assert during != before
    assert read(name) == before
