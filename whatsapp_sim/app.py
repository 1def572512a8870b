"""The application: Graph API, control API and phone, and what goes around them."""

import re
from functools import cache
from typing import Any

import msgspec
from litestar import Litestar, MediaType, Request, Response
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import Message, Receive, Scope, Send

from whatsapp_sim import control, customers, graph, phone
from whatsapp_sim.errors import GraphError
from whatsapp_sim.people import Refused
from whatsapp_sim.simulator import Simulator

GIVEN = "simulator"
MARK = [(b"x-simulator", b"whatsapp"), (b"x-robots-tag", b"noindex"), (b"referrer-policy", b"no-referrer")]
HOST = re.compile(rb"(localhost|[0-9.]{7,15}|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
BY_HAND = ("/_sim", "/phone")
"""Paths that no page of another site may use."""


class Application:
    """One simulator as an ASGI application. Every answer says that it is one."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *MARK]
            await send(message)

        if scope["type"] != "http":  # type: ignore[comparison-overlap]
            return
        if scope["path"].startswith(BY_HAND) and not is_own(scope):
            await _refused("Pages of other sites may not use the simulator.")(scope, receive, marked)
            return
        scope[GIVEN] = self._simulator  # type: ignore[literal-required]
        await routes()(scope, receive, marked)


def is_own(scope: Scope) -> bool:
    """No browser, or a page of the simulator itself, called by an address and not by a name somebody else owns."""
    headers = dict(scope["headers"])
    origin, host = headers.get(b"origin"), headers.get(b"host", b"")
    if not HOST.fullmatch(host):
        return False
    if headers.get(b"sec-fetch-site", b"none") not in (b"none", b"same-origin"):
        return False
    return origin is None or origin == b"http://" + host


def _refused(sentence: str) -> Any:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        body = msgspec.json.encode({"error": sentence})
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 403, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    return answer


@cache
def routes() -> Litestar:
    """It knows no simulator: each request brings its own."""

    def simulator(scope: Scope) -> Simulator:
        found: Simulator = scope[GIVEN]  # type: ignore[literal-required]
        return found

    return Litestar(
        route_handlers=[graph.ROUTES, control.ROUTES, customers.ROUTES, phone.ROUTES],
        dependencies={"simulator": Provide(simulator, sync_to_thread=False)},
        exception_handlers={
            Refused: _sentence,
            msgspec.ValidationError: _sentence,
            HTTPException: _http,
        },
        openapi_config=None,
        logging_config=None,
        debug=False,
    )


def _sentence(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    return Response({"error": str(error)}, status_code=400, media_type=MediaType.JSON)


def _http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Meta's envelope for the Graph API, a sentence for the rest."""
    if request.url.path.startswith(BY_HAND):
        extra = "; ".join(str(one.get("message", "")) for one in error.extra or [] if isinstance(one, dict))
        sentence = f"{error.detail}: {extra}" if extra else error.detail
        return Response({"error": sentence}, status_code=error.status_code, media_type=MediaType.JSON)
    refusal = GraphError(2500, message=f"Unknown path components: {request.url.path[:80]}")
    return Response(refusal.envelope(""), status_code=refusal.status, media_type=MediaType.JSON)
