"""Numbers on WhatsApp, their secrets, their templates, and what an agent may send when (CHANNEL-2, LIFE-10, LIFE-11)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, NamedTuple

import httpx
import pytest
from structlog.testing import capture_logs

from deskbell.domain.commands import StartChat
from deskbell.domain.people import Customer
from tests.doors.house import NOW, House, Person
from tests.doors.sockets import Socket
from tests.rules import rule
from whatsapp_sim import defaults
from whatsapp_sim.client import Client
from whatsapp_sim.clock import Clock
from whatsapp_sim.server import serving
from whatsapp_sim.simulator import Simulator

pytestmark = rule("CHANNEL-2")

ACCOUNTS = "/api/channels/whatsapp/accounts"
NUMBER = {
    "name": "Shop",
    "phone_number_id": defaults.PHONE_NUMBER_ID,
    "waba_id": defaults.WABA_ID,
    "token": defaults.TOKEN,
    "app_secret": "canary-app-secret",
}
PHONE = "15555550111"


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with serving(clock=Clock(NOW.timestamp(), running=False)) as found:
        yield found


@pytest.fixture
async def phone(sim: Simulator) -> AsyncIterator[Client]:
    async with Client(sim.base) as client:
        yield client


@pytest.fixture
async def boss(house: House, sim: Simulator) -> httpx.AsyncClient:
    await house.open(whatsapp_api=sim.base)
    return await (await house.hire("Boss", "admin")).http()


class Talk(NamedTuple):
    c: int
    agent: Person
    http: httpx.AsyncClient
    console: Socket

    async def thread(self) -> dict[str, Any]:
        answer = await self.http.get(f"/api/conversations/{self.c}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def template(self, template: int, key: str = "t", **about: Any) -> httpx.Response:
        body = {"id": key, "template": template} | about
        return await self.http.post(f"/api/conversations/{self.c}/template", json=body)


async def talk(house: House, boss: httpx.AsyncClient, phone: Client) -> Talk:
    """Ada's chat with Marta, who has just written on WhatsApp; the templates are fetched."""
    account = (await boss.post(ACCOUNTS, json=NUMBER)).json()["id"]
    assert (await boss.post(f"{ACCOUNTS}/{account}/sync")).status_code == 200
    agent = await house.hire("Ada")
    console = await agent.console()
    customer = await house.pool.fetchval(
        "INSERT INTO customer (name, created_at) VALUES ('Marta', $1) RETURNING id", NOW
    )
    await house.pool.execute(
        "INSERT INTO contact (account_id, user_id, phone, customer_id, last_in_at, created_at)"
        " VALUES ($1, $2, $2, $3, $4, $4)",
        account,
        PHONE,
        customer,
        NOW,
    )
    await phone.text("marta", "Hello")
    start = StartChat(Customer(customer), "start", "whatsapp", None, None, "Hello")
    c = (await house.nodes[0].node.desk.perform(start)).conversation_id
    await console.event("assigned")
    return Talk(c, agent, await agent.http(), console)


async def a_day_later(house: House, phone: Client, chat: Talk) -> Talk:
    """Ada has signed in again."""
    house.clock.advance(timedelta(hours=24))
    await phone.advance(24 * 3600)
    return chat._replace(http=await chat.agent.sign_in())


async def test_secrets_go_in_and_never_come_out(house: House, boss: httpx.AsyncClient) -> None:
    with capture_logs() as said:
        secret = {"token": "canary-token", "app_secret": "canary-app-secret"}
        added = await boss.post(ACCOUNTS, json=NUMBER | secret)
        assert added.status_code == 201, added.text
        path = f"{ACCOUNTS}/{added.json()['id']}"
        answers = [
            added,
            await boss.get(ACCOUNTS),
            await boss.post(f"{path}/test"),
            await boss.post(f"{path}/sync"),
            await boss.patch(path, json={"token": "canary-2", "name": "Other"}),
            await boss.patch(path, json={"token": ""}),
            await boss.post(ACCOUNTS, json=NUMBER | secret),
        ]
    assert (added.json()["has_token"], added.json()["has_app_secret"]) == (True, True)
    assert not [answer.text for answer in answers if "canary" in answer.text]
    assert "canary" not in str(said)
    stored = await house.pool.fetchval("SELECT secrets FROM channel_account")
    assert b"canary" not in stored
    assert answers[-1].status_code == 409


