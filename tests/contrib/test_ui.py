"""Every flow that was recorded is shown in full, and a hostile one does no harm."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import responses
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import RequestFactory
from django.urls import include, path
from django.utils import translation

from django_ory_mfa.contrib.ui import views
from django_ory_mfa.contrib.ui.texts import TEXTS, text_of
from tests.markup import as_read
from tests.site import Site

ORY = "http://127.0.0.1:4433"
RECORDINGS = Path(__file__).parents[1] / "recordings"
PEOPLE = [
    SimpleNamespace(label="First", identifier="first@example.test", password="pw-first", hint="no second factor"),
    SimpleNamespace(label="<Second>", identifier='second"@example.test', password="pw-second", hint="code by e-mail"),
]
PICTURE = "data:image/png;base64,iVBORw0KGgo="
VOID = {"input", "img", "link", "meta", "br"}


def demo_login(request: HttpRequest) -> HttpResponse:
    request.ory_ui_people = PEOPLE  # type: ignore[attr-defined]
    return views.login(request)


urlpatterns = [
    path("ory-ui/demo", demo_login),
    path("ory-ui/", include("django_ory_mfa.contrib.ui.urls")),
    path("account/security/", include("django_ory_mfa.urls")),
]


@dataclass
class HtmlForm:
    """A form as a browser sees it."""

    action: str
    id: str = ""
    hidden: list[tuple[str, str]] = field(default_factory=list)
    inputs: dict[str, dict[str, str]] = field(default_factory=dict)
    buttons: list[dict[str, str]] = field(default_factory=list)

    def button(self, name: str, value: str | None = None) -> dict[str, str]:
        """The button that sends ``name``, with ``value`` if given."""
        return next(one for one in self.buttons if one["name"] == name and value in (None, one["value"]))

    def data(self, name: str, value: str | None = None, **typed: str) -> list[tuple[str, str]]:
        """What a browser sends when ``typed`` was typed and the button was pressed."""
        assert set(typed) <= set(self.inputs), (typed, self.inputs)
        shown = [(one, typed.get(one, attributes.get("value", ""))) for one, attributes in self.inputs.items()]
        return [*self.hidden, *shown, (name, self.button(name, value)["value"])]


class Document(HTMLParser):
    """A page by its elements; fails where tags are not balanced or ids not unique."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.forms: list[HtmlForm] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self._owners: list[str] = []
        self.feed(as_read(html))
        self.close()
        ids = [attributes["id"] for _, attributes in self.tags if "id" in attributes]
        assert (self._open, [one for one, count in Counter(ids).items() if count > 1]) == ([], [])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        assert len(attributes) == len(attrs), attrs
        self.tags.append((tag, attributes))
        if tag not in VOID:
            self._open.append(tag)
            # A row only says where words stand.
            self._owners.append(self._owners[-1] if attributes.get("class") == "ory-mfa-row" else tag)
        if tag == "form":
            self.forms.append(HtmlForm(attributes["action"], attributes.get("id", "")))
        if tag == "input" and attributes["type"] == "hidden":
            self.forms[-1].hidden.append((attributes["name"], attributes["value"]))
        elif tag == "input" and "name" in attributes:
            self.forms[-1].inputs[attributes["name"]] = attributes
        if tag == "button" and "name" in attributes:
            self._form_of(attributes).buttons.append(attributes)

    def _form_of(self, button: dict[str, str]) -> HtmlForm:
        """The form that ``button`` sends: the one that it names, else the one that it stands in."""
        return next((form for form in self.forms if form.id == button.get("form")), self.forms[-1])

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        self._owners.pop()

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self._owners[-1] if self._owners else "", data.strip()))

    def all(self, tag: str, **wanted: str) -> list[dict[str, str]]:
        """The attributes of all elements ``tag`` that have those ``wanted``."""
        found = (attributes for name, attributes in self.tags if name == tag)
        return [one for one in found if wanted.items() <= one.items()]

    def text(self, tag: str) -> list[str]:
        """The texts right in elements ``tag``."""
        return [text for name, text in self.texts if name == tag]

    @property
    def links(self) -> list[str]:
        """Where the links of the page lead, but for the name of the site."""
        return [one["href"] for one in self.all("a") if one.get("class") != "ory-mfa-brand"]

    @property
    def ory_forms(self) -> list[HtmlForm]:
        """The forms that go to Ory."""
        return [form for form in self.forms if form.action.startswith("http")]

    def form_with(self, name: str) -> HtmlForm:
        """The form that has an input or a button ``name``."""
        return next(
            form
            for form in self.ory_forms
            if name in form.inputs or name in {button["name"] for button in form.buttons}
        )


