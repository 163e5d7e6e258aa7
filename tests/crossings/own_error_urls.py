"""Views that fail, with error handlers of the site that show who is there; one makes a page where no view is."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse

from tests.crossings.error_urls import urlpatterns
from tests.crossings.pages import MEMBERS_ONLY, who

__all__ = ["urlpatterns"]


def error(request: Any, exception: Any = None, *, status: int) -> HttpResponse:
    return HttpResponse(f"{status}: {who(request)}", status=status)


def shell(request: Any, exception: Any) -> HttpResponse:
    """The page of an application that runs in the browser and knows its own paths."""
    if request.path == "/shell/":
        return HttpResponse(f"{MEMBERS_ONLY}: {who(request)}")
    return error(request, status=404)


handler400, handler403, handler500 = (partial(error, status=status) for status in (400, 403, 500))
handler404 = shell
