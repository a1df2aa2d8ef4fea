"""The terminal box: in step before each request, and money asked for again only when it was not taken for certain."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager

from drivers.eft.codec import NOBODY, Body, Reply, Request
from drivers.eft.line import EftLine, EftSettings, Unheard
from drivers.eft.model import EftKind, EftReport, EftResult, EftState, EftTotals, NotTaken
from drivers.errors import CommandRefused, DeviceTimeout, DriverError, ProtocolError
from drivers.status import DeviceHealth, DeviceStatus, ErrorAction
from drivers.transport import SerialTransport

__all__ = ["EftBox", "EftSettings"]

NO_DEVICE = DeviceHealth(DeviceStatus.NO_DEVICE, "no_device", ErrorAction.MAINTENANCE)
_HEALTH = {
    EftState.IDLE: DeviceHealth(DeviceStatus.ONLINE),
    EftState.BUSY: DeviceHealth(DeviceStatus.DEVICE_BUSY, "busy"),
    EftState.NOT_SIGNED_ON: DeviceHealth(DeviceStatus.OFFLINE, "not_signed_on", ErrorAction.RESET),
}


class EftBox:
    """`EftTerminal` over the framed protocol; see there for each call's contract. For one thread."""

    def __init__(self, transport: SerialTransport, settings: EftSettings | None = None) -> None:
        self.settings = settings or EftSettings()
        self._line = EftLine(transport, self.settings)
        self._health = _offline("not asked yet")

    def open(self) -> None:
        """Open the line; sends nothing."""
        self._line.transport.open()
        self._health = _offline("not asked yet")

    def close(self) -> None:
        """Close the line; safe to call twice."""
        self._line.transport.close()

    def health(self) -> DeviceHealth:
        """The state as of the last call; no_device while the line is gone."""
        return self._health if self._line.transport.is_open else NO_DEVICE

    def status(self) -> EftReport:
        """Ask the box how it is; never moves money."""
        with self._felt():
            reply = self._mark()
            return self._report(reply)

    def sign_on(self) -> str:
        """Let the box sign on at its bank; the response code, "00" when it has."""
        with self._felt():
            request = self._request(self.settings.letters.sign_on, _fresh())
            return self._line.ask(request, _within(self.settings.sign_on)).code

    def sale(self, reference: str, amount_fen: int) -> EftResult:
        """Take money from a card. NotTaken: nothing was begun; any other DriverError: the outcome is unknown.

        ValueError for a reference that is not 18 digits, or an amount that is none.
        """
        request = self._request(self.settings.letters.sale, reference, amount_fen)
        return self._moved(request, EftKind.SALE, self.settings.sale)

    def void(self, trace: str, reference: str, amount_fen: int) -> EftResult:
        """Give a sale of the open batch back; errors as of `sale`."""
        if not trace:
            raise ValueError("a sale is voided by its number")
        request = self._request(self.settings.letters.void, reference, amount_fen, trace)
        return self._moved(request, EftKind.VOID, self.settings.void)

    def last_result(self) -> EftResult | None:
        """Tell the box's last transaction; CommandRefused while it is at one."""
        with self._felt():
            if self._report(self._mark()).state is EftState.BUSY:
                raise CommandRefused("the box is at a transaction")
            return self._last()

    def settle(self) -> EftTotals:
        """Close the batch; CommandRefused names the code with which the bank does not.

        NotTaken as of `sale`; after any other error the batch may be closed.
        """
        request = self._request(self.settings.letters.settlement, _fresh())
        with self._felt():
            batch = self._free().batch
            try:
                reply = self._line.say(request, _within(self.settings.settlement))
            except Unheard:
                reply = self._mark(request)
                if reply.type != request.type:
                    self._not_settled(batch, self._report(reply))
            if not isinstance(reply.body, EftTotals):
                raise CommandRefused(f"the box does not settle: {reply.code}")
            return reply.body

    @staticmethod
    def _not_settled(before: str, now: EftReport) -> None:
        if now.batch == before and now.state is not EftState.BUSY:
            raise NotTaken("the box did not take the settlement")
        raise ProtocolError("the batch was closed and its totals were not heard")

    def _moved(self, request: Request, kind: EftKind, seconds: float) -> EftResult:
        """See a request through that moves money."""
        if request.subscriber == NOBODY or request.amount_fen < 1:
            raise ValueError("money is moved under a reference, and at least 1 fen of it")
        with self._felt():
            self._free()
            deadline = _within(seconds)
            for _ in range(1 + self.settings.repeats):
                try:
                    result = self._line.say(request, deadline).body
                except Unheard:
                    result = self._looked_for(request, kind, deadline)
                if result is not None:
                    return _checked(result, request, kind)
            raise NotTaken("the box does not take the request")

    def _free(self) -> EftReport:
        """What a box says of itself that can take a request; NotTaken from any that cannot, or that says nothing."""
        try:
            report = self._report(self._mark())
        except DriverError as error:
            raise NotTaken(f"nothing was asked: {error}") from error
        if report.state is EftState.BUSY:
            raise NotTaken("the box is at a transaction")
        return report

    def _looked_for(self, request: Request, kind: EftKind, deadline: float) -> Body:
        """What became of a request that was not acknowledged; None when it was not taken, for certain.

        A NAK may be an ACK that was spoilt on the line, so it says nothing alone. Once the box has answered a
        question that was put after the request, is at nothing, and its last transaction is another one, the request
        was not taken.
        """
        reply = self._mark(request)
        if reply.type != request.type and self._report(reply).state is EftState.BUSY:
            reply = self._line.hear((request,), deadline)
        if reply.type == request.type:
            return reply.body
        last = self._last()
        found = last is not None and last.is_of(kind, request.subscriber, request.amount_fen)
        return last if found else None

    def _mark(self, *also: Request) -> Reply:
        """Ask for the status with a number of its own: once it is answered, nothing older can come."""
        request = self._request(self.settings.letters.status, _fresh())
        return self._line.ask(request, _within(self.settings.status), *also)

    def _report(self, reply: Reply) -> EftReport:
        if not isinstance(reply.body, EftReport):
            raise ProtocolError("a status without one")
        self._health = _HEALTH[reply.body.state]
        return reply.body

    def _last(self) -> EftResult | None:
        request = self._request(self.settings.letters.last_result, NOBODY)
        body = self._line.ask(request, _within(self.settings.last)).body
        if body is not None and not isinstance(body, EftResult):
            raise ProtocolError("a last result that is none")
        return body

    def _request(self, letter: str, subscriber: str, amount_fen: int = 0, voucher: str = "") -> Request:
        request = Request(letter, subscriber, amount_fen, self.settings.operator, voucher)
        request.to_bytes()  # before anything is sent: what does not fit is the caller's error
        return request

    @contextmanager
    def _felt(self) -> Iterator[None]:
        """Keep in mind that the box does not answer, or not with sense."""
        try:
            yield
        except (DeviceTimeout, ProtocolError) as error:
            self._health = _offline(str(error))
            raise
        except NotTaken as error:
            if isinstance(error.__cause__, DeviceTimeout | ProtocolError):
                self._health = _offline(str(error.__cause__))
            raise


def _checked(result: Body, request: Request, kind: EftKind) -> EftResult:
    if not isinstance(result, EftResult) or not result.is_of(kind, request.subscriber, request.amount_fen):
        raise ProtocolError("the reply tells of another transaction than was asked for")
    return result


def _fresh() -> str:
    """A number that no other question has."""
    return f"{1 + secrets.randbelow(10**18 - 1):018d}"


def _within(seconds: float) -> float:
    return time.monotonic() + seconds


def _offline(detail: str) -> DeviceHealth:
    return DeviceHealth(DeviceStatus.OFFLINE, "offline", ErrorAction.MAINTENANCE, detail=detail)
