"""A card desk over books in memory, with a meter that obeys the meter's own rules and cards that remember."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from drivers.meter_card.layout import Layout
from drivers.security import bench_keys, keys
from drivers.security.cipher import TRIPLE_DES
from hub.business import card_forms, forms
from hub.business.billing import Customer, Meter
from hub.business.card_forms import IdentityField
from hub.business.card_keeping import Opened, ReadRecord, reading_place
from hub.business.cards import Card, CardMeter, CardState, Purchase
from hub.business.day import Day
from hub.business.identity import canonical
from hub.business.numbers import meter_number
from hub.business.refusals import Refusal
from hub.composition.card_counter import CardCounter
from hub.composition.card_desk import CardDesk
from hub.composition.desk import Desk
from hub.composition.identity_desk import IdentityDesk
from hub.data.card_layouts import card_layouts
from simulators.meter_rules import FULL_FEN, CardKind, CardSeen, MeterError, MeterState, judge, taken
from tests.crash.line import RULE
from tests.crash.memory import Books, MemoryShelf
from tests.crash.memory_billing import MemoryBilling
from tests.crash.memory_cards import MemoryCards, add_card_meter
from tests.crash.memory_store import MemoryStore
from tests.hub.switched import pay_by_switch

PROFILE = "state_grid_2013"
ACCOUNT, NEIGHBOUR = "0399000000000083", "0399000000000091"
METER, OTHER_METER = (meter_number(f"990001002250000000{n:03d}") for n in (9, 10))
SERIAL, BLANK, STRANGER = "1122334455667788", "AA22334455667788", "BB22334455667788"
NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
CHALLENGE = "0102030405060708"


def card_meter(meter_no: str, account_no: str, **changes: Any) -> CardMeter:
    meter = CardMeter(
        meter_no=meter_no,
        account_no=account_no,
        card_meter_no=meter_no[9:21],
        customer_no=account_no[-12:],
        profile=PROFILE,
        user_type=1,
        purchase_count=0,
        hoarding_limit_fen=0,
        alarm1_fen=2000,
        alarm2_fen=500,
        ct_ratio=1,
        pt_ratio=1,
        opened=True,
    )
    return replace(meter, **changes)


def sealed(said: card_forms.CardSaid, terminal: str = "T") -> str:
    """What a terminal says of a card, as these tests seal it."""
    return f"{terminal}.{said.FIELD}.{canonical(said).encode().hex()}"


class TestSecrets:
    """The bench's test keys, computed with at once; a mark shows whose it is, and what is protected is only turned."""

    __test__ = False

    def __init__(self) -> None:
        self.keys = bench_keys.card_keys(PROFILE)

    async def genuine(self, profile: str, serial: str, challenge: bytes, answer: bytes) -> bool:
        return answer == prove(serial, challenge)

    async def open(self, sealed: str, terminal: str, form: type[Any], place: str = "") -> Opened[Any]:
        text = sealed.removeprefix(f"{terminal}.{form.FIELD}.")
        if text == sealed:
            raise Refusal("bad_seal", "sealed elsewhere", field="sealed")
        said = msgspec.json.decode(bytes.fromhex(text), type=form)
        kept = f"{place}:{text}" if place else ""
        return Opened(said, mark_of(said.serial), protected(said.serial), f"content {text}", kept)

    async def cryptogram(self, profile: str, card: Card, challenge: bytes) -> bytes:
        return self._let_in(card.sealed[::-1], challenge)

    async def cryptogram_of_reading(self, read: ReadRecord, challenge: bytes) -> bytes:
        text = bytes.fromhex(read.reading.removeprefix(f"{reading_place(read.id)}:"))
        return self._let_in(msgspec.json.decode(text, type=card_forms.CardContents).serial, challenge)

    async def mac(self, profile: str, card: Card, challenge: bytes, command: bytes) -> bytes:
        own = keys.diversify(TRIPLE_DES, self.keys.mac, bytes.fromhex(card.sealed[::-1]))
        return keys.mac4(TRIPLE_DES, own, challenge, command)

    async def mark(self, sealed: str, terminal: str, field: IdentityField) -> str:
        return sealed.removeprefix(f"{terminal}.{field}.")

    def _let_in(self, serial: str, challenge: bytes) -> bytes:
        own = keys.diversify(TRIPLE_DES, self.keys.external, bytes.fromhex(serial))
        return keys.cryptogram(TRIPLE_DES, own, challenge)


