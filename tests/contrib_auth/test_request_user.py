"""``request.user``: what it costs, who is nobody, and what comes of errors."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_ory_mfa.contrib.auth.models import OryIdentity
from django_ory_mfa.session.session_owner import MARK
from tests.contrib_auth.site import UsersSite, sign_in, statements
from tests.site import location

User: Any = get_user_model()
SYNCS = "tests.contrib_auth.syncs"
MIDDLEWARES = "tests.contrib_auth.middlewares"
OURS = "django_ory_mfa.contrib.auth.middleware.OryUserMiddleware"
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"

pytestmark = pytest.mark.django_db


def taken(ory: Any, site: Any, **person: Any) -> Any:
    """Signs in a person whose name another user has; returns the identity."""
    identity = sign_in(ory, site, **person)
    User.objects.create(username=identity.id)
    return identity


def replaced(settings: Any, name: str) -> None:
    """Puts a middleware of the site in the place of ours."""
    settings.MIDDLEWARE = [f"{MIDDLEWARES}.{name}" if path == OURS else path for path in settings.MIDDLEWARE]


# What it costs.


@pytest.mark.parametrize("page", ["quiet"])
def test_nobody_looks_costs_no_query_and_no_call(
    ory: Any, site: UsersSite, django_assert_num_queries: Any, page: str
) -> None:
    sign_in(ory, site)

    with django_assert_num_queries(0):
        assert site.get(page).status_code == 200

    assert ory.calls == []


@pytest.mark.parametrize("page", ["me", "twice", "private", "guarded", "guarded/aal2", "in_template"])
def test_known_user_costs_one_query_and_the_call_of_the_session(
    ory: Any, site: UsersSite, django_assert_num_queries: Any, page: str
) -> None:
    sign_in(ory, site)
    site.me()
    ory.calls.clear()

    with django_assert_num_queries(1):
        assert site.get(page).status_code == 200

    assert [call.path for call in ory.calls] == ["/sessions/whoami"]


def test_tasks_of_one_request_share_one_query(ory: Any, django_assert_num_queries: Any) -> None:
    site = UsersSite("async")
    sign_in(ory, site)
    site.me()
    ory.calls.clear()

    with django_assert_num_queries(1):
        assert site.get("together").json() == {"users": 1}

    assert len(ory.calls) == 1


def test_visitor_without_a_credential_costs_nothing(ory: Any, site: UsersSite, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert site.me()["is_authenticated"] is False

    assert ory.calls == []


def test_first_sight_costs_three_queries(ory: Any, site: UsersSite) -> None:
    sign_in(ory, site)

    with CaptureQueriesContext(connection) as captured:
        site.me()

    assert len(statements(captured)) == 3, statements(captured)


def test_first_sight_of_an_existing_user_with_groups_costs_six_queries(
    ory: Any, site: UsersSite, settings: Any
) -> None:
    from django.contrib.auth.models import Group

    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.VerifiedShopSync"
    Group.objects.create(name="editors")
    User.objects.create_user("ann", "ann@example.test")
    said = {"traits": {"name": "Ann"}, "metadata_public": {"roles": ["editors"]}}
    sign_in(ory, site, email="ann@example.test", **said)

    with CaptureQueriesContext(connection) as captured:
        site.me()

    assert len(statements(captured)) == 6, statements(captured)


@pytest.mark.parametrize(
    ("roles", "changes"), [(["editors"], 0), (["editors", "support"], 1), (["support"], 2), ([], 1)], ids=str
)
def test_sync_costs_three_queries_and_one_for_each_group_that_changes(
    ory: Any, site: UsersSite, settings: Any, roles: list[str], changes: int
) -> None:
    from django.contrib.auth.models import Group

    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ShopSync"
    for name in ("editors", "support"):
        Group.objects.create(name=name)
    identity = sign_in(ory, site, metadata_public={"roles": ["editors"]})
    site.me()
    identity.metadata_public = {"roles": roles}
    identity.traits["name"] = "Ann"

    with CaptureQueriesContext(connection) as captured:
        site.me()

    # One to find the user; then link, user and groups.
    assert len(statements(captured)) == 1 + 3 + changes, statements(captured)


@pytest.mark.parametrize("page", ["me", "private", "guarded", "quiet"])
def test_django_session_is_neither_read_nor_written(ory: Any, site: UsersSite, settings: Any, page: str) -> None:
    settings.MIDDLEWARE = [settings.MIDDLEWARE[0], f"{MIDDLEWARES}.marking", *settings.MIDDLEWARE[1:]]
    sign_in(ory, site)

    response = site.get(page)

    assert (response["X-Session"], set(response.cookies)) == ("False False", set())


def test_nobody_is_logged_in_in_the_sense_of_django(ory: Any, site: UsersSite) -> None:
    heard: list[Any] = []

    def hear(**named: Any) -> None:
        heard.append(named)

    user_logged_in.connect(hear)
    sign_in(ory, site)

    site.me()
    site.me()

    user_logged_in.disconnect(hear)
    assert (heard, User.objects.get().last_login) == ([], None)


def test_site_without_django_sessions_has_users(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.MIDDLEWARE = settings.MIDDLEWARE[1:]
    identity = sign_in(ory, site)

    assert site.me()["name"] == identity.id


def test_user_has_the_backend_of_ory(ory: Any, site: UsersSite) -> None:
    sign_in(ory, site)

    assert site.me()["backend"] == "django_ory_mfa.contrib.auth.backends.OryBackend"


def test_response_that_shows_a_user_is_private(ory: Any, site: UsersSite) -> None:
    sign_in(ory, site)

    response = site.get("me")

    assert (response["Cache-Control"], response["Vary"]) == ("private", "Cookie, Authorization, X-Session-Token")


def test_response_that_shows_nobody_varies_too(site: UsersSite) -> None:
    assert "Cookie" in site.get("me")["Vary"]


def test_site_without_the_session_middleware_is_told(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.MIDDLEWARE = [path for path in settings.MIDDLEWARE if "OrySession" not in path]

    with pytest.raises(ImproperlyConfigured, match="OrySessionMiddleware"):
        site.get("me")


# Who is nobody.


def test_second_factor_due_is_anonymous(ory: Any, site: UsersSite) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    assert site.me()["is_authenticated"] is False
    assert User.objects.count() == 0


def test_ended_session_is_anonymous(ory: Any, site: UsersSite) -> None:
    ory.login(site).revoke()

    assert site.me()["is_authenticated"] is False


def test_outage_is_anonymous(ory: Any, site: UsersSite) -> None:
    sign_in(ory, site)
    site.me()
    ory.fail(503)

    assert site.me()["is_authenticated"] is False


@pytest.mark.parametrize(
    "odd",
    [
        "ann",
        "12345",
        "4E079061-4DFB-4BC4-9F3A-DC969D68AC1D",
        "4e0790614dfb4bc49f3adc969d68ac1d",
        "{4e079061-4dfb-4bc4-9f3a-dc969d68ac1d}",
        "urn:uuid:4e079061-4dfb-4bc4-9f3a-dc969d68ac1d",
        "\u0664e079061-4dfb-4bc4-9f3a-dc969d68ac1d",
    ],
)
def test_identity_whose_id_is_no_uuid_is_anonymous(ory: Any, site: UsersSite, odd: str) -> None:
    sign_in(ory, site).id = odd

    assert site.me()["is_authenticated"] is False
    assert User.objects.count() == 0


# Conflicts and other errors.


@pytest.mark.parametrize("page", ["me", "private", "in_template", "in_late_template", "named_in_template", "guarded"])
def test_conflict_is_a_page_with_reason_and_sign_out(ory: Any, site: UsersSite, page: str) -> None:
    taken(ory, site)

    response = site.get(page)

    text = response.content.decode()
    assert (response.status_code, response["Cache-Control"]) == (403, "no-store")
    assert "already used by another account" in text
    assert text.count('action="/account/security/logout/"') == text.count("Use the other account") == 1
    assert re.search(r'name="next" value="http://testserver/[a-z/_]*">', text)
    assert "Change my details" in text
    assert OryIdentity.objects.count() == 0


def test_conflict_of_a_script_is_json(ory: Any, site: UsersSite) -> None:
    taken(ory, site)

    response = site.json("me")

    error = response.json()["error"]
    assert (response.status_code, error["id"], error["code"], error["details"]) == (
        403,
        "forbidden",
        403,
        {"reason": "conflict"},
    )
    assert "redirect_browser_to" not in response.json()


def test_conflict_is_logged_with_the_identity_and_without_its_address(
    ory: Any, site: UsersSite, caplog: Any, sent: Any
) -> None:
    identity = taken(ory, site, email="ann@example.test")

    with caplog.at_level(logging.DEBUG):
        site.get("me")

    (record,) = (record for record in caplog.records if record.name == "django_ory_mfa" and record.levelno > 20)
    assert identity.id in record.getMessage()
    assert "ann@" not in caplog.text
    ((name, arguments),) = sent
    assert (name, arguments["reason"], arguments["identity"].id) == ("user_refused", "conflict", identity.id)


def test_conflict_writes_one_line_of_a_reason_a_minute(ory: Any, site: UsersSite, settings: Any, caplog: Any) -> None:
    taken(ory, site)
    for _ in range(3):
        site.get("me")
    replaced(settings, "FindingMiddleware")
    banned = UsersSite(site.mode)
    sign_in(ory, banned, traits={"nickname": "mallory"})
    for _ in range(3):
        banned.get("me")

    lines = [record.getMessage() for record in caplog.records if record.name == "django_ory_mfa"]
    assert [line.rpartition(" ")[2] for line in lines] == ["conflict", "banned"]


def test_conflict_is_told_once_per_request(ory: Any, site: UsersSite, sent: Any) -> None:
    """The page that answers it looks at the user again, and shows that nobody is signed in here."""
    taken(ory, site)

    answered = site.get("answering").json()

    assert answered["answered"] == "conflict"
    assert answered["then"]["is_authenticated"] is False
    assert [name for name, _ in sent] == ["user_refused"]


def test_conflict_that_a_middleware_of_the_site_answers_stays_answered(
    ory: Any, site: UsersSite, settings: Any
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{MIDDLEWARES}.AnsweringMiddleware"]
    taken(ory, site)

    assert site.get("me").content == b"answered by the site"


def test_conflict_in_a_middleware_is_the_same_page(ory: Any, site: UsersSite, settings: Any) -> None:
    """Django's own handler would show a bare 403."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    taken(ory, site)

    response = site.get("quiet")

    assert (response.status_code, "already used by another account" in response.content.decode()) == (403, True)


