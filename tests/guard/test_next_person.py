"""What the site has read from the Django session before a guard knows the person is not shown to the next person."""

from __future__ import annotations

import json
from functools import wraps
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.test import RequestFactory
from django.urls import include, path
from django.utils.decorators import sync_and_async_middleware
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from django_ory_mfa.decorators import aal_required
from django_ory_mfa.enforcement import arequire_aal, require_aal
from django_ory_mfa.guard.next_person import redirect_to_itself
from django_ory_mfa.mixins import AALRequiredMixin
from django_ory_mfa.signals import aal_denied, identity_switched, step_up_completed
from django_ory_mfa.testing import FakeOry
from tests.site import Site, location

SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
SESSION = "django_ory_mfa.middleware.OrySessionMiddleware"
POLICY = "django_ory_mfa.middleware.AALRequiredMiddleware"
CART = f"{__name__}.cart_of_request"
ENGINES = ("cache", "file", "signed_cookies")
MADE_AGAIN = "Somebody else used this browser before. Try again."


@sync_and_async_middleware
def cart_of_request(get_response: Any) -> Any:
    """The usual way: read from the session at the start of a request, and written back at its end."""

    async def amiddleware(request: Any) -> Any:
        request.cart = await request.session.aget("cart", "empty")
        response = await get_response(request)
        await request.session.aset("cart", request.cart)
        return response

    def middleware(request: Any) -> Any:
        request.cart = request.session.get("cart", "empty")
        response = get_response(request)
        request.session["cart"] = request.cart
        return response

    return amiddleware if iscoroutinefunction(get_response) else middleware


@sync_and_async_middleware
def last_seen(get_response: Any) -> Any:
    """A middleware of the site that writes something new of what it has read."""

    async def amiddleware(request: Any) -> Any:
        seen = await request.session.aget("cart", "empty")
        response = await get_response(request)
        await request.session.aset("cart", f"last seen: {seen}")
        return response

    def middleware(request: Any) -> Any:
        seen = request.session.get("cart", "empty")
        response = get_response(request)
        request.session["cart"] = f"last seen: {seen}"
        return response

    return amiddleware if iscoroutinefunction(get_response) else middleware


def with_cart(view: Any) -> Any:
    """A decorator of the site above the guard."""

    @wraps(view)
    async def aview(request: Any) -> Any:
        request.cart = await request.session.aget("cart", "empty")
        return await view(request)

    @wraps(view)
    def sync_view(request: Any) -> Any:
        request.cart = request.session.get("cart", "empty")
        return view(request)

    return aview if iscoroutinefunction(view) else sync_view


def shown(request: Any) -> HttpResponse:
    return HttpResponse(request.cart)


async def ashown(request: Any) -> HttpResponse:
    return HttpResponse(request.cart)


def put(request: Any) -> HttpResponse:
    request.cart = request.session["cart"] = "of Ann"
    return HttpResponse()


async def aput(request: Any) -> HttpResponse:
    request.cart = "of Ann"
    await request.session.aset("cart", request.cart)
    return HttpResponse()


def kept(request: Any) -> HttpResponse:
    return HttpResponse(request.session.get("cart", "empty"))


async def akept(request: Any) -> HttpResponse:
    return HttpResponse(await request.session.aget("cart", "empty"))


