"""Slips looked up at another kiosk than theirs: touches on its real screen, answers of the real hub."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kiosk.numbers import reference
from simulators.bench.programs import Program
from simulators.customer.hand import Hand
from tests.journeys.cabinet import Cabinet
from tests.journeys.kiosk import PATIENCE
from tools.hub_process import new_id, power_hub

ANOTHER = "BENCH-0002"
HEADLESS = {"QT_QPA_PLATFORM": "offscreen", "QT_QUICK_BACKEND": "software"}


@contextmanager
def at_another_kiosk(cabinet: Cabinet) -> Iterator[Hand]:
    """A finger on the screen of a kiosk that has never seen these slips."""
    town = cabinet.town
    known = ("--database", town.database, "--key", str(town.key))
    power_hub("terminal", "add", ANOTHER, *known)
    config = cabinet.settings(
        terminal={"id": ANOTHER, "form": "through"},
        journal={"path": str(cabinet.folder / "another.sqlite")},
        hub={"query_deadline_s": 30.0, "status_every_s": 3600.0},
    )
    socket = cabinet.folder / "finger.sock"
    options = ("--config", str(config), "--socket", str(socket), "--window")
    command = (sys.executable, "-m", "simulators.finger", *options)
    program = Program("finger", command, cabinet.folder, HEADLESS)
    try:
        program.wait_for("^ready", PATIENCE)
        hand = Hand(socket, quick=True)
        hand.wait("attract")
        hand.read("¥100")
        yield hand
        hand.let_go()
    finally:
        program.end()


def asks_for(hand: Hand, word: str) -> None:
    """Type a reference, as it stands on the slip, and confirm it."""
    hand.wait("enter_reference")
    hand.key(word.replace("-", ""))
    hand.touch("id=confirm")
    hand.wait("reference")


def paid_slip(cabinet: Cabinet) -> str:
    """The reference of a hundred that was paid at the first kiosk."""
    kiosk = cabinet.kiosk()
    kiosk.to_slot(cabinet.town.account(10000).account_no)
    cabinet.insert(100)
    kiosk.notice("¥100.00 received")
    kiosk.press("pay_now")
    kiosk.notice("Take your receipt")
    payment = kiosk.payment()
    kiosk.close()
    return reference(payment.payment_id)


def claim_slip(cabinet: Cabinet) -> str:
    """The reference of a claim of the first kiosk's: fifty for certain, and a note of twenty in doubt."""
    claim_id = new_id()
    order = {
        "reference": reference(claim_id),
        "payment_id": None,
        "account_no": None,
        "amount_fen": 5000,
        "memo_fen": 2000,
        "reason": "unasked_note",
        "notes": [{"value_fen": 5000, "count": 1}],
        "made_at": "2026-11-22T09:33:00Z",
    }
    assert cabinet.town.client.put(f"/v1/claims/{claim_id}", order).status_code == 201
    return reference(claim_id)


@pytest.mark.timeout(120)
def test_a_slip_is_looked_up_at_another_kiosk(cabinet: Cabinet) -> None:
    paid, claimed = paid_slip(cabinet), claim_slip(cabinet)
    with at_another_kiosk(cabinet) as hand:
        hand.touch("id=start")
        hand.wait("home")
        hand.touch("id=look_up_slip")
        asks_for(hand, paid)
        hand.read("This money is booked")
        hand.read("¥100.00")
        hand.read(paid)
        hand.touch("id=another")
        asks_for(hand, claimed)
        hand.read("Our staff are checking this money")
        hand.read("¥50.00")
        hand.read("¥20.00")
        hand.read("22 Nov 2026, 17:33")
        hand.touch("id=another")
        # One letter was misread: it is corrected, the others stay.
        asks_for(hand, claimed[:-1] + ("0" if claimed[-1] != "0" else "1"))
        hand.read("We did not find this reference")
        hand.touch("id=correct")
        hand.wait("enter_reference")
        hand.touch("id=delete")
        hand.touch(f"id=key:{claimed[-1]}")
        hand.read(claimed.replace("-", " "))
        cabinet.line("refuse")
        hand.touch("id=confirm")
        hand.wait("reference")
        hand.read("No connection, so we cannot look now")
        cabinet.line("pass")
        hand.touch("id=correct")
        hand.wait("enter_reference")
        hand.touch("id=confirm")
        hand.wait("reference")
        hand.read("¥50.00")
        hand.touch("id=finish")
        hand.wait("attract")
