"""The API and the page of scripts of the example, beside the walks in ``tests/browser/test_example_api.py``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import django
import pytest

from django_ory_mfa.testing import FakeOry
from tests.apis import needed
from tests.project.test_example_project import DEVELOPMENT, PROJECT, environment, project

__all__ = ["project"]

ROOT = PROJECT.parent
LEFT_OUT = ("rest_framework", "djangorestframework", "drf_spectacular")


def run_example(program: str, *places: Path) -> str:
    """What a program prints that imports from the example, and from nowhere else but ``places``."""
    path = os.pathsep.join(map(str, (PROJECT, ROOT, *places)))
    env = environment(**DEVELOPMENT) | {"PYTHONPATH": path, "DJANGO_SETTINGS_MODULE": "example.settings"}
    run = subprocess.run([sys.executable, "-S", "-c", program], env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


PROGRAM = """
import django
django.setup()
from django.test import Client
client = Client(headers={"host": "127.0.0.1"})
print(*(client.get(path).status_code for path in ("/", "/scripts/", "/api/v1/docs/", "/api/v1/schema/")))
print('href="/api/v1/docs/"' in client.get("/").content.decode())
"""


def test_example_starts_without_the_packages_of_its_api(tmp_path: Path) -> None:
    for package in Path(django.__file__).parents[1].iterdir():
        if not package.name.startswith(LEFT_OUT):
            (tmp_path / package.name).symlink_to(package)

    assert run_example(PROGRAM, tmp_path).split()[-5:] == ["200", "200", "404", "404", "False"]


def test_example_has_an_api_with_them() -> None:
    needed("rest_framework", "drf_spectacular", "drf_spectacular_sidecar")

    assert run_example(PROGRAM, Path(django.__file__).parents[1]).split()[-5:] == ["200", "200", "200", "200", "True"]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    "body", ["", "{}", "[]", '{"amount": "a"}', '{"amount": "NaN"}', '{"amount": "-1"}', '{"amount": {}}']
)
def test_payment_of_no_amount_is_refused(ory: FakeOry, client: Any, body: str) -> None:
    ory.login(client)

    response = client.post("/scripts/pay/", body, content_type="application/json")

    assert (response.status_code, response.json()["error"]["message"][:12]) == (400, "Say how much")


@pytest.mark.usefixtures("project")
def test_payment_wants_a_fresh_second_factor(ory: FakeOry, client: Any) -> None:
    ory.login(client, age=3000)
    headers = {"Accept": "application/json"}

    response = client.post("/scripts/pay/", '{"amount": "5"}', content_type="application/json", headers=headers)
    assert (response.status_code, response.json()["error"]["id"]) == (403, "session_refresh_required")
    ory.login(client)

    response = client.post("/scripts/pay/", '{"amount": "5"}', content_type="application/json", headers=headers)
    assert response.json() == {"paid": "5.00"}
