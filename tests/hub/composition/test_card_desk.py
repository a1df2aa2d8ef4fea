"""The card desk over books in memory: who may write what on which card, and what the hub believes of it."""

import copy
from typing import Any

import msgspec
import pytest

from drivers.meter_card.layout import Layout
from drivers.meter_card.model import FileData
from drivers.security import bench_keys, keys
from drivers.security.cipher import TRIPLE_DES
from hub.business.card_forms import ChallengeOrder, MacOrder
from hub.business.forms import ClaimOrder, ReversalOrder
from tests.hub.composition.card_counter import (
    ACCOUNT,
    BLANK,
    METER,
    PROFILE,
    SERIAL,
    STRANGER,
    CardOffice,
    PlasticCard,
    mark_of,
)


@pytest.fixture
def at() -> CardOffice:
    return CardOffice()


def legs(at: CardOffice) -> list[list[tuple[str, int]]]:
    return [
        [(leg.account, leg.amount_fen) for leg in each.legs]
        for each in at.books.table("transactions").values()
    ]


# From money to meter -----------------------------------------------------------------------------------------


def test_power_is_bought_written_and_taken(at: CardOffice) -> None:
    paid = at.buy(5000)
    purchase = paid["purchase"]
    assert purchase == {
        "id": paid["id"],
        "kind": "purchase",
        "meter_no": METER[9:21],
        "customer_no": ACCOUNT[-12:],
        "count": 1,
        "amount_fen": 5000,
        "card_tail": SERIAL[-4:],
        "profile": PROFILE,
    }
    assert (paid["to_balance_fen"], "fee_fen" in paid, at.count) == (0, False, 1)
    assert legs(at) == [[("cash:T", 5000), (f"power:{METER}", -5000)]]
    assert at.verdict() == "owed"
    at.write(purchase)
    assert (at.purchase(paid["id"]).state, at.verdict()) == ("written", "not_taken")
    at.wall.insert(at.card)
    assert (at.verdict(), at.purchase(paid["id"]).state) == ("ready", "taken")
    assert at.wall.taken == [(1, 5000)]


def test_the_last_purchase_is_told(at: CardOffice) -> None:
    paid = at.buy(5000)
    read = at.read()
    told = {"count": 1, "amount_fen": 5000, "paid_at": paid["credited_at"], "reference": "AAAA-BBBB-CCCC"}
    assert read["last"] == told | {"state": "authorised"}
    assert read["owed"] == told | {"purchase_id": paid["id"], "kind": "purchase"}
    assert (read["meter_no"], read["account"]["account_no"]) == (METER, ACCOUNT)
    assert (read["min_fen"], read["max_fen"]) == (0, 0)


def test_nothing_is_sold_before_the_last_purchase_is_in_the_meter(at: CardOffice) -> None:
    ready = at.read()
    at.write(at.buy()["purchase"])
    not_taken = at.read()
    assert not_taken["verdict"] == "not_taken"
    for read in (ready, not_taken):
        refusal = at.refused(at.quote("buy_power", card_read_id=read["id"]))
        assert (refusal.code, refusal.field) == ("card_not_ready", "card_read_id")
    at.wall.insert(at.card)
    again = at.buy()["purchase"]
    assert again["count"] == 2
    assert "old_card_tail" not in again


def test_of_two_kiosks_with_one_meters_quotes_one_sells_and_the_other_keeps_the_money(at: CardOffice) -> None:
    quotes = [
        at.ask(at.quote("buy_power", terminal, card_read_id=at.read(terminal=terminal)["id"]))
        for terminal in "TU"
    ]
    first, second = (at.pay(quote, 5000, terminal) for quote, terminal in zip(quotes, "TU", strict=True))
    assert (first["purchase"]["count"], first["to_balance_fen"]) == (1, 0)
    assert ("purchase" in second, second["to_balance_fen"], at.count) == (False, 5000, 1)


