"""Canned replies: whose they are, who sees them, what may stand in them (CHAT-10)."""

from typing import Any

import httpx
import pytest

from deskbell.store import canned_replies, departments, staff
from deskbell.store.canned_replies import OWN_MOST
from tests.api.desk import NOW, EdgeDesk, code
from tests.rules import rule

PATH = "/api/canned-replies"


async def make(client: httpx.AsyncClient, shortcut: str, **more: Any) -> int:
    answer = await client.post(PATH, json={"shortcut": shortcut, "text": "Hello"} | more)
    assert answer.status_code == 201, answer.text
    made: int = answer.json()["id"]
    return made


async def names(client: httpx.AsyncClient) -> list[str]:
    return [reply["shortcut"] for reply in (await client.get(PATH)).json()["replies"]]


@rule("CHAT-10")
async def test_what_is_somebodys_own_does_not_exist_for_anybody_else(desk: EdgeDesk) -> None:
    ada, bob, alma = await desk.person("Ada"), await desk.person("Bob"), await desk.person("Alma", "admin")
    mine = await make(ada, "mine")
    for other in (bob, alma):
        assert await names(other) == []
        assert code(await other.patch(f"{PATH}/{mine}", json={"text": "Mine"})) == (404, "not_found")
        assert code(await other.delete(f"{PATH}/{mine}")) == (404, "not_found")
    await make(bob, "mine", text="Bob's")
    assert (await ada.get(PATH)).json()["replies"][0]["text"] == "Hello"
    assert (await ada.delete(f"{PATH}/{mine}")).status_code == 204
    assert await names(ada) == []


@rule("CHAT-10")
async def test_supervisors_keep_the_shared_ones_and_agents_read_those_of_their_departments(
    desk: EdgeDesk,
) -> None:
    ada, sven = await desk.person("Ada"), await desk.person("Sven", "supervisor")
    sales = await departments.add(desk.pool, "Sales", "", True)
    assert sales is not None
    for_all = await make(sven, "all", own=False)
    await make(sven, "sales", own=False, departments=[sales])
    assert code(await ada.post(PATH, json={"shortcut": "x", "text": "x", "own": False})) == (403, "forbidden")
    assert code(await ada.patch(f"{PATH}/{for_all}", json={"text": "x"})) == (403, "forbidden")
    assert code(await ada.delete(f"{PATH}/{for_all}")) == (403, "forbidden")
    assert (await names(ada), await names(sven)) == (["all"], ["all", "sales"])
    who = await desk.pool.fetchval("SELECT id FROM staff WHERE name = 'Ada'")
    await staff.set_departments(desk.pool, who, [sales])
    assert await names(ada) == ["all", "sales"]
    assert desk.heard.words == ["canned_replies", "canned_replies"]


@rule("CHAT-10")
async def test_formats_are_cleaned_and_the_plain_text_comes_along(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada")
    html = "<p>Hi <b>{customer.name}</b><script>alert(1)</script><img src=x onerror=alert(1)></p>"
    await make(ada, "/hi", html=html)
    (reply,) = (await ada.get(PATH)).json()["replies"]
    assert (reply["shortcut"], reply["text"]) == ("hi", "Hi {customer.name}")
    assert reply["html"] == "<p>Hi <b>{customer.name}</b></p>"
    await ada.patch(f"{PATH}/{reply['id']}", json={"text": "Plain"})
    (reply,) = (await ada.get(PATH)).json()["replies"]
    assert (reply["text"], reply["html"]) == ("Plain", None)
    assert desk.heard.words == ["settings of 1", "settings of 1"]


async def test_the_list_is_sent_again_only_when_it_has_changed(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada")
    tag = (await ada.get(PATH)).headers["etag"]
    same = await ada.get(PATH, headers={"If-None-Match": tag})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    await make(ada, "new")
    assert (await ada.get(PATH, headers={"If-None-Match": tag})).status_code == 200


@pytest.mark.parametrize(
    ("values", "answer"),
    [
        ({"text": "x" * 4_001}, (400, "bad_input")),
        ({"html": "<p>" + "x" * 4_001}, (400, "too_long")),
        ({"shortcut": "x" * 41}, (400, "too_long")),
        ({"shortcut": "two words"}, (400, "bad_input")),
        ({"shortcut": " / "}, (400, "bad_text")),
        ({"text": " \n"}, (400, "empty")),
        ({"html": "<p> </p>"}, (400, "empty")),
        ({"shortcut": "TAKEN"}, (409, "taken")),
        ({"departments": [1]}, (400, "bad_input")),
        ({"own": False, "departments": [999]}, (400, "department")),
    ],
    ids=str,
)
async def test_what_cannot_be_is_refused_with_why(
    desk: EdgeDesk, values: dict[str, Any], answer: tuple[int, str]
) -> None:
    sven = await desk.person("Sven", "supervisor")
    await make(sven, "taken")
    given = {"shortcut": "new", "text": "Hello"} | values
    assert code(await sven.post(PATH, json=given)) == answer
    assert await names(sven) == ["taken"]


async def test_their_number_is_bounded(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada")
    who = await desk.pool.fetchval("SELECT id FROM staff WHERE name = 'Ada'")
    for n in range(OWN_MOST):
        await canned_replies.add(desk.pool, who, f"r{n}", "Hello", None, (), NOW)
    full = await ada.post(PATH, json={"shortcut": "more", "text": "Hello"})
    assert code(full) == (409, "too_many")
    assert full.json()["error"]["limit"] == OWN_MOST
