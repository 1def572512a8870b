"""Delivery under a hostile bus: news shuffled, doubled, dropped or without bodies, sockets coming and going.

The model is the store: a list of entries. A socket is joined first and then reads everything; from there on
each number must come once and in order (what it has read already it drops).
"""

import asyncio
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from deskbell.domain.people import Customer, Staff
from deskbell.realtime.hub import Hub
from deskbell.realtime.publication import Missing, Publication
from tests import rules
from tests.cast import ADA, MARTA, SVEN
from tests.fakes import Ear

NUMBER = 7
READING_TURNS = 5  # the answer of the store is on its way for some steps, and older when it comes
WHO: dict[str, Customer | Staff] = {"customer": MARTA, "owner": ADA, "supervisor": SVEN}


class Client:
    """A socket and what its client has made of what it heard: numbers in order."""

    def __init__(self, hub: Hub, who: str) -> None:
        self.ear = Ear(hub, WHO[who])
        self.ear.watch(NUMBER)
        self.has: list[int] = []
        self.pushed = self.taken = 0

    def take_in(self) -> list[dict[str, Any]]:
        """The frames heard since the last time."""
        frames = self.ear.heard("entry")
        fresh, self.taken = frames[self.taken :], len(frames)
        return fresh


class Delivery(RuleBasedStateMachine):
    clients: Bundle[Client] = Bundle("clients")
    on_the_way: Bundle[Publication] = Bundle("on_the_way")

    @initialize()
    def opens(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.store: list[bool] = []  # public or not, by number
        self.everybody: list[Client] = []
        self.hub = self.within(self.make_hub())

    async def make_hub(self) -> Hub:
        hub = Hub()
        hub.backfill = self.backfill
        return hub

    async def backfill(self, _: int, after: int) -> Publication | None:
        found = self.publication(after + 1, len(self.store)) if after < len(self.store) else None
        for _ in range(READING_TURNS):
            await asyncio.sleep(0)
        return found

    def publication(self, first: int, last: int) -> Publication:
        seqs = range(first, last + 1)
        team = tuple(b'{"t":"entry","c":7,"e":{"seq":%d}}' % seq for seq in seqs)
        public = tuple(
            b'{"t":"entry","c":7,"e":{"seq":%d,"prev":%d}}' % (seq, self.previous(seq))
            if self.store[seq - 1]
            else None
            for seq in seqs
        )
        return Publication(NUMBER, first, team, public, (ADA.id,))

    def previous(self, seq: int) -> int:
        """The public entry before this one."""
        return max((n for n in range(1, seq) if self.store[n - 1]), default=0)

    def within(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    async def turn(self, work: Any = None) -> None:
        """Do something inside the loop, and let part of what follows happen."""
        if work is not None:
            work()
        await asyncio.sleep(0)

    def visible(self, client: Client) -> list[int]:
        customer = bool(client.ear.connection.customer_id)
        return [n for n, public in enumerate(self.store, 1) if public or not customer]

    # -- what happens

    @rule(target=on_the_way, public=st.lists(st.booleans(), min_size=1, max_size=3))
    def commits(self, public: list[bool]) -> Publication:
        first = len(self.store) + 1
        self.store += public
        return self.publication(first, len(self.store))

    @rule(news=consumes(on_the_way))
    def arrives(self, news: Publication) -> None:
        self.within(self.turn(lambda: self.hub.publish(news)))

    @rule(news=on_the_way)
    def arrives_and_comes_again(self, news: Publication) -> None:
        self.within(self.turn(lambda: self.hub.publish(news)))

    @rule(news=consumes(on_the_way))
    def arrives_without_bodies(self, news: Publication) -> None:
        missing = Missing(NUMBER, news.first, news.last, news.owners)
        self.within(self.turn(lambda: self.hub.missed(missing)))

    @rule(news=consumes(on_the_way))
    def is_lost(self, news: Publication) -> None:
        assert news.last <= len(self.store)

    @rule()
    def time_passes(self) -> None:
        self.within(self.turn())

    @rule(target=clients, who=st.sampled_from(sorted(WHO)))
    def comes(self, who: str) -> Client:
        client = Client(self.hub, who)
        self.resume(client)
        self.everybody.append(client)
        return client

    @rule(client=consumes(clients))
    def goes(self, client: Client) -> None:
        self.everybody.remove(client)
        client.ear.leave()

    def resume(self, client: Client) -> None:
        """Joined already; read everything after what one has, and tell the hub how far that was."""
        self.hub.know(NUMBER, len(self.store))
        client.has += [n for n in self.visible(client) if n > (client.has[-1] if client.has else 0)]

    def digest(self) -> None:
        for client in self.everybody:
            for frame in client.take_in():
                seq, has = frame["e"]["seq"], client.has[-1] if client.has else 0
                again = seq <= client.pushed and client.ear.connection.staff_id  # a card for the lists
                assert seq > client.pushed or again, "pushed twice, or back"
                client.pushed = max(seq, client.pushed)
                if seq > has:
                    assert frame["e"].get("prev", seq - 1) <= has, "pushed over a hole"
                    client.has.append(seq)

    # -- what always holds

    @invariant()
    def nobody_has_a_hole_or_anything_not_for_them(self) -> None:
        if not hasattr(self, "store"):
            return
        self.digest()
        for client in self.everybody:
            assert client.has == self.visible(client)[: len(client.has)]

    def teardown(self) -> None:
        """In the end the slow sweep compares heads with the store, and everybody has everything."""
        if not hasattr(self, "store"):
            return
        try:
            for _ in range(3):
                self.within(self.sweep())
            self.digest()
            for client in self.everybody:
                assert client.has == self.visible(client)
                assert client.ear.closed is None
        finally:
            self.loop.close()

    async def sweep(self) -> None:
        head = self.hub.head_of(NUMBER)
        if head is not None and head < len(self.store):
            self.hub.missed(Missing(NUMBER, head + 1, len(self.store)))
        for _ in range(20):
            await asyncio.sleep(0)


@rules.rule("OPS-2", "VISITOR-5")
class TestDelivery(Delivery.TestCase):  # type: ignore[misc,valid-type]
    settings = settings(max_examples=120, stateful_step_count=40, deadline=None)

    def test_every_socket_ends_with_everything_meant_for_it_in_order(self) -> None:
        self.runTest()
