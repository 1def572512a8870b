"""WhatsApp as the desk knows it: the one class behind the interface of `channels/base.py`."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from deskbell.channels.base import (
    Account,
    Arrived,
    Filled,
    Media,
    Notified,
    OutFile,
    Outgoing,
    Person,
    Sent,
    TemplateForm,
)
from deskbell.domain.channels import ChannelRules, Template

from . import errors, facts, inbound, media, outbound, templates, webhook

if TYPE_CHECKING:
    from .graph import Graph

RULES = ChannelRules(
    "WhatsApp",
    outbox=True,
    window=timedelta(hours=24),
    templates=True,
    keywords=("whatsapp_end", "whatsapp_stop"),
    why_not=outbound.why_not,
)


class WhatsApp:
    name = "whatsapp"
    rules = RULES

    def __init__(self, graph: "Callable[[], Graph]") -> None:
        """`graph` makes the client when something is first asked of WhatsApp."""
        self._make = graph

    @cached_property
    def _graph(self) -> "Graph":
        return self._make()

    def challenge(self, query: Mapping[str, str], accounts: Sequence[Account]) -> str | None:
        return webhook.challenge(query, accounts)

    def authentic(self, body: bytes, headers: Mapping[str, str], account: Account) -> bool:
        return webhook.authentic(body, headers, account)

    def names(self, account: Account) -> Sequence[str]:
        """News of a business goes to each of its numbers."""
        business = account.settings.get("waba_id")
        return (
            (account.external_id, business)
            if isinstance(business, str) and business
            else (account.external_id,)
        )

    def notified(self, body: bytes) -> Sequence[Notified]:
        return webhook.notified(body)

    def arrived(self, payload: Mapping[str, Any]) -> Sequence[Arrived]:
        return inbound.arrived(payload)

    def fetch(self, account: Account, file: Media) -> AsyncIterator[bytes]:
        return media.fetch(self._graph, account, file)

    def parts(self, outgoing: Outgoing) -> Sequence[Mapping[str, Any]]:
        return outbound.parts(outgoing)

    async def send(
        self, account: Account, to: Person, part: Mapping[str, Any], attempt: str, file: bytes | None
    ) -> Sent:
        return await outbound.send(self._graph, account, to, part, attempt, file)

    def trouble(self, code: int) -> str | None:
        return errors.account_words(code) if code in errors.ACCOUNT else None

    async def seen(self, account: Account, message_id: str, *, typing: bool) -> None:
        await self._graph.show_read(account, message_id, typing=typing)

    async def check(self, account: Account) -> Mapping[str, Any]:
        return await facts.of(self._graph, account)

    async def templates(self, account: Account) -> Sequence[Template]:
        listed = await self._graph.templates(account)
        return [one for said in listed if (one := templates.template_of(said)) is not None]

    def form(self, template: Template) -> TemplateForm | None:
        return templates.form(template)

    def fill(
        self,
        template: Template,
        values: Mapping[str, str],
        file: OutFile | None,
        view: Mapping[str, Any] | None,
    ) -> Filled:
        return templates.fill(template, values, file, view)

    async def close(self) -> None:
        if "_graph" in self.__dict__:
            await self._graph.close()