def test_person_in_conflict_can_sign_out(ory: Any, site: UsersSite) -> None:
    taken(ory, site)

    response = site.post("/account/security/logout/")

    assert location(response).startswith("http://127.0.0.1:4433/self-service/logout?token=")


def test_person_in_conflict_who_has_a_django_login_can_sign_out_of_both(
    ory: Any, site: UsersSite, settings: Any
) -> None:
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, MODEL_BACKEND]
    site.client.force_login(User.objects.create(username="root"), backend=MODEL_BACKEND)
    taken(ory, site)

    response = site.post("/account/security/logout/")

    assert location(response).startswith("http://127.0.0.1:4433/self-service/logout?token=")
    assert response.cookies["sessionid"].value == ""


def test_refusal_whose_template_looks_at_a_user_in_conflict_stays(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{MIDDLEWARES}.refusing"]
    taken(ory, site)

    response = site.get("in_late_template")

    assert (response.status_code, response.content) == (401, b"somebody\n")


@pytest.mark.parametrize("page", ["me", "in_template", "in_late_template", "named_in_template"])
def test_sync_that_fails_is_an_error_and_saves_nothing(
    ory: Any, site: UsersSite, settings: Any, page: str, sent: Any
) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.BrokenSync"
    sign_in(ory, site)

    with pytest.raises(ZeroDivisionError):
        site.get(page)

    assert (User.objects.count(), OryIdentity.objects.count(), sent) == (0, 0, [])


def test_sync_that_fails_is_a_500(ory: Any, mode: str, settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.BrokenSync"
    site = UsersSite(mode, raise_request_exception=False)
    sign_in(ory, site)

    assert [site.get(page).status_code for page in ("me", "in_late_template")] == [500, 500]


def test_error_that_a_template_swallowed_is_not_forgotten_for_one_that_was_answered(
    ory: Any, site: UsersSite, settings: Any
) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.BrokenSync"
    sign_in(ory, site)

    with pytest.raises(ZeroDivisionError):
        site.get("swallowing_then_answering")


def test_error_of_a_later_sync_changes_nothing(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ShopSync"
    identity = sign_in(ory, site, traits={"name": "Ann"})
    site.me()
    before = User.objects.values().get(), OryIdentity.objects.values().get()
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.BrokenSync"
    identity.traits["name"] = "Bob"

    with pytest.raises(ZeroDivisionError):
        site.get("me")

    assert (User.objects.values().get(), OryIdentity.objects.values().get()) == before


# A login of Django's.


def test_fallback_lets_a_login_of_django_count(ory: Any, site: UsersSite, settings: Any) -> None:
    replaced(settings, "FallbackMiddleware")
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, MODEL_BACKEND]
    site.client.force_login(User.objects.create(username="root"), backend=MODEL_BACKEND)

    assert site.me()["name"] == "root"
    assert site.get("private").status_code == 200
    assert ory.calls == []


def test_fallback_does_not_count_in_a_session_that_an_ory_person_owns(ory: Any, site: UsersSite, settings: Any) -> None:
    """Whoever signed in at Ory used the session last; without Ory, nobody says who uses it now."""
    replaced(settings, "FallbackMiddleware")
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, MODEL_BACKEND]
    site.client.force_login(User.objects.create(username="root"), backend=MODEL_BACKEND)
    session = site.client.session
    session[MARK] = "a person"
    session.save()

    assert site.me()["is_authenticated"] is False


def test_fallback_without_a_login_is_anonymous(ory: Any, site: UsersSite, settings: Any) -> None:
    replaced(settings, "FallbackMiddleware")

    assert site.me()["is_authenticated"] is False


def test_fallback_does_not_beat_an_ory_session(ory: Any, site: UsersSite, settings: Any) -> None:
    replaced(settings, "FallbackMiddleware")
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, MODEL_BACKEND]
    site.client.force_login(User.objects.create(username="root"), backend=MODEL_BACKEND)
    identity = sign_in(ory, site)

    assert site.me()["name"] == identity.id


