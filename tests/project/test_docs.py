"""The documents against the code: what they say is true, and no name, setting or answer is left out."""

from __future__ import annotations

import ast
import configparser
import importlib
import inspect
import json
import os
import re
import subprocess
import sys
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from django.core.exceptions import ImproperlyConfigured
from django.dispatch import Signal
from django.test import Client
from django.urls import path

import django_ory_mfa
from django_ory_mfa import checks, enforcement, signals, testing, urls
from django_ory_mfa.checks.csp import check_form_action
from django_ory_mfa.conf import Conf, Timeout, conf
from django_ory_mfa.contrib.ui.failures import TITLES
from django_ory_mfa.core.errors import CSRF_FAILED, ErrorId
from django_ory_mfa.core.refusal import ERRORS
from django_ory_mfa.core.session import Identity, OrySession
from django_ory_mfa.decorators import aal_required
from django_ory_mfa.management import doctor
from django_ory_mfa.metrics import Event
from django_ory_mfa.templatetags import ory_mfa as tags
from django_ory_mfa.testing import FakeOry, installed
from tests.documents import (
    DOCS,
    EVERYTHING,
    PAGES,
    REFERENCE,
    ROOT,
    block_with,
    blocks,
    literals,
    run_block,
    table,
    tables,
)
from tests.views import page


def setting_names() -> list[str]:
    properties = {name for name, value in vars(Conf).items() if isinstance(value, property)}
    return sorted(f"ORY_MFA_{name.upper()}" for name in properties - {"flows"})


# Names.


def test_settings_table_lists_every_setting():
    assert sorted(name for cell in table("Setting") for name in literals(cell)) == setting_names()


@pytest.mark.parametrize("name", [name for name in setting_names() if not name.endswith("_URL")])
def test_settings_table_gives_the_default(settings, name):
    del settings.ORY_MFA_TIMEOUT
    given = ast.literal_eval(literals(table("Setting")[f"``{name}``"][1])[0])

    default = getattr(conf, name.removeprefix("ORY_MFA_").lower())

    assert default == (Timeout(*given) if isinstance(default, Timeout) else given)


def test_settings_table_says_which_setting_is_required(settings):
    del settings.ORY_MFA_SDK_URL

    with pytest.raises(ImproperlyConfigured):
        _ = conf.sdk_url

    assert table("Setting")["``ORY_MFA_SDK_URL``"][1] == "required"


def test_settings_table_gives_the_defaults_of_urls():
    assert conf.browser_url == conf.sdk_url
    assert table("Setting")["``ORY_MFA_BROWSER_URL``"][1] == "``ORY_MFA_SDK_URL``"
    assert conf.site_url is None
    assert table("Setting")["``ORY_MFA_SITE_URL``"][1] == "``None``"


@pytest.mark.parametrize("name", PAGES)
def test_page_names_no_setting_that_does_not_exist(name):
    assert set(re.findall(r"ORY_MFA_[A-Z_]*[A-Z]", PAGES[name])) <= set(setting_names())


def test_checks_table_lists_every_check():
    sources = (file.read_text() for file in Path(checks.__file__).parent.glob("*.py"))
    ids = {name for source in sources for name in re.findall(r"ory_mfa\.[EW]\d{3}", source)}

    assert sorted(name for cell in table("Id") for name in literals(cell)) == sorted(ids)


def test_doctor_table_lists_every_check_of_ory():
    folder = Path(doctor.__file__).parent
    said = {
        str(call.args[0].value)
        for module in ("reaching", "returning", "cookies", "levels")
        for call in ast.walk(ast.parse((folder / f"{module}.py").read_text()))
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) in ("ok", "skipped", "warning", "failed")
        and isinstance(call.args[0], ast.Constant)
    }

    assert {name for cell in table("Check of the doctor") for name in literals(cell)} == said


def test_tags_table_lists_every_tag_and_filter():
    written = [literals(cell)[0] for cell in table("Tag or filter")]
    listed = {re.sub(r"^{% (\w+) %}$|^\w+\|(\w+)(?::.*)?$", r"\1\2", name) for name in written}

    assert listed == {*tags.register.tags, *tags.register.filters}


