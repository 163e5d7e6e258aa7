from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.exceptions import PermissionDenied
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

from django_ory_mfa import AAL, AuthenticationMethod, Identity, OrySession, SessionState
from django_ory_mfa.answer.pages import account_name, own_url, page_context, site_name
from django_ory_mfa.core.proofs import newest_by_method
from django_ory_mfa.session.resolver import attach
from tests.markup import as_read
from tests.site import Site

VOID = {"meta", "link", "input", "br", "img", "hr"}
# What may not stand inside which element, of what these pages use.
BLOCKS = {"p", "ul", "li", "form", "h1", "h2", "main", "div"}
PHRASING_ONLY = {"p", "span", "a", "button", "h1", "h2", "time", "title"}
TEMPLATES = ("settings", "login", "enroll", "done", "unavailable", "too_many_hops", "use_method", "user_conflict")
HEADINGS = ("_conflict_heading", "_hops_heading", "_login_heading", "_unavailable_heading", "_use_method_heading")
STATES = {
    "anonymous": OrySession(SessionState.ANONYMOUS),
    "aal1": OrySession(
        SessionState.ACTIVE,
        id="s",
        aal=AAL.AAL1,
        authentication_methods=tuple(
            AuthenticationMethod(method, AAL.AAL1)
            for method in ("password", "passkey", "oidc", "saml", "code", "code_recovery", "link_recovery", "odd")
        ),
    ),
    "aal2": OrySession(
        SessionState.ACTIVE,
        id="s",
        aal=AAL.AAL2,
        authentication_methods=tuple(
            AuthenticationMethod(method, AAL.AAL2) for method in ("totp", "lookup_secret", "webauthn")
        ),
    ),
    "due": OrySession(SessionState.STEP_UP_REQUIRED, error_id="session_aal2_required"),
}


class Page(HTMLParser):
    """A page as a strict reader sees it; ``problems`` lists what does not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.starts: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[int, str] = {}
        self.problems: list[str] = []
        self._open_at: list[int] = []
        self.feed(as_read(text))
        self.close()
        self.problems += [f"<{tag}> is not closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        inside = set(self.open)
        if tag in BLOCKS and (around := inside & PHRASING_ONLY):
            self.problems.append(f"<{tag}> inside {around}")
        if tag in inside and tag in {"a", "form", "button", "main", "p"}:
            self.problems.append(f"<{tag}> inside <{tag}>")
        if tag == "li" and (not self.open or self.open[-1] not in ("ul", "ol")):
            self.problems.append("<li> outside a list")
        if self.open and self.open[-1] == "ul" and tag != "li":
            self.problems.append(f"<{tag}> directly in <ul>")
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.problems.append(f"<{tag}> repeats an attribute")
        self.starts.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self._open_at.append(len(self.starts) - 1)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.problems.append(f"</{tag}> closes {self.open[-1:]}")
            return
        self.open.pop()
        self._open_at.pop()

    def handle_data(self, data: str) -> None:
        for index in self._open_at:
            self.texts[index] = self.texts.get(index, "") + data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of this name."""
        return [attrs for name, attrs in self.starts if name == tag]

    def texts_of(self, tag: str) -> list[str]:
        """The text in every element of this name."""
        return [self.texts.get(index, "").strip() for index, (name, _) in enumerate(self.starts) if name == tag]


def context_of(state: str, **more: Any) -> dict[str, Any]:
    request = RequestFactory().get("/page?a=1&b=2")
    attach(request)
    of_some = {
        "flow_url": "http://127.0.0.1:4433/x?a=1&b=2",
        "account": "ann@example.test",
        "next": "/page?a=1&b=2",
        "verification_url": "http://127.0.0.1:4433/z?a=1&b=2",
        "is_refused": True,
        "manage_url": "http://127.0.0.1:4433/y?a=1&b=2",
        "proofs": newest_by_method(STATES[state].authentication_methods),
    }
    return {**page_context(request, STATES[state], None), **of_some, **more}


def rendered(template: str, state: str, **more: Any) -> str:
    request = RequestFactory().get("/page?a=1&b=2")
    return render_to_string(f"ory_mfa/{template}.html", context_of(state, **more), request)


