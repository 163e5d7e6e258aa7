"""A day of the admin in a real browser: before a real Kratos, and before the emulator."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from django.test import override_settings

from tests.browser.conftest import ARGUMENTS, TIMEOUT, missing
from tests.browser.servers import Ground, KratosOfSite, Pair, chromium_path, free_port, open_emulator
from tests.browser.walker import REFRESH, SECOND_FACTOR, SIGN_IN, Walker
from tests.servers.fixtures import BUILD
from tests.servers.kratos import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[2]
SITE = "tests.admin_walk.site"
ORYS = [
    pytest.param("kratos", marks=[pytest.mark.browser, pytest.mark.kratos]),
    pytest.param("emulator", marks=pytest.mark.browser),
]


class Shop:
    """The shop under gunicorn on ``port``, before the Ory at ``ory_url``, until ``close``."""

    def __init__(self, port: int, ory_url: str, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._database, self._log = folder / "shop.sqlite3", folder / "log"
        env = {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR", "PYTHONPATH") if name in os.environ}
        self._since = folder / "since"
        self._since.write_text("0")
        env |= {"DATABASE": str(self._database), "ORY_SDK_URL": ory_url, "PROOFS_SINCE": str(self._since)}
        subprocess.run([sys.executable, "-m", SITE, "migrate", "-v0", "--run-syncdb"], cwd=ROOT, env=env, check=True)
        command = ["gunicorn", "--workers=1", "--threads=4", f"--chdir={ROOT}", SITE, f"--bind=127.0.0.1:{port}"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *command], cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT
            )
        wait_until(self._is_up, 120, self._log.read_text)

    def _is_up(self) -> bool:
        try:
            return requests.get(self.url, timeout=10).status_code == 200
        except requests.RequestException:
            return False

    def sql(self, statement: str, *values: Any) -> list[Any]:
        """What the database answers."""
        with closing(sqlite3.connect(self._database, timeout=60)) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def make_proofs_too_old(self) -> None:
        """What is sensitive needs a proof that is given from now on."""
        self._since.write_text(str(time.time()))

    def close(self) -> None:
        """Ends the server."""
        self._process.terminate()
        self._process.wait(30)


@pytest.fixture(params=ORYS)
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    port = free_port()
    binary = None
    if request.param == "kratos" and (binary := BUILD["kratos_binary"]()) is None:
        (pytest.fail if os.environ.get("REQUIRE_KRATOS") == "1" else pytest.skip)(BUILD["MISSING"])
    url = f"http://127.0.0.1:{port}"
    ory = open_emulator(url) if binary is None else KratosOfSite(binary, tmp_path, url)
    try:
        shop = Shop(port, ory.public_url, tmp_path)
        with override_settings(ORY_MFA_SDK_URL=ory.public_url, ALLOWED_HOSTS=["127.0.0.1"]):
            ory.configure("strict")
            yield Ground(Pair(request.param, "gunicorn"), ory, shop)  # type: ignore[arg-type]  # what a walker needs
        shop.close()
    finally:
        ory.close()


@pytest.fixture
def chromium() -> Iterator[Browser]:
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


@pytest.fixture
def walker(chromium: Browser, ground: Ground) -> Walker:
    context = chromium.new_context(locale="en-GB")
    context.set_default_timeout(TIMEOUT)
    return Walker(ground, context)


def choose_customer(walker: Walker, name: str) -> None:
    """Types into the field that searches, and takes what it finds."""
    walker.page.locator(".field-customer .select2-selection").click()
    walker.page.locator(".select2-search__field").fill(name)
    walker.page.locator(".select2-results__option", has_text=name).click()


def save(walker: Walker) -> None:
    walker.arrive(walker.page.locator("input[name=_save]"))


def picture(walker: Walker, name: str) -> None:
    """Keeps how the page looks on a phone and on a desk, if ``SCREENSHOTS`` names a folder."""
    folder = os.environ.get("SCREENSHOTS")
    for width in (360, 1280):
        walker.page.set_viewport_size({"width": width, "height": 800})
        assert walker.page.evaluate("document.documentElement.scrollWidth") <= width
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            walker.page.screenshot(path=f"{folder}/{walker.ground.pair.ory}-{name}-{width}.png")


def test_day_of_the_admin(ground: Ground, walker: Walker) -> None:
    shop: Any = ground.site
    ory, page = ground.ory, walker.page
    person = ory.add_person("totp")

    # Somebody who is not staff.
    walker.open("/admin/")
    walker.assert_asked(SIGN_IN)
    walker.sign_in(person)
    walker.assert_asked(SECOND_FACTOR)
    walker.confirm(person, "totp")
    walker.assert_at("/admin/")
    assert "This account has no access to the administration." in walker.text
    picture(walker, "forbidden")

    # Staff.
    shop.sql("UPDATE auth_user SET is_staff = 1, is_superuser = 1 WHERE username = ?", person.id)
    shop.sql("INSERT INTO shop_customer (name) VALUES ('Ann'), ('Bob')")
    assert walker.status_of("/admin/") == 200
    assert walker.heading == "Site administration"

    # Add, with the field that searches, and change.
    walker.open("/admin/shop/order/add/")
    page.locator("#id_number").fill("1")
    choose_customer(walker, "Bob")
    save(walker)
    walker.assert_at("/admin/shop/order/")
    ((pk, customer),) = shop.sql("SELECT o.id, c.name FROM shop_order o JOIN shop_customer c ON c.id = o.customer_id")
    assert customer == "Bob"
    walker.open(f"/admin/shop/order/{pk}/change/")
    page.locator("#id_number").fill("2")
    save(walker)
    assert shop.sql("SELECT number FROM shop_order") == [("2",)]

    # A popup that goes to Ory and fills the form that opened it.
    ((user,),) = shop.sql("SELECT id FROM auth_user WHERE username = ?", person.id)
    walker.open(f"/admin/auth/user/{user}/change/")
    walker.assert_at(f"/admin/auth/user/{user}/change/")
    shop.make_proofs_too_old()
    with page.expect_popup() as opened:
        page.locator("#add_id_groups").click()
    popup = Walker(ground, walker.context, opened.value)
    popup.page.wait_for_url("**/login?*")
    popup.assert_asked(REFRESH)
    popup.confirm(person, "totp")
    popup.page.locator("#id_name").fill("editors")
    with popup.page.expect_event("close"):
        popup.page.locator("input[name=_save]").click()
    page.locator("#id_groups_to option", has_text="editors").wait_for(state="attached")
    save(walker)
    assert shop.sql("SELECT user_id FROM auth_user_groups") == [(user,)]

    # Deleting needs a fresh proof, before the page that asks for a confirmation.
    shop.make_proofs_too_old()
    walker.open(f"/admin/shop/order/{pk}/delete/")
    walker.assert_asked(REFRESH)
    walker.confirm(person, "totp")
    walker.assert_at(f"/admin/shop/order/{pk}/delete/")
    walker.arrive(page.locator("form input[type=submit]"))
    assert shop.sql("SELECT count(*) FROM shop_order") == [(0,)]

    # Ory is down for a while.
    if ground.is_emulator:
        ground.emulator.ory.fail()
        assert walker.status_of("/admin/shop/customer/") == 503
        assert "We can\u2019t check your sign-in" in walker.heading
        picture(walker, "unavailable")
        ground.emulator.ory.recover()
        walker.press("Try again")
        walker.assert_at("/admin/shop/customer/")

    # Out.
    walker.arrive(page.locator("#logout-form button"))
    walker.open("/admin/")
    walker.assert_asked(SIGN_IN)
