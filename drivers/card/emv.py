"""What a bank's chip card says before any kernel: its applications, where their records stand, and the card's face.

    SELECT 1PAY.SYS.DDF01   its directory (Book 1, 12.3.2)        or each application by name (12.3.3)
    READ RECORD             the directory's entries (12.2.3)
    SELECT application      its name, what it wants to know (11.3)
    GET PROCESSING OPTIONS  which records there are (Book 3, 6.5.8)
    READ RECORD             number, expiry, track 2 (Book 3, 10.2)

That is all: no cryptogram, no risk management, no proof that the card is genuine. Those are a certified kernel's, which
this is not. Books are EMV 4.3. Everything raises ProtocolError for what no card may say, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from drivers.card.apdu import Command
from drivers.card.tlv import find, parse, tag_and_length, walk
from drivers.errors import ProtocolError

CONTACT_DIRECTORY = b"1PAY.SYS.DDF01"
NEAR_DIRECTORY = b"2PAY.SYS.DDF01"
UNION_PAY = bytes.fromhex("A000000333")
"""UnionPay's registered identifier; its applications' names begin with it (ISO/IEC 7816-5)."""
MOST_RECORDS = 40
"""How many records we read of one card; bounds what one that always has more can cost."""

AID, LABEL, PRIORITY, PREFERRED = 0x4F, 0x50, 0x87, 0x9F12
FCI, FCI_PROPRIETARY, DIRECTORY_SFI, DF_NAME, PDOL = 0x6F, 0xA5, 0x88, 0x84, 0x9F38
ISSUER_DATA, ENTRY, TEMPLATE = 0xBF0C, 0x61, 0x70
ANSWER_1, ANSWER_2, PROFILE, LOCATOR = 0x80, 0x77, 0x82, 0x94
PAN, TRACK_2, EXPIRY, SEQUENCE = 0x5A, 0x57, 0x5F24, 0x5F34
COUNTRY, CURRENCY = 0x9F1A, 0x5F2A
_CHINA = bytes.fromhex("0156")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One application that a directory names. A lower `priority` goes first, 0 last (Book 1, 12.2.3)."""

    name: bytes
    label: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Application:
    """What an application says when it is selected; `wants` is the list of what it wants to be told."""

    name: bytes
    label: str
    priority: int
    wants: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Face:
    """What a card says of itself. `expiry` is YYMM, `sequence` two digits or "", `track2` with a D between."""

    pan: str = field(repr=False)
    expiry: str
    sequence: str
    track2: str = field(repr=False)


def select(name: bytes, *, following: bool = False) -> Command:
    """SELECT by name, the first application or the next one that begins so (Book 1, 11.3.2)."""
    return Command(0x00, 0xA4, 0x04, 0x02 if following else 0x00, name, le=256)


def read_record(sfi: int, record: int) -> Command:
    """READ RECORD of a file that its short identifier names (Book 1, 11.2.2)."""
    return Command(0x00, 0xB2, record, sfi << 3 | 0x04, le=256)


def processing_options(wants: bytes) -> Command:
    """GET PROCESSING OPTIONS, telling what the application wants to know (Book 3, 6.5.8).

    We tell the country and the currency, and zeros for the rest (5.4): there is no transaction yet.

    >>> processing_options(bytes.fromhex("9F1A025F2A029F3704")).encode().hex()
    '80a800000a83080156015600000000'
    """
    data, at = b"", 0
    while at < len(wants):
        tag, length, at = tag_and_length(wants, at)
        known = _CHINA if tag in (COUNTRY, CURRENCY) else b""
        data += known[-length:].rjust(length, b"\0") if length else b""
        if len(data) > 250:
            raise ProtocolError("an application that wants to know too much")
    return Command(0x80, 0xA8, 0x00, 0x00, bytes((0x83,)) + _sized(data) + data, le=256)


def directory_file(fci: bytes) -> int:
    """The short identifier of the contact directory's file, 1 to 10 (Book 1, table 8)."""
    value = find(fci, DIRECTORY_SFI)
    if value is None or len(value) != 1 or not 1 <= value[0] <= 10:
        raise ProtocolError("a directory that does not say where it is")
    return value[0]


def directory_record(record: bytes) -> tuple[Candidate, ...]:
    """The applications in one record of the contact directory (Book 1, 12.2.3)."""
    return tuple(_entries(_inside(record, TEMPLATE)))


def near_directory(fci: bytes) -> tuple[Candidate, ...]:
    """The applications that the contactless directory names in its own answer (Book B, 3.3)."""
    return tuple(_entries(find(_inside(fci, FCI), ISSUER_DATA) or b""))


def chosen(candidates: Iterable[Candidate], accepted: Iterable[bytes]) -> tuple[Candidate, ...]:
    """Those that we take, in the card's own order of preference (Book 1, 12.4)."""
    ours = tuple(accepted)
    taken = [each for each in candidates if any(each.name.startswith(name) for name in ours)]
    return tuple(sorted(taken, key=lambda each: each.priority or 16))


def selected(fci: bytes) -> Application:
    """What an application answered to its selection (Book 1, table 9)."""
    inside = _inside(fci, FCI)
    name = find(inside, DF_NAME)
    if name is None or not 5 <= len(name) <= 16:
        raise ProtocolError("an application without a name")
    return Application(name, _label(inside), _priority(inside), find(inside, PDOL) or b"")


