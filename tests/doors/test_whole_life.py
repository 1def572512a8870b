"""The life of a conversation as one table, through both doors, told over two nodes (LIFE, TICKET, TEAM).

Whoever acts is on the first node, everybody's ears are on the second: those who should know hear the same entries and
the same card; nobody else hears anything; customers hear only what is theirs.
"""

from typing import Any, NamedTuple

import pytest

from deskbell.realtime.frames import Row as Card
from tests.doors.house import House
from tests.doors.sockets import Frame
from tests.doors.stage import Answer, Part, Stage, set_up
from tests.rules import rule

# given | who | does | then: a refusal's code, or state: the entries | who hears it besides those of HEARS | who is notified
TABLE = """
live     | olga  | flag          | not_found                     |       |
live     | bruno | pend          | not_found                     |       |
live     | tess  | comment       | not_found                     |       |
live     | olga  | give olga     | not_found                     |       |
live     | olga  | end           | not_found                     |       |
live     | theo  | write         | not_found                     |       |
live     | theo  | end           | not_found                     |       |
live     | ada   | write         | live: message                 |       |
live     | sven  | write         | forbidden                     |       |
live     | marta | write         | live: message                 |       |
live     | marta | write //end   | closed: message closed        |       |
live     | ada   | flag          | live: flagged                 |       |
live     | sven  | flag          | live: flagged                 |       |
live     | ada   | unflag        | closed                        |       |
live     | ada   | pend          | pending: pending              |       |
live     | sven  | pend          | forbidden                     |       |
live     | ada   | unpend        | forbidden                     |       |
live     | ada   | pass to bruno | live: transfer                | bruno | bruno transfer
live     | sven  | pass to bruno | live: transfer                | bruno | bruno transfer
live     | ada   | pass to ada   | closed                        |       |
live     | ada   | pass to uma   | unavailable                   |       |
live     | ada   | pass to sales | live: transfer                | olga otto | olga transfer, otto transfer
live     | ada   | pass to empty | unavailable                   |       |
live     | ada   | take          | taken                         |       |
live     | ada   | cancel        | taken                         |       |
live     | ada   | pick up       | taken                         |       |
live     | ada   | accept        | closed                        |       |
live     | ada   | give bruno    | forbidden                     |       |
live     | sven  | give bruno    | live: given                   | bruno | bruno assigned
live     | sven  | give ada      | closed                        |       |
live     | sven  | give uma      | unavailable                   |       |
live     | ada   | comment       | live: comment                 |       |
live     | sven  | comment       | live: comment                 |       |
live     | ada   | name tess     | live: comment                 | tess  | tess mention
live     | ada   | name uma      | unavailable                   |       |
live     | ada   | end           | closed: closed                |       |
live     | sven  | end           | closed: closed                |       |
live     | marta | end           | closed: closed                |       |
flagged  | ada   | flag          | closed                        |       |
flagged  | ada   | unflag        | live: unflagged               |       |
flagged  | ada   | pend          | pending: pending              |       |
pending  | olga  | unpend        | not_found                     |       |
pending  | ada   | pend          | forbidden                     |       |
pending  | ada   | write         | pending: message              |       |
pending  | ada   | flag          | pending: flagged              |       |
pending  | ada   | comment       | pending: comment              |       |
pending  | ada   | unpend        | live: unpended                |       |
pending  | sven  | unpend        | live: unpended                |       |
pending  | marta | write         | live: message answered        |       | ada answered
pending  | ada   | pass to bruno | pending: transfer             | bruno | bruno transfer
pending  | sven  | give bruno    | live: given                   | bruno | bruno assigned
pending  | marta | end           | closed: closed                |       |
passing  | olga  | take          | not_found                     |       |
passing  | ada   | take          | taken                         |       |
passing  | bruno | write         | forbidden                     |       |
passing  | bruno | comment       | forbidden                     |       |
passing  | bruno | cancel        | forbidden                     |       |
passing  | bruno | end           | forbidden                     |       |
passing  | ada   | pass to sales | forbidden                     |       |
passing  | bruno | take          | live: transferred             |       | ada transfer_answer
passing  | bruno | refuse        | live: transfer_declined       |       | ada transfer_answer
passing  | ada   | cancel        | live: transfer_cancelled      |       |
passing  | sven  | cancel        | live: transfer_cancelled      |       |
passing  | ada   | pend          | pending: transfer_cancelled pending |  |
passing  | sven  | give olga     | live: given                   | olga  | olga assigned
passing  | marta | write         | live: message                 |       |
passing  | ada   | end           | closed: closed                |       |
hall     | bruno | take          | not_found                     |       |
hall     | olga  | refuse        | forbidden                     |       |
hall     | olga  | take          | live: transferred             |       | ada transfer_answer
hall     | ada   | cancel        | live: transfer_cancelled      |       |
tagged   | bruno | comment       | not_found                     |       |
tagged   | tess  | write         | forbidden                     |       |
tagged   | tess  | flag          | forbidden                     |       |
tagged   | tess  | pend          | forbidden                     |       |
tagged   | tess  | pass to bruno | forbidden                     |       |
tagged   | tess  | give bruno    | forbidden                     |       |
tagged   | tess  | end           | forbidden                     |       |
tagged   | tess  | comment       | live: comment                 |       |
tagged   | marta | write         | live: message                 |       |
tagged   | ada   | end           | closed: closed                |       |
queued   | ada   | accept        | not_found                     |       |
queued   | fay   | write         | not_found                     |       |
queued   | sven  | flag          | forbidden                     |       |
queued   | sven  | pend          | closed                        |       |
queued   | sven  | pass to bruno | closed                        |       |
queued   | sven  | comment       | closed                        |       |
queued   | sven  | write         | forbidden                     |       |
queued   | marta | write         | queued: message               |       |
queued   | sven  | give bruno    | live: given                   | bruno | bruno assigned
queued   | sven  | end           | closed: closed                |       |
queued   | marta | end           | closed: closed                |       |
ringing  | olga  | pick up       | not_found                     |       |
ringing  | fay   | decline       | not_found                     |       |
ringing  | sven  | pick up       | taken                         |       |
ringing  | bruno | write         | forbidden                     |       |
ringing  | bruno | flag          | forbidden                     |       |
ringing  | bruno | pick up       | live: assigned                |       |
ringing  | bruno | decline       | queued: declined              |       |
ringing  | sven  | give ada      | live: given                   | ada   | ada assigned
ringing  | marta | end           | closed: closed                |       |
closed   | bruno | write         | not_found                     |       |
closed   | ada   | write         | closed: message               |       |
closed   | sven  | write         | forbidden                     |       |
closed   | ada   | flag          | closed: flagged               |       |
closed   | ada   | pend          | closed                        |       |
closed   | ada   | unpend        | closed                        |       |
closed   | ada   | pass to bruno | closed                        |       |
closed   | sven  | give ada      | closed                        |       |
closed   | ada   | comment       | closed                        |       |
closed   | ada   | end           | closed                        |       |
closed   | marta | end           | closed                        |       |
closed   | marta | write //end   | closed: message               |       |
ticket   | olga  | accept        | not_found                     |       |
ticket   | tess  | accept        | not_found                     |       |
ticket   | ada   | write         | forbidden                     |       |
ticket   | ada   | flag          | forbidden                     |       |
ticket   | ada   | comment       | closed                        |       |
ticket   | ada   | pass to bruno | closed                        |       |
ticket   | ada   | end           | forbidden                     |       |
ticket   | bruno | accept        | assigned: accepted            |       |
ticket   | sven  | accept        | assigned: accepted            |       |
ticket   | sven  | give uma      | assigned: given               |       | uma assigned
ticket   | marta | write         | unassigned: message           |       |
ticket   | marta | end           | closed: closed                |       |
assigned | olga  | accept        | not_found                     |       |
assigned | bruno | accept        | taken                         |       |
assigned | ada   | accept        | taken                         |       |
assigned | ada   | pass to bruno | forbidden                     |       |
assigned | ada   | give bruno    | forbidden                     |       |
assigned | ada   | pend          | closed                        |       |
assigned | ada   | comment       | closed                        |       |
assigned | sven  | pass to bruno | forbidden                     |       |
assigned | sven  | give bruno    | assigned: given               | bruno | bruno assigned
assigned | ada   | write         | assigned: message             |       |
assigned | marta | write         | assigned: message             |       |
assigned | ada   | end           | closed: closed                |       |
done     | bruno | accept        | not_found                     |       |
done     | ada   | accept        | closed                        |       |
done     | ada   | write         | closed: message               |       |
done     | marta | write         | assigned: revived message     |       |
"""

