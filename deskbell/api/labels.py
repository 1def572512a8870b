"""Labels: suggestions while typing, made by using them, and the page that keeps them tidy (CHAT-8)."""

from collections.abc import Sequence
from typing import Annotated, Literal

from litestar import delete, get, patch, post
from litestar.params import JSONBody, QueryParameter
from msgspec import UNSET, Meta, Struct, UnsetType

from deskbell.api import auth
from deskbell.api.auth import StaffUser
from deskbell.api.ports import Edge, Here
from deskbell.api.problems import Problem, not_found
from deskbell.api.schemas import Body, LabelList, LabelView, SmallId, SmallIdInPath
from deskbell.kit import text
from deskbell.store import labels

SHOWN = labels.MOST
LENGTH = 50
AT_ONCE = 20
LabelName = Annotated[str, Meta(min_length=1, max_length=LENGTH)]
LabelNames = Annotated[list[LabelName], Meta(max_length=AT_ONCE)]
LabelColor = Literal["blue", "green", "amber", "red", "violet", "teal", "pink", "slate"]


class UsedLabel(Struct, frozen=True):
    """On how many it is."""

    id: int
    name: str
    color: str
    conversations: int
    customers: int


class UsedLabels(Struct, frozen=True):
    labels: list[UsedLabel]
    most: int


class LabelNew(Body):
    name: LabelName
    color: LabelColor | None = None


class LabelEdit(Body):
    name: LabelName | UnsetType = UNSET
    color: LabelColor | UnsetType = UNSET


class LabelMerge(Body):
    into: SmallId


@get("/api/labels")
async def find(
    staff_user: StaffUser, edge: Here, q: Annotated[str, QueryParameter(max_length=100)] = ""
) -> LabelList:
    """Those whose name holds `q`, the ones that begin with it first."""
    return LabelList([LabelView(*label) for label in await labels.find(edge.pool, text.name(q), SHOWN)])


@get("/api/labels/used")
async def used(staff_user: StaffUser, edge: Here) -> UsedLabels:
    auth.allow(staff_user, "labels")
    return UsedLabels([UsedLabel(*one) for one in await labels.used(edge.pool)], labels.MOST)


@post("/api/labels")
async def add(data: JSONBody[LabelNew], staff_user: StaffUser, edge: Here) -> LabelView:
    auth.allow(staff_user, "labels")
    name = text.needed_name(data.name, LENGTH, "A label")
    if await labels.by_name(edge.pool, [name]):
        raise _taken()
    (label_id,) = (await ids_of(edge, [name])).values()
    values = {"name": name} | ({"color": data.color} if data.color else {})
    added = await labels.change(edge.pool, label_id, values)
    await edge.signals.changed("labels")
    if added is None:
        raise not_found("label")
    return LabelView(*added)


@patch("/api/labels/{label_id:int}")
async def change(
    label_id: SmallIdInPath, data: JSONBody[LabelEdit], staff_user: StaffUser, edge: Here
) -> LabelView:
    auth.allow(staff_user, "labels")
    given = data.given()
    if not given:
        raise Problem(400, "bad_input", "Name what to change: name or color.")
    if "name" in given:
        given["name"] = text.needed_name(given["name"], LENGTH, "A label")
    try:
        changed = await labels.change(edge.pool, label_id, given)
    except labels.Taken:
        raise _taken() from None
    if changed is None:
        raise not_found("label")
    await edge.signals.changed("labels")
    return LabelView(*changed)


@post("/api/labels/{label_id:int}/merge", status_code=204)
async def merge(
    label_id: SmallIdInPath, data: JSONBody[LabelMerge], staff_user: StaffUser, edge: Here
) -> None:
    """Whatever has this one has the other from now on, and this one is gone."""
    auth.allow(staff_user, "labels")
    if data.into == label_id:
        raise Problem(400, "bad_input", "A label is merged into another one.", field="into")
    await _remove(edge, label_id, data.into)


@delete("/api/labels/{label_id:int}")
async def remove(label_id: SmallIdInPath, staff_user: StaffUser, edge: Here) -> None:
    """Taken off everything that has it."""
    auth.allow(staff_user, "labels")
    await _remove(edge, label_id, None)


async def _remove(edge: Edge, label_id: int, into: int | None) -> None:
    if not await labels.remove(edge.pool, label_id, into):
        raise not_found("label")
    await edge.signals.changed("labels")


async def ids_of(edge: Edge, names: Sequence[str]) -> dict[str, int]:
    """The ids of these labels; one that does not exist is made (CHAT-8). Raises BadText, Problem."""
    wanted = list(dict.fromkeys(text.needed_name(one, LENGTH, "A label") for one in names))
    before = await labels.by_name(edge.pool, wanted)
    found = before if len(before) == len(wanted) else await labels.find_or_make(edge.pool, wanted)
    if len(found) < len(wanted):
        sentence = f"There can be at most {labels.MOST} labels. A supervisor can merge or delete some."
        raise Problem(409, "too_many", sentence, limit=labels.MOST)
    if len(before) < len(wanted):
        await edge.signals.changed("labels")
    return found


def _taken() -> Problem:
    return Problem(409, "taken", "Another label has this name already.", field="name")


route_handlers = [find, used, add, change, merge, remove]
