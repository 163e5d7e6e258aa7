"""Whoever comes next gets no page that Django's caches stored for somebody else, whatever made the session known."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from functools import partial
from io import BytesIO
from types import ModuleType
from typing import Any, ClassVar

import pytest
from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.middleware.cache import CacheMiddleware
from django.template import RequestContext, Template, Variable, engines
from django.template.backends.django import DjangoTemplates
from django.template.response import TemplateResponse
from django.templatetags.cache import CacheNode
from django.test import AsyncClient, Client, RequestFactory
from django.urls import include, path
from django.utils.cache import learn_cache_key
from django.utils.decorators import decorator_from_middleware_with_args, method_decorator
from django.views import View
from django.views.decorators.cache import cache_control, cache_page

from django_ory_mfa.decorators import aal_required
from django_ory_mfa.middleware import OrySessionMiddleware
from django_ory_mfa.session.fragment_cache import FragmentCaches
from django_ory_mfa.testing import FakeOry
from tests.apis import needed
from tests.site import Site

pytestmark = pytest.mark.urls(__name__)

POLICY = "django_ory_mfa.middleware.AALRequiredMiddleware"
UPDATE = "django.middleware.cache.UpdateCacheMiddleware"
FETCH = "django.middleware.cache.FetchFromCacheMiddleware"
LOCMEM = "django.core.cache.backends.locmem.LocMemCache"
CACHE_PAGES: dict[str, Any] = {
    "default": cache_page(60),
    "alias": cache_page(60, cache="other"),
    "prefix": cache_page(60, key_prefix="mine"),
}


def who(request: Any) -> str:
    identity = request.ory_session.identity
    return identity.id if identity else "nobody"


def reading(request: Any) -> HttpResponse:
    return HttpResponse(who(request))


async def areading(request: Any) -> HttpResponse:
    await request.aory_session()
    return HttpResponse(who(request))


def late(request: Any) -> TemplateResponse:
    template = engines["django"].from_string("{{ request.ory_session.identity.id|default:'nobody' }}")
    return TemplateResponse(request, template)


async def alate(request: Any) -> TemplateResponse:
    return late(request)


def fragment(request: Any) -> TemplateResponse:
    template = engines["django"].from_string(
        "{% load cache %}{% cache 60 side %}{{ request.ory_session.identity.id|default:'nobody' }}{% endcache %}"
    )
    return TemplateResponse(request, template)


async def afragment(request: Any) -> TemplateResponse:
    return fragment(request)


def nested(request: Any) -> TemplateResponse:
    template = engines["django"].from_string(
        "{% load cache ory_mfa %}{% cache 60 outer %}{% cache 60 inner %}{% ory_aal %}{% endcache %}"
        " in all{% endcache %}"
    )
    return TemplateResponse(request, template)


async def anested(request: Any) -> TemplateResponse:
    return nested(request)


def impersonal(request: Any) -> TemplateResponse:
    template = engines["django"].from_string("{% load cache %}{% cache 60 hours %}open until six{% endcache %}")
    return TemplateResponse(request, template)


async def aimpersonal(request: Any) -> TemplateResponse:
    return impersonal(request)


EARLY = """{% load cache %}{% cache 60 early %}{{ request.ory_session.identity.id|default:'nobody' }}{% endcache %}"""


class Compiles:
    """A middleware of the site, inside of ours and so made before it, that compiles a template."""

    sync_capable, async_capable = True, False
    template: Any = None

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        Compiles.template = engines["django"].from_string(EARLY)

    def __call__(self, request: Any) -> Any:
        return self.get_response(request)


def compiled_early(request: Any) -> HttpResponse:
    return HttpResponse(Compiles.template.render({}, request))


def untold(request: Any) -> HttpResponse:
    """Renders with the request as a variable like any other."""
    return HttpResponse(engines["django"].from_string(EARLY).render({"request": request}))


class DerivedNode(CacheNode):
    """As packages have it: it does not always use the cache."""

    def render(self, context: Any) -> Any:
        if context.get("is_preview"):
            return self.nodelist.render(context)
        return super().render(context)


def derived(request: Any) -> HttpResponse:
    nodes = Template("{{ request.ory_session.identity.id|default:'nobody' }}").nodelist
    seconds: Any = Variable("60")
    node = DerivedNode(nodes, seconds, "derived", [], None)
    context = RequestContext(request, {"is_preview": "preview" in request.GET})
    with context.bind_template(Template("")):
        return HttpResponse(node.render(context))


NAMED = """{% load cache %}{% cache 60 named %}{{ name }}{% endcache %}"""


def after_another(request: Any) -> HttpResponse:
    """Has another request processed, as previews and batches do, before it renders its own page."""
    name = who(request)
    equipped: Any = OrySessionMiddleware(open_to_all)
    equipped(RequestFactory().get("/"))
    return HttpResponse(engines["django"].from_string(NAMED).render({"name": name}))


def after_two(request: Any) -> HttpResponse:
    """Has two other requests processed before it renders its own page."""
    name = who(request)
    # Kept, as Django's test client does.
    others = [RequestFactory().get("/") for _ in range(2)]
    for other in others:
        OrySessionMiddleware(open_to_all)(other)
    return HttpResponse(engines["django"].from_string(NAMED).render({"name": name}))


async def aafter_two(request: Any) -> HttpResponse:
    await request.aory_session()
    return await sync_to_async(after_two)(request)


def in_busy_thread(request: Any) -> HttpResponse:
    """Renders in a thread that has had another request processed, and without ``request`` among the variables."""
    bare = DjangoTemplates({"NAME": "bare", "DIRS": [], "APP_DIRS": True, "OPTIONS": {}})
    template, name = bare.from_string(NAMED), who(request)

    def render() -> str:
        other = RequestFactory().get("/")
        OrySessionMiddleware(open_to_all)(other)
        return str(template.render({"name": name}, request))

    with ThreadPoolExecutor(1) as pool:
        return HttpResponse(pool.submit(render).result())


async def ain_busy_thread(request: Any) -> HttpResponse:
    await request.aory_session()
    return await sync_to_async(in_busy_thread)(request)


def for_another(request: Any) -> HttpResponse:
    """Hands its template a request that was processed elsewhere."""
    other = RequestFactory().get("/")
    Context().run(OrySessionMiddleware(open_to_all), other)
    return HttpResponse(engines["django"].from_string(NAMED).render({"name": who(request), "request": other}))


async def afor_another(request: Any) -> HttpResponse:
    await request.aory_session()
    return await sync_to_async(for_another)(request)


async def aafter_another(request: Any) -> HttpResponse:
    await request.aory_session()
    return await sync_to_async(after_another)(request)


def in_thread(request: Any) -> HttpResponse:
    """Renders in a thread that knows nothing of this request but what the template is given."""
    name = who(request)
    template = engines["django"].from_string(NAMED)
    with ThreadPoolExecutor(1) as pool:
        return HttpResponse(pool.submit(template.render, {"name": name}, request).result())


async def ain_thread(request: Any) -> HttpResponse:
    name = (await request.aory_session()).identity.id
    template = engines["django"].from_string(NAMED)
    render = partial(template.render, {"name": name}, request)
    return HttpResponse(await asyncio.get_running_loop().run_in_executor(None, render))


class CopyOfCache(CacheMiddleware):
    """Stores by a method of its own, as packages do that leave headers out or add some."""

    def process_response(self, request: Any, response: Any) -> Any:
        if getattr(request, "_cache_update_cache", False):
            key = learn_cache_key(request, response, 60, self.key_prefix, cache=self.cache)
            self.cache.set(key, response, 60)
        return response


class NoHeaders(CacheMiddleware):
    """Asks Django's method, and then stores by its own."""

    def process_response(self, request: Any, response: Any) -> Any:
        if self._should_update_cache(request, response):  # type: ignore[attr-defined]
            key = learn_cache_key(request, response, 60, self.key_prefix, cache=self.cache)
            self.cache.set(key, response, 60)
        return response


