"""A meter card's serial and what is read off it are in clear neither on the way to the hub nor in its books."""

from __future__ import annotations

import asyncio
import base64
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from drivers.security import bench_keys
from drivers.security.model import CardKeys
from drivers.security.sealed import seal
from drivers.security.terminal import SoftwareTerminal
from hub.business.card_forms import CardReadOrder
from hub.business.day import Day
from hub.composition.card_desk import CardDesk
from hub.composition.card_secrets import VaultSecrets
from hub.composition.terminals import add_terminal
from hub.composition.vault import Vault
from hub.data.card_layouts import card_layouts
from hub.data.cards import CardStore
from hub.data.database import Database
from hub.data.engine import sync_engine
from hub.data.keys_bench import BenchStore
from hub.data.keystore import KeyStore
from hub.data.migrate import migrate
from hub.data.seed import load_town
from hub.data.tariff_file import read_tariffs
from hub.data.town_demo import known_accounts
from hub.serve import billing_of_own_books, utc_now
from kiosk.hubclient import card_wire
from kiosk.hubclient.card_calls import Seal
from kiosk.hubclient.card_module import HubReadingModule
from kiosk.hubclient.client import HubClient
from kiosk.hubclient.outcomes import Answer
from kiosk.hubclient.sign_on import TerminalKeys
from tests.journeys.tap import Tap
from tests.kiosk.hubclient.test_card_module import ACCOUNT, NOW, SERIAL, Visit, as_last_sold
from tools.hub_process import HubProcess, new_id, write_test_key

FILE_TERMINAL, SAM_TERMINAL, KEY = "T0399001", "T0399002", bytes(range(32))
TODAY = date(2026, 11, 23)
STRANGER = "EE12345678ABCDEF"
WORDS = (b'"write_back"', b'"remaining_fen"', b'"serial"', b'"reply_empty"')
"""Names that stand only beside what was read off a card."""


def forms_of(secret: bytes) -> Iterator[bytes]:
    """The ways in which a few bytes may be written down."""
    text = secret.hex().encode()
    yield from (secret, text, text.upper(), str(int.from_bytes(secret)).encode())
    yield b" ".join(secret[at : at + 1].hex().encode() for at in range(len(secret)))
    for plain in (secret, text, text.upper()):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield from (inner(encode, plain, place) for place in range(3))


def inner(encode: Callable[[bytes], bytes], plain: bytes, place: int) -> bytes:
    """What is sure to stand in the base64 of a text that holds `plain` at such a place of three."""
    whole = encode(bytes(place) + plain)
    return whole[-(-place * 8 // 6) : (place + len(plain)) * 8 // 6]


def leaks(data: bytes, secrets: Mapping[str, bytes]) -> set[str]:
    """The names of the secrets that can be read in the data."""
    return {name for name, secret in secrets.items() if any(form in data for form in forms_of(secret))}


def serial_alone() -> dict[str, bytes]:
    return {"serial": bytes.fromhex(SERIAL)}


def serials() -> dict[str, bytes]:
    return serial_alone() | {"new serial": bytes.fromhex(STRANGER)}


class Site:
    """A hub, two terminals, one of which signs on, and a tapped line."""

    def __init__(self, folder: Path) -> None:
        self.url = seeded(folder, BenchStore(None, {}, bench=True))
        self.process = HubProcess(self.url)
        port = make_url(self.process.url).port
        assert port is not None
        self.tap = Tap(("127.0.0.1", port))
        self.line = f"http://127.0.0.1:{self.tap.port}"

    def books(self) -> bytes:
        """All that stands in the books."""
        return everything_in(self.url)

    def close(self) -> None:
        self.tap.close()
        assert self.process.stop() == 0


def seeded(folder: Path, store: KeyStore) -> str:
    """Books with the well-known accounts, and the two terminals."""
    url = f"sqlite:///{folder}/books.sqlite"
    engine = sync_engine(url)
    migrate(engine)
    load_town(engine, known_accounts(TODAY, read_tariffs()), TODAY, datetime.now(UTC), store)
    with engine.begin() as connection:
        file = write_test_key(folder / "key", KEY)
        add_terminal(connection, FILE_TERMINAL, file, "", datetime.now(UTC))
        add_terminal(connection, SAM_TERMINAL, None, "", datetime.now(UTC))
    engine.dispose()
    return url


def everything_in(url: str) -> bytes:
    """Every value of every table, and the bytes of the files: a value may lie in pieces in them."""
    path = Path(str(make_url(url).database))
    raw = b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))
    with closing(sqlite3.connect(path)) as books:
        books.text_factory = bytes
        names = [
            row[0].decode() for row in books.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        values = (
            value for name in names for row in books.execute(f'SELECT * FROM "{name}"') for value in row
        )
        return raw + b"".join(each if isinstance(each, bytes) else f" {each} ".encode() for each in values)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("site"))
    yield made
    made.close()


