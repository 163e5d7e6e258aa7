"""The emulator over HTTP: its command, its people, its pages, and what must not bring it down."""

from __future__ import annotations

import http.client
import io
import json
import re
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from django.core.management import CommandError, call_command

import django_ory_mfa
from django_ory_mfa.management.commands.ory_mfa_emulator import Command
from django_ory_mfa.testing import FakeOry
from django_ory_mfa.testing.emulator import DEMO_PEOPLE, DemoPerson, Emulator, PeopleError, read_people
from django_ory_mfa.testing.emulator._totp import totp_code
from tests.servers.kratos import JSON, NAVIGATION, Http, expect, nodes

PASSWORD_ONLY, EMAIL_CODE, APP_CODE, RECOVERY_CODE = DEMO_PEOPLE
PAGE = "http://127.0.0.1:8000/dashboard/?a=1&b=2"


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(running: Emulator, settings: Any) -> Emulator:
    settings.ORY_MFA_SDK_URL = running.url
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    return running


@pytest.fixture
def browser() -> Iterator[Http]:
    with Http() as http:
        http.headers["Accept"] = NAVIGATION
        yield http


def flow_at(browser: Http, emulator: Emulator, page: requests.Response) -> dict[str, Any]:
    """The flow of the page that a browser was sent to."""
    location = expect(page, 303).headers["Location"]
    kind = urlsplit(location).path.rpartition("/")[2]
    (flow_id,) = parse_qs(urlsplit(location).query)["flow"]
    url = f"{emulator.url}/self-service/{kind}/flows?id={flow_id}"
    flow: dict[str, Any] = expect(browser.get(url, headers={"Accept": JSON}), 200).json()
    return flow


def submit(browser: Http, flow: dict[str, Any], **fields: str) -> requests.Response:
    """Sends the form of a page, with its hidden inputs."""
    hidden = {name: shown["value"] for name, shown in nodes(flow).items() if shown.get("type") == "hidden"}
    return browser.post(flow["ui"]["action"], data={**hidden, **fields})


def sign_in(browser: Http, emulator: Emulator, person: DemoPerson, return_to: str = PAGE) -> requests.Response:
    page = browser.get(f"{emulator.url}/self-service/login/browser", params={"return_to": return_to})
    flow = flow_at(browser, emulator, page)
    return submit(browser, flow, method="password", identifier=person.email, password=person.password)


def level(browser: Http, emulator: Emulator) -> str:
    session = expect(browser.get(f"{emulator.url}/sessions/whoami"), 200).json()
    return str(session["authenticator_assurance_level"])


PACKAGE = Path(django_ory_mfa.__file__).parent


def test_only_the_command_imports_the_emulator() -> None:
    users = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if "testing.emulator" in path.read_text() and "testing" not in path.relative_to(PACKAGE).parts
    }

    assert users == {"management/commands/ory_mfa_emulator.py"}


# The whole way, as pages


def test_nobody_needs_more_than_a_password_without_a_second_factor(browser: Http, emulator: Emulator) -> None:
    answer = sign_in(browser, emulator, PASSWORD_ONLY)

    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    assert level(browser, emulator) == "aal1"


def second_screen(browser: Http, emulator: Emulator, person: DemoPerson) -> dict[str, Any]:
    answer = expect(sign_in(browser, emulator, person), 303)
    assert "aal=aal2" in answer.headers["Location"]
    return flow_at(browser, emulator, browser.get(answer.headers["Location"]))


def test_code_by_email_leads_back_to_the_page(browser: Http, emulator: Emulator) -> None:
    flow = second_screen(browser, emulator, EMAIL_CODE)

    mailbox = expect(browser.get(f"{emulator.url}/mailbox"), 200).text
    (code, *_) = re.findall(r">(\d{6})<", mailbox)
    answer = submit(browser, flow, method="code", code=code)

    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    assert level(browser, emulator) == "aal2"


