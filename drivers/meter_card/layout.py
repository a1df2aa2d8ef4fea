"""A meter card's files to values and back, as the profile lays them out; knows no reader, clock or key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from drivers.card.apdu import Command
from drivers.meter_card import file_codec, profile_file
from drivers.meter_card.codes import Value
from drivers.meter_card.file_codec import LayoutError, number, text
from drivers.meter_card.model import CardContents, FileData, Wallet, WriteBack
from drivers.meter_card.profile import PARAMETER, WALLET, WRITE_BACK, CardFile, Profile
from drivers.meter_card.profile_table import ProfileError

__all__ = ["Layout", "LayoutError", "ProfileError", "Update"]

MAC_LENGTH = 4
READ_BINARY = 0xB0
UPDATE_BINARY = 0xD6


@dataclass(frozen=True, slots=True)
class Update:
    """One UPDATE BINARY with secure messaging, before its MAC."""

    cla: int
    p1: int
    p2: int
    data: bytes

    @property
    def message(self) -> bytes:
        """What the MAC is computed over: the header, whose Lc counts the MAC, and the data."""
        return bytes((self.cla, UPDATE_BINARY, self.p1, self.p2, len(self.data) + MAC_LENGTH)) + self.data

    def command(self, mac: bytes) -> Command:
        """Make the whole command."""
        return Command(self.cla, UPDATE_BINARY, self.p1, self.p2, self.data + mac)


class Layout:
    """One profile at work.

    >>> state_grid = Layout.named("state_grid_2013")
    >>> state_grid.encode("wallet", {"amount_fen": 5000, "count": 7}).hex()
    '0000138800000007'
    >>> state_grid.updates(FileData("wallet", bytes(8)))[0].message[:5].hex()
    '04d682000c'
    """

    def __init__(self, profile: Profile) -> None:
        self.profile = profile

    @classmethod
    def named(cls, name: str, *folders: Path) -> Layout:
        """Load a profile by its name from these folders or from those shipped; ProfileError when there is none."""
        found = profile_file.find(*folders)
        if name not in found:
            places = " and ".join((*map(str, folders), "those shipped"))
            raise ProfileError(
                f"{name}.toml", "", f"there is no such profile; in {places} there are: {', '.join(found)}"
            )
        return cls(profile_file.load(found[name]))

    def decode(self, file: str, data: bytes) -> Mapping[str, Value]:
        """Read all fields of a file by name; LayoutError when it cannot be one.

        Fixed values are looked at first and checksums last, so that an error names the field itself where it can.
        """
        return file_codec.decode(self.file(file), data)

    def encode(self, file: str, values: Mapping[str, Value]) -> bytes:
        """Make a file of its values; fixed ones and checksums are filled in, defaults where no value is given.

        LayoutError for a field that is missing, unknown, or does not fit.
        """
        return file_codec.encode(self.file(file), values)

    def is_empty(self, data: bytes) -> bool:
        """Whether a write-back file is empty by the meter's own test."""
        rule = self.file(WRITE_BACK).empty
        return rule is not None and rule.holds(data)

    def contents(self, files: Mapping[str, bytes], serial: str) -> CardContents:
        """Tell what stands on a card from its files, at least those with `read`; LayoutError when one is damaged."""
        for name in (PARAMETER, WALLET, WRITE_BACK):
            file_codec.check_length(self.file(name), files[name])
        parameter, wallet, back = files[PARAMETER], files[WALLET], files[WRITE_BACK]
        blank = _unwritten(parameter)
        holder = {} if blank else self.decode(PARAMETER, parameter)
        return CardContents(
            profile=self.profile.name,
            serial=serial,
            card_type=parameter[0] if blank else number(holder, "card_type"),
            meter_no="" if blank else text(holder, "meter_no"),
            customer_no="" if blank else text(holder, "customer_no"),
            wallet=Wallet(0, 0) if blank and _unwritten(wallet) else self._wallet(wallet),
            write_back=None
            if self.is_empty(back) or (blank and _unwritten(back))
            else self._write_back(back),
            files=dict(files),
        )

    def order(
        self,
        parameter: Mapping[str, Value],
        wallet: Wallet,
        tariffs: Mapping[str, Mapping[str, Value]] | None = None,
    ) -> tuple[FileData, ...]:
        """Make the files of one write in writing order.

        The parameter file, tariff files if any, the write-back file cleared, and the wallet last: as long as it is
        the old one, the meter credits nothing.
        """
        return (
            FileData(PARAMETER, self.encode(PARAMETER, parameter)),
            *(FileData(file, self.encode(file, values)) for file, values in (tariffs or {}).items()),
            FileData(WRITE_BACK, bytes(self.file(WRITE_BACK).length)),
            FileData(WALLET, self.encode(WALLET, {"amount_fen": wallet.amount_fen, "count": wallet.count})),
        )

    def reads(self, file: str) -> tuple[Command, ...]:
        """Make the commands that read a file whole."""
        layout = self.file(file)
        return tuple(
            Command(0x00, READ_BINARY, layout.p1, offset, le=length)
            for offset, length in _pieces(layout.chunks)
        )

    def updates(self, data: FileData) -> tuple[Update, ...]:
        """Make the commands that write a file whole, each before its MAC; LayoutError for another length."""
        layout = self.file(data.file)
        file_codec.check_length(layout, data.data)
        cla = self.profile.card.update_cla
        return tuple(
            Update(cla, layout.p1, offset, data.data[offset : offset + length])
            for offset, length in _pieces(layout.chunks)
        )

    def file(self, name: str) -> CardFile:
        """Tell one file's place and fields; LayoutError when the profile has none of this name."""
        if name not in self.profile.files:
            raise LayoutError(name, "", 0, f"a file of {self.profile.name}", repr(name))
        return self.profile.files[name]

    def _wallet(self, data: bytes) -> Wallet:
        values = self.decode(WALLET, data)
        return Wallet(number(values, "amount_fen"), number(values, "count"))

    def _write_back(self, data: bytes) -> WriteBack:
        values = self.decode(WRITE_BACK, data)
        written_at = text(values, "written_at")
        return WriteBack(
            meter_no=text(values, "meter_no"),
            customer_no=text(values, "customer_no"),
            remaining_fen=number(values, "remaining_fen"),
            count=number(values, "count"),
            overdraft_fen=number(values, "overdraft_fen"),
            illegal_cards=number(values, "illegal_cards"),
            written_at="" if written_at.isdecimal() else written_at,
        )


def _pieces(chunks: Iterable[int]) -> Iterable[tuple[int, int]]:
    offset = 0
    for length in chunks:
        yield offset, length
        offset += length


def _unwritten(data: bytes) -> bool:
    return set(data) in ({0x00}, {0xFF})
