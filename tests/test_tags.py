from __future__ import annotations

import html
import logging
import re
from typing import Any

import pytest
from django.core.exceptions import SynchronousOnlyOperation
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory

from django_ory_mfa import AAL, OrySession, SessionState
from django_ory_mfa.session.resolver import attach
from django_ory_mfa.templatetags.ory_mfa import has_aal, initial, session_in
from tests.ids import stable
from tests.site import Site
from tests.tags_urls import ALL

ORY = "http://127.0.0.1:4433/self-service"


@pytest.fixture
def no_views(settings: Any) -> None:
    """A site that does not include the package's URLs."""
    settings.ROOT_URLCONF = "tests.tags_urls"


def shown(response: Any) -> dict[str, str]:
    """What the page says after each ``name=``."""
    text = response.content.decode().partition("<span")[0]
    return {name: html.unescape(value) for name, value in re.findall(r"(?:^|\s)(\w+)=(\S*)", text)}


def state(ory: Any, site: Any, name: str) -> Any:
    """Brings a test client into one of the states that a session can have."""
    if name == "anonymous":
        return None
    if name == "lapsed":
        return ory.login(site).revoke()
    if name == "step_up_required":
        return ory.login(site, aal="aal1", second_factors={"totp"})
    if name == "unavailable":
        ory.fail(503)
    return ory.login(site, aal=name if name in ("aal1", "aal2") else "aal2")


STATES = ("anonymous", "lapsed", "aal1", "aal2", "step_up_required", "unavailable")


def test_reachable_states_are_all_states(ory: Any, site: Site) -> None:
    seen = set()
    for name in STATES:
        ory.recover()
        site.cookies.clear()
        state(ory, site, name)
        seen.add(site.get("session").json()["state"])

    assert seen == set(SessionState)


@pytest.mark.parametrize("name", STATES)
def test_level_is_shown_in_every_state(ory: Any, site: Site, name: str) -> None:
    state(ory, site, name)

    page = shown(site.get("tags"))

    level = name if name in ("aal1", "aal2") else "aal0"
    assert (page["aal"], page["as"]) == (level, level)


@pytest.mark.parametrize("name", STATES)
def test_filter_is_true_where_the_level_is_met(ory: Any, site: Site, name: str) -> None:
    state(ory, site, name)

    page = shown(site.get("tags"))

    assert (page["aal1"], page["aal2"]) == (str(name in ("aal1", "aal2")), str(name == "aal2"))


@pytest.mark.parametrize("name", STATES)
def test_login_url_is_the_step_up_url_only_where_a_second_factor_is_due(ory: Any, site: Site, name: str) -> None:
    state(ory, site, name)

    page = shown(site.get("tags"))

    query = "aal=aal2&" if name == "step_up_required" else ""
    assert page["login"] == f"{ORY}/login/browser?{query}return_to=http%3A%2F%2Ftestserver%2F{site.mode}%2Ftags"


@pytest.mark.parametrize("name", STATES)
def test_other_urls_are_the_same_in_every_state(ory: Any, site: Site, name: str) -> None:
    state(ory, site, name)

    page = shown(site.get("tags"))

    here = f"http%3A%2F%2Ftestserver%2F{site.mode}%2Ftags"
    assert page["step_up"] == f"{ORY}/login/browser?aal=aal2&return_to={here}"
    assert page["settings"] == f"{ORY}/settings/browser?return_to={here}"
    assert page["logout"] == "/account/security/logout/"


STATUS = {
    "anonymous": ("Not signed in", f"{ORY}/login/browser?return_to"),
    "lapsed": ("Not signed in", f"{ORY}/login/browser?return_to"),
    # Ory's page would be a form without fields for somebody without a second factor.
    "aal1": ("Signed in", "/account/security/"),
    "aal2": ("Signed in with two\u2011step verification", None),
    "step_up_required": ("Signed in, second step due", f"{ORY}/login/browser?aal=aal2"),
    "unavailable": ("Sign-in status unknown at the moment", None),
}


@pytest.mark.parametrize("name", STATES)
def test_status_says_what_is_and_links_what_is_missing(ory: Any, site: Site, name: str) -> None:
    state(ory, site, name)

    page = site.get("tags").content.decode()

    status = page[page.index('<span class="ory-mfa-status"') :]
    text, link = STATUS[name]
    links = re.findall(r'href="([^"]*)"', status)
    assert re.findall(r"ory-mfa-badge[^>]*>([^<]*)<", status) == [text]
    assert [html.unescape(url).startswith(link or "-") for url in links] == ([True] if link else [])


def test_one_page_with_every_tag_asks_ory_once(ory: Any, site: Site) -> None:
    ory.login(site)

    site.get("tags")

    assert [call.path for call in ory.calls] == ["/sessions/whoami"]


