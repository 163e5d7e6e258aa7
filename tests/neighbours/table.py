"""The neighbours: how each is built into the site, and what it is asked there."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

CSP = {"DIRECTIVES": {"default-src": ["'self'"]}}
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
SENSITIVE_TO_SILK = ("username", "api", "token", "key", "secret", "password", "signature")
WAGTAIL = ("embeds", "sites", "users", "snippets", "documents", "images", "search", "admin")


@dataclass(frozen=True)
class Neighbour:
    """One package: what its manual wants in the settings, and what this site needs beyond that."""

    package: str
    asked: str
    """What it has to do itself, beside leaving the guards alone."""
    apps: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    """Its middleware before ours."""
    last: tuple[str, ...] = ()
    """Its middleware after ours."""
    urls: tuple[tuple[str, str], ...] = ()
    backends: tuple[str, ...] = ()
    users: str = "django_ory_mfa.contrib.auth.middleware.OryUserMiddleware"
    settings: dict[str, Any] = field(default_factory=dict)
    rules: tuple[tuple[str, None], ...] = ()
    """Its paths that the policy has to leave free."""
    lines: tuple[str, ...] = ()
    """What a site needs beyond the manual of the package, in words."""
    reason: str = ""
    """Why it does not work, as a sentence, if that is known."""
    requirements: tuple[str, ...] = ()
    server: str = ""
    """The server it needs: "redis" or "postgres"."""


NEIGHBOURS = (
    Neighbour(
        "whitenoise",
        "serves a static file to everybody",
        first=("whitenoise.middleware.WhiteNoiseMiddleware",),
        settings={"WHITENOISE_USE_FINDERS": True, "WHITENOISE_AUTOREFRESH": True},
    ),
    Neighbour(
        "django-cors-headers",
        "answers a preflight of a guarded page, and lets the other origin read a refusal",
        apps=("corsheaders",),
        first=("corsheaders.middleware.CorsMiddleware",),
        settings={"CORS_ALLOWED_ORIGINS": ["https://app.example.com"], "CORS_ALLOW_CREDENTIALS": True},
    ),
    Neighbour(
        "django-debug-toolbar",
        "is on the page, and its panels open for everybody",
        apps=("debug_toolbar",),
        first=("debug_toolbar.middleware.DebugToolbarMiddleware",),
        urls=(("__debug__/", "debug_toolbar.urls"),),
        settings={"DEBUG": True, "INTERNAL_IPS": ["127.0.0.1"]},
        rules=((r"/__debug__/", None),),
        lines=('``(r"/__debug__/", None)`` in ``ORY_MFA_RULES``, for its panels on pages that are public',),
    ),
    Neighbour(
        "sentry-sdk",
        "reports an error of a guarded page, without the cookie and the token of Ory",
        lines=(
            "an ``event_scrubber`` that knows the names of Ory's cookie and token, else Sentry gets tokens as they "
            "are, and with ``send_default_pii=True`` cookies: see :ref:`sentry`",
        ),
    ),
    Neighbour(
        "django-csp",
        "sends its header with pages and refusals",
        apps=("csp",),
        first=("csp.middleware.CSPMiddleware",),
        settings={"CONTENT_SECURITY_POLICY": CSP},
    ),
    Neighbour(
        "django-axes",
        "locks out who guesses a password of Django's, and nobody who comes from Ory",
        apps=("axes",),
        last=("axes.middleware.AxesMiddleware",),
        backends=("axes.backends.AxesStandaloneBackend", MODEL_BACKEND),
        settings={"AXES_FAILURE_LIMIT": 2},
    ),
    Neighbour(
        "django-waffle",
        "knows for whom a flag is on",
        apps=("waffle",),
        last=("waffle.middleware.WaffleMiddleware",),
    ),
    Neighbour(
        "django-hijack",
        "shows the public pages as somebody else to a superuser who is signed in at Django alone",
        apps=("hijack",),
        last=("hijack.middleware.HijackUserMiddleware",),
        urls=(("hijack/", "hijack.urls"),),
        backends=(MODEL_BACKEND,),
        users="tests.neighbours.users.EmergencyUserMiddleware",
        rules=((r"/hijack/", None),),
        lines=(
            '``session_fallback = True`` (see :doc:`/how-to/users`), and ``(r"/hijack/", None)`` in ``ORY_MFA_RULES``. '
            "It takes over sign-ins of Django's only. Who is signed in at Ory cannot use it: it looks for the backend "
            "that Django's ``login()`` notes in the Django session, which ``OryUserMiddleware`` does not call, and "
            "fails with ``KeyError: '_auth_user_backend'``; and ``request.user`` stays the person of the Ory session. "
            "A guard asks for an Ory session, so guarded pages cannot be seen as somebody else",
        ),
    ),
    Neighbour(
        "django-silk",
        "records requests, without the cookie and the token of Ory",
        apps=("silk",),
        first=("silk.middleware.SilkyMiddleware",),
        urls=(("silk/", "silk.urls"),),
        settings={"SILKY_SENSITIVE_KEYS": [*SENSITIVE_TO_SILK, "x-session-token"]},
        lines=(
            '``"x-session-token"`` in ``SILKY_SENSITIVE_KEYS``, beside its own ``'
            f"{', '.join(SENSITIVE_TO_SILK)}``: else it records tokens as they are",
        ),
    ),
    Neighbour(
        "django-prometheus",
        "counts requests, and shows its numbers to a machine",
        apps=("django_prometheus",),
        first=("django_prometheus.middleware.PrometheusBeforeMiddleware",),
        last=("django_prometheus.middleware.PrometheusAfterMiddleware",),
        urls=(("", "django_prometheus.urls"),),
        rules=((r"/metrics$", None),),
        lines=('``(r"/metrics$", None)`` in ``ORY_MFA_RULES``; let the web server say who may read it',),
    ),
    Neighbour(
        "django-structlog",
        "logs requests with the user",
        apps=("django_structlog",),
        last=("django_structlog.middlewares.RequestMiddleware",),
    ),
    Neighbour(
        "django-tenants",
        "finds the tenant by the host, while users are in the public schema",
        apps=("django_tenants", "tests.neighbours.tenants"),
        first=("django_tenants.middleware.main.TenantMainMiddleware",),
        settings={
            "DATABASE_ROUTERS": ["django_tenants.routers.TenantSyncRouter"],
            "TENANT_MODEL": "tenants.Client",
            "TENANT_DOMAIN_MODEL": "tenants.Domain",
        },
        requirements=("psycopg[binary]",),
        server="postgres",
    ),
    Neighbour(
        "django-guardian",
        "knows a permission for one object",
        apps=("guardian",),
        backends=("guardian.backends.ObjectPermissionBackend",),
    ),
    Neighbour(
        "django-simple-history",
        "notes who has written",
        apps=("simple_history",),
        last=("simple_history.middleware.HistoryRequestMiddleware",),
    ),
    Neighbour(
        "django-auditlog",
        "notes who has written",
        apps=("auditlog",),
        last=("auditlog.middleware.AuditlogMiddleware",),
    ),
    Neighbour(
        "wagtail",
        "serves its pages by the policy, and its admin to staff; others get our login page",
        apps=(*(f"wagtail.{name}" for name in WAGTAIL), "wagtail", "modelcluster", "taggit"),
        last=("wagtail.contrib.redirects.middleware.RedirectMiddleware",),
        urls=(("cms/", "wagtail.admin.urls"), ("pages/", "wagtail.urls")),
        settings={
            "WAGTAIL_SITE_NAME": "Neighbours",
            "WAGTAILADMIN_BASE_URL": "http://testserver",
            "WAGTAILADMIN_LOGIN_URL": "ory_mfa:login",
        },
        lines=(
            '``WAGTAILADMIN_LOGIN_URL = "ory_mfa:login"``: people without the right to its admin are else sent to a '
            "form that asks for a password of Django's",
        ),
    ),
    Neighbour(
        "django-cms",
        "serves its pages by the policy",
        apps=("django.contrib.sites", "cms", "menus", "sekizai", "treebeard"),
        last=(
            "cms.middleware.user.CurrentUserMiddleware",
            "cms.middleware.page.CurrentPageMiddleware",
            "cms.middleware.toolbar.ToolbarMiddleware",
            "cms.middleware.language.LanguageCookieMiddleware",
        ),
        requirements=("packaging",),
        lines=("``pip install packaging``, which it imports and does not ask for",),
        urls=(("pages/", "cms.urls"),),
        settings={
            "SITE_ID": 1,
            "LANGUAGES": [("en", "English")],
            "CMS_CONFIRM_VERSION4": True,
            "CMS_TEMPLATES": [("cms_page.html", "Page")],
            "X_FRAME_OPTIONS": "SAMEORIGIN",
        },
    ),
    Neighbour(
        "django-redis",
        "keeps sessions of Ory, so that a second request asks Ory nothing",
        settings={"CACHES": {"default": {"BACKEND": "django_redis.cache.RedisCache"}}, "ORY_MFA_CACHE_TTL": 60},
        server="redis",
    ),
    Neighbour(
        "django-valkey",
        "keeps sessions of Ory, so that a second request asks Ory nothing",
        settings={
            "CACHES": {
                "default": {"BACKEND": "django_valkey.cache.ValkeyCache"},
                "async": {"BACKEND": "django_valkey.async_cache.cache.AsyncValkeyCache"},
            },
            "ORY_MFA_CACHE_TTL": 60,
        },
        requirements=("valkey",),
        server="redis",
    ),
    Neighbour(
        "django-allauth",
        "shows its sign-in form to everybody, and signs in at Django",
        apps=("allauth", "allauth.account"),
        last=("allauth.account.middleware.AccountMiddleware",),
        urls=(("accounts/", "allauth.urls"),),
        backends=(MODEL_BACKEND, "allauth.account.auth_backends.AuthenticationBackend"),
        settings={"ACCOUNT_EMAIL_VERIFICATION": "none"},
        rules=((r"/accounts/", None),),
        lines=(
            '``(r"/accounts/", None)`` in ``ORY_MFA_RULES``. Its sign-in never makes ``request.user`` while '
            "``OryUserMiddleware`` does: see :doc:`/how-to/beside-allauth`",
        ),
    ),
    Neighbour(
        "django-otp",
        "verifies a token of its own for the person of Ory, which no guard of this package counts",
        apps=("django_otp", "django_otp.plugins.otp_static"),
        last=("django_otp.middleware.OTPMiddleware",),
        lines=(
            '``await request.session.ahas_key("otp_device_id")`` in async views, before ``await request.auser()``: its '
            "middleware reads the session there without waiting for it, which Django's own sign-in has loaded by then, "
            "and a page of somebody whom it has verified is else a 500 (``SynchronousOnlyOperation``). Its tokens "
            "never make a session ``aal2``: see :doc:`/how-to/beside-allauth`",
        ),
    ),
    Neighbour(
        "django-htmx",
        "tells the view that htmx asks, and a refusal is one that htmx follows",
        apps=("django_htmx",),
        last=("django_htmx.middleware.HtmxMiddleware",),
    ),
    Neighbour(
        "django-components",
        "renders a component on a guarded page",
        apps=("django_components",),
        urls=(("components/", "django_components.urls"),),
        settings={"STATICFILES_FINDERS": ["django.contrib.staticfiles.finders.AppDirectoriesFinder"]},
    ),
)
BY_NAME = {neighbour.package: neighbour for neighbour in NEIGHBOURS}


def chosen() -> Neighbour:
    """The neighbour of this trial."""
    return BY_NAME[os.environ["NEIGHBOUR"]]
