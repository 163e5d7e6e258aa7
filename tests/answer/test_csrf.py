"""Rule 10: a session cookie opens nothing that changes something without Django's CSRF proof."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.test import RequestFactory
from django.urls import include, path
from django.views import View
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from django_ory_mfa.answer.csrf import csrf_failure, csrf_reason, keep_csrf_cookie
from django_ory_mfa.decorators import aal_required
from django_ory_mfa.enforcement import arequire_aal, require_aal
from django_ory_mfa.mixins import AALRequiredMixin
from django_ory_mfa.testing import FakeOry
from tests.site import Site

pytestmark = pytest.mark.urls(__name__)

POLICY = "django_ory_mfa.middleware.AALRequiredMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
GUARD = aal_required("aal2")
NOTHING = aal_required(requirement=lambda request: None)
VIEWS = ["decorator", "inside", "class", "nested"]
UNSAFE = [*((view, "post") for view in VIEWS), *(("decorator", method) for method in ("put", "patch", "delete"))]


def page(request: Any) -> HttpResponse:
    return HttpResponse("open sesame")


async def apage(request: Any) -> HttpResponse:
    return HttpResponse("open sesame")


def token(request: Any) -> HttpResponse:
    return HttpResponse(get_token(request))


def inside(request: Any) -> HttpResponse:
    require_aal(request, "aal2")
    return HttpResponse("open sesame")


async def ainside(request: Any) -> HttpResponse:
    await arequire_aal(request, "aal2")
    return HttpResponse("open sesame")


class Page(AALRequiredMixin, View):
    required_aal = "aal2"

    def post(self, request: Any) -> HttpResponse:
        return page(request)

    get = put = patch = delete = post


class AsyncPage(AALRequiredMixin, View):
    required_aal = "aal2"

    async def post(self, request: Any) -> HttpResponse:
        return await apage(request)

    get = put = patch = delete = post


def failure(request: Any, reason: str = "") -> JsonResponse:
    """The site's own CSRF_FAILURE_VIEW."""
    return JsonResponse({"csrf": bool(reason)}, status=403)


def spelling(view: Any, inner: Any, class_based: Any) -> list[Any]:
    return [
        path("decorator", csrf_exempt(GUARD(view))),
        path("inside", csrf_exempt(inner)),
        path("class", csrf_exempt(class_based.as_view())),
        path("nested", csrf_exempt(aal_required("aal1")(GUARD(view)))),
        path("nothing", csrf_exempt(NOTHING(view))),
        path("plain", view),
        path("guarded", GUARD(view)),
        path("exempt", csrf_exempt(view)),
        path("protected", csrf_exempt(GUARD(csrf_protect(view)))),
        path("token", token),
    ]


urlpatterns = [
    path("account/", include("django_ory_mfa.urls")),
    path("sync/", include(spelling(page, inside, Page))),
    path("async/", include(spelling(apage, ainside, AsyncPage))),
]


@pytest.fixture
def strict(mode: str) -> Site:
    """A site whose clients are checked as browsers are."""
    return Site(mode, enforce_csrf_checks=True)


def is_open(response: Any) -> bool:
    return bool(response.status_code == 200 and response.content == b"open sesame")


def proof(site: Site) -> dict[str, str]:
    """The header that proves that the request comes from a page of this site."""
    return {"X-CSRFToken": site.get("token").content.decode()}


@pytest.mark.parametrize(("view", "method"), UNSAFE)
def test_exempt_view_without_a_token_is_refused(strict: Site, ory: FakeOry, view: str, method: str) -> None:
    ory.login(strict)

    response = strict.request(method, view)

    assert (response.status_code, b"CSRF verification failed" in response.content) == (403, True)


@pytest.mark.parametrize("own", [False, True], ids=["django", "site"])
@pytest.mark.parametrize("view", VIEWS)
def test_refusal_is_not_stored(strict: Site, ory: FakeOry, settings: Any, view: str, *, own: bool) -> None:
    if own:
        settings.CSRF_FAILURE_VIEW = "tests.answer.test_csrf.failure"
    ory.login(strict)

    response = strict.post(view)

    assert (response.status_code, response.headers["Cache-Control"]) == (403, "no-store")


@pytest.mark.parametrize(("view", "method"), UNSAFE)
def test_exempt_view_with_a_token_is_allowed(strict: Site, ory: FakeOry, view: str, method: str) -> None:
    ory.login(strict)

    assert is_open(strict.request(method, view, headers=proof(strict)))


