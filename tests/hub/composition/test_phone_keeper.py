"""Orders that phones pay, against a real acquirer over TCP: every fault, and each fen credited or given back once."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.business.phone_rules import Said, Told, phone_order, refund_no
from hub.business.refusals import Refusal
from hub.composition.phone_keeper import ALARM_TRIES
from hub.data.engine import sync_engine
from hub.data.phones import PhoneOrders
from tests.hub.conftest import Books
from tests.hub.phones import TERMINAL, Story, Till, new_payer_code, until
from tools.hub_process import new_id

Tell = Callable[..., None]


on_both = pytest.mark.parametrize("books", ["sqlite", "postgresql"], indirect=True)
"""Where two may want the same row at once."""


@pytest.fixture
def books(request: pytest.FixtureRequest, new_books: Callable[[str], str]) -> Iterator[Books]:
    """Empty books of the test's own, on SQLite unless it says otherwise."""
    url = new_books(getattr(request, "param", "sqlite"))
    engine = sync_engine(url)
    yield Books(url, engine)
    engine.dispose()


@pytest.fixture
def tell(books: Any, far_end: Any, tmp_path: Path) -> Iterator[Tell]:
    """Let a story happen at a till; at the end the hub's books hold, and agree with the acquirer's."""

    def run(story: Story, *, works: bool = True, **settings: object) -> None:
        quick: dict[str, object] = {"poll_first_s": 0.1, "poll_most_s": 0.2, "again_most_s": 0.3}
        file = far_end.settings(tmp_path, **(quick | settings))

        async def whole() -> None:
            async with Till(books, far_end, file, works=works) as till:
                await story(till)
                till.far_end.do("pass")
                await until(lambda: _agree(till))

        asyncio.run(whole())

    yield run
    assert books.check().findings == ()


def _agree(till: Till) -> bool:
    """What lies at the acquirer by its own books is what the hub's books have there."""
    hub_fen = till.account(f"qr:{TERMINAL}")
    lies_there: int = sum(
        each["paid_fen"] - each["refunded_fen"]
        for each in till.far_end.do("books")["orders"]
        if any(each["order_no"] == order_id for order_id in _orders(till))
    )
    return hub_fen == lies_there


def _orders(till: Till) -> list[str]:
    return [row.id for row in till.rows("phone_orders")]


# Being paid --------------------------------------------------------------------------------------------------


@on_both
def test_a_tap_on_the_phone_is_credited(tell: Tell) -> None:
    async def story(t: Till) -> None:
        phone = await t.opened()
        assert (phone.status, phone.amount_fen, phone.title.en) == ("open", 5000, "Wallet")
        assert phone.code.startswith(t.far_end.url)
        assert phone.expires_at is not None
        t.far_end.do("tap_pay", order_no=phone.id)
        paid = await t.look(phone.id, 20)
        assert (paid.status, paid.code, paid.expires_at) == ("paid", "", None)
        assert paid.payment is not None
        assert (paid.payment.id, paid.payment.amount_fen) == (phone.id, 5000)
        assert paid.wallet_no.startswith("W")
        assert t.account(f"qr:{TERMINAL}") == 5000
        assert t.bookings(phone.id) == ["payment"]

    tell(story)


def test_a_payers_own_code_is_used_once_and_kept_nowhere(tell: Tell) -> None:
    async def story(t: Till) -> None:
        account, code = await t.account_no(), new_payer_code()
        order = await t.content(account, sealed=t.sealed(code))
        order_id = new_id()
        paid = await t.phones.order(TERMINAL, order_id, order)
        assert (paid.status, paid.code) == ("paid", "")
        assert await t.phones.order(TERMINAL, order_id, order) == paid
        assert t.far_end.order(order_id)["paid_fen"] == 5000
        assert code not in str([*t.rows("phone_orders"), *t.rows("payments")])
        assert 'sealed":null' in t.record(order_id).content
        again = await t.opened(sealed=t.sealed(code))
        assert (again.status, again.refusal) == ("refused", "bad_code")

    tell(story)


@pytest.mark.parametrize("why", ["bad_code", "funds", "limit", "declined"])
def test_a_payers_code_may_be_declined(tell: Tell, why: str) -> None:
    async def story(t: Till) -> None:
        t.far_end.do("decline", why=why)
        refused = await t.opened(sealed=t.sealed())
        assert (refused.status, refused.payment) == ("refused", None)
        assert refused.refusal == ("other" if why == "declined" else why)

    tell(story)


