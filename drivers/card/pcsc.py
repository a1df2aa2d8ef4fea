"""One card in one PC/SC reader: whether it is there, its power, and commands with a wall-clock deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from drivers.card.apdu import Command, Response, get_response
from drivers.card.atr import Atr
from drivers.card.detached import Detached
from drivers.card.errors import CardGone, CardMute, CardReset
from drivers.card.winscard import Context, Seen
from drivers.errors import DeviceTimeout, ProtocolError, TransportError

__all__ = ["CardGone", "CardMute", "CardReset", "PcscCard"]

T = TypeVar("T")

# pcscd answers these from its memory; only one that stands still takes long.
_ANSWER_S = 2.0
# Power up, answer to reset and agreement on a protocol (ISO 7816-3 allows a slow card almost two seconds).
_CONNECT_S = 5.0
# A command that was given up ends when the reader gives up too; until then the reader cannot be taken again.
_LET_GO_S = 2.0
# pcscd looks at a slot every 0.4 s; so long it may take to tell a card that was pulled from one that fell silent.
_NOTICE_S = 1.0
# Bounds what a card that always has more can make us hold.
_LONGEST = 4096


class PcscCard:
    """The card in the reader of this name, as PC/SC lists it; for one thread at a time.

    Deadlines are `time.monotonic()` instants and are kept within 50 ms though PC/SC's own calls cannot be
    interrupted. Calls raise:

    - CardGone, CardMute, CardReset, ProtocolError: the card; it is disconnected, `connect` starts anew with it;
    - TransportError: the reader was unplugged, pcscd went away or does not run; DeviceTimeout: no answer in time.
      The reader is closed; `open` works again once it is back, and not before the reader gives the last command back;
    - CommandRefused: another program holds the card.
    """

    def __init__(self, reader: str) -> None:
        self.reader = reader
        self._line: _Line | None = None
        self._given_up: _Line | None = None
        self._connected = False

    @property
    def is_open(self) -> bool:
        """Whether the reader is held; one that was unplugged counts as open until the next call."""
        return self._line is not None

    @property
    def connected(self) -> bool:
        """Whether a card was connected and nothing was heard of its end."""
        return self._connected

    def open(self) -> None:
        """Find pcscd and the reader; does nothing when it is open. TransportError when either is not there."""
        if self._line is not None:
            return
        if self._given_up is not None and not self._given_up.ended(_LET_GO_S):
            raise TransportError(f"{self.reader}: the reader has not given an earlier command back")
        self._given_up = None
        self._line = _Line(self.reader)
        self._run(lambda context: context.look(), _ANSWER_S)

    def close(self) -> None:
        """Take the card's power and let go of the reader; safe to call twice.

        Others can take both when it returns, unless pcscd stands still.
        """
        line = self._line
        self._give_up()
        if line is not None:
            line.ended(_ANSWER_S)

    def present(self) -> bool:
        """Whether a card is in the slot now, mute ones too."""
        return self.look().present

    def look(self) -> Seen:
        """Tell what is in the slot, and by its count whether that was changed since it was looked at last."""
        return self._run(lambda context: context.look(), _ANSWER_S)

    def connect(self) -> Atr:
        """Power the card up, anew if it is connected, and keep every other program from it.

        Opens the reader first where an error has closed it.
        """
        self.open()
        self._connected = False
        raw = self._run(_connect, _CONNECT_S)
        self._connected = True
        return Atr(raw)

    def disconnect(self, power_off: bool = True) -> None:
        """Give the card free, as a rule without power so that it forgets who was admitted; safe to call twice."""
        self._connected = False
        if self._line is not None:
            self._run(lambda context: context.disconnect(power_off=power_off), _ANSWER_S)

    def exchange(self, command: Command, deadline: float) -> Response:
        """Send one command and give the whole response: 61xx is fetched, 6Cxx is asked again with the right length.

        A response with another status word than 9000 is a response. After CardGone, CardMute and DeviceTimeout it is
        not known whether the card has obeyed.
        """
        if not self._connected:
            raise CardReset(f"{self.reader}: not connected")
        return self._run(lambda context: _exchange(context, command, deadline), deadline - time.monotonic())

    def _run(self, act: Callable[[Context], T], patience_s: float) -> T:
        if self._line is None:
            raise TransportError(f"{self.reader}: not open")
        try:
            return self._line.run(act, time.monotonic() + patience_s)
        except DeviceTimeout as error:
            self._give_up()
            raise DeviceTimeout(f"{self.reader}: {error}") from error
        except TransportError:
            self._give_up()
            raise
        except (CardGone, CardMute, CardReset, ProtocolError):
            self._connected = False
            raise

    def _give_up(self) -> None:
        """Close the reader without waiting for a call that hangs in it."""
        line, self._line = self._line, None
        self._connected = False
        if line is not None:
            line.let_go()
            self._given_up = line


class _Line:
    """A thread with its conversation with pcscd; both end together."""

    def __init__(self, reader: str) -> None:
        self._reader = reader
        self._context: Context | None = None
        self._hand = Detached(f"pcsc {reader}")
        self.ended = self._hand.ended

    def run(self, act: Callable[[Context], T], deadline: float) -> T:
        return self._hand.run(lambda: act(self._held()), deadline)

    def let_go(self) -> None:
        self._hand.let_go(self._release)

    def _held(self) -> Context:
        if self._context is None:
            self._context = Context(self._reader)
        return self._context

    def _release(self) -> None:
        if self._context is not None:
            self._context.release()


# What follows runs in the line's thread.


def _connect(context: Context) -> bytes:
    context.disconnect(power_off=True)
    try:
        return context.connect()
    except (CardGone, CardMute, CardReset):
        context.disconnect(power_off=True)
        raise


def _exchange(context: Context, command: Command, deadline: float) -> Response:
    try:
        response = _send(context, command, deadline)
        data = response.data
        while (waiting := response.waiting) is not None:
            response = _send(context, get_response(waiting), deadline)
            data += response.data
            if len(data) > _LONGEST:
                raise ProtocolError(f"the card has more than {_LONGEST} bytes for one command")
    except (CardGone, CardMute, CardReset, ProtocolError):
        # Also where it was only lifted for a moment: pcscd may not have seen that, and the card has no power.
        context.disconnect(power_off=True)
        raise
    return Response(data, response.sw)


def _send(context: Context, command: Command, deadline: float) -> Response:
    response = _once(context, command, deadline)
    right = response.right_le
    if right is not None and command.le is not None:
        response = _once(context, command.with_le(right), deadline)
    return response


def _once(context: Context, command: Command, deadline: float) -> Response:
    if time.monotonic() >= deadline:
        raise DeviceTimeout("the card took longer than the deadline")
    try:
        raw = context.transmit(command.encode(t0=context.t0))
    except CardMute as error:
        raise _why(context, deadline, str(error)) from error
    if len(raw) < 2:
        raise _why(context, deadline, f"an answer of {len(raw)} bytes")
    return Response.decode(raw)


def _why(context: Context, deadline: float, told: str) -> CardGone | CardMute:
    """Whether a card that broke off was pulled or fell silent."""
    seen = before = context.connected_at
    until = min(deadline, time.monotonic() + _NOTICE_S)
    while seen.present and seen.events == before.events:
        left = until - time.monotonic()
        now = context.look_again(seen, left) if left > 0 else None
        if now is None:
            return CardMute(told)
        seen = now
    return CardGone(f"the card was pulled ({told})")
