"""D. What the package adds to the start of a site."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.table import Row, added, ratios
from benchmarks.timing import Plan, Seconds

APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
PROGRAM = """
import json, sys, time
# Of the processor, so that other programs of the machine do not count.
started = time.process_time()
import django
from django.conf import settings
settings.configure(INSTALLED_APPS={apps}, ORY_MFA_SDK_URL="http://127.0.0.1:4433")
django.setup()
{imports}
print(json.dumps([time.process_time() - started, sorted(sys.modules)]))
"""
# What a site with the package imports in every process: middleware, guards and pages.
OURS = """
import django_ory_mfa.decorators, django_ory_mfa.middleware, django_ory_mfa.urls
"""
# A server builds its middleware, too, before it serves: the HTTP client is imported then.
SERVER = OURS + "django_ory_mfa.middleware.OrySessionMiddleware(lambda request: None)"
CASES = {
    "Django": (APPS, ""),
    "Django + ory_mfa": ([*APPS, "django_ory_mfa"], OURS),
    "Django + ory_mfa, a server": ([*APPS, "django_ory_mfa"], SERVER),
    "Django + requests": (APPS, "import requests"),
    "Django + django-otp": ([*APPS, "django_otp"], "import django_otp.middleware, django_otp.decorators"),
    "Django + ory_client": (APPS, "import ory_client"),  # so slow that two rounds have to do
}


def measure(plan: Plan, record: Seconds) -> Iterator[Row]:
    """Row D1."""
    foreign = []
    record |= {name: [] for name in CASES}
    for name in CASES:
        _start(name)
    for number in range(plan.rounds(15)):
        cases = [name for name in CASES if number < 2 or name != "Django + ory_client"]
        for name in random.sample(cases, len(cases)):
            seconds, modules = _start(name)
            record[name].append(seconds)
            if name == "Django + ory_mfa, a server":
                foreign.append(sum(module.partition(".")[0] == "ory_client" for module in modules))
    command, server, theirs = (
        added(record[name], record["Django"])
        for name in ("Django + ory_mfa", "Django + ory_mfa, a server", "Django + requests")
    )
    yield Row("D1", "start of a command: added to django.setup() / requests", "≤", 1.2, ratios(command, theirs))
    yield Row("D1", "start of a server: added to django.setup() / requests", "≤", 1.2, ratios(server, theirs))
    yield Row("D1", "start: modules of ory_client imported", "=", 0, foreign, is_count=True)


def _start(name: str) -> tuple[float, list[str]]:
    apps, imports = CASES[name]
    program = PROGRAM.format(apps=apps, imports=imports)
    run = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True)
    seconds, modules = json.loads(run.stdout)
    return seconds, modules
