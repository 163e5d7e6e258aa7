"""All crossings of the walk, by name, and all of its stops."""

from __future__ import annotations

from tests.crossings.of_decorators import DECORATORS
from tests.crossings.of_handlers import HANDLERS
from tests.crossings.of_middleware import MIDDLEWARE
from tests.crossings.of_views import VIEWS
from tests.crossings.ways import Stop, Way

WAYS: dict[str, Way] = {**MIDDLEWARE, **DECORATORS, **VIEWS, **HANDLERS}
STOPS: list[Stop] = [stop for name, way in WAYS.items() for stop in way.stops(name)]
