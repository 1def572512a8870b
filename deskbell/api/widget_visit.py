"""Where loaders in other people's pages report what is looked at (VISITOR-2).

Form-encoded, so that a browser asks no leave first (docs/protocol.md). It knows a browser by a key that scripts of the
site can read: so it takes, and tells only whether to greet or to open the chat.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from litestar import Request, Response, post

from deskbell.api import auth
from deskbell.api.conversations import TheDesk
from deskbell.api.origin import is_own
from deskbell.api.ports import Edge, Here
from deskbell.api.problems import Problem, forbidden, not_found
from deskbell.api.said import key_hash, shown
from deskbell.api.widget_open import look_up
from deskbell.desk.desk import Desk
from deskbell.desk.tracker import Crowded
from deskbell.domain.triggers import ONCE_IN, Trigger, may_greet, pick
from deskbell.kit import text, urls
from deskbell.store import page_views
from deskbell.store.page_views import Known, Report, View
from deskbell.store.sites import Site

VIEWS, FACTS = 20, 20
FACT_NAME, FACT_VALUE = 60, 500
TITLE = 300
_FIELDS = 4 + 5 * VIEWS + 2 * FACTS + 20
_KEY = re.compile(r"[A-Za-z0-9_-]{22,64}")
_ZONE = re.compile(r"[A-Za-z0-9_+/-]{1,64}")
_NUMBER = re.compile(r"[0-9]{1,15}")
_DAY_S = 24 * 3600


class Said(NamedTuple):
    """One request, taken apart. `one` holds the fields that come once."""

    one: dict[str, str]
    views: list[dict[str, str]]
    facts: dict[str, str] | None


@post("/api/widget/visit", status_code=200, include_in_schema=False)
async def report(request: Request[Any, Any, Any], edge: Here, desk: TheDesk) -> Response[str]:
    """What the site tracks, and what the loader is to do now; nothing is kept where tracking is off or unagreed."""
    address = auth.client_address(request, edge.settings)
    edge.limits.before_visit(address, edge.clock.now().timestamp())
    said = _said(await request.body())
    site = next((s for s in desk.directory.sites.values() if s.key == said.one.get("s")), None)
    if site is None or not site.active:
        raise not_found("site")
    origin = request.headers.get("origin", "")
    if not allows(site, origin) and not is_own(edge.settings, origin, request.headers.get("host")):
        raise forbidden("This site does not name the page's origin among its own.")
    answer = {"m": site.tracking}
    if "k" in said.one and (
        site.tracking == "on" or (site.tracking == "consent" and said.one.get("c") == "1")
    ):
        try:
            known = await desk.tracker.report(_report(request, site, said, origin, address, edge.clock.now()))
        except Crowded:
            raise Problem(503, "busy", "Too much is reported just now.", retry_after=15) from None
        answer |= await _to_do(edge, desk, site, said, known)
    return Response(
        urlencode(answer),
        media_type="application/x-www-form-urlencoded",
        headers={
            "Access-Control-Allow-Origin": origin,
            "Vary": "Origin",
            "Cross-Origin-Resource-Policy": "cross-origin",
        },
    )


def allows(site: Site, origin: str) -> bool:
    """Whether pages of this origin may carry the site's widget; `https://*.shop.example` stands for all below it."""
    if not urls.origin_of(origin) or urls.origin_of(origin) != origin:
        return False
    scheme, _, host = origin.partition("://")
    return any(
        allowed in ("*", origin)
        or (allowed.startswith(f"{scheme}://*.") and host.endswith(allowed.partition("*")[2]))
        for allowed in site.allowed_origins
    )


def _said(body: bytes) -> Said:
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=_FIELDS
        )
    except (ValueError, UnicodeDecodeError):
        raise Problem(
            400, "bad_form", f"A report is a form of at most {_FIELDS} fields.", limit=_FIELDS
        ) from None
    one: dict[str, str] = {}
    views: list[dict[str, str]] = []
    names: list[str] = []
    values: list[str] = []
    for name, value in pairs:
        if name == "i":
            views.append({})
        if name in ("i", "u", "t", "a", "w") and views:
            views[-1][name] = value
        elif name in ("n", "v"):
            (names if name == "n" else values).append(value)
        else:
            one[name] = value
    if len(views) > VIEWS:
        raise Problem(400, "too_many", f"A report has at most {VIEWS} pages.", limit=VIEWS)
    return Said(one, views, _facts(names, values) if names else None)


