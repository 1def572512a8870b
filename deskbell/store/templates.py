"""Templates as a service has them for an account, copied here (CHANNEL-2)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg

from deskbell.domain.channels import Template
from deskbell.store.types import Database, Pool, from_json, to_json

MOST = 6_000


class TemplateRow(NamedTuple):
    id: int
    account_id: int
    template: Template


_COLUMNS = """id, account_id, external_id, name, language, category, status, quality, parameter_format,
    components::text AS components, reason"""

_OF = f"SELECT {_COLUMNS} FROM message_template WHERE account_id = $1 ORDER BY name, language LIMIT {MOST}"
_SENDABLE = f"""
SELECT {_COLUMNS} FROM message_template WHERE account_id = $1 AND status = 'APPROVED' ORDER BY name, language
LIMIT {MOST}"""
_ONE = f"SELECT {_COLUMNS} FROM message_template WHERE account_id = $1 AND id = $2"

_KEEP = """
INSERT INTO message_template (account_id, external_id, name, language, category, status, quality, parameter_format,
                              components, reason, changed_at)
SELECT $1, t.external_id, t.name, t.language, t.category, t.status, t.quality, t.parameter_format, t.components,
       t.reason, $3
FROM jsonb_to_recordset($2::text::jsonb) AS t(external_id text, name text, language text, category text, status text,
     quality text, parameter_format text, components jsonb, reason text)
ON CONFLICT (account_id, name, language) DO UPDATE SET external_id = excluded.external_id,
    category = excluded.category, status = excluded.status, quality = excluded.quality,
    parameter_format = excluded.parameter_format, components = excluded.components, reason = excluded.reason,
    changed_at = excluded.changed_at"""

# Those that are not among what was just kept are gone at the service.
_FORGET = "DELETE FROM message_template WHERE account_id = $1 AND changed_at < $2"
_FETCHED = "UPDATE channel_account SET templates_at = $2 WHERE id = $1"

# Whose copy is old; one node at a time fetches it.
_STALE = """
SELECT id FROM channel_account WHERE channel = $1 AND enabled AND (templates_at IS NULL OR templates_at < $2)"""


# To be fetched again soon, whoever of the nodes comes first.
_OUTDATED = "UPDATE channel_account SET templates_at = NULL WHERE id = $1"


def _row(record: asyncpg.Record) -> TemplateRow:
    values: dict[str, Any] = dict(record)
    values["components"] = from_json(values["components"])
    return TemplateRow(values.pop("id"), values.pop("account_id"), Template(**values))


async def of(db: Database, account_id: int, *, sendable: bool = False) -> list[TemplateRow]:
    """All of an account; `sendable`: only those that are approved."""
    return [_row(record) for record in await db.fetch(_SENDABLE if sendable else _OF, account_id)]


async def get(db: Database, account_id: int, template_id: int) -> TemplateRow | None:
    record = await db.fetchrow(_ONE, account_id, template_id)
    return _row(record) if record else None


async def replace(pool: Pool, account_id: int, templates: Sequence[Template], now: datetime) -> None:
    """What the service has now, each name and language once; the ids of those that stay are kept."""
    once = {(one.name, one.language): one._asdict() for one in templates[:MOST]}
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_KEEP, account_id, to_json(list(once.values())), now)
        await connection.execute(_FORGET, account_id, now)
        await connection.execute(_FETCHED, account_id, now)


async def stale(db: Database, channel: str, before: datetime) -> list[int]:
    """Accounts whose templates were fetched before then, or never."""
    return [row[0] for row in await db.fetch(_STALE, channel, before)]


async def outdated(db: Database, account_id: int) -> None:
    """The service says that something about the account has changed."""
    await db.execute(_OUTDATED, account_id)
