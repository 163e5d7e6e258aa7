"""The package's own pages: sign-in security, sign-in, step-up, its completion, and sign-out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponseNotAllowed, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_GET, require_POST, require_safe

from django_ory_mfa.answer.pages import HIGHEST_LEVEL, account_name, page, page_context, site_name
from django_ory_mfa.answer.rendering import HttpResponseSeeOther, render
from django_ory_mfa.conf import conf
from django_ory_mfa.core.decision import Decision, Outcome
from django_ory_mfa.core.own_views import own_view
from django_ory_mfa.core.proofs import advice_on, newest_by_method, newest_proof
from django_ory_mfa.core.requirement import Requirement
from django_ory_mfa.core.session import AAL, SessionState
from django_ory_mfa.guard.evaluation import evaluation_steps
from django_ory_mfa.guard.next_person import stop, was_shown_steps
from django_ory_mfa.ory.blocking_calls import ask
from django_ory_mfa.ory.service import get_ory
from django_ory_mfa.roundtrip.return_to import checked_next, default_return_to, site_origin
from django_ory_mfa.runtime.clock import now
from django_ory_mfa.runtime.steps import run
from django_ory_mfa.session.cache import Entry
from django_ory_mfa.session.django_session import leave_django
from django_ory_mfa.session.request_state import state_of
from django_ory_mfa.session.resolver import enrolled_steps, second_factors_steps, session_of, session_steps
from django_ory_mfa.session.signed_out import remember_sign_out, sign_out_notice

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    from django_ory_mfa.core.answer import Answer
    from django_ory_mfa.core.session import OrySession

SIGNED_IN = Requirement("aal1")
# Second factors that are safer than a code by e-mail.
STRONGER = frozenset({"totp", "webauthn"})
BACK, JUST_NOW = "back", 120  # seconds
# Ory's answers to a sign-out that prove that the credential had a session: of a cookie, and of a token.
HAD_SESSION = (200, 204)
OUTAGE = Decision(Outcome.UNAVAILABLE, HIGHEST_LEVEL, "ory_unavailable")


@own_view
@login_not_required
@never_cache
@require_safe
def settings(request: HttpRequest) -> HttpResponseBase:
    """Show how the visitor signed in, which second factors are set up, and links to change that."""
    state = state_of(request)
    # This page shows the current state, so it uses no cached session and no remembered enrolment.
    run(session_steps(state, fresh=True))
    if run(was_shown_steps(request)):
        return stop(request)
    enrolled, second_factors = run(enrolled_steps(state, fresh=True)), run(second_factors_steps(state))
    session = session_of(state)
    if session.state is SessionState.UNAVAILABLE:
        return render(request, OUTAGE)
    context = page_context(request, session, None)
    advice = advice_on(session)
    context.update(
        enrolled=bool(second_factors) or enrolled,
        second_factors=second_factors,
        # Only of what can be lost there is something to recover.
        needs_codes=state.lacks_recovery_codes and not STRONGER.isdisjoint(second_factors),
        proofs=newest_by_method(session.authentication_methods),
        advice=advice,
        is_weak=advice == "stronger" and STRONGER.isdisjoint(second_factors),
        notice=_what_was_set_up(request, session) or sign_out_notice(request),
        is_back=BACK in request.GET,
        # With a mark, so that this page can say afterwards what was set up.
        manage_url=conf.flows.settings(return_to=f"{site_origin(request)}{request.path}?{BACK}=1"),
    )
    return page(request, "settings", context)


def _what_was_set_up(request: HttpRequest, session: OrySession) -> str:
    """Return the method that the visitor has just set up in Ory's settings; empty if there is none."""
    newest = newest_proof(session, since=now().timestamp() - JUST_NOW)
    return newest.method if BACK in request.GET and newest is not None and newest.aal >= AAL.AAL2 else ""


