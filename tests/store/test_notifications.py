"""What stands under whose bell, and who can read it away (TEAM-3, TEAM-6)."""

from datetime import timedelta

import asyncpg
import pytest

from deskbell.domain.conversation import Notification
from deskbell.store import notifications, staff
from deskbell.store.notifications import KEPT_FOR, Stored
from tests.cast import ADA, BRUNO, NOW, OLGA, conversation, shelve
from tests.rules import rule

LAST = 2**62


async def tell(pool: asyncpg.Pool, *told: Notification, at: timedelta = timedelta()) -> list[Stored]:
    async with pool.acquire() as connection, connection.transaction():
        return await notifications.save(connection, told, NOW + at)


def mention(who: int, c: int = 7) -> Notification:
    return Notification(who, "mention", c, {"who": "Bruno"})


@rule("TEAM-3", "TEAM-6")
async def test_nobody_sees_or_reads_away_what_another_was_told(peopled: asyncpg.Pool) -> None:
    await shelve(peopled, conversation())
    [told] = await tell(peopled, mention(ADA.id))
    assert await notifications.page(peopled, OLGA.id, LAST, 10) == []
    assert await notifications.read(peopled, OLGA.id, [told.id], NOW) == []
    assert await notifications.read_of(peopled, OLGA.id, 7, NOW) == []
    assert await notifications.read_all(peopled, OLGA.id, NOW) == []
    assert await notifications.page(peopled, ADA.id, LAST, 10) == [told]
    assert await notifications.unread(peopled, ADA.id) == 1


@rule("TEAM-3")
async def test_what_is_told_at_once_stands_in_its_order_page_by_page(peopled: asyncpg.Pool) -> None:
    await shelve(peopled, conversation())
    told = await tell(peopled, *[mention(who) for who in (ADA.id, BRUNO.id, ADA.id, ADA.id)])
    assert [one.staff_id for one in told] == [ADA.id, BRUNO.id, ADA.id, ADA.id]
    hers = [one.id for one in told if one.staff_id == ADA.id]
    first = await notifications.page(peopled, ADA.id, LAST, 2)
    second = await notifications.page(peopled, ADA.id, first[-1].id, 2)
    assert [one.id for one in first + second] == hers[::-1]
    assert {(one.customer_id, one.customer, one.data["who"]) for one in first} == {(1, "Marta", "Bruno")}


@rule("TEAM-6")
async def test_each_is_read_once_alone_with_its_chat_or_with_all(peopled: asyncpg.Pool) -> None:
    await shelve(peopled, conversation(), conversation("closed", id=8, start_id="other"))
    told = [one.id for one in await tell(peopled, *[mention(ADA.id, c) for c in (7, 8, 7, 8, 7)])]
    assert await notifications.read(peopled, ADA.id, told[:1], NOW) == told[:1]
    assert await notifications.read(peopled, ADA.id, told[:1], NOW) == []
    assert sorted(await notifications.read_of(peopled, ADA.id, 7, NOW)) == [told[2], told[4]]
    assert await notifications.unread(peopled, ADA.id) == 2
    assert sorted(await notifications.read_all(peopled, ADA.id, NOW)) == [told[1], told[3]]
    assert await notifications.unread(peopled, ADA.id) == 0


@rule("TEAM-6")
async def test_a_kind_that_is_switched_off_is_not_kept_for_that_person(peopled: asyncpg.Pool) -> None:
    await shelve(peopled, conversation())
    await staff.change_settings(peopled, ADA.id, {"quiet": ["mention.bell", "transfer.sound"]})
    transfer = Notification(ADA.id, "transfer", 7, {"who": "Bruno", "note": ""})
    told = await tell(peopled, mention(ADA.id), mention(BRUNO.id), transfer)
    assert [(one.staff_id, one.kind) for one in told] == [(BRUNO.id, "mention"), (ADA.id, "transfer")]


async def test_nothing_is_kept_for_somebody_who_has_left(peopled: asyncpg.Pool) -> None:
    await shelve(peopled, conversation())
    await staff.change(peopled, BRUNO.id, {"active": False})
    assert [one.staff_id for one in await tell(peopled, mention(BRUNO.id), mention(ADA.id))] == [ADA.id]


async def test_only_the_newest_and_the_young_are_kept(
    peopled: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "KEPT", 3)
    await shelve(peopled, conversation())
    await tell(peopled, mention(BRUNO.id), at=-KEPT_FOR - timedelta(seconds=1))
    young = await tell(peopled, mention(BRUNO.id))
    hers = await tell(peopled, *[mention(ADA.id)] * 5)
    await notifications.forget_old(peopled, NOW)
    assert await notifications.page(peopled, BRUNO.id, LAST, 10) == young
    assert await notifications.page(peopled, ADA.id, LAST, 10) == hers[:1:-1]
