"""How long the lists take: every tab, both sorts, ticket groups, filters, first and deep pages, and the counts."""

import http.client
import json
import time

from bench.server import BenchError

TABS = ("live", "pending", "tagged", "closed", "tickets")
SORTS = ("activity", "new")
GROUPS = ("unassigned", "assigned", "closed")
DEEP_PAGES = 20
FILTERED = ("tab=closed&closed_by=agent", "tab=closed&flagged=true", "tab=closed&from=1&to=99999999999999")


class Reader:
    """One member of staff with one kept-open connection; remembers how long each answer took."""

    def __init__(self, port: int, cookie: str, scope: str) -> None:
        self.times: list[float] = []
        self.slowest = (0.0, "")
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Cookie": cookie}
        self._scope = scope

    def count(self, asked: str) -> None:
        self._get(f"/api/conversations/counts?scope={self._scope}&{asked}")

    def pages(self, asked: str, most: int = DEEP_PAGES) -> None:
        """The first pages, one after the other."""
        path = f"/api/conversations?scope={self._scope}&limit=50&{asked}"
        after = ""
        for _ in range(most):
            found = json.loads(self._get(path + after))
            if not found["next"]:
                return
            after = f"&after={found['next']}"

    def _get(self, path: str) -> bytes:
        began = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        took = time.perf_counter() - began
        if answer.status != 200:
            raise BenchError(f"{path} answered {answer.status}: {body[:200].decode(errors='replace')}")
        self.times.append(took)
        self.slowest = max(self.slowest, (took, path.partition("&after")[0]))
        return body


def read_all(reader: Reader, times: int) -> None:
    """Every list there is, so many times."""
    for _ in range(times):
        reader.count("tab=live")
        for tab in TABS:
            for sort in SORTS:
                reader.pages(f"tab={tab}&sort={sort}")
        for group in GROUPS:
            reader.pages(f"tab=tickets&group={group}")
        for asked in FILTERED:
            reader.count(asked)
            reader.pages(asked, most=2)
