"""What the meter at home says is set against what was paid: too little is lost, too much is doubled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hub.data.town_model import TownCard, TownMeter
from kiosk.payment import events as ev
from kiosk.payment.model import Credit, Delivery, Payment, PaymentState
from simulators.bench.household import PROFILE
from tests.powercut.cardholder import LAST, Cardholder, Who
from tests.powercut.judge import Verdict

SERIAL = "A700000000000001"
FEN = 7000
Sold = list[tuple[str, str, int]]


@pytest.fixture
def holder_of(tmp_path: Path) -> Callable[[Who, Sold], Cardholder]:
    """Makes a customer to whom the hub has sold this."""

    def make(who: Who, sold: Sold) -> Cardholder:
        meter = TownMeter("9" * 22, "1" * 16, "card", TownCard(SERIAL, LAST[who]))
        account = SimpleNamespace(account_no="0399" + "9" * 12, meters=(meter,))
        town = SimpleNamespace(account=lambda **_: account, power_sold=lambda _: sold)
        slots = SimpleNamespace(folder=tmp_path, clear=lambda: None)
        station: Any = SimpleNamespace(slots=slots, town=town)
        return Cardholder(station, who)

    return make


def _bought(state: PaymentState, outcome: str) -> Payment:
    account = ev.AccountFacts("0399" + "9" * 12, "", "")
    purchase = ev.PurchaseFacts("p", "purchase", "9" * 12, "9" * 12, 13, FEN, SERIAL, PROFILE)
    return Payment(
        payment_id="p",
        kiosk_no=1,
        state=state,
        business="buy_power",
        account=account,
        quote=ev.QuoteFacts("q", (), 0, FEN, ""),
        lang="en",
        opened_at="",
        card=ev.CardFacts(SERIAL, PROFILE, "9" * 12, "9" * 12, 12, "r"),
        credit=Credit("1", (), 0, 0, 0, 0, "", ""),
        delivery=Delivery(purchase, write_id="w", outcome=outcome, told=True),
    )


def test_power_that_is_owed_is_not_lost(holder_of: Callable[[Who, Sold], Cardholder]) -> None:
    holder = holder_of("buys", [("taken", "purchase", 10_000), ("owed", "purchase", FEN)])
    assert holder.judged(Verdict(), [_bought(PaymentState.OWED, "failed")]) == Verdict()


def test_power_that_is_neither_in_the_meter_nor_owed_is_lost(
    holder_of: Callable[[Who, Sold], Cardholder],
) -> None:
    holder = holder_of("buys", [("taken", "purchase", 10_000), ("written", "purchase", FEN)])
    verdict = holder.judged(Verdict(("before",)), [_bought(PaymentState.PAID, "written")])
    assert (verdict.lost, verdict.doubled) == (FEN, 0)
    before, untrue, lost = verdict.faults
    assert before == "before"
    assert "nothing is in the meter" in untrue
    assert lost.startswith("7000 fen paid")


def test_power_that_is_in_the_meter_and_still_owed_is_doubled(
    holder_of: Callable[[Who, Sold], Cardholder],
) -> None:
    assert holder_of("has_lost", [("written", "purchase", 20_000)]).judged(Verdict(), []) == Verdict()
    verdict = holder_of("has_lost", [("owed", "purchase", 20_000)]).judged(Verdict(), [])
    assert (verdict.lost, verdict.doubled) == (0, 20_000)
    assert len(verdict.faults) == 1