class AsksNobody(CacheMiddleware):
    """Decides by itself what is stored, and lets Django store it."""

    def _should_update_cache(self, request: Any, response: Any) -> bool:
        return True


class OwnStart(CacheMiddleware):
    """Decides by itself which requests it may store, and then lets Django store them."""

    def process_request(self, request: Any) -> None:
        request._cache_update_cache = True


def open_to_all(request: Any) -> HttpResponse:
    return HttpResponse("open sesame")


class Wrapped:
    """A request inside another object, as Django REST framework hands it to its views."""

    def __init__(self, request: Any) -> None:
        self.inner = request

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class BareWrapped:
    """As above, but without attributes of its own: what is set on it is set on the request inside."""

    __slots__ = ("_inner",)

    def __init__(self, request: Any) -> None:
        object.__setattr__(self, "_inner", request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._inner, name, value)


def looks_first(view: Any) -> Any:
    """A decorator of the site's own, outside of ``cache_page``."""

    async def alooking(request: Any) -> HttpResponse:
        if not (await request.aory_session()).is_signed_in:
            return HttpResponse("sign in", status=401)
        return await view(request)  # type: ignore[no-any-return]

    def looking(request: Any) -> HttpResponse:
        if not request.ory_session.is_signed_in:
            return HttpResponse("sign in", status=401)
        return view(request)  # type: ignore[no-any-return]

    return alooking if iscoroutinefunction(view) else looking


