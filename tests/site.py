"""The site under test as its clients see it, sync or async."""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from typing import Any

from django.http import HttpResponse
from django.test import AsyncClient, Client

MODES = ("sync", "async")
# One for all requests, as a server has it.
LOOP = asyncio.Runner()


class Site:
    """Sends requests to the views of one mode through Django's own test clients."""

    def __init__(self, mode: str, **options: Any) -> None:
        self.mode = mode
        self.client: Any = Client(**options) if mode == "sync" else AsyncClient(**options)

    @property
    def cookies(self) -> Any:
        """The cookies of the client, so that ``ory.login(site)`` works."""
        return self.client.cookies

    def set_cookie(self, name: str, value: str) -> None:
        """Sets a cookie byte for byte, as a browser would send it."""
        self.cookies[name] = ""
        self.cookies[name].set(name, value, value)

    def request(self, method: str, path: str, data: Any = None, **options: Any) -> Any:
        """The response to one request; ``path`` is below the mode's folder unless it starts with a slash."""
        send = getattr(self.client, method)
        target = path if path.startswith("/") else f"/{self.mode}/{path}"
        arguments = (target,) if data is None else (target, data)
        response = send(*arguments, **options)
        return response if self.mode == "sync" else LOOP.run(response, context=copy_context())

    def get(self, path: str, **options: Any) -> Any:
        """GET as a browser navigates."""
        return self.request("get", path, **options)

    def post(self, path: str, data: Any = None, **options: Any) -> Any:
        """POST as a form."""
        return self.request("post", path, {} if data is None else data, **options)

    def json(self, path: str, **options: Any) -> Any:
        """GET as a script of the site's own pages."""
        return self.request(
            "get", path, headers={"Accept": "application/json", **options.pop("headers", {})}, **options
        )


async def _others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        await asyncio.wait(others, timeout=60)


def settle() -> None:
    """Wait for the tasks that requests to async views have left behind, such as those that send a signal."""
    LOOP.run(_others())


def location(response: HttpResponse) -> str:
    """Where the response sends the browser; empty if nowhere."""
    return response.headers.get("Location", "")
