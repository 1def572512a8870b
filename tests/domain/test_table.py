"""What each command does in each state, for everybody who might try it: allowed, or refused with which code (LIFE)."""

from datetime import timedelta
from typing import Any, get_args

import pytest

from deskbell.domain.commands import (
    AcceptTicket,
    AddComment,
    AnswerOffer,
    AnswerTransfer,
    Assign,
    AssignTo,
    BlockCustomer,
    CancelTransfer,
    ChangeDepartment,
    ChangeLabels,
    ChangeTicket,
    CloseConversation,
    Command,
    FlagChat,
    KeepWaiting,
    LiftBlock,
    LinkTicket,
    MergeCustomers,
    NoteLetter,
    NoteMail,
    OfferTransfer,
    OpenChat,
    PassOn,
    Ring,
    SetPending,
    StartChat,
    TimeIsUp,
    TurnIntoTicket,
    WriteMessage,
)
from deskbell.domain.conversation import Conversation
from deskbell.domain.errors import Refused
from deskbell.domain.lifecycle import decide
from deskbell.domain.people import SYSTEM, Staff
from deskbell.domain.timers import TIMERS
from tests.cast import (
    ADA,
    BRUNO,
    FACTS,
    MARTA,
    MINUTE,
    NOW,
    OLGA,
    SALES,
    STAFF,
    SVEN,
    THEO,
    URGENT,
    conversation,
)
from tests.domain.test_post import ELSEWHERE
from tests.domain.test_reach import ON_CHANNELS
from tests.domain.test_visits import VISITING
from tests.rules import rule

LATER = NOW + MINUTE / 3
KNOWN = FACTS._replace(numbers={(7, person.id, "id"): 8 for person in STAFF})
LONG_AGO = NOW - timedelta(days=200)
STATES = (
    "queued", "offered", "live", "pending", "closed", "unassigned", "assigned", "archived", "closed ticket",
)  # fmt: skip

SIGNS = {
    "-": "no: not_found",
    "x": "no: forbidden",
    "t": "no: taken",
    "u": "no: unavailable",
    "!": "no: closed",
}
"""What a sign of the table means; `=` is no change of state, a word is the new state."""

TAGGED: dict[str, Any] = {"mentioned": (OLGA.id,)}
TO_OLGA = {"transfer_by": ADA.id, "transfer_to": OLGA.id, "transfer_at": NOW}
TO_SALES = {"transfer_by": ADA.id, "transfer_department": SALES, "transfer_at": NOW}
WAITING = {"waiting_since": LONG_AGO, "state_at": LONG_AGO}
OLD = {"state_at": LONG_AGO, "queued_at": LONG_AGO, "last_agent_at": LONG_AGO, "ticket_at": LONG_AGO}


def say(actor: Any) -> WriteMessage:
    return WriteMessage(7, actor, "id", "Text")


def end(actor: Any) -> CloseConversation:
    return CloseConversation(7, actor, "id")


def accept(actor: Staff) -> AcceptTicket:
    return AcceptTicket(7, actor, "id")


def fields(actor: Staff) -> ChangeTicket:
    return ChangeTicket(7, actor, "id", "A lamp", "high", None)


def label(actor: Staff) -> ChangeLabels:
    return ChangeLabels(7, actor, "id", (URGENT,), ())


def move(actor: Staff) -> ChangeDepartment:
    return ChangeDepartment(7, actor, "id", SALES)


def flag(actor: Staff) -> FlagChat:
    return FlagChat(7, actor, "id", True)


def pend(actor: Staff, on: bool = True) -> SetPending:
    return SetPending(7, actor, "id", on)


def transfer(actor: Staff) -> OfferTransfer:
    return OfferTransfer(7, actor, "id", BRUNO.id, None)


def answer(actor: Staff, yes: bool = True) -> AnswerTransfer:
    return AnswerTransfer(7, actor, "id", yes)


def cancel(actor: Staff) -> CancelTransfer:
    return CancelTransfer(7, actor, "id")


