"""Awkward mail: whatever comes in, something sensible comes out, nothing is believed and nothing takes long (CHANNEL-4)."""

import base64
import time
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskbell.channels.email.headers import addresses, words_of
from deskbell.channels.email.html import document, text_of
from deskbell.channels.email.parse import FILES_READ, Parsed, fingerprint, parse
from tests.rules import rule

HEAD = b"From: Marta <marta@home.test>\r\nTo: support@desk.test\r\nMessage-ID: <1@home.test>\r\n"


def plain(body: bytes, kind: bytes = b"text/plain; charset=utf-8", more: bytes = b"") -> Parsed:
    return parse(HEAD + more + b"Content-Type: " + kind + b"\r\n\r\n" + body)


def parts(*inner: bytes, kind: bytes = b"mixed") -> bytes:
    content = b"".join(b"--b\r\n" + part + b"\r\n" for part in inner) + b"--b--\r\n"
    return HEAD + b"Content-Type: multipart/" + kind + b"; boundary=b\r\n\r\n" + content


@pytest.mark.parametrize(
    ("body", "charset", "said"),
    [
        ("Grüße".encode(), b"utf-8", "Grüße"),
        ("Grüße".encode(), b"iso-8859-1", "Grüße"),  # they say one thing and write another
        ("Grüße".encode("cp1252"), b"utf-8", "Grüße"),
        ("Grüße".encode("cp1252"), b"us-ascii", "Grüße"),
        ("Grüße".encode("cp1252"), b"x-unknown", "Grüße"),
        ("Grüße".encode("cp1252"), b"rot13", "Grüße"),
        ("Grüße".encode("utf-7"), b"utf-7", "Grüße"),
        ("Привет".encode("koi8-r"), b"koi8-r", "Привет"),
        ("Привет".encode("cp1251"), b"windows-1251", "Привет"),
        ("日本語です".encode("iso-2022-jp"), b"iso-2022-jp", "日本語です"),
        ("日本語です".encode("shift_jis"), b"Shift_JIS", "日本語です"),
        ("谢谢".encode("gb18030"), b"gb2312", "谢谢"),
        ("감사".encode("euc-kr"), b"ks_c_5601-1987", "감사"),
        (b"abc\x81\x8d", b"idna", "abc"),
        (b"a\x00b\xed\xa0\x80c", b"utf-8", "ab"),
    ],
)
def test_text_comes_out_in_whatever_charset_it_is_and_is_said_to_be(
    body: bytes, charset: bytes, said: str
) -> None:
    assert plain(body, b"text/plain; charset=" + charset).text.startswith(said)


@pytest.mark.parametrize(
    ("value", "name", "address"),
    [
        ("=?utf-8?q?Z=C3=B6e?= <zoe@home.test>", "Zöe", "zoe@home.test"),
        ('"Holm, Marta" <MARTA@Home.test>', "Holm, Marta", "marta@home.test"),
        ("marta@home.test (Marta, at home)", "", "marta@home.test"),
        ('"support@desk.test" <mallory@evil.test>', "support@desk.test", "mallory@evil.test"),
        (
            "=?utf-8?q?=3Csupport=40desk.test=3E?= <mallory@evil.test>",
            "<support@desk.test>",
            "mallory@evil.test",
        ),
        ("=?utf-8?b?bWFydGFAaG9tZS50ZXN0Cg==?= <mallory@evil.test>", "marta@home.test", "mallory@evil.test"),
        ("<marta@home.test>, <mallory@evil.test>", "", "marta@home.test"),
        ("Undisclosed recipients:;", None, None),
        ("marta@home.test\r\nBcc: all@desk.test", None, None),
        ("", None, None),
        ("@" * 5000, None, None),
    ],
)
def test_who_it_is_from_is_read_before_anything_is_decoded(
    value: str, name: str | None, address: str | None
) -> None:
    found = addresses(value)
    assert (found[0] if found else (None, None)) == (name, address)


def test_of_two_senders_the_first_counts_and_none_is_no_crash() -> None:
    twice = parse(b"From: a@one.test\r\nFrom: b@two.test\r\nSubject: x\r\n\r\nHello")
    assert twice.sender == "a@one.test"
    assert parse(b"\r\n\r\nHello").sender == ""
    assert parse(b"").text == ""


