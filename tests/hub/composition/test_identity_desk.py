"""Who has shown who he is, and the new card that was paid for and not made: any kiosk makes it then, and makes one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hub.business.card_sales import CardLimits
from hub.business.forms import ReversalOrder
from hub.composition.card_counter import CardCounter
from tests.crash.memory_cards import MemoryCards
from tests.hub.composition.card_counter import (
    ACCOUNT,
    METER,
    NEIGHBOUR,
    STRANGER,
    CardOffice,
    PlasticCard,
    mark_of,
)

FIRST, SECOND, THIRD = "A100000000000001", "A100000000000002", "A100000000000003"


@pytest.fixture
def at() -> CardOffice:
    """A meter that has taken its first purchase."""
    office = CardOffice()
    office.write(office.buy()["purchase"])
    office.wall.insert(office.card)
    return office


def shows(at: CardOffice, terminal: str = "T", **changes: Any) -> Any:
    """What the hub tells of a card that is owed to the customer who has shown who he is."""
    at.wait(seconds=3)
    answer = at.ask(at.identify(terminal, **changes))
    return answer["pending"]


def spoils(at: CardOffice, purchase: Any, serial: str = FIRST, terminal: str = "T") -> PlasticCard:
    """A blank takes no write, and the kiosk says so."""
    card = PlasticCard(serial)
    write = at.ask(at.authorise(purchase, card, terminal))
    at.ask(at.tell(write, "failed", card, terminal))
    return card


def makes(at: CardOffice, pending: Any, serial: str, terminal: str = "U") -> PlasticCard:
    """Write the card that is owed, free of charge, and tell the hub."""
    card = PlasticCard(serial)
    write = at.ask(begun(at, pending, card, terminal))
    assert (write["count"], write["amount_fen"]) == (pending["count"], pending["amount_fen"])
    at.put_on(write, card)
    assert at.ask(at.tell(write, "written", card, terminal)).state == "written"
    return card


def begun(at: CardOffice, pending: Any, card: PlasticCard, terminal: str = "U", key: str = "") -> Any:
    owed = {"id": pending["purchase_id"], "kind": "rewrite"}
    return at.authorise(owed, card, terminal, key)


def test_a_spoiled_new_card_is_told_to_its_customer_alone_and_made_at_any_kiosk_once(at: CardOffice) -> None:
    paid = at.pay_for_card("reissue", 2000)
    spoils(at, paid["purchase"])
    assert shows(at, "U", typed="15400000084") is None
    pending = shows(at, "U")
    told = {"purchase_id": paid["id"], "kind": "reissue", "count": 1, "amount_fen": 5000}
    assert told.items() <= pending.items()
    assert pending["reference"] == "AAAA-BBBB-CCCC"
    new = makes(at, pending, SECOND)
    assert shows(at, "U") is None
    assert at.refused(begun(at, pending, PlasticCard(THIRD), "T")).code == "already_written"
    assert at.verdict(new) == "not_taken", "its meter has not told of it yet"
    at.wall.insert(new)
    assert at.wall.taken == [(1, 5000)]


def test_a_second_blank_may_be_spoiled_as_well(at: CardOffice) -> None:
    spoils(at, at.pay_for_card("reissue", 2000)["purchase"])
    pending = shows(at, "U")
    again = {"id": pending["purchase_id"], "kind": "rewrite"}
    spoils(at, again, SECOND, "U")
    assert shows(at, "T") == pending
    makes(at, pending, THIRD, "T")
    assert shows(at, "T") is None


def test_a_first_card_that_was_spoiled_brings_its_purchase_into_the_meter() -> None:
    at = CardOffice(opened=False)
    del at.books.rows["cards", mark_of(at.card.serial)]
    spoils(at, at.pay_for_card("open_card", 5000)["purchase"])
    pending = shows(at, "U")
    assert (pending["kind"], pending["count"], pending["amount_fen"]) == ("open", 1, 5000)
    new = makes(at, pending, SECOND)
    assert new.card_type == 1
    at.wall.insert(new)
    assert at.wall.taken == [(1, 5000)]


def test_another_kiosk_leaves_a_card_alone_on_which_one_may_still_be_at_work(at: CardOffice) -> None:
    paid = at.pay_for_card("reissue", 2000)
    at.ask(at.authorise(paid["purchase"], PlasticCard(FIRST)))
    assert shows(at, "U") is None
    check = at.ask(at.identify("U"))
    quote = at.quote("reissue", "U", identity_check_id=check["id"])
    assert at.refused(quote).code == "write_owed", "nobody pays for it a second time meanwhile"
    assert shows(at, "T") is not None, "its own kiosk knows that it is not"
    at.wait(minutes=15)
    assert shows(at, "U") is not None


def test_of_two_kiosks_that_make_it_at_once_the_later_one_does(at: CardOffice) -> None:
    """Also where the first computes for its cards itself: it is not let write any more."""
    spoils(at, at.pay_for_card("reissue", 2000)["purchase"])
    pending, same = shows(at, "T"), shows(at, "U")
    assert pending == same
    slow, quick = PlasticCard(SECOND), PlasticCard(THIRD)
    first = at.ask(begun(at, pending, slow, "T", "1" * 32))
    second = at.ask(begun(at, pending, quick, "U", "2" * 32))
    assert at.refused(begun(at, pending, slow, "T", "1" * 32)).code == "other_card"
    at.put_on(second, quick)
    at.put_on(first, slow)  # it was written before all of this, and tells only now
    assert at.ask(at.tell(first, "written", slow, "T")).state == "written"
    assert at.purchase(pending["purchase_id"]).pending
    assert at.ask(at.tell(second, "written", quick, "U")).state == "written"
    assert at.purchase(pending["purchase_id"]).state == "written"
    assert (at.verdict(slow), at.verdict(quick)) == ("other_card", "not_taken")
    assert shows(at) is None
    for card in (slow, quick):
        at.wall.insert(card)
    assert at.wall.taken == [(1, 5000)]


def test_a_card_that_was_written_before_its_kiosk_died_is_told_late(at: CardOffice) -> None:
    spoils(at, at.pay_for_card("reissue", 2000)["purchase"])
    card = PlasticCard(SECOND)
    write = at.ask(begun(at, shows(at, "U"), card, "U"))
    at.put_on(write, card)
    assert shows(at, "T") is None
    at.wait(minutes=14)
    at.ask(at.tell(write, "written", card, "U"))
    at.wait(minutes=15)
    assert (shows(at, "T"), at.verdict(card)) == (None, "not_taken")


def test_a_meter_that_is_another_accounts_by_now_gives_that_one_no_card(at: CardOffice) -> None:
    spoils(at, at.pay_for_card("reissue", 2000)["purchase"])
    meter = at.row("card_meters", METER)
    at.books.rows["card_meters", METER] = replace(meter, account_no=NEIGHBOUR)
    at.books.rows["marks", (NEIGHBOUR, "phone")] = "15400000091"
    assert shows(at, "U", account_no=NEIGHBOUR, typed="15400000091") is None
    at.books.rows["card_meters", METER] = replace(meter, account_no=ACCOUNT)
    assert shows(at, "U") is not None


def test_a_dearer_fee_changes_nothing_of_a_card_that_is_paid_for(at: CardOffice) -> None:
    spoils(at, at.pay_for_card("reissue", 2000)["purchase"])
    at.desk._cards = CardCounter(MemoryCards, CardLimits(reissue_fee_fen=9000))
    makes(at, shows(at, "U"), SECOND)
    assert shows(at, "U") is None


def test_a_card_whose_money_went_back_is_owed_to_nobody(at: CardOffice) -> None:
    check = at.ask(at.identify())
    quote = at.ask(at.quote("reissue", identity_check_id=check["id"]))
    paid = at.pay(quote, 2000, tender="bank_card")
    pending = shows(at, "U")
    order = ReversalOrder(payment_id=paid["id"], amount_fen=2000, reason="unanswered", made_at=at.now)
    assert at.ask(at.desk.reverse("T", at.new_id(), order))["outcome"] == "reversed"
    assert shows(at, "U") is None
    assert at.refused(begun(at, pending, PlasticCard(STRANGER))).code == "unknown_purchase"


def test_money_for_a_card_that_was_begun_does_not_go_back(at: CardOffice) -> None:
    check = at.ask(at.identify())
    quote = at.ask(at.quote("reissue", identity_check_id=check["id"]))
    paid = at.pay(quote, 2000, tender="bank_card")
    spoils(at, paid["purchase"])
    order = ReversalOrder(payment_id=paid["id"], amount_fen=2000, reason="unanswered", made_at=at.now)
    assert at.refused(at.desk.reverse("T", at.new_id(), order)).code == "not_reversible"
    assert shows(at, "U") is not None


def test_the_card_carries_what_its_old_one_bought_meanwhile(at: CardOffice) -> None:
    """Paid for and never begun: the old card is good until then."""
    at.pay_for_card("reissue", 2000)
    at.write(at.buy(7000)["purchase"])
    pending = shows(at, "U")
    assert (pending["count"], pending["amount_fen"]) == (2, 7000)
    new = makes(at, pending, SECOND)
    at.wall.insert(new)
    assert at.wall.taken == [(1, 5000), (2, 7000)]
