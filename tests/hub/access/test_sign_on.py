"""Sign-on at a real hub over HTTP, with the kiosk's own client and a software security module on the other side."""

import asyncio
import json
import os
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from drivers.security.bench_keys import terminal_key
from drivers.security.cipher import TRIPLE_DES
from drivers.security.keys import check_value, start_key, unwrap, working_check
from drivers.security.sealed import seal
from drivers.security.terminal import SoftwareTerminal
from hub.business.refusals import Refusal
from hub.composition.terminals import SLIP_NONCE, Terminals, add_terminal
from hub.composition.vault import Vault
from hub.data.database import Database
from hub.data.keys_bench import BenchStore
from hub.data.schema import working_keys
from kiosk.hubclient import wire
from kiosk.hubclient.client import HubClient as Kiosk
from kiosk.hubclient.keys import SigningKey
from kiosk.hubclient.outcomes import Answer, NotSent, NotSentReason, Refused, Unknown
from kiosk.hubclient.sign_on import TerminalKeys
from tools.hub_process import HubClient, new_id

Connect = Callable[..., tuple[Kiosk, TerminalKeys]]


@pytest.fixture
def terminal(hub: Any) -> str:
    """A terminal of the test's own that signs on."""
    name = f"S-{uuid.uuid4().hex[:12]}"
    with hub.engine.begin() as connection:
        add_terminal(connection, name, None, "", datetime.now(UTC))
    return name


@pytest.fixture
def connect(hub: Any, terminal: str) -> Any:
    """Make a kiosk of this terminal, or of another one with its keys; closed at the end."""
    made: list[Kiosk] = []

    def make(master: bytes | None = None, name: str = terminal) -> tuple[Kiosk, TerminalKeys]:
        module = SoftwareTerminal("3des", master or terminal_key(name), bench=True)
        keys = TerminalKeys(name, module)
        made.append(Kiosk(hub.process.url, name, keys))
        return made[-1], keys

    yield make
    for client in made:
        client.close()


def held(keys: TerminalKeys) -> SigningKey:
    """The kiosk's working key."""
    key = keys.signing(lambda *_: pytest.fail("no sign-on was needed"), 5.0)
    assert isinstance(key, SigningKey)
    return key


def sign_on_by_hand(
    hub: Any, terminal: str, nonce: bytes, **changes: Any
) -> tuple[HubClient, dict[str, Any]]:
    """A client that signs as a sign-on with this nonce is signed, and its body."""
    master = terminal_key(terminal)
    client = HubClient(
        hub.process.url, terminal, start_key(TRIPLE_DES, master, nonce), f"{terminal}.m.{nonce.hex()}"
    )
    hub.clients.append(client)
    check = check_value(TRIPLE_DES, master).hex()
    return client, {"scheme": "3des", "nonce": nonce.hex(), "master_check": check}


