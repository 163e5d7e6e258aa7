"""``manage.py ory_mfa users prune``."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import CommandError

from django_ory_mfa.contrib.auth.models import OryIdentity
from django_ory_mfa.core.answer import Answer
from django_ory_mfa.management.prune import AdminApi, _deactivate, gone
from django_ory_mfa.testing import FakeOry
from django_ory_mfa.testing.emulator import Emulator

User: Any = get_user_model()
KEY = "ORY_PROJECT_API_KEY"
UNKNOWN = "00000000-0000-4000-8000-000000000001"

pytestmark = pytest.mark.django_db


def prune(url: str, *arguments: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("ory_mfa", "users", "prune", "--admin-url", url, *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An Ory on a port of its own, with an admin API."""
    running = Emulator(0, ory=FakeOry(), people=()).start()
    yield running
    running.close()


def linked(name: str, identity_id: str, project: str = "") -> Any:
    user, _ = User.objects.get_or_create(username=name)
    OryIdentity.objects.create(user=user, identity_id=identity_id, project=project)
    return user


def two(emulator: Emulator) -> tuple[Any, Any]:
    """Ann, whom Ory has, and Bob, whose identity was deleted."""
    ann, bob = (emulator.ory.add_identity() for _ in range(2))
    found = linked("ann", ann.id), linked("bob", bob.id)
    emulator.ory.delete_identity(bob)
    return found


def states() -> dict[str, bool]:
    return dict(User.objects.values_list("username", "is_active"))


def test_identity_that_ory_has_is_linked(emulator: Emulator) -> None:
    User.objects.create(username="ann")
    identity, out = emulator.ory.add_identity(), StringIO()
    arguments = ["link", "--user", "ann", "--identity", identity.id, "--admin-url", emulator.url]

    call_command("ory_mfa", "users", *arguments, stdout=out)

    assert out.getvalue() == f"{identity.id} is linked to 'ann'. Ory has this identity.\n"


def test_identity_that_ory_does_not_have_is_not_linked(emulator: Emulator) -> None:
    User.objects.create(username="ann")
    arguments = ["link", "--user", "ann", "--identity", UNKNOWN, "--admin-url", emulator.url]

    with pytest.raises(CommandError, match=f"Ory has no identity {UNKNOWN}. Nothing was changed."):
        call_command("ory_mfa", "users", *arguments, stdout=StringIO())

    assert OryIdentity.objects.count() == 0


def test_links_of_deleted_identities_are_listed_and_nothing_is_changed(emulator: Emulator) -> None:
    two(emulator)

    said = prune(emulator.url)

    assert ("bob" in said, "ann" in said) == (True, False)
    assert said.splitlines()[-1] == "1 of 2 linked identities are gone."
    assert states() == {"ann": True, "bob": True}
    assert OryIdentity.objects.count() == 2


def test_deactivate_disables_the_users_and_deletes_no_link(emulator: Emulator) -> None:
    two(emulator)

    said = prune(emulator.url, "--deactivate")

    assert said.splitlines()[-1] == "1 of 2 linked identities are gone. 1 users were disabled."
    assert states() == {"ann": True, "bob": False}
    assert OryIdentity.objects.count() == 2
    assert "0 users were disabled" in prune(emulator.url, "--deactivate")


def test_disabled_identity_is_not_gone(emulator: Emulator) -> None:
    identity = emulator.ory.add_identity()
    linked("ann", identity.id)
    identity.state = "inactive"

    assert "0 of 1" in prune(emulator.url, "--deactivate")
    assert states() == {"ann": True}


@pytest.mark.parametrize("project", ["", "other"], ids=["this project", "another project"])
def test_user_with_another_identity_stays(emulator: Emulator, project: str) -> None:
    two(emulator)
    linked("bob", emulator.ory.add_identity().id, project)

    assert "1 of" in prune(emulator.url, "--deactivate")
    assert states() == {"ann": True, "bob": True}


