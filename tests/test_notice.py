"""What a page says to somebody who is back from Ory."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.urls import include, path

from django_ory_mfa.decorators import aal_required
from django_ory_mfa.testing import FakeOry
from tests.markup import as_read
from tests.site import Site

pytestmark = pytest.mark.urls(__name__)

PAGE = Template("{% load ory_mfa %}{% ory_mfa_notice %}")
GUARD = aal_required("aal2", max_age=600)


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE.render(Context({"request": request})))


async def apage(request: HttpRequest) -> HttpResponse:
    return page(request)


async def asked(request: HttpRequest) -> HttpResponse:
    await request.aory_session()  # type: ignore[attr-defined]
    return page(request)


urlpatterns = [
    path("sync/", include([path("transfer", GUARD(page)), path("public", page), path("asked", page)])),
    path("async/", include([path("transfer", GUARD(apage)), path("public", apage), path("asked", asked)])),
]


def said(response: Any) -> str:
    text = as_read(response.content.decode())
    return text.partition('role="status">')[2].partition("<")[0]


def test_return_is_thanked_for_once(site: Site, ory: FakeOry) -> None:
    session = ory.login(site, age=700)
    assert site.get("transfer").status_code == 302
    session.prove("totp")

    shown = [said(site.get("transfer")) for _ in range(2)]

    assert shown == ["Thank you, you are back.", ""]


def test_form_that_was_not_sent_is_asked_for_once(site: Site, ory: FakeOry) -> None:
    session = ory.login(site, age=700)
    referer = {"Referer": f"http://testserver/{site.mode}/transfer"}
    assert site.post("transfer", headers=referer).status_code == 303
    session.prove("totp")

    shown = [said(site.get("transfer")) for _ in range(2)]

    assert shown == ["Thank you. Your form was not sent yet: please send it again.", ""]


def test_nobody_is_thanked_who_was_not_at_ory(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    assert [said(site.get("transfer")), said(site.get("public"))] == ["", ""]


def test_sign_out_is_told_to_the_visitor_alone(site: Site, ory: FakeOry) -> None:
    site.set_cookie("ory_mfa_signed_out", "1")

    response = site.get("asked")

    assert (said(response), ory.calls) == ("You are signed out.", [])
    assert (response["Cache-Control"], "Cookie" in response["Vary"]) == ("private", True)


def test_page_of_somebody_who_did_not_sign_out_may_be_cached(site: Site, ory: FakeOry) -> None:
    response = site.get("public")

    assert (said(response), "Cache-Control" in response.headers) == ("", False)


def test_async_page_that_did_not_ask_for_the_session_says_nothing(ory: FakeOry) -> None:
    site = Site("async")
    site.set_cookie("ory_mfa_signed_out", "1")

    response = site.get("public")

    assert (said(response), "Cache-Control" in response.headers) == ("", False)


def test_sign_out_is_not_told_to_somebody_who_is_signed_in(site: Site, ory: FakeOry) -> None:
    ory.login(site)
    site.set_cookie("ory_mfa_signed_out", "1")

    assert (said(site.get("public")), ory.calls) == ("", [])


def test_tag_says_nothing_where_the_settings_are_wrong(site: Site, settings: Any) -> None:
    settings.ORY_MFA_SDK_URL = ""
    site.set_cookie("ory_mfa_signed_out", "1")

    assert said(site.get("public")) == ""


def test_tag_says_nothing_without_a_request() -> None:
    assert PAGE.render(Context()).strip() == ""
