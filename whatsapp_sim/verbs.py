"""What a customer can do, as values: the bodies of the control API."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Json = dict[str, Any]
Kind = Literal[
    "text",
    "image",
    "video",
    "audio",
    "voice",
    "document",
    "sticker",
    "location",
    "contacts",
    "reaction",
    "edit",
    "delete",
    "button",
    "button_reply",
    "list_reply",
    "order",
    "unsupported",
    "too_big",
    "unknown",
]
FILES = ("image", "video", "audio", "voice", "document", "sticker")


class Write(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A message of a customer. What is left out is filled with a sample."""

    type: Kind = "text"
    number: str = ""
    """Phone number id of the business; empty: the first one."""
    text: Annotated[str, Meta(max_length=65_536)] = ""
    """Text, caption, or title of the button that was pressed."""
    data: bytes = b""
    """A file, base64 in JSON."""
    mime: str = ""
    filename: str = ""
    animated: bool = False
    reply_to: str = ""
    """Message id this answers; for `button` and its like the message with the buttons."""
    target: str = ""
    """Message id a reaction, edit or delete is about."""
    emoji: str = ""
    """Empty removes the reaction."""
    without_emoji: bool = False
    """A removed reaction comes without `emoji` instead of an empty one."""
    payload: str = ""
    """Of a template's quick reply; id of a button or row."""
    latitude: float = 52.5163
    longitude: float = 13.3777
    name: str = ""
    """Of a place, or of a contact."""
    address: str = ""
    phone: str = ""
    """Of a contact."""
    forwarded: Literal["", "once", "often"] = ""
    referral: Json | None = None
    extra: Json | None = None
    """Fields put into the message as they are, over what would be there."""


class NewUser(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A customer with a phone."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{0,40}$")] = ""
    phone: Annotated[str, Meta(pattern=r"^\+?[0-9]{7,15}$")] | None = None
    """Left out: one is made up."""
    username: Annotated[str, Meta(max_length=30)] = ""
    hidden: bool = False
    dialled: str = ""
    on_whatsapp: bool = True
    auto_read: bool = False


class UserChange(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is left out stays."""

    name: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    username: Annotated[str, Meta(max_length=30)] | None = None
    hidden: bool | None = None
    on_whatsapp: bool | None = None
    auto_read: bool | None = None
