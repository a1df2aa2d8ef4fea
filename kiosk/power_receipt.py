"""The part of a slip that tells of power on a meter card, or of a new card: which card, which count, what for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from drivers.printer.document import Element, Pair, Rule
from kiosk.money import format_fen
from kiosk.payment.model import NEW_CARD
from kiosk.words import Words


@dataclass(frozen=True, slots=True)
class PowerFacts:
    """What was bought and on which card it is, or is to be; amounts in fen.

    `amount_fen` of a new card is the purchase it carries, which was paid for before. `meter_before_fen` is what the
    meter last told to be left, None if it told nothing. Of a card's number the last characters only.
    """

    amount_fen: int
    count: int
    card_end: str
    meter_no: str
    written: bool = True
    meter_before_fen: int | None = None
    fee_fen: int = 0
    old_card_end: str = ""
    free: bool = False
    """Whether it was paid for before, and nothing now."""
    doubtful: bool = False
    """Whether nobody knows if the card is written: a slip says neither that it is nor that it is not."""
    elsewhere: bool = False
    """Whether another kiosk has made the new card: nothing is owed any more."""
    taken: bool = False
    """Whether the meter has it already: nobody is sent to it with the card."""

    def charged_fen(self, business: str) -> int:
        """What of the money received went for this: the power bought, or the fee of the new card."""
        return self.fee_fen if self.free or business == "reissue" else self.amount_fen + self.fee_fen

    @property
    def fate(self) -> str:
        """What a slip calls it that the card is not written here: owed, unknown, elsewhere."""
        return "elsewhere" if self.elsewhere else "unknown" if self.doubtful else "owed"

    @property
    def told(self) -> tuple[str, ...]:
        """What the check code of the slip covers of it."""
        return (str(self.amount_fen), str(self.count), self.card_end, self.meter_no, str(self.fee_fen))


def card_part(power: PowerFacts, words: Words) -> Iterator[Element]:
    """Say which meter and card, which number in the count, and whether the card is written."""
    yield Pair(words.text("receipt.meter"), power.meter_no)
    if power.old_card_end:
        yield Pair(words.text("receipt.card_old"), power.old_card_end)
    if power.card_end:
        yield Pair(words.text("receipt.card_end"), power.card_end)
    yield Pair(words.text("receipt.count"), words.text("receipt.count_value", count=power.count))
    yield Pair(words.text("receipt.card_result"), words.text(f"receipt.{_result(power)}"), bold=True)
    yield Rule()


def _result(power: PowerFacts) -> str:
    if power.taken:
        return "card_taken"
    return "card_written" if power.written else f"card_{power.fate}"


def money_part(power: PowerFacts, words: Words, business: str) -> Iterator[Element]:
    """Say what the money was for, and what the meter will hold once it has read the card."""

    def amount(name: str, fen: int, bold: bool = False) -> Pair:
        return Pair(words.text(f"receipt.{name}"), words.text("receipt.yuan", amount=format_fen(fen)), bold)

    if power.fee_fen:
        yield amount("fee", power.fee_fen)
    if business == "reissue":
        yield amount("carried" if power.written else "carried_owed", power.amount_fen, bold=True)
    else:
        yield amount("power_to_card" if power.written else "power", power.amount_fen, bold=True)
    if power.meter_before_fen is not None and power.written and not power.taken:
        yield amount("meter_before", power.meter_before_fen)
        yield amount("meter_after", power.meter_before_fen + power.amount_fen)


def guidance(power: PowerFacts, business: str) -> Iterator[tuple[str, int]]:
    """Yield what to do with the card: the key of each sentence and the amount in it."""
    if not power.written:
        new = "new_" if business in NEW_CARD else ""
        yield f"receipt.guide_{new}{power.fate}", power.amount_fen
    elif business == "reissue":
        yield "receipt.guide_reissue", 0
    elif power.taken:
        yield "receipt.guide_taken", 0
        yield "receipt.guide_power_invoice", 0
    else:
        yield "receipt.guide_power", 0
        yield "receipt.guide_power_invoice", 0
