"""The named crash points: the kiosk dies before and after each kind of event is durable, and after each act."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import tests.kills.journeys as ways
from simulators.far_end import ControlError
from tests.kills.journeys import HASTY, Walk
from tests.powercut.judge import Count, Verdict, judge, settle
from tests.powercut.lanes import Outcome
from tests.powercut.machine import Dark, Forked
from tests.powercut.station import Station

WHERE: dict[str, tuple[Walk, tuple[str, ...], tuple[str, ...]]] = {
    "pays": (
        ways.pays,
        (
            "PaymentOpened",
            "NoteIntended",
            "NoteStacked",
            "PayRequested",
            "CreditSending",
            "CreditApproved",
            "SlipIntended",
            "SlipPrinted",
        ),
        ("EnableAcceptor", "StackNote", "AcknowledgeNote", "DisableAcceptor", "SendCredit", "PrintSlip"),
    ),
    "cancels": (ways.cancels, ("CancelRequested", "Cancelled"), ()),
    "gets_a_note_back": (ways.gets_a_note_back, ("NoteRefused",), ("GiveBackNote",)),
    "gets_no_answer": (ways.gets_no_answer, ("CreditUnknown", "CheckingPromised"), ()),
    "is_refused": (
        ways.is_refused,
        ("Claimed", "ClaimOpened", "ClaimSending", "ClaimTaken"),
        ("SendClaim",),
    ),
    "gets_no_paper": (ways.gets_no_paper, ("SlipFailed",), ()),
}
"""What a customer does, the events that it brings and the acts."""

CUSTOMER_WAITS_S = 20.0
PATIENT = HASTY | {"hub": HASTY["hub"] | {"query_deadline_s": 15.0}, "cash": {"note_fate_s": 30.0}}
"""A kiosk that waits for a slow hub's answer before there is money, and for a note's fate while a busy machine lets
acceptor or kiosk wait, lest its customer never comes to the point."""


@dataclass(frozen=True, slots=True)
class Point:
    """A journey and the moment at which its kiosk dies, such as `before:NoteStacked` or `served:SendCredit`."""

    way: str
    moment: str

    def __str__(self) -> str:
        return f"{self.way} --at {self.moment}"


def points() -> Iterator[Point]:
    """All of them."""
    for way, (_, events, effects) in WHERE.items():
        for event in events:
            yield Point(way, f"before:{event}")
            yield Point(way, f"after:{event}")
        for effect in effects:
            yield Point(way, f"served:{effect}")


def die(station: Station, point: Point) -> Outcome:
    """Die there, start again, settle and judge; a point that is not reached is a fault."""
    before = Count.of(station.cabinet, station.town)
    folder = station.place.make()
    kiosk = station.kiosk(folder, die=point.moment, changes=PATIENT).go()
    kiosk.shown.patience_s = CUSTOMER_WAITS_S
    with contextlib.suppress(Dark):
        WHERE[point.way][0](station, kiosk)
        kiosk.shown.wait(lambda _: False, "its death")
    reached = not kiosk.process.is_alive()
    pages = kiosk.shown.names
    kiosk.kill()
    heal(station)
    kiosk = station.kiosk(folder, changes=HASTY).go()
    verdict = at_rest(station, kiosk, before, pages)
    if not reached:
        verdict = Verdict((*verdict.faults, "this point was not reached"))
    return Outcome(verdict, kills=1, at=point.moment)


def heal(station: Station) -> None:
    """Line, paper and acceptor are as they should be again."""
    cabinet = station.cabinet
    cabinet.line("pass")
    with contextlib.suppress(ControlError):
        cabinet.validator(
            "cut_power_at", state=""
        )  # one that has not struck yet would strike when nobody mends it
    for far_end, order in (
        (cabinet.printer, "paper_in"),
        (cabinet.validator, "power_on"),
        (cabinet.validator, "clear"),
    ):
        with contextlib.suppress(ControlError):
            far_end(order)


def at_rest(station: Station, kiosk: Forked, before: Count, pages: list[str]) -> Verdict:
    """Let it settle and judge; the kiosk is ended."""
    try:
        missing = settle(station.cabinet, kiosk)
        verdict = judge(station.cabinet, station.town, kiosk, before, pages)
    finally:
        kiosk.kill()
    return Verdict(
        (*verdict.faults, *filter(None, [missing])), verdict.lost, verdict.doubled, verdict.in_flight
    )
