"""What ``AALRequiredMixin`` lets through."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import path
from django.views import View

from django_ory_mfa.mixins import AALRequiredMixin
from django_ory_mfa.testing import FakeOry
from tests.site import Site

pytestmark = pytest.mark.urls(__name__)


class AsksNothing(AALRequiredMixin):
    """Requires nothing of this request, without a look at its session: only the guard can know that it stands here."""

    def get_requirement(self) -> None:
        return None


class Page(AsksNothing, View):
    def get(self, request: Any) -> HttpResponse:
        return HttpResponse("open sesame", headers={"Cache-Control": "public, max-age=600"})


class AsyncPage(AsksNothing, View):
    async def get(self, request: Any) -> HttpResponse:
        return HttpResponse("open sesame", headers={"Cache-Control": "public, max-age=600"})


urlpatterns = [path("sync/page", Page.as_view()), path("async/page", AsyncPage.as_view())]


def parts(header: str) -> set[str]:
    return {part.strip() for part in header.split(",")}


def test_page_behind_the_mixin_is_for_this_visitor_alone(site: Site, ory: FakeOry) -> None:
    response = site.get("page")

    assert (response.content, ory.calls) == (b"open sesame", [])
    assert parts(response["Cache-Control"]) == {"private", "max-age=600"}
    assert parts(response["Vary"]) >= {"Cookie", "Authorization", "X-Session-Token"}
