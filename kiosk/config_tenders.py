"""The tables of kiosk.toml for money that is not cash: bank cards, phones, recharge cards, and the scanner."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from kiosk.config_base import Baud, Count, Seconds, Section


class BankCard(Section, frozen=True, kw_only=True):
    """The kiosk's own reader for bank cards; without a reader's name it takes none itself."""

    reader: str = ""
    """Name of the PC/SC reader that the chip is read by, as `pcsc_scan` shows it."""
    port: str = ""
    """The line of the motorised unit (CRT-310) that draws cards in; none: the customer puts them in and pulls them."""
    baudrate: Baud = 9600
    parity: Literal["N", "E", "O"] = "N"
    bytesize: Literal[7, 8] = 8
    stopbits: Literal[1, 2] = 1
    poll_s: Seconds = 0.3
    read_s: Seconds = 8.0
    """How long reading the card's public data may take."""
    remind_s: Seconds = 8.0
    """How long a card may be held out before the customer is reminded of it, again and again."""
    take_card_s: Seconds = 40.0
    """How long a card is held out before a motorised unit draws it in for good."""

    def __post_init__(self) -> None:
        if self.port and not self.reader:
            raise ValueError("reader: expected beside port")
        if self.take_card_s <= self.remind_s:
            raise ValueError(f"take_card_s: expected more than remind_s ({self.remind_s:g})")


class PinPad(Section, frozen=True, kw_only=True):
    """The encrypting PIN pad's line, and where in it the master key of each bank lies."""

    port: str = ""
    baudrate: Baud = 9600
    parity: Literal["N", "E", "O"] = "N"
    bytesize: Literal[7, 8] = 8
    stopbits: Literal[1, 2] = 1
    slots: dict[str, Annotated[int, Meta(ge=0, le=99)]] = msgspec.field(default_factory=dict)
    """For each bank, by the hub's name for it, the place of its master key."""
    least_digits: Annotated[int, Meta(ge=4, le=12)] = 6
    most_digits: Annotated[int, Meta(ge=4, le=12)] = 6
    pin_s: Seconds = 60.0
    """How long the customer may take to type it."""

    def __post_init__(self) -> None:
        if len(set(self.slots.values())) < len(self.slots):
            raise ValueError("slots: expected a place of its own for each bank")
        if self.port and not self.slots:
            raise ValueError("slots: expected at least one bank beside port")
        if self.most_digits < self.least_digits:
            raise ValueError(f"most_digits: expected at least least_digits ({self.least_digits})")


class EftTerminal(Section, frozen=True, kw_only=True):
    """The line of a certified terminal box, which takes bank cards by itself; none: the kiosk has no box."""

    protocol: Literal["generic"] = "generic"
    port: str = ""
    baudrate: Baud = 9600
    parity: Literal["N", "E", "O"] = "N"
    bytesize: Literal[7, 8] = 8
    stopbits: Literal[1, 2] = 1
    operator: Annotated[str, Meta(pattern=r"^[0-9]{1,10}\Z")] = "1"
    sale_s: Seconds = 120.0
    """How long the box may take for a sale: the customer puts the card in and types the PIN there."""
    answer_s: Seconds = 20.0
    """How long it may take to answer anything else."""
    check_every_s: Seconds = 30.0
    ask_again_s: Seconds = 5.0
    """How long until it is asked again for a result that it has not told."""
    most_asks: Count = 60
    """After so many questions without an answer the sale becomes a claim."""


class Phone(Section, frozen=True, kw_only=True):
    """Payment by phone."""

    enabled: bool = False
    pay_s: Seconds = 120.0
    """How long the code stands on the screen."""


class Recharge(Section, frozen=True, kw_only=True):
    """Recharge cards as a means of payment."""

    enabled: bool = False
    digits: Annotated[int, Meta(ge=8, le=30)] = 18
    """How many digits the secret number has; the last is its check digit."""


class Scanner(Section, frozen=True, kw_only=True):
    """The barcode scanner's line; none: the kiosk has none."""

    port: str = ""
    baudrate: Baud = 9600
    parity: Literal["N", "E", "O"] = "N"
    bytesize: Literal[7, 8] = 8
    stopbits: Literal[1, 2] = 1
    end: Literal["cr", "lf", "crlf"] = "crlf"
    on: str = ""
    """What starts its reading, in hex; none: it reads all the time."""
    off: str = ""
    bill_digits: Annotated[int, Meta(ge=4, le=64)] = 16
    """How many characters the bar code of a bill has."""
    bill_account: tuple[int, int] = (0, 16)
    """From which to before which of them the account number stands, counted from 0."""

    def __post_init__(self) -> None:
        for name in ("on", "off"):
            if not re.fullmatch(r"([0-9A-Fa-f]{2}){0,32}", getattr(self, name)):
                raise ValueError(f"{name}: expected up to 32 bytes in hex")
        first, after = self.bill_account
        if not 0 <= first < after <= self.bill_digits:
            raise ValueError(f"bill_account: expected a part of the {self.bill_digits} characters")
