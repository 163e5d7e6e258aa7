"""Other paths by which a visitor can ask for the same page, so that no rule is passed by one of them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import Any

from django.urls import ResolverMatch, URLResolver, get_resolver
from django.urls.resolvers import LocalePrefixPattern
from django.utils import translation
from django.utils.functional import Promise
from django.utils.regex_helper import normalize

from django_ory_mfa.conf import languages

DOTS = re.compile(r"\\|/\.{1,2}(?:/|$)")
# What the routers of Django REST framework put at the end of a path: the name of a format, with or without a slash.
FORMAT = "format"
# Django's pattern objects, from the root to a view.
Patterns = tuple[Any, ...]


def without_dots(path_info: str) -> str | None:
    """Return the path without ``.`` and ``..`` segments (RFC 3986, section 5.2.4); None if it has none.

    A backslash counts as a slash, as for file names on Windows.
    """
    return _normal(path_info) if DOTS.search(path_info) else None


def spellings(path_info: str, match: ResolverMatch | None, urlconf: Any = None) -> Iterator[str]:
    """Yield other paths of the page at ``path_info``, of which ``match`` is the URL pattern, None if there is none.

    They are the path in each language of a translated pattern, each of these without empty segments or without the
    format of Django REST framework, and all of them without their language prefix.
    """
    resolver = get_resolver(urlconf)
    has_languages = _has_language_prefixes(resolver)
    for translated in (path_info, *_translated(path_info, match, resolver)):
        for path in (translated, *_shorter(translated, match)):
            if path != path_info:
                yield path
            if has_languages and translation.get_language_from_path(path) is not None:
                yield "/" + path[1:].partition("/")[2]


def _shorter(path_info: str, match: ResolverMatch | None) -> Iterator[str]:
    if "//" in path_info:
        yield _normal(path_info)
    end = match and match.kwargs.get(FORMAT)
    bare = path_info.rstrip("/")
    if end and bare.endswith(f".{end}"):
        bare = bare.removesuffix(f".{end}")
        yield bare
        yield f"{bare}/"


def _translated(path_info: str, match: ResolverMatch | None, resolver: URLResolver) -> Iterator[str]:
    for patterns, by_language in _translated_patterns(resolver).get(id(match and match.func), ()):
        texts, rest = [], path_info.removeprefix("/")
        for pattern in patterns:
            found = pattern.regex.search(rest)
            if found is None:
                break
            named = pattern.regex.groupindex.values()
            unnamed = [text for at, text in enumerate(found.groups(), 1) if at not in named]
            texts.append({f"_{at}": text for at, text in enumerate(unnamed)} | found.groupdict())
            rest = rest[found.end() :]
        else:
            for language in by_language:
                yield from _in_language(language, patterns, texts)


def _in_language(language: str, patterns: Patterns, texts: list[dict[str, str | None]]) -> list[str]:
    """Return the paths, mostly one, that ``patterns`` match in ``language`` with ``texts`` for their parameters."""
    with translation.override(language):
        # What reverse() does, which would need a name.
        forms = [normalize(pattern.regex.pattern) for pattern in patterns]
    parts = [
        [
            form % of_pattern
            for form, names in of_pattern_forms
            if all(of_pattern.get(name) is not None for name in names)
        ]
        for of_pattern_forms, of_pattern in zip(forms, texts, strict=True)
    ]
    return ["/" + "".join(chosen) for chosen in product(*parts)]


def _normal(path_info: str) -> str:
    path = posixpath.normpath("/" + path_info.replace("\\", "/").lstrip("/"))
    # A path that ends with a slash, or with a segment of dots, is that of a folder.
    is_folder = path_info.endswith(("/", "\\", "/.", "/..")) and path != "/"
    return f"{path}/" if is_folder else path


@lru_cache(maxsize=64)
def _has_language_prefixes(resolver: URLResolver) -> bool:
    return any(isinstance(entry.pattern, LocalePrefixPattern) for entry in resolver.url_patterns)


@lru_cache(maxsize=64)
def _translated_patterns(resolver: URLResolver) -> dict[int, list[tuple[Patterns, list[str]]]]:
    """The translated patterns that lead to a view, by its ``id``, and the languages in which they differ."""
    found: dict[int, list[tuple[Patterns, list[str]]]] = {}
    for view, patterns in _patterns_below(resolver, ()):
        if any(isinstance(_text(pattern), Promise) for pattern in patterns):
            by_text: dict[str, str] = {}
            for language in languages():
                with translation.override(language):
                    by_text.setdefault("".join(str(_text(pattern)) for pattern in patterns), language)
            found.setdefault(id(view), []).append((patterns, list(by_text.values())))
    return found


def _text(pattern: Any) -> Any:
    """The route or regex of ``pattern``, lazy if it is translated; empty for a language prefix."""
    return getattr(pattern, "_route", getattr(pattern, "_regex", ""))


def _patterns_below(resolver: URLResolver, above: Patterns) -> Iterator[tuple[Any, Patterns]]:
    for entry in resolver.url_patterns:
        patterns = (*above, entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _patterns_below(entry, patterns)
        else:
            yield entry.callback, patterns
