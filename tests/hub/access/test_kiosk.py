"""The kiosks' channel over real HTTP: every answer and refusal about accounts, quotes and payments."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.hub.access.orders import NOTE, problem
from tools.hub_process import new_id

# Accounts ----------------------------------------------------------------------------------------------------


def test_an_account_shows_what_is_owed_with_late_fee_as_of_now(hub: Any) -> None:
    account = hub.account((15831, 9255), 1000, overdue_days=15)
    shown = hub.client().get(f"/v1/accounts/{account.account_no}").json()
    oldest = shown["bills"][0]
    assert (oldest["month"], oldest["late_fee_fen"], oldest["due_fen"]) == ("2025-01", 237, 16068)
    assert (shown["arrears_fen"], shown["balance_fen"], shown["due_fen"]) == (25323, 1000, 24323)
    assert shown["as_of"].endswith("Z")


def test_name_and_address_leave_masked_only(hub: Any) -> None:
    account = hub.account()
    reply = hub.client().get(f"/v1/accounts/{account.account_no}")
    for secret in (account.name, account.address, account.phone):
        assert secret not in reply.text
    # Not in the whole text: three digits are in a time of day by chance.
    assert "502" in account.address
    assert "502" not in reply.json()["address_masked"]


def test_a_meter_leads_to_its_account(hub: Any) -> None:
    account = hub.account()
    meter = account.meters[0].meter_no
    client = hub.client()
    assert client.get(f"/v1/meters/{meter}/account").json()["account_no"] == account.account_no
    wrong = meter[:-1] + str((int(meter[-1]) + 1) % 10)
    problem(client.get(f"/v1/meters/{wrong}/account"), 422, "wrong_check_digit")
    problem(client.get("/v1/meters/9900010012500000000027/account"), 404, "unknown_meter")


@pytest.mark.parametrize("number", ["0399999999999999", "x", "1" * 40, "%00", "%F0%9F%94%8C", "-1"])
def test_an_unknown_account(hub: Any, number: str) -> None:
    problem(hub.client().get(f"/v1/accounts/{number}"), 404, "unknown_account")


# Quotes ------------------------------------------------------------------------------------------------------


def test_a_quote_counts_the_balance_and_repeats_itself(hub: Any) -> None:
    account, client = hub.account((5000, 7000, 9000), 1000), hub.client()
    order = {"account_no": account.account_no, "business": "arrears", "months": ["2025-01"], "tender": "cash"}
    path = f"/v1/quotes/{new_id()}"
    first, again = client.put(path, order), client.put(path, order)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["due_fen"] == 4000
    assert first.content == again.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert client.quote(account.account_no)["months"] == ["2025-01", "2025-02", "2025-03"]
    assert problem(client.put(path, order | {"months": []}), 409, "id_reused")["field"] == "months"


def test_quotes_that_are_refused(hub: Any) -> None:
    account, client = hub.account((5000, 7000)), hub.client()
    order = {"account_no": account.account_no, "business": "arrears", "months": ["2025-02"], "tender": "cash"}
    problem(client.put(f"/v1/quotes/{new_id()}", order), 422, "months_not_oldest_first")
    unknown = client.put(f"/v1/quotes/{new_id()}", order | {"months": ["2024-12"]})
    assert problem(unknown, 422, "unknown_month")["field"] == "months"
    problem(client.put(f"/v1/quotes/{new_id()}", order | {"account_no": "1"}), 404, "unknown_account")
    closed = hub.account(state="closed")
    order = {"account_no": closed.account_no, "business": "prepay", "months": [], "tender": "cash"}
    problem(client.put(f"/v1/quotes/{new_id()}", order), 409, "account_closed")


def test_nothing_due_can_prepay(hub: Any) -> None:
    account, client = hub.account(), hub.client()
    quote = client.quote(account.account_no, business="prepay")
    assert quote["due_fen"] == 0
    paid = client.put(
        f"/v1/payments/{new_id()}",
        client.payment_order(account.account_no, 5000, quote["id"], business="prepay"),
    )
    assert paid.json()["balance_after_fen"] == 5000


# Payments ----------------------------------------------------------------------------------------------------


def test_the_published_slip(hub: Any) -> None:
    account, client = hub.account((12374,), 35), hub.client()
    paid = client.put(f"/v1/payments/{new_id()}", client.payment_order(account.account_no, 13000)).json()
    assert (paid["balance_before_fen"], paid["balance_after_fen"], paid["arrears_after_fen"]) == (35, 661, 0)
    assert paid["allocations"] == [{"month": "2025-01", "late_fee_fen": 0, "principal_fen": 12374}]
    assert paid["to_balance_fen"] == 626
    assert hub.client().get(f"/v1/accounts/{account.account_no}").json()["bills"] == []


def test_a_part_payment_takes_the_late_fee_first(hub: Any) -> None:
    account, client = hub.account((15831, 9255), overdue_days=15), hub.client()
    paid = client.put(f"/v1/payments/{new_id()}", client.payment_order(account.account_no, 10_000)).json()
    assert paid["allocations"] == [{"month": "2025-01", "late_fee_fen": 237, "principal_fen": 9763}]
    bill = client.get(f"/v1/accounts/{account.account_no}").json()["bills"][0]
    assert (bill["state"], bill["paid_fen"], bill["late_fee_fen"], bill["due_fen"]) == (
        "partly_paid",
        9763,
        0,
        6068,
    )


def test_a_repeat_gives_the_same_bytes_and_books_nothing(hub: Any) -> None:
    account, client = hub.account((12374,)), hub.client()
    path, order = f"/v1/payments/{new_id()}", client.payment_order(account.account_no, 5000)
    first, again, asked = client.put(path, order), client.put(path, order), client.get(path)
    assert (first.status_code, again.status_code, asked.status_code) == (201, 200, 200)
    assert first.content == again.content == asked.content
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert client.get(f"/v1/accounts/{account.account_no}").json()["arrears_fen"] == 7374


@pytest.mark.parametrize("behind", ["%0A", "0", "%20"])
def test_an_id_with_something_behind_it_is_no_id(hub: Any, behind: str) -> None:
    account, client = hub.account((12374,)), hub.client()
    order = client.payment_order(account.account_no, 5000)
    problem(client.put(f"/v1/payments/{new_id()}{behind}", order), 400, "bad_request")
    assert client.get(f"/v1/accounts/{account.account_no}").json()["arrears_fen"] == 12374


@pytest.mark.parametrize(
    ("field", "value"),
    [("kiosk_no", 2), ("notes", [{"value_fen": 2500, "count": 2}]), ("taken_at", "2026-01-01T04:00:01Z")],
)
def test_the_same_id_with_other_content_is_refused(hub: Any, field: str, value: object) -> None:
    account, client = hub.account((12374,)), hub.client()
    path, order = f"/v1/payments/{new_id()}", client.payment_order(account.account_no, 5000)
    client.put(path, order)
    assert problem(client.put(path, order | {field: value}), 409, "id_reused")["field"] == field


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"notes": [NOTE]}, 422, "notes_differ", "notes"),
        ({"amount_fen": 0, "notes": []}, 422, "amount_not_positive", "amount_fen"),
        ({"amount_fen": -5000}, 422, "amount_not_positive", "amount_fen"),
        ({"quote_id": "0" * 32}, 422, "unknown_quote", "quote_id"),
        ({"amount_fen": 50.5}, 400, "bad_request", "amount_fen"),
        ({"amount_fen": "5000"}, 400, "bad_request", "amount_fen"),
        ({"notes": [{"value_fen": 0, "count": 1}]}, 400, "bad_request", "notes[0].value_fen"),
        ({"tender": "gold"}, 400, "bad_request", "tender"),
        ({"surprise": 1}, 400, "bad_request", "body"),
        ({"taken_at": "2026-01-01T04:00:00"}, 400, "bad_request", "taken_at"),
    ],
)
def test_payments_that_are_refused(
    hub: Any, change: dict[str, Any], status: int, code: str, field: str
) -> None:
    account, client = hub.account((12374,)), hub.client()
    path = f"/v1/payments/{new_id()}"
    refused = client.put(path, client.payment_order(account.account_no, 5000) | change)
    assert problem(refused, status, code)["field"] == field
    problem(client.get(path), 404, "unknown_payment")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"null", b"{}"])
def test_a_body_that_is_no_order_is_refused(hub: Any, body: bytes) -> None:
    client = hub.client()
    problem(client.send(client.signed("PUT", f"/v1/payments/{new_id()}", body)), 400, "bad_request")


def test_an_account_that_is_gone_is_refused(hub: Any) -> None:
    client = hub.client()
    order = client.payment_order("0399000099999999", 5000, "0" * 32)
    problem(client.put(f"/v1/payments/{new_id()}", order), 422, "unknown_quote")


def test_cash_is_credited_over_the_limit_of_its_quote(hub: Any) -> None:
    account, client = hub.account((100,)), hub.client()
    quote = client.quote(account.account_no)
    amount = quote["max_fen"] + 100_000
    order = client.payment_order(account.account_no, amount, quote["id"])
    paid = client.put(f"/v1/payments/{new_id()}", order)
    assert (paid.status_code, paid.json()["balance_after_fen"]) == (201, amount - 100)


def test_cash_that_was_taken_without_a_quote_is_booked_once(hub: Any) -> None:
    account, client = hub.account((12374,)), hub.client()
    order = client.payment_order(account.account_no, 5000, "0" * 32) | {"quote_id": None}
    path = f"/v1/payments/{new_id()}"
    first, again = client.put(path, order), client.put(path, order)
    assert (first.status_code, again.status_code, first.content == again.content) == (201, 200, True)
    assert first.json()["arrears_after_fen"] == 12374 - 5000


def test_cash_without_a_quote_for_no_open_account_is_refused(hub: Any) -> None:
    client = hub.client()
    closed = hub.account((), state="closed")
    for number, status, code in (
        ("0399000099999999", 404, "unknown_account"),
        (closed.account_no, 409, "account_closed"),
    ):
        order = client.payment_order(number, 5000, "0" * 32) | {"quote_id": None}
        problem(client.put(f"/v1/payments/{new_id()}", order), status, code)


def test_a_kiosk_sees_only_its_own(hub: Any) -> None:
    account, mine, other = hub.account((12374,)), hub.client("kiosk-1"), hub.client("kiosk-2")
    quote = mine.quote(account.account_no)
    path, order = f"/v1/payments/{new_id()}", mine.payment_order(account.account_no, 5000, quote["id"])
    mine.put(path, order)
    problem(other.get(path), 404, "unknown_payment")
    assert problem(other.put(path, order), 409, "id_reused")["field"] == "id"
    problem(other.put(f"/v1/payments/{new_id()}", order), 422, "unknown_quote")


def test_twenty_at_once_with_one_id_book_once(hub: Any) -> None:
    account = hub.account((12374,))
    clients = [hub.client() for _ in range(20)]
    path, order = f"/v1/payments/{new_id()}", clients[0].payment_order(account.account_no, 5000)
    with ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda client: client.put(path, order), clients))
    assert sorted(reply.status_code for reply in replies) == [200] * 19 + [201]
    assert len({reply.content for reply in replies}) == 1
    assert clients[0].get(f"/v1/accounts/{account.account_no}").json()["arrears_fen"] == 7374


def test_payments_of_one_account_at_once_add_up(hub: Any) -> None:
    account = hub.account((12374, 9000), overdue_days=15)
    clients = [hub.client() for _ in range(12)]
    orders = [
        client.payment_order(account.account_no, 1000 * number) for number, client in enumerate(clients, 1)
    ]
    before = clients[0].get(f"/v1/accounts/{account.account_no}").json()["arrears_fen"]
    with ThreadPoolExecutor(12) as pool:
        replies = list(
            pool.map(
                lambda pair: pair[0].put(f"/v1/payments/{new_id()}", pair[1]),
                zip(clients, orders, strict=True),
            )
        )
    assert [reply.status_code for reply in replies] == [201] * 12
    shown = clients[0].get(f"/v1/accounts/{account.account_no}").json()
    assert (shown["arrears_fen"], shown["balance_fen"]) == (0, 78_000 - before)
    assert len({reply.json()["hub_no"] for reply in replies}) == 12
