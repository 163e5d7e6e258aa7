from __future__ import annotations

from django.db import models


class Customer(models.Model):
    id = models.AutoField(primary_key=True)
    name = models.CharField(max_length=100)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/customers/{self.pk}"


class Order(models.Model):
    id = models.AutoField(primary_key=True)
    number = models.CharField(max_length=20)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)

    def __str__(self) -> str:
        return self.number


class Reorder(Order):
    """The same rows by another name."""

    class Meta:
        proxy = True


class GiftOrder(Order):
    """An order with a table of its own beside that of orders."""

    card = models.CharField(max_length=100, blank=True)
