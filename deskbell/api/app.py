"""The application: every route, the two sockets, and what goes around them."""

from functools import cache, partial
from typing import Any

from litestar import Litestar
from litestar.di import Provide
from litestar.enums import ScopeType
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import Receive, Scope, Send

from deskbell.api import (
    actions,
    auth,
    blocks,
    comments,
    conversations,
    errors,
    history,
    hooks,
    linked,
    lists,
    notifications,
    problems,
    profiles,
    routes,
    templates,
    tickets,
    visitors,
    widget_after,
    widget_chat,
    widget_visit,
)
from deskbell.api.direct import Direct
from deskbell.api.pages import survey
from deskbell.api.ports import Edge
from deskbell.api.security import Guard
from deskbell.api.sockets import Sockets
from deskbell.desk.desk import Desk
from deskbell.kit.limits import Buckets

VERSION = "1"
GIVEN = "deskbell"
"""Where a request carries what its node gives to the handlers."""


DIRECT = {"/api/widget/visit": widget_visit.report.fn}
"""What comes in thousands (direct.py)."""


class Application:
    """What the server runs: sockets go straight to their door, everything else through the guard to the routes."""

    def __init__(self, edge: Edge, desk: Desk, messages: Buckets) -> None:
        self.sockets = Sockets(desk, edge, messages)
        self.routes = make_routes()
        self._given = {"edge": edge, "desk": desk, "messages": messages}
        hooked = {f"/hooks/{name}": partial(hooks.take.fn, channel=name) for name in edge.channels}
        self._http = Guard(Direct(self.routes, DIRECT | hooked, edge, desk), edge.settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.WEBSOCKET:
            scope[GIVEN] = self._given  # type: ignore[literal-required]
            await self._http(scope, receive, send)
        elif scope["path"] == "/api/socket":
            await self.sockets.staff(scope, receive, send)  # type: ignore[arg-type]
        elif scope["path"] == "/api/widget/socket":
            await self.sockets.visitor(scope, receive, send)  # type: ignore[arg-type]
        else:
            await receive()
            await send({"type": "websocket.close", "code": 4003, "reason": ""})


@cache
def make_routes() -> Litestar:
    """The HTTP part, with OpenAPI made from the same types (API-1). It knows no node: each request brings its own."""
    handlers = [
        *routes.HANDLERS,
        *conversations.route_handlers,
        *actions.route_handlers,
        *blocks.route_handlers,
        *linked.route_handlers,
        *comments.route_handlers,
        *history.route_handlers,
        *lists.route_handlers,
        *notifications.route_handlers,
        *profiles.route_handlers,
        *templates.route_handlers,
        *tickets.route_handlers,
        *visitors.route_handlers,
        *widget_chat.route_handlers,
        *widget_visit.route_handlers,
        *widget_after.route_handlers,
        *survey.route_handlers,
        *hooks.route_handlers,
    ]
    return Litestar(
        route_handlers=handlers,
        dependencies={**{name: _given(name) for name in ("edge", "desk", "messages")}, **auth.DEPENDENCIES},
        exception_handlers={**errors.HANDLERS, **problems.HANDLERS},
        openapi_config=OpenAPIConfig(
            title="Deskbell",
            version=VERSION,
            path="/api/openapi.json",
            render_plugins=[
                JsonRenderPlugin(path="/")
            ],  # its pages for people would fetch scripts from strangers
        ),
        debug=False,
        logging_config=None,
    )


def _given(name: str) -> Provide:
    def find(scope: Scope) -> Any:
        return scope[GIVEN][name]  # type: ignore[literal-required]

    return Provide(find, sync_to_thread=False)
