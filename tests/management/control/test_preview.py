"""The diff of a file before it is changed: the lines as they stand in it, and nothing that is not an MFA key."""

from __future__ import annotations

import json
import re
from difflib import unified_diff
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from django_ory_mfa.management.control import yaml_text
from django_ory_mfa.management.control.document import value_at, with_value
from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.control.formats import format_of
from django_ory_mfa.management.control.keys import CODE, CODE_MFA, KEYS, RETURN_URLS
from django_ory_mfa.management.control.preview import LEGEND, file_diff
from django_ory_mfa.management.control.visible import NAMES
from tests.control import ory_mfa
from tests.servers.kratos import CONFIG_FOLDER

YAML, JSON = Path("kratos.yml"), Path("kratos.json")
TEXT = """\
# The shop's own Kratos, password MADE-UP.
version: v26.2.0
dsn: postgres://kratos:MADE-UP@db/kratos   # MADE-UP
selfservice:
  default_browser_return_url: https://www.example.com/
  allowed_return_urls:
    - https://www.example.com/
    - https://user:MADE-UP@app.example.com/
  methods:
    password: {enabled: true, config: {MADE-UP: MADE-UP}}
    code:
      # mfa_enabled: MADE-UP
      enabled: true   # see MADE-UP
    MADE-UP: 1
"""


def diff_of(path: Path, text: str, **values: Any) -> str:
    """The diff of a change of keys whose name ends so."""
    names = [name for end in values for name in KEYS if name.replace(".", "_").endswith(end)]
    new = text
    for name, value in zip(names, values.values(), strict=True):
        new = format_of(path).splice(new, KEYS[name].path, value)
    return file_diff(path, text, new, names)


def test_diff_is_that_of_the_file_with_values_of_other_keys_masked():
    assert diff_of(YAML, TEXT, code_mfa_enabled=True) == (
        "--- kratos.yml\n"
        "+++ kratos.yml (after the change)\n"
        "@@ -11,4 +11,5 @@ selfservice.methods.code.mfa_enabled\n"
        "     code:\n"
        "       # …\n"
        "       enabled: true   # …\n"
        "+      mfa_enabled: true\n"
        "     …: …\n"
        f"{LEGEND}"
    )


def test_diff_of_a_line_with_other_keys_shows_the_known_ones():
    text = "session: { whoami: { required_aal: aal1, tokenizer: {MADE-UP: MADE-UP} } }  # MADE-UP\n"

    assert diff_of(YAML, text, whoami_required_aal="highest_available").splitlines()[2:-1] == [
        "@@ -1,1 +1,1 @@ session.whoami.required_aal",
        "-session: { whoami: { required_aal: aal1, tokenizer: {…: …} } }  # …",
        "+session: { whoami: { required_aal: highest_available, tokenizer: {…: …} } }  # …",
    ]


def test_diff_without_anything_masked_needs_no_legend():
    assert LEGEND not in diff_of(YAML, "selfservice: {methods: {code: {enabled: true}}}\n", code_mfa_enabled=True)


def test_diff_of_a_list_shows_the_entries_that_may_be_shown():
    text = diff_of(
        YAML, TEXT, allowed_return_urls=["https://www.example.com/", "https://user:MADE-UP@app.example.com/", "/"]
    )

    assert "@@ selfservice.allowed_return_urls\n" in text
    assert '     - https://www.example.com/\n     - …\n+    - "/"\n   methods:\n' in text


def test_diff_of_a_value_that_may_not_be_shown_masks_it():
    text = "selfservice: {default_browser_return_url: 'https://user:MADE-UP@a/'}\n"

    assert diff_of(YAML, text, default_browser_return_url="/").splitlines()[3:5] == [
        "-selfservice: {default_browser_return_url: …}",
        "+selfservice: {default_browser_return_url: '/'}",
    ]


def test_diff_of_json_is_masked_too():
    config = {
        "dsn": "MADE-UP",
        "selfservice": {
            "allowed_return_urls": ["/", {"MADE-UP": "MADE-UP"}, ["MADE-UP"], "//a:MADE-UP@b"],
            "methods": {"code": {"enabled": True, "config": {"MADE-UP": 1}}},
        },
    }

    assert diff_of(JSON, json.dumps(config, indent=2), code_mfa_enabled=True).splitlines()[2:] == [
        "@@ -14,6 +14,7 @@ selfservice.methods.code.mfa_enabled",
        '     "methods": {',
        '       "code": {',
        '         "enabled": true,',
        '+        "mfa_enabled": true,',
        '         "config": {',
        "           …: …",
        "         }",
        LEGEND,
    ]
    assert diff_of(JSON, json.dumps(config), code_mfa_enabled=True).splitlines()[3] == (
        '-{"dsn": …, "selfservice": {"allowed_return_urls": ["/", {…: …}, […], …], "methods": {"code": '
        '{"enabled": true, "config": {…: …}}}}}'
    )