def test_signals_table_lists_every_signal():
    sent = {name for name, value in vars(signals).items() if isinstance(value, Signal)}

    assert {name for cell in table("Signal") for name in literals(cell)} == sent
    assert set(literals(table("Import from")["``django_ory_mfa.signals``"][0])) == sent


def test_pages_table_lists_every_url():
    named = [f"``{urls.app_name}:{pattern.name}``" for pattern in urls.urlpatterns]

    assert list(table("URL name")) == named


def test_static_files_table_lists_every_file():
    folder = Path(django_ory_mfa.__file__).parent / "static"
    files = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}

    assert {name for cell in table("Static file") for name in literals(cell)} == files


def test_variables_table_lists_every_variable_of_the_style_sheet():
    css = (Path(django_ory_mfa.__file__).parent / "static/ory_mfa/ory_mfa.css").read_text()
    set_there = set(re.findall(r"^  (--ory-mfa-[\w-]+):", css, flags=re.M))

    assert {name for cell in table("CSS variable") for name in literals(cell)} == set_there
    assert set(re.findall(r"var\((--[\w-]+)\)", css)) == set_there


def test_blocks_that_are_named_are_those_of_the_frame():
    frame = (Path(django_ory_mfa.__file__).parent / "templates/ory_mfa/base.html").read_text()
    said = PAGES["how-to/theme-the-pages"].partition("The blocks are ")[2].partition(". Keep")[0]

    assert literals(said) == re.findall(r"{% block (\w+) %}", frame)


def test_templates_named_in_the_reference_exist():
    folder = Path(django_ory_mfa.__file__).parent / "templates" / "ory_mfa"
    named = set(re.findall(r"``(?:ory_mfa/)?(\w+\.html)``", PAGES["reference/urls"]))

    assert "base.html" in named
    assert [name for name in named if not (folder / name).is_file()] == []


def test_every_page_template_is_named():
    folder = Path(django_ory_mfa.__file__).parent / "templates" / "ory_mfa"

    assert [file.name for file in folder.glob("[!_]*.html") if file.name not in PAGES["reference/urls"]] == []


@pytest.mark.parametrize("module", [django_ory_mfa, enforcement, testing])
def test_import_table_lists_the_public_names(module):
    assert sorted(literals(table("Import from")[f"``{module.__name__}``"][0])) == sorted(module.__all__)


@pytest.mark.parametrize("module", [literals(cell)[0] for cell in table("Import from")])
def test_import_table_is_true(module):
    names = literals(table("Import from")[f"``{module}``"][0])

    assert [name for name in names if not hasattr(importlib.import_module(module), name)] == []


def test_session_table_lists_every_attribute():
    listed = {name.removesuffix("()").partition("(")[0] for cell in table("Attribute") for name in literals(cell)}

    members = {name for name in dir(OrySession) if not name.startswith("_")}

    assert listed == {"bool", *members}


def test_session_table_lists_every_attribute_of_an_identity():
    listed = set(literals(table("Attribute")["``identity``"][0])) - {"Identity", "ACTIVE"}

    assert listed == set(Identity.__dataclass_fields__)


def signature(function: Any, *, without: tuple[str, ...] = ()) -> str:
    """The signature without annotations, in the spelling of the documents."""
    arguments = inspect.signature(function).parameters.values()
    bare = [arg.replace(annotation=inspect.Parameter.empty) for arg in arguments if arg.name not in without]
    return str(inspect.Signature(bare)).replace("'", '"')


def test_arguments_of_aal_required_are_those_of_the_reference():
    assert re.findall(r"``aal_required(\(.*?\))``;", PAGES["reference/guards"]) == [signature(aal_required)]


def test_arguments_of_require_aal_are_the_same():
    assert signature(enforcement.require_aal, without=("request",)) == signature(aal_required)


def test_arguments_of_login_are_those_of_the_reference():
    assert re.findall(r"``ory\.login(\(.*?\))``", PAGES["reference/testing"]) == [
        signature(FakeOry.login, without=("self",))
    ]


# Answers.