def _facts(names: list[str], values: list[str]) -> dict[str, str]:
    if len(names) > FACTS or len(names) != len(values):
        raise Problem(
            400, "too_many", f"A page says at most {FACTS} facts, each a name and a value.", limit=FACTS
        )
    return {
        text.needed_name(name, FACT_NAME, "The name of a fact"): text.clean(value, FACT_VALUE, "A fact")
        for name, value in zip(names, values, strict=True)
    }


def _report(
    request: Request[Any, Any, Any], site: Site, said: Said, origin: str, address: str, now: datetime
) -> Report:
    one = said.one
    if not _KEY.fullmatch(one["k"]):
        raise Problem(400, "key", "A browser's key has 22 to 64 letters, digits, - or _.", limit=64)
    first = urls.page_address(one.get("fu", "")) or ""
    return Report(
        key_hash=key_hash(site.id, one["k"]),
        site_id=site.id,
        ip=address,
        user_agent=shown(request.headers.get("user-agent", ""), 300),
        locale=shown(one.get("l", ""), 35),
        time_zone=one["z"] if _ZONE.fullmatch(one.get("z", "")) else "",
        referrer=urls.page_address(one.get("r", "")) or "",
        views=tuple(_views(said.views, origin, now)),
        first_at=_first_at(one.get("f", ""), now),
        first_url=first,
        facts=said.facts,
    )


def _views(said: list[dict[str, str]], origin: str, now: datetime) -> Iterator[View]:
    for view in said:
        address = urls.page_address(view.get("u", ""))
        if address is None or urls.origin_of(address) != origin:
            raise Problem(400, "url", "A page is reported by its own http or https address.", field="u")
        number = _number(view["i"], 2**53)
        age = timedelta(seconds=_number(view.get("a", "0"), 1_000 * _DAY_S) / 1000)
        dwell = _number(view.get("w", "0"), _DAY_S)
        yield View(number, address, shown(view.get("t", ""), TITLE), now - age, dwell)


def _number(value: str, most: int) -> int:
    if not _NUMBER.fullmatch(value):
        raise Problem(400, "number", "A number of a report is not one.")
    return min(int(value), most)


def _first_at(value: str, now: datetime) -> datetime | None:
    """A browser's clock may be wrong: what lies ahead is now."""
    if not _NUMBER.fullmatch(value):
        return None
    return min(datetime.fromtimestamp(min(int(value), 2**42) / 1000, now.tzinfo), now)


async def _to_do(edge: Edge, desk: Desk, site: Site, said: Said, known: Known) -> dict[str, str]:
    """`chat`: one is open; `wait` and `g`: ask again for this greeting so many seconds from now; `say`: show it."""
    if known.chat is not None:
        return {"chat": "1"}
    now = edge.clock.now()
    if "x" in said.one:
        await page_views.dismiss(edge.pool, known.visitor_id, now)
        return {}
    asked = said.one.get("g")
    if not site.triggers or (not known.fresh and asked is None):
        return {}
    free = may_greet(greeted_at=known.greeted_at, dismissed_at=known.dismissed_at, chatting=False, now=now)
    if not free or not said.views:
        return {}
    trigger = pick([Trigger(**one) for one in site.triggers], said.views[-1].get("u", ""), known.visits)
    if trigger is None:
        return {}
    if trigger.id != asked:
        return {"wait": str(trigger.seconds), "g": trigger.id}
    if not (await look_up(edge, site)).state.open:
        return {}
    if not await page_views.greet(edge.pool, known.visitor_id, now, now - ONCE_IN):
        return {}
    return {"say": trigger.text, "g": trigger.id}


route_handlers = [report]
