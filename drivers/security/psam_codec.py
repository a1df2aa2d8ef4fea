"""The commands of a SAM (PSAM) card, in the dialects that are in the field; both ends of the wire read them here.

A key never leaves the card. It is chosen with the factor that diversifies it, then used once::

    pboc    80 1A <usage> <key id> Lc factor(s)     INIT FOR DESCRYPT; usage = levels << 5 | kind
            80 FA <mode> 00 Lc data                 DES CRYPT: encrypt, decrypt (by the chosen key's kind) or MAC
              mode bit 0: MAC, else cipher    bit 1: more follows    bit 2: begins with an initial value
              a MAC over all at once is 05, a longer one 07 [03 ...] 01; the sender pads; the answer has 4 bytes
    esam    80 FA 00 <key id> 08 factor             derive
            80 FA 00 00 08 block                    encrypt under what was derived; no MACs

These are State Grid's ESAM and the PBOC PSAM as public sources show them. Kind 7 encrypts and 5 makes MACs in them; 9
for decryption is from memory. Of our own making, and what a real SAM's issuer will do otherwise, are the two commands
for the terminal's master key::

    80 D4 <number> <key id> 13 component check      load component 1 or 2; VERIFY first
    80 CA 00 <key id> 03                            the key's check value

>>> choose = PBOC.choose(Use.ENCRYPT, 1, bytes.fromhex("1122334455667788"))
>>> choose.encode().hex(" ").upper()
'80 1A 27 01 08 11 22 33 44 55 66 77 88'
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from drivers.card.apdu import Command, Response
from drivers.errors import CommandRefused, ProtocolError
from drivers.security.keys import FACTOR

CLA = 0x80
INIT, CRYPT, WRITE_KEY, GET_DATA, VERIFY = 0x1A, 0xFA, 0xD4, 0xCA, 0x20
MAC_LENGTH = 4
LONGEST = 240
"""Bytes of data in one command: the most whole blocks of 16 that a short one holds."""
CHECK = 3
COMPONENT = 16
_MAC_BIT, _MORE_BIT, _INITIAL_BIT = 0x01, 0x02, 0x04


class Use(Enum):
    """What a key is chosen for; the value is the kind of key in PBOC's usage byte."""

    ENCRYPT = 7
    MAC = 5
    DECRYPT = 9


class Dialect(Protocol):
    """How one family of SAM cards is asked to compute. Calls raise CommandRefused for what the family cannot do."""

    @property
    def name(self) -> str:
        """The word for it in settings."""
        ...

    def choose(self, use: Use, key_id: int, factor: bytes) -> Command:
        """Derive the key for one computation from a master key in the card and a factor of 8 bytes."""
        ...

    def cipher(self, block: bytes) -> Command:
        """Encrypt or decrypt one block under the chosen key."""
        ...

    def mac(self, initial: bytes, padded: bytes) -> tuple[Command, ...]:
        """MAC whole blocks after an initial value of one block; the last command's answer is the MAC."""
        ...


@dataclass(frozen=True, slots=True)
class PbocDialect:
    """PBOC's PSAM; `longest` is how many bytes of data it takes in one DES CRYPT, a multiple of 16."""

    name: str = "pboc"
    longest: int = LONGEST

    def choose(self, use: Use, key_id: int, factor: bytes) -> Command:
        return Command(CLA, INIT, 1 << 5 | use.value, key_id, factor)

    def cipher(self, block: bytes) -> Command:
        # Whether several blocks are chained is each maker's choice; one block is the same everywhere.
        return Command(CLA, CRYPT, 0x00, 0x00, block, le=len(block))

    def mac(self, initial: bytes, padded: bytes) -> tuple[Command, ...]:
        cut = parts(initial + padded, self.longest)
        last = len(cut) - 1
        return tuple(
            Command(
                CLA,
                CRYPT,
                _MAC_BIT | (_MORE_BIT if at < last else 0) | (_INITIAL_BIT if at == 0 else 0),
                0x00,
                part,
                le=MAC_LENGTH if at == last else None,
            )
            for at, part in enumerate(cut)
        )


@dataclass(frozen=True, slots=True)
class EsamDialect:
    """The ESAM of a State Grid meter: it derives and encrypts and does nothing else for us."""

    name: str = "esam"

    def choose(self, use: Use, key_id: int, factor: bytes) -> Command:
        if use is not Use.ENCRYPT:
            raise CommandRefused(f"an ESAM derives keys for encryption only, not for {use.name.lower()}")
        if not key_id:
            raise CommandRefused("an ESAM's keys are numbered from 1; 0 would encrypt")
        return Command(CLA, CRYPT, 0x00, key_id, factor)

    def cipher(self, block: bytes) -> Command:
        return Command(CLA, CRYPT, 0x00, 0x00, block, le=len(block))

    def mac(self, initial: bytes, padded: bytes) -> tuple[Command, ...]:
        raise CommandRefused("an ESAM makes no MACs")


PBOC = PbocDialect()
ESAM = EsamDialect()
DIALECTS: dict[str, Dialect] = {PBOC.name: PBOC, ESAM.name: ESAM}