def wraps_first(view: Any, wrapper: Any = Wrapped) -> Any:
    """Hands ``view`` a wrapper of the request; the session is known before."""

    async def awrapping(request: Any) -> HttpResponse:
        await request.aory_session()
        return await view(wrapper(request))  # type: ignore[no-any-return]

    def wrapping(request: Any) -> HttpResponse:
        bool(request.ory_session)
        return view(wrapper(request))  # type: ignore[no-any-return]

    return awrapping if iscoroutinefunction(view) else wrapping


def as_class(cached: Any, read: Any) -> Any:
    if iscoroutinefunction(read):

        @method_decorator(cached, name="get")
        class APage(View):
            async def get(self, request: Any) -> HttpResponse:
                return await read(request)  # type: ignore[no-any-return]

        return APage.as_view()

    @method_decorator(cached, name="get")
    class Page(View):
        def get(self, request: Any) -> HttpResponse:
            return read(request)  # type: ignore[no-any-return]

    return Page.as_view()


def pages(read: Any, template: Any) -> list[Any]:
    """The ways to a cached page that shows who is there."""
    return [
        path(f"{name}/", include([
            path("plain", cached(read)),
            path("template", cached(template)),
            path("class", as_class(cached, read)),
            path("looks", looks_first(cached(read))),
            path("wraps", wraps_first(cached(read))),
            path("guard", aal_required("aal1")(cached(read))),
            path("guard-template", aal_required("aal1")(cached(template))),
            path("guard-class", aal_required("aal1")(as_class(cached, read))),
            path("outside", cached(aal_required("aal1")(read))),
            path("bare", wraps_first(cached(read), BareWrapped)),
        ]))
        for name, cached in CACHE_PAGES.items()
    ]  # fmt: skip


def stream(request: Any) -> StreamingHttpResponse:
    return StreamingHttpResponse(who(request) for _ in range(1))


async def astream(request: Any) -> StreamingHttpResponse:
    async def parts() -> Any:
        yield str((await request.aory_session()).identity)

    return StreamingHttpResponse(parts())


def download(request: Any) -> FileResponse:
    return FileResponse(BytesIO(b"a file"))


def no_file(request: Any) -> FileResponse:
    return FileResponse(who(request).encode() for _ in "a")


async def ano_file(request: Any) -> FileResponse:
    async def parts() -> Any:
        yield str((await request.aory_session()).identity)

    return FileResponse(parts())


def cached_api() -> Any:
    """A view whose cache is given an object of Django REST framework around Django's request."""
    from rest_framework.renderers import JSONRenderer
    from rest_framework.response import Response
    from rest_framework.views import APIView

    class CachedApi(APIView):  # type: ignore[misc]
        authentication_classes: ClassVar[Any] = []
        permission_classes: ClassVar[Any] = []
        renderer_classes: ClassVar[Any] = [JSONRenderer]

        @method_decorator(decorator_from_middleware_with_args(CopyOfCache)(page_timeout=60))
        def get(self, request: Any) -> Response:
            return Response(who(request))

    return CachedApi.as_view()


READING: tuple[tuple[str, Any], ...] = (("sync", reading), ("async", areading))
COPIES = {
    "copy": decorator_from_middleware_with_args(CopyOfCache)(page_timeout=60),
    "own-start": decorator_from_middleware_with_args(OwnStart)(page_timeout=60),
    "asks-nobody": decorator_from_middleware_with_args(AsksNobody)(page_timeout=60),
    "no-headers": decorator_from_middleware_with_args(NoHeaders)(page_timeout=60),
}


def targeted(request: Any) -> HttpResponse:
    headers = {
        "CDN-Cache-Control": "max-age=600",
        "Example-CDN-Cache-Control": "max-age=600",
        "Surrogate-Control": "max-age=600",
        "X-Accel-Expires": "600",
        "X-LiteSpeed-Cache-Control": "public,max-age=600",
        "X-Other": "kept",
    }
    return HttpResponse(who(request), headers=headers)


async def atargeted(request: Any) -> HttpResponse:
    await request.aory_session()
    return targeted(request)


def inner_part(request: Any) -> HttpResponse:
    template = engines["django"].from_string("{% load cache %}{% cache 60 part %}{{ name }}{% endcache %}")
    return HttpResponse(template.render({"name": request.GET["name"]}, request))


def asks_itself(request: Any) -> HttpResponse:
    """The page for the name of the person, by a request of the site to itself."""
    return HttpResponse(Client().get("/inner-part", {"name": who(request)}).content)


async def aasks_itself(request: Any) -> HttpResponse:
    await request.aory_session()
    response: Any = await AsyncClient().get("/inner-part", {"name": who(request)})
    return HttpResponse(response.content)


