"""What the API adds to the settings, as far as its packages are installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

PACKAGES = ("rest_framework", "drf_spectacular")
# The scripts of the OpenAPI page from this site, instead of from a server that everybody uses.
SIDECAR = "drf_spectacular_sidecar"
PACKAGE = "django_ory_mfa.contrib.rest_framework"

API_APPS: list[str] = []
if all(find_spec(name) for name in PACKAGES):
    API_APPS = [name for name in (*PACKAGES, SIDECAR) if find_spec(name)]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [f"{PACKAGE}.OryAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [f"{PACKAGE}.AALPermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": f"{PACKAGE}.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Example of django-ory-mfa",
    "DESCRIPTION": "Try it out: sign in on this site first, in another tab. A refusal says what has to be proved.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", f"{PACKAGE}.spectacular_hook"],
}
if SIDECAR in API_APPS:
    SPECTACULAR_SETTINGS |= {"SWAGGER_UI_DIST": "SIDECAR", "SWAGGER_UI_FAVICON_HREF": "SIDECAR"}
