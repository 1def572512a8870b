"""Preferences, each with its value, default and bounds (SUPERVISOR-2)."""

from typing import Annotated

from litestar import get, patch
from litestar.params import JSONBody
from msgspec import UNSET, Meta

from deskbell.api import auth
from deskbell.api.auth import StaffUser
from deskbell.api.ports import Edge, Here
from deskbell.api.schemas import PreferenceList, PreferenceView
from deskbell.domain import preferences as rules
from deskbell.domain.preferences import Choice, WholeNumber
from deskbell.store import preferences, sessions

Given = Annotated[
    dict[Annotated[str, Meta(max_length=60)], bool | int | float | str | None],
    Meta(min_length=1, max_length=100),
]


@get("/api/preferences")
async def everyone(staff_user: StaffUser, edge: Here) -> PreferenceList:
    auth.allow(staff_user, "preferences")
    return await _shown(edge)


@patch("/api/preferences")
async def change(data: JSONBody[Given], staff_user: StaffUser, edge: Here) -> PreferenceList:
    """All of them or none. A new session length counts for running sessions too."""
    auth.allow(staff_user, "preferences")
    rules.check(data)
    async with edge.pool.acquire() as connection, connection.transaction():
        await preferences.save(connection, data, staff_user.id)
        ended: list[int] = []
        if isinstance(hours := data.get("session_hours"), int):
            await sessions.stretch(connection, hours)
            ended = await sessions.sweep(connection, edge.clock.now())
    if ended:
        await edge.signals.session_ended(ended)
    await edge.signals.changed("preferences")
    return await _shown(edge)


async def _shown(edge: Edge) -> PreferenceList:
    now = rules.values(await preferences.load(edge.pool))
    return PreferenceList(
        [
            PreferenceView(
                name=name,
                what=kind.what,
                value=now[name],
                default=kind.default,
                least=kind.least if isinstance(kind, WholeNumber) else UNSET,
                most=kind.most if isinstance(kind, WholeNumber) else UNSET,
                choices=list(kind.choices) if isinstance(kind, Choice) else UNSET,
            )
            for name, kind in rules.KINDS.items()
        ]
    )


route_handlers = [everyone, change]
