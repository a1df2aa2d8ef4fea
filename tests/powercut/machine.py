"""Kiosk and hub as processes forked from one that has loaded everything, so that a start takes milliseconds."""

from __future__ import annotations

import json
import multiprocessing
import os
import sqlite3
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from kiosk.config import load
from kiosk.page import PageModel, Snapshot
from tests.journeys.kiosk import PATIENCE, Kiosk, Shown, killed

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(
    ["tests.journeys.program", "hub.serve", "tests.powercut.machine", "tests.powercut.pruning"]
)
CHECKPOINT_PAGES = 12
SNAPSHOT_ROWS = 5


class Dark(Exception):  # noqa: N818 - what the customer sees, not an error
    """The kiosk is gone, or what the customer waits for cannot come any more."""


class Screen(Shown):
    """What is shown until the kiosk is gone; whoever waits then is told at once."""

    def __init__(self) -> None:
        super().__init__()
        self.dark: Callable[[], bool] = lambda: False
        self.patience_s: float | None = None
        """After so long the customer leaves, where that is no fault; None: it is one after the usual patience."""

    def wait(self, so: Callable[[PageModel], object], what: str) -> PageModel:
        """As `Shown.wait`. Raises Dark when the kiosk is gone."""
        began = time.monotonic()
        with self._changed:
            while True:
                waited = time.monotonic() - began
                if self.dark() or (self.patience_s is not None and waited > self.patience_s):
                    raise Dark
                for place in range(self._next, len(self._all)):
                    if so(self._all[place].page):
                        self._next = place
                        return self._all[place].page
                seen = [s.page.name for s in self._all[self._next :]]
                assert waited < PATIENCE, f"{what} was not shown, but {seen}"
                self._changed.wait(0.05)


