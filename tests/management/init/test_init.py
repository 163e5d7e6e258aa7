"""``manage.py ory_mfa init``: the files, what it shows and asks, and what it refuses."""

from __future__ import annotations

import itertools
import json
import stat
import warnings
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from django.conf.urls.i18n import i18n_patterns
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test.utils import override_script_prefix, override_settings
from django.urls import include, path

from django_ory_mfa.management.commands.ory_mfa import Command
from django_ory_mfa.management.control.findings import Declared, findings
from django_ory_mfa.management.init.choices import EMAIL_SETTINGS, NO_MAIL, without_password
from django_ory_mfa.management.init.command import Init
from tests.control import Result, Terminal
from tests.views import page

CONFIG, SCHEMA = "kratos.yml", "identity.schema.json"
PUBLIC = ("--site-url=https://www.example.com", "--ory-url=https://auth.example.com")
SMTP = "--smtp=smtps://mail.example.com:465/"


def urls(*names: str) -> ModuleType:
    """A site with pages of these names, like those of ``contrib.ui``."""
    site, pages = ModuleType("a_site"), ModuleType("pages")
    pages.app_name = "ory_ui"  # type: ignore[attr-defined]
    pages.urlpatterns = [path(name, page, name=name) for name in names]  # type: ignore[attr-defined]
    site.urlpatterns = [path("ory/", include(pages))]  # type: ignore[attr-defined]
    return site


ALL_PAGES = urls("login", "registration", "recovery", "verification", "settings", "error")


@pytest.fixture(autouse=True)
def site(settings: Any) -> Any:
    """A new site: pages are included, nothing else is set."""
    settings.ROOT_URLCONF = ALL_PAGES
    del settings.ORY_MFA_SDK_URL
    return settings


def init(folder: Path, *arguments: str, stdin: StringIO | None = None, environment: Any = None) -> Result:
    numbers = itertools.count()

    class Here(Command):
        subcommands = (Init(environment or {}, lambda: f"secret-{next(numbers)}".ljust(32, "x")),)

    out, err, code = StringIO(), StringIO(), 0
    try:
        arguments = ("init", f"--folder={folder}", *arguments)
        call_command(Here(), *arguments, stdout=out, stderr=err, stdin=stdin or StringIO())
    except CommandError as error:
        code = error.returncode
        err.write(str(error))
    except SystemExit as ended:
        code = int(str(ended.code))
    return Result(code, out.getvalue(), err.getvalue())


def made(folder: Path, *arguments: str, environment: Any = None) -> dict[str, Any]:
    """The configuration that it writes."""
    result = init(folder, "--yes", *arguments, environment=environment)
    assert result.code == 0, result.text
    config: dict[str, Any] = yaml.safe_load((folder / CONFIG).read_text())
    return config


def refusal(folder: Path, *arguments: str, code: int = 1) -> str:
    result = init(folder, "--yes", *arguments)
    assert (result.code, result.out) == (code, "")
    assert not folder.exists()
    return result.err


def test_new_site_gets_a_kratos_beside_it_on_localhost(tmp_path: Path) -> None:
    config = made(tmp_path / "kratos")

    assert config["serve"]["public"]["base_url"] == "http://localhost:4433/"
    assert config["serve"]["admin"] == {"base_url": "http://127.0.0.1:4434/", "host": "127.0.0.1", "port": 4434}
    assert "cookies" not in config
    assert config["dsn"] == "sqlite://kratos.sqlite?_fk=true&mode=rwc"
    assert config["courier"]["smtp"]["connection_uri"] == "smtp://127.0.0.1:1025/?disable_starttls=true"
    assert config["courier"]["smtp"]["from_address"] == "no-reply@localhost"
    assert config["selfservice"]["allowed_return_urls"] == ["http://localhost:8000/"]


def test_every_page_of_the_site_is_a_ui_url(tmp_path: Path) -> None:
    flows = made(tmp_path / "kratos")["selfservice"]["flows"]

    assert {name: flow["ui_url"] for name, flow in flows.items() if name != "logout"} == {
        name: f"http://localhost:8000/ory/{name}"
        for name in ("login", "registration", "recovery", "verification", "settings", "error")
    }
    assert [flows[name]["enabled"] for name in ("registration", "recovery", "verification")] == [True, True, True]
    assert flows["recovery"]["use"] == flows["verification"]["use"] == "code"
    assert flows["registration"]["after"]["password"]["hooks"] == [{"hook": "session"}]


