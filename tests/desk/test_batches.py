"""The one writing path: repeats, bad neighbours, order, joining, and how few statements it takes."""

import asyncio

import asyncpg
import pytest

from deskbell.desk.task import Task
from deskbell.domain.commands import AcceptTicket, ChangeLabels, CloseConversation, StartChat, WriteMessage
from deskbell.domain.errors import Refused
from deskbell.kit.postgres import connect
from deskbell.store import files
from deskbell.store.changes import Answer
from tests.cast import ADA, BRUNO, MARTA, NOW, OLGA, SUPPORT, SVEN, THEO, URGENT, crowd
from tests.desk.house import House, codes, fresh_id
from tests.rules import rule


async def test_an_outsider_can_neither_write_nor_learn_that_it_exists(house: House) -> None:
    number = await house.live()
    for foreign in (number, 999):
        (outcome,) = await house.together(WriteMessage(foreign, OLGA, fresh_id(), "Hi"))
        assert isinstance(outcome, Refused)
        assert (outcome.code, outcome.text) == ("not_found", "There is no such conversation.")
    assert codes(await house.together(WriteMessage(number, THEO, fresh_id(), "Hi"))) == ["not_found"]


@rule("VISITOR-5")
@pytest.mark.parametrize("times", [1, 2, 5])
async def test_a_message_sent_again_gets_the_first_answer_and_stands_there_once(
    house: House, times: int
) -> None:
    number = await house.live()
    say = WriteMessage(number, MARTA, "same", "Once")
    one_by_one = [await house.desk.perform(say) for _ in range(times)]
    at_once = await house.together(*[say] * times)
    assert {(a.seq, a.at) for a in (*one_by_one, *at_once) if isinstance(a, Answer)} == {(4, NOW)}
    assert codes([*one_by_one, *at_once]) == ["ok"] + ["again"] * (2 * times - 1)
    assert await house.texts(number) == ["Hello", "Once"]


@rule("VISITOR-5", "OPS-2")
async def test_a_message_sent_over_two_nodes_at_once_stands_there_once(house: House, other: House) -> None:
    number = await house.live()
    say = WriteMessage(number, MARTA, "same", "Once")
    outcomes = [o for one in (house, other, house, other) for o in await one.together(say, say)]
    assert codes(outcomes).count("ok") == 1
    assert len({o.seq for o in outcomes if isinstance(o, Answer)}) == 1
    assert await house.texts(number) == ["Hello", "Once"]


async def test_the_same_id_of_another_sender_is_another_message(house: House) -> None:
    number = await house.live()
    await house.together(
        WriteMessage(number, MARTA, "same", "From Marta"), WriteMessage(number, ADA, "same", "From Ada")
    )
    assert await house.texts(number) == ["Hello", "From Marta", "From Ada"]


@rule("VISITOR-5")
async def test_a_start_sent_again_makes_one_chat(house: House) -> None:
    start = StartChat(MARTA, "first", "web", None, SUPPORT, "Hello")
    outcomes = await house.together(start, start) + [await house.desk.perform(start)]
    assert codes(outcomes) == ["ok", "again", "again"]
    assert len({o for o in outcomes if isinstance(o, Answer) and not o.dup} | {outcomes[0]}) == 1
    assert await house.pool.fetchval("SELECT count(*) FROM conversation") == 1


@rule("VISITOR-5")
async def test_a_start_sent_again_after_the_close_begins_nothing_new(house: House) -> None:
    joined = StartChat(MARTA, "second tab", "web", None, None, "Me too")
    number = await house.live()
    await house.desk.perform(joined)
    await house.close(number, MARTA)
    repeated = await house.desk.perform(joined)
    assert (repeated.conversation_id, repeated.dup) == (number, True)
    assert (await house.now(number)).state == "closed"


async def test_starts_of_two_tabs_join_in_one_chat(house: House) -> None:
    starts = [StartChat(MARTA, f"tab-{n}", "web", None, None, f"Tab {n}") for n in range(3)]
    outcomes = await house.together(*starts)
    assert codes(outcomes) == ["ok"] * 3
    (number,) = {o.conversation_id for o in outcomes if isinstance(o, Answer)}
    assert await house.texts(number) == ["Tab 0", "Tab 1", "Tab 2"]


