"""A recharge card is spent once, whoever asks how often and at the same moment; wrong numbers slow a terminal down."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert, select, update

from drivers.security.sealed import seal
from hub.business import forms
from hub.business.day import Day
from hub.business.numbers import recharge_number
from hub.business.recharge_rules import RechargeLimits
from hub.business.refusals import Refusal
from hub.business.tender_forms import RedemptionOrder
from hub.composition.booking import Booking
from hub.composition.card_counter import NoCards
from hub.composition.card_secrets import VaultSecrets
from hub.composition.desk import Desk
from hub.composition.recharge_desk import RechargeDesk
from hub.composition.replies import Reply
from hub.composition.vault import Vault
from hub.data.database import Database
from hub.data.fields import recharge_mark
from hub.data.keys_bench import BenchStore
from hub.data.recharge import RechargeStore
from hub.data.recharge_stock import row_of
from hub.data.schema_recharge import recharge_cards, redemptions
from hub.data.store import Store
from hub.serve import billing_of_own_books
from tools.hub_process import new_id

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
KEYS = BenchStore(None, {}, bench=True)
LIMITS = RechargeLimits(tries=4, window=timedelta(hours=1))
NUMBER = recharge_number("12345678901234567")
WRONG = recharge_number("12345678901234568")


class Till:
    """Two hub processes over the same books, at a moment that the test sets, and the orders of one customer."""

    def __init__(self, books: Any) -> None:
        self.books, self.now, self._serials = books, NOW, count(1)
        self.account = books.account((12374,), 500)
        self.card(NUMBER, 10_000)

    def card(self, number: str, value_fen: int, state: str = "active", days: int = 1) -> None:
        with self.books.engine.begin() as connection:
            serial = f"{next(self._serials):012d}"
            last_day = NOW.date() + timedelta(days=days)
            row = row_of(serial, recharge_mark(KEYS, number), value_fen, last_day, NOW, state)
            connection.execute(insert(recharge_cards), row)

    def talk(self, act: Callable[[Any, Any, Any], Awaitable[Any]]) -> Any:
        """Let `act` talk to both recharge desks and to a kiosks' desk, in one event loop."""

        async def whole() -> Any:
            databases = [Database(self.books.url) for _ in range(2)]
            vault, billing = Vault(KEYS), billing_of_own_books()
            try:
                one, two = (self._desk(each, vault, billing) for each in databases)
                desk = Desk(databases[0], Store, billing, lambda: self.now, Day(), "1")
                return await act(one, two, desk)
            finally:
                vault.close()
                for each in databases:
                    await each.close()

        return asyncio.run(whole())

    def _desk(self, database: Database, vault: Vault, billing: Any) -> Any:
        booking: Any = Booking(Store, billing, Day(), NoCards())
        secrets = VaultSecrets(vault)
        return RechargeDesk(
            database,
            Store,
            RechargeStore,
            billing,
            booking,
            lambda: self.now,
            Day(),
            secrets,
            LIMITS,
        )

    async def quote(self, desk: Any, terminal: str = "T", **changes: Any) -> str:
        quote_id = new_id()
        content: dict[str, Any] = {
            "account_no": self.account.account_no,
            "business": "arrears",
            "months": (),
            "tender": "recharge_card",
        }
        await desk.quote(terminal, quote_id, forms.QuoteOrder(**(content | changes)))
        return quote_id

    def order(self, quote_id: str, number: str = NUMBER, terminal: str = "T", **changes: Any) -> Any:
        public = KEYS.seal_public()
        jwk = {"kty": "EC", "crv": "P-256", "x": public.x, "y": public.y}
        content: dict[str, Any] = {
            "account_no": self.account.account_no,
            "quote_id": quote_id,
            "business": "arrears",
            "months": (),
            "kiosk_no": 1,
            "business_date": date(2026, 11, 23),
            "made_at": NOW,
            "reference": "AAAA-BBBB-CCCC",
            "sealed": seal(jwk, public.kid, terminal, "recharge_card", number),
        }
        return RedemptionOrder(**(content | changes))

    def redeem(self, number: str = NUMBER, key: str = "", terminal: str = "T") -> Any:
        """One redemption after a quote of its own: the answer, or the refusal of the order."""

        async def act(one: Any, _two: Any, desk: Any) -> Any:
            order = self.order(await self.quote(desk, terminal), number, terminal)
            return await came_to(one.redeem(terminal, key or new_id(), order))

        return self.talk(act)

    def states(self) -> list[tuple[str, str | None]]:
        with self.books.engine.connect() as connection:
            query = select(recharge_cards.c.state, recharge_cards.c.spent_by)
            return [tuple(row) for row in connection.execute(query)]


