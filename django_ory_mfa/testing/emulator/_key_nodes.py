"""The parts of Ory's forms that are about security keys and passkeys, as Kratos v1.3.1 spells them.

Only browsers get them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from django_ory_mfa.testing._bodies import nanoseconds
from django_ory_mfa.testing._config import FakeConfig
from django_ory_mfa.testing._http import Json
from django_ory_mfa.testing._identity import FakeIdentity, FakeKey
from django_ory_mfa.testing.emulator._flows import FakeFlow
from django_ory_mfa.testing.emulator._key_script import script_node
from django_ory_mfa.testing.emulator._keys import creation_options, request_options
from django_ory_mfa.testing.emulator._nodes import Label, info, input_node, trigger

_AUTOCOMPLETE = "oryPasskeyLoginAutocompleteInit"
_ONLOAD = {"onload": f"window.{_AUTOCOMPLETE}()", "onloadTrigger": _AUTOCOMPLETE}


def sign_up_nodes(ory: FakeConfig, flow: FakeFlow) -> list[Json]:
    """How to sign up with a passkey."""
    if not (ory.passkey and flow.client == "browser"):
        return []
    asked = {"credentialOptions": creation_options(ory, flow, "passkey"), "displayNameFieldName": "traits.email"}
    return [
        script_node(ory),
        input_node("passkey", "passkey_register", "hidden", None),
        trigger("passkey", "passkey_register_trigger", (1040007, "Sign up with passkey"), "oryPasskeyRegistration"),
        _hidden("passkey_create_data", asked),
    ]


def sign_in_nodes(ory: FakeConfig, flow: FakeFlow, identity: FakeIdentity | None) -> list[Json]:
    """How to sign in with a passkey, or for ``identity`` once more with one of theirs."""
    keys = identity.passkeys if identity else []
    if not (ory.passkey and flow.client == "browser") or (identity and not keys):
        return []
    button = trigger("passkey", "passkey_login_trigger", (1010021, "Sign in with passkey"), "oryPasskeyLogin", value="")
    answer = input_node("passkey", "passkey_login", "hidden", None)
    if identity is None:
        # The list of passkeys then comes with the field of the address, too.
        button["attributes"] |= _ONLOAD
        answer["attributes"] |= _ONLOAD
    challenge = _hidden("passkey_challenge", request_options(ory, flow, "passkey", keys))
    return [script_node(ory), button, answer, challenge]


def second_factor_nodes(ory: FakeConfig, flow: FakeFlow, identity: FakeIdentity) -> list[Json]:
    """How to use a security key."""
    asked = json.dumps(request_options(ory, flow, "webauthn", identity.security_keys))
    label = (1010008, "Sign in with hardware key")
    return [
        input_node("default", "identifier", "hidden", None, value=identity.email or ""),
        input_node("webauthn", "webauthn_login", "hidden", None, value=""),
        script_node(ory),
        trigger("webauthn", "webauthn_login_trigger", label, "oryWebAuthnLogin", value=asked),
    ]


def passkey_settings(ory: FakeConfig, flow: FakeFlow, identity: FakeIdentity) -> list[Json]:
    """The passkeys of a person, and how to add one."""
    if not (ory.passkey and flow.client == "browser"):
        return []
    is_last = is_last_way_in(identity)
    label, function = (1050019, "Add passkey"), "oryPasskeySettingsRegistration"
    return [
        trigger("passkey", "passkey_register_trigger", label, function, value=""),
        *_removals("passkey", identity.passkeys, (1050020, 'Remove passkey "{}"'), is_disabled=is_last),
        input_node("passkey", "passkey_settings_register", "hidden", None),
        _hidden("passkey_create_data", creation_options(ory, flow, "passkey", identity)),
    ]


def security_key_settings(ory: FakeConfig, flow: FakeFlow, identity: FakeIdentity) -> list[Json]:
    """The security keys of a person, and how to add one."""
    if flow.client != "browser":
        return []
    script = [script_node(ory)] if ory.webauthn or ory.passkey else []
    removals = _removals("webauthn", identity.security_keys, (1050018, 'Remove security key "{}"'), is_disabled=False)
    if not ory.webauthn:
        return [*removals, *script]
    asked = json.dumps(creation_options(ory, flow, "webauthn", identity))
    label = (1050013, "Name of the security key")
    add = (1050012, "Add security key")
    return [
        *removals,
        input_node("webauthn", "webauthn_register_displayname", "text", label, value=""),
        input_node("webauthn", "webauthn_register", "hidden", None, value=""),
        trigger("webauthn", "webauthn_register_trigger", add, "oryWebAuthnRegistration", value=asked),
        *script,
    ]


def is_last_way_in(identity: FakeIdentity) -> bool:
    """Whether a person could not sign in any more without one of their passkeys."""
    return len(identity.passkeys) + (identity.password is not None) < 2


def _removals(group: str, keys: Iterable[FakeKey], label: Label, *, is_disabled: bool) -> list[Json]:
    return [_removal(group, key, label, is_disabled=is_disabled) for key in keys]


def _removal(group: str, key: FakeKey, label: Label, *, is_disabled: bool) -> Json:
    number, text = label
    name, at = key.name or "unnamed", key.added_at.replace(microsecond=0)
    said = info(
        number, text.format(name), added_at=nanoseconds(at), added_at_unix=int(at.timestamp()), display_name=name
    )
    made = input_node(group, f"{group}_remove", "submit", None, value=key.id.hex()) | {"meta": {"label": said}}
    made["attributes"]["disabled"] = is_disabled
    return made


def _hidden(name: str, value: Json) -> Json:
    return input_node("passkey", name, "hidden", None, value=json.dumps(value))
