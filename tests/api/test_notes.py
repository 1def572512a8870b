"""Notes on a customer's profile, and who sees a customer's history (TEAM-7, PEOPLE-7)."""

import httpx

from deskbell.store import notes
from tests.api.desk import NOW, EdgeDesk, code
from tests.rules import rule

MANY = """
    INSERT INTO note (customer_id, staff_id, client_id, text, at)
    SELECT $1, 1, 'm' || n, 'x', now() FROM generate_series(1, $2) n
"""
LINE = """
    INSERT INTO conversation (kind, state, channel, customer_id, owner_id, mentioned, preview, created_at, state_at)
    VALUES ($1, $2, 'web', $3, $4, $5, $6, $7, $7) RETURNING id
"""


async def customer(desk: EdgeDesk) -> int:
    found: int = await desk.pool.fetchval("INSERT INTO customer (name) VALUES ('Marta') RETURNING id")
    return found


async def conversation(
    desk: EdgeDesk, customer_id: int, owner: int | None, state: str = "closed", named: tuple[int, ...] = ()
) -> int:
    kind = "ticket" if state == "unassigned" else "chat"
    made: int = await desk.pool.fetchval(LINE, kind, state, customer_id, owner, list(named), "Hello", NOW)
    return made


async def own_id(client: httpx.AsyncClient) -> int:
    found: int = (await client.get("/api/session")).json()["id"]
    return found


@rule("TEAM-7", "PEOPLE-7")
async def test_a_stranger_neither_reads_nor_writes_notes_and_a_colleague_on_the_case_does_both(
    desk: EdgeDesk,
) -> None:
    ada, olga = await desk.person("Ada"), await desk.person("Olga")
    marta = await customer(desk)
    await conversation(desk, marta, await own_id(ada), "live")
    path = f"/api/customers/{marta}/notes"
    for answer in (
        await olga.get(path),
        await olga.post(path, json={"id": "n", "text": "Mine"}),
        await olga.delete(f"{path}/1"),
    ):
        assert code(answer) == (404, "not_found")
    assert (await ada.post(path, json={"id": "n", "text": " Prefers letters \r\n"})).status_code == 201
    await conversation(desk, marta, await own_id(olga))
    assert [note["text"] for note in (await olga.get(path)).json()["notes"]] == ["Prefers letters"]


@rule("TEAM-7")
async def test_a_note_is_deleted_by_its_author_or_a_supervisor_and_by_nobody_else(desk: EdgeDesk) -> None:
    ada, bob, sven = (
        await desk.person("Ada"),
        await desk.person("Bob"),
        await desk.person("Sven", "supervisor"),
    )
    marta = await customer(desk)
    for client in (ada, bob):
        await conversation(desk, marta, await own_id(client))
    path = f"/api/customers/{marta}/notes"
    first, second = [
        (await ada.post(path, json={"id": text, "text": text})).json()["id"] for text in ("One", "Two")
    ]
    assert code(await bob.delete(f"{path}/{first}")) == (403, "forbidden")
    assert (await ada.delete(f"{path}/{first}")).status_code == 204
    assert (await sven.delete(f"{path}/{second}")).status_code == 204
    assert code(await sven.delete(f"{path}/{second}")) == (404, "not_found")
    assert (await ada.get(path)).json() == {"notes": [], "total": 0, "next": None}
    assert desk.heard.words == ["notes"] * 4


async def test_a_note_that_is_sent_twice_is_there_once_and_pages_join_without_doubles(desk: EdgeDesk) -> None:
    sven = await desk.person("Sven", "supervisor")
    path = f"/api/customers/{await customer(desk)}/notes"
    for number in (1, 2, 3, 3, 1):
        await sven.post(path, json={"id": f"n{number}", "text": f"Note {number}"})
    first = (await sven.get(path, params={"limit": 2})).json()
    second = (await sven.get(path, params={"limit": 2, "before": first["next"]})).json()
    assert [note["text"] for note in first["notes"] + second["notes"]] == ["Note 3", "Note 2", "Note 1"]
    assert (first["total"], second["next"]) == (3, None)


async def test_a_note_has_its_bounds_and_so_has_their_number(desk: EdgeDesk) -> None:
    sven = await desk.person("Sven", "supervisor")
    marta = await customer(desk)
    path = f"/api/customers/{marta}/notes"
    for text, refused in (
        (" ", (400, "empty")),
        ("x" * 4001, (400, "too_long")),
        ("a\x00", (400, "bad_text")),
    ):
        assert code(await sven.post(path, json={"id": "n", "text": text})) == refused
    await desk.pool.execute(MANY, marta, notes.MOST)
    answer = await sven.post(path, json={"id": "n", "text": "One more"})
    assert code(answer) == (409, "full")
    assert str(notes.MOST) in answer.json()["error"]["text"]


@rule("PEOPLE-7")
async def test_whoever_is_tagged_or_could_take_a_ticket_knows_the_customer(desk: EdgeDesk) -> None:
    ada, olga, kim = await desk.person("Ada"), await desk.person("Olga"), await desk.person("Kim")
    marta, theo = await customer(desk), await customer(desk)
    await conversation(desk, marta, await own_id(ada), "live", (await own_id(olga),))
    await conversation(desk, theo, None, "unassigned")
    assert (await olga.get(f"/api/customers/{marta}")).status_code == 200
    assert code(await kim.get(f"/api/customers/{marta}")) == (404, "not_found")
    assert (await kim.get(f"/api/customers/{theo}")).status_code == 200


async def test_the_times_and_loads_that_screens_need_are_there_for_every_agent(desk: EdgeDesk) -> None:
    ada, sven = await desk.person("Ada"), await desk.person("Sven", "supervisor")
    me, marta, theo = await own_id(ada), await customer(desk), await customer(desk)
    await conversation(desk, marta, me, "live")
    await conversation(desk, theo, me, "pending")
    await sven.patch("/api/preferences", json={"pending_minutes": 60, "max_chats": 3})
    assert (await ada.get("/api/timers")).json()["pending_minutes"] == 60
    loads = (await ada.get("/api/team/loads")).json()["loads"]
    assert {"id": me, "chats": 1, "most": 3} in loads
