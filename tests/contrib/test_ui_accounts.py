"""The pages for sign-up, keys, recovery and verification, and what the settings say was saved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import unquote

import pytest
import responses
from django.urls import include, path
from django.utils import translation

from django_ory_mfa.contrib.ui.texts import codes_file_name, codes_title
from tests.clock import PassingTime
from tests.contrib.test_ui import CSRF, ORY, SUBMIT, Document, flow_of, node, show
from tests.site import Site

SCRIPT = f"{ORY}/.well-known/ory/webauthn.js"
HASH = "sha512-MDzAM1MeyIP8ydB7Di4Kd7nmdUWdGK4cOFhgKv+7jDs="
SAVED = {"id": 1050001, "text": "Your changes have been saved!", "type": "success"}
GO_ON = node("input", "code", name="method", type="submit", value="code", label="Submit")

urlpatterns = [
    path("ory-ui/", include("django_ory_mfa.contrib.ui.urls")),
    path("account/security/", include("django_ory_mfa.urls")),
]


@pytest.fixture(autouse=True)
def _ui(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def ory() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def key(function: str = "oryWebAuthnRegistration", src: str = SCRIPT, **attributes: Any) -> list[dict[str, Any]]:
    """The nodes of a security key that can be added."""
    return [
        node("script", "webauthn", src=src, id="webauthn_script", **attributes),
        node("input", "webauthn", name="webauthn_register_displayname", type="text", label="Name"),
        node("input", "webauthn", name="webauthn_register", type="hidden", value=""),
        node("input", "webauthn", name="webauthn_register_trigger", type="button", value="{}", onclickTrigger=function),
    ]


# Keys.


def test_key_is_asked_for_by_the_script_of_ory_with_its_hash(ory: responses.RequestsMock) -> None:
    page = show(ory, flow_of(CSRF, *key(integrity=HASH)), "settings")

    assert [(one["src"], one.get("integrity")) for one in page.all("script")] == [
        ("webauthn.js", HASH),
        ("/static/ory_mfa/pages.js", None),
    ]
    (button,) = [one for one in page.all("button") if "data-ory-trigger" in one]
    assert (button["data-ory-trigger"], button["value"], "hidden" in button) == ("oryWebAuthnRegistration", "{}", True)
    assert "Add a security key" in page.text("button")


def test_hash_that_is_none_is_left_out(ory: responses.RequestsMock) -> None:
    page = show(ory, flow_of(CSRF, *key(integrity='"><script>')), "settings")

    assert [one.get("integrity") for one in page.all("script")] == [None, None]


@pytest.mark.parametrize("src", ["https://evil.example/x.js", f"{SCRIPT}?x", None, 7])
def test_other_script_is_never_run(ory: responses.RequestsMock, src: Any) -> None:
    page = show(ory, flow_of(CSRF, *key(src=src)), "settings")

    assert [one["src"] for one in page.all("script")] == ["/static/ory_mfa/pages.js"]
    assert any("not possible here" in text for text in page.text("p"))


def test_other_function_is_never_called(ory: responses.RequestsMock) -> None:
    page = show(ory, flow_of(CSRF, *key(function="fetch")), "settings")

    assert [one["src"] for one in page.all("script")] == ["/static/ory_mfa/pages.js"]
    assert [one for one in page.all("button") if "data-ory-trigger" in one] == []


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_script_of_ory_is_served_from_the_site(ory: responses.RequestsMock, mode: str) -> None:
    ory.get(SCRIPT, body="window.oryWebAuthnLogin = () => {}", content_type="text/plain")

    response = Site(mode).get("/ory-ui/webauthn.js")

    assert (response.status_code, response.content) == (200, b"window.oryWebAuthnLogin = () => {}")
    assert response["Content-Type"] == "text/javascript"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "public, max-age=3600"


@pytest.mark.parametrize("status", [404, 503])
def test_script_that_ory_does_not_give_is_unavailable(
    ory: responses.RequestsMock, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    ory.get(SCRIPT, status=status)

    response = Site("sync").get("/ory-ui/webauthn.js")

    assert (response.status_code, response.content) == (503, b"")
    assert caplog.messages == [f"Ory at {ORY} gave no usable answer: status {status}"]


# What was saved.


def removing(*names: str) -> list[dict[str, Any]]:
    return [node("input", "totp", name=name, type="submit", value="x", label="Remove") for name in names]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ([], ["totp_unlink"], "Authenticator app added. Two\u2011step verification is on."),
        (["totp_unlink"], [], "Authenticator app removed."),
        ([], ["lookup_secret_disable"], "Recovery codes saved."),
        (["webauthn_remove"], ["webauthn_remove"] * 2, "Security key added. Two\u2011step verification is on."),
        (["passkey_remove"], [], "Passkey removed."),
        (["totp_unlink"], ["totp_unlink"], "Your changes have been saved."),
    ],
)
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_settings_say_what_was_saved(
    ory: responses.RequestsMock, mode: str, before: list[str], after: list[str], said: str
) -> None:
    site, other = Site(mode), node("input", "totp", name="totp_code", type="text", label="Code")
    ory.get(f"{ORY}/self-service/settings/flows", json=flow_of(CSRF, other, *removing(*before)))
    site.get("/ory-ui/settings?flow=1")
    ory.replace(
        "GET",
        f"{ORY}/self-service/settings/flows",
        json=flow_of(CSRF, other, *removing(*after), ui={"messages": [SAVED]}),
    )

    page = Document(site.get("/ory-ui/settings?flow=1").content.decode())

    assert page.text("p")[0] == said
    assert page.text("p").count("Two\u2011step verification is on.") == 0


def test_script_is_told_what_to_say_was_saved(ory: responses.RequestsMock) -> None:
    name = node("input", "profile", name="traits.name", type="text", label="Name")

    page = show(ory, flow_of(CSRF, *app(is_set_up=False), SUBMIT, name, ui={"messages": [SAVED]}), "settings")

    assert [one["data-saved"] for one in page.all("form")] == ["", "Password changed.", "Profile saved."]
    assert [one["role"] for one in page.all("p") if "data-what-was-saved" in one] == ["status"]


def test_script_is_told_nothing_where_the_page_knows(ory: responses.RequestsMock) -> None:
    site = Site("sync")
    show(ory, flow_of(CSRF, *app(is_set_up=False)), "settings", site)
    ory.reset()

    page = show(ory, flow_of(CSRF, *app(is_set_up=True), ui={"messages": [SAVED]}), "settings", site)

    assert page.text("p")[0] == "Authenticator app added. Two\u2011step verification is on."
    assert [one for one in page.all("p") if "data-what-was-saved" in one] == []


def test_forms_of_a_sign_in_leave_no_note_of_what_was_saved(ory: responses.RequestsMock) -> None:
    assert "data-saved" not in show(ory, flow_of(CSRF, SUBMIT)).all("form")[0]


def test_cookie_that_somebody_made_up_says_nothing(ory: responses.RequestsMock) -> None:
    site = Site("sync")
    site.set_cookie("ory_mfa_ui_factors", "nonsense")

    page = show(ory, flow_of(CSRF, *removing("totp_unlink"), ui={"messages": [SAVED]}), "settings", site)

    assert page.text("p")[0] == "Your changes have been saved."


# What the settings say, and what comes first.


def app(*, is_set_up: bool) -> list[dict[str, Any]]:
    """The nodes of an authenticator app."""
    if is_set_up:
        return [node("input", "totp", name="totp_unlink", type="submit", value="true", label="Remove")]
    submit = node("input", "totp", name="method", type="submit", value="totp", label="Save")
    return [node("input", "totp", name="totp_code", type="text", label="Code"), submit]


NEW_CODES = node(
    "input", "lookup_secret", name="lookup_secret_regenerate", type="submit", value="true", label="New codes"
)
LINKED = node("input", "oidc", name="unlink", type="submit", value="acme", label="Unlink Acme")
SHOWN_CODES = node("text", "lookup_secret", text={"context": {"secrets": [{"id": 1, "text": "ab12"}]}})


def primary(page: Document) -> list[str]:
    """The main action of the page."""
    return [one["name"] for one in page.all("button", **{"class": "ory-mfa-button"})]


@pytest.mark.parametrize("badges", [["Active"], []])
def test_settings_say_what_is_set_up_and_else_what_it_is_for(ory: responses.RequestsMock, badges: list[str]) -> None:
    page = show(ory, flow_of(CSRF, *app(is_set_up=bool(badges)), SUBMIT), "settings")

    assert [text for text in page.text("span") if text == "Active"] == badges
    assert any("shows a new code every 30 seconds" in text for text in page.text("p")) is not bool(badges)
    # Ory's settings do not show whether it takes such codes.
    assert not any("Codes by e-mail" in text for text in page.text("p"))


def test_button_says_what_it_changes(ory: responses.RequestsMock) -> None:
    page = show(ory, flow_of(CSRF, *app(is_set_up=False), SUBMIT), "settings")

    assert page.text("button") == ["Add the authenticator app", "Change the password"]


@pytest.mark.parametrize(
    ("nodes", "name"),
    [
        ((*app(is_set_up=False), NEW_CODES, SUBMIT), ["method"]),
        ((*app(is_set_up=True), NEW_CODES, SUBMIT), ["lookup_secret_regenerate"]),
        ((*app(is_set_up=False), SHOWN_CODES, NEW_CODES, SUBMIT), []),
        ((*app(is_set_up=False), LINKED, NEW_CODES, SUBMIT), ["method"]),
        ((*app(is_set_up=True), SUBMIT), []),
        ((SUBMIT,), ["method"]),
    ],
)
def test_main_action_of_the_settings_is_the_next_thing_to_do(
    ory: responses.RequestsMock, nodes: tuple[Any, ...], name: list[str]
) -> None:
    assert primary(show(ory, flow_of(CSRF, *nodes), "settings")) == name


def test_all_else_is_folded_while_recovery_codes_are_shown(ory: responses.RequestsMock) -> None:
    page = show(ory, flow_of(CSRF, *app(is_set_up=False), SHOWN_CODES, NEW_CODES, SUBMIT), "settings")

    assert (page.text("h2"), page.text("summary")) == (["Recovery codes"], ["Authenticator app", "Password"])


@pytest.mark.parametrize("fields", [{"refresh": True}, {"requested_aal": "aal2"}, {"requested_aal": "aal1"}])
@pytest.mark.parametrize("group", ["password", "totp", "lookup_secret", "code"])
def test_button_of_every_proof_says_confirm(ory: responses.RequestsMock, group: str, fields: dict[str, Any]) -> None:
    field = node("input", group, name="x", type="text", label="X")
    submit = node("input", group, name="method", type="submit", value=group, label="Go on")
    again = node("input", group, name="resend", type="submit", value="code", label="Send again")
    another = node("input", "oidc", name="provider", type="submit", value="acme", label="Acme")

    page = show(ory, flow_of(CSRF, again, field, submit, another, **fields))

    first = "Go on" if fields == {"requested_aal": "aal1"} else "Confirm"
    assert page.text("button")[:3] == [first, "Acme", "Send again"]


def test_button_that_asks_for_a_code_does_not_say_confirm(ory: responses.RequestsMock) -> None:
    submit = node("input", "code", name="method", type="submit", value="code", label="Request a code")

    assert show(ory, flow_of(CSRF, submit, refresh=True)).text("button")[0] == "Request a code"


def test_password_can_be_shown_where_scripts_run(ory: responses.RequestsMock) -> None:
    password = node("input", name="password", type="password", label="Password")

    page = show(ory, flow_of(CSRF, password, SUBMIT))

    (button,) = page.all("button", type="button")
    assert (button["data-show"], "hidden" in button, "name" in button) == ("ory-0-1", True, False)
    assert button["aria-labelledby"] == "ory-0-1-show ory-0-1-label"
    assert [one["src"] for one in page.all("script")] == ["/static/ory_mfa/pages.js"]


# Recovery codes that leave the page.


def codes_file(page: Document) -> str:
    """What the link for the recovery codes saves."""
    (link,) = [one["href"] for one in page.all("a") if "download" in one]
    head, _, data = link.partition(",")
    assert head == "data:text/plain;charset=utf-8"
    return unquote(data)


def profile(address: str) -> dict[str, Any]:
    return node("input", "profile", name="traits.email", type="email", value=address, label="E-mail")


@pytest.mark.parametrize(
    ("nodes", "language", "title"),
    [
        ((profile("o'neil&co@x.test"),), "en", "Recovery codes for o'neil&co@x.test at testserver, Nov. 30, 2026"),
        ((profile("a@x.test"),), "de", "Wiederherstellungscodes für a@x.test bei testserver, 30. November 2026"),
        ((), "en", "Recovery codes for testserver, Nov. 30, 2026"),
    ],
)
def test_saved_recovery_codes_say_whose_they_are(
    ory: responses.RequestsMock, clock: PassingTime, nodes: tuple[Any, ...], language: str, title: str
) -> None:
    clock.wait((datetime(2026, 11, 30, 12, tzinfo=UTC) - clock.now()).total_seconds())

    with translation.override(language):
        page = show(ory, flow_of(CSRF, SHOWN_CODES, NEW_CODES, *nodes), "settings")

    assert codes_file(page) == f"{title}\n\nab12\n"
    assert title in [unescape(text) for text in page.text("p")]


NEW_CODES_WORK = (
    "Save these codes now: each works once. They start to work, and replace older ones, when you press the button."
)


@pytest.mark.parametrize(("name", "times"), [("lookup_secret_confirm", 1), ("lookup_secret_regenerate", 0)])
def test_new_recovery_codes_say_from_when_on_they_work(ory: responses.RequestsMock, name: str, times: int) -> None:
    button = node("input", "lookup_secret", name=name, type="submit", value="true", label="Go on")

    page = show(ory, flow_of(CSRF, SHOWN_CODES, button), "settings")

    assert page.text("p").count(NEW_CODES_WORK) == times
    assert page.text("p").count("Once you have saved new codes, these stop working.") == 1 - times


@pytest.mark.parametrize(
    ("site", "name"),
    [
        ("shop.example.com", "recovery-codes-shop.example.com.txt"),
        ("127.0.0.1:8000", "recovery-codes-127.0.0.1-8000.txt"),
        ("[::1]:8000", "recovery-codes-1-8000.txt"),
        ("", "recovery-codes.txt"),
    ],
)
def test_file_of_recovery_codes_bears_the_name_of_the_site(site: str, name: str) -> None:
    assert codes_file_name(site) == name


def test_recovery_codes_are_saved_under_the_name_of_the_site(ory: responses.RequestsMock) -> None:
    page = show(ory, flow_of(CSRF, SHOWN_CODES, NEW_CODES), "settings")

    assert [one["download"] for one in page.all("a") if "download" in one] == ["recovery-codes-testserver.txt"]


def test_what_can_be_copied_says_that_it_was(ory: responses.RequestsMock) -> None:
    secret = node("text", "totp", text={"id": 1, "text": "ABCDEFGH"}, label="Key")

    page = show(ory, flow_of(CSRF, SHOWN_CODES, NEW_CODES, secret), "settings")

    copied = [one for one in page.all("button") if "data-copy" in one]
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    assert [("hidden" in one, one["data-done"]) for one in copied] == [(True, "Copied")] * 2
    assert len({one["data-copy"] for one in copied} & ids) == 2
    assert len(page.all("span", role="status")) == 2


def test_recovery_codes_of_nobody_known_have_their_day() -> None:
    noon = datetime(2026, 11, 30, 12, tzinfo=UTC)

    assert codes_title("", "", noon) == "Nov. 30, 2026"
    assert codes_title("a@x.test", "", noon) == "Recovery codes for a@x.test, Nov. 30, 2026"


# Sign-up, recovery, verification.


def test_sign_up_is_one_form_for_fields_and_ways(ory: responses.RequestsMock) -> None:
    email = node("input", "default", name="traits.email", type="email", label="E-mail")
    password = node("input", "password", name="password", type="password", label="Password")
    submit = node("input", "password", name="method", type="submit", value="password", label="Create account")
    provider = node("input", "oidc", name="provider", type="submit", value="acme", label="Acme")

    page = show(ory, flow_of(CSRF, email, password, submit, provider), "registration")

    assert page.text("h1") == ["Create an account"]
    assert [set(form.inputs) for form in page.ory_forms] == [{"traits.email", "password"}, set()]
    assert [form.hidden for form in page.ory_forms] == [[("csrf_token", "csrf-of-ory")]] * 2


def test_first_step_of_sign_up_says_continue(ory: responses.RequestsMock) -> None:
    email = node("input", "default", name="traits.email", type="email", label="E-mail")
    submit = node("input", "profile", name="method", type="submit", value="profile", label="Sign up")

    page = show(ory, flow_of(CSRF, email, submit), "registration")

    assert page.text("button") == ["Continue"]


def test_way_back_is_the_last_button_of_the_second_step(ory: responses.RequestsMock) -> None:
    back = node("input", "profile", name="screen", type="submit", value="previous", label="Back")
    password = node("input", "password", name="password", type="password", required=True, label="Password")
    submit = node("input", "password", name="method", type="submit", value="password", label="Create account")
    page = show(ory, flow_of(CSRF, back, password, submit, *key("oryPasskeyRegistration")), "registration")

    assert page.text("button") == ["Show", "Create account", "Sign up with a passkey", "Back"]


@pytest.mark.parametrize(
    ("kind", "text"),
    [("recovery", "to get back in. Then you choose a new password"), ("verification", "to confirm that it is yours")],
)
def test_first_step_says_what_will_happen(ory: responses.RequestsMock, kind: str, text: str) -> None:
    email = node("input", "code", name="email", type="email", label="E-mail")
    submit = node("input", "code", name="method", type="submit", value="code", label="Send")
    sent = [{"id": 1080003, "type": "info", "text": "sent"}]

    first = show(ory, flow_of(CSRF, email, submit), kind)
    second = show(ory, flow_of(CSRF, submit, ui={"messages": sent}), kind)

    assert any(text in said for said in first.text("p"))
    assert not any(text in said for said in second.text("p"))


@pytest.mark.parametrize(
    ("flow", "times"),
    [
        ({"requested_aal": "aal2", "state": "sent_email"}, 1),
        ({"refresh": True, "state": "sent_email"}, 1),
        ({"requested_aal": "aal1", "state": "sent_email"}, 1),
        ({"requested_aal": "aal2", "state": "choose_method"}, 0),
    ],
)
def test_code_page_names_the_address(ory: responses.RequestsMock, flow: dict[str, Any], times: int) -> None:
    address = node("input", "code", name="identifier", type="hidden", value="ann@example.test")
    code = node("input", "code", name="code", type="text", label="Code")

    page = show(ory, flow_of(CSRF, address, code, **flow), "login")

    assert page.text("p").count("The code was sent to ann@example.test.") == times


@pytest.mark.parametrize("flow", [{"requested_aal": "aal2"}, {"refresh": True}])
def test_address_that_a_code_was_sent_to_is_not_taken_for_the_account(
    ory: responses.RequestsMock, flow: dict[str, Any]
) -> None:
    """After a wrong code, Ory returns the address in the field that else names the account."""
    code = node("input", "code", name="code", type="text", label="Code")

    page = show(ory, flow_of(CSRF, NAMED["of a sign-in"], code, state="sent_email", **flow))

    assert [text for text in page.text("p") if "ann@" in text] == ["The code was sent to ann@example.test."]


NAMED = {
    "of a second step": node("input", "code", name="identifier", type="hidden", value="ann@example.test"),
    "of a sign-in": node("input", "default", name="identifier", type="hidden", value="ann@example.test"),
    "of a recovery": node("input", "code", name="email", type="submit", value="ann@example.test", label="Again"),
    "of a link": node("input", "link", name="email", type="email", value="ann@example.test", label="E-mail"),
}
SAID = {
    1010014: "We e\u2011mailed a 6\u2011digit code to ann@example.test. It can take a minute.",
    1060002: "If an account has this address, we e\u2011mailed a link to ann@example.test. It can take a minute.",
    1060003: (
        "If an account has this address, we e\u2011mailed a 6\u2011digit code to ann@example.test."
        " It can take a minute."
    ),
    1080001: "We e\u2011mailed a link to ann@example.test. It can take a minute.",
    1080003: "We e\u2011mailed a 6\u2011digit code to ann@example.test. It can take a minute.",
}


@pytest.mark.parametrize("address", NAMED.values(), ids=NAMED)
@pytest.mark.parametrize(("number", "said"), SAID.items())
def test_one_sentence_says_what_was_sent_where(
    ory: responses.RequestsMock, address: dict[str, Any], number: int, said: str
) -> None:
    code = node("input", "code", name="code", type="text", label="Code")
    sent = {"id": number, "type": "info", "text": "sent"}

    page = show(ory, flow_of(CSRF, address, code, state="sent_email", ui={"messages": [sent]}))

    assert page.text("p") == [said]


@pytest.mark.parametrize("value", ["ann", ""])
def test_name_that_is_no_address_is_not_said(ory: responses.RequestsMock, value: str) -> None:
    name = node("input", "default", name="identifier", type="hidden", value=value)
    sent = {"id": 1010014, "type": "info", "text": "sent"}

    page = show(ory, flow_of(CSRF, name, GO_ON, state="sent_email", ui={"messages": [sent]}))

    assert page.text("p") == ["We e\u2011mailed you a 6\u2011digit code. It can take a minute."]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("recovery", "Code for ann@example.test"),
        ("verification", "The code was sent to ann@example.test."),
    ],
)
def test_wrong_code_leaves_the_address_on_the_page(ory: responses.RequestsMock, kind: str, said: str) -> None:
    code = node("input", "code", name="code", type="text", label="Code")
    nodes = (CSRF, code, GO_ON, NAMED["of a recovery"])
    wrong = {"id": 4060006, "type": "error", "text": "wrong"}

    page = show(ory, flow_of(*nodes, state="sent_email", ui={"messages": [wrong]}), kind)

    assert page.text("p") == [said, "That code is wrong or too old. Use the newest code that we sent you."]
    # What is wrong is told below the field, and belongs to it.
    assert page.form_with("code").inputs["code"]["aria-describedby"].strip() == "ory-0-1-messages"


def test_sign_out_on_the_way_to_a_recovery_is_said_until_the_code_is_sent(ory: responses.RequestsMock) -> None:
    address = node("input", "code", name="email", type="email", label="E-mail")
    sent = {"id": 1060003, "type": "info", "text": "sent"}
    first, second = Site("sync"), Site("sync")
    first.set_cookie("ory_mfa_signed_out", "1")
    second.set_cookie("ory_mfa_signed_out", "1")

    asked = show(ory, flow_of(CSRF, address, GO_ON), "recovery", first)
    ory.reset()
    told = show(ory, flow_of(CSRF, GO_ON, state="sent_email", ui={"messages": [sent]}), "recovery", second)

    assert "You are signed out." in asked.text("p")
    assert told.text("p") == [
        "If an account has this address, we e\u2011mailed it a 6\u2011digit code. It can take a minute."
    ]


def test_address_is_not_named_where_no_code_is_asked_for(ory: responses.RequestsMock) -> None:
    page = show(ory, flow_of(CSRF, GO_ON, NAMED["of a recovery"], state="sent_email"), "recovery")

    assert [text for text in page.text("p") if "ann@" in text] == []


ABOUT_FIELD = {
    4000008: (
        "totp",
        "totp_code",
        "This code is not right. Wait for the next one, and check the clock of your device.",
    ),
    4000016: ("lookup_secret", "lookup_secret", "This recovery code is not right. Check it, or use another one."),
    4010008: ("code", "code", "That code is wrong or too old. Use the newest code that we sent you."),
}


@pytest.mark.parametrize("number", ABOUT_FIELD)
def test_what_is_wrong_with_the_only_field_is_told_below_it(ory: responses.RequestsMock, number: int) -> None:
    group, name, said = ABOUT_FIELD[number]
    wrong = {"id": number, "type": "error", "text": "wrong"}
    field, other = node("input", group, name=name, type="text"), node("input", "password", name="password", type="text")

    page = show(ory, flow_of(CSRF, field, other, requested_aal="aal2", ui={"messages": [wrong]}))

    (told,) = page.all("div", id=page.form_with(name).inputs[name]["aria-describedby"].strip())
    assert (told["id"][-9:], page.text("p").count(said)) == ("-messages", 1)
    assert "aria-describedby" not in page.form_with("password").inputs["password"]


@pytest.mark.parametrize(
    ("number", "nodes"),
    [
        (4000006, [node("input", name="identifier", type="text"), node("input", name="password", type="password")]),
        (4010011, [node("input", name="password", type="password")]),
        (4000006, []),
    ],
    ids=["two fields", "about the account", "no field"],
)
def test_what_is_wrong_with_more_than_a_field_is_told_at_the_top(
    ory: responses.RequestsMock, number: int, nodes: list[dict[str, Any]]
) -> None:
    wrong = {"id": number, "type": "error", "text": "wrong"}

    page = show(ory, flow_of(CSRF, *nodes, SUBMIT, ui={"messages": [wrong]}))

    assert not [one for one in page.all("div") if one.get("id", "").endswith("-0-messages")]
    assert len(page.all("p", role="alert")) == 1


def test_wrong_password_of_somebody_who_is_known_is_called_so(ory: responses.RequestsMock) -> None:
    wrong = {"id": 4000006, "type": "error", "text": "wrong"}
    password = node("input", "password", name="password", type="password")

    page = show(ory, flow_of(CSRF, password, SUBMIT, refresh=True, ui={"messages": [wrong]}))

    assert "This password is wrong." in page.text("p")
    assert "E\u2011mail or password is wrong." not in page.text("p")


def test_proof_can_be_cancelled(ory: responses.RequestsMock) -> None:
    """To the home page: the page that asked for it would ask again."""
    password = node("input", "password", name="password", type="password")

    page = show(ory, flow_of(CSRF, password, SUBMIT, refresh=True, return_to="http://testserver/x"))

    assert (page.text("a")[-1], page.links[-1]) == ("Cancel", "/")


def test_other_ways_have_a_heading(ory: responses.RequestsMock) -> None:
    code = node("input", "totp", name="totp_code", type="text", label="Code")
    lookup = node("input", "lookup_secret", name="lookup_secret", type="text", label="Recovery code")

    assert show(ory, flow_of(CSRF, code, lookup, requested_aal="aal2")).text("h2") == ["Other ways to confirm"]
    assert show(ory, flow_of(CSRF, code, requested_aal="aal2")).text("h2") == []


# The row of links.


def row(page: Document) -> list[tuple[str, str]]:
    """The class and the name of the buttons in the row of links, each of which sends its form."""
    asides = [one for one in page.all("button") if "form" in one]
    assert {one["form"] for one in asides} <= {form.id for form in page.ory_forms}
    return [(one["class"], one["name"]) for one in asides]


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("login", "resend", "code"),
        ("recovery", "email", "ann@example.test"),
        ("verification", "email", "ann@example.test"),
        ("registration", "screen", "previous"),
        ("registration", "screen", "credential-selection"),
    ],
)
def test_way_back_and_another_code_are_in_the_row_of_links(
    ory: responses.RequestsMock, kind: str, name: str, value: str
) -> None:
    again = node("input", "code", name=name, type="submit", value=value, label="Again")
    code = node("input", "code", name="code", type="text", label="Code")

    page = show(ory, flow_of(CSRF, again, code, GO_ON), kind)

    assert row(page) == [("ory-mfa-link", name)]
    (form,) = page.ory_forms
    # The first is the one that the Enter key presses.
    assert [button["name"] for button in form.buttons] == ["method", name]
    assert "formnovalidate" in form.button(name)


def test_another_code_stays_in_the_way_that_is_folded(ory: responses.RequestsMock) -> None:
    totp = node("input", "totp", name="totp_code", type="text", label="Code")
    code = node("input", "code", name="code", type="text", label="Code")
    again = node("input", "code", name="resend", type="submit", value="code", label="Again")

    page = show(ory, flow_of(CSRF, totp, code, again, requested_aal="aal2"))

    tags = [tag for tag, one in page.tags if tag == "details" or "form" in one]
    assert (tags, page.form_with("resend").id) == (["details", "button"], page.form_with("code").id)


def test_settings_lose_no_button(ory: responses.RequestsMock) -> None:
    again = node("input", "code", name="resend", type="submit", value="code", label="Again")

    assert row(show(ory, flow_of(CSRF, again, GO_ON), "settings")) == [("ory-mfa-link", "resend")]


@pytest.mark.parametrize("kind", ["registration", "recovery", "verification"])
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_page_without_a_flow_begins_one(mode: str, kind: str) -> None:
    response = Site(mode).get(f"/ory-ui/{kind}?return_to=http%3A%2F%2Ftestserver%2Fx")

    assert response.status_code == 302
    assert response["Location"] == f"{ORY}/self-service/{kind}/browser?return_to=http%3A%2F%2Ftestserver%2Fx"


@pytest.mark.parametrize(
    ("return_to", "link"),
    [
        ("http://testserver/x?a=1", ("Back", "http://testserver/x?a=1")),
        ("https://evil.example/", ("Go to the home page", "/")),
    ],
)
def test_verification_can_be_left(ory: responses.RequestsMock, return_to: str, link: tuple[str, str]) -> None:
    page = show(ory, flow_of(CSRF, GO_ON, return_to=return_to), "verification")

    assert (page.text("a")[-1], page.links[-1]) == link


@pytest.mark.parametrize(
    ("return_to", "back"),
    [("http://testserver/x?a=1", "http://testserver/x?a=1"), ("https://evil.example/", "/"), (None, "/")],
)
def test_verified_address_leads_back_to_the_site(ory: responses.RequestsMock, return_to: Any, back: str) -> None:
    """Ory's action is then where the browser goes on, and no form is shown."""
    ui = {"action": "https://evil.example/", "messages": [{"id": 1080002, "text": "Done", "type": "success"}]}

    page = show(ory, flow_of(CSRF, GO_ON, ui=ui, state="passed_challenge", return_to=return_to), "verification")

    assert (page.ory_forms, page.text("h1"), page.text("p")) == ([], ["E\u2011mail verified"], [])
    assert page.all("a", **{"class": "ory-mfa-button"}) == [{"class": "ory-mfa-button", "href": back}]
    assert page.all("span", **{"class": "ory-mfa-sign ory-mfa-good"})