@pytest.mark.parametrize(
    ("amount_fen", "power_fen", "rest_fen"),
    [(999, None, 999), (1000, 1000, 0), (30_000, 30_000, 0), (30_001, 30_000, 1)],
)
def test_what_the_limits_leave_over_is_balance(amount_fen: int, power_fen: int | None, rest_fen: int) -> None:
    at = CardOffice(hoarding_limit_fen=40_000, purchase_count=3)
    at.card.count, at.card.back = 3, (10_000, 3)
    read = at.read()
    assert (read["min_fen"], read["max_fen"], read["hoarding_limit_fen"]) == (1000, 30_000, 40_000)
    quote = at.ask(at.quote("buy_power", card_read_id=read["id"]))
    assert (quote["due_fen"], quote["min_fen"], quote["max_fen"]) == (0, 1000, 30_000)
    paid = at.pay(quote, amount_fen)
    assert (paid.get("purchase") or {}).get("amount_fen") == power_fen
    assert (paid["to_balance_fen"], paid["balance_after_fen"]) == (rest_fen, rest_fen)


def test_a_full_meter_is_sold_nothing() -> None:
    at = CardOffice(hoarding_limit_fen=40_000, purchase_count=3)
    at.card.count, at.card.back = 3, (39_001, 3)
    read = at.read()
    assert (read["verdict"], read["max_fen"]) == ("ready", 0)
    assert at.refused(at.quote("buy_power", card_read_id=read["id"])).code == "over_hoarding_limit"


def test_a_quote_is_for_the_terminals_own_reading_of_this_accounts_card_just_now(at: CardOffice) -> None:
    read = at.read()
    asked = {"card_read_id": read["id"]}
    assert at.refused(at.quote("buy_power", "U", **asked)).code == "unknown_card_read"
    assert at.refused(at.quote("buy_power", account_no="0399000000000091", **asked)).code == "other_card"
    assert at.refused(at.quote("buy_power")).field == "card_read_id"
    assert at.refused(at.quote("buy_power", months=("2026-01",), **asked)).field == "months"
    at.wait(minutes=16)
    assert at.refused(at.quote("buy_power", **asked)).code == "card_not_ready"


def test_money_for_power_without_a_quote_for_it_is_balance(at: CardOffice) -> None:
    prepay = at.ask(at.quote("prepay"))
    paid = at.pay(prepay, 5000, business="buy_power")
    assert ("purchase" in paid, paid["to_balance_fen"], at.count) == (False, 5000, 0)


def test_a_reading_and_a_payment_repeat_themselves(at: CardOffice) -> None:
    key = at.new_id()
    assert at.read(key=key) == at.read(key=key)
    refusal = at.refused(at.cards.read("T", key, at.read_order(count=5)))
    assert (refusal.code, refusal.field) == ("id_reused", "sealed")
    quote = at.ask(at.quote("buy_power", card_read_id=key))
    paid, again = (at.pay(quote, 5000, key="f" * 32) for _ in range(2))
    assert (paid == again, at.count, len(legs(at))) == (True, 1, 1)


# Writes ------------------------------------------------------------------------------------------------------


def test_a_write_has_the_cards_files_in_writing_order(at: CardOffice) -> None:
    write = at.ask(at.authorise(at.buy()["purchase"]))
    assert [each["file"] for each in write["files"]] == ["parameter", "write_back", "wallet"]
    layout = Layout.named(PROFILE)
    held = layout.decode("parameter", bytes.fromhex(write["files"][0]["data"]))
    assert (held["card_type"], held["update_flag"]) == (2, 0)
    assert (held["meter_no"], held["customer_no"]) == (METER[9:21], ACCOUNT[-12:])
    assert (held["alarm1_fen"], held["alarm2_fen"]) == (2000, 500)
    assert write["files"][2]["data"] == "0000138800000001"
    assert (write["state"], write["count"], write["amount_fen"]) == ("authorised", 1, 5000)


def test_a_write_is_authorised_once_by_its_id_at_one_terminal(at: CardOffice) -> None:
    purchase, key = at.buy()["purchase"], "e" * 32
    write = at.ask(at.authorise(purchase, key=key))
    assert at.ask(at.authorise(purchase, key=key)) == write
    assert at.refused(at.authorise(purchase, terminal="U", key=key)).code == "id_reused"
    at.put_on(write)
    at.ask(at.tell(write, "written"))
    assert at.ask(at.authorise(purchase, key=key, count_on_card=0))["state"] == "written"
    assert at.ask(at.cards.find_write("T", key)).state == "written"
    assert at.refused(at.cards.find_write("U", key)).code == "unknown_write"


