"""Rows of the table: decorators for views."""

from __future__ import annotations

from tests.crossings.table import CACHES, Row

VIEWS = "django.views.decorators"
AUTH = "django.contrib.auth.decorators"
CONDITION = (
    "Below the guard: safe. Above it, 304 and 412 are answered before the guard is asked: nobody gets the page, but "
    "whoever guesses the {what} learns whether it holds. Put it below the guard."
)
METHODS = "Above the guard, other methods get 405 before the guard is asked. Below it: safe."
LOGIN = "Above the guard, {who} is sent to ``LOGIN_URL`` before the guard is asked. Below it: safe."
DECORATORS = [
    Row(
        name="django.contrib.admin.views.decorators.staff_member_required",
        guarded=LOGIN.format(who="whoever is not staff").replace("``LOGIN_URL``", "the sign-in page of the admin"),
    ),
    Row(name=f"{AUTH}.login_not_required"),
    Row(name=f"{AUTH}.login_required", guarded=LOGIN.format(who="whoever is not signed in with Django")),
    Row(name=f"{AUTH}.permission_required", guarded=LOGIN.format(who="whoever lacks the permission")),
    Row(name=f"{AUTH}.user_passes_test", guarded=LOGIN.format(who="whoever fails the test")),
    Row(name="django.contrib.sitemaps.views.x_robots_tag"),
    Row(name="django.db.transaction.atomic"),
    Row(name="django.db.transaction.non_atomic_requests"),
    Row(
        name="django.utils.decorators.method_decorator",
        guarded=(
            "On ``dispatch()``: safe, on async classes too. On single methods, it guards these; ``OPTIONS`` tells "
            "everybody which methods there are."
        ),
    ),
    Row(name=f"{VIEWS}.cache.cache_control"),
    Row(
        name=f"{VIEWS}.cache.cache_page",
        guarded="safe: nothing is stored. Below the guard it is an error, ``ImproperlyConfigured``.",
        shown="safe: nothing is stored, and the log says so once.",
        policy=(
            "safe: nothing is stored. A page that the policy guards and that is behind it is an error, "
            "``ImproperlyConfigured``."
        ),
        test=CACHES,
    ),
    Row(name=f"{VIEWS}.cache.never_cache"),
    Row(name=f"{VIEWS}.clickjacking.xframe_options_deny"),
    Row(name=f"{VIEWS}.clickjacking.xframe_options_exempt"),
    Row(name=f"{VIEWS}.clickjacking.xframe_options_sameorigin"),
    Row(name=f"{VIEWS}.common.no_append_slash"),
    Row(name=f"{VIEWS}.csp.csp_override", since=(6, 0)),
    Row(name=f"{VIEWS}.csp.csp_report_only_override", since=(6, 0)),
    Row(
        name=f"{VIEWS}.csrf.csrf_exempt",
        guarded="safe: the guard itself wants the CSRF token of whoever it lets in by a cookie.",
    ),
    Row(
        name=f"{VIEWS}.csrf.csrf_protect",
        guarded="Above the guard, a form without a CSRF token gets 403 before the guard is asked. Below it: safe.",
    ),
    Row(name=f"{VIEWS}.csrf.ensure_csrf_cookie"),
    Row(name=f"{VIEWS}.csrf.requires_csrf_token"),
    Row(name=f"{VIEWS}.debug.sensitive_post_parameters"),
    Row(name=f"{VIEWS}.debug.sensitive_variables"),
    Row(name=f"{VIEWS}.gzip.gzip_page"),
    Row(name=f"{VIEWS}.http.condition", guarded=CONDITION.format(what="``ETag`` or date")),
    Row(name=f"{VIEWS}.http.conditional_page"),
    Row(name=f"{VIEWS}.http.etag", guarded=CONDITION.format(what="``ETag``")),
    Row(name=f"{VIEWS}.http.last_modified", guarded=CONDITION.format(what="date")),
    Row(name=f"{VIEWS}.http.require_GET", guarded=METHODS),
    Row(name=f"{VIEWS}.http.require_POST", guarded=METHODS),
    Row(name=f"{VIEWS}.http.require_http_methods", guarded=METHODS),
    Row(name=f"{VIEWS}.http.require_safe", guarded=METHODS),
    Row(name=f"{VIEWS}.vary.vary_on_cookie"),
    Row(name=f"{VIEWS}.vary.vary_on_headers"),
]
