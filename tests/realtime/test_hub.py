"""Who is pushed what (the hub keeps secrets by structure), in which order, and what slow sockets lose."""

import asyncio
from collections.abc import Iterable

import pytest

from deskbell.domain.people import Staff
from deskbell.realtime import connection as limits
from deskbell.realtime.hub import PARKED, Hub
from deskbell.realtime.publication import Missing, Publication
from tests.cast import ADA, BRUNO, MARTA, OLGA, SUPPORT, SVEN, THEO
from tests.fakes import Ear


def entry(number: int, seq: int, *, public: bool = True) -> bytes:
    shown = b"true" if public else b"false"
    return b'{"t":"entry","c":%d,"e":{"seq":%d,"public":%s},"s":{"last_seq":%d}}' % (number, seq, shown, seq)


def news(
    first: int,
    count: int = 1,
    *,
    owners: tuple[int, ...] = (ADA.id,),
    departments: tuple[int, ...] = (),
    secret: Iterable[int] = (),
    keep: tuple[tuple[int, ...], tuple[int, ...]] | None = None,
) -> Publication:
    """Entries of conversation 7; those in `secret` are not for its customer."""
    seqs = range(first, first + count)
    team = tuple(entry(7, seq) for seq in seqs)
    public = tuple(None if seq in set(secret) else entry(7, seq) for seq in seqs)
    return Publication(7, first, team, public, owners, departments, keep=keep)


def card(last: int) -> Publication:
    """A change of the card alone, as of entry `last`."""
    return Publication(7, last + 1, (), (), (ADA.id,), (), b'{"t":"row","s":{"last_seq":%d}}' % last)


@pytest.fixture
async def hub() -> Hub:
    return Hub()


async def settle(hub: Hub) -> None:
    """Let what is being read and written come to its end."""
    while hub._tasks:
        await asyncio.wait(set(hub._tasks))
    await asyncio.sleep(0)


async def test_outsiders_hear_nothing(hub: Hub) -> None:
    olga, theo, bruno = Ear(hub, OLGA), Ear(hub, THEO), Ear(hub, BRUNO)
    theo.watch(8)
    hub.publish(news(1))
    assert olga.heard() == theo.heard() == bruno.heard() == []


async def test_customers_never_get_what_is_for_the_team(hub: Hub) -> None:
    marta, sven = Ear(hub, MARTA), Ear(hub, SVEN)
    marta.watch(7)
    sven.watch(7)
    hub.publish(news(1, 3, secret=[2]))
    hub.publish(card(3))
    hub.tell_team(7, ADA.id, b'{"t":"typing"}')
    assert marta.numbers(7) == [1, 3]
    assert len(marta.heard()) == 2
    assert sven.numbers(7) == [1, 2, 3]
    assert [frame["t"] for frame in sven.heard()] == ["entry", "entry", "entry", "row", "typing"]


async def test_the_owner_hears_of_chats_without_following_each_and_only_once(hub: Hub) -> None:
    ada = Ear(hub, ADA)
    ada.watch(7)
    hub.supervisors.add(ada.connection)
    hub.publish(news(1))
    assert ada.numbers(7) == [1]


@pytest.mark.parametrize(("person", "departments", "hears"), [
    (OLGA, (SUPPORT,), False), (BRUNO, (SUPPORT,), True), (OLGA, (0,), True), (BRUNO, (0,), True),
])  # fmt: skip
async def test_unassigned_tickets_are_told_to_their_department_or_without_one_to_all(
    hub: Hub, person: Staff, departments: tuple[int, ...], hears: bool
) -> None:
    ear = Ear(hub, person)
    hub.publish(news(1, owners=(0,), departments=departments))
    assert bool(ear.heard()) == hears


async def test_after_a_change_of_hands_the_former_owner_hears_of_it_and_then_nothing_more(hub: Hub) -> None:
    ada, sven = Ear(hub, ADA), Ear(hub, SVEN)
    ada.watch(7)
    sven.watch(7)
    hub.publish(news(1))
    hub.publish(news(2, owners=(BRUNO.id, ADA.id), keep=((BRUNO.id,), ())))
    hub.publish(news(3, owners=(BRUNO.id,)))
    assert ada.numbers(7) == [1, 2]
    assert sven.numbers(7) == [1, 2, 3]


async def test_numbers_that_came_before_are_not_pushed_again(hub: Hub) -> None:
    marta = Ear(hub, MARTA)
    marta.watch(7)
    for publication in (news(1, 2), news(1, 2), news(2, 3), news(1)):
        hub.publish(publication)
    assert marta.numbers(7) == [1, 2, 3, 4]


async def test_a_missing_number_is_read_before_what_came_early(hub: Hub) -> None:
    marta = Ear(hub, MARTA)
    marta.watch(7)
    hub.backfill = lambda c, after: asyncio.sleep(0, news(after + 1, 4 - after))
    hub.publish(news(1))
    hub.publish(news(4))
    hub.publish(news(3))
    assert marta.numbers(7) == [1]
    await settle(hub)
    assert marta.numbers(7) == [1, 2, 3, 4]


async def test_what_comes_while_a_gap_is_read_may_open_the_next_gap(hub: Hub) -> None:
    """The store was read up to 3; meanwhile 6 came along, so 4 and 5 are missing again."""
    marta = Ear(hub, MARTA)
    marta.watch(7)
    heads = iter([3, 6])
    hub.backfill = lambda c, after: asyncio.sleep(0, news(after + 1, next(heads) - after))
    hub.publish(news(1))
    hub.publish(news(3))
    hub.publish(news(6))
    await settle(hub)
    assert marta.numbers(7) == [1, 2, 3, 4, 5, 6]


