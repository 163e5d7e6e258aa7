"""Read the proofs of a session: which are by a required method, which is the newest, and what to advise."""

from __future__ import annotations

from collections.abc import Iterable

from django_ory_mfa.core.decision import level_to_prove
from django_ory_mfa.core.requirement import Requirement
from django_ory_mfa.core.session import AAL, AuthenticationMethod, OrySession


def has_used_wanted(session: OrySession, requirement: Requirement) -> bool:
    """Whether ``session`` has a proof, of any age, by one of the methods of ``requirement``."""
    wanted = requirement.methods or frozenset()
    return any(entry.method in wanted for entry in _at_level(session, requirement))


def other_proof_since(session: OrySession, requirement: Requirement, since: float) -> AuthenticationMethod | None:
    """Return the newest proof if it is not older than ``since`` (seconds) and by none of the wanted methods.

    Proofs below the level of ``requirement`` do not count: the visitor had to give them first.
    """
    wanted = requirement.methods or frozenset()
    dated = [(entry.completed_at, entry) for entry in _at_level(session, requirement) if entry.completed_at is not None]
    if not dated:
        return None
    completed_at, newest = max(dated, key=lambda pair: pair[0])
    return newest if completed_at.timestamp() >= since and newest.method not in wanted else None


def newest_proof(session: OrySession, *, since: float) -> AuthenticationMethod | None:
    """Return the newest proof that is not older than ``since`` (seconds)."""
    dated = [(entry.completed_at, entry) for entry in session.authentication_methods if entry.completed_at is not None]
    young = [pair for pair in dated if pair[0].timestamp() >= since]
    return max(young, key=lambda pair: pair[0])[1] if young else None


def newest_by_method(entries: Iterable[AuthenticationMethod]) -> list[AuthenticationMethod]:
    """Return the newest entry of each method and provider, in the order of their first use."""
    newest: dict[tuple[str, AAL, str | None], AuthenticationMethod] = {}
    for entry in entries:
        key = entry.method, entry.aal, entry.provider
        if key not in newest or _time(entry) >= _time(newest[key]):
            newest[key] = entry
    return list(newest.values())


def advice_on(session: OrySession) -> str:
    """Return which advice to show: ``codes`` after a recovery code, ``stronger`` after a code by e-mail; else empty."""
    used = {entry.method for entry in session.authentication_methods if entry.aal >= AAL.AAL2}
    if "lookup_secret" in used:
        return "codes"
    return "stronger" if used == {"code"} else ""


def _time(entry: AuthenticationMethod) -> float:
    return 0 if entry.completed_at is None else entry.completed_at.timestamp()


def _at_level(session: OrySession, requirement: Requirement) -> list[AuthenticationMethod]:
    level = level_to_prove(session, requirement)
    return [entry for entry in session.authentication_methods if entry.aal >= level]
