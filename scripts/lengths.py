"""Keeps our sources short: a file of more than 400 lines has more than one subject."""

import subprocess
import sys
from pathlib import Path

LONGEST = 400
ENDINGS = {".py", ".ts", ".svelte", ".css", ".sql", ".sh"}


def main() -> int:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    )
    too_long = 0
    for path in map(Path, listed.stdout.splitlines()):
        if path.suffix in ENDINGS and path.is_file() and "generated" not in path.name:
            lines = path.read_text().count("\n")
            if lines > LONGEST:
                print(f"{path}: {lines} lines, at most {LONGEST}")
                too_long += 1
    return 1 if too_long else 0


if __name__ == "__main__":
    sys.exit(main())
