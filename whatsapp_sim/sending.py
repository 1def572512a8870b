"""Checks of what a business sends, as the Cloud API makes them before it accepts a message."""

import re
from collections.abc import Callable
from typing import Any

from whatsapp_sim import templates
from whatsapp_sim.errors import GraphError, missing, too_long, wrong
from whatsapp_sim.media import KINDS, bare
from whatsapp_sim.state import Media, Number, Template, World

Json = dict[str, Any]
TEXT, CAPTION, OPAQUE = 4096, 1024, 512
MOST_REPLY_BUTTONS, MOST_ROWS = 3, 10
BUTTON_TITLE, ROW_TITLE, ROW_DESCRIPTION = 20, 24, 72
PHONE = re.compile(r"\+?[0-9]{5,20}")
USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]{1,128}")
FindMedia = Callable[[str], Media | None]


def text_of(body: Json, name: str, most: int, *, where: str = "") -> str:
    """A text that must be there. Raises GraphError."""
    label = f"{where}['{name}']" if where else name
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise GraphError(131008, f"{label} is required.")
    if len(value) > most:
        raise too_long(label, most)
    return value


def object_of(body: Json, name: str) -> Json:
    value = body.get(name)
    if not isinstance(value, dict):
        raise missing(name)
    return value


def check_envelope(body: Json) -> str:
    """The type of the message. Raises GraphError."""
    if body.get("messaging_product") != "whatsapp":
        raise missing("messaging_product")
    if body.get("recipient_type", "individual") != "individual":
        raise wrong("recipient_type", "must be individual.")
    opaque = body.get("biz_opaque_callback_data")
    if opaque is not None and (not isinstance(opaque, str) or len(opaque) > OPAQUE):
        raise too_long("biz_opaque_callback_data", OPAQUE)
    context = body.get("context")
    if context is not None and not (
        isinstance(context, dict) and str(context.get("message_id", "")).startswith("wamid.")
    ):
        raise wrong("context", "message_id must be the id of a message.")
    return str(body.get("type", "text"))


def recipient(body: Json, number: Number) -> str:
    """Digits of a phone (E.164: without a `+` the country of the number is put in front), or a BSUID."""
    user_id, to = body.get("recipient"), body.get("to")
    if user_id is not None and to is None:
        if not isinstance(user_id, str) or not USER_ID.fullmatch(user_id):
            raise wrong("recipient", "is not a business-scoped user id.")
        return user_id
    if not isinstance(to, str):
        raise missing("to")
    phone = re.sub(r"[\s()\-.]", "", to)
    if not PHONE.fullmatch(phone):
        raise GraphError(131009, "to is not a phone number.")
    return phone[1:] if phone.startswith("+") else number.country + phone