class Forked(Kiosk):
    """A kiosk process. It stands at its door until `go`, so that its death can be arranged by its number."""

    def __init__(
        self,
        config_file: Path,
        die: str = "",
        often: bool = False,
        weak: bool = False,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(load(config_file).journal.path, self._say)
        theirs, self._intents = _context.Pipe(duplex=False)
        self._shows, shows = _context.Pipe(duplex=False)
        self.process = _context.Process(
            target=_kiosk,
            args=(theirs, shows, config_file, die, often, weak, dict(environment)),
            daemon=True,
        )
        self.process.start()
        theirs.close()
        shows.close()
        self.shown: Screen = Screen()
        self.shown.dark = lambda: not self.process.is_alive()
        self._reader = threading.Thread(target=self._read, daemon=True)

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self.process.pid is not None
        return self.process.pid

    def go(self) -> Forked:
        """Let it start."""
        self._say("go", "")
        self._reader.start()
        return self

    def _say(self, name: str, arg: str) -> None:
        try:
            os.write(self._intents.fileno(), json.dumps([name, arg]).encode() + b"\n")
        except (BrokenPipeError, OSError) as error:
            raise Dark from error

    def _read(self) -> None:
        with os.fdopen(os.dup(self._shows.fileno()), "rb") as lines:
            for line in lines:
                if line.endswith(b"\n"):
                    self.shown.put(msgspec.json.decode(line, type=Snapshot))

    def kill(self) -> None:
        """End it as a power cut would, as far as processes go."""
        self.process.kill()
        self.close()

    def close(self) -> int:
        """End it in good order, if it still runs; its exit code, -9 when it was killed."""
        self._intents.close()
        self.process.join(PATIENCE)
        code = self.process.exitcode
        assert code is not None, "the kiosk does not end"
        if self._reader.ident:
            self._reader.join(PATIENCE)
        self._shows.close()
        self.process.close()
        return code


class ForkedHub:
    """A hub process on this database and port; answers when the constructor has returned.

    `die` is a moment such as `before:payment`: written and not committed; `after:payment`: committed and not answered.
    """

    def __init__(
        self, database: str, port: int = 0, often: bool = False, weak: bool = False, die: str = ""
    ) -> None:
        read, write = _context.Pipe(duplex=False)
        self.process = _context.Process(
            target=_hub, args=(write, database, port, often, weak, die), daemon=True
        )
        self.process.start()
        write.close()
        try:
            self.url: str = read.recv() if read.poll(PATIENCE) else ""
        except EOFError:
            self.url = ""
        read.close()

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self.process.pid is not None
        return self.process.pid

    def gone(self, patience_s: float) -> bool:
        """Whether it has ended, at the latest after this time."""
        return bool(wait([self.process.sentinel], patience_s))

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.join(PATIENCE)

    def stop(self) -> int | None:
        """End it as a service manager does; its exit code."""
        self.process.terminate()
        self.process.join(PATIENCE)
        return self.process.exitcode


def _kiosk(
    intents: Connection,
    shows: Connection,
    config_file: Path,
    die: str,
    often: bool,
    weak: bool,
    environment: dict[str, str],
) -> None:
    os.environ.update(environment)
    from kiosk.journal import file, store
    from tests.journeys import program

    with config_file.with_name("kiosk.log").open("ab") as log:
        os.dup2(log.fileno(), 2)
    if often:
        store.SNAPSHOT_EVERY, file.CHECKPOINT_PAGES = SNAPSHOT_ROWS, CHECKPOINT_PAGES
        _checkpoint_often()
    if weak:
        _sync_seldom()
    sys.stdin = os.fdopen(os.dup(intents.fileno()))
    sys.stdout = os.fdopen(os.dup(shows.fileno()), "w")
    intents.close()
    if sys.stdin.readline():
        program.main(config_file, die)


def _hub(ready: Connection, database: str, port: int, often: bool, weak: bool, die: str) -> None:
    from hub.serve import serve
    from hub.settings import Settings

    if often:
        _checkpoint_often()
    if weak:
        _sync_seldom()
    if die:
        _mortal(*die.split(":"))
    serve(Settings(database, port=port, bench=True), ready.send)


def _checkpoint_often() -> None:
    """Let SQLite copy its WAL back every few pages, so that a short run has many such moments."""
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def connected(*args: Any, **options: Any) -> sqlite3.Connection:
        db = connect(*args, **options)
        db.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        return db

    sqlite3.connect = sqlite3.dbapi2.connect = connected  # type: ignore[assignment]


def _mortal(when: str, order: str) -> None:
    """Kill the hub before or after the commit of its first order of this kind."""
    from hub.data.cards import CardStore
    from hub.data.database import Database
    from hub.data.store import Store

    write: Any = Database.write
    added: ContextVar[bool] = ContextVar("added", default=False)

    @asynccontextmanager
    async def writing(database: Database) -> AsyncIterator[Any]:
        added.set(False)
        async with write(database) as conversation:
            yield conversation
            if when == "before" and added.get():
                killed()
        if added.get():
            killed()

    name = "set_write" if order == "outcome" else f"add_{order}"
    owner = CardStore if name in vars(CardStore) else Store
    add = getattr(owner, name)

    async def adding(*told: Any) -> None:
        await add(*told)
        added.set(True)

    Database.write = writing  # type: ignore[method-assign,assignment]
    setattr(owner, name, adding)


class _WeakCursor(sqlite3.Cursor):
    """Commits without a sync and claims the contrary."""

    def execute(self, sql: str, parameters: Any = ()) -> _WeakCursor:
        if sql.replace(" ", "").lower() == "pragmasynchronous":
            return super().execute("SELECT 2")
        return super().execute(sql.replace("synchronous=FULL", "synchronous=NORMAL"), parameters)


class _Weak(sqlite3.Connection):
    """The same for whoever asks the connection itself."""

    def cursor(self, factory: Any = _WeakCursor) -> Any:
        return super().cursor(factory)

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        cursor: sqlite3.Cursor = self.cursor().execute(sql, parameters)
        return cursor


def _sync_seldom() -> None:
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def connected(*args: Any, **options: Any) -> sqlite3.Connection:
        return connect(*args, **options, factory=_Weak)

    sqlite3.connect = sqlite3.dbapi2.connect = connected  # type: ignore[assignment]
