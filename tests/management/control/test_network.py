"""``manage.py ory_mfa`` on a project of Ory Network, through the real SDK, against a fake Console API."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from django_ory_mfa.management.control.access import NO_KEY, PROJECT_KEY, api_url
from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.control.keys import CODE_MFA
from tests.console.platform import Project
from tests.console.server import KEY, OTHER_ID, PROJECT_ID, SLUG, WORKSPACE_ID, FakeConsole
from tests.control import Result, Terminal, no_file_beyond, on_network, ory_mfa

ENABLE = ("enable", "codes", "--project", PROJECT_ID, "--yes")
PATCHED = f"PATCH /projects/{PROJECT_ID}/revision/33333333-cccc-4ccc-8ccc-000000000001"
FIRST = "33333333-cccc-4ccc-8ccc-000000000001"


def patches(console: FakeConsole) -> list[str]:
    return [line for line in console.asked if line.startswith("PATCH")]


def is_on(console: FakeConsole) -> bool:
    return bool(console.project.config["selfservice"]["methods"]["code"]["mfa_enabled"])


@pytest.fixture(autouse=True)
def _no_secret_is_shown(capfd):
    """Whatever happens, nothing that stands for a secret reaches a terminal past Django's wrappers."""
    yield
    assert "MADE-UP" not in "".join(capfd.readouterr())


def run(console: FakeConsole, *arguments: object, **more: Any) -> Result:
    done = on_network(console, *arguments, **more)
    assert "MADE-UP" not in done.text
    assert "Traceback" not in done.text
    return done


# Lists.


def test_workspaces_of_all_pages_are_listed(console):
    listed = run(console, "list", "workspaces")

    assert listed.code == 0
    assert listed.out.splitlines()[0].split("  ")[0] == "ID"
    assert len(listed.out.splitlines()) == 3
    assert [request.path.partition("?")[2] for request in console.requests] == [
        "page_size=250",
        "page_size=250&page_token=made-up-token-2",
    ]


def test_token_that_comes_again_ends_the_list(console):
    console.switches.repeats_token = True

    assert len(run(console, "list", "workspaces", "--json").json["workspaces"]) == 2
    assert len(console.requests) == 2


@pytest.mark.parametrize("workspace", [WORKSPACE_ID, "Sample Workspace"])
def test_projects_of_a_workspace_are_listed(console, workspace):
    listed = run(console, "list", "projects", "--workspace", workspace)

    assert (listed.code, SLUG in listed.out) == (0, True)
    assert console.asked[-1] == f"GET /workspaces/{WORKSPACE_ID}/projects"


def test_projects_without_a_workspace_are_those_of_all(console):
    assert len(run(console, "list", "projects", "--json").json["projects"]) == 2
    assert "GET /projects" not in console.asked


def test_workspace_of_the_environment_is_taken(console):
    run(console, "list", "projects", environment={"ORY_WORKSPACE": WORKSPACE_ID})

    assert console.asked == [f"GET /workspaces/{WORKSPACE_ID}/projects"]


def test_key_that_sees_no_workspace_lists_its_projects(console):
    console.workspaces = []

    assert len(run(console, "list", "projects", "--json").json["projects"]) == 2
    assert console.asked == ["GET /workspaces", "GET /projects"]


def test_list_that_is_cut_short_says_so(console):
    console.switches.has_more_projects = True

    assert "Ory did not list all projects" in run(console, "list", "projects", "--workspace", WORKSPACE_ID).err


def test_names_from_the_api_cannot_command_the_terminal(console):
    console.workspaces = [{"id": WORKSPACE_ID, "name": "\x1b[2Jevil\u202e", "subscription_plan": None}]

    assert "\x1b" not in run(console, "list", "workspaces").out


@pytest.mark.parametrize("entries", [None, "x", [None, {"id": 1}, {"id": "x", "name": ["y"]}]])
def test_lists_that_make_no_sense_are_no_traceback(console, entries):
    console.workspaces = entries

    assert run(console, "list", "workspaces").code == 0
    assert run(console, "list", "projects").code == 0


# Which project.


@pytest.mark.parametrize("words", [PROJECT_ID, PROJECT_ID.upper(), SLUG, "sample-otter", PROJECT_ID[:35] + "1"])
def test_project_is_found(console, words):
    shown = run(console, "show", "--project", words)

    assert (shown.code, console.asked[-1].lower()) == (0, f"get /projects/{PROJECT_ID}")