def pick_up(actor: Staff, yes: bool = True) -> AnswerOffer:
    return AnswerOffer(7, actor, "id", yes)


def give(actor: Staff) -> AssignTo:
    return AssignTo(7, actor, "id", BRUNO.id)


def comment(actor: Staff) -> AddComment:
    return AddComment(7, actor, "id", "Look")


def block(actor: Staff) -> BlockCustomer:
    return BlockCustomer(7, actor, "id", "spam")


def unblock(actor: Staff) -> LiftBlock:
    return LiftBlock(7, actor, "id")


def link(actor: Staff) -> LinkTicket:
    return LinkTicket(7, actor, "id", "A lamp", "Send it", email="marta@home.test")


def unite(actor: Staff) -> MergeCustomers:
    return MergeCustomers(7, actor, "id", THEO.id)


def time(timer: str) -> TimeIsUp:
    return TimeIsUp(7, timer, SYSTEM)


# Columns: queued, offered (rings at Ada), live, pending, closed, unassigned, assigned, archived, closed ticket.
# The owner is Ada, the team mate Bruno, the outsider Olga, who in some rows is tagged or the receiver of a transfer.
TABLE: dict[str, tuple[Command, str]] = {
    "a stranger writes": (say(THEO), "- - - - - - - - -"),
    "the customer writes": (say(MARTA), "= = = live queued = = ! assigned"),
    "an outsider writes": (say(OLGA), "- - - - - - - - -"),
    "a team mate writes": (say(BRUNO), "- - - - - x x x -"),
    "the owner writes": (say(ADA), "- x = = = x = x ="),
    "a supervisor writes": (say(SVEN), "x x x x x x x x x"),
    "a stranger closes": (end(THEO), "- - - - - - - - -"),
    "the customer closes": (end(MARTA), "closed closed closed closed ! closed closed ! !"),
    "an outsider closes": (end(OLGA), "- - - - - - - - -"),
    "a team mate closes": (end(BRUNO), "- - - - - x x ! -"),
    "the owner closes": (end(ADA), "- x closed closed ! x closed ! !"),
    "a supervisor closes": (end(SVEN), "closed closed closed closed ! closed closed ! !"),
    "the system closes": (end(SYSTEM), "closed closed closed closed ! closed closed ! !"),
    "an outsider accepts": (accept(OLGA), "- - - - - - - - -"),
    "a team mate accepts": (accept(BRUNO), "- - - - - assigned t ! -"),
    "the owner accepts": (accept(ADA), "- ! ! ! ! assigned t ! !"),
    "a supervisor accepts": (accept(SVEN), "! ! ! ! ! assigned t ! !"),
    "an outsider opens": (OpenChat(7, OLGA), "- - - - - - - - -"),
    "the owner opens": (OpenChat(7, ADA), "- = = = = = = = ="),
    "an outsider changes fields": (fields(OLGA), "- - - - - - - - -"),
    "a team mate changes fields": (fields(BRUNO), "- - - - - = x x -"),
    "the owner changes fields": (fields(ADA), "- ! ! ! ! = = x ="),
    "a supervisor changes fields": (fields(SVEN), "! ! ! ! ! = = x ="),
    "an outsider labels": (label(OLGA), "- - - - - - - - -"),
    "the owner labels": (label(ADA), "- x = = = = = x ="),
    "a supervisor labels": (label(SVEN), "= = = = = = = x ="),
    "an outsider moves": (move(OLGA), "- - - - - - - - -"),
    "the owner moves": (move(ADA), "- x = = = = = x ="),
    "a supervisor moves": (move(SVEN), "= = = = = = = x ="),
    "an outsider flags": (flag(OLGA), "- - - - - - - - -"),
    "a team mate flags": (flag(BRUNO), "- - - - - x x x -"),
    "the owner flags": (flag(ADA), "- x = = = x x x x"),
    "a supervisor flags": (flag(SVEN), "x x = = = x x x x"),
    "an outsider marks pending": (pend(OLGA), "- - - - - - - - -"),
    "a team mate marks pending": (pend(BRUNO), "- - - - - ! x ! -"),
    "the owner marks pending": (pend(ADA), "- ! pending x ! ! ! ! !"),
    "a supervisor marks pending": (pend(SVEN), "! ! x x ! ! ! ! !"),
    "an outsider unmarks": (pend(OLGA, False), "- - - - - - - - -"),
    "the owner unmarks": (pend(ADA, False), "- ! x live ! ! ! ! !"),
    "a supervisor unmarks": (pend(SVEN, False), "! ! x live ! ! ! ! !"),
    "an outsider transfers": (transfer(OLGA), "- - - - - - - - -"),
    "a team mate transfers": (transfer(BRUNO), "- - - - - ! x ! -"),
    "the owner transfers": (transfer(ADA), "- ! = = ! ! x ! !"),
    "a supervisor transfers": (transfer(SVEN), "! ! = = ! ! x ! !"),
    "an outsider answers a transfer": (answer(OLGA), "- - - - - - - - -"),
    "the owner answers a transfer": (answer(ADA), "- t t t t t t t t"),
    "a supervisor answers a transfer": (answer(SVEN), "t t t t t t t t t"),
    "an outsider cancels": (cancel(OLGA), "- - - - - - - - -"),
    "the owner cancels": (cancel(ADA), "- t t t t t t t t"),
    "a supervisor cancels": (cancel(SVEN), "t t t t t t t t t"),
    "an outsider picks up": (pick_up(OLGA), "- - - - - - - - -"),
    "a team mate picks up": (pick_up(BRUNO), "- - - - - t t t -"),
    "she at whom it rings picks up": (pick_up(ADA), "- live t t t t t t t"),
    "she at whom it rings declines": (pick_up(ADA, False), "- queued t t t t t t t"),
    "a supervisor picks up": (pick_up(SVEN), "t t t t t t t t t"),
    "an outsider assigns": (give(OLGA), "- - - - - - - - -"),
    "a team mate assigns": (give(BRUNO), "- - - - - x x x -"),
    "the owner assigns": (give(ADA), "- x x x x x x x x"),
    "a supervisor assigns": (give(SVEN), "live live live live ! assigned assigned ! !"),
    "an outsider comments": (comment(OLGA), "- - - - - - - - -"),
    "a team mate comments": (comment(BRUNO), "- - - - - ! x ! -"),
    "the owner comments": (comment(ADA), "- ! = = ! ! ! ! !"),
    "a supervisor comments": (comment(SVEN), "! ! = = ! ! ! ! !"),
    "an outsider blocks": (block(OLGA), "- - - - - - - - -"),
    "a team mate blocks": (block(BRUNO), "- - - - - = x x -"),
    "the owner blocks": (block(ADA), "- x closed closed = = = x ="),
    "a supervisor blocks": (block(SVEN), "closed closed closed closed = = = x ="),
    "the owner unblocks": (unblock(ADA), "- x x x x x x x x"),
    "a supervisor unblocks whom nobody blocked": (unblock(SVEN), "! ! ! ! ! ! ! ! !"),
    "an outsider links": (link(OLGA), "- - - - - - - - -"),
    "a team mate links": (link(BRUNO), "- - - - - x x x -"),
    "the owner links": (link(ADA), "- x = = = x x x x"),
    "a supervisor links": (link(SVEN), "x x = = = x x x x"),
    "the owner merges": (unite(ADA), "- x x x x x x x x"),
    "a supervisor merges": (unite(SVEN), "= = = = = = = = ="),
    "routing assigns": (Assign(7, ADA.id, "free", 1, SYSTEM), "live ! ! ! ! ! ! ! !"),
    "routing rings": (Ring(7, BRUNO.id, "free", SYSTEM), "offered ! ! ! ! ! ! ! !"),
    "routing keeps it waiting": (KeepWaiting(7, SYSTEM), "= ! ! ! ! ! ! ! !"),
    "routing gives up": (TurnIntoTicket(7, "nobody", SYSTEM), "unassigned ! ! ! ! ! ! ! !"),
    "the post says what became of a letter": (
        NoteLetter(7, "marta@home.test", None, SYSTEM, "id"),
        "= = = = = = = = =",
    ),
    "the post notes an automatic answer": (
        NoteMail(7, True, "marta@home.test", (("subject", "Away"),), SYSTEM, "id"),
        "= = = = = = = = =",
    ),
    "routing passes on too early": (PassOn(7, BRUNO.id, SYSTEM), "! ! ! ! ! ! ! ! !"),
    **{f"the clock is too early: {timer}": (time(timer), "! ! ! ! ! ! ! ! !") for timer in TIMERS},
}