VARIANTS: dict[str, list[dict[str, Any]]] = {
    "settings": [
        {"enrolled": True},
        {"enrolled": False},
        {"enrolled": None},
        {"logout_url": ""},
        *({"advice": advice} for advice in ("codes", "stronger")),
        {"advice": "stronger", "is_weak": True},
        {"is_back": True},
        *({"notice": notice} for notice in ("totp", "webauthn", "lookup_secret", "code", "form")),
    ],
    "use_method": [
        {"methods": methods, "wanted": " ".join(methods), "used": used, "has_used_wanted": has_used_wanted}
        for methods in (["totp"], ["webauthn"], ["totp", "webauthn"], ["passkey"], ["passkey", "webauthn"], ["oidc"])
        for used in ("", "code")
        for has_used_wanted in (False, True)
    ],
    "too_many_hops": [
        {"is_cookie_missing": is_missing, "command": command, "methods": methods, "cookies_looked_for": ["x"]}
        for is_missing in (False, True)
        for command in ("", "doctor")
        for methods in (
            [],
            ["totp"],
            ["webauthn"],
            ["totp", "webauthn"],
            ["passkey"],
            ["passkey", "webauthn"],
            ["oidc"],
        )
    ],
    "user_conflict": [{"reason": "conflict"}, {"reason": "email_unverified"}, {"reason": "banned"}, {"logout_url": ""}],
}


@pytest.fixture(scope="module")
def pages() -> dict[str, Page]:
    """Every page in every state, by a name that says which."""
    return {
        f"{template}-{state}-{number}": Page(rendered(template, state, **more))
        for template in TEMPLATES
        for state in STATES
        for number, more in enumerate(VARIANTS.get(template, [{}, {"logout_url": ""}]))
    }


def test_all_pages_nest_as_html_asks(pages: dict[str, Page]) -> None:
    assert {name: page.problems for name, page in pages.items() if page.problems} == {}


def test_all_pages_say_their_language_and_fit_a_phone(pages: dict[str, Page]) -> None:
    viewport = {"name": "viewport", "content": "width=device-width, initial-scale=1"}

    assert [name for name, page in pages.items() if page.all("html") != [{"lang": "en-us"}]] == []
    assert [name for name, page in pages.items() if viewport not in page.all("meta")] == []


def test_all_pages_have_one_heading_and_a_title(pages: dict[str, Page]) -> None:
    counts = {
        name: (len(page.texts_of("h1")), len(page.texts_of("title")), len(page.all("main")))
        for name, page in pages.items()
    }

    assert counts == dict.fromkeys(pages, (1, 1, 1))
    assert empty(pages, "h1", "title", "h2") == []


def test_no_page_has_an_inline_script_or_style(pages: dict[str, Page]) -> None:
    found = {
        name: [tag for tag in ("script", "style") if any(page.texts_of(tag))]
        + [tag for tag, attrs in page.starts if tag == "script" and not attrs.get("src")]
        + [name for _, attrs in page.starts for name in attrs if name == "style" or name.startswith("on")]
        for name, page in pages.items()
    }

    assert [name for name, inline in found.items() if inline] == []


def test_links_and_buttons_have_text_and_a_target(pages: dict[str, Page]) -> None:
    assert empty(pages, "a", "button") == []
    assert [name for name, page in pages.items() if not all(attrs.get("href") for attrs in page.all("a"))] == []


def test_list_items_are_not_empty(pages: dict[str, Page]) -> None:
    assert empty(pages, "li") == []


def test_forms_carry_the_proof_against_forgery(pages: dict[str, Page]) -> None:
    inputs = {
        name: [attrs["name"] for attrs in page.all("input") if attrs["name"] != "next"] for name, page in pages.items()
    }

    assert inputs == {name: ["csrfmiddlewaretoken"] * len(page.all("form")) for name, page in pages.items()}
    assert {attrs["method"] for page in pages.values() for attrs in page.all("form")} == {"post"}


def test_no_page_loads_anything_from_elsewhere(pages: dict[str, Page]) -> None:
    loaded = {name: ([attrs["href"] for attrs in page.all("link")], page.all("img")) for name, page in pages.items()}
    scripts = {name: [attrs["src"] for attrs in page.all("script")] for name, page in pages.items()}

    assert loaded == dict.fromkeys(pages, (["/static/ory_mfa/icon.svg", "/static/ory_mfa/ory_mfa.css"], []))
    back = {f"settings-{state}-{VARIANTS['settings'].index({'is_back': True})}" for state in STATES}
    own = {name: ["/static/ory_mfa/done.js"] for name in pages if name.startswith("done-")}
    own |= {name: ["/static/ory_mfa/pages.js"] for name in back}
    assert scripts == {name: own.get(name, []) for name in pages}


def empty(pages: dict[str, Page], *tags: str) -> list[str]:
    """The pages that have one of these elements without text."""
    return [name for name, page in pages.items() if not all(text for tag in tags for text in page.texts_of(tag))]


