"""The kiosk's health as one JSON document: states, ages and counts, and nothing of any customer."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal

import msgspec

from drivers.status import DeviceHealth
from kiosk.hubclient.keys import Keys, Standing
from kiosk.lanes.card import CardLane
from kiosk.runner import Pulse, Runner
from kiosk.session.state import Facts, Page

SCHEMA = 1
STALLED_S = 30.0
"""The core comes round every 5 s when nothing happens; one that has not for so long decides nothing any more."""

Mode = Literal["in_service", "settling", "out_of_service"]
MODES: tuple[Mode, ...] = ("in_service", "settling", "out_of_service")


class DeviceReport(msgspec.Struct, frozen=True):
    """A device in XFS4IoT's words; `code` is explained in docs/operations.md, `since` is UTC."""

    status: str
    usable: bool
    code: str
    action: str
    supply: str
    since: datetime
    detail: str


class SignOnReport(msgspec.Struct, frozen=True):
    """Whether the kiosk holds a working key, until when (the hub's time), and why the last sign-on failed if it did."""

    signed_on: bool
    until: datetime | None
    failure: str
    failed_at: datetime | None


class ModuleReport(msgspec.Struct, frozen=True):
    """What computes for the meter cards (hub, sam or software), as of the last question to it."""

    module: str
    status: str
    code: str
    detail: str


class HubReport(msgspec.Struct, frozen=True):
    """Whether the hub answered the last call."""

    up: bool
    since: datetime


class TenderReport(msgspec.Struct, frozen=True):
    """Whether a payment can begin now; `reason` when it cannot: starting, hub_gone, printer, acceptor, note_inside,
    bank_reader, pin_pad, eft, card_inside.

    `offline`: whether one could begin now should the hub be gone.
    """

    offered: bool
    reason: str
    offline: bool


class JournalReport(msgspec.Struct, frozen=True):
    """The journal and what it holds open; what cannot be known of a damaged one is null."""

    damaged: bool
    failed: bool
    rows: int | None
    head: str | None
    append_ms: float
    open_payments: int | None
    oldest_open_age_s: float | None
    open_claims: int | None
    backlog: int | None
    """Payments, claims and outcomes of card writes that the hub has not answered, and the age of the oldest."""
    backlog_age_s: float | None
    hub_verdict: str
    """What the hub last said of this journal: ok, behind, forked, new_journal; empty before its first word."""


class CoreReport(msgspec.Struct, frozen=True):
    """The core thread: when it last came round, and how many inputs it has dealt with."""

    beat_age_s: float
    steps: int


class LaneReport(msgspec.Struct, frozen=True):
    """One lane's thread; `waiting` is the number of orders that it has not begun."""

    alive: bool
    beat_age_s: float
    waiting: int


class Report(msgspec.Struct, frozen=True):
    """All of it. `schema` goes up when a field goes or changes its meaning, not when one is added."""

    schema: int
    terminal: str
    site: str
    version: str
    time: datetime
    uptime_s: float
    mode: Mode
    reason: str
    mode_since: datetime
    page: str
    cash: TenderReport
    tenders: dict[str, TenderReport]
    """The other means that this kiosk is made for: bank_card, qr, recharge_card."""
    devices: dict[str, DeviceReport]
    hub: HubReport
    sign_on: SignOnReport | None
    """Null where a key file signs."""
    card_module: ModuleReport | None
    """Null where the kiosk serves no meter cards."""
    journal: JournalReport
    core: CoreReport
    lanes: dict[str, LaneReport]


