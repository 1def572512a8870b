"""What the Graph API takes and refuses, with Meta's envelope (CHANNEL-3)."""

from typing import Any

import pytest

from tests.rules import rule
from tests.whatsapp_sim.conftest import BODY, HEADER, MARTA, NOON, TRACK, YUSUF, Shop, code, wamid
from tests.whatsapp_sim.sink import Sink
from whatsapp_sim import defaults, samples
from whatsapp_sim.client import Client
from whatsapp_sim.errors import CODES, GraphError
from whatsapp_sim.simulator import Simulator

pytestmark = rule("CHANNEL-3")
FREE_TEXT = {"type": "text", "text": {"body": "Hello"}}


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer wrong", "Basic sim-token"])
async def test_without_a_right_token_nothing_is_told(sim: Simulator, shop: Shop, token: str) -> None:
    for method, path in (("GET", shop.number), ("POST", f"{shop.number}/messages"), ("GET", "/v25.0/1")):
        answer = await shop.http.request(method, path, headers={"Authorization": token})
        assert code(answer) == (401, 190)
        assert answer.headers["x-simulator"] == "whatsapp"


async def test_an_expired_token_says_so_by_its_subcode(sim: Simulator, shop: Shop, phone: Client) -> None:
    await phone.add_token(defaults.TOKEN, [defaults.WABA_ID], expires_in=0)
    error = (await shop.text()).json()["error"]
    assert (error["code"], error["error_subcode"], error["type"]) == (190, 463, "OAuthException")
    assert set(error) == {"message", "type", "code", "error_subcode", "fbtrace_id"}


async def test_a_token_opens_its_own_accounts_only(shop: Shop, phone: Client) -> None:
    await phone.add_number("777", "888", "442079460000")
    await phone.add_token("other", ["888"])
    other = {"Authorization": "Bearer other"}
    for path in (shop.number, shop.account, f"{shop.account}/message_templates", "/v25.0/123"):
        error = (await shop.http.get(path, headers=other)).json()["error"]
        assert (error["code"], error["error_subcode"], error["type"]) == (100, 33, "GraphMethodException")
    assert (await shop.http.get("/v25.0/777", headers=other)).status_code == 200


@pytest.mark.parametrize("version", ["v17.0", "v25.0", "v99.3"])
async def test_any_version_will_do_and_anything_else_not(shop: Shop, version: str) -> None:
    assert (await shop.http.get(f"/{version}/{defaults.PHONE_NUMBER_ID}")).status_code == 200
    assert code(await shop.http.get(f"/{version[1:]}/{defaults.PHONE_NUMBER_ID}")) == (400, 2500)


@pytest.mark.parametrize("number", sorted(CODES))
def test_every_code_has_metas_envelope(number: int) -> None:
    error = GraphError(number, "Because.").envelope("trace")["error"]
    assert error["message"] == f"(#{number}) {CODES[number].title}"
    assert error["error_data"] == {"messaging_product": "whatsapp", "details": "Because."}
    assert (error["type"], error["code"], error["fbtrace_id"]) == ("OAuthException", number, "trace")


async def test_free_text_goes_for_24_hours_after_the_customer_wrote(
    sim: Simulator, shop: Shop, phone: Client
) -> None:
    assert code(await shop.text()) == (400, 131047)
    await phone.text("marta", "Hello")
    answer = await shop.text()
    assert answer.json()["contacts"] == [{"input": MARTA, "wa_id": MARTA[1:]}]
    sim.clock.advance(24 * 3600 - 1)
    assert code(await shop.text()) == (200, 0)
    sim.clock.advance(1)
    assert code(await shop.text()) == (400, 131047)
    assert code(await shop.template("hello_again")) == (200, 0)


async def test_to_one_customer_45_at_once_then_one_each_6_seconds(
    sim: Simulator, shop: Shop, phone: Client
) -> None:
    await phone.text("marta", "Hello")
    await phone.text("yusuf", "Hello")
    assert {code(await shop.text()) for _ in range(45)} == {(200, 0)}
    assert code(await shop.text()) == (429, 131056)
    assert code(await shop.text(YUSUF)) == (200, 0)
    sim.clock.advance(6)
    assert [code(await shop.text()) for _ in range(2)] == [(200, 0), (429, 131056)]


async def test_a_number_sends_80_a_second(sim: Simulator, shop: Shop, phone: Client) -> None:
    for count in range(3):
        await phone.add_user(f"Customer {count}", id=f"c{count}", phone=f"1555777000{count}")
        await phone.text(f"c{count}", "Hello")
    answers = [code(await shop.text(f"+1555777000{count % 3}")) for count in range(81)]
    assert answers == [(200, 0)] * 80 + [(429, 130429)]
    sim.clock.advance(1)
    assert code(await shop.text("+15557770000")) == (200, 0)


