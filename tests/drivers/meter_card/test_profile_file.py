"""Profiles as they are read: those shipped, one laid over another, and every mistake named by file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.meter_card import profile_file
from drivers.meter_card.profile import EmptyRule, Probe
from drivers.meter_card.profile_file import SHIPPED, load
from drivers.meter_card.profile_table import ProfileError

SOUND = (SHIPPED / "state_grid_2013.toml").read_text(encoding="utf-8")


def mistake(tmp_path: Path, text: str) -> ProfileError:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError) as caught:
        load(path)
    assert caught.value.file == "mine.toml"
    assert str(caught.value).startswith("mine.toml: ")
    return caught.value


def test_the_state_grid_as_it_is_read() -> None:
    profile = load(SHIPPED / "state_grid_2013.toml")
    assert profile.name == "state_grid_2013"
    assert profile.card.application == b"\xdf\x01"
    assert (profile.card.serial_p1, profile.card.serial_offset, profile.card.serial_length) == (0x99, 1, 8)
    assert (profile.card.internal_key, profile.card.external_key, profile.card.update_cla) == (1, 2, 4)
    assert profile.card.challenge_each
    assert profile.card.probe is None
    assert [name for name, file in profile.files.items() if file.read] == [
        "parameter",
        "wallet",
        "write_back",
    ]
    assert profile.files["write_back"].empty == EmptyRule(0x68, 5, 7)


def test_the_editions_differ_in_the_tariff_files_only() -> None:
    new, old = load(SHIPPED / "state_grid_2013.toml"), load(SHIPPED / "state_grid_2009.toml")
    differing = {name for name in new.files if new.files[name] != old.files[name]}
    assert differing == {"tariff", "tariff_next"}
    assert {(each.files[name].length, each.files[name].p1) for each in (old,) for name in differing} == {
        (258, 0x83),
        (258, 0x84),
    }
    assert old.card.probe == Probe(0x83, 203, 1)


def test_a_profile_of_ones_own_goes_before_one_that_is_shipped(tmp_path: Path) -> None:
    (tmp_path / "state_grid_2013.toml").write_text(SOUND, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no profile", encoding="utf-8")
    found = profile_file.find(tmp_path)
    assert found["state_grid_2013"].parent == tmp_path
    assert found["southern_grid"].parent == SHIPPED
    assert "notes" not in found


WALLET_COUNT = '{ name = "count", at = 4, length = 4, code = "binary" }'


@pytest.mark.parametrize(
    ("was", "is_now", "key", "what"),
    [
        ("title", "titel", "title", "is missing"),
        ('"DF01"', '"DF0"', "card.application", "has to be 4 hex digits"),
        ("internal_key = 1", "internal_key = 256", "card.internal_key", "from 0 to 255"),
        ("internal_key = 1", "internal_key = true", "card.internal_key", "from 0 to 255"),
        ("internal_key = 1", "", "card.internal_key", "is missing"),
        ("update_cla = 0x04", "update_cla = 0x04\ncolour = 1", "card.colour", "is no key"),
        ('"command"\n', '"sometimes"\n', "card.challenge", "none of command, series"),
        ("serial = {", "cereal = {", "card.serial", "is missing"),
        ("offset = 1, length = 8", "offset = 1, length = 9", "card.serial.length", "from 8 to 8"),
        ("reissue = 3", "", "card_types.reissue", "is missing"),
        ("reissue = 3", "reissue = 2", "card_types", "share a number"),
        ("[files.wallet]", "[files.purse]", "files.wallet", "is missing"),
        ("p1 = 0x82", "p1 = 0x81", "files", "share one p1"),
        ("p1 = 0x82", "p1 = 0x02", "files.wallet.p1", "from 129 to 158"),
        ("length = 8\nread = true", "length = 8", "files.wallet.read", "cannot do without wallet"),
        (
            "length = 8\nread = true",
            "length = 9\nread = true",
            "files.wallet.fields",
            "count ends at 8, the file at 9",
        ),
        ("length = 8\nread = true", 'length = 8\nread = "yes"', "files.wallet.read", "true or false"),
        (
            "length = 8\nread = true",
            "length = 8\nread = true\nchunks = [4]",
            "files.wallet.chunks",
            "4 bytes of a file",
        ),
        (
            "length = 8\nread = true",
            "length = 8\nread = true\nchunks = [4, 4]",
            "files.wallet.chunks",
            "the commit point",
        ),
        (
            "length = 8\nread = true",
            "length = 8\nread = true\nchunks = []",
            "files.wallet.chunks",
            "a list of",
        ),
        ("length = 203\nchunks = [128, 75]", "length = 258", "files.tariff.chunks", "at most 251"),
        ("chunks = [128, 75]", "chunks = [128, 1, 74, 0]", "files.tariff.chunks", "from 1 to 251"),
        ('like = "tariff"', 'like = "tarif"', "files.tariff_next.like", "no file 'tarif'"),
        ("empty = {", "emty = {", "files.write_back.emty", "is no key"),
        ("zero = [5, 7]", "zero = [7, 5]", "files.write_back.empty.zero", "[first, last]"),
        ("zero = [5, 7]", "zero = [5, 49]", "files.write_back.empty.zero", "from 0 to 48"),
        (
            '"count", at = 4',
            '"count", at = 5',
            "files.wallet.fields",
            "count begins at 5, amount_fen ends at 4",
        ),
        (
            '"count", at = 4',
            '"count", at = 3',
            "files.wallet.fields",
            "count begins at 3, amount_fen ends at 4",
        ),
        (
            '"amount_fen", at = 0, length = 4',
            '"amount_fen", at = 1, length = 3',
            "files.wallet.fields",
            "not at 0",
        ),
        (
            WALLET_COUNT,
            WALLET_COUNT.replace("count", "amount_fen"),
            "files.wallet.fields",
            "stands there twice",
        ),
        (WALLET_COUNT, WALLET_COUNT.replace("count", "times"), "files.wallet.fields", "count is missing"),
        (
            WALLET_COUNT,
            WALLET_COUNT.replace("binary", "hex"),
            "files.wallet.fields",
            "one value of bcd, binary",
        ),
        (
            WALLET_COUNT,
            WALLET_COUNT.replace("binary", "sums"),
            "files.wallet.fields.count.code",
            "none of binary",
        ),
        (WALLET_COUNT, WALLET_COUNT.replace("binary", "time"), "files.wallet.fields.count.length", "5 bytes"),
        (WALLET_COUNT, "4", "files.wallet.fields", "a list of tables"),
        ("value = 0x27", "value = 0x2700000", "files.parameter.fields.length.value", "0 to 65535"),
        ('default = "00"', 'default = "0"', "files.parameter.fields.rate_count.default", "2 hex digits"),
        (
            '"binary", default = 0 }',
            '"binary", default = 0, value = 0 }',
            "files.parameter.fields.update_flag.default",
            "",
        ),
        (
            'count = 7, code = "bcd"',
            'count = 7, default = [1], code = "bcd"',
            "files.tariff.fields.step_prices.default",
            "7 values",
        ),
        (
            '"sum", of = [1, 42]',
            '"sum", of = [1, 43]',
            "files.parameter.fields.checksum.of",
            "cannot cover itself",
        ),
        ('"sum", of = [1, 42]', '"sum"', "files.parameter.fields.checksum.of", "[first, last]"),
        (
            '"sum", of = [1, 42]',
            '"sum", of = [1, 42], value = 3',
            "files.parameter.fields.checksum.value",
            "is no key",
        ),
    ],
)
def test_a_mistake_is_named_by_file_and_key(
    tmp_path: Path, was: str, is_now: str, key: str, what: str
) -> None:
    assert was in SOUND
    error = mistake(tmp_path, SOUND.replace(was, is_now, 1))
    assert error.key == key
    assert what in error.what


def test_a_write_back_file_needs_its_empty_rule(tmp_path: Path) -> None:
    line = next(line for line in SOUND.splitlines() if line.startswith("empty"))
    assert mistake(tmp_path, SOUND.replace(line, "")).key == "files.write_back.empty"


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    assert "at line 2" in mistake(tmp_path, "\ntitle = = 3").what
    with pytest.raises(ProfileError, match=r"absent\.toml: .*No such file"):
        load(tmp_path / "absent.toml")


@pytest.mark.parametrize(
    ("base", "what"),
    [
        ('"mine"', "mine extends itself"),
        ('"yours"', "there is no profile 'yours'"),
        ("7", "a profile's name"),
    ],
)
def test_a_profile_extends_another_one(tmp_path: Path, base: str, what: str) -> None:
    error = mistake(tmp_path, f"extends = {base}")
    assert error.key == "extends"
    assert what in error.what


def test_profiles_that_extend_each_other_are_found(tmp_path: Path) -> None:
    (tmp_path / "his.toml").write_text('extends = "mine"', encoding="utf-8")
    (tmp_path / "mine.toml").write_text('extends = "his"', encoding="utf-8")
    with pytest.raises(ProfileError, match=r"his\.toml: extends: mine extends itself"):
        load(tmp_path / "mine.toml")


def test_a_table_in_place_of_a_value_is_a_mistake(tmp_path: Path) -> None:
    error = mistake(tmp_path, 'extends = "state_grid_2013"\n[title]\nzh = "x"')
    assert (error.key, error.what) == ("title", "has to be a text")
    assert mistake(tmp_path, 'extends = "state_grid_2013"\ncard = 7').key == "card"
