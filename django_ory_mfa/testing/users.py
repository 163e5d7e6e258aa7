"""Django users for the people of a fake Ory; only for sites with ``django_ory_mfa.contrib.auth``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from django_ory_mfa.conf import conf
from django_ory_mfa.contrib.auth.digest import digest_of
from django_ory_mfa.contrib.auth.middleware import OryUserMiddleware
from django_ory_mfa.contrib.auth.models import OryIdentity
from django_ory_mfa.core.whoami import read_part
from django_ory_mfa.testing._bodies import identity_body
from django_ory_mfa.testing._identity import FakeIdentity
from django_ory_mfa.testing._people import FakePeople


def identity_of(
    ory: FakePeople, user: Any, *, email: str | None = None, traits: Mapping[str, object] | None = None
) -> FakeIdentity:
    """Return the identity of ``user``; make it, and its link, if missing.

    ``email`` and ``traits`` are what Ory says from now on, and are copied at the next request. Without them the user
    stays as the test has made it.
    """
    link = OryIdentity.objects.filter(user=user, project=conf.project).first()
    known = ory.identity_by_id(str(link.identity_id)) if link is not None else None
    identity = known or ory.add_identity(email=_email_of(user), traits={})
    if email is not None:
        identity.email = email
    identity.traits |= ({} if email is None else {"email": email}) | dict(traits or {})
    if link is not None:
        identity.id = str(link.identity_id)
    else:
        is_as_said = email is None and traits is None
        digest = digest_of(read_part({"identity": identity_body(ory, identity)}, "identity")) if is_as_said else ""
        OryIdentity.objects.create(project=conf.project, identity_id=identity.id, user=user, digest=digest)
    return identity


def attach_user(request: HttpRequest) -> None:
    """Attach ``request.user`` as the ``OryUserMiddleware`` of the site does, if the site has it."""
    for path in settings.MIDDLEWARE:
        middleware = import_string(path)
        if isinstance(middleware, type) and issubclass(middleware, OryUserMiddleware):
            middleware(lambda _: HttpResponse()).process_request(request)


def _email_of(user: Any) -> str | None:
    return getattr(user, user.get_email_field_name(), None) or None
