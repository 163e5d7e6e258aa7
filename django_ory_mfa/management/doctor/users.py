"""What the doctor finds out about users and the admin, without Ory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import Error, router

from django_ory_mfa.checks.admin import is_behind_ory
from django_ory_mfa.management.doctor.results import Result, failed, ok
from django_ory_mfa.management.doctor.system import result_of

APP = "django_ory_mfa.contrib.auth"
# The label of the app, and the name of its model.
LINK = ("ory_mfa_auth", "OryIdentity")


def results_of_users() -> Iterator[Result]:
    """Yield what is wrong with the table of links and with each admin behind Ory; nothing on a site without them."""
    if apps.is_installed(APP):
        yield _of_links()
    for site in _admin_sites():
        yield from _of_admin(site)


def _of_links() -> Result:
    model: Any = apps.get_model(*LINK)
    database = router.db_for_read(model)
    try:
        model._base_manager.using(database).exists()
    except Error as error:
        # The text of the database may name hosts and people; its kind is enough.
        return failed(
            "links",
            f"The links between identities and users cannot be read from the database {database!r} "
            f"({type(error).__name__}).",
            "manage.py migrate",
        )
    return ok("links", "The links between identities and users can be read.")


def _admin_sites() -> list[Any]:
    # Only a site with an admin of ours has imported this module; others may lack the apps that it needs.
    module = sys.modules.get("django.contrib.admin.sites")
    sites = () if module is None else module.all_sites
    return sorted(filter(is_behind_ory, sites), key=lambda site: str(site.name))


def _of_admin(site: Any) -> Iterator[Result]:
    messages = [message for message in site.check(None) if str(message.id).startswith("ory_mfa.")]
    found = [result_of("admin", message) for message in messages if not message.is_silenced()]
    yield from found
    if not found:
        yield ok("admin", f"The admin site {site.name!r} is behind Ory, and what it asks for makes sense.")
