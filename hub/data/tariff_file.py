"""The tariff files: one dated price list each, read strictly, found again by the date of supply."""

import tomllib
from collections.abc import Iterable
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

import msgspec

from hub.business.tariff import Tariff


class TariffFileError(ValueError):
    """A tariff file that cannot be used; the message names the file, the key and what was expected."""


class NoTariffInForceError(LookupError):
    """No price list of this id is in force on the day asked for."""


class TariffBook:
    """All price lists of the house, by id and by the time in which each is in force."""

    def __init__(self, tariffs: Iterable[Tariff]) -> None:
        """Raise TariffFileError when two lists of one id are in force on the same day."""
        self._editions: dict[str, list[Tariff]] = {}
        for tariff in sorted(tariffs, key=lambda each: each.valid_from):
            self._editions.setdefault(tariff.id, []).append(tariff)
        for editions in self._editions.values():
            for older, newer in pairwise(editions):
                if older.valid_to is None or older.valid_to >= newer.valid_from:
                    raise TariffFileError(
                        f"{newer.id} from {newer.valid_from} overlaps the one from {older.valid_from}"
                    )

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all tariffs, in alphabetical order."""
        return tuple(sorted(self._editions))

    def in_force(self, tariff_id: str, on: date) -> Tariff:
        """Give the list of this id in force on this day; raise NoTariffInForceError if there is none."""
        for tariff in self._editions.get(tariff_id, ()):
            if tariff.valid_from <= on and (tariff.valid_to is None or on <= tariff.valid_to):
                return tariff
        raise NoTariffInForceError(f"no tariff {tariff_id} in force on {on}")


def read_tariff(file: Path | Traversable) -> Tariff:
    """Read one file; raise TariffFileError for broken TOML, unknown keys, wrong types, contradictions."""
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"), parse_float=_refuse_float)
        return msgspec.convert(content, Tariff)
    except (ValueError, msgspec.ValidationError) as error:
        raise TariffFileError(f"{file.name}: {error}") from error


def read_tariffs(folder: Path | Traversable | None = None) -> TariffBook:
    """Read every `.toml` file of the folder, by default the price lists that come with the hub."""
    folder = folder or files("hub.data") / "tariffs"
    return TariffBook(read_tariff(file) for file in folder.iterdir() if file.name.endswith(".toml"))


def _refuse_float(text: str) -> NoReturn:
    raise ValueError(f'prices are exact decimals: write "{text}" in quotes')
