"""Arrange the nodes of a flow in forms, the most useful first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from django_ory_mfa.contrib.ui.parts import Button, Field, Hidden, Node, Part, Picture, Text, Trigger
from django_ory_mfa.contrib.ui.texts import hint_of, title_of, way_of

DEFAULT_GROUP = "default"
# The buttons of these groups lead to another site or a device, which identifies the person itself.
ASK_ELSEWHERE = {"oidc", "passkey", "saml", "webauthn"}
# The best way to sign in or to confirm first; single-use codes and other sites last.
LOGIN_ORDER = ("default", "identifier_first", "password", "totp", "webauthn", "passkey", "code", "lookup_secret")
# By purpose: what protects an account, the ways to sign in, what one need not have any more, who one is.
SPARE = "spare"
SETTINGS_ORDER = ("totp", "webauthn", "code", "lookup_secret", "passkey", "password", "oidc", "saml", SPARE, "profile")
SELDOM_SET = {"oidc", "password", "profile", "saml"}
# Second factors that can be lost, which recovery codes are for.
CAN_BE_LOST = {"totp", "webauthn"}
# Where Ory's label says too little: both steps of sign-up are "Sign up", and all of the settings "Save".
LABELS = {
    ("registration", "profile"): _("Continue"),
    ("settings", "password"): _("Change the password"),
    ("settings", "totp"): _("Add the authenticator app"),
}
# Ory gives the old and the new password the same label.
NEW_PASSWORD = _("New password")
# After a recovery, where a new one is the next thing to do.
SAVE_PASSWORD = _("Save the new password")
# What was saved, where Ory's own message and the page of now do not tell.
SAVED = {"password": _("Password changed."), "profile": _("Profile saved.")}
# Where there is only one way, its name says nothing.
ONLY_LABELS = {("login", "password"): _("Sign in")}
# What the first way of proving who one is says, where Ory has a word of its own for each.
CONFIRM = _("Confirm")
# And the others, so that no two buttons of a page have one name.
CONFIRM_BY = {
    "lookup_secret": _("Use recovery code"),
    "password": _("Use password"),
    "totp": _("Use the code from the app"),
}
# Before there are any.
FIRST_CODES = _("Create recovery codes")
# What the button of a form for an address does.
SEND = {"code": _("Send me a code"), "link": _("Send the e‑mail")}


@dataclass(frozen=True, slots=True)
class Form:
    """One group of nodes, which is sent to Ory by itself.

    ``is_stuck``: it needs a script that the flow does not have; ``is_primary``: it is the main form of the page;
    ``is_folded``: it is collapsed at first.
    """

    id: str
    group: str
    title: str
    way: str
    hint: str
    hidden: tuple[Hidden, ...]
    parts: tuple[Part, ...]
    buttons: tuple[Button, ...]
    triggers: tuple[Trigger, ...]
    is_stuck: bool = False
    is_to_blame: bool = False
    is_primary: bool = False
    is_folded: bool = False
    # Its own buttons for the row of links stand in it, and not with the links of the page.
    keeps_asides: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do or read in it."""
        return not (self.parts or self.buttons or self.triggers)

    @property
    def shows_codes(self) -> bool:
        """Whether recovery codes are shown in it."""
        return any(isinstance(part, Text) and part.is_list for part in self.parts)

    @property
    def shows_new_codes(self) -> bool:
        """Whether these recovery codes are new, so that they work only once the person has confirmed them."""
        return self.shows_codes and any(button.name == "lookup_secret_confirm" for button in self.buttons)

    @property
    def replaces_codes(self) -> bool:
        """Whether recovery codes are shown in it that new ones can replace."""
        has_button = any(button.name == "lookup_secret_regenerate" for button in self.buttons)
        return has_button and self.shows_codes and not self.shows_new_codes

    @property
    def shows_picture(self) -> bool:
        """Whether there is a picture to scan in it, so that its steps are numbered."""
        return any(isinstance(part, Picture) for part in self.parts)

    @property
    def asks_address(self) -> bool:
        """Whether it asks for the address that a code or a link is sent to."""
        return any(isinstance(part, Field) and part.name == "email" for part in self.parts)

    @property
    def has_state(self) -> bool:
        """Whether it says if its method is set up: not while codes are shown that are new."""
        return self.is_set_up or bool(self.hint and not self.shows_codes)

    @property
    def is_set_up(self) -> bool:
        """Whether the method is set up, so that it can be removed."""
        return any(button.is_dangerous for button in self.buttons)

    @property
    def saved(self) -> str:
        """What to say once it is saved; empty if the page finds that out, or Ory's message will do."""
        return str(SAVED.get(self.group, ""))

    @property
    def keys(self) -> tuple[Button, ...]:
        """The buttons that remove one of the person's keys."""
        return tuple(button for button in self.buttons if button.is_key)

    @property
    def is_one_button(self) -> bool:
        """Whether there is nothing to read or to type, only one button to press."""
        return not self.is_stuck and not self.parts and len(self.buttons) + len(self.triggers) == 1

    @property
    def is_faulty(self) -> bool:
        """Whether something in it was not accepted."""
        return self.is_to_blame or self.is_invalid

    @property
    def asks_password(self) -> bool:
        """Whether it has a password field."""
        return any(isinstance(part, Field) and part.type == "password" for part in self.parts)

    @property
    def is_invalid(self) -> bool:
        """Whether Ory reports an error in one of its fields."""
        return any(isinstance(part, Field) and part.is_invalid for part in self.parts)

    @property
    def asks_password_alone(self) -> bool:
        """Whether it has a password field but no account name, which password managers need."""
        fields = [part for part in self.parts if isinstance(part, Field)]
        has_name = any(field.name == "identifier" or "username" in field.autocomplete for field in fields)
        return not has_name and self.asks_password