async def test_without_a_plus_the_number_is_one_of_the_own_country(
    sim: Simulator, shop: Shop, phone: Client, hook: Sink
) -> None:
    await phone.text("marta", "Hello")
    answer = await shop.text(MARTA[1:])
    assert answer.json()["contacts"][0]["wa_id"] == defaults.COUNTRY_CODE + MARTA[1:]
    assert code(await shop.text("Marta")) == (400, 131009)
    assert code(await shop.text("+" + defaults.PHONE_NUMBER)) == (400, 131021)


async def test_a_phone_without_whatsapp_is_accepted_and_fails(sim: Simulator, shop: Shop, hook: Sink) -> None:
    answer = await shop.text("+491605550199")
    await sim.idle()
    [value] = hook.values
    [status] = value["statuses"]
    assert (status["id"], status["status"]) == (wamid(answer), "failed")
    assert status["errors"][0]["code"] == 131026
    assert "contacts" not in value


@pytest.mark.parametrize(
    ("message", "refused"),
    [
        ({"type": "text", "text": {"body": "x" * 4096}}, 0),
        ({"type": "text", "text": {"body": "x" * 4097}}, 100),
        ({"type": "text", "text": {"body": ""}}, 131008),
        ({"type": "text"}, 100),
        ({"type": "dance", "dance": {}}, 131051),
        ({**FREE_TEXT, "biz_opaque_callback_data": "x" * 512}, 0),
        ({**FREE_TEXT, "biz_opaque_callback_data": "x" * 513}, 100),
        ({**FREE_TEXT, "recipient_type": "group"}, 100),
        ({**FREE_TEXT, "context": {"message_id": "wamid.unknown"}}, 0),
        ({**FREE_TEXT, "context": {"message_id": "7"}}, 100),
        ({"type": "image", "image": {"link": "https://shop.example/a.png", "caption": "x" * 1024}}, 0),
        ({"type": "image", "image": {"link": "https://shop.example/a.png", "caption": "x" * 1025}}, 100),
        ({"type": "image", "image": {"link": "file:///etc/passwd"}}, 131009),
        ({"type": "image", "image": {"id": "12345"}}, 100),
        ({"type": "image", "image": {}}, 131008),
        ({"type": "audio", "audio": {"link": "https://shop.example/a.ogg", "caption": "no"}}, 100),
        ({"type": "location", "location": {"latitude": 52.5, "longitude": 13.4}}, 0),
        ({"type": "location", "location": {"latitude": 91, "longitude": 13.4}}, 131009),
        ({"type": "contacts", "contacts": [{"name": {"formatted_name": "Ada"}}]}, 0),
        ({"type": "contacts", "contacts": []}, 100),
        ({"type": "reaction", "reaction": {"message_id": "wamid.x"}}, 131008),
    ],
)
async def test_a_message_keeps_to_the_limits(
    shop: Shop, phone: Client, message: dict[str, Any], refused: int
) -> None:
    await phone.text("marta", "Hello")
    assert code(await shop.send(**message))[1] == refused


@pytest.mark.parametrize(
    ("count", "title", "refused"), [(3, "Yes", 0), (4, "Yes", 131009), (1, "y" * 21, 100)]
)
async def test_three_reply_buttons_of_20_characters(
    shop: Shop, phone: Client, count: int, title: str, refused: int
) -> None:
    await phone.text("marta", "Hello")
    buttons = [{"type": "reply", "reply": {"id": str(place), "title": title}} for place in range(count)]
    interactive = {"type": "button", "body": {"text": "Well?"}, "action": {"buttons": buttons}}
    assert code(await shop.send(type="interactive", interactive=interactive))[1] == refused


