"""What stands on a card, what a write consists of, and the commands for both."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.meter_card import layout as module
from drivers.meter_card.codes import Value
from drivers.meter_card.layout import Layout, LayoutError, ProfileError
from drivers.meter_card.model import FileData, Wallet

STATE_GRID = Layout.named("state_grid_2013")
OLDER = Layout.named("state_grid_2009")
SERIAL = "1122334455667788"
HOLDER: dict[str, Value] = {
    "user_type": 1,
    "update_flag": 0x80,
    "alarm1_fen": 2000,
    "alarm2_fen": 500,
    "meter_no": "000000123456",
    "customer_no": "000100200300",
    "card_type": 2,
}
# The public description's own vectors.
PARAMETER = "680100270180000000000000000000000000200000000500000001000001000000123456000100200300029216"
WALLET = "0000138800000007"


def test_the_page_it_opens_with() -> None:
    told = doctest.testmod(module)
    assert told.attempted > 1
    assert not told.failed


def test_an_order_writes_the_wallet_last() -> None:
    order = STATE_GRID.order(HOLDER, Wallet(5000, 7))
    assert order == (
        FileData("parameter", bytes.fromhex(PARAMETER)),
        FileData("write_back", bytes(49)),
        FileData("wallet", bytes.fromhex(WALLET)),
    )


def test_tariffs_stand_between() -> None:
    order = OLDER.order(HOLDER, Wallet(5000, 7), {"tariff_next": {"rates": tuple(range(63))}})
    assert [each.file for each in order] == ["parameter", "tariff_next", "write_back", "wallet"]
    assert len(order[1].data) == 258


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_what_is_ordered_is_what_is_read(amount_fen: int, count: int) -> None:
    files = {each.file: each.data for each in STATE_GRID.order(HOLDER, Wallet(amount_fen, count))}
    contents = STATE_GRID.contents(files, SERIAL)
    assert contents.wallet == Wallet(amount_fen, count)
    assert (contents.profile, contents.serial) == ("state_grid_2013", SERIAL)
    assert (contents.meter_no, contents.customer_no, contents.card_type) == (
        "000000123456",
        "000100200300",
        2,
    )
    assert contents.write_back is None
    assert not contents.blank


def test_a_write_back_file_torn_while_it_was_cleared() -> None:
    """The first eight zeros make it empty for the meter; with fewer it is damaged."""
    files = {each.file: each.data for each in STATE_GRID.order(HOLDER, Wallet(1, 1))}
    full = STATE_GRID.encode(
        "write_back",
        {
            "user_type": 1,
            "ct_ratio": 1,
            "pt_ratio": 1,
            "meter_no": "000000123456",
            "customer_no": "000100200300",
            "remaining_fen": 100,
            "count": 1,
            "overdraft_fen": 0,
            "illegal_cards": 0,
            "written_at": "2026-11-22T18:30",
        },
    )
    for torn in range(1, 49):
        files["write_back"] = bytes(torn) + full[torn:]
        if torn < 8:
            with pytest.raises(LayoutError) as caught:
                STATE_GRID.contents(files, SERIAL)
            assert (caught.value.file, caught.value.field) == ("write_back", "start")
        else:
            assert STATE_GRID.contents(files, SERIAL).write_back is None


@pytest.mark.parametrize(
    ("first", "ratio", "empty"),
    [
        (0x00, 0x000000, True),
        (0x69, 0x000000, True),
        (0x68, 0x000000, False),
        (0x00, 0x000001, False),
        (0, 1 << 16, False),
    ],
)
def test_the_meters_own_test_for_an_empty_file(first: int, ratio: int, empty: bool) -> None:
    data = bytes([first]) + b"\x11" * 4 + ratio.to_bytes(3, "big") + b"\x11" * 41
    assert STATE_GRID.is_empty(data) == empty


def test_a_write_back_time_that_is_none_is_told_as_none() -> None:
    files = {each.file: each.data for each in STATE_GRID.order(HOLDER, Wallet(1, 1))}
    values: dict[str, Value] = dict.fromkeys(
        ("user_type", "ct_ratio", "pt_ratio", "remaining_fen", "count", "overdraft_fen", "illegal_cards"), 1
    )
    values |= {"meter_no": "1" * 12, "customer_no": "2" * 12}
    for written_at in ("", "2613991830"):
        files["write_back"] = STATE_GRID.encode("write_back", values | {"written_at": written_at})
        back = STATE_GRID.contents(files, SERIAL).write_back
        assert back is not None
        assert back.written_at == ""


def test_a_blank_card_keeps_its_sound_files() -> None:
    files = {each.file: each.data for each in STATE_GRID.order(HOLDER, Wallet(5000, 7))}
    for byte in (0x00, 0xFF):
        files["parameter"] = bytes([byte]) * 45
        contents = STATE_GRID.contents(files, SERIAL)
        assert contents.blank
        assert (contents.card_type, contents.wallet) == (byte, Wallet(5000, 7))


def test_a_write_back_file_of_another_kind_is_no_write_back() -> None:
    files = {each.file: each.data for each in STATE_GRID.order(HOLDER, Wallet(5000, 7))}
    with pytest.raises(LayoutError, match="write_back: end"):
        STATE_GRID.contents(files | {"write_back": bytes(50)}, SERIAL)
    with pytest.raises(LayoutError, match="write_back: start"):
        STATE_GRID.contents(files | {"write_back": b"\xff" * 49}, SERIAL)


def test_updates_of_another_length_are_refused() -> None:
    with pytest.raises(LayoutError, match="wallet: count at 4: expected 8 bytes of file, found 7"):
        STATE_GRID.updates(FileData("wallet", bytes(7)))


def test_the_mac_stands_behind_the_data() -> None:
    (update,) = STATE_GRID.updates(FileData("wallet", bytes.fromhex(WALLET)))
    command = update.command(bytes.fromhex("F8F1A77E"))
    assert command.encode().hex().upper() == f"04D682000C{WALLET}F8F1A77E"
    assert command.encode().startswith(update.message)


def test_what_a_profile_has_not_is_named() -> None:
    with pytest.raises(LayoutError, match="reclose"):
        STATE_GRID.reads("reclose")
    with pytest.raises(
        ProfileError, match=r"atlantis\.toml: there is no such profile; .*southern_grid, state_grid"
    ):
        Layout.named("atlantis")
    with pytest.raises(ProfileError, match="in /nowhere and those shipped there are"):
        Layout.named("atlantis", Path("/nowhere"))
