"""A bank's card in its slot: read through the real PC/SC, and each way in which it is not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from drivers.card.bank_card import BankCardCode, BankCardError, BankCardFace, BankCardReader
from drivers.card.pcsc import PcscCard
from simulators.bench.cards import CardProgram
from simulators.bench.pcscd import BenchPcscd

PAN = "6212142000000000012"
PATIENCE_S = 60.0
FACE = BankCardFace(PAN, "3012", "001", PAN + "D3012220000000", "UNIONPAY DEBIT")


@pytest.fixture
def card(bank_card: CardProgram) -> CardProgram:
    """The card is in the slot and nothing is wrong with it."""
    return bank_card


@pytest.fixture
def reader(card: CardProgram) -> Iterator[BankCardReader]:
    with closing(a_reader(card)) as reader:
        reader.open()
        yield reader


def a_reader(card: CardProgram, command_s: float = PATIENCE_S, settle_s: float = 1.5) -> BankCardReader:
    return BankCardReader(PcscCard(card.slot.reader), command_s=command_s, settle_s=settle_s)


def read(reader: BankCardReader) -> BankCardFace:
    return reader.read(time.monotonic() + PATIENCE_S)


def refused(reader: BankCardReader) -> BankCardCode:
    with pytest.raises(BankCardError) as error:
        read(reader)
    for secret in (PAN, PAN[6:-4]):
        assert secret not in str(error.value)
    return error.value.code


def test_a_card_is_read(reader: BankCardReader, card: CardProgram) -> None:
    assert reader.poll() is True
    assert reader.poll() is None
    face = read(reader)
    assert face == FACE
    assert (face.masked, face.prefix, face.length) == ("621214*********0012", "621214", 19)
    assert PAN not in repr(face)
    assert face.track2 not in repr(face)
    until = time.monotonic() + PATIENCE_S
    while card.do("status")["powered"]:
        assert time.monotonic() < until, "it has no power afterwards"
    assert read(reader) == face
    assert reader.health().usable


@pytest.mark.parametrize("kind", ["no_directory", "near_directory"])
def test_other_ways_to_its_application(reader: BankCardReader, card: CardProgram, kind: str) -> None:
    card.do("trouble", kind=kind)
    assert read(reader).pan == PAN


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("card_blocked", BankCardCode.BLOCKED),
        ("application_blocked", BankCardCode.BLOCKED),
        ("other_application", BankCardCode.NO_APPLICATION),
        ("not_now", BankCardCode.NO_APPLICATION),
        ("no_bank", BankCardCode.NOT_A_BANK_CARD),
        ("garbage_directory", BankCardCode.UNREADABLE),
        ("garbage_options", BankCardCode.UNREADABLE),
        ("garbage_record", BankCardCode.UNREADABLE),
        ("endless_records", BankCardCode.UNREADABLE),
        ("no_number", BankCardCode.UNREADABLE),
        ("two_numbers", BankCardCode.UNREADABLE),
        ("wrong_check_digit", BankCardCode.UNREADABLE),
    ],
)
def test_cards_that_are_not_taken(
    reader: BankCardReader, card: CardProgram, kind: str, code: BankCardCode
) -> None:
    card.do("trouble", kind=kind)
    assert refused(reader) is code
    assert reader.health().usable, "the reader is well"


def test_a_directory_without_end_is_read_no_further_than_it_may_be(
    reader: BankCardReader, card: CardProgram
) -> None:
    card.do("trouble", kind="endless_directory")
    before = card.do("status")["apdus"]
    assert read(reader).pan == PAN
    assert card.do("status")["apdus"] - before < 50


@pytest.mark.parametrize("after", [0, 3, 6])
def test_pulled_at_any_command(reader: BankCardReader, card: CardProgram, after: int) -> None:
    card.do("pull", at=after + 1, cut="before", stay=True)
    assert refused(reader) in (BankCardCode.PULLED, BankCardCode.MUTE)
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            assert read(reader).pan == PAN
            return
        except BankCardError:
            assert time.monotonic() < until


def test_a_meter_card_is_no_bank_card(user_card: CardProgram) -> None:
    with closing(a_reader(user_card)) as reader:
        reader.open()
        assert refused(reader) is BankCardCode.NOT_A_BANK_CARD


def test_a_card_in_the_wrong_way_round(card: CardProgram) -> None:
    card.do("pull")
    card.do("insert", kind="mute")
    with closing(a_reader(card, settle_s=0.0)) as reader:
        reader.open()
        until = time.monotonic() + PATIENCE_S
        while (code := refused(reader)) is BankCardCode.PULLED:
            assert time.monotonic() < until
        assert code is BankCardCode.WRONG_WAY
        assert reader.health().usable


def test_no_card(card: CardProgram) -> None:
    card.do("pull")
    with closing(a_reader(card, settle_s=0.0)) as reader:
        reader.open()
        until = time.monotonic() + PATIENCE_S
        while reader.poll() is not False:
            assert time.monotonic() < until
        assert refused(reader) is BankCardCode.PULLED


def test_a_card_that_falls_silent(card: CardProgram) -> None:
    with closing(a_reader(card, command_s=0.2)) as reader:
        reader.open()
        card.do("silence", on=True, after=3)
        assert refused(reader) is BankCardCode.MUTE
        assert reader.health().code == "offline"
        card.do("calm")
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                reader.open()
                assert read(reader).pan == PAN
                break
            except BankCardError:
                assert time.monotonic() < until


def test_a_card_that_dawdles_does_not_outlast_the_call(card: CardProgram) -> None:
    with closing(a_reader(card)) as reader:
        reader.open()
        card.do("delay_answer", ms=300, next=100)
        with pytest.raises(BankCardError) as error:
            reader.read(time.monotonic() + 0.6)
        assert error.value.code is BankCardCode.MUTE
        card.do("calm")


def test_a_reader_that_is_not_there(pcscd: BenchPcscd) -> None:
    reader = BankCardReader(PcscCard("Nobody's Reader 00 00"))
    assert reader.health().code == "no_device"
    assert refused(reader) is BankCardCode.READER_GONE
    assert "no such reader" in reader.health().detail
