"""Orders that race one another at the desk, on both databases, from two hubs: each ends once."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest

from hub.business.forms import Backlog, ClaimOrder, HeartbeatOrder, PaymentOrder, QuoteOrder, ReversalOrder
from hub.business.refusals import Refusal
from hub.composition.desk import Desk
from hub.data.database import Database
from hub.data.store import Store
from hub.serve import billing_of_own_books, utc_now
from tests.hub.switched import pay_by_switch
from tools.hub_process import new_id

TAKEN_AT = datetime(2026, 1, 1, 4, tzinfo=UTC)


class Bank:
    """Two hubs over the same books that take bank cards, and the orders of one account."""

    def __init__(self, books: Any) -> None:
        self.books = books
        self.databases = [Database(books.url) for _ in range(2)]
        billing, day = billing_of_own_books(), books.day
        self.desks = [Desk(each, Store, billing, utc_now, day, "1") for each in self.databases]

    async def card(self, account_no: str, amount_fen: int = 5000, **changes: Any) -> PaymentOrder:
        quote_id = new_id()
        order = QuoteOrder(account_no=account_no, business="arrears", months=(), tender="cash")
        await self.desks[0].quote("k", quote_id, order)
        content: dict[str, Any] = {
            "account_no": account_no,
            "quote_id": quote_id,
            "business": "arrears",
            "tender": "bank_card",
            "amount_fen": amount_fen,
            "months": (),
            "notes": (),
            "kiosk_no": 1,
            "business_date": date(2026, 1, 1),
            "taken_at": TAKEN_AT,
        }
        content |= changes
        return PaymentOrder(**content)


def reversal(payment_id: str, amount_fen: int = 5000) -> ReversalOrder:
    return ReversalOrder(
        payment_id=payment_id, amount_fen=amount_fen, reason="delivery_failed", made_at=TAKEN_AT
    )


def claim(payment_id: str, amount_fen: int = 5000) -> ClaimOrder:
    return ClaimOrder(
        reference="R",
        payment_id=payment_id,
        account_no=None,
        amount_fen=amount_fen,
        memo_fen=0,
        reason="unanswered",
        notes=(),
        made_at=TAKEN_AT,
    )


@pytest.fixture
def run(books: Any) -> Any:
    def run(talk: Any) -> Any:
        async def whole() -> Any:
            bank = Bank(books)
            try:
                return await talk(bank)
            finally:
                for each in bank.databases:
                    await each.close()

        result = asyncio.run(whole())
        report = books.check()
        # This desk books cards that no switch has sold: what it is about is the desk.
        assert [found for found in report.findings if found.rule != "payment_without_sale"] == []
        return result

    return run


async def outcome(order: Any) -> Any:
    """What an order came to: its reply's body, or the code of its refusal."""
    try:
        return (await order).body
    except Refusal as refusal:
        return refusal.code


def test_a_reversal_puts_bills_and_balance_back(run: Any, books: Any) -> None:
    account = books.account((15831, 9255), 1000, overdue_days=15)

    async def talk(bank: Bank) -> Any:
        desk, payment_id = bank.desks[0], new_id()
        before = await desk.account(account.account_no)
        order = await bank.card(account.account_no, 20_000, reference="R-1")
        await pay_by_switch(desk, "k", payment_id, order)
        paid = await desk.account(account.account_no)
        undone = await desk.reverse("k", new_id(), reversal(payment_id, 20_000))
        again = await desk.reverse("k", new_id(), reversal(payment_id, 20_000))
        after = await desk.account(account.account_no)
        assert b'"reversed"' in undone.body
        assert b'"already_reversed"' in again.body
        assert (paid.balance_fen, paid.arrears_fen) == (0, before.arrears_fen - 21_000)
        assert (after.balance_fen, after.bills) == (before.balance_fen, before.bills)
        with pytest.raises(Refusal) as refused:
            await pay_by_switch(desk, "k", payment_id, order)
        assert refused.value.code == "reversed"
        return await desk.reference("R-1"), await desk.payment("k", payment_id)

    view, body = run(talk)
    assert (view.kind, view.state) == ("payment", "reversed")
    assert b"credited" in body
    assert books.check().credited_fen == 0
    assert books.check().reversals == 1


def test_a_balance_that_was_used_since_is_owed(run: Any, books: Any) -> None:
    account = books.account((), 0)

    async def talk(bank: Bank) -> Any:
        desk, payment_id = bank.desks[0], new_id()
        await pay_by_switch(desk, "k", payment_id, await bank.card(account.account_no))
        other = new_id()
        await pay_by_switch(desk, "k", other, await bank.card(account.account_no, 700))
        await desk.reverse("k", new_id(), reversal(payment_id))
        assert await outcome(desk.reverse("k", new_id(), reversal(other, 699))) == "amount_differs"
        return (await desk.account(account.account_no)).balance_fen

    assert run(talk) == 700


