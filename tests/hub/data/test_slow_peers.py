"""The books' deadlines against another program that keeps the lock, or gives it back only to take it again."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from hub.business.refusals import Refusal
from hub.data import database, engine
from hub.data.database import Database

BUSY_S = 1


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Books with one table, and a writer's patience of a second."""
    for module in (engine, database):
        monkeypatch.setattr(module, "BUSY_S", BUSY_S)
    file = tmp_path / "books.sqlite"
    with closing(sqlite3.connect(file)) as books:
        books.execute("PRAGMA journal_mode=WAL")
        books.execute("CREATE TABLE seen (number INTEGER)")
    return file


async def write(path: Path) -> None:
    books = Database(f"sqlite:///{path}")
    try:
        async with books.write() as connection:
            await connection.execute(text("INSERT INTO seen VALUES (1)"))
    finally:
        await books.close()


@pytest.mark.parametrize("gap_s", [None, 0.3], ids=["silent", "trickling"])
def test_a_lock_that_another_program_keeps_is_busy_in_time(path: Path, gap_s: float | None) -> None:
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as other:
            while not over.is_set():
                other.execute("BEGIN IMMEDIATE")
                held.set()
                over.wait(gap_s)
                other.execute("ROLLBACK")

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(60)
    since = time.monotonic()
    told = "written"
    try:
        asyncio.run(write(path))
    except Refusal as refusal:
        told = refusal.code
    finally:
        took = time.monotonic() - since
        over.set()
        thread.join()
    assert told == "hub_busy" or (gap_s and told == "written")
    assert took < 40
