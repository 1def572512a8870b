"""A webhook that takes what it is sent, and answers as it is told."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

from whatsapp_sim.server import address, hosted, listen


class Sink:
    """`posts` are (headers, raw body); `answers` are statuses given one after the other, then always 200."""

    def __init__(self) -> None:
        self.base = ""
        self.verify_token = "sim-verify"
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.hold: asyncio.Event | None = None

    @property
    def url(self) -> str:
        return f"{self.base}/hook"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.posts]

    @property
    def values(self) -> list[dict[str, Any]]:
        """Each `value` of each change, in the order it came."""
        return [
            change["value"] for body in self.bodies for entry in body["entry"] for change in entry["changes"]
        ]

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [message for value in self.values for message in value.get("messages", [])]

    @property
    def statuses(self) -> list[str]:
        return [status["status"] for value in self.values for status in value.get("statuses", [])]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "GET":
            asked = {name: found[0] for name, found in parse_qs(scope["query_string"].decode()).items()}
            right = asked.get("hub.verify_token") == self.verify_token
            await _answer(send, 200 if right else 403, asked["hub.challenge"].encode() if right else b"")
            return
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        if self.hold:
            await self.hold.wait()
        self.posts.append(({name.decode(): value.decode() for name, value in scope["headers"]}, body))
        await _answer(send, self.answers.pop(0) if self.answers else 200, b"")


async def _answer(send: Any, status: int, body: bytes) -> None:
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextlib.asynccontextmanager
async def sink() -> AsyncIterator[Sink]:
    """A sink that listens on a free port."""
    listening, found = listen("127.0.0.1", 0), Sink()
    found.base = address(listening)
    async with hosted(found, listening):
        yield found
        if found.hold:
            found.hold.set()
