"""Rules 9 and 12 for a Django session with a sign-in of Django's, made before people signed in at Ory."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import AsyncClient, Client

from django_ory_mfa.contrib.auth.models import OryIdentity
from django_ory_mfa.signals import identity_switched
from tests.contrib_auth.middlewares import KeyMiddleware
from tests.contrib_auth.site import UsersSite, sign_in

User: Any = get_user_model()
PASSWORDS = "django.contrib.auth.backends.ModelBackend"
ENGINES = ["db", "cache", "cached_db", "file", "signed_cookies"]
SYNCS = "tests.contrib_auth.syncs"
USERS = "django_ory_mfa.contrib.auth.middleware.OryUserMiddleware"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def site_as_it_was(settings: Any) -> None:
    """A site that took passwords before, and links people by their verified address."""
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, PASSWORDS]
    settings.ORY_MFA_USER_SYNC = "django_ory_mfa.contrib.auth.sync.VerifiedEmailSync"


@pytest.fixture
def switches() -> Any:
    """What ``previous`` was, for each time that somebody else came."""
    heard: list[str] = []

    def hear(previous: str, **named: Any) -> None:
        heard.append(previous)

    identity_switched.connect(hear)
    yield heard
    identity_switched.disconnect(hear)


def signed_in_to_django(site: UsersSite, name: str = "ann") -> Any:
    """A user of Django's who has used the site before; the session holds something of theirs."""
    user = User.objects.create_user(name, f"{name}@example.test")
    site.client.force_login(user, backend=PASSWORDS)
    session = site.client.session
    session["notes"] = [name]
    session.save()
    site.cookies["sessionid"] = session.session_key
    return user


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("page", ["notes", "guarded/notes", "session_then_user", "session_only"])
def test_rule_9_django_sign_in_of_somebody_else_is_emptied(
    ory: Any, site: UsersSite, settings: Any, switches: list[str], page: str, engine: str
) -> None:
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    signed_in_to_django(site)
    sign_in(ory, site, email="eve@example.test")

    seen = site.get(page).json()["notes"]

    assert (seen, switches) == ([], [""])
    assert "_auth_user_id" not in site.client.session


EARLY = "tests.contrib_auth.middlewares.reading"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("page", ["guarded", "guarded/notes"])
def test_rule_9_what_a_middleware_has_read_of_somebody_else_is_not_shown(
    ory: Any, site: UsersSite, settings: Any, switches: list[str], page: str, engine: str
) -> None:
    """Whose it is depends on the user of Django, who is looked up before the view and not by it."""
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    settings.MIDDLEWARE = [settings.MIDDLEWARE[0], EARLY, *settings.MIDDLEWARE[1:]]
    signed_in_to_django(site)
    sign_in(ory, site, email="eve@example.test")

    first, second = site.get(page), site.get(page)

    assert (first.status_code, second.status_code, second["X-Read"]) == (302, 200, "[]")
    assert switches == [""]


@pytest.mark.parametrize("engine", ENGINES)
def test_rule_9_what_a_middleware_has_read_of_the_same_person_is_shown_at_once(
    ory: Any, site: UsersSite, settings: Any, switches: list[str], engine: str
) -> None:
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    settings.MIDDLEWARE = [settings.MIDDLEWARE[0], EARLY, *settings.MIDDLEWARE[1:]]
    signed_in_to_django(site)
    sign_in(ory, site, email="ann@example.test")

    response = site.get("guarded/notes")

    assert (response.status_code, response["X-Read"], response.json()["notes"]) == (200, "['ann']", ["ann"])
    assert switches == []


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("page", ["notes", "guarded/notes", "session_then_user", "session_only"])
@pytest.mark.parametrize("linked", [True, False], ids=["linked before", "linked by this request"])
def test_rule_9_django_sign_in_of_the_same_person_is_kept_under_a_new_key(
    ory: Any, site: UsersSite, settings: Any, switches: list[str], page: str, engine: str, *, linked: bool
) -> None:
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    user = signed_in_to_django(site)
    before = site.cookies["sessionid"].value
    identity = sign_in(ory, site, email="ann@example.test")
    if linked:
        OryIdentity.objects.create(identity_id=identity.id, user=user)

    seen = site.get(page).json()["notes"]

    assert (seen, switches) == (["ann"], [])
    assert site.cookies["sessionid"].value != before
    sign_in(ory, site, email="eve@example.test")
    assert site.get(page).json()["notes"] == []
    assert len(switches) == 1


