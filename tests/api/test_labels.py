"""Labels are kept tidy by supervisors: renamed, coloured, merged, deleted (CHAT-8)."""

import pytest

from tests.api.desk import EdgeDesk, code
from tests.rules import rule

LABELLED = """
    INSERT INTO conversation (kind, state, channel, customer_id, labels, created_at, state_at)
    SELECT 'chat', 'closed', 'web', id, $2::int[], now(), now() FROM customer WHERE id = $1 RETURNING id
"""


async def labelled(desk: EdgeDesk, *names: str) -> tuple[int, int, list[int]]:
    """A customer and their chat, both with these labels."""
    ids = [
        await desk.pool.fetchval("INSERT INTO label (name, color) VALUES ($1, 'blue') RETURNING id", n)
        for n in names
    ]
    marta = await desk.pool.fetchval(
        "INSERT INTO customer (name, labels) VALUES ('Marta', $1) RETURNING id", ids
    )
    return marta, await desk.pool.fetchval(LABELLED, marta, ids), ids


async def left(desk: EdgeDesk) -> list[list[int]]:
    rows = await desk.pool.fetch("SELECT labels FROM conversation UNION ALL SELECT labels FROM customer")
    return [list(row[0]) for row in rows]


@rule("PEOPLE-1")
async def test_an_agent_may_not_rename_merge_or_delete(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada")
    _, _, (vip, old) = await labelled(desk, "vip", "old")
    for answer in (
        await ada.patch(f"/api/labels/{vip}", json={"name": "mine"}),
        await ada.post(f"/api/labels/{vip}/merge", json={"into": old}),
        await ada.delete(f"/api/labels/{vip}"),
        await ada.get("/api/labels/used"),
    ):
        assert code(answer) == (403, "forbidden")
    assert await left(desk) == [[vip, old]] * 2


@rule("CHAT-8")
async def test_a_merged_label_is_the_other_one_wherever_it_was(desk: EdgeDesk) -> None:
    sven = await desk.person("Sven", "supervisor")
    _, _, (vip, old) = await labelled(desk, "vip", "old")
    marta = await desk.pool.fetchval("INSERT INTO customer (labels) VALUES ($1) RETURNING id", [old])
    await desk.pool.execute(LABELLED, marta, [old])
    assert (await sven.post(f"/api/labels/{old}/merge", json={"into": vip})).status_code == 204
    assert await left(desk) == [[vip]] * 4
    used = (await sven.get("/api/labels/used")).json()["labels"]
    assert used == [{"id": vip, "name": "vip", "color": "blue", "conversations": 2, "customers": 2}]


@rule("CHAT-8")
async def test_a_deleted_label_is_taken_off_everything(desk: EdgeDesk) -> None:
    sven = await desk.person("Sven", "supervisor")
    _, _, (vip, old) = await labelled(desk, "vip", "old")
    assert (await sven.delete(f"/api/labels/{vip}")).status_code == 204
    assert await left(desk) == [[old]] * 2
    assert desk.heard.words == ["labels"]


@pytest.mark.parametrize(
    ("path", "body", "answer"),
    [
        ("/api/labels/1", {"name": "OLD"}, (409, "taken")),
        ("/api/labels/1", {"color": "black"}, (400, "bad_input")),
        ("/api/labels/1", {"name": "x" * 51}, (400, "bad_input")),
        ("/api/labels/1", {}, (400, "bad_input")),
        ("/api/labels/9", {"name": "New"}, (404, "not_found")),
    ],
)
async def test_what_cannot_be_done_to_a_label_is_refused(
    desk: EdgeDesk, path: str, body: dict[str, str], answer: tuple[int, str]
) -> None:
    sven = await desk.person("Sven", "supervisor")
    await labelled(desk, "vip", "old")
    assert code(await sven.patch(path, json=body)) == answer


@rule("CHAT-8")
async def test_no_label_is_made_above_the_bound_and_the_limit_is_named(desk: EdgeDesk) -> None:
    sven = await desk.person("Sven", "supervisor")
    await desk.pool.execute("INSERT INTO label (name) SELECT 'label ' || n FROM generate_series(1, 1000) n")
    refused = await sven.post("/api/labels", json={"name": "One more"})
    assert code(refused) == (409, "too_many")
    assert refused.json()["error"]["limit"] == 1000