ON = "selfservice: {methods: {code: {enabled: true}}}\n"
BLOCK = "selfservice:\n  methods:\n    code:\n      enabled: true\n"
SECRETS = {
    "comment above": "selfservice:\n  # MADE-UP\n  methods:\n    code:\n      enabled: true\n",
    "commented secret": f"#dsn: MADE-UP\n{ON}#MADE-UP: - {{}}[],:\n",
    "block of text": f"{BLOCK}      config: |  # MADE-UP\n        MADE-UP\n        # MADE-UP\n      x: 1\n",
    "folded text": f"{BLOCK}      config: >-\n        MADE-UP: MADE-UP\n",
    "quoted over lines": f'{BLOCK}      x: "a\n        enabled: MADE-UP"\n',
    "known value over lines": f'{BLOCK}  default_browser_return_url: "\n    MADE-UP"\n',
    "known value in a block": f"{BLOCK}  default_browser_return_url: |\n    MADE-UP\n",
    "same line": "selfservice: {methods: {code: {enabled: true, config: {a: MADE-UP}}, link: {b: MADE-UP}}}\n",
    "name": f"{BLOCK}    MADE-UP: true\n    ? MADE-UP-TOO\n    : 1\n",
    "set": f"secrets: {{MADE-UP}}\n{ON}",
    "list": f"{BLOCK}secrets:\n  cookie:\n    - MADE-UP\n  cipher: [MADE-UP]\n",
    "object for a value": f"{BLOCK}  allowed_return_urls: {{a: MADE-UP}}\n",
    "list in a list": f"{BLOCK}  allowed_return_urls: [[MADE-UP]]\n",
    "list on the way": f"session: [{{whoami: {{required_aal: MADE-UP}}}}]\n{ON}",
    "name with dots": f"session.whoami: {{required_aal: MADE-UP}}\n{ON}",
    "alias of a secret": f"dsn: &a MADE-UP\nsession: {{whoami: {{required_aal: *a}}}}\n{ON}",
    "anchor on a known value": f"session: {{whoami: {{required_aal: &MADE-UP aal1}}}}\n{ON}",
    "alias of an object": f"x: &x {{required_aal: MADE-UP}}\nsession: {{whoami: *x}}\n{ON}",
    "name with an anchor": f"&MADE-UP session: {{whoami: {{required_aal: aal1}}}}\n{ON}",
    "tag": f"session: {{whoami: {{required_aal: !!str MADE-UP}}}}\n{ON}",
    "user information": f"{BLOCK}  default_browser_return_url: https://a:MADE-UP@b/\n",
    "escaped user information": f'{BLOCK}  default_browser_return_url: "https://a:MADE-UP\\x40b/"\n',
    "after a byte order mark": f"\ufeffdsn: MADE-UP\n{ON}",
    "after wide characters": f'# 🔑é MADE-UP\ndsn: 🔑MADE-UP\nlog: "\u2028é\x85"\n{ON}dev: MADE-UP\n',
    "without a last line end": f"{ON}dsn: MADE-UP",
    "json": '{"dsn": "MADE-UP", "selfservice": {"methods": {"code": {"enabled": true, "config": {"a": ["MADE-UP"]}}}}}',
    "json with escapes": '{"a\\"b": "MADE-UP \\" , \\\\", "selfservice": {"methods": {"code": {"enabled": true}}}}',
    "json after a byte order mark": '\ufeff{"dsn": "MADE-UP", "selfservice": {"methods": {"code": {"enabled": true}}}}',
}