@rule("OPS-2")
async def test_starts_over_two_nodes_at_once_join_in_one_chat(house: House, other: House) -> None:
    everybody = await crowd(house.pool, 20)
    for here, there in ((house, other), (other, house)):
        starts = [StartChat(c, fresh_id(), "web", None, None, "Hi") for c in everybody]
        again = [StartChat(c, fresh_id(), "web", None, None, "Hi") for c in reversed(everybody)]
        first, second = await asyncio.gather(here.together(*starts), there.together(*again))
        assert codes(first + second) == ["ok"] * 40
    assert await house.pool.fetchval("SELECT count(*) FROM conversation") == 20
    assert await house.pool.fetchval("SELECT count(*) FROM entry WHERE kind = 'message'") == 80


async def test_a_start_right_after_the_close_is_a_new_chat(house: House) -> None:
    first = await house.live()
    closed, started = await house.together(
        CloseConversation(first, MARTA, "bye"), StartChat(MARTA, "anew", "web", None, None, "One more thing")
    )
    assert isinstance(started, Answer)
    assert (await house.now(first)).state == "closed"
    assert await house.texts(started.conversation_id) == ["One more thing"]
    assert codes([closed]) == ["ok"]


async def test_writing_on_an_old_chat_beside_a_new_one_is_refused_with_words(house: House) -> None:
    old = await house.live()
    await house.close(old, MARTA)
    await house.start(MARTA)
    (outcome,) = await house.together(WriteMessage(old, MARTA, fresh_id(), "Here?"))
    assert isinstance(outcome, Refused)
    assert (outcome.code, "newer chat" in outcome.text) == ("closed", True)


async def test_a_rule_that_breaks_harms_nobody_in_its_batch(house: House) -> None:
    number = await house.live()
    broken = WriteMessage(number, MARTA, "b", 5)  # type: ignore[arg-type]
    outcomes = await house.together(
        WriteMessage(number, MARTA, "a", "Before"), broken, WriteMessage(number, MARTA, "c", "After")
    )
    assert codes(outcomes) == ["ok", "internal", "ok"]
    assert await house.texts(number) == ["Hello", "Before", "After"]


@pytest.mark.parametrize("poison", ["NUL \x00 inside", "half a \ud800 pair"])
async def test_text_that_postgres_refuses_harms_nobody_in_its_batch(house: House, poison: str) -> None:
    number, theos = await house.live(), await house.live(THEO)
    outcomes = await house.together(
        WriteMessage(number, MARTA, "a", "Before"),
        WriteMessage(number, MARTA, "b", poison),
        WriteMessage(theos, THEO, "a", "Elsewhere"),
        WriteMessage(number, MARTA, "c", "After"),
    )
    assert codes(outcomes) == ["ok", "internal", "ok", "ok"]
    assert await house.texts(number) == ["Hello", "Before", "After"]
    assert [line.entry.seq for line in await house.thread(number)] == [1, 2, 3, 4, 5]


async def test_a_batch_keeps_the_order_in_which_commands_came(house: House) -> None:
    number = await house.live()
    texts = [f"Message {n}" for n in range(450)]
    await house.together(*(WriteMessage(number, MARTA, fresh_id(), text) for text in texts))
    assert await house.texts(number) == ["Hello", *texts]


@rule("LIFE-16")
async def test_of_many_who_accept_at_once_exactly_one_wins_and_the_others_are_told_who(
    house: House, other: House
) -> None:
    number = await house.ticket(department=SUPPORT)
    ada, bruno, sven = (AcceptTicket(number, who, fresh_id()) for who in (ADA, BRUNO, SVEN))
    here, there = await asyncio.gather(house.together(ada, bruno), other.together(sven))
    name = house.desk.directory.names.staff[(await house.now(number)).owner_id or 0]
    assert sorted(codes(here + there)) == ["ok", "taken", "taken"]
    assert all(name in o.text for o in here + there if isinstance(o, Refused))


@rule("CHAT-13")
async def test_a_reply_to_a_chat_that_went_to_somebody_else_is_refused_and_says_who_has_it(
    house: House,
) -> None:
    number = await house.live(owner=ADA)
    await house.write(number, ADA)
    await house.close(number, MARTA)
    await house.unavailable(ADA)
    await house.available(BRUNO)
    await house.write(number, MARTA, "Are you there?")
    await house.route()
    late = await house.together(
        WriteMessage(number, ADA, fresh_id(), "Yes"), WriteMessage(number, OLGA, fresh_id(), "Hm")
    )
    assert codes(late) == ["forbidden", "not_found"]
    assert isinstance(late[0], Refused)
    assert late[0].text == "Bruno has this chat now."
    assert await house.texts(number) == ["Hello", "Text", "Are you there?"]


