"""What a terminal box and the bank behind it keep without power: every transaction, the batch, the sign-on."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from drivers.eft.codec import LETTERS, reply_bytes
from drivers.eft.model import EftKind

MERCHANT, TERMINAL = "898000000000001", "10000001"
CUT_SHORT = "98"
CLOCK = timedelta(hours=8)
_TYPES = {EftKind.SALE: LETTERS.sale, EftKind.VOID: LETTERS.void}

State = Literal["approved", "declined", "voided", "reversed", "settled"]


@dataclass(slots=True)
class Row:
    """One transaction. `card` is masked: the number itself stays in the box's memory.

    A sale that is `approved` or `settled` has taken the customer's money, every other has not. A void is `approved`,
    `settled` or `declined`. `told` is whether the kiosk acknowledged a reply of it.
    """

    trace: str
    kind: EftKind
    reference: str
    amount_fen: int
    card: str
    code: str
    state: State
    batch: str
    rrn: str = ""
    auth: str = ""
    at: str = ""
    told: bool = False

    def reply(self, letter: str, pan: str = "") -> bytes:
        """What the box says of it, to a request of this type."""
        who = (MERCHANT, TERMINAL, _TYPES[self.kind], pan or self.card)
        what = (self.batch, self.auth, self.rrn, self.at, self.trace.zfill(12), f"{self.amount_fen:012d}")
        context = "~".join(who + what)
        return reply_bytes(self.code, letter, self.reference, self.amount_fen, pan, context)


@dataclass(slots=True)
class EftBooks:
    """The lasting state of one box and its bank; `save` after each change.

    `path` is a file that survives the program, or None to keep nothing. `pending` is what the box has asked its bank
    and not heard of: a box that wakes up with it says that it was cut short.
    """

    path: Path | None = None
    traces: int = 0
    batch: int = 1
    signed_on: bool = True
    rows: list[Row] = field(default_factory=list)
    pending: dict[str, Any] | None = None

    @classmethod
    def load(cls, path: Path | None) -> EftBooks:
        """Read what an earlier run left in `path`; a box from the factory if there is nothing."""
        if path is None or not path.exists():
            return cls(path)
        kept = json.loads(path.read_text())
        rows = [Row(**{**row, "kind": EftKind(row["kind"])}) for row in kept.pop("rows")]
        books = cls(path, rows=rows, **kept)
        books.wake()
        return books

    def wake(self) -> None:
        """After power-up: what was under way and is not in the bank's books has come to nothing."""
        if self.pending is not None:
            self.decline(CUT_SHORT)

    @property
    def batch_no(self) -> str:
        """The open batch as it stands on the wire."""
        return f"{self.batch:06d}"

    @property
    def last(self) -> Row | None:
        """The box's last transaction."""
        return self.rows[-1] if self.rows else None

    def begin(self, kind: EftKind, reference: str, amount_fen: int) -> None:
        """The box is about to ask its bank."""
        self.traces += 1
        self.pending = {"kind": kind, "reference": reference, "amount_fen": amount_fen, "card": ""}
        self.save()

    def approve(self, card: str) -> Row:
        """The bank has moved the money."""
        return self._end("00", "approved", card)

    def decline(self, code: str, card: str = "") -> Row:
        """The bank, the box or the customer has said no."""
        return self._end(code, "declined", card)

    def undo(self, row: Row) -> None:
        """The box reverses at the bank a sale that it never told."""
        if (row.kind, row.state) == (EftKind.SALE, "approved"):
            row.state, row.code = "reversed", CUT_SHORT
            self.save()

    @staticmethod
    def now() -> datetime:
        """The box's own clock."""
        return datetime.now(UTC) + CLOCK

    def _end(self, code: str, state: State, card: str) -> Row:
        if self.pending is None:
            raise ValueError("nothing is under way")
        number, now = f"{self.traces:06d}", self.now()
        row = Row(
            number,
            EftKind(self.pending["kind"]),
            self.pending["reference"],
            self.pending["amount_fen"],
            f"{card[:6]}{'*' * (len(card) - 10)}{card[-4:]}" if card else "",
            code,
            state,
            self.batch_no,
            f"{now:%y%m%d}{number}" if state == "approved" else "",
            f"{self.traces * 7919 % 10**6:06d}" if state == "approved" else "",
            f"{now:%Y%m%d%H%M%S}",
        )
        self.pending = None
        self.rows.append(row)
        self.save()
        return row

    def sale_of(self, trace: str, reference: str, amount_fen: int) -> Row | None:
        """The approved sale of the open batch that a void names."""
        for row in self.rows:
            named = (int(row.trace), row.reference, row.amount_fen) == (int(trace), reference, amount_fen)
            if named and (row.kind, row.state) == (EftKind.SALE, "approved"):
                return row
        return None

    def settle(self) -> tuple[int, int, int, int]:
        """Close the batch: how many sales of how much, how many voids of how much."""
        counts = [0, 0, 0, 0]
        for row in self.rows:
            if row.batch == self.batch_no and row.state in ("approved", "voided"):
                at = 0 if row.kind is EftKind.SALE else 2
                counts[at] += 1
                counts[at + 1] += row.amount_fen
                row.state = "settled" if row.state == "approved" else row.state
        self.batch += 1
        self.save()
        return counts[0], counts[1], counts[2], counts[3]

    def taken_fen(self) -> int:
        """How much of the customers' money the bank has."""
        sales = (row for row in self.rows if row.kind is EftKind.SALE)
        return sum(row.amount_fen for row in sales if row.state in ("approved", "settled"))

    def to_json(self) -> dict[str, Any]:
        """All of it, for a judge."""
        kept = {name: getattr(self, name) for name in ("traces", "batch", "signed_on", "pending")}
        return {**kept, "rows": [asdict(row) for row in self.rows]}

    def save(self) -> None:
        """Write atomically, so that a program killed at any moment leaves the old or the new state."""
        if self.path is None:
            return
        fresh = self.path.with_name(f".{self.path.name}.new")
        with fresh.open("w") as file:
            json.dump(self.to_json(), file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