class Page(AALRequiredMixin, View):
    required_aal = "aal1"

    def setup(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.cart = request.session.get("cart", "empty")

    def get(self, request: Any) -> HttpResponse:
        return HttpResponse(self.cart)

    def handle_aal_denied(self, decision: Any) -> HttpResponse:
        return HttpResponse(self.cart, status=403)


class APage(Page):
    async def get(self, request: Any) -> HttpResponse:  # type: ignore[override]
        return HttpResponse(self.cart)


def inside(request: Any) -> HttpResponse:
    cart = request.session.get("cart", "empty")
    require_aal(request, "aal1")
    return HttpResponse(cart)


async def ainside(request: Any) -> HttpResponse:
    cart = await request.session.aget("cart", "empty")
    await arequire_aal(request, "aal1")
    return HttpResponse(cart)


def caught(request: Any) -> HttpResponse:
    """A view that answers for itself."""
    cart = request.session.get("cart", "empty")
    try:
        require_aal(request, "aal1")
    except PermissionDenied:
        request.session["cart"] = f"{cart} again"
        return HttpResponse("not now")
    return HttpResponse(cart)


async def acaught(request: Any) -> HttpResponse:
    cart = await request.session.aget("cart", "empty")
    try:
        await arequire_aal(request, "aal1")
    except PermissionDenied:
        await request.session.aset("cart", f"{cart} again")
        return HttpResponse("not now")
    return HttpResponse(cart)


def nothing_for(request: Any) -> None:
    """A requirement that depends on who it is."""
    assert request.ory_session is not None


async def anothing_for(request: Any) -> None:
    assert await request.aory_session() is not None


def signing_in(request: Any) -> HttpResponse:
    """A view without a guard that signs a user of Django in, by the backend of everybody."""
    assert request.ory_session
    request.session.update({"_auth_user_id": request.GET["user"], "_auth_user_backend": "backend"})
    return HttpResponse()


async def asigning_in(request: Any) -> HttpResponse:
    assert await request.aory_session()
    await request.session.aupdate({"_auth_user_id": request.GET["user"], "_auth_user_backend": "backend"})
    return HttpResponse()


def of_django(request: Any) -> JsonResponse:
    return JsonResponse({name: value for name, value in request.session.items() if name.startswith("_auth")})


async def aof_django(request: Any) -> JsonResponse:
    return JsonResponse({name: value for name, value in await request.session.aitems() if name.startswith("_auth")})


def knowing(request: Any) -> HttpResponse:
    """A view without a guard that shows who it is."""
    assert request.ory_session
    return HttpResponse("public")


async def aknowing(request: Any) -> HttpResponse:
    assert await request.aory_session()
    return HttpResponse("public")


def public(request: Any) -> HttpResponse:
    return HttpResponse("public")


async def apublic(request: Any) -> HttpResponse:
    return HttpResponse("public")


aal1, aal2 = aal_required("aal1"), aal_required("aal2")


def nothing(function: Any) -> Any:
    return aal_required(requirement=function)


urlpatterns = [
    path("account/security/", include("django_ory_mfa.urls")),
    path("sync/put", aal1(put)),
    path("async/put", aal1(aput)),
    path("sync/kept", aal1(kept)),
    path("async/kept", aal1(akept)),
    path("sync/shown", aal1(shown)),
    path("async/shown", aal1(ashown)),
    path("sync/free", shown),
    path("async/free", ashown),
    path("sync/second-factor", aal2(shown)),
    path("async/second-factor", aal2(ashown)),
    path("sync/none", nothing(nothing_for)(shown)),
    path("async/none", nothing(anothing_for)(ashown)),
    path("sync/decorated", with_cart(aal1(shown))),
    path("async/decorated", with_cart(aal1(ashown))),
    path("sync/class", Page.as_view()),
    path("async/class", APage.as_view()),
    path("sync/class-2", Page.as_view(required_aal="aal2")),
    path("async/class-2", APage.as_view(required_aal="aal2")),
    path("sync/inside", inside),
    path("async/inside", ainside),
    path("sync/caught", caught),
    path("async/caught", acaught),
    path("sync/exempt-from-csrf", csrf_exempt(aal1(shown))),
    path("async/exempt-from-csrf", csrf_exempt(aal1(ashown))),
    path("sync/signing-in", signing_in),
    path("async/signing-in", asigning_in),
    path("sync/of-django", aal1(of_django)),
    path("async/of-django", aal1(aof_django)),
    path("sync/knowing", knowing),
    path("async/knowing", aknowing),
    path("sync/public", public),
    path("async/public", apublic),
]


@pytest.fixture(autouse=True)
def middleware(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": __name__}}
    settings.MIDDLEWARE = [SESSIONS, CART, SESSION]


@pytest.fixture(params=ENGINES)
def engine(request: Any, settings: Any, tmp_path: Any) -> str:
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{request.param}"
    settings.SESSION_FILE_PATH = str(tmp_path)
    return str(request.param)


def next_person(ory: FakeOry, site: Site, **person: Any) -> None:
    """Signs Ann in, who leaves something in the Django session, and then Bob in the same browser."""
    ory.login(site)
    assert site.get("put").status_code == 200
    ory.login(site, **person)


def seen(*responses: Any) -> list[tuple[int, str]]:
    return [(response.status_code, response.content.decode()) for response in responses]


AGAIN = (302, "")
EMPTY = (200, "empty")


@pytest.mark.parametrize("page", ["shown", "none", "decorated", "class", "inside"])
def test_page_is_made_again_for_the_next_person(ory: FakeOry, site: Site, engine: str, page: str) -> None:
    next_person(ory, site)

    first, *others = (site.get(f"{page}?a=1&b=2") for _ in range(3))

    assert seen(first, *others) == [AGAIN, EMPTY, EMPTY]
    assert (location(first), first["Cache-Control"]) == (f"/{site.mode}/{page}?a=1&b=2", "no-store")


@pytest.mark.parametrize("page", ["decorated", "class", "inside"])
def test_page_is_made_again_where_nothing_but_the_view_reads(
    ory: FakeOry, site: Site, engine: str, settings: Any, page: str
) -> None:
    settings.MIDDLEWARE = [SESSIONS, SESSION]
    next_person(ory, site)

    assert seen(site.get(page), site.get(page)) == [AGAIN, EMPTY]


@pytest.mark.parametrize("page", ["shown", "free", "decorated", "class", "inside"])
def test_page_under_the_policy_is_made_again(ory: FakeOry, site: Site, engine: str, settings: Any, page: str) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, POLICY]
    settings.ORY_MFA_AAL = "aal1"
    next_person(ory, site)

    assert seen(site.get(page), site.get(page)) == [AGAIN, EMPTY]


@sync_and_async_middleware
def page_of_middleware(get_response: Any) -> Any:
    """Shows a page where there is no view."""

    async def amiddleware(request: Any) -> Any:
        response = await get_response(request)
        return shown(request) if response.status_code == 404 else response

    def middleware(request: Any) -> Any:
        response = get_response(request)
        return shown(request) if response.status_code == 404 else response

    return amiddleware if iscoroutinefunction(get_response) else middleware


@pytest.mark.parametrize("rules", [[], [("/", "aal1", {"report_only": True})]], ids=["guarded", "reported"])
def test_page_without_a_view_is_made_again(
    ory: FakeOry, site: Site, engine: str, settings: Any, rules: list[Any]
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, POLICY, f"{__name__}.page_of_middleware"]
    settings.ORY_MFA_AAL, settings.ORY_MFA_RULES = "aal1", rules
    next_person(ory, site)

    assert seen(site.get("nowhere"), site.get("nowhere"), site.get("shown")) == [AGAIN, EMPTY, EMPTY]


def test_same_person_sees_it_at_once(ory: FakeOry, site: Site, engine: str) -> None:
    ann = ory.login(site)
    site.get("put")
    site.set_cookie(ory.cookie_name, ory.add_session(ann.identity, ("password", 0), ("totp", 0)).cookie)

    assert seen(site.get("shown")) == [(200, "of Ann")]


def test_first_person_takes_over_what_was_nobodys_at_once(ory: FakeOry, site: Site, engine: str) -> None:
    site.get("public")
    ory.login(site)

    assert seen(site.get("shown")) == [EMPTY]


def test_session_that_nothing_has_read_costs_no_redirect(ory: FakeOry, site: Site, engine: str, settings: Any) -> None:
    settings.MIDDLEWARE = [SESSIONS, SESSION]
    next_person(ory, site)

    assert seen(site.get("kept")) == [EMPTY]


def test_page_without_a_guard_keeps_nothing_of_it_either(ory: FakeOry, site: Site, engine: str) -> None:
    next_person(ory, site)

    assert seen(site.get("knowing"), site.get("kept"), site.get("shown")) == [(200, "public"), EMPTY, EMPTY]


@pytest.mark.parametrize(("user", "kept"), [("2", {"_auth_user_id": "2", "_auth_user_backend": "backend"}), ("1", {})])
def test_django_sign_in_of_the_next_person_is_kept_as_a_whole(
    ory: FakeOry, site: Site, engine: str, user: str, kept: dict[str, str]
) -> None:
    """That of the previous person, which a middleware may write back, is dropped as a whole."""
    ory.login(site)
    site.get("signing-in?user=1")
    ory.login(site)
    site.get(f"signing-in?user={user}")

    assert site.get("of-django").json() == kept


def test_rule_that_only_reports_keeps_nothing_of_it_either(
    ory: FakeOry, site: Site, engine: str, settings: Any
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, POLICY]
    settings.ORY_MFA_RULES = [("/", "aal1", {"report_only": True})]
    next_person(ory, site)

    assert seen(site.get("public"), site.get("kept")) == [(200, "public"), EMPTY]


def test_nothing_of_a_request_that_ends_is_kept(ory: FakeOry, site: Site, engine: str) -> None:
    """A middleware writes back what it has read, and the next page would be of the person who is there now."""
    next_person(ory, site)
    site.get("shown")

    assert seen(site.get("free")) == [EMPTY]


def test_nothing_that_is_made_of_it_in_a_request_that_ends_is_kept(
    ory: FakeOry, site: Site, engine: str, settings: Any
) -> None:
    settings.MIDDLEWARE = [SESSIONS, f"{__name__}.last_seen", SESSION]
    next_person(ory, site)

    assert seen(site.get("kept"), site.get("kept")) == [AGAIN, EMPTY]


def test_view_that_catches_the_refusal_keeps_nothing_either(ory: FakeOry, site: Site, engine: str) -> None:
    next_person(ory, site)

    assert seen(site.get("caught"), site.get("free"), site.get("caught")) == [(200, "not now"), EMPTY, EMPTY]


def test_what_a_view_makes_of_it_after_the_refusal_is_not_kept(
    ory: FakeOry, site: Site, engine: str, settings: Any
) -> None:
    settings.MIDDLEWARE = [SESSIONS, SESSION]
    next_person(ory, site)

    assert seen(site.get("caught"), site.get("kept")) == [(200, "not now"), EMPTY]


def test_what_a_receiver_writes_for_the_next_person_is_kept(ory: FakeOry, site: Site, engine: str) -> None:
    def greet(sender: Any, request: Any, **named: Any) -> None:
        request.session["cart"] = "a gift"

    next_person(ory, site)
    identity_switched.connect(greet)
    try:
        responses = [site.get("shown") for _ in range(2)]
    finally:
        identity_switched.disconnect(greet)

    assert seen(*responses) == [AGAIN, (200, "a gift")]


@pytest.mark.parametrize("page", ["second-factor", "class-2"])
def test_refusal_is_not_made_of_it_either(ory: FakeOry, site: Site, page: str) -> None:
    """The site's template around our page, and its own refusal, may show what a middleware has read."""
    denied: list[Any] = []

    def note(sender: Any, **named: Any) -> None:
        denied.append(named["decision"].outcome)

    ory.required_aal = "aal1"
    next_person(ory, site, aal="aal1", second_factors=[])
    aal_denied.connect(note)
    try:
        first = site.get(page)
        before = list(denied)
        second = site.get(page)
    finally:
        aal_denied.disconnect(note)

    assert (seen(first), before) == ([AGAIN], [])
    assert (second.status_code, "of Ann" in second.content.decode(), len(denied)) == (403, False, 1)


@pytest.mark.parametrize("page", ["", "login/", "step-up/"])
def test_page_of_ours_is_made_again(ory: FakeOry, mode: str, page: str) -> None:
    site = Site(mode)
    next_person(ory, site)

    first, second = (site.get(f"/account/security/{page}") for _ in range(2))

    assert (seen(first), location(first)) == ([AGAIN], f"/account/security/{page}")
    assert location(second) != location(first)


# Other requests than those of a browser that opens a page.


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("page", ["shown", "exempt-from-csrf", "inside"])
def test_change_is_refused_once(ory: FakeOry, site: Site, engine: str, page: str, method: str) -> None:
    next_person(ory, site)

    first, second = (site.request(method, page) for _ in range(2))

    assert seen(first) == [(403, MADE_AGAIN)]
    assert (first["Cache-Control"], first["Content-Type"]) == ("no-store", "text/plain; charset=utf-8")
    assert second.status_code != 302
    assert MADE_AGAIN not in second.content.decode()


def test_refused_change_says_so_in_the_language_of_the_visitor(ory: FakeOry, site: Site, settings: Any) -> None:
    settings.MIDDLEWARE = ["django.middleware.locale.LocaleMiddleware", *settings.MIDDLEWARE]
    next_person(ory, site)

    response = site.post("shown", headers={"Accept-Language": "de"})

    assert response.content.decode().startswith("Vor Ihnen hat jemand anders")


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("page", ["shown", "inside"])
def test_script_is_told_in_json(ory: FakeOry, site: Site, engine: str, page: str, method: str) -> None:
    next_person(ory, site)

    first, second = (site.request(method, page, headers={"Accept": "application/json"}) for _ in range(2))

    error = json.loads(first.content)["error"]
    assert (first.status_code, error["id"], error["details"]) == (403, "forbidden", {"reason": "other_person"})
    assert first["Cache-Control"] == "no-store"
    assert MADE_AGAIN not in second.content.decode()


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("head", {}),
        ("options", {}),
        ("get", {"Sec-Purpose": "prefetch"}),
        ("get", {"HX-Request": "true"}),
    ],
    ids=["head", "options", "prefetch", "htmx"],
)
def test_request_that_changes_nothing_is_sent_again(
    ory: FakeOry, site: Site, engine: str, method: str, headers: dict[str, str]
) -> None:
    next_person(ory, site)

    first, second = (site.request(method, "shown", headers=headers) for _ in range(2))

    assert (first.status_code, second.status_code) == (302, 200)


