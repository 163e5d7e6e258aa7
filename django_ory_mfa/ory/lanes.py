"""Decide which async call gets the next free thread, so that no visitor can block the others."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv6Address, ip_address

LONGEST_NAME = 64  # characters


@dataclass(frozen=True, slots=True)
class Caller:
    """The visitor that a call is made for: whether Ory recognised the credential before, and the client address."""

    is_known: bool = True
    address: str = ""


class Job:
    """A call that needs a thread; ``has_waited`` is whether it had to queue for one."""

    def __init__(self, work: Callable[[], None], caller: Caller, threads: SharedThreads) -> None:
        self.work = work
        self.is_known = caller.is_known
        self.has_waited = False
        self._address = caller.address
        self._threads = threads

    @cached_property
    def network(self) -> str:
        """The network that takes a turn with this job."""
        return network_of(self._address)

    def withdraw(self) -> bool:
        """Remove it from the queue; return False if it has started."""
        return self._threads.withdraw(self)


class Lane:
    """A queue of jobs: networks take turns, a network new to the queue comes first, and its newest job runs first.

    Newest first, because under overload the oldest jobs have no time left for the call itself.
    """

    def __init__(self) -> None:
        self._networks: OrderedDict[str, dict[Job, None]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._networks)

    def add(self, job: Job) -> None:
        """Add ``job`` to the queue."""
        if job.network not in self._networks:
            self._networks[job.network] = {}
            self._networks.move_to_end(job.network, last=False)
        self._networks[job.network][job] = None

    def take(self) -> Job:
        """Remove and return the next job."""
        network = next(iter(self._networks))
        job, _ = self._networks[network].popitem()
        self._networks.move_to_end(network)
        self._forget_if_empty(network)
        return job

    def remove(self, job: Job) -> bool:
        """Remove ``job``; return False if it is not in the queue."""
        is_waiting = job in self._networks.get(job.network, ())
        if is_waiting:
            del self._networks[job.network][job]
            self._forget_if_empty(job.network)
        return is_waiting

    def _forget_if_empty(self, network: str) -> None:
        if not self._networks[network]:
            del self._networks[network]


class SharedThreads:
    """Runs at most ``size`` jobs at once in the threads of ``pool``.

    SECURITY: jobs for credentials that Ory recognised before go first. All others get at most half of the threads, so
    that invalid credentials cannot occupy them all, and at least an eighth, so that new sign-ins get through.
    """

    def __init__(self, pool: ThreadPoolExecutor, size: int) -> None:
        self._pool = pool
        self._size = size
        self._most_unknown = max(1, size // 2)
        self._least_unknown = min(size - 1, max(1, size // 8))
        self._lock = threading.Lock()
        # The keys of both: whether Ory recognised the credential before.
        self._waiting = {True: Lane(), False: Lane()}
        self._under_way = {True: 0, False: 0}

    def submit(self, work: Callable[[], None], caller: Caller) -> Job:
        """Run ``work`` in a thread when it is the turn of ``caller``; return the job."""
        job = Job(work, caller, self)
        with self._lock:
            job.has_waited = not self._has_thread_for(job)
            if job.has_waited:
                self._waiting[job.is_known].add(job)
            else:
                self._begin(job)
        return job

    def withdraw(self, job: Job) -> bool:
        """Remove ``job`` from the queue; return False if it has started."""
        with self._lock:
            return self._waiting[job.is_known].remove(job)

    def _has_thread_for(self, job: Job) -> bool:
        # While a thread is free, no job that may use it waits.
        is_free = sum(self._under_way.values()) < self._size
        return is_free and (job.is_known or self._under_way[False] < self._most_unknown)

    def _begin(self, job: Job) -> None:
        self._under_way[job.is_known] += 1
        self._pool.submit(self._do, job)

    def _do(self, job: Job) -> None:
        try:
            job.work()
        finally:
            with self._lock:
                self._under_way[job.is_known] -= 1
                self._begin_next()

    def _begin_next(self) -> None:
        known, unknown = self._waiting[True], self._waiting[False]
        limit = self._least_unknown if known else self._most_unknown
        if unknown and self._under_way[False] < limit:
            self._begin(unknown.take())
        elif known:
            self._begin(known.take())


def network_of(address: str) -> str:
    """Return the part of ``address`` that identifies its network: all of IPv4, the first 64 bits of IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        # SECURITY: a site may take it from a header, so a visitor must not choose how much of it is remembered.
        return address[:LONGEST_NAME]
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or parsed.packed[:8].hex())
