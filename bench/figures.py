"""The figures, what they must be and what they aim at (the budgets), their table and their file."""

import json
from pathlib import Path
from typing import NamedTuple


class Budget(NamedTuple):
    """`more` is true where a greater value is the better one. None: there is no such bound."""

    unit: str
    must: float | None
    aim: float | None
    more: bool = False


BUDGETS = {
    "durable_messages_per_s": Budget("1/s", 7000, 14000, more=True),
    "limit_messages_per_s": Budget("1/s", None, None, more=True),
    "share_of_limit": Budget("", 0.4, 0.75, more=True),
    "ack_p50_ms": Budget("ms", 3, 1),
    "limit_ack_p50_ms": Budget("ms", None, None),
    "ack_p99_ms": Budget("ms", 30, 10),
    "delivery_p99_ms": Budget("ms", 40, 15),
    "idle_socket_kib": Budget("KiB", 40, 24),
    "list_p95_ms": Budget("ms", 50, 15),
    "search_p95_ms": Budget("ms", 200, 50),
    "assign_p99_ms": Budget("ms", 1000, 100),
    "page_views_per_s": Budget("1/s", 1000, None, more=True),
    "webhook_p50_ms": Budget("ms", 50, 10),
    "webhook_p99_ms": Budget("ms", 500, 100),
    "timer_lag_p99_s": Budget("s", 2, None),
    "transcript_p99_s": Budget("s", 60, 10),
    "start_s": Budget("s", 3, 1.5),
    "server_idle_mb": Budget("MB", 150, 90),
    "loader_gz_kb": Budget("kB", 3, 2),
    "frame_gz_kb": Budget("kB", 35, 20),
    "console_gz_kb": Budget("kB", 120, 70),
    "open_chat_ms": Budget("ms", 100, 40),
}


class Figures:
    """What was measured so far, in the order of the budgets; remarks say what was not, and why."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}
        self.remarks: list[str] = []

    def put(self, name: str, value: float) -> None:
        assert name in BUDGETS
        self.values[name] = value

    def remark(self, text: str) -> None:
        self.remarks.append(text)

    @property
    def all_meet_must(self) -> bool:
        return all(meets(name, value, BUDGETS[name].must) for name, value in self.values.items())

    def rows(self) -> list[dict[str, object]]:
        """As stored: name, value, unit, must, aim."""
        return [
            {
                "name": name,
                "value": round(self.values[name], 3),
                "unit": budget.unit,
                "must": budget.must,
                "aim": budget.aim,
            }
            for name, budget in BUDGETS.items()
            if name in self.values
        ]

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.rows(), indent=1) + "\n")

    def table(self) -> str:
        lines = [f"{'figure':<24}{'value':>12} {'unit':<5}{'must':>9}{'aim':>9}"]
        for name, budget in BUDGETS.items():
            if name in self.values:
                lines.append(self._line(name, budget))
        return "\n".join(lines + [f"* {remark}" for remark in self.remarks])

    def _line(self, name: str, budget: Budget) -> str:
        value = self.values[name]
        bounds = "".join(f"{'' if bound is None else f'{bound:g}':>9}" for bound in (budget.must, budget.aim))
        return f"{name:<24}{value:>12,.2f} {budget.unit:<5}{bounds}  {_mark(name, value, budget)}"


def _mark(name: str, value: float, budget: Budget) -> str:
    if budget.must is None:
        return ""
    if not meets(name, value, budget.must):
        return "MISSED"
    return "met, aim too" if meets(name, value, budget.aim) else "met"


def meets(name: str, value: float, bound: float | None) -> bool:
    """Whether a value is within a bound; there may be none."""
    if bound is None:
        return True
    return value >= bound if BUDGETS[name].more else value <= bound
