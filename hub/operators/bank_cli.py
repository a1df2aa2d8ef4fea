"""The subcommands of `power-hub bank`: terminals at banks, sales, the close of batches, what banks said besides."""

import argparse
import asyncio
import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.operators.cli import books, json_option, say
from hub.settings import acquirers_file, cut_over, database_url, key_store_file

MOST = 200
"""How many lines a list has at most, the newest first."""
_ACQUIRER = re.compile(r"[a-z0-9_]{1,16}", re.ASCII)
_TID = re.compile(r"[A-Za-z0-9]{8}", re.ASCII)
_MERCHANT = re.compile(r"[A-Za-z0-9]{15}", re.ASCII)


def add_bank_commands(
    commands: Any, database: argparse.ArgumentParser, store: argparse.ArgumentParser
) -> None:
    """Add `bank add`, `list`, `sales`, `settle` and `evidence`."""
    common, banks = [database, json_option()], acquirers_option()
    actions = commands.add_parser("bank", help="terminals at banks, and sales by bank card").add_subparsers(
        required=True, metavar="ACTION"
    )
    add = actions.add_parser("add", parents=[*common, banks], help="register a kiosk's terminal at a bank")
    add.add_argument("acquirer", metavar="ACQUIRER", help="the bank's name in the settings")
    add.add_argument("terminal", metavar="TERMINAL", help="the kiosk")
    add.add_argument("--tid", required=True, metavar="NO", help="the terminal's number there, 8 characters")
    add.add_argument(
        "--merchant", default="", metavar="NO", help="15 characters, if not the bank's merchant_no"
    )
    add.set_defaults(command=_add)
    listing = actions.add_parser("list", parents=common, help="terminals at banks, and their settlements")
    listing.set_defaults(command=_list)
    sales = actions.add_parser("sales", parents=common, help="sales by bank card, newest first")
    sales.add_argument("--open", action="store_true", help="only those under way or on their way back")
    sales.set_defaults(command=_sales)
    settle = actions.add_parser(
        "settle", parents=[*common, banks, store], help="close the batches of a bank's terminals now"
    )
    settle.add_argument("acquirer", metavar="ACQUIRER")
    settle.add_argument("terminal", metavar="TERMINAL", nargs="?", default="", help="the kiosk; default all")
    settle.add_argument("--bench", action="store_true", help="allow a store of test keys")
    settle.add_argument("--cut-over", default="24:00", metavar="HH:MM", help="as the hub is served with")
    settle.set_defaults(command=_settle)
    evidence = actions.add_parser("evidence", parents=common, help="what banks said besides, newest first")
    evidence.set_defaults(command=_evidence)


