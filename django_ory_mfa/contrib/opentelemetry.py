"""What the package does with Ory as OpenTelemetry metrics; install ``django-ory-mfa[opentelemetry]`` for it."""

from __future__ import annotations

from collections.abc import Callable

from opentelemetry.metrics import MeterProvider, get_meter

from django_ory_mfa import __version__
from django_ory_mfa.metrics import Event, listen

# The default buckets of OpenTelemetry are for milliseconds: every call would fall into the first. These reach from a
# Kratos beside the site to the longest useful ORY_MFA_TIMEOUT.
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def instrument(meter_provider: MeterProvider | None = None) -> Callable[[], None]:
    """Record ``ory_mfa.calls`` (a histogram, seconds) and ``ory_mfa.events`` (a counter by ``event``).

    Without a provider the global one is used. Call it once, in ``AppConfig.ready``. The returned function ends
    the recording.
    """
    meter = get_meter("django_ory_mfa", __version__, meter_provider)
    calls = meter.create_histogram(
        "ory_mfa.calls", unit="s", description="Calls to Ory", explicit_bucket_boundaries_advisory=SECONDS
    )
    events = meter.create_counter("ory_mfa.events", unit="{event}", description="What became of questions to Ory")

    def record(event: Event, value: float) -> None:
        if event is Event.CALL:
            calls.record(value)
        else:
            events.add(1, {"event": event.value})

    return listen(record)
