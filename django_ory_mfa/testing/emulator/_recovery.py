"""Ory's recovery of an account, by code: it ends in a new session, on the settings page."""

from __future__ import annotations

from datetime import timedelta

from django_ory_mfa.testing._answers import either
from django_ory_mfa.testing._bodies import nanoseconds
from django_ory_mfa.testing._credentials import csrf_cookie, session_cookie
from django_ory_mfa.testing._csrf import new_csrf_secret
from django_ory_mfa.testing._http import FakeRequest, FakeResponse, Json
from django_ory_mfa.testing._identity import FakeIdentity
from django_ory_mfa.testing._state import FakeState
from django_ory_mfa.testing.emulator import _errors as errors
from django_ory_mfa.testing.emulator._account_flows import Fields, fetched, opened, submitted
from django_ory_mfa.testing.emulator._by_code import email_form, judged_by_code
from django_ory_mfa.testing.emulator._flow_pages import ui_page
from django_ory_mfa.testing.emulator._flows import FakeFlow, new_flow
from django_ory_mfa.testing.emulator._nodes import message
from django_ory_mfa.testing.emulator._settings_nodes import settings_form


def recovery_browser(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """Opens a recovery."""
    return opened(ory, request, "recovery", email_form)


def recovery_fetch(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """A recovery, for the page that shows it."""
    return fetched(ory, request, "recovery")


def recovery_submit(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """Takes an address, or the code that was mailed to it."""
    return submitted(ory, request, "recovery", email_form, _judged)


def _judged(ory: FakeState, request: FakeRequest, flow: FakeFlow, fields: Fields) -> FakeResponse:
    return judged_by_code(ory, request, flow, fields, _passed)


def _passed(ory: FakeState, request: FakeRequest, flow: FakeFlow, identity: FakeIdentity) -> FakeResponse:
    identity.verified = True
    session, secret = ory.add_session(identity, "code_recovery"), new_csrf_secret()
    settings = new_flow(ory, "settings", "browser", flow.request_url, flow.return_to, secret)
    settings.identity, settings.state = identity, "show_form"
    settings.messages = [_recovered(ory)]
    settings_form(ory, settings, identity)
    url = ui_page(ory, settings)
    cookies = [csrf_cookie(ory, secret), session_cookie(ory, session, session.cookie)]
    return either(ory, request, 422, errors.location_change_required(url), url, cookies)


def _recovered(ory: FakeState) -> Json:
    seconds = ory.privileged_session_max_age
    text = (
        "You successfully recovered your account. Please change your password or set up an alternative login method"
        f" (e.g. social sign in) within the next {seconds / 60:.2f} minutes."
    )
    until = ory.now() + timedelta(seconds=seconds)
    at, unix = nanoseconds(until), int(until.timestamp())
    context = {"privilegedSessionExpiresAt": at, "privileged_session_expires_at": at}
    return message(1060001, text, "success", **context, privileged_session_expires_at_unix=unix)
