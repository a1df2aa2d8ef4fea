"""A prepaid meter: reads and writes a card through its commands only, and keeps what it was paid."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from drivers.card.apdu import Command, Response
from drivers.card.errors import CardGone, CardMute, CardReset
from drivers.errors import DriverError
from drivers.meter_card.codes import Value
from drivers.meter_card.file_codec import number, text
from drivers.meter_card.layout import Layout, LayoutError
from drivers.meter_card.model import FileData
from drivers.meter_card.profile import PARAMETER, WALLET, WRITE_BACK
from drivers.security.model import CardKeys, SecurityModule
from simulators.meter_rules import CardKind, CardSeen, MeterError, MeterState, Verdict, judge, taken

__all__ = ["Meter", "Shown"]

Exchange = Callable[[Command], Response]

# Bits of the update flag that only an opening card may set: the others change no more than the next set of tariffs.
_ONLY_OPENING = 0x85
_PARAMETERS = 0x80
_TARIFFS = {"tariff": 0x05, "tariff_next": 0x0A}
_SWITCH_AT = 0x02

_ILLEGAL = frozenset(
    {
        MeterError.NOT_GENUINE,
        MeterError.REFUSED_BY_CARD,
        MeterError.UNISSUED,
        MeterError.CARD_TYPE,
        MeterError.METER_NO,
        MeterError.CUSTOMER_NO,
        MeterError.SERIAL,
    }
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What came of one insertion; `error` is None when the meter is content."""

    error: MeterError | None
    credited_fen: int = 0
    wrote_back: bool = False


class _Stop(Exception):  # noqa: N818 - a meter's word, not a failure of the program
    def __init__(self, error: MeterError) -> None:
        super().__init__(error.name)
        self.error = error


