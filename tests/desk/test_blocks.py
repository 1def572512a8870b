"""A block holds on every node and path, from the moment it is committed until its end (BLOCK)."""

import asyncio
from datetime import timedelta

from deskbell.domain.commands import AddComment, BlockCustomer, LiftBlock, StartChat, WriteMessage
from deskbell.domain.errors import Refused
from deskbell.domain.people import Customer
from deskbell.kit.clock import FixedClock
from deskbell.store.changes import Answer
from tests import cast
from tests.cast import ADA, BRUNO, MARTA, OLGA, SVEN, THEO
from tests.desk.house import House, codes, fresh_id
from tests.rules import rule

HOME = "192.0.2.7"


def start(who: Customer, address: str = "") -> StartChat:
    return StartChat(who, fresh_id(), "web", None, None, "Hello", address=address)


async def block(house: House, number: int, *, address: bool = False) -> Answer:
    return await house.desk.perform(BlockCustomer(number, ADA, fresh_id(), "insults", address))


async def seen_at(house: House, who: Customer, address: str) -> None:
    """Their chat frame came from there."""
    await house.pool.execute(
        "WITH s AS (INSERT INTO site (key, name) VALUES ('shop', 'Shop') ON CONFLICT (key) DO UPDATE SET name = 'Shop'"
        " RETURNING id) INSERT INTO visit (customer_id, site_id, ip, started_at, last_at)"
        " SELECT $1, s.id, $2, $3, $3 FROM s",
        who.id,
        address,
        house.clock.now(),
    )


async def conversations(house: House) -> int:
    return int(await house.pool.fetchval("SELECT count(*) FROM conversation"))


@rule("BLOCK-1", "BLOCK-3")
async def test_every_way_back_is_shut_on_every_node_even_from_memory(house: House, other: House) -> None:
    ticket = await house.ticket()
    await house.pool.execute(
        "UPDATE conversation SET state = 'assigned', owner_id = $1, converted = false", BRUNO.id
    )
    number = await house.live(MARTA, ADA)
    for place in (house, other):  # both remember both conversations
        await place.write(ticket, MARTA)
        await place.write(number, MARTA)
    ear, stranger = house.ear(MARTA), house.ear(THEO)
    before = await conversations(house)
    await block(house, number)
    for place in (house, other):
        tries = (
            WriteMessage(number, MARTA, "w", "Let me in"),
            WriteMessage(ticket, MARTA, "t", "Me"),
            start(MARTA),
        )
        assert codes(await place.together(*tries)) == ["unavailable"] * 3
        assert codes([await one_by_one(place, start(MARTA))]) == ["unavailable"]
    assert (await house.now(number)).close_reason == "blocked"
    assert await conversations(house) == before
    assert [frame["code"] for frame in ear.heard("error")] == ["unavailable"]
    assert stranger.heard() == []
    assert await house.pool.fetchval("SELECT count(*) FROM notification") == 0


async def one_by_one(house: House, command: StartChat) -> Answer | Refused:
    (outcome,) = await house.together(command)
    return outcome


@rule("BLOCK-1")
async def test_it_ends_by_itself_after_the_day_without_anything_being_swept(
    house: House, clock: FixedClock
) -> None:
    number = await house.live()
    await block(house, number)
    clock.advance(timedelta(hours=24, seconds=-1))
    assert codes(await house.together(start(MARTA))) == ["unavailable"]
    clock.advance(timedelta(seconds=1))
    assert codes(await house.together(WriteMessage(number, MARTA, "w", "Sorry"))) == ["ok"]


@rule("BLOCK-3")
async def test_a_supervisor_lifts_it_at_once_for_every_node(house: House, other: House) -> None:
    number = await house.live()
    await block(house, number, address=False)
    await house.desk.perform(LiftBlock(number, SVEN, "lift"))
    assert codes(await other.together(start(MARTA))) == ["ok"]
    lifted = await house.pool.fetchrow("SELECT lifted_by, reason FROM block")
    assert lifted is not None
    assert tuple(lifted) == (SVEN.id, "insults")


