"""Who is online: the switch and a lease, by the test's clock (PEOPLE-4, PEOPLE-5)."""

from datetime import timedelta

from deskbell.kit.clock import FixedClock
from deskbell.store import presence
from tests.cast import ADA, BRUNO, MARTA
from tests.desk.house import House
from tests.rules import rule

SECOND = timedelta(seconds=1)


async def online(house: House) -> set[int]:
    return set(await presence.online_staff(house.pool, house.clock.now()))


@rule("PEOPLE-4")
async def test_the_switch_alone_or_a_console_alone_is_not_available(house: House) -> None:
    await house.pool.execute("UPDATE staff SET available = true WHERE id = $1", ADA.id)
    await house.desk.presence.arrived(BRUNO.id)
    assert await online(house) == set()
    await house.desk.presence.arrived(ADA.id)
    assert await online(house) == {ADA.id}


@rule("PEOPLE-4")
async def test_sixty_seconds_without_a_console_read_as_unavailable(house: House, clock: FixedClock) -> None:
    await house.available(ADA)
    clock.advance(60 * SECOND - timedelta(microseconds=1))
    assert await online(house) == {ADA.id}
    clock.advance(timedelta(microseconds=1))
    assert await online(house) == set()


@rule("PEOPLE-4")
async def test_an_open_console_keeps_its_person_available_and_a_closed_one_does_not(
    house: House, clock: FixedClock
) -> None:
    await house.available(ADA, BRUNO)
    house.ear(ADA)
    house.ear(BRUNO).leave()
    for _ in range(10):
        clock.advance(15 * SECOND)
        await house.desk.presence.renew()
    assert await online(house) == {ADA.id}


@rule("PEOPLE-4", "OPS-2")
async def test_a_console_on_any_node_counts(house: House, other: House, clock: FixedClock) -> None:
    await house.available(ADA)
    clock.advance(50 * SECOND)
    other.ear(ADA)
    await other.desk.presence.renew()
    clock.advance(50 * SECOND)
    assert await online(house) == {ADA.id}


@rule("PEOPLE-4")
async def test_consoles_are_told_who_came_and_who_went(house: House, clock: FixedClock) -> None:
    ear = house.ear(BRUNO)
    await house.available(ADA)
    await house.desk.presence.look()
    clock.advance(61 * SECOND)
    await house.desk.presence.look()
    await house.desk.presence.look()
    assert [frame["staff"] for frame in ear.heard("presence")] == [
        [{"id": ADA.id, "online": True}],
        [{"id": ADA.id, "online": False}],
    ]


@rule("PEOPLE-5")
async def test_a_lease_that_has_run_out_gets_no_chat(house: House, clock: FixedClock) -> None:
    await house.available(ADA)
    clock.advance(61 * SECOND)
    number = await house.start(MARTA)
    await house.route()
    assert (await house.now(number)).state == "unassigned"


async def test_a_deactivated_person_is_never_online(house: House) -> None:
    await house.available(ADA)
    await house.pool.execute("UPDATE staff SET active = false WHERE id = $1", ADA.id)
    assert await online(house) == set()


async def test_old_leases_are_forgotten_and_fresh_ones_kept(house: House, clock: FixedClock) -> None:
    await house.available(ADA)
    clock.advance(timedelta(hours=1, seconds=1))
    await house.available(BRUNO)
    await presence.forget_old(house.pool, clock.now())
    assert [row[0] for row in await house.pool.fetch("SELECT staff_id FROM presence")] == [BRUNO.id]
