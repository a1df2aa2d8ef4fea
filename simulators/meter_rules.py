"""What a prepaid meter makes of a card: its acceptance rules in their order, and nothing else.

N is the count on the card, M the meter's own::

    meter no.       another one                             0B
    card type       not opening, purchase or reissue        08
    opened          customer no. another one                0C
                    purchase: serial another one            0D
    not opened      purchase 0F, reissue 10, opening with N > 1: 11
    N >= M + 2      write back, 11
    N == M + 1      write-back file not empty: write back, 12
                    over a limit: 15, and the card stays as it is
                    else credit, M = N
    N == M          parameters only
    N < M           nothing

An opening or reissued card whose write-back file is empty and that got this far is registered; in the end the file is
written. Public descriptions leave three things open, decided here so that no money is lost: after 15 the card is not
written (it would be 12 ever after); an opening card is registered under the same condition as a reissued one; a card
that is not empty opens no meter.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum

FULL_FEN = 99_999_999
"""What a meter can show: 999,999.99 yuan."""


class CardKind(StrEnum):
    """The card types that a meter takes, by the profile's names."""

    OPENING = "opening"
    PURCHASE = "purchase"
    REISSUE = "reissue"


class MeterError(IntEnum):
    """The meter's own error codes."""

    VOLTAGE_LOW = 0x01
    ESAM_ACCESS = 0x02
    ESAM_RESET = 0x03
    CARD_RESET = 0x04
    NOT_GENUINE = 0x05
    REFUSED_BY_CARD = 0x06
    UNISSUED = 0x07
    CARD_TYPE = 0x08
    KEY_STATE = 0x09
    MAC = 0x0A
    METER_NO = 0x0B
    CUSTOMER_NO = 0x0C
    SERIAL = 0x0D
    FORMAT = 0x0E
    PURCHASE_NOT_OPENED = 0x0F
    REISSUE_NOT_OPENED = 0x10
    COUNT = 0x11
    NOT_EMPTY = 0x12
    COMMUNICATION = 0x13
    PULLED = 0x14
    HOARDING = 0x15

    @property
    def shown(self) -> str:
        """What stands on the meter's display: one of Err-31 to Err-36."""
        return f"Err-{next(group for last, group in _GROUPS if self <= last)}"


_GROUPS = ((0x03, 31), (0x0A, 32), (0x0D, 33), (0x12, 34), (0x14, 35), (0x15, 36))


@dataclass(frozen=True, slots=True)
class MeterState:
    """What a meter keeps without power.

    `balance_fen` is negative where more was used than paid. `count` and `card_serial` are the last purchase taken and
    the card that is registered, `credited_fen` all that was ever credited. `tariffs` holds tariff files as they came.
    """

    meter_no: str
    hoarding_limit_fen: int = FULL_FEN
    opened: bool = False
    customer_no: str = ""
    card_serial: str = ""
    count: int = 0
    balance_fen: int = 0
    credited_fen: int = 0
    user_type: int = 1
    alarm1_fen: int = 0
    alarm2_fen: int = 0
    ct_ratio: int = 1
    pt_ratio: int = 1
    switch_at: str = ""
    illegal_cards: int = 0
    tariffs: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class CardSeen:
    """What the rules ask of a card; `kind` is None for a type that no meter takes."""

    serial: str
    kind: CardKind | None
    meter_no: str
    customer_no: str
    amount_fen: int
    count: int
    empty: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the meter does with the card."""

    error: MeterError | None = None
    credit: bool = False
    register: bool = False
    parameters: bool = False
    write_back: bool = False


def judge(meter: MeterState, card: CardSeen) -> Verdict:
    """Apply the rules in their order."""
    refused = _whose(meter, card)
    if refused is not None:
        return Verdict(refused)
    ahead = card.count - meter.count
    if ahead >= 2:
        return Verdict(MeterError.COUNT, write_back=True)
    if ahead == 1 and not card.empty:
        return Verdict(MeterError.NOT_EMPTY, write_back=True)
    if ahead == 1 and _over_a_limit(meter, card.amount_fen):
        return Verdict(MeterError.HOARDING)
    return Verdict(
        credit=ahead == 1,
        register=card.kind is not CardKind.PURCHASE and card.empty,
        parameters=ahead >= 0 and card.empty,
        write_back=True,
    )


def taken(meter: MeterState, card: CardSeen, verdict: Verdict) -> MeterState:
    """Give the meter's memory after the verdict: credit and count change in one step."""
    if verdict.credit:
        meter = replace(
            meter,
            balance_fen=meter.balance_fen + card.amount_fen,
            credited_fen=meter.credited_fen + card.amount_fen,
            count=card.count,
        )
    if verdict.register:
        meter = replace(meter, opened=True, customer_no=card.customer_no, card_serial=card.serial)
    return meter


def _whose(meter: MeterState, card: CardSeen) -> MeterError | None:
    """Why the card is not for this meter; None when it is."""
    if card.meter_no != meter.meter_no:
        return MeterError.METER_NO
    if card.kind is None:
        return MeterError.CARD_TYPE
    if meter.opened:
        if card.customer_no != meter.customer_no:
            return MeterError.CUSTOMER_NO
        another = card.kind is CardKind.PURCHASE and card.serial != meter.card_serial
        return MeterError.SERIAL if another else None
    if card.kind is CardKind.PURCHASE:
        return MeterError.PURCHASE_NOT_OPENED
    if card.kind is CardKind.REISSUE:
        return MeterError.REISSUE_NOT_OPENED
    return MeterError.COUNT if card.count > 1 else None


def _over_a_limit(meter: MeterState, amount_fen: int) -> bool:
    after = meter.balance_fen + amount_fen
    return max(meter.balance_fen, 0) + amount_fen > FULL_FEN or after > meter.hoarding_limit_fen
