"""Makes mutants of a module: copies of its source, each with one small mistake in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import (
    mutation_operators,
    operator_arg_removal,
    operator_if_exp,
    operator_keywords,
    operator_match,
    operator_name,
    operator_remove_unary_ops,
    operator_string,
    operator_swap_op,
)

LOG_OF_THE_PROGRAMMER = ("debug",)
# Their arguments are for type checkers.
TYPING = {"TypeVar", "ParamSpec", "NewType"}
TRANSLATIONS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
# What an API says of an outcome, beside its id.
MESSAGES = {"Error"}
# Without these nothing imports, or nothing changes.
UNTOLD_DECORATORS = {"abstractmethod", "classmethod", "overload", "property", "runtime_checkable", "staticmethod"}


@dataclass(frozen=True)
class Mutant:
    """One mistake. ``lines`` are those of the statement that it is in, counted from 1; empty outside of functions."""

    file: str
    function: str
    lines: range
    old: str
    new: str
    source: str

    @property
    def key(self) -> str:
        """Names the mistake for as long as the line is written as it is, wherever it stands in its function."""
        return f"{self.file}: {self.function}: {self.old} => {self.new}"


def mutants_of(file: str, source: str, *, logic: bool = False) -> list[Mutant]:
    """Every mutant of ``source``, in the order of its lines; with ``logic`` only those of what it decides."""
    wrapper = MetadataWrapper(cst.parse_module(source))
    finder = _Finder(LOGIC if logic else [*LOGIC, *VALUES])
    wrapper.visit(finder)
    made: dict[str, Mutant] = {}
    writer = _Writer(wrapper.module)
    for place in finder.places:
        changed = writer.with_mistake(place)
        if changed != source and _compiles(changed):
            old, new = _difference(source, changed)
            made.setdefault(changed, Mutant(file, place.function, place.lines, old, new, changed))
    return list(made.values())


@dataclass(frozen=True)
class _Place:
    node: cst.CSTNode
    mutated: cst.CSTNode
    function: str
    lines: range


class _Writer:
    """Writes the module anew with a mistake in it; only the statement that has it, as that takes long."""

    def __init__(self, module: cst.Module) -> None:
        self._module = module
        self._codes = [module.code_for_node(statement) for statement in module.body]
        whole = "".join(self._codes)
        self._start, _, self._end = module.code.partition(whole)
        self._owners = {id(node): place for place, top in enumerate(module.body) for node in _below(top)}

    def with_mistake(self, place: _Place) -> str:
        owner = self._owners[id(place.node)]
        changed = self._module.body[owner].deep_replace(place.node, place.mutated)
        code = self._module.code_for_node(changed)
        return "".join((self._start, *self._codes[:owner], code, *self._codes[owner + 1 :], self._end))


def _below(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    yield node
    for child in node.children:
        yield from _below(child)


class _Finder(cst.CSTVisitor):  # type: ignore[misc]  # libcst is not there where types are checked
    """Visits the code that runs, and notes what could be wrong at each node of it."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, operators: Sequence[tuple[type[cst.CSTNode], Operator]]) -> None:
        super().__init__()
        self._operators = operators
        self.places: list[_Place] = []
        self._names: list[str] = []
        self._functions = 0
        self._statements: list[cst.CSTNode] = []
        self._prose = 0
        self._spared: set[int] = set()

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _is_for_readers(node) or id(node) in self._spared:
            return False
        self._enter(node)
        if not self._is_spared(node):
            for kind, operator in self._operators:
                if isinstance(node, kind) and not (self._prose and operator is operator_string):
                    self.places += [self._place(node, mutated) for mutated in operator(node)]
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if _is_for_readers(original_node) or id(original_node) in self._spared:
            return
        if isinstance(original_node, (cst.FunctionDef, cst.ClassDef)):
            self._names.pop()
        if isinstance(original_node, cst.FunctionDef):
            self._functions -= 1
        if isinstance(original_node, (cst.BaseSmallStatement, cst.BaseCompoundStatement)):
            self._statements.pop()
        self._prose -= _is_prose(original_node)

    def _enter(self, node: cst.CSTNode) -> None:
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            self._names.append(node.name.value)
        if isinstance(node, cst.FunctionDef):
            self._functions += 1
        if isinstance(node, (cst.BaseSmallStatement, cst.BaseCompoundStatement)):
            self._statements.append(node)
        self._prose += _is_prose(node)
        if isinstance(node, cst.Call) and _name(node.func) == "cast":
            self._spared.add(id(node.args[0]))

    def _is_spared(self, node: cst.CSTNode) -> bool:
        is_message = self._prose and isinstance(node, cst.Call) and all(map(_is_text, node.args))
        return is_message or (isinstance(node, cst.Call) and _name(node.func) in ("cast", "dataclass"))

    def _place(self, node: cst.CSTNode, mutated: cst.CSTNode) -> _Place:
        return _Place(node, mutated, ".".join(self._names), self._lines())

    def _lines(self) -> range:
        statement = self._statements[-1] if self._statements else None
        if not self._functions or statement is None or isinstance(statement, cst.FunctionDef):
            # It runs when the module is imported.
            return range(0)
        span = self.get_metadata(PositionProvider, statement)
        start, end = span.start.line, span.end.line
        if isinstance(statement, cst.BaseCompoundStatement):
            # Its first lines, without what is inside of it.
            inside = getattr(statement, "body", None)
            end = start if inside is None else max(start, self.get_metadata(PositionProvider, inside).start.line - 1)
        return range(start, end + 1)


