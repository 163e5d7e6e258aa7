"""Settings with users and an admin behind Ory."""

from __future__ import annotations

from tests.contrib_auth.settings import *  # noqa: F403
from tests.contrib_auth.settings import INSTALLED_APPS as WITH_USERS
from tests.contrib_auth.settings import MIDDLEWARE as FOR_USERS
from tests.settings import TEMPLATES as SHARED_TEMPLATES

INSTALLED_APPS = [
    "django_ory_mfa.contrib.admin.apps.AALAdminConfig",
    "django.contrib.admindocs",
    "django.contrib.messages",
    *WITH_USERS,
    "tests.contrib_admin.shop",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    *FOR_USERS,
]
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
ROOT_URLCONF = "tests.contrib_admin.urls"
PROCESSORS = ("template.context_processors.request", "contrib.auth.context_processors.auth")
OPTIONS = {
    "context_processors": [
        *(f"django.{name}" for name in PROCESSORS),
        "django.contrib.messages.context_processors.messages",
    ]
}
TEMPLATES = [{**SHARED_TEMPLATES[0], "DIRS": [], "OPTIONS": OPTIONS}]