async def came_to(order: Awaitable[Any]) -> Any:
    """The answer's content, or (code, field, seconds) of a refusal."""
    try:
        return msgspec.json.decode((await order).body)
    except Refusal as refusal:
        return refusal.code, refusal.field, refusal.retry_after_s


@pytest.fixture
def till(books: Any) -> Iterator[Till]:
    yield Till(books)
    assert books.check().findings == ()


def test_a_card_pays_a_bill_and_its_rest_becomes_balance(till: Till) -> None:
    key = new_id()
    answer = till.redeem(f" {NUMBER[:6]}-{NUMBER[6:12]} {NUMBER[12:]}", key)
    assert (answer["status"], answer["value_fen"], answer["payment"]["amount_fen"]) == (
        "redeemed",
        10_000,
        10_000,
    )
    assert till.states() == [("spent", key)]
    report = till.books.check()
    assert (report.payments, report.credited_fen) == (1, 10_000)
    with till.books.engine.connect() as connection:
        leg = connection.exec_driver_sql("SELECT amount_fen FROM legs WHERE account = 'recharge_card:T'")
        assert leg.scalar_one() == 10_000
        everything = [str(tuple(row)) for row in connection.execute(select(redemptions))]
    assert NUMBER not in "".join(everything)
    assert '"sealed":""' in everything[0]


def test_the_same_order_gives_the_stored_answer_and_another_is_refused_by_name(till: Till) -> None:
    key = new_id()

    async def act(one: Any, two: Any, desk: Any) -> Any:
        quote = await till.quote(desk)
        first = await one.redeem("T", key, till.order(quote))
        again = await two.redeem("T", key, till.order(quote))  # sealed anew
        assert (first.new, again.new, again.body) == (True, False, first.body)
        assert await one.redemption("T", key) == first.body
        other = till.order(quote, reference="OTHER")
        assert (await came_to(one.redeem("T", key, other)))[:2] == ("id_reused", "reference")
        assert (await came_to(one.redeem("T", key, till.order(quote, WRONG))))[:2] == ("id_reused", "sealed")
        elsewhere = till.order(quote, NUMBER, "U")
        assert (await came_to(one.redeem("U", key, elsewhere)))[:2] == ("id_reused", "id")
        assert (await came_to(read(one, "U", key)))[0] == "unknown_payment"

    till.talk(act)


async def read(desk: Any, terminal: str, key: str) -> Any:
    """A look at a redemption, as a reply."""
    return Reply(await desk.redemption(terminal, key), new=False)


@pytest.mark.parametrize(
    ("state", "value", "days", "refusal"),
    [
        ("made", 10_000, 1, "unknown"),
        ("blocked", 10_000, 1, "unknown"),
        ("active", 10_000, -1, "expired"),
        ("active", 900_000, 1, "off_limits"),
    ],
)
def test_a_card_that_cannot_be_spent_is_refused_for_good(
    till: Till, state: str, value: int, days: int, refusal: str
) -> None:
    till.card(WRONG, value, state, days)
    key = new_id()

    async def act(one: Any, _two: Any, desk: Any) -> Any:
        order = till.order(await till.quote(desk), WRONG)
        first = await one.redeem("T", key, order)
        with till.books.engine.begin() as connection:  # even when it would be good by now
            connection.execute(
                update(recharge_cards)
                .where(recharge_cards.c.spent_by.is_(None))
                .values(state="active", value_fen=10_000, expires_on=date(2099, 1, 1))
            )
        again = await one.redeem("T", key, order)
        assert (again.new, again.body) == (False, first.body)
        return msgspec.json.decode(first.body)

    answer = till.talk(act)
    assert (answer["status"], answer["refusal"]) == ("refused", refusal)
    assert answer["tries_left"] == (LIMITS.tries - 1 if refusal == "unknown" else LIMITS.tries)
    assert [state for state, _ in till.states()] == ["active", "active"]


