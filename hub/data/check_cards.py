"""The part of the check that is about meter cards: each count sold once, each fen of it booked, each write owed."""

from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection, and_, exists, func, or_, select

from hub.business.card_writes import WritePlan
from hub.business.forms import Payment
from hub.data.finding import Finding
from hub.data.schema import card_meters, card_writes, cards, legs, payments, purchases, transactions


def card_findings(connection: Connection) -> Iterator[Finding]:
    """Judge purchases, their legs, their writes, and the cards."""
    for rule in (_counts, _sold_counts, _power, _payments, _writes, _written, _cards):
        yield from rule(connection)


def _counts(connection: Connection) -> Iterator[Finding]:
    """The counts that were sold for a meter follow one another, and the last of them is the meter's."""
    sold = (
        select(
            purchases.c.meter_no,
            func.min(purchases.c.sold_count).label("first"),
            func.max(purchases.c.sold_count).label("last"),
            func.count(func.distinct(purchases.c.sold_count)).label("counts"),
            func.count(purchases.c.sold_count).label("times"),
        )
        .where(purchases.c.sold_count.is_not(None))
        .group_by(purchases.c.meter_no)
        .subquery()
    )
    query = select(sold, card_meters.c.purchase_count).join(
        card_meters, card_meters.c.meter_no == sold.c.meter_no
    )
    for row in connection.execute(query):
        what = f"meter {row.meter_no}"
        if row.counts != row.times:
            yield Finding("count_sold_twice", what, f"{row.times} purchases have {row.counts} counts")
        if row.last - row.first + 1 != row.counts:
            yield Finding(
                "count_missing", what, f"{row.counts} counts were sold from {row.first} to {row.last}"
            )
        if row.last != row.purchase_count:
            yield Finding(
                "meter_count", what, f"its count is {row.purchase_count}, the last sold is {row.last}"
            )


def _sold_counts(connection: Connection) -> Iterator[Finding]:
    """A purchase sells its count, a reissue and what was withdrawn sell none."""
    sells = and_(purchases.c.kind != "reissue", purchases.c.state != "withdrawn")
    wrong = or_(
        and_(
            sells,
            or_(purchases.c.sold_count.is_(None), purchases.c.sold_count != purchases.c.count),
        ),
        and_(~sells, purchases.c.sold_count.is_not(None)),
    )
    query = select(
        purchases.c.id,
        purchases.c.state,
        purchases.c.kind,
        purchases.c.sold_count,
        purchases.c.count.label("its"),
    )
    for row in connection.execute(query.where(wrong)):
        text = f"a {row.state} {row.kind} of count {row.its} sells {row.sold_count}"
        yield Finding("count_of_purchase", f"purchase {row.id}", text)


def _power(connection: Connection) -> Iterator[Finding]:
    """What stands on a meter's ledger account is what was sold for it."""
    sold: dict[str, int] = {}
    query = select(purchases.c.meter_no, func.sum(purchases.c.amount_fen).label("total")).where(
        purchases.c.sold_count.is_not(None)
    )
    for row in connection.execute(query.group_by(purchases.c.meter_no)):
        sold[f"power:{row.meter_no}"] = int(row.total)
    booked = (
        select(legs.c.account, func.sum(legs.c.amount_fen).label("total"))
        .where(legs.c.account.like("power:%"))
        .group_by(legs.c.account)
    )
    legs_of = {row.account: -int(row.total) for row in connection.execute(booked)}
    for account in sorted(sold.keys() | legs_of.keys()):
        if sold.get(account, 0) != legs_of.get(account, 0):
            text = f"sold {sold.get(account, 0)} fen, legs {legs_of.get(account, 0)}"
            yield Finding("power_legs", account, text)