def test_code_may_be_sent_once_more(browser: Http, emulator: Emulator) -> None:
    flow = second_screen(browser, emulator, EMAIL_CODE)
    first = emulator.ory.messages[-1].code

    again = flow_at(browser, emulator, submit(browser, flow, method="code", resend="code"))
    newest = emulator.ory.messages[-1].code
    answer = submit(browser, again, method="code", code=newest)

    assert (answer.headers["Location"], first == newest) == (PAGE, False)


def test_authenticator_app_leads_back_to_the_page(browser: Http, emulator: Emulator) -> None:
    flow = second_screen(browser, emulator, APP_CODE)

    code = totp_code(APP_CODE.totp_secret, emulator.ory.now())
    answer = submit(browser, flow, method="totp", totp_code=code)

    assert answer.headers["Location"] == PAGE
    assert level(browser, emulator) == "aal2"


def test_recovery_code_leads_back_to_the_page_once(browser: Http, emulator: Emulator) -> None:
    flow = second_screen(browser, emulator, RECOVERY_CODE)

    answer = submit(browser, flow, method="lookup_secret", lookup_secret=RECOVERY_CODE.lookup_secrets[0])

    assert answer.headers["Location"] == PAGE
    assert level(browser, emulator) == "aal2"
    assert RECOVERY_CODE.lookup_secrets[0] not in expect(browser.get(emulator.url), 200).text


def test_enrolment_in_the_settings_leads_back_at_aal2(browser: Http, emulator: Emulator) -> None:
    person = DemoPerson("enrols@example.test", "a password", "Enrols")
    person.join(emulator.ory)
    sign_in(browser, emulator, person)
    page = browser.get(f"{emulator.url}/self-service/settings/browser", params={"return_to": PAGE})
    flow = flow_at(browser, emulator, page)

    secret = nodes(flow)["totp_secret_key"]["text"]["context"]["secret"]
    answer = submit(browser, flow, method="totp", totp_code=totp_code(secret, emulator.ory.now()))

    assert answer.headers["Location"] == PAGE
    assert level(browser, emulator) == "aal2"


# Pages


def test_index_lists_the_people_and_what_they_hold(browser: Http, emulator: Emulator) -> None:
    text = expect(browser.get(emulator.url), 200).text

    assert all(person.email in text and person.password in text for person in DEMO_PEOPLE)
    assert totp_code(APP_CODE.totp_secret, emulator.ory.now()) in text
    assert RECOVERY_CODE.lookup_secrets[11] in text


