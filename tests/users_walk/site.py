"""The site: what application servers serve, and ``python -m tests.users_walk.site migrate``."""

from __future__ import annotations

import os
import sys
from typing import Any

import django
from django.conf import settings
from django.contrib.auth.decorators import login_required, permission_required
from django.core.asgi import get_asgi_application
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.middleware.csrf import get_token
from django.urls import include, path

settings.configure(
    SECRET_KEY="for tests only",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["DATABASE"],
            "OPTIONS": {"timeout": 60},
        }
    },
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django_ory_mfa",
        "django_ory_mfa.contrib.auth",
    ],
    MIDDLEWARE=[
        "django.middleware.csrf.CsrfViewMiddleware",
        "django_ory_mfa.middleware.OrySessionMiddleware",
        "django_ory_mfa.contrib.auth.middleware.OryUserMiddleware",
    ],
    AUTHENTICATION_BACKENDS=["django_ory_mfa.contrib.auth.backends.OryBackend"],
    LOGIN_URL="ory_mfa:login",
    STATIC_URL="static/",
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
        }
    ],
    ORY_MFA_SDK_URL=os.environ["ORY_SDK_URL"],
)


def described(request: Any, user: Any) -> JsonResponse:
    name = user.get_username()
    return JsonResponse({"pk": user.pk, "name": name, "process": os.getpid(), "token": get_token(request)})


def me(request: Any) -> JsonResponse:
    return described(request, request.user)


async def ame(request: Any) -> JsonResponse:
    return described(request, await request.auser())


urlpatterns = [
    path("me", me),
    path("ame", ame),
    path("private", login_required(me)),
    path("editors", permission_required("auth.change_group")(me)),
    path("security/", include("django_ory_mfa.urls")),
]

if __name__ == "__main__":
    django.setup()
    call_command(*sys.argv[1:])
else:
    application, asgi = get_wsgi_application(), get_asgi_application()
