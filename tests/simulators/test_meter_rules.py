"""The acceptance rules one by one, and what must hold however cards are bought, lost, reissued and inserted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.meter_rules import FULL_FEN, CardKind, CardSeen, MeterError, MeterState, Verdict, judge, taken

METER, CUSTOMER = "000000123456", "000100200300"
NEW = MeterState(METER)
OPEN = MeterState(
    METER, opened=True, customer_no=CUSTOMER, card_serial="A", count=6, hoarding_limit_fen=100_000
)
BOUGHT = CardSeen("A", CardKind.PURCHASE, METER, CUSTOMER, 5000, 7, empty=True)
CREDITED = Verdict(credit=True, parameters=True, write_back=True)
NOTHING = Verdict(write_back=True)


def refused(error: MeterError) -> Verdict:
    return Verdict(error)


def but(**changed: object) -> CardSeen:
    return replace(BOUGHT, **changed)  # type: ignore[arg-type]  # a test's shorthand


OPENING, REISSUE = CardKind.OPENING, CardKind.REISSUE


@pytest.mark.parametrize(
    ("meter", "card", "verdict"),
    [
        (OPEN, BOUGHT, CREDITED),
        (OPEN, but(meter_no="1" * 12, kind=None), refused(MeterError.METER_NO)),
        (OPEN, but(kind=None, customer_no="1" * 12), refused(MeterError.CARD_TYPE)),
        (OPEN, but(customer_no="1" * 12, serial="B"), refused(MeterError.CUSTOMER_NO)),
        (OPEN, but(serial="B", count=9), refused(MeterError.SERIAL)),
        (NEW, BOUGHT, refused(MeterError.PURCHASE_NOT_OPENED)),
        (NEW, but(kind=REISSUE), refused(MeterError.REISSUE_NOT_OPENED)),
        (NEW, but(kind=OPENING, count=2), refused(MeterError.COUNT)),
        (NEW, but(kind=OPENING, count=1), replace(CREDITED, register=True)),
        (NEW, but(kind=OPENING, count=0), Verdict(register=True, parameters=True, write_back=True)),
        (NEW, but(kind=OPENING, count=0, empty=False), NOTHING),
        (NEW, but(kind=OPENING, count=1, empty=False), Verdict(MeterError.NOT_EMPTY, write_back=True)),
        (OPEN, but(count=8), Verdict(MeterError.COUNT, write_back=True)),
        (OPEN, but(count=2**32 - 1, empty=False), Verdict(MeterError.COUNT, write_back=True)),
        (OPEN, but(empty=False), Verdict(MeterError.NOT_EMPTY, write_back=True)),
        (OPEN, but(amount_fen=100_000), CREDITED),
        (OPEN, but(amount_fen=100_001), refused(MeterError.HOARDING)),
        (replace(OPEN, balance_fen=95_000), BOUGHT, CREDITED),
        (replace(OPEN, balance_fen=95_001), BOUGHT, refused(MeterError.HOARDING)),
        (replace(OPEN, balance_fen=-500), but(amount_fen=100_500), CREDITED),
        (
            replace(OPEN, hoarding_limit_fen=2 * FULL_FEN),
            but(amount_fen=FULL_FEN + 1),
            refused(MeterError.HOARDING),
        ),
        (OPEN, but(count=6), Verdict(parameters=True, write_back=True)),
        (OPEN, but(count=6, empty=False), NOTHING),
        (OPEN, but(count=5), NOTHING),
        (OPEN, but(kind=REISSUE, serial="B"), replace(CREDITED, register=True)),
        (
            OPEN,
            but(kind=REISSUE, serial="B", count=6),
            Verdict(register=True, parameters=True, write_back=True),
        ),
        (OPEN, but(kind=REISSUE, serial="B", count=3), Verdict(register=True, write_back=True)),
        (OPEN, but(kind=REISSUE, serial="B", count=3, empty=False), NOTHING),
        (OPEN, but(kind=REISSUE, serial="B", count=8), Verdict(MeterError.COUNT, write_back=True)),
        (OPEN, but(kind=REISSUE, serial="B", amount_fen=100_001), refused(MeterError.HOARDING)),
        (OPEN, but(kind=OPENING, serial="B", count=3, empty=False), NOTHING),
    ],
)
def test_each_rule_in_its_order(meter: MeterState, card: CardSeen, verdict: Verdict) -> None:
    assert judge(meter, card) == verdict


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (1, 31),
        (3, 31),
        (4, 32),
        (10, 32),
        (11, 33),
        (13, 33),
        (14, 34),
        (18, 34),
        (19, 35),
        (20, 35),
        (21, 36),
    ],
)
def test_what_the_display_shows(error: int, shown: int) -> None:
    assert MeterError(error).shown == f"Err-{shown}"


def test_credit_and_count_change_together() -> None:
    after = taken(OPEN, BOUGHT, judge(OPEN, BOUGHT))
    assert (after.balance_fen, after.credited_fen, after.count) == (5000, 5000, 7)
    assert after.card_serial == "A"
    assert taken(OPEN, but(count=8), judge(OPEN, but(count=8))) == OPEN


any_card = st.builds(
    CardSeen,
    serial=st.sampled_from("ABC"),
    kind=st.sampled_from([*CardKind, None]),
    meter_no=st.sampled_from([METER, METER, METER, "1" * 12]),
    customer_no=st.sampled_from([CUSTOMER, CUSTOMER, CUSTOMER, "2" * 12]),
    amount_fen=st.integers(0, 60_000),
    count=st.integers(0, 12),
    empty=st.booleans(),
)


@settings(max_examples=100)
@given(st.lists(any_card, max_size=25))
def test_whatever_is_inserted_a_count_is_credited_once_and_in_turn(cards: list[CardSeen]) -> None:
    meter, credited = replace(NEW, hoarding_limit_fen=200_000), []
    for card in cards:
        verdict = judge(meter, card)
        after = taken(meter, card, verdict)
        gain = after.credited_fen - meter.credited_fen
        if verdict.credit:
            credited.append(card.count)
            assert card.count == meter.count + 1
            assert card.empty
            assert gain == card.amount_fen
        else:
            assert (gain, after.count) == (0, meter.count)
        assert after.balance_fen <= meter.hoarding_limit_fen
        meter = after
    assert credited == list(range(1, meter.count + 1))


@dataclass
class Town:
    """One customer with one meter, and a counter that keeps the company's rules."""

    meter: MeterState
    cards: list[CardSeen]
    paid_fen: int
    last: tuple[int, int]

    @classmethod
    def opened(cls) -> Town:
        """A meter that has taken its opening card."""
        first = CardSeen("card 0", CardKind.OPENING, METER, CUSTOMER, 10_000, 1, empty=True)
        town = cls(NEW, [first], paid_fen=10_000, last=(1, 10_000))
        town.insert(0)
        return town

    def buy(self, amount_fen: int, *, torn: bool = False) -> None:
        """Only a card that holds the last purchase, and that the meter has seen, takes another one."""
        if self.cards[-1].empty or self.cards[-1].count != self.last[0]:
            return
        self.paid_fen += amount_fen
        self.last = (self.last[0] + 1, amount_fen)
        self._write(CardKind.PURCHASE, torn=torn)

    def buy_torn(self, amount_fen: int) -> None:
        """The card is pulled before its wallet is written."""
        self.buy(amount_fen, torn=True)

    def rewrite(self, _: int) -> None:
        """A purchase that is not on the card yet is written to it."""
        if self.cards[-1].count != self.last[0]:
            self._write(self.cards[-1].kind)

    def reissue(self, torn: int = False) -> None:
        """The old card is lost, and may turn up again; the new one carries the last count and its amount."""
        self.cards.append(CardSeen(f"card {len(self.cards)}", None, METER, CUSTOMER, 0, 0, empty=True))
        self._write(CardKind.REISSUE, torn=bool(torn))

    def insert(self, number: int, *, pulled: bool = False) -> None:
        """Put some card that ever was into the meter."""
        at = number % len(self.cards)
        verdict = judge(self.meter, self.cards[at])
        self.meter = taken(self.meter, self.cards[at], verdict)
        if verdict.write_back and not pulled:
            self.cards[at] = replace(self.cards[at], empty=False)

    def insert_pulled(self, number: int) -> None:
        """The card is pulled before the meter has written to it."""
        self.insert(number, pulled=True)

    def settles(self) -> bool:
        """Insert the newest card, whole, and tell whether the meter takes it for the registered one."""
        self.rewrite(0)
        self.insert(-1)
        return self.meter.card_serial == self.cards[-1].serial

    def _write(self, kind: CardKind | None, *, torn: bool = False) -> None:
        card = replace(self.cards[-1], kind=kind, empty=True)
        if not torn:
            card = replace(card, count=self.last[0], amount_fen=self.last[1])
        self.cards[-1] = card

    @property
    def on_the_way_fen(self) -> int:
        """What was paid and the meter has not taken."""
        return self.last[1] if self.last[0] > self.meter.count else 0


