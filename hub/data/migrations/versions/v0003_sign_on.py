"""Terminals that sign on, the working keys they are given, and customers' fields that stand encrypted."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    # What stands in `phone` is encrypted when a hub with its key store starts: a migration has no keys.
    for column in (
        sa.Column("phone_mark", sa.String(64)),
        sa.Column("identity", sa.Text),
        sa.Column("identity_mark", sa.String(64)),
    ):
        op.add_column("accounts", column)
    with op.batch_alter_table("terminals") as batch:
        batch.alter_column("key_file", existing_type=sa.Text, nullable=True)
    op.create_table(
        "working_keys",
        sa.Column("terminal", sa.String(64), nullable=False),
        sa.Column("key_no", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("sign_on_id", sa.String(32), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("check", sa.String(6), nullable=False),
        sa.Column("issued_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("reply", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("terminal", "key_no", name="pk_working_keys"),
        sa.UniqueConstraint("sign_on_id", name="uq_working_keys_sign_on_id"),
    )


def downgrade() -> None:
    op.drop_table("working_keys")
    # A terminal that signs on has no key file to go back to.
    op.execute("DELETE FROM terminals WHERE key_file IS NULL")
    with op.batch_alter_table("terminals") as batch:
        batch.alter_column("key_file", existing_type=sa.Text, nullable=False)
    with op.batch_alter_table("accounts") as batch:
        for name in ("phone_mark", "identity", "identity_mark"):
            batch.drop_column(name)
