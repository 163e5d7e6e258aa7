"""What Ory's messages say, in the visitor's language.

The ids: https://www.ory.sh/docs/kratos/concepts/ui-messages
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_ory_mfa.runtime.clock import local

# A new form in the place of one that was sent too late: nothing in it is wrong.
EXPIRED = frozenset({4010001, 4040001, 4050001, 4060005, 4070005})
TOO_LATE = _("This form was open for too long. Please fill it in once more.")

TEXTS = {
    1010001: _("Sign in"),
    1010002: _("Sign in with %(provider)s"),
    1010003: _("This protects your account if somebody else uses this device."),
    1010004: _("One more step: confirm that it’s you."),
    1010005: _("Confirm"),
    1010006: _("6‑digit code from your app"),
    1010007: _("Recovery code"),
    1010009: _("Confirm"),
    1010010: _("Confirm"),
    1010013: _("Continue"),
    1010008: _("Use the security key"),
    1010011: _("Use the security key"),
    1010012: _("Get the security key ready."),
    1010014: _("We e‑mailed you a 6‑digit code. It can take a minute."),
    1010015: _("Send a sign-in code"),
    1010019: _("Request a code to continue"),
    1010022: _("Sign in with password"),
    1010023: _("Send a code to %(address)s"),
    1010021: _("Use a passkey"),
    1010025: _("We e‑mailed you a 6‑digit code. It can take a minute."),
    1040001: _("Create account"),
    1040002: _("Sign up with %(provider)s"),
    1040003: _("Continue"),
    1040004: _("Sign up with a security key"),
    1040005: _("We e‑mailed you a 6‑digit code. It can take a minute."),
    1040006: _("Send a sign-up code"),
    1040007: _("Sign up with a passkey"),
    1040008: _("Back"),
    1040009: _("Choose how you sign in from now on."),
    1050001: _("Your changes have been saved."),
    1050002: _("Link %(provider)s"),
    1050003: _("Unlink %(provider)s"),
    1050004: _("Remove the authenticator app"),
    1050005: _("QR code for your authenticator app"),
    1050007: _("Show the recovery codes"),
    1050008: _("Create new recovery codes"),
    1050010: _("Each code works once. Keep them in a safe place."),
    1050011: _("I have saved these codes"),
    1050012: _("Add a security key"),
    1050013: _("Name of the security key"),
    1050016: _("Switch recovery codes off"),
    1050017: _("App on this same phone? Copy this key into it:"),
    1050018: _("Remove the security key “%(display_name)s”"),
    1050019: _("Add a passkey"),
    1050020: _("Remove the passkey “%(display_name)s”"),
    1060001: _("You are signed in again."),
    1060002: _("If an account has this address, we e‑mailed it a link. It can take a minute."),
    1060003: _("If an account has this address, we e‑mailed it a 6‑digit code. It can take a minute."),
    1070001: _("Password"),
    1070003: _("Save"),
    1070004: _("ID"),
    1070005: _("Send"),
    1070006: _("Type the 6‑digit code that the app shows"),
    1070007: _("E‑mail"),
    1070008: _("Send the code again"),
    1070009: _("Continue"),
    1070010: _("6‑digit code"),
    1070011: _("6‑digit code"),
    1070012: _("6‑digit code"),
    1070013: _("6‑digit code"),
    1080001: _("We e‑mailed you a link. It can take a minute."),
    1080002: _("Your e‑mail address is verified."),
    1080003: _("We e‑mailed you a 6‑digit code. It can take a minute."),
    4000002: _("Please fill in this field."),
    4000006: _("E‑mail or password is wrong."),
    4000007: _("An account with these details exists already."),
    4000008: _("This code is not right. Wait for the next one, and check the clock of your device."),
    4000010: _("This account is not active yet: please confirm your e‑mail address first."),
    4000012: _("This recovery code has been used already. Use another one."),
    4000016: _("This recovery code is not right. Check it, or use another one."),
    4000031: _("This password is too similar to your user name."),
    4000032: _("The password must have at least %(min_length)s characters."),
    4000034: _("This password is known from data breaches and must not be used any more."),
    4000027: _("An account with these details exists already. Sign in instead."),
    4000028: _("An account with these details exists already. Sign in instead."),
    4000033: _("This password is too long."),
    4000035: _("There is no account that can sign in with a code here. Check the spelling."),
    4010002: _("Something is missing. Please fill in the form and send it once more."),
    4010003: _("Something is missing. Please fill in the form and send it once more."),
    4010004: _("Nothing was changed. Please fill in the form and send it once more."),
    4010008: _("That code is wrong or too old. Use the newest code that we sent you."),
    4010011: _("This account has been disabled. Please ask the people who run this site."),
    4040003: _("That code is wrong or too old. Use the newest code that we sent you."),
    4060001: _("This is done already."),
    4060002: _("This did not work. Please start again."),
    4060004: _("This link is not right, or was used already. Please start again."),
    4060006: _("That code is wrong or too old. Use the newest code that we sent you."),
    4070001: _("This link is not right, or was used already. Please start again."),
    4070002: _("This is done already."),
    4070003: _("This did not work. Please start again."),
    4070006: _("That code is wrong or too old. Use the newest code that we sent you."),
    **dict.fromkeys(EXPIRED, TOO_LATE),
}
# Ory has one id for reasons of many kinds; what it says tells which.
REASON = 4000001
REASONS = {
    "A valid session was detected and thus login is not possible. Did you forget to set `?refresh=true`?": _(
        "You are signed in already."
    ),
    "You must (re-)generate recovery backup codes before you can save them.": _(
        "There are no new recovery codes to confirm. Please create some first."
    ),
}
# The labels of traits are the words of whoever wrote the identity schema; these are in most of them.
TRAIT = 1070002
TRAITS = {
    "E-mail": _("E‑mail"),
    "First name": _("First name"),
    "Last name": _("Last name"),
    "Name": _("Name"),
}
PARAMETERS = {
    1010002: "provider",
    1010023: "address",
    1040002: "provider",
    1050002: "provider",
    1050003: "provider",
    1050018: "display_name",
    1050020: "display_name",
    4000032: "min_length",
}
NO_FILE_NAME = re.compile(r"[^A-Za-z0-9.-]+")
# Ory says when a used recovery code was used where the code itself would stand.
USED_RECOVERY_CODE = 1050014
TITLES = {
    "code": _("Code by e‑mail"),
    "lookup_secret": _("Recovery codes"),
    "oidc": _("Other providers"),
    "passkey": _("Passkeys"),
    "password": _("Password"),
    "profile": _("Profile"),
    "saml": _("Other providers"),
    "sign_up": _("Your account"),
    "totp": _("Authenticator app"),
    "webauthn": _("Security keys"),
}

# What opens a form that is folded away.
WAYS = {
    "code": _("Use a code by e‑mail"),
    "lookup_secret": _("Use a recovery code"),
    "passkey": _("Use a passkey"),
    "password": _("Use your password"),
    "totp": _("Use your authenticator app"),
    "webauthn": _("Use your security key"),
}

# What a method is for, where it can be set up.
HINTS = {
    "lookup_secret": _("For the day when you lose your phone or key: each code lets you in once."),
    "passkey": _("You sign in by fingerprint, face or screen lock, without a password."),
    "totp": _("An app on your phone or computer that shows a new code every 30 seconds."),
    "webauthn": _("A key that you plug in or hold to your phone: the safest second step."),
}


def text_of(message: object) -> str:
    """What ``message`` of Ory says: translated if its id is known, else Ory's own text; empty if it is no message."""
    if not isinstance(message, dict):
        return ""
    number = message.get("id")
    if isinstance(number, int) and number in TEXTS:
        name = PARAMETERS.get(number)
        parameters = _parameters(message.get("context"), name)
        if parameters is not None:
            return str(TEXTS[number]) % parameters if name else str(TEXTS[number])
    said = message.get("text")
    if not isinstance(said, str):
        return ""
    known: dict[str, Any] = {REASON: REASONS, TRAIT: TRAITS}.get(number, {}) if isinstance(number, int) else {}
    return str(known.get(said, said))


