"""Exactly one kind of credential of a request is shown to Ory, and only a sound one."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from django_ory_mfa.core.credentials import (
    LONGEST_VALUE,
    Credential,
    CredentialKind,
    bearer_token,
    canonical,
    choose_credential,
    cookie_header,
    fingerprint,
    read_cookies,
    session_cookies,
)

NAME = "ory_kratos_session"
TOKEN = "ory_st_abcdefghijklmnopqrstuvwxyz012345"
BEARER = f"Bearer {TOKEN}"
SOUND = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '",;\\')
UNSOUND = {
    "empty": "",
    "space": "a b",
    "tab": "a\tb",
    "line-feed": "a\nb",
    "line-feed-at-the-end": "abc\n",
    "carriage-return": "a\rb",
    "nul": "a\x00b",
    "escape": "a\x1bb",
    "delete": "a\x7fb",
    "quote": '"abc"',
    "comma": "a,b",
    "backslash": "a\\b",
    "latin-1": "a\xe9b",
    "utf-8-read-as-latin-1": "a\xc3\xa9b",
    "beyond-latin-1": "a\u20acb",
    "surrogate": "a\udce9b",
    "one-too-long": "a" * (LONGEST_VALUE + 1),
}


def choose(
    session_token: str = "", cookies: str = "", authorization: str = "", name: str | None = NAME
) -> Credential | None:
    found = [] if name is None else session_cookies(cookies, name)
    return choose_credential(session_token=session_token, cookies=found, authorization=authorization)


def names(header: str) -> set[str]:
    return {name for name, _ in session_cookies(header)}


def cookie(value: str) -> Credential:
    return Credential(CredentialKind.COOKIE, value)


def token(value: str) -> Credential:
    return Credential(CredentialKind.TOKEN, value)


A_COOKIE = f"{NAME}=abc"
OTHER = "ory_st_543210zyxwvutsrqponmlkjihgfedcba"
# What django-allauth's headless API gives its clients, for one.
FOREIGN = "vlbsjc6ilj7z58a4xzwzbwmtnw8a6fnr"


@pytest.mark.parametrize(
    ("session_token", "cookies", "authorization", "expected"),
    [
        pytest.param("", "", "", None, id="nothing"),
        pytest.param(OTHER, "", "", token(OTHER), id="token"),
        pytest.param("", A_COOKIE, "", cookie(A_COOKIE), id="cookie"),
        pytest.param("", "", BEARER, token(TOKEN), id="bearer"),
        pytest.param(OTHER, A_COOKIE, "", token(OTHER), id="token-before-cookie"),
        pytest.param(OTHER, "", BEARER, token(OTHER), id="token-before-bearer"),
        pytest.param("", A_COOKIE, BEARER, cookie(A_COOKIE), id="cookie-before-bearer"),
        pytest.param(OTHER, A_COOKIE, BEARER, token(OTHER), id="token-before-all"),
        pytest.param(FOREIGN, "", "", None, id="foreign-token-is-none"),
        pytest.param(FOREIGN, A_COOKIE, "", cookie(A_COOKIE), id="cookie-beside-a-foreign-token"),
        pytest.param(FOREIGN, "", BEARER, token(TOKEN), id="bearer-beside-a-foreign-token"),
        pytest.param(FOREIGN, A_COOKIE, BEARER, cookie(A_COOKIE), id="foreign-token-before-all"),
        pytest.param(FOREIGN, "", f"Bearer {FOREIGN}", None, id="foreign-token-in-both-headers"),
        pytest.param("", f"{NAME}=", BEARER, token(TOKEN), id="empty-cookie-is-none"),
        pytest.param("a b", A_COOKIE, BEARER, cookie(A_COOKIE), id="unsound-token-is-none"),
        pytest.param("a b", f'{NAME}="x"', BEARER, token(TOKEN), id="unsound-token-and-cookie-are-none"),
        pytest.param("a b", f'{NAME}="x"', "Bearer ory_st_a b", None, id="all-unsound"),
        pytest.param("", "sessionid=abc; csrftoken=def", "", None, id="other-cookies"),
        pytest.param("", "sessionid=abc", BEARER, token(TOKEN), id="other-cookies-beside-bearer"),
    ],
)
def test_first_sound_kind_is_chosen(
    session_token: str, cookies: str, authorization: str, expected: Credential | None
) -> None:
    assert choose(session_token, cookies, authorization) == expected


@pytest.mark.parametrize("value", UNSOUND.values(), ids=UNSOUND)
def test_unsound_session_token_is_dropped(value: str) -> None:
    text = f"{TOKEN}{value}" if value else ""

    assert choose(session_token=text) is None


@pytest.mark.parametrize(
    "value",
    [FOREIGN, "ory_at_abc", "ORY_ST_abc", "xory_st_abc", "ory_st", "ory-st_abc", "Bearer ory_st_abc", " ory_st_abc"],
    ids=repr,
)
def test_token_without_the_prefix_of_ory_is_never_sent(value: str) -> None:
    assert choose(session_token=value) is None
    assert choose(session_token=value, cookies=A_COOKIE) == cookie(A_COOKIE)


@pytest.mark.parametrize("value", UNSOUND.values(), ids=UNSOUND)
def test_unsound_cookie_is_dropped(value: str) -> None:
    assert choose(cookies=f"{NAME}={value}") is None


@pytest.mark.parametrize("value", UNSOUND.values(), ids=UNSOUND)
def test_unsound_cookie_beside_sound_ones_is_dropped_alone(value: str) -> None:
    assert choose(cookies=f"{NAME}=a; {NAME}={value}; {NAME}=b") == cookie(f"{NAME}=a; {NAME}=b")


@pytest.mark.parametrize("value", UNSOUND.values(), ids=UNSOUND)
def test_unsound_bearer_is_dropped(value: str) -> None:
    text = f"{TOKEN}{value}" if value else ""

    assert choose(authorization=f"Bearer {text}") is None


@pytest.mark.parametrize("value", [SOUND, "a", "=", "a=b==", "a" * LONGEST_VALUE], ids=lambda value: value[:8])
def test_sound_value_is_sent_byte_for_byte(value: str) -> None:
    text = f"ory_st_{value}"[:LONGEST_VALUE]

    assert choose(session_token=text) == token(text)
    assert choose(cookies=f"{NAME}={value}") == cookie(f"{NAME}={value}")


def test_longest_value_is_4096_characters() -> None:
    longest = TOKEN + "a" * (4096 - len(TOKEN))

    assert choose(authorization=f"Bearer {longest}") == token(longest)
    assert choose(authorization=f"Bearer {longest}a") is None
    assert choose(session_token=longest) == token(longest)
    assert choose(session_token=f"{longest}a") is None


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param(f"{NAME}=a; {NAME}=b", f"{NAME}=a; {NAME}=b", id="two"),
        pytest.param(f"{NAME}=b; {NAME}=a; {NAME}=b", f"{NAME}=b; {NAME}=a; {NAME}=b", id="repeated"),
        pytest.param(f"x=1; {NAME}=a; sessionid=s; {NAME}=b; y=2", f"{NAME}=a; {NAME}=b", id="among-others"),
        pytest.param(f"{NAME}=a;{NAME}=b", f"{NAME}=a; {NAME}=b", id="no-space-after-the-semicolon"),
        pytest.param(f"; ;{NAME}=a;;", f"{NAME}=a", id="empty-pairs"),
        pytest.param(f" \t{NAME}=a\t ", f"{NAME}=a", id="space-around"),
        pytest.param(f"{NAME}=MTc%3D%3D", f"{NAME}=MTc%3D%3D", id="percent-codes-stay"),
        pytest.param(f"{NAME}=MTc==", f"{NAME}=MTc==", id="padding-stays"),
        pytest.param(f"{NAME}=a=b", f"{NAME}=a=b", id="equals-sign-inside"),
        pytest.param("a" * 9000 + f"=x; {NAME}=a", f"{NAME}=a", id="long-neighbour"),
    ],
)
def test_all_session_cookies_are_sent_in_order(header: str, expected: str) -> None:
    assert choose(cookies=header) == cookie(expected)


@pytest.mark.parametrize(
    "header",
    [
        NAME,
        f"{NAME.upper()}=a",
        f"x{NAME}=a",
        f"{NAME}x=a",
        f"{NAME} =a",
        f"{NAME}= a",
        f"$Version=1; a={NAME}=b",
        f"a,{NAME}=b",
        f"{NAME}%3Da",
        f"={NAME}",
        f"\x0b{NAME}=a",
        f"\xa0{NAME}=a",
    ],
    ids=repr,
)
def test_cookie_of_another_name_is_none(header: str) -> None:
    assert choose(cookies=header) is None


def test_without_a_cookie_name_no_cookie_is_sent() -> None:
    assert choose(cookies=f"{A_COOKIE}; None=a; =b", name=None) is None


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_case_of_bearer_does_not_matter(scheme: str) -> None:
    assert choose(authorization=f"{scheme} {TOKEN}") == token(TOKEN)


@pytest.mark.parametrize(
    "authorization",
    [
        TOKEN,
        "Bearer",
        "Bearer ",
        f"Bearer  {TOKEN}",
        f"Bearer\t{TOKEN}",
        f" Bearer {TOKEN}",
        f"Bearer {TOKEN} ",
        f"Bearer {TOKEN}, Basic abc",
        f"Bearer{TOKEN}",
        f"Bearers {TOKEN}",
        f"Basic {TOKEN}",
        f"Token {TOKEN}",
        "Basic dXNlcjpwYXNz",
        "Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
        "Bearer ory_at_abc",
        "Bearer ORY_ST_abc",
        "Bearer xory_st_abc",
        "Bearer ory_pat_abc",
    ],
    ids=repr,
)
def test_foreign_authorization_is_never_sent(authorization: str) -> None:
    assert choose(authorization=authorization) is None


@pytest.mark.parametrize(
    ("credential", "expected"),
    [
        (token("tok"), {"X-Session-Token": "tok"}),
        (cookie(f"{NAME}=a; {NAME}=b"), {"Cookie": f"{NAME}=a; {NAME}=b"}),
    ],
    ids=["token", "cookie"],
)
def test_credential_is_shown_in_one_header(credential: Credential, expected: dict[str, str]) -> None:
    assert credential.headers() == expected


@pytest.mark.parametrize(
    ("credential", "name"),
    [
        (cookie(f"{NAME}=a"), NAME),
        (cookie("ory_session_abc=a=b; ory_session_abc=c"), "ory_session_abc"),
        (token("ory_st_a=b"), ""),
    ],
    ids=["one", "duplicates", "token"],
)
def test_cookie_has_a_name_and_a_token_has_none(credential: Credential, name: str) -> None:
    assert credential.cookie_name == name


def test_only_a_cookie_is_attached_by_browsers() -> None:
    assert (cookie("a=b").is_cookie, token("a").is_cookie) == (True, False)


@pytest.mark.parametrize("credential", [token("s3cret"), cookie(f"{NAME}=s3cret")], ids=["token", "cookie"])
def test_text_of_a_credential_hides_its_value(credential: Credential) -> None:
    assert [text for text in (repr(credential), str(credential), f"{credential}") if "s3cret" in text] == []


def test_credential_is_frozen() -> None:
    credential = token("a")

    with pytest.raises(FrozenInstanceError):
        credential.value = "b"  # type: ignore[misc]  # what must fail


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param("", set(), id="none"),
        pytest.param("sessionid=a; csrftoken=b", set(), id="others"),
        pytest.param(A_COOKIE, {NAME}, id="own-kratos"),
        pytest.param("ory_session_abc=x", {"ory_session_abc"}, id="network"),
        pytest.param("ory_session_AZaz09_.-=x", {"ory_session_AZaz09_.-"}, id="all-characters-of-a-slug"),
        pytest.param(f"{A_COOKIE}; {A_COOKIE}", {NAME}, id="duplicates"),
        pytest.param(f"{A_COOKIE}; ory_session_abc=x", {NAME, "ory_session_abc"}, id="two-projects"),
        pytest.param("xory_session_abc=x; ory_kratos_sessionx=x; ORY_SESSION_abc=x", set(), id="only-alike"),
        pytest.param("a=ory_session_abc; b=ory_kratos_session", set(), id="names-as-values"),
        pytest.param("ory_kratos_continuity=x; csrf_token_abc=y", set(), id="other-cookies-of-ory"),
    ],
)
def test_names_that_look_like_orys_session_cookie(header: str, expected: set[str]) -> None:
    assert names(header) == expected


@pytest.mark.parametrize("value", ["", '"quoted"', "a" * (LONGEST_VALUE + 1)], ids=["empty", "unsound", "too-long"])
def test_cookie_whose_value_is_dropped_does_not_make_a_second_project(value: str) -> None:
    """Design 6, rule 1: a value is dropped before a credential is chosen, so it cannot make the choice impossible."""
    assert names(f"{A_COOKIE}; ory_session_left={value}") == {NAME}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", [("", "")]),
        ("a=1; b=2", [("a", "1"), ("b", "2")]),
        ("a=1;b=2; a=3", [("a", "1"), ("b", "2"), ("a", "3")]),
        ("a; b=; =c", [("a", ""), ("b", ""), ("", "c")]),
        ('a="1 2"; b=%20', [("a", '"1 2"'), ("b", "%20")]),
        (" \t a=1\t ;\tb=2", [("a", "1"), ("b", "2")]),
        ("\x0ba=1\xa0; XbX=XcX", [("\x0ba", "1\xa0"), ("XbX", "XcX")]),
    ],
    ids=repr,
)
def test_cookies_are_read_in_order_and_untouched(header: str, expected: list[tuple[str, str]]) -> None:
    assert read_cookies(header) == expected


@pytest.mark.parametrize("value", ["abcX", "X", "XaX"])
def test_white_space_after_a_value_is_left_out_and_nothing_else(value: str) -> None:
    assert choose(cookies=f"{NAME}={value} \t; a=b") == cookie(f"{NAME}={value}")


def test_header_of_all_duplicates_has_32768_characters_at_most() -> None:
    pairs = [("n", "a" * 1998)] * 16
    short = 32768 - len(cookie_header(pairs))
    longest = cookie_header([*pairs, ("m", "b" * (short - 4))])

    assert len(longest) == 32768
    assert cookie_header([*pairs, ("m", "b" * (short - 3))]) == ""


def test_so_many_duplicates_that_ory_would_refuse_them_are_no_credential() -> None:
    assert choose(cookies="; ".join([f"{NAME}={'a' * 4096}"] * 8)) is None


def test_more_than_eight_duplicates_are_no_credential() -> None:
    assert choose(cookies="; ".join([f"{NAME}=a"] * 8)) is not None
    assert choose(cookies="; ".join([f"{NAME}=a"] * 9)) is None


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [("Bearer abc", "abc"), ("bEARER abc", "abc"), ("Bearer a b", "a b"), ("Basic abc", ""), ("Bearer", ""), ("", "")],
)
def test_bearer_token_of_any_issuer(authorization: str, expected: str) -> None:
    assert bearer_token(authorization) == expected


def test_fingerprint_is_the_same_in_every_process_and_release() -> None:
    """Workers of two releases share a cache while a site is deployed: they have to find each other's sign-outs."""
    assert fingerprint("https://ory.test", "cookie", "a", key=b"k" * 32) == "08ecd37cdb766762fe7bb68fc78c0d3b"


