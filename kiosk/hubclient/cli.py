"""`power-kiosk reference`: ask the hub what became of the money on a slip, of whatever kiosk it is."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from pathlib import Path

import msgspec

from kiosk.command import Command
from kiosk.config import ConfigError, load
from kiosk.hubclient import wire
from kiosk.hubclient.client import HubClient
from kiosk.hubclient.keyfile import KeyFileError
from kiosk.hubclient.open_keys import open_keys
from kiosk.hubclient.outcomes import Answer, NotSent, Refused, Unknown
from kiosk.money import format_fen
from kiosk.numbers import as_reference


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("reference", help="as it stands on the slip, with or without its hyphens")
    parser.add_argument("--config", type=Path, required=True, help="this kiosk's kiosk.toml")
    parser.add_argument("--json", action="store_true", help="JSON instead of a line for people")


def _run(options: argparse.Namespace) -> int:
    word = as_reference(options.reference)
    if not word:
        return _failed("a reference is twelve digits or letters from A to F, as 0198-F2C4-A1B3", 2)
    try:
        config = load(options.config)
        keys = open_keys(config)
    except (ConfigError, KeyFileError) as error:
        return _failed(str(error), 2)
    client = HubClient(
        config.hub.url,
        config.terminal.id,
        keys,
        query_deadline_s=config.hub.query_deadline_s,
        connect_s=config.hub.connect_s,
    )
    with closing(client):
        outcome = client.reference(word)
    match outcome:
        case Answer(body):
            print(msgspec.json.encode(body).decode() if options.json else _line(body))
            return 0
        case Refused(problem) if problem.code == "unknown_reference":
            return _failed(f"the hub has no slip {word}; if its kiosk had no connection, not yet", 1)
        case Refused(problem):
            return _failed(f"the hub says: {problem.title or problem.code}", 1)
        case NotSent(_, detail) | Unknown(_, detail):
            return _failed(f"the hub did not answer: {detail}", 3)


def _line(found: wire.Reference) -> str:
    doubt = "in doubt" if found.state == "open" else "that was in doubt"
    amounts = [f"{format_fen(found.amount_fen)} yuan"] if found.amount_fen or not found.memo_fen else []
    if found.memo_fen:
        amounts.append(f"{format_fen(found.memo_fen)} yuan {doubt}")
    what = f"{found.state} ({found.resolution})" if found.resolution else found.state
    if power := found.purchase:
        what += f", {power.kind} {power.count} {power.state}"
    return f"{found.reference}: {found.kind} of {', '.join(amounts)}, {what}, made {found.made_at:%Y-%m-%d %H:%M} UTC"


def _failed(why: str, status: int) -> int:
    print(f"power-kiosk reference: {why}", file=sys.stderr)
    return status


command = Command("ask the hub what became of the money on a slip", _configure, _run)
