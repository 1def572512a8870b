"""A customer's labels, and merging two that are one person: by supervisors, with what moves said before (PEOPLE-7)."""

from typing import Annotated

from litestar import get, post, put
from litestar.params import JSONBody, QueryParameter
from msgspec import Struct, field

from deskbell.api import auth
from deskbell.api.auth import StaffUser
from deskbell.api.conversations import Acked, TheDesk, acked
from deskbell.api.customers import theirs
from deskbell.api.labels import LENGTH, LabelNames, ids_of
from deskbell.api.ports import Here
from deskbell.api.problems import Problem, not_found
from deskbell.api.schemas import BigIdInPath, Body
from deskbell.desk.present import shown_name
from deskbell.domain.commands import MergeCustomers
from deskbell.kit import text
from deskbell.realtime.frames import ClientId, ConversationId
from deskbell.store import customers, labels, profiles
from deskbell.store.profiles import Found

SEARCH = 200
SHOWN = 20


class CustomerLabels(Body):
    add: LabelNames = field(default_factory=list)
    remove: LabelNames = field(default_factory=list)


class LabelsOf(Struct, frozen=True):
    labels: list[int]


class FoundCustomer(Struct, frozen=True, kw_only=True):
    """`last`: the number of their newest conversation."""

    id: int
    name: str
    email: str
    email_verified: bool
    company: str
    conversations: int
    last: int | None


class FoundCustomers(Struct, frozen=True):
    customers: list[FoundCustomer]


class Moves(Struct, frozen=True, kw_only=True):
    """What would move with this customer; `open`: of the conversations."""

    conversations: int
    open: int
    notes: int
    browsers: int
    emails: int


class CustomerMerge(Body):
    """`customer`: who is merged into the other and is gone then."""

    id: ClientId
    customer: ConversationId


@put("/api/customers/{customer_id:int}/labels")
async def label(
    customer_id: BigIdInPath, data: JSONBody[CustomerLabels], staff_user: StaffUser, edge: Here
) -> LabelsOf:
    """Add and remove labels by name; one that does not exist is made (CHAT-8)."""
    customer = await theirs(edge, staff_user, customer_id)
    added = await ids_of(edge, data.add)
    removed = await labels.by_name(
        edge.pool, [text.needed_name(name, LENGTH, "A label") for name in data.remove]
    )
    if len({*customer.labels, *added.values()} - set(removed.values())) > profiles.LABELS:
        sentence = f"A customer carries at most {profiles.LABELS} labels."
        raise Problem(409, "too_many", sentence, limit=profiles.LABELS)
    now = await profiles.label(edge.pool, customer.id, list(added.values()), list(removed.values()))
    await edge.signals.changed("customers")
    return LabelsOf(now)


@get("/api/customers")
async def find(
    staff_user: StaffUser, edge: Here, q: Annotated[str, QueryParameter(max_length=SEARCH)] = ""
) -> FoundCustomers:
    """By number, name, e-mail or phone, among all: for supervisors."""
    auth.allow(staff_user, "customers")
    return _list(await profiles.find(edge.pool, text.name(q, SEARCH, "The search"), SHOWN))


@get("/api/customers/{customer_id:int}/duplicates")
async def duplicates(customer_id: BigIdInPath, staff_user: StaffUser, edge: Here) -> FoundCustomers:
    """Others with the same verified e-mail: only what is proven is suggested."""
    auth.allow(staff_user, "customers")
    return _list(await profiles.twins(edge.pool, (await theirs(edge, staff_user, customer_id)).id, SHOWN))


@get("/api/customers/{customer_id:int}/belongings")
async def belongings(customer_id: BigIdInPath, staff_user: StaffUser, edge: Here) -> Moves:
    auth.allow(staff_user, "customers")
    customer = await theirs(edge, staff_user, customer_id)
    return Moves(**(await profiles.belongings(edge.pool, customer.id))._asdict())


@post("/api/customers/{customer_id:int}/merge", status_code=200)
async def merge(
    customer_id: BigIdInPath, data: JSONBody[CustomerMerge], staff_user: StaffUser, edge: Here, desk: TheDesk
) -> Acked:
    """Everything of `customer` belongs to this one from now on. The same id again is the same merge."""
    auth.allow(staff_user, "customers")
    customer = await theirs(edge, staff_user, customer_id)
    gone = await customers.get(edge.pool, data.customer)  # finds by an older number as well
    if gone is None:
        raise not_found("customer")
    if gone.id == customer.id:
        raise Problem(409, "closed", "These are one customer already.")
    place = await profiles.newest(edge.pool, customer.id)
    if place is None:
        raise Problem(
            409, "closed", "This customer has no conversation yet: merge them into the other instead."
        )
    command = MergeCustomers(place, staff_user, data.id, gone.id)
    return acked(data.id, await desk.perform(command))


def _list(found: list[Found]) -> FoundCustomers:
    return FoundCustomers(
        [FoundCustomer(**one._asdict() | {"name": shown_name(one.id, one.name)}) for one in found]
    )


route_handlers = [label, find, duplicates, belongings, merge]
