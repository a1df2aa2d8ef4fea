"""What a card may be used for, as a table: what stands on it, what the hub knows, what is said and what is proven."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.business.card_forms import CardContents, WriteBack
from hub.business.cards import (
    Card,
    CardMeter,
    Known,
    Purchase,
    after,
    after_outcome,
    judge,
    settled,
    torn_counts,
)

AT = datetime(2026, 11, 23, 4, tzinfo=UTC)
SERIAL, MARK = "1122334455667788", "mark of 1122334455667788"
METER = CardMeter("9" * 22, "1", "250000000009", "000000000083", "p", 1, 7, 0, 0, 0, 1, 1, opened=True)
LAST = Purchase("1" * 32, METER.meter_no, "1", "purchase", 7, 5000, "taken", MARK, None, AT, 1)
REISSUE = replace(LAST, id="2" * 32, kind="reissue", state="authorised", serial=2)
CARD = Card(MARK, METER.meter_no, "active", "sealed serial")
Change = Callable[[Purchase], Purchase]


def back(count: int = 7, **changes: Any) -> WriteBack:
    values: dict[str, Any] = {"meter_no": METER.card_meter_no, "customer_no": METER.customer_no}
    values |= {"remaining_fen": 100, "count": count, "overdraft_fen": 0, "illegal_cards": 0, "written_at": ""}
    return WriteBack(**(values | changes))


def read(count: int = 7, write_back: WriteBack | None = None, **changes: Any) -> CardContents:
    values: dict[str, Any] = {
        "serial": SERIAL,
        "meter_no": METER.card_meter_no,
        "customer_no": METER.customer_no,
        "card_type": 2,
        "amount_fen": 5000,
        "count": count,
        "write_back": write_back,
    }
    return CardContents(**(values | changes))


def known(*orders: Purchase, **changes: Any) -> Known:
    return replace(Known(CARD, METER, orders, profile=METER.profile), **changes)


def sold(state: Any) -> Purchase:
    return replace(LAST, state=state)


# What stands on the card, how far the last purchase had come, what is said, and how far it has come with that.
TABLE = [
    (read(7, back(7)), "taken", "ready", "taken"),
    (read(7, back(7)), "written", "ready", "taken"),
    (read(7, back(7)), "authorised", "ready", "taken"),
    (read(7, back(7)), "owed", "ready", "taken"),
    (read(7), "authorised", "not_taken", "written"),
    (read(7), "owed", "not_taken", "written"),
    (read(7), "written", "not_taken", "written"),
    (read(7), "taken", "ready", "taken"),
    (read(7, back(6)), "written", "owed", "owed"),
    (read(7, back(6)), "authorised", "owed", "owed"),
    (read(7, back(7, meter_no="1" * 12)), "written", "owed", "owed"),
    (read(7, back(7, customer_no="0" * 12)), "written", "owed", "owed"),
    (read(7, back(5)), "written", "ahead", "written"),
    (read(7, back(8)), "written", "ahead", "written"),
    (read(6, back(6)), "authorised", "owed", "authorised"),
    (read(6), "owed", "owed", "owed"),
    (read(6, back(6)), "written", "behind", "written"),
    (read(6, back(6)), "taken", "behind", "taken"),
    (read(5, back(5)), "authorised", "behind", "authorised"),
    (read(8), "authorised", "ahead", "authorised"),
    (read(8, back(8)), "taken", "ahead", "taken"),
    (read(7, amount_fen=4999), "authorised", "owed", "authorised"),
    (read(7, amount_fen=4999), "written", "ahead", "written"),
    (read(7, meter_no="1" * 12), "written", "other_meter", "written"),
    (read(7, customer_no=None), "taken", "other_meter", "taken"),
    (read(7, meter_no=None, customer_no=None), "taken", "damaged", "taken"),
    (read(7, meter_no="0" * 12), "written", "damaged", "written"),
    (read(6, meter_no=None), "authorised", "owed", "authorised"),
    (read(damaged="wallet/count"), "owed", "owed", "owed"),
    (read(damaged="wallet/count"), "taken", "damaged", "taken"),
]


@pytest.mark.parametrize(("seen", "state", "verdict", "then"), TABLE)
def test_the_table(seen: CardContents, state: str, verdict: str, then: str) -> None:
    judgement = judge(seen, known(sold(state)), genuine=True)
    assert (judgement.verdict, judgement.orders[0].state) == (verdict, then)
    assert [order.state for order in judgement.changed] == ([then] if then != state else [])
    assert judgement.opened == (seen.write_back is not None and then == "taken" and verdict == "ready")


@pytest.mark.parametrize(
    ("seen", "what", "verdict"),
    [
        (read(), known(LAST, card=None, meter=None), "foreign"),
        (read(), known(LAST, card=None, meter=None, numbered=METER), "other_card"),
        (read(meter_no=None), known(card=None, meter=None), "blank"),
        (read(meter_no="0" * 12), known(card=None, meter=None), "blank"),
        (read(damaged="wallet", meter_no=None), known(card=None, meter=None), "foreign"),
        (read(), known(card=Card(MARK, None, "blank", "sealed serial"), meter=None), "blank"),
        (read(7, back()), known(LAST, card=replace(CARD, state="replaced")), "other_card"),
        (read(7, back()), known(LAST, closed=True), "closed"),
        (read(6), known(sold("owed"), closed=True), "owed"),
        (read(0), known(meter=replace(METER, purchase_count=0)), "ready"),
        (read(0), known(meter=replace(METER, purchase_count=0, opened=False)), "not_taken"),
        (read(0, back(0)), known(meter=replace(METER, purchase_count=0, opened=False)), "ready"),
        (read(7, back(7)), known(), "ready"),
        (read(7, back(7)), known(sold("written"), profile="q"), "other_meter"),
        (read(6, back(6)), known(sold("owed"), profile="q"), "other_meter"),
        (read(damaged="wallet"), known(sold("owed"), profile="q"), "other_meter"),
        (read(7, back(6)), known(), "not_taken"),
        (read(7, back(6)), known(LAST), "ahead"),
        (read(7, back(5)), known(LAST), "ahead"),
        (read(7, back(7, customer_no=None)), known(sold("written")), "ready"),
        # What a card holds that is made anew is of no account, whatever its count.
        (read(3), known(REISSUE), "owed"),
        (read(3), known(replace(REISSUE, kind="open")), "owed"),
        (read(3), known(replace(REISSUE, kind="purchase")), "behind"),
    ],
)
def test_other_cards(seen: CardContents, what: Known, verdict: str) -> None:
    assert judge(seen, what, genuine=True).verdict == verdict
    imitation = judge(seen, what, genuine=False)
    assert (imitation.verdict, imitation.changed) == ("foreign", ())


def test_a_new_cards_own_write_is_proven_by_the_card_alone() -> None:
    elsewhere = replace(LAST, card_mark="0" * 16, state="written")
    both = known(elsewhere, REISSUE, begun=True)
    begun = judge(read(0, back(7), amount_fen=0), both, genuine=True)
    assert (begun.verdict, [order.state for order in begun.orders]) == ("owed", ["taken", "authorised"])
    whole = judge(read(7), both, genuine=True)
    assert (whole.verdict, [order.state for order in whole.orders]) == ("not_taken", ["written", "written"])
    taken = judge(read(7, back(7)), both, genuine=True)
    assert (taken.verdict, [order.state for order in taken.orders]) == ("ready", ["taken", "taken"])


def test_a_reissue_for_another_card_is_not_this_cards() -> None:
    waiting = replace(REISSUE, card_mark=None)
    judgement = judge(read(7), known(sold("authorised"), waiting), genuine=True)
    assert (judgement.verdict, judgement.orders[1].state) == ("not_taken", "authorised")


def test_a_torn_count_is_known_only_while_a_write_was_begun() -> None:
    at256 = replace(METER, purchase_count=256)
    pending = replace(LAST, count=256, state="authorised")
    torn = read(0x1FF)
    assert judge(torn, known(pending, meter=at256, begun=True), genuine=True).verdict == "owed"
    assert judge(torn, known(pending, meter=at256), genuine=True).verdict == "ahead"
    assert torn_counts(1) >= {0, 1, 0x00FFFFFF, 0xFFFFFFFF}


@given(st.integers(1, 2**32 - 2), st.integers(0, 4))
def test_every_way_to_tear_a_count_is_one_of_them(count: int, done: int) -> None:
    new, old = count.to_bytes(4, "big"), (count - 1).to_bytes(4, "big")
    assert int.from_bytes(new[:done] + old[done:], "big") in torn_counts(count)


STATES = ["authorised", "owed", "written", "taken", "withdrawn"]


@pytest.mark.parametrize("state", STATES)
def test_what_is_in_the_meter_or_withdrawn_stays_so(state: Any) -> None:
    for proof in ("written", "taken", "stuck", None):
        then = after(state, proof)
        if state in {"taken", "withdrawn"} or proof is None:
            assert then == state
        assert (then == "taken") == (state == "taken" or (proof == "taken" and state != "withdrawn"))
    for told in ("written", "failed", "unknown"):
        then = after_outcome(state, told)
        assert then == state or (state, told) in {
            ("authorised", "written"),
            ("owed", "written"),
            ("authorised", "failed"),
            ("authorised", "unknown"),
        }


@pytest.mark.parametrize(
    ("orders", "done"),
    [
        ((), True),
        ((LAST,), True),
        ((sold("written"),), False),
        ((sold("owed"),), False),
        ((LAST, replace(REISSUE, card_mark=None)), True),
        ((LAST, REISSUE), False),
    ],
)
def test_the_next_count_is_sold_only_after_the_last(orders: tuple[Purchase, ...], done: bool) -> None:
    assert settled(orders) is done


reads = st.builds(
    read,
    st.integers(0, 10),
    st.none() | st.builds(back, st.integers(0, 10)),
    amount_fen=st.sampled_from([5000, 4999]),
    meter_no=st.sampled_from([METER.card_meter_no, None, "1" * 12]),
)


@settings(max_examples=150)
@given(reads, st.sampled_from(STATES[:-1]), st.booleans())
def test_ready_means_that_the_last_count_is_in_the_meter(seen: CardContents, state: Any, begun: bool) -> None:
    judgement = judge(seen, known(sold(state), begun=begun), genuine=True)
    last = judgement.orders[0]
    if judgement.verdict == "ready":
        assert (last.state, seen.count, seen.amount_fen) == ("taken", 7, 5000)
        assert seen.write_back is None or seen.write_back.count == 7
    if judgement.verdict == "owed":
        assert last.pending
    if judgement.verdict == "not_taken":
        assert (last.state, seen.count) == ("written", 7)
    # The same reading again proves nothing more.
    again = judge(seen, known(last, begun=begun), genuine=True)
    assert (again.verdict, again.changed) == (judgement.verdict, ())
