"""What goes out over channels: written with the change, handed over later, and what became of it (CHANNEL-2)."""

import json
from collections.abc import Sequence
from datetime import datetime

from deskbell.domain.conversation import Dispatch
from deskbell.kit.postgres import Connection

# Once more: only what failed or whose fate is unknown; its parts are made anew.
_SAVE = """
WITH given AS (
    SELECT * FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::bigint[], $5::jsonb[], $6::boolean[])
        AS g(conversation_id, seq, channel, customer_id, content, again)
), gone AS (
    DELETE FROM dispatch_part p USING given g WHERE g.again AND p.conversation_id = g.conversation_id AND p.seq = g.seq
), again AS (
    UPDATE dispatch d SET state = 'waiting', due_at = $7, changed_at = $7, tries = 0, code = 0, error = ''
    FROM given g WHERE g.again AND d.conversation_id = g.conversation_id AND d.seq = g.seq
      AND d.state IN ('failed', 'unknown')
)
INSERT INTO dispatch (conversation_id, seq, channel, customer_id, content, created_at, changed_at, due_at)
SELECT conversation_id, seq, channel, customer_id, content, $7, $7, $7 FROM given WHERE NOT again
ON CONFLICT DO NOTHING"""


async def save(connection: Connection, dispatches: Sequence[Dispatch], now: datetime) -> None:
    """In the transaction that writes the entries themselves."""
    await connection.execute(
        _SAVE,
        [d.conversation_id for d in dispatches],
        [d.seq for d in dispatches],
        [d.channel for d in dispatches],
        [d.customer_id for d in dispatches],
        [None if d.content is None else json.dumps(d.content) for d in dispatches],
        [d.again for d in dispatches],
        now,
    )