def parts(data: bytes, longest: int) -> list[bytes]:
    """Cut what goes into one MAC into what the card takes at once."""
    return [data[at : at + longest] for at in range(0, len(data), longest)]


def select(file: bytes) -> Command:
    """SELECT a file by its id of two bytes, or an application by its longer name (ISO 7816-4, 11.2.2).

    What the card tells of it is not asked for.
    """
    return Command(0x00, 0xA4, 0x00 if len(file) == 2 else 0x04, 0x00, file)


def read_serial(sfi: int, length: int) -> Command:
    """READ BINARY from the start of the file that holds the SAM's serial."""
    return Command(0x00, 0xB0, 0x80 | sfi, 0x00, le=length)


def verify(pin: bytes) -> Command:
    """Present the loading authority's PIN."""
    return Command(0x00, VERIFY, 0x00, 0x00, pin)


def load_component(number: int, key_id: int, component: bytes, check: bytes) -> Command:
    """Load one component of a key with its check value."""
    if number not in (1, 2) or len(component) != COMPONENT or len(check) != CHECK:
        raise ValueError(f"component 1 or 2 has {COMPONENT} bytes and a check value of {CHECK}")
    return Command(CLA, WRITE_KEY, number, key_id, component + check)


def read_check(key_id: int) -> Command:
    """Ask for a key's check value; the card answers 6A88 while it has no such key."""
    return Command(CLA, GET_DATA, 0x00, key_id, le=CHECK)


@dataclass(frozen=True, slots=True)
class Choose:
    """INIT FOR DESCRYPT, or an ESAM's derivation, as the card reads it."""

    use: Use
    key_id: int
    factors: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Crypt:
    """DES CRYPT as the card reads it: `initial` is the first of the chain, with its initial value in the data."""

    mac: bool
    more: bool
    initial: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Verify:
    """VERIFY as the card reads it."""

    pin: bytes


@dataclass(frozen=True, slots=True)
class LoadComponent:
    """Our WRITE KEY as the card reads it."""

    number: int
    key_id: int
    component: bytes
    check: bytes


@dataclass(frozen=True, slots=True)
class ReadCheck:
    """Our GET DATA as the card reads it."""

    key_id: int


Request = Choose | Crypt | Verify | LoadComponent | ReadCheck


def parse(command: Command) -> Request | None:
    """Read a command of either dialect or of ours on the card's side; None for any other instruction.

    ProtocolError for one of these whose parameters or length cannot be.
    """
    match command.cla, command.ins:
        case 0x80, 0x1A:
            return _parse_choose(command)
        case 0x80, 0xFA if command.p2 == 0 and command.p1 < 8 and command.data:
            mode = command.p1
            return Crypt(
                bool(mode & _MAC_BIT), bool(mode & _MORE_BIT), bool(mode & _INITIAL_BIT), command.data
            )
        case 0x80, 0xFA if command.p1 == 0 and command.p2 and len(command.data) == FACTOR:
            return Choose(Use.ENCRYPT, command.p2, (command.data,))
        case 0x00, 0x20:
            return Verify(command.data)
        case 0x80, 0xD4 if command.p1 in (1, 2) and len(command.data) == COMPONENT + CHECK:
            return LoadComponent(command.p1, command.p2, command.data[:COMPONENT], command.data[COMPONENT:])
        case 0x80, 0xCA if command.p1 == 0:
            return ReadCheck(command.p2)
        case 0x80, 0xFA | 0xD4 | 0xCA:
            raise ProtocolError("not a command of this card", command.encode())
    return None


def _parse_choose(command: Command) -> Choose:
    levels, kind = command.p1 >> 5, command.p1 & 0x1F
    if kind not in {use.value for use in Use} or len(command.data) != levels * FACTOR:
        raise ProtocolError("the usage byte and the factors contradict each other", command.encode())
    factors = tuple(command.data[at : at + FACTOR] for at in range(0, len(command.data), FACTOR))
    return Choose(Use(kind), command.p2, factors)


class SamRefused(CommandRefused):
    """The SAM answered another status word than 9000; `word` is its meaning (`drivers.card.apdu.meaning`)."""

    def __init__(self, message: str, word: str) -> None:
        super().__init__(message)
        self.word = word


def answered(command: Command, response: Response) -> bytes:
    """Give the data of a good response of the length that was asked for.

    SamRefused for any other, ProtocolError for another length: it never tells what came, which may be half of a key.
    """
    if not response.ok:
        raise SamRefused(refusal(command, response), response.word)
    if command.le is not None and len(response.data) != command.le:
        raise ProtocolError(f"the SAM answered {len(response.data)} bytes, not {command.le}")
    return response.data


def refusal(command: Command, response: Response) -> str:
    """Say in words for the technician what the SAM refused and why."""
    left = "" if response.tries_left is None else f", {response.tries_left} tries left"
    return f"the SAM refused {command.header.hex(' ').upper()}: {response.word} ({response.sw:04X}){left}"