def test_outcome_table_gives_ids_and_statuses():
    rows = {literals(cell)[0]: row[-2:] for cell, row in table("Outcome").items()}

    assert rows.keys() == {str(outcome) for outcome in ERRORS}
    for outcome, (error_id, cookie_status, token_status, _) in ERRORS.items():
        by_cookie, by_token = rows[outcome]
        assert re.match(rf"{cookie_status} ``{error_id}``(, ``Retry-After``)?$", by_cookie)
        assert re.match(rf"{token_status} ``{error_id}``(, ``Retry-After``)?$", by_token)


def refused(settings: Any, *, by_token: bool) -> Any:
    """The answer to somebody with a second factor who gave only the first, at a view that wants ten fresh minutes."""
    settings.ORY_MFA_SDK_URL = "https://ory.example.com"
    settings.ORY_MFA_WHOAMI_REQUIRED_AAL = "highest_available"
    with installed() as ory:
        client = Client()
        session = ory.login(client, aal="aal1", second_factors={"totp"})
        if by_token:
            client = Client(headers={"X-Session-Token": session.token})
        return client.get("/sync/fresh", headers={"Accept": "application/json"})


@pytest.mark.parametrize("by_token", [False, True], ids=["cookie", "token"])
def test_json_examples_are_what_clients_get(settings, by_token):
    response = refused(settings, by_token=by_token)

    head, _, body = blocks("http", "reference/refusals")[by_token].partition("\n\n")
    status, *headers = head.splitlines()
    assert status == f"HTTP/1.1 {response.status_code} {response.reason_phrase}"
    assert dict(header.split(": ", 1) for header in headers).items() <= dict(response.headers).items()
    assert ("WWW-Authenticate" in head) is ("WWW-Authenticate" in response.headers)
    assert json.loads(body) == response.json()


# Code.


def imports_of_ours(tree: ast.Module) -> Iterator[ast.ImportFrom]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("django_ory_mfa"):
            yield node


@pytest.mark.parametrize("code", blocks("python"))
def test_python_blocks_compile_and_import_what_exists(code):
    tree = ast.parse(code)
    compile(tree, "documents", "exec")

    for node in ast.walk(tree):
        # What needs users is imported in tests/contrib_auth, and what needs a framework in test_docs_of_apis.py.
        ours = r"django_ory_mfa(?!\.contrib\.(?:auth|rest_framework|ninja))"
        if isinstance(node, ast.ImportFrom) and re.match(ours, node.module or ""):
            module = importlib.import_module(str(node.module))
            assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []


def test_typed_example_is_one_that_is_checked():
    checked = (ROOT / "tests" / "typed" / "readme.py").read_text()

    assert checked.endswith(block_with("python", "GuardedHttpRequest", "reference/guards").rstrip("\n") + "\n")


VIEWS = run_block("how-to/site-policy", "@aal_exempt", run_block("how-to/guard-views", "class Payroll"))
urlpatterns = [
    path("", VIEWS["home"]),
    *(path(f"{name}/", VIEWS[name]) for name in ("dashboard", "profile", "account", "transfer", "keys", "address")),
    path("close/", VIEWS["close_account"]),
    path("payroll/", VIEWS["Payroll"].as_view()),
    path("inbox/", VIEWS["Inbox"].as_view()),
    path("reports/<int:number>/", VIEWS["report"]),
    path("areports/<int:number>/", VIEWS["areport"]),
    path("static/x", page),
    path("staff/", page),
    path("api/", page),
    path("elsewhere/", page),
]


@pytest.fixture
def documented_site(settings):
    settings.ROOT_URLCONF = "tests.project.test_docs"


TESTS = run_block("how-to/test-your-site", "def test_transfer_wants_a_second_factor")


@pytest.mark.parametrize("name", [name for name in TESTS if name.startswith("test_")])
def test_examples_of_tests_pass(documented_site, client, ory, name):
    TESTS[name](client, ory)


def test_example_of_a_test_of_a_view_alone_passes(rf, ory):
    namespace = run_block(
        "how-to/test-your-site", "def test_dashboard_alone", {"__name__": "documents", "dashboard": VIEWS["dashboard"]}
    )

    namespace["test_dashboard_alone"](rf, ory)