def test_index_without_the_people_it_began_with(browser: Http, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    with Emulator(people=[PASSWORD_ONLY], return_urls=()) as emulator:
        emulator.ory.delete_identity(emulator.ory.identities[0])
        text = expect(browser.get(emulator.url), 200).text

    assert PASSWORD_ONLY.email in text
    assert emulator.ory.default_return_url == f"{emulator.url}/"


def test_sign_in_page_fills_a_person_in_by_one_click(browser: Http, emulator: Emulator) -> None:
    page = browser.get(f"{emulator.url}/self-service/login/browser")
    text = expect(browser.get(f"{page.headers['Location']}&fill=2"), 200).text

    assert f'value="{APP_CODE.email}"' in text
    assert f'value="{APP_CODE.password}"' in text
    assert all(str(person.label) in text for person in DEMO_PEOPLE)


def test_sign_in_page_without_a_flow_begins_one(browser: Http, emulator: Emulator) -> None:
    answer = browser.get(f"{emulator.url}/ui/login")

    assert (answer.status_code, urlsplit(answer.headers["Location"]).path) == (302, "/self-service/login/browser")


def test_stylesheet_comes_with_the_package(browser: Http, emulator: Emulator) -> None:
    answer = browser.get(f"{emulator.url}/static/ory_mfa/ory_mfa.css")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/css")
    assert ".ory-mfa" in answer.text


@pytest.mark.parametrize(
    "path", ["/nothing", "/static/nothing", "/static/../__init__.py", "/static/%2e%2e/__init__.py"]
)
def test_missing_page_is_a_plain_404(emulator: Emulator, path: str) -> None:
    status, _, body = raw(emulator, "GET", path)

    assert (status, body) == (404, b"There is no such page.\n")


def test_static_files_of_another_server_are_not_served_here(settings: Any) -> None:
    settings.STATIC_URL = "https://static.example.test/"
    with Emulator() as emulator:
        assert raw(emulator, "GET", "/static/ory_mfa/ory_mfa.css")[0] == 404


def test_page_that_fails_is_a_500_and_the_next_one_works(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    people, emulator.people = emulator.people, (None,)  # type: ignore[assignment]
    status, _, body = raw(emulator, "GET", "/")
    emulator.people = people

    assert (status, body) == (500, b"The page failed; see the log.\n")
    assert "A page of the emulator failed." in caplog.text
    assert raw(emulator, "GET", "/")[0] == 200


def test_pages_speak_the_language_of_the_browser(browser: Http, emulator: Emulator) -> None:
    answer = browser.get(emulator.url, headers={"Accept-Language": "de"})

    assert '<html lang="de"' in answer.text


def test_form_cannot_be_sent_to_a_page(browser: Http, emulator: Emulator) -> None:
    answer = browser.post(emulator.url, data={"a": "b"})

    assert answer.status_code == 405


# HTTP


def raw(emulator: Emulator, method: str, target: str, body: bytes = b"", **headers: Any) -> tuple[int, Any, bytes]:
    """One request, spelled exactly so."""
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(emulator.url).port, timeout=60)
    try:
        connection.putrequest(method, target, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def exchange(emulator: Emulator, data: bytes) -> bytes:
    """What comes back for ``data`` until the connection ends."""
    address = ("127.0.0.1", urlsplit(emulator.url).port or 0)
    with socket.create_connection(address, timeout=60) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))
        except OSError:
            # It did not wait for the rest.
            return b""


def test_emulator_listens_on_loopback_only(emulator: Emulator) -> None:
    assert emulator._server.server_address[0] == "127.0.0.1"
    assert urlsplit(emulator.url).hostname == "127.0.0.1"


@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1.evil.test", "127.0.0.1@evil.test", "", "[::1", "a b"])
def test_foreign_host_is_refused(emulator: Emulator, host: str) -> None:
    assert raw(emulator, "GET", "/sessions/whoami", Host=host)[0] == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:4433", "LOCALHOST", "[::1]:1"])
def test_host_of_this_machine_is_accepted(emulator: Emulator, host: str) -> None:
    assert raw(emulator, "GET", "/health/alive", Host=host)[0] == 200


@pytest.mark.parametrize("header", [{"Origin": "http://evil.test"}, {"Sec_Fetch_Site": "cross-site"}])
@pytest.mark.parametrize("target", ["/admin/identities", "//admin/identities", "http://127.0.0.1/admin/identities"])
def test_admin_api_answers_no_page_of_a_foreign_site(emulator: Emulator, header: dict[str, Any], target: str) -> None:
    assert raw(emulator, "GET", target, **header)[0] == 403


def test_admin_api_answers_programs_of_this_machine(emulator: Emulator) -> None:
    status, _, body = raw(emulator, "GET", "/admin/identities")

    assert (status, json.loads(body)[0]["traits"]["email"]) == (200, PASSWORD_ONLY.email)


def test_connection_is_kept(emulator: Emulator) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(emulator.url).port, timeout=60)
    connection.connect()
    opened = connection.sock
    statuses = []
    for target in ("/health/alive", "/sessions/whoami", "/mailbox", "/self-service/login/browser"):
        connection.request("GET", target)
        answer = connection.getresponse()
        answer.read()
        statuses.append((answer.status, answer.version))
    kept = connection.sock is opened
    connection.close()

    assert statuses == [(200, 11), (401, 11), (200, 11), (303, 11)]
    assert kept


