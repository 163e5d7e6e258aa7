"""Settings with a database and users.

``USERS_DATABASE`` is the URL of a PostgreSQL, ``USERS_ISOLATION`` its level; ``USERS_MODEL`` is the user model.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.settings import *  # noqa: F403
from tests.settings import TEMPLATES as SHARED_TEMPLATES

# In tests a file: threads with a database in memory share one connection's locks, which no site has.
FILE = f"{tempfile.gettempdir()}/ory-mfa-users-{os.getpid()}.sqlite3"
SQLITE: dict[str, Any] = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": ":memory:",
    "OPTIONS": {"timeout": 60},
    "TEST": {"NAME": FILE},
}


def postgres(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    place = {"HOST": parts.hostname, "PORT": parts.port, "USER": parts.username, "NAME": "users"}
    options = {}
    if "USERS_ISOLATION" in os.environ:
        from django.db.backends.postgresql.psycopg_any import IsolationLevel

        options = {"isolation_level": IsolationLevel[os.environ["USERS_ISOLATION"]]}
    return {"ENGINE": "django.db.backends.postgresql", "OPTIONS": options, **place}


DATABASES = {"default": postgres(os.environ["USERS_DATABASE"]) if "USERS_DATABASE" in os.environ else SQLITE}
AUTH_USER_MODEL = os.environ.get("USERS_MODEL", "auth.User")
INSTALLED_APPS = [
    "django_ory_mfa",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django_ory_mfa.contrib.auth",
]
if AUTH_USER_MODEL.startswith("people."):
    # Beside Django's users its own would have the same reverse names.
    INSTALLED_APPS += ["tests.contrib_auth.people"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django_ory_mfa.middleware.OrySessionMiddleware",
    "django_ory_mfa.contrib.auth.middleware.OryUserMiddleware",
]
AUTHENTICATION_BACKENDS = ["django_ory_mfa.contrib.auth.backends.OryBackend"]
LOGIN_URL = "ory_mfa:login"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ROOT_URLCONF = "tests.contrib_auth.urls"
TEMPLATES = [{**SHARED_TEMPLATES[0], "DIRS": [Path(__file__).parent / "templates"]}]
