"""The shop of `make demo`: people from Ory, orders of Django users, and an admin for staff."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from django_ory_mfa.testing.emulator import DemoPerson
from tests.project.test_demo import (
    APP_CODE,
    PASSWORD_ONLY,
    Browser,
    Demo,
    Page,
    browser,
    people_page,
    running,
    sign_in,
    with_button,
)

__all__ = ["browser"]
PRODUCTS = ("Cup", "Kettle", "Tea, 100 g", "Teapot")
STAFF = DemoPerson("staff@example.test", PASSWORD_ONLY.password, "Staff of the shop")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


@pytest.fixture
def demo(shared: Demo) -> Iterator[Demo]:
    yield shared
    # pytest shows it where a test failed.
    sys.stdout.write(shared.log)


def with_app(browser: Browser, url: str) -> Page:
    """Signs a customer in, who gives the code that the page of demo people shows."""
    second = sign_in(browser, url, APP_CODE)
    (code,) = re.findall(r"app now (\d{6}) ", people_page(browser, second).text)
    return browser.send(second.form("totp_code"), "method", totp_code=code)


def buy(browser: Browser, demo: Demo, product: str) -> Page:
    """Presses the button beside ``product``."""
    page = browser.open(f"{demo.site}/shop/")
    buttons = [form for form in page.forms if form.action.endswith("/buy/")]
    return browser.send(with_button(buttons[PRODUCTS.index(product)]), "")


def test_order_belongs_to_the_user_of_who_placed_it(demo: Demo, browser: Browser) -> None:
    sign_in(browser, f"{demo.site}/shop/orders/", PASSWORD_ONLY)
    mine = buy(browser, demo, "Kettle")
    other = Browser()
    with_app(other, f"{demo.site}/shop/orders/")
    theirs = other.open(f"{demo.site}/shop/orders/")

    assert mine.url == f"{demo.site}/shop/orders/"
    assert "You are Password Only" in mine.text
    assert ("Kettle" in mine.text, "Kettle" in theirs.text) == (True, False)
    assert "None yet." in theirs.text
    other.http.close()


def test_visitor_sees_the_shop_and_is_sent_to_sign_in_to_buy(demo: Demo, browser: Browser) -> None:
    assert "Teapot" in browser.open(f"{demo.site}/shop/").text
    assert "Sign in" in buy(browser, demo, "Teapot").text


def test_customer_has_no_access_to_the_admin_and_the_takings(demo: Demo, browser: Browser) -> None:
    admin = with_app(browser, f"{demo.site}/admin/")
    takings = browser.open(f"{demo.site}/shop/takings/")

    assert (admin.status, "This account has no access to the administration." in admin.text) == (403, True)
    assert "app@example.test" in admin.text
    assert (takings.status, "Signed in as" in takings.text) == (200, True)
    assert "/account/security/login/" in takings.url


def test_staff_by_the_role_at_ory_gets_in_and_gives_money_back(demo: Demo, browser: Browser) -> None:
    customer = Browser()
    sign_in(customer, f"{demo.site}/shop/orders/", PASSWORD_ONLY)
    buy(customer, demo, "Cup")

    second = sign_in(browser, f"{demo.site}/admin/", STAFF)
    index = browser.send(second.form("lookup_secret"), "method", lookup_secret="staff001")
    orders = browser.open(f"{demo.site}/admin/shop/order/")
    assert (index.status, orders.status) == (200, 200)
    assert "Users" not in index.text
    (pk,) = re.findall(r"Order (\d+)", orders.text)[:1]
    form = next(form for form in orders.forms if "_selected_action" in form.fields)
    token = form.fields["csrfmiddlewaretoken"]
    data: dict[str, Any] = {"csrfmiddlewaretoken": token, "action": "refund_selected", "_selected_action": pk}
    assert browser.http.post(orders.url, data, timeout=60).status_code == 200

    assert "refunded" in customer.open(f"{demo.site}/shop/orders/").text
    assert "in all." in browser.open(f"{demo.site}/shop/takings/").text
    customer.http.close()


def test_somebody_of_the_staff_is_printed(demo: Demo) -> None:
    assert "staff@example.test" in demo.log
    assert "opens /admin/" in demo.log


def test_database_of_the_demo_goes_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with running(tmp_path) as demo:
        assert list(tmp_path.glob("shop-*/shop.sqlite3"))
        demo.process.send_signal(2)
        assert demo.process.wait(60) == 0

    assert list(tmp_path.glob("shop-*")) == []
