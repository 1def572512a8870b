"""What Meta says of one of our numbers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from deskbell.channels.base import Account

if TYPE_CHECKING:
    from .graph import Graph


async def of(graph: "Graph", account: Account) -> dict[str, Any]:
    """Asked of the number, and our app is told to get the webhooks of its business. Raises SendError."""
    said = await graph.number(account)
    if account.settings.get("waba_id"):
        await graph.subscribe(account)
    throughput = said.get("throughput")
    return {
        "display_phone": _word(said.get("display_phone_number")),
        "verified_name": _word(said.get("verified_name")),
        "quality": _word(said.get("quality_rating")),
        "throughput": _word(throughput.get("level")) if isinstance(throughput, Mapping) else "",
        "limit": _word(said.get("whatsapp_business_manager_messaging_limit")),
    }


def _word(value: object) -> str:
    return str(value)[:100] if isinstance(value, str | int) else ""
