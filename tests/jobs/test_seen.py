"""A customer on WhatsApp sees that they were read, and that somebody types; few calls, and nothing hangs on them."""

from deskbell.desk.shown import TYPING_EVERY_S, Shown, ToShow
from deskbell.jobs.seen import Seen
from tests import cast
from tests.jobs.outbox import Outbox
from tests.rules import rule

pytestmark = rule("CHANNEL-2")


async def test_reading_is_shown_once_and_typing_with_it(box: Outbox) -> None:
    number = await box.live()
    seen = Seen(box.pool, box.house.desk, {"whatsapp": box.channel})
    thread = await box.phone.thread("marta")
    wamid = thread.messages[0].id
    await box.pool.execute(
        "INSERT INTO channel_message VALUES ($1, $2, $3, 1, 'in', $4)", box.account, wamid, number, cast.NOW
    )
    await box.house.mark(number, cast.ADA.id, read=2)
    await seen.run_once()
    await box.house.mark(number, cast.ADA.id, read=3)
    await seen.run_once()
    (call,) = await box.phone.journal(kind="graph", path="/messages")
    assert (call.request["status"], call.request["message_id"]) == ("read", wamid)
    box.house.desk.agent_types(await box.house.now(number), cast.ADA, True)
    await seen.run_once()
    assert (await box.phone.thread("marta")).typing


async def test_a_web_chat_costs_nothing(box: Outbox) -> None:
    number = await box.house.live(cast.THEO)
    await box.house.mark(number, cast.ADA.id, read=2)
    box.house.desk.agent_types(await box.house.now(number), cast.ADA, True)
    assert box.house.desk.shown.take() == []


def test_typing_is_told_every_20_seconds_at_most() -> None:
    now = 100.0
    shown = Shown(lambda: now)
    shown.types(1)
    assert shown.take() == [ToShow(1, 0, True)]
    now += TYPING_EVERY_S - 1
    shown.types(1)
    assert shown.take() == []
    now += 1
    shown.read(1, 4)
    shown.types(1)
    shown.read(1, 5)
    assert shown.take() == [ToShow(1, 0, True)]
