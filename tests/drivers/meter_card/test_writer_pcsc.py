"""The writer over a real pcscd: a whole purchase, a card that falls silent, one that is pulled, a reader that goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from drivers.card.pcsc import PcscCard
from drivers.errors import DriverError, TransportError
from drivers.meter_card.model import CardError, Presence, ReaderGone, Wallet
from drivers.meter_card.writer import CpuCardWriter, WriterSettings
from drivers.security.model import CardKeys
from simulators.bench.cards import CardProgram
from simulators.bench.pcscd import BenchPcscd
from tests.drivers.meter_card.desk import OTHER, SERIAL, STATE_GRID, Module, order

PATIENCE_S = 20.0
PATIENT = WriterSettings(read=PATIENCE_S, prove=PATIENCE_S, write=PATIENCE_S, command=PATIENCE_S)
SHORT_S = 0.2
WALLET_COMMAND = 10
"""Of a write's commands so many come before the wallet's."""
TORN_ALWAYS = (5, 7, 11)
"""Let in, first file, wallet; `make crash` plays the others."""


@pytest.fixture
def writer(user_card: CardProgram) -> Iterator[CpuCardWriter]:
    """A writer with a blank card of this serial in its reader."""
    user_card.do("renew", serial=SERIAL)
    writer = CpuCardWriter(PcscCard(user_card.slot.reader), [STATE_GRID], PATIENT)
    writer.open()
    yield writer
    writer.close()
    user_card.do("renew", serial=SERIAL)


def again(do: Callable[[], object]) -> None:
    """Do it until the reader is back and the card with it."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            do()
        except DriverError:
            assert time.monotonic() < until
            time.sleep(0.01)
        else:
            return


def test_a_whole_purchase(writer: CpuCardWriter, user_card: CardProgram) -> None:
    assert [writer.poll(), writer.poll()] == [Presence.PRESENT, None]
    assert writer.read().blank
    challenge = bytes(range(8))
    answer = writer.prove(challenge)
    assert Module().genuine(CardKeys("state_grid_2013", SERIAL), challenge, answer)
    before = user_card.do("status")
    contents = writer.write(order(), Module())
    after = user_card.do("status")
    assert order().unlike(contents) == ()
    assert (after["apdus"] - before["apdus"], after["power_ups"]) == (14, before["power_ups"])
    assert writer.read() == contents
    assert writer.poll() is None, "power is no change of presence"
    assert writer.health().usable

    user_card.do("renew", serial=OTHER)
    with pytest.raises(CardError) as caught:
        writer.write(order(), Module())
    assert (caught.value.code, caught.value.serial) == ("card_changed", OTHER)


@pytest.mark.parametrize(
    ("setting", "act"),
    [
        ("read", lambda writer: writer.read()),
        ("prove", lambda writer: writer.prove(bytes(8))),
        ("write", lambda writer: writer.write(order(), Module())),
    ],
)
def test_a_card_that_falls_silent(
    writer: CpuCardWriter, user_card: CardProgram, setting: str, act: Callable[[CpuCardWriter], object]
) -> None:
    writer.close()
    port = PcscCard(user_card.slot.reader)
    hasty = CpuCardWriter(port, [STATE_GRID], replace(PATIENT, **{setting: SHORT_S}))
    if setting == "prove":
        hasty.read()
    else:
        port.connect()
    user_card.do("silence")
    began = time.monotonic()
    with pytest.raises(CardError) as caught:
        act(hasty)
    assert SHORT_S <= time.monotonic() - began < PATIENCE_S
    assert (caught.value.code, caught.value.wallet_sent) == ("card_mute", False)
    user_card.do("calm")
    hasty.close()
    again(writer.read)


def test_a_card_that_is_pulled_and_comes_back(writer: CpuCardWriter, user_card: CardProgram) -> None:
    assert writer.poll() is Presence.PRESENT
    user_card.do("pull", at=11, cut="after")
    with pytest.raises(CardError) as caught:
        writer.write(order(), Module())
    assert (caught.value.code, caught.value.serial, caught.value.wallet_sent) == ("card_gone", SERIAL, True)
    told: list[Presence] = []
    user_card.do("insert")
    until = time.monotonic() + PATIENCE_S
    while Presence.PRESENT not in told:
        assert time.monotonic() < until
        told += [change] if (change := writer.poll()) else []
    assert told == [Presence.ABSENT, Presence.PRESENT]
    assert writer.read().wallet == Wallet(5000, 7), "the wallet was written before the card was pulled"


@pytest.mark.parametrize(
    "at", [at if at in TORN_ALWAYS else pytest.param(at, marks=pytest.mark.slow) for at in range(1, 15)]
)
def test_torn_at_any_command_the_wallet_is_old_until_it_was_sent_and_the_write_goes_over_it(
    writer: CpuCardWriter, user_card: CardProgram, at: int
) -> None:
    """The contacts are lost half through the command, for a moment: what a hand at the card does at its worst."""
    writer.write(order(6, 3000), Module())
    writer.read()
    user_card.do("pull", at=at, cut="half", stay=True)
    with pytest.raises(CardError) as caught:
        writer.write(order(), Module())
    error = caught.value
    assert error.code == "card_gone"
    assert error.wallet_sent == (at > WALLET_COMMAND)
    if not error.wallet_sent:
        assert bytes.fromhex(user_card.do("status")["files"]["2"]) == order(6, 3000).files[-1].data
    again(lambda: writer.write(order(), Module()))
    assert order().unlike(writer.read()) == ()


def test_pcscd_goes_away_and_comes_back(
    writer: CpuCardWriter, user_card: CardProgram, pcscd: BenchPcscd
) -> None:
    writer.read()
    pcscd.stop()
    try:
        with pytest.raises(ReaderGone) as caught:
            writer.write(order(), Module())
        assert not caught.value.wallet_sent
        assert writer.health().code == "no_device"
        for use in (writer.poll, writer.open):
            with pytest.raises(TransportError):
                use()
    finally:
        pcscd.start()
    again(writer.open)
    again(lambda: writer.write(order(), Module()))
    assert writer.health().usable
