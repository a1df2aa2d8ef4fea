"""A card in the slot without PC/SC behaves as one behind PC/SC."""

from __future__ import annotations

import pytest

from drivers.card.apdu import Command
from drivers.card.errors import CardGone, CardMute, CardReset
from drivers.errors import ProtocolError
from simulators.cards.card import Cut
from simulators.cards.slot import CardSlot, Pull
from simulators.cards.strange import StrangeCard
from tests.drivers.meter_card.desk import SERIAL, card

READ_SERIAL = Command(0x00, 0xB0, 0x99, 0x01, le=8)


def test_a_conversation() -> None:
    slot = CardSlot(card())
    with pytest.raises(CardReset):
        slot.exchange(READ_SERIAL)
    assert slot.connect()[:1] == b"\x3b"
    assert slot.exchange(READ_SERIAL).data.hex() == SERIAL
    assert slot.exchange(READ_SERIAL.with_le(200)).data.hex() == SERIAL
    slot.exchange(Command(0x00, 0xA4, 0x00, 0x00, b"\xdf\x01"))
    assert len(slot.exchange(Command(0x00, 0x88, 0x00, 0x01, bytes(8), le=8)).data) == 8
    assert slot.exchange(READ_SERIAL).sw == 0x6A82
    slot.connect()
    assert slot.exchange(READ_SERIAL).ok
    assert [sent.hex().upper()[:4] for sent in slot.sent][:4] == ["00B0", "00B0", "00B0", "00A4"]
    slot.close()
    with pytest.raises(CardReset):
        slot.exchange(READ_SERIAL)


def test_a_card_that_is_pulled_is_gone() -> None:
    slot = CardSlot()
    with pytest.raises(CardGone):
        slot.connect()
    mine = card()
    slot.insert(mine, Pull(1, Cut.AFTER))
    slot.connect()
    assert slot.exchange(READ_SERIAL).ok
    before = slot.look()
    with pytest.raises(CardGone):
        slot.exchange(READ_SERIAL)
    with pytest.raises(CardGone):
        slot.exchange(READ_SERIAL)
    assert before.present
    assert not slot.look().present
    assert slot.look().events != before.events
    slot.remove()
    slot.insert(mine)
    slot.connect()
    assert slot.exchange(READ_SERIAL).ok


def test_strange_cards() -> None:
    with pytest.raises(CardMute):
        CardSlot(StrangeCard("mute")).connect()
    slot = CardSlot(StrangeCard("endless"))
    slot.connect()
    with pytest.raises(ProtocolError, match="more than 4096"):
        slot.exchange(READ_SERIAL)
