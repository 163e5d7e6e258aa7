"""Admin sites that ask Ory who comes in, and for a fresh proof before what is sensitive."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from django_ory_mfa import views
from django_ory_mfa.contrib.admin import last_page
from django_ory_mfa.contrib.admin.pages import forbidden, let_popups_return, refused
from django_ory_mfa.contrib.admin.requirements import requirements_of
from django_ory_mfa.contrib.auth.backends import OryBackend
from django_ory_mfa.core.requirement import Requirement
from django_ory_mfa.enforcement import AALRequired, require_aal
from django_ory_mfa.session.request_state import state_of
from django_ory_mfa.roundtrip.return_to import SAFE_METHODS, checked_next, site_origin

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse, HttpResponseBase

SIGNED_IN = Requirement("aal1")


class AALAdminSiteMixin:
    """Puts an ``AdminSite`` behind Ory; put it left of the site class, so that themes keep theirs.

    ``required_aal`` is what it takes to come in, ``sensitive`` what deletes, passwords and rights take: levels, names of
    policies or ``Requirement`` values. A ``ModelAdmin`` adds to them by ``ory_mfa_requirements``.
    """

    required_aal: Requirement | str = "aal2"
    sensitive: Requirement | str = Requirement("aal2", max_age=600)
    name: str

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - the signature of Django
        """Return ``view`` behind the guards of this site, around Django's own."""
        if getattr(view, "__self__", None) is self and view.__name__ == "logout":
            # It needs no level and no rights, and looks after CSRF and methods itself.
            return view
        inner = super().admin_view(view, cacheable)  # type: ignore[misc]  # the AdminSite stands to the right

        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            response = self._refusal(request, view, kwargs.get("object_id") or kwargs.get("id"))
            if response is None:
                response = inner(request, *args, **kwargs)
                last_page.remember(request, response, resolver_of(request).person, self._path())
            return let_popups_return(request, response)

        return guarded

    @method_decorator(never_cache)
    @login_not_required
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        """Send whoever is not signed in to Ory, and staff to ``next``; tell everybody else that they have no access."""
        target = checked_next(request) if "next" in request.GET else f"{site_origin(request)}{self._path()}"
        response = self._stranger_refusal(request, return_to=target) or self._rights_refusal(request)
        return let_popups_return(request, response or HttpResponseRedirect(target))

    @login_not_required
    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        """End the Ory session and Django's (POST)."""
        return let_popups_return(request, views.logout(request))

    # SECURITY: a site-wide policy need not guard these two: they show nothing but who is signed in.
    login.ory_mfa_exempt = logout.ory_mfa_exempt = True  # type: ignore[attr-defined]

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Return Django's page; 404 where nobody signs in with a password of Django's."""
        return self._of_passwords("password_change")(request, extra_context)  # type: ignore[no-any-return]

    def password_change_done(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Return Django's page; 404 where nobody signs in with a password of Django's."""
        return self._of_passwords("password_change_done")(request, extra_context)  # type: ignore[no-any-return]

    def _of_passwords(self, name: str) -> Callable[..., Any]:
        if all(issubclass(import_string(path), OryBackend) for path in settings.AUTHENTICATION_BACKENDS):
            raise Http404
        return getattr(super(), name)  # type: ignore[no-any-return]

    def _refusal(self, request: HttpRequest, view: Any, object_id: str | None) -> HttpResponseBase | None:
        return (
            self._stranger_refusal(request)
            or self._mixed_up_refusal(request)
            or self._rights_refusal(request)
            or self._level_refusal(request, view, object_id)
        )

    def _stranger_refusal(self, request: HttpRequest, return_to: str | None = None) -> HttpResponseBase | None:
        """Refuse whoever is not signed in; where Ory hides the person, the second factor comes first."""
        try:
            require_aal(request, requirement=SIGNED_IN)
        except AALRequired as error:
            return refused(request, error.decision, self._context(request), return_to=return_to)
        return None

    def _mixed_up_refusal(self, request: HttpRequest) -> HttpResponseBase | None:
        """Refuse a form that was made for somebody else who used this browser."""
        if not last_page.is_for_another(request, resolver_of(request).person):
            return None
        if request.method in SAFE_METHODS:
            last_page.end_earlier_forms(request)
            return None
        reason = _("The page was made for another account. Nothing was saved. Open the page again.")
        return forbidden(request, self._context(request), reason)

    def _rights_refusal(self, request: HttpRequest) -> HttpResponseBase | None:
        if self.has_permission(request):  # type: ignore[attr-defined]  # the AdminSite stands to the right
            return None
        return forbidden(request, self._context(request), _("This account has no access to the administration."))

    def _level_refusal(self, request: HttpRequest, view: Any, object_id: str | None) -> HttpResponseBase | None:
        try:
            require_aal(request, requirement=self.required_aal)
            for requirement in requirements_of(view, request, object_id, sensitive=self.sensitive):
                require_aal(request, requirement=requirement)
        except AALRequired as error:
            return refused(request, error.decision, self._context(request))
        return None

    def _context(self, request: HttpRequest) -> dict[str, Any]:
        context: dict[str, Any] = self.each_context(request)  # type: ignore[attr-defined]  # likewise
        session = resolver_of(request).session()
        account = views.account_name(request, session) if session else ""
        return {**context, "account": account, "logout_url": reverse("admin:logout", current_app=self.name)}

    def _path(self) -> str:
        return reverse("admin:index", current_app=self.name)


class AALAdminSite(AALAdminSiteMixin, AdminSite):
    """Django's ``AdminSite`` behind Ory."""
