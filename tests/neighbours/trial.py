"""The trial of the one neighbour that ``NEIGHBOUR`` names, in a process of its own; prints JSON."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import django
from django.conf import settings
from django.core import checks
from django.core.management import call_command
from django.test.utils import setup_test_environment
from django.utils.module_loading import import_string

from tests.neighbours.table import chosen

MODES = ("sync", "async")


def trial() -> dict[str, Any]:
    """What was found, as it can be written down."""
    from django_ory_mfa.testing import installed
    from tests.neighbours.uses import USES
    from tests.neighbours.walk import Visitor, complaints

    neighbour = chosen()

    def used(mode: str) -> Iterator[str]:
        with installed() as ory:
            yield from USES[neighbour.package](Visitor(mode, ory))

    return {
        "version": version(neighbour.package),
        "django": django.__version__,
        "checks": said(),
        "threads": [path for path in (*neighbour.first, *neighbour.last) if not speaks_async(path)],
        **{mode: [*found("guards", complaints, mode), *found("itself", used, mode)] for mode in MODES},
    }


def found(what: str, complain: Callable[[str], Iterator[str]], mode: str) -> list[str]:
    """The complaints, the last of which may be that the trial broke off."""
    wrongs: list[str] = []
    try:
        wrongs.extend(f"{what}: {wrong}" for wrong in complain(mode))
    except Exception as error:
        traceback.print_exc()
        wrongs.append(f"{what}: broke off: {type(error).__name__}: {error}")
    return wrongs


def said() -> list[str]:
    """The ids of the checks that complain about the site."""
    return sorted({str(message.id) for message in checks.run_checks() if not message.is_silenced()})


def speaks_async(path: str) -> bool:
    """Whether Django runs a middleware in async code without another thread."""
    return bool(getattr(import_string(path), "async_capable", False))


def prepare() -> None:
    """Make the tables, and for tenants the one tenant."""
    if "django_tenants" not in settings.INSTALLED_APPS:
        call_command("migrate", run_syncdb=True, verbosity=0)
        return
    from tests.neighbours.tenants.models import Client, Domain

    call_command("migrate_schemas", run_syncdb=True, verbosity=0)
    tenant = Client.objects.create(schema_name="one", name="one")
    Domain.objects.create(domain="testserver", tenant=tenant, is_primary=True)


def main() -> None:
    django.setup()
    setup_test_environment(debug=settings.DEBUG)
    logging.disable(logging.CRITICAL)
    prepare()
    sys.stdout.write("\n" + json.dumps(trial()) + "\n")


if __name__ == "__main__":
    main()
