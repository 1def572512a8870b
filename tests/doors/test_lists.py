"""Lists and threads by HTTP: pages that miss nothing, whatever happens between them (LIST-1, LIST-4, LIST-6)."""

from datetime import timedelta
from itertools import chain
from typing import Any

import httpx
import pytest

from tests.doors.house import Door, House, live_chat
from tests.rules import rule


async def pages(http: httpx.AsyncClient, query: str) -> list[list[int]]:
    """All pages of a list, as numbers of conversations."""
    found, after = [], ""
    while True:
        answer: dict[str, Any] = (await http.get(f"/api/conversations?{query}{after}")).json()
        found.append([row["id"] for row in answer["rows"]])
        if answer["next"] is None:
            return found
        after = f"&after={answer['next']}"


async def seven_chats(house: House) -> tuple[httpx.AsyncClient, list[int]]:
    """Ada's seven live chats, some seconds apart; the first one's customer was the last to write."""
    ada = await house.hire("Ada", max_chats=20)
    await ada.console()
    numbers, widgets = [], []
    for _ in range(7):
        visitor = await house.visitor()
        widgets.append(await visitor.widget())
        numbers.append((await visitor.start(widgets[-1]))["c"])
        await widgets[-1].event("assigned")
        house.clock.advance(timedelta(seconds=5))
    await widgets[0].ask("send", c=numbers[0], text="And another thing")
    return await ada.http(), numbers


@rule("LIST-4", "LIST-6")
async def test_pages_hold_every_chat_once_in_either_order(door: Door, house: House) -> None:
    ada, numbers = await seven_chats(house)
    for limit in (1, 2, 3, 7, 100):
        by_start = await pages(ada, f"tab=live&sort=new&limit={limit}")
        by_activity = await pages(ada, f"tab=live&sort=activity&limit={limit}")
        assert list(chain(*by_start)) == numbers[::-1]
        assert list(chain(*by_activity)) == [numbers[0], *numbers[:0:-1]]
        assert all(len(page) <= limit for page in by_start)


@rule("LIST-1")
async def test_each_tab_has_its_own_and_its_count(door: Door, house: House) -> None:
    chat = await live_chat(house)
    ada = await chat.agent.http()
    tabs = ("live", "pending", "tagged", "closed", "tickets")
    assert [await pages(ada, f"tab={tab}") for tab in tabs] == [[[chat.c]], [[]], [[]], [[]], [[]]]
    await chat.ada.ask("close", c=chat.c)
    assert [await pages(ada, f"tab={tab}") for tab in tabs] == [[[]], [[]], [[]], [[chat.c]], [[]]]
    counts = (await ada.get("/api/conversations/counts")).json()
    expected = {"live": 0, "pending": 0, "tagged": 0, "closed": 1, "tickets": 0}
    assert {tab: counts[tab] for tab in tabs} == expected


async def test_an_agent_s_list_holds_nothing_of_others_and_all_is_for_supervisors(
    door: Door, house: House
) -> None:
    chat = await live_chat(house)
    olga, sven = await house.hire("Olga"), await house.hire("Sven", "supervisor")
    assert await pages(await olga.http(), "tab=live") == [[]]
    for path in ("/api/conversations?tab=live&scope=all", "/api/conversations/counts?scope=all"):
        assert (await (await olga.http()).get(path)).status_code == 403
    assert await pages(await sven.http(), "tab=live&scope=all") == [[chat.c]]
    assert await pages(await sven.http(), "tab=live") == [[]]


@rule("LIST-3")
async def test_the_unread_of_a_card_is_each_agent_s_own(door: Door, house: House) -> None:
    chat = await live_chat(house)
    sven = await house.hire("Sven", "supervisor")
    await chat.ada.say("read", c=chat.c, seq=2)
    await chat.ada.hear("seen")
    path = "/api/conversations?tab=live&scope="
    [mine] = (await (await chat.agent.http()).get(path + "mine")).json()["rows"]
    [theirs] = (await (await sven.http()).get(path + "all")).json()["rows"]
    assert (mine["seen"], theirs["seen"]) == ({"seq": 2, "count": 1}, {"seq": 0, "count": 0})


async def test_a_thread_is_paged_both_ways(door: Door, house: House) -> None:
    chat = await live_chat(house)
    for n in range(8):
        await chat.ada.ask("send", c=chat.c, text=f"Line {n}")
    ada, path = await chat.agent.http(), f"/api/conversations/{chat.c}/entries"

    async def page(query: str) -> tuple[list[int], bool]:
        answer = (await ada.get(f"{path}?{query}")).json()
        return [entry["seq"] for entry in answer["entries"]], answer["more"]

    assert await page("limit=4") == ([8, 9, 10, 11], True)
    assert await page("before=8&limit=4") == ([4, 5, 6, 7], True)
    assert await page("before=4&limit=4") == ([1, 2, 3], False)
    assert await page("after=0&limit=4") == ([1, 2, 3, 4], True)
    assert await page("after=9&limit=4") == ([10, 11], False)
    visitor = (await chat.visitor.http().get(f"/api/widget/entries?c={chat.c}&limit=3")).json()
    assert [entry["seq"] for entry in visitor["entries"]] == [9, 10, 11]


