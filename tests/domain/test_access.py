"""Who may see and do what (PEOPLE-1), the outsider first."""

from datetime import timedelta
from typing import Any

import pytest

from deskbell.domain import access
from deskbell.domain.people import SYSTEM, Staff
from tests.cast import ADA, BRUNO, FACTS, MARTA, NOW, OLGA, SALES, SUPPORT, SVEN, THEO, conversation
from tests.rules import rule

NAMES = FACTS.staff_names
STATES = ("queued", "offered", "live", "pending", "closed", "unassigned", "assigned", "archived")


@pytest.mark.parametrize("state", STATES)
def test_an_outsider_sees_nothing_of_another_department(state: str) -> None:
    assert not access.may_see(OLGA, conversation(state))


@pytest.mark.parametrize("state", STATES)
def test_a_customer_sees_own_conversations_and_nobody_elses(state: str) -> None:
    assert not access.may_see(THEO, conversation(state))
    assert access.may_see(MARTA, conversation(state))


@pytest.mark.parametrize("state", STATES)
def test_a_team_mate_sees_only_the_tickets_of_the_department_that_nobody_has(state: str) -> None:
    assert access.may_see(BRUNO, conversation(state)) == (state in ("unassigned", "archived"))


def test_a_ticket_without_a_department_is_seen_by_every_agent() -> None:
    assert access.may_see(OLGA, conversation("unassigned", department_id=None))
    assert not access.may_see(OLGA, conversation("unassigned", department_id=SUPPORT))
    assert access.may_see(OLGA, conversation("unassigned", department_id=SALES))


@rule("TICKET-4", "TICKET-5")
def test_an_archived_ticket_stays_with_its_owner() -> None:
    mine = conversation("archived", owner_id=ADA.id)
    assert access.may_see(ADA, mine)
    assert not access.may_see(BRUNO, mine)


@rule("TEAM-4", "LIFE-14")
@pytest.mark.parametrize(
    "values",
    [
        {"mentioned": (SVEN.id, OLGA.id)},
        {"transfer_to": OLGA.id},
        {"transfer_department": SALES},
        {"offered_to": OLGA.id},
    ],
)
def test_who_is_tagged_or_asked_to_take_it_sees_the_chat_and_nobody_else(values: dict[str, Any]) -> None:
    assert access.may_see(OLGA, conversation("live", **values))
    assert not access.may_see(BRUNO, conversation("live", **values))


@rule("PEOPLE-1")
@pytest.mark.parametrize("state", STATES)
def test_a_supervisor_and_the_desk_itself_see_everything(state: str) -> None:
    assert access.may_see(SVEN, conversation(state))
    assert access.may_see(SVEN._replace(role="admin"), conversation(state))
    assert access.may_see(SYSTEM, conversation(state))


@pytest.mark.parametrize("state", ["live", "pending", "closed", "assigned"])
def test_only_the_owner_writes_to_the_customer_and_others_are_told_whose_it_is(state: str) -> None:
    for stranger in (OLGA, BRUNO, SVEN):
        reason = access.why_not_write(stranger, conversation(state), NAMES, NOW)
        assert reason is not None
        assert "belongs to Ada" in reason
    assert access.why_not_write(ADA, conversation(state), NAMES, NOW) is None


@pytest.mark.parametrize("state", ["queued", "offered", "unassigned", "archived"])
def test_nobody_writes_where_there_is_no_owner_to_answer(state: str) -> None:
    for person in (OLGA, BRUNO, SVEN, ADA):
        assert access.why_not_write(person, conversation(state), NAMES, NOW)


def test_the_owner_writes_on_a_closed_chat_for_less_than_24_hours() -> None:
    closed = conversation("closed")
    day = timedelta(hours=24)
    assert access.why_not_write(ADA, closed, NAMES, NOW + day - timedelta(microseconds=1)) is None
    assert "24 hours" in (access.why_not_write(ADA, closed, NAMES, NOW + day) or "")


@pytest.mark.parametrize("state", ["queued", "offered", "live", "pending", "unassigned", "assigned"])
def test_the_owner_or_a_supervisor_closes_and_nobody_else(state: str) -> None:
    open_one = conversation(state)
    assert access.why_not_close(OLGA, open_one, NAMES)
    assert access.why_not_close(BRUNO, open_one, NAMES)
    assert access.why_not_close(SVEN, open_one, NAMES) is None
    assert (access.why_not_close(ADA, open_one, NAMES) is None) == (open_one.owner_id == ADA.id)


@pytest.mark.parametrize("state", ["closed", "archived"])
def test_what_is_closed_is_not_closed_again(state: str) -> None:
    for person in (ADA, SVEN):
        assert "closed already" in (access.why_not_close(person, conversation(state), NAMES) or "")


def test_labels_and_department_are_changed_by_owner_supervisor_or_on_unassigned_tickets() -> None:
    assert access.why_not_sort(BRUNO, conversation("live"))
    assert access.why_not_sort(SVEN, conversation("archived"))
    assert access.why_not_sort(BRUNO, conversation("unassigned")) is None
    assert access.why_not_sort(ADA, conversation("closed")) is None
    assert access.why_not_sort(SVEN, conversation("queued")) is None


@rule("LIFE-16")
def test_who_comes_second_is_told_who_was_first_but_an_outsider_learns_nothing() -> None:
    taken = conversation("assigned", owner_id=ADA.id)
    assert access.why_no_longer(OLGA, taken, FACTS) is None
    assert access.why_no_longer(MARTA, taken, FACTS) is None
    assert access.why_no_longer(BRUNO, taken, FACTS) == "Ada has this ticket now."


@rule("CHAT-13")
def test_who_dealt_with_a_chat_before_is_told_who_has_it_now() -> None:
    facts = FACTS._replace(dealt=frozenset({(7, BRUNO.id)}))
    assert access.why_no_longer(OLGA, conversation("live"), facts) is None
    assert access.why_no_longer(BRUNO, conversation("live"), facts) == "Ada has this chat now."
    assert "no longer" in (access.why_no_longer(BRUNO, conversation("queued"), facts) or "")


@rule("TEAM-7")
def test_a_note_is_deleted_by_its_author_or_a_supervisor() -> None:
    assert access.why_not_delete_note(BRUNO, ADA.id)
    assert access.why_not_delete_note(ADA, ADA.id) is None
    assert access.why_not_delete_note(SVEN, ADA.id) is None


@rule("PEOPLE-1")
@pytest.mark.parametrize("what", sorted(access.MANAGED_BY))
def test_only_the_named_roles_manage_what_belongs_to_the_whole_desk(what: str) -> None:
    for role in ("agent", "supervisor", "admin"):
        refused = access.why_not_manage(Staff(9, "Rosa", role), what)
        assert (refused is None) == (role in access.MANAGED_BY[what])
        assert refused is None or what in refused
