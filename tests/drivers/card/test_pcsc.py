"""A card through a real pcscd: what comes back, what takes too long, and everything that goes away under our hand."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from drivers.card import winscard
from drivers.card.apdu import Command, Response
from drivers.card.pcsc import CardGone, CardMute, CardReset, PcscCard
from drivers.errors import CommandRefused, DeviceTimeout, DriverError, ProtocolError, TransportError
from simulators.bench.cards import CardProgram
from simulators.bench.pcscd import BenchPcscd

SERIAL = bytes.fromhex("1122334455667788")
READ_SERIAL = Command(0x00, 0xB0, 0x99, 0x01, le=8)
SELECT = Command(0x00, 0xA4, 0x00, 0x00, b"\xdf\x01")
INTERNAL_AUTHENTICATE = Command(0x00, 0x88, 0x00, 0x01, bytes(8), le=8)
PATIENCE_S = 20.0
"""How long a sound card on a busy machine may take."""


@pytest.fixture
def card(user_card: CardProgram) -> Iterator[PcscCard]:
    """The user card in slot 0, connected."""
    card = PcscCard(user_card.slot.reader)
    card.connect()
    yield card
    card.close()


@pytest.fixture
def empty(card_program: CardProgram) -> Iterator[PcscCard]:
    """Slot 0 without a card."""
    if card_program.do("status")["inserted"]:
        card_program.do("pull")
    card = PcscCard(card_program.slot.reader)
    card.open()
    wait_for(lambda: not card.present())
    yield card
    card.close()


def ask(card: PcscCard, command: Command = READ_SERIAL, patience_s: float = PATIENCE_S) -> Response:
    return card.exchange(command, time.monotonic() + patience_s)


def wait_for(true: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


def opened(card: PcscCard) -> bool:
    try:
        card.open()
    except TransportError:
        return False
    return True


def again(card: PcscCard) -> None:
    """Take the reader and a sound card again, however long they take to come back."""

    def tried() -> bool:
        try:
            card.connect()
        except DriverError:
            return False
        return True

    wait_for(tried)
    assert ask(card) == Response(SERIAL, 0x9000)


def test_a_whole_conversation(card: PcscCard, user_card: CardProgram) -> None:
    assert card.is_open
    assert card.connected
    assert card.present()
    assert ask(card) == Response(SERIAL, 0x9000)
    assert ask(card, READ_SERIAL.with_le(200)) == Response(SERIAL, 0x9000), "6Cxx is asked again"
    assert len(ask(card, INTERNAL_AUTHENTICATE).data) == 8, "61xx is fetched"
    assert ask(card, SELECT).ok
    assert ask(card) == Response(b"", 0x6A82), "a refusal is an answer"
    assert ask(card, Command(0x00, 0xB0, 0x83, 0x00, le=256)).data == bytes(203)
    sent = [entry["command"] for entry in user_card.do("status")["log"][-9:]]
    assert [command[:4] for command in sent] == [
        "00B0",
        "00B0",
        "00B0",
        "0088",
        "00C0",
        "00A4",
        "00B0",
        "00B0",
        "00B0",
    ]

    assert card.connect().historical[:8] == SERIAL
    assert ask(card).ok, "connected anew, it has forgotten what was selected"

    other = PcscCard(card.reader)
    with pytest.raises(CommandRefused, match="another program holds the card"):
        other.connect()
    assert other.present()
    card.disconnect()
    card.disconnect()
    with pytest.raises(CardReset, match="not connected"):
        ask(card)
    other.connect()
    other.close()
    other.close()
    again(card)
    card.close()
    for use in (card.present, card.look, lambda: ask(card)):
        with pytest.raises(DriverError, match="not (open|connected)"):
            use()
    card.disconnect()


def test_a_late_answer_is_waited_for_and_a_later_one_is_never_taken_for_another(
    card: PcscCard, user_card: CardProgram
) -> None:
    user_card.do("delay_answer", ms=100)
    assert ask(card) == Response(SERIAL, 0x9000)

    user_card.do("silence")
    began = time.monotonic()
    with pytest.raises(DeviceTimeout):
        ask(card, patience_s=0.1)
    assert 0.1 <= time.monotonic() - began < PATIENCE_S
    assert not card.is_open
    user_card.do("calm")
    again(card)
    assert ask(card, SELECT) == Response(b"", 0x9000)


def test_a_deadline_that_has_passed_sends_nothing(card: PcscCard, user_card: CardProgram) -> None:
    before = user_card.do("status")["apdus"]
    with pytest.raises(DeviceTimeout):
        ask(card, patience_s=-1)
    again(card)
    assert user_card.do("status")["apdus"] == before + 1


def test_reset_by_another_program(
    user_card: CardProgram, card: PcscCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    scard = winscard._loaded()
    # While we hold it nobody else may; so for once we share it.
    monkeypatch.setattr(scard, "SCARD_SHARE_EXCLUSIVE", scard.SCARD_SHARE_SHARED)
    card.connect()
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    wanted = scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_T0
    result, other, _ = scard.SCardConnect(context, user_card.slot.reader, *wanted)
    assert result == 0
    assert scard.SCardReconnect(other, *wanted, scard.SCARD_RESET_CARD)[0] == 0
    with pytest.raises(CardReset, match="reset by another program"):
        ask(card)
    again(card)
    scard.SCardReleaseContext(context)


def test_contacts_lost_for_a_moment(card: PcscCard, user_card: CardProgram) -> None:
    user_card.do("pull", at=1, cut="before", stay=True)
    with pytest.raises((CardGone, CardMute)):
        ask(card)
    again(card)


def test_pulled_in_the_middle_of_a_command(card: PcscCard, user_card: CardProgram) -> None:
    inserted = card.look().events
    user_card.do("pull", at=1, cut="after")
    with pytest.raises(CardGone, match="pulled"):
        ask(card, Command(0x00, 0xD6, 0x81, 0x00, b"\x5a" * 39))
    assert not card.connected
    assert card.is_open
    wait_for(lambda: not card.present())
    user_card.do("insert")
    wait_for(card.present)
    assert card.look().events != inserted
    again(card)
    assert ask(card, Command(0x00, 0xB0, 0x81, 0x00, le=39)).data == b"\x5a" * 39, (
        "the command had its effect"
    )


def test_pcscd_restarted_between_two_commands(card: PcscCard, pcscd: BenchPcscd) -> None:
    pcscd.stop()
    try:
        with pytest.raises(TransportError, match="pcscd"):
            ask(card)
        assert not card.is_open
        for _ in range(2):
            with pytest.raises(TransportError, match="pcscd does not run"):
                card.open()
    finally:
        pcscd.start()
    again(card)


def test_pcscd_killed_in_the_middle_of_a_command(
    card: PcscCard, pcscd: BenchPcscd, user_card: CardProgram
) -> None:
    user_card.do("silence")
    before = user_card.do("status")["apdus"]

    def kill() -> None:
        wait_for(lambda: user_card.do("status")["apdus"] > before)
        pcscd.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        with pytest.raises(TransportError, match="pcscd"):
            ask(card)
    finally:
        killer.join(PATIENCE_S)
        user_card.do("calm")
        pcscd.start()
    again(card)


def test_the_reader_is_unplugged_and_plugged_in(card: PcscCard, pcscd: BenchPcscd) -> None:
    pcscd.stop()
    pcscd.start(readers=False)
    try:
        with pytest.raises(TransportError):
            card.present()
        with pytest.raises(TransportError, match="no such reader"):
            card.open()
    finally:
        pcscd.stop()
        pcscd.start()
    again(card)


def test_pcscd_that_stands_still(card: PcscCard, pcscd: BenchPcscd, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def standing_still() -> Iterator[None]:
        """Within the block pcscd stands still and is not waited for long; a sound one may take its time."""
        with pcscd.frozen(), monkeypatch.context() as hasty:
            for limit in ("_ANSWER_S", "_CONNECT_S", "_LET_GO_S"):
                hasty.setattr(f"drivers.card.pcsc.{limit}", 0.1)
            yield

    with standing_still():
        with pytest.raises(DeviceTimeout):
            ask(card, patience_s=0.1)
        with pytest.raises(TransportError, match="not given an earlier command back"):
            card.open()
    again(card)
    for call in (card.present, card.connect):
        with standing_still(), pytest.raises(DeviceTimeout):
            call()
        again(card)
    with standing_still():
        card.close()
    again(card)


def test_a_silent_card_holds_the_reader_until_it_is_pulled(
    card: PcscCard, user_card: CardProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.card.pcsc._LET_GO_S", 0.1)
    user_card.do("silence")
    began = time.monotonic()
    with pytest.raises(DeviceTimeout):
        ask(card, patience_s=0.2)
    assert 0.2 <= time.monotonic() - began < PATIENCE_S
    with pytest.raises(TransportError, match="has not given an earlier command back"):
        card.open()
    user_card.do("calm")
    user_card.do("pull")
    wait_for(lambda: opened(card))
    wait_for(lambda: not card.present())
    with pytest.raises(CardGone):
        card.connect()
    user_card.do("insert")
    again(card)


def test_pulled_between_two_commands(card: PcscCard, user_card: CardProgram) -> None:
    user_card.do("pull")
    wait_for(lambda: not card.present())
    with pytest.raises(CardGone, match="pulled"):
        ask(card)
    with pytest.raises(CardGone, match="no card"):
        card.connect()


def test_no_such_reader_and_those_that_there_are(pcscd: BenchPcscd) -> None:
    there = " ".join(f"'{slot.reader}'," for slot in pcscd.slots).rstrip(",")
    with pytest.raises(TransportError, match=f"no such reader; there are: {there} "):
        PcscCard("Somebody's Reader 00 00").open()


def test_a_reader_that_stays_away_uses_up_nothing_of_pcscd(pcscd: BenchPcscd) -> None:
    for _ in range(250):
        with pytest.raises(TransportError, match="no such reader"):
            PcscCard("Somebody's Reader 00 00").open()
    with closing(PcscCard(pcscd.slots[1].reader)) as card:
        card.open()
        assert card.is_open


def test_without_pyscard_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "smartcard.scard", None)
    card = PcscCard("any")
    with pytest.raises(TransportError, match="PC/SC is not installed"):
        card.open()
    assert not card.is_open


def test_a_card_that_does_not_answer_its_reset(empty: PcscCard, card_program: CardProgram) -> None:
    card_program.do("insert", kind="mute")
    wait_for(empty.present)
    with pytest.raises(CardMute):
        empty.connect()


def test_a_card_that_always_has_one_byte_more(
    empty: PcscCard, card_program: CardProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    card_program.do("insert", kind="endless")
    wait_for(empty.present)
    empty.connect()
    card_program.do("delay_answer", ms=20, next=1000)
    began = time.monotonic()
    with pytest.raises(DeviceTimeout):
        ask(empty, patience_s=0.2)
    assert 0.2 <= time.monotonic() - began < PATIENCE_S, "no byte begins the deadline anew"
    card_program.do("calm")
    monkeypatch.setattr("drivers.card.pcsc._LONGEST", 16)
    wait_for(lambda: opened(empty))
    empty.connect()
    with pytest.raises(ProtocolError, match="more than 16 bytes"):
        ask(empty)


def test_a_card_that_breaks_off_and_stays_is_mute(
    empty: PcscCard, card_program: CardProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.card.pcsc._NOTICE_S", 0.1)
    card_program.do("insert", kind="broken")
    wait_for(empty.present)
    assert empty.connect().protocols == {1}
    with pytest.raises(CardMute, match="an answer of 1 bytes"):
        ask(empty, Command(0x80, 0xE0, 0x00, 0x01))
    assert card_program.do("status")["log"][-1]["command"] == "80E00001", "over T=1 without the 00 of T=0"
    assert not empty.connected
    assert empty.present()


def test_nothing_of_pyscard_is_loaded_before_it_is_needed() -> None:
    source = "import sys, drivers.card.pcsc; sys.exit('smartcard' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", source], check=False).returncode == 0