@pytest.mark.parametrize(
    "sent_along",
    [
        {"headers": {"X-Session-Token": "ory_st_unknown"}},
        {"headers": {"Authorization": "Bearer ory_st_unknown"}},
        {"cookies": {"ory_kratos_session": "unknown"}},
        {"cookies": {"ory_session_one": "a", "ory_session_two": "b"}},
        {"cookies": {"ory_kratos_session": "un sound"}},
        {"cookies": {"ory_kratos_session": "unknown; ory_kratos_session="}},
    ],
    ids=["token", "bearer", "cookie", "two projects", "unsound cookie", "empty cookie after it"],
)
def test_fallback_does_not_count_beside_a_credential_that_ory_does_not_know(
    ory: Any, site: UsersSite, settings: Any, sent_along: dict[str, Any]
) -> None:
    replaced(settings, "FallbackMiddleware")
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, MODEL_BACKEND]
    site.client.force_login(User.objects.create(username="root"), backend=MODEL_BACKEND)
    for name, value in sent_along.get("cookies", {}).items():
        site.set_cookie(name, value)

    response = site.get("me", headers=sent_along.get("headers", {}))

    assert response.json()["is_authenticated"] is False


def test_fallback_knows_the_cookie_of_the_setting(ory: Any, site: UsersSite, settings: Any) -> None:
    replaced(settings, "FallbackMiddleware")
    settings.ORY_MFA_SESSION_COOKIE = "shop_session"
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, MODEL_BACKEND]
    site.client.force_login(User.objects.create(username="root"), backend=MODEL_BACKEND)
    site.set_cookie("shop_session", "unknown")

    assert site.me()["is_authenticated"] is False


