"""The shop: what application servers serve, and ``python -m tests.admin_walk.site migrate``."""

from __future__ import annotations

import os
import sys
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

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
        "tests.admin_walk.apps.ShopAdminConfig",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "django_ory_mfa",
        "django_ory_mfa.contrib.auth",
        "tests.contrib_admin.shop",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django_ory_mfa.middleware.OrySessionMiddleware",
        "django_ory_mfa.contrib.auth.middleware.OryUserMiddleware",
    ],
    MESSAGE_STORAGE="django.contrib.messages.storage.cookie.CookieStorage",
    AUTHENTICATION_BACKENDS=["django_ory_mfa.contrib.auth.backends.OryBackend"],
    LOGIN_URL="ory_mfa:login",
    STATIC_URL="static/",
    USE_TZ=True,
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    ORY_MFA_SDK_URL=os.environ["ORY_SDK_URL"],
)
django.setup()

from django.contrib import admin  # noqa: E402 - it needs the settings
from django.contrib.staticfiles.views import serve  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import include, path  # noqa: E402


def home(request: Any) -> HttpResponse:
    return HttpResponse("<h1>Shop</h1>")


urlpatterns = [
    path("", home),
    path("admin/", admin.site.urls),
    path("security/", include("django_ory_mfa.urls")),
    path("ory-ui/", include("django_ory_mfa.contrib.ui.urls")),
    path("static/<path:path>", serve, {"insecure": True}),
]

if __name__ == "__main__":
    call_command(*sys.argv[1:])
else:
    application = get_wsgi_application()
