"""What browsers report becomes visits, views and, while a chat is open, lines for the team (VISITOR-2, VISITOR-3)."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from deskbell.domain.commands import StartByAgent
from deskbell.domain.errors import Refused
from deskbell.kit.clock import FixedClock
from deskbell.store import page_views, visits
from deskbell.store.page_views import VIEWS_KEPT, Known, Report, View
from tests.cast import ADA, BRUNO, MARTA, MINUTE, NOW, SVEN, THEO
from tests.desk.house import House, fresh_id
from tests.rules import rule

KEY = b"k" * 32
HOME = "https://shop.test/"


async def site(pool: asyncpg.Pool) -> int:
    added: int = await pool.fetchval("INSERT INTO site (key, name) VALUES ('shop', 'Shop') RETURNING id")
    return added


def report(site_id: int, *views: View, key: bytes = KEY, **more: Any) -> Report:
    values = Report(key, site_id, "203.0.113.7", "Firefox", "de", "Europe/Vienna", "", views, None, "", None)
    return values._replace(**more)


def view(number: int, url: str = HOME, **more: Any) -> View:
    return View(number, url, more.pop("title", "Shop"), more.pop("at", NOW), more.pop("dwell", 0))


async def told(house: House, *reports: Report) -> Known:
    """What the desk knows of the last one's browser after these."""
    async with house.pool.acquire() as connection, connection.transaction():
        known = await page_views.save(connection, page_views.joined(reports), house.clock.now())
    return known[reports[-1].key_hash]


@rule("VISITOR-3")
async def test_a_visit_ends_after_thirty_minutes_without_a_sign(house: House) -> None:
    assert isinstance(house.clock, FixedClock)
    here = await site(house.pool)
    first = await told(house, report(here, view(1)))
    house.clock.advance(29 * MINUTE)
    assert (await told(house, report(here, view(1, dwell=60)))).visit_id == first.visit_id
    house.clock.advance(30 * MINUTE)
    later = await told(house, report(here, view(2)))
    assert (later.visit_id != first.visit_id, later.visits) == (True, 2)


@rule("VISITOR-2")
async def test_a_view_that_is_reported_again_is_one_and_only_its_time_grows(house: House) -> None:
    here = await site(house.pool)
    await told(house, report(here, view(1)), report(here, view(1, dwell=5), view(2, HOME + "cart")))
    known = await told(house, report(here, view(1, dwell=3), view(2, HOME + "cart", dwell=9)))
    assert known.fresh == ()
    seen = await visits.views(house.pool, known.visit_id)
    assert [(one.url, one.dwell) for one in seen] == [(HOME, 5), (HOME + "cart", 9)]


async def test_of_one_visit_only_the_newest_views_are_kept(house: House) -> None:
    here = await site(house.pool)
    many = [view(n, f"{HOME}{n}", at=NOW + timedelta(seconds=n)) for n in range(VIEWS_KEPT + 20)]
    known = await told(house, report(here, *many))
    kept = await visits.views(house.pool, known.visit_id, 10_000)
    assert (len(kept), kept[0].url) == (VIEWS_KEPT, HOME + "20")


async def test_visits_and_browsers_of_more_than_ninety_days_ago_are_forgotten(house: House) -> None:
    here = await site(house.pool)
    await told(house, report(here, view(1)))
    assert await visits.forget_old(house.pool, NOW + timedelta(days=90)) == 0
    assert await visits.forget_old(house.pool, NOW + timedelta(days=90, seconds=1)) == 1
    assert await house.pool.fetchval("SELECT count(*) FROM visitor") == 0


async def linked(house: House) -> int:
    """Marta's browser reports; the site."""
    here = await site(house.pool)
    await told(house, report(here, view(1)))
    arrival = visits.Arrival(here, "203.0.113.7", "Firefox", "de", "Europe/Vienna")
    await visits.arrive(house.pool, MARTA.id, KEY, arrival, house.clock.now())
    return here


async def reported(house: House, sent: Report) -> Known:
    """Through the queue, as the door does it."""
    asked = asyncio.ensure_future(house.desk.tracker.report(sent))
    await asyncio.sleep(0)
    await house.desk.tracker.flush()
    await house.desk.batcher.drain()
    return await asked


