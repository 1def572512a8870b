"""A messaging service that does not exist, as a channel: all that a third one needs is such a folder (CHANNEL-1)."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from deskbell.channels.base import (
    Account,
    Amended,
    Arrived,
    Media,
    Notified,
    Outgoing,
    Person,
    Said,
    Sent,
    Status,
)
from deskbell.domain.channels import ChannelRules

LETTERS = 40
"""Of one page; longer texts are several."""


class Pager:
    name = "pager"
    rules = ChannelRules("Pager", outbox=True)

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []
        """(to, text, id) of what went out."""

    def challenge(self, query: Mapping[str, str], accounts: Sequence[Account]) -> str | None:
        return None

    def authentic(self, body: bytes, headers: Mapping[str, str], account: Account) -> bool:
        return headers.get("x-pager-key") == account.secrets["key"]

    def names(self, account: Account) -> Sequence[str]:
        return (account.external_id,)

    def notified(self, body: bytes) -> Sequence[Notified]:
        return [Notified(one["to"], one["id"], one["by"], one) for one in json.loads(body)]

    def arrived(self, payload: Mapping[str, Any]) -> Sequence[Arrived]:
        person, at = Person(payload["by"], name="Bob"), datetime.fromtimestamp(payload["at"], UTC)
        match payload["kind"]:
            case "page":
                files = tuple(
                    Media(one, "document", "text/plain", "note.txt") for one in payload.get("files", ())
                )
                return [Said(payload["id"], person, at, payload["text"], files)]
            case "thanks":
                return [Amended(payload["id"], person, at, payload["about"], "reacted", "OK")]
            case "seen":
                return [Status(payload["about"], "read", at)]
        return []

    async def fetch(self, account: Account, file: Media) -> AsyncIterator[bytes]:
        yield f"file {file.id}".encode()

    def parts(self, outgoing: Outgoing) -> Sequence[Mapping[str, Any]]:
        text = outgoing.text
        return [{"text": text[start : start + LETTERS]} for start in range(0, len(text), LETTERS)]

    async def send(
        self, account: Account, to: Person, part: Mapping[str, Any], attempt: str, file: bytes | None
    ) -> Sent:
        self.sent.append((to.user_id, part["text"], f"out-{len(self.sent)}"))
        return Sent(self.sent[-1][2])

    def trouble(self, code: int) -> str | None:
        return None

    async def seen(self, account: Account, message_id: str, *, typing: bool) -> None:
        """Pagers show no such thing."""

    async def check(self, account: Account) -> Mapping[str, Any]:
        return {"verified_name": "Pager"}

    async def close(self) -> None:
        """There is no connection."""
