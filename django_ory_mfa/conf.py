"""The typed settings with their defaults; they are read at each access, so that ``override_settings`` works."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.urls import get_script_prefix
from django.utils.crypto import salted_hmac
from django.utils.encoding import escape_uri_path
from django.utils.functional import empty
from django.utils.module_loading import import_string

from django_ory_mfa.core.credentials import COOKIE_OCTETS
from django_ory_mfa.core.flows import Flows
from django_ory_mfa.core.requirement import HIGHEST_AVAILABLE, LEVELS, Requirement, RequirementCallable

if TYPE_CHECKING:
    from django.http import HttpRequest

    RuleRequirement = Requirement | RequirementCallable | None
    Policies = Mapping[str, Requirement]

LONGEST_TIMEOUT = 3600  # seconds
LONGEST_TTL = 86400
OWN_DRF = "django_ory_mfa.contrib.rest_framework"
CLAIMS = (None, "aal1", HIGHEST_AVAILABLE)
LONGEST_PROJECT = 100  # characters
DOTTED_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")
OF_LEVEL = {level: Requirement(level) for level in LEVELS}
NETWORK_HOST = re.compile(r"(?P<slug>[a-z0-9-]+)\.projects\.oryapis\.com")


@dataclass(frozen=True, slots=True)
class Timeout:
    """The most seconds for connecting to Ory, and for a whole call."""

    connect: float
    total: float


@dataclass(frozen=True, slots=True)
class Rule:
    """The requirement for paths that match ``pattern``; with ``only_reports`` a refusal is logged and not enforced."""

    pattern: re.Pattern[str]
    requirement: RuleRequirement
    only_reports: bool = False


class Conf:
    """The settings of the package, each named by the part after ``ORY_MFA_``.

    Reading a required setting that is missing, or one that is invalid, raises ``ImproperlyConfigured``, which names it.
    """

    @property
    def sdk_url(self) -> str:
        """The URL at which this server calls Ory, without a trailing slash."""
        value = _get("SDK_URL", None)
        if not value:
            raise ImproperlyConfigured(
                "ORY_MFA_SDK_URL is missing: set it to the URL of Ory, https://<slug>.projects.oryapis.com or that of "
                "your own Ory Kratos."
            )
        return _url("SDK_URL", value)

    @property
    def browser_url(self) -> str:
        """The URL of Ory for browsers, without a trailing slash; ``sdk_url`` if not set."""
        value = _get("BROWSER_URL", None)
        return self.sdk_url if value is None else _url("BROWSER_URL", value)

    @property
    def flows(self) -> Flows:
        """Ory's self-service URLs as browsers reach them."""
        return Flows(self.browser_url)

    @property
    def site_url(self) -> str | None:
        """The origin of every ``return_to``; None for that of the request."""
        value = _get("SITE_URL", None)
        if value is None:
            return None
        url = _url("SITE_URL", value)
        if urlsplit(url).path:
            raise _odd("SITE_URL", "must be an origin, without a path", value)
        return url

    def application_url(self) -> str | None:
        """Return ``site_url`` with the script prefix, without a trailing slash; None if it is not set."""
        site = self.site_url
        return None if site is None else f"{site}{escape_uri_path(get_script_prefix())}".rstrip("/")

    @property
    def session_cookie(self) -> str | None:
        """The name of Ory's session cookie; None if it has to be found in the request."""
        value = _get("SESSION_COOKIE", None)
        if value is None:
            return network_cookie(self.sdk_url)
        if not isinstance(value, str) or not COOKIE_OCTETS.fullmatch(value) or "=" in value:
            raise _odd("SESSION_COOKIE", "must be a cookie name", value)
        return value

    @property
    def aal(self) -> str:
        """The level or policy name for guards that name none, and for paths without a rule."""
        value = _get("AAL", "aal2")
        if isinstance(value, str) and (value in OF_LEVEL or value in self.policies):
            return value
        return str(_one_of("AAL", "aal2", LEVELS))

    @property
    def whoami_required_aal(self) -> str | None:
        """What the site declares Ory's ``session.whoami.required_aal`` to be; None if nothing."""
        return _one_of("WHOAMI_REQUIRED_AAL", None, CLAIMS)

    @property
    def settings_required_aal(self) -> str | None:
        """What the site declares Ory's ``selfservice.flows.settings.required_aal`` to be; None if nothing."""
        return _one_of("SETTINGS_REQUIRED_AAL", None, CLAIMS)

    @property
    def default_return_to(self) -> str:
        """The path that a browser comes back to if it cannot come back to the page; the script prefix if not set."""
        value = _get("DEFAULT_RETURN_TO", escape_uri_path(get_script_prefix()))
        if not isinstance(value, str) or not re.fullmatch(r"/(?!/)[!-\[\]-~]*", value):
            raise _odd("DEFAULT_RETURN_TO", "must be a path on this site, starting with one slash", value)
        return value

    @property
    def client_kind(self) -> Callable[[HttpRequest], object] | None:
        """The site's function that returns which kind of client sent a request; None if only the headers decide."""
        path = _get("CLIENT_KIND", None)
        if path is None:
            return None
        found = _imported("CLIENT_KIND", path)
        if not callable(found) or iscoroutinefunction(found):
            raise _odd("CLIENT_KIND", "must be the path of a function that takes a request and is not async", path)
        kind: Callable[[HttpRequest], object] = found
        return kind

    @property
    def drf_exception_handler(self) -> Callable[[Exception, Any], Any] | None:
        """What answers exceptions in Django REST framework that ``contrib`` does not; None: the framework's own."""
        path = _get("DRF_EXCEPTION_HANDLER", None)
        if path is None:
            return None
        found = _imported("DRF_EXCEPTION_HANDLER", path)
        if not callable(found) or str(getattr(found, "__module__", "")).startswith(OWN_DRF):
            # Our own handler would call itself without end.
            raise _odd("DRF_EXCEPTION_HANDLER", "must be the path of an exception handler, and not of ours", path)
        handler: Callable[[Exception, Any], Any] = found
        return handler

    @property
    def timeout(self) -> Timeout:
        """The time-outs of a call to Ory."""
        value = _get("TIMEOUT", (1, 3))
        is_pair = isinstance(value, (tuple, list)) and len(value) == 2
        connect, total = value if is_pair else (value, value)
        if not _is_seconds(connect) or not _is_seconds(total):
            raise _odd("TIMEOUT", "must be seconds above 0, or a pair of them (connect, total)", value)
        return Timeout(connect if is_pair else min(1.0, total), total)

    @property
    def max_concurrency(self) -> int:
        """How many calls to Ory async code may make at the same time in one process."""
        value = _get("MAX_CONCURRENCY", 32)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise _odd("MAX_CONCURRENCY", "must be a whole number above 0", value)
        return value

    @property
    def cache(self) -> str:
        """The alias in ``CACHES`` of the cache that stores sessions."""
        value = _get("CACHE", "default")
        if not isinstance(value, str) or value not in _settings().CACHES:
            raise _odd("CACHE", "must be an alias in CACHES", value)
        return value

    @property
    def cache_ttl(self) -> float:
        """How many seconds a session is cached, and so how long a revoked one may be accepted; 0: no caching."""
        value = _get("CACHE_TTL", 0)
        if not (value == 0 and not isinstance(value, bool)) and not _is_seconds(value, LONGEST_TTL):
            raise _odd("CACHE_TTL", f"must be 0 or seconds, at most {LONGEST_TTL}", value)
        return float(value)

    @property
    def policies(self) -> Policies:
        """The named requirements."""
        value = _get("POLICIES", {})
        if not isinstance(value, dict):
            raise _odd("POLICIES", "must be a dict of names and dicts of aal, max_age and methods", value)
        return {name: _policy(name, parts) for name, parts in value.items()}

    def requirement(self, wanted: Requirement | str) -> Requirement:
        """Return ``wanted``, or the requirement of that name: a level or a key of ``ORY_MFA_POLICIES``.

        Raises ``ValueError`` for any other name.
        """
        if isinstance(wanted, Requirement):
            return wanted
        if wanted in OF_LEVEL:
            return OF_LEVEL[wanted]
        policies = self.policies
        if wanted not in policies:
            message = f"aal must be one of {', '.join([*LEVELS, *policies])}, not {wanted!r}"
            raise ValueError(message)
        return policies[wanted]

    @property
    def rules(self) -> list[Rule]:
        """The rules of the site-wide policy, in order."""
        value = _get("RULES", [])
        if not isinstance(value, (list, tuple)):
            raise _odd("RULES", "must be a list of (regex, requirement or None)", value)
        return [_rule(rule) for rule in value]

    @property
    def project(self) -> str:
        """The label of the Ory project under which ``contrib.auth`` stores identities; empty if there is only one."""
        value = _get("PROJECT", "")
        if not isinstance(value, str) or len(value) > LONGEST_PROJECT or not value.isprintable():
            raise _odd("PROJECT", f"must be a label of at most {LONGEST_PROJECT} printable characters", value)
        return value

    @property
    def user_sync(self) -> str | None:
        """The dotted path of the ``UserSync`` class that copies data from identities to users (``contrib.auth``)."""
        value = _get("USER_SYNC", None)
        if value is not None and not (isinstance(value, str) and DOTTED_PATH.fullmatch(value)):
            raise _odd("USER_SYNC", "must be the dotted path of a class", value)
        return value


