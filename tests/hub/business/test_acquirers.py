"""Which bank takes a card."""

import pytest

from hub.business.acquirers import Acquirer, CardRange, route
from hub.business.tender_forms import Title


def bank(name: str, *ranges: CardRange) -> Acquirer:
    return Acquirer(
        name=name,
        title=Title("银行", "Bank"),
        host="127.0.0.1",
        port=1,
        merchant_no="898440000000001",
        tpdu=bytes.fromhex("6000030000"),
        header="603100000000",
        mac="ecb_up",
        double_mak=False,
        ranges=ranges,
    )


EVERY_CARD = bank("switch", CardRange("6"), CardRange("62"))
OWN = bank("own", CardRange("621214", 19), CardRange("6228"))
SHORT = bank("short", CardRange("621214"))


@pytest.mark.parametrize(
    ("prefix", "length", "name"),
    [
        ("621214", 19, "own"),
        ("621214", 16, "short"),
        ("622848", 19, "own"),
        ("622700", 19, "switch"),
        ("603367", 19, "switch"),
        ("400000", 16, None),
    ],
)
def test_the_closest_range_has_the_card(prefix: str, length: int, name: str | None) -> None:
    for order in ((EVERY_CARD, OWN, SHORT), (SHORT, OWN, EVERY_CARD)):
        found = route(order, prefix, length)
        assert (found.name if found else None) == name


def test_without_banks_no_card_has_a_route() -> None:
    assert route((), "621214", 19) is None
