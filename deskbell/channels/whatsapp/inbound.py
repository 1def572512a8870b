"""What a single thing out of a webhook means (CHANNEL-2). Pure, and patient: nothing that Meta may send one day raises."""

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from deskbell.channels.base import AccountNews, Amended, Arrived, Media, Person, Renamed, Said, Status

from . import shapes
from .webhook import ID_LENGTH, dicts, text

NO_TIME = datetime.fromtimestamp(0, UTC)
"""Of what does not say when it was."""
PHONE_LENGTH = 20
MEDIA = ("image", "video", "audio", "document", "sticker")
_STATES: Mapping[str, str] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",
    "failed": "failed",
}
_CHANGED = frozenset({"user_changed_number", "user_changed_user_id", "customer_changed_number"})


def arrived(payload: Mapping[str, Any]) -> list[Arrived]:
    """`payload`: as `webhook.notified` made it. Kinds nobody knows come as `Said` with `shared` = unsupported."""
    field, value = text(payload.get("field")), payload.get("value")
    if not isinstance(value, Mapping):
        return []
    if field != "messages":
        return [
            AccountNews(
                field, {**value, "business": text(payload.get("business"))}, _moment(payload.get("time"))
            )
        ]
    found: list[Arrived] = []
    for message in dicts(value.get("messages")):
        found.append(_message(message, next(iter(dicts(value.get("contacts"))), {})))
    for status in dicts(value.get("statuses")):
        found.extend(_status(status))
    if errors := dicts(value.get("errors")):
        found.append(AccountNews("errors", {"errors": errors}, _moment(payload.get("time"))))
    return found


def _moment(value: object) -> datetime:
    """Meta writes seconds, as text or as a number."""
    try:
        return datetime.fromtimestamp(int(text(value)), UTC)
    except (ValueError, OverflowError, OSError):
        return NO_TIME


def _person(message: Mapping[str, Any], contact: Mapping[str, Any]) -> Person:
    """By the id of the user, who may hide the number; older webhooks know only the number, which then is the id."""
    profile = contact.get("profile")
    profile = profile if isinstance(profile, Mapping) else {}
    phone = _phone(message.get("from")) or _phone(contact.get("wa_id"))
    user = text(message.get("from_user_id")) or text(contact.get("user_id"))
    return Person(
        (user or phone or "")[:ID_LENGTH],
        phone,
        shapes.line(profile.get("name")),
        shapes.line(profile.get("username")),
    )


def _phone(value: object) -> str | None:
    digits = text(value).removeprefix("+")
    return digits if digits.isascii() and digits.isdecimal() and len(digits) <= PHONE_LENGTH else None


def _message(message: Mapping[str, Any], contact: Mapping[str, Any]) -> Arrived:
    kind, person = text(message.get("type")), _person(message, contact)
    id_, at = text(message.get("id")), _moment(message.get("timestamp"))
    if kind == "system":
        return _system(message, person, at)
    if (amended := _amended(kind, message, person, id_, at)) is not None:
        return amended
    media: tuple[Media, ...] = ()
    if kind in MEDIA and (one := _media(kind, message.get(kind))) is not None:
        media, shape = (one,), shapes.Shape(_caption(message.get(kind)))
    else:
        shape = shapes.SHAPES.get(kind, shapes.unknown)(message) or shapes.unknown(message)
    context = message.get("context")
    context = context if isinstance(context, Mapping) else {}
    shared = shapes.with_context(shape.shared, message.get("referral"), context)
    return Said(id_, person, at, shape.text, media, shared, text(context.get("id")) or None)


def _amended(kind: str, message: Mapping[str, Any], person: Person, id_: str, at: datetime) -> Amended | None:
    said = message.get(kind)
    if not isinstance(said, Mapping):
        return None
    match kind:
        case "reaction" if about := text(said.get("message_id")):
            return Amended(id_, person, at, about, "reacted", shapes.line(said.get("emoji"), 40))
        case "edit" if about := text(said.get("original_message_id")):
            return Amended(id_, person, at, about, "edited", _text_of(said.get("message")))
        case "revoke" if about := text(said.get("original_message_id")):
            return Amended(id_, person, at, about, "withdrawn")
    return None


def _text_of(message: object) -> str:
    """What an edited message says now: its text or its caption."""
    if not isinstance(message, Mapping):
        return ""
    kind = text(message.get("type"))
    body = message.get(kind)
    if kind in MEDIA:
        return _caption(body)
    return text(body.get("body")) if isinstance(body, Mapping) else ""


def _caption(body: object) -> str:
    return text(body.get("caption")) if isinstance(body, Mapping) else ""


def _media(kind: str, body: object) -> Media | None:
    """None when there is nothing to be fetched."""
    if not isinstance(body, Mapping) or not (named := text(body.get("id"))):
        return None
    shown = "voice" if kind == "audio" and body.get("voice") is True else kind
    type_ = text(body.get("mime_type")).partition(";")[0].strip().lower()[:100]
    return Media(named, shown, type_, shapes.line(body.get("filename")), _sha256(body.get("sha256")))


def _sha256(value: object) -> str:
    """In hex; Meta writes base64. What is neither is not known."""
    said = text(value)
    try:
        digest = bytes.fromhex(said) if len(said) == 64 else base64.b64decode(said, validate=True)
    except ValueError:
        return ""
    return digest.hex() if len(digest) == 32 else ""


def _system(message: Mapping[str, Any], person: Person, at: datetime) -> Arrived:
    """What WhatsApp itself says about a user. Only a new number or id means something to us."""
    system = message.get("system")
    system = system if isinstance(system, Mapping) else {}
    phone = _phone(system.get("wa_id")) or _phone(system.get("new_wa_id"))
    user = (text(system.get("user_id")) or phone or "")[:ID_LENGTH]
    before_id = text(system.get("previous_user_id")) or person.user_id or text(system.get("customer"))
    before = person._replace(user_id=before_id[:ID_LENGTH])
    if text(system.get("type")) not in _CHANGED or not user or not before.user_id:
        return AccountNews("system", dict(message), at)
    return Renamed(before, Person(user, phone, person.name, person.username), at)


def _status(status: Mapping[str, Any]) -> Sequence[Status]:
    state = _STATES.get(text(status.get("status")))
    named = text(status.get("id"))
    if state is None or not named:
        return ()
    error = next(iter(dicts(status.get("errors"))), {})
    code = error.get("code")
    return (
        Status(
            named,
            state,  # type: ignore[arg-type]
            _moment(status.get("timestamp")),
            text(status.get("biz_opaque_callback_data")),
            code if isinstance(code, int) and 0 <= code < 2**31 else 0,
            shapes.error_text(error),
        ),
    )
