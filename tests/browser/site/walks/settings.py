"""The settings of the example, for a site that also has the pages of Ory's flows."""

from __future__ import annotations

from pathlib import Path

from example.settings import *  # type: ignore[import-not-found]  # noqa: F403
from example.settings import INSTALLED_APPS as APPS_OF_THE_EXAMPLE
from example.settings import MIDDLEWARE as MIDDLEWARE_OF_THE_EXAMPLE

# localhost: to a browser another host than the Ory beside it, which is what some of the walks are about.
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
INSTALLED_APPS = ["walks", *APPS_OF_THE_EXAMPLE]
MIDDLEWARE = ["walks.csp.middleware", *MIDDLEWARE_OF_THE_EXAMPLE]
ROOT_URLCONF = "walks.urls"
STATIC_ROOT = Path(__file__).parent / "nowhere"
ORY_MFA_CLIENT_KIND = "walks.kinds.client_kind"
