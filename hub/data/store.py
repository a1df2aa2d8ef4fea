"""What the hub remembers of quotes, payments and claims, and the ledger it writes them to."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, insert, literal, select

from hub.business.forms import ClaimOrder, PaymentOrder, Quote
from hub.business.keeping import Stored
from hub.business.ledger import Leg, balanced
from hub.data.direct import Conversation
from hub.data.schema import claims, legs, payments, quotes, transactions

_one = select(literal(1).label("one")).subquery()
_payment_and_quote = select(
    payments.c.id,
    payments.c.terminal,
    payments.c.content,
    payments.c.reply,
    payments.c.claim_id,
    quotes.c.terminal.label("quote_terminal"),
    quotes.c.account_no.label("quote_account"),
).select_from(
    _one.outerjoin(payments, payments.c.id == bindparam("payment_id")).outerjoin(
        quotes, quotes.c.id == bindparam("quote_id")
    )
)
_stored = {
    table.name: select(table.c.terminal, table.c.content, table.c.reply).where(table.c.id == bindparam("id"))
    for table in (quotes, claims)
}
_payment = select(
    payments.c.terminal, payments.c.content, payments.c.reply, payments.c.claim_id, payments.c.amount_fen
).where(payments.c.id == bindparam("id"))
_post = insert(transactions).returning(transactions.c.id)
_post_legs = insert(legs)
_add_quote, _add_payment, _add_claim = insert(quotes), insert(payments), insert(claims)


class Store:
    """One conversation, in one database transaction."""

    def __init__(self, connection: Conversation) -> None:
        self._connection = connection

    async def quote(self, quote_id: str) -> Stored | None:
        return await self._order("quotes", quote_id)

    async def claim(self, claim_id: str) -> Stored | None:
        return await self._order("claims", claim_id)

    async def payment(self, payment_id: str) -> Stored | None:
        row = (await self._connection.execute(_payment, {"id": payment_id})).first()
        if row is None:
            return None
        return Stored(row.terminal, row.content or "", row.reply or b"", row.claim_id, row.amount_fen)

    async def payment_and_quoted_account(
        self, payment_id: str, quote_id: str, terminal: str
    ) -> tuple[Stored | None, str | None]:
        """Give the payment of this id, if any, and the account that the terminal's quote is for, if any."""
        keys = {"payment_id": payment_id, "quote_id": quote_id}
        row = (await self._connection.execute(_payment_and_quote, keys)).one()
        known = None
        if row.id is not None:
            known = Stored(row.terminal, row.content or "", row.reply or b"", row.claim_id)
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
            },
        )

    async def add_tombstone(self, payment_id: str, terminal: str, claim_id: str) -> None:
        """Refuse the payment of this id for good; raises TakenError when it was taken in the meantime."""
        await self._connection.execute(
            _add_payment, {"id": payment_id, "terminal": terminal, "claim_id": claim_id}
        )

    async def add_claim(self, order: ClaimOrder, row: dict[str, Any]) -> None:
        values = {
            "payment_id": order.payment_id,
            "amount_fen": order.amount_fen,
            "memo_fen": order.memo_fen,
            "made_at": order.made_at,
        }
        await self._connection.execute(_add_claim, values | row)

    async def _order(self, table: str, order_id: str) -> Stored | None:
        row = (await self._connection.execute(_stored[table], {"id": order_id})).first()
        return None if row is None else Stored(row.terminal, row.content, row.reply)


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
