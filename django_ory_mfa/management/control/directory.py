"""The workspaces and projects that an API key can access, and the lookup of one by its name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django_ory_mfa.management.control.console import Console
from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.control.responses import expect
from django_ory_mfa.management.control.shown import clean

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
Entry = Mapping[str, Any]


class Directory:
    """The lists of a Console API; its methods raise ``ControlError``."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.is_cut_short = False

    def workspaces(self) -> list[Entry]:
        """Return the workspaces of all pages."""
        pages = (expect(page, self._console.url, "the list of workspaces") for page in self._console.workspaces())
        return [entry for page in pages for entry in _entries(page, "workspaces")]

    def projects(self, workspace: str | None = None) -> list[Entry]:
        """Return the projects of a workspace, or those of all workspaces that the key can access."""
        if workspace is not None:
            return self._projects_in(self.workspace_id(workspace))
        found = [entry for one in self.workspaces() if (name := _id(one)) for entry in self._projects_in(name)]
        return found or _entries(expect(self._console.projects(), self._console.url, "the list of projects"), None)

    def workspace_id(self, words: str) -> str:
        """Return the id of the workspace with this id, or whose name or id starts with ``words``."""
        if UUID.fullmatch(words):
            return words.lower()
        return _id(_one(words, self.workspaces(), "name", "workspace"))

    def project_id(self, words: str, workspace: str | None = None) -> str:
        """Return the id of the project with this id, or whose slug or id starts with ``words``."""
        if UUID.fullmatch(words):
            return words.lower()
        return _id(_one(words, self.projects(workspace), "slug", "project"))

    def _projects_in(self, workspace_id: str) -> list[Entry]:
        response = self._console.workspace_projects(workspace_id)
        page = expect(response, self._console.url, f"workspace {clean(workspace_id)}")
        # It is not documented how to ask for the next page.
        self.is_cut_short |= isinstance(page, Mapping) and page.get("has_next_page") is True
        return _entries(page, "projects")


def _entries(page: Any, name: str | None) -> list[Entry]:
    found = page.get(name) if name is not None and isinstance(page, Mapping) else page
    return [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []


def _id(entry: Entry) -> str:
    found = entry.get("id")
    return found if isinstance(found, str) and UUID.fullmatch(found) else ""


def _one(words: str, entries: Sequence[Entry], field: str, kind: str) -> Entry:
    known = [entry for entry in entries if _id(entry)]
    exact = [entry for entry in known if words in (entry.get(field), entry["id"])]
    near = [entry for entry in known if any(str(entry.get(name)).startswith(words) for name in (field, "id"))]
    found = exact or near
    if words and len(found) == 1:
        return found[0]
    which = f"Several {kind}s have" if words and found else f"No {kind} has"
    listed = "".join(f"\n  {clean(entry['id'])}  {clean(entry.get(field))}" for entry in found or known)
    raise ControlError(f"{which} a {field} or id that starts with {clean(words)!r}. Choose one of these:{listed}")
