"""A SAM card in a slot of the cabinet: found, known by its serial, and asked to compute with its keys."""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from drivers.card.apdu import Command, Response
from drivers.card.errors import CardGone, CardMute, CardReset
from drivers.errors import CommandRefused, DeviceTimeout, DriverError, TransportError
from drivers.security import keys
from drivers.security import psam_codec as codec
from drivers.security.cipher import Cipher, cipher
from drivers.security.model import CardKeys
from drivers.security.psam_codec import PBOC, Dialect, Use
from drivers.status import DeviceHealth, DeviceStatus, ErrorAction

Exchange = Callable[[Command, float], Response]
"""Sends one command, fetches what the card keeps waiting, and ends by the deadline (a time.monotonic() instant)."""

MASTER_FILE = b"\x3f\x00"
_NOT_OURS = "the card in the SAM's slot is not the configured SAM"


@dataclass(frozen=True, slots=True)
class SamSettings:
    """Which SAM stands in the slot and how it is spoken to.

    `serial` is the SAM's serial in hex as its file `serial_sfi` holds it; another SAM is refused. `application` is
    the file that holds the keys, by its id of two bytes or its longer name. `call_s` bounds the commands of one
    computation together; powering the card up has a bound of its own. ValueError for a serial that is not hex or
    empty: it would let any card in.
    """

    serial: str
    dialect: Dialect = PBOC
    application: bytes = b"\xdf\x01"
    serial_sfi: int = 0x15
    call_s: float = 5.0

    def __post_init__(self) -> None:
        if not bytes.fromhex(self.serial):
            raise ValueError("the SAM's serial has to be configured")


@dataclass(frozen=True, slots=True)
class CardSlots:
    """Where in the SAM the three master keys of one card profile lie, by key id, and the cipher that they are for."""

    cipher: str = "3des"
    internal: int = 1
    external: int = 2
    mac: int = 3


ONLINE = DeviceHealth(DeviceStatus.ONLINE)
STARTING = DeviceHealth(DeviceStatus.OFFLINE, "starting")
MISSING = DeviceHealth(DeviceStatus.NO_DEVICE, "no_device", ErrorAction.MAINTENANCE)
SILENT = DeviceHealth(DeviceStatus.OFFLINE, "offline", ErrorAction.MAINTENANCE)
GARBLED = DeviceHealth(DeviceStatus.HARDWARE_ERROR, "sam_garbled", ErrorAction.MAINTENANCE)
LOCKED = DeviceHealth(DeviceStatus.HARDWARE_ERROR, "sam_locked", ErrorAction.MAINTENANCE)
ANOTHER = DeviceHealth(DeviceStatus.POTENTIAL_FRAUD, "sam_wrong", ErrorAction.CONFIGURATION)


class WrongSam(CommandRefused):
    """What stands in the slot is not the configured SAM; nothing is asked of it."""


