"""Histories for the journal's tests: payments and claims as the core would tell them, each with its own ids."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk.books import Books
from kiosk.journal.store import Journal
from kiosk.payment import events as ev

Case = list[ev.AnyEvent]
AT = "2026-11-22T19:59:00.000Z"


def _id(number: int, part: int) -> str:
    return f"{number:08x}{part:024x}"


def paid(number: int, slip: bool | None = True) -> Case:
    """A payment of one note; the printer said that the slip came out, or that it did not, or nothing."""
    key, note, job = _id(number, 0), _id(number, 1), _id(number, 2)
    done: Case = [] if slip is None else [ev.SlipPrinted(key=key, job=job)]
    if slip is False:
        done = [ev.SlipFailed(key=key, job=job, reason="no_answer")]
    return [
        _opened(number),
        ev.NoteIntended(key=key, note_id=note, note_type=1, value_fen=5000, counter=number),
        ev.NoteStacked(key=key, note_id=note, value_fen=5000),
        ev.PayRequested(key=key, by="customer"),
        ev.CreditSending(key=key, attempt=1, amount_fen=5000, taken_at=AT, business_date="2026-11-23"),
        ev.CreditApproved(
            key=key,
            hub_no=str(number),
            allocations=(ev.Allocation("2026-08", 0, 5000),),
            to_balance_fen=0,
            balance_before_fen=0,
            balance_after_fen=0,
            arrears_after_fen=0,
            credited_at=AT,
            business_date="2026-11-23",
        ),
        ev.SlipIntended(key=key, job=job, slip="paid"),
        *done,
    ]


def cancelled(number: int) -> Case:
    """A payment that was left before any money."""
    key = _id(number, 0)
    return [_opened(number), ev.CancelRequested(key=key, by="customer"), ev.Cancelled(key=key)]


def claimed(number: int, taken: bool = True) -> Case:
    """A payment that the hub refused: its claim, which the hub has taken or not."""
    key, claim = _id(number, 0), _id(number, 3)
    begun = paid(number)[:5]
    opened = ev.ClaimOpened(
        key=claim,
        reference=f"R{number}",
        reason="declined",
        payment_id=key,
        account_no="0399000000000018",
        amount_fen=5000,
        memo_fen=0,
        notes=(ev.NoteCount(5000, 1),),
        note_id="",
        at=AT,
        lang="zh",
    )
    told: Case = [opened, ev.Claimed(key=key, claim_id=claim, reason="declined")]
    sent: Case = [ev.ClaimSending(key=claim, attempt=1)]
    return [*begun, *told, *sent, *([ev.ClaimTaken(key=claim, resolution="")] if taken else [])]


def orphan(number: int) -> Case:
    """A note that belongs to nobody: a claim without a payment, taken by the hub."""
    claim = _id(number, 3)
    opened = claimed(number)[5]
    assert isinstance(opened, ev.ClaimOpened)
    alone = ev.ClaimOpened(
        **{f: getattr(opened, f) for f in opened.__struct_fields__}
        | {"payment_id": "", "note_id": _id(number, 1)}
    )
    return [alone, ev.ClaimSending(key=claim, attempt=1), ev.ClaimTaken(key=claim, resolution="")]


def _opened(number: int) -> ev.PaymentOpened:
    return ev.PaymentOpened(
        key=_id(number, 0),
        kiosk_no=number,
        business="arrears",
        account=ev.AccountFacts("0399000000000018", "*伟", "漠阳花园**栋"),
        quote=ev.QuoteFacts(_id(number, 4), ("2026-08",), 5000, 200000, AT),
        lang="zh",
        at=AT,
    )


KINDS: dict[str, Callable[[int], Case]] = {
    "paid": paid,
    "slip failed": lambda number: paid(number, False),
    "slip owed": lambda number: paid(number, None),
    "note on its way": lambda number: paid(number)[:2],
    "sending": lambda number: paid(number)[:5],
    "cancelled": cancelled,
    "claimed": claimed,
    "claim open": lambda number: claimed(number, taken=False),
    "orphan": orphan,
}


class Told:
    """A journal driven as the core thread drives it."""

    def __init__(self, path: Path) -> None:
        self.journal = Journal(path)
        self.books = Books.empty()

    def tell(self, event: ev.AnyEvent, at: str = AT) -> None:
        self.books.apply(event)
        self.journal.append([event], at)
        self.journal.snapshot_if_due(self.books)


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    told = Told(tmp_path / "journal.sqlite")
    yield told
    told.journal.close()


@pytest.fixture(scope="session")
def quick_folder() -> Iterator[Callable[[], Path]]:
    """Folders in memory where the machine has such a place: for what is about content and not about disks."""
    memory = Path("/dev/shm")  # noqa: S108 - folders with names of their own
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield lambda: Path(tempfile.mkdtemp(dir=folder))


@pytest.fixture
def quick(quick_folder: Callable[[], Path]) -> Path:
    return quick_folder()


@pytest.fixture
def path(quick: Path) -> Path:
    return quick / "journal.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    opened = Journal(path)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def kinds() -> dict[str, Callable[[int], Case]]:
    return KINDS


@pytest.fixture(scope="session")
def begin() -> Callable[[Path], Told]:
    return Told
