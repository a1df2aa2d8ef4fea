"""Test cards for the sample town: recharge cards whose secret numbers stand here, so only a bench has them.

Their numbers begin with 9999 and their serials with 9990, which no card of the field has: those are drawn at random and
counted from 1. Their marks are of the bench's own test keys, which a hub in the field refuses.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, insert

from hub.business.numbers import recharge_number
from hub.business.recharge_keeping import CardState
from hub.data.fields import recharge_mark
from hub.data.keys_bench import BenchStore
from hub.data.keystore import KeyStore
from hub.data.recharge_stock import TEST_SERIALS, row_of
from hub.data.schema_recharge import recharge_cards

GOOD_FOR = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class TestCard:
    """A card with its number in clear: for a bench only."""

    __test__ = False

    place: int
    value_fen: int
    state: CardState = "active"
    expired: bool = False

    @property
    def serial(self) -> str:
        return f"{int(TEST_SERIALS) + self.place:012d}"

    @property
    def number(self) -> str:
        """The secret number: the test mark 9999, the place, the check digit.

        >>> TestCard(1, 5_000).number, TestCard(1, 5_000).serial
        ('999900000000000012', '999000000001')
        """
        return recharge_number(f"9999{self.place:013d}")


TEST_CARDS = (
    *(
        TestCard(place, value)
        for place, value in enumerate((5_000, 10_000, 20_000, 5_000, 10_000, 20_000), 1)
    ),
    TestCard(7, 10_000, expired=True),
    TestCard(8, 10_000, "blocked"),
    TestCard(9, 10_000, "made"),
    TestCard(10, 900_000),
)
"""Six good ones, then one that has expired, one blocked, one not sold yet, and one worth more than may be paid."""


def add_test_cards(connection: Connection, keys: KeyStore | None, as_of: date, now: datetime) -> int:
    """Write the test cards into the town of a bench; nothing for any other key store. Give how many there are."""
    if not isinstance(keys, BenchStore):
        return 0
    rows = [
        row_of(
            card.serial,
            recharge_mark(keys, card.number),
            card.value_fen,
            as_of - timedelta(days=1) if card.expired else as_of + GOOD_FOR,
            now,
            card.state,
        )
        for card in TEST_CARDS
    ]
    connection.execute(insert(recharge_cards), rows)
    return len(rows)