HEARS = {
    "live": "ada sven",
    "flagged": "ada sven",
    "pending": "ada sven",
    "passing": "ada bruno sven",
    "hall": "ada olga otto sven",
    "tagged": "ada tess sven",
    "queued": "sven",
    "ringing": "bruno sven",
    "closed": "ada sven",
    "ticket": "ada bruno sven",
    "assigned": "ada sven",
    "done": "ada sven",
}
"""State -> staff whose lists it is in; the customer hears what is public besides."""

PUBLIC = {
    "message": set(),
    "closed": {"by"},
    "revived": set(),
    "assigned": {"agent"},
    "accepted": {"agent"},
    "given": {"agent"},
    "transferred": {"agent"},
}
"""Entry -> what of its event the customer is told; of all others, nothing at all."""


class Line(NamedTuple):
    given: str
    who: str
    does: str
    then: str
    also: tuple[str, ...]
    told: set[tuple[str, str]]

    @property
    def is_refused(self) -> bool:
        return ":" not in self.then

    @property
    def hears(self) -> set[str]:
        return {*HEARS[self.given].split(), *self.also}


def lines() -> list[Line]:
    found = []
    for text in TABLE.strip().splitlines():
        given, who, does, then, also, told = (cell.strip() for cell in text.split("|"))
        notices = {(pair.split()[0], pair.split()[1]) for pair in told.split(",") if pair}
        found.append(Line(given, who, does, then, tuple(also.split()), notices))
    return found