def test_new_password_comes_first_after_a_recovery(ory: responses.RequestsMock) -> None:
    password = node("input", "password", name="password", type="password", label="Password")
    code = node("input", "totp", name="totp_code", type="text", label="Code")
    email = node("input", "profile", name="traits.email", type="email", value="ann@example.test", label="E-mail")
    message = {"id": 1060001, "text": "You recovered", "type": "success"}

    page = show(ory, flow_of(CSRF, email, code, password, SUBMIT, ui={"messages": [message]}), "settings")

    assert page.text("h1") == ["Choose a new password"]
    # The rest has a page of its own.
    assert [set(form.inputs) for form in page.ory_forms] == [{"password"}]
    assert (page.text("h2"), page.text("summary")) == ([], [])
    assert page.text("a") == ["More account settings", "Not now"]
    assert page.links[-2:] == [f"{ORY}/self-service/settings/browser", "/"]
    assert "autofocus" in page.ory_forms[0].inputs["password"]
    assert "Save the new password" in page.text("button")
    assert page.all("input", autocomplete="username") == [
        {"type": "text", "autocomplete": "username", "value": "ann@example.test", "readonly": "", "hidden": ""}
    ]


AT_RECOVERY = f"{ORY}/self-service/recovery?flow=x"


@pytest.mark.parametrize(
    ("flow", "heading"),
    [
        ({"request_url": AT_RECOVERY, "state": "show_form"}, "Choose a new password"),
        ({"request_url": AT_RECOVERY, "state": "success"}, "Account settings"),
        ({"request_url": f"{ORY}/self-service/settings/browser?x=/self-service/recovery", "state": "show_form"}, ""),
        ({"request_url": 7, "state": "show_form"}, ""),
    ],
)
def test_password_that_is_refused_after_a_recovery_is_still_chosen_anew(
    ory: responses.RequestsMock, flow: dict[str, Any], heading: str
) -> None:
    """Ory says only once that somebody is back."""
    password = node("input", name="password", type="password", autocomplete="new-password", messages=SHORT)

    page = show(ory, flow_of(CSRF, password, SUBMIT, **flow), "settings")

    assert page.text("h1") == [heading or "Account settings"]
    assert page.text("summary") == []


