"""Cash without the hub, over real lines: a provisional receipt now, and the booking when the line stands again."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from kiosk.hubclient.cli import command
from kiosk.numbers import reference
from kiosk.payment.model import Payment, PaymentState
from tests.journeys.cabinet import Cabinet
from tests.journeys.kiosk import InProcess, eventually


def ask(arguments: list[str]) -> int:
    """`power-kiosk reference` with these arguments."""
    parser = argparse.ArgumentParser()
    command.configure(parser)
    return command.run(parser.parse_args(arguments))


OFFLINE: dict[str, dict[str, Any]] = {
    "hub": {"status_every_s": 0.3, "query_deadline_s": 2.0, "deadline_s": 2.0},
    "offline": {"take_cash": True},
}


def without_hub(cabinet: Cabinet) -> InProcess:
    """A kiosk that has heard the hub, and hears it no more."""
    kiosk = cabinet.kiosk(**OFFLINE)
    kiosk.ready()
    cabinet.line("refuse")
    kiosk.notice("No connection: cash is still taken")
    return kiosk


def pays_provisionally(cabinet: Cabinet, kiosk: InProcess, number: str, yuan: int = 50) -> str:
    digits = tuple(f"key:{digit}" for digit in number)
    kiosk.press("start", "pay_bill", *digits, "confirm")
    kiosk.page("enter_again")
    kiosk.press(*digits, "confirm")
    kiosk.page("provisional")
    kiosk.press("accept")
    kiosk.page("cash")
    cabinet.insert(yuan)
    kiosk.notice("received")
    kiosk.press("pay_now")
    kiosk.page("checking")
    return reference(kiosk.payment().payment_id)


def test_the_money_is_booked_when_the_hub_is_back(cabinet: Cabinet) -> None:
    account = cabinet.town.account(3000)
    kiosk = without_hub(cabinet)
    word = pays_provisionally(cabinet, kiosk, account.account_no)
    eventually(cabinet.slips, "the slip")
    [slip] = cabinet.slips()
    assert "Provisional receipt" in slip
    assert "Received, not yet booked" in slip
    assert word in slip
    assert account.account_no in slip
    assert "50.00" in slip
    kiosk.press("finish")
    kiosk.page("attract")
    assert kiosk.payment().state is PaymentState.CHECKING
    cabinet.line("pass")
    cabinet.settled(kiosk, credited=5000)
    assert cabinet.town.standing(account.account_no) == (0, 2000)
    told = cabinet.town.client.get(f"/v1/references/{word}").json()
    assert (told["kind"], told["state"], told["amount_fen"]) == ("payment", "credited", 5000)
    assert len(cabinet.slips()) == 1


@pytest.mark.parametrize("which", ["an account that does not exist", "a closed account"])
def test_money_for_no_account_is_a_claim_under_the_reference_of_the_slip(
    cabinet: Cabinet, which: str
) -> None:
    closed = cabinet.town.account(state="closed").account_no
    number = closed if which == "a closed account" else "0399999999999999"
    kiosk = without_hub(cabinet)
    word = pays_provisionally(cabinet, kiosk, number)
    kiosk.wrote("SlipPrinted")
    kiosk.press("finish")
    cabinet.line("pass")
    cabinet.settled(kiosk, suspense=5000)
    told = cabinet.town.client.get(f"/v1/references/{word}").json()
    assert (told["kind"], told["state"], told["amount_fen"]) == ("claim", "open", 5000)
    assert len(cabinet.slips()) == 1, "a slip fell into the next customer's hands"


def test_a_technician_asks_what_became_of_a_slip(
    cabinet: Cabinet, capsys: pytest.CaptureFixture[str]
) -> None:
    account = cabinet.town.account()
    kiosk = cabinet.kiosk()
    kiosk.to_slot(account.account_no, choose="prepay")
    cabinet.insert(50)
    kiosk.notice("received")
    kiosk.press("pay_now")
    kiosk.page("done")
    word = reference(kiosk.payment().payment_id)
    typed = word.replace("-", " ").lower()
    assert ask([typed, "--config", str(cabinet.folder / "kiosk.toml")]) == 0
    assert f"{word}: payment of 50.00 yuan, credited" in capsys.readouterr().out
    assert ask(["0000-0000-0000", "--config", str(cabinet.folder / "kiosk.toml")]) == 1
    assert "the hub has no slip 0000-0000-0000" in capsys.readouterr().err
    assert ask(["0000", "--config", str(cabinet.folder / "kiosk.toml")]) == 2
    assert "twelve" in capsys.readouterr().err
    cabinet.line("refuse")
    assert ask([word, "--config", str(cabinet.folder / "kiosk.toml")]) == 3
    assert "did not answer" in capsys.readouterr().err
    cabinet.line("pass")
    cabinet.settled(kiosk, credited=5000)


def test_a_call_that_hangs_holds_up_no_other_payment(cabinet: Cabinet) -> None:
    account = cabinet.town.account()
    quiet = {**OFFLINE, "hub": {"status_every_s": 3600.0, "deadline_s": 8.0, "checking_after_s": 1.0}}
    kiosk = cabinet.kiosk(**quiet)
    kiosk.to_means(account.account_no, choose="prepay")
    cabinet.line("refuse")
    kiosk.press("cash")
    kiosk.page("provisional")
    kiosk.press("accept")
    kiosk.page("cash")
    cabinet.insert(50)
    kiosk.notice("received")
    kiosk.press("pay_now")
    kiosk.page("checking")
    kiosk.press("finish")
    kiosk.page("attract")
    pays_provisionally(cabinet, kiosk, account.account_no)
    kiosk.press("finish")
    kiosk.before("CreditSending", lambda: _next_one_is_lost(cabinet))
    kiosk.wrote("CreditApproved")
    paid, held = sorted(kiosk.books(), key=lambda item: item.in_flight)
    assert isinstance(paid, Payment)
    assert paid.state is PaymentState.PAID
    assert held.in_flight
    cabinet.settled(kiosk, credited=10000)


def _next_one_is_lost(cabinet: Cabinet) -> None:
    cabinet.line("pass")
    cabinet.line("blackhole", next=1)
