"""What members of staff change about themselves."""

from litestar import patch, put
from litestar.params import JSONBody

from deskbell.api import auth
from deskbell.api.auth import SignedInUser
from deskbell.api.own_settings import SettingsChange
from deskbell.api.passwords import new_password
from deskbell.api.ports import Here
from deskbell.api.problems import Problem
from deskbell.api.schemas import Availability, Me, PasswordChange
from deskbell.store import sessions, staff


@put("/api/me/availability")
async def availability(data: JSONBody[Availability], signed_in: SignedInUser, edge: Here) -> Availability:
    """The switch of the profile menu (PEOPLE-4)."""
    person = signed_in.staff
    await staff.change(edge.pool, person.id, {"available": data.available})
    if data.available != person.available:
        await edge.signals.availability_changed(person.id, data.available)
    return data


@patch("/api/me/settings")
async def settings(data: JSONBody[SettingsChange], signed_in: SignedInUser, edge: Here) -> Me:
    """The same on all of a person's devices (LIST-4)."""
    given = data.given()
    await staff.change_settings(edge.pool, signed_in.staff.id, given)
    edge.signals.settings_changed(signed_in.staff.id)
    person = signed_in.staff
    return auth.me(person._replace(settings=person.settings | given))


@put("/api/me/password", status_code=204)
async def password(data: JSONBody[PasswordChange], signed_in: SignedInUser, edge: Here) -> None:
    """All other sessions of this person end (PEOPLE-3)."""
    person = signed_in.staff
    edge.limits.before_sign_in("", person.email, edge.clock.now().timestamp())
    known = await staff.credentials_of(edge.pool, person.id)
    if known is None or not (await edge.passwords.check(known.password_hash, data.old)).right:
        raise Problem(400, "wrong_password", "The old password is wrong.", field="old")
    edge.limits.after_sign_in("", person.email)
    hashed = await new_password(edge, data.new, person.email, person.name)
    async with edge.pool.acquire() as connection, connection.transaction():
        await staff.change(connection, person.id, {"password_hash": hashed})
        ended = await sessions.end_all(connection, person.id, keep=signed_in.session_id)
    if ended:
        await edge.signals.session_ended(ended)


route_handlers = [availability, settings, password]
