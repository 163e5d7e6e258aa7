"""The form of Ory's settings page, from which a probe learns what is enrolled."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection, Iterable, Mapping

Node = dict[str, object]


def settings_nodes(
    traits: Mapping[str, object], factors: Collection[str], *, is_newer: bool, is_browser: bool
) -> list[Node]:
    """All nodes in Ory's order: profile, password, then each second factor."""
    # WebAuthn nodes are spelled after Ory's sources: no server with WebAuthn was recorded.
    return [
        _csrf(is_browser=is_browser),
        *_profile(traits, is_newer=is_newer),
        _input("password", "password", "password", (1070001, "Password"), required=True, autocomplete="new-password"),
        _save("password"),
        *_lookup_secret(enrolled="lookup_secret" in factors),
        *(_webauthn() if "webauthn" in factors and is_browser else ()),
        *_totp(enrolled="totp" in factors),
    ]


def _csrf(*, is_browser: bool) -> Node:
    token = base64.b64encode(secrets.token_bytes(64)).decode() if is_browser else ""
    node = _input("default", "csrf_token", "hidden", (0, ""), value=token, required=True)
    return node | {"meta": {}}


def _profile(traits: Mapping[str, object], *, is_newer: bool) -> Iterable[Node]:
    email = {"value": traits["email"]} if "email" in traits else {}
    name = {"value": traits["name"]} if "name" in traits else {}
    yield _trait("email", "email", "E-mail", is_newer=is_newer, **email, required=True, autocomplete="email")
    yield _trait("name", "text", "Name", is_newer=is_newer, **name)
    yield _save("profile")


def _trait(trait: str, kind: str, title: str, *, is_newer: bool, **attributes: object) -> Node:
    node = _input("profile", f"traits.{trait}", kind, (0, ""), **attributes)
    context = {"name": f"traits.{trait}", "title": title} if is_newer else {"title": title}
    return node | {"meta": {"label": {"id": 1070002, "text": title, "type": "info", "context": context}}}


def _lookup_secret(*, enrolled: bool) -> Iterable[Node]:
    if enrolled:
        yield _button("lookup_secret", "lookup_secret_reveal", (1050007, "Reveal backup recovery codes"))
        yield _button("lookup_secret", "lookup_secret_disable", (1050016, "Disable this method"))
    else:
        yield _button("lookup_secret", "lookup_secret_regenerate", (1050008, "Generate new backup recovery codes"))


def _webauthn() -> Iterable[Node]:
    key = secrets.token_hex(16)
    yield _input("webauthn", "webauthn_remove", "submit", (1050018, "Remove security key"), value=key)
    yield _input("webauthn", "webauthn_register_displayname", "text", (1050013, "Name of the security key"), value="")


def _totp(*, enrolled: bool) -> Iterable[Node]:
    if enrolled:
        yield _button("totp", "totp_unlink", (1050004, "Unlink TOTP Authenticator App"), required=True)
        return
    secret = base64.b32encode(secrets.token_bytes(20)).decode()
    image = base64.b64encode(secrets.token_bytes(300)).decode()
    yield _qr_code(f"data:image/png;base64,{image}")
    yield _secret_key(secret)
    yield _input("totp", "totp_code", "text", (1070006, "Verify code"), required=True)
    yield _save("totp")


def _qr_code(source: str) -> Node:
    attributes = {"src": source, "id": "totp_qr", "width": 256, "height": 256, "node_type": "img"}
    return _node("img", "totp", attributes, (1050005, "Authenticator app QR code"))


def _secret_key(secret: str) -> Node:
    text = {"id": 1050006, "text": secret, "type": "info", "context": {"secret": secret}}
    label = (1050017, "This is your authenticator app secret. Use it if you can not scan the QR code.")
    return _node("text", "totp", {"text": text, "id": "totp_secret_key", "node_type": "text"}, label)


def _save(group: str) -> Node:
    return _input(group, "method", "submit", (1070003, "Save"), value=group)


def _button(group: str, name: str, label: tuple[int, str], **attributes: object) -> Node:
    return _input(group, name, "submit", label, value="true", **attributes)


def _input(group: str, name: str, kind: str, label: tuple[int, str], **attributes: object) -> Node:
    fixed = {"name": name, "type": kind, **attributes, "disabled": False, "node_type": "input"}
    return _node("input", group, fixed, label)


def _node(kind: str, group: str, attributes: Node, label: tuple[int, str]) -> Node:
    number, text = label
    meta = {"label": {"id": number, "text": text, "type": "info"}}
    return {"type": kind, "group": group, "attributes": attributes, "messages": [], "meta": meta}