def test_settings_after_a_recovery_without_passwords_are_those_of_any_day(ory: responses.RequestsMock) -> None:
    message = {"id": 1060001, "text": "You recovered", "type": "success"}
    code = node("input", "totp", name="totp_code", type="text", label="Code")

    assert show(ory, flow_of(CSRF, ui={"messages": [message]}), "settings").text("h1") == ["Account settings"]
    assert show(ory, flow_of(CSRF, code, ui={"messages": [message]}), "settings").text("h1") == ["Account settings"]


def test_form_with_an_error_is_open_and_the_other_is_not_blamed(ory: responses.RequestsMock) -> None:
    """Kratos v1.3.1 names no group; its message does."""
    code = node("input", "totp", name="totp_code", type="text", label="Code")
    lookup = node("input", "lookup_secret", name="lookup_secret", type="text", label="Recovery code")
    message = {"id": 4000016, "text": "wrong", "type": "error"}

    page = show(ory, flow_of(CSRF, code, lookup, requested_aal="aal2", ui={"messages": [message]}))

    assert [list(form.inputs) for form in page.ory_forms] == [["lookup_secret"], ["totp_code"]]
    assert page.form_with("lookup_secret").inputs["lookup_secret"]["aria-invalid"] == "true"
    assert "aria-invalid" not in page.form_with("totp_code").inputs["totp_code"]
    assert page.text("summary") == ["Use your authenticator app"]