def test_what_is_refused_to_be_written(at: CardOffice) -> None:
    purchase = at.buy()["purchase"]

    def code(card: PlasticCard | None = None, **changes: Any) -> str:
        return at.refused(at.authorise(purchase, card, **changes)).code

    assert code(purchase_id="0" * 32) == "unknown_purchase"
    assert code(kind="reissue") == "write_not_owed"
    assert code(PlasticCard(STRANGER)) == "other_card"
    assert code(profile="southern_grid") == "other_card"
    assert code(count_on_card=2) == "card_ahead"
    at.write(purchase)
    assert code() == "already_written"
    at.wall.insert(at.card)
    at.read()
    assert code() == "already_written"


def test_a_card_that_lags_behind_is_not_written() -> None:
    at = CardOffice(purchase_count=3)
    at.card.count, at.card.back = 3, (0, 3)
    purchase = at.buy()["purchase"]
    assert at.refused(at.authorise(purchase, count_on_card=2)).code == "card_behind"
    at.card.count = 2
    assert at.verdict() == "behind"


def test_a_failed_write_is_owed_at_any_kiosk_and_costs_nothing(at: CardOffice) -> None:
    paid = at.buy()
    write = at.ask(at.authorise(paid["purchase"]))
    assert at.ask(at.tell(write, "failed")).state == "failed"
    assert at.purchase(paid["id"]).state == "owed"
    reference = at.ask(at.desk.reference("AAAA-BBBB-CCCC"))
    assert (reference.state, reference.purchase.state, reference.purchase.id) == (
        "credited",
        "owed",
        paid["id"],
    )
    read = at.read(terminal="U")
    owed = {"id": read["owed"]["purchase_id"], "kind": "rewrite"}
    again = at.ask(at.authorise(owed, terminal="U"))
    assert (again["count"], again["amount_fen"]) == (write["count"], write["amount_fen"])
    at.put_on(again)
    at.ask(at.tell(again, "written", terminal="U"))
    at.wall.insert(at.card)
    assert (at.verdict(), at.wall.taken, at.count) == ("ready", [(1, 5000)], 1)


def test_a_write_never_heard_of_is_settled_by_reading_the_card(at: CardOffice) -> None:
    paid = at.buy()
    at.put_on(at.ask(at.authorise(paid["purchase"])))
    assert at.verdict() == "not_taken"
    assert at.purchase(paid["id"]).state == "written"
    assert at.refused(at.authorise(paid["purchase"], kind="rewrite")).code == "already_written"


def test_a_write_taken_up_again_after_another_one_delivered_its_purchase_is_told_as_written(
    at: CardOffice,
) -> None:
    purchase, key = at.buy()["purchase"], "e" * 32
    at.ask(at.authorise(purchase, key=key))
    again = at.ask(at.authorise({"id": purchase["id"], "kind": "rewrite"}, terminal="U"))
    at.put_on(again)
    at.ask(at.tell(again, "written", terminal="U"))
    assert at.ask(at.authorise(purchase, key=key, count_on_card=0))["state"] == "written"


def test_a_card_that_was_damaged_before_any_write_is_written_as_its_reading_says() -> None:
    at = CardOffice(purchase_count=3)
    at.card.count, at.card.back = 3, (0, 3)
    paid = at.buy()
    nothing: dict[str, Any] = {"meter_no": None, "customer_no": None, "count": 0, "amount_fen": 0}
    read = at.read(damaged="write_back.sum", write_back=None, **nothing)
    assert read["verdict"] == "owed"
    owed = {"id": read["owed"]["purchase_id"], "kind": "rewrite"}
    at.put_on(at.ask(at.authorise(owed, count_on_card=0)))
    at.wall.insert(at.card)
    assert (at.verdict(), at.wall.taken) == ("ready", [(4, paid["purchase"]["amount_fen"])])


def test_a_torn_wallet_is_written_again(at: CardOffice) -> None:
    at = CardOffice(purchase_count=255)
    at.card.count, at.card.back = 255, (0, 255)
    purchase = at.buy()["purchase"]
    assert at.verdict(count=0x1FF, write_back=None) == "ahead"
    at.ask(at.authorise(purchase))
    assert at.verdict(count=0x1FF, write_back=None) == "owed"
    assert at.verdict(damaged="parameter/checksum") == "owed"
    assert at.ask(at.authorise(purchase, kind="rewrite", count_on_card=0x1FF))["count"] == 256