def test_rule_9_django_sign_in_that_is_made_in_each_request_refuses_no_page(
    ory: Any, site: UsersSite, settings: Any
) -> None:
    """It is emptied, and it is no previous person's."""
    User.objects.create_user("somebody")
    settings.MIDDLEWARE = [
        settings.MIDDLEWARE[0],
        "tests.contrib_auth.middlewares.signing_in",
        *settings.MIDDLEWARE[1:],
    ]
    sign_in(ory, site)

    answers = [site.get("guarded") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200] * 3


def test_rule_9_django_sign_in_that_was_read_before_is_emptied_once_it_is_read_again(ory: Any, site: UsersSite) -> None:
    signed_in_to_django(site)
    sign_in(ory, site, email="eve@example.test")

    late = site.get("late_notes").json()

    assert (late["before"], late["notes"]) == (["ann"], [])


def test_rule_9_django_sign_in_that_was_read_before_is_kept_for_the_same_person(ory: Any, site: UsersSite) -> None:
    signed_in_to_django(site)
    sign_in(ory, site, email="ann@example.test")

    late = site.get("late_notes").json()

    assert (late["before"], late["notes"]) == (["ann"], ["ann"])


def test_rule_9_what_was_written_before_the_person_was_known_is_kept_for_the_same_person(
    ory: Any, site: UsersSite
) -> None:
    signed_in_to_django(site)
    sign_in(ory, site, email="ann@example.test")

    site.get("written_then_user")

    assert site.get("session_only").json()["notes"] == ["written"]


def test_rule_9_person_without_a_user_finds_no_django_sign_in(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ClosedSync"
    signed_in_to_django(site)
    sign_in(ory, site, email="eve@example.test")

    assert site.get("guarded/session_only").json()["notes"] == []


def test_rule_9_person_with_a_disabled_user_finds_no_django_sign_in(ory: Any, site: UsersSite) -> None:
    user = signed_in_to_django(site)
    User.objects.update(is_active=False)
    identity = sign_in(ory, site, email="ann@example.test")
    OryIdentity.objects.create(identity_id=identity.id, user=user)

    assert site.get("guarded/session_only").json()["notes"] == []


def test_rule_9_conflict_is_told_to_whoever_asks_for_the_user_and_once(
    ory: Any, site: UsersSite, settings: Any, sent: Any
) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.RefusingSync"
    signed_in_to_django(site)
    sign_in(ory, site)

    session_alone, both = site.get("guarded/session_only"), site.get("session_then_user")

    assert (session_alone.status_code, session_alone.json()["notes"]) == (200, [])
    assert (both.status_code, [name for name, _ in sent]) == (403, ["user_refused", "user_refused"])


def test_rule_9_conflict_that_the_session_met_first_is_a_403(
    ory: Any, site: UsersSite, settings: Any, sent: Any
) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.RefusingSync"
    signed_in_to_django(site)
    sign_in(ory, site)

    assert site.get("session_then_user").status_code == 403
    assert [named["reason"] for _, named in sent] == ["no_customer"]


@pytest.mark.parametrize("is_same", [True, False], ids=["same person", "somebody else"])
def test_rule_9_receiver_of_a_signal_may_use_the_session(ory: Any, site: UsersSite, *, is_same: bool) -> None:
    """It is called before the user is known to the request."""
    from django_ory_mfa.contrib.auth import signals

    def hear(request: Any, **named: Any) -> None:
        heard.append(request.session.get("notes"))

    heard: list[Any] = []
    signed_in_to_django(site)
    sign_in(ory, site, email="ann@example.test" if is_same else "eve@example.test")
    signals.user_created.connect(hear)
    signals.user_synced.connect(hear)
    try:
        seen = site.get("notes").json()
    finally:
        signals.user_created.disconnect(hear)
        signals.user_synced.disconnect(hear)

    # Under a test's transaction nothing is committed, and nothing sent.
    assert heard in ([], [None])
    assert seen["notes"] == (["ann"] if is_same else [])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_rule_9_receiver_that_asks_too_early_finds_an_empty_session(ory: Any, mode: str, kind: str) -> None:
    from django_ory_mfa.contrib.auth import signals

    def hear(request: Any, **named: Any) -> None:
        heard.append(request.session.get("notes"))

    async def ahear(request: Any, **named: Any) -> None:
        heard.append(await request.session.aget("notes"))

    heard: list[Any] = []
    site = UsersSite(mode)
    signed_in_to_django(site)
    sign_in(ory, site, email="ann@example.test")
    receiver = hear if kind == "sync" else ahear
    signals.user_synced.connect(receiver)
    try:
        answer = site.get("notes")
    finally:
        signals.user_synced.disconnect(receiver)

    assert (answer.status_code, heard) == (200, [None])


def test_rule_9_receiver_of_a_refusal_may_use_the_session(ory: Any, site: UsersSite) -> None:
    from django_ory_mfa.contrib.auth import signals

    def hear(request: Any, **named: Any) -> None:
        heard.append(request.session.get("notes"))

    heard: list[Any] = []
    user = signed_in_to_django(site)
    identity = sign_in(ory, site, email="ann@example.test")
    OryIdentity.objects.create(identity_id=identity.id, user=user)
    User.objects.update(is_active=False)
    signals.user_refused.connect(hear)
    try:
        assert site.get("me").status_code == 200
    finally:
        signals.user_refused.disconnect(hear)

    assert heard == [None]


def test_rule_9_blocking_look_in_an_event_loop_finds_an_empty_session(ory: Any, settings: Any) -> None:
    """The user cannot be looked up there. Stores that do no I/O allow such a look."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    site = UsersSite("async")
    signed_in_to_django(site)
    sign_in(ory, site, email="ann@example.test")

    assert site.get("guarded/blocking_session").json() == {"notes": []}


def test_rule_9_blocking_look_in_an_event_loop_knows_a_user_who_is_known(ory: Any, settings: Any) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    site = UsersSite("async")
    signed_in_to_django(site)
    sign_in(ory, site, email="ann@example.test")

    assert site.get("blocking_session_after_user").json() == {"notes": ["ann"]}


def test_rule_12_kept_sign_in_opens_nothing_without_ory(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], "tests.contrib_auth.middlewares.FallbackMiddleware"]
    signed_in_to_django(site)
    sign_in(ory, site, email="ann@example.test")
    site.get("notes")
    del site.cookies[ory.cookie_name]

    assert site.me()["is_authenticated"] is False


def test_session_of_a_site_without_users_of_ory_is_not_judged_by_django_sign_ins(
    ory: Any, site: UsersSite, settings: Any
) -> None:
    """Whose they are is the site's own affair there."""
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != USERS]
    signed_in_to_django(site)
    sign_in(ory, site, email="eve@example.test")

    assert site.get("guarded/session_only").json()["notes"] == ["ann"]


