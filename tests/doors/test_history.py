"""A customer's conversations, read by every agent who deals with them; comments of a chat (PEOPLE-7, TEAM-5)."""

from typing import Any

from tests.doors.house import Door, House, live_chat
from tests.rules import rule


@rule("PEOPLE-7")
async def test_old_conversations_are_read_by_whoever_deals_with_the_customer_and_by_nobody_else(
    door: Door, house: House
) -> None:
    chat = await live_chat(house, text="My old question")
    olga = await house.hire("Olga")
    http = await olga.http()
    customer = (await (await chat.agent.http()).get(f"/api/conversations/{chat.c}")).json()["customer"]["id"]
    path = f"/api/customers/{customer}/conversations"
    assert [(await http.get(address)).status_code for address in (path, f"{path}/{chat.c}")] == [404, 404]
    await (await chat.agent.http()).post(f"/api/conversations/{chat.c}/close", json={"id": "end"})
    await house.pool.execute(
        """INSERT INTO conversation (kind, state, channel, customer_id, owner_id, created_at, state_at)
           VALUES ('ticket', 'assigned', 'web', $1, $2, now(), now())""",
        customer,
        olga.id,
    )
    listed = (await http.get(path, params={"limit": 1})).json()
    assert [line["state"] for line in listed["conversations"]] == ["assigned"]
    older = (await http.get(path, params={"before": listed["next"]})).json()
    assert [(line["id"], line["owner"]) for line in older["conversations"]] == [(chat.c, chat.agent.id)]
    read = (await http.get(f"{path}/{chat.c}")).json()
    assert "My old question" in [entry.get("text") for entry in read["entries"]]
    assert (read["row"]["state"], read["next"]) == ("closed", None)
    assert (await http.get(f"/api/conversations/{chat.c}")).status_code == 404


@rule("PEOPLE-7", "TEAM-5")
async def test_a_history_is_paged_upwards_and_holds_no_comments(door: Door, house: House) -> None:
    chat = await live_chat(house)
    http = await chat.agent.http()
    for number in range(60):
        await http.post(
            f"/api/conversations/{chat.c}/messages", json={"id": f"m{number}", "text": f"M{number}"}
        )
    await chat.ada.quiet()
    await chat.marta.quiet()
    comment: dict[str, Any] = {"t": "comment", "id": "k", "c": chat.c, "text": "Between us"}
    assert (await http.post("/api/actions", json=comment)).status_code == 200
    customer = (await http.get(f"/api/conversations/{chat.c}")).json()["customer"]["id"]
    path = f"/api/customers/{customer}/conversations/{chat.c}"
    newest = (await http.get(path)).json()
    oldest = (await http.get(path, params={"before": newest["next"]})).json()
    texts = [entry.get("text") for entry in oldest["entries"] + newest["entries"]]
    assert [text for text in texts if text and text.startswith("M")] == [f"M{number}" for number in range(60)]
    assert "Between us" not in texts
    assert oldest["next"] is None


@rule("TEAM-1", "TEAM-5")
async def test_comments_are_read_by_their_people_and_their_texts_are_gone_after_the_close(
    door: Door, house: House
) -> None:
    chat = await live_chat(house)
    olga = await (await house.hire("Olga")).http()
    http = await chat.agent.http()
    comment = {"t": "comment", "id": "k", "c": chat.c, "text": "Between us"}
    assert (await http.post("/api/actions", json=comment)).status_code == 200
    path = f"/api/conversations/{chat.c}/comments"
    assert (await olga.get(path)).status_code == 404
    assert [entry["text"] for entry in (await http.get(path)).json()["comments"]] == ["Between us"]
    await http.post(f"/api/conversations/{chat.c}/close", json={"id": "end"})
    assert [entry.get("text", "") for entry in (await http.get(path)).json()["comments"]] == [""]
