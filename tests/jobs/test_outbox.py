"""What staff write on WhatsApp arrives there once, in order, and its ticks say how far it got (CHANNEL-2)."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from tests import cast
from tests.jobs.outbox import Outbox, outbox
from tests.rules import rule

pytestmark = rule("CHANNEL-2")


@pytest.fixture
async def box(database: str, pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Outbox]:
    await cast.move_in(pool)
    async with outbox(database, tmp_path) as made:
        yield made


async def test_a_reply_arrives_and_its_ticks_follow_the_customer(box: Outbox) -> None:
    number = await box.live()
    await box.say(number, "We are open.")
    assert await box.states(number) == ["waiting"]
    await box.send()
    assert await box.states(number) == ["sent"]
    await box.hear()
    assert await box.states(number) == ["delivered"]
    await box.phone.read("marta")
    await box.hear()
    assert await box.states(number) == ["read"]
    assert await box.arrived() == ["We are open."]


async def test_messages_of_one_customer_arrive_in_order_and_others_go_on(box: Outbox) -> None:
    martas, theos = await box.live(), await box.live(cast.THEO)
    for n in range(6):
        await box.say(martas, f"{n}")
        await box.say(theos, f"{n}")
    await box.send()
    assert await box.arrived() == [str(n) for n in range(6)]
    assert await box.arrived(cast.THEO) == [str(n) for n in range(6)]


async def test_a_refused_message_holds_up_only_its_own_customer(box: Outbox) -> None:
    martas, theos = await box.live(), await box.live(cast.THEO)
    await box.say(martas, "first")
    await box.say(martas, "second")
    await box.phone.turn(graph_errors={131056: 1})
    await box.send()
    await box.phone.faults()
    await box.say(theos, "here")
    await box.send()
    assert (await box.arrived(), await box.arrived(cast.THEO)) == ([], ["here"])
    await box.later(1)
    await box.send()
    assert await box.arrived() == ["first", "second"]


@pytest.mark.parametrize("code", [1, 2, 4, 80007, 130429, 131000, 131016, 131057, 133004])
async def test_what_may_work_later_is_tried_again(box: Outbox, code: int) -> None:
    number = await box.live()
    await box.say(number)
    await box.phone.turn(graph_errors={code: 1})
    await box.send()
    assert (await box.states(number), await box.lines(number)) == (["waiting"], [])
    await box.phone.faults()
    await box.send()
    assert await box.arrived() == []  # not before its pause is over
    await box.later(1)
    await box.send()
    assert await box.arrived() == ["Good day!"]


async def test_after_many_tries_it_is_given_up_and_said(box: Outbox) -> None:
    number = await box.live()
    await box.say(number)
    await box.phone.turn(graph_errors={131000: 1})
    pauses = [1, 4, 16, 64, 256, 300, 300, 300, 300]
    for pause in pauses:
        await box.send()
        assert await box.states(number) == ["waiting"]
        await box.later(pause)
    await box.send()
    assert await box.states(number) == ["failed"]
    ((name, _),) = await box.lines(number)
    assert name == "not_sent"


@pytest.mark.parametrize("code", [0, 10, 190, 200, 368, 131005, 131031, 131042, 131045, 133010])
async def test_an_account_in_trouble_parks_what_is_written_until_it_is_mended(box: Outbox, code: int) -> None:
    number = await box.live()
    await box.say(number, "one")
    await box.phone.turn(graph_errors={code: 1})
    await box.send()
    assert await box.trouble() != ""
    await box.later(3600)
    await box.say(number, "two")
    await box.send()
    assert await box.states(number) == ["waiting", "waiting"]
    await box.phone.faults()
    await box.job.release("whatsapp")
    await box.send()
    await box.send()
    assert (await box.arrived(), await box.trouble()) == (["one", "two"], "")


@pytest.mark.parametrize(
    "code", [100, 131008, 131009, 131026, 131047, 131049, 131051, 131053, 132000, 132015]
)
async def test_what_never_goes_fails_at_once_with_the_reason(box: Outbox, code: int) -> None:
    number = await box.live()
    await box.say(number)
    await box.phone.turn(graph_errors={code: 1})
    await box.send()
    (stands,) = await box.stands(number)
    assert (stands.state, stands.code) == ("failed", code)
    assert await box.lines(number) == [("not_sent", stands.error)]
    assert await box.lines(number) == [("not_sent", stands.error)]  # told once


async def test_a_failure_that_comes_later_is_shown_too(box: Outbox) -> None:
    number = await box.live()
    await box.say(number)
    await box.phone.turn(failed={131026: 1})
    await box.send()
    await box.hear()
    (stands,) = await box.stands(number)
    assert (stands.state, stands.code) == ("failed", 131026)
    assert [name for name, _ in await box.lines(number)] == ["not_sent"]


@pytest.mark.parametrize("fault", ["hang_after_accept", "cut_after_accept"])
async def test_what_nobody_knows_is_cleared_up_by_the_status_with_our_mark(box: Outbox, fault: str) -> None:
    number = await box.live()
    box.channel._graph._client.timeout = 0.3
    await box.say(number)
    await box.phone.turn(**{fault: 1})
    await box.send()
    assert await box.states(number) == ["unknown"]
    assert await box.hear() > 0
    assert await box.states(number) == ["delivered"]
    await box.later(61)
    assert await box.lines(number) == []
    await box.send()
    assert await box.arrived() == ["Good day!"]


async def test_what_stays_unknown_is_shown_after_a_minute_and_never_sent_again_by_itself(box: Outbox) -> None:
    number = await box.live()
    box.channel._graph._client.timeout = 0.3
    await box.say(number, "perhaps")
    await box.say(number, "next")
    await box.phone.turn(hang_before_accept=1)
    await box.job.take_up()
    await box.job.settle()
    await box.phone.faults()
    await box.send()
    await box.later(59)
    assert await box.lines(number) == []
    await box.later(2)
    assert "fate_unknown" in [name for name, _ in await box.lines(number)]
    await box.later(3600)
    await box.send()
    assert "perhaps" not in await box.arrived()
