"""The pages of choosing how to pay and how much, and of a payment that was declined or undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kiosk.page import Cue, Entry, PageKind
from kiosk.pages.draft import Draft
from kiosk.pages.end import finish, slip_state
from kiosk.pages.find import back
from kiosk.pages.frame import tender_reason
from kiosk.pages.look import Look, Panel, Press
from kiosk.pages.money import POWER, chosen_bills, needed_fen, quote_panel, whose
from kiosk.pages.other_side import card_first, other_side
from kiosk.pages.reading import NOTHING, Amount, Amounts
from kiosk.pages.start import not_now
from kiosk.payment.model import Payment, Tender
from kiosk.session.state import Page
from kiosk.tender_receipt import REFUND_DAYS

YUAN = 100
"""An amount is typed in whole yuan."""
PRESETS_FEN = (5000, 10000, 20000, 50000)
"""Round amounts that are offered beside what is due."""
MOST_PRESETS = 4
ICONS: Mapping[Tender, str] = {"cash": "cash", "bank_card": "bank_card", "qr": "qr", "recharge_card": "card"}


def means(look: Look) -> Draft:
    """Ask how to pay: what this kiosk is made for is offered, with the reason where it does not work now."""
    draft = Draft(look, Page.MEANS, PageKind.CHOICES, step=2)
    draft.title = look.line("means.title")
    whose(draft)
    if look.session.account:
        draft.panel = quote_panel(look, look.session.account)
    draft.choices = [_means(look, tender) for tender in look.facts.tenders]
    draft.back = back(look)
    card_first(draft)
    if len(draft.choices) == 1 and draft.choices[0].reason.shown:
        not_now(draft)  # of several each says itself why
    return draft


def _means(look: Look, tender: Tender) -> Press:
    why, facts = tender_reason(look, tender), look.facts
    if why.shown:
        detail = NOTHING
    elif tender == "cash":
        notes = Amounts(facts.accepted_fen)
        alone = facts.tenders == ("cash",)
        detail = look.line("means.cash_detail" if alone else "means.cash_detail_short", notes=notes)
    elif tender == "bank_card" and facts.bank_reader is None:
        detail = look.line("means.box_detail")
    elif tender == "qr" and facts.scanner is not None and facts.scanner.usable:
        detail = look.line("means.qr_scanner_detail")
    else:
        detail = look.line(f"means.{tender}_detail")
    return Press(tender, look.line(f"means.{tender}"), detail, ICONS[tender], why)


def limits_fen(look: Look) -> tuple[int, int]:
    """Return the least and the most that may be paid at once, in fen."""
    session, most = look.session, look.facts.max_payment_fen
    quote, known = session.quote, session.card.known if session.card else None
    if quote is not None:
        return -(-max(quote.min_fen, YUAN) // YUAN) * YUAN, quote.max_fen // YUAN * YUAN
    if session.business in POWER and known is not None:
        return max(known.min_fen, YUAN), min(known.max_fen, most)
    return YUAN, most


def due_fen(look: Look) -> int:
    """Return what the customer's choice needs, 0 where nothing is due."""
    session = look.session
    if session.quote is not None:
        return session.quote.due_fen
    account = session.account
    if account is None or session.business in POWER:
        return 0
    return needed_fen(account, chosen_bills(account, session.choose, session.months))


def presets_fen(look: Look) -> Sequence[int]:
    """Return the amounts that one press chooses: what is due first, then round ones within the limits."""
    least, most = limits_fen(look)
    due = due_fen(look)
    first = [due] if 0 < due <= most else []
    return [*first, *(fen for fen in PRESETS_FEN if least <= fen <= most and fen != due)][:MOST_PRESETS]


