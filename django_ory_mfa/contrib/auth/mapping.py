"""Find the Django user of an Ory identity; create, link or synchronise it if necessary."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import IntegrityError, OperationalError, connections, router, transaction
from django.db.models import Exists, Model, OuterRef
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from django_ory_mfa.conf import conf
from django_ory_mfa.contrib.auth.admission import is_admitted
from django_ory_mfa.contrib.auth.digest import digest_of, is_no_newer, is_older, is_other
from django_ory_mfa.contrib.auth.errors import UserConflict
from django_ory_mfa.contrib.auth.lookup import Link, find_link
from django_ory_mfa.contrib.auth.models import OryIdentity
from django_ory_mfa.contrib.auth.primary_key import change, without_key
from django_ory_mfa.contrib.auth.signals import user_created, user_refused, user_synced
from django_ory_mfa.contrib.auth.storing import save
from django_ory_mfa.contrib.auth.sync import UserSync
from django_ory_mfa.runtime.clock import monotonic
from django_ory_mfa.session.request_state import state_of

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.dispatch import Signal
    from django.http import HttpRequest

    from django_ory_mfa.core.session import Identity

RIGHTS = ("is_staff", "is_superuser")
# serialization_failure and deadlock_detected: PostgreSQL asks to repeat the transaction.
REPEATABLE = {"40001", "40P01"}
REPETITIONS = 5
# Longer than an answer of Ory that is copied is on its way to the database.
LONGEST_WAY = timedelta(minutes=1)


def find_user(request: HttpRequest, identity: Identity) -> AbstractBaseUser | None:
    """Return the user of ``identity``, the person of the Ory session of ``request``; None if there can be none.

    Creates, links and synchronises the user if necessary. Raises ``UserConflict``.
    """
    identity_id = _uuid_of(identity)
    return None if identity_id is None else Mapping(request, identity, identity_id).user()


def refuse(request: HttpRequest, identity: Identity, reason: str) -> None:
    """Send ``user_refused``, because a person who is signed in gets no user."""
    user_refused.send_robust(OryIdentity, request=request, identity=identity, reason=reason)


class Mapping:
    """Maps ``identity``, whose id is ``identity_id``, to its user.

    Each transaction begins with a write, because SQLite lets only one of two transactions write that have both read.
    """

    def __init__(self, request: HttpRequest, identity: Identity, identity_id: UUID) -> None:
        self._request = request
        self._identity = identity
        self._key: dict[str, Any] = {"project": conf.project, "identity_id": identity_id}
        self._digest = digest_of(identity)

    @cached_property
    def _database(self) -> str:
        return router.db_for_write(OryIdentity)

    def user(self) -> AbstractBaseUser | None:
        """Return the user: one query, and more only for a new person or changed data.

        At strict isolation levels the database lets only one of several requests write; the others try again.
        """
        for _ in range(REPETITIONS):
            try:
                return self._user()
            except OperationalError as error:
                if not self._may_repeat(error):
                    raise
        return self._user()

    def _may_repeat(self, error: OperationalError) -> bool:
        # psycopg names it sqlstate, psycopg2 pgcode. A transaction of the site can only be repeated by the site.
        codes = {getattr(error.__cause__, name, None) for name in ("sqlstate", "pgcode")}
        return not codes.isdisjoint(REPEATABLE) and not connections[self._database].in_atomic_block

    def _user(self) -> AbstractBaseUser | None:
        link = find_link(**self._key)
        if link is None:
            return self._enter()
        return self._renew(link) if self._is_due(link) else link.user

    def _is_due(self, link: Link) -> bool:
        if not is_other(self._digest, link.digest):
            return False
        # Some databases of Ory keep seconds only: of two changes in one, it is not known which came first.
        if is_no_newer(self._digest, link.digest) and self._may_be_stale():
            return False
        # Nothing is written to a user who is refused, such as one whose data were deleted here.
        return is_admitted(link.user)

    def _may_be_stale(self) -> bool:
        # SECURITY: an older answer from a cache must not restore what a newer one has removed, such as a right. Neither
        # must one that has waited, as for the body of the request, whose end the visitor chooses.
        state = state_of(self._request)
        return state.is_possibly_stale or monotonic() - state.arrived_at > LONGEST_WAY.total_seconds() / 2

    def _enter(self) -> AbstractBaseUser | None:
        sync = _user_sync()
        user = sync.existing(self._identity)
        if user is None and not sync.may_create(self._identity):
            # Another request for the same person may have linked the user meanwhile.
            if link := find_link(**self._key, using=self._database):
                return link.user
            refuse(self._request, self._identity, "not_linked")
            return None
        # SECURITY: a database error quotes e-mail addresses, so it is not chained to what is raised here.
        with suppress(IntegrityError), transaction.atomic(using=self._database):
            return self._create(sync) if user is None else self._adopt(sync, user)
        # Another request for the same person was faster, or the person cannot have a user.
        link = find_link(**self._key, using=self._database)
        if link is None:
            raise UserConflict
        return link.user

    def _create(self, sync: UserSync) -> AbstractBaseUser:
        user, names = self._new_user(sync)
        # SECURITY: never over a row that is here, neither of users nor of a model that theirs inherits from.
        save(user, names, using=self._database, force_insert=(Model,))
        self._link_to(user, digest=self._digest, synced_at=Now())
        self._finish(sync, user, created=True)
        self._tell(user_created, user)
        return user

    def _new_user(self, sync: UserSync) -> tuple[AbstractBaseUser, set[str]]:
        user_model = get_user_model()
        name_field = user_model.USERNAME_FIELD
        values = self._values(sync, {name_field: sync.username(self._identity)})
        if not values[name_field]:
            raise UserConflict("email_unverified" if name_field == user_model.get_email_field_name() else "conflict")
        user = user_model(**values)
        user.set_unusable_password()
        return user, set(values)

    def _adopt(self, sync: UserSync, user: AbstractBaseUser) -> AbstractBaseUser:
        if not is_admitted(user):
            # Copied once the user is enabled again.
            self._link_to(user)
            return user
        self._link_to(user, digest=self._digest, synced_at=Now())
        self._update(sync, user)
        return user

    def _link_to(self, user: Any, **values: Any) -> None:
        OryIdentity.objects.using(self._database).create(user=user, **self._key, **values)

    def _renew(self, link: Link) -> AbstractBaseUser | None:
        for _ in range(REPETITIONS):
            if self._is_copied(link):
                return link.user
            # Another request was faster. What it copied may be older than what this one knows.
            found = find_link(**self._key, using=self._database)
            if found is None or found.digest == link.digest or not self._is_due(found):
                return None if found is None else found.user
            link = found
        return link.user

    def _is_copied(self, link: Link) -> bool:
        """Copy the data to the user of ``link``; False if another request did meanwhile."""
        sync = _user_sync()
        with suppress(IntegrityError), transaction.atomic(using=self._database):
            # The request that changes the digest copies the data. A concurrent one waits here and finds it changed.
            same = OryIdentity.objects.using(self._database).filter(pk=link.pk, digest=link.digest)
            if is_older(self._digest, link.digest):
                # SECURITY: it may have waited on the way while a newer one was copied. Long after that, it is the clock
                # of Ory that went back.
                same = same.filter(synced_at__lt=Now() - LONGEST_WAY)
            is_first = bool(same.update(digest=self._digest, synced_at=Now()))
            if is_first:
                self._update(sync, link.user)
            return is_first
        raise UserConflict

    def _update(self, sync: UserSync, user: Any) -> None:
        values = without_key(self._values(sync, {}), user)
        if user.get_email_field_name() != user.USERNAME_FIELD:
            values.pop(user.USERNAME_FIELD, None)
        changed = change(user, values)
        if changed:
            save(user, changed, using=self._database, update_fields=changed)
        self._finish(sync, user, created=False)
        self._tell(user_synced, user)

    def _values(self, sync: UserSync, first: dict[str, Any]) -> dict[str, Any]:
        values = first | sync.fields(self._identity) | self._rights(sync)
        model = get_user_model()
        # SECURITY: not an address, which could become one that Ory has not verified.
        if model.USERNAME_FIELD in values and model.get_email_field_name() != model.USERNAME_FIELD:
            # As Django's own managers do: two names that look the same are the same.
            values[model.USERNAME_FIELD] = model.normalize_username(values[model.USERNAME_FIELD])
        return values

    def _rights(self, sync: UserSync) -> dict[str, bool]:
        said = {name: getattr(sync, name)(self._identity) for name in RIGHTS}
        # SECURITY: only True gives a right, and no other true value.
        return {name: value is True for name, value in said.items() if value is not None}

    def _finish(self, sync: UserSync, user: AbstractBaseUser, *, created: bool) -> None:
        if sync.managed_groups:
            self._set_groups(user, set(sync.managed_groups), _names(sync.groups(self._identity)))
        sync.update_user(user, self._identity, created=created)

    def _set_groups(self, user: Any, managed: set[str], wanted: set[str]) -> None:
        mine = Exists(user.groups.filter(pk=OuterRef("pk")))
        groups = user.groups.model._base_manager.using(self._database).filter(name__in=managed).annotate(is_in=mine)
        known = list(groups.values_list("pk", "name", "is_in"))
        if missing := [pk for pk, name, is_in in known if name in wanted and not is_in]:
            user.groups.add(*missing)
        if left := [pk for pk, name, is_in in known if name not in wanted and is_in]:
            user.groups.remove(*left)

    def _tell(self, signal: Signal, user: AbstractBaseUser) -> None:
        told = partial(signal.send_robust, OryIdentity, request=self._request, user=user, identity=self._identity)
        transaction.on_commit(told, using=self._database)


def _uuid_of(identity: Identity) -> UUID | None:
    with suppress(ValueError):
        identity_id = UUID(identity.id)
        # SECURITY: only the canonical spelling, so that no identity has two ids.
        return identity_id if str(identity_id) == identity.id else None
    return None


def _user_sync() -> UserSync:
    path = conf.user_sync
    sync: UserSync = UserSync() if path is None else import_string(path)()
    return sync


def _names(groups: object) -> set[str]:
    # SECURITY: iterating a str or a dict would give letters or keys, which are no names of groups.
    if isinstance(groups, (str, bytes, dict)) or not isinstance(groups, Iterable):
        return set()
    return {name for name in groups if isinstance(name, str)}
