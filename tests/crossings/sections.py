"""The whole table, section by section."""

from __future__ import annotations

from tests.crossings.rows_decorators import DECORATORS
from tests.crossings.rows_handlers import HANDLERS
from tests.crossings.rows_middleware import MIDDLEWARE
from tests.crossings.rows_parts import NO_CROSSINGS, PARTS
from tests.crossings.rows_views import CONTRIB_VIEWS, GENERIC_VIEWS
from tests.crossings.table import Part, Row

__all__ = ["ENTRIES", "NO_CROSSINGS", "PARTS", "ROWS", "SECTIONS"]

SECTIONS: dict[str, list[Row]] = {
    "Middleware": MIDDLEWARE,
    "Decorators for views": DECORATORS,
    "Generic views and mixins": GENERIC_VIEWS,
    "Views of Django's contrib packages": CONTRIB_VIEWS,
    "Error handlers, pages for developers, and servers": HANDLERS,
}
ROWS: dict[str, Row] = {row.name: row for rows in SECTIONS.values() for row in rows}
ENTRIES: dict[str, Row | Part] = {**ROWS, **{part.name: part for part in PARTS}}
