"""The table of crossings: what happens to a page that meets each of them, and the test that shows it."""

from __future__ import annotations

from dataclasses import dataclass

SAFE = "safe"
OLDEST = (5, 2)
# The tests by the names that the page gives them.
WALK, CACHES, MESSAGES, SERVERS = "walk", "caches", "messages", "servers"
TESTS = {
    WALK: "tests/crossings/test_walk.py::test_next_visitor_gets_nothing_of_the_first",
    CACHES: "tests/session/test_page_caches.py::test_next_visitor_never_gets_a_page_made_for_somebody_else",
    MESSAGES: ("tests/crossings/test_messages.py::test_message_waits_for_the_next_person_only_in_a_cookie_of_its_own"),
    SERVERS: "tests/crossings/test_servers.py::test_files_reach_everybody_and_pages_those_who_may_see_them",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One crossing, by its dotted name.

    ``guarded``, ``shown`` and ``policy`` say what happens with a guarded page, with one that only shows the session,
    and under ``AALRequiredMiddleware``; a text that does not begin with "safe" is an exception or says why there is no
    such case. ``since``: the first Django that has it.
    """

    name: str
    guarded: str = SAFE
    shown: str = SAFE
    policy: str = SAFE
    test: str = WALK
    since: tuple[int, int] = OLDEST

    def text(self, situation: str) -> str:
        """What the row says of one situation."""
        return str(getattr(self, situation))


@dataclass(frozen=True, kw_only=True)
class Part:
    """A class or function that pages meet only as a part of ``whole``, or that is like it: its row holds for both."""

    name: str
    whole: str
    note: str = ""
    since: tuple[int, int] = OLDEST