# The same for those who are tagged or asked to take it over, and for times that are over: live and pending chats
# get these values, other states only those that they can have.
SPECIAL: dict[str, tuple[Command, dict[str, Any], str]] = {
    "the tagged writes": (say(OLGA), TAGGED, "x x"),
    "the tagged closes": (end(OLGA), TAGGED, "x x"),
    "the tagged labels": (label(OLGA), TAGGED, "x x"),
    "the tagged moves": (move(OLGA), TAGGED, "x x"),
    "the tagged flags": (flag(OLGA), TAGGED, "x x"),
    "the tagged marks pending": (pend(OLGA), TAGGED, "x x"),
    "the tagged unmarks": (pend(OLGA, False), TAGGED, "x x"),
    "the tagged transfers": (transfer(OLGA), TAGGED, "x x"),
    "the tagged answers a transfer": (answer(OLGA), TAGGED, "t t"),
    "the tagged cancels": (cancel(OLGA), TAGGED | TO_OLGA | {"transfer_to": BRUNO.id}, "x x"),
    "the tagged picks up": (pick_up(OLGA), TAGGED, "t t"),
    "the tagged assigns": (give(OLGA), TAGGED, "x x"),
    "the tagged comments": (comment(OLGA), TAGGED, "= ="),
    "the tagged blocks": (block(OLGA), TAGGED, "x x"),
    "the tagged links": (link(OLGA), TAGGED, "x x"),
    "the receiver blocks": (block(OLGA), TO_OLGA, "x x"),
    "the receiver links": (link(OLGA), TO_OLGA, "x x"),
    "the tagged opens": (OpenChat(7, OLGA), TAGGED, "= ="),
    "the receiver writes": (say(OLGA), TO_OLGA, "x x"),
    "the receiver closes": (end(OLGA), TO_OLGA, "x x"),
    "the receiver comments": (comment(OLGA), TO_OLGA, "x x"),
    "the receiver assigns": (give(OLGA), TO_OLGA, "x x"),
    "the receiver accepts": (answer(OLGA), TO_OLGA, "live live"),
    "the receiver declines": (answer(OLGA, False), TO_OLGA, "= ="),
    "the receiver cancels": (cancel(OLGA), TO_OLGA, "x x"),
    "one of the department accepts": (answer(OLGA), TO_SALES, "live live"),
    "one of the department declines": (answer(OLGA, False), TO_SALES, "x x"),
    "a team mate answers for another": (answer(BRUNO), TO_OLGA, "- -"),
    "a supervisor answers for another": (answer(SVEN), TO_OLGA, "t t"),
    "the owner answers own transfer": (answer(ADA), TO_OLGA, "t t"),
    "the owner transfers once more": (transfer(ADA), TO_OLGA, "x x"),
    "the owner cancels a transfer": (cancel(ADA), TO_OLGA, "= ="),
    "a supervisor cancels a transfer": (cancel(SVEN), TO_OLGA, "= ="),
    "the owner marks a transferred one pending": (pend(ADA), TO_OLGA, "pending x"),
    "the owner closes in a transfer": (end(ADA), TO_OLGA, "closed closed"),
    "routing passes on": (PassOn(7, BRUNO.id, SYSTEM), WAITING, "live !"),
    "the time of a transfer is over": (time("transfer"), TO_OLGA | {"transfer_at": LONG_AGO}, "= ="),
}

