"""The pages at the end of a way: done, being checked, claim, cancelled, and a plain word when it went no further."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from kiosk.numbers import reference
from kiosk.page import Cue, PageKind, Tone
from kiosk.pages.draft import Draft
from kiosk.pages.look import Look, Panel, Press
from kiosk.pages.money import received_panel, whose
from kiosk.pages.other_side import card_first, other_side
from kiosk.pages.reading import NOTHING, Amount, Line, Months, spelled
from kiosk.pages.start import code, contact
from kiosk.payment.model import WHOLE, Claim, Credit, NoteState, Payment, PaymentState, Slip
from kiosk.session.state import Page

MESSAGES = (
    "hub_gone",
    "account_closed",
    "no_cash",
    "quote_refused",
    "busy",
    "card_gone",
    "power_refused",
    "no_new_card",
    "card_owed",
    "no_card_meter",
    "no_means",
    "tender_off",
    "pin_timeout",
    "pin_failed",
)
NOTHING_SOLD = {"buy_power": "no_power", "reissue": "no_card", "open_card": "no_card"}
"""Kinds of business that end on a card, and the word for money that bought none of it."""
RECEIPT_TONES: Mapping[str, Tone] = {
    "printing": "info",
    "printed": "success",
    "failed": "warning",
    "kept": "success",
}
CLAIM_REASONS = (
    "declined",
    "unanswered",
    "note_fate_unknown",
    "late_note",
    "orphan_note",
    "unasked_note",
    "sale_fate_unknown",
)


def finish(look: Look) -> Press:
    """Return the key that ends the customer's way and clears the screen."""
    return Press("finish", look.line("key.finish"), icon="tick")


def done(look: Look) -> Draft:
    """Say what was paid, what it settled, the new balance, and where the receipt is."""
    draft = Draft(look, Page.DONE, PageKind.RESULT, step=3)
    payment = look.payment
    draft.main = finish(look)
    draft.picture = "success"
    prepaid = payment is not None and payment.business == "prepay"
    draft.title = look.line("done.added" if prepaid else "done.title")
    if payment is None or payment.credit is None:
        return draft
    credit = payment.credit
    if word := NOTHING_SOLD.get(payment.business):
        # All of it is balance: nothing was written, and nobody may carry a card to the meter for it.
        draft.step, draft.picture = 2, "info"
        draft.title = look.line(f"done.{word}")
        draft.prompt = look.line(f"done.{word}_text", hotline=look.facts.hotline)
    draft.panel = _booked(look, payment, credit)
    whose(draft)
    draft.row("hub_no", spelled(credit.hub_no))
    other_side(draft, payment, brief=True)
    draft.cue = Cue("paid", payment.kiosk_no)
    _receipt(draft, payment, credit)
    return draft


def _receipt(draft: Draft, payment: Payment, credit: Credit) -> None:
    """Say where the receipt is; a note that is still in doubt comes first, for it is not in the amount."""
    look = draft.look
    state: str = slip_state(payment.slips, "paid")
    if not any(slip.kind == "paid" for slip in payment.slips) and payment.state is PaymentState.PAID:
        # The customer holds the slip that said the outcome was being checked, if it came out.
        state = "failed" if payment.slips and payment.slips[-1].printed is False else "kept"
    title = look.line(f"receipt.{state}")
    text = look.line(f"receipt.{state}_text", reference=spelled(credit.hub_no))
    if payment.ended_by == "restart":
        # Whoever still stands there saw the screen go dark with a note in the slot.
        title, text = look.line("restart.kept"), look.join(title, text)
    if look.claim:
        doubt = look.line("done.note_in_doubt", amount=Amount(look.claim.amount_fen + look.claim.memo_fen))
        draft.row("claim_reference", spelled(look.claim.reference))
        draft.notice("warning", doubt, look.join(look.line("done.note_in_doubt_text"), title, text))
    elif not card_first(draft, title, text):
        draft.notice(RECEIPT_TONES[state], title, text)
    draft.steps_done = state != "printing"


def slip_state(slips: Sequence[Slip], kind: str) -> Literal["printing", "printed", "failed"]:
    """Return how the newest slip of this kind stands: printing, printed or failed."""
    printed = next((slip.printed for slip in reversed(slips) if slip.kind == kind), None)
    if printed is None:
        return "printing"
    return "printed" if printed else "failed"


def _booked(look: Look, payment: Payment, credit: Credit) -> Panel:
    settled = sum(part.late_fee_fen + part.principal_fen for part in credit.allocations)
    late_fees = sum(part.late_fee_fen for part in credit.allocations)
    panel = Panel(look.line("word.paid"), look.read(Amount(payment.inserted_fen)))

    def row(label: Line, fen: int, strong: bool = False) -> None:
        panel.rows.append((label, look.read(Amount(fen)), strong))

    if settled:
        months = Months(tuple(part.month for part in credit.allocations))
        row(look.line("done.settled", months=months), settled)
    if late_fees:
        row(look.line("done.late_fees"), late_fees)
    if credit.to_balance_fen > 0:
        row(look.line("done.to_balance"), credit.to_balance_fen)
    elif credit.to_balance_fen < 0:
        row(look.line("done.from_balance"), -credit.to_balance_fen)
    row(look.line("done.balance"), credit.balance_after_fen, strong=True)
    if credit.arrears_after_fen:
        row(look.line("done.still_owed"), credit.arrears_after_fen, strong=True)
    return panel


