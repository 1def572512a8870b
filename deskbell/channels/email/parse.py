"""A mail from outside as plain values. Whatever comes in, something comes out; nothing is believed. Pure."""

import hashlib
import re
from email import message_from_bytes
from email.message import Message
from typing import NamedTuple

from deskbell.kit import text as words

from .headers import Headers, addresses, decoded, ids, line
from .html import text_of

TEXT_READ = 200_000
HTML_READ = 1_000_000
PARTS_READ = 300
FILES_READ = 30
WORK = 6_000_000
"""Lines times boundaries: what the parser may have to look at. More is no mail but an attack (it would take seconds)."""
_DEEPEST = 100

_BEGINNING = 200_000
_BOUNDARY = re.compile(rb"boundary\s*=", re.IGNORECASE)
_SIGNATURES = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)
_SEALED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})
_DELIVERED = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-forwarded-to")
_STRUCTURE = frozenset(
    {"multipart/report", "message/delivery-status", "message/rfc822", "text/rfc822-headers"}
)


class File(NamedTuple):
    """An attachment; `cid` is what the HTML calls it, "" for most."""

    name: str
    type: str
    content: bytes
    cid: str


class Parsed(NamedTuple):
    """`sender` is "" when there is no usable From. `refers_to`: message ids without brackets, nearest first.

    `text` is all of the mail's text; `html` as it came, never to be shown unsanitised. `notes`: sentences for staff about
    what could not be taken.
    """

    headers: Headers
    message_id: str
    refers_to: tuple[str, ...]
    sender: str
    sender_name: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    html: str
    files: tuple[File, ...]
    notes: tuple[str, ...]
    report: str
    """The parts of a bounce that say what came back and why, as text."""


class _Found:
    def __init__(self) -> None:
        self.texts: list[str] = []
        self.htmls: list[str] = []
        self.files: list[File] = []
        self.reports: list[str] = []
        self.notes: list[str] = []
        self.left_out = 0


