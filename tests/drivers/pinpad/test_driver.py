"""The PIN pad's driver against the PIN pad program over a pty: keys, PINs, faults of unit and line."""

from __future__ import annotations

import secrets
import socket
import threading
from contextlib import closing, suppress
from dataclasses import replace

import pytest
import serial
import serial.rfc2217

from drivers.errors import CommandRefused, DeviceTimeout, ProtocolError, TransportError
from drivers.pinpad.codec import Command, Frame
from drivers.pinpad.driver import GenericPinPad
from drivers.pinpad.model import Key, KeyKind, PinPadIdentity, PinPadRefused, PinReport, SlotKeys
from drivers.security.cipher import TRIPLE_DES
from drivers.security.components import ComponentRefused
from drivers.security.keys import check_value, xor
from drivers.status import DeviceStatus
from drivers.transport import LineSettings, SerialTransport
from simulators.far_end import Launched
from tests.drivers.pinpad.conftest import MAC_KEY, MASTER, PAN, PIN_KEY, SETTINGS, until

FIRST = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
SECOND = xor(FIRST, MASTER)
CHECK = check_value(TRIPLE_DES, MASTER)


def check(component: bytes) -> bytes:
    return check_value(TRIPLE_DES, component)


def refused(word: str) -> pytest.RaisesExc[PinPadRefused]:
    return pytest.raises(PinPadRefused, match=f": {word}$")


def keys(pad: GenericPinPad) -> tuple[Key, ...]:
    report = pad.poll()
    return report.keys if report else ()


@pytest.fixture
def ready(pad: GenericPinPad) -> GenericPinPad:
    """With the vector's working keys."""
    pad.load_working_key(0, KeyKind.PIN, *PIN_KEY)
    pad.load_working_key(0, KeyKind.MAC, *MAC_KEY)
    return pad


# Keys.


def test_a_master_key_is_loaded_by_two_persons(empty: GenericPinPad, unit: Launched) -> None:
    assert empty.slots() == {}
    assert (empty.health().status, empty.health().code) == (DeviceStatus.USER_ERROR, "no_key")
    assert empty.load_master_key(0, 1, FIRST, check(FIRST)) is None
    assert empty.slots() == {0: SlotKeys.HALF}
    assert empty.load_master_key(0, 2, SECOND, check(SECOND)) == CHECK
    assert empty.slots() == {0: SlotKeys.MASTER}
    assert empty.health().usable
    empty.load_working_key(0, KeyKind.PIN, *PIN_KEY)
    assert empty.slots() == {0: SlotKeys.MASTER | SlotKeys.PIN}
    empty.load_master_key(0, 1, SECOND, check(SECOND))
    empty.load_master_key(0, 2, FIRST, check(FIRST))
    assert empty.slots() == {0: SlotKeys.MASTER}, "a new master key drops the working keys of the old one"


def test_a_component_that_is_mistyped_or_weak_or_out_of_turn(empty: GenericPinPad, unit: Launched) -> None:
    with pytest.raises(ComponentRefused, match="mistyped"):
        empty.load_master_key(0, 1, FIRST, check(SECOND))
    with pytest.raises(ComponentRefused, match="the same"):
        empty.load_master_key(0, 1, bytes(16), check(bytes(16)))
    with pytest.raises(ComponentRefused, match="only components 1 and 2"):
        empty.load_master_key(0, 3, FIRST, check(FIRST))
    assert "load_component" not in unit.do("status")["totals"], "it did not come to the unit"
    with pytest.raises(ComponentRefused, match="component 2: the PIN pad"):
        empty.load_master_key(0, 2, SECOND, check(SECOND))
    empty.load_master_key(0, 1, FIRST, check(FIRST))
    with pytest.raises(ComponentRefused, match="component 2: the PIN pad"):
        empty.load_master_key(0, 2, FIRST, check(FIRST))
    assert empty.slots() == {0: SlotKeys.HALF}, "the first one still waits"
    unit.do("restart")
    assert empty.slots() == {}


def test_a_working_key_needs_its_master_key(pad: GenericPinPad) -> None:
    with refused("no_key"):
        pad.load_working_key(1, KeyKind.PIN, *PIN_KEY)
    with pytest.raises(ValueError, match="16 bytes"):
        pad.load_working_key(0, KeyKind.PIN, PIN_KEY[0][:8], PIN_KEY[1])


