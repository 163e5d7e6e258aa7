"""Ory's sign-out, of browsers and of native clients."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from django_ory_mfa.testing._answers import failed
from django_ory_mfa.testing._bodies import bad_request, forbidden, return_to_forbidden, session_inactive
from django_ory_mfa.testing._credentials import cleared_session_cookie, csrf_cookie, held_csrf, session_of
from django_ory_mfa.testing._http import FakeRequest, FakeResponse, answer, json_answer, redirect
from django_ory_mfa.testing._return_to import checked_return_to
from django_ory_mfa.testing._state import FakeState


def logout_init(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """Return the URL that signs the browser out; always JSON if there is a session."""
    session = session_of(ory, request)
    _, cookies = held_csrf(ory, request)
    if session is None:
        return failed(ory, request, session_inactive(), cookies)
    return_to = request.param("return_to")
    if checked_return_to(ory, return_to) is None:
        return failed(ory, request, return_to_forbidden(return_to), cookies)
    params = {"return_to": return_to} if return_to else {}
    url = f"{ory.public_url}/self-service/logout?{urlencode(params | {'token': session.logout_token})}"
    payload = {"logout_url": url, "logout_token": session.logout_token}
    return json_answer(ory, request, 200, payload, cookies)


def logout_submit(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """Sign the browser out."""
    session = session_of(ory, request)
    token = request.param("token")
    _, cookies = held_csrf(ory, request)
    if not token:
        return failed(ory, request, bad_request("Please include a token in the URL query."), cookies)
    if session is None:
        return failed(ory, request, session_inactive(), cookies)
    if token != session.logout_token:
        reason = "Unable to log out because the logout token in the URL query does not match the session cookie."
        return failed(ory, request, forbidden(reason), cookies)
    return_to = checked_return_to(ory, request.param("return_to"))
    if return_to is None:
        return failed(ory, request, return_to_forbidden(request.param("return_to")), cookies)
    session.revoke()
    cookies = [cleared_session_cookie(ory), csrf_cookie(ory)]
    if request.wants_json:
        return answer(ory, request, 204, cookies)
    return redirect(ory, request, HTTPStatus.SEE_OTHER, return_to or ory.default_return_url, cookies)


def logout_api(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """End the session of a native client."""
    try:
        token = request.json()["session_token"]
    except (ValueError, KeyError, TypeError):
        return json_answer(ory, request, 400, bad_request("Unable to decode the request body."))
    session = ory.session_by_token(token)
    if session is None:
        reason = "The provided Ory Session Token could not be found, is invalid, or otherwise malformed."
        return json_answer(ory, request, 403, forbidden(reason))
    session.revoke()
    return answer(ory, request, 204, [])