def test_example_of_a_test_case_passes(documented_site):
    namespace = run_block("how-to/test-your-site", "FakeOryMixin")
    result = unittest.TestResult()

    unittest.defaultTestLoader.loadTestsFromTestCase(namespace["DashboardTests"]).run(result)

    assert (result.testsRun, result.errors, result.failures) == (1, [], [])


@pytest.mark.parametrize(
    "url", [pattern.pattern._route.replace("<int:number>", "101") for pattern in urlpatterns[1:12]]
)
def test_examples_of_guards_refuse_strangers_and_open_at_aal2(documented_site, ory, url):
    client = Client()
    assert client.get(f"/{url}").status_code == 302

    ory.login(client, aal="aal2")

    assert client.get(f"/{url}").status_code == 200


@pytest.mark.parametrize(
    ("url", "aal1", "stranger"),
    [("static/x", 200, 200), ("api/", 200, 302), ("staff/", 200, 302), ("elsewhere/", 403, 302)],
)
def test_example_of_a_policy_asks_what_it_says(documented_site, settings, ory, url, aal1, stranger):
    namespace = run_block("how-to/site-policy", "(static|public)")
    settings.ORY_MFA_RULES = namespace["ORY_MFA_RULES"]
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, namespace["MIDDLEWARE"][-1]]
    settings.ORY_MFA_SETTINGS_REQUIRED_AAL = "highest_available"
    client = Client()
    assert client.get(f"/{url}").status_code == stranger

    ory.login(client, aal="aal1")

    assert client.get(f"/{url}").status_code == aal1


def test_example_of_a_rule_that_only_reports_and_of_a_policy(settings):
    settings.ORY_MFA_RULES = run_block("how-to/site-policy", "report_only")["ORY_MFA_RULES"]
    settings.ORY_MFA_POLICIES = run_block("how-to/site-policy", "ORY_MFA_POLICIES")["ORY_MFA_POLICIES"]

    assert [rule.only_reports for rule in conf.rules] == [True]
    assert conf.requirement("sensitive").wants_proof


def test_example_of_a_record_tells_refusals_from_reports(documented_site, settings, ory, caplog):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django_ory_mfa.middleware.AALRequiredMiddleware"]
    settings.ORY_MFA_RULES = [("/elsewhere/", "aal2", {"report_only": True}), ("/", None)]
    ory.login(client := Client(), aal="aal1")
    record = run_block("how-to/watch", "shop.audit")["record"]
    try:
        with caplog.at_level("INFO", logger="shop.audit"):
            statuses = [client.get(path).status_code for path in ("/elsewhere/", "/transfer/")]
    finally:
        signals.aal_denied.disconnect(record)

    said = [message.getMessage() for message in caplog.records if message.name == "shop.audit"]
    assert statuses == [200, 403]
    assert re.fullmatch(r"GET /elsewhere/ for \S+ would be refused: enroll", said[0])
    assert re.fullmatch(r"GET /transfer/ for \S+ refused: enroll", said[1])


def test_example_of_a_ticket_for_a_socket_is_for_who_gave_a_second_factor(settings, ory, rf):
    said = run_block("faq", "def ticket")
    settings.ROOT_URLCONF = type("Urls", (), {"urlpatterns": [path("ticket/", said["ticket"])]})
    client = Client()
    assert client.get("/ticket/").status_code == 302
    session = ory.login(client, aal="aal2")

    ticket = client.get("/ticket/").json()["ticket"]

    assert said["owner_of"](ticket) == session.identity.id
    assert said["owner_of"](f"{ticket}x") is None


@pytest.mark.parametrize("name", ["SECURE_CSP", "CONTENT_SECURITY_POLICY"])
def test_example_of_a_content_security_policy_passes_the_checks(settings, name):
    settings.ORY_MFA_SDK_URL = "https://ory.example.com"
    said = run_block("how-to/deploy", "frame-ancestors", {"MIDDLEWARE": list(settings.MIDDLEWARE)})
    said = run_block("how-to/deploy", name, said)
    for each in ("MIDDLEWARE", name):
        setattr(settings, each, said[each])
    assert check_form_action(None) == []

    said["POLICY"]["form-action"] = ["'self'"]

    assert [message.id for message in check_form_action(None)] == ["ory_mfa.W010"]