@rule("VISITOR-2")
async def test_pages_opened_while_chatting_stand_in_the_thread_for_the_team_alone(house: House) -> None:
    here = await linked(house)
    number = await house.live()
    before = await house.now(number)
    agent, customer = house.ear(ADA, number), house.ear(MARTA, number)
    await reported(house, report(here, view(2, HOME + "cart", title="Cart")))
    line = (await house.thread(number))[-1].entry
    assert (line.kind, line.public, line.data) == ("page", False, {"url": HOME + "cart", "title": "Cart"})
    after = await house.now(number)
    assert after == before._replace(last_seq=before.last_seq + 1)  # no unread, no place in a list, no time
    assert agent.heard("entry")[-1]["e"]["page"] == {"url": HOME + "cart", "title": "Cart"}
    assert customer.heard("entry") == []


@rule("VISITOR-2")
@pytest.mark.parametrize("closed", [True, False])
async def test_without_an_open_chat_nothing_is_noted_in_a_thread(house: House, closed: bool) -> None:
    here = await linked(house)
    number = await house.live(MARTA if closed else THEO)
    if closed:
        await house.close(number, ADA)
    await reported(house, report(here, view(2)))
    assert "page" not in {line.entry.kind for line in await house.thread(number)}


@rule("VISITOR-3")
async def test_the_last_address_is_that_of_the_newest_visit(house: House) -> None:
    assert isinstance(house.clock, FixedClock)
    here = await linked(house)
    assert await visits.last_ip(house.pool, MARTA.id) == "203.0.113.7"
    house.clock.advance(40 * MINUTE)
    await told(house, report(here, view(2), ip="2001:db8::9"))
    assert await visits.last_ip(house.pool, MARTA.id) == "2001:db8::9"
    assert await visits.last_ip(house.pool, THEO.id) is None


async def test_an_agent_begins_a_chat_that_is_theirs_at_once(house: House) -> None:
    here = await site(house.pool)
    await house.available(ADA)
    asked = StartByAgent(ADA, fresh_id(), here, MARTA.id, "Can I help?")
    answer, again = await house.together(asked, asked)
    assert not isinstance(answer, Refused)
    chat = await house.now(answer.conversation_id)
    assert (chat.state, chat.owner_id, chat.agent_messages, chat.is_new) == ("live", ADA.id, 1, False)
    assert not isinstance(again, Refused)
    assert (again.conversation_id, again.dup) == (answer.conversation_id, True)


@pytest.mark.parametrize(
    ("who", "why"), [(ADA, "taken"), (BRUNO, "unavailable"), (SVEN, "unavailable")], ids=str
)
async def test_nobody_is_written_to_who_chats_already_nor_by_who_is_away(
    house: House, who: Any, why: str
) -> None:
    here = await site(house.pool)
    await house.live()
    other = THEO if why == "unavailable" else MARTA
    (refused,) = await house.together(StartByAgent(who, fresh_id(), here, other.id, "Can I help?"))
    assert isinstance(refused, Refused)
    assert refused.code == why


async def test_two_agents_begin_with_the_same_visitor_and_one_wins(house: House) -> None:
    here = await site(house.pool)
    await house.available(ADA, BRUNO)
    outcomes = await house.together(
        *(StartByAgent(who, fresh_id(), here, MARTA.id, "Can I help?") for who in (ADA, BRUNO))
    )
    assert sorted(isinstance(o, Refused) for o in outcomes) == [False, True]


@rule("TICKET-7")
async def test_a_chat_that_an_agent_begins_closes_the_visitors_ticket_and_points_to_it(house: House) -> None:
    here, ticket = await site(house.pool), await house.ticket(MARTA)
    await house.available(ADA)
    chat = await house.desk.perform(StartByAgent(ADA, fresh_id(), here, MARTA.id, "Can I help?"))
    c = await house.now(ticket)
    assert (c.state, c.closed_by, c.linked_to) == ("closed", "system", chat.conversation_id)
    assert (await house.thread(chat.conversation_id))[-1].entry.text.startswith(
        f"The earlier ticket #{ticket}"
    )
