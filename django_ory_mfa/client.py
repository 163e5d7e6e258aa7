"""The only HTTP of the package: the calls to Ory."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING

import requests
import urllib3
from django.views.decorators.debug import sensitive_variables
from requests.adapters import BaseAdapter, HTTPAdapter

from django_ory_mfa import __version__
from django_ory_mfa.conf import conf
from django_ory_mfa.core.answer import Answer

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
        self._session = requests.Session()
        # SECURITY: a shared jar would sign the next visitor in as the last one.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # Proxies and CA bundle are read from the environment here, once; .netrc must not be read at all.
        self._proxies = requests.utils.get_environ_proxies(url)
        self._verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
        self._session.trust_env = False
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, transport or HTTPAdapter(pool_maxsize=conf.max_concurrency))
        self._prepared: dict[tuple[str, str], requests.PreparedRequest] = {}

    def whoami(self, credential: Credential, *, fresh: bool = False) -> Answer:
        """The session of ``credential``; ``fresh`` passes by the edge cache of Ory Network.

        https://www.ory.sh/docs/reference/api#tag/frontend/operation/toSession
        """
        bypass = {"Cache-Control": "max-age=0"} if fresh else {}
        return self._call("GET", "/sessions/whoami", credential, bypass)

    def settings_flow(self, credential: Credential) -> Answer:
        """A settings flow, which shows whether the person has a second factor.

        https://www.ory.sh/docs/reference/api#tag/frontend/operation/createBrowserSettingsFlow
        """
        kind = "browser" if credential.is_cookie else "api"
        return self._call("GET", f"/self-service/settings/{kind}", credential)

    def logout_flow(self, credential: Credential) -> Answer:
        """A logout flow for a session cookie, whose token the browser has to present.

        https://www.ory.sh/docs/reference/api#tag/frontend/operation/createBrowserLogoutFlow
        """
        return self._call("GET", "/self-service/logout/browser", credential)

    def revoke_token(self, credential: Credential) -> Answer:
        """Ends the session of a session token.

        https://www.ory.sh/docs/reference/api#tag/frontend/operation/performNativeLogout
        """
        return self._call("DELETE", "/self-service/logout/api", None, json={"session_token": credential.value})

    @sensitive_variables()
    def _call(
        self,
        method: str,
        path: str,
        credential: Credential | None,
        headers: Mapping[str, str] | None = None,
        json: object = None,
    ) -> Answer:
        request = self._prepare(method, path)
        request.headers.update({**(credential.headers() if credential else {}), **(headers or {})})
        if json is not None:
            request.prepare_body(None, None, json=json)
        return self._send(request)

    @sensitive_variables()
    def _send(self, request: requests.PreparedRequest) -> Answer:
        timeout = conf.timeout
        deadline = time.monotonic() + timeout.total
        try:
            with self._session.send(
                request,
                allow_redirects=False,
                proxies=self._proxies,
                stream=True,
                timeout=(timeout.connect, timeout.total),
                verify=self._verify,
            ) as response:
                return _read(response, deadline)
        except (requests.Timeout, urllib3.exceptions.TimeoutError):
            return Answer.failed("timeout")
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
            # ValueError covers UnicodeError. The text of an error may quote the request, its class does not.
            return Answer.failed(type(error).__name__)

    def _prepare(self, method: str, path: str) -> requests.PreparedRequest:
        # Building a request costs as much as half the call; copying one costs next to nothing.
        key = (method, path)
        if key not in self._prepared:
            self._prepared[key] = requests.Request(method, self._url + path, headers=HEADERS).prepare()
        return self._prepared[key].copy()


def _read(response: requests.Response, deadline: float) -> Answer:
    body = bytearray()
    while chunk := response.raw.read1(CHUNK, decode_content=False):
        body += chunk
        if len(body) > LARGEST_BODY:
            return Answer.failed("body too large")
        if time.monotonic() > deadline:
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


def use_transport(transport: BaseAdapter | None) -> None:
    """Makes every client from now on talk through ``transport``; None is the network. For tests."""
    global _transport
    with _clients_lock:
        _transport = transport
        _clients.clear()
