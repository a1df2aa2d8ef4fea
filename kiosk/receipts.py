"""The slips a customer takes along: facts in, a printable document out.

Amounts on a slip add up line by line: charge + late fee = subtotal of each month; the subtotals = arrears paid;
received - arrears paid - power bought - fee = added to balance; balance before + added to balance = new balance.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from drivers.printer.document import Blank, Document, Element, Line, Pair, QrCode, Rule, Table
from kiosk.money import capitals, format_fen
from kiosk.payment.events import AccountFacts, Allocation, NoteCount
from kiosk.payment.model import Business
from kiosk.power_receipt import PowerFacts, card_part, guidance, money_part
from kiosk.tender_receipt import REFUND_DAYS, OtherSide, other_part
from kiosk.tender_receipt import guidance as tender_guidance
from kiosk.words import Words, load

Kind = Literal["paid", "checking", "provisional", "claim", "returned", "owed", "reversal", "captured"]
BOOKED: tuple[Kind, ...] = ("paid", "owed")
"""Slips of money that the hub has booked; an owed one is of power that is not on its card yet."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the slip is printed."""

    company: str
    terminal: str
    site: str = ""
    hotline: str = "95598"
    claim_url: str = ""

    def code_of(self, reference: str) -> str:
        """Return what the QR code of a reference holds: the address to follow it up, else the reference itself."""
        return self.claim_url.replace("{reference}", reference) or reference


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """All that a slip tells; amounts in fen, `at` in the local time that is printed.

    `months` are the months paid, `arrears_after_fen` what is due after that. For a claim `uncertain_fen` is the value
    of a note whose fate is not known. `returned` are notes that came back unwatched beside what was received; on the
    slip of a payment that took nothing, `notes` and `received_fen` are what went back.
    `copy_no` counts the copies: 0 is the original.
    """

    kind: Kind
    lang: str
    place: Place
    at: datetime
    kiosk_no: str
    business: Business
    account: AccountFacts | None
    received_fen: int
    notes: tuple[NoteCount, ...] = ()
    returned: tuple[NoteCount, ...] = ()
    business_date: str = ""
    hub_no: str = ""
    reference: str = ""
    months: tuple[Allocation, ...] = ()
    due_fen: int = 0
    to_balance_fen: int = 0
    balance_before_fen: int = 0
    balance_after_fen: int = 0
    arrears_after_fen: int = 0
    uncertain_fen: int = 0
    copy_no: int = 0
    power: PowerFacts | None = None
    other: OtherSide | None = None
    """Money that is not cash; None for banknotes."""

    @property
    def booked_fen(self) -> int:
        """What went into the months."""
        return sum(month.late_fee_fen + month.principal_fen for month in self.months)

    @property
    def adds_up(self) -> bool:
        """Whether the customer who adds up the printed amounts gets the printed result."""
        counted = sum(note.value_fen * note.count for note in self.notes)
        money = counted == (0 if self.other else self.received_fen)
        if self.kind not in BOOKED:
            return money
        charged = self.power.charged_fen(self.business) if self.power else 0
        rest = self.received_fen - self.booked_fen - charged
        balance = self.balance_before_fen + self.to_balance_fen
        return money and rest == self.to_balance_fen and balance == self.balance_after_fen


def check_code(facts: ReceiptFacts, key: bytes) -> str:
    """Return the slip's short MAC, by which the counter knows it without a line: HMAC-SHA256 cut to 40 bits.

    The same for the original and its copies.
    """
    told = (
        facts.kind,
        facts.place.terminal,
        facts.kiosk_no,
        facts.hub_no,
        facts.reference,
        facts.account.account_no if facts.account else "",
        f"{facts.at:%Y%m%d%H%M%S}",
        facts.business,
        str(facts.received_fen),
        str(facts.booked_fen),
        str(facts.uncertain_fen),
        *(facts.power.told if facts.power else ()),
        *(facts.other.told if facts.other else ()),
    )
    digest = hmac.new(key, "\x1f".join(told).encode(), hashlib.sha256).digest()
    text = base64.b32encode(digest[:5]).decode("ascii")
    return f"{text[:4]}-{text[4:]}"


