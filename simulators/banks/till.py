"""A bank's business with cards: balance, sale, void, refund, and the reversal of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from drivers.bank.elements import Field61, masked, pin_of
from drivers.bank.mac import decrypt
from drivers.bank.message import Message
from drivers.errors import ProtocolError
from simulators.banks.books import PIN_TRIES, Books, Row, Terminal
from simulators.banks.cards import Card

APPROVED, NOT_FOUND, NOT_NOW = "00", "25", "12"
SIGN_ON_AGAIN = frozenset({"77", "99", "A0"})
LATE_ORIGINAL = "22"
"""What an original hears whose reversal came before it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A response code, and the fields of the answer that it brings."""

    code: str
    fields: Mapping[int, str] = field(default_factory=dict)


class Refused(Exception):  # noqa: N818 -- a bank's word, no fault of ours
    """The bank says no; its text is the response code."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One request with what goes with it."""

    kind: str
    request: Message
    terminal: Terminal
    batch: str
    day: date
    at: str

    @property
    def tid(self) -> str:
        return self.terminal.tid

    @property
    def stan(self) -> str:
        return self.request.get(11)

    @property
    def fen(self) -> int:
        return int(self.request.get(4) or 0)


def pan_of(request: Message) -> str:
    """The card number, from its field or from the stripe; empty if neither has it."""
    return request.get(2) or request.get(35).partition("=")[0]


