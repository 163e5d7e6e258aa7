"""System checks. They make no network calls; the hint of each message says what to change.

If a check finds nothing, ``manage.py ory_mfa doctor`` says so with a text of its ``system`` module.
"""

from __future__ import annotations

from django_ory_mfa.checks.addresses import W006, check_hosts, check_https, check_loopback, cleartext, two_loopbacks
from django_ory_mfa.checks.admin import (
    E030,
    E032,
    W030,
    check_admin_sites,
    odd_requirement,
    open_site,
    replaced_site,
    unread_attribute,
)
from django_ory_mfa.checks.apis import (
    W040,
    W043,
    check_authenticators,
    check_exception_handler,
    check_permissions,
    check_spectacular,
    idle_requirement,
    negated_level,
    odd_requirements,
    other_authenticators,
    unread_requirements,
)
from django_ory_mfa.checks.caches import W005, check_cache
from django_ory_mfa.checks.classes import check_classes, forgotten_mixin, unread_attributes
from django_ory_mfa.checks.csp import check_form_action, form_action_blocks
from django_ory_mfa.checks.order import (
    BEFORE_OURS,
    E003,
    E004,
    E008,
    POLICY_MIDDLEWARE,
    SESSION_MIDDLEWARE,
    check_middleware,
    out_of_order,
)
from django_ory_mfa.checks.outside import answers_outside, check_outside, check_pages, unmarked_pages
from django_ory_mfa.checks.rules import W014, check_rules, frees_everything, frees_too_much, matches_no_path
from django_ory_mfa.checks.spellings import check_spellings, passed_by
from django_ory_mfa.checks.two_sign_ins import check_two_sign_ins, two_sign_ins
from django_ory_mfa.checks.users import (
    E020,
    E021,
    E022,
    E023,
    E024,
    W020,
    W021,
    check_login_url,
    check_user_middleware,
    check_user_sync,
)
from django_ory_mfa.checks.values import (
    E001,
    W003,
    check_claims,
    check_names,
    check_values,
    odd_setting,
    unknown_setting,
)
from django_ory_mfa.checks.views import (
    check_highest_available,
    check_methods,
    odd_view,
    too_weak_methods,
    unclaimed,
    unknown_methods,
)

__all__ = [
    "ALL",
    "BEFORE_OURS",
    "DEPLOY",
    "E001",
    "E003",
    "E004",
    "E008",
    "E020",
    "E021",
    "E022",
    "E023",
    "E024",
    "E030",
    "E032",
    "POLICY_MIDDLEWARE",
    "SESSION_MIDDLEWARE",
    "W003",
    "W005",
    "W006",
    "W014",
    "W020",
    "W021",
    "W030",
    "W040",
    "W043",
    "answers_outside",
    "cleartext",
    "forgotten_mixin",
    "form_action_blocks",
    "frees_everything",
    "frees_too_much",
    "idle_requirement",
    "matches_no_path",
    "negated_level",
    "odd_requirement",
    "odd_requirements",
    "odd_setting",
    "odd_view",
    "open_site",
    "other_authenticators",
    "out_of_order",
    "passed_by",
    "replaced_site",
    "too_weak_methods",
    "two_loopbacks",
    "two_sign_ins",
    "unclaimed",
    "unknown_methods",
    "unknown_setting",
    "unmarked_pages",
    "unread_attribute",
    "unread_attributes",
    "unread_requirements",
]

ALL = (
    check_values,
    check_names,
    check_middleware,
    check_claims,
    check_highest_available,
    check_methods,
    check_classes,
    check_rules,
    check_spellings,
    check_outside,
    check_pages,
    check_cache,
    check_hosts,
    check_loopback,
    check_form_action,
    check_user_middleware,
    check_login_url,
    check_user_sync,
    check_two_sign_ins,
    check_admin_sites,
    check_permissions,
    check_authenticators,
    check_exception_handler,
    check_spectacular,
)
# Run only by `check --deploy`.
DEPLOY = (check_https,)
