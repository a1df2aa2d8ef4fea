"""The pages of a cash payment from the open note slot to the hub's answer."""

from __future__ import annotations

from kiosk.page import PageKind, Tone
from kiosk.pages.draft import Draft
from kiosk.pages.end import slip_state
from kiosk.pages.find import back
from kiosk.pages.look import Look, Press
from kiosk.pages.money import (
    POWER,
    can_press_pay,
    cash_panel,
    quote_panel,
    received_panel,
    too_little,
    whose,
)
from kiosk.pages.reading import NOTHING, Amount, Amounts, Line
from kiosk.pages.start import note_came_back
from kiosk.payment.model import NoteState, Payment, PaymentState
from kiosk.session.state import NoteNotice, Page

TONES: dict[str, Tone] = {
    "credited": "success",
    "recovered": "success",
    "returned": "warning",
    "refused": "warning",
    "rejected": "warning",
    "paused": "warning",
    "jam": "danger",
    "trouble": "danger",
    "kept": "info",
}
NOTE_REASONS = {
    "over_limit": "over_limit",
    "type_off": "type_off",
    "type_disabled": "type_off",
    "hub_gone": "hub_gone",
    "printer": "printer",
    "card_gone": "card_gone",
    "second_note": "second_note",
    "closing": "closing",
    "too_many_notes": "closing",
}
"""Reasons that a customer can act on, and their word; an acceptor's own reasons all mean `not_recognised`."""


def preparing(look: Look) -> Draft:
    """Wait for the quote and the acceptor; no note yet."""
    draft = Draft(look, Page.PREPARING, PageKind.WAIT, step=2)
    level = min(look.session.wait_level, 2)
    other = look.session.tender != "cash" and level < 2
    draft.title = look.line("preparing.title")
    draft.prompt = look.line(f"preparing.tender{level}" if other else f"preparing.wait{level}")
    draft.picture = "hourglass"
    whose(draft)
    if look.session.account:
        draft.panel = quote_panel(look, look.session.account)
    if level == 2:
        draft.back = back(look)
    return draft


def cash(look: Look) -> Draft:
    """Take notes: what is due, in and missing, what happened to the last note, and what happens if one stops."""
    payment = look.payment
    if payment is None:
        return preparing(look)
    draft = Draft(look, Page.CASH, PageKind.CASH, step=2)
    notice = look.session.note_notice or _recovered(payment)
    draft.title = look.line("cash.stopped" if _stopped(look) else "cash.title")
    draft.prompt = _prompt(look, payment)
    draft.main = _pay_now(look, payment)
    if not payment.inserted_fen and payment.state is PaymentState.OPEN:
        draft.back = Press("cancel", look.line("cash.cancel"), icon="back")
    draft.picture = _picture(look, notice)
    whose(draft)
    draft.panel = cash_panel(look, payment)
    if notice:
        draft.notice(TONES.get(notice.kind, "warning"), *_note_words(look, payment, notice))
    return draft


def _picture(look: Look, notice: NoteNotice | None) -> str:
    """Name the picture: an arrow out of the slot, none where no note is taken, else an arrow into it."""
    if notice and TONES.get(notice.kind) == "warning":
        return "take_note"
    return "closed" if _stopped(look) else "insert_note"


def _recovered(payment: Payment) -> NoteNotice | None:
    """Tell where the last note is when nobody saw it move: the acceptor was without power, or we were."""
    note = payment.notes[-1] if payment.notes else None
    if note is None or not note.recovered:
        return None
    kind = {NoteState.STACKED: "recovered", NoteState.RETURNED: "returned"}.get(note.state)
    return NoteNotice(kind, note.value_fen) if kind else None


def pay_label(look: Look, payment: Payment) -> Line:
    """Say what the paying key does: the amount, and whether it is less than what is due."""
    amount = Amount(payment.inserted_fen)
    if payment.business == "prepay" or too_little(payment):
        return look.line("cash.add_now", amount=amount)
    if payment.business in POWER:
        return look.line("cash.buy_now", amount=amount)
    return look.line("cash.pay_part" if payment.remaining_fen else "cash.pay_all", amount=amount)


def _pay_now(look: Look, payment: Payment) -> Press:
    if payment.intended is not None:
        reason = look.line("cash.note_on_its_way")
    else:
        reason = NOTHING if can_press_pay(payment) else look.line("cash.nothing_in")
    label = pay_label(look, payment) if payment.inserted_fen else look.line("cash.pay_now")
    return Press("pay_now", label, icon="tick", reason=reason)


def _prompt(look: Look, payment: Payment) -> Line:
    if payment.intended is not None:
        return look.line("cash.note_on_its_way")
    if _stopped(look):
        label = pay_label(look, payment) if payment.inserted_fen else look.line("cash.cancel")
        return look.line("cash.press", label=label)
    if not payment.inserted_fen:
        return look.line("cash.one_by_one", notes=Amounts(look.facts.accepted_fen))
    label = pay_label(look, payment)
    if payment.due_fen and not payment.remaining_fen:
        return look.join(look.line("cash.enough"), look.line("cash.press", label=label))
    return look.line("cash.more_or", label=label)


