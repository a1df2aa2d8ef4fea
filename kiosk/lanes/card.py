"""The meter card's lane: notices a card, reads it, writes it by the hub's authorisation and looks at what it wrote."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Protocol, TypeVar

from drivers.errors import CommandRefused, DriverError, TransportError
from drivers.meter_card.model import (
    CardCode,
    CardContents,
    CardError,
    MeterCardWriter,
    Presence,
    Wallet,
    WriteOrder,
)
from drivers.security.model import CardKeys, SecurityModule
from drivers.status import DeviceHealth
from kiosk.core.card_fate import Glance
from kiosk.core.inputs import CardAdmitted, CardFelt, CardRead, CardWritten, DeviceFelt, Input
from kiosk.lanes.lane import Lane, Tell
from kiosk.payment import effects as fx
from kiosk.payment.effects import CardFace, Effect
from kiosk.payment.model import Payment

T = TypeVar("T")
LOOK_EVERY_S = 0.2
NOTICE_POLL_S = 0.05
REOPEN_S = 1.0
CHALLENGE_BYTES = 8
UNNOTICED = frozenset({CardCode.GONE, CardCode.MUTE})
"""What a reader says that still takes a card for the one before."""


class NotAuthorised(Exception):  # noqa: N818 - named for what happened
    """The hub did not authorise the write, or could not be asked; `code` is hub_gone or the hub's own word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Authority(Protocol):
    """Who authorises writes and reckons their cryptograms: the hub, perhaps with a security module of our own."""

    @property
    def admitting(self) -> SecurityModule:
        """What answers the challenge of a card that was read; its permit is the reading's id."""
        ...

    def authorise(self, payment: Payment) -> tuple[WriteOrder, SecurityModule]:
        """What is to be written, once by the write's id; raises NotAuthorised."""
        ...

    def health(self) -> DeviceHealth:
        """How the module that computes for the writes was when it was last asked; asks nobody."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where the reader stands: at the customer's slot, or at a station to which a dispenser brings cards.

    `device` is the reader's name in health, `waits_s` how long a card that was just brought may take to be noticed.
    """

    lane: str
    device: str
    slot: bool
    waits_s: float = 0.0


SLOT = Place("card", "card_writer", slot=True)


