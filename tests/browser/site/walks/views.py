"""Pages that ask for what no page of the example asks for."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from django_ory_mfa.decorators import aal_exempt, aal_required
from django_ory_mfa.http import OryHttpRequest

# How long a proof counts on the pages that want a fresh one, in seconds.
FRESH = 2


@aal_required("aal2", max_age=FRESH)
def fresh(request: OryHttpRequest) -> HttpResponse:
    return shown(request, "Fresh")


@aal_required("aal1", max_age=FRESH)
def recent(request: OryHttpRequest) -> HttpResponse:
    return shown(request, "Recent")


@aal_required("aal2", methods={"webauthn"})
def never(request: OryHttpRequest) -> HttpResponse:
    return shown(request, "Never")


@aal_exempt
def script(request: OryHttpRequest) -> HttpResponse:
    """A public page whose script asks for what is not public."""
    return render(request, "script.html")


def shown(request: OryHttpRequest, name: str) -> HttpResponse:
    return render(request, "shown.html", {"name": name})
