"""A customer's card and a SAM side by side in one pcscd, each through its own slot."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

from drivers.card.apdu import Command
from drivers.card.pcsc import PcscCard
from drivers.security.bench_keys import card_keys, terminal_key
from drivers.security.keys import check_value
from drivers.security.model import CardKeys
from drivers.security.psam import CardSlots, PsamModule, Sam, SamSettings
from drivers.security.terminal import SamTerminal
from simulators.bench.cards import CardProgram, card_program
from simulators.bench.pcscd import BenchPcscd
from tests.slot import until_present

PROFILE, SERIAL, SAM_SERIAL = "state_grid_2013", "1122334455667788", "00112233445566778899"
PATIENCE_S = 20.0


def test_a_sam_lets_us_into_a_customers_card(
    pcscd: BenchPcscd, user_card: CardProgram, tmp_path: Path
) -> None:
    options = ("--sam", "--serial", SAM_SERIAL, "--profile", PROFILE, "--terminal", "T", "--inserted")
    sam_program = card_program("sam", pcscd.slots[1], tmp_path, 1000.0, options)
    sam_card, card = PcscCard(pcscd.slots[1].reader), PcscCard(user_card.slot.reader)
    try:
        until_present(pcscd.slots[1].reader)
        sam_card.open()
        sam = Sam(sam_card.exchange, SamSettings(SAM_SERIAL, call_s=PATIENCE_S), sam_card.connect)
        module = PsamModule(sam, {PROFILE: CardSlots()})
        terminal = SamTerminal(sam)

        card.connect()

        def ask(command: Command) -> bytes:
            response = card.exchange(command, time.monotonic() + PATIENCE_S)
            assert response.ok
            return response.data

        keys = CardKeys(PROFILE, SERIAL)
        ask(Command(0x00, 0xA4, 0x00, 0x00, b"\xdf\x01"))
        proof = ask(Command(0x00, 0x88, 0x00, 0x01, bytes(range(8)), le=8))
        assert module.genuine(keys, bytes(range(8)), proof)
        answer = module.authenticate(keys, ask(Command(0x00, 0x84, 0x00, 0x00, le=8)))
        ask(Command(0x00, 0x82, 0x00, 0x02, answer))
        update = bytes.fromhex("04D682000C0000138800000007")
        mac = module.mac(keys, ask(Command(0x00, 0x84, 0x00, 0x00, le=4)), update)
        ask(Command(0x04, 0xD6, 0x82, 0x00, update[5:] + mac))
        assert ask(Command(0x00, 0xB0, 0x82, 0x00, le=8)) == update[5:]
        assert terminal.check_value() == check_value(card_keys(PROFILE).cipher, terminal_key("T"))
    finally:
        card.close()
        sam_card.close()
        sam_program.end()


def test_a_card_in_the_place_of_another_programs_is_met_as_a_new_one(
    pcscd: BenchPcscd, tmp_path: Path
) -> None:
    slot = pcscd.slots[1]
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        options = ("--sam", "--serial", f"{number:016d}", "--profile", PROFILE, "--inserted")
        program = card_program("sam", slot, folder, 1000.0, options)
        try:
            until_present(slot.reader)
            with closing(PcscCard(slot.reader)) as card:
                assert bytes.fromhex(f"{number:016d}") in card.connect().raw
        finally:
            program.end()
