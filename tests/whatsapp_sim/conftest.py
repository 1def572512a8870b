"""A simulator whose clock stands still, a business that calls it, and the business's webhook."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.whatsapp_sim.sink import Sink, sink
from whatsapp_sim import defaults
from whatsapp_sim.client import Client
from whatsapp_sim.clock import Clock
from whatsapp_sim.delivery import trust
from whatsapp_sim.server import serving
from whatsapp_sim.simulator import Simulator

Json = dict[str, Any]
NOON = 1_780_000_000.0
BODY: Json = {
    "type": "body",
    "parameters": [{"type": "text", "text": word} for word in ("Marta", "2041", "Friday")],
}
HEADER: Json = {"type": "header", "parameters": [{"type": "text", "text": "2041"}]}
TRACK: Json = {
    "type": "button",
    "sub_type": "url",
    "index": "2",
    "parameters": [{"type": "text", "text": "2041"}],
}
"""What the template order_update needs."""
MARTA = "+15555550111"
YUSUF = "+15555550112"


@pytest.fixture
async def hook() -> AsyncIterator[Sink]:
    async with sink() as found:
        yield found


@pytest.fixture
async def sim(hook: Sink) -> AsyncIterator[Simulator]:
    async with serving(webhook=hook.url, clock=Clock(NOON, running=False)) as simulator:
        yield simulator


@pytest.fixture
async def phone(sim: Simulator) -> AsyncIterator[Client]:
    async with Client(sim.base) as client:
        yield client


class Shop:
    """The business: it calls the Graph API with its token."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.number = f"/v25.0/{defaults.PHONE_NUMBER_ID}"
        self.account = f"/v25.0/{defaults.WABA_ID}"

    async def send(self, to: str = MARTA, **message: Any) -> httpx.Response:
        body = {"messaging_product": "whatsapp", "to": to, **message}
        return await self.http.post(f"{self.number}/messages", json=body)

    async def text(self, to: str = MARTA, text: str = "Good evening!", **more: Any) -> httpx.Response:
        return await self.send(to, type="text", text={"body": text}, **more)

    async def template(
        self, name: str, language: str = "en", *parts: Json, to: str = MARTA
    ) -> httpx.Response:
        template = {"name": name, "language": {"code": language}, "components": list(parts)}
        return await self.send(to, type="template", template=template)

    async def upload(self, content: bytes, mime: str, name: str = "file") -> httpx.Response:
        data = {"messaging_product": "whatsapp", "type": mime}
        return await self.http.post(f"{self.number}/media", data=data, files={"file": (name, content, mime)})


@pytest.fixture
async def shop(sim: Simulator) -> AsyncIterator[Shop]:
    token = {"Authorization": f"Bearer {defaults.TOKEN}"}
    async with httpx.AsyncClient(base_url=sim.base, headers=token, trust_env=False, verify=trust()) as http:
        yield Shop(http)


def code(answer: httpx.Response) -> tuple[int, int]:
    """HTTP status and Meta's code of a refusal; (200, 0) when it was taken."""
    if answer.status_code == 200:
        return 200, 0
    return answer.status_code, answer.json()["error"]["code"]


def wamid(answer: httpx.Response) -> str:
    found: str = answer.json()["messages"][0]["id"]
    return found
