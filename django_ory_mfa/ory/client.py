"""The calls to Ory over HTTP."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import requests
import urllib3
from django.views.decorators.debug import sensitive_variables
from requests.adapters import BaseAdapter

from django_ory_mfa import __version__
from django_ory_mfa.conf import Timeout, conf
from django_ory_mfa.core.answer import BREAKER, HELD_BACK, LATE, Answer, may_be_provoked
from django_ory_mfa.core.settings_flow import without_secrets
from django_ory_mfa.core.whoami import limit_reset
from django_ory_mfa.metrics import Event, count
from django_ory_mfa.ory.breaker import Breaker
from django_ory_mfa.ory.connections import DeadlineAdapter, StaleConnection
from django_ory_mfa.ory.deadline import Deadline
from django_ory_mfa.ory.lanes import Caller
from django_ory_mfa.ory.rate_limit import RateLimit
from django_ory_mfa.ory.recent_answer import RecentAnswer
from django_ory_mfa.runtime.clock import monotonic

if TYPE_CHECKING:
    from django_ory_mfa.core.credentials import Credential

# Errors that end a connection which was open; they can also occur during a TLS handshake.
BROKEN = (urllib3.exceptions.ProtocolError, urllib3.exceptions.SSLError, requests.exceptions.SSLError)
LARGEST_BODY = 1024 * 1024
CHUNK = 64 * 1024
READINESS_SECONDS = 1.0
LIMIT_SECONDS = 1.0  # if Ory names none
STRANGER, KNOWN = Caller(is_known=False), Caller()
HEADERS = {
    "Accept": "application/json",
    # No compression, so that LARGEST_BODY limits what is held in memory.
    "Accept-Encoding": "identity",
    "User-Agent": f"django-ory-mfa/{__version__}",
}


class OryClient:
    """Calls the Ory at one URL. Every call returns an ``Answer``; network errors are never raised.

    ``caller`` is the visitor who causes a call. Unless Ory recognised their credential before, Ory may not be asked
    while it limits requests.
    """

    def __init__(self, url: str, transport: BaseAdapter | None = None) -> None:
        self.url = url
        # SECURITY: no requests.Session. Its cookie jar would sign the next visitor in as the last one, and it would
        # follow redirects and read .netrc.
        self._adapter = transport or DeadlineAdapter(pool_maxsize=conf.max_concurrency)
        # Proxies and the CA bundle are read from the environment once, here.
        self._proxies = requests.utils.get_environ_proxies(url)
        self._verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
        self._breaker = Breaker()
        self._readiness = RecentAnswer(self._ask_readiness)
        # One for each first segment of a path: Ory may limit them apart, and junk flows must not hold up new sessions.
        self._rate_limits: defaultdict[str, RateLimit] = defaultdict(RateLimit)
        self._prepared: dict[tuple[str, str], requests.PreparedRequest] = {}

    def whoami(self, credential: Credential, caller: Caller = STRANGER, *, fresh: bool = False) -> Answer:
        """Ask Ory for the session of ``credential``; ``fresh`` bypasses the edge cache of Ory Network.

        If Ory recognised the credential of ``caller`` before, a failure counts as Ory's and not the visitor's.
        https://www.ory.sh/docs/reference/api#tag/frontend/operation/toSession
        """
        bypass = {"Cache-Control": "max-age=0"} if fresh else {}
        # No variable holds both, since error reports show variables.
        return self._call(
            "GET", "/sessions/whoami", {**credential.headers(), **bypass}, caller, is_evidence=caller.is_known
        )

    def settings_flow(self, credential: Credential, caller: Caller = STRANGER) -> Answer:
        """Open a settings flow, and keep only what shows whether the person has a second factor.

        https://www.ory.sh/docs/reference/api#tag/frontend/operation/createBrowserSettingsFlow
        """
        kind = "browser" if credential.is_cookie else "api"
        return without_secrets(self._call("GET", f"/self-service/settings/{kind}", credential.headers(), caller))

    @sensitive_variables()
    def flow(self, kind: str, flow_id: str, cookies: str, caller: Caller = STRANGER) -> Answer:
        """Fetch a flow of ``kind``, such as ``login``, by its id, with the ``cookies`` of the browser it belongs to.

        https://www.ory.sh/docs/reference/api#tag/frontend/operation/getLoginFlow
        """
        return self._call("GET", f"/self-service/{kind}/flows", {"Cookie": cookies}, caller, query={"id": flow_id})

    @sensitive_variables()
    def flow_error(self, error_id: str, cookies: str, caller: Caller = STRANGER) -> Answer:
        """Fetch the error that Ory stored when it redirected the browser to the error page.

        https://www.ory.sh/docs/reference/api#tag/frontend/operation/getFlowError
        """
        return self._call("GET", "/self-service/errors", {"Cookie": cookies}, caller, query={"id": error_id})

    def webauthn_script(self, caller: Caller = STRANGER) -> Answer:
        """Fetch Ory's script for security keys and passkeys."""
        return self._call("GET", "/.well-known/ory/webauthn.js", {}, caller)

    def logout_flow(self, credential: Credential, caller: Caller = STRANGER) -> Answer:
        """Create a logout flow for a session cookie; the browser has to send its token to Ory.

        https://www.ory.sh/docs/reference/api#tag/frontend/operation/createBrowserLogoutFlow
        """
        return self._call("GET", "/self-service/logout/browser", credential.headers(), caller)

    def revoke_token(self, credential: Credential, caller: Caller = STRANGER) -> Answer:
        """End the session of a session token.

        https://www.ory.sh/docs/reference/api#tag/frontend/operation/performNativeLogout
        """
        return self._call("DELETE", "/self-service/logout/api", {}, caller, json={"session_token": credential.value})

    def ready(self) -> Answer:
        """Ask Ory whether it is ready, including its database; status 503 if it is not.

        https://www.ory.sh/docs/reference/api#tag/metadata/operation/isReady
        """
        # No visitor causes it: it is asked once in a while, whoever comes.
        return self._call("GET", "/health/ready", {}, KNOWN, is_evidence=True)

    @property
    def is_known_to_be_down(self) -> bool:
        """Whether the readiness check failed within the last second."""
        return (known := self._readiness.known) is not None and known.is_outage

    def _ask_readiness(self) -> Answer:
        timeout = conf.timeout
        seconds = min(READINESS_SECONDS, timeout.total)
        return self._counted("GET", "/health/ready", {}, None, None, Timeout(timeout.connect, seconds))

    @sensitive_variables()
    def _call(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        caller: Caller,
        *,
        query: Mapping[str, str] | None = None,
        json: object = None,
        is_evidence: bool = False,
    ) -> Answer:
        limit = self._rate_limits[path.split("/")[1]]
        left = 0 if caller.is_known else limit.allow(caller.address)
        if left:
            count(Event.HELD_BACK)
            return Answer(429, failure=HELD_BACK, retry_after=left)
        answer = self._call_unless_down(method, path, headers, query, json, is_evidence=is_evidence)
        if answer.status == 429:
            limit.begin(limit_reset(answer) or LIMIT_SECONDS)
        return answer

    @sensitive_variables()
    def _call_unless_down(
        self, method: str, path: str, headers: Mapping[str, str], *rest: Any, is_evidence: bool
    ) -> Answer:
        pause = 0 if self._breaker.is_closed else self._breaker.allow(conf.timeout.total)
        pauses = self._breaker.pauses
        if pause:
            count(Event.BREAKER_REFUSED)
            return Answer.failed(BREAKER, is_outage=True, retry_after=pause)
        answer = self._counted(method, path, headers, *rest, conf.timeout)
        if is_evidence or not may_be_provoked(answer):
            self._judge(answer, pauses)
        elif answer is LATE:
            # SECURITY: one visitor's request may make Ory hang, so a time-out counts as a failure only if the readiness
            # check fails too. It runs in the background, because the visitor has waited long enough.
            self._readiness.on_answer(partial(self._judge_late, pauses))
        else:
            self._breaker.inconclusive(pauses)
        return answer

    def _judge_late(self, pauses: int, readiness: Answer) -> None:
        if readiness.is_outage:
            self._judge(LATE, pauses)
        else:
            self._breaker.inconclusive(pauses)

    @sensitive_variables()
    def _counted(self, method: str, path: str, headers: Mapping[str, str], *rest: Any) -> Answer:
        started = monotonic()
        answer = self._answer(method, path, headers, *rest)
        count(Event.CALL, monotonic() - started)
        _count_failure(answer)
        return answer

    @sensitive_variables()
    def _answer(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None,
        json: object,
        timeout: Timeout,
    ) -> Answer:
        with Deadline(timeout.total) as deadline:
            try:
                request = self._prepare(method, path)
                request.headers.update(headers)
                if query is not None:
                    request.prepare_url(request.url, query)
                if json is not None:
                    request.prepare_body(None, None, json=json)
                return self._send(request, timeout, deadline)
            except (requests.Timeout, urllib3.exceptions.TimeoutError):
                return LATE
            except Exception as error:
                # SECURITY: if the error propagated, the stack frames of the libraries, with the request in them,
                # would appear in Django's error reports. Its message may quote the request too; its class does not.
                if deadline.has_passed:
                    return LATE
                # A ValueError is caused by this request, and says nothing about Ory.
                return Answer.failed(
                    type(error).__name__, is_outage=not isinstance(error, ValueError), is_broken=_broke(error)
                )

    def _judge(self, answer: Answer, pauses: int) -> None:
        if not (answer.status or answer.is_outage):
            self._breaker.inconclusive(pauses)
        elif not answer.is_outage:
            self._breaker.succeeded()
        elif self._breaker.failed(pauses):
            count(Event.BREAKER_OPENED)

    @sensitive_variables()
    def _send(self, request: requests.PreparedRequest, timeout: Timeout, deadline: Deadline) -> Answer:
        try:
            return self._send_once(request, timeout, deadline)
        except requests.ConnectionError as error:
            # A stale connection says nothing about the current state of Ory, so the call is repeated once.
            if not any(isinstance(cause, StaleConnection) for cause in error.args):
                raise
            count(Event.RETRY)
            # Other kept-alive connections may be stale too.
            deadline.wants_new_connection = True
            return self._send_once(request, timeout, deadline)

    @sensitive_variables()
    def _send_once(self, request: requests.PreparedRequest, timeout: Timeout, deadline: Deadline) -> Answer:
        seconds = timeout.connect, timeout.total
        with self._adapter.send(
            request, stream=True, timeout=seconds, verify=self._verify, proxies=self._proxies
        ) as response:
            return _read(response, deadline)

    def _prepare(self, method: str, path: str) -> requests.PreparedRequest:
        # Preparing a request takes about half as long as the whole call; copying one takes almost no time.
        key = (method, path)
        if key not in self._prepared:
            self._prepared[key] = requests.Request(method, self.url + path, headers=HEADERS).prepare()
        return self._prepared[key].copy()


def _broke(error: Exception) -> bool:
    return any(isinstance(cause, BROKEN) for cause in (error, *error.args))


def _count_failure(answer: Answer) -> None:
    if answer.status == 429:
        count(Event.RATE_LIMITED)
    if answer is LATE:
        count(Event.TIMEOUT)


def _read(response: requests.Response, deadline: Deadline) -> Answer:
    body, raw = bytearray(), response.raw
    while chunk := raw.read1(CHUNK, decode_content=False):
        body += chunk
        if len(body) > LARGEST_BODY:
            return Answer.failed("body too large")
    if deadline.has_passed:
        # The body is incomplete: the socket was shut down at the deadline.
        return LATE
    headers = {name.lower(): value for name, value in raw.headers.itermerged()}
    set_cookies = tuple(raw.headers.getlist("Set-Cookie"))
    status = response.status_code
    return Answer(status, headers, bytes(body), set_cookies=set_cookies, is_outage=status >= 500)
