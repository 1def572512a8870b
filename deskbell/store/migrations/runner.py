"""Runs Alembic over asyncpg; imported only when there is a step to take."""

from pathlib import Path

from alembic import op
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool


async def upgrade(dsn: str, folder: Path) -> None:
    """Take every missing step, each in its own transaction."""
    url = make_url(dsn).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_upgrade, folder)
        await connection.commit()
    await engine.dispose()


def _upgrade(connection: Connection, folder: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    with EnvironmentContext(config, script, fn=lambda at, _: script._upgrade_revs("head", at)) as context:
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()


def run_sql(step: str) -> None:
    """Run the `.sql` beside the step's file (`run_sql(__file__)`), many statements at once."""
    connection = op.get_bind()
    # SQLAlchemy begins its transaction with the first statement; the raw connection below must be inside it.
    connection.execute(text("SELECT 1"))
    sql = Path(step).with_suffix(".sql").read_text()
    adapted = connection.connection.dbapi_connection
    adapted.run_async(lambda raw: raw.execute(sql))  # type: ignore[union-attr]
