"""Keep cookies for one visitor off a response object that a view returns to everybody."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any
from weakref import ref

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest, HttpResponseBase

    from django_ory_mfa.session.request_state import RequestState

# The attribute of a response that keeps its FirstUse.
FIRST_USE = "_ory_mfa_first_use"


class FirstUse:
    """The first request with a known session that a response was returned to, and the names of its cookies then."""

    __slots__ = ("_request", "names")

    def __init__(self, request: HttpRequest, names: Iterable[str]) -> None:
        self._request = ref(request)
        self.names = frozenset(names)

    def is_of(self, request: HttpRequest) -> bool:
        """Whether it was ``request``."""
        return self._request() is request

    def __reduce__(self) -> Any:
        # Django's caches pickle responses, and what they return is a new object each time.
        return type(None), ()


def own_response(state: RequestState, response: HttpResponseBase) -> HttpResponseBase:
    """Return ``response``, or a copy of it if middleware outside ours will put cookies for one person onto it.

    These are of a Django session that was marked as theirs, and of a new secret against CSRF. What others got with
    this object since its first use is not on the copy.
    """
    request = state.request
    first: FirstUse | None = vars(response).get(FIRST_USE)
    if first is not None and not first.is_of(request):
        own = _copy(response)
        for name in own.cookies.keys() - first.names:
            del own.cookies[name]
        return own
    if state.known_session is None:
        return response
    own = _copy(response) if _gets_cookies(request) else response
    if own is response:
        note_use(request, response)
    return own


def note_use(request: HttpRequest, response: HttpResponseBase) -> None:
    """Note that such cookies may be put onto ``response`` itself, which was returned to ``request``."""
    vars(response).setdefault(FIRST_USE, FirstUse(request, response.cookies))


def with_own_cookies(response: HttpResponseBase) -> HttpResponseBase | None:
    """Return a copy of ``response`` that shares all but its cookies; None if its class cannot be copied so."""
    # SECURITY: a view may return one object to everybody, who would all get its cookies. Not copy.copy(), which leaves
    # out what a response cannot be pickled with.
    try:
        own = object.__new__(type(response))
        # The original lives as long as the copy, since its end may close what both share.
        vars(own).update(vars(response), cookies=SimpleCookie(), _ory_mfa_original=response)
    except TypeError:
        return None
    own.cookies.update(response.cookies)
    return own


def _copy(response: HttpResponseBase) -> HttpResponseBase:
    own = with_own_cookies(response)
    return response if own is None else own


def _gets_cookies(request: HttpRequest) -> bool:
    is_session_changed = getattr(getattr(request, "session", None), "modified", False)
    return bool(is_session_changed or request.META.get("CSRF_COOKIE_NEEDS_UPDATE"))