@pytest.fixture
def client(site: Site) -> Iterator[HubClient]:
    """The terminal that has a key file."""
    with closing(HubClient(site.line, FILE_TERMINAL, KEY)) as made:
        yield made


@pytest.fixture
def other(site: Site) -> Iterator[HubClient]:
    """The terminal that signs on."""
    module = SoftwareTerminal("3des", bench_keys.terminal_key(SAM_TERMINAL), bench=True)
    with closing(HubClient(site.line, SAM_TERMINAL, TerminalKeys(SAM_TERMINAL, module))) as made:
        yield made


def card_files(visit: Visit) -> dict[str, bytes]:
    """What stands in the files of the card now, but for those that are empty."""
    files = visit.card.state.files.items()
    return {
        f"file {number} {data.hex()}": data for number, data in files if any(data) and set(data) != {0xFF}
    }


def renewed(client: HubClient) -> dict[str, bytes]:
    """Replace the account's card by a new one; what may be seen of neither."""
    check = client.sealing(lambda seal: client.put_identity_check(new_id(), identity(seal)))
    assert isinstance(check, Answer)
    new = Visit(client, STRANGER, count=13)
    contents, known = new.read()
    assert known.verdict == "blank"
    new.writer.admit(CardKeys(contents.profile, STRANGER, known.id), HubReadingModule(client))
    purchase = new.pay("reissue", 2000, identity_check_id=check.body.id)
    write = new.authorise(purchase.id, "reissue", 0)
    held = new.writer.write(new.order(write), new.module)
    assert new.tell(write, "written", held) == "written"
    assert purchase.old_card_tail == SERIAL[-4:]
    assert new.read()[1].verdict == "not_taken"
    return card_files(new) | {"new serial": bytes.fromhex(STRANGER)}


def identity(seal: Seal) -> card_wire.IdentityCheckRequest:
    return card_wire.IdentityCheckRequest(
        account_no=ACCOUNT, field="phone", sealed=seal("phone", "15400000083"), made_at=NOW
    )


def test_power_bought_and_written_elsewhere_and_a_new_card_show_the_cards_to_the_hub_alone(
    site: Site, client: HubClient, other: HubClient
) -> None:
    here = Visit(client, SERIAL, count=11)
    as_last_sold(here, 12, 10_000)
    here.in_meter()
    secrets = serial_alone() | card_files(here)
    purchase = here.buy(5000)
    torn = here.authorise(purchase.id, "purchase", 12)
    assert here.tell(torn, "failed", here.read()[0]) == "failed"
    assert here.module.genuine(*proof(here))

    there = Visit(other, SERIAL, count=12)
    there.card = here.card
    assert there.read()[1].verdict == "owed"
    write = there.authorise(purchase.id, "rewrite", 12)
    held = there.writer.write(there.order(write), there.module)
    assert there.tell(write, "written", held) == "written"
    secrets |= card_files(there)
    there.in_meter()
    assert there.read()[1].verdict == "ready"
    secrets |= card_files(there) | renewed(client)

    asked, books = site.tap.asked(), site.books()
    assert len(secrets) > 5
    assert asked.count(b"/macs/") >= 3
    assert asked.count(b"PUT /v1/sign-ons/") == 1
    assert asked.count(b"/seal-key") == 2, "once for each terminal, however much it seals"
    assert write.id.encode() in books
    assert leaks(asked, secrets) == set()
    assert leaks(books, secrets) == set()
    assert leaks(site.tap.heard(), serials()) == set()
    assert [word for word in WORDS if word in asked or word in books] == []


