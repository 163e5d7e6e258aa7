"""What a page can meet in the Django that is installed, read from its source without importing it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import django

ROOT = Path(django.__file__).parent
# Tools for tests, and what only becomes a module in the hands of a site.
LEFT_OUT = ("test", "tests", "migrations", "app_template", "project_template")
# Whoever derives from one of these is met by requests.
BASES = {"View", "MiddlewareMixin", "BaseHandler"}
HOOKS = {"__call__", "process_request", "process_view", "process_response", "get_response"}


@cache
def shipped(root: Path = ROOT) -> frozenset[str]:
    """The dotted names of all middleware, decorators for views, views and error handlers below the folder ``root``."""
    modules = dict(_modules(root))
    bases = {
        node.name: {ast.unparse(base).rpartition(".")[2] for base in node.bases}
        for tree in modules.values()
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }
    return frozenset(
        f"{module}.{name}"
        for module, tree in modules.items()
        for node in tree.body
        for name in _names(module, node, bases)
        if not name.startswith("_")
    )


def _modules(root: Path) -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(root.rglob("*.py")):
        parts = file.relative_to(root.parent).with_suffix("").parts
        if not set(parts) & set(LEFT_OUT):
            yield ".".join(parts).removesuffix(".__init__"), ast.parse(file.read_text())


def _names(module: str, node: ast.stmt, bases: dict[str, set[str]]) -> Iterator[str]:
    """The crossings that one statement of a module defines."""
    parts = module.split(".")
    if isinstance(node, ast.ClassDef):
        is_of_views = bool({"views", "middleware"} & set(parts)) or module == "django.contrib.auth.mixins"
        if (is_of_views and not _is_error(node.name, bases)) or _derives(node.name, bases) or _has_hook(node):
            yield node.name
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        first = "".join(argument.arg for argument in node.args.args[:1])
        is_view = "views" in parts and first in ("request", "func")
        is_for_transactions = module == "django.db.transaction" and "callable(" in ast.unparse(node)
        if "decorators" in parts or is_view or is_for_transactions:
            yield node.name
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        yield from _assigned(parts, node.targets[0].id, node.value)


def _assigned(parts: list[str], name: str, value: ast.expr) -> Iterator[str]:
    is_decorator = "decorators" in parts and isinstance(value, ast.Call)
    is_handler = parts[1:] == ["conf", "urls"] and name.startswith("handler")
    if is_decorator or is_handler or (parts[-1] == "global_settings" and name.endswith("_VIEW")):
        yield name


def _derives(name: str, bases: dict[str, set[str]]) -> bool:
    above = bases.get(name, set())
    return bool(above & BASES) or any(_derives(base, bases) for base in above - {name})


def _is_error(name: str, bases: dict[str, set[str]]) -> bool:
    above = bases.get(name, set())
    return bool(above & {"Exception", "UserWarning", "ObjectDoesNotExist"})


def _has_hook(node: ast.ClassDef) -> bool:
    """Whether a class handles requests: by a hook of middleware, or by a method that is called a view."""
    for method in node.body:
        if isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)):
            takes_request = [argument.arg for argument in method.args.args][1:2] == ["request"]
            if takes_request and (method.name in HOOKS or method.name.endswith("_view")):
                return True
    return False
