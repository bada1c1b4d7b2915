"""Alembic's entry. The bot hands over a connection with a transaction open; the `alembic` command does not."""

from pathlib import Path
from typing import Literal

from alembic import context
from sqlalchemy import Connection, TypeDecorator, create_engine, make_url

from bot.storage.tables import metadata


def _plain_types(kind: str, item: object, _autogen: object) -> str | Literal[False]:
    """Old migrations must keep working when our own column types change, so they name only SQLAlchemy's."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{type(item.impl_instance).__name__}()"
    return False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
        render_item=_plain_types,
    )
    with context.begin_transaction():
        context.run_migrations()


def _run_on_authoring_database() -> None:
    url = make_url(context.config.get_main_option("sqlalchemy.url") or "sqlite://")
    if url.database:
        Path(url.database).parent.mkdir(exist_ok=True)
    with create_engine(url).begin() as connection:
        _run(connection)


given: Connection | None = context.config.attributes.get("connection")
if given is None:
    _run_on_authoring_database()
else:
    _run(given)
