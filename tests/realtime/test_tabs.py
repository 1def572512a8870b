"""All tabs of a visitor follow the chat that one of them starts."""

from collections.abc import Mapping
from typing import Any

from deskbell.realtime.connection import Connection
from deskbell.realtime.hub import Hub
from deskbell.realtime.publication import Publication
from tests.rules import rule

MARY, TOM = 3, 4


class Tab:
    """A visitor's socket and what was written to it."""

    def __init__(self, hub: Hub, customer: int) -> None:
        self.shown: list[str] = []
        connection = Connection(f"tab of {customer}", self._send, hub.mark_dirty)
        connection.customer_id = customer
        hub.add(connection)
        hub.join(hub.customers, customer, connection)

    async def _send(self, message: Mapping[str, Any]) -> None:
        self.shown.append(message["text"])


def news(first: int, text: bytes, customer: int = 0) -> Publication:
    return Publication(7, first, (b"team",), (text,), (0,), customer=customer)


@rule("VISITOR-5")
async def test_a_chat_started_in_one_tab_shows_in_the_others() -> None:
    hub = Hub()
    first, second, stranger = Tab(hub, MARY), Tab(hub, MARY), Tab(hub, TOM)
    assert hub.listens(7, (0,), (), MARY)
    hub.publish(news(1, b"started", MARY))
    hub.publish(news(2, b"hello"))
    hub.flush()
    assert first.shown == second.shown == ["started\nhello"]
    assert stranger.shown == []


@rule("VISITOR-5")
async def test_a_node_without_this_visitor_need_not_hear_of_their_new_chat() -> None:
    hub = Hub()
    Tab(hub, TOM)
    assert not hub.listens(7, (0,), (), MARY)