def asks_for_all(request: Any) -> HttpResponse:
    """The page that is the same for everybody, by a request of the site to itself."""
    return HttpResponse(Client().get("/inner-part", {"name": "all"}).content)


async def aasks_for_all(request: Any) -> HttpResponse:
    response: Any = await AsyncClient().get("/inner-part", {"name": "all"})
    return HttpResponse(response.content)


def with_header(name: str, value: str, view: Any) -> Any:
    """A decorator of the site's own that lets shared caches store a page."""

    async def aheaded(request: Any) -> HttpResponse:
        response: HttpResponse = await view(request)
        response.headers[name] = value
        return response

    def headed(request: Any) -> HttpResponse:
        response: HttpResponse = view(request)
        response.headers[name] = value
        return response

    return aheaded if iscoroutinefunction(view) else headed


LETS_STORE = {
    "Expires": "Thu, 31 Dec 2099 23:59:59 GMT",
    # Caches may then keep it by a heuristic (RFC 9111, section 4.2.2).
    "Last-Modified": "Tue, 01 Jan 2019 00:00:00 GMT",
    "ETag": '"v1"',
    "Surrogate-Control": "max-age=600",
    "CDN-Cache-Control": "max-age=600",
    "X-LiteSpeed-Cache-Control": "public,max-age=600",
}
PUBLIC = cache_control(public=True, max_age=600)
urlpatterns = [
    path("sync/", include(pages(reading, late))),
    path("async/", include(pages(areading, alate))),
    path("sync/stream", PUBLIC(stream)),
    path("async/stream", PUBLIC(astream)),
    *(path(f"sync/stream-{name}", with_header(name, value, stream)) for name, value in LETS_STORE.items()),
    *(path(f"async/stream-{name}", with_header(name, value, astream)) for name, value in LETS_STORE.items()),
    path("sync/quiet-stream", stream),
    path("async/quiet-stream", astream),
    path("sync/unstored-stream", with_header("Cache-Control", "no-store", stream)),
    path("async/unstored-stream", with_header("Cache-Control", "no-store", astream)),
    path("sync/no-file", PUBLIC(no_file)),
    path("async/no-file", PUBLIC(ano_file)),
    path("sync/shared-stream", cache_control(s_maxage=600)(stream)),
    path("async/shared-stream", cache_control(s_maxage=600)(astream)),
    path("download", PUBLIC(download)),
    *(
        path(
            f"{mode}/{name}/",
            include(
                [
                    path("plain", cached(read)),
                    path("looks", looks_first(cached(read))),
                    path("wraps", wraps_first(cached(read))),
                    path("guard", aal_required("aal1")(cached(read))),
                ]
            ),
        )
        for name, cached in COPIES.items()
        for mode, read in READING
    ),
    path("inner-part", inner_part),
    path("sync/asks-itself", asks_itself),
    path("async/asks-itself", aasks_itself),
    path("sync/asks-for-all", asks_for_all),
    path("async/asks-for-all", aasks_for_all),
    path("sync/fragment", fragment),
    path("async/fragment", afragment),
    path("sync/nested", nested),
    path("async/nested", anested),
    path("sync/impersonal", impersonal),
    path("async/impersonal", aimpersonal),
    path("sync/guarded-impersonal", aal_required("aal1")(impersonal)),
    path("async/guarded-impersonal", aal_required("aal1")(aimpersonal)),
    *(
        path(f"{mode}/{view.__name__}", aal_required("aal1")(view))
        for mode in ("sync", "async")
        for view in (compiled_early, untold, derived)
    ),
    path("sync/after_another", after_another),
    path("async/after_another", aafter_another),
    path("sync/for_another", for_another),
    path("async/for_another", afor_another),
    path("sync/after_two", after_two),
    path("async/after_two", aafter_two),
    path("sync/in_busy_thread", in_busy_thread),
    path("async/in_busy_thread", ain_busy_thread),
    path("sync/in_thread", in_thread),
    path("async/in_thread", ain_thread),
    path("sync/targeted", targeted),
    path("async/targeted", atargeted),
    path("open", open_to_all),
    path("cached-open", cache_page(60)(open_to_all)),
]


