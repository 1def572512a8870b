"""The control API under `/_sim/`: time, faults, journal, the business side. For tests, for the phone, and for people."""

import asyncio
from typing import Annotated, Any, Literal

import msgspec
from litestar import MediaType, Response, Router, delete, get, patch, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta

from whatsapp_sim import payloads, seeds
from whatsapp_sim.delivery import raw
from whatsapp_sim.faults import Faults
from whatsapp_sim.limits import Bucket
from whatsapp_sim.people import Refused
from whatsapp_sim.simulator import Sim, Simulator
from whatsapp_sim.state import Account, App, Number, Template, Token
from whatsapp_sim.views import (
    AppView,
    ClockView,
    FloodView,
    IdleView,
    LineView,
    NumberView,
    Overview,
)

Json = dict[str, Any]
IDLE_S = 60.0
Digits = Annotated[str, Meta(pattern=r"^[0-9]{1,30}$")]


class Turn(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """One of them, or several: `set` comes first, then `advance`."""

    set: float | None = None
    """Unix seconds."""
    advance: Annotated[float, Meta(ge=0, le=10 * 366 * 86_400)] = 0.0
    running: bool | None = None


class Webhook(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    url: Annotated[str, Meta(pattern=r"^(https?://.+)?$", max_length=2000)]
    """Empty: nothing is posted any more."""
    app: str = ""
    secret: str | None = None
    verify_token: str | None = None
    check: bool = True
    """Ask for the challenge first, and leave things as they are when the answer is wrong."""


class NewNumber(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A number, and its account when that is new."""

    id: Digits
    account: Digits
    phone: Digits
    name: str = "Second shop"
    country: Digits = "49"
    throughput: Annotated[int, Meta(ge=1, le=10_000)] = 80
    allowed: list[Digits] | None = None


class NewToken(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    token: Annotated[str, Meta(min_length=1, max_length=500)]
    accounts: list[Digits]
    app: str = ""
    expires_in: float | None = None
    """Seconds; 0 makes a known token expire now."""


class Turned(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What happens to a template: one of them."""

    status: str = ""
    reason: str = "NONE"
    quality: Literal["", "GREEN", "YELLOW", "RED", "UNKNOWN"] = ""
    category: Literal["", "AUTHENTICATION", "MARKETING", "UTILITY"] = ""


class RawUpdate(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    field: Annotated[str, Meta(min_length=1, max_length=100)]
    value: Json
    account: str = ""


class NewFlood(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    rate: Annotated[float, Meta(gt=0)]
    seconds: Annotated[float, Meta(gt=0)]


class Idle(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    jump: bool = False
    """Move the clock on until nothing is planned."""


@get("/")
async def overview(simulator: Sim) -> Overview:
    return simulator.overview()


@get("/media/{media_id:str}")
async def media(simulator: Sim, media_id: FromPath[str]) -> Response[bytes]:
    """The bytes for the phone, without token or haste. Shown inside the page only as what they are."""
    found = simulator.world.media.get(media_id)
    if found is None:
        return Response(b"", status_code=404, media_type=MediaType.TEXT)
    safe = {"content-security-policy": "sandbox; default-src 'none'", "x-content-type-options": "nosniff"}
    return Response(found.content, media_type=found.mime, headers=safe)


@get("/clock")
async def read_clock(simulator: Sim) -> ClockView:
    return simulator.time()


@post("/clock", status_code=200)
async def turn_clock(simulator: Sim, data: JSONBody[Turn]) -> ClockView:
    if data.running is not None:
        simulator.clock.run(data.running)
    if data.set is not None:
        simulator.clock.set(data.set)
    if data.advance:
        simulator.clock.advance(data.advance)
    return simulator.time()


@get("/faults")
async def faults(simulator: Sim) -> Faults:
    return simulator.faults


@patch("/faults")
async def turn_faults(simulator: Sim, data: JSONBody[Json]) -> Faults:
    """Turn some knobs; the others stay."""
    simulator.turn(**data)
    return simulator.faults


@put("/faults")
async def set_faults(simulator: Sim, data: JSONBody[Json]) -> Faults:
    """Turn these knobs, and all others back."""
    simulator.faults = Faults()
    simulator.turn(**data)
    return simulator.faults


@get("/journal")
async def journal(
    simulator: Sim,
    kind: FromQuery[Literal["", "graph", "webhook"]] = "",
    path: FromQuery[str] = "",
    about: FromQuery[str] = "",
    text: FromQuery[str] = "",
    after: FromQuery[int] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=20_000)] = 1000,
) -> list[LineView]:
    found = simulator.journal.find(kind=kind, path=path, about=about, text=text, after=after, limit=limit)
    return [LineView.of(line) for line in found]


@delete("/journal")
async def clear_journal(simulator: Sim) -> None:
    simulator.journal.clear()


@post("/idle", status_code=200)
async def idle(simulator: Sim, data: JSONBody[Idle]) -> IdleView:
    """Wait until nothing is under way, a minute at most."""
    try:
        async with asyncio.timeout(IDLE_S):
            await simulator.idle(jump=data.jump)
    except TimeoutError:
        return IdleView(False, simulator.agenda.planned)
    return IdleView(True, simulator.agenda.planned)


@put("/webhook")
async def set_webhook(simulator: Sim, data: JSONBody[Webhook]) -> AppView:
    """Where webhooks go. Raises Refused when the challenge is not answered rightly."""
    app = _app(simulator, data.app)
    wanted = App(
        app.id,
        app.secret if data.secret is None else data.secret,
        app.verify_token if data.verify_token is None else data.verify_token,
        data.url,
    )
    if data.url and data.check and (trouble := await simulator.delivery.verify(wanted)):
        raise Refused(trouble)
    simulator.world.apps[app.id] = wanted
    return AppView(app.id, data.url)


def _app(sim: Simulator, app: str) -> App:
    if app and app not in sim.world.apps:
        sim.world.apps[app] = App(app, "", "")
    return sim.world.apps[app] if app else next(iter(sim.world.apps.values()))


@post("/numbers", status_code=201)
async def add_number(simulator: Sim, data: JSONBody[NewNumber]) -> NumberView:
    world = simulator.world
    if data.account not in world.accounts:
        app = _app(simulator, "")
        world.accounts[data.account] = Account(data.account, data.name, {app.id})
        seeds.add_templates(world, simulator.dice, data.account)
        for token in world.tokens.values():
            if token.app_id == app.id:
                token.accounts.add(data.account)
    number = Number(data.id, data.account, data.phone, f"+{data.phone}", data.name, data.country)
    number.allowed = None if data.allowed is None else set(data.allowed)
    world.numbers[data.id] = number
    number.throughput, number.bucket = data.throughput, Bucket(data.throughput, data.throughput)
    return NumberView.of(number)


@post("/tokens", status_code=201)
async def add_token(simulator: Sim, data: JSONBody[NewToken]) -> None:
    """Make a token, or give a known one other rights or another end."""
    ends = None if data.expires_in is None else simulator.clock.now() + data.expires_in
    token = Token(data.token, _app(simulator, data.app).id, set(data.accounts), ends)
    simulator.world.tokens[token.text] = token


@post("/templates/{template_id:str}", status_code=204)
async def turn_template(simulator: Sim, template_id: FromPath[str], data: JSONBody[Turned]) -> None:
    """Another status, quality or category, with its webhook."""
    template = simulator.world.templates.get(template_id)
    if template is None:
        raise Refused("There is no such template.")
    if data.status:
        simulator.business.turn_template(template, data.status, data.reason)
    _regrade(simulator, template, data)


def _regrade(sim: Simulator, template: Template, data: Turned) -> None:
    if data.quality:
        value = payloads.template_quality(template, template.quality, data.quality)
        template.quality = data.quality
        sim.business.tell_of_template(template, "message_template_quality_update", value)
    if data.category:
        value = payloads.template_category(template, template.category, data.category)
        template.category = data.category
        sim.business.tell_of_template(template, "template_category_update", value)


@post("/updates", status_code=202)
async def post_update(simulator: Sim, data: JSONBody[RawUpdate]) -> None:
    """Any webhook by hand, as in {"field": "phone_number_quality_update", "value": {...}}."""
    account = data.account or next(iter(simulator.world.accounts))
    if account not in simulator.world.accounts:
        raise Refused("There is no such account.")
    key = f"raw {data.field} {simulator.nth_call('updates', data.field)}"
    simulator.delivery.tell(raw(account, data.field, data.value, key))


@post("/flood", status_code=200)
async def flood(simulator: Sim, data: JSONBody[NewFlood]) -> FloodView:
    """Many webhooks a second, to measure who takes them."""
    try:
        done = await simulator.flood(data.rate, data.seconds)
    except ValueError as error:
        raise Refused(f"{error}.") from None
    p50, p99, most = (done.percentile(share) for share in (0.5, 0.99, 1.0))
    return FloodView(done.sent, done.failed, done.seconds, p50, p99, most)


@post("/reset", status_code=204)
async def reset(simulator: Sim) -> None:
    """As at the start, but for clock and webhook."""
    await simulator.reset()


ROUTES = Router(
    "/_sim",
    route_handlers=[
        overview,
        media,
        read_clock,
        turn_clock,
        faults,
        turn_faults,
        set_faults,
        journal,
        clear_journal,
        idle,
        set_webhook,
        add_number,
        add_token,
        turn_template,
        post_update,
        flood,
        reset,
    ],
)
