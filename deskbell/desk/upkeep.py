"""What is asked of a service about our accounts there: whether they work, and their templates. Written down as it comes."""

from deskbell.channels.base import Account, Channel, SendError, Templated
from deskbell.kit.clock import Clock
from deskbell.kit.postgres import Pool
from deskbell.store import channel_accounts, dispatches, templates


async def check(pool: Pool, clock: Clock, channel: Channel, account: Account) -> None:
    """Its facts; when it works, what waited for that goes on. Raises SendError, which is written down as trouble."""
    try:
        facts = await channel.check(account)
    except SendError as error:
        if error.account:
            await channel_accounts.in_trouble(pool, account.id, str(error), error.code, clock.now())
        raise
    await channel_accounts.checked(pool, account.id, facts, clock.now())
    if await channel_accounts.mended(pool, account.id):
        await dispatches.release(pool, channel.name, clock.now())


async def fetch_templates(pool: Pool, clock: Clock, channel: Channel, account: Account) -> None:
    """Raises SendError."""
    if isinstance(channel, Templated):
        found = await channel.templates(account)
        now = clock.now()
        await templates.replace(pool, account.id, found, now)