@own_view
@login_not_required
@never_cache
def login(request: HttpRequest) -> HttpResponseBase:
    """Send the browser to Ory to sign in, and back to ``next``; for ``LOGIN_URL``.

    A visitor who is signed in already sees a page with the name of the account, and is never redirected: Django also
    redirects users here who lack a permission, so sending them back would loop.
    """
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    return_to = checked_next(request)
    state = state_of(request)
    session = run(session_steps(state))
    if run(was_shown_steps(request)):
        return stop(request)
    if session:
        shown = {"account": account_name(request, session), "next": return_to, "is_refused": "next" in request.GET}
        return page(request, "login", page_context(request, session, None) | shown)
    return render(request, run(evaluation_steps(state, SIGNED_IN)), return_to=return_to)


@own_view
@login_not_required
@never_cache
def step_up(request: HttpRequest) -> HttpResponseBase:
    """Send the browser to Ory for a second factor, and back to ``next``."""
    if request.method != "GET":
        # Not even HEAD: a link checker must not open a flow, because Ory could send a code by e-mail.
        return HttpResponseNotAllowed(["GET"])
    return_to = checked_next(request)
    # Enrolment is not checked: visitors who follow this link say that they have a second factor.
    decision = run(evaluation_steps(state_of(request), HIGHEST_LEVEL, check_enrolment=False))
    if run(was_shown_steps(request)):
        return stop(request)
    if decision.is_allowed:
        return HttpResponseRedirect(return_to)
    return render(request, decision, return_to=return_to)


@own_view
@login_not_required
@never_cache
@require_GET
def done(request: HttpRequest) -> HttpResponseBase:
    """Tell the page that opened this window that the flow is complete, and the visitor to close the window.

    It grants no access and does not call Ory: the waiting page repeats its request, and a guard decides again.
    """
    return page(request, "done", {"home_url": default_return_to(request), "site_name": site_name(request)})


@own_view
@login_not_required
@never_cache
@csrf_protect
@require_POST
def logout(request: HttpRequest) -> HttpResponseBase:
    """End the Ory session and Django's, and send the browser to ``next``."""
    return_to = checked_next(request)
    state = state_of(request)
    credential = state.credential
    leave_django(request)
    if credential is None:
        return HttpResponseSeeOther(return_to)
    is_cookie, client = credential.is_cookie, state.ory.client
    end_session = partial(client.logout_flow if is_cookie else client.revoke_token, credential)
    answer = ask(end_session, state.caller, recognised=HAD_SESSION)
    may_have_ended = answer.may_have_arrived and answer.status not in (401, 403)
    ttl = conf.cache_ttl
    # Of several cookies, nobody knows here which one Ory took.
    for each in credential.each() if ttl else ():
        entry = Entry(state.fingerprint_of(each), ttl)
        # SECURITY: an anonymous visitor writes nothing to the cache, which could be filled up that way.
        run(entry.sign_out() if may_have_ended else entry.drop())
    return (_signed_out_by_cookie if is_cookie else _signed_out_by_token)(request, answer, return_to)


def _signed_out_by_cookie(request: HttpRequest, answer: Answer, return_to: str) -> HttpResponseBase:
    if answer.status == 401:
        return HttpResponseSeeOther(return_to)
    token = answer.json_object().get("logout_token")
    if answer.status != 200 or not isinstance(token, str) or not token:
        return _not_signed_out(request, answer)
    # SECURITY: only the token of Ory's answer is used; the URL is built here.
    return remember_sign_out(request, HttpResponseSeeOther(conf.flows.logout(token, return_to=return_to)))


def _signed_out_by_token(request: HttpRequest, answer: Answer, return_to: str) -> HttpResponseBase:
    # 403: no session has that token.
    return HttpResponseSeeOther(return_to) if answer.status in (204, 403) else _not_signed_out(request, answer)


def _not_signed_out(request: HttpRequest, answer: Answer) -> HttpResponseBase:
    get_ory().health.log_failure(answer)
    return render(request, OUTAGE)