async def test_a_wrong_token_is_said_and_the_right_one_mends_it(boss: httpx.AsyncClient) -> None:
    path = f"{ACCOUNTS}/{(await boss.post(ACCOUNTS, json=NUMBER | {'token': 'wrong'})).json()['id']}"
    wrong = await boss.post(f"{path}/test")
    assert (wrong.status_code, "access token" in wrong.text) == (409, True)
    (shown,) = (await boss.get(ACCOUNTS)).json()["accounts"]
    assert "access token" in shown["trouble"]
    await boss.patch(path, json={"token": defaults.TOKEN})
    right = (await boss.post(f"{path}/test")).json()
    assert (right["trouble"], right["display_phone"]) == ("", defaults.DISPLAY_PHONE_NUMBER)
    assert (right["quality"], right["throughput"]) == ("GREEN", "STANDARD")


async def test_supervisors_see_how_numbers_stand_without_what_is_secret(
    house: House, boss: httpx.AsyncClient
) -> None:
    added = (await boss.post(ACCOUNTS, json=NUMBER)).json()
    assert len(added["verify_token"]) >= 8
    assert added["webhook_url"].endswith("/hooks/whatsapp")
    sven = await (await house.hire("Sven", "supervisor")).http()
    (seen,) = (await sven.get(ACCOUNTS)).json()["accounts"]
    assert (seen["id"], seen["verify_token"]) == (added["id"], "")
    assert (await sven.post(f"{ACCOUNTS}/{added['id']}/test")).status_code == 403


async def test_a_number_that_is_used_is_switched_off_and_not_removed(
    house: House, boss: httpx.AsyncClient, phone: Client
) -> None:
    await talk(house, boss, phone)
    (used,) = (await boss.get(ACCOUNTS)).json()["accounts"]
    assert (await boss.delete(f"{ACCOUNTS}/{used['id']}")).status_code == 409
    other = (await boss.post(ACCOUNTS, json=NUMBER | {"phone_number_id": "12345678"})).json()
    assert (await boss.delete(f"{ACCOUNTS}/{other['id']}")).status_code == 204


async def test_an_agent_writes_and_sees_how_far_it_got(
    house: House, boss: httpx.AsyncClient, phone: Client
) -> None:
    chat = await talk(house, boss, phone)
    ack = await chat.console.ask("send", c=chat.c, html="<p><b>Yes</b>, we are open</p>")
    frame = await chat.console.hear("delivery")
    assert (frame["c"], frame["seq"], frame["d"]["state"]) == (chat.c, ack["seq"], "sent")
    thread = await chat.thread()
    assert (thread["may"]["write"], thread["reach"]["label"], thread["reach"]["template"]) == (
        True,
        "WhatsApp",
        True,
    )
    assert thread["reach"]["until"] == int((NOW + timedelta(hours=24)).timestamp() * 1000)
    assert thread["entries"][-1]["delivery"]["state"] == "sent"
    journal = await phone.journal(kind="graph", path="/messages")
    assert "*Yes*, we are open" in str(journal[-1].request)


@rule("LIFE-11")
async def test_outside_the_window_only_a_template_goes(
    house: House, boss: httpx.AsyncClient, phone: Client
) -> None:
    chat = await talk(house, boss, phone)
    chat = await a_day_later(house, phone, chat)
    refused = await chat.console.ask("send", c=chat.c, text="Still there?")
    assert (refused["t"], refused["code"]) == ("nack", "window")
    thread = await chat.thread()
    assert (thread["may"]["write"], thread["reach"]["template"]) == (False, True)
    found = (await chat.http.get(f"/api/conversations/{chat.c}/templates")).json()
    assert found["synced_at"] is not None
    names = {one["name"] for one in found["templates"]}
    assert "order_update" in names
    assert names.isdisjoint({"survey_after_chat", "winter_sale", "lamp_of_the_week", "old_greeting"})
    one = next(o for o in found["templates"] if (o["name"], o["language"]) == ("appointment_reminder", "en"))
    values = {"body.customer_name": "Marta", "body.day": "Monday", "body.time": "10:30"}
    sent = await chat.template(one["id"], values=values)
    assert sent.status_code == 200, sent.text
    assert (await chat.template(one["id"], values=values)).json()["dup"] is True
    await chat.console.hear("delivery")
    entry = (await chat.thread())["entries"][-1]
    assert entry["text"] == "Hello Marta, we see you on Monday at 10:30."
    assert (entry["template"]["name"], entry["template"]["buttons"]) == (
        "appointment_reminder",
        ["I come", "Another day"],
    )
    assert len(await phone.journal(kind="graph", path="/messages")) == 1


