from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
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


class Voucher(Order):
    """It shares its rows in the table of orders with gift orders."""


class Member(AbstractBaseUser):
    """A user as in the full example of Django's documentation: its right has a name of its own."""

    id = models.AutoField(primary_key=True)
    email = models.EmailField(unique=True)
    is_admin = models.BooleanField(default=False)

    USERNAME_FIELD = "email"

    @property
    def is_staff(self) -> bool:
        return self.is_admin


class Colleague(AbstractBaseUser):
    """A user with Django's fields for rights, and others that may give some."""

    id = models.AutoField(primary_key=True)
    handle = models.CharField(max_length=20, unique=True)
    is_staff = models.BooleanField(default=False)
    is_superuser = models.BooleanField(default=False)
    role = models.CharField(max_length=20, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    customers = models.ManyToManyField(Customer, blank=True)

    USERNAME_FIELD = "handle"


class Employee(Colleague):
    desk = models.CharField(max_length=20, blank=True)


class Contractor(Colleague):
    """It shares its rows in the table of colleagues with employees."""

    firm = models.CharField(max_length=20, blank=True)


class Clerk(Colleague):
    class Meta:
        proxy = True


class Porter(Colleague):
    class Meta:
        proxy = True


class Agent(AbstractBaseUser):
    """A user whose ``is_superuser`` is a property."""

    id = models.AutoField(primary_key=True)
    handle = models.CharField(max_length=20, unique=True)
    is_staff = models.BooleanField(default=False)

    USERNAME_FIELD = "handle"

    @property
    def is_superuser(self) -> bool:
        return self.handle == "root"


class Keyed(AbstractBaseUser):
    """A user whose key is the e-mail address."""

    email = models.EmailField(primary_key=True)
    is_staff = models.BooleanField(default=False)
    is_superuser = models.BooleanField(default=False)

    USERNAME_FIELD = "email"


class KeyedChild(Keyed):
    desk = models.CharField(max_length=20, blank=True)