def test_a_code_that_is_no_payers_never_goes_out(tell: Tell) -> None:
    async def story(t: Till) -> None:
        before = t.far_end.do("status")["calls"]["pay"]
        refused = await t.opened(sealed=t.sealed("https://example.org"))
        assert (refused.status, refused.refusal) == ("refused", "bad_code")
        assert t.far_end.do("status")["calls"]["pay"] == before

    tell(story, works=False)


def test_a_payer_who_has_to_confirm_is_waited_for(tell: Tell) -> None:
    async def story(t: Till) -> None:
        t.far_end.do("ask_payer")
        waiting = await t.opened(sealed=t.sealed())
        assert (waiting.status, waiting.payment) == ("open", None)
        t.far_end.do("tap_pay", order_no=waiting.id, after_s=0.3)
        assert (await t.look(waiting.id, 20)).status == "paid"

    tell(story)


@pytest.mark.parametrize("fault", ["silent", "drop_answer", "garbage", "wrong_signature", "nonsense"])
def test_a_payers_code_without_an_answer_is_asked_about_and_never_sent_again(tell: Tell, fault: str) -> None:
    async def story(t: Till) -> None:
        before = t.far_end.do("status")["calls"]["pay"]
        t.far_end.do(fault, op="pay", next=1)
        phone = await t.opened(sealed=t.sealed())
        assert phone.status == "open"
        done = await t.look(phone.id, 20)
        t.far_end.do("pass")
        if fault == "silent":  # it was never done there
            assert (await t.until_state(phone.id, "closed")).given_up
        else:
            assert done.status == "paid"
        assert t.far_end.do("status")["calls"]["pay"] == before + 1

    tell(story, deadline_s=1.5)


def test_a_person_may_refuse_on_the_phone(tell: Tell) -> None:
    async def story(t: Till) -> None:
        phone = await t.opened()
        t.far_end.do("tap_cancel", order_no=phone.id)
        assert (await t.look(phone.id, 20)).status == "closed"

    tell(story)


# Opening -----------------------------------------------------------------------------------------------------


@on_both
def test_the_same_order_again_is_the_same_order(tell: Tell) -> None:
    async def story(t: Till) -> None:
        account = await t.account_no()
        order, order_id = await t.content(account), new_id()
        first, second = await asyncio.gather(
            t.phones.order(TERMINAL, order_id, order), t.phones.order(TERMINAL, order_id, order)
        )
        third = await t.phones.order(TERMINAL, order_id, order)
        assert first.code == second.code == third.code != ""
        with pytest.raises(Refusal) as refused:
            await t.phones.order(TERMINAL, order_id, await t.content(account, 6000))
        assert refused.value.code == "id_reused"
        with pytest.raises(Refusal, match="id_reused"):
            await t.phones.order("kiosk-2", order_id, order)
        with pytest.raises(Refusal, match="unknown_order"):
            await t.phones.look("kiosk-2", order_id)

    tell(story)


def test_an_order_needs_a_quote_of_its_own(tell: Tell) -> None:
    async def refused(t: Till, field: str, code: str, **changes: Any) -> None:
        with pytest.raises(Refusal) as found:
            await t.opened(**changes)
        assert (found.value.code, found.value.field) == (code, field)

    async def story(t: Till) -> None:
        mine, other = await t.account_no(), await t.account_no()
        await refused(t, "quote_id", "unknown_quote", account_no=mine, quote_id=new_id())
        await refused(t, "quote_id", "unknown_quote", account_no=mine, quote_id=(await t.quote(other)).id)
        cash = (await t.quote(mine, tender="cash")).id
        await refused(t, "quote_id", "unknown_quote", account_no=mine, quote_id=cash)
        await refused(t, "quote_id", "unknown_quote", account_no=mine, business="prepay")
        await refused(t, "amount_fen", "amount_differs", account_no=mine, amount_fen=8000 + 500_001)
        order = await t.content(mine)
        with pytest.raises(Refusal, match="unknown_quote"):
            await t.phones.order("kiosk-2", new_id(), order)
        t.ahead = 16 * 60
        with pytest.raises(Refusal, match="expired"):
            await t.phones.order(TERMINAL, new_id(), order)

    tell(story, works=False)


