"""Sign-up, recovery and verification of the emulator where no walk goes: refusals, late forms, an Ory that is down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from django_ory_mfa.testing import FakeOry
from tests.testing.test_fake_ory_flow_recordings import NAVIGATION, Stage
from tests.testing.test_fake_ory_flows import NOBODY, Answer, ask, post

KINDS = ("registration", "recovery", "verification")
EMAIL, PASSWORD = "new@example.test", "an unusual pass phrase 7"
every_kind = pytest.mark.parametrize("kind", KINDS)
by_code = pytest.mark.parametrize("kind", ["recovery", "verification"])


@pytest.fixture(params=["v1.3.1", "2026-07-29"])
def stage(request: pytest.FixtureRequest) -> Stage:
    return Stage(FakeOry(request.param))


def begin(stage: Stage, kind: str, query: str = "") -> None:
    stage.begin(f"/self-service/{kind}/browser{query}")


def with_code_sent(stage: Stage, kind: str, email: str) -> str:
    begin(stage, kind)
    assert post(stage, kind, method="code", email=email).body["state"] == "sent_email"
    return stage.ory.messages[-1].code


@every_kind
def test_ory_that_is_down_says_so(stage: Stage, kind: str) -> None:
    begin(stage, kind)
    stage.ory.database_down = True

    assert ask(stage, f"/self-service/{kind}/browser").status == 500
    assert post(stage, kind).status == 500


@every_kind
def test_form_of_no_flow_is_not_found(stage: Stage, kind: str) -> None:
    begin(stage, kind)

    assert post(stage, kind, flow=NOBODY).status == 404


@every_kind
def test_nonsense_is_no_form(stage: Stage, kind: str) -> None:
    begin(stage, kind)

    answer = ask(stage, f"/self-service/{kind}?flow={stage.id}", "POST", body=b"{", Content_Type="application/json")

    assert answer.status == 400


@every_kind
def test_forged_form_is_refused(stage: Stage, kind: str) -> None:
    begin(stage, kind)

    assert post(stage, kind, csrf_token="").error_id == "security_csrf_violation"
    assert stage.ory.messages == []
    page = "registration?flow=" if kind == "registration" else "error?id="
    assert f"/ory-ui/{page}" in post(stage, kind, accept=NAVIGATION, csrf_token="").location


@every_kind
def test_form_that_comes_late_gets_a_new_flow(stage: Stage, kind: str) -> None:
    begin(stage, kind, "?return_to=http://127.0.0.1:8000/there")
    now = stage.ory.now()
    stage.ory.now = lambda: now + timedelta(hours=2)

    gone = ask(stage, f"/self-service/{kind}/flows?id={stage.id}")
    assert (gone.status, gone.error_id) == (410, "self_service_flow_expired")
    late = post(stage, kind)
    assert late.status == 410
    new = ask(stage, f"/self-service/{kind}/flows?id={late.body['use_flow_id']}")
    assert (new.status, new.body["return_to"]) == (200, "http://127.0.0.1:8000/there")
    numbers = {"registration": 4040001, "recovery": 4060005, "verification": 4070005}
    assert new.messages == [numbers[kind]]
    assert f"/{kind}?flow=" in post(stage, kind, accept=NAVIGATION).location


def sign_up(stage: Stage, **fields: Any) -> Answer:
    return post(stage, "registration", **{"method": "password", "password": PASSWORD, "traits.email": EMAIL} | fields)


def test_sign_up_needs_an_address_at_the_last_step_too(stage: Stage) -> None:
    begin(stage, "registration")

    assert sign_up(stage, **{"traits.email": "nonsense"}).beside == {"traits.email": 4000001}
    assert stage.ory.identities == []


def test_sign_up_says_what_is_wrong_with_the_first_step(stage: Stage) -> None:
    begin(stage, "registration")

    answer = sign_up(stage, method="profile", **{"traits.email": "nonsense", "traits.name": "Zoe"})

    assert answer.beside == {"traits.email": 4000001}
    assert [node["attributes"].get("value") for node in answer.body["ui"]["nodes"][:2]] == ["nonsense", "Zoe"]
    assert sign_up(stage, method="nonsense").messages == [4010003]


def test_browser_is_sent_back_to_a_form_that_is_not_accepted(stage: Stage) -> None:
    begin(stage, "registration")

    answer = sign_up(stage, accept=NAVIGATION, password="short")

    assert (answer.status, answer.location) == (302, f"http://127.0.0.1:8000/ory-ui/registration?flow={stage.id}")


def test_nobody_signs_up_twice_in_one_browser(stage: Stage) -> None:
    begin(stage, "registration")
    stage.prepare(signed_in=("password",))

    assert sign_up(stage).error_id == "session_already_available"
    assert sign_up(stage, accept=NAVIGATION).location == stage.ory.default_return_url


@pytest.mark.parametrize(("schema", "factors"), [("default", set()), ("with_code", {"code"})])
def test_schema_decides_whether_codes_are_a_second_factor(stage: Stage, schema: str, factors: set[str]) -> None:
    stage.ory.default_schema_id = schema
    begin(stage, "registration")

    assert sign_up(stage).status == 200
    (identity,) = stage.ory.identities
    assert (identity.schema_id, identity.second_factors, identity.verified) == (schema, factors, False)
    assert [(mail.recipient, mail.subject) for mail in stage.ory.messages] == [
        (EMAIL, "Please verify your email address")
    ]
    assert "please verify your account" in stage.ory.messages[0].body


def test_schema_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="default_schema_id must be one of default, with_code"):
        FakeOry().default_schema_id = "person"


@by_code
def test_flow_that_has_done_its_work_gets_a_successor(stage: Stage, kind: str) -> None:
    stage.ory.add_identity(email=EMAIL)
    code = with_code_sent(stage, kind, EMAIL)
    assert post(stage, kind, method="code", code=code).status in (200, 422)

    again = post(stage, kind, method="code", code=code)

    assert (again.status, again.error_id) == (410, "self_service_flow_replaced")
    assert ask(stage, f"/self-service/{kind}/flows?id={again.body['use_flow_id']}").body["state"] == "choose_method"


@by_code
def test_code_without_an_address_before_is_no_code(stage: Stage, kind: str) -> None:
    begin(stage, kind)

    assert post(stage, kind, method="code", code="123456").beside == {"email": 4000002}


def test_recovery_verifies_the_address_and_names_its_mail(stage: Stage) -> None:
    identity = stage.ory.add_identity(email=EMAIL, verified=False)
    code = with_code_sent(stage, "recovery", EMAIL)
    assert stage.ory.messages[-1].subject == "Recover access to your account"

    answer = post(stage, "recovery", method="code", code=code)

    assert (answer.status, answer.error_id) == (422, "browser_location_change_required")
    assert identity.verified
    (session,) = stage.ory.sessions_of(identity)
    assert ([proof.method for proof in session.proofs], session.aal) == (["code_recovery"], "aal1")


# How many codes may be tried


def with_five_wrong_codes(stage: Stage, kind: str) -> str:
    """The right code, which comes too late."""
    stage.ory.add_identity(email=EMAIL)
    code = with_code_sent(stage, kind, EMAIL)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(5):
        (said,) = post(stage, kind, method="code", code=wrong).messages
        assert said in {4060006, 4070006}
    return code


def told(stage: Stage, kind: str, url: str) -> list[str]:
    """What the flow of ``url`` says."""
    new = url.rpartition("=")[2]
    flow = ask(stage, f"/self-service/{kind}/flows?id={new}").body
    assert flow["state"] == "choose_method"
    return [message["text"] for message in flow["ui"]["messages"]]


TOO_OFTEN = ["The request was submitted too often. Please request another code."]


@by_code
def test_fifth_code_is_still_judged(stage: Stage, kind: str) -> None:
    stage.ory.add_identity(email=EMAIL)
    code = with_code_sent(stage, kind, EMAIL)
    for _ in range(4):
        post(stage, kind, method="code", code=f"{(int(code) + 1) % 10**6:06}")

    assert post(stage, kind, method="code", code=code).status in (200, 422)


def test_sixth_code_of_a_recovery_leads_a_script_to_a_new_one(stage: Stage) -> None:
    code = with_five_wrong_codes(stage, "recovery")

    answer = post(stage, "recovery", method="code", code=code)

    assert (answer.status, "/self-service/recovery/flows?id=" in answer.location) == (303, True)
    assert told(stage, "recovery", answer.location) == TOO_OFTEN


def test_sixth_code_of_a_verification_names_a_new_one_to_a_script(stage: Stage) -> None:
    code = with_five_wrong_codes(stage, "verification")

    answer = post(stage, "verification", method="code", code=code)

    assert (answer.status, answer.error_id) == (410, "self_service_flow_replaced")
    assert told(stage, "verification", "=" + answer.body["use_flow_id"]) == TOO_OFTEN
