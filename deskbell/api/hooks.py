"""Where messaging services tell us what came: checked over the raw bytes, stored, and only then answered (CHANNEL-2)."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

from litestar import Request, Response, get, post
from litestar.params import PathParameter

from deskbell.api.conversations import TheDesk
from deskbell.api.ports import Edge, Here
from deskbell.api.problems import Problem, forbidden, not_found
from deskbell.channels.base import Account, Channel
from deskbell.desk.ledger import NotKept
from deskbell.store.arrivals import Fresh
from deskbell.store.types import to_json

KEPT_WITHIN_S = 8.0
BIG = 128 * 1024
"""Larger bodies are looked at beside the loop, which others wait for."""
JSON = "application/json"
Name = Annotated[str, PathParameter(max_length=20)]


class _Told(NamedTuple):
    """What a signed body tells: for our accounts, and of how many things nobody here is the one they are for."""

    rows: list[Fresh]
    strange: int


@get("/hooks/{channel:str}", include_in_schema=False)
async def verify(request: Request[Any, Any, Any], channel: Name, edge: Here, desk: TheDesk) -> Response[str]:
    """A service asks whether this address is ours. What it says is echoed as plain text, and only what is harmless."""
    service = _service(edge, channel)
    echo = service.challenge(dict(request.query_params), desk.directory.accounts.of(channel))
    if echo is None:
        raise forbidden("This is not the right token.")
    return Response(echo, media_type="text/plain")


@post("/hooks/{channel:str}", include_in_schema=False, status_code=200)
async def take(request: Request[Any, Any, Any], channel: Name, edge: Here, desk: TheDesk) -> Response[str]:
    """Nothing is parsed before its signature is right, and nothing is answered before it is committed."""
    service, counts = _service(edge, channel), edge.told
    body, headers = await request.body(), dict(request.headers)
    accounts = desk.directory.accounts.of(channel)
    try:
        if len(body) > BIG:
            told = await asyncio.to_thread(_told, service, body, headers, accounts)
        else:
            told = _told(service, body, headers, accounts)
    except ValueError:
        counts[channel, "unreadable"] += 1
        raise Problem(400, "bad_input", "This is no webhook of this service.") from None
    if told is None:
        counts[channel, "forged"] += 1
        raise Problem(401, "signature", "The signature is wrong.")
    counts[channel, "unknown_account"] += told.strange
    if told.rows:
        await _keep(desk, told.rows)
    counts[channel, "kept"] += len(told.rows)
    return Response("{}", media_type=JSON)


def _service(edge: Edge, channel: str) -> Channel:
    service = edge.channels.get(channel)
    if service is None:
        raise not_found()
    return service


def _told(
    service: Channel, body: bytes, headers: Mapping[str, str], accounts: Sequence[Account]
) -> _Told | None:
    """None: nobody whose secret we know has signed it. Raises ValueError."""
    named: dict[str, list[Account]] = {}
    checked: dict[tuple[tuple[str, str], ...], bool] = {}
    for account in accounts:
        key = tuple(sorted(account.secrets.items()))
        if key not in checked:
            checked[key] = service.authentic(body, headers, account)
        if checked[key]:
            for name in service.names(account):
                named.setdefault(name, []).append(account)
    if not named:
        return None
    rows: list[Fresh] = []
    strange = 0
    for one in service.notified(body):
        owners = named.get(one.account, ())
        strange += not owners
        payload = to_json(one.payload) if owners else ""
        rows.extend(Fresh(account.id, one.key, one.sender, payload) for account in owners)
    return _Told(rows, strange)


async def _keep(desk: TheDesk, rows: Sequence[Fresh]) -> None:
    """Raises Problem 503: the service sends it again; what was stored after all is known by its keys."""
    try:
        async with asyncio.timeout(KEPT_WITHIN_S):
            await desk.ledger.keep(rows)
    except (NotKept, TimeoutError):
        raise Problem(503, "retry", "It could not be stored just now.", retry_after=2) from None


route_handlers = [verify, take]