def test_flow_without_a_page_is_off(tmp_path: Path, site: Any) -> None:
    site.ROOT_URLCONF = urls("login", "settings", "error")

    result = init(tmp_path / "kratos", "--yes")

    flows = yaml.safe_load((tmp_path / "kratos" / CONFIG).read_text())["selfservice"]["flows"]
    assert [flows[name] for name in ("registration", "recovery", "verification")] == [{"enabled": False}] * 3
    assert "without a page, and so off: registration, recovery, verification" in result.out


def test_second_factors_are_on_and_required_and_ory_mfa_finds_nothing_wrong(tmp_path: Path) -> None:
    config = made(tmp_path / "kratos")

    methods = config["selfservice"]["methods"]
    assert [methods[name]["enabled"] for name in ("code", "totp", "lookup_secret", "webauthn", "passkey")] == [True] * 5
    assert methods["code"]["mfa_enabled"] is True
    for name in ("webauthn", "passkey"):
        assert methods[name]["config"]["rp"]["id"] == "localhost"
        assert methods[name]["config"]["rp"]["origins"] == ["http://localhost:8000"]
    declared = Declared("highest_available", "highest_available", "http://localhost:8000")
    assert findings(config, declared) == []


def test_schema_lets_people_sign_in_with_their_address_and_get_codes_there(tmp_path: Path) -> None:
    identity = made(tmp_path / "kratos")["identity"]

    schema = json.loads((tmp_path / "kratos" / SCHEMA).read_text())
    email = schema["properties"]["traits"]["properties"]["email"]["ory.sh/kratos"]
    assert identity["schemas"] == [{"id": "person", "url": f"file://{SCHEMA}"}]
    assert email["credentials"]["password"] == {"identifier": True}
    assert email["credentials"]["code"] == {"identifier": True, "via": "email"}


def test_only_the_owner_can_read_the_secrets(tmp_path: Path) -> None:
    config = made(tmp_path / "a" / "kratos")

    assert stat.S_IMODE((tmp_path / "a" / "kratos" / CONFIG).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "a" / "kratos").stat().st_mode) == 0o700
    assert len({*config["secrets"]["default"], *config["secrets"]["cookie"], *config["secrets"]["cipher"]}) == 3


def test_secrets_are_random_and_as_long_as_kratos_wants_them(tmp_path: Path) -> None:
    texts = []
    for name in ("one", "two"):
        call_command("ory_mfa", "init", f"--folder={tmp_path / name}", "--yes", stdout=StringIO())
        texts.append((tmp_path / name / CONFIG).read_text())
    one, two = (yaml.safe_load(text)["secrets"] for text in texts)

    assert [len(secret) for secrets in one.values() for secret in secrets] == [32, 32, 32]
    assert all(one[name] != two[name] for name in one)


def test_all_but_the_secrets_is_the_same_each_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        made(tmp_path / name)

    for file in (CONFIG, SCHEMA):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


