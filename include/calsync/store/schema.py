"""Brings a database to the schema of this version, with Alembic, however many processes ask for it at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError, SQLAlchemyError

from include.calsync.errors import CalsyncError, SettingsError
from include.calsync.store.transaction import reading

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0001"
"""The newest revision; a test holds it to the files in `migrations/versions`."""

# Not Alembic's default name: the store may share a database with Airflow, which uses that one.
VERSION_TABLE = "calsync_schema_version"

_ADVISORY_LOCK = 0x63616C73796E63  # "calsync"

# Alembic keeps its context in module globals.
_ONE_THREAD = threading.Lock()


def migrate(engine: Engine) -> None:
    """Upgrade to the newest revision in one transaction, under a lock; one small query if it is there already.

    Raises SettingsError if a newer version of calsync made the database.
    """
    if _revision(engine) != HEAD:
        with _ONE_THREAD, _exclusive(engine) as connection:
            _upgrade(connection)


def is_current(engine: Engine) -> bool:
    """Whether the database has this version's schema."""
    return _revision(engine) == HEAD


def schema_state(engine: Engine) -> tuple[bool, str]:
    """Whether the database can be used, and its schema in words; nothing is changed. The words hold no secret."""
    from alembic.runtime.migration import MigrationContext

    try:
        with reading(engine) as connection:
            context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
            found = context.get_current_heads()
    except SQLAlchemyError as error:
        kind = type(getattr(error, "orig", None) or error).__name__
        return False, f"Check address, login and network of connection calsync_db: it can't be read ({kind})."
    if not found:
        return True, "reachable, empty: the first run creates the tables"
    if found == (HEAD,):
        return True, f"reachable, schema {HEAD}"
    known = {f"{number:04}" for number in range(1, int(HEAD))}
    if set(found) <= known:
        return True, f"reachable, schema {found[0]}: the next run upgrades it to {HEAD}"
    return False, f"{_newer(sorted(found))}."


def downgrade(engine: Engine, revision: str) -> None:
    """Go back to an older `revision` ("base": drop everything), in one transaction, under the same lock."""
    from alembic import command

    with _ONE_THREAD, _exclusive(engine) as connection:
        command.downgrade(alembic_config(connection), revision)


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration for `connection`: nothing is read from a file, and logging is left alone."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["version_table"] = VERSION_TABLE
    return config


def _revision(engine: Engine) -> str | None:
    try:
        with reading(engine) as connection:
            return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
    except (OperationalError, ProgrammingError):
        # No such table yet, or trouble that the way under the lock will meet again.
        return None


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = alembic_config(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    if unknown := set(context.get_current_heads()) - known:
        raise SettingsError([_newer(sorted(unknown))])
    command.upgrade(config, "head")


def _newer(revisions: list[str]) -> str:
    found = f"connection calsync_db: the database has schema revision {', '.join(revisions)}, made by a newer calsync"
    return (
        f"{found}, or by one before 0.1.0; this one knows up to {HEAD}. Update calsync, or restore the backup made "
        "before the update; one made before 0.1.0 can't be kept: let the first run fill an empty database"
    )


@contextmanager
def _exclusive(engine: Engine) -> Iterator[Connection]:
    """One transaction that no other process migrates in; it waits for its turn."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            with _sqlite_rebuild(connection):
                yield connection
        else:
            with connection.begin():
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
                yield connection


@contextmanager
def _sqlite_rebuild(connection: Connection) -> Iterator[None]:
    # SQLite changes a table by copying it, and dropping the old copy would take its children along; so foreign keys
    # are off until the end, as https://www.sqlite.org/lang_altertable.html#otheralter says. This can only be set
    # outside a transaction, on a connection that does not go back to the pool.
    driver = connection.connection.dbapi_connection
    assert driver is not None
    connection.detach()
    driver.cursor().execute("PRAGMA foreign_keys=OFF")
    with connection.begin():
        yield
        if orphans := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
            tables = ", ".join(sorted({row[0] for row in orphans}))
            raise CalsyncError(f"the migration would leave rows without parents in: {tables}; nothing was changed")
