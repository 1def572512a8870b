"""Webhooks of WhatsApp at a steady rate: how long each answer takes, and that every message was there in the end."""

import asyncio
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import asyncpg

from bench import server
from bench.server import BenchError
from deskbell.kit.clock import SystemClock
from deskbell.kit.seal import Seal
from deskbell.settings import load
from deskbell.store import channel_accounts

RATE = 240
CUSTOMERS = 1_000
CONNECTIONS = 64
AGAIN = 10
"""One webhook in so many comes a second time."""
NUMBER, SECRET = "104500000000001", "bench-app-secret"
DRAINED_WITHIN_S = 30.0


async def add_account(pool: asyncpg.Pool, data: Path) -> None:
    """The number that is written to, sealed with the key that the desk finds in its data folder."""
    seal = Seal(load(data=data).secret_key())
    values: dict[str, Any] = {"external_id": NUMBER, "name": "Bench", "department_id": None, "enabled": True}
    values["settings"] = {}
    secrets = {"app_secret": SECRET}
    await channel_accounts.add(pool, seal, "whatsapp", values, secrets, SystemClock().now())


class _Meta:
    """Posts at the times of a timetable, whatever the answers take; a time counts from its place there."""

    def __init__(self, port: int, seconds: float) -> None:
        self.times: list[float] = []
        self.messages = 0
        self._port = port
        self._due = iter([n / RATE for n in range(int(RATE * seconds))])
        self._last = b""
        self._began = time.monotonic() + 0.5

    async def post(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            for due in self._due:
                await asyncio.sleep(max(0.0, self._began + due - time.monotonic()))
                writer.write(self._request())
                await server.answered(reader, "a webhook")
                self.times.append(time.monotonic() - self._began - due)
        finally:
            writer.close()

    def _request(self) -> bytes:
        if self._last and len(self.times) % AGAIN == AGAIN - 1:
            again, self._last = self._last, b""
            return again
        self.messages += 1
        self._last = _webhook(self.messages)
        return self._last


def _webhook(number: int) -> bytes:
    phone = f"49155{number % CUSTOMERS:07}"
    message = {
        "from": phone,
        "id": f"wamid.bench{number}",
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": f"Where is my order, please? It was number {number}."},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "4930", "phone_number_id": NUMBER},
        "contacts": [{"profile": {"name": f"Customer {phone[-4:]}"}, "wa_id": phone}],
        "messages": [message],
    }
    entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
    body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
    signed = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    head = (
        "POST /hooks/whatsapp HTTP/1.1\r\nHost: desk\r\nContent-Type: application/json\r\n"
        f"X-Hub-Signature-256: sha256={signed}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def webhook_times(db: asyncpg.Connection, port: int, seconds: float) -> tuple[list[float], float]:
    """Seconds until each answer, in order of length, and from the last answer until all was worked on.

    Raises BenchError when a message is missing or there twice.
    """
    meta = _Meta(port, seconds)
    await asyncio.gather(*(meta.post() for _ in range(CONNECTIONS)))
    ended = time.monotonic()
    while await db.fetchval("SELECT EXISTS (SELECT FROM arrival WHERE state = 'new')"):
        if time.monotonic() - ended > DRAINED_WITHIN_S:
            raise BenchError(f"the ledger was not worked on within {DRAINED_WITHIN_S:.0f} s")
        await asyncio.sleep(0.02)
    drained = time.monotonic() - ended
    stored = await db.fetchval("SELECT count(*) FROM entry WHERE client_id LIKE 'in-%' AND kind = 'message'")
    if stored != meta.messages:
        raise BenchError(f"{meta.messages} messages came, {stored} are in threads")
    return sorted(meta.times), drained
