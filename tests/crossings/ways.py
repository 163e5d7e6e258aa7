"""The ways in which a crossing is built into a site, and the stops of the walk that come of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any

from django.urls import include, path

from django_ory_mfa.decorators import aal_required
from django_ory_mfa.mixins import AALRequiredMixin
from tests.crossings.pages import Signing, alate, late, page, signed

OURS = "django_ory_mfa.middleware.OrySessionMiddleware"
POLICY = "django_ory_mfa.middleware.AALRequiredMiddleware"
GUARD = aal_required("aal2")
SITUATIONS = ("guarded", "shown", "policy")
USERS = ("tests.crossings.middleware.UserFromCookie",)
SESSIONS = ("django.contrib.sessions.middleware.SessionMiddleware",)
DJANGO_USERS = (*SESSIONS, "django.contrib.auth.middleware.AuthenticationMiddleware")


@dataclass(frozen=True, kw_only=True)
class Stop:
    """One page of one site. ``gives``: the first visitor sees a page that shows it."""

    crossing: str
    way: Way
    situation: str
    place: str
    url: str
    middleware: Sequence[str]
    gives: bool

    def __str__(self) -> str:
        return f"{self.crossing}-{self.situation}-{self.place}"

    @property
    def is_outside(self) -> bool:
        """Whether the crossing may answer before we refuse."""
        return bool(self.way.own) and self._is_among(self.way.outside)

    @property
    def is_uncovered(self) -> bool:
        """Whether the crossing answers where we cannot see it, with a page."""
        return self._is_among(self.way.uncovered)

    def _is_among(self, patterns: Sequence[str]) -> bool:
        return any(fnmatch(f"{self.situation}/{self.place}", pattern) for pattern in patterns)


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a crossing is built into a site.

    ``needs`` stands before all other middleware. ``own`` are the statuses with which the crossing answers by itself,
    without a page; where it is ``outside``, also to those whom we would refuse. Both places are patterns of
    ``situation/place``. ``uncovered``: it answers there with a page, where we cannot see it.
    """

    needs: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    own: Set[int] = frozenset()
    outside: Sequence[str] = ()
    uncovered: Sequence[str] = ()
    gives: bool = True
    enforces_csrf: bool = False

    def stops(self, crossing: str) -> Iterator[Stop]:
        raise NotImplementedError

    def paths(self, mode: str) -> Iterator[Any]:
        """The pages of this crossing alone, below its name."""
        return iter(())

    def stop(self, crossing: str, situation: str, place: str, url: str = "", **changed: Any) -> Stop:
        ours = [OURS, POLICY] if situation == "policy" else [OURS]
        usual: dict[str, Any] = {"middleware": [*self.needs, *ours], "gives": self.gives}
        url = url or f"{crossing}/{situation}/{place}"
        return Stop(crossing=crossing, way=self, situation=situation, place=place, url=url, **(usual | changed))


@dataclass(frozen=True, kw_only=True)
class Middleware(Way):
    """A middleware: before ours, after ours, or between our two.

    ``makes`` are pages that it makes where no view is; ``partner`` is the one that comes last of all; ``spelt`` stands
    in ``MIDDLEWARE`` in its place.
    """

    places: Sequence[str] = ("before", "between", "after")
    makes: Sequence[str] = ()
    partner: Sequence[str] = ()
    spelt: str = ""

    def stops(self, crossing: str) -> Iterator[Stop]:
        for place in self.places:
            # Without the policy there is nothing to be between.
            for situation in SITUATIONS[2:] if place == "between" else SITUATIONS:
                chain = self._chain(self.spelt or crossing, situation, place)
                yield self.stop(crossing, situation, place, f"page/{situation}", middleware=chain, gives=True)
                for url in self.makes if situation != "guarded" else ():
                    yield self.stop(crossing, situation, f"{place}-made", url, middleware=chain)

    def _chain(self, name: str, situation: str, place: str) -> list[str]:
        ours = {"before": [name, OURS, POLICY], "between": [OURS, name, POLICY], "after": [OURS, POLICY, name]}
        chain = [*self.needs, *ours[place], *self.partner]
        return chain if situation == "policy" else [entry for entry in chain if entry != POLICY]


@dataclass(frozen=True, kw_only=True)
class Decorator(Way):
    """A decorator of views, outside and inside of a guard. ``is_async``: it takes coroutine functions, too."""

    decorate: Callable[[Any], Any]
    is_async: bool = True
    outside: Sequence[str] = ("guarded/outside",)
    places: Sequence[tuple[str, str]] = (
        ("guarded", "outside"),
        ("guarded", "inside"),
        ("shown", "around"),
        ("policy", "around"),
    )

    def stops(self, crossing: str) -> Iterator[Stop]:
        return (self.stop(crossing, situation, place) for situation, place in self.places)

    def paths(self, mode: str) -> Iterator[Any]:
        mode = mode if self.is_async else "sync"
        shows = page(mode, reads=True)
        yield path("guarded/outside", self.decorate(GUARD(shows)))
        # Rendered after all decorators.
        renders = alate if mode == "async" else late
        yield path("guarded/inside", GUARD(self.decorate(renders)))
        yield path("shown/around", self.decorate(renders))
        yield path("policy/around", self.decorate(page(mode, reads=False)))


@dataclass(frozen=True, kw_only=True)
class View(Way):
    """A view function of Django, whose page shows the visitor in a header."""

    view: Any
    kwargs: dict[str, Any] = field(default_factory=dict)

    def stops(self, crossing: str) -> Iterator[Stop]:
        return (self.stop(crossing, situation, "view") for situation in SITUATIONS)

    def paths(self, mode: str) -> Iterator[Any]:
        yield path("guarded/view", GUARD(self.made(reads=True)), self.kwargs)
        yield path("shown/view", self.made(reads=True), self.kwargs)
        yield path("policy/view", self.made(reads=False), self.kwargs)

    def made(self, *, reads: bool) -> Any:
        return signed(self.view, reads=reads)


@dataclass(frozen=True, kw_only=True)
class ClassView(View):
    """A class-based view whose template shows the visitor, or a header if it ``signs``; guarded by our mixin, too."""

    given: Mapping[str, Any] = field(default_factory=dict)
    signs: bool = False

    def stops(self, crossing: str) -> Iterator[Stop]:
        yield from super().stops(crossing)
        yield self.stop(crossing, "guarded", "mixin")

    def paths(self, mode: str) -> Iterator[Any]:
        yield from super().paths(mode)
        yield path("guarded/mixin", self.made(AALRequiredMixin, reads=True), self.kwargs)

    def made(self, *left: type, reads: bool) -> Any:
        bases = (*left, Signing, self.view) if self.signs else (*left, self.view)
        shown = {"reads": reads} if self.signs else {"template_name": "who.html", "extra_context": {"reads": reads}}
        return type("Page", bases, {"required_aal": "aal2"} if left else {}).as_view(**(shown | dict(self.given)))  # type: ignore[attr-defined]


def below(crossing: str, way: Way, mode: str) -> Any:
    """The pages of one crossing below its name."""
    return path(f"{crossing}/", include(list(way.paths(mode))))
