"""A mailbox over IMAP, one call at a time in a thread of its own (RFC 3501; IDLE is RFC 2177, MOVE is RFC 6851).

Every call raises MailboxError when the server is away, refuses, or says something odd; then the mailbox is closed and
opened anew.
"""

import asyncio
import imaplib
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from typing import Any, NamedTuple, TypeVar

import imapclient  # type: ignore[import-untyped]
from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import LoginError, ProtocolError  # type: ignore[import-untyped]

from deskbell.settings import Settings

CONNECT_S = 10
READ_S = 60
IDLE_S = 300
"""Then the server is asked anew: some drop silent connections without a word."""
BEGINNING = 2_000_000

_T = TypeVar("_T")
_BROKEN = (
    imaplib.IMAP4.error,
    ProtocolError,
    OSError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    AssertionError,
)

logging.getLogger("imapclient").setLevel(logging.WARNING)  # its debug lines hold mail


class MailboxError(Exception):
    """The mailbox cannot be read just now; the text is for the person who runs the desk. `refused`: user or password."""

    def __init__(self, text: str, *, refused: bool = False) -> None:
        super().__init__(text)
        self.refused = refused


class Fetched(NamedTuple):
    """`size`: of the whole mail in bytes; `raw` is less of it when it is too large."""

    uid: int
    raw: bytes
    size: int


class Folder(NamedTuple):
    uidvalidity: int
    last_uid: int


class Mailbox:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: Any = None
        self._idle = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="imap")

    @property
    def name(self) -> str:
        s = self._settings
        return f"{s.imap_user}@{s.imap_host}/{s.imap_mailbox}"

    async def open(self) -> Folder:
        return await self._do(self._open)

    async def new_uids(self, after: int) -> list[int]:
        """All above a uid, in their order."""
        found = await self._do(lambda: self._client.search(["UID", f"{after + 1}:*"]))
        return sorted(uid for uid in found if uid > after)  # `n:*` names the last one even when it is smaller

    async def unseen(self, upto: int | None = None, since: date | None = None) -> list[int]:
        """Those nobody has looked at, up to a uid; or also, when `since` is given, all that came since that day."""
        criteria: list[Any] = ["UNSEEN"] if since is None else ["OR", "UNSEEN", ["SINCE", since]]
        if upto is not None:
            criteria = ["UID", f"1:{max(upto, 1)}", *criteria]
        return sorted(await self._do(lambda: self._client.search(criteria)))

    async def fetch(self, uid: int) -> Fetched | None:
        """One mail, of a larger one the beginning; None when it is gone."""
        return await self._do(lambda: self._fetch(uid))

    async def put_away(self, uids: Sequence[int]) -> None:
        """Mark as seen, and move if that is set."""
        if uids:
            await self._do(lambda: self._put_away(list(uids)))

    async def wait(self) -> None:
        """Until something may have come: by IDLE at once, else after imap_poll_s."""
        if not self._idle:
            await asyncio.sleep(self._settings.imap_poll_s)
            await self._do(lambda: self._client.noop())
            return
        if not await self._do(self._begin_idle):
            await self._readable(self._client.socket(), IDLE_S)
        await self._do(lambda: self._client.idle_done())

    async def close(self) -> None:
        """After whatever the thread is at. Never raises."""
        with suppress(Exception):
            await asyncio.wait_for(self._do(self._drop), CONNECT_S)
        self._thread.shutdown(wait=False)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="imap")

    async def _do(self, work: Callable[[], _T]) -> _T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except _BROKEN as error:
            raise MailboxError(_sentence(error), refused=isinstance(error, LoginError)) from None

    async def _readable(self, sock: Any, seconds: float) -> None:
        """Until bytes come, without holding a thread."""
        loop, came = asyncio.get_running_loop(), asyncio.Event()
        descriptor: int = sock.fileno()
        loop.add_reader(descriptor, came.set)
        try:
            async with asyncio.timeout(seconds):
                await came.wait()
        except TimeoutError:
            pass
        finally:
            loop.remove_reader(descriptor)

    def _begin_idle(self) -> bool:
        """Whether news came along with the server's leave to wait: it is read already, and no socket tells of it."""
        self._client.idle()
        return bool(self._client.idle_check(timeout=0))

    def _open(self) -> Folder:
        s = self._settings
        tls = s.imap_tls == "tls"
        port = s.imap_port or (993 if tls else 143)
        self._client = _Client(s.imap_host, port, ssl=tls, timeout=SocketTimeout(CONNECT_S, READ_S))
        if s.imap_tls == "starttls":
            self._client.starttls()
        self._client.login(s.imap_user, s.imap_password)
        selected = self._client.select_folder(s.imap_mailbox)
        self._idle = self._client.has_capability("IDLE")
        return Folder(int(selected[b"UIDVALIDITY"]), int(selected.get(b"UIDNEXT", 1)) - 1)

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.shutdown()

    def _fetch(self, uid: int) -> Fetched | None:
        found = self._client.fetch([uid], ["RFC822.SIZE"]).get(uid)
        if found is None:
            return None
        size = int(found[b"RFC822.SIZE"])
        large = size > self._settings.imap_max_mb * 1_000_000
        what = f"BODY.PEEK[]<0.{BEGINNING}>" if large else "BODY.PEEK[]"
        values = self._client.fetch([uid], [what]).get(uid, {})
        raw = next((value for key, value in values.items() if key.startswith(b"BODY[]")), None)
        return Fetched(uid, raw, size if large else len(raw)) if isinstance(raw, bytes) else None

    def _put_away(self, uids: list[int]) -> None:
        self._client.add_flags(uids, [imapclient.SEEN], silent=True)
        folder = self._settings.imap_done
        if not folder:
            return
        if self._client.has_capability("MOVE"):
            self._client.move(uids, folder)
        else:
            self._client.copy(uids, folder)
            self._client.delete_messages(uids, silent=True)
            self._client.expunge(uids)


class _Client(IMAPClient):  # type: ignore[misc]
    def _poll_socket(self, sock: Any, timeout: float | None = None) -> Any:
        """With no time to wait, look into what was read already: the library asks the socket, which knows nothing of it."""
        return [True] if timeout == 0 else super()._poll_socket(sock, timeout)


def _sentence(error: BaseException) -> str:
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(error)
    return f"{type(error).__name__}: {text}"[:300]
