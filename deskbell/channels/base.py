"""What a way in is to the rest of the desk. One folder here and one registration in the wiring; nothing else names it
(CHANNEL-1)."""

from typing import NamedTuple, Protocol


class State(NamedTuple):
    """How a way in does. `error` is a sentence for the person who runs the desk, "" while all is well."""

    name: str
    error: str = ""


class WayIn(Protocol):
    """Takes in what comes from outside and brings it to the desk as ordinary commands."""

    async def run(self) -> None:
        """Until cancelled, on every node; it sees to it itself that one at a time reads."""

    async def state(self) -> State: ...
