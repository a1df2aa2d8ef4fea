"""Sales by bank card at a real bank: what is booked, what goes back, and that the two books agree after every fault."""

import asyncio
import dataclasses
import itertools
import random
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import update

from hub.business import bank_rules
from hub.business.forms import ClaimOrder
from hub.business.refusals import Refusal
from hub.composition import switch
from hub.data.schema import accounts
from hub.data.schema_bank_terminals import bank_terminals
from simulators.bank_host import LaunchedBank, launched_bank
from tests.hub.bankcards import CARDS, NO_PIN, PLAIN, POOR
from tests.hub.composition.hall import AMOUNT, Hall, hall, registered
from tools.hub_process import new_id

TIDS = map(str, itertools.count(20_000_001))
SHORT: dict[str, Any] = {"answer_s": 0.5, "reversal_first_s": 0.1, "reversal_most_s": 0.5}
"""For tests in which the bank says nothing."""
Play = Callable[[Hall, str], Awaitable[None]]


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchedBank]:
    with launched_bank(tmp_path_factory.mktemp("bank")) as far_end:
        yield far_end


@pytest.fixture
def play(bank: LaunchedBank, books: Any, tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Play a scene at this bank with a terminal and an account of its own; what is wrong afterwards fails it."""
    tid = next(TIDS)
    registered(books, ("bank_a", "kiosk-1", tid))
    bank.do("pass")
    for card in (PLAIN, POOR, NO_PIN):
        bank.do("set_balance", pan=card.pan, fen=card.balance_fen)
    account = books.account((30_000,))

    def run(scene: Play, **settings: Any) -> None:
        async def whole() -> None:
            async with hall(books, tmp_path, {"bank_a": bank}, **settings) as at:
                await scene(at, account.account_no)

        asyncio.run(whole())

    yield run
    bank.do("pass")
    report = books.check()
    assert report.findings == ()
    told = bank.do("books", tid=tid)["books"].get(tid, {"taken_fen": 0})
    assert told["taken_fen"] == report.credited_fen


def test_a_sale_is_approved_and_booked(play: Any) -> None:
    async def scene(at: Hall, account: str) -> None:
        sold = await at.sell(account)
        assert sold["status"] == "approved"
        assert sold["payment"]["amount_fen"] == AMOUNT
        assert sold["payment"]["account_no"] == account
        assert "decline" not in sold
        told = sold["bank"]
        assert told["card"] == "621214*********0012"
        assert told["title"] == {"zh": "江城银行", "en": "River City Bank"}
        assert (len(told["rrn"]), len(told["auth_code"]), len(told["trace"])) == (12, 6, 6)
        assert await at.get(sold["id"]) == sold
        assert (await at.row(sold["id"])).card_mark != ""

    play(scene)


def test_a_batch_that_the_bank_has_closed_takes_no_more_sales(play: Any) -> None:
    """A sale in it could neither be settled nor go back."""

    async def scene(at: Hall, account: str) -> None:
        first = await at.row((await at.sell(account))["id"])
        assert (await at.side.settlements.settle(at.acquirers[0], "kiosk-1")).ending == "settled"
        order, payment_id = await at.order(account), new_id()
        again = update(bank_terminals).where(bank_terminals.c.tid == first.tid).values(batch=first.batch)
        async with at.database.write() as connection:
            await connection.execute(again)  # as a bank would give it that counts no batches
        assert (await at.refused(at.put(payment_id, order))).code == "bank_away"
        assert await at.row(payment_id) is None

    play(scene)


def test_a_repeat_tells_how_the_sale_stands_and_takes_nothing(play: Any) -> None:
    async def scene(at: Hall, account: str) -> None:
        order, payment_id = await at.order(account), new_id()
        first, second = await asyncio.gather(
            *(at.switch.sell("kiosk-1", payment_id, order) for _ in range(2))
        )
        assert first.body == second.body
        assert sorted([first.new, second.new]) == [False, True]
        third = await at.switch.sell("kiosk-1", payment_id, order)
        assert (third.body, third.new) == (first.body, False)
        sealed_anew = await at.sealed({"pan": PLAIN.pan}, "kiosk-1")
        assert (await at.put(payment_id, replace(order, sealed=sealed_anew)))["status"] == "approved"
        other = await at.refused(at.put(payment_id, replace(order, amount_fen=AMOUNT + 1)))
        assert (other.code, other.field) == ("id_reused", "amount_fen")
        assert (await at.refused(at.put(payment_id, order, "kiosk-2"))).code == "id_reused"
        assert (await at.refused(at.get(payment_id, "kiosk-2"))).code == "unknown_sale"

    play(scene)


@pytest.mark.parametrize(
    ("code", "family"),
    [
        ("51", "funds"),
        ("61", "limit"),
        ("54", "expired"),
        ("75", "pin_tries"),
        ("43", "capture"),
        ("90", "day_end"),
    ],
)
def test_a_refusal_is_final_and_takes_nothing(play: Any, code: str, family: str) -> None:
    async def scene(at: Hall, account: str) -> None:
        at.banks["bank_a"].do("decline", code=code)
        sold = await at.sell(account)
        assert (sold["status"], sold["decline"]) == ("declined", {"family": family, "code": code})
        assert (await at.row(sold["id"])).pan_kept == ""
        assert (await at.sell(account))["status"] == "approved"

    play(scene)


def test_an_approval_with_a_remark_goes_back(play: Any, bank: LaunchedBank, monkeypatch: Any) -> None:
    """The bank takes the money and says so in a code of its own."""

    async def scene(at: Hall, account: str) -> None:
        judged = bank_rules.judge_sale

        def remarked(sale: Any, answer: Any, *, mac_good: bool) -> Any:
            assert answer.get(39) == "00"
            fields = {**answer.fields, 39: "11"}
            return judged(sale, dataclasses.replace(answer, fields=fields), mac_good=mac_good)

        monkeypatch.setattr(switch, "judge_sale", remarked)
        sold = await at.sell(account)
        assert sold["status"] in {"reversing", "reversed"}
        assert sold["decline"] == {"family": "other", "code": "11"}
        await at.until(sold["id"], "reversed")
        assert (await at.row(sold["id"])).pan_kept == ""

    play(scene)


def test_the_banks_own_reasons(play: Any) -> None:
    async def scene(at: Hall, account: str) -> None:
        assert (await at.sell(account, card=POOR))["decline"]["family"] == "funds"
        assert (await at.sell(account, card=CARDS["expired"]))["decline"]["family"] == "expired"
        assert (await at.sell(account, pin="000000"))["decline"]["family"] == "pin"
        assert (await at.sell(account, card=NO_PIN))["status"] == "approved"

    play(scene)


@pytest.mark.parametrize(
    ("fault", "arguments", "reason", "settings"),
    [
        ("drop_answer", {}, "98", SHORT),
        ("silence", {"kind": "sale", "next": 1}, "98", SHORT),
        ("hang_up", {"when": "before"}, "98", {}),
        ("hang_up", {"when": "after"}, "98", {}),
        ("break_mac", {}, "A0", {}),
        ("wrong_amount", {}, "06", {}),
        ("garbage", {"form": "message"}, "98", SHORT),
        ("garbage", {"form": "frame"}, "98", {}),
        ("other_stan", {}, "98", SHORT),
        ("decline", {"code": "98"}, "98", {}),
        ("decline", {"code": "77"}, "A0", {}),
        ("decline", {"code": "A0"}, "A0", {}),
    ],
)
def test_what_proves_nothing_goes_back(
    play: Any, fault: str, arguments: dict[str, Any], reason: str, settings: dict[str, Any]
) -> None:
    async def scene(at: Hall, account: str) -> None:
        order = await at.order(account)
        at.banks["bank_a"].do(fault, **arguments)
        sold = await at.put(new_id(), order)
        assert sold["status"] in {"reversing", "reversed"}
        assert "payment" not in sold
        await at.until(sold["id"], "reversed")
        assert (await at.row(sold["id"])).reason == reason
        assert (await at.sell(account))["status"] == "approved"

    play(scene, **settings)


def test_a_terminal_signs_on_again_when_the_bank_asks_for_it(play: Any) -> None:
    async def scene(at: Hall, account: str) -> None:
        first = await at.route()
        at.banks["bank_a"].do("ask_sign_on", kind="sale")
        assert (await at.sell(account))["status"] == "approved"
        second = await at.route()
        assert second["pin_key"] != first["pin_key"]
        assert (await at.sell(account))["status"] == "approved"

    play(scene)


def test_a_bank_that_is_away_was_sent_nothing(play: Any) -> None:
    async def scene(at: Hall, account: str) -> None:
        order = await at.order(account)
        at.banks["bank_a"].do("refuse")
        sold = await at.put(new_id(), order)
        assert (sold["status"], sold["decline"]) == ("declined", {"family": "bank_away", "code": ""})
        assert (await at.row(sold["id"])).attempts == 0

    play(scene)


def test_an_answer_that_comes_late_is_kept_masked(play: Any) -> None:
    async def scene(at: Hall, account: str) -> None:
        order = await at.order(account)
        at.banks["bank_a"].do("late")
        sold = await at.put(new_id(), order)
        assert sold["status"] in {"reversing", "reversed"}
        await at.until(sold["id"], "reversed")
        at.banks["bank_a"].do("release")
        text = await at.evident("late", sold["id"])
        assert '"39":"00"' in text
        assert PLAIN.pan not in text

    play(scene, **SHORT)


def test_the_second_of_two_answers_is_evidence(play: Any) -> None:
    async def scene(at: Hall, account: str) -> None:
        at.banks["bank_a"].do("twice")
        sold = await at.sell(account)
        assert sold["status"] == "approved"
        await at.evident("late", sold["id"])
        assert (await at.get(sold["id"]))["status"] == "approved"

    play(scene)


# What may not be begun ----------------------------------------------------------------------------------------


def test_what_is_refused_before_anything_is_sent(play: Any) -> None:
    async def scene(at: Hall, account: str) -> None:
        order = await at.order(account)
        cash = await at.quote(account, tender="cash")
        strange = await at.quote(account, terminal="kiosk-2")
        for changes, code, field in (
            ({"quote_id": new_id()}, "unknown_quote", "quote_id"),
            ({"quote_id": cash}, "unknown_quote", "quote_id"),
            ({"quote_id": strange}, "unknown_quote", "quote_id"),
            ({"account_no": "1"}, "unknown_quote", "quote_id"),
            ({"business": "prepay"}, "unknown_quote", "quote_id"),
            ({"amount_fen": 10_000_000}, "amount_off_limits", "amount_fen"),
            ({"route_id": new_id()}, "unknown_route", "route_id"),
            ({"sealed": order.sealed[:-4] + "AAAA"}, "bad_seal", "sealed"),
            ({"sealed": await at.sealed({"pan": "12"}, "kiosk-1")}, "bad_request", "sealed"),
            (
                {"sealed": await at.sealed({"pan": "622848" + PLAIN.pan[6:]}, "kiosk-1")},
                "unknown_route",
                "route_id",
            ),
            ({"sealed": await at.sealed({"pan": PLAIN.pan[:-1]}, "kiosk-1")}, "unknown_route", "route_id"),
        ):
            refusal = await at.refused(at.put(new_id(), replace(order, **changes)))
            assert (refusal.code, refusal.field) == (code, field)
        assert (await at.refused(at.get(new_id()))).code == "unknown_sale"
        assert at.banks["bank_a"].do("transactions", tid=(await at.route())["terminal_no"]) == {
            "transactions": []
        }

    play(scene)


def test_a_card_of_no_bank_and_a_kiosk_without_a_terminal_there(play: Any) -> None:
    async def scene(at: Hall, _account: str) -> None:
        strange = await at.refused(at.route(dataclasses.replace(PLAIN, pan="4" + PLAIN.pan[1:])))
        assert (strange.code, strange.field) == ("card_not_served", "prefix")
        assert (await at.refused(at.route(terminal="kiosk-2"))).code == "card_not_served"

    play(scene)


def test_a_route_whose_pin_key_was_changed_since_is_worth_nothing(play: Any) -> None:
    async def scene(at: Hall, account: str) -> None:
        order = await at.order(account)
        at.banks["bank_a"].do("ask_sign_on", kind="sale")
        assert (await at.sell(account))["status"] == "approved"
        await at.route()
        assert (await at.refused(at.put(new_id(), order))).code == "unknown_route"

    play(scene)


def test_a_closed_account_is_refused(play: Any, books: Any) -> None:
    async def scene(at: Hall, account: str) -> None:
        order = await at.order(account)
        with books.engine.begin() as connection:
            connection.execute(accounts.update().values(state="closed"))
        assert (await at.refused(at.put(new_id(), order))).code == "account_closed"

    play(scene)


def test_no_sale_while_one_goes_back_at_the_same_bank(play: Any) -> None:
    async def scene(at: Hall, account: str) -> None:
        order, again = await at.order(account), await at.order(account)
        do = at.banks["bank_a"].do
        do("drop_answer")
        do("silence", kind="reversal", next=3)
        sold = await at.put(new_id(), order)
        assert sold["status"] == "reversing"
        assert (await at.refused(at.put(new_id(), again))).code == "reversal_due"
        assert (await at.refused(at.route())).code == "reversal_due"
        await at.until(sold["id"], "reversed")
        assert (await at.row(sold["id"])).attempts == 4
        assert (await at.put(new_id(), again))["status"] == "approved"

    play(scene, **SHORT)


# What stands against a payment --------------------------------------------------------------------------------


def test_a_payment_that_was_reversed_before_it_came_takes_nothing(play: Any) -> None:
    async def scene(at: Hall, account: str) -> None:
        order, payment_id = await at.order(account), new_id()
        assert (await at.reverse(payment_id))["outcome"] == "tombstone"
        assert (await at.refused(at.put(payment_id, order))).code == "reversed"

    play(scene)


def test_a_reversal_while_the_bank_thinks_sends_the_sale_back(play: Any) -> None:
    async def scene(at: Hall, account: str) -> None:
        order, payment_id = await at.order(account), new_id()
        at.banks["bank_a"].do("late", s=1)
        sale = asyncio.create_task(at.put(payment_id, order))
        await at.begun(payment_id)
        assert (await at.get(payment_id))["status"] == "pending"
        assert (await at.reverse(payment_id))["outcome"] == "tombstone"
        assert (await at.row(payment_id)).next_at is not None
        assert (await sale)["status"] in {"reversing", "reversed"}
        sold = await at.until(payment_id, "reversed")
        assert "payment" not in sold

    play(scene)


def test_a_refusal_by_the_bank_ends_a_sale_that_was_wanted_back(play: Any) -> None:
    async def scene(at: Hall, account: str) -> None:
        order, payment_id = await at.order(account), new_id()
        at.banks["bank_a"].do("hold", s=1)
        sale = asyncio.create_task(at.put(payment_id, order))
        await at.begun(payment_id)
        await at.reverse(payment_id)
        assert (await sale)["status"] in {"reversing", "reversed", "declined"}
        await at.until(payment_id, "reversed")

    play(scene)


def test_a_booked_payment_goes_back_with_its_sale(play: Any) -> None:
    async def scene(at: Hall, account: str) -> None:
        sold = await at.sell(account)
        assert (await at.reverse(sold["id"]))["outcome"] == "reversed"
        again = await at.until(sold["id"], "reversed")
        assert "payment" not in again
        assert (await at.checked()).credited_fen == 0
        assert (await at.row(sold["id"])).pan_kept == ""
        assert (await at.reverse(sold["id"]))["outcome"] == "already_reversed"

    play(scene)


def test_a_claim_while_the_bank_thinks_sends_the_sale_back(play: Any) -> None:
    async def scene(at: Hall, account: str) -> None:
        order, payment_id = await at.order(account), new_id()
        at.banks["bank_a"].do("late", s=1)
        sale = asyncio.create_task(at.put(payment_id, order))
        await at.begun(payment_id)
        claim = ClaimOrder(
            reference="CCCC",
            payment_id=payment_id,
            account_no=account,
            amount_fen=0,
            memo_fen=AMOUNT,
            reason="unanswered",
            notes=(),
            made_at=at.now(),
        )
        await at.desk.claim("kiosk-1", new_id(), claim)
        assert (await sale)["status"] in {"reversing", "reversed"}
        await at.until(payment_id, "reversed")
        assert (await at.row(payment_id)).reason == "06"

    play(scene)


def test_a_payment_that_cannot_be_booked_goes_back(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(at: Hall, account: str) -> None:
        async def refuses(*_order: Any) -> Any:
            raise Refusal("account_closed", "closed meanwhile")

        monkeypatch.setattr(at.switch._booking, "book", refuses)
        sold = await at.sell(account)
        await at.until(sold["id"], "reversed")
        assert (await at.row(sold["id"])).reason == "96"

    play(scene)


# All at once --------------------------------------------------------------------------------------------------


def test_many_kiosks_and_every_fault_at_once(bank: LaunchedBank, books: Any, tmp_path: Path) -> None:
    """Sales, repeats, reversals and faults in one heap; at the end both books agree on every terminal."""
    rules, kiosks = random.Random(5), [(f"storm-{n}", next(TIDS)) for n in range(8)]
    registered(books, *(("bank_a", kiosk, tid) for kiosk, tid in kiosks))
    accounts = [books.account((30_000,)).account_no for _ in range(3)]
    bank.do("pass")
    bank.do("set_balance", pan=PLAIN.pan, fen=PLAIN.balance_fen)

    async def customer(at: Hall, kiosk: str) -> list[str]:
        made = []
        for _ in range(4):
            order, payment_id = await at.order(rules.choice(accounts), terminal=kiosk), new_id()
            acts = [at.switch.sell(kiosk, payment_id, order) for _ in range(rules.choice((1, 2)))]
            if rules.random() < 0.4:
                acts.append(_later(rules.random() / 5, lambda: at.reverse(payment_id, kiosk)))  # noqa: B023
            ended = await asyncio.gather(*acts, return_exceptions=True)
            assert all(not isinstance(each, Exception) or isinstance(each, Refusal) for each in ended), ended
            if await at.row(payment_id) is not None:
                made.append(payment_id)
                async with asyncio.timeout(60):
                    while (await at.row(payment_id)).state in {"sending", "reversing"}:
                        await asyncio.sleep(0.05)
        return made

    async def run() -> None:
        async with hall(books, tmp_path, {"bank_a": bank}, **SHORT | {"answer_s": 2.0}) as at:
            for fault in ("drop_answer", "break_mac", "wrong_amount", "hang_up", "twice", "other_stan"):
                bank.do(fault, next=2)
            bank.do("drop_answer", kind="reversal", next=3)
            bank.do("decline", code="96", kind="reversal", next=3)
            await asyncio.gather(*(customer(at, kiosk) for kiosk, _ in kiosks))

    asyncio.run(run())
    report = books.check()
    assert report.findings == ()
    told = bank.do("books")["books"]
    assert sum(told.get(tid, {"taken_fen": 0})["taken_fen"] for _, tid in kiosks) == report.credited_fen


async def _later(seconds: float, call: Callable[[], Awaitable[Any]]) -> Any:
    await asyncio.sleep(seconds)
    return await call()
