"""When two orders are the same, and where they differ."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from hub.business.forms import ClaimOrder, Notes
from hub.business.identity import canonical, first_difference
from hub.business.refusals import Refusal

ORDER = ClaimOrder(
    reference="R1",
    payment_id=None,
    account_no="0399",
    amount_fen=100,
    memo_fen=0,
    reason="declined",
    notes=(Notes(value_fen=100, count=1),),
    made_at=datetime(2026, 1, 1, tzinfo=UTC),
)


def test_the_same_moment_in_another_zone_is_the_same_order() -> None:
    there = msgspec.structs.replace(ORDER, made_at=ORDER.made_at.astimezone(timezone(timedelta(hours=8))))
    assert canonical(there) == canonical(ORDER)
    assert first_difference(canonical(ORDER), there) is None


@pytest.mark.parametrize(
    ("field", "value"), [("amount_fen", 101), ("notes", ()), ("account_no", None), ("reason", "unanswered")]
)
def test_the_field_that_differs_is_named(field: str, value: object) -> None:
    changed = msgspec.structs.replace(ORDER, **{field: value})
    assert first_difference(canonical(ORDER), changed) == field


def test_content_from_before_a_form_had_a_field_is_as_if_that_had_its_default() -> None:
    before = canonical(ORDER).replace(',"tender":"cash"', "")
    assert "tender" not in before
    assert first_difference(before, ORDER) is None
    assert first_difference(before, msgspec.structs.replace(ORDER, tender="qr")) == "tender"


def test_a_moment_before_the_calendar_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        canonical(
            msgspec.structs.replace(ORDER, made_at=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=8))))
        )
    assert refused.value.field == "made_at"