def test_field_with_an_error_is_open(ory: responses.RequestsMock) -> None:
    code = node("input", "totp", name="totp_code", type="text", label="Code")
    name = node("input", "profile", messages=[{"id": 1, "text": "Too long", "type": "error"}], name="n", type="text")

    page = show(ory, flow_of(CSRF, code, name), "settings")

    assert page.text("summary") == ["Authenticator app"]


# A faulty form of the settings, and the app of somebody who has a key.

SHORT = [{"id": 4000032, "text": "own", "type": "error", "context": {"min_length": 8}}]


def test_faulty_form_of_the_settings_comes_first_and_open(ory: responses.RequestsMock) -> None:
    password = node("input", name="password", type="password", autocomplete="new-password", messages=SHORT)

    page = show(ory, flow_of(CSRF, *app(is_set_up=False), NEW_CODES, password, SUBMIT), "settings")

    assert page.text("h2")[0] == "Password"
    assert primary(page)[0] == "method"
    assert page.ory_forms[0].button("method", "password")["class"] == "ory-mfa-button"
    assert page.ory_forms[0].inputs["password"]["aria-invalid"] == "true"


def test_faulty_form_of_a_sign_in_stays_in_its_place(ory: responses.RequestsMock) -> None:
    code = node("input", "code", name="code", type="text", messages=SHORT)
    totp = node("input", "totp", name="totp_code", type="text")

    page = show(ory, flow_of(CSRF, code, totp, requested_aal="aal2"))

    assert [set(form.inputs) for form in page.ory_forms] == [{"totp_code"}, {"code"}]


