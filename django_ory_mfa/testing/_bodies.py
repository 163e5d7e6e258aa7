"""JSON bodies, with the keys in Ory's order."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from http import HTTPStatus

from django_ory_mfa.testing._config import FakeConfig
from django_ory_mfa.testing._http import Json
from django_ory_mfa.testing._identity import FakeIdentity, FakeProof
from django_ory_mfa.testing._people import FakeSession

MALFORMED = "The request was malformed or contained invalid parameters"
UNAUTHORIZED = "No valid session credentials found in the request."


def error_body(
    status: HTTPStatus, message: str, *, reason: str = "", error_id: str = "", details: Json | None = None
) -> Json:
    """Return an error of Ory, without the empty parts."""
    error = {
        "id": error_id,
        "code": int(status),
        # Newer versions of Python have another name for 422 than Go has.
        "status": "Unprocessable Entity" if status == HTTPStatus.UNPROCESSABLE_ENTITY else status.phrase,
        "reason": reason,
        "details": details,
        "message": message,
    }
    return {"error": {name: value for name, value in error.items() if value}}


def unauthorized(reason: str = UNAUTHORIZED) -> Json:
    """Return the error of whoami for a missing session, whatever the cause."""
    return error_body(HTTPStatus.UNAUTHORIZED, "The request could not be authorized", reason=reason)


def session_inactive() -> Json:
    """Return the error of the self-service flows for a missing session."""
    return error_body(
        HTTPStatus.UNAUTHORIZED,
        "request does not have a valid authentication session",
        reason="No active session was found in this request.",
        error_id="session_inactive",
    )


def aal2_required(step_up_url: str) -> Json:
    """Return the error for a session that needs its second factor."""
    return error_body(
        HTTPStatus.FORBIDDEN,
        "Session does not fulfill the requested Authenticator Assurance Level",
        reason=(
            "An active session was found but it does not fulfill the requested Authenticator Assurance Level."
            " Please verify yourself with a second factor to resolve this issue."
        ),
        error_id="session_aal2_required",
        details={"redirect_browser_to": step_up_url},
    ) | {"redirect_browser_to": step_up_url}


def bad_request(reason: str) -> Json:
    """Return the error for a malformed request."""
    return error_body(HTTPStatus.BAD_REQUEST, MALFORMED, reason=reason)


def return_to_forbidden(url: str) -> Json:
    """Return the error for a ``return_to`` that is not allowed."""
    reason = f'Requested return_to URL "{url}" is not allowed.'
    return error_body(
        HTTPStatus.BAD_REQUEST, MALFORMED, reason=reason, error_id="self_service_flow_return_to_forbidden"
    )


def forbidden(reason: str) -> Json:
    """Return the error for a request that is not allowed."""
    return error_body(HTTPStatus.FORBIDDEN, "The requested action was forbidden", reason=reason)


def server_error(message: str) -> Json:
    """Return an internal error."""
    return error_body(HTTPStatus.INTERNAL_SERVER_ERROR, message)


def session_body(config: FakeConfig, session: FakeSession) -> Json:
    """Return a session as in whoami."""
    return {
        "id": session.id,
        "active": session.active,
        "expires_at": nanoseconds(session.expires_at),
        "authenticated_at": nanoseconds(session.authenticated_at),
        "authenticator_assurance_level": session.aal,
        "authentication_methods": [_entry(config, proof) for proof in session.proofs],
        "issued_at": nanoseconds(session.issued_at),
        "identity": identity_body(config, session.identity),
        "devices": [
            {
                "id": session.device_id,
                "ip_address": "127.0.0.1:50000",
                "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "location": "",
            }
        ],
    }


def identity_body(config: FakeConfig, identity: FakeIdentity) -> Json:
    """Return an identity as in a session or a settings flow."""
    created = microseconds(identity.created_at)
    schema = base64.urlsafe_b64encode(identity.schema_id.encode()).decode().rstrip("=")
    return {
        "id": identity.id,
        **({"external_id": identity.external_id} if identity.external_id else {}),
        "schema_id": identity.schema_id,
        "schema_url": f"{config.public_url}/schemas/{schema}",
        "state": identity.state,
        "state_changed_at": nanoseconds(identity.created_at),
        "traits": identity.traits,
        **(_addresses(identity, created) if identity.email else {}),
        "metadata_public": identity.metadata_public,
        "created_at": created,
        "updated_at": created,
        "organization_id": identity.organization_id,
    }


def brief_identity(identity: Json) -> Json:
    """Return ``identity`` as in a list of sessions."""
    left_out = {"verifiable_addresses", "recovery_addresses"}
    shown = {name: value for name, value in identity.items() if name not in left_out}
    return shown | {"schema_url": ""}


def _addresses(identity: FakeIdentity, created: str) -> Json:
    verified_at = {"verified_at": nanoseconds(identity.created_at)} if identity.verified else {}
    times = {"created_at": created, "updated_at": created}
    verifiable = {
        "id": identity.address_id,
        "value": identity.email,
        "verified": identity.verified,
        "via": "email",
        "status": "completed" if identity.verified else "pending",
        **verified_at,
        **times,
    }
    recovery = {"id": identity.recovery_address_id, "value": identity.email, "via": "email", **times}
    return {"verifiable_addresses": [verifiable], "recovery_addresses": [recovery]}


def _entry(config: FakeConfig, proof: FakeProof) -> Json:
    at = proof.completed_at
    entry: Json = {
        "method": proof.method,
        "aal": proof.aal,
        "completed_at": at if isinstance(at, str) else nanoseconds(at),
    }
    if proof.provider:
        entry["provider"] = proof.provider
    if proof.upstream_acr and config.is_newer:
        entry["upstream_acr"] = proof.upstream_acr
    if proof.upstream_amr and config.is_newer:
        entry["upstream_amr"] = list(proof.upstream_amr)
    return entry


def nanoseconds(time: datetime) -> str:
    """``time`` with up to nine digits behind the point, as Ory's SQLite keeps it."""
    micro = time.microsecond
    return _trimmed(time, f"{micro:06d}{micro % 1000:03d}")


def microseconds(time: datetime) -> str:
    """``time`` with up to six digits behind the point."""
    return _trimmed(time, f"{time.microsecond:06d}")


def _trimmed(time: datetime, fraction: str) -> str:
    # Go leaves out zeros at the end, and the point with them.
    return (f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{fraction}").rstrip("0").rstrip(".") + "Z"
