"""The example project as people run it: under gunicorn and uvicorn, before a real Kratos."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import yaml
from django.urls import reverse

from django_ory_mfa.contrib.ui import urls as ui_urls
from django_ory_mfa.management.init.choices import PAGES as PAGES_OF_ORY
from django_ory_mfa.signals import aal_denied
from django_ory_mfa.testing import FakeOry
from tests.servers.kratos import JSON, NAVIGATION, Http, KratosBrowser, KratosServer, expect, wait_until

PROJECT = Path(__file__).resolve().parents[2] / "example_project"
# Every variable that the project reads, so that a developer's .env has no say.
DEVELOPMENT = {
    "DEBUG": "true",
    "SECRET_KEY": "for tests only",
    "ALLOWED_HOSTS": "127.0.0.1",
    "SITE_URL": "",
    "ORY_SDK_URL": "http://127.0.0.1:4433",
    "ORY_BROWSER_URL": "",
    "ORY_WHOAMI_REQUIRED_AAL": "highest_available",
    "ORY_SETTINGS_REQUIRED_AAL": "highest_available",
    "DEMO_URL": "",
    "DATABASE": ":memory:",
}
PRODUCTION = {
    **DEVELOPMENT,
    "DEBUG": "false",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz",
    "ALLOWED_HOSTS": "www.example.com",
    "SITE_URL": "https://www.example.com",
    "ORY_SDK_URL": "https://auth.example.com",
    "ORY_BROWSER_URL": "https://auth.example.com",
}
COMMANDS = {
    "gunicorn": ["gunicorn", "--bind=127.0.0.1:0", "--threads=2", f"--chdir={PROJECT}", "example.wsgi"],
    "uvicorn": ["uvicorn", "--port=0", f"--app-dir={PROJECT}", "example.asgi:application"],
}
LISTENING = re.compile(r"(?:Listening at:|running on) (http://127\.0\.0\.1:\d+)")
# What browsers see in front of the server's own port, as behind a reverse proxy; Kratos allows it as a return URL.
HOST = "127.0.0.1:8000"
SITE = f"http://{HOST}"

NEEDS_AAL2 = ("dashboard", "transfer", "keys", "api/me", "inbox", "payroll", "balance")
NEEDS_HIGHEST_AVAILABLE = ("account", "reports")
GUARDED = (*NEEDS_AAL2, *NEEDS_HIGHEST_AVAILABLE, "profile")


def environment(**variables: str) -> dict[str, str]:
    """The environment of a program that is started, without what the developer set for other things."""
    kept = {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR") if name in os.environ}
    return kept | variables


# Without Kratos


def test_deployment_checks_are_silent(tmp_path: Path) -> None:
    command = [sys.executable, str(PROJECT / "manage.py"), "check", "--deploy", "--fail-level=WARNING"]

    run = subprocess.run(
        command, cwd=tmp_path, env=environment(**PRODUCTION), capture_output=True, text=True, check=False
    )

    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == "System check identified no issues (0 silenced).\n"


def test_check_on_a_fresh_clone_asks_how_ory_is_configured_and_nothing_else(tmp_path: Path) -> None:
    run = in_copy(tmp_path, "manage.py", "check")
    assert run.returncode == 0
    assert re.findall(r"ory_mfa\.[EW]\d+|\w+\.[EW]\d+", run.stderr) == ["ory_mfa.W004"]


def test_nothing_is_claimed_of_ory_unless_told(tmp_path: Path) -> None:
    program = "from example import settings as s; print(s.ORY_MFA_WHOAMI_REQUIRED_AAL, s.ORY_MFA_SETTINGS_REQUIRED_AAL)"
    assert in_copy(tmp_path, "-c", program).stdout == "None None\n"


def test_file_to_copy_names_every_variable() -> None:
    read = set(re.findall(r'env\.\w+\("(\w+)"', (PROJECT / "example" / "settings.py").read_text()))
    named = set(re.findall(r"^#?([A-Z_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE))
    assert read - named == {"DEMO_URL"}
    assert read == DEVELOPMENT.keys()


def in_copy(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs Python in the example as it is cloned, without a developer's file .env."""
    copy = shutil.copytree(PROJECT, folder / "example_project", ignore=shutil.ignore_patterns(".env", "__pycache__"))
    env = environment(DEBUG="true")
    return subprocess.run([sys.executable, *arguments], cwd=copy, env=env, capture_output=True, text=True, check=False)


