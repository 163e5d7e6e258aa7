"""Django REST framework: the Ory session authenticates, permissions require levels, and refusals are JSON."""

from __future__ import annotations

from django_ory_mfa.contrib.rest_framework.answers import denial_response, exception_handler
from django_ory_mfa.contrib.rest_framework.authentication import OryAuthentication
from django_ory_mfa.contrib.rest_framework.openapi import spectacular_hook
from django_ory_mfa.contrib.rest_framework.permissions import AALPermission
from django_ory_mfa.contrib.rest_framework.users import OryUser

__all__ = [
    "AALPermission",
    "OryAuthentication",
    "OryUser",
    "denial_response",
    "exception_handler",
    "spectacular_hook",
]
