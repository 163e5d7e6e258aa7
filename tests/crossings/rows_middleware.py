"""Rows of the table: middleware."""

from __future__ import annotations

from tests.crossings.table import MESSAGES, WALK, Row

REDIRECTS = (
    "After ``AALRequiredMiddleware``: safe. Before it, {from_what} is redirected for everybody, which tells that the "
    "path exists; the page itself is refused."
)
MIDDLEWARE = [
    Row(
        name="django.contrib.admindocs.middleware.XViewMiddleware",
        guarded=(
            "``HEAD`` from an address in ``INTERNAL_IPS``, or from staff, is answered before the guard with the name "
            "of the view, without its page."
        ),
    ),
    Row(name="django.contrib.auth.middleware.AuthenticationMiddleware"),
    Row(
        name="django.contrib.auth.middleware.LoginRequiredMiddleware",
        guarded="Anyone who is not signed in with Django is sent to ``LOGIN_URL`` before the guard is asked.",
        policy="safe: whoever the policy refuses is sent to Ory, even where this middleware would redirect.",
    ),
    Row(name="django.contrib.auth.middleware.PersistentRemoteUserMiddleware"),
    Row(name="django.contrib.auth.middleware.RemoteUserMiddleware"),
    Row(
        name="django.contrib.flatpages.middleware.FlatpageFallbackMiddleware",
        shown=(
            "After ``OrySessionMiddleware``: safe. Before it, a flat page whose template shows the session is not "
            "marked ``private``; the check ``ory_mfa.W018`` says so."
        ),
        policy=(
            "Behind ``AALRequiredMiddleware``, where Django wants it: safe, a flat page is refused like a view. Before "
            "it, flat pages are open to everybody; the check ``ory_mfa.W011`` says so."
        ),
    ),
    Row(
        name="django.contrib.messages.middleware.MessageMiddleware",
        shown=(
            "With ``SessionStorage``: safe. Django's default storage leaves messages in a cookie: those that were not "
            "shown yet wait in the browser for whoever signs in there next."
        ),
        test=f"{WALK}, {MESSAGES}",
    ),
    Row(
        name="django.contrib.redirects.middleware.RedirectFallbackMiddleware",
        policy=(
            "Behind ``AALRequiredMiddleware``, where Django wants it: safe, a redirect is refused like a view. Before "
            "it, redirects are open to everybody; the check ``ory_mfa.W011`` says so."
        ),
    ),
    Row(
        name="django.contrib.sessions.middleware.SessionMiddleware",
        shown="safe: a Django session is emptied when another person comes with it.",
    ),
    Row(name="django.contrib.sites.middleware.CurrentSiteMiddleware"),
    Row(name="django.middleware.cache.CacheMiddleware"),
    Row(
        name="django.middleware.cache.FetchFromCacheMiddleware",
        policy="safe. Its place is after ``AALRequiredMiddleware``; elsewhere the check ``ory_mfa.W011`` says so.",
    ),
    Row(name="django.middleware.cache.UpdateCacheMiddleware"),
    Row(name="django.middleware.clickjacking.XFrameOptionsMiddleware"),
    Row(name="django.middleware.common.BrokenLinkEmailsMiddleware"),
    Row(
        name="django.middleware.common.CommonMiddleware",
        policy=REDIRECTS.format(from_what="a path without its final slash"),
    ),
    Row(name="django.middleware.csp.ContentSecurityPolicyMiddleware", since=(6, 0)),
    Row(
        name="django.middleware.csrf.CsrfViewMiddleware",
        guarded="A form without a CSRF token is refused with 403 before the guard is asked.",
        policy=(
            "After ``AALRequiredMiddleware``: safe. Before it, a form without a CSRF token is refused with 403 before "
            "the policy is asked."
        ),
    ),
    Row(name="django.middleware.gzip.GZipMiddleware"),
    Row(name="django.middleware.http.ConditionalGetMiddleware"),
    Row(
        name="django.middleware.locale.LocaleMiddleware",
        policy=REDIRECTS.format(from_what="a path without its language prefix"),
    ),
    Row(name="django.middleware.security.SecurityMiddleware"),
    Row(name="django.utils.decorators.async_only_middleware"),
    Row(name="django.utils.decorators.sync_and_async_middleware"),
    Row(name="django.utils.decorators.sync_only_middleware"),
]
