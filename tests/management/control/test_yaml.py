"""One value of a text changes; every other character stays."""

from __future__ import annotations

import json
import subprocess
import sys
from difflib import SequenceMatcher
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from django_ory_mfa.management.control import json_text, yaml_text
from django_ory_mfa.management.control.document import with_value
from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.control.yaml_splice import UnspliceableError, splice

BLOCK = """\
# Kratos of the shop
selfservice:   # self-service
  methods:
    totp: { enabled: true }  # apps
    code:
      # codes by e-mail
      enabled: true

    link: {}
  allowed_return_urls:
    - https://a.test/   # first
    - 'https://b.test/'
    - "https://c.test/"
session:
  whoami: {required_aal: "aal1", other: [1, 2]}
"""


def changed(text: str, path: str, value: Any) -> list[str]:
    """The lines that go, with a minus, and that come, with a plus."""
    new = splice(text, tuple(path.split(".")), value)
    old_lines, new_lines = text.splitlines(keepends=True), new.splitlines(keepends=True)
    lines = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old_lines, new_lines, autojunk=False).get_opcodes():
        if tag != "equal":
            lines += [f"-{line.rstrip()}" for line in old_lines[i1:i2]]
            lines += [f"+{line.rstrip()}" for line in new_lines[j1:j2]]
    return lines


@pytest.mark.parametrize(
    ("path", "value", "lines"),
    [
        ("selfservice.methods.code.enabled", False, ["-      enabled: true", "+      enabled: false"]),
        ("selfservice.methods.code.mfa_enabled", True, ["+      mfa_enabled: true"]),
        (
            "selfservice.methods.totp.enabled",
            False,
            ["-    totp: { enabled: true }  # apps", "+    totp: { enabled: false }  # apps"],
        ),
        (
            "selfservice.methods.totp.config.issuer",
            "A: b",
            [
                "-    totp: { enabled: true }  # apps",
                '+    totp: { enabled: true, config: { issuer: "A: b" } }  # apps',
            ],
        ),
        ("selfservice.methods.link.enabled", True, ["-    link: {}", "+    link: {enabled: true}"]),
        (
            "selfservice.flows.settings.required_aal",
            "aal1",
            ["+  flows:", "+    settings:", "+      required_aal: aal1"],
        ),
        ("selfservice.flows.settings.x", "yes", ["+  flows:", "+    settings:", '+      x: "yes"']),
        ("feature_flags.cacheable_sessions", True, ["+feature_flags:", "+  cacheable_sessions: true"]),
        (
            "session.whoami.required_aal",
            "highest_available",
            [
                '-  whoami: {required_aal: "aal1", other: [1, 2]}',
                '+  whoami: {required_aal: "highest_available", other: [1, 2]}',
            ],
        ),
        (
            "selfservice.allowed_return_urls",
            ["https://a.test/", "https://b.test/", "https://c.test/", "https://d.test/"],
            ["+    - https://d.test/"],
        ),
        (
            "selfservice.allowed_return_urls",
            ["https://a.test/", "https://b.test/", "https://c.test/", "https://d.test/?a=b", "/"],
            ['+    - "https://d.test/?a=b"', '+    - "/"'],
        ),
        ("other.urls", ["https://a.test/", "/"], ["+other:", "+  urls:", "+    - https://a.test/", '+    - "/"']),
        ("other.urls", [], ["+other:", "+  urls: []"]),
    ],
)
def test_only_the_lines_of_the_key_change(path, value, lines):
    assert changed(BLOCK, path, value) == lines


@pytest.mark.parametrize(
    ("text", "path", "value", "new"),
    [
        ("a: 'x'", "a", "v", "a: 'v'"),
        ("a: 'x'", "a", "it's", 'a: "it\'s"'),
        ("a: x # why", "a", "v w", 'a: "v w" # why'),
        ("a:\r\n  b: 1\r\n", "a.c", True, "a:\r\n  b: 1\r\n  c: true\r\n"),
        ("a: 1", "b", True, "a: 1\nb: true\n"),
        ("a:\n    b:\n        c: 1\n", "a.d.e", 1, "a:\n    b:\n        c: 1\n    d:\n        e: 1\n"),
        ("é: 'ü'\na: 🔑\nb: x\n", "b", "v", "é: 'ü'\na: 🔑\nb: v\n"),
        ("a: [x, v]  # c", "a", ["v", "z w"], 'a: [v, "z w"]  # c'),
        ("a: [x]", "a", [], "a: []"),
        ("a:\n- x\n", "a", ["x", "v"], "a:\n- x\n- v\n"),
        ("a:\n- x", "a", ["x", "v"], "a:\n- x\n- v\n"),
        ('{"a": {"b": 1}}', "a.c", "x", '{"a": {"b": 1, "c": "x"}}'),
        ("{}", "a", True, "{a: true}"),
        ("a: {b: c}\n", "a.b", "15m", "a: {b: 15m}\n"),
        ("\ufeffa: 1\nb: x\n", "b", "v", "\ufeffa: 1\nb: v\n"),
        ("---\na: x\n", "a", "v", "---\na: v\n"),
        ("a: null\n", "a", "v", "a: v\n"),
        ("x: &n 1\nz: *n\na: b\n", "a", "c", "x: &n 1\nz: *n\na: c\n"),
        ("a: b\n# the end", "c", 1, "a: b\n# the end\nc: 1\n"),
    ],
)
def test_text_is_spliced(text, path, value, new):
    assert splice(text, tuple(path.split(".")), value) == new


