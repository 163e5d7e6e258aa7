"""Note that a view has no page, since the page that a middleware may show in its place is not the view's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.http import Http404

from django_ory_mfa.session.request_state import RequestState, state_of

if TYPE_CHECKING:
    from types import TracebackType

    from django.http import HttpRequest

NO_PAGE = (404, 410)


class ViewCall:
    """The call of a view in a decorator or a mixin, as a context manager that notes what the view returns or raises.

    If a view calls another one, the outer one is noted last, and counts.
    """

    def __init__(self, *args: Any) -> None:
        self._state: RequestState | None = None
        self._response: object = None
        # A decorated method has the view before the request. Tests call views without any middleware.
        for arg in args[:2]:
            state = getattr(arg, "_ory_mfa", None)
            if isinstance(state, RequestState):
                self._state = state
                break

    def __enter__(self) -> Self:
        return self

    def returns(self, response: Any) -> Any:
        """Return ``response``, and remember it as that of the view."""
        self._response = response
        return response

    def __exit__(self, kind: object, error: BaseException | None, traceback: TracebackType | None) -> None:
        if self._state is not None:
            self._state.view_has_no_page = isinstance(error, Http404) or _is_missing(self._response)


def note_exception(request: HttpRequest, exception: Exception) -> None:
    """Note an exception of a view that no middleware further inside has answered."""
    if isinstance(exception, Http404):
        state_of(request).view_has_no_page = True


def note_template_response(request: HttpRequest, response: object) -> None:
    """Note a response of a view that is still to be rendered.

    It may be that of a middleware already, so no other status is noted.
    """
    if _is_missing(response):
        state_of(request).view_has_no_page = True


def _is_missing(response: object) -> bool:
    return getattr(response, "status_code", None) in NO_PAGE
