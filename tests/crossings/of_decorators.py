"""How each of Django's decorators for views is built into a site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import django
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth import decorators as auth
from django.contrib.sitemaps.views import x_robots_tag
from django.db.transaction import atomic, non_atomic_requests
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators import cache, clickjacking, common, csrf, debug, gzip, http, vary

from tests.crossings.pages import page
from tests.crossings.ways import GUARD, USERS, Decorator, Stop


def version(request: Any, **kwargs: Any) -> str:
    return '"first"'


def changed(request: Any, **kwargs: Any) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class OfMethods(Decorator):
    """Guards on the ``dispatch()`` of a class and on its methods, and ``decorate`` on one that has no guard."""

    def stops(self, crossing: str) -> Iterator[Stop]:
        places = (("guarded", "dispatch"), ("guarded", "methods"), ("shown", "around"), ("policy", "around"))
        return (self.stop(crossing, situation, place) for situation, place in places)

    def paths(self, mode: str) -> Iterator[Any]:
        shows, names = self._page(mode, reads=True), self._page(mode, reads=False)
        methods = method_decorator(GUARD, name="get")(
            method_decorator(GUARD, name="post")(self._page(mode, reads=True))
        )
        yield path("guarded/methods", methods.as_view())
        yield path("guarded/dispatch", method_decorator(GUARD, name="dispatch")(self._page(mode, reads=True)).as_view())
        yield path("shown/around", method_decorator(self.decorate, name="dispatch")(shows).as_view())
        yield path("policy/around", method_decorator(self.decorate, name="dispatch")(names).as_view())

    def _page(self, mode: str, *, reads: bool) -> Any:
        view = page(mode, reads=reads)

        async def aget(self: Any, request: Any) -> Any:
            return await view(request)

        def get(self: Any, request: Any) -> Any:
            return view(request)

        method = aget if mode == "async" else get
        return type("Page", (View,), {"get": method, "post": method})


def is_staff(user: Any) -> bool:
    return bool(user.is_staff)


VIEWS = "django.views.decorators"
AUTH = "django.contrib.auth.decorators"
METHODS, VERSIONS, LOGIN = {405}, {304, 412}, {302}
DECORATORS: dict[str, Decorator] = {
    f"{VIEWS}.cache.cache_control": Decorator(decorate=cache.cache_control(public=True, max_age=600)),
    f"{VIEWS}.cache.cache_page": Decorator(
        decorate=cache.cache_page(60), is_async=False, places=(("guarded", "outside"), ("shown", "around"))
    ),
    f"{VIEWS}.cache.never_cache": Decorator(decorate=cache.never_cache),
    f"{VIEWS}.clickjacking.xframe_options_deny": Decorator(decorate=clickjacking.xframe_options_deny),
    f"{VIEWS}.clickjacking.xframe_options_exempt": Decorator(decorate=clickjacking.xframe_options_exempt),
    f"{VIEWS}.clickjacking.xframe_options_sameorigin": Decorator(decorate=clickjacking.xframe_options_sameorigin),
    f"{VIEWS}.common.no_append_slash": Decorator(decorate=common.no_append_slash),
    f"{VIEWS}.csrf.csrf_exempt": Decorator(decorate=csrf.csrf_exempt),
    f"{VIEWS}.csrf.csrf_protect": Decorator(decorate=csrf.csrf_protect, own={403}, enforces_csrf=True),
    f"{VIEWS}.csrf.ensure_csrf_cookie": Decorator(decorate=csrf.ensure_csrf_cookie),
    f"{VIEWS}.csrf.requires_csrf_token": Decorator(decorate=csrf.requires_csrf_token),
    f"{VIEWS}.debug.sensitive_post_parameters": Decorator(decorate=debug.sensitive_post_parameters()),
    f"{VIEWS}.debug.sensitive_variables": Decorator(decorate=debug.sensitive_variables()),
    f"{VIEWS}.gzip.gzip_page": Decorator(decorate=gzip.gzip_page),
    f"{VIEWS}.http.condition": Decorator(decorate=http.condition(version, changed), own=VERSIONS),
    f"{VIEWS}.http.conditional_page": Decorator(decorate=http.conditional_page),
    f"{VIEWS}.http.etag": Decorator(decorate=http.etag(version), own={412}),
    f"{VIEWS}.http.last_modified": Decorator(decorate=http.last_modified(changed), own=VERSIONS),
    f"{VIEWS}.http.require_GET": Decorator(decorate=http.require_GET, own=METHODS),
    f"{VIEWS}.http.require_POST": Decorator(decorate=http.require_POST, own=METHODS),
    f"{VIEWS}.http.require_http_methods": Decorator(decorate=http.require_http_methods(["GET"]), own=METHODS),
    f"{VIEWS}.http.require_safe": Decorator(decorate=http.require_safe, own=METHODS),
    f"{VIEWS}.vary.vary_on_cookie": Decorator(decorate=vary.vary_on_cookie),
    f"{VIEWS}.vary.vary_on_headers": Decorator(decorate=vary.vary_on_headers("Accept-Language")),
    "django.contrib.admin.views.decorators.staff_member_required": Decorator(
        decorate=staff_member_required, needs=USERS, own=LOGIN, is_async=False
    ),
    f"{AUTH}.login_not_required": Decorator(decorate=auth.login_not_required, needs=USERS),
    f"{AUTH}.login_required": Decorator(decorate=auth.login_required, needs=USERS, own=LOGIN),
    f"{AUTH}.permission_required": Decorator(
        decorate=auth.permission_required("auth.view_user"), needs=USERS, own=LOGIN
    ),
    f"{AUTH}.user_passes_test": Decorator(decorate=auth.user_passes_test(is_staff), needs=USERS, own=LOGIN),
    "django.contrib.sitemaps.views.x_robots_tag": Decorator(decorate=x_robots_tag, is_async=False),
    "django.db.transaction.atomic": Decorator(decorate=atomic, is_async=False),
    "django.db.transaction.non_atomic_requests": Decorator(decorate=non_atomic_requests),
    "django.utils.decorators.method_decorator": OfMethods(
        decorate=auth.login_not_required, own={200}, outside=("guarded/methods",)
    ),
}
if django.VERSION >= (6, 0):
    from django.views.decorators import csp

    DECORATORS |= {
        f"{VIEWS}.csp.csp_override": Decorator(decorate=csp.csp_override({"default-src": ["'self'"]})),
        f"{VIEWS}.csp.csp_report_only_override": Decorator(decorate=csp.csp_report_only_override({})),
    }