def test_links_of_other_projects_are_not_asked_about(emulator: Emulator, settings: Any) -> None:
    two(emulator)
    settings.ORY_MFA_PROJECT = "other"

    assert "0 of 0" in prune(emulator.url, "--deactivate")
    assert states() == {"ann": True, "bob": True}


def test_project_that_has_none_of_them_disables_nobody(emulator: Emulator) -> None:
    linked("ann", UNKNOWN)
    linked("bob", UNKNOWN.replace("1", "2"))
    assert "2 of 2" in prune(emulator.url)

    with pytest.raises(CommandError, match="Is this the project of this site"):
        prune(emulator.url, "--deactivate")

    assert states() == {"ann": True, "bob": True}


def test_last_identity_of_all_may_be_gone(emulator: Emulator) -> None:
    linked("ann", UNKNOWN)

    prune(emulator.url, "--deactivate")

    assert states() == {"ann": False}


def test_user_model_without_the_field_is_an_error() -> None:
    with pytest.raises(CommandError, match="has no field is_active"):
        _deactivate(Group(name="no user"))


@contextmanager
def answering(status: int, body: bytes) -> Iterator[tuple[str, list[str | None]]]:
    """The URL of a server that gives one answer, and the keys that it was sent."""
    keys: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            keys.append(self.headers["Authorization"])
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", keys
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"{}"),
        (401, b'{"error": {"code": 401}}'),
        (429, b'{"error": {"code": 429}}'),
        (404, b"404 page not found"),
        (404, b'{"detail": "Not Found"}'),
        (404, b'{"error": "not found"}'),
        (200, b"<html>"),
        (200, b'{"id": "00000000-0000-4000-8000-000000000002"}'),
        (307, b""),
    ],
)
def test_any_other_answer_changes_nothing(status: int, body: bytes) -> None:
    linked("ann", UNKNOWN)

    with (
        answering(status, body) as (url, _),
        pytest.raises(CommandError, match=f"answered {status} .* Nothing was changed") as refused,
    ):
        prune(url, "--deactivate")

    assert (refused.value.returncode, states()) == (1, {"ann": True})


def test_error_in_the_middle_changes_nothing(emulator: Emulator) -> None:
    two(emulator)
    linked("eve", UNKNOWN)

    class Failing(AdminApi):
        def identity(self, identity_id: Any) -> Answer:
            return Answer(503) if str(identity_id) == UNKNOWN else super().identity(identity_id)

    with pytest.raises(CommandError, match="Nothing was changed"):
        gone(OryIdentity.objects.order_by("pk"), Failing(emulator.url, None))

    assert set(states().values()) == {True}


def test_server_that_cannot_be_reached_changes_nothing() -> None:
    linked("ann", UNKNOWN)

    with pytest.raises(CommandError, match="Nothing was changed"):
        prune("http://127.0.0.1:1", "--deactivate")


def test_key_of_the_environment_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    linked("ann", UNKNOWN)
    monkeypatch.setenv(KEY, "ory_pat_secret")

    with answering(404, b'{"error": {"code": 404}}') as (url, keys):
        prune(url)

    assert keys == ["Bearer ory_pat_secret"]


def test_key_is_not_sent_in_clear_text(monkeypatch: pytest.MonkeyPatch) -> None:
    linked("ann", UNKNOWN)
    monkeypatch.setenv(KEY, "ory_pat_secret")

    with pytest.raises(CommandError, match="must be https") as refused:
        prune("http://ory.example.com")

    assert (refused.value.returncode, "ory_pat_secret" in str(refused.value)) == (2, False)


@pytest.mark.parametrize(
    "url", ["ory", "ftp://ory.example.com", "https://key@ory.example.com", "https://ory.example.com/?a"]
)
def test_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(CommandError, match="--admin-url must be an http or https URL") as refused:
        prune(url)

    assert refused.value.returncode == 2


def test_url_is_needed() -> None:
    with pytest.raises(CommandError, match="needs --admin-url") as refused:
        call_command("ory_mfa", "users", "prune")

    assert refused.value.returncode == 2
