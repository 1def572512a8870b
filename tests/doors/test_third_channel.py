"""A further channel needs one folder and one registration: messages in, messages out, ticks (CHANNEL-1)."""

import json
from typing import Any

import httpx
import pytest

from deskbell import wiring
from deskbell.channels.base import Channel
from deskbell.kit.seal import Seal
from deskbell.settings import Settings
from deskbell.store import channel_accounts
from tests.channels.pager import LETTERS, Pager
from tests.desk.house import eventually
from tests.doors.house import NOW, Door, House
from tests.rules import rule


async def told(door: Door, **thing: Any) -> int:
    """The service tells us of one thing; how it is answered."""
    body = json.dumps([{"to": "555", "by": "bob", "at": NOW.timestamp(), **thing}])
    async with httpx.AsyncClient(base_url=door.address, verify=False) as service:
        return (await service.post("/hooks/pager", content=body, headers={"X-Pager-Key": "k"})).status_code


@rule("CHANNEL-1")
async def test_a_third_channel_is_a_folder_and_a_registration(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    pager = Pager()

    def registered(settings: Settings) -> dict[str, Channel]:
        return {pager.name: pager}

    monkeypatch.setattr(wiring, "channels", registered)
    door = await house.open()
    ada = await (await house.hire("Ada")).console()
    values: dict[str, Any] = {
        "external_id": "555",
        "name": "Desk",
        "department_id": None,
        "enabled": True,
        "settings": {},
    }
    await channel_accounts.add(house.pool, Seal(b"s" * 32), "pager", values, {"key": "k"}, NOW)
    await house.reread()

    assert await told(door, kind="page", id="in-1", text="My lamp is dark") == 200
    assigned = await ada.event("assigned")
    assert assigned["s"]["channel"] == "pager"
    assert await told(door, kind="page", id="in-2", text="It looks so", files=["7"]) == 200
    assert (await ada.event("attached"))["e"]["event"]["files"][0]["type"] == "text/plain"

    c, answer = assigned["c"], "Please turn it off and on again, and then tell me."
    sent = await ada.ask("send", c=c, text=answer)
    await eventually(lambda: all_went(pager, answer))
    assert [to for to, _, _ in pager.sent] == ["bob"] * 2
    assert len(answer) > LETTERS
    for _, _, message in pager.sent:
        assert await told(door, kind="seen", id=f"seen-{message}", about=message) == 200
    tick = await ada.find(lambda f: f["t"] == "delivery" and f["d"]["state"] == "read", "the tick")
    assert (tick["c"], tick["seq"]) == (c, sent["seq"])

    assert await told(door, kind="thanks", id="in-3", about=pager.sent[0][2]) == 200
    assert (await ada.event("reacted"))["e"]["event"]["seq"] == sent["seq"]


async def all_went(pager: Pager, text: str) -> bool:
    return "".join(part for _, part, _ in pager.sent) == text