def test_an_outcome_that_contradicts_what_was_seen(at: CardOffice) -> None:
    paid = at.buy()
    write = at.ask(at.authorise(paid["purchase"]))
    assert at.ask(at.tell(write, "written")).state == "unknown", "the card still holds the old count"
    assert at.ask(at.tell(write, "written", seen=False)).state == "unknown"
    assert at.purchase(paid["id"]).state == "owed"
    at.put_on(write)
    assert at.ask(at.tell(write, "failed")).state == "written", "the card holds the new one"
    for told in ("failed", "unknown"):
        assert at.ask(at.tell(write, told, seen=False)).state == "written"
    assert at.purchase(paid["id"]).state == "written"


def test_a_late_outcome_of_an_older_write_changes_nothing_for_the_worse(at: CardOffice) -> None:
    paid = at.buy()
    older = at.ask(at.authorise(paid["purchase"]))
    newer = at.ask(at.authorise(paid["purchase"], kind="rewrite"))
    at.put_on(newer)
    at.ask(at.tell(newer, "written"))
    assert at.ask(at.tell(older, "failed", seen=False)).state == "failed"
    assert at.purchase(paid["id"]).state == "written"
    assert at.refused(at.tell(older, "failed", terminal="U")).code == "unknown_write"


def test_a_write_that_is_told_late_does_not_undo_what_a_reading_has_proved_since(at: CardOffice) -> None:
    paid = at.buy()
    older = at.ask(at.authorise(paid["purchase"], terminal="V"))
    one = at.ask(at.authorise(paid["purchase"], kind="rewrite"))
    written = copy.copy(at.put_on(one))
    # Its meter has seen it and refuses it, before the kiosk has told that it wrote it.
    at.card.back = (0, 0)
    assert at.verdict() == "owed"
    for write, terminal in ((one, "T"), (older, "V")):
        assert at.ask(at.tell(write, "written", written, terminal)).state == "written"
        assert at.purchase(paid["id"]).state == "owed"
    two = at.ask(at.authorise(paid["purchase"], kind="rewrite", terminal="U"))
    at.ask(at.tell(one, "written", written))
    assert at.purchase(paid["id"]).state == "owed"
    at.put_on(two)
    at.ask(at.tell(two, "written", terminal="U"))
    assert at.purchase(paid["id"]).state == "written"


# What is computed for a write --------------------------------------------------------------------------------


def mac(at: CardOffice, write: dict[str, str], command: bytes, terminal: str = "T") -> Any:
    order = MacOrder(challenge="A1B2C3D4", command=command[:5].hex())
    return at.cards.mac(terminal, write["id"], order)


def test_a_mac_is_for_exactly_the_commands_of_this_write(at: CardOffice) -> None:
    write = at.ask(at.authorise(at.buy()["purchase"]))
    layout = Layout.named(PROFILE)
    commands = [
        update.message
        for each in write["files"]
        for update in layout.updates(FileData(each["file"], bytes.fromhex(each["data"])))
    ]
    own = keys.diversify(TRIPLE_DES, bench_keys.card_keys(PROFILE).mac, bytes.fromhex(SERIAL))
    for command in commands:
        due = keys.mac4(TRIPLE_DES, own, bytes.fromhex("A1B2C3D4"), command)
        assert at.ask(mac(at, write, command)).mac == due.hex().upper()
    elsewhere = bytes.fromhex("04D683000C")
    assert at.refused(mac(at, write, elsewhere)).code == "not_authorised"
    assert at.refused(mac(at, write, commands[-1], "U")).code == "unknown_write"
    challenge = ChallengeOrder(challenge="0011223344556677")
    assert len(at.ask(at.cards.cryptogram("T", write["id"], challenge)).cryptogram) == 16
    again = at.ask(at.authorise(at.read()["owed"] | {"id": write["purchase_id"], "kind": "rewrite"}))
    assert at.refused(mac(at, write, commands[0])).code == "not_authorised", "a newer write took its place"
    at.put_on(again)
    at.ask(at.tell(again, "written"))
    assert at.refused(mac(at, again, commands[0])).code == "not_authorised"
    assert at.refused(at.cards.cryptogram("T", again["id"], challenge)).code == "not_authorised"


