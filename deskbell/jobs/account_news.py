"""What a service says of our accounts there: templates, quality, bans."""

import structlog

from deskbell.channels.base import AccountNews

log = structlog.get_logger()


async def hear(account_id: int, news: AccountNews) -> None:
    log.info("account_news", account=account_id, what=news.what)
