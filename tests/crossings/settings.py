"""Settings of a site that uses everything that Django ships: a database, users, and its contrib packages."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tests.settings import *  # noqa: F403
from tests.settings import TEMPLATES as SHARED

HERE = Path(__file__).parent
# A file: threads with a database in memory share one connection's locks, which no site has.
FILE = f"{tempfile.gettempdir()}/ory-mfa-crossings-{os.getpid()}.sqlite3"
SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": FILE,
    "OPTIONS": {"timeout": 60},
    "TEST": {"NAME": FILE},
}
DATABASES = {"default": SQLITE}  # type: ignore[dict-item]  # the options are no text
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.admindocs",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.flatpages",
    "django.contrib.messages",
    "django.contrib.redirects",
    "django.contrib.sessions",
    "django.contrib.sitemaps",
    "django.contrib.sites",
    "django.contrib.staticfiles",
    "django_ory_mfa",
]
CACHES = {
    name: {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": name}
    for name in ("default", "other")
}
MIDDLEWARE = ["django_ory_mfa.middleware.OrySessionMiddleware"]
ROOT_URLCONF = "tests.crossings.urls"
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "django.contrib.auth.backends.RemoteUserBackend",
]
SITE_ID = 1
STATICFILES_DIRS = [HERE / "static"]
PROCESSORS = [
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
]
TEMPLATES = [{**SHARED[0], "DIRS": [HERE / "templates"], "OPTIONS": {"context_processors": PROCESSORS}}]
