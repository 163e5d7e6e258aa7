"""What the page on sign-out says, on a site with the fake Ory and with people at a real Kratos."""

from __future__ import annotations

import re
import shlex
import subprocess
from typing import Any

import pytest
import requests
from django.http import HttpResponse
from django.template import RequestContext, Template
from django.urls import include, path

from django_ory_mfa.testing import FakeOry
from tests.documents import blocks, run_block
from tests.servers.kratos import KratosServer
from tests.site import Site, location

(FORM,) = blocks("html+django", "how-to/sign-out")


def button(request: Any) -> HttpResponse:
    return HttpResponse(Template(FORM).render(RequestContext(request)))


async def abutton(request: Any) -> HttpResponse:
    await request.aory_session()
    return button(request)


urlpatterns = [path("sync/", button), path("async/", abutton), path("account/", include("django_ory_mfa.urls"))]


@pytest.fixture
def page(mode: str, settings: Any) -> Site:
    """A site with the form of the page, which wants a CSRF token."""
    settings.ROOT_URLCONF = __name__
    return Site(mode, enforce_csrf_checks=True)


@pytest.mark.parametrize("aal", ["aal1", "aal2"])
def test_form_of_the_page_signs_out_and_leads_to_its_next(page: Site, ory: FakeOry, aal: str) -> None:
    session = ory.login(page, aal=aal, second_factors={"totp"})
    text = page.get("").content.decode()
    (action,) = re.findall(r'action="([^"]+)"', text)
    fields = dict(re.findall(r'name="(\w+)" value="([^"]+)"', text))

    response = page.post(action, fields)

    assert (response.status_code, fields["next"]) == (303, "/goodbye/")
    assert f"token={session.logout_token}&return_to=http%3A%2F%2Ftestserver%2Fgoodbye%2F" in location(response)


def test_form_of_the_page_is_for_people_who_are_signed_in(page: Site, ory: FakeOry) -> None:
    assert page.get("").content.decode().strip() == ""


def test_form_without_a_csrf_token_signs_nobody_out(page: Site, ory: FakeOry) -> None:
    ory.login(page)

    assert page.post("/account/logout/", {}).status_code == 403
    assert page.get("/account/logout/").status_code == 405


@pytest.fixture(params=[pytest.param("kratos", marks=pytest.mark.kratos), "emulator"])
def server(request: pytest.FixtureRequest) -> KratosServer:
    found: KratosServer = request.getfixturevalue(request.param)
    found.configure("strict")
    return found


def seen(server: KratosServer, headers: dict[str, str]) -> int:
    return requests.get(f"{server.public_url}/sessions/whoami", headers=headers, timeout=10).status_code


def sessions_of(server: KratosServer, person: Any) -> list[dict[str, str]]:
    """A browser and an app of ``person``, as headers."""
    cookie = "=".join(server.open_browser(person, "password").session_cookie)
    return [{"Cookie": cookie}, {"X-Session-Token": server.session_token(person, "password")}]


def test_function_of_the_page_ends_all_sessions_of_a_person(server: KratosServer) -> None:
    names = run_block("how-to/sign-out", "def sign_out_everywhere")
    names["ADMIN_URL"] = server.admin_url
    person, other = server.add_person(), server.add_person()
    theirs, others = sessions_of(server, person), sessions_of(server, other)
    assert [seen(server, one) for one in theirs] == [200, 200]

    names["sign_out_everywhere"](person.id)
    names["sign_out_everywhere"](person.id)

    assert [seen(server, one) for one in (*theirs, *others)] == [401, 401, 200, 200]


def test_identity_that_is_deleted_has_no_sessions(server: KratosServer) -> None:
    (command,) = blocks("console", "reference/personal-data")
    person = server.add_person()
    theirs = sessions_of(server, person)
    line = command.strip().removeprefix("$ ").replace("http://127.0.0.1:4434", server.admin_url)

    subprocess.run([*shlex.split(line.replace("<identity-id>", person.id)), "--fail"], check=True)

    assert [seen(server, one) for one in theirs] == [401, 401]


def test_guard_that_wants_a_proof_refuses_a_revoked_session_in_spite_of_a_cache(
    mode: str, ory: FakeOry, settings: Any
) -> None:
    settings.ORY_MFA_CACHE_TTL = 300
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": mode}}
    site = Site(mode)
    session = ory.login(site)
    assert [site.get(page).status_code for page in ("aal2", "fresh")] == [200, 200]

    session.revoke()

    assert [site.get(page).status_code for page in ("aal2", "fresh")] == [200, 302]