@rule("CHANNEL-4")
def test_no_header_of_a_stranger_becomes_another_line_or_holds_signs_that_mislead() -> None:
    evil = b"Subject: =?utf-8?q?Hello=0D=0ABcc:_all=40desk.test=00=E2=80=AEcod.exe?=\r\n"
    mail = plain(b"x", more=evil)
    assert mail.subject == "Hello Bcc: all@desk.testcod.exe"


def test_bombs_of_encoded_words_and_huge_headers_are_bounded() -> None:
    began = time.monotonic()
    bomb = "=?utf-8?q?" + "=41" * 20 + "?= "
    assert len(words_of(bomb * 2_000)) < len(bomb) * 2_000
    huge = b"".join(b"X-%d: %s\r\n" % (n, b"y" * 1_000) for n in range(20_000))
    mail = parse(HEAD + huge + b"References: " + b"<r@x.test> " * 100_000 + b"\r\n\r\nHello")
    assert mail.text == "Hello"
    assert len(mail.refers_to) <= 65
    assert time.monotonic() - began < 5


def test_a_hundred_boxes_in_boxes_and_ten_thousand_parts_come_out_or_are_said_not_to() -> None:
    began = time.monotonic()
    deep = b"Content-Type: text/plain\r\n\r\nInside"
    for n in range(90):
        deep = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n%s\r\n--b%d--\r\n" % (
            n,
            n,
            deep,
            n,
        )
    assert parse(HEAD + deep).text == "Inside"
    for n in range(90, 3_000):
        deep = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n%s\r\n--b%d--\r\n" % (
            n,
            n,
            deep,
            n,
        )
    assert "too oddly" in parse(HEAD + deep).notes[0]
    many = parse(parts(*[b"Content-Type: text/plain\r\n\r\nPart"] * 10_000))
    assert many.text.startswith("Part")
    assert "parts" in many.notes[0]
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + b"Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\nNo boundary",
        HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\nBefore\r\n--b\r\n\r\nNever closed",
        HEAD + b"Content-Type: text/plain; charset=\r\n\r\nHello",
        HEAD + b"Content-Type: nonsense\r\n\r\nHello",
        HEAD + b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!not base64!!!",
        HEAD
        + b"Content-Type: text/plain\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\nbroken",
        HEAD + b"Content-Disposition: attachment; filename*=utf-99''%ff%fe\r\n\r\nHello",
        HEAD + b"Content-Type: message/rfc822\r\n\r\n" + HEAD + b"\r\nInner",
        HEAD + b"Content-Type: message/external-body; access-type=local-file; name=/etc/passwd\r\n\r\n\r\n",
        HEAD + b"Date: 99 Foo 99999 99:99:99 +9999\r\n\r\nHello",
        b"\xff\xfe\x00garbage" * 100,
    ],
)
def test_broken_mime_never_fails(raw: bytes) -> None:
    mail = parse(raw)
    assert fingerprint(mail, raw) == fingerprint(parse(raw), raw)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=2_000), st.sampled_from([HEAD, parts(b"\r\nx"), b""]))
def test_nothing_anybody_sends_makes_it_fail(noise: bytes, before: bytes) -> None:
    mail = parse(before + noise)
    mail.text.encode()
    text_of(mail.html)


def test_attachments_keep_their_content_and_lose_their_paths() -> None:
    file = b'Content-Type: application/pdf; name=x\r\nContent-Disposition: attachment; filename="../../etc/a\\\\b.pdf"'
    file += b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(b"%PDF-1.4")
    [found] = parse(parts(b"Content-Type: text/plain\r\n\r\nSee", file)).files
    assert "/" not in found.name
    assert "\\" not in found.name
    assert (found.content, found.type) == (b"%PDF-1.4", "application/pdf")


