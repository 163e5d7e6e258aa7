"""``manage.py ory_mfa`` on configuration files of a Kratos."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import struct
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.test.utils import override_script_prefix

from django_ory_mfa.management.control import file_write, rules
from django_ory_mfa.management.control.document import return_urls
from django_ory_mfa.management.control.failures import ConflictError
from django_ory_mfa.management.control.files import FileTarget
from django_ory_mfa.management.control.keys import CODE, CODE_MFA, KEYS, RETURN_URLS
from django_ory_mfa.management.control.plan import plan
from tests.control import Terminal, no_file_beyond, ory_mfa

TEXT = """\
# The shop's own Kratos.
dsn: postgres://kratos:MADE-UP-PASSWORD@db/kratos
secrets:
  cookie: [MADE-UP-COOKIE-SECRET]
session:
  whoami: { required_aal: aal1 }    # for now
selfservice:
  default_browser_return_url: https://www.example.com/
  allowed_return_urls:
    - https://www.example.com/
  methods:
    code:
      enabled: true
  flows:
    settings: {required_aal: highest_available, privileged_session_max_age: 15m}
courier:
  smtp:
    connection_uri: smtps://MADE-UP-USER:MADE-UP-SMTP@mail/
"""


@pytest.fixture
def kratos_yml(tmp_path: Path) -> Path:
    file = tmp_path / "kratos.yml"
    file.write_text(TEXT)
    file.chmod(0o640)
    return file


def lines_changed(text: str, old: str = TEXT) -> list[str]:
    return [f"-{line}" for line in old.splitlines() if line not in text.splitlines()] + [
        f"+{line}" for line in text.splitlines() if line not in old.splitlines()
    ]


def change_codes(target: FileTarget) -> None:
    snapshot = target.read()
    made = plan(snapshot.config, {KEYS[CODE_MFA].path: True}, is_network=False)
    target.write(target.draft(snapshot, made))


# Reading.


def test_show_lists_keys_and_findings_and_no_secret(kratos_yml, settings):
    settings.ORY_MFA_WHOAMI_REQUIRED_AAL = "highest_available"
    settings.ORY_MFA_SETTINGS_REQUIRED_AAL = "highest_available"
    settings.ORY_MFA_SITE_URL = "https://www.example.com"

    shown = ory_mfa("show", "--file", kratos_yml)

    assert shown.code == 0
    assert 'session.whoami.required_aal                            "aal1"' in shown.out
    assert "error: session.whoami.required_aal is aal1 at Ory, but ORY_MFA_WHOAMI_REQUIRED_AAL" in shown.out
    assert "a later -c file" in shown.err
    assert "MADE-UP" not in shown.text


def test_show_as_json_is_one_object(kratos_yml):
    shown = ory_mfa("show", "--json", "--file", kratos_yml).json

    assert shown["keys"][CODE_MFA] == {"value": False, "set": False}
    assert {"level", "key", "text"} == set(shown["findings"][0])


def test_check_ends_with_3_if_something_is_wrong(kratos_yml, settings):
    settings.ORY_MFA_SITE_URL = "https://elsewhere.example.com"

    checked = ory_mfa("check", "--file", kratos_yml)

    assert checked.code == 3
    assert f"error: {RETURN_URLS} does not list https://elsewhere.example.com/" in checked.out


def test_check_ends_with_0_if_all_is_well(kratos_yml, settings):
    settings.ORY_MFA_WHOAMI_REQUIRED_AAL = "highest_available"
    settings.ORY_MFA_SETTINGS_REQUIRED_AAL = "highest_available"
    settings.ORY_MFA_SITE_URL = "https://www.example.com"
    settings.ORY_MFA_SDK_URL = "https://www.example.com/ory"
    ory_mfa("enable", "codes", "--file", kratos_yml, "--yes")
    ory_mfa("require", "highest_available", "--file", kratos_yml, "--yes")

    checked = ory_mfa("check", "--file", kratos_yml)

    assert (checked.code, checked.out) == (0, f"{kratos_yml}: no problems found.\n")


def test_check_with_settings_that_make_no_sense_says_so(kratos_yml, settings):
    settings.ORY_MFA_SITE_URL = "https://user:MADE-UP@www.example.com"

    checked = ory_mfa("check", "--file", kratos_yml)

    assert checked.code == 1
    assert checked.err.startswith("ORY_MFA_SITE_URL must be")


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_get_prints_the_mfa_part_only(kratos_yml, form):
    got = ory_mfa("get", "identity-config", "--file", kratos_yml, "--format", form)

    assert got.code == 0
    assert got.out.startswith({"yaml": "selfservice:\n", "json": "{\n"}[form])
    assert "MADE-UP" not in got.text


def test_get_of_everything_is_for_projects(kratos_yml, tmp_path):
    got = ory_mfa("get", "identity-config", "--file", kratos_yml, "--all", "--output", tmp_path / "all.yaml")

    assert got.code == 2
    assert not (tmp_path / "all.yaml").exists()


# Changing.


def test_codes_are_turned_on_by_two_lines(kratos_yml):
    done = ory_mfa("enable", "codes", "--file", kratos_yml, stdin=Terminal("yes\n"))

    assert done.code == 0
    assert lines_changed(kratos_yml.read_text()) == ["+      mfa_enabled: true"]
    assert rules.CODES_ON_OLD in done.out
    assert "Make this change? [y/N]" in done.out
    assert "MADE-UP" not in done.text


def test_change_keeps_mode_and_leaves_nothing_behind(kratos_yml):
    ory_mfa("enable", "codes", "--file", kratos_yml, "--yes")

    assert stat.S_IMODE(kratos_yml.stat().st_mode) == 0o640
    assert list(kratos_yml.parent.iterdir()) == [kratos_yml]


def test_second_time_changes_nothing(kratos_yml):
    ory_mfa("enable", "codes", "--file", kratos_yml, "--yes")
    before = kratos_yml.stat()

    again = ory_mfa("enable", "codes", "--file", kratos_yml)

    after = kratos_yml.stat()
    assert (again.code, again.out) == (0, f"{kratos_yml}: already set, nothing to change.\n")
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (("disable", "totp"), ["+    totp:", "+      enabled: false"]),
        (("disable", "codes"), ["+      mfa_enabled: false"]),
        (("enable", "lookup-secret"), ["+    lookup_secret:"]),  # and a line that is there already
        (
            ("require", "highest_available"),
            [
                "-  whoami: { required_aal: aal1 }    # for now",
                "+  whoami: { required_aal: highest_available }    # for now",
            ],
        ),
        (
            ("require", "aal1", "--for", "settings"),
            [
                "-    settings: {required_aal: highest_available, privileged_session_max_age: 15m}",
                "+    settings: {required_aal: aal1, privileged_session_max_age: 15m}",
            ],
        ),
        (
            ("set", "selfservice.flows.settings.privileged_session_max_age=5m", f"{CODE_MFA}=true"),
            [
                "-    settings: {required_aal: highest_available, privileged_session_max_age: 15m}",
                "+      mfa_enabled: true",
                "+    settings: {required_aal: highest_available, privileged_session_max_age: 5m}",
            ],
        ),
        (("set", "selfservice.flows.settings.privileged_session_max_age=900s"), []),
        (("allow-return-url", "https://app.example.com"), ["+    - https://app.example.com/"]),
        (("allow-return-url", "https://www.example.com/app/"), []),
    ],
)
def test_each_command_changes_its_lines(kratos_yml, arguments, lines):
    done = ory_mfa(*arguments, "--file", kratos_yml, "--yes")

    assert done.code == 0
    assert lines_changed(kratos_yml.read_text()) == lines


def test_this_site_is_allowed_by_its_setting(kratos_yml, settings):
    settings.ORY_MFA_SITE_URL = "https://shop.example.com"

    ory_mfa("allow-return-url", "--file", kratos_yml, "--yes")

    assert lines_changed(kratos_yml.read_text()) == ["+    - https://shop.example.com/"]


def test_this_site_is_allowed_with_its_script_prefix(kratos_yml, settings):
    settings.ORY_MFA_SITE_URL = "https://shop.example.com"

    with override_script_prefix("/app/"):
        before = ory_mfa("check", "--file", kratos_yml)
        ory_mfa("allow-return-url", "--file", kratos_yml, "--yes")
        after = ory_mfa("check", "--file", kratos_yml)

    assert lines_changed(kratos_yml.read_text()) == ["+    - https://shop.example.com/app/"]
    assert "does not list https://shop.example.com/app/," in before.text
    assert "does not list" not in after.text


def test_json_reports_what_changed(kratos_yml):
    done = ory_mfa("enable", "codes", "--file", kratos_yml, "--yes", "--json")

    assert done.json == {
        "target": str(kratos_yml),
        "revision_before": None,
        "revision_after": None,
        "changed": [{"key": CODE_MFA, "from": None, "to": True}],
        "warnings": [],
        "applied": True,
    }
    assert "+      mfa_enabled: true" in done.err


@pytest.mark.parametrize(
    ("options", "code", "applied"),
    [(["--dry-run"], 0, False), (["--check"], 3, False), (["--check", "--yes"], 3, False)],
)
def test_change_is_shown_and_not_made(kratos_yml, options, code, applied):
    done = ory_mfa("enable", "codes", "--file", kratos_yml, "--json", *options)

    assert done.code == code
    assert (done.json["applied"], len(done.json["changed"])) == (applied, 1)
    assert kratos_yml.read_text() == TEXT


@pytest.mark.parametrize(("url", "warned"), [("https://a/app", True), ("https://a/app/", False), ("https://a", False)])
def test_url_that_allows_more_than_it_says_is_told_before_anybody_agrees(kratos_yml, url, warned):
    done = ory_mfa("allow-return-url", url, "--file", kratos_yml, "--dry-run")

    assert (rules.OPEN_END in done.out) is warned


def test_check_of_what_is_so_already_ends_with_0(kratos_yml):
    assert ory_mfa("require", "aal1", "--for", "whoami", "--file", kratos_yml, "--check").code == 0


@pytest.mark.parametrize(
    ("stdin", "message"),
    [(None, "there is no terminal to ask"), (Terminal("n\n"), "Nothing was changed."), (Terminal(), "Nothing was")],
)
def test_change_that_nobody_confirms_is_not_made(kratos_yml, stdin, message):
    done = ory_mfa("enable", "codes", "--file", kratos_yml, stdin=stdin)

    assert done.code == 1
    assert message in done.err
    assert kratos_yml.read_text() == TEXT


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("set", f"{CODE}=false", f"{CODE_MFA}=true"), 1, rules.LOCK_OUT),
        (("set", "selfservice.methods.code.passwordless_enabled=true", f"{CODE_MFA}=true"), 1, rules.BOTH_TRUE),
        (("enable", "webauthn"), 1, rules.WEBAUTHN_WITHOUT_SITE),
        (("require", "aal2", "--allow-aal2"), 1, "aal2 is not in the schema that Ory publishes"),
        (
            ("set", "session.whoami.required_aal=aal2", "--allow-aal2"),
            1,
            "aal2 is not in the schema that Ory publishes",
        ),
        (("set", f"{CODE_MFA}=yes"), 2, f"{CODE_MFA} must be true or false"),
        (("set", f"{CODE_MFA}=true", f"{CODE_MFA}=false"), 2, "given twice"),
        (("set", "selfservice.methods.code.mfa_enable=true"), 2, f"Did you mean {CODE_MFA}?"),
        (("set", CODE_MFA), 2, f"write {CODE_MFA}=VALUE"),
        (
            ("set", "courier.smtp.connection_uri=smtps://MADE-UP"),
            2,
            "courier.smtp.connection_uri is not an MFA key; see ory_mfa show for those that are.",
        ),
        (("allow-return-url",), 2, "set ORY_MFA_SITE_URL"),
        (("allow-return-url", "https://user:MADE-UP@a/"), 2, "must be https://HOST/"),
        (("allow-return-url", "https://a/?b"), 2, "must be https://HOST/"),
        (("allow-return-url", "/"), 2, "must be https://HOST/"),
    ],
)
def test_wish_that_makes_no_sense_is_refused(kratos_yml, arguments, code, message):
    done = ory_mfa(*arguments, "--file", kratos_yml, "--yes")

    assert done.code == code
    assert message in done.err
    assert "MADE-UP" not in done.text
    assert kratos_yml.read_text() == TEXT


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("kratos.toml", b"", "neither .yaml, .yml nor .json"),
        ("kratos.yml", b"a: [MADE-UP", "cannot be read as YAML 1.2"),
        ("kratos.yml", b"a: \xff MADE-UP", "is not in UTF-8"),
        ("kratos.yml", b"- MADE-UP", "holds no configuration"),
        ("kratos.yml", b"", "holds no configuration"),
        ("kratos.json", b"{", "cannot be read as JSON"),
        ("kratos.yml", b"#" * (4 * 1024 * 1024 + 1), "too large"),
        ("kratos.yml", b"x: &x {enabled: true}\nselfservice: {methods: {code: *x}}", "anchor or alias"),
    ],
)
def test_file_that_cannot_be_changed_is_refused(tmp_path, name, content, message):
    file = tmp_path / name
    file.write_bytes(content)

    done = ory_mfa("enable", "codes", "--file", file, "--yes")

    assert done.code == 1
    assert message in done.err
    assert "MADE-UP" not in done.text
    assert file.read_bytes() == content


def test_file_that_is_not_there_is_refused(tmp_path):
    assert "cannot be read: No such file" in ory_mfa("show", "--file", tmp_path / "a\x1b.yml").err


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_refused(tmp_path, make: Callable[[Path], Any]):
    make(tmp_path / "kratos.yml")

    assert "is not a regular file" in ory_mfa("show", "--file", tmp_path / "kratos.yml").err


def test_name_of_a_file_cannot_command_the_terminal(tmp_path):
    file = tmp_path / "\x1b[2J.yml"
    file.write_text(TEXT)

    done = ory_mfa("enable", "codes", "--file", file, "--yes")

    assert done.code == 0
    assert "\x1b" not in done.text


def test_json_file_is_changed(tmp_path):
    file = tmp_path / "kratos.json"
    file.write_text(json.dumps({"selfservice": {"methods": {"code": {"enabled": False}}}}, indent=4) + "\n")

    ory_mfa("enable", "codes", "--file", file, "--yes")

    expected = {"selfservice": {"methods": {"code": {"enabled": True, "mfa_enabled": True}}}}
    assert file.read_text() == json.dumps(expected, indent=4) + "\n"


@pytest.mark.parametrize(
    ("text", "shows"),
    [
        ("selfservice: {default_browser_return_url: 'https://user:MADE-UP@a/'}", "(not shown)"),
        ("selfservice: {allowed_return_urls: [{a: MADE-UP}]}", "(not shown)"),
        ("session: {whoami: {required_aal: {a: MADE-UP}}}", "(not shown)"),
        ("session: {whoami: {required_aal: 1}}", "is 1, but must be"),
    ],
)
def test_what_is_no_value_of_a_key_is_not_shown(tmp_path, text, shows):
    file = tmp_path / "kratos.yml"
    file.write_text(text)

    shown = [
        ory_mfa(*command, "--file", file) for command in (("show",), ("show", "--json"), ("get", "identity-config"))
    ]
    changed = ory_mfa("set", "selfservice.default_browser_return_url=/", "--file", file, "--json", "--dry-run")

    assert [done.code for done in (*shown, changed)] == [0, 0, 0, 0]
    assert shows in shown[0].out
    assert "MADE-UP" not in "".join(done.text for done in (*shown, changed))


def test_interrupted_question_is_a_no(kratos_yml):
    def interrupt() -> None:
        raise KeyboardInterrupt

    done = ory_mfa("enable", "codes", "--file", kratos_yml, stdin=Terminal(before=interrupt))

    assert (done.code, done.err) == (1, "Nothing was changed.")


def test_file_that_is_nested_too_deeply_is_refused(tmp_path):
    file = tmp_path / "kratos.json"
    file.write_text('{"a":' * 100_000 + "1" + "}" * 100_000)

    done = ory_mfa("enable", "codes", "--file", file, "--yes")

    assert done.code == 1
    assert "cannot be read as JSON" in done.err


# Several files.


def test_last_file_with_the_key_is_changed(kratos_yml, tmp_path):
    second = tmp_path / "second.yml"
    second.write_text("session:\n  whoami:\n    required_aal: aal1\n")

    done = ory_mfa("require", "highest_available", "--for", "whoami", "--file", kratos_yml, "--file", second, "--yes")

    assert done.code == 0
    assert kratos_yml.read_text() == TEXT
    assert second.read_text() == "session:\n  whoami:\n    required_aal: highest_available\n"


def test_new_key_goes_where_its_parents_are(kratos_yml, tmp_path):
    second = tmp_path / "second.yml"
    second.write_text("selfservice:\n  methods: {}\n")

    ory_mfa("enable", "codes", "--file", kratos_yml, "--file", second, "--yes")

    assert lines_changed(kratos_yml.read_text()) == ["+      mfa_enabled: true"]
    assert second.read_text() == "selfservice:\n  methods: {}\n"


def test_only_the_file_that_changes_is_named(kratos_yml, tmp_path):
    second = tmp_path / "second.yml"
    second.write_text("selfservice:\n  methods: {}\n")

    done = ory_mfa("enable", "codes", "--file", kratos_yml, "--file", second, "--yes")

    assert f"--- {kratos_yml}\n" in done.out
    assert f"{kratos_yml}: changed." in done.out
    assert str(second) not in done.out


@pytest.mark.parametrize("option", ["--dry-run", "--check", "--yes"])
def test_change_that_cannot_be_made_is_refused_before_it_is_shown(tmp_path, option):
    file = tmp_path / "kratos.yml"
    file.write_text("x: &x {enabled: true}\nselfservice: {methods: {code: *x}}")

    done = ory_mfa("enable", "codes", "--file", file, option)

    assert (done.code, done.out) == (1, "")
    assert "anchor or alias" in done.err


def test_same_file_twice_is_one(kratos_yml):
    assert ory_mfa("enable", "codes", "--file", kratos_yml, "--file", kratos_yml, "--yes").code == 0


def test_change_that_another_file_hides_is_refused(kratos_yml, tmp_path):
    """The later file has a list where the first has objects."""
    second = tmp_path / "second.yml"
    second.write_text("feature_flags: []\n")
    first = tmp_path / "first.yml"
    first.write_text("feature_flags: {other: true}\n")

    done = ory_mfa("set", "feature_flags.cacheable_sessions=true", "--file", first, "--file", second, "--yes")

    assert done.code == 1
    assert (first.read_text(), second.read_text()) == ("feature_flags: {other: true}\n", "feature_flags: []\n")


# Links, modes and others who write.


def test_link_is_written_through(kratos_yml, tmp_path):
    link = tmp_path / "link.yml"
    link.symlink_to(kratos_yml)
    inode = kratos_yml.stat().st_ino

    ory_mfa("enable", "codes", "--file", link, "--yes")

    assert link.is_symlink()
    assert kratos_yml.stat().st_ino == inode
    assert lines_changed(kratos_yml.read_text()) == ["+      mfa_enabled: true"]


def test_hard_link_stays_one(kratos_yml, tmp_path):
    (tmp_path / "other.yml").hardlink_to(kratos_yml)

    ory_mfa("enable", "codes", "--file", kratos_yml, "--yes")

    assert (tmp_path / "other.yml").read_text() == kratos_yml.read_text() != TEXT


def test_shorter_text_in_place_leaves_no_rest(kratos_yml):
    ory_mfa("require", "highest_available", "--file", kratos_yml, "--yes")

    ory_mfa("require", "aal1", "--for", "whoami", "--file", kratos_yml, "--in-place", "--yes")

    assert kratos_yml.read_text() == TEXT


def test_change_in_between_is_a_conflict_and_stays(kratos_yml):
    def somebody_else() -> None:
        kratos_yml.write_text(TEXT + "# mine\n")

    done = ory_mfa("enable", "codes", "--file", kratos_yml, stdin=Terminal("y\n", before=somebody_else))

    assert done.code == 4
    assert "was changed by somebody else" in done.err
    assert kratos_yml.read_text() == TEXT + "# mine\n"
    assert list(kratos_yml.parent.iterdir()) == [kratos_yml]


def test_file_that_breaks_in_between_is_a_conflict(kratos_yml):
    done = ory_mfa(
        "enable",
        "codes",
        "--file",
        kratos_yml,
        stdin=Terminal("y\n", before=lambda: kratos_yml.write_text("a: [") and None),
    )

    assert done.code == 4


def test_one_of_two_files_changed_in_between_leaves_both(kratos_yml, tmp_path):
    second = tmp_path / "second.yml"
    second.write_text("session:\n  whoami:\n    required_aal: aal1\n")

    done = ory_mfa(
        *("require", "highest_available", "--file", kratos_yml, "--file", second),
        stdin=Terminal("y\n", before=lambda: kratos_yml.write_text(TEXT + "#") and None),
    )

    assert done.code == 4
    assert second.read_text() == "session:\n  whoami:\n    required_aal: aal1\n"


def test_no_change_of_many_at_once_is_lost(kratos_yml):
    """Each adds its URL; whoever was overtaken looks again."""

    def add(url: str) -> None:
        for _ in range(200):
            target = FileTarget([str(kratos_yml)])
            snapshot = target.read()
            wish = {KEYS[RETURN_URLS].path: [*return_urls(snapshot.config), url]}
            try:
                target.write(target.draft(snapshot, plan(snapshot.config, wish, is_network=False)))
            except ConflictError:
                continue
            return

    added = [f"https://{number}.example.com/" for number in range(6)]
    with ThreadPoolExecutor(len(added)) as pool:
        list(pool.map(add, added))

    target = FileTarget([str(kratos_yml)])
    assert sorted(return_urls(target.read().config)) == sorted([*added, "https://www.example.com/"])


def test_file_that_somebody_holds_is_waited_for(kratos_yml):
    """The lock is given back after the second look."""
    with kratos_yml.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waits: list[float] = []

        def pause(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 2:
                fcntl.flock(held, fcntl.LOCK_UN)

        target = FileTarget([str(kratos_yml)], pause=pause)
        change_codes(target)

    assert waits == [0.1, 0.1]
    assert lines_changed(kratos_yml.read_text()) == ["+      mfa_enabled: true"]


@pytest.mark.parametrize("is_replaced", [True, False])
def test_file_that_is_another_after_the_wait_is_a_conflict(kratos_yml, tmp_path, is_replaced):
    """Even with the same text in it: the lock is that of the file that is gone."""
    with kratos_yml.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        def pause(seconds: float) -> None:
            kratos_yml.unlink()
            if is_replaced:
                kratos_yml.write_text(TEXT)
            fcntl.flock(held, fcntl.LOCK_UN)

        target = FileTarget([str(kratos_yml)], pause=pause)
        with pytest.raises(ConflictError, match="was changed by somebody else"):
            change_codes(target)


def test_file_that_somebody_keeps_is_a_conflict(kratos_yml):
    with kratos_yml.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        done = ory_mfa("enable", "codes", "--file", kratos_yml, "--yes")

    assert done.code == 4
    assert "locked by another program" in done.err
    assert sum(done.pauses) == pytest.approx(5)
    assert kratos_yml.read_text() == TEXT


@pytest.mark.parametrize("options", [[], ["--in-place"]])
@pytest.mark.parametrize("space", [-10, 0, 5])
def test_full_disk_leaves_the_file_as_it_was(kratos_yml, options, space):
    with no_file_beyond(len(TEXT) + space):
        done = ory_mfa("enable", "codes", "--file", kratos_yml, "--yes", *options)

    assert done.code == 1
    assert "could not be written" in done.err
    assert "It is unchanged." in done.err
    assert ("try --in-place" in done.err) is (options == [])
    assert kratos_yml.read_text() == TEXT
    assert list(kratos_yml.parent.iterdir()) == [kratos_yml]


def test_name_that_leaves_no_room_for_another_file_is_said(tmp_path):
    file = tmp_path / f"{'k' * 245}.yml"
    file.write_text(TEXT)

    refused = ory_mfa("enable", "codes", "--file", file, "--yes")
    in_place = ory_mfa("enable", "codes", "--file", file, "--yes", "--in-place")

    assert (refused.code, in_place.code) == (1, 0)
    assert "try --in-place" in refused.err


def test_file_that_goes_away_in_between_is_a_conflict(kratos_yml):
    done = ory_mfa("enable", "codes", "--file", kratos_yml, stdin=Terminal("y\n", before=kratos_yml.unlink))

    assert done.code == 4
    assert "can no longer be read" in done.err


def test_owner_is_kept(kratos_yml):
    """Of somebody else's file, if whoever runs this may give files away."""
    owner = 12345 if os.geteuid() == 0 else os.geteuid()
    os.chown(kratos_yml, owner, -1)

    ory_mfa("enable", "codes", "--file", kratos_yml, "--yes")

    assert kratos_yml.stat().st_uid == owner
    assert kratos_yml.read_text() != TEXT


