"""What one client did and was told, kept in memory and as JSON lines on disk, in its own order."""

import json
import time
from pathlib import Path
from typing import Any


class Journal:
    """`write` adds one record, stamped with the monotonic clock. Close it at the end."""

    def __init__(self, folder: Path, who: str) -> None:
        self.who = who
        self.records: list[dict[str, Any]] = []
        self._file = (folder / f"{who}.jsonl").open("w", encoding="utf-8")

    def write(self, what: str, **values: Any) -> None:
        record = {"at": time.monotonic(), "what": what, **values}
        self.records.append(record)
        self._file.write(json.dumps(record, ensure_ascii=False) + "\n")

    def close(self) -> None:
        self._file.close()


def load(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """All journals of a folder by client name."""
    return {
        path.stem: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for path in sorted(folder.glob("*.jsonl"))
    }
