"""The emulator's pages: Django views that are called without any middleware."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

from django.core.handlers.wsgi import WSGIRequest
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.template.backends.django import DjangoTemplates
from django.template.response import SimpleTemplateResponse
from django.urls import get_resolver, set_urlconf
from django.utils import translation

import django_ory_mfa
from django_ory_mfa.testing._http import FakeResponse, Header

if TYPE_CHECKING:
    from django_ory_mfa.testing.emulator.server import Emulator

URLCONF = "django_ory_mfa.testing.emulator.urls"

logger = logging.getLogger("django_ory_mfa.emulator")


def page(emulator: Emulator, method: str, target: str, headers: Iterable[Header], body: bytes) -> FakeResponse:
    """The answer of a page; one that fails is a bare 500, and its traceback is logged."""
    request = _request(emulator, method, target, headers, body)
    language = translation.get_language_from_request(request)
    set_urlconf(URLCONF)
    try:
        with translation.override(language):
            response = _response(request)
    except Http404:
        response = HttpResponse("There is no such page.\n", status=404, content_type="text/plain")
    except Exception:
        logger.exception("A page of the emulator failed.")
        response = HttpResponse("The page failed; see the log.\n", status=500, content_type="text/plain")
    finally:
        set_urlconf(None)
    return _written(response)


def _response(request: WSGIRequest) -> HttpResponseBase:
    match = get_resolver(URLCONF).resolve(request.path_info)
    request.resolver_match = match
    response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    if isinstance(response, SimpleTemplateResponse):
        response.template_name = _templates().get_template(str(response.template_name))
        response.render()
    return response


@cache
def _templates() -> DjangoTemplates:
    """The package's templates; those that a site has in their place lead to the site's own URLs, unknown here."""
    folders = [Path(__file__).parent / "templates", Path(django_ory_mfa.__file__).parent / "templates"]
    options = {"context_processors": ["django.template.context_processors.request"]}
    return DjangoTemplates({"NAME": "ory_mfa_emulator", "DIRS": folders, "APP_DIRS": False, "OPTIONS": options})


def _request(emulator: Emulator, method: str, target: str, headers: Iterable[Header], body: bytes) -> WSGIRequest:
    path, _, query = target.partition("?")
    url = urlsplit(emulator.url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": url.hostname,
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
    }
    for name, value in headers:
        key = name.upper().replace("-", "_")
        environ["CONTENT_TYPE" if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    request = WSGIRequest(environ)
    request.ory_emulator = emulator  # type: ignore[attr-defined]
    # The hook of the login page for people whom one click fills in.
    request.ory_ui_people = emulator.people  # type: ignore[attr-defined]
    return request


def _written(response: HttpResponseBase) -> FakeResponse:
    body = b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]
    response.close()
    cookies = [("Set-Cookie", morsel.OutputString()) for morsel in response.cookies.values()]
    headers = [(name, value) for name, value in response.items() if name != "Content-Length"]
    return FakeResponse(response.status_code, [*headers, *cookies, ("Content-Length", str(len(body)))], body)
