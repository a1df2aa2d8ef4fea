"""The cabinet around a kiosk: real far ends on their lines, the settings, and where every fen is in the end."""

from __future__ import annotations

import contextlib
import sys
import threading
from pathlib import Path
from typing import Any

from kiosk.config import load
from kiosk.journal.cli import read
from kiosk.journal.store import verify_rows
from kiosk.payment.model import Claim, Payment
from simulators.bench.programs import Program
from simulators.bench.settings import Tables, kiosk_toml
from simulators.far_end import ControlClient, Reply
from tests.journeys.kiosk import PATIENCE, InProcess, Kiosk, OwnProcess, eventually
from tests.journeys.town import Town

SPEED = 40.0
QUICK: Tables = {
    "terminal": {"language": "en"},
    "hub": {"retry_first_s": 0.1, "retry_most_s": 0.4, "deadline_s": 10.0, "query_deadline_s": 40.0},
    "acceptor": {"poll_ms": 20},
    "printer": {"check_every_s": 0.1},
    "screen": {"done_s": 300.0, "slip_s": 300.0},
}
"""Settings of a kiosk whose customer is a test: pages stand until they are left."""


class Control:
    """A far end's control socket, for any thread."""

    def __init__(self, path: Path) -> None:
        self._client = ControlClient(path)
        self._lock = threading.Lock()

    def __call__(self, do: str, **arguments: object) -> Reply:
        """Give one order."""
        with self._lock:
            return self._client(do, **arguments)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


class Cabinet:
    """Far ends in a folder and kiosks beside them; all end with `close`."""

    def __init__(self, folder: Path, town: Town, printer_speed: float = SPEED, speed: float = SPEED) -> None:
        self.folder, self.town = folder, town
        self.prints = folder / "prints"
        self.prints.mkdir()
        self._ends = contextlib.ExitStack()
        self._before = town.books()
        # A note in escrow goes back by itself when a test says so (`escrow_over`), not when the machine is slow.
        state = ("--state", str(folder / "validator.json"), "--escrow-timeout", "600")
        programs = {
            "ccnet_validator": ("--link", str(folder / "ccnet_validator"), "--speed", f"{speed}", *state),
            "escpos_printer": (
                *("--link", str(folder / "escpos_printer"), "--speed", f"{printer_speed}"),
                *("--out", str(self.prints)),
            ),
            "hub_proxy": ("--to", town.url),
        }
        started = [self._start(name, options) for name, options in programs.items()]
        self.validator, self.printer, self.line = (self._control(program) for program in started)
        self.line_url = started[-1].wait_for(r"^ready (\S+)", PATIENCE)[1]

    def _start(self, name: str, options: tuple[str, ...]) -> Program:
        control = str(self.folder / f"{name}.sock")
        command = (sys.executable, "-m", f"simulators.{name}", "--control", control, *options)
        program = Program(name, command, self.folder)
        self._ends.callback(program.end)
        return program

    def _control(self, program: Program) -> Control:
        program.wait_for("^ready", PATIENCE)
        control = Control(self.folder / f"{program.name}.sock")
        self._ends.callback(control.close)
        return control

    def close(self) -> None:
        """End everything."""
        self._ends.close()

    # Kiosks.

    def settings(self, **changes: dict[str, Any]) -> Path:
        """Write kiosk.toml with these changes and give its path."""
        tables: dict[str, dict[str, Any]] = {name: dict(keys) for name, keys in QUICK.items()}
        tables["hub"]["key_file"] = str(self.town.key)
        for name, keys in changes.items():
            tables.setdefault(name, {}).update(keys)
        path = self.folder / "kiosk.toml"
        path.write_text(kiosk_toml(self.line_url, self.folder, changes=tables), encoding="utf-8")
        return path

    def kiosk(self, **changes: dict[str, Any]) -> InProcess:
        """Start a kiosk in this process."""
        kiosk = InProcess(load(self.settings(**changes)))
        self._ends.callback(kiosk.close)
        return kiosk

    def own_process(self, die: str = "", **changes: dict[str, Any]) -> OwnProcess:
        """Start a kiosk in a process of its own."""
        kiosk = OwnProcess(self.settings(**changes), die)
        self._ends.callback(kiosk.close)
        return kiosk

    # The customer's hands.

    def insert(self, *values_yuan: int) -> None:
        """Put notes in one after the other, each when the acceptor is ready for it."""
        for value in values_yuan:
            self.stands("idling")
            assert self.validator("insert", value_fen=100 * value)["taken"]

    def stands(self, state: str) -> None:
        """Wait until the acceptor is in this state."""
        eventually(lambda: self.validator("status", log=0)["state"] == state, f"the acceptor is not {state}")

    def take_note(self) -> None:
        """Take the note that is held out."""
        eventually(lambda: self.validator("status", log=0)["held_out"], "no note is held out")
        self.validator("take_note")

    # The evidence.

    def slips(self) -> list[str]:
        """The text of every slip that came out."""
        return [path.read_text(encoding="utf-8") for path in sorted(self.prints.glob("*.txt"))]

    def settled(
        self, kiosk: Kiosk, *, credited: int = 0, suspense: int = 0, memo: int = 0, box: int | None = None
    ) -> None:
        """Wait until nothing is in flight and no slip is due; then every fen must be where it is said to be, by
        everyone's own count."""
        eventually(lambda: all(item.over for item in kiosk.books()), "something is still in flight")
        verify_rows(kiosk.path, read(kiosk.path))
        self._check_notes(credited + suspense if box is None else box)
        self._check_journal(kiosk, credited, suspense, memo)
        books = self.town.books()
        assert books.findings == ()
        assert books.ledger_sum == 0
        assert books.credited_fen - self._before.credited_fen == credited
        assert books.suspense_fen - self._before.suspense_fen == suspense

    def _check_notes(self, box: int) -> None:
        status = self.validator("status")
        totals = status["totals"]
        back = sum(totals.get(what, 0) for what in ("returned", "returned_at_start", "rejected"))
        assert status["box_fen"] == box
        assert totals.get("inserted", 0) == back + box + status["on_way_fen"]

    def _check_journal(self, kiosk: Kiosk, credited: int, suspense: int, memo: int) -> None:
        payments = [p for p in kiosk.books() if isinstance(p, Payment)]
        claims = [c for c in kiosk.books() if isinstance(c, Claim)]
        # A card that is made later is a payment without money.
        paid = [p for p in payments if p.credit is not None]
        assert sum(p.inserted_fen for p in paid) == credited
        assert sum(c.amount_fen for c in claims) == suspense
        assert sum(c.memo_fen for c in claims) == memo
        for payment in payments:
            told = self.town.client.get(f"/v1/payments/{payment.payment_id}")
            assert told.status_code == (200 if payment in paid else 404)
            assert payment not in paid or told.json()["amount_fen"] == payment.inserted_fen
        for claim in claims:
            assert self.town.client.get(f"/v1/claims/{claim.claim_id}").status_code == 200