class TestCompose:
    """No Docker runs it here; it is held against the files and the configuration that it names."""

    compose = yaml.safe_load((PROJECT / "compose.yml").read_text())
    kratos_service, example = compose["services"]["kratos"], compose["services"]["example"]
    mounts: ClassVar = dict(volume.split(":")[:2] for volume in kratos_service["volumes"])

    def configuration(self) -> dict[str, Any]:
        (name,) = re.findall(r"serve -c (\S+)", self.kratos_service["command"])
        (source,) = (source for source, target in self.mounts.items() if target == self.in_kratos(name))
        found: dict[str, Any] = yaml.safe_load((PROJECT / source).read_text())
        return found

    def in_kratos(self, name: str) -> str:
        return f"{self.kratos_service['working_dir']}/{name}"

    def test_mounted_files_are_there_and_are_those_of_the_tests(self) -> None:
        assert [source for source in self.mounts if not (PROJECT / source).is_file()] == []
        schemas = [schema["url"].removeprefix("file://") for schema in self.configuration()["identity"]["schemas"]]
        assert {self.in_kratos(name) for name in schemas} <= set(self.mounts.values())
        assert all(volume.endswith(":ro") for volume in self.kratos_service["volumes"])

    def test_version_is_the_one_that_the_tests_build(self) -> None:
        (version,) = re.findall(r"github.com/ory/kratos (v\S+)", (PROJECT.parent / "tests/kratos/go.mod").read_text())
        assert self.kratos_service["image"] == f"oryd/kratos:{version}"

    def test_ports_and_urls_agree(self) -> None:
        configuration, variables = self.configuration(), self.example["environment"]
        public = configuration["serve"]["public"]
        assert self.kratos_service["ports"] == [f"127.0.0.1:{public['port']}:{public['port']}"]
        assert f"{variables['ORY_BROWSER_URL']}/" == public["base_url"]
        assert variables["ORY_SDK_URL"] == f"http://kratos:{public['port']}"
        assert self.example["ports"] == [f"{HOST}:8000"]
        assert "--bind=0.0.0.0:8000" in (PROJECT / "Dockerfile").read_text()
        assert f"{SITE}/" in configuration["selfservice"]["allowed_return_urls"]

    @pytest.mark.usefixtures("project")
    def test_pages_of_the_flows_are_those_of_the_example(self) -> None:
        flows = self.configuration()["selfservice"]["flows"]
        pages = {name: flow["ui_url"] for name, flow in flows.items() if "ui_url" in flow}
        names = {pattern.name for pattern in ui_urls.urlpatterns}.intersection(PAGES_OF_ORY)
        assert pages == {name: f"{SITE}{reverse(f'ory_ui:{name}')}" for name in names}

    def test_claims_are_true(self) -> None:
        configuration, variables = self.configuration(), self.example["environment"]
        assert variables["ORY_WHOAMI_REQUIRED_AAL"] == configuration["session"]["whoami"]["required_aal"]
        settings_flow = configuration["selfservice"]["flows"]["settings"]
        assert variables["ORY_SETTINGS_REQUIRED_AAL"] == settings_flow["required_aal"]

    def test_image_is_built_of_what_is_there(self) -> None:
        build = self.example["build"]
        context = PROJECT / build["context"]
        copied = re.findall(r"^COPY (.+) \S+$", (context / build["dockerfile"]).read_text(), re.MULTILINE)
        assert [name for line in copied for name in line.split() if not (context / name).exists()] == []

    def test_people_fit_a_schema(self) -> None:
        known = {schema["id"] for schema in self.configuration()["identity"]["schemas"]}
        people = json.loads((PROJECT / "people.json").read_text())
        assert {person["schema_id"] for person in people} <= known


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    """The example's settings in the process of the tests, and its receiver of a signal, which others would hear of."""
    for name, value in DEVELOPMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(str(PROJECT))
    # Django REST framework reads its settings once in a process, and those of the example are not those of the tests.
    monkeypatch.setattr(importlib.import_module("example.api.config"), "API_APPS", [])
    module = importlib.import_module("example.settings")
    used = ("DEMO_URL", "INSTALLED_APPS", "MIDDLEWARE", "ROOT_URLCONF", "STATIC_URL", "TEMPLATES")
    for name in (name for name in dir(module) if name in used or name.startswith("ORY_MFA_")):
        setattr(settings, name, getattr(module, name))
    note_refusal = importlib.import_module("example.panel").note_refusal
    aal_denied.connect(note_refusal)
    yield
    aal_denied.disconnect(note_refusal)


