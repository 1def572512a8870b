"""The staff: made, changed and deactivated by admins, never deleted (PEOPLE-1, PEOPLE-8); the team everybody sees."""

from typing import Any

from litestar import get, patch, post
from litestar.params import JSONBody

from deskbell.api import auth
from deskbell.api.auth import StaffUser
from deskbell.api.passwords import new_password
from deskbell.api.ports import Edge, Here
from deskbell.api.problems import Problem, not_found
from deskbell.api.schemas import (
    AgentLoad,
    Loads,
    SmallIdInPath,
    StaffChange,
    StaffList,
    StaffNew,
    StaffView,
    Team,
    TeamMember,
)
from deskbell.kit import text
from deskbell.kit.clock import milliseconds
from deskbell.store import departments, preferences, sessions, staff
from deskbell.store.staff import StaffRow
from deskbell.store.types import Database


@get("/api/team")
async def team(staff_user: StaffUser, edge: Here) -> Team:
    """Names and who is online (PEOPLE-4); nothing that is nobody else's business."""
    return Team(
        [
            TeamMember(
                id=person.id,
                name=person.name,
                role=person.role,
                online=person.online,
                available=person.available,
                active=person.active,
                departments=list(person.departments),
            )
            for person in await staff.everybody(edge.pool, edge.clock.now())
        ]
    )


@get("/api/team/loads")
async def loads(staff_user: StaffUser, edge: Here) -> Loads:
    """How much everybody has to do, for whoever hands a chat on (LIFE-14, LIFE-15)."""
    present = await preferences.load(edge.pool)
    return Loads([AgentLoad(*load) for load in await staff.loads(edge.pool, present.max_chats)])


@get("/api/staff")
async def everybody(staff_user: StaffUser, edge: Here) -> StaffList:
    auth.allow(staff_user, "staff")
    return StaffList([_view(person) for person in await staff.everybody(edge.pool, edge.clock.now())])


@post("/api/staff")
async def add(data: JSONBody[StaffNew], staff_user: StaffUser, edge: Here) -> StaffView:
    auth.allow(staff_user, "staff")
    name, email, now = text.needed_name(data.name), text.email(data.email), edge.clock.now()
    hashed = await new_password(edge, data.password, email, name) if data.password is not None else None
    async with edge.pool.acquire() as connection, connection.transaction():
        added = await staff.add(
            connection,
            email=email,
            name=name,
            role=data.role,
            password_hash=hashed,
            max_chats=data.max_chats,
            now=now,
        )
        if added is None:
            raise _taken()
        await _join(connection, added, data.departments)
    await edge.signals.staff_changed()
    return await _shown(edge, added)


@patch("/api/staff/{staff_id:int}")
async def change(
    staff_id: SmallIdInPath, data: JSONBody[StaffChange], staff_user: StaffUser, edge: Here
) -> StaffView:
    """A new role, password or deactivation ends the person's sessions at once (PEOPLE-3)."""
    auth.allow(staff_user, "staff")
    given = data.given()
    person = await staff.get(edge.pool, staff_id, edge.clock.now())
    if person is None:
        raise not_found("member of staff")
    values = await _values(edge, person, given)
    async with edge.pool.acquire() as connection, connection.transaction():
        await _keep_an_admin(connection, person, values)
        if not await staff.change(connection, staff_id, values):
            raise _taken()
        if "departments" in given:
            await _join(connection, staff_id, given["departments"])
        ended = await sessions.end_all(connection, staff_id) if _ends_sessions(person, values) else []
    if ended:
        await edge.signals.session_ended(ended)
    if person.available and values.get("available") is False:
        await edge.signals.availability_changed(staff_id, False)
    await edge.signals.staff_changed()
    return await _shown(edge, staff_id)


async def _values(edge: Edge, person: StaffRow, given: dict[str, Any]) -> dict[str, Any]:
    """The columns to set, cleaned. Somebody who is deactivated is not available either."""
    values: dict[str, Any] = {name: given[name] for name in ("role", "active", "max_chats") if name in given}
    if "name" in given:
        values["name"] = text.needed_name(given["name"])
    if "email" in given:
        values["email"] = text.email(given["email"])
    if "password" in given:
        email, name = values.get("email", person.email), values.get("name", person.name)
        values["password_hash"] = await new_password(edge, given["password"], email, name)
    if values.get("active") is False:
        values["available"] = False
    return values


def _ends_sessions(person: StaffRow, values: dict[str, Any]) -> bool:
    new_role = values.get("role", person.role) != person.role
    return new_role or values.get("active") is False or "password_hash" in values


async def _keep_an_admin(connection: Database, person: StaffRow, values: dict[str, Any]) -> None:
    """Nobody could ever manage the desk again without one."""
    leaves = values.get("role", "admin") != "admin" or values.get("active") is False
    if person.role == "admin" and leaves and set(await staff.active_admins(connection)) <= {person.id}:
        raise Problem(409, "last_admin", "This is the last admin. Make somebody else an admin first.")


async def _join(connection: Database, staff_id: int, wanted: list[int]) -> None:
    if set(wanted) - await departments.existing(connection, wanted):
        raise Problem(400, "department", "One of these departments does not exist.", field="departments")
    await staff.set_departments(connection, staff_id, wanted)


def _taken() -> Problem:
    return Problem(409, "taken", "Somebody on the staff has this e-mail address already.", field="email")


async def _shown(edge: Edge, staff_id: int) -> StaffView:
    person = await staff.get(edge.pool, staff_id, edge.clock.now())
    if person is None:
        raise not_found("member of staff")
    return _view(person)


def _view(person: StaffRow) -> StaffView:
    return StaffView(
        id=person.id,
        name=person.name,
        email=person.email,
        role=person.role,
        active=person.active,
        available=person.available,
        online=person.online,
        max_chats=person.max_chats,
        departments=list(person.departments),
        created_at=milliseconds(person.created_at),
    )


route_handlers = [team, loads, everybody, add, change]
