"""How Django's error handlers, its pages for developers and its admin are built into a site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.crossings.ways import SITUATIONS, USERS, Stop, Way

DEFAULT, OWN, EMPTY = (f"tests.crossings.{name}" for name in ("error_urls", "own_error_urls", "empty_urls"))
CSRF = "django.middleware.csrf.CsrfViewMiddleware"


@dataclass(frozen=True, kw_only=True)
class Handler(Way):
    """The page for one status: of a view that fails, and of a path without a view."""

    status: int
    nowhere: Sequence[str] = ()

    def stops(self, crossing: str) -> Iterator[Stop]:
        for situation in SITUATIONS:
            yield self.stop(crossing, situation, "view", f"{situation}/{self.status}")
        for url in self.nowhere:
            for situation in SITUATIONS[1:]:
                yield self.stop(crossing, situation, url, url)


def handler(status: int, urls: str, **changed: Any) -> Handler:
    return Handler(status=status, own={status}, settings={"ROOT_URLCONF": urls}, **changed)


@dataclass(frozen=True, kw_only=True)
class Page(Way):
    """One page that Django makes by itself."""

    url: str = "page/{situation}"
    situations: Sequence[str] = SITUATIONS

    def stops(self, crossing: str) -> Iterator[Stop]:
        for situation in self.situations:
            yield self.stop(crossing, situation, "page", self.url.format(situation=situation))


@dataclass(frozen=True, kw_only=True)
class Admin(Way):
    """Pages of the admin; the guarded ones are those that ``admin_view()`` wraps."""

    pages: Sequence[str]
    free: Sequence[str] = ()

    def stops(self, crossing: str) -> Iterator[Stop]:
        for situation in SITUATIONS:
            for url in (*self.pages, *(self.free if situation != "guarded" else ())):
                place = url.partition("?")[0].strip("/").replace("/", " ") or "index"
                # Translations for scripts show nobody.
                gives = url != "jsi18n/"
                yield self.stop(crossing, situation, place, f"/admin-{situation}/{url}", gives=gives)


DEVELOPERS = {"DEBUG": True, "INTERNAL_IPS": ["127.0.0.1"]}
HANDLERS: dict[str, Way] = {
    "django.conf.urls.handler400": handler(400, OWN),
    "django.conf.urls.handler403": handler(403, OWN),
    "django.conf.urls.handler404": handler(404, OWN, nowhere=("nowhere", "/shell/"), outside=("policy/nowhere",)),
    "django.conf.urls.handler500": handler(500, OWN),
    "django.views.defaults.bad_request": handler(400, DEFAULT),
    "django.views.defaults.permission_denied": handler(403, DEFAULT),
    "django.views.defaults.page_not_found": handler(404, DEFAULT, nowhere=("nowhere",), outside=("policy/nowhere",)),
    "django.views.defaults.server_error": handler(500, DEFAULT, gives=False),
    "django.views.csrf.csrf_failure": Page(
        needs=[CSRF],
        settings={"CSRF_FAILURE_VIEW": "tests.crossings.pages.csrf_failure"},
        own={403},
        outside=("guarded/*", "policy/*"),
        enforces_csrf=True,
    ),
    "django.views.debug.default_urlconf": Page(
        url="/", situations=SITUATIONS[2:], settings={**DEVELOPERS, "ROOT_URLCONF": EMPTY}, gives=False
    ),
    "django.views.debug.technical_404_response": Handler(
        status=404,
        own={404},
        nowhere=("nowhere",),
        settings={**DEVELOPERS, "ROOT_URLCONF": DEFAULT},
        outside=("policy/nowhere",),
        gives=False,
    ),
    "django.views.debug.technical_500_response": Handler(
        status=500, own={500}, settings={**DEVELOPERS, "ROOT_URLCONF": DEFAULT}
    ),
    "django.contrib.admin.sites.AdminSite": Admin(
        pages=["", "auth/", "jsi18n/", "password_change/", "password_change/done/", "nowhere/"],
        free=["login/"],
        needs=USERS,
        own={302, 404, 405},
    ),
    "django.contrib.admin.options.ModelAdmin": Admin(
        pages=[f"auth/group/{page}" for page in ("", "add/", "1/change/", "1/delete/", "1/history/")],
        needs=USERS,
        own={302, 405},
    ),
    "django.contrib.auth.admin.UserAdmin": Admin(
        pages=["auth/user/add/", "auth/user/1/password/"], needs=USERS, own={302}
    ),
}
