"""What it keeps is bounded, and its clock and dice can be held (CHANNEL-3)."""

import asyncio

import pytest

from tests.rules import rule
from whatsapp_sim import journal, state
from whatsapp_sim.agenda import Agenda
from whatsapp_sim.clock import Clock
from whatsapp_sim.dice import Dice
from whatsapp_sim.journal import Journal
from whatsapp_sim.limits import Bucket
from whatsapp_sim.state import Message, World

pytestmark = rule("CHANNEL-3")


def test_the_journal_forgets_the_oldest_by_count_and_by_size(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Journal(most=3)
    for place in range(5):
        kept.begin("graph", 0, "GET", f"/{place}", b"")
    assert [line.path for line in kept.find()] == ["/2", "/3", "/4"]
    monkeypatch.setattr(journal, "MOST_TEXT", 25)
    for place in range(5):
        kept.begin("graph", 0, "GET", f"/{place}", b"x" * 10)
    assert [line.path for line in kept.find()] == ["/3", "/4"]


def test_long_bodies_are_cut_in_the_journal() -> None:
    line = Journal().begin("graph", 0, "GET", "/", b"x" * 3_000_000)
    assert (len(line.request), line.size) == (journal.LONGEST, 3_000_000)


def test_threads_and_strangers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "MOST_MESSAGES", 2)
    monkeypatch.setattr(state, "MOST_STRANGERS", 2)
    world = World()
    for phone in ("1", "2", "3"):
        user = world.stranger(phone)
        for place in range(3):
            world.keep(Message(f"wamid.{phone}.{place}", "7", user.id, True, 0, "text", {}))
    assert list(world.users) == ["+2", "+3"]
    assert sorted(world.messages) == ["wamid.2.1", "wamid.2.2", "wamid.3.1", "wamid.3.2"]


def test_a_held_clock_stands_and_a_running_one_runs() -> None:
    elapsed = 0.0
    held, running = (Clock(1000, running=runs, elapsed=lambda: elapsed) for runs in (False, True))
    elapsed = 5.0
    assert (held.now(), running.now()) == (1000, 1005)
    held.advance(60)
    held.run(True)
    elapsed = 7.0
    assert held.now() == 1062
    with pytest.raises(ValueError, match="0 seconds or more"):
        held.advance(-1)


async def test_work_of_a_lane_is_in_order_and_a_failure_stops_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, done = Clock(0, running=False), []
    agenda = Agenda(clock)

    def noting(name: str) -> None:
        async def work() -> None:
            await asyncio.sleep(0)
            done.append((name, clock.now()))
            if name == "b":
                raise RuntimeError(name)

        agenda.at({"a": 30, "b": 10, "c": 10}[name], work, "lane")

    for name in "abc":
        noting(name)
    task = asyncio.create_task(agenda.run())
    await agenda.idle(jump=True)
    task.cancel()
    assert done == [("b", 10), ("c", 10), ("a", 30)]
    assert "work_failed" in caplog.text


def test_dice_say_the_same_again_and_keep_their_chances() -> None:
    dice = Dice(7)
    assert (
        dice.wamid("15555550111", "a") == Dice(7).wamid("15555550111", "a") != dice.wamid("15555550111", "b")
    )
    assert dice.wamid("15555550111", "a").startswith("wamid.HBgLMTU1NTU1NTAxMTEV")
    assert 400 < sum(dice.happens(0.5, place) for place in range(1000)) < 600
    assert not any(dice.happens(0, place) for place in range(100))
    assert all(dice.happens(1, place) for place in range(100))


def test_a_bucket_never_goes_back_in_time() -> None:
    bucket = Bucket(1, 1)
    assert [bucket.take(at) for at in (100, 100, 50, 51)] == [True, False, False, True]
