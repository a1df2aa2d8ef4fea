"""A few named crash points and random journeys; `make crash` has them all."""

from __future__ import annotations

from typing import get_args

import pytest

from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from tests.kills import points as crash_points
from tests.kills.__main__ import Case, play_all
from tests.kills.points import Point, points
from tests.kills.random_kills import Journey


def test_points_and_random_journeys_leave_every_fen_where_it_belongs() -> None:
    said: list[str] = []
    cases: list[Case] = [
        Point("pays", "after:NoteIntended"),
        Point("is_refused", "before:ClaimSending"),
        Point("buys_power", "after:WriteIntended"),
        Point("gets_a_new_card", "after:CardOffered"),
        Journey(1),
        Journey(2),
    ]
    tally = play_all(cases, said.append, lanes=2)
    assert tally.failures == []
    assert tally.runs == len(cases)
    assert tally.kills >= len(cases)
    assert (tally.lost, tally.doubled, tally.in_flight) == (0, 0, 0)


def test_a_point_that_is_never_reached_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crash_points, "CUSTOMER_WAITS_S", 2.0)
    tally = play_all([Point("cancels", "before:NoteStacked")], lambda _: None, lanes=1)
    assert "not reached" in tally.failures[0]
    assert "--at before:NoteStacked" in tally.failures[0]


ASKS = {"LookUp", "AskReference", "AskQuote", "AskHubStatus", "Beat"}
"""Questions: they move no money, and nothing is durable because of them."""


OF_TENDERS = {
    *("SendSale", "SendReversal", "AskBoxForSale", "AskBoxForLastResult", "AskBoxForVoid", "OpenOrder"),
    *("WatchOrder", "CloseOrder", "SealSecret", "AskRoute", "AcceptBankCard", "EjectBankCard"),
    *("CaptureBankCard", "AskPin", "EndPin", "Scan", "StopScan"),
}
"""Acts for money that is not cash."""


def test_every_event_and_every_act_has_its_points() -> None:
    named = {point.moment for point in points()}
    # Money that is not cash dies in a world of its own (tests/crash/tender_world.py).
    for event in get_args(ev.PaymentEvent | ev.CardEvent | ev.ClaimEvent):
        assert {f"before:{event.__name__}", f"after:{event.__name__}"} <= named
    for effect in {effect.__name__ for effect in fx.Effect.__subclasses__()} - ASKS - OF_TENDERS:
        assert f"served:{effect}" in named
    for order in ("payment", "claim", "write", "outcome"):
        assert {f"hub_before:{order}", f"hub_after:{order}"} <= named


def test_each_point_is_named_once() -> None:
    named = [str(point) for point in points()]
    assert len(named) == len(set(named)) > 40