@pytest.mark.parametrize("file", [CONFIG, SCHEMA])
def test_nothing_is_overwritten(tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_text("mine")

    result = init(tmp_path, "--yes")

    assert result.code == 1
    assert result.err.startswith(f"There is already {tmp_path / file}, and nothing is overwritten.")
    assert [one.name for one in tmp_path.iterdir()] == [file]
    assert (tmp_path / file).read_text() == "mine"


def test_dangling_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / CONFIG).symlink_to(tmp_path / "elsewhere")

    assert init(tmp_path, "--yes").code == 1
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("mode", [0o755, 0o701, 0o770])
def test_folder_that_others_can_open_is_warned_of(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "my kratos"
    folder.mkdir()
    folder.chmod(mode)

    out = init(folder, "--yes").out

    assert f"Warning: other users of this machine can open the folder {folder}" in out
    assert f"       chmod 700 '{folder}'\n" in out


def test_folder_of_its_own_needs_no_warning(tmp_path: Path) -> None:
    assert "Warning" not in init(tmp_path / "kratos", "--yes").out


def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    result = init(tmp_path / "file" / "kratos", "--yes")

    assert (result.code, result.err) == (1, f"{tmp_path / 'file' / 'kratos'} cannot be made: Not a directory.")


def test_failure_halfway_leaves_no_half_behind(tmp_path: Path) -> None:
    class Late(StringIO):
        """Somebody writes the file while the question is asked."""

        def isatty(self) -> bool:
            return True

        def readline(self, *args: Any) -> Any:
            (tmp_path / CONFIG).write_text("mine")
            return "yes\n"

    result = init(tmp_path, stdin=Late())

    assert result.code == 1
    assert "could not be written: File exists" in result.err
    assert [one.name for one in tmp_path.iterdir()] == [CONFIG]
    assert (tmp_path / CONFIG).read_text() == "mine"


def test_choices_are_shown_before_the_question(tmp_path: Path) -> None:
    result = init(tmp_path / "kratos", stdin=Terminal("y\n"))

    before, _, after = result.out.partition("[y/N]")
    assert "http://localhost:4433, listens on port 4433; admin API at http://127.0.0.1:4434" in before
    assert f"Write {tmp_path / 'kratos' / CONFIG} and {tmp_path / 'kratos' / SCHEMA}?" in before
    assert "Written:" in after


@pytest.mark.parametrize("typed", ["n\n", "", "\n"])
def test_nothing_is_written_without_a_yes(tmp_path: Path, typed: str) -> None:
    result = init(tmp_path / "kratos", stdin=Terminal(typed))

    assert result.code == 1
    assert result.out.endswith("Nothing was written.\n")
    assert not (tmp_path / "kratos").exists()


def test_job_without_a_terminal_has_to_say_yes(tmp_path: Path) -> None:
    result = init(tmp_path / "kratos")

    assert (result.code, result.err) == (2, "There is no terminal to confirm at: add --yes.")
    assert not (tmp_path / "kratos").exists()


def test_dry_run_shows_both_files_without_passwords(tmp_path: Path) -> None:
    result = init(
        tmp_path / "kratos",
        "--dry-run",
        "--dsn=postgres://ann:hunter2@db/kratos",
        "--smtp=smtps://ann:hunter2@mail.example.com:465/",
    )

    assert result.code == 0
    assert not (tmp_path / "kratos").exists()
    assert "hunter2" not in result.text
    assert "secret-" not in result.text
    assert "postgres://…@db/kratos" in result.out
    assert f"--- {tmp_path / 'kratos' / SCHEMA}" in result.out


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgres://db/kratos", "postgres://db/kratos"),
        ("postgres://ann:hunter2@db/kratos", "postgres://…@db/kratos"),
        ("postgres://ann:hun/ter#2@db:5432/kratos", "postgres://…@db:5432/kratos"),
        ("postgres://ann:hunter?2@db/kratos", "postgres://…"),
        ("postgres://db/kratos?password=hunter@2", "postgres://…"),
        ("postgres://ann:hunt@er2@db/kratos", "postgres://…@db/kratos"),
        ("postgres://db/kratos?user=ann&password=hunter2", "postgres://db/kratos?…"),
        ("postgres://ann:hunter2@db/kratos?sslmode=require", "postgres://…@db/kratos?…"),
    ],
)
def test_url_is_shown_without_what_may_be_a_password(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_passwords_are_in_the_file_and_nowhere_else(tmp_path: Path) -> None:
    database, mail = "postgres://ann:hunter2@db/kratos", "smtps://ann:hunter2@mail.example.com:465/"

    result = init(tmp_path, "--yes", f"--dsn={database}", f"--smtp={mail}")

    config = yaml.safe_load((tmp_path / CONFIG).read_text())
    assert (config["dsn"], config["courier"]["smtp"]["connection_uri"]) == (database, mail)
    assert "hunter2" not in result.text
    assert "secret-" not in result.text
    assert "aiosmtpd" not in result.out


def test_public_site_has_to_name_a_mail_server(tmp_path: Path, site: Any) -> None:
    """The mails of a site that people use would go to a catcher that does not run there."""
    assert refusal(tmp_path / "kratos", *PUBLIC, code=2) == NO_MAIL

    config = made(tmp_path / "kratos", *PUBLIC, "--smtp=smtp://localhost:25/?disable_starttls=true")
    assert config["courier"]["smtp"]["connection_uri"] == "smtp://localhost:25/?disable_starttls=true"


@pytest.mark.parametrize(
    ("given", "written", "catcher"),
    [
        ("smtp://127.0.0.1:19025", "smtp://127.0.0.1:19025/?disable_starttls=true", "127.0.0.1:19025"),
        ("smtp://localhost:19025/", "smtp://localhost:19025/?disable_starttls=true", "localhost:19025"),
        ("smtp://127.0.0.1:587/", "smtp://127.0.0.1:587/?disable_starttls=true", ""),
        ("smtp://localhost/", "smtp://localhost/?disable_starttls=true", ""),
        ("smtp://127.0.0.1:19025/?skip_ssl_verify=true", "smtp://127.0.0.1:19025/?skip_ssl_verify=true", ""),
        ("smtps://localhost:465/", "smtps://localhost:465/", ""),
        ("smtp://mail.example.com:25/", "smtp://mail.example.com:25/", ""),
    ],
)
def test_mail_server_on_this_machine_needs_no_tls(tmp_path: Path, given: str, written: str, catcher: str) -> None:
    """Kratos would insist on STARTTLS, which catchers of mails do not have, and send nothing."""
    result = init(tmp_path / "kratos", "--yes", f"--smtp={given}")

    config = yaml.safe_load((tmp_path / "kratos" / "kratos.yml").read_text())
    assert config["courier"]["smtp"]["connection_uri"] == written
    assert ("aiosmtpd -n" in result.out) is bool(catcher)
    assert f"aiosmtpd -n -l {catcher}" in result.out or not catcher


def test_environment_names_database_and_mail_server(tmp_path: Path) -> None:
    environment = {"DSN": "postgres://db/kratos", "COURIER_SMTP_CONNECTION_URI": "smtp://mail/"}

    config = made(tmp_path / "kratos", environment=environment)

    assert (config["dsn"], config["courier"]["smtp"]["connection_uri"]) == ("postgres://db/kratos", "smtp://mail/")


@pytest.mark.parametrize("is_mailer", [True, False], ids=["MAILERS", "EMAIL_HOST"])
@pytest.mark.parametrize(
    ("tls", "uri"),
    [
        ({}, "smtp://ann:p%40ss%2F@mail.example.com:2525/?disable_starttls=true"),
        ({"use_tls": True}, "smtp://ann:p%40ss%2F@mail.example.com:2525/"),
        ({"use_ssl": True}, "smtps://ann:p%40ss%2F@mail.example.com:2525/"),
        ({"use_tls": True, "username": ""}, "smtp://mail.example.com:2525/"),
    ],
)
def test_mails_go_through_the_mail_server_of_the_site(
    tmp_path: Path, site: Any, tls: Any, uri: str, *, is_mailer: bool
) -> None:
    """As Django 6.1 names it, and as older sites do."""
    server = {"host": "mail.example.com", "port": 2525, "username": "ann", "password": "p@ss/"} | tls
    site.DEFAULT_FROM_EMAIL = "The Shop <shop@example.com>"
    mailers = {"MAILERS": {"default": {"OPTIONS": server}}}
    values: Any = mailers if is_mailer else {EMAIL_SETTINGS[name]: value for name, value in server.items()}
    with warnings.catch_warnings():
        # Those of older sites are deprecated in Django 6.1.
        warnings.simplefilter("ignore")
        with override_settings(**values):
            smtp = made(tmp_path / "kratos")["courier"]["smtp"]

    assert smtp == {"connection_uri": uri, "from_address": "shop@example.com", "from_name": "The Shop"}


def test_settings_decide_where_site_and_kratos_are(tmp_path: Path, site: Any) -> None:
    site.ORY_MFA_SDK_URL = "http://kratos:4455"
    site.ORY_MFA_BROWSER_URL = "https://auth.example.com"
    site.ORY_MFA_SITE_URL = "https://www.example.com"
    site.ORY_MFA_SESSION_COOKIE = "shop_session"

    config = made(tmp_path / "kratos", "--name=Shop: the \u201cbest\u201d # one", SMTP)

    assert config["serve"]["public"] == {"base_url": "https://auth.example.com/", "host": "127.0.0.1", "port": 4455}
    assert config["cookies"] == {"domain": "example.com", "same_site": "Lax"}
    assert config["session"]["cookie"] == {"name": "shop_session"}
    assert config["selfservice"]["default_browser_return_url"] == "https://www.example.com/"
    assert config["selfservice"]["methods"]["webauthn"]["config"]["rp"] == {
        "id": "example.com",
        "display_name": "Shop: the \u201cbest\u201d # one",
        "origins": ["https://www.example.com"],
    }
    assert config["selfservice"]["methods"]["totp"]["config"]["issuer"] == "Shop: the \u201cbest\u201d # one"


def test_site_below_a_prefix_is_what_ory_returns_to(tmp_path: Path) -> None:
    with override_script_prefix("/shop/"):
        selfservice = made(tmp_path / "kratos")["selfservice"]

    assert selfservice["allowed_return_urls"] == ["http://localhost:8000/shop/"]
    assert selfservice["flows"]["login"]["ui_url"] == "http://localhost:8000/shop/ory/login"


@pytest.mark.parametrize(
    ("arguments", "ory", "site_url"),
    [
        (["--ory-url=http://127.0.0.1:5533"], "http://127.0.0.1:5533/", "http://127.0.0.1:8000/"),
        (["--site-url=http://127.0.0.1:9000"], "http://127.0.0.1:4433/", "http://127.0.0.1:9000/"),
    ],
)
def test_other_half_is_on_the_same_local_host(tmp_path: Path, arguments: list[str], ory: str, site_url: str) -> None:
    config = made(tmp_path / "kratos", *arguments)

    assert config["serve"]["public"]["base_url"] == ory
    assert config["selfservice"]["default_browser_return_url"] == site_url


@pytest.mark.parametrize(
    ("arguments", "base_url"),
    [
        (["--ory-url=http://localhost:8000/.ory"], "http://localhost:8000/.ory/"),
        (["--site-url=https://www.example.com", "--ory-url=https://www.example.com/.ory", SMTP], None),
    ],
)
def test_kratos_below_a_path_of_the_site_does_not_listen_at_the_port_of_the_site(
    tmp_path: Path, arguments: list[str], base_url: str | None
) -> None:
    config = made(tmp_path / "kratos", *arguments, *([] if base_url is None else ["--site-url=http://localhost:8000"]))

    assert config["serve"]["public"]["base_url"] == (base_url or "https://www.example.com/.ory/")
    assert config["serve"]["public"]["port"] == 4433
    assert "cookies" not in config


def test_no_security_keys_at_an_address(tmp_path: Path) -> None:
    result = init(tmp_path, "--yes", "--site-url=http://127.0.0.1:8000")

    config = yaml.safe_load((tmp_path / CONFIG).read_text())
    methods = config["selfservice"]["methods"]
    assert (methods["webauthn"], methods["passkey"]) == ({"enabled": False}, {"enabled": False})
    assert config["courier"]["smtp"]["from_address"] == "no-reply@example.test"
    assert "security keys need a host name, such as localhost" in result.out


def test_pages_of_ones_own(tmp_path: Path, site: Any) -> None:
    site.ROOT_URLCONF = urls()

    flows = made(tmp_path / "kratos", "--ui-url=http://localhost:3000/auth/")["selfservice"]["flows"]

    assert flows["login"]["ui_url"] == "http://localhost:3000/auth/login"
    assert flows["recovery"]["ui_url"] == "http://localhost:3000/auth/recovery"


@pytest.mark.parametrize("names", [[], ["login"]])
def test_site_without_pages_is_told_what_to_include(tmp_path: Path, site: Any, names: list[str]) -> None:
    site.ROOT_URLCONF = urls(*names)

    assert 'path("ory/", include("django_ory_mfa.contrib.ui.urls")),' in refusal(tmp_path / "kratos")


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--site-url=https://www.example.com"], 2, "with --ory-url"),
        (["--ory-url=https://auth.example.com"], 2, "Name the URL of this site with --site-url"),
        (["--site-url=https://www.example.com/shop", "--ory-url=https://auth.example.com"], 2, "without a path"),
        (["--site-url=http://www.example.com", "--ory-url=http://auth.example.com"], 2, "must be https"),
        (["--site-url=https://ann:pw@www.example.com"], 2, "--site-url must be an http or https URL"),
        (["--ory-url=ftp://localhost"], 2, "--ory-url must be"),
        (["--ui-url=http://localhost:8000/?x"], 2, "--ui-url must be"),
        (["--site-url=https://www.example.com", "--ory-url=https://auth.example.org"], 1, "without a common domain"),
        (["--site-url=http://127.0.0.1:8000", "--ory-url=http://localhost:4433"], 1, "open both as localhost"),
        (["--admin-port=0"], 2, "--admin-port must be"),
        (["--admin-port=70000"], 2, "--admin-port must be"),
        (["--name= "], 2, "--name must be"),
        (["--name=a\x07"], 2, "--name must be"),
        (
            ["--development-secrets", *PUBLIC, SMTP],
            2,
            "--development-secrets are for http://localhost only",
        ),
    ],
)
def test_what_could_not_work_is_refused(tmp_path: Path, arguments: list[str], code: int, text: str) -> None:
    assert text in refusal(tmp_path / "kratos", *arguments, code=code)