@pytest.mark.parametrize(
    "fault", ["drop_answer", "garbage", "wrong_signature", "nonsense", "refuse", "silent"]
)
def test_an_order_whose_first_answer_is_lost_is_found_by_the_second(tell: Tell, fault: str) -> None:
    async def story(t: Till) -> None:
        t.far_end.do(fault, op="create", next=1)
        phone = await t.opened()
        assert phone.status == "open"
        t.far_end.do("tap_pay", order_no=phone.id)
        assert (await t.look(phone.id, 20)).status == "paid"

    tell(story, deadline_s=2)


def test_an_order_that_cannot_be_opened_is_refused_closed_and_given_back(tell: Tell) -> None:
    async def story(t: Till) -> None:
        t.far_end.do("drop_answer", op="create", next=2)
        t.far_end.do("silent", op="close", next=1)
        phone = await t.opened()
        assert (phone.status, phone.refusal) == ("refused", "provider_away")
        t.far_end.do("tap_pay", order_no=phone.id)
        record = await t.until_state(phone.id, "refunded")
        assert (await t.look(phone.id)).status == "refused"
        assert (record.refund_no, t.bookings(phone.id)) == (refund_no(phone.id), ["kept_back", "gave_back"])
        assert t.far_end.order(phone.id)["refunds"] == 1

    tell(story, deadline_s=1)


def test_what_may_be_open_there_is_to_be_closed(tell: Tell) -> None:
    async def story(t: Till) -> None:
        t.far_end.do("garbage", op="create", next=2)
        assert (await t.opened()).status == "refused"
        [record] = [t.record(row.id) for row in t.rows("phone_orders")]
        assert (record.state, record.given_up, record.refusal) == ("closing", True, "provider_away")

    tell(story, works=False)


def test_an_acquirer_that_is_not_there_leaves_nothing_to_do(tell: Tell, far_end: Any) -> None:
    async def story(t: Till) -> None:
        for sealed in (None, t.sealed()):
            phone = await t.opened(sealed=sealed)
            assert (phone.status, phone.refusal) == ("refused", "provider_away")
            record = t.record(phone.id)
            assert (record.state, record.next_at) == ("refused", None)

    tell(story, url="http://127.0.0.1:9/nobody")


# Closing -----------------------------------------------------------------------------------------------------


def test_a_closed_order_cannot_be_paid(tell: Tell) -> None:
    async def story(t: Till) -> None:
        phone = await t.opened()
        assert (await t.closed(phone.id)).status == "closed"
        assert (await t.closed(phone.id)).status == "closed"
        assert t.far_end.order(phone.id)["state"] == "closed"
        assert t.record(phone.id).given_up

    tell(story)


def test_a_payment_in_the_moment_of_closing_is_credited(tell: Tell) -> None:
    async def story(t: Till) -> None:
        phone = await t.opened()
        t.far_end.do("pay_at_closing")
        paid = await t.closed(phone.id)
        assert paid.status == "paid"
        assert paid.payment is not None

    tell(story, works=False)


@pytest.mark.parametrize("fault", ["silent", "drop_answer", "garbage", "wrong_signature", "refuse"])
def test_a_closing_without_an_answer_is_the_hubs_and_what_is_paid_goes_back(tell: Tell, fault: str) -> None:
    async def story(t: Till) -> None:
        phone = await t.opened()
        t.far_end.do("pay_at_closing")
        t.far_end.do(fault, op="close", next=1)
        assert (await t.closed(phone.id)).status == "closed"
        await t.until_state(phone.id, "refunded")
        assert (await t.look(phone.id)).status == "closed"
        assert t.far_end.order(phone.id)["refunds"] == 1
        assert t.bookings(phone.id) == ["kept_back", "gave_back"]

    tell(story, deadline_s=1.5)


def test_with_late_money_credited_nothing_is_told_closed_before_the_acquirer_says_so(tell: Tell) -> None:
    async def story(t: Till) -> None:
        phone = await t.opened()
        t.far_end.do("refuse", op="close")
        assert (await t.closed(phone.id)).status == "open"
        t.far_end.do("pass")
        await t.until_state(phone.id, "closed")
        t.far_end.do("pay_late", order_no=phone.id)
        await t.keeper.noticed(phone.id)
        await t.until_state(phone.id, "paid")
        assert t.bookings(phone.id) == ["payment"]

    tell(story, late_payments="credit")


def test_late_money_for_a_meter_card_is_not_credited_whatever_the_policy(tell: Tell) -> None:
    async def story(t: Till) -> None:
        phone = await t.opened()
        await t.change('"business":"arrears"', '"business":"buy_power"')
        assert (await t.closed(phone.id)).status == "closed"
        assert t.record(phone.id).given_up

    tell(story, works=False, late_payments="credit")