def django_cookies() -> tuple[str, str]:
    """Return the names of Django's session cookie and CSRF cookie."""
    return settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME


def is_session_always_saved() -> bool:
    """Whether Django saves its session, and sends its cookie, with every response."""
    return bool(settings.SESSION_SAVE_EVERY_REQUEST)


def is_csrf_secret_in_session() -> bool:
    """Whether Django's CSRF secret is in its session, not in a cookie of its own."""
    return bool(settings.CSRF_USE_SESSIONS)


def languages() -> list[str]:
    """The codes of the languages of the site."""
    return [code for code, _ in settings.LANGUAGES]


def is_debug() -> bool:
    """Whether ``DEBUG`` is on, so that details for developers may be shown."""
    return bool(settings.DEBUG)


def fingerprint_key() -> bytes:
    """Return the 32-byte key of keyed hashes and seals, derived from ``SECRET_KEY``."""
    return _derived(_settings().SECRET_KEY or settings.SECRET_KEY)  # the lazy object refuses an empty key


def fingerprint_keys() -> tuple[bytes, ...]:
    """Return ``fingerprint_key()`` and those of the secrets that are being replaced (``SECRET_KEY_FALLBACKS``)."""
    return tuple(map(_derived, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)))


@lru_cache(maxsize=8)
def _derived(secret: str | bytes) -> bytes:
    return salted_hmac("django_ory_mfa.fingerprint", "", secret, algorithm="sha256").digest()