@pytest.mark.parametrize("kind", list(KeyKind))
def test_a_wrong_key_is_never_used_nor_is_the_old_one(ready: GenericPinPad, kind: KeyKind) -> None:
    wrapped, right = PIN_KEY if kind is KeyKind.PIN else MAC_KEY
    with refused("check_wrong"):
        ready.load_working_key(0, kind, wrapped, bytes(4))
    with refused("no_key"):
        if kind is KeyKind.PIN:
            ready.start_pin(0, PAN, seconds=60)
        else:
            ready.mac(0, b"0")
    ready.load_working_key(0, kind, wrapped, right)


def test_a_unit_that_finds_the_check_value_wrong(pad: GenericPinPad, unit: Launched) -> None:
    unit.do("wrong_checks")
    with refused("check_wrong"):
        pad.load_working_key(0, KeyKind.PIN, *PIN_KEY)


def test_keys_that_are_lost(ready: GenericPinPad, unit: Launched) -> None:
    ready.poll()
    assert ready.health().usable
    unit.do("lose_keys")
    assert ready.poll() is None
    health = ready.health()
    assert (health.code, health.detail) == ("no_key", "no master key in slot 0")
    with refused("no_key"):
        ready.mac(0, b"0")


def test_each_bank_has_a_slot_of_its_own(pad: GenericPinPad, unit: Launched) -> None:
    pad._line.settings = pad.settings = replace(SETTINGS, slots=(0, 1))
    pad.poll()
    assert pad.health().detail == "no master key in slot 1"
    unit.do("load", slot=1, master=secrets.token_hex(16))
    pad.poll()
    assert pad.health().usable
    with refused("check_wrong"):
        pad.load_working_key(1, KeyKind.PIN, *PIN_KEY)


def test_mac(ready: GenericPinPad) -> None:
    text = bytes.fromhex("0200702004C020C09811") + b"0123456789"
    assert ready.mac(0, text) == b"88DB04B2"
    assert ready.mac(0, bytes(512)) != b"88DB04B2"
    for wrong in (b"", bytes(513)):
        with pytest.raises(ValueError, match="1 to 512"):
            ready.mac(0, wrong)


# PINs.


def test_a_pin_becomes_its_block(ready: GenericPinPad, unit: Launched) -> None:
    assert unit.do("press", digits="1") == {"taken": 0}
    ready.start_pin(0, PAN, seconds=60)
    assert ready.poll() is None
    unit.do("press", digits="1234567")
    assert ready.poll() == PinReport((Key.DIGIT,) * 7, 7)
    unit.do("delete")
    assert ready.poll() == PinReport((Key.DELETED,), 6)
    assert unit.do("enter") == {"taken": True}
    assert ready.poll() == PinReport((Key.ENTER,), 6)
    assert ready.poll() is None
    assert ready.pin_block() == bytes.fromhex("AF5DABE4951A8715")
    with refused("no_pin"):
        ready.pin_block()


def test_digits_and_enter_between_two_polls(ready: GenericPinPad, unit: Launched) -> None:
    ready.start_pin(0, PAN, 6, 6, seconds=60)
    assert unit.do("press", digits="12345") == {"taken": 5}
    assert unit.do("enter") == {"taken": False}
    assert unit.do("press", digits="678") == {"taken": 1}
    unit.do("enter")
    assert ready.poll() == PinReport((*(Key.DIGIT,) * 6, Key.ENTER), 6)
    ready.end_pin()
    with refused("no_pin"):
        ready.pin_block()


def test_there_is_no_block_before_enter(ready: GenericPinPad, unit: Launched) -> None:
    with refused("no_pin"):
        ready.pin_block()
    ready.start_pin(0, PAN, seconds=60)
    unit.do("press", digits="1234")
    for call in (ready.pin_block, lambda: ready.mac(0, b"0")):
        with refused("entry_open"):
            call()
    assert keys(ready) == (Key.DIGIT,) * 4


@pytest.mark.parametrize(("order", "key"), [("cancel", Key.CANCEL), ("expire", Key.TIMEOUT)])
def test_an_entry_that_ends_without_a_pin(ready: GenericPinPad, unit: Launched, order: str, key: Key) -> None:
    ready.start_pin(0, PAN, seconds=60)
    unit.do("press", digits="123456")
    unit.do(order)
    assert keys(ready) == (key,)
    assert keys(ready) == ()
    with refused("no_pin"):
        ready.pin_block()
    ready.start_pin(0, PAN, seconds=60)
    assert keys(ready) == ()


def test_the_units_own_clock_ends_an_entry(ready: GenericPinPad) -> None:
    ready.start_pin(0, PAN, seconds=1)
    until(lambda: keys(ready) == (Key.TIMEOUT,))


