"""A certified terminal box with its own books behind the kiosk's real lane: it forgets to answer, and loses power."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

from drivers.eft.model import EftKind, EftReport, EftResult, EftState, EftTotals, NotTaken
from drivers.errors import CommandRefused, DeviceTimeout, TransportError
from drivers.status import DeviceHealth
from kiosk.core.inputs import Input
from kiosk.lanes.eft import EftLane
from kiosk.payment.effects import Effect
from simulators.eft_books import CLOCK, MERCHANT, TERMINAL, EftBooks, Row
from tests.crash.coverage import Death
from tests.crash.tender_slot import FINE, Done, UnitLane

CARD = "6212142000000000012"


class Box:
    """Implements `EftTerminal`; it goes on by itself when the kiosk dies in the middle of a sale."""

    def __init__(self, world: Any) -> None:
        self.world, self.rng = world, Random(world.rng.random())
        self.books = EftBooks()
        self.busy = False
        self.reached: Callable[[], None] = lambda: None

    @property
    def bad(self) -> float:
        return float(self.world.bad)

    def open(self) -> None:
        """The line is there."""

    def close(self) -> None:
        """Nothing of the box depends on it."""

    def health(self) -> DeviceHealth:
        return FINE

    def status(self) -> EftReport:
        self._asked()
        last = self.books.last
        return EftReport(EftState.IDLE, MERCHANT, TERMINAL, self.books.batch_no, last.trace if last else "")

    def sign_on(self) -> str:
        return "00"

    def settle(self) -> EftTotals:
        raise NotTaken("not in this world")

    def sale(self, reference: str, amount_fen: int) -> EftResult:
        self._begins()
        self.books.begin(EftKind.SALE, reference, amount_fen)
        self._takes(self.rng.choice([4.0, 15.0, 60.0]))
        if self.rng.random() < self.bad / 4:
            self._loses_power()
        if self.rng.random() < 0.8:
            row = self.books.approve(CARD)
            self.world.note(f"box: {reference} is taken")
        else:
            row = self.books.decline(self.rng.choice(["51", "55", "05", "91"]), CARD)
        luck = self.rng.random()
        if luck < self.bad / 2:
            if luck < self.bad / 8:
                self.books.undo(row)  # it was not heard, and the box takes it back
            raise DeviceTimeout("no answer")
        if luck < self.bad and len(self.books.rows) > 1:
            return self._told(self.books.rows[-2])
        return self._told(row)

    def last_result(self) -> EftResult | None:
        self.reached()
        self._asked()
        last = self.books.last
        return self._told(last) if last else None

    def void(self, trace: str, reference: str, amount_fen: int) -> EftResult:
        self._begins()
        sale = self.books.sale_of(trace, reference, amount_fen)
        self.books.begin(EftKind.VOID, reference, amount_fen)
        self._takes(3.0)
        if sale is None or self.rng.random() < self.bad / 4:
            row = self.books.decline("12" if sale is None else "96")
        else:
            sale.state, row = "voided", self.books.approve(CARD)
            self.world.note(f"box: {reference} goes back")
        if self.rng.random() < self.bad / 2:
            raise DeviceTimeout("no answer")
        return self._told(row)

    def _begins(self) -> None:
        if self.busy:
            raise CommandRefused("busy")
        if self.rng.random() < self.bad / 6:
            raise NotTaken("the box does not take it")
        if self.rng.random() < self.bad / 4:
            raise DeviceTimeout("the request was lost")
        self.reached()

    def _asked(self) -> None:
        if self.busy:
            raise CommandRefused("busy")
        if self.rng.random() < self.bad / 2:
            raise TransportError("the cable is out") if self.rng.random() < 0.5 else DeviceTimeout("silent")

    def _takes(self, seconds: float) -> None:
        """Time passes, with or without the kiosk."""
        self.busy = True
        self.world.passes(seconds)
        self.busy = False

    def _loses_power(self) -> None:
        self.books.wake()
        raise DeviceTimeout("no answer")

    def _told(self, row: Row) -> EftResult:
        local = datetime.strptime(row.at, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        return EftResult(
            kind=row.kind,
            approved=row.code == "00",
            code=row.code,
            reference=row.reference,
            amount_fen=row.amount_fen,
            card=row.card,
            merchant_no=MERCHANT,
            terminal_no=TERMINAL,
            batch=row.batch,
            trace=row.trace,
            auth_code=row.auth,
            rrn=row.rrn,
            at=local - CLOCK,
        )

    def held_fen(self, reference: str = "") -> int:
        """What the box's books hold of customers' money, of one sale or of all."""
        rows = (row for row in self.books.rows if row.kind is EftKind.SALE and row.state == "approved")
        return sum(row.amount_fen for row in rows if reference in {"", row.reference})


class BoxLane(UnitLane):
    """The kiosk's own lane for the box, one order at a time on the virtual clock."""

    def __init__(self, world: Any, tell: Callable[[Input], None], done: Done, box: Box) -> None:
        super().__init__("eft", world, tell, done)
        self.box, self.real = box, EftLane(box, 30.0, tell)
        self.orders: list[Effect] = []

    def put(self, effect: Effect) -> None:
        self.orders.append(effect)
        self.world.later(0.05, self._next)

    def _next(self) -> None:
        if self.busy or self.dead or not self.orders:
            return
        effect, self.busy = self.orders.pop(0), True
        self.box.reached = lambda: self._begun(effect)
        try:
            self.real.serve(effect)
        except Death:
            pass  # the kiosk; the box has gone on
        finally:
            self.busy = False
        self.world.later(0.05, self._next)

    def _begun(self, effect: Effect) -> None:
        if not self.dead:
            self.done(effect)


__all__ = ["Box", "BoxLane"]
