"""A run: the programs, the phases, and what they came to."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from pathlib import Path

from django_ory_mfa.ory.breaker import LONGEST_PAUSE, SHORTEST_PAUSE
from django_ory_mfa.ory.health import NOT_READY_LASTS, READY_LASTS
from tools.chaos.faults import FAULTS, HARMLESS
from tools.chaos.people import make_leavers, make_people
from tools.chaos.proxy import Fault, Proxy
from tools.chaos.servers import (
    WORKERS,
    KratosOnFile,
    KratosOnPostgres,
    MortalKratos,
    PostgresServer,
    Process,
    RedisServer,
    SiteServer,
    make_certificate,
    memory_of,
)
from tools.chaos.visitors import SLACK, Crowd, Visit, Visitor, Weather, ask

TTL = 5.0  # seconds, where there is a cache
DATABASES: dict[str, type[KratosOnFile | KratosOnPostgres]] = {"file": KratosOnFile, "postgres": KratosOnPostgres}
RECOVERY_SHARE = 0.6  # of a phase
# Of somebody who signs out, before and after.
FEWEST_VISITS, MOST_VISITS = 20, 500


@dataclass(frozen=True)
class Phase:
    """A fault, as a context in which it lasts. ``is_harmless`` ones have to go unnoticed.

    For ``lasts_untold`` seconds Ory answers as if people were not signed in, and counts as well.
    """

    name: str
    fault: Callable[[], AbstractContextManager[object]]
    is_harmless: bool = False
    lasts_untold: float = 0.0
    is_admin_there: bool = True


@dataclass
class Ground:
    """What runs."""

    kratos: MortalKratos
    proxy: Proxy
    site: SiteServer
    redis: RedisServer | None

    @property
    def ttl(self) -> float:
        """For how long the site keeps a session."""
        return TTL if self.redis else 0.0


@dataclass
class Result:
    """What a run came to."""

    visits: list[Visit]
    phases: list[str]
    workers: int
    shown_after_sign_out: int
    memory_before: dict[int, int]
    memory_after: dict[int, int]
    log: str


def phases_of(ground: Ground) -> list[Phase]:
    """Every phase, those that have to go unnoticed first."""
    kratos, proxy, redis = ground.kratos, ground.proxy, ground.redis
    found = [Phase("calm", nullcontext, is_harmless=True)]
    found += [
        Phase(name, partial(_spoilt, proxy, fault, gently=True), is_harmless=True) for name, fault in HARMLESS.items()
    ]
    if redis:
        found += [
            Phase("redis frozen", partial(_frozen, redis.process), is_harmless=True),
            Phase("redis killed", partial(_killed, redis.process), is_harmless=True),
        ]
    found += [Phase(name, partial(_spoilt, proxy, fault)) for name, fault in FAULTS.items() if name != "unready"]
    return [
        *found,
        Phase("kratos killed", partial(_kratos_killed, kratos), is_admin_there=False),
        Phase("kratos frozen", partial(_frozen, kratos.process), is_admin_there=False),
        Phase("kratos restarted", partial(_restarting, kratos), is_admin_there=False),
        *(phases_on_file(kratos, proxy) if isinstance(kratos, KratosOnFile) else []),
        *(phases_on_postgres(kratos.postgres) if isinstance(kratos, KratosOnPostgres) else []),
    ]


def phases_on_file(kratos: KratosOnFile, proxy: Proxy) -> list[Phase]:
    """What can happen to a database in a file."""
    return [
        Phase("database locked", kratos.locked, is_admin_there=False),
        Phase(
            "database gone",
            partial(_database_gone, kratos, proxy),
            lasts_untold=READY_LASTS,
            is_admin_there=False,
        ),
        Phase("database gone, unseen", kratos.without_sessions, lasts_untold=inf, is_admin_there=False),
    ]


def phases_on_postgres(postgres: PostgresServer) -> list[Phase]:
    """What can happen to a database server. Without it Kratos says 401, and at ``/health/ready`` 503."""
    return [
        Phase("database killed", partial(_killed, postgres), lasts_untold=READY_LASTS, is_admin_there=False),
        Phase("database frozen", partial(_frozen, postgres), is_admin_there=False),
        Phase("database restarted", partial(_restarted, postgres), lasts_untold=READY_LASTS, is_admin_there=False),
    ]


@contextmanager
def standing(binary: Path, app_server: str, cache: str, database: str) -> Iterator[Ground]:
    """Everything that runs, until the end of the block."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ory-mfa-chaos-")))
        certificate = make_certificate(folder)
        kratos = stack.enter_context(closing(DATABASES[database](binary, folder)))
        proxy = stack.enter_context(closing(Proxy(kratos.public_port, certificate)))
        redis = stack.enter_context(closing(RedisServer(folder))) if cache == "redis" else None
        variables = {
            "CHAOS_ORY_URL": proxy.url,
            "CHAOS_BROWSER_URL": kratos.public_url,
            "CHAOS_CACHE_TTL": str(TTL if redis else 0),
            "CHAOS_REDIS_URL": redis.url if redis else "",
            "REQUESTS_CA_BUNDLE": str(certificate),
            "NO_PROXY": "127.0.0.1",
        }
        site = stack.enter_context(closing(SiteServer(app_server, folder, **variables)))
        yield Ground(kratos, proxy, site, redis)


