"""What goes around every call of the Graph API: journal, faults, token, Meta's envelope for what is refused."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from litestar import Request, Response
from litestar.background_tasks import BackgroundTask
from litestar.exceptions import HTTPException
from litestar.response import Stream

from whatsapp_sim.errors import GraphError, no_object
from whatsapp_sim.journal import Line
from whatsapp_sim.simulator import Simulator
from whatsapp_sim.state import Account, Media, Message, Number, Template, Token

Json = dict[str, Any]
GraphRequest = Request[Any, Any, Any]
VERSION = re.compile(r"v\d{1,3}\.\d{1,2}")
HANG_S = 600.0
PLAIN = "<!DOCTYPE html><html><body><h1>Sorry, something went wrong.</h1></body></html>"


class NoAnswer(Exception):
    """The call is left hanging."""


class CutAnswer(Exception):
    """The connection breaks in the middle of the answer."""


class PlainAnswer(Exception):
    """A status without JSON, as from a proxy in between."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Call:
    """One call: who asks, and what may be found with their token."""

    def __init__(self, sim: Simulator, request: GraphRequest, version: str, line: Line) -> None:
        self.sim, self.request, self.version, self.line = sim, request, version, line
        self.world, self.now = sim.world, sim.clock.now()
        self.accepted: Message | None = None
        """A message to follow once the answer is out."""
        self.early = False
        self.token = Token("", "", set())

    def check(self) -> None:
        """Version and token. Raises GraphError 2500, 190."""
        if not VERSION.fullmatch(self.version):
            raise GraphError(2500, message=f"Unknown path components: /{self.version[:40]}")
        self.token = find_token(self.sim, self.request)

    def number(self, object_id: str) -> Number:
        found = self.world.numbers.get(object_id)
        if found is None or found.account not in self.token.accounts:
            raise no_object(self.request.method, object_id)
        return found

    def account(self, object_id: str) -> Account:
        found = self.world.accounts.get(object_id)
        if found is None or found.id not in self.token.accounts:
            raise no_object(self.request.method, object_id)
        return found

    def template(self, object_id: str) -> Template | None:
        found = self.world.templates.get(object_id)
        return found if found and found.account in self.token.accounts else None

    def media(self, object_id: str) -> Media | None:
        found = self.sim.shelf.get(object_id, self.now)
        return found if found and self.world.numbers[found.number].account in self.token.accounts else None

    async def json(self) -> Json:
        try:
            body = json.loads(await self.request.body() or b"{}")
        except ValueError:
            raise GraphError(100, "The body is not JSON.") from None
        if not isinstance(body, dict):
            raise GraphError(100, "The body is not a JSON object.")
        return body


def find_token(sim: Simulator, request: GraphRequest) -> Token:
    """Raises GraphError 190; with subcode 463 when it has expired."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    token = sim.world.tokens.get(given.strip() or request.query_params.get("access_token", ""))
    if token is None or scheme.lower() not in ("bearer", "oauth", ""):
        raise GraphError(190, message="Invalid OAuth access token - Cannot parse access token")
    if token.expires is not None and token.expires <= sim.clock.now():
        raise GraphError(190, subcode=463, message="Error validating access token: Session has expired.")
    return token


async def answer(
    sim: Simulator,
    request: GraphRequest,
    version: str,
    work: Callable[[Call], Awaitable[Any]],
    *,
    sends: bool = False,
) -> Response[Any]:
    """Do one call, with whatever goes wrong on the way."""
    multipart = request.headers.get("content-type", "").startswith("multipart/")
    body = b"" if multipart else await request.body()
    line = sim.journal.begin("graph", sim.clock.now(), request.method, _path(request), body)
    call = Call(sim, request, version, line)
    try:
        sent = _sent_to(body)
        faulty = (sends and sent is not None) or sim.faults.all_calls
        if faulty:
            await _faults_before(call, sent or "")
        call.check()
        given = await work(call)
        if faulty:
            await _faults_after(call)
        return _out(call, 200, given)
    except GraphError as error:
        return _out(call, error.status, error.envelope(sim.dice.hex("trace", line.seq)[:22]))
    except PlainAnswer as plain:
        line.status, line.answer = plain.status, PLAIN
        return Response(PLAIN, status_code=plain.status, media_type="text/html")
    except NoAnswer:
        return await _hang(call)
    except CutAnswer:
        await _follow(call)
        return _cut()
    except HTTPException as error:
        refusal = GraphError(131053 if multipart else 100, f"The body is refused: {error.detail}")
        return _out(call, refusal.status, refusal.envelope(""))


def _sent_to(body: bytes) -> str | None:
    """Who a message is for; None when the call is no message (a read mark goes to the same address)."""
    try:
        sent = json.loads(body)
        return None if sent.get("status") == "read" else str(sent.get("to") or sent.get("recipient"))
    except (ValueError, AttributeError):
        return ""


def _path(request: GraphRequest) -> str:
    query = re.sub(r"access_token=[^&]*", "access_token=...", request.url.query)
    return request.url.path + (f"?{query}" if query else "")


def _out(call: Call, status: int, body: Any) -> Response[Any]:
    call.line.status, call.line.answer = status, json.dumps(body)
    return Response(body, status_code=status, background=BackgroundTask(_follow, call))


async def _follow(call: Call) -> None:
    """After the answer: what was accepted goes its way."""
    if call.accepted:
        call.sim.business.follow(call.accepted, sent=call.early)


async def _faults_before(call: Call, whom: str) -> None:
    """Drawn by who is written to and the how manieth call that is, so that it does not depend on what runs beside."""
    faults, dice = call.sim.faults, call.sim.dice
    about = (call.line.path, whom, call.sim.nth_call(call.line.path, whom))
    if delay := dice.between(faults.answer_delay_s, "answer_delay", *about):
        await call.sim.wait_until(call.now + delay)
    if dice.happens(faults.hang_before_accept, "hang_before", *about):
        call.line.note = "hang before accept"
        raise NoAnswer
    for status, chance in faults.http_errors.items():
        if dice.happens(chance, "http", status, *about):
            raise PlainAnswer(status)
    for code, chance in faults.graph_errors.items():
        if dice.happens(chance, "graph", code, *about):
            raise GraphError(code, "Made up by the simulator.", subcode=463 if code == 190 else None)


async def _faults_after(call: Call) -> None:
    faults, dice = call.sim.faults, call.sim.dice
    about = call.accepted.wamid if call.accepted else f"{call.line.path} {call.line.seq}"
    if call.accepted:
        call.early = await call.sim.business.answer_after_status(call.accepted)
    if dice.happens(faults.hang_after_accept, "hang_after", about):
        call.line.note = "hang after accept"
        raise NoAnswer
    if dice.happens(faults.cut_after_accept, "cut_after", about):
        call.line.note = "cut after accept"
        raise CutAnswer


async def _hang(call: Call) -> Response[Any]:
    """Nothing is answered until the other side gives up; what was accepted goes its way meanwhile."""
    await _follow(call)
    gone = asyncio.ensure_future(_until_gone(call.request))
    closing = asyncio.ensure_future(call.sim.closing.wait())
    await asyncio.wait([gone, closing], timeout=HANG_S, return_when=asyncio.FIRST_COMPLETED)
    for wait in (gone, closing):
        wait.cancel()
    return Response("", status_code=504, media_type="text/plain")


async def _until_gone(request: GraphRequest) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _cut() -> Response[Any]:
    async def half() -> AsyncIterator[bytes]:
        yield b'{"messaging_product":'

    return Stream(half(), media_type="application/json", headers={"content-length": "300"})
