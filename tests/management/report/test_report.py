"""``manage.py ory_mfa report``: every page of a site with the guard that stands before it."""

from __future__ import annotations

import json
from functools import partial, wraps
from importlib import import_module
from io import StringIO
from types import ModuleType
from typing import Any

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import include, path, re_path, register_converter
from django.utils.decorators import method_decorator
from django.views import View

from django_ory_mfa import Requirement
from django_ory_mfa.checks import POLICY_MIDDLEWARE
from django_ory_mfa.decorators import aal_exempt, aal_required
from django_ory_mfa.management.report.examples import VALUES
from django_ory_mfa.management.report.guards import Guard
from django_ory_mfa.management.report.rows import Row, rows
from tests.apis import needed
from tests.policy_urls import AsyncHidden, Free, Hidden
from tests.views import AsyncPage, Page, apage, page


class Even:
    """A converter that takes even numbers only."""

    regex = "[0-9]+"

    def to_python(self, value: str) -> int:
        if int(value) % 2:
            raise ValueError("odd")
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


class Broken(Even):
    """A converter that looks things up where there is nothing."""

    def to_python(self, value: str) -> int:
        raise LookupError(value)


class Nowhere(Even):
    """A converter that no example fits."""

    regex = "xyzzy"


class Attribute:
    """Says what it needs where the policy sees it, but guards nothing."""

    required_aal = "aal1"


@method_decorator(aal_required("aal1"), name="dispatch")
class Decorated(View):
    """Guarded where Django's documentation says that classes are decorated."""


class BareAttribute(Attribute, View):
    """The policy finds its level, and nobody else does."""


@method_decorator(aal_exempt, name="dispatch")
class Exempt(View):
    """Free, and its subclasses with it unless they say otherwise."""


class Nearer(Exempt):
    required_aal = "aal2"


class BareNonsense(View):
    required_aal = "aal9"


def callable_requirement(request: Any) -> str | None:
    return None


class Decide:
    def __call__(self, request: Any) -> str | None:
        return None


AAL2 = Requirement("aal2")


register_converter(Even, "even_number")
register_converter(Nowhere, "nowhere")
register_converter(Broken, "broken")


