"""Settings of the site with the neighbour that ``NEIGHBOUR`` names; ``NEIGHBOUR_SERVER`` is the URL of its server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.neighbours.table import chosen

HERE = Path(__file__).parent
NEIGHBOUR = chosen()
SERVER = os.environ.get("NEIGHBOUR_SERVER", "")


def database() -> dict[str, Any]:
    """A file of this trial, or the tenants' PostgreSQL."""
    if NEIGHBOUR.server == "postgres":
        parts = urlsplit(SERVER)
        place = {"HOST": parts.hostname, "PORT": parts.port, "USER": parts.username, "NAME": "postgres"}
        return {"ENGINE": "django_tenants.postgresql_backend", **place}
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["NEIGHBOUR_DATABASE"],
        "OPTIONS": {"timeout": 60},
    }


BASE_DIR = HERE
SECRET_KEY = "for trials only"
ALLOWED_HOSTS = ["testserver"]
DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SHARED_APPS = [
    *NEIGHBOUR.apps,
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_ory_mfa",
    "django_ory_mfa.contrib.auth",
    "tests.neighbours.notes",
]
TENANT_APPS = ["tests.neighbours.notes"]
INSTALLED_APPS = SHARED_APPS
MIDDLEWARE = [
    *NEIGHBOUR.first,
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_ory_mfa.middleware.OrySessionMiddleware",
    "django_ory_mfa.middleware.AALRequiredMiddleware",
    NEIGHBOUR.users,
    *NEIGHBOUR.last,
]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
AUTHENTICATION_BACKENDS = ["django_ory_mfa.contrib.auth.backends.OryBackend", *NEIGHBOUR.backends]
if any("Standalone" in backend for backend in NEIGHBOUR.backends):
    # As the manual of django-axes wants it: before all others.
    AUTHENTICATION_BACKENDS = [*NEIGHBOUR.backends, "django_ory_mfa.contrib.auth.backends.OryBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "ory_mfa:login"
ROOT_URLCONF = "tests.neighbours.urls"
STATIC_URL = "/static/"
PROCESSORS = [
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
]
if "cms" in NEIGHBOUR.apps:
    PROCESSORS += [
        "sekizai.context_processors.sekizai",
        "cms.context_processors.cms_settings",
        "django.template.context_processors.i18n",
    ]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": PROCESSORS},
    }
]
USE_TZ = True
LANGUAGE_CODE = "en"
ORY_MFA_SDK_URL = "http://127.0.0.1:4433"
ORY_MFA_TIMEOUT = 60
ORY_MFA_RULES = [(r"/(sync|async)/public/", None), (r"/static/", None), *NEIGHBOUR.rules]
LOGGING = {"version": 1, "disable_existing_loggers": False, "root": {"handlers": []}}
globals().update(NEIGHBOUR.settings)
if NEIGHBOUR.server == "redis":
    CACHES = {
        name: {**cache, "LOCATION": f"{SERVER}/{number}"}
        for number, (name, cache) in enumerate(NEIGHBOUR.settings["CACHES"].items())
    }
