"""The cards' channel over real HTTP, on SQLite and PostgreSQL: from the card that is read to the meter that took it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from drivers.security import keys
from drivers.security.cipher import TRIPLE_DES
from drivers.security.sealed import seal
from hub.business.identity_checks import WAITS_S
from hub.data.schema import identity_checks
from hub.data.seed_cards import PROFILE, card_meter_no
from tests.hub.access.orders import problem
from tests.hub.conftest import CUT_OVER, KEYS
from tests.hub.plastic import KEYS as CARD_KEYS
from tests.hub.plastic import TAKEN, CardKiosk, Plastic, blank_card, card_of
from tools.hub_process import HubClient, HubProcess, new_id


@pytest.fixture
def kiosk(hub: Any) -> CardKiosk:
    return CardKiosk(hub.client("kiosk-1"))


@pytest.fixture
def other(hub: Any) -> CardKiosk:
    return CardKiosk(hub.client("kiosk-2"))


def test_power_goes_from_the_money_to_the_meter(hub: Any, kiosk: CardKiosk) -> None:
    account = hub.account(meter="card", last=TAKEN)
    card = card_of(account)
    read = kiosk.read(card)
    assert (read["verdict"], read["min_fen"], read["max_fen"]) == ("ready", 1000, 500_000)
    assert (read["account"]["account_no"], read["meter_no"]) == (
        account.account_no,
        account.meters[0].meter_no,
    )
    assert (read["last"]["count"], read["last"]["state"], read["owed"]) == (12, "taken", None)
    paid = kiosk.buy(account, card, reference="0123-4567-89AB")
    purchase = paid["purchase"]
    assert (purchase["count"], purchase["amount_fen"], purchase["card_tail"]) == (13, 5000, card.serial[-4:])
    assert purchase["meter_no"] == card_meter_no(account.meters[0].meter_no)
    assert paid["to_balance_fen"] == 0
    kiosk.write(purchase, card)
    assert (card.count, card.amount_fen, card.card_type) == (13, 5000, 2)
    assert kiosk.read(card)["verdict"] == "not_taken"
    card.inserted()
    assert kiosk.read(card)["verdict"] == "ready"
    told = kiosk.client.get("/v1/references/0123-4567-89AB").json()
    assert (told["state"], told["purchase"]["state"], told["purchase"]["count"]) == ("credited", "taken", 13)


def test_a_failed_write_is_written_at_another_kiosk(hub: Any, kiosk: CardKiosk, other: CardKiosk) -> None:
    account = hub.account(meter="card", last=TAKEN)
    card = card_of(account)
    purchase = kiosk.buy(account, card)["purchase"]
    write = kiosk.authorise(purchase, card)
    assert kiosk.tell(write, card, "failed") == {"id": write["id"], "state": "failed"}
    problem(other.client.get(f"/v1/card-writes/{write['id']}"), 404, "unknown_write")
    owed = other.read(card)["owed"]
    assert (owed["purchase_id"], owed["count"], owed["amount_fen"]) == (purchase["id"], 13, 5000)
    other.write(purchase | {"kind": "rewrite"}, card)
    refused = kiosk.client.put(f"/v1/card-writes/{new_id()}", kiosk.write_order(purchase, card))
    problem(refused, 409, "already_written")
    mac = {"challenge": "00112233", "command": "04D682000C"}
    problem(kiosk.client.put(f"/v1/card-writes/{write['id']}/macs/1", mac), 409, "not_authorised")


def test_a_kiosk_is_let_into_the_card_that_it_has_read_and_into_no_other(
    hub: Any, kiosk: CardKiosk, other: CardKiosk
) -> None:
    account = hub.account(meter="card", last=TAKEN)
    card = card_of(account)
    path, order = f"/v1/card-reads/{kiosk.read(card)['id']}/cryptograms", {"challenge": "00112233445566FF"}
    made = kiosk.put(f"{path}/1", order)["cryptogram"]
    expected = keys.cryptogram(TRIPLE_DES, card.key(CARD_KEYS.external), bytes.fromhex(order["challenge"]))
    assert bytes.fromhex(made) == expected
    assert kiosk.put(f"{path}/3", order)["cryptogram"] == made
    for number in ("0", "4", "11"):
        problem(kiosk.client.put(f"{path}/{number}", order), 400, "bad_request")
    problem(other.client.put(f"{path}/1", order), 422, "unknown_card_read")
    problem(kiosk.client.put(f"{path.removesuffix('cryptograms')}macs/1", order), 404, "not_found")
    kiosk.write(kiosk.buy(account, card)["purchase"], card)
    waits = kiosk.read(card)
    assert waits["verdict"] == "not_taken"
    problem(kiosk.client.put(f"/v1/card-reads/{waits['id']}/cryptograms/1", order), 409, "not_authorised")


def test_a_card_that_does_not_prove_itself_is_foreign(hub: Any, kiosk: CardKiosk) -> None:
    card = card_of(hub.account(meter="card", last=TAKEN))
    for change in ({"cryptogram": "00" * 8}, {"profile": "none_such"}):
        read = kiosk.read(card, **change)
        assert (read["verdict"], read["account"], read["meter_no"]) == ("foreign", None, None)
    read = kiosk.read_order(card)
    order = {key: read[key] for key in ("profile", "challenge", "cryptogram")}
    order["sealed"] = kiosk.seal("card_proof", {"serial": card.serial})
    assert kiosk.put(f"/v1/card-proofs/{new_id()}", order)["genuine"]
    assert not kiosk.put(f"/v1/card-proofs/{new_id()}", order | {"challenge": "00" * 8})["genuine"]


def test_what_is_sealed_anew_is_no_other_order(hub: Any, kiosk: CardKiosk, other: CardKiosk) -> None:
    account = hub.account(meter="card", last=TAKEN)
    card, path = card_of(account), f"/v1/card-reads/{new_id()}"
    order = kiosk.read_order(card)
    first = kiosk.client.put(path, order)
    same = {key: order[key] for key in ("challenge", "cryptogram")}
    again = kiosk.client.put(path, kiosk.read_order(card, **same))
    assert (first.status_code, again.status_code, again.content) == (201, 200, first.content)
    changed = kiosk.client.put(path, kiosk.read_order(card, count=5, **same))
    assert problem(changed, 409, "id_reused")["field"] == "sealed"
    problem(other.client.put(f"/v1/card-reads/{new_id()}", order), 422, "bad_seal")
    for name, said in (("card_write", {"serial": card.serial, "count": 1}), ("card_read", {"serial": "1"})):
        wrong = kiosk.client.put(f"/v1/card-reads/{new_id()}", order | {"sealed": kiosk.seal(name, said)})
        code = "bad_seal" if name == "card_write" else "bad_request"
        assert problem(wrong, 422 if name == "card_write" else 400, code)["field"] == "sealed"
        assert card.serial not in wrong.text


def test_a_write_asked_for_again_is_the_same_write(hub: Any, kiosk: CardKiosk) -> None:
    account = hub.account(meter="card", last=TAKEN)
    card, path = card_of(account), f"/v1/card-writes/{new_id()}"
    purchase = kiosk.buy(account, card)["purchase"]
    first, again = (kiosk.client.put(path, kiosk.write_order(purchase, card)) for _ in range(2))
    assert (first.status_code, again.status_code, again.content) == (201, 200, first.content)
    assert first.json()["card_tail"] == card.serial[-4:]
    assert kiosk.client.get(path).content == first.content
    card.count = 1
    problem(kiosk.client.put(path, kiosk.write_order(purchase, card)), 409, "id_reused")


def test_a_lost_card_is_replaced_with_what_was_on_it(hub: Any, kiosk: CardKiosk) -> None:
    account = hub.account(meter="card", last=TAKEN)
    old, new = card_of(account), blank_card()
    kiosk.write(kiosk.buy(account, old)["purchase"], old)
    check = identify(kiosk, account, account.phone)
    assert check["state"] == "matched"
    quote = kiosk.client.quote(account.account_no, business="reissue", identity_check_id=check["id"])
    assert (quote["due_fen"], quote["fee_fen"]) == (2000, 2000)
    paid = kiosk.pay(account, quote, 5000)
    assert (paid["fee_fen"], paid["to_balance_fen"], paid["purchase"]["count"]) == (2000, 3000, 13)
    assert kiosk.read(new)["verdict"] == "blank"
    kiosk.write(paid["purchase"], new)
    assert (new.card_type, new.count, new.amount_fen) == (3, 13, 5000)
    assert (kiosk.read(old)["verdict"], kiosk.read(new)["verdict"]) == ("other_card", "not_taken")


def reissue(kiosk: CardKiosk, account: Any) -> Any:
    check = identify(kiosk, account, account.phone)
    quote = kiosk.client.quote(account.account_no, business="reissue", identity_check_id=check["id"])
    return kiosk.pay(account, quote, 2000)["purchase"]


@pytest.mark.parametrize("_once_more", range(3))
def test_one_new_card_becomes_one_meters_however_many_want_it_at_once(hub: Any, _once_more: int) -> None:
    kiosks = [CardKiosk(hub.client(f"kiosk-{n % 2 + 1}")) for n in range(4)]
    bought = [reissue(kiosk, hub.account(meter="card", last=TAKEN)) for kiosk in kiosks]
    new, gate = blank_card(), Barrier(4)

    def begins(kiosk: CardKiosk, purchase: Any) -> Any:
        gate.wait(60)
        return kiosk.client.put(f"/v1/card-writes/{new_id()}", kiosk.write_order(purchase, new))

    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(begins, kiosks, bought))
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409, 409]
    assert {reply.json()["code"] for reply in replies if reply.status_code == 409} == {"other_card"}


def test_a_meter_is_opened_with_its_first_purchase(hub: Any, kiosk: CardKiosk) -> None:
    account, card = hub.account(meter="card"), blank_card()
    check = identify(kiosk, account, account.phone)
    quote = kiosk.client.quote(account.account_no, business="open_card", identity_check_id=check["id"])
    kiosk.write(kiosk.pay(account, quote, 5000)["purchase"], card)
    assert (card.card_type, card.count, card.amount_fen) == (1, 1, 5000)
    card.inserted()
    assert kiosk.read(card)["verdict"] == "ready"


def test_one_count_is_sold_once_however_many_pay_at_once(hub: Any) -> None:
    account = hub.account(meter="card", last=TAKEN)
    card = card_of(account)
    kiosks = [CardKiosk(hub.client("kiosk-1" if n % 2 else "kiosk-2")) for n in range(8)]
    quotes = [kiosk.quote(account, card) for kiosk in kiosks]
    with ThreadPoolExecutor(8) as pool:
        paid = list(
            pool.map(lambda pair: pair[0].pay(account, pair[1], 5000), zip(kiosks, quotes, strict=True))
        )
    [sold] = [each["purchase"] for each in paid if "purchase" in each]
    assert (sold["count"], sum(each["to_balance_fen"] for each in paid)) == (13, 7 * 5000)
    path, order = f"/v1/card-writes/{new_id()}", kiosks[1].write_order(sold, card)
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: hub.client("kiosk-1").put(path, order), range(8)))
    assert sorted(reply.status_code for reply in replies) == [200] * 7 + [201]
    assert len({reply.content for reply in replies}) == 1


def identify(kiosk: CardKiosk, account: Any, typed: str, field: str = "phone", **changes: Any) -> Any:
    order = identity_order(kiosk, account, typed, field) | changes
    return kiosk.put(f"/v1/identity-checks/{new_id()}", order)


def identity_order(kiosk: CardKiosk, account: Any, typed: str, field: str = "phone") -> dict[str, Any]:
    key = kiosk.client.get("/v1/seal-key").json()
    jwk = {"kty": "EC", "crv": "P-256", "x": key["x"], "y": key["y"]}
    sealed = seal(jwk, key["kid"], kiosk.client.terminal, field, typed)
    return {
        "account_no": account.account_no,
        "field": field,
        "sealed": sealed,
        "made_at": "2026-11-23T04:00:00Z",
    }


def test_who_one_is_is_asked_slowly_and_not_often(hub: Any, kiosk: CardKiosk, other: CardKiosk) -> None:
    account = hub.account(meter="card", last=TAKEN)
    check_id, order = new_id(), identity_order(kiosk, account, "13900000001")
    first, again = (kiosk.client.put(f"/v1/identity-checks/{check_id}", order) for _ in range(2))
    assert (first.json()["state"], first.json()["tries_left"]) == ("not_matched", 4)
    assert (again.status_code, again.content) == (200, first.content)
    # After one failure the pause is of two seconds, which a busy machine may need for the next order alone.
    with hub.engine.begin() as connection:
        failed = connection.execute(select(identity_checks).where(identity_checks.c.id == check_id)).one()
        more = [{**failed._mapping, "id": new_id()} for _ in range(3)]
        connection.execute(insert(identity_checks), more)
    soon = problem(
        other.client.put(f"/v1/identity-checks/{new_id()}", identity_order(other, account, "1")),
        429,
        "too_many_tries",
    )
    assert 0 < soon["retry_after_s"] <= WAITS_S[4] + 1
    sealed_elsewhere = order | {"sealed": identity_order(other, account, account.phone)["sealed"]}
    problem(kiosk.client.put(f"/v1/identity-checks/{new_id()}", sealed_elsewhere), 422, "bad_seal")
    gone = order | {"account_no": "0399000099999999"}
    problem(kiosk.client.put(f"/v1/identity-checks/{new_id()}", gone), 404, "unknown_account")


def test_what_a_customer_typed_is_nowhere_in_the_hubs_books(hub: Any, kiosk: CardKiosk) -> None:
    account = hub.account(meter="card", last=TAKEN)
    identify(kiosk, account, "13987654321")
    with hub.engine.connect() as connection:
        stored = [str(row) for row in connection.execute(text("SELECT * FROM identity_checks"))]
    assert stored
    assert not any("13987654321" in row for row in stored)


def test_a_strange_blank_of_the_profile_is_seen_as_such(kiosk: CardKiosk) -> None:
    card = Plastic("EE00000000000001", meter_no="000000000000", customer_no="000000000000")
    read = kiosk.read(card)
    assert (read["verdict"], read["account"], PROFILE) == ("blank", None, "state_grid_2013")


@pytest.fixture(scope="module")
def dearer(hub: Any) -> Iterator[CardKiosk]:
    """A kiosk at a second hub on the same books, to which the utility has given other limits and fees."""
    terms = (
        "--power-least",
        "2000",
        "--power-most",
        "30000",
        "--reissue-fee",
        "3000",
        "--opening-fee",
        "700",
    )
    tries = ("--identity-tries", "2", "--identity-terminal-tries", "1000", "--identity-hours", "48")
    process = HubProcess(hub.url, "--cut-over", CUT_OVER, *terms, *tries)
    client = HubClient(process.url, "kiosk-2", KEYS["kiosk-2"])
    yield CardKiosk(client)
    client.close()
    process.stop()


def test_limits_fees_and_tries_are_the_utilitys_own(hub: Any, dearer: CardKiosk) -> None:
    account, unopened = hub.account(meter="card", last=TAKEN), hub.account(meter="card")
    read = dearer.read(card_of(account))
    assert (read["min_fen"], read["max_fen"]) == (2000, 30_000)
    paid = dearer.buy(account, card_of(account), 50_000)
    assert (paid["purchase"]["amount_fen"], paid["to_balance_fen"]) == (30_000, 20_000)
    check = identify(dearer, unopened, unopened.phone)
    quote = dearer.client.quote(unopened.account_no, business="open_card", identity_check_id=check["id"])
    assert (quote["fee_fen"], quote["min_fen"], quote["max_fen"]) == (700, 2700, 30_700)
    assert identify(dearer, unopened, "13900000001")["tries_left"] == 1


def test_a_card_costs_what_was_quoted_though_the_fee_was_changed_since(
    hub: Any, other: CardKiosk, dearer: CardKiosk
) -> None:
    account = hub.account(meter="card", last=TAKEN)
    check = identify(other, account, account.phone)
    quote = other.client.quote(account.account_no, business="reissue", identity_check_id=check["id"])
    paid = dearer.pay(account, quote, 2000)
    assert (quote["fee_fen"], paid["fee_fen"], paid["to_balance_fen"]) == (2000, 2000, 0)
    assert paid["purchase"]["kind"] == "reissue"