def run(
    binary: Path,
    app_server: str,
    cache: str,
    *,
    seconds: float,
    guarded: int,
    database: str = "file",
    public: int = 2,
    only: Callable[[Phase], bool] = lambda _: True,
    say: Callable[[str], None] = lambda _: None,
) -> Result:
    """Plays every phase that ``only`` lets pass, in ``seconds`` all together."""
    with standing(binary, app_server, cache, database) as ground:
        phases = [phase for phase in phases_of(ground) if only(phase)]
        people = make_people(ground.kratos)
        leavers = make_leavers(ground.kratos, 2 * len(phases) + 1)
        shown, workers = sign_out_everywhere(ground, leavers.pop())
        memory = _memory(ground)
        with closing(Crowd(ground.site.port, people, guarded=guarded, public=public)) as crowd:
            for phase in phases:
                _play(phase, ground, crowd, leavers, seconds / len(phases))
                say(phase.name)
        return Result(
            visits=crowd.visits,
            phases=[phase.name for phase in phases],
            workers=workers,
            shown_after_sign_out=shown,
            memory_before=memory,
            memory_after=_memory(ground),
            log=ground.site.log,
        )


def sign_out_everywhere(ground: Ground, leaver: Visitor) -> tuple[int, int]:
    """Signs out in one worker; how often any showed a page afterwards, and how many workers were asked."""
    shown, workers = _ask_all_workers(ground, leaver)
    assert shown >= FEWEST_VISITS, shown
    assert workers == WORKERS, workers
    sign_out(ground, leaver)
    return _ask_all_workers(ground, leaver)


def _ask_all_workers(ground: Ground, leaver: Visitor) -> tuple[int, int]:
    """How often the page was shown, and by how many workers it was answered; chance says when all had their turn."""
    shown, workers = 0, set()
    for number in range(MOST_VISITS):
        # The second page is there for everybody, and says so.
        page = ("aal1", "greeting")[number % 2]
        answer = ask(ground.site.port, f"/{page}/", leaver.headers)
        shown += answer.body == f"{page} of {leaver.person}"
        workers.add(answer.headers.get("X-Worker"))
        if number + 1 >= FEWEST_VISITS and len(workers - {None}) == WORKERS:
            break
    return shown, len(workers - {None})


