"""Check the rules of the site: each can match a path, and none exempts more than intended."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.core import checks
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from django.urls import get_script_prefix, reverse

from django_ory_mfa.checks.order import POLICY_MIDDLEWARE, positions
from django_ory_mfa.checks.patterns import branches, can_begin_with_slash, has_end, text_of
from django_ory_mfa.conf import Rule, conf
from django_ory_mfa.guard.regexes import must_stay
from django_ory_mfa.guard.site_policy import is_for_unlisted_paths

URL_NAME = re.compile(r"[\w-]+(:[\w-]+)+")
# Inline flags have to stay at the beginning of a regex.
BEGINNING = re.compile(r"^(\(\?[aiLmsux]+\))?(?:\^|\\A)?")

W014 = checks.Warning(
    "ORY_MFA_RULES is set, but AALRequiredMiddleware is not in MIDDLEWARE, so the rules are not applied.",
    hint=f"Add '{POLICY_MIDDLEWARE}' after OrySessionMiddleware, or remove ORY_MFA_RULES.",
    id="ory_mfa.W014",
)


def matches_no_path(pattern: str, dead: str, likely: str | None) -> checks.Warning:
    """Return W012: a rule, or an alternative in one, matches no path."""
    what = f"The rule {pattern!r}" if dead == pattern else f"The alternative {dead!r} of the rule {pattern!r}"
    means = f"Did you mean {likely!r}?" if likely else "Write the path that you mean, such as '/account/'."
    return checks.Warning(
        f"{what} in ORY_MFA_RULES matches no path: paths begin with a slash, and rules are matched from the beginning.",
        hint=f"Rules are regexes for paths without the host, not URL names. {means}",
        id="ory_mfa.W012",
    )


def frees_everything(pattern: str) -> checks.Warning:
    """Return W016: a rule exempts every path that no rule above it matches."""
    return checks.Warning(
        f"The rule {pattern!r} in ORY_MFA_RULES exempts every path that no rule above it matches.",
        hint="List the paths to exempt. If you mean to guard only some paths, silence ory_mfa.W016.",
        id="ory_mfa.W016",
    )


def frees_too_much(pattern: str, open_end: str) -> checks.Warning:
    """Return W013: a rule also exempts longer paths that begin in the same way."""
    return checks.Warning(
        f"The rule {pattern!r} in ORY_MFA_RULES also exempts longer paths, such as {open_end + '-else/'!r}.",
        hint=f"Did you mean {open_end + '/'!r}, or {open_end + '$'!r}?",
        id="ory_mfa.W013",
    )


def compared_as_written(pattern: str) -> checks.Warning:
    """Return W044: a rule holds only for paths in the letters in which it is written."""
    return checks.Warning(
        f"The rule {pattern!r} in ORY_MFA_RULES does not ignore case and accents, as databases may: its regex would "
        "take minutes then, or match fewer paths.",
        hint="Write it without capitals and accents in what is repeated, and without [^A-Z], or guard its views. If no "
        "database looks for the path, silence ory_mfa.W044.",
        id="ory_mfa.W044",
    )


def check_rules(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every rule can match a path, and rules that exempt paths end at a path boundary."""
    try:
        rules = conf.rules
    except ImproperlyConfigured:
        # check_values reports it.
        return []
    is_unread = bool(rules) and not positions(POLICY_MIDDLEWARE)
    return [*([W014] if is_unread else []), *(message for rule in rules for message in _messages(rule))]


def _messages(rule: Rule) -> Iterator[CheckMessage]:
    pattern = rule.pattern.pattern
    if rule.requirement is None and is_for_unlisted_paths(rule.pattern):
        yield frees_everything(pattern)
    if must_stay(rule.pattern):
        yield compared_as_written(pattern)
    if rule.pattern.flags & re.VERBOSE:
        # The regex ignores blanks and comments in it, so its text does not show what it matches.
        return
    for branch in branches(pattern):
        text = text_of(branch)
        if not can_begin_with_slash(branch):
            yield matches_no_path(pattern, text, _likely(text))
        elif rule.requirement is None and not is_for_unlisted_paths(rule.pattern) and not has_end(branch):
            yield frees_too_much(pattern, text)


def _likely(text: str) -> str | None:
    """Return the pattern that was probably meant by ``text``, which does not begin with a slash."""
    if "://" in text:
        return urlsplit(text).path or "/"
    path = _path_of(text)
    if path or URL_NAME.fullmatch(text):
        return path
    return BEGINNING.sub(r"\1/", text, count=1)


def _path_of(name: str) -> str | None:
    try:
        return "/" + reverse(name).removeprefix(get_script_prefix())
    except Exception:
        # Not a URL name, one that needs arguments, or an error in the URL configuration, which Django reports.
        return None
