"""The meter and the card's own program: what it reads, credits and writes back, pulled at every command."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.card.apdu import Command, Response
from drivers.card.errors import CardMute
from drivers.errors import TransportError
from drivers.meter_card.codes import Value
from drivers.meter_card.layout import Layout
from drivers.meter_card.model import CardContents, CardError, Wallet, WriteBack, WriteOrder
from drivers.meter_card.writer import CpuCardWriter
from drivers.security.software import SoftwareModule
from simulators.cards.card import Cut
from simulators.cards.slot import CardSlot, Pull
from simulators.cards.user_card import UserCard
from simulators.meter import Meter, Shown
from simulators.meter_rules import MeterError, MeterState
from tests.drivers.meter_card.desk import (
    HOLDER,
    LAYOUTS,
    MASTERS,
    NAMES,
    OTHER,
    SERIAL,
    STATE_GRID,
    Module,
    card,
)

METER, CUSTOMER, NOW = "000000123456", "000100200300", "2026-11-22T18:30"
OPEN = MeterState(METER, opened=True, customer_no=CUSTOMER, card_serial=SERIAL, count=6, balance_fen=700)
TAKE_COMMANDS = 12
WRITE_BACK_COMMAND = 11
CREDITED = Shown(None, 5000, wrote_back=True)


def written(
    profile: str = "state_grid_2013", serial: str = SERIAL, count: int = 7, **holder: Value
) -> UserCard:
    """A card as the kiosk leaves it."""
    layout = LAYOUTS[profile]
    files = layout.order(HOLDER | holder, Wallet(5000, count))
    return card(serial, profile, written=WriteOrder("", profile, serial, files))


def meter(state: MeterState = OPEN, profile: str = "state_grid_2013") -> Meter:
    return Meter(state, LAYOUTS[profile], Module())


def insert(meter: Meter, card: UserCard, pull: Pull | None = None) -> Shown:
    slot = CardSlot()
    slot.insert(card, pull)
    slot.connect()
    return meter.take(slot.exchange, NOW)


def stands(card: UserCard, layout: Layout = STATE_GRID) -> CardContents:
    files = {name: card.state.files[file.p1 & 0x1F] for name, file in layout.profile.files.items()}
    return layout.contents(files, card.state.serial.hex().upper())


@pytest.mark.parametrize("profile", NAMES)
def test_a_purchase_is_credited_and_written_back(profile: str) -> None:
    mine, own = written(profile), meter(profile=profile)
    assert insert(own, mine) == CREDITED
    assert (own.state.balance_fen, own.state.count, own.state.credited_fen) == (5700, 7, 5000)
    assert stands(mine, LAYOUTS[profile]).write_back == WriteBack(METER, CUSTOMER, 5700, 7, 0, 0, NOW)
    assert insert(own, mine) == Shown(None, wrote_back=True)
    assert own.state.balance_fen == 5700


def test_what_was_used_beyond_is_told_as_overdraft() -> None:
    own, mine = meter(), written()
    own.use(6000)
    assert insert(own, mine) == CREDITED
    back = stands(mine).write_back
    assert back is not None
    assert (own.state.balance_fen, back.remaining_fen, back.overdraft_fen) == (-300, 0, 300)


def test_an_opening_card_opens_and_sets_what_its_flag_says() -> None:
    tariffs = {"tariff": bytes(range(203)), "tariff_next": bytes(203)}
    opening = written(
        card_type=1, count=1, update_flag=0x8F, ct_ratio=40, user_type=2, switch_at="2027-01-01T00:00"
    )
    opening.state.files[3], opening.state.files[4] = tariffs.values()
    own = meter(MeterState(METER))
    assert insert(own, opening) == CREDITED
    state = own.state
    assert (state.opened, state.customer_no, state.card_serial, state.count) == (True, CUSTOMER, SERIAL, 1)
    assert (state.alarm1_fen, state.alarm2_fen, state.ct_ratio, state.user_type) == (2000, 500, 40, 2)
    assert (state.switch_at, dict(state.tariffs)) == ("2027-01-01T00:00", tariffs)


@pytest.mark.parametrize(
    ("flag", "files"),
    [
        (0x01, ["tariff"]),
        (0x04, ["tariff"]),
        (0x02, ["tariff_next"]),
        (0x08, ["tariff_next"]),
        (0x80, []),
        (0x70, []),
    ],
)
def test_each_bit_of_the_update_flag(flag: int, files: list[str]) -> None:
    own = meter(MeterState(METER))
    insert(own, written(card_type=1, count=1, update_flag=flag, switch_at="2027-01-01T00:00"))
    assert [name for name, _ in own.state.tariffs] == files
    assert (own.state.alarm1_fen == 2000) == (flag == 0x80)
    assert (own.state.switch_at != "") == (flag == 0x02)


def test_a_purchase_card_changes_the_next_tariff_at_most() -> None:
    mine = written(update_flag=0xFF, switch_at="2027-01-01T00:00")
    own = meter()
    assert insert(own, mine) == CREDITED
    assert (own.state.alarm1_fen, own.state.switch_at) == (0, "2027-01-01T00:00")
    assert [name for name, _ in own.state.tariffs] == ["tariff_next"]


def test_a_reissued_card_takes_the_place_of_the_old_one() -> None:
    own, old, new = meter(), written(), written(serial=OTHER, card_type=3)
    assert insert(own, new) == CREDITED
    assert own.state.card_serial == OTHER
    assert insert(own, old) == Shown(MeterError.SERIAL)
    assert own.state.illegal_cards == 1


def test_a_card_over_the_limit_is_taken_once_enough_was_used() -> None:
    own, mine = meter(replace(OPEN, hoarding_limit_fen=5000)), written()
    assert insert(own, mine) == Shown(MeterError.HOARDING)
    own.use(700)
    assert insert(own, mine) == CREDITED


# Cards that are none.


def broken(mine: UserCard, sfi: int, at: int, byte: int) -> UserCard:
    data = bytearray(mine.state.files[sfi])
    data[at] = byte
    mine.state.files[sfi] = bytes(data)
    return mine


def unissued(mine: UserCard) -> UserCard:
    mine.state.issued = False
    return mine


def with_key(mine: UserCard, **key: bytes) -> UserCard:
    mine.state.keys = replace(mine.state.keys, **key)  # type: ignore[arg-type]  # a test's shorthand
    return mine


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: unissued(written()), MeterError.UNISSUED),
        (lambda: with_key(written(), internal=bytes(16)), MeterError.NOT_GENUINE),
        (lambda: with_key(written(), external=bytes(16)), MeterError.REFUSED_BY_CARD),
        (lambda: broken(written(), 1, 1, 0x06), MeterError.CARD_TYPE),
        (lambda: broken(written(), 1, 43, 0x00), MeterError.FORMAT),
        (lambda: broken(written(), 1, 30, 0xAA), MeterError.FORMAT),
        (lambda: written(meter_no="1" * 12), MeterError.METER_NO),
        (lambda: written(card_type=9), MeterError.CARD_TYPE),
        (lambda: written(customer_no="1" * 12), MeterError.CUSTOMER_NO),
        (lambda: written(serial=OTHER), MeterError.SERIAL),
    ],
)
def test_a_card_that_is_refused_changes_nothing(make: Callable[[], UserCard], error: MeterError) -> None:
    own, strange = meter(), make()
    before = dict(strange.state.files)
    assert insert(own, strange) == Shown(error)
    assert replace(own.state, illegal_cards=0) == OPEN
    assert own.state.illegal_cards == (error is not MeterError.FORMAT)
    assert strange.state.files == before


def test_a_card_that_takes_no_write_back_has_paid_all_the_same() -> None:
    own, mine = meter(), with_key(written(), mac=bytes(16))
    assert insert(own, mine) == Shown(MeterError.MAC, 5000)
    assert own.state.count == 7


def test_a_module_without_the_keys_is_the_meters_own_fault() -> None:
    own = Meter(OPEN, STATE_GRID, SoftwareModule({"southern_grid": MASTERS["southern_grid"]}, bench=True))
    assert insert(own, written()) == Shown(MeterError.ESAM_ACCESS)


@pytest.mark.parametrize(
    ("fails", "error"),
    [
        (CardMute("upside down"), MeterError.CARD_RESET),
        (TransportError("worn contacts"), MeterError.COMMUNICATION),
    ],
)
def test_a_card_that_does_not_answer(fails: Exception, error: MeterError) -> None:
    def exchange(command: Command) -> Response:
        raise fails

    assert meter().take(exchange) == Shown(error)


# Pulled.


@pytest.mark.parametrize("cut", Cut)
@pytest.mark.parametrize("at", range(TAKE_COMMANDS + 1))
def test_pulled_at_any_command_a_purchase_is_credited_once(at: int, cut: Cut) -> None:
    own, mine = meter(), written()
    shown = insert(own, mine, Pull(at, cut))
    credited = 5000 if at >= WRITE_BACK_COMMAND - 1 else 0
    assert shown == (Shown(MeterError.PULLED, credited) if at < TAKE_COMMANDS else CREDITED)
    assert own.state.credited_fen == credited

    after = insert(own, mine)
    assert after.error is None
    assert after.wrote_back
    assert own.state.credited_fen == 5000
    back = stands(mine).write_back
    assert back is not None
    assert (back.count, back.remaining_fen) == (7, 5700)


@pytest.mark.parametrize("torn", range(1, 49))
def test_a_torn_write_back_is_written_whole_the_next_time(torn: int) -> None:
    own, mine = meter(), written()
    insert(own, mine, Pull(WRITE_BACK_COMMAND, Cut.HALF, torn))
    assert insert(own, mine) == Shown(None, wrote_back=True)
    assert own.state.credited_fen == 5000
    assert stands(mine).write_back == WriteBack(METER, CUSTOMER, 5700, 7, 0, 0, NOW)


# The counter, the cards and the meter together, each card pulled anywhere.


class Counter:
    """A kiosk and its hub, as far as one meter's cards go: each purchase has a count, and is written until it is."""

    def __init__(self) -> None:
        self.slot = CardSlot()
        self.writer = CpuCardWriter(self.slot, [STATE_GRID])
        self.meter = meter(MeterState(METER))
        self.cards = [card(f"{0:016X}")]
        self.paid_fen, self.count, self.amount_fen, self.card_type = 0, 0, 0, 1

    @property
    def serial(self) -> str:
        return self.cards[-1].state.serial.hex().upper()

    def visit(self, amount_fen: int, pull: Pull | None) -> None:
        """Write what is owed to the newest card; else sell, if the meter has taken the purchase before."""
        self.slot.insert(self.cards[-1])
        if not self._owed():
            if not self._may_buy():
                return
            self.paid_fen += amount_fen
            self.count, self.amount_fen = self.count + 1, amount_fen
        files = STATE_GRID.order(HOLDER | {"card_type": self.card_type}, Wallet(self.amount_fen, self.count))
        self.slot.insert(self.cards[-1], pull)
        order = WriteOrder("w", STATE_GRID.profile.name, self.serial, files)
        with suppress(CardError):
            assert order.unlike(self.writer.write(order, Module())) == ()
            self.card_type = 2

    def _owed(self) -> bool:
        """Whether the card does not hold the last purchase; a torn parameter file is of a write that did not end."""
        try:
            return self.writer.read().wallet.count != self.count
        except CardError as error:
            return error.file == "parameter" and error.serial == self.serial

    def _may_buy(self) -> bool:
        """Whether the meter has taken the last purchase, if there is one, and has written so."""
        try:
            return self.count == 0 or self.writer.read().write_back is not None
        except CardError:
            return False  # the meter has to write again what it tore

    def lose(self, _: int, pull: Pull | None) -> None:
        """The newest card is lost; another one takes its place."""
        if self.meter.state.opened:
            self.cards.append(card(f"{len(self.cards):016X}"))
            self.card_type = 3
            self.visit(0, pull)

    def insert(self, number: int, pull: Pull | None) -> None:
        """Put a card into the meter."""
        insert(self.meter, self.cards[-1 - number % len(self.cards)], pull)

    def on_the_way(self) -> int:
        return self.amount_fen if self.count > self.meter.state.count else 0


pulls = st.one_of(st.none(), st.builds(Pull, st.integers(0, 14), st.sampled_from(Cut), st.integers(1, 45)))
acts = st.one_of(
    st.tuples(st.just("visit"), st.integers(1, 50_000), pulls),
    st.tuples(st.just("insert"), st.sampled_from([0, 0, 0, 1, 2]), pulls),
    st.tuples(st.just("lose"), st.just(0), pulls),
)


@settings(max_examples=40)
@given(st.lists(acts, max_size=14))
def test_what_was_paid_is_on_the_meter_or_on_its_way(lived: list[tuple[str, int, Pull | None]]) -> None:
    town = Counter()
    for act, argument, pull in lived:
        getattr(town, act)(argument, pull)
        assert town.meter.state.credited_fen + town.on_the_way() == town.paid_fen
    for _ in range(2):
        town.insert(0, None)
        if town.count > town.meter.state.count:
            town.lose(0, None) if town.meter.state.opened else town.visit(0, None)
            town.insert(0, None)
    assert town.meter.state.credited_fen == town.paid_fen
