from __future__ import annotations

from pathlib import Path

SECRET_KEY = "for tests only"
ALLOWED_HOSTS = ["testserver"]
DATABASES: dict[str, dict[str, str]] = {}
INSTALLED_APPS = ["django_ory_mfa"]
MIDDLEWARE = [
    "django.middleware.csrf.CsrfViewMiddleware",
    "django_ory_mfa.middleware.OrySessionMiddleware",
]
ROOT_URLCONF = "tests.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
STATIC_URL = "static/"
USE_TZ = True
ORY_MFA_SDK_URL = "http://127.0.0.1:4433"
# No fake makes anybody wait, and a test that the machine has no time for is no outage.
ORY_MFA_TIMEOUT = 60