@pytest.mark.parametrize(("are_claimed", "ids"), [(False, ["ory_mfa.W004"]), (True, [])])
def test_example_of_settings_passes_the_checks(settings, are_claimed, ids):
    """Claims about Ory begin as comments; the checks then ask for them where a view needs them."""
    page, text = "how-to/add-to-django", "your custom domain"
    claims = dict(re.findall(r'# (ORY_MFA_\w+) = "(\w+)"', block_with("python", text, page)))
    assert len(claims) == 2
    namespace = run_block(page, text) | (claims if are_claimed else {})
    for name in ("MIDDLEWARE", *(name for name in namespace if name.startswith("ORY_MFA_"))):
        setattr(settings, name, namespace[name])

    assert [message.id for check in checks.ALL for message in check(None)] == ids


class QuickStart:
    """The URL configuration of the README."""

    urlpatterns = run_block("README", "def vault")["urlpatterns"]


# The middleware of a site before the README: the least that works.
BEFORE = (
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
)


def test_quick_start_of_the_readme_guards_its_page(settings, ory):
    said = run_block("README", "the emulator", {"INSTALLED_APPS": [], "MIDDLEWARE": list(BEFORE)})
    assert said["MIDDLEWARE"][-1] in settings.MIDDLEWARE
    settings.MIDDLEWARE = said["MIDDLEWARE"]
    settings.ROOT_URLCONF = QuickStart
    client = Client()
    assert client.get("/vault/").status_code == 302

    ory.login(client, aal="aal2")

    assert client.get("/vault/").status_code == 200


def test_quick_start_of_the_readme_passes_the_checks(settings):
    said = run_block("README", "the emulator", {"INSTALLED_APPS": [], "MIDDLEWARE": list(BEFORE)})
    settings.ROOT_URLCONF = QuickStart
    for name in ("MIDDLEWARE", "ORY_MFA_SDK_URL"):
        setattr(settings, name, said[name])

    assert [message for check in checks.ALL for message in check(None)] == []


# Ory.


@pytest.mark.parametrize(
    "config",
    [
        yaml.safe_load(block)
        for page in ("how-to/ory-network", "how-to/self-hosted")
        for block in blocks("yaml", page)
        if "required_aal" in block
    ],
)
def test_configurations_of_ory_are_those_that_the_settings_claim(config):
    assert config["session"]["whoami"]["required_aal"] == "highest_available"
    assert config["selfservice"]["flows"]["settings"]["required_aal"] == "highest_available"
    assert config["selfservice"]["methods"]["code"] == {"enabled": True, "mfa_enabled": True}
    assert [url for url in config["selfservice"]["allowed_return_urls"] if not url.endswith("/")] == []


# Versions and commands.


def classifiers(prefix: str) -> list[str]:
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(ROOT / "setup.cfg")
    listed = setup["metadata"]["classifiers"].split("\n")
    return [found[1] for line in listed if (found := re.fullmatch(rf"{prefix} :: (\d+\.\d+)", line.strip()))]


@pytest.mark.parametrize(
    ("name", "prefix"), [("Python", "Programming Language :: Python"), ("Django", "Framework :: Django")]
)
def test_versions_are_those_of_the_classifiers(name, prefix):
    (written,) = re.findall(
        rf"^.*{name} ((?:\d\.\d+(?:, | and )?)+)", PAGES["README"].partition("\nCompatibility\n")[2], re.M
    )

    assert re.findall(r"\d+\.\d+", written) == classifiers(prefix)


