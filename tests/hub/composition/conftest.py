"""A desk over books in memory, and the claims desk over books that must hold after each test."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hub.data.engine import sync_engine
from tests.hub.composition.counter import Counter
from tests.hub.composition.office import Office
from tests.hub.conftest import Books


@pytest.fixture
def office(books: Any) -> Iterator[Office]:
    yield Office(books)
    assert books.check().findings == ()


@pytest.fixture
def at() -> Counter:
    return Counter()


@pytest.fixture
def file_books(new_books: Callable[[str], str]) -> Iterator[Books]:
    """Empty books in SQLite, for what no second hub has a part in."""
    url = new_books("sqlite")
    engine = sync_engine(url)
    yield Books(url, engine)
    engine.dispose()
