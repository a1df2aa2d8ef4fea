"""Whom the card's lane asks before it writes, and which answers are no permission."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import msgspec
import pytest

from drivers.errors import CommandRefused
from drivers.meter_card.model import Wallet
from drivers.security.model import CardKeys
from kiosk.hubclient import card_wire, wire
from kiosk.hubclient.card_module import HubReadingModule
from kiosk.hubclient.client import HubClient
from kiosk.hubclient.outcomes import Answer, NotSent, NotSentReason, Outcome, Refused
from kiosk.lanes.authority import HubAuthority
from kiosk.lanes.card import NotAuthorised
from kiosk.payment.model import Delivery
from tests.drivers.meter_card.desk import HOLDER, STATE_GRID, Module, order
from tests.kiosk.lanes.test_card import CARD, PAYMENT, SOLD

BACK = bytes.fromhex(
    "6811002B01000001000001000000123456000100200300000004D200000006000000000000000000000026112218307C16"
)
"""What the card's own meter would write back."""

WRITE = card_wire.CardWrite(
    id="e" * 32,
    purchase_id="d" * 32,
    state="authorised",
    profile=CARD.profile,
    card_tail=CARD.serial[-4:],
    files=tuple(card_wire.CardFile(each.file, each.data.hex()) for each in order().files),
    count=SOLD.count,
    amount_fen=SOLD.amount_fen,
)


class Hub:
    """A hub with one answer."""

    def __init__(self, outcome: Outcome[card_wire.CardWrite]) -> None:
        self.outcome = outcome

    def sealing(self, call: Any) -> Any:
        return call(lambda field, text: f"{field} {text}")

    def put_card_write(self, _write_id: str, _request: Any) -> Outcome[card_wire.CardWrite]:
        return self.outcome

    def put_read_cryptogram(self, _read_id: str, _step: int, _request: Any) -> Outcome[card_wire.Cryptogram]:
        return Refused(wire.Problem(status=409, code="no_key_store"))


def authorised_by(outcome: Outcome[card_wire.CardWrite]) -> Any:
    module = Module()
    authority = HubAuthority(cast(HubClient, Hub(outcome)), [STATE_GRID], module)
    told, computes = authority.authorise(PAYMENT)
    assert computes is module
    return told


def test_a_card_that_was_read_is_computed_for_by_the_kiosks_own_module_or_else_by_the_hub() -> None:
    hub, own = cast(HubClient, Hub(Answer(WRITE))), Module()
    assert HubAuthority(hub, [STATE_GRID], own).admitting is own
    assert isinstance(HubAuthority(hub, [STATE_GRID]).admitting, HubReadingModule)


def test_a_hub_without_the_cards_keys_is_told_of_before_any_write() -> None:
    authority = HubAuthority(cast(HubClient, Hub(Answer(WRITE))), [STATE_GRID])
    assert authority.health().code == "module_untried"
    with pytest.raises(CommandRefused, match="no_key_store"):
        authority.admitting.authenticate(CardKeys(CARD.profile, CARD.serial, "r" * 32), bytes(8))
    assert authority.health().code == "module_no_keys"


def test_the_hubs_files_are_what_is_written() -> None:
    told = authorised_by(Answer(WRITE))
    assert (told.write_id, told.serial, told.files) == (WRITE.id, CARD.serial, order().files)


def test_a_card_without_numbers_is_the_hubs_to_know() -> None:
    sold = msgspec.structs.replace(SOLD, meter_no="", customer_no="")
    payment = replace(PAYMENT, delivery=Delivery(sold, "w" * 32, 1))
    hub = cast(HubClient, Hub(Answer(WRITE)))
    assert HubAuthority(hub, [STATE_GRID], Module()).authorise(payment)[0].files == order().files


def files(**changes: Any) -> Outcome[card_wire.CardWrite]:
    """An authorisation whose files say something else than the answer around them."""
    parameter = {**HOLDER, **{name: value for name, value in changes.items() if name in HOLDER}}
    wallet = Wallet(changes.get("amount_fen", SOLD.amount_fen), changes.get("count", SOLD.count))
    made = STATE_GRID.order(parameter, wallet)
    told = tuple(
        card_wire.CardFile(each.file, changes.get(each.file, each.data.hex()))
        for each in made
        if changes.get(each.file) != ""
    )
    return Answer(msgspec.structs.replace(WRITE, files=told))


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Answer(msgspec.structs.replace(WRITE, state="written")), "already_written"),
        (Answer(msgspec.structs.replace(WRITE, count=8)), "other_purchase"),
        (Answer(msgspec.structs.replace(WRITE, card_tail="FFFF")), "other_purchase"),
        (Answer(msgspec.structs.replace(WRITE, amount_fen=1)), "other_purchase"),
        (Answer(msgspec.structs.replace(WRITE, profile="southern_grid")), "other_purchase"),
        (files(count=8), "other_purchase"),
        (files(amount_fen=500_000), "other_purchase"),
        (files(meter_no="000000999999"), "other_purchase"),
        (files(customer_no="000000000001"), "other_purchase"),
        (files(parameter="68" * 45), "other_purchase"),
        (files(wallet="0000138800000007" * 2), "other_purchase"),
        (files(write_back="68" + "11" * 48), "other_purchase"),
        (files(write_back=BACK.hex()), "other_purchase"),
        (files(parameter=""), "other_purchase"),
        (files(write_back=""), "other_purchase"),
        (NotSent(NotSentReason.REFUSED, "no"), "hub_gone"),
    ],
)
def test_what_is_no_permission(outcome: Any, code: str) -> None:
    with pytest.raises(NotAuthorised) as refused:
        authorised_by(outcome)
    assert refused.value.code == code