def test_head_has_no_body(emulator: Emulator) -> None:
    assert [raw(emulator, "HEAD", target)[::2] for target in ("/health/alive", "/")] == [(200, b"")] * 2


def test_target_with_a_host_is_the_same(emulator: Emulator) -> None:
    assert raw(emulator, "GET", f"{emulator.url}/health/alive?a=1")[0] == 200
    assert raw(emulator, "GET", emulator.url)[0] == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content_Length": "x"}, 400),
        ({"Content_Length": "-1"}, 400),
        ({"Content_Length": "1" * 5000}, 400),
        ({"Content_Length": "1048577"}, 413),
        ({"Transfer_Encoding": "chunked"}, 501),
    ],
)
def test_body_that_cannot_be_read_ends_the_connection(emulator: Emulator, headers: dict[str, Any], status: int) -> None:
    answered, sent, _ = raw(emulator, "POST", "/self-service/login", **headers)

    assert (answered, sent["Connection"]) == (status, "close")


def test_body_that_ends_early_is_refused(emulator: Emulator) -> None:
    answer = exchange(emulator, b"POST /self-service/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nabc")

    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("size", [20_000, 200_000, 2_000_000])
def test_big_headers_are_answered_or_refused(emulator: Emulator, size: int) -> None:
    answer = exchange(emulator, b"GET /health/alive HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * size + b"\r\n\r\n")

    # A client that is still sending may not see the refusal.
    assert answer[:12] in {b"HTTP/1.1 200", b"HTTP/1.1 431", b""}
    assert raw(emulator, "GET", "/health/alive")[0] == 200


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\x01\x02",
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"BREW / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /%ff%00%zz?\xff HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /self-service/login?flow=%00 HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: \xff=\xff\r\n\r\n",
        b"POST /self-service/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n[]",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
    ],
)
def test_garbage_does_not_end_the_server(emulator: Emulator, garbage: bytes) -> None:
    exchange(emulator, garbage)

    assert raw(emulator, "GET", "/health/alive")[0] == 200


@pytest.mark.parametrize("name", ["connect-error", "timeout"])
def test_fake_that_is_told_to_break_ends_the_connection(name: str) -> None:
    with Emulator() as emulator:
        emulator.ory.fail_with(name)
        answer = exchange(emulator, b"GET /sessions/whoami HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        emulator.ory.recover()

        assert answer == b""
        assert raw(emulator, "GET", "/health/alive")[0] == 200


def test_unforeseen_error_ends_one_connection_only(emulator: Emulator) -> None:
    clock, emulator.ory.now = emulator.ory.now, lambda: 1 / 0  # type: ignore[assignment,return-value]
    answer = exchange(emulator, b"GET /health/alive HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    emulator.ory.now = clock

    assert answer == b""
    assert raw(emulator, "GET", "/health/alive")[0] == 200


def test_many_browsers_at_once(emulator: Emulator) -> None:
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(raw(emulator, "GET", "/self-service/login/browser")[0]))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [303] * 20


def test_closing_ends_connections_that_are_kept() -> None:
    emulator = Emulator().start()
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(emulator.url).port, timeout=60)
    connection.request("GET", "/health/alive")
    connection.getresponse().read()
    opened = connection.sock
    emulator.close()

    assert opened.recv(1) == b""
    connection.close()
    emulator.wait()
    with pytest.raises(ConnectionError):
        raw(emulator, "GET", "/health/alive")


def test_emulator_that_was_never_started_can_be_closed() -> None:
    Emulator().close()


def test_port_and_pages_may_be_chosen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with Emulator(port, ory=FakeOry("v1.3.1"), ui_url="http://127.0.0.1:8000/account/") as emulator:
        _, headers, _ = raw(emulator, "GET", "/self-service/login/browser")

    assert emulator.url == f"http://127.0.0.1:{port}"
    assert headers["Location"].startswith("http://127.0.0.1:8000/account/login?flow=")


