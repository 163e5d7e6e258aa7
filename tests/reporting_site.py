"""A site's own filter for error reports, and views that break."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpResponse
from django.urls import path
from django.views.debug import SafeExceptionReporterFilter

from django_ory_mfa.http import OryHttpRequest as HttpRequest


class SiteFilter(SafeExceptionReporterFilter):
    """Hides what the site calls a secret, in the site's own way, and nothing else."""

    cleansed_substitute = "[hidden by the site]"
    hidden_settings = re.compile("BANANA")


class FilterWithState(SafeExceptionReporterFilter):
    """One that is made with arguments."""

    def __init__(self, word: str) -> None:
        self.cleansed_substitute = word


class SetsFilter:
    """Gives every request the site's filter, as Django documents it."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.exception_reporter_filter = FilterWithState("[by instance]")
        return self.get_response(request)  # type: ignore[no-any-return]


def breaks(request: HttpRequest) -> HttpResponse:
    session = request.ory_session
    message = f"broken for {session.identity and session.identity.id}"
    raise RuntimeError(message)


async def abreaks(request: HttpRequest) -> HttpResponse:
    session = await request.aory_session()
    message = f"broken for {session.identity and session.identity.id}"
    raise RuntimeError(message)


urlpatterns = [path("sync/breaks", breaks), path("async/breaks", abreaks)]
