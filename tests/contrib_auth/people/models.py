"""Users as sites have them: named by e-mail with a UUID as key, or without name and address at all."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models

DELETED = "(deleted)"


class EnabledUsers(BaseUserManager["EmailUser"]):
    """Shows no users who are disabled or marked as deleted, as managers of sites do."""

    def get_queryset(self) -> models.QuerySet[EmailUser]:
        return super().get_queryset().filter(is_active=True).exclude(full_name=DELETED)


class EmailUser(AbstractBaseUser, PermissionsMixin):
    """No username: the e-mail address is the name, and the database compares it without case."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True, db_collation="NOCASE")
    full_name = models.CharField(max_length=50, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)

    objects: ClassVar = EnabledUsers()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"


class HandleUser(AbstractBaseUser):
    """A name of another kind, no e-mail address, no groups, no rights, and ``is_active`` is no field."""

    handle = models.CharField(max_length=80, unique=True)

    objects: ClassVar = BaseUserManager()

    USERNAME_FIELD = "handle"


class KeyUser(AbstractBaseUser):
    """The e-mail address is the primary key."""

    email = models.EmailField(primary_key=True)
    full_name = models.CharField(max_length=50, blank=True)
    is_staff = models.BooleanField(default=False)

    objects: ClassVar = BaseUserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"


class Person(models.Model):
    """Somebody, with or without a user."""

    full_name = models.CharField(max_length=50, blank=True)

    objects: ClassVar = models.Manager()

    def __str__(self) -> str:
        return self.full_name


class PersonUser(Person, AbstractBaseUser):
    """The half of its fields is in the table of another model."""

    handle = models.CharField(max_length=80, unique=True)

    objects: ClassVar = BaseUserManager()

    USERNAME_FIELD = "handle"

    def __str__(self) -> str:
        return self.get_username()
