"""Mail over a real SMTP server that asks for a password and TLS, is slow, hangs up; and signed with DKIM."""

import asyncio
import base64
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import dkim
import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography.hazmat.primitives import serialization
from msgspec import structs

from deskbell.kit import smtp
from deskbell.kit.mail import Mail, MailError, post_of
from deskbell.kit.smtp import SmtpPost
from deskbell.settings import Settings, SettingsError
from tests.certificate import KEY, PEM, certificate
from tests.mailbox import Mailbox

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
HELLO = Mail("ada@desk.test", "Hello", "One line\n", "key", reply_to="help+c1.sig@desk.test")


class Cutting(Mailbox):
    """Hangs up in the middle of every mail; or `slow`: takes its time to say that it has it."""

    def __init__(self, *, slow: float = 0) -> None:
        super().__init__()
        self.slow = slow

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if not self.slow:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            return "250 OK"
        await asyncio.sleep(self.slow)
        return await super().handle_DATA(server, session, envelope)


@asynccontextmanager
async def serving(box: Mailbox, **options: Any) -> AsyncIterator[Settings]:
    def make() -> SMTP:
        return SMTP(box, **options)

    server = await asyncio.get_running_loop().create_server(make, "localhost", 0)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield Settings(smtp_host="localhost", smtp_port=box.port, smtp_tls="none", mail_from="d@desk.test")
    finally:
        server.close()
        await server.wait_closed()


def _right(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
) -> AuthResult:
    right = data.login == b"desk" and data.password == b"secret"
    return AuthResult(success=right, handled=False)  # else the server would leave the answer to us


@pytest.mark.parametrize(("password", "goes"), [("secret", True), ("wrong", False)])
async def test_it_signs_in_over_tls_and_a_wrong_password_can_be_put_right_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: str, goes: bool
) -> None:
    context = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    box = Mailbox()
    options = {
        "tls_context": context,
        "authenticator": _right,
        "auth_required": True,
        "require_starttls": True,
    }
    async with serving(box, **options) as settings:
        more = {"smtp_tls": "starttls", "smtp_user": "desk", "smtp_password": password}
        post = post_of(structs.replace(settings, **more))
        if goes:
            await post.send(HELLO, NOW)
        else:
            with pytest.raises(MailError) as refused:
                await post.send(HELLO, NOW)
            assert (refused.value.refused, refused.value.away) == (False, True)
            assert "wrong" not in str(refused.value)
        await post.rest()
    assert [one.sender for one in box.received] == (["help+c1.sig@desk.test"] if goes else [])


async def test_without_a_certificate_that_is_trusted_nothing_is_said(tmp_path: Path) -> None:
    box = Mailbox()
    async with serving(box, tls_context=certificate(tmp_path)) as settings:
        with pytest.raises(MailError):
            await post_of(structs.replace(settings, smtp_tls="starttls")).send(HELLO, NOW)
    assert box.received == []


async def test_a_connection_cut_in_the_middle_or_too_slow_is_tried_again_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(smtp, "TIMEOUT_S", 0.2)
    for box in (Cutting(), Cutting(slow=5)):
        async with serving(box) as settings:
            post = post_of(settings)
            with pytest.raises(MailError) as cut:
                await post.send(HELLO, NOW)
            await post.rest()
        assert (cut.value.refused, cut.value.away) == (False, True)


async def test_one_connection_takes_many_mails_and_a_refused_one_does_not_end_it() -> None:
    box = Mailbox()
    box.refuses.add("nobody@desk.test")
    async with serving(box) as settings:
        post = SmtpPost(settings)
        await post.send(HELLO, NOW)
        with pytest.raises(MailError):
            await post.send(HELLO._replace(to="nobody@desk.test"), NOW)
        await post.send(HELLO._replace(key="other"), NOW)
        [(_, used)] = post._idle
        await post.rest()
    assert (used, len(box.received)) == (3, 2)


async def test_a_signed_mail_is_verified_by_whoever_knows_the_public_key(tmp_path: Path) -> None:
    (tmp_path / "dkim.pem").write_bytes(PEM)
    public = KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
    box = Mailbox()
    async with serving(box) as settings:
        more = {"dkim_domain": "desk.test", "dkim_selector": "mail", "dkim_key": tmp_path / "dkim.pem"}
        post = post_of(structs.replace(settings, **more))
        await post.send(HELLO, NOW)
        await post.rest()
    content = box.received[0].content

    def found(name: bytes, **_: object) -> bytes | None:
        return record if name == b"mail._domainkey.desk.test." else None

    assert dkim.verify(content, dnsfunc=found)
    assert not dkim.verify(content.replace(b"Subject: Hello", b"Subject: Hullo"), dnsfunc=found)
    assert not dkim.verify(content.replace(b"One line", b"One lie"), dnsfunc=found)


def test_a_key_that_is_none_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "dkim.pem").write_text("no key")
    settings = Settings(dkim_domain="desk.test", dkim_selector="mail", dkim_key=tmp_path / "dkim.pem")
    with pytest.raises(SettingsError, match="DKIM_KEY is wrong"):
        post_of(settings)