@pytest.mark.parametrize("page", GUARDED)
@pytest.mark.usefixtures("project")
def test_page_is_shown_at_aal2(ory: FakeOry, client: Any, page: str) -> None:
    ory.login(client)
    assert client.get(f"/{page}/").status_code == 200


@pytest.mark.parametrize(
    ("aal", "path", "status"),
    [
        (None, "/", 200),
        (None, "/account/security/", 200),
        ("aal1", "/", 200),
        ("aal1", "/account/", 200),
        ("aal1", "/account/security/", 200),
        ("aal1", "/dashboard/", 403),
        ("aal2", "/", 200),
        ("aal2", "/account/security/", 200),
        ("aal2", "/inbox/", 200),
    ],
)
@pytest.mark.usefixtures("project")
def test_page_suits_every_screen_without_a_script(
    ory: FakeOry, client: Any, aal: str | None, path: str, status: int
) -> None:
    if aal:
        ory.login(client, aal=aal)
    response = client.get(path)
    html = response.content.decode()
    assert response.status_code == status
    assert '<html lang="en' in html
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in html
    assert html.count("<h1>") == 1
    assert "<script" not in html
    assert "ory_mfa/ory_mfa.css" in html


@pytest.mark.usefixtures("project")
def test_proof_of_more_than_ten_minutes_ago_is_asked_for_once_more(ory: FakeOry, client: Any) -> None:
    ory.login(client, age=660)
    response = client.get("/transfer/")
    assert response.status_code == 302
    assert flow_of(response["Location"]) == (
        "http://127.0.0.1:4433/self-service/login/browser",
        {"refresh": "true", "aal": "aal2", "return_to": "http://testserver/transfer/"},
    )
    assert client.get("/dashboard/").status_code == 200


@pytest.mark.usefixtures("project")
def test_home_page_leads_to_every_part(client: Any) -> None:
    links = set(re.findall(r'href="([^"?]+)', client.get("/").content.decode()))

    assert links >= {"/dashboard/", "/shop/", "/scripts/", "/admin/"}


@pytest.mark.usefixtures("project")
def test_ory_that_is_down_leaves_the_public_page_up(ory: FakeOry, client: Any) -> None:
    ory.login(client)
    ory.fail(503)
    home, dashboard = client.get("/"), client.get("/dashboard/")
    assert (home.status_code, dashboard.status_code) == (200, 503)
    assert "status unknown" in home.content.decode()


@pytest.mark.parametrize("name", ["login", "settings"])
@pytest.mark.usefixtures("project")
def test_pages_for_a_kratos_of_ones_own_are_there(ory: FakeOry, client: Any, name: str) -> None:
    response = client.get(f"/ory-ui/{name}")
    assert (response.status_code, response["Location"].partition("?")[0]) == (
        302,
        f"http://127.0.0.1:4433/self-service/{name}/browser",
    )


@pytest.mark.usefixtures("project")
def test_htmx_gets_the_fragment_and_a_browser_a_page(ory: FakeOry, client: Any) -> None:
    ory.login(client)
    assert 'hx-get="/balance/"' in client.get("/profile/").content.decode()
    fragment, page = client.get("/balance/", headers={"HX-Request": "true"}), client.get("/balance/")
    assert fragment.content == b"<p>Balance: <strong>1,234.56</strong></p>\n"
    assert "<h1>Balance</h1>" in page.content.decode()
    assert fragment.content in page.content
    assert "HX-Request" in page["Vary"]


@pytest.mark.usefixtures("project")
def test_htmx_without_a_second_factor_is_sent_away_and_back_to_the_page_around(ory: FakeOry, client: Any) -> None:
    ory.login(client, aal="aal1", second_factors={"totp"})
    around = "http://testserver/profile/?a=1"
    response = client.get("/balance/", headers={"HX-Request": "true", "HX-Current-URL": around})
    assert (response.status_code, response.content) == (200, b"")
    assert flow_of(response["HX-Redirect"])[1] == {"aal": "aal2", "return_to": around}


# With Kratos


