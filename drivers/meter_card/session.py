"""One call's conversation with one card: each step is a command, each refusal an error with a word."""

from __future__ import annotations

import time
from typing import Protocol

from drivers.card.apdu import Command, Response
from drivers.card.errors import CardGone, CardMute, CardReset
from drivers.errors import CommandRefused, DeviceTimeout, DriverError, ProtocolError, TransportError
from drivers.meter_card.file_codec import LayoutError
from drivers.meter_card.layout import Layout, Update
from drivers.meter_card.model import CardCode, CardContents, CardError, ReaderGone
from drivers.security.model import CardKeys, SecurityModule

MF = b"\x3f\x00"
PAYMENT_DIRECTORY = b"1PAY.SYS.DDF01"
AUTH_CHALLENGE, MAC_CHALLENGE = 8, 4

# Status words that say the same whatever was asked; what any other means depends on that.
_ALWAYS = {"locked": CardCode.LOCKED, "worn": CardCode.WORN, "unissued": CardCode.UNISSUED}


class SlotState(Protocol):
    """What stands in a slot; `events` changes with each insertion and removal."""

    @property
    def present(self) -> bool: ...
    @property
    def events(self) -> int: ...


class CardPort(Protocol):
    """What `drivers.card.pcsc.PcscCard` does; see there for each call's contract and errors."""

    @property
    def connected(self) -> bool: ...
    def open(self) -> None: ...
    def close(self) -> None: ...
    def look(self) -> SlotState: ...
    def connect(self) -> object: ...
    def exchange(self, command: Command, deadline: float) -> Response: ...


