"""Where the browser goes at Ory, and which URLs may be gone to."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from urllib.parse import parse_qsl, urlsplit

import pytest

from django_ory_mfa.core.flows import Flows, is_return_to, origin, path_and_query, path_of, replace_return_to

PREFIXED = Flows("https://app.example.test/.ory")
NETWORK = Flows("https://slug.projects.oryapis.com")
LOCAL = Flows("http://127.0.0.1:4433")
BASE = "https://app.example.test/.ory/self-service"
BACK = "https://app.example.test/a b/ü?x=1&y=2#z"
QUOTED = "https%3A%2F%2Fapp.example.test%2Fa%20b%2F%C3%BC%3Fx%3D1%26y%3D2%23z"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (PREFIXED.login(), "/login/browser"),
        (PREFIXED.login(kind="api"), "/login/api"),
        (PREFIXED.login(aal2=True), "/login/browser?aal=aal2"),
        (PREFIXED.login(refresh=True), "/login/browser?refresh=true"),
        (PREFIXED.login(aal2=True, refresh=True), "/login/browser?refresh=true&aal=aal2"),
        (PREFIXED.login(return_to=BACK), f"/login/browser?return_to={QUOTED}"),
        (PREFIXED.login(aal2=True, return_to=BACK), f"/login/browser?aal=aal2&return_to={QUOTED}"),
        (PREFIXED.login(refresh=True, return_to=BACK), f"/login/browser?refresh=true&return_to={QUOTED}"),
        (
            PREFIXED.login(aal2=True, refresh=True, return_to=BACK, kind="api"),
            f"/login/api?refresh=true&aal=aal2&return_to={QUOTED}",
        ),
        (PREFIXED.settings(), "/settings/browser"),
        (PREFIXED.settings(kind="api", return_to=BACK), f"/settings/api?return_to={QUOTED}"),
        (PREFIXED.settings(return_to=BACK), f"/settings/browser?return_to={QUOTED}"),
        (PREFIXED.logout("t&k=n"), "/logout?token=t%26k%3Dn"),
        (PREFIXED.logout("t", return_to=BACK), f"/logout?token=t&return_to={QUOTED}"),
    ],
    ids=lambda value: value.removeprefix(BASE)[:60],
)
def test_flow_has_its_url_below_the_path_of_ory(url: str, expected: str) -> None:
    assert url == BASE + expected


@pytest.mark.parametrize("flows", [PREFIXED, NETWORK, LOCAL], ids=lambda flows: flows.browser_url)
def test_own_urls_are_contained(flows: Flows) -> None:
    urls = [flows.login(), flows.settings(return_to=BACK), flows.logout("t"), flows.login(aal2=True, kind="api")]

    assert [url for url in urls if not flows.contains(url) or not url.isascii()] == []


CONTAINED = {
    "base": f"{BASE}/",
    "login": f"{BASE}/login/browser",
    "query": f"{BASE}/login/browser?aal=aal2&return_to=https://evil.test/../x",
    "backslash-in-percent-codes-in-the-query": f"{BASE}/login/browser?x=%5c%2f%2e%2e",
    "fragment": f"{BASE}/login/browser#top",
    "scheme-in-capitals": "HTTPS://app.example.test/.ory/self-service/login",
    "host-in-capitals": "https://APP.Example.TEST/.ory/self-service/login",
    "default-port": "https://app.example.test:443/.ory/self-service/login",
    "default-port-with-zeros": "https://app.example.test:0443/.ory/self-service/login",
    "empty-port": "https://app.example.test:/.ory/self-service/login",
    "single-dot": f"{BASE}/./login",
    "empty-segment": f"{BASE}//login",
    "at-sign-in-the-path": f"{BASE}/login@home",
    "at-sign-in-the-query": f"{BASE}/login?who=a@b",
    "percent-code": f"{BASE}/lo%67in",
}
NOT_CONTAINED = {
    "empty": "",
    "no-scheme": "app.example.test/.ory/self-service/login",
    "protocol-relative": "//app.example.test/.ory/self-service/login",
    "three-slashes": "https:///app.example.test/.ory/self-service/login",
    "four-slashes": "https:////app.example.test/.ory/self-service/login",
    "one-slash": "https:/app.example.test/.ory/self-service/login",
    "no-slash": "https:app.example.test/.ory/self-service/login",
    "path": "/.ory/self-service/login",
    "http-for-https": "http://app.example.test/.ory/self-service/login",
    "http-on-port-443": "http://app.example.test:443/.ory/self-service/login",
    "websocket": "wss://app.example.test/.ory/self-service/login",
    "ftp": "ftp://app.example.test/.ory/self-service/login",
    "script": "javascript://app.example.test/.ory/self-service/%0aalert(1)",
    "view-source": "view-source:https://app.example.test/.ory/self-service/login",
    "blob": "blob:https://app.example.test/.ory/self-service/login",
    "other-host": "https://evil.test/.ory/self-service/login",
    "subdomain": "https://x.app.example.test/.ory/self-service/login",
    "parent-domain": "https://example.test/.ory/self-service/login",
    "host-as-prefix": "https://app.example.test.evil.test/.ory/self-service/login",
    "host-as-suffix": "https://evil-app.example.test/.ory/self-service/login",
    "trailing-dot": "https://app.example.test./.ory/self-service/login",
    "host-in-percent-codes": "https://app%2eexample.test/.ory/self-service/login",
    "host-full-width": "https://app\uff0eexample.test/.ory/self-service/login",
    "host-cyrillic": "https://\u0430pp.example.test/.ory/self-service/login",
    "host-kelvin-sign": "https://app.example.test\u212a/.ory/self-service/login",
    "ideographic-full-stop": "https://app\u3002example.test/.ory/self-service/login",
    "soft-hyphen": "https://app.exam\u00adple.test/.ory/self-service/login",
    "other-port": "https://app.example.test:444/.ory/self-service/login",
    "port-80": "https://app.example.test:80/.ory/self-service/login",
    "port-0": "https://app.example.test:0/.ory/self-service/login",
    "port-not-a-number": "https://app.example.test:https/.ory/self-service/login",
    "port-signed": "https://app.example.test:+443/.ory/self-service/login",
    "port-underscore": "https://app.example.test:4_43/.ory/self-service/login",
    "port-too-large": "https://app.example.test:65979/.ory/self-service/login",
    "user": "https://app.example.test@evil.test/.ory/self-service/login",
    "user-of-our-host": "https://user@app.example.test/.ory/self-service/login",
    "user-and-password": "https://user:pass@app.example.test/.ory/self-service/login",
    "empty-user": "https://@app.example.test/.ory/self-service/login",
    "two-at-signs": "https://a@b@app.example.test/.ory/self-service/login",
    "user-with-host-in-it": "https://app.example.test:443@evil.test/.ory/self-service/login",
    "user-in-percent-codes": "https://app.example.test%40evil.test/.ory/self-service/login",
    "fragment-before-the-path": "https://evil.test#@app.example.test/.ory/self-service/login",
    "query-before-the-path": "https://evil.test?@app.example.test/.ory/self-service/login",
    "fragment-hides-the-path": "https://app.example.test#/.ory/self-service/login",
    "query-hides-the-path": "https://app.example.test?/.ory/self-service/login",
    "semicolon-in-the-host": "https://app.example.test;.evil.test/.ory/self-service/login",
    "no-path": "https://app.example.test",
    "root": "https://app.example.test/",
    "no-prefix": "https://app.example.test/self-service/login",
    "prefix-alone": "https://app.example.test/.ory/",
    "without-the-last-slash": BASE,
    "alike": f"{BASE}-evil/login",
    "sibling": "https://app.example.test/.ory/sessions/whoami",
    "path-in-capitals": "https://app.example.test/.ORY/self-service/login",
    "prefix-in-percent-codes": "https://app.example.test/%2Eory/self-service/login",
    "two-slashes-before": "https://app.example.test//.ory/self-service/login",
    "climbing": f"{BASE}/../../admin",
    "climbing-at-the-end": f"{BASE}/..",
    "climbing-back-in": f"{BASE}/../self-service/login",
    "climbing-in-percent-codes": f"{BASE}/%2e%2e/admin",
    "climbing-in-capital-percent-codes": f"{BASE}/%2E%2E/admin",
    "climbing-half-in-percent-codes": f"{BASE}/.%2e/admin",
    "climbing-half-in-percent-codes-again": f"{BASE}/%2E./admin",
    "climbing-with-parameters": f"{BASE}/..;/admin",
    "climbing-with-an-encoded-slash": f"{BASE}/..%2fadmin",
    "encoded-slash": f"{BASE}/login%2fbrowser",
    "encoded-slash-in-capitals": f"{BASE}/login%2Fbrowser",
    "encoded-backslash": f"{BASE}/login%5cbrowser",
    "encoded-backslash-in-capitals": f"{BASE}/login%5Cbrowser",
    "backslash": f"{BASE}\\login",
    "backslash-for-slashes": "https:\\\\app.example.test\\.ory\\self-service\\login",
    "backslash-before-at-sign": "https://evil.test\\@app.example.test/.ory/self-service/login",
    "space": f"{BASE}/log in",
    "leading-space": f" {BASE}/login",
    "trailing-space": f"{BASE}/login ",
    "tab-in-the-scheme": f"ht\ttps{BASE[5:]}/login",
    "tab-in-the-host": "https://app.example\t.test/.ory/self-service/login",
    "tab-in-the-path": f"{BASE}/.\t./admin",
    "line-feed": f"{BASE}/login\nLocation: x",
    "carriage-return": f"{BASE}/login\rLocation: x",
    "line-feed-at-the-end": f"{BASE}/login\n",
    "nul": f"{BASE}/login\x00",
    "nul-before": f"\x00{BASE}/login",
    "delete": f"{BASE}/login\x7f",
    "next-line": f"{BASE}/login\x85",
    "line-separator": f"{BASE}/login\u2028",
    "non-ascii": f"{BASE}/lögin",
    "surrogate": f"{BASE}/\udc80",
    "ipv6-not-closed": "https://[app.example.test/.ory/self-service/login",
    "ipv6-closed-too-early": "https://[]app.example.test/.ory/self-service/login",
    "brackets": "https://[app.example.test]/.ory/self-service/login",
}


def test_url_below_the_flows_is_contained() -> None:
    assert {name: PREFIXED.contains(url) for name, url in CONTAINED.items()} == dict.fromkeys(CONTAINED, True)


def test_any_other_url_is_not_contained() -> None:
    assert {name: PREFIXED.contains(url) for name, url in NOT_CONTAINED.items()} == dict.fromkeys(NOT_CONTAINED, False)


@pytest.mark.parametrize(
    ("base", "url", "expected"),
    [
        ("http://127.0.0.1:4433", "http://127.0.0.1:4433/self-service/login", True),
        ("http://127.0.0.1:4433", "http://localhost:4433/self-service/login", False),
        ("http://127.0.0.1:4433", "http://127.1:4433/self-service/login", False),
        ("http://127.0.0.1:4433", "http://127.0.0.1/self-service/login", False),
        ("http://[::1]:4433", "http://[::1]:4433/self-service/login", True),
        ("http://[::1]:4433", "http://[::2]:4433/self-service/login", False),
        ("http://ory.test", "http://ory.test:80/self-service/login", True),
        ("http://ory.test:80", "http://ory.test/self-service/login", True),
        ("https://ory.test", "https://ory.test:80/self-service/login", False),
        ("HTTPS://ORY.test", "https://ory.test/self-service/login", True),
    ],
)
def test_port_and_host_are_compared_after_normalising(base: str, url: str, *, expected: bool) -> None:
    assert Flows(base).contains(url) is expected


@pytest.mark.parametrize("base", ["", "/ory", "ftp://ory.test", "https://ü.test", "https://u:p@ory.test", "https://[x"])
def test_base_that_is_no_url_contains_nothing(base: str) -> None:
    assert not Flows(base).contains(f"{base}/self-service/login")


@pytest.mark.parametrize(
    ("url", "return_to", "expected"),
    [
        ("https://o.test/x", None, "https://o.test/x"),
        ("https://o.test/x", "a", "https://o.test/x?return_to=a"),
        ("https://o.test/x?a=1", "b&c", "https://o.test/x?a=1&return_to=b%26c"),
        ("https://o.test/x?return_to=evil&a=1", "b", "https://o.test/x?a=1&return_to=b"),
        ("https://o.test/x?return_to=1&return_to=2&return%5fto=3&re%74urn_to=4", "b", "https://o.test/x?return_to=b"),
        ("https://o.test/x?return_to", "b", "https://o.test/x?return_to=b"),
        ("https://o.test/x?Return_To=1", "b", "https://o.test/x?Return_To=1&return_to=b"),
        ("https://o.test/x?a=&b=%20%2B+&a=2", None, "https://o.test/x?a=&b=%20%2B%20&a=2"),
        ("https://o.test/x?u=%C3%BC", None, "https://o.test/x?u=%C3%BC"),
        ("https://o.test/x?#return_to=y", "b", "https://o.test/x?return_to=b"),
        ("https://o.test/x?a=1#f", None, "https://o.test/x?a=1"),
    ],
    ids=repr,
)
def test_return_to_is_replaced(url: str, return_to: str | None, expected: str) -> None:
    assert replace_return_to(url, return_to) == expected


def test_replaced_return_to_reads_back() -> None:
    url = replace_return_to(f"{BASE}/verification/browser?flow=1&return_to=evil", BACK)

    assert parse_qsl(urlsplit(url).query) == [("flow", "1"), ("return_to", BACK)]


SITE = "https://app.example.test"


def url_of_length(length: int) -> str:
    return f"{SITE}/".ljust(length, "a")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(SITE, True, id="origin"),
        pytest.param(f"{SITE}/", True, id="root"),
        pytest.param(f"{SITE}/a/b?c=d&e=%C3%BC#f", True, id="page"),
        pytest.param(f"{SITE}:443/a", True, id="default-port"),
        pytest.param("HTTPS://APP.example.test/a", True, id="capitals"),
        pytest.param(url_of_length(2000), True, id="2000-characters"),
        pytest.param(url_of_length(2001), False, id="2001-characters"),
        pytest.param("", False, id="empty"),
        pytest.param("/a", False, id="path"),
        pytest.param("//app.example.test/a", False, id="protocol-relative"),
        pytest.param("http://app.example.test/a", False, id="other-scheme"),
        pytest.param(f"{SITE}:8443/a", False, id="other-port"),
        pytest.param("https://evil.test/a", False, id="other-host"),
        pytest.param(f"{SITE}.evil.test/a", False, id="host-as-prefix"),
        pytest.param("https://app.example.test@evil.test/a", False, id="host-as-user"),
        pytest.param("https://u:p@app.example.test/a", False, id="user-info"),
        pytest.param(f"{SITE}/ü", False, id="non-ascii"),
        pytest.param(f"{SITE}/a b", False, id="space"),
        pytest.param(f"{SITE}/a\n", False, id="line-feed"),
        pytest.param(f"{SITE}\\a", False, id="backslash"),
        pytest.param("https://evil.test\\@app.example.test/", False, id="backslash-and-user"),
        pytest.param("javascript:alert(1)", False, id="script"),
    ],
)
def test_return_to_is_a_page_of_the_site(url: str, *, expected: bool) -> None:
    assert is_return_to(url, SITE) is expected


@pytest.mark.parametrize(
    ("site", "url", "expected"),
    [
        ("http://localhost:8000", "http://localhost:8000/a", True),
        ("http://localhost:8000", "http://localhost/a", False),
        ("http://localhost:8000", "http://127.0.0.1:8000/a", False),
        ("http://app.test:80", "http://app.test/a", True),
        ("http://app.test", "https://app.test:80/a", False),
        ("no origin", "no origin", False),
        ("", "", False),
    ],
)
def test_site_with_a_port_is_compared_with_it(site: str, url: str, *, expected: bool) -> None:
    assert is_return_to(url, site) is expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://A.test/x", ("https", "a.test", 443)),
        ("http://a.test:8000/x", ("http", "a.test", 8000)),
        ("http://[::1]/x", ("http", "::1", 80)),
        ("ftp://a.test", ("ftp", "a.test", None)),
    ],
)
def test_origin_has_the_port_of_its_scheme(url: str, expected: tuple[str, str, int | None]) -> None:
    assert origin(urlsplit(url)) == expected


def test_path_of_a_url() -> None:
    assert path_of(f"{SITE}/a/b?c=/d#/e") == "/a/b"


@pytest.mark.parametrize("base", ["", "ftp://ory.test", "https://u:p@ory.test", "https://ory.test:0"])
def test_base_that_is_no_url_contains_no_url_that_is_one(base: str) -> None:
    assert not Flows(base).contains("https://ory.test/self-service/login")
    assert not is_return_to("https://ory.test/", base)


def test_url_without_a_host_is_none_whatever_it_is_compared_with() -> None:
    assert not Flows("https://").contains("https:///self-service/login")
    assert not is_return_to("https:///page", "https://")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (SITE, "/"),
        (f"{SITE}/", "/"),
        (f"{SITE}/a/b", "/a/b"),
        (f"{SITE}?c=d", "/?c=d"),
        (f"{SITE}/a%20b?c=/d&e#/f", "/a%20b?c=/d&e"),
        ("/a?b#c", "/a?b"),
    ],
)
def test_path_and_query_of_a_url(url: str, expected: str) -> None:
    assert path_and_query(url) == expected


def test_flows_cannot_be_sent_elsewhere_by_one_of_their_users() -> None:
    with pytest.raises(FrozenInstanceError):
        Flows("https://ory.example").browser_url = "https://evil.example"  # type: ignore[misc]


def test_script_is_below_the_path_of_ory() -> None:
    assert PREFIXED.script == f"{BASE.removesuffix('/self-service')}/.well-known/ory/webauthn.js"


@pytest.mark.parametrize("kind", ["registration", "recovery", "verification"])
def test_flow_of_another_kind_starts_in_a_browser(kind: str) -> None:
    assert PREFIXED.start(kind) == f"{BASE}/{kind}/browser"
    assert PREFIXED.start(kind, return_to=BACK) == f"{BASE}/{kind}/browser?return_to={QUOTED}"
