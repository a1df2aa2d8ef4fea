"""What the customers hold in their hands: the slips as they came out of the printer, against the journal."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kiosk.numbers import reference
from kiosk.payment.model import Claim, Payment, PaymentState

KINDS = {
    "Payment receipt": "paid",
    "Payment being checked": "checking",
    "Provisional receipt": "provisional",
    "Claim slip": "claim",
    "Notes returned": "returned",
    "Card not written here": "owed",
    "Card to be checked": "owed",
}
_SLIPS_DUE = frozenset({PaymentState.PAID, PaymentState.OWED})
_LAST_WORDS = ("Thank you, goodbye", "Please keep this slip")
_AMOUNT = re.compile(r"^(Received|Returned|To be counted) +([\d,]+)\.(\d\d) yuan$", re.MULTILINE)
_NOTES = re.compile(r"^ +[\d,]+ yuan x \d+ +([\d,]+)\.(\d\d)$", re.MULTILINE)
_FIELD = re.compile(r"^(Kiosk no\.|Transaction number|Account number) +(\S+)$", re.MULTILINE)
_REFERENCE = re.compile(r"^ *Reference *\n *(\S+) *$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Paper:
    """What can be read on one slip; amounts in fen, texts empty where the slip has no such line."""

    kind: str
    copy: int
    kiosk_no: str
    hub_no: str
    account_no: str
    reference: str
    amount_fen: int
    uncertain_fen: int
    notes_fen: int


def whole_slips(sheet: str) -> Iterator[Paper]:
    """The slips on one piece of paper that came out to their last words; what a killed kiosk left unfinished is none.

    Raises ValueError for one that has no title.
    """
    lines = sheet.splitlines()
    begins = [number - 1 for number, line in enumerate(lines) if line.strip() in KINDS and _is_title(line)]
    for begin, end in zip(begins, [*begins[1:], len(lines)], strict=True):
        text = "\n".join(lines[begin:end])
        if any(last in text for last in _LAST_WORDS):
            yield _read(lines[begin + 1].strip(), text)
    if not begins and any(last in sheet for last in _LAST_WORDS):
        raise ValueError(f"a slip without a title: {sheet!r}")


def _is_title(line: str) -> bool:
    """A title stands in the middle, or fills its line; `Notes returned` is also a line at the left."""
    return line.startswith(" ") or KINDS[line.strip()] == "owed"


def _read(title: str, text: str) -> Paper:
    fields = dict(_FIELD.findall(text))
    amounts = {name: _fen(yuan, cents) for name, yuan, cents in _AMOUNT.findall(text)}
    told, copy = _REFERENCE.search(text), re.search(r"^ +COPY (\d+)$", text, re.MULTILINE)
    return Paper(
        kind=KINDS[title],
        copy=int(copy[1]) if copy else 0,
        kiosk_no=fields.get("Kiosk no.", ""),
        hub_no=fields.get("Transaction number", ""),
        account_no=fields.get("Account number", ""),
        reference=told[1] if told else "",
        amount_fen=amounts.get("Received", amounts.get("Returned", 0)),
        uncertain_fen=amounts.get("To be counted", 0),
        notes_fen=sum(_fen(*found) for found in _NOTES.findall(text)),
    )


def _fen(yuan: str, cents: str) -> int:
    return int(yuan.replace(",", "")) * 100 + int(cents)


def untrue(sheets: Iterable[str], items: Sequence[Payment | Claim]) -> Iterator[str]:
    """What is wrong with the slips that came out, and which of those that the journal calls printed did not."""
    out: Counter[tuple[str, str, int]] = Counter()
    for paper in (paper for sheet in sheets for paper in whole_slips(sheet)):
        item = next((item for item in items if _about(paper, item)), None)
        if item is None:
            yield f"a slip for nothing in the journal: {paper}"
            continue
        out[_key(item), paper.kind, paper.copy] += 1
        if should := _should(paper, item):
            yield f"{paper}, but the journal has {should}"
    for item in items:
        intended = {(_key(item), slip.kind, slip.copy): slip for slip in item.slips}
        for key, slip in intended.items():
            if slip.printed and not out[key]:
                yield f"printed by the journal and never seen: {key}"
        for key in (key for key in out if key[0] == _key(item)):
            if key not in intended:
                yield f"printed without an intent: {key}"
            elif out[key] > 1:
                yield f"printed {out[key]} times: {key}"
        if isinstance(item, Payment) and item.state in _SLIPS_DUE and not item.slips:
            yield f"paid and nobody has a slip: {_key(item)}"


def _key(item: Payment | Claim) -> str:
    return item.claim_id if isinstance(item, Claim) else item.payment_id


def _about(paper: Paper, item: Payment | Claim) -> bool:
    if isinstance(item, Claim):
        return paper.kind == "claim" and paper.reference == item.reference
    if paper.kind == "owed" or (paper.kind == "paid" and item.business == "rewrite"):
        return paper.kiosk_no == f"{item.kiosk_no:06d}"
    if paper.kind == "paid":
        return item.credit is not None and paper.hub_no == item.credit.hub_no
    if paper.kind == "returned":
        return paper.kiosk_no == f"{item.kiosk_no:06d}"
    return paper.kind != "claim" and paper.reference == reference(item.payment_id)


def _should(paper: Paper, item: Payment | Claim) -> str:
    """What the slip should say by the journal, where it says something else."""
    if isinstance(item, Claim):
        wanted = (item.account_no, item.amount_fen, item.memo_fen)
        notes = item.amount_fen
    else:
        back = sum(note.value_fen * note.count for note in item.returned_counts)
        amount = back if paper.kind == "returned" else item.inserted_fen
        wanted = (item.account.account_no, amount, 0)
        notes = amount + (back if paper.kind != "returned" else 0)
        if paper.kiosk_no != f"{item.kiosk_no:06d}":
            return f"number {item.kiosk_no}"
        if paper.kind == "paid" and item.state is not PaymentState.PAID:
            return f"a payment that is {item.state.value}"
        if paper.kind == "owed" and item.state is not PaymentState.OWED:
            return f"a card that is not to be written: {item.state.value}"
    same = (paper.account_no, paper.amount_fen, paper.uncertain_fen) == wanted
    return "" if same and paper.notes_fen == notes else f"{wanted}, notes of {notes}"
