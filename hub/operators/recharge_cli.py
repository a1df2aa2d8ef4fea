"""The subcommands of `power-hub recharge`: cards made, made good, blocked, shown.

A card's secret number is written once, into the file for the printer of the cards, and is kept nowhere else.
"""

import argparse
import csv
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TextIO

from hub.business.numbers import RECHARGE_NUMBER_DIGITS, recharge_number
from hub.operators.cli import books, json_option, passphrase_option, prove, say
from hub.settings import key_store_file

COLUMNS = ("serial", "number", "value_fen", "expires_on")


def add_recharge_commands(
    commands: Any, database: argparse.ArgumentParser, store: argparse.ArgumentParser
) -> None:
    """Add `recharge make`, `activate`, `block` and `show`."""
    common = [database, json_option()]
    actions = commands.add_parser("recharge", help="recharge cards").add_subparsers(
        required=True, metavar="ACTION"
    )
    make = actions.add_parser("make", parents=[*common, store], help="make cards, worth nothing yet")
    make.add_argument("--bench", action="store_true", help="allow a store of test keys")
    make.add_argument("--value-fen", type=int, required=True, metavar="N", help="what each is worth")
    make.add_argument("--count", type=int, required=True, metavar="K", help="how many")
    make.add_argument(
        "--expires", type=date.fromisoformat, required=True, metavar="DATE", help="the last day of each"
    )
    make.add_argument("--out", type=Path, required=True, metavar="FILE", help="serials and numbers, once")
    make.set_defaults(command=_make)
    activate = actions.add_parser("activate", parents=common, help="make cards good that are to be sold")
    activate.add_argument("first", metavar="SERIAL")
    activate.add_argument("last", metavar="LAST", nargs="?", help="and all up to this one")
    activate.add_argument("--by", required=True, metavar="NAME")
    passphrase_option(activate)
    activate.set_defaults(command=_activate)
    block = actions.add_parser("block", parents=common, help="let a card not be spent any more")
    block.set_defaults(command=_block)
    show = actions.add_parser("show", parents=common, help="what is known of a card")
    show.set_defaults(command=_show)
    for parser in (block, show):
        parser.add_argument("serial", metavar="SERIAL")


def new_numbers(count: int) -> list[str]:
    """So many secret numbers, none twice."""
    made: set[str] = set()
    while len(made) < count:
        first = secrets.randbelow(10 ** (RECHARGE_NUMBER_DIGITS - 1))
        made.add(recharge_number(f"{first:0{RECHARGE_NUMBER_DIGITS - 1}d}"))
    return list(made)


def _make(options: argparse.Namespace) -> int:
    from drivers.security import core_dumps
    from hub.business.day import Day
    from hub.data.fields import recharge_mark
    from hub.data.keys_settings import open_key_store
    from hub.data.recharge_stock import check_order, make

    core_dumps.off()
    now = datetime.now(UTC)
    check_order(options.value_fen, options.count, options.expires, Day().business_date(now))
    store = open_key_store(key_store_file(options.key_store), bench=options.bench)
    if store is None:
        raise ValueError("no key store: name its settings with --key-store")
    with closing(store), _file(options.out) as file, books(options) as connection:
        numbers = new_numbers(options.count)
        marks = [recharge_mark(store, number) for number in numbers]
        serials = make(connection, marks, options.value_fen, options.expires, now)
        # On disk before the cards are in the books: numbers of no cards are worth nothing, cards without are lost.
        _write(file, options, serials, numbers)
    first, last = serials[0], serials[-1]
    content = {"first": first, "last": last, "count": len(serials), "out": str(options.out)}
    text = (
        f"{len(serials)} cards, {first} to {last}: {options.out}; power-hub recharge activate makes them good"
    )
    say(options, content, text)
    return 0


@contextmanager
def _file(path: Path) -> Iterator[TextIO]:
    """A new file for its owner alone; it goes away again if the cards do not come into the books."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", newline="") as file:  # noqa: PTH123
        try:
            yield file
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def _write(file: TextIO, options: argparse.Namespace, serials: Sequence[str], numbers: Sequence[str]) -> None:
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(COLUMNS)
    for serial, number in zip(serials, numbers, strict=True):
        rows.writerow((serial, number, options.value_fen, options.expires.isoformat()))
    file.flush()
    os.fsync(file.fileno())


def _activate(options: argparse.Namespace) -> int:
    from hub.data.recharge_stock import activate

    prove(options, (options.by, options.passphrase_file))
    with books(options) as connection:
        count = activate(connection, options.first, options.last or options.first, options.by)
    say(options, {"count": count}, f"{count} cards are good now")
    return 0


def _block(options: argparse.Namespace) -> int:
    from hub.data.recharge_stock import block

    with books(options) as connection:
        story = block(connection, options.serial, datetime.now(UTC))
    say(options, story, f"card {story.serial} is blocked")
    return 0


def _show(options: argparse.Namespace) -> int:
    from hub.data.recharge_stock import show

    with books(options) as connection:
        story = show(connection, options.serial)
    spent = (
        f", spent for payment {story.spent_by} (account {story.account_no}, {story.reference or 'no slip'})"
    )
    lines = [
        f"card {story.serial}  {story.state}  {story.value_fen} fen, good to {story.expires_on}"
        + (spent if story.spent_by else "")
        + (f", made good by {story.activated_by}" if story.activated_by else "")
    ]
    lines += [f"  {each.at:%Y-%m-%d %H:%M} {each.terminal}: {each.outcome}" for each in story.tries]
    say(options, story, "\n".join(lines))
    return 0
