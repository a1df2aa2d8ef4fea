"""The journeys: each a short script of what one customer does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from simulators.bench.settings import Tables
from simulators.customer.customer import Customer, JourneyError


@dataclass(frozen=True)
class Journey:
    """One way through the kiosk. `owes` picks a customer with arrears (or without); `changes` shorten waits that
    would otherwise take minutes."""

    name: str
    tells: str
    play: Callable[[Customer], None]
    owes: bool = True
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
    )
}