CODE_MFA = "selfservice.methods.code.mfa_enabled"
PLACES = {
    "after its sister": (
        """\
selfservice:
  methods:
    code:
      config:
        lifespan: 15m
      enabled: true
      passwordless_enabled: false
""",
        CODE_MFA,
        [
            "       enabled: true",
            "+      mfa_enabled: true",
            "       passwordless_enabled: false",
        ],
    ),
    "before the comment of the next key": (
        """\
selfservice:
  methods:
    code:
      enabled: true   # mailed codes

      # how long
      # a code is good
      config: {lifespan: 15m}
""",
        CODE_MFA,
        [
            "       enabled: true   # mailed codes",
            "+      mfa_enabled: true",
            " ",
            "       # how long",
        ],
    ),
    "before the comment of the next section": (
        """\
selfservice:
  methods:
    code:
      # on for recovery
      enabled: true

    # links
    link: {}
""",
        CODE_MFA,
        [
            "       enabled: true",
            "+      mfa_enabled: true",
            " ",
            "     # links",
        ],
    ),
    "after the comments inside its sister": (
        """\
selfservice:
  methods:
    code:
      enabled: true
      # mfa_enabled: ask somebody first
    link: {}
""",
        "selfservice.methods.totp.enabled",
        [
            "       # mfa_enabled: ask somebody first",
            "+    totp:",
            "+      enabled: true",
            "     link: {}",
        ],
    ),
    "beside keys with values, not after objects": (
        """\
selfservice:
  flows:
    settings:
      ui_url: /settings
      after:
        default_browser_return_url: /
""",
        "selfservice.flows.settings.required_aal",
        [
            "       ui_url: /settings",
            "+      required_aal: true",
            "       after:",
        ],
    ),
    "beside keys with values, not after sections": (
        """\
selfservice:
  default_browser_return_url: /
  methods:
    code: {}
  flows: {}
""",
        "selfservice.allowed_return_urls",
        [
            "   default_browser_return_url: /",
            "+  allowed_return_urls: true",
            "   methods:",
        ],
    ),
    "after keys with values, as an object": (
        """\
session:
  lifespan: 1h
  whoami: {}
selfservice:
  methods:
    totp:
      enabled: true
    link: {}
""",
        "selfservice.methods.totp.config.issuer",
        [
            "       enabled: true",
            "+      config:",
            "+        issuer: true",
            "     link: {}",
        ],
    ),
    "after a list that is not indented": (
        """\
selfservice:
  allowed_return_urls:
  - /
  # what follows
  - /more
  # the end of them
session: {}
""",
        "selfservice.default_browser_return_url",
        [
            "   - /more",
            "+  default_browser_return_url: true",
            "   # the end of them",
        ],
    ),
    "in one line, as its sister": (
        """\
selfservice:
  methods:
    password: { enabled: true }
    totp: { enabled: true }
  flows: {}
""",
        "selfservice.methods.lookup_secret.enabled",
        [
            "     totp: { enabled: true }",
            "+    lookup_secret: { enabled: true }",
            "   flows: {}",
        ],
    ),
    "indented as its sister": (
        """\
log: {}
selfservice:
 methods:
     code:
         enabled: true
""",
        "selfservice.methods.totp.enabled",
        [
            "          enabled: true",
            "+     totp:",
            "+         enabled: true",
        ],
    ),
    "quoted as its sister": (
        """\
"selfservice":
  "methods":
    'code':
      'enabled': true
""",
        CODE_MFA,
        [
            "       'enabled': true",
            "+      'mfa_enabled': true",
        ],
    ),
    "after its sister in braces": (
        """\
selfservice: { methods: { code: { enabled: true, config: {} } } }
""",
        CODE_MFA,
        [
            "-selfservice: { methods: { code: { enabled: true, config: {} } } }",
            "+selfservice: { methods: { code: { enabled: true, mfa_enabled: true, config: {} } } }",
        ],
    ),
    "on a line of its own in braces": (
        """\
selfservice: {
  methods: {
    code: {
      enabled: true,  # on
      config: {}
    }
  }
}
""",
        CODE_MFA,
        [
            "       enabled: true,  # on",
            "+      mfa_enabled: true,",
            "       config: {}",
        ],
    ),
    "last on a line of its own in braces": (
        """\
selfservice: {
  methods: {
    code: {
      enabled: true  # on
    }
  }
}
""",
        CODE_MFA,
        [
            "-      enabled: true  # on",
            "+      enabled: true,  # on",
            "+      mfa_enabled: true",
            "     }",
        ],
    ),
    "after a section": (
        """\
selfservice:
  methods: {}
# mails
courier: {}
""",
        "session.whoami.required_aal",
        [
            "   methods: {}",
            "+session:",
            "+  whoami:",
            "+    required_aal: true",
            " # mails",
        ],
    ),
    "at the end, after the last section": (
        """\
dsn: memory
selfservice:
  methods: {}

# the end
""",
        "session.whoami.required_aal",
        [
            " # the end",
            "+session:",
            "+  whoami:",
            "+    required_aal: true",
        ],
    ),
    "after an alias": (
        """\
x: &x {enabled: true}
selfservice:
  methods:
    code: *x
    link: {}
""",
        "selfservice.methods.totp.enabled",
        [
            "     code: *x",
            "+    totp:",
            "+      enabled: true",
            "     link: {}",
        ],
    ),
    "after a block of text": (
        """\
selfservice:
  methods:
    code:
      note: |
        # no comment

        text

    link: {}
""",
        CODE_MFA,
        [
            "         text",
            "+      mfa_enabled: true",
            " ",
            "     link: {}",
        ],
    ),
}