def mark_of(serial: str) -> str:
    """The mark of a card in these tests."""
    return f"mark of {serial}"


def protected(serial: str) -> str:
    """A serial as it lies in these tests' books."""
    return serial[::-1]


def card(serial: str, meter_no: str | None, state: CardState) -> Card:
    """A card as the books know it."""
    return Card(mark_of(serial), meter_no, state, protected(serial))


def prove(serial: str, challenge: bytes) -> bytes:
    """What the genuine card of this serial answers."""
    own = keys.diversify(TRIPLE_DES, bench_keys.card_keys(PROFILE).internal, bytes.fromhex(serial))
    return keys.cryptogram(TRIPLE_DES, own, challenge)


@dataclass
class PlasticCard:
    """A customer's card: what stands on it."""

    serial: str
    card_type: int = 0
    meter_no: str | None = None
    customer_no: str | None = None
    amount_fen: int = 0
    count: int = 0
    back: tuple[int, int] | None = None
    """Remaining credit and count, as the meter wrote them back."""


class WallMeter:
    """The meter on the customer's wall, by its own acceptance rules."""

    def __init__(self, register: CardMeter) -> None:
        self.state = MeterState(
            meter_no=register.card_meter_no,
            hoarding_limit_fen=register.hoarding_limit_fen or FULL_FEN,
            opened=register.opened,
            customer_no=register.customer_no if register.opened else "",
            card_serial=SERIAL if register.opened else "",
            count=register.purchase_count,
        )
        self.taken: list[tuple[int, int]] = []

    def insert(self, card: PlasticCard) -> MeterError | None:
        seen = CardSeen(
            serial=card.serial,
            kind={1: CardKind.OPENING, 2: CardKind.PURCHASE, 3: CardKind.REISSUE}.get(card.card_type),
            meter_no=card.meter_no or "",
            customer_no=card.customer_no or "",
            amount_fen=card.amount_fen,
            count=card.count,
            empty=card.back is None,
        )
        verdict = judge(self.state, seen)
        self.state = taken(self.state, seen, verdict)
        if verdict.credit:
            self.taken.append((card.count, card.amount_fen))
        if verdict.write_back:
            card.back = (self.state.balance_fen, self.state.count)
        return verdict.error


