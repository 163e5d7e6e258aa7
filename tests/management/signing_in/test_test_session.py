"""``manage.py ory_mfa test-session``: a session token of a test account."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError, OutputWrapper

from django_ory_mfa.core.answer import Answer
from django_ory_mfa.core.credentials import Credential, CredentialKind
from django_ory_mfa.management.control import terminal as control
from django_ory_mfa.management.control.failures import ControlError, UsageError
from django_ory_mfa.management.signing_in.flows import (
    Flow,
    LoginClient,
    read_flow,
    refusal,
    sign_in_as_browser,
    with_code_sent,
)
from django_ory_mfa.testing import FakeOry
from django_ory_mfa.testing.emulator import Emulator
from tests.control import Terminal
from tests.servers.kratos import KratosServer, totp_code

EMAIL, PASSWORD = "ann@example.test", "correct horse battery staple"
BOTH = pytest.mark.parametrize("version", ["v1.3.1", "2026-07-29"])


class Typist(Terminal):
    """Somebody who types these lines; a function is called when its line is due."""

    def __init__(self, *lines: str | Callable[[], str]) -> None:
        super().__init__()
        self._lines = list(lines)

    def readline(self, *args: Any) -> Any:
        line = self._lines.pop(0)
        return f"{line if isinstance(line, str) else line()}\n"


def run(*args: str, stdin: StringIO) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("ory_mfa", "test-session", *args, stdout=out, stderr=err, stdin=stdin)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def start(settings: Any) -> Iterator[Callable[..., FakeOry]]:
    started: list[Emulator] = []

    def start(version: str = "v1.3.1", *factors: str) -> FakeOry:
        ory = FakeOry(version, code_mfa=True)
        schema_id = "with_code" if "code" in factors else "default"
        ory.add_identity(email=EMAIL, second_factors=factors, schema_id=schema_id, password=PASSWORD)
        started.append(Emulator(ory=ory, people=()).start())
        settings.ORY_MFA_SDK_URL = started[-1].url
        return ory

    yield start
    for emulator in started:
        emulator.close()


@BOTH
def test_token_of_the_password_alone_is_printed_and_nothing_else(start: Any, version: str) -> None:
    ory = start(version, "totp")

    out, err = run(EMAIL, stdin=Typist(PASSWORD))

    (session,) = ory.sessions
    assert (out, session.aal) == (f"{session.token}\n", "aal1")
    assert err.startswith(f"Password of {EMAIL} at http://127.0.0.1:")


def test_token_in_a_file_is_for_its_owner_only(start: Any, tmp_path: Path) -> None:
    ory = start()

    out, err = run(EMAIL, f"--output={tmp_path / 'token'}", stdin=Typist(PASSWORD))

    (session,) = ory.sessions
    assert (tmp_path / "token").read_text() == f"{session.token}\n"
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
    assert (out, err.endswith(f"Written to {tmp_path / 'token'}.\n")) == ("", True)


@BOTH
def test_aal2_by_a_mailed_code(start: Any, version: str) -> None:
    ory = start(version, "code")

    out, err = run(EMAIL, "--aal2", stdin=Typist(PASSWORD, lambda: ory.messages[-1].code))

    (session,) = ory.sessions
    assert (out, session.aal, len(ory.messages)) == (f"{session.token}\n", "aal2", 1)
    assert f"6-digit code that Ory sent to {EMAIL}: " in err


def test_aal2_by_an_authenticator_app_where_it_exists(start: Any) -> None:
    ory = start("2026-07-29", "totp", "code")
    (identity,) = ory.identities

    run(EMAIL, "--aal2", stdin=Typist(PASSWORD, lambda: totp_code(identity.totp_secret)))

    (session,) = ory.sessions
    assert (session.aal, ory.messages) == ("aal2", [])


def test_wrong_code_gives_no_token(start: Any) -> None:
    start("v1.3.1", "totp")

    with pytest.raises(CommandError, match=r"^Ory refused \(400, messages 4000008\).$"):
        run(EMAIL, "--aal2", stdin=Typist(PASSWORD, "000000"))


def test_factor_that_the_account_lacks_is_named(start: Any) -> None:
    start("v1.3.1", "totp")

    with pytest.raises(CommandError, match=f"^{EMAIL} has no lookup_secret; Ory offers totp"):
        run(EMAIL, "--aal2", "--method=lookup_secret", stdin=Typist(PASSWORD))


def test_account_without_second_factor_is_named(start: Any) -> None:
    ory = start("2026-07-29")
    ory.code_mfa = False

    with pytest.raises(CommandError, match=f"^{EMAIL} has no second factor that can be typed.$"):
        run(EMAIL, "--aal2", stdin=Typist(PASSWORD))


def test_wrong_password_gives_no_token(start: Any) -> None:
    start()

    with pytest.raises(CommandError, match=r"^Ory does not accept this address and password\.$"):
        run(EMAIL, stdin=Typist("hush"))


def test_job_without_a_terminal_is_refused(start: Any) -> None:
    start()

    with pytest.raises(CommandError, match="There is no terminal") as refused:
        run(EMAIL, stdin=StringIO())

    assert refused.value.returncode == 2


def test_no_session_of_a_production_ory(settings: Any) -> None:
    settings.ORY_MFA_SDK_URL = "https://ory.example.com"

    with pytest.raises(CommandError, match="is not on this machine and DEBUG is off"):
        run(EMAIL, stdin=Typist(PASSWORD))


def test_debug_is_for_development_wherever_ory_is(settings: Any) -> None:
    settings.DEBUG = True
    settings.ORY_MFA_SDK_URL = "https://ory.example.com"

    with pytest.raises(CommandError, match="There is no terminal"):
        run(EMAIL, stdin=StringIO())


def test_missing_url_is_named(settings: Any) -> None:
    del settings.ORY_MFA_SDK_URL

    with pytest.raises(CommandError, match=r"^ORY_MFA_SDK_URL is missing"):
        run(EMAIL, stdin=Typist(PASSWORD))


def test_password_is_read_from_the_terminal_without_showing_it() -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return PASSWORD

    out = OutputWrapper(StringIO())

    assert control.Terminal(out, out, ask_hidden=ask).asks_secret("Password: ") == PASSWORD
    assert asked == ["Password: "]


def test_end_of_input_is_no_password() -> None:
    def ask(question: str) -> str:
        raise EOFError

    out = OutputWrapper(StringIO())

    with pytest.raises(UsageError, match="Nothing was typed"):
        control.Terminal(out, out, ask_hidden=ask).asks_secret("Password: ")


def test_empty_password_is_not_sent(start: Callable[..., FakeOry]) -> None:
    ory = start()

    with pytest.raises(CommandError, match="Nothing was typed, so nothing was sent to Ory"):
        run(EMAIL, stdin=Typist(""))

    assert ory.calls == []


# Answers of a server that is odd.


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (Answer(500, body=b"<html>"), "Ory refused (500)."),
        (Answer.failed("ConnectionError"), "Ory gave no answer (ConnectionError)."),
        (Answer(403, body=b'{"error": {"id": "a\\u001bb"}}'), "Ory refused (403, a b)."),
        (Answer(403, body=b'{"error": {"id": 7}}'), "Ory refused (403)."),
        (Answer(400, body=b'{"ui": {"messages": [{"id": 4000010}, 7]}}'), "Ory refused (400, messages 4000010)."),
        (
            Answer(400, body=b'{"ui": {"nodes": [{"attributes": {}, "messages": [{"id": 4000006}]}]}}'),
            "Ory does not accept this address and password.",
        ),
        (Answer(400, body=b'{"ui": {"nodes": 1, "messages": {}}}'), "Ory refused (400)."),
    ],
)
def test_refusal_of_ory_is_one_sentence(answer: Answer, text: str) -> None:
    assert refusal(answer) == text


def test_flow_needs_an_id() -> None:
    with pytest.raises(ControlError):
        read_flow(Answer(200, body=b'{"ui": {"nodes": []}}'))


class Script(LoginClient):
    """Answers as it is told."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__("http://127.0.0.1:1")
        self._answers = list(answers)

    def _answer(self, *args: Any) -> Answer:
        return self._answers.pop(0)