@pytest.mark.parametrize(("text", "path", "lines"), PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_new_key_stands_where_a_person_would_write_it(text, path, lines, newline):
    """``lines`` are those around it, as in a unified diff."""
    old, new = ("".join(f"{line[1:]}\n" for line in lines if line[0] in signs) for signs in (" -", " +"))
    assert text.count(old) == 1

    got = splice(text.replace("\n", newline), tuple(path.split(".")), True)  # noqa: FBT003 - a value

    assert got == text.replace(old, new).replace("\n", newline)


@pytest.mark.parametrize(
    ("text", "path", "value", "why"),
    [
        ("a: &x b\nc: *x\n", "a", "d", "anchor"),
        ("a: &x b\nc: *x\n", "c", "d", "anchor"),
        ("a: &x {b: 1}\n", "a.b", 2, "anchor"),
        ("x: &x {q: 1}\na: {b: *x}\n", "a.c", 1, "other keys would change"),
        ("x: &x {b: 1}\na:\n  <<: *x\n  c: 1\n", "a.b", 2, "<<"),
        ("a:\n", "a", "d", "another kind"),
        ("a:\n", "a.b", "d", "a is not an object"),
        ("a: 1\n", "a.b", "d", "a is not an object"),
        ("- a\n", "a", "d", "the file is not an object"),
        ("a: !!str b\n", "a", "d", "tag"),
        ("a: !!map {b: c}\n", "a.b", "d", "tag"),
        ("a: |\n  b\n", "a", "d", "block"),
        ("a: {b: c}\n", "a", "d", "another kind"),
        ("a: b\n", "a", ["d"], "another kind"),
        ("a: [b]\n", "a", "d", "another kind"),
        ("%YAML 1.1\n---\na: b\n", "a", "c", "directive"),
        ("a: [b, # c\n  d]\n", "a", ["b"], "comment"),
        ("a:\n- b\n- c\n", "a", ["c", "b"], "order"),
        ("a:\n- b\n", "a", ["c"], "would go"),
        ("a:\n- b\n- c\n", "a", ["b"], "would go"),
        ("a:\n- b\n", "a", [], "would go"),
        ("a:\n  b: |+\n    x\n\nc: 1\n", "a.d", 2, "other keys would change"),
        ("? {a: 1}\n: b\n", "a", 1, "YAML"),
    ],
)
def test_text_that_cannot_be_changed_in_part_is_refused(text, path, value, why):
    with pytest.raises(ControlError, match=why):
        splice(text, tuple(path.split(".")), value)


@pytest.mark.parametrize(
    "text", ["a: b: c", "a: [", "a: 1\n---\nb: 2\n", "a: 1\na: 2\n", "a: !secret MADE-UP\n", "\ta: 1", "a: *x", "\x00"]
)
def test_what_is_no_yaml_is_refused_without_being_quoted(text):
    with pytest.raises(ControlError, match=r"^It cannot be read as YAML 1\.2") as refused:
        yaml_text.load(text)

    assert "MADE-UP" not in str(refused.value)
    assert not isinstance(refused.value, UnspliceableError)
    assert refused.value.__cause__ is None


def test_yes_is_a_text_as_it_is_to_kratos():
    assert yaml_text.load("a: yes\nb: on\nc: 0o14\nd: 012\ne: 2026-01-01") == {
        "a": "yes",
        "b": "on",
        "c": 12,
        "d": 12,
        "e": "2026-01-01",
    }


NAMES = st.text("abcdeé_", min_size=1, max_size=4)
SCALARS = st.one_of(st.booleans(), st.integers(0, 99), st.text("ab :#'\"{}[]é\n", max_size=6), st.just("yes"))
TREES = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3))
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """YAML with comments, flow collections, wide indentation and different line ends."""
    tree = draw(st.dictionaries(NAMES, TREES, min_size=1, max_size=4))
    lines = []
    for name, value in tree.items():
        written = yaml_text.dump({name: value}) if draw(st.booleans()) else f"{json.dumps(name)}: {json.dumps(value)}\n"
        lines += [f"# {draw(st.text('ab:#', max_size=5))}\n"] if draw(st.booleans()) else []
        lines.append(written)
    text = "".join(lines)
    return text.replace("\n", "\r\n") if draw(st.booleans()) and '"' not in text else text


