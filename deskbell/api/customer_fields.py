"""Own fields of customers: everybody on the staff fills them in, supervisors define them."""

from typing import Annotated, Literal

from litestar import get, patch, post
from litestar.params import JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from deskbell.api import auth
from deskbell.api.auth import StaffUser
from deskbell.api.ports import Here
from deskbell.api.problems import Problem, not_found
from deskbell.api.schemas import Body, FieldKey, SmallIdInPath
from deskbell.kit import text
from deskbell.store import customer_fields

LABEL = 60
FieldLabel = Annotated[str, Meta(min_length=1, max_length=200)]
Kind = Literal["text", "long", "number", "email", "phone"]


class FieldView(Struct, frozen=True):
    """`active`: shown for every customer; a hidden one keeps what was filled in."""

    id: int
    key: str
    label: str
    kind: str
    active: bool


class FieldList(Struct, frozen=True):
    fields: list[FieldView]


class FieldNew(Body):
    key: FieldKey
    label: FieldLabel
    kind: Kind = "text"


class FieldChange(Body):
    label: FieldLabel | UnsetType = UNSET
    active: bool | UnsetType = UNSET


@get("/api/customer-fields")
async def everyone(staff_user: StaffUser, edge: Here) -> FieldList:
    return FieldList([FieldView(*one) for one in await customer_fields.everyone(edge.pool)])


@post("/api/customer-fields")
async def add(data: JSONBody[FieldNew], staff_user: StaffUser, edge: Here) -> FieldView:
    auth.allow(staff_user, "customer fields")
    label = text.needed_name(data.label, LABEL, "The label")
    async with edge.pool.acquire() as connection, connection.transaction():
        if await customer_fields.count(connection) >= customer_fields.MOST:
            sentence = f"There can be at most {customer_fields.MOST} fields, hidden ones included."
            raise Problem(409, "too_many", sentence, limit=customer_fields.MOST)
        added = await customer_fields.add(connection, data.key, label, data.kind)
    if added is None:
        raise Problem(409, "taken", "Another field has this key already.", field="key")
    await edge.signals.changed("customer_fields")
    return FieldView(*added)


@patch("/api/customer-fields/{field_id:int}")
async def change(
    field_id: SmallIdInPath, data: JSONBody[FieldChange], staff_user: StaffUser, edge: Here
) -> FieldView:
    auth.allow(staff_user, "customer fields")
    given = data.given()
    if not given:
        raise Problem(400, "bad_input", "Name what to change: label or active.")
    if "label" in given:
        given["label"] = text.needed_name(given["label"], LABEL, "The label")
    changed = await customer_fields.change(edge.pool, field_id, given)
    if changed is None:
        raise not_found("field")
    await edge.signals.changed("customer_fields")
    return FieldView(*changed)


route_handlers = [everyone, add, change]
