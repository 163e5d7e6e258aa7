"""An Ory in memory, for tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any, Protocol

from django_ory_mfa.testing._bodies import server_error
from django_ory_mfa.testing._config import METHOD_AAL, SECOND_FACTORS, V1_3_1
from django_ory_mfa.testing._endpoints import dispatch
from django_ory_mfa.testing._http import Call, FakeRequest, FakeResponse, Header, json_answer
from django_ory_mfa.testing._identity import checked_factors
from django_ory_mfa.testing._people import FakeSession
from django_ory_mfa.testing._state import FakeState

if TYPE_CHECKING:
    from django_ory_mfa.testing.requests import Request

WHOAMI = "/sessions/whoami"
TOO_DEEP = "JSON is nested deeper than Python reads or writes it"

_EXCEPTIONS: dict[str, type[OSError]] = {"connect-error": ConnectionRefusedError, "timeout": TimeoutError}


class HasCookies(Protocol):
    """A test client: Django's ``Client`` and ``AsyncClient`` are."""

    @property
    def cookies(self) -> SimpleCookie:
        """What the client sends with every request."""


class FakeOry(FakeState):
    """An Ory in memory that answers as the recorded servers of ``version`` do."""

    def __init__(
        self,
        version: str = V1_3_1,
        *,
        public_url: str = "http://127.0.0.1:4433",
        required_aal: str = "highest_available",
        settings_required_aal: str = "highest_available",
        code_mfa: bool = False,
        cookie_name: str = "ory_kratos_session",
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.version = version
        self.public_url = public_url
        self.required_aal = required_aal
        self.settings_required_aal = settings_required_aal
        self.code_mfa = code_mfa
        self.cookie_name = cookie_name
        self.now = now or _utc_now
        self.calls: list[Call] = []
        self.identities = []
        self.sessions = []
        self.messages = []
        self.flows = {}
        self.errors = {}
        self.parked = {}
        self._cookies = {}
        self._tokens = {}
        self._failures: dict[str | None, FakeResponse | str] = {}
        self._lock = threading.RLock()

    def handle(self, method: str, target: str, headers: Sequence[Header], body: bytes = b"") -> FakeResponse:
        """Return the response to one request for ``target``, a path and query below the public URL."""
        request = FakeRequest.read(method, target, headers, body)
        with self._lock:
            self.calls.append(request.as_call())
            try:
                response = self._failure_of(request.path) or dispatch(self, request)
            except RecursionError:
                # One person with such traits is no outage for the others.
                response = json_answer(self, request, 500, server_error(TOO_DEEP))
        return replace(response, body=b"") if request.method == "HEAD" else response

    def fail(
        self, status: int = 503, body: bytes = b"", headers: Iterable[Header] = (), path: str | None = WHOAMI
    ) -> None:
        """Respond like this to every call of ``path`` (None: of any path) until ``recover()``."""
        self._failures[path] = FakeResponse(status, list(headers), body)

    def fail_with(self, exception_name: str, path: str | None = None) -> None:
        """Let every call of ``path`` (None: of any path) fail until ``recover()``: "connect-error" or "timeout"."""
        if exception_name not in _EXCEPTIONS:
            raise ValueError(f"exception_name must be one of {', '.join(_EXCEPTIONS)}, not {exception_name!r}")
        self._failures[path] = exception_name

    def recover(self) -> None:
        """End all failures."""
        self._failures.clear()
        self.database_down = False

    def login(
        self,
        client: HasCookies,
        *,
        aal: str = "aal2",
        age: float | timedelta = 0,
        methods: Iterable[str] | None = None,
        email: str | None = None,
        second_factors: Iterable[str] | None = None,
        traits: Mapping[str, object] | None = None,
        lifespan: float = 3600,
        user: object | None = None,
    ) -> FakeSession:
        """Sign a new person in with a test client, at a level, by methods whose proofs are ``age`` old.

        ``user`` is a Django user of a site with ``django_ory_mfa.contrib.auth``: their own identity, linked, signs in.
        """
        proved = self._methods_for(aal, methods, second_factors)
        used = {method for method in proved if self.aal_of(method) == "aal2"}
        factors = used | set(second_factors or ())
        if user is None:
            identity = self.add_identity(email=email, traits=traits, second_factors=factors)
        else:
            from django_ory_mfa.testing.users import identity_of

            identity = identity_of(self, user, email=email, traits=traits)
            for factor in factors:
                identity.enrol(factor)
        session = self.add_session(identity, *((method, age) for method in proved), lifespan=lifespan)
        client.cookies[self.cookie_name] = session.cookie
        return session

    async def alogin(self, client: HasCookies, **arguments: Any) -> FakeSession:
        """``login`` for async tests, without blocking the event loop."""
        from django_ory_mfa.testing.requests import in_thread

        return await in_thread(self.login, client, **arguments)

    def request(self, request: Request, **arguments: Any) -> Request:
        """Sign a person in for a request of ``RequestFactory``; the arguments are those of ``login``.

        ``request.ory_session`` works then, and ``request.user`` on a site with ``OryUserMiddleware``.
        """
        from django_ory_mfa.testing.requests import CookieJar, equip

        jar = CookieJar()
        self.login(jar, **arguments)
        return equip(request, jar)

    def _methods_for(self, aal: str, methods: Iterable[str] | None, second_factors: Iterable[str] | None) -> list[str]:
        """First factors, then second factors, each in the order of the table."""
        if aal not in {"aal1", "aal2"}:
            raise ValueError(f"aal must be aal1 or aal2, not {aal!r}")
        if methods is None:
            methods = {self._default_second_factor(second_factors)} if aal == "aal2" else {"password"}
        elif isinstance(methods, str):
            raise ValueError(f"methods must be a set of names, not the text {methods!r}")
        by_level = self._by_level(methods)
        if aal == "aal1" and by_level["aal2"]:
            raise ValueError(f"aal1 cannot have second factors among its methods: {', '.join(by_level['aal2'])}")
        if aal == "aal2" and not by_level["aal2"]:
            first = ", ".join(by_level["aal1"]) or "none"
            raise ValueError(f"aal2 needs a second factor among its methods, but there is only: {first}")
        return (by_level["aal1"] or ["password"]) + by_level["aal2"]

    def _by_level(self, methods: Iterable[str]) -> dict[str, list[str]]:
        levels: dict[str, list[str]] = {"aal1": [], "aal2": []}
        order = list(METHOD_AAL)
        for method in sorted(set(methods), key=lambda name: order.index(name) if name in order else -1):
            levels[self.aal_of(method)].append(method)
        return levels

    def _default_second_factor(self, second_factors: Iterable[str] | None) -> str:
        if second_factors is None:
            return "totp"
        factors = checked_factors(second_factors)
        if not factors:
            raise ValueError("aal2 needs at least one second factor, but second_factors is empty")
        return next(factor for factor in SECOND_FACTORS if factor in factors)

    def _failure_of(self, path: str) -> FakeResponse | None:
        failure = self._failures.get(path, self._failures.get(None))
        if isinstance(failure, str):
            raise _EXCEPTIONS[failure](failure)
        return failure


def _utc_now() -> datetime:
    return datetime.now(UTC)
