"""The pages from the first byte written to a meter card: leave it in, take it, and what becomes of money and card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kiosk.page import PageKind
from kiosk.pages.card import Power, later, whose_card
from kiosk.pages.draft import Draft
from kiosk.pages.end import RECEIPT_TONES, finish
from kiosk.pages.frame import CARD_STEPS, REWRITE_STEPS
from kiosk.pages.look import Look, Panel, Press
from kiosk.pages.reading import NOTHING, Amount, Line, spelled

UNWRITTEN: Mapping[str, tuple[str, str]] = {
    "pulled": ("write.pulled", "write.again_text"),
    "failed": ("write.failed", "write.again_text"),
    "unknown": ("write.unknown", "write.unknown_text"),
    "other": ("wrong.changed", "wrong.changed_text"),
}
Slip = Literal["", "printing", "printed", "failed"]


@dataclass(frozen=True, slots=True)
class CardWork:
    """A purchase on its way to a card. `to_take_fen` is what the meter will add when it reads the card, and
    `remaining_fen` what it last told to be left; `slip` is how the paper of this page stands.

    `taken`: the meter has told on the card that it has it already, so nothing is to be carried to it.
    """

    power: Power
    serial_end: str = ""
    meter_no: str = ""
    rewrite: bool = False
    to_take_fen: int = 0
    remaining_fen: int | None = None
    slip: Slip = ""
    taken: bool = False


def _draft(look: Look, work: CardWork, name: str, step: str) -> Draft:
    way = REWRITE_STEPS if work.rewrite else CARD_STEPS
    return Draft(look, name, PageKind.CARD, step=way.index(step), way=way)


def _panel(look: Look, work: CardWork, label: str) -> Panel:
    count = Line(str(work.power.count), str(work.power.count))
    amount = look.read(Amount(work.power.amount_fen))
    return Panel(look.line(f"word.{label}"), amount, [(look.line("word.count"), count, False)])


def writing_card(look: Look, work: CardWork, level: int = 0) -> Draft:
    """Say plainly that the card stays in; nothing can be pressed."""
    draft = _draft(look, work, "writing_card", "write")
    draft.title, draft.prompt = look.line("write.writing"), look.line(f"write.wait{min(level, 2)}")
    draft.guide = "leave_in"
    draft.panel = _panel(look, work, "writing")
    return draft


def take_card(look: Look, work: CardWork, *, in_hand: bool = False) -> Draft:
    """Say what was bought and that the card may be taken; once it is `in_hand`, that it goes into the meter."""
    draft = _draft(look, work, "take_card", "take")
    draft.steps_done = in_hand
    if work.taken:
        _in_meter(draft, work, in_hand)
    else:
        done = "write.rewritten" if work.rewrite else "write.bought"
        draft.title = look.line("write.to_meter" if in_hand else done)
        draft.prompt = look.line("write.to_meter_text" if in_hand else "write.take_text")
        draft.guide = "to_meter" if in_hand else "take"
        draft.panel = _panel(look, work, "on_card")
        _taken_by_meter(draft, work)
    whose_card(draft, work.serial_end, work.meter_no)
    if work.slip:
        text = look.line(f"receipt.{work.slip}_text", reference=spelled(work.power.reference))
        draft.notice(RECEIPT_TONES[work.slip], look.line(f"receipt.{work.slip}"), text)
    if in_hand:
        draft.main = finish(look)
    return draft


def _in_meter(draft: Draft, work: CardWork, in_hand: bool) -> None:
    """Say that the card was written and has been to the meter: nothing is left to do with it."""
    look = draft.look
    draft.title = look.line("write.in_meter")
    draft.prompt = look.line("write.in_meter_done" if in_hand else "write.in_meter_take")
    draft.panel = _panel(look, work, "on_card_taken")
    if in_hand:
        draft.kind, draft.picture = PageKind.RESULT, "success"
    else:
        draft.guide = "take"


def _taken_by_meter(draft: Draft, work: CardWork) -> None:
    look, panel = draft.look, draft.panel
    if panel is None:
        return
    if work.to_take_fen:
        panel.rows.append((look.line("word.meter_adds"), look.read(Amount(work.to_take_fen)), False))
    if work.remaining_fen is not None:
        after = work.remaining_fen + work.to_take_fen
        panel.rows.append((look.line("word.meter_then"), look.read(Amount(after)), True))


def write_failed(look: Look, work: CardWork, why: Literal["pulled", "failed", "unknown", "other"]) -> Draft:
    """Say that the money is safe and how the card comes to be written, free of charge; with `other` that the card in
    the slot is not the one."""
    draft = _draft(look, work, "write_failed", "write")
    title, text = UNWRITTEN[why]
    draft.title, draft.prompt = look.line(title), look.line(text)
    draft.guide = "not_this_card" if why == "other" else "insert"
    _safe(draft, work)
    draft.main = later(look)
    return draft


def _safe(draft: Draft, work: CardWork, card: str = "card_wanted") -> None:
    look = draft.look
    draft.panel = _panel(look, work, "power_paid")
    draft.row("reference", spelled(work.power.reference))
    draft.row(card, spelled(work.serial_end))
    slip = look.line(f"slip.{work.slip}") if work.slip else NOTHING
    draft.notice("warning", look.line("write.safe"), look.join(look.line("write.no_second_charge"), slip))


def cannot_write(look: Look, work: CardWork) -> Draft:
    """Say what to do when the card was tried again and is still not written: a person, or a new card."""
    draft = _draft(look, work, "cannot_write", "write")
    draft.title = look.line("write.given_up")
    draft.prompt = look.line("write.given_up_text", hotline=look.facts.hotline)
    draft.guide = "take"
    _safe(draft, work, "card_end")
    draft.main = finish(look)
    if look.facts.reissues:
        draft.back = Press("reissue", look.line("card.reissue"), icon="card")
    return draft


def unconfirmed(look: Look, work: CardWork) -> Draft:
    """Say that the card is written and good although the system has not heard of it yet."""
    draft = _draft(look, work, "unconfirmed", "take")
    draft.title, draft.prompt = look.line("write.unconfirmed"), look.line("write.unconfirmed_text")
    draft.guide = "take"
    draft.panel = _panel(look, work, "on_card")
    draft.row("reference", spelled(work.power.reference))
    whose_card(draft, work.serial_end, work.meter_no)
    slip = look.line(f"slip.{work.slip}") if work.slip else NOTHING
    draft.notice("info", look.line("write.usable"), slip)
    draft.main = finish(look)
    return draft
