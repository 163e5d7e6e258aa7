"""What it means to the site that a browser is back from Ory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.dispatch import Signal
from django.http import HttpResponse
from django.urls import path

from django_ory_mfa.decorators import aal_required
from django_ory_mfa.signals import identity_switched, step_up_completed
from django_ory_mfa.testing import FakeOry
from tests import urls as site_urls
from tests.backends import plain_sessions
from tests.clock import PassingTime
from tests.site import Site

AUTH = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
OURS = "django_ory_mfa.middleware.OrySessionMiddleware"


def remember(request: Any) -> HttpResponse:
    request.session["cart"] = "of the first"
    return HttpResponse()


async def aremember(request: Any) -> HttpResponse:
    return remember(request)


def cart(request: Any) -> HttpResponse:
    return HttpResponse(request.session.get("cart", "empty"))


async def acart(request: Any) -> HttpResponse:
    return HttpResponse(await request.session.aget("cart", "empty"))


guard = aal_required("aal2", max_age=600)
urlpatterns = [
    *site_urls.urlpatterns,
    path("sync/remember", remember),
    path("async/remember", aremember),
    path("sync/cart", guard(cart)),
    path("async/cart", guard(acart)),
    path("sync/twice", aal_required("aal1")(guard(cart))),
    path("sync/the-same-twice", guard(guard(cart))),
    path("async/the-same-twice", guard(guard(acart))),
    path("async/twice", aal_required("aal1")(guard(acart))),
]


@pytest.fixture(autouse=True)
def _site(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    settings.MIDDLEWARE = [AUTH[0], OURS]


@pytest.fixture
def sent() -> Iterator[list[tuple[Signal, dict[str, Any]]]]:
    """The signals of this module that were sent, in order."""
    heard: list[tuple[Signal, dict[str, Any]]] = []

    def hear(sender: Any, signal: Signal, **named: Any) -> None:
        heard.append((signal, named))

    for signal in (step_up_completed, identity_switched):
        signal.connect(hear)
    yield heard
    for signal in (step_up_completed, identity_switched):
        signal.disconnect(hear)


@pytest.fixture
def lower(ory: FakeOry) -> None:
    ory.required_aal = "aal1"


def test_completed_step_up_is_told_once(site: Site, ory: FakeOry, lower: None, sent: list[Any]) -> None:
    session = ory.login(site, aal="aal1", second_factors=["totp"])
    site.get("aal2")
    before = list(sent)
    session.prove("totp")
    for _ in range(2):
        assert site.get("aal2").status_code == 200

    assert before == []
    [(signal, named)] = sent
    assert signal is step_up_completed
    assert (named["session"].aal, named["requirement"].aal, named["request"].path) == (
        "aal2",
        "aal2",
        f"/{site.mode}/aal2",
    )


def test_hidden_session_completes_too(site: Site, ory: FakeOry, sent: list[Any]) -> None:
    session = ory.login(site, aal="aal1", second_factors=["totp"])
    site.get("aal2")
    session.prove("totp")
    site.get("aal2")

    assert [signal for signal, _ in sent] == [step_up_completed]


def test_hidden_session_completes_in_the_moment_in_which_it_was_asked(
    site: Site, ory: FakeOry, sent: list[Any], clock: PassingTime
) -> None:
    clock.wait(1 - clock.now().microsecond / 1_000_000)
    ory.now = clock.now
    session = ory.login(site, aal="aal1", second_factors=["totp"])
    site.get("aal2")
    session.prove("totp")
    site.set_cookie("ory_kratos_session", session.cookie)
    site.get("aal2")

    assert [signal for signal, _ in sent] == [step_up_completed]


def test_hidden_session_whose_second_factor_is_older_than_the_trip_completes_nothing(
    site: Site, ory: FakeOry, sent: list[Any]
) -> None:
    """An entry that was planted in this browser looks like one of a visitor who was hidden."""
    session = ory.login(site, aal="aal1", second_factors=["totp"])
    site.get("aal2")
    older = ory.add_session(session.identity, ("password", 60), ("totp", 60))
    site.set_cookie(ory.cookie_name, older.cookie)

    assert site.get("aal2").status_code == 200
    assert sent == []


def test_completed_refresh_is_told(site: Site, ory: FakeOry, sent: list[Any]) -> None:
    session = ory.login(site, age=1200)
    assert site.get("fresh").status_code == 302
    session.prove("totp")

    assert site.get("fresh").status_code == 200
    assert [(signal, named["requirement"].wants_proof) for signal, named in sent] == [(step_up_completed, True)]


def test_sign_in_is_no_step_up(site: Site, ory: FakeOry, sent: list[Any]) -> None:
    ory.login(site).revoke()
    site.get("aal2")
    ory.login(site)

    assert (site.get("aal2").status_code, sent) == (200, [])


def test_guard_that_asked_for_less_completes_nothing(site: Site, ory: FakeOry, sent: list[Any]) -> None:
    ory.login(site, age=1200)

    assert [site.get("twice").status_code for _ in range(2)] == [302, 302]
    assert sent == []


@pytest.mark.parametrize("view", ["twice", "the-same-twice"])
def test_guards_one_in_the_other_tell_it_once(site: Site, ory: FakeOry, sent: list[Any], view: str) -> None:
    session = ory.login(site, age=1200)
    site.get(view)
    session.prove("totp")

    assert site.get(view).status_code == 200
    assert [signal for signal, _ in sent] == [step_up_completed]


def test_another_page_completes_nothing(site: Site, ory: FakeOry, lower: None, sent: list[Any]) -> None:
    session = ory.login(site, aal="aal1", second_factors=["totp"])
    site.get("aal2")
    session.prove("totp")

    assert (site.get("default").status_code, sent) == (200, [])


# Somebody else is back.


def switch(site: Site, ory: FakeOry) -> tuple[Any, Any]:
    """Somebody with a Django session is sent away to prove it is them, and somebody else is back."""
    site.get("remember")
    first = ory.login(site, age=1200)
    site.get("cart")
    second = ory.login(site)
    return first, second


def test_somebody_else_starts_with_an_empty_session(site: Site, ory: FakeOry, sent: list[Any]) -> None:
    first, second = switch(site, ory)

    assert site.get("cart").content == b"empty"
    [(signal, named)] = sent
    assert (signal, named["session"].identity.id) == (identity_switched, second.identity.id)
    assert named["previous"]
    assert first.identity.id not in named["previous"]


def test_somebody_else_is_told_of_by_a_page_that_does_not_use_the_session(
    site: Site, ory: FakeOry, sent: list[Any]
) -> None:
    site.get("remember")
    ory.login(site, age=1200)
    assert site.get("fresh").status_code == 302
    ory.login(site)

    assert site.get("fresh").status_code == 200
    assert [signal for signal, _ in sent] == [identity_switched]
    assert site.get("cart").content == b"empty"


def test_session_is_not_loaded_for_whoever_comes_back_to_a_page_that_does_not_use_it(
    site: Site, ory: FakeOry, settings: Any
) -> None:
    settings.SESSION_ENGINE = "tests.backends.plain_sessions"
    site.get("remember")
    session = ory.login(site, age=1200)
    assert site.get("fresh").status_code == 302
    session.prove("totp")
    plain_sessions.ASKED.clear()

    assert site.get("fresh").status_code == 200
    assert plain_sessions.ASKED == []
    plain_sessions.STORED.clear()


def test_the_same_person_keeps_it(site: Site, ory: FakeOry, sent: list[Any]) -> None:
    site.get("remember")
    session = ory.login(site, age=1200)
    site.get("cart")
    again = ory.add_session(session.identity, ("password", 0), ("totp", 0))
    site.set_cookie("ory_kratos_session", again.cookie)

    assert site.get("cart").content == b"of the first"
    assert [signal for signal, _ in sent] == [step_up_completed]


def test_outer_guard_notices_it_before_the_inner_one(site: Site, ory: FakeOry, sent: list[Any]) -> None:
    site.get("remember")
    ory.login(site, age=1200)
    site.get("twice")
    ory.login(site)

    assert site.get("twice").content == b"empty"
    assert [signal for signal, _ in sent] == [identity_switched]


def test_site_without_sessions_is_told_of_nobody_else(mode: str, ory: FakeOry, sent: list[Any], settings: Any) -> None:
    """Nothing there could pass to somebody else, and nothing tells a cookie of this browser from a planted one."""
    settings.MIDDLEWARE = [OURS]
    site = Site(mode)
    ory.login(site, age=1200)
    site.get("fresh")
    ory.login(site)

    assert site.get("fresh").status_code == 200
    assert sent == []


def test_person_who_was_sent_away_last_is_the_one_who_comes_back(
    mode: str, ory: FakeOry, sent: list[Any], settings: Any
) -> None:
    """The first person of this browser was sent away from the same page, and has nothing to do with it any more."""
    settings.MIDDLEWARE = [OURS]
    site = Site(mode)
    ory.login(site, age=1200)
    site.get("fresh")
    second = ory.login(site, age=1200)
    assert site.get("fresh").status_code == 302
    sent.clear()
    second.prove("totp")

    assert site.get("fresh").status_code == 200
    assert [signal for signal, _ in sent] == [step_up_completed]


def test_user_of_django_is_nobody_for_the_view(settings: Any, mode: str, ory: FakeOry) -> None:
    """Run in a process of its own, since ``django.contrib.auth`` has to be installed."""
    import subprocess
    import sys

    run = subprocess.run([sys.executable, "-c", WITH_AUTH, mode], capture_output=True, text=True, check=False)

    assert run.stdout.split() == ["somebody", "AnonymousUser", "1"], run.stderr


WITH_AUTH = """
import sys
from django.conf import settings
from asgiref.sync import async_to_sync
mode = sys.argv[1]
seen = []
settings.configure(
    SECRET_KEY="for tests only", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["testserver"], USE_TZ=True,
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django_ory_mfa"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "__main__.look", "django_ory_mfa.middleware.OrySessionMiddleware",
    ],
    ORY_MFA_SDK_URL="http://127.0.0.1:4433",
)
import django
django.setup()
from django.contrib.auth import get_user_model, user_logged_out
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from django_ory_mfa.decorators import aal_required
from django_ory_mfa.testing import installed

def look(get_response):
    def middleware(request):
        str(request.user)  # it is known from here on
        return get_response(request)
    return middleware

@aal_required("aal2", max_age=600)
def page(request):
    return HttpResponse(str(request.user))

@aal_required("aal2", max_age=600)
async def apage(request):
    return HttpResponse(str(request.user))

urlpatterns = [path("page", page if mode == "sync" else apage)]
call_command("migrate", verbosity=0)
user = get_user_model().objects.create(username="somebody")
left = []
user_logged_out.connect(lambda **named: left.append(1), weak=False)
with installed() as ory:
    client = Client()
    client.force_login(user)
    session = ory.login(client)
    print(client.get("/page").content.decode())
    ory.login(client, age=1200)
    client.get("/page")
    ory.login(client)
    print(client.get("/page").content.decode(), len(left))
"""
