"""Who rents a part of the site."""

from __future__ import annotations

from django.db import models
from django_tenants.models import DomainMixin, TenantMixin


class Client(TenantMixin):  # type: ignore[misc]  # its package has no types
    """One tenant, with a schema of its own."""

    name = models.CharField(max_length=100)
    auto_create_schema = True

    def __str__(self) -> str:
        return self.name


class Domain(DomainMixin):  # type: ignore[misc]  # its package has no types
    """The host by which a tenant is found."""

    def __str__(self) -> str:
        return str(self.domain)