FLOW = Answer(200, body=b'{"id": "x", "ui": {"nodes": []}}')


def test_sign_in_without_a_cookie_is_none() -> None:
    csrf = Answer(200, set_cookies=("csrf_token_x=1", "ory_kratos_session=; Max-Age=0", "a=b c"))

    with pytest.raises(ControlError, match="set no session cookie"):
        sign_in_as_browser(Script(FLOW, csrf), EMAIL, PASSWORD)


def test_code_that_cannot_be_sent_is_an_error() -> None:
    session = Credential(CredentialKind.TOKEN, "ory_st_x")

    with pytest.raises(ControlError, match=r"^Ory refused \(500\)\.$"):
        with_code_sent(Script(Answer(500)), session, Flow("x", names=frozenset({"address"})), EMAIL)


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        (("lb=1", "ory_session_slug=abc; Path=/"), "ory_session_slug"),
        (("ory_kratos_session=abc", "lb=1"), "ory_kratos_session"),
        (("shop=abc", "csrf_token_1=x", "ory_kratos_continuity=y", "__cf_bm=z"), "shop"),
    ],
)
def test_cookie_of_a_proxy_is_not_taken_for_the_session(headers: tuple[str, ...], name: str) -> None:
    session = sign_in_as_browser(Script(FLOW, Answer(200, set_cookies=headers)), EMAIL, PASSWORD)

    assert session.credential.cookie_name == name


def test_session_that_cannot_be_ended_is_left_to_end_by_itself() -> None:
    client = Script(FLOW, Answer(200, set_cookies=("shop=abc; Domain=example.com; Secure",)), Answer(500))
    session = sign_in_as_browser(client, EMAIL, PASSWORD)

    client.end(session)

    assert session.credential.cookie_name == "shop"


@pytest.mark.kratos
@pytest.mark.parametrize(("aal2", "level"), [([], "aal1"), (["--aal2"], "aal2")])
def test_real_kratos_gives_the_token(kratos: KratosServer, settings: Any, aal2: list[str], level: str) -> None:
    kratos.configure("lax", code_mfa=True)
    settings.ORY_MFA_SDK_URL = kratos.public_url
    person = kratos.add_person("code")

    out, _ = run(person.email, *aal2, stdin=Typist(person.password, lambda: kratos.answer(person, "code")["code"]))

    headers = {"X-Session-Token": out.strip()}
    session = kratos._http.get(f"{kratos.public_url}/sessions/whoami", headers=headers).json()
    assert session["authenticator_assurance_level"] == level
