"""How each of Django's middleware is built into a site."""

from __future__ import annotations

import django

from tests.crossings.ways import DJANGO_USERS, SESSIONS, USERS, Middleware

CONTRIB = "django.contrib"
CORE = "django.middleware"
OWN = "tests.crossings.middleware"
UNSEEN = ("shown/before-made", "policy/before-made", "policy/between-made")
MIDDLEWARE: dict[str, Middleware] = {
    f"{CONTRIB}.admindocs.middleware.XViewMiddleware": Middleware(
        needs=USERS, settings={"INTERNAL_IPS": ["127.0.0.1"]}, own={200}, outside=("guarded/*",)
    ),
    f"{CONTRIB}.auth.middleware.AuthenticationMiddleware": Middleware(needs=SESSIONS),
    f"{CONTRIB}.auth.middleware.LoginRequiredMiddleware": Middleware(needs=USERS, own={302}, outside=("guarded/*",)),
    f"{CONTRIB}.auth.middleware.PersistentRemoteUserMiddleware": Middleware(
        needs=DJANGO_USERS, spelt=f"{OWN}.PersistentProxyUser"
    ),
    f"{CONTRIB}.auth.middleware.RemoteUserMiddleware": Middleware(needs=DJANGO_USERS, spelt=f"{OWN}.ProxyUser"),
    f"{CONTRIB}.flatpages.middleware.FlatpageFallbackMiddleware": Middleware(
        makes=["/flat/"], own={200}, outside=UNSEEN, uncovered=UNSEEN
    ),
    f"{CONTRIB}.messages.middleware.MessageMiddleware": Middleware(needs=SESSIONS),
    f"{CONTRIB}.redirects.middleware.RedirectFallbackMiddleware": Middleware(
        makes=["/moved/"], own={301}, outside=UNSEEN[1:], uncovered=UNSEEN[1:], gives=False
    ),
    f"{CONTRIB}.sessions.middleware.SessionMiddleware": Middleware(settings={"SESSION_SAVE_EVERY_REQUEST": True}),
    f"{CONTRIB}.sites.middleware.CurrentSiteMiddleware": Middleware(),
    f"{CORE}.cache.CacheMiddleware": Middleware(),
    f"{CORE}.cache.FetchFromCacheMiddleware": Middleware(needs=[f"{CORE}.cache.UpdateCacheMiddleware"]),
    f"{CORE}.cache.UpdateCacheMiddleware": Middleware(partner=[f"{CORE}.cache.FetchFromCacheMiddleware"]),
    f"{CORE}.clickjacking.XFrameOptionsMiddleware": Middleware(),
    f"{CORE}.common.BrokenLinkEmailsMiddleware": Middleware(),
    f"{CORE}.common.CommonMiddleware": Middleware(
        makes=["slash"], own={301}, outside=("policy/before-made", "policy/between-made"), gives=False
    ),
    f"{CORE}.csrf.CsrfViewMiddleware": Middleware(
        own={403}, outside=("guarded/*", "policy/before", "policy/between"), enforces_csrf=True
    ),
    f"{CORE}.gzip.GZipMiddleware": Middleware(),
    f"{CORE}.http.ConditionalGetMiddleware": Middleware(),
    f"{CORE}.locale.LocaleMiddleware": Middleware(
        makes=["/vault/"], own={302}, outside=("policy/before-made", "policy/between-made"), gives=False
    ),
    f"{CORE}.security.SecurityMiddleware": Middleware(settings={"SECURE_HSTS_SECONDS": 60}),
    "django.utils.decorators.async_only_middleware": Middleware(spelt=f"{OWN}.async_only"),
    "django.utils.decorators.sync_and_async_middleware": Middleware(spelt=f"{OWN}.either"),
    "django.utils.decorators.sync_only_middleware": Middleware(spelt=f"{OWN}.sync_only"),
}
if django.VERSION >= (6, 0):
    MIDDLEWARE[f"{CORE}.csp.ContentSecurityPolicyMiddleware"] = Middleware(
        settings={"SECURE_CSP": {"default-src": ["'self'"]}}
    )
