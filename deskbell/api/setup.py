"""The first-run page: makes the first admin with a one-time token, then closes for good (PEOPLE-2)."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import JSONBody

from deskbell.api import auth
from deskbell.api.passwords import new_password
from deskbell.api.ports import Here
from deskbell.api.problems import Problem, forbidden
from deskbell.api.schemas import Me, Setup, SetupState
from deskbell.kit import ids, text
from deskbell.store import installation, preferences, staff


@get("/api/setup")
async def state(edge: Here) -> SetupState:
    return SetupState(open=not await staff.anybody(edge.pool))


@post("/api/setup", status_code=201)
async def first_admin(request: Request[Any, Any, Any], data: JSONBody[Setup], edge: Here) -> Response[Me]:
    now = edge.clock.now()
    edge.limits.before_setup(auth.client_address(request, edge.settings), now.timestamp())
    if await staff.anybody(edge.pool):
        raise Problem(409, "closed", "This desk has been set up already. Please sign in.")
    name, email = text.needed_name(data.name), text.email(data.email)
    hashed = await new_password(edge, data.password, email, name)
    async with edge.pool.acquire() as connection, connection.transaction():
        if not await installation.use_setup_token(connection, ids.digest(data.token), now):
            raise forbidden("The setup token is wrong or too old. A new one is printed when the desk starts.")
        added = await staff.add(
            connection, email=email, name=name, role="admin", password_hash=hashed, max_chats=None, now=now
        )
    person = await staff.get(edge.pool, added or 0, now)
    if person is None:
        raise Problem(409, "closed", "This desk has been set up already. Please sign in.")
    await edge.signals.staff_changed()
    answer = await auth.begin_session(request, edge, person, await preferences.load(edge.pool))
    answer.status_code = 201
    return answer


route_handlers = [state, first_admin]
