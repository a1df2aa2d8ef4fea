"""ISO 7816-4 commands and responses as bytes, and the status words in words.

    command   CLA | INS | P1 | P2 [ | Lc | data 1..255 ] [ | Le ]
    response  data 0..256 | SW1 | SW2

Over T=0 (ISO 7816-3 §12.2) the byte after P2 counts either what goes out or what shall come back, never both: a
command without data and without Le carries 00 there, and one with both leaves Le off; the card answers 61xx and the
data is fetched with GET RESPONSE.

>>> Command(0x00, 0xB0, 0x81, 0x00, le=0x2D).encode().hex(" ").upper()
'00 B0 81 00 2D'
>>> Command(0x00, 0x88, 0x00, 0x01, bytes(2), le=8).encode().hex(" ").upper()
'00 88 00 01 02 00 00'
>>> Response.decode(bytes.fromhex("63C2")).word
'auth_failed'
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from drivers.errors import ProtocolError

LONGEST_DATA = 255
LONGEST_ANSWER = 256
OK = 0x9000

# Status words as ISO 7816-4 table 6 and the State Grid and PBOC card systems use them. Where two systems use two
# numbers for one thing, both have one word.
_WORDS = {
    0x9000: "ok",
    0x6300: "auth_failed",
    0x6581: "worn",
    0x6700: "wrong_length",
    0x6982: "not_allowed",
    0x6983: "locked",
    0x6984: "no_challenge",
    0x6985: "not_now",
    0x6988: "mac_wrong",
    0x6989: "mac_wrong",
    0x6A80: "wrong_data",
    0x6A82: "no_file",
    0x6A83: "no_file",
    0x6A84: "no_room",
    0x6A86: "wrong_parameters",
    0x6A88: "no_key",
    0x6B00: "unissued",
    0x6D00: "unknown_command",
    0x6E00: "unknown_class",
    0x9302: "mac_wrong",
    0x9303: "locked",
    0x9403: "no_key",
}


def meaning(sw: int) -> str:
    """A stable word for a status word; `fault` for one that is not known.

    >>> meaning(0x6C2D), meaning(0x63C0), meaning(0x6F00)
    ('wrong_le', 'auth_failed', 'fault')
    """
    if sw >> 8 == 0x61:
        return "more"
    if sw >> 8 == 0x6C:
        return "wrong_le"
    if sw >> 4 == 0x63C:
        return "auth_failed"
    return _WORDS.get(sw, "fault")


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `le` is how many bytes shall come back at most: 1 to 256, None for none."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    le: int | None = None

    def __post_init__(self) -> None:
        if not all(0 <= byte <= 0xFF for byte in (self.cla, self.ins, self.p1, self.p2)):
            raise ValueError("CLA, INS, P1 and P2 are bytes")
        if len(self.data) > LONGEST_DATA:
            raise ValueError(f"a short command carries at most {LONGEST_DATA} bytes")
        if self.le is not None and not 1 <= self.le <= LONGEST_ANSWER:
            raise ValueError(f"Le is 1 to {LONGEST_ANSWER}")

    @property
    def header(self) -> bytes:
        """CLA, INS, P1, P2."""
        return bytes((self.cla, self.ins, self.p1, self.p2))

    def encode(self, *, t0: bool = True) -> bytes:
        """The bytes for the reader: over T=0, or the whole command as T=1 carries it."""
        sent = bytes([len(self.data)]) + self.data if self.data else b""
        wanted = b"" if self.le is None else bytes([self.le & 0xFF])
        if not t0:
            return self.header + sent + wanted
        return self.header + (sent or wanted or b"\x00")

    def with_le(self, le: int) -> Command:
        """The same command asking for another length, as 6Cxx orders it; 0 stands for 256."""
        return replace(self, le=le or LONGEST_ANSWER)


@dataclass(frozen=True, slots=True)
class Response:
    """What came back: data and status word."""

    data: bytes
    sw: int

    @classmethod
    def decode(cls, raw: bytes) -> Response:
        """Read a response of 2 to 258 bytes; ProtocolError for another length."""
        if not 2 <= len(raw) <= LONGEST_ANSWER + 2:
            raise ProtocolError(f"a response of {len(raw)} bytes", raw)
        return cls(raw[:-2], int.from_bytes(raw[-2:], "big"))

    def encode(self) -> bytes:
        """The bytes that a card sends."""
        return self.data + self.sw.to_bytes(2, "big")

    @property
    def ok(self) -> bool:
        """Whether the card did what was asked."""
        return self.sw == OK

    @property
    def word(self) -> str:
        """The status word's meaning."""
        return meaning(self.sw)

    @property
    def waiting(self) -> int | None:
        """How many bytes wait for GET RESPONSE (61xx; 0 stands for 256), None when none do."""
        return (self.sw & 0xFF or LONGEST_ANSWER) if self.sw >> 8 == 0x61 else None

    @property
    def right_le(self) -> int | None:
        """The length that the command has to ask for (6Cxx), None when it was right."""
        return (self.sw & 0xFF or LONGEST_ANSWER) if self.sw >> 8 == 0x6C else None

    @property
    def tries_left(self) -> int | None:
        """How many failures are left before the key locks (63Cx, 6983), None when the card does not say."""
        if self.sw == 0x6983:
            return 0
        return self.sw & 0x0F if self.sw >> 4 == 0x63C else None


def get_response(length: int, cla: int = 0x00) -> Command:
    """GET RESPONSE for `length` bytes."""
    return Command(cla, 0xC0, 0x00, 0x00, le=length)