@pytest.mark.parametrize(
    ("parts", "language", "refused"),
    [
        ((HEADER, BODY, TRACK), "en", 0),
        ((HEADER, BODY), "de", 0),
        ((HEADER, BODY), "en", 132000),
        ((HEADER, BODY, TRACK), "fr", 132001),
        ((HEADER, {"type": "body", "parameters": BODY["parameters"][:2]}, TRACK), "en", 132000),
        (
            (HEADER, {"type": "body", "parameters": [{"type": "image", "image": {"id": "1"}}] * 3}, TRACK),
            "en",
            132012,
        ),
        (
            (HEADER, {"type": "body", "parameters": [{"type": "text", "text": "x" * 500}] * 3}, TRACK),
            "en",
            132005,
        ),
        ((HEADER, {"type": "body", "parameters": [{"type": "text", "text": "a\nb"}] * 3}, TRACK), "en", 100),
    ],
)
async def test_a_template_is_sent_with_what_it_needs(
    shop: Shop, parts: tuple[dict[str, Any], ...], language: str, refused: int
) -> None:
    assert code(await shop.template("order_update", language, *parts))[1] == refused


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("hello_again", 0),
        ("survey_after_chat", 132001),
        ("winter_sale", 132001),
        ("lamp_of_the_week", 132015),
        ("old_greeting", 132016),
        ("nobody_made_it", 132001),
    ],
)
async def test_only_an_approved_template_is_sent(shop: Shop, name: str, refused: int) -> None:
    assert code(await shop.template(name))[1] == refused


async def test_named_variables_are_named(shop: Shop, phone: Client, sim: Simulator) -> None:
    values = {"customer_name": "Marta", "day": "Monday", "time": "10:30"}
    given = [{"type": "text", "parameter_name": name, "text": text} for name, text in values.items()]
    assert (
        code(await shop.template("appointment_reminder", "en", {"type": "body", "parameters": given}))[1] == 0
    )
    given[0].pop("parameter_name")
    assert (
        code(await shop.template("appointment_reminder", "en", {"type": "body", "parameters": given}))[1]
        == 132012
    )
    await sim.idle()
    [message] = (await phone.thread("marta")).messages
    assert message.shown
    assert message.shown["body"] == "Hello Marta, we see you on Monday at 10:30."


async def test_a_file_goes_up_is_sent_and_comes_down_for_five_minutes(
    sim: Simulator, shop: Shop, phone: Client
) -> None:
    await phone.text("marta", "Hello")
    picture = samples.FILES["image"].content
    media = (await shop.upload(picture, "image/jpeg")).json()["id"]
    assert code(await shop.send(type="image", image={"id": media, "caption": "Ours"})) == (200, 0)
    assert code(await shop.send(type="audio", audio={"id": media})) == (400, 131053)
    about = (await shop.http.get(f"/v25.0/{media}")).json()
    assert (about["mime_type"], about["file_size"]) == ("image/jpeg", len(picture))
    assert (await shop.http.get(about["url"])).content == picture
    assert (await shop.http.get(about["url"], headers={"Authorization": ""})).status_code == 401
    assert (await shop.http.get(about["url"].replace("hash=", "hash=0"))).status_code == 404
    sim.clock.advance(300)
    assert (await shop.http.get(about["url"])).status_code == 404
    fresh = (await shop.http.get(f"/v25.0/{media}")).json()["url"]
    assert (await shop.http.get(fresh)).status_code == 200


async def test_media_are_kept_30_days_after_upload_and_7_after_a_webhook(
    sim: Simulator, shop: Shop, phone: Client, hook: Sink
) -> None:
    uploaded = (await shop.upload(samples.FILES["image"].content, "image/jpeg")).json()["id"]
    await phone.send("marta", "image")
    await sim.idle()
    received = hook.messages[0]["image"]["id"]
    sim.clock.advance(7 * 86_400)
    assert code(await shop.http.get(f"/v25.0/{received}")) == (400, 100)
    assert code(await shop.http.get(f"/v25.0/{uploaded}")) == (200, 0)
    assert code(await shop.http.delete(f"/v25.0/{uploaded}")) == (200, 0)
    assert code(await shop.http.get(f"/v25.0/{uploaded}")) == (400, 100)


@pytest.mark.parametrize(
    ("content", "mime", "refused"),
    [
        (samples.FILES["voice"].content, "audio/ogg; codecs=opus", 0),
        (samples.FILES["document"].content, "application/pdf", 0),
        (samples.FILES["sticker"].content, "image/webp", 0),
        (b"OggS but no opus", "audio/ogg", 131053),
        (samples.FILES["image"].content, "image/png", 131053),
        (samples.FILES["image"].content, "image/gif", 131053),
        (samples.FILES["image"].content + b"x" * 5 * 1024 * 1024, "image/jpeg", 131053),
        (b"", "text/plain", 131053),
    ],
)
async def test_only_files_whatsapp_knows_go_up(shop: Shop, content: bytes, mime: str, refused: int) -> None:
    assert code(await shop.upload(content, mime))[1] == refused


