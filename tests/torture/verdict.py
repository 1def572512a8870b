"""What a torture run comes to: findings by kind, and the last line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Record = Mapping[str, Any]
Journal = Sequence[Record]
Threads = Mapping[int, Sequence[Record]]

KINDS = ("lost", "doubled", "reordered", "holes", "unresolved", "owners", "leaks", "timers")


@dataclass
class Verdict:
    """What was found. `findings` holds one sentence per defect, by kind; the other numbers are no defects."""

    acknowledged: int = 0
    refused: int = 0
    loose_pairs: int = 0
    late_twins: int = 0
    mended: int = 0
    findings: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    @property
    def good(self) -> bool:
        return self.acknowledged > 0 and not any(self.findings.values())

    def add(self, kind: str, sentence: str) -> None:
        self.findings[kind].append(sentence)

    def line(self) -> str:
        """The last line of a run."""
        counts = ", ".join(f"{kind} {len(self.findings[kind])}" for kind in KINDS)
        return f"acknowledged {self.acknowledged}, {counts}"
