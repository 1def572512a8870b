"""A visitor's beginning: the site's looks and questions, and a token that only this browser has (VISITOR-1)."""

from typing import Any

import msgspec
from litestar import Request, post
from litestar.params import JSONBody

from deskbell.api import auth
from deskbell.api.auth import VisitorUser
from deskbell.api.identity import proven_by
from deskbell.api.ports import Edge, Here
from deskbell.api.problems import Problem, not_found
from deskbell.api.said import key_hash, shown
from deskbell.api.schemas import (
    Body,
    Boot,
    BootCustomer,
    Form,
    Look,
    Texts,
    VisitorStart,
    WidgetLimits,
    WidgetSite,
)
from deskbell.api.widget_open import Answers, look_up
from deskbell.kit import ids
from deskbell.kit.clock import milliseconds
from deskbell.realtime.frames import MAX_FILES, MAX_TEXT
from deskbell.store import customers, identities, sites, visits
from deskbell.store.customers import Visitor
from deskbell.store.sites import Site
from deskbell.store.visits import Arrival


@post("/api/widget/session", status_code=200)
async def begin(request: Request[Any, Any, Any], data: JSONBody[VisitorStart], edge: Here) -> Boot:
    """A token that is known and of this site gets its session back; any other gets a new one."""
    site = await sites.by_key(edge.pool, data.site) if "\x00" not in data.site else None
    if site is None or not site.active:
        raise not_found("site")
    arrival = _arrival(request, edge, site, data)
    token, visitor = await _who(edge, site, data, arrival)
    key = None if data.visitor is None else key_hash(site.id, data.visitor)
    async with edge.pool.acquire() as connection, connection.transaction():
        await visits.arrive(connection, visitor.customer_id, key, arrival, edge.clock.now())
    answers = await look_up(edge, site)
    opens_at = answers.state.opens_at
    return Boot(
        token=token,
        site=widget_site(site, answers),
        open=answers.state.open,
        why=answers.state.why,
        opens_at=None if opens_at is None else milliseconds(opens_at),
        offline="hidden" if answers.preferences.offline == "hidden" else "form",
        customer=BootCustomer(visitor.name, visitor.email),
        view=await edge.views.visitor_view(visitor.customer_id),
        now=milliseconds(edge.clock.now()),
    )


def _arrival(request: Request[Any, Any, Any], edge: Edge, site: Site, data: VisitorStart) -> Arrival:
    return Arrival(
        site.id,
        auth.client_address(request, edge.settings),
        shown(request.headers.get("user-agent", ""), 300),
        _language(request.headers.get("accept-language", "")),
        data.zone,
    )


async def _who(edge: Edge, site: Site, data: VisitorStart, arrival: Arrival) -> tuple[str, Visitor]:
    """The token that counts from now on, and whose it is."""
    now, token = edge.clock.now(), data.token or ""
    visitor = await auth.find_visitor(edge.pool, token, now)
    if visitor is not None and visitor.site_id != site.id:
        visitor = None
    if data.identity is not None:
        return await _proven(edge, site, data.identity, token if visitor else None, arrival)
    if visitor is not None:
        await customers.touch(edge.pool, ids.digest(token), now)
        return token, visitor
    edge.limits.before_visitor(arrival.ip, now.timestamp())
    token = ids.token()
    key = None if data.visitor is None else key_hash(site.id, data.visitor)
    customer_id = None if key is None else await visits.claim(edge.pool, key)
    if customer_id is not None:
        await customers.move_in(edge.pool, ids.digest(token), customer_id, site.id, now)
    else:
        customer_id = await customers.add(edge.pool, ids.digest(token), site.id, arrival.locale, now)
    return token, Visitor(customer_id, site.id, "", "")


async def _proven(
    edge: Edge, site: Site, signed: str, token: str | None, arrival: Arrival
) -> tuple[str, Visitor]:
    """Whom the site has signed (VISITOR-6). Raises Problem 401 `identity`, with nothing changed."""
    now, fresh = edge.clock.now(), ids.token()
    edge.limits.before_visitor(arrival.ip, now.timestamp())
    proven = proven_by(edge.secret, site, signed, now)
    async with edge.pool.acquire() as connection, connection.transaction():
        try:
            settled = await identities.settle(
                connection,
                site.id,
                proven,
                None if token is None else ids.digest(token),
                ids.digest(fresh),
                arrival.locale,
                now,
            )
        except PermissionError:
            raise Problem(401, "identity", "This identity was signed before the last sign-out.") from None
    if token is None or settled.moved:
        token = fresh
    visitor = await auth.find_visitor(edge.pool, token, now)
    assert visitor is not None
    await edge.signals.changed("customers")
    return token, visitor


class Goodbye(Body):
    """Nothing is asked for."""


@post("/api/widget/logout", status_code=204)
async def leave(
    request: Request[Any, Any, Any], data: JSONBody[Goodbye], visitor: VisitorUser, edge: Here
) -> None:
    """The site's user has signed out: this token, and every JWT signed before now for that user, is worth nothing."""
    async with edge.pool.acquire() as connection, connection.transaction():
        await identities.sign_out(connection, ids.digest(auth.bearer(request)), edge.clock.now())
    await edge.signals.visitor_left(visitor.customer_id)


def _language(header: str) -> str:
    """The language the browser likes best, or nothing if the header is odd."""
    first = header.partition(",")[0].partition(";")[0].strip()
    return first if len(first) <= 35 and first.isascii() and first.replace("-", "").isalnum() else ""


def widget_site(site: Site, answers: Answers) -> WidgetSite:
    """What a visitor may know of a site."""
    look = msgspec.convert(site.look, Look)
    return WidgetSite(
        key=site.key,
        name=site.name,
        look=look,
        texts=msgspec.convert(site.texts, Texts),
        form=msgspec.convert(site.form, Form),
        departments=answers.departments,
        locale=look.locale,
        limits=WidgetLimits(MAX_TEXT, answers.preferences.upload_mb, MAX_FILES),
    )


route_handlers = [begin, leave]
