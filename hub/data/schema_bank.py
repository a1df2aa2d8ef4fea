"""Sales by bank card, the routes they came by, and what banks said besides."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from hub.data.schema import metadata

_serial = BigInteger().with_variant(Integer, "sqlite")
_time = DateTime(timezone=True)
_id = String(32)
_acquirer = String(16)

# Which bank a card was said to go to, and the check value of the PIN key that was told with it (none without one).
bank_routes = Table(
    "bank_routes",
    metadata,
    Column("id", _id, primary_key=True),
    Column("terminal", String(64), nullable=False),
    Column("content", Text, nullable=False),
    Column("reply", LargeBinary, nullable=False),
    Column("acquirer", _acquirer, nullable=False),
    Column("pik_check", String(8)),
    Column("made_at", _time, nullable=False),
)

# One row a sale, under the id of the payment that it is to become, written before the first byte to the bank.
# `due_at`: when it goes back unless it was settled before; `next_at`: when its reversal is tried next, none where no
# reversal is tried. `card` is masked, `card_mark` a keyed fingerprint; `pan_kept` is the number as the key store
# alone can read it, and none once nothing can go back any more.
sales = Table(
    "sales",
    metadata,
    Column("id", _id, primary_key=True),
    Column("terminal", String(64), nullable=False),
    Column("content", Text, nullable=False),
    Column("acquirer", _acquirer, nullable=False),
    Column("tid", String(8), nullable=False),
    Column("merchant_no", String(15), nullable=False),
    Column("stan", String(6), nullable=False),
    Column("batch", String(6), nullable=False),
    Column("card", String(19), nullable=False),
    Column("card_mark", String(64), nullable=False),
    Column("pan_kept", Text),
    Column("entry", String(3), nullable=False),
    Column("sequence", String(3), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("state", String(10), nullable=False),
    Column("made_at", _time, nullable=False),
    Column("due_at", _time, nullable=False),
    Column("answered_at", _time),
    Column("ended_at", _time),
    Column("code", String(2), nullable=False),
    Column("rrn", String(12), nullable=False),
    Column("auth_code", String(6), nullable=False),
    Column("reason", String(2), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", _time),
    Index("ix_sales_state", "state", "acquirer", "next_at"),
    Index("ix_sales_tid", "acquirer", "tid", "batch", "stan"),
)

# What a bank said late, unasked, or in contradiction to what is settled: masked, for those who reconcile.
bank_evidence = Table(
    "bank_evidence",
    metadata,
    Column("id", _serial, primary_key=True),
    Column("at", _time, nullable=False),
    Column("acquirer", _acquirer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("tid", String(8), nullable=False),
    Column("stan", String(6), nullable=False),
    Column("sale_id", _id),
    Column("message", Text, nullable=False),
    Index("ix_bank_evidence_sale_id", "sale_id"),
    sqlite_autoincrement=True,
)
