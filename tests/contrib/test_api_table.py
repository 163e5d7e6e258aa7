"""The table of outcomes: a plain view, Django REST framework and django-ninja give the same answers to scripts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from django_ory_mfa.ory.service import get_ory
from django_ory_mfa.testing import FakeOry
from tests.apis import needed
from tests.site import Site, location

needed("rest_framework", "ninja")

pytestmark = pytest.mark.urls("tests.api_site")


@pytest.fixture(autouse=True)
def rest_framework(settings: Any) -> None:
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "rest_framework"]
    settings.REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None}


ADAPTERS = ("plain", "drf", "ninja")
OLD = ("totp", 3000)
LOGIN, STEP_UP, REFRESH = "session_inactive", "session_aal2_required", "session_refresh_required"
FLOWS = "http://127.0.0.1:4433/self-service/"
ENROLL, DOWN = "session_aal2_enrollment_required", "ory_unavailable"

# What is wrong, what is asked for, the status by cookie and by token, and the id of the error.
ROWS: dict[str, tuple[str, int, int, str]] = {
    "no-session": ("aal2", 401, 401, LOGIN),
    "ory-hides-until-second-factor": ("aal1", 403, 401, STEP_UP),
    "ory-demands-enrolment": ("aal1", 403, 403, ENROLL),
    "ory-is-down": ("aal2", 503, 503, DOWN),
    "ory-limits": ("aal2", 503, 503, DOWN),
    "level-unknown": ("aal1", 403, 401, REFRESH),
    "level-unknown-for-aal2": ("aal2", 403, 401, STEP_UP),
    "too-low": ("aal2", 403, 401, STEP_UP),
    "too-low-for-highest": ("highest", 403, 401, STEP_UP),
    "no-factor": ("aal2", 403, 403, ENROLL),
    "no-factor-for-highest": ("highest", 403, 403, ENROLL),
    "too-old": ("fresh", 403, 401, REFRESH),
    "too-old-for-aal1": ("fresh-aal1", 403, 401, REFRESH),
    "other-method": ("totp", 403, 401, REFRESH),
}
ALLOWED: dict[str, str] = {"aal1": "aal1", "aal2": "aal2", "highest": "aal2", "fresh": "aal2", "totp": "aal2"}


def prepare(ory: FakeOry, row: str) -> Any:
    """A session to which the row applies."""
    ory.required_aal = "highest_available" if row.startswith("ory-hides") else "aal1"
    factors = set() if row.startswith(("no-factor", "ory-demands")) else {"totp", "webauthn"}
    proofs: list[Any] = ["password"]
    if row.startswith("too-old"):
        proofs = [("password", 3000), OLD]
    elif row == "other-method":
        proofs = ["password", "webauthn"]
    session = ory.add_session(ory.add_identity(second_factors=factors), *proofs)
    if row == "no-session":
        session.revoke()
    return session


def ask(site: Site, ory: FakeOry, row: str, by: str, adapter: str, method: str = "get") -> Any:
    wanted = ROWS[row][0]
    # A second unknown credential of one network would be held back.
    get_ory().client._rate_limits.clear()
    session = prepare(ory, row)
    headers = {"Accept": "application/json"}
    if by == "token":
        headers["X-Session-Token"] = session.token
    elif by == "cookie":
        site.set_cookie(ory.cookie_name, session.cookie)
    return site.request(method, f"/{adapter}/{site.mode}/{wanted}", headers=headers)


def facts(response: Any) -> dict[str, Any]:
    """What a client goes by."""
    ours = ("Cache-Control", "WWW-Authenticate", "Retry-After")
    headers = {name: response.headers[name] for name in ours if name in response.headers}
    return {"status": response.status_code, "body": json.loads(response.content), **headers}


@pytest.mark.parametrize("by", ["cookie", "token"])
@pytest.mark.parametrize("row", ROWS)
def test_rule_1_refusal_is_the_same_from_every_adapter(site: Site, ory: FakeOry, row: str, by: str) -> None:
    _, by_cookie, by_token, error_id = ROWS[row]
    ruin(ory, row)

    plain, *others = [facts(ask(site, ory, row, by, adapter)) for adapter in ADAPTERS]

    assert plain["status"] == (by_token if by == "token" else by_cookie)
    assert plain["body"]["error"]["id"] == error_id
    assert plain["body"]["error"]["code"] == plain["status"]
    assert plain["Cache-Control"] == "no-store"
    assert ("WWW-Authenticate" in plain, "Retry-After" in plain) == (plain["status"] == 401, plain["status"] == 503)
    assert others == [plain, plain]


def ruin(ory: FakeOry, row: str) -> None:
    if row == "ory-is-down":
        ory.fail(503)
    elif row == "ory-limits":
        ory.fail(429)
    elif row == "ory-demands-enrolment":
        ory.fail(403, json.dumps({"error": {"id": ENROLL}}).encode())
    elif row.startswith("level-unknown"):
        ory.fail(200, json.dumps({"id": "of-old", "active": True, "identity": {"id": "somebody"}}).encode())


@pytest.mark.parametrize("by", ["cookie", "token"])
@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("wanted", ALLOWED)
def test_rule_1_who_may_is_let_in_by_every_adapter(
    site: Site, ory: FakeOry, wanted: str, adapter: str, by: str
) -> None:
    proofs = ["password", "totp"] if ALLOWED[wanted] == "aal2" else ["password"]
    ory.required_aal = "aal1"
    session = ory.add_session(ory.add_identity(second_factors={"totp"}), *proofs)
    headers = {"Accept": "application/json"}
    if by == "token":
        headers["X-Session-Token"] = session.token
    else:
        site.set_cookie(ory.cookie_name, session.cookie)

    response = site.request("get", f"/{adapter}/{site.mode}/{wanted}", headers=headers)

    assert (response.status_code, b"sesame" in response.content) == (200, True)
    assert response.headers["Cache-Control"] == "private"


@pytest.mark.parametrize("wanted", ["aal1", "aal2", "highest", "fresh", "fresh-aal1", "totp"])
def test_rule_1_nobody_is_told_to_sign_in_by_every_adapter(site: Site, ory: FakeOry, wanted: str) -> None:
    plain, *others = [facts(site.json(f"/{adapter}/{site.mode}/{wanted}")) for adapter in ADAPTERS]

    assert (plain["status"], plain["body"]["error"]["id"], plain["WWW-Authenticate"]) == (401, LOGIN, "Bearer")
    assert others == [plain, plain]
    assert ory.calls == []


@pytest.mark.parametrize("adapter", ["plain", "drf"])
@pytest.mark.parametrize("row", [row for row in ROWS if ROWS[row][3] != DOWN])
def test_rule_1_browser_gets_a_redirect_or_a_page_with_the_address_of_ory(
    site: Site, ory: FakeOry, row: str, adapter: str
) -> None:
    wanted, _, _, error_id = ROWS[row]
    ruin(ory, row)
    site.set_cookie(ory.cookie_name, prepare(ory, row).cookie)

    response = site.get(f"/{adapter}/{site.mode}/{wanted}", headers={"Accept": "text/html"})

    # A page says first which methods count.
    if adapter == "plain" and error_id != ENROLL and row != "other-method":
        assert (response.status_code, location(response).startswith(FLOWS)) == (302, True)
    else:
        assert response.status_code == (401 if error_id == LOGIN else 403)
        assert f'href="{FLOWS}' in response.content.decode()
