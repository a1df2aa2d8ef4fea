"""The identity of an order: its canonical content, and the first field in which two contents differ."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from hub.business.forms import Order
from hub.business.refusals import Refusal

_encoder = msgspec.json.Encoder(order="sorted")


def canonical(order: Order) -> str:
    """Give the content as JSON in which equal orders are equal text: sorted keys, UTC times, no spaces."""
    return _encoder.encode(
        {name: _plain(name, getattr(order, name)) for name in order.__struct_fields__}
    ).decode()


def _plain(name: str, value: object) -> object:
    if not isinstance(value, datetime):
        return value
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise Refusal("bad_request", "the time is beyond the calendar", field=name) from None


def first_difference(stored: str, order: Order) -> str | None:
    """Name the first field, in the order of the form, whose stored content differs; none when all are equal.

    Content from before the form had a field is as if that had its default.
    """
    now: dict[str, Any] = msgspec.json.decode(canonical(order))
    before: dict[str, Any] = _defaults(order) | msgspec.json.decode(stored)
    names = (*order.__struct_fields__, *before)
    return next((name for name in names if before.get(name) != now.get(name)), None)


def _defaults(order: Order) -> dict[str, Any]:
    fields = msgspec.structs.fields(order)
    return {field.name: field.default for field in fields if field.default is not msgspec.NODEFAULT}
