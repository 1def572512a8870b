"""Who gets a waiting chat (LIFE-2): examples, then properties over many queues."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskbell.domain.routing import Full, Given, Nobody, Policy, Waiting, Workload, route
from tests.cast import ADA, BRUNO, MINUTE, NOW, OLGA, SALES, SUPPORT
from tests.rules import rule


def never(sides: int) -> int:
    raise AssertionError("nothing was left to chance")


def busy(
    agent_id: int,
    chats: int = 0,
    *,
    maximum: int = 5,
    waited: int = 0,
    departments: tuple[int, ...] = (SUPPORT,),
) -> Workload:
    """An agent with so many chats, whose last one was given `waited` minutes ago."""
    return Workload(agent_id, frozenset(departments), chats, maximum, NOW - waited * MINUTE)


def chat(
    number: int = 1, *, department: int | None = SUPPORT, last: int | None = None, age: int = 0
) -> Waiting:
    return Waiting(number, department, NOW - age * MINUTE, last)


def owner(workloads: list[Workload], waiting: Waiting, *, last_agent: bool = True) -> int:
    (decision,) = route([waiting], workloads, policy=Policy(last_agent=last_agent), now=NOW, dice=never)
    assert isinstance(decision, Given)
    return decision.agent_id


def test_an_outsider_gets_no_chat_of_another_department() -> None:
    outsider = busy(OLGA.id, departments=(SALES,))
    assert route([chat()], [outsider], policy=Policy(), now=NOW, dice=never) == [Nobody(1)]
    assert owner([outsider], chat(department=None)) == OLGA.id


@rule("LIFE-2")
def test_the_agent_with_fewest_live_chats_is_chosen() -> None:
    assert owner([busy(ADA.id, 2), busy(BRUNO.id, 1)], chat()) == BRUNO.id


@rule("LIFE-2")
def test_ties_go_to_who_waited_longest_for_a_chat() -> None:
    assert owner([busy(ADA.id, 1, waited=3), busy(BRUNO.id, 1, waited=9)], chat()) == BRUNO.id


@rule("LIFE-2")
def test_the_agent_who_dealt_with_this_customer_last_comes_first_if_the_rule_is_on() -> None:
    for on, chosen in ((True, ADA.id), (False, BRUNO.id)):
        assert owner([busy(ADA.id, 4), busy(BRUNO.id)], chat(last=ADA.id), last_agent=on) == chosen


def test_the_last_agent_gets_nothing_when_full_or_gone_or_of_another_department() -> None:
    assert owner([busy(ADA.id, 5), busy(BRUNO.id)], chat(last=ADA.id)) == BRUNO.id
    assert owner([busy(BRUNO.id)], chat(last=ADA.id)) == BRUNO.id
    outsider = busy(OLGA.id, departments=(SALES,))
    assert owner([outsider, busy(BRUNO.id, 3)], chat(last=OLGA.id)) == BRUNO.id


@rule("LIFE-1", "LIFE-3")
def test_all_full_keeps_waiting_and_nobody_there_is_told_apart() -> None:
    assert route([chat()], [busy(ADA.id, 5)], policy=Policy(), now=NOW, dice=never) == [Full(1)]
    assert route([chat()], [], policy=Policy(), now=NOW, dice=never) == [Nobody(1)]


def test_an_own_maximum_counts_and_being_above_it_is_full() -> None:
    assert route([chat()], [busy(ADA.id, 1, maximum=1)], policy=Policy(), now=NOW, dice=never) == [Full(1)]
    assert route([chat()], [busy(ADA.id, 7)], policy=Policy(), now=NOW, dice=never) == [Full(1)]


@rule("LIFE-4")
def test_one_free_slot_goes_to_the_oldest_waiting_chat() -> None:
    queue = [chat(1, age=1), chat(2, age=9), chat(3, age=5)]
    decisions = route(queue, [busy(ADA.id, 4)], policy=Policy(), now=NOW, dice=never)
    assert [type(d) for d in decisions] == [Given, Full, Full]
    assert [d.conversation_id for d in decisions] == [2, 3, 1]


@pytest.mark.parametrize(
    ("workloads", "why"),
    [
        ([busy(1, 1), busy(2, 3)], "fewest live chats (1)"),
        ([busy(1, 1), busy(2, 1)], "fewest live chats (1), waited longest for one"),
        ([busy(9, 4), busy(2, 0)], "dealt with this customer last"),
    ],
)
@rule("LIFE-2")
def test_the_choice_is_explained(workloads: list[Workload], why: str) -> None:
    (decision,) = route([chat(last=9)], workloads, policy=Policy(), now=NOW, dice=never)
    assert isinstance(decision, Given)
    assert decision.why == why


QUEUES = st.lists(
    st.builds(
        lambda department, age, last: (department, age, last),
        st.sampled_from([None, SUPPORT, SALES]),
        st.integers(0, 500),
        st.sampled_from([None, 1, 2, 3, 4]),
    ),
    max_size=30,
).map(
    lambda rows: [Waiting(n, d, NOW - timedelta(seconds=a), last) for n, (d, a, last) in enumerate(rows, 1)]
)
TEAMS = st.lists(
    st.tuples(st.sets(st.sampled_from([SUPPORT, SALES])), st.integers(0, 6), st.integers(1, 6), st.integers(0, 99)),
    max_size=6,
)  # fmt: skip


def team(rows: list[tuple[set[int], int, int, int]]) -> list[Workload]:
    return [busy(n, c, maximum=m, waited=w, departments=tuple(d)) for n, (d, c, m, w) in enumerate(rows, 1)]


@rule("LIFE-2", "LIFE-3", "LIFE-4")
@given(QUEUES, TEAMS, st.booleans())
def test_nobody_is_overfilled_and_nobody_waits_while_somebody_able_has_room(
    queue: list[Waiting], rows: list[tuple[set[int], int, int, int]], last_agent: bool
) -> None:
    before, after = team(rows), team(rows)
    decisions = route(queue, after, policy=Policy(last_agent=last_agent), now=NOW, dice=never)
    by_number = {w.conversation_id: w for w in queue}
    assert [d.conversation_id for d in decisions] == [
        w.conversation_id for w in sorted(queue, key=lambda w: (w.queued_at, w.conversation_id))
    ]
    load = {w.agent_id: w.chats for w in before}
    limits = {w.agent_id: w for w in before}
    for decision in decisions:
        department = by_number[decision.conversation_id].department_id
        able = [w for w in before if department is None or department in w.departments]
        if isinstance(decision, Given):
            load[decision.agent_id] += 1
            assert limits[decision.agent_id] in able
            assert load[decision.agent_id] == decision.chats <= limits[decision.agent_id].maximum
        else:
            assert all(load[w.agent_id] >= w.maximum for w in able)
            assert bool(able) == isinstance(decision, Full)


@rule("LIFE-2")
@given(st.integers(1, 6), st.integers(1, 60))
def test_chats_spread_evenly_over_agents_alike(agents: int, chats: int) -> None:
    workloads = [busy(n, maximum=100) for n in range(1, agents + 1)]
    decisions = route(
        [chat(n) for n in range(1, chats + 1)],
        workloads,
        policy=Policy(last_agent=False),
        now=NOW,
        dice=never,
    )
    shares = Counter(d.agent_id for d in decisions if isinstance(d, Given))
    assert sum(shares.values()) == chats
    assert max(shares.values()) - min(shares.get(n, 0) for n in range(1, agents + 1)) <= 1


@rule("LIFE-2")
@given(st.integers(2, 5), st.integers(1, 40))
def test_chats_that_come_and_go_one_by_one_go_round_to_everybody(agents: int, rounds: int) -> None:
    """Nobody is left out for ever: with every chat over before the next one comes, each waits for a full round at most."""
    workloads = [busy(n, waited=n) for n in range(1, agents + 1)]
    given_to = []
    for n in range(rounds * agents):
        (decision,) = route(
            [chat(n + 1)], workloads, policy=Policy(last_agent=False), now=NOW + n * MINUTE, dice=never
        )
        assert isinstance(decision, Given)
        given_to.append(decision.agent_id)
        next(w for w in workloads if w.agent_id == decision.agent_id).chats -= 1
    assert all(len(set(given_to[n : n + agents])) == agents for n in range(0, len(given_to), agents))
