"""The one-time token that opens the first-run page (PEOPLE-2)."""

from datetime import timedelta

from deskbell.kit import ids
from deskbell.kit.clock import Clock
from deskbell.store import installation, staff
from deskbell.store.types import Pool

TOKEN_LIVES = timedelta(minutes=30)


async def setup_token(pool: Pool, clock: Clock) -> str | None:
    """A new token to print at start, or None once the desk has anybody. It is kept as a hash only."""
    if await staff.anybody(pool):
        return None
    token = ids.token()
    await installation.set_setup_token(pool, ids.digest(token), clock.now() + TOKEN_LIVES)
    return token
