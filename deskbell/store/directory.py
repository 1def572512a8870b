"""Small tables of names, read whole."""

from deskbell.kit.postgres import Pool
from deskbell.store import sites
from deskbell.store.sites import Site

LABELS_READ = 10_000


async def staff_names(pool: Pool) -> dict[int, str]:
    return {row[0]: row[1] for row in await pool.fetch("SELECT id, name FROM staff")}


async def department_names(pool: Pool) -> dict[int, str]:
    return {row[0]: row[1] for row in await pool.fetch("SELECT id, name FROM department")}


async def label_names(pool: Pool) -> dict[int, str]:
    rows = await pool.fetch("SELECT id, name FROM label ORDER BY id LIMIT $1", LABELS_READ)
    return {row[0]: row[1] for row in rows}


async def offered_departments(pool: Pool) -> frozenset[int]:
    """Those that a customer may pick, whatever the site."""
    return frozenset(row[0] for row in await pool.fetch("SELECT id FROM department WHERE offered"))


async def all_sites(pool: Pool) -> dict[int, Site]:
    return {site.id: site for site in await sites.everyone(pool)}
