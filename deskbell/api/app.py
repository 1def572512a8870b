"""The application: every route, the two sockets, and what goes around them."""

from typing import Any

from litestar import Litestar
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.types import Receive, Scope, Send

from deskbell import __version__
from deskbell.api import (
    auth,
    conversations,
    customers,
    departments,
    errors,
    files,
    health,
    labels,
    me,
    pages,
    preferences,
    problems,
    session,
    setup,
    sites,
    staff,
    widget_chat,
    widget_session,
)
from deskbell.api.ports import Edge
from deskbell.api.security import Guard
from deskbell.api.sockets import Sockets
from deskbell.desk.desk import Desk
from deskbell.kit.limits import Buckets

_MODULES = (
    setup,
    session,
    me,
    staff,
    departments,
    labels,
    sites,
    customers,
    preferences,
    files,
    conversations,
    widget_session,
    widget_chat,
    health,
    pages,
)


class Application:
    """What the server runs: sockets go straight to their door, everything else through the guard to the routes."""

    def __init__(self, edge: Edge, desk: Desk, messages: Buckets) -> None:
        self.sockets = Sockets(desk, edge, messages)
        self.routes = make_routes(edge, desk, messages)
        self._http = Guard(self.routes, edge.settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self._http(scope, receive, send)
        elif scope["path"] == "/api/socket":
            await self.sockets.staff(scope, receive, send)  # type: ignore[arg-type]
        elif scope["path"] == "/api/widget/socket":
            await self.sockets.visitor(scope, receive, send)  # type: ignore[arg-type]
        else:
            await receive()
            await send({"type": "websocket.close", "code": 4003, "reason": ""})


def make_routes(edge: Edge, desk: Desk, messages: Buckets) -> Litestar:
    """The HTTP part, with OpenAPI made from the same types (API-1)."""
    given: dict[str, Any] = {"edge": edge, "desk": desk, "messages": messages}
    handlers = [handler for module in _MODULES for handler in module.route_handlers]
    return Litestar(
        route_handlers=handlers,
        dependencies={**{name: _provide(value) for name, value in given.items()}, **auth.DEPENDENCIES},
        exception_handlers={**errors.HANDLERS, **problems.HANDLERS},
        openapi_config=OpenAPIConfig(title="Deskbell", version=__version__, path="/api"),
        debug=False,
        logging_config=None,
    )


def _provide(value: object) -> Provide:
    return Provide(lambda: value, sync_to_thread=False)