def test_a_card_that_was_read_just_now_is_let_in_before_anything_is_authorised(at: CardOffice) -> None:
    challenge = "0011223344556677"
    order = ChallengeOrder(challenge=challenge)
    own = keys.diversify(TRIPLE_DES, bench_keys.card_keys(PROFILE).external, bytes.fromhex(SERIAL))
    expected = keys.cryptogram(TRIPLE_DES, own, bytes.fromhex(challenge)).hex().upper()
    ready = at.read()
    assert at.ask(at.cards.admit("T", ready["id"], order)).cryptogram == expected
    assert at.refused(at.cards.admit("U", ready["id"], order)).code == "unknown_card_read"
    assert at.refused(at.cards.admit("T", "0" * 32, order)).code == "unknown_card_read"
    wallet = bytes.fromhex("04D682000C") + bytes(8)
    assert at.refused(mac(at, ready, wallet)).code == "unknown_write", "a reading is no write"
    assert at.ask(at.cards.admit("T", at.read(PlasticCard(BLANK))["id"], order)).cryptogram != expected
    at.buy()
    assert at.ask(at.cards.admit("T", at.read()["id"], order)).cryptogram == expected, "it is owed"
    at.write(at.read()["owed"] | {"id": at.read()["owed"]["purchase_id"], "kind": "rewrite"})
    assert at.refused(at.cards.admit("T", at.read()["id"], order)).code == "not_authorised", "not taken"
    foreign = at.read(cryptogram="00" * 8)
    assert at.refused(at.cards.admit("T", foreign["id"], order)).code == "not_authorised"
    at.wait(minutes=4)
    assert at.refused(at.cards.admit("T", ready["id"], order)).code == "not_authorised"


# Reissue and opening -----------------------------------------------------------------------------------------


def test_a_reissue_carries_a_purchase_that_was_not_used(at: CardOffice) -> None:
    old = at.card
    at.write(at.buy(5000)["purchase"])
    paid = at.pay_for_card("reissue", 5000)
    assert (paid["fee_fen"], paid["to_balance_fen"]) == (2000, 3000)
    assert legs(at)[-1] == [("cash:T", 5000), ("income:card_fee", -2000), (f"balance:{ACCOUNT}", -3000)]
    purchase = paid["purchase"]
    assert (purchase["kind"], purchase["count"], purchase["amount_fen"]) == ("reissue", 1, 5000)
    assert (purchase["card_tail"], at.count) == (None, 1)
    assert purchase["old_card_tail"] == old.serial[-4:]
    new = PlasticCard(BLANK)
    assert at.verdict(new) == "blank"
    at.write(purchase, new)
    assert (new.card_type, new.count, new.amount_fen) == (3, 1, 5000)
    assert (at.verdict(old), at.verdict(new)) == ("other_card", "not_taken")
    at.wall.insert(old)
    at.wall.insert(new)
    assert (at.wall.taken, at.verdict(new)) == ([(1, 5000)], "ready")
    at.card = new
    assert at.buy()["purchase"]["count"] == 2


def test_a_reissue_while_a_rewrite_is_owed_delivers_both(at: CardOffice) -> None:
    bought = at.buy()
    at.ask(at.tell(at.ask(at.authorise(bought["purchase"])), "failed"))
    reissue = at.pay_for_card("reissue", 2000)["purchase"]
    assert at.verdict() == "owed", "the old card may still turn up before the new one is begun"
    new = PlasticCard(BLANK)
    at.write(reissue, new)
    assert (at.purchase(bought["id"]).state, at.verdict()) == ("written", "other_card")
    assert at.refused(at.authorise(bought["purchase"], kind="rewrite")).code == "already_written"
    at.wall.insert(new)
    assert (at.verdict(new), at.wall.taken) == ("ready", [(1, 5000)])


def test_a_reissue_carries_what_was_sold_meanwhile(at: CardOffice) -> None:
    at.write(at.buy()["purchase"])
    reissue = at.pay_for_card("reissue", 2000)["purchase"]
    at.wall.insert(at.card)
    second = at.buy(7000)["purchase"]
    assert second["count"] == 2
    write = at.ask(at.authorise(reissue, PlasticCard(BLANK)))
    assert (write["count"], write["amount_fen"]) == (2, 7000)
    assert at.refused(at.authorise(second)).code == "other_card"


def test_a_second_reissue_waits_for_the_first_and_another_blank_card_will_do(at: CardOffice) -> None:
    reissue = at.pay_for_card("reissue", 2000)["purchase"]
    check = at.ask(at.identify())
    assert at.refused(at.quote("reissue", identity_check_id=check["id"])).code == "write_owed"
    spoiled, new = PlasticCard(BLANK), PlasticCard(STRANGER)
    at.ask(at.tell(at.ask(at.authorise(reissue, spoiled)), "failed", spoiled))
    assert at.verdict(spoiled) == "owed"
    at.write(reissue | {"kind": "rewrite"}, new)
    assert (at.verdict(spoiled), at.verdict(new)) == ("other_card", "not_taken")
    assert at.refused(at.authorise(reissue, at.card)).code == "already_written"


