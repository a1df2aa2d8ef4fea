"""What a look at a meter card says of a write: pure, from what was on it before and what was to be written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from drivers.meter_card.model import CardCode, CardContents
from kiosk.payment.events import CardFacts, PurchaseFacts


class Seen(StrEnum):
    """What the card shows."""

    WRITTEN = "written"
    """Everything that was to be written stands there, the new purchase count among it."""
    TAKEN = "taken"
    """It was written, and its meter has it already."""
    ABSENT = "absent"
    """It holds what it held before: the meter's own words are still on it."""
    TORN = "torn"
    """Something is new and not all of it: the same write goes over it."""
    OTHER_CARD = "other_card"
    GONE = "gone"
    """No card, or one that was pulled."""
    UNREADABLE = "unreadable"
    """The reader or the card cannot tell now."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What came of a look: `contents`, or the driver's word for why there are none.

    `serial` is known also of a card whose files cannot be read; `differs` names a file unlike its order.
    """

    contents: CardContents | None
    code: str = ""
    serial: str = ""
    differs: str = ""


def look(card: CardFacts, purchase: PurchaseFacts, glance: Glance) -> Seen:
    """Judge what was read of the card that the write is for."""
    contents = glance.contents
    if contents is None:
        return _without_contents(card, glance)
    if contents.serial != card.serial:
        return Seen.OTHER_CARD
    wallet = (contents.wallet.amount_fen, contents.wallet.count)
    owner = (contents.meter_no, contents.customer_no)
    # Of a card that could not be read whole before, nobody knows whose numbers were on it.
    named = not purchase.meter_no or owner == (purchase.meter_no, purchase.customer_no)
    if _taken(contents, purchase):
        return Seen.TAKEN
    if wallet == (purchase.amount_fen, purchase.count) and contents.write_back is None:
        return Seen.WRITTEN if named and not glance.differs else Seen.TORN
    # The meter's words stand on a card that was used before; on a new one nobody's do.
    before = contents.write_back is not None or (contents.blank and not card.meter_no)
    untouched = contents.wallet.count == card.count and before
    return Seen.ABSENT if untouched else Seen.TORN


def _taken(contents: CardContents, purchase: PurchaseFacts) -> bool:
    """Whether the meter itself says on its card that it has this purchase: the card went home before it was looked at.

    What the meter says it says of itself, so it is not asked what else stands there. Where nobody knew whose numbers
    were on the card, it is its meter if it names the one that stands there now.
    """
    told, meter_no = contents.write_back, purchase.meter_no or contents.meter_no
    return told is not None and told.meter_no == meter_no and told.count >= purchase.count


def _without_contents(card: CardFacts, glance: Glance) -> Seen:
    if glance.code == CardCode.GONE:
        return Seen.GONE
    if (glance.serial and glance.serial != card.serial) or glance.code in (CardCode.FOREIGN, CardCode.BANK):
        return Seen.OTHER_CARD
    # Half of a file is new: that is the trace of a write of ours.
    return Seen.TORN if glance.code == CardCode.DAMAGED and glance.serial else Seen.UNREADABLE