def _payments(connection: Connection) -> Iterator[Finding]:
    """Each purchase was booked, by its payment or with the opening balances, and is what its payment's answer says."""
    query = select(
        *(column for column in purchases.c if column.name != "count"),
        purchases.c.count.label("the_count"),
        transactions.c.kind.label("booked_as"),
        payments.c.transaction_id.label("paid_by"),
        payments.c.reply.label("answer"),
        payments.c.reversal_id,
    ).select_from(
        purchases.outerjoin(transactions, transactions.c.id == purchases.c.transaction_id).outerjoin(
            payments, payments.c.id == purchases.c.id
        )
    )
    for row in connection.execute(query):
        what = f"purchase {row.id}"
        if row.booked_as == "opening":
            continue
        if row.booked_as != "payment" or row.paid_by != row.transaction_id:
            yield Finding("purchase_booking", what, f"its booking {row.transaction_id} is not its payment's")
            continue
        if (row.state == "withdrawn") != (row.reversal_id is not None):
            yield Finding("purchase_reversal", what, f"is {row.state}, its reversal is {row.reversal_id}")
        told = msgspec.json.decode(row.answer, type=Payment).purchase
        if told is None:
            yield Finding("purchase_answer", what, "its payment's answer says nothing of it")
        elif row.kind != "reissue" and (told.count, told.amount_fen) != (row.the_count, row.amount_fen):
            found = (
                f"count {row.the_count}, {row.amount_fen} fen; its answer {told.count}, {told.amount_fen} fen"
            )
            yield Finding("purchase_answer", what, found)


def _writes(connection: Connection) -> Iterator[Finding]:
    """Each write is of a purchase, and carries its count and amount to its card."""
    query = select(
        card_writes.c.id,
        card_writes.c.plan,
        card_writes.c.purchase_id,
        card_writes.c.state,
        purchases.c.kind,
        purchases.c.count.label("the_count"),
        purchases.c.amount_fen,
    ).select_from(card_writes.outerjoin(purchases, purchases.c.id == card_writes.c.purchase_id))
    for row in connection.execute(query):
        what, write = f"write {row.id}", msgspec.json.decode(row.plan, type=WritePlan)
        if row.kind is None:
            yield Finding("write_without_purchase", what, f"no purchase {row.purchase_id}")
            continue
        # A reissue that found no card at first carries what was the last purchase by the time of each write.
        of_its_own = row.kind != "reissue" or row.state == "written"
        if of_its_own and (write.count, write.amount_fen) != (row.the_count, row.amount_fen):
            found = f"count {write.count}, {write.amount_fen} fen; owed {row.the_count}, {row.amount_fen} fen"
            yield Finding("write_of_purchase", what, found)


def _written(connection: Connection) -> Iterator[Finding]:
    """What is on a card is not owed; what was withdrawn is on none."""
    states = ("authorised", "withdrawn")
    query = select(card_writes.c.id, purchases.c.state).where(
        card_writes.c.purchase_id == purchases.c.id,
        card_writes.c.state == "written",
        purchases.c.state.in_(states),
    )
    for row in connection.execute(query):
        yield Finding("written_purchase", f"write {row.id}", f"is written, its purchase is {row.state}")


def _cards(connection: Connection) -> Iterator[Finding]:
    """A meter has one active card at most, and what is bought for a card is for one of the meter's own."""
    active = cards.c.state == "active"
    query = (
        select(cards.c.meter_no, func.count().label("held"))
        .where(active)
        .group_by(cards.c.meter_no)
        .having(or_(func.count() > 1, cards.c.meter_no.is_(None)))
    )
    for row in connection.execute(query):
        yield Finding("active_cards", f"meter {row.meter_no}", f"{row.held} active cards")
    own = and_(cards.c.mark == purchases.c.card_mark, cards.c.meter_no == purchases.c.meter_no)
    unknown = select(purchases.c.id, purchases.c.card_mark).where(
        purchases.c.card_mark.is_not(None), ~exists().where(own)
    )
    for row in connection.execute(unknown):
        tail = row.card_mark[-4:]
        yield Finding("purchase_card", f"purchase {row.id}", f"is for card *{tail}, which is not its meter's")
