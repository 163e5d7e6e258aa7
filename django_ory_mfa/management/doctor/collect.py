"""Collects the facts: reads the settings of Django and asks Ory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from django.urls import get_script_prefix
from django.views.decorators.debug import sensitive_variables

from django_ory_mfa.conf import conf, network_cookie
from django_ory_mfa.core.credentials import Credential
from django_ory_mfa.core.errors import ErrorId
from django_ory_mfa.core.settings_flow import read_enrolment
from django_ory_mfa.management.doctor import reading
from django_ory_mfa.management.doctor.facts import Facts, Person, Site
from django_ory_mfa.management.doctor.levels import SECOND_FACTORS
from django_ory_mfa.management.doctor.probe import Probe
from django_ory_mfa.management.report.rows import rows
from django_ory_mfa.management.signing_in.flows import BrowserSession, LoginClient, read_flow, sign_in_as_browser
from django_ory_mfa.runtime.clock import now

DEFAULT_COOKIE = "ory_kratos_session"
PAGES = 8


@dataclass(frozen=True, slots=True)
class Account:
    """A test account to sign in with; ``allows_code`` asks a person whether Ory may send the account a code."""

    email: str = field(repr=False)
    password: str = field(repr=False)
    allows_code: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line adds to the settings.

    URLs of the site, the session token of a test account or the account itself, and the URL of the admin API.
    """

    addresses: tuple[str, ...] = ()
    credential: Credential | None = None
    account: Account | None = None
    admin_url: str | None = None


@sensitive_variables()
def collect(given: Given) -> Facts:
    """Return all facts.

    Raises ``ImproperlyConfigured`` if the SDK URL is missing or invalid, ``ControlError`` if nobody can sign in.
    """
    site = _site(given.addresses)
    ory = Probe(site.sdk_url)
    before = now()
    answer = ory.anonymous_whoami()
    skew = reading.read_skew(answer, before, now())
    facts = Facts(site, reading.read_seen(answer), reading.read_is_ory(answer))
    if not facts.is_ory:
        # SECURITY: the session token and the password are sent only to a server that answers like Ory.
        return facts
    ready, login = ory.ready(), ory.login_flow()
    facts = replace(facts, login=reading.read_seen(login))
    if ready.status == login.status == 401:
        # Ory answers 401 to whoami only; another server may answer it to everything, even in the same words.
        return replace(facts, is_ory=False)
    facts = replace(
        facts,
        ready=reading.read_seen(ready),
        skew=skew,
        rate_limit=reading.read_rate_limit(answer),
        cacheable=reading.read_cacheable(answer),
        own_url=reading.read_own_url(login),
        cookie=reading.read_cookie(login),
        returns={page: reading.read_seen(ory.login_flow(page)) for page in _pages(ory, site)},
    )
    return _with_people(facts, ory, given)


@sensitive_variables()
def _with_people(facts: Facts, ory: Probe, given: Given) -> Facts:
    admin = Probe(given.admin_url) if given.admin_url is not None else None
    if admin is not None:
        answer = admin.version()
        facts = replace(facts, admin=reading.read_seen(answer), version=reading.read_version(answer))
        facts = replace(facts, everybody_gets_codes=reading.read_everybody_gets_codes(ory.schemas()))
    if given.account is not None:
        return _signed_in(facts, admin, given.account)
    if given.credential is None:
        return facts
    person = _person(ory, given.credential, facts.site.session_cookie or DEFAULT_COOKIE)
    if admin is not None and facts.version is not None and person.whoami.error_id == ErrorId.STEP_UP:
        person = replace(person, credentials=_credentials(ory, admin, given.credential))
    return replace(facts, person=person)


@sensitive_variables()
def _signed_in(facts: Facts, admin: Probe | None, account: Account) -> Facts:
    """Return the facts that a browser shows in which ``account`` signs in with its password, and out again."""
    client = LoginClient(facts.site.sdk_url)
    session = sign_in_as_browser(client, account.email, account.password)
    try:
        person = _seen_in_browser(client, session, account)
    finally:
        client.end(session)
    if admin is not None and facts.version is not None:
        person = replace(person, credentials=reading.read_credentials(admin.identities(account.email)))
    return replace(facts, person=person, cookie=reading.read_attributes(session.set_cookie))


@sensitive_variables()
def _seen_in_browser(client: LoginClient, session: BrowserSession, account: Account) -> Person:
    credential = session.credential
    whoami, settings = client.whoami(credential, fresh=True), client.settings_flow(credential)
    enrolled = read_enrolment(settings)
    if whoami.status == 200 and not enrolled and account.allows_code():
        # Ory's settings page does not show whether codes count; the page for the second factor does.
        flow = client.begin("browser", credential.headers(), second_factor=True)
        enrolled = flow.status == 200 and bool(read_flow(flow).groups & SECOND_FACTORS)
    return Person(
        whoami=reading.read_seen(whoami),
        aal=reading.read_aal(whoami),
        settings=reading.read_seen(settings),
        enrolled=enrolled,
        is_signed_in=True,
        cookie_name=reading.printable(credential.cookie_name),
    )


def _site(addresses: tuple[str, ...]) -> Site:
    known = conf.application_url()
    prefix, default = get_script_prefix(), conf.default_return_to
    return Site(
        sdk_url=conf.sdk_url,
        browser_url=conf.browser_url,
        # A URL that is only a host means the application on it.
        addresses=tuple(url if urlsplit(url).path else f"{url}{prefix}".rstrip("/") for url in addresses)
        or ((known,) if known else ()),
        session_cookie=conf.session_cookie,
        network_cookie=network_cookie(conf.sdk_url),
        declared_whoami_aal=conf.whoami_required_aal,
        declared_settings_aal=conf.settings_required_aal,
        default_return_to=None if default == prefix else default,
    )


def _pages(ory: Probe, site: Site) -> list[str]:
    """Return the pages that Ory has to redirect back to; below a root that it redirects to, all others are allowed."""
    pages: list[str] = []
    for address in site.addresses:
        first, default = f"{address}/", site.default_page(address)
        pages.append(first)
        is_allowed = ory.login_flow(first).status == 200
        if not (is_allowed and default.startswith(first)):
            pages.append(default)
        if not is_allowed:
            pages.extend(f"{address}{path}" for path in _guarded_paths())
    return list(dict.fromkeys(pages))


def _guarded_paths() -> list[str]:
    """Return one guarded page of each section of the site."""
    try:
        found = rows()
    except Exception:
        # Django itself reports a URL configuration that cannot be imported.
        found = []
    guarded = (row.examples[0] for row in found if row.examples and any(guard.asks for guard in row.guards))
    by_part = {path.split("/")[1]: path for path in guarded}
    return [path for path in by_part.values() if path != "/"][:PAGES]


@sensitive_variables()
def _person(ory: Probe, credential: Credential, cookie_name: str) -> Person:
    whoami = ory.whoami(credential, fresh=True)
    settings = ory.settings_flow(credential)
    person = Person(
        whoami=reading.read_seen(whoami),
        aal=reading.read_aal(whoami),
        settings=reading.read_seen(settings),
        enrolled=read_enrolment(settings),
    )
    if whoami.status != 200:
        return person
    named = reading.read_seen(ory.whoami_beside_cookie(credential, cookie_name))
    return replace(person, with_cookie=named, cookie_name=cookie_name)


@sensitive_variables()
def _credentials(ory: Probe, admin: Probe, credential: Credential) -> frozenset[str] | None:
    identifier = reading.read_identifier(ory.first_factor_again(credential))
    return None if identifier is None else reading.read_credentials(admin.identities(identifier))