def test_app_of_somebody_who_has_a_key_is_folded_and_not_urged(ory: responses.RequestsMock) -> None:
    remove = node("input", "webauthn", name="webauthn_remove", type="submit", value="ab12", label="Remove")
    off = node("input", "lookup_secret", name="lookup_secret_disable", type="submit", value="true", label="Off")

    page = show(ory, flow_of(CSRF, *app(is_set_up=False), remove, off, SUBMIT, profile("a@x.test")), "settings")

    assert page.text("h2") == ["Security keys", "Recovery codes"]
    assert [text for text in page.text("summary") if text in TITLES] == ["Password", "Authenticator app", "Profile"]
    assert primary(page) == []


def test_of_what_is_not_set_up_only_the_next_thing_to_do_is_open(ory: responses.RequestsMock) -> None:
    passkey = node("input", "passkey", name="passkey_remove", type="submit", value="ab12", label="Remove")

    page = show(ory, flow_of(CSRF, *app(is_set_up=False), *key(), NEW_CODES, passkey, SUBMIT), "settings")

    assert page.text("h2") == ["Authenticator app", "Passkeys"]
    assert [text for text in page.text("summary") if text in TITLES] == ["Security keys", "Recovery codes", "Password"]


TITLES = ["Authenticator app", "Security keys", "Recovery codes", "Passkeys", "Password", "Profile"]