class Sam:
    """One SAM card behind an `exchange`; its serial is read before the first command and after every disturbance.

    `connect` powers the card up and is called before the serial is read. Several modules and threads may share it: a
    computation waits for the one before, which is bounded.
    """

    def __init__(
        self, exchange: Exchange, settings: SamSettings, connect: Callable[[], object] | None = None
    ) -> None:
        self._exchange = exchange
        self._connect = connect
        self._settings = settings
        self._known = False
        self._one = threading.Lock()
        self.health = STARTING

    @property
    def dialect(self) -> Dialect:
        """How this SAM is spoken to."""
        return self._settings.dialect

    def run(self, *commands: Command) -> bytes:
        """Run commands that belong together, all before one deadline and with none between; give the last one's answer.

        TransportError without a SAM, DeviceTimeout when it is silent, ProtocolError when it answers nonsense,
        CommandRefused when it says no or is not the configured one. Where the card was reset on the way, all is done
        once more from the start.
        """
        with self._one:
            return self._whole(commands)

    def _whole(self, commands: tuple[Command, ...]) -> bytes:
        deadline = time.monotonic() + self._settings.call_s
        try:
            try:
                answer = self._run(commands, deadline)
            except CardReset:
                self._known = False
                answer = self._run(commands, deadline)
        except (CardGone, CardMute, CardReset) as error:
            raise self._noted(TransportError(f"no SAM answers in its slot: {error}")) from error
        except DriverError as error:
            self._noted(error)
            raise
        self.health = ONLINE
        return answer

    def _run(self, commands: tuple[Command, ...], deadline: float) -> bytes:
        if not self._known:
            self._meet(deadline)
        answer = b""
        for command in commands:
            answer = self._ask(command, deadline)
        return answer

    def _meet(self, deadline: float) -> None:
        """Power the card up, refuse it unless it is the configured one, and open its application."""
        if self._connect is not None:
            try:
                self._connect()
            except CommandRefused as error:
                raise TransportError(f"the SAM's slot is not ours: {error}") from error
        wanted, sfi = bytes.fromhex(self._settings.serial), self._settings.serial_sfi
        application = self._settings.application
        self._find("the master file", codec.select(MASTER_FILE), deadline)
        serial = self._find(f"file {sfi} with the serial", codec.read_serial(sfi, len(wanted)), deadline)
        if serial != wanted:
            raise WrongSam(f"{_NOT_OURS}: it is {serial.hex().upper()}, not {wanted.hex().upper()}")
        self._find(f"application {application.hex().upper()}", codec.select(application), deadline)
        self._known = True

    def _find(self, what: str, command: Command, deadline: float) -> bytes:
        try:
            return self._ask(command, deadline)
        except CommandRefused as error:
            raise WrongSam(f"{_NOT_OURS}: {what}: {error}") from error

    def _ask(self, command: Command, deadline: float) -> bytes:
        if time.monotonic() >= deadline:
            raise DeviceTimeout(f"the SAM took longer than {self._settings.call_s:.1f} s")
        return codec.answered(command, self._exchange(command, deadline))

    def _noted(self, error: DriverError) -> DriverError:
        health = _health_after(error)
        # Whatever it was, the next card that answers in this slot need not be this one.
        self._known = self._known and health is ONLINE
        self.health = health if health is ONLINE else replace(health, detail=str(error))
        return error


def _health_after(error: DriverError) -> DeviceHealth:
    match error:
        case WrongSam():
            return ANOTHER
        case codec.SamRefused(word="locked"):
            return LOCKED
        case CommandRefused():
            return ONLINE
        case TransportError():
            return MISSING
        case DeviceTimeout():
            return SILENT
    return GARBLED


class PsamModule:
    """`SecurityModule` over a SAM card that holds the card master keys in its slots, by card profile."""

    def __init__(self, sam: Sam, slots: Mapping[str, CardSlots]) -> None:
        self._sam = sam
        self._slots = {profile: (cipher(slot.cipher), slot) for profile, slot in slots.items()}

    def genuine(self, card: CardKeys, challenge: bytes, answer: bytes) -> bool:
        """See `SecurityModule`; the SAM computes, the comparison is made here."""
        with_cipher, slot = self._slot(card)
        return hmac.compare_digest(self._cryptogram(with_cipher, slot.internal, card, challenge), answer)

    def authenticate(self, card: CardKeys, challenge: bytes) -> bytes:
        """See `SecurityModule`."""
        with_cipher, slot = self._slot(card)
        return self._cryptogram(with_cipher, slot.external, card, challenge)

    def mac(self, card: CardKeys, challenge: bytes, command: bytes) -> bytes:
        """See `SecurityModule`; a command longer than the SAM takes at once goes to it in parts."""
        with_cipher, slot = self._slot(card)
        initial, padded = keys.mac_text(with_cipher, challenge, command)
        choose = self._choose(Use.MAC, slot.mac, card)
        return self._sam.run(choose, *self._sam.dialect.mac(initial, padded))

    def health(self) -> DeviceHealth:
        """Tell the SAM's state as of the last call."""
        return self._sam.health

    def _cryptogram(self, with_cipher: Cipher, key_id: int, card: CardKeys, challenge: bytes) -> bytes:
        block = keys.challenge_block(with_cipher, challenge)
        choose = self._choose(Use.ENCRYPT, key_id, card)
        return self._sam.run(choose, self._sam.dialect.cipher(block))[:8]

    def _choose(self, use: Use, key_id: int, card: CardKeys) -> Command:
        return self._sam.dialect.choose(use, key_id, bytes.fromhex(card.serial))

    def _slot(self, card: CardKeys) -> tuple[Cipher, CardSlots]:
        try:
            return self._slots[card.profile]
        except KeyError:
            raise CommandRefused(f"this SAM has no keys for cards of the profile {card.profile!r}") from None
