"""Somebody who is signed in, as each guard wants it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import django_otp
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from django.contrib.auth import get_user_model, login
from django.contrib.sessions.backends.cache import SessionStore
from django.core.management import call_command
from django.http import HttpRequest
from rest_framework_simplejwt.tokens import AccessToken

from benchmarks.static_ory import COOKIE, OTHER_COOKIES

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


def headers_for(name: str, ory_cookie: str) -> Mapping[str, str]:
    """The headers of a visitor whom the guard of the site ``name`` lets through."""
    if name == "simplejwt":
        return {"Authorization": f"Bearer {_token()}"}
    # Every browser has all of them, so that no case parses less than another.
    key = _session_key("mozilla_django_oidc.auth.OIDCAuthenticationBackend" if "oidc" in name else MODEL_BACKEND)
    return {"Cookie": f"{OTHER_COOKIES}; {COOKIE}={ory_cookie}; sessionid={key}"}


def _token() -> str:
    return str(AccessToken.for_user(_user()))


def _session_key(backend: str) -> str:
    """A session in which somebody has proved to every guard what it wants."""
    request: Any = HttpRequest()
    request.session = SessionStore()
    request.user = user = _user()
    login(request, user, backend)
    request.session["oidc_id_token_expiration"] = time.time() + 86400
    django_otp.login(request, user.staticdevice_set.get())
    reauthenticate_by_password(request)
    request.session.save()
    return str(request.session.session_key)


def _user() -> Any:
    model: Any = get_user_model()
    users = model.objects
    user = users.first()
    if user is None:
        user = users.create_user("visitor", password="of a benchmark")
        user.staticdevice_set.create(name="static")
    return user


def create_tables() -> None:
    """A database in memory, ready for use."""
    call_command("migrate", run_syncdb=True, verbosity=0)