async def test_a_read_mark_turns_the_customers_ticks_and_shows_typing(
    sim: Simulator, shop: Shop, phone: Client
) -> None:
    written = await phone.text("marta", "Hello")
    mark: dict[str, Any] = {"status": "read", "message_id": written.id, "typing_indicator": {"type": "text"}}
    assert (await shop.send(**mark)).json() == {"success": True}
    thread = await phone.thread("marta")
    assert (thread.messages[0].state, thread.typing) == ("read", True)
    sim.clock.advance(25)
    assert not (await phone.thread("marta")).typing
    assert code(await shop.send(status="read", message_id="wamid.unknown")) == (400, 131009)


async def test_templates_are_listed_page_by_page_with_the_fields_asked_for(shop: Shop) -> None:
    path, asked = f"{shop.account}/message_templates", {"fields": "name,status", "limit": "4"}
    found: list[dict[str, Any]] = []
    while True:
        page = (await shop.http.get(path, params=asked)).json()
        found += page["data"]
        if "next" not in page.get("paging", {}):
            break
        asked["after"] = page["paging"]["cursors"]["after"]
    assert len(found) == 11
    assert set(found[0]) == {"id", "name", "status"}
    assert {one["status"] for one in found} == {"APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED"}
    assert code(await shop.http.get(path, params={"fields": "dance"})) == (400, 100)


async def test_a_new_template_is_reviewed_and_its_verdict_told(
    sim: Simulator, shop: Shop, hook: Sink
) -> None:
    path = f"{shop.account}/message_templates"
    good = {"type": "BODY", "text": "Hello {{1}}!", "example": {"body_text": [["Marta"]]}}
    bad = {"type": "BODY", "text": "{{1}}{{2}}", "example": {"body_text": [["a", "b"]]}}
    for name, body in (("good_one", good), ("bad_one", bad)):
        made = {"name": name, "language": "en", "category": "UTILITY", "components": [body]}
        assert (await shop.http.post(path, json=made)).json()["status"] == "PENDING"
    assert code(await shop.template("good_one", "en")) == (404, 132001)
    await sim.idle(jump=True)
    events = [(value["message_template_name"], value["event"], value["reason"]) for value in hook.values]
    assert events == [("good_one", "APPROVED", "NONE"), ("bad_one", "REJECTED", "INVALID_FORMAT")]
    assert sim.clock.now() == NOON + 60
    assert code(await shop.http.delete(path, params={"name": "good_one"})) == (200, 0)
    assert code(await shop.template("good_one", "en")) == (404, 132001)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Big Letters"},
        {"category": "JOKES"},
        {"language": "Klingon"},
        {"components": []},
        {"components": [{"type": "BODY", "text": "Hello {{1}}"}]},
        {"components": [{"type": "BODY", "text": "x" * 1025}]},
        {"components": [{"type": "BODY", "text": "Hi"}, {"type": "FOOTER", "text": "x" * 61}]},
        {"components": [{"type": "BODY", "text": "Hi"}, {"type": "BUTTONS", "buttons": []}]},
    ],
)
async def test_a_template_that_breaks_the_rules_is_not_made(shop: Shop, wrong: dict[str, Any]) -> None:
    right = {
        "name": "hi",
        "language": "en",
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Hi"}],
    }
    assert code(await shop.http.post(f"{shop.account}/message_templates", json=right | wrong)) == (400, 100)


async def test_an_unsubscribed_account_hears_nothing(
    sim: Simulator, shop: Shop, phone: Client, hook: Sink
) -> None:
    assert (await shop.http.delete(f"{shop.account}/subscribed_apps")).json() == {"success": True}
    await phone.text("marta", "Hello")
    await sim.idle()
    assert hook.posts == []
    await shop.http.post(f"{shop.account}/subscribed_apps")
    await phone.text("marta", "Hello?")
    await sim.idle()
    assert [message["text"]["body"] for message in hook.messages] == ["Hello?"]


async def test_a_customer_without_a_phone_number_is_written_to_by_their_user_id(
    sim: Simulator, shop: Shop, phone: Client, hook: Sink
) -> None:
    await phone.text("lena", "Hello")
    await sim.idle()
    [value] = hook.values
    user_id = value["contacts"][0]["user_id"]
    assert value["contacts"][0]["profile"] == {"name": "Lena", "username": "lena.lights"}
    assert "from" not in value["messages"][0]
    assert "wa_id" not in value["contacts"][0]
    body = {"messaging_product": "whatsapp", "recipient": user_id, "type": "text", "text": {"body": "Hi"}}
    answer = await shop.http.post(f"{shop.number}/messages", json=body)
    assert answer.json()["contacts"] == [{"input": user_id, "user_id": user_id}]
    await sim.idle()
    status = hook.values[-1]["statuses"][0]
    assert (status["recipient_user_id"], "recipient_id" in status) == (user_id, False)