# Somebody else who may write the folder.


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A file that this command has no business with, and nobody else may read."""
    file = tmp_path / "foreign"
    file.write_text("# of somebody else\n")
    file.chmod(0o600)
    os.utime(file, (1, 1))
    return file


@pytest.fixture
def after_mkstemp(monkeypatch) -> Callable[[Callable[[str], Any]], None]:
    """Has something happen as soon as the new file is there."""
    mkstemp = tempfile.mkstemp

    def happens(something: Callable[[str], Any]) -> None:
        def made(**options: Any) -> tuple[int, str]:
            descriptor, name = mkstemp(**options)
            something(name)
            return descriptor, name

        monkeypatch.setattr(tempfile, "mkstemp", made)

    return happens


def test_link_in_the_place_of_the_new_file_reaches_no_other(kratos_yml, foreign, after_mkstemp):
    """Neither owner, mode nor times of what it leads to change, nor does it become the configuration."""
    os.chown(kratos_yml, 12345 if os.geteuid() == 0 else -1, -1)
    before = foreign.stat()

    def swap(name: str) -> None:
        Path(name).unlink()
        Path(name).symlink_to(foreign)

    after_mkstemp(swap)
    done = ory_mfa("enable", "codes", "--file", kratos_yml, "--yes")

    after = foreign.stat()
    assert (after.st_uid, after.st_mode, after.st_mtime) == (before.st_uid, before.st_mode, 1)
    assert (done.code, kratos_yml.is_symlink(), kratos_yml.read_text()) == (4, False, TEXT)
    assert "was changed by somebody else meanwhile" in done.err


@pytest.mark.parametrize("is_link", [True, False])
def test_file_that_was_not_compared_is_not_replaced(kratos_yml, tmp_path, after_mkstemp, is_link):
    """Even with the same text in it."""
    other = tmp_path / "other.yml"
    kept = tmp_path / "kept.yml"
    kept.write_text(TEXT)
    if is_link:
        other.symlink_to(kept)
    else:
        other.write_text(TEXT)

    after_mkstemp(lambda _: other.replace(kratos_yml))
    done = ory_mfa("enable", "codes", "--file", kratos_yml, "--yes")

    assert (done.code, kratos_yml.is_symlink(), kratos_yml.read_text()) == (4, is_link, TEXT)
    assert "was changed by somebody else meanwhile" in done.err
    assert sorted(tmp_path.iterdir()) == sorted([kept, kratos_yml])


def test_link_that_leads_elsewhere_after_the_comparison_reaches_no_other(kratos_yml, foreign, tmp_path, monkeypatch):
    link = tmp_path / "link.yml"
    link.symlink_to(kratos_yml)
    overwrite = file_write._overwrite

    def swapped(*arguments: Any) -> None:
        link.unlink()
        link.symlink_to(foreign)
        overwrite(*arguments)

    monkeypatch.setattr(file_write, "_overwrite", swapped)
    ory_mfa("enable", "codes", "--file", link, "--yes")

    assert foreign.read_text() == "# of somebody else\n"
    assert lines_changed(kratos_yml.read_text()) == ["+      mfa_enabled: true"]


@pytest.mark.parametrize("options", [[], ["--in-place"]])
def test_pipe_in_the_place_of_the_file_is_a_conflict(kratos_yml, options):
    def somebody_else() -> None:
        kratos_yml.unlink()
        os.mkfifo(kratos_yml)

    done = ory_mfa("enable", "codes", "--file", kratos_yml, *options, stdin=Terminal("y\n", before=somebody_else))

    assert done.code == 4
    assert "was changed by somebody else" in done.err


def test_folder_in_the_place_of_the_file_is_said(kratos_yml):
    def somebody_else() -> None:
        kratos_yml.unlink()
        kratos_yml.mkdir()

    done = ory_mfa("enable", "codes", "--file", kratos_yml, "--in-place", stdin=Terminal("y\n", before=somebody_else))

    assert done.code == 1
    assert "cannot be opened: Is a directory. Nothing was written." in done.err


# Attributes of files.


@pytest.fixture
def attributes(monkeypatch) -> dict[int, dict[str, bytes]]:
    """Those of open files, by inode, on a file system that knows any."""
    known: dict[int, dict[str, bytes]] = {}

    def of(file: int) -> dict[str, bytes]:
        return known.setdefault(os.fstat(file).st_ino, {})

    def give(file: int, name: str, value: bytes) -> None:
        if name.startswith("security."):
            raise PermissionError(1, "Operation not permitted")
        of(file)[name] = value

    monkeypatch.setattr(file_write, "_attributes", of)
    monkeypatch.setattr(os, "getxattr", lambda file, name: of(file)[name])
    monkeypatch.setattr(os, "setxattr", give)
    return known


def test_attributes_are_kept_as_far_as_one_may_give_them(kratos_yml, attributes):
    attributes[kratos_yml.stat().st_ino] = {"security.label": b"x", "user.note": b"y"}

    done = ory_mfa("enable", "codes", "--file", kratos_yml, "--yes")

    assert done.code == 0
    assert attributes[kratos_yml.stat().st_ino] == {"user.note": b"y"}


def test_access_list_that_may_not_be_given_stops_the_change(kratos_yml, attributes, monkeypatch):
    """Without it the mode, whose group bits are its mask, would let the whole group read."""
    attributes[kratos_yml.stat().st_ino] = {"system.posix_acl_access": b"x"}

    def refuse(file: int, name: str, value: bytes) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "setxattr", refuse)
    done = ory_mfa("enable", "codes", "--file", kratos_yml, "--yes")

    assert (done.code, kratos_yml.read_text()) == (1, TEXT)
    assert "It is unchanged." in done.err
    assert list(kratos_yml.parent.iterdir()) == [kratos_yml]


def test_file_system_without_attributes_is_fine(kratos_yml, monkeypatch):
    def unknown(file: int) -> list[str]:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(file_write, "_attributes", unknown)

    assert ory_mfa("enable", "codes", "--file", kratos_yml, "--yes").code == 0
    assert lines_changed(kratos_yml.read_text()) == ["+      mfa_enabled: true"]


def test_real_access_list_is_kept(kratos_yml):
    """One user may read, the group may not: the group bits of the mode are the mask of the list."""
    everybody = 0xFFFFFFFF
    entries = [(1, 6, everybody), (2, 4, 12345), (4, 0, everybody), (16, 4, everybody), (32, 0, everybody)]
    access = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    try:
        os.setxattr(kratos_yml, "system.posix_acl_access", access)
    except OSError:
        pytest.skip("This file system knows no access lists.")

    ory_mfa("enable", "codes", "--file", kratos_yml, "--yes")

    assert kratos_yml.read_text() != TEXT
    assert stat.S_IMODE(kratos_yml.stat().st_mode) == 0o640
    assert os.getxattr(kratos_yml, "system.posix_acl_access") == access


def test_real_attribute_is_kept(kratos_yml):
    try:
        os.setxattr(kratos_yml, "user.note", b"y")
    except OSError:
        pytest.skip("This file system knows no attributes.")

    ory_mfa("enable", "codes", "--file", kratos_yml, "--yes")

    assert kratos_yml.read_text() != TEXT
    assert os.getxattr(kratos_yml, "user.note") == b"y"
