"""The SAM's driver against the SAM's card program: what it computes, and every way in which the slot can fail."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card.apdu import Command, Response
from drivers.errors import CommandRefused, DeviceTimeout, ProtocolError, TransportError
from drivers.security import bench_keys
from drivers.security.cipher import SM4
from drivers.security.keys import CardKeySet
from drivers.security.model import CardKeys
from drivers.security.psam import CardSlots, PsamModule, Sam, SamSettings, WrongSam
from drivers.security.psam_codec import ESAM, PbocDialect
from drivers.security.software import SoftwareModule
from simulators.cards.user_card import UserCard, blank

from .conftest import SERIAL, Slot, sam_card

MASTER = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
CARD = CardKeys("province", "1122334455667788")
CHALLENGE = bytes.fromhex("0011223344556677")
ANSWER = bytes.fromhex("298B6958F43F088C")
WALLET = bytes.fromhex("04D682000C0000138800000007")
SETTINGS = SamSettings(SERIAL)
MASTERS: Mapping[str, CardKeySet] = {
    "province": CardKeySet(bench_keys.card_keys("province").cipher, MASTER, MASTER, MASTER),
    "state_grid_2013": bench_keys.card_keys("state_grid_2013"),
    "next": bench_keys.card_keys("next", SM4),
}
SLOTS = {
    "province": CardSlots(),
    "state_grid_2013": CardSlots(internal=4, external=5, mac=6),
    "next": CardSlots("sm4", 7, 8, 9),
    "unloaded": CardSlots(internal=30, external=31, mac=32),
}
"""Where the masters lie in the test's SAM; the last profile's lie nowhere."""


@pytest.fixture
def slot() -> Slot:
    return Slot(sam_card(MASTERS, SLOTS))


def module(slot: Slot, settings: SamSettings = SETTINGS) -> PsamModule:
    return PsamModule(Sam(slot.exchange, settings, slot.connect), SLOTS)


def test_the_meter_cards_vectors(slot: Slot) -> None:
    sam = module(slot)
    assert sam.authenticate(CARD, CHALLENGE) == ANSWER
    assert sam.genuine(CARD, CHALLENGE, ANSWER)
    assert not sam.genuine(CARD, CHALLENGE, ANSWER[:-1] + b"\0")
    assert sam.mac(CARD, bytes.fromhex("A1B2C3D4"), WALLET).hex() == "f8f1a77e"
    assert sam.health().usable


@given(
    st.sampled_from(sorted(MASTERS)),
    st.binary(min_size=8, max_size=8),
    st.binary(min_size=8, max_size=8),
    st.binary(min_size=5, max_size=140),
)
def test_it_computes_what_the_keys_rules_say(
    profile: str, serial: bytes, challenge: bytes, command: bytes
) -> None:
    card = CardKeys(profile, serial.hex().upper())
    own, sam = SoftwareModule(MASTERS, bench=True), module(Slot(sam_card(MASTERS, SLOTS)))
    assert sam.authenticate(card, challenge) == own.authenticate(card, challenge)
    assert sam.mac(card, challenge[:4], command) == own.mac(card, challenge[:4], command)
    proof = MASTERS[profile].for_serial(card.serial)
    assert own.genuine(card, challenge, _cryptogram(proof, challenge))
    assert sam.genuine(card, challenge, _cryptogram(proof, challenge))


def _cryptogram(card: CardKeySet, challenge: bytes) -> bytes:
    padded = challenge.ljust(card.cipher.block, b"\0")
    return card.cipher.encrypt_block(card.internal, padded)[:8]


@pytest.mark.parametrize("longest", [16, 32, 48])
def test_a_mac_longer_than_the_sam_takes_goes_in_parts(slot: Slot, longest: int) -> None:
    in_parts = module(slot, replace(SETTINGS, dialect=PbocDialect(longest=longest)))
    tariff = bytes.fromhex("04D6838086") + bytes(range(130))
    expected = SoftwareModule(MASTERS, bench=True).mac(CARD, CHALLENGE[:4], tariff)
    assert in_parts.mac(CARD, CHALLENGE[:4], tariff) == expected
    assert slot.names().count("80FA") == -(-(8 + 136) // longest)


def test_its_serial_is_read_before_anything_is_asked_and_only_once(slot: Slot) -> None:
    sam = module(slot)
    assert not sam.health().usable
    sam.authenticate(CARD, CHALLENGE)
    assert slot.names() == ["00A4", "00B0", "00A4", "801A", "80FA"]
    sam.authenticate(CARD, CHALLENGE)
    assert slot.names()[5:] == ["801A", "80FA"]


def test_another_sam_is_refused_and_asked_nothing(slot: Slot) -> None:
    sam = module(slot, SamSettings("FF" + SERIAL[2:]))
    for _ in range(2):
        with pytest.raises(WrongSam, match=f"it is {SERIAL}, not FF{SERIAL[2:]}"):
            sam.authenticate(CARD, CHALLENGE)
    assert slot.names() == ["00A4", "00B0"] * 2
    assert (sam.health().code, sam.health().usable) == ("sam_wrong", False)
    assert SERIAL in sam.health().detail


@pytest.mark.parametrize("serial", ["", " ", "80G5", "805"])
def test_no_sam_is_used_without_its_serial(serial: str) -> None:
    with pytest.raises(ValueError, match=r"has to be configured|fromhex"):
        SamSettings(serial)


def test_a_customers_card_in_the_sams_slot_is_refused() -> None:
    user = UserCard(blank("state_grid_2013", CARD.serial))
    with pytest.raises(WrongSam, match="not the configured SAM"):
        module(Slot(user)).authenticate(CARD, CHALLENGE)


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        (SamSettings(SERIAL, serial_sfi=3), "file 3 with the serial"),
        (SamSettings(SERIAL, application=b"\xdf\x09"), "application DF09"),
    ],
)
def test_what_is_missing_on_the_card_is_named(slot: Slot, settings: SamSettings, what: str) -> None:
    with pytest.raises(WrongSam, match=f"not the configured SAM: {what}: .*no_file"):
        module(slot, settings).authenticate(CARD, CHALLENGE)


def test_a_pulled_sam_is_missed_and_met_again(slot: Slot) -> None:
    sam = module(slot)
    sam.authenticate(CARD, CHALLENGE)
    card, slot.card = slot.card, None
    with pytest.raises(TransportError, match="no SAM answers in its slot"):
        sam.authenticate(CARD, CHALLENGE)
    assert sam.health().code == "no_device"
    with pytest.raises(TransportError):
        sam.mac(CARD, CHALLENGE[:4], WALLET)
    slot.card = card
    slot.sent.clear()
    assert sam.authenticate(CARD, CHALLENGE) == ANSWER
    assert slot.names()[:2] == ["00A4", "00B0"]
    assert sam.health().usable


def test_a_sam_that_was_swapped_under_our_hand_is_found_out(slot: Slot) -> None:
    sam = module(slot)
    sam.authenticate(CARD, CHALLENGE)
    slot.card, slot.resets = sam_card(MASTERS, SLOTS, serial="00" * 10), 1
    with pytest.raises(WrongSam):
        sam.authenticate(CARD, CHALLENGE)


@pytest.mark.parametrize("at", [0, 1, 2, 3, 4])
def test_a_reset_at_any_command_is_made_good(slot: Slot, at: int) -> None:
    def reset_after(command: Command) -> None:
        if len(slot.sent) == at:
            slot.resets = 1

    slot.resets, slot.after = int(at == 0), reset_after
    sam = module(slot)
    assert sam.authenticate(CARD, CHALLENGE) == ANSWER
    assert sam.health().usable


def test_a_sam_that_is_reset_again_and_again_is_given_up(slot: Slot) -> None:
    slot.resets = 2
    sam = module(slot)
    with pytest.raises(TransportError, match="no SAM answers"):
        sam.authenticate(CARD, CHALLENGE)
    assert slot.names() == ["00A4", "00A4"]
    assert sam.authenticate(CARD, CHALLENGE) == ANSWER


def test_a_silent_sam_is_given_up_within_the_deadline(slot: Slot) -> None:
    sam = module(slot, replace(SETTINGS, call_s=0.2))
    slot.silent = True
    began = time.monotonic()
    with pytest.raises(DeviceTimeout):
        sam.authenticate(CARD, CHALLENGE)
    assert 0.1 <= time.monotonic() - began < 40
    assert sam.health().code == "offline"


def test_a_sam_that_dawdles_over_each_command_is_given_up_within_the_deadline(slot: Slot) -> None:
    sam = module(slot, replace(SETTINGS, call_s=0.2))
    slot.after = lambda command: time.sleep(0.15)
    with pytest.raises(DeviceTimeout, match=r"longer than 0\.2 s"):
        sam.mac(CARD, CHALLENGE[:4], WALLET)
    assert len(slot.sent) < 5
    assert len(slot.deadlines) == 1


def test_a_sam_that_answers_nonsense_is_told(slot: Slot) -> None:
    def maimed(command: Command, deadline: float) -> Response:
        response = slot.exchange(command, deadline)
        return Response(response.data[:-1], response.sw) if command.ins == 0xFA else response

    sam = PsamModule(Sam(maimed, SETTINGS, slot.connect), SLOTS)
    with pytest.raises(ProtocolError, match="answered 7 bytes, not 8"):
        sam.authenticate(CARD, CHALLENGE)
    assert (sam.health().code, sam.health().usable) == ("sam_garbled", False)


def test_a_slot_that_another_program_holds_is_missing(slot: Slot) -> None:
    def taken() -> None:
        raise CommandRefused("another program holds the card")

    sam = PsamModule(Sam(slot.exchange, SETTINGS, taken), SLOTS)
    with pytest.raises(TransportError, match="not ours: another program"):
        sam.authenticate(CARD, CHALLENGE)
    assert sam.health().code == "no_device"
    assert slot.sent == []


def test_a_profile_without_slots_or_keys_is_refused_and_the_sam_stays_well(slot: Slot) -> None:
    sam = module(slot)
    with pytest.raises(CommandRefused, match="no keys for cards of the profile 'elsewhere'"):
        sam.genuine(CardKeys("elsewhere", CARD.serial), CHALLENGE, ANSWER)
    assert slot.sent == []
    with pytest.raises(CommandRefused, match="no_key"):
        sam.authenticate(CardKeys("unloaded", CARD.serial), CHALLENGE)
    assert sam.authenticate(CARD, CHALLENGE) == ANSWER
    assert slot.names().count("00B0") == 1


def test_an_esam_is_spoken_to_in_its_own_dialect(slot: Slot) -> None:
    esam = module(slot, replace(SETTINGS, dialect=ESAM))
    assert esam.authenticate(CARD, CHALLENGE) == ANSWER
    assert esam.genuine(CARD, CHALLENGE, ANSWER)
    assert slot.names()[3:] == ["80FA"] * 4


def test_an_esam_is_not_asked_for_what_it_cannot_do(slot: Slot) -> None:
    esam = module(slot, replace(SETTINGS, dialect=ESAM))
    with pytest.raises(CommandRefused, match="for encryption only, not for mac"):
        esam.mac(CARD, CHALLENGE[:4], WALLET)
    assert slot.sent == []


def test_no_slots_are_made_for_an_unknown_cipher(slot: Slot) -> None:
    with pytest.raises(ValueError, match="SM1 is unpublished"):
        PsamModule(Sam(slot.exchange, SETTINGS), {"province": CardSlots("sm1")})