def _get(name: str, default: Any) -> Any:
    # As in _settings(), without one more call: this is the most frequent one of a request.
    loaded = object.__getattribute__(settings, "_wrapped")
    return getattr(settings if loaded is empty else loaded, f"ORY_MFA_{name}", default)


def _settings() -> Any:
    """Return Django's settings without the lazy object around them, whose look-ups are slow, once they are loaded."""
    loaded = object.__getattribute__(settings, "_wrapped")
    return settings if loaded is empty else loaded


def _odd(name: str, problem: str, value: object) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"ORY_MFA_{name} {problem}, not {value!r}.")


def _one_of(name: str, default: str | None, allowed: Iterable[str | None]) -> str | None:
    value: str | None = _get(name, default)
    if value not in allowed:
        raise _odd(name, f"must be one of {', '.join(str(choice) for choice in allowed)}", value)
    return value


def _imported(name: str, path: object) -> Any:
    if not isinstance(path, str):
        raise _odd(name, "must be a dotted path", path)
    try:
        return import_string(path)
    except Exception as error:
        # The imported module may raise anything.
        raise _odd(name, f"cannot be imported ({error})", path) from error


def _url(name: str, value: object) -> str:
    if not isinstance(value, str) or not _is_base_url(value):
        # SECURITY: the value is not shown, since the user information in a URL may contain a password.
        raise ImproperlyConfigured(
            f"ORY_MFA_{name} must be an http or https URL without user information, query and fragment."
        )
    return value.rstrip("/")


# Cached, because every request reads the URL of Ory, and a site has one or two.
@lru_cache(maxsize=16)
def _is_base_url(value: str) -> bool:
    # Printable ASCII without `?` and `#`, and without the backslash, which browsers read as a slash.
    if not re.fullmatch(r"[!-~]+", value) or any(sign in value for sign in "?#\\") or ".." in value:
        return False
    try:
        parts = urlsplit(value)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return known and "@" not in parts.netloc


@lru_cache(maxsize=16)
def network_cookie(url: str) -> str | None:
    """Return the name of the session cookie of an Ory Network project; None for any other URL."""
    network = NETWORK_HOST.fullmatch(urlsplit(url).hostname or "")
    return f"ory_session_{network['slug'].replace('-', '')}" if network else None


def _is_seconds(value: object, longest: float = LONGEST_TIMEOUT) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= longest


def _policy(name: object, parts: object) -> Requirement:
    if not isinstance(name, str) or not name or name in LEVELS:
        raise _odd("POLICIES", "must use names that differ from the levels", name)
    if not isinstance(parts, dict) or not {"aal"} <= parts.keys() <= {"aal", "max_age", "methods"}:
        raise _odd("POLICIES", "must contain aal, and may contain max_age and methods", parts)
    try:
        return Requirement(**parts)
    except (TypeError, ValueError) as error:
        raise _odd("POLICIES", f"has an invalid policy ({error})", parts) from error


def _rule(rule: object) -> Rule:
    if not isinstance(rule, (list, tuple)) or len(rule) not in (2, 3):
        raise _odd("RULES", "must hold pairs of (regex, requirement or None)", rule)
    pattern, required, *options = rule
    if options not in ([], [{}], [{"report_only": True}], [{"report_only": False}]):
        raise _odd("RULES", "may have only {'report_only': True} in third place", rule)
    try:
        return Rule(_compiled(pattern), _rule_requirement(required), options == [{"report_only": True}])
    except (re.error, OverflowError, TypeError, ValueError) as error:
        raise _odd("RULES", f"has an invalid rule ({error})", rule) from error


# Cached, because every request reads the rules, and a site may have hundreds.
@lru_cache(maxsize=1024)
def _compiled(pattern: str | re.Pattern[str]) -> re.Pattern[str]:
    compiled = re.compile(pattern)
    if not isinstance(compiled.pattern, str):
        raise TypeError("the regex must be of str")
    # SECURITY: Django allows newlines in paths, so a dot has to match them too.
    return re.compile(compiled.pattern, compiled.flags | re.DOTALL)


def _rule_requirement(required: object) -> RuleRequirement:
    if required is None or isinstance(required, Requirement) or callable(required):
        return required
    if not isinstance(required, str):
        message = f"a requirement is a level, a Requirement, a callable or None, not {required!r}"
        raise TypeError(message)
    return conf.requirement(required)


conf = Conf()
