"""The table of links."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Makes it."""

    initial = True

    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="OryIdentity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "project",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="ORY_MFA_PROJECT at the time of the link.",
                        max_length=100,
                        verbose_name="project",
                    ),
                ),
                ("identity_id", models.UUIDField(verbose_name="identity ID")),
                (
                    "digest",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        help_text="Keyed hash of what Ory last said of the identity; empty to copy it at the next request.",
                        max_length=64,
                        verbose_name="digest",
                    ),
                ),
                ("linked_at", models.DateTimeField(auto_now_add=True, verbose_name="linked at")),
                (
                    "synced_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="last synchronised at"),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ory_identities",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "Ory identity",
                "verbose_name_plural": "Ory identities",
                "constraints": [
                    models.UniqueConstraint(fields=("project", "identity_id"), name="ory_mfa_auth_unique_identity")
                ],
            },
        ),
    ]