@pytest.mark.parametrize(
    ("methods", "heading", "button"),
    [
        ("totp", "This page needs your authenticator app", "Use my authenticator app"),
        ("webauthn", "This page needs your security key", "Use my security key"),
        ("totp webauthn", "This page needs your authenticator app or a security key", "Confirm"),
        ("passkey", "This page needs your passkey", "Use my passkey"),
        ("passkey webauthn", "This page needs your passkey or a security key", "Confirm"),
        ("oidc", "Confirm in another way", "Confirm"),
        ("", "We couldn\u2019t confirm your sign-in", "Try again"),
    ],
)
def test_page_of_an_endless_way_names_what_counts(methods: str, heading: str, button: str) -> None:
    html = rendered("too_many_hops", "aal1", methods=methods.split())

    page = Page(html)
    assert page.texts_of("h1") == [heading]
    assert re.findall(r'class="ory-mfa-button" href="[^"]*">([^<]*)<', html) == [button]
    assert ("This page accepts only:" in html) == (methods == "oidc")


def test_page_of_an_outage_says_only_what_is_known() -> None:
    pages = [rendered("unavailable", "aal1", is_flow=is_flow) for is_flow in (False, True)]

    headings = [Page(html).texts_of("h1") for html in pages]
    assert headings == [["We can\u2019t check your sign-in"], ["Sign-in is not available right now"]]
    assert ["If you were signed in, you still are." in html for html in pages] == [True, False]


def test_style_sheet_is_shipped() -> None:
    import django_ory_mfa

    sheet = Path(django_ory_mfa.__file__).parent / "static/ory_mfa/ory_mfa.css"

    assert "http" not in sheet.read_text()
    assert finders.AppDirectoriesFinder(["django_ory_mfa"]).find("ory_mfa/ory_mfa.css") == str(sheet)


@pytest.mark.parametrize("state", ["aal1", "aal2", "due"])
@pytest.mark.parametrize("template", ["settings", "login", "enroll", "too_many_hops", "use_method", "user_conflict"])
def test_people_signed_in_can_sign_out(template: str, state: str) -> None:
    page = Page(rendered(template, state))

    assert [attrs["action"] for attrs in page.all("form")] == ["/account/security/logout/"]


