"""A list as it was, with everything pushed since, is the list as it is now (LIST-6): through the real writing path."""

from copy import copy
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskbell.desk.present import row_of
from deskbell.domain.commands import (
    AcceptTicket,
    ChangeDepartment,
    ChangeLabels,
    CloseConversation,
    Command,
    OpenChat,
    StartChat,
    WriteMessage,
)
from deskbell.domain.people import Customer, Staff
from deskbell.realtime.frames import Row
from deskbell.store import conversations
from tests.cast import ADA, BRUNO, OLGA, SALES, SUPPORT, SVEN, URGENT, crowd
from tests.desk.house import House, fresh_id
from tests.fakes import Ear
from tests.rules import rule

PEOPLE = (ADA, BRUNO, OLGA, SVEN)
WHO = st.integers(0, 5)  # four of staff, then the customer (twice as often)
ACTS = ("start", "write", "close", "accept", "open", "move", "label")
STEPS = st.lists(
    st.one_of(
        st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 2), WHO), min_size=1, max_size=6),
        st.sampled_from(["route", "read", "ada", "bruno", "nobody"]),
    ),
    min_size=3,
    max_size=14,
)


class Cards:
    """The cards of a console, kept up to date from the frames alone, as the protocol says."""

    def __init__(self, ear: Ear, rows: list[Row]) -> None:
        self.ear = ear
        self.rows = {row.id: copy(row) for row in rows}
        self._heard = len(ear.heard())

    def now(self) -> dict[int, Row]:
        for frame in self.ear.heard()[self._heard :]:
            if "s" in frame:
                self.update(msgspec.convert(frame["s"], Row))
            elif frame["t"] == "marks" and frame["by"] == "customer" and frame["c"] in self.rows:
                row = self.rows[frame["c"]]
                row.delivered = max(row.delivered, frame["delivered"])
                row.read = max(row.read, frame["read"])
        return self.rows

    def update(self, row: Row) -> None:
        known = self.rows.get(row.id)
        if known is None or row.last_seq >= known.last_seq:
            self.rows[row.id] = row


async def stored(house: House) -> list[Row]:
    """Every card, fresh from the database, as the protocol means it."""
    rows = []
    for record in await house.pool.fetch("SELECT id FROM conversation"):
        loaded = await conversations.get(house.pool, record[0])
        assert loaded is not None
        rows.append(row_of(*loaded))
    return rows


def command(act: str, customer: Customer, number: int, who: int) -> Command:
    actor: Customer | Staff = PEOPLE[who] if who < len(PEOPLE) else customer
    staff = PEOPLE[who % len(PEOPLE)]
    match act:
        case "start":
            return StartChat(customer, fresh_id(), "web", None, (None, SUPPORT, SALES)[who % 3], "Hello")
        case "write":
            return WriteMessage(number, actor, fresh_id(), f"Text {who}")
        case "close":
            return CloseConversation(number, actor, fresh_id())
        case "accept":
            return AcceptTicket(number, staff, fresh_id())
        case "open":
            return OpenChat(number, staff)
        case "move":
            return ChangeDepartment(number, staff, fresh_id(), (None, SUPPORT, SALES)[who % 3])
        case _:
            return ChangeLabels(number, staff, fresh_id(), (URGENT,) if who % 2 else (), (URGENT,))


async def live_through(house: House, customers: list[Customer], steps: list[Any]) -> None:
    for step in steps:
        current = [await conversations.current_of(house.pool, customer.id) or 0 for customer in customers]
        match step:
            case "route":
                await house.route()
            case "read":
                for number in filter(None, current):
                    await house.mark(number, read=(await house.now(number)).last_seq)
            case "ada":
                await house.available(ADA)
            case "bruno":
                await house.available(BRUNO)
            case "nobody":
                await house.unavailable(*PEOPLE)
            case acts:
                await house.together(*(command(act, customers[n], current[n], who) for act, n, who in acts))


@rule("LIST-2", "LIST-6")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=STEPS, after=STEPS)
async def test_what_was_listed_and_what_was_pushed_make_what_is_stored(
    house: House, before: list[Any], after: list[Any]
) -> None:
    customers = await crowd(house.pool, 3)
    supervisor, ada = house.ear(SVEN), house.ear(ADA)
    house.hub.supervisors.add(supervisor.connection)
    await live_through(house, customers, before)
    start = await stored(house)
    everything = Cards(supervisor, start)
    own = Cards(ada, [row for row in start if row.owner == ADA.id])
    await live_through(house, customers, after)
    fresh = {row.id: row for row in await stored(house)}
    assert everything.now() == fresh
    assert {number: row for number, row in own.now().items() if row.owner == ADA.id} == {
        number: row for number, row in fresh.items() if row.owner == ADA.id
    }
    supervisor.leave()
    ada.leave()