def receipt(facts: ReceiptFacts, job: str, key: bytes) -> Document:
    """Make the slip of `facts` in their language, `job` its id; `key` is for the check code (empty: none)."""
    words = load(facts.lang)
    code = check_code(facts, key) if key else ""
    parts = (_head, _transaction, _account, _months, _money, _result)
    elements = [element for part in parts for element in part(facts, words)]
    return Document(job, (*elements, *_foot(facts, words, code)))


def _head(facts: ReceiptFacts, words: Words) -> Iterator[Element]:
    yield Line(facts.place.company, align="center")
    yield Line(words.text(f"receipt.title_{_outcome(facts)}"), align="center", bold=True, size=2)
    if facts.copy_no:
        yield Line(words.text("receipt.copy", count=facts.copy_no), align="center", bold=True)
    yield Rule()


def _outcome(facts: ReceiptFacts) -> str:
    return facts.power.fate if facts.kind == "owed" and facts.power is not None else facts.kind


def _transaction(facts: ReceiptFacts, words: Words) -> Iterator[Element]:
    yield from _pairs(
        words,
        terminal=facts.place.terminal,
        site=facts.place.site,
        time=f"{facts.at:%Y-%m-%d %H:%M:%S}",
        business_date=facts.business_date,
        kiosk_number=facts.kiosk_no,
        hub_number=facts.hub_no,
    )
    yield Rule()


def _account(facts: ReceiptFacts, words: Words) -> Iterator[Element]:
    yield Pair(words.text("receipt.business"), words.text(f"receipt.business_{facts.business}"))
    if facts.account is not None:
        account = facts.account
        yield from _pairs(
            words, account=account.account_no, name=account.name_masked, address=account.address_masked
        )
    yield Rule()
    if facts.other is not None:
        yield from other_part(facts.other, words, taken=facts.received_fen > 0)
    if facts.power is not None:
        yield from card_part(facts.power, words)


def _months(facts: ReceiptFacts, words: Words) -> Iterator[Element]:
    if not facts.months:
        return
    yield Table(
        tuple(words.text(f"receipt.{column}") for column in ("month", "charge", "late_fee", "subtotal")),
        tuple(
            (
                words.text("receipt.month_value", year=month.month[:4], month=month.month[-2:]),
                format_fen(month.principal_fen),
                format_fen(month.late_fee_fen),
                format_fen(month.principal_fen + month.late_fee_fen),
            )
            for month in facts.months
        ),
    )
    yield Rule()


def _money(facts: ReceiptFacts, words: Words) -> Iterator[Element]:
    def amount(name: str, fen: int, bold: bool = False) -> Pair:
        return Pair(words.text(f"receipt.{name}"), words.text("receipt.yuan", amount=format_fen(fen)), bold)

    def counted(name: str, notes: tuple[NoteCount, ...]) -> Iterator[Element]:
        if notes:
            yield Line(words.text(f"receipt.{name}"))
        for note in notes:
            label = words.text("receipt.note_count", value=_short(note.value_fen), count=note.count)
            yield Pair(f"  {label}", format_fen(note.value_fen * note.count))

    if facts.power is not None and facts.power.free:
        yield Pair(words.text("receipt.means"), words.text("receipt.means_free"))
        yield from money_part(facts.power, words, facts.business)
        yield Rule()
        return
    if facts.kind == "captured":
        return  # of the card alone
    returned = facts.kind == "returned"
    if facts.due_fen:
        yield amount("due", facts.due_fen)
    yield from counted("notes_returned" if returned else "notes", facts.notes)
    yield from counted("notes_returned", facts.returned)
    if not returned:
        tender = facts.other.tender if facts.other else "cash"
        yield Pair(words.text("receipt.means"), words.text(f"receipt.means_{tender}"))
    if facts.other is not None and not facts.received_fen:
        yield from _asked(facts, facts.other, words)
        return
    if facts.received_fen or not facts.uncertain_fen:
        yield amount("returned" if returned else "received", facts.received_fen, bold=True)
    if facts.uncertain_fen:
        yield amount("uncertain", facts.uncertain_fen, bold=True)
    if facts.lang == "zh":
        yield Pair(words.text("receipt.capitals"), capitals(facts.received_fen or facts.uncertain_fen))
    if facts.kind in BOOKED:
        yield Rule()
        if facts.months:
            yield amount("booked", facts.booked_fen)
        if facts.power is not None:
            yield from money_part(facts.power, words, facts.business)
    # Power goes to the card: the account's balance is told only where it has one.
    if facts.kind in BOOKED and (facts.power is None or facts.to_balance_fen or facts.balance_after_fen):
        yield amount("to_balance", facts.to_balance_fen)
        yield amount("balance_before", facts.balance_before_fen)
        yield amount("balance_after", facts.balance_after_fen, bold=True)
        if facts.arrears_after_fen:
            yield amount("still_due", facts.arrears_after_fen, bold=True)
    yield Rule()


