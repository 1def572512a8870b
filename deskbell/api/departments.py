"""Departments as cards: total, online and offline counts with names (PEOPLE-6)."""

from typing import Any

from litestar import get, patch, post
from litestar.params import JSONBody
from msgspec import UNSET, structs

from deskbell.api import auth
from deskbell.api.auth import StaffUser
from deskbell.api.ports import Edge, Here
from deskbell.api.problems import Problem, not_found
from deskbell.api.schemas import (
    DepartmentChange,
    DepartmentList,
    DepartmentMember,
    DepartmentNew,
    DepartmentView,
    SmallIdInPath,
)
from deskbell.domain import hours
from deskbell.kit import text
from deskbell.store import departments
from deskbell.store.departments import Department

DESCRIPTION = 1000
TUNED = {"first_line", "hours"}
"""What supervisors set too, as they set the preferences (SUPERVISOR-2)."""


@get("/api/departments")
async def everyone(staff_user: StaffUser, edge: Here) -> DepartmentList:
    return DepartmentList([_view(found) for found in await departments.everyone(edge.pool, edge.clock.now())])


@post("/api/departments")
async def add(data: JSONBody[DepartmentNew], staff_user: StaffUser, edge: Here) -> DepartmentView:
    auth.allow(staff_user, "departments")
    name = text.needed_name(data.name)
    description = text.clean(data.description, DESCRIPTION, "The description")
    more = {"first_line": data.first_line, "hours": _good_hours(data.hours)}
    async with edge.pool.acquire() as connection, connection.transaction():
        added = await departments.add(connection, name, description, data.offered)
        if added is None:
            raise _taken()
        await departments.change(connection, added, more)
        await departments.set_staff(connection, added, data.staff)
    return await _told(edge, added)


@patch("/api/departments/{department_id:int}")
async def change(
    department_id: SmallIdInPath, data: JSONBody[DepartmentChange], staff_user: StaffUser, edge: Here
) -> DepartmentView:
    given: dict[str, Any] = {
        name: value for name, value in structs.asdict(data).items() if value is not UNSET
    }
    auth.allow(staff_user, "preferences" if given and given.keys() <= TUNED else "departments")
    members = given.pop("staff", None)
    if "name" in given:
        given["name"] = text.needed_name(given["name"])
    if "description" in given:
        given["description"] = text.clean(given["description"], DESCRIPTION, "The description")
    _good_hours(given.get("hours"))
    async with edge.pool.acquire() as connection, connection.transaction():
        if not await departments.existing(connection, [department_id]):
            raise not_found("department")
        if not await departments.change(connection, department_id, given):
            raise _taken()
        if members is not None:
            await departments.set_staff(connection, department_id, members)
    return await _told(edge, department_id, rights=members is not None)


def _good_hours(value: dict[str, Any] | None) -> dict[str, Any] | None:
    if problem := hours.problem(value):
        raise Problem(400, "hours", f"Business hours: {problem}", field="hours")
    return value


def _taken() -> Problem:
    return Problem(409, "taken", "Another department has this name already.", field="name")


async def _told(edge: Edge, department_id: int, *, rights: bool = True) -> DepartmentView:
    """`rights`: who is in it may have changed, and with it what they may see."""
    await edge.signals.changed("departments")
    if rights:
        await edge.signals.staff_changed()
    found = await departments.everyone(edge.pool, edge.clock.now())
    return next(_view(department) for department in found if department.id == department_id)


def _view(department: Department) -> DepartmentView:
    online = sum(member.online for member in department.staff)
    return DepartmentView(
        id=department.id,
        name=department.name,
        description=department.description,
        offered=department.offered,
        first_line=department.first_line,
        hours=department.hours,
        total=len(department.staff),
        online=online,
        offline=len(department.staff) - online,
        staff=[DepartmentMember(*member) for member in department.staff],
    )


route_handlers = [everyone, add, change]
