"""The signed cookie of one browser has no power over another: any host beside the site can plant it there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import path

from django_ory_mfa.decorators import aal_required
from django_ory_mfa.signals import identity_switched, step_up_completed
from django_ory_mfa.testing import FakeOry
from tests.site import Site

COOKIE = "ory_mfa_hops"
SESSION, CSRF = "sessionid", "csrftoken"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
OURS = "django_ory_mfa.middleware.OrySessionMiddleware"


def page(request: Any) -> HttpResponse:
    return HttpResponse("open sesame")


async def apage(request: Any) -> HttpResponse:
    return HttpResponse("open sesame")


def cart(request: Any) -> HttpResponse:
    return HttpResponse(request.session.get("cart", "empty"))


async def acart(request: Any) -> HttpResponse:
    return HttpResponse(await request.session.aget("cart", "empty"))


def remember(request: Any, owner: str) -> HttpResponse:
    request.session["cart"] = owner
    return HttpResponse()


async def aremember(request: Any, owner: str) -> HttpResponse:
    await request.session.aset("cart", owner)
    return HttpResponse()


aal2, fresh = aal_required("aal2"), aal_required("aal2", max_age=600)
urlpatterns = [
    path("sync/aal2", aal2(page)),
    path("async/aal2", aal2(apage)),
    path("sync/fresh", fresh(page)),
    path("async/fresh", fresh(apage)),
    path("sync/cart", fresh(cart)),
    path("async/cart", fresh(acart)),
    path("sync/other-cart", aal2(cart)),
    path("async/other-cart", aal2(acart)),
    path("sync/guarded-remember/<owner>", aal2(remember)),
    path("async/guarded-remember/<owner>", aal2(aremember)),
    path("sync/remember/<owner>", remember),
    path("async/remember/<owner>", aremember),
]


@pytest.fixture(autouse=True)
def _site(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    settings.MIDDLEWARE = [SESSIONS, OURS]


@pytest.fixture
def sent() -> Iterator[list[Any]]:
    """The signals of this module that were sent, in order."""
    heard: list[Any] = []

    def hear(sender: Any, signal: Any, **named: Any) -> None:
        heard.append(signal)

    for signal in (step_up_completed, identity_switched):
        signal.connect(hear)
    yield heard
    for signal in (step_up_completed, identity_switched):
        signal.disconnect(hear)


@pytest.fixture
def attacker(mode: str) -> Site:
    """Somebody else, with a browser of their own."""
    return Site(mode)


def plant(attacker: Site, victim: Site, *names: str) -> None:
    """Puts the attacker's cookies into the victim's browser."""
    for name in (COOKIE, *names):
        victim.set_cookie(name, attacker.cookies[name].value)


def statuses(site: Site, *targets: str) -> list[int]:
    return [site.get(target).status_code for target in targets]


# The page that ends a loop


def test_planted_refreshes_of_another_person_do_not_count(site: Site, ory: FakeOry, attacker: Site) -> None:
    ory.login(attacker, age=1200)
    assert statuses(attacker, *["fresh"] * 4) == [302, 302, 302, 403]
    ory.login(site, age=1200)
    plant(attacker, site)

    assert statuses(site, *["fresh"] * 4) == [302, 302, 302, 403]


def test_planted_step_ups_of_a_hidden_person_do_not_count(site: Site, ory: FakeOry, attacker: Site) -> None:
    ory.login(attacker, aal="aal1", second_factors={"totp"})
    assert statuses(attacker, *["aal2"] * 4) == [302, 302, 302, 403]
    ory.login(site, aal="aal1", second_factors={"totp"})
    plant(attacker, site)

    assert statuses(site, *["aal2"] * 4) == [302, 302, 302, 403]


def test_planted_sign_ins_of_a_lost_session_do_not_count(site: Site, ory: FakeOry, attacker: Site) -> None:
    ory.login(attacker).revoke()
    assert statuses(attacker, *["aal2"] * 4) == [302, 302, 302, 403]
    ory.login(site).revoke()
    plant(attacker, site)

    assert statuses(site, *["aal2"] * 4) == [302, 302, 302, 403]


@pytest.mark.parametrize("name", [SESSION, CSRF])
@pytest.mark.parametrize("attacker_has_one", [True, False])
def test_planted_sign_ins_do_not_count_in_a_browser_with_a_cookie_of_its_own(
    site: Site, ory: FakeOry, attacker: Site, name: str, *, attacker_has_one: bool
) -> None:
    if attacker_has_one:
        attacker.set_cookie(name, "a" * 32)
    assert statuses(attacker, *["aal2"] * 4) == [302, 302, 302, 403]
    site.set_cookie(name, "v" * 32)
    plant(attacker, site)

    assert statuses(site, *["aal2"] * 4) == [302, 302, 302, 403]


def test_planted_sign_ins_say_nothing_to_whoever_is_signed_in(site: Site, ory: FakeOry, attacker: Site) -> None:
    statuses(attacker, *["aal2"] * 4)
    ory.login(site)
    plant(attacker, site)

    assert site.get("aal2").status_code == 200


# Sessions and signals


@pytest.mark.parametrize("kind", ["refresh", "step-up", "sign-in", "anonymous"])
def test_planted_hops_end_no_session_and_tell_nothing(
    site: Site, ory: FakeOry, attacker: Site, sent: list[Any], kind: str
) -> None:
    if kind == "refresh":
        ory.login(attacker, age=1200)
    elif kind == "step-up":
        ory.login(attacker, aal="aal1", second_factors={"totp"})
    elif kind == "sign-in":
        ory.login(attacker).revoke()
    ory.login(site, age=60)
    site.get("remember/victim")
    attacker.get("remember/attacker")
    assert attacker.get("cart").status_code == 302
    plant(attacker, site)

    assert site.get("cart").content == b"victim"
    assert site.get("cart").content == b"victim"
    assert sent == []


def test_planted_hop_of_a_hidden_person_is_answered_by_a_later_proof_only(
    site: Site, ory: FakeOry, attacker: Site, sent: list[Any]
) -> None:
    ory.login(attacker, aal="aal1", second_factors={"totp"})
    victim = ory.login(site, age=1)
    attacker.get("fresh")
    plant(attacker, site)
    assert site.get("fresh").status_code == 200
    assert sent == []

    attacker.get("fresh")
    plant(attacker, site)
    victim.prove("totp")

    # It is true: somebody gave a second factor for this page a moment ago.
    assert site.get("fresh").status_code == 200
    assert sent == [step_up_completed]


def test_planted_session_of_django_is_emptied_with_its_hop(
    site: Site, ory: FakeOry, attacker: Site, sent: list[Any]
) -> None:
    """Who plants both has put the victim into a session that is not the victim's."""
    attacker.get("remember/attacker")
    ory.login(attacker, age=1200)
    attacker.get("cart")
    ory.login(site)
    plant(attacker, site, SESSION)

    assert site.get("cart").content == b"empty"
    assert sent == [identity_switched]


