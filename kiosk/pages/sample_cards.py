"""The sample pages of the meter card, built from plain values: read, wrong, being written, taken, failed, reissued."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import get_args

from kiosk.page import Modes, PageModel
from kiosk.pages import card, card_write, reissue
from kiosk.pages.card import WHYS, CardSeen, MeterTold, Power
from kiosk.pages.card_write import CardWork, Slip
from kiosk.pages.draft import Draft
from kiosk.pages.look import Look
from kiosk.pages.reissue import Identity, NewCard
from kiosk.pages.sample_accounts import ACCOUNT_NO, BOX_FULL, FACTS, METER, ONLINE
from kiosk.session.state import Page, Session

Named = tuple[str, Draft]

END = "7A3C"
REFERENCE = "0198-F2C4-A1B3"
POWER = Power(20000, 8, datetime(2026, 11, 22, 9, 33, tzinfo=UTC), REFERENCE)
BEFORE = Power(15000, 7, datetime(2026, 10, 3, 17, 2, tzinfo=UTC), "0198-A77B-09D2")
LARGEST = Power(99_999_999, 4321, POWER.paid_at, REFERENCE)
TOLD = MeterTold(3520, 7, at=datetime(2026, 11, 20, 21, 18, tzinfo=UTC))
OVERDRAWN = MeterTold(0, 7, overdraft_fen=1240, at=TOLD.at)
CARD_METER = METER[9:21]
SEEN = CardSeen(END, CARD_METER, 15000, 7, TOLD, BEFORE)
WORK = CardWork(POWER, END, CARD_METER, to_take_fen=20000, remaining_fen=3520)
NEW = NewCard(ACCOUNT_NO, "张**", METER, 2000, POWER, END, reference=REFERENCE)
PHONE = "13800000000"


def card_samples(lang: str) -> dict[str, PageModel]:
    """Return the card's sample pages of a language by name. Until a page has its place in the session, the service
    keys are those of another page that is asked or that waits."""
    modes = Modes(lang=lang)
    asks = Look(
        Session(page=Page.MESSAGE, modes=modes), None, None, replace(FACTS, dispenser=ONLINE, new_card=ONLINE)
    )
    waits = replace(asks, session=Session(page=Page.PAYING, modes=modes))
    pages = (*_read(asks, waits), *_wrong(asks), *_write(asks, waits), *_failed(asks), *_reissue(asks, waits))
    return {name: draft.model() for name, draft in pages}


def _read(asks: Look, waits: Look) -> Iterator[Named]:
    yield "insert_card", card.insert_card(asks)
    yield "insert_card_only", card.insert_card(asks, lost=False)
    for level in range(3):
        yield f"reading_card_{level}", card.reading_card(waits, level)
    yield "card_contents", card.card_contents(asks, SEEN)
    yield "card_contents_owed", card.card_contents(asks, replace(SEEN, owed=POWER))
    yield "card_contents_overdrawn", card.card_contents(asks, replace(SEEN, meter=OVERDRAWN))
    unread = replace(SEEN, amount_fen=0, count=POWER.count, meter=None, owed=POWER, unread=True)
    yield "card_contents_unread", card.card_contents(asks, unread)
    yield "card_contents_full", card.card_contents(asks, replace(SEEN, full=True))
    new = CardSeen(END, CARD_METER, 0, 0)
    yield "card_contents_new", card.card_contents(asks, new)
    largest = CardSeen(
        END, CARD_METER, 99_999_999, 4321, MeterTold(99_999_999, 4321, 99_999, TOLD.at), LARGEST
    )
    yield "card_contents_largest", card.card_contents(asks, largest)
    no_cash = replace(asks, facts=BOX_FULL)
    yield "card_contents_no_cash", card.card_contents(no_cash, SEEN)
    yield "not_taken", card.not_taken(asks, replace(SEEN, amount_fen=20000, count=8))
    yield "return_card", card.return_card(waits)
    yield "return_card_forgotten", card.return_card(waits, forgotten=True)


def _wrong(asks: Look) -> Iterator[Named]:
    for why, word in WHYS.items():
        if why not in ("foreign", "blank", "behind", "damaged"):  # these have a page under their other name
            yield f"wrong_card_{word}", card.wrong_card(asks, why)
    yield "wrong_card_paid", card.wrong_card(asks, "card_changed", serial_end=END, paid=POWER)
    yield "wrong_card_paid_worn", card.wrong_card(asks, "card_worn", serial_end=END, paid=POWER)


def _write(asks: Look, waits: Look) -> Iterator[Named]:
    for level in range(3):
        yield f"writing_card_{level}", card_write.writing_card(waits, WORK, level)
    again = replace(WORK, rewrite=True)
    yield "writing_card_rewrite", card_write.writing_card(waits, again)
    yield "writing_card_largest", card_write.writing_card(waits, replace(WORK, power=LARGEST))
    yield "take_card", card_write.take_card(waits, replace(WORK, slip="printing"))
    yield "take_card_rewritten", card_write.take_card(waits, again)
    for slip in get_args(Slip):
        told = replace(WORK, slip=slip)
        yield f"to_meter_{slip or 'plain'}", card_write.take_card(asks, told, in_hand=True)
    largest = CardWork(LARGEST, END, CARD_METER, False, 99_999_999, 99_999_999, "printed")
    yield "to_meter_largest", card_write.take_card(asks, largest, in_hand=True)


def _failed(asks: Look) -> Iterator[Named]:
    printed = replace(WORK, slip="printed")
    yield "write_pulled", card_write.write_failed(asks, replace(WORK, slip="printing"), "pulled")
    yield "write_failed", card_write.write_failed(asks, printed, "failed")
    yield "write_failed_no_slip", card_write.write_failed(asks, replace(WORK, slip="failed"), "failed")
    yield "write_unknown", card_write.write_failed(asks, printed, "unknown")
    yield "write_again_pulled", card_write.write_failed(asks, replace(WORK, rewrite=True), "pulled")
    yield "cannot_write", card_write.cannot_write(asks, printed)
    yield "unconfirmed", card_write.unconfirmed(asks, printed)


def _reissue(asks: Look, waits: Look) -> Iterator[Named]:
    yield "identity_empty", reissue.identity(asks, Identity())
    yield "identity_part", reissue.identity(asks, Identity(digits=PHONE[:5]))
    yield "identity_full", reissue.identity(asks, Identity(digits=PHONE))
    yield "identity_not_matched", reissue.identity(asks, Identity("phone", PHONE, "not_matched", 2))
    yield "identity_too_short", reissue.identity(asks, Identity("identity", "1234", "too_short"))
    yield "identity_hub_gone", reissue.identity(asks, Identity("identity", "123456", "hub_gone"))
    for level in range(3):
        yield f"checking_identity_{level}", reissue.checking_identity(waits, level)
        yield f"making_card_{level}", reissue.making_card(waits, NEW, level)
    yield "identity_refused", reissue.identity_refused(asks)
    empty = replace(NEW, carried=None)
    yield "new_card", reissue.new_card(asks, NEW)
    opening = replace(empty, fee_fen=0, opening=True, least_fen=1000)
    yield "new_card_first", reissue.new_card(asks, opening)
    yield "card_paid_before", reissue.paid_before(asks, replace(NEW, fee_fen=0, free=True))
    largest = replace(NEW, fee_fen=0, carried=LARGEST, free=True)
    yield "card_paid_before_largest", reissue.paid_before(asks, largest)
    yield "new_card_none_left", reissue.new_card(asks, NEW, no_cards=True)
    yield "new_card_no_cash", reissue.new_card(replace(asks, facts=BOX_FULL), NEW)
    yield "collect_card", reissue.collect_card(asks, replace(NEW, slip="printed"))
    yield "collect_card_in_hand", reissue.collect_card(asks, replace(NEW, slip="printed", in_hand=True))
    yield "collect_card_first", reissue.collect_card(asks, replace(NEW, opening=True, slip="printed"))
    yield "new_card_failed", reissue.new_card_failed(asks, replace(NEW, slip="printed"))
    for level in range(3):
        yield f"staging_card_{level}", reissue.staging_card(waits, level)
    yield "collect_card_nothing_carried", reissue.collect_card(asks, replace(empty, slip="printing"))