def forms_of(
    groups: dict[str, list[Node]],
    kind: str,
    active: object,
    *,
    has_script: bool,
    has_errors: bool,
    is_recovered: bool,
    is_saved: bool = False,
) -> tuple[Form, ...]:
    """Return the forms of a flow of ``kind``; ``active`` is the group that was sent last.

    ``is_saved``: the person has just saved something, and sees the next thing to do, but no picture to scan.
    """
    own = _joined(groups) if kind == "registration" else groups
    forms = [_worded(form, kind, is_recovered=is_recovered) for form in _made(own, kind) if not form.is_empty]
    blamed = [
        replace(
            form,
            is_to_blame=has_errors and (len(forms) == 1 or form.group == active),
            is_stuck=any(not has_script or not trigger.function for trigger in form.triggers),
            buttons=tuple(_only(button, kind) for button in form.buttons) if len(forms) == 1 else form.buttons,
        )
        for form in forms
    ]
    first = "password" if is_recovered else active if kind == "login" else None
    spare = _spare(blamed) if kind == "settings" else set()
    ordered = sorted(
        blamed,
        key=lambda form: (
            not (kind == "settings" and form.is_faulty),
            not form.shows_codes,
            form.group != first,
            _rank(SPARE if form.group in spare else form.group, kind),
        ),
    )
    # Recovery codes are to be saved, and a lost password replaced, before anything else.
    is_urgent = is_recovered or any(form.shows_codes for form in ordered)
    comes_first = is_urgent or any(form.is_faulty for form in ordered)
    primary = _next_best(ordered, spare) if kind == "settings" and not comes_first else 0
    shut = {place for place, form in enumerate(ordered) if is_saved and form.shows_picture and not form.is_faulty}
    folded = [
        (place in shut or place not in (0, primary)) and _is_folded(form, kind, is_urgent=is_urgent)
        for place, form in enumerate(ordered)
    ]
    return tuple(
        replace(
            form,
            is_primary=place == primary,
            is_folded=is_folded,
            keeps_asides=is_folded or kind == "settings",
        )
        for place, (form, is_folded) in enumerate(zip(ordered, folded, strict=True))
    )


def confirming(form: Form) -> Form:
    """Return ``form`` with our own word on its main button: one for the first way to prove who one is, or its own."""
    asks = any(isinstance(part, Field) for part in form.parts)
    word = CONFIRM if form.is_primary else CONFIRM_BY.get(form.group, CONFIRM)
    buttons = (
        replace(button, label=str(word)) if asks and button.name == "method" and not button.is_quiet else button
        for button in form.buttons
    )
    return replace(form, buttons=tuple(buttons))


def _worded(form: Form, kind: str, *, is_recovered: bool) -> Form:
    """Return ``form`` with the words that only the whole of it tells."""
    words: dict[str, Any] = {}
    if kind in ("recovery", "verification") and form.asks_address and form.group in SEND:
        words["method"] = SEND[form.group]
    if kind == "settings" and not form.is_set_up and not form.shows_codes:
        words["lookup_secret_regenerate"] = FIRST_CODES
    if is_recovered and form.group == "password":
        words["method"] = SAVE_PASSWORD
    buttons = (replace(each, label=str(words[each.name])) if each.name in words else each for each in form.buttons)
    return replace(form, buttons=tuple(buttons)) if words else form