def checking(look: Look) -> Draft:
    """Say that the money is safe and its booking is being checked: neither success nor failure."""
    draft = Draft(look, Page.CHECKING, PageKind.RESULT, step=3)
    payment = look.payment
    provisional = payment is not None and payment.provisional
    draft.title = look.line("provisional.received" if provisional else "checking.title")
    what = "provisional.received_prompt" if provisional else "checking.prompt"
    draft.prompt = look.line(what, hotline=look.facts.hotline)
    draft.picture = "hourglass"
    draft.main = finish(look)
    if payment is None:
        return draft
    draft.panel = received_panel(look, payment)
    draft.row("reference", spelled(reference(payment.payment_id)))
    if look.claim:
        draft.row("claim_reference", spelled(look.claim.reference))
    whose(draft)
    state = slip_state(payment.slips, "provisional" if provisional else "checking")
    if payment.tender != "cash":
        _checking_other(draft, payment, look.line(f"slip.{state}"))
        return draft
    safe = look.line("checking.safe", amount=Amount(payment.inserted_fen))
    draft.notice("warning", safe, look.line(f"slip.{state}"))
    return draft


def _checking_other(draft: Draft, payment: Payment, slip: Line) -> None:
    """Say of money that is not cash what is certain of it: that it was taken, or no more than that it is on record."""
    look = draft.look
    known, taken = payment.amount_fen, payment.tendered_fen
    word = "tender" if known else "recharge"
    if not taken:
        draft.prompt = look.line(f"checking.{word}", hotline=look.facts.hotline)
    safe = (
        look.line("checking.tender_safe", amount=Amount(taken))
        if taken
        else look.line("checking.tender_noted")
    )
    if not card_first(draft, safe, slip):
        draft.notice("warning", safe, slip)


def claim(look: Look) -> Draft:
    """Say which money is on record with its reference, why a person decides, and what the customer does now."""
    draft = Draft(look, Page.CLAIM, PageKind.RESULT, step=3 if look.payment else None)
    draft.title = look.line("claim.title")
    draft.picture = "claim"
    draft.main = finish(look)
    case = look.claim
    if case is None:
        draft.prompt = look.line("claim.next", hotline=look.facts.hotline)
        return draft
    _claimed(draft, case)
    why = look.line(f"claim.{case.reason if case.reason in CLAIM_REASONS else 'unanswered'}")
    again = look.line("claim.not_again") if case.reason in WHOLE else NOTHING
    draft.prompt = look.join(why, again, look.line("claim.next", hotline=look.facts.hotline))
    draft.row("reference", spelled(case.reference))
    whose(draft)
    # A note whose fate nobody knows is neither promised nor denied.
    sure = look.line("claim.safe" if case.amount_fen else "claim.noted")
    if case.tender != "cash" and (not case.amount_fen or case.reason == "sale_fate_unknown"):
        sure = look.line("checking.tender_noted")
    slip = look.line(f"slip.{slip_state(case.slips, 'claim')}")
    if not card_first(draft, sure, slip):
        draft.notice("warning", sure, slip)
    return draft


def _claimed(draft: Draft, case: Claim) -> None:
    """Put certain and uncertain money apart: neither is added to the other."""
    look = draft.look
    recorded = "claim.recorded" if case.tender == "cash" else "claim.tender_recorded"
    certain = (look.line(recorded), look.read(Amount(case.amount_fen)))
    memo = "claim.memo" if case.tender == "cash" else "claim.tender_recorded"
    doubtful = (look.line(memo), look.read(Amount(case.memo_fen)))
    if case.amount_fen:
        draft.panel = Panel(*certain, [(*doubtful, True)] if case.memo_fen else [])
    elif case.memo_fen:
        draft.panel = Panel(*doubtful)


def cancelled(look: Look) -> Draft:
    """Say that nothing was taken, by whose wish, and which note came back."""
    draft = Draft(look, Page.CANCELLED, PageKind.RESULT)
    draft.main = finish(look)
    if look.payment and look.payment.ended_by == "restart":
        _interrupted(draft, look.payment)
        return draft
    draft.title = look.line("cancelled.title")
    draft.picture = "tick"
    draft.prompt = look.line("cancelled.take_notes")
    draft.notice("info", look.line("message.nothing_taken"), _slip_of_returned(look))
    return draft


def _interrupted(draft: Draft, payment: Payment) -> None:
    look, seen = draft.look, draft.look.session.note_notice
    draft.title = look.line("restart.title")
    draft.picture = "take_note"
    draft.prompt = look.line("restart.again", hotline=look.facts.hotline)
    note = next((note for note in reversed(payment.notes) if note.state is NoteState.RETURNED), None)
    value = note.value_fen if note else seen.value_fen if seen else 0
    if value:
        draft.panel = Panel(look.line("word.returned"), look.read(Amount(value)))
    text = look.join(look.line("message.nothing_taken"), _slip_of_returned(look))
    draft.notice("warning", look.line("note.take_back"), text)


def _slip_of_returned(look: Look) -> Line:
    """Where the slip is that says what came back; nothing where there is none."""
    slips = look.payment.slips if look.payment else ()
    state = slip_state(slips, "returned") if slips else "failed"
    return NOTHING if state == "failed" else look.line(f"slip.{state}")


def message(look: Look) -> Draft:
    """Say why it went no further before any money was in, and what one can do instead."""
    draft = Draft(look, Page.MESSAGE, PageKind.RESULT)
    word = look.session.message
    known = word if word in MESSAGES else "busy"
    draft.title = look.line(f"message.{known}")
    draft.prompt = look.line(f"message.{known}_text", hotline=look.facts.hotline)
    draft.picture = "info"
    if not card_first(draft, look.line("message.nothing_taken")):
        draft.notice("info", look.line("message.nothing_taken"))
    contact(draft)
    draft.main = finish(look)
    draft.footnote = code(look, word)
    return draft
