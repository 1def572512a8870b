"""How a customer is reached over a channel: where they wrote last, and how it stands with our account there."""

from datetime import datetime
from typing import NamedTuple

from deskbell.store.types import Database

_REACH = """
SELECT cu.opted_out, co.account_id, co.user_id, co.last_in_at, a.name, a.trouble, a.enabled
FROM customer cu LEFT JOIN LATERAL (
    SELECT c.account_id, c.user_id, c.last_in_at FROM contact c JOIN channel_account ca ON ca.id = c.account_id
    WHERE c.customer_id = cu.id AND ca.channel = $2 ORDER BY c.last_in_at DESC NULLS LAST, c.id DESC LIMIT 1
) co ON true LEFT JOIN channel_account a ON a.id = co.account_id
WHERE cu.id = $1"""

# The newest message of the customer there.
_NEWEST = """
SELECT m.account_id, m.external_id FROM channel_message m
WHERE m.conversation_id = $1 AND m.direction = 'in' AND m.seq <= $2
ORDER BY m.seq DESC LIMIT 1"""


class Reach(NamedTuple):
    """`account_id` None: they have never written on this channel."""

    opted_out: bool
    account_id: int | None
    user_id: str | None
    last_in_at: datetime | None
    account: str | None
    trouble: str | None
    enabled: bool | None


class Newest(NamedTuple):
    """A message as the service names it."""

    account_id: int
    external_id: str


async def of(db: Database, customer_id: int, channel: str) -> Reach:
    row = await db.fetchrow(_REACH, customer_id, channel)
    return Reach(*row) if row else Reach(False, None, None, None, None, None, None)


async def newest_message(db: Database, conversation_id: int, up_to: int) -> Newest | None:
    """The customer's last one up to that number."""
    row = await db.fetchrow(_NEWEST, conversation_id, up_to)
    return Newest(*row) if row else None