@pytest.fixture
def policy(settings: Any) -> None:
    """The site asks something of every view."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, POLICY_MIDDLEWARE]


def site(settings: Any, *patterns: Any) -> list[Row]:
    module = ModuleType("made_up_urls")
    module.urlpatterns = list(patterns)  # type: ignore[attr-defined]
    settings.ROOT_URLCONF = module
    return rows()


def guards(settings: Any, view: Any, route: str = "a/") -> list[Guard]:
    (row,) = site(settings, path(route, view))
    return list(row.guards)


# Guards of the view's own.


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (page, Guard("nothing asks")),
        (apage, Guard("nothing asks")),
        (aal_required(page), Guard("decorator", AAL2)),
        (aal_required(apage), Guard("decorator", AAL2)),
        (aal_required("aal1")(page), Guard("decorator", Requirement("aal1"))),
        (aal_exempt(aal_required("aal1")(page)), Guard("decorator", Requirement("aal1"))),
        (
            aal_required("aal2", max_age=60, methods={"totp"})(page),
            Guard("decorator", Requirement("aal2", 60, ["totp"])),
        ),
        (
            aal_required(requirement=callable_requirement)(page),
            Guard("decorator", decided_by="tests.management.report.test_report.callable_requirement"),
        ),
        (
            aal_required(requirement=partial(partial(callable_requirement)))(page),
            Guard("decorator", decided_by="tests.management.report.test_report.callable_requirement"),
        ),
        (
            aal_required(requirement=Decide())(page),
            Guard("decorator", decided_by="tests.management.report.test_report.Decide"),
        ),
        (Page.as_view(), Guard("mixin", AAL2)),
        (AsyncPage.as_view(required_aal="aal1"), Guard("mixin", Requirement("aal1"))),
        (Page.as_view(max_age=60), Guard("mixin", Requirement("aal2", 60))),
        (Hidden.as_view(), Guard("mixin", decided_by="tests.policy_urls.Hidden.get_requirement")),
        (AsyncHidden.as_view(), Guard("mixin", decided_by="tests.policy_urls.AsyncHidden.get_requirement")),
        (Decorated.as_view(), Guard("decorator", Requirement("aal1"))),
    ],
)
def test_guard_of_a_view(settings: Any, view: Any, expected: Guard) -> None:
    assert guards(settings, view) == [expected]


def test_decorated_class_has_two_guards(settings: Any) -> None:
    view = aal_required("aal1")(Page.as_view())

    assert guards(settings, view) == [Guard("decorator", Requirement("aal1")), Guard("mixin", AAL2)]


def test_class_that_makes_no_sense_is_shown_as_such(settings: Any) -> None:
    (guard,) = guards(settings, Page.as_view(required_aal="aal9"))

    assert (guard.origin, guard.asks) == ("mixin", True)
    assert "not 'aal9'" in str(guard.error)


def test_view_that_the_settings_do_not_fit_is_shown_as_such(settings: Any) -> None:
    settings.ORY_MFA_AAL = "aal1"

    (guard,) = guards(settings, aal_required(methods={"totp"})(page))

    assert "ORY_MFA_AAL = 'aal1'" in str(guard.error)


def test_level_in_a_class_without_the_mixin_guards_nothing(settings: Any) -> None:
    assert guards(settings, BareAttribute.as_view()) == [Guard("nothing asks")]


# The policy of the site.


@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (page, [Guard("site default", AAL2)]),
        (aal_exempt(page), [Guard("exempt")]),
        (Free.as_view(), [Guard("exempt")]),
        (aal_exempt(aal_required("aal1")(page)), [Guard("decorator", Requirement("aal1"))]),
        (aal_required("aal1")(page), [Guard("decorator", Requirement("aal1"))]),
        (Page.as_view(required_aal="aal1"), [Guard("mixin", Requirement("aal1"))]),
        (Page.as_view(), [Guard("mixin", AAL2), Guard("site default", AAL2)]),
        (
            Hidden.as_view(),
            [
                Guard("mixin", decided_by="tests.policy_urls.Hidden.get_requirement"),
                Guard("site default", AAL2),
            ],
        ),
    ],
)
def test_guard_of_a_view_on_a_site_with_a_policy(settings: Any, view: Any, expected: list[Guard]) -> None:
    assert guards(settings, view) == expected


@pytest.mark.usefixtures("policy")
def test_level_in_a_class_without_the_mixin_is_asked_by_the_policy(settings: Any) -> None:
    settings.ORY_MFA_AAL = "aal1"

    assert guards(settings, BareAttribute.as_view()) == [Guard("class", Requirement("aal1"))]


@pytest.mark.usefixtures("policy")
def test_level_in_a_class_without_the_mixin_takes_nothing_from_the_policy(settings: Any) -> None:
    assert guards(settings, BareAttribute.as_view()) == [Guard("site default", Requirement("aal2"))]


@pytest.mark.usefixtures("policy")
def test_class_that_makes_no_sense_breaks_the_policy_too(settings: Any) -> None:
    (guard,) = guards(settings, BareNonsense.as_view())

    assert (guard.origin, guard.asks) == ("class", True)


@pytest.mark.usefixtures("policy")
def test_class_with_a_guard_that_makes_no_sense_is_shown_once(settings: Any) -> None:
    (guard,) = guards(settings, Page.as_view(required_aal="aal9"))

    assert guard.origin == "mixin"


@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        (None, Guard("rule")),
        ("aal1", Guard("rule", Requirement("aal1"))),
        (callable_requirement, Guard("rule", decided_by="tests.management.report.test_report.callable_requirement")),
    ],
)
def test_first_rule_that_matches_counts(settings: Any, requirement: Any, expected: Guard) -> None:
    settings.ORY_MFA_RULES = [("/b/", "highest_available"), ("/a/$", requirement), ("", "highest_available")]

    assert guards(settings, page) == [expected]


@pytest.mark.parametrize("has_policy", [True, False])
def test_views_of_the_package_look_after_themselves(settings: Any, *, has_policy: bool) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, *([POLICY_MIDDLEWARE] if has_policy else [])]

    found = site(
        settings, path("s/", include("django_ory_mfa.urls")), path("u/", include("django_ory_mfa.contrib.ui.urls"))
    )

    assert {row.guards for row in found} == {(Guard("own view"),)}
    assert all(row.is_protected for row in found)
    assert [row.name for row in found][:1] == ["ory_mfa:settings"]


@pytest.mark.usefixtures("policy")
def test_page_of_a_site_in_our_namespace_is_no_view_of_ours(settings: Any) -> None:
    own = import_module("django_ory_mfa.urls").urlpatterns

    found = site(settings, path("s/", include(([*own, path("billing/", page)], "ory_mfa"))))

    assert [row.guards[0].origin for row in found] == [*["own view"] * 5, "site default"]


@pytest.mark.usefixtures("policy")
def test_declaration_of_a_class_is_shown_beside_a_decorator(settings: Any) -> None:
    view = aal_required("aal1")(Nearer.as_view())

    assert guards(settings, view) == [Guard("decorator", Requirement("aal1")), Guard("class", AAL2)]


@pytest.mark.usefixtures("policy")
def test_class_that_declares_over_an_inherited_exemption_is_shown_as_guarded(settings: Any) -> None:
    assert guards(settings, Nearer.as_view()) == [Guard("class", AAL2)]


@pytest.mark.parametrize("has_policy", [True, False])
def test_views_of_rest_framework_are_shown_with_their_class(settings: Any, *, has_policy: bool) -> None:
    needed("rest_framework")
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, *([POLICY_MIDDLEWARE] if has_policy else [])]
    settings.ROOT_URLCONF = "tests.rest_framework_policy_urls"

    found = {row.path: row for row in rows()}

    assert found["/set/"].guards == (Guard("mixin", Requirement("aal1")),)
    assert found["/set/transfer/"].guards == found["/mixed/"].guards == (Guard("mixin", AAL2),)
    assert found["/bare/"].guards == (Guard("class", AAL2) if has_policy else Guard("nothing asks"),)
    assert found["/bare/"].is_protected is has_policy
    assert found["/set/"].view == "tests.rest_framework_policy_urls.Set"


@pytest.mark.usefixtures("policy")
def test_rule_for_the_path_without_its_language_prefix_is_shown(settings: Any) -> None:
    settings.USE_I18N, settings.LANGUAGES = True, [("en", "English"), ("de", "German")]
    settings.LANGUAGE_CODE = "en"
    settings.ORY_MFA_RULES = [("/de/", "aal1"), ("/vault/", Requirement("aal2", max_age=60))]

    vault, other = site(settings, *i18n_patterns(path("vault/", page), path("other/", page)))

    assert vault.guards == (Guard("rule", Requirement("aal2", max_age=60)),)
    assert set(other.guards) == {
        Guard("site default", AAL2, paths=("/en/other/",)),
        Guard("rule", Requirement("aal1"), paths=("/de/other/",)),
    }


@pytest.mark.usefixtures("policy")
def test_rules_that_cannot_be_compared_are_both_shown(settings: Any) -> None:
    settings.USE_I18N, settings.LANGUAGES, settings.LANGUAGE_CODE = True, [("de", "German")], "de"
    settings.ORY_MFA_RULES = [("/de/", "aal1"), ("/vault/", callable_requirement)]

    (row,) = site(settings, *i18n_patterns(path("vault/", page)))

    assert row.guards == (
        Guard("rule", Requirement("aal1")),
        Guard("rule", decided_by="tests.management.report.test_report.callable_requirement"),
    )
    assert row.is_protected


def test_attribute_that_is_no_class_is_not_taken_for_one(settings: Any) -> None:
    @wraps(page)
    def view(request: Any) -> Any:
        return page(request)

    view.cls = "table"  # type: ignore[attr-defined]

    (row,) = site(settings, path("a/", view))

    assert (row.view, row.guards) == ("tests.views.page", (Guard("nothing asks"),))


# Operations of django-ninja, whose views are all the same wrapper.


class Operation:
    """An operation as django-ninja keeps it."""

    def __init__(self, view_func: Any) -> None:
        self.view_func = view_func


class PathView:
    """The views of one path as django-ninja makes them."""

    def __init__(self, *functions: Any) -> None:
        self.operations = [Operation(function) for function in functions]

    def get_view(self) -> Any:
        def sync_view_wrapper(request: Any, *args: Any, **kwargs: Any) -> Any:
            return self.view(request)

        return sync_view_wrapper

    def view(self, request: Any) -> Any:
        return None


@pytest.mark.parametrize(
    ("view", "name"),
    [
        (PathView(page).get_view(), "tests.views.page"),
        (PathView(page, apage, page).get_view(), "tests.views.page and tests.views.apage"),
        (PathView(page).view, "tests.views.page"),
        (PathView(aal_required(page)).get_view(), "tests.views.page"),
        (PathView().view, "tests.management.report.test_report.PathView.view"),
    ],
)
def test_operation_has_the_name_of_its_function(settings: Any, view: Any, name: str) -> None:
    (row,) = site(settings, path("a/", view))

    assert row.view == name


# Paths with parameters.


@pytest.mark.parametrize(
    ("pattern", "route", "examples"),
    [
        (path("", page), "/", ["/"]),
        (path("50%/", page), "/50%/", ["/50%/"]),
        (path("a/<int:pk>/", page), "/a/<int:pk>/", ["/a/1/", "/a/42/"]),
        (path("a/<name>", page), "/a/<name>", ["/a/1", "/a/42"]),
        (path("<uuid:pk>", page), "/<uuid:pk>", [f"/{VALUES[11]}"]),
        (path("<even_number:n>", page), "/<even_number:n>", ["/42", "/2026"]),
        (path("<nowhere:n>", page), "/<nowhere:n>", []),
        (path("<broken:n>", page), "/<broken:n>", []),
        (re_path(r"^a/(?P<year>[0-9]{4})/$", page), "/a/(?P<year>[0-9]{4})/", ["/a/2026/"]),
        (re_path(r"^a/(\d+)/(\w+)$", page), r"/a/(\d+)/(\w+)", ["/a/1/1", "/a/1/42"]),
        (re_path(r"^(a|b)/$", page), "/(a|b)/", ["/a/"]),
        (re_path(r"^(?:a|b)/$", page), "/(?:a|b)/", []),
        (re_path(r"^(?i:a)/$", page), "/(?i:a)/", []),
        (path("a/", include([re_path("^b/$", page)])), "/a/b/", ["/a/b/"]),
        (
            path("<int:n>/", include([path("<int:m>/", page)])),
            "/<int:n>/<int:m>/",
            ["/1/1/", "/1/42/", "/42/1/", "/42/42/"],
        ),
    ],
)
def test_examples_of_a_pattern(settings: Any, pattern: Any, route: str, examples: list[str]) -> None:
    (row,) = site(settings, pattern)

    assert (row.path, row.examples) == (route, examples)


def test_examples_in_every_language(settings: Any) -> None:
    settings.USE_I18N, settings.LANGUAGES = True, [("en", "English"), ("de", "German")]

    (row,) = site(settings, *i18n_patterns(path("a/", page)))

    assert row.examples == ["/en-us/a/", "/de/a/"] or row.examples == ["/en/a/", "/de/a/"]


@pytest.mark.usefixtures("policy")
def test_page_that_a_rule_frees_below_a_pattern_is_found(settings: Any) -> None:
    settings.ORY_MFA_RULES = [("/users/me/", None)]

    (row,) = site(settings, path("users/<str:name>/", page))

    assert not row.is_protected
    assert set(row.guards) == {
        Guard("site default", AAL2, paths=("/users/1/", "/users/42/")),
        Guard("rule", paths=("/users/me/",)),
    }


@pytest.mark.usefixtures("policy")
def test_rule_that_a_pattern_cannot_meet_is_none_of_its_business(settings: Any) -> None:
    settings.ORY_MFA_RULES = [("/users/me/", None), ("/nowhere/", None)]

    (row,) = site(settings, path("users/<int:pk>/", page))

    assert (row.is_protected, row.guards) == (True, (Guard("site default", AAL2),))


@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize(
    ("rule", "is_protected"),
    [
        ("/users/(me|you)/", False),
        ("/(users|staff)/", False),
        ("/(?i:USERS)/(me|you)", False),
        ("/staff/(me|you)/", False),
        ("/users?(?=x)", False),
        ("/staff/(?=me)", True),
    ],
)
def test_rule_that_cannot_be_read_may_free_what_begins_alike(settings: Any, rule: str, *, is_protected: bool) -> None:
    settings.ORY_MFA_RULES = [(rule, None)]

    (row,) = site(settings, path("users/<str:name>/", page))

    assert row.is_protected is is_protected


@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize(("requirement", "is_protected"), [(None, False), ("aal1", True)])
def test_pattern_without_an_example_may_meet_every_rule(settings: Any, requirement: Any, *, is_protected: bool) -> None:
    settings.ORY_MFA_RULES = [("/x", requirement), ("/y", None)]

    (row,) = site(settings, path("x<nowhere:n>", page))

    assert row.is_protected is is_protected


@pytest.mark.usefixtures("policy")
def test_converter_that_breaks_may_meet_every_rule(settings: Any) -> None:
    settings.ORY_MFA_RULES = [("/x/1", None)]

    (row,) = site(settings, path("x/<broken:n>", page))

    assert not row.is_protected


@pytest.mark.usefixtures("policy")
def test_one_path_meets_one_rule(settings: Any) -> None:
    settings.ORY_MFA_RULES = [("/(?=b)", None), ("/a/", "aal1")]

    assert guards(settings, page) == [Guard("rule", Requirement("aal1"))]


# The command.


def report(*args: str) -> tuple[str, str, int]:
    out, err = StringIO(), StringIO()
    try:
        call_command("ory_mfa", "report", *args, stdout=out, stderr=err)
    except SystemExit as ended:
        return out.getvalue(), err.getvalue(), int(str(ended.code))
    return out.getvalue(), err.getvalue(), 0


@pytest.fixture
def small(settings: Any) -> None:
    """A site with a page of each kind."""
    site(
        settings,
        path("", page),
        path("guarded/", aal_required("aal2", max_age=600, methods={"webauthn", "totp"})(page), name="guarded"),
        path("callable/", aal_required(requirement=callable_requirement)(page)),
        path("odd/", Page.as_view(required_aal="aal9")),
        path("users/<str:name>/", page),
        path("account/", include("django_ory_mfa.urls")),
    )


TEXT = """\
PATH                ASKS FOR                                                                                            FROM          VIEW
/                   -                                                                                                   nothing asks  tests.views.page
/guarded/           aal2, at most 600 s ago, by totp or webauthn                                                        decorator     tests.views.page
/callable/          what tests.management.report.test_report.callable_requirement says                                                    decorator     tests.views.page
/odd/               an invalid requirement (aal must be one of aal1, aal2, highest_available, not 'aal9')               mixin         tests.views.Page
/users/<str:name>/  -                                                                                                   nothing asks  tests.views.page
/account/           -                                                                                                   own view      django_ory_mfa.views.settings
/account/login/     -                                                                                                   own view      django_ory_mfa.views.login
/account/step-up/   -                                                                                                   own view      django_ory_mfa.views.step_up
/account/done/      -                                                                                                   own view      django_ory_mfa.views.done
/account/logout/    -                                                                                                   own view      django_ory_mfa.views.logout

