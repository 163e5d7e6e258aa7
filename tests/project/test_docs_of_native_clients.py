"""The client of the page on mobile apps and scripts, with the API of that page, at a real Kratos and the emulator."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from threading import Thread
from types import ModuleType
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
import requests
from django.core.handlers.wsgi import WSGIHandler
from django.urls import clear_url_caches, path

from tests.documents import run_block
from tests.servers.base import Person
from tests.servers.kratos import KratosServer, totp_code

PAGE = "how-to/mobile-apps-and-scripts"
URLS = "api_of_the_page_on_native_clients"


class Quiet(WSGIRequestHandler):
    """Writes no log."""

    def log_message(self, *args: Any) -> None:
        """Nothing."""


@pytest.fixture(params=[pytest.param("kratos", marks=pytest.mark.kratos), "emulator"])
def server(request: pytest.FixtureRequest) -> KratosServer:
    """An Ory; people that other tests made are no matter."""
    found: KratosServer = request.getfixturevalue(request.param)
    found.configure("strict")
    return found


@pytest.fixture
def api(server: KratosServer, settings: Any) -> Iterator[str]:
    """The URL of the view of the page, behind a server."""
    urls: Any = ModuleType(URLS)
    urls.urlpatterns = [path("transfer/", run_block(PAGE, "def transfer")["transfer"])]
    sys.modules[URLS] = urls
    settings.ROOT_URLCONF = URLS
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    settings.ORY_MFA_SDK_URL = server.public_url
    clear_url_caches()
    httpd = make_server("127.0.0.1", 0, WSGIHandler(), WSGIServer, Quiet)
    thread = Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}/transfer/"
    httpd.shutdown()
    thread.join()
    httpd.server_close()
    del sys.modules[URLS]


@pytest.fixture
def app(server: KratosServer) -> dict[str, Any]:
    """The client of the page."""
    names = run_block(PAGE, "def sign_in")
    run_block(PAGE, "def set_up_totp", names)
    names["ORY"] = server.public_url
    return names


def typing(person: Person, asked: list[str]) -> Callable[[str], str]:
    """What ``person`` answers to a question; the questions are kept in ``asked``."""

    def answer(question: str) -> str:
        asked.append(question)
        return person.password if "password" in question else totp_code(person.factors["totp"])

    return answer


def nothing(question: str) -> str:
    raise AssertionError(question)


def test_app_gives_the_second_factor_once_and_keeps_its_token(server: Any, api: str, app: dict[str, Any]) -> None:
    person, asked = server.add_person("totp"), []  # type: ignore[var-annotated]
    token = app["sign_in"](person.email, person.password)

    first = app["call"]("POST", api, token, typing(person, asked))
    second = app["call"]("POST", api, token, nothing)

    assert [first.json(), second.json()] == [{"by": person.id}] * 2
    assert asked == ["Code of your authenticator app"]


def test_app_sets_up_a_second_factor(server: Any, api: str, app: dict[str, Any]) -> None:
    person, shown = server.add_person(), []  # type: ignore[var-annotated]
    token = app["sign_in"](person.email, person.password)
    refused = app["call"]("POST", api, token, nothing)
    error = refused.json()["error"]
    assert (refused.status_code, error["id"]) == (403, "session_aal2_enrollment_required")

    app["set_up_totp"](error["details"]["settings_flow"], token, shown.append, lambda _: totp_code(shown[0]))

    assert app["call"]("POST", api, token, nothing).json() == {"by": person.id}


def test_token_that_was_signed_out_opens_nothing(server: Any, api: str, app: dict[str, Any]) -> None:
    person = server.add_person("totp")
    token = app["sign_in"](person.email, person.password)

    app["sign_out"](token)

    with pytest.raises(app["SignedOut"]):
        app["call"]("POST", api, token, nothing)


def test_wrong_password_is_refused_by_ory(server: Any, app: dict[str, Any]) -> None:
    person = server.add_person()

    with pytest.raises(app["Refused"], match="credentials"):
        app["sign_in"](person.email, "wrong")


@pytest.mark.parametrize("server", ["emulator"], indirect=True)
def test_app_proves_anew_what_has_become_old(server: Any, api: str, app: dict[str, Any]) -> None:
    person, asked = server.add_person("totp"), []  # type: ignore[var-annotated]
    token = server.session_token(person, "password", "totp")
    assert app["call"]("POST", api, token, nothing).status_code == 200
    server.let_time_pass(3000)

    response = app["call"]("POST", api, token, typing(person, asked))

    assert (response.status_code, asked) == (200, ["Code of your authenticator app"])


def test_app_gives_the_password_anew(server: Any, app: dict[str, Any]) -> None:
    person, asked = server.add_person("totp"), []  # type: ignore[var-annotated]
    token = server.session_token(person, "password", "totp")

    app["prove"](f"{server.public_url}/self-service/login/api?refresh=true", token, typing(person, asked))

    assert asked == ["Your password"]


def test_request_without_a_token_gets_json_if_it_asks_for_it(api: str) -> None:
    response = requests.post(api, headers={"Accept": "application/json"}, timeout=10)
    other = requests.get(api, timeout=10, allow_redirects=False)

    assert (response.status_code, response.json()["error"]["id"], other.status_code) == (401, "session_inactive", 302)


@pytest.mark.parametrize("server", ["emulator"], indirect=True)
def test_challenges_are_those_of_the_page(server: Any, api: str) -> None:
    token = server.session_token(server.add_person("totp"), "password")
    sent = [
        requests.post(api, headers={"X-Session-Token": each}, timeout=10).headers["WWW-Authenticate"]
        for each in ("ory_st_unknown", token)
    ]

    assert sent[0] == 'Bearer error="invalid_token"'
    assert sent[1].startswith('Bearer error="insufficient_user_authentication"')
    assert 'acr_values="aal2", max_age="600"' in sent[1]
