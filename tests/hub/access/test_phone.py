"""Payment by phone at real hub processes over HTTP: the routes, the provider's notices, and hubs that are killed."""

import contextlib
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from hub.access.gate import MAX_BODY, NOTICES
from tests.hub.access.orders import problem
from tests.hub.conftest import CUT_OVER, Books, Served, with_terminals
from tests.hub.phones import KEY, PATIENCE_S, FarEnd
from tools.hub_process import HubProcess, new_id

Quick = dict[str, float]
QUICK: Quick = {"poll_first_s": 0.1, "poll_most_s": 0.3, "again_most_s": 0.3}


def served(books: Books, far_end: FarEnd, folder: Path, *, second: bool = False, **changes: Any) -> Served:
    if not second:
        with_terminals(books.engine, folder)
    file = far_end.settings(folder, **(QUICK | changes))
    process = HubProcess(books.url, "--cut-over", CUT_OVER, "--wallet", str(file))
    return Served(books.url, books.engine, process)


@pytest.fixture(scope="module")
def till(
    new_books: Callable[[str], str], acquirer: FarEnd, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A hub that phones can pay at, on SQLite; at the end its books must balance."""
    from hub.data.engine import sync_engine

    url = new_books("sqlite")
    hub = served(Books(url, sync_engine(url)), acquirer, tmp_path_factory.mktemp("till"))
    yield hub
    for client in hub.clients:
        client.close()
    assert hub.process.stop() == 0
    assert hub.check().findings == ()
    hub.engine.dispose()


def phone_order(client: Any, account_no: str, amount_fen: int = 5000, **changes: Any) -> dict[str, Any]:
    order = {
        "account_no": account_no,
        "quote_id": client.quote(account_no, tender="qr")["id"],
        "business": "arrears",
        "months": [],
        "kiosk_no": 1,
        "business_date": "2026-11-22",
        "made_at": "2026-11-22T04:00:00Z",
        "reference": "AAAA-BBBB",
        "amount_fen": amount_fen,
        "sealed": None,
    }
    return order | changes


def opened(hub: Any, order_id: str = "", account_no: str = "") -> tuple[Any, dict[str, Any]]:
    client = hub.client()
    account = account_no or hub.account((8000,)).account_no
    reply = client.put(f"/v1/orders/{order_id or new_id()}", phone_order(client, account))
    assert reply.status_code == 200, reply.text
    return client, reply.json()


def status_of(client: Any, order_id: str) -> str:
    return str(client.get(f"/v1/orders/{order_id}").json()["status"])


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)


CLOSING = {"amount_fen": 5000, "made_at": "2026-11-22T04:02:00Z"}


# Routes ------------------------------------------------------------------------------------------------------


def test_an_order_from_its_opening_to_its_payment(till: Served, far_end: FarEnd) -> None:
    client, phone = opened(till)
    assert phone["status"] == "open"
    assert phone["title"] == {"zh": "钱包", "en": "Wallet"}
    page = requests.get(phone["code"], timeout=20)
    assert "¥ 50.00" in page.text
    assert requests.post(f"{phone['code']}/pay", timeout=20).status_code == 200
    paid = client.get(f"/v1/orders/{phone['id']}?wait_s=20").json()
    assert (paid["status"], paid["payment"]["id"]) == ("paid", phone["id"])
    assert client.get(f"/v1/payments/{phone['id']}").json() == paid["payment"]
    closing = client.put(f"/v1/orders/{phone['id']}/closing", CLOSING)
    assert closing.json() == paid, "what is paid is told as paid"


def test_a_long_look_ends_with_the_payment_and_not_before(till: Served, far_end: FarEnd) -> None:
    client, phone = opened(till)
    began = time.monotonic()
    assert client.get(f"/v1/orders/{phone['id']}?wait_s=0.5").json()["status"] == "open"
    assert time.monotonic() - began > 0.4
    answers: list[Any] = []
    looking = threading.Thread(
        target=lambda: answers.append(till.client().get(f"/v1/orders/{phone['id']}?wait_s=25").json())
    )
    looking.start()
    far_end.do("tap_pay", order_no=phone["id"])
    looking.join(PATIENCE_S)
    assert [each["status"] for each in answers] == ["paid"]


@pytest.mark.parametrize("wait", ["-1", "26", "nan", "1e9", "x", ""])
def test_a_look_waits_for_no_other_time(till: Served, wait: str) -> None:
    client, phone = opened(till)
    problem(client.get(f"/v1/orders/{phone['id']}?wait_s={wait}"), 400, "bad_request")


def test_what_is_not_an_order_is_refused(till: Served) -> None:
    client = till.client()
    account = till.account((8000,)).account_no
    problem(client.get(f"/v1/orders/{new_id()}"), 404, "unknown_order")
    problem(client.get("/v1/orders/x"), 400, "bad_request")
    order = phone_order(client, account)
    problem(client.put(f"/v1/orders/{new_id()}", order | {"amount_fen": "5000"}), 400, "bad_request")
    problem(client.put(f"/v1/orders/{new_id()}", order | {"tender": "qr"}), 400, "bad_request")
    problem(client.put(f"/v1/orders/{new_id()}", order | {"quote_id": new_id()}), 422, "unknown_quote")
    problem(client.put(f"/v1/orders/{new_id()}", order | {"sealed": "x.y.z"}), 422, "bad_seal")
    payment = client.payment_order(account, 5000, tender="qr", notes=[])
    problem(client.put(f"/v1/payments/{new_id()}", payment), 422, "tender_off")
    _, phone = opened(till)
    other = CLOSING | {"amount_fen": 4999}
    problem(client.put(f"/v1/orders/{phone['id']}/closing", other), 422, "amount_differs")


def test_a_hub_without_an_acquirer_opens_nothing(hub: Any) -> None:
    client = hub.client()
    account = hub.account((8000,)).account_no
    problem(client.put(f"/v1/orders/{new_id()}", phone_order(client, account)), 422, "tender_off")
    answer = client.put(f"/v1/orders/{new_id()}/closing", CLOSING)
    assert answer.json()["status"] == "closed"
    assert requests.post(hub.process.url + NOTICES, data=b"{}", timeout=20).status_code == 404


def test_another_terminals_order_is_none(till: Served) -> None:
    _, phone = opened(till)
    other = till.client("kiosk-2")
    problem(other.get(f"/v1/orders/{phone['id']}"), 404, "unknown_order")
    problem(other.put(f"/v1/orders/{phone['id']}/closing", CLOSING), 404, "unknown_order")


# Notices -----------------------------------------------------------------------------------------------------


def notice(
    hub: Any, order_id: str, key: bytes = KEY, age_s: int = 0, path: str = NOTICES
) -> requests.Request:
    body = json.dumps({"order_no": order_id}).encode()
    timestamp, nonce = str(int(time.time()) - age_s), new_id()
    signed = b"\n".join((f"POST {path}".encode(), timestamp.encode(), nonce.encode(), body))
    fields = {
        "Wallet-Timestamp": timestamp,
        "Wallet-Nonce": nonce,
        "Wallet-Signature": hmac.new(key, signed, hashlib.sha256).hexdigest(),
    }
    return requests.Request("POST", hub.process.url + NOTICES, headers=fields, data=body)


def send(request: requests.Request) -> int:
    with requests.Session() as session:
        return session.send(request.prepare(), timeout=20).status_code


def test_a_notice_is_looked_into_at_once_and_its_replay_changes_nothing(
    books: Books, far_end: FarEnd, tmp_path: Path
) -> None:
    hub = served(books, far_end, tmp_path, poll_first_s=600, poll_most_s=600)
    try:
        client, phone = opened(hub)
        far_end.do("tap_pay", order_no=phone["id"])
        assert status_of(client, phone["id"]) == "open", "the hub would ask in ten minutes"
        request = notice(hub, phone["id"])
        assert send(request) == 200
        until(lambda: status_of(client, phone["id"]) == "paid")
        before = hub.check().transactions
        assert [send(request) for _ in range(3)] == [200] * 3
        assert status_of(client, phone["id"]) == "paid"
        assert hub.check().transactions == before
    finally:
        assert hub.process.stop() == 0
    assert hub.check().findings == ()


def test_the_acquirers_own_notices_are_taken(till: Served, far_end: FarEnd, tmp_path: Path) -> None:
    before = far_end.do("status")["notified"]
    file = far_end.settings(tmp_path, **(QUICK | {"notify_url": till.process.url + NOTICES}))
    other = HubProcess(till.url, "--cut-over", CUT_OVER, "--wallet", str(file))
    try:
        hub = Served(till.url, till.engine, other)
        client, phone = opened(hub)
        far_end.do("notify", times=2)
        far_end.do("tap_pay", order_no=phone["id"])
        assert client.get(f"/v1/orders/{phone['id']}?wait_s=20").json()["status"] == "paid"
        until(lambda: far_end.do("status")["notified"] == before + 2)
    finally:
        assert other.stop() == 0


def test_a_notice_that_is_not_the_acquirers_is_refused(till: Served, far_end: FarEnd) -> None:
    _, phone = opened(till)
    order_id = phone["id"]
    assert send(notice(till, order_id)) == 200
    assert send(notice(till, new_id())) == 404
    assert send(notice(till, order_id, key=bytes(32))) == 401
    assert send(notice(till, order_id, age_s=600)) == 401
    assert send(notice(till, order_id, age_s=-600)) == 401
    assert send(notice(till, order_id, path="/v1/status")) == 401
    request = notice(till, order_id)
    request.data = json.dumps({"order_no": new_id()}).encode()
    assert send(request) == 401
    request.data = b"x" * (MAX_BODY + 1)
    assert send(request) == 400
    assert requests.post(till.process.url + NOTICES, data=b"", timeout=20).status_code == 401
    assert requests.get(till.process.url + NOTICES, timeout=20).status_code == 405
    assert requests.post(till.process.url + "/v1/status", data=b"", timeout=20).status_code == 401


# Killed ------------------------------------------------------------------------------------------------------


def killed_in(books: Books, far_end: FarEnd, folder: Path, op: str, act: Callable[[Served], None]) -> Served:
    """Kill a hub while the acquirer holds its answer back, after it did what it was asked; give another hub."""
    hub = served(books, far_end, folder, deadline_s=3)
    before = far_end.do("status")["calls"][op]
    far_end.do("drop_answer", op=op, next=1)
    asking = threading.Thread(target=lambda: _let_fail(act, hub))
    asking.start()
    until(lambda: far_end.do("status")["calls"][op] > before)
    hub.process.kill()
    asking.join(PATIENCE_S)
    return served(books, far_end, folder, second=True)


def _let_fail(act: Callable[[Served], None], hub: Served) -> None:
    with contextlib.suppress(requests.RequestException, AssertionError):  # its hub was killed
        act(hub)


def test_a_hub_that_is_killed_while_it_opens(books: Books, far_end: FarEnd, tmp_path: Path) -> None:
    order_id, account = new_id(), books.account((8000,)).account_no
    orders: list[dict[str, Any]] = []

    def act(hub: Served) -> None:
        client = hub.client()
        orders.append(phone_order(client, account))
        client.put(f"/v1/orders/{order_id}", orders[0])

    after = killed_in(books, far_end, tmp_path, "create", act)
    try:
        client = after.client()
        again = client.put(f"/v1/orders/{order_id}", orders[0]).json()
        assert (again["status"], bool(again["code"])) == ("open", True)
        far_end.do("tap_pay", order_no=order_id)
        until(lambda: status_of(client, order_id) == "paid")
    finally:
        assert after.process.stop() == 0
    assert after.check().findings == ()


def test_a_hub_that_is_killed_while_it_closes(books: Books, far_end: FarEnd, tmp_path: Path) -> None:
    order_id = new_id()

    def act(hub: Served) -> None:
        client, _ = opened(hub, order_id)
        far_end.do("pay_at_closing")
        client.put(f"/v1/orders/{order_id}/closing", CLOSING)

    after = killed_in(books, far_end, tmp_path, "close", act)
    try:
        # It had told nobody that the order is closed, so what was paid is credited: asked again, or found by itself.
        assert after.client().put(f"/v1/orders/{order_id}/closing", CLOSING).json()["status"] == "paid"
    finally:
        assert after.process.stop() == 0
    assert after.check().findings == ()
    assert far_end.order(order_id)["refunds"] == 0


def test_a_hub_that_is_killed_while_it_refunds(books: Books, far_end: FarEnd, tmp_path: Path) -> None:
    order_id = new_id()

    def act(hub: Served) -> None:
        client, _ = opened(hub, order_id)
        assert client.put(f"/v1/orders/{order_id}/closing", CLOSING).json()["status"] == "closed"
        far_end.do("pay_late", order_no=order_id)
        assert send(notice(hub, order_id)) == 200

    after = killed_in(books, far_end, tmp_path, "refund", act)
    try:
        until(lambda: books.check().refunds_due_fen == 0)
    finally:
        assert after.process.stop() == 0
    order = far_end.order(order_id)
    assert (order["paid_fen"], order["refunded_fen"], order["refunds"]) == (5000, 5000, 1)
    assert after.check().findings == ()


def test_two_hubs_over_the_same_books(books: Books, far_end: FarEnd, tmp_path: Path) -> None:
    hubs = [served(books, far_end, tmp_path, second=bool(n)) for n in range(2)]
    try:
        ids = []
        for number in range(6):
            client, phone = opened(hubs[number % 2])
            ids.append(phone["id"])
            if number % 3 == 1:
                assert client.put(f"/v1/orders/{phone['id']}/closing", CLOSING).json()["status"] == "closed"
                far_end.do("pay_late", order_no=phone["id"])
                for hub in hubs:
                    assert send(notice(hub, phone["id"])) == 200
            else:
                far_end.do("tap_pay", order_no=phone["id"])
        for number, order_id in enumerate(ids):
            told = hubs[(number + 1) % 2].client().get(f"/v1/orders/{order_id}?wait_s=20").json()
            assert told["status"] == ("closed" if number % 3 == 1 else "paid")
        until(lambda: all(far_end.order(each)["refunds"] == (n % 3 == 1) for n, each in enumerate(ids)))
        until(lambda: books.check().refunds_due_fen == 0)
    finally:
        assert [hub.process.stop() for hub in hubs] == [0, 0]
    assert books.check().findings == ()


def test_a_hub_ends_while_a_kiosk_looks(books: Books, far_end: FarEnd, tmp_path: Path) -> None:
    hub = served(books, far_end, tmp_path)
    _, phone = opened(hub)
    looks: list[Any] = []
    looking = threading.Thread(
        target=lambda: looks.append(hub.client().get(f"/v1/orders/{phone['id']}?wait_s=25").json())
    )
    looking.start()
    time.sleep(0.5)
    began = time.monotonic()
    assert hub.process.stop() == 0
    looking.join(PATIENCE_S)
    assert [each["status"] for each in looks] == ["open"]
    assert time.monotonic() - began < 20
