"""What the documents say of a browser, and what the search of their site does in one."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test.testcases import LiveServerThread

from tests.browser.questions import QUESTIONS, WORDS
from tests.documents import DOCS, ROOT, run_block

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


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documentation as it is built, in a process of its own, since that configures Django."""
    pytest.importorskip("sphinx")
    folder = tmp_path_factory.mktemp("site")
    command: list[str | Path] = [sys.executable, "-m", "sphinx", "-E", "-q", "-b", "html", DOCS, folder]
    subprocess.run(command, cwd=ROOT, check=True)
    return folder


@pytest.fixture
def search(site: Path, page: Page) -> Callable[[str], Page]:
    """Opens the page of a search."""

    def found(query: str) -> Page:
        page.goto(f"{(site / 'search.html').as_uri()}?{urlencode({'q': query})}")
        return page

    return found


FIND = "queries => queries.map(query => find(query).results.slice(0, 3).map(({ page }) => page))"


def test_words_of_the_index_find_their_page_first(search: Callable[[str], Page]) -> None:
    found = search("").evaluate(FIND, list(WORDS))

    assert {words: pages for words, pages in zip(WORDS, found, strict=True) if pages[0] != WORDS[words]} == {}


def test_questions_of_readers_find_an_answer(search: Callable[[str], Page]) -> None:
    """When this was written, 75 of the 94 found it first, and 86 among the first three."""
    found = search("").evaluate(FIND, list(QUESTIONS))

    ranks = [
        next((rank for rank, page in enumerate(pages) if page in answers.split()), None)
        for answers, pages in zip(QUESTIONS.values(), found, strict=True)
    ]
    assert len(ranks) == 94
    assert ranks.count(0) >= 70
    assert ranks.count(None) <= 12


@pytest.mark.parametrize(
    ("query", "like"),
    [
        ("second-factor", "2FA"),
        ("login", "signed in"),
        ("authentcator", "authenticator"),  # A typing error.
        ("protect the of views", "protect views"),
    ],
)
def test_search_takes_one_word_for_another(search: Callable[[str], Page], query: str, like: str) -> None:
    one, other = search("").evaluate(FIND.replace("0, 3", "0, 30"), [query, like])

    assert len(set(one) & set(other)) > 20


def test_search_of_a_word_leads_to_its_line_in_the_glossary(search: Callable[[str], Page]) -> None:
    page = search("identity schema")
    place = page.locator("ul.search a", has_text="identity schema").last

    place.click()

    assert page.url.endswith("/glossary.html#term-identity-schema")


def test_search_takes_nothing_of_sphinx_that_differs_between_its_versions() -> None:
    assert "stopwords" not in re.findall(r"\w+", (DOCS / "_static" / "search.js").read_text())


def test_search_leads_to_the_section_and_shows_why(search: Callable[[str], Page]) -> None:
    page = search("flutter loses phone")

    assert page.inner_text(".search-summary").endswith("pages found, the best first. No page has “flutter”.")
    assert page.input_value("form.search input") == "flutter loses phone"
    first = page.locator("ul.search li").first
    assert first.locator("a").inner_text() == "Help somebody who has lost the second factor"
    assert first.locator("mark").first.inner_text() == "phone"
    first.locator("a").click()
    assert "/how-to/lost-second-factor.html#" in page.url
    assert page.locator("article .highlighted").first.inner_text().lower() == "phone"


def test_search_by_keyboard(search: Callable[[str], Page]) -> None:
    page = search("")
    page.keyboard.type("xyzzy")
    page.keyboard.press("Enter")
    page.wait_for_url("**?q=xyzzy")

    assert page.inner_text(".search-summary") == "No page found. No page has “xyzzy”."


def test_search_fits_a_phone(search: Callable[[str], Page], page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})

    assert search("ORY_MFA_SETTINGS_REQUIRED_AAL").evaluate("document.documentElement.scrollWidth") == 320


def test_search_without_javascript_says_where_the_words_are(chromium: Browser, site: Path) -> None:
    page = chromium.new_page(java_script_enabled=False)
    page.goto((site / "search.html").as_uri())

    assert page.locator("article a[href='genindex.html']").is_visible()
    assert not page.locator("form.search").is_visible()
    page.close()


def test_every_place_that_the_search_leads_to_is_there(search: Callable[[str], Page], site: Path) -> None:
    places = search("").evaluate("sections.flatMap(({ page, phrases }) => phrases.map(({ id }) => [page, id]))")
    ids = {page: set(re.findall(r'id="([^"]+)"', (site / f"{page}.html").read_text())) for page, _ in places}

    assert len(places) > 1500
    assert [(page, id_) for page, id_ in places if id_ not in ids[page]] == []


def test_each_word_of_the_table_means_one_thing(search: Callable[[str], Page]) -> None:
    said = search("").evaluate("""SAME.trim().split("\\n").flatMap(line => line.split(", ").map(words => [
        words, split(words).length < 3 && thingOf.get(split(words).map(stem).join(" ")) === line]))""")

    assert len(said) > 200
    assert [words for words, is_found in said if not is_found] == []
