"""Turn a flow of Ory into the page that shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from django_ory_mfa.contrib.ui.forms import DEFAULT_GROUP, Form, confirming, forms_of
from django_ory_mfa.contrib.ui.nodes import read_messages, read_node
from django_ory_mfa.contrib.ui.parts import SAVED, Button, Field, Hidden, Message, Node, Script
from django_ory_mfa.core.flows import Flows

# Ory's own flows have some 30. The limit bounds the size of the page, since every form repeats the hidden nodes.
MOST_NODES = 300
RECOVERED = 1060001
CHOOSE_WAY = 1040009
# The groups that error messages belong to: Kratos v1.3.1 does not name the group itself.
BLAMED: dict[object, str] = {
    4000006: "password",
    4000008: "totp",
    4000012: "lookup_secret",
    4000016: "lookup_secret",
    4010008: "code",
}
SECOND_STEP, VERIFIED = 1010004, 1080002
# The errors that are about what was typed into the only field of a form, so that they stand below it.
ABOUT_FIELD = {*BLAMED, 4000035, 4040003, 4060006, 4070006}
# What is said of a password alone, where nobody was asked who it is.
WRONG_PASSWORD, PASSWORD = 4000006, _("This password is wrong.")
# What is on its way, where it is known to which address.
CODE_SENT = _("We e‑mailed a 6‑digit code to %(address)s. It can take a minute.")
SENT: dict[object, Any] = {
    **dict.fromkeys((1010014, 1010025, 1040005, 1080003), CODE_SENT),
    1060002: _("If an account has this address, we e‑mailed a link to %(address)s. It can take a minute."),
    1060003: _("If an account has this address, we e‑mailed a 6‑digit code to %(address)s. It can take a minute."),
    1080001: _("We e‑mailed a link to %(address)s. It can take a minute."),
}
# The same once more, where a code was wrong and Ory says only that.
WAS_SENT = _("The code was sent to %(address)s.")
MAY_BE_SENT = _("Code for %(address)s")
# What to do in the second step, by the way that comes first.
SECOND_STEPS = {
    "totp": _("Open your authenticator app and type the code that it shows."),
    "webauthn": _("Plug in your security key, or hold it to your phone."),
}
# The names of the nodes with the address that a code was sent to.
ADDRESSES = {"identifier", "email"}
REMOVING = ("totp_unlink", "lookup_secret_disable", "webauthn_remove", "passkey_remove")


class Situation(StrEnum):
    """The purpose of a page."""

    SIGN_IN = "sign_in"
    SECOND_FACTOR = "second_factor"
    REFRESH = "refresh"
    SETTINGS = "settings"
    SIGN_UP = "registration"
    RECOVERY = "recovery"
    VERIFICATION = "verification"


# Where somebody who is signed in proves once more, or in a second step, who it is.
PROVING = {Situation.SECOND_FACTOR, Situation.REFRESH}


@dataclass(frozen=True, slots=True)
class Page:
    """A flow, prepared for the templates."""

    situation: Situation
    action: str
    messages: tuple[Message, ...]
    forms: tuple[Form, ...]
    account: str
    sent_to: str
    return_to: str | None
    asks_second_factor: bool
    script: Script | None = None
    is_done: bool = False
    is_saved: bool = False
    is_recovered: bool = False
    is_code_sent: bool = False
    factors: str = ""

    @property
    def proves(self) -> bool:
        """Whether somebody who is signed in proves here who it is."""
        return self.situation in PROVING

    @property
    def needs_script(self) -> bool:
        """Whether the page needs Ory's script, for security keys and passkeys."""
        return any(form.triggers and not form.is_stuck for form in self.forms)

    @property
    def replaces_password(self) -> bool:
        """Whether a lost password is replaced here, before anything else."""
        return self.is_recovered and bool(self.forms) and self.forms[0].group == "password"

    @property
    def offers_second_factors(self) -> bool:
        """Whether a second factor can be set up or removed here."""
        return any(form.group in ("totp", "webauthn", "lookup_secret") for form in self.forms)

    @property
    def has_second_factor(self) -> bool:
        """Whether a second factor is set up: an app, recovery codes or a security key, but no passkey."""
        return any(each != "0" for each in self.factors[:3])

    @property
    def has_one_second_factor(self) -> bool:
        """Whether, once a second factor is removed, only the password is left: there is no other, and no passkey."""
        return sum(map(int, self.factors[:3])) == 1 and self.factors[3:] == "0" and self.asks_password

    @property
    def asks_password(self) -> bool:
        """Whether one of its forms has a password field."""
        return any(form.asks_password for form in self.forms)

    @property
    def has_errors(self) -> bool:
        """Whether Ory reports an error in what was sent."""
        return any(message.is_error for message in self.messages)


