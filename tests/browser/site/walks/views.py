"""Pages that ask for what no page of the example asks for."""

from __future__ import annotations

import json
from collections import Counter

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from django_ory_mfa.decorators import aal_exempt, aal_required
from django_ory_mfa.http import OryHttpRequest

# How long a proof counts on the pages that want a fresh one, in seconds.
FRESH = 2
COUNTS: Counter[str] = Counter()


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


@aal_exempt
def step_up(request: OryHttpRequest) -> HttpResponse:
    """A public page that uses ``step_up.js``."""
    return render(request, "step_up.html")


@aal_exempt
def library(request: OryHttpRequest, name: str) -> HttpResponse:
    """A public page that asks for more by way of htmx, Turbo or Unpoly."""
    return render(request, "library.html", {"name": name})


@aal_required("aal2")
def order(request: OryHttpRequest) -> HttpResponse:
    """A page with a form: whoever sends it is led to a page that says so, as Turbo asks."""
    if request.method == "POST":
        return redirect("/order/?sent")
    return shown(request, "Ordered" if "sent" in request.GET else "Order")


@aal_required("aal2")
def stock(request: OryHttpRequest) -> HttpResponse:
    """A part of a page."""
    return render(request, "stock.html")


@require_POST
@aal_required("aal2")
def counted(request: OryHttpRequest) -> JsonResponse:
    """Something that must not happen twice; says how often it did for this session, and what was sent."""
    session = str(request.ory_session.id)
    COUNTS[session] += 1
    return JsonResponse({"times": COUNTS[session], "sent": json.loads(request.body)})


def shown(request: OryHttpRequest, name: str) -> HttpResponse:
    return render(request, "shown.html", {"name": name})
