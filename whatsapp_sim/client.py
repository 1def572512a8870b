"""The control API for programs: what a customer does, what the clock does, and what goes wrong."""

from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
import msgspec

from whatsapp_sim.delivery import trust
from whatsapp_sim.faults import Faults
from whatsapp_sim.verbs import Kind
from whatsapp_sim.views import (
    AppView,
    ClockView,
    FloodView,
    IdleView,
    LineView,
    MessageView,
    NumberView,
    Overview,
    ThreadView,
    UserView,
)

Json = dict[str, Any]
T = TypeVar("T")
PATIENCE_S = 90.0


class Refusal(Exception):
    """The simulator cannot do it; the text says why."""


class Client:
    """`async with Client(simulator.base) as phone: await phone.text("marta", "Hello")`."""

    def __init__(self, base: str) -> None:
        # Whatever proxy the machine uses, what is said here stays here.
        self._http = httpx.AsyncClient(base_url=f"{base}/_sim", trust_env=False, verify=trust())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def _ask(
        self,
        answer: type[T],
        method: str,
        path: str,
        body: object = None,
        query: dict[str, Any] | None = None,
        patience: float = 0.0,
    ) -> T:
        content = None if body is None else msgspec.json.encode(body)
        timeout = PATIENCE_S + patience
        said = await self._http.request(method, path, content=content, params=query, timeout=timeout)
        if said.is_error:
            raise Refusal(f"{said.status_code}: {said.text}")
        if answer is type(None):
            return None
        return msgspec.json.decode(said.content, type=answer)

    # Customers

    async def overview(self) -> Overview:
        return await self._ask(Overview, "GET", "/")

    async def users(self) -> list[UserView]:
        return await self._ask(list[UserView], "GET", "/users")

    async def add_user(self, name: str, **about: Any) -> UserView:
        """`about` as in verbs.NewUser: id, phone, username, hidden, dialled, on_whatsapp, auto_read."""
        return await self._ask(UserView, "POST", "/users", {"name": name} | about)

    async def change_user(self, user: str, **about: Any) -> UserView:
        return await self._ask(UserView, "PATCH", f"/users/{user}", about)

    async def send(self, user: str, kind: Kind, **about: Any) -> MessageView:
        """`about` as in verbs.Write; what is left out is filled with a sample."""
        return await self._ask(MessageView, "POST", f"/users/{user}/send", {"type": kind} | about)

    async def text(self, user: str, text: str, **about: Any) -> MessageView:
        return await self.send(user, "text", text=text, **about)

    async def react(self, user: str, target: str, emoji: str, **about: Any) -> MessageView:
        """An empty `emoji` takes the reaction back."""
        return await self.send(user, "reaction", target=target, emoji=emoji, **about)

    async def edit(self, user: str, target: str, text: str, **about: Any) -> MessageView:
        return await self.send(user, "edit", target=target, text=text, **about)

    async def delete(self, user: str, target: str, **about: Any) -> MessageView:
        return await self.send(user, "delete", target=target, **about)

    async def press(self, user: str, target: str, text: str, payload: str = "", **about: Any) -> MessageView:
        """A quick reply of the template `target`."""
        return await self.send(user, "button", reply_to=target, text=text, payload=payload, **about)

    async def read(self, user: str, wamid: str = "", number: str = "") -> list[str]:
        """Message ids that were read by this: all that arrived, or those up to `wamid`."""
        return await self._ask(list[str], "POST", f"/users/{user}/read", {"wamid": wamid, "number": number})

    async def play(self, user: str, wamid: str) -> None:
        await self._ask(type(None), "POST", f"/users/{user}/play", {"wamid": wamid})

    async def block(self, user: str, *, blocked: bool = True, number: str = "") -> None:
        await self._ask(type(None), "POST", f"/users/{user}/block", {"blocked": blocked, "number": number})

    async def change_number(self, user: str, phone: str) -> UserView:
        return await self._ask(UserView, "POST", f"/users/{user}/change-number", {"phone": phone})

    async def change_identity(self, user: str) -> None:
        await self._ask(type(None), "POST", f"/users/{user}/change-identity")

    async def prefer(self, user: str, *, marketing: bool, number: str = "") -> None:
        await self._ask(
            type(None), "POST", f"/users/{user}/preferences", {"marketing": marketing, "number": number}
        )

    async def thread(self, user: str, number: str = "") -> ThreadView:
        return await self._ask(ThreadView, "GET", f"/users/{user}/thread", query={"number": number})

    # Time and trouble

    async def clock(self) -> ClockView:
        return await self._ask(ClockView, "GET", "/clock")

    async def advance(self, seconds: float) -> ClockView:
        return await self._ask(ClockView, "POST", "/clock", {"advance": seconds})

    async def set_clock(self, at: float, *, running: bool | None = None) -> ClockView:
        return await self._ask(ClockView, "POST", "/clock", {"set": at, "running": running})

    async def faults(self, **knobs: Any) -> Faults:
        """Exactly these knobs, as in faults.Faults; none: nothing goes wrong any more."""
        return await self._ask(Faults, "PUT", "/faults", knobs)

    async def turn(self, **knobs: Any) -> Faults:
        """These knobs; the others stay."""
        return await self._ask(Faults, "PATCH", "/faults", knobs)

    async def idle(self, *, jump: bool = False) -> IdleView:
        """Wait until nothing is under way; `jump` moves the clock on until nothing is planned."""
        return await self._ask(IdleView, "POST", "/idle", {"jump": jump})

    async def journal(self, **asked: Any) -> list[LineView]:
        """`kind` (graph or webhook), `path`, `about` (message id), `text`, `after`, `limit`."""
        return await self._ask(list[LineView], "GET", "/journal", query=asked)

    async def clear_journal(self) -> None:
        await self._ask(type(None), "DELETE", "/journal")

    # The business side

    async def set_webhook(self, url: str, **about: Any) -> AppView:
        """`about`: secret, verify_token, app, check. Raises Refusal when the challenge is not answered."""
        return await self._ask(AppView, "PUT", "/webhook", {"url": url} | about)

    async def add_number(self, number: str, account: str, phone: str, **about: Any) -> NumberView:
        """`about`: name, country, throughput, allowed."""
        known = {"id": number, "account": account, "phone": phone}
        return await self._ask(NumberView, "POST", "/numbers", known | about)

    async def add_token(self, token: str, accounts: list[str], expires_in: float | None = None) -> None:
        """Also for a known one: 0 makes it expire now."""
        body = {"token": token, "accounts": accounts, "expires_in": expires_in}
        await self._ask(type(None), "POST", "/tokens", body)

    async def turn_template(self, template: str, **about: Any) -> None:
        """`status` with `reason`, `quality`, or `category`."""
        await self._ask(type(None), "POST", f"/templates/{template}", about)

    async def update(self, field: str, value: Json, account: str = "") -> None:
        """Any webhook by hand."""
        await self._ask(type(None), "POST", "/updates", {"field": field, "value": value, "account": account})

    async def flood(self, rate: float, seconds: float) -> FloodView:
        """Many webhooks a second, one new message each."""
        return await self._ask(
            FloodView, "POST", "/flood", {"rate": rate, "seconds": seconds}, patience=seconds
        )

    async def reset(self) -> None:
        await self._ask(type(None), "POST", "/reset")
