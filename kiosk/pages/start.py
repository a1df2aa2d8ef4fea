"""The pages without a customer's data: attract, home, closed, and settling what an earlier run left open."""

from __future__ import annotations

from kiosk.page import PageKind
from kiosk.pages.draft import Draft
from kiosk.pages.frame import cash_reason, no_cards, no_hub, pay_reason
from kiosk.pages.look import Look, Press
from kiosk.pages.reading import NOTHING, Amount, Amounts, Line
from kiosk.session.state import Page

CLOSED_REASONS = ("journal_damaged", "journal_failed", "starting", "settling", "operator", "no_service")


def attract(look: Look) -> Draft:
    """Invite, and tell before the first touch what works now."""
    draft = Draft(look, Page.ATTRACT, PageKind.ATTRACT)
    draft.title = look.line("attract.title")
    draft.prompt = look.line("attract.prompt_offline" if look.facts.stands_in else "attract.prompt")
    draft.picture = "kiosk"
    draft.main = Press("start", look.line("attract.start"), icon="next")
    draft.footnote = look.line("attract.other_language").shown
    if look.facts.cash_works:
        accepted(draft)
    if look.facts.bank_card in {"mouth", "stuck"}:
        draft.notice("warning", look.line("bank_card.card_inside"), look.line("bank_card.card_inside_text"))
    elif look.facts.stands_in or not look.facts.cash_works:
        not_now(draft)
    elif look.facts.card_in:
        draft.notice("warning", look.line("card.in_slot"), look.line("card.in_slot_text"))
    return draft


def accepted(draft: Draft) -> None:
    """Say which notes are taken and that no change is given."""
    look = draft.look
    draft.row("notes", Amounts(look.facts.accepted_fen))
    if not look.facts.stands_in:  # there it stands on the next pages; here the notice needs the room
        draft.row("change", look.line("word.no_change"))


def not_now(draft: Draft) -> None:
    """Say what does not work, what still does, and where else one can pay; or what cash without the hub means."""
    look = draft.look
    hotline, why = look.facts.hotline, cash_reason(look)
    if not why.shown:
        text = look.line("attract.offline_text", limit=Amount(look.facts.offline_fen))
        draft.notice("info", look.line("attract.offline"), text)
    elif why.shown == look.line("reason.starting").shown:
        draft.notice("info", look.line("attract.starting"), look.line("attract.starting_text"))
    elif look.facts.hub_up and not pay_reason(look).shown:
        draft.notice("info", look.line("attract.cash_off"), why)
    elif look.facts.hub_up:
        text = look.join(why, look.line("attract.no_cash_text", hotline=hotline))
        what = "attract.no_cash" if look.facts.tenders == ("cash",) else "attract.nothing"
        draft.notice("warning", look.line(what), text)
    else:
        text = look.join(why, look.line("attract.no_hub_text", hotline=hotline))
        draft.notice("warning", look.line("attract.no_hub"), text)


def _meter_card(look: Look) -> list[Press]:
    """The choice of the meter card, where the kiosk has a reader for it."""
    if look.facts.card_writer is None:
        return []
    detail = look.line("home.meter_card_detail")
    return [Press("meter_card", look.line("home.meter_card"), detail, "card", no_cards(look))]


def home(look: Look) -> Draft:
    """Ask what the customer came for."""
    draft = Draft(look, Page.HOME, PageKind.CHOICES)
    draft.title, draft.prompt = look.line("home.title"), look.line("home.prompt")
    why = pay_reason(look)
    offline = why if look.facts.stands_in else no_hub(look)
    draft.choices = [
        Press("pay_bill", look.line("home.pay_bill"), _bill_detail(look), "bill", offline),
        *_meter_card(look),
        Press("prepay", look.line("home.prepay"), look.line("home.prepay_detail"), "wallet", why),
        # Open without the hub too: of what this kiosk itself has open it can tell.
        Press("look_up_slip", look.line("home.look_up_slip"), icon="search", quiet=True),
    ]
    draft.back = Press("back", look.line("home.back"), icon="home")
    if why.shown or look.facts.stands_in:
        not_now(draft)
    return draft


def _bill_detail(look: Look) -> Line:
    if look.facts.stands_in:
        return look.line("home.pay_bill_offline", limit=Amount(look.facts.offline_fen))
    look_only = look.facts.hub_up and pay_reason(look).shown
    if look_only and look.facts.tenders != ("cash",):
        return look.line("home.pay_bill_no_pay")
    return look.line("home.pay_bill_look_only" if look_only else "home.pay_bill_detail")


def closed(look: Look) -> Draft:
    """Say that there is no service, why, and where else one can pay."""
    draft = Draft(look, Page.CLOSED, PageKind.CLOSED)
    reason = look.facts.closed_reason
    known = reason if reason in CLOSED_REASONS else "no_service"
    draft.picture = "hourglass" if known in ("starting", "settling") else "closed"
    draft.title = look.line(f"closed.{known}")
    text = look.line(f"closed.{known}_text", hotline=look.facts.hotline)
    why = cash_reason(look) if known == "no_service" else NOTHING
    where = look.line("closed.where", hotline=look.facts.hotline)
    draft.prompt = look.join(why, text, where)
    draft.row("site", Line(look.facts.site, look.facts.site))
    contact(draft)
    draft.footnote = code(look, reason)
    return draft


def settling(look: Look) -> Draft:
    """Ask for patience while an earlier payment is settled; of it nothing is shown but a note that is held out."""
    draft = Draft(look, Page.SETTLING, PageKind.WAIT)
    level = min(look.session.wait_level, 2)
    draft.title = look.line("settling.title")
    patience = look.line(f"settling.wait{level}", hotline=look.facts.hotline)
    draft.prompt = look.join(patience, look.line("settling.stay"))
    draft.picture = "hourglass"
    note_came_back(draft)
    return draft


def note_came_back(draft: Draft) -> None:
    """Say that a note is held out at the slot, where the acceptor gave one back."""
    notice = draft.look.session.note_notice
    if notice and notice.kind in ("returned", "refused"):
        draft.notice("warning", draft.look.line("note.take_back"), draft.look.line("note.not_counted"))


def contact(draft: Draft) -> None:
    """Say whom to call and what to tell him."""
    facts = draft.look.facts
    draft.row("hotline", Line(facts.hotline, " ".join(facts.hotline)))
    draft.row("terminal", Line(facts.terminal, " ".join(facts.terminal)))


def code(look: Look, word: str) -> str:
    """Return the technician's line: small, last, never the message itself; empty without a code."""
    return f"{look.facts.terminal} · {word}" if word else ""
