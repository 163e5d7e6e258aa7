"""Who visits the site, what each may see, and what a visit came to."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from tools.chaos.site import NOBODY, TIMEOUT

GUARDED = ("aal1", "aal2", "highest", "fresh")
REFUSALS = (302, 303, 401, 403)
PATIENCE = 30.0  # seconds
# Between two visits, so that the visitors leave something of the machine to the servers.
THINKING = 0.015
SLACK = 1.0  # seconds, for a machine that does something else too


class Verdict(StrEnum):
    """What a visit came to."""

    SHOWN = "shown"
    REFUSED = "refused"
    UNAVAILABLE = "503"
    LATE = "late 503"
    WRONG_ALLOW = "wrong allow"
    WRONG_REFUSAL = "wrong refusal"
    EXCUSED = "excused refusal"
    STEP_UP = "unsure step-up"
    ERROR = "500"
    BROKEN = "broken"


WRONG = (Verdict.LATE, Verdict.WRONG_ALLOW, Verdict.WRONG_REFUSAL, Verdict.ERROR, Verdict.BROKEN)


@dataclass
class Visitor:
    """Somebody with a credential; ``level`` is what the session proved, 0 without a session."""

    name: str
    headers: Mapping[str, str] = field(default_factory=dict)
    person: str = NOBODY
    level: int = 0
    is_enrolled: bool = False
    session_id: str = ""
    # While it ends either answer is right.
    is_leaving: bool = False
    # When it had ended for good, and for how long a cache may go on showing it.
    gone_at: float | None = None
    shown_after: float = 0.0

    def may_see(self, page: str) -> bool:
        """Whether the guard of ``page`` has to let this visitor in."""
        needed = {"aal1": 1, "highest": 2 if self.is_enrolled else 1, "aal2": 2, "fresh": 2}[page]
        return self.level >= needed

    def is_surely_gone(self, moment: float) -> bool:
        """Whether nothing that is kept or under way can show the session any more."""
        return self.gone_at is not None and moment > self.gone_at + self.shown_after + TIMEOUT[1]


@dataclass(frozen=True)
class Weather:
    """How Ory is now, which says what an answer of the site may be.

    ``well_since`` is None while Ory is ill. Until ``lies_until`` it says of people who are signed in
    that they are not, and there is no telling.
    """

    phase: str
    well_since: float | None = 0.0
    longest_pause: float = 0.0
    readiness: float = 0.0
    lies_until: float = 0.0

    def excuses_503(self, visitor: Visitor, started: float) -> bool:
        """Whether somebody may still be told that Ory is ill; those without a session for as long as bad news last."""
        if self.well_since is None:
            return True
        is_there = visitor.level and not visitor.is_leaving
        grace = self.longest_pause if is_there else max(self.longest_pause, self.readiness)
        return bool(grace) and started < self.well_since + grace + SLACK


class Answer(NamedTuple):
    """What the site answered; status 0 is no answer."""

    status: int
    body: str
    headers: Mapping[str, str]


class Visit(NamedTuple):
    """One request of somebody."""

    phase: str
    visitor: str
    page: str
    started: float
    seconds: float
    verdict: Verdict
    detail: str


def judge(visitor: Visitor, page: str, answer: Answer, started: float, before: Weather, after: Weather) -> Verdict:
    """What ``answer`` is worth; the weather may have changed while it was made."""
    if answer.status == 500:
        return Verdict.ERROR
    if page in ("public", "greeting"):
        own = {f"{page} of {NOBODY}", f"{page} of {visitor.person if page == 'greeting' else NOBODY}"}
        if answer.status != 200:
            return Verdict.BROKEN
        return Verdict.SHOWN if answer.body in own else Verdict.WRONG_ALLOW
    if answer.status == 200:
        return _judge_shown(visitor, page, answer, started)
    if answer.status == 503:
        if "Retry-After" not in answer.headers:
            return Verdict.BROKEN
        is_excused = before is not after or before.excuses_503(visitor, started)
        return Verdict.UNAVAILABLE if is_excused else Verdict.LATE
    if answer.status not in REFUSALS:
        return Verdict.BROKEN
    return _judge_refusal(visitor, page, answer, is_lying=started < max(before.lies_until, after.lies_until))


def _judge_shown(visitor: Visitor, page: str, answer: Answer, started: float) -> Verdict:
    is_right = visitor.may_see(page) and not visitor.is_surely_gone(started)
    return Verdict.SHOWN if is_right and answer.body == f"{page} of {visitor.person}" else Verdict.WRONG_ALLOW


def _judge_refusal(visitor: Visitor, page: str, answer: Answer, *, is_lying: bool) -> Verdict:
    if not visitor.may_see(page) or visitor.is_leaving:
        return Verdict.REFUSED
    # Whether there is a second factor could not be found out; the contract is to ask for it then, as the guide does.
    is_unsure = page == "highest" and not visitor.is_enrolled and "aal=aal2" in answer.headers.get("Location", "")
    if is_unsure:
        return Verdict.STEP_UP
    return Verdict.EXCUSED if is_lying else Verdict.WRONG_REFUSAL


def ask(port: int, path: str, headers: Mapping[str, str], *, method: str = "GET") -> Answer:
    """One request on a connection of its own, so that any worker may take it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, headers={"Connection": "close", **headers})
        response = connection.getresponse()
        return Answer(response.status, response.read().decode(errors="replace"), dict(response.getheaders()))
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, type(error).__name__, {})
    finally:
        connection.close()


class Crowd:
    """Visitors who come again and again, until ``close``."""

    def __init__(self, port: int, visitors: list[Visitor], *, guarded: int, public: int) -> None:
        self.visits: list[Visit] = []
        self.weather = Weather("calm")
        self.visitors = visitors
        self._port = port
        self._is_over = threading.Event()
        loops: list[Callable[[], str]] = [self._any_page] * guarded + [lambda: "public"] * public
        self._threads = [threading.Thread(target=self._visit, args=(choose,), daemon=True) for choose in loops]
        for thread in self._threads:
            thread.start()

    def wait(self, seconds: float) -> None:
        """Lets them visit for ``seconds``."""
        self._is_over.wait(seconds)

    def close(self) -> None:
        """Has them go when they have their answers."""
        self._is_over.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _any_page(self) -> str:
        return random.choice((*GUARDED, *GUARDED, "greeting"))

    def _visit(self, choose: Callable[[], str]) -> None:
        while not self._is_over.wait(THINKING * random.random() * 2):
            visitor, page = random.choice(self.visitors), choose()
            before, started = self.weather, time.monotonic()
            answer = ask(self._port, f"/{page}/", visitor.headers)
            seconds = time.monotonic() - started
            verdict = judge(visitor, page, answer, started, before, self.weather)
            detail = (
                f"{answer.status} {answer.body[:80]!r} {answer.headers.get('Location', '')}" if verdict in WRONG else ""
            )
            self.visits.append(Visit(before.phase, visitor.name, page, started, seconds, verdict, detail))
