"""The only HTTP of the package: the calls to Ory."""

from __future__ import annotations

import http.client
import os
import threading
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import requests
import urllib3
from django.views.decorators.debug import sensitive_variables
from requests.adapters import BaseAdapter, HTTPAdapter

from django_ory_mfa import __version__
from django_ory_mfa.conf import conf
from django_ory_mfa.core.answer import Answer
from django_ory_mfa.deadline import Deadline, cover

if TYPE_CHECKING:
    from django_ory_mfa.core.credentials import Credential

LARGEST_BODY = 1024 * 1024
CHUNK = 64 * 1024
HEADERS = {
    "Accept": "application/json",
    # So that the limit above counts what arrives, and no small answer unfolds into a large one.
    "Accept-Encoding": "identity",
    "User-Agent": f"django-ory-mfa/{__version__}",
}


class OryClient:
    """Calls Ory below one URL. Every call returns an ``Answer`` and raises nothing for what the network does."""

    def __init__(self, url: str, transport: BaseAdapter | None = None) -> None:
        self._url = url
        self._session = NoRedirects()
        # SECURITY: a shared jar would sign the next visitor in as the last one.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # Proxies and CA bundle are read from the environment here, once; .netrc must not be read at all.
        self._proxies = requests.utils.get_environ_proxies(url)
        self._verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
        self._session.trust_env = False
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, transport or DeadlineAdapter(pool_maxsize=conf.max_concurrency))
        self._prepared: dict[tuple[str, str], requests.PreparedRequest] = {}

    def whoami(self, credential: Credential, *, fresh: bool = False) -> Answer:
        """The session of ``credential``; ``fresh`` passes by the edge cache of Ory Network.

        https://www.ory.sh/docs/reference/api#tag/frontend/operation/toSession
        """
        bypass = {"Cache-Control": "max-age=0"} if fresh else {}
        return self._call("GET", "/sessions/whoami", {**credential.headers(), **bypass})

    def settings_flow(self, credential: Credential) -> Answer:
        """A settings flow, which shows whether the person has a second factor.

        https://www.ory.sh/docs/reference/api#tag/frontend/operation/createBrowserSettingsFlow
        """
        kind = "browser" if credential.is_cookie else "api"
        return self._call("GET", f"/self-service/settings/{kind}", credential.headers())

    def flow(self, kind: str, flow_id: str, cookies: str) -> Answer:
        """A ``login`` or ``settings`` flow by its id, as the browser that holds ``cookies`` sees it.

        https://www.ory.sh/docs/reference/api#tag/frontend/operation/getLoginFlow
        """
        return self._call("GET", f"/self-service/{kind}/flows", {"Cookie": cookies}, query={"id": flow_id})

    def flow_error(self, error_id: str, cookies: str) -> Answer:
        """The error that Ory kept while it sent the browser to the error page.

        https://www.ory.sh/docs/reference/api#tag/frontend/operation/getFlowError
        """
        return self._call("GET", "/self-service/errors", {"Cookie": cookies}, query={"id": error_id})

    def logout_flow(self, credential: Credential) -> Answer:
        """A logout flow for a session cookie, whose token the browser has to present.

        https://www.ory.sh/docs/reference/api#tag/frontend/operation/createBrowserLogoutFlow
        """
        return self._call("GET", "/self-service/logout/browser", credential.headers())

    def revoke_token(self, credential: Credential) -> Answer:
        """Ends the session of a session token.

        https://www.ory.sh/docs/reference/api#tag/frontend/operation/performNativeLogout
        """
        return self._call("DELETE", "/self-service/logout/api", {}, json={"session_token": credential.value})

    @sensitive_variables()
    def _call(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        *,
        query: Mapping[str, str] | None = None,
        json: object = None,
    ) -> Answer:
        with Deadline(conf.timeout.total) as deadline:
            try:
                request = self._prepare(method, path)
                request.headers.update(headers)
                if query is not None:
                    request.prepare_url(request.url, query)
                if json is not None:
                    request.prepare_body(None, None, json=json)
                return self._send(request, deadline)
            except (requests.Timeout, urllib3.exceptions.TimeoutError):
                return Answer.failed("timeout")
            except Exception as error:
                # SECURITY: an error that went on would take the frames of the libraries, with the request in them,
                # into Django's reports. Its text may quote the request too, its class does not.
                return Answer.failed("timeout" if deadline.has_passed else type(error).__name__)

    @sensitive_variables()
    def _send(self, request: requests.PreparedRequest, deadline: Deadline) -> Answer:
        with self._session.send(
            request,
            allow_redirects=False,
            proxies=self._proxies,
            stream=True,
            timeout=(conf.timeout.connect, conf.timeout.total),
            verify=self._verify,
        ) as response:
            return _read(response, deadline)

    def _prepare(self, method: str, path: str) -> requests.PreparedRequest:
        # Building a request costs as much as half the call; copying one costs next to nothing.
        key = (method, path)
        if key not in self._prepared:
            self._prepared[key] = requests.Request(method, self._url + path, headers=HEADERS).prepare()
        return self._prepared[key].copy()


