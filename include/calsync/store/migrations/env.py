"""Run by Alembic for every command: hands it the connection that `store/schema.py` opened."""

from __future__ import annotations

from alembic import context

from include.calsync.store.tables import metadata

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"], target_metadata=metadata, version_table=attributes["version_table"]
)
# The caller's transaction is the one that counts: no other is begun or committed here.
context.run_migrations()
