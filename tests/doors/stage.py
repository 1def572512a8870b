"""A whole desk over two nodes with everybody's ears on the second, to play single actions of the table on.

Ada owns the chats. Bruno is her colleague in Support and Night, Tess can be tagged, Olga and Otto are Sales, Uma is
unavailable, Fay is Full all by herself, Sven supervises and follows everything. Marta is the customer, a new one each
time; Theo is another customer.
"""

import asyncio
import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import httpx

from deskbell.domain.commands import Ring
from deskbell.domain.people import SYSTEM
from deskbell.store import departments
from tests.doors.house import Door, House, Person, Visitor
from tests.doors.sockets import Frame, Socket

PLENTY = {
    f"{who}_{what}": 1_000_000
    for who, what in (
        ("staff", "frames_per_s"),
        ("staff", "frames_burst"),
        ("visitor", "frames_per_s"),
        ("visitor", "frames_burst"),
        ("visitor", "messages_per_s"),
        ("visitor", "messages_burst"),
    )
}
NEVER = {"zone": "UTC", "weekly": [[]] * 7, "holidays": []}
CUSTOMERS = ("marta", "theo")
ANSWERS = ("ack", "nack", "queue")
"""Told to one person alone."""

ACTIONS: dict[str, Frame] = {
    "flag": {"t": "flag", "on": True},
    "unflag": {"t": "flag", "on": False},
    "pend": {"t": "pending", "on": True},
    "unpend": {"t": "pending", "on": False},
    "comment": {"t": "comment", "text": "Between us"},
    "name tess": {"t": "comment", "text": "Tess, look", "mentions": ["tess"]},
    "name uma": {"t": "comment", "text": "Uma, look", "mentions": ["uma"]},
    "pass to bruno": {"t": "transfer", "agent": "bruno", "note": "Yours?"},
    "pass to ada": {"t": "transfer", "agent": "ada"},
    "pass to uma": {"t": "transfer", "agent": "uma"},
    "pass to sales": {"t": "transfer", "department": "sales"},
    "pass to empty": {"t": "transfer", "department": "empty"},
    "take": {"t": "transfer_answer", "accept": True},
    "refuse": {"t": "transfer_answer", "accept": False},
    "cancel": {"t": "transfer_cancel"},
    "pick up": {"t": "offer_answer", "accept": True},
    "decline": {"t": "offer_answer", "accept": False},
    "give ada": {"t": "assign", "agent": "ada"},
    "give bruno": {"t": "assign", "agent": "bruno"},
    "give olga": {"t": "assign", "agent": "olga"},
    "give uma": {"t": "assign", "agent": "uma"},
    "accept": {"t": "accept"},
    "write": {"t": "send", "text": "Hello again"},
    "write //end": {"t": "send", "text": " //END "},
    "end": {"t": "close"},
}

GIVEN: dict[str, tuple[str | None, tuple[tuple[str, str], ...]]] = {
    "live": (None, ()),
    "flagged": (None, (("ada", "flag"),)),
    "pending": (None, (("ada", "pend"),)),
    "passing": (None, (("ada", "pass to bruno"),)),
    "hall": (None, (("ada", "pass to sales"),)),
    "tagged": (None, (("ada", "name tess"),)),
    "closed": (None, (("ada", "end"),)),
    "queued": ("full", ()),
    "ringing": ("full", (("system", "ring bruno"),)),
    "ticket": ("night", ()),
    "assigned": ("night", (("ada", "accept"),)),
    "done": ("night", (("ada", "accept"), ("ada", "end"))),
}
"""State -> the department that the customer picks, and what is done to get there."""

FIRST_EVENT = {None: "assigned", "full": "queued", "night": "ticket"}


class Answer(NamedTuple):
    """`code` is "ack", or that of the refusal."""

    code: str
    seq: int = 0
    dup: bool = False
    text: str = ""


class Part(NamedTuple):
    """One conversation of the table, and its customer."""

    c: int
    customer: Visitor
    widget: Socket


