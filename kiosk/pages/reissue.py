"""The pages of a new meter card for a lost one: who asks, what it costs and carries, the card being made and taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kiosk.numbers import group_phone
from kiosk.page import Entry, PageKind
from kiosk.pages.card import Power, meter_row, whose_card
from kiosk.pages.draft import Draft
from kiosk.pages.end import RECEIPT_TONES, finish
from kiosk.pages.find import back
from kiosk.pages.frame import REISSUE_STEPS, REMAKE_STEPS, pay_reason
from kiosk.pages.look import Look, Panel, Press
from kiosk.pages.reading import NOTHING, Amount, Date, Digits, Line, Masked, spelled
from kiosk.pages.start import contact

IDENTITY_LENGTHS = {"phone": 11, "identity": 6}
"""A mobile number, or the last six digits of the number of the identity card, an X at its end left out."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What the customer types to show who asks. `error`: empty, too_short, not_matched, hub_gone."""

    what: Literal["phone", "identity"] = "phone"
    digits: str = ""
    error: str = ""
    tries_left: int = 3


@dataclass(frozen=True, slots=True)
class NewCard:
    """A new card: its fee in fen, the purchase on it, how its receipt stands.

    `opening`: a meter's first card, on which power is bought for at least `least_fen`, fee included. `in_hand`: the
    customer has taken it. `free`: it was paid for before, at the carried purchase's time and under its reference.
    `elsewhere`: another kiosk has made it meanwhile.
    """

    account_no: str
    name_masked: str
    meter_no: str
    fee_fen: int
    carried: Power | None = None
    serial_end: str = ""
    slip: Literal["", "printing", "printed", "failed"] = ""
    reference: str = ""
    opening: bool = False
    least_fen: int = 0
    in_hand: bool = False
    free: bool = False
    elsewhere: bool = False


def _draft(look: Look, name: str, kind: PageKind, step: str = "identity", *, free: bool = False) -> Draft:
    way = REMAKE_STEPS if free else REISSUE_STEPS
    return Draft(look, name, kind, step=way.index(step), way=way)


def identity(look: Look, typed: Identity) -> Draft:
    """Ask for a number that only the account's holder knows."""
    draft = _draft(look, "identity", PageKind.ENTRY)
    what, digits, length = typed.what, typed.digits, IDENTITY_LENGTHS[typed.what]
    draft.title, draft.prompt = look.line(f"identity.{what}"), look.line(f"identity.{what}_where")
    draft.picture = "person"
    error = NOTHING
    if typed.error:
        error = look.line(f"identity.{typed.error}", length=length, count=len(digits), left=typed.tries_left)
    complete = len(digits) == length
    hint = "entry.ready" if complete else "entry.typed" if digits else "entry.type"
    label = look.line(f"word.{what}")
    placeholder = look.line("entry.placeholder", lengths=length)
    said = look.line(hint, count=len(digits))
    draft.entry = Entry(
        label.shown, group_phone(digits), placeholder.shown, error.shown, said.shown, complete
    )
    # What is typed here is never spoken, not even to a headset: only how much of it there is.
    draft.spoken_error, draft.spoken_entry = error, said if digits else look.join(placeholder, said)
    draft.private = True
    other = "by_identity" if what == "phone" else "by_phone"
    draft.choices = [Press(other, look.line(f"identity.{other}"), icon="person")]
    empty = NOTHING if digits else look.line("entry.empty")
    draft.main = Press("confirm", look.line("entry.confirm"), icon="tick", reason=empty)
    draft.back = back(look)
    return draft


def checking_identity(look: Look, level: int) -> Draft:
    """Wait for the hub's word."""
    draft = _draft(look, "checking_identity", PageKind.WAIT)
    level = min(level, 2)
    draft.title = look.line("identity.checking")
    draft.prompt = look.line("reference.slow" if level == 2 else f"identity.wait{level}")
    draft.picture = "search"
    if level == 2:
        draft.back = back(look)
    return draft


def identity_refused(look: Look) -> Draft:
    """Say that this kiosk does not ask again, and where a new card is made instead."""
    draft = Draft(look, "identity_refused", PageKind.RESULT)
    draft.title = look.line("identity.refused")
    draft.prompt = look.line("identity.refused_text", hotline=look.facts.hotline)
    draft.picture = "info"
    draft.notice("info", look.line("message.nothing_taken"))
    contact(draft)
    draft.main = finish(look)
    return draft


