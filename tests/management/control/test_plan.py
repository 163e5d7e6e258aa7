"""What a wish changes, does and may not do: the pure part of the control plane."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_ory_mfa.management.control import findings as looked_at
from django_ory_mfa.management.control import rules
from django_ory_mfa.management.control.document import (
    MISSING,
    canonical,
    leaves,
    merged,
    mfa_part,
    mfa_tree,
    value_at,
    with_value,
)
from django_ory_mfa.management.control.findings import Declared, findings, is_allowed
from django_ory_mfa.management.control.keys import CODE_MFA, KEYS, RETURN_URLS, UnfitValueError
from django_ory_mfa.management.control.plan import PREFIX, Plan, operations, plan, pointer, with_changes
from django_ory_mfa.management.control.preview import key_list
from django_ory_mfa.management.control.shown import Redactor, clean, shown, table, values
from tests.console.platform import _apply as apply_operation
from tests.console.server import sample

LIVE = sample("project_200")["body"]
CONFIG = LIVE["services"]["identity"]["config"]
CODE_PATH = KEYS[CODE_MFA].path
GOOD = {
    "session": {"whoami": {"required_aal": "highest_available"}},
    "selfservice": {
        "allowed_return_urls": ["https://www.example.com/"],
        "methods": {"code": {"enabled": True, "mfa_enabled": True}},
        "flows": {"settings": {"required_aal": "highest_available"}},
    },
}
DECLARED = Declared("highest_available", "highest_available", "https://www.example.com")
ANY_VALUE = {
    "true or false": st.booleans(),
    "aal1 or highest_available": st.sampled_from(["aal1", "highest_available"]),
    "a duration such as 15m or 1h30m": st.sampled_from(["15m", "1h", "90s", "1h30m0s"]),
    "a text": st.text("abc ~/é", min_size=1).filter(str.strip),
    "a URL without user information": st.sampled_from(["/", "https://www.example.com/x"]),
    "URLs without user information, separated by spaces": st.lists(
        st.sampled_from(["/", "https://a/", "https://*.b/"]), unique=True
    ),
}


def configured(config: dict[str, Any] = GOOD, **values: Any) -> dict[str, Any]:
    """``config`` with other values, of keys whose name ends so."""
    for end, value in values.items():
        (key,) = (key for name, key in KEYS.items() if name.replace(".", "_").endswith(end))
        config = with_value(config, key.path, value)
    return config


def planned(config: dict[str, Any], *, is_network: bool = True, **wish: Any) -> Plan:
    """The plan for values of keys whose name ends so."""
    return plan(config, dict(leaves(configured({}, **wish))), is_network=is_network)


def found(config: dict[str, Any], declared: Declared = DECLARED) -> list[tuple[str, str]]:
    return [(finding.level, finding.key.rpartition(".")[2]) for finding in findings(config, declared)]


# Keys.


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        (CODE_MFA, "true", True),
        (CODE_MFA, "false", False),
        ("session.whoami.required_aal", "aal1", "aal1"),
        ("selfservice.flows.settings.privileged_session_max_age", "1h30m", "1h30m"),
        ("selfservice.methods.totp.config.issuer", "Shop", "Shop"),
        (RETURN_URLS, "https://a/ https://*.b.test/", ["https://a/", "https://*.b.test/"]),
        (
            RETURN_URLS,
            "app.example://callback app:/x app:///y / /ui?a=b@c",
            ["app.example://callback", "app:/x", "app:///y", "/", "/ui?a=b@c"],
        ),
    ],
)
def test_text_of_a_command_line_is_read(name, text, value):
    assert KEYS[name].parse(text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (CODE_MFA, "yes"),
        (CODE_MFA, "True"),
        (CODE_MFA, ""),
        ("session.whoami.required_aal", "aal2"),
        ("selfservice.flows.settings.privileged_session_max_age", "15"),
        ("selfservice.flows.settings.privileged_session_max_age", "15m "),
        ("selfservice.methods.totp.config.issuer", " "),
        ("selfservice.methods.totp.config.issuer", "a\x1b[2J"),
        (RETURN_URLS, "https://user:password@a/"),
        (RETURN_URLS, "//user:password@a/"),
        (RETURN_URLS, "https://a/\\b"),
        (RETURN_URLS, "https://é/"),
        (RETURN_URLS, "https://[/"),
        ("selfservice.default_browser_return_url", ""),
    ],
)
def test_unfit_text_is_refused_without_being_quoted(name, text):
    with pytest.raises(UnfitValueError) as refused:
        KEYS[name].parse(text)

    assert str(refused.value) == f"{name} must be {KEYS[name].kind.allowed}"


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [("15m", "15m0s", True), ("1h", "60m", True), ("15m", "15s", False), ("15m", None, False), ("soon", "soon", True)],
)
def test_durations_are_compared_as_time(one, other, is_same):
    assert KEYS["selfservice.flows.settings.privileged_session_max_age"].is_same(one, other) is is_same


def test_true_and_1_are_not_the_same():
    assert not KEYS[CODE_MFA].is_same(one=True, other=1)


# Trees.


def test_value_below_something_else_is_missing():
    assert value_at({"a": {"b": 1}}, ("a", "b", "c")) is MISSING
    assert value_at({"a": {"b": None}}, ("a", "b")) is None


def test_change_of_a_copy_leaves_the_original():
    config = {"a": {"b": {"c": 1}}}

    assert with_value(config, ("a", "b", "c"), 2) == {"a": {"b": {"c": 2}}}
    assert config == {"a": {"b": {"c": 1}}}


def test_null_on_the_way_becomes_an_object():
    assert with_value({"a": None}, ("a", "b"), 1) == {"a": {"b": 1}}


def test_files_are_merged_like_kratos_does():
    assert merged({"a": {"b": 1, "c": [1]}, "d": 1}, {"a": {"c": [2]}, "d": {}}) == {"a": {"b": 1, "c": [2]}, "d": {}}


def test_leaves_are_what_is_no_object():
    assert dict(leaves({"a": {"b": 1, "c": {}}, "d": [{"e": 1}]})) == {
        ("a", "b"): 1,
        ("a", "c"): {},
        ("d",): [{"e": 1}],
    }


def test_canonical_text_tells_true_from_1():
    assert canonical({"a": True, "b": 1}) == canonical({"b": 1, "a": True}) != canonical({"a": 1, "b": 1})


def test_mfa_part_holds_known_keys_and_nothing_else():
    assert set(mfa_part(CONFIG)) <= set(KEYS)
    assert "MADE-UP" not in json.dumps([mfa_part(CONFIG), mfa_tree(CONFIG)])
    assert mfa_part(mfa_tree(CONFIG)) == mfa_part(CONFIG)


# Plans.


@settings(max_examples=50, deadline=None)
@given(st.fixed_dictionaries({}, optional={name: ANY_VALUE[key.kind.allowed] for name, key in KEYS.items()}))
def test_patch_sets_exactly_the_wished_keys(wish):
    made = plan(CONFIG, {KEYS[name].path: value for name, value in wish.items()}, is_network=True)
    project = copy.deepcopy(LIVE)

    for operation in operations(CONFIG, made.changes):
        apply_operation(project, operation)

    config = project["services"]["identity"]["config"]
    assert config == with_changes(CONFIG, made.changes)
    assert all(KEYS[name].is_same(value_at(config, KEYS[name].path), value) for name, value in wish.items())
    after = dict(leaves(config))
    assert [path for path, value in leaves(CONFIG) if ".".join(path) not in wish and after[path] != value] == []


@settings(max_examples=50, deadline=None)
@given(st.fixed_dictionaries({}, optional={name: ANY_VALUE[key.kind.allowed] for name, key in KEYS.items()}))
def test_plan_after_a_plan_is_empty(wish):
    paths = {KEYS[name].path: value for name, value in wish.items()}
    made = plan(CONFIG, paths, is_network=True)

    assert plan(with_changes(CONFIG, made.changes), paths, is_network=True).changes == ()


def test_missing_parents_are_added_once():
    made = planned({"session": None}, whoami_required_aal="aal1", code_enabled=True, code_mfa_enabled=True)

    assert operations({"session": None}, made.changes) == [
        {"op": "add", "path": pointer((*PREFIX, "session")), "value": {"whoami": {"required_aal": "aal1"}}},
        {"op": "add", "path": pointer((*PREFIX, "selfservice")), "value": {"methods": {"code": {"enabled": True}}}},
        {"op": "add", "path": pointer((*PREFIX, *CODE_PATH)), "value": True},
    ]


def test_pointer_escapes_names():
    assert pointer(("a/b", "c~d")) == "/a~1b/c~0d"


def test_key_that_is_not_set_is_set_also_to_its_default():
    assert [change.before for change in planned({}, code_enabled=True).changes] == [MISSING]


@pytest.mark.parametrize(
    ("config", "wish", "problem"),
    [
        (
            configured(code_passwordless_enabled=True, code_mfa_enabled=False),
            {"code_mfa_enabled": True},
            rules.BOTH_TRUE,
        ),
        (GOOD, {"code_passwordless_enabled": True}, rules.BOTH_TRUE),
        (GOOD, {"code_enabled": False}, rules.LOCK_OUT),
        (
            configured(code_mfa_enabled=False),
            {"code_enabled": False, "code_passwordless_enabled": True},
            rules.PASSWORDLESS_WITHOUT_CODES,
        ),
        (GOOD, {"webauthn_enabled": True}, rules.WEBAUTHN_WITHOUT_SITE),
    ],
)
def test_wish_that_ory_refuses_is_a_problem(config, wish, problem):
    assert planned(config, **wish).problems == (problem,)


def test_old_problem_does_not_stop_another_change():
    assert planned(configured(code_enabled=False), whoami_required_aal="aal1").problems == ()


def test_webauthn_of_a_known_site_is_no_problem():
    assert planned(CONFIG, webauthn_enabled=True).problems == ()


@pytest.mark.parametrize(
    ("config", "wish", "effects"),
    [
        (CONFIG, {"code_mfa_enabled": True}, (rules.CODES_ON,)),
        (GOOD, {"code_mfa_enabled": False}, (rules.CODES_OFF,)),
        (GOOD, {"totp_enabled": True}, (rules.METHOD_ON.format(name="an authenticator app"),)),
        (
            configured(totp_enabled=True),
            {"totp_enabled": False},
            (rules.METHOD_OFF.format(name="an authenticator app"),),
        ),
        (GOOD, {"totp_enabled": False}, ()),
        (GOOD, {"whoami_required_aal": "aal1"}, (rules.WHOAMI_LAX,)),
        (GOOD, {"whoami_required_aal": "aal2"}, (rules.WHOAMI_STRICT, rules.BAD_AAL2)),
        (CONFIG, {"whoami_required_aal": "highest_available"}, (rules.WHOAMI_STRICT,)),
        (GOOD, {"settings_required_aal": "aal1"}, (rules.SETTINGS_LAX,)),
        (CONFIG, {"settings_required_aal": "highest_available"}, (rules.SETTINGS_STRICT,)),
        (GOOD, {"allowed_return_urls": ["https://other/"]}, (rules.FEWER_URLS,)),
        (GOOD, {"allowed_return_urls": ["https://www.example.com/", "https://other/"]}, ()),
        (
            configured(CONFIG, config_passwordless=True),
            {"webauthn_enabled": True},
            (rules.METHOD_ON.format(name="a security key"), rules.FIRST_FACTOR),
        ),
    ],
)
def test_change_says_what_it_does(config, wish, effects):
    assert planned(config, **wish).effects == effects


def test_codes_of_an_own_kratos_come_with_the_trap_of_the_old_version():
    assert planned(CONFIG, is_network=False, code_mfa_enabled=True).effects == (rules.CODES_ON, rules.CODES_ON_OLD)


# Findings.


def test_good_configuration_has_no_findings():
    assert found(GOOD) == []


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (configured(code_mfa_enabled="yes"), [("error", "mfa_enabled"), ("error", "mfa_enabled")]),
        (configured(code_passwordless_enabled=True), [("error", "mfa_enabled")]),
        (configured(code_enabled=False), [("error", "enabled")]),
        (configured(whoami_required_aal="aal1"), [("error", "required_aal")]),
        (configured(settings_required_aal="aal1"), [("error", "required_aal"), ("error", "required_aal")]),
        (configured(whoami_required_aal=["x"]), [("error", "required_aal")]),
        (configured(whoami_required_aal="aal2"), [("error", "required_aal")]),
        (configured(whoami_required_aal="aal3"), [("error", "required_aal")]),
        (configured(allowed_return_urls=[]), [("error", "allowed_return_urls")]),
        (configured(allowed_return_urls="https://www.example.com/"), [("error", "allowed_return_urls")] * 2),
        (
            configured(allowed_return_urls=["https://www.example.com", "https://a/app"]),
            [("warning", "allowed_return_urls")],
        ),
        (configured(code_mfa_enabled=False), [("error", "mfa_enabled")]),
        (configured(privileged_session_max_age="25h"), [("warning", "privileged_session_max_age")]),
        (configured(privileged_session_max_age="1h"), []),
        (with_value(GOOD, (*CODE_PATH[:-1], "mfa_enable"), 1), [("warning", "mfa_enabled")]),
        (with_value(GOOD, (*CODE_PATH[:-1], "MADE-UP-NAME"), 1), []),
        (with_value(GOOD, CODE_PATH[:-1], None), [("error", "mfa_enabled")]),
    ],
)
def test_what_is_wrong_is_found(config, expected):
    assert found(config) == expected


def test_security_keys_as_first_factor_are_found():
    config = configured(CONFIG, webauthn_enabled=True, config_passwordless=True)

    assert ("warning", "passwordless") in found(config)


def test_claims_that_are_not_made_are_warnings():
    assert found(GOOD, Declared()) == [
        ("warning", "required_aal"),
        ("warning", "required_aal"),
        ("warning", "allowed_return_urls"),
    ]


def test_finding_says_which_line_to_change():
    (finding,) = findings(configured(whoami_required_aal="aal1"), DECLARED)

    assert finding.text.startswith('is aal1 at Ory, but ORY_MFA_WHOAMI_REQUIRED_AAL is "highest_available".')


@pytest.mark.parametrize(
    ("url", "entry", "allowed"),
    [
        ("https://a.test/", "https://a.test/", True),
        ("https://a.test/", "https://A.test", True),
        ("https://a.test/x/y", "https://a.test/x", True),
        ("https://a.test/", "https://a.test/x", False),
        ("https://a.test/", "http://a.test/", False),
        ("https://a.test:444/", "https://a.test/", False),
        ("https://b.a.test/", "https://*.a.test/", True),
        ("https://.a.test/", "https://*.a.test/", False),
        ("https://a.test/", "https://*.a.test/", False),
        ("https://a.test/", "/", False),
        ("https://a.test/", "https://[", False),
    ],
)
def test_return_urls_are_compared_as_ory_does(url, entry, allowed):
    assert is_allowed(url, [entry]) is allowed


def test_unknown_neighbours_are_not_quoted():
    config = with_value(GOOD, (*CODE_PATH[:-1], "mfa_enabledMADE-UP"), 1)

    assert "MADE-UP" not in str(findings(config, DECLARED))
    assert len(findings(config, DECLARED)) == 1


@pytest.mark.parametrize(
    "values",
    [
        {"allowed_return_urls": ["https://www.example.com/", "https://user:MADE-UP@www.example.com/back"]},
        {"whoami_required_aal": "//user:MADE-UP@a"},
        {"settings_required_aal": "//user:MADE-UP@a"},
        {"privileged_session_max_age": "//user:MADE-UP@a"},
    ],
)
@pytest.mark.parametrize("declared", [DECLARED, Declared()])
def test_findings_do_not_show_what_the_table_hides(values, declared):
    texts = [finding.text for finding in findings(configured(**values), declared)]

    assert "(not shown)" in " ".join(texts)
    assert "MADE-UP" not in " ".join(texts)


def test_return_url_without_a_slash_is_named():
    config = configured(allowed_return_urls=["https://www.example.com/", "https://www.example.com/back"])

    (finding,) = findings(config, DECLARED)

    assert finding.text.startswith('lists "https://www.example.com/back". A URL whose path does not end with a slash')


def test_findings_stand_in_the_order_of_the_table():
    order = [list(KEYS).index(finding.key) for finding in looked_at.findings({}, Declared())]

    assert order == sorted(order) != []


# Texts.


def test_control_characters_are_taken_out():
    assert clean("a\x1b[2J\r\n\u202eb\x00") == "a [2J   b "


def test_value_that_is_not_set_says_so():
    assert (shown(MISSING), shown(None), shown("é\x1b")) == ("(not set)", "null", '"\\u00e9\\u001b"')


def test_table_has_columns():
    assert table(("A", "LONG"), [("abc", None), (1, "\x1bx")]) == "A    LONG\nabc\n1     x"


def test_list_of_keys_shows_known_ones_and_hides_values_of_others():
    made = plan(
        CONFIG, {CODE_PATH: True, ("courier", "smtp", "connection_uri"): "smtps://MADE-UP-NEW"}, is_network=True
    )

    assert key_list("it", made.changes) == (
        "Keys that change in it:\n"
        "-selfservice.methods.code.mfa_enabled: false\n"
        "+selfservice.methods.code.mfa_enabled: true\n"
        " courier.smtp.connection_uri: changes (value not shown)"
    )


def test_new_key_in_the_list_of_keys_has_no_old_value():
    made = planned({}, whoami_required_aal="aal1")

    assert key_list("it", made.changes) == 'Keys that change in it:\n+session.whoami.required_aal: "aal1"'


def test_values_name_what_the_console_calls_them():
    rows = {name: (value, source) for name, value, source in values(mfa_part(CONFIG))}

    assert rows["session.whoami.required_aal"] == ('"aal1"', "set, Lax")
    assert rows["selfservice.methods.webauthn.config.passwordless"] == ("false", "set")
    assert {name: source for name, _, source in values({})}["session.whoami.required_aal"] == "default, Strict"


def test_redactor_takes_out_secrets_and_their_parts():
    show = Redactor(CONFIG, "ory_wak_MADE-UP")

    said = show(
        f"{CONFIG['courier']['smtp']['connection_uri']} MADE-UP-SMTP-PASSWORD MADE-UP-HOOK-KEY ory_wak_MADE-UP\x1b"
        " I[#/session/whoami/required_aal] https://shop.example.org"
    )

    assert "MADE-UP" not in said
    assert said.endswith("  I[#/session/whoami/required_aal] https://shop.example.org")