class ReadsInView:
    """A middleware of the site that looks at the session when a view is about to run."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)
            self.process_view = self.aprocess_view  # type: ignore[method-assign,assignment]

    def __call__(self, request: Any) -> Any:
        return self.get_response(request)

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> None:
        bool(request.ory_session)

    async def aprocess_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> None:
        await request.aory_session()


class ReadsEarly(ReadsInView):
    """A middleware that looks at the session of those who have a cookie."""

    def __call__(self, request: Any) -> Any:
        if self.is_async:
            return self.acall(request)
        if request.META.get("HTTP_COOKIE"):
            bool(request.ory_session)
        return self.get_response(request)

    async def acall(self, request: Any) -> Any:
        if request.META.get("HTTP_COOKIE"):
            await request.aory_session()
        return await self.get_response(request)

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> None:
        pass

    async def aprocess_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> None:
        pass


class WritesName(ReadsEarly):
    """A middleware outside of ours that writes into the page who is there."""

    def __call__(self, request: Any) -> Any:
        if self.is_async:
            return self.acall(request)
        response = self.get_response(request)
        response.content = who(request)
        return response

    async def acall(self, request: Any) -> Any:
        response = await self.get_response(request)
        await request.aory_session()
        response.content = who(request)
        return response


REPORTS = {"ORY_MFA_RULES": [("", "aal2", {"report_only": True})]}
# Who makes the session known before the cache of the view starts: extra middleware, settings.
KNOWN_BY: dict[str, tuple[list[str], dict[str, Any]]] = {
    "the view": ([], {}),
    "a rule that only reports": ([POLICY], REPORTS),
    "a middleware at the view": ([f"{__name__}.ReadsInView"], {}),
    "a middleware before the view": ([f"{__name__}.ReadsEarly"], {}),
    "the policy": ([POLICY], {"ORY_MFA_AAL": "aal1"}),
}
VIEWS = ("plain", "template", "class", "looks", "wraps", "guard", "guard-template", "guard-class", "outside", "bare")
PAGES = [f"default/{view}" for view in VIEWS] + [
    f"{name}/{view}" for name in ("alias", "prefix") for view in VIEWS[:6:5]
]


@pytest.fixture(autouse=True)
def _empty_caches(settings: Any) -> Iterator[None]:
    settings.CACHES = {name: {"BACKEND": LOCMEM, "LOCATION": f"{__name__}.{name}"} for name in ("default", "other")}
    for name in settings.CACHES:
        caches[name].clear()
    yield
    for name in settings.CACHES:
        caches[name].clear()


@pytest.fixture(params=["without", "with"])
def site_cache(request: pytest.FixtureRequest, settings: Any) -> None:
    """Without and with Django's cache of the whole site."""
    if request.param == "with":
        settings.MIDDLEWARE = [UPDATE, *settings.MIDDLEWARE, FETCH]


def add_middleware(settings: Any, extra: list[str]) -> None:
    at = settings.MIDDLEWARE.index(FETCH) if FETCH in settings.MIDDLEWARE else len(settings.MIDDLEWARE)
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:at], *extra, *settings.MIDDLEWARE[at:]]


def seen_by(visitor: Site, url: str) -> tuple[int, str]:
    """Status and text; 500 for the error that tells the developer."""
    try:
        response = visitor.get(url)
    except ImproperlyConfigured:
        return 500, ""
    return response.status_code, response.content.decode()


def stored() -> int:
    kept: list[Any] = [caches[name] for name in ("default", "other")]
    return sum(len(cache._cache) for cache in kept)


@pytest.mark.usefixtures("site_cache")
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("known_by", KNOWN_BY)
def test_next_visitor_never_gets_a_page_made_for_somebody_else(
    mode: str, ory: FakeOry, settings: Any, known_by: str, page: str
) -> None:
    extra, changed = KNOWN_BY[known_by]
    add_middleware(settings, extra)
    for name, value in changed.items():
        setattr(settings, name, value)
    first, second, low, nobody = (Site(mode) for _ in range(4))
    people = [ory.login(first), ory.login(second), ory.login(low, aal="aal1")]
    texts = [seen_by(first, page)[1]]

    for visitor in (second, low, nobody, first):
        texts.append(seen_by(visitor, page)[1])

    ids = [str(session.identity.id) for session in (*people, people[0])]
    mine = [ids[0], ids[1], ids[2], "nobody", ids[3]]
    for text, own in zip(texts, mine, strict=True):
        assert text in {own, ""} or not any(person in text for person in ids)


@pytest.mark.usefixtures("site_cache")
@pytest.mark.parametrize("known_by", ["the view", "the policy", "a rule that only reports", "a middleware at the view"])
@pytest.mark.parametrize("view", VIEWS)
def test_page_of_somebody_known_is_not_stored(
    site: Site, ory: FakeOry, settings: Any, known_by: str, view: str
) -> None:
    extra, changed = KNOWN_BY[known_by]
    add_middleware(settings, extra)
    for name, value in changed.items():
        setattr(settings, name, value)
    ory.login(site)

    seen_by(site, f"default/{view}")

    assert stored() == 0


def come_without_identity(ory: FakeOry, site: Site, visitor: str) -> None:
    if visitor == "second factor due":
        ory.login(site, aal="aal1", second_factors=["totp"])
    elif visitor == "outage":
        ory.login(site)
        ory.fail(503)


