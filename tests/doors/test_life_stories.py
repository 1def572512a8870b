"""What the clock, a mention, a merge and an absence do to a conversation, heard over two nodes (LIFE, TICKET, TEAM)."""

from datetime import timedelta
from typing import Any

from tests.doors.house import House
from tests.doors.sockets import Frame, Socket
from tests.doors.stage import Part, Stage, set_up
from tests.doors.test_whole_life import entries_of, name_of
from tests.rules import rule

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


async def event(stage: Stage, who: str, part: Part, name: str) -> Frame:
    """This person's ears (or Marta's widget) hear this event of this conversation."""
    ears = part.widget if who == "marta" else stage.ears[who]
    return await ears.find(
        lambda f: f["t"] == "entry" and f["c"] == part.c and name_of(f["e"]) == name, f"{name} for {who}"
    )


async def notice(stage: Stage, who: str, part: Part, kind: str) -> Any:
    """What the bell of this person says of it."""
    found = await stage.ears[who].find(
        lambda f: f["t"] == "notice" and (f["n"]["c"], f["n"]["kind"]) == (part.c, kind), f"{kind} for {who}"
    )
    return found["n"]["data"]


async def settle(stage: Stage) -> None:
    """Whatever the clock asks for is done, by whichever node is first."""
    for door in stage.house.nodes:
        await door.node.desk.timekeeper.sweep()
        door.node.desk.router.wake()


async def tune(stage: Stage, part: Part, **values: object) -> None:
    """Sven changes preferences; both nodes know."""
    sven = await stage.http(part, "sven", True)
    assert (await sven.patch("/api/preferences", json=values)).status_code == 200
    await stage.house.reread()


async def state(stage: Stage, part: Part) -> tuple[str, int | None]:
    row = await stage.house.pool.fetchrow("SELECT state, owner_id FROM conversation WHERE id = $1", part.c)
    assert row is not None
    return row["state"], row["owner_id"]


async def hears_nothing_more(stage: Stage, part: Part, *who: str) -> None:
    """Marta writes once more, and these are not told."""
    await stage.hush(part)
    assert (await stage.act(part, "marta", "write", "http")).code == "ack"
    await stage.caught_up(part, "sven")
    heard = await stage.heard(part)
    assert not [(name, heard[name]) for name in who if heard[name]]


async def lists_it(stage: Stage, part: Part, who: str, query: str) -> bool:
    rows = (await (await stage.http(part, who, True)).get(f"/api/conversations?{query}")).json()["rows"]
    return part.c in [row["id"] for row in rows]


@rule("LIFE-14", "LIFE-18")
async def test_a_transfer_nobody_answers_comes_back_after_its_present_time(house: House) -> None:
    stage = await set_up(house)
    part = await stage.given("passing")
    await stage.act(part, "ada", "write", "http")
    await tune(stage, part, transfer_minutes=7)
    await stage.pass_time(7 * MINUTE)
    await settle(stage)
    for who in ("ada", "bruno", "sven"):
        heard = await event(stage, who, part, "transfer_back")
        assert (heard["e"]["event"]["minutes"], heard["s"].get("transfer")) == (7, None)
    assert await notice(stage, "ada", part, "transfer_answer") == {"who": "Bruno", "answer": "back"}
    assert await state(stage, part) == ("live", stage.people["ada"].id)
    assert (await stage.act(part, "bruno", "take", "socket")).code == "taken"
    await hears_nothing_more(stage, part, "bruno", "olga", "theo")


@rule("LIFE-2", "LIFE-16")
async def test_a_ring_goes_on_to_the_next_and_who_was_too_late_is_told(house: House) -> None:
    stage = await set_up(house)
    await tune(stage, Part(0, stage.theo, stage.ears["theo"]), distribution="offer")
    customer = await house.visitor(stage.one)
    widget = await customer.widget(stage.two)
    part = Part((await customer.start(widget, department=stage.departments["sales"]))["c"], customer, widget)
    rung = (await event(stage, "sven", part, "offered"))["s"]["offered_to"]
    first = next(name for name in ("olga", "otto") if stage.people[name].id == rung)
    second = {"olga": "otto", "otto": "olga"}[first]
    assert await notice(stage, first, part, "offered") == {}
    assert await lists_it(stage, part, first, "tab=live")
    await stage.pass_time(timedelta(seconds=30))
    await settle(stage)
    assert (await event(stage, first, part, "rang_out"))["e"]["event"]["agent"] == first.title()
    assert await notice(stage, second, part, "offered") == {}
    assert (await stage.act(part, second, "pick up", "socket", near=False)).code == "ack"
    late = await stage.act(part, first, "pick up", "http")
    assert (late.code, late.text) == ("taken", f"{second.title()} has this chat now.")
    await event(stage, "marta", part, "assigned")
    told = [f["e"]["event"] for f in widget.all if f["t"] == "entry" and f["e"]["kind"] == "event"]
    assert told == [{"name": "started"}, {"name": "assigned", "agent": second.title()}]
    await hears_nothing_more(stage, part, first, "ada", "bruno")


