"""Who is asking: staff by their session cookie, visitors by their token. One query per request."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation

from deskbell.api.ports import Edge, Here
from deskbell.api.problems import Problem, forbidden
from deskbell.api.schemas import Me, SettingsOf
from deskbell.domain import access
from deskbell.domain.people import Staff
from deskbell.domain.preferences import Preferences
from deskbell.kit import ids, net
from deskbell.settings import Settings
from deskbell.store import customers, sessions
from deskbell.store.customers import Visitor
from deskbell.store.sessions import SignedIn
from deskbell.store.staff import StaffRow
from deskbell.store.types import Pool

VISITOR_DAYS = 180
"""A browser that was not seen for so long is a new one."""


def cookie_name(settings: Settings) -> str:
    """With https the name itself makes browsers refuse a cookie set from elsewhere."""
    return "__Host-deskbell" if _secure(settings) else "deskbell_session"


def _secure(settings: Settings) -> bool:
    return settings.address.startswith("https://")


def session_cookie(settings: Settings, token: str, hours: int) -> Cookie:
    """Set at sign-in; an empty token clears it."""
    return Cookie(
        key=cookie_name(settings),
        value=token,
        path="/",
        max_age=hours * 3600 if token else 0,
        httponly=True,
        secure=_secure(settings),
        samesite="lax",
    )


def actor(staff: StaffRow) -> Staff:
    """A member of staff as the rules know one."""
    return Staff(staff.id, staff.name, staff.role, frozenset(staff.departments))


async def session_of(edge: Edge, cookies: Mapping[str, str]) -> SignedIn | None:
    """The session that a request's cookies stand for, if it is alive."""
    token = cookies.get(cookie_name(edge.settings), "")
    return await sessions.find(edge.pool, ids.digest(token), edge.clock.now()) if token else None


async def find_visitor(pool: Pool, token: str, now: datetime) -> Visitor | None:
    """Whose token this is: the one in the first frame of a socket, or after `Bearer`."""
    if not token:
        return None
    return await customers.by_token(pool, ids.digest(token), now - timedelta(days=VISITOR_DAYS))


async def signed_in(request: Request[Any, Any, Any], edge: Here) -> SignedIn:
    """The living session, or 401."""
    found = await session_of(edge, request.cookies)
    if found is None:
        raise Problem(401, "signed_out", "Please sign in.")
    return found


async def staff_user(request: Request[Any, Any, Any], edge: Here) -> Staff:
    """The member of staff who asks, or 401."""
    return actor((await signed_in(request, edge)).staff)


def allow(staff: Staff, what: str) -> None:
    """Raises Problem 403 unless they may manage this (access.MANAGED_BY)."""
    if reason := access.why_not_manage(staff, what):
        raise forbidden(reason)


def bearer(request: Request[Any, Any, Any]) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


async def visitor(request: Request[Any, Any, Any], edge: Here) -> Visitor:
    """The visitor who asks, or 401."""
    found = await find_visitor(edge.pool, bearer(request), edge.clock.now())
    if found is None:
        raise Problem(401, "unknown_token", "This chat session is not known. Please reload.")
    return found


def client_address(request: Request[Any, Any, Any], settings: Settings) -> str:
    """Where the request comes from, forwarding headers believed only from trusted proxies (BLOCK-4)."""
    peer = request.client.host if request.client else None
    return net.client_address(peer, request.headers.getall("x-forwarded-for", []), settings.trusted_proxies)


def client_key(request: Request[Any, Any, Any], settings: Settings) -> str:
    """What counts as one client: the address, or the /64 of an IPv6 one (BLOCK-2)."""
    return net.limit_key(client_address(request, settings))


async def begin_session(
    request: Request[Any, Any, Any], edge: Edge, staff: StaffRow, preferences: Preferences
) -> Response[Me]:
    """A session under a new token; the one the browser had before ends (no fixation)."""
    now, token, hours = edge.clock.now(), ids.token(), preferences.session_hours
    before = await session_of(edge, request.cookies)
    async with edge.pool.acquire() as connection, connection.transaction():
        ended = [before.session_id] if before else []
        for session_id in ended:
            await sessions.end(connection, session_id)
        ended += await sessions.start(
            connection,
            ids.digest(token),
            staff.id,
            now=now,
            expires_at=now + timedelta(hours=hours),
            address=client_address(request, edge.settings),
            user_agent=request.headers.get("user-agent", "")[:300].replace("\x00", ""),
        )
    if ended:
        await edge.signals.session_ended(ended)
    return Response(me(staff), cookies=[session_cookie(edge.settings, token, hours)])


def me(staff: StaffRow) -> Me:
    known = {name: value for name, value in staff.settings.items() if name in SettingsOf.__struct_fields__}
    return Me(
        id=staff.id,
        name=staff.name,
        email=staff.email,
        role=staff.role,
        available=staff.available,
        online=staff.online,
        settings=SettingsOf(**known),
        departments=list(staff.departments),
    )


SignedInUser = NamedDependency[SkipValidation[SignedIn]]
StaffUser = NamedDependency[SkipValidation[Staff]]
VisitorUser = NamedDependency[SkipValidation[Visitor]]

DEPENDENCIES = {
    "signed_in": Provide(signed_in),
    "staff_user": Provide(staff_user),
    "visitor": Provide(visitor),
}
"""For the application; a handler names the one it needs, and without one it is open to everybody."""
