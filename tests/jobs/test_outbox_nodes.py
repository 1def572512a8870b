"""Several nodes send, and die in the middle of it: nothing is doubled, nothing lost, the order stays (CHANNEL-2, OPS-2)."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from deskbell.desk.accounts import Accounts
from deskbell.jobs.dispatches import Dispatches
from tests import cast
from tests.desk.house import eventually, open_house
from tests.jobs.outbox import AT_ONCE, SEAL, Outbox, outbox
from tests.rules import rule

pytestmark = rule("CHANNEL-2")
MESSAGES = 8


async def test_two_nodes_send_each_message_once_and_in_order(
    database: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    await cast.move_in(pool)
    async with outbox(database, tmp_path) as box, open_house(database, clock=box.clock, node="two") as other:
        other.desk.directory.accounts = Accounts(pool, SEAL)
        second = Dispatches(other.pool, box.clock, other.desk, box.files, {"whatsapp": box.channel}, AT_ONCE)
        martas, theos = await box.live(), await box.live(cast.THEO)
        for n in range(MESSAGES):
            await box.say(martas, str(n))
            await box.say(theos, str(n))
        # Each looks again as long as there is anything to do, as nodes that poll.
        while set(await box.states(martas) + await box.states(theos)) != {"sent"}:
            await asyncio.gather(box.job.settle(), second.settle())
        assert await box.arrived() == [str(n) for n in range(MESSAGES)]
        assert await box.arrived(cast.THEO) == [str(n) for n in range(MESSAGES)]


@asynccontextmanager
async def sender(dsn: str, api: str, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that sends what is due; killed at the end, if it lives."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.jobs.sender", dsn, api, str(folder), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        assert await process.stdout.readline() == b"ready\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def begun(box: Outbox) -> int:
    return int(await box.pool.fetchval("SELECT count(*) FROM dispatch_part WHERE state <> 'waiting'"))


@rule("OPS-2")
async def test_a_node_killed_in_the_middle_of_sends_doubles_nothing_and_loses_nothing(
    database: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    await cast.move_in(pool)
    async with outbox(database, tmp_path, datetime.now(UTC)) as box:
        await box.phone.set_clock(datetime.now(UTC).timestamp(), running=True)
        martas, theos = await box.live(), await box.live(cast.THEO)
        said = [f"{n}" for n in range(MESSAGES)]
        for text in said:
            await box.say(martas, text)
            await box.say(theos, text)
        await box.phone.turn(answer_delay_s=(0.1, 0.1))
        for kill_at in (2, 7):
            async with sender(database, box.sim.base, tmp_path) as process:

                async def far_enough(least: int = kill_at) -> bool:
                    return await begun(box) >= least

                await eventually(far_enough, 30)
                process.kill()
                await process.wait()
        async with sender(database, box.sim.base, tmp_path):

            async def all_tried() -> bool:
                states = await box.states(martas) + await box.states(theos)
                return not {"waiting", "sending"} & set(states)

            await eventually(all_tried, 30)
        await box.hear()
        for who, number in ((cast.MARTA, martas), (cast.THEO, theos)):
            arrived, stands = await box.arrived(who), await box.stands(number)
            assert arrived == sorted(set(arrived))  # each once, in order
            unknown = [text for text, one in zip(said, stands, strict=True) if one.state == "unknown"]
            assert Counter(arrived) + Counter(unknown) == Counter(said)
            assert len(unknown) <= 2
