"""A project of Ory Network: read, and changed by a patch against the revision that was read."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from django_ory_mfa.management.control.answers import expect
from django_ory_mfa.management.control.console import Answer, Console, UnknownOutcomeError
from django_ory_mfa.management.control.directory import Directory
from django_ory_mfa.management.control.document import value_at
from django_ory_mfa.management.control.failures import ConflictError, ControlError, UnavailableError
from django_ory_mfa.management.control.keys import KEYS
from django_ory_mfa.management.control.plan import PREFIX, Change, Plan, is_same, operations
from django_ory_mfa.management.control.shown import Censor, clean, diff
from django_ory_mfa.management.control.targets import Snapshot, Written

WAITS = (0.5, 1.0, 2.0)  # seconds before each further attempt after 409
ALLOWED_IDS = "ORY_ALLOWED_PROJECT_IDS"


class NetworkTarget:
    """One project, by its id or by how its slug or id begins; the list of allowed ids, if given, holds its id."""

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
        """The id, which is known once the project was read."""
        return self._id

    def read(self) -> Snapshot:
        """The identity configuration now."""
        directory = Directory(self._console)
        self._id = self._id or directory.project_id(self._words, self._workspace)
        # SECURITY: a workspace key reaches every project of the workspace.
        if self._allowed and self._id not in self._allowed:
            raise ControlError(f"Project {clean(self._id)} is not in {ALLOWED_IDS}. Nothing was read or changed.")
        project = expect(self._console.project(self._id), self._console.url, self._what)
        self._expect_workspace(project, directory)
        return self._snapshot(project)

    def place(self, snapshot: Snapshot, plan: Plan) -> str:
        """The project, with the revision that was read; what else may go wrong, only the API knows."""
        return f"{snapshot.label}, revision {clean(snapshot.revision)}"

    def write(self, snapshot: Snapshot, plan: Plan) -> Written:
        """Patches the revision of ``snapshot``; after 409 once more, if what ``plan`` is about is still the same."""
        now = snapshot
        for wait in (*self._waits, None):
            answer = self._patch(now, plan)
            if answer is None:
                return self._written_after_all(plan)
            if answer.status != 409:
                return self._written(answer, now, plan)
            if wait is not None:
                # Others who met the same conflict should not come back at the same moment.
                self._pause(wait * random.uniform(1, 1.25))  # noqa: S311 - no secret hangs on it
                now = self._again(snapshot, plan)
        raise ConflictError(f"{self._changed} Nothing was written.")

    @property
    def _what(self) -> str:
        return f"project {clean(self._id)}"

    @property
    def _changed(self) -> str:
        return f"{self._what.capitalize()} was changed by somebody else since it was read."

    def _snapshot(self, project: Any) -> Snapshot:
        config, revision = value_at(project, PREFIX), value_at(project, ("revision_id",))
        if not isinstance(config, Mapping) or not isinstance(revision, str):
            raise UnavailableError(f"{clean(self._console.url)} showed no identity configuration of {self._what}.")
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

    def _patch(self, now: Snapshot, plan: Plan) -> Answer | None:
        """The answer; None if nobody knows whether the change was made."""
        patch = operations(now.config, plan.changes)
        try:
            answer = self._console.patch(self._id, str(now.revision), patch)
        except UnknownOutcomeError:
            return None
        project = value_at(answer.body, ("project",))
        is_readable = isinstance(value_at(project, PREFIX), Mapping) and "revision_id" in project
        return None if answer.status >= 500 or (answer.status == 200 and not is_readable) else answer

    def _written_after_all(self, plan: Plan) -> Written:
        """Looks whether a change without an answer was made; it is never sent again."""
        lost = f"The change of {self._what} was sent, and no answer came."
        try:
            now = self.read()
        except ControlError as error:
            raise UnavailableError(
                f"{lost} Whether it was made is not known: {error} Look with: ory_mfa show."
            ) from error
        if _open(now.config, plan.changes):
            raise UnavailableError(f"{lost} It is not applied so far; look again with: ory_mfa show.")
        return Written(now.revision, [f"{lost} It is applied all the same."])

    def _written(self, answer: Answer, now: Snapshot, plan: Plan) -> Written:
        show = Censor(now.config, self._console.key)
        body = expect(answer, self._console.url, self._what, show=show, is_verbose=self._is_verbose)
        project = value_at(body, ("project",))
        # Of the answer, not of another GET, which may still show the old revision.
        after = self._snapshot(project)
        if missing := _open(after.config, plan.changes):
            names = ", ".join(clean(change.name) for change in missing)
            raise ControlError(f"Ory answered 200, but did not take: {names}. See ory_mfa show.")
        return Written(after.revision, [show(text) for text in _warnings(body)])

    def _again(self, snapshot: Snapshot, plan: Plan) -> Snapshot:
        """The project as it is now, if everything that was shown, and what would be changed, is still so."""
        now = self.read()
        paths = dict.fromkeys([*(key.path for key in KEYS.values()), *(change.path for change in plan.changes)])
        pairs = [(path, value_at(snapshot.config, path), value_at(now.config, path)) for path in paths]
        moved = tuple(Change(path, before, after) for path, before, after in pairs if not is_same(path, before, after))
        if moved:
            raise ConflictError(f"{self._changed} Nothing was written. What it was:\n{diff(snapshot.label, moved)}")
        return now


def _open(config: Mapping[str, Any], changes: Sequence[Change]) -> list[Change]:
    """The changes that are not to be seen in ``config``."""
    return [change for change in changes if not is_same(change.path, value_at(config, change.path), change.after)]


def _warnings(body: Any) -> list[str]:
    found = value_at(body, ("warnings",))
    warnings = found if isinstance(found, list) else []
    return [str(warning.get("message") or warning.get("code")) for warning in warnings if isinstance(warning, Mapping)]
