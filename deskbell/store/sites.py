"""Sites: a key, who may embed the widget, and how it looks and asks there (VISITOR-1, VISITOR-4)."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import asyncpg

from deskbell.store.types import Database, from_json, to_json


class Site(NamedTuple):
    """`departments` is empty for every offered one; look, texts, form and triggers are as in docs/protocol.md.

    `identity_version` counts the secrets made for signing this site's people; 0: none.
    """

    id: int
    key: str
    name: str
    active: bool
    allowed_origins: tuple[str, ...]
    departments: tuple[int, ...]
    look: dict[str, Any]
    texts: dict[str, Any]
    form: dict[str, Any]
    tracking: str = "on"
    triggers: Sequence[dict[str, Any]] = ()
    identity_version: int = 0


JSON = ("look", "texts", "form", "triggers")

_COLUMNS = """
    id, key, name, active, allowed_origins, departments,
    look::text AS look, texts::text AS texts, form::text AS form,
    tracking, triggers::text AS triggers, identity_version
"""

# All sites, in the order they were made.
_ALL = f"SELECT {_COLUMNS} FROM site ORDER BY id"

# One by id, or by the key that stands in its script tag.
_ONE = f"SELECT {_COLUMNS} FROM site WHERE id = $1"
_BY_KEY = f"SELECT {_COLUMNS} FROM site WHERE key = $1"

# A new site.
_ADD = f"""
    INSERT INTO site (key, name, active, allowed_origins, departments, look, texts, form, triggers, tracking)
    VALUES ($1, $2, $3, $4, $5, $6::text::jsonb, $7::text::jsonb, $8::text::jsonb, $9::text::jsonb, $10)
    RETURNING {_COLUMNS}
"""

# Everything but the key, which stands in other people's pages.
_CHANGE = f"""
    UPDATE site SET name = $2, active = $3, allowed_origins = $4, departments = $5,
        look = $6::text::jsonb, texts = $7::text::jsonb, form = $8::text::jsonb,
        triggers = $9::text::jsonb, tracking = $10
    WHERE id = $1 RETURNING {_COLUMNS}
"""


# A new secret for what a site signs; the one before counts no more.
_RENEW_IDENTITY = (
    "UPDATE site SET identity_version = identity_version + 1 WHERE id = $1 RETURNING identity_version"
)


def _site(record: asyncpg.Record | None) -> Site:
    assert record is not None  # the statement always gives a row, or the caller has looked
    values: dict[str, Any] = dict(record)
    for name in JSON:
        values[name] = from_json(values[name])
    for name in ("allowed_origins", "departments"):
        values[name] = tuple(values[name])
    return Site(**values)


async def everyone(db: Database) -> list[Site]:
    return [_site(record) for record in await db.fetch(_ALL)]


async def get(db: Database, site_id: int) -> Site | None:
    record = await db.fetchrow(_ONE, site_id)
    return _site(record) if record else None


async def by_key(db: Database, key: str) -> Site | None:
    """Also one that is not active: whoever asks decides what that means."""
    record = await db.fetchrow(_BY_KEY, key)
    return _site(record) if record else None


async def add(db: Database, site: Mapping[str, Any]) -> Site:
    """`site` holds every field of Site but `id`."""
    return _site(await db.fetchrow(_ADD, site["key"], *_values(site)))


async def change(db: Database, site_id: int, site: Mapping[str, Any]) -> Site:
    """Replace all fields of Site but `id` and `key`. The site exists."""
    return _site(await db.fetchrow(_CHANGE, site_id, *_values(site)))


def _values(site: Mapping[str, Any]) -> tuple[Any, ...]:
    plain = ("name", "active", "allowed_origins", "departments")
    return (
        *(site[name] for name in plain),
        *(to_json(site.get(name, [])) for name in JSON),
        site.get("tracking", "on"),
    )


async def renew_identity(db: Database, site_id: int) -> int | None:
    """Count one secret more; its number, or None for a site that does not exist."""
    version: int | None = await db.fetchval(_RENEW_IDENTITY, site_id)
    return version
