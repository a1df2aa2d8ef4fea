"""The hub as security module: a card's own program written by the real writer, with a real hub process behind HTTP."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from drivers.errors import CommandRefused, DeviceTimeout, TransportError
from drivers.meter_card.layout import Layout
from drivers.meter_card.model import CardCode, CardContents, CardError, FileData, WriteBack, WriteOrder
from drivers.meter_card.writer import CpuCardWriter
from drivers.security import bench_keys
from drivers.security.model import CardKeys
from drivers.security.software import SoftwareModule
from drivers.status import DeviceStatus
from hub.composition.terminals import add_terminal
from hub.data.engine import sync_engine
from hub.data.migrate import migrate
from hub.data.seed import load_town
from hub.data.tariff_file import read_tariffs
from hub.data.town_demo import card_serial, known_accounts
from kiosk.hubclient import card_wire, wire
from kiosk.hubclient.card_calls import Seal, sealed
from kiosk.hubclient.card_module import HubModule, HubReadingModule
from kiosk.hubclient.client import HubClient
from kiosk.hubclient.outcomes import Answer, Outcome
from simulators.cards.slot import CardSlot, Pull
from simulators.cards.user_card import UserCard, blank
from simulators.meter import Meter
from simulators.meter_rules import MeterState
from tests.kiosk.hubclient.replies import Connect, SmallHub, always, problem
from tools.hub_process import HubProcess, new_id, write_test_key

TERMINAL, KEY = "T0399001", bytes(range(32))
PROFILE = "state_grid_2013"
ACCOUNT, METER, CUSTOMER = "0399000000000083", "250000000009", "000000000083"
SERIAL = card_serial(83)
NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
LAYOUT = Layout.named(PROFILE)
CARD = CardKeys(PROFILE, SERIAL, "a" * 32)
A = TypeVar("A")
SHORT_S = 2.5
"""For a hub that stays silent: a busy machine must have connected and asked by then, or it was not even reached."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real hub with the well-known accounts of the sample town."""
    folder = tmp_path_factory.mktemp("hub")
    url = f"sqlite:///{folder}/books.sqlite"
    engine = sync_engine(url)
    migrate(engine)
    today = date(2026, 11, 23)
    load_town(engine, known_accounts(today, read_tariffs()), today, datetime.now(UTC))
    with engine.begin() as connection:
        file = write_test_key(Path(folder) / "key", KEY)
        add_terminal(connection, TERMINAL, file, "", datetime.now(UTC))
    engine.dispose()
    process = HubProcess(url)
    yield process.url
    assert process.stop() == 0


@pytest.fixture
def client(address: str) -> Iterator[HubClient]:
    hub = HubClient(address, TERMINAL, KEY)
    yield hub
    hub.close()


def answered(outcome: Outcome[A]) -> A:
    assert isinstance(outcome, Answer), outcome
    return outcome.body


def told(back: WriteBack) -> card_wire.WriteBack:
    return card_wire.WriteBack(
        **{field: getattr(back, field) for field in card_wire.WriteBack.__struct_fields__}
    )


def seen_of(held: CardContents) -> card_wire.Seen:
    return card_wire.Seen(
        serial=held.serial,
        count=held.wallet.count,
        amount_fen=held.wallet.amount_fen,
        reply_empty=held.write_back is None,
    )


