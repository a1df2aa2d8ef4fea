"""The pages of a meter card before anything is paid or written: insert, read, what is on it, and why it will not do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from kiosk.page import GuideKind, PageKind
from kiosk.pages.draft import Draft
from kiosk.pages.end import finish
from kiosk.pages.find import back
from kiosk.pages.frame import CARD_STEPS, pay_reason
from kiosk.pages.look import Look, Panel, Press
from kiosk.pages.reading import Amount, Date, Digits, Line, When, spelled

CARD_NUMBER_DIGITS = 12
"""A card and its slips have that many digits of the number on the meter's front."""


@dataclass(frozen=True, slots=True)
class Power:
    """One purchase of power: its amount in fen and its number in the purchase count of card and meter.

    `paid_at` is in the kiosk's own time zone; `reference` is what the customer calls it by.
    """

    amount_fen: int
    count: int
    paid_at: datetime | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class MeterTold:
    """What the meter wrote back to the card: amounts in fen, `at` the meter's own time; None if it told none."""

    remaining_fen: int
    count: int
    overdraft_fen: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CardSeen:
    """What a card was found to hold, and what the hub knows of it: `last` is the last purchase, `owed` one that was
    paid and not written. `serial_end` are the last four characters of the card's number."""

    serial_end: str
    meter_no: str
    amount_fen: int
    count: int
    meter: MeterTold | None = None
    last: Power | None = None
    owed: Power | None = None
    full: bool = False
    """The meter can take no more now."""
    unread: bool = False
    """A file of the card is damaged: only what the hub knows can be told."""

    @property
    def taken(self) -> bool:
        """Whether the meter has taken what is on the card."""
        return self.meter is not None and self.meter.count >= self.count


WHYS: Mapping[str, str] = {
    "card_foreign": "foreign",
    "foreign": "foreign",
    "bank_card": "bank_card",
    "card_mute": "mute",
    "card_gone": "gone",
    "card_changed": "changed",
    "other_meter": "other_meter",
    "other_card": "replaced",
    "card_damaged": "damaged",
    "damaged": "damaged",
    "card_worn": "worn",
    "card_locked": "locked",
    "card_unissued": "blank",
    "blank": "blank",
    "ahead": "records",
    "behind": "records",
    "closed": "closed",
    "card_refused_us": "refused",
    "reader_gone": "reader",
    "module_away": "reader",
    "module_refused": "reader",
}
"""The page's word for each of the card's and the hub's own; what is not here is shown as `records`: ask a person."""
GUIDES: Mapping[str, GuideKind] = {
    "foreign": "wrong_slot",
    "bank_card": "wrong_slot",
    "mute": "insert",
    "gone": "insert",
    "reader": "take",
}
"""What is drawn where it is not a card that cannot be used."""
AGAIN = frozenset({"foreign", "bank_card", "mute", "gone", "changed", "other_meter", "replaced"})
"""Another card, or the same one put in well, may do."""
WORN_OUT = frozenset({"damaged", "worn", "locked"})
"""Only a new card helps."""


def insert_card(look: Look, *, lost: bool = True) -> Draft:
    """Ask for the meter card and show which way round it goes; `lost` offers a new one."""
    draft = Draft(look, "insert_card", PageKind.CARD, step=0, way=CARD_STEPS)
    draft.title, draft.prompt = look.line("card.insert"), look.line("card.insert_prompt")
    draft.guide = "insert"
    draft.back = back(look)
    if lost:
        draft.choices = [Press("reissue", look.line("card.lost"), icon="card", quiet=True)]
    return draft


def card_left(look: Look) -> Draft:
    """Ask for the card to be taken out that stood in the slot before this customer came; it is not read."""
    draft = Draft(look, "card_left", PageKind.CARD, step=0, way=CARD_STEPS)
    draft.title = look.line("card.in_slot")
    draft.prompt = look.line("card.in_slot_prompt", hotline=look.facts.hotline)
    draft.guide = "take"
    draft.back = back(look)
    return draft


def reading_card(look: Look, level: int) -> Draft:
    """Wait for the card and the hub; after 15 s (level 2) one may go back."""
    draft = Draft(look, "reading_card", PageKind.CARD, step=0, way=CARD_STEPS)
    draft.title, draft.prompt = look.line("card.reading"), look.line(f"card.reading_wait{min(level, 2)}")
    draft.guide = "reading"
    if level >= 2:
        draft.back = Press("take_card", look.line("card.take_back"), icon="card")
    return draft


def whose_card(draft: Draft, serial_end: str, meter_no: str) -> None:
    """Say which card it is and which meter it belongs to."""
    draft.row("card_end", spelled(serial_end))
    meter_row(draft, meter_no)


def meter_row(draft: Draft, meter_no: str) -> None:
    """Name the meter: by the number on its front, or by the shorter one that cards and slips have for it."""
    label = "card_meter" if len(meter_no) <= CARD_NUMBER_DIGITS else "meter"
    draft.row(label, Digits(meter_no), private=True)