@rule("LIST-2")
async def test_a_new_chat_is_new_until_its_owner_opens_it(door: Door, house: House) -> None:
    chat = await live_chat(house)
    sven = await (await house.hire("Sven", "supervisor")).http()
    ada, path = await chat.agent.http(), f"/api/conversations/{chat.c}"
    await sven.post(f"{path}/open")
    assert (await ada.get(path)).json()["new"] is True
    assert (await ada.post(f"{path}/open")).status_code == 204
    assert (await chat.ada.hear("row"))["s"].get("new") is None
    assert (await ada.get(path)).json().get("new") is None


@rule("LIST-5", "SUPERVISOR-1")
async def test_an_agent_may_not_ask_for_the_chats_of_another_or_for_everybody_s_load(
    door: Door, house: House
) -> None:
    chat = await live_chat(house)
    olga = await (await house.hire("Olga")).http()
    for path in (f"?tab=live&agent={chat.agent.id}", "/counts?agent=1", "/loads"):
        assert (await olga.get(f"/api/conversations{path}")).status_code == 403


@rule("LIST-5")
async def test_what_makes_no_sense_in_a_filter_is_refused_by_name(door: Door, house: House) -> None:
    ada = await (await house.hire("Ada")).http()
    for asked, field in (
        ("label=x", "label"),
        ("sentiment=sad", "sentiment"),
        ("from=-1", "from"),
        ("department=0", "department"),
        ("closed_by=me", "closed_by"),
    ):
        answer = await ada.get(f"/api/conversations?tab=closed&{asked}")
        assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)
    long = await ada.get(f"/api/conversations?tab=closed&q={'x' * 201}")
    assert (long.status_code, "200" in long.json()["error"]["text"]) == (400, True)


@rule("LIST-5")
async def test_what_was_said_is_noted_by_the_commit_and_found_once_it_is_taken_in(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deskbell.desk.indexer.PAUSE_S", 3600)
    indexer = (await house.open()).node.desk.indexer
    chat = await live_chat(house, text="My unicycle is broken")
    ada = await chat.agent.http()
    assert await pages(ada, "tab=live&q=unicyc") == [[]]
    for said, asked in ((None, "unicyc"), ("A new wheel is on its way", "wheel+unicycle")):
        if said:
            await chat.ada.ask("send", c=chat.c, text=said)
        assert indexer.is_busy
        await indexer.take_in()
        assert await pages(ada, f"tab=live&q={asked}") == [[chat.c]]
    counts = (await ada.get("/api/conversations/counts?tab=live&q=wheel")).json()
    assert (counts["live"], counts["most"]) == (1, 1000)


@rule("SUPERVISOR-1")
async def test_everybody_s_chats_come_agent_by_agent_with_their_loads(door: Door, house: House) -> None:
    zoe, ada = await house.hire("Zoe", max_chats=2), await house.hire("Ada", max_chats=2)
    sven = await (await house.hire("Sven", "supervisor")).http()
    for person in (zoe, ada):
        await person.console()
    numbers = []
    for _ in range(5):
        visitor = await house.visitor()
        widget = await visitor.widget()
        numbers.append((await visitor.start(widget))["c"])
        await widget.find(
            lambda f: f["t"] == "entry" and f["e"].get("event", {}).get("name") in ("assigned", "queued"), ""
        )
        house.clock.advance(timedelta(seconds=5))
    for limit in (1, 2, 100):
        listed = list(chain(*await pages(sven, f"tab=live&scope=all&by_agent=true&limit={limit}")))
        rows = (await sven.get("/api/conversations?tab=live&scope=all&by_agent=true")).json()["rows"]
        assert listed == [row["id"] for row in rows]
    assert [row.get("owner") for row in rows] == [None, ada.id, ada.id, zoe.id, zoe.id]
    loads = {one["agent"]: one for one in (await sven.get("/api/conversations/loads")).json()["agents"]}
    assert {agent: one["live"] for agent, one in loads.items()} == {None: 1, ada.id: 2, zoe.id: 2}
    assert all(one["waiting"] == one["live"] and one["since"] for one in loads.values())


@rule("LIST-1")
async def test_how_the_lists_were_left_is_kept_for_every_device(door: Door, house: House) -> None:
    ada = await house.hire("Ada")
    http = await ada.http()
    left = {"tab": "closed", "scope": "mine", "filters": {"closed": "label=3"}, "folded": [0, 4]}
    assert (await http.patch("/api/me/settings", json={"lists": left})).status_code == 200
    me = (await (await ada.sign_in()).get("/api/session")).json()
    assert me["settings"]["lists"] == left
    refused = await http.patch("/api/me/settings", json={"lists": {"filters": {"closed": "x" * 301}}})
    assert refused.status_code == 400
