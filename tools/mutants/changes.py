"""Finds the functions that a mutant changes, so that they can be changed where they are, without importing anything."""

from __future__ import annotations

import gc
import inspect
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType, FunctionType

Change = tuple[CodeType, CodeType]


class NeedsImportError(Exception):
    """The mutant changes what runs when its module is imported."""


def changes(old: CodeType, new: CodeType) -> Iterator[tuple[Change, bool]]:
    """Yield each function whose code differs, and whether it is inside of another one that differs.

    Raise ``NeedsImportError`` if the code of a class or of the module differs.
    """
    return _changes(old, new, within=False)


def _changes(old: CodeType, new: CodeType, *, within: bool) -> Iterator[tuple[Change, bool]]:
    is_function = bool(old.co_flags & inspect.CO_OPTIMIZED)
    inner_old, inner_new = _inner(old), _inner(new)
    is_same = _essence(old) == _essence(new)
    if not is_function and (not is_same or len(inner_old) != len(inner_new)):
        raise NeedsImportError
    inside = []
    if len(inner_old) == len(inner_new):
        pairs = zip(inner_old, inner_new, strict=True)
        inside = [found for pair in pairs for found in _changes(*pair, within=is_function)]
    if is_function and (inside or not is_same or len(inner_old) != len(inner_new)):
        yield (old, new), within
    yield from inside


def functions_of(path: str) -> dict[CodeType, list[FunctionType]]:
    """Return the functions of this process that are written in the file ``path``, by their code."""
    found: dict[CodeType, list[FunctionType]] = {}
    # What is frozen would not be listed.
    gc.unfreeze()
    for thing in gc.get_objects():
        # Lazy objects of Django would look at what they stand for if isinstance() asked them.
        if type(thing) is FunctionType and thing.__code__.co_filename == path:
            found.setdefault(thing.__code__, []).append(thing)
    gc.freeze()
    return found


def replacements(
    functions: Mapping[CodeType, Sequence[FunctionType]], old: CodeType, new: CodeType
) -> list[tuple[FunctionType, CodeType]]:
    """Return which of ``functions`` needs which code, if their module is to be ``new`` and not ``old``.

    Raise ``NeedsImportError`` if that is not enough.
    """
    found = []
    for (before, after), within in changes(old, new):
        there = functions.get(before, ())
        if before.co_freevars != after.co_freevars or not (there or within):
            raise NeedsImportError
        found += [(function, after) for function in there]
    return found


def _inner(code: CodeType) -> list[CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _essence(code: CodeType) -> tuple[object, ...]:
    """What the code does itself, whatever its lines and the functions in it are."""
    constants = [(type(each), repr(each)) for each in code.co_consts if not isinstance(each, CodeType)]
    signature = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags
    names = code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
    return code.co_name, code.co_code, constants, signature, names, code.co_exceptiontable
