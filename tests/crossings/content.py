"""What the database of the site holds."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib.auth.models import Group, User
from django.contrib.flatpages.models import FlatPage
from django.contrib.redirects.models import Redirect
from django.contrib.sites.models import Site

from tests.crossings.pages import MEMBERS_ONLY


def fill() -> None:
    site = Site.objects.get(pk=1)
    page = FlatPage._default_manager.create(pk=1, url="/flat/", title="Flat", content=MEMBERS_ONLY)
    page.sites.add(site)
    Redirect._default_manager.create(site=site, old_path="/moved/", new_path=f"/flat/?{MEMBERS_ONLY}")
    User.objects.create(pk=1, username="somebody", date_joined=datetime(2026, 1, 5, 12, tzinfo=UTC))
    Group.objects.create(pk=1, name="a group")
