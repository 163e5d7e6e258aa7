"""A fake Ory behind ``requests``, without a socket."""

from __future__ import annotations

import io
from collections.abc import Mapping
from email.message import Message
from http.client import responses
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse
from urllib3._collections import HTTPHeaderDict

from django_ory_mfa.testing._http import FakeResponse, Header
from django_ory_mfa.testing.fake import FakeOry

_PORTS = {"http": 80, "https": 443}


class FakeOryTransport(HTTPAdapter):
    """Mount this on a ``requests.Session``: ``ory`` answers its calls to ``url``, or to the public URL of ``ory``."""

    def __init__(self, ory: FakeOry, url: str | None = None) -> None:
        super().__init__()
        self.ory = ory
        self._url = url

    @property
    def url(self) -> str:
        """The URL that the fake replaces; the public URL of the fake may change while this is mounted."""
        return self._url or self.ory.public_url

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 (the signature is that of requests)
        timeout: float | tuple[float | None, float | None] | None = None,
        verify: bool | str = True,  # noqa: FBT001, FBT002
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Return the response of the fake, in the calling thread; nothing is sent."""
        try:
            answer = self.ory.handle(request.method or "", self._target(request), _headers(request), _body(request))
        except TimeoutError as error:
            raise requests.ReadTimeout(str(error), request=request) from error
        except ConnectionError as error:
            raise requests.ConnectionError(str(error), request=request) from error
        return self.build_response(request, _urllib3_response(request, answer))

    def _target(self, request: requests.PreparedRequest) -> str:
        base, url = urlsplit(self.url), urlsplit(request.url or "")
        origins = {(part.scheme, part.hostname, part.port or _PORTS.get(part.scheme)) for part in (base, url)}
        if len(origins) > 1 or not f"{url.path}/".startswith(f"{base.path}/"):
            raise ConnectionRefusedError(f"{url.scheme}://{url.netloc} is not the fake Ory at {self.url}")
        path = url.path.removeprefix(base.path)
        return f"{path}?{url.query}" if url.query else path


class _Original:
    """The raw response from which ``requests`` reads cookies, to fill a cookie jar if there were one."""

    def __init__(self, headers: list[Header]) -> None:
        self.msg = Message()
        for name, value in headers:
            self.msg[name] = value

    def isclosed(self) -> bool:
        return True

    def close(self) -> None:
        """Do nothing: no connection is open."""


def _headers(request: requests.PreparedRequest) -> list[Header]:
    return [(_text(name), _text(value)) for name, value in request.headers.items()]


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _body(request: requests.PreparedRequest) -> bytes:
    return request.body if isinstance(request.body, bytes) else str(request.body or "").encode()


def _urllib3_response(request: requests.PreparedRequest, answer: FakeResponse) -> HTTPResponse:
    return HTTPResponse(
        body=io.BytesIO(answer.body),
        headers=HTTPHeaderDict(answer.headers),
        status=answer.status,
        reason=responses.get(answer.status),
        preload_content=False,
        decode_content=False,
        request_method=request.method,
        original_response=_Original(answer.headers),  # type: ignore[arg-type]
    )
