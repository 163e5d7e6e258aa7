"""What the documents say of a browser, and what the search of their site does in one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test.testcases import LiveServerThread

from tests.documents import DOCS, run_block

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


class LiveServer(LiveServerThread):
    """What pytest-django's fixture is, without a database; the name of that fixture would ask for one."""

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self.host}:{self.port}"


@pytest.fixture
def server(settings: Any) -> Iterator[LiveServer]:
    settings.ROOT_URLCONF = "tests.project.test_docs"
    server = LiveServer("127.0.0.1", StaticFilesHandler, connections_override={})
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    server.daemon = True
    server.start()
    server.is_ready.wait()
    yield server
    server.terminate()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    yield page
    page.close()


def test_example_of_a_test_in_a_browser_passes(server: LiveServer, page: Page, client: Any, ory: Any) -> None:
    example = run_block("how-to/test-your-site", "live_server")["test_dashboard_in_a_browser"]

    example(server, page, client, ory)


@pytest.mark.parametrize(
    ("name", "kind", "score"),
    [
        ("changelog", "text", -95),
        ("reference/crossings/parts", "text", -95),
        ("changelog", "index", 5),
        ("reference/settings", "text", 5),
        ("faq", "title", 5),
    ],
)
def test_search_puts_last_what_has_a_word_about_everything(page: Page, name: str, kind: str, score: int) -> None:
    page.add_script_tag(path=DOCS / "scorer.js")

    assert page.evaluate("result => Scorer.score(result)", [name, "", "", None, 5, "", kind]) == score