# Loops and returns that are real


def test_same_person_with_a_new_session_is_still_counted(site: Site, ory: FakeOry) -> None:
    """As after a fresh proof by another provider, which gives a new session and a new cookie."""
    session = ory.login(site, age=1200)
    seen = []
    for _ in range(4):
        seen.append(site.get("fresh").status_code)
        again = ory.add_session(session.identity, ("oidc", 0), ("totp", 1200))
        site.set_cookie(ory.cookie_name, again.cookie)

    assert seen == [302, 302, 302, 403]


def test_hidden_person_with_the_same_cookie_is_counted(site: Site, ory: FakeOry) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})
    site.set_cookie(SESSION, "s" * 32)
    seen = []
    for number in range(4):
        site.set_cookie(SESSION, str(number) * 32)
        seen.append(site.get("aal2").status_code)

    assert seen == [302, 302, 302, 403]


def test_hidden_person_completes_step_up_with_a_new_cookie(site: Site, ory: FakeOry, sent: list[Any]) -> None:
    """Ory renews the cookie with the second factor."""
    session = ory.login(site, aal="aal1", second_factors={"totp"})
    assert site.get("aal2").status_code == 302
    again = ory.add_session(session.identity, ("password", 1), ("totp", 0))
    again.prove("totp")
    site.set_cookie(ory.cookie_name, again.cookie)

    assert statuses(site, "aal2", "aal2") == [200, 200]
    assert sent == [step_up_completed]


def test_another_person_completes_nothing_that_this_one_was_sent_for(site: Site, ory: FakeOry, sent: list[Any]) -> None:
    ory.login(site, age=1200)
    site.get("fresh")
    ory.login(site)

    assert site.get("fresh").status_code == 200
    assert sent == []


@pytest.mark.parametrize("view", ["cart", "other-cart"])
def test_session_of_whoever_was_sent_away_with_it_is_empty_for_the_next(
    site: Site, ory: FakeOry, sent: list[Any], view: str
) -> None:
    """Nobody used it while they were known, so that it has no owner yet."""
    site.get("remember/first")
    ory.login(site, age=1200)
    site.get("cart")
    ory.login(site)

    assert site.get(view).content == b"empty"
    assert site.get(view).content == b"empty"
    assert sent == [identity_switched]


def test_what_the_next_one_writes_then_is_theirs(site: Site, ory: FakeOry, sent: list[Any]) -> None:
    site.get("remember/first")
    ory.login(site, age=1200)
    site.get("cart")
    ory.login(site)
    site.get("guarded-remember/second")
    ory.login(site)

    assert site.get("other-cart").content == b"empty"
    assert sent == [identity_switched] * 2


def test_what_the_next_one_writes_into_an_empty_session_is_theirs(site: Site, ory: FakeOry, sent: list[Any]) -> None:
    site.set_cookie(SESSION, "s" * 32)
    ory.login(site, age=1200)
    site.get("cart")
    ory.login(site)
    site.get("guarded-remember/second")
    ory.login(site)

    assert site.get("other-cart").content == b"empty"
    assert sent == [identity_switched]


def test_person_who_was_sent_away_after_the_first_gets_an_empty_session_too(
    site: Site, ory: FakeOry, sent: list[Any]
) -> None:
    site.get("remember/first")
    ory.login(site, age=1200)
    site.get("cart")
    second = ory.login(site, age=1200)
    assert site.get("cart").status_code == 302
    second.prove("totp")

    assert site.get("cart").content == b"empty"
    assert sent == [identity_switched]


def test_page_that_does_not_look_at_the_session_has_it_emptied_on_return(
    site: Site, ory: FakeOry, sent: list[Any]
) -> None:
    site.get("remember/first")
    ory.login(site, age=1200)
    site.get("fresh")
    ory.login(site)

    response = site.get("fresh")

    assert (response.status_code, response.cookies[SESSION]["max-age"]) == (200, 0)
    assert sent == [identity_switched]


def test_what_a_receiver_writes_into_the_emptied_session_is_kept(site: Site, ory: FakeOry, sent: list[Any]) -> None:
    def greet(sender: Any, request: Any, **named: Any) -> None:
        request.session["cart"] = "welcome"

    site.get("remember/first")
    ory.login(site, age=1200)
    site.get("cart")
    ory.login(site)
    identity_switched.connect(greet)
    try:
        first = site.get("cart").content
    finally:
        identity_switched.disconnect(greet)

    assert (first, site.get("cart").content) == (b"welcome", b"welcome")
    assert sent == [identity_switched]
