"""No decoder hangs or fills the memory when its peer never ends."""

from __future__ import annotations

import pytest

from tests.fuzz.floods import FLOODS, growth, held

# Ten times the bytes: 10 is linear, 100 is quadratic.
MOST_GROWTH = 35
STREAMED = [name for name in FLOODS if not name.startswith(("wire", "printer pictures"))]


@pytest.mark.parametrize("name", FLOODS)
def test_ten_times_the_bytes_take_about_ten_times_the_time(name: str) -> None:
    assert growth(name, 10_000) < MOST_GROWTH


@pytest.mark.parametrize("name", STREAMED)
def test_a_stream_without_end_needs_no_more_memory_than_one_read_of_it(name: str) -> None:
    # A piece of 4 KiB can be that many answers of one byte each, of some 100 bytes of memory.
    assert held(name, 30_000) < 1_500_000
