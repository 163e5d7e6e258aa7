"""``manage.py ory_mfa users prune``: which linked identities Ory has no more, and what becomes of their users."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist
from django.core.management.base import CommandError
from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from django_ory_mfa.conf import conf
from django_ory_mfa.core.answer import Answer
from django_ory_mfa.management.base_url import MISUSED, base_url
from django_ory_mfa.ory.client import OryClient

KEY = "ORY_PROJECT_API_KEY"
THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


class AdminApi(OryClient):
    """The part of Ory's admin API that finds out which identities exist."""

    def __init__(self, url: str, key: str | None) -> None:
        super().__init__(url)
        self._key = key

    @sensitive_variables()
    def identity(self, identity_id: UUID) -> Answer:
        """Ask for one identity (https://www.ory.com/docs/reference/api#tag/identity/operation/getIdentity)."""
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        # Not through the circuit breaker, which may answer in place of Ory.
        return self._answer("GET", f"/admin/identities/{identity_id}", headers, None, None, conf.timeout)


def admin_api(url: str | None) -> AdminApi:
    """Return the admin API at ``url``, with the key of the environment if there is one."""
    if url is None:
        raise CommandError("users prune needs --admin-url.", returncode=MISUSED)
    checked, key = base_url("--admin-url", url), os.environ.get(KEY)
    parts = urlsplit(checked)
    # SECURITY: the key opens every account of the project.
    if key and parts.scheme != "https" and parts.hostname not in THIS_MACHINE:
        message = f"--admin-url must be https: the key in {KEY} would be sent in clear text"
        raise CommandError(message, returncode=MISUSED)
    return AdminApi(checked, key)


def gone(links: Iterable[Any], api: AdminApi) -> list[Any]:
    """Return those of ``links`` whose identity Ory does not have; raises ``CommandError`` if it says anything else."""
    return [link for link in links if not exists(api.identity(link.identity_id), link.identity_id)]


def deactivate(dead: list[Any], links: Any) -> list[Any]:
    """Set ``is_active`` to False for the users of ``dead``, for all or for none, and return those users.

    ``links`` is the manager of all links: users who have another one, also of another project, stay as they are.
    """
    users = {link.user_id: link.user for link in dead if link.user.is_active}
    others = links.filter(user_id__in=users).exclude(pk__in=[link.pk for link in dead])
    for pk in set(others.values_list("user_id", flat=True)):
        del users[pk]
    with transaction.atomic():
        for user in users.values():
            _deactivate(user)
    return list(users.values())


def exists(answer: Answer, identity_id: UUID) -> bool:
    """Return whether Ory has the identity, by its ``answer``; raises ``CommandError`` if it says neither."""
    if answer.status == 200 and answer.at("id") == str(identity_id):
        return True
    # SECURITY: a 404 from anything but Ory says nothing about the identity.
    if answer.status == 404 and answer.at("error", "code") == 404:
        return False
    answered = f"answered {answer.failure or answer.status} when asked whether the identity {identity_id} exists"
    message = f"The admin API {answered}. Nothing was changed."
    raise CommandError(message)


def _deactivate(user: Any) -> None:
    try:
        user._meta.get_field("is_active")
    except FieldDoesNotExist:
        raise CommandError("The user model has no field is_active. Nothing was changed.") from None
    user.is_active = False
    user.save(update_fields=["is_active"])