def code_of(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json()["code"]


def test_a_kiosk_signs_on_once_and_works_with_the_key_it_was_given(hub: Any, connect: Connect) -> None:
    kiosk, keys = connect()
    assert isinstance(kiosk.status(), Answer)
    first = held(keys)
    account = hub.account((12000,)).account_no
    assert isinstance(kiosk.account(account), Answer)
    order = wire.QuoteRequest(account_no=account, business="arrears")
    assert isinstance(kiosk.put_quote(new_id(), order), Answer)
    assert held(keys) is first
    assert first.key_id.endswith(".w.1")


def test_what_the_hub_says_of_its_sign_on_is_what_the_kiosk_computes(hub: Any, terminal: str) -> None:
    client, order = sign_on_by_hand(hub, terminal, os.urandom(16))
    path = f"/v1/sign-ons/{new_id()}"
    first, again = client.put(path, order), client.put(path, order)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content
    told = first.json()
    key = unwrap(TRIPLE_DES, terminal_key(terminal), bytes.fromhex(told["signing"]["wrapped"]))
    assert working_check(key).hex() == told["signing"]["check"]
    assert told["key_no"] == 1
    life = datetime.fromisoformat(told["expires_at"]) - datetime.fromisoformat(told["as_of"])
    assert timedelta(hours=23) < life < timedelta(hours=25)
    worker = HubClient(hub.process.url, terminal, key, f"{terminal}.w.1")
    hub.clients.append(worker)
    assert worker.get("/v1/seal-key").json() == told["seal"]


def test_a_sign_on_is_taken_once_by_its_id(hub: Any, terminal: str, connect: Connect) -> None:
    client, order = sign_on_by_hand(hub, terminal, os.urandom(16))
    sign_on_id = new_id()
    assert client.put(f"/v1/sign-ons/{sign_on_id}", order).status_code == 201
    other, changed = sign_on_by_hand(hub, terminal, os.urandom(16))
    refused = other.put(f"/v1/sign-ons/{sign_on_id}", changed)
    assert (*code_of(refused), refused.json()["field"]) == (409, "id_reused", "nonce")
    stranger = f"{terminal}-2"
    with hub.engine.begin() as connection:
        add_terminal(connection, stranger, None, "", datetime.now(UTC))
    theirs, order = sign_on_by_hand(hub, stranger, os.urandom(16))
    refused = theirs.put(f"/v1/sign-ons/{sign_on_id}", order)
    assert (*code_of(refused), refused.json()["field"]) == (409, "id_reused", "id")


def test_a_replayed_or_stale_sign_on_gives_no_key(hub: Any, terminal: str) -> None:
    client, order = sign_on_by_hand(hub, terminal, os.urandom(16))
    path = f"/v1/sign-ons/{new_id()}"
    body = json.dumps(order).encode()
    request = client.signed("PUT", path, body)
    assert client.send(request).status_code == 201
    assert code_of(client.send(request)) == (401, "replayed_request")
    for seconds in (400, -400):
        stale = client.signed("PUT", f"/v1/sign-ons/{new_id()}", body, age=timedelta(seconds=seconds))
        assert code_of(client.send(stale)) == (401, "stale_signature")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"nonce": "0" * 32}, "nonce"),
        ({"master_check": "000000"}, "master_check"),
        ({"scheme": "sm4"}, "master_check"),
    ],
)
def test_the_body_must_fit_the_key_that_signed_it(
    hub: Any, terminal: str, changes: dict[str, str], field: str
) -> None:
    client, order = sign_on_by_hand(hub, terminal, os.urandom(16))
    refused = client.put(f"/v1/sign-ons/{new_id()}", order | changes)
    assert (*code_of(refused), refused.json()["field"]) == (400, "bad_request", field)


def test_another_master_key_and_another_terminals_nonce_are_bad_signatures(
    hub: Any, terminal: str, connect: Connect
) -> None:
    kiosk, _ = connect(terminal_key("another"))
    outcome = kiosk.status()
    assert isinstance(outcome, NotSent)
    assert outcome.reason is NotSentReason.SIGN_ON
    assert "signature" in outcome.detail
    nonce = os.urandom(16)
    theirs, order = sign_on_by_hand(hub, "kiosk-1", nonce)
    theirs.terminal = terminal  # signed with the other one's key, and under its key id
    reply = theirs.send(
        theirs.signed("PUT", f"/v1/sign-ons/{new_id()}", json.dumps(order).encode()), verify=False
    )
    assert code_of(reply) == (401, "sign_on_needed")
    assert "Signature" not in reply.headers
    _, order = sign_on_by_hand(hub, terminal, nonce)
    key = start_key(TRIPLE_DES, terminal_key(terminal), nonce)
    client = HubClient(hub.process.url, terminal, key, f"{terminal}.m.{os.urandom(16).hex()}")
    hub.clients.append(client)
    reply = client.send(
        client.signed("PUT", f"/v1/sign-ons/{new_id()}", json.dumps(order).encode()), verify=False
    )
    assert code_of(reply) == (401, "bad_signature")