def test_settings_are_in_the_order_of_their_purpose(ory: responses.RequestsMock) -> None:
    passkey = node("input", "passkey", name="passkey_remove", type="submit", value="ab12", label="Remove")

    page = show(
        ory, flow_of(CSRF, profile("a@x.test"), SUBMIT, NEW_CODES, passkey, *key(), *app(is_set_up=False)), "settings"
    )

    assert [text for _, text in page.texts if text in TITLES] == TITLES


def test_button_that_stands_alone_in_the_settings_is_no_wider_than_the_others(ory: responses.RequestsMock) -> None:
    page = show(ory, flow_of(CSRF, NEW_CODES), "settings")

    assert [one for one in page.all("p") if "ory-mfa-wide" in one.get("class", "")] == []


# Words that the whole form tells.


@pytest.mark.parametrize(
    ("kind", "password", "label"),
    [
        ("settings", {"type": "password", "autocomplete": "new-password"}, "New password"),
        ("settings", {"type": "password", "autocomplete": "current-password"}, "Password"),
        ("registration", {"type": "password", "autocomplete": "new-password"}, "Password"),
    ],
)
def test_password_is_called_new_where_there_is_an_old_one(
    ory: responses.RequestsMock, kind: str, password: dict[str, str], label: str
) -> None:
    field = node("input", "password", name="password", label={"id": 1070001, "text": "Password"}, **password)

    assert show(ory, flow_of(CSRF, field, SUBMIT), kind).text("label") == [label]


