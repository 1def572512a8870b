"""What the modules of this folder share: the error and the words for common failures."""

import os
from pathlib import Path


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot run; the text is one sentence for the person who starts the desk."""


_KNOWN = (
    ("No space left on device", "The disk that holds {place} is full."),
    ("Disk quota exceeded", "The disk quota for {place} is used up."),
    ("Read-only file system", "The disk that holds {place} is read-only."),
    ("Permission denied", "There is no permission to write in {place}."),
    ("Operation not permitted", "There is no permission to change {place}."),
    ("could not create shared memory", "There is too little shared memory for PostgreSQL on this machine."),
)


def explain(output: str, place: Path, otherwise: str) -> str:
    """One sentence for what PostgreSQL or the system printed; `otherwise` plus its last words if unknown."""
    for sign, sentence in _KNOWN:
        if sign in output:
            return sentence.format(place=place)
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "PANIC" in line or "error:" in line]
    last = (telling or lines or ["it said nothing"])[-1].split("FATAL:")[-1].split("PANIC:")[-1].strip()
    return f"{otherwise}: {last.rstrip('.')}."


def refused(error: OSError, place: Path) -> EmbeddedError:
    """The EmbeddedError for a system call that failed on `place`."""
    strerror = error.strerror or str(error)
    return EmbeddedError(explain(strerror, place, f"{place} cannot be used"))


def owner_name(uid: int) -> str:
    """The account's name, or its number where it has none."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def is_root() -> bool:
    return os.geteuid() == 0
