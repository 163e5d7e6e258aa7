"""Ory's login flows for one person: of a native client, which gets a session token, or of a browser with its cookies.

https://www.ory.sh/docs/kratos/self-service/flows/user-login
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.views.decorators.debug import sensitive_variables

from django_ory_mfa.conf import conf
from django_ory_mfa.core.answer import Answer, value_at
from django_ory_mfa.core.credentials import (
    SESSION_COOKIE_NAMES,
    Credential,
    CredentialKind,
    choose_credential,
    cookie_header,
    is_sound,
)
from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.control.shown import clean
from django_ory_mfa.management.unlogged import unlogged
from django_ory_mfa.ory.client import OryClient

ANTI_FORGERY = "csrf_token"
# Kratos' cookies that are not the session: of a form, and of a flow that is interrupted.
OTHER_COOKIES = (ANTI_FORGERY, "ory_kratos_continuity", "ory_kratos_oidc_auth_code_session", "__cf")
# What Ory answers to a password that is not the last step: the browser would have to go on to the second factor.
SIGNED_IN = (200, 422)
WRONG = 4000006
ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Flow:
    """A login flow: its id, what its form has fields for, and the cookies that belong to it."""

    id: str
    csrf_token: str | None = field(default=None, repr=False)
    names: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """The session of a browser: its cookie, and the ``Set-Cookie`` header that set it."""

    credential: Credential
    set_cookie: str = field(repr=False)


class LoginClient(OryClient):
    """The client of the package, that also begins and sends login forms; it keeps no cookies."""

    @sensitive_variables()
    def begin(self, kind: str, headers: Mapping[str, str], *, second_factor: bool = False) -> Answer:
        """Begin a login flow of a ``browser`` or of an ``api`` client; a second factor may make Ory send a code."""
        query = {"aal": "aal2"} if second_factor else None
        return self._answer("GET", f"/self-service/login/{kind}", headers, query, None, conf.timeout)

    @sensitive_variables()
    def submit(self, flow: Flow, headers: Mapping[str, str], **values: str) -> Answer:
        """Send the form of ``flow``."""
        csrf = {} if flow.csrf_token is None else {ANTI_FORGERY: flow.csrf_token}
        return self._answer("POST", "/self-service/login", headers, {"flow": flow.id}, csrf | values, conf.timeout)

    @sensitive_variables()
    def end(self, session: BrowserSession) -> None:
        """Sign the browser out; a failure is ignored, since the session ends by itself."""
        headers = session.credential.headers()
        token = self.logout_flow(session.credential).json_object().get("logout_token")
        if isinstance(token, str):
            # SECURITY: urllib3 logs queries at level DEBUG.
            with unlogged("urllib3.connectionpool"):
                self._answer("GET", "/self-service/logout", headers, {"token": token}, None, conf.timeout)


@sensitive_variables()
def sign_in_natively(client: LoginClient, email: str, password: str) -> Credential:
    """Return a session token; raises ``ControlError`` if Ory does not accept the password."""
    flow = read_flow(client.begin("api", {}))
    answer = client.submit(flow, {}, method="password", identifier=email, password=password)
    return _token_of(answer)


@sensitive_variables()
def sign_in_as_browser(client: LoginClient, email: str, password: str) -> BrowserSession:
    """Return the session of a new browser; raises ``ControlError`` if Ory does not accept the password."""
    flow = read_flow(client.begin("browser", {}))
    cookies = {"Cookie": cookie_header(flow.cookies.items())}
    answer = client.submit(flow, cookies, method="password", identifier=email, password=password)
    if answer.status not in SIGNED_IN:
        raise ControlError(refusal(answer))
    cookies_set = [(header, *_name_and_value(header)) for header in answer.set_cookies]
    possible = [one for one in cookies_set if is_sound(one[2]) and not one[1].startswith(OTHER_COOKIES)]
    if not possible:
        raise ControlError("Ory accepted the password and set no session cookie.")
    # A proxy before Ory may set cookies of its own.
    header, name, value = min(possible, key=lambda one: SESSION_COOKIE_NAMES.fullmatch(one[1]) is None)
    return BrowserSession(Credential(CredentialKind.COOKIE, f"{name}={value}"), header)


@sensitive_variables()
def with_code_sent(client: LoginClient, session: Credential, flow: Flow, email: str) -> Flow:
    """Return the flow after Ory sent the code; newer versions of Kratos do that when the flow begins.

    Raises ``ControlError`` if no code was sent.
    """
    if ADDRESS not in flow.names:
        return flow
    answer = client.submit(flow, session.headers(), method="code", address=email)
    # Kratos answers 400 with the form for the code.
    if answer.status != 400 or answer.json_object().get("state") != "sent_email":
        raise ControlError(refusal(answer))
    return read_flow(answer)


@sensitive_variables()
def give_second_factor(client: LoginClient, session: Credential, flow: Flow, method: str, code: str) -> None:
    """Raise the session of a native client to aal2; raises ``ControlError`` if Ory does not accept the code."""
    name = {"totp": "totp_code", "lookup_secret": "lookup_secret", "code": "code"}[method]
    answer = client.submit(flow, session.headers(), method=method, **{name: code})
    if answer.status != 200:
        raise ControlError(refusal(answer))


@sensitive_variables()
def read_flow(answer: Answer) -> Flow:
    """Return a flow that was begun; raises ``ControlError`` if there is none."""
    body = answer.json_object()
    flow_id, nodes = body.get("id"), _nodes(body)
    if answer.status not in (200, 400) or not isinstance(flow_id, str):
        raise ControlError(refusal(answer))
    values = {str(node["attributes"].get("name")): node["attributes"].get("value") for node in nodes}
    csrf = values.get(ANTI_FORGERY)
    return Flow(
        flow_id,
        csrf if isinstance(csrf, str) and csrf else None,
        frozenset(values),
        frozenset(str(node.get("group")) for node in nodes),
        dict(map(_name_and_value, answer.set_cookies)),
    )


def refusal(answer: Answer) -> str:
    """Return in a sentence why a login flow did not go on; nothing of what was sent is in it."""
    if not answer.status:
        return f"Ory gave no answer ({answer.failure})."
    body = answer.json_object()
    messages = _messages(body)
    if WRONG in messages:
        return "Ory does not accept this address and password."
    reason = value_at(body, "error", "id")
    if messages:
        reason = f"messages {', '.join(map(str, messages))}"
    return f"Ory refused ({answer.status}{f', {clean(reason)}' if isinstance(reason, str) else ''})."


def _token_of(answer: Answer) -> Credential:
    token = answer.json_object().get("session_token") if answer.status == 200 else None
    found = choose_credential(session_token=str(token), cookies=(), authorization="")
    if found is None:
        raise ControlError(refusal(answer))
    return found


def _name_and_value(header: str) -> tuple[str, str]:
    name, _, value = header.partition(";")[0].partition("=")
    return name.strip(), value.strip()


def _nodes(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    nodes = _list(value_at(body, "ui", "nodes"))
    return [node for node in nodes if isinstance(node, dict) and isinstance(node.get("attributes"), dict)]


def _messages(body: Mapping[str, Any]) -> list[int]:
    """Return the numbers of the messages of a form."""
    of_nodes = (message for node in _nodes(body) for message in _list(node.get("messages")))
    found = [*_list(value_at(body, "ui", "messages")), *of_nodes]
    return [message["id"] for message in found if isinstance(message, dict) and isinstance(message.get("id"), int)]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
