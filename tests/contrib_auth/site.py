"""The site with users as its clients see it, sync or async."""

from __future__ import annotations

import json
from typing import Any

from asgiref.sync import async_to_sync

from tests.site import Site


class UsersSite(Site):
    """Async requests, too, use the database in the thread of the test, where its transaction is."""

    def request(self, method: str, path: str, data: Any = None, **options: Any) -> Any:
        send = getattr(self.client, method)
        target = path if path.startswith("/") else f"/{self.mode}/{path}"
        arguments = (target,) if data is None else (target, data)
        if self.mode == "async":
            return async_to_sync(send)(*arguments, **options)
        return send(*arguments, **options)

    def me(self, path: str = "me") -> dict[str, Any]:
        """Whom a view of the site sees."""
        response = self.get(path)
        assert response.status_code == 200, response.content
        return dict(json.loads(response.content))


class Reads:
    """A router that notes for which models it is asked where to read."""

    def __init__(self) -> None:
        self.models: list[str] = []

    def db_for_read(self, model: Any, **hints: Any) -> str:
        self.models.append(model.__name__)
        return "default"


def sign_in(ory: Any, site: Any, **person: Any) -> Any:
    """Signs a new person in, at aal2; returns the identity."""
    identity = ory.add_identity(second_factors={"totp"}, **person)
    site.cookies[ory.cookie_name] = ory.add_session(identity, "password", "totp").cookie
    return identity


def statements(captured: Any) -> list[str]:
    """The queries of a test, without those that begin and end transactions."""
    sql = [query["sql"] for query in captured.captured_queries]
    return [one for one in sql if not one.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT"))]