@pytest.mark.parametrize("view", VIEWS)
def test_token_of_the_form_is_read(strict: Site, ory: FakeOry, view: str) -> None:
    ory.login(strict)
    given = proof(strict)["X-CSRFToken"]

    assert is_open(strict.post(view, {"csrfmiddlewaretoken": given}))


@pytest.mark.parametrize("given", ["x", "a" * 64, ""], ids=["short", "other", "empty"])
def test_wrong_token_is_refused(strict: Site, ory: FakeOry, given: str) -> None:
    ory.login(strict)
    proof(strict)

    assert strict.post("decorator", headers={"X-CSRFToken": given}).status_code == 403


@pytest.mark.parametrize("view", VIEWS)
def test_other_origin_is_refused_although_the_token_is_right(strict: Site, ory: FakeOry, view: str) -> None:
    ory.login(strict)

    response = strict.post(view, headers={**proof(strict), "Origin": "https://evil.test"})

    assert response.status_code == 403


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_safe_method_is_not_checked(strict: Site, ory: FakeOry, view: str, method: str) -> None:
    ory.login(strict)

    assert strict.request(method, view).status_code == 200


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("header", ["X-Session-Token", "Authorization"])
def test_session_token_is_not_checked(strict: Site, ory: FakeOry, view: str, header: str) -> None:
    session = ory.login(Site("sync"))
    value = session.token if header == "X-Session-Token" else f"Bearer {session.token}"

    assert is_open(strict.post(view, headers={header: value}))


@pytest.mark.parametrize("authorization", ["Bearer eyJhbGciOi", "Bearer ory_st_x", "Basic dXNlcjpwYXNz"])
def test_header_that_was_not_the_credential_lifts_nothing(strict: Site, ory: FakeOry, authorization: str) -> None:
    ory.login(strict)

    assert strict.post("decorator", headers={"Authorization": authorization}).status_code == 403


@pytest.mark.parametrize("given", ["ory_st_a b", "vlbsjc6ilj7z58a4xzwzbwmtnw8a6fnr"], ids=["unsound", "foreign"])
@pytest.mark.parametrize("view", VIEWS)
def test_session_token_that_is_not_orys_beside_the_cookie_lifts_nothing(
    strict: Site, ory: FakeOry, view: str, given: str
) -> None:
    ory.login(strict)

    assert strict.post(view, headers={"X-Session-Token": given}).status_code == 403


def test_several_cookie_names_open_nothing(strict: Site, ory: FakeOry) -> None:
    ory.login(strict)
    strict.set_cookie("ory_session_other", "x")

    assert strict.post("decorator").status_code == 303


def test_view_that_requires_nothing_is_open_to_strangers(strict: Site, ory: FakeOry) -> None:
    assert is_open(strict.post("nothing"))


def test_view_that_requires_nothing_of_a_session_it_saw_is_checked(strict: Site, ory: FakeOry) -> None:
    """Otherwise a callable that frees those with aal2 would free who forges their requests."""
    ory.login(strict)

    assert strict.post("nothing").status_code == 403


def test_exempt_view_without_a_guard_is_left_to_the_site(strict: Site, ory: FakeOry) -> None:
    ory.login(strict)

    assert is_open(strict.post("exempt"))


@pytest.mark.parametrize("view", VIEWS)
def test_refusal_comes_before_the_check(strict: Site, ory: FakeOry, view: str) -> None:
    assert strict.post(view).status_code == 303


def test_plain_view_is_checked_by_django_whatever_the_header(strict: Site, ory: FakeOry) -> None:
    session = ory.login(strict)

    response = strict.post("plain", headers={"X-Session-Token": session.token})

    assert (response.status_code, ory.calls) == (403, [])


def test_guarded_view_is_checked_by_django_whatever_the_header(strict: Site, ory: FakeOry) -> None:
    session = ory.login(strict)

    response = strict.post("guarded", headers={"X-Session-Token": session.token})

    assert (response.status_code, ory.calls) == (403, [])


@pytest.mark.parametrize("view", VIEWS)
def test_failure_view_of_the_site_answers(strict: Site, ory: FakeOry, settings: Any, view: str) -> None:
    settings.CSRF_FAILURE_VIEW = "tests.answer.test_csrf.failure"
    ory.login(strict)

    response = strict.post(view)

    assert (response.status_code, response.json()) == (403, {"csrf": True})


