"""The named crash points: the kiosk dies before and after each kind of event is durable, and after each act."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import tests.kills.journeys as ways
from kiosk.payment.model import Claim, Payment
from simulators.far_end import ControlError
from tests.journeys.kiosk import PATIENCE
from tests.kills.card_journeys import WAYS
from tests.kills.journeys import HASTY, Walk
from tests.powercut.cardholder import Cardholder, Tables
from tests.powercut.judge import Count, Hand, Verdict
from tests.powercut.judge import at_rest as settled
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
    "gets_it_back_after_all": (ways.gets_it_back_after_all, ("NoteReturned",), ()),
    "loses_sight": (ways.loses_sight, ("NoteFateUnknown", "ClaimUnanswered"), ("ResetAcceptor",)),
}
"""What a customer does, the events that it brings and the acts."""
CARDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "buys_power": (
        ("GoodApproved", "WriteIntended", "WriteVerified", "OutcomeSending", "OutcomeTaken"),
        ("ReadCard", "AskCard", "AdmitCard", "WriteCard", "SendOutcome"),
    ),
    "pulls_before": (("WriteAbsent",), ()),
    "pulls_amid": (("WriteUncertain", "CardReadAsked", "WriteTorn"), ("ReadCardBack",)),
    "takes_it_away": (("WriteGivenUp",), ()),
    "is_told_late": (("OutcomeUnanswered",), ()),
    "has_it_rewritten": (("RewriteOpened",), ()),
    "gets_a_new_card": (("CardOffered", "CardLeft"), ("CheckIdentity", "StageCard", "PresentCard")),
    "leaves_the_new_card": (("CardKept",), ("RetractCard",)),
}
"""The same of customers with meter cards."""
AT_HUB: dict[str, tuple[str, ...]] = {
    "pays": ("payment",),
    "is_refused": ("claim",),
    "buys_power": ("write", "outcome"),
}
"""What the hub is told then; it dies before that is committed, and after it, before it answers."""

CUSTOMER_WAITS_S = 20.0
PATIENT = HASTY | {"hub": HASTY["hub"] | {"query_deadline_s": 15.0}, "cash": {"note_fate_s": 30.0}}
"""A kiosk that waits for a slow hub's answer before there is money, and for a note's fate while a busy machine lets
acceptor or kiosk wait, lest its customer never comes to the point."""


@dataclass(frozen=True, slots=True)
class Point:
    """A journey and the moment at which its kiosk dies, such as `before:NoteStacked` or `served:SendCredit`.

    Or its hub, such as `hub_before:payment`.
    """

    way: str
    moment: str

    def __str__(self) -> str:
        return f"{self.way} --at {self.moment}"


def points() -> Iterator[Point]:
    """All of them."""
    named = {way: (events, effects) for way, (_, events, effects) in WHERE.items()}
    for way, (events, effects) in (named | CARDS).items():
        for event in events:
            yield Point(way, f"before:{event}")
            yield Point(way, f"after:{event}")
        for effect in effects:
            yield Point(way, f"served:{effect}")
    for way, orders in AT_HUB.items():
        for order in orders:
            yield Point(way, f"hub_before:{order}")
            yield Point(way, f"hub_after:{order}")


def die(station: Station, point: Point) -> Outcome:
    """Die there, start again, settle and judge; a point that is not reached is a fault."""
    player = _hub_dies if point.moment.startswith("hub_") else _kiosk_dies
    verdict = player(station, point)
    return Outcome(verdict, kills=1, at=point.moment)


@dataclass(frozen=True)
class Visit:
    """A customer's visit: the settings of a kiosk that dies and of the next one, the way, and what comes after it.

    `hand` is what they do on the pages of a kiosk that settles, `judged` adds what only they can see.
    """

    patient: Tables
    hasty: Tables
    walk: Callable[[Forked], None]
    hand: Hand = lambda _: None
    judged: Callable[[Verdict, list[Payment | Claim]], Verdict] = lambda verdict, _: verdict


def _visit(station: Station, way: str) -> Visit:
    if way not in CARDS:
        return Visit(PATIENT, HASTY, lambda kiosk: WHERE[way][0](station, kiosk))
    with_card = WAYS[way]
    holder = Cardholder(station, with_card.who, returns=with_card.returns)
    settings = holder.tables(**with_card.settings)
    return Visit(settings, settings, lambda kiosk: with_card.walk(holder, kiosk), holder.does, holder.judged)


def _kiosk_dies(station: Station, point: Point) -> Verdict:
    before = Count.of(station.cabinet, station.town)
    visit, folder = _visit(station, point.way), station.place.make()
    kiosk = station.kiosk(folder, die=point.moment, changes=visit.patient).go()
    kiosk.shown.patience_s = CUSTOMER_WAITS_S
    with contextlib.suppress(Dark):
        visit.walk(kiosk)
        kiosk.shown.wait(lambda _: False, "its death")
    reached = not kiosk.process.is_alive()
    pages = kiosk.shown.names
    kiosk.kill()
    heal(station)
    kiosk = station.kiosk(folder, changes=visit.hasty).go()
    verdict = at_rest(station, kiosk, before, pages, visit.hand)
    return _was_reached(reached, visit.judged(verdict, kiosk.books()))


def _hub_dies(station: Station, point: Point) -> Verdict:
    """The kiosk lives on; the hub is started again at once."""
    before, town = Count.of(station.cabinet, station.town), station.town
    visit = _visit(station, point.way)
    town.restart(die=point.moment.removeprefix("hub_"))
    mortal = town.hub

    def come_back() -> None:
        mortal.gone(PATIENCE)
        town.restart()

    undertaker = threading.Thread(target=come_back, daemon=True)
    undertaker.start()
    kiosk = station.kiosk(station.place.make(), changes=visit.patient).go()
    kiosk.shown.patience_s = CUSTOMER_WAITS_S
    with contextlib.suppress(Dark):
        visit.walk(kiosk)
    reached = mortal.gone(CUSTOMER_WAITS_S)
    mortal.kill()
    undertaker.join()
    kiosk.shown.patience_s = None
    verdict = at_rest(station, kiosk, before, kiosk.shown.names, visit.hand)
    return _was_reached(reached, visit.judged(verdict, kiosk.books()))


def _was_reached(reached: bool, verdict: Verdict) -> Verdict:
    if reached:
        return verdict
    return replace(verdict, faults=(*verdict.faults, "this point was not reached"))


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
    if station.has_slots:
        station.slots.card("calm")


def at_rest(
    station: Station, kiosk: Forked, before: Count, pages: list[str], hand: Hand = lambda _: None
) -> Verdict:
    """Let it settle and judge; the kiosk is ended."""
    try:
        return settled(station.cabinet, station.town, kiosk, before, pages, hand=hand)
    finally:
        kiosk.kill()
