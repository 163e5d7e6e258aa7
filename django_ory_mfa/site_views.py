"""Every view that the URL configuration leads to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True, slots=True)
class SiteView:
    """One URL pattern with everything that stands before it."""

    view: Any
    #: Django's pattern objects, from the root to the view.
    patterns: tuple[Any, ...]
    app_names: tuple[str, ...]
    #: With its namespaces, as ``reverse()`` takes it; None if it has none.
    name: str | None

    @property
    def route(self) -> str:
        """The path as the URL configuration spells it, such as ``/reports/<int:pk>/``; a regex without its anchors."""
        return "/" + "".join(str(pattern).removeprefix("^").removesuffix("$") for pattern in self.patterns)


def site_views() -> Iterator[SiteView]:
    """Every view of ``ROOT_URLCONF``, in the order in which Django tries them. Raises what importing it raises."""
    return _below(get_resolver(), (), (), ())


def _below(
    resolver: URLResolver, patterns: tuple[Any, ...], app_names: tuple[str, ...], namespaces: tuple[str, ...]
) -> Iterator[SiteView]:
    for entry in resolver.url_patterns:
        here = (*patterns, entry.pattern)
        if isinstance(entry, URLPattern):
            name = ":".join((*namespaces, entry.name)) if entry.name else None
            yield SiteView(entry.callback, here, app_names, name)
        else:
            apps = (*app_names, entry.app_name) if entry.app_name else app_names
            spaces = (*namespaces, entry.namespace) if entry.namespace else namespaces
            yield from _below(entry, here, apps, spaces)
