"""Coming in: the first frame, the origin, and whose token or cookie it is."""

import pytest
from websockets.exceptions import InvalidStatus

from deskbell.api import doorstep, sockets
from deskbell.store import sites
from tests.doors.house import Door, House, staff_socket, visitor_socket
from tests.doors.sockets import greet, open_socket
from tests.rules import rule


async def test_hello_is_answered_with_what_a_client_needs(door: Door, house: House) -> None:
    ada = await house.hire("Ada")
    await ada.sign_in()
    ready = await greet(await staff_socket(door, ada.cookie))
    assert (ready["v"], ready["node"], ready["heartbeat"]) == (1, door.node.desk.node, 25_000)
    assert ready["now"] == int(house.clock.now().timestamp() * 1000)


async def test_who_says_nothing_is_let_go(door: Door, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "HELLO_S", 0.05)
    ada = await house.hire("Ada")
    await ada.sign_in()
    for silent in (await visitor_socket(door), await staff_socket(door, ada.cookie)):
        assert (await silent.bye())["code"] == 4001


@pytest.mark.parametrize(
    "first", ['{"t":"ping"}', "hello", "[]", '{"t":"hello","v":"1"}', "null", ""], ids=str
)
async def test_the_first_frame_must_be_hello(door: Door, house: House, first: str) -> None:
    ada = await house.hire("Ada")
    await ada.sign_in()
    for rude in (await visitor_socket(door), await staff_socket(door, ada.cookie)):
        await rude.raw(first)
        assert (await rude.bye())["code"] == 4001


@pytest.mark.parametrize("bound", ["FROM_ONE", "FROM_ALL"])
async def test_only_so_many_may_stand_at_the_door_without_a_word_and_whoever_speaks_makes_room(
    door: Door, house: House, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    monkeypatch.setattr(doorstep, bound, 2)
    marta = await house.visitor()
    waiting = [await visitor_socket(door) for _ in range(2)]
    bye = await (await visitor_socket(door)).bye()
    assert (bye["code"], bye["text"]) == (1013, "Too many connections are being opened just now.")
    await greet(waiting[0], token=marta.token)
    await greet(await visitor_socket(door), token=marta.token)


async def test_another_version_is_told_to_reload(door: Door, house: House) -> None:
    ada, marta = await house.hire("Ada"), await house.visitor()
    await ada.sign_in()
    old = await staff_socket(door, ada.cookie)
    await old.say("hello", v=2)
    assert (await old.bye())["code"] == 4015
    older = await visitor_socket(door)
    await older.say("hello", v=0, token=marta.token)
    assert (await older.bye())["code"] == 4015


@pytest.mark.parametrize("token", [None, "", "x" * 43, "é", "' OR 1=1 --", "\x00"], ids=repr)
async def test_a_token_that_is_not_known_opens_nothing(door: Door, token: str | None) -> None:
    stranger = await visitor_socket(door)
    await stranger.say("hello", v=1, token=token)
    assert (await stranger.bye())["code"] == 4001


async def test_a_site_that_is_shut_lets_its_visitors_in_no_more(door: Door, house: House) -> None:
    marta = await house.visitor()
    [shop] = await sites.everyone(house.pool)
    await sites.change(house.pool, shop.id, shop._replace(active=False)._asdict())
    late = await visitor_socket(door)
    await late.say("hello", v=1, token=marta.token)
    assert (await late.bye())["code"] == 4001


ORIGINS = {
    "missing": None,
    "null": "null",
    "evil": "http://evil.test",
    "prefix": "http://127.0.0.1",
    "suffix": "{own}.evil.test",
    "upper case": "HTTP://127.0.0.1:{port}",
    "other port": "http://127.0.0.1:1{port}",
    "sub-domain": "http://a.127.0.0.1:{port}",
    "slash": "{own}/",
    "user": "http://127.0.0.1:{port}@evil.test",
    "two": "{own}, http://evil.test",
}


@pytest.mark.parametrize("name", ORIGINS)
async def test_a_page_of_another_origin_opens_no_console(door: Door, house: House, name: str) -> None:
    ada = await house.hire("Ada")
    await ada.sign_in()
    port, origin = door.address.rpartition(":")[2], ORIGINS[name]
    if origin is not None:
        origin = origin.format(own=door.address, port=port)
    with pytest.raises(InvalidStatus) as refused:
        await staff_socket(door, ada.cookie, origin)
    assert refused.value.response.status_code == 403


async def test_with_an_address_set_another_host_name_is_not_ours(house: House) -> None:
    door = await house.open(base_url="http://desk.test")
    ada = await house.hire("Ada")
    async with door.client(Origin="http://desk.test") as http:
        await http.post("/api/session", json={"email": ada.email, "password": "seven green bicycles"})
        cookie = f"deskbell_session={http.cookies['deskbell_session']}"
    await greet(await staff_socket(door, cookie, "http://desk.test"))
    with pytest.raises(InvalidStatus):
        await staff_socket(door, cookie)


@rule("PEOPLE-1")
async def test_a_visitor_s_token_opens_no_console_and_a_session_no_widget(door: Door, house: House) -> None:
    ada, marta = await house.hire("Ada"), await house.visitor()
    await ada.sign_in()
    session = ada.cookie.partition("=")[2]
    as_staff = await staff_socket(door, f"deskbell_session={marta.token}")
    assert (await as_staff.bye())["code"] == 4001
    as_visitor = await open_socket(f"{door.sockets}/api/widget/socket", {"Cookie": ada.cookie})
    await as_visitor.say("hello", v=1, token=session)
    assert (await as_visitor.bye())["code"] == 4001


async def test_a_console_without_a_session_is_sent_to_sign_in(door: Door) -> None:
    for cookie in ("", "deskbell_session=", "deskbell_session=x; deskbell_session=y", "a=b;;;=;"):
        stranger = await staff_socket(door, cookie)
        assert (await stranger.bye())["code"] == 4001


async def test_there_are_no_other_sockets(door: Door) -> None:
    with pytest.raises(InvalidStatus):
        await open_socket(f"{door.sockets}/api/anything")


async def test_a_session_that_ends_before_hello_is_not_let_in(door: Door, house: House) -> None:
    ada = await house.hire("Ada")
    http = await ada.sign_in()
    waiting = await staff_socket(door, ada.cookie)
    assert (await http.delete("/api/session")).status_code == 204
    await waiting.say("hello", v=1)
    assert (await waiting.bye())["code"] in (4001, 4009)


async def test_a_visitor_has_eight_sockets_and_a_member_of_staff_twenty(door: Door, house: House) -> None:
    marta, ada = await house.visitor(), await house.hire("Ada")
    await ada.sign_in()
    open_ones = [await marta.widget() for _ in range(8)] + [await ada.console() for _ in range(20)]
    ninth = await visitor_socket(door)
    await ninth.say("hello", v=1, token=marta.token)
    assert (await ninth.bye())["code"] == 4008
    twenty_first = await staff_socket(door, ada.cookie)
    await twenty_first.say("hello", v=1)
    assert (await twenty_first.bye())["code"] == 4008
    assert [await socket.quiet("bye") for socket in open_ones] == [[]] * 28
