"""The subcommands of `power-hub keys`: the key store made, master keys loaded by two persons, told of, removed.

A master key is entered in two components by two persons who each know one. Beside each stands its check value, as the
letter that brought the component has it; the check value of the whole is shown at the end, to be compared with the one
that the terminal's or the card maker's module shows. Nothing that is entered is shown, kept or logged.
"""

import argparse
import getpass
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.data.keystore import CardSchemes, KeyName
from hub.operators.cli import books, json_option, passphrase_option, prove, say
from hub.settings import key_store_file

SCHEMES = ("3des", "sm4")


def add_keys_commands(
    commands: Any, database: argparse.ArgumentParser, store: argparse.ArgumentParser
) -> None:
    """Add `keys init`, `load-terminal`, `load-bank`, `load-card`, `list` and `revoke`."""
    common = [database, store, _bench(), json_option()]
    actions = commands.add_parser("keys", help="the key store and what is in it").add_subparsers(
        required=True, metavar="ACTION"
    )
    init = actions.add_parser("init", parents=common, help="make the hub's own keys where they are missing")
    init.set_defaults(command=_init)
    terminal = actions.add_parser("load-terminal", parents=common, help="load a terminal's master key")
    terminal.add_argument("id", metavar="ID", help="the terminal, registered with --signs-on")
    terminal.set_defaults(command=_load_terminal)
    card = actions.add_parser("load-card", parents=common, help="load a master key of a card profile")
    card.add_argument(
        "id", metavar="KEY", help="the key's id, as the profile names it in the store's settings"
    )
    card.set_defaults(command=_load_card)
    bank = actions.add_parser("load-bank", parents=common, help="load a terminal's master key at a bank")
    bank.add_argument("acquirer", metavar="ACQUIRER")
    bank.add_argument("tid", metavar="TID", help="the terminal's number there (power-hub bank add)")
    bank.set_defaults(command=_load_bank, scheme="3des")
    for parser in (terminal, card):
        parser.add_argument("--scheme", choices=SCHEMES, default="3des")
    for parser in (terminal, bank, card):
        parser.add_argument("--by", required=True, metavar="NAME", help="enters component 1")
        passphrase_option(parser)
        parser.add_argument("--and", dest="second", required=True, metavar="NAME", help="enters component 2")
        parser.add_argument("--and-passphrase-file", dest="second_file", type=Path, metavar="FILE")
    listing = actions.add_parser("list", parents=common, help="names and check values")
    listing.set_defaults(command=_list)
    revoke = actions.add_parser("revoke", parents=common, help="end a terminal's keys, at once")
    revoke.add_argument("id", metavar="ID", help="a terminal, or ACQUIRER/TID for its key at a bank")
    revoke.add_argument("--by", required=True, metavar="NAME")
    passphrase_option(revoke)
    revoke.set_defaults(command=_revoke)


def _bench() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--bench", action="store_true", help="allow a store of test keys")
    return parser


def _init(options: argparse.Namespace) -> int:
    with _cabinet(options) as cabinet:
        made = cabinet.init()
    _tell(options, made, "nothing was missing")
    return 0


def _list(options: argparse.Namespace) -> int:
    with _cabinet(options) as cabinet:
        names, schemes = cabinet.names(), cabinet.card_schemes
    _tell(options, names, "no keys")
    for line in _lacking(schemes, names, computed=options.bench):
        sys.stderr.write(f"power-hub: {line}\n")
    return 0


def _load_terminal(options: argparse.Namespace) -> int:
    with _cabinet(options) as cabinet:
        _require_signing_on(options)
        key = _entered(options)
        name = cabinet.load_terminal(options.id, options.scheme, key)
    _end_working_keys(options)  # they were wrapped under the key before
    _tell(options, (name,), "")
    return 0


def _load_bank(options: argparse.Namespace) -> int:
    with _cabinet(options) as cabinet:
        _require_bank_terminal(options)
        name = cabinet.load_bank(options.acquirer, options.tid, _entered(options))
    _end_bank_keys(options, options.acquirer, options.tid)  # they were wrapped under the key before
    _tell(options, (name,), "")
    return 0


def _load_card(options: argparse.Namespace) -> int:
    with _cabinet(options) as cabinet:
        _require_wanted(options, cabinet.card_schemes)
        name = cabinet.load_card(options.id, options.scheme, _entered(options))
    _tell(options, (name,), "")
    return 0


def _revoke(options: argparse.Namespace) -> int:
    prove(options, (options.by, options.passphrase_file))
    acquirer, _, tid = options.id.rpartition("/")
    with _cabinet(options) as cabinet:
        if acquirer:
            _end_bank_keys(options, acquirer, tid)
            cabinet.remove_bank(acquirer, tid)
        else:
            _end_working_keys(options)
            cabinet.remove_terminal(options.id)
    say(options, {"terminal": options.id}, f"terminal {options.id}: its keys are ended")
    return 0


# What the profiles want ------------------------------------------------------------------------------------

USES = ("internal", "external", "mac")


