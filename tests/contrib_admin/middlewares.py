"""A middleware of a site that meddles with users."""

from __future__ import annotations

from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.contrib.auth.models import User
from django.utils.decorators import sync_and_async_middleware


@sync_and_async_middleware
def BossMiddleware(get_response: Any) -> Any:  # noqa: N802 - named as classes of middleware are
    """Makes everybody the user called boss."""

    def as_boss(request: Any) -> Any:
        request.user = User.objects.get(username="boss")
        return request

    async def handle_async(request: Any) -> Any:
        return await get_response(await sync_to_async(as_boss)(request))

    return handle_async if iscoroutinefunction(get_response) else lambda request: get_response(as_boss(request))