class Meter:
    """One meter; `state` is its memory. `esam` is its security module, which knows the cards' keys.

    No clock, no wire, no thread: `take` is given the time, and a way to the card.
    """

    def __init__(
        self,
        state: MeterState,
        layout: Layout,
        esam: SecurityModule,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.state = state
        self._layout = layout
        self._esam = esam
        self._random = random

    def use(self, fen: int) -> None:
        """Take electricity for this much; the relay is somebody else's business."""
        self.state = replace(self.state, balance_fen=self.state.balance_fen - fen)

    def take(self, exchange: Exchange, now: str = "") -> Shown:
        """Work on the card that was just powered up; `exchange` raises CardGone once it is pulled.

        `now` is YYYY-MM-DDThh:mm. The card is read whole before anything changes; what is credited stays credited
        when the card is pulled before its write-back file is written.
        """
        visit = _Visit(exchange, self._layout, self._esam, self._random)
        before = self.state
        wrote = False
        try:
            verdict = self._judged(visit)
            if verdict.write_back:
                visit.write_back(self._write_back(now))
                wrote = True
            error = verdict.error
        except _Stop as stop:
            error = stop.error
        except DriverError:  # the card's own were told by the visit
            error = MeterError.ESAM_ACCESS
        if error in _ILLEGAL:
            self.state = replace(self.state, illegal_cards=self.state.illegal_cards + 1)
        return Shown(error, self.state.credited_fen - before.credited_fen, wrote)

    def _judged(self, visit: _Visit) -> Verdict:
        """Read the card and let it count."""
        holder = visit.holder()
        seen = visit.seen(holder)
        verdict = judge(self.state, seen)
        flag = number(holder, "update_flag") if verdict.parameters else 0
        if seen.kind is not CardKind.OPENING:
            flag &= ~_ONLY_OPENING
        tariffs = tuple((file, visit.file(file)) for file, bits in _TARIFFS.items() if flag & bits)
        self.state = _with_parameters(taken(self.state, seen, verdict), holder, flag, tariffs)
        return verdict

    def _write_back(self, now: str) -> bytes:
        state = self.state
        return self._layout.encode(
            WRITE_BACK,
            {
                "user_type": state.user_type,
                "ct_ratio": state.ct_ratio,
                "pt_ratio": state.pt_ratio,
                "meter_no": state.meter_no,
                "customer_no": state.customer_no or "0" * 12,
                "remaining_fen": max(state.balance_fen, 0),
                "count": state.count,
                "overdraft_fen": max(-state.balance_fen, 0),
                "illegal_cards": state.illegal_cards,
                "written_at": now,
            },
        )


class _Visit:
    """One card in the meter's slot, from its reset to its removal."""

    def __init__(
        self, exchange: Exchange, layout: Layout, esam: SecurityModule, random: Callable[[int], bytes]
    ) -> None:
        self._exchange = exchange
        self._layout = layout
        self._esam = esam
        self._random = random
        self._serial = ""

    def holder(self) -> Mapping[str, Value]:
        """Learn the card's serial, prove it, be let in by it, and give its parameter file."""
        facts = self._layout.profile.card
        self._do(Command(0x00, 0xA4, 0x00, 0x00, b"\x3f\x00"), MeterError.COMMUNICATION)
        read = Command(0x00, 0xB0, facts.serial_p1, facts.serial_offset, le=facts.serial_length)
        serial = self._do(read, MeterError.COMMUNICATION)
        if len(serial) != facts.serial_length:
            raise _Stop(MeterError.COMMUNICATION)
        self._serial = serial.hex().upper()
        self._do(Command(0x00, 0xA4, 0x00, 0x00, facts.application), MeterError.COMMUNICATION)
        # An unissued card has neither files nor keys, and tells so at its first file.
        parameter = self.file(PARAMETER)
        challenge = self._random(8)
        prove = Command(0x00, 0x88, 0x00, facts.internal_key, challenge, le=8)
        answer = self._do(prove, MeterError.NOT_GENUINE)
        if not self._esam.genuine(self._keys, challenge, answer):
            raise _Stop(MeterError.NOT_GENUINE)
        cryptogram = self._esam.authenticate(self._keys, self._challenge(8))
        let_in = Command(0x00, 0x82, 0x00, facts.external_key, cryptogram)
        self._do(let_in, MeterError.REFUSED_BY_CARD)
        try:
            return self._layout.decode(PARAMETER, parameter)
        except LayoutError as error:
            raise _Stop(MeterError.CARD_TYPE if error.field == "command" else MeterError.FORMAT) from error

    def seen(self, holder: Mapping[str, Value]) -> CardSeen:
        """Read what else the rules ask for."""
        wallet, back = self.file(WALLET), self.file(WRITE_BACK)
        values = self._layout.decode(WALLET, wallet)
        return CardSeen(
            serial=self._serial,
            kind=self._kind(number(holder, "card_type")),
            meter_no=text(holder, "meter_no"),
            customer_no=text(holder, "customer_no"),
            amount_fen=number(values, "amount_fen"),
            count=number(values, "count"),
            empty=self._layout.is_empty(back),
        )

    def file(self, name: str) -> bytes:
        """Read one file whole."""
        data = b"".join(self._do(read, MeterError.COMMUNICATION) for read in self._layout.reads(name))
        if len(data) != self._layout.file(name).length:
            raise _Stop(MeterError.FORMAT)
        return data

    def write_back(self, data: bytes) -> None:
        """Write the write-back file."""
        for update in self._layout.updates(FileData(WRITE_BACK, data)):
            mac = self._esam.mac(self._keys, self._challenge(4), update.message)
            self._do(update.command(mac), MeterError.MAC)

    def _challenge(self, length: int) -> bytes:
        challenge = self._do(Command(0x00, 0x84, 0x00, 0x00, le=length), MeterError.REFUSED_BY_CARD)
        if len(challenge) != length:
            raise _Stop(MeterError.COMMUNICATION)
        return challenge

    @property
    def _keys(self) -> CardKeys:
        return CardKeys(self._layout.profile.name, self._serial)

    def _kind(self, card_type: int) -> CardKind | None:
        types = self._layout.profile.card_types
        return next((kind for kind in CardKind if types[kind] == card_type), None)

    def _do(self, command: Command, otherwise: MeterError) -> bytes:
        try:
            response = self._exchange(command)
        except (CardGone, CardReset) as error:
            raise _Stop(MeterError.PULLED) from error
        except CardMute as error:
            raise _Stop(MeterError.CARD_RESET) from error
        except DriverError as error:
            raise _Stop(MeterError.COMMUNICATION) from error
        if response.ok:
            return response.data
        raise _Stop(MeterError.UNISSUED if response.word == "unissued" else otherwise)


def _with_parameters(
    state: MeterState, holder: Mapping[str, Value], flag: int, tariffs: tuple[tuple[str, bytes], ...]
) -> MeterState:
    """The state with what the update flag asks for taken from the card."""
    if flag & _PARAMETERS:
        state = replace(
            state,
            user_type=number(holder, "user_type"),
            alarm1_fen=number(holder, "alarm1_fen"),
            alarm2_fen=number(holder, "alarm2_fen"),
            ct_ratio=number(holder, "ct_ratio"),
            pt_ratio=number(holder, "pt_ratio"),
        )
    if flag & _SWITCH_AT:
        state = replace(state, switch_at=text(holder, "switch_at"))
    if tariffs:
        state = replace(state, tariffs=tuple({**dict(state.tariffs), **dict(tariffs)}.items()))
    return state