def new_card(look: Look, card: NewCard, *, no_cards: bool = False) -> Draft:
    """Show whose new card it will be and what it costs; of a reissue, what it carries and that the old one ends."""
    draft = _draft(look, "new_card", PageKind.CHECK, "pay")
    kind = "open" if card.opening else "check"
    draft.title, draft.prompt = look.line(f"reissue.{kind}"), look.line(f"reissue.{kind}_text")
    draft.picture = "card"
    draft.panel = Panel(look.line("word.fee"), look.read(Amount(card.fee_fen)))
    if card.opening:
        draft.panel.rows.append((look.line("word.least"), look.read(Amount(card.least_fen)), True))
    draft.panel.promise = look.line("promise.open_card" if card.opening else "reissue.carried")
    draft.row("name", Masked(card.name_masked), private=True)
    draft.row("account", Digits(card.account_no), private=True)
    meter_row(draft, card.meter_no)
    reason = look.line("reissue.no_cards") if no_cards else pay_reason(look)
    fee = look.line("reissue.open_pay" if card.opening else "reissue.pay", amount=Amount(card.fee_fen))
    draft.main = Press("confirm_reissue", fee, icon="tick", reason=reason)
    draft.back = back(look)
    return draft


def paid_before(look: Look, card: NewCard) -> Draft:
    """Say that this card was paid for and not made, and offer to make it now: nothing is charged."""
    draft = _draft(look, "card_paid_before", PageKind.CHECK, "make", free=True)
    at = card.carried.paid_at if card.carried is not None else None
    day = Date(at.date()) if at is not None else NOTHING
    draft.title = look.line("reissue.paid_before")
    draft.prompt = look.line("reissue.paid_before_text", day=day)
    draft.picture = "card"
    draft.panel = _carried(look, card)
    draft.panel.promise = look.line("write.no_second_charge")
    draft.row("reference", spelled(card.reference))
    draft.row("name", Masked(card.name_masked), private=True)
    draft.row("account", Digits(card.account_no), private=True)
    meter_row(draft, card.meter_no)
    draft.main = Press("make_card", look.line("reissue.make"), icon="tick")
    draft.back = back(look)
    return draft


def staging_card(look: Look, level: int) -> Draft:
    """Wait while a card is brought and looked at; nothing is paid yet."""
    draft = _draft(look, "staging_card", PageKind.WAIT)
    level = min(level, 2)
    draft.title, draft.prompt = look.line("reissue.staging"), look.line(f"reissue.staging_wait{level}")
    draft.picture = "card"
    if level == 2:
        draft.back = back(look)
    return draft


def making_card(look: Look, card: NewCard, level: int) -> Draft:
    """Wait while the dispenser brings a card and it is written inside the machine."""
    draft = _draft(look, "making_card", PageKind.WAIT, "make", free=card.free)
    draft.title, draft.prompt = look.line("reissue.making"), look.line(f"reissue.wait{min(level, 2)}")
    draft.picture = "card"
    draft.panel = _carried(look, card)
    return draft


def collect_card(look: Look, card: NewCard) -> Draft:
    """Hand the new card over: what is on it, that the old one is void, and that it goes into the meter."""
    draft = _draft(look, "collect_card", PageKind.CARD, "take", free=card.free)
    draft.steps_done = card.in_hand
    text = "open_collect_text" if card.opening else "collect_text"
    draft.title = look.line("write.to_meter" if card.in_hand else "reissue.collect")
    draft.prompt = look.line(f"reissue.{text}")
    draft.guide = "to_meter" if card.in_hand else "collect_new"
    draft.panel = _carried(look, card)
    whose_card(draft, card.serial_end, card.meter_no)
    if card.slip:
        receipt = look.line(f"receipt.{card.slip}_text", reference=spelled(card.reference))
        draft.notice(RECEIPT_TONES[card.slip], look.line(f"receipt.{card.slip}"), receipt)
    if card.in_hand:
        draft.main = finish(look)
    return draft


def new_card_failed(look: Look, card: NewCard) -> Draft:
    """Say that the money is booked and no card came of it, and who makes one now."""
    draft = _draft(look, "new_card_failed", PageKind.RESULT, "make", free=card.free)
    word = "elsewhere" if card.elsewhere else "failed"
    draft.title = look.line(f"reissue.{word}")
    draft.prompt = look.line(f"reissue.{word}_text", hotline=look.facts.hotline)
    draft.picture = "info"
    draft.row("reference", spelled(card.reference))
    draft.row("account", Digits(card.account_no), private=True)
    slip = look.line(f"slip.{card.slip}") if card.slip else NOTHING
    draft.notice("warning", look.line("write.safe"), look.join(look.line("write.no_second_charge"), slip))
    draft.main = finish(look)
    return draft


def _carried(look: Look, card: NewCard) -> Panel:
    """The carried purchase is what counts; without one the fee is what was paid."""
    fee = look.read(Amount(card.fee_fen))
    if card.carried is None:
        return Panel(look.line("word.fee"), fee)
    count = Line(str(card.carried.count), str(card.carried.count))
    rows = [(look.line("word.count"), count, False)]
    if card.free:
        rows.append((look.line("word.now_to_pay"), fee, True))
    else:
        rows.append((look.line("word.fee"), fee, False))
    return Panel(look.line("word.on_new_card"), look.read(Amount(card.carried.amount_fen)), rows)
