"""The site: which process answered, and what it thinks of the visitor. ``application`` is what gunicorn serves."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import include, path

from django_ory_mfa.decorators import aal_required
from django_ory_mfa.session import cache

# On a busy machine a cache that is well may take a second to answer.
TIMEOUT = 1.5  # seconds
BACKENDS = {
    "redis": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "OPTIONS": {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT},
    },
    "memcached": {
        "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
        "OPTIONS": {"timeout": TIMEOUT, "connect_timeout": TIMEOUT},
    },
}

settings.configure(
    SECRET_KEY="for tests only",
    DEBUG=False,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django_ory_mfa"],
    MIDDLEWARE=["django_ory_mfa.middleware.OrySessionMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    CACHES={"default": BACKENDS[os.environ["CACHE"]] | {"LOCATION": os.environ["CACHE_LOCATION"]}},
    ORY_MFA_SDK_URL=os.environ["ORY_SDK_URL"],
    ORY_MFA_CACHE_TTL=60,
)

cache.SLOW = TIMEOUT


def answer(request: Any) -> JsonResponse:
    return JsonResponse({"process": os.getpid(), "identity": getattr(request.ory_session.identity, "id", None)})


def public(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"process": os.getpid()})


urlpatterns = [
    path("public", public),
    path("aal2", aal_required(answer)),
    path("session", answer),
    path("security/", include("django_ory_mfa.urls")),
]

application = get_wsgi_application()
