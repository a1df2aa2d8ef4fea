"""Recharge cards and what was spent of them; the sales of terminal boxes, each once."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
ID = sa.String(32)
MARK = sa.String(64)
TABLES = ("box_sales", "redemption_tries", "redemptions", "recharge_cards")


def upgrade() -> None:
    op.create_table(
        "recharge_cards",
        sa.Column("serial", sa.String(12), nullable=False),
        sa.Column("mark", MARK, nullable=False),
        sa.Column("value_fen", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("expires_on", sa.Date, nullable=False),
        sa.Column("spent_by", ID),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("activated_by", sa.String(64)),
        sa.Column("blocked_at", TIME),
        sa.PrimaryKeyConstraint("serial", name="pk_recharge_cards"),
        sa.UniqueConstraint("mark", name="uq_recharge_cards_mark"),
        sa.UniqueConstraint("spent_by", name="uq_recharge_cards_spent_by"),
    )
    op.create_table(
        "redemptions",
        sa.Column("id", ID, nullable=False),
        sa.Column("terminal", sa.String(64), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("mark", MARK, nullable=False),
        sa.Column("outcome", sa.String(12), nullable=False),
        sa.Column("serial", sa.String(12)),
        sa.Column("reply", sa.LargeBinary, nullable=False),
        sa.Column("decided_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_redemptions"),
    )
    op.create_index("ix_redemptions_serial", "redemptions", ["serial"])
    op.create_table(
        "redemption_tries",
        sa.Column("terminal", sa.String(64), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("terminal", name="pk_redemption_tries"),
    )
    _box_sales()


def _box_sales() -> None:
    op.create_table(
        "box_sales",
        sa.Column("merchant_no", sa.String(16), nullable=False),
        sa.Column("terminal_no", sa.String(16), nullable=False),
        sa.Column("batch", sa.String(6), nullable=False),
        sa.Column("trace", sa.String(12), nullable=False),
        sa.Column("sold_on", sa.Date, nullable=False),
        sa.Column("payment_id", ID, nullable=False),
        sa.PrimaryKeyConstraint(
            "merchant_no", "terminal_no", "batch", "trace", "sold_on", name="pk_box_sales"
        ),
    )
    op.create_index("uq_box_sales_payment_id", "box_sales", ["payment_id"], unique=True)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
