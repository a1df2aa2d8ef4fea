"""The terminal's keys as its settings name them: a key file, or a security module to sign on with."""

from __future__ import annotations

from drivers.security.model import TerminalModule
from kiosk.config import Config, Security
from kiosk.hubclient.keyfile import load_key
from kiosk.hubclient.keys import FileKey, Keys


def open_keys(config: Config) -> Keys:
    """Make the terminal's keys; raises KeyFileError. A module is first asked when the first call is made."""
    if config.hub.key_file is not None:
        key = load_key(config.hub.key_file, bench=config.terminal.bench)
        return FileKey(config.terminal.id, key)
    from kiosk.hubclient.sign_on import TerminalKeys

    return TerminalKeys(config.terminal.id, terminal_module(config))


def terminal_module(config: Config) -> TerminalModule:
    """Make the module that `[security]` names; ValueError where it names none, or a software one off the bench."""
    match config.security.module:
        case "sam":
            return _sam(config.security)
        case "software":
            from drivers.security.bench_keys import terminal_key
            from drivers.security.terminal import SoftwareTerminal

            master = terminal_key(config.terminal.id)
            return SoftwareTerminal(config.security.scheme, master, bench=config.terminal.bench)
        case _:
            raise ValueError("the settings name no security module")


def _sam(settings: Security) -> TerminalModule:
    from drivers.security.terminal import SamTerminal
    from kiosk.sam import sam_of

    return SamTerminal(sam_of(settings), settings.scheme, settings.slot)