def test_a_number_that_paid_elsewhere_is_used_and_nothing_more_is_told(till: Till) -> None:
    till.redeem()
    answer = till.redeem(terminal="U")
    assert answer.keys() == {"id", "status", "refusal", "tries_left"}
    assert answer["refusal"] == "used"


@pytest.mark.parametrize("terminals", [("T", "U"), ("T", "T")])
def test_of_redemptions_at_once_one_gets_the_card(till: Till, terminals: tuple[str, str]) -> None:
    """For two accounts: nothing but the card itself is the same."""
    accounts = [till.account.account_no, till.books.account((), 0).account_no]

    async def act(one: Any, two: Any, desk: Any) -> Any:
        orders = [
            till.order(await till.quote(desk, each, account_no=account), NUMBER, each, account_no=account)
            for each, account in zip(terminals, accounts, strict=True)
        ]
        asked = (
            came_to(hub.redeem(terminal, new_id(), order))
            for hub, terminal, order in zip((one, two) * 3, terminals * 3, orders * 3, strict=True)
        )
        return await asyncio.gather(*asked)

    answers = till.talk(act)
    assert sorted(answer["status"] for answer in answers) == ["redeemed", *["refused"] * 5]
    assert {answer.get("refusal", "") for answer in answers} == {"", "used"}
    assert till.books.check().payments == 1


def test_one_order_that_comes_several_times_at_once_is_one_redemption(till: Till) -> None:
    for number in (NUMBER, WRONG):

        async def act(one: Any, two: Any, desk: Any, number: str = number) -> Any:
            order, key = till.order(await till.quote(desk), number), new_id()
            replies = await asyncio.gather(*(hub.redeem("T", key, order) for hub in (one, two) * 3))
            assert len({reply.body for reply in replies}) == 1
            assert sum(reply.new for reply in replies) == 1

        till.talk(act)


def test_wrong_numbers_are_slowed_then_the_terminal_is_locked_until_the_window_is_over(till: Till) -> None:
    for failed in range(1, LIMITS.tries + 1):
        answer = till.redeem(WRONG)
        assert (answer["refusal"], answer.get("tries_left", 0)) == ("unknown", LIMITS.tries - failed)
        if 1 < failed < LIMITS.tries:
            code, _, wait = till.redeem()
            assert (code, wait > 0) == ("too_many_tries", True)
            till.now += timedelta(seconds=wait)
    till.now += timedelta(minutes=30)
    assert till.redeem()["refusal"] == "locked"
    assert till.redeem(NUMBER, terminal="U")["status"] == "redeemed", "others are not kept waiting"
    till.card(WRONG, 700)
    till.now = NOW + LIMITS.window
    assert till.redeem(WRONG)["status"] == "redeemed"


def test_what_came_too_soon_is_decided_when_it_comes_again(till: Till) -> None:
    till.redeem(WRONG)
    till.redeem(WRONG)
    key = new_id()

    async def act(one: Any, _two: Any, desk: Any) -> Any:
        order = till.order(await till.quote(desk))
        refused = await came_to(one.redeem("T", key, order))
        assert (refused[0], (await came_to(read(one, "T", key)))[0]) == ("too_many_tries", "unknown_payment")
        till.now += timedelta(seconds=refused[2])
        return await came_to(one.redeem("T", key, order))

    assert till.talk(act)["status"] == "redeemed"


def test_wrong_numbers_that_come_at_once_are_all_counted(till: Till) -> None:
    async def act(one: Any, two: Any, desk: Any) -> Any:
        order = till.order(await till.quote(desk), WRONG)
        return await asyncio.gather(*(came_to(hub.redeem("T", new_id(), order)) for hub in (one, two) * 4))

    for judged_now in (2, 1):  # where no row of the terminal is there yet, and where one is
        judged = [answer for answer in till.talk(act) if isinstance(answer, dict)]
        assert len(judged) == judged_now, "the others came too soon after them"
        till.now += timedelta(seconds=10)