def records(options: bytes) -> tuple[tuple[int, int], ...]:
    """File and number of each record to be read, from the answer to GET PROCESSING OPTIONS (Book 3, 6.5.8.4, 10.2).

    >>> records(bytes.fromhex("8006 7C00 08010201"))
    ((1, 1), (1, 2))
    """
    found = parse(options)
    if len(found) != 1:
        raise ProtocolError("processing options of a wrong form")
    match found[0].tag:
        case 0x80:
            locator = found[0].value[2:]
        case 0x77:
            locator = find(found[0].value, LOCATOR) or b""
        case _:
            raise ProtocolError("processing options of a wrong form")
    if len(locator) % 4 or not locator:
        raise ProtocolError("a file locator of a wrong length")
    places: list[tuple[int, int]] = []
    for at in range(0, len(locator), 4):
        sfi, first, last, proved = locator[at : at + 4]
        if sfi & 0x07 or not 1 <= sfi >> 3 <= 30 or not 1 <= first <= last or proved > last - first + 1:
            raise ProtocolError("a file locator that no card gives")
        places += ((sfi >> 3, number) for number in range(first, last + 1))
        if len(places) > MOST_RECORDS:
            raise ProtocolError(f"a card with more than {MOST_RECORDS} records")
    return tuple(places)


def face(texts: Iterable[bytes]) -> Face:
    """The card's face from its records (Book 3, 10.2: an object that stands there twice with two values is a fault)."""
    seen: dict[int, bytes] = {}
    for text in texts:
        for each in walk(_inside(text, TEMPLATE)):
            if seen.setdefault(each.tag, each.value) != each.value and each.tag in _OURS:
                raise ProtocolError(f"two values for {each.tag:X}")
    track = _track2(seen[TRACK_2]) if TRACK_2 in seen else ""
    on_track = track.partition("D")[0]
    pan = _digits(seen[PAN], 12, 19, "number") if PAN in seen else on_track
    if not pan:
        raise ProtocolError("a card without a number")
    if on_track not in ("", pan):
        raise ProtocolError("a card with two numbers")
    if not luhn(pan):
        raise ProtocolError("a card's number with a wrong check digit")
    return Face(pan, _expiry(seen.get(EXPIRY), track), _sequence(seen.get(SEQUENCE)), track)


_OURS = frozenset({PAN, TRACK_2, EXPIRY, SEQUENCE})


def luhn(number: str) -> bool:
    """Whether the last digit is the check digit of those before it (ISO/IEC 7812-1, Annex B).

    >>> luhn("6212142000000000012"), luhn("6212142000000000021")
    (True, False)
    """
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _inside(data: bytes, tag: int) -> bytes:
    """The value of the one object of this tag that there shall be."""
    found = parse(data)
    if len(found) != 1 or found[0].tag != tag:
        raise ProtocolError(f"an answer that is no {tag:X}")
    return found[0].value


def _entries(data: bytes) -> Iterator[Candidate]:
    for each in parse(data):
        if each.tag != ENTRY:
            continue
        name = find(each.value, AID)
        if name is not None and 5 <= len(name) <= 16:
            yield Candidate(name, _label(each.value), _priority(each.value))


def _priority(data: bytes) -> int:
    return (find(data, PRIORITY) or b"\0")[0] & 0x0F


def _label(data: bytes) -> str:
    """The name for people: the preferred one where it can be read by all (Book 1, 12.2.4), else the label."""
    for tag in (PREFERRED, LABEL):
        text = (find(data, tag) or b"")[:16]
        if text and all(0x20 <= byte < 0x7F for byte in text):
            return text.decode("ascii").strip()
    return ""


def _digits(value: bytes, least: int, most: int, what: str) -> str:
    digits = value.hex().rstrip("f")
    if not digits.isdigit() or not least <= len(digits) <= most:
        raise ProtocolError(f"a card's {what} that is none")
    return digits


def _track2(value: bytes) -> str:
    """Number, D, expiry, service code and the issuer's own; F fills the last byte (Book 3, Annex A, tag 57)."""
    text = value.hex().upper()
    text = text.removesuffix("F")
    number, mark, rest = text.partition("D")
    sound = number.isdigit() and 12 <= len(number) <= 19 and mark and rest.isdigit() and len(rest) >= 7
    if not sound or len(text) > 37:
        raise ProtocolError("a track 2 that is none")
    return text


def _expiry(value: bytes | None, track: str) -> str:
    """YYMM; "" where the card says nothing."""
    text = track.partition("D")[2][:4] if value is None else value.hex()
    if not text:
        return ""
    if len(text) not in (4, 6) or not text.isdigit() or not 1 <= int(text[2:4]) <= 12:
        raise ProtocolError("a card's expiry that is no date")
    return text[:4]


def _sequence(value: bytes | None) -> str:
    if value is None:
        return ""
    if len(value) != 1 or not value.hex().isdigit():
        raise ProtocolError("a card's sequence number that is none")
    return value.hex()


def _sized(data: bytes) -> bytes:
    return bytes([len(data)]) if len(data) < 0x80 else bytes((0x81, len(data)))