@pytest.mark.usefixtures("site_cache")
@pytest.mark.parametrize("known_by", ["the view", "a rule that only reports", "a middleware at the view"])
@pytest.mark.parametrize("view", ["plain", "template", "class", "wraps"])
@pytest.mark.parametrize("visitor", ["nobody", "second factor due", "outage"])
def test_page_of_a_visitor_without_an_identity_is_stored_for_nobody(
    mode: str, ory: FakeOry, settings: Any, *, visitor: str, view: str, known_by: str
) -> None:
    extra, changed = KNOWN_BY[known_by]
    add_middleware(settings, extra)
    for name, value in changed.items():
        setattr(settings, name, value)
    first, person, nobody = Site(mode), Site(mode), Site(mode)
    come_without_identity(ory, first, visitor)

    text = seen_by(first, f"default/{view}")[1]
    after_first = stored()
    ory.recover()
    session = ory.login(person)
    after = [seen_by(other, f"default/{view}")[1] for other in (person, nobody)]

    assert (text, after_first, stored()) == ("nobody", 0, 0)
    assert after == [session.identity.id, "nobody"]


@pytest.mark.usefixtures("site_cache")
@pytest.mark.parametrize("view", ["guard", "guard-template", "guard-class"])
def test_guarded_page_is_refused_to_whoever_comes_after_somebody_who_passed(mode: str, ory: FakeOry, view: str) -> None:
    first, nobody = Site(mode), Site(mode)
    ory.login(first)
    seen_by(first, f"default/{view}")

    assert seen_by(nobody, f"default/{view}")[0] == 302


def test_guard_around_a_cache_of_a_wrapped_request_is_an_error(mode: str, ory: FakeOry, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, POLICY]
    site = Site(mode)
    ory.login(site)

    assert seen_by(site, "default/wraps")[0] == 500


@pytest.mark.parametrize("view", ["looks", "wraps", "bare"])
def test_page_that_is_not_cached_although_asked_is_told_once(
    site: Site, ory: FakeOry, caplog: pytest.LogCaptureFixture, view: str
) -> None:
    ory.login(site)

    with caplog.at_level(logging.WARNING, "django_ory_mfa"):
        for _ in range(3):
            site.get(f"default/{view}")

    assert [record.getMessage() for record in caplog.records] == [
        f"The page /{site.mode}/default/{view} is behind @cache_page and depends on the Ory session, so it was not "
        "cached."
    ]


class Answers:
    """Answers in the place of every view."""

    def __init__(self, get_response: Any) -> None:
        """It asks nobody else."""

    def __call__(self, request: Any) -> HttpResponse:
        return HttpResponse(who(request))


