"""`power-kiosk sam`: look at the SAM in its slot, and have two persons load the terminal's master key into it.

The key is entered in two components by two persons who each know one; nothing that is entered is shown, kept or logged.
The check value at the end is compared with the one that `power-hub keys list` tells of this terminal.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from drivers.errors import CommandRefused, DriverError, ProtocolError
from drivers.security import core_dumps
from drivers.security.bench_keys import is_terminal_test_key
from drivers.security.terminal import SamTerminal
from kiosk.command import Command
from kiosk.config import Config, ConfigError, load
from kiosk.entering import EntryError, hidden, in_hex
from kiosk.sam import sam_of

COMPONENTS = (1, 2)


def _configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    helps = {
        "check": "tell which SAM is there and the check value of its master key",
        "load": "load the master key",
    }
    for name, act in {"check": _check, "load": _load}.items():
        action = actions.add_parser(name, help=helps[name])
        action.add_argument("--config", type=Path, required=True, help="this kiosk's kiosk.toml")
        action.set_defaults(act=act)


def _run(options: argparse.Namespace) -> int:
    core_dumps.off()
    try:
        config = load(options.config)
        if config.security.module != "sam":
            raise EntryError('security.module is not "sam": this kiosk has no SAM')
        status: int = options.act(config, _terminal(config))
    except (ConfigError, EntryError) as error:
        return _failed(str(error), 2)
    except CommandRefused as error:
        return _failed(str(error), 1)
    except ProtocolError as error:
        return _failed(f"the SAM's answer is of no use: {error}", 3)
    except DriverError as error:
        return _failed(f"the SAM does not answer: {error}", 3)
    return status


def _terminal(config: Config) -> SamTerminal:
    return SamTerminal(sam_of(config.security), config.security.scheme, config.security.slot)


def _check(_config: Config, terminal: SamTerminal) -> int:
    value = terminal.check_value()
    print("the SAM is the configured one")
    print("no master key is loaded in security.slot" if value is None else _told(value))
    return 0 if value else 1


def _load(config: Config, terminal: SamTerminal) -> int:
    terminal.check_value()  # another SAM is refused before anybody enters a secret
    pin = _pin(hidden("loading PIN of the SAM, an even number of digits: "))
    try:
        terminal.present_pin(pin)
    except CommandRefused as error:
        raise CommandRefused(f"the loading PIN is not taken: {error}") from None
    for number in COMPONENTS:
        component = in_hex(hidden(f"person {number}, component {number}, 32 hex digits: "), 16, number)
        if is_terminal_test_key(component, config.terminal.id) and not config.terminal.bench:
            raise EntryError(f"component {number}: this is a test key of the bench, which anyone can compute")
        check = in_hex(input("its check value, 6 hex digits: "), 3, number)
        terminal.load_component(number, component, check)
    value = terminal.check_value()
    if value is None:
        raise CommandRefused("both components were taken and no key came of them")
    print(_told(value))
    return 0


def _told(value: bytes) -> str:
    return f"master key with check value {value.hex().upper()}; compare it with `power-hub keys list`"


def _pin(text: str) -> bytes:
    """The PIN as the SAM takes it: two digits a byte."""
    if not text.isdigit() or len(text) % 2 or not 4 <= len(text) <= 16:
        raise EntryError("the PIN has 4 to 16 digits, an even number of them")
    return bytes.fromhex(text)


def _failed(why: str, status: int) -> int:
    print(f"power-kiosk sam: {why}", file=sys.stderr)
    return status


command = Command("the SAM in its slot: look at it, load its master key", _configure, _run)
