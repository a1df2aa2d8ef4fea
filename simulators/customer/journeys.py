"""The journeys: each a short script of what one customer does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from simulators.bench.settings import Tables
from simulators.bench.tenders import Part
from simulators.customer.card_journeys import buy_power, read_card, rewrite_card
from simulators.customer.customer import Customer, JourneyError
from simulators.customer.new_card_journeys import open_card, reissue_card
from simulators.customer.tender_journeys import (
    buy_power_bank_box,
    buy_power_bank_card,
    buy_power_qr,
    buy_power_recharge_card,
    pay_bank_box,
    pay_bank_card,
    pay_qr,
    pay_recharge_card,
)


@dataclass(frozen=True)
class Purchase:
    """The last purchase of a well-known account of the town (`hub/data/town_demo.py`)."""

    account_no: str
    meter_no: str
    count: int
    amount_fen: int
    taken: bool = True


IN_THE_METER = Purchase("0399000000000083", "9900010022500000000093", 12, 10_000)
STILL_OWED = Purchase("0399000000000133", "9900010022500000000147", 7, 10_000)
"""Number 8 was paid and never written: the card still holds the one before it."""

LOST_UNREAD = Purchase("0399000000000125", "9900010022500000000130", 5, 20_000, taken=False)
"""Number 5 is on the card that is lost, and not in the meter."""
NEVER_OPENED = Purchase("0399000000000141", "9900010022500000000154", 0, 0, taken=False)


BANK_CARD: frozenset[Part] = frozenset({"bank_card"})
MOTOR: frozenset[Part] = frozenset({"motor"})
BOX: frozenset[Part] = frozenset({"box"})
PHONE: frozenset[Part] = frozenset({"qr"})
RECHARGE: frozenset[Part] = frozenset({"recharge_card"})


@dataclass(frozen=True)
class Journey:
    """One way through the kiosk. `owes` picks a customer with arrears (or without); `changes` shorten waits that
    would otherwise take minutes."""

    name: str
    tells: str
    play: Callable[[Customer], None]
    owes: bool = True
    card: Purchase | None = None
    """The last purchase on the meter card that the customer brings, where the journey needs one."""
    blanks: int = 0
    """How many new cards are in the kiosk's dispenser."""
    tenders: frozenset[Part] = frozenset()
    """What the kiosk has for money that is not cash."""
    changes: Tables = field(default_factory=dict)


def pay_cash(customer: Customer) -> None:
    """The main job: all that is owed, in notes."""
    customer.begins()
    customer.finds_account()
    _pay(customer, customer.due_fen)


def pay_cash_partial(customer: Customer) -> None:
    """One note, less than what is owed."""
    customer.begins()
    customer.finds_account()
    _pay(customer, 1000)


def by_meter(customer: Customer) -> None:
    """The account is found by the number on the meter."""
    customer.begins()
    customer.finds_meter()
    _pay(customer, customer.due_fen)


def prepay_cash(customer: Customer) -> None:
    """Nothing is owed; fifty yuan become balance."""
    customer.begins()
    customer.finds_account("prepay")
    _pay(customer, 5000)


def english(customer: Customer) -> None:
    """The language is switched on the way, without losing one's place."""
    customer.begins()
    customer.hand.touch("id=language")
    customer.sees("home", own=False)
    customer.finds_account()
    _pay(customer, customer.due_fen)


def walk_away(customer: Customer) -> None:
    """One note in, then nobody there: the kiosk asks, waits, pays it in and prints the slip."""
    customer.begins()
    customer.finds_account()
    if customer.chooses_cash() and customer.feeds_note(5000):
        customer.sees("more_time", own=False)
        customer.learns(own=False, timeout_s=90)
        customer.sees("attract", own=False, timeout_s=120)


def cancel_before_money(customer: Customer) -> None:
    """The customer thinks better of it before any note is in."""
    customer.begins()
    customer.finds_account()
    if not customer.chooses_cash():
        raise JourneyError("the note slot was not offered")
    customer.goes_home()


def _pay(customer: Customer, amount_fen: int) -> None:
    if not customer.chooses_cash():
        customer.say("no notes are taken now")
        customer.goes_home()
        return
    customer.feeds(amount_fen)
    if customer.inserted_fen:
        customer.pays()
        customer.finishes()
    else:
        customer.goes_home()


JOURNEYS = {
    journey.name: journey
    for journey in (
        Journey("pay-cash", "pays all that is owed in notes", pay_cash),
        Journey("pay-cash-partial", "puts in one note, less than what is owed", pay_cash_partial),
        Journey("by-meter", "finds the account by the meter number", by_meter),
        Journey("prepay-cash", "owes nothing and prepays fifty yuan", prepay_cash, owes=False),
        Journey("english", "switches to English on the way", english),
        Journey(
            "walk-away",
            "puts one note in and leaves; the kiosk asks, then pays it in",
            walk_away,
            changes={"screen": {"cash_idle_s": 3.0, "question_s": 20.0, "done_s": 3.0}},
        ),
        Journey("cancel-before-money", "leaves before any note is in", cancel_before_money),
        Journey("read-card", "looks what is on the meter card", read_card, card=IN_THE_METER),
        Journey(
            "buy-power", "buys power on the meter card and carries it home", buy_power, card=IN_THE_METER
        ),
        Journey(
            "buy-power-sam",
            "the same, with a SAM in the cabinet that computes for the card in the hub's place",
            buy_power,
            card=IN_THE_METER,
            changes={"meter_card": {"module": "sam"}},
        ),
        Journey("rewrite-card", "has a card written that was paid for before", rewrite_card, card=STILL_OWED),
        Journey(
            "reissue-card",
            "has a new card made for a lost one, with the purchase that was on it",
            reissue_card,
            card=LOST_UNREAD,
            blanks=3,
        ),
        Journey(
            "open-card",
            "has the first card of a meter made, with power on it",
            open_card,
            card=NEVER_OPENED,
            blanks=3,
        ),
        Journey(
            "pay-bank-card", "pays all that is owed by bank card and PIN", pay_bank_card, tenders=BANK_CARD
        ),
        Journey("pay-bank-box", "pays all that is owed at a terminal box", pay_bank_box, tenders=BOX),
        Journey("pay-qr", "pays all that is owed by phone", pay_qr, tenders=PHONE),
        Journey(
            "pay-recharge-card",
            "pays with the number of a recharge card",
            pay_recharge_card,
            tenders=RECHARGE,
        ),
        Journey(
            "buy-power-bank-card",
            "buys power by bank card and carries it home",
            buy_power_bank_card,
            card=IN_THE_METER,
            tenders=BANK_CARD,
        ),
        Journey(
            "buy-power-bank-box",
            "buys power at a terminal box and carries it home",
            buy_power_bank_box,
            card=IN_THE_METER,
            tenders=BOX,
        ),
        Journey(
            "buy-power-qr",
            "buys power by phone and carries it home",
            buy_power_qr,
            card=IN_THE_METER,
            tenders=PHONE,
        ),
        Journey(
            "buy-power-recharge-card",
            "buys power with a recharge card and carries it home",
            buy_power_recharge_card,
            card=IN_THE_METER,
            tenders=RECHARGE,
        ),
    )
}
