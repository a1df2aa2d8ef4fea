"""`power-kiosk pin-pad`: look at the PIN pad, and have two persons load a bank's master key into its slot.

The key is entered in two components by two persons who each know one; nothing that is entered is shown, kept or logged.
The check value at the end is compared with the one that the bank has given. The kiosk itself must be stopped: the line
has one user.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path

from drivers.errors import CommandRefused, DriverError
from drivers.pinpad.model import PinPad, SlotKeys
from drivers.security import core_dumps
from drivers.security.bench_keys import is_bank_test_key
from kiosk.command import Command
from kiosk.config import Config, ConfigError, load
from kiosk.entering import EntryError, hidden, in_hex
from kiosk.pin_pads import pin_pad_of

COMPONENTS = (1, 2)
_NAMES = {SlotKeys.MASTER: "master", SlotKeys.PIN: "PIN", SlotKeys.MAC: "MAC", SlotKeys.HALF: "half a master"}


def _configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    check = actions.add_parser("check", help="tell which unit is there, test it, and tell which keys it has")
    check.set_defaults(act=_check)
    loads = actions.add_parser("load", help="load a bank's master key")
    loads.add_argument("--bank", required=True, help="its name in pin_pad.slots")
    loads.add_argument("--terminal-no", required=True, help="this kiosk's terminal number at the bank")
    loads.set_defaults(act=_load)
    for action in (check, loads):
        action.add_argument("--config", type=Path, required=True, help="this kiosk's kiosk.toml")


def _run(options: argparse.Namespace) -> int:
    core_dumps.off()
    try:
        config = load(options.config)
        if not config.pin_pad.port:
            raise EntryError("pin_pad.port is empty: this kiosk has no PIN pad")
        with contextlib.closing(pin_pad_of(config.pin_pad)) as pad:
            pad.open()
            status: int = options.act(config, pad, options)
    except (ConfigError, EntryError) as error:
        return _failed(str(error), 2)
    except CommandRefused as error:
        return _failed(str(error), 1)
    except DriverError as error:
        return _failed(f"the PIN pad does not answer: {error}", 3)
    return status


def _check(config: Config, pad: PinPad, _options: argparse.Namespace) -> int:
    who = pad.identify()
    print(f"{who.maker}, serial {who.serial}, firmware {who.firmware}")
    sound = pad.self_test()
    print(
        "its self test passed"
        if sound
        else "its self test FAILED" + (": it was opened" if pad.tampered else "")
    )
    held = pad.slots()
    for bank, slot in sorted(config.pin_pad.slots.items(), key=lambda pair: pair[1]):
        keys = held.get(slot, SlotKeys(0))
        print(
            f"slot {slot}, {bank}: {', '.join(name for key, name in _NAMES.items() if key in keys) or 'no'} key"
        )
    whole = all(SlotKeys.MASTER in held.get(slot, SlotKeys(0)) for slot in config.pin_pad.slots.values())
    return 0 if sound and whole else 1


def _load(config: Config, pad: PinPad, options: argparse.Namespace) -> int:
    slot = config.pin_pad.slots.get(options.bank)
    if slot is None:
        raise EntryError(f"pin_pad.slots names no bank {options.bank!r}")
    pad.slots()  # a unit that does not answer is found before anybody enters a secret
    value = None
    for number in COMPONENTS:
        component = in_hex(hidden(f"person {number}, component {number}, 32 hex digits: "), 16, number)
        if is_bank_test_key(component, options.bank, options.terminal_no) and not config.terminal.bench:
            raise EntryError(f"component {number}: this is a test key of the bench, which anyone can compute")
        check = in_hex(input("its check value, 6 hex digits: "), 3, number)
        value = pad.load_master_key(slot, number, component, check)
    if value is None:
        raise CommandRefused("both components were taken and no key came of them")
    print(f"slot {slot}: master key with check value {value.hex().upper()}; compare it with the bank's")
    return 0


def _failed(why: str, status: int) -> int:
    print(f"power-kiosk pin-pad: {why}", file=sys.stderr)
    return status


command = Command("the PIN pad: look at it, load a bank's master key", _configure, _run)
