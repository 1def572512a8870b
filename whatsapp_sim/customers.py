"""The control API of customers: who they are, what they write, and what else they do."""

from typing import Annotated

import msgspec
from litestar import Router, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from whatsapp_sim.people import Refused
from whatsapp_sim.simulator import Sim, Simulator
from whatsapp_sim.state import User
from whatsapp_sim.verbs import NewUser, UserChange, Write
from whatsapp_sim.views import MessageView, ThreadView, UserView

LARGEST = 110 * 1024 * 1024
Phone = Annotated[str, Meta(pattern=r"^\+?[0-9]{7,15}$")]


class Which(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    number: str = ""
    wamid: str = ""


class Block(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    number: str = ""
    blocked: bool = True


class NewPhone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    phone: Phone


class Preference(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    marketing: bool
    number: str = ""


def user_of(sim: Simulator, user: str) -> User:
    found = sim.world.users.get(user)
    if found is None:
        raise Refused(f"There is no customer {user[:60]}.")
    return found


@post("/users", status_code=201)
async def add_user(simulator: Sim, data: JSONBody[NewUser]) -> UserView:
    return UserView.of(simulator.people.add(data))


@get("/users")
async def users(simulator: Sim) -> list[UserView]:
    return [UserView.of(one) for one in simulator.world.users.values() if one.name]


@patch("/users/{user:str}")
async def change_user(simulator: Sim, user: FromPath[str], data: JSONBody[UserChange]) -> UserView:
    found = user_of(simulator, user)
    simulator.people.change(found, data)
    return UserView.of(found)


@post("/users/{user:str}/send", status_code=201, request_max_body_size=LARGEST)
async def write(simulator: Sim, user: FromPath[str], data: JSONBody[Write]) -> MessageView:
    return MessageView.of(simulator.people.write(user_of(simulator, user), data))


@get("/users/{user:str}/thread")
async def thread(simulator: Sim, user: FromPath[str], number: FromQuery[str] = "") -> ThreadView:
    return simulator.thread(simulator.people.number(number), user_of(simulator, user))


@post("/users/{user:str}/read", status_code=200)
async def read(simulator: Sim, user: FromPath[str], data: JSONBody[Which]) -> list[str]:
    number = simulator.people.number(data.number)
    return [one.wamid for one in simulator.people.read(user_of(simulator, user), number.id, data.wamid)]


@post("/users/{user:str}/play", status_code=204)
async def play(simulator: Sim, user: FromPath[str], data: JSONBody[Which]) -> None:
    message = simulator.world.messages.get(data.wamid)
    if message is None or message.user != user_of(simulator, user).id:
        raise Refused("There is no such message.")
    simulator.people.play(message)


@post("/users/{user:str}/block", status_code=204)
async def block(simulator: Sim, user: FromPath[str], data: JSONBody[Block]) -> None:
    number = simulator.people.number(data.number)
    simulator.people.block(user_of(simulator, user), number.id, blocked=data.blocked)


@post("/users/{user:str}/change-number", status_code=200)
async def change_number(simulator: Sim, user: FromPath[str], data: JSONBody[NewPhone]) -> UserView:
    found = user_of(simulator, user)
    simulator.people.change_number(found, data.phone)
    return UserView.of(found)


@post("/users/{user:str}/change-identity", status_code=204)
async def change_identity(simulator: Sim, user: FromPath[str]) -> None:
    simulator.people.change_identity(user_of(simulator, user))


@post("/users/{user:str}/preferences", status_code=204)
async def prefer(simulator: Sim, user: FromPath[str], data: JSONBody[Preference]) -> None:
    number = simulator.people.number(data.number)
    simulator.people.prefer(user_of(simulator, user), number, marketing=data.marketing)


ROUTES = Router(
    "/_sim",
    route_handlers=[
        add_user,
        users,
        change_user,
        write,
        thread,
        read,
        play,
        block,
        change_number,
        change_identity,
        prefer,
    ],
)
