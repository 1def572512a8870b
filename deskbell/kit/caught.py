"""The folder of caught mail, read back: for trying everything out without a mail server (OPS-1)."""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple

SHOWN = 200
MAIL_BYTES = 40 * 1024 * 1024
_NAME = re.compile(r"([0-9]{8}-[0-9]{6}-[0-9]{6})-[0-9a-f]{6}\.eml", re.ASCII)


class Head(NamedTuple):
    name: str
    to: str
    sender: str
    subject: str
    at: datetime


class Part(NamedTuple):
    """An attachment."""

    name: str
    type: str
    size: int


class Caught(NamedTuple):
    head: Head
    headers: list[tuple[str, str]]
    text: str
    html: str
    parts: list[Part]


def newest(folder: Path, limit: int = SHOWN) -> list[Head]:
    """The heads of the newest ones, newest first; what cannot be read is passed over."""
    names = sorted((path.name for path in folder.glob("*.eml") if _NAME.fullmatch(path.name)), reverse=True)
    found = []
    for name in names[:limit]:
        message = _message(folder, name, 64 * 1024)
        if message is not None:
            found.append(_head(name, message))
    return found


def read(folder: Path, name: str) -> Caught | None:
    message = _message(folder, name, MAIL_BYTES)
    if message is None:
        return None
    return Caught(
        _head(name, message),
        [(key, str(value)) for key, value in message.items()],
        _body(message, "plain"),
        _body(message, "html"),
        [_part(part) for part in message.iter_attachments()],
    )


def attachment(folder: Path, name: str, place: int) -> tuple[Part, bytes] | None:
    """One attachment by its place among them."""
    message = _message(folder, name, MAIL_BYTES)
    parts = list(message.iter_attachments()) if message is not None else []
    if place >= len(parts):
        return None
    content = parts[place].get_payload(decode=True)
    return _part(parts[place]), content if isinstance(content, bytes) else b""


def source(folder: Path, name: str) -> bytes | None:
    return _bytes(folder, name, MAIL_BYTES)


def delete_all(folder: Path) -> int:
    """How many there were."""
    gone = [path for path in folder.glob("*.eml") if _NAME.fullmatch(path.name)]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def _message(folder: Path, name: str, limit: int) -> EmailMessage | None:
    content = _bytes(folder, name, limit)
    if content is None:
        return None
    message = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
    return message if isinstance(message, EmailMessage) else None


def _bytes(folder: Path, name: str, limit: int) -> bytes | None:
    """A name is only ever one that this desk gave: no way out of the folder."""
    if not _NAME.fullmatch(name):
        return None
    try:
        with (folder / name).open("rb") as file:
            return file.read(limit)
    except OSError:
        return None


def _head(name: str, message: EmailMessage) -> Head:
    form = _NAME.fullmatch(name)
    at = datetime.strptime(form[1] if form else "", "%Y%m%d-%H%M%S-%f").replace(tzinfo=UTC)
    return Head(
        name, str(message.get("To", "")), str(message.get("From", "")), str(message.get("Subject", "")), at
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return "" if part is None else str(part.get_content())


def _part(part: EmailMessage) -> Part:
    content = part.get_payload(decode=True)
    size = len(content) if isinstance(content, bytes) else 0
    return Part(part.get_filename() or "file", part.get_content_type(), size)