def _stopped(look: Look) -> bool:
    """Whether no further note will be taken: what is in can be paid, or the payment cancelled."""
    notice = look.session.note_notice
    trouble = notice is not None and (notice.kind in ("jam", "trouble") or notice.reason == "too_many_notes")
    if trouble or not look.facts.printer.usable or _full(look):
        return True
    return not (look.facts.hub_up or _goes_on_without_hub(look))


def _full(look: Look) -> bool:
    """Whether even the smallest note would go beyond what one payment may be."""
    payment, smallest = look.payment, min(look.facts.accepted_fen, default=0)
    return payment is not None and payment.inserted_fen + smallest > _limit(look, payment)


def _limit(look: Look, payment: Payment) -> int:
    return min(payment.quote.max_fen, look.facts.max_payment_fen)


def _goes_on_without_hub(look: Look) -> bool:
    """Whether another note may go in without the hub: a provisional payment has a limit of its own."""
    payment, facts = look.payment, look.facts
    if payment is None or payment.provisional:
        return payment is not None
    return payment.inserted_fen + min(facts.accepted_fen, default=0) <= facts.offline_fen


def _note_words(look: Look, payment: Payment, notice: NoteNotice) -> tuple[Line, Line]:
    inserted = Amount(payment.inserted_fen)
    safe = look.line("note.safe", inserted=inserted) if payment.inserted_fen else NOTHING
    match notice.kind:
        case "credited":
            return look.line("note.credited", value=Amount(notice.value_fen)), _after_note(look, payment)
        case "recovered":
            return look.line("note.recovered", value=Amount(notice.value_fen)), _after_note(look, payment)
        case "jam":
            return look.line("note.jam"), look.join(
                safe, look.line("note.jam_text", hotline=look.facts.hotline)
            )
        case "trouble":
            why = look.line("note.box_full" if notice.reason == "box_full" else "note.trouble_text")
            return look.line("note.trouble"), look.join(safe, why)
        case "kept":
            return look.line("note.kept", inserted=inserted), look.line("note.kept_text")
        case "paused":
            return look.line("note.paused"), _why_back(look, payment, notice)
        case _:
            counted = look.line("note.not_counted")
            return look.line("note.take_back"), look.join(counted, _why_back(look, payment, notice))


def _why_back(look: Look, payment: Payment, notice: NoteNotice) -> Line:
    otherwise = "not_recognised" if notice.kind == "rejected" else "other"
    reason = NOTE_REASONS.get(notice.reason, otherwise)
    limit = Amount(_limit(look, payment))
    return look.line(f"note.{reason}", notes=Amounts(look.facts.accepted_fen), limit=limit)


def _after_note(look: Look, payment: Payment) -> Line:
    if payment.business in {"arrears", "reissue"} and payment.remaining_fen:
        return look.line("note.still", remaining=Amount(payment.remaining_fen))
    return look.line("note.altogether", inserted=Amount(payment.inserted_fen))


def closing(look: Look) -> Draft:
    """Wait while the note slot closes, before a payment is sent or after it was cancelled."""
    draft = Draft(look, Page.CLOSING, PageKind.WAIT, step=2)
    payment = look.payment
    draft.picture = "hourglass"
    level = min(look.session.wait_level, 1)
    if payment is None or (payment.state is PaymentState.CANCELLING and not payment.inserted_fen):
        draft.title = look.line("cancelling.title")
        if look.claim:  # the note that was lost may lie in the box
            draft.prompt = look.line(f"cancelling.doubt{level}")
            state = slip_state(look.claim.slips, "claim")
            draft.notice("warning", look.line("claim.noted"), look.line(f"slip.{state}"))
        else:
            draft.prompt = look.line(f"cancelling.wait{level}")
        note_came_back(draft)
        return draft
    draft.title, draft.prompt = look.line("closing.title"), look.line(f"closing.wait{level}")
    whose(draft)
    draft.panel = received_panel(look, payment)
    note_came_back(draft)
    return draft


def paying(look: Look) -> Draft:
    """Wait for the hub to book the money."""
    draft = Draft(look, Page.PAYING, PageKind.WAIT, step=2)
    level = min(look.session.wait_level, 2)
    unknown = look.payment is not None and not look.payment.inserted_fen  # what a recharge card is worth
    draft.title = look.line("paying.title")
    draft.prompt = look.line(f"paying.recharge{level}" if unknown else f"paying.wait{level}")
    draft.picture = "hourglass"
    whose(draft)
    if look.payment:
        draft.panel = received_panel(look, look.payment)
    return draft