def test_project_of_the_environment_is_taken(console):
    assert run(console, "show", environment={"ORY_PROJECT": PROJECT_ID}).code == 0


def test_exact_slug_wins_over_a_longer_one(console):
    console.more_projects = [{"id": OTHER_ID, "slug": f"{SLUG}-dev"}]

    assert run(console, "show", "--project", SLUG).code == 0


@pytest.mark.parametrize(("words", "which"), [("sample-", "Several project"), ("other", "No project")])
def test_project_that_is_not_clear_lists_the_candidates(console, words, which):
    shown = run(console, "show", "--project", words)

    assert shown.code == 1
    assert which in shown.err
    assert f"{PROJECT_ID}  {SLUG}" in shown.err


def test_project_of_another_workspace_is_refused(console):
    other = "11111111-aaaa-4aaa-8aaa-0000000000ff"

    done = run(console, *ENABLE, "--workspace", other)

    assert done.code == 1
    assert f"is not in workspace {other}" in done.err
    assert patches(console) == []


@pytest.mark.parametrize(("allowed", "code"), [(f"{OTHER_ID}, {PROJECT_ID.upper()}", 0), (OTHER_ID, 1)])
def test_only_allowed_projects_are_touched(console, allowed, code):
    done = run(console, *ENABLE, environment={"ORY_ALLOWED_PROJECT_IDS": allowed})

    assert done.code == code
    assert is_on(console) is (code == 0)


def test_without_a_target_nothing_is_asked():
    assert ory_mfa("show").code == 2


def test_both_targets_are_a_usage_error(console, tmp_path):
    assert run(console, "show", "--project", "x", "--file", tmp_path).code == 1  # 2 in a shell


# The key, and where it goes.


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("", NO_KEY),
        ("ory_pat_MADE-UP", PROJECT_KEY),
        ("ory_apikey_MADE-UP", PROJECT_KEY),
        ("ory_wak_MADE-UP\r\nX: y", "contains characters that no key has"),
        ("ory_wak_MADE-ÜP", "contains characters that no key has"),
    ],
)
def test_key_that_is_none_is_not_sent(console, key, message):
    done = run(console, "list", "workspaces", environment={"ORY_WORKSPACE_API_KEY": key})

    assert done.code == 1
    assert message in done.err
    assert console.requests == []


def test_key_may_be_in_a_file(console, tmp_path):
    (tmp_path / "key").write_text(f"{KEY}\n")

    done = run(
        console, "list", "workspaces", "--api-key-file", tmp_path / "key", environment={"ORY_WORKSPACE_API_KEY": ""}
    )

    assert done.code == 0


@pytest.mark.parametrize(("content", "message"), [(None, "cannot be read"), (b"\xff", "does not contain an API key")])
def test_file_without_a_key_is_refused(console, tmp_path, content, message):
    if content is not None:
        (tmp_path / "key").write_bytes(content)

    assert message in run(console, "list", "workspaces", "--api-key-file", tmp_path / "key").err


@pytest.mark.parametrize("key", ["ory_wak_wrong", "other"])
def test_wrong_key_ends_with_5(console, key):
    done = run(console, "show", "--project", PROJECT_ID, environment={"ORY_WORKSPACE_API_KEY": key})

    assert done.code == 5
    assert "did not accept the API key" in done.err


def test_project_out_of_reach_ends_with_5(console):
    done = run(console, "show", "--project", OTHER_ID)

    assert done.code == 5
    assert f"cannot access project {OTHER_ID}" in done.err


def test_unknown_project_ends_with_1(console):
    done = run(console, "show", "--project", "22222222-bbbb-4bbb-8bbb-0000000000ff")

    assert done.code == 1
    assert "was not found" in done.err


