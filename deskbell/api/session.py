"""Signing in and out (PEOPLE-2, PEOPLE-3)."""

from typing import Any

from litestar import Request, Response, delete, get, post
from litestar.params import JSONBody

from deskbell.api import auth
from deskbell.api.auth import SignedInUser
from deskbell.api.ports import Here
from deskbell.api.problems import Problem
from deskbell.api.schemas import Me, SignIn
from deskbell.store import preferences, sessions, staff

WRONG = "The e-mail address or the password is wrong."


@get("/api/session")
async def whoami(signed_in: SignedInUser) -> Me:
    return auth.me(signed_in.staff)


@post("/api/session", status_code=200)
async def sign_in(request: Request[Any, Any, Any], data: JSONBody[SignIn], edge: Here) -> Response[Me]:
    """The same answer after the same time for a wrong password and for nobody."""
    email, now = data.email.strip().lower(), edge.clock.now()
    address = auth.client_address(request, edge.settings)
    edge.limits.before_sign_in(address, email, now.timestamp())
    found = await staff.credentials(edge.pool, email) if "\x00" not in email else None
    usable = found.password_hash if found and found.active else None
    check = await edge.passwords.check(usable, data.password)
    if found is None or not check.right:
        raise Problem(401, "wrong_password", WRONG)
    edge.limits.after_sign_in(address, email)
    if check.renew:
        renewed = await edge.passwords.hash(data.password)
        await staff.change(edge.pool, found.id, {"password_hash": renewed})
    person = await staff.get(edge.pool, found.id, now)
    if person is None or not person.active:
        raise Problem(401, "wrong_password", WRONG)
    return await auth.begin_session(request, edge, person, await preferences.load(edge.pool))


@delete("/api/session")
async def sign_out(signed_in: SignedInUser, edge: Here) -> Response[None]:
    await sessions.end(edge.pool, signed_in.session_id)
    await edge.signals.session_ended([signed_in.session_id])
    return Response(None, status_code=204, cookies=[auth.session_cookie(edge.settings, "", 0)])


route_handlers = [whoami, sign_in, sign_out]