def test_urls_other_than_login_ask_nobody(ory: Any, site: Site, no_views: None) -> None:
    ory.login(site)

    response = site.get("urls-only")

    assert (response.status_code, ory.calls, response.headers.get("Vary")) == (200, [], None)


HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/account/delete-everything?x=1"}


def test_header_of_one_visitor_does_not_choose_what_a_public_page_leads_to(
    ory: Any, site: Site, no_views: None
) -> None:
    """Caches keep the page, and do not know that header."""
    response = site.get("urls-only", headers=HTMX)

    here = f"return_to=http%3A%2F%2Ftestserver%2F{site.mode}%2Furls-only"
    assert response.content.decode().count(here) == 2
    assert "delete" not in response.content.decode()


@pytest.mark.parametrize("kind", ["site", "view"])
def test_header_of_one_visitor_does_not_reach_the_next_one_through_a_cache(
    mode: str, ory: Any, settings: Any, kind: str
) -> None:
    settings.ROOT_URLCONF = "tests.tags_urls"
    if kind == "site":
        update, fetch = (f"django.middleware.cache.{name}CacheMiddleware" for name in ("Update", "FetchFrom"))
        settings.MIDDLEWARE = [update, *settings.MIDDLEWARE, fetch]
    target = "urls-only" if kind == "site" else "cached-urls"
    Site(mode).get(f"{target}?{kind}", headers=HTMX)

    response = Site(mode).get(f"{target}?{kind}")

    assert response.content.decode().count(f"%2F{mode}%2F{target}%3F{kind}") == 2
    assert "delete" not in response.content.decode()


@pytest.mark.parametrize(
    ("tag", "part", "is_of_first"),
    [
        ("ory_step_up_url", "menu", True),
        ("ory_settings_url", "menu", True),
        ("ory_step_up_url", "menu request.get_full_path", False),
        # It reads the session, and Django's tag then stores nothing.
        ("ory_login_url", "menu", False),
    ],
)
def test_part_in_the_cache_leads_to_the_page_where_it_was_stored(
    ory: Any, site: Site, no_views: None, settings: Any, tag: str, part: str, *, is_of_first: bool
) -> None:
    place = f"{site.mode} {tag} {part}"
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": place}}
    query = {"tag": tag, "part": part}
    site.get("part/first", query_params=query)

    page = site.get("part/second", query_params=query).content.decode()

    assert f"%2Fpart%2F{'first' if is_of_first else 'second'}%3F" in page


def test_fragment_that_knows_the_visitor_leads_to_the_page_around_it(ory: Any, site: Site, no_views: None) -> None:
    """What depends on the session is kept by no shared cache, and nobody wants to come back to a fragment."""
    ory.login(site)

    page = shown(site.get("everything", headers=HTMX))

    assert page["login"].endswith("return_to=http%3A%2F%2Ftestserver%2Faccount%2Fdelete-everything%3Fx%3D1")


def test_form_that_is_shown_again_leads_to_the_page_it_came_from(ory: Any, site: Site, no_views: None) -> None:
    response = site.post("urls-only", headers={"Referer": "http://testserver/form"})

    assert response.content.decode().count("return_to=http%3A%2F%2Ftestserver%2Fform") == 2


def test_page_with_a_long_address_leads_to_the_start(ory: Any, site: Site, no_views: None) -> None:
    response = site.get("urls-only?x=" + "x" * 2000)

    assert len(re.findall("return_to=http%3A%2F%2Ftestserver%2F[ &]", response.content.decode())) == 2


def test_urls_are_escaped(ory: Any, site: Site) -> None:
    page = site.get("tags?a=1&b=<script>").content.decode()

    assert "aal=aal2&amp;return_to=" in page
    assert "<script>" not in page


def test_url_kept_with_as_is_escaped_once_when_shown() -> None:
    template = Template("{% load ory_mfa %}{% ory_step_up_url as url %}{{ url }}")

    assert template.render(Context()) == f"{ORY}/login/browser?aal=aal2"


@pytest.mark.parametrize("tag", ["ory_aal", "ory_login_url", "ory_step_up_url", "ory_settings_url", "ory_logout_url"])
def test_every_simple_tag_can_be_kept_with_as(tag: str) -> None:
    plain = Template("{% load ory_mfa %}{% " + tag + " %}").render(Context())

    kept = Template("{% load ory_mfa %}{% " + tag + " as value %}[{{ value }}]").render(Context())

    assert kept == f"[{plain}]"


def test_url_with_as_keeps_ampersand_unescaped() -> None:
    context = Context({"request": RequestFactory(SERVER_NAME="testserver").get("/x?a=1&b=2")})
    template = Template(
        "{% load ory_mfa %}{% ory_step_up_url as url %}{% autoescape off %}{{ url }}{% endautoescape %}"
    )

    assert template.render(context).startswith(f"{ORY}/login/browser?aal=aal2&return_to=")


