"""The same report as samples for Prometheus, in OpenMetrics where the asker takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
    StateSetMetricFamily,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from kiosk.health.report import MODES, Report

UNTRIED = frozenset({"module_untried", "starting"})
"""How a module that was asked for nothing yet tells it."""


class Exposition(Collector):
    """Samples of one kiosk, made anew at every scrape, in a registry of their own."""

    def __init__(self, report: Callable[[], Report]) -> None:
        self._report = report
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def render(self, accept: str) -> tuple[str, bytes]:
        """Give content type and text for an Accept header; the plain format for one that makes no sense."""
        try:
            encode, kind = choose_encoder(accept)
        except (ValueError, TypeError):  # both come of a version that is none
            encode, kind = choose_encoder("")
        return kind, encode(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Give every family of this moment."""
        report = self._report()
        yield InfoMetricFamily(
            "power_kiosk",
            "Program and terminal.",
            value={"version": report.version, "terminal": report.terminal},
        )
        yield _gauge("up", "1 while the kiosk is in service or settling.", report.mode != "out_of_service")
        yield StateSetMetricFamily(
            "power_kiosk_mode", "What the kiosk is doing.", {mode: mode == report.mode for mode in MODES}
        )
        yield _gauge("cash_offered", "1 while a cash payment can begin.", report.cash.offered)
        yield _tenders(report)
        yield _gauge("offline_cash", "1 while one could begin without the hub.", report.cash.offline)
        yield _gauge("hub_up", "1 while the hub answers.", report.hub.up)
        yield from _keys(report)
        yield from _devices(report)
        yield from _journal(report)
        yield from _threads(report)


def _gauge(name: str, text: str, value: float | None) -> GaugeMetricFamily:
    """Make a gauge; one whose value is not known has no sample."""
    return GaugeMetricFamily(f"power_kiosk_{name}", text, value=None if value is None else float(value))


def _tenders(report: Report) -> Metric:
    offered = GaugeMetricFamily(
        "power_kiosk_tender_offered", "1 while a payment by this other means can begin.", labels=["tender"]
    )
    for name, tender in report.tenders.items():
        offered.add_metric([name], float(tender.offered))
    return offered


def _keys(report: Report) -> Iterator[Metric]:
    """What a kiosk without such a part does not have is no sample."""
    sign_on, module = report.sign_on, report.card_module
    signed = None if sign_on is None else sign_on.signed_on
    yield _gauge("signed_on", "1 while there is a working key.", signed)
    failing = None if sign_on is None else sign_on.failed_at is not None
    yield _gauge("sign_on_failing", "1 when the last sign-on failed.", failing)
    until = sign_on.until.timestamp() if sign_on is not None and sign_on.until is not None else None
    yield _gauge("working_key_end_timestamp_seconds", "When the working key ends.", until)
    untried = module is None or module.code in UNTRIED
    wrong = None if module is None or untried else module.code != "ok"
    yield _gauge(
        "card_module_failing", "1 when what computes for cards failed when it was last asked.", wrong
    )


def _devices(report: Report) -> Iterator[Metric]:
    usable = GaugeMetricFamily(
        "power_kiosk_device_usable", "1 while the device can serve.", labels=["device"]
    )
    state = GaugeMetricFamily(
        "power_kiosk_device_state",
        "Always 1; the labels say how the device is.",
        labels=["device", "status", "code", "supply"],
    )
    since = GaugeMetricFamily(
        "power_kiosk_device_state_since_timestamp_seconds", "When that state began.", labels=["device"]
    )
    for name, device in report.devices.items():
        usable.add_metric([name], float(device.usable))
        state.add_metric([name, device.status, device.code, device.supply], 1.0)
        since.add_metric([name], device.since.timestamp())
    yield from (usable, state, since)


def _journal(report: Report) -> Iterator[Metric]:
    journal = report.journal
    yield _gauge(
        "journal_damaged",
        "1 when the journal cannot be trusted or written.",
        journal.damaged or journal.failed,
    )
    if journal.rows is not None:
        yield CounterMetricFamily("power_kiosk_journal_rows", "Rows in the journal.", value=journal.rows)
    yield _gauge("journal_append_seconds", "How long the last append took.", journal.append_ms / 1000)
    yield _gauge("open_payments", "Payments that are not at an end.", journal.open_payments)
    age = 0.0 if journal.open_payments == 0 else journal.oldest_open_age_s
    yield _gauge("oldest_open_payment_age_seconds", "Age of the oldest of them; 0 without any.", age)
    yield _gauge("open_claims", "Claims that the hub does not have yet.", journal.open_claims)
    yield _gauge("backlog", "Payments and claims that the hub has not answered.", journal.backlog)
    waits = 0.0 if journal.backlog == 0 else journal.backlog_age_s
    yield _gauge("backlog_age_seconds", "Age of the oldest of them; 0 without any.", waits)
    disowned = None if not journal.hub_verdict else journal.hub_verdict != "ok"
    yield _gauge(
        "journal_disowned",
        "1 while the hub knows this journal otherwise: old copy, rewritten, other disk.",
        disowned,
    )


def _threads(report: Report) -> Iterator[Metric]:
    yield _gauge("core_beat_age_seconds", "Since the core last came round.", report.core.beat_age_s)
    yield CounterMetricFamily(
        "power_kiosk_core_steps", "Inputs that the core has dealt with.", value=report.core.steps
    )
    alive = GaugeMetricFamily("power_kiosk_lane_alive", "1 while the lane's thread runs.", labels=["lane"])
    beat = GaugeMetricFamily(
        "power_kiosk_lane_beat_age_seconds", "Since the lane last came round.", labels=["lane"]
    )
    waiting = GaugeMetricFamily(
        "power_kiosk_lane_waiting_orders", "Orders that the lane has not begun.", labels=["lane"]
    )
    for name, lane in report.lanes.items():
        alive.add_metric([name], float(lane.alive))
        beat.add_metric([name], lane.beat_age_s)
        waiting.add_metric([name], float(lane.waiting))
    yield from (alive, beat, waiting)
