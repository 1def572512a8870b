"""Webhooks on their way: gathered, signed over their exact bytes, posted, and posted again until they are taken."""

import asyncio
import hashlib
import hmac
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

import httpx

from whatsapp_sim.agenda import Agenda
from whatsapp_sim.clock import Clock
from whatsapp_sim.dice import Dice
from whatsapp_sim.faults import Faults
from whatsapp_sim.journal import Journal
from whatsapp_sim.payloads import (
    MESSAGES,
    Json,
    Update,
    body_of,
    encoded,
    forged,
    padded,
    with_strange_fields,
)
from whatsapp_sim.state import App, World

GAPS = (0.0, 2.0, 8.0, 32.0, 128.0, 512.0, 2_048.0, 8_192.0, 32_768.0, 86_400.0)
"""Seconds until the next attempt; the last one is repeated."""
GIVE_UP_S = 7 * 86_400
PATIENCE_S = 20.0
"""How long an answer is waited for, in real seconds."""
AT_ONCE = 32
HEADERS = {"Content-Type": "application/json", "User-Agent": "facebookexternalua", "X-Simulator": "whatsapp"}


@cache
def trust() -> ssl.SSLContext:
    """Read once: it takes longer than to start a simulator."""
    return httpx.create_ssl_context(trust_env=False)


