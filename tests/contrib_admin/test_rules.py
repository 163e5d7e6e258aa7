"""The numbered rules about the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from tests.contrib_admin.people import (
    STALE,
    UsersSite,
    is_refresh,
    is_step_up,
    location,
    staff,
    staff_before_second_factor,
)
from tests.contrib_admin.shop.models import Customer, Order

pytestmark = pytest.mark.django_db
PASSWORDS = "django.contrib.auth.backends.ModelBackend"
DJANGO_USERS = "django.contrib.auth.middleware.AuthenticationMiddleware"
OUR_USERS = "django_ory_mfa.contrib.auth.middleware.OryUserMiddleware"
SIGN_IN = "http://127.0.0.1:4433/self-service/login/browser"
ALL = (
    "/admin/",
    "/admin/shop/",
    "/admin/shop/customer/",
    "/admin/jsi18n/",
    "/admin/no/such/page",
    "/admin/password_change/",
)


# Signed in, and not staff.


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/admin/login/?next=/admin/", "/admin/shop/customer/"])
@pytest.mark.parametrize("aal", ["aal1", "aal2"])
def test_rule_1_customer_gets_403_that_names_the_account(ory: Any, site: UsersSite, path: str, aal: str) -> None:
    ory.login(site, aal=aal, email="ann@example.com")

    response = site.get(path)

    assert response.status_code == 403
    text = response.content.decode()
    assert "ann@example.com" in text
    assert 'action="/admin/logout/"' in text
    assert "csrfmiddlewaretoken" in text
    assert response.headers["Cache-Control"].startswith("no-store")
    assert response.headers["X-Frame-Options"] == "DENY"


def test_page_names_an_address_that_is_not_verified_rather_than_the_identity(ory: Any, site: UsersSite) -> None:
    identity = ory.login(site, email="ann@example.com").identity
    identity.verified = False

    text = site.get("/admin/").content.decode()

    assert ("ann@example.com" in text, identity.id in text) == (True, False)


def test_page_names_somebody_without_an_address_by_the_identity(ory: Any, site: UsersSite) -> None:
    identity = ory.login(site).identity
    identity.traits, identity.verified = {}, False

    assert identity.id in site.get("/admin/").content.decode()


@pytest.mark.parametrize("path", ["/for-staff", "/admin/doc/"])
def test_rule_1_customer_is_redirected_once_by_django(ory: Any, site: UsersSite, path: str) -> None:
    ory.login(site)

    redirect = site.get(path)
    assert redirect.status_code == 302
    assert location(redirect).startswith("/admin/login/?next=")
    assert site.get(location(redirect)).status_code == 403


@pytest.mark.parametrize("path", ["/for-staff", "/admin/doc/"])
def test_rule_1_staff_is_not_redirected(ory: Any, site: UsersSite, path: str) -> None:
    staff(ory, site)

    assert site.get(path).status_code == 200


def test_rule_1_script_of_a_customer_gets_forbidden(ory: Any, site: UsersSite) -> None:
    ory.login(site)

    response = site.json("/admin/")

    assert response.status_code == 403
    error = response.json()["error"]
    assert set(error) == {"id", "code", "status", "reason", "message", "details"}
    assert (error["id"], error["code"], error["status"]) == ("forbidden", 403, "Forbidden")
    assert "redirect_browser_to" not in response.json()


@pytest.mark.parametrize("fields", [{"is_staff": False}, {"is_active": False}])
def test_rule_1_former_staff_gets_403(ory: Any, site: UsersSite, fields: Any) -> None:
    staff(ory, site, **fields)

    assert site.get("/admin/").status_code == 403


@pytest.mark.parametrize("path", ALL)
def test_visitor_is_sent_to_sign_in(ory: Any, site: UsersSite, path: str) -> None:
    response = site.get(path)

    assert response.status_code == 302
    assert location(response).startswith(SIGN_IN)
    assert "return_to=http%3A%2F%2Ftestserver" + path.replace("/", "%2F") in location(response)


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ("", "/admin/"),
        ("?next=/admin/shop/", "/admin/shop/"),
        ("?next=https://evil.example/", "/"),
        ("?next=//evil.example/", "/"),
    ],
)
def test_login_leads_to_next_and_nowhere_else(ory: Any, site: UsersSite, query: str, target: str) -> None:
    visitor = site.get(f"/admin/login/{query}")
    assert location(visitor).startswith(SIGN_IN)
    assert location(visitor).endswith("return_to=http%3A%2F%2Ftestserver" + target.replace("/", "%2F"))

    staff(ory, site, aal="aal1")
    assert location(site.get(f"/admin/login/{query}")) == f"http://testserver{target}"


@pytest.mark.parametrize("path", ["/for-superusers", "/for-permitted"])
def test_staff_without_the_right_for_a_page_do_not_go_in_circles(ory: Any, site: UsersSite, path: str) -> None:
    staff(ory, site, "view_order")

    response = site.get(path)
    redirects = 0
    while response.status_code == 302:
        redirects += 1
        assert redirects < 20
        response = site.get(location(response).removeprefix("http://testserver"))

    assert response.status_code == 403
    assert "needs other rights than this account has" in response.content.decode()
    assert site.get("/admin/").status_code == 200


def test_staff_come_to_next_once_they_have_the_right(ory: Any, site: UsersSite) -> None:
    user = staff(ory, site, "view_order")
    for _ in range(4):
        response = site.get("/admin/login/?next=/for-superusers")
    assert response.status_code == 403

    User.objects.filter(pk=user.pk).update(is_superuser=True)
    assert site.get("/for-superusers").status_code == 200


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/"])
def test_second_factor_of_another_person_does_not_open_the_admin(
    ory: Any, site: UsersSite, settings: Any, path: str
) -> None:
    """The admin of somebody who signed in with a password of Django's, and the second factor of somebody else."""
    settings.MIDDLEWARE = [DJANGO_USERS if name == OUR_USERS else name for name in settings.MIDDLEWARE]

    response = get_as_boss(ory, site, settings, path)

    assert response.status_code == 403
    assert "somebody else than at Ory" in response.content.decode()
    assert 'action="/admin/logout/"' in response.content.decode()


