"""Sales by bank card, the routes they came by, and what banks said besides."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TIME = sa.DateTime(timezone=True)
ID = sa.String(32)


def upgrade() -> None:
    op.create_table(
        "bank_routes",
        sa.Column("id", ID, nullable=False),
        sa.Column("terminal", sa.String(64), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("reply", sa.LargeBinary, nullable=False),
        sa.Column("acquirer", sa.String(16), nullable=False),
        sa.Column("pik_check", sa.String(8)),
        sa.Column("made_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bank_routes"),
    )
    _sales()
    op.create_table(
        "bank_evidence",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("acquirer", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("tid", sa.String(8), nullable=False),
        sa.Column("stan", sa.String(6), nullable=False),
        sa.Column("sale_id", ID),
        sa.Column("message", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bank_evidence"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_bank_evidence_sale_id", "bank_evidence", ["sale_id"])


def _sales() -> None:
    op.create_table(
        "sales",
        sa.Column("id", ID, nullable=False),
        sa.Column("terminal", sa.String(64), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("acquirer", sa.String(16), nullable=False),
        sa.Column("tid", sa.String(8), nullable=False),
        sa.Column("merchant_no", sa.String(15), nullable=False),
        sa.Column("stan", sa.String(6), nullable=False),
        sa.Column("batch", sa.String(6), nullable=False),
        sa.Column("card", sa.String(19), nullable=False),
        sa.Column("card_mark", sa.String(64), nullable=False),
        sa.Column("pan_kept", sa.Text),
        sa.Column("entry", sa.String(3), nullable=False),
        sa.Column("sequence", sa.String(3), nullable=False),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("answered_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("code", sa.String(2), nullable=False),
        sa.Column("rrn", sa.String(12), nullable=False),
        sa.Column("auth_code", sa.String(6), nullable=False),
        sa.Column("reason", sa.String(2), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_sales"),
    )
    op.create_index("ix_sales_state", "sales", ["state", "acquirer", "next_at"])
    op.create_index("ix_sales_tid", "sales", ["acquirer", "tid", "batch", "stan"])


def downgrade() -> None:
    for table in ("bank_evidence", "sales", "bank_routes"):
        op.drop_table(table)
