"""The CPU card of a prepaid meter in a PC/SC reader: found, read, proved, and written with the wallet last."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from drivers.errors import CommandRefused, DeviceTimeout, DriverError, TransportError
from drivers.meter_card.layout import Layout, LayoutError, Update
from drivers.meter_card.model import CardCode, CardContents, CardError, Presence, ReaderGone, WriteOrder
from drivers.meter_card.profile import WALLET
from drivers.meter_card.refusals import Refusals
from drivers.meter_card.session import MAC_CHALLENGE, CardPort, Session
from drivers.security.model import CardKeys, SecurityModule
from drivers.status import DeviceHealth, DeviceStatus, ErrorAction

__all__ = ["CpuCardWriter", "WriterSettings"]


@dataclass(frozen=True, slots=True)
class WriterSettings:
    """How long a call may take once the card has power, and a single command of it, in seconds."""

    read: float = 5.0
    prove: float = 3.0
    write: float = 30.0
    command: float = 3.0


class CpuCardWriter:
    """`MeterCardWriter` over a `CardPort`; see there for each call's contract.

    `layouts` are the profiles that this kiosk knows, in the order in which they are tried. A call ends within its
    setting; beside that the port's `connect` has a deadline of its own, and so has each call of the module.
    """

    def __init__(
        self, port: CardPort, layouts: Iterable[Layout], settings: WriterSettings | None = None
    ) -> None:
        self._port = port
        self._layouts = {layout.profile.name: layout for layout in layouts}
        self._settings = settings or WriterSettings()
        self._card: tuple[Layout, str] | None = None
        self._told: Presence | None = None
        self._ready_for: tuple[str, str] | None = None
        self._refused_by = ""
        self._refusals = Refusals()
        self._events = 0
        self._health = DeviceHealth(DeviceStatus.NO_DEVICE, "no_device", detail="not opened yet")

    def open(self) -> None:
        """Take the reader; what it told before is forgotten."""
        self._told = self._card = self._ready_for = None
        self._refused_by = ""
        try:
            self._port.open()
        except DriverError as error:
            self._lost(error)
            raise
        self._health = DeviceHealth(DeviceStatus.ONLINE)

    def close(self) -> None:
        """Let go of card and reader; safe to call twice."""
        self._card = None
        self._port.close()

    def poll(self) -> Presence | None:
        """Look into the slot; a card that was changed for another is told as absent first."""
        try:
            seen = self._port.look()
        except DriverError as error:
            self._lost(error)
            raise
        self._health = DeviceHealth(DeviceStatus.ONLINE)
        swapped = self._told is Presence.PRESENT and seen.events != self._events
        now = Presence.PRESENT if seen.present and not swapped else Presence.ABSENT
        self._events = seen.events
        if now is self._told:
            return None
        self._told, self._refused_by = now, ""
        return now

    def read(self) -> CardContents:
        """Power the card up and read it as the first profile that fits."""
        self._card = self._ready_for = None
        session = self._session(self._settings.read)
        try:
            session.connect()
            session = self._session(self._settings.read)
            layout, contents = self._found(session)
        except CardError as error:
            self._judge(error)
            if error.code is CardCode.FOREIGN and not error.serial and session.of_a_bank():
                raise session.error(CardCode.BANK, "it has a directory of payment applications") from error
            if error.code is CardCode.DAMAGED and error.serial:
                # Its keys are as they were: it can prove itself, and be written again.
                self._card = self._layouts[error.profile], error.serial
            raise
        self._card = layout, contents.serial
        self._health = DeviceHealth(DeviceStatus.ONLINE)
        return contents

    def prove(self, challenge: bytes) -> bytes:
        """INTERNAL AUTHENTICATE of 8 bytes by the card that was read."""
        session, layout = self._on_what_was_read(self._settings.prove)
        try:
            return session.prove(layout, challenge)
        except CardError as error:
            self._judge(error)
            raise

    def admit(self, keys: CardKeys, module: SecurityModule) -> None:
        """EXTERNAL AUTHENTICATE by the card that was read; CHANGED for the keys of another one."""
        session, layout = self._on_what_was_read(self._settings.write)
        if (keys.serial, keys.profile) != (session.serial, session.profile):
            raise session.error(CardCode.CHANGED, "another card was read")
        try:
            self._let_in(session, layout, module, keys)
        except CardError as error:
            self._judge(error)
            raise

    def stand_by(self, profile: str, serial: str) -> None:
        """Select the card's application and compare its serial, ahead of the write."""
        layout, self._ready_for = self._layouts.get(profile), None
        if layout is None:
            raise CommandRefused(f"the profile {profile!r} is not configured")
        try:
            self._on_the_card(layout, serial)
        except CardError as error:
            self._judge(error)
            raise
        self._ready_for = profile, serial

    def write(self, order: WriteOrder, module: SecurityModule) -> CardContents:
        """Write the order, the wallet last, and read back; CommandRefused for an order that cannot be written."""
        layout, steps = self._steps(order)
        card = CardKeys(order.profile, order.serial, order.write_id)
        try:
            session = self._begin(layout, module, card)
            self._update_all(session, layout, steps, module, card)
            also = tuple(each.file for each in order.files)
            contents = session.contents(layout, session.files(layout, also))
        except CardError as error:
            self._judge(error)
            raise
        self._card = layout, order.serial
        return contents

    def health(self) -> DeviceHealth:
        """The state as of the last call: the reader's, not that of the cards that customers bring."""
        return self._health

    def _session(self, time_s: float) -> Session:
        return Session(self._port, time.monotonic() + time_s, self._settings.command)

    def _on_what_was_read(self, time_s: float) -> tuple[Session, Layout]:
        """Go on with the card that was read, which has had power ever since; GONE when there is none."""
        session = self._session(time_s)
        if self._card is None:
            raise session.error(CardCode.GONE, "no card was read")
        layout, session.serial = self._card
        session.profile = layout.profile.name
        return session, layout

    def _found(self, session: Session) -> tuple[Layout, CardContents]:
        """The profile that fits best: one that reads, else the error that says most about the card."""
        told: list[CardError] = []
        for layout in self._layouts.values():
            try:
                session.profile = ""
                session.start(layout)
                files = session.files(layout)
                session.probe(layout)
                return layout, session.contents(layout, files)
            except CardError as error:
                if error.code not in _NOT_THIS_PROFILE:
                    raise
                told.append(error)
        if not told:
            raise session.error(CardCode.FOREIGN, "no profile is configured")
        raise min(told, key=lambda error: _NOT_THIS_PROFILE.index(error.code))

    def _steps(self, order: WriteOrder) -> tuple[Layout, tuple[tuple[str, Update], ...]]:
        layout = self._layouts.get(order.profile)
        if layout is None:
            raise CommandRefused(f"write {order.write_id}: the profile {order.profile!r} is not configured")
        files = [each.file for each in order.files]
        if files.count(WALLET) != 1 or files[-1] != WALLET:
            raise CommandRefused(f"write {order.write_id}: the wallet has to be its last file, not {files}")
        try:
            return layout, tuple((each.file, step) for each in order.files for step in layout.updates(each))
        except LayoutError as error:
            raise CommandRefused(f"write {order.write_id}: {error}") from error

    def _begin(self, layout: Layout, module: SecurityModule, card: CardKeys) -> Session:
        """Be let into this very card; one that was made ready has its serial compared since it has power."""
        ready, self._ready_for = self._ready_for == (card.profile, card.serial), None
        if ready:
            session = self._session(self._settings.write)
            session.profile, session.serial = card.profile, card.serial
            try:
                self._let_in(session, layout, module, card)
                return session
            except CardError as error:
                if error.code is not CardCode.GONE:
                    raise
        session = self._on_the_card(layout, card.serial)
        self._let_in(session, layout, module, card)
        return session

    def _on_the_card(self, layout: Layout, serial: str) -> Session:
        """Make sure that this is the card; one that was lifted and put back is powered up again."""
        session = self._session(self._settings.write)
        session.profile = layout.profile.name
        try:
            if not self._port.connected:
                raise session.error(CardCode.GONE, "not connected")
            session.start(layout)
        except CardError as error:
            if error.code is not CardCode.GONE:
                raise
            session.connect()
            session = self._session(self._settings.write)
            session.profile = layout.profile.name
            session.start(layout)
        if session.serial != serial:
            raise session.error(CardCode.CHANGED, f"it was {serial}")
        return session

    def _let_in(self, session: Session, layout: Layout, module: SecurityModule, card: CardKeys) -> None:
        """EXTERNAL AUTHENTICATE; a card that has refused our key is not asked again before it was taken out.

        Each refusal costs it one of a few tries, and a card without any is lost to its owner; see also `Refusals`.
        """
        if card.serial == self._refused_by:
            raise session.error(CardCode.REFUSED_US, "it has refused our key, and was not taken out since")
        self._refusals.check()
        self._refused_by = ""
        try:
            session.authenticate(layout, module, card)
        finally:
            if session.key_refused:
                self._refused_by = card.serial
                self._refusals.refused(card.serial)
        self._refusals.let_in()

    def _update_all(
        self,
        session: Session,
        layout: Layout,
        steps: Iterable[tuple[str, Update]],
        module: SecurityModule,
        card: CardKeys,
    ) -> None:
        challenge = b""
        for file, update in steps:
            if layout.profile.card.challenge_each or not challenge:
                challenge = session.challenge(MAC_CHALLENGE)
            mac = module.mac(card, challenge, update.message)
            session.update(update, mac, wallet=file == WALLET)

    def _judge(self, error: CardError) -> None:
        if isinstance(error, ReaderGone):
            self._lost(error)
        if error.code in (CardCode.GONE, CardCode.MUTE, CardCode.READER_GONE):
            self._card = self._ready_for = None

    def _lost(self, error: DriverError) -> None:
        self._card = self._ready_for = None
        if isinstance(error, TransportError):
            self._health = DeviceHealth(
                DeviceStatus.NO_DEVICE, "no_device", ErrorAction.MAINTENANCE, detail=str(error)
            )
        elif isinstance(error, DeviceTimeout):
            self._health = DeviceHealth(
                DeviceStatus.OFFLINE, "offline", ErrorAction.MAINTENANCE, detail=str(error)
            )


# By how much each says about the card, most first.
_NOT_THIS_PROFILE = (CardCode.DAMAGED, CardCode.UNISSUED, CardCode.FOREIGN)
