"""What pages say of a payment's other side: bank, wallet or recharge card, and of the bank card itself."""

from __future__ import annotations

from kiosk.page import Cue
from kiosk.pages.draft import Draft
from kiosk.pages.reading import NOTHING, Line, spelled
from kiosk.payment.model import Payment


def other_side(draft: Draft, payment: Payment, *, brief: bool = False) -> None:
    """Say whose card, wallet or recharge card it was, and by which number the other side knows the payment.

    In brief without the other side's name, which the slip has.
    """
    facts = payment.facts
    if facts is None:
        return
    title = "" if brief else facts.title_zh if draft.look.words.lang == "zh" else facts.title_en
    end = spelled(facts.card[-4:]) if facts.card else NOTHING
    match payment.tender:
        case "bank_card":
            draft.row("bank", Line(title, title))
            draft.row("bank_card", end)
            draft.row("bank_no", spelled(facts.number))
        case "qr":
            draft.row("wallet", Line(title, title))
            draft.row("wallet_no", spelled(facts.number))
        case "recharge_card":
            draft.row("recharge_end", end)


def card_first(draft: Draft, *also: Line) -> bool:
    """Say before all else that the bank card is held out or was kept, if so; `also` stands beneath it.

    Return whether it is.
    """
    look, captured = draft.look, draft.look.session.captured
    if captured:
        why = "bank" if captured == "bank" else "not_taken"
        text = look.line(f"declined.captured_{why}_text", hotline=look.facts.hotline)
        draft.notice("warning", look.line(f"declined.captured_{why}"), look.join(text, *also))
        return True
    if look.facts.bank_card != "mouth":
        return False
    draft.notice("warning", look.line("take_bank_card.notice"), look.join(*also))
    draft.cue = Cue("take_card", look.session.reminders)
    return True
