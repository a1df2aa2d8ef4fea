"""Bank cards over the kiosks' wire, with hubs as processes that may be killed, and nothing of a card left anywhere."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests
from sqlalchemy import make_url, text

from drivers.bank.elements import pin_block
from simulators.bank_host import LaunchedBank, launched_bank
from tests.hub.access.orders import problem
from tests.hub.bankcards import PLAIN, acquirers_file, read_card, route_order, sale_order, sealed_card
from tests.hub.composition.hall import registered
from tests.hub.conftest import CUT_OVER, KEYS, Books, with_terminals
from tools.hub_process import HubClient, HubProcess, new_id

PATIENCE = 30.0
AMOUNT = 5_000
TID = "40000001"


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[LaunchedBank]:
    with launched_bank(tmp_path) as far_end:
        yield far_end


class Counter:
    """Hub processes over the same books, and a kiosk that pays by card."""

    def __init__(self, books: Books, bank: LaunchedBank, folder: Path) -> None:
        self.books, self.bank, self.folder = books, bank, folder
        self.hubs: list[HubProcess] = []
        self.clients: list[HubClient] = []
        self.sealed = ""
        self.said: dict[str, str] = {}

    def hub(self, **settings: Any) -> HubClient:
        file = acquirers_file(self.folder, {"bank_a": self.bank.port}, **settings)
        hub = HubProcess(self.books.url, "--cut-over", CUT_OVER, "--acquirers", str(file))
        self.hubs.append(hub)
        client = HubClient(hub.url, "kiosk-1", KEYS["kiosk-1"])
        self.clients.append(client)
        return client

    def order(self, client: HubClient, account_no: str) -> dict[str, Any]:
        reply = client.put(f"/v1/routes/{new_id()}", route_order(PLAIN, AMOUNT))
        assert reply.status_code == 201, reply.text
        route = reply.json()
        self.said = read_card(PLAIN, route)
        self.sealed = sealed_card(self.said, client.get("/v1/seal-key").json(), "kiosk-1")
        quote = client.quote(account_no, tender="bank_card")
        return sale_order(account_no, quote["id"], route["id"], AMOUNT, self.sealed)

    def until(self, client: HubClient, payment_id: str, *states: str) -> Any:
        deadline = time.monotonic() + PATIENCE
        while (sale := client.get(f"/v1/sales/{payment_id}").json())["status"] not in states:
            assert time.monotonic() < deadline, sale
            time.sleep(0.05)
        return sale

    def taken(self) -> int:
        return int(self.bank.do("books", tid=TID)["books"].get(TID, {"taken_fen": 0})["taken_fen"])

    def kept(self) -> bytes:
        """All that the books hold, as it lies there."""
        if self.books.engine.dialect.name == "sqlite":
            file = Path(str(make_url(self.books.url).database))
            return b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))
        rows: list[str] = []
        with self.books.engine.connect() as connection:
            names = connection.execute(
                text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            ).scalars()
            for name in names.all():
                query = text(f'SELECT CAST(t AS text) FROM "{name}" t')
                rows += connection.execute(query).scalars().all()
        kept = "\n".join(str(row) for row in rows)
        # What lies in columns of bytes stands there in hex.
        shown = [
            bytes.fromhex(part.partition('"')[0].rstrip(",)")) for part in kept.split("\\x")[1:] if _hex(part)
        ]
        return kept.encode() + b"".join(shown)


def _hex(part: str) -> bool:
    digits = part.partition('"')[0].rstrip(",)")
    return len(digits) % 2 == 0 and set(digits) <= set("0123456789abcdef")


@pytest.fixture
def at(books: Books, bank: LaunchedBank, tmp_path: Path) -> Iterator[Counter]:
    with_terminals(books.engine, tmp_path)
    registered(books, ("bank_a", "kiosk-1", TID))
    made = Counter(books, bank, tmp_path)
    yield made
    for client in made.clients:
        client.close()
    for hub in made.hubs:
        hub.kill()
    report = books.check()
    assert report.findings == ()
    assert made.taken() == report.credited_fen


def test_a_sale_over_the_wire_and_what_is_left_of_the_card(at: Counter, capfd: Any) -> None:
    client = at.hub()
    account = at.books.account((30_000,)).account_no
    payment_id, order = new_id(), at.order(client, account)
    reply = client.put(f"/v1/sales/{payment_id}", order)
    assert reply.status_code == 201, reply.text
    sold = reply.json()
    assert (sold["status"], sold["bank"]["terminal_no"], sold["bank"]["card"]) == (
        "approved",
        TID,
        "621214*********0012",
    )
    assert sold["payment"]["allocations"][0]["principal_fen"] == AMOUNT
    again = client.put(f"/v1/sales/{payment_id}", order)
    assert (again.status_code, again.headers["Idempotency-Replayed"], again.content) == (
        200,
        "true",
        reply.content,
    )
    assert client.get(f"/v1/sales/{payment_id}").content == reply.content
    assert client.get(f"/v1/payments/{payment_id}").json() == sold["payment"]
    reversal = {"payment_id": payment_id, "amount_fen": AMOUNT, "reason": "delivery_failed"}
    reply = client.put(f"/v1/reversals/{new_id()}", reversal | {"made_at": "2026-11-23T04:01:00Z"})
    assert reply.json()["outcome"] == "reversed"
    at.until(client, payment_id, "reversed")
    assert at.hubs[0].stop() == 0
    _nothing_is_left(at, capfd.readouterr())


def _nothing_is_left(at: Counter, said: Any) -> None:
    pan, block = at.said["pan"], at.said["pin_block"]
    secrets = [pan, at.said["track2"], block, at.sealed[-40:], pin_block(PLAIN.pin, pan).hex()]
    kept, told = at.kept(), (said.out + said.err).encode()
    assert b"621214*********0012" in kept
    for secret in secrets:
        for form in (secret, secret.lower(), secret.upper(), secret.replace("=", "D")):
            assert form.encode() not in kept
            assert form.encode() not in told
    for raw in (bytes.fromhex(block), bytes.fromhex(pan + "0"), pin_block(PLAIN.pin, pan)):
        assert raw not in kept


def test_a_hub_without_banks_takes_no_bank_cards(at: Counter) -> None:
    hub = HubProcess(at.books.url, "--cut-over", CUT_OVER)
    at.hubs.append(hub)
    client = HubClient(hub.url, "kiosk-1", KEYS["kiosk-1"])
    at.clients.append(client)
    assert (
        problem(client.put(f"/v1/routes/{new_id()}", route_order(PLAIN, AMOUNT)), 422, "tender_off")["field"]
        == "tender"
    )
    order = sale_order("1", new_id(), new_id(), AMOUNT, "x")
    assert problem(client.put(f"/v1/sales/{new_id()}", order), 422, "tender_off")["field"] == "tender"
    assert problem(client.get(f"/v1/sales/{new_id()}"), 422, "tender_off")["field"] == "tender"


def test_what_is_not_of_the_form(at: Counter) -> None:
    client = at.hub()
    for resource, field, value in (
        ("routes", "prefix", "62121"),
        ("routes", "prefix", "621214\n"),
        ("routes", "length", 11),
        ("sales", "sealed", ""),
        ("sales", "amount_fen", 0),
        ("sales", "pin", "1234"),
    ):
        routes = resource == "routes"
        order = route_order(PLAIN, AMOUNT) if routes else sale_order("1", new_id(), new_id(), 1, "x")
        problem(client.put(f"/v1/{resource}/{new_id()}", order | {field: value}), 400, "bad_request")


def test_a_hub_that_is_killed_while_the_bank_thinks_gives_the_money_back_once_it_runs_again(
    at: Counter,
) -> None:
    """Neither this hub nor the one beside it sends anything before the sale is due."""
    client = at.hub(answer_s=1.0)
    account = at.books.account((30_000,)).account_no
    payment_id, order = new_id(), at.order(client, account)
    at.bank.do("late")
    request = client.signed("PUT", f"/v1/sales/{payment_id}", _json(order))
    killed = _in_background(lambda: client.send(request, verify=False))
    _until(lambda: at.bank.do("transactions", tid=TID)["transactions"] != [])
    at.hubs[0].kill()
    killed()
    assert at.taken() == AMOUNT
    second = at.hub(answer_s=1.0)
    assert second.get(f"/v1/sales/{payment_id}").json()["status"] in {"pending", "reversing"}
    sale = at.until(second, payment_id, "reversed")
    assert "payment" not in sale
    assert at.taken() == 0
    again = second.put(f"/v1/sales/{payment_id}", order)
    assert (again.status_code, again.json()) == (200, sale)


def test_a_kiosk_that_hangs_up_while_the_bank_thinks_has_its_sale_all_the_same(at: Counter) -> None:
    client = at.hub()
    account = at.books.account((30_000,)).account_no
    payment_id, order = new_id(), at.order(client, account)
    at.bank.do("late")
    request = client.signed("PUT", f"/v1/sales/{payment_id}", _json(order))
    with requests.Session() as session, pytest.raises(requests.Timeout):
        session.send(request, timeout=0.5)
    _until(lambda: at.bank.do("transactions", tid=TID)["transactions"] != [])
    assert client.get(f"/v1/sales/{payment_id}").json()["status"] == "pending"
    at.bank.do("release")
    assert at.until(client, payment_id, "approved")["payment"]["amount_fen"] == AMOUNT
    assert at.taken() == AMOUNT


def test_two_hubs_take_turns_at_one_terminal(at: Counter) -> None:
    one, other = at.hub(), at.hub()
    account = at.books.account((30_000,)).account_no
    traces = []
    for client in (one, other, one, other):
        payment_id, order = new_id(), at.order(client, account)
        sold = client.put(f"/v1/sales/{payment_id}", order).json()
        assert sold["status"] == "approved"
        traces.append(sold["bank"]["trace"])
        beside = other if client is one else one
        assert beside.get(f"/v1/sales/{payment_id}").json() == sold
    assert len(set(traces)) == 4
    assert at.taken() == 4 * AMOUNT


def _json(order: Any) -> bytes:
    return msgspec.json.encode(order)


def _until(come: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not come():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _in_background(call: Callable[[], Any]) -> Callable[[], None]:
    """Begin a call that its hub will not answer; what is given back waits for its end."""

    def ends() -> None:
        with pytest.raises(requests.ConnectionError):
            call()

    thread = threading.Thread(target=ends)
    thread.start()
    return lambda: thread.join(PATIENCE)
