"""The part of the check that is about recharge cards and terminal boxes: each spent once, each sale booked once."""

from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection, and_, or_, select

from hub.business.forms import PaymentOrder
from hub.business.tender_forms import Redemption
from hub.data.finding import Finding
from hub.data.schema import legs, payments
from hub.data.schema_recharge import box_sales, recharge_cards, redemptions


def recharge_findings(connection: Connection) -> Iterator[Finding]:
    """Judge recharge cards, their payments and redemptions, and the sales of terminal boxes."""
    for rule in (_cards, _payments, _redemptions, _boxes):
        yield from rule(connection)


def _cards(connection: Connection) -> Iterator[Finding]:
    """A card is spent for a payment of its value that stands, or it is not spent."""
    spent = or_(recharge_cards.c.state == "spent", recharge_cards.c.spent_by.is_not(None))
    query = (
        select(
            recharge_cards.c.serial,
            recharge_cards.c.state,
            recharge_cards.c.value_fen,
            recharge_cards.c.spent_by,
            payments.c.content,
            payments.c.amount_fen,
            payments.c.transaction_id,
            payments.c.reversal_id,
        )
        .select_from(recharge_cards.outerjoin(payments, payments.c.id == recharge_cards.c.spent_by))
        .where(spent)
    )
    for row in connection.execute(query):
        what = f"recharge card {row.serial}"
        if row.state != "spent" or row.spent_by is None:
            yield Finding("spent_card", what, f"is {row.state}, for payment {row.spent_by}")
        elif row.transaction_id is None or row.reversal_id is not None:
            yield Finding("spent_card", what, f"its payment {row.spent_by} is not booked, or was undone")
        elif row.amount_fen != row.value_fen:
            text = f"worth {row.value_fen} fen, its payment {row.spent_by} is of {row.amount_fen} fen"
            yield Finding("spent_card", what, text)
        elif msgspec.json.decode(row.content, type=PaymentOrder).tender != "recharge_card":
            yield Finding("spent_card", what, f"its payment {row.spent_by} was made otherwise")


def _payments(connection: Connection) -> Iterator[Finding]:
    """Each payment by recharge card that stands has spent a card."""
    leg = and_(
        legs.c.transaction_id == payments.c.transaction_id,
        legs.c.account.like("recharge\\_card:%", escape="\\"),
    )
    query = (
        select(payments.c.id)
        .select_from(
            payments.join(legs, leg).outerjoin(recharge_cards, recharge_cards.c.spent_by == payments.c.id)
        )
        .where(payments.c.reversal_id.is_(None), recharge_cards.c.serial.is_(None))
    )
    for row in connection.execute(query):
        yield Finding(
            "redeemed_payment", f"payment {row.id}", "was made by recharge card, and none is spent for it"
        )


def _redemptions(connection: Connection) -> Iterator[Finding]:
    """What a redemption was answered is what became of its payment; one that was refused has none by this tender."""
    query = select(
        redemptions.c.id,
        redemptions.c.outcome,
        redemptions.c.reply,
        payments.c.content,
        payments.c.reply.label("paid"),
    ).select_from(redemptions.outerjoin(payments, payments.c.id == redemptions.c.id))
    for row in connection.execute(query):
        answer = msgspec.json.decode(row.reply, type=Redemption)
        booked = msgspec.json.encode(answer.payment) if answer.payment else None
        by_card = (
            bool(row.content)
            and msgspec.json.decode(row.content, type=PaymentOrder).tender == "recharge_card"
        )
        if row.outcome != (answer.refusal or answer.status) or booked != (row.paid if by_card else None):
            text = (
                f"{row.outcome}, answered {answer.status}, its payment is {'' if by_card else 'not '}booked"
            )
            yield Finding("redemption_answer", f"redemption {row.id}", text)


def _boxes(connection: Connection) -> Iterator[Finding]:
    """A terminal box's sale is of the booked payment that tells of it, and each such payment has its own."""
    told = select(payments.c.id, payments.c.content, box_sales.c.trace, box_sales.c.terminal_no).select_from(
        payments.outerjoin(box_sales, box_sales.c.payment_id == payments.c.id)
    )
    with_box = or_(box_sales.c.trace.is_not(None), payments.c.content.like('%"box":{%'))
    for row in connection.execute(told.where(with_box)):
        box = msgspec.json.decode(row.content, type=PaymentOrder).box if row.content else None
        if box is None or (box.trace, box.terminal_no) != (row.trace, row.terminal_no):
            yield Finding("box_sale", f"payment {row.id}", "its box's sale is not kept as it tells of it")
    lost = (
        select(box_sales.c.payment_id)
        .select_from(box_sales.outerjoin(payments, payments.c.id == box_sales.c.payment_id))
        .where(payments.c.id.is_(None))
    )
    for row in connection.execute(lost):
        yield Finding(
            "box_sale", f"payment {row.payment_id}", "a box's sale is kept for it, and it is not there"
        )