def parse(raw: bytes, whole: int | None = None) -> Parsed:
    """`whole`: the size of the mail on its server in bytes, when `raw` is only its beginning."""
    found = _Found()
    if whole is not None and whole > len(raw):
        megabytes = max(1, whole // 1_000_000)
        found.notes.append(
            f"This mail has {megabytes} MB, too much to be taken whole: only its beginning is here."
        )
    message = _message(raw, found)
    try:
        _walk(message, found)
    except (RecursionError, ValueError, LookupError, AssertionError, TypeError, AttributeError, KeyError):
        found.notes.append("Parts of this mail could not be read. The original can be downloaded.")
    if found.left_out:
        found.notes.append(f"{found.left_out} further attachments are only in the original.")
    return _parsed(Headers(message), found)


def fingerprint(mail: Parsed, raw: bytes) -> str:
    """The same for the same mail fetched, delivered or forwarded to us twice, another for any that says something else.

    Without a Message-ID the same words may be meant twice: then every byte counts.
    """
    if not mail.message_id:
        return f"mail-{hashlib.sha256(raw).hexdigest()[:40]}"
    files = " ".join(f"{file.name} {len(file.content)}" for file in mail.files)
    whole = "\0".join(
        (mail.message_id, mail.sender, mail.subject, mail.text, files, mail.headers.first("date"))
    )
    return f"mail-{short_digest(whole)}"


def short_digest(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def _message(raw: bytes, found: _Found) -> Message:
    boundaries = len(_BOUNDARY.findall(raw))
    if boundaries > _DEEPEST or raw.count(b"\n") * (boundaries + 1) > WORK:
        found.notes.append("This mail is built too oddly to be read whole. The original can be downloaded.")
        head, _, body = raw[:_BEGINNING].replace(b"\r\n", b"\n").partition(b"\n\n")
        message = message_from_bytes(_without_type(head) + b"\n\n")
        message.set_payload(body.decode("ascii", "surrogateescape"))
        return message
    try:
        return message_from_bytes(raw)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError):
        found.notes.append(
            "This mail is broken: only its headers could be read. The original can be downloaded."
        )
        return message_from_bytes(
            _without_type(raw[:_BEGINNING].replace(b"\r\n", b"\n").partition(b"\n\n")[0])
        )


def _without_type(head: bytes) -> bytes:
    """The headers without those that say how the body is built, so that it is read as plain text."""
    return re.sub(rb"(?im)^content-[a-z-]+:.*\n?(?:[ \t].*\n?)*", b"", head + b"\n").rstrip(b"\n")


def _walk(top: Message, found: _Found) -> None:
    """Every part in its order, without recursion."""
    waiting, seen = [top], 0
    while waiting:
        part = waiting.pop()
        seen += 1
        if seen > PARTS_READ:
            found.notes.append(f"Only the first {PARTS_READ} parts of this mail were read.")
            return
        kind = part.get_content_type()
        if kind in _STRUCTURE:
            _read_report(part, kind, found)
        if kind in _SEALED:
            found.notes.append(
                "This mail is encrypted: the desk cannot read it. The original can be downloaded."
            )
        if part.is_multipart() and kind != "message/rfc822":
            waiting.extend(reversed(_inner(part, kind)))
        elif kind not in _SIGNATURES:
            _leaf(part, kind, found)


def _inner(part: Message, kind: str) -> list[Message]:
    payload = part.get_payload()
    inner = [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []
    return inner[:1] if kind == "message/delivery-status" else inner[:PARTS_READ]


def _leaf(part: Message, kind: str, found: _Found) -> None:
    name = _name(part)
    attached = name != "" or part.get_content_disposition() == "attachment"
    if kind == "text/plain" and not attached:
        found.texts.append(_text(part)[:TEXT_READ])
    elif kind == "text/html" and not attached:
        found.htmls.append(_text(part)[:HTML_READ])
    elif kind not in ("message/delivery-status", "text/rfc822-headers"):
        if len(found.files) >= FILES_READ:
            found.left_out += 1
        elif content := _bytes(part, kind):
            cid = Headers(part).first("content-id").strip("<> ")[:200]
            found.files.append(File(name or _unnamed(kind), kind, content, cid))


def _bytes(part: Message, kind: str) -> bytes:
    if kind == "message/rfc822":
        payload = part.get_payload()
        inner = payload[0] if isinstance(payload, list) and payload else None
        return inner.as_bytes() if isinstance(inner, Message) else b""
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _text(part: Message) -> str:
    content = part.get_payload(decode=True)
    charset = part.get_param("charset", "")
    if isinstance(charset, tuple):
        charset = charset[2]
    text = decoded(content, str(charset)) if isinstance(content, bytes) else ""
    return text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")


def _name(part: Message) -> str:
    try:
        name = part.get_filename("")
    except (ValueError, LookupError, TypeError, AttributeError):
        name = "file"
    return words.file_name(line(str(name), 200)) if name else ""


def _unnamed(kind: str) -> str:
    known = {
        "message/rfc822": "mail.eml",
        "text/calendar": "invite.ics",
        "application/ms-tnef": "winmail.dat",
    }
    endings = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "application/pdf": "pdf"}
    return known.get(kind) or f"attachment.{endings.get(kind, 'bin')}"


def _read_report(part: Message, kind: str, found: _Found) -> None:
    """What a bounce is told by; the beginning of it is enough."""
    if kind != "multipart/report" and len(found.reports) < 4:
        found.reports.append(part.as_string()[:TEXT_READ])


def _parsed(headers: Headers, found: _Found) -> Parsed:
    sender_name, sender = next(iter(addresses(headers.first("from"))), ("", ""))
    html = "\n".join(found.htmls)[:HTML_READ]
    text = "\n\n".join(one.strip("\n") for one in found.texts if one.strip())[:TEXT_READ]
    replied = ids(headers.first("in-reply-to"))[:5]
    before = list(reversed(ids(headers.first("references"))))
    return Parsed(
        headers=headers,
        message_id=next(iter(ids(headers.first("message-id"))), ""),
        refers_to=tuple(dict.fromkeys([*replied, *before])),
        sender=sender,
        sender_name=sender_name,
        recipients=_recipients(headers),
        subject=line(headers.first("subject"), 200),
        text=_clean(text or text_of(html)),
        html=html,
        files=tuple(found.files),
        notes=tuple(dict.fromkeys(found.notes)),
        report="\n".join(found.reports),
    )


def _recipients(headers: Headers) -> tuple[str, ...]:
    """Whom the server delivered it to first, then whom it was addressed to."""
    found = []
    for name in (*_DELIVERED, "to", "cc"):
        for value in headers.every(name)[:10]:
            found += [address for _, address in addresses(value)]
    return tuple(dict.fromkeys(found))[:100]


def _clean(text: str) -> str:
    text = "".join(sign for sign in text if not "\ud800" <= sign <= "\udfff")
    return words.clean(text, 10 * TEXT_READ).strip("\n")
