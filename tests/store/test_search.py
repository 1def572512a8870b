"""What a search finds, and how words come into it (LIST-5, TEAM-5, TICKET-5)."""

from datetime import timedelta

import asyncpg
import pytest

from deskbell.desk.indexer import Indexer
from deskbell.domain.conversation import Entry
from deskbell.domain.people import Staff
from deskbell.store import changes, lists, search
from deskbell.store.changes import Saving
from deskbell.store.lists import Filter
from tests.cast import ADA, BRUNO, MARTA, NOW, OLGA, SVEN, THEO, conversation, crowd, shelve
from tests.rules import rule


async def say(pool: asyncpg.Pool, c: int, *texts: str, kind: str = "message", first: int = 3) -> None:
    """Entries of conversation `c`, which then is as long as they make it."""
    entries = [
        Entry(c, seq, kind, kind == "message", 0, "agent", ADA.id, None, text, None, None, NOW)
        for seq, text in enumerate(texts, first)
    ]
    async with pool.acquire() as connection, connection.transaction():
        await changes.save(connection, Saving({}, {}, entries, (), (), {}, {}, ()))
        await connection.execute(
            "UPDATE conversation SET last_seq = $2 WHERE id = $1", c, first + len(texts) - 1
        )


async def index(pool: asyncpg.Pool) -> None:
    """Everything there is."""
    indexer = Indexer(pool)
    await indexer.sweep()
    while indexer.is_busy:
        await indexer.take_in()


async def found(
    pool: asyncpg.Pool,
    text: str,
    person: Staff = ADA,
    tab: str = "closed",
    scope: str = "mine",
    group: str | None = None,
) -> list[int]:
    asked = Filter(text=text)
    page = await lists.page(
        pool, person, tab=tab, sort="new", scope=scope, limit=100, after=None, asked=asked, group=group
    )
    return sorted(row.conversation.id for row in page.rows)


@pytest.fixture
async def shelf(peopled: asyncpg.Pool) -> asyncpg.Pool:
    """Ada's closed chats 7 (Marta's) and 8 (Theo's), and Olga's 9; what was said in them is indexed."""
    [stranger] = await crowd(peopled, 1)
    await shelve(
        peopled,
        conversation("closed"),
        conversation("closed", id=8, customer_id=THEO.id, start_id="b"),
        conversation("closed", id=9, customer_id=stranger.id, start_id="c", owner_id=OLGA.id),
    )
    await peopled.execute(
        "UPDATE customer SET email = 'marta.holm@mail.example', phone = '+49 170 12-34' WHERE id = $1",
        MARTA.id,
    )
    await say(peopled, 7, "The green bicycle is broken", "Invoice-20418.pdf: see https://shop.test/Bills?x=1")
    await say(peopled, 8, "Grüße aus Köln", "A bicycle, please", "नमस्ते! Wie geht’s? „Wunderbar“…")
    await say(peopled, 9, "My bicycle, too")
    await index(peopled)
    return peopled


@rule("LIST-5")
async def test_nobody_finds_a_chat_of_somebody_else(shelf: asyncpg.Pool) -> None:
    assert await found(shelf, "bicycle", BRUNO) == []
    assert await found(shelf, "#7", BRUNO) == []
    assert await found(shelf, "bicycle", OLGA) == [9]
    assert await found(shelf, "bicycle", SVEN, scope="all") == [7, 8, 9]


@rule("LIST-5")
@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("bicycle", [7, 8]),
        ("नमस्ते", [8]),
        ("geht's wunderbar", [8]),
        ("wie „geht’s“", [8]),
        ("BICYCLE broken", [7]),
        ("broken bicy", [7]),
        ("bicy broken", []),
        ("zebra", []),
        ("köln", [8]),
        ("20418", [7]),
        ("shop.test/bills", [7]),
        ("Marta", [7]),
        ("theo", [8]),
        ("marta.holm@mail.example", [7]),
        ("holm", [7]),
        ("+49 170", [7]),
        ("491701234", [7]),
        ("8", [8]),
        ("#7", [7]),
        ("' & ! | :* (", []),
        ("the:* | bicycle", [7]),
    ],
)
async def test_found_is_what_has_all_words_the_last_one_begun(
    shelf: asyncpg.Pool, text: str, numbers: list[int]
) -> None:
    assert await found(shelf, text) == numbers


@rule("TEAM-5")
async def test_comments_and_events_are_never_found(peopled: asyncpg.Pool) -> None:
    await shelve(peopled, conversation("live"))
    await say(peopled, 7, "He is a liar", kind="comment")
    await say(peopled, 7, "Given to Ada", kind="event", first=4)
    await say(peopled, 7, "Hello there", first=5)
    await index(peopled)
    assert [await found(peopled, word, tab="live") for word in ("liar", "given", "hello")] == [[], [], [7]]


@rule("CHANNEL-2")
async def test_what_a_customer_deleted_is_not_found_and_what_they_changed_is(peopled: asyncpg.Pool) -> None:
    await shelve(peopled, conversation("live", channel="whatsapp"))
    await say(peopled, 7, "My secret is zebra", "The bycicle is green")
    await index(peopled)
    await say(peopled, 7, "A message was deleted", "A message was changed", kind="event", first=5)
    told = "UPDATE entry SET data = $1::text::jsonb WHERE conversation_id = 7 AND seq = $2"
    await peopled.execute(told, '{"name": "withdrawn", "seq": 3}', 5)
    await peopled.execute(told, '{"name": "edited", "seq": 4, "text": "The bicycle is green"}', 6)
    for word, hits in (("zebra", []), ("bicycle", [7]), ("green", [7]), ("deleted", [])):
        await index(peopled)
        assert await found(peopled, word, tab="live") == hits
    await say(peopled, 7, "And now it is yellow", first=7)
    await index(peopled)
    assert [await found(peopled, word, tab="live") for word in ("yellow", "green", "zebra")] == [[7], [7], []]


