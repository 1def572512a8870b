"""The ids of mails that went out and came in (CHANNEL-4)."""

import asyncpg

from deskbell.store import mails
from tests.cast import MINUTE, NOW, conversation, shelve


async def test_an_id_is_found_with_and_without_its_brackets_and_keeps_its_first_place(
    peopled: asyncpg.Pool,
) -> None:
    await shelve(peopled, conversation(), conversation("unassigned", id=8, start_id="other"))
    await mails.sent(peopled, "<one@desk.test>", 7, 3, "marta@shop.test", NOW)
    await mails.sent(peopled, "one@desk.test", 8, 9, "theo@shop.test", NOW)
    await mails.received(peopled, "<two@shop.test>", 8, 4, NOW)
    found = await mails.find(peopled, ["two@shop.test", "<none@shop.test>", "<one@desk.test>"])
    assert [(k.conversation_id, k.seq, k.direction) for k in found] == [(8, 4, "in"), (7, 3, "out")]


async def test_a_mail_of_ours_comes_back_once_and_one_of_others_never(peopled: asyncpg.Pool) -> None:
    await shelve(peopled, conversation())
    await mails.sent(peopled, "one@desk.test", 7, 3, "marta@shop.test", NOW)
    await mails.received(peopled, "two@shop.test", 7, 4, NOW)
    assert await mails.failed(peopled, "<one@desk.test>", NOW + MINUTE)
    assert not await mails.failed(peopled, "<one@desk.test>", NOW + MINUTE)
    assert not await mails.failed(peopled, "<two@shop.test>", NOW + MINUTE)


async def test_an_id_too_long_to_be_kept_is_let_be(peopled: asyncpg.Pool) -> None:
    await shelve(peopled, conversation())
    await mails.received(peopled, f"<{'x' * 1000}@shop.test>", 7, 3, NOW)
    assert await mails.find(peopled, [f"{'x' * 1000}@shop.test"]) == []