class Stage:
    def __init__(self, house: House, one: Door, two: Door) -> None:
        self.house, self.one, self.two = house, one, two
        self.people: dict[str, Person] = {}
        self.departments: dict[str, int] = {}
        self.mouths: dict[str, Socket] = {}
        self.ears: dict[str, Socket] = {}
        self.theo: Visitor
        self._marks: dict[str, int] = {}
        self._visits: list[Socket] = []
        self._https: dict[tuple[str, int], httpx.AsyncClient] = {}
        self._ids = itertools.count(1)

    # -- what is given

    async def given(self, state: str) -> Part:
        """A new conversation in this state; everybody has heard all about it."""
        department, steps = GIVEN[state]
        part = await self.start(department)
        for who, action in steps:
            if who == "system":
                await self.ring(part, "bruno")
            else:
                answer = await self.act(part, who, action, "http")
                assert answer.code == "ack", (state, who, action, answer)
        await self.hush(part)
        return part

    async def start(self, department: str | None = None, text: str = "Hello") -> Part:
        """Marta's new chat: Ada's, for she dealt with her last; or it waits, or is a ticket, by its department."""
        self.house.clock.advance(timedelta(seconds=2))  # new visitors come no faster than that
        customer = await self.house.visitor(self.one)
        newest = "UPDATE customer SET last_agent_id = $1 WHERE id = (SELECT max(id) FROM customer)"
        await self.house.pool.execute(newest, self.people["ada"].id)
        widget = await customer.widget(self.two)
        self._visits.append(widget)
        picked = {"department": self.departments[department]} if department else {}
        c = (await customer.start(widget, text, **picked))["c"]
        await widget.event(FIRST_EVENT[department])
        return Part(c, customer, widget)

    async def ring(self, part: Part, who: str) -> None:
        """As routing does it."""
        await self.one.node.desk.perform(Ring(part.c, self.people[who].id, "it is their turn", SYSTEM))

    async def leave(self) -> None:
        """The customers close their pages."""
        while self._visits:
            await self._visits.pop().line.close()

    # -- doing

    async def act(
        self, part: Part, who: str, action: str, by: str, *, id: str = "", near: bool = True
    ) -> Answer:
        """One action through one door (`http` or `socket`), of the first node (`near`) or of the second."""
        body: Frame = {"id": id or f"act-{next(self._ids)}", "c": part.c} | self._named(ACTIONS[action])
        if by == "socket":
            return _answer(await (await self._socket(part, who, near)).ask(**body))
        answer = await (await self.http(part, who, near)).post(_address(body, who), json=_body(body, who))
        if answer.status_code == 200:
            return _answer({"t": "ack"} | answer.json())
        return _answer({"t": "nack"} | answer.json()["error"])

    def _named(self, action: Frame) -> Frame:
        """With numbers instead of names."""
        found = dict(action)
        if "agent" in found:
            found["agent"] = self.people[found["agent"]].id
        if "department" in found:
            found["department"] = self.departments[found["department"]]
        if "mentions" in found:
            found["mentions"] = [self.people[name].id for name in found["mentions"]]
        return found

    async def _socket(self, part: Part, who: str, near: bool) -> Socket:
        if who not in CUSTOMERS:
            return (self.mouths if near else self.ears)[who]
        if who == "theo":
            return self.mouths["theo"]
        if not near:
            return part.widget
        self._visits.append(await part.customer.widget(self.one))
        return self._visits[-1]

    async def http(self, part: Part, who: str, near: bool) -> httpx.AsyncClient:
        door = self.one if near else self.two
        if who in CUSTOMERS:
            return (part.customer if who == "marta" else self.theo).http(door)
        key = (who, near)
        if key not in self._https:
            self._https[key] = await self.people[who].http(door)
        return self._https[key]

    # -- hearing

    async def hush(self, part: Part) -> None:
        """Wait until all that was committed is told on the second node, and begin to listen anew."""
        await self.caught_up(part, "sven")
        await self._flush(part)
        self._marks = {name: len(socket.all) for name, socket in self._all_ears(part).items()}

    async def caught_up(self, part: Part, *names: str) -> None:
        """These have heard the newest entry, and everybody their notices."""
        last = await self.house.pool.fetchval("SELECT last_seq FROM conversation WHERE id = $1", part.c)
        for name in names:
            await _until(
                self.ears[name], lambda f: _about(f) == part.c and _seq(f) >= last, f"{name}: {last}"
            )
        for staff_id, number in await self.house.pool.fetch(
            "SELECT staff_id, id FROM notification WHERE conversation_id = $1", part.c
        ):
            name = next(name for name, person in self.people.items() if person.id == staff_id)
            if name in self.ears:
                await _until(self.ears[name], _is_notice(number), f"notice {number} for {name}")

    async def heard(self, part: Part) -> dict[str, list[Frame]]:
        """What everybody on the second node has heard about it since `hush`; nothing is on its way any more."""
        await self._flush(part)
        return {
            name: [
                f for f in socket.all[self._marks[name] :] if _about(f) == part.c and f["t"] not in ANSWERS
            ]
            for name, socket in self._all_ears(part).items()
        }

    async def _flush(self, part: Part) -> None:
        sockets = (*self._all_ears(part).values(), *self.mouths.values())  # who is silent for long is let go
        await asyncio.gather(*(socket.quiet() for socket in sockets))

    def _all_ears(self, part: Part) -> dict[str, Socket]:
        return self.ears | {"marta": part.widget}

    # -- time

    async def pass_time(self, by: timedelta) -> None:
        """Time goes by, with every console renewed all the while."""
        renewed = self.house.clock.now() + by + timedelta(hours=1)
        await self.house.pool.execute("UPDATE presence SET seen_at = $1", renewed)
        self.house.clock.advance(by)


