"""What a customer does who pays without cash: by bank card, at a terminal box, by phone, with a recharge card."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Literal

from simulators.customer.card_journeys import BUYS_FEN, carries_home, inserts_card
from simulators.customer.customer import Customer, JourneyError
from simulators.customer.reading import literals, stands
from simulators.far_end import ControlError

Means = Literal["bank_card", "qr", "recharge_card"]
Acts = Mapping[str, Callable[[Customer], None]]
ENDS = ("done", "take_card", "checking", "claim", "declined", "reversed", "message", "means")
_PAID = ("done", "take_card")
_NOTHING_TAKEN = ("declined", "message", "means")
CODE = literals("phone.left", "phone.only_scan")
"""What stands beside a code that can be scanned."""
_TURNS_S = 120.0
_OPENS_S = 30.0


def pay_bank_card(customer: Customer) -> None:
    """All that is owed, by bank card at the kiosk's own reader and PIN pad."""
    _pays_bill(customer, "bank_card", CARD)


def pay_bank_box(customer: Customer) -> None:
    """All that is owed, at the terminal box."""
    _pays_bill(customer, "bank_card", BOX)


def pay_qr(customer: Customer) -> None:
    """All that is owed, by phone."""
    _pays_bill(customer, "qr", PHONE)


def pay_recharge_card(customer: Customer) -> None:
    """A recharge card's whole value."""
    _pays_bill(customer, "recharge_card", RECHARGE)


def buy_power_bank_card(customer: Customer) -> None:
    """Power for a hundred yuan, by bank card."""
    _buys_power(customer, "bank_card", CARD)


def buy_power_bank_box(customer: Customer) -> None:
    """Power for a hundred yuan, at the terminal box."""
    _buys_power(customer, "bank_card", BOX)


def buy_power_qr(customer: Customer) -> None:
    """Power for a hundred yuan, by phone."""
    _buys_power(customer, "qr", PHONE)


def buy_power_recharge_card(customer: Customer) -> None:
    """Power for a recharge card's value."""
    _buys_power(customer, "recharge_card", RECHARGE)


def _pays_bill(customer: Customer, means: Means, acts: Acts) -> None:
    customer.begins()
    customer.finds_account()
    if not customer.comes_to_means() or not customer.goes_on(means):
        if not customer.faults:
            raise JourneyError(f"{means} does not work")
        customer.say("this means does not work now")
        customer.goes_home()
        return
    fen = customer.purse.recharge_fen if means == "recharge_card" else customer.due_fen
    page = goes_through(customer, acts)
    ends(customer, page, fen)
    customer.moment("at_home")


def _buys_power(customer: Customer, means: Means, acts: Acts) -> None:
    inserts_card(customer)
    customer.hand.touch("id=buy_power")
    customer.sees("means")
    customer.moment("means_asked")
    customer.hand.touch(f"id={means}")
    fen = customer.purse.recharge_fen if means == "recharge_card" else BUYS_FEN
    page = goes_through(customer, {**acts, "amount": _takes_amount})
    if page != "take_card":
        ends(customer, page, fen)
        return
    customer.given_fen = fen
    customer.moment("told")
    _takes_bank_card(customer)
    carries_home(customer, fen)


def _takes_amount(customer: Customer) -> None:
    customer.hand.touch(f"id=preset:{BUYS_FEN}")


def goes_through(customer: Customer, acts: Acts) -> str:
    """From the choice of means: do on each page what a person does there, until one tells how it ended; gives it."""
    page = "means"
    until = time.monotonic() + _TURNS_S
    while True:
        if customer.gone:
            return page
        names = [name for name in (*acts, *ENDS) if name != page]
        page = customer.sees(*names, own=False, timeout_s=max(1.0, until - time.monotonic()))
        if page in ENDS:
            return page
        acts[page](customer)