def _joined(groups: dict[str, list[Node]]) -> dict[str, list[Node]]:
    # At sign-up the fields are filled in once, whatever method is chosen then.
    apart = {group: nodes for group, nodes in groups.items() if group in ("oidc", "saml")}
    rest = [node for group, nodes in groups.items() if group not in apart for node in nodes]
    return {
        DEFAULT_GROUP: [node for node in groups[DEFAULT_GROUP] if isinstance(node, Hidden)],
        "sign_up": rest,
        **apart,
    }


def _made(groups: dict[str, list[Node]], kind: str) -> Iterable[Form]:
    """Yield a form for each group; the nodes of the default group belong to all of them."""
    shared = groups[DEFAULT_GROUP]
    own = {group: nodes for group, nodes in groups.items() if group != DEFAULT_GROUP} or {DEFAULT_GROUP: []}
    for number, (group, nodes) in enumerate(own.items()):
        yield _form(group, kind, number, [] if group == "sign_up" else shared, nodes)


def _form(group: str, kind: str, number: int, shared: Sequence[Node], own: Sequence[Node]) -> Form:
    visible = [*([] if group in ASK_ELSEWHERE else shared), *own]
    return Form(
        id=f"ory-{number}",
        group=group,
        title=title_of(group),
        way=way_of(group),
        hint=hint_of(group) if kind == "settings" else "",
        hidden=tuple(node for node in (*shared, *own) if isinstance(node, Hidden)),
        parts=tuple(
            _placed(node, kind, f"ory-{number}-{place}") if isinstance(node, Field | Text) else node
            for place, node in enumerate(visible)
            if isinstance(node, Part)
        ),
        buttons=_by_rank(_labelled(node, kind) for node in own or shared if isinstance(node, Button)),
        triggers=tuple(node for node in own if isinstance(node, Trigger)),
    )


def _placed(part: Field | Text, kind: str, place: str) -> Field | Text:
    if kind == "settings" and isinstance(part, Field) and part.is_new_password:
        return replace(part, id=place, label=str(NEW_PASSWORD))
    return replace(part, id=place)


def _labelled(button: Button, kind: str) -> Button:
    label = LABELS.get((kind, button.value)) if button.name == "method" else None
    return button if label is None else replace(button, label=str(label))


def _only(button: Button, kind: str) -> Button:
    label = ONLY_LABELS.get((kind, button.value)) if button.name == "method" else None
    return button if label is None else replace(button, label=str(label))


def _by_rank(buttons: Iterable[Button]) -> tuple[Button, ...]:
    # The Enter key presses the first one. After a wrong code, Kratos v1.3.1 puts "send again" before "continue".
    return tuple(sorted(buttons, key=lambda button: button.is_quiet))


def _rank(group: str, kind: str) -> int:
    order = SETTINGS_ORDER if kind == "settings" else LOGIN_ORDER
    return order.index(group) if group in order else len(order)


def _spare(forms: Sequence[Form]) -> set[str]:
    """Return the groups that need not be set up any more: the app, with its QR code, of somebody who has a key."""
    has_key = any(form.is_set_up and form.group in CAN_BE_LOST for form in forms)
    return {form.group for form in forms if form.group == "totp" and has_key and not (form.is_set_up or form.is_faulty)}


def _next_best(forms: Sequence[Form], spare: set[str]) -> int:
    """Return the place of what protects the account next: recovery codes as soon as there is something to recover."""
    missing = [form.group for form in forms if not form.is_set_up and form.group not in SELDOM_SET | spare]
    needs_codes = any(form.is_set_up and form.group in CAN_BE_LOST for form in forms)
    best = "lookup_secret" if needs_codes and "lookup_secret" in missing else next(iter(missing), None)
    return next((place for place, form in enumerate(forms) if form.group == best), 0)


def _is_folded(form: Form, kind: str, *, is_urgent: bool) -> bool:
    if form.is_faulty or (kind != "settings" and form.is_one_button):
        return False
    if kind == "settings":
        # What is set up is seen at once; of the rest, only the next thing to do.
        return is_urgent or form.group in SELDOM_SET or not form.is_set_up
    return form.group not in ("oidc", "saml")
