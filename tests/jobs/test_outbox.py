"""What staff write on WhatsApp arrives there once, in order, and its ticks say how far it got (CHANNEL-2)."""

import io

import pytest
from PIL import Image

from deskbell.channels.base import Status
from deskbell.channels.whatsapp import errors
from deskbell.domain.commands import WriteMessage
from deskbell.domain.deliveries import SendAgain
from deskbell.domain.errors import Refused
from deskbell.jobs.dispatches import Patience
from tests import cast
from tests.desk.house import eventually
from tests.jobs.outbox import AT_ONCE, Outbox
from tests.rules import rule

pytestmark = rule("CHANNEL-2")


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


async def test_what_may_work_later_is_tried_again(box: Outbox) -> None:
    number = await box.live()
    for code in sorted(errors.TRANSIENT):
        await box.say(number, f"{code}")
        await box.phone.turn(graph_errors={code: 1})
        await box.send()
        assert ((await box.states(number))[-1], await box.lines(number)) == ("waiting", [])
        await box.phone.faults()
        await box.send()
        assert f"{code}" not in await box.arrived()  # not before its pause is over
        await box.later(1)
        await box.send()
        assert (await box.arrived())[-1] == f"{code}"


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


async def test_an_account_in_trouble_parks_what_is_written_until_it_is_mended(box: Outbox) -> None:
    """W10: a token that has expired, a number that is locked."""
    number = await box.live()
    for code in (0, 10, 190, 200, 368, 131031, 131042, 133010):
        await box.say(number, f"{code} one")
        await box.phone.turn(graph_errors={code: 1})
        await box.send()
        assert await box.trouble() != ""
        await box.later(600)
        await box.say(number, f"{code} two")
        await box.send()
        assert (await box.states(number))[-2:] == ["waiting", "waiting"]
        await box.phone.faults()
        await box.job.release("whatsapp")
        await box.send()
        await box.send()
        assert (await box.arrived())[-2:] == [f"{code} one", f"{code} two"]
        assert await box.trouble() == ""


async def test_trouble_that_is_told_later_is_the_accounts_too(box: Outbox) -> None:
    number = await box.live()
    await box.say(number)
    await box.phone.turn(failed={131042: 1})
    await box.send()
    await box.hear()
    assert "payment" in await box.trouble()


async def test_what_never_goes_fails_at_once_with_the_reason(box: Outbox) -> None:
    number = await box.live()
    for n, code in enumerate(
        (100, 131008, 131009, 131026, 131047, 131049, 131051, 131053, 132000, 132015), 1
    ):
        await box.say(number)
        await box.phone.turn(graph_errors={code: 1})
        await box.send()
        stands = (await box.stands(number))[-1]
        assert (stands.state, stands.code) == ("failed", code)
        lines = await box.lines(number)
        assert (len(lines), lines[-1]) == (n, ("not_sent", stands.error))
    assert await box.lines(number) == lines  # each told once


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


async def test_a_failed_part_goes_again_without_those_that_arrived(box: Outbox) -> None:
    number = await box.live()
    seq = await box.say(number, f"{'a' * 4000}\n\n{'b' * 4000}")
    box.job._patience = Patience(taken=30, unknown=30, drain=1)
    await box.job.take_up()

    async def first_is_there() -> bool:
        return len(await box.arrived()) == 1

    await eventually(first_is_there)
    await box.phone.turn(graph_errors={131009: 1})
    await box.hear()  # so the next one follows
    await box.send()
    assert await box.states(number) == ["failed"]
    box.job._patience = AT_ONCE
    await box.phone.faults()
    await box.house.desk.perform(SendAgain(number, cast.ADA, "again", seq))
    await box.send()
    assert await box.states(number) == ["sent"]
    assert [text[0] for text in await box.arrived()] == ["a", "b"]


async def test_sending_again_what_is_unknown_is_a_persons_choice(box: Outbox) -> None:
    number = await box.live()
    box.channel._graph._client.timeout = 0.3
    seq = await box.say(number)
    await box.phone.turn(hang_after_accept=1)
    await box.send()
    await box.phone.faults()
    await box.house.desk.perform(SendAgain(number, cast.ADA, "again", seq))
    await box.house.desk.perform(SendAgain(number, cast.ADA, "again", seq))
    await box.send()
    assert await box.states(number) == ["sent"]
    assert await box.arrived() == ["Good day!", "Good day!"]
    with pytest.raises(Refused, match="neither failed"):
        await box.house.desk.perform(SendAgain(number, cast.ADA, "once more", seq))


