"""What helps to write: a message that quotes another one, and the sight of what a customer types (CHAT-11, CHAT-12)."""

import pytest

from deskbell.store import preferences
from tests.doors.house import Door, House, live_chat
from tests.rules import rule

SECRET = "my number is 4711"


@rule("CHAT-12")
async def test_a_quote_of_another_conversation_or_of_what_only_the_team_sees_is_refused(
    door: Door, house: House
) -> None:
    chat = await live_chat(house)
    theo = await house.visitor()
    widget = await theo.widget()
    his = (await theo.start(widget, "Hello from Theo"))["c"]
    secret = await chat.ada.ask("send", c=chat.c, text="Only for Marta")
    comment = await chat.ada.ask("comment", c=chat.c, text="She pays late")
    for seq in (secret["seq"], comment["seq"], 1, 0, 2**31 - 1):
        nack = await widget.ask("send", c=his, text="Hi", quote=seq)
        assert (nack["t"], nack.get("code")) == (("ack", None) if seq == 2 else ("nack", "quote"))
    assert (await widget.ask("send", c=chat.c, text="Hi", quote=secret["seq"]))["code"] == "not_found"
    for socket in (chat.marta, chat.ada):
        for seq in (1, comment["seq"]):
            assert (await socket.ask("send", c=chat.c, text="Hi", quote=seq))["code"] == "quote"


@rule("CHAT-12")
async def test_a_quoted_message_comes_along_with_the_reply_for_both_sides(door: Door, house: House) -> None:
    chat = await live_chat(house)
    asked = await chat.marta.ask("send", c=chat.c, text="Do you ship to <b>Norway</b>?\nAnd when?")
    await chat.ada.ask("send", c=chat.c, text="Yes.", quote=asked["seq"])
    shown = {"seq": asked["seq"], "by": "customer", "name": f"Visitor {1}"}
    shown["text"] = "Do you ship to <b>Norway</b>? And when?"
    for socket in (chat.ada, chat.marta):
        assert (await socket.entry("Yes."))["e"]["quote"] == shown
    by_http = await (await chat.agent.http()).get(f"/api/conversations/{chat.c}/entries")
    assert by_http.json()["entries"][-1]["quote"] == shown
    path = {"c": chat.c, "id": "q", "text": "Good.", "quote": asked["seq"] + 1}
    assert (await chat.visitor.http().post("/api/widget/messages", json=path)).status_code == 200
    assert (await chat.ada.entry("Good."))["e"]["quote"]["name"] == "Ada"


async def see_typing(house: House) -> None:
    await preferences.save(house.pool, {"typing_preview": True}, None)
    await house.reread()


@rule("CHAT-11")
async def test_without_the_preference_what_is_typed_reaches_nobody(door: Door, house: House) -> None:
    chat = await live_chat(house)
    await chat.ada.say("watch", c=chat.c, since=0)
    await chat.marta.say("typing", c=chat.c, on=True, text=SECRET)
    assert "text" not in await chat.ada.hear("typing", on=True)
    assert "typing_preview" not in chat.marta.all[0]


@rule("CHAT-11")
async def test_what_is_typed_is_seen_by_those_who_have_the_thread_open_and_kept_nowhere(
    door: Door, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    chat = await live_chat(house)
    await see_typing(house)
    watching = await chat.agent.console()
    await watching.say("watch", c=chat.c, since=0)
    await watching.hear("resumed")
    sven = await (await house.hire("Sven", "supervisor")).console()
    await sven.say("follow", all=True)
    olga, second = await (await house.hire("Olga")).console(), await chat.visitor.widget()
    assert second.all[0]["typing_preview"]
    await sven.quiet()
    await chat.marta.say("typing", c=chat.c, on=True, text=f"{SECRET}\x01")
    assert (await watching.hear("typing"))["text"] == SECRET
    for socket in (sven, chat.ada):
        assert "text" not in await socket.hear("typing", by="customer", on=True)
    for outsider in (olga, second):
        assert await outsider.quiet("typing") == []
    found = await house.pool.fetchval("SELECT count(*) FROM entry WHERE text LIKE '%4711%'")
    assert (found, SECRET in caplog.text) == (0, False)


@rule("CHAT-11")
async def test_what_staff_type_is_never_shown_and_too_much_is_refused(door: Door, house: House) -> None:
    chat = await live_chat(house)
    await see_typing(house)
    await chat.ada.say("typing", c=chat.c, on=True, text=SECRET)
    assert "text" not in await chat.marta.hear("typing", by="agent")
    await chat.marta.say("typing", c=chat.c, on=True, text="x" * 501)
    assert "500" in (await chat.marta.hear("error", code="bad_frame"))["text"]


@rule("CHAT-11")
async def test_what_is_typed_on_one_node_is_seen_on_another(door: Door, house: House) -> None:
    await see_typing(house)
    other = await house.open()
    chat = await live_chat(house)
    far = await chat.agent.console(other)
    await far.say("watch", c=chat.c, since=0)
    await far.hear("resumed")
    await chat.marta.say("typing", c=chat.c, on=True, text="Half a sen")
    assert (await far.hear("typing"))["text"] == "Half a sen"


@rule("CHAT-13")
async def test_a_reply_goes_where_it_was_aimed_though_new_messages_came_in_unseen(
    door: Door, house: House
) -> None:
    chat = await live_chat(house)
    theo = await house.visitor()
    widget = await theo.widget()
    his = (await theo.start(widget, "Hello"))["c"]
    for n in range(3):
        await chat.marta.ask("send", c=chat.c, text=f"And {n}")
    ack = await chat.ada.ask("send", c=chat.c, text="For Marta", seen=2)
    assert ack["c"] == chat.c
    assert (await chat.marta.entry("For Marta"))["e"]["seq"] == ack["seq"]
    await widget.ask("send", c=his, text="Still there?")
    assert [f for f in await widget.quiet("entry") if f["e"].get("text") == "For Marta"] == []


@rule("CHAT-13")
async def test_a_reply_that_comes_after_the_chat_changed_hands_is_refused_and_says_who_has_it(
    door: Door, house: House
) -> None:
    chat = await live_chat(house)
    bruno = await house.hire("Bruno")
    await bruno.console()
    sven = await (await house.hire("Sven", "supervisor")).console()
    await chat.ada.say("read", c=chat.c, seq=2)
    await chat.ada.hear("seen")
    await sven.ask("assign", c=chat.c, agent=bruno.id)
    nack = await chat.ada.ask("send", c=chat.c, text="Too late", seen=2)
    assert (nack["t"], nack["code"], nack["text"]) == ("nack", "forbidden", "Bruno has this chat now.")
    await sven.ask("assign", c=chat.c, agent=chat.agent.id)
    assert (await chat.ada.ask("send", id=nack["id"], c=chat.c, text="Too late", seen=2))["t"] == "ack"
