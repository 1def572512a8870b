"""Passwords (Argon2id, PEOPLE-2) and signatures of short-lived links."""

import asyncio
import base64
import hashlib
import hmac
import re
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

PASSWORD_LEAST = 12
PASSWORD_MOST = 256
HASHING_AT_ONCE = 2
HASHING_WAITING = 64

_SIGNATURE = re.compile(r"([0-9]{1,12})\.([A-Za-z0-9_-]{43})")


class Busy(Exception):
    """More people are signing in at this moment than the machine can check; try again in a moment."""


class Check(NamedTuple):
    right: bool
    renew: bool
    """The password was right but its hash is weaker than today's: store a new one."""


class Passwords:
    """Hashes passwords beside the event loop: 19 MiB and two passes each, a bounded number at once."""

    def __init__(self, memory_kib: int = 19 * 1024, passes: int = 2) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._threads = ThreadPoolExecutor(HASHING_AT_ONCE, thread_name_prefix="password")
        self._inside = 0
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """A new hash, salted. Raises Busy."""
        return await self._run(password, None)

    async def check(self, stored: str | None, password: str) -> Check:
        """Whether the password belongs to the hash; with None it takes as long and says no. Raises Busy."""
        if stored is None:
            self._nobody = self._nobody or await self.hash("nobody has this password")
        verdict = await self._run(password, stored or self._nobody)
        return Check(verdict != "" and stored is not None, verdict == "renew" and stored is not None)

    async def _run(self, password: str, stored: str | None) -> str:
        if self._inside >= HASHING_WAITING:
            raise Busy("Too many sign-ins at once.")
        self._inside += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._work, password, stored)
        finally:
            self._inside -= 1

    def _work(self, password: str, stored: str | None) -> str:
        """A new hash when `stored` is None, else "" (wrong), "right" or "renew"."""
        secret = password.encode("utf-8", "surrogatepass")
        if stored is None:
            return self._hasher.hash(secret)
        try:
            self._hasher.verify(stored, secret)
        except (Argon2Error, InvalidHashError):
            return ""
        return "renew" if self._hasher.check_needs_rehash(stored) else "right"

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def sign(secret: bytes, purpose: str, subject: str, until: int) -> str:
    """A signature that lets its holder do one thing with one subject until a time (seconds, UTC)."""
    return f"{until}.{_mac(secret, purpose, subject, until)}"


def signed(secret: bytes, purpose: str, subject: str, signature: str, now: int) -> bool:
    """Whether `sign` made this for the same purpose and subject and its time is not over."""
    form = _SIGNATURE.fullmatch(signature)
    if form is None:
        return False
    until, mac = int(form[1]), form[2]
    return hmac.compare_digest(mac, _mac(secret, purpose, subject, until)) and now < until


def _mac(secret: bytes, purpose: str, subject: str, until: int) -> str:
    message = "\x00".join((purpose, subject, str(until))).encode()
    return base64.urlsafe_b64encode(hmac.digest(secret, message, hashlib.sha256)).rstrip(b"=").decode()