def _asked(facts: ReceiptFacts, other: OtherSide, words: Words) -> Iterator[Element]:
    """What was asked for, where nothing was received or nobody knows."""
    fen = facts.uncertain_fen or other.asked_fen
    asked = words.text("receipt.yuan", amount=format_fen(fen)) if fen else words.text("receipt.not_known")
    yield Pair(words.text("receipt.asked"), asked, bold=True)
    if fen and facts.lang == "zh":
        yield Pair(words.text("receipt.capitals"), capitals(fen))
    yield Rule()


def _result(facts: ReceiptFacts, words: Words) -> Iterator[Element]:
    yield Line(words.text(f"receipt.result_{_outcome(facts)}"), align="center", bold=True, size=2)
    if facts.reference:
        yield Line(words.text("receipt.reference"), align="center")
        yield Line(facts.reference, align="center", bold=True, size=2)
    for key, fen in _guidance(facts):
        yield Line(words.text(key, amount=_short(fen), hotline=facts.place.hotline, days=REFUND_DAYS))


def _guidance(facts: ReceiptFacts) -> Iterator[tuple[str, int]]:
    if facts.other is not None and facts.kind not in BOOKED:
        yield from tender_guidance(facts.other, facts.kind, facts.received_fen, facts.uncertain_fen)
        return
    extra = "receipt.guide_to_balance_tender" if facts.other else "receipt.guide_to_balance"
    if facts.power is not None and facts.kind in BOOKED:
        yield from guidance(facts.power, facts.business)
        if facts.to_balance_fen:
            yield extra, facts.to_balance_fen
    elif facts.kind == "claim" and facts.uncertain_fen:
        if facts.received_fen:
            yield "receipt.guide_claim", facts.received_fen
        yield "receipt.guide_claim_uncertain", facts.uncertain_fen
    elif facts.kind != "paid":
        yield f"receipt.guide_{facts.kind}", facts.received_fen
        if facts.kind == "provisional" and not (facts.account and facts.account.name_masked):
            yield "receipt.guide_provisional_number", 0
    elif facts.business == "prepay":
        yield "receipt.guide_prepay_invoice", 0
    elif facts.to_balance_fen:
        yield extra, facts.to_balance_fen
    if facts.kind == "paid" and facts.arrears_after_fen:
        yield "receipt.guide_still_due", facts.arrears_after_fen


def _foot(facts: ReceiptFacts, words: Words, code: str) -> Iterator[Element]:
    if facts.reference:
        yield QrCode(facts.place.code_of(facts.reference))
        follow = "receipt.scan_address" if facts.place.claim_url else "receipt.scan_reference"
        yield Line(words.text(follow), align="center")
    yield Blank()
    if code:
        yield Pair(words.text("receipt.check_code"), code)
    yield Rule()
    yield Line(words.text("receipt.hotline", hotline=facts.place.hotline), align="center")
    yield Line(words.text("receipt.not_invoice"), align="center")
    last = "receipt.thanks" if facts.kind == "paid" else "receipt.keep"
    yield Line(words.text(last), align="center")


def _short(fen: int) -> str:
    return format_fen(fen).removesuffix(".00")


def _pairs(words: Words, **values: str) -> Iterator[Element]:
    for name, value in values.items():
        if value:
            yield Pair(words.text(f"receipt.{name}"), value)