@rule("LIFE-5", "LIFE-6", "LIFE-8", "LIFE-17", "LIFE-18")
async def test_an_unanswered_chat_is_passed_on_but_not_a_flagged_or_pending_one(house: House) -> None:
    stage = await set_up(house)
    plain, flagged, pending = [await stage.given(one) for one in ("live", "flagged", "pending")]
    nobody = [stage.people[name].id for name in ("tess", "olga", "otto", "fay", "sven")]
    await house.pool.execute("UPDATE staff SET available = false WHERE id = ANY($1::int[])", nobody)
    await tune(stage, plain, agent_timeout_minutes=3)
    await stage.pass_time(3 * MINUTE)
    await settle(stage)
    for who in ("ada", "bruno", "sven"):
        heard = await event(stage, who, plain, "passed")
        assert heard["e"]["text"] == "No answer from Ada for 3 minutes: passed to Bruno"
        assert heard["s"]["owner"] == stage.people["bruno"].id
    assert await notice(stage, "bruno", plain, "passed") == {"from": "Ada"}
    assert (await event(stage, "marta", plain, "passed"))["e"]["event"] == {
        "name": "passed",
        "agent": "Bruno",
    }
    ada = stage.people["ada"].id
    assert [await state(stage, one) for one in (flagged, pending)] == [("live", ada), ("pending", ada)]
    await hears_nothing_more(stage, plain, "ada", "olga")


@rule("LIFE-6")
async def test_a_chat_nobody_else_can_take_stays_and_supervisors_are_told_once(house: House) -> None:
    stage = await set_up(house)
    part = await stage.given("live")
    nobody = [person.id for name, person in stage.people.items() if name not in ("ada", "uma")]
    await house.pool.execute("UPDATE staff SET available = false WHERE id = ANY($1::int[])", nobody)
    for _ in range(2):
        await stage.pass_time(20 * MINUTE)
        await settle(stage)
        await stage.two.node.desk.batcher.drain()
    assert (await event(stage, "ada", part, "stuck"))["s"]["owner"] == stage.people["ada"].id
    assert await notice(stage, "sven", part, "stuck") == {"agent": "Ada"}
    await stage.hush(part)
    told = "SELECT array_agg(staff_id) FROM notification WHERE conversation_id = $1"
    assert await house.pool.fetchval(told, part.c) == [stage.people["sven"].id]
    assert "stuck" not in [name_of(f["e"]) for f in entries_of(part.widget.all)]


@rule("LIFE-5", "LIFE-7", "LIFE-8", "LIFE-9")
async def test_silence_closes_a_chat_but_not_a_flagged_one_and_a_pending_one_only_in_its_own_time(
    house: House,
) -> None:
    stage = await set_up(house)
    plain, flagged, pending = [await stage.given(one) for one in ("live", "flagged", "pending")]
    for part in (plain, flagged, pending):
        assert (await stage.act(part, "ada", "write", "http")).code == "ack"
    await stage.act(pending, "ada", "flag", "socket")
    await stage.pass_time(2 * HOUR)
    await settle(stage)
    closed = await event(stage, "ada", plain, "closed")
    assert closed["e"]["text"] == "Closed by the system: no answer from the customer for 2 hours"
    assert (await event(stage, "marta", plain, "closed"))["view"]["state"] == "closed"
    await stage.pass_time(6 * HOUR)
    await settle(stage)
    assert (await event(stage, "sven", pending, "closed"))["s"]["close_reason"] == "pending for 8 hours"
    assert (await state(stage, flagged))[0] == "live"


