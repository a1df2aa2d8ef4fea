"""A certified terminal box with a bank of its own inside: the far end of `drivers.eft.driver`.

The bank's books and the box's memory stand in one file (`--books`), which outlasts any end of the program.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from drivers.eft.codec import LETTERS, Request, reply_bytes
from drivers.eft.model import EftKind
from simulators.eft_books import MERCHANT, TERMINAL, EftBooks, Row
from simulators.eft_line import EftLineEnd
from simulators.far_end import ControlError, Reply, argument_parser, run

# Delays in seconds, divided by --speed: the card is read, the PIN is typed, the bank is dialled.
CARD, PIN, BANK = 1.0, 4.0, 1.5

TEST_CARD = "6212149876543210124"
NO_CARD, CANCELLED, SIGN_ON_FIRST, NO_ORIGINAL, UNKNOWN = "U2", "U1", "77", "25", "30"
STEPS = ("card", "pin", "bank", "reply")
"""Where a transaction can be held or lose its power: card awaited, PIN, before the bank moves the money, and after."""


class EftBox(EftLineEnd):
    """One box. A sale waits for a card, then for the PIN, then for the bank; a void goes to the bank at once."""

    def __init__(self, speed: float = 1.0, *, books: Path | None = None, wait: float = 60.0) -> None:
        super().__init__(speed)
        self.wait = wait
        self.books = EftBooks.load(books)
        self.fresh()

    def fresh(self) -> None:
        """Nobody stands before it, and nothing was ordered."""
        self.reset_line()
        self.swallowed = self.naks = self.statuses = 0
        self.powered, self.talks_while_busy = True, False
        self.cards: list[str] = []
        self.every_card = ""
        self.step = ""
        self._card = ""
        self._misread = 0
        self._declines: list[str] = []
        self._hold: set[str] = set()
        self._cut: dict[str, bool] = {}
        self._held: Callable[[], None] | None = None
        self.totals: Counter[str] = Counter()

    # Requests.

    def execute(self, request: Request) -> None:
        """Begin a request."""
        kind = LETTERS.kind(request.type)
        if kind is not None:
            self._begin(request, kind)
        elif request.type == LETTERS.status:
            self.answer(self._status(request))
        elif request.type == LETTERS.last_result:
            last = self.books.last
            self.totals["last_result"] += 1
            text = last.reply(request.type) if last else reply_bytes(LETTERS.no_record, request.type)
            self.answer(text, lambda: self._told(last))
        elif request.type == LETTERS.sign_on:
            self._wait(BANK, lambda: self._signed_on(request))
        elif request.type == LETTERS.settlement:
            self._wait(BANK, lambda: self._settled(request))
        else:
            self.answer(reply_bytes(UNKNOWN, request.type, request.subscriber))

    def at_once(self, request: Request) -> bytes | None:
        """A box that talks while it is busy tells its state; every other request waits."""
        return self._status(request) if self.talks_while_busy and request.type == LETTERS.status else None

    def _status(self, request: Request) -> bytes:
        self.statuses += 1
        state = LETTERS.idle if self.books.signed_on else LETTERS.not_signed_on
        last = self.books.last
        fields = (
            MERCHANT,
            TERMINAL,
            LETTERS.busy if self.step else state,
            self.books.batch_no,
            last.trace.zfill(12) if last else "",
        )
        return reply_bytes("00", request.type, request.subscriber, context="~".join(fields))

    def _signed_on(self, request: Request) -> None:
        code = self._declines.pop(0) if self._declines else "00"
        self.books.signed_on = code == "00"
        self.books.save()
        self.totals["sign_on"] += 1
        self.answer(reply_bytes(code, request.type, request.subscriber))

    def _settled(self, request: Request) -> None:
        batch = self.books.batch_no
        at = f"{self.books.now():%Y%m%d%H%M%S}"
        context = "~".join((batch, *(f"{n:012d}" for n in self.books.settle()), at))
        self.answer(reply_bytes("00", request.type, request.subscriber, context=context))

    # A transaction.

    def _begin(self, request: Request, kind: EftKind) -> None:
        amount, self._misread = self._misread or request.amount_fen, 0
        self.books.begin(kind, request.subscriber, amount)
        self._card = ""
        self.totals[kind] += 1
        if not self.books.signed_on:
            self._end(self.books.decline(SIGN_ON_FIRST))
        elif kind is EftKind.VOID:
            self._at("bank", lambda: self._wait(BANK, lambda: self._voided(request)))
        else:
            self.step = "card"
            self._timer("wait", self.after_real(self.wait, lambda: self._end(self.books.decline(NO_CARD))))
            self._at("card", self._look_for_card)

    def _look_for_card(self) -> None:
        if self.step != "card" or self._held is not None or not (self.cards or self.every_card):
            return
        self._card = self.cards.pop(0) if self.cards else self.every_card
        self._timer("wait", None)
        self._wait(CARD, lambda: self._at("pin", lambda: self._wait(PIN, self._ask_bank)))

    def _ask_bank(self) -> None:
        self._at("bank", lambda: self._wait(BANK, self._sold))

    def _sold(self) -> None:
        code = self._declines.pop(0) if self._declines else ""
        row = self.books.decline(code, self._card) if code else self.books.approve(self._card)
        self._at("reply", lambda: self._end(row))

    def _voided(self, request: Request) -> None:
        sale = self.books.sale_of(request.voucher or "0", request.subscriber, request.amount_fen)
        code = self._declines.pop(0) if self._declines else "" if sale else NO_ORIGINAL
        if sale is None or code:
            row = self.books.decline(code)
        else:
            sale.state = "voided"
            row = self.books.approve("")
            row.card = sale.card
            self.books.save()
        self._at("reply", lambda: self._end(row))

    def _end(self, row: Row) -> None:
        """Say what came of it."""
        self.step = ""
        self._timer("wait", None)
        pan, self._card = self._card, ""
        request = self.at
        if request is not None:
            self.answer(row.reply(request.type, pan), lambda: self._told(row))

    def _told(self, row: Row | None) -> None:
        if row is not None:
            row.told = True
            self.books.save()

    def _at(self, step: str, go: Callable[[], None]) -> None:
        """Go on from this step, unless it was ordered to stand still or to lose its power there."""
        self.step = step
        if step in self._cut:
            self._power_cut(undone=self._cut.pop(step))
        elif step in self._hold:
            self._hold.remove(step)
            self._held = go
        else:
            go()

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        self._timer("step", self.after(seconds, then))

    def _power_cut(self, *, undone: bool) -> None:
        last = self.books.last
        if undone and self.step == "reply" and last is not None:
            self.books.undo(last)
        self.lose_power()
        self.step, self._card, self._held = "", "", None
        self.totals["power_cut"] += 1

    # What people, the bank and the mains can do.

    def do_present(self, pan: str = TEST_CARD, always: bool = False) -> Reply:
        """Hold a card to the box: for this sale or the next, or for every one. "" takes it away again."""
        if always:
            self.every_card = pan
        else:
            self.cards = [*self.cards, pan] if pan else []
        self._look_for_card()
        return {}

    def do_cancel(self) -> Reply:
        """The customer presses cancel at the box; possible until the bank is asked."""
        if self.step not in ("card", "pin"):
            raise ControlError("there is nothing to cancel")
        self._timer("step", None)
        self._held = None
        self._end(self.books.decline(CANCELLED))
        return {}

    def do_decline(self, code: str, next: int = 1) -> Reply:  # noqa: A002 - the word of the control protocol
        """The bank answers the next transactions, or sign-ons, with this code."""
        self._declines = [code] * next
        return {}

    def do_hold(self, step: str) -> Reply:
        """Let the next transaction stand still at this step until `go_on`: so it is approved late, or not at all."""
        self._hold.add(self._step(step))
        return {}

    def do_go_on(self) -> Reply:
        """Let what stands still go on."""
        go, self._held = self._held, None
        if go is None:
            raise ControlError("nothing stands still")
        go()
        return {}

    def do_cut_power(self, step: str, undone: bool = False) -> Reply:
        """Cut the power when the next transaction comes to this step.

        `undone`: a sale that the bank had approved by then is reversed by the box, and its last result says so.
        """
        self._cut[self._step(step)] = undone
        return {}

    @staticmethod
    def _step(step: str) -> str:
        if step not in STEPS:
            raise ControlError(f"no such step; there are {list(STEPS)}")
        return step

    def do_power_off(self) -> Reply:
        """Cut the power now."""
        self._power_cut(undone=False)
        return {}

    def do_power_on(self) -> Reply:
        """Give it power again."""
        self.books.wake()
        self.powered = True
        return {}

    def do_sign_off(self) -> Reply:
        """The bank wants a new sign-on before anything else."""
        self.books.signed_on = False
        self.books.save()
        return {}

    def do_stranger(self, amount_fen: int = 100, reference: str = "9" * 18) -> Reply:
        """Somebody else uses the box for a sale: its last result is no longer ours."""
        if self.step:
            raise ControlError("the box is at a transaction")
        self.books.begin(EftKind.SALE, reference, amount_fen)
        self.books.approve(TEST_CARD)
        return {}

    def do_misread(self, amount_fen: int) -> Reply:
        """The box takes another amount for the next sale than it was asked for."""
        self._misread = amount_fen
        return {}

    def do_talk_while_busy(self, on: bool = True) -> Reply:
        """Tell the state in the middle of a transaction too; a box from the factory says nothing then."""
        self.talks_while_busy = on
        return {}

    def do_books(self) -> Reply:
        """All that the box and its bank know, for a judge."""
        return {**self.books.to_json(), "taken_fen": self.books.taken_fen()}

    def do_status(self) -> Reply:
        """Where it stands."""
        return {
            "powered": self.powered,
            "plugged": self.plugged,
            "step": self.step,
            "held": self._held is not None,
            "signed_on": self.books.signed_on,
            "last_trace": self.books.last.trace if self.books.last else "",
            "swallowed": self.swallowed,
            "naks": self.naks,
            "statuses": self.statuses,
            "totals": self.totals,
        }

    def do_renew(self) -> Reply:
        """Put a box fresh from the factory, with empty books, on a sound line in its place."""
        if not self.plugged:
            self.do_plug()
        self.do_silence(on=False)
        self.do_delay_answer()
        self.do_trickle()
        self.do_garble(0)
        self.do_truncate(0)
        self.lose_power()
        self.books = EftBooks(self.books.path)
        self.books.save()
        self.fresh()
        return {}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal comes."""
    parser = argument_parser("A terminal box with its bank on a pty.")
    parser.add_argument("--books", type=Path, help="file of the box's memory and its bank's books")
    parser.add_argument("--wait", type=float, default=60.0, help="seconds that the box waits for a card")
    options = parser.parse_args(arguments)
    return run(EftBox(options.speed, books=options.books, wait=options.wait), options)


if __name__ == "__main__":
    sys.exit(main())
