"""The single blows that faults are made of: each is dealt at one moment of the customer's way."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from simulators.customer.customer import Customer, JourneyError
from simulators.customer.reading import literals

Act = Callable[[Customer], None]
_PATIENCE_S = 60.0


def hub(order: str, **how: Any) -> Act:
    """Spoil the line to the hub."""
    return lambda customer: _do(customer.bench.line, order, how)


def acceptor(order: str, **how: Any) -> Act:
    """Spoil the note acceptor."""
    return lambda customer: _do(customer.bench.validator, order, how)


def printer(order: str, **how: Any) -> Act:
    """Spoil the printer."""
    return lambda customer: _do(customer.bench.printer, order, how)


def _do(far_end: Callable[..., Any], order: str, how: dict[str, Any]) -> None:
    far_end(order, **how)


def told(name: str) -> Act:
    """Wait until the page tells the truth of it."""
    return lambda customer: customer.is_told(name)


def then_told(act: Act, name: str) -> Act:
    """Deal a blow and wait until the page tells of it."""

    def both(customer: Customer) -> None:
        act(customer)
        customer.is_told(name)

    return both


def mistypes_account(customer: Customer) -> None:
    """Type an account number that nobody has, be told, and take it away again."""
    customer.mistypes(f"{customer.account_no[:4]}{'1' * (len(customer.account_no) - 4)}")


def mistypes_meter(customer: Customer) -> None:
    """Go by the number on the meter and mistype its last digit."""
    customer.goes_by_meter()
    number = customer.number
    customer.mistypes(f"{number[:-1]}{(int(number[-1]) + 1) % 10}")


def tries_note(value_fen: int) -> Act:
    """Put a note in that the kiosk does not take, and be told."""

    def tries(customer: Customer) -> None:
        customer.tries_note(value_fen)
        customer.is_told("note-back")

    return tries


def spoils_what_it_tells(order: str, **how: Any) -> Act:
    """Spoil what the acceptor tells of the note that stands still before the box, and let it go in."""

    def spoils(customer: Customer) -> None:
        _until(customer, "stacking")
        customer.bench.validator(order, **how)
        customer.bench.validator("go_on")

    return spoils


def hub_gone_on_attract(customer: Customer) -> None:
    """Cut the line and wait until the first page says what is still possible."""
    customer.bench.line("cut")
    customer.reads(literals("attract.offline"), _PATIENCE_S)
    customer.looks("attract-offline")


def hub_back_after_slip(customer: Customer) -> None:
    """Mend the line once the customer has the slip with the reference."""
    customer.takes_slip()
    customer.looks("told")
    customer.bench.line("restore")


def power_cut(customer: Customer) -> None:
    """Take the acceptor's power away for a second."""
    customer.bench.validator("power_off")
    time.sleep(1.0)
    customer.bench.validator("power_on")


def cut_power_once_at(state: str) -> Act:
    """Cut the acceptor's power when a note first reaches this state."""
    return acceptor("cut_power_at", state=state)


def power_again(customer: Customer) -> None:
    """Give the acceptor power again where it was cut at this note."""
    if not customer.struck:
        customer.struck = True
        _until(customer, "power_off")
        customer.bench.validator("power_on")


def kill_kiosk(customer: Customer) -> None:
    """Kill the kiosk's process and start it again under the customer's hand."""
    customer.bench.kill_kiosk()
    starts_again(customer)


def stop_at(state: str) -> Act:
    """Let the note stand still where it next reaches this state, so that there is a moment to strike in."""
    return acceptor("freeze_at", state=state)


def kill_before_the_intent(customer: Customer) -> None:
    """Kill the kiosk while the note is being looked at; started again, it finds a note it never asked for."""
    _until(customer, "accepting")
    customer.bench.kill_kiosk()
    customer.bench.validator("go_on")
    _until(customer, "escrow")
    starts_again(customer)
    _takes_back(customer)
    customer.is_told("cancelled")


def jams_and_is_cleared(customer: Customer) -> None:
    """Let the note jam before the box; the customer reads so, somebody takes it out, and a slip says what is known."""
    _until(customer, "stacking")
    customer.bench.validator("jam", where="box")
    customer.reads(literals("note.jam"), _PATIENCE_S)
    customer.looks("jam")
    customer.bench.validator("clear")
    customer.sent_away = True
    customer.is_told("claim")
    customer.takes_slip()


def falls_in_too_late(customer: Customer) -> None:
    """Let the note hang until the customer has gone with a slip, and fall in then."""
    _until(customer, "stacking")
    customer.sent_away = True
    customer.is_told("claim")
    customer.takes_slip()
    customer.hand.choose("finish")
    customer.sees("attract", own=False)
    customer.bench.validator("go_on")
    until = time.monotonic() + _PATIENCE_S
    while not customer.bench.ledger()["suspense_fen"]:
        _check(until, "the note that fell in late is not in suspense")


def mains_cut_and_nobody_there(customer: Customer) -> None:
    """Kill the kiosk beside the dead acceptor and start both; nobody stands there to touch anything."""
    _until(customer, "power_off")
    customer.bench.kill_kiosk()
    customer.bench.validator("power_on")
    customer.gone = True
    starts_again(customer)
    customer.is_told("done")


def kill_while_it_comes_back(customer: Customer) -> None:
    """Kill the kiosk while the note that it had let in is held out again; started anew, it owes a word on it."""
    _until(customer, "returning")
    customer.bench.kill_kiosk()
    _takes_back(customer)
    starts_again(customer)
    customer.is_told("cancelled")
    customer.takes_slip()


def _takes_back(customer: Customer) -> None:
    until = time.monotonic() + _PATIENCE_S
    while not customer.bench.validator("status")["held_out"]:
        _check(until, "the note was not given back")
    customer.bench.validator("take_note")
    customer.sent_away = True


def kill_while_stacking(customer: Customer) -> None:
    """Kill the kiosk with the note between escrow and box; the acceptor goes on alone."""
    _until(customer, "stacking")
    customer.bench.kill_kiosk()
    customer.bench.validator("go_on")
    _until(customer, "stacked")
    starts_again(customer)


def kill_with_the_answer_lost(customer: Customer) -> None:
    """Kill the kiosk once the hub has booked what the kiosk has not heard of."""
    until = time.monotonic() + _PATIENCE_S
    while not customer.bench.ledger()["payments"]:
        _check(until, "the hub never had the payment")
    customer.bench.kill_kiosk()
    customer.bench.line("restore")
    starts_again(customer)


def starts_again(customer: Customer) -> None:
    """Start the kiosk that was killed, under the customer's hand."""
    customer.bench.start_kiosk()
    customer.finds_the_kiosk_again()


def _until(customer: Customer, state: str) -> None:
    until = time.monotonic() + _PATIENCE_S
    while (now := customer.bench.validator("status")["state"]) != state:
        _check(until, f"the acceptor never came to {state}; it is {now}")


def _check(until: float, what: str) -> None:
    if time.monotonic() > until:
        raise JourneyError(what)
    time.sleep(0.01)
