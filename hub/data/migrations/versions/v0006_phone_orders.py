"""Orders that phones pay, and what is given back of them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "phone_orders",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("terminal", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("scanned", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("given_up", sa.Boolean, nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("next_at", TIME),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("expires_at", TIME),
        sa.Column("wallet_no", sa.String(64), nullable=False),
        sa.Column("refusal", sa.String(16), nullable=False),
        sa.Column("refund_no", sa.String(40), nullable=False),
        sa.Column("kept_back", SERIAL),
        sa.Column("gave_back", SERIAL),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("trouble", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_phone_orders"),
    )
    op.create_index("ix_phone_orders_state", "phone_orders", ["state"])
    op.create_index("ix_phone_orders_next_at", "phone_orders", ["next_at"])


def downgrade() -> None:
    op.drop_table("phone_orders")