@pytest.mark.parametrize(
    ("url", "secrets", "key"),
    [
        ("https://other.test", ("cookie", "a"), b"k" * 32),
        ("https://ory.test", ("token", "a"), b"k" * 32),
        ("https://ory.test", ("cookie", "b"), b"k" * 32),
        ("https://ory.test", ("cookiea",), b"k" * 32),
        ("https://ory.test", ("cookie", "a"), b"l" * 32),
    ],
    ids=["url", "kind", "value", "parts", "key"],
)
def test_fingerprint_tells_everything_apart(url: str, secrets: tuple[str, ...], key: bytes) -> None:
    assert fingerprint(url, *secrets, key=key) != fingerprint("https://ory.test", "cookie", "a", key=b"k" * 32)


def test_kind_is_a_plain_word() -> None:
    """It is part of the fingerprint."""
    assert [str(kind) for kind in CredentialKind] == ["cookie", "token"]


@pytest.mark.parametrize(
    "header", [f"X{A_COOKIE}", f"a=b; X {A_COOKIE}", f"a={A_COOKIE}", f"a=b;X\t{A_COOKIE}"], ids=repr
)
def test_name_that_something_stands_before_is_another(header: str) -> None:
    assert choose(cookies=header) is None


@pytest.mark.parametrize("header", [f";{A_COOKIE}", f"; {A_COOKIE}", f" \t{A_COOKIE}", f"a=b;{A_COOKIE}"], ids=repr)
def test_cookie_is_found_behind_an_empty_one_and_white_space(header: str) -> None:
    assert choose(cookies=header) == cookie(A_COOKIE)


