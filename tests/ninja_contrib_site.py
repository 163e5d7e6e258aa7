"""An API of django-ninja that uses ``contrib.ninja`` in every way there is, and one that has not called ``install``."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI

from django_ory_mfa.contrib.ninja import OryAuth, install
from django_ory_mfa.decorators import aal_required
from django_ory_mfa.enforcement import arequire_aal, require_aal

METHODS = ["GET", "POST"]
api = NinjaAPI(urls_namespace="contrib", docs_url=None, auth=OryAuth("aal1"))
bare = NinjaAPI(urls_namespace="contrib-bare", docs_url=None)
each = NinjaAPI(urls_namespace="contrib-each", docs_url=None)
install(api)
FRESH: dict[str, Any] = {"aal": "aal2", "max_age": 600}


def for_posts(request: Any) -> str | None:
    return "aal1" if request.method == "POST" else None


def operation(name: str, target: Any = api, **options: Any) -> Any:
    """Adds an operation for both modes; the function gives its answer."""

    def add(function: Any) -> Any:
        def sync(request: Any) -> Any:
            return function(request)

        async def asynchronous(request: Any) -> Any:
            return function(request)

        target.api_operation(METHODS, f"/sync/{name}", operation_id=name, **options)(sync)
        target.api_operation(METHODS, f"/async/{name}", operation_id=f"a{name}", **options)(asynchronous)
        return function

    return add


@operation("who")
def who(request: Any) -> Any:
    return {"pk": request.auth.identity.id, "text": str(request.auth)}


@operation("fresh", auth=OryAuth(**FRESH))
@operation("bare", auth=OryAuth())
@operation("exempt", auth=OryAuth("aal2"))
@operation("fresh", bare, auth=OryAuth(**FRESH))
@operation("each", each, auth=OryAuth.each("aal2"))
def sesame(request: Any) -> Any:
    return {"open": "sesame"}


@operation("callable", auth=OryAuth(requirement=for_posts))
def asked(request: Any) -> Any:
    return {"auth": str(request.auth)}


@operation("forbidden", auth=None)
def forbidden(request: Any) -> Any:
    raise PermissionDenied(request.GET.get("why", ""))


@operation("breaks", auth=None)
def breaks(request: Any) -> Any:
    raise RuntimeError("a bug of the site")


@api.api_operation(METHODS, "/sync/inside", auth=None, operation_id="inside")
def inside(request: Any) -> Any:
    require_aal(request, **FRESH)
    return {"open": "sesame"}


@api.api_operation(METHODS, "/async/inside", auth=None, operation_id="ainside")
async def ainside(request: Any) -> Any:
    await arequire_aal(request, **FRESH)
    return {"open": "sesame"}


@api.api_operation(METHODS, "/sync/decorated", auth=None, operation_id="decorated")
@aal_required(**FRESH)
def decorated(request: Any) -> Any:
    return {"open": "sesame"}


@api.api_operation(METHODS, "/async/decorated", auth=None, operation_id="adecorated")
@aal_required(**FRESH)
async def adecorated(request: Any) -> Any:
    return {"open": "sesame"}


@api.api_operation(METHODS, "/sync/csrf-exempt", auth=OryAuth("aal2"), operation_id="csrf-exempt")
@csrf_exempt
def exempted(request: Any) -> Any:
    return {"open": "sesame"}


@api.api_operation(METHODS, "/async/csrf-exempt", auth=OryAuth("aal2"), operation_id="acsrf-exempt")
@csrf_exempt
async def aexempted(request: Any) -> Any:
    return {"open": "sesame"}


# An async path whose other operation is not.
@api.get("/mixed", auth=OryAuth("aal2"), operation_id="mixed")
def mixed(request: Any) -> Any:
    return {"open": "sesame"}


@api.post("/mixed", auth=OryAuth("aal2"), operation_id="amixed")
async def amixed(request: Any) -> Any:
    return {"open": "sesame"}


urlpatterns = [path("", api.urls), path("uninstalled/", bare.urls), path("each/", each.urls)]
