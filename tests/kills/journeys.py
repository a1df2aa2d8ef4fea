"""What customers do while processes die: ways through the kiosk, and what each of them meets."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from tests.powercut.machine import Forked
from tests.powercut.station import DUE_FEN, Station

Walk = Callable[[Station, Forked], None]
HASTY: dict[str, dict[str, Any]] = {
    "hub": {
        "deadline_s": 0.8,
        "query_deadline_s": 0.8,
        "retry_first_s": 0.05,
        "retry_most_s": 0.3,
        "checking_after_s": 0.6,
        "status_every_s": 0.5,
    },
    "cash": {"note_fate_s": 3.0},
    "log": {"level": "debug"},
}
"""Short patience, and a log that tells everything."""
FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("delay", {"ms": 300}),
    ("delay", {"ms": 1500}),
    ("trickle", {"bytes_per_s": 2000}),
    ("truncate_reply", {"bytes": 150}),
    ("reset_after", {"bytes": 40}),
    ("repeat_request", {}),
    ("drop_reply", {}),
    ("blackhole", {}),
    ("http_500", {}),
    ("garbage", {}),
    ("wrong_signature", {}),
)
NOTES_YUAN = (10, 20, 50, 100)


def strolls(rng: Random) -> Walk:
    """A customer with one to three notes, who may stop before paying, or cancel."""
    notes = [rng.choice(NOTES_YUAN) for _ in range(rng.randint(1, 3))]
    leaves_after = rng.choice((None, None, None, rng.randint(0, len(notes))))

    def walk(station: Station, kiosk: Forked) -> None:
        kiosk.to_slot(station.town.account(DUE_FEN, DUE_FEN).account_no)
        for number, value in enumerate(notes):
            if number == leaves_after:
                kiosk.press("cancel")
                kiosk.page("attract")
                return
            station.insert(kiosk, value)
            kiosk.notice(f"¥{value}.00 received")
        kiosk.press("pay_now")
        kiosk.page("attract")

    return walk


def pays(station: Station, kiosk: Forked) -> None:
    """The plain journey."""
    station.pays(kiosk)


def cancels(station: Station, kiosk: Forked) -> None:
    """He thinks better of it before any note."""
    kiosk.to_slot(station.town.account(DUE_FEN).account_no)
    kiosk.press("cancel")
    kiosk.page("attract")


def gets_a_note_back(station: Station, kiosk: Forked) -> None:
    """The hub goes away: no further note is taken, and he puts one in all the same."""
    kiosk.to_slot(station.town.account(DUE_FEN).account_no)
    station.cabinet.line("refuse")
    kiosk.shown.wait(lambda page: page.title == "No more notes for now", "that no note is taken")
    station.insert(kiosk, 100)
    kiosk.notice("Take the returned note")
    station.cabinet.take_note()
    station.cabinet.line("pass")
    kiosk.page("attract")


def gets_no_answer(station: Station, kiosk: Forked) -> None:
    """The hub hears nothing once the money is in."""
    kiosk.to_slot(station.town.account(DUE_FEN).account_no)
    station.insert(kiosk, 50)
    kiosk.notice("¥50.00 received")
    station.cabinet.line("blackhole")
    kiosk.press("pay_now")
    kiosk.shown.wait(lambda _: False, "nothing more")


def is_refused(station: Station, kiosk: Forked) -> None:
    """The hub has lost his quote: the money becomes a claim."""
    kiosk.to_slot(station.town.account(DUE_FEN).account_no)
    station.insert(kiosk, 50)
    kiosk.notice("¥50.00 received")
    station.town.forget_quotes()
    kiosk.press("pay_now")
    kiosk.page("attract")


def gets_no_paper(station: Station, kiosk: Forked) -> None:
    """The printer's paper ends with his money in."""
    kiosk.to_slot(station.town.account(DUE_FEN).account_no)
    station.insert(kiosk, 50)
    kiosk.notice("¥50.00 received")
    station.cabinet.printer("paper_out")
    kiosk.press("pay_now")
    kiosk.page("attract")


def gets_it_back_after_all(station: Station, kiosk: Forked) -> None:
    """His note does not go into the box and comes out again; he takes it and leaves."""
    kiosk.to_slot(station.town.account(DUE_FEN).account_no)
    station.cabinet.validator("cannot_stack_next")
    station.insert(kiosk, 50)
    station.cabinet.take_note()
    kiosk.notice("Take the returned note")
    kiosk.press("cancel")
    kiosk.page("attract")


def loses_sight(station: Station, kiosk: Forked) -> None:
    """The acceptor loses power with his note on its way and comes back with a count that nobody understands.

    The hub is gone too, so it does not hear of the claim.
    """
    acceptor = station.cabinet.validator
    kiosk.to_slot(station.town.account(DUE_FEN).account_no)
    acceptor("cut_power_at", state="stacking")
    station.insert(kiosk, 50)
    station.cabinet.stands("power_off")
    station.cabinet.line("refuse")
    acceptor("counter", by=6)
    acceptor("power_on")
    kiosk.shown.wait(lambda _: False, "nothing more")
