"""Who writes: by the service's own id of a person, with a number that may be hidden, change or be given away (W5, W11)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deskbell.domain.commands import MergeCustomers
from tests import cast
from tests.cast import SVEN
from tests.desk.house import fresh_id
from tests.jobs.inbox import MARTA, YUSUF, Inbox, open_inbox, person, system, text
from tests.rules import rule


@pytest.fixture
async def desk(database: str, pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Inbox]:
    await cast.move_in(pool)
    async with open_inbox(database, tmp_path) as inbox:
        yield inbox


@rule("CHANNEL-2")
async def test_who_was_merged_writes_as_who_they_are_now(desk: Inbox) -> None:
    await desk.get(text("Hello"))
    number = await desk.newest()
    web = await desk.house.ticket(cast.THEO)
    await desk.house.close(web, SVEN)
    gone = (await desk.house.now(number)).customer_id
    await desk.house.desk.perform(MergeCustomers(web, SVEN, fresh_id(), gone))
    await desk.get(text("Still me"))
    assert await desk.house.texts(number) == ["Hello", "Still me"]
    assert (await desk.house.now(number)).customer_id == cast.THEO.id


@rule("CHANNEL-2")
async def test_somebody_without_a_number_is_known_by_their_id_and_keeps_it_when_the_number_shows(
    desk: Inbox,
) -> None:
    hidden = {
        "id": "wamid.h",
        "timestamp": "1",
        "type": "text",
        "text": {"body": "Hidden"},
        "from_user_id": "DE.1",
    }
    await desk.get(hidden, contacts=[person(user="DE.1", name="Lena")])
    assert await desk.people() == [("DE.1", None, "Lena", "")]
    await desk.get(text("Here", from_user_id="DE.1"), contacts=[person(MARTA, "DE.1", "Lena L.")])
    assert await desk.people() == [("DE.1", MARTA, "Lena", "+4915550001")]
    assert await desk.texts() == ["Hidden", "Here"]


@rule("CHANNEL-2")
async def test_somebody_known_by_number_stays_who_they_are_when_ids_come_and_numbers_are_given_away(
    desk: Inbox,
) -> None:
    await desk.get(text("Of old"), contacts=[person(MARTA)])
    await desk.get(text("With an id", from_user_id="DE.1"), contacts=[person(MARTA, "DE.1")])
    assert await desk.people() == [("DE.1", MARTA, "Marta K.", "+4915550001")]
    await desk.get(text("Somebody else", from_user_id="DE.9"), contacts=[person(MARTA, "DE.9", "Nils")])
    assert await desk.people() == [
        ("DE.1", None, "Marta K.", "+4915550001"),
        ("DE.9", MARTA, "Nils", "+4915550001"),
    ]
    assert await desk.texts() == ["Somebody else"]


CHANGES: dict[str, list[dict[str, Any]]] = {
    "number, then id": [
        system(type="user_changed_number", wa_id=YUSUF) | {"from": MARTA, "from_user_id": "DE.1"},
        system(type="user_changed_user_id", user_id="PL.2", previous_user_id="DE.1"),
    ],
    "id, then number": [
        system(type="user_changed_user_id", user_id="PL.2", previous_user_id="DE.1"),
        system(type="user_changed_number", wa_id=YUSUF) | {"from": MARTA, "from_user_id": "DE.1"},
    ],
    "only the number": [system(type="user_changed_number", wa_id=YUSUF) | {"from": MARTA}],
    "only the id": [system(type="user_changed_user_id", user_id="PL.2", previous_user_id="DE.1")],
}


@rule("CHANNEL-2")
@pytest.mark.parametrize("change", CHANGES)
async def test_a_new_number_or_id_is_the_same_customer_and_the_thread_says_so(
    desk: Inbox, change: str
) -> None:
    await desk.get(text("Before", from_user_id="DE.1"), contacts=[person(MARTA, "DE.1")])
    assert set((await desk.get(*CHANGES[change]))[1:]) == {"renamed"}
    await desk.get(text("After", by=YUSUF, from_user_id="PL.2"), contacts=[person(YUSUF, "PL.2")])
    assert await desk.people() == [("PL.2", YUSUF, "Marta K.", "+4915550002")]
    assert await desk.texts() == ["Before", "After"]
    told = [
        line.entry.text
        for line in await desk.house.thread(await desk.newest())
        if "changed from" in line.entry.text
    ]
    assert len(told) == len(CHANGES[change])


@rule("CHANNEL-2")
async def test_who_wrote_under_the_new_id_before_we_were_told_stays_apart_until_staff_merge(
    desk: Inbox,
) -> None:
    await desk.get(text("Before", from_user_id="DE.1"), contacts=[person(MARTA, "DE.1")])
    old = await desk.newest()
    await desk.get(text("Early", by=YUSUF, from_user_id="PL.2"), contacts=[person(YUSUF, "PL.2")])
    new = (await desk.house.now(await desk.newest())).customer_id
    change = system(type="user_changed_user_id", user_id="PL.2", previous_user_id="DE.1")
    assert (await desk.get(change))[-1] == "two_contacts"
    assert f"customer {new}" in (await desk.house.thread(old))[-1].entry.text
    assert len(await desk.people()) == 2