def ends(customer: Customer, page: str, fen: int) -> None:
    """Take card and slip, and leave."""
    if page in _PAID:
        customer.given_fen = fen
    elif not customer.faults:
        raise JourneyError(f"nothing is wrong, and it ends with {page}")
    customer.moment("told")
    if customer.gone:
        customer.sees("attract", own=False, timeout_s=_TURNS_S)
        return
    _takes_bank_card(customer)
    if page in _NOTHING_TAKEN:
        customer.goes_home()
    else:
        customer.finishes()


# The bank card.


def _puts_card_in(customer: Customer) -> None:
    customer.moment("bank_card_asked")
    ends_of = customer.bench.far_ends
    card = str(customer.bench.tenders.card_file(customer.purse.bank, customer.purse.kind))
    until = time.monotonic() + _OPENS_S
    if "motor" not in ends_of:
        ends_of["bank_card"]("insert", card=card)
    else:
        while not (told := ends_of["motor"]("push", card=card))["taken"]:
            if time.monotonic() > until:
                raise JourneyError(f"the reader does not take the card: {told['why']}")
            time.sleep(0.1)
    customer.moment("bank_card_in")


def _types_pin(customer: Customer) -> None:
    pad = customer.bench.far_ends["pin_pad"]
    until = time.monotonic() + _OPENS_S
    while pad("status")["entry"] != "open":
        if time.monotonic() > until:
            raise JourneyError(f"the PIN pad takes no PIN: {pad('status')['entry']}")
        time.sleep(0.05)
    customer.moment("pin_asked")
    if customer.hand.page()["name"] != "pin":
        return
    if customer.purse.cancels:
        pad("cancel")
        return
    for digit in customer.purse.typed_pin:
        pad("press", digits=digit)
        time.sleep(0.1)
    customer.looks("pin-typed")
    customer.moment("pin_typed")
    pad("enter")
    customer.moment("sale_asked")


def _takes_bank_card(customer: Customer) -> None:
    """Take the card once it is held out; who leaves it behind is told again and again."""
    ends_of = customer.bench.far_ends
    if "bank_card" not in ends_of or customer.purse.leaves_card:
        return
    until = time.monotonic() + _OPENS_S
    if "motor" not in ends_of:
        if ends_of["bank_card"]("status")["inserted"]:
            ends_of["bank_card"]("pull")
        return
    while ends_of["motor"]("status", log=0)["place"] != "none":
        if ends_of["motor"]("take")["taken"]:
            return
        if time.monotonic() > until:
            raise ControlError("the card is not given back")
        time.sleep(0.1)


# The terminal box, the phone, the recharge card.


def _goes_to_box(customer: Customer) -> None:
    customer.moment("box_asked")
    if customer.purse.presents:
        customer.bench.far_ends["box"]("present")
    customer.moment("card_presented")


def _scans_code(customer: Customer) -> None:
    until = time.monotonic() + _OPENS_S
    while not stands(CODE, (page := customer.hand.page())["texts"]):
        if page["name"] not in {"phone", ""}:
            return  # no code came
        if time.monotonic() > until:
            raise JourneyError("no code can be scanned")
        time.sleep(0.05)
    customer.looks("code")
    customer.moment("code_shown")
    if customer.purse.cancels:
        customer.hand.choose("cancel_phone")
    elif customer.purse.taps:
        customer.bench.far_ends["wallet"]("tap_pay")
        customer.moment("tapped")


def _types_recharge(customer: Customer) -> None:
    customer.moment("number_asked")
    customer.hand.key(customer.purse.recharge_no)
    customer.looks("number-typed")
    customer.hand.touch("id=confirm")
    customer.moment("number_confirmed")


CARD: Acts = {"insert_bank_card": _puts_card_in, "pin": _types_pin}
BOX: Acts = {"box": _goes_to_box}
PHONE: Acts = {"phone": _scans_code}
RECHARGE: Acts = {"recharge": _types_recharge}
