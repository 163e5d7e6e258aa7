"""Arrange the nodes of a flow in forms, the most useful first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext

from django_ory_mfa.contrib.ui.parts import Button, Field, Hidden, Node, Part, Text, Trigger
from django_ory_mfa.contrib.ui.texts import title_of, way_of

DEFAULT_GROUP = "default"
# The buttons of these groups lead to another site or a device, which identifies the person itself.
ASK_ELSEWHERE = {"oidc", "passkey", "saml", "webauthn"}
# The best way to sign in or to confirm first; single-use codes and other sites last.
LOGIN_ORDER = ("default", "identifier_first", "password", "totp", "webauthn", "passkey", "code", "lookup_secret")
# What protects an account comes first.
SETTINGS_ORDER = ("totp", "webauthn", "passkey", "code", "lookup_secret", "password", "oidc", "saml", "profile")
SELDOM_SET = {"oidc", "password", "profile", "saml"}


@dataclass(frozen=True, slots=True)
class Form:
    """One group of nodes, which is sent to Ory by itself.

    ``is_stuck``: it needs a script that the flow does not have; ``is_primary``: it is the main form of the page;
    ``is_folded``: it is collapsed at first.
    """

    group: str
    title: str
    way: str
    hidden: tuple[Hidden, ...]
    parts: tuple[Part, ...]
    buttons: tuple[Button, ...]
    triggers: tuple[Trigger, ...]
    is_stuck: bool = False
    is_to_blame: bool = False
    is_primary: bool = False
    is_folded: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do or read in it."""
        return not (self.parts or self.buttons or self.triggers)

    @property
    def shows_codes(self) -> bool:
        """Whether recovery codes are shown in it."""
        return any(isinstance(part, Text) and part.is_list for part in self.parts)

    @property
    def is_invalid(self) -> bool:
        """Whether Ory reports an error in one of its fields."""
        return any(isinstance(part, Field) and part.is_invalid for part in self.parts)

    @property
    def asks_password_alone(self) -> bool:
        """Whether it has a password field but no account name, which password managers need."""
        fields = [part for part in self.parts if isinstance(part, Field)]
        has_name = any(field.name == "identifier" or "username" in field.autocomplete for field in fields)
        return not has_name and any(field.type == "password" for field in fields)


def forms_of(
    groups: dict[str, list[Node]],
    kind: str,
    active: object,
    *,
    has_script: bool,
    has_errors: bool,
    is_recovered: bool,
) -> tuple[Form, ...]:
    """Return the forms of a flow of ``kind``; ``active`` is the group that was sent last."""
    own = _joined(groups) if kind == "registration" else groups
    forms = [form for form in _made(own, kind) if not form.is_empty]
    blamed = [replace(form, is_to_blame=has_errors and (len(forms) == 1 or form.group == active)) for form in forms]
    first = "password" if is_recovered else active if kind == "login" else None
    ordered = sorted(blamed, key=lambda form: (not form.shows_codes, form.group != first, _rank(form.group, kind)))
    return tuple(
        replace(
            form,
            is_primary=place == 0,
            is_folded=place > 0 and _is_folded(form, kind),
            is_stuck=any(not has_script or not trigger.function for trigger in form.triggers),
        )
        for place, form in enumerate(ordered)
    )


def _joined(groups: dict[str, list[Node]]) -> dict[str, list[Node]]:
    # At sign-up the fields are filled in once, whatever method is chosen then.
    apart = {group: nodes for group, nodes in groups.items() if group in ("oidc", "saml")}
    rest = [_next_step(node) for group, nodes in groups.items() if group not in apart for node in nodes]
    return {
        DEFAULT_GROUP: [node for node in groups[DEFAULT_GROUP] if isinstance(node, Hidden)],
        "sign_up": rest,
        **apart,
    }


def _next_step(node: Node) -> Node:
    # Ory labels both steps "Sign up", but the first one only leads to the second.
    if isinstance(node, Button) and (node.name, node.value) == ("method", "profile"):
        return replace(node, label=gettext("Continue"))
    return node


def _made(groups: dict[str, list[Node]], kind: str) -> Iterable[Form]:
    """Yield a form for each group; the nodes of the default group belong to all of them."""
    shared = groups[DEFAULT_GROUP]
    own = {group: nodes for group, nodes in groups.items() if group != DEFAULT_GROUP} or {DEFAULT_GROUP: []}
    for number, (group, nodes) in enumerate(own.items()):
        yield _form(group, number, [] if group == "sign_up" else shared, nodes)


def _form(group: str, number: int, shared: Sequence[Node], own: Sequence[Node]) -> Form:
    visible = [*([] if group in ASK_ELSEWHERE else shared), *own]
    return Form(
        group=group,
        title=title_of(group),
        way=way_of(group),
        hidden=tuple(node for node in (*shared, *own) if isinstance(node, Hidden)),
        parts=tuple(
            replace(node, id=f"ory-{number}-{place}") if isinstance(node, Field) else node
            for place, node in enumerate(visible)
            if isinstance(node, Part)
        ),
        buttons=_by_rank(node for node in own or shared if isinstance(node, Button)),
        triggers=tuple(node for node in own if isinstance(node, Trigger)),
    )


def _by_rank(buttons: Iterable[Button]) -> tuple[Button, ...]:
    # The Enter key presses the first one. After a wrong code, Kratos v1.3.1 puts "send again" before "continue".
    return tuple(sorted(buttons, key=lambda button: button.is_quiet))


def _rank(group: str, kind: str) -> int:
    order = SETTINGS_ORDER if kind == "settings" else LOGIN_ORDER
    return order.index(group) if group in order else len(order)


def _is_folded(form: Form, kind: str) -> bool:
    if form.is_to_blame or form.is_invalid:
        return False
    return form.group in SELDOM_SET if kind == "settings" else form.group not in ("oidc", "saml")
