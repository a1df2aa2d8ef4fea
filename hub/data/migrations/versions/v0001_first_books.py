"""Accounts, bills, ledger, payments, claims, terminals."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _customers()
    _ledger()
    _orders()
    op.create_table(
        "terminals",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("key_file", sa.Text, nullable=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("added_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_terminals"),
    )
    if op.get_context().dialect.name == "postgresql":
        op.create_table(
            "seen_requests",
            sa.Column("terminal", sa.String(64), nullable=False),
            sa.Column("request_id", sa.String(32), nullable=False),
            sa.Column("seen_at", TIME, nullable=False),
            sa.PrimaryKeyConstraint("terminal", "request_id", name="pk_seen_requests"),
            prefixes=["UNLOGGED"],
        )
        op.create_index("ix_seen_requests_seen_at", "seen_requests", ["seen_at"])


def _customers() -> None:
    op.create_table(
        "accounts",
        sa.Column("account_no", sa.String(22), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("phone", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("supply_unit", sa.Text, nullable=False),
        sa.Column("usage_class", sa.Text, nullable=False),
        sa.Column("tariff_id", sa.Text, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("opened_on", sa.Date, nullable=False),
        sa.Column("closed_on", sa.Date),
        sa.Column("balance_fen", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account_no", name="pk_accounts"),
    )
    op.create_table(
        "meters",
        sa.Column("meter_no", sa.String(22), nullable=False),
        sa.Column("account_no", sa.String(22), nullable=False),
        sa.Column("metering_point", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("meter_no", name="pk_meters"),
        sa.ForeignKeyConstraint(["account_no"], ["accounts.account_no"], name="fk_meters_account_no"),
    )
    op.create_index("ix_meters_account_no", "meters", ["account_no"])
    op.create_table(
        "bills",
        sa.Column("bill_no", sa.String(32), nullable=False),
        sa.Column("account_no", sa.String(22), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("kwh", sa.Integer, nullable=False),
        sa.Column("charge_fen", sa.BigInteger, nullable=False),
        sa.Column("issued_on", sa.Date, nullable=False),
        sa.Column("due_date", sa.Date, nullable=False),
        sa.Column("paid_fen", sa.BigInteger, nullable=False),
        sa.Column("late_fee_accrued_fen", sa.BigInteger, nullable=False),
        sa.Column("late_fee_accrued_to", sa.Date),
        sa.Column("late_fee_paid_fen", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("bill_no", name="pk_bills"),
        sa.ForeignKeyConstraint(["account_no"], ["accounts.account_no"], name="fk_bills_account_no"),
    )
    op.create_index("ix_bills_account_no", "bills", ["account_no", "month"], unique=True)


def _ledger() -> None:
    op.create_table(
        "transactions",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("business_date", sa.Date, nullable=False),
        sa.Column("posted_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_transactions"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "legs",
        sa.Column("transaction_id", SERIAL, nullable=False),
        sa.Column("line", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("bill_no", sa.String(32)),
        sa.PrimaryKeyConstraint("transaction_id", "line", name="pk_legs"),
        sa.ForeignKeyConstraint(["transaction_id"], ["transactions.id"], name="fk_legs_transaction_id"),
    )


def _orders() -> None:
    op.create_table(
        "quotes",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("terminal", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("account_no", sa.String(22), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("reply", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quotes"),
    )
    op.create_table(
        "payments",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("terminal", sa.Text, nullable=False),
        sa.Column("content", sa.Text),
        sa.Column("account_no", sa.String(22)),
        sa.Column("amount_fen", sa.BigInteger),
        sa.Column("transaction_id", SERIAL),
        sa.Column("reply", sa.LargeBinary),
        sa.Column("claim_id", sa.String(32)),
        sa.PrimaryKeyConstraint("id", name="pk_payments"),
    )
    op.create_table(
        "claims",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("terminal", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("payment_id", sa.String(32)),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("memo_fen", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("resolution", sa.String(20), nullable=False),
        sa.Column("transaction_id", SERIAL),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("reply", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_claims"),
    )


def downgrade() -> None:
    for table in (
        "claims",
        "payments",
        "quotes",
        "legs",
        "transactions",
        "bills",
        "meters",
        "accounts",
        "terminals",
    ):
        op.drop_table(table)
    if op.get_context().dialect.name == "postgresql":
        op.drop_table("seen_requests")