class Visit:
    """One customer's card in the kiosk's reader and in his meter."""

    def __init__(self, hub: HubClient, serial: str, count: int, balance_fen: int = 0) -> None:
        self.hub, self.serial = hub, serial
        self.module = HubModule(hub)
        self.card = UserCard(blank(PROFILE, serial))
        self.slot = CardSlot()
        self.writer = CpuCardWriter(self.slot, [LAYOUT])
        self.writer.open()
        esam = SoftwareModule({PROFILE: bench_keys.card_keys(PROFILE)}, bench=True)
        state = MeterState(
            METER,
            opened=True,
            customer_no=CUSTOMER,
            card_serial=serial,
            count=count,
            balance_fen=balance_fen,
        )
        self.meter = Meter(state, LAYOUT, esam)

    def in_meter(self) -> Any:
        self.slot.insert(self.card)
        self.slot.connect()
        shown = self.meter.take(self.slot.exchange, "2026-11-22T18:30")
        self.slot.remove()
        return shown

    def read(self) -> tuple[CardContents, card_wire.CardRead]:
        """Read the card, have it prove itself, and ask the hub."""
        self.slot.insert(self.card)
        contents = self.writer.read()
        challenge = b"\x01\x02\x03\x04\x05\x06\x07\x08"
        back = contents.write_back
        said = card_wire.CardContents(
            serial=contents.serial,
            meter_no=contents.meter_no or None,
            customer_no=contents.customer_no or None,
            card_type=contents.card_type,
            amount_fen=contents.wallet.amount_fen,
            count=contents.wallet.count,
            write_back=None if back is None else told(back),
        )
        proof = self.writer.prove(challenge).hex()

        def ask(seal: Seal) -> Outcome[card_wire.CardRead]:
            request = card_wire.CardReadRequest(
                profile=contents.profile,
                sealed=sealed(seal, said),
                challenge=challenge.hex(),
                cryptogram=proof,
                read_at=NOW,
            )
            return self.hub.put_card_read(new_id(), request)

        return contents, answered(self.hub.sealing(ask))

    def buy(self, amount_fen: int) -> wire.Purchase:
        return self.pay("buy_power", amount_fen, card_read_id=self.read()[1].id)

    def pay(self, business: wire.Business, amount_fen: int, **asked: Any) -> wire.Purchase:
        """Have it quoted and pay it in cash."""
        order = wire.QuoteRequest(account_no=ACCOUNT, business=business, **asked)
        quote = answered(self.hub.put_quote(new_id(), order))
        request = wire.PaymentRequest(
            account_no=ACCOUNT,
            quote_id=quote.id,
            business=business,
            amount_fen=amount_fen,
            months=(),
            notes=(wire.NoteCount(value_fen=amount_fen, count=1),),
            kiosk_no=1,
            business_date=date(2026, 11, 23),
            taken_at=NOW,
            reference="0198-F2C4-A1B3",
        )
        purchase = answered(self.hub.put_payment(new_id(), request)).purchase
        assert purchase is not None
        return purchase

    def authorise(self, purchase_id: str, kind: card_wire.WriteKind, count: int) -> card_wire.CardWrite:
        said = card_wire.CardToWrite(serial=self.serial, count=count)

        def ask(seal: Seal) -> Outcome[card_wire.CardWrite]:
            request = card_wire.CardWriteRequest(
                purchase_id=purchase_id,
                kind=kind,
                profile=PROFILE,
                sealed=sealed(seal, said),
                made_at=NOW,
            )
            return self.hub.put_card_write(new_id(), request)

        return answered(self.hub.sealing(ask))

    def order(self, write: card_wire.CardWrite) -> WriteOrder:
        files = tuple(FileData(each.file, bytes.fromhex(each.data)) for each in write.files)
        return WriteOrder(write.id, write.profile, self.serial, files)

    def tell(self, write: card_wire.CardWrite, state: Any, held: CardContents | None) -> str:
        def tell(seal: Seal) -> Outcome[card_wire.WriteOutcome]:
            seen = sealed(seal, seen_of(held)) if held is not None else None
            request = card_wire.OutcomeRequest(state=state, seen=seen, reason="", at=NOW)
            return self.hub.put_write_outcome(write.id, request)

        return answered(self.hub.sealing(tell)).state


