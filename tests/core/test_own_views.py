"""The mark by which the policy of a site tells the package's own views from all others."""

from __future__ import annotations

from functools import partial, wraps
from typing import Any

import pytest

from django_ory_mfa.core.own_views import MARK, is_own_view, own_view


def view(request: Any) -> str:
    return "page"


def marked() -> Any:
    @own_view
    def own(request: Any) -> str:
        return "own"

    return own


def test_view_is_marked_and_stays_what_it_is() -> None:
    own = marked()

    assert is_own_view(own)
    assert own(None) == "own"


def test_view_of_the_site_is_not_marked() -> None:
    assert is_own_view(view) is False


def test_wrapper_is_marked_like_the_view_in_it() -> None:
    own = marked()

    @wraps(own)
    def wrapper(request: Any) -> Any:
        return own(request)

    assert is_own_view(wrapper)
    assert not is_own_view(partial(own))


@pytest.mark.parametrize("value", [1, "yes", None, False])
def test_mark_that_is_not_true_is_none(value: object) -> None:
    def other(request: Any) -> None: ...

    setattr(other, MARK, value)

    assert is_own_view(other) is False


def test_mark_is_an_attribute_that_no_site_would_use_by_accident() -> None:
    assert getattr(marked(), "ory_mfa_own_view") is True  # noqa: B009 - the name is what is tested
