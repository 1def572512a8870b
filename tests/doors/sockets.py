"""A client of the socket protocol for tests: says what it likes, and keeps every frame until a test asks for it."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Frame = dict[str, Any]
PATIENCE_S = 30.0


class Socket:
    """`say` sends a frame, `hear` waits for the next one of a kind, `ask` does both for frames with an id."""

    def __init__(self, line: ClientConnection) -> None:
        self.line = line
        self.heard: list[Frame] = []
        self.all: list[Frame] = []
        self._ids = 0

    async def say(self, t: str, **fields: Any) -> None:
        await self.raw(json.dumps({"t": t, **fields}, ensure_ascii=False))

    async def raw(self, data: str | bytes) -> None:
        await self.line.send(data)

    async def hear(self, t: str, **fields: Any) -> Frame:
        """The next frame of kind `t` that has these fields; frames before it stay for others to hear."""
        return await self.find(
            lambda frame: frame["t"] == t and fields.items() <= frame.items(), f"{t} {fields}"
        )

    async def find(self, fits: Callable[[Frame], bool], what: str) -> Frame:
        async with asyncio.timeout(PATIENCE_S):
            looked = 0
            while True:
                for frame in self.heard[looked:]:
                    if fits(frame):
                        self.heard.remove(frame)
                        return frame
                looked = len(self.heard)
                try:
                    await self._more()
                except ConnectionClosed as closed:
                    raise AssertionError(f"closed ({closed}) before {what}; heard {self.all[-5:]}") from None

    async def ask(self, t: str, **fields: Any) -> Frame:
        """Send a frame with an id (a new one unless given) and wait for its ack or nack."""
        self._ids += 1
        given: Frame = {"id": f"id-{id(self)}-{self._ids}"} | fields
        await self.say(t, **given)
        return await self.find(
            lambda frame: frame["t"] in ("ack", "nack") and frame["id"] == given["id"], f"answer to {given}"
        )

    async def entry(self, text: str) -> Frame:
        """The entry frame of the message with this text."""
        return await self.find(lambda f: f["t"] == "entry" and f["e"].get("text") == text, f"entry {text!r}")

    async def event(self, name: str) -> Frame:
        return await self.find(
            lambda f: f["t"] == "entry" and f["e"].get("event", {}).get("name") == name, f"event {name}"
        )

    async def quiet(self, *kinds: str) -> list[Frame]:
        """Frames of these kinds (or any) not heard yet, after all that the server had to say until now has come."""
        await self.say("ping")
        await self.hear("pong")
        found = [frame for frame in self.heard if not kinds or frame["t"] in kinds]
        self.heard = [frame for frame in self.heard if frame not in found]
        return found

    async def closed(self) -> int:
        """The close code, when the server has closed."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    await self._more()
                except ConnectionClosed:
                    return self.line.close_code or 0

    async def bye(self) -> Frame:
        """The goodbye, which is followed by a close with the same code."""
        frame = await self.hear("bye")
        assert await self.closed() == frame["code"]
        return frame

    async def _more(self) -> None:
        message = await self.line.recv()
        assert isinstance(message, str)
        for part in message.split("\n"):
            frame = json.loads(part)
            self.heard.append(frame)
            self.all.append(frame)


async def open_socket(url: str, headers: dict[str, str] | None = None) -> Socket:
    """A socket that has said nothing yet. Raises InvalidStatus when the handshake is refused."""
    line = await connect(
        url,
        additional_headers=headers,
        compression=None,
        max_size=None,
        max_queue=None,  # a test that does not read must still see the close
        ping_interval=None,
        proxy=None,
    )
    return Socket(line)


async def greet(socket: Socket, **hello: Any) -> Frame:
    """Say hello; the `ready` that answers it."""
    await socket.say("hello", **({"v": 1} | hello))
    return await socket.hear("ready")
