"""Which files WhatsApp takes, as what, and how large (whatever else: refused before it is sent, with the limit)."""

from collections.abc import Mapping
from typing import NamedTuple

MB = 1024 * 1024
PICTURES = frozenset({"image/jpeg", "image/png"})
CONVERTED = frozenset({"image/webp", "image/gif", "image/bmp", "image/tiff"})
"""Sent as JPEG or PNG."""
OFFICE = "application/vnd.openxmlformats-officedocument."
NAMED = {
    ".doc": "application/msword",
    ".xls": "application/vnd.ms-excel",
    ".ppt": "application/vnd.ms-powerpoint",
}
"""Old formats of Office, which our own look at the bytes does not tell apart."""


class Kind(NamedTuple):
    """`label`: for people; `most`: in bytes."""

    label: str
    types: frozenset[str]
    most: int


KINDS: Mapping[str, Kind] = {
    "image": Kind("pictures", PICTURES, 5 * MB),
    "audio": Kind(
        "sounds", frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}), 16 * MB
    ),
    "video": Kind("videos", frozenset({"video/mp4", "video/3gpp"}), 16 * MB),
    "document": Kind(
        "documents",
        frozenset(
            {
                "text/plain",
                "application/pdf",
                *NAMED.values(),
                *(
                    OFFICE + rest
                    for rest in (
                        "wordprocessingml.document",
                        "spreadsheetml.sheet",
                        "presentationml.presentation",
                    )
                ),
            }
        ),
        100 * MB,
    ),
}
CAPTIONED = frozenset({"image", "video", "document"})


def type_of(name: str, type_: str) -> str:
    """The type to send it as."""
    if type_ == "text/csv":
        return "text/plain"
    if type_ == "application/octet-stream":
        ending = name[name.rfind(".") :].lower() if "." in name else ""
        return NAMED.get(ending, type_)
    return type_


def kind_of(name: str, type_: str) -> str | None:
    """image, audio, video or document; None: WhatsApp does not take it."""
    if type_ in CONVERTED:
        return "image"
    sent = type_of(name, type_)
    return next((kind for kind, rules in KINDS.items() if sent in rules.types), None)


def why_not(name: str, type_: str, size: int) -> str | None:
    """Why this file can never be sent, naming the limit; None: it can."""
    kind = kind_of(name, type_)
    if kind is None:
        return (
            f"WhatsApp does not take {name}: it takes pictures (JPEG, PNG), sounds (AAC, AMR, MP3, M4A, Opus), videos "
            "(MP4, 3GP), PDF, text and Microsoft Office files."
        )
    rules = KINDS[kind]
    if type_ not in CONVERTED and size > rules.most:
        return (
            f"WhatsApp takes {rules.label} of at most {rules.most // MB} MB: {name} has {size / MB:.1f} MB."
        )
    return None