@pytest.mark.parametrize(
    "url",
    [
        "http://console.example.com",
        "https://user:MADE-UP@console.example.com",
        "https://console.example.com/path",
        "https://console.example.com?x",
        "ftp://127.0.0.1",
        "https://",
        "https://:443",
        "https://[",
        "http://127.0.0.1.example.com",
        "console.example.com",
    ],
)
@pytest.mark.parametrize("source", ["option", "environment"])
def test_key_goes_nowhere_without_encryption(url, source):
    """Nor to a URL with anything in it that is no host."""
    option = ("--console-api-url", url) if source == "option" else ()
    environment = {"ORY_WORKSPACE_API_KEY": KEY} | ({"ORY_CONSOLE_URL": url} if source == "environment" else {})

    done = ory_mfa("list", "workspaces", *option, environment=environment)

    assert done.code == 1
    assert "must be https://HOST" in done.err
    assert "MADE-UP" not in done.text


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({}, "https://api.console.ory.com"),
        ({"ORY_CONSOLE_URL": ""}, "https://api.console.ory.com"),
        ({"ORY_CONSOLE_URL": "https://console.example.com/"}, "https://api.console.example.com"),
    ],
)
def test_console_url_of_the_cli_gets_api_before_its_host(environment, url):
    assert api_url(None, environment) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:4000",
        "http://127.0.0.1",
        "http://[::1]:4000",
        "http://localhost:4000",
        "https://localhost",
        "https://192.0.2.1",
        "https://[2001:db8::1]",
    ],
)
def test_address_of_a_machine_gets_no_api_before_it(url):
    """Else the key for this very machine would go to a host that any DNS may know, unencrypted."""
    assert api_url(None, {"ORY_CONSOLE_URL": url}) == url


@pytest.mark.parametrize("url", ["http://console.localhost:4000", "http://console.example.com"])
def test_key_goes_unencrypted_to_no_name_that_may_be_another_machine(url):
    with pytest.raises(ControlError):
        api_url(None, {"ORY_CONSOLE_URL": url})


@pytest.mark.parametrize("url", ["http://localhost:1", "http://[::1]:1", "http://127.0.0.2", "https://api.example.com"])
def test_url_of_the_option_is_taken_as_it_is(url):
    assert api_url(url, {"ORY_CONSOLE_URL": "https://elsewhere"}) == url


def test_requests_are_what_the_api_expects(console):
    run(console, *ENABLE)

    get, patch = console.requests
    assert get.headers["authorization"] == f"Bearer {KEY}"
    assert (get.headers["accept"], patch.headers["content-type"]) == ("application/json", "application/json")
    assert f"{patch.method} {patch.path}" == PATCHED


# Changes.


def test_change_is_one_patch_of_the_revision_that_was_read(console):
    done = run(console, *ENABLE, "--json")

    assert console.asked == [f"GET /projects/{PROJECT_ID}", PATCHED]
    assert done.json == {
        "target": f"{SLUG} ({PROJECT_ID})",
        "revision_before": FIRST,
        "revision_after": console.project.document["revision_id"],
        "changed": [{"key": CODE_MFA, "from": False, "to": True}],
        "warnings": [],
        "applied": True,
    }


def test_nothing_to_change_sends_nothing(console):
    run(console, *ENABLE)
    done = run(console, *ENABLE, "--json")

    assert (done.code, done.json["applied"], done.json["changed"]) == (0, False, [])
    assert len(patches(console)) == 1


def test_duration_in_another_spelling_is_no_change(console):
    key = "selfservice.flows.settings.privileged_session_max_age"

    run(console, "set", f"{key}=15m", "--project", PROJECT_ID, "--yes")
    run(console, "set", f"{key}=10m", "--project", PROJECT_ID, "--yes")

    assert len(patches(console)) == 1
    assert console.project.config["selfservice"]["flows"]["settings"]["privileged_session_max_age"] == "10m0s"


@pytest.mark.parametrize("option", ["--dry-run", "--check"])
def test_change_that_is_only_shown_is_not_sent(console, option):
    done = run(console, *ENABLE, option)

    assert done.code == {"--dry-run": 0, "--check": 3}[option]
    assert patches(console) == []


def test_warnings_are_shown_and_fail_nothing(console):
    secret = console.project.config["courier"]["smtp"]["connection_uri"]
    console.switches.warnings = [{"code": 1001, "message": f"`serve.*` was ignored\x1b {secret}"}, {"code": 1002}, None]

    done = run(console, *ENABLE, "--json")

    assert done.code == 0
    assert done.json["warnings"] == ["`serve.*` was ignored  …", "1002"]
    assert "Ory warns: `serve.*` was ignored" in done.err


@pytest.mark.parametrize(
    "extra", [{"home_region": "mars", "environment": "new", "state": "odd", "organizations": None}]
)
def test_values_that_the_sdk_does_not_know_fail_nothing(console, extra):
    console.switches.extra = extra
    console.switches.warnings = None

    assert run(console, *ENABLE).code == 0
    assert is_on(console)


def test_key_that_was_not_taken_is_an_error(console):
    console.project.drops = {CODE_MFA.replace(".", "/")}

    done = run(console, *ENABLE)

    assert done.code == 1
    assert f"did not set {CODE_MFA}" in done.err


