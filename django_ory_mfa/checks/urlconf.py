"""List every view in the URL configuration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import ResolverMatch, URLPattern, URLResolver, get_resolver, resolve
from django.urls.resolvers import RoutePattern


@dataclass(frozen=True, slots=True)
class SiteView:
    """One URL pattern, with the patterns that lead to it."""

    view: Any
    #: Django's pattern objects, from the root to the view.
    patterns: tuple[Any, ...]
    #: With its namespaces, as ``reverse()`` takes it; None if it has none.
    name: str | None

    @property
    def is_one_path(self) -> bool:
        """Whether the pattern has no parameters, so that it matches exactly one path."""
        return all(isinstance(pattern, RoutePattern) and not pattern.converters for pattern in self.patterns)

    @property
    def route(self) -> str:
        """The path as the URL configuration spells it, such as ``/reports/<int:pk>/``; a regex without its anchors."""
        return spelt(str(pattern) for pattern in self.patterns)


def spelt(parts: Iterable[str]) -> str:
    """Return the route that consists of ``parts``, which may be regexes."""
    return "/" + "".join(part.removeprefix("^").removesuffix("$") for part in parts)


def match_of(path: str) -> ResolverMatch | None:
    """Return how Django finds the view at ``path``; None if there is none, or something of the site fails."""
    try:
        return resolve(path)
    except Exception:
        # A pattern of another language, a path converter, or the URL configuration, of which Django reports errors.
        return None


def site_views() -> Iterator[SiteView]:
    """Yield every view of ``ROOT_URLCONF`` in the order in which Django tries them. Raises what importing it raises."""
    return _below(get_resolver(), (), ())


def _below(resolver: URLResolver, patterns: tuple[Any, ...], namespaces: tuple[str, ...]) -> Iterator[SiteView]:
    for entry in resolver.url_patterns:
        here = (*patterns, entry.pattern)
        if isinstance(entry, URLPattern):
            name = ":".join((*namespaces, entry.name)) if entry.name else None
            yield SiteView(entry.callback, here, name)
        else:
            spaces = (*namespaces, entry.namespace) if entry.namespace else namespaces
            yield from _below(entry, here, spaces)