def test_invitations_signatures_sealed_mail_and_winmail_dat() -> None:
    text = b"Content-Type: text/plain\r\n\r\nHello"
    invite = parse(parts(text, b"Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR"))
    assert [file.name for file in invite.files] == ["invite.ics"]
    signed = parse(parts(text, b"Content-Type: application/pgp-signature\r\n\r\nsig", kind=b"signed"))
    assert (signed.text, signed.files) == ("Hello", ())
    sealed = parse(parts(b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1", kind=b"encrypted"))
    assert "encrypted" in sealed.notes[0]
    winmail = parse(parts(text, b'Content-Type: application/ms-tnef\r\n\r\nx\x9f>"tnef'))
    assert [file.name for file in winmail.files] == ["winmail.dat"]


def test_more_attachments_than_anybody_sends_are_counted() -> None:
    file = b"Content-Type: image/png\r\nContent-Disposition: attachment; filename=a.png\r\n\r\nx"
    mail = parse(parts(*[file] * (FILES_READ + 5)))
    assert len(mail.files) == FILES_READ
    assert mail.notes == ("5 further attachments are only in the original.",)


def test_a_mail_inside_a_mail_is_a_file_and_its_headers_are_not_ours() -> None:
    inner = b"Content-Type: message/rfc822\r\n\r\nFrom: ada@desk.test\r\nSubject: Inner\r\n\r\nInner words"
    mail = parse(parts(b"Content-Type: text/plain\r\n\r\nOuter", inner))
    assert (mail.text, mail.sender) == ("Outer", "marta@home.test")
    assert [(file.name, b"Inner words" in file.content) for file in mail.files] == [("mail.eml", True)]


def test_of_html_alone_the_words_come_out_with_marked_quotes() -> None:
    html = "<style>p{}</style><p>Hello&nbsp;<b>you</b></p><div>one<br>two</div><blockquote>old<p>older</p></blockquote>"
    assert plain(html.encode(), b"text/html").text == "Hello you\none\ntwo\n> old\n>\n> older"


@pytest.mark.parametrize(
    "bomb",
    [
        "<" * 500_000,
        "<!--" * 200_000,
        "&" * 500_000,
        "<div>" * 200_000,
        "<a href='" * 100_000,
        "<table>" * 100_000,
    ],
    ids=lambda bomb: bomb[:8],
)
def test_no_html_takes_long(bomb: str) -> None:
    began = time.monotonic()
    text_of(bomb)
    document(bomb, {}, remote=False)
    assert time.monotonic() - began < 8


EVIL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='data:text/html,x'>x</a>",
    "<iframe srcdoc='<script>x</script>'></iframe>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=x onerror=alert(1)>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<form action=//evil><input></form>",
    "<meta http-equiv=refresh content=0><base href=//evil><link rel=stylesheet href=//evil>",
    "<img src='//evil/x.png'><img srcset='http://evil/x 1x'><video poster=http://evil></video>",
    "<p style='background:url(http://evil);position:fixed;behavior:url(x)'>x</p>",
    "<object data=x></object><embed src=x><applet></applet>",
]


@rule("CHANNEL-4")
@pytest.mark.parametrize("evil", EVIL)
def test_what_is_left_of_hostile_html_names_nothing_that_runs_or_fetches(evil: str) -> None:
    page = document(f"<p>Words {evil}</p>", {}, remote=False)
    assert page is not None
    body = page.partition("<body>")[2].lower()
    for sign in (
        "<script",
        "onerror=",
        "onload=",
        "javascript:",
        "data:text",
        "<iframe",
        "<form",
        "<input",
        "<svg",
    ):
        assert sign not in body.replace("&lt;", "")
    assert "evil" not in body


def test_its_own_pictures_are_put_in_and_those_elsewhere_only_when_asked() -> None:
    html = '<img src="cid:lamp"><img src="cid:gone"><img src="https://shop.test/a.png">'
    shown = document(html, {"lamp": "data:image/webp;base64,AA=="}, remote=False) or ""
    assert "data:image/webp;base64,AA==" in shown
    assert "shop.test" not in shown
    assert "https://shop.test/a.png" in (document(html, {}, remote=True) or "")


def test_the_same_mail_has_one_fingerprint_by_whatever_way_it_came() -> None:
    message = EmailMessage()
    message["From"], message["Message-ID"] = "marta@home.test", "<1@home.test>"
    message.set_content("Hello")
    raw = bytes(message)
    again = b"Received: from elsewhere\r\n" + raw
    assert fingerprint(parse(raw), raw) == fingerprint(parse(again), again)
    other = raw.replace(b"Hello", b"Other")
    assert fingerprint(parse(raw), raw) != fingerprint(parse(other), other)
