"""The State Grid user card without any wire: files, keys, and what its card system makes of each command.

    MF 3F00   SFI 19  byte 0, then the serial (8)        read free, never written
              SFI 01  public information (39)            read free, written in plain
    DF DF01   SFI 01..06 as the layout says              read free, written with a MAC after EXTERNAL AUTHENTICATE

It is strict where cards in the field differ: a challenge serves the very next command only (`series` keeps one of
four bytes for a series of updates).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from drivers.card.apdu import OK, Response
from drivers.security import keys
from drivers.security.bench_keys import card_keys
from drivers.security.cipher import cipher
from drivers.security.keys import CardKeySet
from simulators.cards.card import CardCut, Cut, Order, Random, Refused, Waiting

MF, DF01 = 0x3F00, 0xDF01
TRIES = 3
INTERNAL_KEY, EXTERNAL_KEY = 0x01, 0x02
_PUBLIC, _SERIAL = 0x01, 0x19
_PUBLIC_LENGTH = 0x27
_USES = ("internal", "external", "mac")


@dataclass(frozen=True, slots=True)
class FileRule:
    """One file of DF01: its length, and what it takes to read and to write it."""

    length: int
    free_read: bool = True
    protected: bool = True


def _rules(*lengths: int) -> Mapping[int, FileRule]:
    return {sfi: FileRule(length) for sfi, length in enumerate(lengths, start=1)}


LAYOUTS: Mapping[str, Mapping[int, FileRule]] = {
    "state_grid_2009": _rules(45, 8, 258, 258, 49),
    "state_grid_2013": _rules(45, 8, 203, 203, 49),
    "southern_grid": _rules(45, 8, 199, 199, 16, 50),
}
"""Files of DF01 by their SFI, for each profile. The length of the Southern Grid's file 5 is a guess."""


@dataclass(slots=True)
class CardState:
    """What a card keeps without power. `files` are DF01's by SFI; `writes_left` is when its memory is worn out."""

    profile: str
    serial: bytes
    keys: CardKeySet
    files: dict[int, bytes]
    public: bytes = bytes(_PUBLIC_LENGTH)
    tries_left: int = TRIES
    issued: bool = True
    writes_left: int | None = None

    def kept(self) -> dict[str, Any]:
        """All of it as JSON takes it."""
        return {
            "profile": self.profile,
            "serial": self.serial.hex().upper(),
            "keys": {
                "note": "TEST KEYS",
                "cipher": self.keys.cipher.name,
                **{use: getattr(self.keys, use).hex() for use in _USES},
            },
            "files": {sfi: data.hex() for sfi, data in self.files.items()},
            "public": self.public.hex(),
            "tries_left": self.tries_left,
            "issued": self.issued,
            "writes_left": self.writes_left,
        }

    @classmethod
    def restored(cls, kept: Mapping[str, Any]) -> CardState:
        """What `kept` gave."""
        keys = kept["keys"]
        return cls(
            kept["profile"],
            bytes.fromhex(kept["serial"]),
            CardKeySet(cipher(keys["cipher"]), *(bytes.fromhex(keys[use]) for use in _USES)),
            {int(sfi): bytes.fromhex(data) for sfi, data in kept["files"].items()},
            bytes.fromhex(kept["public"]),
            kept["tries_left"],
            kept["issued"],
            kept["writes_left"],
        )


def blank(profile: str, serial: str, masters: CardKeySet | None = None) -> CardState:
    """A card as the utility hands it out: all files zero, keys for its serial (16 hex digits).

    `masters` are the bench's test keys unless given.
    """
    files = {sfi: bytes(rule.length) for sfi, rule in LAYOUTS[profile].items()}
    return CardState(
        profile, bytes.fromhex(serial), (masters or card_keys(profile)).for_serial(serial), files
    )


@dataclass(slots=True)
class _Session:
    """What a card forgets with its power."""

    df: int = MF
    challenge: bytes = b""
    authenticated: bool = False
    waiting: Waiting = field(default_factory=Waiting)


