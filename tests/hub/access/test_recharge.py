"""Recharge cards over real HTTP, on SQLite and PostgreSQL: redeemed once, refused for good, slowed."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from itertools import count
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from drivers.security.sealed import seal
from hub.business.numbers import recharge_number
from hub.data.fields import recharge_mark
from hub.data.keys_bench import BenchStore
from hub.data.recharge_stock import row_of
from hub.data.schema_recharge import recharge_cards, redemption_tries
from tests.hub.access.orders import problem
from tools.hub_process import HubClient, new_id

KEYS = BenchStore(None, {}, bench=True)
_places = count(1)


@pytest.fixture
def card(hub: Any) -> Iterator[Callable[..., str]]:
    """Make a card that is good, and give its number; what was tried wrongly is forgotten after the test."""

    def make(value_fen: int = 10_000) -> str:
        place = next(_places)
        number = recharge_number(f"8888{place:013d}")
        row = row_of(
            f"{place:012d}",
            recharge_mark(KEYS, number),
            value_fen,
            date(2099, 1, 1),
            datetime.now(UTC),
            "active",
        )
        with hub.engine.begin() as connection:
            connection.execute(insert(recharge_cards), row)
        return number

    yield make
    with hub.engine.begin() as connection:
        connection.execute(delete(redemption_tries))


def order(client: HubClient, account: Any, number: str, **changes: Any) -> dict[str, Any]:
    """A redemption after a quote for it; the number is sealed to the hub."""
    key = client.get("/v1/seal-key").json()
    jwk = {"kty": "EC", "crv": "P-256", "x": key["x"], "y": key["y"]}
    content = {
        "account_no": account.account_no,
        "quote_id": client.quote(account.account_no, tender="recharge_card")["id"],
        "business": "arrears",
        "months": [],
        "kiosk_no": 1,
        "business_date": "2026-01-01",
        "made_at": "2026-01-01T04:00:00Z",
        "reference": f"R-{number[-6:]}",
        "sealed": seal(jwk, key["kid"], client.terminal, "recharge_card", number),
    }
    return content | changes


def test_a_number_becomes_a_payment_once(hub: Any, card: Callable[..., str]) -> None:
    account, client, number = hub.account((12374,)), hub.client(), card()
    path, asked = f"/v1/redemptions/{new_id()}", order(client, account, number)
    problem(client.get(path), 404, "unknown_payment")
    first = client.put(path, asked)
    again = client.put(path, asked)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content == client.get(path).content
    assert again.headers["Idempotency-Replayed"] == "true"
    told = first.json()
    assert (told["status"], told["value_fen"]) == ("redeemed", 10_000)
    assert len(told["card_end"]) == 4
    payment = client.get(path.replace("redemptions", "payments")).json()
    assert payment == told["payment"]
    assert client.get(f"/v1/references/{asked['reference']}").json()["state"] == "credited"
    assert client.get(f"/v1/accounts/{account.account_no}").json()["due_fen"] == 2374
    problem(hub.client("kiosk-2").get(path), 404, "unknown_payment")


def test_of_two_kiosks_that_redeem_a_number_at_once_one_gets_it(hub: Any, card: Callable[..., str]) -> None:
    account, number = hub.account((12374,)), card()
    clients = [hub.client(name) for name in ("kiosk-1", "kiosk-2") * 2]
    orders = [order(client, account, number) for client in clients]
    together = Barrier(len(clients))

    def redeem(client: HubClient, asked: dict[str, Any]) -> str:
        together.wait(30)
        reply = client.put(f"/v1/redemptions/{new_id()}", asked)
        assert reply.status_code == 201, reply.text
        answer = reply.json()
        return str(answer.get("refusal", answer["status"]))

    with ThreadPoolExecutor(len(clients)) as pool:
        assert sorted(pool.map(redeem, clients, orders)) == ["redeemed", "used", "used", "used"]


def test_a_wrong_number_is_refused_for_good_and_the_next_one_waits(
    hub: Any, card: Callable[..., str]
) -> None:
    account, client, number = hub.account((12374,)), hub.client(), card()
    wrong = order(client, account, recharge_number("77777777777777777"))
    path = f"/v1/redemptions/{new_id()}"
    first = client.put(path, wrong)
    assert first.json() == {
        "id": path[-32:],
        "status": "refused",
        "refusal": "unknown",
        "tries_left": 9,
    }
    assert client.put(path, wrong).content == first.content
    with hub.engine.begin() as connection:  # a machine that is busy may take longer than the first wait
        connection.execute(update(redemption_tries).values(failed=9, last_at=datetime.now(UTC)))
    soon = client.put(f"/v1/redemptions/{new_id()}", order(client, account, number))
    assert 0 < problem(soon, 429, "too_many_tries")["retry_after_s"] <= 61
    assert soon.headers["Retry-After"] == str(soon.json()["retry_after_s"])
    assert number not in soon.text + first.text


def test_what_is_no_redemption_is_refused_by_name(hub: Any, card: Callable[..., str]) -> None:
    account, client, number = hub.account((12374,)), hub.client(), card()
    asked, path = order(client, account, number), f"/v1/redemptions/{new_id()}"
    for changes, status, code, field in (
        ({"quote_id": new_id()}, 422, "unknown_quote", "quote_id"),
        ({"quote_id": client.quote(account.account_no)["id"]}, 422, "tender_off", "quote_id"),
        ({"sealed": "x"}, 422, "bad_seal", "sealed"),
        ({"sealed": ""}, 400, "bad_request", "sealed"),
        ({"amount_fen": 1}, 400, "bad_request", "body"),
    ):
        assert problem(client.put(path, asked | changes), status, code)["field"] == field
    assert client.put(path, asked).status_code == 201
    changed = problem(client.put(path, asked | {"reference": "OTHER"}), 409, "id_reused")
    assert changed["field"] == "reference"


def test_a_spent_card_is_not_given_back(hub: Any, card: Callable[..., str]) -> None:
    account, client, number = hub.account((12374,)), hub.client(), card(5_000)
    payment_id, asked = new_id(), order(client, account, number)
    undo = {"payment_id": payment_id, "amount_fen": 5_000, "reason": "delivery_failed"}
    undo |= {"made_at": "2026-01-01T04:05:00Z"}
    first = client.put(f"/v1/redemptions/{payment_id}", asked)
    problem(client.put(f"/v1/reversals/{new_id()}", undo), 409, "not_reversible")
    assert client.put(f"/v1/redemptions/{payment_id}", asked).content == first.content
