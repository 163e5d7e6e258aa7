"""An answer of Ory as plain data: what arrived, and nothing that anybody could take for more."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from django_ory_mfa.core.answer import LATE, QUEUED, Answer, may_be_provoked


def test_answer_is_plain_success_until_something_else_is_said() -> None:
    answer = Answer(200)

    assert (answer.headers, answer.body, answer.set_cookies) == ({}, b"", ())
    assert (answer.failure, answer.is_outage, answer.is_broken, answer.retry_after) == (None, False, False, None)


def test_failed_call_has_a_reason_and_nothing_else() -> None:
    answer = Answer.failed("timeout")

    assert (answer.status, answer.failure, answer.body) == (0, "timeout", b"")
    assert (answer.is_outage, answer.is_broken, answer.retry_after) == (False, False, None)


def test_failed_call_says_what_is_known_of_the_failure() -> None:
    assert Answer.failed("503", is_outage=True, retry_after=5).is_outage
    assert Answer.failed("503", is_outage=True, retry_after=5).retry_after == 5
    assert Answer.failed("reset", is_broken=True).is_broken


def test_time_that_ran_out_points_to_an_outage_and_a_full_queue_does_not() -> None:
    assert (LATE.status, LATE.failure, LATE.is_outage) == (0, "timeout", True)
    assert (QUEUED.status, QUEUED.failure, QUEUED.is_outage) == (0, "queue", False)


def test_answer_that_many_requests_share_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Answer(200).status = 500  # type: ignore[misc]


def test_answer_shows_neither_body_nor_cookies_nor_headers() -> None:
    answer = Answer(200, {"x-session-token": "s3cret"}, b"s3cret", set_cookies=("ory_kratos_session=s3cret",))

    assert "s3cret" not in repr(answer)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"1", b'"text"', b"null", b"{", b"\xff", b"[" * 100_000, rb'{"a": "\ud800"}', rb'{"a": "\uDC00"}'],
    ids=lambda body: repr(body[:12]),
)
def test_body_that_is_no_json_object_is_an_empty_one(body: bytes) -> None:
    assert Answer(200, body=body).json_object() == {}


@pytest.mark.parametrize(
    ("body", "value"),
    [(b'{"a": 1}', {"a": 1}), ('{"a": "é"}'.encode(), {"a": "é"}), (rb'{"a": "\ud83d\ude00"}', {"a": "😀"})],
    ids=["ascii", "UTF-8", "a pair of surrogates"],
)
def test_json_object_is_read(body: bytes, value: object) -> None:
    assert Answer(200, body=body).json_object() == value


@pytest.mark.parametrize("answer", [Answer(400), Answer(503), Answer.failed("reset", is_broken=True), LATE], ids=repr)
def test_failure_after_the_request_was_sent_may_be_provoked(answer: Answer) -> None:
    assert may_be_provoked(answer)


@pytest.mark.parametrize(
    "answer", [Answer(200), Answer(399), Answer.failed("refused", is_outage=True), QUEUED], ids=repr
)
def test_success_and_failure_before_the_request_was_sent_are_not_provoked(answer: Answer) -> None:
    assert not may_be_provoked(answer)
