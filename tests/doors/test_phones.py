"""Customers on WhatsApp, by the simulator's signed webhooks: everything they may send, and everything that goes wrong."""

from typing import Any

import pytest

from tests.desk.house import eventually
from tests.doors.house import House
from tests.doors.phones import Joined, joined
from tests.rules import rule


async def quiet(house: House, desk: Joined) -> None:
    """Until nothing is under way any more, there and here."""
    await desk.phone.idle(jump=True)

    async def all_done() -> bool:
        left = await house.pool.fetchval(
            "SELECT (SELECT count(*) FROM arrival WHERE state <> 'done') + (SELECT count(*) FROM coming_file)"
        )
        return bool(left == 0)

    await eventually(all_done, 60)


@rule("CHANNEL-2")
async def test_everything_a_customer_may_send_is_in_the_thread(house: House) -> None:
    async with joined(house) as desk:
        ada = await (await house.hire("Ada")).console()
        first = await desk.phone.text("marta", "Hello *there*")
        c = (await ada.event("assigned"))["c"]
        kinds = (
            "image",
            "video",
            "audio",
            "voice",
            "document",
            "sticker",
            "location",
            "contacts",
            "order",
            "unsupported",
        )
        for kind in kinds:
            await desk.phone.send("marta", kind)  # type: ignore[arg-type]
        await desk.phone.text("marta", "This one", reply_to=first.id)
        await desk.phone.react("marta", first.id, "\N{THUMBS UP SIGN}")
        await desk.phone.edit("marta", first.id, "Hello!")
        await desk.phone.delete("marta", first.id)
        await quiet(house, desk)
        rows = await house.pool.fetch(
            "SELECT seq, kind, text, data::text FROM entry WHERE conversation_id = $1", c
        )
        messages = [row for row in rows if row["kind"] == "message"]
        assert len(messages) == 12
        assert sum('"coming"' in (row["data"] or "") for row in messages) == 6
        shared = [
            kind
            for row in messages
            for kind in ("location", "contacts", "unsupported")
            if f'"kind": "{kind}"' in (row["data"] or "")
        ]
        assert shared == ["location", "contacts", "unsupported"]
        assert '"quote"' in messages[-1]["data"]
        became = [
            name
            for row in rows
            for name in ("attached", "reacted", "edited", "withdrawn")
            if f'"name": "{name}"' in (row["data"] or "")
        ]
        assert sorted(became) == ["attached"] * 6 + ["edited", "reacted", "withdrawn"]


FAULTS: dict[str, Any] = {
    "duplicate": 0.4,
    "copies": 3,
    "reorder_s": 3.0,
    "delay_s": (0.0, 2.0),
    "drop": 0.2,
    "lose_answer": 0.2,
    "batch": 7,
    "forge": 0.3,
    "extra_fields": 0.3,
    "unknown_types": 0.2,
    "unknown_fields": 0.2,
    "hide_phones": 0.3,
    "mix_accounts": True,
    "big_bodies": 0.05,
}


@rule("CHANNEL-2")
async def test_whatever_goes_wrong_on_the_way_nothing_is_lost_and_nothing_is_doubled(house: House) -> None:
    async with joined(house, seed=11) as desk:
        await desk.phone.turn(**FAULTS)
        said: dict[str, list[str]] = {user: [] for user in ("marta", "yusuf", "lena")}
        for n in range(12):
            for user, texts in said.items():
                sent = await desk.phone.text(user, f"{user} {n}")
                texts.append(f"{user} {n}")
                if n % 4 == 1:
                    await desk.phone.react(user, sent.id, "+")
                if n % 4 == 2:
                    await desk.phone.edit(user, sent.id, f"{user} {n} edited")
        await desk.phone.send("marta", "image")
        await quiet(house, desk)
        rows = await house.pool.fetch(
            "SELECT text, customer_id, data::text FROM entry JOIN conversation c ON c.id = conversation_id"
            " WHERE entry.kind = 'message' ORDER BY seq"
        )
        plain = [row for row in rows if row["text"]]
        assert sorted(row["text"] for row in plain) == sorted(
            text for texts in said.values() for text in texts
        )
        whose = {row["text"].split()[0]: row["customer_id"] for row in plain}
        assert len(set(whose.values())) == 3
        assert all(row["customer_id"] == whose[row["text"].split()[0]] for row in plain)
        strange = [row["data"] for row in rows if not row["text"] and '"coming"' not in row["data"]]
        assert strange
        assert all('"kind": "unsupported"' in data for data in strange)
        names = await house.pool.fetch(
            "SELECT data ->> 'name' AS name, count(*) FROM entry WHERE kind = 'event' AND data ? 'seq' GROUP BY 1"
        )
        assert {row[0]: row[1] for row in names} == {"reacted": 9, "edited": 9, "attached": 1}
        assert desk.door.node.edge.told["whatsapp", "forged"] > 0
        assert await house.pool.fetchval("SELECT count(*) FROM entry WHERE text = 'FORGED'") == 0


BOTH_WAYS = FAULTS | {
    "status_delay_s": (0.0, 1.0),
    "status_before_answer": 0.4,
    "no_sent": 0.2,
    "no_delivered": 0.3,
    "read_first": 0.3,
    "answer_delay_s": (0.0, 0.05),
    "graph_errors": {131000: 0.1},
    "unknown_types": 0.0,
    "big_bodies": 0.0,
}


@rule("CHANNEL-2")
@pytest.mark.parametrize("seed", [3, 5])
async def test_a_talk_has_the_same_end_whatever_goes_wrong_in_both_directions(
    house: House, seed: int
) -> None:
    async with joined(house, seed=seed) as desk:
        ada = await (await house.hire("Ada")).console()
        users = ("marta", "yusuf")
        for user in users:
            await desk.phone.change_user(user, auto_read=True)
        await desk.phone.turn(**BOTH_WAYS)
        chats = {}
        for user in users:
            await desk.phone.text(user, f"{user} first")
            await desk.phone.idle(jump=True)
            chats[user] = (await ada.event("assigned"))["c"]
        for n in range(5):
            for user in users:
                await desk.phone.text(user, f"{user} {n}")
                await ada.ask("send", c=chats[user], text=f"Answer {user} {n}")
        await eventually(lambda: all_read(house, desk), 60)
        await quiet(house, desk)
        for user in users:
            seen = [one.body["body"] for one in (await desk.phone.thread(user)).messages if not one.inbound]
            assert seen == [f"Answer {user} {n}" for n in range(5)]
            rows = await house.pool.fetch(
                "SELECT text FROM entry WHERE conversation_id = $1 AND kind = 'message' AND author = 'customer'",
                chats[user],
            )
            assert sorted(row[0] for row in rows) == [f"{user} {n}" for n in range(5)] + [f"{user} first"]


async def all_read(house: House, desk: Joined) -> bool:
    """Whether every answer has its green ticks; the simulator's clock jumps on to whatever it has planned."""
    await desk.phone.idle(jump=True)
    left = await house.pool.fetchval("SELECT count(*) FROM dispatch WHERE state <> 'read'")
    return bool(left == 0)
