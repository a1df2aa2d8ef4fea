"""What money for a card buys, what is left over, and what cannot be bought."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.business.allocation import Standing
from hub.business.card_keeping import ReadRecord
from hub.business.card_sales import (
    LIMITS,
    MAX_COUNT,
    PURSE_FEN,
    CardLimits,
    Offer,
    as_quoted,
    bought_legs,
    card_quote,
    check_quote_order,
    choose_meter,
    most_fen,
    opening_offer,
    power_offer,
    purchase_of,
    reissue_offer,
    sell,
)
from hub.business.cards import UNWRITTEN
from hub.business.forms import PaymentOrder, QuoteOrder
from hub.business.ledger import payment_legs
from hub.business.orders import PREPAY_LIMIT_FEN, QUOTE_LIFE
from hub.business.refusals import Refusal
from tests.hub.business.test_cards import AT, LAST, MARK, METER, REISSUE, back, read

STANDING = Standing("1", "open", -300, ())
ORDER = PaymentOrder(
    account_no="1",
    quote_id="2" * 32,
    business="buy_power",
    tender="cash",
    amount_fen=5000,
    months=(),
    notes=(),
    kiosk_no=1,
    business_date=date(2026, 11, 23),
    taken_at=AT,
    reference="AAAA",
)


READY = ReadRecord("4" * 32, "T", "{}", b"", MARK, "p", "sealed", "ready", 7, 500_000, AT)


def quote_order(**changes: Any) -> QuoteOrder:
    values: dict[str, Any] = {"account_no": "1", "business": "buy_power", "months": (), "tender": "cash"}
    return QuoteOrder(**(values | changes))


@pytest.mark.parametrize(
    ("limit", "remaining", "most"),
    [
        (0, 0, 500_000),
        (0, PURSE_FEN - 1000, 1000),
        (0, PURSE_FEN - 999, 0),
        (400_000, 100_000, 300_000),
        (400_000, 400_001, 0),
    ],
)
def test_the_meter_must_be_able_to_take_all_of_it(limit: int, remaining: int, most: int) -> None:
    meter = replace(METER, hoarding_limit_fen=limit)
    assert most_fen(meter, read(7, back(7, remaining_fen=remaining))) == most
    assert most_fen(meter, read(7, back(7, remaining_fen=remaining, meter_no="1" * 12))) == min(
        500_000, limit or 500_000
    )


def test_power_is_offered_for_a_card_that_is_ready_and_for_no_other() -> None:
    ready = READY
    assert power_offer(METER, ready, (LAST,)) == Offer(METER, "purchase", 0, 1000, 500_000, MARK)
    cases = [
        (METER, replace(ready, verdict="not_taken"), (LAST,), "card_not_ready"),
        (METER, ready, (replace(LAST, state="written"),), "card_not_ready"),
        (replace(METER, purchase_count=8), ready, (LAST,), "card_not_ready"),
        (replace(METER, profile="southern_grid"), ready, (LAST,), "card_not_ready"),
        (METER, replace(ready, max_fen=0), (LAST,), "over_hoarding_limit"),
        (METER, replace(ready, max_fen=999), (LAST,), "over_hoarding_limit"),
        (
            replace(METER, purchase_count=MAX_COUNT),
            replace(ready, count=MAX_COUNT),
            (LAST,),
            "over_hoarding_limit",
        ),
    ]
    for meter, seen, orders, code in cases:
        with pytest.raises(Refusal) as refused:
            power_offer(meter, seen, orders)
        assert (refused.value.code, refused.value.field) == (code, "card_read_id")


def test_a_new_card_is_offered_for_the_old_one_or_as_the_first() -> None:
    assert reissue_offer(METER, None, LAST, had_card=True) == Offer(METER, "reissue", 2000, 0, 0)
    unopened = replace(METER, opened=False, purchase_count=0)
    limits = CardLimits(opening_fee_fen=500)
    assert opening_offer(unopened, had_card=False, limits=limits) == Offer(
        unopened, "open", 500, 1000, 500_000
    )
    refusals: list[tuple[Callable[[], Offer], Any]] = [
        (lambda: reissue_offer(METER, REISSUE, LAST, had_card=True), "write_owed"),
        (lambda: reissue_offer(METER, None, LAST, had_card=False), "no_card_to_reissue"),
        (lambda: reissue_offer(METER, None, None, had_card=True), "no_card_to_reissue"),
        (lambda: opening_offer(METER, had_card=False), "card_is_open"),
        (lambda: opening_offer(unopened, had_card=True), "card_is_open"),
        (lambda: opening_offer(replace(unopened, purchase_count=1), had_card=False), "card_is_open"),
    ]
    for ask, code in refusals:
        with pytest.raises(Refusal) as refused:
            ask()
        assert (refused.value.code, refused.value.field) == (code, "business")


def test_a_quote_tells_limits_and_fee() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    power = card_quote("2" * 32, quote_order(), Offer(METER, "purchase", 0, 1000, 7000, MARK), now)
    assert (power.due_fen, power.min_fen, power.max_fen, power.fee_fen) == (0, 1000, 7000, 0)
    assert (power.id, power.account_no, power.months, power.as_of) == ("2" * 32, "1", (), now)
    assert power.expires_at == now + QUOTE_LIFE
    first = card_quote("2" * 32, quote_order(), Offer(METER, "open", 500, 1000, 7000), now)
    assert (first.due_fen, first.min_fen, first.max_fen, first.fee_fen) == (0, 1500, 7500, 500)
    new = card_quote("2" * 32, quote_order(), Offer(METER, "reissue", 2000, 0, 0), now)
    assert (new.due_fen, new.min_fen, new.fee_fen) == (2000, 2000, 2000)
    assert new.max_fen == 2000 + PREPAY_LIMIT_FEN


@given(
    st.integers(1, 20_000),
    st.none()
    | st.builds(
        lambda kind, fee, least, room: Offer(
            METER, kind, fee, least, least + room if kind != "reissue" else 0
        ),
        st.sampled_from(["purchase", "open", "reissue"]),
        st.integers(0, 3000),
        st.integers(0, 2000),
        st.integers(0, 9000),
    ),
)
def test_every_fen_goes_somewhere(amount_fen: int, offer: Offer | None) -> None:
    sold = sell(STANDING, amount_fen, offer)
    rest = sold.settlement.to_balance_fen
    assert sold.power_fen + sold.fee_fen + rest == amount_fen
    assert min(sold.power_fen, sold.fee_fen, rest) >= 0
    assert sold.settlement.balance_after_fen == STANDING.balance_fen + rest
    if offer is None or amount_fen < offer.fee_fen + offer.min_fen:
        assert (rest, sold.meter) == (amount_fen, None)
    else:
        assert (sold.fee_fen, sold.power_fen <= offer.max_fen) == (offer.fee_fen, True)
    legs = payment_legs(sold.settlement, "cash:T", bought_legs(sold))
    assert sum(leg.amount_fen for leg in legs) == 0


def test_what_is_bought_is_the_next_count_or_the_last_once_more() -> None:
    power = sell(STANDING, 5000, Offer(METER, "purchase", 0, 1000, 4000, MARK))
    bought = purchase_of(power, "3" * 32, ORDER, LAST, 9, AT)
    assert bought is not None
    assert (bought.count, bought.amount_fen, bought.card_mark, bought.state) == (
        8,
        4000,
        MARK,
        "authorised",
    )
    assert (bought.id, bought.reference, bought.serial, bought.paid_at) == ("3" * 32, "AAAA", 9, AT)
    new = purchase_of(sell(STANDING, 5000, Offer(METER, "reissue", 2000, 0, 0)), "3" * 32, ORDER, LAST, 9, AT)
    assert new is not None
    assert (new.kind, new.count, new.amount_fen, new.card_mark) == ("reissue", 7, 5000, None)
    assert (new.account_no, new.meter_no) == (ORDER.account_no, METER.meter_no)
    unused = sell(STANDING, 2000, Offer(replace(METER, purchase_count=0), "reissue", 2000, 0, 0))
    empty = purchase_of(unused, "3" * 32, ORDER, None, 9, AT)
    assert empty is not None
    assert (empty.count, empty.amount_fen) == (0, 0)
    # A fee with nothing over it makes a card of the last count: there is no count without power.
    bare = purchase_of(sell(STANDING, 500, Offer(METER, "open", 500, 0, 7000)), "3" * 32, ORDER, None, 9, AT)
    assert bare is not None
    assert (bare.kind, bare.count, bare.amount_fen) == ("open", 7, 0)
    assert purchase_of(sell(STANDING, 5000, None), "3" * 32, ORDER, LAST, 9, AT) is None


def test_a_card_costs_what_was_quoted() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    quoted = card_quote("2" * 32, quote_order(), Offer(METER, "open", 500, 1000, 7000), now)
    dearer = as_quoted(Offer(METER, "open", 900, 3000, 7000), quoted)
    assert (dearer.fee_fen, dearer.min_fen, dearer.max_fen) == (500, 1000, 7000)
    cheaper = as_quoted(Offer(METER, "open", 100, 600, 9000), quoted)
    assert (cheaper.fee_fen, cheaper.min_fen) == (500, 600)
    free = card_quote("2" * 32, quote_order(), Offer(METER, "reissue", 2000, 0, 0), now)
    assert as_quoted(Offer(METER, "reissue", 3000, 0, 0), free) == Offer(METER, "reissue", 2000, 0, 0)


def test_the_utilitys_limits_are_those_of_power_and_of_a_first_card() -> None:
    limits = CardLimits(min_fen=200, max_fen=900)
    power = power_offer(METER, READY, (LAST,), limits)
    assert (power.min_fen, power.max_fen) == (200, 900)
    unopened = replace(METER, opened=False, purchase_count=0)
    first = opening_offer(unopened, had_card=False, limits=limits)
    assert (first.min_fen, first.max_fen) == (200, 900)
    assert MAX_COUNT + 1 == UNWRITTEN
    last_but_one = replace(METER, purchase_count=MAX_COUNT - 1)
    last = replace(LAST, count=MAX_COUNT - 1)
    offer = power_offer(last_but_one, replace(READY, count=MAX_COUNT - 1), (last,))
    assert offer.kind == "purchase"


def test_what_a_quote_for_a_card_must_name() -> None:
    check_quote_order(quote_order(card_read_id="1" * 32))
    check_quote_order(quote_order(business="reissue", identity_check_id="1" * 32))
    for order, field in (
        (quote_order(), "card_read_id"),
        (quote_order(business="reissue", card_read_id="1" * 32), "identity_check_id"),
        (quote_order(business="open_card"), "identity_check_id"),
        (quote_order(card_read_id="1" * 32, months=("2026-01",)), "months"),
    ):
        with pytest.raises(Refusal) as refused:
            check_quote_order(order)
        assert (refused.value.code, refused.value.field) == ("bad_request", field)


def test_an_account_with_several_card_meters_names_one() -> None:
    other = replace(METER, meter_no="8" * 22)
    assert choose_meter([METER], None) is METER
    assert choose_meter([METER, other], other.meter_no) is other
    for meters, number in (([METER, other], None), ([], None), ([METER], other.meter_no)):
        with pytest.raises(Refusal) as refused:
            choose_meter(meters, number)
        assert (refused.value.code, refused.value.field) == ("unknown_meter", "meter_no")


def test_the_limits_are_round_sums() -> None:
    assert (LIMITS.min_fen, LIMITS.max_fen, LIMITS.reissue_fee_fen, LIMITS.opening_fee_fen) == (
        1000,
        500_000,
        2000,
        0,
    )
