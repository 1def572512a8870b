"""The bodies of webhooks, as Meta builds them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from whatsapp_sim.errors import told
from whatsapp_sim.state import Message, Number, Template, User

Json = dict[str, Any]
BIGGEST = 3 * 1024 * 1024
MESSAGES = "messages"
OLD_CONVERSATIONS = 24
"""From this version on, statuses carry no `conversation`."""


@dataclass(frozen=True, slots=True)
class Update:
    """One thing to tell. `key` names it (for the dice), `lane` is what it must stay in order with."""

    account: str
    field: str
    value: Json
    key: str
    lane: str
    about: str = ""
    """The message id it is about."""


def metadata(number: Number) -> Json:
    return {"display_phone_number": number.phone, "phone_number_id": number.id}


def contact(user: User, *, hidden: bool) -> Json:
    profile: Json = {"name": user.name}
    if user.username:
        profile["username"] = user.username
    about: Json = {"profile": profile}
    if not hidden:
        about["wa_id"] = user.phone
    return about | {"user_id": user.user_id}


def message_value(number: Number, user: User, message: Json, *, hidden: bool) -> Json:
    """`value` for one message of a customer; `message` is complete but for who it is from."""
    who: Json = {} if hidden else {"from": user.phone}
    return {
        "messaging_product": "whatsapp",
        "metadata": metadata(number),
        "contacts": [contact(user, hidden=hidden)],
        "messages": [{**who, "from_user_id": user.user_id, **message}],
    }


def system_value(number: Number, message: Json) -> Json:
    """`value` for what WhatsApp says about a customer: it comes without `contacts`."""
    return {"messaging_product": "whatsapp", "metadata": metadata(number), "messages": [message]}


def status_value(
    number: Number, user: User, message: Message, status: str, at: float, *, hidden: bool
) -> Json:
    """`value` for one status of a message to a customer."""
    about: Json = {"id": message.wamid, "status": status, "timestamp": str(int(at))}
    if not hidden:
        about["recipient_id"] = user.phone
    about["recipient_user_id"] = user.user_id
    if message.opaque is not None:
        about["biz_opaque_callback_data"] = message.opaque
    if status in ("sent", "delivered"):
        about |= _price(message, status, at)
    value: Json = {"messaging_product": "whatsapp", "metadata": metadata(number)}
    if status == "failed":
        about["errors"] = [told(message.error)]
    else:
        value["contacts"] = [contact(user, hidden=hidden)]
    return value | {"statuses": [about]}


def _price(message: Message, status: str, at: float) -> Json:
    billable = message.type == "template" and message.category == "marketing"
    price: Json = {
        "billable": billable,
        "pricing_model": "PMP",
        "type": "regular" if billable else "free_customer_service",
        "category": message.category,
    }
    told_price: Json = {"pricing": price}
    if int(message.version[1:].split(".")[0] or 0) < OLD_CONVERSATIONS:
        conversation: Json = {"id": message.wamid[-32:], "origin": {"type": message.category}}
        if status == "sent":
            conversation["expiration_timestamp"] = str(int(at) + 86_400)
        told_price["conversation"] = conversation
    return told_price


def template_status(template: Template, event: str, reason: str) -> Json:
    value: Json = {
        "event": event,
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
        "message_template_category": template.category,
        "reason": reason,
    }
    if event == "REJECTED":
        value["rejection_info"] = {
            "reason": reason,
            "recommendation": "Change the template and send it for review again.",
        }
    return value


def template_quality(template: Template, before: str, after: str) -> Json:
    return _about(template) | {"previous_quality_score": before, "new_quality_score": after}


def template_category(template: Template, before: str, after: str) -> Json:
    return _about(template) | {"previous_category": before, "new_category": after}


def _about(template: Template) -> Json:
    return {
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
    }


def body_of(updates: Sequence[Update], at: float, *, merge: bool = False) -> Json:
    """The envelope around these updates. With `merge`, updates of one number stand in one `value` where they can."""
    entries: dict[str, Json] = {}
    values: dict[tuple[str, str], Json] = {}
    for update in updates:
        timed = {} if update.field == MESSAGES else {"time": int(at)}
        entry = entries.setdefault(update.account, {"id": update.account, **timed, "changes": []})
        number = update.value.get("metadata", {}).get("phone_number_id", "")
        place = (update.account, number)
        if merge and update.field == MESSAGES and place in values:
            _join(values[place], update.value)
            continue
        value = dict(update.value)
        if update.field == MESSAGES:
            values[place] = value
        entry["changes"].append({"value": value, "field": update.field})
    return {"object": "whatsapp_business_account", "entry": list(entries.values())}


def _join(value: Json, more: Json) -> None:
    for name in ("contacts", "messages", "statuses", "errors"):
        if name in more:
            new = [one for one in more[name] if name != "contacts" or one not in value.get(name, [])]
            value[name] = [*value.get(name, []), *new]


def encoded(body: Json) -> bytes:
    """As Meta writes JSON: everything beyond ASCII and every slash is escaped, so the bytes are what was signed."""
    return json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode()


def with_strange_fields(body: Json) -> Json:
    """Fields of a version to come, on every level."""
    strange = {"future_field": {"nested": [1, None, True]}, "future_flag": True}
    entries = []
    for entry in body["entry"]:
        changes = []
        for change in entry["changes"]:
            value = change["value"] | strange
            for name in ("contacts", "messages", "statuses"):
                if name in value:
                    value[name] = [{**one, **strange} for one in value[name]]
            changes.append({**change, "value": value, **strange})
        entries.append({**entry, "changes": changes, **strange})
    return {**body, "entry": entries, **strange}


def padded(body: Json) -> Json:
    """As big as a body may be."""
    room = BIGGEST - len(encoded(body)) - len(',"future_padding":""')
    return {**body, "future_padding": "x" * max(room, 0)}


def forged(body: Json) -> Json:
    """The same with other ids and other words: nothing of it may ever be seen."""
    text = json.dumps(body)
    for update in body["entry"]:
        for change in update["changes"]:
            for message in change["value"].get("messages", []):
                text = text.replace(message["id"], "wamid.Rk9SR0VE" + message["id"][-12:])
                if "text" in message:
                    text = text.replace(json.dumps(message["text"]["body"]), '"FORGED"')
    forgery: Json = json.loads(text)
    return forgery
