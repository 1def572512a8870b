"""Departments as cards: total, online and offline counts with names (PEOPLE-6)."""

from typing import Annotated, Any

from litestar import get, patch, post
from litestar.params import JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType, field

from deskbell.api import auth
from deskbell.api.auth import StaffUser
from deskbell.api.ports import Edge, Here
from deskbell.api.problems import Problem, not_found
from deskbell.api.schemas import Body, Ids, Name, OwnHours, SmallIdInPath
from deskbell.channels.email.addressing import why_not_base
from deskbell.domain import hours
from deskbell.kit import text
from deskbell.store import departments
from deskbell.store.departments import Department

DESCRIPTION = 1000
TUNED = {"first_line", "hours"}
"""What supervisors set too, as they set the preferences (SUPERVISOR-2)."""
MailAddress = Annotated[str, Meta(max_length=254)]
MailName = Annotated[str, Meta(max_length=100)]


class DepartmentMember(Struct, frozen=True):
    id: int
    name: str
    online: bool


class DepartmentView(Struct, frozen=True, kw_only=True):
    id: int
    name: str
    description: str
    offered: bool
    first_line: bool
    hours: dict[str, Any] | None
    mail_address: str
    mail_name: str
    total: int
    online: int
    offline: int
    staff: list[DepartmentMember]


class DepartmentList(Struct, frozen=True):
    departments: list[DepartmentView]


class DepartmentNew(Body):
    name: Name
    description: Annotated[str, Meta(max_length=1000)] = ""
    offered: bool = True
    first_line: bool = False
    hours: OwnHours | None = None
    mail_address: MailAddress = ""
    mail_name: MailName = ""
    staff: Ids = field(default_factory=list)


class DepartmentChange(Body):
    name: Name | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=1000)] | UnsetType = UNSET
    offered: bool | UnsetType = UNSET
    first_line: bool | UnsetType = UNSET
    hours: OwnHours | UnsetType | None = UNSET
    mail_address: MailAddress | UnsetType = UNSET
    mail_name: MailName | UnsetType = UNSET
    staff: Ids | UnsetType = UNSET


@get("/api/departments")
async def everyone(staff_user: StaffUser, edge: Here) -> DepartmentList:
    return DepartmentList([_view(found) for found in await departments.everyone(edge.pool, edge.clock.now())])


@post("/api/departments")
async def add(data: JSONBody[DepartmentNew], staff_user: StaffUser, edge: Here) -> DepartmentView:
    auth.allow(staff_user, "departments")
    name = text.needed_name(data.name)
    description = text.clean(data.description, DESCRIPTION, "The description")
    more = {
        "first_line": data.first_line,
        "hours": _good_hours(data.hours),
        "mail_address": _good_address(data.mail_address),
        "mail_name": text.name(data.mail_name),
    }
    async with edge.pool.acquire() as connection, connection.transaction():
        added = await departments.add(connection, name, description, data.offered)
        if added is None:
            raise _taken()
        if not await departments.change(connection, added, more):
            raise _taken("Another department has this e-mail address already.", "mail_address")
        await departments.set_staff(connection, added, data.staff)
    return await _told(edge, added)


@patch("/api/departments/{department_id:int}")
async def change(
    department_id: SmallIdInPath, data: JSONBody[DepartmentChange], staff_user: StaffUser, edge: Here
) -> DepartmentView:
    given = data.given()
    auth.allow(staff_user, "preferences" if given and given.keys() <= TUNED else "departments")
    members = given.pop("staff", None)
    if "name" in given:
        given["name"] = text.needed_name(given["name"])
    if "description" in given:
        given["description"] = text.clean(given["description"], DESCRIPTION, "The description")
    _good_hours(given.get("hours"))
    if "mail_address" in given:
        given["mail_address"] = _good_address(given["mail_address"])
    if "mail_name" in given:
        given["mail_name"] = text.name(given["mail_name"])
    async with edge.pool.acquire() as connection, connection.transaction():
        if not await departments.existing(connection, [department_id]):
            raise not_found("department")
        if not await departments.change(connection, department_id, given):
            raise _taken_by(given)
        if members is not None:
            await departments.set_staff(connection, department_id, members)
    return await _told(edge, department_id, rights=members is not None)


def _good_hours(value: dict[str, Any] | None) -> dict[str, Any] | None:
    if problem := hours.problem(value):
        raise Problem(400, "hours", f"Business hours: {problem}", field="hours")
    return value


def _good_address(value: str) -> str:
    """What its mails are from; "" for the desk's own. Raises Problem."""
    value = value.strip().lower()
    if value and (problem := why_not_base(value)):
        raise Problem(400, "mail_address", problem, field="mail_address")
    return value


def _taken(sentence: str = "Another department has this name already.", field_name: str = "name") -> Problem:
    return Problem(409, "taken", sentence, field=field_name)


def _taken_by(given: dict[str, Any]) -> Problem:
    """Which of them is another's already is not known when both were given: it is said so."""
    if "name" not in given:
        return _taken("Another department has this e-mail address already.", "mail_address")
    if not given.get("mail_address"):
        return _taken()
    return _taken("Another department has this name or e-mail address already.")


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
        mail_address=department.mail_address,
        mail_name=department.mail_name,
        total=len(department.staff),
        online=online,
        offline=len(department.staff) - online,
        staff=[DepartmentMember(*member) for member in department.staff],
    )


route_handlers = [everyone, add, change]