def test_aal2_is_sent_only_if_that_is_wanted(console):
    refused = run(console, "require", "aal2", "--for", "whoami", "--project", PROJECT_ID, "--yes")
    sent = run(console, "require", "aal2", "--for", "whoami", "--project", PROJECT_ID, "--yes", "--allow-aal2")
    settings = run(console, "require", "aal2", "--for", "settings", "--project", PROJECT_ID, "--yes", "--allow-aal2")

    assert (refused.code, settings.code) == (1, 1)
    assert "--allow-aal2 sends it and lets the API decide" in refused.err
    assert len(patches(console)) == 1
    assert sent.code == 1


@pytest.mark.parametrize("verbosity", [1, 2])
def test_refusal_of_the_api_shows_the_lines_that_matter(console, verbosity):
    done = run(
        console,
        *("require", "aal2", "--for", "whoami", "--project", PROJECT_ID, "--yes", "--allow-aal2"),
        *("--verbosity", verbosity),
    )

    assert "Ory refused the change of project" in done.err
    assert 'I[#/session/whoami/required_aal] S[#/made-up] value must be one of "aal1", "highest_available"' in done.err
    assert "Request 44444444-dddd-4ddd-8ddd-000000000001" in done.err
    assert ("--verbosity 2" in done.err) is (verbosity == 1)
    assert ("oneOf failed" in done.err) is (verbosity == 2)


def test_refusal_without_a_reason_is_said(console):
    console.switches.refuses_plainly = True

    done = run(console, *ENABLE)

    assert (done.code, done.err) == (1, f"Ory refused the change of project {PROJECT_ID}: no reason given")


def test_feature_that_is_not_in_the_plan_is_named(console):
    console.switches.refuses_feature = True

    done = run(console, *ENABLE)

    assert done.code == 5
    assert "made_up_feature" in done.err


# Others who change the project.


def somebody(path: str, value: Any) -> Any:
    def change(project: Project) -> None:
        project.patch([{"op": "add", "path": f"/services/identity/config/{path}", "value": value}])

    return change


def test_change_of_something_else_in_between_is_kept(console):
    console.switches.intruder = somebody("session/lifespan", "48h")

    done = run(console, *ENABLE)

    assert done.code == 0
    assert (console.project.config["session"]["lifespan"], is_on(console)) == ("48h", True)
    assert len(patches(console)) == 2
    assert 0.5 <= done.pauses[0] <= 0.625


def test_change_of_what_was_shown_in_between_is_a_conflict(console):
    console.switches.intruder = somebody("session/whoami/required_aal", "highest_available")

    done = run(console, *ENABLE)

    assert done.code == 4
    assert '+session.whoami.required_aal: "highest_available"' in done.err
    assert not is_on(console)
    assert len(patches(console)) == 1


def test_stale_answer_after_a_conflict_is_asked_again(console):
    console.switches.is_stale = True
    console.switches.intruder = somebody("session/lifespan", "48h")

    done = run(console, *ENABLE)

    assert (done.code, is_on(console), len(patches(console))) == (0, True, 3)


def test_conflict_that_does_not_end_ends_with_4(console):
    def intruder(project: Project) -> None:
        console.switches.intruder = intruder

    console.switches.intruder = intruder

    done = run(console, *ENABLE)

    assert done.code == 4
    assert len(patches(console)) == 4
    assert [least <= wait <= least * 1.25 for least, wait in zip((0.5, 1, 2), done.pauses, strict=True)] == [True] * 3
    assert not is_on(console)


# What goes wrong on the way.


def test_rate_limit_is_waited_for(console):
    console.switches.rate_limits = 3

    done = run(console, *ENABLE)

    assert done.code == 0
    assert [limit <= wait <= limit * 1.5 for limit, wait in zip((1, 2, 4), done.pauses, strict=True)] == [True] * 3


def test_rate_limit_without_end_ends_with_6(console):
    console.switches.rate_limits = 1000

    done = run(console, *ENABLE)

    assert done.code == 6
    assert "refuses because of its rate limit (429)" in done.err
    assert len(console.requests) == 6
    assert max(done.pauses) <= 30


def test_rate_limit_of_a_change_says_that_nothing_was_changed(console):
    console.limits_patches = True

    done = run(console, *ENABLE)

    assert done.code == 6
    assert done.err.endswith("Nothing was changed.")


@pytest.mark.parametrize("switch", ["bad_gateways", "is_broken"])
def test_nonsense_ends_with_6(console, switch):
    setattr(console.switches, switch, True)

    done = run(console, *ENABLE)

    assert done.code == 6
    assert "gave no usable response" in done.err
    assert patches(console) == []


