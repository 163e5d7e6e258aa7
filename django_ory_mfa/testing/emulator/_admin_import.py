"""People as an administrator describes them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django_ory_mfa.testing._bodies import bad_request, error_body
from django_ory_mfa.testing._http import Json
from django_ory_mfa.testing._identity import FakeIdentity
from django_ory_mfa.testing._state import FakeState
from django_ory_mfa.testing.emulator._totp import totp_secret_in

_SCHEMAS = ("default", "with_code")
_KEYS = {
    "schema_id",
    "traits",
    "credentials",
    "state",
    "external_id",
    "metadata_public",
    "metadata_admin",
    "verifiable_addresses",
    "recovery_addresses",
    "organization_id",
}


def unsupported(ory: FakeState, payload: Json) -> Json | None:
    """What is wrong with a description."""
    if unknown := sorted(payload.keys() - _KEYS):
        return error_body(HTTPStatus.BAD_REQUEST, f'json: unknown field "{unknown[0]}"')
    if payload.get("state", "active") not in {"active", "inactive"}:
        return bad_request("identity state is not valid")
    schema = payload.get("schema_id", "default")
    if schema not in _SCHEMAS:
        return bad_request(f"Unable to find JSON Schema ID: {schema}")
    traits = payload.get("traits")
    if not isinstance(traits, dict) or not isinstance(traits.get("email"), str):
        return bad_request('I[#/traits] S[#/properties/traits/required] missing properties: "email"')
    # Before 2026 only passwords can be imported.
    accepted = {"password", "totp", "lookup_secret"} if ory.is_newer else {"password"}
    if unknown := sorted((payload.get("credentials") or {}).keys() - accepted):
        return error_body(HTTPStatus.BAD_REQUEST, f'json: unknown field "{unknown[0]}"')
    return None


def imported(ory: FakeState, payload: Json) -> FakeIdentity | Json:
    """The person who is described, or why there can be no such person."""
    try:
        return unsupported(ory, payload) or _conflict(ory, payload) or _made(ory, payload)
    except (AttributeError, KeyError, TypeError) as error:
        return error_body(HTTPStatus.BAD_REQUEST, f"json: cannot unmarshal: {error}")


def _conflict(ory: FakeState, payload: Json) -> Json | None:
    if ory.identity_by_email(payload["traits"]["email"]) is None:
        return None
    return error_body(
        HTTPStatus.CONFLICT,
        "The resource could not be created due to a conflict",
        reason="This identity conflicts with another identity that already exists.",
    )


def _made(ory: FakeState, payload: Json) -> FakeIdentity:
    # All of it is read before anybody is made, so that an odd description leaves nobody behind.
    schema = payload.get("schema_id", "default")
    addresses = payload.get("verifiable_addresses") or ()
    verified = any(address.get("verified") for address in addresses)
    password = _content(payload, "password").get("password")
    secret = totp_secret_in(_content(payload, "totp").get("totp_url", ""))
    codes = [code["code"] for code in _content(payload, "lookup_secret").get("codes", ())]
    identity = ory.add_identity(
        email=payload["traits"]["email"],
        traits=payload["traits"],
        state=payload.get("state", "active"),
        schema_id=schema,
        verified=verified,
        second_factors=("code",) if schema == "with_code" else (),
        external_id=payload.get("external_id"),
        metadata_public=payload.get("metadata_public"),
        organization_id=payload.get("organization_id"),
        password=password,
    )
    if secret:
        identity.totp_secret = secret
        identity.enrol("totp")
    if codes:
        identity.lookup_secrets = dict.fromkeys(codes)
        identity.enrol("lookup_secret")
    return identity


def _content(payload: Json, kind: str) -> dict[str, Any]:
    content: dict[str, Any] = (payload.get("credentials") or {}).get(kind, {}).get("config", {})
    return content
