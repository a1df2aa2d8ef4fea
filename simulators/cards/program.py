"""A card as a program in a virtual slot, with all that people, readers and mains do to it over its control socket.

    python -m simulators.cards.program --port PORT --control SOCKET --card FILE [--speed N] [--inserted]

FILE holds the card's memory (`simulators.cards.store`); `--profile` and `--serial` make a blank one where there is
none, with `--sam` a SAM, `--pan` a bank's card. It prints `ready` when the socket listens. SIGTERM and SIGINT end it
cleanly.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from drivers.security.bench_keys import card_keys
from simulators.cards import store
from simulators.cards.bank_card import TROUBLES, BankCard, BankState
from simulators.cards.card import Cut, SimulatedCard
from simulators.cards.sam_card import SamCard, bench_sam
from simulators.cards.seat import Fault, Seat
from simulators.cards.strange import StrangeCard
from simulators.cards.user_card import TRIES, CardState, UserCard, blank
from simulators.control import ControlError, Reply, controlled

_SEEN_S = 2.0


class CardEnd:
    """One card of a kind, in the slot or out of it; `path` is the memory of the one that is meant."""

    def __init__(self, port: int, path: Path, speed: float = 1.0) -> None:
        self._path = path
        self._kept: dict[str, Any] = {}
        self._seat = Seat(port, speed, self._keep)

    # What a customer does.

    async def do_insert(self, card: str | None = None, kind: str | None = None) -> Reply:
        """Put a card in: the same again, the one in the file `card`, or one of a strange `kind` (`strange.py`).

        Answers when the reader has powered it up, or with `powered` false where there is no reader.
        """
        if self._seat.inserted:
            raise ControlError("a card is in the slot")
        if card is not None:
            self._path = Path(card)
        chip: SimulatedCard = StrangeCard(kind) if kind else store.load(self._path)
        self._kept = {}
        return {"powered": await self._seat.insert(chip, _SEEN_S)}

    async def do_pull(
        self, at: int | None = None, cut: str = "before", torn: int | None = None, stay: bool = False
    ) -> Reply:
        """Pull the card: now, or at the `at`-th command from now (1 is the next): before, half through, or after it.

        `torn` is how many bytes of a write get through with `half`. A card that is to `stay` loses its contacts only
        for a moment.
        """
        if at is not None:
            if at < 1:
                raise ControlError("the next command is number 1")
            self._seat.fault = Fault(self._seat.commands + at, Cut(cut), torn, stay)
        elif not self._seat.inserted:
            raise ControlError("no card is in the slot")
        else:
            await self._seat.pull()
        return {}

    def do_calm(self) -> Reply:
        """Take back what was ordered for later commands: pull, silence, delay."""
        self._seat.fault, self._seat.late = None, (0, 0.0)
        self._seat.silence(None)
        return {}

    # What is wrong with a card.

    def do_silence(self, on: bool = True, after: int = 0) -> Reply:
        """Neither obey nor answer any command, or only so many more; the one that waits is obeyed when it ends."""
        self._seat.silence(after if on else None)
        return {}

    def do_delay_answer(self, ms: float, next: int = 1) -> Reply:  # noqa: A002 - the word of the control protocol
        """Obey each of the next commands at once and answer so much later, whatever the speed."""
        self._seat.late = (next, ms / 1000)
        return {}

    def do_wear(self, writes: int = 0) -> Reply:
        """Take so many writes more, then answer 6581."""
        return self._change(writes_left=writes)

    def do_lock(self, on: bool = True) -> Reply:
        """Lock the key that lets the kiosk in, or unlock it as the utility's own desk can."""
        return self._change(tries_left=0 if on else TRIES)

    def do_unissue(self) -> Reply:
        """Be a card on which no files were made yet."""
        return self._change(issued=False)

    def do_rekey(self, profile: str = "of somebody else") -> Reply:
        """Hold the keys of other masters: the bench's for another profile."""
        state = self._user().state
        return self._change(keys=blank(state.profile, state.serial.hex(), card_keys(profile)).keys)

    def do_put(self, sfi: int, hex: str, offset: int = 0) -> Reply:  # noqa: A002
        """Change bytes of a file behind everybody's back."""
        state, data = self._user().state, bytes.fromhex(hex)
        old = state.files[sfi]
        if offset + len(data) > len(old):
            raise ControlError(f"file {sfi} has {len(old)} bytes")
        return self._change(files={**state.files, sfi: old[:offset] + data + old[offset + len(data) :]})

    def do_issue(self, card: str, profile: str, serial: str) -> Reply:
        """Make a blank card with the bench's keys in another file; `insert` puts it in."""
        store.save(Path(card), UserCard(blank(profile, serial)))
        return {}

    def do_issue_bank_card(self, card: str, pan: str, **face: str) -> Reply:
        """Make a bank's card in another file, with its number and `expiry`, `sequence`, `label`, `trouble`."""
        store.save(Path(card), BankCard(BankState(pan, **face)))
        return {}

    def do_trouble(self, kind: str = "") -> Reply:
        """Let the bank's card be wrong or strange in this way from its next command on; "" ends it."""
        chip = self._chip()
        if not isinstance(chip, BankCard):
            raise ControlError("this is not a bank's card")
        if kind not in TROUBLES:
            raise ControlError(f"there are {', '.join(TROUBLES[1:])}")
        chip.state.trouble = kind
        store.save(self._path, chip)
        return {}

    def do_renew(self, serial: str | None = None) -> Reply:
        """Become a blank card where it stands, with its own serial or another; quicker than to pull and to insert."""
        card = self._user()
        fresh = blank(card.state.profile, serial or card.state.serial.hex())
        return self._change(**{name: getattr(fresh, name) for name in CardState.__slots__})

    def do_status(self) -> Reply:
        """What stands in the slot: memory, counters, and the last commands with their status words."""
        chip = self._chip()
        memory: dict[str, Any] = {}
        if isinstance(chip, store.KeptCard):
            memory = {key: value for key, value in chip.state.kept().items() if key not in _SECRET}
        return {**self._seat.status(), **(chip.status() if chip else {}), **memory, "card": str(self._path)}

    # The program.

    async def serve(self, control: Path, *, inserted: bool) -> None:
        """Run until SIGTERM or SIGINT."""
        async with controlled(self, control) as stop:
            if inserted:
                await self._seat.insert(store.load(self._path))
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            try:
                await stop.wait()
            finally:
                await self.close()

    async def close(self) -> None:
        """Take the card out for good."""
        await self._seat.close()

    def _user(self) -> UserCard:
        chip = self._chip()
        if not isinstance(chip, UserCard):
            raise ControlError("this is not a user card")
        return chip

    def _chip(self) -> SimulatedCard | None:
        return self._seat.chip if self._seat.inserted else store.load(self._path)

    def _change(self, **memory: object) -> Reply:
        card = self._user()
        for name, value in memory.items():
            setattr(card.state, name, value)
        store.save(self._path, card)
        return {}

    def _keep(self, chip: SimulatedCard) -> None:
        if isinstance(chip, store.KeptCard) and chip.state.kept() != self._kept:
            self._kept = chip.state.kept()
            store.save(self._path, chip)


