"""Visits of a customer, and who is on the sites now (VISITOR-3)."""

from typing import Any

from litestar import Request, get, post
from litestar.params import JSONBody
from msgspec import Struct

from deskbell.api.auth import StaffUser
from deskbell.api.conversations import Acked, TheDesk, acked
from deskbell.api.customers import theirs
from deskbell.api.input import customer_text
from deskbell.api.ports import Here
from deskbell.api.problems import Problem
from deskbell.api.schemas import BigIdInPath, Body
from deskbell.desk.device import in_words
from deskbell.desk.live_visitors import HERE
from deskbell.domain.commands import StartByAgent
from deskbell.kit.clock import milliseconds
from deskbell.realtime.frames import ClientId, Text
from deskbell.realtime.presence_frames import VisitorsFrame
from deskbell.store import live_visitors, visits
from deskbell.store.visits import Initial, Visit


class PageSeen(Struct, frozen=True):
    """`dwell`: seconds it was in front."""

    url: str
    title: str
    at: int
    dwell: int


class VisitView(Struct, frozen=True, kw_only=True):
    """`device`: the user agent in words. What is "" is unknown."""

    id: int
    site: int
    ip: str
    user_agent: str
    device: str
    locale: str
    zone: str
    referrer: str
    landing_url: str
    landing_title: str
    pages: int
    started_at: int
    last_at: int


class InitialView(Struct, frozen=True):
    """The first visit ever, as the browser remembers it."""

    at: int
    url: str


class VisitsOf(Struct, frozen=True, kw_only=True):
    """`visits`: the newest first, at most 20; `pages`: of the newest one, at most 100, oldest first."""

    visits: list[VisitView]
    pages: list[PageSeen]
    initial: InitialView | None
    facts: dict[str, str]


class Approach(Body):
    id: ClientId
    text: Text


@get("/api/customers/{customer_id:int}/visits")
async def of_customer(customer_id: BigIdInPath, staff_user: StaffUser, edge: Here) -> VisitsOf:
    """For those who deal with the customer (PEOPLE-7)."""
    await theirs(edge, staff_user, customer_id)
    found = await visits.of_customer(edge.pool, customer_id)
    pages = await visits.views(edge.pool, found[0].id) if found else []
    first = await visits.initial(edge.pool, customer_id)
    return VisitsOf(
        visits=[_visit(one) for one in found],
        pages=[PageSeen(view.url, view.title, milliseconds(view.at), view.dwell) for view in pages],
        initial=_initial(first, found),
        facts=first.facts if first else {},
    )


def _visit(visit: Visit) -> VisitView:
    return VisitView(
        id=visit.id,
        site=visit.site_id,
        ip=visit.ip,
        user_agent=visit.user_agent,
        device=in_words(visit.user_agent),
        locale=visit.locale,
        zone=visit.time_zone,
        referrer=visit.referrer,
        landing_url=visit.landing_url,
        landing_title=visit.landing_title,
        pages=visit.pages,
        started_at=milliseconds(visit.started_at),
        last_at=milliseconds(visit.last_at),
    )


def _initial(first: Initial | None, found: list[Visit]) -> InitialView | None:
    """Where no page reports, the oldest visit known is the first."""
    if first is not None and first.visits > 0:
        return InitialView(milliseconds(first.first_at), first.first_url)
    return InitialView(milliseconds(found[-1].started_at), found[-1].landing_url) if found else None


@get("/api/visitors")
async def on_the_sites(staff_user: StaffUser, desk: TheDesk) -> VisitorsFrame:
    """Who is on the sites now: at most 500, the longest here first, and how many there are."""
    return await desk.live_visitors.now()


@post("/api/visitors/{visitor_id:int}/chat", status_code=200)
async def approach(
    request: Request[Any, Any, Any],
    visitor_id: BigIdInPath,
    data: JSONBody[Approach],
    staff_user: StaffUser,
    edge: Here,
    desk: TheDesk,
) -> Acked:
    """Begin a chat with somebody who is on a site now and has none open. It is the agent's own at once."""
    text, now = customer_text(data.text), edge.clock.now()
    if not text:
        raise Problem(400, "empty", "An empty message is not sent.", field="text")
    async with edge.pool.acquire() as connection, connection.transaction():
        found = await live_visitors.approach(connection, visitor_id, now - HERE, now)
    if found is None:
        raise Problem(409, "gone", "This visitor has left the site.")
    command = StartByAgent(staff_user, data.id, found.site_id, found.customer_id, text)
    return acked(data.id, await desk.perform(command))


route_handlers = [of_customer, on_the_sites, approach]
