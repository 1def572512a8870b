"""The door for webhooks: the forger first (CHANNEL-2, W1, W2, W5, W12)."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.desk.house import eventually
from tests.doors.house import Door, House
from tests.doors.phones import MARTAS, OURS, account, message, post, signature, webhook
from tests.rules import rule

OTHERS = "200300400500600"


async def stored(house: House) -> list[str]:
    """Keys of the ledger, in order."""
    return [row[0] for row in await house.pool.fetch("SELECT key FROM arrival ORDER BY id")]


FORGERIES: dict[str, Callable[[bytes], tuple[bytes, str | None]]] = {
    "unsigned": lambda body: (body, None),
    "empty": lambda body: (body, "sha256="),
    "another scheme": lambda body: (body, signature(body).replace("sha256", "sha1")),
    "another secret": lambda body: (body, signature(body, "guessed")),
    "the empty secret": lambda body: (body, "sha256=" + "0" * 64),
    "without its name": lambda body: (body, signature(body).partition("=")[2]),
    "not ASCII": lambda body: (body, signature(body)[:-1] + "\u00e9"),
    "of another body": lambda body: (body, signature(body + b" ")),
    "written anew": lambda body: (json.dumps(json.loads(body), indent=1).encode(), signature(body)),
    "with other escapes": lambda body: (body.replace(b"Hello", b"\\u0048ello"), signature(body)),
    "cut short": lambda body: (body[:-1], signature(body)),
    "not even JSON": lambda body: (b"{" * 100_000, signature(body)),
    "nothing": lambda body: (b"", signature(body)),
}


@rule("CHANNEL-2")
async def test_what_our_app_did_not_sign_is_refused_before_it_is_read(house: House, door: Door) -> None:
    await account(house)
    for name, forge in FORGERIES.items():
        body, said = forge(webhook(message()))
        answer = await post(door, body, said)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "signature"), name
    assert await stored(house) == []
    assert door.node.edge.told == {("whatsapp", "forged"): len(FORGERIES)}


@rule("CHANNEL-2")
async def test_an_account_without_a_secret_lets_nobody_in(house: House, door: Door) -> None:
    await account(house, secrets={"token": "t"})
    body = webhook(message())
    for said in (None, signature(body, ""), signature(body)):
        assert (await post(door, body, said)).status_code == 401
    assert await stored(house) == []


@rule("CHANNEL-2")
async def test_an_app_speaks_only_for_its_own_numbers(house: House, door: Door) -> None:
    await account(house)
    await account(house, OTHERS, secrets={"app_secret": "others"})
    mine, theirs, nobodys = webhook(message()), webhook(message(), number=OTHERS), webhook(number="9")
    both = json.loads(mine)
    both["entry"] += json.loads(theirs)["entry"] + json.loads(nobodys)["entry"]
    both["entry"][2]["changes"][0]["value"]["messages"] = [message()]
    answer = await post(door, json.dumps(both).encode())
    assert (answer.status_code, len(await stored(house))) == (200, 1)
    assert door.node.edge.told["whatsapp", "unknown_account"] == 2
    assert (await post(door, theirs, signature(theirs, "others"))).status_code == 200
    accounts = await house.pool.fetch(
        "SELECT a.external_id FROM arrival JOIN channel_account a ON a.id = account_id"
    )
    assert sorted(row[0] for row in accounts) == [OURS, OTHERS]


@rule("CHANNEL-2")
async def test_the_same_webhook_two_hundred_times_at_once_is_one_message(house: House, door: Door) -> None:
    await account(house)
    body = webhook(message("Only once"))
    answers = await asyncio.gather(*(post(door, body) for _ in range(200)))
    assert {answer.status_code for answer in answers} == {200}
    await eventually(lambda: settled(house))
    assert len(await stored(house)) == 1
    assert await house.pool.fetchval("SELECT count(*) FROM entry WHERE text = 'Only once'") == 1


async def settled(house: House) -> bool:
    left: int = await house.pool.fetchval("SELECT count(*) FROM arrival WHERE state <> 'done'")
    return left == 0


@rule("CHANNEL-2")
async def test_a_webhook_is_answered_only_when_it_is_committed(house: House, door: Door) -> None:
    await account(house)
    async with house.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("LOCK TABLE arrival IN EXCLUSIVE MODE")
        asked = asyncio.create_task(post(door, webhook(message())))
        done, _ = await asyncio.wait({asked}, timeout=0.3)
        await transaction.rollback()
    assert done == set()
    assert (await asked).status_code == 200
    assert len(await stored(house)) == 1


@rule("CHANNEL-2")
async def test_signed_nonsense_is_a_plain_refusal_and_strange_parts_are_passed_over(
    house: House, door: Door
) -> None:
    await account(house)
    nonsense: list[Any] = [
        b"[]",
        b"null",
        b'"x"',
        b'{"object":"page"}',
        b"{" * 200_000,
        b"\xff",
        b"[" * 50_000,
    ]
    for body in nonsense:
        assert (await post(door, body)).status_code == 400
    root = b'{"object":"whatsapp_business_account","entry":%s}'
    for entry in (
        b"7",
        b"[7]",
        b'[{"changes":7}]',
        b'[{"changes":[7,{"field":7}]}]',
        b'[{"changes":[{"value":[]}]}]',
    ):
        assert (await post(door, root % entry)).status_code == 200
    assert await stored(house) == []


async def test_texts_that_the_database_does_not_take_are_stored_all_the_same(
    house: House, door: Door
) -> None:
    await account(house)
    body = webhook(message("A@B")).replace(b"A@B", b"zero \\u0000 half \\ud83d end")
    assert (await post(door, body)).status_code == 200
    await eventually(lambda: settled(house))
    text = await house.pool.fetchval("SELECT text FROM entry WHERE kind = 'message'")
    assert text == "zero \ufffd half \ufffd end"


async def test_a_body_may_have_three_megabytes_and_no_more(house: House, door: Door) -> None:
    await account(house)
    room = 3 * 1024 * 1024 - len(webhook(message("")))
    assert (await post(door, webhook(message("x" * (room - 10))))).status_code == 200
    assert (await post(door, webhook(message("x" * (room + 10_000))))).status_code == 413


@rule("CHANNEL-2")
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 200),
        ({"hub.verify_token": "wrong"}, 403),
        ({"hub.verify_token": ""}, 403),
        ({"hub.mode": "unsubscribe"}, 403),
        ({"hub.challenge": "<script>alert(1)</script>"}, 403),
        ({"hub.challenge": "1" * 101}, 403),
        ({"hub.challenge": ""}, 403),
    ],
)
async def test_our_address_is_verified_by_its_token_and_echoes_nothing_harmful(
    house: House, door: Door, query: dict[str, str], status: int
) -> None:
    await account(house)
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "sim-verify"} | query
    async with door.client() as meta:
        answer = await meta.get("/hooks/whatsapp", params=asked)
        assert answer.status_code == status
        assert (answer.text == "1158201444") is (status == 200)
        if status == 200:
            assert answer.headers["content-type"].startswith("text/plain")
            assert answer.headers["x-content-type-options"] == "nosniff"
        assert (await meta.get("/hooks/telegram", params=asked)).status_code == 404
        assert (await meta.post("/hooks/telegram", content=b"{}")).status_code == 404


async def test_the_secrets_of_an_account_are_in_no_answer_of_this_door(house: House, door: Door) -> None:
    await account(house, secrets={"token": "canary-token", "app_secret": "canary-secret"})
    body = webhook(message(by=MARTAS))
    answers = [await post(door, body, said) for said in (None, signature(body, "canary-secret"))]
    async with door.client() as stranger:
        answers += [await stranger.get("/hooks/whatsapp"), await stranger.get("/metrics")]
    assert not [answer for answer in answers if "canary" in answer.text + str(answer.headers)]
    kept = await house.pool.fetchval("SELECT string_agg(payload::text, '') FROM arrival")
    assert "canary" not in kept


async def test_how_webhooks_fare_is_in_the_metrics(house: House, door: Door) -> None:
    await account(house)
    await post(door, webhook(message()))
    await post(door, webhook(message()), "sha256=no")
    await eventually(lambda: settled(house))
    async with door.client() as prometheus:
        said = (await prometheus.get("/metrics")).text
    assert 'deskbell_webhook_things{channel="whatsapp",result="kept"} 1.0' in said
    assert 'deskbell_webhook_things{channel="whatsapp",result="forged"} 1.0' in said
    assert 'deskbell_arrivals_waiting{channel="whatsapp"} 0.0' in said
    assert 'deskbell_arrivals_aside{channel="whatsapp"} 0.0' in said
