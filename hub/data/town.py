"""A sample town: accounts with two years of bills; the same seed and date give the same town.

What an account is and what it uses in a month depends on the seed alone, so a town made for a later day has
the same past; only what is open changes. Shares are proposals: nobody has published figures for them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice

from hub.data import town_names as names
from hub.data.consumption import Habit, home, shop
from hub.data.draw import Draw
from hub.data.tariff_file import TariffBook, read_tariffs
from hub.data.town_bills import billed_months, issue, month_start
from hub.data.town_cards import with_card
from hub.data.town_demo import HOME_TARIFF, SHOP_TARIFF, known_accounts, meters
from hub.data.town_model import AccountState, Channel, MeterKind, TownAccount, TownBill, TownMeter
from hub.data.town_payers import Turn, as_paid, draw_payer, draw_turn

__all__ = ["SEED", "AccountState", "Channel", "MeterKind", "TownAccount", "TownBill", "TownMeter", "generate"]

# The seed of the town that is shown and spoken of: its figures lie nearest to the published ones.
SEED = 4

# Of each hundred accounts the first 70 pay after use, and so on; the last two are shops.
KINDS: tuple[tuple[int, MeterKind], ...] = (
    (70, "postpaid"),
    (85, "card"),
    (95, "remote_prepaid"),
    (98, "sts"),
    (100, "postpaid"),
)
SHOPS_FROM = 98
LARGE_HOUSEHOLDS = 0.06
CLOSED, NEW, LIFE_MONTHS = 0.01, 0.02, (2, 20)
BALANCE_MEDIAN_FEN, BALANCE_SIGMA = 4000, 0.8
HAS_BALANCE, HAS_BALANCE_PREPAID = 0.31, 0.95  # together 35 % of the town
FIRST_NUMBER, FIRST_SERIAL = 1_000_000, 250_001_000_000


@dataclass(frozen=True, slots=True)
class _Life:
    opened_on: date
    closed_on: date | None

    def months(self, as_of: date) -> list[date]:
        """Give the billed months in which the account had supply."""
        end = self.closed_on or as_of
        return [month for month in billed_months(as_of) if self.opened_on <= month < end]


def generate(
    seed: int, as_of: date, accounts: int = 2000, tariffs: TariffBook | None = None
) -> Iterator[TownAccount]:
    """Yield the town's accounts, the well-known ones of `town_demo` first.

    The bills are those of the 24 months that ended before `as_of`; what is paid is as on that day. Tariffs
    are those that come with the hub unless others are given. Raises NoTariffInForceError for a day so early
    that the tariffs were not yet in force for all 24 months.
    """
    book = tariffs or read_tariffs()
    known = list(islice(known_accounts(as_of, book), accounts))
    yield from known
    for index in range(accounts - len(known)):
        yield _account(seed, index, as_of, book)


def _account(seed: int, index: int, as_of: date, book: TariffBook) -> TownAccount:
    draw = Draw(f"{seed}:{index}")
    place_in_hundred = index * 61 % 100  # spreads the kinds evenly over the list
    kind = next(kind for limit, kind in KINDS if place_in_hundred < limit)
    is_shop = place_in_hundred >= SHOPS_FROM
    large = draw.share() < LARGE_HOUSEHOLDS and not is_shop
    life = _draw_life(draw, as_of, can_close=kind == "postpaid" and not is_shop)
    payer = draw_payer(draw, prepaid=kind != "postpaid", closed=life.closed_on is not None)
    balance_fen = _draw_balance(draw, kind) if not payer.overdue and not life.closed_on else 0
    phone = names.phone(draw)
    name = names.business(draw) if is_shop else names.person(draw)
    place = names.shop_place(index // 50) if is_shop else names.home_place(index)
    habit = shop(draw) if is_shop else home(draw, large=large)
    tariff_id = SHOP_TARIFF if is_shop else HOME_TARIFF

    months = life.months(as_of)
    course = _course(seed, index, habit, months)
    lists = [book.in_force(tariff_id, month) for month in months]
    issued = [
        issue(tariff, month, kwh, large_household=large)
        for tariff, month, (kwh, _) in zip(lists, months, course, strict=True)
    ]
    account_no = f"0399{FIRST_NUMBER + index:012d}"
    return TownAccount(
        account_no=account_no,
        name=name,
        phone=phone,
        address=place.address,
        supply_unit=place.supply_unit,
        usage_class="business" if is_shop else "residential",
        tariff_id=tariff_id,
        large_household=large,
        state="closed" if life.closed_on else "open",
        opened_on=life.opened_on,
        closed_on=life.closed_on,
        balance_fen=balance_fen,
        meters=tuple(
            with_card(Draw(f"{seed}:{index}:card"), meter, index, as_of)
            for meter in meters(account_no, (kind,), FIRST_SERIAL + index)
        ),
        bills=tuple(as_paid(issued, lists, [turn for _, turn in course], payer, as_of)),
        # Drawn from a stream of its own, so that it changes nothing else of a town that is known.
        identity="" if is_shop else names.identity(Draw(f"{seed}:{index}:identity")),
    )


def _course(seed: int, index: int, habit: Habit, months: list[date]) -> list[tuple[int, Turn]]:
    """Give consumption and manner of payment for each month; a year's draws do not depend on the others'."""
    by_month: dict[date, tuple[int, Turn]] = {}
    for year in sorted({month.year for month in months}):
        draw = Draw(f"{seed}:{index}:{year}")
        for month in range(1, 13):
            by_month[date(year, month, 1)] = (habit.month_kwh(month, draw), draw_turn(draw))
    return [by_month[month] for month in months]


def _draw_life(draw: Draw, as_of: date, *, can_close: bool) -> _Life:
    fate, months_ago = draw.share(), draw.between(*LIFE_MONTHS)
    opened_on = date(draw.between(2008, 2020), draw.between(1, 12), draw.between(1, 28))
    opened_on = min(opened_on, billed_months(as_of)[0])
    if fate < NEW:
        return _Life(month_start(as_of, -months_ago), None)
    if can_close and fate > 1 - CLOSED:
        return _Life(opened_on, month_start(as_of, -months_ago))
    return _Life(opened_on, None)


def _draw_balance(draw: Draw, kind: MeterKind) -> int:
    has_balance = draw.share() < (HAS_BALANCE_PREPAID if kind == "remote_prepaid" else HAS_BALANCE)
    fen = round(draw.lognormal(BALANCE_MEDIAN_FEN, BALANCE_SIGMA))
    return fen if has_balance else 0