def test_project_of_ory_network_needs_no_files(tmp_path: Path, site: Any) -> None:
    site.ORY_MFA_SDK_URL = "https://slug.projects.oryapis.com"

    assert "a project of Ory Network, which needs no files" in refusal(tmp_path / "kratos")


def test_invalid_setting_is_named(tmp_path: Path, site: Any) -> None:
    site.ORY_MFA_SDK_URL = "localhost"

    assert refusal(tmp_path / "kratos").startswith("ORY_MFA_SDK_URL must be")


def test_development_secrets_say_that_everybody_knows_them(tmp_path: Path) -> None:
    config = made(tmp_path, "--development-secrets")

    assert config["secrets"] == {
        "default": ["development-only-default-secret"],
        "cookie": ["development-only-cookie-secret"],
        "cipher": ["development-only-cipher-secret-1"],
    }
    assert "# FOR DEVELOPMENT ONLY: these secrets are public." in (tmp_path / CONFIG).read_text()


def test_next_steps_of_a_local_site(tmp_path: Path) -> None:
    out = init(tmp_path / "my kratos", "--yes").out

    assert 'ORY_MFA_SDK_URL = "http://localhost:4433"' in out
    assert 'ORY_MFA_WHOAMI_REQUIRED_AAL = "highest_available"' in out
    assert "ORY_MFA_SITE_URL" not in out
    assert f"cd '{tmp_path / 'my kratos'}'" in out
    assert "kratos migrate sql up -e -c kratos.yml --yes\n" in out
    assert "kratos serve -c kratos.yml --dev --watch-courier\n" in out
    assert "python -u -m aiosmtpd -n -l 127.0.0.1:1025" in out
    assert "http://localhost:8000/ory/registration" in out
    assert "python manage.py runserver localhost:8000" in out
    assert "doctor --site-url http://localhost:8000 --admin-url http://127.0.0.1:4434 --as you@example.com" in out


