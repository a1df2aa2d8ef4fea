"""The SAM through a real pcscd in its own slot: computing, loaded, pulled, and without its pcscd."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from drivers.card.pcsc import PcscCard
from drivers.errors import CommandRefused, DriverError, TransportError
from drivers.security import bench_keys, keys
from drivers.security.cipher import TRIPLE_DES
from drivers.security.model import CardKeys
from drivers.security.psam import CardSlots, PsamModule, Sam, SamSettings, WrongSam
from drivers.security.software import SoftwareModule
from drivers.security.terminal import SamTerminal
from simulators.bench.cards import CardProgram, card_program
from simulators.bench.pcscd import BenchPcscd
from simulators.cards.sam_card import PIN
from tests.slot import until_present

from .conftest import SERIAL

PROFILE = "state_grid_2013"
CARD = CardKeys(PROFILE, "1122334455667788")
CHALLENGE = bytes.fromhex("0011223344556677")
COMMAND = bytes.fromhex("04D6810031") + bytes(45)
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def program(pcscd: BenchPcscd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CardProgram]:
    """The program of the SAM in slot 1, with the test keys of one profile and no terminal key."""
    options = ("--sam", "--serial", SERIAL, "--profile", PROFILE)
    sam = card_program("sam", pcscd.slots[1], tmp_path_factory.mktemp("sam"), 1000.0, options)
    assert sam.do("insert")["powered"]
    until_present(sam.slot.reader)
    yield sam
    sam.end()


@pytest.fixture
def reader(program: CardProgram) -> Iterator[PcscCard]:
    """Slot 1, closed; `connect` opens it."""
    reader = PcscCard(program.slot.reader)
    yield reader
    # `close` waits for nothing, and the next test takes the reader for itself.
    reader.disconnect()
    reader.close()


def _sam(reader: PcscCard, serial: str = SERIAL, call_s: float = PATIENCE_S) -> Sam:
    return Sam(reader.exchange, SamSettings(serial, call_s=call_s), reader.connect)


def _again(module: PsamModule) -> bytes:
    """Ask until the SAM is back; pcscd takes a moment to see it."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return module.authenticate(CARD, CHALLENGE)
        except DriverError:
            assert time.monotonic() < until
            time.sleep(0.05)


def test_it_computes_and_comes_back_after_all_that_can_happen_to_it(
    program: CardProgram, reader: PcscCard, pcscd: BenchPcscd
) -> None:
    sam = _sam(reader)
    module = PsamModule(sam, {PROFILE: CardSlots()})
    own = SoftwareModule({PROFILE: bench_keys.card_keys(PROFILE)}, bench=True)
    expected = own.authenticate(CARD, CHALLENGE)
    assert module.authenticate(CARD, CHALLENGE) == expected
    assert module.mac(CARD, CHALLENGE[:4], COMMAND) == own.mac(CARD, CHALLENGE[:4], COMMAND)

    program.do("pull")
    with pytest.raises(TransportError):
        module.authenticate(CARD, CHALLENGE)
    assert module.health().code == "no_device"
    program.do("insert")
    assert _again(module) == expected

    pcscd.stop()
    with pytest.raises(TransportError):
        module.authenticate(CARD, CHALLENGE)
    pcscd.start()
    assert _again(module) == expected
    assert module.health().usable


def test_another_sam_is_refused(reader: PcscCard) -> None:
    with pytest.raises(WrongSam, match=f"it is {SERIAL}"):
        _sam(reader, "00" * 10).run()


def test_its_terminal_key_is_loaded_and_signs_a_sign_on(reader: PcscCard) -> None:
    module = SamTerminal(_sam(reader))
    first, second = bench_keys.terminal_components("kiosk-1")
    master = bench_keys.terminal_key("kiosk-1")
    assert module.check_value() is None
    with pytest.raises(CommandRefused, match="component 1: .*not_allowed"):
        module.load_component(1, first, keys.check_value(TRIPLE_DES, first))
    module.present_pin(PIN)
    module.load_component(1, first, keys.check_value(TRIPLE_DES, first))
    module.load_component(2, second, keys.check_value(TRIPLE_DES, second))
    assert module.check_value() == keys.check_value(TRIPLE_DES, master)
    nonce, working = bytes(range(16)), bytes(range(32))
    assert module.start_key(nonce) == keys.start_key(TRIPLE_DES, master, nonce)
    assert module.unwrap(keys.wrap(TRIPLE_DES, master, working), keys.working_check(working)) == working
