"""Alembic's environment and the revisions, oldest first.

A new revision: change `store/tables.py`, add `versions/<number>_<what>.py` with `upgrade` and `downgrade` that work on
both databases (`op.batch_alter_table` for SQLite), set `HEAD` in `store/schema.py`. The tests compare the migrated
schema with the tables, constraint by constraint. SQLite drops a rebuilt table's triggers: create them again.
A revision that was released is never edited.
"""
