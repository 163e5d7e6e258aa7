from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.management.base import BaseCommand

from shop.models import Product
from shop.users import STAFF

PRODUCTS = {"Teapot": "24.00", "Cup": "6.50", "Kettle": "39.90", "Tea, 100 g": "4.80"}


class Command(BaseCommand):
    help = "Puts products into the shop, and says what its staff may do. Nothing that is there is changed."

    def handle(self, *args: Any, **options: Any) -> None:
        for name, price in PRODUCTS.items():
            Product.objects.get_or_create(name=name, defaults={"price": price})
        group, is_new = Group.objects.get_or_create(name=STAFF)
        if is_new:
            group.permissions.set(Permission.objects.filter(content_type__app_label="shop"))