class Program:
    """A web server with the example on a free port; its log is in ``log_file``."""

    def __init__(self, command: list[str], log_file: Path, **variables: str) -> None:
        self._log_file = log_file
        with log_file.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=log_file.parent,
                env=environment(**DEVELOPMENT | variables),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def log(self) -> str:
        return self._log_file.read_text(errors="replace")

    def address(self) -> str:
        """Where it listens, as soon as it does."""
        wait_until(self._is_up, 120, lambda: f"The server did not start: {self.log}")
        (address,) = set(LISTENING.findall(self.log))
        return str(address)

    def _is_up(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"The server ended with status {self._process.returncode}: {self.log}")
        return LISTENING.search(self.log) is not None

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def served(name: str, folder: Path, **variables: str) -> Iterator[tuple[str, Program]]:
    program = Program(COMMANDS[name], folder / f"{name}.log", **variables)
    try:
        yield program.address(), program
    finally:
        program.close()


@pytest.fixture(scope="module", params=list(COMMANDS))
def strict_server(
    request: pytest.FixtureRequest, kratos: KratosServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Program]]:
    """The example that claims what a strict Kratos does, which is its default."""
    folder = tmp_path_factory.mktemp("strict")
    with served(request.param, folder, ORY_SDK_URL=kratos.public_url) as server:
        yield server


@pytest.fixture(scope="module", params=list(COMMANDS))
def lax_server(
    request: pytest.FixtureRequest, kratos: KratosServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Program]]:
    """The example before a Kratos whose whoami asks for nothing, as it truly says."""
    folder = tmp_path_factory.mktemp("lax")
    claims = {"ORY_WHOAMI_REQUIRED_AAL": "aal1"}
    with served(request.param, folder, ORY_SDK_URL=kratos.public_url, **claims) as server:
        yield server


class Visitor:
    """Somebody with a browser, on the site and at Ory."""

    def __init__(self, address: str, browser: KratosBrowser | None = None) -> None:
        self._address = address
        self.ory: Any = browser
        self._http = browser.http if browser else Http()

    def get(self, path: str, *, accept: str = NAVIGATION) -> requests.Response:
        return self._send("GET", path, accept)

    def post(self, path: str, data: dict[str, str]) -> requests.Response:
        return self._send("POST", path, NAVIGATION, data=data)

    def flow_from(self, path: str) -> tuple[str, dict[str, str]]:
        """The URL of Ory that the page sends the browser to, and its query, without ``return_to`` if that is right."""
        response = expect(self.get(path), 302, 403)
        assert response.headers["Cache-Control"] == "no-store"
        url, query = flow_of(way_to_ory(response))
        assert query.pop("return_to") == f"{SITE}{path}"
        return urlsplit(url).path, query

    def prove_at_ory(self, path: str, method: str) -> None:
        """Goes where the page sends the browser, proves ``method`` there and comes back to the very page."""
        flow = self.ory.fetch_flow(way_to_ory(expect(self.get(path), 302, 403)))
        returned = self.ory.complete(flow, method, accept=NAVIGATION)
        assert returned.headers["Location"] == f"{SITE}{path}"

    def statuses(self, pages: tuple[str, ...] = GUARDED) -> dict[str, int]:
        return {page: self.get(f"/{page}/").status_code for page in pages}

    def _send(self, method: str, path: str, accept: str, **options: Any) -> requests.Response:
        headers = {"Host": HOST, "Accept": accept}
        return self._http.request(method, f"{self._address}{path}", headers=headers, **options)


def way_to_ory(response: requests.Response) -> str:
    """Where a redirect goes, or the link "Continue" of the page that says which methods count."""
    if response.status_code == 302:
        return response.headers["Location"]
    (link,) = re.findall(r'href="([^"]*)">Continue<', response.text)
    return unescape(link)


LOGIN: dict[str, str] = {}
STEP_UP = {"aal": "aal2"}
REFRESH = {"refresh": "true", "aal": "aal2"}
LOGIN_PATH = "/self-service/login/browser"
OpenVisitor = Callable[..., Visitor]