def test_compatibility_lists_what_is_tested_and_installed():
    setup = configparser.ConfigParser(interpolation=None)
    setup.read([ROOT / "setup.cfg", ROOT / "tox.ini"])
    # "py312-dj{52, 60}" is Django 5.2 and 6.0 with Python 3.12.
    runs = re.findall(r"py3(\d+)-dj(?:(\d+)|\{([\d, ]+)\})", setup["tox"]["env_list"])
    tested = {(f"{dj[0]}.{dj[1]}", f"3.{py}") for py, *some in runs for dj in re.findall(r"\d+", " ".join(some))}
    said = {(django, python) for django, row in table("Django").items() for python in re.findall(r"3\.\d+", row[0])}
    assert said == tested
    assert {django for django, _ in said} == set(classifiers("Framework :: Django"))

    extras = setup["options.extras_require"]
    of_extras = [extras[name] for name in ("control", "emulator", "opentelemetry", "rest-framework", "ninja")]
    wanted = " ".join([setup["options"]["install_requires"], *of_extras]).split()
    listed = table("Installed package").items()
    assert [f"{name}>={row[0].removesuffix(' or newer')}" for name, row in listed] == wanted


def test_keys_of_the_page_on_kratos_yml_are_in_the_file():
    config = yaml.safe_load((ROOT / "example_project" / "kratos" / "kratos.yml").read_text())
    # These depend on the addresses and settings of the site.
    for key in {literals(cell)[0] for cell in table("Key")} - {"cookies.domain", "session.cookie.name"}:
        value = config
        for name in key.split("."):
            value = value[name]


def test_oldest_python_is_that_of_the_package():
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(ROOT / "setup.cfg")
    oldest = setup["options"]["python_requires"].removeprefix(">=")

    assert f"Python {oldest} or newer" in PAGES["README"]


def test_make_commands_are_targets():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    texts = EVERYTHING + (ROOT / "CONTRIBUTING.rst").read_text()
    lines = re.findall(r"(?:\$ |``)make ([^#`\n]+)", texts)
    named = {word for line in lines for word in re.sub(r'\w+=("[^"]*"|\S+)', "", line).split()}

    assert {"test", "example"} <= named <= set(targets)


def test_map_for_contributors_is_complete():
    """Every module that a request enters stands in the map, and nothing else does."""
    package = Path(django_ory_mfa.__file__).parent
    text = (
        (ROOT / "CONTRIBUTING.rst")
        .read_text()
        .partition("\nHow it is put together\n")[2]
        .partition("\nWhat may not change\n")[0]
    )
    rooms = ("core", "runtime", "request", "ory", "roundtrip", "session", "answer", "guard")
    modules = {f"{room}/{path.name}" for room in rooms for path in (package / room).glob("[!_]*.py")}
    root = {path.name for path in package.glob("*.py")}

    named = set(re.findall(r"``([a-z_/]+\.py)``", text)) - {"tests/project/test_layers.py", "checks/urlconf.py"}
    assert named == modules | root


def test_changelog_begins_with_this_version():
    text = (ROOT / "CHANGELOG.rst").read_text()

    assert re.findall(r"^(\d+\.\d+\.\d+)", text, re.MULTILINE)[0] == django_ory_mfa.__version__


# The pages themselves.


@pytest.mark.parametrize("name", PAGES)
def test_page_is_short_enough_to_be_read(name):
    assert len(PAGES[name].splitlines()) <= (220 if name == "README" else 400)


def test_generated_pages_are_short_enough_to_be_read():
    assert [file.name for file in DOCS.rglob("*.rst") if len(file.read_text().splitlines()) > 400] == []


@pytest.mark.parametrize(
    "heading",
    ["Setting", "Id", "Signal", "Signal of users", "``error.id``", "Subcommand", "Exit code", "URL name", "Event"],
)
def test_table_is_on_one_page_of_the_reference(heading):
    found = [name for name, text in PAGES.items() if any(rows[0][0] == heading for rows in tables(text))]

    assert len(found) == 1
    assert found[0] in REFERENCE


def test_every_fact_has_one_row_in_the_reference():
    """A name that is explained twice is changed once."""
    kinds = {"Setting", "Id", "Signal", "Signal of users", "``error.id``", "Exit code", "URL name", "Event"}
    facts = [
        (rows[0][0], literal)
        for text in REFERENCE.values()
        for rows in tables(text)
        for cells in rows[1:]
        for literal in literals(cells[0])
        if rows[0][0] in kinds
    ]

    assert len(facts) > 80
    assert [fact for fact in facts if facts.count(fact) > 1] == []


