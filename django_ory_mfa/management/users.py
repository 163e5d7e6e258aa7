"""``manage.py ory_mfa users …``: which Ory identity is which Django user."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management.base import CommandError, OutputWrapper
from django.db import OperationalError, ProgrammingError

from django_ory_mfa.conf import conf
from django_ory_mfa.management.base_url import MISUSED
from django_ory_mfa.management.control.shown import clean
from django_ory_mfa.management.prune import KEY, admin_api, deactivate, exists, gone

APP = "django_ory_mfa.contrib.auth"


@dataclass(frozen=True, slots=True)
class UsersOptions:
    """The options of ``users``."""

    action: str
    identity: str | None
    user: str | None
    admin_url: str | None
    deactivate: bool


class Users:
    """Links users, lists the links, and finds those whose identity is gone."""

    options_class = UsersOptions

    name = "users"
    help = "Links Django users to Ory identities, and lists who is linked, and whose identity is gone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What can be asked of it."""
        parser.add_argument(
            "action",
            choices=["link", "list", "prune"],
            help="link a user to an identity, list the links, or list those whose identity Ory has no more",
        )
        parser.add_argument("--identity", metavar="ID", help="link: the id of the identity at Ory, a UUID")
        parser.add_argument("--user", metavar="NAME", help="link: the name that the user has here")
        parser.add_argument(
            "--admin-url",
            metavar="URL",
            help=f"link, prune: the admin API, such as http://127.0.0.1:4434, or that of Ory Network, with {KEY}",
        )
        parser.add_argument(
            "--deactivate", action="store_true", help="prune: also disable the users who have no other identity"
        )

    def run(self, options: UsersOptions, stdout: OutputWrapper, stderr: OutputWrapper) -> int:
        """Does it, and returns the exit code."""
        if not apps.is_installed(APP):
            raise CommandError(f"Add '{APP}' to INSTALLED_APPS: it keeps the links.")
        try:
            stdout.write(_said(options))
        except (OperationalError, ProgrammingError) as error:
            # The text of the database may name hosts and people; its kind is enough.
            raise CommandError(
                f"The links between identities and users cannot be read or written ({type(error).__name__}). Has "
                "'manage.py migrate' run?"
            ) from None
        return 0


def _said(options: UsersOptions) -> str:
    if options.action == "prune":
        return _prune(options.admin_url, is_deactivated=options.deactivate)
    if options.action == "list":
        return _listed(_all_links())
    return _link(options.identity, options.user, options.admin_url)


def _link(identity: str | None, name: str | None, admin_url: str | None) -> str:
    if identity is None or name is None:
        raise CommandError("users link needs --identity and --user.", returncode=MISUSED)
    identity_id, user = _uuid(identity), _user(name)
    asked = _asked(identity_id, admin_url)
    link, is_new = _links().get_or_create(project=conf.project, identity_id=identity_id, defaults={"user": user})
    if link.user != user:
        raise CommandError(f"The identity {identity_id} is already linked to {link.user.get_username()!r}.")
    return f"{identity_id} {'is' if is_new else 'was already'} linked to {name!r}. {asked}"


def _asked(identity_id: UUID, admin_url: str | None) -> str:
    """Return what is known of the identity at Ory, as a sentence; raises ``CommandError`` if Ory does not have it."""
    if admin_url is None:
        return "Ory was not asked whether it has this identity: --admin-url URL asks."
    if not exists(admin_api(admin_url).identity(identity_id), identity_id):
        raise CommandError(f"Ory has no identity {identity_id}. Nothing was changed.")
    return "Ory has this identity."


def _uuid(identity: str) -> UUID:
    try:
        return UUID(identity)
    except ValueError:
        raise CommandError(f"{identity!r} is not the id of an identity, which is a UUID.") from None


def _user(name: str) -> Any:
    user_model = get_user_model()
    try:
        user = user_model._base_manager.get(**{user_model.USERNAME_FIELD: name})
    except user_model.DoesNotExist:
        raise CommandError(f"There is no user {name!r}.") from None
    # SECURITY: some databases find "josé" for "jose", and the identity of one would get the account of the other.
    found = str(user.get_username())
    if found != name:
        raise CommandError(f"There is no user {name!r}. The database finds {found!r}, who is another one.")
    return user


def _prune(admin_url: str | None, *, is_deactivated: bool) -> str:
    api = admin_api(admin_url)
    links = list(_all_links().filter(project=conf.project))
    dead = gone(links, api)
    said = _listed(dead, f"of {len(links)} linked identities are gone.")
    if not is_deactivated:
        return said
    if len(dead) == len(links) > 1:
        # A project does not lose everybody at once, but another project knows none of them.
        raise CommandError("Ory has none of the identities. Is this the project of this site? Nothing was changed.")
    return f"{said} {len(deactivate(dead, _links()))} users were disabled."


def _all_links() -> Any:
    return _links().select_related("user").order_by("pk")


def _listed(found: Iterable[Any], count: str = "linked.") -> str:
    links = list(found)
    rows = [("IDENTITY", "PROJECT", "ACTIVE", "LINKED", "COPIED", "USER"), *map(_row, links)]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[5]]) for row in rows
    ]
    return "\n".join([*lines, "", f"{len(links)} {count}"])


def _row(link: Any) -> tuple[str, ...]:
    is_active = "yes" if link.user.is_active else "no"
    days = (f"{time:%Y-%m-%d}" if time else "-" for time in (link.linked_at, link.synced_at))
    return str(link.identity_id), link.project or "-", is_active, *days, clean(link.user.get_username())


def _links() -> Any:
    return apps.get_model("ory_mfa_auth", "OryIdentity")._base_manager
