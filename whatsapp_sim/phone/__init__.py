"""The phone in the browser: a page, its style and script, and the news it listens to."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from litestar import MediaType, Response, Router, get
from litestar.params import FromPath
from litestar.response import ServerSentEvent, ServerSentEventMessage

from whatsapp_sim.simulator import Sim

FOLDER = Path(__file__).parent
KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
BEAT_S = 15.0


@get("/", media_type=MediaType.HTML)
async def page() -> Response[bytes]:
    headers = {"content-security-policy": POLICY, "cache-control": "no-cache"}
    return Response((FOLDER / "phone.html").read_bytes(), media_type="text/html", headers=headers)


@get("/phone/{name:str}")
async def part(name: FromPath[str]) -> Response[bytes]:
    """A script or style of the page."""
    path = FOLDER / name
    if path.suffix not in KINDS or not path.is_file():
        return Response(b"", status_code=404, media_type=MediaType.TEXT)
    headers = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}
    return Response(path.read_bytes(), media_type=KINDS[path.suffix], headers=headers)


@get("/_sim/news")
async def news(simulator: Sim) -> ServerSentEvent:
    """Threads that have changed, as they change: `{"number", "user"}`."""

    async def told() -> AsyncIterator[dict[str, Any] | ServerSentEventMessage]:
        with simulator.watching() as queue:
            yield {"data": "{}", "event": "hello"}
            while not simulator.closing.is_set():
                try:
                    number, user = await asyncio.wait_for(queue.get(), BEAT_S)
                except TimeoutError:
                    yield ServerSentEventMessage(comment="beat", data=None)
                    continue
                yield {"data": json.dumps({"number": number, "user": user})}

    return ServerSentEvent(told())


ROUTES = Router("/", route_handlers=[page, part, news])
