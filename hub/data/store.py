"""What the hub remembers of quotes, payments, claims and reversals, and the ledger it writes them to."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import bindparam, insert, literal, select, update

from hub.business.forms import BoxSale, Outcome, PaymentOrder, Quote, ReversalOrder
from hub.business.keeping import ClaimRecord, Stored
from hub.business.ledger import Leg, balanced
from hub.data.heads import Heads, aware
from hub.data.schema import claims, legs, payments, quotes, reversals, transactions
from hub.data.schema_recharge import box_sales

BOX_KEY = ("merchant_no", "terminal_no", "batch", "trace", "sold_on")
_one = select(literal(1).label("one")).subquery()
_payment_columns = (
    payments.c.terminal,
    payments.c.content,
    payments.c.reply,
    payments.c.claim_id,
    payments.c.reversal_id,
    payments.c.amount_fen,
    payments.c.transaction_id,
)
_payment_and_quote = select(
    *_payment_columns,
    quotes.c.terminal.label("quote_terminal"),
    quotes.c.account_no.label("quote_account"),
).select_from(
    _one.outerjoin(payments, payments.c.id == bindparam("payment_id")).outerjoin(
        quotes, quotes.c.id == bindparam("quote_id")
    )
)
_stored = {
    table.name: select(table.c.terminal, table.c.content, table.c.reply).where(table.c.id == bindparam("id"))
    for table in (quotes, reversals)
}
_payment = select(*_payment_columns).where(payments.c.id == bindparam("id"))
_held_payment = _payment.with_for_update()
_payment_of_reference = (
    select(*_payment_columns)
    .where(payments.c.reference == bindparam("reference"), payments.c.transaction_id.is_not(None))
    .order_by(payments.c.transaction_id.desc())
    .limit(1)
)
_payment_of_box = select(box_sales.c.payment_id).where(
    *(box_sales.c[name] == bindparam(f"the_{name}") for name in BOX_KEY)
)
_add_box_sale = insert(box_sales)
_claimed = update(payments).where(payments.c.id == bindparam("the_id")).values(claim_id=bindparam("claim"))
_reversed = (
    update(payments).where(payments.c.id == bindparam("the_id")).values(reversal_id=bindparam("reversal"))
)
CLAIM_COLUMNS = (
    claims.c.id,
    claims.c.terminal,
    claims.c.content,
    claims.c.reply,
    claims.c.reference,
    claims.c.reason,
    claims.c.payment_id,
    claims.c.account_no,
    claims.c.amount_fen,
    claims.c.memo_fen,
    claims.c.state,
    claims.c.resolution,
    claims.c.transaction_id,
    claims.c.made_at,
    claims.c.received_at,
)
_claim = select(*CLAIM_COLUMNS).where(claims.c.id == bindparam("id"))
_claim_of_reference = (
    select(*CLAIM_COLUMNS)
    .where(claims.c.reference == bindparam("reference"))
    .order_by(claims.c.received_at.desc(), claims.c.id)
    .limit(1)
)
_legs = (
    select(legs.c.account, legs.c.amount_fen, legs.c.bill_no)
    .where(legs.c.transaction_id == bindparam("serial"))
    .order_by(legs.c.line)
)
_post = insert(transactions).returning(transactions.c.id)
_post_legs = insert(legs)
_add_quote, _add_payment, _add_claim = insert(quotes), insert(payments), insert(claims)
_add_reversal = insert(reversals)


class Store(Heads):
    """One conversation, in one database transaction."""

    async def quote(self, quote_id: str) -> Stored | None:
        return await self._order("quotes", quote_id)

    async def reversal(self, reversal_id: str) -> Stored | None:
        return await self._order("reversals", reversal_id)

    async def claim(self, claim_id: str) -> ClaimRecord | None:
        row = (await self._connection.execute(_claim, {"id": claim_id})).first()
        return None if row is None else claim_record(row)

    async def payment(self, payment_id: str) -> Stored | None:
        row = (await self._connection.execute(_payment, {"id": payment_id})).first()
        return None if row is None else _payment_record(row)

    async def hold_payment(self, payment_id: str) -> Stored | None:
        row = (await self._connection.execute(_held_payment, {"id": payment_id})).first()
        return None if row is None else _payment_record(row)

    async def payment_and_quoted_account(
        self, payment_id: str, quote_id: str | None, terminal: str
    ) -> tuple[Stored | None, str | None]:
        """Give the payment of this id, if any, and the account that the terminal's quote is for, if any."""
        keys = {"payment_id": payment_id, "quote_id": quote_id}
        row = (await self._connection.execute(_payment_and_quote, keys)).one()
        known = None if row.terminal is None else _payment_record(row)
        return known, row.quote_account if row.quote_terminal == terminal else None

    async def post(self, kind: str, reference: str, on: date, now: datetime, entries: Sequence[Leg]) -> int:
        """Write a booking and give its serial; raises UnbalancedError before anything is written."""
        entries = balanced(entries)
        values = {"kind": kind, "reference": reference, "business_date": on, "posted_at": now}
        serial: int = (await self._connection.execute(_post, values)).scalar_one()
        await self._connection.execute(_post_legs, leg_rows(serial, entries))
        return serial

    async def add_quote(self, terminal: str, content: str, quote: Quote, reply: bytes) -> None:
        await self._connection.execute(
            _add_quote,
            {
                "id": quote.id,
                "terminal": terminal,
                "content": content,
                "account_no": quote.account_no,
                "expires_at": quote.expires_at,
                "reply": reply,
            },
        )

    async def add_payment(
        self, payment_id: str, terminal: str, content: str, order: PaymentOrder, serial: int, reply: bytes
    ) -> None:
        """Raises TakenError when the id was taken in the meantime; the transaction is lost then."""
        await self._connection.execute(
            _add_payment,
            {
                "id": payment_id,
                "terminal": terminal,
                "content": content,
                "account_no": order.account_no,
                "amount_fen": order.amount_fen,
                "transaction_id": serial,
                "reply": reply,
                "reference": order.reference,
            },
        )

    async def add_tombstone(
        self, payment_id: str, terminal: str, *, claim_id: str | None = None, reversal_id: str | None = None
    ) -> None:
        """Refuse the payment of this id for good; raises TakenError when it was taken in the meantime."""
        row = {"id": payment_id, "terminal": terminal, "claim_id": claim_id, "reversal_id": reversal_id}
        await self._connection.execute(_add_payment, row)

    async def mark_payment(
        self, payment_id: str, *, claim_id: str | None = None, reversal_id: str | None = None
    ) -> None:
        """Set what stands against a payment; what is not given stays as it was."""
        if claim_id is not None:
            await self._connection.execute(_claimed, {"the_id": payment_id, "claim": claim_id})
        if reversal_id is not None:
            await self._connection.execute(_reversed, {"the_id": payment_id, "reversal": reversal_id})

    async def payment_of_box(self, box: BoxSale, sold_on: date) -> str | None:
        keys = {f"the_{name}": value for name, value in _box_key(box, sold_on).items()}
        row = (await self._connection.execute(_payment_of_box, keys)).first()
        return None if row is None else str(row.payment_id)

    async def add_box_sale(self, box: BoxSale, sold_on: date, payment_id: str) -> None:
        """Raises TakenError when the sale was taken in the meantime; the transaction is lost then."""
        await self._connection.execute(_add_box_sale, _box_key(box, sold_on) | {"payment_id": payment_id})

    async def add_claim(self, claim: ClaimRecord) -> None:
        """Raises TakenError when the id was taken in the meantime."""
        await self._connection.execute(
            _add_claim,
            {
                "id": claim.id,
                "terminal": claim.terminal,
                "content": claim.content,
                "payment_id": claim.payment_id,
                "amount_fen": claim.amount_fen,
                "memo_fen": claim.memo_fen,
                "state": claim.state,
                "resolution": claim.resolution,
                "transaction_id": claim.serial,
                "made_at": claim.made_at.astimezone(UTC),
                "reply": claim.reply,
                "reference": claim.reference,
                "reason": claim.reason,
                "account_no": claim.account_no,
                "received_at": claim.received_at.astimezone(UTC),
            },
        )

    async def add_reversal(
        self,
        reversal_id: str,
        terminal: str,
        content: str,
        order: ReversalOrder,
        outcome: Outcome,
        serial: int | None,
        reply: bytes,
    ) -> None:
        """Raises TakenError when the id was taken in the meantime."""
        await self._connection.execute(
            _add_reversal,
            {
                "id": reversal_id,
                "terminal": terminal,
                "content": content,
                "payment_id": order.payment_id,
                "amount_fen": order.amount_fen,
                "outcome": outcome,
                "transaction_id": serial,
                "reply": reply,
            },
        )

    async def legs(self, serial: int) -> tuple[Leg, ...]:
        rows = await self._connection.execute(_legs, {"serial": serial})
        return tuple(Leg(row.account, row.amount_fen, row.bill_no) for row in rows)

    async def referred(self, reference: str) -> tuple[ClaimRecord | None, Stored | None]:
        """Give the newest claim and the newest booked payment that carry this reference, of any terminal."""
        key = {"reference": reference}
        claim = (await self._connection.execute(_claim_of_reference, key)).first()
        payment = (await self._connection.execute(_payment_of_reference, key)).first()
        return (
            None if claim is None else claim_record(claim),
            None if payment is None else _payment_record(payment),
        )

    async def _order(self, table: str, order_id: str) -> Stored | None:
        row = (await self._connection.execute(_stored[table], {"id": order_id})).first()
        return None if row is None else Stored(row.terminal, row.content, row.reply)


def _box_key(box: BoxSale, sold_on: date) -> dict[str, Any]:
    return {name: sold_on if name == "sold_on" else getattr(box, name) for name in BOX_KEY}


def _payment_record(row: Any) -> Stored:
    return Stored(
        row.terminal,
        row.content or "",
        row.reply or b"",
        row.claim_id,
        row.reversal_id,
        row.amount_fen,
        row.transaction_id,
    )


def claim_record(row: Any) -> ClaimRecord:
    """Give a claim from a row that begins with `CLAIM_COLUMNS`."""
    values: list[Any] = list(row[: len(CLAIM_COLUMNS)])
    values[-2:] = aware(values[-2]), aware(values[-1])
    return ClaimRecord(*values)


def leg_rows(serial: int, entries: Sequence[Leg]) -> list[dict[str, Any]]:
    """Give the rows of a booking's legs, numbered from 1."""
    return [
        {
            "transaction_id": serial,
            "line": line,
            "account": leg.account,
            "amount_fen": leg.amount_fen,
            "bill_no": leg.bill_no,
        }
        for line, leg in enumerate(entries, 1)
    ]
