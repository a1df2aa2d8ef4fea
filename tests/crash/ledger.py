"""The hub's books, judged at each commit: what is booked, on which account, on which day, and how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from hub.business.forms import ClaimOrder, PaymentOrder
from hub.business.forms import Payment as Booked
from hub.business.keeping import ClaimRecord
from hub.business.ledger import CARD_FEE, LATE_FEE, SUSPENSE, balance, cash, power, receivable
from tests.crash.acceptor import VALUES, Note
from tests.crash.line import TERMINAL
from tests.crash.memory import Booking, Key, Row

FEE_FEN = 2_000
"""What a new card for a lost one costs."""
WHOLE = frozenset({"declined", "unanswered"})
LOCAL = timedelta(hours=8)
"""The utility's country: its accounting day ends at midnight there."""
Wrong = Iterator[tuple[str, str, int]]
"""Kind, text and fen of what does not hold."""
_order = msgspec.json.Decoder(PaymentOrder).decode
_claim = msgspec.json.Decoder(ClaimOrder).decode
_reply = msgspec.json.Decoder(Booked).decode


def business_date(now: datetime) -> date:
    """The accounting day of a moment, counted without the hub's own rule."""
    return (now.astimezone(UTC) + LOCAL).date()


@dataclass
class Clerk:
    """Sees each commit of the hub; `world` is where the notes and the accounts are."""

    world: Any
    seen: set[tuple[str, str]] = field(default_factory=set)
    """What is booked: kind and id of its order."""
    claimed: set[str] = field(default_factory=set)
    """The payments that a claim for all their money stands against."""
    cash_fen: int = 0
    """What the legs say that this kiosk took in."""

    def committed(self, begun: datetime, rows: dict[Key, Any]) -> None:
        """Judge the rows of one commit, which are in the books now; its work began at `begun` by the hub's clock."""
        wrong = self.world.judge.wrong
        for (table, key), row in rows.items():
            if table == "transactions":
                found = self._booking(row, begun)
            elif table == "payments" and ("transactions", row.stored.serial) in rows:
                found = self._payment(key, row, rows["transactions", row.stored.serial], begun)
            elif table == "claims":
                found = self._claim(row, rows.get(("transactions", row.serial)))
            else:
                continue
            for what in found:
                wrong(*what)
        if self.world.cards is not None:
            self.world.cards.judge.committed(rows)

    def _booking(self, booking: Booking, begun: datetime) -> Wrong:
        """I1, I2, I3 and rule 3; and the day is the hub's."""
        kind, key = booking.kind, booking.reference
        name = f"{kind} {key[-4:]}"
        if sum(leg.amount_fen for leg in booking.legs):
            yield "broken", f"I2: the legs of {name} do not add up", 0
        if (kind, key) in self.seen:
            yield "doubled", f"I3: {name} is booked again", 0
        self.seen.add((kind, key))
        if kind == "reversal":
            yield "lost", f"rule 3: cash was reversed by {name}", 0
        if booking.on != business_date(begun):
            yield "broken", f"{name} is booked on {booking.on}, which is not the hub's day", 0
        self.cash_fen += sum(leg.amount_fen for leg in booking.legs if leg.account == cash(TERMINAL))
        box = self.world.unit.box
        most = sum(note.value_fen for note in box) + strange_fen(box)
        if self.cash_fen > most:
            text = f"I1: with {name} the hub has {self.cash_fen} fen of a box with {most}"
            yield "doubled", text, self.cash_fen - most

    def _payment(self, key: str, row: Row, booking: Booking, begun: datetime) -> Wrong:
        """Order, row, legs, answer and account say the same: the money went where it was to go."""
        order, said, name = _order(row.stored.content), _reply(row.stored.reply), f"payment {key[-4:]}"
        if not row.account_no == order.account_no == said.account_no:
            text = f"{name} for account {order.account_no}: row {row.account_no}, answer {said.account_no}"
            yield "broken", text, order.amount_fen
        if not row.stored.amount_fen == order.amount_fen == said.amount_fen:
            yield "broken", f"{name} of {order.amount_fen} fen: row {row.stored.amount_fen}", order.amount_fen
        if (booking.kind, booking.reference, said.id) != ("payment", key, key):
            yield "broken", f"{name} is booked as {booking.kind} {booking.reference[-4:]}", 0
        if row.reference != order.reference:
            yield "broken", f"{name} stands under another reference than its slips'", 0
        if (said.business_date, said.credited_at) != (business_date(begun), begun):
            yield "broken", f"{name} is answered with {said.business_date}, which is not the hub's day", 0
        if _sums(booking) != self._due_legs(order.account_no, said):
            yield "broken", f"{name}: the legs are not on account {order.account_no} as answered", 0
        account = self.world.books.rows.get(("accounts", order.account_no))
        if account is None or account.balance_fen != said.balance_after_fen:
            yield "broken", f"{name}: the answer tells another balance than the account's", 0
        if key in self.claimed:
            yield "doubled", f"I4: {name} is booked after its claim", order.amount_fen

    def _due_legs(self, account_no: str, said: Booked) -> Counter[tuple[str, str | None]]:
        """What must have been booked on the account for this answer, by ledger account and bill."""
        home = self.world.town.get(account_no)
        numbers = {bill.month: bill.bill_no for bill in home.bills} if home else {}
        due: Counter[tuple[str, str | None]] = Counter()
        due.update(
            {(cash(TERMINAL), None): said.amount_fen, (balance(account_no), None): -said.to_balance_fen}
        )
        for part in said.allocations:
            bill_no = numbers.get(part.month, "no such bill")
            due[LATE_FEE, bill_no] -= part.late_fee_fen
            due[receivable(account_no), bill_no] -= part.principal_fen
        if said.purchase is not None:
            meter_no = self.world.cards.meter_no(said.purchase.meter_no)
            reissue = said.purchase.kind == "reissue"
            due[power(meter_no), None] -= 0 if reissue else said.purchase.amount_fen
            due[CARD_FEE, None] -= FEE_FEN if reissue else 0
        return due

    def _claim(self, claim: ClaimRecord, booking: Booking | None) -> Wrong:
        """Order, row and legs of a claim say the same, and its payment is not booked besides."""
        order, name = _claim(claim.content), f"claim {claim.id[-4:]}"
        kept = (claim.account_no, claim.payment_id, claim.reason, claim.reference, claim.memo_fen)
        if kept != (order.account_no, order.payment_id, order.reason, order.reference, order.memo_fen):
            yield "broken", f"{name} is not kept as it came", claim.amount_fen
        legs = Counter({(cash(TERMINAL), None): claim.amount_fen, (SUSPENSE, None): -claim.amount_fen})
        booked = _sums(booking) if booking else Counter()
        if not claim.resolution and booked != legs:
            yield "broken", f"{name}: its {claim.amount_fen} fen are not in suspense", claim.amount_fen
        if claim.reason in WHOLE and not claim.resolution and claim.payment_id:
            self.claimed.add(claim.payment_id)
            if ("payment", claim.payment_id) in self.seen:
                yield "doubled", f"I4: {name} stands beside its booked payment", claim.amount_fen


def strange_fen(box: list[Note]) -> int:
    """How much may be on the books beyond the box: a note that was stacked unasked may be taken for another one."""
    return sum(note.unasked for note in box) * (max(VALUES) - min(VALUES))


def _sums(booking: Booking) -> Counter[tuple[str, str | None]]:
    sums: Counter[tuple[str, str | None]] = Counter()
    for leg in booking.legs:
        sums[leg.account, leg.bill_no] += leg.amount_fen
    return sums
