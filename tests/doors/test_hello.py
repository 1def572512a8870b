"""Coming in: the first frame, the origin, and whose token or cookie it is."""

import pytest
from websockets.exceptions import InvalidStatus

from deskbell.api import sockets
from tests.doors.house import Door, House, staff_socket, visitor_socket
from tests.doors.sockets import greet


async def test_hello_is_answered_with_what_a_client_needs(door: Door, house: House) -> None:
    ada = await house.hire("Ada")
    await ada.sign_in()
    ready = await greet(await staff_socket(door, ada.cookie))
    assert (ready["v"], ready["node"], ready["heartbeat"]) == (1, door.node.desk.node, 25_000)
    assert ready["now"] == int(house.clock.now().timestamp() * 1000)


async def test_who_says_nothing_is_let_go(
    door: Door, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "HELLO_S", 0.05)
    ada = await house.hire("Ada")
    await ada.sign_in()
    for silent in (await visitor_socket(door), await staff_socket(door, ada.cookie)):
        assert (await silent.bye())["code"] == 4001
