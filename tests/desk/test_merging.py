"""Two customers become one in one transaction: nothing of theirs is left behind, nothing of others is touched."""

import asyncpg
import pytest

from deskbell.domain.commands import LinkTicket, MergeCustomers, WriteMessage
from deskbell.kit.clock import FixedClock
from deskbell.store import merging
from tests.cast import ADA, MARTA, MINUTE, NOW, OLGA, SVEN, THEO
from tests.desk.house import House, codes, fresh_id
from tests.rules import rule


def unite(number: int) -> MergeCustomers:
    return MergeCustomers(number, SVEN, fresh_id(), THEO.id)


async def test_every_table_that_names_a_customer_is_part_of_a_merge(pool: asyncpg.Pool) -> None:
    rows = await pool.fetch(
        "SELECT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND confrelid = 'customer'::regclass"
    )
    steps = " ".join(merging.STEPS)
    assert {row[0] for row in rows} <= set(steps.replace("(", " ").split())


@rule("LIFE-2")
async def test_whoever_dealt_with_either_of_them_last_is_their_last_agent(
    house: House, clock: FixedClock
) -> None:
    number = await house.live(MARTA, ADA)
    await house.close(number, ADA)
    clock.advance(MINUTE)
    await house.close(await house.live(THEO, OLGA), OLGA)
    assert codes(await house.together(unite(number))) == ["ok"]
    last = "SELECT last_agent_id FROM customer WHERE id = $1"
    assert await house.pool.fetchval(last, MARTA.id) == OLGA.id


async def test_an_agent_and_an_outsider_merge_nobody(house: House) -> None:
    number = await house.live()
    outcomes = await house.together(unite(number)._replace(actor=ADA), unite(number)._replace(actor=OLGA))
    assert codes(outcomes) == ["forbidden", "not_found"]
    assert await house.pool.fetchval("SELECT count(*) FROM customer WHERE merged_into IS NOT NULL") == 0


async def test_everything_goes_along_and_the_old_number_finds_the_new_one(house: House, other: House) -> None:
    old = await house.start(THEO, "Long ago")
    await house.close(old, SVEN)
    ticket = await house.ticket(THEO)
    number = await house.live()
    await house.pool.execute(
        "UPDATE customer SET email = 'theo@home.test', email_verified = true WHERE id = $1", THEO.id
    )
    await house.pool.execute(
        "INSERT INTO note (customer_id, staff_id, client_id, text, at) VALUES ($1, $2, 'n', 'Likes tea', $3)",
        THEO.id, ADA.id, NOW,
    )  # fmt: skip
    await other.write(number, MARTA)  # remembered there
    assert codes(await house.together(unite(number))) == ["ok"]
    for c in (old, ticket, number):
        assert (await house.now(c)).customer_id == MARTA.id
    assert (
        await house.pool.fetchval("SELECT count(*) FROM entry WHERE author = 'customer' AND author_id = 2")
        == 0
    )
    assert await house.pool.fetchval("SELECT count(*) FROM note WHERE customer_id = $1", MARTA.id) == 1
    kept = await house.pool.fetchrow(
        "SELECT name, email, email_verified FROM customer WHERE id = $1", MARTA.id
    )
    assert kept is not None
    assert tuple(kept) == ("Marta", "theo@home.test", True)
    assert await house.pool.fetchval("SELECT merged_into FROM customer WHERE id = $1", THEO.id) == MARTA.id
    gone, here = WriteMessage(ticket, THEO, "x", "Mine?"), WriteMessage(ticket, MARTA, "y", "Mine")
    assert codes(await other.together(gone, here)) == ["not_found", "ok"]


@rule("LIFE-16")
async def test_two_open_chats_never_come_together(house: House) -> None:
    number = await house.live()
    await house.start(THEO)
    assert codes(await house.together(unite(number))) == ["closed"]
    assert await house.pool.fetchval("SELECT count(DISTINCT customer_id) FROM conversation") == 2


@pytest.mark.parametrize("name", ["", "Marta Lamp"])
async def test_what_the_one_who_stays_says_of_themselves_goes_before(house: House, name: str) -> None:
    number = await house.live()
    await house.pool.execute("UPDATE customer SET name = $1, email = 'm@home.test' WHERE id = 1", name)
    await house.pool.execute("UPDATE customer SET email = 'theo@home.test' WHERE id = 2")
    await house.desk.perform(unite(number))
    row = await house.pool.fetchrow("SELECT name, email FROM customer WHERE id = 1")
    assert row is not None
    assert tuple(row) == (name or "Theo", "m@home.test")
    assert (
        await house.pool.fetchval("SELECT email FROM customer_email WHERE customer_id = 1")
        == "theo@home.test"
    )


@rule("TICKET-8")
async def test_a_linked_ticket_asked_for_twice_from_two_nodes_is_one(house: House, other: House) -> None:
    number = await house.live()
    link = LinkTicket(number, ADA, "once", "A lamp", "Send one", email="marta@home.test")
    first = await house.together(link, link)
    second = await other.together(link, link._replace(actor=OLGA))
    assert codes([*first, *second]) == ["ok", "again", "again", "not_found"]
    (ticket,) = await house.pool.fetch(
        "SELECT id, owner_id, linked_to, state FROM conversation WHERE kind = 'ticket'"
    )
    assert tuple(ticket)[1:] == (ADA.id, number, "assigned")
    assert await house.pool.fetchval("SELECT email FROM customer WHERE id = 1") == "marta@home.test"
    assert await house.pool.fetchval("SELECT email_verified FROM customer WHERE id = 1") is False


@rule("TICKET-8")
async def test_the_customers_page_stays_in_the_chat_and_hears_nothing_of_the_ticket(house: House) -> None:
    number = await house.live()
    ear, owner = house.ear(MARTA, number), house.ear(ADA)
    link = LinkTicket(number, ADA, "once", "A lamp", "Hello again", email="marta@home.test", to_customer=True)
    await house.desk.perform(link)
    assert ear.heard("entry", "row") == []
    assert {frame["c"] for frame in owner.heard("entry")} > {number}
    letters = await house.pool.fetch("SELECT recipient FROM letter")
    assert [row[0] for row in letters] == ["marta@home.test"]
