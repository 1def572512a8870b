"""Blocks at the real doors: by socket and HTTP, on every node, and never by what a header claims (BLOCK)."""

from typing import Any

import httpx

from tests.desk.house import eventually
from tests.doors.house import Door, House, Person, live_chat
from tests.rules import rule

HOME, CAFE = "203.0.113.7", "203.0.113.8"
NEUTRAL = "The chat is not available at the moment."


async def newcomer(door: Door, forwarded: str) -> httpx.AsyncClient:
    """A new browser whose requests carry this X-Forwarded-For."""
    header = {"X-Forwarded-For": forwarded} if forwarded else {}
    async with door.client(**header) as http:
        answer = await http.post("/api/widget/session", json={"site": "shop"})
    assert answer.status_code == 200, answer.text
    return door.client(Authorization=f"Bearer {answer.json()['token']}", **header)


async def start(client: httpx.AsyncClient) -> tuple[int, str]:
    async with client:
        answer = await client.post("/api/widget/start", json={"id": "s", "text": "Hello"})
    body = answer.json()
    return answer.status_code, body.get("error", {}).get("text", "")


async def tries(door: Door, *forwarded: str) -> list[int]:
    return [(await start(await newcomer(door, one)))[0] for one in forwarded]


async def blocked_from(door: Door, sven: Person, forwarded: str) -> None:
    """Somebody who came so is blocked with their address."""
    client = await newcomer(door, forwarded)
    async with client:
        c = (await client.post("/api/widget/start", json={"id": "s", "text": "Grr"})).json()["c"]
    action = {"t": "block", "id": f"b{c}", "c": c, "reason": "insults", "address": True}
    answer = await (await sven.http(door)).post("/api/actions", json=action)
    assert answer.status_code == 200, answer.text


@rule("BLOCK-2", "BLOCK-4")
async def test_without_a_trusted_proxy_forged_headers_neither_help_nor_harm(house: House) -> None:
    door = await house.open()
    sven = await house.hire("Sven", "supervisor")
    await blocked_from(door, sven, HOME)
    assert await house.pool.fetchval("SELECT address FROM block") == "127.0.0.1"
    assert await tries(door, CAFE, f"{CAFE}, {HOME}", "", "::1") == [409] * 4


@rule("BLOCK-2", "BLOCK-4")
async def test_behind_a_trusted_proxy_only_what_it_has_seen_itself_counts(house: House) -> None:
    door = await house.open(trusted_proxies="127.0.0.0/8")
    sven = await house.hire("Sven", "supervisor")
    await blocked_from(door, sven, HOME)
    assert await tries(door, HOME, f"{CAFE}, {HOME}", f"{CAFE} ,{HOME}:4711") == [409] * 3
    assert await tries(door, CAFE, f"{HOME}, {CAFE}", "not an address") == [200] * 3
    await blocked_from(door, sven, "2001:db8:1:2::7")
    assert await tries(door, "2001:db8:1:2:ffff::9", "2001:db8:1:3::7") == [409, 200]


@rule("BLOCK-1", "BLOCK-3")
async def test_open_sockets_hear_it_at_once_and_nothing_of_theirs_gets_in_on_any_node(house: House) -> None:
    await house.open()
    second = await house.open()
    chat = await live_chat(house)
    far = await chat.visitor.widget(second)
    stranger = await (await house.visitor()).widget(second)
    action: dict[str, Any] = {"t": "block", "c": chat.c, "reason": "insults"}
    assert (await chat.ada.ask(**action))["t"] == "ack"
    for widget in (chat.marta, far):
        assert (await widget.hear("error"))["text"] == NEUTRAL
        for frame in ({"t": "send", "c": chat.c, "text": "Grr"}, {"t": "start", "text": "Grr"}):
            nack = await widget.ask(**frame)
            assert (nack["t"], nack["code"], nack["text"]) == ("nack", "unavailable", NEUTRAL)
    client = chat.visitor.http(second)
    upload = await client.post("/api/widget/files?name=a.txt", content=b"text")
    assert (upload.status_code, upload.json()["error"]["text"]) == (409, NEUTRAL)
    assert await house.pool.fetchval("SELECT count(*) FROM conversation") == 1
    customer_id = await house.pool.fetchval("SELECT customer_id FROM conversation")

    async def known() -> bool:
        """A node tells by what it has heard so far; what it decides never rests on that."""
        return second.node.desk.directory.turns_away(customer_id, "")

    await eventually(known)
    again = await chat.visitor.widget(second)
    assert (await again.hear("error"))["code"] == "unavailable"
    assert (await stranger.ask("start", text="Hello"))["t"] == "ack"


@rule("BLOCK-3")
async def test_supervisors_find_a_block_and_lift_it_and_agents_do_neither(house: House) -> None:
    door = await house.open()
    chat = await live_chat(house)
    sven = await (await house.hire("Sven", "supervisor")).http(door)
    ada = await chat.agent.http()
    await chat.ada.ask("block", c=chat.c, reason="insults")
    (block,) = (await sven.get("/api/blocks?q=INSULT")).json()["blocks"]
    assert (block["reason"], block["by"], block["c"], block["running"]) == (
        "insults",
        chat.agent.id,
        chat.c,
        True,
    )
    assert block["until"] - block["at"] == 24 * 3600 * 1000
    assert (await sven.get("/api/blocks?q=nobody")).json()["blocks"] == []
    path = f"/api/blocks/{block['id']}/lift"
    assert (await ada.post(path, json={"id": "l"})).status_code == 403
    assert (await sven.post(path, json={"id": "l"})).status_code == 200
    assert (await sven.get("/api/blocks")).json()["blocks"] == []
    (ended,) = (await sven.get("/api/blocks?running=false")).json()["blocks"]
    assert ended["lifted_by"] is not None
    assert (await sven.post(path, json={"id": "l2"})).status_code == 409
    assert (await chat.marta.ask("send", c=chat.c, text="Sorry"))["t"] == "ack"