@on_both
def test_a_payment_after_closing_goes_back(tell: Tell) -> None:
    async def story(t: Till) -> None:
        phone = await t.opened()
        assert (await t.closed(phone.id)).status == "closed"
        t.far_end.do("pay_late", order_no=phone.id)
        record = await t.until_state(phone.id, "refunded")  # nobody told the hub: it looks again
        assert (record.kept_back is None, record.gave_back is None) == (False, False)
        assert t.account("suspense") == 0
        assert (await t.look(phone.id)).status == "closed"

    tell(story)


@on_both
def test_a_closing_before_its_order_keeps_the_order_from_being_opened(tell: Tell) -> None:
    async def story(t: Till) -> None:
        order_id, before = new_id(), t.far_end.do("status")["calls"]
        closed = await t.closed(order_id)
        assert (closed.status, closed.amount_fen) == ("closed", 5000)
        assert await t.closed(order_id) == closed
        with pytest.raises(Refusal, match="id_reused"):
            await t.opened(5001, order_id=order_id)
        late = await t.opened(order_id=order_id, sealed=t.sealed())
        assert (late.status, late.amount_fen) == ("closed", 5000)
        assert t.far_end.do("status")["calls"] == before
        with pytest.raises(Refusal, match="unknown_order"):
            await t.phones.look("kiosk-2", order_id)

    tell(story)


@pytest.mark.parametrize("word", ["open", "missing"])
def test_what_was_said_of_an_order_before_it_changed_is_no_longer_so(tell: Tell, word: Told) -> None:
    async def story(t: Till) -> None:
        phone = await t.opened()
        before = t.record(phone.id)
        assert (await t.closed(phone.id)).status == "closed"
        await t.keeper.told(before, Said(word, code="https://old"))
        after = t.record(phone.id)
        assert (after.state, after.trouble) == ("closed", "the order has changed since")
        assert after.code == before.code

    tell(story, works=False)


def test_an_acquirer_that_dies_and_comes_back(tell: Tell) -> None:
    async def story(t: Till) -> None:
        open_, late = await t.opened(), await t.opened()
        t.far_end.do("pay_at_closing")
        t.far_end.do("drop_answer", op="close", next=1)
        assert (await t.closed(late.id)).status == "closed"
        t.far_end.kill()
        assert (await t.closed(open_.id)).status == "closed"
        assert (await t.opened()).status == "refused"
        t.far_end.start()
        await t.until_state(open_.id, "closed")
        await t.until_state(late.id, "refunded")
        assert t.far_end.order(late.id)["refunds"] == 1

    tell(story, deadline_s=1.5)


def test_an_order_that_nobody_closes_is_closed_after_its_time(tell: Tell) -> None:
    async def story(t: Till) -> None:
        phone = await t.opened()
        t.far_end.do("pay_at_closing")
        t.ahead = 600
        await t.until_state(phone.id, "paid")
        other = await t.opened()
        t.ahead = 1200
        await t.until_state(other.id, "closed")

    tell(story)


def test_an_order_that_the_acquirer_loses_is_closed(tell: Tell) -> None:
    async def story(t: Till) -> None:
        phone = await t.opened()
        t.far_end.do("lose_order", order_no=phone.id)
        assert (await t.look(phone.id, 20)).status in {"open", "closed"}
        await t.until_state(phone.id, "closed")

    tell(story)


# Going back --------------------------------------------------------------------------------------------------


def test_what_is_credited_stays(tell: Tell) -> None:
    async def story(t: Till) -> None:
        phone = await t.opened()
        t.far_end.do("tap_pay", order_no=phone.id)
        assert (await t.look(phone.id, 20)).status == "paid"
        with pytest.raises(Refusal, match="not_reversible"):
            await t.reverse(phone.id)
        assert (await t.closed(phone.id)).status == "paid"
        await t.keeper.noticed(phone.id)
        await until(lambda: t.record(phone.id).next_at is None)
        assert t.bookings(phone.id) == ["payment"]

    tell(story)


@on_both
@pytest.mark.parametrize("stands", ["reversal", "claim"])
def test_money_for_a_payment_that_is_refused_for_good_goes_back(tell: Tell, stands: str) -> None:
    async def story(t: Till) -> None:
        phone = await t.opened()
        await (t.reverse(phone.id) if stands == "reversal" else t.claim(phone.id))
        t.far_end.do("tap_pay", order_no=phone.id)
        await t.until_state(phone.id, "refunded")
        assert (await t.look(phone.id)).status == "closed"
        with pytest.raises(Refusal):
            await t.opened(order_id=await _tombstone(t))

    async def _tombstone(t: Till) -> str:
        payment_id = new_id()
        await t.reverse(payment_id)
        return payment_id

    tell(story)