def amount(look: Look) -> Draft:
    """Ask how much to pay, where the amount is fixed before."""
    draft = Draft(look, Page.AMOUNT, PageKind.ENTRY, step=2)
    session, (least, most) = look.session, limits_fen(look)
    typed = int(session.digits) * YUAN if session.digits.isdecimal() else 0
    draft.title = look.line("amount.title")
    limits = look.line("amount.limits", least=Amounts((least,)), most=Amounts((most,)))
    hint = look.line("amount.ready") if least <= typed <= most else limits
    error = NOTHING
    if session.entry_error:
        known = "too_much" if session.entry_error == "too_much" else "too_little"
        error = look.line(f"amount.{known}", least=Amounts((least,)), most=Amounts((most,)))
    placeholder = look.line("amount.placeholder")
    shown = look.read(Amount(typed)) if typed else NOTHING
    draft.entry = Entry(
        label=look.line("amount.label").shown,
        value=shown.shown.removesuffix(".00"),
        placeholder=placeholder.shown,
        error=error.shown,
        hint=hint.shown,
        complete=least <= typed <= most,
    )
    so_far = look.line("speech.pair", label=look.line("amount.label"), value=shown)
    draft.spoken_error = error
    draft.spoken_entry = look.join(so_far if typed else placeholder, hint)
    due = due_fen(look)
    draft.choices = [
        Press(
            "preset",
            look.read(Amounts((fen,))),
            look.line("amount.all_due") if fen == due else NOTHING,
            selected=fen == session.amount_fen,
            arg=str(fen),
        )
        for fen in presets_fen(look)
    ]
    draft.private = bool(typed or due)
    empty = NOTHING if typed else look.line("amount.empty")
    draft.main = Press("confirm", look.line("entry.confirm"), icon="tick", reason=empty)
    draft.back = back(look)
    return draft


BANK_WORDS = (
    "funds",
    "limit",
    "pin",
    "pin_tries",
    "expired",
    "card",
    "capture",
    "not_allowed",
    "bank_away",
    "day_end",
    "call_bank",
    "hub_gone",
)
PHONE_WORDS = ("hub_gone", "provider_away", "bad_code", "funds", "limit", "timeout", "cancelled")


CLOSED_BY: Mapping[str, str] = {
    "customer": "cancelled",
    "timeout": "timeout",
    "restart": "timeout",
    "fault": "provider_away",
}
"""What ended an order that nobody paid, and its word."""


def _why(look: Look) -> str:
    """The word of the page's texts for why nothing was taken."""
    payment = look.payment
    if payment is None:
        return "other"
    tender, word = payment.tender, payment.declined or CLOSED_BY.get(payment.ended_by, "other")
    if tender == "recharge_card":
        return "recharge"
    if tender == "qr":
        return f"phone_{word if word in PHONE_WORDS else 'other'}"
    return word if word in BANK_WORDS else "other"


def declined(look: Look) -> Draft:
    """Say what happened, that nothing was taken, what became of the card, and what can be done."""
    draft = Draft(look, Page.DECLINED, PageKind.RESULT, step=2)
    why, hotline = _why(look), look.facts.hotline
    draft.title = look.line(f"declined.{why}")
    draft.prompt = look.line(f"declined.{why}_text", hotline=hotline)
    draft.picture = "info"
    draft.main = Press("other_means", look.line("declined.other_means"), icon="next")
    draft.back = finish(look)
    draft.cue = Cue("declined", look.payment.kiosk_no if look.payment else 0)
    safe = look.line("declined.safe")
    if not card_first(draft, safe):
        draft.notice("info", safe)
    if look.payment:
        _asked(draft, look.payment, "word.asked")
    return draft


def _asked(draft: Draft, payment: Payment, label: str) -> None:
    look = draft.look
    if payment.asked_fen:
        draft.panel = Panel(look.line(label), look.read(Amount(payment.asked_fen)))
    other_side(draft, payment)


def reversed_(look: Look) -> Draft:
    """Say that it is not paid, and that what may have been taken goes back by itself."""
    draft = Draft(look, Page.REVERSED, PageKind.RESULT, step=2)
    payment = look.payment
    by = "" if payment is None else "_box" if payment.by_box else "_phone" if payment.tender == "qr" else ""
    draft.title = look.line("reversed.title")
    draft.prompt = look.line(f"reversed.prompt{by}", days=REFUND_DAYS)
    draft.picture = "hourglass"
    draft.main = finish(look)
    draft.cue = Cue("declined", payment.kiosk_no if payment else 0)
    text = look.line("reversed.keep")
    if payment is not None:
        _asked(draft, payment, "reversed.asked")
        if any(slip.kind == "reversal" for slip in payment.slips):
            text = look.join(look.line(f"slip.{slip_state(payment.slips, 'reversal')}"), text)
    if not card_first(draft, look.line("reversed.safe")):
        draft.notice("warning", look.line("reversed.safe"), text)
    return draft
