"""A CCNET note validator: the far end of `drivers.cash.ccnet_driver`, and all that people and mains do to it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from drivers.cash.ccnet import PollAnswer, State
from simulators.ccnet_unit import ACCEPT, ESCROW_TIMEOUT, POWER_UPS, YUAN, CcnetUnit
from simulators.far_end import ControlError, Reply, argument_parser, run
from simulators.note_store import NoteStore


class CcnetValidator(CcnetUnit):
    """The unit with its control socket."""

    # What a customer, a technician, a thief and the mains can do.

    def do_insert(self, value_fen: int | None = None, type: int | None = None) -> Reply:  # noqa: A002
        """Put a note to the slot: by value, or by its type in the table. `taken` tells whether it was drawn in."""
        wanted = [note for note in self.notes if note.value_fen == value_fen or note.index == type]
        if not wanted:
            raise ControlError(f"no such note; there are {[note.value_fen for note in self.notes]}")
        ready = {State.IDLING, State.UNIT_DISABLED} if self._takes_closed else {State.IDLING}
        if not self.powered or self.shown.state not in ready:
            return {"taken": False, "why": self._word()}
        self._note("inserted", wanted[0].value_fen)
        self.store.carry(wanted[0].value_fen)
        self._move(PollAnswer(State.ACCEPTING), ACCEPT, self._accepted)
        return {"taken": True}

    def do_take_note(self, told: bool = True) -> Reply:
        """The customer takes the note that is held out to him; a unit that has not `told` of it just rests."""
        value = self.store.on_way
        if not self.held_out or value is None:
            raise ControlError("no note is held out")
        self._note("returned", value)
        self.store.carry(None)
        if told:
            self._move(PollAnswer(State.RETURNED, self._told_type(value)))
        else:
            self._rest()
        return {"value_fen": value}

    def do_escrow_over(self) -> Reply:
        """The time in escrow is over: the note goes back by itself."""
        if self.answer.state is not State.ESCROW:
            raise ControlError("no note is in escrow")
        self._return()
        return {}

    def do_swallow(self) -> Reply:
        """The note in escrow falls into the box without a word."""
        if self.answer.state is not State.ESCROW:
            raise ControlError("no note is in escrow")
        self._note("stacked", self.store.drop_into_box())
        self._rest()
        return {}

    def do_odd(
        self,
        table: bool = True,
        escrow: bool = True,
        told: bool = False,
        listed: bool = True,
        closed: bool = True,
    ) -> Reply:
        """Behave as no unit should: refuse the note `table`, or name types that are not `listed` in it; pass over
        `escrow`, or over being `closed` to notes; or tell of a note stacked at RESET."""
        self._table_hidden, self._stacks_unasked, self._tells_after_reset = not table, not escrow, told
        self._unlisted, self._takes_closed = not listed, not closed
        return {}

    def do_busy(self, on: bool = True) -> Reply:
        """Answer BUSY to each poll, whatever goes on inside; a power cut ends it."""
        self._busy = on
        return {}

    def do_speed(self, times: float) -> Reply:
        """Let the mechanics go so many times as fast from now on."""
        if times <= 0:
            raise ControlError("times is above 0")
        self.speed = times
        return {}

    def do_reject_next(self, reason: int = 0x65) -> Reply:
        """Find the next note bad, for this reason code."""
        self._reject_reason = reason
        return {}

    def do_cannot_stack_next(self) -> Reply:
        """Find at the next order to stack that the note does not go into the box, and give it back."""
        self._cannot_stack = True
        return {}

    def do_jam(self, where: str = "entry") -> Reply:
        """A note jams in the `entry` or before the `box`."""
        states = {"entry": State.VALIDATOR_JAMMED, "box": State.CASSETTE_JAMMED}
        if where not in states:
            raise ControlError("where is entry or box")
        return self._break("jam_" + where, PollAnswer(states[where]))

    def do_fail(self, code: int = 0x50) -> Reply:
        """The device fails with this code."""
        return self._break("failure", PollAnswer(State.FAILURE, code))

    def do_pause(self) -> Reply:
        """A second note is pushed in; `clear` is the customer pulling it out again."""
        return self._break("pause", PollAnswer(State.PAUSE))

    def do_cheat(self) -> Reply:
        """A thief pulls the note on its way back out."""
        reply = self._break("cheat", PollAnswer(State.CHEATED))
        if self.store.on_way is not None:
            self._note("fished", self.store.on_way)
            self.store.carry(None)
        return reply

    def do_fill(self) -> Reply:
        """The box is full."""
        return self._break("full", PollAnswer(State.CASSETTE_FULL))

    def do_box_remove(self) -> Reply:
        """The technician pulls the box out."""
        return self._break("box_removed", PollAnswer(State.CASSETTE_OUT))

    def do_box_insert(self) -> Reply:
        """The box is put back; the device starts anew."""
        if self.fault is None or self.fault.state is not State.CASSETTE_OUT:
            raise ControlError("the box is in")
        return self._repaired("box_inserted")

    def do_empty_box(self) -> Reply:
        """Take all notes out of the box; ends a full box."""
        notes = self.store.empty()
        self._note("emptied", sum(value * count for value, count in notes.items()))
        if self.fault is not None and self.fault.state is State.CASSETTE_FULL:
            self._repaired("box_has_room")
        return {"box": notes}

    def do_clear(self) -> Reply:
        """Clear a jam, failure, pause or alarm; a note that was stuck is taken out by hand."""
        fault = self.fault
        if fault is None or fault.state in (State.CASSETTE_OUT, State.CASSETTE_FULL):
            raise ControlError("nothing to clear")
        if fault.state is State.PAUSE:
            self._unpause()
            return {}
        removed = self.store.on_way
        if removed is not None:
            self._note("removed_by_hand", removed)
            self.store.carry(None)
        return self._repaired("cleared") | {"removed_fen": removed or 0}

    def do_power_off(self) -> Reply:
        """Cut the device's power."""
        if not self.powered:
            raise ControlError("has no power")
        self._power_cut()
        return {}

    def do_cut_power_at(self, state: str = "") -> Reply:
        """Cut the power at the moment this state is next reached: `accepting`, `escrow`, `stacking` ...; "" at none."""
        self._cut_at = self._named(state) if state else None
        return {}

    def do_freeze_at(self, state: str) -> Reply:
        """Let the mechanics stand still at the moment this state is next reached, until `go_on`."""
        self._freeze_at = self._named(state)
        return {}

    def do_go_on(self) -> Reply:
        """Let frozen mechanics do what they were about to do."""
        then, self._frozen = self._frozen, None
        if then is None:
            raise ControlError("nothing stands still")
        then()
        return {}

    def do_counter(self, on: bool = True, by: int = 0) -> Reply:
        """Keep a count of stacked notes or refuse to tell it; `by` moves it, as in a unit that was exchanged."""
        self.has_counter = on
        self.store.stacked += by
        self.store.save()
        return {"counter": self.store.stacked}

    def do_renew(self) -> Reply:
        """Put a unit fresh from the factory in its place: no note, no count, no fault, just powered up."""
        self.store = NoteStore(self.store.path)
        self.store.save()
        self.fault = self._freeze_at = self._cut_at = self._reject_reason = None
        self._lost_acks = self._broken_crcs = 0
        self.has_counter = True
        self._busy = self._cannot_stack = False
        self.do_odd()
        self.totals.clear()
        self.log.clear()
        self._power_up()
        return {}

    def do_power_on(self) -> Reply:
        """Give it power again: it tells where it finds a note, and waits for RESET."""
        if self.powered:
            raise ControlError("has power")
        self._power_up()
        return {"state": self._word()}

    def do_drop_ack(self, next: int = 1) -> Reply:  # noqa: A002
        """Lose the host's next acknowledgements on the line."""
        self._lost_acks = next
        return {}

    def do_crc_break(self, next: int = 1) -> Reply:  # noqa: A002
        """Send the next answers with a wrong CRC."""
        self._broken_crcs = next
        return {}

    def do_status(self, log: int = 100) -> Reply:
        """All there is to know, with the last entries of the log and what became of all notes, in fen."""
        values = {note.index: note.value_fen for note in self.notes}
        box = dict(sorted(self.store.box.items()))
        return {
            "state": self._word(),
            "code": self.shown.detail,
            "enabled": sorted(values[index] for index in self.enabled if index in values),
            "box": box,
            "box_fen": sum(value * count for value, count in box.items()),
            "counter": self.store.stacked,
            "on_way_fen": self.store.on_way or 0,
            "held_out": self.held_out,
            "plugged": self.plugged,
            "totals": self.totals,
            "log": list(self.log)[-log:],
        }

    @staticmethod
    def _named(state: str) -> State:
        try:
            return State[state.upper()]
        except KeyError:
            raise ControlError(f"no such state; there are {[each.name.lower() for each in State]}") from None

    def _word(self) -> str:
        return self.shown.state.name.lower() if self.powered else "power_off"

    def _break(self, what: str, fault: PollAnswer) -> Reply:
        """Stop where we stand; only the box can be pulled out of a unit that has stopped already."""
        if self.fault is not None and fault.state is not State.CASSETTE_OUT:
            raise ControlError(f"has stopped already: {self.fault.state.name.lower()}")
        self._note(what)
        self.fault = fault
        if self.powered and not self.starting:
            self._move(self.answer)
        return {}

    def _unpause(self) -> None:
        """Give out the note that was on its way; without one go on as before."""
        self.fault = None
        if self.powered and not self.starting and self.store.on_way is not None:
            self._return()

    def _repaired(self, what: str) -> Reply:
        self._note(what)
        self.fault = None
        if self.powered and self.answer.state not in POWER_UPS:
            self._initialize()
        return {}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal comes."""
    parser = argument_parser("A CCNET note validator on a pty.")
    parser.add_argument("--state", type=Path, help="file that keeps counter, box and a note on its way")
    parser.add_argument("--notes", default=",".join(map(str, YUAN)), help="the note table, in yuan")
    parser.add_argument("--no-counter", action="store_true", help="refuse GET COUNTER OF STACKED BILLS")
    parser.add_argument("--ack-window", type=float, help="seconds after which an ACK comes too late")
    parser.add_argument("--capacity", type=int, default=600, help="notes that the box holds")
    parser.add_argument(
        "--escrow-timeout", type=float, default=ESCROW_TIMEOUT, help="seconds, whatever the speed"
    )
    options = parser.parse_args(arguments)
    validator = CcnetValidator(
        options.speed,
        yuan=[int(value) for value in options.notes.split(",")],
        store=NoteStore.load(options.state),
        has_counter=not options.no_counter,
        ack_window=options.ack_window,
        capacity=options.capacity,
        escrow_timeout=options.escrow_timeout,
    )
    return run(validator, options)


if __name__ == "__main__":
    sys.exit(main())