# Times that are over, in every state.
OVERDUE: dict[str, str] = {
    "answer": "! ! ! ! ! ! ! ! !",
    "inactivity": "! ! closed ! ! ! ! ! !",
    "queue": "unassigned unassigned ! ! ! ! ! ! !",
    "pending": "! ! ! closed ! ! ! ! !",
    "transfer": "! ! ! ! ! ! ! ! !",
    "ring": "! queued ! ! ! ! ! ! !",
    "age": "! ! ! ! ! archived archived ! archived",
}


def built(state: str, **values: Any) -> Conversation:
    word, *ticket = state.split()
    if ticket:
        values = {"kind": "ticket", "ticket_at": NOW} | values
    return conversation(word, **values)


def outcome(before: Conversation, command: Command) -> str:
    """The state after the command, or the code of its refusal."""
    try:
        return decide(before, command, KNOWN, LATER).conversation.state
    except Refused as refused:
        return f"no: {refused.code}"


def expected(state: str, sign: str) -> str:
    return state.split()[0] if sign == "=" else SIGNS.get(sign, sign)


CASES = [
    pytest.param(built(state), command, expected(state, sign), id=f"{name}: {state}")
    for name, (command, signs) in TABLE.items()
    for state, sign in zip(STATES, signs.split(), strict=True)
]
CASES += [
    pytest.param(built(state, **values), command, expected(state, sign), id=f"{name}: {state}")
    for name, (command, values, signs) in SPECIAL.items()
    for state, sign in zip(("live", "pending"), signs.split(), strict=True)
]
CASES += [
    pytest.param(
        built(state, **OLD, **({"offered_at": LONG_AGO} if state == "offered" else {})),
        time(timer),
        expected(state, sign),
        id=f"{timer} is over: {state}",
    )
    for timer, signs in OVERDUE.items()
    for state, sign in zip(STATES, signs.split(), strict=True)
]


