"""Mails handed to a server over SMTP."""

from contextlib import suppress
from datetime import datetime

import aiosmtplib

from deskbell.kit.mail import Mail, MailError, Signer, compose, content_of, short
from deskbell.settings import Settings

TIMEOUT_S = 20
MAILS_PER_CONNECTION = 50
"""Servers count; some hang up at a hundred."""


class SmtpPost:
    """Over SMTP_HOST. Connections are used again until `rest`; as many are open as mails are sent at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._signer = Signer.of(settings)
        self._idle: list[tuple[aiosmtplib.SMTP, int]] = []

    async def send(self, mail: Mail, now: datetime) -> None:
        message = compose(mail, self._settings.mail_from, now)
        content = await content_of(message, self._signer)
        sender = (
            mail.reply_to or message["From"].addresses[0].addr_spec
        )  # what comes back is known by its address
        to = message["To"].addresses[0].addr_spec
        try:
            if not await self._again(sender, to, content):
                await self._fresh(sender, to, content)
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [one.code for one in error.recipients]
            raise MailError(short(error), refused=min(codes, default=0) >= 500) from None
        except aiosmtplib.SMTPDataError as error:
            raise MailError(short(error), refused=error.code >= 500) from None
        except (
            aiosmtplib.SMTPSenderRefused
        ) as error:  # of one department perhaps; somebody can put that right
            raise MailError(short(error), refused=False) from None
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise MailError(short(error), refused=False, away=True) from None

    async def rest(self) -> None:
        idle, self._idle = self._idle, []
        for connection, _ in idle:
            await _quit(connection)

    async def _again(self, sender: str, to: str, content: bytes) -> bool:
        """Over a connection that is open already; False, and nothing has gone, if there is none that lives."""
        while self._idle:
            connection, used = self._idle.pop()
            try:
                await connection.rset()
            except (aiosmtplib.SMTPException, OSError, ValueError):
                connection.close()
                continue
            await self._hand_over(connection, used, sender, to, content)
            return True
        return False

    async def _fresh(self, sender: str, to: str, content: bytes) -> None:
        s = self._settings
        connection = aiosmtplib.SMTP(
            hostname=s.smtp_host,
            port=s.smtp_port,
            username=s.smtp_user or None,
            password=s.smtp_password or None,
            use_tls=s.smtp_tls == "tls",
            start_tls=s.smtp_tls == "starttls",
            timeout=TIMEOUT_S,
        )
        try:
            await connection.connect()
        except BaseException:  # a refused password leaves it open
            connection.close()
            raise
        await self._hand_over(connection, 0, sender, to, content)

    async def _hand_over(
        self, connection: aiosmtplib.SMTP, used: int, sender: str, to: str, content: bytes
    ) -> None:
        try:
            await connection.sendmail(sender, [to], content)
        except (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPDataError):
            self._keep(connection, used + 1)
            raise
        except BaseException:
            connection.close()
            raise
        self._keep(connection, used + 1)

    def _keep(self, connection: aiosmtplib.SMTP, used: int) -> None:
        if used < MAILS_PER_CONNECTION and connection.is_connected:
            self._idle.append((connection, used))
        else:
            connection.close()


async def _quit(connection: aiosmtplib.SMTP) -> None:
    with suppress(aiosmtplib.SMTPException, OSError, ValueError):
        await connection.quit(timeout=2)
    connection.close()
