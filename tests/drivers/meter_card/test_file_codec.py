"""Files of arbitrary fields round-trip; a single damaged byte is found, and by which field."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.meter_card import file_codec
from drivers.meter_card.codes import NUMBERS, Code, Value
from drivers.meter_card.file_codec import LayoutError
from drivers.meter_card.layout import Layout
from drivers.meter_card.profile import CardFile, Field

LAYOUTS = {name: Layout.named(name) for name in ("state_grid_2013", "state_grid_2009", "southern_grid")}
FILES = {
    name: LAYOUTS[name.split(".")[0]].file(name.split(".")[1])
    for name in (
        "state_grid_2013.parameter",
        "state_grid_2013.wallet",
        "state_grid_2013.tariff",
        "state_grid_2013.write_back",
        "state_grid_2009.tariff",
        "southern_grid.tariff",
        "southern_grid.reclose",
        "southern_grid.write_back",
    )
}
SUMMED = {name: file for name, file in FILES.items() if any(field.covers for field in file.fields)}
PARAMETER = FILES["state_grid_2013.parameter"]

few = settings(max_examples=25)


def one_value(field: Field) -> st.SearchStrategy[int | str]:
    if field.code in NUMBERS:
        base = 256 if field.code is Code.BINARY else 100
        return st.integers(0, base**field.length - 1)
    digits = st.text("0123456789", min_size=2 * field.length, max_size=2 * field.length)
    if field.code is Code.TIME:
        moments = st.integers(0, 4).map(lambda n: f"202{n}-0{n + 1}-1{n}T0{n}:2{n}")
        return st.one_of(st.just(""), moments)
    return (
        st.binary(min_size=field.length, max_size=field.length).map(_hex)
        if field.code is Code.HEX
        else digits
    )


def _hex(data: bytes) -> str:
    return data.hex().upper()


def some_values(file: CardFile) -> st.SearchStrategy[dict[str, Value]]:
    free = [field for field in file.fields if field.value is None and field.covers is None]
    return st.fixed_dictionaries(
        {
            field.name: one_value(field)
            if field.count == 1
            else st.lists(one_value(field), min_size=field.count, max_size=field.count).map(tuple)
            for field in free
        }
    )


@pytest.mark.parametrize("name", FILES)
@few
@given(data=st.data())
def test_what_is_written_is_read_again(name: str, data: st.DataObject) -> None:
    file = FILES[name]
    values = data.draw(some_values(file))
    raw = file_codec.encode(file, values)
    told = file_codec.decode(file, raw)
    assert {key: told[key] for key in values} == values
    assert len(raw) == file.length
    assert file_codec.encode(file, told) == raw


@pytest.mark.parametrize("name", SUMMED)
@few
@given(data=st.data())
def test_a_single_damaged_byte_of_a_summed_file_is_always_found(name: str, data: st.DataObject) -> None:
    """By its own field where that is fixed, decimal, or the sum; else by the sum."""
    file = SUMMED[name]
    raw = bytearray(file_codec.encode(file, data.draw(some_values(file))))
    at = data.draw(st.integers(0, file.length - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(LayoutError) as caught:
        file_codec.decode(file, bytes(raw))
    hit = next(field for field in file.fields if field.offset <= at < field.end)
    decimal = hit.code in (Code.BCD, Code.DIGITS, Code.TIME)
    named = hit.value is not None or (decimal and not f"{raw[at]:02x}".isdecimal())
    assert caught.value.file == file.name
    assert caught.value.field == (hit.name if named else "checksum")


@pytest.mark.parametrize("name", [name for name in FILES if name not in SUMMED])
@few
@given(data=st.data())
def test_a_file_without_a_sum_reads_damaged_bytes_as_they_stand(name: str, data: st.DataObject) -> None:
    raw = data.draw(st.binary(min_size=FILES[name].length, max_size=FILES[name].length))
    assert file_codec.encode(FILES[name], file_codec.decode(FILES[name], raw)) == raw


@given(st.binary(max_size=60))
def test_any_other_bytes_are_an_error_that_names_a_field(data: bytes) -> None:
    with pytest.raises(LayoutError) as caught:
        file_codec.decode(PARAMETER, data)
    assert caught.value.field in {field.name for field in PARAMETER.fields}


def test_the_error_says_file_field_place_and_both_sides() -> None:
    good = LAYOUTS["state_grid_2013"].encode("parameter", _holder())
    with pytest.raises(LayoutError) as caught:
        file_codec.decode(PARAMETER, good[:30] + b"\xf1" + good[31:])
    error = caught.value
    assert (error.file, error.field, error.offset) == ("parameter", "meter_no", 30)
    assert (error.expected, error.found) == ("decimal digits", "F10000123456")
    assert str(error) == "parameter: meter_no at 30: expected decimal digits, found F10000123456"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"meter_no": "12"}, "meter_no"),
        ({"alarm1_fen": 100_000_000}, "alarm1_fen"),
        ({"card_type": 256}, "card_type"),
        ({"card_type": (1, 2)}, "card_type"),
        ({"start": 0x69}, "start"),
        ({"checksum": 0}, "checksum"),
        ({"colour": "red"}, "colour"),
        ({"switch_at": "tomorrow"}, "switch_at"),
    ],
)
def test_values_that_do_not_fit_are_named(values: dict[str, Value], field: str) -> None:
    with pytest.raises(LayoutError) as caught:
        file_codec.encode(PARAMETER, _holder() | values)
    assert (caught.value.file, caught.value.field) == ("parameter", field)


def test_a_field_without_value_or_default_has_to_be_given() -> None:
    values = _holder()
    del values["meter_no"]
    with pytest.raises(LayoutError) as caught:
        file_codec.encode(PARAMETER, values)
    assert (caught.value.field, caught.value.expected, caught.value.found) == ("meter_no", "a value", "none")


def test_a_list_has_as_many_values_as_the_profile_says() -> None:
    tariff = FILES["state_grid_2009.tariff"]
    for rates in ((1,) * 62, (1,) * 64, 1):
        with pytest.raises(LayoutError) as caught:
            file_codec.encode(tariff, {"rates": rates})
        assert (caught.value.field, caught.value.expected) == ("rates", "63 values")


def _holder() -> dict[str, Value]:
    return {
        "user_type": 1,
        "alarm1_fen": 2000,
        "alarm2_fen": 500,
        "meter_no": "000000123456",
        "customer_no": "000100200300",
        "card_type": 2,
    }
