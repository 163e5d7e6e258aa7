"""When the HTTP client is imported: each test in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SETUP = """
import sys
import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["django_ory_mfa"],
    MIDDLEWARE=["django_ory_mfa.middleware.OrySessionMiddleware", "django_ory_mfa.middleware.AALRequiredMiddleware"],
    ORY_MFA_SDK_URL="http://127.0.0.1:4433",
    ROOT_URLCONF="django_ory_mfa.urls",
)
"""
COMMAND = """
from django.core.management import execute_from_command_line
import django_ory_mfa.decorators, django_ory_mfa.middleware, django_ory_mfa.urls

execute_from_command_line(["manage.py", "check", "--deploy", "--fail-level", "CRITICAL"])
"""
SERVERS = {
    "wsgi": "from django.core.wsgi import get_wsgi_application; get_wsgi_application()",
    "asgi": "from django.core.asgi import get_asgi_application; get_asgi_application()",
}


def imports_requests(program: str) -> bool:
    script = f"{SETUP}\n{program}\nprint('requests' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
    )
    return ran.stdout.splitlines()[-1] == "True"


def test_command_starts_without_http_client() -> None:
    assert not imports_requests(COMMAND)


@pytest.mark.parametrize("server", SERVERS)
def test_server_starts_with_http_client(server: str) -> None:
    """So that the first visitor does not wait for the import, and a server that forks shares its memory."""
    assert imports_requests(SERVERS[server])