# People


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


YAML_PEOPLE = """
people:
  - {email: person@example.test, password: x, label: Somebody, hint: all of it, name: Some Body, code: true,
     totp_secret: JBSWY3DPEHPK3PXP, lookup_secrets: [one, two]}
  - {email: other@example.test, password: y}
"""


def test_people_of_a_yaml_file(tmp_path: Path) -> None:
    person, other = read_people(written(tmp_path, "people.yaml", YAML_PEOPLE))
    identity = person.join(FakeOry())

    assert (person.label, person.hint, person.identifier) == ("Somebody", "all of it", "person@example.test")
    assert identity.second_factors == {"code", "totp", "lookup_secret"}
    assert (identity.totp_secret, list(identity.lookup_secrets)) == ("JBSWY3DPEHPK3PXP", ["one", "two"])
    assert identity.traits == {"email": "person@example.test", "name": "Some Body"}
    assert (other.label, other.join(FakeOry()).second_factors) == ("other@example.test", set())


def test_people_of_a_json_file(tmp_path: Path) -> None:
    people = read_people(written(tmp_path, "people.json", '[{"email": "a@example.test", "password": "x"}]'))

    assert people == (DemoPerson("a@example.test", "x", "a@example.test"),)


GOOD = {"email": "a@example.test", "password": "x"}


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ("nobody", "is not a list of people"),
        ({"persons": []}, "is not a list of people"),
        (["a"], "person 1: not an object but 'a'"),
        ([GOOD, {**GOOD, "mail": "x"}], "person 2: unknown mail; known are code, email"),
        ([{"email": "a@example.test"}], "person 1: no password"),
        ([{"password": "x"}], "person 1: no email"),
        ([{**GOOD, "password": 5, "hint": 1}], "person 1: hint, password must be a text"),
        ([{**GOOD, "lookup_secrets": "abc"}], "person 1: lookup_secrets must be a list of texts"),
        ([{**GOOD, "lookup_secrets": [1]}], "person 1: lookup_secrets must be a list of texts"),
        ([{**GOOD, "code": "yes"}], "person 1: code must be true or false"),
        ([{**GOOD, "totp_secret": "1!"}], "person 1: totp_secret is not base32"),
        ([GOOD, {**GOOD, "email": "A@example.test"}], "more than one person has the address A@example.test"),
    ],
)
def test_malformed_people_are_refused_with_the_reason(tmp_path: Path, entries: Any, why: str) -> None:
    path = written(tmp_path, "people.json", json.dumps(entries))

    with pytest.raises(PeopleError, match=re.escape(why)):
        read_people(path)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [("a.json", "{", "is not JSON"), ("a.yml", "a: [", "is not YAML"), ("a.yml", "", "not a list")],
)
def test_file_of_people_that_cannot_be_parsed(tmp_path: Path, name: str, text: str, why: str) -> None:
    with pytest.raises(PeopleError, match=why):
        read_people(written(tmp_path, name, text))


def test_file_of_people_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PeopleError, match="cannot be read"):
        read_people(tmp_path / "people.json")


def test_yaml_needs_pyyaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)

    with pytest.raises(PeopleError, match=r"needs PyYAML.*or write JSON"):
        read_people(written(tmp_path, "people.yml", "[]"))


# The command


class Observed(Emulator):
    """An emulator that is interrupted as soon as it waits."""

    seen: list[tuple[int, FakeOry]]

    def wait(self) -> None:
        Observed.seen.append((raw(self, "GET", "/health/alive")[0], self.ory))
        raise KeyboardInterrupt


