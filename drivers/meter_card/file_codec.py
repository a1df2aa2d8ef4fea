"""One file of a meter card: its fields to bytes and back, and which field is wrong when that fails."""

from __future__ import annotations

from collections.abc import Mapping

from drivers.meter_card import codes
from drivers.meter_card.codes import Code, CodeError, Value
from drivers.meter_card.profile import CardFile, Field


class LayoutError(ValueError):
    """Bytes that are no such file, or values that do not fit one: says `file`, `field`, `offset` and why."""

    def __init__(self, file: str, field: str, offset: int, expected: str, found: str) -> None:
        super().__init__(f"{file}: {field} at {offset}: expected {expected}, found {found}")
        self.file = file
        self.field = field
        self.offset = offset
        self.expected = expected
        self.found = found


def decode(file: CardFile, data: bytes) -> Mapping[str, Value]:
    """Read all fields by name; LayoutError when these bytes cannot be the file.

    Fixed values are looked at first and checksums last, so that an error names the field itself where it can.
    """
    check_length(file, data)
    for field in file.fields:
        if field.value is not None and data[field.offset : field.end] != _encoded(file, field, {}):
            raise _wrong(file, field, _hex(_encoded(file, field, {})), _hex(data[field.offset : field.end]))
    values = {field.name: _decoded(file, field, data) for field in file.fields}
    for field in file.fields:
        if field.covers is not None and data[field.offset] != _sum(field.covers, data):
            raise _wrong(file, field, f"{_sum(field.covers, data):02X}", f"{data[field.offset]:02X}")
    return values


def encode(file: CardFile, values: Mapping[str, Value]) -> bytes:
    """Make the file's bytes; LayoutError for a field that is missing, unknown, or does not fit."""
    known = {field.name for field in file.fields}
    for name in values:
        if name not in known:
            raise LayoutError(file.name, name, file.length, "no such field", repr(values[name]))
    data = bytearray(b"".join(_encoded(file, field, values) for field in file.fields))
    for field in file.fields:
        if field.covers is not None:
            data[field.offset] = made = _sum(field.covers, data)
            if values.get(field.name, made) != made:
                raise _wrong(file, field, f"{made:02X}", repr(values[field.name]))
    return bytes(data)


def check_length(file: CardFile, data: bytes) -> None:
    """Raise LayoutError unless the file has its length; it names the field at which the bytes end."""
    if len(data) == file.length:
        return
    torn = next((field for field in file.fields if field.end > len(data)), file.fields[-1])
    raise _wrong(file, torn, f"{file.length} bytes of file", str(len(data)))


def number(values: Mapping[str, Value], name: str) -> int:
    """Give the value of a field that the profile's check has made sure is a number."""
    value = values[name]
    if not isinstance(value, int):
        raise TypeError(f"{name} is no number")
    return value


def text(values: Mapping[str, Value], name: str) -> str:
    """Give the value of a field that the profile's check has made sure is a text."""
    value = values[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    return value


def _decoded(file: CardFile, field: Field, data: bytes) -> Value:
    starts = range(field.offset, field.end, field.length)
    try:
        values = tuple(codes.decode(field.code, data[at : at + field.length]) for at in starts)
    except CodeError as error:
        raise _wrong(file, field, error.expected, error.found) from error
    return values[0] if field.count == 1 else values


def _encoded(file: CardFile, field: Field, values: Mapping[str, Value]) -> bytes:
    if field.code is Code.SUM:
        return b"\0"
    value = values.get(field.name, field.default if field.value is None else field.value)
    if value is None:
        raise _wrong(file, field, "a value", "none")
    if field.value is not None and value != field.value:
        raise _wrong(file, field, repr(field.value), repr(value))
    items = value if isinstance(value, tuple) else (value,)
    try:
        if len(items) != field.count:
            raise CodeError(f"{field.count} values", str(len(items)))
        return b"".join(codes.encode(field.code, item, field.length) for item in items)
    except CodeError as error:
        raise _wrong(file, field, error.expected, error.found) from error


def _sum(covers: tuple[int, int], data: bytes | bytearray) -> int:
    return sum(data[covers[0] : covers[1] + 1]) % 256


def _hex(data: bytes) -> str:
    return data.hex().upper()


def _wrong(file: CardFile, field: Field, expected: str, found: str) -> LayoutError:
    return LayoutError(file.name, field.name, field.offset, expected, found)
