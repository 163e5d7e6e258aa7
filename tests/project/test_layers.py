"""The walls between the modules, read from their source: who may import whom, and which twins are alike."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from django.core.checks import CheckMessage

import django_ory_mfa
from django_ory_mfa import checks

PACKAGE = "django_ory_mfa"
ROOT = Path(django_ory_mfa.__file__).parent
TWINS = {"evaluate", "require_aal", "run", "session_of", "dispatch"}
PUBLIC = {
    "": {
        "AAL",
        "AuthenticationMethod",
        "Decision",
        "Identity",
        "OrySession",
        "Outcome",
        "Requirement",
        "SessionState",
        "decide",
    },
    "decorators": {"aal_required", "aal_exempt"},
    "mixins": {"AALRequiredMixin"},
    "middleware": {"OrySessionMiddleware", "AALRequiredMiddleware"},
    "enforcement": {"evaluate", "aevaluate", "render", "require_aal", "arequire_aal", "AALRequired"},
    "signals": {"aal_denied", "step_up_completed", "identity_switched", "ory_unavailable"},
    "testing": {"FakeOry"},
}
PINNED = ("", "enforcement")


@dataclass(frozen=True)
class Import:
    """One name that a module imports, and how."""

    importer: str
    name: str
    is_inside_function: bool
    is_for_types_only: bool

    def is_of(self, *names: str) -> bool:
        """Whether it is one of these modules, something in one, or one of their names."""
        return any(self.name == name or self.name.startswith(f"{name}.") for name in names)

    def __str__(self) -> str:
        return f"{self.importer} imports {self.name}"


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the package by its name below the package."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix("__init__").rstrip("."): ast.parse(
            path.read_text()
        )
        for path in sorted(ROOT.rglob("*.py"))
    }


def is_package(module: str) -> bool:
    return ROOT.joinpath(*module.split("."), "__init__.py").exists()


def full_name(module: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = [PACKAGE, *filter(None, module.split("."))]
    above = node.level - 1 if is_package(module) else node.level
    base = parts[: len(parts) - above]
    return ".".join([*base, node.module] if node.module else base)


def imports_below(module: str, node: ast.AST, *, inside: bool = False, types: bool = False) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(module, alias.name, inside, types) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            # Of "from a import b" nobody can say by reading whether b is a module: both names are held to the rules.
            origin = full_name(module, child)
            yield from (Import(module, f"{origin}.{alias.name}", inside, types) for alias in child.names)
        else:
            is_function = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            is_guard = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
            yield from imports_below(module, child, inside=inside or is_function, types=types or is_guard)


@cache
def imports() -> tuple[Import, ...]:
    return tuple(found for module, tree in modules().items() for found in imports_below(module, tree))


def shown(found: Iterator[Import]) -> list[str]:
    return sorted({str(one) for one in found})


def adapter_of(name: str) -> str | None:
    """The adapter that a module, or something in one, belongs to; a package below ``contrib`` is one adapter."""
    parts = name.removeprefix(f"{PACKAGE}.").split(".")
    if parts[0] in ("decorators", "mixins", "middleware", "views"):
        return parts[0]
    return ".".join(parts[:2]) if parts[0] in ("templatetags", "contrib") and len(parts) > 1 else None


def test_source_is_found() -> None:
    assert {"", "core.session", "conf", "templatetags.ory_mfa", "testing", "views"} <= set(modules())
    assert len(imports()) > 200


IMPURE = ("logging", "os", "socket", "time", "random", "secrets", "subprocess", "threading", "asyncio", "pathlib", "io")


def test_core_has_no_clock_and_no_io() -> None:
    impure = [one for one in imports() if one.importer.startswith("core") and one.is_of(*IMPURE)]
    calls = [
        ast.unparse(node)
        for module, tree in modules().items()
        if module.startswith("core")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Attribute) and node.func.attr in ("now", "utcnow", "today"))
            or (isinstance(node.func, ast.Name) and node.func.id in ("open", "print", "input"))
        )
    ]

    assert (impure, calls) == ([], [])


def test_core_is_imported_in_a_straight_line() -> None:
    order = ["core.answer", "core.credentials", "core.errors", "core.requirement", "core.session", "core.addresses"]
    order += ["core.flows", "core.own_views", "core.set_cookie", "core.decision", "core.whoami", "core.stored"]
    order += ["core.settings_flow", "core.proofs", "core.destination", "core.refusal"]

    later = [
        one
        for one in imports()
        if one.importer in order and one.is_of(*(f"{PACKAGE}.{name}" for name in order[order.index(one.importer) :]))
    ]

    assert {name for name in modules() if name.startswith("core.")} == set(order)
    assert later == []


@pytest.mark.parametrize(
    ("names", "owners"),
    [
        pytest.param(
            ("requests", "urllib3", "http.client", "urllib.request", "httpx"),
            {"ory.client", "ory.connections", "ory.service", "management.control.console"},
            id="http",
        ),
        pytest.param(("socket",), {"ory.connections", "ory.deadline"}, id="socket"),
        pytest.param(("django.core.cache",), {"session.cache"}, id="cache"),
        pytest.param(
            ("django.conf",),
            {"conf", "checks", "management", "contrib.auth.models", "contrib.auth.migrations"},
            id="settings",
        ),
        pytest.param(("datetime.datetime.now", "django.utils.timezone"), {"runtime.clock"}, id="clock"),
        pytest.param(("time",), {"runtime.clock", "ory.deadline", "management.control"}, id="monotonic clock"),
        pytest.param(("ory_client",), {"core.session", "management.control.console"}, id="sdk"),
        pytest.param(
            ("ruamel",),
            {f"management.control.yaml_{part}" for part in ("size", "splice", "text", "visible")},
            id="yaml",
        ),
        pytest.param(("opentelemetry",), {"contrib.opentelemetry"}, id="telemetry"),
        pytest.param(("rest_framework",), {"contrib.rest_framework"}, id="drf"),
        pytest.param(("drf_spectacular",), {"contrib.rest_framework"}, id="spectacular"),
        pytest.param(("ninja",), {"contrib.ninja"}, id="ninja"),
    ],
)
def test_room_has_one_owner(names: tuple[str, ...], owners: set[str]) -> None:
    def is_owner(module: str) -> bool:
        return any(module == owner or module.startswith(f"{owner}.") for owner in owners)

    trespassers = (
        one
        for one in imports()
        if one.is_of(*names) and not is_owner(one.importer) and not one.importer.startswith("testing")
    )

    assert shown(trespassers) == []


PURE_OF_CONTROL = (
    *("keys", "document", "plan", "rules", "findings", "shown", "size", "visible"),
    *("json_text", "yaml_size", "yaml_splice", "yaml_text", "yaml_visible"),
)


@pytest.mark.parametrize("module", PURE_OF_CONTROL)
def test_control_plans_without_io(module: str) -> None:
    """A plan depends on the configuration and the wish alone."""
    mine = [one for one in imports() if one.importer == f"management.control.{module}"]

    assert mine != []
    assert (
        shown(
            one for one in mine if one.is_of(*IMPURE, "django", "urllib3", "ory_client") and one.name != "io.StringIO"
        )
        == []
    )


def test_only_the_clock_tells_the_time() -> None:
    tellers = {
        module
        for module, tree in modules().items()
        if not module.startswith("testing")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ("now", "utcnow", "today")
        and ast.unparse(node.value) in ("datetime", "datetime.datetime", "date", "timezone")
    }

    assert tellers == {"runtime.clock"}


def in_checks() -> Iterator[ast.AST]:
    """Everything that is written in the checks."""
    return (node for module, tree in modules().items() if module.startswith("checks") for node in ast.walk(tree))


def test_settings_are_read_by_conf_alone() -> None:
    """Checks may ask whether one of our settings is there, and read those of Django; values come from ``conf``."""
    reads = {
        ast.unparse(node)
        for node in in_checks()
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "settings"
    }

    assert [read for read in reads if read.startswith("settings.ORY_MFA")] == []


def test_no_adapter_imports_another() -> None:
    """What lies in ``contrib`` may use what every site may: the names that section 1 of the design makes public."""
    published = {f"{PACKAGE}.{module}.{name}" for module, names in PUBLIC.items() for name in names}
    # The sign-out of the admin is that of the package.
    published.add(f"{PACKAGE}.views.logout")
    crossings = (
        one
        for one in imports()
        if adapter_of(one.importer) is not None
        and one.is_of(PACKAGE)
        and adapter_of(one.name) not in (None, adapter_of(one.importer))
        and not (one.importer.startswith("contrib.") and one.name in published)
    )

    assert shown(crossings) == []


def test_nobody_imports_an_adapter_but_the_urls() -> None:
    upward = (
        one
        for one in imports()
        if adapter_of(one.importer) is None
        and one.is_of(PACKAGE)
        and adapter_of(one.name) is not None
        and one.importer.partition(".")[0] != "testing"
    )

    assert shown(upward) == ["urls imports django_ory_mfa.views"]


def test_imports_stand_at_the_top() -> None:
    inside = {
        f"{one.importer}: {one.name}"
        for one in imports()
        if one.is_inside_function and one.importer.partition(".")[0] != "testing"
    }

    assert inside == {
        "core.session: ory_client.Session",
        # A management command that never calls Ory starts faster without requests.
        "ory.service: django_ory_mfa.ory.client.OryClient",
        "apps: django_ory_mfa.checks",
        # For its weight, and because it is optional.
        "management.control.console: ory_client.ApiClient",
        "management.control.console: ory_client.ApiException",
        "management.control.console: ory_client.Configuration",
        "management.control.console: ory_client.api.project_api.ProjectApi",
        "management.control.console: ory_client.api.workspace_api.WorkspaceApi",
        "management.control.formats: django_ory_mfa.management.control.yaml_splice",
        # It reads the settings that name the importer.
        "contrib.rest_framework.answers: rest_framework.views.exception_handler",
        "contrib.rest_framework.openapi: drf_spectacular.settings.spectacular_settings",
        "contrib.rest_framework.openapi: drf_spectacular.plumbing.is_versioning_supported",
        "contrib.rest_framework.openapi: drf_spectacular.plumbing.modify_for_versioning",
        "contrib.rest_framework.openapi: drf_spectacular.plumbing.camelize_operation",
        "management.control.formats: django_ory_mfa.management.control.yaml_text",
        "management.control.formats: django_ory_mfa.management.control.yaml_visible",
    }


def scopes(tree: ast.Module) -> Iterator[dict[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """The functions of each module and class by name."""
    for scope in ast.walk(tree):
        if isinstance(scope, (ast.Module, ast.ClassDef)):
            yield {node.name: node for node in scope.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}


def sync_name(name: str, names: set[str]) -> str | None:
    """The name of the sync twin of an async function, if it follows the pattern: ``a…``, ``_a…`` or ``_acall``."""
    for prefix in ("_a", "a"):
        rest = name.removeprefix(prefix)
        if rest != name:
            candidates = (rest, f"_{rest}", f"__{rest}__")
            return next((candidate for candidate in candidates if candidate in names), None)
    return None


def twins() -> dict[str, tuple[ast.FunctionDef | ast.AsyncFunctionDef, ast.FunctionDef | ast.AsyncFunctionDef]]:
    return {
        f"{module}.{node.name}": (functions[twin], node)
        for module, tree in modules().items()
        if module.partition(".")[0] != "testing"
        for functions in scopes(tree)
        for node in functions.values()
        if isinstance(node, ast.AsyncFunctionDef) and (twin := sync_name(node.name, set(functions))) is not None
    }


def test_twins_are_found() -> None:
    found = {sync.name for sync, _ in twins().values()}

    assert found >= TWINS


@pytest.mark.parametrize("name", twins())
def test_sync_and_async_twin_have_the_same_parameters(name: str) -> None:
    sync, twin = twins()[name]

    assert ast.unparse(twin.args) == ast.unparse(sync.args)


@pytest.mark.parametrize("name", [name for name in twins() if not name.rpartition(".")[2].startswith("_")])
def test_sync_and_async_twin_return_the_same(name: str) -> None:
    sync, twin = twins()[name]

    assert sync.returns is not None
    assert twin.returns is not None
    assert ast.unparse(twin.returns) == ast.unparse(sync.returns)


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in PUBLIC.items() for name in sorted(names)], ids=str
)
def test_public_name_can_be_imported(module: str, name: str) -> None:
    found = importlib.import_module(f"{PACKAGE}.{module}".rstrip("."))

    assert getattr(found, name, None) is not None


@pytest.mark.parametrize("module", PINNED, ids=lambda module: module or PACKAGE)
def test_public_names_are_pinned(module: str) -> None:
    found = importlib.import_module(f"{PACKAGE}.{module}".rstrip("."))

    assert sorted(found.__all__) == sorted(PUBLIC[module])


def check_ids() -> list[str]:
    """The id of every message that is made in the checks, once per place where it is written."""
    return [
        str(keyword.value.value)
        for node in in_checks()
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "id" and isinstance(keyword.value, ast.Constant)
    ]


def test_check_ids_are_unique() -> None:
    ids = check_ids()

    assert len(ids) == len(set(ids)) >= 16


@pytest.mark.parametrize("name", check_ids())
def test_check_id_has_our_prefix_and_fits_its_kind(name: str) -> None:
    kinds = {"Error": "E", "Warning": "W"}
    makers = {
        ast.unparse(node.func).rpartition(".")[2]
        for node in in_checks()
        if isinstance(node, ast.Call) and any(ast.unparse(keyword.value) == repr(name) for keyword in node.keywords)
    }

    assert {f"ory_mfa.{kinds[maker]}" for maker in makers} == {name[:-3]}
    assert name[-3:].isdigit()


def test_constant_of_a_check_is_named_after_its_id() -> None:
    constants = {name: value for name, value in vars(checks).items() if isinstance(value, CheckMessage)}

    assert {name: f"ory_mfa.{name}" for name in constants} == {name: value.id for name, value in constants.items()}


ROOMS = ("answer", "core", "guard", "ory", "request", "roundtrip", "runtime", "session")


@pytest.mark.parametrize("room", ROOMS)
def test_room_says_which_others_it_imports(room: str) -> None:
    said = (ast.get_docstring(modules()[room]) or "").partition("Imports ")[2]
    used = {
        one.name.split(".")[1]
        for one in imports()
        if one.importer.startswith(f"{room}.") and one.is_of(PACKAGE) and not one.is_for_types_only
    }

    assert said != ""
    assert {other for other in ROOMS if f"``{other}``" in said} == used.intersection(ROOMS) - {room}


def test_every_module_has_a_docstring() -> None:
    assert [name for name, tree in modules().items() if tree.body and ast.get_docstring(tree) is None] == []
