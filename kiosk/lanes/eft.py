"""The terminal box's lane: asks it for money once, for its last result before anything else, and signs it on."""

from __future__ import annotations

from collections.abc import Callable

from drivers.eft.model import EftKind, EftReport, EftResult, EftState, EftTerminal, NotTaken
from drivers.errors import CommandRefused, DeviceTimeout, DriverError, ProtocolError, TransportError
from drivers.status import DeviceHealth, DeviceStatus
from kiosk.core.inputs import BoxSaid, DeviceFelt
from kiosk.lanes.lane import Lane, Tell
from kiosk.payment import effects as fx
from kiosk.payment.effects import Effect
from kiosk.payment.model import Payment

REOPEN_S = 1.0
NOT_SENT = "not_sent"
"""Nothing was asked of the box, for certain. After every other word nobody knows what it did."""
_WORDS: tuple[tuple[type[DriverError], str], ...] = (
    (NotTaken, NOT_SENT),
    (TransportError, "line_lost"),
    (DeviceTimeout, "no_answer"),
    (ProtocolError, "not_understood"),
    (CommandRefused, "busy"),
)
_SIGNED_ON = "00"


class EftLane(Lane):
    """Owns the box's handle. Each of the core's questions is answered once, whatever happens."""

    def __init__(self, device: EftTerminal, check_every_s: float, tell: Tell) -> None:
        super().__init__("eft", tell)
        self._device = device
        self._check_every_s = check_every_s
        self._open = False
        self._health: DeviceHealth | None = None
        self._before: tuple[str, str] | None = None
        """The payment last asked for, and the number of the box's last transaction before that."""

    def serve(self, effect: Effect) -> None:
        """Ask the box one thing, and tell what it said or why it did not."""
        match effect:
            case fx.AskBoxForSale(payment):
                self._ask(payment, "sale", 0, lambda: self._sell(payment))
            case fx.AskBoxForLastResult(payment):
                self._ask(payment, "last", payment.asks, lambda: self._find(payment))
            case fx.AskBoxForVoid(payment):
                self._ask(payment, "void", payment.asks, lambda: self._void(payment))

    def round(self) -> float:
        """Ask the box how it is, and let it sign on where its bank wants that; neither moves money."""
        try:
            self._be_ready()
        except DriverError as error:
            self.log.info("box_not_ready", extra={"error": str(error)[:200]})
        self._feel()
        return self._check_every_s if self._open else REOPEN_S

    def close(self) -> None:
        """Close the line; the box keeps what it did."""
        self._device.close()

    def _ask(self, payment: Payment, asked: str, attempt: int, call: Callable[[], EftResult | None]) -> None:
        result, code = None, "software_error"
        try:
            result = call()
            code = "" if result is not None else "nothing"
        except DriverError as error:
            code = next((word for kind, word in _WORDS if isinstance(error, kind)), "no_answer")
            self.log.warning("box_unanswered", extra={"asked": asked, "error": str(error)[:200]})
        finally:
            self.tell(BoxSaid(payment.payment_id, asked, attempt, result, code))
            self._feel()

    def _sell(self, payment: Payment) -> EftResult:
        try:
            report = self._be_ready()
        except DriverError as error:
            raise NotTaken(f"the box is not ready: {error}") from error
        self._before = payment.payment_id, report.last_trace.lstrip("0")
        return self._device.sale(payment.box_reference, payment.asked_fen)

    def _find(self, payment: Payment) -> EftResult | None:
        """The last result; None also where it is the one before this sale: the box has never begun it.

        A box counts a transaction before it asks its bank. What it had before is forgotten with the program: then a
        last result of another sale tells nothing of ours.
        """
        last = self._look_up()
        if last is not None and self._before == (payment.payment_id, last.trace.lstrip("0")):
            return None
        return last

    def _look_up(self) -> EftResult | None:
        self._be_open()
        return self._device.last_result()

    def _void(self, payment: Payment) -> EftResult:
        """A void that was asked for before and not heard of is found here, and not asked for again."""
        reference, fen = payment.box_reference, payment.asked_fen
        last = self._look_up()
        if last is not None and last.approved and last.is_of(EftKind.VOID, reference, fen):
            return last
        trace = payment.facts.trace if payment.facts is not None else ""
        if last is not None and last.is_of(EftKind.SALE, reference, fen):
            trace = last.trace
        if not trace:
            raise NotTaken("a sale whose number at the box is not known cannot be voided")
        return self._device.void(trace, reference, fen)

    def _be_open(self) -> None:
        if not self._open:
            self._device.open()
            self._open = True

    def _be_ready(self) -> EftReport:
        """Raises a DriverError where the box does not tell how it is, or does not sign on."""
        self._be_open()
        report = self._device.status()
        if report.state is EftState.NOT_SIGNED_ON:
            code = self._device.sign_on()
            if code != _SIGNED_ON:
                self.log.warning("box_sign_on_refused", extra={"code": code})
                raise CommandRefused(f"the bank refuses the box's sign-on: {code}")
            report = self._device.status()
        return report

    def _feel(self) -> None:
        health = self._device.health()
        if health.status is DeviceStatus.NO_DEVICE:
            self._open = False
            self._device.close()
        if health != self._health:
            self._health = health
            self.tell(DeviceFelt("eft", health))
