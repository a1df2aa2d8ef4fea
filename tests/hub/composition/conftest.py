"""A desk over books in memory, and the claims desk over books that must hold after each test."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.hub.composition.counter import Counter
from tests.hub.composition.office import Office


@pytest.fixture
def office(books: Any) -> Iterator[Office]:
    yield Office(books)
    # Desks that book cards which no switch has sold are tried here, too.
    assert [found for found in books.check().findings if found.rule != "payment_without_sale"] == []


@pytest.fixture
def at() -> Counter:
    return Counter()
