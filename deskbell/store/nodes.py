"""Which nodes are alive: a lease each."""

from deskbell.kit.postgres import Pool

# By the database's clock: nodes may differ in theirs.
_RENEW = """
INSERT INTO node (id, seen_at) VALUES ($1, now()) ON CONFLICT (id) DO UPDATE SET seen_at = now()"""
_PEERS = "SELECT count(*) FROM node WHERE id <> $1 AND seen_at > now() - interval '15 seconds'"
_FORGET = "DELETE FROM node WHERE seen_at < now() - interval '1 hour'"


async def renew(pool: Pool, node: str) -> int:
    """Keep this node's lease; how many others are alive."""
    async with pool.acquire() as connection:
        await connection.execute(_RENEW, node)
        return int(await connection.fetchval(_PEERS, node))


async def leave(pool: Pool, node: str) -> None:
    await pool.execute("DELETE FROM node WHERE id = $1", node)


async def forget_old(pool: Pool) -> None:
    await pool.execute(_FORGET)