def acquirers_option() -> argparse.ArgumentParser:
    """The option that names the banks' settings."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument(
        "--acquirers", type=Path, metavar="FILE", help="the banks that take cards (POWER_HUB_ACQUIRERS)"
    )
    return parser


def require_bank_number(acquirer: str, tid: str) -> None:
    """Raise ValueError for a name that no bank, or a number that no terminal can have."""
    if not _ACQUIRER.fullmatch(acquirer):
        raise ValueError(
            f"{acquirer!r} is no bank's name: 1 to 16 lower-case letters, digits and _, as in the settings"
        )
    if not _TID.fullmatch(tid):
        raise ValueError(f"{tid!r} is no terminal number at a bank: 8 letters and digits")


# Terminals -------------------------------------------------------------------------------------------------------


def _add(options: argparse.Namespace) -> int:
    from sqlalchemy.exc import IntegrityError

    from hub.composition.terminals import is_registered
    from hub.data.bank_terminals import add_bank_terminal

    require_bank_number(options.acquirer, options.tid)
    if options.merchant and not _MERCHANT.fullmatch(options.merchant):
        raise ValueError(f"{options.merchant!r} is no merchant number: 15 letters and digits")
    if acquirers := _acquirers(options):
        _bank_of(acquirers, options.acquirer)
    told = f"{options.terminal} is terminal {options.tid} at {options.acquirer}"
    try:
        with books(options) as connection:
            if not is_registered(connection, options.terminal):
                raise ValueError(f"{options.terminal} is no terminal of this hub: power-hub terminal add")
            where = options.acquirer, options.terminal, options.tid, options.merchant
            add_bank_terminal(connection, *where, datetime.now(UTC))
    except IntegrityError:
        raise ValueError(
            f"{options.terminal} has a terminal at {options.acquirer} already, or {options.tid} is another's"
        ) from None
    say(options, {name: getattr(options, name) for name in ("acquirer", "terminal", "tid", "merchant")}, told)
    return 0


def _list(options: argparse.Namespace) -> int:
    from hub.data.bank_terminals import bank_terminals_of
    from hub.data.settlements import settlements_of

    with books(options) as connection:
        terminals, settlements = bank_terminals_of(connection), settlements_of(connection, MOST)
    lines = []
    for each in terminals:
        signed = f"signed on {_moment(each.signed_on_at)}" if each.signed_on_at else "never signed on"
        wishes = (", to sign on" if each.sign_on_needed else "") + (", settling" if each.settling else "")
        lines.append(
            f"{each.acquirer}  {each.tid}  {each.terminal}  batch {each.batch} trace {each.stan:06d}  {signed}{wishes}"
        )
    lines += map(_settlement_line, settlements)
    keys = ("pik", "pik_check", "mak", "mak_check")
    told = [{k: v for k, v in asdict(each).items() if k not in keys} for each in terminals]
    say(
        options,
        {"terminals": told, "settlements": [asdict(each) for each in settlements]},
        "\n".join(lines) or "no terminals at banks",
    )
    return 0


def _settlement_line(each: Any) -> str:
    ours = f"{each.debit_count} sales, {each.debit_fen} fen"
    theirs = ""
    if each.bank_code is not None:
        theirs = (
            f"; the bank: {each.bank_debit_count} sales, {each.bank_debit_fen} fen, code {each.bank_code}"
        )
    when = _moment(each.ended_at or each.opened_at)
    return f"{each.acquirer}  {each.tid}  batch {each.batch}  {each.state}  {ours}{theirs}  {when}"


# Sales and evidence ----------------------------------------------------------------------------------------------


def _sales(options: argparse.Namespace) -> int:
    from hub.data.bank_lists import sales_of

    with books(options) as connection:
        found = sales_of(connection, MOST, only_open=options.open)
    lines = []
    for each in found:
        code = f" {each.code}" if each.code else ""
        people = ""
        if each.state == "reversing":
            tries = f", {each.attempts} attempts"
            people = tries + ("" if each.next_at else "; a person refunds it at the bank")
        lines.append(
            f"{_moment(each.made_at)}  {each.acquirer}  {each.tid}  {each.batch}/{each.stan}  {each.card}  "
            f"{each.amount_fen} fen  {each.state}{code}{people}  {each.terminal}  {each.id}"
        )
    say(options, [asdict(each) for each in found], "\n".join(lines) or "no sales")
    return 0


def _evidence(options: argparse.Namespace) -> int:
    from hub.data.bank_lists import evidence_of

    with books(options) as connection:
        found = evidence_of(connection, MOST)
    lines = [
        f"{_moment(each.at)}  {each.acquirer}  {each.kind}  {each.tid}/{each.stan}  "
        f"{each.sale_id or '-'}  {each.message}"
        for each in found
    ]
    say(options, [asdict(each) for each in found], "\n".join(lines) or "no evidence")
    return 0


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


# The close of batches --------------------------------------------------------------------------------------------


def _settle(options: argparse.Namespace) -> int:
    from drivers.security import core_dumps
    from hub.business.refusals import Refusal
    from hub.data.keys_settings import open_key_store
    from hub.serve import open_books

    core_dumps.off()
    acquirer = _bank_of(_acquirers(options), options.acquirer)
    keys = open_key_store(key_store_file(options.key_store), bench=options.bench)
    if keys is None:
        raise ValueError("no key store: name its settings with --key-store")
    open_books(database_url(options.database))
    try:
        closed = asyncio.run(_closed(options, acquirer, keys))
    except Refusal as refusal:
        raise ValueError(str(refusal)) from None
    lines = [
        f"{each.acquirer}  {each.tid}  batch {each.batch}  {each.ending}"
        + (f": {each.why}" if each.why else "")
        for each in closed
    ]
    say(options, [asdict(each) for each in closed], "\n".join(lines) or "no terminals there")
    return 0 if all(each.ending in ("settled", "nothing") for each in closed) else 1


async def _closed(options: argparse.Namespace, acquirer: Any, keys: Any) -> Sequence[Any]:
    """Settle with a line of one's own to the bank."""
    from hub.business.day import Day
    from hub.composition.bank_line import BankLine
    from hub.composition.bank_settlement import BankSettlements
    from hub.composition.bank_sign_on import BankSignOns, BankTalk
    from hub.composition.bank_terminals import BankTerminals
    from hub.composition.bank_witness import Witness
    from hub.composition.vault import Vault
    from hub.data.bank_terminals import BankTerminalBooks
    from hub.data.database import Database
    from hub.data.sales import Sales
    from hub.serve import utc_now

    database, vault = Database(database_url(options.database)), Vault(keys)
    day, terminals = Day(cut_over=cut_over(options.cut_over)), BankTerminals((acquirer,), vault)
    witness = Witness(database, Sales, terminals, utc_now)
    line = BankLine(acquirer.host, acquirer.port, acquirer.connect_s, witness.of(acquirer.name))
    talk = BankTalk({acquirer.name: line})
    sign_ons = BankSignOns(database, talk, terminals, vault, utc_now, day)
    settlements = BankSettlements(database, talk, sign_ons, terminals, (acquirer,), vault, utc_now, day)
    try:
        kiosks = [options.terminal]
        if not options.terminal:
            async with database.read() as connection:
                kiosks = [
                    each.terminal for each in await BankTerminalBooks(connection).of_bank(acquirer.name)
                ]
        return [await settlements.settle(acquirer, kiosk) for kiosk in kiosks]
    finally:
        await sign_ons.close()
        await line.close()
        vault.close()
        await database.close()


def _acquirers(options: argparse.Namespace) -> Sequence[Any]:
    from hub.data.acquirers_file import read_acquirers

    return read_acquirers(acquirers_file(options.acquirers))


def _bank_of(acquirers: Sequence[Any], name: str) -> Any:
    found = next((each for each in acquirers if each.name == name), None)
    if found is None:
        named = ", ".join(each.name for each in acquirers) or "none; see --acquirers"
        raise ValueError(f"no bank {name} in the settings; they name {named}")
    return found
