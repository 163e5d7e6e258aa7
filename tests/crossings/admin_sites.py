"""Three admin sites: one whose pages are guarded, one that shows the session, and one that leaves both to others."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User

from tests.crossings.pages import MEMBERS_ONLY, named, who
from tests.crossings.ways import GUARD


class Showing(AdminSite):
    def each_context(self, request: Any) -> dict[str, Any]:
        return super().each_context(request) | {"site_header": f"{MEMBERS_ONLY}: {who(request)}"}


class Guarded(Showing):
    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - as in Django
        return GUARD(super().admin_view(view, cacheable))


class Naming(AdminSite):
    def each_context(self, request: Any) -> dict[str, Any]:
        return super().each_context(request) | {"site_header": f"{MEMBERS_ONLY}: {named(request)}"}


SITES = {"guarded": Guarded("guarded"), "shown": Showing("shown"), "policy": Naming("policy")}
for site in SITES.values():
    site.register(User, UserAdmin)
    site.register(Group, GroupAdmin)