def test_project_without_configuration_ends_with_6(console):
    console.switches.extra = {"services": {}}

    assert "returned no identity configuration" in run(console, *ENABLE).err


def test_redirect_is_not_followed(console):
    seen: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(str(self.headers))

    elsewhere = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    thread = Thread(target=elsewhere.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    console.switches.redirect_to = f"http://127.0.0.1:{elsewhere.server_port}"

    done = run(console, "show", "--project", PROJECT_ID)

    elsewhere.shutdown()
    thread.join()
    elsewhere.server_close()
    assert done.code == 6
    assert "redirects (307). Redirects are not followed" in done.err
    assert seen == []


def test_console_that_is_not_there_ends_with_6():
    done = ory_mfa(
        "list", "workspaces", "--console-api-url", "http://127.0.0.1:1", environment={"ORY_WORKSPACE_API_KEY": KEY}
    )

    assert done.code == 6
    assert done.err == "http://127.0.0.1:1 cannot be reached (NewConnectionError). Nothing was sent."


def test_console_without_a_certificate_ends_with_6(console):
    url = console.url.replace("http:", "https:")

    done = ory_mfa("list", "workspaces", "--console-api-url", url, environment={"ORY_WORKSPACE_API_KEY": KEY})

    assert done.code == 6
    assert "is not trusted. Nothing was sent." in done.err


@pytest.mark.parametrize(
    ("hangs", "code", "words"),
    [("before", 6, "So far it is not applied."), ("after", 0, "It was applied nevertheless.")],
)
def test_change_without_an_answer_is_looked_for_and_not_sent_again(console, hangs, code, words):
    console.switches.hangs = hangs

    done = run(console, *ENABLE, timeout=(1, 0.3))

    assert done.code == code
    assert words in done.err
    assert len(patches(console)) == 1


@pytest.mark.parametrize("is_lost_for_good", [False, True])
def test_change_with_an_unreadable_answer_is_looked_for(console, is_lost_for_good):
    console.switches.drops_answer = True
    console.breaks_after_patch = is_lost_for_good

    done = run(console, *ENABLE)

    assert done.code == (6 if is_lost_for_good else 0)
    assert ("It is unknown whether it was made" if is_lost_for_good else "It was applied nevertheless.") in done.err
    assert len(patches(console)) == 1


# The whole configuration, and updates from a file.


def get(console: FakeConsole, tmp_path: Any, *options: str) -> Any:
    file = tmp_path / "identity-config.yaml"
    got = run(console, "get", "identity-config", "--project", PROJECT_ID, "--output", file, *options)
    assert got.code == 0
    return file


def update(console: FakeConsole, file: Any, *options: str, **more: Any) -> Result:
    return run(console, "update", "identity-config", "--project", PROJECT_ID, "--file", file, *options, **more)


def edit(file: Any, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_first_line_names_project_and_revision(console):
    got = run(console, "get", "identity-config", "--project", PROJECT_ID)

    assert got.out.splitlines()[0] == f"# ory_mfa: project {PROJECT_ID} revision {FIRST}"


def test_everything_goes_only_into_a_file_of_its_owner(console, tmp_path):
    file = get(console, tmp_path, "--all")

    assert "MADE-UP-SMTP-PASSWORD" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run(console, "get", "identity-config", "--project", PROJECT_ID, "--all").code == 2


def test_everything_overwrites_no_file_and_follows_no_link(console, tmp_path):
    (tmp_path / "there").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")

    for name in ("there", "link"):
        done = run(console, "get", "identity-config", "--project", PROJECT_ID, "--all", "--output", tmp_path / name)
        assert (done.code, "could not be written" in done.err) == (1, True)
    assert (tmp_path / "there").read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


def test_everything_that_finds_no_room_leaves_no_half(console, tmp_path):
    with no_file_beyond(100):
        done = run(console, "get", "identity-config", "--project", PROJECT_ID, "--all", "--output", tmp_path / "all")

    assert (done.code, "could not be written" in done.err) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_whole_configuration_survives_the_round_trip(console, tmp_path):
    file = get(console, tmp_path, "--all")

    done = update(console, file)

    assert (done.code, patches(console)) == (0, [])
    assert "already set" in done.out


@pytest.mark.parametrize("option", [[], ["--all"]])
def test_update_sends_the_mfa_keys_that_differ(console, tmp_path, option):
    file = get(console, tmp_path, *option)
    edit(file, "mfa_enabled: false", "mfa_enabled: true")

    done = update(console, file, "--yes")

    assert done.code == 0
    assert is_on(console)
    assert len(console.requests[-1].body) == 1


def test_update_again_is_already_so(console, tmp_path):
    file = get(console, tmp_path)
    edit(file, "mfa_enabled: false", "mfa_enabled: true")
    update(console, file, "--yes")

    again = update(console, file)

    assert again.code == 0
    assert "already set" in again.out


def test_other_keys_need_a_flag_and_are_not_shown(console, tmp_path):
    file = get(console, tmp_path, "--all")
    edit(file, "from_name: Sample Shop", "from_name: MADE-UP-NAME")

    refused = update(console, file, "--yes")
    sent = update(console, file, "--yes", "--all-keys", "--json")

    assert refused.code == 1
    assert "keys that are not MFA keys: courier.smtp.from_name" in refused.err
    assert sent.json["changed"] == [{"key": "courier.smtp.from_name"}]
    assert "courier.smtp.from_name: changes (value not shown)" in sent.err
    assert console.project.config["courier"]["smtp"]["from_name"] == "MADE-UP-NAME"


def test_update_of_a_stale_file_is_a_conflict(console, tmp_path):
    file = get(console, tmp_path)
    edit(file, "mfa_enabled: false", "mfa_enabled: true")
    console.project.renew()

    done = update(console, file, "--yes")

    assert done.code == 4
    assert "was changed by somebody else" in done.err
    assert patches(console) == []


def test_update_that_is_overtaken_is_a_conflict(console, tmp_path):
    file = get(console, tmp_path)
    edit(file, "mfa_enabled: false", "mfa_enabled: true")
    console.switches.intruder = somebody("session/lifespan", "48h")

    done = update(console, file, "--yes")

    assert (done.code, len(patches(console)), is_on(console)) == (4, 1, False)


def test_update_from_a_file_of_another_project_is_refused(console, tmp_path):
    file = get(console, tmp_path)
    edit(file, PROJECT_ID, OTHER_ID)

    done = update(console, file, "--yes")

    assert done.code == 1
    assert f"is from project {OTHER_ID}" in done.err


@pytest.mark.parametrize(
    ("options", "stdin", "code"),
    [(["--yes"], None, 1), ([], Terminal("y\n"), 1), (["--yes"], Terminal(), 0)],
    ids=["job", "asked", "insisted"],
)
def test_file_without_revision_needs_somebody_who_insists(console, tmp_path, options, stdin, code):
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"selfservice": {"methods": {"code": {"enabled": True, "mfa_enabled": True}}}}))

    done = update(console, file, *options, stdin=stdin)

    assert done.code == code
    assert is_on(console) is (code == 0)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.yaml", None, "cannot be read"),
        ("a.yaml", b"\xff", "is not in UTF-8"),
        ("a.yaml", b"- a", "holds no configuration"),
        ("a.yaml", b"a: [MADE-UP", "cannot be read as YAML 1.2"),
        ("a.txt", b"", "neither .yaml"),
        ("a.yaml", b"selfservice: {methods: {code: {mfa_enabled: yes}}}", f"{CODE_MFA} must be true or false"),
    ],
)
def test_file_that_is_no_configuration_is_refused(console, tmp_path, name, content, message):
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)

    done = update(console, file, "--yes", stdin=Terminal())

    assert done.code == 1
    assert message in done.err
    assert patches(console) == []


def test_empty_object_in_a_file_takes_nothing_away(console, tmp_path):
    file = get(console, tmp_path)
    edit(file, "session:\n  whoami:\n    required_aal: aal1\n", "session: {}\nnew_section: {}\n")

    done = update(console, file, "--yes", "--all-keys", "--json")

    assert [entry["key"] for entry in done.json["changed"]] == ["new_section"]
    assert console.project.config["session"]["whoami"]["required_aal"] == "aal1"


# The SDK.


def test_files_need_no_sdk(tmp_path):
    """In a process of its own: the SDK weighs 1.5 seconds and 60 MB."""
    (tmp_path / "kratos.json").write_text("{}")
    script = (
        "import sys; from django.core.management import execute_from_command_line as run; "
        f"run(['manage.py', 'ory_mfa', 'enable', 'codes', '--yes', '--file', {str(tmp_path / 'kratos.json')!r}]); "
        "print('ory_client' in sys.modules)"
    )

    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=dict(os.environ)
    )

    assert ran.stdout.endswith("changed.\nFalse\n")
