"""Recharge cards by command line: numbers in one file and nowhere else, worth nothing until a person says so."""

import csv
import json
import stat
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from hub.business.numbers import is_recharge_number
from hub.cli import main
from hub.data.fields import recharge_mark
from hub.data.keys_bench import BenchStore
from hub.data.recharge_stock import TEST_SERIALS
from hub.data.schema_recharge import recharge_cards, redemptions
from hub.operators.recharge_cli import COLUMNS, new_numbers
from tests.hub.operators.test_cli import PERSONS

NEXT_YEAR = (datetime.now(UTC) + timedelta(days=365)).date()


class Shop:
    """The command line over books of its own, with one person."""

    def __init__(self, books: Any, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.books, self.folder, self._capsys = books, folder, capsys
        self.file = folder / "cards.csv"
        (folder / "li").write_text(PERSONS["li"], encoding="utf-8")
        self.run("person", "add", "li", "--passphrase-file", str(folder / "li"))

    def run(self, *arguments: str) -> Any:
        assert main([*arguments, "--database", self.books.url, "--json"]) == 0, self._capsys.readouterr().err
        return json.loads(self._capsys.readouterr().out)

    def refused(self, *arguments: str) -> str:
        assert main([*arguments, "--database", self.books.url]) == 2
        return self._capsys.readouterr().err

    def told(self, *arguments: str) -> str:
        assert main([*arguments, "--database", self.books.url]) == 0
        return self._capsys.readouterr().out

    def make(self, **changes: str) -> tuple[str, ...]:
        options = {"value-fen": "5000", "count": "3", "expires": str(NEXT_YEAR), "out": str(self.file)}
        options |= changes
        return ("recharge", "make", "--bench", *(part for k, v in options.items() for part in (f"--{k}", v)))

    def activate(self, *serials: str) -> tuple[str, ...]:
        return ("recharge", "activate", *serials, "--by", "li", "--passphrase-file", str(self.folder / "li"))

    def rows(self) -> list[dict[str, str]]:
        with self.file.open(encoding="ascii", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture
def shop(books: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shop:
    return Shop(books, tmp_path, capsys)


def test_numbers_are_written_once_for_their_owner_alone_and_kept_nowhere(shop: Shop) -> None:
    made = shop.run(*shop.make())
    assert made == {"first": "000000000001", "last": "000000000003", "count": 3, "out": str(shop.file)}
    assert stat.S_IMODE(shop.file.stat().st_mode) == 0o600
    rows = shop.rows()
    assert tuple(rows[0]) == COLUMNS
    assert [row["serial"] for row in rows] == [f"{place:012d}" for place in (1, 2, 3)]
    assert {(row["value_fen"], row["expires_on"]) for row in rows} == {("5000", str(NEXT_YEAR))}
    assert all(is_recharge_number(row["number"]) for row in rows)
    with shop.books.engine.connect() as connection:
        kept = connection.execute(select(recharge_cards).order_by(recharge_cards.c.serial)).all()
    keys = BenchStore(None, {}, bench=True)
    assert [card.mark for card in kept] == [recharge_mark(keys, row["number"]) for row in rows]
    assert {(card.state, card.value_fen) for card in kept} == {("made", 5000)}
    for row in rows:
        assert row["number"] not in str(kept)
    assert "exists" in shop.refused(*shop.make())
    assert len(shop.rows()) == 3, "a file that is there is not written over"
    other = shop.folder / "more.csv"
    assert shop.run(*shop.make(out=str(other)))["first"] == "000000000004"


def test_cards_that_do_not_come_into_the_books_leave_no_file(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise ValueError("the disk is full")

    monkeypatch.setattr("os.fsync", fails)
    assert "the disk is full" in shop.refused(*shop.make())
    assert not shop.file.exists()
    with shop.books.engine.connect() as connection:
        assert connection.execute(select(recharge_cards)).all() == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"value-fen": "0"}, "--value-fen 0: expected 1 to 1000000"),
        ({"value-fen": "1000001"}, "--value-fen 1000001: expected 1 to 1000000"),
        ({"count": "0"}, "--count 0: expected 1 to 100000"),
        ({"count": "100001"}, "--count 100001: expected 1 to 100000"),
        ({"expires": "2026-01-01"}, "--expires 2026-01-01: expected a date after "),
    ],
)
def test_cards_that_nobody_can_want_are_not_made(shop: Shop, changes: dict[str, str], told: str) -> None:
    assert told in shop.refused(*shop.make(**changes))
    assert not shop.file.exists()


