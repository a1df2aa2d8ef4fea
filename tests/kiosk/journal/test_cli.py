"""`power-kiosk journal` reads beside a running kiosk and says in plain words what it finds."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from kiosk.cli import main
from kiosk.journal.store import Journal
from kiosk.payment import events as ev

KEY = "0123456789abcdef0123456789abcdef"
OPENED = ev.PaymentOpened(
    key=KEY,
    kiosk_no=1,
    business="arrears",
    account=ev.AccountFacts("0399000000000018", "*伟", "漠阳花园**栋"),
    quote=ev.QuoteFacts("c" * 32, (), 0, 200000, "2026-11-22T20:00:00Z"),
    lang="zh",
    at="2026-11-22T19:59:00.000Z",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    journal = Journal(tmp_path / "journal.sqlite")
    journal.append([OPENED, ev.CancelRequested(key=KEY, by="customer")], OPENED.at)
    journal.close()
    return journal.path


def test_list_show_and_verify(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    running = Journal(path)
    assert main(["journal", "list", "--journal", str(path), "--json"]) == 0
    [item] = json.loads(capsys.readouterr().out)
    assert item["id"] == KEY
    assert item["state"] == "cancelling"
    assert item["in_flight"] is True
    assert main(["journal", "show", "0123", "--journal", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "PaymentOpened" in shown
    assert "by=customer" in shown
    assert main(["journal", "verify", "--journal", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 2
    running.close()


def test_verify_names_the_row_that_was_edited(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    db = sqlite3.connect(path)
    with db:
        db.execute("UPDATE event SET at = at - 60000 WHERE seq = 1")
    db.close()
    assert main(["journal", "verify", "--journal", str(path)]) == 1
    assert "row 1 was changed" in capsys.readouterr().out


@pytest.mark.parametrize("action", ["list", "show", "verify"])
def test_what_is_no_journal_is_told(action: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other"
    assert main(["journal", action, "x", "--journal", str(other)]) == 1
    assert "no such journal" in capsys.readouterr().err
    other.write_text("not a database at all, but long enough to have a header of some kind " * 3)
    assert main(["journal", action, "x", "--journal", str(other)]) == 1
    told = capsys.readouterr()
    assert f"{other}: file is not a database" in told.err + told.out


def test_an_id_that_is_not_there(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "show", "ffff", "--journal", str(path)]) == 1
    assert "ffff" in capsys.readouterr().err


def test_show_without_an_id_says_what_it_needs(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "show", "--journal", str(path)]) == 2
    assert "show takes an id" in capsys.readouterr().err


def test_lines_for_people_say_what_the_figures_are(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "list", "--journal", str(path)]) == 0
    assert capsys.readouterr().out.endswith("  0399000000000018  0 fen  open\n")


def test_a_text_in_the_place_of_bytes_is_named_by_its_row(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db = sqlite3.connect(path)
    with db:
        db.execute("UPDATE event SET body = CAST(x'00ff' || substr(body, 3) AS TEXT) WHERE seq = 2")
    db.close()
    assert main(["journal", "verify", "--journal", str(path)]) == 1
    assert "row 2 was changed: a column is not of its type" in capsys.readouterr().out


def test_an_archive_that_is_not_there_is_no_damage(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = path.with_name("archive")
    prune = ["journal", "prune", "--journal", str(path), "--keep-days", "400", "--archive", str(archive)]
    assert main(prune) == 0
    assert "0 rows removed up to row 0, 2 kept, no archive was written" in capsys.readouterr().out
    assert main(["journal", "verify", "--journal", str(path), "--archive", str(archive)]) == 1
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", f"power-kiosk: {archive}: no such journal\n")


def test_a_head_that_was_pruned_is_no_damage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    journal.append(
        [OPENED, ev.CancelRequested(key=KEY, by="customer"), ev.Cancelled(key=KEY)],
        "2020-01-01T00:00:00.000Z",
    )
    journal.close()
    where = ["--journal", str(journal.path)]
    assert main(["journal", "prune", "--keep-days", "0", *where]) == 0
    assert "3 rows removed up to row 3, 0 kept" in capsys.readouterr().out
    assert main(["journal", "verify", "--head", f"2:{'0' * 64}", *where]) == 1
    told = capsys.readouterr()
    assert (told.out, "row 2 was pruned: name the archive" in told.err) == ("", True)
    assert main(["journal", "verify", *where]) == 0
    assert "ok: 0 rows of journal " in capsys.readouterr().out


def test_a_database_of_another_kind_is_no_journal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.sqlite"
    db = sqlite3.connect(other)
    with db:
        db.execute("CREATE TABLE something (id INTEGER)")
    db.close()
    assert main(["journal", "verify", "--journal", str(other)]) == 1
    assert "this is no journal" in capsys.readouterr().out
