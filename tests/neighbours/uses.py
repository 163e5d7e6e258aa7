"""What each neighbour does itself: in a view (``SHOWN``) and for its visitors (``USES``)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction
from django.test import override_settings

from tests.neighbours.notes.models import Note
from tests.neighbours.walk import Visitor, complaints, serve

Use = Callable[[Visitor], Iterator[str]]


def user_of(session: Any) -> Any:
    return get_user_model()._default_manager.get(ory_identities__identity_id=session.identity.id)


def superuser(visitor: Visitor) -> Any:
    """Somebody with all rights is signed in."""
    session = visitor.sign_in()
    visitor.get("guarded")
    user = user_of(session)
    user.is_staff = user.is_superuser = True
    user.save()
    return user


def unless(fine: object, complaint: str) -> Iterator[str]:
    if not fine:
        yield complaint


# Files, headers, and tools for developers.


def whitenoise(visitor: Visitor) -> Iterator[str]:
    before = len(visitor.ory.calls)
    yield from visitor.wrong("a static file", 200, visitor.get("/static/admin/css/base.css"))
    yield from unless(len(visitor.ory.calls) == before, "a static file asks Ory")


def cors(visitor: Visitor) -> Iterator[str]:
    origin = {"Origin": "https://app.example.com"}
    preflight = visitor.ask("options", "guarded", headers={**origin, "Access-Control-Request-Method": "GET"})
    yield from visitor.wrong("a preflight", 200, preflight)
    for what, response in (("a preflight", preflight), ("a refusal", visitor.get("guarded", headers=origin))):
        allowed = response.headers.get("Access-Control-Allow-Origin")
        yield from unless(allowed == origin["Origin"], f"{what} allows {allowed}")


def debug_toolbar(visitor: Visitor) -> Iterator[str]:
    visitor.sign_in()
    yield from unless('id="djDebug"' in visitor.get("guarded").content.decode(), "the toolbar is not on the page")
    visitor.client.cookies.clear()
    panel = visitor.get("/__debug__/render_panel/?store_id=none&request_id=none&panel_id=TimerPanel")
    yield from visitor.wrong("a panel", 200, panel)


def sentry(visitor: Visitor) -> Iterator[str]:
    import sentry_sdk
    from sentry_sdk.scrubber import DEFAULT_DENYLIST, EventScrubber

    scrubber = EventScrubber(denylist=[*DEFAULT_DENYLIST, "x-session-token", visitor.ory.cookie_name])
    for pii in (False, True):
        events: list[Any] = []
        sentry_sdk.init(
            dsn="http://key@127.0.0.1:9/1",
            before_send=lambda event, hint, events=events: events.append(event),
            send_default_pii=pii,
            event_scrubber=scrubber,
        )
        session = visitor.sign_in()
        serve(visitor.mode, "fails", Cookie=f"{visitor.ory.cookie_name}={session.cookie}")
        serve(visitor.mode, "fails", **{"X-Session-Token": session.token})
        serve(visitor.mode, "fails", Authorization=f"Bearer {session.token}")
        yield from unless(sum("exception" in event for event in events) == 3, f"no report (send_default_pii={pii})")
        text = json.dumps(events, default=str)
        yield from unless("Filtered" in text, f"the report has no headers (send_default_pii={pii})")
        for what, secret in (("cookie", session.cookie), ("token", session.token)):
            yield from unless(secret not in text, f"the {what} of Ory is in the report (send_default_pii={pii})")
    sentry_sdk.init()


def csp(visitor: Visitor) -> Iterator[str]:
    for page in ("public", "guarded"):
        response = visitor.get(page)
        yield from unless("Content-Security-Policy" in response.headers, f"{page} has no header")


def silk(visitor: Visitor) -> Iterator[str]:
    from silk.models import Request

    session = visitor.sign_in()
    visitor.get("guarded")
    Visitor(visitor.mode, visitor.ory).get("guarded", headers={"X-Session-Token": session.token})
    recorded = Request.objects.filter(path=f"/{visitor.mode}/guarded/")
    yield from unless(recorded.exists(), "nothing was recorded")
    kept = " ".join(f"{request.encoded_headers} {request.body}" for request in recorded)
    yield from unless(session.cookie not in kept, "the cookie of Ory is in its table")
    yield from unless(session.token not in kept, "the token of Ory is in its table")
    yield from visitor.wrong("/silk/", 200, visitor.get("/silk/"))


def prometheus(visitor: Visitor) -> Iterator[str]:
    response = visitor.get("/metrics")
    yield from visitor.wrong("/metrics", 200, response)
    yield from unless("django_http_requests" in response.content.decode(), "/metrics has no numbers")


def structlog(visitor: Visitor) -> Iterator[str]:
    from structlog.contextvars import merge_contextvars
    from structlog.testing import capture_logs

    session = visitor.sign_in()
    visitor.get("guarded")
    with capture_logs(processors=[merge_contextvars]) as logs:
        visitor.get("guarded")
    users = {entry.get("user_id") for entry in logs if entry["event"] == "request_finished"}
    yield from unless(users == {user_of(session).pk}, f"the log names {users or 'no request'}")
    yield from unless(session.cookie not in str(logs), "the cookie of Ory is in the log")


def htmx(visitor: Visitor) -> Iterator[str]:
    visitor.sign_in()
    asked = {"HX-Request": "true", "HX-Current-URL": "http://testserver/"}
    yield from unless("htmx: True" in visitor.get("used", headers=asked).content.decode(), "the view is not told")
    visitor.client.cookies.clear()
    refusal = visitor.get("used", headers=asked)
    yield from unless("HX-Redirect" in refusal.headers, f"a refusal is a {refusal.status_code} without HX-Redirect")


# People and their rights.


def axes(visitor: Visitor) -> Iterator[str]:
    visitor.sign_in()
    for _ in range(2):
        visitor.ask("post", "public/password", {"username": "somebody", "password": "wrong"})
    locked = visitor.ask("post", "public/password", {"username": "somebody", "password": "wrong"})
    yield from visitor.wrong("a guessed password", 429, locked)
    yield from visitor.wrong("guarded", 200, visitor.get("guarded"))
    from axes.utils import reset

    reset()


def waffle(visitor: Visitor) -> Iterator[str]:
    from waffle.models import Flag

    session = visitor.sign_in()
    visitor.get("guarded")
    flag, _ = Flag.objects.get_or_create(name="new")
    yield from unless("flag: False" in visitor.get("used").content.decode(), "the flag is on for everybody")
    flag.users.add(user_of(session))
    flag.flush()
    yield from unless("flag: True" in visitor.get("used").content.decode(), "the flag is not on for the person")
    visitor.sign_in()
    yield from unless("flag: False" in visitor.get("used").content.decode(), "the flag is on for the next person")


def hijack(visitor: Visitor) -> Iterator[str]:
    users = get_user_model()._default_manager
    other, _ = users.get_or_create(username="somebody")
    chief, _ = users.get_or_create(username="chief", is_staff=True, is_superuser=True)
    visitor.client.force_login(chief, "django.contrib.auth.backends.ModelBackend")
    response = visitor.ask("post", "/hijack/acquire/", {"user_pk": other.pk})
    yield from visitor.wrong("/hijack/acquire/", 302, response)
    shown = visitor.get("public/used").content.decode()
    yield from unless("user: somebody" in shown, "request.user is not the person who was taken over")
    yield from visitor.wrong("guarded, as somebody else,", 302, visitor.get("guarded"))
    superuser(visitor)
    response = visitor.ask("post", "/hijack/acquire/", {"user_pk": other.pk})
    yield from visitor.wrong("/hijack/acquire/, by somebody who is signed in at Ory,", 500, response)
    shown = visitor.get("public/used").content.decode()
    yield from unless("user: somebody" not in shown, "request.user is not who is signed in at Ory")


def guardian(visitor: Visitor) -> Iterator[str]:
    from guardian.shortcuts import assign_perm

    session = visitor.sign_in()
    visitor.get("guarded")
    group, _ = Group.objects.get_or_create(name="group")
    yield from unless("may: False" in visitor.get("used").content.decode(), "everybody has the permission")
    assign_perm("auth.change_group", user_of(session), group)
    yield from unless("may: True" in visitor.get("used").content.decode(), "the person lacks the permission")


def writer(visitor: Visitor) -> Iterator[str]:
    for _ in range(2):
        session = visitor.sign_in()
        response = visitor.get("used")
        yield from visitor.wrong("a page that writes", 200, response)
        user = user_of(session)
        yield from unless(f"writer: {user}" in response.content.decode(), "the writer is somebody else, or nobody")


def allauth(visitor: Visitor) -> Iterator[str]:
    get_user_model()._default_manager.filter(username="local").delete()
    get_user_model()._default_manager.create_user("local", password="secret")
    yield from visitor.wrong("/accounts/login/", 200, visitor.get("/accounts/login/"))
    response = visitor.ask("post", "/accounts/login/", {"login": "local", "password": "secret"})
    yield from visitor.wrong("its sign-in", 302, response)
    yield from unless("_auth_user_id" in dict(visitor.client.session), "its sign-in leaves nothing in the session")
    yield from visitor.wrong("guarded, with its sign-in alone,", 302, visitor.get("guarded"))


def otp(visitor: Visitor) -> Iterator[str]:
    from django_otp.plugins.otp_static.models import StaticDevice

    session = visitor.sign_in()
    visitor.get("guarded")
    yield from unless("verified: False" in visitor.get("used").content.decode(), "aal2 counts as its token")
    device = StaticDevice.objects.create(user=user_of(session))
    device.token_set.create(token="a-token")
    verified = visitor.get(f"/{visitor.mode}/used/?token=a-token")
    yield from unless("verified: True" in verified.content.decode(), "it takes no token")
    yield from unless("verified: True" in visitor.get("used").content.decode(), "it forgets who was verified")
    visitor.sign_in()
    yield from unless("verified: False" in visitor.get("used").content.decode(), "the next person is verified")


# Pages of their own, caches and hosts.


def wagtail(visitor: Visitor) -> Iterator[str]:
    yield from visitor.wrong("a page, for nobody,", 302, visitor.get("/pages/"))
    refused = visitor.get("/cms/")
    yield from visitor.wrong("the admin, for nobody,", 302, refused)
    visitor.sign_in()
    yield from visitor.wrong("a page", 200, visitor.get("/pages/"))
    others = visitor.get("/cms/")
    yield from visitor.wrong("the admin, for people without the right,", 302, others)
    place = others.headers.get("Location", "")
    yield from unless(place.startswith("/ory/login/"), f"the admin sends people to {place}")
    yield from visitor.wrong(place, 200, visitor.get(place))
    superuser(visitor)
    yield from visitor.wrong("the admin", 200, visitor.get("/cms/"))


def cms(visitor: Visitor) -> Iterator[str]:
    from cms.api import create_page
    from cms.models import Page

    if not Page.objects.exists():
        with transaction.atomic():
            create_page("Page", "cms_page.html", "en", slug="page").set_as_homepage()
    yield from visitor.wrong("a page, for nobody,", 302, visitor.get("/pages/"))
    visitor.sign_in()
    response = visitor.get("/pages/")
    yield from visitor.wrong("a page", 200, response)
    yield from unless("a page of the CMS" in response.content.decode(), "a page has no content")
    superuser(visitor)
    yield from visitor.wrong("a page, for staff,", 200, visitor.get("/pages/?edit"))


def cache(visitor: Visitor) -> Iterator[str]:
    visitor.sign_in()
    visitor.get("guarded")
    before = len(visitor.ory.calls)
    yield from visitor.wrong("guarded", 200, visitor.get("guarded"))
    yield from unless(len(visitor.ory.calls) == before, "the second request asks Ory again")


def valkey(visitor: Visitor) -> Iterator[str]:
    yield from cache(visitor)
    if visitor.mode == "async":
        with override_settings(ORY_MFA_CACHE="async"):
            yield from cache(visitor)
            yield from complaints(visitor.mode)


def tenants(visitor: Visitor) -> Iterator[str]:
    visitor.sign_in()
    yield from unless("tenant: one" in visitor.get("used").content.decode(), "the view does not know the tenant")
    yield from visitor.wrong("an unknown host", 404, visitor.get("public", headers={"host": "other.testserver"}))


def components(visitor: Visitor) -> Iterator[str]:
    visitor.sign_in()
    response = visitor.get("used")
    yield from visitor.wrong("a page with a component", 200, response)
    yield from unless("component: shown" in response.content.decode(), "the component is not on the page")


# In a view.


def shows_flag(request: Any) -> str:
    from waffle import flag_is_active

    return f"flag: {bool(flag_is_active(request, 'new'))}"


def shows_simple_history(request: Any) -> str:
    note: Any = Note.objects.create(text="one")
    return f"writer: {note.history.first().history_user}"


def shows_auditlog(request: Any) -> str:
    from auditlog.models import LogEntry

    note = Note.objects.create(text="one")
    return f"writer: {LogEntry.objects.get_for_object(note).first().actor}"


def shows_component(request: Any) -> str:
    from django.template import Context, Template
    from django_components import Component, registry

    class Shown(Component):  # type: ignore[misc]  # its package has no types
        template = "component: shown"

    if "shown" not in registry.all():
        registry.register("shown", Shown)
    return str(Template("{% load component_tags %}{% component 'shown' / %}").render(Context({})))


def shows_permission(request: Any) -> str:
    return f"may: {request.user.has_perm('auth.change_group', Group.objects.get(name='group'))}"


def shows_otp(request: Any) -> str:
    from django_otp import login, match_token

    if device := match_token(request.user, request.GET.get("token", "")):
        login(request, device)
    return f"verified: {bool(request.user.is_verified())}"


SHOWN: dict[str, Callable[[Any], str]] = {
    "django-waffle": shows_flag,
    "django-hijack": lambda request: f"user: {request.user.get_username()}",
    "django-guardian": shows_permission,
    "django-simple-history": shows_simple_history,
    "django-auditlog": shows_auditlog,
    "django-otp": shows_otp,
    "django-htmx": lambda request: f"htmx: {bool(request.htmx)}",
    "django-components": shows_component,
    "django-tenants": lambda request: f"tenant: {request.tenant.name}",
}
USES: dict[str, Use] = {
    "whitenoise": whitenoise,
    "django-cors-headers": cors,
    "django-debug-toolbar": debug_toolbar,
    "sentry-sdk": sentry,
    "django-csp": csp,
    "django-axes": axes,
    "django-waffle": waffle,
    "django-hijack": hijack,
    "django-silk": silk,
    "django-prometheus": prometheus,
    "django-structlog": structlog,
    "django-tenants": tenants,
    "django-guardian": guardian,
    "django-simple-history": writer,
    "django-auditlog": writer,
    "wagtail": wagtail,
    "django-cms": cms,
    "django-redis": cache,
    "django-valkey": valkey,
    "django-allauth": allauth,
    "django-otp": otp,
    "django-htmx": htmx,
    "django-components": components,
}
