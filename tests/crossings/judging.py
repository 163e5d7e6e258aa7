"""What is wrong with the answers that visitors got at one stop."""

from __future__ import annotations

from collections.abc import Iterator

from tests.crossings.pages import MEMBERS_ONLY
from tests.crossings.visitors import Answer
from tests.crossings.ways import Stop

ORY = "http://127.0.0.1:4433/self-service/login/browser?"
VARY = {"Cookie", "Authorization", "X-Session-Token"}


def complaints(stop: Stop, answers: list[Answer]) -> Iterator[str]:
    """Each wrong, in words; an empty iterator if everything is as it has to be."""
    ids = {answer.visitor.id for answer in answers} - {"nobody"}
    for answer in answers:
        where = f"{stop.place}: {answer.asked} of {answer.visitor.name}: {answer.status}"
        if any(other in answer.text for other in ids - {answer.visitor.id}):
            yield f"{where} shows somebody else"
        if answer.status == 304 and answer.asked == "if-none-match" and answer.visitor.name != "first":
            yield f"{where} lets the browser show what it kept of the first"
        yield from (f"{where} {wrong}" for wrong in _wrongs(stop, answer))
    if stop.gives and not any(answer.is_named and answer.visitor.name == "first" for answer in answers):
        yield "the first visitor never saw the page"
    refused = {answer.status for answer in answers if _is_to_refuse(stop, answer) and not _is_ours(answer)}
    if stop.is_outside and stop.situation != "shown" and not stop.way.own <= refused:
        yield f"the crossing never answered with {sorted(stop.way.own - refused)} before us"


def _wrongs(stop: Stop, answer: Answer) -> Iterator[str]:
    if stop.is_uncovered:
        return
    if answer.asked == "preflight" and stop.situation == "policy" and answer.status == 204:
        if answer.response.content:
            yield "has content"
        return
    if _is_to_refuse(stop, answer):
        yield from _wrongs_of_refusal(stop, answer)
        return
    is_own = answer.status in stop.way.own
    if answer.status >= 400 and not is_own:
        yield "is an error"
    if (answer.is_named or (stop.situation != "shown" and not is_own)) and not _is_private(answer):
        yield f"is not private: {dict(answer.response.headers)}"


def _wrongs_of_refusal(stop: Stop, answer: Answer) -> Iterator[str]:
    if MEMBERS_ONLY in answer.text:
        yield "opens the page"
    if answer.status in stop.way.own and stop.is_outside and not _is_ours(answer):
        return
    wanted = 204 if answer.asked == "preflight" and stop.situation == "policy" else _status_of_refusal(answer)
    if answer.status != wanted:
        yield f"is not {wanted}"
    if "no-store" not in answer.response.headers.get("Cache-Control", ""):
        yield "may be stored"


def _is_to_refuse(stop: Stop, answer: Answer) -> bool:
    return stop.situation != "shown" and not answer.visitor.is_member


def _is_ours(answer: Answer) -> bool:
    return bool(answer.response.headers.get("Location", "").startswith(ORY))


def _status_of_refusal(answer: Answer) -> int:
    if answer.asked in ("post", "if-match"):
        return 303
    # HEAD opens no step-up.
    return 403 if answer.asked == "head" and answer.visitor.name == "low" else 302


def _is_private(answer: Answer) -> bool:
    headers = answer.response.headers
    said = headers.get("Cache-Control", "")
    varies = {part.strip() for part in headers.get("Vary", "").split(",")}
    return "no-store" in said or ("private" in said and "public" not in said and varies >= VARY)
