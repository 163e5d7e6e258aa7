"""A project of Ory Network: read, and changed by a patch of the revision that was read."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from django_ory_mfa.management.control.console import ApiResponse, Console, UnknownOutcomeError
from django_ory_mfa.management.control.directory import Directory
from django_ory_mfa.management.control.document import value_at
from django_ory_mfa.management.control.failures import ConflictError, ControlError, UnavailableError
from django_ory_mfa.management.control.keys import KEYS
from django_ory_mfa.management.control.plan import PREFIX, Change, Plan, is_same, operations
from django_ory_mfa.management.control.preview import key_list
from django_ory_mfa.management.control.responses import expect
from django_ory_mfa.management.control.shown import Redactor, clean
from django_ory_mfa.management.control.targets import Draft, Snapshot, Written

WAITS = (0.5, 1.0, 2.0)  # seconds before each further attempt after 409
ALLOWED_IDS = "ORY_ALLOWED_PROJECT_IDS"


class NetworkTarget:
    """A project, named by its id or the start of its slug or id.

    Of ``allowed``, if not empty, its id has to be one. ``pause`` sleeps for so many seconds; without ``retries`` a
    conflict is not retried.
    """

    is_network: ClassVar[bool] = True

    def __init__(
        self,
        console: Console,
        project: str,
        *,
        pause: Callable[[float], None],
        workspace: str | None = None,
        allowed: Sequence[str] = (),
        is_verbose: bool = False,
        retries: bool = True,
    ) -> None:
        self._console = console
        self._words = project
        self._workspace = workspace
        self._allowed = allowed
        self._pause = pause
        self._is_verbose = is_verbose
        self._waits = WAITS if retries else ()
        self._id = ""

    @property
    def project_id(self) -> str:
        """The id of the project; empty before ``read``."""
        return self._id

    def read(self) -> Snapshot:
        """Return the current identity configuration; raises ``ControlError``."""
        directory = Directory(self._console)
        self._id = self._id or directory.project_id(self._words, self._workspace)
        # SECURITY: a workspace key reaches every project of the workspace.
        if self._allowed and self._id not in self._allowed:
            raise ControlError(f"Project {clean(self._id)} is not in {ALLOWED_IDS}. Nothing was read or changed.")
        project = expect(self._console.project(self._id), self._console.url, self._what)
        self._expect_workspace(project, directory)
        return self._snapshot(project)

    def draft(self, snapshot: Snapshot, plan: Plan) -> Draft:
        """Return the change; only the API can tell whether it is possible."""
        place = f"{snapshot.label}, revision {clean(snapshot.revision)}"
        return Draft(snapshot, plan, place, key_list(place, plan.changes))

    def write(self, draft: Draft) -> Written:
        """Patch the revision that was read; after 409 the current one, if the keys in question are still the same.

        Raises ``ConflictError`` if they are not, ``ControlError`` if the change failed or its outcome is unknown.
        """
        now, plan = draft.snapshot, draft.plan
        for wait in (*self._waits, None):
            response = self._patch(now, plan)
            if response is None:
                return self._written_after_all(plan)
            if response.status != 409:
                return self._written(response, now, plan)
            if wait is not None:
                # With a random part, so that others who had the same conflict do not retry at the same moment.
                self._pause(wait * random.uniform(1, 1.25))  # noqa: S311 - not for security
                now = self._read_again(draft)
        raise ConflictError(f"{self._changed} Nothing was written.")

    @property
    def _what(self) -> str:
        return f"project {clean(self._id)}"

    @property
    def _changed(self) -> str:
        return f"{self._what.capitalize()} was changed by somebody else after it was read."

    def _snapshot(self, project: Any) -> Snapshot:
        config, revision = value_at(project, PREFIX), value_at(project, ("revision_id",))
        if not isinstance(config, Mapping) or not isinstance(revision, str):
            raise UnavailableError(f"{clean(self._console.url)} returned no identity configuration of {self._what}.")
        slug = value_at(project, ("slug",))
        label = f"{slug} ({self._id})" if isinstance(slug, str) else self._id
        return Snapshot(clean(label), config, revision)

    def _expect_workspace(self, project: Any, directory: Directory) -> None:
        if self._workspace is None:
            return
        of = value_at(project, ("workspace_id",))
        wanted = directory.workspace_id(self._workspace)
        if isinstance(of, str) and of != wanted:
            raise ControlError(f"{self._what.capitalize()} is not in workspace {clean(wanted)}, but in {clean(of)}.")

    def _patch(self, now: Snapshot, plan: Plan) -> ApiResponse | None:
        """Return the response; None if it is unknown whether the change was made."""
        patch = operations(now.config, plan.changes)
        try:
            response = self._console.patch(self._id, str(now.revision), patch)
        except UnknownOutcomeError:
            return None
        project = value_at(response.body, ("project",))
        is_readable = isinstance(value_at(project, PREFIX), Mapping) and "revision_id" in project
        return None if response.status >= 500 or (response.status == 200 and not is_readable) else response

    def _written_after_all(self, plan: Plan) -> Written:
        """Read whether a change without a response was made; it is never sent twice."""
        lost = f"The change of {self._what} was sent, but no response came back."
        try:
            now = self.read()
        except ControlError as error:
            raise UnavailableError(
                f"{lost} It is unknown whether it was made: {error} Check with: ory_mfa show."
            ) from error
        if _open(now.config, plan.changes):
            raise UnavailableError(f"{lost} So far it is not applied. Check again with: ory_mfa show.")
        return Written(now.revision, [f"{lost} It was applied nevertheless."])

    def _written(self, response: ApiResponse, now: Snapshot, plan: Plan) -> Written:
        show = Redactor(now.config, self._console.key)
        body = expect(response, self._console.url, self._what, show=show, is_verbose=self._is_verbose)
        project = value_at(body, ("project",))
        # From the response, since another GET may still return the old revision.
        after = self._snapshot(project)
        if missing := _open(after.config, plan.changes):
            names = ", ".join(clean(change.name) for change in missing)
            raise ControlError(f"Ory accepted the change, but did not set {names}. Check with: ory_mfa show.")
        return Written(after.revision, [show(text) for text in _warnings(body)])

    def _read_again(self, draft: Draft) -> Snapshot:
        """Return the current project; raises ``ConflictError`` if an MFA key, or a key to change, is different."""
        now = self.read()
        paths = dict.fromkeys([*(key.path for key in KEYS.values()), *(change.path for change in draft.plan.changes)])
        pairs = [(path, value_at(draft.snapshot.config, path), value_at(now.config, path)) for path in paths]
        moved = tuple(Change(path, before, after) for path, before, after in pairs if not is_same(path, before, after))
        if moved:
            raise ConflictError(f"{self._changed} Nothing was written. {key_list(draft.snapshot.label, moved)}")
        return now


def _open(config: Mapping[str, Any], changes: Sequence[Change]) -> list[Change]:
    """Return the changes that are missing in ``config``."""
    return [change for change in changes if not is_same(change.path, value_at(config, change.path), change.after)]


def _warnings(body: Any) -> list[str]:
    found = value_at(body, ("warnings",))
    warnings = found if isinstance(found, list) else []
    return [str(warning.get("message") or warning.get("code")) for warning in warnings if isinstance(warning, Mapping)]