@pytest.mark.parametrize("by", ["claim", "reversal"])
def test_what_forestalls_the_payment_leaves_the_card_unspent(till: Till, by: str) -> None:
    key, other = new_id(), new_id()

    async def act(one: Any, _two: Any, desk: Any) -> Any:
        if by == "claim":
            claim = forms.ClaimOrder(
                reference="R",
                payment_id=key,
                account_no=None,
                amount_fen=0,
                memo_fen=10_000,
                reason="unanswered",
                notes=(),
                made_at=NOW,
            )
            await desk.claim("T", other, claim)
        else:
            undo = forms.ReversalOrder(payment_id=key, amount_fen=0, reason="unanswered", made_at=NOW)
            await desk.reverse("T", other, undo)
        return await came_to(one.redeem("T", key, till.order(await till.quote(desk))))

    assert till.talk(act)[0] == ("claimed" if by == "claim" else "reversed")
    assert till.states() == [("active", None)]


def test_a_claim_and_the_redemption_at_once_leave_no_money_twice(till: Till) -> None:
    key = new_id()
    claim = forms.ClaimOrder(
        reference="R",
        payment_id=key,
        account_no=None,
        amount_fen=0,
        memo_fen=10_000,
        reason="unanswered",
        notes=(),
        made_at=NOW,
    )

    async def act(one: Any, _two: Any, desk: Any) -> Any:
        order = till.order(await till.quote(desk))
        return await asyncio.gather(
            came_to(one.redeem("T", key, order)), came_to(desk.claim("T", new_id(), claim))
        )

    redeemed, claimed = till.talk(act)
    if isinstance(redeemed, dict):
        assert (claimed["state"], till.states()[0][0]) == ("closed", "spent")
    else:
        assert (redeemed[0], claimed["state"], till.states()[0][0]) == ("claimed", "open", "active")


def test_a_spent_card_is_spent_for_good(till: Till) -> None:
    key = new_id()
    till.redeem(key=key)

    async def act(_one: Any, _two: Any, desk: Any) -> Any:
        undo = forms.ReversalOrder(payment_id=key, amount_fen=10_000, reason="delivery_failed", made_at=NOW)
        return await came_to(desk.reverse("T", new_id(), undo))

    assert till.talk(act)[:2] == ("not_reversible", "payment_id")
    assert till.states() == [("spent", key)]


def test_what_is_no_order_of_this_terminal_decides_nothing(till: Till) -> None:
    closed = till.books.account((), 0)

    async def act(one: Any, _two: Any, desk: Any) -> Any:
        quote = await till.quote(desk)
        key = new_id()
        assert await came_to(one.redeem("T", key, till.order(new_id()))) == (
            "unknown_quote",
            "quote_id",
            None,
        )
        cash = await till.quote(desk, tender="cash")
        assert (await came_to(one.redeem("T", key, till.order(cash))))[:2] == ("tender_off", "quote_id")
        foreign = till.order(quote, NUMBER, "U")
        assert (await came_to(one.redeem("T", key, foreign)))[:2] == ("bad_seal", "sealed")
        later = await till.quote(desk, account_no=closed.account_no)
        with till.books.engine.begin() as connection:
            connection.exec_driver_sql(
                f"UPDATE accounts SET state = 'closed' WHERE account_no = '{closed.account_no}'"
            )
        gone = till.order(later, account_no=closed.account_no)
        assert (await came_to(one.redeem("T", key, gone)))[0] == "account_closed"
        assert (await came_to(read(one, "T", key)))[0] == "unknown_payment"

    till.talk(act)
    assert till.states() == [("active", None)]


def test_the_id_of_another_payment_is_no_redemptions(till: Till) -> None:
    key = new_id()

    async def act(one: Any, _two: Any, desk: Any) -> Any:
        cash = forms.PaymentOrder(
            account_no=till.account.account_no,
            quote_id=await till.quote(desk, tender="cash"),
            business="arrears",
            tender="cash",
            amount_fen=1_000,
            months=(),
            notes=(forms.Notes(value_fen=1_000, count=1),),
            kiosk_no=1,
            business_date=date(2026, 11, 23),
            taken_at=NOW,
        )
        await desk.pay("T", key, cash)
        return await came_to(one.redeem("T", key, till.order(await till.quote(desk))))

    assert till.talk(act)[:2] == ("id_reused", "id")
    assert till.states() == [("active", None)]
