"""The five tabs over a shelf of conversations of every kind, against a model in plain Python (LIST-1, LIST-4, LIST-6)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product

import asyncpg
import pytest

from deskbell.domain.conversation import Conversation
from deskbell.domain.people import Customer, Staff
from deskbell.store import lists, marks
from deskbell.store.lists import Cursor
from deskbell.store.marks import Mark
from tests.cast import ADA, BRUNO, MINUTE, NOW, OLGA, SALES, SUPPORT, SVEN, conversation, crowd, shelve
from tests.rules import rule

OWNERLESS = ("queued", "unassigned")
OWNED = ("live", "pending", "closed", "assigned", "archived")


def of_every_kind(customers: list[Customer]) -> list[Conversation]:
    """Every state with every owner and department it can have, at times that differ and at times that tie."""
    kinds: list[tuple[str, Staff | None, int | None]] = []
    kinds += [(state, None, d) for state, d in product(OWNERLESS, (None, SUPPORT, SALES))]
    kinds += [(state, o, d) for state, o, d in product(OWNED, (ADA, BRUNO, OLGA), (SUPPORT, SALES))]
    kinds += [("closed ticket", ADA, SUPPORT), ("closed ticket", OLGA, None)]
    shelf = []
    for n, ((state, owner, department), customer) in enumerate(zip(kinds, customers, strict=False), 1):
        closed_ticket = {"kind": "ticket"} if state == "closed ticket" else {}
        shelf.append(
            conversation(
                state.split()[0],
                id=100 + n,
                customer_id=customer.id,
                start_id=f"start-{n}",
                owner_id=owner.id if owner else None,
                department_id=department,
                created_at=NOW - (n % 4) * MINUTE,
                closed_at=NOW - (n % 3) * MINUTE if state.startswith("closed") else None,
                last_customer_at=None if n % 5 == 0 else NOW + (n * 7 % 6) * MINUTE,
                **closed_ticket,
            )
        )
    return shelf


def belongs(tab: str, scope: str, person: Staff) -> Callable[[Conversation], bool]:
    """What product and protocol say of each tab, in plain words."""

    def mine(c: Conversation) -> bool:
        return scope == "all" or c.owner_id == person.id

    def to_take(c: Conversation) -> bool:
        in_department = c.department_id is None or c.department_id in person.departments
        return c.state == "unassigned" and (scope == "all" or in_department)

    return {
        "live": lambda c: (c.state == "live" and mine(c)) or (scope == "all" and c.state == "queued"),
        "pending": lambda c: c.state == "pending" and mine(c),
        "tagged": lambda c: False,
        "closed": lambda c: c.kind == "chat" and c.state == "closed" and mine(c),
        "tickets": lambda c: (
            (c.kind == "ticket" and c.state in ("assigned", "closed") and mine(c)) or to_take(c)
        ),
    }[tab]


def sorted_by(tab: str, sort: str) -> Callable[[Conversation], tuple[datetime, int]]:
    def moment(c: Conversation) -> datetime:
        if tab == "closed":
            return c.closed_at or c.created_at
        return c.created_at if sort == "new" else c.last_customer_at or c.created_at

    return lambda c: (moment(c), c.id)


async def listed(pool: asyncpg.Pool, person: Staff, tab: str, sort: str, scope: str, limit: int) -> list[int]:
    """All pages of a tab one after the other."""
    numbers: list[int] = []
    cursor: Cursor | None = None
    while True:
        page = await lists.page(pool, person, tab=tab, sort=sort, scope=scope, limit=limit, after=cursor)
        numbers += [row.conversation.id for row in page.rows]
        cursor = page.next
        if cursor is None:
            return numbers


@rule("LIST-1", "LIST-4", "LIST-6")
@pytest.mark.parametrize("person", [OLGA, BRUNO, ADA, SVEN], ids=lambda p: p.name)
async def test_every_tab_shows_what_belongs_to_it_in_its_order_page_by_page(
    peopled: asyncpg.Pool, person: Staff
) -> None:
    shelf = of_every_kind(await crowd(peopled, 60))
    await shelve(peopled, *shelf)
    for tab, sort, scope, limit in product(lists.TABS, lists.SORTS, lists.SCOPES, (1, 3, 100)):
        belonging = filter(belongs(tab, scope, person), shelf)
        expected = [c.id for c in sorted(belonging, key=sorted_by(tab, sort), reverse=True)]
        assert await listed(peopled, person, tab, sort, scope, limit) == expected, (tab, sort, scope)


@rule("LIST-1")
@pytest.mark.parametrize("scope", lists.SCOPES)
async def test_the_number_beside_a_tab_counts_what_is_in_it_but_no_closed_tickets(
    peopled: asyncpg.Pool, scope: str
) -> None:
    shelf = of_every_kind(await crowd(peopled, 60))
    await shelve(peopled, *shelf)
    for person in (OLGA, ADA, SVEN):
        expected = {
            tab: sum(
                belongs(tab, scope, person)(c) and not (tab == "tickets" and c.state == "closed")
                for c in shelf
            )
            for tab in lists.TABS
        }
        counted = await lists.counts(peopled, person, scope=scope)
        assert {tab: counted[tab] for tab in lists.TABS} == expected


@rule("LIST-6")
async def test_paging_while_things_change_repeats_nothing_and_skips_nothing_that_stayed(
    peopled: asyncpg.Pool,
) -> None:
    customers = await crowd(peopled, 60)
    shelf = [
        conversation("live", id=n, customer_id=c.id, start_id=str(n), last_customer_at=NOW + n % 9 * MINUTE)
        for n, c in enumerate(customers[:50], 100)
    ]
    await shelve(peopled, *shelf)
    seen: list[int] = []
    moved: set[int] = set()
    cursor: Cursor | None = None
    for turn in range(100):
        page = await lists.page(
            peopled, ADA, tab="live", sort="activity", scope="mine", limit=7, after=cursor
        )
        seen += [row.conversation.id for row in page.rows]
        cursor = page.next
        if cursor is None:
            break
        for number in (100 + turn, 149 - turn):
            moved.add(number)
            await peopled.execute(
                "UPDATE conversation SET last_customer_at = $2 WHERE id = $1",
                number,
                NOW + (60 + turn) * MINUTE,
            )
        await shelve(
            peopled, conversation("live", id=200 + turn, customer_id=customers[50 + turn].id, start_id="new")
        )
    assert len(seen) == len(set(seen))
    assert {c.id for c in shelf} - moved <= set(seen)


@rule("LIST-3")
async def test_a_page_says_how_far_this_person_and_nobody_else_has_looked(peopled: asyncpg.Pool) -> None:
    await shelve(peopled, conversation("live"))
    await marks.save(peopled, [Mark(7, ADA.id, 2, 2)], NOW)
    for person, seen in ((SVEN, {}), (ADA, {7: (2, 1)})):
        page = await lists.page(peopled, person, tab="live", sort="new", scope="all", limit=10, after=None)
        assert page.seen == seen


@rule("LIST-2")
async def test_a_chat_is_listed_as_new_until_it_was_opened(peopled: asyncpg.Pool) -> None:
    one, two = await crowd(peopled, 2)
    fresh = conversation("live", id=8, customer_id=one.id, start_id="a")
    opened = conversation("live", id=9, customer_id=two.id, start_id="b", opened_at=NOW)
    await shelve(peopled, fresh, opened)
    page = await lists.page(peopled, ADA, tab="live", sort="new", scope="mine", limit=10, after=None)
    assert {row.conversation.id: row.conversation.is_new for row in page.rows} == {8: True, 9: False}


async def test_opening_a_page_is_one_query(peopled: asyncpg.Pool, database: str) -> None:
    await shelve(peopled, conversation("live"))
    sent: list[str] = []

    async def listen(connection: asyncpg.Connection) -> None:
        connection.add_query_logger(lambda record: sent.append(record.query))

    async with asyncpg.create_pool(database, min_size=1, max_size=1, init=listen) as pool:
        await lists.page(pool, ADA, tab="live", sort="new", scope="mine", limit=10, after=None)
        sent.clear()
        await lists.page(pool, ADA, tab="live", sort="new", scope="mine", limit=10, after=None)
        asked = [query for query in sent if "conversation" in query]
    assert len(asked) == 1


async def test_a_cursor_older_than_everything_gives_an_empty_last_page(peopled: asyncpg.Pool) -> None:
    await shelve(peopled, conversation("live"))
    end = Cursor(NOW - timedelta(days=1), 1)
    page = await lists.page(peopled, ADA, tab="live", sort="new", scope="all", limit=10, after=end)
    assert (page.rows, page.next) == ([], None)