async def set_up(house: House) -> Stage:
    """Everybody is there, but for Uma; the line to the second node is up."""
    stage = Stage(house, await house.open(**PLENTY), await house.open(**PLENTY))
    for name in ("Support", "Sales", "Full", "Night", "Empty"):
        stage.departments[name.lower()] = await house.department(name)
    support, sales, full, night, _ = stage.departments.values()
    await departments.change(house.pool, night, {"hours": NEVER})
    await _hire(stage, "Ada", in_=(support, night))
    await _hire(stage, "Bruno", in_=(support, night))
    await _hire(stage, "Tess")
    await _hire(stage, "Olga", in_=(sales,))
    await _hire(stage, "Otto", in_=(sales,))
    await _hire(stage, "Fay", in_=(full,), max_chats=1)
    await _hire(stage, "Sven", role="supervisor")
    stage.people["uma"] = await house.hire("Uma", in_=(support,), available=False)
    await stage.ears["sven"].say("follow", all=True)
    stage.theo = await house.visitor(stage.one)
    stage.mouths["theo"] = await stage.theo.widget(stage.one)
    stage.ears["theo"] = await stage.theo.widget(stage.two)
    await stage.pass_time(timedelta())
    filler = await house.visitor(stage.one)
    socket = await filler.widget(stage.one)
    await filler.start(socket, "I take the only place", department=full)
    await socket.event("assigned")
    return stage


async def _hire(stage: Stage, name: str, *, max_chats: int = 100, **more: Any) -> None:
    person = stage.people[name.lower()] = await stage.house.hire(name, max_chats=max_chats, **more)
    stage.mouths[name.lower()] = await person.console(stage.one)
    stage.ears[name.lower()] = await person.console(stage.two)


async def _until(socket: Socket, fits: Callable[[Frame], bool], what: str) -> None:
    """Such a frame has come, now or before."""
    if not any(fits(frame) for frame in socket.all):
        await socket.find(fits, what)


def _is_notice(number: int) -> Callable[[Frame], bool]:
    return lambda frame: frame["t"] == "notice" and frame["n"]["id"] == number


def _about(frame: Frame) -> int:
    """The conversation a frame is about, or 0."""
    number: int = frame.get("c") or frame.get("s", {}).get("id") or frame.get("n", {}).get("c") or 0
    return number


def _seq(frame: Frame) -> int:
    seq: int = frame["e"]["seq"] if frame["t"] == "entry" else 0
    return seq


def _answer(frame: Frame) -> Answer:
    if frame["t"] == "ack":
        return Answer("ack", frame["seq"], frame.get("dup", False))
    return Answer(frame["code"], text=frame["text"])


def _address(body: Frame, who: str) -> str:
    what = {"send": "messages", "close": "close"}.get(body["t"])
    if what is None:
        return "/api/actions"
    return f"/api/widget/{what}" if who in CUSTOMERS else f"/api/conversations/{body['c']}/{what}"


def _body(body: Frame, who: str) -> Frame:
    if body["t"] not in ("send", "close"):
        return body
    left_out = ("t",) if who in CUSTOMERS else ("t", "c")
    return {key: value for key, value in body.items() if key not in left_out}
