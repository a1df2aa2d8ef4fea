"""Recharge cards, what was spent of them, who guessed at their numbers; and the sales of terminal boxes, each once."""

from sqlalchemy import BigInteger, Column, Date, DateTime, Index, Integer, LargeBinary, String, Table, Text

from hub.data.schema import metadata

_time = DateTime(timezone=True)
_mark = String(64)
_id = String(32)

# A card goes by its public serial; of its secret number there is the mark alone, keyed in the key store.
# `made` is worth nothing until it is `active`; `spent` names the payment that it paid for.
recharge_cards = Table(
    "recharge_cards",
    metadata,
    Column("serial", String(12), primary_key=True),
    Column("mark", _mark, nullable=False, unique=True),
    Column("value_fen", BigInteger, nullable=False),
    Column("state", String(8), nullable=False),
    Column("expires_on", Date, nullable=False),
    Column("spent_by", _id, unique=True),
    Column("made_at", _time, nullable=False),
    Column("activated_by", String(64)),
    Column("blocked_at", _time),
)

# `content` is the order without what was sealed, `mark` that of the number; `serial` the card it is of, if any.
redemptions = Table(
    "redemptions",
    metadata,
    Column("id", _id, primary_key=True),
    Column("terminal", String(64), nullable=False),
    Column("content", Text, nullable=False),
    Column("mark", _mark, nullable=False),
    Column("outcome", String(12), nullable=False),
    Column("serial", String(12), index=True),
    Column("reply", LargeBinary, nullable=False),
    Column("decided_at", _time, nullable=False),
)

# How many wrong numbers came from a terminal since a window began; the row is held while a number is judged.
redemption_tries = Table(
    "redemption_tries",
    metadata,
    Column("terminal", String(64), primary_key=True),
    Column("since", _time, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("last_at", _time, nullable=False),
)

# The key is what a terminal box and its bank know a sale by.
box_sales = Table(
    "box_sales",
    metadata,
    Column("merchant_no", String(16), primary_key=True),
    Column("terminal_no", String(16), primary_key=True),
    Column("batch", String(6), primary_key=True),
    Column("trace", String(12), primary_key=True),
    Column("sold_on", Date, primary_key=True),
    Column("payment_id", _id, nullable=False),
    Index("uq_box_sales_payment_id", "payment_id", unique=True),
)
