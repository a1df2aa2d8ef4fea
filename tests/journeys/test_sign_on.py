"""A kiosk's lanes sign on at a hub whose keys are in SoftHSM2; the wire is listened to, and the token is pulled."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, make_url

from drivers.security.cipher import TRIPLE_DES
from drivers.security.keys import start_key
from drivers.security.sealed import seal
from drivers.security.terminal import SoftwareTerminal
from hub.composition.terminals import add_terminal
from hub.data.engine import sync_engine
from hub.data.keys_settings import open_key_store
from hub.data.keystore import KeyCabinet
from hub.data.migrate import migrate
from hub.data.seed import add_accounts
from hub.data.town import generate
from kiosk.config import load
from kiosk.core.inputs import AccountSaid, StatusSaid
from kiosk.hubclient import card_wire
from kiosk.hubclient.client import HubClient
from kiosk.hubclient.keys import SigningKey
from kiosk.hubclient.outcomes import Answer, NotSent
from kiosk.hubclient.sign_on import TerminalKeys
from kiosk.lanes.build import build_hub_lanes
from kiosk.payment import effects as fx
from simulators.bench.settings import TERMINAL, kiosk_toml
from tests.journeys.tap import Tap
from tests.kiosk.lanes.conftest import Told
from tools.hub_process import HubProcess, new_id
from tools.softhsm import softhsm

MASTER = os.urandom(16)
TODAY = date(2026, 3, 15)


class Site:
    """A hub on SoftHSM2, one terminal that signs on there, and a tapped line between them."""

    def __init__(self, folder: Path) -> None:
        self.hsm = softhsm()
        settings = self.hsm.token("field")
        store = open_key_store(settings, bench=False)
        assert store is not None
        self.store: KeyCabinet = store
        self.store.init()
        self.store.load_terminal(TERMINAL, "3des", MASTER)
        self.url = f"sqlite:///{folder / 'hub.sqlite'}"
        self.engine: Engine = sync_engine(self.url)
        migrate(self.engine)
        self.people = [each for each in generate(4, TODAY, 14) if each.identity]
        with self.engine.begin() as connection:
            add_terminal(connection, TERMINAL, None, "", datetime.now(UTC))
            add_accounts(connection, self.people, TODAY, datetime.now(UTC), self.store)
        self.hub = HubProcess(self.url, "--key-store", str(settings))
        port = make_url(self.hub.url).port
        assert port is not None
        self.tap = Tap(("127.0.0.1", port))
        self.folder = folder

    def books(self) -> bytes:
        """The bytes of the books, with the log beside them."""
        return b"".join(each.read_bytes() for each in self.folder.glob("hub.sqlite*"))

    def close(self) -> None:
        code = self.hub.stop()
        self.tap.close()
        self.engine.dispose()
        self.store.close()
        assert code == 0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("site"))
    yield made
    made.close()


@pytest.fixture
def keys() -> TerminalKeys:
    return TerminalKeys(TERMINAL, SoftwareTerminal("3des", MASTER, bench=True))


@pytest.fixture
def client(site: Site, keys: TerminalKeys) -> Iterator[HubClient]:
    made = HubClient(f"http://127.0.0.1:{site.tap.port}", TERMINAL, keys)
    yield made
    made.close()


def working(keys: TerminalKeys) -> SigningKey:
    found = keys.signing(lambda *_: pytest.fail("no sign-on was needed"), 5.0)
    assert isinstance(found, SigningKey)
    return found


def test_all_lanes_of_a_kiosk_share_one_sign_on(site: Site, keys: TerminalKeys, tmp_path: Path) -> None:
    before = site.tap.heard().count(b"PUT /v1/sign-ons/")
    (tmp_path / "terminal.key").write_text("# TEST KEY\n" + "00" * 32)
    (tmp_path / "kiosk.toml").write_text(kiosk_toml(f"http://127.0.0.1:{site.tap.port}", tmp_path))
    told = Told()
    lanes = build_hub_lanes(load(tmp_path / "kiosk.toml"), keys, told)
    for lane in lanes.values():
        lane.start()
    account = site.people[0].account_no
    lanes["hub"].put(fx.LookUp("one", "account", account))
    for _ in range(3):
        lanes["hub_back"].put(fx.AskHubStatus())
    heard: list[Any] = [told.wait(lambda _: True) for _ in range(4)]
    for lane in lanes.values():
        lane.stop()
    assert all(isinstance(each.outcome, Answer) for each in heard), heard
    assert {type(each) for each in heard} == {AccountSaid, StatusSaid}
    assert site.tap.heard().count(b"PUT /v1/sign-ons/") == before + 1


def test_no_key_and_no_customers_field_is_on_the_wire_or_in_the_books(
    site: Site, keys: TerminalKeys, client: HubClient
) -> None:
    person = site.people[1]
    shown = client.account(person.account_no)
    assert isinstance(shown, Answer)
    public = client.seal_key()
    assert isinstance(public, Answer)
    jwk = {"kty": "EC", "crv": "P-256", "x": public.body.x, "y": public.body.y}
    sealed = seal(jwk, public.body.kid, TERMINAL, "identity_no", person.identity)
    check = card_wire.IdentityCheckRequest(
        account_no=person.account_no, field="identity_no", sealed=sealed, made_at=datetime.now(UTC)
    )
    checked = client.put_identity_check(new_id(), check)
    assert isinstance(checked, Answer)
    assert checked.body.state == "matched"
    key = working(keys)
    limits = Path(f"/proc/{site.hub.process.pid}/limits").read_text()
    assert re.search(r"^Max core file size +[01] ", limits, re.M), "its keys may end in a core dump"
    wire, books = site.tap.heard(), site.books()
    assert sealed.encode() in wire
    assert person.account_no.encode() in books
    nonce = bytes.fromhex(wire.rpartition(f"{TERMINAL}.m.".encode())[2][:32].decode())
    secrets = [MASTER, key.key, start_key(TRIPLE_DES, MASTER, nonce), keys.slip_key()]
    forms = [
        form for secret in secrets for form in (secret, secret.hex().encode(), secret.hex().upper().encode())
    ]
    forms += [text.encode() for each in site.people for text in (each.phone, each.identity)]
    assert [form for form in forms if form in wire] == []
    assert [form for form in forms if form in books] == []


def test_a_pulled_token_keeps_no_terminal_that_has_its_key_and_lets_others_on_when_it_is_back(
    site: Site, keys: TerminalKeys, client: HubClient
) -> None:
    assert isinstance(client.status(), Answer)
    late = HubClient(
        site.hub.url, TERMINAL, TerminalKeys(TERMINAL, SoftwareTerminal("3des", MASTER, bench=True))
    )
    away = site.hsm.tokens.with_name("pulled")
    site.hsm.tokens.rename(away)
    try:
        assert isinstance(late.status(), NotSent)
        assert isinstance(client.status(), Answer)
    finally:
        away.rename(site.hsm.tokens)
    assert isinstance(late.status(), Answer)
    late.close()


def test_a_revoked_terminal_signs_on_no_more(site: Site) -> None:
    name, master = "GONE-1", os.urandom(16)
    with site.engine.begin() as connection:
        add_terminal(connection, name, None, "", datetime.now(UTC))
    site.store.load_terminal(name, "sm4", master)
    keys = TerminalKeys(name, SoftwareTerminal("sm4", master, bench=True))
    client = HubClient(site.hub.url, name, keys)
    assert isinstance(client.status(), Answer)
    site.store.remove_terminal(name)
    keys.refused(working(keys).key_id)
    assert isinstance(client.status(), NotSent)
    client.close()