@rule("TEAM-1", "TEAM-3", "TEAM-4", "TEAM-5")
async def test_who_is_tagged_watches_live_until_the_close_and_not_a_moment_longer(house: House) -> None:
    stage = await set_up(house)
    part = await stage.given("tagged")
    tess = stage.ears["tess"]
    assert await lists_it(stage, part, "tess", "tab=tagged")
    await tess.say("watch", c=part.c, since=0)
    resumed = await tess.hear("resumed", c=part.c)
    assert [name_of(e) for e in resumed["entries"]] == ["started", "message", "assigned", "comment"]
    await stage.hush(part)
    await stage.act(part, "marta", "write", "http")
    await stage.act(part, "tess", "comment", "http")
    await stage.act(part, "ada", "end", "http")
    await stage.caught_up(part, "sven", "tess", "ada")
    heard = await stage.heard(part)
    assert [name_of(f["e"]) for f in entries_of(heard["tess"])] == ["message", "comment", "closed"]
    assert entries_of(heard["tess"]) == entries_of(heard["ada"])
    assert [name_of(f["e"]) for f in entries_of(heard["marta"])] == ["message", "closed"]
    assert not await lists_it(stage, part, "tess", "tab=tagged")
    await tess.say("watch", c=part.c, since=0)
    assert (await tess.hear("error", c=part.c))["code"] == "not_found"
    for path in ("", "/entries", "/comments"):
        http = await stage.http(part, "tess", True)
        assert (await http.get(f"/api/conversations/{part.c}{path}")).status_code == 404
    left = (await (await stage.http(part, "ada", True)).get(f"/api/conversations/{part.c}/comments")).json()
    assert [comment.get("text", "") for comment in left["comments"]] == ["", ""]
    await hears_nothing_more(stage, part, "tess", "bruno")


@rule("TEAM-3", "TEAM-5", "OPS-2")
async def test_a_comment_too_long_for_one_notice_reaches_who_is_named_and_not_the_customer(
    house: House,
) -> None:
    stage = await set_up(house)
    part = await stage.given("live")
    text = "🦊" * 4_000
    named = [stage.people["tess"].id]
    answer = await stage.mouths["ada"].ask("comment", c=part.c, text=text, mentions=named)
    assert answer["t"] == "ack"
    for who in ("tess", "ada", "sven"):
        heard = await stage.ears[who].entry(text)
        assert (heard["e"]["mentions"], heard["s"]["mentioned"]) == (named, named)
    assert await notice(stage, "tess", part, "mention") == {"who": "Ada"}
    assert (await stage.heard(part))["marta"] == []
    assert (await stage.heard(part))["bruno"] == []


@rule("LIFE-9", "LIFE-12")
async def test_what_the_closing_dialog_asks_is_kept_for_staff_and_not_told_to_the_customer(
    house: House,
) -> None:
    stage = await set_up(house)
    parts = [await stage.given("live") for _ in range(2)]
    sven = await stage.http(parts[0], "sven", True)
    tag = (await sven.post("/api/closing-tags", json={"name": "Sold"})).json()["id"]
    dialog = {"sentiment": "positive", "tag": tag, "note": "Wants two"}
    ada = await stage.http(parts[0], "ada", True)
    answer = await ada.post(f"/api/conversations/{parts[0].c}/close", json={"id": "c"} | dialog)
    assert answer.status_code == 200
    assert (await stage.mouths["ada"].ask("close", c=parts[1].c, **dialog))["t"] == "ack"
    for part in parts:
        card = (await event(stage, "sven", part, "closed"))["s"]
        assert (card["sentiment"], card["closing_tag"], card["closed_by"]) == ("positive", tag, "agent")
        assert (await ada.get(f"/api/conversations/{part.c}")).json()["close_note"] == "Wants two"
        told = await event(stage, "marta", part, "closed")
        assert told["e"]["event"] == {"name": "closed", "by": "agent"}
        assert "Wants two" not in str(part.widget.all) + str(told)


@rule("LIFE-12")
async def test_after_the_word_to_stop_nobody_writes_until_the_customer_does(house: House) -> None:
    stage = await set_up(house)
    part = await stage.given("live")
    assert (await part.widget.ask("send", c=part.c, text="//stop"))["t"] == "ack"
    await event(stage, "ada", part, "opted_out")
    await event(stage, "ada", part, "closed")
    for door in ("http", "socket"):
        refused = await stage.act(part, "ada", "write", door)
        assert (refused.code, "opted out" in refused.text) == ("forbidden", True)
    assert "opted_out" not in [name_of(f["e"]) for f in entries_of(part.widget.all)]
    assert (await stage.act(part, "marta", "write", "http")).code == "ack"
    await event(stage, "ada", part, "assigned")
    assert (await stage.act(part, "ada", "write", "socket")).code == "ack"


