"""The replay window: of equal attempts one is new, however many come at one moment."""

import asyncio
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.business.refusals import Refusal
from hub.data.database import Database
from hub.data.seen import SeenInFile, seen_requests_of

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


@pytest.fixture
def at_once(books: Any) -> Any:
    """Ask two windows on the same books about all attempts at one moment, each window about each."""

    async def ask(attempts: list[tuple[str, str]]) -> list[tuple[bool, bool]]:
        databases = [Database(books.url), Database(books.url)]
        windows = [seen_requests_of(database, timedelta(seconds=600)) for database in databases]
        backwards = list(reversed(attempts))
        asked = [windows[0].first_time(*each, NOW) for each in attempts]
        asked += [windows[1].first_time(*each, NOW) for each in backwards]
        answers = await asyncio.gather(*asked)
        for window, database in zip(windows, databases, strict=True):
            if isinstance(window, SeenInFile):
                window.close()
            await database.close()
        return list(zip(answers[: len(attempts)], reversed(answers[len(attempts) :]), strict=True))

    return lambda attempts: asyncio.run(ask(attempts))


def test_two_hubs_call_each_attempt_new_once(at_once: Any) -> None:
    attempts = [(f"kiosk-{number % 3}", f"{number:032x}") for number in range(200)]
    assert all(sorted(pair) == [False, True] for pair in at_once(attempts))


def test_equal_attempts_of_one_moment_are_new_once(at_once: Any) -> None:
    answers = at_once([("k", "a" * 32)] * 8)
    assert [new for pair in answers for new in pair].count(True) == 1


def test_an_id_belongs_to_its_terminal(at_once: Any) -> None:
    first, second = at_once([("k", "a" * 32), ("l", "a" * 32)])
    assert sorted(first) == sorted(second) == [False, True]


def scribbled(path: Path) -> None:
    """What a power cut may leave of a file that is never synced."""
    data = bytearray(path.read_bytes())
    data[100:] = b"\x55" * (len(data) - 100)
    path.write_bytes(bytes(data))


def headless(path: Path) -> None:
    path.write_bytes(b"\0" * 8192)


@pytest.mark.parametrize("damage", [scribbled, headless])
def test_a_window_that_a_power_cut_has_damaged_is_begun_anew(tmp_path: Path, damage: Any) -> None:
    path = tmp_path / "books-seen"
    window = SeenInFile(str(path), timedelta(seconds=600))
    assert asyncio.run(window.first_time("k", "a" * 32, NOW))
    window.close()
    damage(path)
    window = SeenInFile(str(path), timedelta(seconds=600))
    assert asyncio.run(window.first_time("k", "b" * 32, NOW))
    assert not asyncio.run(window.first_time("k", "b" * 32, NOW))
    window.close()


def test_damage_that_shows_only_while_it_runs_costs_no_request(tmp_path: Path) -> None:
    path = tmp_path / "books-seen"
    window = SeenInFile(str(path), timedelta(seconds=600))
    for number in range(500):
        asyncio.run(window.first_time("k", f"{number:032x}", NOW))
    window._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    scribbled(path)
    assert asyncio.run(window.first_time("k", "b" * 32, NOW))
    assert not asyncio.run(window.first_time("k", "b" * 32, NOW))
    window.close()


def test_a_hub_that_keeps_the_window_locked_cannot_hold_a_request_up_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "books-seen"
    window = SeenInFile(str(path), timedelta(seconds=600))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with pytest.raises(Refusal, match="locked"):
        asyncio.run(window.first_time("k", "a" * 32, NOW))
    assert time.monotonic() - began < 60
    other.execute("ROLLBACK")
    assert asyncio.run(window.first_time("k", "a" * 32, NOW))
    other.close()
    window.close()