class CardOffice:
    """A desk and a card desk over one set of books in memory, and what they are asked."""

    def __init__(self, **meter: Any) -> None:
        self.books = Books()
        for account, number in ((ACCOUNT, METER), (NEIGHBOUR, OTHER_METER)):
            who = Customer(account, "测试户", "路1号", "所", "residential", (Meter(number, "card"),))
            self.books.add_account(who, "open", 0, [])
        self.meter = card_meter(METER, ACCOUNT, **meter)
        add_card_meter(self.books, self.meter, card(SERIAL, METER, "active"))
        add_card_meter(self.books, card_meter(OTHER_METER, NEIGHBOUR))
        self.books.rows["marks", (ACCOUNT, "phone")] = "15400000083"
        self.now = NOW
        self._ids = itertools.count(1)
        shelf, day = MemoryShelf(self.books), Day()
        billing = self._billing

        def clock() -> datetime:
            return self.now

        self.desk: Any = Desk(
            shelf, MemoryStore, billing, clock, day, "1", {"cash", "bank_card"}, CardCounter(MemoryCards)
        )
        secrets, layouts = TestSecrets(), card_layouts()
        self.cards: Any = CardDesk(shelf, MemoryCards, billing, clock, day, secrets, layouts)
        self.identities: Any = IdentityDesk(shelf, MemoryCards, billing, clock, day, secrets)
        self.card = PlasticCard(SERIAL, 2, self.meter.card_meter_no, self.meter.customer_no)
        self.wall = WallMeter(self.meter)
        if count := self.meter.purchase_count:
            self.bought_before(count)

    def bought_before(self, count: int) -> None:
        """The meter's last purchase, of nothing, from before these books."""
        former = Purchase(
            "f0" * 16,
            METER,
            ACCOUNT,
            "purchase",
            count,
            0,
            "taken",
            mark_of(SERIAL),
            None,
            NOW,
            0,
        )
        self.books.rows["purchases", former.id] = former

    @staticmethod
    def _billing(conversation: Any) -> Any:
        return MemoryBilling(conversation, RULE)

    def new_id(self) -> str:
        return f"{next(self._ids):032x}"

    def ask(self, order: Awaitable[Any]) -> Any:
        """What an order came to: its JSON, or what was answered otherwise."""

        async def whole() -> Any:
            return await order

        reply = asyncio.run(whole())
        return msgspec.json.decode(reply.body) if hasattr(reply, "body") else reply

    def refused(self, order: Awaitable[Any]) -> Refusal:
        with pytest.raises(Refusal) as refused:
            self.ask(order)
        return refused.value

    def row(self, table: str, key: Any) -> Any:
        return self.books.table(table)[key]

    def purchase(self, purchase_id: str) -> Purchase:
        found: Purchase = self.row("purchases", purchase_id)
        return found

    @property
    def count(self) -> int:
        meter: CardMeter = self.row("card_meters", METER)
        return meter.purchase_count

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)

    # Orders --------------------------------------------------------------------------------------------------

    def read_order(
        self, card: PlasticCard | None = None, terminal: str = "T", **changes: Any
    ) -> card_forms.CardReadOrder:
        """The order to judge a card; `changes` are of its contents or of the order."""
        card = card or self.card
        back = None
        if card.back is not None:
            back = card_forms.WriteBack(
                meter_no=card.meter_no,
                customer_no=card.customer_no,
                remaining_fen=card.back[0],
                count=card.back[1],
                overdraft_fen=0,
                illegal_cards=0,
                written_at="2026-11-22T18:30",
            )
        contents: dict[str, Any] = {
            "serial": card.serial,
            "meter_no": card.meter_no,
            "customer_no": card.customer_no,
            "card_type": card.card_type,
            "amount_fen": card.amount_fen,
            "count": card.count,
            "write_back": back,
            "damaged": "",
        }
        said = card_forms.CardContents(**(contents | {k: v for k, v in changes.items() if k in contents}))
        order: dict[str, Any] = {
            "profile": PROFILE,
            "sealed": sealed(said, terminal),
            "challenge": CHALLENGE,
            "cryptogram": prove(card.serial, bytes.fromhex(CHALLENGE)).hex(),
            "read_at": NOW,
        }
        return card_forms.CardReadOrder(**(order | {k: v for k, v in changes.items() if k not in contents}))

    def read(
        self, card: PlasticCard | None = None, terminal: str = "T", key: str = "", **changes: Any
    ) -> Any:
        order = self.read_order(card, terminal, **changes)
        return self.ask(self.cards.read(terminal, key or self.new_id(), order))

    def verdict(self, card: PlasticCard | None = None, **changes: Any) -> str:
        verdict: str = self.read(card, **changes)["verdict"]
        return verdict

    def quote(self, business: str, terminal: str = "T", **changes: Any) -> Awaitable[Any]:
        content: dict[str, Any] = {
            "account_no": ACCOUNT,
            "business": business,
            "months": (),
            "tender": "cash",
        }
        order = forms.QuoteOrder(**(content | changes))
        done: Awaitable[Any] = self.desk.quote(terminal, self.new_id(), order)
        return done

    def pay_order(self, quote: Any, amount_fen: int, **changes: Any) -> forms.PaymentOrder:
        content: dict[str, Any] = {
            "account_no": ACCOUNT,
            "quote_id": quote["id"],
            "business": quote["business"],
            "tender": "cash",
            "amount_fen": amount_fen,
            "months": (),
            "notes": (forms.Notes(value_fen=amount_fen, count=1),),
            "kiosk_no": 1,
            "business_date": date(2026, 11, 23),
            "taken_at": NOW,
            "reference": "AAAA-BBBB-CCCC",
        }
        if changes.get("tender", "cash") != "cash":
            content |= {"notes": ()}
        return forms.PaymentOrder(**(content | changes))

    def pay(self, quote: Any, amount_fen: int, terminal: str = "T", key: str = "", **changes: Any) -> Any:
        order = self.pay_order(quote, amount_fen, **changes)
        key = key or self.new_id()
        if order.tender == "bank_card":
            return self.ask(pay_by_switch(self.desk, terminal, key, order))
        return self.ask(self.desk.pay(terminal, key, order))

    def buy(self, amount_fen: int = 5000, card: PlasticCard | None = None, **changes: Any) -> Any:
        """Read the card, quote and pay."""
        read = self.read(card)
        assert read["verdict"] == "ready", read
        quote = self.ask(self.quote("buy_power", card_read_id=read["id"]))
        return self.pay(quote, amount_fen, **changes)

    def identify(self, terminal: str = "T", typed: str = "15400000083", **changes: Any) -> Awaitable[Any]:
        content: dict[str, Any] = {
            "account_no": ACCOUNT,
            "field": "phone",
            "sealed": f"{terminal}.phone.{typed}",
            "made_at": NOW,
        }
        order = card_forms.IdentityCheckOrder(**(content | changes))
        done: Awaitable[Any] = self.identities.check(terminal, self.new_id(), order)
        return done

    def pay_for_card(self, business: str, amount_fen: int, **changes: Any) -> Any:
        """Show who one is, quote and pay for a reissue or an opening."""
        check = self.ask(self.identify())
        quote = self.ask(self.quote(business, identity_check_id=check["id"], **changes))
        return self.pay(quote, amount_fen)

    def write_order(
        self, purchase: Any, card: PlasticCard, terminal: str = "T", **changes: Any
    ) -> card_forms.CardWriteOrder:
        count = changes.pop("count_on_card", card.count)
        content: dict[str, Any] = {
            "purchase_id": purchase["id"],
            "kind": purchase["kind"],
            "profile": PROFILE,
            "sealed": sealed(card_forms.CardToWrite(serial=card.serial, count=count), terminal),
            "made_at": NOW,
        }
        return card_forms.CardWriteOrder(**(content | changes))

    def authorise(
        self,
        purchase: Any,
        card: PlasticCard | None = None,
        terminal: str = "T",
        key: str = "",
        **changes: Any,
    ) -> Awaitable[Any]:
        order = self.write_order(purchase, card or self.card, terminal, **changes)
        done: Awaitable[Any] = self.cards.write(terminal, key or self.new_id(), order)
        return done

    def put_on(self, write: Any, card: PlasticCard | None = None) -> PlasticCard:
        """Do what the card does with the files of a write."""
        card = card or self.card
        layout = Layout.named(write["profile"])
        files = {each["file"]: bytes.fromhex(each["data"]) for each in write["files"]}
        held = layout.contents(files, card.serial)
        card.meter_no, card.customer_no, card.card_type = held.meter_no, held.customer_no, held.card_type
        card.amount_fen, card.count, card.back = held.wallet.amount_fen, held.wallet.count, None
        return card

    def tell(
        self,
        write: Any,
        state: str,
        card: PlasticCard | None = None,
        terminal: str = "T",
        *,
        seen: bool = True,
    ) -> Awaitable[Any]:
        card = card or self.card
        held = card_forms.Seen(
            serial=card.serial,
            count=card.count,
            amount_fen=card.amount_fen,
            reply_empty=card.back is None,
        )
        order = card_forms.OutcomeOrder(
            state=state,  # type: ignore[arg-type]  # a test's own word
            seen=sealed(held, terminal) if seen else None,
            reason="",
            at=NOW,
        )
        done: Awaitable[Any] = self.cards.outcome(terminal, write["id"], order)
        return done

    def write(self, purchase: Any, card: PlasticCard | None = None) -> Any:
        """Authorise, write and tell."""
        write = self.ask(self.authorise(purchase, card))
        self.put_on(write, card)
        assert self.ask(self.tell(write, "written", card)).state == "written"
        return write
