"""Other paths by which a visitor can ask for the same page, so that no rule is passed by one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from itertools import chain, product, zip_longest
from typing import Any
from uuid import UUID

from django.urls import ResolverMatch, URLResolver, get_resolver
from django.urls.resolvers import LocalePrefixPattern
from django.utils import translation
from django.utils.functional import Promise
from django.utils.regex_helper import normalize

from django_ory_mfa.conf import languages
from django_ory_mfa.guard.text_comparison import is_unsure

# Few pages have a longer one.
LONGEST = 2_000  # characters
# How many spellings of a path in one language are compared with the rules, and how long they all may be together.
MOST = 64
MOST_CHARACTERS = 16_000
DOTS = re.compile(r"\\|/\.{1,2}(?:/|$)")
EMPTY = re.compile("/{2,}")
PARAMETER = re.compile("<[^<>]+>")
NUMBER = re.compile(r"\d+")
POINT = re.compile(r"\.0*$")
# A UUID, or a number that is not in a word.
ALONE = re.compile(r"(?i:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})|(?<![^\W_])\d+(?![^\W_])")
# Django's pattern objects, from the root to a view.
Patterns = tuple[Any, ...]


def may_be_any_page(path_info: str) -> bool:
    """Whether it depends on the code that reads it which page the path names, or it is too long to find that out.

    It has a segment ``.`` or ``..`` (RFC 3986, section 5.2.4), or a backslash, which is a slash in file names on
    Windows. Or it has no slash at its start: servers of ASGI pass that on, and Django's view of flat pages adds one.
    """
    return not path_info.startswith("/") or len(path_info) > LONGEST or DOTS.search(path_info) is not None


def is_looked_up(path_info: str, match: ResolverMatch | None) -> bool:
    """Whether a database may find the page by text of the path.

    That is a text parameter, or all of the path if no view matches, or a pattern that also matches other paths.
    """
    if match is None or any(not isinstance(value, (int, UUID)) for value in _values_of(match)):
        return True
    return _in_route(match.route).fullmatch(path_info.removeprefix("/")) is None


@lru_cache(maxsize=1024)
def _in_route(route: str) -> re.Pattern[str]:
    """The paths that ``route`` matches if it is one of ``path()``; the route of a regular expression matches none."""
    return re.compile("[^/]+".join(map(re.escape, PARAMETER.split(route))))


def spellings(
    path_info: str, match: ResolverMatch | None, urlconf: Any = None, *, adds_slash: bool
) -> Iterator[str | None]:
    """Yield other paths of the page at ``path_info``, of which ``match`` is the URL pattern, None if there is none.

    They are the path in each language of a translated pattern, each of these without empty segments, without the
    format of Django REST framework, without a slash that belongs to a parameter, with a slash at its end if
    ``adds_slash``, and with its numbers written otherwise, and all of them without their language prefix. None: there
    is one more, which cannot be made out.
    """
    if is_looked_up(path_info, match) and is_unsure(path_info):
        yield None
    resolver, texts = get_resolver(urlconf), [value for value in _values_of(match) if isinstance(value, str)]
    has_languages = _has_language_prefixes(resolver)
    seen, characters = {path_info}, 0
    for translated in (path_info, *_translated(path_info, match, resolver)):
        if translated is None:
            yield None
            continue
        most = len(seen) + MOST
        for path in _in_one_language(translated, texts, adds_slash=adds_slash, has_languages=has_languages):
            if path in seen:
                continue
            seen.add(path)
            characters += len(path)
            if len(seen) > most or characters > MOST_CHARACTERS:
                # SECURITY: a visitor could choose a path whose spellings take seconds.
                yield None
                return
            yield path


def _in_one_language(translated: str, texts: list[str], *, adds_slash: bool, has_languages: bool) -> Iterator[str]:
    ends = _at_the_end(translated, texts, adds_slash=adds_slash)
    for path in chain.from_iterable(_in_numbers(end, texts) for end in ends):
        yield path
        if has_languages and translation.get_language_from_path(path) is not None:
            yield "/" + path[1:].partition("/")[2]


def _at_the_end(path_info: str, texts: list[str], *, adds_slash: bool) -> Iterator[str]:
    """Yield the path, and what it is without empty segments and without what a parameter at its end may take."""
    for path in dict.fromkeys((path_info, EMPTY.sub("/", path_info))):
        yield path
        bare = path.rstrip("/")
        if adds_slash:
            yield f"{bare}/"
        for text in texts:
            # The routers of Django REST framework let a format follow, which the view gets under a name of the site's.
            if bare.endswith(f".{text}"):
                without = bare.removesuffix(f".{text}")
                yield from (without, f"{without}/")
            # A slash that is part of a name may be dropped, as by Django's view of files.
            if text and path.endswith((text, EMPTY.sub("/", text))):
                yield bare


def _values_of(match: ResolverMatch | None) -> list[Any]:
    return [] if match is None else [*match.args, *match.kwargs.values()]


def _in_numbers(path: str, texts: list[str]) -> Iterator[str]:
    """Yield the path, and the path with its numbers as rules write them; Django reads 07, +7 and 7 as one number."""
    for one in dict.fromkeys((path, _with_numbers_read(path, texts))):
        yield NUMBER.sub(lambda found: _ascii(found[0]), one)
        # Months and days.
        yield NUMBER.sub(lambda found: _ascii(found[0]).zfill(2), one)
        between = ALONE.split(one)
        numbers = [_ways_of(found) for found in ALONE.findall(one)]
        for chosen in product(*numbers):
            yield "".join(chain.from_iterable(zip_longest(between, chosen, fillvalue="")))


def _with_numbers_read(path: str, texts: list[str]) -> str:
    """Return ``path`` with its parameters as fields of models read them, which may be parts of a segment."""
    segments = path.split("/")
    for text in filter(None, texts):
        whole, plain = text in segments, _as_read(text)
        segments = [plain if one == text else one if whole else one.replace(text, plain) for one in segments]
    return "/".join(segments)


def _as_read(text: str) -> str:
    """Return ``text`` as fields of models, and those of schemas, read it that hold numbers or UUIDs."""
    with suppress(ValueError):
        return str(UUID(text))
    with suppress(ValueError):
        return str(int(POINT.sub("", text)))
    return text


def _ways_of(number: str) -> tuple[str, ...]:
    return tuple({number, _ascii(number), _ascii(number).zfill(2)}) if number.isdigit() else (number,)


def _ascii(digits: str) -> str:
    plain = digits if digits.isascii() else "".join(str(int(digit)) for digit in digits)
    return plain.lstrip("0") or "0"


def _translated(path_info: str, match: ResolverMatch | None, resolver: URLResolver) -> Iterator[str | None]:
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
                paths = _in_language(language, patterns, texts)
                yield from paths
                if not paths:
                    yield None


def _in_language(language: str, patterns: Patterns, texts: list[dict[str, str | None]]) -> list[str]:
    """Return the paths, mostly one, that ``patterns`` match in ``language`` with ``texts`` for their parameters.

    Empty if that cannot be made out.
    """
    with translation.override(language):
        regexes = [pattern.regex for pattern in patterns]
    try:
        parts = [_texts_of(regex, of_regex) for regex, of_regex in zip(regexes, texts, strict=True)]
    except (TypeError, ValueError):
        # What cannot be read backwards, or a percent sign.
        return []
    return ["/" + "".join(chosen) for chosen in product(*parts)]


def _texts_of(regex: re.Pattern[str], parameters: dict[str, str | None]) -> list[str]:
    """Return what ``regex`` matches with ``parameters``, found as reverse() does, which would need a name."""
    forms = normalize(regex.pattern)
    found = [form % parameters for form, names in forms if all(parameters.get(name) for name in names)]
    # A parameter may be translated, too.
    return [text for text in found if regex.search(text)]


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
