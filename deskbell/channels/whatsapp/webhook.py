"""Meta's webhooks: whose they are, and cut into single things for the ledger. Pure; what it means is in `inbound.py`.

Each thing keeps Meta's own shape with just that one in it: `{"business", "time", "field", "value": {...}}`.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from deskbell.channels.base import Account, Notified

BODY_BYTES = 3 * 1024 * 1024
"""What Meta says a body may have at most."""
UPDATES_MOST = 20_000
"""Meta says 1,000; what is far beyond is not from there."""
KEY_LENGTH = 300
ID_LENGTH = 200

_CHALLENGE = re.compile(r"[A-Za-z0-9_.~-]{1,100}")
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")


def challenge(query: Mapping[str, str], accounts: Sequence[Account]) -> str | None:
    """The text to echo as text/plain when Meta verifies our address; None: the token is none of ours, or it is no such
    request."""
    said, token = query.get("hub.challenge", ""), query.get("hub.verify_token", "")
    if query.get("hub.mode") != "subscribe" or not token or not _CHALLENGE.fullmatch(said):
        return None
    # Every one is compared: how long it takes does not say which was near.
    known = [_same(token, account.settings.get("verify_token")) for account in accounts]
    return said if any(known) else None


def authentic(body: bytes, headers: Mapping[str, str], account: Account) -> bool:
    """Whether the account's app signed these very bytes."""
    scheme, _, said = headers.get("x-hub-signature-256", "").partition("=")
    secret = account.secrets.get("app_secret", "")
    if scheme != "sha256" or not secret:
        return False
    right = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return _same(said.strip().lower(), right)


def _same(said: str, right: object) -> bool:
    return (
        isinstance(right, str)
        and right != ""
        and hmac.compare_digest(said.encode("utf-8", "replace"), right.encode())
    )


def notified(body: bytes) -> list[Notified]:
    """Every message, status and news of a body, of however many businesses and numbers. Raises ValueError when it is no
    webhook of WhatsApp at all; single parts that make no sense are left out."""
    root = _parsed(body)
    if not isinstance(root, dict) or root.get("object") != "whatsapp_business_account":
        raise ValueError("This is no webhook of a WhatsApp business account.")
    found: list[Notified] = []
    for entry in dicts(root.get("entry")):
        for change in dicts(entry.get("changes")):
            found.extend(_cut(entry, change))
            if len(found) > UPDATES_MOST:
                raise ValueError(f"A webhook may tell at most {UPDATES_MOST} things.")
    return found


def _parsed(body: bytes) -> Any:
    """JSON that PostgreSQL takes: without NUL and halves of characters, which senders do put there."""
    try:
        if b"\\u0000" not in body:
            return msgspec.json.decode(body)
    except ValueError:
        pass  # perhaps half a character; the other parser is more patient
    except RecursionError:
        raise ValueError("The JSON is nested too deep.") from None
    try:
        return _storable(json.loads(body))
    except RecursionError:
        raise ValueError("The JSON is nested too deep.") from None


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _NOT_TEXT.sub("\ufffd", value)
    if isinstance(value, list):
        return [_storable(one) for one in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(one) for key, one in value.items()}
    return value


def _cut(entry: Mapping[str, Any], change: Mapping[str, Any]) -> Iterator[Notified]:
    field, value = text(change.get("field")), change.get("value")
    if not field or not isinstance(value, dict):
        return
    business, metadata = text(entry.get("id")), value.get("metadata")
    number = text(metadata.get("phone_number_id")) if isinstance(metadata, dict) else ""
    around = {"business": business, "time": entry.get("time"), "field": field}
    if field != "messages" or not number:
        yield Notified(number or business, _key_of(around | {"value": value}), "", around | {"value": value})
        return
    about = {
        name: one for name, one in value.items() if name not in ("contacts", "messages", "statuses", "errors")
    }
    contacts = dicts(value.get("contacts"))
    for message in dicts(value.get("messages")):
        part = about | {"contacts": _contacts_of(message, contacts), "messages": [message]}
        payload = around | {"value": part}
        yield Notified(number, _id_key("m", message) or _key_of(payload), _sender(message, part), payload)
    for status in dicts(value.get("statuses")):
        key = _id_key("s", status, text(status.get("status")))
        payload = around | {"value": about | {"statuses": [status]}}
        yield Notified(number, key or _key_of(payload), "", payload)
    errors = dicts(value.get("errors"))
    if errors:
        payload = around | {"value": about | {"errors": errors}}
        yield Notified(number, _key_of(payload), "", payload)


def _contacts_of(
    message: Mapping[str, Any], contacts: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Who has sent it; one body may tell of many people."""
    phone, user = text(message.get("from")), text(message.get("from_user_id"))
    mine = [
        one
        for one in contacts
        if (user and text(one.get("user_id")) == user) or (phone and text(one.get("wa_id")) == phone)
    ]
    if not mine and len(contacts) == 1 and not (phone and text(contacts[0].get("wa_id"))):
        return list(contacts)
    return mine[:1]


def _sender(message: Mapping[str, Any], value: Mapping[str, Any]) -> str:
    system = message.get("system")
    before = text(system.get("previous_user_id")) if isinstance(system, dict) else ""
    known = next((text(one.get("user_id")) for one in value["contacts"]), "")
    return (text(message.get("from_user_id")) or known or text(message.get("from")) or before)[:ID_LENGTH]


def _id_key(kind: str, thing: Mapping[str, Any], more: str = "") -> str | None:
    named = text(thing.get("id"))
    key = f"{kind}:{named}:{more}" if more else f"{kind}:{named}"
    return key if named and len(key) <= KEY_LENGTH else None


def _key_of(payload: Mapping[str, Any]) -> str:
    """Of what has no id of its own: the same words at the same time are the same news."""
    said = json.dumps(payload, sort_keys=True, default=str).encode("utf-8", "replace")
    return f"n:{hashlib.sha256(said).hexdigest()[:40]}"


def dicts(value: object) -> list[dict[str, Any]]:
    """The objects of a JSON list; whatever else stands there is left out."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text(value: object) -> str:
    """A JSON string or whole number as text; else ""."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
