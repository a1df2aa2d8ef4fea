"""The `power-hub` command; what people decide about claims and persons is in `hub.operators`."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec

from hub.business.card_sales import CardLimits
from hub.business.identity_checks import IdentityLimits
from hub.business.recharge_rules import RechargeLimits
from hub.operators.bank_cli import acquirers_option, add_bank_commands
from hub.operators.cli import add_claims_commands, add_person_commands, add_terminal_commands
from hub.operators.keys_cli import add_keys_commands
from hub.operators.phone_cli import add_phone_commands
from hub.operators.recharge_cli import add_recharge_commands
from hub.settings import (
    Settings,
    acquirers_file,
    card_limits,
    cut_over,
    database_url,
    identity_limits,
    key_store_file,
    keys_folder,
    recharge_limits,
    wallet_file,
)

TOWN_SEED = 20260101


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; 0 is success, 1 a finding, 2 a usage that cannot be carried out."""
    options = _parser().parse_args(arguments)
    # Each subcommand loads only what it needs: `check` starts without the HTTP side, `openapi` without SQL.
    try:
        code: int = options.command(options)
    except (EOFError, KeyboardInterrupt):  # Ctrl-D or Ctrl-C, or no terminal to ask at
        print("\npower-hub: broken off; begin the command again", file=sys.stderr)
        return 2
    except _told() as error:
        print(f"power-hub: {error}", file=sys.stderr)
        return 2
    return code


def _told() -> tuple[type[Exception], ...]:
    """What a person can do something about; looked up when something went wrong."""
    from sqlalchemy.exc import SQLAlchemyError

    from hub.data.engine import UnsafeDatabaseError
    from hub.data.keystore import KeyStoreError

    return ValueError, RuntimeError, OSError, SQLAlchemyError, UnsafeDatabaseError, KeyStoreError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="power-hub", description="The integrated payment platform.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    database = argparse.ArgumentParser(add_help=False)
    database.add_argument(
        "--database", metavar="URL", help="sqlite:///FILE or postgresql://... (POWER_HUB_DATABASE)"
    )

    store = argparse.ArgumentParser(add_help=False)
    store.add_argument(
        "--key-store",
        type=Path,
        metavar="FILE",
        help="the key store's settings (POWER_HUB_KEY_STORE)",
    )

    serve = commands.add_parser("serve", parents=[database, store, acquirers_option()], help="run the hub")
    serve.add_argument("--host", default="127.0.0.1", help="a loopback address; TLS stands in front")
    serve.add_argument("--port", type=int, default=8470, help="0 takes a free one")
    serve.add_argument("--keys", type=Path, metavar="DIR", help="folder of the key files (POWER_HUB_KEYS)")
    serve.add_argument("--bench", action="store_true", help="accept terminals with test keys")
    serve.add_argument("--cut-over", default="24:00", metavar="HH:MM", help="when the business date changes")
    serve.add_argument(
        "--closing-minutes", type=int, default=0, metavar="N", help="how long the day's close takes"
    )
    serve.add_argument(
        "--key-hours", type=float, default=24.0, metavar="N", help="how long a working key is good"
    )
    serve.add_argument(
        "--wallet", type=Path, metavar="FILE", help="the QR acquirer's settings (POWER_HUB_WALLET)"
    )
    _add_card_options(serve)
    _add_recharge_options(serve)
    serve.set_defaults(command=_serve)

    check = commands.add_parser("check", parents=[database], help="prove that the books balance")
    check.add_argument("--json", action="store_true", help="print the report as JSON")
    check.set_defaults(command=_check)

    seed = commands.add_parser("seed", parents=[database, store], help="load a sample town into empty books")
    seed.add_argument(
        "--as-of", type=date.fromisoformat, metavar="DATE", help="the town's today (default: today)"
    )
    seed.add_argument("--accounts", type=int, default=2000, metavar="N")
    seed.set_defaults(command=_seed)

    terminal = commands.add_parser("terminal", help="the terminals that may use the hub")
    actions = terminal.add_subparsers(required=True, metavar="ACTION")
    add = actions.add_parser("add", parents=[database])
    add.add_argument("id", metavar="ID")
    way = add.add_mutually_exclusive_group(required=True)
    way.add_argument("--key", type=Path, metavar="FILE", help="the file its key is in")
    way.add_argument("--signs-on", action="store_true", help="it has a master key (power-hub keys)")
    add.add_argument("--site", default="", metavar="TEXT")
    add.set_defaults(command=_add_terminal)
    add_terminal_commands(actions, database)
    add_person_commands(commands, database)
    add_claims_commands(commands, database)
    add_keys_commands(commands, database, store)
    add_bank_commands(commands, database, store)
    add_phone_commands(commands, database)
    add_recharge_commands(commands, database, store)

    openapi = commands.add_parser("openapi", help="write the contract to hub/openapi.json")
    openapi.add_argument("--check", action="store_true", help="only compare; 1 when the file has drifted")
    openapi.set_defaults(command=_openapi)
    return parser


