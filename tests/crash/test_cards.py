"""Meter cards in the simulated world: they are written, torn, owed and taken, and the judge sees it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from hub.business.cards import Purchase
from simulators.cards.card import Cut
from simulators.cards.slot import Pull
from tests.crash import verdict, world
from tests.crash.card_aims import SHARE, has_cards, is_of_cards, makes_cards
from tests.crash.card_faults import CARD_FAULTS
from tests.crash.card_verdict import judge_cards
from tests.crash.coverage import CARD_ROWS, EFFECTS, marks
from tests.crash.elsewhere import rewrite_elsewhere
from tests.crash.home import file_of, wallet_of
from tests.crash.world import Options, World, options_for, run

CARD_SEEDS = [seed for seed in range(1, 400) if has_cards(seed) and not makes_cards(seed)]


def a_world(seed: int = CARD_SEEDS[0]) -> World:
    """A world with cards, in which nothing goes wrong."""
    found = World(seed, Options())
    assert found.cards is not None
    found.bad = found.line.bad = 0.0
    found.cards.heal()
    return found


def owe(there: World, amount_fen: int = 3000) -> Purchase:
    """The hub owes a purchase on the first card: it was paid before the run."""
    cards: Any = there.cards
    home = cards.homes[0]
    home.takes()
    meter, card = home.at_hub
    order = Purchase(
        id="f" * 32,
        meter_no=home.meter_no,
        account_no=home.account_no,
        kind="purchase",
        count=home.count + 1,
        amount_fen=amount_fen,
        state="owed",
        card_mark=card.mark,
        reference=None,
        paid_at=there.hub_clock(),
        serial=0,
    )
    there.books.rows["purchases", order.id] = order
    meters: Any = there.books.rows["card_meters", meter.meter_no]
    there.books.rows["card_meters", meter.meter_no] = replace(meters, purchase_count=order.count)
    cards.judge.sold[order.id] = order
    cards.judge.counts[home.meter_no] = order.count
    return order


def test_a_share_of_the_worlds_has_cards_and_aims_at_their_rows() -> None:
    worlds = [has_cards(seed) for seed in range(4000)]
    assert SHARE - 0.03 < sum(worlds) / len(worlds) < SHARE + 0.03
    for seed in range(400):
        aim = options_for(seed).aim
        assert aim is None or is_of_cards(aim) == has_cards(seed)
    without = [World(seed, options_for(seed)) for seed in range(40) if not has_cards(seed)]
    assert not any(there.cards for there in without)


def test_the_rows_of_cards_are_those_of_the_table() -> None:
    assert set(EFFECTS) >= CARD_ROWS
    assert {("", "RewriteOpened"), ("writing", "WriteVerified"), ("owed", "SlipPrinted")} <= CARD_ROWS
    assert not any(event.startswith("Note") for _, event in CARD_ROWS)


def test_cards_are_bought_for_written_torn_owed_and_rewritten(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: Counter[str] = Counter()

    def end(there: World) -> None:
        seen.update(f"purchase {row.state}" for row in there.books.table("purchases").values())
        seen.update(f"write {row.kind} {row.terminal}" for row in there.books.table("card_writes").values())
        judged(there)

    judged = verdict.judge_end
    monkeypatch.setattr(world, "judge_end", end)
    for seed in CARD_SEEDS[:40]:
        assert not run(seed, options_for(seed)).violations
    assert seen["purchase taken"] + seen["purchase written"] > 10, seen
    assert min(seen["write purchase T-1"], seen["write rewrite T-1"], seen["write rewrite T-2"]) > 1, seen


def test_a_world_with_cards_is_the_same_each_time() -> None:
    first, second = (run(CARD_SEEDS[3], Options(trace=True)).trace for _ in range(2))
    told = [line for line in first if "Heartbeat" not in line and "object at" not in line]
    assert told == [line for line in second if "Heartbeat" not in line and "object at" not in line]


def test_what_is_owed_is_written_at_another_kiosk_and_the_meter_takes_it() -> None:
    there = a_world()
    order = owe(there)
    home = there.cards.homes[0] if there.cards else None
    assert home is not None
    assert rewrite_elsewhere(there, home)
    assert not rewrite_elsewhere(there, home)
    assert (home.waiting_fen, wallet_of(home.chip).count) == (order.amount_fen, order.count)
    home.takes()
    assert (home.credits[order.count], home.waiting_fen) == (1, 0)
    home.takes()
    assert home.credits[order.count] == 1
    assert not there.judge.found


def test_a_card_that_is_torn_is_worth_nothing_to_its_meter() -> None:
    there = a_world()
    assert there.cards is not None
    home = there.cards.homes[0]
    home.takes()
    home.chip.state.files[2] = (9000).to_bytes(4, "big") + file_of(home.chip, "wallet")[4:]
    assert home.waiting_fen == 0
    home.takes(Pull(3, Cut.BEFORE))
    home.takes()
    assert home.credited_fen == home.began_fen


def test_the_judge_sees_a_card_that_is_written_on_without_the_hub() -> None:
    there = a_world()
    assert there.cards is not None
    home = there.cards.homes[0]
    home.chip.state.files[2] = bytes(8)
    there.cards.judge.asked(home.chip, bytes.fromhex("04D682000C") + bytes(12), b"\x90\x00", {})
    assert "never authorised" in there.judge.found[0].text


def test_the_judge_counts_what_the_meter_has_against_the_box() -> None:
    there = a_world()
    owe(there)
    assert there.cards is not None
    home = there.cards.homes[0]
    rewrite_elsewhere(there, home)
    home.takes()
    judge_cards(there, ())
    assert [(v.kind, v.fen) for v in there.judge.found if "in the box" in v.text] == [("doubled", 3000)]


def test_each_fault_of_cards_is_one_of_its_own() -> None:
    names = [fault.name for fault in CARD_FAULTS]
    assert len(names) == len(set(names)) >= 12
    assert all(fault.cards for fault in CARD_FAULTS)
    assert any(is_of_cards(mark) for mark in marks())