def test_a_clock_that_stands_still_is_not_waited_for(ready: GenericPinPad, unit: Launched) -> None:
    unit.do("clock", stands=True)
    ready.settings = replace(SETTINGS, grace=0.0)
    ready.start_pin(0, PAN, seconds=1)
    unit.do("press", digits="123456")
    until(lambda: keys(ready)[-1:] == (Key.TIMEOUT,))
    assert unit.do("status")["entry"] == "none"


def test_an_entry_that_the_unit_forgets(ready: GenericPinPad, unit: Launched) -> None:
    ready.start_pin(0, PAN, seconds=60)
    unit.do("press", digits="12")
    unit.do("restart")
    assert keys(ready) == (Key.ABORTED,)
    with refused("no_pin"):
        ready.pin_block()


def test_what_is_no_entry(ready: GenericPinPad) -> None:
    for least, most, seconds in ((3, 12, 60), (4, 13, 60), (6, 5, 60), (4, 12, 0), (4, 12, 256)):
        with pytest.raises(ValueError):
            ready.start_pin(0, PAN, least, most, seconds=seconds)
    with pytest.raises(ValueError, match="slot"):
        ready.start_pin(256, PAN, seconds=60)


# The unit.


def test_who_it_is(empty: GenericPinPad) -> None:
    assert empty.identify() == PinPadIdentity("Power Kiosk simulator", "PP1-000001", "1.00")


def test_a_case_that_is_opened(ready: GenericPinPad, unit: Launched) -> None:
    ready.start_pin(0, PAN, seconds=60)
    unit.do("press", digits="12")
    unit.do("tamper")
    assert keys(ready) == (Key.ABORTED,)
    assert ready.tampered
    assert (ready.health().status, ready.health().code) == (DeviceStatus.FRAUD_ATTEMPT, "tampered")
    for call in (lambda: ready.load_working_key(0, KeyKind.PIN, *PIN_KEY), ready.pin_block):
        with refused("tampered"):
            call()
    ready.end_pin()
    unit.do("mend")
    assert ready.slots() == {}
    assert not ready.tampered


def test_self_test(pad: GenericPinPad, unit: Launched) -> None:
    assert pad.self_test()
    unit.do("self_test", fails=True)
    assert not pad.self_test()
    assert (pad.health().status, pad.health().code) == (DeviceStatus.HARDWARE_ERROR, "failed")
    unit.do("self_test", fails=False)
    assert pad.self_test()


def test_a_question_of_a_wrong_length(pad: GenericPinPad) -> None:
    with refused("wrong_length") as error:
        pad._order(Command.MAC, b"")
    assert isinstance(error.value, CommandRefused)


# The line.


@pytest.mark.parametrize("fault", ["nak", "lose_ack", "lose_answer", "garble", "truncate"])
def test_faults_of_the_line_are_overcome(ready: GenericPinPad, unit: Launched, fault: str) -> None:
    unit.do("clock", stands=True)
    ready.start_pin(0, PAN, seconds=60)
    unit.do("press", digits="123456")
    unit.do("enter")
    assert keys(ready)[-1] is Key.ENTER
    unit.do(fault, next=2)
    assert ready.pin_block() == bytes.fromhex("AF5DABE4951A8715"), "asked again, but taken once"


def test_bytes_of_others_are_passed_over(ready: GenericPinPad, unit: Launched) -> None:
    unit.do("intrude", hex="0006FF0237", next=1)
    assert ready.mac(0, bytes.fromhex("0200702004C020C09811") + b"0123456789") == b"88DB04B2"
    unit.do("trickle", ms=1)
    assert ready.mac(0, bytes.fromhex("0200702004C020C09811") + b"0123456789") == b"88DB04B2"


def test_a_sound_frame_that_is_no_answer_is_asked_again(ready: GenericPinPad, unit: Launched) -> None:
    unit.do("intrude", hex=(b"\x06" + Frame(b"\x07").to_bytes()).hex(), next=2)
    assert ready.mac(0, bytes.fromhex("0200702004C020C09811") + b"0123456789") == b"88DB04B2"


def test_a_cable_that_is_pulled(ready: GenericPinPad, unit: Launched) -> None:
    ready.start_pin(0, PAN, seconds=60)
    unit.do("unplug")
    with pytest.raises(TransportError):
        ready.poll()
    assert ready.health().code == "no_device"
    unit.do("plug")
    ready.open()
    assert ready.health().code == "offline"
    assert ready.poll() is None, "who opens it anew begins anew"
    assert ready.slots() == {0: SlotKeys.MASTER | SlotKeys.PIN | SlotKeys.MAC}
    ready.end_pin()
    assert unit.do("status")["entry"] == "none"


