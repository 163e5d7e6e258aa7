"""What to do with the files that were written. Pure."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from urllib.parse import urlsplit

from django_ory_mfa.management.init.choices import Choices
from django_ory_mfa.management.init.identity_schema import SCHEMA_ID
from django_ory_mfa.management.init.kratos_yml import CONFIG_FILE, flags

# A port that is not that of mail servers.
CATCHER = re.compile(r"smtp://((?:127\.0\.0\.1|localhost):(?!25/|587/)\d+)/\?disable_starttls=true")
EMAIL, PASSWORD = "you@example.com", "a long password of yours"
CLAIM = "highest_available"


def next_steps(choices: Choices, folder: str, settings: dict[str, str | None]) -> str:
    """Return the numbered steps; ``settings`` are those of this site, as far as they are set."""
    steps = [step for step in _steps(choices, folder, settings) if step]
    return "\n\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))


def _steps(choices: Choices, folder: str, settings: dict[str, str | None]) -> Iterator[str]:
    lines = missing_settings(choices, settings)
    yield _block("In the settings of this site:", *lines) if lines else ""
    catcher = CATCHER.fullmatch(choices.smtp)
    if catcher:
        yield _block(
            "Catch the mails of Kratos, in a terminal of its own (they are printed there):",
            "python -m pip install aiosmtpd",
            f"python -u -m aiosmtpd -n -l {catcher[1]}",
        )
    yield _block("Start Kratos, in a terminal of its own:", f"cd {shlex.quote(folder)}", *_start(choices))
    yield from _person(choices)
    yield _block("Open the site:", *_open(choices))
    yield _block(
        "Check everything, as that person:",
        f"python manage.py ory_mfa doctor --site-url {choices.site} --admin-url {choices.admin} --as {EMAIL}",
    )


def missing_settings(choices: Choices, settings: dict[str, str | None]) -> list[str]:
    """Return the lines that the settings of the site lack or have otherwise."""
    known = [url.rstrip("/") for name in ("ORY_MFA_SDK_URL", "ORY_MFA_BROWSER_URL") if (url := settings.get(name))]
    wanted = {
        "ORY_MFA_SDK_URL": None if choices.ory in known else choices.ory,
        "ORY_MFA_SITE_URL": None if choices.is_local else choices.site,
        "ORY_MFA_WHOAMI_REQUIRED_AAL": CLAIM,
        "ORY_MFA_SETTINGS_REQUIRED_AAL": CLAIM,
    }
    return [
        f'{name} = "{value}"' for name, value in wanted.items() if value is not None and settings.get(name) != value
    ]


def first_person(choices: Choices) -> str:
    """Return the command that makes a person with a password and a confirmed address, by the admin API."""
    person = {
        "schema_id": SCHEMA_ID,
        "traits": {"email": EMAIL},
        "credentials": {"password": {"config": {"password": PASSWORD}}},
        "verifiable_addresses": [{"value": EMAIL, "via": "email", "verified": True, "status": "completed"}],
    }
    body = json.dumps(person)
    return f"curl -sS -X POST {choices.admin}/admin/identities -H 'Content-Type: application/json' -d '{body}'"


def _start(choices: Choices) -> Iterator[str]:
    if choices.dsn != "memory":
        yield f"kratos migrate sql up -e -c {CONFIG_FILE} --yes"
    yield f"kratos serve -c {CONFIG_FILE} {flags(choices)}"


def _person(choices: Choices) -> Iterator[str]:
    if "registration" in choices.pages:
        yield _block(
            "Make the first person: sign up on the page, or with an address and a password of your choice:",
            choices.pages["registration"],
            first_person(choices),
        )
    else:
        yield _block("Make the first person, with an address and a password of your choice:", first_person(choices))


def _open(choices: Choices) -> Iterator[str]:
    parts = urlsplit(choices.site)
    if choices.is_local:
        yield f"python manage.py runserver {parts.netloc}"
    yield f"{choices.start}        (under this name, not another name of the same machine)"
    if choices.start != choices.home:
        yield f"There is no page at {choices.home} yet. Make one: people come there after sign-up and sign-out."


def _block(title: str, *lines: str) -> str:
    return "\n".join([title, *(f"       {line}" for line in lines)])