class Session:
    """Commands against one wall-clock `deadline`, none of them longer than `command_s`.

    `serial` and `profile` stand in every error from when they are known, `wallet_sent` from when it is true.
    `key_refused` says that the card has found our cryptogram wrong, which has cost it one of its tries.
    """

    def __init__(self, port: CardPort, deadline: float, command_s: float) -> None:
        self._port = port
        self._deadline = deadline
        self._command_s = command_s
        self.serial = ""
        self.profile = ""
        self.wallet_sent = False
        self.key_refused = False

    def error(self, code: CardCode, detail: str, *, file: str = "", field: str = "") -> CardError:
        """Make an error of this session."""
        kind = ReaderGone if code is CardCode.READER_GONE else CardError
        return kind(
            code,
            detail,
            file=file,
            field=field,
            serial=self.serial,
            profile=self.profile,
            wallet_sent=self.wallet_sent,
        )

    def connect(self) -> None:
        """Power the card up."""
        try:
            self._port.connect()
        except DriverError as error:
            raise self._told(error) from error

    def start(self, layout: Layout) -> None:
        """Read the serial in the MF, then select the profile's application."""
        facts = layout.profile.card
        self._do(Command(0x00, 0xA4, 0x00, 0x00, MF), CardCode.FOREIGN)
        read = Command(0x00, 0xB0, facts.serial_p1, facts.serial_offset, le=facts.serial_length)
        serial = self._do(read, CardCode.FOREIGN)
        if len(serial) != facts.serial_length:
            raise self.error(CardCode.FOREIGN, f"a serial of {len(serial)} bytes")
        self.serial = serial.hex().upper()
        self._do(Command(0x00, 0xA4, 0x00, 0x00, facts.application), CardCode.FOREIGN)

    def files(self, layout: Layout, also: tuple[str, ...] = ()) -> dict[str, bytes]:
        """Read the files that the kiosk reads, and those named besides; FOREIGN for another length."""
        names = [name for name, file in layout.profile.files.items() if file.read or name in also]
        return {name: self._file(layout, name) for name in names}

    def probe(self, layout: Layout) -> None:
        """Make sure that a card that reads like this profile is of it; FOREIGN when it is not."""
        probe = layout.profile.card.probe
        if probe is None:
            return
        response = self._send(Command(0x00, 0xB0, probe.p1, probe.offset, le=probe.length))
        if not response.ok or len(response.data) != probe.length:
            raise self.error(CardCode.FOREIGN, f"not of {layout.profile.name}: {response.sw:04X}")

    def of_a_bank(self) -> bool:
        """Whether the card has the directory of payment applications (EMV Book 1, 12.2.2), which no meter card has.

        Nothing of what stands in it is read.
        """
        return self._send(Command(0x00, 0xA4, 0x04, 0x00, PAYMENT_DIRECTORY)).ok

    def contents(self, layout: Layout, files: dict[str, bytes]) -> CardContents:
        """Tell what stands in the files; DAMAGED where they cannot be what was written."""
        self.profile = layout.profile.name
        try:
            return layout.contents(files, self.serial)
        except LayoutError as error:
            raise self.error(CardCode.DAMAGED, str(error), file=error.file, field=error.field) from error

    def prove(self, layout: Layout, challenge: bytes) -> bytes:
        """INTERNAL AUTHENTICATE."""
        key = layout.profile.card.internal_key
        return self._do(Command(0x00, 0x88, 0x00, key, challenge, le=8), CardCode.FOREIGN)

    def authenticate(self, layout: Layout, module: SecurityModule, card: CardKeys) -> None:
        """EXTERNAL AUTHENTICATE: the card lets itself be written."""
        challenge = self.challenge(AUTH_CHALLENGE)
        cryptogram = module.authenticate(card, challenge)
        self._check_time()
        command = Command(0x00, 0x82, 0x00, layout.profile.card.external_key, cryptogram)
        response = self._send(command)
        self.key_refused = response.word == "auth_failed"
        self._checked(command, response, CardCode.REFUSED_US)

    def challenge(self, length: int) -> bytes:
        """GET CHALLENGE."""
        challenge = self._do(Command(0x00, 0x84, 0x00, 0x00, le=length), CardCode.REFUSED_US)
        if len(challenge) != length:
            raise self.error(CardCode.REFUSED_US, f"a challenge of {len(challenge)} bytes")
        return challenge

    def update(self, update: Update, mac: bytes, *, wallet: bool) -> None:
        """UPDATE BINARY; from a wallet's on, nothing is certain until it is read back."""
        self._check_time()
        self.wallet_sent = self.wallet_sent or wallet
        self._do(update.command(mac), CardCode.REFUSED_US)

    def _check_time(self) -> None:
        """Raise DeviceTimeout when the module has used up the time: nothing is sent half-heartedly then."""
        if time.monotonic() >= self._deadline:
            raise DeviceTimeout("the security module used up the time of this write")

    def _file(self, layout: Layout, name: str) -> bytes:
        data = b"".join(self._do(command, CardCode.FOREIGN) for command in layout.reads(name))
        if len(data) != layout.file(name).length:
            raise self.error(CardCode.FOREIGN, f"file {name} has {len(data)} bytes")
        return data

    def _do(self, command: Command, otherwise: CardCode) -> bytes:
        return self._checked(command, self._send(command), otherwise)

    def _checked(self, command: Command, response: Response, otherwise: CardCode) -> bytes:
        if response.ok:
            return response.data
        code = _ALWAYS.get(response.word, otherwise)
        raise self.error(code, f"{command.header.hex(' ').upper()}: {response.sw:04X} {response.word}")

    def _send(self, command: Command) -> Response:
        try:
            return self._port.exchange(command, min(self._deadline, time.monotonic() + self._command_s))
        except DriverError as error:
            raise self._told(error) from error

    def _told(self, error: DriverError) -> CardError:
        """The error of this session for what the reader told."""
        match error:
            case CardGone() | CardReset():
                return self.error(CardCode.GONE, str(error))
            case CardMute() | DeviceTimeout() | ProtocolError():
                return self.error(CardCode.MUTE, str(error))
            case TransportError() | CommandRefused():
                return self.error(CardCode.READER_GONE, str(error))
        return self.error(CardCode.MUTE, str(error))