class NoRedirects(requests.Session):
    """A session that does not even look where a redirect goes; ``allow_redirects=False`` would read its whole body."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """No answer is a redirect."""


class FinalResponse(http.client.HTTPResponse):
    """The final answer to a request; ``http.client`` itself knows no interim answer but 100."""

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]  # not in typeshed
            if not 102 <= status < 200:
                return version, status, reason
            # 103 Early Hints and the like (RFC 9110, section 15.2) come before the answer.
            http.client.parse_headers(self.fp)


class Covered:
    """A connection whose answer has to come within the deadline of the thread."""

    sock: Any
    response_class: Any = FinalResponse

    def getresponse(self) -> Any:
        """Waits for the final answer."""
        cover(self.sock)
        response = super().getresponse()  # type: ignore[misc]  # the connection stands to the right
        if response.status < 200:
            # SECURITY: what follows on this connection would be read as the answer to somebody else's request.
            self.close()  # type: ignore[attr-defined]  # likewise
            raise urllib3.exceptions.ProtocolError("no final answer")
        return response


class CoveredHTTPConnection(Covered, urllib3.connection.HTTPConnection):
    """Plain HTTP."""


class CoveredHTTPSConnection(Covered, urllib3.connection.HTTPSConnection):
    """HTTP over TLS."""


class CoveredHTTPPool(urllib3.HTTPConnectionPool):
    """Connections to one host, by plain HTTP."""

    ConnectionCls = CoveredHTTPConnection


class CoveredHTTPSPool(urllib3.HTTPSConnectionPool):
    """Connections to one host, over TLS."""

    ConnectionCls = CoveredHTTPSConnection


class DeadlineAdapter(HTTPAdapter):
    """The network, with connections that keep to the deadline of the calling thread."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Called by requests for direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> urllib3.ProxyManager:
        """Called by requests for connections through a proxy; a SOCKS proxy brings pools of its own."""
        manager: urllib3.ProxyManager = super().proxy_manager_for(proxy, **kwargs)
        if type(manager) is urllib3.ProxyManager:
            manager.pool_classes_by_scheme = POOLS
        return manager


POOLS = {"http": CoveredHTTPPool, "https": CoveredHTTPSPool}


def _read(response: requests.Response, deadline: Deadline) -> Answer:
    body = bytearray()
    while chunk := response.raw.read1(CHUNK, decode_content=False):
        body += chunk
        if len(body) > LARGEST_BODY:
            return Answer.failed("body too large")
    if deadline.has_passed:
        # What was read before the socket was shut down is not all.
        return Answer.failed("timeout")
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, bytes(body))


_clients: dict[tuple[int, str], OryClient] = {}
_clients_lock = threading.Lock()
_transport: BaseAdapter | None = None


def get_client() -> OryClient:
    """The client for the configured URL in this process; connections must not be shared across a fork."""
    key = (os.getpid(), conf.sdk_url)
    with _clients_lock:
        if key not in _clients:
            _clients[key] = OryClient(key[1], _transport)
        return _clients[key]


def use_transport(transport: BaseAdapter | None) -> BaseAdapter | None:
    """Makes every client from now on talk through ``transport``, None is the network; returns the one before."""
    global _transport
    with _clients_lock:
        before, _transport = _transport, transport
        _clients.clear()
    return before
