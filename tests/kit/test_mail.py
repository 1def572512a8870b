"""Mails are caught or go over a real SMTP server, and nothing in one can begin a header of its own."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from deskbell.kit import mail
from deskbell.kit.mail import CaughtPost, Mail, MailError, compose, post_of
from deskbell.settings import Settings, load
from tests.mailbox import Mailbox, mailbox

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HELLO = Mail("ada@desk.test", "Grüße", "Zwei Zeilen,\n.\nkeine mehr.\n", "digest-1-2")


def over(server: Mailbox, **more: object) -> Settings:
    values = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_tls": "none"} | more
    return load(**values)


@pytest.mark.parametrize("line_end", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize("field", ["to", "subject", "key"])
def test_no_value_begins_a_header(field: str, line_end: str) -> None:
    evil: Any = f"x@desk.test{line_end}Bcc: thief@evil.test"
    with pytest.raises(MailError):
        compose(HELLO._replace(**{field: evil}), "d@desk.test", NOW)


@pytest.mark.parametrize("to", ["", "ada", "ada@desk.test, thief@evil.test", "<ada@desk.test>"])
def test_only_one_whole_address_is_written_to(to: str) -> None:
    with pytest.raises(MailError):
        compose(HELLO._replace(to=to), "d@desk.test", NOW)


async def test_a_mail_goes_over_smtp_and_reads_as_it_was_written() -> None:
    async with mailbox() as server:
        await post_of(over(server, mail_from="Der Desk <desk@desk.test>")).send(HELLO, NOW)
        [received] = server.received
    assert (received.sender, received.to) == ("desk@desk.test", ["ada@desk.test"])
    message = message_from_bytes(received.content, policy=policy.default)
    assert message.get_content().splitlines() == HELLO.text.splitlines()
    assert (message["Subject"], message["From"]) == ("Grüße", "Der Desk <desk@desk.test>")
    assert (message["Message-ID"], message["Auto-Submitted"]) == ("<digest-1-2@desk.test>", "auto-generated")


async def test_it_is_told_whether_this_mail_or_none_goes() -> None:
    async with mailbox() as server:
        server.refuses.add(HELLO.to)
        with pytest.raises(MailError) as refused:
            await post_of(over(server)).send(HELLO, NOW)
        with pytest.raises(MailError) as bare:  # no TLS there: never in plain text instead
            await post_of(over(server, smtp_tls="starttls")).send(HELLO, NOW)
    with pytest.raises(MailError) as away:
        await post_of(over(server)).send(HELLO, NOW)
    assert [raised.value.refused for raised in (refused, bare, away)] == [True, False, False]
    assert server.received == []


async def test_without_a_server_mails_are_caught_and_the_oldest_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "CAUGHT_KEPT", 2)
    post = post_of(Settings(data=tmp_path))
    assert isinstance(post, CaughtPost)
    for n in range(3):
        await post.send(HELLO._replace(subject=f"Number {n}"), NOW.replace(minute=n))
    caught = sorted((tmp_path / "mail").iterdir())
    assert [path.suffix for path in caught] == [".eml", ".eml"]
    subjects = [message_from_bytes(path.read_bytes(), policy=policy.default)["Subject"] for path in caught]
    assert subjects == ["Number 1", "Number 2"]
