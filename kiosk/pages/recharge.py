"""The page that takes the secret number of a recharge card."""

from __future__ import annotations

from kiosk.numbers import group_by_four
from kiosk.page import Entry, PageKind
from kiosk.pages.draft import Draft
from kiosk.pages.find import back
from kiosk.pages.look import Look, Press
from kiosk.pages.reading import NOTHING, Digits
from kiosk.session.state import Page

REFUSALS = ("wrong_number", "unknown", "used", "expired", "locked", "off_limits", "wait")


def recharge(look: Look) -> Draft:
    """Ask for the number under the scratch field; it is shown, for it must be compared, and goes with the page."""
    draft = Draft(look, Page.RECHARGE, PageKind.ENTRY, step=2)
    session, length = look.session, look.facts.recharge_digits
    digits, count = session.digits, len(session.digits)
    scanner = look.facts.scanner
    draft.title = look.line("recharge.title")
    where = look.join(look.line("recharge.where", count=length), look.line("promise.recharge"))
    scans = scanner is not None and scanner.usable
    draft.prompt = look.join(where, look.line("recharge.scanner")) if scans else where
    complete = count == length
    hint = look.line("entry.ready" if complete else "entry.typed" if digits else "entry.type", count=count)
    error = NOTHING
    if session.entry_error:
        known = session.entry_error if session.entry_error in REFUSALS else "unknown"
        error = look.line(f"recharge.{known}", hotline=look.facts.hotline)
    placeholder = look.line("recharge.placeholder", count=length)
    draft.entry = Entry(
        label=look.line("recharge.label").shown,
        value=group_by_four(digits),
        placeholder=placeholder.shown,
        error=error.shown,
        hint=hint.shown,
        complete=complete,
    )
    typed = look.line("speech.typed", digits=Digits(digits)) if digits else placeholder
    draft.spoken_error, draft.spoken_entry = error, look.join(typed, hint)
    draft.private = bool(digits)
    empty = NOTHING if digits else look.line("entry.empty")
    draft.main = Press("confirm", look.line("entry.confirm"), icon="tick", reason=empty)
    draft.back = back(look)
    return draft
