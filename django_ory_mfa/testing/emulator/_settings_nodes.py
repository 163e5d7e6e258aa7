"""The form of Ory's settings page, from which a probe learns what is enrolled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django_ory_mfa.testing._http import Json
from django_ory_mfa.testing._identity import FakeIdentity, new_totp_secret
from django_ory_mfa.testing._state import FakeState
from django_ory_mfa.testing.emulator._flows import FakeFlow
from django_ory_mfa.testing.emulator._key_nodes import passkey_settings, security_key_settings
from django_ory_mfa.testing.emulator._nodes import button, csrf_node, info, input_node, method_button, node, trait_node
from django_ory_mfa.testing.emulator._qr import qr_code
from django_ory_mfa.testing.emulator._totp import totp_url

_SAVE = (1070003, "Save")


def settings_form(ory: FakeState, flow: FakeFlow, identity: FakeIdentity) -> None:
    """Fills a flow in Ory's order: passkeys, profile, password, then each second factor."""
    if "totp" not in identity.second_factors:
        flow.totp_secret = flow.totp_secret or new_totp_secret()
    flow.nodes = [
        *passkey_settings(ory, flow, identity),
        *_plain_nodes(ory, flow, identity),
        *_second_factors(ory, flow, identity),
    ]


def with_lookup_secrets(ory: FakeState, flow: FakeFlow, identity: FakeIdentity, buttons: Iterable[Json]) -> None:
    """Shows recovery codes instead of what the form says of them otherwise, at its end."""
    settings_form(ory, flow, identity)
    others = [each for each in flow.nodes if each["group"] != "lookup_secret"]
    flow.nodes = [*others, *buttons]


def revealed_nodes(codes: Mapping[str, datetime | None]) -> list[Json]:
    """The codes that a person holds, and what may be done with them."""
    return [_codes(codes), _disable(), _regenerate()]


def regenerated_nodes(codes: Iterable[str]) -> list[Json]:
    """Codes that count once they are confirmed."""
    confirm = button("lookup_secret", "lookup_secret_confirm", (1050011, "Confirm backup recovery codes"))
    return [_codes(dict.fromkeys(codes)), confirm]


def _plain_nodes(ory: FakeState, flow: FakeFlow, identity: FakeIdentity) -> list[Json]:
    email = {"value": identity.traits["email"]} if "email" in identity.traits else {}
    name = {"value": identity.traits["name"]} if "name" in identity.traits else {}
    newer = ory.is_newer
    required = {"required": True, "autocomplete": "email"}
    new_password = {"required": True, "autocomplete": "new-password"}
    return [
        csrf_node(flow.csrf_secret),
        trait_node("profile", "traits.email", "email", "E-mail", "email", is_newer=newer, **email, **required),
        trait_node("profile", "traits.name", "text", "Name", "name", is_newer=newer, **name),
        method_button("profile", _SAVE),
        input_node("password", "password", "password", (1070001, "Password"), **new_password),
        method_button("password", _SAVE),
    ]


def _second_factors(ory: FakeState, flow: FakeFlow, identity: FakeIdentity) -> list[Json]:
    factors = identity.second_factors
    lookup = [_reveal(), _disable()] if "lookup_secret" in factors else [_regenerate()]
    webauthn = security_key_settings(ory, flow, identity)
    if "totp" in factors:
        unlink = button("totp", "totp_unlink", (1050004, "Unlink TOTP Authenticator App"), required=True)
        return [*lookup, *webauthn, unlink]
    return [*lookup, *webauthn, *_totp(ory, flow, identity)]


def _totp(ory: FakeState, flow: FakeFlow, identity: FakeIdentity) -> list[Json]:
    image = qr_code(totp_url(flow.totp_secret, identity.email or identity.id, ory.totp_issuer))
    shown = info(1050006, flow.totp_secret, secret=flow.totp_secret)
    picture = {"src": image, "id": "totp_qr", "width": 256, "height": 256, "node_type": "img"}
    text = {"text": shown, "id": "totp_secret_key", "node_type": "text"}
    help_text = "This is your authenticator app secret. Use it if you can not scan the QR code."
    # Ory always sends a picture. Without segno there is none, and a blank one would be shown as something to scan.
    pictures = [node("img", "totp", picture, (1050005, "Authenticator app QR code"))] if image else []
    return [
        *pictures,
        node("text", "totp", text, (1050017, help_text)),
        input_node("totp", "totp_code", "text", (1070006, "Verify code"), required=True),
        method_button("totp", _SAVE),
    ]


def _codes(codes: Mapping[str, datetime | None]) -> Json:
    listed = ", ".join("used" if used_at else code for code, used_at in codes.items())
    single = [_used(used_at) if used_at else info(1050009, code, secret=code) for code, used_at in codes.items()]
    text = {"text": info(1050015, listed, secrets=single), "id": "lookup_secret_codes", "node_type": "text"}
    help_text = "These are your back up recovery codes. Please keep them in a safe place!"
    return node("text", "lookup_secret", text, (1050010, help_text))


def _used(at: datetime) -> Json:
    text = f"Secret was used at {at:%Y-%m-%d %H:%M:%S} +0000 UTC"
    return info(1050014, text, used_at=f"{at:%Y-%m-%dT%H:%M:%SZ}", used_at_unix=int(at.timestamp()))


def _reveal() -> Json:
    return button("lookup_secret", "lookup_secret_reveal", (1050007, "Reveal backup recovery codes"))


def _disable() -> Json:
    return button("lookup_secret", "lookup_secret_disable", (1050016, "Disable this method"))


def _regenerate() -> Json:
    return button("lookup_secret", "lookup_secret_regenerate", (1050008, "Generate new backup recovery codes"))
