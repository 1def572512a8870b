"""Whether the server lives, can serve, and how it does (OPS-3)."""

import asyncio
from typing import Any

from litestar import Request, Response, get

from deskbell.api.ports import Here
from deskbell.api.problems import Problem, not_found
from deskbell.kit import net
from deskbell.kit.postgres import AWAY
from deskbell.store import arrivals, channel_accounts, coming, dispatches, health, inbound

READY_WITHIN_S = 2


@get("/health", include_in_schema=False)
async def alive() -> Response[str]:
    """The process answers; a balancer restarts it when this fails."""
    return Response("ok", media_type="text/plain")


@get("/ready", include_in_schema=False)
async def ready(edge: Here) -> Response[str]:
    """The database answers too; a balancer sends nobody here while this fails."""
    try:
        await asyncio.wait_for(health.ping(edge.pool), READY_WITHIN_S)
    except (TimeoutError, *AWAY):
        raise Problem(503, "retry", "The database cannot be reached just now.", retry_after=2) from None
    return Response("ok", media_type="text/plain")


@get("/metrics", include_in_schema=False)
async def metrics(request: Request[Any, Any, Any], edge: Here) -> Response[bytes]:
    """For Prometheus on the same machine or private network; the world outside sees nothing."""
    peer = net.parse(request.client.host) if request.client else None
    if peer is None or not peer.is_private or "x-forwarded-for" in request.headers:
        raise not_found()
    from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Gauge, generate_latest

    now = CollectorRegistry()
    conversations = Gauge(
        "deskbell_conversations", "Conversations that are open, by state", ["kind", "state"], registry=now
    )
    for kind, state, count in await health.open_conversations(edge.pool):
        conversations.labels(kind, state).set(count)
    up = Gauge(
        "deskbell_way_in_up", "Whether a mailbox could be read when it was last tried", ["name"], registry=now
    )
    for one in await inbound.states(edge.pool):
        up.labels(one.name).set(0 if one.error else 1)
    waiting, aside = await inbound.waiting(edge.pool)
    Gauge("deskbell_mails_waiting", "Mails stored and not worked on yet", registry=now).set(waiting - aside)
    Gauge("deskbell_mails_aside", "Mails that could not be worked on", registry=now).set(aside)
    online = Gauge("deskbell_staff_online", "Members of staff who are available", registry=now)
    online.set(await health.staff_online(edge.pool, edge.clock.now()))
    told = Gauge(
        "deskbell_webhook_things",
        "What webhooks told this node since it started, by what was done with it",
        ["channel", "result"],
        registry=now,
    )
    for (channel, result), count in edge.told.items():
        told.labels(channel, result).set(count)
    waits = Gauge("deskbell_arrivals_waiting", "Not worked on yet", ["channel"], registry=now)
    failed = Gauge("deskbell_arrivals_aside", "Could not be worked on", ["channel"], registry=now)
    for channel, count, given_up in await arrivals.waiting(edge.pool):
        waits.labels(channel).set(count)
        failed.labels(channel).set(given_up)
    going = Gauge(
        "deskbell_dispatches_waiting", "Not handed over to their service yet", ["channel"], registry=now
    )
    parked = Gauge(
        "deskbell_dispatches_parked",
        "Of these, kept back by trouble with the account",
        ["channel"],
        registry=now,
    )
    for channel, count, kept_back in await dispatches.counts(edge.pool):
        going.labels(channel).set(count)
        parked.labels(channel).set(kept_back)
    works = Gauge(
        "deskbell_channel_account_up", "Whether messages go from it", ["channel", "name"], registry=now
    )
    for account in await channel_accounts.everyone(edge.pool):
        works.labels(account.channel, account.name).set(0 if account.trouble else 1)
    coming_files = Gauge("deskbell_files_coming", "Files of messages not fetched yet", registry=now)
    coming_files.set(await coming.count(edge.pool))
    return Response(generate_latest(REGISTRY) + generate_latest(now), media_type=CONTENT_TYPE_LATEST)


route_handlers = [alive, ready, metrics]
