"""The hub's terminals at banks: numbers, counters and keys, and the settlements of their batches."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
)

from hub.data.schema import metadata

_fen = BigInteger
_time = DateTime(timezone=True)
_acquirer = String(16)

# Each kiosk is one terminal at each bank. `stan` was given last. Both keys are as the bank gave them, wrapped under the
# terminal's master key there. `signing_on_until`: until then the sign-on is one hub process's. `settling`: the totals
# of a batch are fixed, so nothing new may come into it.
bank_terminals = Table(
    "bank_terminals",
    metadata,
    Column("acquirer", _acquirer, primary_key=True),
    Column("terminal", String(64), primary_key=True),
    Column("tid", String(8), nullable=False),
    Column("merchant_no", String(15), nullable=False),
    Column("batch", String(6), nullable=False),
    Column("stan", Integer, nullable=False),
    Column("pik", LargeBinary),
    Column("pik_check", LargeBinary),
    Column("mak", LargeBinary),
    Column("mak_check", LargeBinary),
    Column("signed_on_at", _time),
    Column("sign_on_needed", Boolean, nullable=False),
    Column("signing_on_until", _time),
    Column("settling", Boolean, nullable=False),
    Column("added_at", _time, nullable=False),
    Index("uq_bank_terminals_tid", "acquirer", "tid", unique=True),
)

# One row a batch, written with our totals before the bank is told of them; theirs stand beside once it answered. Only
# one that is `due` (the bank ended the batch before we did) has no totals yet. `uploaded`: so many of its sales were
# told one by one. `worked_until`: until then one hub process is at it.
settlements = Table(
    "settlements",
    metadata,
    Column("acquirer", _acquirer, primary_key=True),
    Column("tid", String(8), primary_key=True),
    Column("batch", String(6), primary_key=True),
    Column("terminal", String(64), nullable=False),
    Column("business_date", Date, nullable=False),
    Column("state", String(10), nullable=False),
    Column("debit_count", Integer, nullable=False),
    Column("debit_fen", _fen, nullable=False),
    Column("credit_count", Integer, nullable=False),
    Column("credit_fen", _fen, nullable=False),
    Column("bank_debit_count", Integer),
    Column("bank_debit_fen", _fen),
    Column("bank_credit_count", Integer),
    Column("bank_credit_fen", _fen),
    Column("bank_code", Integer),
    Column("attempts", Integer, nullable=False),
    Column("uploaded", Integer, nullable=False),
    Column("opened_at", _time, nullable=False),
    Column("ended_at", _time),
    Column("worked_until", _time),
    Index("ix_settlements_state", "state"),
)
