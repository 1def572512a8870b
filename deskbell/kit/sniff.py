"""What a file is, told from its bytes; what its sender says is not believed (CHAT-5)."""

import re
from typing import NamedTuple

import filetype  # type: ignore[import-untyped]

HEAD = 8 * 1024
OPAQUE = "application/octet-stream"
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/tiff"})
MEDIA = frozenset(
    {
        "audio/mpeg",
        "audio/ogg",
        "audio/x-wav",
        "audio/mp4",
        "audio/aac",
        "audio/x-flac",
        "video/mp4",
        "video/webm",
        "video/quicktime",
        "video/3gpp",
    }
)
"""May be played in the page; everything else is only ever downloaded."""

DOCUMENTS = frozenset({"application/pdf", "application/zip", "text/plain", "text/csv", "application/rtf"})
_OFFICE = ("application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument.")
_PROGRAM_MAGIC = (
    b"MZ",
    b"\x7fELF",
    b"\xfe\xed\xfa",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"#!",
)
_PROGRAM_NAMES = re.compile(
    r"(?i)\.(exe|com|scr|pif|bat|cmd|msi|msp|ps1|psm1|vbs|vbe|js|jse|mjs|wsf|wsh|hta|cpl|jar|lnk|reg|scf|apk|app|dmg"
    r"|sh|desktop|url|appx|msix|application|gadget|chm|iso|img)$"
)
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_MARKUP = re.compile(
    r"(?i)<\s*(!doctype|html|svg|script|body|head|iframe|\?xml|img|a\b|math|style|table|div|!--|x:)|^\s*<|^mime-version:"
)


class Kind(NamedTuple):
    type: str
    """A MIME type of ours; OPAQUE for what no browser should interpret."""
    allowed: bool


def kind(head: bytes, name: str) -> Kind:
    """What the first HEAD bytes of a file say. Programs are not allowed, whatever they are called."""
    if head.startswith(_PROGRAM_MAGIC) or _PROGRAM_NAMES.search(name):
        return Kind(OPAQUE, allowed=False)
    found = filetype.guess_mime(head) or ""
    if found in PICTURES or found in MEDIA or found in DOCUMENTS or found.startswith(_OFFICE):
        return Kind(found, allowed=True)
    if found:
        return Kind(OPAQUE, allowed=not found.startswith("application/x-executable"))
    return Kind(_text_kind(head, name), allowed=True)


def _text_kind(head: bytes, name: str) -> str:
    """Plain text only if it is text without a sign of markup; HTML, SVG and XML stay opaque."""
    if _CONTROL.search(head):
        return OPAQUE
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # only the cut at the end may break a character
            return OPAQUE
        text = head[: error.start].decode("utf-8")
    if _MARKUP.search(text):
        return OPAQUE
    return "text/csv" if name.lower().endswith(".csv") else "text/plain"
