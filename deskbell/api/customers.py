"""What is known of a customer, for those who deal with them (PEOPLE-7)."""

from litestar import get, patch
from litestar.params import JSONBody
from msgspec import UNSET

from deskbell.api.auth import StaffUser
from deskbell.api.ports import Edge, Here
from deskbell.api.problems import Problem, not_found
from deskbell.api.schemas import BigIdInPath, CustomerChange, CustomerView, EmailView, PastConversation
from deskbell.domain.people import Staff
from deskbell.kit import text
from deskbell.kit.clock import milliseconds
from deskbell.store import customer_fields, customers, profiles
from deskbell.store.customers import Customer
from deskbell.store.types import to_json

PHONE = 50
COMPANY = 200
FIELD = 1_000


@get("/api/customers/{customer_id:int}")
async def one(customer_id: BigIdInPath, staff_user: StaffUser, edge: Here) -> CustomerView:
    return await _view(edge, await theirs(edge, staff_user, customer_id))


@patch("/api/customers/{customer_id:int}")
async def change(
    customer_id: BigIdInPath, data: JSONBody[CustomerChange], staff_user: StaffUser, edge: Here
) -> CustomerView:
    """An address typed by staff is as unverified as any other (VISITOR-6)."""
    customer = await theirs(edge, staff_user, customer_id)
    customer_id = customer.id
    values: dict[str, object] = {}
    if data.name is not UNSET:
        values["name"] = text.name(data.name)
    if data.phone is not UNSET:
        values["phone"] = text.name(data.phone, PHONE, "The phone number")
    if data.email is not UNSET:
        values["email"] = text.email(data.email) if data.email.strip() else ""
        values["email_verified"] = customer.email_verified and values["email"] == customer.email
    if data.company is not UNSET:
        values["company"] = text.name(data.company, COMPANY, "The company")
    await _save(edge, customer, values, data)
    await edge.signals.changed("customers")
    return await _view(edge, await theirs(edge, staff_user, customer_id))


async def _save(edge: Edge, customer: Customer, values: dict[str, object], data: CustomerChange) -> None:
    """All of it or nothing."""
    async with edge.pool.acquire() as connection, connection.transaction():
        await customers.change(connection, customer.id, values)
        if data.emails is not UNSET:
            main = values.get("email", customer.email)
            given = dict.fromkeys(text.email(one) for one in data.emails)
            await profiles.set_emails(connection, customer.id, [one for one in given if one != main])
        if data.fields is not UNSET:
            known = {field.key: field for field in await customer_fields.everyone(connection) if field.active}
            for key in data.fields:
                if key not in known and key not in customer.fields:
                    raise Problem(400, "bad_input", f"There is no field {key}.", field=key)
            filled = {key: text.clean(value, FIELD, "A field").strip() for key, value in data.fields.items()}
            await profiles.set_fields(
                connection, customer.id, to_json({key: value or None for key, value in filled.items()})
            )


async def theirs(edge: Edge, staff: Staff, customer_id: int) -> Customer:
    """The customer, if this member of staff may know them; else 404 as if there were none."""
    customer = await customers.get(edge.pool, customer_id)
    if customer is None:
        raise not_found("customer")
    if not staff.supervises and not await customers.deals_with(
        edge.pool, customer.id, staff.id, sorted(staff.departments)
    ):
        raise not_found("customer")
    return customer


async def _view(edge: Edge, customer: Customer) -> CustomerView:
    past = await customers.conversations(edge.pool, customer.id)
    until = customer.blocked_until
    return CustomerView(
        id=customer.id,
        name=customer.name,
        email=customer.email,
        email_verified=customer.email_verified,
        phone=customer.phone,
        locale=customer.locale,
        company=customer.company,
        emails=[EmailView(*one) for one in await profiles.emails(edge.pool, customer.id)],
        labels=customer.labels,
        fields=customer.fields,
        blocked_until=milliseconds(until) if until and until > edge.clock.now() else None,
        created_at=milliseconds(customer.created_at),
        conversations=[past_view(row) for row in past],
    )


def past_view(past: customers.PastConversation) -> PastConversation:
    return PastConversation(
        past.id,
        past.kind,
        past.state,
        milliseconds(past.at),
        past.preview,
        past.owner_id,
        None if past.closed_at is None else milliseconds(past.closed_at),
    )


route_handlers = [one, change]
