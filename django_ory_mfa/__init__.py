"""Multi-factor authentication for Django sites that use Ory: sessions, assurance levels and step-up."""

from __future__ import annotations

from django_ory_mfa.core.decision import Decision, Outcome, decide
from django_ory_mfa.core.requirement import Requirement
from django_ory_mfa.core.session import AAL, AuthenticationMethod, Identity, OrySession, SessionState

__version__ = "0.9.0"

__all__ = [
    "AAL",
    "AuthenticationMethod",
    "Decision",
    "Identity",
    "OrySession",
    "Outcome",
    "Requirement",
    "SessionState",
    "decide",
]
