"""The blows that a purchase on a meter card must bear: dealt to card, reader and line, or by the hand itself."""

from __future__ import annotations

import time
from typing import Any

from drivers.meter_card.model import CardContents
from simulators.bench.household import Holder, Household
from simulators.customer.blows import Act, starts_again
from simulators.customer.card_journeys import at_home, puts_in, rewrite_card
from simulators.customer.customer import Customer, JourneyError

NEIGHBOUR = Holder.of("0399000000000133", "9900010022500000000147", 7, 10_000)
FIRST_UPDATE = 7
"""Select, serial, select, challenge, authentication and a challenge more come before it."""
_PATIENCE_S = 60.0
_BOOKED_LATE_MS = 4000


def card(order: str, **how: Any) -> Act:
    """Do something to the card in the slot."""
    return lambda customer: _do(customer, order, how)


def _do(customer: Customer, order: str, how: dict[str, Any]) -> None:
    customer.bench.card(order, **how)


def sam(order: str) -> Act:
    """Pull the SAM out of its slot in the cabinet, or put it back."""

    def does(customer: Customer) -> None:
        customer.bench.far_ends["sam"](order)

    return does


def new_card(order: str) -> Act:
    """Do something to the blank card that stands ready at the dispenser's chip station."""

    def does(customer: Customer) -> None:
        customer.bench.far_ends["new_card"](order)

    return does


def once(act: Act) -> Act:
    """Deal a blow the first time that the moment comes."""

    def strikes(customer: Customer) -> None:
        if not customer.struck:
            customer.struck = True
            act(customer)

    return strikes


def mends_line(customer: Customer) -> None:
    """Mend the line to the hub."""
    customer.bench.line("restore")


def stops_at(command: int) -> Act:
    """Let the card neither obey nor answer the write's command of this number, so that there is a moment to strike."""
    return card("silence", after=command - 1)


def puts_it_back(customer: Customer) -> None:
    """Put the card back that came out too early."""
    customer.looks("card-wanted")
    puts_in(customer)


def keeps_it(customer: Customer) -> None:
    """Have no time to put the card back."""
    customer.hand.choose("write_later")


def comes_back(customer: Customer) -> None:
    """Come again the same day, with a card that is as it should be, and have it written free of charge."""
    customer.bench.card("calm")
    before, owed_fen = at_home(customer).reads(), customer.inserted_fen
    rewrite_card(customer)
    after: CardContents = at_home(customer).reads()
    if (after.wallet.count, after.wallet.amount_fen) != (before.wallet.count + 1, owed_fen):
        raise JourneyError(f"{after.wallet} is on the card for {owed_fen} fen after {before.wallet}")


def tries_strange_card(kind: str) -> Act:
    """Put a card of this kind in first, be told, and take it out again."""

    def tries(customer: Customer) -> None:
        customer.bench.card("insert", kind=kind)
        customer.is_told("no-meter-card")
        customer.bench.card("pull")

    return tries


def tries_locked_card(customer: Customer) -> None:
    """Put the own card in, which is locked, be told before any money, and have it unlocked at the counter."""
    customer.bench.card("lock")
    puts_in(customer)
    customer.is_told("locked-card")
    customer.bench.card("pull")
    if booked := customer.bench.ledger()["payments"]:
        raise JourneyError(f"{booked} payments are booked for a card that is locked")
    customer.bench.card("lock", on=False)


def tries_neighbours_card(customer: Customer) -> None:
    """Put another household's card in where the own one is wanted; not a byte of it may change."""
    file = customer.bench.folder / "neighbour.json"
    Household(NEIGHBOUR, file)
    before = file.read_bytes()
    customer.bench.card("insert", card=str(file))
    customer.is_told("other-card")
    customer.bench.card("pull")
    if file.read_bytes() != before:
        raise JourneyError("the kiosk has written another household's card")
    puts_in(customer)


def puts_it_into_the_meter(customer: Customer) -> None:
    """Do what the page said: let the meter take what is on the card."""
    shown = at_home(customer).takes()
    customer.say(f"the meter takes {shown.credited_fen / 100:.2f} yuan of last time")


def silent_for_a_while(customer: Customer) -> None:
    """Wait in front of the silent card until the page asks for patience; then it answers again."""
    _until_silent(customer)
    customer.is_told("patience")
    customer.bench.card("calm")


def reader_unplugged(customer: Customer) -> None:
    """Pull the reader's cable in the middle of the write, and put it in again."""
    _until_silent(customer)
    readers = customer.bench.readers
    readers.stop()
    readers.start(readers=False)
    customer.bench.card("calm")
    customer.is_told("patience")
    readers.stop()
    readers.start()


def pcscd_restarted(customer: Customer) -> None:
    """Let the reader's own program crash in the middle of the write, and start it again."""
    _until_silent(customer)
    customer.bench.readers.kill()
    customer.bench.card("calm")
    customer.bench.readers.start()


def killed_while_writing(customer: Customer) -> None:
    """Kill the kiosk with the write begun, and start it again."""
    _until_silent(customer)
    customer.bench.kill_kiosk()
    customer.bench.card("calm")
    starts_again(customer)


def answers_late(customer: Customer) -> None:
    """Let the hub's answers take so long that the line can be cut between two of them."""
    customer.bench.line("delay", ms=_BOOKED_LATE_MS)


def hub_gone_when_booked(customer: Customer) -> None:
    """Cut the line to the hub behind the answer that the power is sold: no question after it gets through."""
    until = time.monotonic() + _PATIENCE_S
    while not customer.bench.ledger()["payments"]:
        _check(until, "the hub never had the payment")
    customer.bench.line("blackhole")
    customer.sees("writing_card", own=False)


def hub_back_while_waiting(customer: Customer) -> None:
    """The same, and the line is mended before the customer is sent home."""
    hub_gone_when_booked(customer)
    customer.is_told("patience")
    customer.bench.line("restore")


def killed_when_booked(customer: Customer) -> None:
    """Kill the kiosk once it knows that the power is sold, before a byte is on the card."""
    hub_gone_when_booked(customer)
    customer.bench.kill_kiosk()
    customer.bench.line("restore")
    starts_again(customer)


def _until_silent(customer: Customer) -> None:
    until = time.monotonic() + _PATIENCE_S
    while not customer.bench.card("status")["silent"]:
        _check(until, "the write never came to where it was to be stopped")


def _check(until: float, what: str) -> None:
    if time.monotonic() > until:
        raise JourneyError(what)
    time.sleep(0.02)
