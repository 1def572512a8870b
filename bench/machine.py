"""How much of the machine was ours: time that others were given while somebody here wanted to run."""

import time

import psutil

CALM = 0.05
"""A round of which more was taken away tells of the machine's other tenants, not of the program."""
REST_S = 10.0


class Watch:
    """From its making on: which share of the wanted time was taken away (the kernel's "steal"; 0 where it is not told)."""

    def __init__(self) -> None:
        self._taken, self._had = _times()

    def taken(self) -> float:
        taken, had = _times()
        wanted = taken - self._taken + had - self._had
        return (taken - self._taken) / wanted if wanted else 0.0


def _times() -> tuple[float, float]:
    now = psutil.cpu_times()
    taken = getattr(now, "steal", 0.0)
    return taken, now.user + now.system + getattr(now, "nice", 0.0) + getattr(now, "softirq", 0.0)


def rest() -> None:
    """Some hosts lend speed and take it back afterwards."""
    time.sleep(REST_S)
