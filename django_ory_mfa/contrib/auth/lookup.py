"""The query of every request with a user: a link with its user, compiled once per process."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connections, router

from django_ory_mfa.contrib.auth.models import OryIdentity

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

NOBODY = UUID(int=0)


class Link(NamedTuple):
    """The link of an identity: its primary key, the digest of what was last copied, and the user."""

    pk: int
    digest: str
    user: AbstractBaseUser


def find_link(project: str, identity_id: UUID, *, using: str | None = None) -> Link | None:
    """Return the link of an identity, or None. One query, to the database ``using``, or that for reading."""
    connection = connections[using or router.db_for_read(OryIdentity)]
    return _prepared(connection.alias, connection.vendor).run(connection, project, identity_id)


class Prepared:
    """``OryIdentity.objects.select_related("user").get(…)`` on one database.

    Django takes several times as long to put that query together as the database takes to answer it.
    """

    def __init__(self, database: str) -> None:
        self._user_model = get_user_model()
        self._names = [field.attname for field in self._user_model._meta.concrete_fields]
        columns = ("pk", "digest", *(f"user__{name}" for name in self._names))
        # Two filters, so that the order of the parameters is fixed.
        links = OryIdentity._base_manager.filter(project="").filter(identity_id=NOBODY).values_list(*columns)
        # Not the connection of this thread: the converters would keep it.
        connection = connections.create_connection(database)
        try:
            compiler = links.query.get_compiler(connection=connection)
            self._sql, _ = compiler.as_sql()
            self._converters = compiler.get_converters([column for column, *_ in compiler.select])
        finally:
            connection.close()

    def run(self, connection: Any, project: str, identity_id: UUID) -> Link | None:
        """Return what the query finds by ``connection``."""
        wanted = OryIdentity._meta.get_field("identity_id").get_db_prep_value(identity_id, connection)
        with connection.cursor() as cursor:
            cursor.execute(self._sql, (project, wanted))
            row = cursor.fetchone()
        if row is None:
            return None
        pk, digest, *values = self._converted(row, connection)
        return Link(pk, digest, self._user_model.from_db(connection.alias, self._names, values))

    def _converted(self, row: Any, connection: Any) -> list[Any]:
        values = list(row)
        for position, (converters, expression) in self._converters.items():
            for convert in converters:
                values[position] = convert(values[position], expression, connection)
        return values


@lru_cache(maxsize=16)
def _prepared(database: str, vendor: str) -> Prepared:
    # By vendor too, because tests may use one alias for different databases.
    return Prepared(database)