def test_a_kiosk_that_restarts_is_not_told_what_was_said_before(ready: GenericPinPad, unit: Launched) -> None:
    ready.start_pin(0, PAN, seconds=60)
    unit.do("press", digits="123456")
    unit.do("enter")
    ready.close()
    with closing(GenericPinPad(SerialTransport(str(unit.link)), SETTINGS)) as again:
        again.open()
        again.end_pin()
        with refused("no_pin"):
            again.pin_block()


@pytest.mark.filterwarnings("ignore:set.* is deprecated:DeprecationWarning")
def test_over_a_serial_server(ready: GenericPinPad, unit: Launched) -> None:
    """With true line settings: the far port is set as the kiosk says."""
    ready.close()
    far = SerialTransport(str(unit.link))
    far.open()
    port = serial.serial_for_url("loop://", baudrate=1200, parity="E")
    with closing(far), socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_bridge, args=(server, port, far))
        thread.start()
        address = f"rfc2217://127.0.0.1:{server.getsockname()[1]}?timeout=20"
        pad = GenericPinPad(SerialTransport(address, LineSettings(9600, 8, "N", 1)), SETTINGS)
        pad.open()
        assert (port.baudrate, port.bytesize, port.parity, port.stopbits) == (9600, 8, "N", 1)
        assert pad.mac(0, bytes.fromhex("0200702004C020C09811") + b"0123456789") == b"88DB04B2"
        pad.close()
        thread.join(20)
        assert not thread.is_alive()


def _bridge(server: socket.socket, port: serial.Serial, far: SerialTransport) -> None:
    """A serial device server with one port, behind which the unit stands."""
    peer, _ = server.accept()

    class Line:
        def write(self, data: bytes) -> None:
            peer.sendall(data)

    manager = serial.rfc2217.PortManager(port, Line())  # type: ignore[arg-type]
    peer.settimeout(0.005)
    with peer, suppress(ConnectionError):
        while True:
            with suppress(TimeoutError):
                if not (data := peer.recv(1024)):
                    return
                far.write(b"".join(manager.filter(data)))
            peer.sendall(b"".join(manager.escape(far.read(0.0))))


def test_silence_is_offline_in_the_end(ready: GenericPinPad, unit: Launched) -> None:
    ready.poll()
    hurried = replace(SETTINGS, call=0.05, acknowledge=0.02)
    ready._line.settings = ready.settings = hurried
    unit.do("silence")
    with pytest.raises(DeviceTimeout):
        ready.poll()
    assert ready.health().usable, "not yet"
    ready._line.settings = ready.settings = replace(hurried, offline=0.0)
    with pytest.raises(DeviceTimeout):
        ready.poll()
    assert ready.health().code == "offline"
    ready._line.settings = ready.settings = SETTINGS
    unit.do("silence", on=False)
    ready.poll()
    assert ready.health().usable


def test_an_entry_on_a_silent_unit_ends(ready: GenericPinPad, unit: Launched) -> None:
    ready.settings = replace(SETTINGS, grace=-1.0)
    ready.start_pin(0, PAN, seconds=1)
    ready._line.settings = ready.settings = replace(SETTINGS, call=0.05, acknowledge=0.02)
    unit.do("silence")
    assert ready.poll() == PinReport((Key.TIMEOUT,), 0)
    with pytest.raises(DeviceTimeout):
        ready.poll()


def test_a_unit_that_answers_nonsense_is_given_up(ready: GenericPinPad, unit: Launched) -> None:
    ready._line.settings = replace(SETTINGS, repeats=2)
    unit.do("garble", next=1000)
    with pytest.raises((ProtocolError, DeviceTimeout)) as error:
        ready.pin_block()
    assert getattr(error.value, "data", b"") == b""
    unit.do("garble", next=0)
    ready._line.settings = SETTINGS
    assert ready.poll() is None


def test_nothing_of_a_customer_is_kept(ready: GenericPinPad, unit: Launched) -> None:
    ready.start_pin(0, PAN, seconds=60)
    unit.do("press", digits="907531")
    ready.poll()
    held = repr([vars(ready), vars(ready._line), vars(ready._line._decoder)])
    assert "907531" not in held
    assert PAN not in held
    assert "000000000001" not in held
