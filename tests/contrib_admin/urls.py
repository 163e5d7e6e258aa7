from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.decorators import permission_required, user_passes_test
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from tests.contrib_admin.rights_sites import sites
from tests.contrib_admin.shop.models import Customer

plain = AdminSite(name="plain")
plain.register(Customer)


@staff_member_required
def for_staff(request: HttpRequest) -> HttpResponse:
    return HttpResponse("for staff")


@user_passes_test(lambda user: user.is_superuser, login_url="admin:login")
def for_superusers(request: HttpRequest) -> HttpResponse:
    return HttpResponse("for superusers")


@permission_required("shop.delete_order", login_url="admin:login")
def for_permitted(request: HttpRequest) -> HttpResponse:
    return HttpResponse("for those who may delete orders")


urlpatterns = [
    path("for-superusers", for_superusers),
    path("for-permitted", for_permitted),
    path("admin/doc/", include("django.contrib.admindocs.urls")),
    path("admin/", admin.site.urls),
    path("plain/", plain.urls),
    *(path(f"{site.name}/", site.urls) for site in sites),
    path("for-staff", for_staff),
    path("account/security/", include("django_ory_mfa.urls")),
]
