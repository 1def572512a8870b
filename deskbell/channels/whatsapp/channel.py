"""WhatsApp as the desk knows it: the one class behind the interface of `channels/base.py`."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from deskbell.channels.base import Account, Arrived, Notified
from deskbell.domain.channels import ChannelRules

from . import inbound, webhook

RULES = ChannelRules(
    "WhatsApp",
    outbox=True,
    window=timedelta(hours=24),
    templates=True,
    keywords=("whatsapp_end", "whatsapp_stop"),
)


class WhatsApp:
    name = "whatsapp"
    rules = RULES

    def challenge(self, query: Mapping[str, str], accounts: Sequence[Account]) -> str | None:
        return webhook.challenge(query, accounts)

    def authentic(self, body: bytes, headers: Mapping[str, str], account: Account) -> bool:
        return webhook.authentic(body, headers, account)

    def names(self, account: Account) -> Sequence[str]:
        """News of a business goes to each of its numbers."""
        business = account.settings.get("waba_id")
        return (
            (account.external_id, business)
            if isinstance(business, str) and business
            else (account.external_id,)
        )

    def notified(self, body: bytes) -> Sequence[Notified]:
        return webhook.notified(body)

    def arrived(self, payload: Mapping[str, Any]) -> Sequence[Arrived]:
        return inbound.arrived(payload)
