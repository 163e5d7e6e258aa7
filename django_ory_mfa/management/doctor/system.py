"""The system checks as results of the doctor: what they found, or what they looked at."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings as django_settings
from django.core.checks import ERROR, CheckMessage

from django_ory_mfa import checks
from django_ory_mfa.management.doctor.results import Result, Status, failed, ok, skipped

# What is good if a check finds nothing.
GOOD = {
    "values": "The settings of the package are valid, and none is missing.",
    "names": "No ORY_MFA_ setting is misspelt.",
    "middleware": "The middleware is installed, in the right order.",
    "highest-available": "No view asks for highest_available without the settings that it needs.",
    "methods": "Every view asks for methods that exist and reach its level.",
    "classes": "Every view class that declares required_aal, max_age or methods is guarded by them.",
    "rules": "Every rule of ORY_MFA_RULES matches what it seems to.",
    "outside": "No middleware answers in place of the site-wide policy.",
    "pages": "No middleware makes pages that may show the session outside of OrySessionMiddleware.",
    "cache": "The cache has room for sessions, or none are cached.",
    "hosts": "Ory can only be asked to send people back to hosts of this site.",
    "loopback": "The settings use one name for this machine.",
    "form-action": "No Content Security Policy of the settings stops forms on their way to Ory.",
    "user-middleware": "The middleware, app and backend of users are installed together, or not at all.",
    "login-url": "LOGIN_URL leads to a page that exists, or is not the package's own.",
    "user-sync": "ORY_MFA_USER_SYNC names a class that fits, or is not set.",
    "admin-sites": "No admin that should be behind Ory was replaced, and nothing is declared where nothing reads it.",
    "permissions": "Permission classes and the admin ask for levels that exist.",
    "authenticators": "Django REST framework knows no other way in to views that need a level of Ory.",
    "exception-handler": "Refusals of views of Django REST framework are answered as those of other views.",
    "two-sign-ins": "No view asks for a level of Ory and for a user of Django who may be another person.",
    "spectacular": "drf-spectacular, if installed, documents refusals.",
    "https": "No URL in the settings sends sessions over a network without TLS.",
}
FOUND_NOTHING = "Nothing is wrong with it in the settings."
CLAIMS = ("ORY_MFA_WHOAMI_REQUIRED_AAL", "ORY_MFA_SETTINGS_REQUIRED_AAL")
COMPARE = (
    "the doctor with --as EMAIL and without --offline, or: manage.py ory_mfa check --file PATH (or --project SLUG)"
)


def results_of_settings() -> Iterator[Result]:
    """Yield the results of the system checks, including those for a deployment.

    Nothing is said of claims about Ory that are allowed: the checks of levels compare them, or else ``claims``.
    """
    for check in (*checks.ALL, *checks.DEPLOY):
        name = check.__name__.removeprefix("check_").replace("_", "-")
        messages = [message for message in check(None) if not message.is_silenced()]
        yield from map(result_of, [name] * len(messages), messages)
        if not messages and name != "claims":
            yield ok(name, f"{GOOD.get(name, FOUND_NOTHING)} (settings only)")


def not_compared(name: str, value: str | None) -> str:
    """Return what the settings claim, as a sentence; empty if they claim nothing."""
    return "" if value is None else f" Django's settings claim {name} = {value!r}; not compared with Ory."


def claims(whoami: str | None, settings: str | None) -> Iterator[Result]:
    """Yield what the settings declare about Ory, for a run without calls to Ory."""
    for name, value in zip(CLAIMS, (whoami, settings), strict=True):
        if value is not None:
            yield skipped("claims", not_compared(name, value).strip(), COMPARE)


def claims_of_settings() -> Iterator[Result]:
    """Yield ``claims`` of Django's settings, valid or not."""
    yield from claims(*(getattr(django_settings, name, None) for name in CLAIMS))


def result_of(name: str, message: CheckMessage) -> Result:
    """Return the message of a system check as the result of the check ``name``."""
    reason = f"{message.msg} ({message.id})"
    if message.is_serious(ERROR):
        return failed(name, reason, str(message.hint))
    return Result(name, Status.WARNING, reason, str(message.hint))