class UserCard:
    """One user card; `state` is its memory and outlives it. See `SimulatedCard` for the calls."""

    def __init__(
        self,
        state: CardState,
        random: Random = secrets.token_bytes,
        *,
        series: bool = False,
    ) -> None:
        self.state = state
        self._layout = LAYOUTS[state.profile]
        self._random = random
        self._series = series
        self._session = _Session()
        self._torn: int | None = None
        self._tear = False

    @property
    def atr(self) -> bytes:
        """T=0 only; the serial stands in the historical bytes, as in some card systems."""
        return b"\x3b\x6c\x00\x02" + self.state.serial + b"\x86\x38\x00\x00"

    def status(self) -> dict[str, Any]:
        """What a test wants to see of it besides its memory."""
        return {"kind": "user", "authenticated": self.authenticated}

    @property
    def authenticated(self) -> bool:
        """Whether EXTERNAL AUTHENTICATE has succeeded since the last reset."""
        return self._session.authenticated

    def reset(self) -> None:
        """Forget all that hangs on power."""
        self._session = _Session()

    def apdu(self, raw: bytes, cut: Cut | None = None, torn: int | None = None) -> bytes:
        """Answer one command; raises CardCut and is reset with `cut`."""
        if cut is Cut.BEFORE:
            self.reset()
            raise CardCut
        self._tear, self._torn = cut is Cut.HALF, torn
        try:
            answer = self._answer(raw)
            if cut is not None:
                raise CardCut
        except CardCut:
            self.reset()
            raise
        finally:
            self._tear = False
        return answer

    def _answer(self, raw: bytes) -> bytes:
        session = self._session
        challenge = session.challenge
        if not (self._series and len(challenge) == 4):
            session.challenge = b""
        try:
            order = Order.read(raw)
            if order.ins != 0xC0:
                session.waiting.clear()
            return self._obey(order, challenge)
        except Refused as refused:
            return Response(b"", refused.sw).encode()

    def _obey(self, order: Order, challenge: bytes) -> bytes:
        match order.cla, order.ins:
            case 0x00, 0xA4:
                return self._select(order)
            case 0x00, 0xB0:
                return self._read(order)
            case 0x04, 0xB0:
                return self._read_for_meter(order)
            case 0x00 | 0x04, 0xD6:
                return self._update(order, challenge)
            case 0x00, 0x84:
                return self._get_challenge(order)
            case 0x00, 0x82:
                return self._external_authenticate(order, challenge)
            case 0x00, 0x88:
                return self._internal_authenticate(order)
            case 0x00, 0xC0:
                return self._session.waiting.fetch(order.wanted)
            case _, 0xA4 | 0xB0 | 0xD6 | 0x84 | 0x82 | 0x88 | 0xC0:
                raise Refused(0x6E00)
        raise Refused(0x6D00)

    # Files.

    def _select(self, order: Order) -> bytes:
        if order.p1 or order.p2:
            raise Refused(0x6A82 if order.p1 == 0x04 else 0x6A86)
        if len(order.data) != 2:
            raise Refused(0x6700)
        wanted = int.from_bytes(order.data, "big")
        if wanted not in (MF, DF01):
            raise Refused(0x6A82)
        if wanted != self._session.df:
            self._session.authenticated = False
        self._session.df = wanted
        return _ok()

    def _read(self, order: Order) -> bytes:
        sfi, contents = self._file(order)
        if self._session.df == DF01 and not self._layout[sfi].free_read and not self.authenticated:
            raise Refused(0x6982)
        if order.data:
            raise Refused(0x6700)
        left = len(contents) - order.p2
        if left <= 0:
            raise Refused(0x6B00)
        if order.wanted > left:
            raise Refused(0x6C00 | left & 0xFF)
        return _ok(contents[order.p2 : order.p2 + order.wanted])

    def _read_for_meter(self, order: Order) -> bytes:
        """Give data with a MAC over the header of the write that will carry them into a meter's module."""
        _, contents = self._file(order)
        if len(order.data) != 9:
            raise Refused(0x6700)
        challenge, header = order.data[:4], order.data[4:]
        length = header[4] - 4
        data = contents[order.p2 : order.p2 + length]
        if length < 1 or len(data) < length:
            raise Refused(0x6B00)
        own = self.state.keys
        return self._session.waiting.hold(data + keys.mac4(own.cipher, own.mac, challenge, header + data))

    def _update(self, order: Order, challenge: bytes) -> bytes:
        sfi, contents = self._file(order)
        if self._session.df == MF and sfi != _PUBLIC:
            raise Refused(0x6982)
        protected = self._session.df == DF01 and self._layout[sfi].protected
        data = self._proven(order, challenge) if protected else order.data
        if not protected and order.cla:
            raise Refused(0x6E00)
        if not data:
            raise Refused(0x6700)
        if order.p2 >= len(contents):
            raise Refused(0x6B00)
        if order.p2 + len(data) > len(contents):
            raise Refused(0x6700)
        self._store(sfi, order.p2, data)
        return _ok()

    def _proven(self, order: Order, challenge: bytes) -> bytes:
        """The data of an update whose MAC is right."""
        if order.cla != 0x04 or not self.authenticated:
            raise Refused(0x6982)
        if len(order.data) < 5:
            raise Refused(0x6700)
        if len(challenge) != 4:
            raise Refused(0x6984)
        data, mac = order.data[:-4], order.data[-4:]
        own = self.state.keys
        if keys.mac4(own.cipher, own.mac, challenge, order.header + data) != mac:
            raise Refused(0x6988)
        return data

    def _file(self, order: Order) -> tuple[int, bytes]:
        """The file that a command names by its SFI in P1, and all its bytes."""
        if not order.p1 & 0x80:
            raise Refused(0x6986)
        sfi = order.p1 & 0x1F
        if self._session.df == MF:
            own = {_PUBLIC: self.state.public, _SERIAL: b"\0" + self.state.serial}
        else:
            own = self.state.files
            if not self.state.issued:
                raise Refused(0x6B00)
        if sfi not in own:
            raise Refused(0x6A82)
        return sfi, own[sfi]

    def _store(self, sfi: int, offset: int, data: bytes) -> None:
        if self.state.writes_left == 0:
            raise Refused(0x6581)
        if self.state.writes_left is not None:
            self.state.writes_left -= 1
        if self._tear:
            data = data[: len(data) // 2 if self._torn is None else self._torn]
        if self._session.df == MF:
            self.state.public = _laid(self.state.public, offset, data)
        else:
            self.state.files[sfi] = _laid(self.state.files[sfi], offset, data)
        if self._tear:
            raise CardCut

    # Who is who.

    def _get_challenge(self, order: Order) -> bytes:
        if order.data or order.p3 not in (4, 8):
            raise Refused(0x6700)
        self._session.challenge = self._random(order.p3)
        return _ok(self._session.challenge)

    def _external_authenticate(self, order: Order, challenge: bytes) -> bytes:
        if order.p2 != EXTERNAL_KEY:
            raise Refused(0x6A88)
        if len(order.data) != 8:
            raise Refused(0x6700)
        if not self.state.tries_left:
            raise Refused(0x6983)
        if len(challenge) != 8:
            raise Refused(0x6984)
        own = self.state.keys
        if keys.cryptogram(own.cipher, own.external, challenge) != order.data:
            self._session.authenticated = False
            self.state.tries_left -= 1
            raise Refused(0x63C0 | self.state.tries_left)
        self.state.tries_left = TRIES
        self._session.authenticated = True
        return _ok()

    def _internal_authenticate(self, order: Order) -> bytes:
        if order.p2 != INTERNAL_KEY:
            raise Refused(0x6A88)
        if len(order.data) != 8:
            raise Refused(0x6700)
        own = self.state.keys
        return self._session.waiting.hold(keys.cryptogram(own.cipher, own.internal, order.data))


def _ok(data: bytes = b"") -> bytes:
    return Response(data, OK).encode()


def _laid(contents: bytes, offset: int, data: bytes) -> bytes:
    return contents[:offset] + data + contents[offset + len(data) :]