def test_browser_whose_cookie_cannot_be_replaced_is_sent_to_the_page_once(
    ory: FakeOry, site: Site, engine: str
) -> None:
    """Another cookie of the same name, such as that of a parent domain, comes back with every request."""
    next_person(ory, site)
    cookie = site.cookies["sessionid"].value
    responses = []
    for _ in range(4):
        site.set_cookie("sessionid", cookie)
        responses.append(site.get("shown"))

    # A session that is kept here is deleted here. One that is in the cookie itself never is.
    then = [(403, MADE_AGAIN)] * 3 if engine == "signed_cookies" else [EMPTY] * 3
    assert seen(*responses) == [AGAIN, *then]


def test_browser_is_sent_again_for_each_person(ory: FakeOry, site: Site, engine: str) -> None:
    people = [ory.add_identity() for _ in range(3)]
    for person in [*people, *people]:
        site.set_cookie(ory.cookie_name, ory.add_session(person, ("password", 0), ("totp", 0)).cookie)
        responses = [site.get("shown", follow=True), site.get("put")]

        assert [response.status_code for response in responses] == [200, 200]
        assert responses[0].content == b"empty"


def test_redirect_names_nobody(ory: FakeOry, site: Site) -> None:
    next_person(ory, site)
    cookie = site.cookies["sessionid"].value

    made = site.get("shown").cookies["ory_mfa_emptied"]

    assert cookie not in made.value
    assert (made["max-age"], made["httponly"], made["samesite"], made["secure"]) == (60, True, "Lax", "")


