"""What the page that ends a loop tells a developer of the cookies that came."""

from __future__ import annotations

import re
from typing import Any

from django_ory_mfa.testing import FakeOry
from tests.site import Site


def test_page_names_twenty_cookies_and_the_beginning_of_each(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.DEBUG = True
    for _ in range(3):
        assert site.get("aal1").status_code == 302
    hops = f"ory_mfa_hops={site.cookies['ory_mfa_hops'].value}"
    cookies = [hops, *(f"n{number}{'x' * 100}=secret" for number in range(10, 50))]

    response = site.get("aal1", headers={"Cookie": "; ".join(cookies)})

    text = response.content.decode()
    assert response.status_code == 403
    assert list(dict.fromkeys(re.findall(r"\bn\d+x+", text))) == [f"n{number}{'x' * 57}" for number in range(10, 30)]
    assert "secret" not in text
