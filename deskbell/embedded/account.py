"""As whom PostgreSQL runs. It refuses root, so as root we drop our rights; no account is ever made."""

import contextlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deskbell.embedded.parts import EmbeddedError, is_root, owner_name

NOBODY = 65534
ACCOUNTS = ("postgres", "nobody")
CHECK = 'test -x "$1" && test -r "$2" && test -w "$2" && test -x "$2"'


@dataclass(frozen=True, slots=True)
class Account:
    """How to start a program so that it may touch the data folder and is not root."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()
    switch: bool = False

    @property
    def popen(self) -> dict[str, Any]:
        """Arguments for subprocess.Popen."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}

    def command(self, *words: str) -> Sequence[str]:
        return [*self.prefix, *words]

    def own(self, path: Path) -> None:
        """Give `path` to this account, readable by it alone."""
        path.chmod(0o700)
        if path.stat().st_uid != self.uid:
            os.chown(path, self.uid, self.gid)

    def reaches(self, program: str, folder: Path) -> bool:
        """Whether this account can run `program` and write in `folder`."""
        check = self.command("/bin/sh", "-c", CHECK, "sh", program, str(folder))
        try:
            return subprocess.run(check, capture_output=True, timeout=20, **self.popen).returncode == 0
        except (OSError, subprocess.SubprocessError):
            return False


def choose(folder: Path, program: str) -> Account:
    """The account for a data folder that exists. As root: its owner, else `postgres` or `nobody`, whichever
    reaches the folder, else root itself without its rights (a user namespace). Raises EmbeddedError."""
    status = folder.stat()
    if not is_root():
        if status.st_uid != os.geteuid():
            raise EmbeddedError(
                f"The data in {folder} belongs to {owner_name(status.st_uid)}: run as that user."
            )
        return Account(os.geteuid(), os.getegid())
    fresh = not any(folder.iterdir())
    for account in _as_root(status.st_uid, status.st_gid, fresh):
        if fresh:
            account.own(folder)
        if account.reaches(program, folder):
            return account
    raise EmbeddedError(
        f"PostgreSQL refuses to run as root, and no other account reaches {folder} and {program}: "
        "choose another folder with DATA=, as in DATA=/var/lib/deskbell, or start as an ordinary user."
    )


def _as_root(uid: int, gid: int, fresh: bool) -> list[Account]:
    namespace = _without_rights()
    if not fresh:
        return [Account(uid, gid, switch=True)] if uid else namespace
    return [*_named_accounts(), *namespace]


def _named_accounts() -> list[Account]:
    accounts = []
    for name in ACCOUNTS:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            accounts.append(Account(entry.pw_uid, entry.pw_gid, switch=True))
    return accounts


def _without_rights() -> list[Account]:
    unshare = shutil.which("unshare")
    if not unshare:
        return []
    return [Account(0, 0, (unshare, "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--"))]
