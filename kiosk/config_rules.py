"""What tables of kiosk.toml may not say together, and what the files that they name may not say."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kiosk.config import Config, MeterCard, Security


def broken_rules(config: Config) -> Iterator[tuple[tuple[str, ...], str]]:
    """What breaks a rule, by the table and key it stands at, with what was expected."""
    module = ("security", "module")
    if config.hub.key_file is None and config.security.module == "none":
        yield ("hub",), "hub.key_file is missing; expected a path, or a security.module to sign on with"
    if config.hub.key_file is not None and config.security.module != "none":
        yield (
            module,
            'security.module: expected "none" beside hub.key_file; a terminal has one way of signing',
        )
    if config.meter_card.module == "sam" and config.security.module != "sam":
        yield (
            ("meter_card", "module"),
            'meter_card.module: "sam" needs security.module = "sam" with its reader',
        )
    if config.meter_card.module == "software" and not config.terminal.bench:
        yield (
            ("meter_card", "module"),
            'meter_card.module: "software" is for a bench only (terminal.bench = true)',
        )
    yield from _shared(config)
    if config.dispenser.port and not config.meter_card.reader:
        yield ("dispenser", "port"), "dispenser.port: expected a meter_card.reader beside it"
    yield from _bank_cards(config)
    if config.security.module == "software" and not config.terminal.bench:
        yield module, 'security.module: "software" is for a bench only (terminal.bench = true)'


def _bank_cards(config: Config) -> Iterator[tuple[tuple[str, ...], str]]:
    """One place takes bank cards, and it is whole: reader and PIN pad, or a box that has both."""
    if bool(config.bank_card.reader) != bool(config.pin_pad.port):
        table = "pin_pad" if config.bank_card.reader else "bank_card"
        yield (table,), f"{table}: expected beside the other; a bank card needs its reader and a PIN pad"
    if config.eft_terminal.port and config.bank_card.reader:
        yield (
            ("eft_terminal", "port"),
            "eft_terminal.port: expected no bank_card.reader beside it; one place takes bank cards",
        )


def _shared(config: Config) -> Iterator[tuple[tuple[str, ...], str]]:
    """A reader or line that two devices are to hold at once: one of them would speak to the other's card."""
    sam = config.security.reader if config.security.module == "sam" else ""
    for key, named in (
        (
            "reader",
            {
                "meter_card": config.meter_card.reader,
                "security": sam,
                "dispenser": config.dispenser.reader,
                "bank_card": config.bank_card.reader,
            },
        ),
        (
            "port",
            {
                "acceptor": config.acceptor.port,
                "printer": config.printer.port,
                "dispenser": config.dispenser.port,
                "bank_card": config.bank_card.port,
                "pin_pad": config.pin_pad.port,
                "eft_terminal": config.eft_terminal.port,
                "scanner": config.scanner.port,
            },
        ),
    ):
        for (one, first), (other, second) in combinations(named.items(), 2):
            if first and first == second:
                yield (other, key), f"{other}.{key}: expected another one than {one}.{key}"


def unusable_dialect(security: Security) -> str:
    """What is wrong with the file of the SAM's commands; empty where it can be used, or nobody needs it."""
    if security.module != "sam" or security.dialect_file is None:
        return ""
    from drivers.meter_card.profile_table import ProfileError
    from drivers.security import dialect_file

    try:
        dialect_file.load(security.dialect_file)
    except ProfileError as error:
        return str(error)
    return ""


def unusable_profile(cards: MeterCard) -> str:
    """What is wrong with the layouts that are named; empty where all can be used."""
    # Only a kiosk with a reader pays for the import before its first frame.
    from drivers.meter_card.layout import Layout
    from drivers.meter_card.profile_table import ProfileError

    folders = () if cards.profile_folder is None else (cards.profile_folder,)
    try:
        for name in cards.profiles:
            Layout.named(name, *folders)
    except ProfileError as error:
        return str(error)
    return ""
