"""What is read from files and control sockets: journal, snapshot, settings, keys, orders to a far end."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import io
import re
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec

from hub.composition import keys as hub_keys
from kiosk.books import Books, IllegalEvent, from_snapshot, to_snapshot
from kiosk.config import Config, ConfigError, load
from kiosk.hubclient import keyfile
from kiosk.payment.events import AnyEvent
from simulators.control import obey
from simulators.echo import Echo
from tests.fuzz.seeds import EVENTS

_events: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _written(name: str, data: bytes) -> Path:
    path = _folder() / name
    path.write_bytes(data)
    return path


def check_row(data: bytes) -> None:
    """A row's body is an event or is none; an event is in the table or an IllegalEvent that changes nothing."""
    try:
        event = _events.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    books = Books.empty()
    try:
        books.apply(event)
    except IllegalEvent:
        assert books == Books.empty()


def check_snapshot(data: bytes) -> None:
    """A snapshot gives books that say the same again, or one of the documented errors."""
    try:
        books = from_snapshot(data)
    except (msgspec.DecodeError, ValueError):
        return
    assert from_snapshot(to_snapshot(books)) == books


@cache
def _journal() -> bytes:
    """A journal of some payments, closed."""
    from kiosk.journal.store import Journal

    path = _folder() / "good" / "journal.db"
    journal = Journal(path)
    for event in EVENTS:
        journal.append([event], "2026-11-22T08:00:00Z")
    journal.close()
    return path.read_bytes()


def check_journal_file(data: bytes) -> None:
    """A journal with some bytes changed is either what it was or named as damaged; never another exception."""
    from kiosk.journal.store import Journal, JournalError

    whole = bytearray(_journal())
    for start in range(0, len(data) - 2, 3):
        at = int.from_bytes(data[start : start + 2], "big") * 7 % len(whole)
        whole[at] ^= data[start + 2]
    folder = _folder() / "changed"
    folder.mkdir(exist_ok=True)
    try:
        (folder / "journal.db").write_bytes(whole)
        journal = Journal(folder / "journal.db")
        try:
            books = journal.recover()
        finally:
            journal.close()
        assert isinstance(books, Books)
    except JournalError:
        return
    finally:
        shutil.rmtree(folder)


_PLACE = re.compile(r"kiosk\.toml:[1-9][0-9]*: .")


def check_settings(data: bytes) -> None:
    """Any text is a Config, or a ConfigError that names file and line."""
    told = ""
    try:
        assert isinstance(load(_written("kiosk.toml", data)), Config)
    except ConfigError as error:
        told = str(error)
    assert not told or _PLACE.search(told), told


def check_key_file(data: bytes) -> None:
    """A key file gives 32 bytes or the documented error, at the kiosk and at the hub; never its content."""
    path = _written("terminal.key", data)
    readers: list[tuple[Callable[..., bytes], type[ValueError]]] = [
        (keyfile.load_key, keyfile.KeyFileError),
        (hub_keys.read_key, hub_keys.KeyFileError),
    ]
    for read, refused in readers:
        for bench in (False, True):
            told = "terminal.key"
            try:
                assert len(read(path, bench=bench)) == 32
            except refused as error:
                told = str(error)
            assert "terminal.key" in told


def check_control(data: bytes) -> None:
    """A line on a far end's control socket is answered with one object that says whether it was done."""
    with contextlib.redirect_stderr(io.StringIO()):  # the far end writes there why it could not
        reply = asyncio.run(obey(Echo(), data))
    assert isinstance(reply["ok"], bool)
    assert reply["ok"] or reply["error"]
