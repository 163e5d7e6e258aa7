"""Read what a view declares, and turn it into the requirement for one request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction
from django.core.exceptions import ImproperlyConfigured

from django_ory_mfa.conf import conf
from django_ory_mfa.core.requirement import LEVELS, Requirement, RequirementCallable
from django_ory_mfa.runtime.steps import Hook, Steps, wait_for
from django_ory_mfa.session.request_state import state_of
from django_ory_mfa.session.resolver import session_steps

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

MaxAge = float | timedelta
# A dotted name, because this module may not import from the rooms above it.
MIXIN = "django_ory_mfa.mixins.AALRequiredMixin"


@dataclass(frozen=True, slots=True)
class Configured:
    """A requirement that is read from the settings at each request, with what the view adds to it.

    ``name`` is a key of ``ORY_MFA_POLICIES``; if it is None, ``ORY_MFA_AAL`` applies.
    """

    name: str | None = None
    max_age: MaxAge | None = None
    methods: frozenset[str] | None = None

    def requirement(self) -> Requirement:
        """Return the requirement as configured now; raises ``ImproperlyConfigured`` if settings and view contradict."""
        name = conf.aal if self.name is None else self.name
        try:
            asked = conf.requirement(name)
            if self.max_age is None and self.methods is None:
                return asked
            added = Requirement("aal2", self.max_age, self.methods)
            ages = [age for age in (asked.max_age, added.max_age) if age is not None]
            methods = [methods for methods in (asked.methods, added.methods) if methods is not None]
            # SECURITY: a view can only make the policy stricter.
            return Requirement(
                asked.aal, min(ages, default=None), frozenset.intersection(*methods) if methods else None
            )
        except ValueError as error:
            setting = "ORY_MFA_AAL = " if self.name is None else ""
            message = f"A view cannot be guarded with {setting}{name!r}: {error}"
            raise ImproperlyConfigured(message) from error


Declared = Requirement | Configured | RequirementCallable


def declare(
    aal: str | None = None,
    *,
    max_age: MaxAge | None = None,
    methods: Iterable[str] | None = None,
    requirement: Requirement | str | RequirementCallable | None = None,
) -> Declared:
    """Return the declaration that the arguments of a guard stand for, checked when the guard is applied.

    Raises ``ValueError`` or ``TypeError`` as ``Requirement`` does, and ``TypeError`` if ``requirement`` is combined
    with another argument.
    """
    is_bare = aal is None and max_age is None and methods is None
    if requirement is not None:
        if not is_bare:
            raise TypeError("requirement= replaces aal, max_age and methods: it cannot be combined with them")
        return declare(requirement) if isinstance(requirement, str) else requirement
    if is_bare:
        return Configured()
    is_name = isinstance(aal, str) and aal not in LEVELS
    if is_name:
        # Invalid or missing settings are reported by the checks, and make every request fail.
        with suppress(ImproperlyConfigured):
            conf.requirement(str(aal))
    if aal is None or is_name:
        checked = Requirement("aal2", max_age, methods)
        return Configured(aal, checked.max_age, checked.methods)
    return Requirement(aal, max_age, methods)


def declare_value(value: Any) -> Declared:
    """Return the declaration of what a site says in an attribute.

    Raises what ``declare`` raises, and ``TypeError`` for None.
    """
    if value is None:
        # SECURITY: for declare() that is what ORY_MFA_AAL says, which may be less than the site is thought to ask for.
        raise TypeError("a requirement is a level, the name of a policy or a Requirement, not None")
    return declare(requirement=value)


def wants_proof(declared: Declared) -> bool:
    """Whether ``declared`` requires a proof of a certain age or method, as far as that is known without a request.

    Raises ``ImproperlyConfigured`` as ``Configured.requirement`` does.
    """
    requirement = _requirement_of(declared) if isinstance(declared, (Requirement, Configured)) else None
    return requirement is not None and requirement.wants_proof


def declarations_in(permission: Any) -> list[Declared]:
    """Return what a permission of Django REST framework asks for: an ``AALPermission``, or those that it is made of."""
    declared: Declared | None = getattr(permission, "ory_mfa_requirement", None)
    if declared is not None:
        return [declared]
    return [asked for part in parts_of(permission) for asked in declarations_in(part)]


def parts_of(permission: Any) -> list[Any]:
    """Return the permissions that ``permission`` combines by ``&``, ``|`` or ``~``; none for any other."""
    parts = [getattr(permission, "op1_class", None), getattr(permission, "op2_class", None)]
    return [part for part in parts if part is not None]


def keys_for(view_class: Any, given: Iterable[Any], name: str) -> list[Any]:
    """Return the keys of ``given``, an ``ory_mfa_requirements``, that hold for the action or HTTP method ``name``.

    An action without a key of its own has those of the actions whose code it runs: ``update`` for ``partial_update``
    and so on, the action that it extends by ``@action.mapping``, and the one whose function it is under another name.
    """
    # SECURITY: otherwise PATCH would change what PUT may not.
    return [name] if name in given else [key for key in given if _runs_code_of(view_class, name, key)]


def _runs_code_of(view_class: Any, name: str, key: Any) -> bool:
    function = getattr(view_class, key, None) if isinstance(key, str) else None
    mapping = getattr(function, "mapping", None)
    is_extended = isinstance(mapping, dict) and name in mapping.values()
    runs = getattr(view_class, name, None)
    is_same = runs is not None and any(vars(base).get(key) is runs for base in view_class.__mro__)
    return is_extended or is_same or key == name.removeprefix("partial_")


def declared_by(view: Any) -> tuple[Declared, ...]:
    """Return what ``view`` declares: by a decorator, and by ``required_aal`` of its class.

    A request has to meet all of it. Raises what ``declare`` raises.
    """
    decorated: Declared | None = _mark_of(view, "ory_mfa_requirement")
    found = () if decorated is None else (decorated,)
    if class_of(view) is None:
        return found
    aal, max_age, methods = of_class(view)
    return found if aal is None else (*found, declare(aal, max_age=max_age, methods=methods))


def methods_of(view: Any) -> frozenset[str]:
    """Return the methods that ``view`` accepts, as far as that is known without a request; empty if it takes any.

    Raises what ``declared_by`` raises, and ``ImproperlyConfigured`` as ``Configured.requirement`` does.
    """
    asked = (each for each in declared_by(view) if isinstance(each, (Requirement, Configured)))
    requirements = (_requirement_of(each) for each in asked)
    wanted = [each.methods for each in requirements if each is not None and each.methods is not None]
    return frozenset.intersection(*wanted) if wanted else frozenset()


def _mark_of(view: Any, name: str) -> Any:
    """Return what a decorator or an admin site left on ``view`` under ``name``; None if there is nothing."""
    mark = getattr(view, name, None)
    # SECURITY: an object may answer to any attribute name, for example one that forwards to remote procedures.
    return None if mark is None or hasattr(view, "ory_mfa_no_such_mark") else mark


def admin_site_of(view: Any) -> Any:
    """Return the admin site whose view this is, as Django marks it; None for any other view."""
    return _mark_of(view, "admin_site") or getattr(_mark_of(view, "model_admin"), "admin_site", None)


def finish_refusal(view: Any, request: HttpRequest, refusal: HttpResponseBase | None) -> HttpResponseBase | None:
    """Return ``refusal`` of ``view``, which no admin site has seen, with the headers that its admin site sets."""
    finish: Callable[..., HttpResponseBase] | None = getattr(admin_site_of(view), "ory_mfa_finish_refusal", None)
    return refusal if refusal is None or finish is None else finish(request, refusal)


def is_exempt(view: Any) -> bool:
    """Whether ``aal_exempt`` exempts ``view``, and no class closer to the view declares a requirement."""
    mark = _mark_of(view, "ory_mfa_exempt")
    return mark is not None and not _is_behind_declaration(view, mark)


def class_of(view: Any) -> type | None:
    """Return the class of a class-based view of Django or Django REST framework; None for any other view."""
    found = getattr(view, "view_class", None) or getattr(view, "cls", None)
    return found if isinstance(found, type) else None


def mixin_of(view_class: type | None) -> Any:
    """Return ``AALRequiredMixin`` if ``view_class`` has it, else None."""
    bases = getattr(view_class, "__mro__", ())
    return next((base for base in bases if f"{base.__module__}.{base.__qualname__}" == MIXIN), None)


def notes_missing_page(view: Any) -> bool:
    """Whether to note that ``view`` has no page: if a guard wraps it, not if its class merely declares a level."""
    return hasattr(view, "ory_mfa_requirement") or mixin_of(class_of(view)) is not None


def of_class(view: Any) -> tuple[Any, Any, Any]:
    """Return ``required_aal``, ``max_age`` and ``methods`` from the ``as_view()`` call of ``view`` or its class."""
    given, view_class = _given(view), class_of(view)
    aal, max_age, methods = (
        given.get(name, getattr(view_class, name, None)) for name in ("required_aal", "max_age", "methods")
    )
    return aal, max_age, methods


def _given(view: Any) -> dict[str, Any]:
    """Return the arguments of ``as_view()``; with a router of Django REST framework, those of the action."""
    given: dict[str, Any] = getattr(view, "view_initkwargs", None) or getattr(view, "initkwargs", None) or {}
    return given


def _is_behind_declaration(view: Any, mark: object) -> bool:
    """Whether a class that sets ``required_aal`` overrides the exemption ``mark`` of a base class's ``dispatch``."""
    view_class = class_of(view)
    if view_class is None or mark is not getattr(getattr(view_class, "dispatch", None), "ory_mfa_exempt", None):
        # A decorator around the whole view is closer than any class.
        return False
    if of_class(view)[0] is None or "required_aal" in _given(view):
        return of_class(view)[0] is not None
    bases = [vars(base) for base in view_class.__mro__]
    declaring = [index for index, names in enumerate(bases) if "required_aal" in names]
    exempting = [
        index for index, names in enumerate(bases) if getattr(names.get("dispatch"), "ory_mfa_exempt", None) is mark
    ]
    # SECURITY: a decorator copies the marks of the method it wraps, so the last class in the MRO with this mark is the
    # one that was exempted. A class that both declares and exempts is not exempt.
    return min(declaring, default=0) <= max(exempting, default=0)


def required_steps(request: HttpRequest, declared: Declared | str | None) -> Steps[Requirement | None]:
    """Return the requirement for this request; None if nothing is required.

    The session is resolved before a callable is called. It may be a coroutine function in async code only.
    """
    if not callable(declared):
        return _requirement_of(declared)
    yield from session_steps(state_of(request))
    return _as_requirement((yield from wait_for(Asking(declared, request))))


class Asking(Hook[Any]):
    """A call of the function that returns the requirement."""

    def run(self) -> Any:
        """Call it in blocking code; raises ``ImproperlyConfigured`` if it is a coroutine function."""
        if iscoroutinefunction(self._function):
            raise ImproperlyConfigured("Only async views can have a coroutine function as their requirement.")
        return super().run()


def _requirement_of(declared: object) -> Requirement | None:
    return declared.requirement() if isinstance(declared, Configured) else _as_requirement(declared)


def _as_requirement(wanted: object) -> Requirement | None:
    if wanted is None:
        return None
    if isinstance(wanted, (Requirement, str)):
        return conf.requirement(wanted)
    message = f"a requirement is a level, a Requirement or None, not {wanted!r}"
    raise TypeError(message)