@pytest.fixture(autouse=True)
def _ui(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def ory() -> Iterator[responses.RequestsMock]:
    """What Ory answers in a test."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def recorded_flows() -> Iterator[Any]:
    for file in sorted(RECORDINGS.glob("*/*.json")):
        kind = file.name.partition("_")[0]
        body = json.loads(file.read_text())["response"].get("body")
        if kind in ("login", "settings") and isinstance(body, dict) and "ui" in body and body["type"] == "browser":
            yield pytest.param(kind, body, id=f"{file.parent.name}-{file.stem}")


FLOWS = list(recorded_flows())


def flow_of(*nodes: Any, **fields: Any) -> dict[str, Any]:
    """A login flow of Ory with ``nodes`` and whatever else is given."""
    ui = {"action": f"{ORY}/self-service/login?flow=1", "method": "POST", "nodes": list(nodes), "messages": []}
    return {"ui": ui | fields.pop("ui", {}), "requested_aal": "aal1", **fields}


def node(
    kind: str, group: str = "password", label: Any = None, messages: Any = (), **attributes: Any
) -> dict[str, Any]:
    meta = {"label": {"id": 1, "text": label, "type": "info"}} if isinstance(label, str) else {"label": label}
    return {"type": kind, "group": group, "attributes": attributes, "messages": list(messages), "meta": meta}


CSRF = node("input", "default", name="csrf_token", type="hidden", value="csrf-of-ory")
SUBMIT = node("input", name="method", type="submit", value="password", label="Go")


def show(
    ory: responses.RequestsMock, flow: Any, kind: str = "login", site: Site | None = None, page: str = ""
) -> Document:
    """The page that shows ``flow``."""
    ory.get(f"{ORY}/self-service/{kind}/flows", json=flow)
    response = (site or Site("sync")).get(f"/ory-ui/{page or kind}?flow=1")
    assert response.status_code == 200
    return Document(response.content.decode())


def expected_controls(flow: dict[str, Any]) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
    """Names and values of what is seen, and of what every form sends along unseen."""
    seen: Counter[tuple[str, str]] = Counter()
    unseen: Counter[tuple[str, str]] = Counter()
    for one in flow["ui"]["nodes"]:
        attributes = one["attributes"]
        if one["type"] == "input" and attributes["type"] == "hidden":
            unseen[(one["group"], attributes["name"])] += 1
        elif one["type"] == "input":
            seen[(attributes["name"], attributes["value"] if attributes["type"] == "submit" else "")] += 1
    return seen, unseen


@pytest.mark.parametrize(("kind", "flow"), FLOWS)
def test_recorded_flow_is_shown_in_full(ory: responses.RequestsMock, kind: str, flow: Any) -> None:
    flow["ui"]["action"] = f"{ORY}/self-service/{kind}?flow={flow['id']}"

    page = show(ory, flow, kind)

    seen, unseen = expected_controls(flow)
    forms = page.ory_forms
    shown = Counter((name, "") for form in forms for name in form.inputs)
    shown += Counter((button["name"], button["value"]) for form in forms for button in form.buttons)
    assert shown == seen
    for form in forms:
        assert form.action == flow["ui"]["action"]
        hidden = Counter(name for name, _ in form.hidden)
        assert all(hidden[name] == count for (group, name), count in unseen.items() if group == "default")
    own = Counter({name: count for (group, name), count in unseen.items() if group != "default"})
    assert own <= Counter(name for form in forms for name, _ in form.hidden)
    assert [one["src"] for one in page.all("img")] == [
        one["attributes"]["src"] for one in flow["ui"]["nodes"] if one["type"] == "img"
    ]


@pytest.mark.parametrize(("kind", "flow"), FLOWS)
def test_recorded_flow_is_accessible(ory: responses.RequestsMock, kind: str, flow: Any) -> None:
    flow["ui"]["action"] = f"{ORY}/self-service/{kind}?flow={flow['id']}"

    page = show(ory, flow, kind)

    labels = {label["for"] for label in page.all("label")}
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    inputs = [one for form in page.ory_forms for one in form.inputs.values()]
    assert {one["id"] for one in inputs} == labels
    assert {name for one in inputs for name in one.get("aria-describedby", "").split()} <= ids
    assert len(page.text("h1")) == len(page.all("meta", name="viewport")) == 1
    assert page.all("html", lang="en-us")
    assert all(one["alt"] for one in page.all("img"))
    assert sum("autofocus" in one for one in inputs) <= 1
    assert {one["src"] for one in page.all("script")} <= {"/static/ory_mfa/pages.js"}
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)


def recording(name: str, version: str = "v1.3.1") -> Any:
    body = json.loads((RECORDINGS / version / f"{name}.json").read_text())["response"]["body"]
    kind = name.partition("_")[0]
    body["ui"]["action"] = f"{ORY}/self-service/{kind}?flow={body['id']}"
    return body


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("login_browser_plain_without_session_json", "Sign in"),
        ("login_flow_aal2_totp", "Two\u2011step verification"),
        ("login_flow_refresh_aal2_totp", "Confirm that it\u2019s you"),
        ("login_flow_aal2_no_second_factor", "Two\u2011step verification is not set up"),
        ("settings_browser_no_second_factor", "Account settings"),
    ],
)
def test_heading_names_the_situation(ory: responses.RequestsMock, name: str, heading: str) -> None:
    page = show(ory, recording(name), name.partition("_")[0])

    assert page.text("h1") == [heading]
    assert [" ".join(text.split()) for text in page.text("title")] == [f"{heading} \u2013 testserver"]


@pytest.mark.parametrize(
    ("name", "control", "attributes"),
    [
        ("login_browser_plain_without_session_json", "identifier", {"autocomplete": "username", "required": ""}),
        ("login_browser_plain_without_session_json", "password", {"autocomplete": "current-password"}),
        ("login_flow_aal2_totp", "totp_code", {"autocomplete": "one-time-code", "inputmode": "numeric"}),
        ("login_submit_code_address_json_400_sent_email", "code", {"autocomplete": "one-time-code"}),
        ("login_browser_aal2_lookup_secret_json", "lookup_secret", {"autocomplete": "off", "spellcheck": "false"}),
        ("settings_browser_no_second_factor", "password", {"autocomplete": "new-password", "type": "password"}),
        ("settings_browser_no_second_factor", "traits.email", {"autocomplete": "email", "type": "email"}),
    ],
)
def test_browser_is_told_what_to_fill_in(
    ory: responses.RequestsMock, name: str, control: str, attributes: dict[str, str]
) -> None:
    page = show(ory, recording(name), name.partition("_")[0])

    assert attributes.items() <= page.form_with(control).inputs[control].items()


def test_wrong_password_is_an_alert_that_the_fields_point_to(ory: responses.RequestsMock) -> None:
    page = show(ory, recording("login_submit_wrong_password_json"))

    (alert,) = page.all("p", role="alert")
    assert "ory-mfa-error" in alert["class"]
    for one in page.ory_forms[0].inputs.values():
        assert (one["aria-invalid"], one["aria-describedby"].strip()) == ("true", "ory-messages")


def test_what_has_to_be_done_is_a_status(ory: responses.RequestsMock) -> None:
    page = show(ory, flow_of(CSRF, SUBMIT, ui={"messages": [SECOND_STEP]}, requested_aal="aal2"))

    assert (len(page.all("p", role="status")), page.all("p", role="alert")) == (1, [])


def test_error_of_a_field_stands_at_the_field_and_gets_the_cursor(ory: responses.RequestsMock) -> None:
    flow = recording("settings_browser_no_second_factor")
    (wrong,) = (one for one in flow["ui"]["nodes"] if one["attributes"].get("name") == "totp_code")
    wrong["messages"] = [{"id": 4000008, "text": "Ory's own", "type": "error"}]

    page = show(ory, flow, "settings")

    control = page.form_with("totp_code").inputs["totp_code"]
    assert control["aria-describedby"].strip() == f"{control['id']}-messages"
    assert (control["aria-invalid"], control["autofocus"]) == ("true", "")
    assert "This code is not right. Wait for the next one, and check the clock of your device." in page.text("p")


def test_new_recovery_codes_come_first_and_are_a_list(ory: responses.RequestsMock) -> None:
    flow = recording("settings_submit_lookup_regenerate_json")
    (codes,) = (one for one in flow["ui"]["nodes"] if one["attributes"].get("id") == "lookup_secret_codes")
    secrets = codes["attributes"]["text"]["context"]["secrets"]
    values = [secret["text"] for secret in secrets]
    secrets[0] = {"id": 1050014, "text": "Secret was used at …", "type": "info"}

    page = show(ory, flow, "settings")

    assert page.ory_forms[0].button("lookup_secret_confirm")
    assert page.text("code")[:12] == ["(used)", *values[1:]]
    assert len(page.all("li")) == 12


def test_key_for_the_authenticator_app_is_shown_as_text(ory: responses.RequestsMock) -> None:
    flow = recording("settings_browser_no_second_factor")

    page = show(ory, flow, "settings")

    assert page.text("code") == ["FVHKKDNBPXAPXRG2POPGXFBSKPH2TPUR"]
    assert page.all("img")[0]["alt"] == "QR code for your authenticator app"


def test_enter_does_not_send_the_code_again(ory: responses.RequestsMock) -> None:
    """After a wrong code Kratos v1.3.1 names 'send again' first, and the Enter key presses the first button."""
    page = show(ory, recording("login_submit_code_wrong_json"))

    assert [button["name"] for button in page.form_with("code").buttons] == ["method", "resend"]
    assert "formnovalidate" in page.form_with("code").button("resend")


def test_empty_second_factor_form_leads_to_the_settings(ory: responses.RequestsMock) -> None:
    page = show(ory, recording("login_flow_aal2_no_second_factor"))

    assert page.ory_forms == []
    (link,) = page.links
    assert link.startswith(f"{ORY}/self-service/settings/browser?return_to=http%3A%2F%2F127.0.0.1%3A8000%2Fapp%2Fx%3Fa")


def test_empty_sign_in_says_so(ory: responses.RequestsMock) -> None:
    page = show(ory, flow_of(CSRF))

    assert (page.ory_forms, page.links) == ([], [])
    assert "There is no way to sign in here" in " ".join(page.text("p"))


def test_empty_settings_say_so(ory: responses.RequestsMock) -> None:
    assert "nothing to set up" in " ".join(show(ory, flow_of(CSRF), "settings").text("p"))


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("login_browser_plain_without_session_json", []),
        ("login_flow_aal2_totp", [{}]),
        ("login_flow_aal2_no_second_factor", [{}]),
        # Ory recovers no account that is signed in, so who has forgotten the password signs out first.
        ("login_browser_refresh_json_aal2_session", [{"next": "/ory-ui/recovery"}, {}]),
    ],
)
def test_who_is_signed_in_can_sign_out(ory: responses.RequestsMock, name: str, forms: list[dict[str, str]]) -> None:
    page = show(ory, recording(name))

    own = [dict(form.hidden) for form in page.forms if form.action == "/account/security/logout/"]
    assert [bool(form.pop("csrfmiddlewaretoken")) for form in own] == [True] * len(forms)
    assert own == forms


def test_no_sign_out_without_its_url(ory: responses.RequestsMock, settings: Any) -> None:
    settings.ROOT_URLCONF = "django_ory_mfa.contrib.ui.urls"
    ory.get(f"{ORY}/self-service/login/flows", json=recording("login_flow_aal2_totp"))

    page = Document(Site("sync").get("/login?flow=1").content.decode())

    assert page.forms == page.ory_forms


def test_fresh_proof_names_whose_it_is(ory: responses.RequestsMock) -> None:
    page = show(ory, recording("login_browser_refresh_json_aal2_session"))

    assert "Signed in as u7dd50d1d@example.test" in page.text("p")


def test_known_message_is_translated_and_unknown_is_orys() -> None:
    with translation.override("en"):
        assert text_of({"id": 1010001, "text": "Sign in!"}) == str(TEXTS[1010001])
    assert text_of({"id": 99, "text": "Something new"}) == "Something new"


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"id": 1010023, "text": "own", "context": {"address": "a@b.test"}}, "Send a code to a@b.test"),
        ({"id": 4000032, "text": "own", "context": {"min_length": 8}}, "The password must have at least 8 characters."),
        ({"id": 1010023, "text": "own", "context": {"address": ["a@b.test"]}}, "own"),
        ({"id": 1010023, "text": "own", "context": []}, "own"),
        ({"id": [1010023], "text": "own"}, "own"),
        ({"id": 99, "text": 7}, ""),
        ("text", ""),
    ],
)
def test_message_with_a_parameter_or_odd(message: Any, text: str) -> None:
    assert text_of(message) == text


def test_fields_of_every_group_go_into_each_first_factor(ory: responses.RequestsMock) -> None:
    identifier = node("input", "default", name="identifier", type="text", label="E-mail")
    code = node("input", "code", name="method", type="submit", value="code", label="Send a code")
    provider = node("input", "oidc", name="provider", type="submit", value="acme", label="Sign in with Acme")

    page = show(ory, flow_of(CSRF, identifier, SUBMIT, code, provider))

    assert [set(form.inputs) for form in page.ory_forms] == [{"identifier"}, {"identifier"}, set()]
    assert [form.hidden for form in page.ory_forms] == [[("csrf_token", "csrf-of-ory")]] * 3
    assert page.text("summary") == ["Use a code by e\u2011mail"]


def test_flow_of_the_default_group_alone_is_a_form(ory: responses.RequestsMock) -> None:
    button = node("input", "default", name="method", type="submit", value="profile", label="Next")

    (form,) = show(ory, flow_of(CSRF, button)).ory_forms

    assert form.data("method") == [("csrf_token", "csrf-of-ory"), ("method", "profile")]


def test_what_needs_a_script_is_said_and_the_rest_works(ory: responses.RequestsMock) -> None:
    nodes = [
        node("script", "webauthn", src="https://evil.example/x.js", id="webauthn_script"),
        node("input", "webauthn", name="webauthn_register_displayname", type="text", label="Name"),
        node("input", "webauthn", name="webauthn_register_trigger", type="button", onclick="steal()"),
        node("input", "webauthn", name="webauthn_remove", type="submit", value="ab12", label="Remove"),
    ]

    page = show(ory, flow_of(CSRF, *nodes), "settings")

    (form,) = page.ory_forms
    assert (form.inputs, [button["name"] for button in form.buttons]) == ({}, ["webauthn_remove"])
    assert any("not possible here at the moment" in text for text in page.text("p"))
    assert {one["src"] for one in page.all("script")} <= {"/static/ory_mfa/pages.js"}


def test_checkbox_can_be_unchecked(ory: responses.RequestsMock) -> None:
    boxes = [node("input", name=f"traits.{on}", type="checkbox", value=on, required=True) for on in (True, False)]

    (form,) = show(ory, flow_of(CSRF, *boxes, SUBMIT)).ory_forms

    assert form.hidden[1:] == [("traits.True", "false"), ("traits.False", "false")]
    assert ["checked" in one for one in form.inputs.values()] == [True, False]


def test_link_of_ory_is_a_link(ory: responses.RequestsMock) -> None:
    links = [
        node("a", "default", href="https://example.com/terms", title={"id": 1, "text": "Terms", "type": "info"}),
        node("a", "default", href="https://example.com/help", title=None, label="Help"),
    ]

    page = show(ory, flow_of(CSRF, *links, SUBMIT))

    assert [(one["href"], one["rel"]) for one in page.all("a") if "rel" in one] == [
        ("https://example.com/terms", "noopener noreferrer"),
        ("https://example.com/help", "noopener noreferrer"),
    ]
    assert page.text("a") == ["Terms", "Help", "Forgot your password?", "Create an account"]


# Demo people.


def test_demo_people_are_listed_and_fill_in_the_form(ory: responses.RequestsMock, site: Site) -> None:
    page = show(ory, recording("login_browser_plain_without_session_json"), site=site, page="demo")

    urls = page.links
    assert page.text("a") == ["Forgot your password?", "Create an account", "First", "<Second>"]
    assert urls[2:] == ["?flow=1&fill=0", "?flow=1&fill=1"]
    filled = Document(site.get(f"/ory-ui/demo{urls[3]}").content.decode()).ory_forms[0].inputs
    assert {name: one["value"] for name, one in filled.items()} == {
        "identifier": 'second"@example.test',
        "password": "pw-second",
    }


@pytest.mark.parametrize("index", ["2", "-1", "x", ""])
def test_unknown_demo_person_fills_in_nothing(ory: responses.RequestsMock, index: str) -> None:
    ory.get(f"{ORY}/self-service/login/flows", json=recording("login_browser_plain_without_session_json"))

    page = Document(Site("sync").get(f"/ory-ui/demo?flow=1&fill={index}").content.decode())

    assert not any(one.get("value") for one in page.ory_forms[0].inputs.values())


@pytest.mark.parametrize(
    ("name", "page"), [("login_browser_plain_without_session_json", "login"), ("login_flow_aal2_totp", "demo")]
)
def test_demo_people_are_for_the_first_factor_of_a_demo(ory: responses.RequestsMock, name: str, page: str) -> None:
    assert "Demo people" not in show(ory, recording(name), page=page).text("h2")


# Hostile flows.

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
ODD: list[Any] = [None, 7, True, "text", [], {}, [[]], {"type": []}, 1e308]


def test_markup_in_every_text_stays_text(ory: responses.RequestsMock) -> None:
    message = {"id": 99, "text": EVIL, "type": EVIL}
    nodes = [
        node("input", EVIL, EVIL, [message], name=EVIL, type="text", value=EVIL, autocomplete=EVIL),
        node("input", EVIL, EVIL, name=EVIL, type="submit", value=EVIL),
        node("input", EVIL, EVIL, name=EVIL, type="hidden", value=EVIL),
        node("img", EVIL, EVIL, src=PICTURE, width=EVIL, height=-1),
        node("text", EVIL, EVIL, text=message),
        node("text", EVIL, EVIL, text={"id": 1, "text": "", "context": {"secrets": [message]}}),
        node("a", EVIL, EVIL, href="https://example.com/", title=message),
    ]

    page = show(ory, flow_of(CSRF, SUBMIT, *nodes, ui={"messages": [message]}, refresh=True))

    assert [one["src"] for one in page.all("script")] == ["/static/ory_mfa/pages.js"]
    assert [one["src"] for one in page.all("img")] == [PICTURE]
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert EVIL in page.form_with(EVIL).inputs


@pytest.mark.parametrize(
    "action",
    [
        "javascript:alert(1)",
        "https://evil.example/self-service/login",
        f"{ORY}.evil.example/self-service/login",
        f"{ORY}/self-service/../steal",
        f"{ORY}/sessions/whoami",
        "/self-service/login",
        "",
        None,
        7,
    ],
)
def test_form_that_goes_elsewhere_is_not_shown(ory: responses.RequestsMock, site: Site, action: Any) -> None:
    ory.get(f"{ORY}/self-service/login/flows", json=flow_of(CSRF, SUBMIT, ui={"action": action}))

    response = site.get("/ory-ui/login?flow=1")

    assert response.status_code == 502
    assert Document(response.content.decode()).forms == []


@pytest.mark.parametrize(
    "src",
    [
        "https://evil.example/pixel.png",
        "javascript:alert(1)",
        "data:image/svg+xml;base64,PHN2Zz4=",
        "data:image/png;base64,",
        f'{PICTURE}" onerror="x',
        None,
    ],
)
def test_picture_from_elsewhere_is_not_shown(ory: responses.RequestsMock, src: Any) -> None:
    assert show(ory, flow_of(CSRF, SUBMIT, node("img", src=src))).all("img") == []


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example/",
        "https://user@evil.example/",
        "https://[broken/",
        "https:///no-host",
        "https://evil.example/\nx",
        None,
    ],
)
def test_link_that_is_no_web_address_is_not_shown(ory: responses.RequestsMock, href: Any) -> None:
    page = show(ory, flow_of(CSRF, SUBMIT, node("a", href=href, label="here")))

    assert page.text("a") == ["Forgot your password?", "Create an account"]


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("place", ["body", "ui", "nodes", "messages", "number"])
def test_odd_body_is_no_server_error(ory: responses.RequestsMock, place: str, odd: Any) -> None:
    bodies = {
        "body": odd,
        "ui": {"ui": odd},
        "nodes": flow_of(ui={"nodes": odd}),
        "messages": flow_of(CSRF, SUBMIT, ui={"messages": odd}),
        "number": flow_of(CSRF, SUBMIT, ui={"messages": [{"id": odd, "text": "See ann@example.org", "type": "info"}]}),
    }
    ory.get(f"{ORY}/self-service/login/flows", json=bodies[place])

    assert Site("sync").get("/ory-ui/login?flow=1").status_code in (200, 502)


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_odd_node_leaves_the_rest_as_it_is(ory: responses.RequestsMock, odd: Any) -> None:
    names = ("name", "value", "type", "autocomplete", "disabled", "required")
    whole = [node("input", name="a", type="text") | {key: odd} for key in ("group", "attributes", "messages", "meta")]
    attributes = [node("input", **{"name": "a", "type": "text", name: odd}) for name in names]
    others = [node(kind, label=odd, **{name: odd}) for kind in ("img", "text", "a") for name in ("src", "text", "href")]
    sizes = [node("img", src=PICTURE, width=odd, height=odd), node("text", text={"context": odd})]
    texts = [node("text", text={"id": 1, "context": {"secrets": odd}, "text": odd})]
    nodes = [odd, {"type": odd, "attributes": {}}, *whole, *attributes, *others, *sizes, *texts]
    # Where an input has no name it cannot be sent; the page around it stands.
    flow = flow_of(CSRF, SUBMIT, *nodes, return_to=odd, active=odd, requested_aal=odd, refresh=odd)

    page = show(ory, flow)

    assert page.form_with("method").button("method", "password")


def test_page_has_a_limit(ory: responses.RequestsMock) -> None:
    ory.get(f"{ORY}/self-service/login/flows", json=flow_of(*[CSRF] * 301))

    assert Site("sync").get("/ory-ui/login?flow=1").status_code == 502


def test_huge_text_is_shown(ory: responses.RequestsMock) -> None:
    page = show(ory, flow_of(CSRF, node("input", name="x" * 50_000, type="text", label="y" * 500_000), SUBMIT))

    assert page.form_with("x" * 50_000)


def test_password_in_a_flow_is_not_shown(ory: responses.RequestsMock) -> None:
    page = show(ory, flow_of(CSRF, node("input", name="password", type="password", value="hunter2"), SUBMIT))

    assert "value" not in page.form_with("password").inputs["password"]


def test_disabled_controls_are_disabled(ory: responses.RequestsMock) -> None:
    nodes = [
        node("input", name="identifier", type="text", disabled=True),
        node("input", name="method", type="submit", value="x", disabled=True),
    ]

    (form,) = show(ory, flow_of(CSRF, *nodes)).ory_forms

    assert "disabled" in form.inputs["identifier"]
    assert "disabled" in form.buttons[0]


# Forms that came too late, and other ways.


@pytest.mark.parametrize("number", [4010001, 4040001, 4050001, 4060005, 4070005])
def test_form_that_came_too_late_is_asked_for_again_and_blames_nobody(ory: responses.RequestsMock, number: int) -> None:
    flow = recording("login_browser_plain_without_session_json")
    flow["ui"]["messages"] = [{"id": number, "text": "The flow expired 0.03 minutes ago.", "type": "error"}]

    page = show(ory, flow)

    (said,) = page.all("p", role="status")
    assert "ory-mfa-info" in said["class"]
    assert page.text("p")[0] == "This form was open for too long. Please fill it in once more."
    assert page.all("p", role="alert") == page.all("input", **{"aria-invalid": "true"}) == []


@pytest.mark.parametrize(
    ("fields", "query"),
    [
        ({"requested_aal": "aal2", "refresh": True}, "refresh=true&aal=aal2&"),
        ({"requested_aal": "aal2"}, "aal=aal2&"),
        ({"refresh": True}, "refresh=true&"),
        ({}, ""),
    ],
)
def test_mailed_code_leaves_other_ways_open(ory: responses.RequestsMock, fields: dict[str, Any], query: str) -> None:
    code = node("input", "code", name="code", type="text", label="Code")
    flow = flow_of(CSRF, code, state="sent_email", return_to="http://testserver/x", **fields)

    page = show(ory, flow)

    assert page.text("a") == ["Try another way", *["Cancel"] * ("refresh" in fields)]
    link = page.all("a")[1]
    assert link["href"] == f"{ORY}/self-service/login/browser?{query}return_to=http%3A%2F%2Ftestserver%2Fx"


SECOND_STEP = {"id": 1010004, "text": "Please complete the second authentication challenge.", "type": "info"}


@pytest.mark.parametrize(
    ("group", "said"),
    [
        ("totp", "Open your authenticator app and type the code that it shows."),
        ("webauthn", "Plug in your security key, or hold it to your phone."),
        ("lookup_secret", "One more step: confirm that it\u2019s you."),
    ],
)
def test_second_step_says_what_to_do(ory: responses.RequestsMock, group: str, said: str) -> None:
    field = node("input", group, name="x", type="text", label="Code")

    page = show(ory, flow_of(CSRF, field, ui={"messages": [SECOND_STEP]}, requested_aal="aal2"))

    assert page.text("p")[0] == said


def test_second_step_without_any_way_says_so(ory: responses.RequestsMock) -> None:
    page = show(ory, flow_of(CSRF, ui={"messages": [SECOND_STEP]}, requested_aal="aal2"))

    assert page.text("h1") == ["Two\u2011step verification is not set up"]


def test_button_names_the_way_only_where_there_are_several(ory: responses.RequestsMock) -> None:
    own = node("input", name="method", type="submit", value="password", label={"id": 1010022, "text": "own"})
    code = node("input", "code", name="code", type="text", label="Code")
    alone = show(ory, flow_of(CSRF, own)).text("button")
    ory.reset()

    assert (alone, show(ory, flow_of(CSRF, own, code)).text("button")[0]) == (["Sign in"], "Sign in with password")


# What browsers and password managers are told.


@pytest.mark.parametrize(
    ("name", "autocomplete"),
    [("email", "email"), ("traits.email", "email"), ("traits.name", "name"), ("traits.name.first", "given-name")],
)
def test_usual_fields_say_what_they_are_for(ory: responses.RequestsMock, name: str, autocomplete: str) -> None:
    page = show(ory, flow_of(CSRF, node("input", "code", name=name, type="text")), "recovery")

    assert page.form_with(name).inputs[name]["autocomplete"] == autocomplete


@pytest.mark.parametrize(
    ("name", "given", "length"),
    [
        # People paste "123 456".
        ("totp_code", None, None),
        ("totp_code", 8, "8"),
        ("code", 6, "6"),
        ("code", None, None),
        ("code", 0, None),
        ("code", -1, None),
        ("code", True, None),
        ("code", "6", None),
        ("code", 10**9, None),
        ("code", [], None),
    ],
)
def test_code_has_the_length_that_is_known(
    ory: responses.RequestsMock, name: str, given: Any, length: str | None
) -> None:
    page = show(ory, flow_of(CSRF, node("input", "code", name=name, type="text", maxlength=given)))

    assert page.form_with(name).inputs[name].get("maxlength") == length


def test_second_step_of_sign_up_names_the_account(ory: responses.RequestsMock) -> None:
    email = node("input", "default", name="traits.email", type="hidden", value="ann@example.test")
    password = node("input", name="password", type="password", autocomplete="new-password", label="Password")

    page = show(ory, flow_of(CSRF, email, password, SUBMIT), "registration")

    (name,) = page.all("input", autocomplete="username")
    assert (name["value"], "hidden" in name, "name" in name) == ("ann@example.test", True, False)
    assert "Account for ann@example.test" in page.text("p")


@pytest.mark.parametrize(
    ("wrong", "describes"),
    [([], "hint"), ([{"id": 4000032, "text": "own", "type": "error", "context": {"min_length": 8}}], "messages hint")],
)
def test_new_password_has_a_hint_also_where_something_is_wrong_with_it(
    ory: responses.RequestsMock, wrong: list[Any], describes: str
) -> None:
    password = node("input", name="password", type="password", autocomplete="new-password", messages=wrong)

    page = show(ory, flow_of(CSRF, password, SUBMIT), "settings")

    field = page.form_with("password").inputs["password"]
    assert field["aria-describedby"].split() == [f"{field['id']}-{each}" for each in describes.split()]
    assert "Long, and used nowhere else: a few random words, for example." in page.text("p")


@pytest.mark.parametrize(
    ("name", "attributes", "is_exact"),
    [
        ("identifier", {}, True),
        ("totp_code", {}, True),
        ("code", {}, True),
        ("traits.email", {}, True),
        ("traits.username", {}, True),
        ("traits.login", {"autocomplete": "section-a username webauthn"}, True),
        ("traits.name", {}, False),
        ("traits.name.first", {}, False),
        ("traits.city", {}, False),
        ("webauthn_register_displayname", {}, False),
        ("email", {"type": "email"}, False),
    ],
)
def test_keyboard_changes_nothing_where_every_letter_counts(
    ory: responses.RequestsMock, name: str, attributes: dict[str, str], *, is_exact: bool
) -> None:
    page = show(ory, flow_of(CSRF, node("input", "code", name=name, **{"type": "text"} | attributes)))

    field = page.form_with(name).inputs[name]
    assert (field.get("autocapitalize"), field.get("spellcheck")) == (("none", "false") if is_exact else (None, None))


# What is only a button, and keys.


def test_way_that_is_only_a_button_is_not_folded(ory: responses.RequestsMock) -> None:
    address = node("input", "code", name="address", type="submit", value="a@b.test", label="Send a code")
    app = node("input", "totp", name="totp_code", type="text", label="Code")

    page = show(ory, flow_of(CSRF, app, address, requested_aal="aal2"))

    assert page.all("summary") == []
    assert [one["class"] for one in page.all("p") if "ory-mfa-wide" in one.get("class", "")] == [
        "ory-mfa-actions ory-mfa-wide"
    ]
    assert page.form_with("address").button("address")["class"] == "ory-mfa-button ory-mfa-quiet"
    assert [one["aria-hidden"] for one in page.all("svg")] == ["true"]


def remove_key(context: Any, name: str = "webauthn_remove") -> dict[str, Any]:
    label = {"id": 1050018, "text": "Remove", "type": "info", "context": context}
    return node("input", "webauthn", label, name=name, type="submit", value="ab12")


@pytest.mark.parametrize("by", ["context", "request"])
@pytest.mark.parametrize(("needs_script", "scripts"), [(True, 2), (False, 1)])
def test_scripts_have_the_nonce_of_the_site(by: str, scripts: int, *, needs_script: bool) -> None:
    """By the context, as Django 6 has it, and by the request, as django-csp has it."""
    request = RequestFactory().get("/")
    context: dict[str, Any] = {"page": SimpleNamespace(forms=["form"], needs_script=needs_script, script=None)}
    if by == "context":
        context["csp_nonce"] = "n0nce"
    else:
        request.csp_nonce = "n0nce"  # type: ignore[attr-defined]

    page = engines["django"].get_template("ory_mfa/ui/_scripts.html").render(context, request)

    assert page.count("<script ") == page.count(' nonce="n0nce" defer></script>') == scripts


def test_keys_are_a_list_before_the_field_that_adds_one(ory: responses.RequestsMock) -> None:
    contexts = [
        {"display_name": "Blue <key>", "added_at": "2026-11-05T13:45:00Z"},
        {"display_name": "unnamed", "added_at": "2026-11-06T13:45:00Z"},
        {"display_name": "", "added_at": "yesterday"},
        {"display_name": "unnamed", "added_at": "0001-01-01T00:00:00Z"},
        [],
    ]
    field = node("input", "webauthn", name="webauthn_register_displayname", type="text", label="Name")

    page = show(ory, flow_of(CSRF, field, *map(remove_key, contexts)), "settings")

    names = ["Blue <key>", "Security key", "Security key", "Security key", "Security key"]
    assert [text for text in page.text("span") if text in names] == names
    # The time tells keys of one day apart that have no name.
    assert page.text("time") == ["added Nov. 5, 2026", "added Nov. 6, 2026, 7:45 a.m."]
    summary = page.all("summary")[0]
    assert (page.text("summary")[0], summary["aria-label"]) == ("Remove", "Remove the security key “Blue <key>”")
    assert [each["aria-label"] for each in page.all("summary")[1:]] == [
        "Remove the security key added Nov. 6, 2026, 7:45 a.m.",
        *["Remove the security key without a name"] * 3,
    ]
    tags = [tag for tag, attributes in page.tags if tag == "li" or attributes.get("type") == "text"]
    assert tags[:3] == ["li", "li", "li"]


ONLY = "This is your only second step. Afterwards only your password protects this account."


@pytest.mark.parametrize(
    ("names", "is_told"),
    [
        (["totp_unlink"], [True]),
        (["lookup_secret_disable"], [True]),
        (["webauthn_remove"], [True]),
        (["totp_unlink", "webauthn_remove"], [False, False]),
        (["webauthn_remove", "webauthn_remove"], [False, False]),
        (["webauthn_remove", "passkey_remove"], [False, False]),
        (["passkey_remove"], [False]),
    ],
)
@pytest.mark.parametrize("has_password", [True, False])
def test_removal_of_the_only_second_factor_says_what_is_left(
    ory: responses.RequestsMock, names: list[str], is_told: list[bool], *, has_password: bool
) -> None:
    password = node("input", "password", name="password", type="password", label="Password")
    removals = [
        node("input", name.partition("_")[0], name=name, type="submit", value=str(number), label="Remove")
        for number, name in enumerate(names)
    ]

    page = show(ory, flow_of(CSRF, *removals, *[password] * has_password), "settings")

    afterwards = [text for text in page.text("p") if "any more" in text or "stop working" in text or text == ONLY]
    assert [text == ONLY for text in afterwards] == [told and has_password for told in is_told]
    assert page.text("a").count("Cancel") == len(names)


def test_codes_that_are_switched_off_stop_working(ory: responses.RequestsMock) -> None:
    off = node("input", "lookup_secret", name="lookup_secret_disable", type="submit", value="true", label="Off")

    page = show(ory, flow_of(CSRF, off), "settings")

    assert "These codes will stop working." in page.text("p")
    assert page.text("button") == ["Yes, switch them off"]
