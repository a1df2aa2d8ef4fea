"""The stock of recharge cards as operators keep it: made, made good, blocked, looked up."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from hub.data.heads import aware
from hub.data.schema import payments
from hub.data.schema_recharge import recharge_cards, redemptions

TEST_SERIALS = "999000000000"
"""From here on serials are those of test cards: none is made in the field."""
MOST_VALUE_FEN = 1_000_000
"""No utility prints a card of more than 10,000 yuan: beyond it somebody has mistaken the unit."""
MOST_CARDS = 100_000


class Redeemed(msgspec.Struct, frozen=True):
    """What a terminal was told of a card."""

    payment_id: str
    terminal: str
    outcome: str
    at: datetime


class CardStory(msgspec.Struct, frozen=True):
    """A card as an operator sees it; `spent_by` is a payment, `account_no` and `reference` are that payment's."""

    serial: str
    value_fen: int
    state: str
    expires_on: date
    made_at: datetime
    activated_by: str | None
    blocked_at: datetime | None
    spent_by: str | None
    account_no: str | None
    reference: str | None
    tries: tuple[Redeemed, ...]


def check_order(value_fen: int, count: int, expires_on: date, today: date) -> None:
    """Refuse cards that nobody can want; raises ValueError."""
    if not 1 <= value_fen <= MOST_VALUE_FEN:
        raise ValueError(f"--value-fen {value_fen}: expected 1 to {MOST_VALUE_FEN}")
    if not 1 <= count <= MOST_CARDS:
        raise ValueError(f"--count {count}: expected 1 to {MOST_CARDS}")
    if expires_on <= today:
        raise ValueError(f"--expires {expires_on}: expected a date after {today}")


def make(
    connection: Connection, marks: Sequence[str], value_fen: int, expires_on: date, now: datetime
) -> list[str]:
    """Write cards that are worth nothing yet, one for each mark; give their serials in order."""
    of_the_field = recharge_cards.c.serial < TEST_SERIALS
    last = connection.execute(select(func.max(recharge_cards.c.serial)).where(of_the_field)).scalar()
    first = int(last or "0") + 1
    serials = [f"{first + place:012d}" for place in range(len(marks))]
    if serials[-1] >= TEST_SERIALS:
        raise ValueError("there are no serials left")
    rows = [
        row_of(serial, mark, value_fen, expires_on, now) for serial, mark in zip(serials, marks, strict=True)
    ]
    connection.execute(insert(recharge_cards), rows)
    return serials


def row_of(
    serial: str, mark: str, value_fen: int, expires_on: date, now: datetime, state: str = "made"
) -> dict[str, Any]:
    """The columns of a card."""
    return {
        "serial": serial,
        "mark": mark,
        "value_fen": value_fen,
        "state": state,
        "expires_on": expires_on,
        "spent_by": None,
        "made_at": now.astimezone(UTC),
        "activated_by": None,
        "blocked_at": None,
    }


def activate(connection: Connection, first: str, last: str, by: str) -> int:
    """Make all cards from serial to serial good that were made and are no more than that; give how many there were.

    Raises ValueError where there is none.
    """
    done = connection.execute(
        update(recharge_cards)
        .where(recharge_cards.c.serial.between(first, last), recharge_cards.c.state == "made")
        .values(state="active", activated_by=by)
    ).rowcount
    if not done:
        raise ValueError(f"no card from {first} to {last} waits to be made good")
    return done


def block(connection: Connection, serial: str, now: datetime) -> CardStory:
    """Let a card not be spent any more; raises ValueError where there is none, or where it is spent."""
    connection.execute(
        update(recharge_cards)
        .where(recharge_cards.c.serial == serial, recharge_cards.c.state.in_(("made", "active")))
        .values(state="blocked", blocked_at=now.astimezone(UTC))
    )
    story = show(connection, serial)
    if story.state != "blocked":
        raise ValueError(f"card {serial} is {story.state}")
    return story


def show(connection: Connection, serial: str) -> CardStory:
    """Tell all that is known of a card; raises ValueError where there is none."""
    query = (
        select(*recharge_cards.c, payments.c.account_no, payments.c.reference)
        .select_from(recharge_cards.outerjoin(payments, payments.c.id == recharge_cards.c.spent_by))
        .where(recharge_cards.c.serial == serial)
    )
    row = connection.execute(query).first()
    if row is None:
        raise ValueError(f"no card {serial}")
    told = connection.execute(
        select(redemptions.c.id, redemptions.c.terminal, redemptions.c.outcome, redemptions.c.decided_at)
        .where(redemptions.c.serial == serial)
        .order_by(redemptions.c.decided_at, redemptions.c.id)
    )
    return CardStory(
        serial=row.serial,
        value_fen=row.value_fen,
        state=row.state,
        expires_on=row.expires_on,
        made_at=aware(row.made_at),
        activated_by=row.activated_by,
        blocked_at=row.blocked_at and aware(row.blocked_at),
        spent_by=row.spent_by,
        account_no=row.account_no,
        reference=row.reference,
        tries=tuple(Redeemed(*each[:3], aware(each[3])) for each in told),
    )
