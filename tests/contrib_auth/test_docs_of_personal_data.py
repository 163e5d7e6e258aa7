"""What the documents say of sign-out on a site with users, of the data of people, and of SQLite."""

from __future__ import annotations

import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.views import LogoutView
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.urls import path

from django_ory_mfa.contrib.auth.models import OryIdentity
from django_ory_mfa.session.session_owner import MARK
from tests.contrib_auth import urls
from tests.contrib_auth.site import UsersSite, sign_in
from tests.contrib_auth.test_syncing import user_of
from tests.documents import literals, run_block, table

urlpatterns = [*urls.urlpatterns, path("accounts/logout/", LogoutView.as_view(next_page="/"))]


@pytest.mark.django_db
def test_sign_out_of_django_leaves_the_person_signed_in(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    sign_in(ory, site)
    before = site.me()
    assert site.post("/accounts/logout/").status_code == 302

    assert site.me() == before
    assert before["is_authenticated"]


@pytest.mark.django_db
def test_sign_out_at_ory_leaves_the_session_of_django_to_the_browser(ory: Any, site: UsersSite) -> None:
    session = ory.login(site)
    site.post("guarded/notes", {"note": "mine"})
    assert Session.objects.count() == 1

    session.revoke()

    assert not site.me()["is_authenticated"]
    (kept,) = Session.objects.all()
    assert MARK in kept.get_decoded()
    assert MARK in literals(next(row[0] for cell, row in table("Where").items() if cell == "Django's session"))


def test_table_lists_every_field_of_a_link() -> None:
    fields = {field.name for field in OryIdentity._meta.get_fields()} - {"id"}

    assert {name for cell in table("Field") for name in literals(cell)} == fields


@pytest.mark.django_db
def test_person_is_forgotten_by_the_function_of_the_page(ory: Any, site: UsersSite, django_user_model: Any) -> None:
    forget = run_block("reference/personal-data", "def forget")["forget"]
    other = django_user_model.objects.create_user("other")
    identity = sign_in(ory, site)
    first = user_of(site)

    forget(identity.id)

    assert list(django_user_model.objects.all()) == [other]
    assert OryIdentity.objects.count() == 0
    # So the identity goes first: who is still signed in at Ory becomes a new user.
    assert user_of(site).pk != first.pk


def seconds_to_a_refusal(options: dict[str, Any], file: Path) -> float:
    """How long the second of two transactions, which both read and then write, waits until SQLite refuses."""
    said = run_block("how-to/users", "ATOMIC_REQUESTS")["DATABASES"]["default"]
    others = {"TIME_ZONE": None, "CONN_HEALTH_CHECKS": False, "CONN_MAX_AGE": 0, "AUTOCOMMIT": True}
    made = {**said, **others, "NAME": file, "OPTIONS": {**options, "timeout": 2}}
    with closing(DatabaseWrapper(made)) as first, closing(DatabaseWrapper(made)) as second:
        first.cursor().execute("CREATE TABLE people (name)")
        _begin(first)
        started = time.monotonic()
        with suppress(OperationalError):
            _begin(second)
            _write(first)
            started = time.monotonic()
            with pytest.raises(OperationalError, match="database is locked"):
                _write(second)
        first.rollback()
        return time.monotonic() - started


def _begin(connection: DatabaseWrapper) -> None:
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    connection.cursor().execute("SELECT * FROM people").fetchall()


def _write(connection: DatabaseWrapper) -> None:
    connection.cursor().execute("INSERT INTO people VALUES ('one')")


@pytest.mark.django_db
def test_sqlite_refuses_at_once_without_the_option_of_the_page_and_waits_with_it(tmp_path: Path) -> None:
    said = run_block("how-to/users", "ATOMIC_REQUESTS")["DATABASES"]["default"]["OPTIONS"]

    assert seconds_to_a_refusal({}, tmp_path / "without") < 1
    assert seconds_to_a_refusal(said, tmp_path / "with") >= 2
