"""Who acts: a customer, a member of staff, or the desk itself."""

from typing import NamedTuple


class Customer(NamedTuple):
    id: int

    @property
    def author(self) -> str:
        return "customer"


class Staff(NamedTuple):
    """A member of staff as the rules know one. `departments` are ids."""

    id: int
    name: str
    role: str
    departments: frozenset[int] = frozenset()

    @property
    def author(self) -> str:
        return "agent"

    @property
    def supervises(self) -> bool:
        return self.role in ("supervisor", "admin")


class System(NamedTuple):
    id: int = 0

    @property
    def author(self) -> str:
        return "system"


SYSTEM = System()

Actor = Customer | Staff | System