@pytest.mark.parametrize("template", TEMPLATES)
def test_page_without_our_urls_has_no_form(template: str, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.tags_urls"

    assert (own_url("logout"), Page(rendered(template, "aal1")).all("form")) == ("", [])


def test_enrol_page_leads_to_the_flow_of_the_decision_and_to_the_step_up() -> None:
    here = "return_to=http%3A%2F%2Ftestserver%2Fpage%3Fa%3D1%26b%3D2"
    ory = "http://127.0.0.1:4433/self-service"
    flow = f"{ory}/settings/browser?{here}"

    links = [attrs["href"] for attrs in Page(rendered("enroll", "aal1", flow_url=flow)).all("a")]

    assert links == ["http://testserver/", flow, f"{ory}/login/browser?aal=aal2&{here}"]


def test_page_of_an_outage_leads_back() -> None:
    links = [attrs["href"] for attrs in Page(rendered("unavailable", "anonymous")).all("a")]

    assert links == ["http://testserver/", "http://testserver/page?a=1&b=2", "http://testserver/"]


@pytest.mark.parametrize("template", TEMPLATES)
def test_page_names_the_site_and_leads_to_its_start(template: str) -> None:
    page = Page(rendered(template, "aal1"))

    assert page.all("a")[0] == {"class": "ory-mfa-brand", "href": "http://testserver/"}
    assert [text.endswith(" \u2013 testserver") for text in page.texts_of("title")] == [True]


def test_page_for_browsers_that_say_no_name_of_this_site_has_none(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]

    assert site_name(RequestFactory().get("/", headers={"Host": "evil.example"})) == ""
    assert site_name(RequestFactory().get("/", headers={"Host": "testserver"})) == "testserver"


def test_name_of_a_site_behind_a_proxy_is_that_of_its_url(settings: Any) -> None:
    settings.ORY_MFA_SITE_URL = "https://shop.example:8443"

    assert site_name(RequestFactory().get("/")) == "shop.example:8443"


METHODS = ("totp", "lookup_secret", "webauthn", "passkey", "password", "code", "code_recovery", "link_recovery")


@pytest.mark.parametrize("icon", [*METHODS, "profile", "oidc", "saml"])
def test_icon_is_not_read_aloud_and_needs_no_style_sheet(icon: str) -> None:
    drawn = Page(render_to_string("ory_mfa/_icon.html", {"icon": icon}))

    (svg,) = drawn.all("svg")
    assert (svg["aria-hidden"], svg["fill"], svg["stroke"]) == ("true", "none", "currentColor")
    assert (svg["width"], svg["height"]) == ("20", "20")
    assert drawn.all("path")
    assert drawn.problems == []


def test_icons_of_different_ways_differ() -> None:
    drawn = [render_to_string("ory_mfa/_icon.html", {"icon": icon}) for icon in METHODS]

    # What comes by mail is a letter.
    assert len(set(drawn)) == len(METHODS) - 2


@pytest.mark.parametrize("icon", ["", "default", "tot", "sign_up", None])
def test_way_that_nobody_drew_has_no_icon(icon: str | None) -> None:
    assert render_to_string("ory_mfa/_icon.html", {"icon": icon}).strip() == ""


def test_bar_of_a_phone_has_the_colour_behind_the_card() -> None:
    import django_ory_mfa

    css = (Path(django_ory_mfa.__file__).parent / "static/ory_mfa/ory_mfa.css").read_text()
    (paper,) = re.findall(r"--ory-mfa-paper: light-dark\((\S+), (\S+)\);", css)

    bars = Page(rendered("done", "aal1")).all("meta")

    assert [(bar["media"], bar["content"]) for bar in bars if bar.get("name") == "theme-color"] == [
        ("(prefers-color-scheme: light)", paper[0]),
        ("(prefers-color-scheme: dark)", paper[1]),
    ]


def test_pages_read_from_right_to_left_where_people_do() -> None:
    with translation.override("ar"):
        page = Page(rendered("enroll", "aal1"))

    assert page.all("html") == [{"lang": "ar", "dir": "rtl"}]


@pytest.mark.parametrize("template", TEMPLATES)
def test_page_can_be_shown_in_german(template: str) -> None:
    with translation.override("de"):
        page = Page(rendered(template, "aal2"))

    assert (page.all("html")[0]["lang"], page.problems) == ("de", [])


@pytest.mark.parametrize(
    "template", [*TEMPLATES, "_status", "_method", "_notice", "_sign_out", "_set_up_method", *HEADINGS]
)
def test_no_text_of_a_template_escapes_translation(template: str) -> None:
    import django_ory_mfa

    source = (Path(django_ory_mfa.__file__).parent / f"templates/ory_mfa/{template}.html").read_text()

    text = re.sub(
        r"{%\s*blocktranslate.*?endblocktranslate\s*%}|{%.*?%}|{{.*?}}|{#.*?#}|<[^>]*>", " ", source, flags=re.S
    )
    assert re.findall(r"[A-Za-z]{2,}", text) == []


def test_language_of_the_page_is_that_of_the_visitor(ory: Any, site: Site, settings: Any) -> None:
    settings.MIDDLEWARE = ["django.middleware.locale.LocaleMiddleware", *settings.MIDDLEWARE]

    page = site.get("/account/security/", headers={"Accept-Language": "de"}).content.decode()

    assert '<html lang="de"' in page


BASE = (
    "django.template.loaders.locmem.Loader",
    {"ory_mfa/base.html": "<title>{% block title %}{% endblock %}</title>OURS{% block content %}{% endblock %}"},
)


@pytest.fixture
def own_base(settings: Any) -> None:
    """A site that overrides the frame of all pages."""
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [BASE, "django.template.loaders.app_directories.Loader"],
                "context_processors": ["django.template.context_processors.request"],
            },
        }
    ]


@pytest.mark.usefixtures("own_base")
@pytest.mark.parametrize("template", TEMPLATES)
def test_base_of_the_site_is_used(template: str) -> None:
    page = rendered(template, "aal1")

    assert "</title>OURS" in page
    assert "<h1>" in page


@pytest.mark.usefixtures("own_base")
def test_refusals_use_the_base_of_the_site(ory: Any, site: Site) -> None:
    ory.login(site, aal="aal1")

    response = site.get("aal2")

    assert (response.status_code, b"OURS" in response.content) == (403, True)


@pytest.mark.parametrize("state", STATES)
def test_status_fragment_nests_inside_a_paragraph(state: str) -> None:
    fragment = render_to_string("ory_mfa/_status.html", context_of(state))

    assert Page(f"<p>{fragment}</p>").problems == []


