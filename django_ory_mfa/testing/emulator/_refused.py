"""Forms that come back because of what was typed in."""

from __future__ import annotations

from django_ory_mfa.testing._http import Json
from django_ory_mfa.testing.emulator._flows import FakeFlow
from django_ory_mfa.testing.emulator._nodes import csrf_node, name_of, with_message, with_value


def refused(flow: FakeFlow, said: Json, *, forget: str = "", beside: str = "") -> None:
    """Says why the form was not accepted: on top, or beside one input; what was typed into ``forget`` is gone."""
    flow.messages = [] if beside else [said]
    flow.nodes = [each | {"messages": []} for each in flow.nodes]
    if forget:
        flow.nodes = with_value(flow.nodes, forget, None)
    if beside:
        flow.nodes = with_message(flow.nodes, beside, said)
    secret = csrf_node(flow.csrf_secret)
    flow.nodes = [secret if name_of(each) == "csrf_token" else each for each in flow.nodes]