def test_view_that_django_checked_is_not_checked_again(strict: Site, ory: FakeOry) -> None:
    ory.login(strict)
    token = proof(strict)

    response = strict.post("guarded", headers=token)

    assert is_open(response)
    request = getattr(response, "asgi_request", None) or response.wsgi_request
    assert request.csrf_processing_done is True


def test_guard_outside_csrf_protect_agrees_with_it(ory: FakeOry) -> None:
    # Django's csrf_protect takes sync views only.
    site = Site("sync", enforce_csrf_checks=True)
    ory.login(site)

    assert is_open(site.post("protected", headers=proof(site)))


def test_site_without_djangos_middleware_is_checked_by_the_guard(strict: Site, ory: FakeOry, settings: Any) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != CSRF]
    ory.login(strict)

    assert strict.post("guarded").status_code == 403


def test_form_of_a_page_of_ours_can_be_sent_without_djangos_middleware(
    strict: Site, ory: FakeOry, settings: Any
) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != CSRF]
    ory.login(strict)
    page_of_ours = strict.get("/account/")

    response = strict.post("guarded", headers={"X-CSRFToken": page_of_ours.cookies["csrftoken"].value})

    assert is_open(response)


def test_reason_for_an_api_without_djangos_middleware() -> None:
    cookie = "c" * 32
    requests = RequestFactory(headers={"Cookie": f"csrftoken={cookie}"})

    assert csrf_reason(requests.post("/", headers={"X-CSRFToken": cookie})) is None
    assert csrf_reason(requests.post("/")) == "CSRF Failed: CSRF token missing."


@pytest.mark.parametrize("check", [csrf_failure, csrf_reason])
def test_check_keeps_the_secret_of_the_browser(check: Any) -> None:
    """With a new one, the forms in the other tabs could not be sent any more."""
    cookie = "c" * 32
    request = RequestFactory(headers={"Cookie": f"csrftoken={cookie}"}).post("/", headers={"X-CSRFToken": cookie})
    assert check(request) is None

    get_token(request)
    response = HttpResponse()
    keep_csrf_cookie(request, response)

    assert response.cookies["csrftoken"].value == cookie


# Site-wide policy


@pytest.fixture
def policy(settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, POLICY]


@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize("view", ["exempt", "decorator", "class"])
def test_policy_refuses_without_a_token(strict: Site, ory: FakeOry, view: str) -> None:
    ory.login(strict)

    response = strict.post(view)

    assert (response.status_code, response.headers["Cache-Control"]) == (403, "no-store")


@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize("view", ["exempt", "decorator", "class", "plain"])
def test_policy_allows_with_a_token(strict: Site, ory: FakeOry, view: str) -> None:
    ory.login(strict)

    assert is_open(strict.post(view, headers=proof(strict)))


@pytest.mark.usefixtures("policy")
def test_policy_does_not_check_a_session_token(strict: Site, ory: FakeOry) -> None:
    session = ory.login(Site("sync"))

    assert is_open(strict.post("exempt", headers={"X-Session-Token": session.token}))


def test_policy_before_djangos_check_checks_itself(strict: Site, ory: FakeOry, settings: Any) -> None:
    others = [name for name in settings.MIDDLEWARE if name != CSRF]
    settings.MIDDLEWARE = [*others, POLICY, CSRF]
    ory.login(strict)

    assert strict.post("plain").status_code == 403


# Tokens in the session


@pytest.fixture
def in_session(settings: Any) -> None:
    settings.CSRF_USE_SESSIONS = True
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    settings.MIDDLEWARE = [SESSIONS, *settings.MIDDLEWARE]


@pytest.mark.usefixtures("in_session")
@pytest.mark.parametrize("view", VIEWS)
def test_token_in_the_session_is_accepted(strict: Site, ory: FakeOry, view: str) -> None:
    ory.login(strict)

    assert is_open(strict.post(view, headers=proof(strict)))


@pytest.mark.usefixtures("in_session")
@pytest.mark.parametrize("view", VIEWS)
def test_token_missing_from_the_session_is_refused(strict: Site, ory: FakeOry, view: str) -> None:
    ory.login(strict)

    assert strict.post(view).status_code == 403