def test_page_of_a_middleware_that_is_not_cached_although_asked_is_told_too(
    ory: FakeOry, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.ReadsEarly", UPDATE, FETCH, f"{__name__}.Answers"]
    site = Site("sync")
    session = ory.login(site)

    with caplog.at_level(logging.WARNING, "django_ory_mfa"):
        assert seen_by(site, "bare") == (200, session.identity.id)

    told = [record.getMessage().partition(" is behind @cache_page")[0] for record in caplog.records]
    assert (told, stored()) == (["The page /"], 0)


def test_cache_of_the_site_inside_a_middleware_that_reads_the_session_breaks_no_page(
    site: Site, ory: FakeOry, settings: Any
) -> None:
    settings.MIDDLEWARE = [UPDATE, *settings.MIDDLEWARE, f"{__name__}.ReadsEarly", FETCH]
    session = ory.login(site)

    assert (seen_by(site, "fragment"), stored()) == ((200, session.identity.id), 0)


@pytest.mark.parametrize("url", ["/open", "/cached-open"])
def test_public_page_is_cached_for_all(mode: str, ory: FakeOry, settings: Any, url: str) -> None:
    settings.MIDDLEWARE = [UPDATE, *settings.MIDDLEWARE, FETCH]
    first, second = Site(mode), Site(mode)
    ory.login(first)
    first.get(url)

    response = second.get(url)

    assert (response.content, stored() > 0, ory.calls) == (b"open sesame", True, [])


# What reads the session after our middleware has seen the response.


def private(response: Any) -> bool:
    said = response.headers.get("Cache-Control", "")
    return "private" in said and "public" not in said and "Cookie" in response.headers.get("Vary", "")


@pytest.mark.parametrize(
    "url", ["stream", "shared-stream", "quiet-stream", "no-file", *(f"stream-{name}" for name in LETS_STORE)]
)
def test_stream_that_may_show_who_is_there_is_private(site: Site, ory: FakeOry, url: str) -> None:
    ory.login(site)

    assert private(site.get(url))


@pytest.mark.parametrize(("url", "visitor"), [("stream", "nobody"), ("unstored-stream", "aal2"), ("/download", "aal2")])
def test_stream_that_shows_nobody_or_is_not_stored_is_untouched(
    site: Site, ory: FakeOry, url: str, visitor: str
) -> None:
    if visitor != "nobody":
        ory.login(site)

    assert not private(site.get(url))


def test_middleware_outside_of_ours_that_writes_who_is_there_makes_the_page_private(
    site: Site, ory: FakeOry, settings: Any
) -> None:
    settings.MIDDLEWARE = [f"{__name__}.WritesName", *settings.MIDDLEWARE]
    session = ory.login(site)

    response = site.get("/open")

    assert (response.content.decode(), private(response)) == (session.identity.id, True)


def test_middleware_outside_of_ours_has_nothing_stored(mode: str, ory: FakeOry, settings: Any) -> None:
    settings.MIDDLEWARE = [UPDATE, f"{__name__}.WritesName", *settings.MIDDLEWARE, FETCH]
    first, second = Site(mode), Site(mode)
    ory.login(first)
    session = ory.login(second)
    first.get("/open")

    response = second.get("/open")

    assert (response.content.decode(), stored()) == (session.identity.id, 0)


# What does as Django's cache does.


@pytest.mark.usefixtures("site_cache")
@pytest.mark.parametrize("name", COPIES)
@pytest.mark.parametrize("view", ["plain", "looks", "guard"])
def test_cache_that_is_derived_from_djangos_stores_nothing_of_somebody_known(
    mode: str, ory: FakeOry, name: str, view: str
) -> None:
    first, second, nobody = Site(mode), Site(mode), Site(mode)
    people = [ory.login(first), ory.login(second)]

    texts = [seen_by(visitor, f"{name}/{view}")[1] for visitor in (first, second, nobody)]

    assert stored() == 0
    for text, own in zip(texts, [people[0].identity.id, people[1].identity.id, "nobody"], strict=True):
        assert text in {own, ""} or not any(person.identity.id in text for person in people)


@pytest.mark.parametrize("name", ["asks-nobody", "no-headers", "own-start"])
def test_derived_cache_that_asks_djangos_method_stores_nothing_through_a_wrapper(
    mode: str, ory: FakeOry, name: str
) -> None:
    site = Site(mode)
    ory.login(site)
    seen_by(site, f"{name}/wraps")

    assert stored() == 0


@pytest.mark.usefixtures("site_cache")
def test_part_of_a_template_that_shows_who_is_there_is_stored_for_nobody(mode: str, ory: FakeOry) -> None:
    first, second, nobody = Site(mode), Site(mode), Site(mode)
    ids = [ory.login(site).identity.id for site in (first, second)]

    texts = [seen_by(visitor, "fragment")[1] for visitor in (first, second, nobody, first)]

    assert (texts, stored()) == ([*ids, "nobody", ids[0]], 0)


def test_part_inside_another_is_stored_for_nobody(mode: str, ory: FakeOry) -> None:
    first, second = Site(mode), Site(mode)
    ory.login(first, aal="aal2")
    ory.login(second, aal="aal1")

    assert [seen_by(visitor, "nested")[1] for visitor in (first, second)] == ["aal2 in all", "aal1 in all"]
    assert stored() == 0


def test_part_of_a_page_that_another_request_asked_for_is_not_stored(mode: str, ory: FakeOry) -> None:
    """What it was asked for may be about the person, too."""
    first, nobody = Site(mode), Site(mode)
    session = ory.login(first)

    texts = [seen_by(visitor, "asks-itself")[1] for visitor in (first, nobody)]

    assert texts == [session.identity.id, "nobody"]


def test_part_of_a_page_that_another_request_asked_for_is_stored_where_neither_is_about_anybody(
    site: Site, ory: FakeOry
) -> None:
    ory.login(site)

    assert (seen_by(site, "asks-for-all"), stored()) == ((200, "all"), 1)


def test_part_that_shows_nobody_is_stored_for_all(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    assert (seen_by(site, "impersonal"), stored()) == ((200, "open until six"), 1)
    assert seen_by(site, "guarded-impersonal") == (200, "open until six")


def test_part_of_a_page_whose_session_is_known_is_not_stored(site: Site, ory: FakeOry) -> None:
    """What a view gave to its template may be about the person, too."""
    ory.login(site)

    assert (seen_by(site, "guarded-impersonal"), stored()) == ((200, "open until six"), 0)


def test_part_of_a_template_without_a_request_is_stored(ory: FakeOry) -> None:
    template = engines["django"].from_string("{% load cache %}{% cache 60 hours %}open until six{% endcache %}")

    assert (template.render(), stored()) == ("open until six", 1)


def test_headers_for_other_shared_caches_do_not_say_otherwise(site: Site, ory: FakeOry) -> None:
    ory.login(site)
    response = site.get("targeted")

    assert private(response)
    assert {name for name in response.headers if "Cache" in name or name.startswith(("X-", "Surr"))} == {
        "Cache-Control",
        "X-Other",
    }


@pytest.mark.parametrize("page", ["compiled_early", "untold", "derived"])
def test_part_is_stored_for_nobody_however_its_template_was_made(
    mode: str, ory: FakeOry, settings: Any, page: str
) -> None:
    """Compiled before our middleware was there, rendered without the request, or of a tag derived from Django's."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.Compiles"]
    first, second = Site(mode), Site(mode)
    ids = [ory.login(site).identity.id for site in (first, second)]

    assert [seen_by(visitor, page)[1] for visitor in (first, second)] == ids
    assert stored() == 0


@pytest.mark.parametrize("page", ["after_another", "after_two", "for_another", "in_thread", "in_busy_thread"])
def test_part_is_stored_for_nobody_wherever_it_is_rendered(mode: str, ory: FakeOry, page: str) -> None:
    first, second = Site(mode), Site(mode)
    ids = [ory.login(site).identity.id for site in (first, second)]

    assert [seen_by(visitor, page)[1] for visitor in (first, second)] == ids
    assert stored() == 0


def test_part_that_is_rendered_once_its_request_is_gone_is_not_stored(ory: FakeOry) -> None:
    """As in a response that is streamed: nobody can tell any more whether the session was known."""

    def render_late() -> str:
        equipped: Any = OrySessionMiddleware(open_to_all)
        equipped(RequestFactory().get("/"))
        gc.collect()
        return engines["django"].from_string(NAMED).render({"name": "first"})

    assert (Context().run(render_late), stored()) == ("first", 0)


def test_thread_that_rendered_for_a_request_is_free_again(ory: FakeOry) -> None:
    named, request = engines["django"].from_string(NAMED), RequestFactory().get("/")
    assert OrySessionMiddleware(reading)(request)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(named.render, {"name": "first"}, request).result()
        assert stored() == 0
        pool.submit(named.render, {"name": "open to all"}).result()

    assert stored() == 1


def test_part_that_is_given_its_request_by_name_is_not_stored(ory: FakeOry) -> None:
    named, request = engines["django"].from_string(NAMED), RequestFactory().get("/")
    assert OrySessionMiddleware(reading)(request)
    with ThreadPoolExecutor(1) as pool:
        text = pool.submit(named.render, {"name": "first", "request": request}).result()

    assert (text, stored()) == ("first", 0)


def test_part_around_a_template_without_a_request_is_not_stored(ory: FakeOry) -> None:
    around = engines["django"].from_string(
        "{% load cache %}{% cache 60 around %}{{ inner.render }} for {{ name }}{% endcache %}"
    )
    inner = engines["django"].from_string("{% load cache %}{% cache 60 hours %}open until six{% endcache %}")
    request = RequestFactory().get("/")
    assert OrySessionMiddleware(reading)(request)
    with ThreadPoolExecutor(1) as pool:
        text = pool.submit(around.render, {"name": "first", "inner": inner}, request).result()

    assert (text, stored()) == ("open until six for first", 1)


def test_page_after_one_of_somebody_known_has_its_parts_stored(ory: FakeOry) -> None:
    """In one thread, one request follows the other."""
    first, second = Site("sync"), Site("sync")
    ory.login(first)
    ory.login(second)
    kept = first.get("guarded-impersonal")
    seen_by(second, "impersonal")

    assert (kept.status_code, stored()) == (200, 1)


def test_derived_tag_that_uses_no_cache_shows_its_part(site: Site, ory: FakeOry) -> None:
    session = ory.login(site)

    assert seen_by(site, "derived?preview=1") == (200, session.identity.id)


def test_derived_cache_below_a_view_of_rest_framework_stores_nothing(mode: str, ory: FakeOry, settings: Any) -> None:
    needed("rest_framework")
    settings.REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None}
    settings.ROOT_URLCONF = ModuleType("cached_api_urls")
    settings.ROOT_URLCONF.urlpatterns = [path(f"{mode}/api", cached_api())]
    first, second = Site(mode), Site(mode)
    ids = [ory.login(site).identity.id for site in (first, second)]

    assert [seen_by(visitor, "api")[1] for visitor in (first, second)] == [f'"{person}"' for person in ids]
    assert stored() == 0


def test_fragment_is_stored_while_no_request_is_served() -> None:
    cache = FragmentCaches(caches)["default"]
    Context().run(cache.set, "name", "text", 60)

    assert (cache.get("name"), cache.has_key("name")) == ("text", True)
