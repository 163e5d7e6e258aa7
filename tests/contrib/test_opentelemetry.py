from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from django_ory_mfa.contrib.opentelemetry import instrument
from django_ory_mfa.testing import FakeOry
from tests.site import Site


@pytest.fixture
def reader() -> Iterator[InMemoryMetricReader]:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    stop = instrument(provider)
    yield reader
    stop()
    provider.shutdown()


def points(reader: InMemoryMetricReader) -> dict[str, list[Any]]:
    """The data points of each metric by its name."""
    data = reader.get_metrics_data()
    return {
        metric.name: list(metric.data.data_points)
        for resource in (data.resource_metrics if data else [])
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }


def test_calls_are_a_histogram_and_the_rest_is_counted(site: Site, ory: FakeOry, reader: InMemoryMetricReader) -> None:
    ory.login(site)
    site.get("aal2")
    ory.fail(429)
    for _ in range(2):
        site.get("aal2")

    found = points(reader)

    assert [point.count for point in found["ory_mfa.calls"]] == [3]
    assert 0 < found["ory_mfa.calls"][0].sum < 10
    assert [(dict(point.attributes), point.value) for point in found["ory_mfa.events"]] == [
        ({"event": "rate_limited"}, 2)
    ]


def test_buckets_tell_a_fast_call_from_a_slow_one(site: Site, ory: FakeOry, reader: InMemoryMetricReader) -> None:
    ory.login(site)
    site.get("aal2")

    (calls,) = points(reader)["ory_mfa.calls"]

    assert calls.explicit_bounds == (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def test_recording_can_end(site: Site, ory: FakeOry) -> None:
    reader = InMemoryMetricReader()
    instrument(MeterProvider([reader]))()
    ory.login(site)
    site.get("aal2")

    assert points(reader) == {}
