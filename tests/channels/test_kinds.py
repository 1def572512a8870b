"""Machines are told from people, and what came back from what came (CHANNEL-4)."""

import pytest

from deskbell.channels.email.addressing import mail_key, message_id, reply_address
from deskbell.channels.email.kinds import Ours, bounce_of, check_of, sort_of
from deskbell.channels.email.parse import Parsed, parse
from tests.rules import rule

KEY = mail_key(b"k" * 32)
OURS = Ours({"support@desk.test"}, KEY)
OUT = message_id(7, 3, KEY, "desk.test")


def mail(*lines: str, body: str = "Hello") -> Parsed:
    named = {line.partition(":")[0].lower() for line in lines}
    usual = [
        line
        for line in ("From: marta@home.test", "Subject: Hi")
        if line.partition(":")[0].lower() not in named
    ]
    return parse("\r\n".join([*usual, *lines, "", body]).encode())


@rule("CHANNEL-4")
@pytest.mark.parametrize(
    ("lines", "sort"),
    [
        ((), "person"),
        (("Auto-Submitted: no",), "person"),
        (("Subject: Out of office furniture",), "person"),
        (("X-Auto-Response-Suppress: All",), "person"),
        (("Auto-Submitted: auto-replied",), "answer"),
        (("Auto-Submitted: auto-replied; owner=x",), "answer"),
        (("X-Autoreply: yes",), "answer"),
        (("Precedence: auto_reply",), "answer"),
        (("Subject: Automatic reply: Hi", f"In-Reply-To: {OUT}"), "answer"),
        (("Subject: Abwesenheitsnotiz", f"References: {OUT}"), "answer"),
        (("Auto-Submitted: auto-generated", f"In-Reply-To: {OUT}"), "answer"),
        (("Content-Type: multipart/report; report-type=disposition-notification; boundary=b",), "answer"),
        (("Auto-Submitted: auto-generated",), "machine"),
        (("Precedence: bulk",), "machine"),
        (("List-Id: <news.shop.test>",), "machine"),
        (("From: MAILER-DAEMON@mx.test", "Return-Path: <>"), "bounce"),
        (("X-Failed-Recipients: marta@home.test", "From: Mailer-Daemon@exim.test"), "bounce"),
        (("From: Support@Desk.test",), "loop"),
        ((f"From: {reply_address('support@desk.test', 7, KEY)}",), "loop"),
        ((f"Message-ID: {OUT}",), "loop"),
        (("X-Deskbell-Loop: 1",), "loop"),
        (tuple("Received: from a by b" for _ in range(51)), "loop"),
    ],
)
def test_each_sort_is_told_by_its_headers(lines: tuple[str, ...], sort: str) -> None:
    assert sort_of(mail(*lines), OURS) == sort


POSTFIX = f"""--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.test

Final-Recipient: rfc822; marta@home.test
Action: ACTION
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 Recipient address
    rejected: User unknown

--b
Content-Type: text/rfc822-headers

Message-ID: {OUT}
--b--
""".replace("\n", "\r\n")
REPORT = 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"'


@rule("CHANNEL-4")
def test_what_came_back_and_why() -> None:
    bounce = bounce_of(mail(REPORT, body=POSTFIX.replace("ACTION", "failed")), OURS)
    assert bounce.ids == (OUT.strip("<>"),)
    assert (bounce.recipient, bounce.delayed) == ("marta@home.test", False)
    assert bounce.why == "550 5.1.1 Recipient address rejected: User unknown"
    assert bounce_of(mail(REPORT, body=POSTFIX.replace("ACTION", "delayed")), OURS).delayed


def test_of_an_old_fashioned_one_our_signed_id_is_found_in_the_text() -> None:
    body = f"Hi. This is the qmail-send program.\r\n\r\nMessage-ID: {OUT}\r\nMessage-ID: <c7.m3.aaaaaaaaaaaaaaaa@desk.test>"
    bounce = bounce_of(mail("From: MAILER-DAEMON@qmail.test", "Return-Path: <>", body=body), OURS)
    assert bounce.ids == (OUT.strip("<>"),)
    assert "qmail" in bounce.why


@rule("CHANNEL-4")
@pytest.mark.parametrize(
    ("lines", "check"),
    [
        (("Authentication-Results: mx.desk.test; spf=pass; dmarc=pass header.from=home.test",), "pass"),
        (("Authentication-Results: mx.desk.test; dmarc=fail (p=reject) header.from=home.test",), "fail"),
        (("Authentication-Results: mx.desk.test; spf=pass; dkim=pass",), "none"),
        (("Authentication-Results: mx.desk.test (dmarc=pass); dmarc=fail",), "fail"),
        (("Authentication-Results: evil.test; dmarc=pass",), "none"),
        (
            ("Authentication-Results: evil.test; x=y", "Authentication-Results: mx.desk.test; dmarc=pass"),
            "none",
        ),
        ((), "none"),
    ],
)
def test_only_the_topmost_word_of_our_own_server_is_believed(lines: tuple[str, ...], check: str) -> None:
    assert check_of(mail(*lines).headers, "mx.desk.test") == check
    assert check_of(mail(*lines).headers, "") == "none"