def test_without_a_key_store_no_card_is_made(shop: Shop) -> None:
    assert "no key store" in shop.refused(*(part for part in shop.make() if part != "--bench"))
    assert not shop.file.exists()


def test_cards_become_good_by_a_person_and_are_blocked(shop: Shop) -> None:
    shop.run(*shop.make())
    first, second, third = (f"{place:012d}" for place in (1, 2, 3))
    assert shop.run(*shop.activate(first, second)) == {"count": 2}
    assert [shop.run("recharge", "show", serial)["state"] for serial in (first, second, third)] == [
        "active",
        "active",
        "made",
    ]
    assert shop.run("recharge", "show", first)["activated_by"] == "li"
    assert "waits to be made good" in shop.refused(*shop.activate(first))
    (shop.folder / "li").write_text("wrong", encoding="utf-8")
    assert "li" in shop.refused(*shop.activate(third))
    (shop.folder / "li").write_text(PERSONS["li"], encoding="utf-8")
    for serial in (first, third):
        assert shop.run("recharge", "block", serial)["state"] == "blocked"
    assert "waits to be made good" in shop.refused(*shop.activate(third)), "what is blocked stays so"
    assert "no card 000000000009" in shop.refused("recharge", "block", "000000000009")
    assert "no card 000000000009" in shop.refused("recharge", "show", "000000000009")


def test_a_spent_card_tells_where_and_is_not_blocked(shop: Shop) -> None:
    shop.run(*shop.make())
    serial, payment = "000000000001", "a" * 32
    with shop.books.engine.begin() as connection:
        connection.execute(
            update(recharge_cards)
            .where(recharge_cards.c.serial == serial)
            .values(state="spent", spent_by=payment)
        )
        for each, outcome in ((payment, "redeemed"), ("b" * 32, "used")):
            row: dict[str, Any] = {
                "id": each,
                "terminal": "K1",
                "content": "",
                "mark": "",
                "outcome": outcome,
            }
            row |= {"serial": serial, "reply": b"", "decided_at": datetime(2026, 1, 1, tzinfo=UTC)}
            connection.execute(insert(redemptions), row)
    assert f"card {serial} is spent" in shop.refused("recharge", "block", serial)
    told = shop.told("recharge", "show", serial)
    assert f"spent for payment {payment}" in told
    assert "K1: redeemed" in told
    assert "K1: used" in told


def test_serials_of_test_cards_are_not_counted_on(shop: Shop) -> None:
    shop.run(*shop.make())
    with shop.books.engine.begin() as connection:
        connection.execute(
            update(recharge_cards)
            .where(recharge_cards.c.serial == "000000000003")
            .values(serial=TEST_SERIALS)
        )
    made = shop.run(*shop.make(out=str(shop.folder / "more.csv")))
    assert (made["first"], made["last"]) == ("000000000003", "000000000005")


def test_no_number_comes_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter((7, 7, 8))
    monkeypatch.setattr("secrets.randbelow", lambda _most: next(drawn))
    assert len(set(new_numbers(2))) == 2


def test_an_expiry_is_a_date() -> None:
    with pytest.raises(SystemExit):
        main(["recharge", "make", "--value-fen", "1", "--count", "1", "--expires", "soon", "--out", "x"])
    assert date.fromisoformat(str(NEXT_YEAR)) == NEXT_YEAR
