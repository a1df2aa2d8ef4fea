"""A bank's chip card in a PC/SC reader: noticed, read as far as its face, and told from every card that is none."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from drivers.card import emv
from drivers.card.apdu import Command, Response
from drivers.card.atr import Atr
from drivers.card.emv import Candidate
from drivers.card.errors import CardGone, CardMute, CardReset
from drivers.card.winscard import Seen
from drivers.errors import CommandRefused, DeviceTimeout, DriverError, ProtocolError, TransportError
from drivers.status import DeviceHealth, DeviceStatus, ErrorAction

__all__ = ["BankCardCode", "BankCardError", "BankCardFace", "BankCardReader"]

COMMAND_S = 3.0
SETTLE_S = 1.5
_LOOK_EVERY = 0.05
# Book 1, 12.3.2 and 12.3.3; Book 3, 6.5.8.5.
_CARD_BLOCKED, _APPLICATION_BLOCKED = 0x6A81, 0x6283
_OVER = frozenset({0x6A82, 0x6A83})
_NOT_WITH_THIS = 0x6985
_MOST_ENTRIES = 10


class BankCardCode(StrEnum):
    """Why a card was not read."""

    PULLED = "pulled"
    """No card, or no card any more."""
    WRONG_WAY = "wrong_way"
    """It does not answer its reset: most likely in the wrong way round, else without a chip or broken."""
    MUTE = "mute"
    """It answered its reset and then fell silent."""
    NOT_A_BANK_CARD = "not_a_bank_card"
    """It answers and knows nothing of the payment systems: a meter card, say."""
    NO_APPLICATION = "no_application"
    """A bank's card, with no application that we take."""
    BLOCKED = "blocked"
    """Its issuer has blocked it, or the application."""
    UNREADABLE = "unreadable"
    """What it says breaks the rules for such cards."""
    READER_GONE = "reader_gone"
    """Not the card but its reader: unplugged, held by another program, or pcscd went away."""


class BankCardError(DriverError):
    """A card that was not read, and why: `code` is the stable word."""

    def __init__(self, code: BankCardCode, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code


@dataclass(frozen=True, slots=True)
class BankCardFace:
    """What is read of a card. Its repr tells first six and last four digits; `expiry` is YYMM, `sequence` 3 digits."""

    pan: str = field(repr=False)
    expiry: str = field(repr=False)
    sequence: str = field(repr=False)
    track2: str = field(repr=False)
    label: str
    masked: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "masked", f"{self.pan[:6]}{'*' * (len(self.pan) - 10)}{self.pan[-4:]}")

    @property
    def prefix(self) -> str:
        """The first six digits: which bank's card it is."""
        return self.pan[:6]

    @property
    def length(self) -> int:
        """How many digits the number has."""
        return len(self.pan)


class ChipPort(Protocol):
    """What a reader with a card has to do; `drivers.card.pcsc.PcscCard` does."""

    def open(self) -> None: ...

    def close(self) -> None: ...

    def look(self) -> Seen: ...

    def connect(self) -> Atr: ...

    def disconnect(self, power_off: bool = True) -> None: ...

    def exchange(self, command: Command, deadline: float) -> Response: ...


class BankCardReader:
    """One slot; for one thread. `accepted` are the beginnings of the applications' names that we take.

    `open` and `poll` raise as the port does, `read` raises BankCardError alone. Deadlines are `time.monotonic()`
    instants; beside them `command_s` bounds each command of a card, and `settle_s` is how long a card that was brought
    just now may take to be noticed or to answer its reset.
    """

    def __init__(
        self,
        port: ChipPort,
        *,
        accepted: Iterable[bytes] = (emv.UNION_PAY,),
        command_s: float = COMMAND_S,
        settle_s: float = SETTLE_S,
    ) -> None:
        self._port = port
        self._accepted = tuple(accepted)
        self._command_s = command_s
        self._settle_s = settle_s
        self._present: bool | None = None
        self._events = 0
        self._health = DeviceHealth(DeviceStatus.NO_DEVICE, "no_device", detail="not opened yet")

    def open(self) -> None:
        """Take the reader; what it told before is forgotten."""
        self._present = None
        with self._judged():
            self._port.open()

    def close(self) -> None:
        """Let go of card and reader; safe to call twice."""
        self._port.close()

    def health(self) -> DeviceHealth:
        """The state as of the last call: the reader's, not that of the cards that customers bring."""
        return self._health

    def poll(self) -> bool | None:
        """Look into the slot: whether a card is there where that is news, None where it is not.

        A card that was changed for another is told as absent first.
        """
        with self._judged():
            seen = self._port.look()
        swapped = bool(self._present) and seen.events != self._events
        now = seen.present and not swapped
        self._events = seen.events
        if now is self._present:
            return None
        self._present = now
        return now

    def read(self, deadline: float) -> BankCardFace:
        """Power the card up and read its face; the card has no power afterwards."""
        powered = False
        try:
            with self._judged():
                self._connect(min(deadline, time.monotonic() + self._settle_s))
                powered = True
                return _Reading(self._port, self._accepted, deadline, self._command_s).face()
        except DriverError as error:
            raise _told(error, powered=powered) from error
        finally:
            self._let_go()

    def _connect(self, until: float) -> None:
        """Power it up; what the reader still takes for the card before, it is asked for again."""
        while True:
            try:
                self._port.connect()
            except (CardGone, CardMute, CardReset) as error:
                if time.monotonic() >= until:
                    if isinstance(error, CardGone):
                        raise
                    raise BankCardError(BankCardCode.WRONG_WAY, str(error)) from error
            else:
                return
            time.sleep(_LOOK_EVERY)

    def _let_go(self) -> None:
        with contextlib.suppress(DriverError):
            self._port.disconnect(power_off=True)

    @contextlib.contextmanager
    def _judged(self) -> Iterator[None]:
        """Make the reader's health of how a call ends; a card's own trouble is none of its reader's."""
        try:
            yield
        except (TransportError, CommandRefused) as error:
            self._health = DeviceHealth(
                DeviceStatus.NO_DEVICE, "no_device", ErrorAction.MAINTENANCE, detail=str(error)[:200]
            )
            raise
        except DeviceTimeout as error:
            self._health = DeviceHealth(
                DeviceStatus.OFFLINE, "offline", ErrorAction.MAINTENANCE, detail=str(error)[:200]
            )
            raise
        except DriverError:
            self._health = DeviceHealth(DeviceStatus.ONLINE)
            raise
        self._health = DeviceHealth(DeviceStatus.ONLINE)