def as_last_sold(visit: Visit, count: int, amount_fen: int) -> None:
    """Put on the card what the town says that was sold last."""
    holder: dict[str, Any] = {"user_type": 3, "alarm1_fen": 0, "alarm2_fen": 0, "card_type": 2}
    holder |= {"meter_no": METER, "customer_no": CUSTOMER}
    values = {"amount_fen": amount_fen, "count": count}
    for name, data in (
        ("parameter", LAYOUT.encode("parameter", holder)),
        ("wallet", LAYOUT.encode("wallet", values)),
    ):
        visit.card.state.files[LAYOUT.file(name).p1 & 0x1F] = data


def test_power_is_written_by_the_hubs_macs_torn_and_written_again(client: HubClient) -> None:
    visit = Visit(client, SERIAL, count=11)
    as_last_sold(visit, 12, 10_000)
    assert visit.in_meter().credited_fen == 10_000
    _, known = visit.read()
    assert (known.verdict, known.account and known.account.account_no) == ("ready", ACCOUNT)
    purchase = visit.buy(5000)
    assert (purchase.count, purchase.meter_no, purchase.customer_no) == (13, METER, CUSTOMER)

    first = visit.authorise(purchase.id, "purchase", 12)
    commands = len(visit.slot.sent)
    visit.slot.insert(visit.card, Pull(at=8))
    with pytest.raises(CardError) as torn:
        visit.writer.write(visit.order(first), visit.module)
    assert (torn.value.code, len(visit.slot.sent) > commands) == (CardCode.GONE, True)
    assert visit.tell(first, "unknown", None) == "unknown"

    _, known = visit.read()
    assert known.verdict == "owed"
    assert known.owed is not None
    again = visit.authorise(known.owed.purchase_id, "rewrite", 12)
    held = visit.writer.write(visit.order(again), visit.module)
    assert visit.order(again).unlike(held) == ()
    assert visit.tell(again, "written", held) == "written"
    assert visit.module.health().status is DeviceStatus.ONLINE

    assert visit.read()[1].verdict == "not_taken"
    assert visit.in_meter().credited_fen == 5000
    assert visit.read()[1].verdict == "ready"
    assert visit.in_meter().credited_fen == 0
    told = answered(client.reference("0198-F2C4-A1B3"))
    assert told.purchase is not None
    assert (told.purchase.state, told.purchase.count) == ("taken", 13)


def test_a_card_lets_us_in_by_its_reading_alone_and_takes_no_write_by_it(client: HubClient) -> None:
    visit = Visit(client, "D500000000000001", count=0)
    module = HubReadingModule(client)
    contents, known = visit.read()
    assert known.verdict == "blank"
    keys = CardKeys(contents.profile, contents.serial, known.id)
    visit.writer.admit(keys, module)
    assert visit.card.authenticated
    assert module.health().status is DeviceStatus.ONLINE
    with pytest.raises(CommandRefused, match="no MAC"):
        module.mac(keys, bytes(4), bytes.fromhex("04D682000C") + bytes(8))
    with pytest.raises(CommandRefused, match="unknown_write"):
        HubModule(client).mac(keys, bytes(4), bytes.fromhex("04D682000C") + bytes(8))
    with pytest.raises(CommandRefused, match="unknown_card_read"):
        module.authenticate(CARD, bytes(8))
    with pytest.raises(CommandRefused, match="judged"):
        module.authenticate(CardKeys(PROFILE, SERIAL), bytes(8))


def test_a_hub_that_stays_silent_about_a_reading_costs_its_deadline_and_no_try_of_the_card(
    connect: Connect, peer: Callable[[Callable[[socket.socket], None]], Any]
) -> None:
    card = UserCard(blank(PROFILE, SERIAL))
    writer = CpuCardWriter(CardSlot(card), [LAYOUT])
    writer.open()
    writer.read()
    with peer(_says_nothing) as port:
        module = HubReadingModule(connect(port, query_deadline_s=SHORT_S))
        begun = time.monotonic()
        with pytest.raises(DeviceTimeout):
            writer.admit(CARD, module)
        assert time.monotonic() - begun < 40
    assert (module.health().code, card.state.tries_left) == ("module_silent", 3)