def test_sign_in_of_django_that_replaces_ours_does_not_open_the_admin(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, DJANGO_USERS]

    assert get_as_boss(ory, site, settings, "/admin/").status_code == 403


def test_user_whom_a_middleware_puts_in_place_of_the_person_does_not_open_the_admin(
    ory: Any, site: UsersSite, settings: Any
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.contrib_admin.middlewares.BossMiddleware"]

    response = get_as_boss(ory, site, settings, "/admin/")

    assert response.status_code == 403
    assert "somebody else than at Ory" in response.content.decode()


def get_as_boss(ory: Any, site: UsersSite, settings: Any, path: str) -> Any:
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, PASSWORDS]
    staff(ory, site)
    boss = User.objects.create(username="boss", is_staff=True, is_superuser=True)
    site.client.force_login(boss, backend=PASSWORDS)
    return site.get(path)


def test_level_is_asked_of_staff(ory: Any, site: UsersSite) -> None:
    user = staff_before_second_factor(ory, site)
    assert is_step_up(site.get("/admin/"))

    ory.login(site, user=user)
    assert site.get("/admin/").status_code == 200


def test_second_factor_comes_first_where_ory_hides_the_person(ory: Any, site: UsersSite) -> None:
    ory.required_aal = "highest_available"
    ory.login(site, aal="aal1", second_factors={"totp"})

    assert is_step_up(site.get("/admin/"))
    assert is_step_up(site.get("/admin/login/"))


# Popups.


def test_rule_2_popup_keeps_its_query_on_the_way_to_ory(ory: Any, site: UsersSite) -> None:
    staff(ory, site, age=STALE)

    response = site.get("/admin/auth/user/add/?_popup=1&_to_field=id")
    assert response.status_code == 200

    response = site.get("/admin/auth/group/add/?_popup=1&_to_field=id")
    assert is_refresh(response)
    assert "add%2F%3F_popup%3D1%26_to_field%3Did" in location(response)


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/admin/shop/customer/add/"])
@pytest.mark.parametrize(("query", "policy"), [("", "same-origin-allow-popups"), ("?_popup=1", "unsafe-none")])
def test_popups_stay_with_their_opener(ory: Any, site: UsersSite, path: str, query: str, policy: str) -> None:
    def policies() -> str:
        return str(site.get(path + query).headers["Cross-Origin-Opener-Policy"])

    assert policies() == policy
    ory.login(site)
    assert policies() == policy
    ory.fail()
    ory.login(site)
    assert policies() == policy
    ory.recover()
    staff(ory, site)
    assert policies() == policy