class Checks:
    """One method per type of message; each returns what is kept as its body."""

    def __init__(self, world: World, find_media: FindMedia) -> None:
        self._world, self._media = world, find_media

    def check(self, kind: str, body: Json, number: Number) -> Json:
        if kind in KINDS:
            return self._file(kind, object_of(body, kind), number)
        checks = {
            "text": self._text,
            "location": self._location,
            "reaction": self._reaction,
            "interactive": self._interactive,
        }
        if kind == "contacts":
            return {"contacts": self._contacts(body.get("contacts"))}
        if kind not in checks:
            raise GraphError(131051, f"Message type {kind[:40]} is not supported.")
        return checks[kind](object_of(body, kind))

    def template(self, body: Json, number: Number) -> tuple[Template, Json]:
        """The template and how it looks filled in."""
        given = object_of(body, "template")
        name = text_of(given, "name", 512, where="template")
        language = given.get("language")
        code = language.get("code") if isinstance(language, dict) else None
        if not isinstance(code, str):
            raise GraphError(131008, "template['language']['code'] is required.")
        found = self._world.template(number.account, name, code)
        if found is None:
            raise GraphError(132001, f"template name ({name}) does not exist in {code}")
        if found.status in ("PAUSED", "DISABLED"):
            raise GraphError(132015 if found.status == "PAUSED" else 132016, f"template {name} ({code})")
        if found.status != "APPROVED":
            raise GraphError(132001, f"template {name} ({code}) is not approved: {found.status}")
        shown = templates.fill(found, given.get("components"))
        header = shown.get("header", {})
        if header.get("type") in KINDS:
            self._file(header["type"], header[header["type"]], number)
        return found, shown

    def _text(self, body: Json) -> Json:
        text_of(body, "body", TEXT, where="text")
        return body

    def _file(self, kind: str, body: Json, number: Number) -> Json:
        media_id, link = body.get("id"), body.get("link")
        if (media_id is None) == (link is None):
            raise GraphError(131008, f"{kind} needs either an id or a link.")
        if link is not None and not str(link).startswith(("http://", "https://")):
            raise GraphError(131009, f"{kind}['link'] is not an address.")
        if media_id is not None:
            media = self._media(str(media_id))
            if media is None or media.number != number.id:
                raise wrong(f"{kind}['id']", "is not a valid WhatsApp business account media attachment ID")
            if kind != "document" and bare(media.mime) not in KINDS[kind]:
                raise GraphError(131053, f"{media.mime} cannot be sent as {kind}.")
        if "caption" in body:
            if kind in ("audio", "sticker"):
                raise wrong(f"{kind}['caption']", "is not allowed here.")
            if len(str(body["caption"])) > CAPTION:
                raise too_long(f"{kind}['caption']", CAPTION)
        return body

    def _location(self, body: Json) -> Json:
        for name, most in (("latitude", 90), ("longitude", 180)):
            try:
                value = float(body[name])
            except (KeyError, TypeError, ValueError):
                raise GraphError(131008, f"location['{name}'] is required.") from None
            if not -most <= value <= most:
                raise GraphError(131009, f"location['{name}'] is out of bounds.")
        return body

    def _contacts(self, contacts: object) -> list[Json]:
        if not isinstance(contacts, list) or not contacts:
            raise missing("contacts")
        for one in contacts:
            name = one.get("name") if isinstance(one, dict) else None
            if not isinstance(name, dict) or not name.get("formatted_name"):
                raise GraphError(131008, "contacts['name']['formatted_name'] is required.")
        return contacts

    def _reaction(self, body: Json) -> Json:
        text_of(body, "message_id", 512, where="reaction")
        if not isinstance(body.get("emoji"), str):
            raise GraphError(131008, "reaction['emoji'] is required; empty removes it.")
        return body

    def _interactive(self, body: Json) -> Json:
        kind = body.get("type")
        checks: dict[object, Callable[[Json], None]] = {
            "button": _reply_buttons,
            "list": _list,
            "cta_url": _link_button,
            "location_request_message": lambda _: None,
        }
        if kind not in checks:
            raise GraphError(131009, f"interactive['type'] {str(kind)[:40]} is not supported.")
        text_of(object_of(body, "body"), "text", CAPTION, where="interactive['body']")
        if "footer" in body:
            text_of(object_of(body, "footer"), "text", 60, where="interactive['footer']")
        checks[kind](object_of(body, "action"))
        return body


def _reply_buttons(action: Json) -> None:
    found = action.get("buttons")
    if not isinstance(found, list) or not 1 <= len(found) <= MOST_REPLY_BUTTONS:
        raise GraphError(131009, f"1 to {MOST_REPLY_BUTTONS} buttons.")
    replies = [object_of(one, "reply") for one in found if isinstance(one, dict)]
    for reply in replies:
        text_of(reply, "title", BUTTON_TITLE, where="reply")
        text_of(reply, "id", 256, where="reply")
    if len({reply["id"] for reply in replies}) != len(found):
        raise GraphError(131009, "Each button needs an id of its own.")


def _list(action: Json) -> None:
    text_of(action, "button", BUTTON_TITLE, where="action")
    sections = action.get("sections")
    if not isinstance(sections, list) or not 1 <= len(sections) <= MOST_ROWS:
        raise GraphError(131009, f"1 to {MOST_ROWS} sections.")
    rows = [row for section in sections for row in section.get("rows", [])]
    if not 1 <= len(rows) <= MOST_ROWS:
        raise GraphError(131009, f"1 to {MOST_ROWS} rows in all.")
    for row in rows:
        text_of(row, "title", ROW_TITLE, where="row")
        text_of(row, "id", 200, where="row")
        if len(str(row.get("description", ""))) > ROW_DESCRIPTION:
            raise too_long("row['description']", ROW_DESCRIPTION)


def _link_button(action: Json) -> None:
    parameters = object_of(action, "parameters")
    text_of(parameters, "display_text", BUTTON_TITLE, where="parameters")
    text_of(parameters, "url", 2000, where="parameters")