def test_a_meters_first_card_carries_its_first_purchase() -> None:
    at = CardOffice(opened=False)
    del at.books.rows["cards", mark_of(SERIAL)]
    paid = at.pay_for_card("open_card", 5000)
    purchase = paid["purchase"]
    assert (purchase["kind"], purchase["count"], purchase["amount_fen"]) == ("open", 1, 5000)
    check = at.ask(at.identify())
    assert at.refused(at.quote("open_card", identity_check_id=check["id"])).code == "card_is_open"
    new = PlasticCard(BLANK)
    at.write(purchase, new)
    assert new.card_type == 1
    lost = at.pay_for_card("reissue", 2000)["purchase"]
    other = PlasticCard(STRANGER)
    at.write(lost, other)
    assert other.card_type == 1, "an unopened meter refuses a reissued card"
    at.wall.insert(other)
    assert (at.verdict(other), at.row("card_meters", METER).opened, at.wall.taken) == (
        "ready",
        True,
        [(1, 5000)],
    )


def test_a_new_card_of_another_layout_than_the_meters_has_no_price(at: CardOffice) -> None:
    check = at.ask(at.identify())["id"]
    fits = at.read(PlasticCard(BLANK))["id"]
    strange = at.read(PlasticCard(STRANGER), profile="southern_grid")["id"]
    refusal = at.refused(at.quote("reissue", identity_check_id=check, card_read_id=strange))
    assert (refusal.code, refusal.field) == ("card_not_ready", "card_read_id")
    assert at.refused(at.quote("reissue", identity_check_id=check, card_read_id="0" * 32)).code == (
        "unknown_card_read"
    )
    quote = at.ask(at.quote("reissue", identity_check_id=check, card_read_id=fits))
    assert quote["fee_fen"] == 2000


def test_cards_are_for_whoever_has_shown_who_he_is(at: CardOffice) -> None:
    assert at.refused(at.quote("reissue")).field == "identity_check_id"
    wrong = at.ask(at.identify(typed="1"))
    assert (wrong["state"], wrong["tries_left"]) == ("not_matched", 4)
    at.wait(seconds=3)
    right = at.ask(at.identify())
    assert right["state"] == "matched"
    for terminal, check in (("T", wrong), ("U", right)):
        refusal = at.refused(at.quote("reissue", terminal, identity_check_id=check["id"]))
        assert refusal.code == "identity_not_checked"
    neighbour = at.quote("reissue", identity_check_id=right["id"], account_no="0399000000000091")
    assert at.refused(neighbour).code == "identity_not_checked"
    at.wait(minutes=16)
    assert at.refused(at.quote("reissue", identity_check_id=right["id"])).code == "identity_not_checked"


# Reversals and claims ----------------------------------------------------------------------------------------


def reverse(at: CardOffice, payment_id: str) -> Any:
    order = ReversalOrder(payment_id=payment_id, amount_fen=5000, reason="unanswered", made_at=at.now)
    return at.desk.reverse("T", at.new_id(), order)


def test_power_that_was_never_begun_gives_its_count_back(at: CardOffice) -> None:
    first = at.buy(tender="bank_card")
    at.ask(at.tell(at.ask(at.authorise(first["purchase"])), "failed", seen=False))
    assert at.ask(reverse(at, first["id"]))["outcome"] == "reversed"
    assert (at.count, at.purchase(first["id"]).state) == (0, "withdrawn")
    assert at.refused(at.authorise(first["purchase"])).code == "unknown_purchase"
    assert sum(amount for each in legs(at) for _, amount in each) == 0
    assert at.buy()["purchase"]["count"] == 1


def test_a_reissue_does_not_carry_what_was_taken_back(at: CardOffice) -> None:
    bought = at.buy(tender="bank_card")
    reissue = at.pay_for_card("reissue", 2000)["purchase"]
    assert (reissue["count"], reissue["amount_fen"]) == (1, 5000)
    assert at.ask(reverse(at, bought["id"]))["outcome"] == "reversed"
    write = at.ask(at.authorise(reissue, PlasticCard(BLANK)))
    assert (write["count"], write["amount_fen"]) == (0, 0)