def run(*arguments: str) -> tuple[str, str, FakeOry]:
    """What the command says, and the fake Ory that it ran."""
    Observed.seen = []
    out, err = io.StringIO(), io.StringIO()
    command = Command(stdout=out, stderr=err)
    command.emulator_class = Observed
    call_command(command, "--port=0", *arguments)
    ((status, ory),) = Observed.seen
    assert status == 200
    return out.getvalue(), err.getvalue(), ory


@pytest.fixture
def debug(settings: Any) -> None:
    settings.DEBUG = True


def test_command_needs_debug(settings: Any) -> None:
    settings.DEBUG = False

    with pytest.raises(CommandError, match="only where DEBUG is on"):
        call_command("ory_mfa_emulator", "--port=0")


def test_command_says_what_to_open(debug: None) -> None:
    out, err, ory = run()

    assert f"Ory emulator at {ory.public_url}/ " in out
    assert f"{ory.public_url}/self-service/login/browser" in out
    assert f'ORY_MFA_SDK_URL should be "{ory.public_url}"' in err


def test_command_says_nothing_of_a_setting_that_is_right(debug: None, settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    settings.ORY_MFA_SDK_URL = f"http://127.0.0.1:{port}/"

    assert run(f"--port={port}")[1] == ""


def test_command_is_strict_with_codes_by_email_by_default(debug: None) -> None:
    _, _, ory = run()

    assert (ory.required_aal, ory.settings_required_aal, ory.code_mfa) == ("highest_available",) * 2 + (True,)
    assert ory.allowed_return_urls == ("http://127.0.0.1:8000/",)


def test_command_takes_other_ways(debug: None, tmp_path: Path) -> None:
    people = written(tmp_path, "people.json", json.dumps([GOOD]))

    _, _, ory = run(
        "--lax", "--no-code-mfa", f"--people={people}", "--return-url=http://a.test/", "--return-url=http://b.test/"
    )

    assert (ory.required_aal, ory.settings_required_aal, ory.code_mfa) == ("aal1", "aal1", False)
    assert [identity.email for identity in ory.identities] == ["a@example.test"]
    assert (ory.allowed_return_urls, ory.default_return_url) == (("http://a.test/", "http://b.test/"), "http://a.test/")


def test_command_warns_of_a_site_that_gets_no_cookies(debug: None, settings: Any) -> None:
    """To a browser, localhost is another host than the emulator's 127.0.0.1; people would go round in circles."""
    _, err, ory = run("--return-url=http://localhost:8000/", "--return-url=http://127.0.0.1:8000/")

    assert ory.allowed_return_urls == ("http://localhost:8000/", "http://127.0.0.1:8000/")
    (warning,) = err.splitlines()[1:]
    assert warning.startswith(
        "http://localhost:8000/ gets none of the emulator's cookies: open http://127.0.0.1:8000/ "
    )


def test_command_may_be_called_by_a_name(debug: None) -> None:
    out, err, ory = run(
        "--host=localhost", "--return-url=http://localhost:8000/", "--return-url=http://127.0.0.1:8000/"
    )

    assert (ory.public_url.rpartition(":")[0], ory.webauthn, ory.passkey) == ("http://localhost", True, True)
    assert "Security keys" not in out
    (warning,) = err.splitlines()[1:]
    assert warning.startswith(
        "http://127.0.0.1:8000/ gets none of the emulator's cookies: open http://localhost:8000/ "
    )
    assert run("--host=localhost")[2].allowed_return_urls == ("http://localhost:8000/",)


def test_command_says_why_there_are_no_security_keys(debug: None, monkeypatch: pytest.MonkeyPatch) -> None:
    out, _, ory = run()
    assert (ory.webauthn, ory.passkey) == (False, False)
    assert "Security keys and passkeys are off: browsers accept none at an IP address; start with --host local" in out

    monkeypatch.setitem(sys.modules, "fido2", None)
    out, _, ory = run("--host=localhost")

    assert (ory.webauthn, ory.passkey) == (False, False)
    assert 'Security keys and passkeys are off: they need fido2, which the extra "emulator" installs.\n' in out
    assert dict(ory.handle("GET", "/self-service/login/browser", [("Accept", "application/json")]).headers)


def test_emulator_of_a_name_has_security_keys_and_passkeys() -> None:
    with Emulator(host="localhost") as emulator:
        assert (emulator.ory.webauthn, emulator.ory.passkey) == (True, True)
        assert emulator.url.startswith("http://localhost:")
        assert emulator.ory.default_return_url == "http://localhost:8000/"


def test_command_sends_browsers_to_pages_of_the_site(debug: None) -> None:
    _, _, ory = run("--ui-url=http://127.0.0.1:8000/ory-ui/")

    login = ory.handle("GET", "/self-service/login/browser", [("Accept", NAVIGATION)])

    assert dict(login.headers)["Location"].startswith("http://127.0.0.1:8000/ory-ui/login?flow=")


@pytest.mark.parametrize(
    "url", ["/ory-ui", "127.0.0.1:8000/ory-ui", "ftp://127.0.0.1/", "http:///ui", "http://a.test/?b"]
)
def test_command_takes_no_other_thing_for_pages(debug: None, url: str) -> None:
    with pytest.raises(CommandError, match="--ui-url is no address of pages"):
        call_command("ory_mfa_emulator", "--port=0", f"--ui-url={url}")


def test_command_says_why_it_cannot_run(debug: None, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        wanted = rf"^Port {port} cannot be used: Address already in use\. Choose another one with --port\.$"
        with pytest.raises(CommandError, match=wanted):
            call_command("ory_mfa_emulator", f"--port={port}")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("ory_mfa_emulator", "--port=0", f"--people={tmp_path / 'nothing'}")
    with pytest.raises(CommandError, match="port must be 0-65535"):
        call_command("ory_mfa_emulator", "--port=70000")


def test_sign_out_ends_at_the_default_page(browser: Http, emulator: Emulator) -> None:
    sign_in(browser, emulator, PASSWORD_ONLY)
    url = expect(browser.get(f"{emulator.url}/self-service/logout/browser"), 200).json()["logout_url"]

    answer = browser.get(f"{url}&{urlencode({'return_to': PAGE})}")

    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    assert browser.get(f"{emulator.url}/sessions/whoami").status_code == 401


@pytest.mark.parametrize("next_page", ["", "/ui/recovery", "https://evil.example/"])
def test_page_that_asks_who_it_is_can_be_left(browser: Http, emulator: Emulator, next_page: str) -> None:
    sign_in(browser, emulator, PASSWORD_ONLY)
    refresh = browser.get(f"{emulator.url}/self-service/login/browser?refresh=true").headers["Location"]
    text = expect(browser.get(refresh), 200).text
    assert ("Not you?" in text, text.count('action="/sign-out"')) == (True, 2)
    token = text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    url = f"{emulator.url}/sign-out"

    assert browser.post(url, allow_redirects=False).status_code == 403
    assert browser.get(f"{emulator.url}/sessions/whoami").status_code == 200
    for _ in range(2):
        form = {"csrfmiddlewaretoken": token, "next": next_page}
        answer = expect(browser.post(url, data=form, allow_redirects=False), 303)
        to = next_page if next_page == "/ui/recovery" else emulator.ory.default_return_url
        assert answer.headers["Location"] == to
        assert browser.get(f"{emulator.url}/sessions/whoami").status_code == 401
        assert emulator.ory.cookie_name not in browser.cookies


def test_failure_that_was_asked_for_is_answered_at_once(emulator: Emulator) -> None:
    """Without a length the client would wait on the kept-alive connection for a body that never ends."""
    emulator.ory.fail(503, b"ill")

    answer = requests.get(f"{emulator.url}/sessions/whoami", timeout=60)

    assert (answer.status_code, answer.headers["Content-Length"], answer.content) == (503, "3", b"ill")
    emulator.ory.recover()
