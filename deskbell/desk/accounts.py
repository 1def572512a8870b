"""Our addresses at messaging services as this node knows them, unsealed, so that no webhook asks the database."""

from deskbell.channels.base import Account
from deskbell.kit.logs import Log
from deskbell.kit.postgres import Pool
from deskbell.kit.seal import Seal, SealError
from deskbell.store import channel_accounts
from deskbell.store.channel_accounts import AccountRow

log = Log()


class Accounts:
    """Read at start and again with every `changed` news; what was added a moment ago elsewhere may be missing."""

    def __init__(self, pool: Pool, seal: Seal | None) -> None:
        """Without a seal nothing is opened: accounts have no secrets then."""
        self._pool = pool
        self._seal = seal
        self._rows: dict[int, AccountRow] = {}
        self._accounts: dict[int, Account] = {}

    async def refresh(self) -> None:
        rows = {row.id: row for row in await channel_accounts.everyone(self._pool)}
        self._accounts = {row.id: self._account(row) for row in rows.values()}
        self._rows = rows

    def get(self, account_id: int) -> Account | None:
        return self._accounts.get(account_id)

    def row(self, account_id: int) -> AccountRow | None:
        """What is stored of it; trouble and facts may have changed meanwhile."""
        return self._rows.get(account_id)

    def of(self, channel: str, *, enabled: bool = False) -> list[Account]:
        """Those of a channel; `enabled`: only those that are switched on."""
        rows = (row for row in self._rows.values() if row.channel == channel)
        return [self._accounts[row.id] for row in rows if row.enabled or not enabled]

    def find(self, channel: str, external_id: str) -> Account | None:
        """By the service's own id of it."""
        for row in self._rows.values():
            if (row.channel, row.external_id) == (channel, external_id):
                return self._accounts[row.id]
        return None

    def _account(self, row: AccountRow) -> Account:
        secrets: dict[str, str] = {}
        try:
            secrets = {} if self._seal is None else channel_accounts.opened(self._seal, row)
        except SealError as error:
            log.warning("account_secrets_lost", account=row.id, error=str(error))
        return Account(row.id, row.external_id, row.name, row.settings, secrets)
