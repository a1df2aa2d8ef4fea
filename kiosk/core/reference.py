"""Decisions on a slip that a customer holds: its reference is typed, and the hub says what became of the money."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from kiosk.core.desk import Desk
from kiosk.core.inputs import ReferenceSaid
from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import Answer, Refused, is_busy
from kiosk.numbers import REFERENCE_KEYS, REFERENCE_LENGTH, as_reference, reference
from kiosk.payment import effects as fx
from kiosk.session.state import Page, SlipFate

FATES: Mapping[tuple[str, str], str] = {
    ("credited", ""): "booked",
    ("reversed", ""): "reversed",
    ("open", ""): "person",
    ("closed", "already_credited"): "booked",
    ("closed", "nothing_found"): "nothing_found",
    ("released", "credited"): "credited",
    ("released", "refunded"): "refunded",
}
"""State and resolution at the hub, and what they mean to the customer."""


UNDELIVERED = frozenset({"authorised", "owed"})
"""How far power on a slip has come that is on no card yet."""
NEW_CARD = frozenset({"reissue", "open_card"})


def another(desk: Desk, _arg: str) -> None:
    """Ask for a reference, with nothing typed."""
    desk.go(Page.ENTER_REFERENCE, digits="", entry_error="", slip=None)


def correct(desk: Desk, _arg: str) -> None:
    """Back to the keypad with what was typed, unless this customer has tried too many."""
    if not _tried_enough(desk):
        desk.go(Page.ENTER_REFERENCE, entry_error="", slip=None)


def key(desk: Desk, letter: str) -> None:
    """Take one digit or letter, as long as there is room for it."""
    typed = desk.session.digits
    if len(letter) == 1 and letter in REFERENCE_KEYS and len(typed) < REFERENCE_LENGTH:
        desk.change(digits=typed + letter, entry_error="")


def confirm(desk: Desk, _arg: str) -> None:
    """Ask the hub, once the reference is whole."""
    word = as_reference(desk.session.digits)
    if not word:
        desk.change(entry_error="too_short")
    elif _tried_enough(desk):
        _tell(desk, SlipFate("too_many", word))
    else:
        desk.asked = desk.ids()
        desk.do(fx.AskReference(desk.asked, word))
        desk.go(Page.ASKING_REFERENCE)
        desk.after("wait", 2.0)


def give_up(desk: Desk, _arg: str) -> None:
    """Back to the keypad; a late answer is stale."""
    desk.asked = ""
    desk.stop("wait")
    desk.go(Page.ENTER_REFERENCE, entry_error="")


def on_reference(desk: Desk, said: ReferenceSaid) -> None:
    """Tell what became of the money; what only this kiosk knows is told where the hub does not know it."""
    if said.request != desk.asked or desk.session.page is not Page.ASKING_REFERENCE:
        return
    desk.asked = ""
    desk.stop("wait")
    word = as_reference(desk.session.digits)
    match said.outcome:
        case Answer(body):
            _tell(desk, _fate(desk, body))
        case Refused(problem) if problem.code == "unknown_reference":
            _tell(desk, _own(desk, word) or _nobodys(desk, word))
        case outcome if is_busy(outcome):
            _tell(desk, _own(desk, word) or SlipFate("hub_busy", word))
        case _:
            _tell(desk, _own(desk, word) or SlipFate("hub_gone", word))


def _tell(desk: Desk, slip: SlipFate) -> None:
    desk.go(Page.REFERENCE, slip=slip)


def _tried_enough(desk: Desk) -> bool:
    return desk.session.unknown_slips >= desk.config.screen.most_unknown_references


def _nobodys(desk: Desk, word: str) -> SlipFate:
    desk.change(unknown_slips=desk.session.unknown_slips + 1)
    return SlipFate("too_many" if _tried_enough(desk) else "unknown", word)


def _fate(desk: Desk, found: wire.Reference) -> SlipFate:
    # A word of a newer hub is none that a customer could do anything with: a person reads it out.
    word, power = FATES.get((found.state, found.resolution), "other"), found.purchase
    if word == "booked" and power is not None and power.state in UNDELIVERED:
        word = "unmade" if power.kind in NEW_CARD else "unwritten"
    return SlipFate(
        word,
        found.reference,
        "payment" if found.kind == "payment" else "claim" if found.kind == "claim" else "",
        found.amount_fen,
        found.memo_fen,
        _here(desk, found.made_at),
        found.booked_on,
    )


def _own(desk: Desk, word: str) -> SlipFate | None:
    """What this kiosk has open under the reference, a payment or a claim: the hub hears of it later.

    Never both: a claim for all of a payment's money bears its reference and ends it, and one for a single note has a
    reference of its own.
    """
    for paid in desk.books.open_payments:
        if paid.inserted_fen and paid.credit is None and reference(paid.payment_id) == word:
            made_at = _here(desk, datetime.fromisoformat(paid.taken_at or paid.opened_at))
            return SlipFate("checking", word, "payment", paid.inserted_fen, made_at=made_at)
    for case in desk.books.open_claims:
        if case.reference == word:
            made_at = _here(desk, datetime.fromisoformat(case.made_at))
            return SlipFate("person", word, "claim", case.amount_fen, case.memo_fen, made_at)
    return None


def _here(desk: Desk, when: datetime) -> datetime:
    return when.astimezone(ZoneInfo(desk.config.terminal.timezone))
