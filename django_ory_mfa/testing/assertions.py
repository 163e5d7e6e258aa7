"""Assertions for the tests of a site: a response demands a step-up, or refuses with a certain error id."""

from __future__ import annotations

import json
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from django.http import HttpResponseBase

from django_ory_mfa.conf import conf

REDIRECTS = (302, 303)
# The pages that refuse, by their templates, and the id that a script gets in their place.
PAGES = {
    "enroll.html": "session_aal2_enrollment_required",
    "too_many_hops.html": "too_many_hops",
    "unavailable.html": "ory_unavailable",
    "user_conflict.html": "forbidden",
}
# The page that says which methods count, before its link leads to Ory.
LINKS_TO_FLOW = "use_method.html"


def assert_step_up(response: HttpResponseBase, aal: str = "aal2") -> None:
    """Assert that ``response`` sends the visitor to Ory to prove ``aal``, in whatever form."""
    found = _query_of(_flow_of(response)).get("aal")
    if found != aal:
        raise AssertionError(f"expected a step-up to {aal}, but got {_described(response)}")


def assert_denied(response: HttpResponseBase, id: str | None = None) -> None:  # noqa: A002 - Ory's word
    """Assert that ``response`` refuses; ``id`` is that of the error in Ory's JSON, such as ``session_aal2_required``.

    A redirect or a page for a browser counts as the id that a script would have got.
    """
    found = _id_of(response)
    if found is None or id not in (None, found):
        raise AssertionError(f"expected {id or 'a refusal'}, but got {_described(response)}")


def _id_of(response: HttpResponseBase) -> str | None:
    body = _json_of(response)
    if body:
        error_id = _object(body.get("error")).get("id")
        return str(error_id) if error_id and response.status_code >= 400 else None
    flow = _flow_of(response)
    if flow:
        return _id_of_flow(flow)
    return PAGES.get(_template_of(response), "forbidden" if response.status_code == 403 else None)


def _template_of(response: HttpResponseBase) -> str:
    return str(getattr(response, "template_name", "") or "").rpartition("/")[2]


def _id_of_flow(flow: str) -> str:
    query = _query_of(flow)
    if "refresh" in query:
        return "session_refresh_required"
    return "session_aal2_required" if "aal" in query else "session_inactive"


def _flow_of(response: HttpResponseBase) -> str:
    """Return the URL of the flow at Ory that the visitor is sent to; empty if there is none."""
    body = _json_of(response)
    details = _object(_object(body.get("error")).get("details"))
    urls = [response.headers.get("HX-Redirect"), body.get("redirect_browser_to"), details.get("login_flow")]
    if response.status_code in REDIRECTS:
        urls.append(response.headers.get("Location"))
    if _template_of(response) == LINKS_TO_FLOW:
        urls.append(_object(getattr(response, "context_data", None)).get("flow_url"))
    flows = f"{conf.browser_url}/self-service/login/"
    return next((url for url in urls if isinstance(url, str) and url.startswith(flows)), "")


def _query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def _json_of(response: HttpResponseBase) -> dict[str, Any]:
    if not response.headers.get("Content-Type", "").startswith("application/json"):
        return {}
    return _object(json.loads(getattr(response, "content", b"null")))


def _object(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _described(response: HttpResponseBase) -> str:
    # SECURITY: no body, which may hold what a test's log should not.
    place = response.headers.get("Location") or response.headers.get("HX-Redirect") or _id_of_json(response)
    return f"status {response.status_code} {place}".rstrip()


def _id_of_json(response: HttpResponseBase) -> str:
    return str(_object(_json_of(response).get("error")).get("id", ""))
