"""The pages of a bank card at this kiosk: put in, read, PIN, the bank asked, and the card taken back; and of a box."""

from __future__ import annotations

from kiosk.page import Cue, Entry, PageKind
from kiosk.pages.draft import Draft
from kiosk.pages.find import back
from kiosk.pages.look import Look, Press
from kiosk.pages.money import asked_panel
from kiosk.pages.reading import NOTHING, Line, spelled
from kiosk.pages.start import contact
from kiosk.session.state import BankSight, Page

TROUBLES = (
    "no_application",
    "not_a_bank_card",
    "mute",
    "wrong_way",
    "pulled",
    "expired",
    "unreadable",
    "not_served",
    "bank_away",
    "hub_gone",
    "card_inside",
)
STARS = "●"


def insert(look: Look) -> Draft:
    """Ask for the bank card and show which way round it goes, or say why the last one will not do."""
    draft = Draft(look, Page.INSERT_BANK_CARD, PageKind.CARD, step=2)
    draft.title, draft.prompt = look.line("bank_card.insert"), look.line("bank_card.insert_prompt")
    draft.panel = asked_panel(look)
    draft.guide = "insert_bank"
    draft.back = back(look)
    bank = look.session.bank
    if bank is not None and bank.trouble:
        known = bank.trouble if bank.trouble in TROUBLES else "unreadable"
        draft.title = look.line(f"bank_card.{known}")
        draft.prompt = look.line(f"bank_card.{known}_text")
        if look.facts.bank_card in {"in", "mouth"}:
            draft.guide = "take" if known == "not_a_bank_card" else "take_bank"
    return draft


def _whose_card(draft: Draft, bank: BankSight | None) -> None:
    if bank is None:
        return
    title = bank.title_zh if draft.look.words.lang == "zh" else bank.title_en
    draft.row("bank", Line(title, title))
    draft.row("bank_card", spelled(bank.masked[-4:]), private=True)


def _waiting(look: Look, page: Page, key: str, title: str) -> Draft:
    draft = Draft(look, page, PageKind.WAIT, step=2)
    draft.title = look.line(title)
    draft.prompt = look.line(f"{key}wait{min(look.session.wait_level, 2)}")
    draft.picture = "hourglass"
    draft.panel = asked_panel(look)
    return draft


def reading(look: Look) -> Draft:
    """Wait for the card to be read and for the hub's word on its bank."""
    return _waiting(look, Page.READING_BANK_CARD, "bank_card.reading_", "bank_card.reading")


def pin(look: Look) -> Draft:
    """Show the amount first, then let the PIN be typed at the PIN pad: of it the page shows how many digits are in."""
    draft = Draft(look, Page.PIN, PageKind.PIN, step=2)
    count = look.session.pin_digits
    draft.title, draft.prompt = look.line("pin.title"), look.line("pin.shield")
    draft.panel = asked_panel(look)
    _whose_card(draft, look.session.bank)
    label, hint = look.line("pin.label"), look.line("pin.hint")
    draft.entry = Entry(
        label=label.shown,
        value=STARS * count,
        placeholder=look.line("pin.placeholder").shown,
        hint=hint.shown,
    )
    typed = look.line("pin.typed", count=count) if count else look.line("pin.placeholder")
    draft.spoken_entry = look.join(typed, hint)
    draft.picture = "shield"
    draft.back = Press("cancel_pin", look.line("pin.cancel"), icon="back")
    if look.session.pin_trouble:
        draft.notice("warning", look.line("pin.retry"), look.line("pin.retry_text"))
    return draft


def authorising(look: Look) -> Draft:
    """Wait for the bank."""
    draft = _waiting(look, Page.AUTHORISING, "authorising.", "authorising.title")
    _whose_card(draft, look.session.bank)
    return draft


def box(look: Look) -> Draft:
    """Send the customer to the terminal box, which leads him now."""
    draft = Draft(look, Page.BOX, PageKind.CARD, step=2)
    draft.title, draft.prompt = look.line("box.title"), look.line("box.prompt")
    draft.panel = asked_panel(look)
    draft.guide = "box"
    return draft


def asking_box(look: Look) -> Draft:
    """Wait for the box to tell how its sale ended."""
    return _waiting(look, Page.ASKING_BOX, "box.asking_", "box.asking")


def taking(look: Look) -> Draft:
    """Ask for the bank card to be taken, again and again; nothing of its owner is shown."""
    draft = Draft(look, Page.TAKE_BANK_CARD, PageKind.CARD)
    again = look.session.reminders
    draft.title = look.line("take_bank_card.title")
    drawn_in = look.line("take_bank_card.drawn_in") if look.facts.draws_in else NOTHING
    draft.prompt = look.join(
        look.line("take_bank_card.again" if again else "take_bank_card.prompt"), drawn_in
    )
    draft.guide = "take_bank"
    draft.cue = Cue("take_card", again)
    if look.facts.bank_card == "stuck":
        draft.title = look.line("take_bank_card.stuck")
        draft.prompt = look.line("take_bank_card.stuck_prompt", hotline=look.facts.hotline)
        draft.kind, draft.guide, draft.cue = PageKind.RESULT, None, None
        contact(draft)
    return draft