@pytest.mark.parametrize("page", ["form", "form_then_user", "session_then_form"])
@pytest.mark.parametrize("name", ["ann", "eve"])
def test_rule_9_form_of_a_page_works_where_the_csrf_secret_is_in_the_session(
    ory: Any, mode: str, settings: Any, page: str, name: str
) -> None:
    """``KeyError: 'CSRF_COOKIE'`` it was, for a token that was given out before the session was replaced."""
    settings.CSRF_USE_SESSIONS = True
    site = UsersSite(mode, enforce_csrf_checks=True)
    client: Any = (Client if mode == "sync" else AsyncClient)(enforce_csrf_checks=True)
    site.client = client
    signed_in_to_django(site)
    old = site.get("form").content.decode()
    sign_in(ory, site, email=f"{name}@example.test")

    first = site.get(page)
    second = site.get(page).content.decode()

    assert first.status_code == 200
    answers = [site.post("session_only", {"csrfmiddlewaretoken": token}).status_code for token in (second, old)]
    assert answers[0] == 200
    assert name == "ann" or answers[1] == 403


@pytest.mark.parametrize("page", ["guarded/notes", "session_then_user", "session_only"])
def test_rule_9_code_that_finds_the_user_is_not_told_the_key_of_somebody_elses_session(
    ory: Any, site: UsersSite, settings: Any, page: str
) -> None:
    """It may keep something under that key, which would be given to the next person."""
    ours = f"{KeyMiddleware.__module__}.{KeyMiddleware.__qualname__}"
    settings.MIDDLEWARE = [ours if name == USERS else name for name in settings.MIDDLEWARE]
    signed_in_to_django(site)
    sign_in(ory, site, email="eve@example.test")
    KeyMiddleware.keys.clear()

    assert site.get(page).json()["notes"] == []
    assert KeyMiddleware.keys == [None]
