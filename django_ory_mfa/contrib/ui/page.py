"""Reads a login or settings flow of Ory into the page that shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from django_ory_mfa.contrib.ui.nodes import read_messages, read_node
from django_ory_mfa.contrib.ui.parts import Button, Field, Hidden, Message, Node, Part, Script, Text
from django_ory_mfa.contrib.ui.texts import title_of
from django_ory_mfa.core.flows import Flows

DEFAULT_GROUP = "default"
# Their buttons lead to another site or device, which asks who it is.
ASK_ELSEWHERE = {"oidc", "passkey", "saml", "webauthn"}
# Ory's own flows have some 30; without a limit, hidden nodes times forms could make a page of any size.
MOST_NODES = 300


class Situation(StrEnum):
    """What somebody came to a page for."""

    SIGN_IN = "sign_in"
    SECOND_FACTOR = "second_factor"
    REFRESH = "refresh"
    SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class Form:
    """One group of nodes: what can be sent to Ory on its own."""

    group: str
    title: str
    hidden: tuple[Hidden, ...]
    parts: tuple[Part, ...]
    buttons: tuple[Button, ...]
    needs_script: bool
    is_to_blame: bool

    @property
    def is_empty(self) -> bool:
        """Whether nobody could do or read anything in it."""
        return not (self.parts or self.buttons or self.needs_script)

    @property
    def shows_codes(self) -> bool:
        """Whether recovery codes are shown in it."""
        return any(isinstance(part, Text) and part.is_list for part in self.parts)


@dataclass(frozen=True, slots=True)
class Page:
    """A flow as it is shown."""

    situation: Situation
    action: str
    messages: tuple[Message, ...]
    forms: tuple[Form, ...]
    account: str
    return_to: str | None
    asks_second_factor: bool

    @property
    def has_errors(self) -> bool:
        """Whether Ory found an error in what was sent."""
        return any(message.is_error for message in self.messages)


def read_page(flow: dict[str, Any], kind: str, flows: Flows) -> Page | None:
    """The page for a flow of ``kind`` (``login`` or ``settings``); None if it is not one that can be trusted."""
    ui = flow.get("ui")
    if not isinstance(ui, dict):
        return None
    action, nodes, return_to = ui.get("action"), ui.get("nodes"), flow.get("return_to")
    # SECURITY: the form carries a password; it goes to Ory's own address or is not shown.
    if not isinstance(action, str) or not flows.contains(action):
        return None
    if not isinstance(nodes, list) or len(nodes) > MOST_NODES:
        return None
    messages = read_messages(ui.get("messages"))
    groups = _grouped(nodes)
    return Page(
        situation=_situation(flow, kind),
        action=action,
        messages=messages,
        forms=_forms(groups, flow.get("active"), messages),
        account=_account(groups),
        return_to=return_to if isinstance(return_to, str) else None,
        asks_second_factor=flow.get("requested_aal") == "aal2",
    )


def focused(page: Page) -> Page:
    """The page with the cursor where there is something to do: an error, or in a login flow the first empty field."""
    fields = [part for form in page.forms for part in form.parts if isinstance(part, Field)]
    waiting = [field for field in fields if field.is_invalid]
    if not waiting and page.situation is not Situation.SETTINGS:
        waiting = [field for field in fields if not field.value]
    return _with_fields(page, lambda field: replace(field, is_focused=field is waiting[0])) if waiting else page


def filled(page: Page, values: dict[str, str]) -> Page:
    """The page with the fields that ``values`` names filled in."""
    return _with_fields(page, lambda field: replace(field, value=values.get(field.name, field.value)))


def _with_fields(page: Page, change: Callable[[Field], Field]) -> Page:
    forms = (
        replace(form, parts=tuple(change(part) if isinstance(part, Field) else part for part in form.parts))
        for form in page.forms
    )
    return replace(page, forms=tuple(forms))


def _situation(flow: dict[str, Any], kind: str) -> Situation:
    if kind == "settings":
        return Situation.SETTINGS
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


def _forms(groups: dict[str, list[Node]], active: object, messages: tuple[Message, ...]) -> tuple[Form, ...]:
    """A form for each group; what the default group has in it belongs to all of them."""
    shared = groups[DEFAULT_GROUP]
    own = {group: nodes for group, nodes in groups.items() if group != DEFAULT_GROUP} or {DEFAULT_GROUP: []}
    forms = [_form(group, number, shared, nodes) for number, (group, nodes) in enumerate(own.items())]
    # New recovery codes come first: on a phone they would be several screens below the button that asked for them.
    forms = sorted((form for form in forms if not form.is_empty), key=lambda form: not form.shows_codes)
    has_errors = any(message.is_error for message in messages)
    return tuple(replace(form, is_to_blame=has_errors and (len(forms) == 1 or form.group == active)) for form in forms)


def _form(group: str, number: int, shared: Sequence[Node], own: Sequence[Node]) -> Form:
    needs_script = any(isinstance(node, Script) for node in own)
    # Fields beside a button that only a script could serve would lead nowhere; other buttons work as they are.
    visible = [] if needs_script else [*([] if group in ASK_ELSEWHERE else shared), *own]
    return Form(
        group=group,
        title=title_of(group),
        hidden=tuple(node for node in (*shared, *own) if isinstance(node, Hidden)),
        parts=tuple(
            replace(node, id=f"ory-{number}-{place}") if isinstance(node, Field) else node
            for place, node in enumerate(visible)
            if isinstance(node, Part)
        ),
        buttons=_by_rank(node for node in own or shared if isinstance(node, Button)),
        needs_script=needs_script,
        is_to_blame=False,
    )


def _by_rank(buttons: Iterable[Button]) -> tuple[Button, ...]:
    # The Enter key presses the first one. After a wrong code Kratos v1.3.1 has "send again" stand before "continue".
    return tuple(sorted(buttons, key=lambda button: button.is_quiet))


def _account(groups: dict[str, list[Node]]) -> str:
    """Whose proof is asked for, where Ory says it: in the hidden identifier of a flow that asks again."""
    named = (node.value for node in groups[DEFAULT_GROUP] if isinstance(node, Hidden) and node.name == "identifier")
    return next(named, "")
