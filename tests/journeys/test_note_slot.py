"""The note slot in mid-payment: notes that are not taken, frames that are none, plugs pulled, power cut."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.cash.ccnet import Frame
from kiosk.payment.events import NoteRefused, NoteStacked
from kiosk.payment.model import Claim, PaymentState
from tests.journeys.cabinet import Cabinet
from tests.journeys.kiosk import InProcess

STACKED_100 = bytes([0x81, 5])


def at_slot(cabinet: Cabinet, **changes: dict[str, Any]) -> InProcess:
    """A customer who owes a hundred stands before the open slot."""
    kiosk = cabinet.kiosk(**changes)
    kiosk.to_slot(cabinet.town.account(10000).account_no)
    cabinet.stands("idling")
    return kiosk


def pays(cabinet: Cabinet, kiosk: InProcess, credited: int) -> None:
    """The customer pays what is in, and every fen is where it belongs."""
    kiosk.shown.wait(lambda p: p.name == "cash" and p.main and p.main.enabled, "the key that pays")
    kiosk.press("pay_now")
    kiosk.page("done")
    kiosk.notice("Take your receipt")
    cabinet.settled(kiosk, credited=credited)


def test_a_note_of_a_type_that_is_switched_off_comes_back(cabinet: Cabinet) -> None:
    kiosk = at_slot(cabinet, cash={"accepted_fen": [10000, 5000]})
    assert cabinet.validator("status")["enabled"] == [5000, 10000]
    cabinet.insert(20)
    page = kiosk.notice("Take the returned note")
    assert page.notice is not None
    assert page.notice.text == "It was not counted. Only ¥100, ¥50 are accepted."
    cabinet.insert(100)
    pays(cabinet, kiosk, 10000)
    assert cabinet.validator("status")["totals"]["rejected"] == 2000


def test_a_note_over_the_limit_comes_back(cabinet: Cabinet) -> None:
    kiosk = at_slot(cabinet, cash={"most_fen": 12000})
    cabinet.insert(100)
    kiosk.notice("¥100.00 received")
    cabinet.insert(50)
    page = kiosk.notice("Take the returned note")
    assert page.notice is not None
    assert "¥120.00 at most" in page.notice.text
    cabinet.take_note()
    cabinet.stands("idling")
    pays(cabinet, kiosk, 10000)
    [refused] = kiosk.events("NoteRefused")
    assert isinstance(refused, NoteRefused)
    assert (refused.value_fen, refused.reason) == (5000, "over_limit")


def test_a_note_while_the_hub_is_gone_comes_back(cabinet: Cabinet) -> None:
    kiosk = at_slot(cabinet, hub={"status_every_s": 0.2})
    cabinet.line("refuse")
    assert kiosk.shown.wait(lambda p: p.title == "No more notes for now", "that no note is taken")
    cabinet.insert(100)
    page = kiosk.notice("Take the returned note")
    assert page.notice is not None
    assert "No connection" in page.notice.text
    cabinet.take_note()
    cabinet.line("pass")
    assert kiosk.shown.wait(lambda p: p.title == "Insert notes", "that notes are taken again")
    cabinet.insert(100)
    kiosk.notice("¥100.00 received")
    pays(cabinet, kiosk, 10000)


@pytest.mark.parametrize(
    ("order", "arguments"),
    [
        ("crc_break", {"next": 2}),
        ("crc_break", {"next": 12}),
        ("truncate", {"next": 3}),
        ("garble", {"next": 5}),
        ("intrude", {"hex": "0203ff" + "80" * 300, "next": 6}),
        ("intrude", {"hex": "020300" + "ffff" + "81" * 40, "next": 6}),
        ("intrude", {"hex": Frame(0x01, STACKED_100).to_bytes(from_host=False).hex(), "next": 6}),
        ("intrude", {"hex": Frame(0x03, STACKED_100).to_bytes(from_host=False)[:-1].hex(), "next": 6}),
        ("trickle", {"ms": 3}),
    ],
    ids=["crc", "crc-long", "cut", "bits", "overlong", "endless", "foreign", "half", "slowly"],
)
def test_frames_that_are_none_change_no_fen(cabinet: Cabinet, order: str, arguments: dict[str, Any]) -> None:
    kiosk = at_slot(cabinet)
    cabinet.insert(50)
    kiosk.notice("¥50.00 received")
    kiosk.after("NoteIntended", lambda: cabinet.validator(order, **arguments))
    cabinet.insert(20)
    kiosk.wrote("NoteStacked", 2)
    cabinet.validator("trickle", ms=0)
    pays(cabinet, kiosk, 7000)
    stacked = [e for e in kiosk.events("NoteStacked") if isinstance(e, NoteStacked)]
    assert [e.value_fen for e in stacked] == [5000, 2000]


def test_an_acceptor_unplugged_before_a_note(cabinet: Cabinet) -> None:
    kiosk = at_slot(cabinet)
    cabinet.validator("unplug")
    page = kiosk.notice("The note slot is out of order")
    assert page.title == "No more notes for now"
    kiosk.shown.wait(
        lambda p: any(b.id == "cash" and not b.works for b in p.badges), "that cash does not work"
    )
    cabinet.validator("plug")
    kiosk.shown.wait(lambda p: p.name == "cash" and all(b.works for b in p.badges), "that cash works again")
    cabinet.insert(100)
    kiosk.notice("¥100.00 received")
    pays(cabinet, kiosk, 10000)


@pytest.mark.parametrize(
    ("when", "kind"),
    [
        ("before", "NoteIntended"),
        ("after", "NoteIntended"),
        ("before", "NoteStacked"),
        ("after", "NoteStacked"),
    ],
)
def test_an_acceptor_unplugged_with_a_note_on_its_way(cabinet: Cabinet, when: str, kind: str) -> None:
    kiosk = at_slot(cabinet)
    getattr(kiosk, when)(kind, lambda: cabinet.validator("unplug"))
    cabinet.insert(100)
    kiosk.notice("The note slot is out of order")
    cabinet.validator("plug")
    kiosk.wrote("NoteStacked")
    cabinet.stands("idling")
    pays(cabinet, kiosk, 10000)
    assert kiosk.kinds().count("NoteStacked") == 1


def test_a_note_that_an_unplugged_acceptor_keeps_to_itself_is_neither_credited_nor_denied(
    cabinet: Cabinet,
) -> None:
    kiosk = at_slot(cabinet, cash={"note_fate_s": 1.0})
    kiosk.after("NoteIntended", lambda: cabinet.validator("unplug"))
    cabinet.insert(100)
    page = kiosk.page("claim")
    assert "The note is on record and being checked" in str(page)
    cabinet.validator("escrow_over")
    cabinet.validator("plug")
    cabinet.take_note()  # the unit gave up on its escrow by itself
    cabinet.settled(kiosk, memo=10000)
    [claim] = [c for c in kiosk.books() if isinstance(c, Claim)]
    assert (claim.reason, claim.amount_fen) == ("note_fate_unknown", 0)
    assert kiosk.payment().state is PaymentState.CANCELLED
    assert "100.00 yuan" in cabinet.slips()[0]


def test_an_acceptor_that_stays_away_lets_the_customer_pay_what_is_in(cabinet: Cabinet) -> None:
    kiosk = at_slot(cabinet)
    cabinet.insert(50)
    kiosk.notice("¥50.00 received")
    cabinet.stands("idling")
    cabinet.validator("unplug")
    kiosk.notice("The note slot is out of order")
    pays(cabinet, kiosk, 5000)
    cabinet.validator("plug")


@pytest.mark.parametrize(
    ("state", "credited"), [("accepting", 0), ("escrow", 0), ("stacking", 10000), ("stacked", 10000)]
)
def test_an_acceptor_that_loses_power_with_a_note_on_its_way(
    cabinet: Cabinet, state: str, credited: int
) -> None:
    kiosk = at_slot(cabinet)
    cabinet.validator("cut_power_at", state=state)
    cabinet.insert(100)
    cabinet.stands("power_off")
    cabinet.validator("power_on")
    cabinet.stands("idling")
    if not credited:
        cabinet.insert(100)
        kiosk.notice("¥100.00 received")
    pays(cabinet, kiosk, 10000)


def test_a_jam_stops_the_slot_and_the_rest_is_paid(cabinet: Cabinet) -> None:
    kiosk = at_slot(cabinet)
    cabinet.insert(50)
    kiosk.notice("¥50.00 received")
    cabinet.stands("idling")
    cabinet.validator("jam", where="entry")
    kiosk.notice("A note is stuck")
    pays(cabinet, kiosk, 5000)