class Till:
    """Books what terminals ask for; each call runs in the caller's transaction."""

    def __init__(self, name: str, books: Books, cards: Mapping[str, Card]) -> None:
        self._name = name
        self._books = books
        self._cards = cards

    def do(self, kind: str, request: Message, terminal: Terminal, batch: str, day: date, at: str) -> Outcome:
        """Do one piece of business; a refusal of what would have moved money is booked as declined."""
        case = _Case(kind, request, terminal, batch, day, at)
        acts: dict[str, Callable[[_Case], Outcome]] = {
            "balance": self._balance,
            "sale": self._sale,
            "void": self._void,
            "refund": self._refund,
            "reversal": self._reversal,
        }
        act = acts.get(kind)
        if act is None:
            return Outcome(NOT_NOW)
        try:
            if kind not in ("balance", "reversal"):
                self._admit(case)
            return act(case)
        except Refused as refusal:
            code = str(refusal)
            if kind not in ("balance", "reversal"):
                self.decline(kind, request, batch, code, day, at)
            return Outcome(code)

    def decline(self, kind: str, request: Message, batch: str, code: str, day: date, at: str) -> None:
        """Book that a transaction was refused; one that may come again after a sign-on is not booked."""
        if code in SIGN_ON_AGAIN:
            return
        self._books.book(
            tid=request.get(41),
            batch=batch,
            stan=request.get(11),
            kind=kind,
            card_key="",
            card=masked(pan_of(request)),
            fen=int(request.get(4) or 0),
            state="declined",
            code=code,
            rrn="",
            auth="",
            date=day.isoformat(),
            at=at,
        )

    # What has to be right first.

    def _admit(self, case: _Case) -> None:
        if case.batch != f"{case.terminal.batch:06d}":
            raise Refused("77")
        if self._books.by_trace(case.tid, case.batch, case.stan):
            raise Refused("94")
        if self._books.was_unseen(case.tid, case.batch, case.stan):
            raise Refused(LATE_ORIGINAL)
        if case.fen <= 0:
            raise Refused("13")

    def _card(self, case: _Case, *, pin: bool) -> tuple[Card, Row]:
        """The card of a request, and its account."""
        pan = pan_of(case.request)
        stripe = case.request.get(35).partition("=")[0]
        card = self._cards.get(pan)
        account = self._books.card(card.key) if card else None
        if card is None or account is None or stripe not in ("", pan):
            raise Refused("14")
        told = case.request.get(14) or case.request.get(35).partition("=")[2][:4]
        if told not in ("", card.expiry) or card.expiry < case.day.strftime("%y%m"):
            raise Refused("54")
        if pin and card.pin:
            self._check_pin(case, card, account)
        return card, account

    def _check_pin(self, case: _Case, card: Card, account: Row) -> None:
        if account["tries"] <= 0:
            raise Refused("75")
        block = bytes.fromhex(case.request.get(52))
        if not block:
            raise Refused("55")
        try:
            told = pin_of(decrypt(case.terminal.pik, block), card.pan)
        except ProtocolError:
            raise Refused("99") from None
        if told == card.pin:
            self._books.set_tries(card.key, PIN_TRIES)
            return
        self._books.set_tries(card.key, account["tries"] - 1)
        raise Refused("55" if account["tries"] > 1 else "75")

    # Business.

    def _balance(self, case: _Case) -> Outcome:
        _, account = self._card(case, pin=True)
        amount = f"{abs(account['balance_fen']):012d}"
        return Outcome(APPROVED, {37: self._reference(case), 54: f"1002156C{amount}"})

    def _sale(self, case: _Case) -> Outcome:
        card, account = self._card(case, pin=True)
        if account["balance_fen"] < case.fen:
            raise Refused("51")
        self._books.pay(card.key, -case.fen)
        return self._booked(case, card)

    def _void(self, case: _Case) -> Outcome:
        """Take back a sale of the same batch, whole."""
        original = self._original(case, batch=case.batch)
        if original["state"] != "approved" or original["settled"] or original["refunded_fen"]:
            raise Refused(NOT_NOW)
        if original["fen"] != case.fen:
            raise Refused("13")
        card, _ = self._card(case, pin=False)
        if original["card_key"] != card.key:
            raise Refused("14")
        self._books.change(original["id"], "voided")
        self._books.pay(card.key, case.fen)
        return self._booked(case, card, original["id"])

    def _refund(self, case: _Case) -> Outcome:
        """Give back a sale, or a part of it, of any batch."""
        original = self._original(case)
        if original["state"] != "approved":
            raise Refused(NOT_NOW)
        if original["refunded_fen"] + case.fen > original["fen"]:
            raise Refused("13")
        card, _ = self._card(case, pin=False)
        if original["card_key"] != card.key:
            raise Refused("14")
        self._books.refund(original["id"], case.fen)
        self._books.pay(card.key, case.fen)
        return self._booked(case, card, original["id"])

    def _original(self, case: _Case, batch: str = "") -> Row:
        """The sale that a request means, by the bank's own reference or by batch and trace."""
        found = self._books.by_rrn(case.tid, case.request.get(37)) if case.request.get(37) else None
        if found is None and case.request.get(61):
            told = Field61.from_field(case.request.get(61))
            found = self._books.by_trace(case.tid, told.batch, told.trace)
        if found is None or found["kind"] != "sale" or (batch and found["batch"] != batch):
            raise Refused(NOT_FOUND)
        return found

    def _booked(self, case: _Case, card: Card, original: int | None = None) -> Outcome:
        rrn, auth = self._reference(case), f"{self._books.count_up('auth') % 1_000_000:06d}"
        self._books.book(
            tid=case.tid,
            batch=case.batch,
            stan=case.stan,
            kind=case.kind,
            card_key=card.key,
            card=masked(card.pan),
            fen=case.fen,
            state="approved",
            code=APPROVED,
            rrn=rrn,
            auth=auth,
            date=case.day.isoformat(),
            at=case.at,
            original=original,
        )
        return Outcome(APPROVED, {37: rrn, 38: auth})

    def _reference(self, case: _Case) -> str:
        return f"{case.day:%m%d}{self._books.count_up('rrn') % 10**8:08d}"

    # Reversal.

    def _reversal(self, case: _Case) -> Outcome:
        """Undo what has the same trace number; what was never seen is refused should it still come."""
        batches = [case.batch]
        if len(case.request.get(61)) >= 12:
            batches.append(Field61.from_field(case.request.get(61)).batch)
        found = next(
            (row for batch in batches if (row := self._books.by_trace(case.tid, batch, case.stan))), None
        )
        if found is None or found["state"] == "declined":
            for batch in batches if found is None else ():
                self._books.remember_unseen(case.tid, batch, case.stan, case.at)
            raise Refused(NOT_FOUND)
        if case.fen != found["fen"]:
            raise Refused("13")
        if found["state"] == "reversed":
            return Outcome(APPROVED, {37: found["rrn"]})
        if found["state"] != "approved" or found["settled"] or found["refunded_fen"]:
            raise Refused(NOT_NOW)
        self._undo(found)
        return Outcome(APPROVED, {37: found["rrn"]})

    def _undo(self, found: Row) -> None:
        self._books.change(found["id"], "reversed")
        back = found["fen"] if found["kind"] == "sale" else -found["fen"]
        self._books.pay(found["card_key"], back)
        if found["kind"] == "void":
            self._books.change(found["original"], "approved")
        elif found["kind"] == "refund":
            self._books.refund(found["original"], -found["fen"])
