"""Two things at once, over two nodes, by barriers and not by luck: a gate is shut until everybody stands before it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from deskbell.store import departments
from tests.doors.gate import in_turn, shut
from tests.doors.house import House, Person
from tests.doors.sockets import Socket
from tests.doors.stage import NEVER, PLENTY, Answer, Part, Stage, set_up
from tests.doors.test_whole_life import name_of
from tests.rules import rule

Act = Callable[[], Awaitable[Any]]
ORDERS = pytest.mark.parametrize("first", [0, 1])


async def thread(stage: Stage, c: int) -> list[str]:
    """The names of its entries; their numbers are 1, 2, 3 without a hole."""
    http = await stage.people["sven"].http(stage.two)
    entries = (await http.get(f"/api/conversations/{c}/entries?limit=200")).json()["entries"]
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    return [name_of(entry) for entry in entries]


async def owner(stage: Stage, c: int) -> tuple[str, str]:
    """The state, and whose it is."""
    row = await stage.house.pool.fetchrow("SELECT state, owner_id FROM conversation WHERE id = $1", c)
    assert row is not None
    names = {person.id: name for name, person in stage.people.items()}
    return row["state"], names.get(row["owner_id"], "")


async def race(stage: Stage, part: Part, first: int, *acts: Act) -> list[Any]:
    """Both at once, `first` (0 or 1) served first; the results in the order of `acts`."""
    results = await in_turn(stage.house, part.c, acts if first == 0 else acts[::-1])
    return results if first == 0 else results[::-1]


def by(stage: Stage, part: Part, who: str, action: str, *, near: bool = True) -> Act:
    return partial(stage.act, part, who, action, "http" if near else "socket", near=near)


async def accept_by_socket(person: Person, console: Socket, c: int) -> tuple[str, str]:
    answer = await console.ask("accept", c=c)
    return person.name, answer["t"] if answer["t"] == "ack" else f"{answer['code']}: {answer['text']}"


async def accept_by_http(person: Person, http: httpx.AsyncClient, c: int) -> tuple[str, str]:
    answer = await http.post("/api/actions", json={"t": "accept", "id": "mine", "c": c})
    error = answer.json().get("error")
    return person.name, "ack" if error is None else f"{error['code']}: {error['text']}"


@rule("LIFE-16", "TICKET-3", "OPS-2")
async def test_of_fifty_who_accept_a_ticket_at_once_one_has_it_and_all_others_are_told_who(
    house: House,
) -> None:
    one, two = await house.open(**PLENTY), await house.open(**PLENTY)
    night = await house.department("Night")
    await departments.change(house.pool, night, {"hours": NEVER})
    crowd = [await house.hire(f"Agent{n}", in_=(night,)) for n in range(50)]
    consoles = await asyncio.gather(*(person.console(one) for person in crowd[:25]))
    https = await asyncio.gather(*(person.http(two) for person in crowd[25:]))
    visitor = await house.visitor(one)
    widget = await visitor.widget(one)
    c = (await visitor.start(widget, department=night))["c"]
    await widget.event("ticket")
    async with shut(house, c) as gate:
        tries = [accept_by_socket(p, s, c) for p, s in zip(crowd[:25], consoles, strict=True)]
        tries += [accept_by_http(p, h, c) for p, h in zip(crowd[25:], https, strict=True)]
        racing = [asyncio.ensure_future(one_try) for one_try in (tries[0], tries[-1])]
        await gate.standing(2)
        racing += [asyncio.ensure_future(one_try) for one_try in tries[1:-1]]
        await gate.standing(50)
    answers = dict(await asyncio.gather(*racing))
    winners = [name for name, answer in answers.items() if answer == "ack"]
    assert len(winners) == 1
    losers = {answer for name, answer in answers.items() if name not in winners}
    assert losers <= {f"taken: {winners[0]} was first.", f"taken: {winners[0]} has this ticket now."}
    events = "SELECT count(*) FROM entry WHERE conversation_id = $1 AND data->>'name' = 'accepted'"
    assert await house.pool.fetchval(events, c) == 1


@rule("LIFE-14", "LIFE-16")
@ORDERS
async def test_of_two_who_take_what_was_offered_to_their_department_the_first_has_it(
    house: House, first: int
) -> None:
    stage = await set_up(house)
    part = await stage.given("hall")
    answers: list[Answer] = await race(
        stage, part, first, by(stage, part, "olga", "take"), by(stage, part, "otto", "take", near=False)
    )
    winner, loser = ("olga", "otto") if first == 0 else ("otto", "olga")
    lost = answers[1 - first]
    assert (answers[first].code, lost.code) == ("ack", "taken"), (winner, loser, lost)
    assert lost.text == f"{winner.title()} has this chat now."
    assert await owner(stage, part.c) == ("live", winner)
    assert (await thread(stage, part.c)).count("transferred") == 1


@rule("LIFE-9", "LIFE-10", "OPS-2")
@ORDERS
async def test_closing_and_a_message_of_the_customer_lose_nothing_in_either_order(
    house: House, first: int
) -> None:
    stage = await set_up(house)
    part = await stage.given("live")
    answers = await race(
        stage, part, first, by(stage, part, "ada", "end"), by(stage, part, "marta", "write", near=False)
    )
    assert [answer.code for answer in answers] == ["ack", "ack"]
    if first == 1:
        assert (await thread(stage, part.c))[-2:] == ["message", "closed"]
        assert await owner(stage, part.c) == ("closed", "ada")
    else:
        await part.widget.event("revived")
        await part.widget.event("assigned")
        assert (await thread(stage, part.c))[-4:] == ["closed", "revived", "message", "assigned"]
        assert await owner(stage, part.c) == ("live", "ada")


@rule("LIFE-10", "CHAT-13")
@ORDERS
async def test_closing_and_a_message_of_the_agent_leave_it_closed_in_either_order(
    house: House, first: int
) -> None:
    stage = await set_up(house)
    part = await stage.given("live")
    answers = await race(
        stage, part, first, by(stage, part, "marta", "end"), by(stage, part, "ada", "write", near=False)
    )
    assert [answer.code for answer in answers] == ["ack", "ack"]
    names = ["closed", "message"] if first == 0 else ["message", "closed"]
    assert (await thread(stage, part.c))[-2:] == names
    assert await owner(stage, part.c) == ("closed", "ada")


@rule("LIFE-14", "LIFE-16", "CHAT-13")
@ORDERS
async def test_an_answer_of_who_hands_it_over_comes_before_the_transfer_or_not_at_all(
    house: House, first: int
) -> None:
    stage = await set_up(house)
    part = await stage.given("passing")
    taken, wrote = await race(
        stage, part, first, by(stage, part, "bruno", "take"), by(stage, part, "ada", "write", near=False)
    )
    assert taken.code == "ack"
    assert await owner(stage, part.c) == ("live", "bruno")
    if first == 0:
        assert (wrote.code, wrote.text) == ("forbidden", "Bruno has this chat now.")
        assert "message" not in (await thread(stage, part.c))[3:]
    else:
        assert wrote.code == "ack"
        assert (await thread(stage, part.c))[-2:] == ["message", "transferred"]


async def unanswered(stage: Stage) -> Part:
    """Ada has looked at Marta's chat, not answered it, and Bruno is the only other one with room."""
    part = await stage.given("live")
    await stage.ears["ada"].say("read", c=part.c, seq=3)
    await stage.ears["ada"].hear("seen", c=part.c)
    names = [stage.people[name].id for name in ("tess", "olga", "otto", "fay", "sven")]
    await stage.house.pool.execute("UPDATE staff SET available = false WHERE id = ANY($1::int[])", names)
    return part


