"""The terminal's master key: both modules against each other and against the rules of `keys`."""

from __future__ import annotations

import time

import pytest

from drivers.card.apdu import Command, Response
from drivers.errors import CommandRefused
from drivers.security import bench_keys, keys
from drivers.security.cipher import TRIPLE_DES, Cipher, cipher
from drivers.security.components import ComponentRefused
from drivers.security.model import TerminalModule
from drivers.security.psam import Sam, SamSettings
from drivers.security.psam_codec import PBOC
from drivers.security.terminal import SLOT, SamTerminal, SoftwareTerminal
from simulators.cards.sam_card import PIN

from .conftest import SERIAL, Slot, sam_card

NONCE = bytes(range(16))
WORKING = bytes(range(100, 132))
FIRST, SECOND = bench_keys.terminal_components("kiosk-1")
MASTER = bench_keys.terminal_key("kiosk-1")

schemes = pytest.mark.parametrize("scheme", ["3des", "sm4"])


def _load(module: TerminalModule, number: int, component: bytes, with_cipher: Cipher) -> None:
    module.load_component(number, component, keys.check_value(with_cipher, component))


def test_the_software_terminal_is_refused_in_the_field() -> None:
    with pytest.raises(ValueError, match="for the bench only, never for the field"):
        SoftwareTerminal(bench=False)


def test_no_scheme_is_made_up() -> None:
    with pytest.raises(ValueError, match="SM1 is unpublished"):
        SoftwareTerminal("sm1", bench=True)


@schemes
def test_without_a_key_nothing_is_computed(scheme: str) -> None:
    module = SoftwareTerminal(scheme, bench=True)
    assert module.scheme == scheme
    assert module.check_value() is None
    with pytest.raises(CommandRefused, match="no master key is loaded"):
        module.start_key(NONCE)
    with pytest.raises(CommandRefused, match="no master key is loaded"):
        module.unwrap(bytes(32), bytes(3))


@schemes
def test_a_key_comes_in_two_components(scheme: str) -> None:
    module, with_cipher = SoftwareTerminal(scheme, bench=True), cipher(scheme)
    _load(module, 1, FIRST, with_cipher)
    assert module.check_value() is None
    _load(module, 2, SECOND, with_cipher)
    assert module.check_value() == keys.check_value(with_cipher, MASTER)
    assert module.start_key(NONCE) == keys.start_key(with_cipher, MASTER, NONCE)
    assert module.health().usable


@schemes
def test_a_wrong_component_is_named_and_the_key_in_use_stays(scheme: str) -> None:
    module, with_cipher = SoftwareTerminal(scheme, MASTER, bench=True), cipher(scheme)
    before = module.check_value()
    with pytest.raises(ComponentRefused, match="component 1: its check value is"):
        module.load_component(1, FIRST, bytes(3))
    _load(module, 1, SECOND, with_cipher)
    with pytest.raises(ComponentRefused, match="component 2: its check value is"):
        module.load_component(2, FIRST, bytes(3))
    assert module.check_value() == before
    _load(module, 2, bytes(range(16)), with_cipher)
    assert module.check_value() != before


@schemes
def test_a_working_key_is_unwrapped_and_proved(scheme: str) -> None:
    module, with_cipher = SoftwareTerminal(scheme, MASTER, bench=True), cipher(scheme)
    wrapped = keys.wrap(with_cipher, MASTER, WORKING)
    assert module.unwrap(wrapped, keys.working_check(WORKING)) == WORKING
    with pytest.raises(CommandRefused, match="not of its check value"):
        module.unwrap(wrapped, bytes(3))
    with pytest.raises(CommandRefused, match="not of its check value"):
        SoftwareTerminal(scheme, FIRST, bench=True).unwrap(wrapped, keys.working_check(WORKING))


def _sam(slot: Slot, scheme: str = "3des") -> SamTerminal:
    return SamTerminal(Sam(slot.exchange, SamSettings(SERIAL), slot.connect), scheme)


def _loaded(scheme: str) -> tuple[Slot, SamTerminal]:
    slot = Slot(sam_card(scheme=scheme, terminal_key=MASTER))
    return slot, _sam(slot, scheme)


@schemes
def test_a_sam_without_a_key_computes_nothing(scheme: str) -> None:
    module = _sam(Slot(sam_card(scheme=scheme)), scheme)
    assert module.check_value() is None
    assert module.health().usable
    with pytest.raises(CommandRefused, match="no_key"):
        module.start_key(NONCE)
    with pytest.raises(CommandRefused, match="no_key"):
        module.unwrap(bytes(32), bytes(3))