def test_error_ids_are_those_of_the_code():
    ids = {*ErrorId, CSRF_FAILED}

    assert {literal for cell in table("``error.id``") for literal in literals(cell)} == ids


def test_events_are_those_of_the_code():
    assert {literal for cell in table("Event") for literal in literals(cell)} == set(Event)


def test_readme_has_no_picture_or_link_that_an_index_of_packages_cannot_show():
    targets = re.findall(r"(?:image:: |figure:: |<)([^\s>]+)", PAGES["README"])

    assert [target for target in targets if not target.startswith("https://")] == []


def test_files_that_the_readme_names_exist():
    named = [name for name in literals(PAGES["README"]) if re.fullmatch(r"[\w./-]+\.rst|docs/[\w/-]+/", name)]

    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("name", [name for name in PAGES if name != "README"])
def test_links_inside_the_site_lead_to_pages(name):
    folder = (DOCS / name).parent
    for target in re.findall(r":doc:`(?:[^`<]*<)?([^`<>]+)>?`", PAGES[name]):
        page = DOCS / target.removeprefix("/") if target.startswith("/") else folder / target
        assert page.with_suffix(".rst").is_file(), target


DIAGRAMS = {"step-up": "explanation/who-decides", "cookies": "explanation/cookies"}


def test_every_diagram_is_on_a_page():
    assert {file.stem for file in (DOCS / "diagrams").iterdir()} == DIAGRAMS.keys()


@pytest.mark.parametrize("name", DIAGRAMS)
def test_diagram_can_be_read_by_everybody(name):
    """By a screen reader, in dark colours, on a phone, and as text."""
    svg = ElementTree.parse(DOCS / "diagrams" / f"{name}.svg").getroot()  # noqa: S314 - a file of this checkout
    texts = [element.text or "" for element in svg.findall("{*}text")]
    (page,) = [text for text in blocks("text", DIAGRAMS[name]) if "Browser" in text]

    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby") == f"{name}-title {name}-desc"
    assert {element.get("id") for element in svg if element.tag.endswith(("title", "desc"))} == {
        f"{name}-title",
        f"{name}-desc",
    }
    colours = {element.get(kind) for element in svg.iter() for kind in ("fill", "stroke")}
    assert colours <= {None, "none", "currentColor"}
    assert int(svg.get("viewBox", "").split()[2]) <= 340
    assert int(svg.get("font-size", "0")) >= 12
    assert len(texts) > 5
    assert [text for text in texts if text not in page] == []
    assert f":file: ../diagrams/{name}.svg\n" in PAGES[DIAGRAMS[name]]


def entries(page: str) -> list[str]:
    """The entries of a page in the index, in small letters, as the search of the site compares them."""
    return [entry.lower() for entry in re.findall(r"^   ! single: (.+)$", PAGES[page], re.MULTILINE)]


TROUBLE = ("troubleshooting", "troubleshooting-ory")


def test_every_symptom_is_found_by_words_of_its_own():
    symptoms = [text for page in TROUBLE for text in re.split(r"^.+\n-{8,}\n", PAGES[page], flags=re.MULTILINE)[1:]]

    assert len(symptoms) > 25
    assert [text[:60] for text in symptoms if not text.startswith("\n.. index::\n   ! single: ")] == []


def headings_of_trouble() -> list[str]:
    """The headings of the pages that people see when something is missing, as they can be copied from the screen."""
    folder = Path(django_ory_mfa.__file__).parent / "templates" / "ory_mfa"
    of_refusals = ("_unavailable_heading", "_hops_heading", "_use_method_heading", "enroll", "_login_heading")
    text = "".join(
        (folder / f"{name}.html").read_text()
        for name in (*of_refusals, "_conflict_heading", "ui/restart", "ui/unreadable")
    )
    shown = re.findall(r'(?:<h1>|%})\{% translate "([^"]+)" %\}(?=</h1>|\{% e)', text)
    (default,) = set(re.findall(r'firstof failure.title _\("([^"]+)"\)', (folder / "ui" / "error.html").read_text()))
    # Of the pages of Ory's flows, those that people ask about.
    of_flows = re.findall(
        r'"(Two\u2011step [^"]+|Confirm [^"]+|No second[^"]+)"', (folder / "ui" / "_heading.html").read_text()
    )
    # The search takes words apart at a hyphen and at an apostrophe of any kind.
    signs = str.maketrans("\u2011\u2019", "-'")
    return [*dict.fromkeys(each.translate(signs) for each in [*shown, default, *map(str, TITLES.values()), *of_flows])]


