"""The settings of the banks that take cards: read whole, and every mistake in them named."""

from pathlib import Path

import pytest

from hub.business.acquirers import Acquirer, CardRange
from hub.business.tender_forms import Title
from hub.data.acquirers_file import (
    WANTED,
    AcquirerPart,
    AcquirersFileError,
    RangePart,
    TitlePart,
    read_acquirers,
)

GOOD = """[acquirer.own]
title = { zh = "本行", en = "Own Bank" }
host = "127.0.0.1"
port = 9001
merchant_no = "898440000000001"
tpdu = "6000030000"
header = "603100000000"
mac = "ecb_up"
double_mak = false
ranges = [{ prefix = "621214", length = 19 }, { prefix = "62" }]
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "banks.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_no_file_means_no_banks() -> None:
    assert read_acquirers(None) == ()


def test_a_bank_is_read_with_its_defaults(tmp_path: Path) -> None:
    assert read_acquirers(written(tmp_path, GOOD)) == (
        Acquirer(
            name="own",
            title=Title("本行", "Own Bank"),
            host="127.0.0.1",
            port=9001,
            merchant_no="898440000000001",
            tpdu=bytes.fromhex("6000030000"),
            header="603100000000",
            mac="ecb_up",
            double_mak=False,
            ranges=(CardRange("621214", 19), CardRange("62")),
        ),
    )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("port = 9001", "port = 90000", "[acquirer.own]: port: expected 1 to 65535"),
        ("port = 9001", "port = true", "[acquirer.own]: port: expected 1 to 65535"),
        ("port = 9001\n", "", "[acquirer.own]: port is missing; expected 1 to 65535"),
        (
            "port = 9001",
            "answer_s = 45.1\nport = 1",
            "[acquirer.own]: answer_s: expected more than 0, at most 45",
        ),
        ("port = 9001", "answer_s = nan\nport = 1", "[acquirer.own]: answer_s: expected"),
        ("port = 9001", "echo_every_s = inf\nport = 1", "[acquirer.own]: echo_every_s: expected"),
        ("port = 9001", "connect_s = 0\nport = 1", "[acquirer.own]: connect_s: expected more than 0"),
        (
            "port = 9001",
            "reversal_most_s = 1\nport = 1",
            "reversal_most_s: expected no less than reversal_first_s",
        ),
        ("port = 9001", "colour = 1\nport = 1", "[acquirer.own]: unknown key colour"),
        ('"6000030000"', '"60000300"', "[acquirer.own]: tpdu: expected 10 hex digits"),
        ('"603100000000"', '"60310000000\\n"', "[acquirer.own]: header: expected 12 digits"),
        ('"898440000000001"', '"898440000000001\\n"', "merchant_no: expected 15 letters and digits"),
        ('"ecb_up"', '"ecb"', '[acquirer.own]: mac: expected "ecb_up", "cbc" or "x919"'),
        ('"ecb_up"', '"x919"', '[acquirer.own]: double_mak: expected true, for mac is "x919"'),
        ('zh = "本行", ', "", "[acquirer.own]: title.zh is missing; expected 1 to 20 characters"),
        ('"62" }', '"6212140" }', "[acquirer.own]: ranges, 2: prefix: expected 1 to 6 digits"),
        ('"62" }', '"62", len = 1 }', "[acquirer.own]: unknown key ranges, 2: len"),
        ('{ prefix = "62" }', '"62"', "[acquirer.own]: ranges, 2: expected a table"),
        ("length = 19", "length = 20", "[acquirer.own]: ranges, 1: length: expected 12 to 19"),
        (
            '[{ prefix = "621214", length = 19 }, { prefix = "62" }]',
            "[]",
            "ranges: expected 1 to 1,000 tables",
        ),
        ("[acquirer.own]", "[acquirer.Own]", "[acquirer.Own]: a name has 1 to 16 lower-case"),
        ("[acquirer.own]", "colour = 1\n[acquirer.own]", "unknown key colour"),
        ("[acquirer.own]", "[bank.own]", "expected a table [acquirer.NAME]"),
        ("[acquirer.own]", "[acquirer", "at line 1"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in GOOD
    file = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(AcquirersFileError) as refused:
        read_acquirers(file)
    assert str(refused.value).startswith(f"{file}: ")
    assert told in str(refused.value)


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("9001", "0").replace('"ecb_up"', "1") + GOOD.replace("own]", "other]").replace(
        '"62"', "62"
    )
    with pytest.raises(AcquirersFileError) as refused:
        read_acquirers(written(tmp_path, text))
    lines = str(refused.value).splitlines()
    assert [line.partition(": ")[2].partition(": expected")[0] for line in lines] == [
        "[acquirer.own]: port",
        "[acquirer.own]: mac",
        "[acquirer.other]: ranges, 2: prefix",
    ]


def test_a_range_of_two_banks_is_refused(tmp_path: Path) -> None:
    other = GOOD.replace("own]", "other]").replace('"62"', '"6228"')
    with pytest.raises(AcquirersFileError, match="prefix 621214 of length 19 is acquirer.own's already"):
        read_acquirers(written(tmp_path, GOOD + other))
    closer = other.replace("length = 19", "length = 16")
    assert len(read_acquirers(written(tmp_path, GOOD + closer))) == 2


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AcquirersFileError, match=r"none\.toml: No such file"):
        read_acquirers(tmp_path / "none.toml")


def test_every_key_has_its_words() -> None:
    keys = {name for part in (AcquirerPart, TitlePart, RangePart) for name in part.__struct_fields__}
    assert set(WANTED) == keys
