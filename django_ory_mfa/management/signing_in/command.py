"""The subcommand ``test-session``: a session token of a test account, for a development Ory."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import dataclass
from typing import TextIO
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import OutputWrapper
from django.views.decorators.debug import sensitive_variables

from django_ory_mfa.checks.addresses import is_loopback
from django_ory_mfa.conf import conf, is_debug
from django_ory_mfa.core.credentials import Credential
from django_ory_mfa.management.control.failures import ControlError, UsageError
from django_ory_mfa.management.control.shown import clean
from django_ory_mfa.management.control.sources import save
from django_ory_mfa.management.control.terminal import Terminal
from django_ory_mfa.management.signing_in.flows import (
    LoginClient,
    give_second_factor,
    read_flow,
    sign_in_natively,
    with_code_sent,
)

# In the order in which they are offered: codes by e-mail last, since they make Ory send one.
QUESTIONS = {
    "totp": "6-digit code of the authenticator app of {email}: ",
    "lookup_secret": "Recovery code of {email}, which is used up by this: ",
    "code": "6-digit code that Ory sent to {email}: ",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOptions:
    """The options of ``test-session``."""

    email: str
    aal2: bool
    method: str | None
    output: str | None
    stdin: TextIO | None = None


class TestSession:
    """``manage.py ory_mfa test-session``."""

    __test__ = False  # no test of pytest
    name = "test-session"
    options_class = SessionOptions
    help = "Sign a test account in at a development Ory, and print its session token, to try an API with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("email", metavar="EMAIL", help="the account; its password is asked for at the terminal")
        parser.add_argument("--aal2", action="store_true", help="ask for the second factor too; Ory may send a code")
        parser.add_argument(
            "--method", choices=list(QUESTIONS), help="with --aal2: which second factor, if there are several"
        )
        parser.add_argument("--output", metavar="PATH", help="write the token to a new file that only you can read")

    @sensitive_variables()
    def run(self, options: SessionOptions, stdout: OutputWrapper, stderr: OutputWrapper) -> int:
        """Ask for the password, sign in, and print the token, or write it to a file."""
        client = LoginClient(_development_url())
        terminal = Terminal(stdout, stderr, options.stdin, is_json=True)
        if not terminal.is_interactive:
            raise UsageError("There is no terminal to ask for the password at.")
        email = clean(options.email)
        password = terminal.asks_secret(f"Password of {email} at {client.url}: ")
        session = sign_in_natively(client, options.email, password)
        if options.aal2:
            _step_up(client, session, options, terminal)
        if options.output is None:
            stdout.write(session.value)
        else:
            save(options.output, f"{session.value}\n")
            terminal.say(f"Written to {clean(options.output)}.")
        return 0


def _development_url() -> str:
    """Return the URL of Ory; raises ``ControlError`` unless it is for development."""
    try:
        url = conf.sdk_url
    except ImproperlyConfigured as error:
        raise ControlError(str(error)) from error
    # SECURITY: a token that is printed ends up in the history of a terminal, so it must open no account of value.
    if not (is_debug() or is_loopback(urlsplit(url).hostname or "")):
        raise ControlError(
            f"{url} is not on this machine and DEBUG is off. Session tokens are made for development only."
        )
    return url


@sensitive_variables()
def _step_up(client: LoginClient, session: Credential, options: SessionOptions, terminal: Terminal) -> None:
    flow = read_flow(client.begin("api", session.headers(), second_factor=True))
    offered = [method for method in QUESTIONS if method in flow.groups]
    method = options.method or next(iter(offered), None)
    if method is None:
        raise ControlError(f"{clean(options.email)} has no second factor that can be typed.")
    if method not in offered:
        raise ControlError(f"{clean(options.email)} has no {method}; Ory offers {', '.join(offered) or 'nothing'}.")
    if method == "code":
        flow = with_code_sent(client, session, flow, options.email)
    code = terminal.asks_secret(QUESTIONS[method].format(email=clean(options.email)))
    give_second_factor(client, session, flow, method, code)
