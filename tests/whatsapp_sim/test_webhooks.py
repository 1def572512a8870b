"""What a webhook looks like, how it is signed, and that it comes until it is taken (CHANNEL-3)."""

import hashlib
import hmac
from typing import Any

import pytest

from tests.rules import rule
from tests.whatsapp_sim.conftest import MARTA, NOON, Shop, wamid
from tests.whatsapp_sim.sink import Sink
from whatsapp_sim import defaults
from whatsapp_sim.client import Client, Refusal
from whatsapp_sim.delivery import GAPS, GIVE_UP_S
from whatsapp_sim.simulator import Simulator

pytestmark = rule("CHANNEL-3")
PROFILE = {"profile": {"name": "Marta Keller"}, "wa_id": MARTA[1:]}


async def test_the_signature_is_over_the_exact_bytes_with_everything_escaped(
    sim: Simulator, phone: Client, hook: Sink
) -> None:
    await phone.text("marta", "Schöne Lampe 🏮 a/b")
    await sim.idle()
    [(headers, body)] = hook.posts
    digest = hmac.new(defaults.APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert headers["x-hub-signature-256"] == f"sha256={digest}"
    assert headers["content-type"] == "application/json"
    assert b"Sch\\u00f6ne Lampe \\ud83c\\udfee a\\/b" in body
    assert body.isascii()


async def test_the_envelope_names_account_number_and_customer(
    sim: Simulator, phone: Client, hook: Sink
) -> None:
    written = await phone.text("marta", "Hello")
    await sim.idle()
    [body] = hook.bodies
    assert (body["object"], body["entry"][0]["id"]) == ("whatsapp_business_account", defaults.WABA_ID)
    [change] = body["entry"][0]["changes"]
    value = change["value"]
    assert change["field"] == "messages"
    assert value["messaging_product"] == "whatsapp"
    assert value["metadata"] == {
        "display_phone_number": defaults.PHONE_NUMBER,
        "phone_number_id": defaults.PHONE_NUMBER_ID,
    }
    [contact] = value["contacts"]
    assert contact.pop("user_id").startswith("US.")
    assert contact == PROFILE
    [message] = value["messages"]
    assert message.pop("from_user_id").startswith("US.")
    assert message == {
        "from": MARTA[1:],
        "id": written.id,
        "timestamp": str(int(NOON)),
        "type": "text",
        "text": {"body": "Hello"},
    }


KEYS: list[tuple[str, dict[str, Any], str, set[str]]] = [
    ("image", {"text": "Look"}, "image", {"id", "mime_type", "sha256", "url", "caption"}),
    ("image", {}, "image", {"id", "mime_type", "sha256", "url"}),
    ("video", {}, "video", {"id", "mime_type", "sha256", "url"}),
    ("audio", {}, "audio", {"id", "mime_type", "sha256", "url", "voice"}),
    ("voice", {}, "audio", {"id", "mime_type", "sha256", "url", "voice"}),
    ("document", {}, "document", {"id", "mime_type", "sha256", "url", "filename"}),
    ("sticker", {}, "sticker", {"id", "mime_type", "sha256", "url", "animated"}),
    ("location", {}, "location", {"latitude", "longitude"}),
    (
        "location",
        {"name": "Gate", "address": "Square 1"},
        "location",
        {"latitude", "longitude", "name", "address"},
    ),
    ("button", {"text": "Yes", "payload": "yes"}, "button", {"payload", "text"}),
    ("button_reply", {"text": "Yes", "payload": "1"}, "interactive", {"type", "button_reply"}),
    ("list_reply", {"text": "Red", "payload": "2"}, "interactive", {"type", "list_reply"}),
    ("order", {}, "order", {"catalog_id", "product_items", "text"}),
    ("unknown", {}, "hologram", {"body"}),
]


@pytest.mark.parametrize(("kind", "about", "type_", "keys"), KEYS)
async def test_each_kind_has_its_fields(
    sim: Simulator,
    phone: Client,
    hook: Sink,
    kind: Any,
    about: dict[str, Any],
    type_: str,
    keys: set[str],
) -> None:
    await phone.send("marta", kind, **about)
    await sim.idle()
    [message] = hook.messages
    assert message["type"] == type_
    assert set(message[type_]) == keys
    if kind == "voice":
        assert message["audio"]["voice"] is True


async def test_contacts_unsupported_and_too_big_stand_beside_their_type(
    sim: Simulator, phone: Client, hook: Sink
) -> None:
    await phone.send("marta", "contacts", name="Ada Lind", phone="+1 555 555 0100")
    await phone.send("marta", "unsupported")
    await phone.send("marta", "too_big")
    await sim.idle()
    card, unsupported, big = hook.messages
    assert card["contacts"][0]["name"]["formatted_name"] == "Ada Lind"
    assert card["contacts"][0]["phones"] == [
        {"phone": "+1 555 555 0100", "wa_id": "15555550100", "type": "CELL"}
    ]
    assert (unsupported["type"], unsupported["errors"][0]["code"]) == ("unsupported", 131051)
    assert big["errors"][0]["code"] == 131052


async def test_answers_reactions_edits_and_deletions_name_their_message(
    sim: Simulator, shop: Shop, phone: Client, hook: Sink
) -> None:
    first = await phone.text("marta", "Hello", forwarded="often")
    ours = wamid(await shop.text())
    await phone.text("marta", "Thanks", reply_to=ours)
    await phone.react("marta", ours, "🙏")
    await phone.react("marta", ours, "")
    await phone.send("marta", "reaction", target=ours, without_emoji=True)
    await phone.edit("marta", first.id, "Hallo")
    await phone.delete("marta", first.id)
    await sim.idle()
    forwarded, answer, on, off, gone, edit, revoke = hook.messages
    assert forwarded["context"] == {"frequently_forwarded": True}
    assert answer["context"] == {"from": defaults.PHONE_NUMBER, "id": ours}
    assert [one["reaction"] for one in (on, off, gone)] == [
        {"message_id": ours, "emoji": "🙏"},
        {"message_id": ours, "emoji": ""},
        {"message_id": ours},
    ]
    changed = {"type": "text", "text": {"body": "Hallo"}}
    assert edit["edit"] == {"original_message_id": first.id, "message": changed}
    assert revoke["revoke"] == {"original_message_id": first.id}
    thread = (await phone.thread("marta")).messages
    assert [(one.deleted, one.reactions) for one in thread] == [(True, {}), (False, {}), (False, {})]


async def test_statuses_come_in_order_with_their_price_and_our_data(
    sim: Simulator, shop: Shop, phone: Client, hook: Sink
) -> None:
    await phone.text("marta", "Hello")
    ours = wamid(await shop.text(biz_opaque_callback_data="attempt-7"))
    await sim.idle()
    assert await phone.read("marta") == [ours]
    await sim.idle()
    told = [value["statuses"][0] for value in hook.values if "statuses" in value]
    assert [(one["id"], one["status"]) for one in told] == [
        (ours, name) for name in ("sent", "delivered", "read")
    ]
    assert {one["biz_opaque_callback_data"] for one in told} == {"attempt-7"}
    assert told[0]["recipient_id"] == MARTA[1:]
    assert told[0]["pricing"] == {
        "billable": False,
        "pricing_model": "PMP",
        "type": "free_customer_service",
        "category": "service",
    }
    assert "conversation" not in told[0]
    assert "pricing" not in told[2]


async def test_before_version_24_statuses_carry_a_conversation(
    sim: Simulator, shop: Shop, phone: Client, hook: Sink
) -> None:
    await phone.text("marta", "Hello")
    shop.number = shop.number.replace("v25.0", "v23.0")
    await shop.text()
    await sim.idle()
    assert "conversation" in hook.values[1]["statuses"][0]


async def test_a_reaction_is_only_sent_and_one_to_nothing_fails(
    sim: Simulator, shop: Shop, phone: Client, hook: Sink
) -> None:
    written = await phone.text("marta", "Hello")
    await shop.send(type="reaction", reaction={"message_id": written.id, "emoji": "👍"})
    await sim.idle()
    assert hook.statuses == ["sent"]
    assert (await phone.thread("marta")).messages[0].reactions == {"business": "👍"}
    await shop.send(type="reaction", reaction={"message_id": "wamid.unknown", "emoji": "👍"})
    await sim.idle()
    assert hook.values[-1]["statuses"][0]["errors"][0]["code"] == 131009


async def test_who_has_blocked_the_business_gets_nothing_delivered(
    sim: Simulator, shop: Shop, phone: Client, hook: Sink
) -> None:
    await phone.text("marta", "Hello")
    await phone.block("marta")
    await shop.text()
    await sim.idle()
    assert hook.statuses == ["sent"]
    assert len((await phone.thread("marta")).messages) == 1


async def test_a_voice_message_is_played(sim: Simulator, shop: Shop, phone: Client, hook: Sink) -> None:
    await phone.text("marta", "Hello")
    ours = wamid(await shop.send(type="audio", audio={"link": "https://shop.example/a.ogg"}))
    await sim.idle()
    await phone.play("marta", ours)
    await sim.idle()
    assert hook.statuses == ["sent", "delivered", "played"]


async def test_a_new_number_is_told_with_old_and_new(sim: Simulator, phone: Client, hook: Sink) -> None:
    await phone.text("marta", "Hello")
    before = (await phone.thread("marta")).user
    after = await phone.change_number("marta", "+15555550999")
    await phone.text("marta", "It is me")
    await sim.idle()
    _, number, user, text = hook.messages
    assert number["from"] == before.phone
    assert number["system"]["type"] == "user_changed_number"
    assert number["system"]["wa_id"] == "15555550999"
    assert (user["system"]["previous_user_id"], user["system"]["user_id"]) == (before.user_id, after.user_id)
    assert "contacts" not in hook.values[1]
    assert (text["from"], text["from_user_id"]) == ("15555550999", after.user_id)


async def test_a_refused_webhook_comes_again_at_once_then_with_growing_gaps(
    sim: Simulator, phone: Client, hook: Sink
) -> None:
    hook.answers = [500, 302, 404]
    await phone.text("marta", "Hello")
    await sim.idle()
    assert len(hook.posts) == 2
    await sim.idle(jump=True)
    assert len(hook.posts) == 4
    assert {body for _, body in hook.posts} == {hook.posts[0][1]}
    assert sim.clock.now() == NOON + sum(GAPS[:3])
    assert [line.attempt for line in await phone.journal(kind="webhook")] == [1, 2, 3, 4]


async def test_after_seven_days_it_is_given_up(sim: Simulator, phone: Client, hook: Sink) -> None:
    hook.answers = [503] * 100
    await phone.text("marta", "Hello")
    await sim.idle(jump=True)
    assert len(GAPS) < len(hook.posts) < 25
    assert NOON + GIVE_UP_S - 86_400 < sim.clock.now() <= NOON + GIVE_UP_S


async def test_a_webhook_is_asked_for_its_challenge(sim: Simulator, phone: Client, hook: Sink) -> None:
    assert (await phone.set_webhook(hook.url)).webhook == hook.url
    with pytest.raises(Refusal, match="answered 403"):
        await phone.set_webhook(hook.url, verify_token="another")
    with pytest.raises(Refusal, match="cannot be reached"):
        await phone.set_webhook("http://127.0.0.1:9/hook")
    assert (await phone.overview()).apps[0].webhook == hook.url


async def test_other_webhook_fields_are_posted_by_hand(sim: Simulator, phone: Client, hook: Sink) -> None:
    await phone.update("phone_number_quality_update", {"event": "FLAGGED", "current_limit": "TIER_1K"})
    await phone.prefer("marta", marketing=False)
    template = next(one for one in (await phone.overview()).templates if one.name == "hello_again")
    await phone.turn_template(template.id, status="PAUSED", quality="RED", category="MARKETING")
    await sim.idle()
    fields = [body["entry"][0]["changes"][0]["field"] for body in hook.bodies]
    assert sorted(fields) == [
        "message_template_quality_update",
        "message_template_status_update",
        "phone_number_quality_update",
        "template_category_update",
        "user_preferences",
    ]