@pytest.mark.parametrize("times", [8])
def test_a_reversal_and_its_payment_at_once_leave_nothing_credited(run: Any, books: Any, times: int) -> None:
    account = books.account((12374,))

    async def talk(bank: Bank) -> Any:
        for _ in range(times):
            payment_id, order = new_id(), await bank.card(account.account_no)
            paid, undone = await asyncio.gather(
                outcome(pay_by_switch(bank.desks[0], "k", payment_id, order)),
                outcome(bank.desks[1].reverse("k", new_id(), reversal(payment_id))),
            )
            assert (paid == "reversed") == (b'"tombstone"' in undone)
            assert b'"tombstone"' in undone or b'"outcome":"reversed"' in undone
        return await bank.desks[0].account(account.account_no)

    assert run(talk).arrears_fen == 12374


def test_reversals_of_one_payment_at_once_undo_it_once(run: Any, books: Any) -> None:
    account = books.account((12374,))

    async def talk(bank: Bank) -> Any:
        payment_id = new_id()
        await pay_by_switch(bank.desks[0], "k", payment_id, await bank.card(account.account_no))
        ids = [new_id(), new_id(), *[new_id()] * 2]
        orders = [bank.desks[n % 2].reverse("k", each, reversal(payment_id)) for n, each in enumerate(ids)]
        replies = await asyncio.gather(*orders)
        assert replies[2].body == replies[3].body
        return sum(b'"outcome":"reversed"' in body for body in {reply.body for reply in replies})

    assert run(talk) == 1


def test_a_claim_and_a_reversal_at_once_both_end(run: Any, books: Any) -> None:
    account = books.account((12374,))

    async def talk(bank: Bank) -> Any:
        for known in (True, False) * 4:
            payment_id = new_id()
            if known:
                await pay_by_switch(bank.desks[0], "k", payment_id, await bank.card(account.account_no))
            claimed, undone = await asyncio.gather(
                outcome(bank.desks[0].claim("k", new_id(), claim(payment_id))),
                outcome(bank.desks[1].reverse("k", new_id(), reversal(payment_id))),
            )
            assert isinstance(claimed, bytes)
            assert undone == "claimed" if isinstance(undone, str) else b"outcome" in undone

    run(talk)


def test_claims_for_more_than_one_payment_had_at_once_leave_one(run: Any, books: Any) -> None:
    account = books.account((12374,))

    async def talk(bank: Bank) -> Any:
        payment_id = new_id()
        await pay_by_switch(bank.desks[0], "k", payment_id, await bank.card(account.account_no))
        ends = await asyncio.gather(
            *(outcome(bank.desks[n % 2].claim("k", new_id(), claim(payment_id, 6000))) for n in range(4))
        )
        return sorted(map(str, ends))

    assert run(talk)[1:] == ["claimed"] * 3
    assert books.check().suspense_fen == 1000


def test_cash_whose_reversal_overtook_it_becomes_a_claim(run: Any, books: Any) -> None:
    async def talk(bank: Bank) -> Any:
        payment_id = new_id()
        await bank.desks[0].reverse("k", new_id(), reversal(payment_id))
        first = await outcome(bank.desks[0].claim("k", new_id(), claim(payment_id)))
        second = await outcome(bank.desks[0].claim("k", new_id(), claim(payment_id)))
        return first, second

    first, second = run(talk)
    assert b'"open"' in first
    assert second == "claimed"
    assert books.check().suspense_fen == 5000


def test_a_card_payment_brings_no_notes(run: Any, books: Any) -> None:
    account = books.account((12374,))

    async def talk(bank: Bank) -> Any:
        cash = await bank.card(account.account_no, tender="cash")
        return await outcome(bank.desks[0].pay("k", new_id(), cash))

    assert run(talk) == "notes_differ"


def test_first_heartbeats_at_once_are_remembered_once(run: Any, books: Any) -> None:
    def beat(seq: int) -> HeartbeatOrder:
        return HeartbeatOrder(
            journal_id="a" * 32,
            seq=seq,
            head="0" * 64,
            known=None,
            open=(),
            backlog=Backlog(count=0, oldest_at=None),
            version="1",
        )

    async def talk(bank: Bank) -> Any:
        beats = [bank.desks[n % 2].beat("k", new_id(), beat(n)) for n in range(6)]
        return [answer.verdict for answer in await asyncio.gather(*beats)]

    verdicts = run(talk)
    assert verdicts.count("ok") >= 1
    assert set(verdicts) <= {"ok", "behind", "show"}