def test_the_key_of_a_sign_on_is_good_for_nothing_else(hub: Any, terminal: str, connect: Connect) -> None:
    client, order = sign_on_by_hand(hub, terminal, os.urandom(16))
    assert code_of(client.get("/v1/status")) == (401, "bad_signature")
    kiosk, keys = connect()
    kiosk.status()
    worker = HubClient(hub.process.url, terminal, held(keys).key, held(keys).key_id)
    hub.clients.append(worker)
    assert code_of(worker.put(f"/v1/sign-ons/{new_id()}", order)) == (401, "bad_signature")
    file = hub.client()
    assert code_of(file.put(f"/v1/sign-ons/{new_id()}", order)) == (401, "bad_signature")


def test_the_slips_own_nonce_is_no_sign_ons(hub: Any, terminal: str) -> None:
    client, order = sign_on_by_hand(hub, terminal, SLIP_NONCE)
    request = client.signed("PUT", f"/v1/sign-ons/{new_id()}", json.dumps(order).encode())
    assert code_of(client.send(request, verify=False)) == (401, "unknown_terminal")


def test_a_terminal_has_one_way_of_signing(hub: Any, terminal: str) -> None:
    client = HubClient(hub.process.url, terminal, bytes(32))
    hub.clients.append(client)
    assert code_of(client.send(client.signed("GET", "/v1/status"), verify=False)) == (401, "sign_on_needed")
    signing, _ = sign_on_by_hand(hub, "kiosk-1", os.urandom(16))
    reply = signing.send(signing.signed("GET", "/v1/status"), verify=False)
    assert code_of(reply) == (401, "bad_signature")


def expire(hub: Any, terminal: str) -> None:
    """Let all working keys of the terminal be over."""
    with hub.engine.begin() as connection:
        over = datetime.now(UTC) - timedelta(seconds=1)
        mine = update(working_keys).where(working_keys.c.terminal == terminal)
        connection.execute(mine.values(expires_at=over))


def test_an_expired_key_is_refused_signed_and_the_kiosk_signs_on_again(
    hub: Any, terminal: str, connect: Connect
) -> None:
    client, order = sign_on_by_hand(hub, terminal, os.urandom(16))
    client.put(f"/v1/sign-ons/{new_id()}", order)
    expire(hub, terminal)
    kiosk, keys = connect()
    key = unwrap(TRIPLE_DES, terminal_key(terminal), _wrapped(hub, terminal))
    worker = HubClient(hub.process.url, terminal, key, f"{terminal}.w.1")
    hub.clients.append(worker)
    assert code_of(worker.get("/v1/status")) == (
        401,
        "sign_on_needed",
    )  # and it is signed, or `get` would not take it
    assert isinstance(kiosk.status(), Answer)
    assert held(keys).key_id == f"{terminal}.w.2"


def _wrapped(hub: Any, terminal: str) -> bytes:
    with hub.engine.connect() as connection:
        found: bytes = (
            connection.execute(working_keys.select().where(working_keys.c.terminal == terminal)).one().wrapped
        )
    return found


def test_a_kiosk_whose_key_the_hub_ended_signs_on_for_the_next_call(
    hub: Any, terminal: str, connect: Connect
) -> None:
    kiosk, keys = connect()
    keys.signing(kiosk._sign_on, 10.0)
    expire(hub, terminal)  # before the hub has seen the key in use, so it need not forget it first
    refused = kiosk.status()
    assert isinstance(refused, Refused)
    assert refused.judges_call_only
    assert isinstance(kiosk.status(), Answer)
    assert held(keys).key_id == f"{terminal}.w.2"


def test_a_key_that_the_hub_does_not_know_is_a_hint_that_proves_nothing(
    hub: Any, terminal: str, connect: Connect
) -> None:
    kiosk, keys = connect()
    keys.signing(kiosk._sign_on, 10.0)
    with hub.engine.begin() as connection:
        connection.execute(working_keys.delete().where(working_keys.c.terminal == terminal))
    outcome = kiosk.status()
    assert isinstance(outcome, Unknown)
    assert (
        held(keys).key_id == f"{terminal}.w.1"
    )  # it was signed on for just now, so nothing is done about it


