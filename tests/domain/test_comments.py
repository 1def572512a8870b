"""Comments and mentions (TEAM-1..5)."""

import pytest

from deskbell.domain.access import may_see
from deskbell.domain.closing import loses_comments
from deskbell.domain.commands import AddComment, CloseConversation, WriteMessage
from deskbell.domain.conversation import Notification
from deskbell.domain.errors import Refused
from deskbell.domain.facts import Facts
from deskbell.domain.lifecycle import decide
from deskbell.domain.people import SYSTEM
from tests.cast import ADA, BRUNO, FACTS, MARTA, MINUTE, NOW, OLGA, SVEN, conversation
from tests.rules import rule

LATER = NOW + MINUTE


def refusal(command: AddComment, facts: Facts = FACTS, state: str = "live") -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        decide(conversation(state), command, facts, LATER)
    return caught.value.code, caught.value.text


@rule("TEAM-1", "TEAM-5")
@pytest.mark.parametrize("state", ["live", "pending"])
def test_a_comment_is_a_line_of_its_own_that_no_customer_sees_and_leaves_the_card_alone(state: str) -> None:
    before = conversation(state, waiting_since=NOW)
    change = decide(before, AddComment(7, ADA, "id", "She is angry"), FACTS, LATER)
    (entry,) = change.entries
    assert (entry.kind, entry.public, entry.text, entry.seq) == ("comment", False, "She is angry", 3)
    after = change.conversation
    assert after == before._replace(last_seq=3, comments=1)


@rule("TEAM-3")
def test_the_named_are_told_and_follow_the_chat_once_each_and_the_author_is_not_told() -> None:
    named = AddComment(7, ADA, "id", "@Olga @Ada", (OLGA.id, ADA.id, OLGA.id))
    change = decide(conversation(mentioned=(SVEN.id,)), named, FACTS, LATER)
    assert change.conversation.mentioned == (SVEN.id, OLGA.id, ADA.id)
    assert change.notifications == (Notification(OLGA.id, "mention", 7, {"who": "Ada"}),)
    assert change.entries[0].data == {"mentions": [OLGA.id, ADA.id]}


@rule("TEAM-2")
def test_any_agent_or_supervisor_tags_any_other_who_is_online() -> None:
    tagged = conversation(mentioned=(OLGA.id,))
    for author, named in ((ADA, SVEN), (SVEN, BRUNO), (OLGA, BRUNO)):
        command = AddComment(7, author, "id", "Look", (named.id,))
        assert named.id in decide(tagged, command, FACTS, LATER).conversation.mentioned


@rule("TEAM-2")
def test_who_is_offline_or_has_left_cannot_be_tagged() -> None:
    command = AddComment(7, ADA, "id", "Look", (OLGA.id,))
    away = FACTS._replace(online={ADA.id: ADA.departments})
    assert refusal(command, away) == (
        "unavailable",
        "Olga is offline: only people who are online can be tagged.",
    )
    gone = FACTS._replace(active=FACTS.active - {OLGA.id})
    assert refusal(command, gone)[0] == "unavailable"


@rule("TEAM-4")
def test_who_is_tagged_sees_and_comments_but_does_not_write_to_the_customer() -> None:
    tagged = conversation(mentioned=(OLGA.id,))
    assert may_see(OLGA, tagged)
    assert decide(tagged, AddComment(7, OLGA, "id", "Here is how"), FACTS, LATER).entries
    with pytest.raises(Refused, match="belongs to Ada") as caught:
        decide(tagged, WriteMessage(7, OLGA, "id", "Hello"), FACTS, LATER)
    assert caught.value.code == "forbidden"


@rule("TEAM-1")
@pytest.mark.parametrize("state", ["queued", "closed", "unassigned", "assigned", "archived"])
def test_there_are_no_comments_on_what_is_not_live(state: str) -> None:
    assert refusal(AddComment(7, SVEN, "id", "Look"), state=state)[0] == "closed"


def test_a_comment_of_nothing_and_too_many_tags_are_refused() -> None:
    crowd = frozenset(range(1, 60))
    facts = FACTS._replace(active=crowd, online=dict.fromkeys(crowd, frozenset()))
    assert refusal(AddComment(7, ADA, "id", "All", tuple(range(1, 52))), facts)[0] == "too_long"
    assert decide(conversation(), AddComment(7, ADA, "id", "All", tuple(range(1, 51))), facts, NOW).entries


@rule("TEAM-3", "TEAM-5")
@pytest.mark.parametrize("closing", [
    CloseConversation(7, ADA, "id"), CloseConversation(7, SYSTEM, None), CloseConversation(7, MARTA, "id"),
    WriteMessage(7, MARTA, "id", "//end"), WriteMessage(7, MARTA, "id", "//stop"),
])  # fmt: skip
def test_at_close_the_texts_go_the_number_stays_and_nobody_is_tagged_any_more(
    closing: CloseConversation | WriteMessage,
) -> None:
    before = conversation(comments=3, mentioned=(OLGA.id,))
    change = decide(before, closing, FACTS, LATER)
    assert loses_comments(before, change.conversation)
    assert (change.conversation.comments, change.conversation.mentioned) == (3, ())
    assert not may_see(OLGA, change.conversation)
    uncommented = conversation()
    assert not loses_comments(uncommented, decide(uncommented, closing, FACTS, LATER).conversation)
