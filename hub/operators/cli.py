"""The operators' subcommands of `power-hub`: person, claims, terminal heads and terminal replace."""

import argparse
import asyncio
import getpass
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from hub.settings import cut_over, database_url

DECISIONS = ("open", "proposed", "released", "closed")


def add_person_commands(commands: Any, database: argparse.ArgumentParser) -> None:
    """Add `person add`, `person list` and `person remove`."""
    common = [database, json_option()]
    actions = commands.add_parser("person", help="who may decide about claims").add_subparsers(
        required=True, metavar="ACTION"
    )
    add = actions.add_parser("add", parents=common, help="register a person; asks for a passphrase twice")
    add.add_argument("name", metavar="NAME")
    passphrase_option(add)
    add.set_defaults(command=_add_person)
    listing = actions.add_parser("list", parents=common, help="the names of all persons")
    listing.set_defaults(command=_list_persons)
    remove = actions.add_parser("remove", parents=common, help="take a person's right away")
    remove.add_argument("name", metavar="NAME")
    remove.set_defaults(command=_remove_person)


def add_claims_commands(commands: Any, database: argparse.ArgumentParser) -> None:
    """Add `claims list`, `show`, `open`, `propose`, `approve` and `reject`."""
    common = [database, json_option()]
    actions = commands.add_parser("claims", help="money that waits for a decision").add_subparsers(
        required=True, metavar="ACTION"
    )
    listing = actions.add_parser("list", parents=common, help="claims, oldest first")
    listing.add_argument("--state", choices=DECISIONS)
    listing.add_argument("--older-than", type=int, default=0, metavar="DAYS")
    listing.set_defaults(command=_list_claims)
    show = actions.add_parser("show", parents=common, help="a claim and what was proposed for it")
    show.set_defaults(command=_show_claim)
    opened = actions.add_parser("open", parents=common, help="make one of what only a lost disk had open")
    opened.add_argument("id", metavar="ID", help="of the payment or claim, as the disk's journal lists it")
    opened.add_argument("--kind", choices=("payment", "claim"), default="payment")
    opened.add_argument("--terminal", required=True, metavar="ID")
    opened.add_argument("--account", metavar="NO")
    opened.add_argument("--memo", type=int, required=True, metavar="FEN", help="what the disk shows of it")
    opened.set_defaults(command=_open_claim)
    propose = actions.add_parser("propose", parents=common, help="say where its money should go")
    propose.add_argument("--to", required=True, metavar="account:NO|refund|none")
    propose.add_argument("--amount", type=int, metavar="FEN", help="what the count of the box showed")
    propose.set_defaults(command=_propose)
    approve = actions.add_parser("approve", parents=common, help="release it, as a second person")
    approve.add_argument("--cut-over", default="24:00", metavar="HH:MM", help="as the hub is served with")
    approve.set_defaults(command=_approve)
    reject = actions.add_parser("reject", parents=common, help="set the proposal aside")
    reject.set_defaults(command=_reject)
    for parser in (show, propose, approve, reject):
        parser.add_argument("reference", metavar="REFERENCE", help="as on the slip, or the claim's id")
    for parser in (opened, propose, approve, reject):
        parser.add_argument("--by", required=True, metavar="NAME")
        passphrase_option(parser)
    for parser in (propose, reject):
        parser.add_argument("--note", type=_note, required=True, metavar="TEXT", help="why; it is kept")


def add_terminal_commands(actions: Any, database: argparse.ArgumentParser) -> None:
    """Add `terminal heads` and `terminal replace`."""
    common = [database, json_option()]
    heads = actions.add_parser("heads", parents=common, help="where the journals of the terminals stand")
    heads.set_defaults(command=_heads)
    replace = actions.add_parser("replace", parents=common, help="take over a lost computer or disk")
    replace.add_argument("id", metavar="ID")
    replace.add_argument("--by", required=True, metavar="NAME")
    passphrase_option(replace)
    replace.add_argument("--and", dest="second", required=True, metavar="NAME")
    replace.add_argument("--and-passphrase-file", dest="second_file", type=Path, metavar="FILE")
    replace.add_argument("--note", type=_note, required=True, metavar="TEXT", help="why; it is kept")
    replace.set_defaults(command=_replace)


def json_option() -> argparse.ArgumentParser:
    """The option of every operators' command: print JSON."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _note(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("say why")
    return text


def passphrase_option(parser: argparse.ArgumentParser) -> None:
    """Let a person's passphrase come from a file."""
    parser.add_argument("--passphrase-file", type=Path, metavar="FILE", help="instead of asking for it")


