"""What a customer with a meter card does at the kiosk, and at home with the card afterwards."""

from __future__ import annotations

import time

from simulators.bench.household import Household
from simulators.customer.customer import Customer, JourneyError

NO_CARD = "the customer of this journey has no meter card"
BUYS_FEN = 10_000
_IN_SLOT_S = 30.0
_WRITTEN_S = 90.0
_UNWRITTEN = ("write_failed", "cannot_write")


def inserts_card(customer: Customer) -> None:
    """From the first page to the page that says what is on the card; who is sent away for now comes back once."""
    if _asked_for_card(customer) == "card_contents":
        return
    customer.hand.choose("take_card", "finish")
    _takes_back(customer)
    customer.moment("sent_away")
    if (page := _asked_for_card(customer)) != "card_contents":
        raise JourneyError(f"the card leads to {page} again")


def _asked_for_card(customer: Customer) -> str:
    customer.begins()
    customer.hand.touch("id=meter_card")
    customer.sees("insert_card")
    customer.moment("card_asked")
    puts_in(customer)
    pages = ("card_contents", "not_taken", "message")
    return customer.sees(*pages, own=False, timeout_s=_IN_SLOT_S)


def puts_in(customer: Customer) -> None:
    """Put the own card in, the first time or again."""
    if not customer.bench.card("insert", card=str(at_home(customer).card))["powered"]:
        raise JourneyError("the reader does not take the card")


def _takes_back(customer: Customer) -> None:
    """Take the card where it still is in the slot, and see the first page."""
    if customer.bench.card("status")["inserted"]:
        customer.bench.card("pull")
    customer.sees("attract", own=False)


def at_home(customer: Customer) -> Household:
    """The meter on the wall at home, to which the card belongs."""
    if customer.bench.home is None:
        raise JourneyError(NO_CARD)
    return customer.bench.home


def read_card(customer: Customer) -> None:
    """Look what is on the card, and take it back."""
    inserts_card(customer)
    customer.hand.touch("id=take_card")
    customer.sees("return_card")
    customer.bench.card("pull")
    customer.sees("attract", own=False)


def buy_power(customer: Customer) -> None:
    """Buy power for a hundred yuan in notes, and carry it home."""
    inserts_card(customer)
    customer.hand.touch("id=buy_power")
    customer.sees("means")
    customer.hand.touch("id=cash")
    customer.sees("cash")
    customer.moment("cash_open")
    customer.feeds(BUYS_FEN)
    customer.looks("cash-in")
    customer.moment("before_pay")
    customer.hand.touch("id=pay_now")
    customer.moment("pay_pressed")
    if _learns(customer) == "take_card":
        customer.moment("told")
        carries_home(customer, customer.inserted_fen)
    else:
        customer.moment("owed")
        _goes_home_without(customer)
        customer.moment("at_home")


def _learns(customer: Customer) -> str:
    """Wait for the page that says how the write ended, and put the card back where that is asked."""
    page = customer.sees("take_card", *_UNWRITTEN, own=False, timeout_s=_WRITTEN_S)
    if page != "take_card" and not _is_over(customer):
        customer.moment("card_wanted")
        until = time.monotonic() + _WRITTEN_S
        while not _is_over(customer):
            if time.monotonic() > until:
                raise JourneyError("nobody says whether the card is written")
            time.sleep(0.05)
        page = customer.sees("take_card", *_UNWRITTEN, own=False)
    return page


def _is_over(customer: Customer) -> bool:
    """Whether what stands there is the last word on the write: the card may be taken, or the page left."""
    page = customer.hand.page()
    return page["name"] == "take_card" or (
        page["name"] in _UNWRITTEN and "finish" in {target["id"] for target in page["targets"]}
    )


def _goes_home_without(customer: Customer) -> None:
    """Take slip and card: what is on it is worth nothing to the meter yet."""
    customer.takes_slip()
    customer.looks("slip")
    customer.hand.choose("finish")
    _takes_back(customer)
    if credited := at_home(customer).takes().credited_fen:
        raise JourneyError(f"the meter takes {credited} fen that are said not to be on the card")
    customer.say("the meter takes nothing yet")


def rewrite_card(customer: Customer) -> None:
    """Have a purchase written that was paid another day, free of charge, and carry it home."""
    inserts_card(customer)
    customer.hand.touch("id=rewrite")
    customer.sees("take_card", own=False, timeout_s=_IN_SLOT_S)
    customer.moment("told")
    carries_home(customer, at_home(customer).reads().wallet.amount_fen)


def carries_home(customer: Customer, paid_fen: int) -> None:
    """Take slip and card, and put the card into the meter: what was paid must be on it then, once."""
    customer.takes_slip()
    customer.looks("slip")
    customer.bench.card("pull")
    until = time.monotonic() + _IN_SLOT_S
    while customer.hand.page()["name"] == "take_card" and not customer.hand.choose("finish"):
        if time.monotonic() > until:
            raise JourneyError("the kiosk does not notice that the card was taken")
        time.sleep(0.05)
    customer.sees("attract", own=False)
    home = at_home(customer)
    shown = home.takes()
    customer.say(f"the meter takes {shown.credited_fen / 100:.2f} yuan")
    if shown.error is not None or shown.credited_fen != paid_fen:
        raise JourneyError(
            f"the meter shows {shown.error!r} and takes {shown.credited_fen} of {paid_fen} fen"
        )
    if (again := home.takes()).credited_fen:
        raise JourneyError(f"the meter takes {again.credited_fen} fen a second time")
