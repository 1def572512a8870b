"""Can somebody answer a visitor of this site now (VISITOR-8)? Looked up for the widget's frame, and for its launcher."""

import base64
import hashlib
from typing import Any, NamedTuple

from litestar import Response, get
from litestar.params import FromPath

from deskbell.api.pages.screens import ancestors, html
from deskbell.api.ports import Edge, Here
from deskbell.api.problems import not_found
from deskbell.api.schemas import WidgetDepartment
from deskbell.domain import hours
from deskbell.domain.answering import Answering, Way, answering
from deskbell.domain.hours import Hours
from deskbell.domain.preferences import Preferences
from deskbell.store import departments, preferences, presence, sites
from deskbell.store.sites import Site

KEPT_S = 15
"""Seconds for which a browser asks no second time, page by page."""


class Answers(NamedTuple):
    state: Answering
    departments: list[WidgetDepartment]
    preferences: Preferences


async def look_up(edge: Edge, site: Site) -> Answers:
    """As routing would find it now: the departments to choose from, and any agent where none need be chosen."""
    now = edge.clock.now()
    set_now = await preferences.load(edge.pool)
    desk_hours = hours.parse(set_now.hours)
    offered = await departments.offered(edge.pool, site.departments, now)
    ways = {one.id: Way(_own(one.hours) or desk_hours, one.available) for one in offered}
    asked = site.form.get("department", "ask")
    chosen = asked != "off" and len(offered) > 1
    possible = list(ways.values()) if chosen else []
    if not chosen or asked == "ask":
        possible.append(Way(desk_hours, bool(await presence.online_staff(edge.pool, now))))
    return Answers(
        answering(possible, now),
        [WidgetDepartment(one.id, one.name, answering([ways[one.id]], now).open) for one in offered],
        set_now,
    )


def _own(stored: dict[str, Any] | None) -> Hours | None:
    """A department's own hours; None where it has none, or none that still count."""
    return None if hours.problem(stored) else hours.parse(stored)


@get("/widget/open/{key:str}", include_in_schema=False)
async def page(key: FromPath[str], edge: Here) -> Response[str]:
    """A page without anything to see. A launcher that hides when nobody can answer loads it in a frame, which needs no
    more of the host's content policy than the widget does; it says what it knows to whoever the site lets embed it.
    """
    site = await sites.by_key(edge.pool, key) if len(key) <= 64 and "\x00" not in key else None
    if site is None or not site.active:
        raise not_found("site")
    said = _SAYS[(await look_up(edge, site)).state.open]
    digest = base64.b64encode(hashlib.sha256(said.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {ancestors(site)}"
    )
    return html(
        f"<!doctype html><title>Chat</title><script>{said}</script>",
        {
            "Content-Security-Policy": policy,
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Cache-Control": f"private, max-age={KEPT_S}",
        },
    )


_SAYS = {
    state: f'parent.postMessage({{d:"deskbell:1",t:"open",open:{word}}},"*")'
    for state, word in ((True, "true"), (False, "false"))
}


route_handlers = [page]
