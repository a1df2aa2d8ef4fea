"""The claims desk beside the kiosks' desk, as the tests of both use them."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select

from hub.business import forms
from hub.business.day import Day
from hub.business.deciding import DecisionError
from hub.business.ledger import Leg
from hub.composition.claims import ClaimsDesk
from hub.composition.desk import Desk
from hub.data.database import Database
from hub.data.decisions import Decisions
from hub.data.schema import transactions
from hub.serve import billing_of_own_books

NOW = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
TODAY = date(2026, 11, 23)
LONG_AGO = datetime(2026, 1, 1, 4, tzinfo=UTC)


class Office:
    """The claims desk and the kiosks' desk over the same books, at a moment that the test sets."""

    def __init__(self, books: Any) -> None:
        self.books, self.now, self._ids = books, NOW, count(1)

    def ask(self, act: Callable[[Any, Any, Any], Any]) -> Any:
        """Talk to the claims desk, the kiosks' desk or the store, in one event loop."""

        async def whole() -> Any:
            database = Database(self.books.url)
            billing, day = billing_of_own_books(), Day()
            try:
                desk = Desk(database, Decisions, billing, lambda: self.now, day, "1", {"cash", "bank_card"})
                office = ClaimsDesk(database, Decisions, billing, lambda: self.now, day)
                return await act(office, desk, database)
            finally:
                await database.close()

        return asyncio.run(whole())

    def refused(self, act: Callable[[Any, Any, Any], Any]) -> str:
        with pytest.raises(DecisionError) as refused:
            self.ask(act)
        return str(refused.value)

    def claim(self, reference: str = "R", amount_fen: int = 900, memo_fen: int = 0, **more: Any) -> str:
        claim_id = f"{next(self._ids):032x}"
        content: dict[str, Any] = {
            "reference": reference,
            "payment_id": None,
            "account_no": None,
            "amount_fen": amount_fen,
            "memo_fen": memo_fen,
            "reason": "note_fate_unknown" if memo_fen else "late_note",
            "notes": (),
            "made_at": LONG_AGO,
        }
        order = forms.ClaimOrder(**(content | more))
        self.ask(lambda _o, desk, _d: desk.claim("T", claim_id, order))
        return claim_id

    def propose(self, target: str, found_fen: int | None = None, reference: str = "R") -> Any:
        return self.ask(lambda o, _k, _d: o.propose(reference, target, found_fen, "li", "why"))

    def approve(self, by: str = "wang") -> Any:
        return self.ask(lambda o, _k, _d: o.approve("R", by))

    def shown(self) -> Any:
        """The one claim of the reference R and its proposals."""
        [(claim, proposals)] = self.ask(lambda o, _k, _d: o.show("R"))
        return claim, proposals

    def kept(self, claim_id: str) -> Any:
        [(claim, _)] = self.ask(lambda o, _k, _d: o.show(claim_id))
        return claim

    def booked(self) -> list[tuple[str, str, tuple[Leg, ...]]]:
        """Kind, reference and legs of every booking since the account's own, as the ledger has them."""
        with self.books.engine.connect() as connection:
            rows = connection.execute(select(transactions).order_by(transactions.c.id)).all()

        async def legs(_o: Any, _k: Any, database: Any) -> Any:
            async with database.read() as connection:
                return [await Decisions(connection).legs(row.id) for row in rows]

        found = zip(rows, self.ask(legs), strict=True)
        assert all(row.business_date == TODAY for row in rows if row.kind in {"count", "release"})
        return [(row.kind, row.reference, held) for row, held in found if row.kind in {"count", "release"}]
