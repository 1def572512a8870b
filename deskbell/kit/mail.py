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

import aiosmtplib

from deskbell.settings import Settings

TIMEOUT_S = 20
_POLICY = SMTP.clone(cte_type="7bit")  # no server needs an extension for it
CAUGHT_KEPT = 1_000


class MailError(Exception):
    """A mail did not go. `refused`: the server is there, but takes this one mail not; else none would go just now."""

    def __init__(self, text: str, *, refused: bool) -> None:
        super().__init__(text)
        self.refused = refused


class Mail(NamedTuple):
    """One mail to one person, plain text. `key` makes its Message-ID: the same key is the same mail, sent twice."""

    to: str
    subject: str
    text: str
    key: str


class Post(Protocol):
    async def send(self, mail: Mail, now: datetime) -> None:
        """Hand it over. Raises MailError."""
        ...


def compose(mail: Mail, sender: str, now: datetime) -> EmailMessage:
    """The message as it travels. Raises MailError when an address or the subject cannot stand in a header."""
    name, address = parseaddr(sender)
    try:
        by = Address(name, addr_spec=address)
        message = EmailMessage(policy=_POLICY)
        message["From"] = by
        message["To"] = Address(addr_spec=mail.to)
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{mail.key}@{by.domain}>"
    except (ValueError, IndexError, MessageError) as error:  # a line break would begin a header of its own
        raise MailError(f"This mail cannot be addressed: {error}", refused=True) from None
    message["Auto-Submitted"] = "auto-generated"  # nobody's holiday notice answers it
    message.set_content(mail.text)
    return message


class SmtpPost:
    """Over SMTP_HOST, one connection for each mail."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def send(self, mail: Mail, now: datetime) -> None:
        s = self._settings
        message = compose(mail, s.mail_from, now)
        try:
            await aiosmtplib.send(
                message,
                hostname=s.smtp_host,
                port=s.smtp_port,
                username=s.smtp_user or None,
                password=s.smtp_password or None,
                use_tls=s.smtp_tls == "tls",
                start_tls=s.smtp_tls == "starttls",
                timeout=TIMEOUT_S,
            )
        except (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPDataError) as error:
            raise MailError(_short(error), refused=True) from None
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise MailError(_short(error), refused=False) from None


class CaughtPost:
    """Into a folder, one file each, so that everything can be tried without a mail server."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    async def send(self, mail: Mail, now: datetime) -> None:
        message = compose(mail, self._sender, now)
        name = f"{now:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(3)}.eml"
        try:
            await asyncio.to_thread(self._write, name, bytes(message))
        except OSError as error:
            raise MailError(_short(error), refused=False) from None

    def _write(self, name: str, content: bytes) -> None:
        """Whole or not at all; the oldest beyond CAUGHT_KEPT go."""
        self._folder.mkdir(parents=True, exist_ok=True)
        beside = self._folder / f".{name}"
        beside.write_bytes(content)
        beside.rename(self._folder / name)
        for old in sorted(self._folder.glob("*.eml"))[:-CAUGHT_KEPT]:
            old.unlink(missing_ok=True)


def post_of(settings: Settings) -> Post:
    """SMTP when SMTP_HOST is set, else the folder of caught mail."""
    if settings.smtp_host:
        return SmtpPost(settings)
    return CaughtPost(settings.mail_folder, settings.mail_from)


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:200]