def flow_of(url: str) -> tuple[str, dict[str, str]]:
    """A URL of Ory without its query, and the query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}", {
        name: value for name, (value,) in parse_qs(parts.query).items()
    }


def visitors(server: tuple[str, Program], kratos: KratosServer) -> Iterator[OpenVisitor]:
    address, program = server

    def visit(*methods: str, factors: tuple[str, ...] = ()) -> Visitor:
        browser = kratos.open_browser(kratos.add_person(*factors), *methods) if methods else None
        return Visitor(address, browser)

    yield visit
    # pytest shows it where a test failed.
    sys.stdout.write(program.log)


@pytest.fixture
def visit(strict_server: tuple[str, Program], kratos: KratosServer) -> Iterator[OpenVisitor]:
    """Opens the browser of somebody new who has ``factors`` and completed ``methods``; of nobody without."""
    kratos.configure("strict")
    yield from visitors(strict_server, kratos)


@pytest.fixture
def visit_lax(lax_server: tuple[str, Program], kratos: KratosServer) -> Iterator[OpenVisitor]:
    """The same before a Kratos whose whoami asks for nothing."""
    kratos.configure("lax", settings_required_aal="highest_available")
    yield from visitors(lax_server, kratos)


@pytest.mark.kratos
class TestStrict:
    def test_public_pages(self, visit: OpenVisitor) -> None:
        nobody = visit()
        home = expect(nobody.get("/"), 200)
        assert "Not signed in" in home.text
        assert "Sign out" not in home.text
        assert "You are not signed in" in expect(nobody.get("/account/security/"), 200).text
        assert "text/css" in expect(nobody.get("/static/ory_mfa/ory_mfa.css"), 200).headers["Content-Type"]

    @pytest.mark.parametrize("page", GUARDED)
    def test_nobody_is_sent_to_login(self, visit: OpenVisitor, page: str) -> None:
        assert visit().flow_from(f"/{page}/?a=1&b=%C3%A9") == (LOGIN_PATH, LOGIN)

    def test_script_of_nobody_is_told(self, visit: OpenVisitor, kratos: KratosServer) -> None:
        refusal = expect(visit().get("/api/me/", accept=JSON), 401)
        body = refusal.json()
        assert body["error"]["id"] == "session_inactive"
        assert body["redirect_browser_to"] == f"{kratos.public_url}{LOGIN_PATH}"
        assert "WWW-Authenticate" in refusal.headers

    def test_person_without_second_factor_is_asked_to_enrol(self, visit: OpenVisitor, kratos: KratosServer) -> None:
        visitor = visit("password")
        assert visitor.statuses() == dict.fromkeys(GUARDED, 200) | dict.fromkeys(NEEDS_AAL2, 403)
        page = expect(visitor.get("/dashboard/?a=1"), 403).text
        assert f"{kratos.public_url}/self-service/settings/browser?return_to=" in page
        assert "I have set it up already" in page
        refusal = expect(visitor.get("/api/me/", accept=JSON), 403).json()
        assert refusal["error"]["id"] == "session_aal2_enrollment_required"
        assert "Two\u2011step verification is not set up" in expect(visitor.get("/account/security/"), 200).text

        visitor.ory.enrol("totp")

        assert visitor.statuses() == dict.fromkeys(GUARDED, 200)
        assert "Your account is protected by two\u2011step verification." in visitor.get("/account/security/").text

    @pytest.mark.parametrize("page", [page for page in GUARDED if page != "api/me"])
    def test_step_up_comes_back_to_the_page(self, visit: OpenVisitor, page: str) -> None:
        visitor = visit("password", factors=("totp",))
        path = f"/{page}/?a=1"
        assert visitor.flow_from(path) == (LOGIN_PATH, STEP_UP)
        visitor.prove_at_ory(path, "totp")
        shown = expect(visitor.get(path), 200)
        assert visitor.ory.person.email in shown.text
        assert "private" in shown.headers["Cache-Control"]

    def test_script_is_told_to_step_up(self, visit: OpenVisitor, kratos: KratosServer) -> None:
        visitor = visit("password", factors=("totp",))
        refusal = expect(visitor.get("/api/me/", accept=JSON), 403).json()
        assert refusal["error"]["id"] == "session_aal2_required"
        assert refusal["error"]["details"]["required_aal"] == "aal2"
        assert refusal["redirect_browser_to"] == f"{kratos.public_url}{LOGIN_PATH}?aal=aal2"
        visitor.ory.prove("totp")
        answer = expect(visitor.get("/api/me/", accept=JSON), 200).json()
        assert answer == {"aal": "aal2", "traits": {"email": visitor.ory.person.email}}

    def test_pages_say_that_a_second_factor_is_due(self, visit: OpenVisitor) -> None:
        visitor = visit("password", factors=("totp",))
        assert "Signed in, second step due" in expect(visitor.get("/"), 200).text
        assert "One more step to finish signing in" in expect(visitor.get("/account/security/"), 200).text

    def test_code_by_e_mail(self, visit: OpenVisitor, kratos: KratosServer) -> None:
        kratos.configure("strict", code_mfa=True)
        visitor = visit("password", factors=("code",))
        visitor.prove_at_ory("/dashboard/?a=1", "code")
        assert visitor.statuses(NEEDS_AAL2) == dict.fromkeys(NEEDS_AAL2, 200) | {"keys": 403}

    def test_method_that_does_not_count_is_followed_by_one_that_does(self, visit: OpenVisitor) -> None:
        visitor = visit("password", "lookup_secret", factors=("totp", "lookup_secret"))
        assert visitor.statuses() == dict.fromkeys(GUARDED, 200) | {"keys": 403}
        assert visitor.flow_from("/keys/?a=1") == (LOGIN_PATH, REFRESH)
        visitor.prove_at_ory("/keys/?a=1", "totp")
        assert "totp" in expect(visitor.get("/keys/?a=1"), 200).text

    def test_going_round_in_circles_ends_in_an_explanation(self, visit: OpenVisitor) -> None:
        visitor = visit("password", factors=("totp",))
        answers = [visitor.get("/dashboard/").status_code for _ in range(4)]
        assert answers == [302, 302, 302, 403]
        assert "We couldn\u2019t confirm your sign-in" in visitor.get("/dashboard/").text

    def test_step_up_view_comes_back_to_next(self, visit: OpenVisitor) -> None:
        visitor = visit("password", factors=("totp",))
        answer = expect(visitor.get("/account/security/step-up/?next=/payroll/"), 302)
        flow = visitor.ory.fetch_flow(answer.headers["Location"])
        assert visitor.ory.complete(flow, "totp", accept=NAVIGATION).headers["Location"] == f"{SITE}/payroll/"
        assert visitor.get("/account/security/step-up/?next=/payroll/").headers["Location"] == f"{SITE}/payroll/"

    @pytest.mark.parametrize("methods", [("password",), ("password", "totp")])
    def test_sign_out(self, visit: OpenVisitor, methods: tuple[str, ...]) -> None:
        visitor = visit(*methods, factors=("totp",))
        home = expect(visitor.get("/"), 200).text
        (action,) = re.findall(r'<form[^>]*method="post" action="([^"]+)"', home)
        (token,) = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', home)
        assert "Please send the form again" in expect(visitor.post(action, {}), 403).text
        assert "Sign out" in visitor.get("/").text

        answer = expect(visitor.post(action, {"csrfmiddlewaretoken": token}), 303)
        back = expect(visitor.ory.get(answer.headers["Location"]), 303)

        assert back.headers["Location"] == f"{SITE}/"
        assert "Not signed in" in visitor.get("/").text
        assert visitor.flow_from("/dashboard/") == (LOGIN_PATH, LOGIN)

    def test_revoked_session_is_sent_to_login(self, visit: OpenVisitor, kratos: KratosServer) -> None:
        visitor = visit("password", "totp", factors=("totp",))
        expect(visitor.get("/dashboard/"), 200)
        kratos.revoke_sessions(visitor.ory.person)
        assert visitor.flow_from("/dashboard/") == (LOGIN_PATH, LOGIN)


@pytest.mark.kratos
class TestLax:
    def test_second_factor_that_is_set_up_is_asked_for(self, visit_lax: OpenVisitor) -> None:
        visitor = visit_lax("password", factors=("totp",))
        # A page says which methods count, before Ory asks for one.
        assert visitor.statuses() == dict.fromkeys(GUARDED, 302) | {"profile": 200, "keys": 403}
        assert visitor.flow_from("/inbox/?a=1") == (LOGIN_PATH, STEP_UP)
        visitor.prove_at_ory("/inbox/?a=1", "totp")
        assert visitor.statuses() == dict.fromkeys(GUARDED, 200)

    def test_person_without_second_factor_is_asked_to_enrol(self, visit_lax: OpenVisitor) -> None:
        visitor = visit_lax("password")
        assert visitor.statuses() == dict.fromkeys(GUARDED, 200) | dict.fromkeys(NEEDS_AAL2, 403)
        visitor.ory.enrol("totp")
        assert visitor.statuses() == dict.fromkeys(GUARDED, 200)