def _made(options: argparse.Namespace) -> store.KeptCard:
    if options.pan:
        return BankCard(BankState(options.pan))
    if options.sam:
        return SamCard(bench_sam(options.serial, options.profile, options.terminal))
    return UserCard(blank(options.profile[0], options.serial))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="the virtual slot's port on loopback")
    parser.add_argument("--control", type=Path, required=True, help="path of the control socket")
    parser.add_argument("--card", type=Path, required=True, help="file with the card's memory")
    parser.add_argument(
        "--speed", type=float, default=1.0, help="divides the card's own time, never deadlines"
    )
    parser.add_argument("--inserted", action="store_true", help="put the card in at once")
    parser.add_argument("--profile", action="append", default=[], help="of a new card; several for a SAM")
    parser.add_argument("--serial", default="", help="of a new card, in hex")
    parser.add_argument("--sam", action="store_true", help="the new card is a SAM")
    parser.add_argument("--pan", default="", help="the new card is a bank's, with this number")
    parser.add_argument("--terminal", help="whose master key the new SAM holds; none is loaded without it")
    options = parser.parse_args(argv)
    if not options.card.exists():
        if not options.pan and (not options.serial or not (options.profile or options.sam)):
            parser.error(f"no card in {options.card}: --profile and --serial make one, or --pan")
        store.save(options.card, _made(options))
    asyncio.run(
        CardEnd(options.port, options.card, options.speed).serve(options.control, inserted=options.inserted)
    )
    return 0


_SECRET = frozenset({"keys", "slots", "pin", "note"})

if __name__ == "__main__":
    sys.exit(main())
