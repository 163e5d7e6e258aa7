"""Bind a Django session to the first person who uses it, and empty it for every other person.

SECURITY: Ory's session and Django's are two cookies, and one can change to another person without the other. What a
site keeps in the Django session for one person must not be shown to the next, however the next one signed in.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.middleware.csrf import CSRF_SESSION_KEY, rotate_token

from django_ory_mfa.core.session import ANONYMOUS, OrySession
from django_ory_mfa.request.visitor import django_session_of, hashes_of_person
from django_ory_mfa.roundtrip.hops import has_hops, person_before
from django_ory_mfa.runtime.steps import Steps
from django_ory_mfa.session.django_session import Ending, Reading, end_earlier_forms
from django_ory_mfa.session.owned_session import KeyAccess, key_access, owned
from django_ory_mfa.signals import Sending, identity_switched

if TYPE_CHECKING:
    from django.http import HttpRequest

# The key in the Django session that holds the keyed hash of its owner.
MARK = "_ory_mfa_person"
# A sign-in of Django's is dropped as a whole: everybody's names the same backend.
OF_USER = (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY)
# The previous owner that the signal reports for a session that no Ory person has used.
NO_PERSON = ""
# The owner whose session this code loads in an event loop.
_loading: ContextVar[SessionOwner | None] = ContextVar("ory_mfa_loading", default=None)
# The event loop keeps only weak references to its tasks.
_tasks: set[asyncio.Task[None]] = set()


class UserOfPerson(Protocol):
    """The Django user of the person of a request, on sites that map identities to users."""

    def is_user(self, key: str) -> bool:
        """Whether it is the user with this primary key, as Django's sessions spell it; asked in blocking code."""

    async def ais_user(self, key: str) -> bool:
        """``is_user``, asked in an event loop."""


