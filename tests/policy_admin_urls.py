"""The admin, to be imported only while ``django.contrib.admin`` is installed."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from tests.policy_urls import urlpatterns as site

urlpatterns = [path("admin/", admin.site.urls), *site]
