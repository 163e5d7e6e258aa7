"""The pages that are the emulator's own: who there is to sign in as, and their e-mails."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.exceptions import SuspiciousFileOperation
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST, require_safe
from django.views.static import serve

import django_ory_mfa
from django_ory_mfa.answer.rendering import HttpResponseSeeOther
from django_ory_mfa.testing.emulator._totp import totp_code

if TYPE_CHECKING:
    from django_ory_mfa.testing.emulator.people import DemoPerson
    from django_ory_mfa.testing.emulator.server import Emulator

# Ory's own subjects, as e-mails of the emulator have them; the mailbox shows them in the visitor's language.
SUBJECTS = (
    gettext_noop("Login to your account"),
    gettext_noop("Recover access to your account"),
    gettext_noop("Please verify your email address"),
)
_STATIC = Path(django_ory_mfa.__file__).parent / "static"


@never_cache
@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """The people, what each of them holds, and where to go."""
    emulator = _emulator(request)
    context = {
        "people": [_shown(emulator, person) for person in emulator.people],
        "emulator": emulator,
        "login_url": f"{emulator.url}/self-service/login/browser",
        "settings_url": f"{emulator.url}/self-service/settings/browser",
        "home_url": emulator.ory.default_return_url,
    }
    return TemplateResponse(request, "ory_mfa/emulator/index.html", context)


@never_cache
@require_safe
def mailbox(request: HttpRequest) -> HttpResponseBase:
    """The e-mails that would have been sent, newest first."""
    messages = list(reversed(_emulator(request).ory.messages))
    return TemplateResponse(request, "ory_mfa/emulator/mailbox.html", {"messages": messages})


@csrf_protect
@require_POST
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """End the session, and go on to the account's recovery or to the application."""
    ory = _emulator(request).ory
    cookie = ory.cookie_named(request.COOKIES.get(ory.cookie_name, ""))
    if cookie is not None:
        cookie.session.revoke()
    recovery = reverse("ory_ui:recovery")
    response = HttpResponseSeeOther(recovery if request.POST.get("next") == recovery else ory.default_return_url)
    response.delete_cookie(ory.cookie_name)
    return response


@require_safe
def static_file(request: HttpRequest, path: str) -> HttpResponseBase:
    """A file that comes with the package."""
    prefix = _emulator(request).static_url
    # Where static files come from another server, none of them is asked for here.
    if not prefix.startswith("/") or not f"/{path}".startswith(prefix):
        raise Http404(path)
    try:
        return serve(request, f"/{path}".removeprefix(prefix), document_root=str(_STATIC))
    except SuspiciousFileOperation as error:
        raise Http404(path) from error


def _shown(emulator: Emulator, person: DemoPerson) -> dict[str, Any]:
    """``person`` with what the person holds now, which may be more or less than at the start."""
    identity = emulator.ory.identity_by_email(person.email)
    secret = identity.totp_secret if identity else None
    codes = identity.lookup_secrets.items() if identity else ()
    return {
        "person": person,
        "has_code": identity is not None and "code" in identity.second_factors,
        "totp_secret": secret,
        "totp_code": totp_code(secret, emulator.ory.now()) if secret else "",
        "lookup_secrets": [code for code, used_at in codes if used_at is None],
    }


def _emulator(request: HttpRequest) -> Emulator:
    emulator: Emulator = request.ory_emulator  # type: ignore[attr-defined]
    return emulator