def test_a_failed_write_of_power_that_was_taken_back_is_not_taken_up_again(at: CardOffice) -> None:
    paid, key = at.buy(tender="bank_card"), at.new_id()
    write = at.ask(at.authorise(paid["purchase"], key=key))
    at.ask(at.tell(write, "failed"))
    assert at.ask(reverse(at, paid["id"]))["outcome"] == "reversed"
    assert at.refused(at.authorise(paid["purchase"], key=key)).code == "unknown_purchase"


@pytest.mark.parametrize("told", [None, "unknown", "written"])
def test_power_that_is_or_may_be_on_a_card_is_never_reversed(at: CardOffice, told: str | None) -> None:
    paid = at.buy(tender="bank_card")
    write = at.ask(at.authorise(paid["purchase"]))
    if told == "written":
        at.put_on(write)
    if told:
        at.ask(at.tell(write, told))
    assert at.refused(reverse(at, paid["id"])).code == "not_reversible"
    assert at.count == 1


def test_a_claim_forestalls_power_that_was_not_sold(at: CardOffice) -> None:
    quote = at.ask(at.quote("buy_power", card_read_id=at.read()["id"]))
    claim = ClaimOrder(
        reference="AAAA-BBBB-CCCC",
        payment_id="f" * 32,
        account_no=ACCOUNT,
        amount_fen=5000,
        memo_fen=0,
        reason="unanswered",
        notes=(),
        made_at=at.now,
    )
    at.ask(at.desk.claim("T", "c" * 32, claim))
    assert at.refused(at.desk.pay("T", "f" * 32, at.pay_order(quote, 5000))).code == "claimed"
    assert (at.count, at.books.table("purchases")) == (0, {})


def test_a_slip_of_a_claim_tells_of_the_power_that_was_credited_after_all(at: CardOffice) -> None:
    paid = at.buy()
    claim = ClaimOrder(
        reference="AAAA-BBBB-CCCC",
        payment_id=paid["id"],
        account_no=ACCOUNT,
        amount_fen=5000,
        memo_fen=0,
        reason="unanswered",
        notes=(),
        made_at=at.now,
    )
    assert at.ask(at.desk.claim("T", "c" * 32, claim))["resolution"] == "already_credited"
    told = at.ask(at.desk.reference("AAAA-BBBB-CCCC"))
    assert (told.kind, told.resolution) == ("claim", "already_credited")
    assert (told.purchase.id, told.purchase.state, told.purchase.kind) == (
        paid["id"],
        "authorised",
        "purchase",
    )


@pytest.mark.parametrize("inserted", [False, True])
def test_books_from_a_backup_neither_sell_nor_write_what_they_do_not_know(
    at: CardOffice, inserted: bool
) -> None:
    kept = copy.deepcopy(at.books.rows)
    paid = at.buy()["purchase"]
    write = at.write(paid)
    if inserted:
        at.wall.insert(at.card)
    at.books.rows.clear()
    at.books.rows.update(kept)
    assert at.verdict() == "ahead"
    assert at.refused(at.authorise(paid)).code == "unknown_purchase"
    assert at.refused(at.tell(write, "written")).code == "unknown_write"
    read = at.read()
    assert at.refused(at.quote("buy_power", card_read_id=read["id"])).code == "card_not_ready"
    # Who takes the card for lost gets one that carries what these books know, and the meter credits nothing twice.
    new = at.pay_for_card("reissue", 2000)["purchase"]
    card = PlasticCard(BLANK)
    at.write(new, card)
    for each in (card, at.card, card, at.card):
        at.wall.insert(each)
    assert at.wall.state.credited_fen == (5000 if inserted else 0)
    assert at.verdict(at.card) == "other_card"
    assert at.verdict(card) == ("ahead" if inserted else "ready")


def test_answers_hold_no_more_than_before_for_other_business(at: CardOffice) -> None:
    quote = at.ask(at.quote("prepay"))
    assert {"min_fen", "fee_fen"}.isdisjoint(quote)
    paid = at.pay(quote, 5000)
    assert {"purchase", "fee_fen"}.isdisjoint(paid)
    assert b"purchase" not in msgspec.json.encode(at.ask(at.desk.reference("AAAA-BBBB-CCCC")))
