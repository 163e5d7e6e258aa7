"""``ory_mfa doctor --as EMAIL``: it signs a test account in with its password, and sends no code without asking."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from django_ory_mfa import checks
from django_ory_mfa.management.doctor.results import Status
from django_ory_mfa.management.doctor.system import GOOD, claims
from django_ory_mfa.testing import FakeOry
from django_ory_mfa.testing.emulator import Emulator
from tests.control import Terminal
from tests.servers.kratos import KratosServer

SITE = "http://127.0.0.1:8000"
EMAIL, PASSWORD = "ann@example.test", "correct horse battery staple"
BOTH = pytest.mark.parametrize("version", ["v1.3.1", "2026-07-29"])


@pytest.fixture(autouse=True)
def quiet_site(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.quiet_urls"
    settings.ALLOWED_HOSTS = ["127.0.0.1"]


@pytest.fixture
def start(settings: Any) -> Iterator[Callable[..., Emulator]]:
    started: list[Emulator] = []

    def start(ory: FakeOry) -> Emulator:
        started.append(Emulator(ory=ory, people=(), return_urls=(f"{SITE}/",)).start())
        settings.ORY_MFA_SDK_URL = started[-1].url
        return started[-1]

    yield start
    for emulator in started:
        emulator.close()


class Told:
    """What the doctor says to somebody at a terminal."""

    def __init__(self, *args: str, typed: str = f"{PASSWORD}\n", email: str = EMAIL) -> None:
        out, err, self.code = StringIO(), StringIO(), 0
        arguments = ["--json", f"--as={email}", *args]
        try:
            call_command("ory_mfa", "doctor", *arguments, stdout=out, stderr=err, stdin=Terminal(typed))
        except SystemExit as ended:
            self.code = int(str(ended.code))
        self.results = json.loads(out.getvalue())["results"]
        self.asked = err.getvalue()

    def only(self, check: str) -> tuple[str, str]:
        (found,) = (result for result in self.results if result["check"] == check)
        return found["status"], found["reason"]


def ory_with(version: str, *factors: str, required: str = "highest_available", **more: Any) -> FakeOry:
    ory = FakeOry(version, required_aal=required, settings_required_aal=required, code_mfa=True, **more)
    schema_id = "with_code" if "code" in factors else "default"
    ory.add_identity(email=EMAIL, second_factors=factors, schema_id=schema_id, password=PASSWORD)
    return ory


@BOTH
def test_levels_and_cookie_are_known_after_one_run(start: Any, settings: Any, version: str) -> None:
    settings.ORY_MFA_WHOAMI_REQUIRED_AAL = settings.ORY_MFA_SETTINGS_REQUIRED_AAL = "highest_available"
    ory = ory_with(version, "totp")
    emulator = start(ory)

    told = Told(f"--site-url={SITE}", f"--admin-url={emulator.url}")

    assert told.code == 0
    assert told.only("whoami-level") == ("ok", "Ory's session.whoami.required_aal is highest_available, as declared.")
    assert told.only("settings-level") == ("ok", "Ory's settings page requires the second factor.")
    assert told.only("cookie-name") == (
        "ok",
        "Ory's session cookie is named ory_kratos_session, as Django expects.",
    )
    assert told.only("codes")[0] == "ok"
    assert f"Password of {EMAIL} at Ory: " in told.asked


@BOTH
def test_session_ends_with_the_run_and_nothing_is_mailed(start: Any, version: str) -> None:
    ory = ory_with(version, "code")
    start(ory)

    told = Told()

    assert [session.active for session in ory.sessions] == [False]
    assert ory.messages == []
    assert told.only("whoami-level")[0] == "ok"


@BOTH
def test_code_only_account_needs_a_yes(start: Any, settings: Any, version: str) -> None:
    """Where Ory is lax, only a second step shows that codes count, and it may send one."""
    settings.ORY_MFA_WHOAMI_REQUIRED_AAL = settings.ORY_MFA_SETTINGS_REQUIRED_AAL = "highest_available"
    ory = ory_with(version, "code", required="aal1")
    start(ory)

    told = Told(typed=f"{PASSWORD}\nn\n")

    assert f"for which Ory may send {EMAIL} a code. Begin it? [y/N]" in told.asked
    assert ory.messages == []
    assert told.only("whoami-level") == (
        "not checked",
        "Ory shows no second factor of the test account. Django's settings claim ORY_MFA_WHOAMI_REQUIRED_AAL = "
        "'highest_available'; not compared with Ory.",
    )
    assert told.only("settings-level")[0] == "not checked"
    assert told.code == 0


@BOTH
def test_code_only_account_shows_a_false_claim_after_a_yes(start: Any, settings: Any, version: str) -> None:
    settings.ORY_MFA_WHOAMI_REQUIRED_AAL = settings.ORY_MFA_SETTINGS_REQUIRED_AAL = "highest_available"
    start(ory_with(version, "code", required="aal1"))

    told = Told(typed=f"{PASSWORD}\ny\n")

    assert told.code == 1
    assert told.only("whoami-level")[0] == told.only("settings-level")[0] == "failed"
    assert "views that require highest_available let people in" in told.only("whoami-level")[1]


def test_account_without_a_second_factor_shows_nothing_after_a_yes(start: Any) -> None:
    start(ory_with("2026-07-29", required="aal1"))

    told = Told(typed=f"{PASSWORD}\ny\n")

    assert told.only("whoami-level") == ("not checked", "Ory shows no second factor of the test account.")


def test_cookie_of_another_name_is_named(start: Any, settings: Any) -> None:
    settings.ORY_MFA_SESSION_COOKIE = "shop_session"
    start(ory_with("v1.3.1", "totp"))

    told = Told()

    assert told.only("cookie-name") == (
        "failed",
        "Django looks for the cookie shop_session, but Ory sets ory_kratos_session: to Django nobody is signed in.",
    )


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.test"])
def test_wrong_password_ends_it(start: Any, email: str) -> None:
    start(ory_with("v1.3.1", "totp"))

    with pytest.raises(CommandError, match=r"^Ory does not accept this address and password\.$"):
        Told(typed="hush\n", email=email)


def test_password_goes_to_nobody_but_ory(start: Any, settings: Any) -> None:
    emulator = start(ory_with("v1.3.1", "totp"))
    settings.ORY_MFA_SDK_URL = f"{emulator.url}/people"

    told = Told()

    assert told.only("everything else")[0] == "not checked"
    assert [call.method for call in emulator.ory.calls if call.method == "POST"] == []


def test_job_without_a_terminal_is_refused(start: Any) -> None:
    with pytest.raises(CommandError, match="--as asks for a password, and there is no terminal") as refusal:
        call_command("ory_mfa", "doctor", f"--as={EMAIL}", stdout=StringIO(), stdin=StringIO())

    assert refusal.value.returncode == 2


def test_offline_asks_for_no_password() -> None:
    told = Told("--offline", typed="")

    assert told.asked == ""
    assert "reachable" not in {result["check"] for result in told.results}


def test_nothing_secret_is_shown(start: Any, caplog: pytest.LogCaptureFixture) -> None:
    ory = ory_with("v1.3.1", "totp")
    emulator = start(ory)
    caplog.set_level("DEBUG")

    told = Told(f"--admin-url={emulator.url}", f"--site-url={SITE}")

    shown = f"{told.results}{told.asked.replace(EMAIL, '')}{caplog.text}"
    (session,) = ory.sessions
    for secret in (PASSWORD, EMAIL, "ann%40", session.token, session.logout_token):
        assert secret not in shown


@pytest.mark.parametrize("typed", ["\n", ""], ids=["Enter", "Ctrl-D"])
def test_empty_password_is_not_sent(start: Any, typed: str) -> None:
    ory = ory_with("v1.3.1", "totp")
    start(ory)

    with pytest.raises(CommandError, match="Nothing was typed, so nothing was sent to Ory") as refused:
        Told(typed=typed)

    assert refused.value.returncode == 2
    assert ory.calls == []


# Claims that are not compared.


def test_claim_that_is_not_compared_is_never_ok() -> None:
    results = list(claims("highest_available", "aal1"))

    assert [result.status for result in results] == [Status.SKIPPED, Status.SKIPPED]
    assert results[0].reason == (
        "Django's settings claim ORY_MFA_WHOAMI_REQUIRED_AAL = 'highest_available'; not compared with Ory."
    )
    assert list(claims(None, None)) == []


def test_doctor_speaks_of_every_system_check_in_sentences_of_its_own() -> None:
    names = {check.__name__.removeprefix("check_").replace("_", "-"): check for check in (*checks.ALL, *checks.DEPLOY)}
    out = StringIO()

    call_command("ory_mfa", "doctor", "--offline", "--json", stdout=out)

    told = {result["check"]: result["reason"] for result in json.loads(out.getvalue())["results"]}
    assert told.keys() == names.keys() - {"claims"}
    assert GOOD.keys() <= names.keys()
    assert [name for name, reason in told.items() if str(names[name].__doc__) in reason] == []


def test_claims_are_listed_where_ory_is_not_asked(settings: Any) -> None:
    settings.ORY_MFA_WHOAMI_REQUIRED_AAL = "highest_available"
    out = StringIO()

    call_command("ory_mfa", "doctor", "--offline", stdout=out)

    assert "not checked  claims             Django's settings claim ORY_MFA_WHOAMI_REQUIRED_AAL" in out.getvalue()


@pytest.mark.kratos
def test_real_kratos_of_ones_own_cookie_name(kratos: KratosServer, settings: Any) -> None:
    kratos.configure("strict", code_mfa=True)
    settings.ORY_MFA_SDK_URL = kratos.public_url
    settings.ORY_MFA_WHOAMI_REQUIRED_AAL = settings.ORY_MFA_SETTINGS_REQUIRED_AAL = "highest_available"
    person = kratos.add_person("code")

    told = Told(f"--site-url={SITE}", email=person.email, typed=f"{person.password}\n")

    assert {result["check"] for result in told.results if result["status"] == "failed"} == set()
    assert told.only("whoami-level")[0] == told.only("settings-level")[0] == told.only("cookie-name")[0] == "ok"


@pytest.mark.kratos
@pytest.mark.parametrize(("answer", "status"), [("n", "not checked"), ("y", "failed")])
def test_real_kratos_that_is_lax(kratos: KratosServer, settings: Any, answer: str, status: str) -> None:
    kratos.configure("lax", code_mfa=True)
    settings.ORY_MFA_SDK_URL = kratos.public_url
    settings.ORY_MFA_WHOAMI_REQUIRED_AAL = settings.ORY_MFA_SETTINGS_REQUIRED_AAL = "highest_available"
    person = kratos.add_person("code")

    told = Told(email=person.email, typed=f"{person.password}\n{answer}\n")

    assert [told.only(check)[0] for check in ("whoami-level", "settings-level")] == [status, status]
