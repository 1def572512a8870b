"""How much of everything a run does: QUICK=1, or the whole."""

from typing import NamedTuple


class Scale(NamedTuple):
    """Counts, and seconds where it says so. `more_rounds`: how often a round is taken again on a machine that was busy."""

    idle: int
    rounds: int
    more_rounds: int
    seconds: float
    open_runs: int
    open_seconds: float
    assigns: int
    closed: int
    readings: int
    starts: int
    due: int
    due_seconds: float
    ended: int
    ended_seconds: float
    hook_seconds: float


QUICK = Scale(
    idle=2_000,
    rounds=2,
    more_rounds=2,
    seconds=1.5,
    open_runs=1,
    open_seconds=4,
    assigns=60,
    closed=10_000,
    readings=1,
    starts=2,
    due=500,
    due_seconds=3,
    ended=50,
    ended_seconds=3,
    hook_seconds=5,
)
FULL = Scale(
    idle=5_000,
    rounds=5,
    more_rounds=5,
    seconds=6,
    open_runs=3,
    open_seconds=12,
    assigns=300,
    closed=100_000,
    readings=3,
    starts=5,
    due=10_000,
    due_seconds=60,
    ended=500,
    ended_seconds=60,
    hook_seconds=60,
)