def read_page(flow: dict[str, Any], kind: str, flows: Flows) -> Page | None:
    """Return the page for a flow of ``kind``, such as ``login``.

    None if it is malformed, if its form goes elsewhere, or if no browser began it.
    """
    # SECURITY: no cookie binds another type of flow to this browser, so whoever made it could read what is typed here.
    if flow.get("type", "browser") != "browser":
        return None
    ui = flow.get("ui")
    if not isinstance(ui, dict):
        return None
    action, nodes, return_to = ui.get("action"), ui.get("nodes"), flow.get("return_to")
    # The flow is complete, and its action is the page where the browser continues.
    is_done = flow.get("state") == "passed_challenge"
    # SECURITY: the form contains a password, so it is shown only if it is sent to this Ory.
    if not isinstance(action, str) or not (is_done or flows.contains(action)):
        return None
    if not isinstance(nodes, list) or len(nodes) > MOST_NODES:
        return None
    groups = _grouped([] if is_done else nodes)
    messages, ids, script = read_messages(ui.get("messages")), _ids(ui.get("messages")), _script(groups, flows)
    has_errors = any(message.is_error for message in messages)
    is_saved, is_recovered = ids == [SAVED] and len(messages) == 1, _is_recovered(flow, kind, ids)
    forms = forms_of(
        groups,
        kind,
        flow.get("active") or next((BLAMED[each] for each in ids if each in BLAMED), None),
        has_script=script is not None,
        has_errors=has_errors,
        is_recovered=is_recovered,
        is_saved=is_saved,
    )
    situation, sent_to = _situation(flow, kind), _sent_to(flow, groups)
    if situation in PROVING:
        forms = tuple(confirming(form) for form in forms)
    messages = _told(messages, forms, situation, sent_to, is_done=is_done)
    messages, forms = _at_their_field(messages, forms)
    return Page(
        situation=situation,
        action=action,
        messages=messages,
        forms=forms,
        # In a proof by a code, the hidden address is the one that the code was sent to.
        account="" if sent_to and situation in PROVING else _account(groups),
        sent_to=sent_to,
        return_to=return_to if isinstance(return_to, str) else None,
        asks_second_factor=flow.get("requested_aal") == "aal2",
        script=script,
        is_done=is_done,
        is_code_sent=kind == "login" and flow.get("state") == "sent_email",
        is_saved=is_saved,
        is_recovered=is_recovered,
        factors=_factors(groups),
    )


def focused(page: Page) -> Page:
    """Return ``page`` with the focus on the first invalid field, or else, but in settings, on the first empty one."""
    open_forms = [form for form in page.forms if not form.is_folded]
    fields = [part for form in open_forms for part in form.parts if isinstance(part, Field)]
    waiting = [field for field in fields if field.is_invalid]
    if not waiting and (page.situation is not Situation.SETTINGS or page.replaces_password):
        waiting = [field for field in fields if not field.value]
    return _with_fields(page, lambda field: replace(field, is_focused=field is waiting[0])) if waiting else page


def filled(page: Page, values: dict[str, str]) -> Page:
    """Return ``page`` with ``values`` filled into the fields of these names."""
    return _with_fields(page, lambda field: replace(field, value=values.get(field.name, field.value)))


def _with_fields(page: Page, change: Callable[[Field], Field]) -> Page:
    forms = (
        replace(form, parts=tuple(change(part) if isinstance(part, Field) else part for part in form.parts))
        for form in page.forms
    )
    return replace(page, forms=tuple(forms))


def _situation(flow: dict[str, Any], kind: str) -> Situation:
    if kind != "login":
        return Situation(kind)
    if flow.get("refresh") is True:
        return Situation.REFRESH
    return Situation.SECOND_FACTOR if flow.get("requested_aal") == "aal2" else Situation.SIGN_IN


def _grouped(nodes: list[Any]) -> dict[str, list[Node]]:
    groups: dict[str, list[Node]] = {DEFAULT_GROUP: []}
    for node in nodes:
        read = read_node(node) if isinstance(node, dict) else None
        if read is not None:
            group = node.get("group")
            groups.setdefault(group if isinstance(group, str) else DEFAULT_GROUP, []).append(read)
    return groups


