"""Checks which level Ory requires, and whether the settings of Django declare the same."""

from __future__ import annotations

from collections.abc import Iterator

from django_ory_mfa.core.errors import ErrorId
from django_ory_mfa.core.requirement import HIGHEST_AVAILABLE
from django_ory_mfa.management.doctor.facts import Facts, Person, Seen
from django_ory_mfa.management.doctor.results import Result, failed, ok, skipped, warning
from django_ory_mfa.management.doctor.system import not_compared

SECOND_FACTORS = frozenset({"totp", "lookup_secret", "webauthn", "code", "deviceauthn"})
TOKEN = (
    "--as EMAIL: a test account with a second factor, whose password is asked for; or --session-token-file FILE: its "  # noqa: S105 - no password
    "session token, signed in with the password only"
)
NO_FACTOR = "Ory shows no second factor of the test account."
ADMIN = "--admin-url http://127.0.0.1:4434"


def check_whoami(facts: Facts) -> Iterator[Result]:
    """Check that the settings declare Ory's ``session.whoami.required_aal``."""
    person = _usable(facts.person)
    declared = facts.site.declared_whoami_aal
    claim = not_compared("ORY_MFA_WHOAMI_REQUIRED_AAL", declared)
    if person is None:
        yield _no_person("whoami-level", facts.person, claim)
        return
    actual = _required_by_whoami(person)
    if actual is None:
        yield skipped("whoami-level", f"{NO_FACTOR}{claim}", TOKEN)
        return
    says = f"Ory's session.whoami.required_aal is {actual}"
    line = f'ORY_MFA_WHOAMI_REQUIRED_AAL = "{actual}"'
    if declared == HIGHEST_AVAILABLE != actual:
        reason = (
            f"{says}, but ORY_MFA_WHOAMI_REQUIRED_AAL is {declared}: views that require highest_available let people "
            "in who have a second factor and have not used it."
        )
        yield failed("whoami-level", reason, f"session.whoami.required_aal of Ory: highest_available, or {line}")
    elif declared not in (None, actual):
        yield warning("whoami-level", f"{says}, but ORY_MFA_WHOAMI_REQUIRED_AAL is {declared}.", line)
    else:
        yield ok("whoami-level", f"{says}. You can declare it: {line}" if declared is None else f"{says}, as declared.")


def check_settings(facts: Facts) -> Iterator[Result]:
    """Check ``selfservice.flows.settings.required_aal``: at ``aal1`` a password is enough to reach aal2."""
    person = _usable(facts.person)
    declared = facts.site.declared_settings_aal
    claim = not_compared("ORY_MFA_SETTINGS_REQUIRED_AAL", declared)
    if person is None:
        yield _no_person("settings-level", facts.person, claim)
        return
    if _wants_second_factor(person.settings):
        if declared in (None, HIGHEST_AVAILABLE):
            yield ok("settings-level", "Ory's settings page requires the second factor.")
            return
        reason = f"Ory's settings page requires the second factor, but ORY_MFA_SETTINGS_REQUIRED_AAL is {declared}."
        yield warning("settings-level", reason, f'ORY_MFA_SETTINGS_REQUIRED_AAL = "{HIGHEST_AVAILABLE}"')
    elif person.settings.status != 200:
        yield skipped("settings-level", f"Ory's settings page did not open ({person.settings.status}).{claim}")
    elif _has_second_factor(person):
        yield failed(
            "settings-level",
            "Ory's settings page opens with the password only, although the account has a second factor: somebody who "
            "knows the password can set up another one there, and reaches aal2.",
            "selfservice.flows.settings.required_aal of Ory: highest_available",
        )
    else:
        yield skipped("settings-level", f"{NO_FACTOR}{claim}", TOKEN)


def check_codes(facts: Facts) -> Iterator[Result]:
    """Check that Ory requires no second factor that the account does not have."""
    person = _usable(facts.person)
    if person is None:
        yield _no_person("codes", facts.person)
    elif not _wants_second_factor(person.whoami):
        yield ok("codes", "Ory returns the session without a second factor: nobody is locked out.")
    elif facts.version is None:
        yield skipped(
            "codes", "Only the admin API tells whether the account has the second factor that Ory requires.", ADMIN
        )
    elif person.credentials is None:
        yield skipped(
            "codes", "The admin API does not tell whether the account has the second factor that Ory requires."
        )
    elif person.credentials & SECOND_FACTORS:
        shown = ", ".join(sorted(person.credentials & SECOND_FACTORS))
        yield ok("codes", f"Ory requires a second factor, and the account has one ({shown}).")
    else:
        yield failed(
            "codes",
            "Ory requires a second factor, and the account has none: the person is locked out. Kratos v1.3 does this "
            "to everybody without an address for codes as soon as codes are a second factor.",
            "selfservice.methods.code.mfa_enabled: false, or a newer Kratos",
        )


def _usable(person: Person | None) -> Person | None:
    """Return the test account if Ory knows its session and has it at aal1."""
    if person is None or person.aal not in (None, "aal1"):
        return None
    return person if person.whoami.status == 200 or _wants_second_factor(person.whoami) else None


def _no_person(check: str, person: Person | None, claim: str = "") -> Result:
    if person is None:
        return skipped(check, f"Ory tells this only for a session.{claim}", TOKEN)
    if person.aal is not None:
        reason = f"The session of the token is at {person.aal}, so Ory does not show what it requires.{claim}"
        return skipped(check, reason, TOKEN)
    answer = person.whoami.error_id or person.whoami.status
    return failed(
        check, f"Ory does not accept the session token ({answer}): it is expired, revoked or from another Ory.", TOKEN
    )


def _required_by_whoami(person: Person) -> str | None:
    if _wants_second_factor(person.whoami):
        return HIGHEST_AVAILABLE
    return "aal1" if _has_second_factor(person) else None


def _has_second_factor(person: Person) -> bool:
    return bool(person.enrolled) or _wants_second_factor(person.settings) or _wants_second_factor(person.whoami)


def _wants_second_factor(seen: Seen) -> bool:
    return seen.status == 403 and seen.error_id == ErrorId.STEP_UP