# Persons ---------------------------------------------------------------------------------------------------


def _add_person(options: argparse.Namespace) -> int:
    from hub.composition.persons import add_person

    passphrase = _passphrase(options.passphrase_file, options.name)
    if options.passphrase_file is None and getpass.getpass("once more: ") != passphrase:
        raise ValueError("the two passphrases differ")
    with books(options) as connection:
        add_person(connection, options.name, passphrase, datetime.now(UTC))
    say(options, {"name": options.name}, f"person {options.name} registered")
    return 0


def _list_persons(options: argparse.Namespace) -> int:
    from hub.composition.persons import person_names

    with books(options) as connection:
        names = person_names(connection)
    say(options, names, "\n".join(names) or "nobody")
    return 0


def _remove_person(options: argparse.Namespace) -> int:
    from hub.composition.persons import remove_person

    with books(options) as connection:
        remove_person(connection, options.name)
    say(options, {"name": options.name}, f"person {options.name} removed")
    return 0


def prove(options: argparse.Namespace, *persons: tuple[str, Path | None]) -> None:
    """Ask each person for the passphrase, or take it from the file; raises PersonError."""
    from hub.composition.persons import require_person

    for name, file in persons:
        passphrase = _passphrase(file, name)
        with books(options) as connection:
            require_person(connection, name, passphrase)


def _passphrase(file: Path | None, name: str) -> str:
    if file is None:
        return getpass.getpass(f"passphrase of {name}: ")
    return file.read_text(encoding="utf-8").strip()


# Claims ----------------------------------------------------------------------------------------------------


def _list_claims(options: argparse.Namespace) -> int:
    older_than = timedelta(days=options.older_than)
    found = _at_desk(options, lambda desk: desk.claims(options.state, older_than))
    say(options, [_plain(claim) for claim in found], "\n".join(map(_line, found)) or "no claims")
    return 0


def _show_claim(options: argparse.Namespace) -> int:
    async def whole(desk: Any) -> Any:
        shown = await desk.show(options.reference)
        return [
            (claim, proposals, await desk.booked_beside(claim), await desk.claimed_beside(claim))
            for claim, proposals in shown
        ]

    found = _at_desk(options, whole)
    shown = [
        _plain(claim)
        | {"proposals": msgspec.to_builtins(proposals), "booked": msgspec.to_builtins(booked)}
        | {"others": [_plain(other) for other in others]}
        for claim, proposals, booked, others in found
    ]
    lines = []
    for claim, proposals, booked, others in found:
        lines.append(_line(claim))
        lines.append(f"  payment {claim.payment_id or '-'}, account {claim.account_no or '-'}, id {claim.id}")
        lines += [f"  another claim for the same payment: {_line(other)}" for other in others]
        if booked is not None:
            where = f"to account {booked.account_no}, number {booked.hub_no}, on {booked.business_date}"
            lines.append(f"  the payment is booked: {booked.amount_fen} fen {where}; they are in no suspense")
        for each in proposals:
            decided = f"{each.decision} by {each.decided_by}" if each.decision else "not decided"
            lines.append(f"  {each.target}, {each.found_fen} fen counted, by {each.proposed_by}: {decided}")
            lines.append(f"    {each.note}" + (f"; {each.decision_note}" if each.decision_note else ""))
    say(options, shown, "\n".join(lines))
    return 0


def _open_claim(options: argparse.Namespace) -> int:
    from hub.business.forms import OpenItem

    told = {
        "id": options.id,
        "kind": options.kind,
        "state": "",
        "account_no": options.account,
        "amount_fen": 0,
        "memo_fen": options.memo,
        "opened_at": datetime.now(UTC),
        "reference": "-".join((options.id[:4], options.id[4:8], options.id[8:12])).upper(),
    }
    try:
        item = msgspec.convert(told, OpenItem)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    prove(options, (options.by, options.passphrase_file))
    claim = _at_desk(options, lambda desk: desk.open(options.terminal, item, lambda: uuid.uuid4().hex))
    say(options, _plain(claim), _line(claim))
    return 0


def _propose(options: argparse.Namespace) -> int:
    return _decide(
        options,
        lambda desk: desk.propose(options.reference, options.to, options.amount, options.by, options.note),
    )


