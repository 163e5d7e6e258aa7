"""Admin sites that ask Ory who comes in, and for a fresh proof before what is sensitive."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import partial, wraps
from inspect import unwrap
from typing import TYPE_CHECKING, Any

from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from django_ory_mfa.answer.pages import account_name
from django_ory_mfa.checks.admin import messages_of
from django_ory_mfa.checks.users import takes_passwords
from django_ory_mfa.conf import conf
from django_ory_mfa.contrib.admin import last_page, pages
from django_ory_mfa.contrib.admin.actions import action_names
from django_ory_mfa.contrib.admin.fields import holds_rights
from django_ory_mfa.contrib.admin.requirements import (
    always_asked,
    is_undeclared,
    names_of_views,
    place_of,
    requirements_of,
)
from django_ory_mfa.contrib.admin.rights import form_gives_rights, may_hold_rights
from django_ory_mfa.core.addresses import own_email
from django_ory_mfa.core.decision import Decision, Outcome
from django_ory_mfa.core.own_views import own_view
from django_ory_mfa.core.requirement import Requirement
from django_ory_mfa.guard.declarations import declare_value
from django_ory_mfa.guard.guarding import finish_allowed, guard_steps
from django_ory_mfa.guard.one_person import is_somebody, other_person_steps
from django_ory_mfa.request.method import SAFE_METHODS
from django_ory_mfa.roundtrip import hops
from django_ory_mfa.roundtrip.return_to import checked_next, site_origin
from django_ory_mfa.runtime.steps import run
from django_ory_mfa.session.request_state import state_of
from django_ory_mfa.session.resolver import session_of
from django_ory_mfa.views import logout

if TYPE_CHECKING:
    from django.core.checks import CheckMessage
    from django.http import HttpRequest, HttpResponse, HttpResponseBase

    from django_ory_mfa.core.session import OrySession

SIGNED_IN = Requirement("aal1")
IN_CIRCLES = Decision(Outcome.LOGIN, SIGNED_IN, "other_rights")


class AALAdminSiteMixin:
    """Puts an ``AdminSite`` behind Ory; put it left of the site class, so that themes keep theirs.

    ``required_aal`` is what it takes to come in, ``sensitive`` what deletes, passwords and rights take: levels, names
    of policies or ``Requirement`` values. A ``ModelAdmin`` adds to them by ``ory_mfa_requirements``.
    ``harmless_user_fields`` names fields of users and groups that give no rights, beside those of Django for names and
    dates.
    """

    required_aal: Requirement | str = "aal2"
    sensitive: Requirement | str = Requirement("aal2", max_age=600)
    harmless_user_fields: Collection[str] = ()
    name: str

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        at = cls.__mro__.index(AALAdminSiteMixin)
        before = [vars(base)["admin_view"] for base in cls.__mro__[:at] if "admin_view" in vars(base)]
        if AdminSite in cls.__mro__[:at] or AdminSite.admin_view in before:
            # SECURITY: right of the site class, the mixin's admin_view() would never be called.
            raise TypeError(f"{cls.__name__}: put AALAdminSiteMixin left of the site class")

    def check(self, app_configs: Any) -> list[CheckMessage]:
        """Return what Django's checks and ours have to say."""
        found: list[CheckMessage] = super().check(app_configs)  # type: ignore[misc]  # the AdminSite stands to the right
        return [*found, *messages_of(self, lambda one: action_names(one) | names_of_views(one))]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - the signature of Django
        """Return ``view`` behind the guards of this site, around Django's own."""
        if view == self.logout:
            # It needs no level and no rights, and looks after CSRF and methods itself.
            return view
        inner = super().admin_view(view, cacheable)  # type: ignore[misc]  # the AdminSite stands to the right

        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            # A view of the site may call the object otherwise, or have no name for it.
            found = kwargs.get("object_id", next(iter((*args, *kwargs.values())), None))
            response = AdminGuard(self, request, view).refusal(None if found is None else str(found))
            if response is None:
                response = finish_allowed(request, pages.own(inner(request, *args, **kwargs)))
                last_page.remember(request, response, session_of(state_of(request)), self._path())
            return pages.let_popups_return(request, response)

        marked: Any = guarded
        # As Django marks its own, for the report.
        marked.admin_site = marked.ory_mfa_guarded_by = self
        return guarded

    @method_decorator(never_cache)
    @login_not_required
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Send whoever is not signed in to Ory, and staff to ``next``; tell everybody else that they have no access."""
        guard = AdminGuard(self, request)
        target = checked_next(request) if "next" in request.GET else f"{site_origin(request)}{self._path()}"
        response = guard.unless(SIGNED_IN, return_to=target) or guard.unless_allowed() or guard.sent_on(target)
        return pages.let_popups_return(request, response)

    @login_not_required
    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """End the Ory session and Django's (POST)."""
        return pages.let_popups_return(request, logout(request))

    # SECURITY: everybody may reach these two. They show nothing but as whom one is signed in.
    own_view(login)
    own_view(logout)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Return Django's page, or send to Ory's settings where nobody signs in with a password of Django's."""
        if not takes_passwords():
            # The admin links here for everybody who has a usable password, however old.
            return HttpResponseRedirect(conf.flows.settings(return_to=f"{site_origin(request)}{self._path()}"))
        return super().password_change(request, extra_context)  # type: ignore[misc]  # likewise

    def password_change_done(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Return Django's page; 404 where nobody signs in with a password of Django's."""
        if not takes_passwords():
            raise Http404
        return super().password_change_done(request, extra_context)  # type: ignore[misc]  # likewise

    def ory_mfa_guards_of(self, view: Any) -> Iterator[Any]:
        """Yield what ``view`` of this site asks for; a function where it depends on the request.

        Nothing, if an ``admin_view()`` of the site leaves our guard out.
        """
        if getattr(self.admin_view(unwrap(view)), "ory_mfa_guarded_by", None) is not self:
            return
        place = place_of(view)
        yield self.required_aal
        yield from always_asked(place.model_admin, place.keys, sensitive=self.sensitive)
        if place.key in ("add", "change"):
            yield form_gives_rights
        if is_undeclared(place) and holds_rights(place.model_admin):
            yield may_hold_rights
        if _sets_own_password(self, view):
            yield self.sensitive

    def ory_mfa_finish_refusal(self, request: HttpRequest, refusal: Any) -> Any:
        """Return ``refusal`` by the policy of the whole site, with the headers that this site sets."""
        return pages.let_popups_return(request, refusal)

    def _path(self) -> str:
        return reverse("admin:index", current_app=self.name)


class AALAdminSite(AALAdminSiteMixin, AdminSite):
    """Django's ``AdminSite`` behind Ory."""


class AdminGuard:
    """Judges one request to ``site``; each method returns the answer that refuses it, or None."""

    def __init__(self, site: Any, request: HttpRequest, view: Any = None) -> None:
        self._site, self._request, self._view = site, request, view

    def refusal(self, object_id: str | None) -> HttpResponseBase | None:
        """Judge the request whole; ``object_id`` is that of the object in its path."""
        return (
            # Where Ory hides the person, it asks for the second factor first.
            self.unless(SIGNED_IN)
            or self.unless_same_person()
            or self.unless_allowed()
            or self.unless(self._site.required_aal)
            or self._unless_proved(object_id)
        )

    def unless(self, requirement: Requirement | str, return_to: str | None = None) -> HttpResponseBase | None:
        """Refuse whoever does not meet ``requirement``."""
        refuse = partial(pages.refused, context=self._context, as_json=self._is_json(), return_to=return_to)
        return run(guard_steps(self._request, declare_value(requirement), refuse))

    def unless_allowed(self) -> HttpResponseBase | None:
        """Refuse whoever may not use this admin, and a user who is not the person of the Ory session."""
        if not self._site.has_permission(self._request):
            return self._forbidden(_("This account has no access to the administration."))
        user = getattr(self._request, "user", None)
        # SECURITY: the second factor of one person must not open the admin of another, who signed in by a password.
        if not is_somebody(user) or run(other_person_steps(self._request, user)) is None:
            return None
        return self._forbidden(_("You are signed in here as somebody else than at Ory. Sign out, and sign in again."))

    def sent_on(self, target: str) -> HttpResponse:
        """Return a redirect to ``target``; a refusal if that page keeps sending this person here, as Django's does.

        Redirects are counted like those to Ory.
        """
        visitor = state_of(self._request).visitor
        hop = hops.hop_of(self._request, IN_CIRCLES, visitor, return_to=target, is_for_this_page=False)
        if hops.is_loop(self._request, hop):
            return self._forbidden(_("The page that sent you here needs other rights than this account has."))
        response = HttpResponseRedirect(target)
        hops.count_hop(self._request, response, hop)
        return response

    def unless_same_person(self) -> HttpResponseBase | None:
        """Refuse a form that was made for somebody else who used this browser."""
        if not last_page.is_for_another(self._request, session_of(state_of(self._request))):
            return None
        if self._request.method in SAFE_METHODS:
            last_page.end_earlier_forms(self._request)
            return None
        return self._forbidden(_("This page was made for another account. Nothing was saved. Open the page again."))

    def _unless_proved(self, object_id: str | None) -> HttpResponseBase | None:
        if _sets_own_password(self._site, self._view):
            return self.unless(self._site.sensitive)
        asked = requirements_of(self._site, self._view, self._request, object_id)
        return next(filter(None, map(self.unless, asked)), None)

    def _forbidden(self, reason: str) -> HttpResponse:
        return pages.forbidden(self._request, reason, self._context, as_json=self._is_json())

    def _is_json(self) -> bool:
        return bool(self._view == self._site.autocomplete_view)

    def _context(self) -> dict[str, Any]:
        site, session = self._site, session_of(state_of(self._request))
        shown = {"account": self._account(session), "logout_url": reverse("admin:logout", current_app=site.name)}
        return {**site.each_context(self._request), **shown}

    def _account(self, session: OrySession) -> str:
        if session.identity is None:
            return ""
        name = account_name(self._request, session)
        return name if name != session.identity.id else own_email(session.identity) or name


def _sets_own_password(site: Any, view: Any) -> bool:
    return bool(view == site.password_change) and takes_passwords()
