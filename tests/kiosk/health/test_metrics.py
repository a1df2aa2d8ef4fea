"""`/metrics` is what Prometheus can read, and says the same as `/health`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain

from simulators.far_end import Launched

if TYPE_CHECKING:
    from tests.kiosk.health.conftest import Cabinet, Kiosk

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
Samples = dict[tuple[str, frozenset[str]], float]
NONE: frozenset[str] = frozenset()


def samples(text: str) -> Samples:
    """All samples of an OpenMetrics text, by name and label values."""
    return {
        (sample.name, frozenset(sample.labels.values())): sample.value
        for family in openmetrics(text)  # type: ignore[no-untyped-call]
        for sample in family.samples
    }


def both(kiosk: Kiosk, so: Callable[[dict[str, Any]], bool]) -> tuple[dict[str, Any], Samples]:
    """The first health document of which this is so, and samples between which and it no device has changed."""
    while True:
        told = kiosk.wait_for(so)
        found = samples(kiosk.get("/metrics", OPENMETRICS)[2])
        if kiosk.report()["devices"] == told["devices"]:
            return told, found


def test_says_what_health_says(kiosk: Kiosk) -> None:
    told, found = both(kiosk, lambda told: all(device["usable"] for device in told["devices"].values()))
    assert found["power_kiosk_info", frozenset({told["version"], "BENCH-0001"})] == 1
    assert found["power_kiosk_up", NONE] == 1
    assert found["power_kiosk_mode", frozenset({"in_service"})] == 1
    assert found["power_kiosk_mode", frozenset({"out_of_service"})] == 0
    assert found["power_kiosk_device_usable", frozenset({"printer"})] == 1
    assert found["power_kiosk_device_state", frozenset({"acceptor", "online", "ok", "good"})] == 1
    assert found["power_kiosk_journal_rows_total", NONE] == told["journal"]["rows"]
    assert found["power_kiosk_open_payments", NONE] == 0
    assert found["power_kiosk_oldest_open_payment_age_seconds", NONE] == 0
    assert found["power_kiosk_open_claims", NONE] == 0
    assert found["power_kiosk_hub_up", NONE] == 0
    assert found["power_kiosk_cash_offered", NONE] == 0
    assert 0 <= found["power_kiosk_core_beat_age_seconds", NONE] < 30
    for lane in told["lanes"]:
        assert found["power_kiosk_lane_alive", frozenset({lane})] == 1
        assert found["power_kiosk_lane_beat_age_seconds", frozenset({lane})] >= 0
    assert found["process_resident_memory_bytes", NONE] > 1e6


def test_a_device_that_goes_is_seen_at_the_next_scrape(kiosk: Kiosk, printer: Launched) -> None:
    kiosk.wait_for(lambda told: told["devices"]["printer"]["usable"])
    printer.do("cover_open")
    _, found = both(kiosk, lambda told: told["devices"]["printer"]["code"] == "cover_open")
    assert found["power_kiosk_device_usable", frozenset({"printer"})] == 0
    assert (
        found["power_kiosk_device_state", frozenset({"printer", "userError", "cover_open", "notConfigured"})]
        == 1
    )


def test_a_damaged_journal_has_no_counts(cabinet: Cabinet) -> None:
    with cabinet.running(cabinet.settings(), damaged=True) as kiosk:
        status, _, text = kiosk.get("/metrics", OPENMETRICS)
    found = samples(text)
    assert status == 200
    assert found["power_kiosk_up", NONE] == 0
    assert found["power_kiosk_journal_damaged", NONE] == 1
    unknown = ("journal_rows_total", "open_payments", "oldest_open_payment_age_seconds", "open_claims")
    assert not [name for name in unknown if (f"power_kiosk_{name}", NONE) in found]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (OPENMETRICS, "application/openmetrics-text"),
        ("application/openmetrics-text;version=1.0.0;q=0.8,text/plain;q=0.3", "application/openmetrics-text"),
        ("text/plain", "text/plain"),
        ("", "text/plain"),
        ("application/openmetrics-text; version=nonsense", "text/plain"),
    ],
)
def test_the_asker_chooses_the_format(bare: Kiosk, accept: str, kind: str) -> None:
    _, headers, text = bare.get("/metrics", accept)
    assert headers["Content-Type"].startswith(kind)
    parse = openmetrics if kind.startswith("application") else plain
    assert "power_kiosk_up" in {family.name for family in parse(text)}
    assert text.endswith("# EOF\n") is (parse is openmetrics)
