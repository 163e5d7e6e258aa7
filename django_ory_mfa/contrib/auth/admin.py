"""The links between identities and users in Django's admin, read only."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin
from django.contrib.auth import get_user_model

from django_ory_mfa.contrib.auth.models import OryIdentity
from django_ory_mfa.contrib.auth.sync import email_field

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

SHOWN = ("user", "identity_id", "project", "linked_at", "synced_at")


@admin.register(OryIdentity)
class OryIdentityAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """Lists which identity is linked to which user; the command ``ory_mfa users link`` makes links."""

    list_display = SHOWN
    fields = SHOWN
    list_select_related = ("user",)
    list_filter = ("project",)
    ordering = ("-linked_at", "-pk")

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Return what is searched: the name of the user, the e-mail address if users have one, and the project."""
        names = dict.fromkeys([get_user_model().USERNAME_FIELD, email_field()])
        return [*(f"user__{name}" for name in names if name), "project"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[OryIdentity], search_term: str
    ) -> tuple[QuerySet[OryIdentity], bool]:
        """Return the links that ``search_term`` finds; an identity id finds that of the identity."""
        with suppress(ValueError):
            # Databases store it with dashes or without.
            return queryset.filter(identity_id=UUID(search_term.strip())), False
        return super().get_search_results(request, queryset, search_term)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: only the command adds links."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: links are never changed here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False for a link alone; the links of a user may be deleted together with the user."""
        match, options = request.resolver_match, self.opts
        is_own_page = match is not None and str(match.url_name).startswith(f"{options.app_label}_{options.model_name}_")
        return not is_own_page and super().has_delete_permission(request, obj)
