"""Which of a session's proofs are by a method that a requirement wants, and which are not."""

from __future__ import annotations

from django_ory_mfa.core.decision import level_to_prove
from django_ory_mfa.core.requirement import Requirement
from django_ory_mfa.core.session import AuthenticationMethod, OrySession


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


def _at_level(session: OrySession, requirement: Requirement) -> list[AuthenticationMethod]:
    level = level_to_prove(session, requirement)
    return [entry for entry in session.authentication_methods if entry.aal >= level]