def test_cookie_of_a_given_name_is_found_and_no_other() -> None:
    assert choose(cookies=f"{A_COOKIE}; of_the_site=b; of_the_site=c", name="of_the_site") == cookie(
        "of_the_site=b; of_the_site=c"
    )
    assert choose(cookies=A_COOKIE, name="of_the_site") is None
    assert choose(cookies="ofXtheXsite=a", name="of.the.site") is None


@pytest.mark.parametrize(
    ("value", "spellings"),
    [
        ("name=MTIzA==", "ABCDEFGHIJKLMNOP"),
        ("name=MTIz8==", "wxyz0123456789-_"),
        ("name=MTIzNQA=", "ABCD"),
        ("name=MTIzNQ8=", "8 9 - _"),
        ("name=MTIzNXU=", "UVWX"),
        ("name=MTIXA==", "ABCDEFGHIJKLMNOP"),
    ],
)
def test_spellings_that_ory_takes_for_the_same_have_one_name(value: str, spellings: str) -> None:
    """Base64 ignores the bits that do not fill a byte (RFC 4648, section 3.5)."""
    bare = value.rstrip("=")
    every = {f"{bare[:-1]}{last}{value[len(bare) :]}" for last in spellings.replace(" ", "")}

    assert len({canonical(spelling) for spelling in every}) == 1
    assert canonical(value) in every


