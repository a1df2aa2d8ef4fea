"""The claims desk over books that must hold after each test."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.hub.composition.office import Office


@pytest.fixture
def office(books: Any) -> Iterator[Office]:
    yield Office(books)
    assert books.check().findings == ()
