"""A visitor's beginning: the site's looks and questions, and a token that only this browser has (VISITOR-1)."""

from typing import Any

import msgspec
from litestar import Request, post
from litestar.params import JSONBody

from deskbell.api import auth
from deskbell.api.ports import Edge, Here
from deskbell.api.problems import not_found
from deskbell.api.schemas import (
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
from deskbell.store import customers, sites
from deskbell.store.customers import Visitor
from deskbell.store.sites import Site


@post("/api/widget/session", status_code=200)
async def begin(request: Request[Any, Any, Any], data: JSONBody[VisitorStart], edge: Here) -> Boot:
    """A token that is known and of this site gets its session back; any other gets a new one."""
    site = await sites.by_key(edge.pool, data.site) if "\x00" not in data.site else None
    if site is None or not site.active:
        raise not_found("site")
    token = data.token or ""
    visitor = await auth.find_visitor(edge.pool, token, edge.clock.now())
    if visitor is not None and visitor.site_id == site.id:
        await customers.touch(edge.pool, ids.digest(token), edge.clock.now())
    else:
        token, visitor = await _newcomer(request, edge, site)
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


async def _newcomer(request: Request[Any, Any, Any], edge: Edge, site: Site) -> tuple[str, Visitor]:
    now = edge.clock.now()
    edge.limits.before_visitor(auth.client_address(request, edge.settings), now.timestamp())
    token = ids.token()
    locale = _language(request.headers.get("accept-language", ""))
    customer_id = await customers.add(edge.pool, ids.digest(token), site.id, locale, now)
    return token, Visitor(customer_id, site.id, "", "")


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


route_handlers = [begin]