async def test_words_about_a_message_lead_to_the_same_end_in_any_order(box: Outbox) -> None:
    """W3, W4: twice, backwards, and before our own call has returned."""
    number = await box.live()
    for n in range(6):
        await box.say(number, str(n))
    await box.phone.turn(status_before_answer=1, read_first=1, duplicate=1, copies=2, reorder_s=0)
    await box.send()
    await box.hear()
    assert await box.states(number) == ["read"] * 6
    assert await box.arrived() == [str(n) for n in range(6)]
    known = await box.pool.fetchval("SELECT count(*) FROM channel_message WHERE direction = 'out'")
    assert known == 6


async def test_words_about_strangers_change_nothing(box: Outbox) -> None:
    number = await box.live()
    await box.say(number)
    await box.send()
    word = Status("wamid.unknown", "read", box.clock.now(), attempt="nobody")
    assert await box.note(word) is False
    other = Status("wamid.other", "failed", box.clock.now(), attempt=await attempt_of(box))
    assert await box.note(other) is True
    assert await box.states(number) == ["sent"]


async def attempt_of(box: Outbox) -> str:
    found: str = await box.pool.fetchval("SELECT attempt FROM dispatch_part")
    return found


@rule("LIFE-11")
async def test_metas_own_refusal_of_the_window_is_shown_as_that(box: Outbox) -> None:
    """W8: our clock says yes, theirs says no."""
    number = await box.live()
    await box.say(number)
    await box.phone.advance(24 * 3600 + 60)
    await box.send()
    (stands,) = await box.stands(number)
    assert (stands.state, stands.code) == ("failed", 131047)
    assert "only a template" in stands.error


async def test_the_team_hears_how_far_it_got_and_nobody_else(box: Outbox) -> None:
    number = await box.live()
    ada, olga = box.house.ear(cast.ADA, number), box.house.ear(cast.OLGA)
    marta = box.house.ear(cast.MARTA, number)
    await box.say(number)
    await box.send()
    await box.hear()
    assert [frame["d"]["state"] for frame in ada.heard("delivery")] == ["sent", "delivered"]
    assert (olga.heard("delivery"), marta.heard("delivery")) == ([], [])


async def test_files_go_in_the_form_whatsapp_takes(box: Outbox) -> None:
    number = await box.live()
    content = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(content, "WEBP")
    file_id = "f" * 32
    await box.files.put(file_id, content.getvalue())
    await box.pool.execute(
        "INSERT INTO file (id, owner, owner_id, name, size, type, preview, created_at)"
        " VALUES ($1, 'agent', $2, 'lamp.webp', $3, 'image/webp', false, $4)",
        file_id,
        cast.ADA.id,
        len(content.getvalue()),
        box.clock.now(),
    )
    await box.house.desk.perform(WriteMessage(number, cast.ADA, "f", "Your lamp", files=(file_id,)))
    await box.send()
    assert await box.states(number) == ["sent"]
    upload, sent = await box.phone.journal(kind="graph")
    assert ("image/jpeg" in upload.note, sent.request["image"]["caption"]) == (True, "Your lamp")


async def test_a_number_that_is_switched_off_sends_nothing(box: Outbox) -> None:
    number = await box.live()
    await box.pool.execute("UPDATE channel_account SET enabled = false")
    await box.house.desk.directory.accounts.refresh()
    await box.say(number)
    await box.send()
    assert [name for name, _ in await box.lines(number)] == ["not_sent"]
    assert await box.arrived() == []


async def test_the_rest_of_a_long_text_waits_until_it_is_known_that_its_beginning_went(box: Outbox) -> None:
    number = await box.live()
    box.channel._graph._client.timeout = 0.3
    await box.say(number, f"{'a' * 4000}\n\n{'b' * 4000}")
    await box.phone.turn(hang_after_accept=1)
    await box.send()
    await box.phone.faults()
    await box.send()
    assert await box.states(number) == ["unknown"]
    await box.hear()
    await box.send()
    assert [text[0] for text in await box.arrived()] == ["a", "b"]
    await box.hear()
    assert await box.states(number) == ["delivered"]
    await box.later(61)
    assert await box.lines(number) == []