def test_fallback_counts_beside_a_token_of_another_library(ory: Any, site: UsersSite, settings: Any) -> None:
    replaced(settings, "FallbackMiddleware")
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, MODEL_BACKEND]
    site.client.force_login(User.objects.create(username="root"), backend=MODEL_BACKEND)

    response = site.get("me", headers={"Authorization": "Bearer ory_at_other"})

    assert response.json()["name"] == "root"


def test_fallback_counts_beside_an_empty_cookie(ory: Any, site: UsersSite, settings: Any) -> None:
    replaced(settings, "FallbackMiddleware")
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, MODEL_BACKEND]
    site.client.force_login(User.objects.create(username="root"), backend=MODEL_BACKEND)
    site.set_cookie("ory_kratos_session", "")

    assert site.me()["name"] == "root"


def test_fallback_without_django_sessions_is_told(ory: Any, site: UsersSite, settings: Any) -> None:
    replaced(settings, "FallbackMiddleware")
    settings.MIDDLEWARE = settings.MIDDLEWARE[1:]

    with pytest.raises(ImproperlyConfigured, match="SessionMiddleware"):
        site.get("me")


# A site's own way to find people.


def test_site_finds_people_in_its_own_way(ory: Any, site: UsersSite, settings: Any) -> None:
    replaced(settings, "FindingMiddleware")
    User.objects.create(username="ann")
    sign_in(ory, site, traits={"nickname": "ann"})

    seen = site.me()

    assert (seen["name"], seen["backend"]) == ("ann", "django_ory_mfa.contrib.auth.backends.OryBackend")
    assert OryIdentity.objects.count() == 0


