"""Alembic's entry: runs in the connection, and the transaction, that `hub.data.migrate` hands in."""

from alembic import context

from hub.data.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
