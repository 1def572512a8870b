"""How it stands with a message that went out over a channel: of its parts, and as a whole (CHANNEL-2).

Services tell in any order, twice, or not at all: what counts is who got furthest. A failure counts more than "sent" and
less than "delivered": what has arrived has arrived.
"""

from collections.abc import Sequence

ORDER = ("waiting", "sending", "unknown", "sent", "failed", "delivered", "read")
_RANK = {state: rank for rank, state in enumerate(ORDER)}
SETTLED = frozenset({"sent", "delivered", "read"})
"""The service has it."""


def moves(before: str, said: str) -> bool:
    """Whether what was said leads further."""
    return _RANK[said] > _RANK[before]


def whole(parts: Sequence[str]) -> str:
    """One failed part is a failed message; else it has got as far as its last part."""
    for bad in ("failed", "unknown"):
        if bad in parts:
            return bad
    least = min(parts, key=_RANK.__getitem__)
    if least in SETTLED or all(part == "waiting" for part in parts):
        return least
    return "sending"
