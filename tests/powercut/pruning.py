"""A journal is pruned on a disk that loses power, fails or is full, at every operation of the pruning.

    python -m tests.powercut prune --cut N [--seed N] [--fail EIO|ENOSPC]

Whatever happens, a start finds the old journal or the new one: the same open payments and claims, a chain that ends in
the same head, and, with the archive once the rows have left, every row. Pruning again then does what is left to do.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal

from kiosk.books import Books
from kiosk.journal import file
from kiosk.journal.errors import JournalError
from kiosk.journal.prune import prune
from kiosk.journal.store import Journal
from kiosk.journal.verify import verify
from kiosk.payment import events as ev
from tests.journeys.kiosk import PATIENCE
from tests.powercut.judge import Verdict
from tests.powercut.lanes import Outcome, Report
from tests.powercut.power import Mount
from tests.powercut.tally import Tally, judged

BEFORE = datetime(2026, 11, 22, tzinfo=UTC)
OLD, YOUNG = "2026-08-01T12:00:00.000Z", "2026-11-22T12:00:00.000Z"
CHECKPOINT_PAGES = 12
ENDED = 2
"""Payments that are over and old; behind them stand an open payment, an open claim and a payment of today."""
_context = multiprocessing.get_context("forkserver")


@dataclass(frozen=True, slots=True)
class Pruning:
    """One cut, or one failure, at an operation of the pruning; 0 is none. `seed` and `fail` as in a case of cuts."""

    cut: int = 0
    seed: int = 0
    fail: Literal["", "EIO", "ENOSPC"] = ""

    def __str__(self) -> str:
        return f"prune --cut {self.cut} --seed {self.seed}" + f" --fail {self.fail}" * bool(self.fail)


@dataclass(frozen=True, slots=True)
class Kept:
    """What of a journal may never change."""

    journal_id: str
    head: tuple[int, str]
    open_items: tuple[object, ...]

    @classmethod
    def of(cls, journal: Journal) -> Kept:
        """Read it."""
        books = journal.recover()
        still = (books.open_payments, books.open_claims, books.last_note, books.kiosk_no)
        return cls(journal.journal_id, journal.head, still)


@contextlib.contextmanager
def written() -> Iterator[tuple[Path, Kept]]:
    """A folder with a journal that has something to prune, for all cases, and what must stay of it."""
    with tempfile.TemporaryDirectory(prefix="prune-") as folder:
        yield Path(folder), _write(Path(folder) / "journal.sqlite")


def play(mount: Mount, image: Path, kept: Kept, case: Pruning) -> Outcome:
    """Prune on a disk of which the power goes there, and look at what is left."""
    disk = mount.make(image)
    ours, theirs = _context.Pipe()
    process = _context.Process(target=_prune, args=(theirs, mount.path(disk)), daemon=True)
    process.start()
    theirs.close()
    ways: dict[str, dict[str, object]] = {
        "": {"cut_at": case.cut},
        "EIO": {"fail": {str(case.cut): "EIO"}},
        "ENOSPC": {"full_from": case.cut},
    }
    mount.do("arm", disk, pid=process.pid, **ways[case.fail])
    ours.send("go")
    process.join(PATIENCE)
    ours.close()
    operations = mount.operations(disk)
    mount.do("cut", disk)
    left = mount.survive(disk, case.seed)
    faults = found(mount.path(left), kept)
    if case.cut > len(operations):
        faults = (*faults, f"operation {case.cut} was not reached, there were {len(operations)}")
    mount.do("drop", left)
    at = operations[case.cut - 1] if 0 < case.cut <= len(operations) else ""
    return Outcome(Verdict(faults), 1, at=at, operations=len(operations))


def _write(path: Path) -> Kept:
    with closing(Journal(path, "5" * 32)) as journal:
        books = Books.empty()
        for number in range(1, ENDED + 4):
            young = number > ENDED + 2
            for event in _payment(number, YOUNG if young else OLD)[: _LENGTHS.get(number)]:
                books.apply(event)
                journal.append([event], YOUNG if young else OLD)
        return Kept.of(journal)


_LENGTHS = {ENDED + 1: 5, ENDED + 2: 7}
"""The credit of one was sent and not answered; the claim of the next one too."""


def _payment(number: int, at: str) -> list[ev.AnyEvent]:
    """A payment of fifty that the hub refuses: a claim that it takes."""
    key, note, claim, quote = (f"{number:08x}{part:024x}" for part in range(4))
    account = ev.AccountFacts("0399000000000018", "*伟", "漠阳花园**栋")
    stands = ev.ClaimOpened(
        key=claim, reference=f"R{number}", reason="declined", payment_id=key, account_no=account.account_no,
        amount_fen=5000, memo_fen=0, notes=(ev.NoteCount(5000, 1),), note_id="", at=at, lang="zh",
    )  # fmt: skip
    return [
        ev.PaymentOpened(
            key=key, kiosk_no=number, business="arrears", account=account,
            quote=ev.QuoteFacts(quote, ("2026-08",), 5000, 200000, at), lang="zh", at=at,
        ),
        ev.NoteIntended(key=key, note_id=note, note_type=1, value_fen=5000, counter=number),
        ev.NoteStacked(key=key, note_id=note, value_fen=5000),
        ev.PayRequested(key=key, by="customer"),
        ev.CreditSending(key=key, attempt=1, amount_fen=5000, taken_at=at, business_date=at[:10]),
        stands,
        ev.Claimed(key=key, claim_id=claim, reason="declined"),
        ev.ClaimSending(key=claim, attempt=1),
        ev.ClaimTaken(key=claim, resolution=""),
    ]  # fmt: skip


def _prune(door: Connection, folder: Path) -> None:
    """Wait for the word, prune with an archive, and end; a disk that fails or is full is told to nobody."""
    door.recv()
    file.CHECKPOINT_PAGES = CHECKPOINT_PAGES
    with contextlib.suppress(JournalError, OSError), closing(Journal(folder / "journal.sqlite")) as journal:
        prune(journal, BEFORE, folder / "archive")


def found(folder: Path, kept: Kept) -> tuple[str, ...]:
    """What does not hold in this folder, before and after the pruning is done again."""
    faults: list[str] = []
    path, archive = folder / "journal.sqlite", folder / "archive"
    for turn in ("after the cut", "after pruning again"):
        with closing(Journal(path)) as journal:
            if turn == "after pruning again":
                prune(journal, BEFORE, None if journal.anchor.seq else archive)
            if Kept.of(journal) != kept:
                faults.append(f"{turn}: another journal, head or open items")
            gone = journal.anchor.seq
        parts = [archive] if gone else []
        if gone not in {0, 9 * ENDED}:
            faults.append(f"{turn}: {gone} rows are gone")
        if verify(path, kept.head, parts).first != 1:
            faults.append(f"{turn}: rows are gone that no archive has")
    return tuple(faults)


def run(mount: Mount, report: Report, tally: Tally, command: str) -> None:
    """Every operation: all unsynced lost, then torn, failing or full by turns; counted in `tally`."""
    with written() as (image, kept):
        length = play(mount, image, kept, Pruning()).operations
        for case in every_cut(length):
            verdict = judged(partial(_verdict, mount, image, kept, case))
            tally.add(verdict, cuts=1, replay=f"{command} {case}")
            if verdict.faults:
                report(f"FAULT: {'; '.join(verdict.faults)}\n  replay: {command} {case}")
    report(f"pruning: cut, then torn, failing or full by turns, at each of its {length} operations")


def _verdict(mount: Mount, image: Path, kept: Kept, case: Pruning) -> Verdict:
    return play(mount, image, kept, case).verdict


def once(mount: Mount, case: Pruning) -> Outcome:
    """Play one case."""
    with written() as (image, kept):
        return play(mount, image, kept, case)


def every_cut(length: int) -> Iterator[Pruning]:
    """All cases."""
    for cut in range(1, length + 1):
        yield Pruning(cut)
        ways: tuple[Literal["", "EIO", "ENOSPC"], ...] = ("", "EIO", "ENOSPC")
        yield Pruning(cut, cut + 1, ways[cut % 3])