@rule("LIFE-6", "LIFE-18", "CHAT-13")
@ORDERS
async def test_the_agent_s_answer_and_the_end_of_its_time_are_one_before_the_other(
    house: House, first: int
) -> None:
    stage = await set_up(house)
    part = await unanswered(stage)

    async def time_runs_out() -> None:
        await stage.pass_time(timedelta(minutes=20))
        stage.two.node.desk.router.wake()

    wrote, _ = await race(stage, part, first, by(stage, part, "ada", "write"), time_runs_out)
    if first == 0:
        assert wrote.code == "ack"
        assert await owner(stage, part.c) == ("live", "ada")
        assert (await thread(stage, part.c))[-1] == "message"
    else:
        assert (wrote.code, wrote.text) == ("forbidden", "Bruno has this chat now.")
        assert await owner(stage, part.c) == ("live", "bruno")
        assert (await thread(stage, part.c))[-1] == "passed"


@rule("LIFE-7", "LIFE-10", "LIFE-18")
@ORDERS
async def test_the_customer_s_message_and_the_end_of_the_silence_lose_nothing_in_either_order(
    house: House, first: int
) -> None:
    stage = await set_up(house)
    part = await stage.given("live")
    await stage.act(part, "ada", "write", "http")
    await stage.hush(part)

    async def silence_is_over() -> None:
        await stage.pass_time(timedelta(hours=2))
        await stage.two.node.desk.timekeeper.sweep()

    wrote, _ = await race(stage, part, first, by(stage, part, "marta", "write"), silence_is_over)
    assert wrote.code == "ack"
    if first == 1:
        await part.widget.event("assigned")
        assert (await thread(stage, part.c))[-4:] == ["closed", "revived", "message", "assigned"]
    else:
        assert (await thread(stage, part.c))[-2:] == ["message", "message"]
    assert await owner(stage, part.c) == ("live", "ada")


