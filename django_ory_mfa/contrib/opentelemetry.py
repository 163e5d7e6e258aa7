"""What the package does with Ory as OpenTelemetry metrics; install ``django-ory-mfa[opentelemetry]`` for it."""

from __future__ import annotations

from collections.abc import Callable

from opentelemetry.metrics import MeterProvider, get_meter

from django_ory_mfa import __version__
from django_ory_mfa.metrics import Event, listen


def instrument(meter_provider: MeterProvider | None = None) -> Callable[[], None]:
    """Records ``ory_mfa.calls`` (a histogram, seconds) and ``ory_mfa.events`` (a counter by ``event``).

    Without a provider the global one is used. Call it once, in ``AppConfig.ready``; what it returns ends the recording.
    """
    meter = get_meter("django_ory_mfa", __version__, meter_provider)
    calls = meter.create_histogram("ory_mfa.calls", unit="s", description="Calls to Ory")
    events = meter.create_counter("ory_mfa.events", unit="{event}", description="What became of questions to Ory")

    def record(event: Event, value: float) -> None:
        if event is Event.CALL:
            calls.record(value)
        else:
            events.add(1, {"event": event.value})

    return listen(record)
