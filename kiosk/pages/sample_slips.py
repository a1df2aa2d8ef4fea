"""The slips that go with the sample pages, composed by the real composer: what the gallery draws."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from drivers.printer.document import Document
from kiosk.config import Acceptor, Config, Hub, JournalFile, Printer, Terminal
from kiosk.pages.sample_accounts import FACTS, THREE
from kiosk.pages.sample_payments import claim, credited, payment, unquoted
from kiosk.payment.effects import PrintSlip
from kiosk.payment.events import NoteCount
from kiosk.payment.model import Claim, Note, NoteState, Payment, PaymentState
from kiosk.slips import Slips

_CONFIG = Config(
    terminal=Terminal(id=FACTS.terminal, site=FACTS.site, hotline=FACTS.hotline),
    hub=Hub(url="http://127.0.0.1:1", key_file=Path("unused")),
    journal=JournalFile(path=Path("unused")),
    acceptor=Acceptor(port="unused"),
    printer=Printer(port="unused"),
)
_FIVE = (10000,) * 5


def slips(lang: str) -> dict[str, Document]:
    """Every slip by name, in one language; the check codes on them are of no kiosk."""
    composer = Slips(_CONFIG, b"no kiosk's key")
    return {
        name: composer.compose(PrintSlip(f"{at:032x}", kind, copy_no, replace(about, lang=lang)))
        for at, (name, kind, copy_no, about) in enumerate(_states())
    }


def _states() -> Iterator[tuple[str, str, int, Payment | Claim]]:
    paid = credited(THREE, *_FIVE)
    yield "paid", "paid", 0, paid
    yield "paid_copy", "paid", 1, paid
    back = Note("n9", 10000, NoteState.RETURNED, recovered=True)
    yield "paid_note_back", "paid", 0, replace(paid, notes=(*paid.notes, back))
    yield "returned", "returned", 0, replace(paid, notes=(back,), state=PaymentState.CANCELLED, credit=None)
    yield "checking", "checking", 0, payment(THREE, *_FIVE, state=PaymentState.CHECKING)
    yield "provisional", "provisional", 0, unquoted(10000, 5000, state=PaymentState.CHECKING)
    yield "claim", "claim", 0, replace(claim("unanswered", 50000), notes=paid.note_counts)
    back_too = (NoteCount(10000, 1),)
    yield "claim_note_back", "claim", 0, replace(claim("declined", 10000), notes=back_too, returned=back_too)
    yield "claim_in_doubt", "claim", 0, claim("note_fate_unknown", 0, 10000)
