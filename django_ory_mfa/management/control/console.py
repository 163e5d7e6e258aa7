"""The Console API of Ory Network, through ``ory-client``: the only module of the control plane that speaks HTTP."""

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

TIMEOUT = (3.05, 30.0)  # seconds to connect, and to wait for each piece of the answer
LONGEST_BODY = 16 * 1024 * 1024  # bytes
LONGEST_WAIT = 30.0  # seconds
ATTEMPTS = 6
PAGE_SIZE = 250
# Raised before a request was sent.
UNSENT = (exceptions.NewConnectionError, exceptions.ConnectTimeoutError, exceptions.NameResolutionError)


class UnknownOutcomeError(UnavailableError):
    """The request may have been carried out: there was no usable answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API said; ``body`` is None where it was no JSON."""

    status: int
    body: Any = field(repr=False)


class Console:
    """One Console API and the key that opens it.

    Network errors are ``UnavailableError``, ``UnknownOutcomeError`` where a change had been sent. After 429 it waits
    and asks again; nothing else is sent twice.
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

    def workspaces(self) -> Iterator[Answer]:
        """``GET /workspaces``, page by page; a token that comes again ends it."""
        token, seen = "", set[str]()
        while token not in seen:
            seen.add(token)
            answer = self._call(_workspaces, token)
            yield answer
            page = answer.body if isinstance(answer.body, Mapping) else {}
            following = page.get("next_page_token")
            token = following if page.get("has_next_page") is True and isinstance(following, str) else ""

    def workspace_projects(self, workspace_id: str) -> Answer:
        """``GET /workspaces/{id}/projects``."""
        return self._call(_workspace_projects, workspace_id)

    def projects(self) -> Answer:
        """``GET /projects``."""
        return self._call(_projects)

    def project(self, project_id: str) -> Answer:
        """``GET /projects/{id}``."""
        return self._call(_project, project_id)

    def patch(self, project_id: str, revision: str, operations: list[dict[str, Any]]) -> Answer:
        """``PATCH /projects/{id}/revision/{revision}``: 409 if the project is at another revision by now."""
        try:
            return self._call(_patch, project_id, revision, operations)
        except UnknownOutcomeError:
            raise
        except UnavailableError as error:
            raise UnavailableError(f"{error} Nothing was changed.") from error

    def _call(self, send: Callable[..., BaseHTTPResponse], *arguments: Any) -> Answer:
        wait = 1.0
        for attempt in range(ATTEMPTS):
            answer = self._once(send, *arguments)
            if answer.status != 429:
                return answer
            if attempt < ATTEMPTS - 1:
                self._pause(min(wait * random.uniform(1, 1.5), LONGEST_WAIT))  # noqa: S311 - no secret hangs on it
                wait *= 2
        raise UnavailableError(f"{clean(self.url)} limits requests (429), also after {ATTEMPTS} attempts.")

    def _once(self, send: Callable[..., BaseHTTPResponse], *arguments: Any) -> Answer:
        from ory_client import ApiClient, ApiException, Configuration

        # SECURITY: without ignore_operation_servers the SDK sends the key to Ory whatever the host says, and with
        # retries it would follow redirects, key included.
        configuration = Configuration(
            host=self.url,
            access_token=self.key,
            ignore_operation_servers=True,
            retries=False,
        )
        client = ApiClient(configuration)
        try:
            with closing(send(client, *arguments, timeout=self._timeout)) as response:
                # Bodies are read as they are: the SDK's models refuse what they do not know, also after a change.
                return Answer(response.status, _json(response.read(LONGEST_BODY)))
        except UNSENT as error:
            raise UnavailableError(f"{clean(self.url)} cannot be reached ({_kind(error)}); nothing was sent.") from None
        except ApiException:
            raise UnavailableError(
                f"{clean(self.url)} has no certificate that can be trusted; nothing was sent."
            ) from None
        except (exceptions.HTTPError, OSError) as error:
            raise UnknownOutcomeError(f"{clean(self.url)} gave no answer ({_kind(error)}).") from None
        finally:
            client.rest_client.pool_manager.clear()


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _kind(error: Exception) -> str:
    # SECURITY: the text of an error may quote a URL or an answer.
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