class CardLane(Lane):
    """Owns the reader's handle."""

    def __init__(
        self,
        device: MeterCardWriter,
        authority: Authority,
        tell: Tell,
        place: Place = SLOT,
        module: SecurityModule | None = None,
    ) -> None:
        super().__init__(place.lane, tell)
        self._place = place
        self._device = device
        self._authority = authority
        self._module = module
        self._open = False
        self._watched = False
        self._presence = Presence.ABSENT
        self._health: DeviceHealth | None = None

    @property
    def module_health(self) -> DeviceHealth:
        """How what computes for this reader's cards was when it was last asked; may be read from any thread."""
        return self._authority.health()

    def serve(self, effect: Effect) -> None:
        """Read or write; the core hears what came of it whatever happens here."""
        match effect:
            case fx.ReadCard(request):
                self._answered(lambda: self._read_face(request), CardRead(request, None, "card_mute"))
            case fx.AdmitCard(read_id):
                self._answered(lambda: self._admit(effect), CardAdmitted(read_id, "software_error"))
            case fx.WriteCard(payment):
                self._look(payment, lambda: self._write(payment))
            case fx.ReadCardBack(payment):
                self._look(payment, self._read_back)
        self._feel()

    def round(self) -> float:
        """Look whether a card is there."""
        try:
            self._ready()
            presence = self._device.poll()
        except DriverError as error:
            self._lost(error)
            return REOPEN_S
        if presence is not None:
            self._noticed(presence)
        self._feel()
        return LOOK_EVERY_S

    def close(self) -> None:
        """Let go of card, reader and hub."""
        self._device.close()
        self._authority.close()

    def _noticed(self, presence: Presence) -> None:
        watched, self._watched = self._watched, True
        self._presence = presence
        if self._place.slot:  # of a station its dispenser tells
            self.tell(CardFelt(presence is Presence.PRESENT, watched))

    def _ready(self) -> None:
        if not self._open:
            self._device.open()
            self._open, self._watched = True, False

    def _at_hand(self) -> None:
        """Wait until the reader has noticed a card that was brought to it; whoever reads it says whether it did."""
        self._ready()
        until = time.monotonic() + self._place.waits_s
        while self._place.waits_s:
            if (seen := self._device.poll()) is not None:
                self._noticed(seen)
            if self._presence is Presence.PRESENT or time.monotonic() >= until:
                return
            time.sleep(NOTICE_POLL_S)

    def _contents(self) -> CardContents:
        """Read the card; one that was brought or contacted anew just now may not be noticed at once."""
        until = time.monotonic() + self._place.waits_s
        while True:
            self._at_hand()
            try:
                return self._device.read()
            except CardError as error:
                if error.code not in UNNOTICED or time.monotonic() >= until:
                    raise
            time.sleep(NOTICE_POLL_S)

    def _lost(self, error: DriverError) -> None:
        if self._open or self._health is None:
            self.log.warning("reader_lost", extra={"error": str(error)})
            self._watched = False
            self._noticed(Presence.ABSENT)
        self._open = False
        self._device.close()
        self._feel()

    def _answered(self, act: Callable[[], Input], failed: Input) -> None:
        told = None
        try:
            told = act()
        finally:
            self.tell(told or failed)

    def _read_face(self, request: str) -> CardRead:
        try:
            contents, damaged = self._read()
            challenge = secrets.token_bytes(CHALLENGE_BYTES)
            face = CardFace(contents, challenge, self._device.prove(challenge), damaged)
            return CardRead(request, face) if self._computes(face) else CardRead(request, None, "module_away")
        except DriverError as error:
            glance = self._not_read(error)
            return CardRead(request, None, glance.code)

    def _computes(self, face: CardFace) -> bool:
        """Whether our own module, if any, has this card's keys: no power is sold that could not be written.

        A module with other keys than the card's would have the card refuse us, which brings it nearer to its lock.
        """
        if self._module is None:
            return True
        try:
            keys = CardKeys(face.contents.profile, face.contents.serial)
            same = self._module.genuine(keys, face.challenge, face.answer)
        except DriverError as error:
            self.log.warning("module_away", extra={"error": str(error)[:200]})
            return False
        if not same:
            self.log.warning("module_has_other_keys")
        return same

    def _admit(self, wish: fx.AdmitCard) -> CardAdmitted:
        """Whether this card would be written: no power is sold that could not be."""
        keys = CardKeys(wish.profile, wish.serial, wish.read_id)
        try:
            self._device.admit(keys, self._authority.admitting)
        except CardError as error:
            return CardAdmitted(wish.read_id, self._not_read(error, "card_not_admitted").code)
        except CommandRefused as error:
            self.log.warning("module_refused", extra={"error": str(error)[:200]})
            return CardAdmitted(wish.read_id, "module_refused")
        except DriverError as error:
            self.log.warning("module_away", extra={"error": str(error)[:200]})
            return CardAdmitted(wish.read_id, "module_away")
        return CardAdmitted(wish.read_id)

    def _read(self) -> tuple[CardContents, str]:
        """The card's contents; of one with a damaged file serial and profile only, and the name of what is damaged.

        Half of a file is what a write leaves that was cut off: the hub knows what is still to be written there.
        """
        try:
            return self._contents(), ""
        except CardError as error:
            if error.code is not CardCode.DAMAGED or not error.serial:
                raise
            return _nameless(error.profile, error.serial), f"{error.file}.{error.field}"

    def _look(self, payment: Payment, act: Callable[[], Glance]) -> None:
        attempt = payment.delivery.writes if payment.delivery else 0
        key = payment.payment_id
        failed = CardWritten(key, attempt, Glance(None, "software_error"))
        self._answered(lambda: CardWritten(key, attempt, act()), failed)

    def _write(self, payment: Payment) -> Glance:
        try:
            self._at_hand()
            order, module = self._authorised(payment)
            contents = self._device.write(order, module)
        except NotAuthorised as error:
            return self._read_back(error.code)
        except CardError as error:
            self.log.warning("write_failed", extra={"error": _named(error)})
            return self._read_back(str(error.code))
        except CommandRefused as error:
            self.log.warning("module_refused", extra={"error": str(error)[:200]})
            return self._read_back("module_refused")
        except DriverError as error:
            self.log.warning("write_failed", extra={"error": str(error)[:200]})
            return self._read_back("hub_gone" if isinstance(error, TransportError) else "no_answer")
        return _glance(contents, order)

    def _authorised(self, payment: Payment) -> tuple[WriteOrder, SecurityModule]:
        """Have the write authorised, and make the card ready while the authority's answer is on its way.

        What the authority says goes before what the card says: it may tell that nothing is to be written any more.
        """
        answer = _meanwhile(lambda: self._authority.authorise(payment), f"{self.name}-authority")
        try:
            if payment.delivery is not None:
                sold = payment.delivery.purchase
                self._device.stand_by(sold.profile, sold.card_serial)
        except DriverError:
            answer.result()
            raise
        finally:
            wait([answer])  # the authority serves one thread at a time
        return answer.result()

    def _read_back(self, code: str = "") -> Glance:
        """Look at the card; `code` says what went wrong before."""
        try:
            return Glance(self._contents(), code)
        except DriverError as error:
            return self._not_read(error)

    def _not_read(self, error: DriverError, word: str = "card_not_read") -> Glance:
        self.log.info(word, extra={"error": _named(error)})
        if isinstance(error, CardError):
            if error.code is CardCode.READER_GONE:
                self._lost(error)
            return Glance(None, str(error.code), error.serial)
        self._lost(error)
        return Glance(None, str(CardCode.READER_GONE))

    def _feel(self) -> None:
        health = self._device.health()
        if health != self._health:
            self._health = health
            self.tell(DeviceFelt(self._place.device, health))


def _meanwhile(act: Callable[[], T], name: str) -> Future[T]:
    """Do it in a thread that does not keep the program from ending."""
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(act())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            answer.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return answer


def _named(error: DriverError) -> str:
    """What a log may tell of an error: never what stands on a customer's card."""
    match error:
        case CardError(code=CardCode.DAMAGED):
            return f"{error.code}: {error.file}.{error.field}"
        case CardError(code=CardCode.CHANGED):
            return str(error.code)
    return str(error)[:200]


def _nameless(profile: str, serial: str) -> CardContents:
    return CardContents(profile, serial, 0, "", "", Wallet(0, 0), None, {})


def _glance(contents: CardContents, order: WriteOrder) -> Glance:
    differs = order.unlike(contents)
    return Glance(contents, differs=differs[0] if differs else "")
