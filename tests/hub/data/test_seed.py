"""The town in the books: whole, balanced, the same each time, and only into empty books."""

from typing import Any

from sqlalchemy import func, select

from hub.data.schema import accounts, bills
from tools.hub_process import power_hub


def test_a_town_balances_and_repeats(books: Any, new_database: Any) -> None:
    done = power_hub("seed", "--as-of", "2026-03-15", "--accounts", "120", "--database", books.url)
    assert "120 accounts" in done.stdout
    other = new_database("sqlite")
    again = power_hub("seed", "--as-of", "2026-03-15", "--accounts", "120", "--database", other)
    assert again.stdout == done.stdout
    assert books.check().findings == ()
    with books.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(accounts)).scalar() == 120
        assert connection.execute(select(func.count(func.distinct(bills.c.month)))).scalar() == 24


def test_a_town_is_not_loaded_twice(books: Any) -> None:
    books.account((100,))
    done = power_hub("seed", "--accounts", "10", "--database", books.url, check=False)
    assert done.returncode == 2
    assert "accounts already" in done.stderr
