"""The API: what the application server serves. Its settings are those of the how-to."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.middleware.csrf import get_token
from django.urls import include, path

APP, API, ORY = os.environ["APP_URL"], os.environ["API_URL"], os.environ["ORY_URL"]

settings.configure(
    SECRET_KEY="for tests only",
    ALLOWED_HOSTS=["api.shop.localhost"],
    ROOT_URLCONF=__name__,
    DATABASES={},
    INSTALLED_APPS=["corsheaders", "rest_framework", "django_ory_mfa"],
    MIDDLEWARE=[
        "corsheaders.middleware.CorsMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django_ory_mfa.middleware.OrySessionMiddleware",
        "django_ory_mfa.middleware.AALRequiredMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
        }
    ],
    STATIC_URL="static/",
    CORS_ALLOWED_ORIGINS=[APP],
    CORS_ALLOW_CREDENTIALS=True,
    CORS_EXPOSE_HEADERS=["Retry-After"],
    CSRF_TRUSTED_ORIGINS=[APP],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ["django_ory_mfa.contrib.rest_framework.OryAuthentication"],
        "EXCEPTION_HANDLER": "django_ory_mfa.contrib.rest_framework.exception_handler",
        "UNAUTHENTICATED_USER": None,
    },
    ORY_MFA_SDK_URL=os.environ["ORY_SDK_URL"],
    ORY_MFA_BROWSER_URL=ORY,
    ORY_MFA_SITE_URL=APP,
    ORY_MFA_SETTINGS_REQUIRED_AAL="highest_available",
    ORY_MFA_RULES=[(r"/(csrf|transfer)/", None), (r"/me/", "aal1")],
)
application = get_wsgi_application()

from rest_framework.response import Response  # noqa: E402 - it reads the settings
from rest_framework.views import APIView  # noqa: E402

from django_ory_mfa.contrib.rest_framework import AALPermission  # noqa: E402


def csrf(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"token": get_token(request)})


class Me(APIView):  # type: ignore[misc]  # mypy does not look into it
    permission_classes = (AALPermission("aal1"),)

    def get(self, request: Any) -> Response:
        return Response({"email": request.auth.identity.traits["email"], "aal": request.auth.aal})


class Transfer(APIView):  # type: ignore[misc]  # mypy does not look into it
    permission_classes = (AALPermission("aal2"),)

    def post(self, request: Any) -> Response:
        return Response({"sent": request.data["amount"]})


urlpatterns = [
    path("csrf/", csrf),
    path("me/", Me.as_view()),
    path("transfer/", Transfer.as_view()),
    path("account/security/", include("django_ory_mfa.urls")),
    path("ory-ui/", include("django_ory_mfa.contrib.ui.urls")),
]
