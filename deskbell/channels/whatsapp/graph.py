"""Calls to Meta's Graph API: one client per node with connections that stay open. Tokens go into headers only."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import httpx
import msgspec

from deskbell.channels.base import Account, SendError

from . import errors

TIMEOUT = httpx.Timeout(30, connect=5, write=60)
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=40, keepalive_expiry=20)
NOT_WRITTEN = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
"""Nothing of the request can have arrived."""
PAGES = 70
PAGE = 100
"""Templates; 6,000 is the most that Meta lets an account have."""
NUMBER_FIELDS = (
    "display_phone_number,verified_name,quality_rating,throughput,whatsapp_business_manager_messaging_limit"
)
TEMPLATE_FIELDS = "id,name,language,status,category,parameter_format,components,quality_score,rejected_reason"
ANSWER_BYTES = 8 * 1024 * 1024


class Graph:
    def __init__(self, base: str, version: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """`base` as in https://graph.facebook.com."""
        self.base = base
        self._root = f"{base}/{version}"
        self._client = httpx.AsyncClient(
            timeout=TIMEOUT, limits=LIMITS, transport=transport, trust_env=False, follow_redirects=False
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def send(self, account: Account, body: Mapping[str, Any]) -> str:
        """The id that WhatsApp gave the message. Raises SendError, `ambiguous` when it may have been taken."""
        answer = await self._post(account, f"{account.external_id}/messages", body, once=True)
        messages = answer.get("messages")
        known = messages[0].get("id") if isinstance(messages, list) and messages else None
        if not isinstance(known, str) or not known:
            raise SendError("WhatsApp took this but did not say under which id.", ambiguous=True)
        return known

    async def show_read(self, account: Account, message_id: str, *, typing: bool) -> None:
        body: dict[str, Any] = {"messaging_product": "whatsapp", "status": "read", "message_id": message_id}
        if typing:
            body["typing_indicator"] = {"type": "text"}
        await self._post(account, f"{account.external_id}/messages", body)

    async def upload(self, account: Account, content: bytes, type_: str, name: str) -> str:
        """The id under which messages may carry it."""
        answer = await self._call(
            account,
            "POST",
            f"{account.external_id}/media",
            data={"messaging_product": "whatsapp", "type": type_},
            files={"file": (name, content, type_)},
        )
        return str(answer.get("id", ""))

    async def number(self, account: Account) -> Mapping[str, Any]:
        """What Meta says of the number."""
        return await self._call(account, "GET", account.external_id, params={"fields": NUMBER_FIELDS})

    async def subscribe(self, account: Account) -> None:
        """Our app gets the webhooks of the business account; told again it stays so."""
        await self._call(account, "POST", f"{account.settings['waba_id']}/subscribed_apps")

    async def templates(self, account: Account) -> Sequence[Mapping[str, Any]]:
        """All of the business account, whatever their state."""
        found: list[Mapping[str, Any]] = []
        asked = {"fields": TEMPLATE_FIELDS, "limit": str(PAGE)}
        path = f"{account.settings.get('waba_id', '')}/message_templates"
        for _ in range(PAGES):
            answer = await self._call(account, "GET", path, params=asked)
            data = answer.get("data")
            found.extend(one for one in data or () if isinstance(one, Mapping))
            after = _after(answer)
            if not data or after is None or len(data) < PAGE:
                break
            asked["after"] = after
        return found

    async def media(self, account: Account, media_id: str) -> Mapping[str, Any]:
        """Where the bytes of a file are for the next 5 minutes, and what they should be."""
        asked = {"phone_number_id": account.external_id}
        return await self._call(account, "GET", media_id, params=asked)

    async def bytes_of(self, account: Account, url: str) -> AsyncIterator[bytes]:
        """The bytes at an address that `media` gave; whoever calls has checked the host. Raises SendError."""
        try:
            async with self._client.stream("GET", url, headers=_headers(account)) as answer:
                if answer.status_code != 200:
                    raise SendError(
                        f"WhatsApp answered with the status {answer.status_code}.", code=answer.status_code
                    )
                async for piece in answer.aiter_bytes():
                    yield piece
        except httpx.HTTPError as error:
            raise SendError(_broken(error), retry=errors.RETRY_S) from None

    async def _post(
        self, account: Account, path: str, body: Mapping[str, Any], *, once: bool = False
    ) -> Mapping[str, Any]:
        content = msgspec.json.encode(body)
        return await self._call(
            account, "POST", path, once=once, content=content, headers={"Content-Type": "application/json"}
        )

    async def _call(
        self,
        account: Account,
        method: str,
        path: str,
        *,
        once: bool = False,
        headers: Mapping[str, str] | None = None,
        **request: Any,
    ) -> Mapping[str, Any]:
        """`once`: doing it twice would be seen, so what is not known is not called a failure."""
        try:
            answer = await self._client.request(
                method, f"{self._root}/{path}", headers={**_headers(account), **(headers or {})}, **request
            )
        except NOT_WRITTEN as error:
            raise SendError(_broken(error), retry=errors.RETRY_S) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            if once:
                raise SendError(_broken(error), ambiguous=True) from None
            raise SendError(_broken(error), retry=errors.RETRY_S) from None
        body = _json(answer)
        if answer.is_success and isinstance(body, Mapping):
            return body
        if answer.is_success:
            raise SendError("WhatsApp's answer made no sense.", ambiguous=once)
        raise errors.of_answer(answer.status_code, body)


def _headers(account: Account) -> dict[str, str]:
    return {"Authorization": f"Bearer {account.secrets.get('token', '')}"}


def _json(answer: httpx.Response) -> Any:
    try:
        return msgspec.json.decode(answer.content[:ANSWER_BYTES])
    except (ValueError, RecursionError):
        return None


def _after(answer: Mapping[str, Any]) -> str | None:
    paging = answer.get("paging")
    cursors = paging.get("cursors") if isinstance(paging, Mapping) else None
    after = cursors.get("after") if isinstance(cursors, Mapping) else None
    return after if isinstance(after, str) and after else None


def _broken(error: Exception) -> str:
    """Without the exception's own words: they may hold a header that could not be sent."""
    if isinstance(error, httpx.TimeoutException):
        return "WhatsApp did not answer in time."
    return "The connection to WhatsApp broke."
