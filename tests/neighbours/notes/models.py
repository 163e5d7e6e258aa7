"""What people of the site write."""

from __future__ import annotations

from typing import Any

from django.db import models

from tests.neighbours.table import chosen


class Note(models.Model):
    """One line."""

    objects: models.Manager[Note] = models.Manager()
    text = models.CharField(max_length=100)

    class Meta:
        app_label = "notes"

    def __str__(self) -> str:
        return self.text

    if chosen().package == "django-simple-history":
        from simple_history.models import HistoricalRecords

        history: Any = HistoricalRecords()


if chosen().package == "django-auditlog":
    from auditlog.registry import auditlog

    auditlog.register(Note)