def proof(customer: Visit) -> Any:
    """The card's keys, a challenge and the card's own answer."""
    customer.slot.insert(customer.card)
    held = customer.writer.read()
    challenge = bytes(range(8))
    return CardKeys(held.profile, held.serial), challenge, customer.writer.prove(challenge)


class Unsealed(HubClient):
    """A client as it might have been written: what is for the hub alone goes as it is."""

    def sealing(self, call: Any) -> Any:
        seal: Seal = lambda _field, text: base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()  # noqa: E731
        return call(seal)


def test_without_seals_the_wire_would_show_the_card(site: Site) -> None:
    before = len(site.tap.asked())
    with closing(Unsealed(site.line, FILE_TERMINAL, KEY)) as client:
        customer = Visit(client, SERIAL, count=11)
        as_last_sold(customer, 12, 10_000)
        customer.in_meter()
        with pytest.raises(AssertionError, match="bad_seal"):
            customer.read()
    asked = site.tap.asked()
    assert len(asked) > before
    assert leaks(asked, serial_alone()) == {"serial"}


class Careless(BenchStore):
    """A key store that protects nothing."""

    def protect(self, text: str, about: str) -> str:
        return text

    def reveal(self, token: str, about: str) -> str:
        return token


class Plain(BenchStore):
    """A key store whose fingerprints are no secret."""

    def fingerprint(self, text: str) -> str:
        return text.removeprefix("card:").ljust(64, "0")[:64]


@pytest.mark.parametrize("kind", [BenchStore, Careless, Plain])
def test_with_a_key_store_that_does_nothing_the_books_would_show_it(
    tmp_path: Path, kind: type[BenchStore]
) -> None:
    store = kind(None, {}, bench=True)
    url = seeded(tmp_path, store)
    asyncio.run(read(url, store, STRANGER))
    strange = {"stranger": bytes.fromhex(STRANGER)}
    shown = {"serial", "stranger"} if kind is not BenchStore else set()
    assert leaks(everything_in(url), serial_alone() | strange) == shown


async def read(url: str, store: KeyStore, serial: str) -> None:
    """Have a hub with these keys judge a card that it does not know."""
    database, vault, key = Database(url), Vault(store), store.seal_public()
    said = f'{{"serial":"{serial}","meter_no":null,"customer_no":null,"card_type":0,"amount_fen":0,"count":0,'
    said += '"write_back":null}'
    jwk = {"kty": "EC", "crv": "P-256", "x": key.x, "y": key.y}
    order = CardReadOrder(
        profile="state_grid_2013",
        sealed=seal(jwk, key.kid, FILE_TERMINAL, "card_read", said),
        challenge="00" * 8,
        cryptogram="00" * 8,
        read_at=utc_now(),
    )
    billing, secrets = billing_of_own_books(), VaultSecrets(vault)
    desk = CardDesk(database, CardStore, billing, utc_now, Day(), secrets, card_layouts())
    await desk.read(FILE_TERMINAL, "a" * 32, order)
    vault.close()
    await database.close()


@pytest.mark.parametrize("kept", [bytes, bytes.hex, lambda data: base64.b64encode(data).decode()])
def test_what_is_planted_in_the_books_is_found(tmp_path: Path, kept: Callable[[bytes], bytes | str]) -> None:
    url = seeded(tmp_path, BenchStore(None, {}, bench=True))
    image = bytes(range(1, 50)) * 30
    secrets = serial_alone() | {"file": image}
    assert leaks(everything_in(url), secrets) == set()
    with closing(sqlite3.connect(str(make_url(url).database))) as books:
        books.execute("UPDATE cards SET sealed = ? WHERE meter_no IS NOT NULL", (kept(image),))
        books.execute("UPDATE accounts SET address = 'at ' || ?", (kept(bytes.fromhex(SERIAL)),))
        books.commit()
    assert leaks(everything_in(url), secrets) == set(secrets)


def test_each_way_of_writing_it_is_found() -> None:
    secret = bytes.fromhex("A500000000000083")
    for form in forms_of(secret):
        assert leaks(b"..." + form + b"...", {"it": secret}) == {"it"}
    for shift in range(6):
        assert leaks(base64.b64encode(b"x" * shift + secret + b"yz"), {"it": secret}) == {"it"}
    assert leaks(bytes(1000) + b"A50000000000008", {"it": secret}) == set()
