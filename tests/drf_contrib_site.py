"""A site that uses ``contrib.rest_framework`` in every way there is."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.urls import include, path
from rest_framework import exceptions
from rest_framework.decorators import action, api_view, authentication_classes, permission_classes
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.serializers import Serializer
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from django_ory_mfa.contrib.rest_framework import AALPermission, OryAuthentication, denial_response
from django_ory_mfa.enforcement import require_aal

SESAME = {"open": "sesame"}


class Door(BasePermission):  # type: ignore[misc]  # mypy does not look into it
    """Open to those who know the word, signed in or not."""

    message = "Say the word."

    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.query_params.get("word") == "sesame")


class Base(APIView):  # type: ignore[misc]  # mypy does not look into it
    authentication_classes: Any = (OryAuthentication,)
    permission_classes: Any = ()
    renderer_classes = (JSONRenderer, BrowsableAPIRenderer)

    def get(self, request: Any) -> Response:
        return Response(SESAME)

    post = get
    put = get
    delete = get


class Either(Base):
    permission_classes = (AALPermission("aal2") | Door,)


class EitherAndMore(Base):
    """What fails after the level was not needed is no matter of the level."""

    permission_classes = (AALPermission("aal2") | Door,)

    def get(self, request: Any) -> Response:
        raise exceptions.PermissionDenied("Not on Sundays.")


class EitherAndDenied(EitherAndMore):
    """A view that refuses by itself, as a permission would."""

    def get(self, request: Any) -> Response:
        self.permission_denied(request, message="Not on Sundays.")
        raise AssertionError("denied")


class Never(BasePermission):  # type: ignore[misc]  # mypy does not look into it
    def has_permission(self, request: Any, view: Any) -> bool:
        return False


class Owner(BasePermission):  # type: ignore[misc]  # mypy does not look into it
    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return False


class EitherAndNever(Base):
    permission_classes = (AALPermission("aal2") | Door, Never)


class LowAndNever(Base):
    permission_classes = (AALPermission("aal1") & Never,)


class Object(Base):
    """One's own without a level, all others at aal2."""

    permission_classes = (Owner | AALPermission("aal2"),)

    def get(self, request: Any) -> Response:
        self.check_object_permissions(request, object())
        return Response(SESAME)


class OwnCheck(Base):
    permission_classes = (AALPermission("aal2"),)

    def check_permissions(self, request: Any) -> None:
        if not all(permission.has_permission(request, self) for permission in self.get_permissions()):
            self.permission_denied(request)


class Both(Base):
    permission_classes = (IsAuthenticated & AALPermission("aal2", max_age=600),)


def for_posts(request: Any) -> str | None:
    return "aal1" if request.method == "POST" else None


class TwoWays(Base):
    permission_classes = (
        AALPermission("aal2", max_age=600, methods={"totp"})
        | (AALPermission("aal1") & AALPermission(requirement=for_posts)),
    )


class Negated(Base):
    """What the checks warn of."""

    permission_classes = (~(Door & AALPermission("aal2")),)


class Picks(Base):
    ory_mfa_requirements: ClassVar[dict[str, Any]] = {"GET": "aal2"}

    def get_permissions(self) -> Any:
        return [Door()]


class Bare(Base):
    permission_classes = (AALPermission,)


class SignedIn(Base):
    permission_classes = (IsAuthenticated,)


class DoorOnly(Base):
    permission_classes = (Door,)


class Low(Base):
    permission_classes = (AALPermission("aal1"),)


class Member(AALPermission):
    """A permission of the site that is made of ours."""

    def __init__(self) -> None:
        super().__init__("aal1")


class OfSite(Base):
    permission_classes = (Member,)


class WithoutAuthentication(Base):
    authentication_classes = ()
    permission_classes = (AALPermission("aal2"),)


class Inside(Base):
    def get(self, request: Any) -> Response:
        require_aal(request, "aal2", max_age=600)
        return Response(SESAME)

    post = get


class InsideWithoutAuthentication(Inside):
    authentication_classes = ()


class Who(Base):
    def get(self, request: Any) -> Response:
        user = request.user
        return Response(
            {
                "user": type(user).__name__,
                "pk": user and user.pk,
                "auth": str(request.auth),
                "has_perm": user and (user.has_perm("a.b"), user.has_perms(["a.b"]), user.has_module_perms("a")),
            }
        )


class Raises(Base):
    ERRORS: ClassVar[Any] = {
        "django": PermissionDenied("Not yours."),
        "silent": PermissionDenied(),
        "drf": exceptions.PermissionDenied("Not yours."),
        "list": exceptions.PermissionDenied(["Not", "yours"]),
        "not-authenticated": exceptions.NotAuthenticated(),
        "wrong-pin": exceptions.AuthenticationFailed("Wrong PIN."),
        "not-found": exceptions.NotFound(),
        "error": RuntimeError("a bug of the site"),
    }

    def get(self, request: Any) -> Response:
        raise self.ERRORS[request.query_params["what"]]


