"""What a way in is to the rest of the desk. One folder here and one registration in the wiring; nothing else names it
(CHANNEL-1)."""

from typing import Protocol


class WayIn(Protocol):
    """Takes in what comes from outside and brings it to the desk as ordinary commands."""

    async def run(self) -> None:
        """Until cancelled, on every node; it sees to it itself that one at a time reads."""
