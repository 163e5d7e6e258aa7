"""The client of Ory Network's Console API, on top of ``ory-client``."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from urllib3 import exceptions
from urllib3.response import BaseHTTPResponse

from django_ory_mfa.management.control.failures import UnavailableError
from django_ory_mfa.management.control.shown import clean

if TYPE_CHECKING:
    from ory_client import ApiClient

TIMEOUT = (3.05, 30.0)  # seconds to connect, and between two bytes of the response
LONGEST_BODY = 16 * 1024 * 1024  # bytes
LONGEST_WAIT = 30.0  # seconds
ATTEMPTS = 6
PAGE_SIZE = 250
# Raised before a request is sent.
UNSENT = (exceptions.NewConnectionError, exceptions.ConnectTimeoutError, exceptions.NameResolutionError)


class UnknownOutcomeError(UnavailableError):
    """The change may have been made: it was sent, and no usable response came back."""


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """A response of the API; ``body`` is None if it is not JSON."""

    status: int
    body: Any = field(repr=False)


class Console:
    """A Console API, with the key that is sent to it.

    Methods raise ``UnavailableError`` for network errors, ``UnknownOutcomeError`` if a request had been sent by then.
    They repeat a request after 429, with growing pauses, and after nothing else.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: tuple[float, float] = TIMEOUT,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = url
        self.key = key
        self._timeout = timeout
        self._pause = pause

    def workspaces(self) -> Iterator[ApiResponse]:
        """``GET /workspaces``, page by page, until a page token repeats."""
        token, seen = "", set[str]()
        while token not in seen:
            seen.add(token)
            response = self._call(_workspaces, token)
            yield response
            page = response.body if isinstance(response.body, Mapping) else {}
            following = page.get("next_page_token")
            token = following if page.get("has_next_page") is True and isinstance(following, str) else ""

    def workspace_projects(self, workspace_id: str) -> ApiResponse:
        """``GET /workspaces/{id}/projects``."""
        return self._call(_workspace_projects, workspace_id)

    def projects(self) -> ApiResponse:
        """``GET /projects``."""
        return self._call(_projects)

    def project(self, project_id: str) -> ApiResponse:
        """``GET /projects/{id}``."""
        return self._call(_project, project_id)

    def patch(self, project_id: str, revision: str, operations: list[dict[str, Any]]) -> ApiResponse:
        """``PATCH /projects/{id}/revision/{revision}``; the status is 409 if that is not the current revision."""
        try:
            return self._call(_patch, project_id, revision, operations)
        except UnknownOutcomeError:
            raise
        except UnavailableError as error:
            raise UnavailableError(f"{error} Nothing was changed.") from error

    def _call(self, send: Callable[..., BaseHTTPResponse], *arguments: Any) -> ApiResponse:
        wait = 1.0
        for attempt in range(ATTEMPTS):
            response = self._once(send, *arguments)
            if response.status != 429:
                return response
            if attempt < ATTEMPTS - 1:
                self._pause(min(wait * random.uniform(1, 1.5), LONGEST_WAIT))  # noqa: S311 - not for security
                wait *= 2
        raise UnavailableError(
            f"{clean(self.url)} refuses because of its rate limit (429), also after {ATTEMPTS} attempts."
        )

    def _once(self, send: Callable[..., BaseHTTPResponse], *arguments: Any) -> ApiResponse:
        from ory_client import ApiClient, ApiException, Configuration

        # SECURITY: without ignore_operation_servers the SDK sends the key to Ory, whatever the host is; with retries it
        # follows redirects, and sends the key there.
        configuration = Configuration(
            host=self.url,
            access_token=self.key,
            ignore_operation_servers=True,
            retries=False,
        )
        client = ApiClient(configuration)
        try:
            with closing(send(client, *arguments, timeout=self._timeout)) as response:
                # The SDK's models are not used: they reject unknown values, also in the response to a change.
                return ApiResponse(response.status, _json(response.read(LONGEST_BODY)))
        except UNSENT as error:
            raise UnavailableError(f"{clean(self.url)} cannot be reached ({_kind(error)}). Nothing was sent.") from None
        except ApiException:
            raise UnavailableError(f"The certificate of {clean(self.url)} is not trusted. Nothing was sent.") from None
        except (exceptions.HTTPError, OSError) as error:
            raise UnknownOutcomeError(f"{clean(self.url)} did not respond ({_kind(error)}).") from None
        finally:
            client.rest_client.pool_manager.clear()


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _kind(error: Exception) -> str:
    # SECURITY: the message of an error may quote a URL or a response.
    return type(error).__name__


def _workspaces(client: ApiClient, token: str, *, timeout: tuple[float, float]) -> BaseHTTPResponse:
    from ory_client.api.workspace_api import WorkspaceApi

    return WorkspaceApi(client).list_workspaces_without_preload_content(
        page_size=PAGE_SIZE, page_token=token or None, _request_timeout=timeout
    )


def _workspace_projects(client: ApiClient, workspace_id: str, *, timeout: tuple[float, float]) -> BaseHTTPResponse:
    from ory_client.api.workspace_api import WorkspaceApi

    return WorkspaceApi(client).list_workspace_projects_without_preload_content(workspace_id, _request_timeout=timeout)


def _projects(client: ApiClient, *, timeout: tuple[float, float]) -> BaseHTTPResponse:
    from ory_client.api.project_api import ProjectApi

    return ProjectApi(client).list_projects_without_preload_content(_request_timeout=timeout)


def _project(client: ApiClient, project_id: str, *, timeout: tuple[float, float]) -> BaseHTTPResponse:
    from ory_client.api.project_api import ProjectApi

    return ProjectApi(client).get_project_without_preload_content(project_id, _request_timeout=timeout)


def _patch(
    client: ApiClient, project_id: str, revision: str, operations: list[dict[str, Any]], *, timeout: tuple[float, float]
) -> BaseHTTPResponse:
    from ory_client.api.project_api import ProjectApi

    return ProjectApi(client).patch_project_with_revision_without_preload_content(
        project_id, revision, cast("Any", operations), _request_timeout=timeout
    )
