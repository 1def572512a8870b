"""Mails out of the house: over SMTP, or caught in a folder when none is set up (OPS-1)."""

import asyncio
import secrets
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import NamedTuple, Protocol

from deskbell.settings import Settings, SettingsError

_POLICY = SMTP.clone(cte_type="7bit")  # no server needs an extension for it
CAUGHT_KEPT = 1_000
_SIGNED = [b"From", b"To", b"Subject", b"Date", b"Message-ID", b"Reply-To", b"References", b"In-Reply-To"]


class MailError(Exception):
    """A mail did not go. `refused`: never will, the server does not take this one mail; else it may go later.

    `away`: no mail would go just now.
    """

    def __init__(self, text: str, *, refused: bool, away: bool = False) -> None:
        super().__init__(text)
        self.refused = refused
        self.away = away


class Attachment(NamedTuple):
    name: str
    type: str
    content: bytes


class Mail(NamedTuple):
    """One mail to one person. `key` makes its Message-ID: the same key is the same mail, sent twice.

    `sender` is a name and an address, None for the desk's own; `message_id` and `references` with their brackets.
    `automatic`: nobody wrote it, so nobody's holiday notice answers it.
    """

    to: str
    subject: str
    text: str
    key: str
    html: str = ""
    sender: tuple[str, str] | None = None
    reply_to: str = ""
    message_id: str = ""
    references: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    automatic: bool = True


class Post(Protocol):
    async def send(self, mail: Mail, now: datetime) -> None:
        """Hand it over. Raises MailError."""
        ...

    async def rest(self) -> None:
        """Nothing more for now: let connections go."""
        ...


def compose(mail: Mail, sender: str, now: datetime) -> EmailMessage:
    """The message as it travels. Raises MailError when an address or the subject cannot stand in a header."""
    name, address = mail.sender or parseaddr(sender)
    try:
        by = Address(name, addr_spec=address)
        message = EmailMessage(policy=_POLICY)
        message["From"] = by
        message["To"] = Address(addr_spec=_plain(mail.to))
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(now)
        message["Message-ID"] = mail.message_id or f"<{mail.key}@{by.domain}>"
        if mail.reply_to:
            message["Reply-To"] = Address(name, addr_spec=mail.reply_to)
        if mail.references:
            message["In-Reply-To"] = mail.references[-1]
            message["References"] = " ".join(mail.references)
    except (ValueError, IndexError, MessageError) as error:  # a line break would begin a header of its own
        raise MailError(f"This mail cannot be addressed: {error}", refused=True) from None
    if mail.automatic:
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    for one in mail.attachments:
        kind, _, sub = one.type.partition("/")
        message.add_attachment(one.content, kind, sub or "octet-stream", filename=one.name)
    return message


def _plain(address: str) -> str:
    """With its domain in ASCII, as every server takes it. Raises ValueError."""
    local, _, domain = address.rpartition("@")
    if not local.isascii():
        raise ValueError("letters beyond ASCII stand before the @")
    return address if domain.isascii() else f"{local}@{domain.encode('idna').decode()}"


class Signer:
    """Signs with DKIM, so that the receiver can tell it is ours."""

    def __init__(self, domain: str, selector: str, key: bytes) -> None:
        self._domain = domain.encode()
        self._selector = selector.encode()
        self._key = key

    @classmethod
    def of(cls, settings: Settings) -> "Signer | None":
        """None when DKIM is not set up. Raises SettingsError when the key cannot be used."""
        if settings.dkim_key is None:
            return None
        try:
            signer = cls(settings.dkim_domain, settings.dkim_selector, settings.dkim_key.read_bytes())
            signer.sign(b"From: a@b.example\r\nSubject: -\r\n\r\n-\r\n")
        except OSError as error:
            raise SettingsError(f"DKIM_KEY cannot be read: {error.strerror}.") from None
        except Exception:
            raise SettingsError("DKIM_KEY is wrong: not a private RSA key in PEM form.") from None
        return signer

    def sign(self, message: bytes) -> bytes:
        """The message with its signature in front."""
        import dkim  # brings a whole DNS library along, which a start without DKIM need not wait for

        present = message.partition(b"\r\n\r\n")[0].lower()
        headers = [name for name in _SIGNED if b"\n" + name.lower() + b":" in b"\n" + present]
        signature: bytes = dkim.sign(
            message,
            self._selector,
            self._domain,
            self._key,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=headers,
        )
        return signature + message


async def content_of(message: EmailMessage, signer: Signer | None) -> bytes:
    """Signing takes the processor for some milliseconds: not in the loop."""
    content = bytes(message)
    return content if signer is None else await asyncio.to_thread(signer.sign, content)


class CaughtPost:
    """Into a folder, one file each, so that everything can be tried without a mail server."""

    def __init__(self, folder: Path, sender: str, signer: Signer | None = None) -> None:
        self._folder = folder
        self._sender = sender
        self._signer = signer

    async def send(self, mail: Mail, now: datetime) -> None:
        content = await content_of(compose(mail, self._sender, now), self._signer)
        name = f"{now:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(3)}.eml"
        try:
            await asyncio.to_thread(self._write, name, content)
        except OSError as error:
            raise MailError(short(error), refused=False, away=True) from None

    async def rest(self) -> None:
        """Nothing is kept open."""

    def _write(self, name: str, content: bytes) -> None:
        """Whole or not at all; the oldest beyond CAUGHT_KEPT go."""
        self._folder.mkdir(parents=True, exist_ok=True)
        beside = self._folder / f".{name}"
        beside.write_bytes(content)
        beside.rename(self._folder / name)
        for old in sorted(self._folder.glob("*.eml"))[:-CAUGHT_KEPT]:
            old.unlink(missing_ok=True)


def post_of(settings: Settings) -> Post:
    """SMTP when SMTP_HOST is set, else the folder of caught mail. Raises SettingsError for a bad DKIM key."""
    if settings.smtp_host:
        from deskbell.kit.smtp import SmtpPost  # its library is loaded where there is a server to talk to

        return SmtpPost(settings)
    return CaughtPost(settings.mail_folder, settings.mail_from, Signer.of(settings))


def own_sender(settings: Settings) -> tuple[str, str]:
    """Name and address of MAIL_FROM."""
    return parseaddr(settings.mail_from)


def short(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:200]