def test_redirect_over_tls_sets_no_cookie_for_cleartext(ory: FakeOry, site: Site) -> None:
    next_person(ory, site)

    assert site.get("shown", secure=True).cookies["ory_mfa_emptied"]["secure"]


@pytest.mark.parametrize("target", ["//evil.example/", "/\\evil.example/"])
def test_page_is_made_again_on_this_site_only(target: str) -> None:
    request = RequestFactory().get("/")
    request.path = target

    assert location(redirect_to_itself(request)).startswith(("/%2Fevil.example/", "/%5Cevil.example/"))


# Ways to come here.


def test_next_person_who_has_just_signed_in_at_ory_sees_the_page(ory: FakeOry, site: Site, engine: str) -> None:
    ory.login(site)
    site.get("put")
    del site.cookies[ory.cookie_name]
    assert site.get("shown").status_code == 302
    ory.login(site)

    assert seen(site.get("shown"), site.get("shown")) == [AGAIN, EMPTY]


def test_next_person_who_comes_back_from_the_step_up_of_another_completes_nothing(
    ory: FakeOry, site: Site, engine: str
) -> None:
    completed: list[Any] = []

    def note(sender: Any, **named: Any) -> None:
        completed.append(named)

    ory.login(site, aal="aal1", second_factors=["totp"])
    ory.required_aal = "aal1"
    site.get("put")
    ory.required_aal = "highest_available"
    assert "/self-service/login/" in location(site.get("second-factor"))
    ory.login(site)
    step_up_completed.connect(note)
    try:
        responses = [site.get("second-factor") for _ in range(2)]
    finally:
        step_up_completed.disconnect(note)

    assert (seen(*responses), completed) == ([AGAIN, EMPTY], [])


def test_form_of_the_next_person_is_saved(ory: FakeOry, mode: str, settings: Any) -> None:
    """With the secret in the session, Django's own check reads it before the person is known."""
    settings.CSRF_USE_SESSIONS = True
    settings.MIDDLEWARE = [SESSIONS, "django.middleware.csrf.CsrfViewMiddleware", SESSION]
    settings.ROOT_URLCONF = forms
    site = Site(mode, enforce_csrf_checks=True)
    for _ in range(2):
        ory.login(site)
        token = site.get("form", follow=True).content.decode()

        assert seen(site.post("form", {"csrfmiddlewaretoken": token})) == [(200, "saved")]


def form(request: Any) -> HttpResponse:
    return HttpResponse("saved" if request.method == "POST" else get_token(request))


async def aform(request: Any) -> HttpResponse:
    return form(request)


class forms:  # noqa: N801 - it stands for a module
    urlpatterns = (path("sync/form", aal1(form)), path("async/form", aal1(aform)))
