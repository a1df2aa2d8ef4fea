"""The `power-hub` command; what people decide about claims and persons is in `hub.operators`."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec

from hub.operators.cli import add_claims_commands, add_person_commands, add_terminal_commands
from hub.settings import Settings, cut_over, database_url, keys_folder

TOWN_SEED = 20260101


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; 0 is success, 1 a finding, 2 a usage that cannot be carried out."""
    options = _parser().parse_args(arguments)
    # Each subcommand loads only what it needs: `check` starts without the HTTP side, `openapi` without SQL.
    from sqlalchemy.exc import SQLAlchemyError

    try:
        code: int = options.command(options)
    except (ValueError, RuntimeError, OSError, SQLAlchemyError, _unsafe()) as error:
        print(f"power-hub: {error}", file=sys.stderr)
        return 2
    return code


def _unsafe() -> type[Exception]:
    from hub.data.database import UnsafeDatabaseError

    return UnsafeDatabaseError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="power-hub", description="The integrated payment platform.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    database = argparse.ArgumentParser(add_help=False)
    database.add_argument(
        "--database", metavar="URL", help="sqlite:///FILE or postgresql://... (POWER_HUB_DATABASE)"
    )

    serve = commands.add_parser("serve", parents=[database], help="run the hub")
    serve.add_argument("--host", default="127.0.0.1", help="a loopback address; TLS stands in front")
    serve.add_argument("--port", type=int, default=8470, help="0 takes a free one")
    serve.add_argument("--keys", type=Path, metavar="DIR", help="folder of the key files (POWER_HUB_KEYS)")
    serve.add_argument("--bench", action="store_true", help="accept terminals with test keys")
    serve.add_argument("--cut-over", default="24:00", metavar="HH:MM", help="when the business date changes")
    serve.add_argument(
        "--closing-minutes", type=int, default=0, metavar="N", help="how long the day's close takes"
    )
    serve.set_defaults(command=_serve)

    check = commands.add_parser("check", parents=[database], help="prove that the books balance")
    check.add_argument("--json", action="store_true", help="print the report as JSON")
    check.set_defaults(command=_check)

    seed = commands.add_parser("seed", parents=[database], help="load a sample town into empty books")
    seed.add_argument(
        "--as-of", type=date.fromisoformat, metavar="DATE", help="the town's today (default: today)"
    )
    seed.add_argument("--accounts", type=int, default=2000, metavar="N")
    seed.set_defaults(command=_seed)

    terminal = commands.add_parser("terminal", help="the terminals that may use the hub")
    actions = terminal.add_subparsers(required=True, metavar="ACTION")
    add = actions.add_parser("add", parents=[database])
    add.add_argument("id", metavar="ID")
    add.add_argument("--key", type=Path, required=True, metavar="FILE")
    add.add_argument("--site", default="", metavar="TEXT")
    add.set_defaults(command=_add_terminal)
    add_terminal_commands(actions, database)
    add_person_commands(commands, database)
    add_claims_commands(commands, database)

    openapi = commands.add_parser("openapi", help="write the contract to hub/openapi.json")
    openapi.add_argument("--check", action="store_true", help="only compare; 1 when the file has drifted")
    openapi.set_defaults(command=_openapi)
    return parser


def _serve(options: argparse.Namespace) -> int:
    from hub.business.day import Day
    from hub.serve import serve

    settings = Settings(
        database=database_url(options.database),
        host=options.host,
        port=options.port,
        keys=keys_folder(options.keys),
        bench=options.bench,
        day=Day(cut_over=cut_over(options.cut_over), closing=timedelta(minutes=options.closing_minutes)),
    )
    serve(settings, lambda address: print(f"listening on {address}", flush=True))
    return 0


def _check(options: argparse.Namespace) -> int:
    from hub.data.check import check
    from hub.data.database import sync_engine

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
            f"{report.suspense_fen} fen in suspense; "
            + ("the books balance" if report.ok else f"{len(report.findings)} findings")
        )
    return 0 if report.ok else 1


def _seed(options: argparse.Namespace) -> int:
    from hub.business.day import Day
    from hub.data.database import sync_engine
    from hub.data.migrate import migrate
    from hub.data.seed import NotEmptyError, load_town
    from hub.data.town import generate

    now = datetime.now(UTC)
    as_of: date = options.as_of or Day().business_date(now)
    engine = sync_engine(database_url(options.database))
    migrate(engine)
    try:
        loaded = load_town(engine, generate(TOWN_SEED, as_of, options.accounts), as_of, now)
    except NotEmptyError as error:
        raise ValueError(str(error)) from None
    finally:
        engine.dispose()
    print(f"town of {as_of}: {loaded.accounts} accounts, {loaded.bills} bills, {loaded.legs} legs")
    return 0


def _add_terminal(options: argparse.Namespace) -> int:
    from hub.composition.terminals import add_terminal
    from hub.data.database import sync_engine
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