@dataclass(frozen=True, slots=True)
class Reporter:
    """Looks at a running kiosk from outside its core thread."""

    runner: Runner
    keys: Keys
    computes: str
    """The word of `meter_card.module`."""
    born: float = field(default_factory=time.monotonic)

    def __call__(self) -> Report:
        """Make the report of this moment."""
        pulse, mono, utc = self.runner.pulse, time.monotonic(), datetime.now(UTC)
        facts, since = pulse.facts, pulse.since
        mode, reason, mode_since = _mode(pulse, mono, utc)
        return Report(
            schema=SCHEMA,
            terminal=facts.terminal,
            site=facts.site,
            version=_version(),
            time=utc,
            uptime_s=_seconds(mono - self.born),
            mode=mode,
            reason=reason,
            mode_since=mode_since,
            page=pulse.page.value,
            cash=TenderReport(facts.cash_works, facts.cash_reason, facts.offline_fen > 0),
            tenders={
                tender: TenderReport(not (reason := facts.tender_reason(tender)), reason, False)
                for tender in facts.tenders
                if tender != "cash"
            },
            devices=_devices(facts, since),
            hub=HubReport(facts.hub_up, since["hub"]),
            sign_on=_sign_on(self.keys.standing()),
            card_module=_card_module(self.runner, self.computes),
            journal=_journal(pulse, utc),
            core=CoreReport(_seconds(mono - pulse.beat), pulse.steps),
            lanes=_lanes(self.runner, mono),
        )


def _mode(pulse: Pulse, mono: float, utc: datetime) -> tuple[Mode, str, datetime]:
    silent = mono - pulse.beat
    if silent > STALLED_S:
        return "out_of_service", "core_stalled", utc - timedelta(seconds=silent)
    since = pulse.since["mode"]
    if pulse.facts.closed_reason:
        return "out_of_service", pulse.facts.closed_reason, since
    return ("settling" if pulse.page is Page.SETTLING else "in_service"), "", since


def _devices(facts: Facts, since: Mapping[str, datetime]) -> dict[str, DeviceReport]:
    devices = {
        "acceptor": facts.acceptor,
        "printer": facts.printer,
        **facts.card_units,
        **facts.tender_units,
    }
    return {name: _device(health, since[name]) for name, health in devices.items() if health is not None}


def _device(health: DeviceHealth, since: datetime) -> DeviceReport:
    return DeviceReport(
        status=health.status.value,
        usable=health.usable,
        code=health.code,
        action=health.action.value,
        supply=health.supply.value,
        since=since,
        detail=health.detail,
    )


def _sign_on(standing: Standing | None) -> SignOnReport | None:
    if standing is None:
        return None
    return SignOnReport(standing.until is not None, standing.until, standing.failure, standing.failed_at)


def _card_module(runner: Runner, computes: str) -> ModuleReport | None:
    lane = runner.lanes.get("card")
    if not isinstance(lane, CardLane):
        return None
    health = lane.module_health
    return ModuleReport(computes, health.status.value, health.code, health.detail)


def _journal(pulse: Pulse, utc: datetime) -> JournalReport:
    append_ms = round(pulse.append_s * 1000, 3)
    if pulse.facts.closed_reason == "journal_damaged":
        return JournalReport(True, False, None, None, append_ms, None, None, None, None, None, "")
    return JournalReport(
        damaged=False,
        failed=pulse.facts.closed_reason == "journal_failed",
        rows=pulse.journal_seq,
        head=pulse.journal_head,
        append_ms=append_ms,
        open_payments=pulse.open_payments,
        oldest_open_age_s=_age(pulse.oldest_open_at, utc),
        open_claims=pulse.open_claims,
        backlog=pulse.backlog,
        backlog_age_s=_age(pulse.oldest_unanswered_at, utc),
        hub_verdict=pulse.facts.journal_verdict,
    )


def _age(since: str, utc: datetime) -> float | None:
    return _seconds((utc - datetime.fromisoformat(since)).total_seconds()) if since else None


def _lanes(runner: Runner, mono: float) -> dict[str, LaneReport]:
    threads = {thread.name for thread in threading.enumerate()}
    return {
        name: LaneReport(f"lane-{name}" in threads, _seconds(mono - lane.beat), lane.queue.qsize())
        for name, lane in runner.lanes.items()
    }


def _seconds(value: float) -> float:
    return round(max(value, 0.0), 3)


@cache
def _version() -> str:
    from importlib.metadata import version  # only needed here, and it reads the disk

    return version("power-kiosk")
