"""Which credentials Ory recently recognised, in this process."""

from __future__ import annotations

import threading
from collections import OrderedDict

MOST_CREDENTIALS = 10_000


class KnownCredentials:
    """The keyed hashes of credentials that had a session when Ory was last asked; only the newest are kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def note(self, name: str) -> None:
        """Remember that Ory recognised ``name``."""
        with self._lock:
            self._names[name] = None
            self._names.move_to_end(name)
            if len(self._names) > MOST_CREDENTIALS:
                self._names.popitem(last=False)

    def forget(self, name: str) -> None:
        """Forget ``name``, because Ory does not recognise it."""
        if name in self._names:
            with self._lock:
                self._names.pop(name, None)