@rule("BLOCK-2")
async def test_the_last_address_is_shut_for_everybody_and_for_ipv6_its_whole_home(house: House) -> None:
    for address, neighbour, stranger in (
        (HOME, HOME, "192.0.2.8"),
        ("2001:db8:1:2::7", "2001:db8:1:2::/64", "2001:db8:1:3::/64"),
    ):
        (visitor, *others) = await cast.crowd(house.pool, 3)
        await seen_at(house, visitor, "203.0.113.1")
        house.clock.advance(timedelta(minutes=1))  # type: ignore[attr-defined]
        await seen_at(house, visitor, address)
        number = await house.live(visitor)
        await block(house, number, address=True)
        tries = (start(others[0], neighbour), start(others[1], stranger))
        assert [codes([await one_by_one(house, one)]) for one in tries] == [["unavailable"], ["ok"]]


@rule("BLOCK-1")
async def test_the_same_verified_person_is_known_again_under_another_number_an_unverified_one_is_not(
    house: House,
) -> None:
    thief, twin, later = await cast.crowd(house.pool, 3)
    people = ((MARTA, True), (twin, True), (thief, False))
    for who, verified in people:
        await house.pool.execute(
            "UPDATE customer SET email = 'marta@home.test', email_verified = $2 WHERE id = $1",
            who.id,
            verified,
        )
    number = await house.live()
    await block(house, number)
    await house.pool.execute(
        "UPDATE customer SET email = 'Marta@home.test', email_verified = true WHERE id = $1", later.id
    )
    outcomes = [await one_by_one(house, start(who)) for who in (twin, later, thief)]
    assert codes(outcomes) == ["unavailable", "unavailable", "ok"]


@rule("BLOCK-1", "BLOCK-3")
async def test_a_chat_that_begins_beside_the_block_is_ended_by_it_or_never_begins(
    house: House, other: House
) -> None:
    await house.available(ADA)
    for who in await cast.crowd(house.pool, 8):
        old = await house.start(who)
        await house.close(old, SVEN)
        supervisor = BlockCustomer(old, SVEN, fresh_id(), "spam")
        places = (house, other) if who.id % 2 else (other, house)
        await asyncio.gather(
            places[0].together(supervisor),
            places[1].together(start(who)),
            places[1].together(WriteMessage(old, who, fresh_id(), "Again")),
        )
    await house.route()
    assert await house.pool.fetchval("SELECT count(*) FROM block") == 8
    left = "SELECT count(*) FROM conversation WHERE state NOT IN ('closed', 'archived')"
    assert await house.pool.fetchval(left) == 0


@rule("BLOCK-1")
async def test_the_same_block_sent_twice_is_one_and_a_stranger_makes_none(house: House) -> None:
    number = await house.live()
    command = BlockCustomer(number, ADA, "once", "insults")
    outsider = command._replace(actor=OLGA)
    assert codes(await house.together(outsider, command, command)) == ["not_found", "ok", "again"]
    assert await house.pool.fetchval("SELECT count(*) FROM block") == 1


@rule("BLOCK-1")
async def test_comments_of_a_chat_that_a_block_elsewhere_ends_are_gone_as_well(house: House) -> None:
    ticket = await house.ticket()
    await house.pool.execute("UPDATE conversation SET state = 'assigned', owner_id = $1", ADA.id)
    number = await house.live()
    await house.desk.perform(AddComment(number, ADA, fresh_id(), "Between us"))
    await house.pool.execute(
        "UPDATE conversation SET state = 'assigned', closed_at = NULL WHERE id = $1", ticket
    )
    await block(house, ticket)
    assert (await house.now(number)).state == "closed"
    assert await house.pool.fetchval("SELECT text FROM entry WHERE kind = 'comment'") == ""