def opened(out: str) -> str:
    """What is printed under the step that opens the site."""
    return out.partition("Open the site:\n")[2].partition("\n\n")[0]


@pytest.mark.parametrize(
    ("more", "first"),
    [([], "/ory/login"), ([path("safe/", include("django_ory_mfa.urls"))], "/safe/")],
    ids=["pages of Ory only", "with the page of security"],
)
def test_site_without_a_page_at_its_root_is_opened_elsewhere(
    tmp_path: Path, site: Any, more: list[Any], first: str
) -> None:
    site.ROOT_URLCONF = urls("login", "settings", "error")
    site.ROOT_URLCONF.urlpatterns += more

    shown = opened(init(tmp_path / "kratos", "--yes").out)

    assert f"       http://localhost:8000{first}        (under this name" in shown
    assert "There is no page at http://localhost:8000/ yet." in shown


@pytest.mark.parametrize("root", [path("", page), *i18n_patterns(path("", page))], ids=["plain", "by language"])
def test_site_is_opened_at_its_root(tmp_path: Path, site: Any, root: Any) -> None:
    site.ROOT_URLCONF = urls("login", "settings", "error")
    site.ROOT_URLCONF.urlpatterns.append(root)

    shown = opened(init(tmp_path / "kratos", "--yes").out)

    assert "       http://localhost:8000/        (under this name" in shown
    assert "There is no page" not in shown