def signature(secret: str, body: bytes) -> str:
    """The value of `X-Hub-Signature-256`."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@dataclass(slots=True)
class Post:
    """A body on its way to one application."""

    app: str
    body: bytes
    key: str
    lane: str
    about: list[str]
    begun: float
    attempts: int = 0


@dataclass(slots=True)
class Batch:
    updates: list[Update] = field(default_factory=list)
    number: int = 0


class Delivery:
    """Takes updates and sees to it that they arrive."""

    def __init__(
        self,
        world: World,
        clock: Clock,
        agenda: Agenda,
        dice: Dice,
        journal: Journal,
        faults: Callable[[], Faults],
    ) -> None:
        self._world, self._clock, self._agenda = world, clock, agenda
        self._dice, self._journal, self._faults = dice, journal, faults
        self._places = asyncio.Semaphore(AT_ONCE)
        self._batches: dict[str, Batch] = {}
        self._number = 0
        limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
        # Whatever proxy the machine uses, what is sent here stays here.
        self._http = httpx.AsyncClient(timeout=PATIENCE_S, limits=limits, trust_env=False, verify=trust())

    async def close(self) -> None:
        await self._http.aclose()

    def tell(self, *updates: Update) -> "list[asyncio.Future[None]]":
        """Plan the webhooks for these updates. Each future is done after the first attempt at one of them."""
        faults, plans = self._faults(), []
        for update in updates:
            plans += self._take(update, faults)
            if self._dice.happens(faults.unknown_fields, "unknown_fields", update.key):
                strange = Update(
                    update.account, "future_field", {"event": "FUTURE"}, update.key + "?", update.lane
                )
                plans += self._take(strange, faults)
        return plans

    def _take(self, update: Update, faults: Faults) -> "list[asyncio.Future[None]]":
        if faults.batch == 1:
            return self._send([update], faults)
        name = "" if faults.mix_accounts else update.account
        batch = self._batches.setdefault(name, Batch())
        batch.updates.append(update)
        if len(batch.updates) >= faults.batch:
            return self._flush(name)
        if len(batch.updates) == 1:
            number = batch.number

            async def full_or_not() -> None:
                if self._batches[name].number == number:
                    self._flush(name)

            self._agenda.at(self._clock.now() + faults.batch_wait_s, full_or_not)
        return []

    def _flush(self, name: str) -> "list[asyncio.Future[None]]":
        batch = self._batches[name]
        updates, batch.updates = batch.updates, []
        batch.number += 1
        return self._send(updates, self._faults()) if updates else []

    def _send(self, updates: Sequence[Update], faults: Faults) -> "list[asyncio.Future[None]]":
        key = updates[0].key
        body = self._made(updates, key, faults)
        now, plans = self._clock.now(), []
        for app in self._hearing(updates):
            due = now + self._dice.between(faults.delay_s, "delay", key)
            lane = f"{app.id} {updates[0].lane}"
            if faults.reorder_s:
                due += faults.reorder_s * self._dice.fraction("reorder", key)
                lane = ""
            if self._dice.happens(faults.forge, "forge", key):
                self._forge(app, body, key, due, lane)
            about = [update.about for update in updates if update.about]
            content = encoded(body)
            copies = faults.copies if self._dice.happens(faults.duplicate, "duplicate", key) else 0
            for copy in range(1 + copies):
                post = Post(app.id, content, f"{key}/{copy}", lane, about, now)
                plans.append(self._plan(post, due))
        return plans

    def _hearing(self, updates: Sequence[Update]) -> list[App]:
        ids = {app for update in updates for app in self._world.accounts[update.account].subscribed}
        return [app for app in self._world.apps.values() if app.id in ids and app.webhook]

    def _made(self, updates: Sequence[Update], key: str, faults: Faults) -> Json:
        merge = len(updates) > 1 and self._dice.happens(0.5, "merge", key)
        body = body_of(updates, self._clock.now(), merge=merge)
        if self._dice.happens(faults.extra_fields, "extra_fields", key):
            body = with_strange_fields(body)
        if self._dice.happens(faults.big_bodies, "big_bodies", key):
            body = padded(body)
        return body

    def _forge(self, app: App, body: Json, key: str, due: float, lane: str) -> None:
        """Somebody else's POST. It is made once, and it must be refused."""
        content = encoded(forged(body))
        how = ("wrong", "none", "reused")[int(self._dice.fraction("forgery", key) * 3)]
        signed = {
            "wrong": signature("not the secret", content),
            "none": "",
            "reused": signature(app.secret, encoded(body)),
        }[how]

        async def post() -> None:
            await self._post(Post(app.id, content, key, lane, [], due), app, signed, f"forged: {how}")

        self._agenda.at(due, post, lane)

    def _plan(self, post: Post, due: float) -> "asyncio.Future[None]":
        async def attempt() -> None:
            await self._attempt(post)

        return self._agenda.at(due, attempt, post.lane)

    async def _attempt(self, post: Post) -> None:
        app, faults = self._world.apps.get(post.app), self._faults()
        if app is None or not app.webhook:
            return
        post.attempts += 1
        again = (post.key, post.attempts)
        if self._dice.happens(faults.drop, "drop", *again):
            line = self._journal.begin("webhook", self._clock.now(), "POST", app.webhook, post.body)
            line.note, line.attempt, line.about = "dropped", post.attempts, post.about
            taken = False
        else:
            taken = await self._post(post, app, signature(app.secret, post.body), "")
        if taken and self._dice.happens(faults.lose_answer, "lose_answer", *again):
            taken = False
        if not taken:
            due = self._clock.now() + GAPS[min(post.attempts, len(GAPS)) - 1]
            if due - post.begun <= GIVE_UP_S:
                self._plan(post, due)

    async def _post(self, post: Post, app: App, signed: str, note: str) -> bool:
        """One POST. True when it was answered with 200."""
        line = self._journal.begin("webhook", self._clock.now(), "POST", app.webhook, post.body)
        line.note, line.attempt, line.about, line.signature = note, post.attempts, post.about, signed
        headers = HEADERS | ({"X-Hub-Signature-256": signed} if signed else {})
        async with self._places:
            begun = time.perf_counter()
            try:
                answer = await self._http.post(app.webhook, content=post.body, headers=headers)
            except httpx.HTTPError as error:
                line.answer = type(error).__name__
                return False
            finally:
                line.took_ms = (time.perf_counter() - begun) * 1000
        line.status, line.answer = answer.status_code, answer.text[:1000]
        return answer.status_code == 200

    async def verify(self, app: App) -> str:
        """Ask the webhook as Meta does when it is set. Empty when it is the right one, else why it is not."""
        challenge = self._dice.digits(10, "challenge", app.webhook)
        asked = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": app.verify_token}
        line = self._journal.begin("webhook", self._clock.now(), "GET", app.webhook, b"")
        try:
            answer = await self._http.get(app.webhook, params=asked)
        except httpx.HTTPError as error:
            line.answer = type(error).__name__
            return f"The webhook cannot be reached: {type(error).__name__}."
        line.status, line.answer = answer.status_code, answer.text[:1000]
        if answer.status_code != 200:
            return f"The webhook answered {answer.status_code}."
        return "" if answer.text == challenge else "The webhook did not answer with the challenge."


def raw(account: str, name: str, value: Json, key: str) -> Update:
    """Any update by hand."""
    return Update(account, name, value, key, lane=f"{account} {name}" if name != MESSAGES else key)