def test_the_hub_tells_a_genuine_card_from_an_imitation(client: HubClient) -> None:
    module, challenge = HubModule(client), bytes(8)
    own = SoftwareModule({PROFILE: bench_keys.card_keys(PROFILE)}, bench=True)
    slot = CardSlot(UserCard(blank(PROFILE, SERIAL)))
    writer = CpuCardWriter(slot, [LAYOUT])
    writer.open()
    writer.read()
    answer = writer.prove(challenge)
    assert own.genuine(CARD, challenge, answer)
    assert module.genuine(CARD, challenge, answer)
    assert not module.genuine(CARD, challenge, bytes(8))
    assert not module.genuine(CardKeys(PROFILE, "8877665544332211"), challenge, answer)


def test_the_hub_computes_only_for_a_write_that_it_has_authorised(client: HubClient) -> None:
    module = HubModule(client)
    assert module.health().code == "module_untried"
    asks: tuple[Callable[[CardKeys], bytes], ...] = (
        lambda card: module.authenticate(card, bytes(8)),
        lambda card: module.mac(card, bytes(4), bytes.fromhex("04D682000C") + bytes(8)),
    )
    for ask in asks:
        with pytest.raises(CommandRefused, match="unknown_write"):
            ask(CARD)
        with pytest.raises(CommandRefused, match="authorised"):
            ask(CardKeys(PROFILE, SERIAL))
    assert module.health().status is DeviceStatus.ONLINE


MAC = {"mac": "F8F1A77E"}


def test_a_line_that_broke_while_it_was_idle_is_no_failure(hub: SmallHub, connect: Connect) -> None:
    said = iter([(500, problem(500, "hub_fault")), (200, MAC)])
    hub.say = lambda *_: next(said)
    module = HubModule(connect(hub.port))
    assert module.mac(CARD, bytes(4), bytes(13)) == bytes.fromhex("F8F1A77E")
    assert [path for _, path, _ in hub.requests] == [f"/v1/card-writes/{'a' * 32}/macs/1"] * 2
    assert hub.requests[0][2] == {"challenge": "00000000", "command": "00" * 5}


@pytest.mark.parametrize(
    ("status", "body", "failure", "code"),
    [
        (409, problem(409, "not_authorised"), CommandRefused, "ok"),
        (409, problem(409, "no_key_store"), CommandRefused, "module_no_keys"),
        (401, problem(401, "stale_signature"), TransportError, "module_away"),
        (503, problem(503, "hub_busy"), TransportError, "module_away"),
        (200, {"mac": "F8F1"}, TransportError, "module_away"),
    ],
)
def test_what_the_hub_says_instead_of_a_mac(
    hub: SmallHub, connect: Connect, status: int, body: Any, failure: type[Exception], code: str
) -> None:
    hub.say = always(status, body)
    module = HubModule(connect(hub.port))
    with pytest.raises(failure):
        module.mac(CARD, bytes(4), bytes(13))
    assert module.health().code == code


def _says_nothing(connection: socket.socket) -> None:
    with suppress(OSError):
        while connection.recv(1 << 16):
            pass


def test_a_hub_that_is_not_there_and_one_that_stays_silent(
    connect: Connect, peer: Callable[[Callable[[socket.socket], None]], Any]
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    module = HubModule(connect(port))
    with pytest.raises(TransportError):
        module.authenticate(CARD, bytes(8))
    assert module.health().code == "module_away"

    with peer(_says_nothing) as port:
        module = HubModule(connect(port, query_deadline_s=SHORT_S))
        begun = time.monotonic()
        with pytest.raises(DeviceTimeout):
            module.authenticate(CARD, bytes(8))
        assert time.monotonic() - begun < 40
    assert (module.health().code, module.health().usable) == ("module_silent", False)
