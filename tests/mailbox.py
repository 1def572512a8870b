"""A real SMTP server for tests, which keeps what it is given."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiosmtpd.smtp import SMTP, Envelope, Session


class Received(NamedTuple):
    sender: str
    to: list[str]
    content: bytes


class Mailbox:
    """`refuses`: addresses it does not know; `says`: what it answers to others. `closed`: takes nothing just now."""

    def __init__(self) -> None:
        self.port = 0
        self.received: list[Received] = []
        self.refuses: set[str] = set()
        self.says: dict[str, str] = {}
        self.closed = False

    async def handle_MAIL(
        self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.closed:
            return "421 4.3.2 Not now"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.says:
            return self.says[address]
        if address in self.refuses:
            return "550 5.1.1 Nobody of that name here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:
        content: Any = envelope.content
        self.received.append(Received(str(envelope.mail_from), list(envelope.rcpt_tos), bytes(content)))
        return "250 OK"


@asynccontextmanager
async def mailbox() -> AsyncIterator[Mailbox]:
    """Listens on a port the system chose, in this loop."""
    box = Mailbox()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(box), "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()
