"""Named requirements, wherever a level can stand."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.template import Context, Template
from django.test import RequestFactory, override_settings
from django.urls import path
from django.views import View

from django_ory_mfa import Requirement
from django_ory_mfa.decorators import aal_required
from django_ory_mfa.enforcement import aevaluate, arequire_aal, evaluate, require_aal
from django_ory_mfa.guard.declarations import Configured, declare
from django_ory_mfa.mixins import AALRequiredMixin
from django_ory_mfa.testing import FakeOry
from tests.site import Site, location

POLICIES = {"sensitive": {"aal": "aal2", "max_age": 600}, "easy": {"aal": "aal1"}}


def page(request: Any) -> HttpResponse:
    return HttpResponse("open sesame")


async def apage(request: Any) -> HttpResponse:
    return HttpResponse("open sesame")


def inside(request: Any) -> HttpResponse:
    require_aal(request, "sensitive")
    return HttpResponse("open sesame")


async def ainside(request: Any) -> HttpResponse:
    await arequire_aal(request, "sensitive")
    return HttpResponse("open sesame")


def judged(request: Any) -> HttpResponse:
    return HttpResponse(evaluate(request, "sensitive").outcome)


async def ajudged(request: Any) -> HttpResponse:
    return HttpResponse((await aevaluate(request, "sensitive")).outcome)


class Page(AALRequiredMixin, View):
    required_aal = "sensitive"

    def get(self, request: Any) -> HttpResponse:
        return HttpResponse("open sesame")


class AsyncPage(AALRequiredMixin, View):
    required_aal = "sensitive"

    async def get(self, request: Any) -> HttpResponse:
        return HttpResponse("open sesame")


with override_settings(ORY_MFA_POLICIES=POLICIES):
    urlpatterns = [
        path(f"{mode}/{name}", guard(view))
        for mode, view in (("sync", page), ("async", apage))
        for name, guard in {
            "named": aal_required("sensitive"),
            "keyword": aal_required(aal="sensitive"),
            "requirement": aal_required(requirement="sensitive"),
            "callable": aal_required(requirement=lambda request: "sensitive"),
            "default": aal_required,
            "open": lambda view: view,
        }.items()
    ]
urlpatterns += [
    path("sync/class", Page.as_view()),
    path("async/class", AsyncPage.as_view()),
    path("sync/inside", inside),
    path("async/inside", ainside),
    path("sync/judged", judged),
    path("async/judged", ajudged),
]
PLACES = ["named", "keyword", "requirement", "callable", "class", "inside"]


@pytest.fixture(autouse=True)
def _policies(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    settings.ORY_MFA_POLICIES = POLICIES


@pytest.mark.parametrize("place", PLACES)
def test_name_stands_for_its_requirement(site: Site, ory: FakeOry, place: str) -> None:
    session = ory.login(site, age=1200)
    refused = site.get(place)
    session.prove("totp")

    assert "refresh=true&aal=aal2" in location(refused)
    assert site.get(place).content == b"open sesame"


def test_name_can_be_evaluated(site: Site, ory: FakeOry) -> None:
    ory.login(site, age=1200)

    assert site.get("judged").content == b"refresh"


def test_name_can_be_what_bare_guards_ask_for(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.ORY_MFA_AAL = "sensitive"
    ory.login(site, age=1200)

    assert "refresh=true" in location(site.get("default"))


def test_name_can_stand_in_a_rule(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django_ory_mfa.middleware.AALRequiredMiddleware"]
    settings.ORY_MFA_RULES = [("^/", "sensitive")]
    ory.login(site, age=1200)

    assert "refresh=true" in location(site.get("open"))


@pytest.mark.parametrize(("age", "shown"), [(60, "yes"), (1200, "no")])
def test_name_can_stand_in_a_template(ory: FakeOry, age: int, shown: str) -> None:
    from django_ory_mfa.middleware import OrySessionMiddleware

    client = Site("sync")
    ory.login(client, age=age)
    request = RequestFactory().get("/")
    request.META["HTTP_COOKIE"] = f"ory_kratos_session={client.cookies['ory_kratos_session'].value}"
    OrySessionMiddleware(page)(request)
    template = Template('{% load ory_mfa %}{% if request.ory_session|has_aal:"sensitive" %}yes{% else %}no{% endif %}')

    assert template.render(Context({"request": request})) == shown


def test_policies_that_make_no_sense_show_nothing(ory: FakeOry, settings: Any, caplog: Any) -> None:
    settings.ORY_MFA_POLICIES = None
    template = Template('{% load ory_mfa %}{% if session|has_aal:"sensitive" %}yes{% else %}no{% endif %}')

    assert template.render(Context({"session": None})) == "no"
    assert "ORY_MFA_POLICIES" in caplog.text


def test_policy_is_read_when_the_request_comes(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.ORY_MFA_POLICIES = {**POLICIES, "sensitive": {"aal": "aal1"}}
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1")

    assert site.get("named").status_code == 200


@pytest.mark.parametrize("place", ["named", "requirement"])
def test_policy_that_is_gone_is_a_clear_error(site: Site, ory: FakeOry, settings: Any, place: str) -> None:
    settings.ORY_MFA_POLICIES = {}

    with pytest.raises(ImproperlyConfigured, match="sensitive"):
        site.get(place)


def test_guard_can_ask_for_more_than_its_policy() -> None:
    declared = declare("sensitive", max_age=60, methods={"totp"})

    assert isinstance(declared, Configured)
    assert declared.requirement() == Requirement("aal2", 60, {"totp"})


@pytest.mark.parametrize(
    ("max_age", "methods", "expected"),
    [
        (1200, None, Requirement("aal2", 600, {"totp", "webauthn"})),
        (60, {"totp", "code"}, Requirement("aal2", 60, {"totp"})),
        (None, {"webauthn"}, Requirement("aal2", 600, {"webauthn"})),
    ],
)
def test_guard_takes_nothing_away_from_its_policy(settings: Any, max_age: Any, methods: Any, expected: Any) -> None:
    settings.ORY_MFA_POLICIES = {"vault": {"aal": "aal2", "max_age": 600, "methods": {"totp", "webauthn"}}}
    declared = declare("vault", max_age=max_age, methods=methods)

    assert isinstance(declared, Configured)
    assert declared.requirement() == expected


def test_guard_without_a_method_in_common_with_its_policy_is_a_clear_error(settings: Any) -> None:
    settings.ORY_MFA_POLICIES = {"vault": {"aal": "aal2", "methods": {"totp"}}}
    declared = declare("vault", methods={"code"})

    assert isinstance(declared, Configured)
    with pytest.raises(ImproperlyConfigured, match="'vault': methods must name at least one"):
        declared.requirement()


def test_policy_that_cannot_go_with_what_a_guard_adds_is_a_clear_error() -> None:
    declared = declare("easy", methods={"totp"})

    assert isinstance(declared, Configured)
    with pytest.raises(ImproperlyConfigured, match="'easy'"):
        declared.requirement()


@pytest.mark.parametrize("name", ["sensitiv", "", "AAL2"])
def test_name_that_does_not_exist_is_refused_where_it_is_written(name: str) -> None:
    with pytest.raises(ValueError, match="aal must be one of aal1, aal2, highest_available, sensitive, easy, not"):
        aal_required(name)
    with pytest.raises(ValueError, match="aal must be one of aal1, aal2, highest_available, sensitive, easy, not"):
        aal_required(requirement=name)


def test_guard_beside_policies_that_make_no_sense_is_the_checks_to_report_and_never_opens(
    settings: Any,
) -> None:
    settings.ORY_MFA_POLICIES = {"sensitive": {"max_age": 600}}

    guarded = aal_required("sensitive")(page)

    assert "ory_mfa.E002" in [message.id for message in run_checks()]
    request = RequestFactory().get("/")
    with pytest.raises(ImproperlyConfigured, match="ORY_MFA_POLICIES must contain aal"):
        guarded(request)