@rule("LIFE-5", "LIFE-8", "LIFE-12", "LIFE-14", "LIFE-15", "LIFE-19", "TICKET-4", "TICKET-6")
@rule("TEAM-4", "PEOPLE-1", "SUPERVISOR-1", "OPS-2")
@pytest.mark.parametrize("door", ["http", "socket"])
async def test_the_table_of_transitions_holds_and_is_told_to_whom_it_should(house: House, door: str) -> None:
    stage = await set_up(house)
    wrong = []
    for line in lines():
        try:
            await play(stage, line, door)
        except (AssertionError, TimeoutError, KeyError) as error:
            wrong.append(f"{' | '.join(map(str, line[:4]))} -- {type(error).__name__} {str(error)[:600]}")
        await stage.leave()
    assert not wrong, "\n".join(wrong)


async def play(stage: Stage, line: Line, door: str) -> None:
    part = await stage.given(line.given)
    before = await stored(stage, part.c)
    answer = await stage.act(part, line.who, line.does, door, id="the-one")
    if line.is_refused:
        assert answer.code == line.then, answer
        assert await stored(stage, part.c) == before
        assert not any((await stage.heard(part)).values()), "a refusal was told to somebody"
        return
    assert (answer.code, answer.dup) == ("ack", False), answer
    await stage.caught_up(part, *line.hears)
    heard = await stage.heard(part)
    check_staff(stage, part, line, heard)
    check_customer(heard["marta"], entries_of(heard["sven"]))
    await check_card(stage, part, heard["sven"])
    await check_again(stage, part, line, door, answer)


async def stored(stage: Stage, c: int) -> tuple[Any, ...]:
    row = await stage.house.pool.fetchrow(
        "SELECT state, owner_id, last_seq FROM conversation WHERE id = $1", c
    )
    assert row is not None
    return tuple(row)


def entries_of(heard: list[Frame]) -> list[Frame]:
    return [frame for frame in heard if frame["t"] == "entry"]


def name_of(entry: Frame) -> str:
    name: str = entry.get("event", {}).get("name") or entry["kind"]
    return name


def check_staff(stage: Stage, part: Part, line: Line, heard: dict[str, list[Frame]]) -> None:
    """Whoever should heard the same entries with the same card, and nothing else; nobody else did."""
    state, _, names = line.then.partition(":")
    entries = entries_of(heard["sven"])
    assert [name_of(frame["e"]) for frame in entries] == names.split()
    assert entries[-1]["s"]["state"] == state
    for name in line.hears:
        assert entries_of(heard[name]) == entries, (name, entries_of(heard[name]))
    told = {(name, frame["n"]["kind"]) for name in heard for frame in heard[name] if frame["t"] == "notice"}
    assert told == {one for one in line.told if one[0] in heard}
    rest = {name: frames for name, frames in heard.items() if name not in {*line.hears, "marta"}}
    assert not any(rest.values()), ("outsiders heard", rest)
    assert {f["t"] for name in line.hears for f in heard[name]} <= {"entry", "notice"}


def check_customer(heard: list[Frame], entries: list[Frame]) -> None:
    """The public ones of them, without the card, the sentence for staff, and what an event says to staff only."""
    public = [frame["e"] for frame in entries if name_of(frame["e"]) in PUBLIC]
    assert [frame["e"]["seq"] for frame in heard] == [entry["seq"] for entry in public]
    for frame in heard:
        assert frame["t"] == "entry"
        assert "s" not in frame
        if frame["e"]["kind"] == "event":
            event = frame["e"]["event"]
            assert "text" not in frame["e"]
            assert set(event) == {"name"} | PUBLIC[event["name"]], event
            assert set(frame["view"]) <= {
                *("c", "kind", "state", "last_seq", "unread", "delivered", "read"),
                *("agent", "department", "closed_at"),
            }


async def check_card(stage: Stage, part: Part, heard: list[Frame]) -> None:
    """What was pushed last is what is read afresh, from any node."""
    http = await stage.http(part, "sven", True)
    thread = (await http.get(f"/api/conversations/{part.c}")).json()
    cards = set(Card.__struct_fields__) - {"customer", "seen"}
    pushed = entries_of(heard)[-1]["s"]
    assert {k: v for k, v in pushed.items() if k in cards} == {k: v for k, v in thread.items() if k in cards}


async def check_again(stage: Stage, part: Part, line: Line, door: str, first: Answer) -> None:
    """The same id once more, by the other door of the other node: done once, and nobody hears of it (retries)."""
    await stage.hush(part)
    other = {"http": "socket", "socket": "http"}[door]
    again = await stage.act(part, line.who, line.does, other, id="the-one", near=False)
    assert again == first._replace(dup=True), again
    assert not any((await stage.heard(part)).values()), "a repeated action was told to somebody"