class SessionOwner:
    """Binds the Django session of one request to the person of its Ory session.

    Once that person is known, the session's load and save methods are wrapped: the owner is checked after loading and
    marked before saving, and the key is revealed after loading. Requests that do none of this have no extra cost.
    """

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._ory_session = ANONYMOUS
        self._session: Any = None
        self._originals: dict[str, Any] = {}
        self._key_of_browser: str | None = None
        self._sent_away: str | None = None
        self._is_taken_over = False
        # The class of the session cannot hide the key, so the session has to be loaded at once.
        self._must_load = False
        self._unsent: Sending | None = None
        # Loaded data whose owner is not decided yet.
        self._held: dict[str, Any] | None = None
        # What receivers of the signal have written into the emptied session.
        self._of_receivers: dict[str, Any] = {}
        # What code of the site may have read of the other person's session.
        self._shown: dict[str, Any] = {}
        self._is_discarding = False
        self.has_switched = False
        # Whether code of the site may have read the session of another person before it was emptied.
        self.was_shown = False

    @property
    def _user(self) -> UserOfPerson | None:
        # contrib.auth attaches it.
        return getattr(self._request, "_ory_mfa_user", None)

    @property
    def is_current(self) -> bool:
        """Whether the request still has the Django session that was claimed last."""
        return getattr(self._request, "session", None) is self._session

    def claim_steps(self, ory_session: OrySession) -> Steps[None]:
        """Bind the Django session to the person of ``ory_session``; empty it if it belongs to somebody else."""
        self._ory_session = ory_session
        session = getattr(self._request, "session", None)
        # The identity is not read here: that would parse the rest of every cached session.
        if not ory_session or not isinstance(session, SessionBase):
            return
        if has_hops(self._request):
            self._sent_away = person_before(self._request, hashes_of_person(ory_session))
        if not self.is_current:
            self._hook(session)
        if self._must_load:
            yield Reading(session)
        # It may have been loaded before the person was known.
        data = getattr(session, "_session_cache", None)
        if data is None or not self._is_kept(data):
            return
        if self._is_of_user(data):
            self._hold(data)
            return
        previous = self._compare(data, self._sent_away)
        if previous is not None:
            self._note_shown(data)
            self._forget_csrf_secret(data)
            yield Ending(self._request)
            yield self._switch_signal(previous)
            self._emptied()

    def was_shown_steps(self) -> Steps[bool]:
        """Return ``was_shown``, after a check that was postponed."""
        if self._held is not None:
            yield Reading(self._session)
        return self.was_shown

    def _note_shown(self, data: dict[str, Any]) -> None:
        # Without a cookie it was made in this request.
        if django_session_of(self._request):
            self.was_shown, self._shown = True, dict(data)

    def discard(self) -> None:
        """Save nothing of what code of the site writes in this request, but what receivers of the signal have written.

        SECURITY: a middleware may write back what it has read at the start, which is that of the other person.
        """
        self._is_discarding = True

    def return_steps(self) -> Steps[None]:
        """Load the Django session now if somebody else was sent to Ory with it, so that the view finds it empty."""
        if self._sent_away is not None:
            yield Reading(self._session)

    def _hook(self, session: Any) -> None:
        self._session, self._key_of_browser, self._is_taken_over = session, session.session_key, False
        self._held = None
        session._ory_mfa_admit = self._admit
        self._must_load = not _hide_key(session)
        hooks = {"load": self._load, "aload": self._aload, "save": self._save, "asave": self._asave}
        self._originals = {name: getattr(session, name) for name in hooks}
        for name, hook in hooks.items():
            setattr(session, name, hook)

    def _compare(self, data: dict[str, Any], owner: str | None = None) -> str | None:
        """Return the other person who owns ``data``, or None; data without an owner is marked.

        ``owner`` is the other person who was sent to Ory with this session, if there was one.
        """
        names = hashes_of_person(self._ory_session)
        if not names:
            return None
        if MARK in data and data[MARK] not in names:
            return str(data[MARK])
        if MARK not in data and owner is not None:
            return owner
        if data.get(MARK) != names[0]:
            self._is_taken_over = MARK not in data
            data[MARK], self._session.modified = names[0], True
        return None

    def _is_kept(self, data: dict[str, Any]) -> bool:
        """Whether the session holds ``data``, or something elsewhere may be kept under its key."""
        return bool(data) or self._session._session_key is not None

    def _is_of_user(self, data: dict[str, Any]) -> bool:
        """Whether ``data`` has no owner yet but a Django user, who may or may not be the person of the request.

        False on sites that do not map persons to users, where Django's sign-in has nothing to do with Ory's.
        """
        return SESSION_KEY in data and MARK not in data and self._user is not None

    def _hold(self, data: dict[str, Any]) -> None:
        """Postpone the check of ``data`` until it is used, because it needs the Django user of the person."""
        self._forget_csrf_secret(data)
        self._held = data
        del self._session._session_cache

    def _load(self) -> Any:
        if _loading.get() is self:
            # The original aload() calls load(), as in some session stores. _aload() does the check.
            return self._originals["load"]()
        data = self._originals["load"]() if self._held is None else self._held
        user = self._user
        with key_access(KeyAccess.HIDDEN):
            is_theirs = user is None or not self._is_of_user(data) or user.is_user(data[SESSION_KEY])
        previous = self._decide(data, is_theirs=is_theirs)
        if previous is None:
            return data
        self._session.flush()
        self._send(self._switch_signal(previous))
        return self._emptied()

    async def _aload(self) -> Any:
        data = await self._aload_original() if self._held is None else self._held
        user = self._user
        with key_access(KeyAccess.HIDDEN):
            is_theirs = user is None or not self._is_of_user(data) or await user.ais_user(data[SESSION_KEY])
        previous = self._decide(data, is_theirs=is_theirs)
        if previous is not None:
            await self._session.aflush()
            self._unsent = self._switch_signal(previous)
        await self._send_unsent()
        return data if previous is None else self._emptied()

    def _emptied(self) -> dict[str, Any]:
        """Return what a receiver of the signal has written into the emptied session, marked."""
        data: dict[str, Any] = self._session._session_cache
        if data:
            self._compare(data)
        self._of_receivers = dict(data)
        return data

    async def _aload_original(self) -> Any:
        before = _loading.set(self)
        try:
            return await self._originals["aload"]()
        finally:
            _loading.reset(before)

    def _admit(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return ``data``, or an empty dict and leave its key if a load that nothing has checked found somebody else's.

        That is a load which began before the person was known. Nothing can be awaited here, so the stored session
        stays for its owner, and a Django user in it is not looked up.
        """
        if not data or data.get(MARK) in hashes_of_person(self._ory_session):
            return data
        previous = NO_PERSON if self._is_of_user(data) else self._compare(data, self._sent_away)
        if previous is None:
            return data
        self._forget_csrf_secret(data)
        self._session._session_key = None
        self._send(self._switch_signal(previous))
        return {}

    def _decide(self, data: dict[str, Any], *, is_theirs: bool) -> str | None:
        """``_compare`` for data that was loaded; ``is_theirs``: the Django user in it, if any, is the person's."""
        was_held, self._held = self._held is not None, None
        if not self._is_kept(data):
            return None
        previous = self._compare(data, self._sent_away) if is_theirs else NO_PERSON
        if previous is not None and was_held:
            self._note_shown(data)
        elif previous is not None:
            self._forget_csrf_secret(data)
        return previous

    def _save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's signature
        if not must_create:
            # Load first: the original may read the session key before it loads, and loading may change the key.
            self._session.keys()
        self._mark()
        with key_access(KeyAccess.RAW):
            self._originals["save"](must_create=must_create)

    async def _asave(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's signature
        if not must_create:
            await self._session.akeys()
        self._mark()
        with key_access(KeyAccess.RAW):
            await self._originals["asave"](must_create=must_create)

    def _mark(self) -> None:
        session = self._session
        # Not loaded: a new session is saved before anybody has read it.
        data = session._get_session(no_load=True)
        if self._is_discarding:
            data.clear()
            data.update(self._of_receivers)
        self._drop_shown(data)
        self._compare(data)
        if self._is_taken_over and session.session_key == self._key_of_browser:
            # SECURITY: session fixation. Somebody who knows the old key, or planted it in this browser, must not share
            # the session from now on. The old one stays for requests in flight; it holds nothing of this person.
            session._session_key = None
            self._is_taken_over = False

    def _drop_shown(self, data: dict[str, Any]) -> None:
        """Drop what code of the site has written back of the other person's session, where no guard stops it."""
        same = {name for name, value in data.items() if name in self._shown and value == self._shown[name]}
        if SESSION_KEY not in same:
            same.difference_update(OF_USER)
        for name in same.difference(self._of_receivers):
            del data[name]

    def _forget_csrf_secret(self, data: dict[str, Any]) -> None:
        """With ``CSRF_USE_SESSIONS`` the secret ends with the session; the next form gets a new one."""
        if CSRF_SESSION_KEY not in data:
            return
        if self._request.META.get("CSRF_COOKIE_NEEDS_UPDATE"):
            # Django's middleware is going to write a secret when the response leaves.
            rotate_token(self._request)
        else:
            self._request.META.pop("CSRF_COOKIE", None)

    def _switch_signal(self, previous: str) -> Sending:
        self.has_switched = True
        end_earlier_forms(self._request)
        return Sending(identity_switched, request=self._request, session=self._ory_session, previous=previous)

    def _send(self, signal: Sending) -> None:
        if not _is_in_event_loop():
            signal.run()
            return
        # Blocking session code inside an event loop, as with stores that do no I/O. The signal is sent by a task, since
        # a receiver may be a coroutine function.
        self._unsent = signal
        task = asyncio.ensure_future(self._send_unsent())
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)

    async def _send_unsent(self) -> None:
        signal, self._unsent = self._unsent, None
        if signal is not None:
            await signal.arun()


def _hide_key(session: Any) -> bool:
    """Let ``session`` reveal its key only after loading; return False if its class does not allow that."""
    # They differ for a proxy, such as SimpleLazyObject.
    if type(session) is not session.__class__:
        return False
    try:
        store: type[SessionBase] = type(session)
        session.__class__ = owned(store)
    except TypeError:
        return False
    return True


def _is_in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