def paths_of(tree: Any, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(tree, dict):
        return [above]
    return [path for name, value in tree.items() for path in paths_of(value, (*above, name))] or [above]


@settings(max_examples=50, deadline=None)
@given(texts(), st.data())
def test_everything_but_the_value_stays(text, data):
    """Whatever the text: the value is set and nothing else, or the change is refused."""
    tree = yaml_text.load(text)
    path = data.draw(st.sampled_from(paths_of(tree))) + data.draw(st.sampled_from([(), ("new",), ("new", "er")]))
    value = data.draw(st.one_of(st.booleans(), st.sampled_from(["aal1", "15m", "a: b"])))

    try:
        new = splice(text, path, value)
    except UnspliceableError:
        assume(False)  # noqa: FBT003 - the signature of hypothesis

    assert yaml_text.load(new) == with_value(tree, path, value)
    prefix = next(
        (at for at, (old, now) in enumerate(zip(text, new, strict=False)) if old != now), min(len(text), len(new))
    )
    rest = len(text) - prefix
    kept = next((n for n in range(rest, -1, -1) if new.endswith(text[len(text) - n :])), 0)
    # What went is one piece, and no more than the value that was there.
    assert text[prefix : len(text) - kept].count("\n") <= 1
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert [line for line in new.splitlines() if line.startswith("#")] == comments


@settings(max_examples=50, deadline=None)
@given(TREES)
def test_what_is_dumped_is_read_again(tree):
    assert yaml_text.load(yaml_text.dump({"a": tree})) == {"a": tree}


def test_dump_is_ascii():
    text = yaml_text.dump({"a": "é\u202e\x1b"})

    assert text.isascii()
    assert text.replace("\n", "").isprintable()


# JSON.


def test_new_key_of_json_stands_where_a_person_would_write_it():
    config = {"enabled": True, "passwordless_enabled": False, "config": {"lifespan": "15m"}}
    text = json.dumps({"selfservice": {"methods": {"code": config}, "flows": {}}})

    new = json_text.splice(text, tuple(CODE_MFA.split(".")), True)  # noqa: FBT003 - a value

    assert new == text.replace('"enabled": true, ', '"enabled": true, "mfa_enabled": true, ')


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ('{"a": {"b": "x"}}', '{"a": {"b": true}}'),
        ('{\n  "a": {\n    "b": "x"\n  }\n}\n', '{\n  "a": {\n    "b": true\n  }\n}\n'),
        ('{\r\n\t"c": "é",\r\n\t"a": {}\r\n}', '{\r\n\t"c": "é",\r\n\t"a": {\r\n\t\t"b": true\r\n\t}\r\n}'),
        ('\ufeff{"c": "\\u00e9"}\n', '\ufeff{"c": "é", "a": {"b": true}}\n'),
    ],
)
def test_json_keeps_its_look(text, new):
    assert json_text.splice(text, ("a", "b"), True) == new  # noqa: FBT003 - a value


@pytest.mark.parametrize("text", ["{", '{"a": 1, "a": 2}', "[" * 100_000, "MADE-UP"])
def test_what_is_no_json_is_refused_without_being_quoted(text):
    with pytest.raises(ControlError, match=r"^It cannot be read as JSON") as refused:
        json_text.load(text)

    assert "MADE-UP" not in str(refused.value)


def test_yaml_without_its_package_says_what_to_install():
    """In a process of its own, where the package cannot be found."""
    script = """
import sys
sys.modules["ruamel"] = sys.modules["ruamel.yaml"] = None
from django_ory_mfa.management.control.formats import yaml_format
from django_ory_mfa.management.control.failures import ControlError
try:
    yaml_format()
except ControlError as error:
    print(error)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert ran.stdout == "YAML needs the package ruamel.yaml: python -m pip install 'ruamel.yaml>=0.18'.\n"