def test_first_recovery_codes_are_not_called_new(ory: responses.RequestsMock) -> None:
    label = {"id": 1050008, "text": "Generate new backup recovery codes"}
    make = node("input", "lookup_secret", name="lookup_secret_regenerate", type="submit", value="true", label=label)
    off = node("input", "lookup_secret", name="lookup_secret_disable", type="submit", value="true", label="Off")

    assert show(ory, flow_of(CSRF, make), "settings").text("button") == ["Create recovery codes"]
    assert "Create new recovery codes" in show(ory, flow_of(CSRF, make, off), "settings").text("button")


@pytest.mark.parametrize(
    ("group", "kind", "button"),
    [
        ("code", "recovery", "Send me a code"),
        ("link", "recovery", "Send the e\u2011mail"),
        ("code", "verification", "Send me a code"),
        ("code", "login", "Go"),
    ],
)
def test_button_says_what_it_sends(ory: responses.RequestsMock, group: str, kind: str, button: str) -> None:
    email = node("input", group, name="email", type="email", label="E-mail")
    send = node("input", group, name="method", type="submit", value=group, label="Go")

    assert button in show(ory, flow_of(CSRF, email, send), kind).text("button")


@pytest.mark.parametrize(
    ("given", "label", "shown"),
    [("ann@example.test", "E\u2011mail me a code", True), ("+15550100", "Send me a code", True), ("", "Send", False)],
)
def test_button_that_sends_a_code_names_the_address_below(
    ory: responses.RequestsMock, given: str, label: str, *, shown: bool
) -> None:
    said = {"id": 1010023, "text": "Send", "context": {"address": given} if given else {}}
    code = node("input", "code", name="address", type="submit", value="x", label=said)

    page = show(ory, flow_of(CSRF, code, requested_aal="aal2"))

    (button,) = (text for text in page.text("button") if text != "Sign out")
    assert button.startswith(label)
    assert bool(page.all("span", **{"class": "ory-mfa-to"})) is shown