def title_of(group: str) -> str:
    """What a group of nodes is about."""
    title = TITLES.get(group)
    return group.replace("_", " ").capitalize() if title is None else str(title)


def way_of(group: str) -> str:
    """What opens the form for a group of nodes, where another way comes first."""
    return str(WAYS.get(group, title_of(group)))


def hint_of(group: str) -> str:
    """What the method of a group is for; empty if that needs no words."""
    return str(HINTS.get(group, ""))


def recovery_code(message: object) -> str:
    """One line of the list of recovery codes."""
    is_used = isinstance(message, dict) and message.get("id") == USED_RECOVERY_CODE
    return gettext("(used)") if is_used else text_of(message)


def codes_title(account: str, site: str, now: datetime) -> str:
    """What stands above recovery codes on paper and in a file, where no page around them says whose they are."""
    day = date_format(local(now), "DATE_FORMAT")
    if account and site:
        values = {"account": account, "site": site, "day": day}
        return gettext("Recovery codes for %(account)s at %(site)s, %(day)s") % values
    owner = account or site
    return gettext("Recovery codes for %(owner)s, %(day)s") % {"owner": owner, "day": day} if owner else day


def codes_file_name(site: str) -> str:
    """The name of the file that recovery codes are saved in; without a port, as no file may have a colon."""
    host = NO_FILE_NAME.sub("-", site).strip("-")
    return f"recovery-codes-{host}.txt" if host else "recovery-codes.txt"


def _parameters(context: Any, name: str | None) -> dict[str, str | int] | None:
    """The value for a text with one placeholder; None if Ory gave none that can be shown."""
    if name is None:
        return {}
    value = context.get(name) if isinstance(context, dict) else None
    return {name: value} if isinstance(value, (str, int)) else None
