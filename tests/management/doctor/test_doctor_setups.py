"""The doctor with running servers: healthy and broken set-ups, and what it must not do in any of them."""

from __future__ import annotations

import json
import re
import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest
import requests
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test.utils import override_script_prefix
from django.urls import path

from django_ory_mfa.checks.csp import OF_DJANGO
from django_ory_mfa.decorators import aal_required
from django_ory_mfa.testing import FakeOry
from django_ory_mfa.testing._http import FakeResponse, Header
from django_ory_mfa.testing.emulator import Emulator
from tests.servers.base import Person
from tests.servers.kratos import KratosServer
from tests.views import page

SITE = "http://127.0.0.1:8000"


@pytest.fixture(autouse=True)
def quiet_site(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.quiet_urls"
    settings.ALLOWED_HOSTS = ["127.0.0.1"]


def run(*args: str) -> tuple[str, str, int]:
    out, err = StringIO(), StringIO()
    try:
        call_command("ory_mfa", "doctor", *args, stdout=out, stderr=err)
    except SystemExit as ended:
        return out.getvalue(), err.getvalue(), int(str(ended.code))
    return out.getvalue(), err.getvalue(), 0


class Findings:
    """The results of the doctor, by check."""

    def __init__(self, *args: str) -> None:
        out, err, self.code = run("--json", *args)
        assert err == ""
        told = json.loads(out)
        assert told["ok"] is (self.code == 0)
        self.results = told["results"]

    def of(self, status: str) -> list[str]:
        return [result["check"] for result in self.results if result["status"] == status]

    def only(self, check: str) -> tuple[str, str, str]:
        (found,) = (result for result in self.results if result["check"] == check)
        return found["status"], found["reason"], found["fix"] or ""


@pytest.fixture
def token_file(tmp_path: Path) -> Callable[[str], str]:
    def write(token: str) -> str:
        (tmp_path / "token").write_text(f"{token}\n")
        return f"--session-token-file={tmp_path / 'token'}"

    return write


# On a real Kratos.


@pytest.fixture
def strict(kratos: KratosServer, settings: Any) -> KratosServer:
    kratos.configure("strict")
    settings.ORY_MFA_SDK_URL = kratos.public_url
    return kratos


def everything(server: KratosServer, token: str) -> list[str]:
    return [f"--site-url={SITE}", token, f"--admin-url={server.admin_url}"]


def token_of(server: KratosServer, person: Person) -> str:
    return server.session_token(person, "password")


@pytest.mark.kratos
def test_healthy_kratos(strict: KratosServer, settings: Any, token_file: Any) -> None:
    settings.ORY_MFA_WHOAMI_REQUIRED_AAL = settings.ORY_MFA_SETTINGS_REQUIRED_AAL = "highest_available"

    found = Findings(*everything(strict, token_file(token_of(strict, strict.add_person("totp")))))

    assert (found.of("failed"), found.code) == ([], 0)
    # The version under test has a fault, and its schema of people without codes lets it do harm.
    assert found.of("warning") == ["version"]
    assert found.of("not checked") == ["cookie-name"]


@pytest.mark.kratos
def test_healthy_kratos_without_help_says_what_it_did_not_check(strict: KratosServer) -> None:
    found = Findings()

    assert (found.of("failed"), found.of("warning"), found.code) == ([], [], 0)
    assert found.of("not checked") == [
        "version",
        "cookie-reach",
        "cookie-name",
        "return-to",
        "whoami-level",
        "settings-level",
        "codes",
    ]


@pytest.mark.kratos
def test_admin_port_instead_of_the_public_one(strict: KratosServer, settings: Any) -> None:
    settings.ORY_MFA_SDK_URL = strict.admin_url

    found = Findings()

    assert found.of("failed") == ["reachable"]
    assert found.only("reachable")[1].endswith("is not the public API of Ory: it is the admin port of Kratos.")


@pytest.mark.kratos
def test_public_port_instead_of_the_admin_one(strict: KratosServer) -> None:
    found = Findings(f"--admin-url={strict.public_url}")

    assert found.only("version")[:2] == ("failed", "This is not the admin API of Kratos (404).")


@pytest.mark.kratos
def test_localhost_beside_127_0_0_1(strict: KratosServer, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]

    found = Findings("--site-url=http://localhost:8000")

    assert found.of("failed") == ["cookie-reach", "return-to"]
    assert found.of("warning") == ["loopback"]
    assert "so http://localhost:8000 never gets them: nobody is signed in there" in found.only("cookie-reach")[1]
    assert found.only("cookie-reach")[2].startswith("Open both the site and Ory as 127.0.0.1")


@pytest.mark.kratos
def test_cookie_of_another_name(strict: KratosServer, settings: Any, token_file: Any) -> None:
    settings.ORY_MFA_SESSION_COOKIE = "ory_session_mine"
    strict.configure("lax", settings_required_aal="highest_available")

    found = Findings(token_file(token_of(strict, strict.add_person("totp"))))

    assert found.of("failed") == ["cookie-name"]
    assert found.only("cookie-name")[1] == (
        "Django looks for the cookie ory_session_mine, but Ory sets no cookie of that name."
    )


@pytest.mark.kratos
@pytest.mark.parametrize("name", ["ory_kratos_session", None])
def test_cookie_of_the_right_name(strict: KratosServer, settings: Any, token_file: Any, name: str | None) -> None:
    settings.ORY_MFA_SESSION_COOKIE = name
    strict.configure("lax", settings_required_aal="highest_available")

    found = Findings(token_file(token_of(strict, strict.add_person("totp"))))

    assert found.only("cookie-name")[:2] == ("ok", "Ory's session cookie is named ory_kratos_session.")


@pytest.mark.kratos
def test_site_that_ory_does_not_redirect_to(strict: KratosServer) -> None:
    found = Findings("--site-url=http://127.0.0.1:9000/")

    assert found.of("failed") == ["return-to"]
    assert found.only("return-to")[1:] == (
        "Ory does not redirect back to http://127.0.0.1:9000/: people end up on its error page.",
        'selfservice.allowed_return_urls of Ory: add "http://127.0.0.1:9000/"',
    )


@pytest.mark.kratos
@pytest.mark.parametrize("mode", ["strict", "lax"])
def test_settings_that_a_password_opens(strict: KratosServer, token_file: Any, mode: Any) -> None:
    strict.configure(mode, settings_required_aal="aal1")

    found = Findings(*everything(strict, token_file(token_of(strict, strict.add_person("totp")))))

    assert found.of("failed") == ["settings-level"]
    assert "somebody who knows the password can set up another one there" in found.only("settings-level")[1]
    assert found.only("settings-level")[2] == "selfservice.flows.settings.required_aal of Ory: highest_available"


@pytest.mark.kratos
def test_declared_level_that_is_wrong(strict: KratosServer, settings: Any, token_file: Any) -> None:
    settings.ORY_MFA_WHOAMI_REQUIRED_AAL = "highest_available"
    strict.configure("lax", settings_required_aal="highest_available")

    found = Findings(token_file(token_of(strict, strict.add_person("totp"))))

    assert found.of("failed") == ["whoami-level"]
    assert found.only("whoami-level")[1] == (
        "Ory's session.whoami.required_aal is aal1, but ORY_MFA_WHOAMI_REQUIRED_AAL is highest_available: views that "
        "require highest_available let people in who have a second factor and have not used it."
    )


@pytest.mark.kratos
def test_codes_that_lock_out_who_has_none(strict: KratosServer, token_file: Any) -> None:
    strict.configure("strict", code_mfa=True)
    before = courier(strict)

    found = Findings(*everything(strict, token_file(token_of(strict, strict.add_person()))))

    assert found.of("failed") == ["codes"]
    assert "the account has none: the person is locked out" in found.only("codes")[1]
    assert courier(strict) == before


@pytest.mark.kratos
def test_codes_of_somebody_who_has_an_address(strict: KratosServer, token_file: Any) -> None:
    strict.configure("strict", code_mfa=True)
    person = strict.add_person("code")
    token = token_file(token_of(strict, person))
    before = courier(strict)

    found = Findings(*everything(strict, token))

    assert found.only("codes")[:2] == ("ok", "Ory requires a second factor, and the account has one (code).")
    assert courier(strict) == before


@pytest.mark.kratos
def test_ory_on_another_site(strict: KratosServer, settings: Any) -> None:
    settings.ORY_MFA_SITE_URL = "https://www.example.com"
    settings.ORY_MFA_BROWSER_URL = "https://happy-fox.projects.oryapis.com"

    found = Findings()

    assert found.of("failed") == ["browser-url", "cookie-reach", "return-to"]
    assert "so https://www.example.com never gets them" in found.only("cookie-reach")[1]


@pytest.mark.kratos
def test_token_that_has_ended(strict: KratosServer, token_file: Any) -> None:
    person = strict.add_person("totp")
    token = token_of(strict, person)
    strict.revoke_sessions(person)

    found = Findings(token_file(token))

    assert found.of("failed") == ["whoami-level", "settings-level", "codes"]


def courier(server: KratosServer) -> Any:
    return requests.get(f"{server.admin_url}/admin/courier/messages", timeout=60).headers["X-Total-Count"]


# With the emulator, and with servers that are not Ory.


class Altered(FakeOry):
    """A fake whose answers have other headers."""

    headers: ClassVar[dict[str, str]] = {}

    def handle(self, method: str, target: str, headers: Sequence[Header], body: bytes = b"") -> FakeResponse:
        response = super().handle(method, target, headers, body)
        kept = [(name, value) for name, value in response.headers if name not in self.headers]
        return replace(response, headers=[*kept, *self.headers.items()])


@pytest.fixture
def emulated(settings: Any) -> Iterator[Callable[..., Emulator]]:
    started: list[Emulator] = []

    def start(ory: FakeOry) -> Emulator:
        started.append(Emulator(ory=ory, people=(), return_urls=(f"{SITE}/",)).start())
        settings.ORY_MFA_SDK_URL = started[-1].url
        return started[-1]

    yield start
    for emulator in started:
        emulator.close()


def altered(**headers: str) -> Altered:
    ory = Altered()
    ory.headers = {name.replace("_", "-"): value for name, value in headers.items()}  # type: ignore[misc]
    return ory


@pytest.mark.parametrize(
    ("ory_url", "domain", "site", "status"),
    [
        ("https://ory.example.com", "; Domain=example.com", "http://www.example.com", "failed"),
        (None, "", SITE, "warning"),
    ],
)
def test_cookies_for_https_on_a_site_that_is_http(
    emulated: Any, ory_url: str | None, domain: str, site: str, status: str
) -> None:
    ory = altered(Set_Cookie=f"csrf_token_1=x; Path=/; Secure; HttpOnly; SameSite=Lax{domain}")
    emulator = emulated(ory)
    ory.public_url = ory_url or emulator.url

    found = Findings(f"--site-url={site}")

    reasons = [result for result in found.results if result["check"] == "cookie-reach"]
    assert f"Ory's cookies are for https only (Secure), and {site} is http" in reasons[0]["reason"]
    assert reasons[0]["status"] == status


def test_clock_that_is_wrong(emulated: Any) -> None:
    emulated(FakeOry(now=lambda: datetime.now(UTC) + timedelta(minutes=10)))

    found = Findings()

    assert found.of("failed") == ["clock"]
    assert found.only("clock")[1].startswith("Ory's clock is 5") or "600 s ahead" in found.only("clock")[1]


def test_database_that_is_down(emulated: Any) -> None:
    ory = FakeOry()
    emulated(ory)
    ory.database_down = True

    found = Findings()

    assert "ready" in found.of("failed")
    assert "it cannot reach its database" in found.only("ready")[1]


def test_rate_limit_and_cache_are_told(emulated: Any) -> None:
    emulated(altered(x_ratelimit_limit="1000", x_ratelimit_remaining="12", Ory_Session_Cache_For="60"))

    found = Findings()

    assert found.of("warning") == ["rate-limit"]
    assert found.only("answers")[1].startswith("Answers may come from a cache for 60 s")


@pytest.mark.parametrize(
    ("allowed", "status"), [(f"{SITE}/guarded", "ok"), (f"{SITE}/guarded/x", "failed"), (f"{SITE}/class", "failed")]
)
def test_pages_are_tried_where_the_whole_site_is_not_allowed(
    emulated: Any, settings: Any, allowed: str, status: str
) -> None:
    module = ModuleType("made_up_urls")
    module.urlpatterns = [  # type: ignore[attr-defined]
        path("guarded/", aal_required(page)),
        path("guarded/more/", aal_required(page)),
        path("open/", page),
    ]
    settings.ROOT_URLCONF = module
    settings.ORY_MFA_DEFAULT_RETURN_TO = "/guarded/"
    emulated(FakeOry()).ory.allowed_return_urls = (allowed,)

    assert Findings(f"--site-url={SITE}").only("return-to")[0] == status


def test_site_whose_urls_cannot_be_imported_is_tried_at_its_default_page(emulated: Any, settings: Any) -> None:
    settings.ROOT_URLCONF = "nowhere.at.all"
    settings.ORY_MFA_DEFAULT_RETURN_TO = "/home"
    emulated(FakeOry()).ory.allowed_return_urls = (f"{SITE}/home",)

    status, reason, _ = Findings(f"--site-url={SITE}").only("return-to")

    assert (status, reason) == ("ok", f"Ory redirects back to {SITE}/home.")


@pytest.mark.parametrize("ending", ["", "/"])
def test_site_below_a_path_is_tried_there(emulated: Any, ending: str) -> None:
    emulator = emulated(FakeOry())
    emulator.ory.allowed_return_urls = (f"{SITE}/app/",)

    status, reason, _ = Findings(f"--site-url={SITE}/app{ending}").only("return-to")

    assert (status, reason) == ("ok", f"Ory redirects back to {SITE}/app/.")
    assert not any(call.query.endswith("%3A8000%2F") for call in emulator.ory.calls)


def test_site_below_a_path_that_ory_does_not_lead_back_to_is_what_is_to_be_allowed(emulated: Any) -> None:
    emulated(FakeOry()).ory.allowed_return_urls = (f"{SITE}/other/",)

    assert Findings(f"--site-url={SITE}/app/").only("return-to") == (
        "failed",
        f"Ory does not redirect back to {SITE}/app/: people end up on its error page.",
        f'selfservice.allowed_return_urls of Ory: add "{SITE}/app/"',
    )


def test_default_page_outside_the_path_of_the_site_names_its_setting(emulated: Any, settings: Any) -> None:
    settings.ORY_MFA_DEFAULT_RETURN_TO = "/home/"
    emulated(FakeOry()).ory.allowed_return_urls = (f"{SITE}/app/",)

    status, _, fix = Findings(f"--site-url={SITE}/app/").only("return-to")

    assert status == "failed"
    assert fix.startswith('ORY_MFA_DEFAULT_RETURN_TO = "/app/", or ')


@pytest.mark.parametrize("given", [None, SITE, f"{SITE}/", f"{SITE}/app", f"{SITE}/app/"])
def test_script_prefix_is_part_of_the_address_of_the_site(emulated: Any, settings: Any, given: str | None) -> None:
    settings.ORY_MFA_SITE_URL = SITE
    emulated(FakeOry()).ory.allowed_return_urls = (f"{SITE}/app/",)

    with override_script_prefix("/app/"):
        found = Findings(*([f"--site-url={given}"] if given else [])).only("return-to")

    assert found[:2] == ("ok", f"Ory redirects back to {SITE}/app/.")


def test_nothing_listens(settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    settings.ORY_MFA_SDK_URL = f"http://127.0.0.1:{port}"

    found = Findings()

    assert found.of("failed") == ["reachable"]
    assert found.of("not checked") == ["everything else"]
    assert "the connection was refused" in found.only("reachable")[1]
    assert "ORY_MFA_SDK_URL" in found.only("reachable")[2]


def test_nobody_answers(settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.ORY_MFA_SDK_URL = f"http://127.0.0.1:{server.getsockname()[1]}"
        settings.ORY_MFA_TIMEOUT = 0.2

        found = Findings()

    assert "it took longer than ORY_MFA_TIMEOUT allows" in found.only("reachable")[1]


@contextmanager
def web_site(status: int, body: bytes, **headers: str) -> Iterator[tuple[str, list[str]]]:
    """Run a server that is not Ory; yields its URL and the requests that it gets."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(f"{self.requestline}\n{self.headers}")
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "headers", "says"),
    [
        (200, b"<h1>It works!</h1>", {}, "it answers 200 where Ory answers 401"),
        (401, b"<h1>Unauthorized</h1>", {}, "it answers 401 in another form than Ory"),
        (401, b'{"error": {"code": 401}}', {}, "it answers 401 to everything"),
        (404, b"{}", {}, "it answers 404"),
        (302, b"", {"Location": "https://elsewhere.example/\x1b[2J"}, "it answers 302 and redirects to"),
    ],
)
def test_server_that_is_not_ory_is_detected_and_gets_no_token(
    settings: Any, token_file: Any, status: int, body: bytes, headers: dict[str, str], says: str
) -> None:
    token = f"ory_st_{secrets.token_hex(16)}"
    with web_site(status, body, **headers) as (url, seen):
        settings.ORY_MFA_SDK_URL = url
        out, err, code = run(token_file(token), f"--admin-url={url}")

    assert code == 1
    assert f"{url} is not the public API of Ory: {says}" in out
    assert "\x1b" not in out + err
    assert len(seen) <= 3
    assert token not in "".join(seen)


# Offline.


def test_settings_are_checked_without_asking_ory(emulated: Any, settings: Any) -> None:
    ory = emulated(FakeOry()).ory
    settings.MIDDLEWARE = settings.MIDDLEWARE[:-1]

    found = Findings("--offline")

    assert found.of("failed") == ["middleware"]
    assert found.only("middleware")[1] == "OrySessionMiddleware is not in MIDDLEWARE. (ory_mfa.E003)"
    assert "not checked" not in {result["status"] for result in found.results}
    assert ory.calls == []


def test_middleware_in_the_wrong_order(settings: Any) -> None:
    late = ["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]
    settings.MIDDLEWARE = ["django_ory_mfa.middleware.OrySessionMiddleware", *late]

    found = Findings("--offline")

    assert found.of("warning") == ["middleware", "middleware"]
    assert [result["fix"] for result in found.results if result["check"] == "middleware"] == [
        "In MIDDLEWARE, move 'django.middleware.common.CommonMiddleware' before "
        "'django_ory_mfa.middleware.OrySessionMiddleware'.",
        "In MIDDLEWARE, move 'django.middleware.csrf.CsrfViewMiddleware' before "
        "'django_ory_mfa.middleware.OrySessionMiddleware'.",
    ]


def test_policy_that_stops_forms(settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, OF_DJANGO]
    settings.SECURE_CSP = {"form-action": ["'self'"]}

    found = Findings("--offline")

    assert found.of("warning") == ["form-action"]
    assert found.only("form-action")[2] == "Add 'http://127.0.0.1:4433' to form-action in SECURE_CSP."


def test_small_cache(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.ORY_MFA_CACHE_TTL = 30

    found = Findings("--offline")

    assert "Sessions are cached in a LocMemCache that holds 300 entries. (ory_mfa.W005)" in found.only("cache")[1]


def test_url_that_is_missing(settings: Any) -> None:
    del settings.ORY_MFA_SDK_URL

    found = Findings()

    assert found.of("failed") == ["values"]
    assert found.only("reachable")[0] == "not checked"
    assert "ORY_MFA_SDK_URL is missing" in found.only("reachable")[1]


def test_silenced_check_is_no_finding(settings: Any) -> None:
    settings.ORY_MFA_SETTINGS_REQUIRED_AAL = "aal1"
    settings.SILENCED_SYSTEM_CHECKS = ["ory_mfa.W003"]

    assert Findings("--offline").of("warning") == []


@pytest.mark.parametrize(("level", "code"), [(None, 0), ("failed", 0), ("warning", 1)])
def test_what_makes_it_fail(settings: Any, level: str | None, code: int) -> None:
    settings.ORY_MFA_SETTINGS_REQUIRED_AAL = "aal1"

    assert Findings("--offline", *([f"--fail-level={level}"] if level else [])).code == code


def test_findings_as_text(settings: Any) -> None:
    settings.MIDDLEWARE = []

    out, _, code = run("--offline")

    assert code == 1
    assert "ok           names              No ORY_MFA_ setting is misspelt. (settings only)\n" in out
    assert (
        "FAILED       middleware         OrySessionMiddleware is not in MIDDLEWARE. (ory_mfa.E003)\n"
        "                                -> Add 'django_ory_mfa.middleware.OrySessionMiddleware' after"
    ) in out
    assert re.search(r"\n\n\d+ ok, 0 not checked, 0 warning, 1 failed\.\n$", out)


# What it must not do.

ASKED = {
    "/sessions/whoami",
    "/health/ready",
    "/self-service/login/browser",
    "/self-service/login/api",
    "/self-service/settings/api",
    "/schemas",
    "/admin/version",
    "/admin/identities",
}


@pytest.mark.parametrize("version", ["v1.3.1", "2026-07-29"])
@pytest.mark.parametrize("required", ["highest_available", "aal1"])
@pytest.mark.parametrize("factors", [{"code"}, {"totp"}, set()], ids=str)
def test_no_e_mail_is_sent_and_no_second_factor_is_begun(
    emulated: Any, token_file: Any, version: str, required: str, factors: set[str]
) -> None:
    """On the newer version, opening an aal2 flow alone mails a code to somebody who has no other factor."""
    ory = FakeOry(version, required_aal=required, settings_required_aal=required, code_mfa=True)
    emulator = emulated(ory)
    schema_id = "with_code" if "code" in factors else "default"
    identity = ory.add_identity(second_factors=factors, schema_id=schema_id, password="hush-hush")
    token = ory.add_session(identity, "password").token

    Findings(
        f"--site-url={SITE}", "--site-url=http://elsewhere.example", token_file(token), f"--admin-url={emulator.url}"
    )

    assert ory.messages == []
    assert {call.method for call in ory.calls} == {"GET"}
    assert {call.path for call in ory.calls} <= ASKED
    assert [call for call in ory.calls if "aal" in call.query.lower()] == []
    assert [call for call in ory.calls if call.path.startswith("/admin/") and "x-session-token" in call.headers] == []


@pytest.mark.parametrize("required", ["highest_available", "aal1"])
def test_nothing_secret_or_personal_is_shown(
    emulated: Any, token_file: Any, caplog: pytest.LogCaptureFixture, required: str
) -> None:
    ory = FakeOry(required_aal=required, settings_required_aal=required)
    emulator = emulated(ory)
    identity = ory.add_identity(email="hush@example.com", second_factors={"totp"}, password="hush-hush")
    token = ory.add_session(identity, "password").token
    caplog.set_level("DEBUG")

    shown = "".join(
        f"{run(*args, token_file(token), f'--admin-url={emulator.url}', '-v3')}" for args in ([], ["--json"])
    )

    assert "ok" in shown
    for secret in (token, identity.id, "hush", "csrf_token_", "secret="):
        assert secret not in shown
        assert secret not in caplog.text
    assert "/admin/version" in caplog.text
    assert ("/admin/identities" in {call.path for call in ory.calls}) is (required == "highest_available")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"  \n",
        b"ory_pat_hushhush",
        b"ory_wak_hushhush",
        b"ory_kratos_session=hushhush",
        b"ory_st_hush hush",
        b"ory_st_hush\x1b[2J",
        b"ory_st_hush\xff",
        b"ory_st_" + b"hush" * 5000,
        b"ory_st_hush\nory_st_hush",
        b"ory_st_hush" + b"\n" * 10_000 + b"ory_st_hush",
    ],
    ids=range(11),
)
def test_file_that_holds_no_token_is_refused_and_not_shown(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "token").write_bytes(content)

    with pytest.raises(CommandError, match="does not contain a session token") as refusal:
        run(f"--session-token-file={tmp_path / 'token'}")

    assert refusal.value.returncode == 2
    assert "hush" not in str(refusal.value)
    assert refusal.value.__context__ is None or "hush" not in repr(refusal.value.__context__)


@pytest.mark.parametrize("name", ["missing", ".", "a\0b"])
def test_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandError, match="--session-token-file: "):
        run(f"--session-token-file={tmp_path / name}")


@pytest.mark.parametrize("option", ["--admin-url", "--site-url"])
@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:4434", "ftp://x.example", "http://me:hush@x.example", "http://x.example/?a=hush", "http://x\x1b"],
)
def test_invalid_url_is_refused_and_not_shown(option: str, url: str) -> None:
    with pytest.raises(CommandError, match=f"{option} must be") as refusal:
        run(f"{option}={url}")

    assert (refusal.value.returncode, "hush" in str(refusal.value)) == (2, False)
