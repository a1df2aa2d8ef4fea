"""The part of a slip that tells of money that is not cash: whose it was, its numbers, what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from drivers.printer.document import Element, Pair, Rule
from kiosk.payment.events import TenderFacts
from kiosk.payment.model import Tender
from kiosk.words import Words

REFUND_DAYS = 3
"""Within how many working days banks and wallets as a rule give back what was undone."""
Kept = Literal["", "bank", "not_taken"]
"""Why a bank card was kept: its bank asked for it, or nobody took it."""


@dataclass(frozen=True, slots=True)
class OtherSide:
    """Money that is not cash: `asked_fen` is what was asked for, 0 where only the hub knows it; `at` is local time."""

    tender: Tender
    facts: TenderFacts
    asked_fen: int = 0
    at: datetime | None = None
    kept: Kept = ""

    @property
    def known(self) -> bool:
        """Whether it is known how much it is about: not of a recharge card before the hub has told."""
        return bool(self.asked_fen)

    @property
    def told(self) -> tuple[str, ...]:
        """What the check code of the slip covers of it."""
        facts = self.facts
        return (self.tender, facts.card, facts.number, facts.auth_code, str(self.asked_fen), self.kept)


def other_part(other: OtherSide, words: Words, *, taken: bool) -> Iterator[Element]:
    """Say whose card, wallet or recharge card it was, and all numbers by which the other side knows the payment.

    Only of money that was `taken` is it told when and by which authorisation.
    """
    facts = other.facts
    title = facts.title_zh if words.lang == "zh" else facts.title_en
    values: dict[str, str] = {}
    if other.tender == "bank_card":
        values = {"bank": title, "card": facts.card}
        if not other.kept:
            values |= {
                "merchant_no": facts.merchant_no,
                "terminal_no": facts.terminal_no,
                "batch": facts.batch,
                "trace": facts.trace,
                "rrn": facts.number,
                "auth_code": facts.auth_code if taken else "",
            }
    elif other.tender == "qr":
        values = {"wallet": title, "wallet_no": facts.number}
    else:
        values = {"recharge_end": facts.card[-4:]}
    if other.at and taken:
        values["tender_time"] = f"{other.at:%Y-%m-%d %H:%M:%S}"
    pairs = [Pair(words.text(f"receipt.{name}"), value) for name, value in values.items() if value]
    if other.kept:
        why = words.text(f"receipt.captured_why_{other.kept}")
        pairs.append(Pair(words.text("receipt.captured_why"), why))
    yield from pairs
    if pairs:
        yield Rule()


def guidance(
    other: OtherSide, kind: str, received_fen: int, uncertain_fen: int = 0
) -> Iterator[tuple[str, int]]:
    """Yield what to do about the money or the card: the key of each sentence and the amount in it."""
    fen = received_fen or uncertain_fen or other.asked_fen
    if kind == "captured":
        yield f"receipt.guide_captured_{other.kept or 'not_taken'}", 0
    elif kind == "reversal":
        yield ("receipt.guide_reversal_qr" if other.tender == "qr" else "receipt.guide_reversal"), fen
    elif kind == "checking" and received_fen:
        yield "receipt.guide_checking_taken", fen
    elif kind in {"checking", "claim"}:
        yield (f"receipt.guide_{kind}_tender" if fen else f"receipt.guide_{kind}_recharge"), fen