@pytest.mark.parametrize("text", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_nothing_else_of_the_file_is_shown(text, newline):
    path = JSON if text.lstrip("\ufeff").startswith("{") else YAML
    text = text.replace("\n", newline)

    shown = diff_of(path, text, code_mfa_enabled=True)

    assert "mfa_enabled" in shown
    assert "MADE" not in shown
    assert "UP" not in shown


def test_list_on_the_way_in_json_is_no_known_key():
    text = '{"session": [{"whoami": {"required_aal": "MADE-UP"}}], "feature_flags": {}}'

    assert "MADE-UP" not in diff_of(JSON, text, cacheable_sessions=True)


def test_terminal_is_not_commanded_by_the_file():
    text = "selfservice:\n  default_browser_return_url: /\u202ea\u200b\n  methods: {code: {enabled: true}}\n"

    assert diff_of(YAML, text, code_mfa_enabled=True).replace("\n", "").isprintable()


@pytest.mark.parametrize(("path", "text"), [(YAML, ON), (JSON, '{"selfservice": {"methods": {"code": {}}}}\n')])
def test_byte_order_mark_is_left_out(path, text):
    shown = diff_of(path, f"\ufeff{text}", code_mfa_enabled=True).splitlines()

    assert shown[3] == f"-{text.rstrip()}"


def test_changes_far_apart_have_a_head_each_that_names_the_key():
    text = (CONFIG_FOLDER / "kratos.strict.yml").read_text()

    shown = diff_of(YAML, text, whoami_required_aal="aal1", code_mfa_enabled=False)

    assert [line.partition("@@ ")[2].partition("@@ ")[2] for line in shown.splitlines() if line.startswith("@@")] == [
        "session.whoami.required_aal",
        "selfservice.methods.code.mfa_enabled",
    ]


def test_each_file_that_changes_is_shown(tmp_path):
    one, other = tmp_path / "a.yml", tmp_path / "b.json"
    one.write_text("selfservice: {methods: {code: {enabled: false}}}\n")
    other.write_text('{"selfservice": {"methods": {"code": {"mfa_enabled": false}}}}\n')

    shown = ory_mfa("enable", "codes", "--file", one, "--file", other, "--dry-run").out

    assert f"--- {one}\n" in shown
    assert f"--- {other}\n" in shown


# The lines and heads are those of every other unified diff.

LINES = st.lists(st.sampled_from(["dsn: x", "# c", "dev: true", ""]), max_size=12)


@settings(max_examples=100, deadline=None)
@given(LINES, LINES)
def test_diff_is_a_unified_one(before, after):
    before, after = ["a: 1", *before], ["a: 1", *after]
    old, new = "".join(f"{line}\n" for line in before), "".join(f"{line}\n" for line in after)
    # Every line is unknown here, so that only the sign at its beginning can be compared.
    expected = [line if line.startswith("@@") else line[0] for line in unified_diff(before, after, n=3, lineterm="")][
        2:
    ]

    shown = file_diff(YAML, old, new, [])

    got = [
        re.sub(r",1(?= )", "", line) if line.startswith("@@") else (line or " ")[0] for line in shown.splitlines()[2:]
    ]
    assert [line for line in got if line != "("] == expected


# Whatever the file looks like.

TREES = st.recursive(
    st.sampled_from(
        ["MADE-UP", "MADE-UP # MADE-UP", "MADE-UP\nMADE-UP: enabled\n", "🔑\u2028MADE\x85UP\ufeff", True, None]
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["MADE-UP", "enabled", "whoami", "required_aal", "config", "dsn", "MADE: UP", "-"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=10,
)


@st.composite
def texts(draw: st.DrawFn) -> tuple[Path, str]:
    """A configuration with secrets around the known keys, in YAML with comments or in JSON."""
    names = st.sampled_from(["MADE-UP", "dsn", "session", "courier"])
    config: dict[str, Any] = draw(st.dictionaries(names, TREES, min_size=1))
    for name in draw(st.lists(st.sampled_from([CODE, RETURN_URLS, "session.whoami.required_aal"]), unique=True)):
        config = with_value(config, (*KEYS[name].path[:-1], draw(st.sampled_from(["MADE-UP", "config"]))), draw(TREES))
        config = with_value(config, KEYS[name].path, [draw(TREES)] if name == RETURN_URLS else True)
    for key in KEYS.values():
        if isinstance(value_at(config, key.path), str | list):
            # A text is a value that may be shown.
            config = with_value(config, key.path, {"enabled": value_at(config, key.path)})
    if draw(st.booleans()):
        return JSON, json.dumps(config, indent=draw(st.sampled_from([None, 2])), ensure_ascii=draw(st.booleans()))
    lines = []
    for name, value in config.items():
        raw = json.dumps(value, ensure_ascii=draw(st.booleans()))
        written = yaml_text.dump({name: value}) if draw(st.booleans()) else f"{json.dumps(name)}: {raw}\n"
        lines += [draw(st.sampled_from(["", "# MADE-UP\n", "#MADE-UP: {\n"])), written]
    return YAML, draw(st.sampled_from(["", "\ufeff"])) + "".join(lines)


@settings(max_examples=200, deadline=None)
@given(texts(), st.sampled_from([CODE_MFA, CODE, "session.whoami.required_aal", "feature_flags.cacheable_sessions"]))
def test_no_secret_of_any_file_is_shown(made, name):
    path, text = made
    try:
        new = format_of(path).splice(text, KEYS[name].path, False)  # noqa: FBT003 - a value
    except ControlError:
        assume(False)  # noqa: FBT003 - the signature of hypothesis

    shown = file_diff(path, text, new, [name])

    assert "MADE" not in shown
    assert "UP" not in shown


def test_names_that_are_shown_are_words():
    assert [name for name in NAMES if not re.fullmatch(r"[a-z0-9_]+", name)] == []