def _approve(options: argparse.Namespace) -> int:
    return _decide(options, lambda desk: desk.approve(options.reference, options.by))


def _reject(options: argparse.Namespace) -> int:
    return _decide(options, lambda desk: desk.reject(options.reference, options.by, options.note))


def _decide(options: argparse.Namespace, act: Callable[[Any], Awaitable[Any]]) -> int:
    """Do it as the person who is named, and say how the claim stands then."""

    async def and_show(desk: Any) -> Any:
        return await desk.show((await act(desk)).id)

    prove(options, (options.by, options.passphrase_file))
    ((claim, _),) = _at_desk(options, and_show)
    say(options, _plain(claim), _line(claim))
    return 0


def _plain(claim: Any) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(claim, builtin_types=(bytes,))
    return {name: value for name, value in plain.items() if name not in {"content", "reply"}}


def _line(claim: Any) -> str:
    money = f"{claim.amount_fen} fen" + (f", {claim.memo_fen} fen as a memo" if claim.memo_fen else "")
    resolution = f" ({claim.resolution})" if claim.resolution else ""
    since = f"{claim.received_at:%Y-%m-%d %H:%M} UTC"
    return f"{claim.reference}  {claim.state}{resolution}  {money}  {claim.reason}  {claim.terminal}  {since}"


# Terminals -------------------------------------------------------------------------------------------------


def _heads(options: argparse.Namespace) -> int:
    from hub.data.heads import heads_of

    with books(options) as connection:
        found = heads_of(connection, datetime.now(UTC))
    lines = []
    for each in found:
        lines.append(
            f"{each.terminal}  journal {each.journal_id} head {each.seq}:{each.head}, {each.age_s} s ago, "
            f"{len(each.open)} open, {each.backlog} waiting"
            + (", another journal allowed" if each.renewed else "")
        )
        lines.extend(
            f"  {item.reference}  {item.kind} {item.state}  {item.amount_fen} fen, {item.memo_fen} fen as a memo"
            for item in each.open
        )
        lines.extend(
            f"  {a.verdict}: {a.times} times until {a.last_at:%Y-%m-%d %H:%M:%S} UTC"
            + (", over" if each.beat_at > a.last_at else "")
            for a in each.alarms
        )
    say(options, msgspec.to_builtins(found), "\n".join(lines) or "no heartbeats")
    return 0


def _replace(options: argparse.Namespace) -> int:
    if options.by == options.second:
        raise ValueError("a terminal is replaced by two different persons")
    prove(options, (options.by, options.passphrase_file), (options.second, options.second_file))
    persons = options.by, options.second
    made = _at_desk(
        options, lambda desk: desk.replace(options.id, persons, options.note, lambda: uuid.uuid4().hex)
    )
    lines = [
        f"terminal {options.id}: the next heartbeat's journal is the new one; {len(made)} claims",
        *map(_line, made),
    ]
    say(options, {"terminal": options.id, "claims": [_plain(claim) for claim in made]}, "\n".join(lines))
    return 0


# The books -------------------------------------------------------------------------------------------------


@contextmanager
def books(options: argparse.Namespace) -> Iterator[Any]:
    """One transaction in the books, which are made or brought to the newest schema."""
    from hub.data.engine import sync_engine
    from hub.data.migrate import migrate

    engine = sync_engine(database_url(options.database))
    try:
        migrate(engine)
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _at_desk(options: argparse.Namespace, act: Callable[[Any], Awaitable[Any]]) -> Any:
    """Do one thing at the claims desk; raises ValueError for what is refused."""
    from hub.business.day import Day
    from hub.business.refusals import Refusal
    from hub.composition.claims import ClaimsDesk
    from hub.data.database import Database
    from hub.data.decisions import Decisions
    from hub.serve import billing_of_own_books, open_books, utc_now

    url = database_url(options.database)
    day = Day(cut_over=cut_over(getattr(options, "cut_over", "24:00")))

    async def whole() -> Any:
        database = Database(url)
        try:
            return await act(ClaimsDesk(database, Decisions, billing_of_own_books(), utc_now, day))
        finally:
            await database.close()

    open_books(url)
    try:
        return asyncio.run(whole())
    except Refusal as refusal:
        raise ValueError(str(refusal)) from None


def say(options: argparse.Namespace, content: Any, text: str) -> None:
    """Print the content as JSON where that is asked for, else the text."""
    print(msgspec.json.encode(content).decode() if options.json else text)