@pytest.mark.parametrize("value", ["", "=", "==", "name=abcd", "name=abcX", "name=abc%=", "name=abc===", "ory_st_abc"])
def test_value_that_is_no_padded_base64_is_its_own_name(value: str) -> None:
    assert canonical(value) == value


def test_spellings_of_different_bytes_have_different_names() -> None:
    assert canonical("MTIzNQA=") != canonical("MTIzNQE=")
    assert canonical("MTIzA==") != canonical("MTIzQ==")
    assert canonical("MTIzA==") != canonical("MTIzA=")


def test_several_cookies_are_one_credential_and_each_is_one_of_its_own() -> None:
    """A sign-out ends what the cache has for any of them."""
    several = Credential(CredentialKind.COOKIE, "ory_a=one; ory_a=two")

    assert several.has_duplicates
    assert several.each() == [
        Credential(CredentialKind.COOKIE, "ory_a=one"),
        Credential(CredentialKind.COOKIE, "ory_a=two"),
    ]


@pytest.mark.parametrize(
    "one", [Credential(CredentialKind.COOKIE, "ory_a=one"), Credential(CredentialKind.TOKEN, TOKEN)]
)
def test_one_cookie_or_token_is_all_that_it_consists_of(one: Credential) -> None:
    assert (one.has_duplicates, one.each()) == (False, [one])
