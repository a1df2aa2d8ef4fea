"""What may be written on which card, what is computed for it, and what is believed of how it ended."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import pytest

from drivers.meter_card.layout import Layout
from hub.business.card_forms import CardVerdict, CardWriteOrder, Seen
from hub.business.card_keeping import ReadRecord
from hub.business.card_writes import (
    believed,
    card_kind,
    check_admitted,
    check_open,
    check_withdrawal,
    check_write,
    on_card,
    outcome_after,
    plan_files,
    whole_command,
    withdrawn,
    write_plan,
)
from hub.business.cards import Card, Purchase, WriteRecord
from hub.business.refusals import Refusal
from tests.hub.business.test_cards import AT, CARD, LAST, MARK, METER, REISSUE, SERIAL

OWED = replace(LAST, state="owed")
NEW = replace(REISSUE, card_mark=None)
BLANK = "AA22334455667788"
LAYOUT = Layout.named("state_grid_2013")
WRITE = WriteRecord("5" * 32, "T", "{}", b"", OWED.id, 1, "purchase", MARK, "authorised", AT)


def order(**changes: Any) -> CardWriteOrder:
    values: dict[str, Any] = {
        "purchase_id": OWED.id,
        "kind": "purchase",
        "profile": "p",
        "sealed": "sealed",
        "made_at": AT,
    }
    return CardWriteOrder(**(values | changes))


def code(
    asked: CardWriteOrder,
    purchase: Purchase | None = OWED,
    card: Card | None = CARD,
    begun: int = 0,
    count: int = 6,
) -> str:
    meter = METER if purchase else None
    try:
        check_write(asked, count, purchase, meter, card, [WRITE] * begun)
    except Refusal as refusal:
        return refusal.code
    return "authorised"


@pytest.mark.parametrize(
    ("asked", "facts", "answer"),
    [
        (order(), {}, "authorised"),
        (order(kind="rewrite"), {}, "authorised"),
        (order(), {"count": 7}, "authorised"),
        (order(), {"count": 8}, "card_ahead"),
        (order(), {"count": 5}, "card_behind"),
        (order(), {"count": 0}, "card_behind"),
        (order(), {"count": 0, "begun": 1}, "authorised"),
        (order(), {"count": 5, "begun": 1}, "card_behind"),
        (order(), {"purchase": None}, "unknown_purchase"),
        (order(), {"purchase": replace(OWED, state="withdrawn")}, "unknown_purchase"),
        (order(), {"purchase": replace(OWED, state="written")}, "already_written"),
        (order(), {"purchase": LAST}, "already_written"),
        (order(kind="reissue"), {}, "write_not_owed"),
        (order(), {"purchase": replace(OWED, count=6)}, "write_not_owed"),
        (order(profile="q"), {}, "other_card"),
        (order(), {"card": None}, "other_card"),
        (order(), {"card": replace(CARD, state="replaced")}, "other_card"),
        (order(), {"card": replace(CARD, mark=BLANK)}, "other_card"),
        (order(kind="reissue"), {"purchase": NEW, "card": None}, "authorised"),
        (order(kind="reissue"), {"purchase": NEW, "card": replace(CARD, state="blank")}, "authorised"),
        (order(kind="reissue"), {"purchase": NEW}, "other_card"),
        (order(kind="rewrite"), {"purchase": REISSUE}, "authorised"),
        (
            order(kind="rewrite"),
            {"purchase": REISSUE, "card": replace(CARD, meter_no="another's")},
            "other_card",
        ),
        (order(), {"card": replace(CARD, meter_no="another's")}, "other_card"),
        (order(kind="reissue"), {"purchase": replace(NEW, count=3), "card": None}, "authorised"),
        (order(kind="purchase"), {"purchase": NEW}, "write_not_owed"),
    ],
)
def test_the_table(asked: CardWriteOrder, facts: dict[str, Any], answer: str) -> None:
    assert code(asked, **facts) == answer


REFUSED = [
    (order(), {"purchase": None}, "unknown_purchase", "purchase_id", "no such purchase is to be written"),
    (order(kind="open"), {}, "write_not_owed", "kind", "the purchase is a purchase"),
    (order(), {"purchase": LAST}, "already_written", "purchase_id", "the purchase is taken"),
    (order(profile="q"), {}, "other_card", "profile", "the meter takes cards of p"),
    (
        order(),
        {"purchase": replace(OWED, count=6)},
        "write_not_owed",
        "purchase_id",
        "a later purchase was sold",
    ),
    (order(), {"card": None}, "other_card", "sealed", "the purchase is for another card"),
    (order(), {"count": 8}, "card_ahead", "sealed", "the purchase is number 7"),
    (order(), {"count": 5}, "card_behind", "sealed", "the purchase is number 7"),
    (order(kind="reissue"), {"purchase": NEW}, "other_card", "sealed", "the card is not a new one"),
]


@pytest.mark.parametrize(("asked", "facts", "why", "field", "detail"), REFUSED)
def test_a_refusal_says_what_is_wrong_and_where(
    asked: CardWriteOrder, facts: dict[str, Any], why: str, field: str, detail: str
) -> None:
    values: dict[str, Any] = {"purchase": OWED, "card": CARD, "count": 6} | facts
    with pytest.raises(Refusal) as refused:
        check_write(asked, values["count"], values["purchase"], METER, values["card"], ())
    assert (refused.value.code, refused.value.field, refused.value.detail) == (why, field, detail)
    with pytest.raises(Refusal, match="unknown_purchase"):
        check_write(asked, 6, OWED, None, CARD, ())


def test_a_reissue_carries_the_last_purchase_of_the_moment() -> None:
    later = replace(METER, purchase_count=9)
    last = replace(LAST, count=9, amount_fen=70)
    carried = on_card(NEW, later, last)
    assert (carried.count, carried.amount_fen, carried.id) == (9, 70, NEW.id)
    never_bought = on_card(NEW, replace(METER, purchase_count=0), None)
    assert (never_bought.count, never_bought.amount_fen) == (0, 0)
    with pytest.raises(Refusal) as refused:
        on_card(NEW, later, None)
    assert (refused.value.code, refused.value.field, refused.value.detail) == (
        "write_not_owed",
        "purchase_id",
        "what was sold last is not known here",
    )
    assert on_card(OWED, later, last) is OWED


@pytest.mark.parametrize(
    ("purchase", "opened", "kind"),
    [
        (OWED, True, "purchase"),
        (NEW, True, "reissue"),
        (NEW, False, "reissue"),
        (replace(NEW, count=1), False, "opening"),
        (replace(NEW, count=1), True, "reissue"),
        (replace(NEW, count=2), False, "reissue"),
        (replace(OWED, kind="open", count=1), False, "opening"),
    ],
)
def test_the_type_of_the_card(purchase: Purchase, opened: bool, kind: str) -> None:
    meter = replace(METER, opened=opened, ct_ratio=40, pt_ratio=100, alarm1_fen=2000, alarm2_fen=500)
    assert card_kind(purchase, meter) == kind
    files = plan_files(LAYOUT, write_plan(LAYOUT, purchase, meter))
    assert [each.file for each in files] == ["parameter", "write_back", "wallet"]
    held = LAYOUT.decode("parameter", files[0].data)
    assert held["card_type"] == LAYOUT.profile.card_types[kind]
    assert held["update_flag"] == (0x80 if kind == "opening" else 0)
    ratios_and_alarms = [held[name] for name in ("ct_ratio", "pt_ratio", "alarm1_fen", "alarm2_fen")]
    assert ratios_and_alarms == [40, 100, 2000, 500]
    assert (held["meter_no"], held["customer_no"]) == (meter.card_meter_no, meter.customer_no)
    assert LAYOUT.decode("wallet", files[2].data) == {"amount_fen": 5000, "count": purchase.count}
    assert not any(files[1].data)


def test_a_mac_is_for_a_command_of_the_write_and_for_nothing_near_it() -> None:
    plan = write_plan(LAYOUT, OWED, METER)
    for file in plan_files(LAYOUT, plan):
        for update in LAYOUT.updates(file):
            header = update.message[:5]
            assert whole_command(LAYOUT, plan, header) == update.message
            others = [bytes(b ^ (place == at) for at, b in enumerate(header)) for place in range(5)]
            for other in (*others, header[:4], update.message):
                with pytest.raises(Refusal, match="not_authorised"):
                    whole_command(LAYOUT, plan, other)
            with pytest.raises(Refusal, match="does not write a file of this write") as refused:
                whole_command(LAYOUT, plan, header + b"\0")
            assert (refused.value.code, refused.value.field) == ("not_authorised", "command")


@pytest.mark.parametrize(
    ("write", "purchase", "card", "newest", "is_open"),
    [
        (WRITE, OWED, CARD, 1, True),
        (replace(WRITE, state="unknown"), OWED, CARD, 1, True),
        (replace(WRITE, state="failed"), OWED, CARD, 1, True),
        (replace(WRITE, state="written"), OWED, CARD, 1, False),
        (WRITE, OWED, CARD, 2, False),
        (WRITE, LAST, CARD, 1, False),
        (WRITE, None, CARD, 1, False),
        (WRITE, OWED, None, 1, False),
        (WRITE, OWED, replace(CARD, state="replaced"), 1, False),
        (WRITE, replace(OWED, card_mark=BLANK), CARD, 1, False),
    ],
)
def test_when_a_write_is_open(
    write: WriteRecord,
    purchase: Purchase | None,
    card: Card | None,
    newest: int,
    is_open: bool,
) -> None:
    if is_open:
        check_open(write, purchase, card, newest)
        return
    with pytest.raises(Refusal) as refused:
        check_open(write, purchase, card, newest)
    assert refused.value.code == "not_authorised"


@pytest.mark.parametrize("verdict", get_args(CardVerdict))
@pytest.mark.parametrize(("age_s", "fresh"), [(0, True), (180, True), (181, False)])
def test_into_which_card_a_kiosk_is_let(verdict: CardVerdict, age_s: int, fresh: bool) -> None:
    read = ReadRecord("7" * 32, "T", "{}", b"{}", SERIAL, "p", "", verdict, 7, 0, AT)
    now = AT + timedelta(seconds=age_s)
    if fresh and verdict in {"ready", "owed", "blank"}:
        check_admitted(read, now)
        return
    with pytest.raises(Refusal) as refused:
        check_admitted(read, now)
    assert refused.value.code == "not_authorised"


def held(**changes: Any) -> Seen:
    values: dict[str, Any] = {"serial": SERIAL, "count": 7, "amount_fen": 5000, "reply_empty": True}
    return Seen(**(values | changes))


@pytest.mark.parametrize(
    ("claim", "seen", "own_card", "purchase", "new"),
    [
        ("written", held(), True, "written", "written"),
        ("failed", held(), True, "written", "failed"),
        ("unknown", held(), True, "written", "unknown"),
        ("written", None, False, "unknown", "unknown"),
        ("failed", None, False, "failed", "failed"),
        ("written", held(count=6), True, "unknown", "unknown"),
        ("written", held(amount_fen=1), True, "unknown", "unknown"),
        ("written", held(), False, "unknown", "unknown"),
        ("written", held(reply_empty=False), True, "unknown", "unknown"),
        ("failed", held(count=6), True, "failed", "failed"),
    ],
)
def test_what_was_seen_counts_for_more_than_what_is_claimed(
    claim: Any, seen: Seen | None, own_card: bool, purchase: str, new: str
) -> None:
    plan = write_plan(LAYOUT, OWED, METER)
    assert believed(claim, seen, plan, own_card=own_card, new_card=False) == purchase
    assert believed(claim, seen, plan, own_card=own_card, new_card=True) == new


def test_written_never_changes_and_what_is_certain_does_not_become_unknown() -> None:
    states: tuple[Any, ...] = ("authorised", "written", "failed", "unknown")
    for before in states:
        for told in states[1:]:
            after = outcome_after(before, told)
            kept = before == "written" or (before, told) == ("failed", "unknown")
            assert after == (before if kept else told)


FAILED = replace(WRITE, state="failed")
WITHDRAWABLE = [
    (OWED, (OWED,), (), True),
    (OWED, (OWED,), (FAILED, FAILED), True),
    (OWED, (OWED,), (FAILED, WRITE), False),
    (OWED, (OWED,), (replace(WRITE, state="unknown"),), False),
    (replace(OWED, state="written"), (), (), False),
    (LAST, (), (), False),
    (replace(OWED, count=6), (), (), False),
    (OWED, (OWED, REISSUE), (), False),
    (OWED, (OWED, NEW), (), True),
    (NEW, (LAST, NEW), (), True),
    (REISSUE, (LAST, REISSUE), (FAILED,), False),
]


@pytest.mark.parametrize(("purchase", "orders", "writes", "may"), WITHDRAWABLE)
def test_what_may_be_taken_back(
    purchase: Purchase,
    orders: tuple[Purchase, ...],
    writes: tuple[WriteRecord, ...],
    may: bool,
) -> None:
    if may:
        check_withdrawal(purchase, METER, orders, writes)
        assert withdrawn(purchase, METER).purchase_count == (6 if purchase.sells else 7)
        return
    with pytest.raises(Refusal) as refused:
        check_withdrawal(purchase, METER, orders, writes)
    assert (refused.value.code, refused.value.field) == ("not_reversible", "payment_id")
