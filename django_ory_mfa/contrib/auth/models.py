"""The link between an Ory identity and a Django user."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from django_ory_mfa.conf import LONGEST_PROJECT


class OryIdentityManager(models.Manager["OryIdentity"]):
    """Finds links by what names them in fixtures, too."""

    def get_by_natural_key(self, project: str, identity_id: Any) -> OryIdentity:
        """Return the link of an identity; raises ``DoesNotExist``."""
        return self.get(project=project, identity_id=identity_id)


class OryIdentity(models.Model):
    """One identity of an Ory project, and the user it belongs to; a user may have several.

    Identity ids are chosen by Ory alone and never change, unlike e-mail addresses and the URL of a project.
    """

    project = models.CharField(
        _("project"),
        max_length=LONGEST_PROJECT,
        blank=True,
        default="",
        help_text=_("ORY_MFA_PROJECT at the time of the link."),
    )
    identity_id = models.UUIDField(_("identity ID"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ory_identities", verbose_name=_("user")
    )
    digest = models.CharField(
        _("digest"),
        max_length=64,
        blank=True,
        default="",
        editable=False,
        help_text=_("Keyed hash of what Ory last said of the identity; empty to copy it at the next request."),
    )
    linked_at = models.DateTimeField(_("linked at"), auto_now_add=True)
    synced_at = models.DateTimeField(_("last synchronised at"), null=True, blank=True, editable=False)

    objects: ClassVar[OryIdentityManager] = OryIdentityManager()

    class Meta:
        """How Django stores and names it."""

        verbose_name = _("Ory identity")
        verbose_name_plural = _("Ory identities")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "identity_id"], name="ory_mfa_auth_unique_identity")
        ]

    def __str__(self) -> str:
        return f"{self.project}:{self.identity_id}" if self.project else str(self.identity_id)

    def natural_key(self) -> tuple[str, str]:
        """Return what names the link in fixtures."""
        return self.project, str(self.identity_id)

    # How Django orders fixtures.
    natural_key.dependencies = (settings.AUTH_USER_MODEL,)  # type: ignore[attr-defined]  # an attribute of a function
