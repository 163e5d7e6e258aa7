"""What Ory asks of a session before it shows it, and what Django is told about that."""

from __future__ import annotations

from collections.abc import Iterator

from django_ory_mfa.core.errors import ErrorId
from django_ory_mfa.core.requirement import HIGHEST_AVAILABLE
from django_ory_mfa.management.doctor.facts import Facts, Person, Seen
from django_ory_mfa.management.doctor.results import Result, failed, ok, skipped, warning

SECOND_FACTORS = frozenset({"totp", "lookup_secret", "webauthn", "code", "deviceauthn"})
TOKEN = (
    "--session-token-file FILE: the session token of a test person who has an authenticator app or recovery codes, and "  # noqa: S105 - no password
    "signed in with the password alone"
)
ADMIN = "--admin-url http://127.0.0.1:4434"


def check_whoami(facts: Facts) -> Iterator[Result]:
    """Ory's ``session.whoami.required_aal``, and the claim about it."""
    person = _usable(facts.person)
    if person is None:
        yield _no_person("whoami-level", facts.person)
        return
    actual = _required_by_whoami(person)
    if actual is None:
        yield skipped("whoami-level", "The person of the token has no second factor that Ory shows.", TOKEN)
        return
    claim = facts.site.whoami_claim
    says = f"Ory's session.whoami.required_aal is {actual}"
    line = f'ORY_MFA_WHOAMI_REQUIRED_AAL = "{actual}"'
    if claim == HIGHEST_AVAILABLE != actual:
        reason = f"{says}, but ORY_MFA_WHOAMI_REQUIRED_AAL says {claim}: highest_available lets people without it pass."
        yield failed("whoami-level", reason, f"session.whoami.required_aal of Ory: highest_available, or {line}")
    elif claim not in (None, actual):
        yield warning("whoami-level", f"{says}, but ORY_MFA_WHOAMI_REQUIRED_AAL says {claim}.", line)
    else:
        yield ok(
            "whoami-level", says + (f". Django could be told: {line}" if claim is None else ", as Django is told.")
        )


def check_settings(facts: Facts) -> Iterator[Result]:
    """Ory's ``selfservice.flows.settings.required_aal``: at ``aal1`` a password is enough for aal2."""
    person = _usable(facts.person)
    if person is None:
        yield _no_person("settings-level", facts.person)
        return
    claim = facts.site.settings_claim
    if _wants_second_factor(person.settings):
        if claim in (None, HIGHEST_AVAILABLE):
            yield ok("settings-level", "Ory opens its settings only after the second factor.")
            return
        reason = f"Ory opens its settings only after the second factor; ORY_MFA_SETTINGS_REQUIRED_AAL says {claim}."
        yield warning("settings-level", reason, f'ORY_MFA_SETTINGS_REQUIRED_AAL = "{HIGHEST_AVAILABLE}"')
    elif person.settings.status != 200:
        yield skipped("settings-level", f"Ory's settings did not open ({person.settings.status}).")
    elif _has_second_factor(person):
        yield failed(
            "settings-level",
            "Ory opens its settings to the password alone, although the person has a second factor: whoever knows a "
            "password can set up another one there, and is aal2.",
            "selfservice.flows.settings.required_aal of Ory: highest_available",
        )
    else:
        yield skipped("settings-level", "The person of the token has no second factor that Ory shows.", TOKEN)


def check_codes(facts: Facts) -> Iterator[Result]:
    """Nobody is asked for a second factor that does not exist."""
    person = _usable(facts.person)
    if person is None:
        yield _no_person("codes", facts.person)
    elif not _wants_second_factor(person.whoami):
        yield ok("codes", "Ory shows the session without a second factor: nobody is locked out.")
    elif facts.version is None:
        yield skipped("codes", "Only the admin API tells whether the person has what Ory asks for.", ADMIN)
    elif person.credentials is None:
        yield skipped("codes", "The admin API does not say whether the person has what Ory asks for.")
    elif person.credentials & SECOND_FACTORS:
        shown = ", ".join(sorted(person.credentials & SECOND_FACTORS))
        yield ok("codes", f"Ory asks for a second factor, and the person has one ({shown}).")
    else:
        yield failed(
            "codes",
            "Ory asks for a second factor, and the person has none: locked out. Kratos v1.3.1 does so to everybody "
            "without an address for codes as soon as codes are a second factor.",
            "selfservice.methods.code.mfa_enabled: false, or a newer Kratos",
        )


def _usable(person: Person | None) -> Person | None:
    """A person whose session Ory knows and has at aal1."""
    if person is None or person.aal not in (None, "aal1"):
        return None
    return person if person.whoami.status == 200 or _wants_second_factor(person.whoami) else None


def _no_person(check: str, person: Person | None) -> Result:
    if person is None:
        return skipped(check, "Ory tells this only to somebody who is signed in.", TOKEN)
    if person.aal is not None:
        return failed(check, f"The session of the token is at {person.aal}, which hides what Ory asks for.", TOKEN)
    answer = person.whoami.error_id or person.whoami.status
    return failed(
        check, f"Ory does not accept the session token ({answer}): expired, revoked, or of another Ory.", TOKEN
    )


def _required_by_whoami(person: Person) -> str | None:
    if _wants_second_factor(person.whoami):
        return HIGHEST_AVAILABLE
    return "aal1" if _has_second_factor(person) else None


def _has_second_factor(person: Person) -> bool:
    return bool(person.enrolled) or _wants_second_factor(person.settings) or _wants_second_factor(person.whoami)


def _wants_second_factor(seen: Seen) -> bool:
    return seen.status == 403 and seen.error_id == ErrorId.STEP_UP
