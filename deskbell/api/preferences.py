"""Preferences, each with its value, default and bounds (SUPERVISOR-2)."""

from typing import Annotated, Any

from litestar import get, patch
from litestar.params import JSONBody
from msgspec import UNSET, Meta

from deskbell.api import auth
from deskbell.api.auth import StaffUser
from deskbell.api.ports import Edge, Here
from deskbell.api.problems import Problem
from deskbell.api.schemas import PreferenceList, PreferenceView
from deskbell.domain import preferences as rules
from deskbell.domain.errors import Refused
from deskbell.domain.preferences import Choice, OpeningHours, WholeNumber, Words, YesNo
from deskbell.store import preferences, sessions

Given = Annotated[
    dict[Annotated[str, Meta(max_length=60)], bool | int | float | str | dict[str, Any] | None],
    Meta(min_length=1, max_length=100),
]
KINDS = {WholeNumber: "number", Choice: "choice", YesNo: "switch", Words: "text", OpeningHours: "hours"}


@get("/api/preferences")
async def everyone(staff_user: StaffUser, edge: Here) -> PreferenceList:
    auth.allow(staff_user, "preferences")
    return await _shown(edge)


@patch("/api/preferences")
async def change(data: JSONBody[Given], staff_user: StaffUser, edge: Here) -> PreferenceList:
    """All of them or none; a refusal names its field. A new session length counts for running sessions too."""
    auth.allow(staff_user, "preferences")
    for name, value in data.items():
        try:
            rules.check({name: value})
        except Refused as refused:
            raise Problem(400, refused.code, refused.text, field=name[:40]) from None
    async with edge.pool.acquire() as connection, connection.transaction():
        await preferences.save(connection, data, staff_user.id)
        rules.check_together(await preferences.load(connection))
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
                kind=KINDS[type(kind)],
                least=kind.least if isinstance(kind, WholeNumber) else UNSET,
                most=kind.most if isinstance(kind, WholeNumber | Words) else UNSET,
                choices=list(kind.choices) if isinstance(kind, Choice) else UNSET,
            )
            for name, kind in rules.KINDS.items()
        ]
    )


route_handlers = [everyone, change]