acts = st.one_of(
    st.tuples(st.sampled_from(["buy", "buy", "buy_torn"]), st.integers(1, 50_000)),
    st.tuples(st.sampled_from(["insert", "insert_pulled"]), st.integers(0, 5)),
    st.tuples(st.just("insert"), st.just(-1)),
    st.tuples(st.sampled_from(["reissue", "rewrite"]), st.integers(0, 1)),
)


@settings(max_examples=200)
@given(st.lists(acts, max_size=30))
def test_money_is_neither_lost_nor_doubled(lived: list[tuple[str, int]]) -> None:
    town = Town.opened()
    for act, argument in lived:
        getattr(town, act)(argument)
        assert town.meter.credited_fen + town.on_the_way_fen == town.paid_fen
    if not town.settles():
        town.reissue()
        assert town.settles()
    assert town.meter.credited_fen == town.paid_fen
    assert town.meter.card_serial == town.cards[-1].serial
    for old in town.cards[:-1]:
        assert not judge(town.meter, old).credit
        assert judge(town.meter, replace(old, kind=CardKind.PURCHASE)) == Verdict(MeterError.SERIAL)


def test_a_reissued_card_that_turns_up_late_takes_the_meter_and_no_money() -> None:
    """The rules let an older card in if the meter never saw it; the newest is refused then until it is reissued."""
    town = Town.opened()
    town.reissue()
    town.reissue()
    town.insert(2)
    town.buy(700)
    town.insert(1)
    assert town.meter.card_serial == "card 1"
    town.insert(2)
    assert (town.meter.credited_fen, town.on_the_way_fen) == (10_000, 700)
    town.reissue()
    assert town.settles()
    assert town.meter.credited_fen == 10_700
