"""How fast a number may send. Nothing is stored: what is too much is said by the service, and tried again."""

from collections.abc import Callable

PER_SECOND = 80.0
"""WhatsApp's measure for a number; by our own count, on one node."""


class Pace:
    """A bucket of one second per account. `monotonic` in seconds."""

    def __init__(self, monotonic: Callable[[], float], per_second: float = PER_SECOND) -> None:
        self._now = monotonic
        self._each = 1 / per_second
        self._free_at: dict[int, float] = {}

    def wait(self, account_id: int) -> float:
        """Take one place: how many seconds from now it is."""
        now = self._now()
        free_at = max(self._free_at.get(account_id, 0.0), now - 1.0)
        self._free_at[account_id] = free_at + self._each
        return max(0.0, free_at + self._each - now)

    def hold(self, account_id: int, seconds: float) -> None:
        """The service wants a rest."""
        self._free_at[account_id] = max(self._free_at.get(account_id, 0.0), self._now() + seconds)
