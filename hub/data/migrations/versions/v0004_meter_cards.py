"""Meter cards: the meters that take them, purchases, their writes, readings, and identity checks."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TIME = sa.DateTime(timezone=True)
ID = sa.String(32)
MARK = sa.String(64)
TABLES = (
    "identity_checks",
    "card_reads",
    "card_writes",
    "purchases",
    "cards",
    "card_meters",
)


def upgrade() -> None:
    _meters()
    _purchases()
    _writes()
    _checks()


def _meters() -> None:
    op.create_table(
        "card_meters",
        sa.Column("meter_no", sa.String(22), nullable=False),
        sa.Column("card_meter_no", sa.String(12), nullable=False),
        sa.Column("customer_no", sa.String(12), nullable=False),
        sa.Column("profile", sa.String(32), nullable=False),
        sa.Column("user_type", sa.Integer, nullable=False),
        sa.Column("purchase_count", sa.BigInteger, nullable=False),
        sa.Column("hoarding_limit_fen", sa.BigInteger, nullable=False),
        sa.Column("alarm1_fen", sa.BigInteger, nullable=False),
        sa.Column("alarm2_fen", sa.BigInteger, nullable=False),
        sa.Column("ct_ratio", sa.Integer, nullable=False),
        sa.Column("pt_ratio", sa.Integer, nullable=False),
        sa.Column("opened", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("meter_no", name="pk_card_meters"),
        sa.ForeignKeyConstraint(["meter_no"], ["meters.meter_no"], name="fk_card_meters_meter_no"),
        sa.UniqueConstraint("card_meter_no", name="uq_card_meters_card_meter_no"),
    )
    op.create_table(
        "cards",
        sa.Column("mark", MARK, nullable=False),
        sa.Column("meter_no", sa.String(22)),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("mark", name="pk_cards"),
    )
    op.create_index("ix_cards_meter_no", "cards", ["meter_no"])


def _purchases() -> None:
    op.create_table(
        "purchases",
        sa.Column("id", ID, nullable=False),
        sa.Column("meter_no", sa.String(22), nullable=False),
        sa.Column("account_no", sa.String(22), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("sold_count", sa.BigInteger),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("card_mark", MARK),
        sa.Column("reference", sa.String(64)),
        sa.Column("paid_at", TIME, nullable=False),
        sa.Column("transaction_id", SERIAL, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_purchases"),
        sa.ForeignKeyConstraint(["meter_no"], ["card_meters.meter_no"], name="fk_purchases_meter_no"),
    )
    op.create_index("ix_purchases_meter_no", "purchases", ["meter_no", "count"])
    op.create_index("uq_purchases_sold_count", "purchases", ["meter_no", "sold_count"], unique=True)


def _writes() -> None:
    op.create_table(
        "card_writes",
        sa.Column("id", ID, nullable=False),
        sa.Column("terminal", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("plan", sa.LargeBinary, nullable=False),
        sa.Column("purchase_id", ID, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("card_mark", MARK, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_card_writes"),
        sa.ForeignKeyConstraint(["purchase_id"], ["purchases.id"], name="fk_card_writes_purchase_id"),
    )
    op.create_index("uq_card_writes_purchase_id", "card_writes", ["purchase_id", "number"], unique=True)
    op.create_table(
        "card_reads",
        sa.Column("id", ID, nullable=False),
        sa.Column("terminal", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("reply", sa.LargeBinary, nullable=False),
        sa.Column("card_mark", MARK, nullable=False),
        sa.Column("profile", sa.String(32), nullable=False),
        sa.Column("reading", sa.Text, nullable=False),
        sa.Column("verdict", sa.String(12), nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("max_fen", sa.BigInteger, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_card_reads"),
    )
    op.create_index("ix_card_reads_card_mark", "card_reads", ["card_mark"])


def _checks() -> None:
    op.create_table(
        "identity_checks",
        sa.Column("id", ID, nullable=False),
        sa.Column("terminal", sa.String(64), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("reply", sa.LargeBinary, nullable=False),
        sa.Column("account_no", sa.String(22), nullable=False),
        sa.Column("matched", sa.Boolean, nullable=False),
        sa.Column("checked_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_identity_checks"),
    )
    op.create_index("ix_identity_checks_account_no", "identity_checks", ["account_no", "checked_at"])
    op.create_index("ix_identity_checks_terminal", "identity_checks", ["terminal", "checked_at"])


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
