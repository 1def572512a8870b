"""After the end: rating in the widget and by the link in the mail, and asking for the transcript (VISITOR-9)."""

import re
from html import unescape

import httpx
import pytest

from deskbell.kit.tokens import sign
from tests.doors.house import Door, House, live_chat
from tests.rules import rule


async def ended(house: House) -> tuple[httpx.AsyncClient, httpx.AsyncClient, int]:
    """Marta's and another visitor's browser; Marta's chat with Ada has ended."""
    chat = await live_chat(house)
    marta, theo = chat.visitor.http(), (await house.visitor()).http()
    assert (await marta.post("/api/widget/close", json={"id": "e", "c": chat.c})).status_code == 200
    return marta, theo, chat.c


async def rated(door: Door, number: int) -> list[tuple[int | None, str]]:
    rows = await door.node.pool.fetch("SELECT score, comment FROM survey WHERE conversation_id = $1", number)
    return [(row[0], row[1]) for row in rows]


async def link(door: Door, number: int) -> str:
    """What stands in the transcript's mail."""
    seq = await door.node.pool.fetchval("SELECT seq FROM survey WHERE conversation_id = $1", number)
    until = int(door.node.edge.clock.now().timestamp()) + 60
    return f"/survey/{number}/{seq}?sig={sign(door.node.edge.secret, 'survey', f'{number}.{seq}', until)}"


@rule("SUPERVISOR-4", "VISITOR-9")
async def test_others_neither_rate_nor_look_nor_ask_for_the_transcript(door: Door, house: House) -> None:
    _, theo, number = await ended(house)
    rating = {"id": "r", "c": number, "score": 1}
    assert (await theo.get(f"/api/widget/after?c={number}")).status_code == 404
    assert (await theo.post("/api/widget/rate", json=rating)).status_code == 404
    wish = {"id": "w", "c": number, "email": "thief@evil.test"}
    assert (await theo.post("/api/widget/transcript", json=wish)).status_code == 404
    assert await rated(door, number) == [(None, "")]
    assert await door.node.pool.fetchval("SELECT count(*) FROM transcript") == 0


@rule("SUPERVISOR-4", "VISITOR-9")
async def test_the_customer_rates_in_the_widget_and_changes_it(door: Door, house: House) -> None:
    marta, _, number = await ended(house)
    asked = (await marta.get(f"/api/widget/after?c={number}")).json()["survey"]
    assert (asked["kind"], asked["least"], asked["most"], asked["score"], asked["open"]) == (
        "csat",
        1,
        5,
        None,
        True,
    )
    for n, score in enumerate((2, 4)):
        rating = {"id": f"r{n}", "c": number, "score": score, "comment": "Quick"}
        assert (await marta.post("/api/widget/rate", json=rating)).status_code == 200
    assert await rated(door, number) == [(4, "Quick")]
    low = await marta.post("/api/widget/rate", json={"id": "r9", "c": number, "score": 0})
    assert (low.status_code, low.json()["error"]["code"]) == (400, "score")


@rule("SUPERVISOR-4")
async def test_a_link_that_is_forged_or_for_another_closing_opens_nothing(door: Door, house: House) -> None:
    _, _, number = await ended(house)
    good = await link(door, number)
    until = int(door.node.edge.clock.now().timestamp()) + 60
    other = sign(door.node.edge.secret, "file", good.split("/")[3].split("?")[0], until)
    client = house.keep(door.client())
    elsewhere, misused = good.replace(f"/{number}/", "/999/"), f"{good.split('=')[0]}={other}"
    for wrong in (good[:-1], good.replace("?", "?x="), elsewhere, misused):
        for answer in (await client.get(wrong), await client.post(wrong, data={"score": "1"})):
            assert (answer.status_code, "This link does not work" in answer.text) == (404, True)
    assert await rated(door, number) == [(None, "")]


@rule("SUPERVISOR-4")
async def test_looking_at_the_link_changes_nothing_and_sending_the_form_does(
    door: Door, house: House
) -> None:
    _, _, number = await ended(house)
    address = await link(door, number)
    client = house.keep(door.client())
    for method in ("GET", "HEAD"):
        await client.request(method, f"{address}&score=5")
    assert await rated(door, number) == [(None, "")]
    shown = await client.get(f"{address}&score=5")
    assert re.search(r'value="5" required checked', shown.text)
    assert "<script" not in shown.text
    thanks = await client.post(address, data={"score": "3", "comment": "<b>Fine</b>"})
    assert (thanks.status_code, await rated(door, number)) == (200, [(3, "<b>Fine</b>")])
    again = await client.get(address)
    assert "<b>Fine</b>" not in again.text
    assert "<b>Fine</b>" in unescape(again.text)
    assert "Hello" not in again.text  # nothing of the conversation


@rule("SUPERVISOR-4")
@pytest.mark.parametrize(
    "body", [b"", b"score=", b"score=9", b"score=-1", b"score=\xff", b"score=1&" * 50, b"{}"]
)
async def test_a_form_that_cannot_be_is_refused(door: Door, house: House, body: bytes) -> None:
    _, _, number = await ended(house)
    client = house.keep(door.client(**{"Content-Type": "application/x-www-form-urlencoded"}))
    answer = await client.post(await link(door, number), content=body)
    assert (answer.status_code, await rated(door, number)) == (400, [(None, "")])


async def test_a_page_elsewhere_cannot_send_the_form(door: Door, house: House) -> None:
    _, _, number = await ended(house)
    client = house.keep(door.client(Origin="https://evil.test"))
    assert (await client.post(await link(door, number), data={"score": "1"})).status_code == 403
    assert await rated(door, number) == [(None, "")]


@rule("VISITOR-9")
async def test_asking_again_and_again_is_slowed(door: Door, house: House) -> None:
    marta, _, number = await ended(house)
    codes = [
        (
            await marta.post(
                "/api/widget/transcript", json={"id": f"t{n}", "c": number, "email": "m@home.test"}
            )
        ).status_code
        for n in range(12)
    ]
    assert codes[:5] == [200] * 5
    assert set(codes[5:]) == {429}
