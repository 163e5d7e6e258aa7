"""The identity schema: what Ory stores of a person, and what it is used for."""

from __future__ import annotations

import json

SCHEMA_ID = "person"


def identity_schema() -> str:
    """Return the schema as JSON: an e-mail address, with which people sign in and get codes, and a name."""
    uses = {
        "credentials": {
            "password": {"identifier": True},
            # Without this nobody gets a code: Ory would not know where to send it.
            "code": {"identifier": True, "via": "email"},
            "totp": {"account_name": True},
            "passkey": {"display_name": True},
        },
        "verification": {"via": "email"},
        "recovery": {"via": "email"},
    }
    email = {"type": "string", "format": "email", "maxLength": 320, "title": "E-mail", "ory.sh/kratos": uses}
    traits = {
        "type": "object",
        "properties": {"email": email, "name": {"type": "string", "maxLength": 200, "title": "Name"}},
        "required": ["email"],
        "additionalProperties": False,
    }
    schema = {
        "$id": "urn:django-ory-mfa:person",
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$comment": (
            "credentials.code marks the address that codes are sent to: without it nobody has a code as second factor. "
            "To change the schema for people who exist already, add a new one beside it: "
            "https://www.ory.sh/docs/kratos/manage-identities/identity-schema"
        ),
        "title": "Person",
        "type": "object",
        "properties": {"traits": traits},
    }
    return json.dumps(schema, indent=2) + "\n"
