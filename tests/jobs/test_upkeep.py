"""What we know of our numbers is what WhatsApp says now: once a day, and whenever it says that something changed."""

from datetime import timedelta

from deskbell.channels.base import AccountNews
from deskbell.jobs.upkeep import AGAIN, Upkeep
from deskbell.store import channel_accounts, templates
from tests.jobs.outbox import Outbox
from tests.rules import rule

pytestmark = rule("CHANNEL-2")


def upkeep(box: Outbox) -> Upkeep:
    return Upkeep(box.pool, box.clock, box.house.desk, {"whatsapp": box.channel})


async def states(box: Outbox) -> dict[tuple[str, str], str]:
    found = await templates.of(box.pool, box.account)
    return {(row.template.name, row.template.language): row.template.status for row in found}


async def calls(box: Outbox) -> int:
    return len(await box.phone.journal(kind="graph"))


async def test_templates_are_fetched_once_a_day_and_when_one_changes(box: Outbox) -> None:
    job = upkeep(box)
    await job.run_once()
    before, known = await calls(box), {row.id for row in await templates.of(box.pool, box.account)}
    assert (await states(box))["order_update", "en"] == "APPROVED"
    await job.run_once()
    assert await calls(box) == before
    (paused,) = [
        row.template.external_id
        for row in await templates.of(box.pool, box.account)
        if (row.template.name, row.template.language) == ("order_update", "en")
    ]
    await box.phone.turn_template(paused, status="PAUSED")
    await job.take(box.account, AccountNews("message_template_status_update", {}, box.clock.now()))
    await job.run_once()
    assert (await states(box))["order_update", "en"] == "PAUSED"
    assert {row.id for row in await templates.of(box.pool, box.account)} == known
    asked = await calls(box)
    box.clock.advance(timedelta(days=1, seconds=1))
    await job.run_once()
    assert await calls(box) > asked


async def test_a_number_that_does_not_answer_is_asked_again_later_and_shown_in_trouble(box: Outbox) -> None:
    job = upkeep(box)
    await box.phone.add_token("sim-token", ["900800700600500"], expires_in=0)
    await box.phone.advance(1)
    await job.run_once()
    assert "access token" in await box.trouble()
    asked = await calls(box)
    await job.run_once()
    assert await calls(box) == asked
    await box.phone.add_token("sim-token", ["900800700600500"])
    box.clock.advance(AGAIN)
    await job.run_once()
    row = await channel_accounts.get(box.pool, box.account)
    assert row is not None
    assert (row.trouble, row.facts["quality"]) == ("", "GREEN")
