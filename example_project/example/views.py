"""One view for each way to say how well somebody has to be signed in."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views import View
from django.views.decorators.vary import vary_on_headers

from django_ory_mfa import OrySession
from django_ory_mfa.decorators import aal_exempt, aal_required
from django_ory_mfa.http import OryHttpRequest
from django_ory_mfa.mixins import AALRequiredMixin

# Ory makes the account and the session of a sign-up at once.
SIGN_UP = timedelta(seconds=5)
# Name of the URL: what the page asks for, in words. The home page lists them.
PAGES = {
    "dashboard": "A second factor (aal2): what @aal_required asks for unless told otherwise.",
    "profile": "Signed in is enough (aal1).",
    "account": "A second factor from those who have one; from the others, signed in is enough.",
    "transfer": "A second factor that was given in the last ten minutes.",
    "keys": "A second factor by authenticator app or security key; no other counts.",
    "api": "A second factor; scripts get the refusal as JSON, with a status.",
    "inbox": "A second factor, in an async view.",
    "payroll": "A second factor, in a class-based view.",
    "balance": "A second factor; htmx gets a fragment, everybody else a page around it. The profile page asks for it.",
    "shop": "Nothing: a public page. What is bought there belongs to your Django user.",
    "orders": "Signed in is enough; they are those of request.user.",
    "takings": "A second factor, and a permission of Django's that staff has: a role in Ory's metadata_public.",
    "reports": "Nothing in the view itself; a rule in the settings asks for the highest available level.",
}


@aal_exempt
def home(request: OryHttpRequest) -> HttpResponse:
    return render(request, "home.html", {"pages": PAGES, "demo_url": settings.DEMO_URL})


@aal_required
def dashboard(request: OryHttpRequest) -> HttpResponse:
    return page(request, "dashboard")


@aal_required("aal1")
def profile(request: OryHttpRequest) -> HttpResponse:
    return page(request, "profile", is_new=has_just_signed_up(request.ory_session))


@aal_required("highest_available")
def account(request: OryHttpRequest) -> HttpResponse:
    return page(request, "account")


@aal_required("aal2", max_age=600)
def transfer(request: OryHttpRequest) -> HttpResponse:
    return page(request, "transfer")


@aal_required("aal2", methods={"totp", "webauthn"})
def keys(request: OryHttpRequest) -> HttpResponse:
    return page(request, "keys")


@aal_required
def api(request: OryHttpRequest) -> JsonResponse:
    session = request.ory_session
    return JsonResponse({"aal": session.aal, "traits": session.identity and session.identity.traits})


@aal_required
async def inbox(request: OryHttpRequest) -> HttpResponse:
    session = await request.aory_session()
    return page(request, "inbox", proved_at=session.proof_at("aal2"))


class Payroll(AALRequiredMixin, View):
    required_aal = "aal2"

    def get(self, request: OryHttpRequest) -> HttpResponse:
        return page(request, "payroll")


@vary_on_headers("HX-Request")
@aal_required
def balance(request: OryHttpRequest) -> HttpResponse:
    if "HX-Request" in request.headers:
        return render(request, "_balance.html")
    return page(request, "balance", fragment="_balance.html")


def reports(request: OryHttpRequest) -> HttpResponse:
    return page(request, "reports")


def has_just_signed_up(session: OrySession) -> bool:
    """Whether the session began with the sign-up, and nothing has been added since."""
    created_at = session.identity and session.identity.created_at
    if session.aal >= "aal2" or created_at is None or session.authenticated_at is None:
        return False
    return session.authenticated_at - created_at < SIGN_UP


def page(request: OryHttpRequest, name: str, **context: object) -> HttpResponse:
    return render(request, "page.html", {"name": name, "asks": PAGES[name], **context})