def test_no_two_ways_to_confirm_have_one_name(ory: responses.RequestsMock) -> None:
    fields = [("totp", "totp_code"), ("lookup_secret", "lookup_secret"), ("password", "password")]
    nodes = [
        each
        for group, name in fields
        for each in (
            node("input", group, name=name, type="text", label="X"),
            node("input", group, name="method", type="submit", value=group, label="Y"),
        )
    ]

    page = show(ory, flow_of(CSRF, *nodes, requested_aal="aal2", refresh=True))

    buttons = [text for text in page.text("button") if text not in ("Sign out", "Show")]
    assert sorted(buttons) == ["Confirm", "Use recovery code", "Use the code from the app"]


@pytest.mark.parametrize(("ways", "is_told"), [(1, False), (2, True)])
def test_choice_of_ways_is_told_only_where_there_is_one(
    ory: responses.RequestsMock, ways: int, *, is_told: bool
) -> None:
    buttons = [
        node("input", "password", name="method", type="submit", value=f"way{n}", label="Go") for n in range(ways)
    ]
    message = {"id": 1040009, "text": "Please choose", "type": "info"}

    page = show(ory, flow_of(CSRF, *buttons, ui={"messages": [message]}), "registration")

    assert ("Choose how you sign in from now on." in page.text("p")) is is_told


def test_qr_code_is_folded_where_something_else_was_just_saved(ory: responses.RequestsMock) -> None:
    passkey = node("input", "passkey", name="passkey_remove", type="submit", value="ab12", label="Remove")
    message = {"id": 1050001, "text": "Saved", "type": "success"}
    picture = node("img", "totp", src="data:image/png;base64,AAAA")

    page = show(ory, flow_of(CSRF, picture, *app(is_set_up=False), passkey, ui={"messages": [message]}), "settings")

    assert (page.text("h2"), "Authenticator app" in page.text("summary")) == (["Passkeys"], True)


@pytest.mark.parametrize(
    ("removes", "said"),
    [
        (["totp_unlink"], "Two\u2011step verification is on."),
        (["passkey_remove"], "Two\u2011step verification is not set up yet."),
    ],
)
def test_settings_say_at_the_top_whether_two_steps_are_set_up(
    ory: responses.RequestsMock, removes: list[str], said: str
) -> None:
    make = node("input", "lookup_secret", name="lookup_secret_regenerate", type="submit", value="true", label="Go")
    nodes = [node("input", name.split("_")[0], name=name, type="submit", value="x", label="Off") for name in removes]

    assert show(ory, flow_of(CSRF, make, *nodes), "settings").text("strong") == [said]
    assert show(ory, flow_of(CSRF, SUBMIT), "settings").text("strong") == []
    codes = {"id": 1050015, "text": "x", "context": {"secrets": [{"id": 1050009, "text": "ab12"}]}}
    shown = node("text", "lookup_secret", text=codes)
    assert show(ory, flow_of(CSRF, shown, *nodes), "settings").text("strong") == [said]


def pills(page: Document) -> list[tuple[str, str]]:
    """The class and the words of what says how a method stands."""
    classes = [one["class"] for one in page.all("span") if "ory-mfa-pill" in one.get("class", "")]
    words = [text for text in page.text("span") if text in ("Active", "Not created", "Not set up")]
    return list(zip([each.removeprefix("ory-mfa-badge ory-mfa-pill").strip() for each in classes], words, strict=True))


def test_each_method_says_how_it_stands(ory: responses.RequestsMock) -> None:
    """What is to be done next stands out."""
    without = show(ory, flow_of(CSRF, *app(is_set_up=False), NEW_CODES, SUBMIT), "settings")
    with_app = show(ory, flow_of(CSRF, *app(is_set_up=True), NEW_CODES, SUBMIT), "settings")
    with_new = show(ory, flow_of(CSRF, *app(is_set_up=True), SHOWN_CODES, SUBMIT), "settings")

    assert pills(without) == [("ory-mfa-warn", "Not set up"), ("", "Not created")]
    assert pills(with_app) == [("ory-mfa-good", "Active"), ("ory-mfa-warn", "Not created")]
    assert pills(with_new) == [("ory-mfa-good", "Active")]
