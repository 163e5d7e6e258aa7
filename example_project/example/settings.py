"""Settings of the example, read from the environment and from a file .env beside manage.py (see .env.example)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from environ import Env

# Settings of the API, which is there if its packages are installed; see api/.
from example.api.config import API_APPS, REST_FRAMEWORK, SPECTACULAR_SETTINGS  # noqa: F401

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()
env.read_env(BASE_DIR / ".env")

DEBUG = env.bool("DEBUG", default=False)


def while_debugging(value: Any) -> Any:
    """A default for development; in production the variable has to be set."""
    return value if DEBUG else Env.NOTSET


SECRET_KEY = env.str("SECRET_KEY", default=while_debugging("for development only"))
# Not localhost: to a browser that is another host than the 127.0.0.1 of a local Ory, and gets none of its cookies. With
# Ory Tunnel it is the other way round; see .env.example.
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=while_debugging(["127.0.0.1"]))

# The site stands before the package, so that its templates/ory_mfa/base.html is the one that counts.
INSTALLED_APPS = [
    "example",
    "shop",
    "django_ory_mfa",
    "django_ory_mfa.contrib.auth",
    # In place of "django.contrib.admin".
    "django_ory_mfa.contrib.admin.apps.AALAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    *API_APPS,
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_ory_mfa.middleware.OrySessionMiddleware",
    # In place of Django's AuthenticationMiddleware.
    "django_ory_mfa.contrib.auth.middleware.OryUserMiddleware",
    "django_ory_mfa.middleware.AALRequiredMiddleware",
]
ROOT_URLCONF = "example.urls"
WSGI_APPLICATION = "example.wsgi.application"
TEMPLATES = [
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
]
# The shop's. People and their sessions are Ory's; here is only which user they are.
DATABASE = env.str("DATABASE", default=str(BASE_DIR / "shop.sqlite3"))
DATABASES: dict[str, Any] = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATABASE}}
# Permissions only: nobody signs in here.
AUTHENTICATION_BACKENDS = ["django_ory_mfa.contrib.auth.backends.OryBackend"]
LOGIN_URL = "ory_mfa:login"
# In a cookie, so that showing a message takes no session.
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "build" / "static"

# Where Ory is: https://<slug>.projects.oryapis.com, a custom domain, or a Kratos of your own.
ORY_MFA_SDK_URL = env.str("ORY_SDK_URL", default=while_debugging("http://127.0.0.1:4433"))
ORY_MFA_BROWSER_URL = env.str("ORY_BROWSER_URL", default="") or None
ORY_MFA_SITE_URL = env.str("SITE_URL", default="") or None
# What Ory's own configuration says; see .env.example. Empty means unknown, which asks for more, never for less.
ORY_MFA_WHOAMI_REQUIRED_AAL = env.str("ORY_WHOAMI_REQUIRED_AAL", default="") or None
ORY_MFA_SETTINGS_REQUIRED_AAL = env.str("ORY_SETTINGS_REQUIRED_AAL", default="") or None

# For views that say nothing themselves. The first match counts; what matches nothing needs ORY_MFA_AAL, aal2.
ORY_MFA_RULES = [
    (r"/static/", None),
    # Its views ask for themselves, and ask for ORY_MFA_AAL unless they say otherwise: DEFAULT_PERMISSION_CLASSES.
    (r"/api/v1/", None),
    # The admin asks for more itself, once it is sure that somebody is staff.
    (r"/admin/", "aal1"),
    (r"/reports/", "highest_available"),
]

# What is copied from Ory to the users here.
ORY_MFA_USER_SYNC = "shop.users.ShopSync"

# Where the demo has its people and their mailbox; see demo.py.
DEMO_URL = env.str("DEMO_URL", default="")

if DEBUG:
    # The panel "What just happened". It sees what the guards refuse, so it stands before them.
    MIDDLEWARE.insert(-1, "example.panel.JustHappenedMiddleware")
    LOGGING = {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {
            "console": {"class": "logging.StreamHandler", "level": "INFO"},
            "panel": {"class": "example.panel.AnswersOfOry"},
        },
        "loggers": {"django_ory_mfa": {"level": "DEBUG", "handlers": ["console", "panel"]}},
    }
else:
    # A proxy that ends TLS has to send X-Forwarded-Proto; gunicorn and uvicorn believe it from 127.0.0.1.
    SECURE_SSL_REDIRECT = True
    CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_SECURE = True
    # An hour. Make it a year once everything below this domain is known to work with https only.
    SECURE_HSTS_SECONDS = 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
