"""Small tables of names, read whole."""

from typing import Any, NamedTuple

from deskbell.kit.postgres import Pool
from deskbell.store import sites
from deskbell.store.sites import Site
from deskbell.store.types import from_json

LABELS_READ = 10_000


class Member(NamedTuple):
    id: int
    name: str
    active: bool
    supervises: bool


async def team(pool: Pool) -> list[Member]:
    """Everybody who is or ever was on the staff."""
    rows = await pool.fetch("SELECT id, name, active, role IN ('supervisor', 'admin') FROM staff ORDER BY id")
    return [Member(*row) for row in rows]


async def closing_tag_names(pool: Pool) -> dict[int, str]:
    return {row[0]: row[1] for row in await pool.fetch("SELECT id, name FROM closing_tag")}


async def department_names(pool: Pool) -> dict[int, str]:
    return {row[0]: row[1] for row in await pool.fetch("SELECT id, name FROM department")}


async def label_names(pool: Pool) -> dict[int, str]:
    rows = await pool.fetch("SELECT id, name FROM label ORDER BY id LIMIT $1", LABELS_READ)
    return {row[0]: row[1] for row in rows}


async def offered_departments(pool: Pool) -> frozenset[int]:
    """Those that a customer may pick, whatever the site."""
    return frozenset(row[0] for row in await pool.fetch("SELECT id FROM department WHERE offered"))


async def department_hours(pool: Pool) -> dict[int, Any]:
    """The own business hours of those departments that have some, as stored (see domain/hours.py)."""
    rows = await pool.fetch("SELECT id, hours::text FROM department WHERE hours IS NOT NULL")
    return {row[0]: from_json(row[1]) for row in rows}


async def all_sites(pool: Pool) -> dict[int, Site]:
    return {site.id: site for site in await sites.everyone(pool)}
