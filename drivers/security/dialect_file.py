"""A SAM's commands read from a TOML file: a maker's own way to choose a key, encrypt, decrypt and make MACs.

The first four bytes of each command, in hex; `id` stands for the key's number, in place of P1 or P2. The data are
always the same: the factor (8 bytes) behind `encrypt`, `decrypt` and `sign`, one block behind `cipher`, initial value
and padded message behind the `mac` commands, in parts where the message is longer than the card takes at once. The
dialect `pboc`, which needs no file, would be::

    encrypt = "80 1A 27 id"
    decrypt = "80 1A 29 id"
    sign = "80 1A 25 id"
    cipher = "80 FA 00 00"
    mac = "80 FA 05 00"
    mac_first = "80 FA 07 00"
    mac_more = "80 FA 03 00"
    mac_last = "80 FA 01 00"
    longest = 240
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from drivers.card.apdu import Command
from drivers.meter_card.profile_table import ProfileError, Table
from drivers.security.psam_codec import LONGEST, MAC_LENGTH, Use, parts

_ID = "id"
_LARGEST_BLOCK = 16
_CHOICES = {Use.ENCRYPT: "encrypt", Use.DECRYPT: "decrypt", Use.MAC: "sign"}


@dataclass(frozen=True, slots=True)
class Header:
    """CLA INS P1 P2 of a command; `at` is where the key's number goes (2 or 3), None for a command without one."""

    octets: bytes
    at: int | None = None

    def command(self, data: bytes, le: int | None = None, key_id: int = 0) -> Command:
        """Make the command."""
        filled = bytearray(self.octets)
        if self.at is not None:
            filled[self.at] = key_id
        cla, ins, p1, p2 = filled
        return Command(cla, ins, p1, p2, data, le=le)


@dataclass(frozen=True, slots=True)
class FileDialect:
    """`Dialect` of one file; `longest` is how many bytes of data the card takes in one command of a MAC."""

    name: str
    choices: Mapping[Use, Header]
    block: Header
    whole: Header
    first: Header
    more: Header
    last: Header
    longest: int = LONGEST

    def choose(self, use: Use, key_id: int, factor: bytes) -> Command:
        """See `Dialect`."""
        return self.choices[use].command(factor, key_id=key_id)

    def cipher(self, block: bytes) -> Command:
        """See `Dialect`."""
        return self.block.command(block, len(block))

    def mac(self, initial: bytes, padded: bytes) -> tuple[Command, ...]:
        """See `Dialect`."""
        cut = parts(initial + padded, self.longest)
        if len(cut) == 1:
            return (self.whole.command(cut[0], MAC_LENGTH),)
        return (
            self.first.command(cut[0]),
            *(self.more.command(part) for part in cut[1:-1]),
            self.last.command(cut[-1], MAC_LENGTH),
        )


def load(path: Path) -> FileDialect:
    """Read one dialect; its name is the file's. ProfileError names the file, the key and what is wrong with it."""
    try:
        table = Table(path.name, tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ProfileError(path.name, "", error.strerror or str(error)) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProfileError(path.name, "", f"not TOML: {error}") from error
    made = FileDialect(
        name=path.stem,
        choices={use: _header(table, key, numbered=True) for use, key in _CHOICES.items()},
        block=_header(table, "cipher"),
        whole=_header(table, "mac"),
        first=_header(table, "mac_first"),
        more=_header(table, "mac_more"),
        last=_header(table, "mac_last"),
        longest=_longest(table),
    )
    table.done()
    return made


def _header(table: Table, key: str, *, numbered: bool = False) -> Header:
    words = table.text(key).split()
    at = next((place for place in (2, 3) if words[place : place + 1] == [_ID]), None)
    try:
        octets = bytes(0 if place == at else _octet(word) for place, word in enumerate(words))
    except ValueError:
        octets = b""
    if len(octets) != 4 or (at is not None) is not numbered:
        like = '"80 1A 27 id" with id as the third or fourth' if numbered else '"80 FA 00 00"'
        raise table.wrong(key, f"has to be four bytes in hex, like {like}")
    return Header(octets, at)


def _octet(word: str) -> int:
    if len(word) != 2:
        raise ValueError(word)
    return bytes.fromhex(word)[0]


def _longest(table: Table) -> int:
    longest = table.whole("longest", 2 * _LARGEST_BLOCK, LONGEST, default=LONGEST)
    if longest % _LARGEST_BLOCK:
        raise table.wrong("longest", f"has to be a multiple of {_LARGEST_BLOCK}")
    return longest