def _told(error: DriverError, *, powered: bool) -> BankCardError:
    match error:
        case BankCardError():
            return error
        case DeviceTimeout() if powered:
            return BankCardError(BankCardCode.MUTE, str(error))
        case CardGone():
            return BankCardError(BankCardCode.PULLED, str(error))
        case CardMute() | CardReset():
            return BankCardError(BankCardCode.MUTE, str(error))
        case ProtocolError():
            # Its text may carry bytes of the card.
            return BankCardError(BankCardCode.UNREADABLE, str(error).partition(":")[0])
    return BankCardError(BankCardCode.READER_GONE, str(error))


class _Reading:
    """One card that has power, on its way to its face."""

    def __init__(
        self, port: ChipPort, accepted: tuple[bytes, ...], deadline: float, command_s: float
    ) -> None:
        self._port = port
        self._accepted = accepted
        self._deadline = deadline
        self._command_s = command_s
        self._of_a_bank = self._blocked = False

    def face(self) -> BankCardFace:
        for candidate in self._candidates():
            answer = self._select(candidate.name)
            if answer is None:
                continue
            application = emv.selected(answer)
            options = self._ask(emv.processing_options(application.wants))
            if options.sw == _NOT_WITH_THIS:
                continue
            places = emv.records(_granted(options))
            face = emv.face([_granted(self._ask(emv.read_record(*place))) for place in places])
            label = candidate.label or application.label
            sequence = face.sequence and face.sequence.zfill(3)
            return BankCardFace(face.pan, face.expiry, sequence, face.track2, label)
        if self._blocked:
            raise BankCardError(BankCardCode.BLOCKED, "its application is blocked")
        if self._of_a_bank:
            raise BankCardError(BankCardCode.NO_APPLICATION, "none of its applications is taken")
        raise BankCardError(BankCardCode.NOT_A_BANK_CARD, "it names no application of the payment systems")

    def _candidates(self) -> tuple[Candidate, ...]:
        """By the card's directory, or else by trying each name (Book 1, 12.3)."""
        named: list[Candidate] = []
        if (fci := self._select(emv.CONTACT_DIRECTORY)) is not None:
            sfi = emv.directory_file(fci)
            for number in range(1, _MOST_ENTRIES + 1):
                record = self._ask(emv.read_record(sfi, number))
                if record.sw in _OVER:
                    break
                named += emv.directory_record(_granted(record))
        elif (fci := self._select(emv.NEAR_DIRECTORY)) is not None:
            named += emv.near_directory(fci)
        self._of_a_bank = self._of_a_bank or fci is not None
        return emv.chosen(named, self._accepted) or self._by_name()

    def _by_name(self) -> tuple[Candidate, ...]:
        found: list[Candidate] = []
        for name in self._accepted:
            answer = self._select(name)
            for _ in range(_MOST_ENTRIES):
                if answer is None:
                    break
                application = emv.selected(answer)
                found.append(Candidate(application.name, application.label, application.priority))
                answer = self._select(name, following=True)
        return emv.chosen(dict.fromkeys(found), self._accepted)

    def _select(self, name: bytes, *, following: bool = False) -> bytes | None:
        """What the application or directory says of itself; None where there is none, or it is blocked."""
        answer = self._ask(emv.select(name, following=following))
        if answer.ok:
            return answer.data
        if answer.sw == _CARD_BLOCKED:
            raise BankCardError(BankCardCode.BLOCKED, "the card is blocked")
        if answer.sw == _APPLICATION_BLOCKED:
            self._of_a_bank = True
            self._blocked = self._blocked or name not in (emv.CONTACT_DIRECTORY, emv.NEAR_DIRECTORY)
        return None

    def _ask(self, command: Command) -> Response:
        return self._port.exchange(command, min(self._deadline, time.monotonic() + self._command_s))


def _granted(answer: Response) -> bytes:
    if not answer.ok:
        raise ProtocolError(f"a card that says {answer.sw:04X}")
    return answer.data