def test_person_whom_the_site_does_not_find_is_anonymous(ory: Any, site: UsersSite, settings: Any) -> None:
    replaced(settings, "FindingMiddleware")
    sign_in(ory, site, traits={"nickname": "ann"})

    assert site.me()["is_authenticated"] is False


def test_nobody_whom_the_site_finds_is_anonymous(ory: Any, site: UsersSite, settings: Any, sent: Any) -> None:
    replaced(settings, "FindingMiddleware")
    sign_in(ory, site, traits={"nickname": "nobody"})

    assert (site.me()["is_authenticated"], sent) == (False, [])


def test_disabled_person_whom_the_site_finds_is_anonymous(ory: Any, site: UsersSite, settings: Any, sent: Any) -> None:
    replaced(settings, "FindingMiddleware")
    User.objects.create(username="ann", is_active=False)
    sign_in(ory, site, traits={"nickname": "ann"})

    assert site.me()["is_authenticated"] is False
    assert [arguments["reason"] for _, arguments in sent] == ["inactive"]


def test_conflict_of_the_site_is_the_same_page(ory: Any, site: UsersSite, settings: Any, sent: Any) -> None:
    replaced(settings, "FindingMiddleware")
    sign_in(ory, site, traits={"nickname": "mallory"})

    response = site.get("me")

    text = response.content.decode()
    assert response.status_code == 403
    assert "<h1>This account can\u2019t be used here" in text
    assert (text.count("Use another account</button>"), "/self-service/settings" in text) == (1, False)
    assert [arguments["reason"] for _, arguments in sent] == ["banned"]
