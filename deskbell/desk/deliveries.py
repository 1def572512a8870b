"""What services say of the messages we sent: from the parts of a message to its ticks (CHANNEL-2)."""

from datetime import datetime


class Deliveries:
    async def note(
        self, account_id: int, external_id: str, attempt: str, state: str, at: datetime, code: int, error: str
    ) -> bool:
        """One word of a service about one message of ours. Returns after it is stored; False: we know no such message
        (yet: it may be asked again). `attempt` may be "" and is what binds a message whose id we never heard."""
        return False