def _factors(groups: dict[str, list[Node]]) -> str:
    """Return four digits: how many apps, sets of recovery codes, security keys and passkeys can be removed."""
    names = [node.name for nodes in groups.values() for node in nodes if isinstance(node, Button)]
    return "".join(str(min(9, names.count(name))) for name in REMOVING)


def _ids(messages: object) -> list[object]:
    found = [each.get("id") for each in messages if isinstance(each, dict)] if isinstance(messages, list) else []
    return [each for each in found if isinstance(each, int)]


def _is_recovered(flow: dict[str, Any], kind: str, ids: list[object]) -> bool:
    """Whether these are the settings after a recovery, also once a password was refused, when Ory says so no more."""
    url = flow.get("request_url")
    began_there = isinstance(url, str) and "/self-service/recovery" in url.partition("?")[0]
    return RECOVERED in ids or (kind == "settings" and flow.get("state") == "show_form" and began_there)


def _script(groups: dict[str, list[Node]], flows: Flows) -> Script | None:
    """Return Ory's script for security keys; None if a flow names none, or another one."""
    scripts = (node for nodes in groups.values() for node in nodes if isinstance(node, Script))
    # SECURITY: a script can do everything that the visitor can, so only Ory's own is allowed.
    return next((script for script in scripts if script.src == flows.script), None)


def _sent_to(flow: dict[str, Any], groups: dict[str, list[Node]]) -> str:
    """Return the address that a code or a link was sent to; empty if unknown.

    At sign-in and recovery it is what the visitor typed, whether it belongs to an account or not.
    """
    if flow.get("state") != "sent_email":
        return ""
    nodes = [node for group in ("code", "link", DEFAULT_GROUP) for node in groups.get(group, [])]
    named = (node.value for node in nodes if isinstance(node, Hidden | Button | Field) and node.name in ADDRESSES)
    # A user name is no address.
    return next((value for value in named if "@" in value), "")


def _told(
    messages: tuple[Message, ...], forms: tuple[Form, ...], situation: Situation, sent_to: str, *, is_done: bool
) -> tuple[Message, ...]:
    """Return ``messages`` as the page tells them: what to do now, and nothing that the heading says already."""
    ways = [each for form in forms for each in (*form.buttons, *form.triggers) if not getattr(each, "is_quiet", False)]
    needless = {VERIFIED} if is_done else {CHOOSE_WAY} if len(ways) == 1 else set()
    words: dict[object, Any] = {SECOND_STEP: SECOND_STEPS.get(forms[0].group)} if forms else {}
    if situation is Situation.REFRESH:
        words[WRONG_PASSWORD] = PASSWORD
    told = tuple(
        _addressed(replace(message, text=str(words.get(message.number) or message.text)), sent_to)
        for message in messages
        if message.number not in needless
    )
    asks_code = any(isinstance(part, Field) and part.name == "code" for form in forms for part in form.parts)
    if not sent_to or not asks_code or any(message.address for message in told):
        return told
    sent = MAY_BE_SENT if situation is Situation.RECOVERY else WAS_SENT
    return (Message(str(sent) % {"address": sent_to}, "info", address=sent_to), *told)


def _at_their_field(
    messages: tuple[Message, ...], forms: tuple[Form, ...]
) -> tuple[tuple[Message, ...], tuple[Form, ...]]:
    """Return ``messages`` without those about the only field of a form, and ``forms`` with them there."""
    blamed = [form for form in forms if form.is_to_blame]
    fields = [part for form in blamed for part in form.parts if isinstance(part, Field)]
    about = tuple(message for message in messages if message.is_error and message.number in ABOUT_FIELD)
    if len(fields) != 1 or not about:
        return messages, forms
    (field,) = fields
    moved = replace(field, messages=(*field.messages, *about))
    changed = (replace(form, parts=tuple(moved if part is field else part for part in form.parts)) for form in forms)
    return tuple(message for message in messages if message not in about), tuple(changed)


def _addressed(message: Message, address: str) -> Message:
    sent = SENT.get(message.number) if address else None
    return message if sent is None else replace(message, text=str(sent) % {"address": address}, address=address)


def _account(groups: dict[str, list[Node]]) -> str:
    """Return the account of the flow, from hidden fields or the profile in the settings; empty if unknown."""
    hidden = [node for node in groups[DEFAULT_GROUP] if isinstance(node, Hidden)]
    # The second step of sign-up repeats, unseen, what was typed in the first.
    named = [node.value for name in ("identifier", "traits.email") for node in hidden if node.name == name]
    profile = [node.value for node in groups.get("profile", []) if isinstance(node, Field) and node.type == "email"]
    return next(iter([*named, *profile]), "")
