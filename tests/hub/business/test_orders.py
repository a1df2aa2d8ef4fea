"""What a quote says about months, balance and limits, and how a heartbeat is judged."""

from datetime import UTC, date, datetime

import pytest

from hub.business.allocation import Standing
from hub.business.bills import OpenBill
from hub.business.forms import Backlog, Business, HeartbeatOrder, KnownHead, QuoteOrder, Verdict
from hub.business.keeping import Head
from hub.business.orders import PREPAY_LIMIT_FEN, QUOTE_LIFE, judge_head, make_quote
from hub.business.refusals import Refusal

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BILLS = tuple(OpenBill(f"b{n}", f"2026-0{n}", 100, 1000 * n, 0, 10, date(2026, n, 20)) for n in (1, 2, 3))
STANDING = Standing("1", "open", 500, BILLS)


def order(*months: str, business: Business = "arrears") -> QuoteOrder:
    return QuoteOrder(account_no="1", business=business, months=months, tender="cash")


@pytest.mark.parametrize(
    ("months", "due"),
    [
        ((), 5530),
        (("2026-01",), 510),
        (("2026-01", "2026-02"), 2520),
        (("2026-01", "2026-02", "2026-03"), 5530),
    ],
)
def test_the_chosen_months_less_the_balance(months: tuple[str, ...], due: int) -> None:
    quote = make_quote("q", order(*months), STANDING, NOW)
    assert (quote.due_fen, quote.max_fen) == (due, due + PREPAY_LIMIT_FEN)
    assert quote.expires_at == NOW + QUOTE_LIFE


def test_a_prepayment_needs_nothing() -> None:
    assert make_quote("q", order(business="prepay"), STANDING, NOW).due_fen == 0


@pytest.mark.parametrize(
    "months", [("2026-02",), ("2026-02", "2026-01"), ("2026-01", "2026-03"), ("2026-01",) * 2]
)
def test_months_that_are_no_run_from_the_oldest(months: tuple[str, ...]) -> None:
    with pytest.raises(Refusal) as refused:
        make_quote("q", order(*months), STANDING, NOW)
    assert (refused.value.code, refused.value.field) == ("months_not_oldest_first", "months")


J, K, A, B = "a" * 32, "b" * 32, "1" * 64, "2" * 64
FIVE = Head(J, 5, A)


@pytest.mark.parametrize(
    ("known", "journal", "seq", "head", "shown", "verdict"),
    [
        (None, J, 9, B, None, "ok"),
        (Head(K, 9, B, renewed=True), J, 1, A, None, "ok"),
        (Head(J, 9, B, renewed=True), J, 1, A, None, "ok"),
        (FIVE, K, 9, B, KnownHead(seq=5, head=A), "new_journal"),
        (FIVE, J, 4, A, None, "behind"),
        (FIVE, J, 5, A, None, "ok"),
        (FIVE, J, 5, B, None, "forked"),
        (FIVE, J, 6, B, None, "show"),
        (FIVE, J, 6, B, KnownHead(seq=4, head=A), "show"),
        (FIVE, J, 6, B, KnownHead(seq=5, head=B), "forked"),
        (FIVE, J, 6, B, KnownHead(seq=5, head=A), "ok"),
    ],
)
def test_a_heartbeat_is_judged_by_the_head_that_is_known(
    known: Head | None, journal: str, seq: int, head: str, shown: KnownHead | None, verdict: Verdict
) -> None:
    beat = HeartbeatOrder(
        journal_id=journal,
        seq=seq,
        head=head,
        known=shown,
        open=(),
        backlog=Backlog(count=0, oldest_at=None),
        version="1",
    )
    assert judge_head(known, beat) == verdict
