"""Names and preferences the desk needs at every turn. Read at start and again when somebody changes them."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from deskbell.domain import hours
from deskbell.domain.channels import BUILT_IN, ChannelRules
from deskbell.domain.hours import Hours
from deskbell.domain.preferences import Preferences
from deskbell.kit.clock import Clock
from deskbell.kit.postgres import Pool
from deskbell.kit.seal import Seal
from deskbell.store import blocks, preferences
from deskbell.store import directory as rows
from deskbell.store.sites import Site

from .accounts import Accounts


class Names(NamedTuple):
    staff: dict[int, str]
    departments: dict[int, str]
    labels: dict[int, str]
    closing_tags: dict[int, str]
    active: frozenset[int]
    """Staff who are not deactivated."""
    supervisors: frozenset[int]
    """Those of them who supervise."""


class Directory:
    """The present names, swapped whole. Staff are never deleted: an old thread finds its names (PEOPLE-8)."""

    def __init__(
        self,
        pool: Pool,
        clock: Clock,
        channels: Mapping[str, ChannelRules] = BUILT_IN,
        seal: Seal | None = None,
    ) -> None:
        self.channels = channels
        self.accounts = Accounts(pool, seal)
        self._pool = pool
        self._clock = clock
        self._blocked: dict[int, datetime] = {}
        self._shut: dict[str, datetime] = {}
        self.names = Names({}, {}, {}, {}, frozenset(), frozenset())
        self.preferences = Preferences()
        self.sites: dict[int, Site] = {}
        self.offered: frozenset[int] = frozenset()
        self._hours: Hours | None = None
        self._own_hours: dict[int, Hours | None] = {}

    async def refresh(self) -> None:
        team = await rows.team(self._pool)
        self.names = Names(
            {person.id: person.name for person in team},
            await rows.department_names(self._pool),
            await rows.label_names(self._pool),
            await rows.closing_tag_names(self._pool),
            frozenset(person.id for person in team if person.active),
            frozenset(person.id for person in team if person.active and person.supervises),
        )
        self.preferences = await preferences.load(self._pool)
        self.sites = await rows.all_sites(self._pool)
        self.offered = await rows.offered_departments(self._pool)
        await self.accounts.refresh()
        self._blocked, self._shut = await blocks.running(self._pool, self._clock.now())
        self._hours = hours.parse(self.preferences.hours)
        own = await rows.department_hours(self._pool)
        self._own_hours = {
            department_id: hours.parse(value)
            for department_id, value in own.items()
            if not hours.problem(value)
        }

    def hours_of(self, department_id: int | None) -> Hours | None:
        """The business hours that count for a department; without own ones, or without a department, the desk's."""
        return self._own_hours.get(department_id, self._hours) if department_id else self._hours

    def turns_away(self, customer_id: int, address: str) -> bool:
        """Whether this node knows them to be blocked: good enough to tell them, never to decide (that is the batch's)."""
        ends = (self._blocked.get(customer_id), self._shut.get(address))
        return any(end is not None and end > self._clock.now() for end in ends)

    def offers(self, site: Site, department_id: int) -> bool:
        """Whether a customer may pick this department on this site; a site that names none offers all."""
        return department_id in self.offered and (not site.departments or department_id in site.departments)

    def choices(self, site: Site) -> int:
        """How many departments a customer may pick from on this site."""
        return sum(self.offers(site, department_id) for department_id in self.offered)
