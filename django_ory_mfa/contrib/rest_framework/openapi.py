"""What refusals look like in the schema that drf-spectacular makes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django_ory_mfa.contrib.rest_framework.permissions import asks_for_level
from django_ory_mfa.core.errors import CSRF_FAILED, ErrorId

COMPONENT = "OryMfaError"
TEXT = {"type": "string"}
ERROR: dict[str, Any] = {
    "type": "object",
    "description": "A refusal, in the shape of Ory's own errors.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["id", "code", "status", "reason", "message", "details"],
            "properties": {
                "id": {"type": "string", "enum": [*map(str, ErrorId), CSRF_FAILED]},
                "code": {"type": "integer", "enum": [401, 403, 503]},
                "status": TEXT,
                "reason": TEXT,
                "message": TEXT,
                "details": {"type": "object", "additionalProperties": True},
            },
        },
        "redirect_browser_to": {
            "type": "string",
            "format": "uri",
            "description": "The flow at Ory, for clients with a cookie; add return_to to come back.",
        },
    },
}
ANSWERS = {
    "401": ("Nobody is signed in, or a client with a token has to prove more.", "WWW-Authenticate", TEXT),
    "403": ("More has to be proved, or it is not allowed.", None, TEXT),
    "503": ("Ory gives no answer.", "Retry-After", {"type": "integer"}),
}


def spectacular_hook(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:  # noqa: FBT001 - drf-spectacular names it
    """Return the schema with the answers 401, 403 and 503 of views with ``AALPermission``.

    For ``POSTPROCESSING_HOOKS`` of drf-spectacular. Answers that a view describes itself stay.
    """
    found = [_operation(result, path, method) for path, method in _guarded(generator, request)]
    for operation in filter(None, found):
        answers = operation.setdefault("responses", {})
        for status, answer in ANSWERS.items():
            answers.setdefault(status, _answer(*answer))
        result.setdefault("components", {}).setdefault("schemas", {}).setdefault(COMPONENT, ERROR)
    return result


def _answer(description: str, header: str | None, value: dict[str, str]) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{COMPONENT}"}}},
    }
    return answer if header is None else {**answer, "headers": {header: {"schema": value}}}


def _operation(result: dict[str, Any], path: str, method: str) -> dict[str, Any] | None:
    operation: dict[str, Any] | None = result.get("paths", {}).get(path, {}).get(method.lower())
    return operation


def _guarded(generator: Any, request: Any) -> Iterator[tuple[str, str]]:
    """Return path and method of the operations that ask for a level, spelt as in the schema."""
    # Imported here because it is optional; it calls this hook.
    from drf_spectacular.settings import spectacular_settings

    for path, _, method, view in generator._get_paths_and_endpoints():
        view.request = spectacular_settings.GET_MOCK_REQUEST(method, path, view, request)
        if any(asks_for_level(permission) for permission in view.get_permissions()):
            yield _shown(spectacular_settings, generator, _versioned(generator, view, method, path)), method


def _versioned(generator: Any, view: Any, method: str, path: str) -> str:
    from drf_spectacular.plumbing import is_versioning_supported, modify_for_versioning

    if not view.versioning_class or not is_versioning_supported(view.versioning_class):
        return path
    version = generator.api_version or view.versioning_class.default_version
    return str(modify_for_versioning(generator.inspector.patterns, method, path, view, version))


def _shown(settings: Any, generator: Any, path: str) -> str:
    from drf_spectacular.plumbing import camelize_operation

    prefix = settings.SCHEMA_PATH_PREFIX
    if settings.SCHEMA_PATH_PREFIX_TRIM and prefix:
        path = re.sub(prefix if prefix.startswith("^") else f"^{prefix}", "", path, flags=re.IGNORECASE)
    path = f"{settings.SCHEMA_PATH_PREFIX_INSERT or ''}{path}"
    path = path if path.startswith("/") else f"/{path}"
    return str(camelize_operation(path, {"operationId": "unused"})[0]) if settings.CAMELIZE_NAMES else path
