"""A desk's edge over a real database, for tests: the routes around the core, the guard, and people who use them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from litestar import Litestar
from litestar.di import Provide
from litestar.types import Scope

from deskbell.api import auth, errors, problems, routes
from deskbell.api.limits import Limits
from deskbell.api.ports import Edge
from deskbell.api.security import Guard
from deskbell.kit.clock import FixedClock
from deskbell.kit.files import FileStore
from deskbell.kit.seal import Seal
from deskbell.kit.tokens import Passwords
from deskbell.realtime.frames import VisitorView
from deskbell.settings import load
from deskbell.store import sites, staff

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOST = "http://desk.test"
PASSWORD = "seven green bicycles"
OWN = {"X-Deskbell": "1", "Origin": HOST}


class Heard:
    """What the rest of the desk was told."""

    def __init__(self) -> None:
        self.ended: list[int] = []
        self.switched: list[tuple[int, bool]] = []
        self.staff = 0
        self.words: list[str] = []

    async def session_ended(self, session_ids: Iterable[int]) -> None:
        self.ended += session_ids

    async def staff_changed(self) -> None:
        self.staff += 1

    async def availability_changed(self, staff_id: int, available: bool) -> None:
        self.switched.append((staff_id, available))

    def settings_changed(self, staff_id: int) -> None:
        self.words.append(f"settings of {staff_id}")

    async def visitor_left(self, customer_id: int) -> None:
        self.words.append(f"left {customer_id}")

    async def changed(self, what: str) -> None:
        self.words.append(what)

    async def visitor_view(self, customer_id: int) -> VisitorView | None:
        return None


@cache
def _routes() -> Litestar:
    """Made once: it takes longer than most tests. Each request brings its desk's edge."""

    def edge(scope: Scope) -> Any:
        return scope["edge"]  # type: ignore[typeddict-item]

    return Litestar(
        routes.HANDLERS,
        dependencies={"edge": Provide(edge, sync_to_thread=False), **auth.DEPENDENCIES},
        exception_handlers={**errors.HANDLERS, **problems.HANDLERS},
        openapi_config=None,
        logging_config=None,
    )


class EdgeDesk:
    """The edge with its own clock; `person` signs somebody in, `visitor` boots a widget."""

    def __init__(self, pool: asyncpg.Pool, folder: Path, *, demo: bool = True, **settings: Any) -> None:
        self.pool, self.heard, self.clock = pool, Heard(), FixedClock(NOW)
        values: dict[str, Any] = {"data": folder, "base_url": HOST} | settings
        self.edge = Edge(
            pool=pool,
            settings=load(**values),
            clock=self.clock,
            signals=self.heard,
            views=self.heard,
            files=FileStore.local(folder / "files"),
            secret=b"k" * 32,
            passwords=Passwords(memory_kib=64, passes=1),
            limits=Limits(),
            seal=Seal(b"k" * 32),
            demo=demo,
        )
        self.app = Guard(self._serve, self.edge.settings)

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        scope["edge"] = self.edge
        await _routes()(scope, receive, send)

    def client(self, headers: dict[str, str] | None = None) -> httpx.AsyncClient:
        """A browser on a page of the desk, or with other headers."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(
            transport=transport, base_url=HOST, headers=OWN if headers is None else headers
        )

    async def hire(self, name: str, role: str = "agent", **more: Any) -> int:
        """A member of staff with the password PASSWORD and the address name@desk.test."""
        added = await staff.add(
            self.pool,
            email=f"{name.lower()}@desk.test",
            name=name,
            role=role,
            password_hash=await self.edge.passwords.hash(PASSWORD),
            max_chats=None,
            now=NOW,
        )
        assert added is not None
        await staff.change(self.pool, added, more)
        return added

    async def person(self, name: str, role: str = "agent") -> httpx.AsyncClient:
        """Hired and signed in."""
        await self.hire(name, role)
        client = self.client()
        assert (await sign_in(client, name)).status_code == 200
        return client

    async def site(self, key: str = "shop", **values: Any) -> sites.Site:
        given = {
            "key": key,
            "name": key.title(),
            "active": True,
            "allowed_origins": [],
            "departments": [],
            "look": {},
            "texts": {},
            "form": {},
        }
        return await sites.add(self.pool, given | values)

    async def visitor(self, key: str = "shop") -> httpx.AsyncClient:
        """A browser with the widget of a site open."""
        client = self.client({"Origin": HOST})
        boot = await client.post("/api/widget/session", json={"site": key})
        client.headers["Authorization"] = f"Bearer {boot.json()['token']}"
        return client


async def sign_in(client: httpx.AsyncClient, name: str, password: str = PASSWORD) -> httpx.Response:
    return await client.post(
        "/api/session", json={"email": f"{name.lower()}@desk.test", "password": password}
    )


def code(answer: httpx.Response) -> tuple[int, str]:
    """Status and error code."""
    return answer.status_code, answer.json()["error"]["code"]
