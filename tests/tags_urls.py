"""Pages that show every tag, with ``request`` in their context and without, in both spellings; none of our views."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.template import Context, Template
from django.urls import path
from django.views.decorators.cache import cache_page

from django_ory_mfa.http import OryHttpRequest as HttpRequest

ALL = """{% load ory_mfa %}aal={% ory_aal %}
aal1={{ request.ory_session|has_aal:"aal1" }}
login={% ory_login_url %}
step_up={% ory_step_up_url %}
settings={% ory_settings_url %}
logout={% ory_logout_url %}
{% ory_mfa_status %}"""
URLS = "{% load ory_mfa %}{% ory_step_up_url %} {% ory_settings_url %} {% ory_logout_url %}"
PART = "{{% load cache ory_mfa %}}{{% cache 60 {name} %}}{tag}{{% endcache %}}"
SWALLOWED = "{% if not request.ory_session %}not signed in{% endif %}"


def everything(request: HttpRequest) -> HttpResponse:
    return render(request, "tags.html")


async def aeverything(request: HttpRequest) -> HttpResponse:
    await request.aory_session()
    return render(request, "tags.html")


async def anot_awaited(request: HttpRequest) -> HttpResponse:
    return HttpResponse(Template(ALL).render(Context({"request": request})))


async def aswallowed(request: HttpRequest) -> HttpResponse:
    return HttpResponse(Template(SWALLOWED).render(Context({"request": request})))


def urls_only(request: HttpRequest) -> HttpResponse:
    return HttpResponse(Template(URLS).render(Context({"request": request})))


async def aurls_only(request: HttpRequest) -> HttpResponse:
    return HttpResponse(Template(URLS).render(Context({"request": request})))


def part(request: HttpRequest, page: str) -> HttpResponse:
    """A page with a part that is stored, and a tag in it, as the query says."""
    text = PART.format(name=request.GET["part"], tag=f"{{% {request.GET['tag']} %}}")
    return HttpResponse(Template(text).render(Context({"request": request})))


async def apart(request: HttpRequest, page: str) -> HttpResponse:
    if request.GET["tag"] == "ory_login_url":
        await request.aory_session()
    return part(request, page)


def without_request(request: HttpRequest) -> HttpResponse:
    return HttpResponse(Template(ALL).render(Context()))


async def awithout_request(request: HttpRequest) -> HttpResponse:
    return HttpResponse(Template(ALL).render(Context()))


urlpatterns: list[Any] = [
    path("sync/everything", everything),
    path("async/everything", aeverything),
    path("async/not-awaited", anot_awaited),
    path("async/swallowed", aswallowed),
    path("sync/urls-only", urls_only),
    path("async/urls-only", aurls_only),
    # Django's decorator is for blocking views only.
    path("sync/cached-urls", cache_page(60)(urls_only)),
    path("async/cached-urls", cache_page(60)(urls_only)),
    path("sync/part/<page>", part),
    path("async/part/<page>", apart),
    path("sync/without-request", without_request),
    path("async/without-request", awithout_request),
]
