"""Reads facts from Ory's answers.

SECURITY: an answer may come from any server, so every text is made safe for a terminal here. It may contain a TOTP seed
or personal data, so nothing else of a body is passed on.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from django_ory_mfa.core.answer import Answer, value_at
from django_ory_mfa.core.flows import is_return_to
from django_ory_mfa.management.doctor.facts import Cookie, RateLimit, Seen

LONGEST = 200
# Dates in cookies contain commas too; a new cookie starts with its name.
NEXT_COOKIE = re.compile(r",\s*(?=[!#$%&'*+.^_`|~0-9A-Za-z-]+=)")
CSRF_COOKIE = "csrf_token"
HARMLESS_URL = re.compile(r"[A-Za-z0-9:/.\[\]~_-]+")


def printable(text: str) -> str:
    """Return ``text`` as printable ASCII of limited length."""
    return "".join(sign if sign.isascii() and sign.isprintable() else "?" for sign in text[:LONGEST])


def read_seen(answer: Answer) -> Seen:
    """Return status, error and redirect target."""
    location = answer.headers.get("location")
    return Seen(
        answer.status,
        None if answer.failure is None else printable(answer.failure),
        _text(answer.at("error", "id")),
        None if location is None else printable(location),
    )


def read_is_ory(answer: Answer) -> bool:
    """Return whether Ory answers like this to whoami without a credential."""
    return answer.status == 401 and answer.at("error", "code") == 401


def read_aal(answer: Answer) -> str | None:
    """Return the level of a session."""
    return _text(answer.json_object().get("authenticator_assurance_level")) if answer.status == 200 else None


def read_version(answer: Answer) -> str | None:
    """Return the version that the admin API names."""
    return _text(answer.json_object().get("version")) if answer.status == 200 else None


def read_everybody_gets_codes(answer: Answer) -> bool | None:
    """Return whether every identity schema marks a trait that nobody is without as the address for codes.

    https://www.ory.com/docs/kratos/manage-identities/customize-identity-schema
    """
    try:
        listed = json.loads(answer.body) if answer.status == 200 else None
    except (TypeError, ValueError, RecursionError):
        return None
    if not isinstance(listed, list) or not listed:
        return None
    return all(_marks_code(value_at(one, "schema", "properties", "traits")) for one in listed)


def read_own_url(answer: Answer) -> str | None:
    """Return Ory's own base URL, from the action of a login form."""
    action = _text(answer.at("ui", "action"))
    base, mark, _ = (action or "").partition("/self-service/")
    # SECURITY: people paste it into their settings, so it must not contain a character that ends a string there.
    is_sound = HARMLESS_URL.fullmatch(base) is not None and is_return_to(base, base)
    return base if mark and is_sound else None


def read_identifier(answer: Answer) -> str | None:
    """Return what the account of a login flow signs in with. It is personal data and must not be shown."""
    nodes = answer.at("ui", "nodes")
    attributes = [value_at(node, "attributes") for node in nodes] if isinstance(nodes, list) else []
    values = (one.get("value") for one in attributes if isinstance(one, dict) and one.get("name") == "identifier")
    return next((value for value in values if isinstance(value, str) and value), None)


def read_credentials(answer: Answer) -> frozenset[str] | None:
    """Return the types of credentials, if the admin API found exactly one account."""
    try:
        (identity,) = json.loads(answer.body)
    except (TypeError, ValueError, RecursionError):
        return None
    credentials = value_at(identity, "credentials")
    return frozenset(map(printable, credentials)) if isinstance(credentials, dict) else None


def read_cookie(answer: Answer) -> Cookie | None:
    """Return the attributes of Ory's cookies, from its CSRF cookie."""
    headers = NEXT_COOKIE.split(answer.headers.get("set-cookie", ""))
    ours = next((header for header in headers if header.startswith(CSRF_COOKIE)), None)
    return None if ours is None else read_attributes(ours)


def read_attributes(set_cookie: str) -> Cookie:
    """Return the attributes of one cookie."""
    pairs = (part.strip().partition("=") for part in set_cookie.split(";")[1:])
    attributes = {name.lower(): printable(value) for name, _, value in pairs}
    domain = attributes.get("domain", "").lower().lstrip(".")
    return Cookie(domain or None, "secure" in attributes, attributes.get("samesite"))


def read_cacheable(answer: Answer) -> int | None:
    """Return ``Ory-Session-Cache-For`` in seconds."""
    return _number(answer.headers.get("ory-session-cache-for"))


def read_rate_limit(answer: Answer) -> RateLimit | None:
    """Return the rate limit, see https://www.ory.sh/docs/guides/rate-limits."""
    limit, remaining = (_number(answer.headers.get(f"x-ratelimit-{name}")) for name in ("limit", "remaining"))
    return None if limit is None or remaining is None else RateLimit(limit, remaining)


def read_skew(answer: Answer, before: datetime, after: datetime) -> float | None:
    """Return by how many seconds Ory's clock is ahead; the answer came between ``before`` and ``after``."""
    try:
        date = parsedate_to_datetime(answer.headers.get("date", ""))
    except (TypeError, ValueError, OverflowError):
        return None
    moment = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    # The header has a resolution of one second.
    earliest, latest = before.timestamp() - 1, after.timestamp()
    return moment - max(earliest, min(moment, latest))


def _marks_code(schema: Any) -> bool:
    if value_at(schema, "ory.sh/kratos", "credentials", "code", "identifier") is True:
        return True
    properties, required = value_at(schema, "properties"), value_at(schema, "required")
    if not isinstance(properties, dict) or not isinstance(required, list):
        return False
    return any(_marks_code(properties.get(name)) for name in required if isinstance(name, str))


def _number(text: str | None) -> int | None:
    # Ory Network may list a second period after a comma.
    match = re.match(r"\d{1,9}(?![0-9])", text or "")
    return int(match[0]) if match else None


def _text(value: Any) -> str | None:
    return printable(value) if isinstance(value, str) and value else None
