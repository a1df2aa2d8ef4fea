"""The writer against the card's own program: every card there is, pulled at every command."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from drivers.card.apdu import Command, Response
from drivers.card.errors import CardGone, CardMute
from drivers.errors import CommandRefused, DeviceTimeout, DriverError, ProtocolError, TransportError
from drivers.meter_card.layout import Layout
from drivers.meter_card.model import CardError, FileData, Presence, Wallet, WriteOrder
from drivers.meter_card.writer import CpuCardWriter, WriterSettings
from drivers.security.model import CardKeys
from simulators.cards.card import Cut
from simulators.cards.slot import CardSlot, Pull
from simulators.cards.strange import StrangeCard
from simulators.cards.user_card import UserCard
from tests.drivers.meter_card.desk import (
    LAYOUTS,
    NAMES,
    OTHER,
    SERIAL,
    STATE_GRID,
    Desk,
    Module,
    card,
    order,
)

OLD = order(6, 1000)


def failed(desk: Desk, what: WriteOrder | None = None, module: Module | None = None) -> CardError:
    """The error of a read, or of a write where there is an order."""
    with pytest.raises(CardError) as caught:
        desk.writer.read() if what is None else desk.writer.write(what, module or Module())
    return caught.value


# Reading.


@pytest.mark.parametrize("profile", NAMES)
def test_a_card_is_read_as_the_profile_it_is_of(profile: str) -> None:
    layout = LAYOUTS[profile]
    desk = Desk(*NAMES)
    desk.slot.insert(card(profile=profile, written=order(layout=layout)))
    contents = desk.writer.read()
    assert (contents.profile, contents.serial, contents.wallet) == (profile, SERIAL, Wallet(5000, 7))
    assert (contents.meter_no, contents.write_back, contents.blank) == ("000000123456", None, False)


def test_a_read_takes_six_commands() -> None:
    desk = Desk()
    desk.slot.insert(card(written=OLD))
    desk.writer.read()
    assert [sent.hex(" ").upper() for sent in desk.slot.sent] == [
        "00 A4 00 00 02 3F 00",
        "00 B0 99 01 08",
        "00 A4 00 00 02 DF 01",
        "00 B0 81 00 2D",
        "00 B0 82 00 08",
        "00 B0 85 00 31",
    ]


def test_a_blank_card_is_read() -> None:
    desk = Desk()
    desk.slot.insert(card())
    contents = desk.writer.read()
    assert contents.blank
    assert (contents.wallet, contents.card_type) == (Wallet(0, 0), 0)


def test_no_card_is_a_card_that_is_gone() -> None:
    assert failed(Desk()).code == "card_gone"


@pytest.mark.parametrize("files", [{}, {1: bytes(45)}, {1: bytes(45), 2: bytes(8), 5: bytes(48)}])
def test_a_card_with_other_files_is_foreign(files: dict[int, bytes]) -> None:
    desk = Desk("state_grid_2013", "southern_grid")
    strange = card()
    strange.state.files = files
    desk.slot.insert(strange)
    error = failed(desk)
    assert (error.code, error.serial, error.profile) == ("card_foreign", SERIAL, "")


@pytest.mark.parametrize(
    ("kind", "code"),
    [("bank", "bank_card"), ("foreign", "card_foreign"), ("mute", "card_mute"), ("endless", "card_mute")],
)
def test_cards_of_another_trade(kind: str, code: str) -> None:
    desk = Desk(*NAMES)
    desk.slot.insert(StrangeCard(kind))
    assert failed(desk).code == code
    assert failed(desk, order()).code in (code, "card_foreign")


def test_a_meter_card_is_never_asked_for_a_banks_directory() -> None:
    desk = Desk("southern_grid")
    desk.slot.insert(card())
    assert failed(desk).code == "card_foreign"
    assert not any(sent[:4] == b"\x00\xa4\x04\x00" for sent in desk.slot.sent)


def test_a_writer_without_profiles_knows_no_card() -> None:
    desk = Desk()
    desk.slot.insert(card(written=OLD))
    with pytest.raises(CardError, match="card_foreign: no profile is configured"):
        CpuCardWriter(desk.slot, []).read()


def test_an_unissued_card_says_so() -> None:
    desk = Desk(*NAMES)
    raw = card()
    raw.state.issued = False
    desk.slot.insert(raw)
    assert failed(desk).code == "card_unissued"


def test_a_damaged_card_says_where_and_whose_it_is() -> None:
    desk = Desk("southern_grid", "state_grid_2013")
    torn = card(written=OLD)
    torn.state.files[1] = torn.state.files[1][:20] + b"\x99" + torn.state.files[1][21:]
    desk.slot.insert(torn)
    error = failed(desk)
    assert (error.code, error.file, error.field) == ("card_damaged", "parameter", "checksum")
    assert (error.serial, error.profile) == (SERIAL, "state_grid_2013")


def test_a_card_pulled_while_another_profile_is_tried_is_of_none() -> None:
    desk, torn = Desk("state_grid_2013", "southern_grid"), card(written=OLD)
    torn.state.files[1] = b"\x68" + bytes(44)
    desk.slot.insert(torn, Pull(7))
    error = failed(desk)
    assert (error.code, error.serial, error.profile) == ("card_gone", SERIAL, "")


class Timed(CardSlot):
    """A slot that keeps the deadline of each command, in seconds from when it was sent."""

    def __init__(self) -> None:
        super().__init__(card(written=OLD))
        self.left: list[float] = []

    def exchange(self, command: Command, deadline: float = 0.0) -> Response:
        self.left.append(deadline - time.monotonic())
        return super().exchange(command, deadline)


@pytest.mark.parametrize(
    "settings", [WriterSettings(read=1000, command=100), WriterSettings(read=100, command=1000)]
)
def test_a_command_ends_with_its_own_time_and_with_the_calls(settings: WriterSettings) -> None:
    slot = Timed()
    CpuCardWriter(slot, [STATE_GRID], settings).read()
    assert len(slot.left) == 6
    assert max(slot.left) <= 100


def test_the_card_proves_itself() -> None:
    desk = Desk()
    with pytest.raises(CardError, match="card_gone: no card was read"):
        desk.writer.prove(bytes(8))
    desk.slot.insert(card(written=OLD))
    desk.writer.read()
    challenge = bytes(range(8))
    answer = desk.writer.prove(challenge)
    assert Module().genuine(CardKeys("state_grid_2013", SERIAL), challenge, answer)
    assert not Module().genuine(CardKeys("state_grid_2013", OTHER), challenge, answer)
    desk.slot.remove()
    with pytest.raises(CardError) as caught:
        desk.writer.prove(challenge)
    assert (caught.value.code, caught.value.serial) == ("card_gone", SERIAL)


# Let in.

KEYS = CardKeys("state_grid_2013", SERIAL, "r-1")


def test_a_card_is_asked_whether_it_lets_us_in_by_two_commands_and_nothing_is_written() -> None:
    desk, mine, module = Desk(), card(written=OLD), Module()
    desk.slot.insert(mine)
    desk.writer.read()
    before = dict(mine.state.files)
    desk.slot.sent.clear()
    desk.writer.admit(KEYS, module)
    assert [sent[:4].hex().upper() for sent in desk.slot.sent] == ["00840000", "00820002"]
    assert (module.calls, mine.authenticated) == ([("authenticate", KEYS)], True)
    assert mine.state.files == before
    assert order().unlike(desk.writer.write(order(), module)) == ()


def test_a_torn_card_is_asked_too() -> None:
    desk, torn = Desk(), card(written=OLD)
    torn.state.files[1] = torn.state.files[1][:20] + b"\x99" + torn.state.files[1][21:]
    desk.slot.insert(torn)
    failed(desk)
    desk.writer.admit(KEYS, Module())
    assert torn.authenticated


def refused(desk: Desk, keys: CardKeys = KEYS, module: Module | None = None) -> str:
    with pytest.raises(CardError) as caught:
        desk.writer.admit(keys, module or Module())
    return caught.value.code


def test_a_card_that_lets_nobody_in_says_so_before_it_is_written() -> None:
    desk, mine = Desk(), card(written=OLD)
    mine.state.tries_left = 0
    desk.slot.insert(mine)
    desk.writer.read()
    assert refused(desk) == "card_locked"
    assert desk.writer.health().usable


def test_a_card_with_other_keys_loses_one_try_each_time_that_it_is_put_in() -> None:
    desk, strange = Desk(), card(written=OLD)
    strange.state.keys = card(OTHER).state.keys
    left = []
    for _ in range(2):
        desk.slot.insert(strange)
        desk.writer.poll()
        desk.writer.read()
        for _ in range(2):
            assert refused(desk) == "card_refused_us"
            left.append(strange.state.tries_left)
    assert left == [2, 2, 1, 1]


def test_after_two_cards_that_refuse_our_key_the_next_ones_are_spared() -> None:
    """The key is wrong then, not the cards."""
    desk, serials = Desk(), (SERIAL, OTHER, "0102030405060708")
    cards = [card(serial, written=OLD) for serial in serials]
    for chip, serial in zip(cards, serials, strict=True):
        chip.state.keys = card("A1" * 8).state.keys
        desk.slot.insert(chip)
        desk.writer.poll()
        desk.writer.read()
        keys = replace(KEYS, serial=serial)
        if serial == serials[-1]:
            with pytest.raises(CommandRefused, match="2 cards one after the other"):
                desk.writer.admit(keys, Module())
        else:
            assert refused(desk, keys) == "card_refused_us"
    assert [chip.state.tries_left for chip in cards] == [2, 2, 3]


def test_only_the_card_that_was_read_is_asked() -> None:
    desk, module = Desk(), Module()
    assert refused(desk) == "card_gone"
    mine = card(written=OLD)
    desk.slot.insert(mine)
    desk.writer.read()
    assert refused(desk, replace(KEYS, serial=OTHER), module) == "card_changed"
    desk.slot.insert(mine)  # lifted and put back: it has to be read first
    assert refused(desk, KEYS, module) == "card_gone"
    assert refused(desk, KEYS, module) == "card_gone"
    assert module.calls == []


@pytest.mark.parametrize("cut", Cut)
@pytest.mark.parametrize("at", [6, 7])
def test_a_card_that_is_pulled_while_it_is_asked_is_gone(at: int, cut: Cut) -> None:
    desk, mine = Desk(), card(written=OLD)
    desk.slot.insert(mine, Pull(at, cut))
    desk.writer.read()
    assert refused(desk) == "card_gone"
    assert mine.state.tries_left == 3


# Made ready.


def written_after(desk: Desk) -> list[str]:
    """Write a card that was made ready, and give the headers of the commands that this took."""
    desk.slot.sent.clear()
    assert order().unlike(desk.writer.write(order(), Module())) == ()
    return [sent[:4].hex().upper() for sent in desk.slot.sent]


def test_a_card_that_was_made_ready_is_let_into_at_once_and_one_that_was_not_is_looked_at_first() -> None:
    desk = Desk()
    desk.slot.insert(card(written=OLD))
    desk.writer.read()
    desk.writer.stand_by("state_grid_2013", SERIAL)
    ready = written_after(desk)
    anew = written_after(desk)
    assert ready[:2] == ["00840000", "00820002"]
    assert anew == ["00A40000", anew[1], "00A40000", *ready]


@pytest.mark.parametrize("change", ["lifted", "never read"])
def test_a_card_that_is_lifted_after_it_was_made_ready_is_powered_up_again(change: str) -> None:
    desk, mine = Desk(), card(written=OLD)
    desk.slot.insert(mine)
    if change == "lifted":
        desk.writer.stand_by("state_grid_2013", SERIAL)
        desk.slot.insert(mine)
    assert "00A40000" in written_after(desk)


def test_another_card_in_the_place_of_one_that_was_made_ready_is_not_written() -> None:
    desk, other = Desk(), card(OTHER, written=OLD)
    desk.slot.insert(card(written=OLD))
    desk.writer.stand_by("state_grid_2013", SERIAL)
    desk.slot.insert(other)
    before = dict(other.state.files)
    assert failed(desk, order()).code == "card_changed"
    assert (other.state.files, other.authenticated) == (before, False)
    with pytest.raises(CardError, match="card_changed"):
        desk.writer.stand_by("state_grid_2013", SERIAL)
    assert failed(desk, order()).code == "card_changed"


def test_a_card_is_not_made_ready_for_a_profile_that_nobody_configured() -> None:
    with pytest.raises(CommandRefused, match="'made_up' is not configured"):
        Desk().writer.stand_by("made_up", SERIAL)


def test_a_module_that_cannot_compute_costs_the_card_no_try() -> None:
    desk, mine = Desk(), card(written=OLD)
    desk.slot.insert(mine)
    desk.writer.read()
    with pytest.raises(TransportError, match="the hub cannot be reached"):
        desk.writer.admit(KEYS, Module(0))
    assert mine.state.tries_left == 3
    desk.writer.admit(KEYS, Module())


def test_a_module_that_uses_up_the_time_ends_the_question() -> None:
    desk, mine = Desk(settings=WriterSettings(write=0.0)), card(written=OLD)
    desk.slot.insert(mine)
    desk.writer.read()
    with pytest.raises(DeviceTimeout, match="the security module used up the time"):
        desk.writer.admit(KEYS, Module())
    assert (desk.slot.sent[-1][1], mine.state.tries_left) == (0x84, 3)


# Writing.


@pytest.mark.parametrize("profile", NAMES)
def test_a_write_stands_on_the_card(profile: str) -> None:
    what = order(layout=LAYOUTS[profile])
    desk, module = Desk(*NAMES), Module()
    desk.slot.insert(card(profile=profile, written=order(6, layout=LAYOUTS[profile])))
    desk.writer.read()
    contents = desk.writer.write(what, module)
    assert what.unlike(contents) == ()
    assert (contents.wallet, contents.write_back) == (Wallet(5000, 7), None)
    assert [name for name, _ in module.calls] == ["authenticate", "mac", "mac", "mac"]
    assert {keys for _, keys in module.calls} == {CardKeys(profile, SERIAL, "w-1")}
    assert desk.writer.read() == contents


def test_a_write_needs_no_reading_before() -> None:
    desk = Desk()
    desk.slot.insert(card())
    assert desk.writer.write(order(), Module()).wallet == Wallet(5000, 7)
    assert len(desk.writer.prove(bytes(8))) == 8


def test_the_serial_comes_first_and_the_wallet_last() -> None:
    desk = Desk()
    desk.slot.insert(card(written=OLD))
    desk.writer.read()
    desk.slot.sent.clear()
    desk.writer.write(order(), Module())
    assert [sent[:4].hex().upper() for sent in desk.slot.sent] == [
        *("00A40000", "00B09901", "00A40000", "00840000", "00820002"),
        *("00840000", "04D68100", "00840000", "04D68500", "00840000", "04D68200"),
        *("00B08100", "00B08200", "00B08500"),
    ]


def test_tariff_files_are_written_in_two_commands_and_read_back() -> None:
    desk, layout = Desk("state_grid_2009"), LAYOUTS["state_grid_2009"]
    old = order(layout=layout)
    tariff = FileData("tariff_next", layout.encode("tariff_next", {"rates": tuple(range(63))}))
    what = replace(old, files=(old.files[0], tariff, *old.files[1:]))
    desk.slot.insert(card(profile="state_grid_2009"))
    contents = desk.writer.write(what, Module())
    assert what.unlike(contents) == ()
    assert contents.files["tariff_next"] == tariff.data


def test_a_card_that_wants_one_challenge_for_the_series() -> None:
    profile = STATE_GRID.profile
    series = Layout(replace(profile, card=replace(profile.card, challenge_each=False)))
    desk = Desk()
    writer = CpuCardWriter(desk.slot, [series])
    kept = UserCard(card().state, series=True)
    desk.slot.insert(kept)
    assert order().unlike(writer.write(order(), Module())) == ()
    assert [sent[4] for sent in desk.slot.sent if sent[1] == 0x84] == [8, 4]
    desk.slot.insert(card())
    assert "6984" in str(failed_by(writer))


def failed_by(writer: CpuCardWriter) -> CardError:
    with pytest.raises(CardError) as caught:
        writer.write(order(), Module())
    return caught.value


def test_another_card_is_not_written() -> None:
    desk, module = Desk(), Module()
    desk.slot.insert(card(written=OLD))
    desk.writer.read()
    other = card(OTHER, written=OLD)
    desk.slot.insert(other)
    before = dict(other.state.files)
    error = failed(desk, order(), module)
    assert (error.code, error.serial, error.wallet_sent) == ("card_changed", OTHER, False)
    assert other.state.files == before
    assert module.calls == []


def test_a_card_that_was_lifted_and_put_back_is_written() -> None:
    desk, mine = Desk(), card(written=OLD)
    desk.slot.insert(mine)
    desk.writer.read()
    desk.slot.insert(mine)
    assert desk.writer.write(order(), Module()).wallet == Wallet(5000, 7)


def test_a_card_that_refuses_our_keys_locks_in_the_end() -> None:
    desk, strange = Desk(), card(written=OLD)
    strange.state.keys = card(OTHER).state.keys
    words = []
    for _ in range(4):
        desk.slot.insert(strange)
        desk.writer.poll()
        words.append(failed(desk, order()).code)
    assert words == ["card_refused_us"] * 3 + ["card_locked"]
    assert strange.state.files == card(written=OLD).state.files


def test_a_card_that_refuses_our_key_loses_one_try_until_it_is_taken_out() -> None:
    desk, strange = Desk(), card(written=OLD)
    strange.state.keys = replace(strange.state.keys, external=bytes(16))
    desk.slot.insert(strange)
    desk.writer.poll()
    words = []
    for _ in range(4):
        words.append(failed(desk, order()).code)
        desk.writer.poll()
    assert words == ["card_refused_us"] * 4
    assert strange.state.tries_left == 2
    strange.state.keys = card().state.keys
    desk.slot.insert(strange)
    desk.writer.poll()
    assert desk.writer.write(order(), Module()).wallet == Wallet(5000, 7)


def test_a_wrong_mac_leaves_everything_as_it_was() -> None:
    desk, strange = Desk(), card(written=OLD)
    strange.state.keys = replace(strange.state.keys, mac=bytes(16))
    desk.slot.insert(strange)
    error = failed(desk, order())
    assert (error.code, error.wallet_sent) == ("card_refused_us", False)
    assert "6988 mac_wrong" in str(error)
    assert strange.state.files == card(written=OLD).state.files


@pytest.mark.parametrize("writes_left", [0, 1, 2])
def test_a_worn_card_says_so(writes_left: int) -> None:
    desk, old = Desk(), card(written=OLD)
    old.state.writes_left = writes_left
    desk.slot.insert(old)
    error = failed(desk, order())
    assert (error.code, error.wallet_sent) == ("card_worn", writes_left == 2)
    assert desk.writer.read().wallet == Wallet(1000, 6)


@pytest.mark.parametrize("fails_at", range(4))
def test_what_the_module_raises_passes_and_the_wallet_is_untouched(fails_at: int) -> None:
    desk = Desk()
    desk.slot.insert(card(written=OLD))
    with pytest.raises(TransportError, match="the hub cannot be reached"):
        desk.writer.write(order(), Module(fails_at))
    assert desk.writer.read().wallet == Wallet(1000, 6)
    assert desk.writer.health().usable


def test_a_module_that_uses_up_the_time_ends_the_write() -> None:
    desk = Desk(settings=WriterSettings(write=0.0))
    desk.slot.insert(card(written=OLD))
    with pytest.raises(DeviceTimeout, match="the security module used up the time"):
        desk.writer.write(order(), Module())
    assert desk.slot.sent[-1][1] == 0x84, "nothing was sent after the module's answer"
    assert desk.writer.read().wallet == Wallet(1000, 6)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (replace(order(), profile="atlantis"), "'atlantis' is not configured"),
        (replace(order(), files=()), "the wallet has to be its last file"),
        (replace(order(), files=order().files[:2]), "the wallet has to be its last file"),
        (replace(order(), files=order().files[::-1]), "the wallet has to be its last file"),
        (replace(order(), files=(order().files[2],) * 2), "the wallet has to be its last file"),
        (replace(order(), files=(FileData("wallet", bytes(7)),)), "expected 8 bytes"),
        (replace(order(), files=(FileData("purse", b""), order().files[2])), "a file of state_grid_2013"),
    ],
)
def test_an_order_that_cannot_be_written_is_refused_before_the_card_is_touched(
    what: WriteOrder, why: str
) -> None:
    desk = Desk()
    desk.slot.insert(card(written=OLD))
    with pytest.raises(CommandRefused, match=why):
        desk.writer.write(what, Module())
    assert not desk.slot.sent


# Pulled.

WRITE_COMMANDS = 14
WALLET_COMMAND = 10


@pytest.mark.parametrize("cut", Cut)
@pytest.mark.parametrize("at", range(WRITE_COMMANDS))
def test_pulled_at_any_command_the_wallet_is_old_until_it_was_sent(at: int, cut: Cut) -> None:
    desk, mine = Desk(), card(written=OLD)
    desk.slot.insert(mine, Pull(at, cut))
    error = failed(desk, order())
    assert error.code == "card_gone"
    assert error.wallet_sent == (at >= WALLET_COMMAND)
    stands = mine.state.files[2]
    if at < WALLET_COMMAND or (at, cut) == (WALLET_COMMAND, Cut.BEFORE):
        assert stands == OLD.files[-1].data
    elif (at, cut) != (WALLET_COMMAND, Cut.HALF):
        assert stands == order().files[-1].data

    desk.slot.insert(mine)
    assert order().unlike(desk.writer.write(order(), Module())) == ()


def test_that_is_all_of_a_write() -> None:
    desk = Desk()
    desk.slot.insert(card(written=OLD), Pull(WRITE_COMMANDS))
    desk.writer.write(order(), Module())
    assert len(desk.slot.sent) == WRITE_COMMANDS


def test_a_card_torn_by_a_write_is_told_by_its_serial_and_written_again() -> None:
    desk, mine = Desk(), card(written=OLD)
    desk.slot.insert(mine, Pull(6, Cut.HALF, torn=40))
    failed(desk, replace(order(), files=STATE_GRID.order({**HOLDER_OF_ANOTHER}, Wallet(5000, 7))))
    desk.slot.insert(mine)
    error = failed(desk)
    assert (error.code, error.serial, error.profile) == ("card_damaged", SERIAL, "state_grid_2013")
    assert (error.file, error.field) == ("parameter", "checksum")
    assert order().unlike(desk.writer.write(order(), Module())) == ()


HOLDER_OF_ANOTHER = {**STATE_GRID.decode("parameter", order().files[0].data), "alarm1_fen": 9999}
HOLDER_OF_ANOTHER = {name: HOLDER_OF_ANOTHER[name] for name in HOLDER_OF_ANOTHER if name != "checksum"}


# What a reader tells.


class Failing(CardSlot):
    """A slot that fails at one command."""

    def __init__(self, at: int, error: DriverError) -> None:
        super().__init__(card(written=OLD))
        self._at, self._error = at, error

    def exchange(self, command: Command, deadline: float = 0.0) -> Response:
        if len(self.sent) == self._at:
            raise self._error
        return super().exchange(command, deadline)


@pytest.mark.parametrize("at", [1, WALLET_COMMAND])
@pytest.mark.parametrize(
    ("error", "code", "health"),
    [
        (CardGone("pulled"), "card_gone", "ok"),
        (CardMute("broken"), "card_mute", "ok"),
        (DeviceTimeout("silent"), "card_mute", "ok"),
        (ProtocolError("noise"), "card_mute", "ok"),
        (TransportError("unplugged"), "reader_gone", "no_device"),
        (CommandRefused("another program holds the card"), "reader_gone", "no_device"),
    ],
)
def test_what_goes_wrong_in_the_reader_has_a_word(
    at: int, error: DriverError, code: str, health: str
) -> None:
    writer = CpuCardWriter(Failing(at, error), [STATE_GRID])
    writer.open()
    with pytest.raises(CardError) as caught:
        writer.write(order(), Module())
    assert (caught.value.code, caught.value.wallet_sent) == (code, at == WALLET_COMMAND)
    assert isinstance(caught.value, TransportError) == (code == "reader_gone")
    assert writer.health().code == health


# The slot.


def test_a_change_of_presence_is_told_once() -> None:
    desk = Desk()
    assert [desk.writer.poll(), desk.writer.poll()] == [Presence.ABSENT, None]
    desk.slot.insert(card())
    assert [desk.writer.poll(), desk.writer.poll()] == [Presence.PRESENT, None]
    desk.slot.remove()
    assert [desk.writer.poll(), desk.writer.poll()] == [Presence.ABSENT, None]
    desk.writer.open()
    assert [desk.writer.poll(), desk.writer.poll()] == [Presence.ABSENT, None]


def test_a_card_changed_between_two_looks_was_absent() -> None:
    desk = Desk()
    desk.slot.insert(card())
    assert desk.writer.poll() is Presence.PRESENT
    desk.slot.insert(card(OTHER))
    assert [desk.writer.poll() for _ in range(3)] == [Presence.ABSENT, Presence.PRESENT, None]


def test_health_is_the_readers_not_the_cards() -> None:
    desk = Desk()
    assert CpuCardWriter(desk.slot, [STATE_GRID]).health().code == "no_device"
    failed(desk)
    assert desk.writer.health().usable
    desk.writer.close()
    desk.writer.close()
