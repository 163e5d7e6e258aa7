"""``ory_mfa show`` and ``check`` of a file: is Ory's session cookie one that this site finds?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from django_ory_mfa.management.control.cookies import ExpectedCookie, cookie_findings
from tests.control import ory_mfa

HERE = ExpectedCookie(None, "auth.example.com", "www.example.com")
COMMON = {"cookies": {"domain": "example.com"}}


def found(config: dict[str, Any], expected: ExpectedCookie = HERE) -> list[tuple[str, str]]:
    findings = cookie_findings(config, expected)
    assert {finding.level for finding in findings} <= {"error"}
    return [(finding.key, finding.text) for finding in findings]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (None, None),
        (None, "ory_kratos_session"),
        ("ory_kratos_session", None),
        ("ory_session_mine", None),
        ("shop_session", "shop_session"),
    ],
)
def test_name_that_django_finds_is_fine(name: str | None, expected: str | None) -> None:
    config = COMMON | ({} if name is None else {"session": {"cookie": {"name": name}}})

    assert found(config, ExpectedCookie(expected)) == []


def test_name_of_ones_own_that_django_does_not_know() -> None:
    assert found(COMMON | {"session": {"cookie": {"name": "shop_session"}}}) == [
        (
            "session.cookie.name",
            'is "shop_session", but Django looks for ory_kratos_session or ory_session_…: to Django nobody is signed '
            'in. Set ORY_MFA_SESSION_COOKIE = "shop_session".',
        )
    ]


def test_default_name_where_django_looks_for_another() -> None:
    ((key, text),) = found(COMMON, ExpectedCookie("shop_session"))

    assert key == "session.cookie.name"
    assert text.startswith('is "ory_kratos_session", but Django looks for the cookie "shop_session":')


@pytest.mark.parametrize("value", [7, {"MADE-UP": 1}, "https://ann:MADE-UP@x"])
def test_name_that_is_none_is_an_error_and_no_secret_is_shown(value: object) -> None:
    ((_, text),) = found(COMMON | {"session": {"cookie": {"name": value}}})

    assert "MADE-UP" not in text


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (COMMON, HERE),
        ({"cookies": {"domain": ".Example.com"}}, HERE),
        ({}, ExpectedCookie(None, "localhost", "localhost")),
        ({}, ExpectedCookie(None, "localhost", None)),
        ({}, ExpectedCookie()),
        ({"session": {"cookie": {"domain": "example.com"}}, "cookies": {"domain": "elsewhere.org"}}, HERE),
    ],
)
def test_domain_of_both_hosts_is_fine(config: dict[str, Any], expected: ExpectedCookie) -> None:
    assert found(config, expected) == []


def test_no_domain_for_two_hosts() -> None:
    assert found({}) == [
        (
            "cookies.domain",
            "is not set, so the cookie is for auth.example.com only, and www.example.com never gets it: to Django "
            "nobody is signed in.",
        )
    ]


@pytest.mark.parametrize(
    ("domain", "texts"),
    [
        ("auth.example.com", ["this site is at www.example.com"]),
        ("www.example.com", ["Ory is at auth.example.com"]),
        ("example.org", ["Ory is at auth.example.com", "this site is at www.example.com"]),
    ],
)
def test_domain_that_does_not_cover_both(domain: str, texts: list[str]) -> None:
    findings = found({"session": {"cookie": {"domain": domain}}})

    assert [key for key, _ in findings] == ["session.cookie.domain"] * len(texts)
    assert all(text in said for text, (_, said) in zip(texts, findings, strict=True))


# The commands.


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "kratos.yml"
    path.write_text("session:\n  cookie:\n    name: shop_session\ncookies:\n  domain: example.com\n")
    return path


def test_check_names_the_cookie_and_ends_with_3(file: Path, settings: Any) -> None:
    settings.ORY_MFA_SITE_URL = "https://www.example.com"
    settings.ORY_MFA_SDK_URL = "https://auth.example.com"

    checked = ory_mfa("check", "--file", file)

    assert checked.code == 3
    assert 'error: session.cookie.name is "shop_session", but Django looks for ory_kratos_session' in checked.out
    assert "cookies.domain" not in checked.out


def test_show_lists_the_keys_about_the_cookie(file: Path, settings: Any) -> None:
    settings.ORY_MFA_SESSION_COOKIE = "shop_session"

    shown = ory_mfa("show", "--file", file)

    rows = {line.split()[0]: line.split()[1] for line in shown.out.splitlines() if line.endswith("set, compared only")}
    assert rows == {"session.cookie.name": '"shop_session"', "cookies.domain": '"example.com"'}
    assert "session.cookie.name is" not in shown.out


def test_file_is_checked_without_the_url_of_ory(file: Path, settings: Any) -> None:
    del settings.ORY_MFA_SDK_URL

    assert "error: session.cookie.name is" in ory_mfa("check", "--file", file).out