@pytest.mark.parametrize("path", ["/admin/", "/admin/shop/customer/add/"])
@pytest.mark.parametrize(("query", "policy"), [("", "same-origin-allow-popups"), ("?_popup=1", "unsafe-none")])
def test_rule_2_popups_that_the_policy_of_the_site_sends_to_ory_stay_with_their_opener(
    ory: Any, site: UsersSite, settings: Any, path: str, query: str, policy: str
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django_ory_mfa.middleware.AALRequiredMiddleware"]
    settings.ORY_MFA_AAL = "aal2"

    response = site.get(path + query)

    assert "self-service/login" in location(response)
    assert response.headers["Cross-Origin-Opener-Policy"] == policy


def test_refusals_by_the_policy_of_other_views_keep_djangos_policy_for_openers(
    ory: Any, site: UsersSite, settings: Any
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django_ory_mfa.middleware.AALRequiredMiddleware"]

    for path in ("/for-staff?_popup=1", "/plain/?_popup=1", "/plain/shop/customer/?_popup=1"):
        assert site.get(path).headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_policy_of_the_response_stays(ory: Any, site: UsersSite) -> None:
    staff(ory, site)

    assert site.get("/listed/shop/customer/").headers["Cross-Origin-Opener-Policy"] == "same-origin-plus-COEP"


# A stale proof.


def wipe(site: Any, *pks: int, confirmed: bool, **more: Any) -> Any:
    data = {"action": "delete_selected", "_selected_action": pks, **more}
    return site.post("/admin/shop/customer/", data | ({"post": "yes"} if confirmed else {"index": "0"}))


@pytest.mark.parametrize("confirmed", [False, True], ids=["picked", "confirmed"])
def test_rule_3_delete_selected_with_a_stale_proof_deletes_nothing(
    ory: Any, site: UsersSite, *, confirmed: bool
) -> None:
    user, customer = staff(ory, site, age=STALE), Customer.objects.create(name="Ann")

    response = wipe(site, customer.pk, confirmed=confirmed)
    assert (response.status_code, is_refresh(response)) == (303, True)
    assert Customer.objects.count() == 1

    ory.login(site, user=user)
    assert wipe(site, customer.pk, confirmed=confirmed).status_code == (302 if confirmed else 200)
    assert Customer.objects.count() == (0 if confirmed else 1)


@pytest.mark.parametrize("index", ["0", "1"])
def test_rule_3_both_bars_of_the_list_count(ory: Any, site: UsersSite, index: str) -> None:
    staff(ory, site, age=STALE)
    customer = Customer.objects.create(name="Ann")
    picked = ["delete_selected", ""] if index == "0" else ["", "delete_selected"]

    response = site.post(
        "/admin/shop/customer/", {"action": picked, "index": index, "_selected_action": [customer.pk], "post": "yes"}
    )

    assert is_refresh(response)
    assert Customer.objects.count() == 1


def test_one_comes_back_to_the_list_after_an_action(ory: Any, site: UsersSite) -> None:
    staff(ory, site, age=STALE)
    page = "http://testserver/admin/shop/customer/?q=ann"

    response = site.post(
        "/admin/shop/customer/?q=ann",
        {"action": "delete_selected", "index": "0"},
        headers={"Referer": page},
    )

    assert location(response).endswith("customer%2F%3Fq%3Dann")


# What the pages of the admin fetch.


@pytest.mark.parametrize(
    "path",
    ["/admin/autocomplete/?app_label=shop&model_name=order&field_name=customer", "/admin/jsi18n/", "/admin/r/1/1/"],
)
def test_rule_4_scripts_and_links_are_guarded(ory: Any, site: UsersSite, path: str) -> None:
    assert site.get(path).status_code in (302, 401)
    assert (site.json(path).status_code, site.json(path).json()["error"]["id"]) == (401, "session_inactive")

    ory.login(site)
    assert (site.json(path).status_code, site.json(path).json()["error"]["id"]) == (403, "forbidden")

    staff(ory, site, aal="aal1")
    assert site.json(path).status_code == 403
    assert site.json(path).json()["error"]["id"] != "forbidden"


def test_rule_4_autocomplete_answers_json_whoever_asks(ory: Any, site: UsersSite) -> None:
    path = "/admin/autocomplete/?app_label=shop&model_name=order&field_name=customer"
    assert site.get(path).json()["error"]["id"] == "session_inactive"
    ory.login(site)
    assert site.get(path).json()["error"]["id"] == "forbidden"
    ory.fail()
    ory.login(site)
    assert (site.get(path).status_code, site.get(path).json()["error"]["id"]) == (503, "ory_unavailable")
    ory.recover()

    staff(ory, site)
    Customer.objects.create(name="Ann")
    assert site.get(path).json()["results"][0]["text"] == "Ann"
    assert "gettext" in site.get("/admin/jsi18n/").content.decode()


# Another person in mid-form.


def browser(ory: Any) -> tuple[Any, Any, str]:
    """A browser whose last page was the form of a member of staff, and the CSRF token in it."""
    client = Client(enforce_csrf_checks=True)
    user = staff(ory, client)
    return client, user, token_in(client.get("/admin/shop/customer/add/"))


def token_in(response: Any) -> str:
    assert response.status_code == 200
    return str(response.context["csrf_token"])


def send(client: Any, token: str) -> Any:
    return client.post("/admin/shop/customer/add/", {"name": "Ann", "csrfmiddlewaretoken": token})


@pytest.fixture(params=[False, True], ids=["cookie", "session"])
def kept_in(request: Any, settings: Any) -> None:
    settings.CSRF_USE_SESSIONS = request.param


@pytest.mark.usefixtures("kept_in")
def test_rule_5_form_of_somebody_else_is_not_saved(ory: Any) -> None:
    client, _user, token = browser(ory)
    staff(ory, client)

    response = send(client, token)

    assert response.status_code == 403
    assert not Customer.objects.exists()


@pytest.mark.usefixtures("kept_in")
def test_rule_5_form_from_before_fails_once_somebody_else_has_opened_a_page(ory: Any) -> None:
    client, _user, token = browser(ory)
    staff(ory, client)

    new = token_in(client.get("/admin/shop/customer/add/", follow=True))

    assert send(client, token).status_code == 403
    assert not Customer.objects.exists()
    assert send(client, new).status_code == 302
    assert Customer.objects.count() == 1


@pytest.mark.usefixtures("kept_in")
def test_rule_5_same_person_with_a_new_session_goes_on(ory: Any) -> None:
    client, user, token = browser(ory)
    ory.login(client, user=user)

    assert send(client, token).status_code == 302
    assert Customer.objects.count() == 1


def test_rule_5_script_in_mid_form_gets_forbidden(ory: Any, site: UsersSite) -> None:
    staff(ory, site)
    site.get("/admin/")
    staff(ory, site)

    response = site.post("/admin/shop/customer/add/", {"name": "Ann"}, headers={"Accept": "application/json"})

    assert (response.status_code, response.json()["error"]["id"]) == (403, "forbidden")


def test_rule_5_mark_is_signed_and_names_nobody(ory: Any, site: UsersSite) -> None:
    user = staff(ory, site)
    site.get("/admin/")
    cookie = site.cookies["ory_mfa_admin"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/admin/", True, "Lax")
    assert str(user.ory_identities.get().identity_id) not in cookie.value

    genuine = cookie.value
    site.cookies["ory_mfa_admin"] = f"{genuine}x"
    assert site.post("/admin/shop/customer/add/", {"name": "Ann"}).status_code == 302
    assert site.cookies["ory_mfa_admin"].value == genuine


def test_rule_5_mark_of_another_admin_above_does_not_count(ory: Any, site: UsersSite) -> None:
    """Browsers send the cookie of the longest path first (RFC 6265, 5.4)."""
    marks = []
    for _ in range(2):
        staff(ory, site)
        site.get("/admin/")
        marks.append(site.cookies["ory_mfa_admin"].value)
    other, own = marks

    assert send_with(site, own, other).status_code == 302
    assert send_with(site, "unsigned", own).status_code == 302
    assert send_with(site, other, own).status_code == 403
    assert send_with(site, "unsigned", other).status_code == 403


def send_with(site: UsersSite, *marks: str) -> Any:
    cookies = [f"{name}={cookie.value}" for name, cookie in site.cookies.items() if name != "ory_mfa_admin"]
    cookies += [f"ory_mfa_admin={mark}" for mark in marks]
    return site.post("/admin/shop/customer/add/", {"name": "Ann"}, headers={"Cookie": "; ".join(cookies)})


def test_rule_5_key_that_is_replaced_makes_nobody_another(ory: Any, site: UsersSite, settings: Any) -> None:
    staff(ory, site)
    site.get("/admin/")
    before = site.cookies["ory_mfa_admin"].value
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "a new key"

    assert site.post("/admin/shop/customer/add/", {"name": "Ann"}).status_code == 302
    assert site.cookies["ory_mfa_admin"].value != before


# The rest.


def test_rule_6_log_names_the_mapped_user(ory: Any, site: UsersSite) -> None:
    user = staff(ory, site)

    assert site.post("/admin/shop/customer/add/", {"name": "Ann"}).status_code == 302

    assert [entry.user for entry in LogEntry.objects.all()] == [user]


def test_rule_7_plain_site_stays_as_it_is(ory: Any, site: UsersSite) -> None:
    assert location(site.get("/plain/")) == "/plain/login/?next=/plain/"
    assert "password" in site.get("/plain/login/").content.decode()
    staff(ory, site, aal="aal1")
    response = site.get("/plain/")
    assert response.status_code == 200
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    customer = Customer.objects.create(name="Ann")
    assert site.post(f"/plain/shop/customer/{customer.pk}/delete/", {"post": "yes"}).status_code == 302
    assert (Customer.objects.exists(), Order.objects.exists()) == (False, False)
    assert User.objects.count() == 1
