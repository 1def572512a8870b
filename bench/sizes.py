"""What a browser must fetch before anything shows, gzipped as it is served."""

import json
from pathlib import Path
from typing import Any

from bench.server import BenchError

STATIC = Path(__file__).parent.parent / "deskbell" / "static"


def sizes() -> dict[str, float]:
    """Kilobytes (1,000 bytes): loader; frame with what a conversation needs; console scripts of the first screen."""
    return {
        "loader_gz_kb": _gzipped(STATIC / "widget.js"),
        "frame_gz_kb": sum(_gzipped(path) for path in _first("widget", also="Conversation")),
        "console_gz_kb": sum(_gzipped(path) for path in _first("console") if path.suffix == ".js"),
    }


def _first(part: str, *, also: str = "") -> set[Path]:
    """The files of the entry and of all it imports at once; of what it loads later only the chunk named `also`."""
    try:
        manifest: dict[str, Any] = json.loads((STATIC / part / "manifest.json").read_text())
    except OSError:
        raise BenchError(f"{part} is not built: run make web") from None
    wanted = [
        n for n, chunk in manifest.items() if chunk.get("isEntry") or (also and chunk.get("name") == also)
    ]
    if also and len(wanted) < 2:
        raise BenchError(f"{part} has no chunk named {also}: what is counted must be told anew")
    seen: set[str] = set()
    files: set[Path] = set()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        chunk = manifest[name]
        files.update(STATIC / part / file for file in (chunk["file"], *chunk.get("css", ())))
        wanted += chunk.get("imports", ())
    return files


def _gzipped(path: Path) -> float:
    """The size of the file made for serving beside it."""
    try:
        return path.with_name(f"{path.name}.gz").stat().st_size / 1000
    except OSError:
        raise BenchError(f"{path.name}.gz is not built: run make web") from None
