"""Which recharge card may be spent for what, and how wrong numbers slow a terminal down."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from hub.business.forms import Business, Quote, QuoteOrder, Tender
from hub.business.identity import canonical
from hub.business.keeping import Stored
from hub.business.recharge_keeping import CardState, RechargeCard, WrongNumbers
from hub.business.recharge_rules import (
    RECHARGE_DEFAULTS,
    WAITS_S,
    RechargeLimits,
    check_quote,
    check_wait,
    is_locked,
    one_more,
    refused_answer,
    tries_now,
    why_not,
)
from hub.business.refusals import Refusal
from hub.business.tender_forms import RedemptionOrder

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
TODAY = date(2026, 11, 23)
QUOTE = Quote(
    id="2" * 32,
    account_no="1",
    business="prepay",
    months=(),
    due_fen=0,
    max_fen=50_000,
    expires_at=NOW,
    as_of=NOW,
    min_fen=1_000,
)
CARD = RechargeCard("000000000042", 10_000, "active", TODAY)
ORDER = RedemptionOrder(
    account_no="1",
    quote_id="2" * 32,
    business="prepay",
    months=(),
    kiosk_no=1,
    business_date=TODAY,
    made_at=NOW,
    reference="R",
    sealed="x",
)


def test_a_card_is_good_to_the_end_of_its_last_day_and_between_the_quotes_limits() -> None:
    assert why_not(CARD, QUOTE, TODAY) is None
    assert why_not(replace(CARD, value_fen=1_000), QUOTE, TODAY) is None
    assert why_not(replace(CARD, value_fen=50_000), QUOTE, TODAY) is None


@pytest.mark.parametrize(
    ("state", "value", "on", "refusal"),
    [
        ("made", 10_000, TODAY, "unknown"),
        ("blocked", 10_000, TODAY, "unknown"),
        ("spent", 10_000, TODAY + timedelta(days=1), "used"),
        ("active", 10_000, TODAY + timedelta(days=1), "expired"),
        ("active", 999, TODAY, "off_limits"),
        ("active", 50_001, TODAY, "off_limits"),
    ],
)
def test_what_cannot_be_spent(state: CardState, value: int, on: date, refusal: str) -> None:
    assert why_not(replace(CARD, state=state, value_fen=value), QUOTE, on) == refusal


def test_a_number_that_nobody_has_is_unknown() -> None:
    assert why_not(None, QUOTE, TODAY) == "unknown"


def test_one_wrong_number_makes_nobody_wait() -> None:
    check_wait(WrongNumbers(NOW, 1, NOW), NOW)


@pytest.mark.parametrize("failed", range(2, len(WAITS_S) + 2))
def test_each_wrong_number_makes_the_next_one_wait_longer(failed: int) -> None:
    pause = WAITS_S[min(failed, len(WAITS_S) - 1)]
    tries = WrongNumbers(NOW - timedelta(minutes=30), failed, NOW - timedelta(seconds=pause))
    check_wait(tries, NOW)
    with pytest.raises(Refusal) as refused:
        check_wait(replace(tries, last_at=tries.last_at + timedelta(seconds=1)), NOW)
    assert (refused.value.code, refused.value.retry_after_s) == ("too_many_tries", 2)


def test_the_first_number_is_never_kept_waiting() -> None:
    tries = tries_now(None, NOW, RECHARGE_DEFAULTS)
    check_wait(tries, NOW)
    assert one_more(tries, NOW) == WrongNumbers(NOW, 1, NOW)


def test_there_is_an_end_to_it_until_the_window_is_over() -> None:
    limits = RechargeLimits(3, timedelta(hours=2))
    tries = WrongNumbers(NOW, 2, NOW)
    assert not is_locked(tries, limits)
    locked = one_more(tries, NOW)
    assert is_locked(locked, limits)
    assert tries_now(locked, NOW + timedelta(hours=2, seconds=-1), limits) == locked
    later = NOW + timedelta(hours=2)
    assert tries_now(locked, later, limits) == WrongNumbers(later, 0, later)


def test_a_refusal_tells_how_often_one_may_still_try_and_a_value_only_of_a_good_card() -> None:
    tries = WrongNumbers(NOW, 4, NOW)
    told = refused_answer("1" * 32, "off_limits", tries, RECHARGE_DEFAULTS, CARD)
    assert (told.status, told.value_fen, told.card_end, told.tries_left) == ("refused", 10_000, "", 6)
    used = refused_answer("1" * 32, "used", replace(tries, failed=11), RECHARGE_DEFAULTS, CARD)
    assert (used.value_fen, used.card_end, used.payment, used.tries_left) == (0, "", None, 0)


def stored(terminal: str = "T", tender: Tender = "recharge_card", business: Business = "prepay") -> Stored:
    asked = QuoteOrder(account_no="1", business=business, months=(), tender=tender)
    return Stored(terminal, canonical(asked), msgspec.json.encode(QUOTE))


def test_the_quote_is_the_terminals_own() -> None:
    assert check_quote(ORDER, stored(), "T") == QUOTE


@pytest.mark.parametrize(
    ("quote", "order", "code", "field"),
    [
        (None, ORDER, "unknown_quote", "quote_id"),
        (stored("U"), ORDER, "unknown_quote", "quote_id"),
        (stored(), msgspec.structs.replace(ORDER, account_no="2"), "unknown_quote", "account_no"),
        (stored(business="arrears"), ORDER, "unknown_quote", "business"),
        (stored(tender="cash"), ORDER, "tender_off", "quote_id"),
    ],
)
def test_any_other_quote_is_refused(
    quote: Stored | None, order: RedemptionOrder, code: str, field: str
) -> None:
    with pytest.raises(Refusal) as refused:
        check_quote(order, quote, "T")
    assert (refused.value.code, refused.value.field) == (code, field)
