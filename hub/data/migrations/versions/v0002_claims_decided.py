"""Reversals, references, decisions on claims, and where the journals of the terminals stand."""

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TIME = sa.DateTime(timezone=True)
ID = sa.String(32)


def upgrade() -> None:
    op.add_column("payments", sa.Column("reference", sa.String(64)))
    op.add_column("payments", sa.Column("reversal_id", ID))
    op.create_index("ix_payments_reference", "payments", ["reference"])
    _claims()
    op.create_table(
        "reversals",
        sa.Column("id", ID, nullable=False),
        sa.Column("terminal", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("payment_id", ID, nullable=False),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("transaction_id", SERIAL),
        sa.Column("reply", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reversals"),
    )
    _decisions()
    _terminals()


def _claims() -> None:
    for column in (
        sa.Column("reference", sa.String(64)),
        sa.Column("reason", sa.String(20)),
        sa.Column("account_no", sa.String(22)),
        sa.Column("received_at", TIME),
    ):
        op.add_column("claims", column)
    claims = sa.table(
        "claims",
        *(sa.column(name) for name in ("id", "content", "reference", "reason", "account_no")),
        sa.column("received_at", TIME),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(claims.c.id, claims.c.content)).all():
        order = json.loads(row.content)
        values = {name: order[name] for name in ("reference", "reason", "account_no")}
        values["received_at"] = datetime.fromisoformat(order["made_at"]).astimezone(UTC)
        connection.execute(sa.update(claims).where(claims.c.id == row.id).values(values))
    with op.batch_alter_table("claims") as batch:
        batch.alter_column("reference", existing_type=sa.String(64), nullable=False)
        batch.alter_column("reason", existing_type=sa.String(20), nullable=False)
        batch.alter_column("received_at", existing_type=TIME, nullable=False)
    op.create_index("ix_claims_reference", "claims", ["reference"])


def _decisions() -> None:
    op.create_table(
        "persons",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("added_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_persons"),
    )
    op.create_table(
        "proposals",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("claim_id", ID, nullable=False),
        sa.Column("target", sa.String(40), nullable=False),
        sa.Column("found_fen", sa.BigInteger, nullable=False),
        sa.Column("proposed_by", sa.String(64), nullable=False),
        sa.Column("proposed_at", TIME, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("decision", sa.String(8), nullable=False),
        sa.Column("decided_by", sa.String(64)),
        sa.Column("decided_at", TIME),
        sa.Column("decision_note", sa.Text),
        sa.Column("count_transaction_id", SERIAL),
        sa.Column("transaction_id", SERIAL),
        sa.PrimaryKeyConstraint("id", name="pk_proposals"),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name="fk_proposals_claim_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_proposals_claim_id", "proposals", ["claim_id"])


def _terminals() -> None:
    op.create_table(
        "heads",
        sa.Column("terminal", sa.String(64), nullable=False),
        sa.Column("journal_id", ID, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.Column("renewed", sa.Boolean, nullable=False),
        sa.Column("beat_at", TIME, nullable=False),
        sa.Column("open_items", sa.Text, nullable=False),
        sa.Column("backlog", sa.BigInteger, nullable=False),
        sa.Column("backlog_oldest_at", TIME),
        sa.Column("version", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("terminal", name="pk_heads"),
    )
    op.create_table(
        "alarms",
        sa.Column("terminal", sa.String(64), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("journal_id", ID, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.Column("times", sa.BigInteger, nullable=False),
        sa.Column("first_at", TIME, nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("terminal", "verdict", "journal_id", name="pk_alarms"),
    )
    op.create_table(
        "replacements",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("terminal", sa.String(64), nullable=False),
        sa.Column("journal_id", ID, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("replaced_by", sa.String(64), nullable=False),
        sa.Column("confirmed_by", sa.String(64), nullable=False),
        sa.Column("replaced_at", TIME, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_replacements"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    for table in ("replacements", "alarms", "heads", "proposals", "persons", "reversals"):
        op.drop_table(table)
    op.drop_index("ix_claims_reference", "claims")
    op.drop_index("ix_payments_reference", "payments")
    with op.batch_alter_table("claims") as batch:
        for name in ("reference", "reason", "account_no", "received_at"):
            batch.drop_column(name)
    with op.batch_alter_table("payments") as batch:
        for name in ("reference", "reversal_id"):
            batch.drop_column(name)
