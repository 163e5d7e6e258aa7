"""Check for middleware that comes before ours and responds by itself: past the policy, or with pages left unmarked."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage
from django.utils.module_loading import import_string

from django_ory_mfa.checks.order import POLICY_MIDDLEWARE, SESSION_MIDDLEWARE, names, positions


class Answers(StrEnum):
    """What a middleware responds with by itself."""

    FLAT_PAGES = "flat pages"
    REDIRECTS = "redirects"
    CACHED_PAGES = "pages from the cache"
    PUBLIC_FILES = "public static files"
    PAGES_OF_ITS_OWN = "responses of its own"


KNOWN = {
    "django.contrib.flatpages.middleware.FlatpageFallbackMiddleware": Answers.FLAT_PAGES,
    "django.contrib.redirects.middleware.RedirectFallbackMiddleware": Answers.REDIRECTS,
    "django.middleware.cache.FetchFromCacheMiddleware": Answers.CACHED_PAGES,
    "mezzanine.core.middleware.FetchFromCacheMiddleware": Answers.CACHED_PAGES,
    "mezzanine.core.middleware.RedirectFallbackMiddleware": Answers.REDIRECTS,
    "servestatic.middleware.ServeStaticMiddleware": Answers.PUBLIC_FILES,
    "wagtail.contrib.redirects.middleware.RedirectMiddleware": Answers.REDIRECTS,
    "whitenoise.middleware.WhiteNoiseMiddleware": Answers.PUBLIC_FILES,
}
# Responds to CORS preflights only, without content.
HARMLESS = "corsheaders.middleware.CorsMiddleware"
# Django calls these inside the whole chain, so their responses pass the policy wherever the middleware is.
INNER_METHODS = ("process_view", "process_exception", "process_template_response")
RESPONSES = (
    "FileResponse",
    "HttpResponse",
    "JsonResponse",
    "SimpleTemplateResponse",
    "StreamingHttpResponse",
    "TemplateResponse",
    "render",
)
# The names by which a middleware makes a page that may show the session.
SHOWING = ("SimpleTemplateResponse", "TemplateResponse", "aory_session", "ory_session", "render", "render_to_string")


def answers_outside(path: str, what: Answers) -> checks.Warning:
    """Return W011: a middleware responds outside the policy."""
    return checks.Warning(
        f"{path} comes before AALRequiredMiddleware and answers with {what}, which the site's policy does not guard.",
        hint=(
            f"In MIDDLEWARE, move it after '{POLICY_MIDDLEWARE}'. If everybody may see its responses, silence "
            "ory_mfa.W011."
        ),
        id="ory_mfa.W011",
    )


def unmarked_pages(path: str) -> checks.Warning:
    """Return W018: a middleware makes pages outside ``OrySessionMiddleware``."""
    return checks.Warning(
        f"{path} comes before OrySessionMiddleware and answers with pages of its own. If such a page shows who is "
        "signed in, nothing marks it as private, and caches may show it to the next person.",
        hint=(
            f"In MIDDLEWARE, move it after '{SESSION_MIDDLEWARE}'. If its pages show nothing of the session, silence "
            "ory_mfa.W018."
        ),
        id="ory_mfa.W018",
    )


def check_outside(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """No middleware responds outside the policy."""
    return [answers_outside(path, what) for path, what in outsiders() if what is not Answers.PUBLIC_FILES]


def check_pages(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """No middleware makes pages that may show the session where nothing marks them as private."""
    ours = positions(SESSION_MIDDLEWARE)
    return [unmarked_pages(path) for path in settings.MIDDLEWARE[: ours[0]] if _makes_pages(path)] if ours else []


def outsiders() -> Iterator[tuple[str, Answers]]:
    """Yield each middleware before ``AALRequiredMiddleware`` that responds by itself, and with what."""
    ours = positions(POLICY_MIDDLEWARE)
    for path in settings.MIDDLEWARE[: ours[0]] if ours else []:
        what = _answers(path)
        if what is not None:
            yield path, what


def _answers(path: str) -> Answers | None:
    classes = names(path)
    if HARMLESS in classes:
        return None
    known = next((what for name, what in KNOWN.items() if name in classes), None)
    return known or (Answers.PAGES_OF_ITS_OWN if _makes_responses(path) else None)


def _makes_responses(path: str) -> bool:
    """Whether the source of a middleware creates a response that is no error."""
    return any(map(_is_response, _source_of(path)))


def _makes_pages(path: str) -> bool:
    """Whether a middleware responds with pages that may show the session."""
    known = next((what for name, what in KNOWN.items() if name in names(path)), None)
    if known is not None:
        return known is Answers.FLAT_PAGES
    return _makes_responses(path) and any(map(_is_showing, _source_of(path)))


def _source_of(path: str) -> Iterator[ast.AST]:
    """Yield the syntax of a middleware, and of its bases that are not Django's."""
    try:
        middleware = import_string(path)
    except Exception:
        # Django reports it.
        return
    for base in getattr(middleware, "__mro__", (middleware,)):
        if not _is_of_django(base):
            yield from _nodes_of(base)


def _is_of_django(thing: Any) -> bool:
    return thing.__module__.partition(".")[0] in ("django", "django_ory_mfa", "builtins")


def _nodes_of(thing: Any) -> Iterator[ast.AST]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(thing)))
    except (OSError, TypeError, SyntaxError):
        return
    yield from _outer_nodes(tree)


def _outer_nodes(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) and child.name in INNER_METHODS):
            yield from _outer_nodes(child)


def _is_showing(node: ast.AST) -> bool:
    return getattr(node, "attr", getattr(node, "id", None)) in SHOWING


def _is_response(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    owner, _, name = ast.unparse(node.func).rpartition(".")
    # `response.render()` creates no response.
    is_made = name in RESPONSES and (name != "render" or not owner or owner.endswith("shortcuts"))
    return is_made and not any(_is_error(keyword) for keyword in node.keywords)


def _is_error(keyword: ast.keyword) -> bool:
    value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
    return keyword.arg == "status" and isinstance(value, int) and value >= 400