@rule("LIFE-10")
async def test_a_template_leaves_a_long_closed_chat_closed(
    house: House, boss: httpx.AsyncClient, phone: Client
) -> None:
    chat = await talk(house, boss, phone)
    await chat.console.ask("close", c=chat.c)
    chat = await a_day_later(house, phone, chat)
    assert (await chat.console.ask("send", c=chat.c, text="One more thing"))["code"] == "window"
    found = (await chat.http.get(f"/api/conversations/{chat.c}/templates")).json()["templates"]
    one = next(o for o in found if o["name"] == "appointment_reminder")
    values = {"body.customer_name": "Marta", "body.day": "Monday", "body.time": "10:30"}
    assert (await chat.template(one["id"], values=values)).status_code == 200
    assert (await chat.thread())["state"] == "closed"


async def test_a_template_is_not_sent_with_a_place_left_empty_or_the_wrong_file(
    house: House, boss: httpx.AsyncClient, phone: Client
) -> None:
    chat = await talk(house, boss, phone)
    found = (await chat.http.get(f"/api/conversations/{chat.c}/templates")).json()["templates"]
    by_name = {(o["name"], o["language"]): o["id"] for o in found}
    lacking = await chat.template(by_name["appointment_reminder", "en"], values={"body.day": " "})
    assert (lacking.status_code, "Customer name" in lacking.text) == (400, True)
    values = {"body.customer_name": "M" * 1100, "body.day": "x", "body.time": "y"}
    long = await chat.template(by_name["appointment_reminder", "en"], values=values)
    assert (long.status_code, "1024" in long.text or "1,024" in long.text) == (400, True)
    image = by_name["new_lanterns", "en"]
    assert (await chat.template(image, values={"body.1": "Marta"})).status_code == 400
    upload = await chat.http.post("/api/files?name=a.txt", content=b"just words")
    wrong = await chat.template(image, values={"body.1": "Marta"}, file=upload.json()["id"])
    assert (wrong.status_code, "pictures" in wrong.text) == (400, True)
    assert await phone.journal(kind="graph", path="/messages") == []


async def test_a_template_takes_its_picture_along(
    house: House, boss: httpx.AsyncClient, phone: Client
) -> None:
    chat = await talk(house, boss, phone)
    found = (await chat.http.get(f"/api/conversations/{chat.c}/templates")).json()["templates"]
    one = next(o for o in found if o["name"] == "your_receipt")
    upload = await chat.http.post("/api/files?name=receipt.pdf", content=b"%PDF-1.4\nreceipt")
    sent = await chat.template(one["id"], values={"body.1": "2041"}, file=upload.json()["id"])
    assert sent.status_code == 200, sent.text
    frame = await chat.console.hear("delivery")
    assert frame["d"]["state"] == "sent"
    assert (await chat.thread())["entries"][-1]["template"]["header"]["file"]["name"] == "receipt.pdf"


async def test_a_file_that_whatsapp_never_takes_is_refused_before_it_is_sent(
    house: House, boss: httpx.AsyncClient, phone: Client
) -> None:
    chat = await talk(house, boss, phone)
    upload = await chat.http.post("/api/files?name=archive.zip", content=b"PK\x03\x04" + bytes(100))
    refused = await chat.console.ask("send", c=chat.c, files=[upload.json()["id"]])
    assert (refused["code"], "archive.zip" in refused["text"]) == ("file", True)
    song = await chat.http.post("/api/files?name=long.mp3", content=b"ID3" + bytes(17_000_000))
    refused = await chat.console.ask("send", c=chat.c, files=[song.json()["id"]])
    assert "at most 16 MB" in refused["text"]


async def test_who_is_outside_gets_no_templates_and_sends_none(
    house: House, boss: httpx.AsyncClient, phone: Client
) -> None:
    chat = await talk(house, boss, phone)
    olga = await (await house.hire("Olga")).http()
    path = f"/api/conversations/{chat.c}/template"
    assert (await olga.get(f"{path}s")).status_code == 404
    assert (await olga.post(path, json={"id": "x", "template": 1})).status_code == 404
    sven = await (await house.hire("Sven", "supervisor")).http()
    template = (await sven.get(f"{path}s")).json()["templates"][0]["id"]
    refused = await sven.post(path, json={"id": "x", "template": template, "values": {"body.1": "x"}})
    assert refused.status_code in (400, 403)
    assert await phone.journal(kind="graph", path="/messages") == []
