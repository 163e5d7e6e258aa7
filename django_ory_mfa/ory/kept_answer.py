"""An answer of Ory that is the same for everybody, kept for a while."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from django_ory_mfa.core.answer import QUEUED, Answer
from django_ory_mfa.ory.lanes import Caller
from django_ory_mfa.ory.singleflight import Group, SharedCall
from django_ory_mfa.runtime.clock import monotonic

KEPT_FOR = 120.0  # seconds


class KeptAnswer:
    """The last good answer of ``ask``, a call that gives everybody the same; ``name`` is that of the call."""

    def __init__(self, name: str, ask: Callable[[Caller], Answer], calls: Group) -> None:
        self._name = name
        self._ask = ask
        self._calls = calls
        self._kept, self._until = QUEUED, -math.inf

    def get(self, caller: Caller) -> Answer:
        """Return the answer that is kept, or else ask for ``caller``; all who ask at the same time share one call."""
        if monotonic() < self._until:
            return self._kept
        call = SharedCall(self._calls, self._name, partial(self._ask, caller), caller=caller, recognised=())
        answer, started_at = call.run()
        if answer.status == 200:
            self._kept, self._until = answer, started_at + KEPT_FOR
        return answer