def sign_out(ground: Ground, leaver: Visitor) -> None:
    """The visitor signs out at the site, and the browser goes on to Ory as it is told."""
    leaver.is_leaving = True
    proof = "a" * 32
    headers = {"Cookie": f"{leaver.headers['Cookie']}; csrftoken={proof}", "X-CSRFToken": proof}
    answer = ask(ground.site.port, "/account/logout/", headers, method="POST")
    if answer.status == 303:
        path = answer.headers["Location"].removeprefix(ground.kratos.public_url)
        status = ask(ground.kratos.public_port, path, leaver.headers).status
        assert status == 303, status
        leaver.gone_at = time.monotonic()


def _play(phase: Phase, ground: Ground, crowd: Crowd, leavers: list[Visitor], seconds: float) -> None:
    regular = crowd.visitors
    signs_out, is_revoked = leavers.pop(), leavers.pop()
    is_revoked.shown_after = ground.ttl
    crowd.visitors = [*regular, signs_out, is_revoked]
    lasts = seconds * (1 - RECOVERY_SHARE)
    crowd.weather = replace(crowd.weather, phase=phase.name)
    crowd.wait(min(1.0, seconds * 0.1))
    # One leaves just before, so that a cache that still has the session meets the outage.
    sign_out(ground, signs_out)
    if not phase.is_admin_there:
        _revoke(ground, is_revoked)
    # A breaker that never saw Ory recover goes on doubling its pauses.
    was_over = time.monotonic() > (crowd.weather.well_since or 0) + crowd.weather.longest_pause + SLACK
    if not phase.is_harmless:
        lies_until = time.monotonic() + phase.lasts_untold if phase.lasts_untold else 0.0
        crowd.weather = Weather(phase.name, None, lies_until=lies_until)
    began = time.monotonic()
    with phase.fault():
        crowd.wait(lasts / 2)
        if phase.is_admin_there:
            _revoke(ground, is_revoked)
        crowd.wait(lasts / 2)
    ended = time.monotonic()
    if not phase.is_harmless:
        pause = longest_pause(ended - began) if was_over else LONGEST_PAUSE
        crowd.weather = Weather(phase.name, ended, pause, NOT_READY_LASTS)
    crowd.wait(seconds * RECOVERY_SHARE)
    crowd.visitors = regular


def _revoke(ground: Ground, leaver: Visitor) -> None:
    leaver.is_leaving = True
    ground.kratos.revoke(leaver.session_id)
    leaver.gone_at = time.monotonic()


def longest_pause(seconds: float) -> float:
    """The longest pause of the breaker that can begin while Ory fails for ``seconds``."""
    pause, begins = SHORTEST_PAUSE, 0.0
    while begins + pause < seconds:
        begins, pause = begins + pause, min(2 * pause, LONGEST_PAUSE)
        if pause == LONGEST_PAUSE:
            break
    return pause


@contextmanager
def _spoilt(proxy: Proxy, fault: Fault, *, gently: bool = False) -> Iterator[None]:
    proxy.use(fault, gently=gently)
    try:
        yield
    finally:
        proxy.use(Fault(), gently=gently)


@contextmanager
def _frozen(process: Process) -> Iterator[None]:
    process.freeze()
    try:
        yield
    finally:
        process.thaw()


@contextmanager
def _killed(process: Process) -> Iterator[None]:
    process.kill()
    try:
        yield
    finally:
        process.restart()


@contextmanager
def _kratos_killed(kratos: MortalKratos) -> Iterator[None]:
    kratos.process.kill()
    try:
        yield
    finally:
        kratos.revive()


@contextmanager
def _restarting(kratos: MortalKratos) -> Iterator[None]:
    kratos.revive()
    yield
    kratos.revive()


@contextmanager
def _restarted(process: Process) -> Iterator[None]:
    process.restart()
    yield


@contextmanager
def _database_gone(kratos: KratosOnFile, proxy: Proxy) -> Iterator[None]:
    # With a database in a file Kratos takes itself for ready all the same.
    with _spoilt(proxy, FAULTS["unready"]), kratos.without_sessions():
        yield


def _memory(ground: Ground) -> dict[int, int]:
    return {pid: memory_of(pid) for pid in ground.site.workers}