def test_a_sam_that_tells_no_check_values_is_not_taken_for_an_empty_one() -> None:
    slot, _ = _loaded("3des")

    def without(command: Command, deadline: float) -> Response:
        return Response(b"", 0x6D00) if command.ins == 0xCA else slot.exchange(command, deadline)

    with pytest.raises(CommandRefused, match="unknown_command"):
        SamTerminal(Sam(without, SamSettings(SERIAL), slot.connect)).check_value()


@schemes
def test_a_sam_computes_as_the_software_does(scheme: str) -> None:
    _, module = _loaded(scheme)
    own = SoftwareTerminal(scheme, MASTER, bench=True)
    assert module.scheme == scheme
    assert module.check_value() == own.check_value()
    assert module.start_key(NONCE) == own.start_key(NONCE)
    wrapped = keys.wrap(cipher(scheme), MASTER, WORKING)
    assert module.unwrap(wrapped, keys.working_check(WORKING)) == WORKING
    with pytest.raises(CommandRefused, match="not of its check value"):
        module.unwrap(wrapped, bytes(3))


def test_a_sam_never_encrypts_under_the_bare_master_key() -> None:
    slot, module = _loaded("3des")
    module.check_value()
    later = time.monotonic() + 60
    assert not slot.exchange(Command(0x80, 0x1A, 0x07, SLOT), later).ok
    assert not slot.exchange(PBOC.cipher(bytes(8)), later).ok


@schemes
def test_a_sam_takes_its_key_in_two_components(scheme: str) -> None:
    module, with_cipher = _sam(Slot(sam_card(scheme=scheme)), scheme), cipher(scheme)
    module.present_pin(PIN)
    _load(module, 1, FIRST, with_cipher)
    assert module.check_value() is None
    _load(module, 2, SECOND, with_cipher)
    assert module.check_value() == keys.check_value(with_cipher, MASTER)


def test_a_sam_takes_no_component_without_the_pin() -> None:
    _, module = _loaded("3des")
    with pytest.raises(CommandRefused, match="component 1: .*not_allowed"):
        _load(module, 1, SECOND, TRIPLE_DES)
    with pytest.raises(CommandRefused, match=r"auth_failed .*, 2 tries left"):
        module.present_pin(bytes(3))
    with pytest.raises(CommandRefused, match="component 1: .*not_allowed"):
        _load(module, 1, SECOND, TRIPLE_DES)
    module.present_pin(PIN)
    _load(module, 1, SECOND, TRIPLE_DES)
    assert module.check_value() == keys.check_value(TRIPLE_DES, MASTER)


def test_a_pin_that_was_guessed_at_is_locked() -> None:
    _, module = _loaded("3des")
    for _ in range(3):
        with pytest.raises(CommandRefused):
            module.present_pin(bytes(3))
    with pytest.raises(CommandRefused, match="locked"):
        module.present_pin(PIN)
    assert module.health().code == "sam_locked"
    assert module.check_value() == keys.check_value(TRIPLE_DES, MASTER)


@schemes
def test_a_wrong_component_changes_nothing_in_a_sam(scheme: str) -> None:
    (slot, module), with_cipher = _loaded(scheme), cipher(scheme)
    before = module.check_value()
    module.present_pin(PIN)
    with pytest.raises(CommandRefused, match="component 2: .*wrong_data"):
        _load(module, 2, SECOND, with_cipher)
    _load(module, 1, SECOND, with_cipher)
    loads = slot.names().count("80D4")
    with pytest.raises(ComponentRefused, match="component 2: its check value is"):
        module.load_component(2, bytes(range(16)), bytes(3))
    assert slot.names().count("80D4") == loads
    with pytest.raises(CommandRefused, match="component 2: .*wrong_data"):
        _load(module, 2, SECOND, with_cipher)
    assert module.check_value() == before
    _load(module, 2, bytes(range(16)), with_cipher)
    assert module.check_value() == keys.check_value(with_cipher, keys.xor(SECOND, bytes(range(16))))


def test_a_sam_that_lost_power_between_the_components_asks_for_both_again() -> None:
    slot, module = _loaded("3des")
    module.present_pin(PIN)
    _load(module, 1, SECOND, TRIPLE_DES)
    slot.resets = 1
    with pytest.raises(CommandRefused, match="component 2: .*not_allowed"):
        _load(module, 2, bytes(range(16)), TRIPLE_DES)
    module.present_pin(PIN)
    with pytest.raises(CommandRefused, match="component 2: .*wrong_data"):
        _load(module, 2, bytes(range(16)), TRIPLE_DES)
    assert module.check_value() == keys.check_value(TRIPLE_DES, MASTER)