@rule("LIFE-9")
async def test_closed_by_whom_and_why_is_stored_and_told(house: House) -> None:
    number = await house.live()
    ear = house.ear(MARTA, number)
    await house.close(number, ADA)
    c = await house.now(number)
    assert (c.state, c.closed_by, c.closed_by_id, c.closed_at) == ("closed", "agent", ADA.id, NOW)
    assert ear.heard("entry")[-1]["e"]["event"] == {"name": "closed", "by": "agent"}


async def test_one_file_goes_into_one_message_only(house: House) -> None:
    number = await house.live()
    file = files.StoredFile("f" * 32, "customer", MARTA.id, None, "a.png", 9, "image/png", 1, 1, True, NOW)
    await files.add(house.pool, file)
    one, two = (WriteMessage(number, MARTA, fresh_id(), "", None, (file.id,)) for _ in range(2))
    assert codes(await house.together(one, two)) == ["ok", "file"]
    stored = await files.get(house.pool, file.id)
    assert stored is not None
    assert stored.conversation_id == number


@rule("CHAT-7")
async def test_labels_are_stored_and_told_to_whoever_has_the_chat(house: House) -> None:
    number = await house.live()
    ear = house.ear(ADA)
    await house.desk.perform(ChangeLabels(number, ADA, fresh_id(), (URGENT,), ()))
    assert (await house.now(number)).labels == (URGENT,)
    assert ear.heard("entry")[-1]["s"]["labels"] == [URGENT]


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that the writers send from now on."""
    sent: list[str] = []

    async def listening(dsn: str, **settings: str) -> asyncpg.Connection:
        connection = await connect(dsn, **settings)
        connection.add_query_logger(lambda record: sent.append(record.query))
        return connection

    monkeypatch.setattr("deskbell.desk.batcher.connect", listening)
    return sent


async def test_a_batch_of_a_hundred_messages_costs_as_few_statements_as_one(
    statements: list[str], house: House
) -> None:
    number = await house.live()
    for count in (1, 100):
        statements.clear()
        await house.together(*(WriteMessage(number, MARTA, fresh_id(), "Hi") for _ in range(count)))
        assert len(statements) == 1, "one statement saves what is decided from memory"
        statements.clear()
        house.desk.batcher.forget_all()
        await house.together(*(WriteMessage(number, MARTA, fresh_id(), "Hi") for _ in range(count)))
        assert len(statements) == 5, "begin, lock, earlier answers, save, commit"


async def test_a_message_decided_from_an_outdated_memory_is_decided_again_and_takes_the_next_number(
    house: House,
) -> None:
    number = await house.live()
    lane = house.desk.batcher.lane(number)
    outdated = lane.memory.plain([Task(WriteMessage(number, MARTA, "x", "Hi"), print)])[1]
    await house.desk.perform(WriteMessage(number, MARTA, fresh_id(), "First"))
    lane.memory.keep(outdated)
    answer = await house.desk.perform(WriteMessage(number, MARTA, fresh_id(), "Second"))
    assert outdated
    texts = await house.pool.fetch("SELECT text FROM entry WHERE conversation_id = $1 ORDER BY seq", number)
    assert [row["text"] for row in texts][-2:] == ["First", "Second"]
    assert answer.seq == outdated[0].conversation.last_seq + 2


async def test_a_repeat_of_a_message_that_was_decided_from_memory_gets_the_first_answer(house: House) -> None:
    number = await house.live()
    first = await house.desk.perform(WriteMessage(number, MARTA, "again", "Hi"))
    second = await house.desk.perform(WriteMessage(number, MARTA, "again", "Hi"))
    assert second == first._replace(dup=True)


async def test_a_batch_of_starts_costs_a_fixed_number_of_statements(
    statements: list[str], house: House
) -> None:
    await house.together(*(StartChat(c, fresh_id(), "web", None, None, "Hi") for c in (MARTA, THEO)))
    for count in (1, 60):
        one_lane = [c for c in await crowd(house.pool, 2 * count) if c.id % 2 == 0]
        statements.clear()
        await house.together(*(StartChat(c, fresh_id(), "web", None, None, "Hi") for c in one_lane))
        assert len(statements) == 9, "begin, places, lock, ids, names, blocks, insert, save, commit"