def _is_for_readers(node: cst.CSTNode) -> bool:
    """Whether nothing of ``node`` runs, or nothing depends on it."""
    if isinstance(node, (cst.Annotation, cst.Import, cst.ImportFrom)):
        return True
    if isinstance(node, cst.If):
        return _name(node.test) == "TYPE_CHECKING"
    if isinstance(node, cst.Arg):
        # Of a dataclass; it saves memory.
        return node.keyword is not None and node.keyword.value == "slots"
    if isinstance(node, cst.FunctionDef):
        return any(_name(decorator.decorator) == "overload" for decorator in node.decorators)
    if isinstance(node, cst.Expr):
        return isinstance(node.value, cst.SimpleString) or _logs(node.value, LOG_OF_THE_PROGRAMMER)
    if isinstance(node, cst.Assign):
        name = _name(node.targets[0].target)
        return name in ("__all__", "__slots__", "logger") or _is_alias(name) or _is_typing(node.value)
    return False


def _is_alias(name: str) -> bool:
    """Whether ``name`` is written as that of a class: what is assigned to it is a type, read by type checkers."""
    return name[:1].isupper() and not name.isupper()


def _is_typing(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Call) and _name(node.func) in TYPING


def _is_prose(node: cst.CSTNode) -> bool:
    """Whether strings below ``node`` are sentences for people, of which no test need know each letter."""
    if isinstance(node, cst.Raise):
        return True
    if isinstance(node, cst.Assign):
        return _name(node.targets[0].target) == "message"
    return isinstance(node, cst.Call) and (_logs(node) or _name(node.func) in TRANSLATIONS | MESSAGES)


def _logs(node: cst.CSTNode, methods: tuple[str, ...] = ()) -> bool:
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return False
    return _name(node.func.value) == "logger" and (not methods or node.func.attr.value in methods)


def _is_text(argument: cst.Arg) -> bool:
    return isinstance(argument.value, (cst.SimpleString, cst.ConcatenatedString, cst.FormattedString))


def _name(node: cst.CSTNode) -> str:
    return node.value if isinstance(node, cst.Name) else ""


# Mistakes beside those of mutmut.


def _without_argument(node: cst.Call) -> Iterator[cst.CSTNode]:
    for mutated in operator_arg_removal(node):
        pairs = zip(node.args, mutated.args, strict=False)
        # As for what is returned: False is as good as None.
        if not any((_name(old.value), _name(new.value)) == ("False", "None") for old, new in pairs):
            yield mutated


def _without_statement(node: cst.Expr) -> Iterator[cst.CSTNode]:
    yield cst.Pass()


def _without_raise(node: cst.Raise) -> Iterator[cst.CSTNode]:
    yield cst.Pass()


def _without_value(node: cst.Return) -> Iterator[cst.CSTNode]:
    # False is as good as None to whoever asks yes or no; another mistake makes True of it.
    if node.value is not None and _name(node.value) not in ("None", "False"):
        yield node.with_changes(value=cst.Name("None"))


def _without_one_side(node: cst.BooleanOperation) -> Iterator[cst.CSTNode]:
    for side in (node.left, node.right):
        yield side.with_changes(lpar=node.lpar or side.lpar, rpar=node.rpar or side.rpar)


def _otherwise(node: cst.If | cst.While) -> Iterator[cst.CSTNode]:
    if isinstance(node.test, (cst.Comparison, cst.UnaryOperation)):
        # Others turn these round.
        return
    test = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    yield node.with_changes(test=cst.UnaryOperation(cst.Not(whitespace_after=cst.SimpleWhitespace(" ")), test))


def _without_decorator(node: cst.FunctionDef) -> Iterator[cst.CSTNode]:
    for decorator in node.decorators:
        if _name(decorator.decorator) not in UNTOLD_DECORATORS:
            yield node.with_changes(decorators=[other for other in node.decorators if other is not decorator])


Operator = Callable[[Any], Iterable[cst.CSTNode]]
DECIDING = {
    operator_if_exp,
    operator_keywords,
    operator_match,
    operator_name,
    operator_remove_unary_ops,
    operator_swap_op,
}
LOGIC: list[tuple[type[cst.CSTNode], Operator]] = [
    *((kind, operator) for kind, operator in mutation_operators if operator in DECIDING),
    (cst.Expr, _without_statement),
    (cst.Raise, _without_raise),
    (cst.Return, _without_value),
    (cst.BooleanOperation, _without_one_side),
    (cst.If, _otherwise),
    (cst.While, _otherwise),
    (cst.FunctionDef, _without_decorator),
]
VALUES: list[tuple[type[cst.CSTNode], Operator]] = [
    *((kind, operator) for kind, operator in mutation_operators if operator not in {*DECIDING, operator_arg_removal}),
    (cst.Call, _without_argument),
]


def _compiles(source: str) -> bool:
    with suppress(SyntaxError):
        compile(source, "mutant", "exec")
        return True
    return False


def _difference(source: str, changed: str) -> tuple[str, str]:
    """The lines that differ, each side as one line."""
    before, after = source.splitlines(), changed.splitlines()
    while before and after and before[0] == after[0]:
        del before[0], after[0]
    while before and after and before[-1] == after[-1]:
        del before[-1], after[-1]
    return " ".join(map(str.strip, before)), " ".join(map(str.strip, after))