@rule("LIFE-15", "LIFE-16", "LIFE-4")
@ORDERS
async def test_a_supervisor_and_routing_give_a_chat_one_after_the_other(house: House, first: int) -> None:
    stage = await set_up(house)
    part = await stage.given("queued")
    full = await house.pool.fetchval(
        "SELECT id FROM conversation WHERE owner_id = $1", stage.people["fay"].id
    )
    fay = await stage.people["fay"].http(stage.two)

    async def a_place_is_free() -> None:
        await fay.post(f"/api/conversations/{full}/close", json={"id": "free"})

    given, _ = await race(stage, part, first, by(stage, part, "sven", "give bruno"), a_place_is_free)
    assert given.code == "ack"
    assert await owner(stage, part.c) == ("live", "bruno")
    ways = [name for name in await thread(stage, part.c) if name in ("assigned", "given")]
    assert ways == (["given"] if first == 0 else ["assigned", "given"])


@rule("TICKET-3")
async def test_two_who_take_several_at_once_share_the_tickets(house: House) -> None:
    stage = await set_up(house)
    tickets = [(await stage.start("night")).c for _ in range(10)]
    ada, bruno = await stage.people["ada"].http(stage.one), await stage.people["bruno"].http(stage.two)
    body = {"id": "quick", "count": 5}
    async with shut(house, *tickets) as gate:
        racing = [asyncio.ensure_future(http.post("/api/tickets/accept", json=body)) for http in (ada, bruno)]
        await gate.standing(4)  # both on both lanes of their nodes
    shares = [answer.json()["accepted"] for answer in await asyncio.gather(*racing)]
    assert sorted(shares[0] + shares[1]) == tickets
    assert [len(share) for share in shares] == [5, 5]
    again = (await ada.post("/api/tickets/accept", json=body)).json()
    assert (sorted(again["accepted"]), again["left"]) == (sorted(shares[0]), 0)


@rule("OPS-2")
async def test_the_same_action_at_all_doors_at_once_is_done_once(house: House) -> None:
    stage = await set_up(house)
    part = await stage.given("live")
    racing: list[asyncio.Future[Answer]] = []
    async with shut(house, part.c) as gate:
        for door, standing in (("http", 2), ("socket", 4)):
            racing += [
                asyncio.ensure_future(stage.act(part, "ada", "flag", door, id="same", near=near))
                for near in (True, False)
            ]
            await gate.standing(standing)
    answers = await asyncio.gather(*racing)
    assert {(answer.code, answer.seq) for answer in answers} == {("ack", answers[0].seq)}
    assert sorted(answer.dup for answer in answers) == [False, True, True, True]
    assert (await thread(stage, part.c)).count("flagged") == 1
