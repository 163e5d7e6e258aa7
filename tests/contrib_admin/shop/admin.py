from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin

from tests.contrib_admin.shop.models import Customer, Order


@admin.register(Customer)
class CustomerAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    search_fields = ("name",)


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    autocomplete_fields = ("customer",)
    list_display = ("id", "number")
    list_editable = ("number",)
    actions = ("refund_selected", "print_selected")
    ory_mfa_requirements: ClassVar = {"refund_selected": "sensitive", "history": "sensitive"}

    @admin.action(description="Refund")
    def refund_selected(self, request: Any, queryset: Any) -> None:
        queryset.update(number="refunded")

    @admin.action(description="Print")
    def print_selected(self, request: Any, queryset: Any) -> None:
        queryset.update(number="printed")