def card_contents(look: Look, seen: CardSeen) -> Draft:
    """Say in plain words what is on the card and what the meter told of itself, and offer what can be done."""
    draft = Draft(look, "card_contents", PageKind.CHECK)
    draft.title = look.line("card.contents")
    draft.panel = _on_card(look, seen)
    if seen.meter and seen.meter.at:
        draft.row("meter_told", When(seen.meter.at))
    _last(draft, seen)
    whose_card(draft, seen.serial_end, seen.meter_no)
    draft.back = Press("take_card", look.line("card.take_back"), icon="card")
    if seen.owed:
        draft.main = Press("rewrite", look.line("card.rewrite"), icon="pencil")
        owed = look.line("card.owed", amount=Amount(seen.owed.amount_fen))
        draft.notice("warning", owed, look.line("card.owed_text"))
        return draft
    why = look.line("card.full") if seen.full else pay_reason(look)
    draft.main = Press("buy_power", look.line("card.buy"), icon="bolt", reason=why)
    if seen.meter is None:
        draft.notice("info", look.line("card.meter_silent"), look.line("card.meter_silent_text"))
    elif seen.meter.overdraft_fen:
        used = look.line("card.overdraft", amount=Amount(seen.meter.overdraft_fen))
        draft.notice("warning", used, look.line("card.overdraft_text"))
    return draft


def _on_card(look: Look, seen: CardSeen) -> Panel:
    if seen.unread and seen.owed:
        return Panel(look.line("word.power_paid"), look.read(Amount(seen.owed.amount_fen)))
    on_card = look.line("word.on_card_taken" if seen.taken else "word.on_card")
    amount = look.read(Amount(seen.amount_fen))
    if seen.meter is None:
        return Panel(on_card, amount)
    panel = Panel(look.line("word.on_meter"), look.read(Amount(seen.meter.remaining_fen)))
    panel.rows.append((on_card, amount, False))
    if seen.meter.overdraft_fen:
        panel.rows.append((look.line("word.overdraft"), look.read(Amount(seen.meter.overdraft_fen)), True))
    return panel


def _last(draft: Draft, seen: CardSeen) -> None:
    look = draft.look
    draft.row("count", Line(str(seen.count), str(seen.count)))
    if seen.last and seen.last.paid_at:
        day = Date(seen.last.paid_at.date())
        draft.row("last_power", look.line("card.last", amount=Amount(seen.last.amount_fen), day=day))


def not_taken(look: Look, seen: CardSeen) -> Draft:
    """Say that the meter must take the last purchase before another can be made, and that nothing was charged."""
    draft = Draft(look, "not_taken", PageKind.CARD)
    draft.title, draft.prompt = look.line("card.not_taken"), look.line("card.not_taken_text")
    draft.guide = "to_meter"
    draft.panel = Panel(look.line("word.waiting"), look.read(Amount(seen.amount_fen)))
    draft.row("count", Line(str(seen.count), str(seen.count)))
    whose_card(draft, seen.serial_end, seen.meter_no)
    draft.notice("info", look.line("message.nothing_taken"))
    draft.main = Press("take_card", look.line("card.take_back"), icon="card")
    return draft


def wrong_card(
    look: Look, why: str, *, serial_end: str = "", paid: Power | None = None, owed: Power | None = None
) -> Draft:
    """Say why this card will not do, what happened to the money, and what to do now.

    `why` is a card's error code or the hub's verdict (see `WHYS`); `serial_end` is the card that is wanted; `paid` is
    the purchase that waits for it, or None while nothing was taken; `owed` is one that was paid another day and cannot
    be written now.
    """
    draft = Draft(look, "wrong_card", PageKind.CARD)
    word = WHYS.get(why, "records")
    draft.title = look.line(f"wrong.{word}")
    draft.prompt = look.line(f"wrong.{word}_text", hotline=look.facts.hotline)
    draft.guide = GUIDES.get(word, "not_this_card")
    draft.main = finish(look)
    if serial_end:
        draft.row("card_wanted", spelled(serial_end))
    if bought := paid or owed:
        draft.panel = Panel(look.line("word.power_paid"), look.read(Amount(bought.amount_fen)))
        draft.notice("warning", look.line("write.safe"), look.line("write.no_second_charge"))
        draft.row("reference", spelled(bought.reference))
    else:
        draft.notice("info", look.line("message.nothing_taken"))
    if paid:
        draft.main = later(look)
    elif word in WORN_OUT and look.facts.reissues:
        draft.back = Press("reissue", look.line("card.reissue"), icon="card")
    if word in AGAIN:
        draft.back, draft.main = draft.main, Press("insert_again", look.line("card.again"), icon="card")
    return draft


def later(look: Look) -> Press:
    """Return the key that leaves a paid card to be written another time."""
    return Press("write_later", look.line("write.later"), icon="clock")


def return_card(look: Look, *, forgotten: bool = False) -> Draft:
    """Ask to take the card when nothing was bought; `forgotten`: it has stood there for a while."""
    draft = Draft(look, "return_card", PageKind.CARD)
    draft.title = look.line("card.return")
    draft.prompt = look.line("card.return_forgotten" if forgotten else "card.return_text")
    draft.guide = "take"
    if forgotten:
        draft.notice("warning", look.line("card.left"), look.line("card.left_text"))
    else:
        draft.notice("info", look.line("message.nothing_taken"))
    return draft
