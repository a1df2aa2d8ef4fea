"""A tariff file is read strictly, and its price list is found by the day of supply."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from hub.data.tariff_file import NoTariffInForceError, TariffFileError, read_tariff, read_tariffs

LIST = """\
id = "T"
zh = "样例"
en = "Sample"
source = "invented"
usage_class = "residential"
valid_from = 2024-01-01
rounding = "each_line_half_up"
adders = ["0", "0.05"]
prices = { total = "0.60886875" }
seasons = [{ months = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], limits = [240] }]
due = { rule = "days_after_issue", days = 15 }
late_fee = { per_mille_per_day = 1 }
"""

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_list(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write_list


def test_prices_keep_all_eight_decimals(write: Write) -> None:
    assert read_tariff(write("t.toml", LIST)).prices["total"] == Decimal("0.60886875")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('zh = "样例"', 'zh = "样例"\nchinese = "样例"', r"unknown field `chinese`"),
        (
            "per_mille_per_day = 1",
            "per_mille_per_day = 1, floor = 5",
            r"unknown field `floor` - at `\$.late_",
        ),
        (
            "per_mille_per_day = 1",
            'per_mille_per_day = "1"',
            r"Expected `int`, got `str` - at `\$.late_fee.per",
        ),
        ('"0.60886875"', "0.60886875", r'write "0.60886875" in quotes'),
        ('"0.60886875"', '"0.608868751"', "at most 8 decimals"),
        ('"0.60886875"', '"-0.6"', "not negative"),
        ('"0.60886875"', '"NaN"', "not negative"),
        (
            'rounding = "each_line_half_up"',
            'rounding = "down"',
            r"Invalid enum value 'down' - at `\$.rounding`",
        ),
        ('rounding = "each_line_half_up"\n', "", "missing required field `rounding`"),
        ('rule = "days_after_issue"', 'rule = "someday"', r"Invalid value 'someday' - at `\$.due.rule`"),
        ("days = 15", "days = -1", r"Expected `int` >= 0 - at `\$.due.days`"),
        ("months = [1, 2,", "months = [2,", "exactly one season"),
        ("months = [1,", "months = [1, 1,", "exactly one season"),
        ("limits = [240]", "limits = [240, 240]", "limits must rise"),
        ("limits = [240]", "limits = [240, 400]", "one adder more than limits"),
        ('["0", "0.05"]', '["0.05", "0.01"]', "adders must begin with 0"),
        (
            "limits = [240]",
            'limits = [250] }]\ncycle = "year"\nnew_or_closed = "pro_rated"\n#',
            "multiples of 12",
        ),
        ('prices = { total = "0.60886875" }', "prices = {}", "no price"),
        ("valid_from = 2024-01-01", "valid_from = 2024-01-01\nvalid_to = 2023-12-31", "valid_to lies before"),
        ('id = "T"', "id = T", r"line 1"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_the_reason(
    write: Write, old: str, new: str, problem: str
) -> None:
    assert old in LIST
    with pytest.raises(TariffFileError, match=rf"^wrong\.toml: .*{problem}"):
        read_tariff(write("wrong.toml", LIST.replace(old, new)))


def test_the_list_in_force_is_found_by_the_day(write: Write, tmp_path: Path) -> None:
    write("old.toml", LIST.replace("2024-01-01", "2020-01-01\nvalid_to = 2023-12-31").replace("0.608", "0.5"))
    write("new.toml", LIST)
    write("README.md", "not a tariff")
    book = read_tariffs(tmp_path)
    assert book.ids == ("T",)
    assert book.in_force("T", date(2023, 12, 31)).valid_from == date(2020, 1, 1)
    assert book.in_force("T", date(2024, 1, 1)).valid_from == date(2024, 1, 1)
    for tariff_id, day in [("T", date(2019, 12, 31)), ("U", date(2024, 1, 1))]:
        with pytest.raises(NoTariffInForceError, match=tariff_id):
            book.in_force(tariff_id, day)


@pytest.mark.parametrize("end", ["", "\nvalid_to = 2024-01-01"])
def test_two_lists_of_one_id_in_force_on_one_day_are_refused(write: Write, tmp_path: Path, end: str) -> None:
    write("old.toml", LIST.replace("2024-01-01", f"2020-01-01{end}"))
    write("new.toml", LIST)
    with pytest.raises(TariffFileError, match="T from 2024-01-01 overlaps the one from 2020-01-01"):
        read_tariffs(tmp_path)
