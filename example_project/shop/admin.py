from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from shop.models import Order, Product


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    list_display = ("name", "price")
    search_fields = ("name",)


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    list_display = ("__str__", "bought_by", "product", "placed_at", "is_refunded")
    list_filter = ("is_refunded",)
    list_select_related = ("customer", "product")
    autocomplete_fields = ("product",)
    raw_id_fields = ("customer",)
    actions = ("refund_selected",)
    # Deleting needs a fresh proof anyway. So does giving money back.
    ory_mfa_requirements: ClassVar = {"refund_selected": "sensitive"}

    @admin.display(description="Customer", ordering="customer")
    def bought_by(self, order: Order) -> str:
        # The username is the id of the identity, unless the sync says otherwise.
        return order.customer.get_full_name() or order.customer.email or str(order.customer)

    @admin.action(description="Refund selected orders", permissions=["change"])
    def refund_selected(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        queryset.update(is_refunded=True)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("is_refunded",)