@pytest.mark.parametrize("level", ["aal0", "aal3", "AAL2", "", "aal9", None, 2, True, "aal2 "], ids=stable)
def test_bad_level_is_false_with_a_warning(level: Any, caplog: pytest.LogCaptureFixture) -> None:
    session = OrySession(SessionState.ACTIVE, id="s", aal=AAL.AAL2)

    assert has_aal(session, level) is False
    assert [(record.name, record.levelno) for record in caplog.records] == [("django_ory_mfa", logging.WARNING)]


@pytest.mark.parametrize(
    ("aal", "level", "expected"),
    [
        ("aal1", "aal1", True),
        ("aal1", "aal2", False),
        ("aal1", "highest_available", False),
        ("aal2", "aal1", True),
        ("aal2", "aal2", True),
        ("aal2", "highest_available", True),
        ("aal3", "aal2", True),
        ("aal0", "aal1", False),
        ("aal0", "highest_available", False),
    ],
)
def test_filter_decides_without_knowledge_of_second_factors(aal: str, level: str, *, expected: bool) -> None:
    assert has_aal(OrySession(SessionState.ACTIVE, id="s", aal=AAL(aal)), level) is expected


@pytest.mark.parametrize("thing", [None, "", "aal2", 2, object(), AAL.AAL2, {"aal": "aal2"}], ids=stable)
def test_filter_on_something_else_is_false(thing: Any) -> None:
    assert has_aal(thing, "aal1") is False


# No request, no middleware, no URLs, no settings.


def test_page_without_request_in_its_context_answers_as_for_nobody(ory: Any, site: Site, no_views: None) -> None:
    ory.login(site)

    page = shown(site.get("without-request"))

    assert page["aal"] == "aal0"
    assert page["aal1"] == "False"
    assert page["login"] == f"{ORY}/login/browser"
    assert page["step_up"] == f"{ORY}/login/browser?aal=aal2"
    assert page["settings"] == f"{ORY}/settings/browser"
    assert ory.calls == []


@pytest.mark.parametrize("thing", [None, "", 1, object()], ids=stable)
def test_context_with_an_odd_request_answers_as_for_nobody(thing: Any) -> None:
    page = Template(ALL).render(Context({"request": thing}))

    assert "aal=aal0\n" in page
    assert f"login={ORY}/login/browser\n" in page


def test_request_whose_session_was_replaced_answers_as_for_nobody() -> None:
    request: Any = RequestFactory().get("/")
    request.ory_session = "aal2"

    assert session_in({"request": request}).state is SessionState.ANONYMOUS


def test_site_without_the_middleware_shows_the_page(ory: Any, site: Site, settings: Any, no_views: None) -> None:
    settings.MIDDLEWARE = settings.MIDDLEWARE[:-1]
    ory.login(site)
    name = "everything" if site.mode == "sync" else "urls-only"

    assert site.get(name).status_code == 200


def test_template_that_asks_the_async_attribute_sees_nobody(ory: Any) -> None:
    client = Site("sync")
    session = ory.login(client)
    request = RequestFactory(headers={"Cookie": f"ory_kratos_session={session.cookie}"}).get("/")
    attach(request)

    page = Template("{% if request.aory_session %}in{% endif %}[{{ request.aory_session }}]")

    assert page.render(Context({"request": request})) == "[]"
    assert not request.aory_session  # type: ignore[attr-defined]  # attached above


def test_template_of_a_site_without_the_middleware_answers_as_for_nobody() -> None:
    request = RequestFactory().get("/page")

    page = Template(ALL).render(Context({"request": request}))

    assert "aal=aal0\n" in page
    assert "return_to=http%3A%2F%2Ftestserver%2Fpage\n" in page


def test_site_without_our_urls_has_no_sign_out_url(ory: Any, site: Site, no_views: None) -> None:
    ory.login(site)

    response = site.get("everything")

    assert (response.status_code, shown(response)["logout"]) == (200, "")


@pytest.mark.parametrize("problem", ["missing", "odd"])
def test_site_without_a_usable_ory_shows_the_page(
    ory: Any, mode: str, settings: Any, no_views: None, caplog: pytest.LogCaptureFixture, problem: str
) -> None:
    site = Site(mode)
    ory.login(site)
    if problem == "missing":
        del settings.ORY_MFA_SDK_URL
    else:
        settings.ORY_MFA_SDK_URL = "ftp://ory.example"
    name = "everything" if mode == "sync" else "not-awaited"

    response = site.get(name)

    page = shown(response)
    assert (response.status_code, page["aal"], page["step_up"], page["settings"]) == (200, "aal0", "", "")
    assert any(record.name == "django_ory_mfa" and "ORY_MFA_SDK_URL" in record.message for record in caplog.records)


