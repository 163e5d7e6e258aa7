"""A browser that comes back from Ory without what a page needs is not sent there for ever."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import quote

import pytest
from django.core import signing
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import include, path

from django_ory_mfa import Requirement
from django_ory_mfa.core.decision import Decision, Outcome
from django_ory_mfa.decorators import aal_required
from django_ory_mfa.enforcement import arequire_aal, require_aal
from django_ory_mfa.request.visitor import Visitor
from django_ory_mfa.roundtrip.hops import (
    Hop,
    count_hop,
    hop_of,
    is_loop,
    is_return,
    mark_of,
    note_hop,
    person_before,
    proofs_asked_for,
)
from django_ory_mfa.testing import FakeOry
from tests.clock import PassingTime
from tests.site import Site, location

pytestmark = pytest.mark.urls(__name__)

COOKIE = "ory_mfa_hops"
SALT = "django_ory_mfa.hops"
ORY = "http://127.0.0.1:4433/self-service"
AAL1, AAL2, FRESH = aal_required("aal1"), aal_required("aal2"), aal_required("aal2", max_age=600)


def page(request: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("open sesame")


async def apage(request: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("open sesame")


def inside(request: Any) -> HttpResponse:
    require_aal(request, "aal2")
    return HttpResponse("open sesame")


async def ainside(request: Any) -> HttpResponse:
    await arequire_aal(request, "aal2")
    return HttpResponse("open sesame")


def spelling(view: Any, inner: Any) -> list[Any]:
    return [
        path("aal2", AAL2(view)),
        path("fresh", FRESH(view)),
        path("fresh-totp", aal_required("aal2", max_age=600, methods={"totp", "webauthn"})(view)),
        path("inside", inner),
        path("nested", AAL1(AAL2(view))),
        path("nested-inside", AAL1(inner)),
        path("public", view),
        path("signed-in", AAL1(view)),
        path("page/<int:number>", AAL2(view)),
    ]


urlpatterns = [
    path("sync/", include(spelling(page, inside))),
    path("async/", include(spelling(apage, ainside))),
    path("account/security/", include("django_ory_mfa.urls")),
]


def below(ory: FakeOry, site: Site) -> Any:
    """Signs in somebody who is refused with STEP_UP."""
    ory.required_aal = "aal1"
    return ory.login(site, aal="aal1", second_factors={"totp"})


def is_loop_page(response: Any) -> bool:
    names = [template.name for template in response.templates]
    return bool(response.status_code == 403 and "ory_mfa/too_many_hops.html" in names)


def statuses(site: Site, *targets: str) -> list[int]:
    return [site.get(target).status_code for target in targets]


def entries(site: Site) -> list[Any]:
    """What the cookie of the client holds."""
    morsel = site.cookies.get(COOKIE)
    return list(signing.loads(morsel.value, salt=SALT)) if morsel is not None and morsel.value else []


def forge(site: Site, hops: Any, *, age: float = 0, salt: str = SALT) -> None:
    """Signs a cookie as the site would have done ``age`` seconds ago."""

    class Old(signing.TimestampSigner):
        def timestamp(self) -> str:
            return signing.b62_encode(int(time.time() - age))

    site.set_cookie(COOKIE, Old(salt=salt).sign_object(hops))


# The fourth hop


def test_fourth_hop_is_a_page(site: Site, ory: FakeOry) -> None:
    below(ory, site)

    seen = statuses(site, *["aal2"] * 3)
    response = site.get("aal2")

    assert seen == [302, 302, 302]
    assert is_loop_page(response)
    assert response.headers["Cache-Control"] == "no-store"


def test_page_has_the_same_link_and_sign_out(site: Site, ory: FakeOry) -> None:
    ory.login(site, methods={"totp"}, age=3000)
    sent = [location(site.get("fresh-totp?a=1&b=2")) for _ in range(3)]

    response = site.get("fresh-totp?a=1&b=2")

    html = response.content.decode()
    return_to = quote(f"http://testserver/{site.mode}/fresh-totp?a=1&b=2", safe="")
    assert set(sent) == {f"{ORY}/login/browser?refresh=true&aal=aal2&return_to={return_to}"}
    assert f'href="{sent[0].replace("&", "&amp;")}"' in html
    assert 'action="/account/security/logout/"' in html
    assert "This page needs your authenticator app or a security key" in html
    assert "clock" not in html


def test_page_has_the_causes_with_debug(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.DEBUG = True
    ory.login(site, methods={"totp"}, age=3000)

    html = [site.get("fresh-totp") for _ in range(4)][-1].content.decode()

    assert "does not keep the cookie of Ory" in html
    assert "its clock and that of this site differ" in html


def test_page_stays_until_the_hops_expire(site: Site, ory: FakeOry) -> None:
    below(ory, site)

    assert statuses(site, *["aal2"] * 6) == [302, 302, 302, 403, 403, 403]


def test_hops_of_another_page_do_not_count(site: Site, ory: FakeOry) -> None:
    below(ory, site)

    assert statuses(site, *["page/1"] * 3, "page/2", "page/1?a=1", "page/1") == [302, 302, 302, 302, 302, 403]


def test_hops_of_another_outcome_do_not_count(site: Site, ory: FakeOry) -> None:
    session = below(ory, site)
    before = statuses(site, *["fresh"] * 3)
    session.prove(("totp", 3000))

    after = site.get("fresh")

    assert (before, location(after)[: len(ORY) + 28]) == ([302] * 3, f"{ORY}/login/browser?refresh=true&")


@pytest.mark.parametrize("referer", [None, "form"])
def test_forms_that_are_sent_to_different_pages_are_counted_apart(
    site: Site, ory: FakeOry, referer: str | None
) -> None:
    """All of them lead back to the same page, which is no loop."""
    below(ory, site)
    headers = {"Referer": f"http://testserver/{site.mode}/{referer}"} if referer else {}

    seen = [site.post(f"page/{number}", headers=headers).status_code for number in range(6)]

    assert seen == [303] * 6


def test_form_that_is_sent_to_the_same_page_again_and_again_ends_in_the_page(site: Site, ory: FakeOry) -> None:
    below(ory, site)

    assert [site.post("page/1").status_code for _ in range(4)] == [303, 303, 303, 403]


def test_page_around_the_form_does_not_end_the_count_of_the_form(site: Site, ory: FakeOry) -> None:
    """It is shown each time; the form that it leads to is what nobody gets through to."""
    below(ory, site)
    seen = []
    for _ in range(4):
        seen.append(site.post("page/1", headers={"Referer": f"http://testserver/{site.mode}/signed-in"}).status_code)
        assert site.get("signed-in").status_code == 200

    assert seen == [303, 303, 303, 403]


def test_pages_whose_addresses_are_too_long_are_counted_apart(site: Site, ory: FakeOry) -> None:
    below(ory, site)

    assert statuses(site, *(f"page/{number}?x={'x' * 2000}" for number in range(5))) == [302] * 5


def test_fragments_of_one_page_are_counted_apart(site: Site, ory: FakeOry) -> None:
    below(ory, site)
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver/{site.mode}/signed-in"}

    seen = [site.get(f"page/{number}", headers=headers).status_code for number in range(5)]
    again = [site.get("page/4", headers=headers).status_code for _ in range(3)]

    assert (seen, again) == ([200] * 5, [200, 200, 403])


@pytest.mark.parametrize("view", ["inside", "nested", "nested-inside", "fresh"])
def test_every_kind_of_guard_ends_the_loop(site: Site, ory: FakeOry, view: str) -> None:
    below(ory, site)

    assert statuses(site, *[view] * 4) == [302, 302, 302, 403]


def test_guard_inside_a_site_wide_policy_ends_the_loop(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django_ory_mfa.middleware.AALRequiredMiddleware"]
    settings.ORY_MFA_RULES = [("", "aal1")]
    below(ory, site)

    assert statuses(site, *["inside"] * 4) == [302, 302, 302, 403]


# What counts


def test_login_with_a_credential_is_counted(site: Site, ory: FakeOry) -> None:
    ory.login(site).revoke()

    assert statuses(site, *["aal2"] * 4) == [302, 302, 302, 403]


def test_page_after_logins_has_the_link_and_nothing_to_sign_out_of(site: Site, ory: FakeOry) -> None:
    ory.login(site).revoke()
    sent = [location(site.get("aal2")) for _ in range(3)]

    html = site.get("aal2").content.decode()

    assert f'href="{sent[0]}"' in html
    assert 'action="/account/security/logout/"' not in html


@pytest.mark.parametrize(
    "headers",
    [{"Accept": "application/json"}, {"Sec-Fetch-Mode": "cors"}, {"Sec-Purpose": "prefetch"}],
    ids=["json", "cors", "prefetch"],
)
def test_answers_that_send_nobody_away_are_not_counted(site: Site, ory: FakeOry, headers: dict[str, str]) -> None:
    below(ory, site)

    seen = [site.get("aal2", headers=headers).status_code for _ in range(5)]

    assert (seen, COOKIE in site.cookies) == ([403] * 5, False)


def test_script_is_answered_after_the_browser_was_stopped(site: Site, ory: FakeOry) -> None:
    below(ory, site)
    statuses(site, *["aal2"] * 4)

    response = site.json("aal2")

    assert json.loads(response.content)["error"]["id"] == "session_aal2_required"


def test_head_is_not_counted(site: Site, ory: FakeOry) -> None:
    below(ory, site)

    seen = [site.request("head", "aal2").status_code for _ in range(5)]

    assert (seen, COOKIE in site.cookies) == ([403] * 5, False)


@pytest.mark.parametrize("headers", [{}, {"Sec-Purpose": "prefetch"}], ids=["head", "prefetch"])
def test_sign_in_that_nobody_clicked_for_is_not_counted(site: Site, ory: FakeOry, headers: dict[str, str]) -> None:
    ory.login(site).revoke()

    method = "get" if headers else "head"
    seen = [site.request(method, "aal2", headers=headers).status_code for _ in range(5)]

    assert (seen, COOKIE in site.cookies) == ([302] * 5, False)


@pytest.mark.parametrize("status", [503, 429])
def test_outage_is_not_counted(site: Site, ory: FakeOry, status: int) -> None:
    below(ory, site)
    ory.fail(status)

    assert (statuses(site, *["aal2"] * 5), COOKIE in site.cookies) == ([503] * 5, False)


def test_enrolment_page_is_not_counted(site: Site, ory: FakeOry) -> None:
    ory.login(site, aal="aal1")

    assert (statuses(site, *["aal2"] * 5), COOKIE in site.cookies) == ([403] * 5, False)


# The cookie


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_cookie_has_its_attributes(site: Site, ory: FakeOry, *, secure: bool) -> None:
    below(ory, site)

    response = site.get("aal2", secure=secure)

    cookie = response.cookies[COOKIE]
    assert {name: cookie[name] for name in ("max-age", "path", "httponly", "samesite", "secure", "domain")} == {
        "max-age": 300,
        "path": "/",
        "httponly": True,
        "samesite": "Lax",
        "secure": True if secure else "",
        "domain": "",
    }


def test_cookie_tells_nothing_of_page_or_person(site: Site, ory: FakeOry) -> None:
    session = below(ory, site)
    site.get("page/1?secret=1")

    (entry,) = entries(site)

    text = json.dumps(entry)
    assert "secret" not in text
    assert session.identity.id not in text
    assert entry[1] == 1


def test_cookie_holds_at_most_six_pages(site: Site, ory: FakeOry) -> None:
    below(ory, site)
    statuses(site, *(f"page/{number}" for number in range(9)))

    assert len(entries(site)) == 6


def test_oldest_page_is_forgotten_first(site: Site, ory: FakeOry) -> None:
    below(ory, site)
    statuses(site, *["page/0"] * 3, *(f"page/{number}" for number in range(1, 6)))
    assert site.get("page/0").status_code == 403
    site.get("page/6")

    assert site.get("page/0").status_code == 302


BAD_COOKIES = ["", "x", "a:b:c", ".eJx:1:2", "\xfc", "x" * 5000, ":::", "bnVsbA:1v:x"]


@pytest.mark.parametrize("value", BAD_COOKIES, ids=range(len(BAD_COOKIES)))
def test_unreadable_cookie_is_no_hops(site: Site, ory: FakeOry, value: str) -> None:
    session = below(ory, site)

    response = site.get("aal2", headers={"Cookie": f"{COOKIE}={value}; {ory.cookie_name}={session.cookie}"})

    assert response.status_code == 302
    assert signing.loads(response.cookies[COOKIE].value, salt=SALT)[0][1] == 1


def test_tampered_cookie_is_no_hops(site: Site, ory: FakeOry) -> None:
    below(ory, site)
    statuses(site, *["aal2"] * 3)
    value = site.cookies[COOKIE].value
    site.set_cookie(COOKIE, value[:-1] + ("A" if value[-1] != "A" else "B"))

    assert site.get("aal2").status_code == 302


def test_cookie_signed_for_something_else_is_no_hops(site: Site, ory: FakeOry) -> None:
    below(ory, site)
    statuses(site, *["aal2"] * 3)
    forge(site, entries(site), salt="django.contrib.messages")

    assert site.get("aal2").status_code == 302


@pytest.mark.parametrize(("age", "status"), [(200, 403), (301, 302)], ids=["young", "expired"])
def test_cookie_counts_for_300_seconds(site: Site, ory: FakeOry, age: int, status: int) -> None:
    below(ory, site)
    statuses(site, *["aal2"] * 3)
    forge(site, entries(site), age=age)

    assert site.get("aal2").status_code == status


@pytest.mark.parametrize(("age", "status"), [(290, 403), (310, 302)], ids=["young", "expired"])
def test_entry_counts_for_300_seconds(site: Site, ory: FakeOry, age: int, status: int) -> None:
    below(ory, site)
    statuses(site, *["aal2"] * 3)
    forge(site, [(key, count, since - age, *rest) for key, count, since, *rest in entries(site)])

    assert site.get("aal2").status_code == status


@pytest.mark.parametrize(
    "entry",
    [["k", 3, 9e9], ["k", 3, 9e9, "person", "wanted"], ["k", 3, 9e9, 9e9, "", "", "", "", 0, "more"], []],
    ids=["first", "before", "later", "empty"],
)
def test_entry_of_another_release_is_no_hop(site: Site, ory: FakeOry, entry: Any) -> None:
    below(ory, site)
    forge(site, [entry])

    assert site.get("aal2").status_code == 302
    assert len(entries(site)) == 1


def test_entry_does_not_live_longer_by_being_counted_again(site: Site, ory: FakeOry) -> None:
    """Four times in an hour are no loop."""
    below(ory, site)
    statuses(site, "aal2")
    for _ in range(4):
        [[key, times, since, *rest]] = entries(site)
        forge(site, [[key, times, since - 120, *rest]])
        assert site.get("aal2").status_code == 302


def test_page_that_the_browser_is_sent_back_to_asks_ory_again(site: Site, ory: FakeOry, settings: Any) -> None:
    """A cached session may be older than what the person did at Ory."""
    settings.ORY_MFA_CACHE_TTL = 60
    session = below(ory, site)
    site.get("signed-in")
    site.post("page/1", headers={"Referer": f"http://testserver/{site.mode}/signed-in"})
    session.prove("totp")
    ory.calls.clear()

    asked = []
    for target in ("signed-in?another", "signed-in"):
        site.get(target)
        asked.append(len(ory.calls))

    assert asked == [0, 1]


def test_expired_entries_are_dropped_and_others_kept(site: Site, ory: FakeOry) -> None:
    below(ory, site)
    statuses(site, "page/1", "page/2")
    first, second = entries(site)
    forge(site, [[first[0], 3, first[2] - 310, *first[3:]], second])
    site.get("page/3")

    assert len(entries(site)) == 2
    assert entries(site)[0][0] == second[0]


# Arrival


@pytest.mark.parametrize("view", ["aal2", "fresh", "inside", "nested", "nested-inside"])
def test_arrival_forgets_the_hops_of_the_page(site: Site, ory: FakeOry, view: str) -> None:
    session = below(ory, site)
    statuses(site, *[view] * 3)
    session.enrol("totp")

    response = site.get(view)

    assert response.status_code == 200
    assert entries(site) == []
    assert response.cookies[COOKIE]["max-age"] == 0


def test_arrival_by_policy_forgets_the_hops_of_the_page(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django_ory_mfa.middleware.AALRequiredMiddleware"]
    session = below(ory, site)
    statuses(site, *["public"] * 3)
    session.enrol("totp")

    response = site.get("public")

    assert (response.status_code, entries(site)) == (200, [])


def test_four_arrivals_in_a_row_are_no_loop(site: Site, ory: FakeOry) -> None:
    seen = []
    for _ in range(5):
        session = below(ory, site)
        seen += statuses(site, "inside")
        session.enrol("totp")
        seen += statuses(site, "inside")

    assert seen == [302, 200] * 5


def test_arrival_keeps_the_hops_of_other_pages(site: Site, ory: FakeOry) -> None:
    session = below(ory, site)
    statuses(site, "page/1", "page/1", "page/2")
    other = entries(site)[0]
    session.enrol("totp")

    site.get("page/2")

    assert entries(site) == [other]


def test_arrival_at_another_page_writes_no_cookie_away(site: Site, ory: FakeOry) -> None:
    session = below(ory, site)
    site.get("page/1")
    session.enrol("totp")

    site.get("page/2")

    assert len(entries(site)) == 1


def test_arrival_without_hops_sets_no_cookie(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    assert list(site.get("aal2").cookies) == []


def test_arrival_with_an_unreadable_cookie_is_fine(site: Site, ory: FakeOry) -> None:
    session = ory.login(site)

    response = site.get("aal2", headers={"Cookie": f"{COOKIE}=x; {ory.cookie_name}={session.cookie}"})

    assert response.status_code == 200


def test_cookie_of_a_similar_name_is_left_alone(site: Site, ory: FakeOry) -> None:
    session = ory.login(site)

    response = site.get("aal2", headers={"Cookie": f"x{COOKIE}=x; {ory.cookie_name}={session.cookie}"})

    assert (response.status_code, list(response.cookies)) == (200, [])


def test_public_page_keeps_the_hops(site: Site, ory: FakeOry) -> None:
    below(ory, site)
    site.get("aal2")

    site.get("public")

    assert len(entries(site)) == 1


# An entry of the cookie


def carrying(*hops: Hop, session: str = "", method: str = "GET") -> Any:
    """A request of a browser with these entries, and with this session of Django."""
    cookies = {COOKIE: signing.dumps(hops, salt=SALT), **({"sessionid": session} if session else {})}
    return RequestFactory().generic(method, "/page", headers={"Cookie": "; ".join(map("=".join, cookies.items()))})


def hop(
    request: Any, who: Visitor, *, outcome: Outcome = Outcome.STEP_UP, back: str = "/page", here: bool = True
) -> Hop:
    decision = Decision(outcome, Requirement("aal2"), "test")
    return hop_of(request, decision, who, return_to=f"http://testserver{back}", is_for_this_page=here)


def left(response: HttpResponse) -> list[Any]:
    return list(signing.loads(response.cookies[COOKIE].value, salt=SALT)) if COOKIE in response.cookies else []


PERSON, TOKEN, NOBODY = Visitor("p", "c"), Visitor("", "c"), Visitor()


@pytest.mark.parametrize(("method", "form"), [("GET", 0), ("HEAD", 0), ("POST", 1), ("DELETE", 1)])
def test_entry_of_a_form_says_so(method: str, form: int) -> None:
    assert hop(carrying(method=method), PERSON).form == form


def test_entry_is_for_the_page_that_the_browser_comes_back_to() -> None:
    """A view that sends visitors to Ory for another page counts for that page."""
    here, there = hop(carrying(), PERSON, back="/other"), hop(carrying(), PERSON, back="/other", here=False)
    entry = hop(carrying(), PERSON)

    assert here.key == entry.key
    assert there.key != entry.key
    assert proofs_asked_for(carrying(here, there)) == [here]
    assert is_return(carrying(entry))
    assert not is_return(carrying(here, there))


def test_mark_of_a_requirement_is_another_for_each_level_age_and_method() -> None:
    requirements = [
        Requirement("aal2"),
        Requirement("aal1"),
        Requirement("aal2", max_age=600),
        Requirement("aal2", methods={"totp"}),
        Requirement("aal2", methods={"webauthn"}),
        Requirement("aal2", methods={"webauthn", "totp"}),
    ]

    assert len({mark_of(requirement) for requirement in requirements}) == len(requirements)
    assert mark_of(requirements[-1]) == mark_of(Requirement("aal2", methods={"totp", "webauthn"}))


def test_page_with_a_link_adds_its_entry_once_beside_others() -> None:
    other, entry = hop(carrying(), NOBODY), hop(carrying(), PERSON)
    first, second = HttpResponse(), HttpResponse()

    note_hop(carrying(other), first, entry)
    note_hop(carrying(other, entry), second, entry)

    assert left(first) == [list(other), list(entry)]
    assert COOKIE not in second.cookies


@pytest.mark.parametrize(
    ("visitor", "seconds", "times"),
    [(PERSON, 60, 2), (TOKEN, 60, 2), (NOBODY, 9.5, 2), (NOBODY, 10, 1), (NOBODY, 60, 1)],
)
def test_stranger_is_counted_only_if_ory_sends_the_browser_back_at_once(
    clock: PassingTime, visitor: Visitor, seconds: float, times: int
) -> None:
    before, response = hop(carrying(), visitor), HttpResponse()
    clock.wait(seconds)
    again = hop(carrying(), visitor)

    count_hop(carrying(before), response, again)

    assert [Hop(*entry).times for entry in left(response)] == [times]
    assert is_loop(carrying(before._replace(times=3)), again) is (times == 2)


def test_person_before_is_whoever_left_with_this_session_of_django() -> None:
    gone = hop(carrying(session="s"), PERSON)

    assert person_before(carrying(gone, session="s"), ["q"]) == "p"
    assert person_before(carrying(gone, session="s"), ["q", "p"]) is None
    assert person_before(carrying(gone, session="other"), ["q"]) is None


@pytest.mark.parametrize("visitor", [TOKEN, NOBODY])
def test_nobody_is_before_who_left_without_a_name(visitor: Visitor) -> None:
    assert person_before(carrying(hop(carrying(session="s"), visitor), session="s"), ["q"]) is None


def test_nobody_is_before_in_a_browser_without_a_session_of_django() -> None:
    assert person_before(carrying(hop(carrying(), PERSON)), ["q"]) is None