def test_money_for_a_business_that_is_refused_goes_back(tell: Tell) -> None:
    async def story(t: Till) -> None:
        phone = await t.opened()
        account = phone_order(t.record(phone.id)).account_no
        await t.change(account, "0399000000000000")  # it is gone before the money comes
        t.far_end.do("tap_pay", order_no=phone.id)
        await t.until_state(phone.id, "refunded")

    tell(story)


@pytest.mark.parametrize(
    "fault", ["silent", "drop_answer", "garbage", "wrong_signature", "refuse", "nonsense"]
)
def test_a_refund_without_an_answer_is_asked_for_again_and_made_once(tell: Tell, fault: str) -> None:
    async def story(t: Till) -> None:
        t.far_end.do(fault, op="refund", next=1)
        order_id = await t.paid_late()
        await t.until_state(order_id, "refunded")
        assert t.far_end.order(order_id)["refunds"] == 1

    tell(story, deadline_s=1.5)


def test_a_refund_that_does_not_go_through_is_told(tell: Tell, caplog: pytest.LogCaptureFixture) -> None:
    async def story(t: Till) -> None:
        t.far_end.do("refuse", op="refund")
        order_id = await t.paid_late()
        await t.until_state(order_id, "refund_due")
        await until(lambda: t.record(order_id).tries > ALARM_TRIES)
        assert t.record(order_id).trouble == "the provider says 'busy'"
        assert f"order {order_id}: 5000 fen do not go back" in caplog.text
        assert t.account("suspense") == -5000
        t.far_end.do("pass")
        await t.until_state(order_id, "refunded")
        assert t.account("suspense") == 0

    tell(story)


@on_both
def test_two_processes_credit_and_give_back_once(tell: Tell, tmp_path: Path) -> None:
    async def story(t: Till) -> None:
        file = t.far_end.settings(tmp_path, poll_first_s=0.1, poll_most_s=0.2, again_most_s=0.3)
        async with Till(t.books, t.far_end, file) as other:
            phones = [await till.opened() for till in (t, other, t, other)]
            for phone in phones:
                t.far_end.do("tap_pay", order_no=phone.id)
            late = [await till.paid_late() for till in (t, other)]
            ids = [*(phone.id for phone in phones), *late]
            # Both learn of each payment, and make each refund, at the same time.
            for _ in range(2):
                records = [t.record(order_id) for order_id in ids]
                await asyncio.gather(*(till.keeper.attend(each) for each in records for till in (t, other)))
            assert {t.record(phone.id).state for phone in phones} == {"paid"}
            for phone in phones:
                assert t.bookings(phone.id) == ["payment"]
            for order_id in late:
                await t.until_state(order_id, "refunded")
                assert t.bookings(order_id) == ["kept_back", "gave_back"]
                assert t.far_end.order(order_id)["refunds"] == 1

    tell(story)


@on_both
def test_an_order_is_taken_by_one_process_at_a_time(tell: Tell) -> None:
    async def story(t: Till) -> None:
        phone = await t.opened()
        now = t.clock() + timedelta(seconds=5)
        taken = []
        for _ in range(2):
            async with t.database.write() as connection:
                taken.append(await PhoneOrders(connection).lease(phone.id, now, now + timedelta(seconds=60)))
        assert taken == [True, False]

    tell(story, works=False)


# Looking -----------------------------------------------------------------------------------------------------


def test_a_look_waits_no_longer_than_it_may_and_ends_with_the_payment(tell: Tell) -> None:
    async def story(t: Till) -> None:
        loop = asyncio.get_running_loop()
        phone = await t.opened()
        began = loop.time()
        assert (await t.look(phone.id, 0.4)).status == "open"
        assert 0.35 < loop.time() - began < 15
        waiting = asyncio.create_task(t.look(phone.id, 60))
        await asyncio.sleep(0)
        t.far_end.do("tap_pay", order_no=phone.id)
        async with asyncio.timeout(20):
            assert (await waiting).status == "paid"
        t.keeper.stop()
        other = await t.opened()
        async with asyncio.timeout(20):
            assert (await t.look(other.id, 60)).status == "open", "the process is about to end"

    tell(story)