class RaisesInside(Raises):
    permission_classes = (AALPermission("aal1"),)


class OthersOnly(Raises):
    """A view that knows nothing of Ory."""

    authentication_classes = ()


class OncePerMinute(UserRateThrottle):  # type: ignore[misc]  # mypy does not look into it
    rate = "100/min"
    keys: ClassVar[list[str]] = []

    def get_cache_key(self, request: Any, view: Any) -> str:
        self.keys.append(super().get_cache_key(request, view))
        return self.keys[-1]


class Throttled(Base):
    throttle_classes = (OncePerMinute,)


class ByMethod(Base):
    permission_classes = (AALPermission("aal1"),)
    ory_mfa_requirements: ClassVar[dict[str, Any]] = {"GET": "aal2", "POST": "sensitive"}


class Own(Base):
    """A site with an exception handler of its own."""

    permission_classes = (AALPermission("aal2"),)

    def get_exception_handler(self) -> Any:
        return own_handler


def own_handler(exc: Exception, context: Any) -> Response:
    response = denial_response(exc, context)
    return Response({"mine": True}, status=400) if response is None else response


def shaped(exc: Exception, context: Any) -> Response:
    return Response({"shaped": type(exc).__name__}, status=418)


class Reports(ViewSet):  # type: ignore[misc]  # mypy does not look into it
    authentication_classes = (OryAuthentication,)
    permission_classes: Any = (AALPermission("aal1"),)
    ory_mfa_requirements: ClassVar[dict[str, Any]] = {"destroy": "sensitive", "archive": "aal2"}

    def list(self, request: Any) -> Response:
        return Response(SESAME)

    def destroy(self, request: Any, pk: str) -> Response:
        return Response(SESAME)

    @action(detail=True, methods=["post"])
    def archive(self, request: Any, pk: str) -> Response:
        return Response(SESAME)

    @action(detail=False, permission_classes=[])
    def public(self, request: Any) -> Response:
        return Response(SESAME)


class Orders(ViewSet):  # type: ignore[misc]  # mypy does not look into it
    """Several ways to run the code of an action that asks for more."""

    authentication_classes = (OryAuthentication,)
    permission_classes: Any = (AALPermission("aal1"),)
    ory_mfa_requirements: ClassVar[dict[str, Any]] = {"update": "sensitive", "refund": "sensitive"}

    def get_serializer(self) -> Serializer:
        return Serializer()

    def list(self, request: Any) -> Response:
        return Response(SESAME)

    def update(self, request: Any, pk: str = "new", **options: Any) -> Response:
        return Response(SESAME)

    create = update

    def partial_update(self, request: Any, pk: str) -> Response:
        return self.update(request, pk, partial=True)

    @action(detail=True, methods=["post"])
    def refund(self, request: Any, pk: str) -> Response:
        return Response(SESAME)

    @refund.mapping.delete
    def end_refund(self, request: Any, pk: str) -> Response:
        return Response(SESAME)


class LateOrders(Orders):
    """``create`` still runs the code of the class below, which is that of an update."""

    def update(self, request: Any, pk: str = "new", **options: Any) -> Response:
        return super().update(request, pk, **options)


class OpenOrders(Orders):
    """What has an entry of its own has no other."""

    ory_mfa_requirements: ClassVar[dict[str, Any]] = {
        **Orders.ory_mfa_requirements,
        "create": "aal1",
        "partial_update": "aal1",
        "end_refund": "aal1",
    }


@api_view(["GET"])
@authentication_classes([OryAuthentication])
@permission_classes([AALPermission("aal2")])
def function(request: Any) -> Response:
    return Response(SESAME)


router = SimpleRouter()
router.register("reports", Reports, basename="reports")
router.register("orders", Orders, basename="orders")
router.register("late-orders", LateOrders, basename="late-orders")
router.register("open-orders", OpenOrders, basename="open-orders")

VIEWS = {
    "either": Either,
    "either-and-more": EitherAndMore,
    "either-and-denied": EitherAndDenied,
    "either-and-never": EitherAndNever,
    "object": Object,
    "own-check": OwnCheck,
    "low-and-never": LowAndNever,
    "both": Both,
    "two-ways": TwoWays,
    "negated": Negated,
    "picks": Picks,
    "bare": Bare,
    "signed-in": SignedIn,
    "door": DoorOnly,
    "low": Low,
    "of-site": OfSite,
    "without-authentication": WithoutAuthentication,
    "inside": Inside,
    "inside-without-authentication": InsideWithoutAuthentication,
    "who": Who,
    "raises": Raises,
    "raises-inside": RaisesInside,
    "others-only": OthersOnly,
    "throttled": Throttled,
    "by-method": ByMethod,
    "own": Own,
}
urlpatterns = [
    *(path(name, view.as_view()) for name, view in VIEWS.items()),
    path("function", function),
    path("", include(router.urls)),
]
