"""The named people of the tests, as values of the domain and as rows of a database.

Ada owns the chat. Bruno is in her department. Olga is the outsider, of another department. Sven supervises.
Marta and Theo are customers. The outsider is tested first.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from deskbell.domain.conversation import Conversation
from deskbell.domain.facts import Facts
from deskbell.domain.people import Customer, Staff
from deskbell.store import changes
from deskbell.store.changes import Saving

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

SUPPORT, SALES = 1, 2
DEPARTMENTS = {SUPPORT: "Support", SALES: "Sales"}
URGENT, REFUND = 1, 2
LABELS = {URGENT: "urgent", REFUND: "refund"}

ADA = Staff(1, "Ada", "agent", frozenset({SUPPORT}))
BRUNO = Staff(2, "Bruno", "agent", frozenset({SUPPORT}))
OLGA = Staff(3, "Olga", "agent", frozenset({SALES}))
SVEN = Staff(4, "Sven", "supervisor")
STAFF = (ADA, BRUNO, OLGA, SVEN)

MARTA = Customer(1)
THEO = Customer(2)
CUSTOMERS = {MARTA: "Marta", THEO: "Theo"}

SPAM = 1
CLOSING_TAGS = {SPAM: "spam"}

FACTS = Facts(
    {person.id: person.name for person in STAFF},
    DEPARTMENTS,
    LABELS,
    {},
    active=frozenset(person.id for person in STAFF),
    supervisors=frozenset({SVEN.id}),
    closing_tags=CLOSING_TAGS,
    online={person.id: person.departments for person in STAFF},
)
"""Everybody is available."""


def conversation(state: str = "live", **values: Any) -> Conversation:
    """Marta's conversation in Support, number 7, with Ada as its owner in every state that has one.

    An offered one rings at Ada. `closed` is a chat unless `kind` says otherwise.
    """
    kind = "ticket" if state in ("unassigned", "assigned", "archived") else "chat"
    owned = state in ("live", "pending", "closed", "assigned")
    base = Conversation(
        id=7,
        kind=kind,
        state=state,
        channel="web",
        site_id=None,
        customer_id=MARTA.id,
        start_id="start",
        department_id=SUPPORT,
        owner_id=ADA.id if owned else None,
        labels=(),
        created_at=NOW,
        state_at=NOW,
        queued_at=NOW,
        offered_to=ADA.id if state == "offered" else None,
        offered_at=NOW if state == "offered" else None,
        ticket_at=NOW if kind == "ticket" else None,
        closed_at=NOW if state == "closed" else None,
        closed_by="agent" if state == "closed" else None,
        last_seq=2,
        last_public_seq=2,
        last_customer_seq=2,
        customer_messages=1,
        preview="Hello",
        preview_by="customer",
    )
    return base._replace(**values)


async def move_in(pool: asyncpg.Pool) -> None:
    """Put the cast, the departments and the labels into an empty database, with the ids they have here."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.executemany(
            "INSERT INTO department (id, name) OVERRIDING SYSTEM VALUE VALUES ($1, $2)", DEPARTMENTS.items()
        )
        await connection.executemany(
            "INSERT INTO label (id, name) OVERRIDING SYSTEM VALUE VALUES ($1, $2)", LABELS.items()
        )
        await connection.executemany(
            "INSERT INTO staff (id, email, name, role) OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4)",
            [(p.id, f"{p.name.lower()}@desk.test", p.name, p.role) for p in STAFF],
        )
        await connection.executemany(
            "INSERT INTO department_staff (staff_id, department_id) VALUES ($1, $2)",
            [(p.id, department) for p in STAFF for department in p.departments],
        )
        await connection.executemany(
            "INSERT INTO customer (id, name) OVERRIDING SYSTEM VALUE VALUES ($1, $2)",
            [(customer.id, name) for customer, name in CUSTOMERS.items()],
        )
        for table in ("department", "label", "staff", "customer"):
            await connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
            )


async def crowd(pool: asyncpg.Pool, count: int) -> list[Customer]:
    """Further customers, without a name."""
    rows = await pool.fetch("INSERT INTO customer SELECT FROM generate_series(1, $1) RETURNING id", count)
    return [Customer(row[0]) for row in rows]


async def switch(pool: asyncpg.Pool, people: Iterable[Staff], now: datetime, *, on: bool = True) -> None:
    """Turn the switch of these people; whoever is switched on also has a console open on node `desk`."""
    ids = [person.id for person in people]
    await pool.execute("UPDATE staff SET available = $2 WHERE id = ANY($1::integer[])", ids, on)
    if on:
        await pool.execute(
            "INSERT INTO presence (staff_id, node, seen_at) SELECT unnest($1::integer[]), 'desk', $2 "
            "ON CONFLICT (staff_id, node) DO UPDATE SET seen_at = excluded.seen_at",
            ids,
            now,
        )


async def shelve(pool: asyncpg.Pool, *shelved: Conversation) -> None:
    """Store conversations as they are, through the door that writes every conversation."""
    after = {c.id: c for c in shelved}
    async with pool.acquire() as connection, connection.transaction():
        await changes.save(connection, Saving({}, after, (), (), (), {}, {}, ()))
