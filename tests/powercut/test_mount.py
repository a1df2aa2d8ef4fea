"""The mounted disks under the real SQLite: what it calls durable is, and what it does not is really lost."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.powercut.power import Mount

COMMITS = 200


def committed(mount: Mount, disk: str, mode: str, synchronous: str) -> None:
    """So many commits, all of them acknowledged; the power goes with the file still open."""
    with closing(sqlite3.connect(mount.path(disk) / "a.db", isolation_level=None)) as db:
        assert db.execute(f"PRAGMA journal_mode={mode}").fetchone() == (mode.lower(),)
        db.execute("PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE t (x)")
        db.execute("PRAGMA wal_autocheckpoint=20")
        db.execute(f"PRAGMA synchronous={synchronous}")
        for number in range(COMMITS):
            db.execute("INSERT INTO t VALUES (?)", (number,))
        mount.do("cut", disk)


def left(mount: Mount, disk: str, seed: int) -> int:
    """How many of them are there after the cut; -1 when the file is no database any more."""
    with closing(sqlite3.connect(mount.path(mount.survive(disk, seed)) / "a.db")) as db:
        try:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            found: int = db.execute("SELECT count(*) FROM t").fetchone()[0]
        except sqlite3.DatabaseError:
            return -1
        return found


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4])
@pytest.mark.parametrize(("mode", "synchronous"), [("WAL", "FULL"), ("DELETE", "EXTRA")])
def test_every_acknowledged_commit_survives(mount: Mount, mode: str, synchronous: str, seed: int) -> None:
    disk = mount.make()
    committed(mount, disk, mode, synchronous)
    assert left(mount, disk, seed) == COMMITS


@pytest.mark.parametrize(("mode", "synchronous"), [("WAL", "NORMAL"), ("WAL", "OFF"), ("DELETE", "OFF")])
def test_commits_are_lost_with_less(mount: Mount, mode: str, synchronous: str) -> None:
    disk = mount.make()
    committed(mount, disk, mode, synchronous)
    assert left(mount, disk, 0) < COMMITS


def test_without_a_sync_of_the_folder_the_last_rollback_journal_comes_back(mount: Mount) -> None:
    """That is the difference between FULL and EXTRA: the journal's unlinking is lost, and undoes one commit."""
    disk = mount.make()
    committed(mount, disk, "DELETE", "FULL")
    assert left(mount, disk, 0) == COMMITS - 1


def test_a_process_that_dies_loses_nothing_even_so(mount: Mount) -> None:
    """Which is why kill -9 proves nothing about power."""
    disk = mount.make()
    committed(mount, disk, "WAL", "OFF")
    assert left(mount, disk, 1) == COMMITS


def test_two_connections_share_the_memory_of_the_log(mount: Mount) -> None:
    path = mount.path(mount.make()) / "a.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as one:
        one.execute("PRAGMA journal_mode=WAL")
        one.execute("CREATE TABLE t (x)")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            for number in range(50):
                one.execute("INSERT INTO t VALUES (?)", (number,))
                assert other.execute("SELECT count(*) FROM t").fetchone() == (number + 1,)


def test_every_write_and_sync_arrives_in_its_order(mount: Mount) -> None:
    disk = mount.make()
    with (mount.path(disk) / "a").open("wb", buffering=0) as file:
        file.write(b"1")
        file.truncate(3)
        file.write(b"22")
    (mount.path(disk) / "a").rename(mount.path(disk) / "b")
    assert mount.operations(disk) == ["create a", "write a 1@0", "resize a 3", "write a 2@1", "rename a b"]