def test_the_keys_before_the_newest_are_good_for_calls_under_way(
    hub: Any, terminal: str, connect: Connect
) -> None:
    (old, _), (new, _) = connect(), connect()
    assert isinstance(old.status(), Answer)
    assert isinstance(new.status(), Answer)
    assert isinstance(old.status(), Answer)
    with hub.engine.connect() as connection:
        rows = connection.execute(working_keys.select().where(working_keys.c.terminal == terminal)).all()
    ends = {row.key_no: row.expires_at.replace(tzinfo=UTC) for row in rows}
    now = datetime.now(UTC)
    assert ends[1] < now + timedelta(minutes=11)
    assert ends[2] > now + timedelta(hours=23)


def at_another_hub(hub: Any, terminal: str, *key_ids: str) -> tuple[Terminals, list[Any]]:
    """What another process of the hub makes of these keys, and its memory of them."""

    async def ask() -> tuple[Terminals, list[Any]]:
        database, vault = Database(hub.url), Vault(BenchStore(None, {}, bench=True))
        terminals = Terminals(database, None, vault, bench=True)
        try:
            return terminals, [await terminals.key_of(terminal, key_id) for key_id in key_ids]
        finally:
            vault.close()
            await database.close()

    return asyncio.run(ask())


def test_another_hub_process_knows_the_key(hub: Any, terminal: str, connect: Connect) -> None:
    kiosk, keys = connect()
    assert isinstance(kiosk.status(), Answer)
    _, (found,) = at_another_hub(hub, terminal, held(keys).key_id)
    assert found.key == held(keys).key
    with pytest.raises(Refusal, match="sign_on_needed"):
        at_another_hub(hub, terminal, f"{terminal}.w.2")


def test_a_hub_remembers_no_more_keys_than_it_has_room_for(
    hub: Any, terminal: str, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.composition.terminals.MOST_REMEMBERED", 2)
    clients = [connect() for _ in range(3)]
    assert all(isinstance(kiosk.status(), Answer) for kiosk, _ in clients)
    key_ids = [held(keys).key_id for _, keys in clients]
    terminals, found = at_another_hub(hub, terminal, *key_ids, *key_ids)
    assert [each.key for each in found[:3]] == [each.key for each in found[3:]]
    assert len({each.key for each in found}) == 3
    assert len(terminals._working) <= 2


def test_what_a_hub_remembers_of_a_key_it_looks_up_again(
    hub: Any, terminal: str, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    kiosk, keys = connect()
    assert isinstance(kiosk.status(), Answer)
    key_id = held(keys).key_id

    async def ask() -> list[Any]:
        database, vault = Database(hub.url), Vault(BenchStore(None, {}, bench=True))
        terminals = Terminals(database, None, vault, bench=True)
        try:
            monkeypatch.setattr("hub.composition.terminals._REMEMBER_S", 600.0)
            found = [await terminals.key_of(terminal, key_id)]
            expire(hub, terminal)
            found.append(await terminals.key_of(terminal, key_id))
            monkeypatch.setattr("hub.composition.terminals._REMEMBER_S", 0.0)
            return [*found, await terminals.key_of(terminal, key_id)]
        finally:
            vault.close()
            await database.close()

    first, remembered, again = asyncio.run(ask())
    assert first.key == again.key
    assert remembered.expires_at == first.expires_at > datetime.now(UTC) > again.expires_at


def test_a_field_that_the_kiosk_seals_is_opened_by_the_hubs_store(
    hub: Any, terminal: str, connect: Connect
) -> None:
    kiosk, _ = connect()
    assert isinstance(kiosk.status(), Answer)
    told = kiosk.seal_key()
    assert isinstance(told, Answer)
    jwk = {"kty": "EC", "crv": "P-256", "x": told.body.x, "y": told.body.y}
    token = seal(jwk, told.body.kid, terminal, "identity", "999900198001010017")
    assert BenchStore(None, {}, bench=True).open_sealed(token, terminal, "identity") == "999900198001010017"
