"""The managed list of closing tags, and what the closing dialog asks (LIFE-12)."""

from tests.api.desk import EdgeDesk, code
from tests.rules import rule


@rule("LIFE-12")
async def test_a_supervisor_keeps_the_list_and_a_hidden_tag_leaves_the_dialog_but_not_the_list(
    desk: EdgeDesk,
) -> None:
    sven, ada = await desk.person("Sven", "supervisor"), await desk.person("Ada")
    sold, lost = [
        (await sven.post("/api/closing-tags", json={"name": name})).json() for name in ("Sold", "Lost")
    ]
    renamed = await sven.patch(f"/api/closing-tags/{lost['id']}", json={"name": "Not sold"})
    assert renamed.json() == {"id": lost["id"], "name": "Not sold", "active": True}
    await sven.patch(f"/api/closing-tags/{sold['id']}", json={"active": False})
    shown = (await ada.get("/api/closing-tags")).json()["tags"]
    assert [(tag["name"], tag["active"]) for tag in shown] == [("Not sold", True), ("Sold", False)]
    asked = (await ada.get("/api/closing-dialog")).json()
    assert asked["tags"] == [{"id": lost["id"], "name": "Not sold"}]
    assert desk.heard.words == ["closing_tags"] * 4


@rule("LIFE-12")
async def test_each_part_of_the_closing_dialog_can_be_switched_off(desk: EdgeDesk) -> None:
    sven = await desk.person("Sven", "supervisor")
    await sven.post("/api/closing-tags", json={"name": "Sold"})
    dialog = (await sven.get("/api/closing-dialog")).json()
    assert (dialog["sentiment"], dialog["tag"], dialog["note"], len(dialog["tags"])) == (True, True, True, 1)
    await sven.patch("/api/preferences", json={"close_tag": False, "close_note": False})
    dialog = (await sven.get("/api/closing-dialog")).json()
    assert dialog == {"sentiment": True, "tag": False, "note": False, "tags": []}


async def test_two_tags_of_one_name_a_201st_and_an_unknown_one_are_refused(desk: EdgeDesk) -> None:
    sven = await desk.person("Sven", "supervisor")
    first = (await sven.post("/api/closing-tags", json={"name": "Sold"})).json()
    assert code(await sven.post("/api/closing-tags", json={"name": "SOLD"})) == (409, "taken")
    second = (await sven.post("/api/closing-tags", json={"name": "Lost"})).json()
    taken = await sven.patch(f"/api/closing-tags/{second['id']}", json={"name": first["name"]})
    assert code(taken) == (409, "taken")
    assert code(await sven.patch("/api/closing-tags/99", json={"active": True})) == (404, "not_found")
    assert code(await sven.patch("/api/closing-tags/1", json={})) == (400, "bad_input")
    assert code(await sven.post("/api/closing-tags", json={"name": "x" * 61})) == (400, "too_long")
    await desk.pool.execute(
        "INSERT INTO closing_tag (name) SELECT 'tag ' || n FROM generate_series(3, 200) n"
    )
    refused = await sven.post("/api/closing-tags", json={"name": "One more"})
    assert code(refused) == (409, "too_many")
    assert "at most 200" in refused.json()["error"]["text"]


@rule("PEOPLE-1")
async def test_an_agent_may_not_change_closing_tags(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada")
    assert code(await ada.post("/api/closing-tags", json={"name": "Mine"})) == (403, "forbidden")
    await desk.pool.execute("INSERT INTO closing_tag (name) VALUES ('Sold')")
    assert code(await ada.patch("/api/closing-tags/1", json={"active": False})) == (403, "forbidden")
    assert await desk.pool.fetchval("SELECT active FROM closing_tag") is True
