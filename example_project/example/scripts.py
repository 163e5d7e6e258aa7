"""A page whose script pays, with ``step_up.js``: Ory asks for the second factor in a window of its own."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_POST

from django_ory_mfa.decorators import aal_exempt, aal_required
from django_ory_mfa.http import OryHttpRequest


@aal_exempt
def scripts(request: OryHttpRequest) -> HttpResponse:
    return render(request, "example/scripts.html")


@require_POST
@aal_required("aal2", max_age=600)
def pay(request: OryHttpRequest) -> JsonResponse:
    try:
        amount = Decimal(json.loads(request.body)["amount"])
    except (ValueError, KeyError, TypeError, InvalidOperation):
        return JsonResponse({"error": {"message": "Say how much, as a number."}}, status=400)
    if not amount.is_finite() or amount <= 0:
        return JsonResponse({"error": {"message": "Say how much, as a number above 0."}}, status=400)
    return JsonResponse({"paid": f"{amount:.2f}"})


urlpatterns = [path("", scripts, name="scripts"), path("pay/", pay, name="pay")]
