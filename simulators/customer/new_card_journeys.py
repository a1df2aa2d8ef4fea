"""What a customer without a usable meter card does at the kiosk, and at home with the new one afterwards."""

from __future__ import annotations

import time
from pathlib import Path

from kiosk.numbers import group_phone
from simulators.bench.household import Household
from simulators.customer.card_journeys import BUYS_FEN, NO_CARD
from simulators.customer.customer import Customer, JourneyError
from simulators.meter_rules import MeterError

FEE_FEN = 2_000
_MADE_S = 60.0
_TAKEN_S = 30.0


def reissue_card(customer: Customer) -> None:
    """Have a new card made for a lost one; its purchase is in the meter once, and the old card is refused there."""
    _asks_for_card(customer)
    _pays(customer, FEE_FEN)
    home = _home(customer)
    old = home.gets(_takes_card(customer))
    _into_the_meter(customer, home)
    home.gets(old)
    shown = home.takes()
    if shown.error is not MeterError.SERIAL or shown.credited_fen:
        raise JourneyError(f"the meter shows {shown.error!r} for the old card")
    customer.say("the meter refuses the old card")


def open_card(customer: Customer) -> None:
    """Have the first card of a meter made, with power for a hundred yuan on it, and open the meter with it."""
    _asks_for_card(customer)
    _pays(customer, BUYS_FEN)
    home = _home(customer)
    home.gets(_takes_card(customer))
    _into_the_meter(customer, home)


def _home(customer: Customer) -> Household:
    if customer.bench.home is None:
        raise JourneyError(NO_CARD)
    return customer.bench.home


def _asks_for_card(customer: Customer) -> None:
    """From the first page to the price of a new card."""
    customer.begins()
    customer.hand.touch("id=meter_card")
    customer.sees("insert_card")
    customer.hand.touch("id=reissue")
    customer.sees("enter_account")
    customer.hand.key(customer.account_no)
    customer.hand.touch("id=confirm")
    customer.sees("confirm_account")
    customer.hand.touch("id=correct")
    customer.sees("identity")
    # The sample town's phone numbers end in the account's own last digits.
    customer.hand.key(f"154{customer.account_no[-8:]}", group_phone)
    customer.moment("identity")
    customer.hand.touch("id=confirm")
    customer.sees("new_card", "card_paid_before", own=False, timeout_s=_MADE_S)


def _pays(customer: Customer, fen: int) -> None:
    customer.hand.touch("id=confirm_reissue")
    customer.sees("cash")
    customer.moment("cash_open")
    customer.feeds(fen)
    customer.looks("cash-in")
    customer.moment("before_pay")
    customer.hand.touch("id=pay_now")
    if customer.sees("collect_card", "new_card_failed", own=False, timeout_s=_MADE_S) == "new_card_failed":
        customer.moment("owed")
        _asks_again(customer)
    customer.moment("told")


def _asks_again(customer: Customer) -> None:
    """Go by the slip of a card that could not be made: ask once more, and get it free of charge."""
    customer.takes_slip()
    customer.looks("slip")
    customer.hand.choose("finish")
    _asks_for_card(customer)
    if not customer.hand.choose("make_card"):
        raise JourneyError("the card that was paid for is not offered")
    customer.sees("collect_card", own=False, timeout_s=_MADE_S)


def _takes_card(customer: Customer) -> Path:
    """Take slip and card; gives the card."""
    customer.takes_slip()
    customer.looks("slip")
    until = time.monotonic() + _TAKEN_S
    while customer.bench.dispenser("status", log=0)["place"] != "mouth":
        if time.monotonic() > until:
            raise JourneyError("the new card is not held out")
        time.sleep(0.05)
    card = Path(str(customer.bench.dispenser("status", log=0)["card"]))
    customer.bench.dispenser("take")
    while "finish" not in {target["id"] for target in customer.hand.page()["targets"]}:
        if time.monotonic() > until:
            raise JourneyError("the kiosk does not notice that the card was taken")
        time.sleep(0.05)
    customer.looks("card-in-hand")
    customer.hand.choose("finish")
    customer.sees("attract", own=False)
    return card


def _into_the_meter(customer: Customer, home: Household) -> None:
    paid = home.reads().wallet.amount_fen
    shown = home.takes()
    customer.say(f"the meter takes {shown.credited_fen / 100:.2f} yuan")
    if shown.error is not None or shown.credited_fen != paid or not paid:
        raise JourneyError(f"the meter shows {shown.error!r} and takes {shown.credited_fen} of {paid} fen")
    if (again := home.takes()).credited_fen:
        raise JourneyError(f"the meter takes {again.credited_fen} fen a second time")
