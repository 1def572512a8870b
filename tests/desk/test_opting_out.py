"""After opting out nobody writes to the customer until they write first (LIFE-12), on every node and path."""

import asyncio

import pytest

from deskbell.domain.commands import WriteMessage
from tests.cast import ADA, BRUNO, MARTA
from tests.desk.house import House, codes, fresh_id
from tests.rules import rule


@rule("LIFE-12")
@pytest.mark.parametrize("anew", [False, True])
async def test_after_opting_out_no_agent_writes_on_any_node_not_even_from_memory(
    house: House, other: House, anew: bool
) -> None:
    ticket = await house.ticket()
    await house.pool.execute(
        "UPDATE conversation SET state = 'assigned', owner_id = $1, converted = false", BRUNO.id
    )
    number = await house.live(MARTA, ADA)
    for place in (house, other):
        await place.write(ticket, BRUNO)
        await place.write(number, ADA)
    if anew:
        await house.close(number, ADA)
        await house.start(MARTA, "//stop")
    else:
        await house.write(number, MARTA, "//stop")
    tries = [
        place.together(WriteMessage(c, who, fresh_id(), "Please?"))
        for place in (house, other)
        for c, who in ((ticket, BRUNO), (number, ADA))
    ]
    assert [codes(outcome) for outcome in await asyncio.gather(*tries)] == [["forbidden"]] * 4
    await house.write(number, MARTA, "I am back")
    assert codes(await house.together(WriteMessage(ticket, BRUNO, fresh_id(), "Welcome"))) == ["ok"]
