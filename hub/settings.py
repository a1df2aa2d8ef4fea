"""The settings of the hub: command line first, then environment, then the defaults."""

import os
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from hub.business.day import Day
from hub.data.database import DEFAULT_URL

DATABASE = "POWER_HUB_DATABASE"
KEYS = "POWER_HUB_KEYS"


class SettingError(ValueError):
    """A setting that cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How one hub process runs."""

    database: str
    host: str = "127.0.0.1"
    port: int = 8470
    keys: Path | None = None
    bench: bool = False
    day: Day = field(default_factory=Day)


def database_url(option: str | None) -> str:
    """The database to use: the option, else the environment, else a file in the working directory."""
    return option or os.environ.get(DATABASE) or DEFAULT_URL


def keys_folder(option: Path | None) -> Path | None:
    """Where the key files are looked for by name; none: at the paths that were registered."""
    from_environment = os.environ.get(KEYS)
    return option or (Path(from_environment) if from_environment else None)


def cut_over(text: str) -> timedelta:
    """Read the clock time of the day's cut-over, 00:01 to 24:00; raises SettingError."""
    hours, _, minutes = text.partition(":")
    if not (hours.isascii() and hours.isdigit() and minutes.isascii() and minutes.isdigit()):
        raise SettingError(f"cut-over {text!r}: HH:MM expected")
    moment = timedelta(hours=int(hours), minutes=int(minutes))
    if int(minutes) > 59 or not timedelta(0) < moment <= timedelta(hours=24):
        raise SettingError(f"cut-over {text!r}: 00:01 to 24:00 expected")
    return moment
