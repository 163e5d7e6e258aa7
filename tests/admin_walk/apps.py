"""The admin of the shop, for ``INSTALLED_APPS``."""

from __future__ import annotations

from django_ory_mfa.contrib.admin.apps import AALAdminConfig


class ShopAdminConfig(AALAdminConfig):
    """It names the site of the shop, as Django documents it."""

    default_site = "tests.admin_walk.shop_admin.ShopAdmin"