def test_next_steps_of_a_site_that_is_set_up(tmp_path: Path, site: Any) -> None:
    site.ROOT_URLCONF = urls("login", "settings", "error")
    site.ORY_MFA_SDK_URL = "https://auth.example.com/"
    site.ORY_MFA_WHOAMI_REQUIRED_AAL = site.ORY_MFA_SETTINGS_REQUIRED_AAL = "highest_available"
    site.ORY_MFA_SITE_URL = "https://www.example.com"

    out = init(tmp_path, "--yes", "--dsn=memory", SMTP).out

    assert "1. Start Kratos" in out
    assert "Catch the mails" not in out
    assert "ORY_MFA" not in out.partition("Written:")[2]
    assert "kratos migrate" not in out
    assert "kratos serve -c kratos.yml --watch-courier\n" in out
    assert "registration\n" not in out
    assert "runserver" not in out


def test_site_behind_https_is_to_set_its_url(tmp_path: Path) -> None:
    urls = "--site-url=https://www.example.com", "--ory-url=https://www.example.com/ory"

    out = init(tmp_path, "--yes", *urls, SMTP).out

    assert 'ORY_MFA_SDK_URL = "https://www.example.com/ory"' in out
    assert 'ORY_MFA_SITE_URL = "https://www.example.com"' in out
    assert yaml.safe_load((tmp_path / CONFIG).read_text())["serve"]["public"]["port"] == 4433
