"""A decision costs as few calls as it can, and makes an address only for who is sent away."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import DisallowedHost
from django.test import RequestFactory

from django_ory_mfa.core.decision import Decision, Outcome
from django_ory_mfa.core.requirement import Requirement
from django_ory_mfa.guard.evaluation import evaluation_steps
from django_ory_mfa.runtime.steps import arun, run
from django_ory_mfa.session.resolver import attach
from django_ory_mfa.testing import FakeOry
from tests.site import LOOP

WHOAMI, SETTINGS_FLOW = "/sessions/whoami", "/self-service/settings/browser"
AAL2 = Requirement("aal2")


def evaluated(client: RequestFactory, mode: str, **options: Any) -> Decision:
    """The decision on a request by a host that Django refuses."""
    steps = evaluation_steps(attach(client.get("/", headers={"Host": "evil.example.com"})), AAL2, **options)
    return run(steps) if mode == "sync" else LOOP.run(arun(steps))


def test_host_that_django_refuses_does_not_matter_to_who_is_sent_nowhere(ory: FakeOry, mode: str) -> None:
    client = RequestFactory()
    ory.login(client)

    allowed = evaluated(client, mode)
    ory.fail(503)
    unavailable = evaluated(client, mode)

    assert (allowed.outcome, allowed.url) == (Outcome.ALLOW, None)
    assert (unavailable.outcome, unavailable.url) == (Outcome.UNAVAILABLE, None)


def test_nobody_is_sent_back_to_a_host_that_django_refuses(ory: FakeOry, mode: str) -> None:
    with pytest.raises(DisallowedHost):
        evaluated(RequestFactory(), mode)


@pytest.mark.parametrize("asks", [True, False])
def test_second_factor_is_looked_for_only_if_the_caller_asks(
    ory: FakeOry, mode: str, settings: Any, *, asks: bool
) -> None:
    settings.ALLOWED_HOSTS = ["evil.example.com"]
    client = RequestFactory()
    ory.required_aal = "aal1"
    ory.login(client, aal="aal1")

    decision = evaluated(client, mode, check_enrolment=asks)

    assert decision.outcome is (Outcome.ENROLL if asks else Outcome.STEP_UP)
    assert (SETTINGS_FLOW in [call.path for call in ory.calls]) is asks