def _add_card_options(serve: argparse.ArgumentParser) -> None:
    """The utility's own choices for its business with meter cards."""
    power, identity = CardLimits(), IdentityLimits()
    for name, default, unit, what in (
        ("--power-least", power.min_fen, "FEN", "the least power that is sold at once"),
        ("--power-most", power.max_fen, "FEN", "the most power that is sold at once"),
        ("--reissue-fee", power.reissue_fee_fen, "FEN", "what a new card for an old one costs"),
        ("--opening-fee", power.opening_fee_fen, "FEN", "what a meter's first card costs"),
        ("--identity-tries", identity.tries, "N", "how often a check of one account may fail"),
        ("--identity-terminal-tries", identity.terminal_tries, "N", "how often checks at one kiosk may fail"),
    ):
        serve.add_argument(name, type=int, default=default, metavar=unit, help=what)
    hours = identity.window / timedelta(hours=1)
    what = "for how long failed checks are counted"
    serve.add_argument("--identity-hours", type=float, default=hours, metavar="N", help=what)


def _add_recharge_options(serve: argparse.ArgumentParser) -> None:
    limits = RechargeLimits()
    what = "how many wrong numbers of recharge cards may come from one kiosk"
    serve.add_argument("--recharge-tries", type=int, default=limits.tries, metavar="N", help=what)
    hours, what = limits.window / timedelta(hours=1), "for how long they are counted"
    serve.add_argument("--recharge-hours", type=float, default=hours, metavar="N", help=what)


def _serve(options: argparse.Namespace) -> int:
    from hub.business.day import Day
    from hub.data.acquirers_file import read_acquirers
    from hub.serve import serve

    settings = Settings(
        database=database_url(options.database),
        host=options.host,
        port=options.port,
        keys=keys_folder(options.keys),
        bench=options.bench,
        day=Day(cut_over=cut_over(options.cut_over), closing=timedelta(minutes=options.closing_minutes)),
        key_store=key_store_file(options.key_store),
        key_life=timedelta(hours=options.key_hours),
        card_limits=card_limits(
            options.power_least, options.power_most, options.reissue_fee, options.opening_fee
        ),
        identity_limits=identity_limits(
            options.identity_tries, options.identity_terminal_tries, options.identity_hours
        ),
        acquirers=read_acquirers(acquirers_file(options.acquirers)),
        wallet=wallet_file(options.wallet),
        recharge_limits=recharge_limits(options.recharge_tries, options.recharge_hours),
    )
    serve(settings, lambda address: print(f"listening on {address}", flush=True))
    return 0


def _check(options: argparse.Namespace) -> int:
    from hub.data.check import check
    from hub.data.engine import sync_engine

    url = database_url(options.database)
    _require_file(url)
    engine = sync_engine(url)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        report = check(connection)
    engine.dispose()
    if options.json:
        print(msgspec.json.encode(report).decode())
    else:
        for finding in report.findings:
            print(f"{finding.rule}: {finding.what}: {finding.found}")
        print(
            f"{report.transactions} bookings, {report.legs} legs, sum {report.ledger_sum}; {report.payments} payments, "
            f"{report.credited_fen} fen; {report.reversals} reversals; {report.claims} claims, "
            f"{report.suspense_fen} fen in suspense; {report.phone_orders} orders by phone, "
            f"{report.refunds_due_fen} fen to go back; {report.purchases} purchases, {report.power_fen} fen of power; "
            + ("the books balance" if report.ok else f"{len(report.findings)} findings")
        )
    return 0 if report.ok else 1


def _seed(options: argparse.Namespace) -> int:
    from hub.business.day import Day
    from hub.data.engine import sync_engine
    from hub.data.keys_settings import open_key_store
    from hub.data.migrate import migrate
    from hub.data.seed import NotEmptyError, load_town
    from hub.data.town import generate

    now = datetime.now(UTC)
    as_of: date = options.as_of or Day().business_date(now)
    # The town is invented: without a key store of the field the bench's test keys do for it.
    keys = open_key_store(key_store_file(options.key_store), bench=True)
    engine = sync_engine(database_url(options.database))
    migrate(engine)
    try:
        loaded = load_town(engine, generate(TOWN_SEED, as_of, options.accounts), as_of, now, keys)
    except NotEmptyError as error:
        raise ValueError(str(error)) from None
    finally:
        engine.dispose()
    print(f"town of {as_of}: {loaded.accounts} accounts, {loaded.bills} bills, {loaded.legs} legs")
    return 0


def _add_terminal(options: argparse.Namespace) -> int:
    from hub.composition.terminals import add_terminal
    from hub.data.engine import sync_engine
    from hub.data.migrate import migrate

    engine = sync_engine(database_url(options.database))
    migrate(engine)
    with engine.begin() as connection:
        add_terminal(connection, options.id, options.key, options.site, datetime.now(UTC))
    engine.dispose()
    print(f"terminal {options.id} registered")
    return 0


def _openapi(options: argparse.Namespace) -> int:
    from hub.access.openapi import CONTRACT_FILE, contract

    current = contract()
    if not options.check:
        CONTRACT_FILE.write_bytes(current)
        return 0
    if CONTRACT_FILE.exists() and CONTRACT_FILE.read_bytes() == current:
        return 0
    print(f"{CONTRACT_FILE.name} has drifted from the code: run power-hub openapi", file=sys.stderr)
    return 1


def _require_file(url: str) -> None:
    """`check` proves books that are there; it must not make empty ones and find them good."""
    from sqlalchemy import make_url

    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
        raise ValueError(f"no books at {url}")


if __name__ == "__main__":
    sys.exit(main())