def _require_wanted(options: argparse.Namespace, schemes: CardSchemes) -> None:
    """Refuse a key that no profile would use, before anybody enters a component; without profiles any is taken."""
    wanted = {getattr(each, use): each.cipher for each in schemes.values() for use in USES}
    if not wanted:
        return
    if options.id not in wanted:
        named = ", ".join(sorted(wanted))
        raise ValueError(f"no profile in the key store's settings names {options.id}; they name {named}")
    if options.scheme != wanted[options.id]:
        raise ValueError(f"the profile of {options.id} is for {wanted[options.id]}; see --scheme")


def _lacking(schemes: CardSchemes, names: Sequence[KeyName], *, computed: bool) -> Iterator[str]:
    """What keeps profiles of the settings from being served; a bench computes what is not loaded."""
    from drivers.meter_card import profile_file

    loaded, layouts = {name.name: name.scheme for name in names if name.kind == "card"}, profile_file.find()
    for profile, scheme in sorted(schemes.items()):
        if profile not in layouts:
            yield f"profile {profile}: no such card layout; there are {', '.join(sorted(layouts))}"
        for use in USES:
            key = getattr(scheme, use)
            if key not in loaded and not computed:
                yield f"profile {profile}: its key {use}, {key}, is not loaded"
            elif loaded.get(key, scheme.cipher) != scheme.cipher:
                yield f"profile {profile}: its key {use}, {key}, is for {loaded[key]}, not {scheme.cipher}"


# Two persons -----------------------------------------------------------------------------------------------


def _entered(options: argparse.Namespace) -> bytes:
    """The key that two different persons enter, each one component; raises ValueError."""
    from drivers.errors import CommandRefused
    from drivers.security.cipher import cipher
    from drivers.security.components import ComponentLoader

    if options.by == options.second:
        raise ValueError("a master key is entered by two different persons")
    _require_known(options, options.by, options.second)  # before the first one shows a secret
    loader = ComponentLoader(cipher(options.scheme))
    persons = (options.by, options.passphrase_file), (options.second, options.second_file)
    key = None
    for number, person in enumerate(persons, 1):
        prove(options, person)
        component = _hex(getpass.getpass(f"{person[0]}, component {number}, 32 hex digits: "), 16, number)
        check = _hex(input("its check value, 6 hex digits: "), 3, number)
        try:
            key = loader.take(number, component, check)
        except CommandRefused as error:
            raise ValueError(str(error)) from None
    if key is None:
        raise ValueError("the second component made no key")
    return key


def _require_known(options: argparse.Namespace, *names: str) -> None:
    from hub.composition.persons import person_names

    with books(options) as connection:
        known = person_names(connection)
    for name in names:
        if name not in known:
            raise ValueError(f"{name}: no such person; see power-hub person list")


def _hex(text: str, size: int, number: int) -> bytes:
    digits = "".join(text.split())
    try:
        data = bytes.fromhex(digits)
    except ValueError:
        data = b""
    if len(data) != size:
        raise ValueError(f"component {number}: {2 * size} hex digits expected")
    return data


# Store and books -------------------------------------------------------------------------------------------


@contextmanager
def _cabinet(options: argparse.Namespace) -> Iterator[Any]:
    from drivers.security import core_dumps
    from hub.data.keys_settings import open_key_store
    from hub.data.keystore import KeyStoreError

    core_dumps.off()
    try:
        cabinet = open_key_store(key_store_file(options.key_store), bench=options.bench)
        if cabinet is None:
            raise ValueError("no key store: name its settings with --key-store")
        with closing(cabinet):
            yield cabinet
    except KeyStoreError as error:
        raise ValueError(str(error)) from None


def _require_signing_on(options: argparse.Namespace) -> None:
    from hub.composition.terminals import signs_on

    with books(options) as connection:
        if not signs_on(connection, options.id):
            raise ValueError(
                f"{options.id} is no terminal that signs on: power-hub terminal add {options.id} --signs-on"
            )


def _require_bank_terminal(options: argparse.Namespace) -> None:
    from hub.data.bank_terminals import bank_terminals_of

    with books(options) as connection:
        known = {(each.acquirer, each.tid) for each in bank_terminals_of(connection)}
    if (options.acquirer, options.tid) not in known:
        raise ValueError(
            f"no kiosk has terminal {options.tid} at {options.acquirer}: power-hub bank add {options.acquirer}"
        )


def _end_bank_keys(options: argparse.Namespace, acquirer: str, tid: str) -> None:
    from hub.data.bank_terminals import end_bank_keys

    with books(options) as connection:
        end_bank_keys(connection, acquirer, tid)


def _end_working_keys(options: argparse.Namespace) -> None:
    from hub.data.working_keys import end_now

    with books(options) as connection:
        end_now(connection, options.id, datetime.now(UTC))


def _tell(options: argparse.Namespace, names: Any, none: str) -> None:
    content = [{"kind": n.kind, "name": n.name, "scheme": n.scheme, "check": n.check} for n in names]
    lines = [
        f"{n.kind:9}{n.name}  {n.scheme}" + (f"  check value {n.check.upper()}" if n.check else "")
        for n in names
    ]
    say(options, content, "\n".join(lines) or none)