URL patterns: 10 in all: 3 behind a guard of this package, 2 without one, 5 of the package's own pages. Other guards, such as Django's own, are not examined.
"""  # noqa: E501 - as it is printed


FLATPAGES = "django.contrib.flatpages.middleware.FlatpageFallbackMiddleware"


def squeezed(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


@pytest.mark.usefixtures("small")
def test_report_as_text() -> None:
    out, err, code = report()

    assert squeezed(out) == squeezed(TEXT)
    assert (err, code) == ("", 0)


@pytest.mark.usefixtures("small", "policy")
def test_report_says_on_which_paths_a_rule_counts(settings: Any) -> None:
    settings.ORY_MFA_RULES = [("/users/a", None)]

    out, _, _ = report()

    (line,) = (line for line in out.splitlines() if line.startswith("/users/"))
    assert "aal2 on /users/1/, /users/42/ and nothing on /users/a1/, /users/a42/  " in line
    assert "site default and rule" in line


@pytest.mark.usefixtures("small", "policy")
def test_more_paths_than_two_are_left_out(settings: Any) -> None:
    settings.ORY_MFA_RULES = [("/users/a", "aal1"), ("/users/b", "aal1"), ("/users/c", None)]

    assert " and aal1 on /users/a1/, /users/a42/, ... and nothing on /users/c1/, /users/c42/  " in report()[0]


@pytest.mark.usefixtures("policy")
def test_long_path_does_not_make_the_other_rows_as_wide(settings: Any) -> None:
    long = "(?P<name>" + "|".join(["auth", "shop", "users", "sessions", "contenttypes"] * 9) + ")"
    site(settings, path("a/", page), re_path(f"^admin/{long}/$", page))
    settings.ORY_MFA_RULES = [("/admin/(?=x)", "aal2"), ("/admin/(?=y)", "aal1")]

    out, _, _ = report()

    first, short, wide = out.splitlines()[:3]
    assert (len(wide) > 300, max(len(first), len(short)) < 160) == (True, True)


OUTSIDE = ["tests.policy_middleware.SyncFallback", "whitenoise.middleware.WhiteNoiseMiddleware"]


@pytest.mark.usefixtures("small", "policy")
def test_report_lists_what_answers_outside_of_the_policy(settings: Any) -> None:
    settings.MIDDLEWARE = [FLATPAGES, *OUTSIDE, *settings.MIDDLEWARE]

    text, found = report()[0], json.loads(report("--json")[0])

    assert text.endswith(
        "\n\nNot guarded by the policy, because it comes before AALRequiredMiddleware:\n"
        f"  {FLATPAGES}: flat pages\n"
        f"  {OUTSIDE[1]}: public static files\n"
    )
    assert found["outside_policy"] == [
        {"middleware": FLATPAGES, "answers_with": "flat pages"},
        {"middleware": OUTSIDE[1], "answers_with": "public static files"},
    ]


@pytest.mark.usefixtures("small", "policy")
def test_report_says_nothing_of_middleware_inside_of_the_policy(settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, FLATPAGES]

    assert ("Outside" in report()[0], json.loads(report("--json")[0])["outside_policy"]) == (False, [])


@pytest.mark.usefixtures("small")
def test_report_as_json() -> None:
    out, _, code = report("--json")

    views = {view["path"]: view for view in json.loads(out)["views"]}
    assert code == 0
    assert views["/guarded/"] == {
        "path": "/guarded/",
        "examples": ["/guarded/"],
        "name": "guarded",
        "view": "tests.views.page",
        "protected": True,
        "guards": [
            {
                "from": "decorator",
                "aal": "aal2",
                "max_age": 600.0,
                "methods": ["totp", "webauthn"],
                "decided_by": None,
                "error": None,
                "paths": [],
            }
        ],
    }
    assert views["/"]["guards"][0] == {
        "from": "nothing asks",
        "aal": None,
        "max_age": None,
        "methods": None,
        "decided_by": None,
        "error": None,
        "paths": [],
    }


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("patterns", [["/guarded/"], ["/account/", "/callable/"], ["/odd"]])
def test_protected_paths_are_no_failure(patterns: list[str]) -> None:
    _, err, code = report(*(f"--fail-on-unprotected={pattern}" for pattern in patterns))

    assert (err, code) == ("", 0)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("/$", "Unprotected: / (tests.views.page): nothing asks\n"),
        ("/users/<", "Unprotected: /users/<str:name>/ (tests.views.page): nothing asks\n"),
        ("/users/42/$", "Unprotected: /users/<str:name>/ (tests.views.page): nothing asks\n"),
        ("/nowhere/", "No path begins with '/nowhere/'.\n"),
    ],
)
def test_unprotected_path_is_a_failure(pattern: str, complaint: str) -> None:
    _, err, code = report("--fail-on-unprotected", pattern)

    assert (err, code) == (complaint, 1)


@pytest.mark.usefixtures("small")
def test_pattern_that_is_no_regex_is_refused() -> None:
    with pytest.raises(CommandError, match="not a valid regex") as refusal:
        call_command("ory_mfa", "report", "--fail-on-unprotected", "(")

    assert refusal.value.returncode == 2


@pytest.mark.usefixtures("small", "policy")
def test_rules_that_make_no_sense_end_it_with_their_message(settings: Any) -> None:
    settings.ORY_MFA_RULES = "x"

    with pytest.raises(CommandError, match="ORY_MFA_RULES must be a list") as refusal:
        call_command("ory_mfa", "report")

    assert refusal.value.returncode == 1


def test_nothing_is_asked_of_ory(ory: Any) -> None:
    report("--json")

    assert ory.calls == []
