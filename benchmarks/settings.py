"""One Django project for every case; a case brings its own middleware and views, see ``sites.py``."""

from __future__ import annotations

import os

SECRET_KEY = "for benchmarks only, and long enough for HMAC-SHA-256"
ALLOWED_HOSTS = ["testserver", "127.0.0.1"]
# A case that does not work says why.
DEBUG_PROPAGATE_EXCEPTIONS = True
DATABASES = {
    # Shared by all threads, which async code needs.
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "file:benchmarks?mode=memory&cache=shared"}
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 1_000_000},
    }
}
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "allauth",
    "allauth.account",
    "django_otp",
    "django_otp.plugins.otp_static",
    "rest_framework",
    "django_ory_mfa",
    "django_ory_mfa.contrib.auth",
]
MIGRATION_MODULES = dict.fromkeys(("auth", "contenttypes", "account", "otp_static", "ory_mfa_auth"))
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "mozilla_django_oidc.auth.OIDCAuthenticationBackend",
    "django_ory_mfa.contrib.auth.backends.OryBackend",
]
OIDC_RP_CLIENT_ID = OIDC_RP_CLIENT_SECRET = "for benchmarks only"
OIDC_OP_TOKEN_ENDPOINT = OIDC_OP_USER_ENDPOINT = OIDC_OP_AUTHORIZATION_ENDPOINT = "http://127.0.0.1:4433/oidc"
OIDC_RP_SIGN_ALGO = "HS256"
# Each site brings its own; allauth does not start without this one.
MIDDLEWARE = ["allauth.account.middleware.AccountMiddleware"]
ROOT_URLCONF: object = ()
SESSION_ENGINE = "django.contrib.sessions.backends.cache"
SILENCED_SYSTEM_CHECKS = ["account.W001"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
USE_TZ = True

ORY_MFA_SDK_URL = os.environ.get("BENCHMARK_ORY_URL", "http://127.0.0.1:4433")
ORY_MFA_CACHE_TTL = int(os.environ.get("BENCHMARK_CACHE_TTL", "300"))
ORY_MFA_MAX_CONCURRENCY = 32
ORY_MFA_WHOAMI_REQUIRED_AAL = "highest_available"
ORY_MFA_SETTINGS_REQUIRED_AAL = "highest_available"
