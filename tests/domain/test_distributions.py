"""The other ways to distribute: round robin, random, ringing, the first line, and passing on (LIFE-2, LIFE-6)."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskbell.domain.routing import (
    Decision,
    Full,
    Given,
    Nobody,
    Offered,
    Outside,
    Overdue,
    Passed,
    Policy,
    Waiting,
    Workload,
    pass_on,
    route,
)
from tests.cast import ADA, BRUNO, MINUTE, NOW, OLGA, SALES, SUPPORT
from tests.domain.test_routing import busy, chat, never
from tests.rules import rule

RING = timedelta(seconds=30)
OFFER = Policy("offer", ring=RING)


def decided(waiting: Waiting, workloads: list[Workload], policy: Policy, die: int = 0) -> Decision:
    (decision,) = route([waiting], workloads, policy=policy, now=NOW, dice=lambda sides: die)
    return decision


def asked(*declined: int, ago: timedelta = RING) -> Waiting:
    return chat()._replace(declined=declined, offered_at=NOW - ago)


@rule("LIFE-2")
def test_round_robin_goes_to_who_waited_longest_however_many_chats_they_have() -> None:
    decision = decided(chat(), [busy(1, 0, waited=1), busy(2, 4, waited=9)], Policy("round_robin"))
    assert decision == Given(1, 2, "next in turn", 5)


@rule("LIFE-2")
@given(st.integers(1, 6), st.integers(1, 4))
def test_round_robin_goes_round(agents: int, rounds: int) -> None:
    workloads = [busy(n, maximum=100, waited=n) for n in range(1, agents + 1)]
    turns = []
    for n in range(agents * rounds):
        (decision,) = route(
            [chat(n)], workloads, policy=Policy("round_robin"), now=NOW + n * MINUTE, dice=never
        )
        assert isinstance(decision, Given)
        turns.append(decision.agent_id)
    assert Counter(turns) == dict.fromkeys(range(1, agents + 1), rounds)
    assert turns[:agents] * rounds == turns


@rule("LIFE-2")
@pytest.mark.parametrize(("die", "agent"), [(0, 1), (1, 3)])
def test_random_throws_one_die_among_those_who_have_room(die: int, agent: int) -> None:
    team = [busy(3, 4), busy(2, 5), busy(1, 0)]
    assert decided(chat(), team, Policy("random"), die) == Given(
        1, agent, "chosen at random", 5 if agent == 3 else 1
    )


@rule("LIFE-2")
@pytest.mark.parametrize("distribution", ["averaged", "round_robin", "random"])
def test_the_last_agent_comes_before_every_distribution_and_a_revived_chat_always_back(
    distribution: str,
) -> None:
    for on, revived, agent in ((True, False, 2), (False, False, 1), (False, True, 2)):
        team = [busy(1, 0, waited=9), busy(2, 4)]
        decision = decided(chat(last=2)._replace(revived=revived), team, Policy(distribution, on))
        assert isinstance(decision, Given)
        assert decision.agent_id == agent


@rule("LIFE-3", "LIFE-10")
@pytest.mark.parametrize("distribution", ["averaged", "round_robin", "random", "offer"])
def test_a_revived_chat_goes_back_to_who_had_it_though_they_are_full(distribution: str) -> None:
    team, policy = [busy(1, 0, waited=9), busy(2, 5)], Policy(distribution, last_agent=False)
    decision = decided(chat(last=2)._replace(revived=True, returns=True), team, policy)
    assert isinstance(decision, Given | Offered)
    assert (decision.agent_id, decision.returns) == (2, True)


@rule("LIFE-2")
def test_the_first_line_gets_new_chats_while_it_has_room_and_chosen_departments_do_not_care() -> None:
    policy = Policy(first_line=frozenset({SALES}))
    for chats, department, agent in ((4, None, OLGA.id), (5, None, ADA.id), (4, SUPPORT, ADA.id)):
        team = [busy(ADA.id), busy(OLGA.id, chats, departments=(SALES,))]
        decision = decided(chat(department=department), team, policy)
        assert isinstance(decision, Given)
        assert decision.agent_id == agent
        assert decision.why.startswith("first line, ") == (agent == OLGA.id)


@rule("LIFE-1", "TICKET-1")
def test_out_of_hours_nobody_is_asked_however_free() -> None:
    outside = chat()._replace(is_open=False)
    for policy in (Policy(), OFFER):
        assert decided(outside, [busy(ADA.id)], policy) == Outside(1)


@rule("LIFE-1", "LIFE-4")
def test_who_came_in_time_is_served_after_hours_while_somebody_is_there() -> None:
    late = chat()._replace(is_open=False, in_time=True)
    assert isinstance(decided(late, [busy(ADA.id)], Policy()), Given)
    assert decided(late, [], Policy()) == Outside(1)


@rule("LIFE-2")
def test_ringing_asks_one_after_the_other_and_declined_ones_not_again_in_this_round() -> None:
    team = [busy(ADA.id, 0), busy(BRUNO.id, 2)]
    assert decided(chat(), team, OFFER) == Offered(1, ADA.id, "fewest live chats (0)")
    team = [busy(ADA.id, 0), busy(BRUNO.id, 2)]
    assert decided(asked(ADA.id), team, OFFER) == Offered(1, BRUNO.id, "fewest live chats (2)")


@rule("LIFE-2")
def test_when_all_were_asked_a_new_round_begins_after_a_ring_time() -> None:
    just = asked(ADA.id, BRUNO.id, ago=RING - timedelta(seconds=1))
    assert decided(just, [busy(ADA.id), busy(BRUNO.id)], OFFER) == Full(1)
    again = asked(ADA.id, BRUNO.id)
    assert isinstance(decided(again, [busy(ADA.id), busy(BRUNO.id)], OFFER), Offered)


@rule("LIFE-2", "LIFE-3")
def test_a_chat_does_not_ring_at_who_is_full_and_a_ringing_one_takes_a_place() -> None:
    assert decided(chat(), [busy(ADA.id, 5)], OFFER) == Full(1)
    decisions = route([chat(1), chat(2)], [busy(ADA.id, 4)], policy=OFFER, now=NOW, dice=never)
    assert decisions == [Offered(1, ADA.id, "fewest live chats (4)"), Full(2)]
    assert decided(chat(), [], OFFER) == Nobody(1)


@rule("LIFE-2")
def test_it_rings_first_at_the_last_agent_then_at_the_first_line() -> None:
    first = Policy("offer", first_line=frozenset({SALES}))
    team = [busy(ADA.id), busy(BRUNO.id, 3), busy(OLGA.id, 2, departments=(SALES,))]
    anywhere = chat(department=None, last=BRUNO.id)
    for declined, agent in (
        ((), BRUNO.id),
        ((BRUNO.id,), OLGA.id),
        ((BRUNO.id, OLGA.id), ADA.id),
    ):
        decision = decided(anywhere._replace(declined=declined, offered_at=NOW), list(team), first)
        assert isinstance(decision, Offered)
        assert decision.agent_id == agent


@rule("LIFE-6")
def test_an_unanswered_chat_goes_to_another_of_its_department_with_room_and_frees_a_place() -> None:
    team = [busy(ADA.id, 1), busy(BRUNO.id, 3), busy(OLGA.id, 0, departments=(SALES,))]
    assert pass_on([Overdue(1, SUPPORT, ADA.id, False)], team, NOW) == [Passed(1, BRUNO.id)]
    assert [w.chats for w in team] == [0, 4, 0]


@rule("LIFE-6", "LIFE-3")
def test_with_nobody_else_who_has_room_it_is_said_once() -> None:
    for team in ([busy(ADA.id)], [busy(ADA.id), busy(BRUNO.id, 5)], []):
        assert pass_on([Overdue(1, SUPPORT, ADA.id, False)], team, NOW) == [Passed(1, None)]
        assert pass_on([Overdue(1, SUPPORT, ADA.id, True)], team, NOW) == []


@rule("LIFE-3", "LIFE-6")
@given(
    st.lists(st.tuples(st.sampled_from([None, SUPPORT, SALES]), st.integers(1, 4), st.booleans()), max_size=20),
    st.lists(st.tuples(st.sets(st.sampled_from([SUPPORT, SALES])), st.integers(0, 6), st.integers(1, 6)), max_size=4),
)  # fmt: skip
def test_passing_on_overfills_nobody_and_leaves_nobody_out_who_has_room(
    rows: list[tuple[int | None, int, bool]], people: list[tuple[set[int], int, int]]
) -> None:
    chats = [Overdue(n, d, owner, told) for n, (d, owner, told) in enumerate(rows, 1)]
    team = [busy(n, c, maximum=m, departments=tuple(d)) for n, (d, c, m) in enumerate(people, 1)]
    load = {w.agent_id: w.chats for w in team}
    passed = {p.conversation_id: p.agent_id for p in pass_on(chats, team, NOW)}
    for one in chats:
        others = [w for w in team if w.agent_id != one.owner_id]
        able = [w for w in others if one.department_id is None or one.department_id in w.departments]
        agent = passed.get(one.conversation_id)
        if agent is None:
            assert all(load[w.agent_id] >= w.maximum for w in able)
            assert (one.conversation_id in passed) == (not one.told)
        else:
            assert agent in [w.agent_id for w in able]
            load[agent] += 1
            load[one.owner_id] = load.get(one.owner_id, 0) - 1
            assert load[agent] <= next(w.maximum for w in able if w.agent_id == agent)