@rule(
    "PEOPLE-1", "LIFE-1", "LIFE-5", "LIFE-8", "LIFE-9", "LIFE-14", "LIFE-15", "LIFE-16", "TICKET-3", "TICKET-4",
    "TICKET-6", "TEAM-1", "TEAM-4", "SUPERVISOR-1",
)  # fmt: skip
@pytest.mark.parametrize(("before", "command", "result"), CASES)
def test_every_command_in_every_state(before: Conversation, command: Command, result: str) -> None:
    assert outcome(before, command) == result


def test_the_table_holds_every_command_and_every_time() -> None:
    tried = {type(command) for command, _ in TABLE.values()}
    assert tried | {StartChat, *VISITING, *ELSEWHERE, *ON_CHANNELS} == set(get_args(Command))
    assert set(OVERDUE) == set(TIMERS)


CHANGING = [
    pytest.param(before, command, id=case.id)
    for case in CASES
    for before, command, result in [case.values]
    if not str(result).startswith("no: ") and not isinstance(command, OpenChat)
]


@rule("LIFE-19")
@pytest.mark.parametrize(("before", "command"), CHANGING)
def test_every_change_leaves_a_line_that_says_who_what_and_when(
    before: Conversation, command: Command
) -> None:
    change = decide(before, command, KNOWN, LATER)
    line = change.answer
    assert line is not None
    assert (line.author, line.author_id, line.at) == (command.actor.author, command.actor.id, LATER)
    assert line.kind == {WriteMessage: "message", AddComment: "comment"}.get(type(command), "event")
    if change.conversation.state != before.state:
        assert any(entry.kind == "event" for entry in change.entries)
    if line.kind == "event":
        assert line.text
        assert line.data


@rule("LIFE-10")
@pytest.mark.parametrize("state", ["closed", "archived", "closed ticket"])
def test_nothing_that_staff_or_the_desk_do_opens_what_is_closed(state: str) -> None:
    before = built(state, **OLD)
    for command, _ in TABLE.values():
        if command.actor not in (MARTA, THEO):
            left = outcome(before, command)
            assert left in (before.state, "archived", *SIGNS.values())