@rule("LIFE-10")
async def test_only_the_customer_s_reply_revives_a_chat_under_its_number(house: House) -> None:
    stage = await set_up(house)
    part = await stage.given("closed")
    await tune(stage, part, session_hours=72)
    await stage.pass_time(24 * HOUR - timedelta(seconds=1))
    assert (await stage.act(part, "ada", "write", "http")).code == "ack"
    await stage.pass_time(timedelta(seconds=1))
    for door in ("http", "socket"):
        refused = await stage.act(part, "ada", "write", door, near=False)
        assert (refused.code, "24 hours" in refused.text) == ("forbidden", True)
    assert (await state(stage, part))[0] == "closed"
    assert (await stage.act(part, "marta", "write", "http")).code == "ack"
    assert (await event(stage, "ada", part, "assigned"))["s"]["owner"] == stage.people["ada"].id
    told = await event(stage, "marta", part, "assigned")
    assert (told["c"], told["view"]["state"]) == (part.c, "live")
    assert (await stage.act(part, "ada", "write", "socket")).code == "ack"


@rule("TICKET-1", "TICKET-7")
async def test_a_further_try_out_of_hours_goes_into_the_open_ticket_and_an_agent_closes_it(
    house: House,
) -> None:
    stage = await set_up(house)
    ticket = await stage.given("ticket")
    night, widget = stage.departments["night"], ticket.widget
    number = (await widget.ask("start", text="Still nobody?", department=night))["c"]
    further = Part(number, ticket.customer, widget)
    told = await event(stage, "marta", further, "merged")
    assert (told["e"]["event"]["number"], told["view"]["merged_into"]) == (ticket.c, ticket.c)
    for who in ("ada", "bruno", "sven"):
        assert (await event(stage, who, ticket, "merged_in"))["e"]["event"]["number"] == further.c
        assert (await event(stage, who, ticket, "message"))["s"]["state"] == "unassigned"
    http = await stage.http(ticket, "bruno", True)
    entries = (await http.get(f"/api/conversations/{ticket.c}/entries")).json()["entries"]
    assert [e["text"] for e in entries if e["kind"] == "message"] == ["Hello", "Still nobody?"]
    assert await state(stage, further) == ("closed", None)
    await house.pool.execute("UPDATE customer SET last_agent_id = $1", stage.people["ada"].id)
    chat = Part((await widget.ask("start", text="Now?"))["c"], ticket.customer, widget)
    linked = await event(stage, "ada", chat, "linked")
    assert linked["e"]["event"]["number"] == ticket.c
    assert (await event(stage, "sven", ticket, "closed"))["s"]["linked_to"] == chat.c
    assert (await state(stage, chat))[1] == stage.people["ada"].id


async def resumed(socket: Socket, c: int) -> Frame:
    return await socket.hear("resumed", c=c)


@rule("VISITOR-5", "LIFE-19", "OPS-2")
async def test_who_was_away_all_the_while_gets_all_of_it_and_customers_only_what_is_theirs(
    house: House,
) -> None:
    stage = await set_up(house)
    part = await stage.given("live")
    for socket in (stage.ears["ada"], stage.ears["bruno"], part.widget):
        await socket.line.close()
    steps = [("ada", "flag"), ("ada", "name tess"), ("ada", "write"), ("ada", "pend"), ("ada", "unpend")]
    steps += [("ada", "pass to bruno"), ("bruno", "take"), ("bruno", "write"), ("sven", "give ada")]
    steps += [("ada", "end"), ("ada", "write")]
    for who, action in steps:
        assert (await stage.act(part, who, action, "socket")).code == "ack", (who, action)
    ada = await resumed(await stage.people["ada"].console(stage.two, have={str(part.c): 3}), part.c)
    names = ["flagged", "comment", "message", "pending", "unpended", "transfer", "transferred", "message"]
    assert [name_of(e) for e in ada["entries"]] == [*names, "given", "closed", "message"]
    assert (ada["s"]["state"], ada["s"]["comments"]) == ("closed", 1)
    assert "text" not in ada["entries"][1] or ada["entries"][1]["text"] == ""
    marta = await resumed(await part.customer.widget(stage.two, have={str(part.c): 3}), part.c)
    public = ["message", "transferred", "message", "given", "closed", "message"]
    assert [name_of(e) for e in marta["entries"]] == public
    seqs = [3, *(entry["seq"] for entry in marta["entries"])]
    assert [entry["prev"] for entry in marta["entries"]] == seqs[:-1]
    assert (marta["view"]["state"], "s" in marta) == ("closed", False)
    bruno = await stage.people["bruno"].console(stage.two, have={str(part.c): 3})
    assert (await bruno.hear("error", c=part.c))["code"] == "not_found"
