"""What changes about a customer along with a conversation. Values only; store/standing.py writes them."""

from datetime import datetime
from typing import NamedTuple


class Block(NamedTuple):
    """BLOCK-1. `customers`: all that are the same person, the one it was made for first. `address`: or None."""

    customers: tuple[int, ...]
    conversation_id: int
    staff_id: int
    reason: str
    until: datetime
    address: str | None


class Lift(NamedTuple):
    """What is running against these customers ends now (BLOCK-3)."""

    customers: tuple[int, ...]
    staff_id: int


class TypedEmail(NamedTuple):
    """An address that staff typed for a customer without one: unverified (TICKET-8)."""

    customer_id: int
    email: str


class Merge(NamedTuple):
    """Everything of `gone` belongs to `kept` from now on."""

    kept: int
    gone: int


Standing = Block | Lift | TypedEmail | Merge
