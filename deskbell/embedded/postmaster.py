"""One postmaster on one data folder: what its pid file says, whether it lives, its start and its end."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from deskbell.embedded.account import Account
from deskbell.embedded.binaries import Binaries
from deskbell.embedded.parts import EmbeddedError, explain, refused

SOCKET = ".s.PGSQL.5432"
START_SECONDS = 300.0
"""After a crash PostgreSQL first replays its log, up to max_wal_size of it; this is the patience for that."""
STOP_SECONDS = 30.0
STEP_SECONDS = 0.02
LOG_BYTES = 10_000_000
NO_PROCESS = 2**31 - 1
"""A process number no system gives."""

OPTIONS: Mapping[str, str] = {
    "port": "5432",
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "max_connections": "100",
    "jit": "off",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
"""No TCP; crash-safe; and a log that never holds a statement, because statements hold what people wrote."""


@dataclass(frozen=True, slots=True)
class PidFile:
    """What `postmaster.pid` says: a running, starting, stopping or long dead postmaster."""

    pid: int
    sockets: Path
    ready: bool

    @classmethod
    def read(cls, folder: Path) -> "PidFile | None":
        """None when there is no file, or one that is just being written."""
        try:
            lines = (folder / "postmaster.pid").read_text().splitlines()
            return cls(int(lines[0]), Path(lines[4]), len(lines) > 7 and lines[7].strip() == "ready")
        except FileNotFoundError:
            return None
        except (IndexError, ValueError):
            return None
        except OSError as error:
            raise refused(error, folder) from None

    def alive(self) -> bool:
        """Whether a process of that number is there at all (it may be somebody else's)."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def answers(self) -> bool:
        """Whether somebody accepts connections on its socket."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(1)
            try:
                probe.connect(str(self.sockets / SOCKET))
            except (BlockingIOError, TimeoutError):
                return True
            except OSError:
                return False
            return True

    def is_postgres(self) -> bool:
        """Whether the process of that number is a PostgreSQL, as far as the system lets us see."""
        with contextlib.suppress(OSError):
            return b"postgres" in Path(f"/proc/{self.pid}/cmdline").read_bytes()
        seen = subprocess.run(
            ["ps", "-o", "command=", "-p", str(self.pid)], capture_output=True, text=True, check=False
        )
        return "postgres" in seen.stdout


class Postmaster:
    """Starts or joins, and stops, the postmaster of `folder`. It blocks; callers hold the `turn` lock."""

    def __init__(self, folder: Path, log: Path, options: Mapping[str, str]) -> None:
        self.folder = folder
        self.log = log
        self._options = {**OPTIONS, **options}
        self._child: subprocess.Popen[bytes] | None = None
        self.pid: int | None = None
        self.sockets: Path | None = None

    def join(self) -> bool:
        """True when one runs already and is ready; one that is starting or stopping is waited for."""
        deadline = time.monotonic() + START_SECONDS
        while (found := PidFile.read(self.folder)) is not None:
            serving = found.answers()
            if serving and found.ready:
                self.pid, self.sockets = found.pid, found.sockets
                return True
            if not serving and not (found.alive() and found.is_postgres()):
                return False
            if time.monotonic() > deadline:
                raise EmbeddedError(f"The PostgreSQL of {self.folder} runs but does not become ready.")
            time.sleep(STEP_SECONDS)
        return False

    def start(self, binaries: Binaries, account: Account, sockets: Path) -> None:
        """Start one where none runs; returns when it is ready. Raises EmbeddedError."""
        self._disown_number()
        options = {**self._options, "unix_socket_directories": str(sockets)}
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with self._open_log() as log:
            before = log.tell()
            try:
                # A session of its own: Ctrl-C at the terminal must reach the desk first, not PostgreSQL.
                self._child = subprocess.Popen(
                    account.command(binaries["postgres"], "-D", str(self.folder), *settings),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    start_new_session=True,
                    **account.popen,
                )
            except OSError as error:
                raise refused(error, Path(binaries["postgres"])) from None
        self._await_ready(self._child, before)

    def running(self) -> bool:
        """Cheap enough to be asked several times a second."""
        if self._child is not None and self._child.pid == self.pid:
            return self._child.poll() is None
        found = PidFile.read(self.folder)
        return found is not None and found.pid == self.pid and found.alive()

    def stop(self) -> None:
        """Fast shutdown: sessions end, data is written. Harder after 30 s. Quiet when none runs."""
        for sign, patience in (
            (signal.SIGINT, STOP_SECONDS),
            (signal.SIGQUIT, 5.0),
            (signal.SIGKILL, 5.0),
        ):
            if not self.running() or self.pid is None:
                break
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, sign)
            self._wait_gone(patience)
        self._child = None
        self.pid = None

    def let_go(self) -> None:
        """Others still use it: it goes on without us, though it is our child."""
        if self._child is not None:
            self._child.returncode = 0  # else Python warns of a child left running
            self._child = None

    def _wait_gone(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.running() and time.monotonic() < deadline:
            time.sleep(STEP_SECONDS)

    def _await_ready(self, child: subprocess.Popen[bytes], log_start: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if child.poll() is not None:
                raise EmbeddedError(explain(self._said(log_start), self.folder, "PostgreSQL did not start"))
            found = PidFile.read(self.folder)
            if found and found.ready and found.pid == child.pid:
                self.pid, self.sockets = found.pid, found.sockets
                return
            time.sleep(STEP_SECONDS)
        child.kill()
        raise EmbeddedError(f"PostgreSQL was not ready within {START_SECONDS:.0f} s; see {self.log}.")

    def _disown_number(self) -> None:
        """The number in a left-over pid file may be another process by now, and PostgreSQL would refuse.

        The file itself must stay: by it PostgreSQL sees that no orphan of the old one still writes.
        """
        found = PidFile.read(self.folder)
        if found is not None and found.alive():
            path = self.folder / "postmaster.pid"
            try:
                path.write_text(path.read_text().replace(str(found.pid), str(NO_PROCESS), 1))
            except OSError as error:
                raise refused(error, path) from None

    def _open_log(self) -> IO[bytes]:
        try:
            if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
                self.log.replace(self.log.with_suffix(".log.1"))
            return self.log.open("ab")
        except OSError as error:
            raise refused(error, self.log) from None

    def _said(self, start: int) -> str:
        with self.log.open("rb") as log:
            log.seek(start)
            return log.read(LOG_BYTES).decode(errors="replace")
