"""The settings of the hub: command line first, then environment, then the defaults."""

import os
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from hub.business.acquirers import Acquirer
from hub.business.card_sales import LIMITS, PURSE_FEN, CardLimits
from hub.business.day import Day
from hub.business.identity_checks import IDENTITY_DEFAULTS, IdentityLimits
from hub.business.recharge_rules import RECHARGE_DEFAULTS, RechargeLimits
from hub.data.engine import DEFAULT_URL

DATABASE = "POWER_HUB_DATABASE"
KEYS = "POWER_HUB_KEYS"
KEY_STORE = "POWER_HUB_KEY_STORE"
ACQUIRERS = "POWER_HUB_ACQUIRERS"
WALLET = "POWER_HUB_WALLET"


MOST_FEE_FEN = 100_000
"""No utility asks more than 1,000 yuan for a card: beyond it somebody has mistaken the unit."""
MOST_TRIES, MOST_HOURS = 1_000, 24 * 31


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
    key_store: Path | None = None
    key_life: timedelta = timedelta(hours=24)
    card_limits: CardLimits = LIMITS
    identity_limits: IdentityLimits = IDENTITY_DEFAULTS
    acquirers: tuple[Acquirer, ...] = ()
    wallet: Path | None = None
    recharge_limits: RechargeLimits = RECHARGE_DEFAULTS


def database_url(option: str | None) -> str:
    """The database to use: the option, else the environment, else a file in the working directory."""
    return option or os.environ.get(DATABASE) or DEFAULT_URL


def key_store_file(option: Path | None) -> Path | None:
    """The key store's settings; none: the test keys of a bench, and elsewhere no key store."""
    from_environment = os.environ.get(KEY_STORE)
    return option or (Path(from_environment) if from_environment else None)


def acquirers_file(option: Path | None) -> Path | None:
    """The settings of the banks that take cards; none: the hub takes no bank cards."""
    from_environment = os.environ.get(ACQUIRERS)
    return option or (Path(from_environment) if from_environment else None)


def wallet_file(option: Path | None) -> Path | None:
    """The QR acquirer's settings; none: no payment by phone."""
    from_environment = os.environ.get(WALLET)
    return option or (Path(from_environment) if from_environment else None)


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


def card_limits(least_fen: int, most_fen: int, reissue_fee_fen: int, opening_fee_fen: int) -> CardLimits:
    """The limits and fees of the business with meter cards; raises SettingError."""
    _within("--power-most", most_fen, 1, PURSE_FEN, " fen")
    _within("--power-least", least_fen, 1, most_fen, " fen, no more than --power-most")
    _within("--reissue-fee", reissue_fee_fen, 0, MOST_FEE_FEN, " fen")
    _within("--opening-fee", opening_fee_fen, 0, MOST_FEE_FEN, " fen")
    return CardLimits(least_fen, most_fen, reissue_fee_fen, opening_fee_fen)


def identity_limits(tries: int, terminal_tries: int, hours: float) -> IdentityLimits:
    """How often customers may fail to show who they are; raises SettingError."""
    _within("--identity-tries", tries, 1, MOST_TRIES, "")
    _within("--identity-terminal-tries", terminal_tries, tries, MOST_TRIES, ", no less than --identity-tries")
    _within("--identity-hours", hours, 1, MOST_HOURS, " hours")
    return IdentityLimits(tries, terminal_tries, timedelta(hours=hours))


def recharge_limits(tries: int, hours: float) -> RechargeLimits:
    """How many wrong numbers of recharge cards may come from one terminal; raises SettingError."""
    _within("--recharge-tries", tries, 1, MOST_TRIES, "")
    _within("--recharge-hours", hours, 1, MOST_HOURS, " hours")
    return RechargeLimits(tries, timedelta(hours=hours))


def _within(option: str, value: float, least: float, most: float, of_what: str) -> None:
    if not least <= value <= most:
        raise SettingError(f"{option} {value}: expected {least} to {most}{of_what}")
