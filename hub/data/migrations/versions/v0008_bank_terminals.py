"""The hub's terminals at banks: numbers, counters and keys, and the settlements of their batches."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
ACQUIRER = sa.String(16)


def upgrade() -> None:
    op.create_table(
        "bank_terminals",
        sa.Column("acquirer", ACQUIRER, nullable=False),
        sa.Column("terminal", sa.String(64), nullable=False),
        sa.Column("tid", sa.String(8), nullable=False),
        sa.Column("merchant_no", sa.String(15), nullable=False),
        sa.Column("batch", sa.String(6), nullable=False),
        sa.Column("stan", sa.Integer, nullable=False),
        sa.Column("pik", sa.LargeBinary),
        sa.Column("pik_check", sa.LargeBinary),
        sa.Column("mak", sa.LargeBinary),
        sa.Column("mak_check", sa.LargeBinary),
        sa.Column("signed_on_at", TIME),
        sa.Column("sign_on_needed", sa.Boolean, nullable=False),
        sa.Column("signing_on_until", TIME),
        sa.Column("settling", sa.Boolean, nullable=False),
        sa.Column("added_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("acquirer", "terminal", name="pk_bank_terminals"),
    )
    op.create_index("uq_bank_terminals_tid", "bank_terminals", ["acquirer", "tid"], unique=True)
    op.create_table(
        "settlements",
        sa.Column("acquirer", ACQUIRER, nullable=False),
        sa.Column("tid", sa.String(8), nullable=False),
        sa.Column("batch", sa.String(6), nullable=False),
        sa.Column("terminal", sa.String(64), nullable=False),
        sa.Column("business_date", sa.Date, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("debit_count", sa.Integer, nullable=False),
        sa.Column("debit_fen", sa.BigInteger, nullable=False),
        sa.Column("credit_count", sa.Integer, nullable=False),
        sa.Column("credit_fen", sa.BigInteger, nullable=False),
        sa.Column("bank_debit_count", sa.Integer),
        sa.Column("bank_debit_fen", sa.BigInteger),
        sa.Column("bank_credit_count", sa.Integer),
        sa.Column("bank_credit_fen", sa.BigInteger),
        sa.Column("bank_code", sa.Integer),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("uploaded", sa.Integer, nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("worked_until", TIME),
        sa.PrimaryKeyConstraint("acquirer", "tid", "batch", name="pk_settlements"),
    )
    op.create_index("ix_settlements_state", "settlements", ["state"])


def downgrade() -> None:
    for table in ("settlements", "bank_terminals"):
        op.drop_table(table)
