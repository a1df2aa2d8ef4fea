"""What nobody may keep of a journey's bank cards, PINs and recharge cards, searched for wherever anything is kept."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import msgspec

from drivers.bank.elements import pin_block
from drivers.bank.mac import encrypt
from drivers.bank.working_keys import unwrap
from drivers.security.bench_keys import bank_key
from kiosk.health.metrics import Exposition
from kiosk.health.report import Reporter
from kiosk.journal.cli import read
from simulators.banks.cards import bench_cards
from simulators.bench.tenders import TIDS
from simulators.customer.purse import recharge_number
from tests.crash.privacy import bank_card_secrets, exposed, pin_stands
from tests.journeys.cabinet import Cabinet
from tests.journeys.kiosk import InProcess, Kiosk
from tests.journeys.town import Town

RECHARGE_PAGE = "recharge"
"""Shows the number while it is typed: it must be compared with the card."""
RAW = frozenset({"the hub's files", "the journal's files"})
"""Bytes of databases: numbers of neighbours stand there side by side, so only what is known to be secret counts."""
_TEST_CARDS = 10


def leaks(places: Mapping[str, bytes], database: Path) -> list[str]:
    """What stands where it may not, in all these places; the hub's working keys in its `database` are secrets, too."""
    secrets, pins = _secrets(database)
    found = []
    for where, text in places.items():
        if where in RAW:
            found += [f"I13: a secret stands in {where}" for secret in secrets if secret in text]
            continue
        found += exposed(where, text, secrets)
        for pin in pins:
            found += pin_stands(where, text, pin)
    return found


def places(cabinet: Cabinet, town: Town, kiosk: Kiosk, log: str) -> dict[str, bytes]:
    """Everything that is kept or shown: by kiosk and hub, on paper and on the screen."""
    kept = {
        "the journal's events": b"\n".join(msgspec.json.encode(row.event) for row in read(kiosk.path)),
        "the kiosk's log": log.encode() + written(cabinet.folder, "kiosk*.log"),
        "the receipts": "\n".join(cabinet.slips()).encode(),
        "the screens": b"\n".join(_screens(kiosk)),
        "the hub's log": written(town.folder, "hub.log"),
        "the hub's database": rows(town.file),
        "the hub's files": written(town.folder, "hub.sqlite*"),
        "the journal's files": written(kiosk.path.parent, f"{kiosk.path.name}*"),
    }
    if isinstance(kiosk, InProcess):
        report = Reporter(kiosk.runner, kiosk.keys, "hub")
        kept["the metrics"] = Exposition(report).render("")[1]
        kept["the health"] = msgspec.json.encode(report())
    return kept


def of_demo(folder: Path) -> dict[str, bytes]:
    """What a demonstration leaves behind of kiosk and hub, and all that could be read on its screens."""
    bench = folder / "bench"
    read = json.loads((folder / "read.json").read_text(encoding="utf-8"))
    return {
        "the screens": "\n".join(
            text for name, texts in read if name != RECHARGE_PAGE for text in texts
        ).encode(),
        "the demo's figures": written(folder, "journal.json") + written(folder, "ledger.json"),
        "the kiosk's log": written(bench, "kiosk.log"),
        "the receipts": written(bench / "prints", "*.txt"),
        "the hub's log": written(bench, "hub.log"),
        "the hub's database": rows(bench / "hub.sqlite"),
        "the hub's files": written(bench, "hub.sqlite*"),
        "the journal's files": written(bench, "journal.sqlite*"),
    }


def _screens(kiosk: Kiosk) -> Iterator[bytes]:
    for snapshot in kiosk.shown.all:
        if snapshot.page.name != RECHARGE_PAGE:
            yield msgspec.json.encode(snapshot.page)


def written(folder: Path, pattern: str) -> bytes:
    """All that stands in the files of a folder."""
    return b"\n".join(path.read_bytes() for path in sorted(folder.glob(pattern)))


def rows(database: Path) -> bytes:
    """Every value of every table, each for itself: what is packed beside each other in a file is no number."""
    lines = []
    with closing(sqlite3.connect(database)) as books:
        tables = [name for [name] in books.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in books.execute(f'SELECT * FROM "{table}"'):
                lines += [each if isinstance(each, bytes) else str(each).encode() for each in row]
    return b"\n".join(lines)


def _secrets(database: Path) -> tuple[frozenset[bytes], frozenset[str]]:
    secrets: set[bytes] = {recharge_number(place).encode() for place in range(1, _TEST_CARDS + 1)}
    pins: set[str] = set()
    keys = _working_keys(database)
    for bank in TIDS:
        for card in bench_cards(bank).values():
            blocks = [*keys.get(bank, ())]
            if card.pin:
                pins.add(card.pin)
                clear = pin_block(card.pin, card.pan)
                blocks += [clear, *(encrypt(pik, clear) for pik in keys.get(bank, ())[:1])]
            secrets |= bank_card_secrets(card.pan, card.track2, *blocks)
    return frozenset(secrets), frozenset(pins)


def _working_keys(database: Path) -> dict[str, tuple[bytes, ...]]:
    """Clear PIN key and MAC key of each bank, as only PIN pad, key store and bank can have them."""
    with closing(sqlite3.connect(database)) as books:
        rows = books.execute("SELECT acquirer, tid, pik, mak FROM bank_terminals WHERE pik IS NOT NULL")
        return {
            bank: tuple(unwrap(bank_key(bank, tid), bytes(key)) for key in (pik, mak))
            for bank, tid, pik, mak in rows
        }
