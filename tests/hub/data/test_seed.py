"""The town in the books: whole, balanced, the same each time, and only into empty books."""

import doctest
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import func, select

from hub.business.numbers import is_recharge_number
from hub.data import seed_recharge
from hub.data.engine import sync_engine
from hub.data.fields import recharge_mark
from hub.data.keys_bench import BenchStore
from hub.data.recharge_stock import TEST_SERIALS
from hub.data.schema import accounts, bills
from hub.data.schema_recharge import recharge_cards
from hub.data.seed import load_town
from hub.data.seed_recharge import TEST_CARDS
from hub.data.town import generate
from tools.hub_process import power_hub

AS_OF = date(2026, 3, 15)
BENCH = BenchStore(None, {}, bench=True)


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
        kept = connection.execute(select(recharge_cards).order_by(recharge_cards.c.serial)).all()
    assert [card.mark for card in kept] == [recharge_mark(BENCH, card.number) for card in TEST_CARDS]
    assert {card.state for card in kept} == {"active", "blocked", "made"}
    assert [card.serial for card in kept if card.expires_on < AS_OF] == ["999000000007"]


def test_a_town_with_keys_of_the_field_or_none_has_no_test_cards(new_books: Any, hsm: Any) -> None:
    for keys in (hsm, None):
        engine = sync_engine(new_books("sqlite"))
        load_town(engine, generate(1, AS_OF, 3), AS_OF, datetime.now(UTC), keys)
        with engine.connect() as connection:
            assert connection.execute(select(func.count()).select_from(recharge_cards)).scalar() == 0
        engine.dispose()


def test_test_cards_are_known_as_such_by_their_numbers() -> None:
    assert doctest.testmod(seed_recharge).failed == 0
    for card in TEST_CARDS:
        assert card.number.startswith("9999")
        assert is_recharge_number(card.number)
        assert card.serial > TEST_SERIALS


def test_a_town_is_not_loaded_twice(books: Any) -> None:
    books.account((100,))
    done = power_hub("seed", "--accounts", "10", "--database", books.url, check=False)
    assert done.returncode == 2
    assert "accounts already" in done.stderr
