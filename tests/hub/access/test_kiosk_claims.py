"""The kiosks' channel over real HTTP: claims, reversals, heartbeats, and what became of the money on a slip."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from tests.hub.access.orders import claim_order, problem
from tools.hub_process import new_id

# Claims ------------------------------------------------------------------------------------------------------


def test_a_claim_refuses_its_payment_from_then_on(hub: Any) -> None:
    account, client = hub.account((12374,)), hub.client()
    payment_id, claim_id = new_id(), new_id()
    order = client.payment_order(account.account_no, 10_000)
    path, content = (
        f"/v1/claims/{claim_id}",
        claim_order(payment_id=payment_id, account_no=account.account_no),
    )
    made, again = client.put(path, content), client.put(path, content)
    assert (made.status_code, made.json()["state"], again.status_code) == (201, "open", 200)
    assert made.content == again.content == client.get(path).content
    refused = client.put(f"/v1/payments/{payment_id}", order)
    assert problem(refused, 409, "claimed")["claim_id"] == claim_id
    problem(client.get(f"/v1/payments/{payment_id}"), 404, "unknown_payment")
    assert problem(client.put(path, content | {"memo_fen": 1}), 409, "id_reused")["field"] == "memo_fen"


def test_a_claim_after_the_credit_is_closed_without_legs(hub: Any) -> None:
    account, client = hub.account((12374,)), hub.client()
    payment_id = new_id()
    client.put(f"/v1/payments/{payment_id}", client.payment_order(account.account_no, 10_000))
    before = hub.check().suspense_fen
    made = client.put(f"/v1/claims/{new_id()}", claim_order(payment_id=payment_id)).json()
    assert (made["state"], made["resolution"]) == ("closed", "already_credited")
    assert hub.check().suspense_fen == before


@pytest.mark.parametrize("reason", ["note_fate_unknown", "late_note", "unasked_note", "orphan_note"])
def test_a_claim_for_a_note_beside_its_payment_leaves_the_payment_alone(hub: Any, reason: str) -> None:
    account, client = hub.account((12374,)), hub.client()
    payment_id, before = new_id(), hub.check().suspense_fen
    for _ in range(2):  # before the payment is credited, and after
        claim = claim_order(payment_id=payment_id, reason=reason, amount_fen=500)
        made = client.put(f"/v1/claims/{new_id()}", claim).json()
        assert (made["state"], made["resolution"]) == ("open", "")
        paid = client.put(f"/v1/payments/{payment_id}", client.payment_order(account.account_no, 10_000))
        assert paid.status_code in {200, 201, 409}
        assert client.get(f"/v1/payments/{payment_id}").json()["amount_fen"] == 10_000
    assert hub.check().suspense_fen - before == 1000


def test_certain_money_goes_to_suspense_and_memo_money_nowhere(hub: Any) -> None:
    before = hub.check()
    client = hub.client()
    client.put(f"/v1/claims/{new_id()}", claim_order(amount_fen=700, memo_fen=50))
    client.put(f"/v1/claims/{new_id()}", claim_order(amount_fen=0, memo_fen=5000, reason="note_fate_unknown"))
    after = hub.check()
    assert after.suspense_fen - before.suspense_fen == 700
    assert after.legs - before.legs == 2


def test_a_claim_and_its_payment_at_once_leave_one_of_them(hub: Any) -> None:
    account = hub.account((12374,))
    for _ in range(10):
        payer, claimer, payment_id = hub.client(), hub.client(), new_id()
        order = payer.payment_order(account.account_no, 10_000)
        with ThreadPoolExecutor(2) as pool:
            paid = pool.submit(payer.put, f"/v1/payments/{payment_id}", order)
            claimed = pool.submit(claimer.put, f"/v1/claims/{new_id()}", claim_order(payment_id=payment_id))
        credited = paid.result().status_code == 201
        assert claimed.result().json()["resolution"] == ("already_credited" if credited else "")
        assert credited or paid.result().json()["code"] == "claimed"


def test_another_terminals_claim_is_not_seen(hub: Any) -> None:
    path = f"/v1/claims/{new_id()}"
    hub.client("kiosk-1").put(path, claim_order())
    problem(hub.client("kiosk-2").get(path), 404, "unknown_claim")


def test_a_payment_has_one_claim_for_all_its_money(hub: Any) -> None:
    client, payment_id, before = hub.client(), new_id(), hub.check().suspense_fen
    claim = claim_order(payment_id=payment_id, amount_fen=5000)
    first = new_id()
    assert client.put(f"/v1/claims/{first}", claim).status_code == 201
    again = client.put(f"/v1/claims/{new_id()}", claim)
    assert problem(again, 409, "claimed")["claim_id"] == first
    assert hub.check().suspense_fen - before == 5000


def test_of_a_claim_for_more_than_was_credited_the_rest_stays_open(hub: Any) -> None:
    account, client = hub.account((12374,)), hub.client()
    payment_id, before = new_id(), hub.check().suspense_fen
    client.put(f"/v1/payments/{payment_id}", client.payment_order(account.account_no, 10_000))
    made = client.put(f"/v1/claims/{new_id()}", claim_order(payment_id=payment_id, amount_fen=20_000)).json()
    assert (made["state"], made["resolution"], made["amount_fen"]) == ("open", "", 10_000)
    after = hub.check()
    assert (after.suspense_fen - before, after.findings) == (10_000, ())


def test_a_claim_beside_a_credited_payment_leaves_its_answer(hub: Any) -> None:
    account, client, claim_id = hub.account((12374,)), hub.client(), new_id()
    path = f"/v1/payments/{(payment_id := new_id())}"
    order = client.payment_order(account.account_no, 10_000)
    first = client.put(path, order)
    claim = claim_order(payment_id=payment_id, amount_fen=20_000)
    assert client.put(f"/v1/claims/{claim_id}", claim).json()["state"] == "open"
    assert client.put(path, order).content == client.get(path).content == first.content
    again = client.put(f"/v1/claims/{new_id()}", claim)
    assert problem(again, 409, "claimed")["claim_id"] == claim_id


# Tenders and reversals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("tender", ["qr", "recharge_card"])
def test_money_that_comes_through_the_hub_is_no_payment_of_the_kiosks(hub: Any, tender: str) -> None:
    account, client = hub.account((12374,)), hub.client()
    order = client.payment_order(account.account_no, 5000, tender=tender, notes=[])
    refused = client.put(f"/v1/payments/{new_id()}", order)
    assert problem(refused, 422, "tender_off")["field"] == "tender"


def box_sale(trace: str, **changes: Any) -> dict[str, Any]:
    told = {"terminal_no": "90000001", "merchant_no": "104440000000001", "card": "621214*********0012"}
    told |= {"trace": trace, "batch": "000001", "rrn": "", "auth_code": "", "at": "2026-01-01T15:59:59Z"}
    return told | changes


def test_money_that_a_terminal_box_took_is_credited_once(hub: Any) -> None:
    account, client = hub.account((12374,)), hub.client()
    box = box_sale(f"{int(account.account_no[-9:])}")
    order = client.payment_order(account.account_no, 5000, tender="bank_card", notes=[], box=box)
    path, payment_id = "/v1/payments/", new_id()
    for _ in range(2):
        assert client.put(path + payment_id, order).json()["amount_fen"] == 5000
    again = problem(client.put(path + new_id(), order), 409, "id_reused")
    assert again["field"] == "box"
    # The same wall-clock day at the box, whatever the seconds; a day later the numbers may come again.
    for seconds, status in (("58Z", 409), ("59.5Z", 409)):
        same = order | {"box": box | {"at": f"2026-01-01T15:59:{seconds}", "rrn": "1"}}
        assert client.put(path + new_id(), same).status_code == status
    next_day = order | {"box": box | {"at": "2026-01-01T16:00:00Z"}}
    assert client.put(path + new_id(), next_day).status_code == 201
    problem(client.put(f"/v1/reversals/{new_id()}", reversal_order(payment_id)), 409, "not_reversible")


def test_a_bank_card_needs_a_box_and_cash_has_none(hub: Any) -> None:
    account, client = hub.account((12374,)), hub.client()
    order = client.payment_order(account.account_no, 5000)
    card = order | {"tender": "bank_card", "notes": []}
    assert problem(client.put(f"/v1/payments/{new_id()}", card), 422, "tender_off")["field"] == "box"
    cash = order | {"box": box_sale("1")}
    assert problem(client.put(f"/v1/payments/{new_id()}", cash), 400, "bad_request")["field"] == "box"


def test_of_two_ids_that_tell_the_same_box_sale_at_once_one_is_booked(hub: Any) -> None:
    account = hub.account((12374,))
    clients = [hub.client() for _ in range(4)]
    box = box_sale(f"{int(account.account_no[-9:])}", batch="000002")
    order = clients[0].payment_order(account.account_no, 5000, tender="bank_card", notes=[], box=box)
    together = Barrier(len(clients))

    def pay(client: Any) -> int:
        together.wait(30)
        return int(client.put(f"/v1/payments/{new_id()}", order).status_code)

    with ThreadPoolExecutor(len(clients)) as pool:
        assert sorted(pool.map(pay, clients)) == [201, 409, 409, 409]


def reversal_order(payment_id: str, **changes: Any) -> dict[str, Any]:
    order = {"payment_id": payment_id, "amount_fen": 5000, "reason": "unanswered"}
    return order | {"made_at": "2026-01-01T04:05:00Z"} | changes


def test_a_reversal_before_its_payment_leaves_a_tombstone(hub: Any) -> None:
    account, client = hub.account((12374,)), hub.client()
    payment_id, reversal_id = new_id(), new_id()
    path = f"/v1/reversals/{reversal_id}"
    first, again = (client.put(path, reversal_order(payment_id)) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["outcome"] == "tombstone"
    assert first.content == again.content == client.get(path).content
    assert again.headers["Idempotency-Replayed"] == "true"
    late = client.put(f"/v1/payments/{payment_id}", client.payment_order(account.account_no, 5000))
    assert problem(late, 409, "reversed")["reversal_id"] == reversal_id
    problem(client.get(f"/v1/payments/{payment_id}"), 404, "unknown_payment")
    other = client.put(f"/v1/reversals/{new_id()}", reversal_order(payment_id))
    assert other.json()["outcome"] == "already_reversed"
    assert hub.check().ok


def test_a_reversal_id_with_other_content_is_refused(hub: Any) -> None:
    client, path, payment_id = hub.client(), f"/v1/reversals/{new_id()}", new_id()
    client.put(path, reversal_order(payment_id))
    for field, value in (("amount_fen", 1), ("reason", "declined"), ("payment_id", new_id())):
        refused = client.put(path, reversal_order(payment_id) | {field: value})
        assert problem(refused, 409, "id_reused")["field"] == field


def test_stacked_cash_is_never_reversed(hub: Any) -> None:
    account, client = hub.account((12374,)), hub.client()
    path = f"/v1/payments/{(payment_id := new_id())}"
    order = client.payment_order(account.account_no, 5000)
    paid = client.put(path, order)
    reversal = f"/v1/reversals/{new_id()}"
    problem(client.put(reversal, reversal_order(payment_id)), 409, "not_reversible")
    problem(client.get(reversal), 404, "unknown_reversal")
    differs = client.put(reversal, reversal_order(payment_id, amount_fen=4999))
    assert problem(differs, 422, "amount_differs")["field"] == "amount_fen"
    assert client.put(path, order).content == paid.content


def test_another_terminals_payment_is_not_reversed_and_gets_no_tombstone(hub: Any) -> None:
    account, mine, other = hub.account((12374,)), hub.client("kiosk-1"), hub.client("kiosk-2")
    path = f"/v1/payments/{(payment_id := new_id())}"
    order = mine.payment_order(account.account_no, 5000)
    paid = mine.put(path, order)
    problem(other.put(f"/v1/reversals/{new_id()}", reversal_order(payment_id)), 409, "id_reused")
    assert mine.put(path, order).content == paid.content
    made = f"/v1/reversals/{new_id()}"
    mine.put(made, reversal_order(new_id()))
    problem(other.get(made), 404, "unknown_reversal")
    problem(other.put(made, reversal_order(new_id())), 409, "id_reused")


def test_a_claimed_payment_is_not_reversed(hub: Any) -> None:
    client, payment_id, claim_id = hub.client(), new_id(), new_id()
    client.put(f"/v1/claims/{claim_id}", claim_order(payment_id=payment_id, amount_fen=5000))
    refused = client.put(f"/v1/reversals/{new_id()}", reversal_order(payment_id))
    assert problem(refused, 409, "claimed")["claim_id"] == claim_id


# Heartbeats --------------------------------------------------------------------------------------------------


def beat(seq: int, known: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    content = {"journal_id": "a" * 32, "seq": seq, "head": f"{seq:064x}", "known": known, "open": []}
    return content | {"backlog": {"count": 0, "oldest_at": None}, "version": "1"} | changes


def open_item(item_id: str, **changes: Any) -> dict[str, Any]:
    item = {"id": item_id, "kind": "payment", "state": "sending", "account_no": None, "amount_fen": 5000}
    return item | {"memo_fen": 0, "opened_at": "2026-01-01T04:00:00Z", "reference": "R"} | changes


def test_a_heartbeat_remembers_where_the_journal_stands(own_hub: Any) -> None:
    client, path = own_hub.client(), f"/v1/heartbeats/{new_id()}"
    backlog = {"count": 1, "oldest_at": "2026-01-01T04:00:00Z"}
    first = client.put(path, beat(5, open=[open_item(new_id())], backlog=backlog))
    assert (first.status_code, first.json()["verdict"], first.json()["known_seq"]) == (200, "ok", 5)
    assert first.json()["mode"] == "open"
    shown = client.put(path, beat(9)).json()
    assert (shown["verdict"], shown["known_seq"]) == ("show", 5)
    assert client.put(path, beat(9, {"seq": 5, "head": f"{5:064x}"})).json()["verdict"] == "ok"
    assert client.put(path, beat(9)).json()["verdict"] == "ok"
    behind, forked = client.put(path, beat(7)).json(), client.put(path, beat(9, head="f" * 64)).json()
    assert (behind["verdict"], forked["verdict"], behind["known_seq"]) == ("behind", "forked", 9)
    swapped = client.put(path, beat(1, journal_id="b" * 32)).json()
    assert (swapped["verdict"], swapped["known_seq"]) == ("new_journal", 9)
    assert own_hub.client("kiosk-2").put(path, beat(1)).json()["verdict"] == "ok"
    problem(client.put(path, beat(9, open=[open_item(new_id())] * 201)), 400, "bad_request")


# References --------------------------------------------------------------------------------------------------


def test_any_kiosk_can_look_a_slip_up(hub: Any) -> None:
    account, client, asking = hub.account((12374,)), hub.client("kiosk-1"), hub.client("kiosk-2")
    reference = new_id()[:12].upper()
    path, paying = f"/v1/references/{reference}", f"/v1/payments/{new_id()}"
    problem(asking.get(path), 404, "unknown_reference")
    order = client.payment_order(account.account_no, 5000, reference=reference)
    booked = client.put(paying, order).json()
    assert asking.get(path).json() == {
        "reference": reference,
        "kind": "payment",
        "state": "credited",
        "amount_fen": 5000,
        "memo_fen": 0,
        "resolution": "",
        "made_at": "2026-01-01T04:00:00Z",
        "booked_on": booked["business_date"],
    }
    differs = client.put(paying, order | {"reference": "other"})
    assert problem(differs, 409, "id_reused")["field"] == "reference"
    claim = claim_order(reference=reference, reason="late_note", amount_fen=500, memo_fen=7)
    client.put(f"/v1/claims/{new_id()}", claim | {"made_at": "2026-01-01T12:05:00+08:00"})
    found = asking.get(path).json()
    assert found["booked_on"] is None
    assert (found["kind"], found["state"], found["amount_fen"], found["memo_fen"]) == (
        "claim",
        "open",
        500,
        7,
    )
    assert found["made_at"] == "2026-01-01T04:05:00Z"
    problem(asking.get("/v1/references/%E5%87%AD"), 404, "unknown_reference")
