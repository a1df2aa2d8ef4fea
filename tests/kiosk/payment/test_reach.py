"""Notes that make up an amount which buys something, or none that do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kiosk.payment.reach import reachable

notes = st.sets(st.sampled_from([500, 1000, 2000, 5000, 10000]), min_size=1)
amounts = st.integers(0, 30_000)


@given(notes, amounts, amounts)
def test_what_is_called_reachable_is_a_number_of_equal_notes(values: set[int], least: int, most: int) -> None:
    heaps = {value * count for value in values for count in range(61)}
    assert reachable(values, least, most) == any(least <= heap <= most for heap in heaps)
