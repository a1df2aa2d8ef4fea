"""The pages that look a slip up: its reference is typed, and what became of the money is told."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.numbers import REFERENCE_LENGTH, group_by_four
from kiosk.page import Entry, PageKind
from kiosk.pages.draft import Draft
from kiosk.pages.end import finish
from kiosk.pages.find import back
from kiosk.pages.look import Look, Panel, Press
from kiosk.pages.reading import NOTHING, Amount, Date, Digits, Line, When, spelled
from kiosk.session.state import Page, SlipFate

KNOWN = (
    "booked",
    "unwritten",
    "unmade",
    "checking",
    "person",
    "credited",
    "refunded",
    "nothing_found",
    "reversed",
    "other",
)
GOOD = ("booked", "credited")
NOTICES: Mapping[str, str] = {
    "checking": "claim.not_again",
    "person": "claim.safe",
    "unknown": "reference.keep",
    "hub_gone": "reference.keep",
    "hub_busy": "reference.keep",
    "too_many": "reference.keep",
}
"""What stands out on the page of a fate that is no end yet."""


def enter_reference(look: Look) -> Draft:
    """Ask for the reference of a slip: digits and the letters A to F."""
    draft = Draft(look, Page.ENTER_REFERENCE, PageKind.ENTRY)
    digits, count = look.session.digits, len(look.session.digits)
    # What it takes to be told is said before twelve characters are typed.
    where = "reference.where" if look.facts.hub_up else "reference.where_alone"
    draft.title, draft.prompt = look.line("reference.enter"), look.line(where)
    draft.picture = "receipt"
    error = look.line("reference.too_short", count=count) if look.session.entry_error else NOTHING
    complete = count == REFERENCE_LENGTH
    hint = look.line(
        "entry.ready" if complete else "reference.typed" if digits else "reference.type", count=count
    )
    label, placeholder = look.line("word.reference"), look.line("reference.placeholder")
    draft.entry = Entry(
        label=label.shown,
        value=group_by_four(digits),
        placeholder=placeholder.shown,
        error=error.shown,
        hint=hint.shown,
        complete=complete,
        letters=True,
    )
    typed = look.line("speech.typed", digits=Digits(digits)) if digits else placeholder
    draft.spoken_error, draft.spoken_entry = error, look.join(typed, hint)
    draft.private = bool(digits)
    empty = NOTHING if digits else look.line("entry.empty")
    draft.main = Press("confirm", look.line("entry.confirm"), icon="tick", reason=empty)
    draft.back = back(look)
    return draft


def asking_reference(look: Look) -> Draft:
    """Wait for the hub's answer about a slip."""
    draft = Draft(look, Page.ASKING_REFERENCE, PageKind.WAIT)
    level = min(look.session.wait_level, 2)
    draft.title = look.line("reference.asking")
    draft.prompt = look.line("reference.slow" if level == 2 else f"looking_up.wait{level}")
    draft.picture = "search"
    if level == 2:
        draft.back = back(look)
    return draft


def reference(look: Look) -> Draft:
    """Say what became of the money on the slip and what happens next, or why that cannot be said now."""
    draft = Draft(look, Page.REFERENCE, PageKind.RESULT)
    slip = look.session.slip or SlipFate("hub_gone", "")
    draft.title = look.line(f"fate.{slip.fate}")
    draft.prompt = look.line(
        f"fate.{_text(slip)}", hotline=look.facts.hotline, count=look.session.unknown_slips
    )
    draft.picture = "success" if slip.fate in GOOD else "receipt"
    draft.main = finish(look)
    draft.back = _other_key(look, slip.fate)
    if slip.fate in KNOWN:
        _facts(draft, slip)
    draft.row("reference", spelled(slip.reference))
    if slip.made_at:
        draft.row("made", When(slip.made_at))
    if slip.booked_on:
        draft.row("booked", Date(slip.booked_on))
    if slip.fate in NOTICES:
        # A note whose fate nobody knows is neither promised nor denied.
        what = "claim.noted" if slip.fate == "person" and not slip.amount_fen else NOTICES[slip.fate]
        draft.notice("warning", look.line(what))
    return draft


def _text(slip: SlipFate) -> str:
    if slip.fate in ("hub_gone", "hub_busy"):
        return "later_text"
    return "note_text" if slip.fate == "person" and not slip.amount_fen else f"{slip.fate}_text"


def _other_key(look: Look, fate: str) -> Press | None:
    if fate in KNOWN:
        return Press("another", look.line("reference.another"), icon="search")
    if fate == "unknown":
        return Press("correct", look.line("reference.correct"), icon="pencil")
    return None if fate == "too_many" else Press("correct", look.line("key.back"), icon="back")


def _facts(draft: Draft, slip: SlipFate) -> None:
    """Put certain and uncertain money apart, and say what the slip was made for."""
    look = draft.look
    certain = (look.line("claim.recorded"), look.read(Amount(slip.amount_fen)))
    open_ = slip.fate in ("person", "checking")
    memo = look.line("claim.memo" if open_ else "reference.memo")
    doubtful: tuple[Line, Line] = (memo, look.read(Amount(slip.memo_fen)))
    if slip.amount_fen:
        draft.panel = Panel(*certain, [(*doubtful, True)] if slip.memo_fen else [])
    elif slip.memo_fen:
        draft.panel = Panel(*doubtful)
    if slip.kind:
        draft.row("slip", look.line(f"reference.{slip.kind}"))
