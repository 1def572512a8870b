"""What a batch changes about customers: blocks, merges, an address that staff typed. Inside the batch's transaction."""

from collections.abc import Sequence
from datetime import datetime

from deskbell.domain.standing import Block, Lift, Merge, Standing
from deskbell.kit.postgres import Connection

from . import blocks, merging

# An address typed by staff where none was known (TICKET-8): unverified, and never over another.
_TYPED = "UPDATE customer SET email = $2, email_verified = false WHERE id = $1 AND email = ''"


async def save(connection: Connection, changed: Sequence[Standing], now: datetime) -> None:
    for one in changed:
        if isinstance(one, Block):
            await blocks.add(connection, one, now)
        elif isinstance(one, Lift):
            await blocks.lift(connection, one, now)
        elif isinstance(one, Merge):
            await merging.merge(connection, one)
        else:
            await connection.execute(_TYPED, one.customer_id, one.email)
