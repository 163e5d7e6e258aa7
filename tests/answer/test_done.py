"""The page ``ory_mfa:done``, and the scripts that are shipped with it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest
from django.template import engines

import django_ory_mfa
from django_ory_mfa.answer.pages import own_url
from django_ory_mfa.testing import FakeOry
from tests.site import Site

FOLDER = Path(django_ory_mfa.__file__).parent / "static" / "ory_mfa"
DONE = "/account/security/done/"


def test_done_page_says_in_words_that_the_window_may_be_closed(site: Site, ory: FakeOry) -> None:
    response = site.get(DONE)

    page = response.content.decode()
    assert response.status_code == 200
    assert "<h1>Done</h1>" in page
    assert re.findall(r"<script.*?</script>", page, re.DOTALL) == ['<script src="/static/ory_mfa/done.js"></script>']
    assert '<a class="ory-mfa-button ory-mfa-quiet" href="http://testserver/">' in page


@pytest.mark.parametrize("is_signed_in", [False, True])
def test_done_page_asks_nobody_and_is_never_cached(site: Site, ory: FakeOry, *, is_signed_in: bool) -> None:
    if is_signed_in:
        ory.login(site)

    response = site.get(DONE)

    assert "no-store" in response.headers["Cache-Control"]
    assert ory.calls == []


@pytest.mark.parametrize("method", ["head", "post", "put", "delete"])
def test_done_page_is_for_get_only(site: Site, ory: FakeOry, method: str) -> None:
    response = site.request(method, DONE)

    assert (response.status_code, response.headers["Allow"]) == (405, "GET")


def test_done_page_is_free_of_the_policy_of_the_site(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django_ory_mfa.middleware.AALRequiredMiddleware"]

    assert site.get(DONE).status_code == 200


@pytest.mark.parametrize("by", ["context", "request"])
def test_script_of_the_done_page_has_the_nonce_of_the_site(by: str) -> None:
    """By the context, as Django 6 has it, and by the request, as django-csp has it."""
    request = HttpRequest()
    context: dict[str, Any] = {"home_url": "/"}
    if by == "context":
        context["csp_nonce"] = "n0nce"
    else:
        request.csp_nonce = "n0nce"  # type: ignore[attr-defined]

    page = engines["django"].get_template("ory_mfa/done.html").render(context, request)

    assert '<script src="/static/ory_mfa/done.js" nonce="n0nce"></script>' in page


def test_button_of_the_done_page_is_as_wide_as_those_of_other_pages(site: Site, ory: FakeOry) -> None:
    """The style sheet widens what stands in the actions themselves."""
    assert '<p class="ory-mfa-actions"><a class="ory-mfa-button ory-mfa-quiet" ' in site.get(DONE).content.decode()


def test_done_page_has_a_name() -> None:
    assert own_url("done") == DONE


def test_script_of_pages_is_below_1500_bytes_and_needs_nothing_else() -> None:
    script = (FOLDER / "step_up.js").read_bytes()

    assert len(script) < 1500
    assert re.findall(rb"\b(?:import|require|eval|Function|innerHTML|document\.write)\b", script) == []


def test_types_of_the_script_name_what_it_adds() -> None:
    (name,) = re.findall(r"window\.(\w+) =", (FOLDER / "step_up.js").read_text())

    types = (FOLDER / "step_up.d.ts").read_text()
    assert f"declare var {name}: OryMfa;" in types
    assert "fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;" in types
