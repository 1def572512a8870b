"""Mails as staff read them: who may, and what their HTML may do (CHANNEL-4)."""

from datetime import UTC, datetime

from deskbell.store import inbound
from tests.doors.house import Door, House, live_chat
from tests.rules import rule

RAW = b"""From: Marta <marta@home.test>
To: support@desk.test
Subject: =?utf-8?q?A_<b>lamp</b>?=
Content-Type: text/html; charset=utf-8

<p onclick=x>Words <script>alert(1)</script><img src="http://elsewhere.test/p.png"></p>
"""


async def mailed(door: Door, house: House, number: int) -> str:
    """The first message of this chat came by mail; where the mail is read."""
    now = datetime.now(UTC)
    await door.node.edge.files.put("a" * 32, RAW)
    await inbound.keep(house.pool, "box", 1, 1, "a" * 32, len(RAW), now)
    seq = await house.pool.fetchval(
        "SELECT seq FROM entry WHERE conversation_id = $1 AND kind = 'message'", number
    )
    await inbound.done(
        house.pool, await house.pool.fetchval("SELECT id FROM inbound_mail"), "ticket", number, seq, now
    )
    return f"/api/conversations/{number}/mails/{seq}"


@rule("CHANNEL-4")
async def test_an_outsider_reads_no_mail(door: Door, house: House) -> None:
    chat = await live_chat(house)
    path = await mailed(door, house, chat.c)
    olga = await (await house.hire("Olga")).http()
    stranger = await house.visitor()
    for address in (path, f"{path}/html", f"{path}/original"):
        assert (await olga.get(address)).status_code == 404
        assert (await stranger.http().get(address)).status_code == 401


@rule("CHANNEL-4")
async def test_html_comes_with_a_policy_that_lets_it_do_nothing_and_the_original_is_only_downloaded(
    door: Door, house: House
) -> None:
    chat = await live_chat(house)
    path = await mailed(door, house, chat.c)
    ada = await chat.agent.http()
    mail = (await ada.get(path)).json()
    assert (mail["sender"], mail["subject"], mail["remote"]) == ("marta@home.test", "A <b>lamp</b>", True)
    shown = await ada.get(f"{path}/html")
    policy = shown.headers["content-security-policy"]
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in policy
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert shown.headers["x-frame-options"] == "SAMEORIGIN"
    assert "elsewhere" not in shown.text
    assert "script" not in shown.text
    asked = await ada.get(f"{path}/html", params={"images": "true"})
    assert "elsewhere.test/p.png" in asked.text
    assert "img-src data: https: http:;" in asked.headers["content-security-policy"]
    original = await ada.get(f"{path}/original")
    assert original.content == RAW
    assert original.headers["content-disposition"].startswith("attachment")
    assert original.headers["content-type"] == "application/octet-stream"
