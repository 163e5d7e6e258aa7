"""The fixtures of the walks, and what is kept of those that fail."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from tests.browser.servers import Ground, Pair, chromium_path, open_ground, script_of
from tests.browser.walker import Walker
from tests.servers.fixtures import BUILD

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAIRS = tuple(Pair(ory, app_server) for ory in ("kratos", "emulator") for app_server in ("gunicorn", "uvicorn"))
# How a page looks, and what its scripts do, does not depend on what serves it.
FOR_LOOKS = (Pair("kratos", "gunicorn"), Pair("emulator", "uvicorn"))
ROOT = Path(__file__).resolve().parents[2]
# Long enough for two busy cores, short enough for a walk that hangs.
TIMEOUT = 60_000

OpenBrowser = Callable[..., Walker]
contexts_key = pytest.StashKey[list["BrowserContext"]]()


def missing(reason: str) -> NoReturn:
    """Skips what needs a browser, or fails where one is required."""
    (pytest.fail if os.environ.get("REQUIRE_BROWSER") == "1" else pytest.skip)(reason)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: walks in a real Chromium")
    config.addinivalue_line(
        "markers", "looks: in the browser alone, so that one application server for each Ory is enough"
    )
    config.addinivalue_line("markers", "emulator_only: needs what a real server cannot do")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Chooses the grounds of each walk."""
    if "ground" not in metafunc.fixturenames:
        return
    marks = {mark.name for mark in metafunc.definition.iter_markers()}
    pairs = FOR_LOOKS if "looks" in marks else PAIRS
    if "emulator_only" in marks:
        pairs = tuple(pair for pair in pairs if pair.ory == "emulator")
    metafunc.parametrize("ground", [_on(pair) for pair in pairs], indirect=True)


def _on(pair: Pair) -> Any:
    marks = [pytest.mark.browser, *([pytest.mark.kratos] if pair.ory == "kratos" else [])]
    return pytest.param(pair, id=str(pair), marks=marks)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One Chromium; only as long as walks are walked, since Playwright's event loop hinders the tests of async code."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("No browser: Playwright is not installed (pip install playwright).")
    executable = chromium_path()
    if executable is None:
        missing("No browser: there is no Chromium on PATH or in the environment variable CHROMIUM.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def grounds() -> Iterator[dict[Pair, Ground]]:
    """The servers that were started so far."""
    opened: dict[Pair, Ground] = {}
    yield opened
    for ground in opened.values():
        ground.close()


@pytest.fixture
def ground(
    request: pytest.FixtureRequest,
    chromium: Browser,
    grounds: dict[Pair, Ground],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Ground]:
    """An Ory and a site before it, strict and without e-mail codes until the walk says otherwise."""
    pair: Pair = request.param
    if pair not in grounds:
        binary = None
        if pair.ory == "kratos" and (binary := BUILD["kratos_binary"]()) is None:
            (pytest.fail if os.environ.get("REQUIRE_KRATOS") == "1" else pytest.skip)(BUILD["MISSING"])
        grounds[pair] = open_ground(pair, tmp_path_factory.mktemp(str(pair)), binary)
    with grounds[pair].in_use():
        yield grounds[pair]


@pytest.fixture
def open_browser(request: pytest.FixtureRequest, chromium: Browser, ground: Ground) -> Iterator[OpenBrowser]:
    """Opens a browser that knows nobody yet; the arguments are those of Playwright's ``new_context``."""
    contexts: list[BrowserContext] = request.node.stash.setdefault(contexts_key, [])

    def open_browser(**options: Any) -> Walker:
        context = chromium.new_context(**{"locale": "en-GB", **options})
        context.set_default_timeout(TIMEOUT)
        contexts.append(context)
        return Walker(ground, context)

    yield open_browser
    for context in contexts:
        context.close()


@pytest.fixture
def walker(open_browser: OpenBrowser) -> Walker:
    """Somebody with a new browser."""
    return open_browser()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, which finds what hinders people."""
    return fetched("axe-core")


@pytest.fixture(scope="session")
def htmx() -> str:
    """The source of htmx."""
    return fetched("htmx.org")


def fetched(package: str) -> str:
    """The source of a script of npm."""
    return file_of_npm(package).read_text()


def file_of_npm(package: str) -> Path:
    """A script of npm."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "django-ory-mfa"
    script = script_of(package, cache)
    if script is None:
        missing(f"No {package}: the command npm was not found.")
    return script


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keeps what the browsers of a failed walk show, and the logs, while all of it is still there."""
    report = yield
    contexts = item.stash.get(contexts_key, None)
    if call.when == "call" and contexts is not None and (report.failed or is_kept()):
        folder = keep(item, contexts)
        report.sections.append(("What the browser showed, and the logs", str(folder)))
    return report


def keep(item: pytest.Item, contexts: list[BrowserContext]) -> Path:
    """Screenshots, pages and logs of a walk; returns their folder."""
    folder = artifacts_of(item)
    for number, page in enumerate(page for context in contexts for page in context.pages):
        try:
            (folder / f"{number}.html").write_text(f"<!-- {page.url} -->\n{page.content()}")
            page.screenshot(path=folder / f"{number}.png", full_page=True)
        except Exception as error:
            (folder / f"{number}.txt").write_text(f"{page.url}\n{error}")
    ground: Ground = item.funcargs["ground"]  # type: ignore[attr-defined]
    ground.keep_logs(folder)
    return folder


def artifacts_of(item: pytest.Item) -> Path:
    """Where the traces of a walk are kept."""
    root = Path(os.environ.get("SCREENSHOTS") or os.environ.get("BROWSER_ARTIFACTS") or ROOT / "test-artifacts")
    folder = root / re.sub(r"[^\w.-]+", "-", item.nodeid.rpartition("/")[2]).strip("-")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def is_kept() -> bool:
    """Whether walks that succeed leave their traces too."""
    return bool(os.environ.get("SCREENSHOTS")) or os.environ.get("BROWSER_KEEP") == "1"
