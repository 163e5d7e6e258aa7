"""A site with users and sessions in a database; run by a test in a process of its own, it prints what visitors saw.

``python -m tests.session_owner_site FOLDER``: the folder gets the database and the files.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import django
from django.conf import settings

FOLDER = Path(sys.argv[1])
ENGINES = ("db", "cached_db", "cache", "file", "signed_cookies")
MODES = ("sync", "async")
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"
OURS = "django_ory_mfa.middleware.OrySessionMiddleware"
POLICY = "django_ory_mfa.middleware.AALRequiredMiddleware"

settings.configure(
    SECRET_KEY="for tests only",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["testserver"],
    USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": FOLDER / "db", "TEST": {}}},
    SESSION_FILE_PATH=str(FOLDER),
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django_ory_mfa",
    ],
    MIDDLEWARE=[SESSIONS, AUTH, OURS],
    ORY_MFA_SDK_URL="http://127.0.0.1:4433",
)
django.setup()

from django.contrib.auth import alogin, get_user_model, login, user_logged_out  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.test.utils import override_settings  # noqa: E402
from django.urls import include, path  # noqa: E402

from django_ory_mfa.decorators import aal_required  # noqa: E402
from django_ory_mfa.signals import identity_switched  # noqa: E402
from django_ory_mfa.testing import installed  # noqa: E402
from tests.site import Site  # noqa: E402

aal1 = aal_required("aal1")
USERS: Any = get_user_model()


def who(request: Any) -> HttpResponse:
    return HttpResponse(f"{request.user} {request.session.get('cart', 'empty')}")


async def awho(request: Any) -> HttpResponse:
    user = await request.auser()
    return HttpResponse(f"{user} {await request.session.aget('cart', 'empty')}")


def looked_before(request: Any) -> HttpResponse:
    """The person becomes known only after everything was read."""
    who(request)
    assert request.ory_session
    return who(request)


async def alooked_before(request: Any) -> HttpResponse:
    await awho(request)
    assert await request.aory_session()
    return await awho(request)


def sign_in(request: Any) -> HttpResponse:
    request.session["cart"] = request.GET["user"]
    login(request, USERS.objects.get(username=request.GET["user"]))
    return HttpResponse()


async def asign_in(request: Any) -> HttpResponse:
    await request.session.aset("cart", request.GET["user"])
    await alogin(request, await USERS.objects.aget(username=request.GET["user"]))
    return HttpResponse()


class Look:
    """A middleware of the site that reads the user of every request, in sync code."""

    sync_capable, async_capable = True, False

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        str(request.user)
        return self.get_response(request)


class FlatPage(Look):
    """A middleware of the site that shows a page where there is no view."""

    def __call__(self, request: Any) -> Any:
        response = self.get_response(request)
        return who(request) if response.status_code == 404 else response


def handler500(request: Any) -> HttpResponse:
    """Shows who is there, as pages of sites do."""
    response = who(request)
    response.status_code = 500
    return response


urlpatterns = [
    path("account/security/", include("django_ory_mfa.urls")),
    path("sync/who", aal1(who)),
    path("async/who", aal1(awho)),
    path("sync/looked-before", looked_before),
    path("async/looked-before", alooked_before),
    path("sync/sign-in", aal1(sign_in)),
    path("async/sign-in", aal1(asign_in)),
]

SCENES = (
    ("who", "who", [OURS]),
    ("looked-before", "looked-before", [OURS]),
    ("read by a middleware", "who", [f"{__name__}.Look", OURS]),
    ("page without a view", "nowhere", [OURS, POLICY, f"{__name__}.FlatPage"]),
)
heard: list[str] = []


def hear_logout(sender: Any, user: Any, **named: Any) -> None:
    heard.append(f"logout of {user}")


def hear_switch(sender: Any, **named: Any) -> None:
    heard.append("switch")


def play(mode: str, view: str) -> dict[str, Any]:
    """Ann signs in, to Ory and to Django; then Bob to Ory, in the same browser."""
    heard.clear()
    with installed() as ory:
        site = Site(mode)
        ann = ory.login(site)
        site.get("sign-in?user=ann")
        before = site.get(view).content.decode()
        same_person = ory.add_session(ann.identity, ("password", 0), ("totp", 0))
        site.set_cookie(ory.cookie_name, same_person.cookie)
        again, told = site.get(view).content.decode(), list(heard)
        ory.login(site)
        after = site.get(view, follow=True).content.decode()
        site.get("sign-in?user=bob")
        heard_all = list(heard)
        return {
            "before": before,
            "again": again,
            "told before": told,
            "after": after,
            "then": site.get(view).content.decode(),
            "heard": heard_all,
        }


def play_sign_out(mode: str) -> dict[str, Any]:
    """Ann signs out at the site."""
    heard.clear()
    with installed() as ory:
        site = Site(mode)
        ory.login(site)
        site.get("sign-in?user=ann")
        response = site.post("/account/security/logout/")
        return {"status": response.status_code, "heard": list(heard), "shows": site.get("who").content.decode()}


def play_with_a_receiver_that_fails(mode: str) -> dict[str, Any]:
    """Something of the site that follows sign-outs breaks at the wrong moment."""

    def fail(sender: Any, **named: Any) -> None:
        raise RuntimeError("no")

    with installed() as ory:
        site = Site(mode, raise_request_exception=False)
        ory.login(site)
        site.get("sign-in?user=ann")
        ory.login(site)
        user_logged_out.connect(fail)
        page_of_error = site.get("looked-before")
        user_logged_out.disconnect(fail)
        return {"status": page_of_error.status_code, "shows": page_of_error.content.decode()}


def main() -> None:
    call_command("migrate", verbosity=0)
    for name in ("ann", "bob"):
        USERS.objects.create_user(name)
    user_logged_out.connect(hear_logout)
    identity_switched.connect(hear_switch)
    found = {}
    for engine in ENGINES:
        for mode in MODES:
            for name, view, middleware in SCENES:
                with override_settings(
                    SESSION_ENGINE=f"django.contrib.sessions.backends.{engine}",
                    MIDDLEWARE=[SESSIONS, AUTH, *middleware],
                ):
                    found[f"{engine} {mode} {name}"] = play(mode, view)
            with override_settings(SESSION_ENGINE=f"django.contrib.sessions.backends.{engine}", LOGGING_CONFIG=None):
                found[f"{engine} {mode} sign-out"] = play_sign_out(mode)
                found[f"{engine} {mode} failing"] = play_with_a_receiver_that_fails(mode)
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