async def test_news_without_bodies_during_a_reading_is_read_afterwards(hub: Hub) -> None:
    marta = Ear(hub, MARTA)
    marta.watch(7)
    heads = iter([3, 5])
    hub.backfill = lambda c, after: asyncio.sleep(0, news(after + 1, next(heads) - after))
    hub.publish(news(1))
    hub.missed(Missing(7, 2, 3))
    hub.missed(Missing(7, 4, 5))
    await settle(hub)
    assert marta.numbers(7) == [1, 2, 3, 4, 5]


async def test_a_former_owner_hears_also_when_the_entries_were_read_before_their_news_came(hub: Hub) -> None:
    ada = Ear(hub, ADA)
    hub.backfill = lambda c, after: asyncio.sleep(0, news(after + 1, 3 - after, owners=(BRUNO.id,)))
    hub.publish(news(1))
    hub.publish(news(3, owners=(BRUNO.id,)))
    await settle(hub)
    hub.publish(news(2, owners=(BRUNO.id, ADA.id), keep=((BRUNO.id,), ())))
    assert [frame["s"] for frame in ada.heard("row")] == [{"last_seq": 2}]


async def test_news_that_came_while_its_gap_was_read_reaches_a_former_owner_once(hub: Hub) -> None:
    ada = Ear(hub, ADA)
    hub.backfill = lambda c, after: asyncio.sleep(0, news(after + 1, 3 - after, owners=(BRUNO.id,)))
    hub.publish(news(1))
    hub.publish(news(3, owners=(BRUNO.id, ADA.id), keep=((BRUNO.id,), ())))
    await settle(hub)
    assert (ada.numbers(7), ada.heard("row")) == ([1, 2, 3], [])


async def test_an_outdated_card_is_not_shown_and_an_early_one_waits(hub: Hub) -> None:
    ada = Ear(hub, ADA)
    hub.backfill = lambda c, after: asyncio.sleep(0, news(after + 1, 4 - after))
    hub.publish(news(1, 3))
    hub.publish(card(2))
    assert ada.heard("row") == []
    hub.publish(card(4))
    await settle(hub)
    assert [f["t"] for f in ada.heard()][3:] == ["entry", "row"]


async def test_when_the_missing_cannot_be_read_followers_are_asked_to_reconnect(hub: Hub) -> None:
    async def away(conversation_id: int, after: int) -> Publication | None:
        raise OSError

    marta, ada = Ear(hub, MARTA), Ear(hub, ADA)
    marta.watch(7)
    hub.backfill = away
    hub.publish(news(1))
    hub.publish(news(3))
    await settle(hub)
    hub.flush()
    await marta.connection.written()
    assert marta.closed == 1001
    assert ada.closed is None


async def test_what_waits_for_a_missing_number_has_a_bound(hub: Hub) -> None:
    marta = Ear(hub, MARTA)
    marta.watch(7)
    hub.backfill = lambda c, after: asyncio.sleep(3600, None)
    hub.publish(news(1))
    for seq in range(3, PARKED + 5):
        hub.publish(news(seq))
    assert marta.connection.is_closing
    assert sum(map(len, hub._parked.values())) <= PARKED
    for task in list(hub._tasks):
        task.cancel()


async def test_what_nobody_here_listens_to_is_not_pushed_later_to_those_who_come(hub: Hub) -> None:
    hub.publish(news(1))
    hub.skip(7, 5)
    marta = Ear(hub, MARTA)
    marta.watch(7)
    hub.publish(news(6))
    assert marta.numbers(7) == [6]


async def test_a_slow_socket_loses_typing_first_and_is_then_closed_to_resume(hub: Hub) -> None:
    slow = Ear(hub, MARTA, slow=True)
    slow.watch(7)
    hub.publish(news(1))
    hub.flush()
    for seq in range(2, limits.LOSSY_ABOVE + 2):
        hub.publish(news(seq))
    hub.tell_visitors(7, b'{"t":"typing"}')
    before = slow.connection.is_closing
    for seq in range(limits.LOSSY_ABOVE + 2, limits.CLOSE_ABOVE + 3):
        hub.publish(news(seq))
    assert (before, slow.connection.is_closing) == (False, True)
    slow.relieve()
    hub.flush()
    await slow.connection.written()
    assert slow.closed == limits.SLOW
    assert slow.heard("typing") == []
    assert slow.heard("bye")[0]["code"] == limits.SLOW


async def test_a_slow_socket_that_recovers_gets_everything_in_order(hub: Hub) -> None:
    slow = Ear(hub, MARTA, slow=True)
    slow.watch(7)
    for seq in range(1, 200):
        hub.publish(news(seq))
        hub.flush()
    slow.relieve()
    await slow.connection.written()
    assert slow.numbers(7) == list(range(1, 200))


async def test_a_socket_that_is_gone_is_in_no_topic(hub: Hub) -> None:
    for who in (MARTA, ADA, SVEN):
        ear = Ear(hub, who)
        ear.watch(7)
        hub.supervisors.add(ear.connection)
        ear.leave()
    assert not any((hub.public, hub.team, hub.agents, hub.departments, hub.customers, hub.supervisors))
    assert not hub.connections
