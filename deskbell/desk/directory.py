"""Names and preferences the desk needs at every turn. Read at start and again when somebody changes them."""

from typing import NamedTuple

from deskbell.domain.preferences import Preferences
from deskbell.kit.postgres import Pool
from deskbell.store import directory as rows
from deskbell.store import preferences


class Names(NamedTuple):
    staff: dict[int, str]
    departments: dict[int, str]
    labels: dict[int, str]


class Directory:
    """The present names, swapped whole. Staff are never deleted: an old thread finds its names (PEOPLE-8)."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.names = Names({}, {}, {})
        self.preferences = Preferences()

    async def refresh(self) -> None:
        self.names = Names(
            await rows.staff_names(self._pool),
            await rows.department_names(self._pool),
            await rows.label_names(self._pool),
        )
        self.preferences = await preferences.load(self._pool)
