"""The embedded PostgreSQL as the rest of the desk sees it: `start()` gives an address, `stop()` ends it.

Processes that share a data folder share its PostgreSQL: the first starts it, the others join, the last to
stop shuts it down. A process that is killed leaves it running, and the next start joins it.
"""

import asyncio
import contextlib
import hashlib
import logging
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from deskbell.embedded import binaries
from deskbell.embedded.account import Account, choose
from deskbell.embedded.locks import Users, turn
from deskbell.embedded.parts import EmbeddedError, explain, is_root, owner_name, refused
from deskbell.embedded.postmaster import SOCKET, Postmaster

ROLE = "deskbell"
LONGEST_SOCKET = 100
WATCH_SECONDS = 0.2
BACK_OFF_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
ORPHANS = "is still in use"

logger = logging.getLogger(__name__)


class EmbeddedPostgres:
    """The PostgreSQL of one data folder (`folder` holds its files, its log beside it).

    `options` are further PostgreSQL settings, as in `{"max_connections": "200"}`. Errors are EmbeddedError.
    """

    def __init__(
        self, folder: Path, *, pg_bin: Path | None = None, options: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder.expanduser().absolute()
        self._pg_bin = pg_bin
        self._lock = self.folder.with_name(f"{self.folder.name}.lock")
        self._users = Users(self.folder.with_name(f"{self.folder.name}.users"))
        self._postmaster = Postmaster(
            self.folder, self.folder.with_name(f"{self.folder.name}.log"), options or {}
        )
        self._watcher: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The postmaster's process number while it runs."""
        return self._postmaster.pid

    @property
    def dsn(self) -> str:
        """The address of the database, once started."""
        if self._postmaster.sockets is None:
            raise EmbeddedError("The embedded PostgreSQL is not started.")
        return f"postgresql://{ROLE}@/{ROLE}?host={quote(str(self._postmaster.sockets), safe='/')}"

    async def start(self) -> str:
        """Start or join it, watch it from now on, and give its address."""
        dsn = await asyncio.to_thread(self.start_blocking)
        self._watcher = asyncio.create_task(self._watch(), name="embedded-postgres")
        return dsn

    async def stop(self) -> None:
        """Leave it; the last process to leave shuts it down."""
        if self._watcher is not None:
            self._watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watcher
            self._watcher = None
        await asyncio.to_thread(self.stop_blocking)

    def kill(self) -> None:
        """Kill the postmaster as a crash would (kill -9); the watcher brings it back. For tests."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)

    def start_blocking(self) -> str:
        """`start` without a watcher, for programs without an event loop."""
        self._make_parent()
        with turn(self._lock):
            self._users.enter()
            try:
                self._ensure_running()
            except BaseException:
                self._users.leave()
                raise
        return self.dsn

    def stop_blocking(self) -> None:
        """`stop` without a watcher."""
        with turn(self._lock):
            # Another process may have brought it back since we last looked: join it, to stop the right one.
            if not self._users.leave():
                self._postmaster.let_go()
            elif self._postmaster.running() or self._postmaster.join():
                self._shut_down()

    def wipe_if_unused(self) -> bool:
        """Delete the data, unless another process uses it; a left-over postmaster is stopped first."""
        self._make_parent()
        with turn(self._lock):
            if not self._users.leave():
                return False
            if self.folder.exists() and self._postmaster.join():
                self._shut_down()
            shutil.rmtree(self.folder, ignore_errors=True)
            return True

    def _shut_down(self) -> None:
        """Stop it and remove the folder of its socket, which may lie in the system's temporary folder."""
        self._postmaster.stop()
        if self._postmaster.sockets is not None:
            with contextlib.suppress(OSError):
                self._postmaster.sockets.rmdir()

    def _make_parent(self) -> None:
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise refused(error, self.folder.parent) from None

    def _ensure_running(self) -> None:
        if self._initialised() and self._postmaster.join():
            self._check_reachable()
            return
        found = binaries.find(self._pg_bin, self._data_version())
        if not self._initialised():
            self._initialise(found)
        account = choose(self.folder, found["postgres"])
        self._postmaster.start(found, account, self._socket_folder(account))

    def _initialised(self) -> bool:
        try:
            return (self.folder / "PG_VERSION").exists()
        except OSError as error:
            raise refused(error, self.folder) from None

    def _data_version(self) -> int | None:
        return int((self.folder / "PG_VERSION").read_text()) if self._initialised() else None

    def _check_reachable(self) -> None:
        sockets = self._postmaster.sockets
        if sockets is not None and not os.access(sockets / SOCKET, os.W_OK):
            owner = owner_name(self.folder.stat().st_uid)
            raise EmbeddedError(
                f"The PostgreSQL of {self.folder} runs as {owner}: run the desk as that user."
            )

    def _initialise(self, found: binaries.Binaries) -> None:
        """Make the database beside its place and move it there whole: half a database is never used."""
        beside = self.folder.with_name(f"{self.folder.name}.new")
        try:
            shutil.rmtree(beside, ignore_errors=True)
            beside.mkdir(mode=0o700)
            account = choose(beside, found["initdb"])
            _run(account, [found["initdb"], "-D", str(beside), *_locale(found.major), *INITDB], beside)
            _run(account, [found["postgres"], "--single", "-D", str(beside), "postgres"], beside, CREATE)
            with contextlib.suppress(FileNotFoundError):
                self.folder.rmdir()
            beside.rename(self.folder)
        except OSError as error:
            raise refused(error, self.folder) from None

    def _socket_folder(self, account: Account) -> Path:
        """Beside the data; in the system's temporary folder when that path is too long for a socket."""
        sockets = self.folder.with_name(f"{self.folder.name}.run")
        if len(os.fsencode(sockets / SOCKET)) > LONGEST_SOCKET:
            name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
            sockets = Path(tempfile.gettempdir()) / f"deskbell-{os.geteuid()}-{name}"
        try:
            sockets.mkdir(mode=0o700, exist_ok=True)
            status = sockets.lstat()
            if sockets.is_symlink() or not (is_root() or status.st_uid == os.geteuid()):
                raise EmbeddedError(
                    f"{sockets} belongs to {owner_name(status.st_uid)}: remove it and try again."
                )
            account.own(sockets)
        except OSError as error:
            raise refused(error, sockets) from None
        return sockets

    async def _watch(self) -> None:
        """Bring a postmaster that died back, ever more slowly while that fails."""
        failures = 0
        while True:
            if self._postmaster.running():
                failures = 0
                await asyncio.sleep(WATCH_SECONDS)
                continue
            if failures == 0:
                logger.warning("PostgreSQL ended unexpectedly and is started again")
            try:
                await asyncio.to_thread(self._restart)
            except EmbeddedError as error:
                if ORPHANS not in str(error):
                    logger.error("PostgreSQL did not come back: %s", error)
                await asyncio.sleep(BACK_OFF_SECONDS[min(failures, len(BACK_OFF_SECONDS) - 1)])
                failures += 1

    def _restart(self) -> None:
        with turn(self._lock):
            self._ensure_running()


INITDB = ("--username", ROLE, "--auth=trust", "--encoding=UTF8", "--no-instructions")
CREATE = f"CREATE DATABASE {ROLE}\n"


def _locale(major: int) -> tuple[str, ...]:
    """Sorting by code point, letters by Unicode, the same on every machine."""
    if major >= 17:
        return ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
    return ("--locale=C.UTF-8",)


def _run(account: Account, words: list[str], place: Path, text: str = "") -> None:
    done = subprocess.run(
        account.command(*words),
        input=text,
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
        **account.popen,
    )
    if done.returncode != 0:
        raise EmbeddedError(explain(done.stderr + done.stdout, place, "PostgreSQL could not be set up"))
