"""A bank's end of a batch: it compares totals, and takes each transaction one by one where they differ."""

from __future__ import annotations

from dataclasses import replace

from drivers.bank.elements import Balance, Field60, Totals, details_from_field
from drivers.bank.message import Message
from simulators.banks.books import Books, Terminal
from simulators.banks.till import Outcome

END_OF_UPLOAD = frozenset({"202", "207"})


def settle(books: Books, request: Message, terminal: Terminal, at: str) -> Outcome:
    """Compare a terminal's totals with the bank's, and answer with these; a batch that is equal is closed."""
    batch = Field60.from_field(request.get(60)).batch
    theirs = Totals.from_field(request.get(48))
    ours = books.totals(terminal.tid, batch)
    code = Balance.EQUAL if replace(theirs, code=0) == ours else Balance.UNEQUAL
    books.note_settlement(terminal.tid, batch, at, code, theirs.to_field(), ours.to_field())
    if code == Balance.EQUAL:
        _close(books, terminal, batch)
    return Outcome("00", {48: replace(ours, code=code).to_field()})


def upload(books: Books, request: Message, terminal: Terminal, at: str) -> Outcome:
    """Take details of a batch; its end closes the batch as the bank knows it, and what differs stays in its books."""
    about = Field60.from_field(request.get(60))
    if about.network in END_OF_UPLOAD:
        ours = books.totals(terminal.tid, about.batch).to_field()
        books.note_settlement(terminal.tid, about.batch, at, Balance.WRONG, "uploaded", ours)
        _close(books, terminal, about.batch)
        return Outcome("00")
    for detail in details_from_field(request.get(48)):
        books.note_upload(terminal.tid, about.batch, detail.trace, detail.fen)
    return Outcome("00", {48: request.get(48)})


def _close(books: Books, terminal: Terminal, batch: str) -> None:
    books.settle(terminal.tid, batch)
    if batch == f"{terminal.batch:06d}":
        books.keep_terminal(replace(terminal, batch=terminal.batch % 999_999 + 1))