@rule("LIST-5")
async def test_common_words_are_looked_for_along_the_list_and_find_the_same(
    shelf: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = [await found(shelf, text) for text in ("bicycle", "marta", "8", "zebra")]
    monkeypatch.setattr(search, "COMMON", 0)
    assert [await found(shelf, text) for text in ("bicycle", "marta", "8", "zebra")] == few
    counted = await lists.counts(shelf, ADA, scope="mine", tab="closed", asked=Filter(text="bicycle"))
    assert (counted["closed"], few) == (2, [[7, 8], [7], [8], []])


@rule("LIST-5")
async def test_the_count_of_the_tab_follows_the_search_and_the_others_do_not(shelf: asyncpg.Pool) -> None:
    asked = Filter(text="broken")
    counted = await lists.counts(shelf, ADA, scope="mine", tab="closed", asked=asked)
    assert counted["closed"] == 1
    assert (await lists.counts(shelf, ADA, scope="mine", tab="live", asked=asked))["closed"] == 2


@rule("TICKET-5")
async def test_an_archived_ticket_is_found_by_search_only_and_by_whoever_had_it(
    peopled: asyncpg.Pool,
) -> None:
    await shelve(peopled, conversation("archived", owner_id=ADA.id))
    await say(peopled, 7, "An old question")
    await index(peopled)
    listed = await lists.page(
        peopled, ADA, tab="tickets", sort="new", scope="mine", limit=9, after=None, group="closed"
    )
    assert listed.rows == []
    assert await found(peopled, "question", tab="tickets", group="closed") == [7]
    assert await found(peopled, "question", OLGA, tab="tickets", group="closed") == []
    assert await found(peopled, "question", SVEN, tab="tickets", group="closed", scope="all") == [7]


async def test_a_long_thread_is_taken_in_part_by_part_and_new_words_join_the_old(
    peopled: asyncpg.Pool,
) -> None:
    await shelve(peopled, conversation("live"))
    many = search.MESSAGES_AT_ONCE * 2
    await say(peopled, 7, "first", *("again" for _ in range(many)), "middle")
    await index(peopled)
    await say(peopled, 7, "last", first=many + 5)
    await index(peopled)
    assert [await found(peopled, word, tab="live") for word in ("first", "middle", "last")] == [[7]] * 3


async def test_a_thread_with_more_words_than_an_index_holds_is_still_found_by_its_customer(
    peopled: asyncpg.Pool,
) -> None:
    await shelve(peopled, conversation("live"), conversation("live", id=8, customer_id=THEO.id, start_id="b"))
    heavy = [" ".join(f"{n:04}{word:05}{'x' * 80}" for word in range(100)) for n in range(150)]
    await say(peopled, 7, *heavy)
    await say(peopled, 8, "A light one")
    await index(peopled)
    assert await found(peopled, "light", tab="live") == [8]
    assert await found(peopled, "marta", tab="live") == [7]
    assert await search.behind(peopled, 1, 9, 9) == []


async def test_two_nodes_that_take_in_the_same_words_do_no_harm(peopled: asyncpg.Pool) -> None:
    await shelve(peopled, conversation("live"))
    await say(peopled, 7, "Hello")
    one, other = Indexer(peopled), Indexer(peopled)
    for indexer in (one, other):
        await indexer.sweep()
    await say(peopled, 7, "and goodbye", first=4)
    await one.take_in()
    await other.take_in()
    assert await found(peopled, "hello goodbye", tab="live") == [7]


async def test_the_sweep_goes_through_all_numbers_window_by_window(
    peopled: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deskbell.desk.indexer.WINDOW", 3)
    customers = await crowd(peopled, 10)
    await shelve(
        peopled, *(conversation("closed", id=n, customer_id=c.id) for n, c in enumerate(customers, 20))
    )
    indexer = Indexer(peopled)
    for _ in range(9):
        await indexer.sweep()
    while indexer.is_busy:
        await indexer.take_in()
    assert await search.behind(peopled, 1, 100, 100) == []


@rule("LIST-5")
async def test_every_filter_narrows_a_list_and_its_count(peopled: asyncpg.Pool) -> None:
    await peopled.execute("INSERT INTO closing_tag (name) VALUES ('Refund'), ('Spam')")
    plain = {"labels": (), "closing_tag_id": None, "sentiment": None, "flagged_at": None}
    special = {
        "labels": (1, 2), "closing_tag_id": 1, "sentiment": "negative", "flagged_at": NOW, "channel": "email",
        "department_id": 2, "closed_by": "customer", "closed_at": NOW - timedelta(days=1),
    }  # fmt: skip
    await shelve(
        peopled, conversation("closed", **plain), conversation("closed", id=8, start_id="b", **special)
    )
    day_ago = NOW - timedelta(hours=12)
    for asked, number in (
        (Filter(label=2), 8),
        (Filter(tag=1), 8),
        (Filter(sentiment="negative"), 8),
        (Filter(flagged=True), 8),
        (Filter(flagged=False), 7),
        (Filter(channel="email"), 8),
        (Filter(department=1), 7),
        (Filter(closed_by="agent"), 7),
        (Filter(until=day_ago), 8),
        (Filter(since=day_ago, department=1), 7),
    ):
        page = await lists.page(
            peopled, ADA, tab="closed", sort="new", scope="mine", limit=9, after=None, asked=asked
        )
        counted = await lists.counts(peopled, ADA, scope="mine", tab="closed", asked=asked)
        assert ([row.conversation.id for row in page.rows], counted["closed"]) == ([number], 1), asked
