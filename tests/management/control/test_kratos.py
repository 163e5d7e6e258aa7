"""``manage.py ory_mfa --file`` beside a running Kratos: it obeys at once, and starts again with the file afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.control import Result, ory_mfa
from tests.servers.kratos import CONFIG_FOLDER, JSON, Http, KratosBrowser, KratosServer, wait_until

pytestmark = [pytest.mark.kratos, pytest.mark.xdist_group("control_kratos")]

RETURN_TO = "https://new.example.com/welcome"


class Kratos(KratosServer):
    """A Kratos whose configuration is a file with comments, as a person would keep it."""

    def __init__(self, binary: Path, folder: Path) -> None:
        super().__init__(binary, folder)
        self.binary = binary

    @property
    def file(self) -> Path:
        return self.folder / "kratos.yml"

    def begin(self) -> None:
        """Goes back to the file of the suite, with codes off."""
        text = (CONFIG_FOLDER / "kratos.strict.yml").read_text().replace("mfa_enabled: true\n", "mfa_enabled: false\n")
        url = f"http://begin-{next(self._generations)}.example.com/"
        was_link = self.file.is_symlink()
        new = self.folder / "new.yml"
        new.write_text(text.replace("allowed_return_urls:\n", f"allowed_return_urls:\n    - {url}\n"))
        new.rename(self.file)
        if was_link:
            self.restart(self.binary)
        wait_until(lambda: self.allows(url), 60, lambda: self.log[-2000:])

    def whoami(self, browser: KratosBrowser) -> int:
        return browser.get("/sessions/whoami", accept=JSON).status_code

    def becomes(self, browser: KratosBrowser, status: int) -> bool:
        """Whether whoami answers so within seconds."""
        wait_until(lambda: self.whoami(browser) == status, 60, lambda: f"{self.whoami(browser)}: {self.log[-2000:]}")
        return True

    def allows(self, url: str) -> bool:
        login = f"{self.public_url}/self-service/login/browser"
        answer = Http().get(login, params={"return_to": url}, headers={"Accept": JSON})
        return answer.status_code == 200


@pytest.fixture(scope="module")
def running(kratos_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kratos]:
    server = Kratos(kratos_binary, tmp_path_factory.mktemp("control_kratos"))
    yield server
    server.close()


@pytest.fixture
def own(running: Kratos) -> Iterator[Kratos]:
    """The same file for each test; whatever the commands did to it, Kratos starts with it again."""
    running.begin()
    yield running
    running.restart(running.binary)
    assert "invalid" not in running.log


def change(server: Kratos, *arguments: object) -> Result:
    done = ory_mfa(*arguments, "--file", server.file, "--yes")
    assert done.code == 0, done.text
    return done


def test_steps_of_the_guide_turn_one_time_codes_on(own: Kratos) -> None:
    """Look, edit the one place, and Kratos asks for the second factor."""
    browser = own.open_browser(own.add_person("code"), "password")
    before = own.file.read_text()
    assert own.whoami(browser) == 200
    got = ory_mfa("get", "identity-config", "--file", own.file, "--format", "yaml")
    assert "mfa_enabled: false" in got.out

    change(own, "enable", "codes")

    assert own.becomes(browser, 403)
    assert own.file.read_text() == before.replace("mfa_enabled: false", "mfa_enabled: true")
    browser.prove("code")
    assert own.whoami(browser) == 200


def test_codes_turned_off_free_nobody_before_the_next_sign_in(own: Kratos) -> None:
    """As the command says. Ory keeps for each session what its owner could reach."""
    change(own, "enable", "codes")
    person = own.add_person("code")
    browser = own.open_browser(person, "password")
    assert own.becomes(browser, 403)

    done = change(own, "disable", "codes")
    change(own, "allow-return-url", RETURN_TO)
    wait_until(lambda: own.allows(RETURN_TO), 60, lambda: own.log[-2000:])  # it has read the file by now

    assert "does not take effect for everybody at once" in done.out
    assert own.whoami(browser) == 403
    assert own.whoami(own.open_browser(person, "password")) == 200


def test_lax_whoami_shows_the_session_again(own: Kratos) -> None:
    change(own, "enable", "codes")
    browser = own.open_browser(own.add_person("code"), "password")
    assert own.becomes(browser, 403)

    change(own, "require", "aal1", "--for", "whoami")

    assert own.becomes(browser, 200)


def test_this_site_is_allowed_at_once(own: Kratos, settings: Any) -> None:
    settings.ORY_MFA_SITE_URL = "https://new.example.com"
    assert not own.allows(RETURN_TO)

    change(own, "allow-return-url")

    wait_until(lambda: own.allows(RETURN_TO), 60, lambda: own.log[-2000:])
    assert change(own, "allow-return-url").out.endswith("already set, nothing to change.\n")


def test_change_through_a_link_is_seen(own: Kratos) -> None:
    """Kratos watches the file behind a link only as long as it is not replaced."""
    target = own.folder / "target.yml"
    own.file.rename(target)
    own.file.symlink_to(target)
    own.restart(own.binary)

    for number in range(3):
        url = f"https://link-{number}.example.com/"
        change(own, "allow-return-url", url)
        wait_until(partial(own.allows, url), 60, lambda: own.log[-2000:])

    assert own.file.is_symlink()


@pytest.mark.parametrize(
    "assignments",
    [
        ("selfservice.methods.code.passwordless_enabled=true", "selfservice.methods.code.mfa_enabled=true"),
        ("session.whoami.required_aal=aal2",),
    ],
)
def test_what_we_refuse_kratos_refuses_too(own: Kratos, assignments: tuple[str, ...]) -> None:
    before = own.file.read_text()

    done = ory_mfa("set", *assignments, "--file", own.file, "--yes")

    assert done.code == 1
    assert own.file.read_text() == before
    bad = before
    for assignment in assignments:
        key, _, value = assignment.rpartition(".")[2].partition("=")
        bad = "\n".join(
            line.replace(line.partition(f"{key}: ")[2], value) if line.strip().startswith(f"{key}: ") else line
            for line in bad.split("\n")
        )
    assert bad != before
    own.file.write_text(bad)
    wait_until(lambda: "invalid" in own.log, 60, lambda: own.log[-2000:])
    own.file.write_text(before)


def test_everything_can_be_changed_and_kratos_starts_again(own: Kratos) -> None:
    for arguments in (
        ("disable", "totp"),
        ("enable", "totp"),
        ("disable", "lookup-secret"),
        ("disable", "webauthn"),
        ("require", "aal1"),
        (
            "set",
            "selfservice.flows.settings.privileged_session_max_age=5m",
            "selfservice.methods.totp.config.issuer=A B",
        ),
        ("set", "feature_flags.cacheable_sessions=true", "feature_flags.cacheable_sessions_max_age=30s"),
    ):
        change(own, *arguments)


def test_later_file_wins_and_is_the_one_that_is_changed(own: Kratos) -> None:
    later = own.folder / "later.yml"
    later.write_text("# of this machine\nselfservice:\n  methods:\n    code:\n      mfa_enabled: false\n")
    own.restart(own.binary, "kratos.yml", "later.yml")
    browser = own.open_browser(own.add_person("code"), "password")

    change(own, "enable", "codes")  # into the first alone: Kratos does not care
    change(own, "allow-return-url", RETURN_TO)
    wait_until(lambda: own.allows(RETURN_TO), 60, lambda: own.log[-2000:])
    assert own.whoami(browser) == 200
    done = ory_mfa("enable", "codes", "--file", own.file, "--file", later, "--yes")

    assert done.code == 0
    assert own.becomes(browser, 403)
    assert later.read_text().endswith("mfa_enabled: true\n")


def test_environment_of_kratos_wins_as_the_command_warns(own: Kratos) -> None:
    own.restart(own.binary, SELFSERVICE_METHODS_CODE_MFA_ENABLED="false")
    browser = own.open_browser(own.add_person("code"), "password")

    done = change(own, "enable", "codes")
    change(own, "allow-return-url", RETURN_TO)
    wait_until(lambda: own.allows(RETURN_TO), 60, lambda: own.log[-2000:])

    assert "environment variables of Kratos override them" in done.out
    assert own.whoami(browser) == 200


def test_many_changes_are_never_read_half(own: Kratos) -> None:
    for number in range(30):
        change(own, "disable" if number % 2 else "enable", "codes")
    change(own, "allow-return-url", RETURN_TO)
    wait_until(lambda: own.allows(RETURN_TO), 60, lambda: own.log[-2000:])

    assert "invalid" not in own.log
    assert "rolling back" not in own.log.lower()
