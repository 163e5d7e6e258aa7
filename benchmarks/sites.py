"""The cases as Django sites: the same pages behind different guards."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import django
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.utils.module_loading import import_string

SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
USERS = "django.contrib.auth.middleware.AuthenticationMiddleware"
ORY_MFA = "django_ory_mfa.middleware.OrySessionMiddleware"
ORY_USERS = "django_ory_mfa.contrib.auth.middleware.OryUserMiddleware"
OIDC = "mozilla_django_oidc.middleware.SessionRefresh"
# Its middleware looks them up.
NAMES_OF_OIDC = ("oidc_authentication_init", "oidc_authentication_callback", "oidc_logout")
OTP = "django_otp.middleware.OTPMiddleware"
ALLAUTH = "allauth.account.middleware.AccountMiddleware"
FLOOR = "benchmarks.floor.FloorMiddleware"


def traits_of_nobody(request: Any) -> object:
    """As many bytes as the traits of somebody."""
    return {"email": "000000000000@example.test"}


def traits_by_ory_mfa(request: Any) -> object:
    """As the documents show it."""
    return request.ory_session.identity.traits


def traits_by_floor(request: Any) -> object:
    """Read from the cached body."""
    return request.floor_session.traits()


def traits_by_naive(request: Any) -> object:
    """What the guard has left."""
    return request.traits


@dataclass(frozen=True)
class Site:
    """The import path of a guard, how often it stands before a view, and the middleware that it needs.

    Pages: ``""`` and ``"traits"`` are guarded, ``"public"`` is not. Without ``is_async`` all are blocking ones.
    """

    middleware: Sequence[str] = ()
    guard: str = ""
    traits: Callable[[Any], object] = traits_of_nobody
    is_async: bool = True
    times: int = 1

    def urls(self) -> tuple[URLPattern, ...]:
        """The pages, in blocking code."""

        def page(request: HttpRequest) -> HttpResponse:
            return HttpResponse("page")

        def traits(request: HttpRequest) -> HttpResponse:
            return JsonResponse(self.traits(request))

        return self._paths(page, traits, page)

    def async_urls(self) -> tuple[URLPattern, ...]:
        """The pages, in async code."""
        if not self.is_async:
            return self.urls()

        async def page(request: HttpRequest) -> HttpResponse:
            return HttpResponse("page")

        async def traits(request: HttpRequest) -> HttpResponse:
            return JsonResponse(self.traits(request))

        return self._paths(page, traits, page)

    def _paths(self, page: Any, traits: Any, public: Any) -> tuple[URLPattern, ...]:
        for _ in range(self.times if self.guard else 0):
            # Imported here, since some guards need Django to be set up, and servers do not wait for those of others.
            guard = import_string(self.guard)
            page, traits = guard(page), guard(traits)
        named = (path(f"oidc/{name}", public, name=name) for name in NAMES_OF_OIDC)
        return (path("", page), path("traits", traits), path("public", public), *named)


SITES = {
    "Django alone": Site(),
    "floor": Site([FLOOR], "benchmarks.floor.floor_required", traits_by_floor),
    "ory_mfa": Site([ORY_MFA], "django_ory_mfa.decorators.aal_required", traits_by_ory_mfa),
    "Session + Auth": Site([SESSIONS, USERS]),
    "login_required": Site([SESSIONS, USERS], "django.contrib.auth.decorators.login_required"),
    "django-otp": Site([SESSIONS, USERS, OTP], "django_otp.decorators.otp_required"),
    "ory_mfa, users": Site([ORY_MFA, ORY_USERS], "benchmarks.users.user_required"),
    "mozilla-django-oidc": Site([SESSIONS, USERS, OIDC], "django.contrib.auth.decorators.login_required"),
    "allauth": Site([SESSIONS, USERS, ALLAUTH], "allauth.account.decorators.reauthentication_required", is_async=False),
    "simplejwt": Site(guard="benchmarks.tokens.token_required", is_async=False),
    "DRF, ory_mfa": Site([ORY_MFA], "benchmarks.apis.drf_by_ory", is_async=False),
    "DRF, session": Site([SESSIONS, USERS], "benchmarks.apis.drf_by_session", is_async=False),
    "ninja, ory_mfa": Site([ORY_MFA], "benchmarks.apis.ninja_by_ory"),
    "ninja, session": Site([SESSIONS, USERS], "benchmarks.apis.ninja_by_session"),
    "ninja alone": Site(guard="benchmarks.apis.ninja_for_everybody"),
    "naive requests": Site(guard="benchmarks.naive.requests_required", traits=traits_by_naive),
    "naive ory_client": Site(guard="benchmarks.naive.ory_client_required", traits=traits_by_naive),
    "naive middleware": Site(["benchmarks.naive.NaiveMiddleware"]),
}


def wsgi() -> WSGIHandler:
    """The site that the environment names, for gunicorn."""
    site = _site()
    settings.ROOT_URLCONF = site.urls()
    return WSGIHandler()


def asgi() -> ASGIHandler:
    """The site that the environment names, for uvicorn."""
    site = _site()
    settings.ROOT_URLCONF = site.async_urls()
    return ASGIHandler()


def _site() -> Site:
    django.setup()
    site = SITES[os.environ["BENCHMARK_SITE"]]
    settings.MIDDLEWARE = list(site.middleware)
    return site
