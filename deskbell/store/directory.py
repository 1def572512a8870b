"""Small tables of names, read whole."""

from deskbell.kit.postgres import Pool

LABELS_READ = 10_000


async def staff_names(pool: Pool) -> dict[int, str]:
    return {row[0]: row[1] for row in await pool.fetch("SELECT id, name FROM staff")}


async def department_names(pool: Pool) -> dict[int, str]:
    return {row[0]: row[1] for row in await pool.fetch("SELECT id, name FROM department")}


async def label_names(pool: Pool) -> dict[int, str]:
    rows = await pool.fetch("SELECT id, name FROM label ORDER BY id LIMIT $1", LABELS_READ)
    return {row[0]: row[1] for row in rows}
