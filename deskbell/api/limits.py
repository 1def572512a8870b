"""How often strangers may try things, per node (hardening: every route that needs no sign-in has a limit)."""

from deskbell.api.problems import Problem
from deskbell.kit.limits import Buckets
from deskbell.kit.net import limit_key


class Limits:
    """The buckets of one node. Times are seconds of the injected clock."""

    def __init__(self) -> None:
        self._sign_in_all = Buckets(rate=20, burst=200, size=1)
        self._sign_in_address = Buckets(rate=0.5, burst=60)
        self._sign_in_account = Buckets(rate=0.2, burst=30)
        self._sign_in_pair = Buckets(rate=1 / 20, burst=6)
        self._setup = Buckets(rate=0.1, burst=10)
        self._session = Buckets(rate=0.5, burst=60)
        self._visit = Buckets(rate=20, burst=200)
        self._upload = Buckets(rate=0.5, burst=30)
        self._wish = Buckets(rate=1 / 30, burst=10)

    def before_sign_in(self, address: str, email: str, now: float) -> None:
        """Raises Problem 429. Nobody can lock somebody else out for long: the pair empties first."""
        client = limit_key(address)
        self._take(
            now,
            (self._sign_in_pair, (client, email)),
            (self._sign_in_account, email),
            (self._sign_in_address, client),
            (self._sign_in_all, None),
        )

    def after_sign_in(self, address: str, email: str) -> None:
        """It was right: only wrong ones count."""
        client = limit_key(address)
        self._sign_in_pair.forget((client, email))
        self._sign_in_account.give(email)
        self._sign_in_address.give(client)

    def before_setup(self, address: str, now: float) -> None:
        self._take(now, (self._setup, limit_key(address)))

    def before_visitor(self, address: str, now: float) -> None:
        """A new visitor's session from this address."""
        self._take(now, (self._session, limit_key(address)))

    def before_visit(self, address: str, now: float) -> None:
        """A report of a page; many people may share an address."""
        self._take(now, (self._visit, limit_key(address)))

    def before_upload(self, who: tuple[str, int], now: float) -> None:
        self._take(now, (self._upload, who))

    def before_wish(self, conversation_id: int, now: float) -> None:
        """A rating, or a transcript, of this conversation."""
        self._take(now, (self._wish, conversation_id))

    @staticmethod
    def _take(now: float, *asked: tuple[Buckets, object]) -> None:
        """From all buckets or from none."""
        wait = max(bucket.wait(key, now) for bucket, key in asked)
        if wait > 0:
            raise Problem(429, "rate", "Too many tries. Please wait a moment.", retry_after=int(wait) + 1)
        for bucket, key in asked:
            bucket.take(key, now)
