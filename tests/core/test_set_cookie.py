from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from django_ory_mfa.core.set_cookie import is_timely, issued_cookie, reaches

NAME = "ory_kratos_session"
ATTRIBUTES = "Path=/; Domain=example.com; Expires=Thu, 26 Nov 2026 10:00:00 GMT; HttpOnly; Secure; Partitioned"


def test_cookie_is_kept_as_it_came() -> None:
    cookie = issued_cookie((f"{NAME}=MTY==; {ATTRIBUTES}",), NAME)

    assert cookie is not None
    assert (cookie.name, cookie.value, cookie.domain) == (NAME, "MTY==", "example.com")
    assert cookie.header == f"{NAME}=MTY==; {ATTRIBUTES}"


def test_value_stays_out_of_the_repr() -> None:
    assert "MTY" not in repr(issued_cookie((f"{NAME}=MTY==",), NAME))


@pytest.mark.parametrize(
    "header",
    [
        "csrf_token_1=abc; Path=/",
        f"{NAME}=; Max-Age=0",
        f"{NAME}",
        f"{NAME}=a b",
        f'{NAME}="quoted"',
        f"{NAME}=a,b",
        f"{NAME}={'x' * 4097}",
        f"{NAME}=a\r\nX: y",
        f"{NAME}=a; Path=/\n",
        f"{NAME}=a; Path=/é",
        f"{NAME.upper()}=a",
        "",
    ],
)
def test_what_is_no_sound_session_cookie_is_left_out(header: str) -> None:
    assert issued_cookie((header,), NAME) is None


def test_session_cookie_is_found_among_others_and_the_last_one_counts() -> None:
    cookie = issued_cookie(("a=b", f"{NAME}=first", f"{NAME}=second", "c=d"), NAME)

    assert cookie is not None
    assert cookie.value == "second"


@pytest.mark.parametrize(
    ("domain", "host", "browser_host", "is_reached"),
    [
        ("", "app.example.com", "auth.example.com", False),
        ("", "example.com", "example.com", True),
        ("; Domain=", "example.com", "example.com", True),
        ("; Domain=example.com", "app.example.com", "auth.example.com", True),
        ("; domain = .Example.COM", "app.example.com", "auth.example.com", True),
        ("; Domain=example.com", "example.com", "auth.example.com", True),
        ("; Domain=example.com", "badexample.com", "auth.example.com", False),
        ("; Domain=auth.example.com", "app.example.com", "auth.example.com", False),
        ("; Domain=app.example.com; Domain=example.com", "x.example.com", "auth.example.com", True),
        ("; Domain=0.0.1", "127.0.0.1", "127.0.0.1", False),
        ("; Domain=127.0.0.1", "127.0.0.1", "10.0.0.1", True),
        ("; Domain=:1", "::1", "::1", False),
        ("; Domain=com", "example.com", "example.com", True),
    ],
)
def test_cookie_reaches_the_hosts_that_its_domain_covers(
    domain: str, host: str, browser_host: str, *, is_reached: bool
) -> None:
    cookie = issued_cookie((f"{NAME}=a{domain}; Path=/",), NAME)

    assert cookie is not None
    assert reaches(cookie, host, browser_host=browser_host) is is_reached


def test_cookie_stays_as_ory_sent_it() -> None:
    cookie = issued_cookie((f"{NAME}=MTY==; {ATTRIBUTES}",), NAME)

    with pytest.raises(FrozenInstanceError):
        cookie.header = "another"  # type: ignore[misc, union-attr]  # what must fail


@pytest.mark.parametrize(("age", "expected"), [(0.0, True), (1.0, True), (1.001, False), (60.0, False)])
def test_script_gets_a_renewed_cookie_for_one_second(age: float, *, expected: bool) -> None:
    assert is_timely(age, is_navigation=False) is expected


def test_person_who_waits_for_a_page_gets_a_renewed_cookie_at_any_time() -> None:
    assert is_timely(60.0, is_navigation=True)


@pytest.mark.parametrize(
    ("attributes", "domain"),
    [
        ("Domain=a.test", "a.test"),
        (" dOMAIN = .A.test ", "a.test"),
        ("Domain=a=b", "a=b"),
        ("XDomain=a.test", None),
        ("Domain=XaX", "xax"),
        ("Domain=a.test; Domain=b.test", "b.test"),
        ("Domain=a.test; Domain=", None),
        ("Domain", None),
    ],
)
def test_domain_is_read_as_browsers_do(attributes: str, domain: str | None) -> None:
    cookie = issued_cookie((f" {NAME}=a ; {attributes}; Path=/",), NAME)

    assert cookie is not None
    assert (cookie.value, cookie.domain) == ("a", domain)


def test_value_keeps_its_letters_at_both_ends() -> None:
    cookie = issued_cookie((f"{NAME}=XaX",), NAME)

    assert cookie is not None
    assert cookie.value == "XaX"


@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]", "::ffff:127.0.0.1"])
def test_address_is_no_host_below_a_domain(host: str) -> None:
    cookie = issued_cookie((f"{NAME}=a; Domain={host.partition('.')[2]}",), NAME)

    assert cookie is not None
    assert not reaches(cookie, host, browser_host="ory.test")