def test_heading_on_the_screen_finds_its_trouble():
    known = [entry for page in TROUBLE for entry in entries(page)]

    assert len(headings_of_trouble()) > 20
    assert [heading for heading in headings_of_trouble() if heading.lower() not in known] == []


def test_cookies_of_the_package_are_those_of_the_page():
    package = Path(django_ory_mfa.__file__).parent
    sources = [file.read_text() for file in package.rglob("*.py") if "testing" not in file.parts]
    names = {name for text in sources for name in re.findall(r'^COOKIE = "(\w+)"', text, re.MULTILINE)}

    assert {literal for cell in table("Cookie of the package") for literal in literals(cell)} == names
    assert {name for name in names if f"``{name}``" not in PAGES["explanation/cookies"]} == set()
    set_by_name = {name for text in sources for name in re.findall(r"\.set_cookie\(\s*(\w+)", text)}
    assert set_by_name == {"COOKIE"}


def guides(page: str) -> list[str]:
    """The pages that the hidden table of contents of ``page`` has."""
    return re.findall(r"^   (\S+)$", PAGES[page].partition(".. toctree::")[2], re.MULTILINE)


def test_every_guide_is_in_one_group_which_says_what_it_does():
    groups = [f"how-to/{name}" for name in guides("how-to/index") if not name.startswith(":")]
    listed = [name for group in groups for name in guides(group) if not name.startswith(":")]
    rest = [name.removeprefix("how-to/") for name in PAGES if name.startswith("how-to/") and name not in groups]

    assert sorted([*listed, "index"]) == sorted(rest)
    for group in groups:
        said = re.findall(r"^- :doc:`(\S+)`: ", PAGES[group], re.MULTILINE)
        assert said == [name for name in guides(group) if not name.startswith(":")]


# How the site is built.


def test_extensions_of_the_site_are_in_the_extra_that_builds_it():
    (named,) = (
        ast.literal_eval(node.value)
        for node in ast.parse((DOCS / "conf.py").read_text()).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "extensions"
    )
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(ROOT / "setup.cfg")
    extra = setup["options.extras_require"]["docs"].lower().replace("-", "_")

    assert named != []
    assert [name for name in named if not name.startswith("sphinx.ext.") and name not in extra] == []
    assert re.findall(r'^html_theme = "(\w+)"', (DOCS / "conf.py").read_text(), re.MULTILINE)[0] in extra


def configured(code: str) -> str:
    """What ``code`` prints about ``said``, the configuration; in a process of its own, because it configures Django."""
    pytest.importorskip("sphinx")
    code = f"import runpy; said = runpy.run_path({str(DOCS / 'conf.py')!r}); {code}"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, env=os.environ
    ).stdout


def test_configuration_of_the_site_loads_and_has_the_version_of_the_package():
    assert configured("print(said['version'], said['release'])").split() == [django_ory_mfa.__version__] * 2


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("session_aal2_required", "session_|aal2_|required"),
        ("ory.session/whoami", "ory.|session/|whoami"),
        ("OrySessionMiddleware", "Ory|Session|Middleware"),
        ("ORY_MFA_CACHE_TTL", "ORY_|MFA_|CACHE_|TTL"),
        ("@aal_required", "@aal_required"),
        ("/sessions/", "/sessions/"),
    ],
)
def test_long_name_goes_on_in_the_next_line_where_a_reader_would_part_it(name, broken):
    code = f"page = {{'body': 'a_b <span class=\"pre\">{name}</span>'}}; said['break_names'](None, '', '', page, None)"

    body = configured(f"{code}; print(page['body'])")

    assert body == f'a_b <span class="pre">{broken.replace("|", "<wbr>")}</span>\n'