@pytest.mark.parametrize(
    ("name", "value"),
    [("SESSION_COOKIE", "a=b"), ("SITE_URL", "https://x/path"), ("DEFAULT_RETURN_TO", "//evil"), ("BROWSER_URL", "x")],
)
@pytest.mark.parametrize("mode", ["sync"])
def test_other_odd_settings_do_not_make_a_page_fail(
    ory: Any, site: Site, settings: Any, no_views: None, name: str, value: str
) -> None:
    setattr(settings, f"ORY_MFA_{name}", value)
    ory.login(site)

    assert site.get("everything").status_code == 200


def test_host_that_is_not_allowed_does_not_make_a_page_fail(
    ory: Any, site: Site, settings: Any, no_views: None
) -> None:
    """A site without CommonMiddleware shows such a page; the tags must not be what breaks it."""
    settings.MIDDLEWARE = settings.MIDDLEWARE[-1:]

    response = site.get("urls-only", headers={"Host": "evil.example"})

    assert response.status_code == 200


# Async code that forgot to await.


@pytest.mark.parametrize("mode", ["async"])
def test_session_not_awaited_answers_as_for_nobody_with_a_warning(
    ory: Any, site: Site, no_views: None, caplog: pytest.LogCaptureFixture
) -> None:
    ory.login(site)

    response = site.get("not-awaited")

    page = shown(response)
    assert (response.status_code, page["aal"], page["aal1"]) == (200, "aal0", "False")
    assert page["login"].startswith(f"{ORY}/login/browser?return_to")
    assert "Not signed in" in response.content.decode()
    assert {(record.name, record.levelno) for record in caplog.records} == {("django_ory_mfa", logging.WARNING)}
    assert ory.calls == []


@pytest.mark.parametrize("mode", ["async"])
def test_condition_that_swallows_the_error_is_no_page(ory: Any, site: Site, no_views: None) -> None:
    ory.login(site)

    with pytest.raises(SynchronousOnlyOperation, match="aory_session"):
        site.get("swallowed")


def test_tag_in_sync_code_fetches_the_session(ory: Any) -> None:
    client = Site("sync")
    session = ory.login(client)
    request = RequestFactory(headers={"Cookie": f"ory_kratos_session={session.cookie}"}).get("/")
    attach(request)

    assert session_in({"request": request}).aal == "aal2"


@pytest.mark.parametrize(
    ("name", "letter"),
    [
        ("shop.example.com", "S"),
        ("www.example.com", "E"),
        ("127.0.0.1:8000", "1"),
        ("[::1]:8000", "1"),
        ("été.example", "É"),
        ("Acme", "A"),
        ("", ""),
        ("…", ""),
    ],
)
def test_initial_stands_for_the_name_of_a_site(name: str, letter: str) -> None:
    assert initial(name) == letter


LINE = '<span class="ory-mfa-address">&lt;b&gt;</span>'
ESCAPED = f"{LINE}|&lt;b&gt;|&lt;b&gt;|&lt;b&gt;|&lt;b&gt;"
OWN_LINE = '<strong class="ory-mfa-named"><span class="ory-mfa-address">a@<wbr>b</span></strong>'


@pytest.mark.parametrize(
    ("template", "html"),
    [
        ("{{ x|address }}|{{ x|naming:'@' }}|{{ x|naming:'' }}|{{ x|host }}|{{ x|in_fours }}", ESCAPED),
        ("{{ 'a<b@x.y'|address }}", '<span class="ory-mfa-address">a&lt;b@<wbr>x.y</span>'),
        ("{{ 'To a@b, now'|naming:'a@b' }}", f'To {OWN_LINE}<span class="ory-mfa-heard">,</span> now'),
        ("{{ 'To a@b'|naming:'a@b' }}", f"To {OWN_LINE}"),
        ("{{ 'Hello'|naming:'a@b' }}", "Hello"),
        ("{{ 'shop.example'|host }}", "shop.<wbr>example"),
        ("{{ 'a.b:8443'|host }}", 'a.<wbr>b<span class="ory-mfa-port">:8443</span>'),
        ("{{ 'ABCDE'|in_fours }}", '<span class="ory-mfa-four">ABCD</span><wbr><span class="ory-mfa-four">E</span>'),
        ("{{ '(used) ABCDE'|in_fours }}", "(used) ABCDE"),
    ],
)
def test_names_say_where_a_line_may_end(template: str, html: str) -> None:
    assert Template("{% load ory_mfa %}" + template).render(Context({"x": "<b>"})) == html


def test_host_and_port_stand_in_one_part_of_the_head() -> None:
    html = render_to_string("ory_mfa/base.html", {"site_name": "shop:8443"})

    assert '</span></span><span>shop<span class="ory-mfa-port">:8443</span></span></a>' in html