@pytest.mark.parametrize(
    "method",
    [
        "password",
        "totp",
        "lookup_secret",
        "code",
        "webauthn",
        "passkey",
        "oidc",
        "saml",
        "code_recovery",
        "link_recovery",
    ],
)
def test_known_method_is_named_for_people(method: str) -> None:
    text = render_to_string("ory_mfa/_method.html", {"method": method}).strip()

    assert text
    assert text != method


def test_unknown_method_is_shown_as_it_is_and_escaped() -> None:
    assert render_to_string("ory_mfa/_method.html", {"method": "<new>"}).strip() == "&lt;new&gt;"


def test_wanted_methods_are_named_where_hops_end(ory: Any, site: Site) -> None:
    ory.login(site, age=3000)
    for _ in range(3):
        site.get("fresh-totp")

    response = site.get("fresh-totp")

    assert (response.status_code, b"This page needs your authenticator app" in response.content) == (403, True)


def test_hops_of_a_cookie_that_names_nobody_end_in_a_sound_page(ory: Any, site: Site) -> None:
    ory.login(site).revoke()
    for _ in range(3):
        site.get("aal2")

    response = site.get("aal2")

    page = Page(response.content.decode())
    assert (response.status_code, page.problems, all(page.texts_of("li"))) == (403, [], True)


def test_status_tag_is_usable_in_a_paragraph_of_the_site() -> None:
    text = Template("{% load ory_mfa %}<p>{% ory_mfa_status %}</p>").render(Context())

    assert Page(text).problems == []


ADDRESS = {"value": "ann@example.test", "via": "email", "verified": True}


class Refused:
    """A request whose person is signed in at Ory, and has no user here."""

    @property
    def user(self) -> Any:
        raise PermissionDenied


def request_of(name: str) -> Any:
    return SimpleNamespace(user=SimpleNamespace(get_username=lambda: name))


@pytest.mark.parametrize(
    ("request_of_somebody", "by_address", "by_id"),
    [
        (request_of("ann"), "ann", "ann"),
        # Users who come from Ory have its id as their name.
        (request_of("4711"), "ann@example.test", "4711"),
        (request_of(""), "ann@example.test", "4711"),
        (SimpleNamespace(user=None), "ann@example.test", "4711"),
        (SimpleNamespace(), "ann@example.test", "4711"),
        (Refused(), "ann@example.test", "4711"),
    ],
    ids=["user", "user-of-ory", "anonymous", "none", "no-users", "refused"],
)
def test_account_is_named_as_its_owner_knows_it(request_of_somebody: Any, by_address: str, by_id: str) -> None:
    known = OrySession(SessionState.ACTIVE, identity=Identity("4711", verifiable_addresses=(ADDRESS,)))
    bare = OrySession(SessionState.ACTIVE, identity=Identity("4711"))

    assert account_name(request_of_somebody, known) == by_address
    assert account_name(request_of_somebody, bare) == by_id


@pytest.mark.parametrize(
    ("session", "shown"),
    [
        (OrySession(SessionState.ACTIVE, identity=Identity("4711", verifiable_addresses=(ADDRESS,))), ADDRESS["value"]),
        (OrySession(SessionState.ACTIVE, identity=Identity("4711")), None),
        (OrySession(SessionState.ANONYMOUS), ""),
    ],
    ids=["address", "no-address", "anonymous"],
)
def test_pages_show_the_verified_address(session: OrySession, shown: str | None) -> None:
    request = RequestFactory().get("/")
    attach(request)

    assert page_context(request, session, None)["signed_in_as"] == shown


def proved(*entries: tuple[str, str]) -> OrySession:
    methods = tuple(AuthenticationMethod(method, AAL(aal)) for method, aal in entries)
    return OrySession(SessionState.ACTIVE, aal=AAL.AAL2, authentication_methods=methods)


@pytest.mark.parametrize(
    ("session", "query"),
    [
        (STATES["anonymous"], "refresh=true&return_to"),
        (STATES["due"], "refresh=true&return_to"),
        (proved(("password", "aal1"), ("totp", "aal2")), "refresh=true&aal=aal2&return_to"),
        # Whoever signed in at a provider that asks for two factors has none at Ory.
        (proved(("oidc", "aal2")), "refresh=true&return_to"),
    ],
    ids=["anonymous", "due", "second-factor", "provider"],
)
def test_fresh_proof_is_by_a_second_factor_where_there_is_one(session: OrySession, query: str) -> None:
    request = RequestFactory().get("/")
    attach(request)

    assert f"?{query}=" in page_context(request, session, None)["refresh_url"]
