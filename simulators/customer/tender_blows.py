"""The blows of payments without cash, to banks, box, PIN pad and wallet, and what the customer does himself."""

from __future__ import annotations

import time
from typing import Any

from simulators.customer import blows
from simulators.customer.blows import Act
from simulators.customer.customer import Customer, JourneyError

_PATIENCE_S = 60.0


def end(name: str, order: str, **how: Any) -> Act:
    """Give one order to a far end by its name on the bench (`Bench.far_ends`)."""
    return lambda customer: _order(customer, name, order, how)


def _order(customer: Customer, name: str, order: str, how: dict[str, Any]) -> None:
    customer.bench.far_ends[name](order, **how)


def decides(**habits: Any) -> Act:
    """Let the customer do otherwise from now on: the fields of his `Purse`."""

    def changes(customer: Customer) -> None:
        for name, value in habits.items():
            setattr(customer.purse, name, value)

    return changes


def both(first: Act, second: Act) -> Act:
    """Deal two blows, one after the other."""

    def deals(customer: Customer) -> None:
        first(customer)
        second(customer)

    return deals


def pulls_card_at_pin(customer: Customer) -> None:
    """Pull the card out while the PIN is asked for, once, and read that it was too early."""
    if not customer.struck:
        customer.struck = True
        customer.bench.far_ends["bank_card"]("pull")
        customer.is_told("pulled")


def forgets_card(customer: Customer) -> None:
    """Leave with the slip and without the card, be called back to it, and take it then."""
    customer.takes_slip()
    customer.hand.choose("finish")
    customer.is_told("card-forgotten")
    customer.bench.far_ends["bank_card"]("pull")
    customer.gone = True


def leaves_card_for_good(customer: Customer) -> None:
    """Leave with the slip and without the card; called again and again for nothing, the kiosk draws it in."""
    customer.takes_slip()
    customer.hand.choose("finish")
    customer.gone = True
    customer.is_told("card-held-out")
    _until(lambda: customer.bench.far_ends["motor"]("status", log=0)["bin"], "the card is not drawn in")


def kills_kiosk_while_bank_asked(customer: Customer) -> None:
    """Kill the kiosk while the bank has the sale and has not answered; then let the bank answer."""
    _until(lambda: customer.bench.far_ends["bank_a"]("status")["waiting"], "the bank was never asked")
    customer.bench.kill_kiosk()
    customer.bench.far_ends["bank_a"]("release")
    blows.starts_again(customer)


def kills_hub_while_bank_asked(customer: Customer) -> None:
    """Kill the hub while the bank has the sale and has not answered, and start it again."""
    _until(lambda: customer.bench.far_ends["bank_a"]("status")["waiting"], "the bank was never asked")
    customer.bench.kill_hub()
    customer.bench.far_ends["bank_a"]("release")
    customer.bench.start_hub_again()


def kills_kiosk_while_box_asked(customer: Customer) -> None:
    """Kill the kiosk while the box asks its bank; the box goes on alone."""
    _until(lambda: customer.bench.far_ends["box"]("status")["held"], "the box never came so far")
    customer.bench.kill_kiosk()
    customer.bench.far_ends["box"]("go_on")
    _until(lambda: not customer.bench.far_ends["box"]("status")["step"], "the box does not end")
    blows.starts_again(customer)


def box_power_again(customer: Customer) -> None:
    """Wait until the box has lost its power, and give it power again."""
    _until(lambda: not customer.bench.far_ends["box"]("status")["powered"], "the box keeps its power")
    time.sleep(1.0)
    customer.bench.far_ends["box"]("power_on")


def kills_kiosk_with_code_shown(customer: Customer) -> None:
    """Kill the kiosk with a code on its screen that nobody has paid."""
    blows.kill_kiosk(customer)


def pays_while_kiosk_is_dead(customer: Customer) -> None:
    """Kill the kiosk with a code on its screen, and pay that code before the kiosk is back."""
    customer.purse.taps = False
    customer.bench.kill_kiosk()
    customer.bench.far_ends["wallet"]("tap_pay")
    blows.starts_again(customer)


def wrong_number_then_right(place: int, right: int = 2) -> Act:
    """Be told that a recharge card's number is no good, and type the right one."""

    def types(customer: Customer) -> None:
        if customer.purse.recharge == place:
            customer.is_told("number-refused")
            customer.purse.recharge = right
            customer.hand.key(customer.purse.recharge_no)
            customer.hand.touch("id=confirm")

    return types


def _until(so: Any, what: str) -> None:
    until = time.monotonic() + _PATIENCE_S
    while not so():
        if time.monotonic() > until:
            raise JourneyError(what)
        time.sleep(0.02)


def comes_again_with_spent_card(customer: Customer) -> None:
    """Go the same way once more with the same card, be told, and go home."""
    customer.begins()
    customer.finds_account()
    if not customer.comes_to_means() or not customer.goes_on("recharge_card"):
        raise JourneyError("recharge cards are not taken any more")
    customer.sees("recharge")
    customer.hand.key(customer.purse.recharge_no)
    customer.hand.touch("id=confirm")
    customer.is_told("number-refused")
    customer.goes_home()
