"""The site under test: settings, pages and both applications. Every page says whose it is."""

from __future__ import annotations

import os
from typing import Any

import django
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from django_ory_mfa.decorators import aal_required

TIMEOUT = (1, 3)  # seconds to connect, and in total
NOBODY = "nobody"
GUARDS = {
    "aal1": aal_required("aal1"),
    "aal2": aal_required("aal2"),
    "highest": aal_required("highest_available"),
    "fresh": aal_required("aal2", max_age=3600),
}


def page(name: str, session: Any) -> HttpResponse:
    """The page for the person of ``session``."""
    response = HttpResponse(f"{name} of {session.identity.id if session else NOBODY}", content_type="text/plain")
    response["X-Worker"] = str(os.getpid())
    return response


def _blocking(name: str) -> Any:
    return lambda request: page(name, request.ory_session)


def _awaiting(name: str) -> Any:
    async def view(request: Any) -> HttpResponse:
        return page(name, await request.aory_session())

    return view


def public(request: HttpRequest) -> HttpResponse:
    """A page that asks nobody."""
    return page("public", None)


async def apublic(request: HttpRequest) -> HttpResponse:
    """A page that asks nobody."""
    return page("public", None)


def _configure(*, is_async: bool) -> None:
    view = _awaiting if is_async else _blocking
    redis = os.environ.get("CHAOS_REDIS_URL")
    cache = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": redis,
        "OPTIONS": {"socket_timeout": 0.3, "socket_connect_timeout": 0.3},
    }
    settings.configure(
        SECRET_KEY="for this run only, and long enough for HMAC-SHA-256",
        ALLOWED_HOSTS=["127.0.0.1"],
        DATABASES={},
        CACHES={"default": cache if redis else {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}},
        INSTALLED_APPS=["django_ory_mfa"],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django_ory_mfa.middleware.OrySessionMiddleware",
        ],
        ROOT_URLCONF=(
            path("public/", apublic if is_async else public),
            path("greeting/", view("greeting")),
            *(path(f"{name}/", guard(view(name))) for name, guard in GUARDS.items()),
            path("account/", include("django_ory_mfa.urls")),
        ),
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        LOGGING={
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {"console": {"class": "logging.StreamHandler"}},
            "root": {"handlers": ["console"], "level": "WARNING"},
        },
        USE_TZ=True,
        ORY_MFA_SDK_URL=os.environ["CHAOS_ORY_URL"],
        ORY_MFA_BROWSER_URL=os.environ["CHAOS_BROWSER_URL"],
        ORY_MFA_SETTINGS_REQUIRED_AAL="highest_available",
        ORY_MFA_TIMEOUT=TIMEOUT,
        ORY_MFA_CACHE_TTL=float(os.environ["CHAOS_CACHE_TTL"]),
    )
    django.setup()


def wsgi() -> WSGIHandler:
    """The site in blocking code."""
    _configure(is_async=False)
    return WSGIHandler()


def asgi() -> ASGIHandler:
    """The site in async code."""
    _configure(is_async=True)
    return ASGIHandler()
