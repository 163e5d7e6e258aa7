"""Decide which page the browser comes back to after a flow at Ory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from django.urls import get_script_prefix
from django.utils.http import url_has_allowed_host_and_scheme

from django_ory_mfa.conf import conf
from django_ory_mfa.core.flows import is_return_to, path_of
from django_ory_mfa.core.own_views import is_own_view
from django_ory_mfa.request.client_kind import is_htmx
from django_ory_mfa.request.method import SAFE_METHODS
from django_ory_mfa.request.view_at import match_at

if TYPE_CHECKING:
    from django.http import HttpRequest


def return_to_of(request: HttpRequest) -> str:
    """Return the absolute URL that Ory has to send the browser back to: this page, or the page that led here.

    Raises ``DisallowedHost`` as Django does.
    """
    if request.method in SAFE_METHODS and not is_htmx(request):
        return _this_page(request)
    # A redirect cannot send a form again, and an htmx fragment is not a page, so the page around them is used.
    page = request.headers.get("HX-Current-URL" if is_htmx(request) else "Referer", "")
    is_taken = _is_of_application(page, site_origin(request)) and not is_own_view(view_of_page(request, page))
    return page if is_taken else default_return_to(request)


def return_to_of_link(request: HttpRequest, *, is_private: bool) -> str:
    """Return ``return_to_of`` for a link in the response to ``request``; ``is_private``: no shared cache stores it.

    SECURITY: caches that ignore htmx's headers may store other pages, and one visitor's header would then decide where
    the next visitor is sent.
    """
    is_cacheable = request.method in SAFE_METHODS and not is_private
    return _this_page(request) if is_cacheable else return_to_of(request)


def default_return_to(request: HttpRequest) -> str:
    """Return the URL of the page for visitors who cannot be sent back to where they were."""
    return f"{site_origin(request)}{conf.default_return_to}"


def checked_next(request: HttpRequest) -> str:
    """Return ``next`` of ``request`` as an absolute URL if it is a page of this site, else the default page."""
    target = request.POST.get("next", "") or request.GET.get("next", "")
    site = site_origin(request)
    page = f"{site}{target}" if target.startswith("/") else target
    host = site.partition("://")[2]
    is_safe = url_has_allowed_host_and_scheme(target, {host}, require_https=request.is_secure())
    return page if is_safe and _is_of_application(page, site) else default_return_to(request)


def view_of_page(request: HttpRequest, page: str) -> Any:
    """Return the view at the absolute URL ``page``; None if there is none, or the page is not of this application."""
    if not _is_of_application(page, site_origin(request)):
        return None
    match = match_at(request, unquote(path_of(page)).removeprefix(get_script_prefix().rstrip("/")))
    return match and match.func


def site_origin(request: HttpRequest) -> str:
    """Return scheme, host and port of this site as browsers see it."""
    return conf.site_url or f"{request.scheme}://{request.get_host()}"


def _this_page(request: HttpRequest) -> str:
    site = site_origin(request)
    page = f"{site}{request.get_full_path()}"
    return page if is_return_to(page, site) else default_return_to(request)


def _is_of_application(page: str, site: str) -> bool:
    """Whether ``page`` belongs to this application; with a script prefix, other applications share the host."""
    if not is_return_to(page, site):
        return False
    prefix, path = get_script_prefix(), unquote(path_of(page))
    # Browsers resolve `..` before they send the request, even if it is percent-encoded.
    return prefix == "/" or (f"{path}/".startswith(prefix) and ".." not in path.split("/"))
